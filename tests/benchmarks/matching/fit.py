"""Learn the numbers of the model: python -m tests.benchmarks.matching.fit --data FOLDER [--write].

Reads ``train.jsonl`` alone. The score is learnt as a conditional logit: of a query's candidates the
right one shall have the largest share of exp(score). Each feature may only count the way that makes
sense (`AGAINST`, `EITHER`), which keeps chance out of the weights. Every variant of what the import
may have mapped is learnt from, with the days of posts and fact-checks and without; with ``--among``
so is a larger collection, where many claims share rare words with a text by accident, and what
covers most of a claim counts for more. The calibration
is a logistic regression on the first candidate of each query, once with its right claim in the
collection and once without, its scores from a model that has not seen the query (five folds, by
claim). That of pairs, for claims that are compared with each other, is learnt from the titles of
fact-checks against the claims, where one in twenty repeats another (`REPEATED`). The same data give
the same numbers. Printed are the quality of the folds' models on what they have not seen, then the
numbers learnt from everything. It takes some minutes.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from claimtrack.matching import coefficients
from claimtrack.matching.features import FEATURES, Query, features
from claimtrack.matching.model import EVIDENCE, evidence
from tests.benchmarks.matching.collection import (
    CANDIDATES,
    UNTITLED,
    VARIANTS,
    Collection,
    Post,
    collection,
    read_claims,
    read_posts,
)
from tests.benchmarks.matching.evaluate import quality, telling

#: Features that count against a claim, and the one that may do either; all others count for it.
AGAINST = {"numbers_differ", "number_missing"}
EITHER = {"length"}
PENALTY = 0.003
FOLDS = 5
STEPS = 80
#: Of claims on record so many repeat another, about; and so many titles tell how that reads.
REPEATED = 0.05
TITLES = 3_000
#: Of each query's candidates so many of the first are learnt from; the rest are far off.
LEARNT_FROM = 15


_DAY = FEATURES.index("day")


class Asked(NamedTuple):
    """A query's candidates: their places, features, and which are right; its fold."""

    places: list[int]
    values: list[tuple[float, ...]]
    right: list[bool]
    fold: int
    post: Post

    def undated(self) -> Asked:
        """The same where nobody knows when the post was written."""
        return self._replace(values=[(*row[:_DAY], 0.0, *row[_DAY + 1 :]) for row in self.values])


def ask(claims: Collection, posts: Sequence[Post]) -> list[Asked]:
    """The candidates of each query with their features."""
    asked = []
    for post in posts:
        query = Query(post.text)
        places = [place for place, _ in claims.index.best(sorted(query.kinds), CANDIDATES)]
        candidates = [claims.candidate(place) for place in places]
        values = features(query, candidates, claims.weights, claims.average)
        fold = zlib.crc32(claims.claims[min(post.right)].statement.encode()) % FOLDS
        right = [place in post.right for place in places]
        asked.append(Asked(places, values, right, fold, post))
    return asked


def learn_score(asked: Sequence[Asked]) -> list[float]:
    """The weights of the features, on the scale of the features."""
    usable = [
        one._replace(values=one.values[:LEARNT_FROM], right=one.right[:LEARNT_FROM])
        for one in asked
        if any(one.right[:LEARNT_FROM])
    ]
    rows = [row for one in usable for row in one.values]
    columns = list(zip(*rows, strict=True))
    spread = [_spread(column) for column in columns]
    columns = [
        tuple(value / by for value in column) for column, by in zip(columns, spread, strict=True)
    ]
    weights, steps, before = ([value] * len(FEATURES) for value in (0.0, 0.1, 0.0))
    for _ in range(STEPS):
        slope = _slope(usable, columns, weights)
        for at, name in enumerate(FEATURES):
            # Resilient propagation: the sign of the slope, with a step of its own for each weight.
            grade = slope[at] + 2 * PENALTY * weights[at]
            turned = grade * before[at]
            steps[at] = min(
                max(steps[at] * (1.2 if turned > 0 else 0.5 if turned < 0 else 1), 1e-6), 1
            )
            before[at] = 0.0 if turned < 0 else grade
            if turned >= 0 and grade:
                weights[at] -= math.copysign(steps[at], grade)
            if name not in EITHER:
                weights[at] = min(weights[at], 0.0) if name in AGAINST else max(weights[at], 0.0)
    return [weight / by for weight, by in zip(weights, spread, strict=True)]


