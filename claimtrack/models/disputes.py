"""Disagreement with a verdict: objections from inside the desk, challenges from outside."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    TypedColumns,
    text,
)
from sqlalchemy.schema import SchemaItem

from claimtrack.db import Recorded, filled, held_by, metadata, one_of
from claimtrack.vocab import Outcome


class DisputeColumns(Recorded):
    """What objections and challenges share: the verdict that they are against, and the reason."""

    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), primary_key=True)
    no: Column[int] = Column(
        Integer, primary_key=True, autoincrement=False, comment="1, 2, … within the claim"
    )
    review_no: Column[int] = Column(
        Integer, nullable=False, comment="the review whose verdict it is against"
    )
    because = Column(Text, nullable=False)


class Closed(TypedColumns):
    """When it was answered, by whom and how; open until then, and never open again."""

    closed_at: Column[dt.datetime | None] = Column(DateTime(timezone=True))
    closed_by: Column[str | None] = Column(Text)
    closed_because: Column[str | None] = Column(Text)


def _dispute_checks() -> tuple[SchemaItem, ...]:
    return (
        filled("because", 20000),
        filled("closed_because", 20000),
        CheckConstraint("no >= 1", name="no"),
        CheckConstraint("num_nulls(closed_at, closed_by, closed_because) IN (0, 3)", name="closed"),
        ForeignKeyConstraint(["claim_id", "review_no"], ["review.claim_id", "review.no"]),
    )


class ObjectionColumns(DisputeColumns, Closed):
    """Somebody of the desk disagrees with a verdict, which is disputed until the answer."""


objection = Table(
    "objection",
    metadata,
    ObjectionColumns,
    comment="disagreement with a verdict; its content never changes, it is answered once",
)


@held_by(objection)
def _() -> Sequence[SchemaItem]:
    return (
        *_dispute_checks(),
        # A claim is disputed while it has a row here.
        Index("ix_objection_open", "claim_id", postgresql_where=text("closed_at IS NULL")),
    )


class ChallengeColumns(DisputeColumns, Closed):
    """Somebody from outside demands that a verdict be corrected."""

    challenger = Column(Text, nullable=False, comment="who demands it")
    due_on = Column(Date, nullable=False, comment="the day by which it is to be decided")
    outcome: Column[str | None] = Column(Text)


challenge = Table(
    "challenge",
    metadata,
    ChallengeColumns,
    comment="demands for correction; their content never changes, they are decided once",
)


@held_by(challenge)
def _() -> Sequence[SchemaItem]:
    return (
        *_dispute_checks(),
        filled("challenger", 300),
        one_of("outcome", Outcome),
        CheckConstraint("(outcome IS NULL) = (closed_at IS NULL)", name="outcome_when_closed"),
        Index("ix_challenge_open", "due_on", postgresql_where=text("closed_at IS NULL")),
    )
