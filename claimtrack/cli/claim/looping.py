"""Quick entry: one statement a line, with speaker and date kept from line to line.

Each statement is a transaction of its own, so an interruption loses nothing that was entered.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App
from claimtrack.cli.claim.adding import record
from claimtrack.cli.streams import asking, not_utf8, read_line
from claimtrack.errors import ClaimtrackError, UsageError
from claimtrack.render import Format, Listing, escape_terminal
from claimtrack.vocab import Manner, hyphenated

if TYPE_CHECKING:
    from claimtrack.services.appearances import AppearanceGiven
    from claimtrack.services.claims import ClaimGiven
    from claimtrack.services.views import ClaimView, SourceRef

HELP = """\
One statement a line; an empty line ends. What stands in quotation marks is kept as the quote.
  @NAME      from here on NAME speaks (@A; @B for two; Tab completes)
  @          from here on it is the source's own voice
  /on DATE   from here on said on DATE: Tuesday, 2020-02-25 (/on alone: no date)
  /at PLACE  from here on found at PLACE: paragraph 4, page 2 (/at alone: no place)
  /again ID  a claim on record was said here too
  /help      shows this"""

_QUOTED = re.compile('["“„«]([^"“”„«»]+)["”“»]')


def run_loop(app: App, given: ClaimGiven, appeared: AppearanceGiven) -> None:
    """Read statements until an empty line, the end of input or Ctrl-C.

    In a terminal an error is said and the line can be typed again; from a pipe the first error
    ends it, with the number of its line, since what follows may hang on it.

    Raises:
        ClaimtrackError: from a pipe, what was wrong with a line.
    """
    source = _known_source(app, appeared)
    appeared = dataclasses.replace(
        appeared, source=str(source.id), details=type(appeared.details)()
    )
    entry = _Entry(app, given, appeared, source)
    if app.interactive:
        _complete_speakers(app)
        app.say(f"Source {source.id}: {source.label}\n{HELP}")
    try:
        entry.run()
    except (KeyboardInterrupt, click.Abort):
        app.say(f"\nStopped. {entry.tally()} on record.")
        raise click.exceptions.Exit(130) from None
    finally:
        entry.emit()
    app.say(f"{entry.tally()} on record.")


def _known_source(app: App, appeared: AppearanceGiven) -> SourceRef:
    """Find or create the source first, so that it is known even if no statement follows."""
    from claimtrack.services import sources

    with app.write() as connection:
        source, created = sources.resolve(connection, appeared.source, appeared.details)
    if created:
        app.say(f"New source {source.id}: {source.label}.")
    return source


class _Entry:
    """The statements entered so far, and what the next one will take over."""

    def __init__(
        self, app: App, given: ClaimGiven, appeared: AppearanceGiven, source: SourceRef
    ) -> None:
        self.app = app
        self.given = given
        self.appeared = appeared
        self.source = source
        self.who = appeared.manner or "nobody"
        self.recorded: list[int] = []
        self.again = 0

    def tally(self) -> str:
        """What was entered: claims, and further appearances of earlier ones."""
        words = f"{len(self.recorded)} claim{'' if len(self.recorded) == 1 else 's'}"
        if self.again:
            words += f" and {self.again} appearance{'' if self.again == 1 else 's'}"
        return words

    def run(self) -> None:
        """Take lines until an empty one."""
        if self.appeared.speakers:
            self.appeared = self._settled(self.appeared)
        for number in itertools.count(1):
            try:
                line = self._next_line()
                if not line:
                    return
                self._take(line)
            except ClaimtrackError as error:
                if not self.app.interactive:
                    error.message = (
                        f"Line {number}: {error.message} ({self.tally()} before it on record.)"
                    )
                    raise
                from claimtrack.cli.groups import say_error

                say_error(error)

    def _next_line(self) -> str:
        if not self.app.interactive:
            return read_line().removeprefix("\ufeff").strip()  # as Windows begins its files
        when = f", {self.appeared.said_on}" if self.appeared.said_on else ""
        try:
            with asking():
                return input(escape_terminal(f"{self.who}{when}> ")).strip()
        except UnicodeDecodeError as error:
            raise not_utf8() from error
        except EOFError:
            self.app.say("")
            return ""

    def _take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if line.startswith("@"):
            self._speak(line)
        elif word == "/on":
            self._date(rest or None)
        elif word == "/at":
            self.appeared = dataclasses.replace(self.appeared, place=rest or None)
        elif word == "/again":
            self._again(rest)
        elif word == "/help":
            self.app.say(HELP)
        elif line.startswith("/"):
            raise UsageError(f"There is no {word}: /help lists what there is.")
        else:
            self._record(line)

    def _speak(self, line: str) -> None:
        """`@A; @B`: who speaks from here on; `@` alone is the source's own voice."""
        if re.search(r"\s@", line.replace("; @", ";@")):
            raise UsageError("Separate several speakers with a semicolon: @A; @B.")
        names = tuple(
            name for part in line.split(";") if (name := part.strip().removeprefix("@").strip())
        )
        manner = None if names else Manner.OWN_VOICE.value
        change = dataclasses.replace(
            self.appeared, speakers=names, manner=manner, insisted=frozenset()
        )
        self.appeared = self._settled(change) if names else change
        if not names:
            self.who = hyphenated(Manner.OWN_VOICE)

    def _settled(self, change: AppearanceGiven) -> AppearanceGiven:
        """Ask now whom a name means, rather than at each statement; ids stand for them then."""
        from claimtrack.cli.settling import settle_speakers
        from claimtrack.services.appearances import resolve_speakers

        told: list[str] = []

        def attempt(now: AppearanceGiven) -> AppearanceGiven:
            with self.app.write() as connection:
                told.clear()
                refs = resolve_speakers(connection, now, told)
                self.who = "; ".join(ref.name for ref in refs)
                return dataclasses.replace(now, speakers=tuple(str(ref.id) for ref in refs))

        settled = settle_speakers(self.app, change, attempt)
        for sentence in told:
            self.app.say(sentence)
        return settled

    def _date(self, text: str | None) -> None:
        """Resolve the day once and say it aloud, so that it isn't said at each statement."""
        from claimtrack.services.appearances import read_said_on

        told: list[str] = []
        said_on = read_said_on(text, self.source, told)
        for sentence in told:
            self.app.say(sentence)
        self.appeared = dataclasses.replace(
            self.appeared, said_on=str(said_on) if said_on else None
        )

    def _again(self, number: str) -> None:
        from claimtrack.cli.appearance import add_to

        if not number.isdecimal():
            raise UsageError("Say which claim was said here again: /again 14.")
        _, numbers = add_to(self.app, int(number), self.appeared)
        self.again += len(numbers)
        self.app.say(f"  appearance {number}.{numbers[0]}")

    def _record(self, line: str) -> None:
        if not self.appeared.speakers and self.appeared.manner is None:
            raise UsageError("Who says it? Type @NAME first, or @ alone for its own voice.")
        given = dataclasses.replace(self.given, statement=line)
        appeared = self.appeared
        if appeared.quote is None and (quotes := _QUOTED.findall(line)):
            appeared = dataclasses.replace(appeared, quote=" … ".join(quotes))
            if _QUOTED.fullmatch(line):
                given = dataclasses.replace(given, statement=quotes[0])
        view, again = record(self.app, given, appeared)
        if again is not None:
            self.again += 1
            self.app.say(f"  appearance {view.id}.{again}")
            return
        self.recorded.append(view.id)
        self._said(view)

    def _said(self, view: ClaimView) -> None:
        # The day was resolved by the first statement: keep what it came to.
        if view.first is not None and self.appeared.said_on is not None:
            self.appeared = dataclasses.replace(self.appeared, said_on=str(view.first.said_on))
        if self.app.as_table:
            click.echo(f"  {view.id}  {escape_terminal(view.statement)}")

    def emit(self) -> None:
        """For a program: all that was recorded, at the end."""
        if self.app.format is Format.TABLE:
            return
        from claimtrack.cli.shapes import claim_json
        from claimtrack.services.stories import load_claims

        with self.app.read() as connection:
            views = load_claims(connection, self.recorded)
        self.app.emit(Listing(columns=(), rows=[claim_json(view) for view in views]))


def _complete_speakers(app: App) -> None:
    """Let Tab complete the names of speakers after an @, where the terminal can."""
    try:
        import readline
    except ImportError:
        return
    from claimtrack.services.speaker_lists import all_names

    with app.read() as connection:
        known = all_names(connection)
    folded = [(name.casefold(), name) for name in known]

    def complete(text: str, state: int) -> str | None:
        if not readline.get_line_buffer().lstrip().startswith("@"):
            return None
        begun = text.lstrip("@; ").casefold()
        found = [name for key, name in folded if key.startswith(begun) or f" {begun}" in key]
        return f"@{found[state]}" if state < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(";")
    # libedit, on macOS, speaks another language than GNU readline.
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
