"""Groups of commands: imported when they are called, and ending with a sentence."""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from claimtrack.cli.streams import abandon_output, let_output_encode
from claimtrack.errors import ClaimtrackError, MergedClaimError
from claimtrack.render import escape_terminal


class LazyGroup(click.Group):
    """A group whose members are imported when they are called.

    ``modules`` says which module holds a member: as an attribute of its name (or of the name
    after a colon), or registered on this group. ``summaries`` is a line of help for each, so that
    listing them imports none.
    """

    def __init__(
        self,
        *args: Any,
        modules: Mapping[str, str],
        summaries: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.modules = modules
        self.summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The members, in the order in which they were given."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one member."""
        if cmd_name not in self.modules:
            return None
        path, _, name = self.modules[cmd_name].partition(":")
        module = importlib.import_module(path)
        member = self.commands.get(cmd_name) or getattr(module, name or cmd_name)
        assert isinstance(member, click.Command)  # noqa: S101 - our own modules
        return member

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but suggest among members that aren't imported yet, too."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand:
            raise click.exceptions.NoSuchCommand(
                args[0], possibilities=self.modules, ctx=ctx
            ) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the members by their one line of help."""
        if self.summaries is None:
            super().format_commands(ctx, formatter)
            return
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


class ErrorsAsSentences(click.Group):
    """A group that ends with a sentence and the right exit code, never with a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run, print what went wrong in plain words, and exit with its code."""
        let_output_encode()
        try:
            code = self._outcome(*args, **{**kwargs, "standalone_mode": False})
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader went away (`| head`): end as quietly as `cat` would.
            abandon_output()
            sys.exit(141)
        except OSError as error:
            abandon_output()
            what = error.filename or "The output"
            say_error(ClaimtrackError(f"{what} can't be written: {error.strerror or error}."))
            sys.exit(ClaimtrackError.exit_code)
        sys.exit(code)

    def _outcome(self, *args: Any, **kwargs: Any) -> int:
        try:
            outcome = super().main(*args, **kwargs)
        except ClaimtrackError as error:
            if isinstance(error, MergedClaimError) and error.next_command is None:
                words = kwargs.get("args") or (args[0] if args else None) or sys.argv[1:]
                error.next_command = _on_the_head(error, [str(word) for word in words])
            say_error(error)
            return error.exit_code
        except click.ClickException as error:
            _say_click_error(error)
            return error.exit_code
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            return 130
        return outcome if isinstance(outcome, int) else 0


def _on_the_head(error: MergedClaimError, words: list[str]) -> str:
    """The command as it was typed, for the head of the claim that it was meant for.

    Where the claim was one of a range, it can't be put in its place: the head is shown instead.
    What a person had seen, the claim's version, does not go for the head; and where the database
    is, is left out as from every command that is printed.
    """
    kept: list[str] = []
    place = 0
    while place < len(words):
        name, glued, _ = words[place].partition("=")
        if name in ("--if-version", "--database-url"):
            place += 1 if glued else 2
            continue
        kept.append(words[place])
        place += 1
    for place, word in enumerate(kept[2:], start=2):
        if word == str(error.claim_id) and not kept[place - 1].startswith("--"):
            again = [*kept[:place], str(error.head_id), *kept[place + 1 :]]
            return shlex.join(["claimtrack", *again])
    return f"claimtrack claim show {error.head_id}"


def _say_click_error(error: click.ClickException) -> None:
    """Print what click makes of a mistyped command, with what was typed escaped."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()  # the help: all of it our own words
        return
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(
            f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n", err=True
        )
    click.echo(f"Error: {escape_terminal(error.format_message())}", err=True)


def say_error(error: ClaimtrackError) -> None:
    """Print an error's sentences, and the command to go on with, on stderr."""
    click.echo(f"Error: {escape_terminal(error.message, keep_newlines=True)}", err=True)
    if error.next_command:
        click.echo(f"  {escape_terminal(error.next_command)}", err=True)
