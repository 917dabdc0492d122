"""The claims that may be meant by a text: those that share the most with it, by BM25.

Of the text's words the rarest are looked up first, until a bound of postings is read: so the time
does not grow with the words that half of all claims have. The postings of words in many claims are
read from lists; those of the claims that came since the lists were made are read beside them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Connection, Row, text

from claimtrack.db import IN_BYTES
from claimtrack.matching.sums import heaviest, unpacked
from claimtrack.matching.terms import term
from claimtrack.models.postings import LISTED, PARTS

#: No further word is looked up once so many postings are read; and none that has more by itself,
#: unless there is no other.
READ = LISTED[1]
#: A word that fewer claims had at the last count is counted again for each text.
COUNTED = LISTED[0]
#: So many claims are read and ranked.
CANDIDATES = 150


def candidates(
    connection: Connection, kinds: Iterable[str], claims: int, without: Set[int]
) -> tuple[list[int], Mapping[str, int]]:
    """The claims that share the most with these stems, and how many claims have each stem.

    ``claims`` is how many there are. Of a word that is in few claims that is counted here, so that
    it is right at once; of others it is what the last count of all words told.
    """
    by_term = {term(stem): stem for stem in kinds}
    rows = connection.execute(text(_WORDS), {"terms": list(by_term), "few": COUNTED}).all()
    counted = {by_term[row.term]: int(row.claims) for row in rows if row.claims}
    left = READ
    rarities: dict[int, float] = {}
    for row in sorted(rows, key=lambda row: (row.claims, by_term[row.term])):
        if left <= 0 or (rarities and row.claims > READ):
            break
        if row.claims:
            rarities[row.term] = math.log(1 + (claims + 0.5) / (row.claims + 0.5))
            left -= row.claims
    read = _read(connection, list(rarities))
    postings = [
        unpacked(rarity, *zip(*read[key], strict=True))
        for key, rarity in rarities.items()
        if key in read
    ]
    return heaviest(postings, CANDIDATES, without), counted


#: Of each term how many claims have it.
_WORDS = """
    SELECT wanted.term, GREATEST(known.claims, few.claims) AS claims
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


def _read(connection: Connection, terms: Sequence[int]) -> Mapping[int, list[tuple[bytes, bytes]]]:
    """The packed postings of terms, in several pieces each.

    What waits to be listed is asked for first: a claim that is listed meanwhile is read twice.
    """
    found: dict[int, list[tuple[bytes, bytes]]] = defaultdict(list)

    def take(rows: Iterable[Row[Any]]) -> None:
        for row in rows:
            found[row.term].append((row.claim_ids, row.weights))

    unlisted = connection.execute(text(_UNLISTED)).scalars().all()
    take(connection.execute(text(_LISTED), {"terms": terms}, execution_options=IN_BYTES))
    listed = list(found)
    rest = [key for key in terms if key not in found]
    asked = {"terms": rest, "most": READ, "parts": PARTS}
    take(connection.execute(text(_DIRECT), asked, execution_options=IN_BYTES))
    if listed and unlisted:
        of_them = {"terms": listed, "ids": unlisted, "parts": PARTS}
        take(connection.execute(text(_BESIDE), of_them, execution_options=IN_BYTES))
    return found


_UNLISTED = "SELECT DISTINCT unnest(claim_ids) FROM posting_unlisted"

_LISTED = "SELECT term, claim_ids, weights FROM posting_list WHERE term = ANY (:terms)"

_PACKED = """term, string_agg(int8send(claim_id), '') AS claim_ids,
        string_agg(int2send(CAST(weight * :parts AS smallint)), '') AS weights"""

#: Where there are too many for all to be read, those that say most of the word.
_DIRECT = """
    SELECT :packed FROM unnest(CAST(:terms AS bigint[])) AS wanted (term)
    CROSS JOIN LATERAL (
        SELECT claim_id, weight FROM posting
        WHERE posting.term = wanted.term AND weight > 0
        ORDER BY weight DESC LIMIT :most
    ) AS found
    GROUP BY term
""".replace(":packed", _PACKED)

#: A claim's words are read through: to look up each that is asked for would take longer.
_BESIDE = """
    SELECT :packed FROM posting
    WHERE claim_id = ANY (:ids) AND term + 0 = ANY (:terms) AND weight > 0 GROUP BY term
""".replace(":packed", _PACKED)
