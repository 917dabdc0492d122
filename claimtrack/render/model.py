"""What a command hands over to be rendered: a format, columns and rows of plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple


class Format(StrEnum):
    """The value of ``--format``."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"


class Marked(NamedTuple):
    """A text in which words were found, from where to where each, in characters and in order.

    They are bold on a terminal with colours and in Markdown, and between ``**`` elsewhere.
    """

    text: str
    marks: tuple[tuple[int, int], ...]

    def parts(self) -> Iterator[tuple[str, bool]]:
        """The text in parts, each with whether it was found."""
        at = 0
        for start, end in self.marks:
            yield self.text[at:start], False
            yield self.text[start:end], True
            at = end
        yield self.text[at:], False

    def plain(self) -> str:
        """The text with marks that need no colour."""
        return "".join(f"**{part}**" if found else part for part, found in self.parts())


class Column(NamedTuple):
    """One column of a table, of Markdown and of CSV (whose header row is the keys).

    On a terminal the first ``grow`` column leads: what a too wide table can do without, the
    columns with a ``drop``, the highest first, is left out until the lead has room to be read.
    Then text is cut; numbers and ``fixed`` columns, such as dates, last of all. ``max_width``
    binds on a terminal only. ``style`` is given a cell's whole text, before it is cut, and names
    a colour for it (see ``style``) or None.
    """

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    grow: bool = False
    max_width: int | None = None
    style: Callable[[str], str | None] | None = None
    fixed: bool = False
    drop: int = 0


class Listing(NamedTuple):
    """Rows as the JSON shows them, and how to lay them out for people and spreadsheets.

    ``cells`` gives a row's flat values where they differ from the row itself; a column's key is
    looked up in them, ``speaker.name`` also as ``name`` inside ``speaker``. ``header`` makes the
    listing a report: its totals stand before ``rows`` in JSON, and ``preamble`` says them to
    people. ``preamble`` and ``footer`` surround a table or Markdown; what they quote from outside
    belongs through ``escape_terminal``. Below the preamble stand a ``drawing``, whose letters
    keep their places, and a ``heading``. ``empty`` is the sentence for no rows, which the caller
    prints to stderr when ``emit`` gives back 0.
    """

    columns: Sequence[Column]
    rows: Iterable[Mapping[str, object]]
    cells: Callable[[Mapping[str, object]], Mapping[str, object]] | None = None
    header: Mapping[str, object] | None = None
    preamble: Sequence[str] = ()
    drawing: Sequence[str] = ()
    heading: str = ""
    footer: Sequence[str] = ()
    empty: str = ""

    def values(self) -> Iterator[list[object]]:
        """The cells of each row, in the order of the columns."""
        for row in self.rows:
            cells = row if self.cells is None else self.cells(row)
            yield [_lookup(cells, column.key) for column in self.columns]


def _lookup(cells: Mapping[str, object], key: str) -> object:
    """The value under a key, dotted into nested objects; None inside an object that is None.

    Raises ``KeyError`` for a key that is not there: a misspelt column must not pass as blank.
    """
    if key in cells:
        return cells[key]
    value: object = cells
    for part in key.split("."):
        if value is None:
            return None
        if not isinstance(value, Mapping) or part not in value:
            raise KeyError(key)
        value = value[part]
    return value
