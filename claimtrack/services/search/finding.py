"""The claims that a search finds, by their postings, and their order from the best on.

What the rarest words have is read whole, so that the rest is looked up for few claims; where all
words are common, claims are met in the order in which they are asked for, until there are enough.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from claimtrack.matching.terms import term
from claimtrack.models.claims import claim
from claimtrack.searching.query import rows
from claimtrack.searching.reading import sought
from claimtrack.services.search.formula import (
    EVERY,
    Formula,
    Has,
    as_sql,
    cost,
    drivers,
    formula,
    holds,
    leaves,
    leaves_out,
    terms_of,
)
from claimtrack.services.search.question import Question
from claimtrack.services.search.texts import having

#: Up to so many postings of a search's rarest words are read whole.
FEW = 5_000

#: And of a single word that is not to be put in order: where the newest claims don't have it, many
#: would be met for nothing.
FEW_OF_ONE = 20_000

#: Of a word that more claims have, so many are put in order that it says most of.
HEAVIEST = 2_000

#: Of so many claims at most the texts are read to know whether a search finds anything.
_LOOKED_AT = 200

#: Up to so many merged claims are kept in mind, where there are more they are asked for.
_MERGED = 5_000

#: What a word weighs that stands only in passages, names and titles of sources. In a statement of
#: twenty words it weighs about 1.
_ELSEWHERE = 0.2


class Found(NamedTuple):
    """The condition on claims, and whether the texts of those that fit are to be looked at."""

    condition: ColumnElement[bool]
    look: bool


def condition(connection: Connection, asked: Question) -> Found:
    """What claims a search finds, as a condition on heads."""
    read, exact = _formula(asked)
    past, waiting, fresh = _unread(connection, asked)
    most = FEW_OF_ONE if isinstance(read, Has) else FEW
    counts = _counts(connection, asked, read, most)
    driving = drivers(read, counts)
    if driving is not None and cost(driving, counts) <= most:
        numbers = _scores(connection, read, _postings(connection, asked, driving, None), {}).keys()
        return Found(_is_one_of((numbers - waiting) | fresh), look=past or not exact)
    fits = as_sql(read, claim.c.id)
    if leaves_out(read):  # which may be in what was merged into a claim
        other = claim.alias("merged_here")
        fits = and_(fits, ~exists().where(other.c.merged_into_id == claim.c.id))
    if silent := [one for one in asked.languages if formula(asked.node, [one])[0] is None]:
        # In languages in which it says nothing, nothing is found: their claims are not read.
        fits = and_(fits, func.split_part(claim.c.language, "-", 1).not_in(silent))
    if merged := _merged_with(connection, read):
        fits = or_(fits, _is_one_of(merged))
    if waiting:
        fits = or_(and_(fits, not_(_is_one_of(waiting))), _is_one_of(fresh))
    return Found(fits, look=past or not exact)


class Scored(NamedTuple):
    """Heads with their scores; ``whole`` if there are no others; ``look`` as in `Found`."""

    scores: dict[int, float]
    whole: bool
    look: bool


def best(connection: Connection, asked: Question) -> Scored:
    """The claims that a search finds, or those that say most of its words, with their scores."""
    read, exact = _formula(asked)
    past, waiting, fresh = _unread(connection, asked)
    counts = _counts(connection, asked, read, FEW)
    driving = drivers(read, counts)
    if driving is None:
        return Scored({}, whole=False, look=past or not exact)
    whole = cost(driving, counts) <= FEW
    postings = _postings(connection, asked, driving, None if whole else HEAVIEST)
    scores = _scores(connection, read, postings, _rarity(connection, asked))
    scores = dict.fromkeys(fresh, 0.0) | {
        number: score for number, score in scores.items() if number not in waiting
    }
    return Scored(scores, whole, look=past or not exact)


def is_found(connection: Connection, asked: Question) -> bool:
    """Whether a search finds anything; what would take long to find out counts as found."""
    read, exact = _formula(asked)
    counts = _counts(connection, asked, read, FEW)
    driving = drivers(read, counts)
    if driving is None or cost(driving, counts) > FEW:
        return True
    _, waiting, fresh = _unread(connection, asked)
    postings = _postings(connection, asked, driving, None)
    numbers = _scores(connection, read, postings, {}).keys() - waiting
    if fresh or exact or len(numbers) > _LOOKED_AT:
        return bool(numbers or fresh)
    return bool(having(connection, asked.node, numbers))


def _unread(connection: Connection, asked: Question) -> tuple[bool, set[int], set[int]]:
    """Whether this is the past; claims whose postings say nothing; and those of them that fit.

    Of the past all of them are taken, since the texts are looked at anyway.
    """
    waiting = set(heads_of(connection, asked.waiting).values())
    if connection.get_execution_options().get("of_the_past"):
        waiting |= _changed_since(connection)
        return True, waiting, waiting
    return False, waiting, having(connection, asked.node, waiting) if waiting else set()


def _formula(asked: Question) -> tuple[Formula, bool]:
    read, exact = formula(asked.node, asked.languages)
    return (EVERY, False) if read is None else (read, exact)


def _is_one_of(numbers: Iterable[int]) -> ColumnElement[bool]:
    listed = bindparam(None, sorted(numbers), type_=ARRAY(BigInteger), unique=True)
    return claim.c.id == listed.any_()


def _spoken(asked: Question) -> dict[int, str]:
    """In which languages a term is the stem of a word, where it is not in all; with spaces."""
    spoken: dict[int, set[str]] = defaultdict(set)
    for row in (*rows(asked.node), *rows(asked.node, wanted=False)):
        for word in row.words:
            for language in asked.languages:
                for own in sought(word, language):
                    spoken[term(own)].add(language)
    return {
        key: " ".join(sorted(those))
        for key, those in spoken.items()
        if len(those) < len(asked.languages)
    }


# In other languages it is another word's stem: "trumpin" is of Trump in Finnish alone.
_OF_TERM = """
    FROM posting WHERE posting.term = asked.term AND (asked.spoken IS NULL OR EXISTS (
        SELECT FROM public.claim WHERE claim.id = posting.claim_id
        AND split_part(claim.language, '-', 1) = ANY (string_to_array(asked.spoken, ' '))
    ))
