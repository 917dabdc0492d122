"""The queue of pairs of claims that look the same, for people to judge.

What puts them there proposes, and decides nothing. A pair leaves the queue with its judgement. One
of whose claims was merged waits as a pair of their heads; it is settled, too, where what was judged
of others tells: the two are in one group, or in groups that were judged different. A claim that
was set aside with all that told of it, as by undoing an import, waits for nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from claimtrack.services.lines import ListedClaim, lines_of


class Pair(NamedTuple):
    """Two claims that may be the same, and how likely that is, from 0 to 1."""

    claim_id: int
    other_id: int
    probability: float


class Waiting(NamedTuple):
    """A pair that waits for a judgement, both claims in a line."""

    claim: ListedClaim
    other: ListedClaim
    probability: float
    found_by: str
    found_at: dt.datetime


#: Pairs by their heads; ``one`` and ``other`` are these, in the order of their numbers.
_OPEN = """
    WITH judged AS (
        SELECT one.claim_id, one.other_id, one.judgement,
            COALESCE(one_group.group_id, one_claim.merged_into_id, one.claim_id) AS one_key,
            COALESCE(other_group.group_id, other_claim.merged_into_id, one.other_id) AS other_key
        FROM claim_match AS one
        JOIN claim AS one_claim ON one_claim.id = one.claim_id
        JOIN claim AS other_claim ON other_claim.id = one.other_id
        LEFT JOIN claim_group AS one_group
            ON one_group.claim_id = COALESCE(one_claim.merged_into_id, one.claim_id)
        LEFT JOIN claim_group AS other_group
            ON other_group.claim_id = COALESCE(other_claim.merged_into_id, one.other_id)
        WHERE one.judgement = 'different' AND NOT EXISTS (
            SELECT FROM claim_match AS later
            WHERE later.claim_id = one.claim_id AND later.other_id = one.other_id
                AND later.no > one.no
        )
    ), headed AS (
        SELECT LEAST(one_head, other_head) AS one, GREATEST(one_head, other_head) AS other,
            probability, found_by, found_at
        FROM (
            SELECT COALESCE(a.merged_into_id, a.id) AS one_head,
                COALESCE(b.merged_into_id, b.id) AS other_head,
                likely_match.probability, likely_match.found_by, likely_match.found_at
            FROM likely_match
            JOIN claim AS a ON a.id = likely_match.claim_id
            JOIN claim AS b ON b.id = likely_match.other_id
            ORDER BY -likely_match.probability, likely_match.claim_id, likely_match.other_id
        ) AS found
        WHERE one_head <> other_head
    ), keyed AS (
        SELECT headed.*, COALESCE(one_group.group_id, one) AS one_key,
            COALESCE(other_group.group_id, other) AS other_key
        FROM headed
        LEFT JOIN claim_group AS one_group ON one_group.claim_id = one
        LEFT JOIN claim_group AS other_group ON other_group.claim_id = other
    ), open AS (
        SELECT DISTINCT ON (one, other) one, other, probability, found_by, found_at FROM keyed
        WHERE one_key <> other_key
            AND NOT EXISTS (
                SELECT FROM claim_match WHERE claim_id = keyed.one AND other_id = keyed.other
            )
            AND NOT EXISTS (
                SELECT FROM claim
                WHERE claim.id IN (keyed.one, keyed.other) AND claim.status = 'set_aside'
                    AND NOT EXISTS (
                        SELECT FROM claim AS told
                        WHERE (told.id = claim.id OR told.merged_into_id = claim.id) AND (
                            EXISTS (
                                SELECT FROM appearance
                                WHERE claim_id = told.id AND withdrawn_at IS NULL
                            ) OR EXISTS (
                                SELECT FROM assessment
                                WHERE claim_id = told.id AND withdrawn_at IS NULL
                            )
                        )
                    )
            )
            AND NOT EXISTS (
                SELECT FROM judged
                WHERE LEAST(judged.one_key, judged.other_key)
                        = LEAST(keyed.one_key, keyed.other_key)
                    AND GREATEST(judged.one_key, judged.other_key)
                        = GREATEST(keyed.one_key, keyed.other_key)
            )
        ORDER BY one, other, probability DESC
    )
