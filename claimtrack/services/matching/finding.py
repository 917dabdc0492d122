"""Find the claims that a text may repeat, and say how likely each is.

Of the text's words the rarest are looked up first, until a bound of postings is read: so the time
does not grow with the words that half of all claims have. The claims that share the most by BM25
are read and ranked by `claimtrack.matching.model`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from claimtrack.matching.features import Candidate, Query, Weights
from claimtrack.matching.model import THRESHOLD, rank
from claimtrack.matching.terms import term
from claimtrack.services.matching.postings import AVERAGE
from claimtrack.services.matching.texts import load_own_texts
from claimtrack.vocab import Status, Verdict

#: No further word is looked up once so many postings are read.
READ = 60_000
#: A word that fewer claims had at the last count is counted again for each text.
COUNTED = 1_000
#: So many claims are read and ranked.
CANDIDATES = 100
#: A sum that was rounded otherwise is not less than another for that.
_ROUNDED = 1 - 1e-6


class Match(NamedTuple):
    """A claim that a text may repeat; of claims that were merged it is the head.

    ``why`` are the stems that they share, each with what it weighs, heaviest first.
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
    `CANDIDATES` at most. ``language`` is that of the text (English unless it is said). The claims
    ``without`` are passed by.
    """
    query = Query(sought, language)
    if not query.kinds:
        return []
    known = _known(connection)
    candidates, counts = _candidates(connection, query.kinds, known.claims, without)
    read = {
        number: Candidate(each.statement, each.others, each.language)
        for number, each in load_own_texts(connection, candidates).items()
    }
    places = [number for number in candidates if number in read]
    if not places:
        return []
    kinds = frozenset().union(*(read[number].kinds for number in places))
    frequencies = {**_frequencies(connection, kinds - counts.keys()), **counts}
    average = known.average or sum(read[number].length for number in places) / len(places)
    ranked = rank(
        query,
        [read[number] for number in places],
        Weights(known.claims, frequencies),
        average or AVERAGE,
        _families(connection, places),
    )
    likely = [one for one in ranked if one.probability >= threshold]
    heads = _heads(connection, [places[one.place] for one in likely])
    found: dict[int, Match] = {}
    for one in likely:
        head = heads[places[one.place]]
        if head.id not in found:  # else another of the claims that were merged is likelier
            found[head.id] = _match(head, one.score, one.probability, one.why)
    return list(found.values())[:limit]


def _match(
    head: Row[Any], score: float, probability: float, why: tuple[tuple[str, float], ...]
) -> Match:
    return Match(
        claim_id=head.id,
        external_id=head.external_id,
        statement=head.statement,
        status=Status(head.status),
        verdict=head.verdict and Verdict(head.verdict),
        appearances=head.appearances,
        score=score,
        probability=probability,
        why=why,
    )


def _known(connection: Connection) -> _Known:
    row = connection.execute(text("SELECT claims, stems FROM word_count")).first()
    if row is not None and row.claims:
        return _Known(row.claims, row.stems)
    return _Known(connection.execute(text("SELECT count(*) FROM claim")).scalar_one(), None)


def _candidates(
    connection: Connection, kinds: Iterable[str], claims: int, without: Set[int]
) -> tuple[list[int], Mapping[str, int]]:
    """The claims that share the most with these stems, and how many claims have each stem.

    Of a word that is in few claims that is counted here, so that it is right at once; of others
    it is what the last count of all words told.
    """
    by_term = {term(stem): stem for stem in kinds}
    rows = connection.execute(
        text(_WORDS),
        {"terms": list(by_term), "few": COUNTED, "place": CANDIDATES + len(without) - 1},
    ).all()
    counted = {by_term[row.term]: int(row.claims) for row in rows if row.claims}
    left, terms, rarities, least = READ, [], [], 0.0
    for row in sorted(rows, key=lambda row: (row.claims, by_term[row.term])):
        if left <= 0:
            break
        if row.claims:
            rarity = math.log(1 + (claims + 0.5) / (row.claims + 0.5))
            terms.append(row.term)
            rarities.append(rarity)
            left -= row.claims
            if CANDIDATES + len(without) <= READ:
                least = max(least, rarity * row.reached)
    best = connection.execute(
        text(_BEST),
        {
            "terms": terms,
            "rarities": rarities,
            "most": READ,
            "least": least * _ROUNDED,
            "without": list(without),
            "candidates": CANDIDATES,
        },
    ).scalars()
    return list(best), counted


#: Of each term how many claims have it, and the weight that as many of them reach as are wanted.
_WORDS = """
    SELECT wanted.term, GREATEST(known.claims, few.claims) AS claims,
        COALESCE((
            SELECT weight FROM posting WHERE posting.term = wanted.term AND weight > 0
            ORDER BY weight DESC OFFSET :place LIMIT 1
        ), 0) AS reached
    FROM unnest(CAST(:terms AS bigint[])) AS wanted (term)
    CROSS JOIN LATERAL (
        SELECT COALESCE(max(claims), 0) AS claims FROM word WHERE word.term = wanted.term
    ) AS last
    CROSS JOIN LATERAL (
        SELECT CASE WHEN last.claims >= :few THEN last.claims ELSE 0 END AS claims
    ) AS known
    CROSS JOIN LATERAL (
        SELECT count(*) AS claims FROM (
            SELECT FROM posting
            WHERE last.claims < :few AND posting.term = wanted.term AND weight > 0 LIMIT :few
        ) AS counted
    ) AS few