"""
_COUNTED = """
    SELECT term, (SELECT count(*) FROM (SELECT :of_term LIMIT :most) AS capped) AS found
    FROM unnest(CAST(:terms AS bigint[]), CAST(:spoken AS text[])) AS asked (term, spoken)
""".replace(":of_term", _OF_TERM)
_HEAVIEST = """
    SELECT claim_id, asked.term, weight
    FROM unnest(CAST(:terms AS bigint[]), CAST(:spoken AS text[])) AS asked (term, spoken)
    CROSS JOIN LATERAL (
        SELECT claim_id, weight :of_term ORDER BY weight DESC, claim_id LIMIT :most
    ) AS heaviest
""".replace(":of_term", _OF_TERM)


def _counts(connection: Connection, asked: Question, read: Formula, most: int) -> dict[int, int]:
    """How many postings each term has; of the common ones only that they are more than ``most``."""
    terms = sorted({one for leaf in leaves(read) for one in leaf.terms})
    spoken = _spoken(asked)
    counted = connection.execute(
        text(_COUNTED),
        {"terms": terms, "spoken": [spoken.get(one) for one in terms], "most": most + 1},
    )
    return {row.term: row.found for row in counted}


def _rarity(connection: Connection, asked: Question) -> dict[frozenset[int], float]:
    """What each word weighs, by its terms: the part of BM25 that is about all claims."""
    words = {terms_of(word, asked.languages) for row in rows(asked.node) for word in row.words} - {
        frozenset()
    }
    counted = connection.execute(
        text("SELECT term, max(found) AS found FROM word WHERE term = ANY (:terms) GROUP BY term"),
        {"terms": sorted(set().union(*words))},
    )
    found = {row.term: row.found for row in counted}
    claims = connection.scalar(text("SELECT max(claims) FROM word_count")) or 0
    return {
        terms: math.log(1 + (max(claims, many) + 0.5) / (many + 0.5))
        for terms in words
        for many in [sum(found.get(one, 0) for one in terms)]
    }


#: A claim, a term that it has, and its weight.
Posting = tuple[int, int, float]


def _postings(
    connection: Connection, asked: Question, driving: Iterable[Has], most: int | None
) -> list[Posting]:
    """The postings of some leaves, or the heaviest of each term."""
    terms = sorted({one for leaf in driving for one in leaf.terms})
    spoken = _spoken(asked)
    rows = connection.execute(
        text(_HEAVIEST),
        {"terms": terms, "spoken": [spoken.get(one) for one in terms], "most": most},
    )
    return [(row.claim_id, row.term, row.weight) for row in rows]


def _of_claims(
    connection: Connection, numbers: Collection[int], terms: Collection[int]
) -> list[Posting]:
    if not numbers or not terms:
        return []
    rows = connection.execute(
        text(
            "SELECT claim_id, term, weight FROM posting"
            " WHERE claim_id = ANY (:ids) AND term = ANY (:terms)"
        ),
        {"ids": sorted(numbers), "terms": sorted(terms)},
    )
    return [(row.claim_id, row.term, row.weight) for row in rows]


def _scores(
    connection: Connection,
    read: Formula,
    postings: list[Posting],
    rarity: Mapping[frozenset[int], float],
) -> dict[int, float]:
    """The heads of claims for which a formula holds, each with its score.

    ``postings`` are those that lead to the claims; what else is asked of them is looked up.
    """
    numbers = {number for number, _, _ in postings}
    members = heads_of(connection, numbers)
    terms = {one for leaf in leaves(read) for one in leaf.terms}.union(*rarity)
    known = {term for _, term, _ in postings}
    postings = [
        *postings,
        *_of_claims(connection, numbers, terms - known),
        *_of_claims(connection, members.keys() - numbers, terms),
    ]
    said: dict[int, dict[int, float]] = defaultdict(dict)
    for number, key, weight in postings:
        head = members[number]
        said[key][head] = max(weight, said[key].get(head, _ELSEWHERE))
    fit = holds(read, {term: set(of) for term, of in said.items()}, set(members.values()))
    scores = dict.fromkeys(fit, 0.0)
    for of_word, rare in rarity.items():
        heaviest: dict[int, float] = {}
        for key in of_word:
            for head, weight in said[key].items():
                heaviest[head] = max(weight, heaviest.get(head, 0.0))
        for head in heaviest.keys() & fit:
            scores[head] += rare * heaviest[head]
    return scores


def heads_of(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    """Claims, and those merged with them, each with the claim that stands for it."""
    if not numbers:
        return {}
    query = "SELECT id, merged_into_id FROM claim WHERE merged_into_id IS NOT NULL"
    rows = connection.execute(text(f"{query} LIMIT :most"), {"most": _MERGED + 1}).all()
    if len(rows) > _MERGED:
        of = f"{query} AND (id = ANY (:ids) OR merged_into_id = ANY (:ids))"
        rows = connection.execute(text(of), {"ids": list(numbers)}).all()
        heads = {row.merged_into_id for row in rows}
        rows = connection.execute(text(of), {"ids": list(heads)}).all() if heads else []
    wanted = set(numbers)
    heads = {row.merged_into_id for row in rows if {row.id, row.merged_into_id} & wanted}
    merged = {row.id: row.merged_into_id for row in rows if row.merged_into_id in heads}
    return {number: number for number in wanted | heads} | merged


def _merged_with(connection: Connection, read: Formula) -> set[int]:
    """The heads of merged claims that a formula holds for, with all that was merged into them."""
    merged = connection.scalars(
        text("SELECT merged_into_id FROM claim WHERE merged_into_id IS NOT NULL GROUP BY 1")
    ).all()
    terms = {one for leaf in leaves(read) for one in leaf.terms}
    members = heads_of(connection, merged)
    said: dict[int, set[int]] = defaultdict(set)
    for number, key, _ in _of_claims(connection, members, terms):
        said[key].add(members[number])
    return holds(read, said, set(members.values()))


def _changed_since(connection: Connection) -> set[int]:
    """Claims, by their heads of then, whose texts may have been others at the time that is read."""
    changed = connection.scalars(text(_CHANGED)).all()
    if not changed:
        return set()
    then = select(claim.c.id, claim.c.merged_into_id).where(
        claim.c.id.in_(changed), claim.c.merged_into_id.is_not(None)
    )
    return {*changed, *(row.merged_into_id for row in connection.execute(then))}


_CHANGED = """
    SELECT id FROM public.claim WHERE changed_at >= :since
    UNION
    SELECT claim_id FROM public.appearance WHERE changed_at >= :since OR recorded_at >= :since
        OR source_id IN (SELECT id FROM public.source WHERE changed_at >= :since)
        OR speaker_id IN (
            SELECT own.id FROM public.speaker AS own
            JOIN public.speaker AS changed ON changed.id IN (own.id, own.merged_into_id)
                OR changed.merged_into_id IN (own.id, own.merged_into_id)
            LEFT JOIN public.speaker_alias AS alias ON alias.speaker_id = changed.id
            WHERE changed.changed_at >= :since OR alias.changed_at >= :since
                OR alias.recorded_at >= :since
        )
    UNION
    SELECT claim_id FROM public.assessment
    WHERE changed_at >= :since OR recorded_at >= :since
""".replace(":since", "(SELECT current_setting('claimtrack.as_of')::timestamptz)")
