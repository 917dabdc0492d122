"""Tables and bars for people at a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from claimtrack.render.model import Column, Listing, Marked
from claimtrack.render.text import display_width, escape_line, in_line, one_line, style, truncate
from claimtrack.render.values import cell_text, is_number

_GAP = "  "
_NOTHING = "–"
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_SHORTEST_BAR = 4
# How narrow columns may become, step by step: the first ``grow`` column, the others, other text.
_LEAD = 28
_GROW = 14
_TEXT = 10


def write_table(listing: Listing, out: TextIO, *, width: int | None, color: bool) -> int:
    """Write an aligned table between preamble and footer; the number of rows is given back.

    Lines stay within ``width`` where it leaves a column for each cell: at least 3 × columns − 2.
    """
    columns = listing.columns
    values = list(listing.values())
    right = [
        column.align == "right" or _only_numbers([row[index] for row in values])
        for index, column in enumerate(columns)
    ]
    titles = [one_line(column.title) for column in columns]
    rows = [[_cell(value, color=color) for value in row] for row in values]
    widths = [max(map(display_width, cells)) for cells in zip(titles, *rows, strict=True)]
    if width is not None:
        empty = [{row[index] for row in rows} <= {_NOTHING, ""} for index in range(len(columns))]
        kept = _kept(widths, columns, right, empty, width)
        columns = [columns[index] for index in kept]
        right = [right[index] for index in kept]
        titles = [titles[index] for index in kept]
        rows = [[row[index] for index in kept] for row in rows]
        widths = _fit([widths[index] for index in kept], columns, right, width)
    above = [*listing.preamble, *listing.drawing, *filter(None, [listing.heading])]
    for line in above:
        out.write(escape_line(line, color=color) + "\n")
    if rows:
        head = [("bold",) for _ in columns]
        out.write(_line(titles, head, widths, right, color=color))
    for row in rows:
        names = [_style_of(column, cell) for column, cell in zip(columns, row, strict=True)]
        out.write(_line(row, names, widths, right, color=color))
    for line in listing.footer:
        out.write(escape_line(line, color=color) + "\n")
    return len(rows)


class _MarkedCell(str):
    """A cell's text with the parts that are bold: from where to where, in characters."""

    marks: tuple[tuple[int, int], ...]


def _cell(value: object, *, color: bool) -> str:
    """The text of a cell in a line, escaped."""
    if value is None:
        return _NOTHING
    if not (color and isinstance(value, Marked)):
        return one_line(cell_text(value, machine=False))
    text, marks = "", []
    for part, found in value.parts():
        start, text = len(text), text + in_line(part)
        if found:
            marks.append((start, len(text)))
    cell = _MarkedCell(text)
    cell.marks = tuple(marks)
    return cell


def _only_numbers(values: Sequence[object]) -> bool:
    present = [value for value in values if value is not None]
    return bool(present) and all(map(is_number, present))


def _style_of(column: Column, cell: str) -> tuple[str, ...]:
    name = column.style(cell) if column.style and cell != _NOTHING else None
    return (name,) if name else ()


def _room(columns: Sequence[object], width: int) -> int:
    return max(width - len(_GAP) * (len(columns) - 1), 1)


def _kept(
    natural: Sequence[int],
    columns: Sequence[Column],
    right: Sequence[bool],
    empty: Sequence[bool],
    width: int,
) -> list[int]:
    """The columns that are shown: those that can be left out go until the rest is readable."""
    lead = next((index for index, column in enumerate(columns) if column.grow), None)
    least = []
    for index, column in enumerate(columns):
        floor = natural[index]
        if index == lead:
            floor = _LEAD
        elif column.grow:
            floor = _GROW
        elif not (right[index] or column.fixed):
            floor = _TEXT
        least.append(min(natural[index], floor, column.max_width or natural[index]))
    leaving = sorted(
        (index for index, column in enumerate(columns) if column.drop),
        key=lambda index: (empty[index], columns[index].drop),
    )
    kept = list(range(len(columns)))
    while leaving and sum(least[index] for index in kept) > _room(kept, width):
        kept.remove(leaving.pop())
    return kept


def _fit(
    natural: Sequence[int], columns: Sequence[Column], right: Sequence[bool], width: int
) -> list[int]:
    """Column widths that fit: the widest text gives way first; numbers and dates last."""
    room = _room(columns, width)
    widths = [
        min(own, room, max(column.max_width or room, 1))
        for own, column in zip(natural, columns, strict=True)
    ]
    grow = [index for index, column in enumerate(columns) if column.grow]
    words = [
        index
        for index, column in enumerate(columns)
        if not (column.grow or column.fixed or right[index])
    ]
    everything = list(range(len(columns)))
    steps = (
        (words, 12),
        (grow, _LEAD),
        (grow[1:], _GROW),
        (words, 6),
        (grow[1:], 10),
        (grow, 10),
        (grow + words, 1),
        (everything, 1),
    )
    for members, floor in steps:
        while sum(widths) > room:
            widest = max(members, key=widths.__getitem__, default=None)
            if widest is None or widths[widest] <= floor:
                break
            widths[widest] -= 1
    return widths


def _line(
    cells: Sequence[str],
    names: Sequence[tuple[str, ...]],
    widths: Sequence[int],
    right: Sequence[bool],
    *,
    color: bool,
) -> str:
    parts = []
    for cell, styles, width, to_right in zip(cells, names, widths, right, strict=True):
        shown = truncate(cell, width)
        padding = " " * (width - display_width(shown))
        # The padding stays outside the codes, so that trailing blanks can be dropped.
        if isinstance(cell, _MarkedCell):
            text = _bold(shown, cell)
        else:
            text = style(shown, *styles, color=color)
        parts.append(padding + text if to_right else text + padding)
    return _GAP.join(parts).rstrip() + "\n"


def _bold(shown: str, cell: _MarkedCell) -> str:
    """What is shown of a cell, with its marks; what stands for the rest has none."""
    end = len(shown) if shown == cell else len(shown) - 1
    kept = [(start, min(last, end)) for start, last in cell.marks if start < end]
    parts = Marked(shown, tuple(kept)).parts()
    return "".join(style(part, "bold", color=True) if found else part for part, found in parts)


def histogram(buckets: Sequence[tuple[str, int]], width: int) -> list[str]:
    """One line a bucket: label, count and a bar, in ``width`` columns; the fullest bar fills it.

    A bucket that holds anything shows a sliver at least. Too narrow for bars, the labels and
    counts remain.
    """
    if not buckets:
        return []
    counts = [f"{count:,}" for _, count in buckets]
    count_width = max(map(len, counts))
    labels = [one_line(label) for label, _ in buckets]
    label_room = max(width - count_width - len(_GAP), 1)
    label_width = min(max(map(display_width, labels)), label_room)
    bar_room = width - label_width - count_width - 2 * len(_GAP)
    most = max(count for _, count in buckets)
    lines = []
    for label, count, (_, number) in zip(labels, counts, buckets, strict=True):
        shown = truncate(label, label_width) if label_width else ""
        padding = " " * (label_width - display_width(shown))
        eighths = 0
        if number > 0 and bar_room >= _SHORTEST_BAR:
            eighths = max(number * bar_room * 8 // most, 1)
        bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8]
        lines.append(f"{shown}{padding}{_GAP}{count:>{count_width}}{_GAP}{bar}".rstrip())
    return lines
