"""Texts that are asked for, so that they stay out of the shell's history: ``-`` stands for one."""

from __future__ import annotations

import sys
from typing import Any

import click

from claimtrack.cli.streams import asking, read_line


class Typed(click.ParamType[Any]):
    """A text; ``-`` is asked for on a terminal, else read from a line of standard input."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text, as given or as typed.

        Raises InvalidDataError for bytes that are no text.
        """
        if value != "-" or param is None or (ctx is not None and ctx.resilient_parsing):
            return str(value)
        # What is asked for goes by the name that it has on the command line.
        what = max(param.opts, key=len) if param.param_type_name == "option" else _named(param)
        if sys.stdin.isatty():
            with asking():
                return str(click.prompt(what, err=True))
        line = read_line()
        if not line:
            self.fail("nothing came in: - reads a line of standard input.", param, ctx)
        return line.rstrip("\r\n")


def _named(param: click.Parameter) -> str:
    return str(param.metavar or param.name).upper()


TYPED = Typed()

_HOW = "A text given as - is asked for: so it stays out of the shell's history."


def ask_for_dashes(command: click.Command) -> None:
    """Let every text that a command takes be given as ``-``, and say so in its help."""
    texts = [param for param in command.params if param.type is click.STRING]
    for param in texts:
        param.type = TYPED
    if texts:
        command.epilog = f"{_HOW}\n\n{command.epilog}"