def _spread(column: Sequence[float]) -> float:
    mean = sum(column) / len(column)
    return math.sqrt(sum((value - mean) ** 2 for value in column) / len(column)) or 1.0


def _slope(
    asked: Sequence[Asked], columns: Sequence[Sequence[float]], weights: Sequence[float]
) -> list[float]:
    scores = [0.0] * len(columns[0])
    for weight, column in zip(weights, columns, strict=True):
        if weight:
            scores = [score + weight * value for score, value in zip(scores, column, strict=True)]
    missed: list[float] = []
    for one in asked:
        own = scores[len(missed) : len(missed) + len(one.right)]
        largest = max(own)
        shares = [math.exp(score - largest) for score in own]
        total, right = sum(shares), sum(one.right)
        missed += [
            share / total - (hit / right) for share, hit in zip(shares, one.right, strict=True)
        ]
    return [
        sum([miss * value for miss, value in zip(missed, column, strict=True)]) / len(asked)
        for column in columns
    ]


def scored(asked: Sequence[Asked], weights: Sequence[float]) -> list[list[float]]:
    """The scores of each query's candidates."""
    return [
        [
            sum([weight * value for weight, value in zip(weights, row, strict=True)])
            for row in one.values
        ]
        for one in asked
    ]


def unseen(asked: Sequence[Asked]) -> list[list[float]]:
    """The scores from models that have not seen the query's fold."""
    models = [learn_score([one for one in asked if one.fold != fold]) for fold in range(FOLDS)]
    return [scored([one], models[one.fold])[0] for one in asked]


class Judged(NamedTuple):
    """The first candidate of a query: what its probability is made from, and is it right."""

    values: tuple[float, ...]
    right: bool
    kept: bool
    fold: int


def firsts(asked: Sequence[Asked], scores: Sequence[Sequence[float]]) -> list[Judged]:
    """The best candidate of each query, with its right claim and without."""
    judged = []
    for one, own in zip(asked, scores, strict=True):
        for kept in (True, False):
            order = sorted(
                (at for at in range(len(own)) if kept or not one.right[at]),
                key=lambda at: -own[at],
            )[:2]
            if order:
                rival = own[order[1]] if len(order) > 1 else None
                values = evidence(own[order[0]], rival, one.values[order[0]][_DAY])
                judged.append(Judged(values, one.right[order[0]], kept, one.fold))
    return judged


def titles(rows: Sequence[dict[str, object]], score: Sequence[float]) -> list[Judged]:
    """Titles of fact-checks, against all claims without these titles, by the score's weights."""
    judged = []
    for fields in ((), UNTITLED):
        claims = collection(rows, fields)
        chosen = [
            at for at in range(0, len(rows), len(rows) // TITLES + 1) if rows[at].get("title")
        ]
        asked = ask(claims, [Post(str(rows[at]["title"]), frozenset({at})) for at in chosen])
        judged += firsts(asked, scored(asked, score))
    # Where its own claim is not the first, it is the pair of two others, as it is without it.
    return [one for one in judged if one.right or not one.kept]


def learn_calibration(judged: Sequence[Judged], share: float | None = None) -> list[float]:
    """The constant and the weights of `EVIDENCE`, by Newton's method.

    With ``share`` those that are right count as if they were so large a share of all.
    """
    right = sum(one.right for one in judged) / len(judged)
    counts = (1.0, 1.0) if share is None else ((1 - share) / (1 - right), share / right)
    weights = [0.0] * (len(EVIDENCE) + 1)
    for _ in range(30):
        slope = [1e-3 * weight for weight in weights]
        curve = [
            [1e-3 * (row == column) for column in range(len(weights))]
            for row in range(len(weights))
        ]
        for one in judged:
            values = (1.0, *one.values)
            chance = 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, values, strict=True))))
            count = counts[one.right]
            for row, value in enumerate(values):
                slope[row] += count * (chance - one.right) * value
                for column, other in enumerate(values):
                    curve[row][column] += count * chance * (1 - chance) * value * other
        weights = [w - step for w, step in zip(weights, _solve(curve, slope), strict=True)]
    return weights


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at in range(len(rows)):
        pivot = max(range(at, len(rows)), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for row in range(len(rows)):
            if row != at:
                by = rows[row][at]
                rows[row] = [
                    value - by * own for value, own in zip(rows[row], rows[at], strict=True)
                ]
    return [row[-1] for row in rows]


def chances(judged: Sequence[Judged], weights: Sequence[float]) -> list[float]:
    """The probabilities that a calibration gives."""
    return [
        1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, (1.0, *one.values), strict=True))))
        for one in judged
    ]


