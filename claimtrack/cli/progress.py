"""How far long work has got, on a terminal; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

import click


def clear_line() -> None:
    """Take a bar from its line, for something to be said there; its next step draws it anew."""
    if sys.stderr.isatty():
        click.echo("\r\033[2K", nl=False, err=True)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr; what is given is told how much more of ``total`` is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=max(total, 1), label=label, file=sys.stderr) as bar:
        yield bar.update
        bar.update(max(total, 1) - bar.pos)


@contextmanager
def rows_progress(label: str, lines: int) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr for rows of a file; what is given hears how many more, and at which line.

    The lines that are left tell the time that is left; ``lines`` is 0 where they can't be counted.
    """
    if not sys.stderr.isatty():
        yield lambda _rows, _line: None
        return
    began = perf_counter()
    rows = 0

    def rate(_item: object) -> str:
        return f"{rows:,} rows, {rows / max(perf_counter() - began, 0.001):,.0f} a second"

    with click.progressbar(
        length=max(lines, 1), label=label, file=sys.stderr, item_show_func=rate, show_pos=False
    ) as bar:

        def tell(more: int, line: int) -> None:
            nonlocal rows
            rows += more
            bar.update(max(0, min(line, bar.length or 1) - bar.pos), more)

        yield tell
        bar.update(max(lines, 1) - bar.pos, 0)
