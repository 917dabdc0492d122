"""Evidence, and the reviews that rest on it."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from claimtrack.db import (
    Changed,
    Recorded,
    Withdrawn,
    filled,
    held_by,
    id_column,
    metadata,
    one_of,
    withdrawn_together,
)
from claimtrack.vocab import Change, Decision, SetAsideReason, Stance, Status, Verdict


class EvidenceColumns(Recorded, Withdrawn, Changed):
    """A source that supports, refutes or gives context to a claim."""

    id = id_column()
    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), nullable=False)
    source_id: Column[int] = Column(BigInteger, ForeignKey("source.id"), nullable=False)
    stance = Column(Text, nullable=False)
    excerpt: Column[str | None] = Column(Text, comment="the words in the source that matter")
    place: Column[str | None] = Column(Text, comment="where in the source: paragraph, page, minute")


evidence = Table(
    "evidence",
    metadata,
    EvidenceColumns,
    comment="what supports or refutes a claim; never changed, only withdrawn",
)


@held_by(evidence)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("stance", Stance),
        filled("excerpt", 20000),
        filled("place", 300),
        withdrawn_together(),
        Index(None, "claim_id"),
        Index(None, "source_id"),
    )


class TransitionColumns(TypedColumns):
    """A legal move of a claim's status."""

    from_status = Column(Text, primary_key=True)
    to_status = Column(Text, primary_key=True)


transition = Table(
    "transition",
    metadata,
    TransitionColumns,
    comment="the legal moves of a claim's status; a review that makes another is refused",
)


@held_by(transition)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("from_status", Status),
        one_of("to_status", Status),
    )


class ReviewColumns(Recorded):
    """One append-only entry: who moved a claim, from where to where, and why."""

    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), primary_key=True)
    no: Column[int] = Column(
        Integer, primary_key=True, autoincrement=False, comment="1, 2, … within the claim"
    )
    prev_no: Column[int | None] = Column(
        Integer,
        Computed("NULLIF(no - 1, 0)", persisted=True),
        comment="null for the first review, whose from_status a CHECK fixes instead",
    )
    from_status = Column(Text, nullable=False, comment="where the claim stood")
    status = Column(Text, nullable=False)
    verdict: Column[str | None] = Column(Text)
    because = Column(Text, nullable=False)
    change: Column[str | None] = Column(Text, comment="why one verdict replaced another")
    reason: Column[str | None] = Column(Text, comment="why the claim was set aside")
    rating: Column[str | None] = Column(Text, comment="the house's own label for the verdict")
    recheck_on: Column[dt.date | None] = Column(Date)
    proposed_verdict: Column[str | None] = Column(
        Text, comment="the verdict that waits for somebody else's approval"
    )
    decision: Column[str | None] = Column(
        Text, comment="what became of the verdict that the review before this one proposed"
    )
    held_by: Column[str | None] = Column(
        Text, comment="who held the claim when a verdict was proposed; a rejection gives it back"
    )


review = Table(
    "review",
    metadata,
    ReviewColumns,
    comment="append-only: every move of a claim's status, with its reason",
)


@held_by(review)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("status", Status),
        one_of("verdict", Verdict),
        one_of("proposed_verdict", Verdict),
        one_of("decision", Decision),
        one_of("change", Change),
        one_of("reason", SetAsideReason),
        filled("because", 20000),
        filled("rating", 300),
        CheckConstraint("no >= 1", name="no"),
        CheckConstraint("no > 1 OR from_status = 'unverified'", name="first_from_unverified"),
        CheckConstraint(
            "(status = 'checked') = (verdict IS NOT NULL)", name="verdict_when_checked"
        ),
        CheckConstraint(
            "(status = 'awaiting_approval') = (proposed_verdict IS NOT NULL)",
            name="proposed_when_awaiting",
        ),
        CheckConstraint(
            "status = 'awaiting_approval' OR held_by IS NULL", name="held_by_when_awaiting"
        ),
        CheckConstraint(
            "(from_status = 'awaiting_approval') = (decision IS NOT NULL)",
            name="decision_on_proposal",
        ),
        CheckConstraint("decision <> 'approved' OR status = 'checked'", name="approved_is_checked"),
        CheckConstraint(
            "from_status <> 'checked' OR status NOT IN ('awaiting_approval', 'checked')"
            " OR change IS NOT NULL",
            name="change_of_verdict",
        ),
        # A claim that was reopened may say, too, why its verdict is another one now; a rejection
        # gives back the verdict that stood, and changes none.
        CheckConstraint(
            "change IS NULL OR (status IN ('awaiting_approval', 'checked')"
            " AND decision IS DISTINCT FROM 'rejected')",
            name="change_when_checked",
        ),
        CheckConstraint(
            "(status = 'set_aside') = (reason IS NOT NULL)", name="reason_when_set_aside"
        ),
        CheckConstraint(
            "status IN ('awaiting_approval', 'checked') OR rating IS NULL",
            name="rating_when_checked",
        ),
        # The target of the next review's foreign key: a review starts where the last one ended.
        UniqueConstraint("claim_id", "no", "status"),
        ForeignKeyConstraint(
            ["claim_id", "prev_no", "from_status"],
            ["review.claim_id", "review.no", "review.status"],
        ),
        ForeignKeyConstraint(
            ["from_status", "status"], ["transition.from_status", "transition.to_status"]
        ),
        Index(None, "recorded_at"),
        Index(None, "recorded_by"),
    )


class ReviewEvidenceColumns(TypedColumns):
    """One piece of evidence that a review rested on."""

    claim_id: Column[int] = Column(BigInteger, primary_key=True)
    review_no: Column[int] = Column(Integer, primary_key=True)
    evidence_id: Column[int] = Column(BigInteger, primary_key=True)


review_evidence = Table(
    "review_evidence",
    metadata,
    ReviewEvidenceColumns,
    comment="append-only: what a review rested on",
)


@held_by(review_evidence)
def _() -> Sequence[SchemaItem]:
    return (
        ForeignKeyConstraint(["claim_id", "review_no"], ["review.claim_id", "review.no"]),
        # Evidence on the same claim, or on one merged into it: a trigger sees to that.
        ForeignKeyConstraint(["evidence_id"], ["evidence.id"]),
        Index(None, "evidence_id"),
    )
