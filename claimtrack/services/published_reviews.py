"""The desk's own published fact-checks, as they may leave the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from claimtrack.interchange.reviews_out import Author, Document, PublishedReview, Scale
from claimtrack.models.assessments import publication
from claimtrack.models.claims import claim
from claimtrack.models.people import speaker
from claimtrack.services.listing import PAGE, ClaimFilter, chosen_ids, settled, wanted
from claimtrack.services.ratings import RatingView, label_key, ratings_by_label
from claimtrack.services.stories import load_claims
from claimtrack.services.views import AppearanceView, ClaimView, PublicationView
from claimtrack.vocab import NOT_SAID, Change, SpeakerKind, Verdict


@dataclass(slots=True)
class Aside:
    """What a person should look at: claims left out, articles that lag behind, speakers."""

    reopened: list[int] = field(default_factory=list)
    outdated: list[int] = field(default_factory=list)
    of_no_kind: set[int] = field(default_factory=set)


def count_published(connection: Connection, asked: ClaimFilter) -> int:
    """How many fact-checks of the filter's claims stand; raises as `listing.claim_ids`."""
    found = _published(connection, asked).order_by(None)
    query = (
        select(func.count())
        .select_from(publication.join(claim, claim.c.id == publication.c.claim_id))
        .where(
            publication.c.withdrawn_at.is_(None),
            func.coalesce(claim.c.merged_into_id, claim.c.id).in_(found),
        )
    )
    return connection.execute(query).scalar_one()


def published_reviews(
    connection: Connection, asked: ClaimFilter, aside: Aside, tell: Callable[[int], None]
) -> Iterator[PublishedReview]:
    """The published fact-checks among the claims of a filter, newest claim first.

    Each has the verdict that stands now. A claim that was reopened has none, and is left out. One
    that was merged into another goes out under its own number and in its own words, with the
    appearances of both. Nothing internal goes along: no reasons, no notes, no evidence, nobody who
    is protected, nobody who was found not to have said it. ``aside`` is filled, ``tell`` hears how
    many more were read. Raises as `listing.claim_ids`.
    """
    ratings = ratings_by_label(connection)
    query = _published(connection, asked)
    with connection.execute(query, execution_options={"yield_per": PAGE}) as result:
        for page in result.scalars().partitions():
            views = load_claims(connection, page)
            speakers = _authors(connection, views)
            known = {view.id: view for view in views}
            merged = {one.claim_id for view in views for one in view.publications} - set(known)
            known |= {view.id: view for view in load_claims(connection, sorted(merged))}
            for view in views:
                if view.verdict is None:
                    aside.reopened.append(view.id)
                    continue
                if any(view.verdict is not one.verdict for one in view.publications):
                    aside.outdated.append(view.id)
                for one in view.publications:
                    own = known[one.claim_id]
                    review = _review(view, own, view.verdict, one, speakers, ratings)
                    aside.of_no_kind |= {
                        author.id for author in review.authors if author.kind is SpeakerKind.UNKNOWN
                    }
                    yield review
            tell(sum(len(view.publications) for view in views))


def _published(connection: Connection, asked: ClaimFilter) -> Select[int]:
    conditions = settled(connection, wanted(connection, asked))
    other = claim.alias("merged_here")
    merged = select(other.c.id).where(other.c.merged_into_id == claim.c.id).correlate(claim)

    def stands(of: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(of, publication.c.withdrawn_at.is_(None)).correlate(claim)

    conditions.claim.append(
        or_(
            stands(publication.c.claim_id == claim.c.id), stands(publication.c.claim_id.in_(merged))
        )
    )
    return chosen_ids(conditions, None, None)


def _authors(connection: Connection, views: Iterable[ClaimView]) -> dict[int, Author]:
    """The speakers that may be named, by id: nobody who is protected."""
    numbers = {one.speaker.id for view in views for one in view.standing if one.speaker}
    rows = connection.execute(
        select(speaker.c.id, speaker.c.name, speaker.c.kind).where(
            speaker.c.id == func.any(list(numbers)), speaker.c.protected.is_(False)
        )
    )
    return {row.id: Author(row.id, row.name, SpeakerKind(row.kind)) for row in rows}


def _review(
    view: ClaimView,
    own: ClaimView,
    verdict: Verdict,
    one: PublicationView,
    speakers: dict[int, Author],
    ratings: dict[tuple[str, Verdict], RatingView],
) -> PublishedReview:
    """What was published of ``own``, which is ``view`` or was merged into it."""
    latest = own.reviews[-1] if own.reviews[-1].verdict is verdict else view.reviews[-1]
    label = latest.rating
    known = ratings.get((label_key(label), verdict)) if label else None
    scale = None
    if known and known.value is not None and known.best is not None and known.worst is not None:
        scale = Scale(known.value, known.best, known.worst)
    said = [
        told
        for told in view.standing
        if told.attribution is None or told.attribution.finding not in NOT_SAID
    ]
    authors = (speakers.get(told.speaker.id) for told in said if told.speaker)
    dates = sorted((told.said_on for told in said if told.said_on), key=lambda date: date.first())
    return PublishedReview(
        claim_id=own.id,
        statement=own.statement,
        verdict=verdict,
        label=label,
        scale=scale,
        url=one.url,
        headline=one.headline,
        published_on=one.published_on,
        modified_at=_modified_at(own, one) if latest in own.reviews else latest.recorded_at,
        public_note=one.public_note,
        authors=tuple(dict.fromkeys(author for author in authors if author)),
        said_on=next(iter(dates), None),
        documents=_documents(view.standing),
    )


def _modified_at(view: ClaimView, one: PublicationView) -> dt.datetime | None:
    """When the verdict was changed last after it was published; None if it never was."""
    changed, before = None, None
    for review in view.reviews:
        if review.verdict is None:
            continue
        if before is not None and (review.verdict is not before or review.change):
            day = review.recorded_at.astimezone(dt.UTC).date()
            same_day = review.change is Change.CORRECTION and day == one.published_on
            if review.no > one.review_no or day > one.published_on or same_day:
                changed = review.recorded_at
        before = review.verdict
    return changed


def _documents(standing: Sequence[AppearanceView]) -> tuple[Document, ...]:
    """The documents with an address in which a claim appeared, the earliest known one first.

    One without a date is later than those that have one, since nothing says that it is not.
    """

    def age(one: AppearanceView) -> dt.date:
        when = one.said_on or one.source.published_on
        published = one.source.published_on
        return published.first() if published else when.first() if when else dt.date.max

    documents = (
        Document(one.source.url, one.source.title, one.source.publisher, one.source.published_on)
        for one in sorted(standing, key=age)
        if one.source.url
    )
    return tuple(dict.fromkeys(documents))
