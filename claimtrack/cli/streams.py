"""Standard input, output and error: what a pipe, a terminal or a full disk makes of them."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import select
import sys

from claimtrack.errors import InvalidDataError

_AS_ESCAPES = "claimtrack.escapes"


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""What the output's encoding has no sign for, as ``\uXXXX``: JSON stays valid with it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    import json

    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def let_output_encode() -> None:
    """Let stdout and stderr take any text, whatever their encoding."""
    codecs.register_error(_AS_ESCAPES, _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_AS_ESCAPES)


def abandon_output() -> None:
    """Keep the interpreter from flushing, on its way out, into what takes nothing any more."""
    with contextlib.suppress(OSError):  # a stream of a test has no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def read_line() -> str:
    """The next line of standard input, which is not a terminal; nothing at its end.

    Read as bytes, so that what is no text is found in its own line, and not in the first.

    Raises:
        InvalidDataError: it is not UTF-8.
    """
    return _decoded(sys.stdin.buffer.readline())


def read_all() -> str:
    """All of standard input.

    Raises:
        InvalidDataError: it is not UTF-8.
    """
    return _decoded(sys.stdin.buffer.read())


def read_key() -> str:
    """One key from the terminal, without waiting for Return; nothing at the end of input.

    What was typed ahead stays to be read, which click.getchar() throws away.
    """
    try:
        import termios
        import tty
    except ImportError:  # on Windows
        import click

        return click.getchar()
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        key = os.read(terminal, 1)
        if key == b"\x1b":  # an arrow, or another key that sends several bytes
            while select.select([terminal], [], [], 0)[0] and os.read(terminal, 1):
                pass
        elif key > b"\x7f":
            key += os.read(terminal, 3)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
    return key.decode("utf-8", "replace")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8() from error


def not_utf8() -> InvalidDataError:
    """The error for bytes from standard input that are no text."""
    return InvalidDataError("What came in is not UTF-8 text. Save it as UTF-8, and try again.")


def asking() -> contextlib.AbstractContextManager[object]:
    """While a person is asked: where stdout is a pipe, no sign of it goes into the data."""
    if sys.stdout.isatty():
        return contextlib.nullcontext()
    return contextlib.redirect_stdout(sys.stderr)
