"""Find the claims that a text may repeat, and say how likely each is.

The claims that share the most with it (`claimtrack.services.matching.candidates`) are read and
ranked by `claimtrack.matching.model`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from claimtrack.matching.features import Candidate, Query, Weights
from claimtrack.matching.model import THRESHOLD, Ranked, rank
from claimtrack.services.matching.candidates import candidates
from claimtrack.services.matching.frequencies import frequencies
from claimtrack.services.matching.groups import same_as
from claimtrack.services.matching.postings import AVERAGE
from claimtrack.services.matching.texts import load_own_texts, load_speakers
from claimtrack.services.views import SameRef
from claimtrack.vocab import Status, Verdict


class Match(NamedTuple):
    """A claim that a text may repeat; of claims that were merged it is the head.

    ``why`` are the words that they share, each with what it weighs, heaviest first; ``same`` are
    those that were judged the same and have a verdict.
    """

    claim_id: int
    external_id: str | None
    statement: str
    status: Status
    verdict: Verdict | None
    appearances: int
    score: float
    probability: float
    why: tuple[tuple[str, float], ...]
    same: tuple[SameRef, ...]


class _Known(NamedTuple):
    """What is known of all claims: how many there are, and how long their texts are."""

    claims: int
    average: float | None


def find(
    connection: Connection,
    sought: str,
    *,
    limit: int | None = None,
    threshold: float = THRESHOLD,
    language: str | None = None,
    without: Set[int] = frozenset(),
) -> list[Match]:
    """The claims that ``sought`` repeats, the likeliest first.

    ``threshold`` is the least probability; with 0 all that were ranked are given, which are
    some 150 at most. ``language`` is that of the text (English unless it is said). The claims
    ``without`` are passed by.
    """
    query = Query(sought, language)
    if not query.kinds:
        return []
    known = _known(connection)
    chosen, counts = candidates(connection, query.kinds, known.claims, without)
    speakers = load_speakers(connection, chosen)
    read = {
        number: Candidate(
            each.statement, each.others, each.language, speakers=speakers.get(number, ())
        )
        for number, each in load_own_texts(connection, chosen).items()
    }
    places = [number for number in chosen if number in read]
    if not places:
        return []
    kinds = frozenset().union(*(read[number].kinds for number in places))
    heads = _heads(connection, places)
    counted = {**frequencies(connection, kinds - counts.keys()), **counts}
    average = known.average or sum(read[number].length for number in places) / len(places)
    ranked = rank(
        query,
        [read[number] for number in places],
        Weights(known.claims, counted),
        average or AVERAGE,
        [heads[number].family for number in places],
    )
    likely = [one for one in ranked if one.probability >= threshold]
    meant: dict[int, tuple[Row[Any], Ranked]] = {}
    for one in likely:
        head = heads[places[one.place]]
        meant.setdefault(head.id, (head, one))  # of claims that were merged the likeliest
    shown = list(meant)[:limit]
    appearances, same = _appearances(connection, shown), _checked(connection, shown)
    return [_match(*meant[number], appearances.get(number, 0), same[number]) for number in shown]


def _match(head: Row[Any], one: Ranked, appearances: int, same: tuple[SameRef, ...]) -> Match:
    return Match(
        claim_id=head.id,
        external_id=head.external_id,
        statement=head.statement,
        status=Status(head.status),
        verdict=head.verdict and Verdict(head.verdict),
        appearances=appearances,
        score=one.score,
        probability=one.probability,
        why=one.why,
        same=same,
    )


def _known(connection: Connection) -> _Known:
    row = connection.execute(text("SELECT claims, stems FROM word_count")).first()
    if row is not None and row.claims:
        return _Known(row.claims, row.stems)
    return _Known(connection.execute(text("SELECT count(*) FROM claim")).scalar_one(), None)


def _heads(connection: Connection, claim_ids: list[int]) -> dict[int, Row[Any]]:
    """What stands for each claim: itself, or the one that it was merged into.

    ``family`` is the number of those that it is judged to be one with.
    """
    rows = connection.execute(text(_HEADS), {"ids": claim_ids})
    return {row.own_id: row for row in rows}


_HEADS = """
    SELECT claim.id AS own_id, head.id, head.external_id, head.statement, head.status,
        head.verdict, COALESCE(claim_group.group_id, head.id) AS family
    FROM claim
    JOIN claim AS head ON head.id = COALESCE(claim.merged_into_id, claim.id)
    LEFT JOIN claim_group ON claim_group.claim_id = head.id
    WHERE claim.id = ANY (:ids)
"""


def _appearances(connection: Connection, head_ids: list[int]) -> dict[int, int]:
    """How many appearances each head has, with those of the claims that were merged into it."""
    rows = connection.execute(text(_COUNTED), {"ids": head_ids})
    return {row.head_id: row.appearances for row in rows}


_COUNTED = """
    SELECT told.head_id, count(*) AS appearances FROM (
        SELECT id, id AS head_id FROM claim WHERE id = ANY (:ids)
        UNION ALL
        SELECT id, merged_into_id FROM claim WHERE merged_into_id = ANY (:ids)
    ) AS told
    JOIN appearance ON appearance.claim_id = told.id AND appearance.withdrawn_at IS NULL
    GROUP BY told.head_id
"""


def _checked(connection: Connection, head_ids: list[int]) -> dict[int, tuple[SameRef, ...]]:
    """For each head the claims with a verdict that are the same: a verdict never spreads itself."""
    others = same_as(connection, head_ids)
    asked = {*head_ids, *chain.from_iterable(others.values())}
    by_head: defaultdict[int, list[SameRef]] = defaultdict(list)
    for row in connection.execute(text(_CHECKED), {"ids": list(asked)}):
        by_head[row.head_id].append(SameRef(row.id, Status(row.status), Verdict(row.verdict)))
    return {
        number: tuple(
            one
            for member in (number, *others.get(number, ()))
            for one in by_head[member]
            if one.id != number
        )
        for number in head_ids
    }


_CHECKED = """
    SELECT id, id AS head_id, status, verdict FROM claim
    WHERE id = ANY (:ids) AND verdict IS NOT NULL
    UNION ALL
    SELECT id, merged_into_id, status, verdict FROM claim
    WHERE merged_into_id = ANY (:ids) AND verdict IS NOT NULL
    ORDER BY id
"""
