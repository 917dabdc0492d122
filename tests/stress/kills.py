"""Clients and servers that are killed at random moments, with kill -9."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, text

from claimtrack.db import make_engine
from tests import records
from tests.stress.checks import refuse_wrong
from tests.stress.worker import Ended, endings, work

#: How many claims the command marks that is killed.
MARKED = 30


def kill_clients(url: str, environment: Mapping[str, str | None], *, times: int, seed: int) -> int:
    """Kill a command that marks many claims, at another moment each time.

    Each time all of them are marked or none is, and the record agrees with itself. Returns how
    many commands were killed before they had done their work.
    """
    dice = random.Random(seed)
    with make_engine(url).begin() as connection:
        first = records.claim(connection, "Tank 1 leaks")
        for number in range(2, MARKED + 1):
            last = records.claim(connection, f"Tank {number} leaks")
    began = time.monotonic()
    _mark(environment, first, last, "in-review").communicate(timeout=60)
    whole = time.monotonic() - began
    killed, word = 0, "in_review"
    for _ in range(times):
        target = "unverified" if word == "in_review" else "in_review"
        client = _mark(environment, first, last, target)
        time.sleep(dice.uniform(0.3, 1.0) * whole)
        client.kill()
        client.communicate(timeout=60)
        with make_engine(url).connect() as connection:
            # What the client sent last may still be under way on the server.
            wait_alone(connection)
            found = connection.execute(text("SELECT DISTINCT status FROM claim")).scalars().all()
        assert len(found) == 1, f"some are marked and some are not: {found}"
        killed += found[0] == word
        word = found[0]
        refuse_wrong(environment)
    return killed


def _mark(
    environment: Mapping[str, str | None], first: int, last: int, word: str
) -> subprocess.Popen[bytes]:
    words = ["claim", "mark", f"{first}-{last}", word.replace("_", "-"), "--because", "Asked"]
    wanted = {**os.environ, **environment, "CLAIMTRACK_ACTOR": "Ana Ruiz"}
    return subprocess.Popen(
        [sys.executable, "-m", "claimtrack", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in wanted.items() if value is not None},
    )


def wait_alone(connection: Connection) -> None:
    """Until no other session is there: what a killed client sent last is then done or undone."""
    deadline = time.monotonic() + 30
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    while connection.execute(others).scalar_one():
        connection.rollback()
        assert time.monotonic() < deadline, "a killed client's session goes on"
        time.sleep(0.02)


def kill_servers(data_dir: Path, folder: Path, *, times: int, seed: int, workers: int = 3) -> int:
    """Kill claimtrack's own server while others work, at another moment each time.

    The next command starts it again; what a command said was done is there, what it said was not
    is gone or, where the answer was lost, whole. Returns how many commands the kills broke.
    """
    dice = random.Random(seed)
    environment = {
        "CLAIMTRACK_DATA_DIR": str(data_dir),
        "CLAIMTRACK_CONFIG": str(folder / "none.toml"),
    }
    _run(environment, "db", "start")
    url = _run(environment, "db", "url").strip()
    with make_engine(url).begin() as connection:
        shared = [records.claim(connection, f"Shared claim {number}") for number in range(5)]
    context = multiprocessing.get_context("spawn")
    broken = 0
    for turn in range(times):
        reports = [folder / f"turn-{turn}-{number}.jsonl" for number in range(workers)]
        hands = [
            # Numbers of their own, so that their words are found again.
            context.Process(
                target=work,
                args=(turn * workers + number, 10_000, shared, environment, seed, str(report)),
            )
            for number, report in enumerate(reports)
        ]
        for hand in hands:
            hand.start()
        _wait_written(reports)
        time.sleep(dice.uniform(0.0, 1.5))
        _kill_server(data_dir)
        # Some commands meet the dead server, some start it again; then the hands are stopped, too.
        time.sleep(1.0)
        for hand in hands:
            hand.kill()
            hand.join()
        ended = [one for report in reports for one in endings(report)]
        broken += refuse_unclear(ended)
        _run(environment, "db", "start")
        _refuse_lost(url, ended)
        refuse_wrong(environment)
    return broken


def _run(environment: Mapping[str, str], *words: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "claimtrack", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, f"{' '.join(words)}: {result.stderr}"
    return result.stdout


def _wait_written(reports: list[Path]) -> None:
    deadline = time.monotonic() + 60
    while not all(report.exists() and report.stat().st_size for report in reports):
        assert time.monotonic() < deadline, "the workers do nothing"
        time.sleep(0.02)


def _kill_server(data_dir: Path) -> None:
    for pid_file in data_dir.rglob("postmaster.pid"):
        pid = int(pid_file.read_text().split()[0])
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def refuse_unclear(ended: list[Ended]) -> int:
    """A command is done, a conflict, or says in words that the database went away."""
    for one in ended:
        assert one.code in (0, 4, 6), one
        if one.code:
            assert "Error: " in one.said, one
            assert "Traceback" not in one.said, one
    return sum(one.code == 6 for one in ended)


def _refuse_lost(url: str, ended: list[Ended]) -> None:
    done = {
        kind: {one.mark for one in ended if one.code == 0 and one.what in kinds}
        for kind, kinds in {"place": ("appearance",), "because": ("mark", "approve")}.items()
    }
    refused = {one.mark for one in ended if one.code == 4 and one.mark}
    with make_engine(url).connect() as connection:
        places = set(connection.execute(text("SELECT place FROM appearance")).scalars())
        reasons = set(connection.execute(text("SELECT because FROM review")).scalars())
        added = connection.execute(
            text("SELECT count(*) FROM claim WHERE recorded_by = ANY(:names)"),
            {"names": list({one.actor for one in ended})},
        ).scalar_one()
    assert done["place"] <= places, "a recorded appearance is lost"
    assert done["because"] <= reasons, "a review is lost"
    assert not refused & (places | reasons), "what was refused is on record"
    # A command whose answer was lost may have been done.
    sure = sum(one.what == "add" and one.code == 0 for one in ended)
    maybe = sum(one.what == "add" and one.code == 6 for one in ended)
    hands = len({one.actor for one in ended})
    assert sure <= added <= sure + maybe + hands
