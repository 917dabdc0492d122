"""Imports that are killed at random moments, and run again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, text

from claimtrack.db import make_engine
from tests.benchmarks.imports.generate import write_csv
from tests.stress.checks import refuse_wrong
from tests.stress.kills import wait_alone

#: How long a command may take before it counts as hung, in seconds.
PATIENCE = 300


@dataclass(frozen=True)
class Importing:
    """A file of so many rows, and the database and environment that it is imported in.

    ``batch`` is what the command commits after; None is all or nothing.
    """

    url: str
    environment: Mapping[str, str | None]
    file: Path
    rows: int
    batch: int | None = None

    def start(self, *more: str) -> subprocess.Popen[str]:
        """The command in a process of its own."""
        words = ["import", "csv", str(self.file), "--map", "external_id=id", *more]
        if self.batch is not None:
            words += ["--batch", str(self.batch)]
        wanted = {**os.environ, **self.environment, "CLAIMTRACK_ACTOR": "Ana Ruiz"}
        return subprocess.Popen(
            [sys.executable, "-m", "claimtrack", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in wanted.items() if value is not None},
        )

    def finish(self) -> None:
        """Run the command to its end; it must succeed."""
        process = self.start()
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, f"{out}{err}"


def kill_imports(
    url: str,
    environment: Mapping[str, str | None],
    folder: Path,
    *,
    rows: int,
    times: int,
    batch: int | None,
    seed: int,
) -> int:
    """Kill an import at another moment each time, then let it run to its end.

    After each kill nothing is there or, with ``batch``, whole batches are; in the end every row
    is, once. Returns how many imports were killed before they had done their work.
    """
    dice = random.Random(seed)
    importing = Importing(url, environment, folder / "claims.csv", rows, batch)
    write_csv(importing.file, rows)
    began = time.monotonic()
    # As long as the import itself, and nothing stays.
    dry = Importing(url, environment, importing.file, rows).start("--dry-run")
    _, said = dry.communicate(timeout=PATIENCE)
    assert dry.returncode == 0, said
    whole = time.monotonic() - began
    killed = 0
    for turn in range(times):
        process = importing.start()
        # With batches each goes on where the last one stopped: so some get less time than they
        # need for a batch, and none enough for all.
        longest = whole if batch is None else whole * min(1, 0.3 + 2 / times)
        time.sleep(dice.uniform(0.2, 0.95) * longest)
        killed += process.poll() is None
        process.kill()
        process.communicate(timeout=PATIENCE)
        with make_engine(url).connect() as connection:
            # What the client sent last may still be under way on the server.
            wait_alone(connection)
            refuse_half(connection, importing)
        if turn % 5 == 0:
            refuse_wrong(environment)
    importing.finish()
    with make_engine(url).connect() as connection:
        refuse_other_than_once(connection, rows)
    refuse_wrong(environment)
    return killed


def interrupt_imports(
    url: str, environment: Mapping[str, str | None], folder: Path, *, rows: int, times: int
) -> float:
    """Press Ctrl-C at random moments of an import: it says so, and nothing is there.

    Returns the seconds that the slowest took to end.
    """
    dice = random.Random(rows)
    importing = Importing(url, environment, folder / "claims.csv", rows)
    write_csv(importing.file, rows)
    slowest = 0.0
    for _ in range(times):
        process = importing.start()
        with make_engine(url).connect() as connection:
            wait_for(connection, "application_name LIKE 'claimtrack import %'")
        time.sleep(dice.uniform(0.0, 3.0))
        began = time.monotonic()
        refuse_unclear_interrupt(process)
        slowest = max(slowest, time.monotonic() - began)
        with make_engine(url).connect() as connection:
            wait_alone(connection)
            refuse_half(connection, importing)
    return slowest


def refuse_unclear_interrupt(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C: the command ends with 130 and one word."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, f"{process.returncode}: {out}{err}"
    assert err.endswith("Interrupted.\n"), err
    assert "Traceback" not in err, err
    assert not out, out


def wait_for(connection: Connection, condition: str) -> None:
    """Until another session of this database is as the condition on pg_stat_activity says."""
    deadline = time.monotonic() + PATIENCE
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        f" AND pid <> pg_backend_pid() AND {condition}"
    )
    while not connection.execute(others).scalar_one():
        connection.rollback()
        assert time.monotonic() < deadline, f"no session ever was so: {condition}"
        time.sleep(0.01)
    connection.rollback()


def refuse_half(connection: Connection, importing: Importing) -> None:
    """Nothing is there, or everything is; with batches, whole ones and the row that counts them."""
    found = _counts(connection)
    claims = found.claims
    size = importing.batch or importing.rows
    assert claims % size == 0 or claims == importing.rows, f"half of a batch is there: {found}"
    assert found.through == claims, f"the import counts other rows than are there: {found}"
    _refuse_loose(connection, found)
    if not claims:
        assert found.imports == found.sources == found.speakers == found.publishers == 0, found


def refuse_other_than_once(connection: Connection, rows: int) -> None:
    """Every row is there, and none is twice."""
    found = _counts(connection)
    assert found.claims == found.numbers == found.statements == rows, found
    _refuse_loose(connection, found)


def _refuse_loose(connection: Connection, found: Row[*tuple[Any, ...]]) -> None:
    """Each claim has its appearance, its row and the events of both."""
    claims = found.claims
    assert found.numbers == found.appearances == found.appeared == found.rows == claims, found
    assert found.claim_events == found.appearance_events == claims, found
    connection.rollback()


def _counts(connection: Connection) -> Row[*tuple[Any, ...]]:
    return connection.execute(
        text(
            """
            SELECT claims.*, appearances.*,
                (SELECT count(*) FROM import) AS imports,
                (SELECT COALESCE(max(through), 0) FROM import) AS through,
                (SELECT count(*) FROM import_row) AS rows,
                (SELECT count(*) FROM source) AS sources,
                (SELECT count(*) FROM speaker) AS speakers,
                (SELECT count(*) FROM publisher) AS publishers,
                (SELECT count(DISTINCT row_key) FROM event
                    WHERE table_name = 'claim' AND operation = 'insert') AS claim_events,
                (SELECT count(DISTINCT row_key) FROM event
                    WHERE table_name = 'appearance' AND operation = 'insert') AS appearance_events
            FROM (
                SELECT count(*) AS claims, count(DISTINCT external_id) AS numbers,
                    count(DISTINCT statement_key) AS statements
                FROM claim
            ) AS claims, (
                SELECT count(*) AS appearances, count(DISTINCT claim_id) AS appeared
                FROM appearance
            ) AS appearances
            """
        )
    ).one()
