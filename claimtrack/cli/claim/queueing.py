"""`claim judge`: through the pairs that are likely the same, key by key.

Each judgement is a transaction of its own, so an interruption loses nothing that was judged.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.streams import asking, read_key, read_line
from claimtrack.errors import ClaimtrackError, ConflictError, UsageError
from claimtrack.render import escape_terminal
from claimtrack.vocab import Judgement, Role, Status, told_word

if TYPE_CHECKING:
    from claimtrack.services.lines import ListedClaim
    from claimtrack.services.matching.queue import Waiting

_JUDGEMENTS = {"s": Judgement.SAME, "d": Judgement.DIFFERENT, "u": Judgement.UNSURE}
_MERGE, _SKIP, _QUIT = "m", "k", "q"
_KEYS = "s same, d different, u unsure, m merge, k skip, q quit"
#: What takes a reason, and what to ask for it.
_WHY = {"u": "What is missing to tell?", _MERGE: "Why are they the same?"}
#: What ends a terminal's input: Ctrl-D, or that it was closed.
_ENDS = ("\x04", "")


@command(
    claim,
    "judge",
    formats=False,
    example="""
claimtrack claim judge
claimtrack claim judge --threshold 0.8
""",
)
@click.option(
    "--threshold",
    metavar="P",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Leave out pairs that are less likely than that.",
)
def judge(app: App, threshold: float) -> None:
    """Go through the pairs of claims that are likely the same, the likeliest first.

    One key each: s same, d different, u unsure, m merge, k skip, q quit. Unsure and merge ask for
    the reason. Merging keeps as the head the one that has a verdict; else one that is not set
    aside, that somebody works on, the older one. What is skipped comes again the next time. From a
    pipe it takes one line each: the key, the two claims (without them it is the pair whose turn it
    is), and the reason. report duplicates finds the pairs.
    """
    round_ = _Round(app, threshold)
    try:
        round_.run()
    except (KeyboardInterrupt, click.Abort, EOFError):
        app.say(f"\nStopped. {round_.tally()}.")
        raise click.exceptions.Exit(130) from None
    app.say(f"{round_.tally()}.")
    round_.say_left()


class _Round:
    """What was judged so far, and which pairs were passed by."""

    def __init__(self, app: App, threshold: float) -> None:
        self.app = app
        self.threshold = threshold
        self.done: Counter[str] = Counter()
        self.passed: set[tuple[int, int]] = set()

    def tally(self) -> str:
        """What was judged, in words."""
        parts = [f"{count:,} {what}" for what, count in self.done.items()]
        return f"Judged: {', '.join(parts)}" if parts else "Nothing was judged"

    def run(self) -> None:
        """Show a pair and take a key, until there are no more of either."""
        from claimtrack.services.matching.judgements import JudgedMeanwhileError

        number = 0
        while (pair := self._next()) is not None:
            self._show(pair)
            while True:
                number += 1
                try:
                    typed = self._read()
                    if typed is None or typed[0] == _QUIT:
                        return
                    key, of, because = typed
                    self._take(self._meant(pair, of), key, because)
                except ClaimtrackError as error:
                    if not self.app.interactive:
                        error.message = f"Line {number}: {error.message} ({self.tally()}.)"
                        raise
                    from claimtrack.cli.groups import say_error

                    say_error(error)
                    if not isinstance(error, JudgedMeanwhileError):
                        continue
                break

    def say_left(self) -> None:
        """How many pairs wait, and how many claims were not looked at."""
        from claimtrack.services.matching.duplicates import count_unseen
        from claimtrack.services.matching.queue import count_open

        with self.app.read() as connection:
            waiting, unseen = count_open(connection, self.threshold), count_unseen(connection)
        self.app.say(
            "No pair waits to be judged." if not waiting else f"{waiting:,} still to be judged."
        )
        if unseen:
            claims = "1 claim was" if unseen == 1 else f"{unseen:,} claims were"
            self.app.say(f"{claims} not compared yet:\n  claimtrack report duplicates")

    def _next(self) -> Waiting | None:
        from claimtrack.services.matching.queue import open_pairs

        with self.app.read() as connection:
            found = open_pairs(connection, 1, but_for=self.passed, least=self.threshold)
        return found[0] if found else None

    def _show(self, pair: Waiting) -> None:
        # Nothing is certain before somebody has judged it.
        percent = min(round(pair.probability * 100), 99)
        click.echo(f"Likely {percent}%, found by {escape_terminal(pair.found_by)}")
        for line in (pair.claim, pair.other):
            for words in _lines(line):
                click.echo(f"  {escape_terminal(words)}")

    def _meant(self, pair: Waiting, of: frozenset[int]) -> Waiting:
        """The pair that was named, where one was: meanwhile it may be another's turn.

        Raises:
            ConflictError: that one does not wait.
            UsageError: both are one claim.
        """
        from claimtrack.services.matching.queue import open_pair

        if not of or of == {pair.claim.id, pair.other.id}:
            return pair
        if len(of) == 1:
            raise UsageError("Name two claims, or none.")
        with self.app.read() as connection:
            named = open_pair(connection, of)
        if named is None:
            one, other = sorted(of)
            raise ConflictError(f"Claims {one} and {other} don't wait to be judged.")
        return named

    def _read(self) -> tuple[str, frozenset[int], str | None] | None:
        """A key, the claims it is for, and the reason; None at the end of the input.

        Raises:
            UsageError: what may be meant for the claims are not two.
        """
        if not self.app.interactive:
            line = read_line()
            if not line:
                return None
            key, _, rest = line.removeprefix("\ufeff").strip().partition(" ")
            named = re.match(r"\s*([0-9]{1,18}) +([0-9]{1,18})(?: |$)", rest)
            if named is None and rest.lstrip()[:1].isdecimal():
                raise UsageError(
                    f"Which claims are meant? Write two numbers with a space between: {key} 14 18."
                    " A reason can't begin with a digit where no claims are named."
                )
            of = frozenset(map(int, named.groups())) if named else frozenset()
            return key.casefold(), of, rest[named.end() if named else 0 :].strip() or None
        click.echo(f"{_KEYS}: ", err=True, nl=False)
        key = read_key().casefold()
        if key in _ENDS:
            raise KeyboardInterrupt
        click.echo(escape_terminal(key), err=True)
        if key not in _WHY:
            return key, frozenset(), None
        with asking():
            return key, frozenset(), click.prompt(_WHY[key], err=True)

    def _take(self, pair: Waiting, key: str, because: str | None) -> None:
        from claimtrack.services import same
        from claimtrack.services.matching import judgements

        one, other = pair.claim.id, pair.other.id
        told: tuple[str, ...] = ()
        if key == _SKIP:
            self.passed.add((one, other))
            self.done["skipped"] += 1
            return
        if key == _MERGE:
            head, merged = _head_first(pair)
            with self.app.write(Role.REVIEWER) as connection:
                judgements.refuse_judged(connection, one, other)
                told = same.merge(connection, head.id, [merged.id], because or "").told
            self.done["merged"] += 1
            if head.status is Status.SET_ASIDE:
                told = (*told, f"Claim {head.id}, which stands for both, is set aside.")
        elif key in _JUDGEMENTS:
            judgement = _JUDGEMENTS[key]
            with self.app.write(Role.REVIEWER) as connection:
                judgements.refuse_judged(connection, one, other)
                told = judgements.judge(connection, one, [other], judgement, because).told
            self.done[judgement] += 1
        else:
            raise UsageError(f"{key!r} is no key: {_KEYS}.")
        for line in told:
            self.app.say(line)


def _head_first(pair: Waiting) -> list[ListedClaim]:
    """The claim that is to stand for both, and the other: no work on either shall be lost."""

    def rank(one: ListedClaim) -> tuple[bool, bool, bool, int]:
        in_work = one.assigned_to is not None or one.status is not Status.UNVERIFIED
        return one.verdict is None, one.status is Status.SET_ASIDE, not in_work, one.id

    return sorted((pair.claim, pair.other), key=rank)


def _lines(line: ListedClaim) -> list[str]:
    """A claim to be compared: where it stands, what it says, who said it and when."""
    word = told_word(line.word, disputed=line.disputed)
    parts = []
    if line.told is not None:
        told = line.told
        parts.append(told.speaker.name if told.speaker else told.manner.replace("_", " "))
        if told.said_on:
            parts.append(f"said on {told.said_on}")
        parts.append(told.source.label)
    seen = "1 appearance" if line.appearances == 1 else f"{line.appearances:,} appearances"
    return [f"{line.id} ({word}): {line.statement}", f"    {', '.join([*parts, seen])}"]
