"""CSV for spreadsheets and pipes, after RFC 4180 but with LF at the end of a line.

LF, not the RFC's CRLF: every spreadsheet reads it, ``wc``, ``grep`` and ``diff`` expect it, and a
text stream on Windows makes CRLF of it anyway (and would make CR CR LF of the other). The csv
module is not used: before Python 3.13 it leaves a lone CR unquoted with this line end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TextIO

from claimtrack.formulas import guarded
from claimtrack.render.model import Listing
from claimtrack.render.text import escape_terminal
from claimtrack.render.values import cell_text, flatten, is_number

#: What has to stand in quotation marks, by the sign between cells.
_TO_QUOTE = {sign: re.compile(rf'["{sign}\r\n]|^\s|\s$') for sign in ",;\t"}


def write_csv(listing: Listing, out: TextIO, *, terminal: bool, delimiter: str = ",") -> int:
    """Write the columns' keys, then row by row; the number of rows is given back.

    ``delimiter`` is what stands between cells: a comma, a semicolon or a tab.

    On a terminal, where it is looked at and not parsed, control characters are escaped as in a
    table; into a pipe or a file the text goes as recorded.
    """
    keys = (column.key for column in listing.columns)
    out.write(_record(keys, terminal=terminal, delimiter=delimiter))
    count = 0
    for row in listing.values():
        out.write(_record(row, terminal=terminal, delimiter=delimiter))
        count += 1
    return count


def write_record(data: Mapping[str, object], out: TextIO, *, terminal: bool) -> None:
    """Write one object as a header of dotted keys and one row."""
    flat = dict(flatten(data))
    out.write(_record(flat, terminal=terminal))
    out.write(_record(flat.values(), terminal=terminal))


def _record(values: Iterable[object], *, terminal: bool, delimiter: str = ",") -> str:
    line = delimiter.join(_cell(value, terminal=terminal, delimiter=delimiter) for value in values)
    return (line or '""') + "\n"  # a blank line would be no record at all


def _cell(value: object, *, terminal: bool, delimiter: str) -> str:
    if value is None:
        return ""
    if type(value) is str:  # as most cells are
        text = value
    else:
        text = cell_text(value, machine=True)
        if is_number(value):
            return text
    text = guarded(text)
    if terminal:
        text = escape_terminal(text, keep_newlines=True)
    return '"' + text.replace('"', '""') + '"' if _TO_QUOTE[delimiter].search(text) else text
