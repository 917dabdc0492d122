"""Tables in text: CSV and TSV, as spreadsheets write them and as they come. Pure.

Quotation marks are read as RFC 4180 has them, strictly: what a lenient reader makes of a stray
one is a cell that swallows the rows after it. Here such a row is refused, and the rows after it
are read.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Literal, TypedDict

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.formulas import unguarded
from claimtrack.interchange.columns import choose, header_at, header_notice
from claimtrack.interchange.limits import HEADER_WITHIN, LONGEST_RECORD
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import (
    Table,
    TableOptions,
    column_names,
    described,
    rows_from,
    too_many,
)
from claimtrack.interchange.text import UNREADABLE, TextFile, open_text, readable

_CANDIDATES = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "vertical bars"}
_SAMPLE = 1 << 16
_SAMPLE_RECORDS = 200
#: Separates nothing: for a table of one column.
_NOTHING = "\x1f"

#: A column of our own export alone. A cell of any other file keeps its apostrophe.
_EXPORTED = "claimtrack_id"
_UNCLOSED, _FOLLOWED, _SWALLOWING = (
    f"{what} Where such marks are text like any other, say --quoting none."
    for what in (
        "A quotation mark is opened and never closed.",
        "More text follows a closing quotation mark.",
        "A quotation mark is opened, and closed only in another row.",
    )
)

#: A record: the line where it begins, and its cells.
Record = tuple[int, list[str]]


class Dialect(TypedDict):
    """What csv.reader is told."""

    delimiter: str
    quoting: Literal[0, 3]
    skipinitialspace: bool
    strict: bool


def open_separated(path: Path, options: TableOptions) -> Table:
    """Open a file of cells separated by commas, semicolons, tabs, bars or ``options.delimiter``.

    Raises:
        InvalidDataError: it is no text, or has no first line that can be read.
        UsageError: the options don't fit the file.
    """
    # Of the process as a whole. Lines and records have limits of ours.
    csv.field_size_limit(max(csv.field_size_limit(), 2 * LONGEST_RECORD))
    text = open_text(path, options.encoding)
    notices = [text.notice] if text.notice != "Read as UTF-8." else []
    sample = text.lines_before(_SAMPLE)
    told = _told_by_excel(sample[0]) if sample else None
    delimiter = told if options.delimiter is None else options.delimiter
    if delimiter is None:
        delimiter = _sniffed(sample, options)
        notices.append(_spoken(delimiter))
    records = _Records(text, _dialect(delimiter, sample, options), skipped=1 if told else 0)
    header = records.header(options)
    if options.header:
        names = column_names(header[1])
        choice = choose(names, options.columns)
        if header[2]:
            notices.append(header_notice(header[0], "Line"))
    else:
        names = [str(number) for number in range(1, records.usual_width() + 1)]
        choice = choose(names, options.columns, header=False)

    def read() -> Iterator[Row | Unread]:
        rows = records.all(len(names))
        if options.header:
            rows = (record for record in rows if _line_of(record) > header[0])
        found = rows_from(rows, choice, options.constants)
        return _as_typed(found) if _EXPORTED in names else found

    return Table(*described(names, choice, notices), read)


def _line_of(record: Record | Unread) -> int:
    return record.line if isinstance(record, Unread) else record[0]


def _as_typed(rows: Iterator[Row | Unread]) -> Iterator[Row | Unread]:
    """Rows without the apostrophes that an export put before what a spreadsheet would run."""
    for row in rows:
        if isinstance(row, Row) and "'" in "".join(row.fields.values()):
            row = row._replace(fields={name: unguarded(text) for name, text in row.fields.items()})
        yield row


# --- How the cells are separated -----------------------------------------------------------------


def _told_by_excel(line: str) -> str | None:
    """The delimiter of Excel's own first line, "sep=;"."""
    text = line.strip('\ufeff\r\n" ')
    return text[4] if len(text) == 5 and text[:4].lower() == "sep=" else None


