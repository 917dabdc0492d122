"""A table that was opened: its columns, which of them are used, and its rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.blanks import merged
from claimtrack.interchange.columns import Choice
from claimtrack.interchange.limits import LONGEST_NAME, MOST_COLUMNS
from claimtrack.interchange.rows import Row, Unread


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How to read a table, as far as people say; the rest is found out.

    ``header`` says whether the first line names the columns, ``quoting`` whether quotation marks
    enclose cells; ``delimiter`` is one character, ``encoding`` a name such as "windows-1251",
    ``sheet`` the name or the number, from 1, of a workbook's sheet. ``columns`` says which column
    (by its name or, from 1, its number) holds a field, ``constants`` the value that a field has
    in each row that has none of its own.
    """

    header: bool = True
    delimiter: str | None = None
    quoting: bool = True
    encoding: str | None = None
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """An opened table.

    ``columns`` are the names of all, ``used`` says from which a field is read, ``unused`` are the
    others; ``notices`` are sentences on how the file is read. ``read`` makes what `rows` gives.
    ``sheet`` is the name of a workbook's sheet, but for the first that isn't hidden.
    """

    columns: list[str]
    used: dict[str, str]
    unused: list[str]
    notices: list[str]
    read: Callable[[], Iterator[Row | Unread]] = field(repr=False)
    sheet: str | None = None

    def rows(self) -> Iterator[Row | Unread]:
        """Each row, from the first, in bounded memory; may be called again."""
        return self.read()


def column_names(cells: Sequence[str]) -> list[str]:
    """The names in a header; one that is blank stays so.

    Raises InvalidDataError for a header beyond the limits.
    """
    names = [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]
    if len(names) > MOST_COLUMNS:
        raise InvalidDataError(
            f"The first line has {len(names):,} cells, and no table has more than"
            f" {MOST_COLUMNS:,} columns."
        )
    if any(len(name) > LONGEST_NAME for name in names):
        raise InvalidDataError(
            f"The name of a column is longer than {LONGEST_NAME:,} characters. If the first line is"
            " data, say --no-header."
        )
    return names


def described(
    names: Sequence[str], choice: Choice, notices: Iterable[str]
) -> tuple[list[str], dict[str, str], list[str], list[str]]:
    """The first four parts of a `Table`; a column without a name is not listed."""
    return (
        [name for name in names if name],
        {field: names[at] or f"column {at + 1}" for field, at in choice.fields.items()},
        [names[at] for at in choice.unused if names[at]],
        [*notices, *choice.notices],
    )


def too_many(cells: Sequence[str], width: int) -> str | None:
    """Why a record is refused that has more cells than the table columns, unless they are blank."""
    if len(cells) <= width or not any(map(str.strip, cells[width:])):
        return None
    columns = "there is 1 column" if width == 1 else f"there are {width:,} columns"
    return f"It has {len(cells):,} cells, and {columns}."


def rows_from(
    records: Iterator[tuple[int, Sequence[str]] | Unread],
    choice: Choice,
    constants: Mapping[str, str],
) -> Iterator[Row | Unread]:
    """The rows of records: the line of each and its cells, of which those at the end may lack.

    Blank records are left out.
    """
    fields, presumed = tuple(choice.fields), choice.presumed
    places = tuple(choice.fields.values())
    needed = max(places) + 1
    # With one place alone, itemgetter gives no tuple.
    cells_of = itemgetter(*places, places[0])
    fixed = {name: value for name, value in constants.items() if value.strip()}
    for record in records:
        if isinstance(record, Unread):
            yield record
            continue
        line, cells = record
        if len(cells) < needed:
            cells = [*cells, *[""] * (needed - len(cells))]
        values = {
            name: text
            for name, cell in zip(fields, cells_of(cells), strict=False)
            if (text := cell.strip())
        }
        if not values and not any(map(str.strip, cells)):
            continue
        yield Row(line, merged(fixed, values) if fixed else values, presumed=presumed)
