"""Rows that can't be stored are refused with line and reason, and the others are taken in."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests.conftest import Outcome

if TYPE_CHECKING:
    from tests.conftest import Run, Surroundings

#: Signs that become up to eighteen when a name's key is made, and letters of four bytes.
_GROWING = [*map(chr, range(0x3300, 0x3358)), "\ufdfa", "\ufdfb"]
_WIDE = [*map(chr, range(0x20000, 0x2A000))]


def _taken(run: Run, folder: Path, rows: list[dict[str, object]], *options: str) -> Outcome:
    """Import rows between two that are right."""
    path = folder / "claims.jsonl"
    right = {"statement": "Tank {} leaks", "source": "https://quay.example/{}"}
    between = [{name: value.format(n) for name, value in right.items()} for n in (1, 2)]
    path.write_text("\n".join(map(json.dumps, [between[0], *rows, between[1]])), "utf-8")
    rejects = folder / "rejects.csv"
    return run("import", "jsonl", path, "--format", "json", "--rejects", rejects, *options)


def _reasons(folder: Path) -> list[tuple[int, str]]:
    with (folder / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]


def test_names_that_grow_when_they_are_folded_are_taken(run: Run, tmp_path: Path) -> None:
    dice = random.Random(5)
    row: dict[str, object] = {"statement": "The quay sinks", "source": "https://quay.example/3"}
    for field in ("speaker", "source_publisher", "agency", "external_id"):
        row[field] = "".join(dice.choices([*_GROWING * 400, *_WIDE], k=300))

    outcome = _taken(run, tmp_path, [row])

    assert outcome.code == 0
    assert outcome.json["created"] == 3


def test_what_the_database_alone_refuses_is_refused_by_the_row(
    run: Run, tmp_path: Path, database_url: str
) -> None:
    with make_engine(database_url).begin() as connection:
        connection.execute(
            text("ALTER TABLE appearance ADD CONSTRAINT house CHECK (place NOT LIKE 'cellar %')")
        )
    rows: list[dict[str, object]] = [
        {"statement": f"It sank {n} times", "source": "https://quay.example/3", "place": place}
        for n, place in enumerate(["roof", "cellar 1", "hall", "cellar 2", "attic"])
    ]

    outcome = _taken(run, tmp_path, rows)

    assert outcome.code == 5
    assert (outcome.json["created"], outcome.json["refused"]) == (5, 2)
    told = _reasons(tmp_path)
    assert [line for line, _ in told] == [3, 5]
    assert all("house" in reason and "DETAIL" not in reason for _, reason in told)
    # Written down as one that can't be read, with all that it held.
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [json.loads(row["row"]) for row in csv.DictReader(file)] == rows[1::2]


def test_that_a_claim_was_checked_is_no_verdict(run: Run, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"statement": "It sank", "source": "https://quay.example/3", "verdict": "checked"}
    ]

    outcome = _taken(run, tmp_path, rows, "--as-ours")

    assert outcome.code == 5
    assert (outcome.json["created"], outcome.json["refused"]) == (2, 1)
    ((line, reason),) = _reasons(tmp_path)
    assert line == 2
    assert reason.startswith('"checked" is no verdict')


def test_a_reason_is_one_line_whatever_it_quotes(run: Run, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"statement": "It sank", "source": "https://quay.example/3", "priority": "a\r\nb\u2028c"}
    ]

    _taken(run, tmp_path, rows)

    ((_, reason),) = _reasons(tmp_path)
    assert reason.startswith('"a b c" is no priority')


def test_the_rejects_of_the_run_before_are_replaced(run: Run, tmp_path: Path) -> None:
    wrong: dict[str, object] = {"statement": "It sank", "source": "no address"}
    assert _taken(run, tmp_path, [wrong, wrong], "--dry-run").code == 5
    assert _taken(run, tmp_path, [wrong]).code == 5
    assert [line for line, _ in _reasons(tmp_path)] == [2]
    assert _taken(run, tmp_path, []).code == 0
    assert not (tmp_path / "rejects.csv").exists()


def test_what_is_said_of_a_row_has_a_line_of_its_own_on_a_terminal(
    surroundings: Surroundings, tmp_path: Path
) -> None:
    path = tmp_path / "claims.jsonl"
    row = {"statement": "It sank", "source": "https://quay.example/3", "speaker": "unknown"}
    path.write_text("\n".join(map(json.dumps, [row, {**row, "priority": "x"}])), "utf-8")
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb") as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "claimtrack", "import", "jsonl", path],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env=surroundings.whole(),
            check=False,
        )
        os.close(theirs)
        told = b""
        with contextlib.suppress(OSError):  # what Linux says at the end of a terminal
            while more := os.read(terminal.fileno(), 65_536):
                told += more
    assert done.returncode == 5
    shown = [line.rpartition("\r\x1b[2K")[2] for line in told.decode().split("\r\n")]
    assert [line[:7] for line in shown if "Line" in line] == ["Line 1:", "Line 2:"]


def test_rejects_go_into_a_file_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("statement\nIt sank\n", "utf-8")
    outcome = run("import", "csv", path, "--rejects", "-")
    assert (outcome.code, "a file's name" in outcome.err) == (2, True)


@pytest.mark.parametrize("options", [(), ("--batch", 1)])
def test_rejects_can_go_into_a_device(run: Run, tmp_path: Path, options: tuple[object]) -> None:
    path = tmp_path / "claims.csv"
    path.write_text("statement,source\nIt sank,no address\nIt rose,quay.example/1\n", "utf-8")
    outcome = run("import", "csv", path, "--rejects", os.devnull, "--format", "json", *options)
    assert (outcome.code, outcome.json["refused"], outcome.json["created"]) == (5, 1, 1)


@pytest.mark.parametrize("there", ["my own notes", "\n\nmy own notes", None])
def test_rejects_replace_nothing_else(run: Run, tmp_path: Path, there: str | None) -> None:
    path = tmp_path / "rejects.csv"
    path.write_text(there or "line,reason,row\n", "utf-8")
    file = path if there is None else tmp_path / "claims.csv"
    if there:
        file.write_text("statement\nIt sank\n", "utf-8")
    outcome = run("import", "csv", file, "--rejects", path)
    said = "is there already" if there else "is the file that is to be imported"
    assert (outcome.code, said in outcome.err) == (4, True)
    assert path.read_text("utf-8") == (there or "line,reason,row\n")