def _told(
    variant: str,
    asked: Sequence[Asked],
    scores: Sequence[Sequence[float]],
    judged: Sequence[Judged],
    weights: Sequence[float],
) -> None:
    rankings = [
        [one.places[at] for at in sorted(range(len(own)), key=lambda at: -own[at])]
        for one, own in zip(asked, scores, strict=True)
    ]
    found = quality(rankings, [one.post for one in asked])
    sure = chances(judged, weights)
    kept = [chance for chance, one in zip(sure, judged, strict=True) if one.kept]
    removed = [chance for chance, one in zip(sure, judged, strict=True) if not one.kept]
    line = "  ".join(
        f"{threshold:.2f}: {telling(kept, removed, threshold).f1:.4f}"
        for threshold in (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
    )
    print(
        f"{variant:18} MAP@5 {found.average_precision:.4f}  MRR {found.reciprocal_rank:.4f}"
        f"  success@10 {found.success:.4f}  F1 at {line}",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Learn, print the quality on unseen folds and the numbers, and write them if told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--among", type=int, default=0, help="learn as well from the claims among others, so many"
    )
    parser.add_argument("--write", action="store_true", help="write them into the package")
    chosen = parser.parse_args(arguments)
    rows, places = read_claims(chosen.data)
    posts = read_posts(chosen.data / "train.jsonl", places)
    variants = {name: ask(collection(rows, fields), posts) for name, fields in VARIANTS.items()}
    if chosen.among:
        variants["among"] = ask(collection(rows, VARIANTS["title"], among=chosen.among), posts)
    for name, asked in list(variants.items()):
        variants[f"{name}, undated"] = [one.undated() for one in asked]
    everything = [one for asked in variants.values() for one in asked]
    scores = unseen(everything)
    judged = firsts(everything, scores)
    calibration = learn_calibration(judged)
    at = 0
    for name, asked in variants.items():
        own = scores[at : at + len(asked)]
        at += len(asked)
        _told(name, asked, own, firsts(asked, own), calibration)
    score = learn_score(everything)
    pairs = learn_calibration(titles(rows, score), REPEATED)
    named = ("constant", *EVIDENCE)
    written = source(
        {
            "SCORE": dict(zip(FEATURES, score, strict=True)),
            "CALIBRATION": dict(zip(named, calibration, strict=True)),
            "PAIRS": dict(zip(named, pairs, strict=True)),
        },
        f"{chosen.data.name}/train.jsonl, {len(posts):,} posts, {len(rows):,} claims"
        + (f" alone and among {chosen.among:,}" if chosen.among else ""),
    )
    print(written)
    if chosen.write:
        Path(str(coefficients.__file__)).write_text(written, encoding="utf-8")


def source(learnt: Mapping[str, Mapping[str, float]], origin: str) -> str:
    """The module that holds the numbers."""
    lines = [
        '"""The model\'s numbers, written by `python -m tests.benchmarks.matching.fit --write`.',
        "",
        f"Learnt from {origin}.",
        '"""',
        "",
    ]
    for name, numbers in learnt.items():
        lines += [
            f"{name} = {{",
            *(f'    "{key}": {round(value, 4) + 0.0},' for key, value in numbers.items()),
            "}",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
