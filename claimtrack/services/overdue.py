"""What should have been done by now: due, to be checked again, too long in review."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from claimtrack.models.claims import claim
from claimtrack.models.reviews import review
from claimtrack.services.lines import ListedClaim, lines
from claimtrack.services.unverified import OPEN, age_in_days
from claimtrack.vocab import Status


@dataclass(frozen=True, slots=True)
class Overdue:
    """Claims with the number of days that they are late, the latest first."""

    due: list[tuple[ListedClaim, int]]
    recheck: list[tuple[ListedClaim, int]]
    in_review: list[tuple[ListedClaim, int]]


def overdue(connection: Connection, today: dt.date, moment: dt.datetime, days: int) -> Overdue:
    """What is late on a day.

    A claim is overdue when its due date has passed and it is open; to be checked again from its
    recheck date on while it is checked; and too long in review after more than ``days`` times
    24 hours; the whole days since the review began are then given.
    """
    late = select(claim).where(claim.c.due_on < today, claim.c.status.in_(OPEN))
    again = select(claim).where(claim.c.recheck_on <= today, claim.c.status == Status.CHECKED)
    begun = (
        select(claim.c.id, review.c.recorded_at)
        .join(review, and_(review.c.claim_id == claim.c.id, review.c.no == claim.c.review_no))
        .where(
            claim.c.status == Status.IN_REVIEW,
            review.c.recorded_at < moment - dt.timedelta(days=days),
        )
    )
    since = {row.id: row.recorded_at for row in connection.execute(begun)}
    long = select(claim).where(claim.c.id == func.any(list(since)))
    return Overdue(
        due=[
            (line, (today - line.due_on).days)
            for line in lines(connection, late, lambda page: [page.c.due_on, page.c.id])
            if line.due_on
        ],
        recheck=[
            (line, (today - line.recheck_on).days)
            for line in lines(connection, again, lambda page: [page.c.recheck_on, page.c.id])
            if line.recheck_on
        ],
        in_review=sorted(
            (
                (line, age_in_days(since[line.id], moment))
                for line in lines(connection, long, lambda page: [page.c.id])
            ),
            key=lambda pair: (-pair[1], pair[0].id),
        ),
    )