def _dialect(delimiter: str, sample: list[str], options: TableOptions) -> Dialect:
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter.lower(), delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n ':
        raise UsageError(
            "--delimiter takes one character that separates the cells, such as ';', or tab."
        )
    return {
        "delimiter": delimiter,
        "quoting": csv.QUOTE_MINIMAL if options.quoting else csv.QUOTE_NONE,
        # Some write `"a", "b"`: there the space is part of the separator.
        "skipinitialspace": options.quoting
        and any(f'{delimiter} "' in line for line in sample[:2]),
        "strict": True,
    }


def _first_records(sample: list[str], delimiter: str, *, quoting: bool) -> list[list[str]]:
    """The cells of the first records, as a delimiter has them."""
    reader = csv.reader(
        sample, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE
    )
    try:
        return [cells for cells in islice(reader, _SAMPLE_RECORDS) if cells]
    except csv.Error:
        return []


def _sniffed(sample: list[str], options: TableOptions) -> str:
    """The delimiter that gives the first records the same number of cells, the more the better."""
    best = ((False, 1, 0.3), _NOTHING)
    for delimiter in _CANDIDATES:
        records = _first_records(sample, delimiter, quoting=options.quoting)
        if not records:
            continue
        above = header_at(records[:HEADER_WITHIN], options.columns) if options.header else 0
        widths = [len(cells) for cells in records[above:]]
        width = widths[0] if options.header else Counter(widths).most_common(1)[0][0]
        fitting = sum(1 if w == width else 0.5 if 1 < w < width else 0 for w in widths)
        share = fitting / len(widths)
        if width > 1 and share >= 0.3:
            best = max(best, ((share >= 0.9, width, share), delimiter))
    return best[1]


def _spoken(delimiter: str) -> str:
    if delimiter == _NOTHING:
        return "Read as one column: nothing separates cells."
    return f"Read as separated by {_CANDIDATES[delimiter]}."


# --- The records ---------------------------------------------------------------------------------


class _Ended:
    """Comes after the last line, and knows whether the reader asked for more."""

    reached = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.reached = True
        raise StopIteration


@dataclass
class _Place:
    """The lines that are held, of which the first is line ``base``, and where reading stands."""

    lines: list[str]
    base: int
    at: int = 0
    #: Up to where the lines may be in pieces: a broken quotation spans them.
    until: int = 0
    #: Where a record begins that can't be read, and why; it ends where the next good one begins.
    broken: tuple[int, str] | None = None

    def breaks(self, at: int, until: int, reason: str) -> None:
        """The record at ``at`` can't be read: go on with the line after its first."""
        self.broken = at, reason
        self.until = max(self.until, until)
        self.at = at + 1

    def flushed(self, end: int) -> Iterator[Unread]:
        if self.broken:
            at, reason = self.broken
            self.broken = None
            yield Unread(self.base + at, reason, _raw(self.lines[at:end]))


