"""Records on their way in: copied into tables of the session, so that one statement takes many.

The tables are temporary, and go with the transaction. They hold one part of the file at a time:
the client's memory and theirs stay the same, however long the file is. One goes on through all
batches of a run: which rows on record it has seen again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

from claimtrack.keys import word_key
from claimtrack.services.imports.records import Appeared, Record, Source
from claimtrack.services.speakers import SpeakerName
from claimtrack.written_dates import PartialDate

#: Each table with its columns and their types, in the order in which rows are copied; an ``id``
#: comes later, once the row is known to stand on record.
TABLES: dict[str, dict[str, str]] = {
    "staged_publisher": {"name_key": "text", "name": "text", "id": "bigint"},
    "staged_speaker": {
        "name_key": "text",
        "qualifier_key": "text",
        "written": "text",
        "name": "text",
        "qualifier": "text",
        "id": "bigint",
    },
    "staged_source": {
        "source_key": "bytea",
        "url": "text",
        "host": "text",
        "title": "text",
        "publisher_key": "text",
        "agency_key": "text",
        "published_on": "date",
        "published_precision": "text",
        "published_text": "text",
        "id": "bigint",
    },
    "staged_claim": {
        "no": "bigint",
        "line": "bigint",
        "row_key": "bytea",
        "digests": "jsonb",
        "statement": "text",
        "statement_key": "bytea",
        "external_id": "text",
        "kind": "text",
        "language": "text",
        "topics": "text[]",
        "priority": "smallint",
        "figure": "jsonb",
        "note": "text",
    },
    "staged_appearance": {
        "no": "bigint",
        "position": "integer",
        "name_key": "text",
        "qualifier_key": "text",
        "source_key": "bytea",
        "said_on": "date",
        "said_precision": "text",
        "said_text": "text",
        "manner": "text",
        "quote": "text",
        "passage": "text",
        "place": "text",
    },
    "staged_evidence": {
        "no": "bigint",
        "source_key": "bytea",
        "stance": "text",
        "excerpt": "text",
        "place": "text",
    },
    "staged_assessment": {
        "no": "bigint",
        "assessment_key": "bytea",
        "publisher_key": "text",
        "title": "text",
        "url": "text",
        "rating": "text",
        "verdict": "text",
        "rating_value": "numeric",
        "best_rating": "numeric",
        "worst_rating": "numeric",
        "published_on": "date",
        "published_precision": "text",
        "published_text": "text",
        "language": "text",
        "summary": "text",
        "original": "jsonb",
    },
    "staged_ruling": {
        "no": "bigint",
        "status": "text",
        "verdict": "text",
        "because": "text",
        "rating": "text",
        "url": "text",
        "headline": "text",
        "published_on": "date",
    },
}

#: What becomes of each staged row; filled as that is found out. A changed row goes on telling of
#: ``prior_claim_id``, also where that was merged into ``claim_id`` since.
SETTLED = """
CREATE TEMP TABLE settled (
    no bigint PRIMARY KEY, claim_id bigint, outcome text, same boolean, prior_import_id bigint,
    prior_no bigint, prior_claim_id bigint, appearance_no integer, assessment_id bigint,
    more_appeared boolean, more_evidence boolean
) ON COMMIT DROP
"""

#: Rows on record that a row of this run is the same as, or has brought back: none of them is taken
#: for the earlier form of another row. It stays until the run's connection is closed.
TOUCHED = """
    CREATE TEMP TABLE touched (import_id bigint, no bigint, PRIMARY KEY (import_id, no))
"""

_TOUCH = """
    INSERT INTO touched
    SELECT prior.import_id, prior.no
    FROM unnest(CAST(:keys AS bytea[]), CAST(:digests AS jsonb[])) AS seen (row_key, digests)
    CROSS JOIN LATERAL (
        SELECT * FROM import_row WHERE import_row.row_key = seen.row_key OFFSET 0
    ) AS prior
    WHERE prior.digests = seen.digests
    ON CONFLICT DO NOTHING
"""


def make_tables(connection: Connection) -> None:
    """Make the tables, to go at the end of the transaction."""
    for name, columns in TABLES.items():
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(text(f"CREATE TEMP TABLE {name} ({listed}) ON COMMIT DROP"))
    connection.execute(text(SETTLED))


def touch(connection: Connection, records: Sequence[Record]) -> None:
    """Note which rows on record these are the same as: rows that an earlier run has settled."""
    connection.execute(
        text(_TOUCH),
        {
            "keys": [record.row_key for record in records],
            "digests": [record.digests for record in records],
        },
    )


def stage(connection: Connection, lines: Mapping[str, bytes], *, first: bool = True) -> None:
    """Fill the tables with what `staged_lines` made of records.

    What the planner learns of the ``first`` part of a run holds for the others.
    """
    connection.execute(text(f"TRUNCATE {', '.join(TABLES)}, settled"))
    cursor = connection.connection.cursor()
    for name, held in lines.items():
        columns = ", ".join(column for column in TABLES[name] if column != "id")
        with cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
            copy.write(held)
    # Of these, the ones that have no id yet are looked for, and in each part there are others.
    connection.execute(text("ANALYZE staged_speaker"))
    if first:
        connection.execute(text(f"ANALYZE {', '.join(set(TABLES) - _IDENTIFIED)}"))


#: Tables whose rows get an id.
_IDENTIFIED = frozenset(name for name, columns in TABLES.items() if "id" in columns)


def learn_ids(connection: Connection) -> None:
    """Let the planner see the ids that staged rows have by now: empty, it takes them for none.

    What it learns of the first part of a run holds for the others.
    """
    connection.execute(text("ANALYZE staged_publisher, staged_source"))


def staged_lines(numbered: Sequence[tuple[int, Record]]) -> dict[str, bytes]:
    """Records, each with its number within the file, as the lines that COPY takes, by table.

    Made by who reads the file, while the server works on the part before: of this the server's
    own time must not wait, and a driver that writes row by row would hold the interpreter.
    """
    return {
        name: "".join([_line(row) for row in rows]).encode()
        for name, rows in _rows(numbered).items()
        if rows
    }


def _line(row: Iterable[object]) -> str:
    # Nearly all fields are plain text or nothing at all, and a call costs more than these.
    fields = [
        "\\N"
        if field is None
        else field
        if type(field) is str and field.isprintable() and "\\" not in field
        else _field(field)
        for field in row
    ]
    return "\t".join(fields) + "\n"


#: What COPY's text format reads in another way, and how it is written there.
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _field(value: object) -> str:
    """A value in COPY's text format."""
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, tuple):
        return _array(value)
    return value.translate(_ESCAPED) if isinstance(value, str) else str(value)


