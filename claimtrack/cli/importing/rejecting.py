"""The rows that are refused: into a file, and the first of them before a person's eyes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimtrack.cli.app import App
from claimtrack.formulas import guarded

if TYPE_CHECKING:
    from claimtrack.interchange.rows import Unread

_TOLD = 10
#: Of a row's raw text, so much: a line of a gigabyte shall not come back out.
_RAW = 10_000
_HEADER = ["line", "reason", "row"]


def holds_rejects(path: Path) -> bool:
    """Whether a file holds nothing, or rows that an import refused."""
    with path.open("rb") as file:
        begins = file.read(100).decode("utf-8-sig", "replace")
    return not begins or begins.splitlines()[0] == ",".join(_HEADER)


class Rejects:
    """Takes the rows that are refused."""

    def __init__(self, app: App, path: Path | None, stack: ExitStack, *, more: bool) -> None:
        self.app = app
        self.path = path
        self.stack = stack
        self.mode = "a" if more else "w"
        self.count = 0
        self.writer: Any = None

    def take(self, row: Unread) -> None:
        """Write a row down, and say why it is refused unless enough was said."""
        self.count += 1
        if self.count <= _TOLD:
            self.app.say(f"Line {row.line}: {row.reason}")
        if self.path is None:
            return
        if self.writer is None:
            # Once there is something to write: an import without rejects leaves no file.
            file = self.stack.enter_context(
                self.path.open(
                    self.mode, encoding="utf-8-sig", newline="", errors="backslashreplace"
                )
            )
            self.writer = csv.writer(file)
            if not file.tell():
                self.writer.writerow(_HEADER)
        self.writer.writerow([row.line, guarded(row.reason), guarded(row.raw[:_RAW])])


@contextmanager
def rejecting(app: App, path: Path | None, *, more: bool) -> Iterator[Rejects]:
    """What takes the rows that are refused; at the end it says how many others there were.

    They replace those of an earlier run, or are ``more`` of them.
    """
    with ExitStack() as stack:
        rejects = Rejects(app, path, stack, more=more)
        yield rejects
        if path is not None and path.is_file() and not (more or rejects.count):
            path.unlink()  # those of the run before
        untold = rejects.count - _TOLD
        if path is not None and rejects.count:
            app.say(f"The refused rows stand in {path}, with line and reason.")
        elif untold > 0:
            app.say(f"{untold:,} more were refused: --rejects FILE writes them all down.")
