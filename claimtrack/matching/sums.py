"""Which claims weigh most by several of the words of a text, from packed postings. Pure."""

from __future__ import annotations

import heapq
import sys
from array import array
from collections.abc import Collection, Iterable, Set
from itertools import compress
from typing import NamedTuple


class Postings(NamedTuple):
    """The postings of one word: claims, and how much each says of it.

    ``rarity`` is what a weight of 1 counts for. A claim that was listed again stands there twice,
    and counts twice.
    """

    rarity: float
    claim_ids: list[int]
    weights: list[int]


def unpacked(rarity: float, claim_ids: Iterable[bytes], weights: Iterable[bytes]) -> Postings:
    """Postings as the database packs them: claims of eight bytes each, and weights of two."""
    return Postings(rarity, _joined("q", claim_ids), _joined("h", weights))


def _joined(code: str, parts: Iterable[bytes]) -> list[int]:
    joined = array(code, b"".join(parts))
    if sys.byteorder == "little":
        joined.byteswap()
    return joined.tolist()


def heaviest(postings: Collection[Postings], most: int, without: Set[int]) -> list[int]:
    """The claims for which rarity times weight add up to the most, at most so many, best first.

    Claims that only one word leads to are left out where there are enough that share two, but for
    those of the rarest words.
    """
    seen: set[int] = set()
    wanted: set[int] = set()
    for _, claim_ids, _ in postings:
        wanted.update(claim_ids if len(claim_ids) <= most else seen.intersection(claim_ids))
        seen.update(claim_ids)
    wanted -= without
    if len(wanted) < most:
        wanted = seen - without
    sums = dict.fromkeys(wanted, 0.0)
    for rarity, claim_ids, weights in postings:
        chosen = map(sums.__contains__, claim_ids)
        for number, weight in compress(zip(claim_ids, weights, strict=True), chosen):
            sums[number] += rarity * weight
    return heapq.nsmallest(most, sums, key=lambda number: (-sums[number], number))
