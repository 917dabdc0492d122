"""Pairs of claims that look the same, for people to judge; and how far they were looked for."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    text,
)
from sqlalchemy.schema import SchemaItem

from claimtrack.db import filled, held_by, metadata
from claimtrack.models.functions import AS_OWNER, PINNED


class LikelyMatchColumns(TypedColumns):
    """Two claims that may be the same, by what they say."""

    # No foreign keys, whose locks would be taken out of order: no claim is ever removed.
    claim_id: Column[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    other_id: Column[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    probability: Column[float] = Column(REAL, nullable=False)
    found_by = Column(Text, nullable=False, comment="the command, or the import")
    found_at: Column[dt.datetime] = Column(
        DateTime(timezone=True), nullable=False, server_default=text("now()")
    )


likely_match = Table(
    "likely_match",
    metadata,
    LikelyMatchColumns,
    comment="derived: pairs that wait for a judgement; one goes with its judgement",
)


@held_by(likely_match)
def _() -> Sequence[SchemaItem]:
    return (
        CheckConstraint("claim_id < other_id", name="lower_first"),
        CheckConstraint("probability BETWEEN 0 AND 1", name="probability"),
        filled("found_by", 300),
        Index("ix_likely_match_order", text("(-probability)"), "claim_id", "other_id"),
    )


class LikelySearchColumns(TypedColumns):
    """In its one row: up to which claim likely pairs were looked for."""

    id: Column[int] = Column(
        SmallInteger, primary_key=True, autoincrement=False, server_default="1"
    )
    through: Column[int] = Column(BigInteger, nullable=False)
    looked_at: Column[dt.datetime] = Column(
        DateTime(timezone=True), nullable=False, server_default=text("now()")
    )


likely_search = Table(
    "likely_search",
    metadata,
    LikelySearchColumns,
    comment="derived, one row: up to which claim likely pairs were looked for",
)


@held_by(likely_search)
def _() -> Sequence[SchemaItem]:
    return (CheckConstraint("id = 1", name="id"),)


# What was judged waits no more, whatever path the judgement came by.
SETTLE_LIKELY = f"""
CREATE FUNCTION settle_likely() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
BEGIN
    DELETE FROM likely_match USING changed
    WHERE likely_match.claim_id = changed.claim_id AND likely_match.other_id = changed.other_id;
    RETURN NULL;
END $$
"""  # noqa: S608 - no value from outside

# What a claim was found to resemble is not told of its new words, nor of words that were redacted.
FORGET_LIKELY = f"""
CREATE FUNCTION forget_likely() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
BEGIN
    DELETE FROM likely_match WHERE NEW.id IN (claim_id, other_id);
    RETURN NULL;
END $$
"""  # noqa: S608 - no value from outside

FUNCTIONS = (SETTLE_LIKELY, FORGET_LIKELY)

TRIGGERS = (
    "CREATE TRIGGER forget_likely AFTER UPDATE ON claim FOR EACH ROW"
    " WHEN (OLD.statement IS DISTINCT FROM NEW.statement) EXECUTE FUNCTION forget_likely()",
    "CREATE TRIGGER settle_likely AFTER INSERT ON claim_match"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION settle_likely()",
)
