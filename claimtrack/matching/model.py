"""The model that ranks claims by how likely a text repeats them, and says how likely. Pure.

The score is a sum of `FEATURES` with the weights in `claimtrack.matching.coefficients`; the
probability comes from the score and from how far it is ahead of the other candidates'. All numbers
were learnt by `python -m tests.benchmarks.matching.fit`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from claimtrack.matching.coefficients import CALIBRATION, PAIRS, SCORE
from claimtrack.matching.features import (
    FEATURES,
    Candidate,
    Query,
    Weights,
    features,
)
from claimtrack.matching.figures import figures_agree, quantities_contradict

#: From this probability on, a claim is called a match unless the caller says otherwise.
THRESHOLD = 0.35

#: What a probability is made from, in the order of `evidence`.
EVIDENCE = ("score", "lead", "day")

#: A lead beyond this says no more.
_LARGEST_LEAD = 4.0
#: Two statements that share so much of what their words weigh say the same, and so do those that
#: share so much of the smaller one's, if it is so many words.
_NEARLY_ALL = 0.7
_ALL_OF_ONE = 0.85
_WORDS_OF_ONE = 4
#: Among few claims one is likely only if more than this of its words are in the text, or of the
#: text's in it.
_COVERED = 0.5
#: What is held to be no match has this probability at most, however alike it reads.
_NO_MATCH = 0.1
#: At most so many words say why; those that weigh most.
_REASONS = 6


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate by its place in the list that was given, with what the model makes of it.

    ``why`` are the words of the text that it shares, each with its weight, heaviest first.
    """

    place: int
    score: float
    probability: float
    why: tuple[tuple[str, float], ...]


def score(values: Sequence[float]) -> float:
    """The score of a candidate from its features."""
    return sum([SCORE[name] * value for name, value in zip(FEATURES, values, strict=True)])


def evidence(score: float, rival: float | None, day: float) -> tuple[float, float, float]:
    """What a probability is made from: the score, its lead over ``rival``, and the feature ``day``.

    ``rival`` is the best score of another candidate; the lead is negative for all but the first,
    and a single candidate leads by as much as counts. Days that agree make a score high by
    themselves, so that it takes more to say the same.
    """
    lead = _LARGEST_LEAD if rival is None else score - rival
    return score, max(-_LARGEST_LEAD, min(lead, _LARGEST_LEAD)), day


def probability(values: Sequence[float], learnt: Mapping[str, float] = CALIBRATION) -> float:
    """The probability from `evidence`."""
    logit = learnt["constant"] + sum(
        learnt[name] * value for name, value in zip(EVIDENCE, values, strict=True)
    )
    return 1 / (1 + math.exp(-max(-50.0, min(logit, 50.0))))


def rank(
    query: Query,
    candidates: Sequence[Candidate],
    weights: Weights,
    average: float,
    families: Sequence[int] = (),
    *,
    on_record: bool = False,
) -> list[Ranked]:
    """The candidates, the likeliest first; those as likely by their score, else as they came.

    How far one is ahead of the next tells how likely it is: of a text one claim is meant, and what
    fits as well speaks against it. Candidates of one family, and those whose statements share
    nearly all of their words, say the same: they are no rivals of each other. ``families`` has a
    number for each candidate; without it each is one of its own. What says the same but for its
    figures is another claim.

    ``on_record`` says that the text is itself a claim on record: few of these repeat another, while
    somebody looks for a text that is likely to repeat one.
    """
    if not candidates:
        return []
    compared = features(query, candidates, weights, average)
    scores = [score(values) for values in compared]
    order = sorted(range(len(candidates)), key=lambda place: -scores[place])
    masses = [weights.mass(one.statement.kinds) for one in candidates]

    def rival(place: int) -> float | None:
        own = candidates[place]
        for other in order:
            if other != place and not (
                (families and families[other] == families[place])
                or _says_the_same(own, candidates[other], (masses[place], masses[other]), weights)
            ):
                return scores[other]
        return None

    def likely(place: int) -> float:
        one, values = candidates[place], compared[place]
        found = probability(
            evidence(scores[place], rival(place), values[_DAY]),
            PAIRS if on_record else CALIBRATION,
        )
        other_claim = _tells_another_figure(query, one, weights) or (
            weights.few and not _shares_enough(values, query, one, weights)
        )
        return min(found, _NO_MATCH) if other_claim else found

    ranked = [
        Ranked(place, scores[place], likely(place), _why(query, candidates[place], weights))
        for place in order
    ]
    return sorted(ranked, key=lambda one: -one.probability)


def _shares_enough(
    values: Sequence[float], query: Query, candidate: Candidate, weights: Weights
) -> bool:
    """Whether most of a claim's words are in a text, or of the text's in it, or words like them.

    One word alone is too little of a text: nobody can tell among few claims whether it is rare.
    """
    similar = values[_SIMILAR]
    of_claim = values[_BEST_COVERED] + similar / (weights.mass(candidate.statement.kinds) or 1.0)
    of_text = values[_QUERY_COVERED] + similar / (weights.mass(query.body.kinds) or 1.0)
    words = len(query.kinds & candidate.kinds) + (similar > 0)
    return of_claim > _COVERED or (of_text > _COVERED and words > 1)


_BEST_COVERED, _QUERY_COVERED, _SIMILAR, _DAY = map(
    FEATURES.index, ("best_covered", "query_covered", "similar", "day")
)


def _says_the_same(
    one: Candidate, other: Candidate, masses: tuple[float, float], weights: Weights
) -> bool:
    """Whether two candidates say the same; ``masses`` are what their statements' words weigh."""
    own, its = one.statement.kinds, other.statement.kinds
    shared = weights.mass(own & its)
    alike = shared >= _NEARLY_ALL * max(masses) or (
        shared >= _ALL_OF_ONE * min(masses) and min(len(own), len(its)) >= _WORDS_OF_ONE
    )
    return alike and figures_agree(one.stated, other.stated)


def _tells_another_figure(query: Query, candidate: Candidate, weights: Weights) -> bool:
    """Whether a text and a statement are nearly the same words with other figures."""
    if not query.numbers or not candidate.numbers:
        return False
    own = query.body.kinds - query.numbers
    its = candidate.statement.kinds - candidate.numbers
    most = max(weights.mass(own), weights.mass(its))
    return weights.mass(own & its) >= _NEARLY_ALL * most and quantities_contradict(
        query.quantities, candidate.quantities
    )


def _why(query: Query, candidate: Candidate, weights: Weights) -> tuple[tuple[str, float], ...]:
    both = query.kinds & (candidate.kinds | candidate.speakers)
    shared = sorted(both, key=lambda word: (-weights[word], word))
    return tuple((query.spelled[word], round(weights[word], 3)) for word in shared[:_REASONS])
