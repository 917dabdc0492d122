"""Texts that are asked for instead of standing in the shell's history."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time

import pytest

from tests.conftest import PATIENCE, Run, Surroundings


def test_a_dash_reads_a_line_from_a_pipe(ok: Run) -> None:
    view = ok("speaker", "add", "-", "--format", "json", input="Tamsin Oyelaran\n").json
    assert view["name"] == "Tamsin Oyelaran"


def test_several_dashes_read_a_line_each_options_first(ok: Run) -> None:
    lines = ["Tamsin Oyelaran", "we had no oxygen", "She said: we had no oxygen", "Six is shut"]
    view = ok(
        *["claim", "add", "-", "--speaker", "-", "--quote", "-", "--passage", "-", "--source"],
        "https://town.example/7",
        *("--format", "json"),
        input="\r\n".join(lines),
    ).json
    one = view["appearances"][0]
    assert [one["speaker"]["name"], one["quote"], one["passage"], view["statement"]] == lines


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("source add - --format json", "https://town.example/8"),
        ("source add --no-url --title - --format json", "Night call"),
        ("speaker edit 1 --protected --as - --format json", "Source K7"),
        ("speaker edit 1 --description - --format json", "a nurse"),
        ("claim mark 1 in-review --because - --format json", "Asked the ward"),
        ("appearance edit 1.1 --at - --because x --format json", "page 3"),
        ("evidence add 1 - --context --format json", "https://town.example/9"),
    ],
)
def test_every_text_of_a_command_may_be_a_dash(ok: Run, command: str, line: str) -> None:
    ok("claim", "add", "Ward six is shut", "--speaker", "Tam", "--source", "https://town.example/7")
    assert line in ok(*command.split(), input=f"{line}\n").out


def test_nothing_to_read_is_a_usage_error(run: Run) -> None:
    outcome = run("speaker", "add", "-", input="")
    assert outcome.code == 2
    assert "nothing came in" in outcome.err


def test_what_is_no_text_is_refused(surroundings: Surroundings) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "claimtrack", "speaker", "add", "-"],
        input=b"Tams\xffin\n",
        env=surroundings.whole(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 5
    assert b"not UTF-8" in done.stderr


def test_a_remark_of_a_dash_is_all_that_comes_in(ok: Run) -> None:
    ok("claim", "add", "Ward six is shut", "--speaker", "Tam", "--source", "https://town.example/7")
    ok("claim", "note", 1, "-", input="one\ntwo\n")
    assert ok("claim", "show", 1, "--format", "json").json["notes"][0]["text"] == "one\ntwo"


def test_the_help_says_so(ok: Run) -> None:
    assert "stays out of the shell's history" in ok("speaker", "add", "--help").out


def test_on_a_terminal_it_is_asked_for(surroundings: Surroundings) -> None:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "claimtrack", "speaker", "add", "--protected", "-"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=surroundings.whole(),
    ) as running:
        os.close(theirs)
        shown, until = b"", time.monotonic() + PATIENCE
        while b"NAME: " not in shown and time.monotonic() < until:
            if select.select([ours], [], [], 1)[0]:
                shown += os.read(ours, 4096)
        os.write(ours, b"Source K7\n")
        out, _ = running.communicate(timeout=PATIENCE)
    os.close(ours)
    assert running.returncode == 0
    assert out.startswith(b"Speaker 1: Source K7")
