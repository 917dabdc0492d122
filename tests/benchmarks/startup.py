"""How long whole commands take, over the least that such a command could do.

A read command is set against the same Python importing click, SQLAlchemy and psycopg, connecting
and running `select 1`; help, version and completion against `import click`. The two of a pair run
in turn, and the ratio is the median of the pairs, so that a machine that slows down slows both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median

from tests.benchmarks.server import fresh_database

ROUNDS = 15

SELECT_1 = """
import sys, click, psycopg, sqlalchemy
with sqlalchemy.create_engine(sys.argv[1]).connect() as connection:
    connection.execute(sqlalchemy.text("select 1")).scalar_one()
"""

CLAIMTRACK = [sys.executable, "-m", "claimtrack"]


def main(numbers: list[int]) -> None:
    """Print a line for each command: its median, its floor's median, and their ratio."""
    rounds = numbers[0] if numbers else ROUNDS
    with fresh_database() as url:
        environment = {
            **os.environ,
            "CLAIMTRACK_DATABASE_URL": url,
            "CLAIMTRACK_ACTOR": "Benchmark",
        }
        # Bytecode is cached on any machine that people use; without it our files are compiled anew.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for number in range(60):
            arguments = ["claim", "add", f"Statement {number}", "--manner", "own-voice"]
            arguments += ["--source", f"https://example.org/{number % 7}"]
            subprocess.run(
                [*CLAIMTRACK, *arguments], env=environment, check=True, capture_output=True
            )
        floor = [sys.executable, "-c", SELECT_1, url]
        import_click = [sys.executable, "-c", "import click"]
        completion = {"_CLAIMTRACK_COMPLETE": "bash_complete", "COMP_WORDS": "claimtrack claim m"}
        completion["COMP_CWORD"] = "2"
        print(f"{'command':42} {'median':>9} {'floor':>9} {'ratio':>7} {'bar':>6}")
        for words in (
            ["claim", "list"],
            ["claim", "list", "--format", "json"],
            ["claim", "show", "1"],
            ["report", "unverified"],
            ["report", "unverified", "--format", "json"],
        ):
            _compare(" ".join(words), [*CLAIMTRACK, *words], floor, environment, rounds, 1.15)
        for words in (["--help"], ["--version"], ["claim", "add", "--help"]):
            _compare(" ".join(words), [*CLAIMTRACK, *words], import_click, environment, rounds, 1.5)
        _compare("completion", CLAIMTRACK, import_click, {**environment, **completion}, rounds, 1.5)


def _compare(
    name: str,
    command: list[str],
    floor: list[str],
    environment: dict[str, str],
    rounds: int,
    bar: float,
) -> None:
    pairs = [(_seconds(command, environment), _seconds(floor, environment)) for _ in range(rounds)]
    pairs = pairs[1:]  # the first of each fills the caches
    ratio = median(ours / least for ours, least in pairs)
    ours, least = (median(column) for column in zip(*pairs, strict=True))
    print(f"{name:42} {ours * 1000:6.0f} ms {least * 1000:6.0f} ms {ratio:7.2f} {bar:6.2f}")


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
