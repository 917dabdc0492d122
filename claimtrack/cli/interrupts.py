"""Ctrl-C and the signals that end a command: heard wherever they come, with nothing half done."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: Seconds after which a Ctrl-C that was lost comes again: the collection it fell into is over.
_AGAIN = 0.05


def hear_always() -> None:
    """Let no Ctrl-C be lost that falls into the collection of garbage.

    What is raised there, in a callback of a weak reference, Python prints and forgets, and the
    command would go on.
    """
    before = sys.unraisablehook

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            before(lost)
            return
        import threading

        again = threading.Timer(
            _AGAIN, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)
        )
        again.daemon = True
        again.start()

    sys.unraisablehook = hook


@contextmanager
def tidied() -> Iterator[None]:
    """Let a command that is told to end do so as with Ctrl-C, leaving no half file."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed(connection: Connection) -> Iterator[None]:
    """Drop the connection on Ctrl-C, which may come amid rows that nobody will read now."""
    try:
        yield
    except KeyboardInterrupt:
        connection.invalidate()
        raise
