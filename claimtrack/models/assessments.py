"""Published fact-checks: what others found, where our own stand, and the labels of a house."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

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
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from claimtrack.db import (
    Changed,
    Recorded,
    Withdrawn,
    date_column,
    filled,
    held_by,
    id_column,
    metadata,
    one_of,
    precision_checks,
    withdrawn_together,
)
from claimtrack.vocab import Precision, Verdict


class AssessmentColumns(Recorded, Withdrawn, Changed):
    """Somebody else's published fact-check of a claim."""

    id = id_column()
    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), nullable=False)
    assessment_key: Column[bytes] = Column(
        LargeBinary,
        nullable=False,
        comment="SHA-256, computed in Python, of the URL or of publisher and title",
    )
    publisher_id: Column[int | None] = Column(BigInteger, ForeignKey("publisher.id"))
    title: Column[str | None] = Column(Text)
    url: Column[str | None] = Column(Text, comment="normalised")
    rating: Column[str | None] = Column(Text, comment="the verdict in its publisher's own words")
    verdict: Column[str | None] = Column(
        Text, comment="what the rating comes to; null where that can't be said"
    )
    rating_value: Column[Decimal | None] = Column(Numeric, comment="the rating as a number, if any")
    best_rating: Column[Decimal | None] = Column(Numeric, comment="the best on its scale")
    worst_rating: Column[Decimal | None] = Column(Numeric, comment="the worst on its scale")
    published_on = date_column("when it was published")
    published_precision: Column[str | None] = Column(Text)
    published_text: Column[str | None] = Column(
        Text, comment="the date as a file had it, where that says more"
    )
    language: Column[str | None] = Column(Text)
    summary: Column[str | None] = Column(Text, comment="why, in its publisher's words")
    original: Column[Any] = Column(
        JSONB(none_as_null=True),
        nullable=True,
        comment="the JSON that it was read from, whole",
    )


assessment = Table(
    "assessment",
    metadata,
    AssessmentColumns,
    comment="published fact-checks of others; they never touch a claim's own verdict",
)


@held_by(assessment)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("verdict", Verdict),
        one_of("published_precision", Precision),
        *precision_checks("published_on"),
        withdrawn_together(),
        filled("title", 1000),
        filled("url", 8000),
        filled("rating", 300),
        filled("published_text", 300),
        filled("summary", 20000),
        CheckConstraint("num_nonnulls(publisher_id, title, url) > 0", name="named"),
        CheckConstraint("octet_length(assessment_key) = 32", name="assessment_key"),
        CheckConstraint(
            "rating_value <> 'NaN' AND best_rating <> 'NaN' AND worst_rating <> 'NaN'",
            name="numbers",
        ),
        Index(
            "uq_assessment_claim_id_assessment_key",
            "claim_id",
            "assessment_key",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
        Index(None, "publisher_id", postgresql_where=text("publisher_id IS NOT NULL")),
    )


class PublicationColumns(Recorded, Withdrawn, Changed):
    """Where the desk's own fact-check of a claim stands."""

    id = id_column()
    claim_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), nullable=False)
    review_no = Column(Integer, nullable=False, comment="the review whose verdict was published")
    url = Column(Text, nullable=False, comment="normalised")
    published_on: Column[dt.date] = Column(Date, nullable=False)
    headline = Column(Text, nullable=False)
    public_note: Column[str | None] = Column(Text, comment="what readers are told of the verdict")


publication = Table(
    "publication",
    metadata,
    PublicationColumns,
    comment="where the desk's own fact-checks stand; never changed, only withdrawn",
)


@held_by(publication)
def _() -> Sequence[SchemaItem]:
    return (
        withdrawn_together(),
        filled("url", 8000),
        filled("headline", 1000),
        filled("public_note", 20000),
        ForeignKeyConstraint(["claim_id", "review_no"], ["review.claim_id", "review.no"]),
        Index(
            "uq_publication_claim_id",
            "claim_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )


class RatingScaleColumns(Recorded, Changed):
    """A house's own scale of ratings."""

    id = id_column()
    name = Column(Text, nullable=False)
    name_key = Column(Text, nullable=False, unique=True, comment="folded, made in Python")
    best: Column[Decimal | None] = Column(Numeric, comment="the number of the best rating")
    worst: Column[Decimal | None] = Column(Numeric, comment="the number of the worst")


rating_scale = Table(
    "rating_scale", metadata, RatingScaleColumns, comment="the scales of the house's own ratings"
)


@held_by(rating_scale)
def _() -> Sequence[SchemaItem]:
    return (
        filled("name", 300),
        CheckConstraint("(best IS NULL) = (worst IS NULL) AND best <> worst", name="ends"),
        CheckConstraint("best <> 'NaN' AND worst <> 'NaN'", name="numbers"),
    )


class RatingColumns(Recorded, Changed):
    """A label on a house's own scale, and the verdict that it stands for."""

    id = id_column()
    scale_id: Column[int] = Column(BigInteger, ForeignKey("rating_scale.id"), nullable=False)
    label = Column(Text, nullable=False)
    label_key = Column(Text, nullable=False, comment="folded, made in Python")
    verdict = Column(Text, nullable=False)
    value: Column[Decimal | None] = Column(Numeric, comment="where it stands between the ends")


rating = Table("rating", metadata, RatingColumns, comment="the labels of the house's own scales")


@held_by(rating)
def _() -> Sequence[SchemaItem]:
    return (
        filled("label", 300),
        one_of("verdict", Verdict),
        CheckConstraint("value <> 'NaN'", name="value"),
        UniqueConstraint("scale_id", "label_key"),
    )
