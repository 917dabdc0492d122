"""What goes out to terminals, pipes and full disks, and what comes in that is no text."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, Surroundings
from tests.test_quick_entry import Terminal

#: Codes that claimtrack writes itself, and that must not come from outside: red, and reset.
RED = "\x1b[31mRED\x1b[0m"


def on_screen(surroundings: Surroundings, *args: object) -> str:
    """What a command writes to a terminal that shows colours."""
    env = surroundings.whole()
    env.pop("NO_COLOR", None)
    screen = Terminal(*args, env=env)
    while screen.read(60) and "recorded" not in screen.seen:
        pass
    while screen.read(2):
        pass
    assert screen.end() == 0
    return screen.seen


def test_no_colour_from_outside_reaches_a_terminal(ok: Run, surroundings: Surroundings) -> None:
    ok(
        "source", "add", "https://example.org/1", "--title", f"title {RED}", "--publisher",
        f"publisher {RED}", "--agency", f"agency {RED}", "--external-id", f"number {RED}",
    )  # fmt: skip
    ok("speaker", "add", f"Ana {RED}", "--description", f"mayor {RED}", "--alias", f"Ruiz {RED}")
    ok("claim", "add", f"It rained {RED}", "--source", 1, "--speaker", "1")
    ok("evidence", "add", 1, "1", "--context", "--excerpt", f"rain {RED}")
    for noun in ("source", "speaker"):
        screen = on_screen(surroundings, noun, "show", 1)
        assert "\x1b[1m" in screen  # our own headings are bold
        assert RED not in screen
        assert "\x1b[31m" not in screen
        assert screen.count("\\x1b[31mRED\\x1b[0m") >= 4


def test_a_mistyped_command_is_quoted_without_its_control_characters(run: Run) -> None:
    refused = run("claim", "show", "1", "\x1b]0;title\x07")
    assert refused.code == 2
    assert refused.err.startswith("Usage: claimtrack claim show")
    assert "Try 'claimtrack claim show --help' for help." in refused.err
    assert "\\x1b]0;title\\x07" in refused.err
    assert "\x1b" not in refused.err


def test_a_noun_alone_shows_its_help(run: Run) -> None:
    alone = run("claim")
    assert alone.code == 2
    assert alone.err.startswith("Usage: claimtrack claim [OPTIONS]")
    assert "\n" in alone.err


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_output_that_lacks_a_sign_shows_its_number(
    ok: Run, surroundings: Surroundings, encoding: str
) -> None:
    statement = "Řeka 😀"
    ok("claim", "add", statement, "--source", "https://example.org/1", "--manner", "own-voice")
    env = surroundings.whole(env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    command = [sys.executable, "-m", "claimtrack", "claim"]
    shown = subprocess.run([*command, "show", "1"], capture_output=True, env=env, timeout=60)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout.startswith(rb"Claim 1: \u0158eka \ud83d\ude00")
    listed = subprocess.run(
        [*command, "list", "--format", "json"], capture_output=True, env=env, timeout=60
    )
    assert json.loads(listed.stdout.decode(encoding))[0]["statement"] == statement


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
@pytest.mark.parametrize("args", [("claim", "list", "--format", "json"), ("--help",)])
def test_a_full_disk_is_said_in_a_sentence(
    args: tuple[str, ...], surroundings: Surroundings
) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "claimtrack", *args],
            stdout=full, stderr=subprocess.PIPE, env=surroundings.whole(), text=True, timeout=60,
        )  # fmt: skip
    assert ended.stderr == "Error: The output can't be written: No space left on device.\n"
    assert ended.returncode == 1


def test_a_note_that_is_not_utf8_is_refused(ok: Run, surroundings: Surroundings) -> None:
    ok("claim", "add", "It rained", "--source", "https://example.org/1", "--manner", "own-voice")
    refused = subprocess.run(
        [sys.executable, "-m", "claimtrack", "claim", "note", "1", "-"],
        input="The café says so".encode("latin-1"), capture_output=True,
        env=surroundings.whole(env={"PYTHONUTF8": "1"}), timeout=60,
    )  # fmt: skip
    assert refused.returncode == 5
    assert refused.stderr.decode().startswith("Error: What came in is not UTF-8")
    assert ok("claim", "show", 1, "--format", "json").json["notes"] == []


def test_an_actor_that_is_not_utf8_is_refused(run: Run) -> None:
    refused = run("config", "set", "actor", "x\udcff")
    assert refused.code == 5
    assert "not UTF-8" in refused.err
    assert run("db", "status", "--database-url", "postgresql://x\udcff@localhost/y").code == 5


def test_a_login_without_a_name_is_told_of_actor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr(getpass, "getuser", nobody)
    add = ("claim", "add", "It rained", "--source", "https://example.org/1")
    refused = run(*add, "--manner", "own-voice", actor=None)
    assert refused.code == 2
    assert "--actor" in refused.err


def test_an_actor_has_one_limit_wherever_it_comes_from(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = (
        "claim",
        "add",
        "It rained",
        "--source",
        "https://example.org/1",
        "--manner",
        "own-voice",
    )
    monkeypatch.setattr(getpass, "getuser", lambda: "x" * 201)
    assert run(*add, actor=None).code == 5
    assert run(*add, "--actor", "x" * 201).code == 5
    assert run(*add, "--actor", "x" * 200).code == 0


def test_a_statement_on_record_is_quoted_shortened(run: Run, ok: Run) -> None:
    statement = "It's raining " * 30
    add = ("claim", "add", statement, "--source", "https://example.org/1", "--manner", "own-voice")
    ok(*add)
    refused = run(*add)
    assert refused.code == 4
    assert ": \"It's raining " in refused.err
    assert '…".' in refused.err
    assert len(refused.err.splitlines()[0]) < 400


def test_history_names_its_clock(ok: Run) -> None:
    ok("claim", "add", "It rained", "--source", "https://example.org/1", "--manner", "own-voice")
    assert " UTC " in ok("claim", "history", 1).out


def test_a_page_of_one_claim_is_counted_as_one(ok: Run) -> None:
    for words in ("It rained", "It snowed"):
        ok("claim", "add", words, "--source", "https://example.org/1", "--manner", "own-voice")
    for command in (("claim", "list"), ("report", "unverified")):
        out = ok(*command, "--limit", 1).out
        assert "1 claim, and there are more: --after " in out
