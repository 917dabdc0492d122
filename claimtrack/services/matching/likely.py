"""Which claims are likely the same as some others: many at once, and cheaply.

To rank a hundred candidates for each of a million claims would take days. Two claims that say the
same share most of their rare words, so the postings of these alone are read, in one statement for
all the claims that are compared, and only what shares enough of them is read and judged by
`claimtrack.matching.model`, as a text that is looked for would be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from claimtrack.matching.features import Candidate, Query, Weights
from claimtrack.matching.figures import figures_agree
from claimtrack.matching.model import rank
from claimtrack.services.matching.frequencies import frequencies
from claimtrack.services.matching.postings import AVERAGE
from claimtrack.services.matching.queue import Pair
from claimtrack.services.matching.texts import load_own_texts

#: So many of the rarest words of a claim are looked up, and of each so many other claims at most.
WORDS = 10
CLAIMS_OF_WORD = 300
#: A claim is compared with others only if one has at least this share of what these words weigh;
#: then with the best so many, since how far one is ahead of the next tells how likely it is. Who
#: has nearly all of these words is likely whatever the next is.
SHARE = 0.3
CANDIDATES = 12
NEARLY_ALL = 0.7
#: From this probability on, two are likely the same unless the caller says otherwise.
THRESHOLD = 0.5


class Compared(NamedTuple):
    """A claim to compare with all others; ``family`` is itself and what was merged into it."""

    id: int
    statement: str
    language: str
    family: frozenset[int]


def likely_pairs(
    connection: Connection, compared: Sequence[Compared], threshold: float
) -> Iterator[Pair]:
    """The pairs of one of the claims with any other that are at least so probable.

    With other figures two are never the same, however alike.
    The other may be merged into a third; then it is that one's words that are alike.
    """
    found = _candidates(connection, [one.id for one in compared])
    asked = [one for one in compared if found[one.id].keys() - one.family]
    if not asked:
        return
    texts = load_own_texts(connection, list({number for one in asked for number in found[one.id]}))
    read = {
        number: Candidate(each.statement, each.others, each.language)
        for number, each in texts.items()
    }
    queries = {one.id: Query(one.statement, one.language) for one in asked}
    kinds = {kind for each in read.values() for kind in each.kinds}
    kinds |= {kind for each in queries.values() for kind in each.kinds}
    row = connection.execute(text("SELECT claims, stems FROM word_count")).first()
    claims, average = (row.claims, row.stems) if row is not None and row.claims else (len(read), 0)
    weights = Weights(claims, frequencies(connection, kinds))
    for one in asked:
        alike = {
            number: share
            for number, share in found[one.id].items()
            if number in read.keys() - one.family
            and figures_agree(queries[one.id].figures, read[number].figures)
        }
        judged = _judged(queries[one.id], alike, read, weights, average or AVERAGE, threshold)
        for number, probability in judged:
            yield Pair(one.id, number, probability)


def _judged(
    query: Query,
    alike: Mapping[int, float],
    read: Mapping[int, Candidate],
    weights: Weights,
    average: float,
    threshold: float,
) -> Iterator[tuple[int, float]]:
    """The likely ones and how likely; ``alike`` says how large a share of the words each has.

    Of a text that is looked for one claim is meant, and another that fits as well speaks against
    it. Here several may be the same: those that have nearly all of the words are no rivals of each
    other, and of those that have fewer the best is none of the next.
    """
    rest = [number for number, share in alike.items() if share < NEARLY_ALL]
    for number in alike.keys() - set(rest):
        others = [read[each] for each in (number, *rest)]
        ranked = rank(query, others, weights, average, on_record=True)
        (itself,) = (each for each in ranked if each.place == 0)
        if itself.probability >= threshold:
            yield number, itself.probability
    alone = len(rest) == 1
    while len(rest) > 1 or alone:
        others = [read[number] for number in rest]
        best = rank(query, others, weights, average, on_record=True)[0]
        if best.probability < threshold:
            return
        yield rest.pop(best.place), best.probability
        alone = False


def _candidates(connection: Connection, claim_ids: Sequence[int]) -> dict[int, dict[int, float]]:
    """For each claim that any shares enough words with, the best ones and their shares."""
    found: defaultdict[int, dict[int, float]] = defaultdict(dict)
    values = {
        "ids": list(claim_ids),
        "words": WORDS,
        "of_word": CLAIMS_OF_WORD,
        "share": SHARE,
        "most": CANDIDATES,
    }
    for row in connection.execute(text(_ALIKE), values):
        found[row.claim_id][row.other_id] = row.share
    return found


_ALIKE = """
    WITH known AS (
        SELECT COALESCE(max(claims), 1000) AS claims FROM word_count
    ), own AS (
        SELECT posting.claim_id, posting.term, posting.weight, of_word.claims,
            ln(1 + (known.claims + 0.5) / (of_word.claims + 0.5)) AS rarity,
            row_number() OVER (
                PARTITION BY posting.claim_id ORDER BY of_word.claims, posting.term
            ) AS place
        FROM posting
        CROSS JOIN known
        CROSS JOIN LATERAL (
            SELECT COALESCE(max(word.claims), 1) AS claims FROM word
            WHERE word.term = posting.term
        ) AS of_word
        WHERE posting.claim_id = ANY (:ids) AND posting.weight > 0
    ), rarest AS (
        SELECT claim_id, term, rarity * weight AS mass, rarity,
            sum(rarity * weight) OVER (PARTITION BY claim_id) AS whole
        FROM own WHERE place <= :words
    ), shared AS (
        SELECT rarest.claim_id, beside.claim_id AS other_id,
            sum(LEAST(rarest.mass, rarest.rarity * beside.weight)) / min(rarest.whole) AS share
        FROM rarest CROSS JOIN LATERAL (
            SELECT posting.claim_id, posting.weight FROM posting
            WHERE posting.term = rarest.term AND posting.weight > 0
            ORDER BY posting.weight DESC LIMIT :of_word
        ) AS beside
        WHERE beside.claim_id <> rarest.claim_id
        GROUP BY rarest.claim_id, beside.claim_id
    ), best AS (
        SELECT claim_id, other_id, share, row_number() OVER (
            PARTITION BY claim_id ORDER BY share DESC, other_id
        ) AS place, max(share) OVER (PARTITION BY claim_id) AS alike
        FROM shared
    )
    SELECT claim_id, other_id, share FROM best
    WHERE place <= :most AND alike >= :share
"""
