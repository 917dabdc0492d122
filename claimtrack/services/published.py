"""Published fact-checks as they are loaded: those of others, and where the desk's own stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, select

from claimtrack.models.assessments import assessment, publication
from claimtrack.models.people import publisher
from claimtrack.models.reviews import review
from claimtrack.services.stories import partial_date
from claimtrack.services.views import AssessmentView, PublicationView
from claimtrack.vocab import Verdict


def load_assessments(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[int, list[AssessmentView]]:
    """What others published of claims, by claim id and in their order; not what was withdrawn."""
    rows = connection.execute(
        select(assessment, publisher.c.name.label("publisher"))
        .outerjoin(publisher, publisher.c.id == assessment.c.publisher_id)
        .where(
            assessment.c.claim_id == func.any(list(claim_ids)), assessment.c.withdrawn_at.is_(None)
        )
        .order_by(assessment.c.claim_id, assessment.c.id)
    )
    views: defaultdict[int, list[AssessmentView]] = defaultdict(list)
    for row in rows:
        views[row.claim_id].append(
            AssessmentView(
                id=row.id,
                claim_id=row.claim_id,
                publisher=row.publisher,
                title=row.title,
                url=row.url,
                rating=row.rating,
                verdict=Verdict(row.verdict) if row.verdict else None,
                rating_value=row.rating_value,
                best_rating=row.best_rating,
                worst_rating=row.worst_rating,
                published_on=partial_date(row.published_on, row.published_precision),
                language=row.language,
                summary=row.summary,
                recorded_at=row.recorded_at,
                recorded_by=row.recorded_by,
            )
        )
    return views


def load_publications(
    connection: Connection, claim_ids: Sequence[int]
) -> dict[int, PublicationView]:
    """Where the desk's own fact-checks stand, by claim id; not what was taken back."""
    marked = and_(
        review.c.claim_id == publication.c.claim_id, review.c.no == publication.c.review_no
    )
    rows = connection.execute(
        select(publication, review.c.verdict)
        .join(review, marked)
        .where(
            publication.c.claim_id == func.any(list(claim_ids)),
            publication.c.withdrawn_at.is_(None),
        )
    )
    return {
        row.claim_id: PublicationView(
            claim_id=row.claim_id,
            review_no=row.review_no,
            verdict=Verdict(row.verdict),
            url=row.url,
            published_on=row.published_on,
            headline=row.headline,
            public_note=row.public_note,
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
        )
        for row in rows
    }
