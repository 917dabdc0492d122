"""MAP@5, MRR, success@10 and how well "is there a match" is told, against plain BM25.

    python -m tests.benchmarks matching --data FOLDER [--queries dev.jsonl] [--texts summary]
        [--others] [--averitec dev.json --liar train.tsv]
    python -m tests.benchmarks matching --data FOLDER --through-database [--claims 1000000]

Plain BM25 is what a user would do instead: the lower-cased, stemmed words of statement and titles
in the same run; ``--others`` adds bm25s, SQLite's FTS5 and ts_rank. Their thresholds on the score
are those that did best on the first of ``train.jsonl``; that of ours is the program's. AVeriTeC and
LIAR give texts that are no posts.
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


#: So many of train's queries tell the threshold of another way of finding: each is slow.
THRESHOLD_FROM = 300


def line(name: str, find: Finder, threshold: float, posts: Sequence[Post]) -> None:
    """Measure one way of finding and print what came of it."""
    one = run(find, posts)
    found, told = quality(one.rankings, posts), telling(one.kept, one.removed, threshold)
    print(
        f"{name:12} {found.average_precision:7.4f} {found.reciprocal_rank:7.4f}"
        f" {found.success:8.4f} {told.precision:7.4f} {told.recall:7.4f} {told.f1:7.4f}"
        f" {one.milliseconds:7.1f}",
        flush=True,
    )


def main(arguments: list[str]) -> None:
    """Print a line for each way of finding, and what it was measured on."""
    from tests.benchmarks.matching import others, sentences  # they take from here what is measured

    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks matching")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the collection")
    parser.add_argument("--queries", default="dev.jsonl", help="the file of queries in it")
    parser.add_argument("--texts", choices=list(VARIANTS), default="summary")
    parser.add_argument(
        "--through-database", action="store_true", help="import the claims, and ask `claim match`"
    )
    parser.add_argument(
        "--claims", type=int, default=0, help="then generate others until there are so many"
    )
    parser.add_argument("--others", action="store_true", help="bm25s, FTS5 and ts_rank as well")
    parser.add_argument(
        "--averitec", type=Path, help="AVeriTeC's dev.json: texts that aren't posts"
    )
    parser.add_argument("--liar", type=Path, help="LIAR's train.tsv: texts that aren't posts")
    chosen = parser.parse_args(arguments)
    rows, places = read_claims(chosen.data)
    claims = collection(rows, VARIANTS[chosen.texts])
    posts = read_posts(chosen.data / chosen.queries, places)
    if chosen.through_database:
        from tests.benchmarks.matching.database import through_database

        through_database(chosen.data / "docs.jsonl", claims, posts, chosen.texts, chosen.claims)
        return
    learnt = read_posts(chosen.data / "train.jsonl", places)[:THRESHOLD_FROM]
    print(f"{len(posts):,} queries of {chosen.queries}, {len(rows):,} claims ({chosen.texts})")
    print(
        f"{'':12} {'MAP@5':>7} {'MRR':>7} {'succ@10':>8} {'prec.':>7} {'recall':>7} {'F1':>7}"
        f" {'ms':>7}"
    )
    by_bm25 = plain(claims)
    threshold = best_threshold(run(by_bm25, learnt))
    line("plain BM25", by_bm25, threshold, posts)
    line("claimtrack", ours(claims), THRESHOLD, posts)
    if chosen.others:
        for name, find in (("bm25s", others.by_bm25s(claims)), ("FTS5", others.by_fts5(claims))):
            if find is None:
                print(f"{name:12} is not installed: pip install {name}")
            else:
                line(name, find, best_threshold(run(find, learnt)), posts)
        with others.by_ts_rank(claims) as find:
            line("ts_rank", find, best_threshold(run(find, learnt)), posts)
    if chosen.averitec and chosen.liar:
        for name, (other, texts) in sentences.sets(rows, chosen.averitec, chosen.liar).items():
            print(f"{len(texts):,} {name}, {len(other.claims):,} claims; thresholds as above")
            line("plain BM25", plain(other), threshold, texts)
            line("claimtrack", ours(other), THRESHOLD, texts)
