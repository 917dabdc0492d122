"""The command line: the only package that imports click; one file per noun.

The nouns are imported when they are called, and the services inside each command, so that
``--help``, ``--version`` and completion never import SQLAlchemy.
"""

from __future__ import annotations

import gc

import click

from claimtrack import __version__
from claimtrack.cli.app import App
from claimtrack.cli.groups import ErrorsAsSentences, LazyGroup
from claimtrack.cli.interrupts import hear_always

NOUNS = {
    "claim": "Record claims, find them, mark what checking showed.",
    "appearance": "Where and by whom a claim was said, and whether they said it.",
    "evidence": "What supports or refutes a claim.",
    "speaker": "Who makes claims, under which names.",
    "source": "Articles, calls, files: where claims appear, and what bears on them.",
    "import": "Take in spreadsheets, JSON Lines and published fact-checks.",
    "report": "What is still unverified, and what was concluded.",
    "export": "Take claims out: for spreadsheets, for other programs, for readers.",
    "rating": "The labels of the house's own scale, each standing for a verdict.",
    "policy": "The rules that a desk gives itself: a second reviewer, independent publishers.",
    "audit": "The trail of every change, and the proof that nobody rewrote it.",
    "db": "The database behind it all.",
    "config": "Settings: each value and where it came from.",
    "demo": "Try claimtrack on a dozen claims, in a database of its own.",
}


class Root(ErrorsAsSentences, LazyGroup):
    """The whole program: nouns, and one place that turns errors into sentences."""


EXAMPLES = """\b
Examples:
  claimtrack claim add "The bridge was closed in May" --speaker "Ana Ruiz" \\
      --source https://example.org/news/1
  claimtrack claim mark 1 false --because "Opened on 3 May" \\
      --refutes https://example.org/log
  claimtrack report unverified"""


@click.group(
    cls=Root,
    # No module may be called as Python's own word is.
    modules={noun: f"claimtrack.cli.{noun}" for noun in NOUNS}
    | {"import": "claimtrack.cli.importing:import_"},
    summaries=NOUNS,
    epilog=EXAMPLES,
)
@click.version_option(__version__, prog_name="claimtrack", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Record who said what, mark what checking showed, report what is still unverified."""
    if ctx.obj is None:  # a command inside another brings its own
        ctx.obj = App()


def main() -> None:
    """Entry point of the `claimtrack` script."""
    # What a command imports stays until it ends: looking through it for garbage again and again,
    # as the default of every 700 new objects does, is a thirtieth of a read command.
    gc.set_threshold(50_000)
    hear_always()
    cli(prog_name="claimtrack")