"""

#: The claims that score best by BM25. One word alone brings as many as are wanted to ``least``:
#: so those that have less need not be sorted.
_BEST = """
    SELECT claim_id FROM (
        SELECT found.claim_id, sum(wanted.rarity * found.weight) AS value
        FROM unnest(CAST(:terms AS bigint[]), CAST(:rarities AS float8[])) AS wanted (term, rarity)
        CROSS JOIN LATERAL (
            SELECT claim_id, weight FROM posting
            WHERE posting.term = wanted.term AND weight > 0
            ORDER BY weight DESC LIMIT :most
        ) AS found
        GROUP BY found.claim_id HAVING sum(wanted.rarity * found.weight) >= :least
    ) AS scored
    WHERE claim_id <> ALL (CAST(:without AS bigint[]))
    ORDER BY value DESC, claim_id LIMIT :candidates
"""


def _frequencies(connection: Connection, kinds: Iterable[str]) -> dict[str, int]:
    """How many claims have each of the stems, as they were counted last."""
    by_term = {term(stem): stem for stem in kinds}
    counted: dict[str, int] = {}
    for row in connection.execute(
        text("SELECT term, claims FROM word WHERE term = ANY (CAST(:terms AS bigint[]))"),
        {"terms": list(by_term)},
    ):
        stem = by_term[row.term]
        counted[stem] = max(row.claims, counted.get(stem, 0))
    return counted


def _families(connection: Connection, claim_ids: list[int]) -> list[int]:
    """For each claim the number of those that it is judged to be one with, or merged into."""
    found = connection.execute(
        text(
            "SELECT claim.id, COALESCE(claim_group.group_id, merged_into_id, claim.id) AS family"
            " FROM claim LEFT JOIN claim_group"
            " ON claim_group.claim_id = COALESCE(merged_into_id, claim.id)"
            " WHERE claim.id = ANY (:ids)"
        ),
        {"ids": claim_ids},
    )
    families = {row.id: row.family for row in found}
    return [families[number] for number in claim_ids]


def _heads(connection: Connection, claim_ids: list[int]) -> dict[int, Row[Any]]:
    """What stands for each claim: itself, or the one that it was merged into."""
    rows = connection.execute(text(_HEADS), {"ids": claim_ids})
    return {row.own_id: row for row in rows}


_HEADS = """
    SELECT claim.id AS own_id, head.id, head.external_id, head.statement, head.status,
        head.verdict, (
            SELECT count(*) FROM appearance
            WHERE withdrawn_at IS NULL AND claim_id = ANY (same_claims(head.id))
        ) AS appearances
    FROM claim JOIN claim AS head ON head.id = COALESCE(claim.merged_into_id, claim.id)
    WHERE claim.id = ANY (:ids)
"""
