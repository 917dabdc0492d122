"""Find the claims that a text may repeat, and say how likely each is.

Of the text's words the rarest are looked up first, until a bound of postings is read: so the time
does not grow with the words that half of all claims have. The claims that share the most by BM25
are read and ranked by `claimtrack.matching.model`.
"""

from __future__ import annotations

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
READ = 30_000
#: So many claims are read and ranked.
CANDIDATES = 100


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
    counted = _frequencies(connection, kinds)
    rarest = sorted(kinds, key=lambda stem: (counted.get(stem, 0), stem))
    wanted, left = [], READ
    for stem in rarest:
        if left <= 0:
            break
        wanted.append(stem)
        left -= counted.get(stem, 0)
    rows = connection.execute(
        text(_POSTINGS),
        {
            "terms": [term(stem) for stem in wanted],
            "counted": [counted.get(stem, 0) for stem in wanted],
            "claims": claims,
            "most": READ,
            "without": list(without),
            "candidates": CANDIDATES,
        },
    ).all()
    for row in rows:
        if row.place is not None and row.value < READ:
            counted[wanted[row.place - 1]] = int(row.value)
    best = sorted((-row.value, row.claim_id) for row in rows if row.claim_id is not None)
    return [number for _, number in best], counted


#: The claims that score best by BM25, and of each term how many postings were read.
_POSTINGS = """
    WITH read AS MATERIALIZED (
        SELECT wanted.place, wanted.counted, found.claim_id, found.weight
        FROM unnest(CAST(:terms AS bigint[]), CAST(:counted AS bigint[]))
            WITH ORDINALITY AS wanted (term, counted, place)
        CROSS JOIN LATERAL (
            SELECT claim_id, weight FROM posting
            WHERE posting.term = wanted.term AND weight > 0
            ORDER BY weight DESC LIMIT :most
        ) AS found
    ), found AS (
        SELECT place, count(*) AS read,
            CAST(ln(1 + (:claims + 0.5) / (0.5 + CASE
                WHEN count(*) < :most THEN count(*) ELSE max(counted) END)) AS real) AS rarity
        FROM read GROUP BY place
    )
    (
        SELECT CAST(NULL AS bigint) AS place, claim_id, sum(rarity * weight) AS value
        FROM read JOIN found USING (place)
        WHERE claim_id <> ALL (CAST(:without AS bigint[]))
        GROUP BY claim_id ORDER BY value DESC, claim_id LIMIT :candidates
    )
    UNION ALL
    SELECT place, NULL, read FROM found
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
