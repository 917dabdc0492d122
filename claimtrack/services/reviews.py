"""Mark claims: append a review that moves a claim's status, with its reason and its evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from claimtrack.errors import ConflictError, InvalidDataError, MergedClaimError, UsageError
from claimtrack.keys import clean_text
from claimtrack.models.claims import claim
from claimtrack.models.reviews import review, review_evidence
from claimtrack.services import sources
from claimtrack.services.days import coming_day
from claimtrack.services.evidence import (
    NEEDED,
    bearing,
    bears_witness,
    record_piece,
    refuse_few_publishers,
    why_no_witness,
)
from claimtrack.services.marks import MarkGiven, refuse_move, repeated, shortened
from claimtrack.services.policies import in_force
from claimtrack.services.ratings import house_label
from claimtrack.services.stories import load_claim, load_claims, load_evidence, no_claim
from claimtrack.services.views import ClaimView, EvidenceView, SourceRef
from claimtrack.vocab import (
    VERDICTS_WITHOUT_EVIDENCE,
    SetAsideReason,
    Stance,
    Status,
    Verdict,
    hyphenated,
)


@dataclass(frozen=True, slots=True)
class Marked:
    """The claims after they were marked, and what a person should be told."""

    claims: tuple[ClaimView, ...]
    told: tuple[str, ...]


def mark_many(
    connection: Connection, claim_ids: Sequence[int], given: MarkGiven, *, today: dt.date
) -> Marked:
    """Append one review to each claim: all of them, or none (the caller's transaction).

    A verdict rests on all evidence that stands, another word on what was given with it. Where the
    policy asks for a second reviewer, it is proposed, and waits for approval. Of two who mark a
    claim at once, one wins and the other is refused. ``if_version`` is what a person had
    seen. ``today`` is the day that "tomorrow" counts from.

    Raises:
        NotFoundError: there is no such claim, or no source of an id that was given.
        UsageError: an option does not go with the word, or with where the claim stands.
        ConflictError: no such move from there; a verdict stands and there is no ``change``;
            somebody else holds the claim, marked it meanwhile, or changed it since
            ``if_version``; it was merged into another; the rating is no label of the house, or
            stands for another verdict.
        InvalidDataError: the reason is blank or too long, a date or URL can't be read, or the
            verdict has no evidence to rest on, or too few independent publishers.
    """
    values = _values(given, several=len(claim_ids) > 1, today=today)
    views = look(connection, sorted(claim_ids), given.if_version)
    for view in views:
        refuse_move(connection, view, given)
    if values["rating"] is not None:
        values["rating"] = house_label(connection, values["rating"], given.verdict)
    offered = [
        (stance, *sources.resolve(connection, reference)) for stance, reference in given.offered
    ]
    told = [f"New source {ref.id}: {ref.label}." for _, ref, created in offered if created]
    new = {ref.id for _, ref, created in offered if created}
    given_ids: dict[int, set[int]] = {}
    for view in views:
        given_ids[view.id] = {
            record_piece(connection, view.same_ids, ref.id, stance) for stance, ref, _ in offered
        }
    pieces = load_evidence(connection, [number for view in views for number in view.same_ids])
    policies = in_force(connection)
    if given.verdict is not None and policies.second_reviewer:
        values |= {
            "status": Status.AWAITING_APPROVAL,
            "verdict": None,
            "proposed_verdict": given.verdict,
        }
    for view in views:
        standing = [
            piece for number in view.same_ids for piece in pieces[number] if not piece.withdrawn
        ]
        fresh = [piece for piece in standing if piece.id in given_ids[view.id]]
        witnesses = bears_witness(connection, view.id, [piece.source.id for piece in standing])
        if given.verdict is not None and given.verdict not in VERDICTS_WITHOUT_EVIDENCE:
            fitting = bearing(given.verdict, standing)
            _refuse_without_evidence(view, given, standing, fitting, witnesses, new)
            refuse_few_publishers(
                connection,
                view.id,
                given.verdict,
                [piece.source.id for piece in fitting if piece.source.id in witnesses],
                policies.independent_publishers,
                next_command=repeated(view.id, given, _evidence_option(given.verdict), "URL"),
            )
        told += [
            f"Recorded, but it counts for nothing: {_why_not(view, piece.source, new)}."
            for piece in fresh
            if piece.source.id not in witnesses
        ]
        append(
            connection,
            view,
            values,
            [piece.id for piece in (standing if given.verdict else fresh)],
        )
        told += _still_open(view) if given.verdict else []
        told += to_correct(view)
    return Marked(tuple(load_claims(connection, claim_ids)), tuple(dict.fromkeys(told)))


def _values(given: MarkGiven, *, several: bool, today: dt.date) -> dict[str, Any]:
    """The review's columns, those that don't depend on the claim."""
    word = hyphenated(given.word)
    if given.reason is None and given.status is Status.SET_ASIDE:
        words = ", ".join(hyphenated(known) for known in SetAsideReason)
        raise UsageError(f"Say with --reason why it is set aside: {words}.")
    if given.reason is not None and given.status is not Status.SET_ASIDE:
        raise UsageError(f"--reason goes with set-aside, not with {word}.")
    if given.verdict is None:
        for option, value in (
            ("--change", given.change),
            ("--rating", given.rating),
            ("--recheck-on", given.recheck_on),
        ):
            if value is not None:
                raise UsageError(f"{option} goes with a verdict, and {word} is none.")
    if given.if_version is not None and several:
        raise UsageError("--if-version speaks of one claim: mark them one by one.")
    rating = given.rating
    return {
        "status": given.status,
        "verdict": given.verdict,
        "because": clean_text(given.because, "reason (--because)", limit=20_000, multiline=True),
        "change": given.change,
        "reason": given.reason,
        "rating": None if rating is None else clean_text(rating, "rating", limit=300),
        "recheck_on": coming_day(given.recheck_on, "--recheck-on", today)
        if given.recheck_on is not None
        else None,
    }


def look(
    connection: Connection, claim_ids: Sequence[int], if_version: int | None
) -> list[ClaimView]:
    """The claims as they stand, in the order of ``claim_ids``, and nobody else's from here on.

    They are read first and locked then: whoever waited for another person's change is told so,
    rather than marking words or a verdict that nobody has seen.

    Raises:
        NotFoundError: there is no such claim.
        ConflictError: somebody changed it since ``if_version``, or just now.
    """
    views = load_claims(connection, claim_ids)
    known = {view.id for view in views}
    for number in claim_ids:
        if number not in known:
            raise no_claim(number)
    for view in views:
        if view.merged_into is not None:
            raise MergedClaimError(view.id, view.merged_into.claim_id)
        if if_version not in (None, view.version):
            raise _changed_since(view, if_version)
    locked = connection.execute(
        select(claim.c.id, claim.c.version, claim.c.merged_into_id)
        .where(claim.c.id == func.any(list(claim_ids)))
        .order_by(claim.c.id)
        .with_for_update(key_share=True)
    )
    versions = {}
    for row in locked:
        if row.merged_into_id is not None:
            raise MergedClaimError(row.id, row.merged_into_id)
        versions[row.id] = row.version
    for view in views:
        if versions[view.id] != view.version:
            raise _changed_since(load_claim(connection, view.id), view.version)
    return views


def _changed_since(view: ClaimView, version: int | None) -> ConflictError:
    since = f"Claim {view.id} is at version {view.version} by now, not {version}."
    if view.reviews:
        last = view.reviews[-1]
        since += (
            f" {last.recorded_by} marked it {hyphenated(last.word)} on"
            f" {last.recorded_at:%Y-%m-%d}: {shortened(last.because)}"
        )
    return ConflictError(since, next_command=f"claimtrack claim history {view.id}")


# -- what it rests on --------------------------------------------------------------------------


def _refuse_without_evidence(
    view: ClaimView,
    given: MarkGiven,
    standing: Sequence[EvidenceView],
    fitting: Sequence[EvidenceView],
    witnesses: set[int],
    new: set[int],
) -> None:
    verdict = given.verdict
    assert verdict is not None  # noqa: S101 - for the type alone
    if any(piece.source.id in witnesses for piece in fitting):
        return
    stance = NEEDED.get(verdict)
    wanted = f" that {stance} it" if stance else ""
    why = [_why_not(view, piece.source, new) for piece in fitting]
    if len(standing) > len(fitting):
        others = "1 other piece" if len(standing) - len(fitting) == 1 else "the other pieces"
        why.append(f"{others} on record can't make it {hyphenated(verdict)}")
    found = f"But {'; '.join(dict.fromkeys(why))}." if why else "There is none on record."
    raise InvalidDataError(
        f"The verdict {hyphenated(verdict)} on claim {view.id} needs at least one piece of"
        f" evidence{wanted}, from elsewhere than the claim itself. {found}",
        next_command=repeated(view.id, given, _evidence_option(verdict), "URL"),
    )


def _evidence_option(verdict: Verdict) -> str:
    """The option that brings the evidence that a verdict is likeliest to want."""
    supports = verdict in (Verdict.TRUE, Verdict.MOSTLY_TRUE)
    return f"--{Stance.SUPPORTS if supports else Stance.REFUTES}"


def _why_not(view: ClaimView, offered: SourceRef, new: set[int]) -> str:
    label = shortened(offered.label, 100)
    # The number of a source that this very command records goes when the command fails.
    name = label if offered.id in new else f"source {offered.id} ({label})"
    return why_no_witness(view.appearances, offered, name)


def to_correct(view: ClaimView) -> list[str]:
    """What a move means for readers: the article still says what it said."""
    return [
        f"Claim {view.id} is published at {one.url} as {hyphenated(one.verdict)}: correct the"
        f" article. Then say so with claimtrack claim publish {view.id} …, or take it back:"
        f" claimtrack claim unpublish {one.claim_id} --because WHY"
        for one in view.publications
    ]


def _still_open(view: ClaimView) -> list[str]:
    """What a new verdict may settle, but doesn't by itself: the answer is given in words."""
    return [
        *(
            f"Objection {one.address} by {one.recorded_by} is still open. If this answers it, say"
            f" so: claimtrack claim answer {one.address} --because WHY"
            for one in view.objections
            if one.closed is None
        ),
        *(
            f"Challenge {one.address} by {one.challenger} is still open. To decide it: claimtrack"
            f" claim challenge {one.address} upheld --because WHY"
            for one in view.challenges
            if one.closed is None
        ),
    ]


def append(
    connection: Connection, view: ClaimView, values: dict[str, Any], rests_on: Sequence[int]
) -> None:
    """Append a review of these columns to a claim, resting on the evidence of these ids."""
    no = len(view.reviews) + 1
    connection.execute(
        insert(review).values(claim_id=view.id, no=no, from_status=view.status, **values)
    )
    if rests_on:
        connection.execute(
            insert(review_evidence),
            [{"claim_id": view.id, "review_no": no, "evidence_id": piece} for piece in rests_on],
        )
