"""Workbooks for spreadsheet programs, written row by row in constant memory. Pure."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from claimtrack.dates import PartialDate
from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Precision

#: What a sheet and a cell hold at most, by Excel's specifications and limits.
SHEET_ROWS = 1_048_576
CELL_LENGTH = 32_767
#: Before it, Excel counts a day that never was; its calendar begins with 1900.
_FIRST_DAY = dt.date(1900, 3, 1)
#: Digits that a cell's number keeps.
_DIGITS = 15


def write_workbook(
    out: BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    sheet_rows: int = SHEET_ROWS,
) -> int:
    """Write rows under their columns' names; the number of rows is given back.

    Text stays text, whatever it looks like: no cell is a formula or a link. A date is one where
    it is known to the day, else text as in ``2020-02``; an instant is text with its offset. Where
    one sheet is full, another follows with the same columns.

    Raises InvalidDataError for a text that is longer than a cell holds.
    """
    from xlsxwriter.workbook import Workbook

    # A folder of its own, so that nothing stays behind of a workbook that is not finished.
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "workbook"
        options = {"constant_memory": True, "tmpdir": folder}
        with Workbook(made, options) as workbook:  # which finishes it, be it to be thrown away
            workbook.use_zip64()
            sheet = _Sheet(workbook, columns, sheet_rows)
            for row in rows:
                sheet.write(row)
        with made.open("rb") as whole:
            shutil.copyfileobj(whole, out)
    return sheet.written


class _Sheet:
    """The sheet that is being filled; full, it gives way to the next."""

    def __init__(self, workbook: Any, columns: Sequence[str], most: int) -> None:
        self._workbook = workbook
        self._columns = columns
        self._most = most
        self._number = 0
        self.written = 0
        self._bold = workbook.add_format({"bold": True})
        self._day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self._next()

    def _next(self) -> None:
        self._number += 1
        name = "claims" if self._number == 1 else f"claims {self._number}"
        self._sheet = self._workbook.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column, self._bold)
        self._line = 1

    def write(self, row: Mapping[str, Any]) -> None:
        if self._line == self._most:
            self._next()
        for place, column in enumerate(self._columns):
            value = row[column]
            if value is not None and value != "":
                self._cell(place, column, value, row)
        self._line += 1
        self.written += 1

    def _cell(self, place: int, column: str, value: Any, row: Mapping[str, Any]) -> None:
        if isinstance(value, PartialDate) and value.precision is Precision.DAY:
            value = value.day
        if isinstance(value, bool):
            self._sheet.write_boolean(self._line, place, value)
        elif isinstance(value, int | float | Decimal) and len(str(value)) <= _DIGITS:
            self._sheet.write_number(self._line, place, value)
        elif type(value) is dt.date and value >= _FIRST_DAY:
            self._sheet.write_datetime(self._line, place, value, self._day)
        else:
            text = value.isoformat() if isinstance(value, dt.date) else str(value)
            # Counted as Excel does, in units of UTF-16.
            if len(text.encode("utf-16-le")) > 2 * CELL_LENGTH:
                first = self._columns[0]
                raise InvalidDataError(
                    f"A cell of a workbook holds {CELL_LENGTH:,} characters, and the {column} of"
                    f" {first} {row[first]} has more: export it as csv."
                )
            # Not write(), which makes formulas and links of what looks like them.
            self._sheet.write_string(self._line, place, text)
