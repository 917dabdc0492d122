"""Short ways to put records into a test's database, below the command line.

They run inside a transaction of the test's own, such as ``with engine.begin() as connection``.
Publishers, sources and speakers are found again by name or URL.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from claimtrack.db import make_engine
from claimtrack.keys import statement_key
from claimtrack.names import name_key
from claimtrack.urls import url_host, url_key
from claimtrack.vocab import Manner
from tests import tables

STATEMENT = "The north bridge was closed for the whole of May"
SPEAKER = "Lena Vogt"
ARTICLE = "https://example.org/news/bridge"


def _insert(connection: Connection, table: Table, **values: Any) -> int:
    made = connection.execute(insert(table).values(**values).returning(table.c.id))
    return int(made.scalar_one())


def speaker(connection: Connection, name: str = SPEAKER) -> int:
    """The speaker of this name, with an alias."""
    key = name_key(name)
    known = connection.scalar(
        select(tables.speaker_alias.c.speaker_id).where(tables.speaker_alias.c.name_key == key)
    )
    if known is not None:
        return known
    made = _insert(connection, tables.speaker, name=name)
    _insert(connection, tables.speaker_alias, speaker_id=made, name=name, name_key=key)
    return made


def publisher(connection: Connection, name: str) -> int:
    """The publisher or agency of this name."""
    key = name_key(name)
    known = connection.scalar(
        select(tables.publisher.c.id).where(tables.publisher.c.name_key == key)
    )
    return known or _insert(connection, tables.publisher, name=name, name_key=key)


# Under these names where a parameter is called the same.
_speaker, _publisher = speaker, publisher


def source(
    connection: Connection,
    url: str = ARTICLE,
    *,
    publisher: str | None = None,
    agency: str | None = None,
    **columns: Any,
) -> int:
    """The source at this address."""
    key = url_key(url)
    known = connection.scalar(select(tables.source.c.id).where(tables.source.c.source_key == key))
    if known is not None:
        return known
    return _insert(
        connection,
        tables.source,
        url=url,
        host=url_host(url),
        source_key=key,
        publisher_id=_publisher(connection, publisher) if publisher else None,
        agency_id=_publisher(connection, agency) if agency else None,
        **columns,
    )


def appearance(
    connection: Connection,
    claim_id: int,
    *,
    speaker: str | None = SPEAKER,
    url: str = ARTICLE,
    source_id: int | None = None,
    **columns: Any,
) -> int:
    """One more appearance of a claim; its number is given back."""
    no = connection.execute(
        select(func.coalesce(func.max(tables.appearance.c.no), 0) + 1).where(
            tables.appearance.c.claim_id == claim_id
        )
    ).scalar_one()
    columns.setdefault("manner", Manner.INDIRECT if speaker else Manner.OWN_VOICE)
    connection.execute(
        insert(tables.appearance).values(
            claim_id=claim_id,
            no=no,
            speaker_id=_speaker(connection, speaker) if speaker else None,
            source_id=source_id or source(connection, url),
            **columns,
        )
    )
    return no


def claim(
    connection: Connection,
    statement: str = STATEMENT,
    *,
    speaker: str | None = SPEAKER,
    url: str | None = ARTICLE,
    **columns: Any,
) -> int:
    """A claim that appeared once (``url=None``: nowhere yet)."""
    made = _insert(
        connection,
        tables.claim,
        statement=statement,
        statement_key=statement_key(statement),
        **columns,
    )
    if url is not None:
        appearance(connection, made, speaker=speaker, url=url)
    return made


def evidence(
    connection: Connection,
    claim_id: int,
    url: str = "https://archive.example/log",
    stance: str = "refutes",
    **columns: Any,
) -> int:
    """A piece of evidence on a claim."""
    return _insert(
        connection,
        tables.evidence,
        claim_id=claim_id,
        source_id=source(connection, url),
        stance=stance,
        **columns,
    )


def review(
    connection: Connection, claim_id: int, status: str, *rests_on: int, **columns: Any
) -> int:
    """One more review of a claim from where it stands; its number is given back."""
    stands = connection.execute(
        select(tables.claim.c.status, tables.claim.c.review_no).where(tables.claim.c.id == claim_id)
    ).one()
    columns.setdefault("no", stands.review_no + 1)
    columns.setdefault("from_status", stands.status)
    columns.setdefault("because", "Said so in the log")
    connection.execute(insert(tables.review).values(claim_id=claim_id, status=status, **columns))
    of_another_day = "recorded_at" in columns and rests_on
    if of_another_day:
        # What it rests on would be refused today, but not by a replica.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for piece_id in rests_on:
        connection.execute(
            insert(tables.review_evidence).values(
                claim_id=claim_id, review_no=columns["no"], evidence_id=piece_id
            )
        )
    if of_another_day:
        connection.execute(text("SET LOCAL session_replication_role = origin"))
    return int(columns["no"])


def stored(database_url: str, claim_id: int) -> Any:
    """The columns of a claim as they are stored, and its ``reviews`` in order."""
    with make_engine(database_url).connect() as connection:
        row = (
            connection.execute(select(tables.claim).where(tables.claim.c.id == claim_id))
            .one()
            ._mapping
        )
        reviews = connection.execute(
            select(tables.review).where(tables.review.c.claim_id == claim_id).order_by("no")
        ).all()
    return {**row, "reviews": reviews}
