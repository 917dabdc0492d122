"""What a user would do instead of claimtrack: the same claims asked in other ways, in one run.

`bm25s` is measured where it is installed; SQLite's FTS5 comes with Python; ``ts_rank`` over a
query of all words joined by OR runs on a server of its own. Each stems English.
"""

from __future__ import annotations

import importlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import psycopg
from sqlalchemy import make_url

from tests.benchmarks.matching.collection import CANDIDATES, Collection
from tests.benchmarks.matching.evaluate import Finder, plain_words
from tests.benchmarks.server import fresh_database

_INSTALLED = find_spec("bm25s") is not None


def _texts(claims: Collection) -> list[str]:
    return [" ".join((one.statement, *one.others)) for one in claims.claims]


def _words(text: str) -> list[str]:
    return sorted(set(re.findall(r"\w+", text.lower())))


def _left(rows: list[tuple[int, float]], without: frozenset[int]) -> list[tuple[int, float]]:
    return [row for row in rows if row[0] not in without][:CANDIDATES]


def by_bm25s(claims: Collection) -> Finder | None:
    """The package bm25s over stemmed words; None where it is not installed."""
    if not _INSTALLED:
        return None
    index = importlib.import_module("bm25s").BM25()
    index.index([plain_words(text) for text in _texts(claims)], show_progress=False)

    def find(text: str, without: frozenset[int]) -> list[tuple[int, float]]:
        wanted = min(CANDIDATES + len(without), len(claims.claims))
        places, scores = index.retrieve([plain_words(text)], k=wanted, show_progress=False)
        rows = [(int(a), float(b)) for a, b in zip(places[0], scores[0], strict=True) if b > 0]
        return _left(rows, without)

    return find


def by_fts5(claims: Collection) -> Finder:
    """SQLite's full-text search, stemming by Porter, ranked by its own bm25()."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE claim USING fts5(text, tokenize='porter unicode61')")
    database.executemany(
        "INSERT INTO claim (rowid, text) VALUES (?, ?)", enumerate(_texts(claims), 1)
    )

    def find(text: str, without: frozenset[int]) -> list[tuple[int, float]]:
        asked = " OR ".join(f'"{word}"' for word in _words(text))
        if not asked:
            return []
        found = database.execute(
            "SELECT rowid - 1, -bm25(claim) FROM claim WHERE claim MATCH ?"
            " ORDER BY bm25(claim), rowid LIMIT ?",
            (asked, CANDIDATES + len(without)),
        )
        return _left(found.fetchall(), without)

    return find


@contextmanager
def by_ts_rank(claims: Collection) -> Iterator[Finder]:
    """PostgreSQL's ts_rank, normalised by length, over an index of English words."""
    with fresh_database() as url:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("CREATE TEMP TABLE told (place integer, words tsvector)")
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO told VALUES (%s, to_tsvector('english', %s))",
                    list(enumerate(_texts(claims))),
                )
            connection.execute("CREATE INDEX ON told USING gin (words)")
            connection.execute("ANALYZE told")

            def find(text: str, without: frozenset[int]) -> list[tuple[int, float]]:
                asked = " | ".join(f"'{word}'" for word in _words(text))
                found = connection.execute(
                    "SELECT place, ts_rank(words, asked, 1) AS rank"
                    " FROM told, to_tsquery('english', %s) AS asked WHERE words @@ asked"
                    " ORDER BY rank DESC, place LIMIT %s",
                    (asked, CANDIDATES + len(without)),
                )
                return _left(found.fetchall(), without)

            yield find
