"""Claims for spreadsheets: one row each, under the names by which an import reads them again.

Streamed from a cursor of the server's, so that a million need no more memory than a thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    func,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from claimtrack.models.assessments import publication
from claimtrack.models.claims import appearance, claim, figure
from claimtrack.models.people import publisher, speaker
from claimtrack.models.reviews import evidence, review, review_evidence
from claimtrack.models.sources import source
from claimtrack.quantity import Quantity, format_quantity
from claimtrack.services.disputed import is_disputed
from claimtrack.services.listing import ClaimFilter, chosen_ids, settled, wanted
from claimtrack.services.stories import merged_ids, partial_date
from claimtrack.vocab import Comparator, Priority

#: The columns, in their order. Those that an import knows have the names that it knows them by;
#: the others are for people: numbers and dates of this database.
COLUMNS = (
    *("claimtrack_id", "external_id", "statement", "kind", "language", "topics", "priority"),
    *("status", "verdict", "because", "evidence"),
    *("speaker", "manner", "said_on", "quote", "passage", "place"),
    *("source", "source_title", "source_publisher", "agency", "published"),
    *("figure", "unit", "counted", "where", "figure_on", "figure_since"),
    *("publisher", "title", "review_url", "reviewed_on", "rating", "summary"),
    *("appearances", "reach", "disputed", "assigned_to", "due_on", "recheck_on"),
    *("recorded_at", "recorded_by"),
)

#: How many rows come from the server at a time.
_BATCH = 1000


def count_claims(connection: Connection, asked: ClaimFilter) -> int:
    """How many claims the filter finds; raises as `claimtrack.services.listing.claim_ids`."""
    found = (
        chosen_ids(settled(connection, wanted(connection, asked)), None, None)
        .order_by(None)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def sheet_rows(
    connection: Connection, asked: ClaimFilter, desk: str | None, tell: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    """The claims of a filter, newest first, each as the values of `COLUMNS`.

    Speaker, source, date and words are those of the first appearance that stands. A claim that
    the desk has published says so under ``desk``, its name. ``tell`` hears how many more were
    read. Raises as `claimtrack.services.listing.claim_ids`.
    """
    query = _query(chosen_ids(settled(connection, wanted(connection, asked)), None, None))
    # Each row is found by indexes: compiling the query would take longer than it saves.
    connection.execute(text("SET LOCAL jit = off"))
    with connection.execute(query, execution_options={"yield_per": _BATCH}) as result:
        for batch in result.partitions():
            for row in batch:
                yield _values(row, desk)
            tell(len(batch))


def _query(chosen: Select[Any]) -> Select[Any]:
    page = select(claim).where(claim.c.id.in_(chosen.order_by(None))).subquery("page")
    members = func.array_prepend(page.c.id, merged_ids(page), type_=ARRAY(BigInteger))

    def of_page(table: FromClause) -> Any:
        return and_(table.c.claim_id == func.any(members), table.c.withdrawn_at.is_(None))

    first = (
        select(appearance)
        .where(of_page(appearance))
        .correlate(page)
        .order_by(appearance.c.claim_id != page.c.id, appearance.c.claim_id, appearance.c.no)
        .limit(1)
        .lateral("first")
    )
    told = (
        select(publication)
        .where(of_page(publication))
        .correlate(page)
        .order_by(publication.c.claim_id != page.c.id, publication.c.claim_id)
        .limit(1)
        .lateral("told")
    )
    counted = (
        select(func.count().label("appearances"))
        .select_from(appearance)
        .where(of_page(appearance))
        .correlate(page)
        .lateral("counted")
    )
    grounds = source.alias("grounds")
    urls = (
        select(func.array_agg(aggregate_order_by(grounds.c.url, evidence.c.id)))
        .select_from(review_evidence)
        .join(evidence, evidence.c.id == review_evidence.c.evidence_id)
        .join(grounds, grounds.c.id == evidence.c.source_id)
        .where(
            review_evidence.c.claim_id == page.c.id,
            review_evidence.c.review_no == page.c.review_no,
            evidence.c.withdrawn_at.is_(None),
            grounds.c.url.is_not(None),
        )
        .correlate(page)
        .scalar_subquery()
    )
    said, head = speaker.alias("said"), speaker.alias("head")
    house, agency = publisher.alias("house"), publisher.alias("agency")
    return (
        select(
            page,
            is_disputed(page.c.id).label("disputed"),
            urls.label("evidence_urls"),
            counted.c.appearances,
            head.c.name.label("speaker"),
            first.c.manner,
            first.c.said_on,
            first.c.said_precision,
            first.c.quote,
            first.c.passage,
            first.c.place,
            source.c.url.label("source_url"),
            source.c.title.label("source_title"),
            source.c.published_on.label("source_on"),
            source.c.published_precision.label("source_precision"),
            house.c.name.label("house"),
            agency.c.name.label("agency"),
            figure.c.comparator,
            figure.c.low,
            figure.c.high,
            figure.c.unit,
            figure.c.counted,
            figure.c.place.label("figure_place"),
            figure.c.on_date,
            figure.c.on_precision,
            figure.c.since_date,
            figure.c.since_precision,
            review.c.because,
            review.c.rating,
            told.c.url.label("review_url"),
            told.c.headline,
            told.c.public_note,
            told.c.published_on.label("told_on"),
        )
        .select_from(page)
        .outerjoin(first, true())
        .outerjoin(source, source.c.id == first.c.source_id)
        .outerjoin(said, said.c.id == first.c.speaker_id)
        .outerjoin(head, head.c.id == func.coalesce(said.c.merged_into_id, said.c.id))
        .outerjoin(house, house.c.id == source.c.publisher_id)
        .outerjoin(agency, agency.c.id == source.c.agency_id)
        .outerjoin(figure, figure.c.claim_id == page.c.id)
        .outerjoin(review, and_(review.c.claim_id == page.c.id, review.c.no == page.c.review_no))
        .outerjoin(told, true())
        .outerjoin(counted, true())
        .order_by(page.c.id.desc())
    )


def _values(row: Row[Any], desk: str | None) -> dict[str, Any]:
    quantity = None
    if row.comparator is not None:
        quantity = format_quantity(Quantity(Comparator(row.comparator), row.low, row.high))
    published = row.review_url is not None
    return {
        "claimtrack_id": row.id,
        "external_id": row.external_id,
        "statement": row.statement,
        "kind": row.kind,
        "language": row.language,
        "topics": "; ".join(row.topics),
        "priority": Priority.of_level(row.priority).value,
        "status": row.status,
        "verdict": row.verdict,
        "because": row.because,
        # An address holds no blank, and may hold a semicolon.
        "evidence": " ".join(dict.fromkeys(row.evidence_urls or ())),
        "speaker": row.speaker,
        "manner": row.manner,
        "said_on": partial_date(row.said_on, row.said_precision),
        "quote": row.quote,
        "passage": row.passage,
        "place": row.place,
        "source": row.source_url,
        "source_title": row.source_title,
        "source_publisher": row.house,
        "agency": row.agency,
        "published": partial_date(row.source_on, row.source_precision),
        "figure": quantity,
        "unit": row.unit,
        "counted": row.counted,
        "where": row.figure_place,
        "figure_on": partial_date(row.on_date, row.on_precision),
        "figure_since": partial_date(row.since_date, row.since_precision),
        "publisher": desk if published else None,
        "title": row.headline,
        "review_url": row.review_url,
        "reviewed_on": row.told_on,
        "rating": row.rating if published else None,
        "summary": row.public_note,
        "appearances": row.appearances,
        "reach": row.reach,
        "disputed": row.disputed,
        "assigned_to": row.assigned_to,
        "due_on": row.due_on,
        "recheck_on": row.recheck_on,
        "recorded_at": row.recorded_at,
        "recorded_by": row.recorded_by,
    }
