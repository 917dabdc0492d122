"""A search in terms of the postings: sets of claims, joined, cut and left out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, exists, not_, or_, true
from sqlalchemy.dialects.postgresql import ARRAY

from claimtrack.matching.terms import term
from claimtrack.models.postings import posting
from claimtrack.searching.query import All, Either, Node, Not, Row, Word
from claimtrack.searching.reading import sought, stems_in


@dataclass(frozen=True, slots=True)
class Has:
    """Claims that have one of the terms."""

    terms: frozenset[int]


@dataclass(frozen=True, slots=True)
class Both:
    """Claims of each part; without parts, every claim."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Claims of any part."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Claims that are not of the part."""

    part: Formula


Formula = Has | Both | OneOf | Without

EVERY = Both(())


def formula(node: Node, languages: Collection[str]) -> tuple[Formula | None, bool]:
    """Claims among which are all that have what is looked for, and whether they are just those.

    The postings don't know in which order words stand, nor of which language a claim is: where
    languages differ in a word's stem, or it says nothing in one of them, there are others. None
    stands for what says nothing in any.
    """
    match node:
        case Row():
            return _row(node, languages)
        case Not():
            inner, exact = formula(node.part, languages)
            if inner is None:
                return None, True
            return (Without(inner), True) if exact else (EVERY, False)
        case All() | Either():
            read = [formula(part, languages) for part in node.parts]
            parts = tuple(inner for inner, _ in read if inner is not None)
            if not parts:
                return None, True
            join = Both if isinstance(node, All) else OneOf
            return join(parts), all(exact for _, exact in read)


def _row(row: Row, languages: Collection[str]) -> tuple[Formula | None, bool]:
    if not any(stems_in(word, languages) for word in row.words):
        return None, True
    sure = [word for word in row.words if all(sought(word, tongue) for tongue in languages)]
    parts = tuple(Has(terms_of(word, languages)) for word in sure)
    exact = len(sure) == len(row.words) == 1 and _same_everywhere(sure[0], languages)
    return parts[0] if len(parts) == 1 else Both(parts), exact


def _same_everywhere(word: Word, languages: Collection[str]) -> bool:
    return len({sought(word, tongue) for tongue in languages}) == 1


def terms_of(word: Word, languages: Collection[str]) -> frozenset[int]:
    """The terms by which a word is found."""
    return frozenset(map(term, stems_in(word, languages)))


def leaves(read: Formula) -> Iterator[Has]:
    """All terms that stand in a formula, with those left out."""
    match read:
        case Has():
            yield read
        case Without():
            yield from leaves(read.part)
        case Both() | OneOf():
            for part in read.parts:
                yield from leaves(part)


def drivers(read: Formula, counts: Mapping[int, int]) -> list[Has] | None:
    """Leaves one of which every claim of a formula has, the rarest; None if there are none."""
    match read:
        case Has():
            return [read]
        case Without():
            return None
        case OneOf():
            each = [drivers(part, counts) for part in read.parts]
            if any(one is None for one in each):
                return None
            return [leaf for one in each for leaf in one or ()]
        case Both():
            able = [one for part in read.parts if (one := drivers(part, counts)) is not None]
            return min(able, key=lambda one: cost(one, counts), default=None)


def cost(driving: Collection[Has], counts: Mapping[int, int]) -> int:
    """How many postings leaves have together."""
    return sum(counts[one] for leaf in driving for one in leaf.terms)


def holds(read: Formula, having: Mapping[int, set[int]], among: set[int]) -> set[int]:
    """Those ``among`` claims for which a formula holds; ``having`` are the claims of each term."""
    match read:
        case Has():
            return among & set().union(*(having.get(one, set()) for one in read.terms))
        case Without():
            return among - holds(read.part, having, among)
        case OneOf():
            return set().union(*(holds(part, having, among) for part in read.parts))
        case Both():
            left = among
            for part in read.parts:
                left = holds(part, having, left)
            return left


def as_sql(read: Formula, claim_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The same as a condition on a claim, of its own postings alone."""
    match read:
        case Has():
            terms = bindparam(None, sorted(read.terms), type_=ARRAY(BigInteger), unique=True)
            return exists().where(posting.c.claim_id == claim_id, posting.c.term == terms.any_())
        case Without():
            return not_(as_sql(read.part, claim_id))
        case OneOf():
            return or_(*(as_sql(part, claim_id) for part in read.parts))
        case Both():
            return and_(true(), *(as_sql(part, claim_id) for part in read.parts))


def leaves_out(read: Formula) -> bool:
    """Whether anything is left out."""
    match read:
        case Without():
            return True
        case Both() | OneOf():
            return any(map(leaves_out, read.parts))
        case _:
            return False
