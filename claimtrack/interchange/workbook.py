"""Workbooks: a sheet of XLSX, XLS, XLSB or ODS as a table. Pure.

A process of its own reads it (`unpack`) and leaves its cells in a temporary file, so that neither
a large workbook nor a hostile one takes this one's memory.
"""

from __future__ import annotations

import difflib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange import limits
from claimtrack.interchange.columns import choose
from claimtrack.interchange.rows import Unread
from claimtrack.interchange.table import (
    Table,
    TableOptions,
    column_names,
    described,
    rows_from,
    too_many,
)
from claimtrack.interchange.text import readable

_REFUSALS = {
    "empty": "The file is empty.",
    "kind": "The file is no workbook: XLSX, XLSB, XLS and ODS are read.",
    "password": "The workbook is protected by a password: save it without one.",
    "large": "The workbook is too large when unpacked: save the sheet as CSV and import that.",
    "memory": "The workbook takes too much memory or time: save the sheet as CSV and import that.",
    "none": "The workbook has no sheets.",
    "damaged": "The workbook is damaged: open it in a spreadsheet, and save it anew or as CSV.",
}


class _Cells:
    """What `unpack` found, in a file that goes away with this."""

    def __init__(self, path: Path, sheet: str) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115, closed in __del__
        done = subprocess.run(  # noqa: S603
            [
                *(sys.executable, "-P", str(Path(__file__).with_name("unpack.py"))),
                *(str(path.absolute()), sheet),
                *(
                    str(number)
                    for number in (
                        limits.WORKBOOK_MEMORY,
                        limits.WORKBOOK_OUTPUT,
                        limits.WORKBOOK_SECONDS,
                        limits.WORKBOOK_SPEED,
                        limits.LARGEST_UNPACKED,
                        limits.LARGEST_RATIO,
                        limits.RATIO_COUNTS_FROM,
                        limits.MOST_PARTS,
                        limits.LONGEST_RECORD,
                    )
                ),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        self._file.seek(0)
        told = self._file.readline()
        self._begin = self._file.tell()
        if done.returncode or not told:
            raise InvalidDataError(_REFUSALS["memory"])
        self.told: dict[str, Any] = json.loads(told)

    def __del__(self) -> None:
        self._file.close()

    def records(self) -> Iterator[tuple[int, list[str]] | Unread]:
        """Each row of the sheet with its number, from 1."""
        at = self._begin
        while True:
            self._file.seek(at)  # others may be reading, too
            batch = json.loads(self._file.readline())
            at = self._file.tell()
            if isinstance(batch, dict):
                if "error" in batch:
                    raise InvalidDataError(_REFUSALS[batch["error"]])
                return
            for number, cells in enumerate(batch[1], batch[0]):
                if sum(map(len, cells)) > limits.LONGEST_RECORD:
                    reason = f"The row is longer than {limits.LONGEST_RECORD:,} characters."
                    yield Unread(number, reason)
                elif any("\0" in cell for cell in cells):
                    reason = "It holds characters that are no text."
                    yield Unread(number, reason, _raw(cells))
                else:
                    yield number, cells


def open_workbook(path: Path, options: TableOptions) -> Table:
    """Open a sheet of a workbook: the first that isn't hidden, or ``options.sheet``.

    A row's line is its number in the sheet. Dates come in ISO's form, whole numbers without a
    point. Columns without a name are not read, which a notice says where they hold something.

    Raises:
        InvalidDataError: it is no workbook, is encrypted or damaged, or too large once unpacked.
        UsageError: there is no such sheet, or no such column.
    """
    cells = _Cells(path, options.sheet or "")
    if (error := cells.told.get("error")) == "sheet":
        raise _no_sheet(options.sheet or "", cells.told["sheets"])
    if error:
        raise InvalidDataError(_REFUSALS[error])
    sheet, others = cells.told["sheet"], cells.told["shown"] - 1
    notices = []
    if not options.sheet and others > 0:
        notices.append(
            f"Read the sheet “{sheet}”, the first of {others + 1}: --sheet takes another."
        )
    return _table(cells, sheet, options, notices)


def _table(cells: _Cells, sheet: str, options: TableOptions, notices: list[str]) -> Table:
    first = next((r for r in cells.records() if isinstance(r, Unread) or any(r[1])), None)
    if first is None:
        raise InvalidDataError(f"The sheet “{sheet}” is empty.")
    if isinstance(first, Unread):
        raise InvalidDataError(f"Row {first.line}, the first, can't be read: {first.reason}")
    number, header = first
    if options.header:
        names = column_names(header)
    else:
        names = [str(column) for column in range(1, len(header) + 1)]
    choice = choose(names, options.columns, header=options.header)
    nameless = [at for at in choice.unused if not names[at]]
    if nameless:
        filled: set[int] = set()
        for record in cells.records():
            if not isinstance(record, Unread):
                cells_here = record[1]
                filled.update(at for at in nameless if "".join(cells_here[at : at + 1]).strip())
        if filled:
            which = ", ".join(str(at + 1) for at in sorted(filled)[:10])
            notices.append(f"Not used, since the first row gives no name: column {which}.")

    def records() -> Iterator[tuple[int, list[str]] | Unread]:
        for record in cells.records():
            if isinstance(record, Unread):
                yield record
            elif record[0] > number or not options.header:
                reason = too_many(record[1], len(names))
                yield Unread(record[0], reason, _raw(record[1])) if reason else record

    return Table(
        *described(names, choice, notices),
        lambda: rows_from(records(), choice, options.constants),
        sheet if options.sheet or cells.told["shown"] > 1 else None,
    )


def _raw(cells: list[str]) -> str:
    return readable("\t".join(cells))


def _no_sheet(wanted: str, names: list[str]) -> UsageError:
    near = difflib.get_close_matches(wanted[:100], names, n=1) or names[:12]
    return UsageError(
        f"There is no sheet “{wanted}” in the workbook: it has"
        f" {len(names)}, such as {', '.join(f'“{name}”' for name in near)}."
    )
