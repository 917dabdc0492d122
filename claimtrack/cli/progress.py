"""How far long work has got, on a terminal; nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr; what is given is told how much more of ``total`` is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=max(total, 1), label=label, file=sys.stderr) as bar:
        yield bar.update
        bar.update(max(total, 1) - bar.pos)
