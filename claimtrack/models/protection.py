"""What protects people: identities kept apart from the record, and who took data out of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from claimtrack.db import Recorded, filled, held_by, id_column, metadata


class ProtectedSourceColumns(Recorded):
    """Who a protected speaker is, or what a protected source is."""

    id = id_column()
    speaker_id: Column[int | None] = Column(BigInteger, ForeignKey("speaker.id"), unique=True)
    source_id: Column[int | None] = Column(BigInteger, ForeignKey("source.id"), unique=True)
    identity: Column[dict[str, Any] | None] = Column(
        JSONB(none_as_null=True),
        comment="what stood in the row and its names before; null once it was redacted",
    )
    salt: Column[bytes | None] = Column(LargeBinary, comment="of the digest; goes with identity")
    digest: Column[bytes] = Column(
        LargeBinary,
        nullable=False,
        comment="SHA-256 of salt and identity: events hold this, and never the identity",
    )
    origin: Column[str | None] = Column(
        Text,
        Computed("identity ->> 'origin'", persisted=True),
        comment="the source's origin before: reach goes on counting it",
    )
    publisher_id: Column[int | None] = Column(
        BigInteger,
        Computed("(identity ->> 'publisher_id')::bigint", persisted=True),
        comment="as before: a reprint stays one",
    )
    agency_id: Column[int | None] = Column(
        BigInteger,
        Computed("(identity ->> 'agency_id')::bigint", persisted=True),
        comment="as before: a reprint stays one",
    )


protected_source = Table(
    "protected_source",
    metadata,
    ProtectedSourceColumns,
    comment="append-only: the identities behind pseudonyms; row security lets few read it",
)


@held_by(protected_source)
def _() -> Sequence[SchemaItem]:
    return (
        CheckConstraint("num_nonnulls(speaker_id, source_id) = 1", name="of_one"),
        CheckConstraint("(identity IS NULL) = (salt IS NULL)", name="salt"),
        CheckConstraint(
            "identity IS NULL OR digest = sha256(salt || convert_to(identity::text, 'UTF8'))",
            name="digest",
        ),
    )


class RedactionColumns(Recorded):
    """A value that was taken out of the record for good; why stands in its event."""

    id = id_column()
    table_name = Column(Text, nullable=False)
    row_key = Column(Text, nullable=False, comment="the row's key, as events have it")
    field = Column(Text, nullable=False)
    digest: Column[bytes | None] = Column(
        LargeBinary, comment="SHA-256 of a salt, which is gone, and the latest value"
    )


redaction = Table(
    "redaction",
    metadata,
    RedactionColumns,
    comment="append-only: what was redacted, and never its value",
)


@held_by(redaction)
def _() -> Sequence[SchemaItem]:
    return (
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        Index(None, "table_name", "row_key"),
    )


class ExportColumns(Recorded):
    """Something that left the record: who took out what, in which form."""

    id = id_column()
    what = Column(Text, nullable=False, comment="in a word: backup, identity, file")
    format: Column[str | None] = Column(Text)
    row_count: Column[int | None] = Column(BigInteger, comment="how many rows, where they count")
    filters: Column[dict[str, Any]] = Column(
        JSONB, nullable=False, server_default=text("'{}'"), comment="which of them: words to values"
    )


export = Table("export", metadata, ExportColumns, comment="append-only: what left the record")


@held_by(export)
def _() -> Sequence[SchemaItem]:
    return (
        filled("what", 100),
        filled("format", 100),
        CheckConstraint("row_count >= 0", name="row_count"),
        CheckConstraint("jsonb_typeof(filters) = 'object'", name="filters"),
    )
