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

_TO_QUOTE = re.compile(r'[",\r\n]|^\s|\s$')


def write_csv(listing: Listing, out: TextIO, *, terminal: bool) -> int:
    """Write the columns' keys, then row by row; the number of rows is given back.

    On a terminal, where it is looked at and not parsed, control characters are escaped as in a
    table; into a pipe or a file the text goes as recorded.
    """
    out.write(_record((column.key for column in listing.columns), terminal=terminal))
    count = 0
    for row in listing.values():
        out.write(_record(row, terminal=terminal))
        count += 1
    return count


def write_record(data: Mapping[str, object], out: TextIO, *, terminal: bool) -> None:
    """Write one object as a header of dotted keys and one row."""
    flat = dict(flatten(data))
    out.write(_record(flat, terminal=terminal))
    out.write(_record(flat.values(), terminal=terminal))


def _record(values: Iterable[object], *, terminal: bool) -> str:
    line = ",".join(_cell(value, terminal=terminal) for value in values)
    return (line or '""') + "\n"  # a blank line would be no record at all


def _cell(value: object, *, terminal: bool) -> str:
    text = cell_text(value, machine=True)
    if is_number(value):
        return text
    text = guarded(text)
    if terminal:
        text = escape_terminal(text, keep_newlines=True)
    return '"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text
