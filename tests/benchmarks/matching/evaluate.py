"""MAP@5, MRR, success@10 and how well "is there a match" is told, against plain BM25.

    python -m tests.benchmarks matching --data FOLDER [--queries dev.jsonl] [--texts title]
    python -m tests.benchmarks matching --data FOLDER --through-database [--claims 1000000]

Plain BM25 is what a user would do instead: the lower-cased, stemmed words of statement and titles
in the same run. Its threshold on the score is the one that did best on ``train.jsonl``; that of
ours is the program's.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from claimtrack.matching.features import Query
from claimtrack.matching.model import THRESHOLD, rank
from claimtrack.matching.terms import stem
from tests.benchmarks.matching.collection import (
    CANDIDATES,
    VARIANTS,
    Collection,
    Index,
    Post,
    collection,
    halves,
    read_claims,
    read_posts,
)

#: Ranks a text's claims, best first with a number that says how sure it is, without some.
Finder = Callable[[str, frozenset[int]], list[tuple[int, float]]]


class Quality(NamedTuple):
    """Of a ranking, each from 0 to 1."""

    average_precision: float
    reciprocal_rank: float
    success: float


class Telling(NamedTuple):
    """Of "is there a match", each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def quality(rankings: Sequence[Sequence[int]], posts: Sequence[Post]) -> Quality:
    """MAP@5, MRR and success@10."""
    precision = reciprocal = success = 0.0
    for places, post in zip(rankings, posts, strict=True):
        hits = [at for at, place in enumerate(places, 1) if place in post.right]
        precision += sum(number / at for number, at in enumerate(hits, 1) if at <= 5) / min(
            len(post.right), 5
        )
        reciprocal += 1 / hits[0] if hits else 0
        success += bool(hits and hits[0] <= 10)
    number = max(len(posts), 1)
    return Quality(precision / number, reciprocal / number, success / number)


def telling(kept: Sequence[float], removed: Sequence[float], threshold: float) -> Telling:
    """Precision, recall and F1 of calling it a match, where half had their right claim removed.

    ``kept`` and ``removed`` say how sure the best match of each query is with its right claim in
    the collection and without; which half has it removed is drawn several times.
    """
    found = wrong = missed = 0
    for taken_out in halves(len(kept)):
        for number in range(len(kept)):
            if number in taken_out:
                wrong += removed[number] >= threshold
            elif kept[number] >= threshold:
                found += 1
            else:
                missed += 1
    precision, recall = found / max(found + wrong, 1), found / max(found + missed, 1)
    return Telling(precision, recall, 2 * found / max(2 * found + wrong + missed, 1))


def plain_words(text: str) -> list[str]:
    """Lower-cased and stemmed, and nothing else."""
    return [stem(word, "en") or word for word in re.findall(r"\w+", text.lower())]


def plain(claims: Collection) -> Finder:
    """Plain BM25."""
    index = Index([plain_words(" ".join((one.statement, *one.others))) for one in claims.claims])
    return lambda text, without: index.best(plain_words(text), CANDIDATES, without)


def ours(claims: Collection) -> Finder:
    """The model, on the best candidates by BM25."""

    def find(text: str, without: frozenset[int]) -> list[tuple[int, float]]:
        query = Query(text)
        places = [place for place, _ in claims.index.best(sorted(query.kinds), CANDIDATES, without)]
        ranked = rank(
            query, [claims.candidate(place) for place in places], claims.weights, claims.average
        )
        return [(places[one.place], one.probability) for one in ranked]

    return find


class Run(NamedTuple):
    """What a finder made of queries."""

    rankings: list[list[int]]
    kept: list[float]
    removed: list[float]
    milliseconds: float


def run(find: Finder, posts: Sequence[Post]) -> Run:
    """Ask for each query with and without its right claims."""
    rankings, kept, removed = [], [], []
    started = time.perf_counter()
    for post in posts:
        found = find(post.text, frozenset())
        without = find(post.text, post.right)
        rankings.append([place for place, _ in found])
        kept.append(found[0][1] if found else 0.0)
        removed.append(without[0][1] if without else 0.0)
    spent = (time.perf_counter() - started) / max(2 * len(posts), 1)
    return Run(rankings, kept, removed, spent * 1000)


def best_threshold(one: Run) -> float:
    """The threshold that does best on what a finder made of queries."""
    values = sorted({*one.kept, *one.removed})
    steps = values[:: max(len(values) // 200, 1)]
    return max(steps, key=lambda value: telling(one.kept, one.removed, value).f1)


def main(arguments: list[str]) -> None:
    """Print a line for each way of finding, and what it was measured on."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks matching")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the collection")
    parser.add_argument("--queries", default="dev.jsonl", help="the file of queries in it")
    parser.add_argument("--texts", choices=list(VARIANTS), default="title")
    parser.add_argument(
        "--through-database", action="store_true", help="import the claims, and ask `claim match`"
    )
    parser.add_argument(
        "--claims", type=int, default=0, help="then generate others until there are so many"
    )
    chosen = parser.parse_args(arguments)
    rows, places = read_claims(chosen.data)
    claims = collection(rows, chosen.texts)
    posts = read_posts(chosen.data / chosen.queries, places)
    if chosen.through_database:
        from tests.benchmarks.matching.database import through_database

        through_database(chosen.data / "docs.jsonl", claims, posts, chosen.texts, chosen.claims)
        return
    learnt = read_posts(chosen.data / "train.jsonl", places)
    print(f"{len(posts):,} queries of {chosen.queries}, {len(rows):,} claims ({chosen.texts})")
    print(
        f"{'':12} {'MAP@5':>7} {'MRR':>7} {'succ@10':>8} {'prec.':>7} {'recall':>7} {'F1':>7}"
        f" {'ms':>7}"
    )
    by_bm25 = plain(claims)
    for name, find, threshold in (
        ("plain BM25", by_bm25, best_threshold(run(by_bm25, learnt))),
        ("claimtrack", ours(claims), THRESHOLD),
    ):
        one = run(find, posts)
        found, told = quality(one.rankings, posts), telling(one.kept, one.removed, threshold)
        print(
            f"{name:12} {found.average_precision:7.4f} {found.reciprocal_rank:7.4f}"
            f" {found.success:8.4f} {told.precision:7.4f} {told.recall:7.4f} {told.f1:7.4f}"
            f" {one.milliseconds:7.1f}",
            flush=True,
        )
