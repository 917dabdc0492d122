"""The trail that the database's triggers leave of every change, and the seals on it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from claimtrack.db import Recorded, held_by, id_column, metadata


class EventColumns(Recorded):
    """One row inserted, or the changed columns of one row before and after."""

    id = id_column()
    table_name = Column(Text, nullable=False)
    row_key = Column(Text, nullable=False, comment="the row's key, its parts joined by dots")
    claim_id: Column[int | None] = Column(
        BigInteger,
        comment="the claim that the row belongs to; no foreign key: the trail stands alone",
    )
    operation = Column(Text, nullable=False)
    before: Column[dict[str, Any] | None] = Column(JSONB, comment="of the changed columns")
    after: Column[dict[str, Any]] = Column(
        JSONB, nullable=False, comment="the whole row on insert, else the changed columns"
    )
    because: Column[str | None] = Column(Text, comment="the reason given for the change")
    application = Column(
        Text, nullable=False, server_default=text("current_setting('application_name')")
    )
    salt: Column[bytes | None] = Column(
        LargeBinary,
        server_default=text("uuid_send(gen_random_uuid())"),
        comment="what the digests of its texts are salted with; null once one of them is redacted",
    )
    field_salts: Column[dict[str, Any] | None] = Column(
        JSONB, comment="where a text is redacted: the salts of the others, each under its path"
    )


event = Table(
    "event",
    metadata,
    EventColumns,
    comment="append-only: written by triggers, so that no code path can forget it",
)


class LedgerColumns(Recorded):
    """The database's own number, in its one row."""

    id = Column(SmallInteger, primary_key=True, autoincrement=False)
    uuid = Column(Uuid, nullable=False, server_default=text("gen_random_uuid()"))


ledger = Table(
    "ledger",
    metadata,
    LedgerColumns,
    comment="append-only, one row: which database this is, also after a move",
)


class SealColumns(Recorded):
    """A checkpoint over all events up to one, chained to the seal before it."""

    no = Column(BigInteger, primary_key=True, autoincrement=False, comment="1, 2, …")
    previous_hash = Column(
        LargeBinary,
        nullable=False,
        comment="hash of the seal before; of the ledger's uuid for the first",
    )
    hash = Column(LargeBinary, nullable=False)
    last_event_id = Column(
        BigInteger, nullable=False, comment="no event up to this one can be added any more"
    )
    event_count = Column(
        BigInteger, nullable=False, comment="all events up to that one, not of this seal alone"
    )
    leaves = Column(
        LargeBinary,
        nullable=False,
        comment="of each event since the seal before: its id (8 bytes) and leaf hash (32)",
    )


seal = Table(
    "seal",
    metadata,
    SealColumns,
    comment="append-only: from here on nobody can rewrite what was recorded unnoticed",
)


@held_by(event)
def _() -> Sequence[SchemaItem]:
    return (
        CheckConstraint("operation IN ('insert', 'update')", name="operation"),
        CheckConstraint("(operation = 'update') = (before IS NOT NULL)", name="before"),
        CheckConstraint("octet_length(salt) = 16", name="salt"),
        CheckConstraint("(salt IS NULL) = (field_salts IS NOT NULL)", name="field_salts"),
        Index(None, "claim_id", "id", postgresql_where=text("claim_id IS NOT NULL")),
        # What stood at an earlier time is today's row with the later updates taken back.
        Index(
            "ix_event_table_name_row_key_id",
            "table_name",
            "row_key",
            "id",
            postgresql_where=text("operation = 'update'"),
        ),
        # What was merged into a claim, and parted from it, is told in the head's history too.
        Index(
            "ix_event_merged",
            "table_name",
            text("COALESCE(after ->> 'merged_into_id', before ->> 'merged_into_id')"),
            postgresql_where=text("before ? 'merged_into_id'"),
        ),
    )


@held_by(ledger)
def _() -> Sequence[SchemaItem]:
    return (CheckConstraint("id = 1", name="id"),)


@held_by(seal)
def _() -> Sequence[SchemaItem]:
    return (
        CheckConstraint("octet_length(previous_hash) = 32", name="previous_hash"),
        CheckConstraint("octet_length(hash) = 32", name="hash"),
        CheckConstraint("octet_length(leaves) % 40 = 0", name="leaves"),
        UniqueConstraint("previous_hash"),
        UniqueConstraint("hash"),
    )
