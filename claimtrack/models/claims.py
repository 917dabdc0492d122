"""Claims with their appearances, attributions, figures and notes."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.schema import SchemaItem

from claimtrack.db import (
    Changed,
    Merged,
    Recorded,
    Withdrawn,
    date_column,
    filled,
    held_by,
    id_column,
    merged_together,
    metadata,
    one_of,
    precision_checks,
    quoted,
    withdrawn_together,
)
from claimtrack.vocab import (
    CHECKABLE_KINDS,
    SPEAKERLESS_MANNERS,
    Comparator,
    Finding,
    Kind,
    Manner,
    Precision,
    Status,
    Verdict,
)

#: Claims that `report unverified` lists: not concluded, not set aside, of a kind that checking
#: can conclude, and not the same as another claim. The report's query repeats these words so that
#: the planner finds the index.
TO_CHECK = (
    f"status IN ('{Status.UNVERIFIED}', '{Status.IN_REVIEW}')"
    f" AND kind IN ({quoted(CHECKABLE_KINDS)}) AND merged_into_id IS NULL"
)


class ClaimColumns(Recorded, Merged, Changed):
    """One checkable proposition, in the desk's wording."""

    id = id_column()
    statement = Column(Text, nullable=False, comment="in the desk's wording")
    statement_key: Column[bytes] = Column(
        LargeBinary, nullable=False, comment="SHA-256 of the folded statement, made in Python"
    )
    copy_no = Column(
        Integer,
        nullable=False,
        server_default="1",
        comment="above 1 where the same words were insisted on as another claim",
    )
    kind = Column(Text, nullable=False, server_default=Kind.FACT.value)
    language = Column(Text, nullable=False, server_default="en", comment="BCP 47 tag")
    topics: Column[list[str]] = Column(ARRAY(Text), nullable=False, server_default="{}")
    priority = Column(
        SmallInteger,
        nullable=False,
        server_default="1",
        comment="0 low, 1 normal, 2 high, 3 urgent",
    )
    status = Column(
        Text,
        nullable=False,
        server_default=Status.UNVERIFIED.value,
        comment="of the latest review; written by the trigger on review alone",
    )
    verdict: Column[str | None] = Column(Text, comment="of the latest review; set when checked")
    review_no = Column(
        Integer, nullable=False, server_default="0", comment="number of the latest review"
    )
    assigned_to: Column[str | None] = Column(Text, comment="who holds the claim")
    due_on: Column[dt.date | None] = Column(Date, comment="when checking should be done")
    recheck_on: Column[dt.date | None] = Column(
        Date, comment="when the latest review asks to look again"
    )
    reach = Column(
        Integer,
        nullable=False,
        server_default="0",
        comment="derived: distinct origins (agency or publisher) among its appearances, and"
        " those of the claims merged into it",
    )
    supersedes_id: Column[int | None] = Column(
        BigInteger,
        ForeignKey("claim.id"),
        unique=True,
        comment="the claim with the older figure that this one takes further",
    )
    merged_into_id: Column[int | None] = Column(
        BigInteger,
        ForeignKey("claim.id"),
        comment="the claim that this one was found to be the same as; never a chain",
    )
    origin: Column[str | None] = Column(Text, comment="where external_id comes from")
    external_id: Column[str | None] = Column(Text)
    version = Column(Integer, nullable=False, server_default="1", comment="counts the changes")


claim = Table("claim", metadata, ClaimColumns, comment="checkable propositions")


@held_by(claim)
def _() -> Sequence[SchemaItem]:
    return (
        filled("statement", 5000),
        filled("assigned_to", 300),
        CheckConstraint("octet_length(statement_key) = 32", name="statement_key"),
        CheckConstraint("copy_no >= 1", name="copy_no"),
        CheckConstraint("priority BETWEEN 0 AND 3", name="priority"),
        CheckConstraint("language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'", name="language"),
        CheckConstraint("array_position(topics, NULL) IS NULL", name="topics"),
        CheckConstraint("supersedes_id <> id", name="supersedes_another"),
        *merged_together(),
        CheckConstraint(
            "merged_into_id IS NULL OR merged_because IS NOT NULL", name="merged_because"
        ),
        CheckConstraint("(origin IS NULL) = (external_id IS NULL)", name="external_id"),
        CheckConstraint(
            "(status = 'checked') = (verdict IS NOT NULL)", name="verdict_when_checked"
        ),
        one_of("kind", Kind),
        one_of("status", Status),
        one_of("verdict", Verdict),
        UniqueConstraint("statement_key", "copy_no"),
        Index(
            "uq_claim_origin_external_id",
            "origin",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        # One direction throughout, so that the next page is one row comparison.
        Index(
            "ix_claim_to_check",
            text("(-priority)"),
            text("(-reach)"),
            "recorded_at",
            "id",
            postgresql_where=text(TO_CHECK),
        ),
        Index(None, "status", "id"),
        Index(None, "verdict", "id", postgresql_where=text("verdict IS NOT NULL")),
        Index(None, "assigned_to", "id", postgresql_where=text("assigned_to IS NOT NULL")),
        Index(None, "recorded_at"),
        Index(None, "due_on", postgresql_where=text("due_on IS NOT NULL")),
        Index(None, "recheck_on", postgresql_where=text("recheck_on IS NOT NULL")),
        Index(None, "topics", postgresql_using="gin"),
        Index(None, "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
        Index(None, "language"),
    )


class AppearanceColumns(Recorded, Withdrawn, Changed):
    """One occurrence of a claim: speaker, source and date. Addressed as ``42.1``."""

    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), primary_key=True)
    no: Column[int] = Column(
        Integer, primary_key=True, autoincrement=False, comment="1, 2, … within the claim"
    )
    speaker_id: Column[int | None] = Column(BigInteger, ForeignKey("speaker.id"))
    source_id: Column[int] = Column(BigInteger, ForeignKey("source.id"), nullable=False)
    said_on = date_column("when it was said")
    said_precision: Column[str | None] = Column(Text)
    said_text: Column[str | None] = Column(
        Text, comment="the date as a file had it, where that says more"
    )
    manner = Column(Text, nullable=False, server_default=Manner.INDIRECT.value)
    quote: Column[str | None] = Column(Text, comment="only what stands inside quotation marks")
    passage: Column[str | None] = Column(Text, comment="the passage as printed")
    place: Column[str | None] = Column(Text, comment="where in the source: paragraph, page, minute")