"""

_COUNT = f"{_OPEN} SELECT count(*) FROM open WHERE probability >= CAST(:least AS real)"  # noqa: S608
_PAGE = f"""
    {_OPEN} SELECT * FROM open
    WHERE probability >= CAST(:least AS real) AND NOT EXISTS (
        SELECT FROM unnest(CAST(:ones AS bigint[]), CAST(:others AS bigint[]))
            AS passed (one, other)
        WHERE passed.one = open.one AND passed.other = open.other
    )
    ORDER BY probability DESC, one, other LIMIT CAST(:limit AS bigint)
"""  # noqa: S608
_ONE = f"{_OPEN} SELECT * FROM open WHERE open.one = :one AND open.other = :other"  # noqa: S608


def enqueue(connection: Connection, pairs: Iterable[Pair], found_by: str) -> int:
    """Put pairs into the queue, and say how many of them are new; what was judged stays judged.

    Of a pair that waits already the probability is brought up to date. ``found_by`` says what
    found them, in a few words.
    """
    ordered = {
        (min(pair[:2]), max(pair[:2])): pair.probability
        for pair in pairs
        if pair.claim_id != pair.other_id
    }
    if not ordered:
        return 0
    # In one order for everybody, so that nobody waits in a circle.
    rows = sorted(ordered.items())
    new = connection.execute(
        text(
            "INSERT INTO likely_match (claim_id, other_id, probability, found_by)"
            " SELECT found.claim_id, found.other_id, found.probability, :found_by"
            " FROM unnest(CAST(:ones AS bigint[]), CAST(:others AS bigint[]),"
            " CAST(:probabilities AS real[])) AS found (claim_id, other_id, probability)"
            " WHERE NOT EXISTS (SELECT FROM claim_match WHERE claim_match.claim_id = found.claim_id"
            " AND claim_match.other_id = found.other_id)"
            " ORDER BY 1, 2"
            " ON CONFLICT (claim_id, other_id) DO UPDATE SET probability = excluded.probability"
            " RETURNING xmax = 0 AS is_new"
        ),
        {
            "ones": [pair[0] for pair, _ in rows],
            "others": [pair[1] for pair, _ in rows],
            "probabilities": [probability for _, probability in rows],
            "found_by": found_by,
        },
    )
    return sum(1 for row in new if row.is_new)


def count_open(connection: Connection, least: float = 0.0) -> int:
    """How many pairs wait for a judgement, from a probability on."""
    return int(connection.execute(text(_COUNT), {"least": least}).scalar_one())


def open_pairs(
    connection: Connection,
    limit: int | None,
    *,
    but_for: Collection[tuple[int, int]] = (),
    least: float = 0.0,
) -> list[Waiting]:
    """At most ``limit`` pairs that wait, the likeliest first, without some and the less likely."""
    values: dict[str, Any] = {
        "limit": limit,
        "least": least,
        "ones": [pair[0] for pair in but_for],
        "others": [pair[1] for pair in but_for],
    }
    return _told(connection, connection.execute(text(_PAGE), values).all())


def open_pair(connection: Connection, of: Collection[int]) -> Waiting | None:
    """The pair of these two claims, if it waits."""
    values = {"one": min(of), "other": max(of)}
    found = _told(connection, connection.execute(text(_ONE), values).all())
    return found[0] if found else None


def _told(connection: Connection, rows: Sequence[Row[Any]]) -> list[Waiting]:
    told = lines_of(connection, [number for row in rows for number in (row.one, row.other)])
    return [
        Waiting(told[row.one], told[row.other], row.probability, row.found_by, row.found_at)
        for row in rows
    ]
