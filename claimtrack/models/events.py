"""The trail that the database's triggers leave of every change."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
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


event = Table(
    "event",
    metadata,
    EventColumns,
    comment="append-only: written by triggers, so that no code path can forget it",
)


@held_by(event)
def _() -> Sequence[SchemaItem]:
    return (
        CheckConstraint("operation IN ('insert', 'update')", name="operation"),
        CheckConstraint("(operation = 'update') = (before IS NOT NULL)", name="before"),
        Index(None, "claim_id", "id", postgresql_where=text("claim_id IS NOT NULL")),
        # What stood at an earlier time is today's row with the later updates taken back.
        Index(
            "ix_event_table_name_recorded_at",
            "table_name",
            "recorded_at",
            postgresql_where=text("operation = 'update'"),
        ),
    )
