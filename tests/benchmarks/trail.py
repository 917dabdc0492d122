"""What the trail of events costs: the same work with its triggers on and off, in turn.

Single rows are a workload as commands make it, each in a transaction of its own: record a claim,
let it appear, change it; and the same statements within one transaction, where no commit hides
what a trigger costs. Bulk is a COPY of claims. Every round runs each twice, on and off, on tables
that are emptied in between; the ratio is the median of the rounds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from statistics import median

import psycopg

from claimtrack.models.rules import LOGGED
from tests.benchmarks.server import fresh_database

ROUNDS = 9
SINGLE = 300
BULK = 20_000

#: What the workloads fill, and all that could refer to it.
CLEARED = (*LOGGED, "event")

TRAIL = """
    SELECT tgname FROM pg_trigger
    WHERE tgrelid = CAST(%s AS regclass) AND tgfoid = CAST('log_event' AS regproc)
"""

ADD = """
    INSERT INTO claim (statement, statement_key, kind, topics)
    VALUES (%s, %s, 'fact', '{roads}') RETURNING id
"""
APPEAR = "INSERT INTO appearance (claim_id, no, source_id, manner) VALUES (%s, 1, 1, 'own_voice')"
CHANGE = "UPDATE claim SET priority = 3, assigned_to = 'Ana Ruiz' WHERE id = %s"

Work = Callable[[psycopg.Connection], None]


def main(numbers: list[int]) -> None:
    """Print a line for each workload: its time with the trail, without, their ratio, the bar."""
    rounds = numbers[0] if numbers else ROUNDS
    with fresh_database() as url:
        url = url.replace("postgresql+psycopg://", "postgresql://")
        print(f"{'workload':44} {'on':>9} {'off':>9} {'ratio':>7} {'bar':>6}")
        for name, work, bar in (
            (f"{SINGLE:,} claims, a commit for each row", _single_committed, 1.6),
            (f"{SINGLE:,} claims, row by row, one commit", _single_together, None),
            (f"{BULK:,} claims by COPY", _bulk, 2.0),
        ):
            _compare(url, name, work, bar, rounds)


def _compare(url: str, name: str, work: Work, bar: float | None, rounds: int) -> None:
    pairs = []
    for number in range(rounds + 1):
        # Which of the two comes first changes from round to round.
        order = (True, False) if number % 2 else (False, True)
        times = {trail: _seconds(url, work, trail=trail) for trail in order}
        pairs.append((times[True], times[False]))
    pairs = pairs[1:]  # the first of each fills the caches
    ratio = median(on / off for on, off in pairs)
    on, off = (median(column) for column in zip(*pairs, strict=True))
    limit = f"{bar:6.2f}" if bar else "     –"
    print(f"{name:44} {on * 1000:6.0f} ms {off * 1000:6.0f} ms {ratio:7.2f} {limit}", flush=True)


def _seconds(url: str, work: Work, *, trail: bool) -> float:
    with psycopg.connect(url, autocommit=True) as connection:
        _clear(connection)
        for table in LOGGED:
            for (name,) in connection.execute(TRAIL, (table,)).fetchall():
                state = "ENABLE" if trail else "DISABLE"
                connection.execute(f"ALTER TABLE {table} {state} TRIGGER {name}".encode())
        connection.execute("CHECKPOINT")
        started = time.perf_counter()
        work(connection)
        return time.perf_counter() - started


def _clear(connection: psycopg.Connection) -> None:
    """Empty the tables, and leave the one source that claims appear in."""
    for table in CLEARED:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
    connection.execute(f"TRUNCATE {', '.join(CLEARED)} RESTART IDENTITY CASCADE".encode())
    connection.execute(
        "INSERT INTO source (kind, url, host, source_key)"
        " VALUES ('article', 'https://example.org/1', 'example.org', sha256('1'))"
    )
    for table in CLEARED:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())


def _claims(count: int) -> list[tuple[str, bytes]]:
    statements = [
        f"The crossing at mile {number} was closed for {number % 90} days, the mayor said"
        for number in range(count)
    ]
    return [(words, hashlib.sha256(words.encode()).digest()) for words in statements]


def _single_committed(connection: psycopg.Connection) -> None:
    for words, key in _claims(SINGLE):
        row = connection.execute(ADD, (words, key)).fetchone()
        connection.execute(APPEAR, row)
        connection.execute(CHANGE, row)


def _single_together(connection: psycopg.Connection) -> None:
    with connection.transaction():
        _single_committed(connection)


def _bulk(connection: psycopg.Connection) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY claim (statement, statement_key) FROM STDIN") as copy,
    ):
        for row in _claims(BULK):
            copy.write_row(row)
