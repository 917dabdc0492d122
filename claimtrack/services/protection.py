"""Protect people: their identity leaves the record, and a stable pseudonym takes its place."""

from __future__ import annotations

from sqlalchemy import Connection, func, or_, select

from claimtrack.db import say_why
from claimtrack.errors import ConflictError, InvalidDataError
from claimtrack.keys import clean_text, statement_key
from claimtrack.models.people import speaker, speaker_alias
from claimtrack.services import identities, source_lists, speaker_lists
from claimtrack.services.exports import record_export
from claimtrack.services.mentions import Mention, mentions
from claimtrack.services.sources import locked_row, protected_already
from claimtrack.services.speaker_records import lock_head
from claimtrack.services.speakers import SpeakerName, exact, named, read_name
from claimtrack.services.views import SourceView, SpeakerView


def protect_speaker(
    connection: Connection, speaker_id: int, pseudonym: str | None = None, because: str = ""
) -> tuple[SpeakerView, list[Mention]]:
    """Put a pseudonym in the place of a speaker's name, and move what identifies it away.

    Its description and all names that led to it move too; those who were merged into it are
    protected with it, under pseudonyms of their own. Without a ``pseudonym`` it is
    ``Speaker 7``. Given back with the fields in which one of the names still stands: texts that
    people wrote are not searched and changed by themselves.

    Raises:
        NotFoundError: there is no such speaker.
        ConflictError: it is protected already, was merged, or the pseudonym is somebody's name.
        InvalidDataError: the pseudonym can't be recorded, or is one of the speaker's names.
    """
    row = lock_head(connection, speaker_id)
    if row.protected:
        raise ConflictError(
            f"Speaker {speaker_id} is protected already, as {row.name}.",
            next_command=f"claimtrack speaker show {speaker_id}",
        )
    _say(connection, because)
    members = connection.execute(
        select(speaker.c.id, speaker.c.name)
        .where(or_(speaker.c.id == speaker_id, speaker.c.merged_into_id == speaker_id))
        .order_by(speaker.c.id)
        .with_for_update(key_share=True)
    ).all()
    chosen = {row.id: read_name(f"Speaker {row.id}") for row in members}
    if pseudonym is not None:
        chosen[speaker_id] = read_name(pseudonym)
    aliases = connection.execute(
        select(speaker_alias.c.name, speaker_alias.c.name_key).where(
            speaker_alias.c.speaker_id.in_(chosen)
        )
    ).all()
    for name in chosen.values():
        _refuse_taken(connection, name, {alias.name_key for alias in aliases})
    for number, name in chosen.items():
        connection.execute(select(func.protect_speaker(number, name.written, name.key)))
    texts = {row.name for row in members} | {alias.name for alias in aliases}
    return speaker_lists.show(connection, str(speaker_id)), mentions(connection, texts)


def _refuse_taken(connection: Connection, name: SpeakerName, own: set[str]) -> None:
    if name.key in own:
        raise InvalidDataError(
            f'"{name.written}" is one of the names that shall not be seen: give another with --as.'
        )
    found = exact(connection, name)
    if found is not None:
        raise ConflictError(
            f'"{name.written}" already is {named([found[1]])}: give another name with --as.'
        )


def protect_source(
    connection: Connection, source_id: int, pseudonym: str | None = None, because: str = ""
) -> tuple[SourceView, list[Mention]]:
    """Put a pseudonym in the place of a source's title, and move what identifies it away.

    Its address, publisher, agency and external id move, and the names of the files that were
    filed for it are shown no more. It is still counted with its house, and its kind, language
    and date stay. Without a ``pseudonym`` it is ``Source 12``. Given back with the fields in
    which its title, address or number still stands.

    Raises:
        NotFoundError: there is no such source.
        ConflictError: it is protected already.
        InvalidDataError: the pseudonym can't be recorded, or is the source's title.
    """
    row = locked_row(connection, source_id)
    if row.protected:
        raise protected_already(row)
    title = clean_text(pseudonym or f"Source {source_id}", "pseudonym", limit=1000)
    if row.title is not None and statement_key(row.title) == statement_key(title):
        raise InvalidDataError(f'"{title}" is the source\'s title: give another name with --as.')
    _say(connection, because)
    texts = [text for text in (row.url, row.title, row.external_id) if text]
    texts += source_lists.file_names(connection, source_id)
    connection.execute(select(func.protect_source(source_id, title)))
    return source_lists.show(connection, str(source_id)), mentions(connection, texts)


def _say(connection: Connection, because: str) -> None:
    if because:
        say_why(connection, clean_text(because, "reason", limit=20000, multiline=True))


def reveal_speaker(connection: Connection, view: SpeakerView) -> dict[int, identities.Identity]:
    """Who a protected speaker is, and those that were merged into it; by their numbers.

    That somebody looked is recorded. Raises as `identities.of_speaker` does.
    """
    known = {
        number: identities.of_speaker(connection, number)
        for number in (view.id, *(ref.id for ref in view.merged))
    }
    record_export(connection, "identity", rows=len(known), filters={"speaker": view.id})
    return known


def reveal_source(connection: Connection, source_id: int) -> identities.Identity:
    """What a protected source is; that somebody looked is recorded.

    Raises as `identities.of_source` does.
    """
    identity = identities.of_source(connection, source_id)
    record_export(connection, "identity", rows=1, filters={"source": source_id})
    return identity
