"""A collection to measure on: claims, and texts with the claims that they repeat.

It is read from a folder in the form of CheckThat! 2022 task 2: ``docs.jsonl`` with ``id``,
``vclaim`` and ``title`` (``subtitle``, ``date``), and files of queries with ``id``, ``text`` and
``rel``. Nothing of it is written anywhere.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from claimtrack.matching.features import Candidate, Weights
from claimtrack.matching.terms import stems
from claimtrack.written_dates import days_within

#: What stands beside the statement as further text of a claim, by name of the variant. What the
#: import maps is up to the desk, so all are learnt from.
VARIANTS: dict[str, tuple[str, ...]] = {
    "statement": (),
    "title": ("title",),
    "summary": ("title", "subtitle"),
}
#: As further text of a claim whose title is what is looked for.
UNTITLED = ("subtitle",)
#: So many candidates are ranked for each query.
CANDIDATES = 100
#: How often a word of a generated claim follows nothing.
_ANY = 0.15


class Post(NamedTuple):
    """A query: its text and the places of the claims that it repeats, each once."""

    text: str
    right: frozenset[int]


class Claim(NamedTuple):
    """A claim's texts, and the day on which a fact-check of it was published."""

    statement: str
    others: tuple[str, ...]
    day: dt.date | None = None

    def candidate(self) -> Candidate:
        """The claim, read."""
        return Candidate(self.statement, self.others, days=() if self.day is None else (self.day,))


class Collection:
    """Claims, the candidates made of them when they are first asked for, and an index."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.claims = claims
        self._read: dict[int, Candidate] = {}
        texts = [stems(" ".join((claim.statement, *claim.others))) for claim in claims]
        self.index = Index(texts)
        self.average = self.index.average
        self.weights = Weights(len(claims), {word: len(of) for word, of in self.index.postings})

    def candidate(self, place: int) -> Candidate:
        """The claim at a place, read."""
        if place not in self._read:
            self._read[place] = self.claims[place].candidate()
        return self._read[place]


class Index:
    """BM25 over lists of words, in memory; ``k1`` and ``b`` as usual."""

    def __init__(self, texts: Sequence[Sequence[str]], k1: float = 1.2, b: float = 0.75) -> None:
        self.average = sum(map(len, texts)) / max(len(texts), 1) or 1.0
        postings: dict[str, list[tuple[int, float]]] = {}
        for place, text in enumerate(texts):
            damping = k1 * (1 - b + b * len(text) / self.average)
            for word, count in Counter(text).items():
                weight = count * (k1 + 1) / (count + damping)
                postings.setdefault(word, []).append((place, weight))
        self._postings = postings
        self._idf = {
            word: math.log(1 + (len(texts) - len(of) + 0.5) / (len(of) + 0.5))
            for word, of in postings.items()
        }

    @property
    def postings(self) -> Iterable[tuple[str, list[tuple[int, float]]]]:
        """Each word with its postings."""
        return self._postings.items()

    def best(
        self, words: Iterable[str], limit: int, without: frozenset[int] = frozenset()
    ) -> list[tuple[int, float]]:
        """The claims that score best and their scores; a word counts as often as it is given."""
        scores: dict[int, float] = {}
        for word in words:
            if word in self._postings:
                idf = self._idf[word]
                for place, weight in self._postings[word]:
                    scores[place] = scores.get(place, 0.0) + idf * weight
        ranked = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
        return [pair for pair in ranked[: limit + len(without)] if pair[0] not in without][:limit]


def _lines(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_claims(folder: Path) -> tuple[list[dict[str, object]], dict[str, int]]:
    """The rows of ``docs.jsonl``, and the place of each by its id."""
    rows = _lines(folder / "docs.jsonl")
    return rows, {str(row["id"]): place for place, row in enumerate(rows)}


def collection(
    rows: Iterable[dict[str, object]], fields: Sequence[str], *, among: int = 0
) -> Collection:
    """The claims with these fields as further texts, and generated ones up to ``among`` in all.

    The generated ones have a statement alone, as those have that nobody has checked.
    """
    claims = [
        Claim(
            str(row["vclaim"]),
            tuple(str(row[name]) for name in fields if row.get(name)),
            next(days_within(str(row.get("date", ""))), None),
        )
        for row in rows
    ]
    made = statements([" ".join((one.statement, *one.others)) for one in claims])
    claims += [Claim(each, ()) for each in itertools.islice(made, max(among - len(claims), 0))]
    return Collection(claims)


def read_posts(path: Path, places: dict[str, int]) -> list[Post]:
    """A file of queries; those without a claim in the collection are left out."""
    posts = []
    for row in _lines(path):
        relevant = row["rel"]
        assert isinstance(relevant, list)
        right = frozenset(places[name] for name in relevant if name in places)
        if right:
            posts.append(Post(str(row["text"]), right))
    return posts


def halves(number: int, draws: int = 20) -> list[frozenset[int]]:
    """For each draw the half of the queries whose right claims are taken out; always the same."""
    return [
        frozenset(random.Random(seed).sample(range(number), number // 2)) for seed in range(draws)
    ]


def statements(real: Sequence[str], seed: int = 1) -> Iterator[str]:
    """Sentences of words that follow each other in real ones, as often and as many."""
    dice = random.Random(seed)
    following: dict[str, list[str]] = {}
    lengths = []
    for sentence in real:
        words = sentence.split()
        lengths.append(len(words))
        for first, second in itertools.pairwise(["", *words]):
            following.setdefault(first, []).append(second)
    everything = [word for words in following.values() for word in words]
    while True:
        word, made = "", []
        for _ in range(dice.choice(lengths)):
            # Now and then any word, so that what is made is no copy of one sentence.
            any_word = dice.random() < _ANY or word not in following
            word = dice.choice(everything if any_word else following[word])
            made.append(word)
        yield " ".join(made)
