"""Reviews across claims: who moved what from where to where, why, and on which evidence."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from claimtrack.models.claims import claim
from claimtrack.models.reviews import evidence, review, review_evidence
from claimtrack.services.disputed import is_disputed_review
from claimtrack.services.stories import load_sources
from claimtrack.services.views import SourceRef
from claimtrack.vocab import (
    Change,
    Decision,
    Kind,
    SetAsideReason,
    Stance,
    Status,
    Verdict,
    word_of,
)


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant up to, not including, another; None is open."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def holds(self, moment: dt.datetime) -> bool:
        """Whether a moment lies within."""
        return (self.since is None or moment >= self.since) and (
            self.until is None or moment < self.until
        )


@dataclass(frozen=True, slots=True)
class RestedOn:
    """A piece of evidence that a review rested on."""

    id: int
    stance: Stance
    source: SourceRef
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Proposed:
    """The verdict that a review approved or rejected: who had proposed it, when and why."""

    verdict: Verdict
    because: str
    recorded_at: dt.datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Move:
    """One review with the claim that it moved.

    ``replaced`` is the last verdict before it; ``merged_into_id`` the claim that stands for it by
    now, where it was merged; ``disputed`` says that an objection to its verdict waits for the
    answer. ``proposed_verdict`` is set where it proposes one, ``decision`` and ``proposed`` where
    it decides on one.
    """

    claim_id: int
    statement: str
    kind: Kind
    merged_into_id: int | None
    no: int
    from_status: Status
    replaced: Verdict | None
    status: Status
    verdict: Verdict | None
    because: str
    change: Change | None
    reason: SetAsideReason | None
    rating: str | None
    disputed: bool
    evidence: tuple[RestedOn, ...]
    recorded_at: dt.datetime
    recorded_by: str
    proposed_verdict: Verdict | None = None
    decision: Decision | None = None
    proposed: Proposed | None = None

    @property
    def word(self) -> str:
        """Where it went: the verdict, else the status."""
        return word_of(self.status, self.verdict)

    @property
    def from_verdict(self) -> Verdict | None:
        """The verdict that it left, where the claim was checked."""
        return self.replaced if self.from_status is Status.CHECKED else None

    @property
    def concludes(self) -> bool:
        """Whether it brought a verdict; a rejection only gives back the one that stood."""
        return self.verdict is not None and self.decision is not Decision.REJECTED

    @property
    def why(self) -> str:
        """The reason for where it went: of an approval, that of whoever proposed the verdict."""
        return self._approved.because if self._approved else self.because

    @property
    def checker(self) -> str:
        """Whose work it is: of an approval, that of whoever proposed the verdict."""
        return self._approved.recorded_by if self._approved else self.recorded_by

    @property
    def _approved(self) -> Proposed | None:
        return self.proposed if self.decision is Decision.APPROVED else None

    @property
    def changes_verdict(self) -> bool:
        """Whether another verdict stands now than the last one, reopened in between or not."""
        return self.verdict is not None and self.replaced not in (None, self.verdict)

    @property
    def from_word(self) -> str:
        """Where it came from: the verdict, else the status."""
        return word_of(self.from_status, self.from_verdict)


def moves(
    connection: Connection,
    window: Window | None = None,
    *,
    change: Change | None = None,
    latest: int | None = None,
) -> list[Move]:
    """Reviews in the order in which they were recorded; or the ``latest`` few, newest first.

    With ``change`` those that changed a verdict so, and not what was only proposed.
    """
    before = review.alias("before")
    # Of a claim that was reopened in between, too: a verdict replaces the last one there was.
    last_verdict = (
        select(before.c.verdict)
        .where(
            before.c.claim_id == review.c.claim_id,
            before.c.no < review.c.no,
            before.c.verdict.is_not(None),
        )
        .order_by(before.c.no.desc())
        .limit(1)
        .scalar_subquery()
    )
    proposal = review.alias("proposal")
    decided = and_(
        review.c.decision.is_not(None),
        proposal.c.claim_id == review.c.claim_id,
        proposal.c.no == review.c.no - 1,
    )
    chosen = (
        select(
            review,
            claim.c.statement,
            claim.c.kind,
            claim.c.merged_into_id,
            last_verdict.label("replaced"),
            is_disputed_review(review.c.claim_id, review.c.no).label("disputed"),
            proposal.c.proposed_verdict.label("was_proposed"),
            proposal.c.because.label("proposed_because"),
            proposal.c.recorded_at.label("proposed_at"),
            proposal.c.recorded_by.label("proposed_by"),
        )
        .join(claim, claim.c.id == review.c.claim_id)
        .outerjoin(proposal, decided)
    )
    if window is not None and window.since is not None:
        chosen = chosen.where(review.c.recorded_at >= window.since)
    if window is not None and window.until is not None:
        chosen = chosen.where(review.c.recorded_at < window.until)
    if change is not None:
        chosen = chosen.where(review.c.change == change, review.c.verdict.is_not(None))
    order: list[ColumnElement[Any]] = [review.c.recorded_at, review.c.claim_id, review.c.no]
    if latest is None:
        chosen = chosen.order_by(*order)
    else:
        # Of claims that stand for themselves: these rows show where claims stand.
        chosen = chosen.where(claim.c.merged_into_id.is_(None))
        chosen = chosen.order_by(*(each.desc() for each in order)).limit(latest)
    rows = connection.execute(chosen).all()
    rested = _rested_on(connection, [row.claim_id for row in rows])
    return [
        Move(
            claim_id=row.claim_id,
            statement=row.statement,
            kind=Kind(row.kind),
            merged_into_id=row.merged_into_id,
            no=row.no,
            from_status=Status(row.from_status),
            replaced=Verdict(row.replaced) if row.replaced else None,
            status=Status(row.status),
            verdict=Verdict(row.verdict) if row.verdict else None,
            because=row.because,
            change=Change(row.change) if row.change else None,
            reason=SetAsideReason(row.reason) if row.reason else None,
            rating=row.rating,
            disputed=row.disputed,
            evidence=tuple(rested[row.claim_id, row.no]),
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
            proposed_verdict=Verdict(row.proposed_verdict) if row.proposed_verdict else None,
            decision=Decision(row.decision) if row.decision else None,
            proposed=Proposed(
                Verdict(row.was_proposed), row.proposed_because, row.proposed_at, row.proposed_by
            )
            if row.was_proposed
            else None,
        )
        for row in rows
    ]


def _rested_on(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[tuple[int, int], list[RestedOn]]:
    rows = connection.execute(
        select(
            review_evidence.c.claim_id,
            review_evidence.c.review_no,
            evidence.c.id,
            evidence.c.stance,
            evidence.c.source_id,
            evidence.c.withdrawn_at,
        )
        .join(evidence, evidence.c.id == review_evidence.c.evidence_id)
        .where(review_evidence.c.claim_id == func.any(list(set(claim_ids))))
        .order_by(evidence.c.id)
    ).all()
    sources = load_sources(connection, [row.source_id for row in rows])
    rested: defaultdict[tuple[int, int], list[RestedOn]] = defaultdict(list)
    for row in rows:
        rested[row.claim_id, row.review_no].append(
            RestedOn(
                row.id, Stance(row.stance), sources[row.source_id], row.withdrawn_at is not None
            )
        )
    return rested
