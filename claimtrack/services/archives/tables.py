"""What an archive holds: its tables and columns, and why others stay behind."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

import claimtrack.models.rules  # noqa: F401 - completes the metadata
from claimtrack.db import metadata
from claimtrack.interchange.archive import Kind, Shape
from claimtrack.models.rules import LOGGED

#: The bytes of captures, in pieces: no table of the database, but lines of their own.
PIECES = "capture_content"

#: The tables of an archive, each after those that its rows point to.
CARRIED = (
    "publisher",
    "speaker",
    "speaker_alias",
    "source",
    "capture",
    PIECES,
    "claim",
    "appearance",
    "attribution",
    "figure",
    "note",
    "evidence",
    "review",
    "review_evidence",
    "objection",
    "challenge",
    "assessment",
    "publication",
    "claim_match",
    "rating_scale",
    "rating",
    "policy",
    "import_mapping",
    "redaction",
)

#: The tables that no archive holds, and why.
LEFT_OUT = {
    "protected_source": "who is behind a pseudonym never leaves, but with a backup",
    "event": "the trail of one database, which its seals prove: it travels by backup",
    "seal": "proves the trail of one database",
    "ledger": "the number of one database",
    "export": "who took what out of one database",
    "import": "which files one database took in; that of the archive is one of them",
    "import_row": "belongs to its import",
    "granted": "the logins of one server",
    "claim_group": "made from judgements and merges",
    "likely_match": "found again where it is looked for",
    "likely_search": "how far that has come in one database",
    "transition": "the schema's own",
    "posting": "made again from the claims",
    "posting_due": "which claims one database has to do that for",
    "posting_list": "made again from the postings",
    "posting_unlisted": "which claims one database has to do that for",
    "word": "counted again from the postings",
    "word_count": "told by the words",
}

#: Set again from the rest when an archive is taken in.
_DERIVED = frozenset({("claim", "reach"), ("capture", "content")})


def _kind(column: Column[object]) -> Kind:
    """How the values of a column are written."""
    match column.type:
        case Integer():
            return Kind.INTEGER
        case Boolean():
            return Kind.BOOLEAN
        case Numeric():
            return Kind.NUMBER
        case DateTime():
            return Kind.INSTANT
        case Date():
            return Kind.DATE
        case LargeBinary():
            return Kind.DIGEST
        case JSONB():
            return Kind.JSON
        case ARRAY():
            return Kind.TEXTS
        case Text():
            return Kind.TEXT
    raise AssertionError(column)


def _shape(name: str) -> Shape:
    if name == PIECES:
        columns = {"capture_id": Kind.INTEGER, "no": Kind.INTEGER, "bytes": Kind.BYTES}
        return Shape(columns, ("capture_id", "no"))
    table = metadata.tables[name]
    columns = {
        column.name: _kind(column)
        for column in table.columns
        if column.computed is None
        and column.name != "changed_at"
        and (name, column.name) not in _DERIVED
    }
    key = tuple(LOGGED[name][0].split(","))
    # The key first, then what the row says, then what became of it, and who recorded it.
    rest = [one for one in columns if one not in key]
    ordered = sorted(rest, key=lambda one: (one.startswith(_BECAME), one in _RECORDED))
    return Shape({one: columns[one] for one in (*key, *ordered)}, key)


_BECAME = ("merged_", "withdrawn_", "closed_", "recorded_", "db_user")
_RECORDED = frozenset({"recorded_at", "recorded_by", "db_user"})

#: The columns of each table of an archive.
SHAPES = {name: _shape(name) for name in CARRIED}
