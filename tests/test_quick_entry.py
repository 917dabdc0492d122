"""Quick entry: one statement a line, nothing lost when it is interrupted."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Run, Surroundings

ARTICLE = "https://example.org/news/harbour"


@pytest.fixture
def source(ok: Run) -> int:
    return int(
        ok("source", "add", ARTICLE, "--publisher", "Harbour Post", "--published", "2024-06-05",
           "--format", "json").json["id"]
    )  # fmt: skip


def test_one_statement_a_line_until_an_empty_one(ok: Run, source: int) -> None:
    entered = ok(
        "claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--said-on", "Tuesday",
        "--loop", "--format", "json",
        input="The quay is closed\nTwo ships wait\n\nNever read\n",
    )  # fmt: skip
    assert [claim["statement"] for claim in entered.json] == [
        "The quay is closed",
        "Two ships wait",
    ]
    assert {claim["speaker"]["name"] for claim in entered.json} == {"Ana Ruiz"}
    assert {claim["said_on"] for claim in entered.json} == {"2024-06-04"}
    assert "2 claims on record" in entered.err


def test_speaker_date_and_place_change_between_lines(ok: Run, source: int) -> None:
    entered = ok(
        "claim", "add", "--source", source, "--loop", "--format", "json",
        input=(
            "@Ana Ruiz\n/on Tuesday\n/at paragraph 4\nThe quay is closed\n"
            "@Lena Vogt; @Omar Said\n/on\n/at\nThe quay is open\n@\nNobody was hurt\n"
        ),
    )  # fmt: skip
    first, second, third = entered.json
    assert (first["speaker"]["name"], first["said_on"]) == ("Ana Ruiz", "2024-06-04")
    assert first["appearances"][0]["at"] == "paragraph 4"
    assert [one["speaker"]["name"] for one in second["appearances"]] == ["Lena Vogt", "Omar Said"]
    assert second["said_on"] is None
    assert third["appearances"][0]["manner"] == "own_voice"
    assert "Tuesday is 2024-06-04" in entered.err


def test_what_stands_in_quotation_marks_is_the_quote(ok: Run, source: int) -> None:
    partly, wholly = ok(
        "claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop", "--format", "json",
        input='The quay is “closed for good”\n"We will rebuild it"\n',
    ).json  # fmt: skip
    assert (partly["quote"], partly["appearances"][0]["manner"]) == ("closed for good", "partial")
    assert (wholly["statement"], wholly["quote"]) == ("We will rebuild it", "We will rebuild it")
    assert wholly["appearances"][0]["manner"] == "direct"


def test_a_statement_that_is_on_record_is_said_here_again(ok: Run, source: int) -> None:
    ok(
        "claim",
        "add",
        "The quay is closed",
        "--speaker",
        "Omar Said",
        "--source",
        "https://x.example/1",
    )
    ok("claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop", input="/again 1\n")
    assert len(ok("claim", "show", 1, "--format", "json").json["appearances"]) == 2


def test_from_a_pipe_the_first_error_ends_it_and_keeps_what_came_before(
    run: Run, ok: Run, source: int
) -> None:
    loop = ("claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop")
    refused = run(*loop, input="The quay is closed\nthe quay is closed\nIt rained\n")
    assert refused.code == 4
    assert refused.err.count("Line 2") == 1
    assert "appearance add 1" in refused.err
    assert len(ok("claim", "list", "--format", "json").json) == 1
    assert run(*loop, input="/on Sometime\n").code == 5
    assert run(*loop, input="/nothing\n").code == 2


def test_a_line_that_is_not_utf8_ends_it_and_keeps_what_came_before(
    ok: Run, source: int, surroundings: Surroundings
) -> None:
    loop = ("claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop")
    refused = subprocess.run(
        [sys.executable, "-m", "claimtrack", *map(str, loop)],
        input="The quay is closed\nThe café is open\n".encode("latin-1"),
        capture_output=True, env=surroundings.whole(env={"PYTHONUTF8": "1"}), timeout=60,
    )  # fmt: skip
    said = refused.stderr.decode()
    assert refused.returncode == 5, said
    assert "Line 2: " in said
    assert "not UTF-8" in said
    assert [c["statement"] for c in ok("claim", "list", "--format", "json").json] == [
        "The quay is closed"
    ]


def test_a_byte_order_mark_hides_no_speaker(ok: Run, source: int) -> None:
    entered = ok(
        "claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop", "--format", "json",
        input="\ufeff@Lena Vogt\nThe quay is closed\n",
    ).json  # fmt: skip
    assert [claim["speaker"]["name"] for claim in entered] == ["Lena Vogt"]


def test_what_was_said_again_is_counted_too(run: Run, ok: Run, source: int) -> None:
    ok("claim", "add", "It rained", "--speaker", "Omar Said", "--source", "https://x.example/1")
    loop = ("claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop")
    refused = run(*loop, input="/again 1\n/again 99\n")
    assert refused.code == 3
    assert "0 claims and 1 appearance before it on record" in refused.err


@pytest.mark.parametrize("line", ["@Ana Ruiz @Lena Vogt", "It rained"])
def test_the_loop_says_how_to_name_who_speaks(run: Run, source: int, line: str) -> None:
    refused = run("claim", "add", "--source", source, "--loop", input=f"{line}\n")
    assert refused.code == 2
    assert "@" in refused.err


def test_the_loop_takes_no_statement_and_no_figure(run: Run, source: int) -> None:
    assert run("claim", "add", "x", "--source", source, "--loop").code == 2
    assert run("claim", "add", "--source", source, "--loop", "--figure", "3").code == 2
    assert run("claim", "add", "--source", source).code == 2


class Terminal:
    """A command on a terminal of its own, typed into as a person would."""

    def __init__(self, *args: object, env: dict[str, str], stdout: int | None = None) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "claimtrack", *(str(arg) for arg in args)],
            stdin=slave, stdout=slave if stdout is None else stdout, stderr=slave,
            env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = ""

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 30
        while words not in self.seen:
            assert time.monotonic() < deadline, f"{words!r} never came; so far: {self.seen}"
            if not self.read(0.2):
                break
        assert words in self.seen, self.seen
        self.seen = self.seen[self.seen.index(words) + len(words) :]

    def read(self, patience: float) -> bool:
        """Take what has come within ``patience`` seconds; False when the screen is closed."""
        if select.select([self.master], [], [], patience)[0]:
            try:
                self.seen += os.read(self.master, 4096).decode()
            except OSError:
                return False
        return True

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def end(self) -> int:
        code = self.process.wait(timeout=30)
        os.close(self.master)
        return code


@pytest.fixture
def terminal(surroundings: Surroundings) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_one(*args: object, **env: str | None) -> Terminal:
        wanted = {**os.environ, **surroundings(env=env), "TERM": "dumb", "NO_COLOR": "1"}
        one = Terminal(*args, env={k: v for k, v in wanted.items() if v is not None})
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_in_a_terminal_tab_completes_speakers_and_ctrl_c_loses_nothing(
    ok: Run, source: int, terminal: Callable[..., Terminal]
) -> None:
    ok("speaker", "add", "Ana Ruiz")
    screen = terminal("claim", "add", "--source", source, "--loop")
    screen.wait_for("nobody> ")
    screen.type("@An\t\n")
    screen.wait_for("Ana Ruiz> ")
    screen.type("The quay is closed\n")
    screen.wait_for("1  The quay is closed")
    screen.wait_for("Ana Ruiz> ")
    screen.type("half a line")
    screen.wait_for("half a line")
    # Readline sees a signal only while it waits for a key; a person presses Ctrl-C again, too.
    while screen.process.poll() is None and "on record" not in screen.seen:
        screen.process.send_signal(signal.SIGINT)
        screen.read(0.2)
    screen.wait_for("1 claim on record")
    assert screen.end() == 130
    claims = ok("claim", "list", "--format", "json").json
    assert [(c["statement"], c["speaker"]["name"]) for c in claims] == [
        ("The quay is closed", "Ana Ruiz")
    ]


def test_in_a_terminal_an_error_is_said_and_the_loop_goes_on(
    ok: Run, source: int, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal("claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop")
    screen.wait_for("Ana Ruiz> ")
    screen.type("/on Sometime\n")
    screen.wait_for("Error: ")
    screen.wait_for("Ana Ruiz> ")
    screen.type("It rained\n\n")
    screen.wait_for("1 claim on record")
    assert screen.end() == 0


def test_what_is_asked_stays_out_of_a_pipe(source: int, surroundings: Surroundings) -> None:
    entry = Terminal(
        "claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop", "--format", "json",
        env=surroundings.whole(), stdout=subprocess.PIPE,
    )  # fmt: skip
    entry.wait_for("Ana Ruiz> ")
    entry.type("It rained\n\n")
    entry.wait_for("1 claim on record")
    assert entry.process.stdout is not None
    with entry.process.stdout as pipe:
        assert [claim["statement"] for claim in json.loads(pipe.read())] == ["It rained"]
    assert entry.end() == 0


def test_a_near_miss_asks_in_a_terminal(
    ok: Run, source: int, terminal: Callable[..., Terminal]
) -> None:
    ok("speaker", "add", "Sergei Lavrov")
    screen = terminal("claim", "add", "It rained", "--source", source, "--speaker", "Sergei Lavrow")
    screen.wait_for("Sergei Lavrov")
    screen.type("1\n")
    screen.wait_for("Claim 1")
    assert screen.end() == 0
    assert ok("claim", "show", 1, "--format", "json").json["speaker"]["name"] == "Sergei Lavrov"


def test_the_actor_is_asked_once_and_kept(
    ok: Run, source: int, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal(
        "claim", "add", "It rained", "--source", source, "--manner", "own-voice",
        CLAIMTRACK_ACTOR=None,
    )  # fmt: skip
    screen.wait_for("Who are you?")
    screen.type("  \n")
    screen.wait_for("Who are you?")
    screen.type("Noor Haddad\n")
    screen.wait_for("Claim 1")
    assert screen.end() == 0
    assert ok("claim", "show", 1, "--format", "json").json["recorded_by"] == "Noor Haddad"
    ok("claim", "note", 1, "dry again", actor=None)
    notes = ok("claim", "show", 1, "--format", "json").json["notes"]
    assert notes[0]["recorded_by"] == "Noor Haddad"
    assert re.search(r"actor\s+Noor Haddad\s+file", ok("config", "show", actor=None).out)


def test_the_actor_is_not_asked_again_between_the_lines(
    ok: Run, source: int, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal(
        "claim", "add", "--source", source, "--speaker", "Ana Ruiz", "--loop",
        CLAIMTRACK_ACTOR=None,
    )  # fmt: skip
    screen.wait_for("Who are you?")
    screen.type("Noor Haddad\n")
    screen.wait_for("Ana Ruiz> ")
    screen.type("It rained\n")
    screen.wait_for("Ana Ruiz> ")
    screen.type("It stopped\n\n")
    screen.wait_for("2 claims on record")
    assert screen.end() == 0
    claims = ok("claim", "list", "--format", "json").json
    assert [claim["statement"] for claim in claims] == ["It stopped", "It rained"]
    assert {claim["recorded_by"] for claim in claims} == {"Noor Haddad"}
