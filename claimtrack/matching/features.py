"""What speaks for and against a claim being the one that a text repeats. Pure.

A text that is looked for (a post, a headline, a sentence of a speech) is read once, as a `Query`;
each claim that may be meant is read as a `Candidate`, and `features` compares the two. All masses
are sums of `Weights`: how rare a word is, from 0 (in every claim) to about 1 (in one or none), so
that they mean the same in a collection of a hundred claims and of a million.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain

from claimtrack.matching.figures import Figure, figures_of, quantities_of
from claimtrack.matching.terms import main_language, stem, words
from claimtrack.written_dates import days_within

#: Who posted it and when, as an embedded post ends: "— A Name (@account) March 5, 2020".
_SIGNATURE = r"\s[—–-]{1,2}\s*[^—–]{1,80}\(@\w+\)\s+\w+\.? \d{1,2}, \d{4}\s*$"
#: A word within a sentence; capitalised it is a name in most languages, of whatever kind.
_INNER = r"(?<![\s.!?:\"“”'‘’])\s+([^\W\d_][\w'’.-]+)"

#: In the order of the coefficients of the model.
FEATURES = (
    "first", "second", "shared", "body", "signature", "statement", "other", "query_covered",
    "statement_covered", "other_covered", "best_covered", "similar", "numbers", "numbers_differ",
    "number_missing", "names", "query_names", "letters", "length", "day",
)  # fmt: skip


#: From so many claims on, those that have a word tell how rare it is.
_FEW = 100


class Weights:
    """How much each stem says: from the number of claims that have it, of ``claims`` in all."""

    def __init__(self, claims: int, frequencies: Mapping[str, int]) -> None:
        self._claims = max(claims, 1)
        #: So few that nobody can tell from them which words are rare.
        self.few = claims < _FEW
        self._scale = math.log((self._claims + 1) / 0.5)
        self._known = {word: self._of(count) for word, count in frequencies.items()}
        self._rarest = self._of(0)

    def _of(self, count: int) -> float:
        return math.log((self._claims + 1) / (min(count, self._claims) + 0.5)) / self._scale

    def __getitem__(self, stemmed: str) -> float:
        return self._known.get(stemmed, self._rarest)

    def mass(self, stems: Iterable[str]) -> float:
        """What words weigh together."""
        known, rarest = self._known, self._rarest
        return sum([known.get(word, rarest) for word in stems])


@dataclass(frozen=True, slots=True)
class Passage:
    """One text, read: its stems in order, without stopwords, and its words for their letters."""

    stems: tuple[str, ...]
    words: frozenset[str]
    kinds: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", frozenset(self.stems))

    @classmethod
    def read(cls, text: str, language: str) -> Passage:
        """Read a text in a language that `main_language` gave."""
        plain = words(text)
        stems = [(word, stem(word, language)) for word in plain]
        return cls(
            tuple(stemmed for _, stemmed in stems if stemmed),
            frozenset(word for word, stemmed in stems if stemmed),
        )


def _names(text: str, language: str) -> frozenset[str]:
    return frozenset(
        stemmed
        for name in re.findall(_INNER, text)
        if name[0].isupper()
        for word in words(name)
        if (stemmed := stem(word, language))
    )


def numbers_of(stems: Iterable[str]) -> frozenset[str]:
    """Those of the stems that are figures."""
    return frozenset(word for word in stems if word[0].isdecimal())


class Query:
    """A text that may repeat a claim; ``day`` is when it was said, where that is known."""

    def __init__(
        self, text: str, language: str | None = None, *, day: dt.date | None = None
    ) -> None:
        tongue = main_language(language)
        end = re.search(_SIGNATURE, text)
        body, signature = (text[: end.start()], end[0]) if end else (text, "")
        self.body = Passage.read(body, tongue)
        if not self.body.stems:  # nothing but a signature: then that is the text
            self.body, signature = Passage.read(text, tongue), ""
        self.signature = Passage.read(signature, tongue).kinds - self.body.kinds
        self.kinds = self.body.kinds | self.signature
        self.numbers = numbers_of(self.body.kinds)
        self._text, self._body, self._tongue, self._day = text, body, tongue, day
        self.names = _names(" " + body, tongue) & self.body.kinds

    @cached_property
    def spelled(self) -> Mapping[str, str]:
        """For each stem the first word of the text that has it."""
        return {stem(word, self._tongue): word for word in reversed(words(self._text))}

    @cached_property
    def days(self) -> frozenset[dt.date]:
        """When the text was said, and the days that it tells of."""
        told = frozenset(days_within(self._text))
        return told if self._day is None else told | {self._day}

    @cached_property
    def figures(self) -> frozenset[Figure]:
        """Those of the text, without its signature."""
        return figures_of(self._body)

    @cached_property
    def quantities(self) -> frozenset[Figure]:
        """Those that are no part of a date."""
        return quantities_of(self._body)


class Candidate:
    """A claim that may be meant: its statement and the other texts that tell of it.

    ``others`` are the titles of its assessments, and what else says the same in other words;
    ``speakers`` are the names of those who made it, ``days`` when it was made and checked.
    """

    def __init__(
        self,
        statement: str,
        others: Sequence[str] = (),
        language: str | None = None,
        *,
        speakers: Sequence[str] = (),
        days: Collection[dt.date] = (),
    ) -> None:
        tongue = main_language(language)
        self.statement = Passage.read(statement, tongue)
        read = [Passage.read(other, tongue) for other in others]
        self.others = [passage for passage in read if passage.stems] or [self.statement]
        texts = [self.statement, *(other for other in self.others if other is not self.statement)]
        self.counts = Counter(stemmed for passage in texts for stemmed in passage.stems)
        self.kinds = frozenset(self.counts)
        self.length = sum(len(passage.stems) for passage in texts)
        self.words = frozenset().union(*(passage.words for passage in texts))
        self.names = _names(statement, tongue) & self.statement.kinds
        self.numbers = numbers_of(self.kinds)
        self.speakers = frozenset(
            stemmed
            for name in speakers
            for word in words(name)
            if (stemmed := stem(word, tongue)) and stemmed not in self.kinds
        )
        self.days = frozenset(days)
        self._texts = (statement, *others)

    @cached_property
    def stated(self) -> frozenset[Figure]:
        """The figures of the statement."""
        return figures_of(self._texts[0])

    @cached_property
    def quantities(self) -> frozenset[Figure]:
        """Those that are no part of a date."""
        return quantities_of(self._texts[0])

    @cached_property
    def figures(self) -> frozenset[Figure]:
        """Those of all texts."""
        return frozenset().union(*map(figures_of, self._texts))


#: Words of fewer letters are alike by accident.
_SIMILAR_FROM = 4
_SIMILAR_ABOVE = 0.4


@lru_cache(maxsize=200_000)
def _trigrams(word: str) -> frozenset[str]:
    padded = f"^{word}$"
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))


@lru_cache(maxsize=200_000)
def _grams(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(
        padded[at : at + size] for size in (3, 4, 5) for at in range(len(padded) - size + 1)
    )


def _likeness(sought: Iterable[str], candidates: Sequence[Candidate]) -> list[float]:
    """Likeness by runs of 3 to 5 letters within words: the TF-IDF cosine with each candidate.

    What is rare is told from the candidates themselves, so it needs no table of such runs.
    """
    read = [set(chain.from_iterable(map(_grams, candidate.words))) for candidate in candidates]
    found = Counter(chain.from_iterable(read))
    of = len(candidates) + 1
    by_count = [0.0, *((math.log(of / count) + 0.1) ** 2 for count in range(1, of))]
    square = {gram: by_count[count] for gram, count in found.items()}
    own = set(chain.from_iterable(map(_grams, sought)))
    new = (math.log(of) + 0.1) ** 2
    length = sum([square.get(gram, new) for gram in own])
    return [
        sum([square[gram] for gram in own & grams])
        / (math.sqrt(length * sum([square[gram] for gram in grams])) or 1.0)
        for grams in read
    ]


def features(
    query: Query, candidates: Sequence[Candidate], weights: Weights, average: float
) -> list[tuple[float, ...]]:
    """The values of `FEATURES` for each candidate; ``average`` is the stems of a claim's texts."""
    letters = _likeness(query.body.words, candidates)
    similar = _similar(query, set().union(*(candidate.kinds for candidate in candidates)))
    total = weights.mass(query.body.kinds) or 1.0
    named = weights.mass(query.names)
    return [
        _compare(query, candidate, weights, average, total, named, similar, letters[at])
        for at, candidate in enumerate(candidates)
    ]


