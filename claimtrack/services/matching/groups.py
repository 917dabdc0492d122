"""Groups of same claims: what was judged the same, directly or by way of others.

The database keeps them (see `claimtrack.models.matches`). Merged claims are in none: their heads
are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    column,
    func,
    select,
    table,
    text,
)

#: By name alone: a list is to start without making a table that few of its rows look into.
_GROUP = table("claim_group", column("claim_id", BigInteger), column("group_id", BigInteger))

# The same as `regroup` does, from the judgements and merges that stood then.
_THEN = """
    WITH RECURSIVE head AS (
        SELECT id, merged_into_id FROM past.merged_claim
    ), edge AS (
        SELECT COALESCE(one_head.merged_into_id, one.claim_id) AS a,
            COALESCE(other_head.merged_into_id, one.other_id) AS b
        FROM claim_match AS one
        LEFT JOIN head AS one_head ON one_head.id = one.claim_id
        LEFT JOIN head AS other_head ON other_head.id = one.other_id
        WHERE one.judgement = 'same' AND NOT EXISTS (
            SELECT FROM claim_match AS later
            WHERE later.claim_id = one.claim_id AND later.other_id = one.other_id
                AND later.no > one.no
        )
    ), walked (claim_id, reached) AS (
        SELECT a, b FROM edge WHERE a <> b UNION SELECT b, a FROM edge WHERE a <> b
        UNION
        SELECT walked.claim_id, edge.reached
        FROM walked JOIN (SELECT a, b FROM edge UNION ALL SELECT b, a FROM edge)
            AS edge (claim_id, reached) ON edge.claim_id = walked.reached
    )
    SELECT claim_id, min(reached) AS group_id FROM walked GROUP BY claim_id
"""


def grouped(connection: Connection) -> FromClause:
    """Claims that have others that are the same: ``claim_id``, and ``group_id`` of all of those.

    Also in a transaction that reads what was on record at an earlier time.
    """
    if not connection.get_execution_options().get("of_the_past"):
        return _GROUP
    return _grouped_then()


@cache
def _grouped_then() -> FromClause:
    # The same object each time: a statement may have it in several places.
    then = text(_THEN).columns(column("claim_id", BigInteger), column("group_id", BigInteger))
    return then.cte("group_then")


def group_key(group: FromClause, claim_id: ColumnElement[int]) -> ColumnElement[Any]:
    """What counts a claim once with those that are the same, where ``group`` was outer-joined."""
    return func.coalesce(group.c.group_id, claim_id)


def same_as(connection: Connection, claim_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """For claims that have others that are the same, the numbers of those others, in order."""
    numbers = list(claim_ids)
    if not numbers:
        return {}
    one = grouped(connection)
    other = one.alias("other")
    found: defaultdict[int, list[int]] = defaultdict(list)
    rows = connection.execute(
        select(one.c.claim_id, other.c.claim_id.label("other_id"))
        .join(other, other.c.group_id == one.c.group_id)
        .where(one.c.claim_id == func.any(numbers), other.c.claim_id != one.c.claim_id)
        .order_by(one.c.claim_id, other.c.claim_id)
    )
    for row in rows:
        found[row.claim_id].append(row.other_id)
    return {number: tuple(others) for number, others in found.items()}
