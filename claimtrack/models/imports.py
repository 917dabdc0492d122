"""Imports: what came in from files, by whom, and what each row of a file became."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    TypedColumns,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from claimtrack.db import Changed, Recorded, filled, held_by, id_column, metadata, one_of
from claimtrack.vocab import FileFormat, RowOutcome


def _count(comment: str) -> Column[int]:
    return Column(BigInteger, nullable=False, server_default="0", comment=comment)


class ImportColumns(Recorded, Changed):
    """One file that was taken in."""

    id = id_column()
    format = Column(Text, nullable=False)
    file_name: Column[str | None] = Column(Text, comment="null for standard input")
    sha256: Column[bytes] = Column(LargeBinary, nullable=False, comment="of the file")
    byte_count = Column(BigInteger, nullable=False)
    origin = Column(Text, nullable=False, comment="where the file's external ids come from")
    licence: Column[str | None] = Column(Text, comment="under which the file may be used")
    options: Column[dict[str, Any]] = Column(
        JSONB, nullable=False, server_default=text("'{}'"), comment="how it was read"
    )
    row_count = _count("rows read, the refused ones among them")
    created = _count("rows that became a claim of their own")
    added = _count("rows that were added to a claim on record")
    updated = _count("rows whose changes were taken over")
    unchanged = _count("rows that brought nothing new")
    revived = _count("rows that came back after they were undone")
    refused = _count("rows that were not taken in")
    conflicts = _count("changed values that gave way to what the desk had edited")
    through = _count("rows that stand on record, of a file that is taken in by batches")
    finished_at: Column[dt.datetime | None] = Column(
        DateTime(timezone=True), comment="null while batches are missing"
    )
    undone_at: Column[dt.datetime | None] = Column(DateTime(timezone=True))
    undone_by: Column[str | None] = Column(Text)
    undone_because: Column[str | None] = Column(Text)


import_ = Table("import", metadata, ImportColumns, comment="files that were taken in")


@held_by(import_)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("format", FileFormat),
        filled("file_name", 1000),
        filled("origin", 300),
        filled("licence", 1000),
        filled("undone_because", 20000),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("jsonb_typeof(options) = 'object'", name="options"),
        CheckConstraint("num_nulls(undone_at, undone_by, undone_because) IN (0, 3)", name="undone"),
        Index(None, "sha256"),
    )


class ImportRowColumns(TypedColumns):
    """What one row of a file became; the trigger `refer_rows` holds that it is on record."""

    import_id: Column[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    no: Column[int] = Column(
        BigInteger, primary_key=True, autoincrement=False, comment="1, 2, … within the file"
    )
    line = Column(BigInteger, nullable=False, comment="where it begins in the file")
    row_key: Column[bytes] = Column(
        LargeBinary,
        nullable=False,
        comment="what tells the row when it comes again: 16 bytes, made in Python",
    )
    outcome = Column(Text, nullable=False)
    claim_id: Column[int] = Column(BigInteger, nullable=False)
    appearance_no: Column[int | None] = Column(Integer)
    assessment_id: Column[int | None] = Column(BigInteger)
    digests: Column[dict[str, Any]] = Column(
        JSONB,
        nullable=False,
        comment="of each value, to know a changed one again; empty once one of them was redacted",
    )


import_row = Table(
    "import_row",
    metadata,
    ImportRowColumns,
    comment="append-only: what became of the rows of files, but for those that changed nothing",
)


@held_by(import_row)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("outcome", RowOutcome),
        CheckConstraint("octet_length(row_key) = 16", name="row_key"),
        Index(None, "row_key", "import_id"),
    )


class ImportMappingColumns(Recorded, Changed):
    """Which column of a file is which field, under a name."""

    id = id_column()
    name = Column(Text, nullable=False, unique=True)
    columns: Column[dict[str, Any]] = Column(
        JSONB, nullable=False, comment="field to the column's name or number"
    )


import_mapping = Table(
    "import_mapping", metadata, ImportMappingColumns, comment="columns of files, by field"
)


@held_by(import_mapping)
def _() -> Sequence[SchemaItem]:
    return (
        filled("name", 100),
        CheckConstraint("jsonb_typeof(columns) = 'object'", name="columns"),
    )
