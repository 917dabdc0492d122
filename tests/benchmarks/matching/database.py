"""The same measures through import and the service behind `claim match`, at any number of claims.

The claims are imported by the command; then others are generated among them, by chains of the
words that follow each other in the real ones, so that they share their vocabulary and its
frequencies. Of each size it prints the quality, and what a query costs the server and the whole of
it; of the largest what the tables take on disk, and what a claim costs to add: with and without
postings, and by the whole command, with and without looking for repeats.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from click.testing import CliRunner
from sqlalchemy import Connection, Engine, event, text

from claimtrack.cli import cli
from claimtrack.db import make_engine, write_transaction
from claimtrack.keys import statement_key
from claimtrack.matching.model import THRESHOLD
from claimtrack.services.appearances import AppearanceGiven
from claimtrack.services.claims import ClaimGiven, add_claim
from claimtrack.services.matching import postings
from claimtrack.services.matching.finding import find
from claimtrack.services.matching.texts import Texts
from tests.benchmarks.matching.collection import Collection, Post, statements
from tests.benchmarks.matching.evaluate import Run, quality, telling
from tests.benchmarks.server import fresh_database

#: What of a row of the collection becomes no field of a claim, though its name is known.
_LEFT_OUT = {"statement": ("title=", "summary="), "title": ("summary=",), "summary": ()}
_BATCH = 5_000
_ADDED = 150
_ASKED = 20


def through_database(
    path: Path, claims: Collection, posts: Sequence[Post], variant: str, size: int
) -> None:
    """Print the measures of the claims alone, and of them among others if ``size`` is given."""
    with fresh_database() as url:
        _import(url, path, variant)
        engine = make_engine(url)
        heads = ("claims", "MAP@5", "MRR", "succ@10", "F1", "p50", "p95", "whole")
        print(*(f"{head:>{9 - bool(at)}}" for at, head in enumerate(heads)))
        print("(p50 and p95 in the server, median of the whole query; milliseconds)")
        with engine.connect() as connection:
            places = _places(connection, path)
            _measure(connection, posts, places)
        if size > len(claims.claims):
            began = time.perf_counter()
            _generate(engine, claims, size)
            print(f"({time.perf_counter() - began:.0f} s to generate and fill)")
            with engine.connect() as connection:
                _measure(connection, posts, places)
        with engine.connect() as connection:
            for row in connection.execute(text(_SIZES)):
                print(f"{row.name:28} {row.size:>10}")
        _adding(engine, claims)
        _asking(url, claims)


def _import(url: str, path: Path, variant: str) -> None:
    mapped = ["statement=vclaim", "external_id=id", *_LEFT_OUT[variant]]
    words = [word for one in mapped for word in ("--map", one)]
    done = CliRunner().invoke(
        cli,
        ["import", "jsonl", str(path), *words, "--set", "publisher=The collection"],
        env={"CLAIMTRACK_DATABASE_URL": url, "CLAIMTRACK_ACTOR": "benchmark"},
    )
    assert done.exit_code == 0, done.stderr


def _places(connection: Connection, path: Path) -> dict[int, int]:
    """The place in the file of each claim, by its id; rows of the same statement are one claim."""
    rows = connection.execute(text("SELECT claim_id, no FROM import_row ORDER BY no DESC"))
    return {row.claim_id: row.no - 1 for row in rows}


def _measure(connection: Connection, posts: Sequence[Post], places: dict[int, int]) -> None:
    """Print the line of a size."""
    numbers = {place: number for number, place in places.items()}
    spent: list[float] = []
    one, in_server, whole = Run([], [], [], 0), [], []
    _listen(connection, spent)
    for post in posts:
        # A query before it has read the pages that all queries read.
        spent.clear()
        began = time.perf_counter()
        found = find(connection, post.text, threshold=0)
        whole.append((time.perf_counter() - began) * 1000)
        in_server.append(sum(spent))
        right = {numbers[place] for place in post.right if place in numbers}
        without = find(connection, post.text, threshold=0, limit=1, without=right)
        one.rankings.append([places.get(match.claim_id, -1) for match in found])
        one.kept.append(found[0].probability if found else 0.0)
        one.removed.append(without[0].probability if without else 0.0)
    all_claims = connection.execute(text("SELECT count(*) FROM claim")).scalar_one()
    got, told = quality(one.rankings, posts), telling(one.kept, one.removed, THRESHOLD)
    print(
        f"{all_claims:9,} {got.average_precision:8.4f} {got.reciprocal_rank:8.4f}"
        f" {got.success:8.4f} {told.f1:8.4f} {median(in_server):8.1f}"
        f" {quantiles(in_server, n=20)[-1]:8.1f} {median(whole):8.1f}",
        flush=True,
    )


def _listen(connection: Connection, spent: list[float]) -> None:
    """Keep how long each statement is under way, to the server and back."""
    began = [0.0]

    def before(*_: Any) -> None:
        began[0] = time.perf_counter()

    def after(*_: Any) -> None:
        spent.append((time.perf_counter() - began[0]) * 1000)

    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)


# --- Generated claims ----------------------------------------------------------------------------


def _generate(engine: Engine, claims: Collection, size: int) -> None:
    """Claims with their postings, past the triggers, until there are so many."""
    made = statements([" ".join((one.statement, *one.others)) for one in claims.claims])
    left = size - len(claims.claims)
    with engine.begin() as connection:
        first = connection.execute(text("SELECT max(id) + 1 FROM claim")).scalar_one()
    for start in range(first, first + left, _BATCH):
        batch = [
            (start + at, each)
            for at, each in zip(range(min(_BATCH, first + left - start)), made, strict=False)
        ]
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            driver = connection.connection.driver_connection
            assert driver is not None
            with driver.cursor().copy("COPY claim (id, statement, statement_key) FROM STDIN") as to:
                for number, each in batch:
                    to.write_row((number, each, statement_key(f"{number} {each}")))
            postings.fill(connection, ((number, Texts(each, "en")) for number, each in batch))
    with engine.begin() as connection:
        connection.execute(text("SELECT setval('claim_id_seq', (SELECT max(id) FROM claim))"))
        postings.count_words(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


# --- What it costs -------------------------------------------------------------------------------

_SIZES = """
    SELECT relname AS name, pg_size_pretty(pg_table_size(oid)) AS size FROM pg_class
    WHERE relname IN (
        'claim', 'posting', 'pk_posting', 'ix_posting_term', 'posting_list', 'word', 'ix_word_term'
    )
    ORDER BY pg_table_size(oid) DESC
