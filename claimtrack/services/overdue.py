"""What should be done by now: due, to be checked again, long in review, undermined, challenged."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from claimtrack.models.claims import claim
from claimtrack.models.reviews import evidence, review, review_evidence
from claimtrack.services.dispute_lists import late_challenges
from claimtrack.services.lines import ListedClaim, lines, lines_of, once
from claimtrack.services.unverified import UNCONCLUDED, age_in_days
from claimtrack.services.views import ChallengeView
from claimtrack.vocab import Status


@dataclass(frozen=True, slots=True)
class WithoutEvidence:
    """A verdict from under which evidence was withdrawn: when first, which, and days since.

    Where all of it went with a claim that was unmerged, there is no time, and the days are 0.
    """

    line: ListedClaim
    withdrawn_at: dt.datetime | None
    evidence_ids: list[int]
    days: int


@dataclass(frozen=True, slots=True)
class LateChallenge:
    """A demand for correction that nobody decided by its day, with its claim, and days since."""

    line: ListedClaim
    challenge: ChallengeView
    days: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """Claims with the number of days that they are late, the latest first."""

    due: list[tuple[ListedClaim, int]]
    recheck: list[tuple[ListedClaim, int]]
    in_review: list[tuple[ListedClaim, int]]
    awaiting_approval: list[tuple[ListedClaim, int]]
    evidence_withdrawn: list[WithoutEvidence]
    challenges: list[LateChallenge]


def evidence_withdrawn() -> Select[int, dt.datetime | None, Any]:
    """Claims whose verdict rests on evidence withdrawn since: when the first was, and which.

    Or on evidence of a claim that was unmerged since, which has no such time.
    """
    own = claim.alias("own")
    parted = and_(
        evidence.c.claim_id != claim.c.id,
        ~exists()
        .where(own.c.id == evidence.c.claim_id, own.c.merged_into_id == claim.c.id)
        .correlate(evidence, claim),
    )
    return (
        select(
            claim.c.id,
            func.min(evidence.c.withdrawn_at).label("withdrawn_at"),
            func.array_agg(aggregate_order_by(evidence.c.id, evidence.c.id)).label("evidence_ids"),
        )
        .join(
            review_evidence,
            and_(
                review_evidence.c.claim_id == claim.c.id,
                review_evidence.c.review_no == claim.c.review_no,
            ),
        )
        .join(evidence, evidence.c.id == review_evidence.c.evidence_id)
        .where(
            claim.c.verdict.is_not(None),
            claim.c.merged_into_id.is_(None),
            or_(evidence.c.withdrawn_at.is_not(None), parted),
        )
        .group_by(claim.c.id)
    )


def overdue(connection: Connection, today: dt.date, moment: dt.datetime, days: int) -> Overdue:
    """What is late on a day. Of claims that are the same the latest stands for all, once.

    But each verdict has its own evidence, and each demand its own day: these stand for themselves.

    A claim is overdue when its due date has passed and it is not concluded; to be checked again
    from its recheck date on while it is checked; and too long in review, or awaiting approval,
    after more than ``days`` times 24 hours; the whole days since that began are then given. A
    verdict whose evidence was withdrawn is late from then on, and a challenge that is open from
    the day after its day.
    """
    head = claim.c.merged_into_id.is_(None)
    late = select(claim).where(claim.c.due_on < today, claim.c.status.in_(UNCONCLUDED), head)
    again = select(claim).where(claim.c.recheck_on <= today, claim.c.status == Status.CHECKED, head)
    undermined = {row.id: row for row in connection.execute(evidence_withdrawn())}
    bare = select(claim).where(claim.c.id == func.any(list(undermined)))
    demands = late_challenges(connection, today)
    challenged = lines_of(connection, [one.claim_id for one in demands]) if demands else {}
    return Overdue(
        due=[
            (line, (today - line.due_on).days)
            for line in once(lines(connection, late, lambda page: [page.c.due_on, page.c.id]))
            if line.due_on
        ],
        recheck=[
            (line, (today - line.recheck_on).days)
            for line in once(lines(connection, again, lambda page: [page.c.recheck_on, page.c.id]))
            if line.recheck_on
        ],
        in_review=_standing_long(connection, Status.IN_REVIEW, moment, days),
        awaiting_approval=_standing_long(connection, Status.AWAITING_APPROVAL, moment, days),
        evidence_withdrawn=sorted(
            (
                WithoutEvidence(
                    line=line,
                    withdrawn_at=undermined[line.id].withdrawn_at,
                    evidence_ids=undermined[line.id].evidence_ids,
                    days=age_in_days(undermined[line.id].withdrawn_at or moment, moment),
                )
                for line in lines(connection, bare, lambda page: [page.c.id])
            ),
            key=lambda one: (one.withdrawn_at or moment, one.line.id),
        ),
        challenges=[
            LateChallenge(challenged[one.claim_id], one, (today - one.due_on).days)
            for one in demands
        ],
    )


def _standing_long(
    connection: Connection, status: Status, moment: dt.datetime, days: int
) -> list[tuple[ListedClaim, int]]:
    """Claims that have had a status for more than so many days, the longest first.

    A rejection gives back what stood before: it is no new beginning.
    """
    begun = func.max(review.c.recorded_at)
    found = connection.execute(
        select(claim.c.id, begun.label("begun"))
        .join(review, and_(review.c.claim_id == claim.c.id, review.c.status == status))
        .where(
            claim.c.status == status,
            claim.c.merged_into_id.is_(None),
            review.c.decision.is_(None),
        )
        .group_by(claim.c.id)
        .having(begun < moment - dt.timedelta(days=days))
    )
    since = {row.id: row.begun for row in found}
    chosen = select(claim).where(claim.c.id == func.any(list(since)))
    late = sorted(
        lines(connection, chosen, lambda page: [page.c.id]),
        key=lambda line: (-age_in_days(since[line.id], moment), line.id),
    )
    return [(line, age_in_days(since[line.id], moment)) for line in once(late)]