def _compare(
    query: Query,
    candidate: Candidate,
    weights: Weights,
    average: float,
    total: float,
    named: float,
    similar: Mapping[str, float],
    letters: float,
) -> tuple[float, ...]:
    shared = query.kinds & candidate.kinds
    heavy = [*sorted((weights[word] for word in shared), reverse=True), 0.0, 0.0]
    in_body = query.body.kinds & shared
    in_statement = weights.mass(query.kinds & candidate.statement.kinds)
    in_other, other = max(
        ((weights.mass(query.kinds & passage.kinds), passage) for passage in candidate.others),
        key=lambda pair: pair[0],
    )
    counts = candidate.counts
    damping = 1.2 * (0.25 + 0.75 * candidate.length / average)
    statement_covered = in_statement / (weights.mass(candidate.statement.kinds) or 1.0)
    other_covered = in_other / (weights.mass(other.kinds) or 1.0)
    return (
        heavy[0],
        heavy[1],
        math.log1p(len(shared)),
        sum([weights[word] * counts[word] / (counts[word] + damping) for word in in_body]),
        # Who signed a text may be named in the claim; who made the claim, in the text.
        weights.mass((query.signature & candidate.kinds) | (query.kinds & candidate.speakers)),
        in_statement / (1 + len(candidate.statement.stems) / (1.3 * average)),
        in_other / (1 + len(other.stems) / (0.8 * average)),
        weights.mass(in_body) / total,
        statement_covered,
        other_covered,
        max(statement_covered, other_covered),
        sum(
            [weights[word] * similar[word] for word in candidate.kinds - shared if word in similar]
        ),
        weights.mass(query.numbers & candidate.numbers),
        float(_numbers_differ(query, candidate)),
        float(bool(candidate.numbers) and not query.numbers),
        weights.mass(query.kinds & candidate.names) / (weights.mass(candidate.names) or 1.0)
        if candidate.names
        else 0.5,
        weights.mass(query.names & candidate.kinds) / named if named else 0.5,
        letters,
        math.log1p(candidate.length / average),
        _near_in_time(query, candidate),
    )