appearance = Table(
    "appearance", metadata, AppearanceColumns, comment="where, when and by whom a claim was made"
)


@held_by(appearance)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("manner", Manner),
        one_of("said_precision", Precision),
        *precision_checks("said_on"),
        filled("said_text", 300),
        filled("quote", 20000),
        filled("passage", 20000),
        filled("place", 300),
        withdrawn_together(),
        CheckConstraint("no >= 1", name="no"),
        CheckConstraint(
            f"speaker_id IS NOT NULL OR manner IN ({quoted(SPEAKERLESS_MANNERS)})",
            name="speaker_or_manner",
        ),
        Index(None, "speaker_id", "claim_id"),
        Index(None, "source_id", "claim_id"),
        Index(None, "said_on", postgresql_where=text("said_on IS NOT NULL")),
    )


class AttributionColumns(Recorded):
    """A finding on an appearance: did they say it?"""

    id = id_column()
    claim_id: Column[int] = Column(BigInteger, nullable=False)
    appearance_no = Column(Integer, nullable=False)
    finding = Column(Text, nullable=False)
    because = Column(Text, nullable=False)
    source_id: Column[int | None] = Column(
        BigInteger, ForeignKey("source.id"), comment="what the finding rests on"
    )


attribution = Table(
    "attribution",
    metadata,
    AttributionColumns,
    comment="append-only: whether the speaker said it, apart from whether it is true",
)


@held_by(attribution)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("finding", Finding),
        filled("because", 20000),
        ForeignKeyConstraint(
            ["claim_id", "appearance_no"], ["appearance.claim_id", "appearance.no"]
        ),
        Index(None, "claim_id", "appearance_no"),
    )


class FigureColumns(Recorded, Changed):
    """The quantity that a claim asserts."""

    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), primary_key=True)
    comparator = Column(Text, nullable=False)
    low = Column(Numeric, nullable=False, comment="the value, or the lower end of a range")
    high = Column(Numeric, comment="the upper end of a range")
    unit: Column[str | None] = Column(Text)
    counted: Column[str | None] = Column(Text, comment="what is counted: displaced, killed …")
    place: Column[str | None] = Column(Text, comment="where it is counted")
    on_date: Column[dt.date | None] = Column(Date, comment="the day that the figure is of")
    on_precision: Column[str | None] = Column(Text)
    since_date: Column[dt.date | None] = Column(Date, comment="counted since")
    since_precision: Column[str | None] = Column(Text)


figure = Table("figure", metadata, FigureColumns, comment="the quantity that a claim asserts")


@held_by(figure)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("comparator", Comparator),
        one_of("on_precision", Precision),
        one_of("since_precision", Precision),
        filled("unit", 100),
        filled("counted", 300),
        filled("place", 300),
        CheckConstraint("(on_date IS NULL) = (on_precision IS NULL)", name="on_precision_given"),
        CheckConstraint(
            "(since_date IS NULL) = (since_precision IS NULL)", name="since_precision_given"
        ),
        CheckConstraint(
            "(comparator = '..') = (high IS NOT NULL) AND (high IS NULL OR high > low)",
            name="range",
        ),
        CheckConstraint("low <> 'NaN' AND high IS DISTINCT FROM 'NaN'", name="a_number"),
    )


class NoteColumns(Recorded):
    """A remark on a claim."""

    id = id_column()
    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), nullable=False)
    body = Column(Text, nullable=False)


note = Table("note", metadata, NoteColumns, comment="append-only: remarks on claims")


@held_by(note)
def _() -> Sequence[SchemaItem]:
    return (
        filled("body", 20000),
        Index(None, "claim_id"),
    )
