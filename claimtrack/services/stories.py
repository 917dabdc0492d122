"""Load claims with all that is on record about them, a fixed number of queries for any number."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    and_,
    column,
    exists,
    func,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from claimtrack.dates import PartialDate
from claimtrack.errors import NotFoundError
from claimtrack.models.claims import appearance, attribution, claim, figure, note
from claimtrack.models.people import publisher, speaker
from claimtrack.models.reviews import evidence, review, review_evidence
from claimtrack.models.sources import source
from claimtrack.services.disputed import ever_disputed
from claimtrack.services.views import (
    AppearanceView,
    AssessmentView,
    AttributionView,
    ChallengeView,
    ClaimView,
    EvidenceView,
    FigureView,
    JudgementView,
    NoteView,
    ObjectionView,
    PublicationView,
    ReviewView,
    SameClaim,
    SameRef,
    SourceRef,
    SpeakerRef,
    Withdrawal,
)
from claimtrack.vocab import (
    Change,
    Comparator,
    Decision,
    Finding,
    Kind,
    Manner,
    Precision,
    Priority,
    SetAsideReason,
    SourceKind,
    Stance,
    Status,
    Verdict,
)


def load_claim(connection: Connection, claim_id: int) -> ClaimView:
    """One claim with its whole story.

    Raises:
        NotFoundError: there is no such claim.
    """
    found = load_claims(connection, [claim_id])
    if not found:
        raise no_claim(claim_id)
    return found[0]


def load_claim_of(connection: Connection, claim_id: int, day: dt.date) -> ClaimView:
    """As `load_claim`, in a transaction that reads what was on record at the end of ``day``."""
    try:
        return load_claim(connection, claim_id)
    except NotFoundError:
        # Of the table itself: the views of the past do not show what came later.
        recorded_at = connection.scalar(
            text("SELECT recorded_at FROM public.claim WHERE id = :id"), {"id": claim_id}
        )
        if recorded_at is None:
            raise
        raise NotFoundError(
            f"Claim {claim_id} was not on record yet at the end of {day}: it was recorded on"
            f" {recorded_at:%Y-%m-%d %H:%M} UTC.",
            next_command=f"claimtrack claim show {claim_id}",
        ) from None


def no_claim(claim_id: int) -> NotFoundError:
    """The error for an id that no claim has."""
    return NotFoundError(f"There is no claim {claim_id}.", next_command="claimtrack claim list")


def load_claims(connection: Connection, claim_ids: Sequence[int]) -> list[ClaimView]:
    """Claims with their whole story, in the order of ``claim_ids``; unknown ids are left out."""
    rows = connection.execute(
        select(
            claim,
            merged_ids(claim).label("merged_ids"),
            _older(claim).label("older_id"),
            _newer(claim).label("newer_id"),
            ever_disputed(claim.c.id).label("ever_disputed"),
            _is_published(claim).label("is_published"),
            _is_judged(claim).label("is_judged"),
        ).where(claim.c.id == func.any(list(claim_ids)))
    ).all()
    heads, merged = _load_same(connection, rows)
    members = {row.id: (row.id, *row.merged_ids) for row in rows}
    everywhere = [number for numbers in members.values() for number in numbers]
    appearances = load_appearances(connection, everywhere)
    pieces = load_evidence(connection, everywhere)
    reviews = _load_reviews(connection, claim_ids)
    notes = _load_notes(connection, claim_ids)
    figures = load_figures(connection, claim_ids)
    objections, challenges = _load_disputes(
        connection, [row.id for row in rows if row.ever_disputed]
    )
    told = [number for row in rows if row.is_published for number in members[row.id]]
    assessments, published = _load_published(connection, told)
    judgements, same = _load_judgements(
        connection,
        {row.id: {*members[row.id], row.merged_into_id} for row in rows if row.is_judged},
    )
    views = {
        row.id: ClaimView(
            id=row.id,
            external_id=row.external_id,
            statement=row.statement,
            kind=Kind(row.kind),
            language=row.language,
            topics=tuple(row.topics),
            priority=Priority.of_level(row.priority),
            status=Status(row.status),
            verdict=Verdict(row.verdict) if row.verdict else None,
            assigned_to=row.assigned_to,
            due_on=row.due_on,
            recheck_on=row.recheck_on,
            reach=row.reach,
            supersedes_id=row.older_id,
            superseded_by_id=row.newer_id,
            merged_into=heads.get(row.id),
            merged=tuple(merged[number] for number in row.merged_ids),
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
            version=row.version,
            figure=figures.get(row.id),
            appearances=tuple(one for number in members[row.id] for one in appearances[number]),
            evidence=tuple(piece for number in members[row.id] for piece in pieces[number]),
            reviews=tuple(reviews[row.id]),
            notes=tuple(notes[row.id]),
            objections=tuple(objections[row.id]),
            challenges=tuple(challenges[row.id]),
            assessments=tuple(one for number in members[row.id] for one in assessments[number]),
            publications=tuple(
                published[number] for number in members[row.id] if number in published
            ),
            judgements=judgements.get(row.id, ()),
            same_as=same.get(row.id, ()),
        )
        for row in rows
    }
    return [views[number] for number in claim_ids if number in views]


def merged_ids(of: FromClause) -> ColumnElement[list[int]]:
    """The ids of the claims merged into one, in their order, as an array."""
    other = claim.alias("merged")
    return func.array(
        select(other.c.id)
        .where(other.c.merged_into_id == of.c.id)
        .order_by(other.c.id)
        .correlate(of)
        .scalar_subquery(),
        type_=ARRAY(BigInteger),
    )


def head_id(of: FromClause) -> ColumnElement[int]:
    """The id of the claim that stands for one: its head, or itself."""
    return func.coalesce(of.c.merged_into_id, of.c.id)


def _same_as(of: FromClause) -> ColumnElement[list[int]]:
    return func.array_prepend(of.c.id, merged_ids(of), type_=ARRAY(BigInteger))


def _older(of: FromClause) -> ColumnElement[int | None]:
    """The claim whose figure one takes further, or a claim merged into it does; its head."""
    newer, older = claim.alias("newer"), claim.alias("older")
    return (
        select(head_id(older))
        .join(newer, newer.c.supersedes_id == older.c.id)
        .where(newer.c.id == func.any(_same_as(of)), head_id(older) != of.c.id)
        .order_by(newer.c.id != of.c.id, newer.c.id)
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )


def _newer(of: FromClause) -> ColumnElement[int | None]:
    """The claim that takes the figure of one, or of a claim merged into it, further; its head."""
    newer = claim.alias("newer")
    return (
        select(head_id(newer))
        .where(newer.c.supersedes_id == func.any(_same_as(of)), head_id(newer) != of.c.id)
        .order_by(newer.c.supersedes_id != of.c.id, newer.c.id)
        .limit(1)
        .correlate(of)
        .scalar_subquery()
    )


def _load_same(
    connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]
) -> tuple[dict[int, SameClaim], dict[int, SameClaim]]:
    """The heads of those among the claims that were merged; and what was merged into others.

    Both by the id of the merged claim.
    """
    wanted = {number for row in rows for number in row.merged_ids}
    merged = {row.id: row for row in rows if row.merged_into_id is not None}
    if not (wanted or merged):
        return {}, {}
    heads = {row.merged_into_id for row in merged.values()}
    others = {
        row.id: row
        for row in connection.execute(
            select(claim).where(claim.c.id == func.any([*wanted, *heads]))
        )
    }

    def end(shown: Row[*tuple[Any, ...]], told: Row[*tuple[Any, ...]]) -> SameClaim:
        return SameClaim(
            claim_id=shown.id,
            statement=shown.statement,
            status=Status(shown.status),
            verdict=Verdict(shown.verdict) if shown.verdict else None,
            merged_at=told.merged_at,
            merged_by=told.merged_by,
            because=told.merged_because,
        )

    return (
        {number: end(others[row.merged_into_id], row) for number, row in merged.items()},
        {number: end(others[number], others[number]) for number in wanted},
    )


def partial_date(day: dt.date | None, precision: str | None) -> PartialDate | None:
    """A stored date and its precision as one value."""
    return PartialDate(day, Precision(precision)) if day and precision else None


def load_sources(connection: Connection, source_ids: Iterable[int]) -> dict[int, SourceRef]:
    """Sources by id, as claims show them."""
    agency = publisher.alias("agency")
    rows = connection.execute(
        select(
            source.c.id,
            source.c.kind,
            source.c.url,
            source.c.title,
            source.c.published_on,
            source.c.published_precision,
            publisher.c.name.label("publisher"),
            agency.c.name.label("agency"),
        )
        .outerjoin(publisher, publisher.c.id == source.c.publisher_id)
        .outerjoin(agency, agency.c.id == source.c.agency_id)
        .where(source.c.id == func.any(list(set(source_ids))))
    )
    return {
        row.id: SourceRef(
            id=row.id,
            kind=SourceKind(row.kind),
            url=row.url,
            title=row.title,
            publisher=row.publisher,
            agency=row.agency,
            published_on=partial_date(row.published_on, row.published_precision),
        )
        for row in rows
    }


def load_speakers(connection: Connection, speaker_ids: Iterable[int]) -> dict[int, SpeakerRef]:
    """Speakers by id; one that was merged into another is shown as that other."""
    head = speaker.alias("head")
    rows = connection.execute(
        select(speaker.c.id, head.c.id.label("head_id"), head.c.name)
        .join(head, head.c.id == func.coalesce(speaker.c.merged_into_id, speaker.c.id))
        .where(speaker.c.id == func.any(list(set(speaker_ids))))
    )
    return {row.id: SpeakerRef(row.head_id, row.name) for row in rows}


def load_appearances(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[int, list[AppearanceView]]:
    """The appearances of claims, withdrawn ones too, by claim id and in their order."""
    latest = (
        select(attribution)
        .ext(distinct_on(attribution.c.claim_id, attribution.c.appearance_no))
        .where(attribution.c.claim_id == func.any(list(claim_ids)))
        .order_by(attribution.c.claim_id, attribution.c.appearance_no, attribution.c.id.desc())
        .subquery("latest")
    )
    rows = connection.execute(
        select(
            appearance,
            latest.c.finding,
            latest.c.because.label("found_because"),
            latest.c.source_id.label("found_source_id"),
            latest.c.recorded_at.label("found_at"),
            latest.c.recorded_by.label("found_by"),
        )
        .outerjoin(
            latest,
            and_(
                latest.c.claim_id == appearance.c.claim_id,
                latest.c.appearance_no == appearance.c.no,
            ),
        )
        .where(appearance.c.claim_id == func.any(list(claim_ids)))
        .order_by(appearance.c.claim_id, appearance.c.no)
    ).all()
    sources = load_sources(
        connection,
        [row.source_id for row in rows] + [row.found_source_id for row in rows if row.finding],
    )
    speakers = load_speakers(connection, [row.speaker_id for row in rows if row.speaker_id])
    views: defaultdict[int, list[AppearanceView]] = defaultdict(list)
    for row in rows:
        views[row.claim_id].append(
            AppearanceView(
                claim_id=row.claim_id,
                no=row.no,
                speaker=speakers.get(row.speaker_id),
                source=sources[row.source_id],
                said_on=partial_date(row.said_on, row.said_precision),
                said_text=row.said_text,
                manner=Manner(row.manner),
                quote=row.quote,
                passage=row.passage,
                place=row.place,
                attribution=AttributionView(
                    Finding(row.finding),
                    row.found_because,
                    sources.get(row.found_source_id),
                    row.found_at,
                    row.found_by,
                )
                if row.finding
                else None,
                withdrawn=_withdrawal(row),
                recorded_at=row.recorded_at,
                recorded_by=row.recorded_by,
            )
        )
    return views


def load_evidence(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[int, list[EvidenceView]]:
    """The evidence on claims, withdrawn pieces too, by claim id and in the order attached."""
    rows = connection.execute(
        select(evidence)
        .where(evidence.c.claim_id == func.any(list(claim_ids)))
        .order_by(evidence.c.claim_id, evidence.c.id)
    ).all()
    sources = load_sources(connection, [row.source_id for row in rows])
    views: defaultdict[int, list[EvidenceView]] = defaultdict(list)
    for row in rows:
        views[row.claim_id].append(
            EvidenceView(
                id=row.id,
                claim_id=row.claim_id,
                stance=Stance(row.stance),
                source=sources[row.source_id],
                excerpt=row.excerpt,
                place=row.place,
                withdrawn=_withdrawal(row),
                recorded_at=row.recorded_at,
                recorded_by=row.recorded_by,
            )
        )
    return views


def load_figures(connection: Connection, claim_ids: Sequence[int]) -> dict[int, FigureView]:
    """The figures of claims, by claim id."""
    rows = connection.execute(select(figure).where(figure.c.claim_id == func.any(list(claim_ids))))
    return {
        row.claim_id: FigureView(
            comparator=Comparator(row.comparator),
            low=row.low,
            high=row.high,
            unit=row.unit,
            counted=row.counted,
            place=row.place,
            on=partial_date(row.on_date, row.on_precision),
            since=partial_date(row.since_date, row.since_precision),
        )
        for row in rows
    }


def _load_reviews(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[int, list[ReviewView]]:
    rested: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row in connection.execute(
        select(review_evidence)
        .where(review_evidence.c.claim_id == func.any(list(claim_ids)))
        .order_by(review_evidence.c.evidence_id)
    ):
        rested[row.claim_id, row.review_no].append(row.evidence_id)
    views: defaultdict[int, list[ReviewView]] = defaultdict(list)
    for row in connection.execute(
        select(review)
        .where(review.c.claim_id == func.any(list(claim_ids)))
        .order_by(review.c.claim_id, review.c.no)
    ):
        views[row.claim_id].append(
            ReviewView(
                no=row.no,
                from_status=Status(row.from_status),
                status=Status(row.status),
                verdict=Verdict(row.verdict) if row.verdict else None,
                because=row.because,
                change=Change(row.change) if row.change else None,
                reason=SetAsideReason(row.reason) if row.reason else None,
                rating=row.rating,
                recheck_on=row.recheck_on,
                evidence_ids=tuple(rested[row.claim_id, row.no]),
                recorded_at=row.recorded_at,
                recorded_by=row.recorded_by,
                db_user=row.db_user,
                proposed_verdict=Verdict(row.proposed_verdict) if row.proposed_verdict else None,
                decision=Decision(row.decision) if row.decision else None,
            )
        )
    return views


def _load_notes(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[int, list[NoteView]]:
    views: defaultdict[int, list[NoteView]] = defaultdict(list)
    for row in connection.execute(
        select(note).where(note.c.claim_id == func.any(list(claim_ids))).order_by(note.c.id)
    ):
        views[row.claim_id].append(NoteView(row.id, row.body, row.recorded_at, row.recorded_by))
    return views


def _load_disputes(
    connection: Connection, claim_ids: Sequence[int]
) -> tuple[defaultdict[int, list[ObjectionView]], defaultdict[int, list[ChallengeView]]]:
    if not claim_ids:  # as it is with nearly every claim
        return defaultdict(list), defaultdict(list)
    from claimtrack.services.dispute_lists import load_challenges, load_objections

    return load_objections(connection, claim_ids), load_challenges(connection, claim_ids)


#: By name alone: few claims have either, and most commands look into neither.
_PUBLISHED = tuple(
    table(name, column("claim_id"), column("withdrawn_at"))
    for name in ("assessment", "publication")
)


def _is_published(of: FromClause) -> ColumnElement[bool]:
    """Whether a fact-check of a claim stands on record, or of one merged into it."""
    same = _same_as(of)
    return or_(
        *(
            exists()
            .where(one.c.claim_id == func.any(same), one.c.withdrawn_at.is_(None))
            .correlate(of)
            for one in _PUBLISHED
        )
    )


def _load_published(
    connection: Connection, claim_ids: Sequence[int]
) -> tuple[defaultdict[int, list[AssessmentView]], dict[int, PublicationView]]:
    if not claim_ids:  # as it is with nearly every claim
        return defaultdict(list), {}
    from claimtrack.services.published import load_assessments, load_publications

    return load_assessments(connection, claim_ids), load_publications(connection, claim_ids)


#: By name alone, too: few claims were judged to be the same as another, or not to be.
_MATCH = table("claim_match", column("claim_id"), column("other_id"))


def _is_judged(of: FromClause) -> ColumnElement[bool]:
    """Whether anybody judged a claim against another, or one that was merged into it."""
    same = _same_as(of)
    return or_(
        *(
            exists().where(_MATCH.c[end] == func.any(same)).correlate(of)
            for end in ("claim_id", "other_id")
        )
    )


def _load_judgements(
    connection: Connection, families: dict[int, set[int]]
) -> tuple[dict[int, tuple[JudgementView, ...]], dict[int, tuple[SameRef, ...]]]:
    if not families:  # as it is with nearly every claim
        return {}, {}
    from claimtrack.services.matching.groups import same_as
    from claimtrack.services.matching.judgements import load_judgements

    same = same_as(connection, families)
    numbers = {number for others in same.values() for number in others}
    refs = {
        row.id: SameRef(row.id, Status(row.status), Verdict(row.verdict) if row.verdict else None)
        for row in connection.execute(
            select(claim.c.id, claim.c.status, claim.c.verdict).where(
                claim.c.id == func.any(list(numbers))
            )
        )
    }
    return load_judgements(connection, families), {
        number: tuple(refs[other] for other in others) for number, others in same.items()
    }


def _withdrawal(row: Row[*tuple[Any, ...]]) -> Withdrawal | None:
    if row.withdrawn_at is None:
        return None
    return Withdrawal(row.withdrawn_at, row.withdrawn_by, row.withdrawn_because)
