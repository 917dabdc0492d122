"""Whether claims are disputed, as a part of the queries that read them anyway.

The tables have only the columns here that this needs: their whole definition costs a read command
a hundredth of its time, and is imported where there is a dispute to show.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, column, exists, or_, table

OBJECTION = table("objection", column("claim_id"), column("review_no"), column("closed_at"))
CHALLENGE = table("challenge", column("claim_id"))


def is_disputed(claim_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an objection to a verdict of the claim waits for its answer."""
    return exists().where(OBJECTION.c.claim_id == claim_id, OBJECTION.c.closed_at.is_(None))


def is_disputed_review(
    claim_id: ColumnElement[int], review_no: ColumnElement[int]
) -> ColumnElement[bool]:
    """Whether an objection to the verdict of this very review waits for its answer."""
    return exists().where(
        OBJECTION.c.claim_id == claim_id,
        OBJECTION.c.review_no == review_no,
        OBJECTION.c.closed_at.is_(None),
    )


def ever_disputed(claim_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether there is any objection or challenge on the claim, be it closed."""
    return or_(
        exists().where(OBJECTION.c.claim_id == claim_id),
        exists().where(CHALLENGE.c.claim_id == claim_id),
    )
