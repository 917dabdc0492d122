r"""Turn plain data into what a command prints; knows no model and no database.

=========  =====================================  ==============================================
format     who reads it                           text from outside
=========  =====================================  ==============================================
table      a person at a terminal                 control and invisible characters shown as text
json       a script; rows stream inside an array  the same characters as ``\uXXXX``: no data lost
jsonl      a script; one row a line               as json
csv        a spreadsheet; one row a line          formula cells get an apostrophe; no loss
markdown   a wiki or an issue                     nothing can become HTML, an image or a link
=========  =====================================  ==============================================

Of text from outside only a cell that is wholly an http(s) URL becomes a link in Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TextIO

from claimtrack.render.delimited import write_csv, write_record
from claimtrack.render.markdown import escape_markdown, write_markdown, write_paragraphs
from claimtrack.render.model import Column, Format, Listing, Marked
from claimtrack.render.table import histogram, write_table
from claimtrack.render.text import (
    display_width,
    escape_line,
    escape_terminal,
    style,
    truncate,
)
from claimtrack.render.values import json_text

__all__ = [
    "Column",
    "Format",
    "Listing",
    "Marked",
    "display_width",
    "emit",
    "emit_object",
    "escape_markdown",
    "escape_terminal",
    "histogram",
    "json_text",
    "style",
    "truncate",
    "write_csv",
]


def emit(
    listing: Listing, fmt: Format, out: TextIO, *, width: int | None = None, color: bool = False
) -> int:
    """Write a list or a report to ``out`` and give back the number of rows written.

    ``width`` is the terminal's in columns; None is a pipe or a file: nothing is cut, and nothing
    is coloured whatever ``color`` says. With 0 rows the caller says ``listing.empty`` on stderr.
    JSON, JSONL, CSV and Markdown are written row by row; a table is measured first.
    """
    match fmt:
        case Format.TABLE:
            return write_table(listing, out, width=width, color=color and width is not None)
        case Format.MARKDOWN:
            return write_markdown(listing, out)
        case Format.CSV:
            return write_csv(listing, out, terminal=width is not None)
        case Format.JSONL:
            return _write_jsonl(listing, out)
        case Format.JSON:
            return _write_json(listing, out)


def emit_object(
    data: Mapping[str, object],
    fmt: Format,
    out: TextIO,
    *,
    text: Iterable[str],
    width: int | None = None,
    color: bool = False,
) -> None:
    r"""Write one object, as ``show`` does: ``data`` for scripts, the lines of ``text`` for people.

    ``text`` is read only for a table or Markdown, so it may be a generator; what it quotes from
    outside belongs through ``escape_terminal``, what it colours through ``style``. A line is one
    line: a newline inside it is shown as ``\n``. CSV is a header and one row, nested objects
    under dotted keys, lists of objects as JSON.
    """
    match fmt:
        case Format.TABLE:
            for line in text:
                out.write(escape_line(line, color=color and width is not None) + "\n")
        case Format.MARKDOWN:
            write_paragraphs(text, out)
        case Format.CSV:
            write_record(data, out, terminal=width is not None)
        case Format.JSONL:
            out.write(json_text(data) + "\n")
        case Format.JSON:
            out.write(json_text(data, indent=2) + "\n")


def _write_jsonl(listing: Listing, out: TextIO) -> int:
    count = 0
    for row in listing.rows:
        out.write(json_text(row) + "\n")
        count += 1
    return count


def _write_json(listing: Listing, out: TextIO) -> int:
    """An array of one row a line; a report is an object of its totals, then ``rows``."""
    if listing.header is None:
        opening, indent, closing = "[", "  ", "]\n"
    else:
        if "rows" in listing.header:
            raise ValueError("a report's totals can't have a key named rows")
        # An empty "rows" last, cut open: the encoder lays out the totals, the rows stream in.
        opening = json_text({**listing.header, "rows": []}, indent=2).removesuffix("]\n}")
        indent, closing = "    ", "]\n}\n"
    count = 0
    for count, row in enumerate(listing.rows, start=1):
        # Nothing is written before the first row is there: a query that fails leaves no half file.
        out.write((f"{opening}\n" if count == 1 else ",\n") + indent + json_text(row))
    out.write(f"\n{indent[2:]}{closing}" if count else f"{opening}{closing}")
    return count