#: So many days apart speak half as much for a claim as the same day.
_HALF = 10


def _near_in_time(query: Query, candidate: Candidate) -> float:
    """How near a claim and what was found of it are to a text, in time: 1 on the same day.

    Most claims are checked within days of being said, and said by many at once. Days far apart
    tell nothing, like none: what was found false long ago is said again.
    """
    if not candidate.days or not query.days:
        return 0.0
    apart = min(abs((one - other).days) for one in query.days for other in candidate.days)
    return 1 / (1 + apart / _HALF)


def _numbers_differ(query: Query, candidate: Candidate) -> bool:
    """Whether both tell of numbers, and not of one that is the same in any way of writing it."""
    return (
        bool(query.numbers and candidate.numbers)
        and not query.numbers & candidate.numbers
        and not any(one & other for one in query.figures for other in candidate.figures)
    )


def _similar(query: Query, kinds: Set[str]) -> dict[str, float]:
    """How like a word of the text those words are that are not in it, if they are alike at all.

    By the letters in threes that two words with the same first letter share: misspelt, compound
    and derived words.
    """
    sought: dict[str, list[frozenset[str]]] = {}
    for word in query.body.kinds:
        if len(word) >= _SIMILAR_FROM:
            sought.setdefault(word[0], []).append(_trigrams(word))
    found = {}
    for word in kinds - query.kinds:
        if len(word) >= _SIMILAR_FROM and word[0] in sought:
            own = _trigrams(word)
            like = max(2 * len(own & other) / (len(own) + len(other)) for other in sought[word[0]])
            if like > _SIMILAR_ABOVE:
                found[word] = like
    return found