class _Records:
    """The records of a text, each with its line; those that can't be read as `Unread`."""

    def __init__(self, text: TextFile, dialect: Dialect, *, skipped: int = 0) -> None:
        self.text, self.dialect, self.skipped = text, dialect, skipped

    def usual_width(self) -> int:
        """How many cells most of the first records have."""
        firsts = islice(self.all(), _SAMPLE_RECORDS)
        widths = Counter(len(record[1]) for record in firsts if not isinstance(record, Unread))
        return widths.most_common(1)[0][0] if widths else 1

    def header(self, options: TableOptions) -> tuple[int, list[str], bool]:
        """The line of the header and its cells, and whether something stands above it.

        Raises InvalidDataError where there is no record, or the first can't be read.
        """
        firsts: list[Record] = []
        for record in islice(self.all(), HEADER_WITHIN if options.header else 1):
            if isinstance(record, Unread):
                if not firsts:
                    raise InvalidDataError(
                        f"Line {record.line}, the first, can't be read: {record.reason}"
                    )
                break
            firsts.append(record)
        if not firsts:
            raise InvalidDataError("The file has no rows.")
        at = header_at([cells for _, cells in firsts], options.columns)
        return *firsts[at], at > 0

    def all(self, width: int | None = None) -> Iterator[Record | Unread]:
        """Every record but blank lines; with a ``width``, those with more cells are refused.

        The lines come in blocks. A record that a block leaves open is read again together with
        the next block, as long as it stays within the limit.
        """
        place = _Place([], 1)
        for line, lines, too_long in self.text.blocks():
            if too_long:
                yield from self._read(place, width, last=True)
                reason = f"The line is longer than {LONGEST_RECORD:,} characters."
                yield Unread(line, reason, _raw(lines))
                place = _Place([], line + 1)
                continue
            if line == 1:
                lines[0] = "\n" if self.skipped else lines[0].removeprefix("\ufeff")
            place.lines += lines
            yield from self._read(place, width, last=False)
            del place.lines[: place.at]
            place.base += place.at
            place.until = max(0, place.until - place.at)
            place.at = 0
        yield from self._read(place, width, last=True)

    def _read(self, place: _Place, width: int | None, *, last: bool) -> Iterator[Record | Unread]:
        """Read what is held as far as it goes; ``last`` says that no lines come after it."""
        lines, base = place.lines, place.base
        while True:
            ended, start = _Ended(), place.at
            slow = self.text.doubtful or start < place.until or place.broken is not None
            reader = csv.reader(chain(islice(lines, start, None), ended), **self.dialect)
            try:
                for cells in reader:
                    at, end = place.at, start + reader.line_num
                    place.at = end
                    if len(cells) == width and end == at + 1 and not slow:
                        yield base + at, cells
                    else:
                        yield from self._judged(place, at, cells, width)
                        if place.at != end:
                            break
                else:
                    break
            except csv.Error:
                at, open_end = place.at, ended.reached
                if open_end and not last and sum(map(len, lines[at:])) <= LONGEST_RECORD:
                    break
                yield from place.flushed(at)
                if open_end:
                    place.breaks(at, len(lines), _UNCLOSED)
                else:
                    place.breaks(at, start + reader.line_num, _FOLLOWED)
        yield from place.flushed(place.at)

    def _judged(
        self, place: _Place, at: int, cells: list[str], width: int | None
    ) -> Iterator[Record | Unread]:
        """A record that is not as most are: over several lines, too short or too long."""
        end = place.at
        if (place.broken or at < place.until) and self._piece(place.lines[at:end], cells, width):
            place.broken = place.broken or (at, "It is within a broken quotation.")
            return
        if width is not None and self._swallows(place.lines[at:end], width):
            yield from place.flushed(at)
            place.breaks(at, end, _SWALLOWING)
            return
        yield from place.flushed(at)
        reason = too_many(cells, width) if width is not None else None
        if reason is None and self.text.doubtful and any(map(_unstorable, cells)):
            reason = "It holds bytes that are no text."
        if reason is None:
            if cells:
                yield place.base + at, cells
            return
        yield Unread(place.base + at, reason, _raw(place.lines[at:end]))

    def _piece(self, lines: list[str], cells: list[str], width: int | None) -> bool:
        """Whether a record out of a broken quotation is a part of it rather than a row."""
        return width is not None and (len(cells) != width or "".join(lines).count('"') % 2 == 1)

    def _swallows(self, lines: list[str], width: int) -> bool:
        """Whether a record over several lines is rather one row in each.

        That is so if each has the delimiters of a whole row. With few columns and commas, prose
        may have as many.
        """
        delimiter = self.dialect["delimiter"]
        enough = 6 if delimiter == "," else 2
        return (
            len(lines) > 1
            and width >= enough
            and all(line.count(delimiter) == width - 1 for line in lines)
        )


def _unstorable(cell: str) -> bool:
    return UNREADABLE in cell or "\0" in cell


def _raw(lines: list[str]) -> str:
    return readable("".join(lines).rstrip("\r\n"))
