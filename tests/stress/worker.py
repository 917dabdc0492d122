"""One process of many that work on the same claims; it writes down how each command ended."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from claimtrack.cli import cli

#: Where articles and evidence come from: few enough for two workers to bring the same one.
HOSTS = 12


class Ended(NamedTuple):
    """How one command ended: what was done, to which claim, by whom, with which exit code."""

    what: str
    claim_id: int | None
    actor: str
    code: int
    said: str
    mark: str


class Worker:
    """Runs random commands on claims of its own and on those that all share."""

    def __init__(
        self, number: int, shared: Sequence[int], environment: Mapping[str, str | None], seed: int
    ) -> None:
        self.number = number
        self.actor = f"Worker {number}"
        self.shared = list(shared)
        self.own: list[int] = []
        self.environment = environment
        self.dice = random.Random(f"{seed} {number}")
        self.count = 0
        self.ended: list[Ended] = []
        self.kinds: dict[str, Callable[[], None]] = {
            "add": self.add,
            "appearance": self.appear,
            "mark": self.mark,
            "assign": self.assign,
            "approve": self.approve,
            "merge": self.merge,
        }

    def one(self) -> None:
        """One command of a random kind."""
        self.count += 1
        self.kinds[self.dice.choice(list(self.kinds))]()

    def run(self, what: str, claim_id: int | None, *words: object, mark: str = "") -> Ended:
        """Run a command to its end in this process; an exception that it lets out is exit 99."""
        result = CliRunner().invoke(
            cli,
            [str(word) for word in words],
            prog_name="claimtrack",
            env={**self.environment, "CLAIMTRACK_ACTOR": self.actor},
        )
        code = result.exit_code
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            code = 99
        ended = Ended(
            what, claim_id, self.actor, code, result.stderr or repr(result.exception), mark
        )
        self.ended.append(ended)
        if what == "add" and code == 0:
            self.own.append(json.loads(result.stdout)["id"])
        return ended

    def a_claim(self) -> int:
        """Half of the time one of those that all share."""
        return self.dice.choice(self.own if self.own and self.dice.random() < 0.5 else self.shared)

    def a_page(self) -> str:
        """The address of an article or log, often one that others bring, too."""
        host = self.dice.randrange(HOSTS)
        return f"https://h{host}.example/{self.dice.randrange(30)}"

    @property
    def word(self) -> str:
        """A word that no other command of the run has."""
        return f"w{self.number}x{self.count}"

    def add(self) -> None:
        """A new claim; now and then words that another worker may record at this moment."""
        words = f"Well {self.word} ran dry"
        if self.dice.random() < 0.2:
            words = f"Bridge {self.dice.randrange(200)} was closed"
        self.run(
            "add", None, "claim", "add", words, "--speaker", f"Speaker {self.dice.randrange(9)}",
            "--new-speaker", "--source", self.a_page(), "--format", "json",
        )  # fmt: skip

    def appear(self) -> None:
        """One more appearance; its place is a word that is found again."""
        claim_id = self.a_claim()
        self.run(
            "appearance", claim_id, "appearance", "add", claim_id, "--manner", "own-voice",
            "--source", self.a_page(), "--at", self.word, mark=self.word,
        )  # fmt: skip

    def mark(self) -> None:
        """A move that may or may not be possible from where the claim stands."""
        claim_id = self.a_claim()
        word = self.dice.choice(("in-review", "unverified", "set-aside", "unproven", "false"))
        options: list[str] = []
        if word == "set-aside":
            options = ["--reason", "error"]
        if word == "false":
            options = ["--refutes", f"https://proof.example/{self.word}"]
        self.run(
            "mark", claim_id, "claim", "mark", claim_id, word, "--because", self.word, *options,
            mark=self.word,
        )  # fmt: skip

    def assign(self) -> None:
        """Give a claim to somebody of whom nobody else has heard."""
        claim_id = self.a_claim()
        self.run(
            "assign", claim_id, "claim", "assign", claim_id, f"Holder {self.word}", mark=self.word
        )

    def approve(self) -> None:
        """Approve, or now and then reject, what may be waiting for it; or change the policy."""
        if self.dice.random() < 0.1:
            wanted = self.dice.choice(("on", "on", "on", "off"))
            self.run("policy", None, "policy", "second_reviewer", wanted)
            return
        claim_id = self.a_claim()
        verb = "reject" if self.dice.random() < 0.3 else "approve"
        self.run(
            "approve", claim_id, "claim", verb, claim_id, "--because", self.word, mark=self.word
        )

    def merge(self) -> None:
        """Say that two claims are one, or that they are not."""
        other = self.a_claim()
        one = self.dice.choice([number for number in self.shared if number != other])
        if self.dice.random() < 0.5:
            self.run("unmerge", other, "claim", "unmerge", other, "--because", self.word)
        else:
            self.run("merge", other, "claim", "merge", one, other, "--because", self.word)


def work(
    number: int,
    operations: int,
    shared: Sequence[int],
    environment: Mapping[str, str | None],
    seed: int,
    report: str,
) -> None:
    """What a worker's process does; each ending is a line of JSON in ``report`` at once.

    A line that is in the file is a command that the worker saw end: what a killed server or
    worker must not lose.
    """
    worker = Worker(number, shared, environment, seed)
    with Path(report).open("a", encoding="utf-8", buffering=1) as lines:
        for _ in range(operations):
            worker.one()
            lines.write(json.dumps(worker.ended[-1]) + "\n")


def endings(report: Path) -> list[Ended]:
    """What the workers wrote; a last line that was cut off by a kill is left out."""
    found = []
    for line in report.read_text(encoding="utf-8").splitlines():
        try:
            found.append(Ended(*json.loads(line)))
        except ValueError:
            continue
    return found


def environment(**variables: str | None) -> dict[str, str | None]:
    """The environment of a worker's commands: nobody's settings but these."""
    return {
        **{name: None for name in os.environ if name.startswith(("CLAIMTRACK_", "PG"))},
        **variables,
    }
