"""Who is behind a pseudonym: asked here alone, and answered to those whom the database lets read.

Row security leaves everybody else without an answer, not with an error: to them there is nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from claimtrack.errors import DatabaseError, NotFoundError
from claimtrack.models.people import speaker
from claimtrack.models.protection import protected_source
from claimtrack.models.sources import source


@dataclass(frozen=True, slots=True)
class Identity:
    """What stood in a row before it was protected; ``aliases`` and ``files`` as people read them.

    All is empty of a speaker who never had another name on record, and of what was redacted.
    """

    name: str | None = None
    description: str | None = None
    aliases: tuple[str, ...] = ()
    url: str | None = None
    title: str | None = None
    publisher: str | None = None
    agency: str | None = None
    external_id: str | None = None
    files: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All that could stand in other texts too, and tell who or what it is."""
        told = (self.name, *self.aliases, self.url, self.title, self.external_id, *self.files)
        return tuple(dict.fromkeys(one for one in told if one))


def speakers_named(connection: Connection, key: str) -> list[int]:
    """The protected speakers to whom a name led, by its key."""
    return list(
        connection.scalars(
            select(func.coalesce(speaker.c.merged_into_id, speaker.c.id))
            .join(protected_source, protected_source.c.speaker_id == speaker.c.id)
            .where(protected_source.c.identity["aliases"].contains([{"name_key": key}]))
            .order_by(speaker.c.id)
        )
    )


def source_of_key(connection: Connection, key: bytes) -> int | None:
    """The protected source that was told apart by this key."""
    return connection.scalar(
        select(protected_source.c.source_id).where(
            protected_source.c.identity["source_key"].astext == key.hex()
        )
    )


def of_speaker(connection: Connection, speaker_id: int) -> Identity:
    """Who a protected speaker is.

    Raises:
        NotFoundError: there is no such speaker, or it is not protected.
        DatabaseError: this login may not read it.
    """
    _refuse(connection, select(speaker.c.protected).where(speaker.c.id == speaker_id), "speaker")
    kept = _kept(connection, protected_source.c.speaker_id == speaker_id)
    return Identity(
        name=kept.get("name"),
        description=kept.get("description"),
        aliases=tuple(
            f"{one['name']} ({one['qualifier']})" if one["qualifier"] else one["name"]
            for one in kept.get("aliases") or ()
        ),
    )


def of_source(connection: Connection, source_id: int) -> Identity:
    """What a protected source is.

    Raises:
        NotFoundError: there is no such source, or it is not protected.
        DatabaseError: this login may not read it.
    """
    _refuse(connection, select(source.c.protected).where(source.c.id == source_id), "source")
    kept = _kept(connection, protected_source.c.source_id == source_id)
    return Identity(
        url=kept.get("url"),
        title=kept.get("title"),
        publisher=kept.get("publisher"),
        agency=kept.get("agency"),
        external_id=kept.get("external_id"),
        files=tuple(one["name"] for one in kept.get("files") or ()),
    )


def _refuse(connection: Connection, protected: Select[bool], what: str) -> None:
    if not connection.scalar(protected):
        raise NotFoundError(f"This {what} is not protected: all that is known of it is shown.")
    if not connection.scalar(select(func.reads_identities())):
        raise DatabaseError(
            f"Who or what a protected {what} is can be read by the database's owner and its"
            " admins alone."
        )


def _kept(connection: Connection, of_it: Any) -> dict[str, Any]:
    return connection.scalar(select(protected_source.c.identity).where(of_it)) or {}
