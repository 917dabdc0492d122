"""The model that ranks claims by how likely a text repeats them, and says how likely. Pure.

The score is a sum of `FEATURES` with the weights in `claimtrack.matching.coefficients`; the
probability comes from the score and from how far it is ahead of the other candidates'. All numbers
were learnt by `python -m tests.benchmarks.matching.fit`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from claimtrack.matching.coefficients import CALIBRATION, SCORE
from claimtrack.matching.features import (
    FEATURES,
    Candidate,
    Query,
    Weights,
    features,
)
from claimtrack.matching.figures import figures_agree

#: From this probability on, a claim is called a match unless the caller says otherwise.
THRESHOLD = 0.3

#: What a probability is made from, in the order of `evidence`.
EVIDENCE = ("score", "lead")

#: A lead beyond this says no more.
_LARGEST_LEAD = 4.0
#: Two statements that share so much of what their words weigh say the same.
_NEARLY_ALL = 0.7
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


def evidence(score: float, rival: float | None) -> tuple[float, float]:
    """What a probability is made from: the score, and its lead over ``rival``.

    ``rival`` is the best score of another candidate; the lead is negative for all but the first,
    and a single candidate leads by as much as counts.
    """
    lead = _LARGEST_LEAD if rival is None else score - rival
    return score, max(-_LARGEST_LEAD, min(lead, _LARGEST_LEAD))


def probability(values: Sequence[float]) -> float:
    """The probability from `evidence`."""
    logit = CALIBRATION["constant"] + sum(
        CALIBRATION[name] * value for name, value in zip(EVIDENCE, values, strict=True)
    )
    return 1 / (1 + math.exp(-max(-50.0, min(logit, 50.0))))


def rank(
    query: Query,
    candidates: Sequence[Candidate],
    weights: Weights,
    average: float,
    families: Sequence[int] = (),
) -> list[Ranked]:
    """The candidates, best first; those that score the same in the order in which they came.

    How far one is ahead of the next tells how likely it is: of a text one claim is meant, and what
    fits as well speaks against it. Candidates of one family, and those whose statements share
    nearly all of their words, say the same: they are no rivals of each other. ``families`` has a
    number for each candidate; without it each is one of its own.
    """
    if not candidates:
        return []
    compared = features(query, candidates, weights, average)
    scores = [score(values) for values in compared]
    order = sorted(range(len(candidates)), key=lambda place: -scores[place])

    def rival(place: int) -> float | None:
        own = candidates[place]
        for other in order:
            if other != place and not (
                (families and families[other] == families[place])
                or _says_the_same(own, candidates[other], weights)
            ):
                return scores[other]
        return None

    return [
        Ranked(
            place,
            scores[place],
            probability(evidence(scores[place], rival(place))),
            _why(query, candidates[place], weights),
        )
        for place in order
    ]


def _says_the_same(one: Candidate, other: Candidate, weights: Weights) -> bool:
    own, its = one.statement.kinds, other.statement.kinds
    all_of_it = max(weights.mass(own), weights.mass(its))
    return weights.mass(own & its) >= _NEARLY_ALL * all_of_it and figures_agree(
        one.stated, other.stated
    )


def _why(query: Query, candidate: Candidate, weights: Weights) -> tuple[tuple[str, float], ...]:
    both = query.kinds & (candidate.kinds | candidate.speakers)
    shared = sorted(both, key=lambda word: (-weights[word], word))
    return tuple((query.spelled[word], round(weights[word], 3)) for word in shared[:_REASONS])
