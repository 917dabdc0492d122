"""GitHub's Markdown, in which text from outside stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from claimtrack.render.model import Listing, Marked
from claimtrack.render.text import escape_line, escape_terminal
from claimtrack.render.values import cell_text

# An invisible space after an @ keeps GitHub from calling in whoever has that name there, and from
# linking an address; an entity or a backslash for the @ itself would not.
_INSTEAD = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@&#8203;"}
# ~ strikes through and $ opens a formula on GitHub; the colon of :// and the dot of www. are what
# turns bare text into a link.
_MARKS = re.compile(r"[&<>\\`*_\[\]#|~$]|:(?=//)|(?<=www)\.|@(?=[\w-])", re.IGNORECASE)
# A number, a hyphen and their like at the start of a line open a list, a heading's underline or
# a table's delimiter row.
_OPENING = ("-", "+", "=", ":")
_LEADING_NUMBER = re.compile(r"\d+(?=[.)])")
_URL = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
# Harmless in a URL, but not to the table around it.
_URL_MARKS = re.compile(r"[|`\\\"]")


def escape_markdown(text: str) -> str:
    """One line of text that shows as it is: no HTML, emphasis, link, image, list or heading.

    Control characters come out as ``escape_terminal`` shows them.
    """
    text = _MARKS.sub(_escape_mark, escape_terminal(text).strip())
    if number := _LEADING_NUMBER.match(text):
        return f"{number[0]}\\{text[number.end() :]}"
    return f"\\{text}" if text.startswith(_OPENING) else text


def _escape_mark(match: re.Match[str]) -> str:
    return _INSTEAD.get(match[0], f"\\{match[0]}")


def _cell(value: object) -> str:
    """A cell: a URL of the web becomes a link, line breaks become ``<br>``."""
    if isinstance(value, Marked):
        return "".join(_part(part, found) for part, found in value.parts()).strip()
    text = cell_text(value, machine=False).strip()
    if _URL.fullmatch(text) and escape_terminal(text) == text:
        return f"<{_URL_MARKS.sub(lambda mark: f'%{ord(mark[0]):02X}', text)}>"
    lines = text.replace("\r\n", "\n").replace("\t", " ").split("\n")
    return "<br>".join(map(escape_markdown, lines))


def _part(text: str, found: bool) -> str:
    """A part of a cell with marks; the blanks around it are those between its neighbours."""
    text = " ".join(text.split("\n"))
    kept = escape_markdown(text)
    if not kept:
        return " " if text else ""
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return f"{before}**{kept}**{after}" if found else f"{before}{kept}{after}"


def write_markdown(listing: Listing, out: TextIO) -> int:
    """Write a table row by row between preamble and footer; the number of rows is given back.

    Without columns there is no table.
    """
    if listing.preamble:
        write_paragraphs(_trimmed(listing.preamble), out)
        out.write("\n")
    if listing.drawing:
        # A line of backticks would end the block.
        lines = [escape_line(line, color=False) for line in _trimmed(listing.drawing)]
        drawn = [line.replace("`", "'") for line in lines]
        out.write("\n".join(["```text", *drawn, "```", "", ""]))
    if listing.heading:
        heading = escape_markdown(escape_line(listing.heading, color=False))
        out.write(f"## {heading}\n")
        if listing.columns:
            out.write("\n")
    if not listing.columns:
        return 0
    out.write(_row([escape_markdown(column.title) for column in listing.columns]))
    out.write(_row(["---:" if column.align == "right" else "---" for column in listing.columns]))
    count = 0
    for row in listing.values():
        out.write(_row([_cell(value) for value in row]))
        count += 1
    if listing.footer:
        out.write("\n")
        write_paragraphs(listing.footer, out)
    return count


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Lines without the empty ones at their end, which set a table off."""
    kept = list(lines)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def write_paragraphs(lines: Iterable[str], out: TextIO) -> None:
    """Write lines that stay lines: a hard break after each, an empty line between paragraphs."""
    previous = ""
    for line in lines:
        current = escape_markdown(escape_line(line, color=False))
        if previous:
            out.write(previous + ("\\\n" if current else "\n"))
        if not current and previous:
            out.write("\n")
        previous = current
    if previous:
        out.write(previous + "\n")
