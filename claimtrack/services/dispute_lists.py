"""Objections and challenges as claims and reports show them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, func, or_, select

from claimtrack.models.claims import claim
from claimtrack.models.disputes import challenge, objection
from claimtrack.models.reviews import review
from claimtrack.services.moves import Window
from claimtrack.services.views import ChallengeView, Closing, ObjectionView
from claimtrack.vocab import Outcome, Verdict

_Row = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Dispute:
    """An objection or a challenge with the claim whose verdict it is against."""

    statement: str
    view: ObjectionView | ChallengeView

    @property
    def challenge(self) -> ChallengeView | None:
        """The challenge, if it is one."""
        return self.view if isinstance(self.view, ChallengeView) else None

    @property
    def what(self) -> str:
        """Which of the two it is."""
        return "challenge" if self.challenge else "objection"

    @property
    def state(self) -> str:
        """Open, answered, upheld or rejected."""
        if self.view.closed is None:
            return "open"
        return str(self.challenge.outcome) if self.challenge else "answered"


def load_objections(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[int, list[ObjectionView]]:
    """The objections to verdicts on claims, by claim id and in their order."""
    views: defaultdict[int, list[ObjectionView]] = defaultdict(list)
    for row in connection.execute(_of_claims(objection, claim_ids)):
        views[row.claim_id].append(_objection(row))
    return views


def load_challenges(
    connection: Connection, claim_ids: Sequence[int]
) -> defaultdict[int, list[ChallengeView]]:
    """The challenges to verdicts on claims, by claim id and in their order."""
    views: defaultdict[int, list[ChallengeView]] = defaultdict(list)
    for row in connection.execute(_of_claims(challenge, claim_ids)):
        views[row.claim_id].append(_challenge(row))
    return views


def objections(connection: Connection, window: Window) -> list[Dispute]:
    """Objections that were raised or answered within a window, in the order raised."""
    rows = connection.execute(_within(objection, window))
    return [Dispute(row.statement, _objection(row)) for row in rows]


def challenges(connection: Connection, window: Window) -> list[Dispute]:
    """Challenges that came or were decided within a window, in the order in which they came."""
    rows = connection.execute(_within(challenge, window))
    return [Dispute(row.statement, _challenge(row)) for row in rows]


def raised_and_settled(
    connection: Connection, window: Window
) -> tuple[list[Dispute], list[Dispute]]:
    """Objections and challenges that came within a window, and those that were closed within it."""
    found = [*objections(connection, window), *challenges(connection, window)]
    raised = [one for one in found if window.holds(one.view.recorded_at)]
    settled = [
        (one.view.closed.at, one)
        for one in found
        if one.view.closed is not None and window.holds(one.view.closed.at)
    ]
    return (
        sorted(raised, key=lambda one: (one.view.recorded_at, one.view.claim_id, one.view.no)),
        [one for _, one in sorted(settled, key=lambda pair: (pair[0], pair[1].view.claim_id))],
    )


def late_challenges(connection: Connection, today: dt.date) -> list[ChallengeView]:
    """Open challenges whose day has passed, the latest first."""
    late = (
        _with_verdicts(challenge)
        .where(challenge.c.closed_at.is_(None), challenge.c.due_on < today)
        .order_by(challenge.c.due_on, challenge.c.claim_id, challenge.c.no)
    )
    return [_challenge(row) for row in connection.execute(late)]


def _with_verdicts(disputes: Table) -> Select[Any]:
    """Each with the verdict that it is against, and its claim's statement."""
    return (
        select(disputes, review.c.verdict, claim.c.statement)
        .join(
            review,
            and_(review.c.claim_id == disputes.c.claim_id, review.c.no == disputes.c.review_no),
        )
        .join(claim, claim.c.id == disputes.c.claim_id)
    )


def _of_claims(disputes: Table, claim_ids: Sequence[int]) -> Select[Any]:
    return (
        _with_verdicts(disputes)
        .where(disputes.c.claim_id == func.any(list(claim_ids)))
        .order_by(disputes.c.claim_id, disputes.c.no)
    )


def _within(disputes: Table, window: Window) -> Select[Any]:
    def between(moment: ColumnElement[Any]) -> ColumnElement[bool]:
        conditions: list[ColumnElement[bool]] = [moment.is_not(None)]
        if window.since is not None:
            conditions.append(moment >= window.since)
        if window.until is not None:
            conditions.append(moment < window.until)
        return and_(*conditions)

    return (
        _with_verdicts(disputes)
        .where(or_(between(disputes.c.recorded_at), between(disputes.c.closed_at)))
        .order_by(disputes.c.recorded_at, disputes.c.claim_id, disputes.c.no)
    )


def _objection(row: _Row) -> ObjectionView:
    return ObjectionView(
        claim_id=row.claim_id,
        no=row.no,
        review_no=row.review_no,
        verdict=Verdict(row.verdict),
        because=row.because,
        closed=_closing(row),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


def _challenge(row: _Row) -> ChallengeView:
    return ChallengeView(
        claim_id=row.claim_id,
        no=row.no,
        review_no=row.review_no,
        verdict=Verdict(row.verdict),
        challenger=row.challenger,
        because=row.because,
        due_on=row.due_on,
        outcome=Outcome(row.outcome) if row.outcome else None,
        closed=_closing(row),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


def _closing(row: _Row) -> Closing | None:
    if row.closed_at is None:
        return None
    return Closing(row.closed_at, row.closed_by, row.closed_because)
