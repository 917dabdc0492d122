"""Workbooks: a sheet of XLSX, XLS, XLSB or ODS as a table. Pure.

A process of its own reads it (`unpack`) and leaves its cells in a temporary file, so that neither
a large workbook nor a hostile one takes this one's memory.
"""

from __future__ import annotations

import datetime
import difflib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange import limits
from claimtrack.interchange.blanks import DATES
from claimtrack.interchange.columns import choose, header_at, header_notice
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import (
    Table,
    TableOptions,
    column_names,
    described,
    rows_from,
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


#: Fields that are addresses.
_ADDRESSES = ("source", "review_url", "evidence")


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

    def records(self, addresses: Collection[int] = ()) -> Iterator[tuple[int, list[str]] | Unread]:
        """Each row of the sheet with its number, from 1.

        In the columns of ``addresses`` a text that is none gives way to the link of its cell.
        """
        at = self._begin
        while True:
            self._file.seek(at)  # others may be reading, too
            batch = json.loads(self._file.readline())
            at = self._file.tell()
            if isinstance(batch, dict):
                if "error" in batch:
                    raise InvalidDataError(_REFUSALS[batch["error"]])
                return
            for index, column, address in batch[2]:
                if column in addresses and _is_words(batch[1][index][column]):
                    batch[1][index][column] = address
            for number, cells in enumerate(batch[1], batch[0]):
                if sum(map(len, cells)) > limits.LONGEST_RECORD:
                    reason = f"The row is longer than {limits.LONGEST_RECORD:,} characters."
                    yield Unread(number, reason)
                elif any("\0" in cell for cell in cells):
                    reason = "It holds characters that are no text."
                    yield Unread(number, reason, _raw(cells))
                else:
                    yield number, cells


def _is_words(text: str) -> bool:
    """Whether a text is no address, as "click here" is none."""
    return "://" not in text and ("." not in text or " " in text.strip())


def open_workbook(path: Path, options: TableOptions) -> Table:
    """Open a sheet of a workbook: the first that isn't hidden, or ``options.sheet``.

    A row's line is its number in the sheet. Dates come in ISO's form, whole numbers without a
    point, and cells in percent with their sign. A number in a field of a date is the day that it
    counts; the words of a link give way to its address where one belongs. Columns without a name
    are not read, which a notice says where they hold something: in a sheet no cell can have been
    shifted.

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
    number, header = 1, [""]
    if options.header:
        number, header, above = _header(cells, sheet, options)
        names = column_names(header)
        if above:
            notices.append(header_notice(number, "Row"))
    else:
        names = [str(column) for column in range(1, _width(cells, sheet) + 1)]
    choice = choose(names, options.columns, header=options.header)
    if options.header and (filled := _nameless(cells, number, names, choice.unused)):
        which = ", ".join(str(at + 1) for at in filled[:10])
        notices.append(f"Not used, since the first row gives no name: column {which}.")

    if "figure" in choice.fields and not cells.told["percent"]:
        notices.append(
            "A figure that is shown as 12.5% comes as 0.125 from a workbook of this kind: save it"
            " as XLSX or CSV if there are such."
        )
    addresses = {choice.fields[name] for name in _ADDRESSES if name in choice.fields}

    def records() -> Iterator[tuple[int, list[str]] | Unread]:
        for record in cells.records(addresses):
            line = record.line if isinstance(record, Unread) else record[0]
            if line > number or not options.header:
                yield record

    def read() -> Iterator[Row | Unread]:
        for row in rows_from(records(), choice, options.constants):
            yield row if isinstance(row, Unread) else _dated(row, since_1904=cells.told["1904"])

    named = sheet if sheet != cells.told["first"] else None
    return Table(*described(names, choice, notices), read, named)


def _header(cells: _Cells, sheet: str, options: TableOptions) -> tuple[int, list[str], bool]:
    """The number of the header's row and its cells, and whether something stands above it."""
    firsts: list[tuple[int, list[str]]] = []
    for record in cells.records():
        if isinstance(record, Unread):
            if not firsts:
                raise InvalidDataError(
                    f"Row {record.line}, the first, can't be read: {record.reason}"
                )
            break
        if any(record[1]):
            firsts.append(record)
        if len(firsts) == limits.HEADER_WITHIN:
            break
    if not firsts:
        raise InvalidDataError(f"The sheet “{sheet}” is empty.")
    at = header_at([row for _, row in firsts], options.columns)
    return *firsts[at], at > 0


def _width(cells: _Cells, sheet: str) -> int:
    """How many columns hold something."""
    rows = (record[1] for record in cells.records() if not isinstance(record, Unread))
    width = max(map(len, rows), default=0)
    if not width:
        raise InvalidDataError(f"The sheet “{sheet}” is empty.")
    return width


def _nameless(cells: _Cells, number: int, names: list[str], unused: list[int]) -> list[int]:
    """The columns that hold something under the header's row, which gives them no name."""
    within = [at for at in unused if not names[at]]
    filled: set[int] = set()
    if within or cells.told["width"] > len(names):
        for record in cells.records():
            if not isinstance(record, Unread) and record[0] > number:
                row = record[1]
                beyond = range(len(names), len(row))
                filled.update(at for at in (*within, *beyond) if "".join(row[at : at + 1]).strip())
    return sorted(filled)


def _dated(row: Row, *, since_1904: bool) -> Row:
    """A row whose dates are dates where they came as the numbers by which sheets count days."""
    days = {
        field: day
        for field in DATES
        if (text := row.fields.get(field)) and (day := _day(text, since_1904=since_1904))
    }
    return row._replace(fields={**row.fields, **days}) if days else row


def _day(text: str, *, since_1904: bool) -> str | None:
    """The day that a number is, from 1954 to 2064; old workbooks of Macs count from 1904.

    The first day of 1900 is 1, and one too many is counted in its February (ECMA-376, 18.17.4).
    """
    if not re.fullmatch(r"[2-5][0-9]{4}(?:\.[0-9]+)?", text):
        return None
    first = datetime.date(1904, 1, 1) if since_1904 else datetime.date(1899, 12, 30)
    return (first + datetime.timedelta(days=int(text[:5]))).isoformat()


def _raw(cells: list[str]) -> str:
    return readable("\t".join(cells))


def _no_sheet(wanted: str, names: list[str]) -> UsageError:
    near = difflib.get_close_matches(wanted[:100], names, n=1) or names[:12]
    return UsageError(
        f"There is no sheet “{wanted}” in the workbook: it has"
        f" {len(names)}, such as {', '.join(f'“{name}”' for name in near)}."
    )
