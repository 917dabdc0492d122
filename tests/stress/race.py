"""Eight processes, half of whose commands are about the same twenty claims."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, text

from claimtrack.db import make_engine
from tests import records
from tests.stress.checks import command, refuse_wrong
from tests.stress.worker import Ended, endings, work

SHARED = 20


def race(
    url: str,
    folder: Path,
    environment: Mapping[str, str | None],
    *,
    processes: int = 8,
    operations: int = 500,
    seed: int = 1,
) -> Counter[tuple[str, int]]:
    """Let them all work at once, then compare what the commands said with what is stored.

    Returns how many commands of each kind ended with each exit code. Raises AssertionError for a
    lost update, a wrong status, a refusal that is no clear conflict, a deadlock, a broken chain.
    """
    with make_engine(url).begin() as connection:
        shared = [
            records.claim(connection, f"Shared claim {number} is true") for number in range(SHARED)
        ]
        before = _stored(connection)
    # Verdicts of one worker wait for another's approval, most of the time.
    command(environment, "policy", "second_reviewer", "on")
    reports = [folder / f"worker-{number}.jsonl" for number in range(processes)]
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(
            target=work, args=(number, operations, shared, dict(environment), seed, str(report))
        )
        for number, report in enumerate(reports)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ended = [one for report in reports for one in endings(report)]
    assert len(ended) == processes * operations, "a worker did not finish"
    refuse_unclear(ended)
    with make_engine(url).connect() as connection:
        nothing_lost(connection, ended, before)
        deadlocks = connection.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
    assert deadlocks == 0
    refuse_wrong(environment)
    return Counter((one.what, one.code) for one in ended)


def refuse_unclear(ended: list[Ended]) -> None:
    """A command is done, or it is a conflict that says in words what is wrong."""
    for one in ended:
        assert one.code in (0, 4), one
        if one.code == 4:
            assert one.said.startswith("Error: "), one
            for word in ("deadlock", "Traceback", "serializ", "psycopg", "constraint"):
                assert word not in one.said, one


def _stored(connection: Connection) -> Counter[str]:
    counts = {
        table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in ("claim", "appearance", "review")
    }
    return Counter(counts)


def nothing_lost(connection: Connection, ended: list[Ended], before: Counter[str]) -> None:
    """Each command that said that it was done has left exactly what it says, and no other has."""
    done = [one for one in ended if one.code == 0]
    added = sum(one.what == "add" for one in done)
    appeared = {one.mark: one.claim_id for one in done if one.what == "appearance"}
    moved = {one.mark: one.claim_id for one in done if one.what in ("mark", "approve")}
    stored = _stored(connection) - before
    assert stored["claim"] == added
    assert stored["appearance"] == added + len(appeared)
    assert stored["review"] == len(moved)
    places = connection.execute(text("SELECT place, claim_id FROM appearance WHERE place > ''"))
    assert {row.place: row.claim_id for row in places} == appeared
    reasons = connection.execute(text("SELECT because, claim_id FROM review"))
    assert {row.because: row.claim_id for row in reasons} == moved
    given = connection.execute(
        text(
            "SELECT substr(after ->> 'assigned_to', 8) AS word, claim_id FROM event"
            " WHERE table_name = 'claim' AND after ->> 'assigned_to' LIKE 'Holder %'"
            " AND NOT after ? 'review_no'"
        )
    )
    assert {row.word: row.claim_id for row in given} == {
        one.mark: one.claim_id for one in done if one.what == "assign"
    }
