"""The rows that are refused: into a file, and the first of them before a person's eyes."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from claimtrack.cli.app import App
from claimtrack.cli.progress import clear_line
from claimtrack.errors import InvalidDataError
from claimtrack.formulas import guarded

if TYPE_CHECKING:
    from claimtrack.interchange.rows import Unread

_TOLD = 10
#: Of a row's raw text, so much: a line of a gigabyte shall not come back out.
_RAW = 10_000
_HEADER = ["line", "reason", "row"]
#: So many bytes of them are held in memory until they are written down; more on the disk.
_HELD = 1_000_000


def holds_rejects(path: Path) -> bool:
    """Whether a file holds nothing, or rows that an import refused."""
    with path.open("rb") as file:
        begins = file.read(100).decode("utf-8-sig", "replace")
    return not begins or begins.splitlines()[0] == ",".join(_HEADER)


class Rejects:
    """Takes the rows that are refused, and writes them down when the others are kept."""

    def __init__(self, app: App, path: Path | None, stack: ExitStack, *, more: bool) -> None:
        self.app = app
        self.path = path
        self.stack = stack
        self.more = more
        self.count = 0
        self.file: IO[bytes] | None = None
        self.held: IO[bytes]
        # A device or a pipe is only written to.
        self.regular = path is None or path.is_file() or not path.exists()
        self.headed = False
        self.known: set[bytes] = set()

    def take(self, row: Unread) -> None:
        """Hold a row to be written down, and say why it is refused unless enough was said."""
        self.count += 1
        if self.count <= _TOLD:
            clear_line()
            self.app.say(f"Line {row.line}: {row.reason}")
        if self.path is None:
            return
        if self.file is None:
            # Once there is something to write: an import without rejects leaves no file.
            self.file = self._open(self.path)
        line = _line([row.line, guarded(row.reason), guarded(row.raw[:_RAW])])
        if _digest(line) not in self.known:
            self.held.write(line)

    def keep(self) -> None:
        """Write down what is held: just before that is committed which was taken in beside it.

        What a run that was killed has written without committing is refused again when it goes
        on, and known by then.
        """
        if self.file is None:
            return
        if self.regular:
            if not self.more:
                self.file.truncate(0)
            self.headed = self.file.seek(0, os.SEEK_END) > 0
        self.more = True
        if not self.headed:
            self.file.write(b"\xef\xbb\xbf" + _line(_HEADER))
            self.headed = True
        self.held.seek(0)
        shutil.copyfileobj(self.held, self.file)
        self.file.flush()
        self.held.seek(0)
        self.held.truncate()

    def _open(self, path: Path) -> IO[bytes]:
        """The file, what an earlier run left in it known, and its end whole."""
        self.held = tempfile.SpooledTemporaryFile(_HELD)  # noqa: SIM115 - the stack closes it
        self.stack.enter_context(self.held)
        file = self.stack.enter_context(path.open("a+b" if self.regular else "ab"))
        if self.more and self.regular:
            file.seek(0)
            whole = 0
            for row in _whole_rows(file):
                whole += len(row)
                self.known.add(_digest(row))
            file.truncate(whole)
        return file


def _line(fields: list[object] | list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(fields)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _digest(row: bytes) -> bytes:
    return hashlib.blake2b(row, digest_size=8).digest()


def _whole_rows(file: IO[bytes]) -> Iterator[bytes]:
    """The rows of a CSV file, line ends within them too; not one that was cut off."""
    lines: list[bytes] = []
    quotes = 0
    for line in file:
        lines.append(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0 and line.endswith(b"\n"):
            yield b"".join(lines)
            lines.clear()


@contextmanager
def rejecting(app: App, path: Path | None, *, more: bool) -> Iterator[Rejects]:
    """What takes the rows that are refused; at the end it says how many others there were.

    They replace those of an earlier run, or are ``more`` of them. What was not kept is dropped,
    but for the row that a strict run ends with.
    """
    with ExitStack() as stack:
        rejects = Rejects(app, path, stack, more=more)
        try:
            yield rejects
            rejects.keep()
        except InvalidDataError:
            rejects.keep()
            raise
        finally:
            if path is not None and path.is_file() and not path.stat().st_size:
                path.unlink()  # nothing of what it was opened for was kept
        if path is not None and path.is_file() and not (more or rejects.count):
            path.unlink()  # those of the run before
        untold = rejects.count - _TOLD
        if path is not None and rejects.count:
            app.say(f"The refused rows stand in {path}, with line and reason.")
        elif untold > 0:
            app.say(f"{untold:,} more were refused: --rejects FILE writes them all down.")