@lru_cache(4_096)
def _array(texts: tuple[str, ...]) -> str:
    quoted = (each.replace("\\", "\\\\").replace('"', '\\"') for each in texts)
    return _field("{" + ",".join(f'"{each}"' for each in quoted) + "}")


_name_key = lru_cache(4_096)(word_key)


def _rows(numbered: Sequence[tuple[int, Record]]) -> dict[str, Sequence[Sequence[Any]]]:
    publishers: dict[str, str] = {}
    speakers: dict[tuple[str, str], SpeakerName] = {}
    sources: dict[bytes, Source] = {}
    claims: list[Sequence[Any]] = []
    appearances: list[Sequence[Any]] = []
    evidence: list[Sequence[Any]] = []
    assessments: list[Sequence[Any]] = []
    rulings: list[Sequence[Any]] = []

    def publisher(name: str | None) -> str | None:
        if name is None:
            return None
        key = _name_key(name)
        publishers.setdefault(key, name)
        return key

    for no, record in numbered:
        claims.append(
            (
                no,
                record.line,
                record.row_key,
                record.digests,
                record.statement,
                record.statement_key,
                record.external_id,
                record.kind.value,
                record.language,
                record.topics,
                record.priority.level,
                None if record.figure is None else json.dumps(record.figure, default=str),
                record.note,
            )
        )
        for position, one in enumerate(record.appearances):
            _add(sources, one.source)
            if one.speaker is not None:
                speakers.setdefault((one.speaker.key, one.speaker.qualifier_key), one.speaker)
            appearances.append(_appearance(no, position, one))
        for grounds in record.evidence:
            _add(sources, grounds.source)
            evidence.append(
                (no, grounds.source.key, grounds.stance.value, grounds.excerpt, grounds.place)
            )
        if (found := record.assessed) is not None:
            assessments.append(
                (
                    no,
                    found.key,
                    publisher(found.publisher),
                    found.title,
                    found.url,
                    found.rating,
                    found.verdict.value if found.verdict else None,
                    found.value,
                    found.best,
                    found.worst,
                    *_dated(found.published),
                    found.published_text,
                    found.language,
                    found.summary,
                    found.original,
                )
            )
        if (ruling := record.ruling) is not None:
            rulings.append(
                (
                    no,
                    ruling.status.value,
                    ruling.verdict.value if ruling.verdict else None,
                    ruling.because,
                    ruling.rating,
                    ruling.url,
                    ruling.headline,
                    ruling.published.day if ruling.published else None,
                )
            )
    return {
        "staged_source": list(_sources(sources.values(), publisher)),
        "staged_publisher": list(publishers.items()),
        "staged_speaker": [
            (name.key, name.qualifier_key, name.written, name.bare, name.qualifier)
            for name in speakers.values()
        ],
        "staged_claim": claims,
        "staged_appearance": appearances,
        "staged_evidence": evidence,
        "staged_assessment": assessments,
        "staged_ruling": rulings,
    }


def _add(sources: dict[bytes, Source], one: Source) -> None:
    """Add a source; of one that came before, what it lacked."""
    known = sources.setdefault(one.key, one)
    if known is one or known == one:
        return
    filled = {
        name: getattr(one, name)
        for name in ("title", "publisher", "agency")
        if getattr(known, name) is None
    }
    if known.published is None:
        filled |= {"published": one.published, "published_text": one.published_text}
    sources[one.key] = known._replace(**filled)


def _dated(date: PartialDate | None) -> tuple[dt.date | None, str | None]:
    """A date's day and precision, as two columns hold them."""
    return (date.day, date.precision.value) if date else (None, None)


def _appearance(no: int, position: int, one: Appeared) -> Sequence[Any]:
    return (
        no,
        position,
        one.speaker.key if one.speaker else None,
        one.speaker.qualifier_key if one.speaker else None,
        one.source.key,
        *_dated(one.said_on),
        one.said_text,
        one.manner,
        one.quote,
        one.passage,
        one.place,
    )


def _sources(found: Iterable[Source], publisher: Any) -> Iterator[Sequence[Any]]:
    for one in found:
        yield (
            one.key,
            one.url,
            one.host,
            one.title,
            publisher(one.publisher),
            publisher(one.agency),
            *_dated(one.published),
            one.published_text,
        )