"""


def _adding(engine: Engine, claims: Collection) -> None:
    """Print what a claim costs to add, with its postings and without, by turns."""
    made = statements([one.statement for one in claims.claims], seed=2)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * _ADDED):
        fills = number % 2 == 0
        began = time.perf_counter()
        with contextlib.redirect_stderr(io.StringIO()), _writing(engine, fills=fills) as connection:
            add_claim(
                connection,
                ClaimGiven(f"{next(made)} {number}"),
                AppearanceGiven(source="https://example.org/added", manner="own_voice"),
            )
            if fills:
                postings.drain(connection, left_over=0)
        spent[fills].append((time.perf_counter() - began) * 1000)
    on, off = median(spent[True]), median(spent[False])
    print(f"adding a claim: {on:.2f} ms with postings, {off:.2f} ms without: {on / off:.2f} times")


def _asking(url: str, claims: Collection) -> None:
    """Print what the whole command costs that looks for repeats, and the one that does not."""
    made = statements([one.statement for one in claims.claims], seed=3)
    env = {**os.environ, "CLAIMTRACK_DATABASE_URL": url, "CLAIMTRACK_ACTOR": "benchmark"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * _ASKED):
        looks = number % 2 == 0
        words = ["claim", "add", f"{next(made)} {number}", "--manner", "own-voice", "--source",
                 "https://example.org/added", *([] if looks else ["--new"])]  # fmt: skip
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "claimtrack", *words], env=env, check=True, capture_output=True
        )
        spent[looks].append((time.perf_counter() - began) * 1000)
    on, off = median(spent[True]), median(spent[False])
    print(f"claim add: {on:.0f} ms looking for repeats, {off:.0f} ms with --new: {on / off:.2f}")


@contextlib.contextmanager
def _writing(engine: Engine, *, fills: bool) -> Iterator[Connection]:
    with write_transaction(engine, actor="benchmark") as connection:
        if not fills:
            connection.execute(text("SELECT set_config('claimtrack.fills_postings', 'on', true)"))
        yield connection
