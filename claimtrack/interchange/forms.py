"""A review that stands in a file more than once becomes one row: its latest form. Pure.

Feeds keep what was corrected beside the correction, and pages tell of one review for each of those
who made the claim.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from claimtrack.interchange.appearing import MOST_APPEARANCES, Appearance, date_of
from claimtrack.interchange.documents import Document
from claimtrack.interchange.jsonld import as_json, is_node, items, member, nodes, texts
from claimtrack.interchange.rows import Row, Unread
from claimtrack.keys import statement_key

_OF_APPEARANCE = ("speaker", "source", "source_title", "source_publisher", "published", "said_on")
#: What further appearances take from the first, where they say nothing else.
_TAKEN_OVER = ("speaker", "said_on")
#: Bits by which a statement is known again; two in one place are held back for nothing.
_BITS = 1 << 26
#: How many statements that come again are counted, and how many characters of their reviews wait.
_MOST_COUNTED = 200_000
_MOST_WAITING = 16_000_000
_OLDEST = dt.datetime.min.replace(tzinfo=dt.UTC)


class Repeats:
    """The statements that come more than once in a file, found in bounded memory."""

    def __init__(self) -> None:
        self._seen = bytearray(_BITS // 8)
        self._again: dict[int, int] = {}

    def note(self, document: Document) -> None:
        """Count the statements of a document."""
        for node in nodes(document.value):
            statements = texts(member(node, "claimReviewed"))
            if "claimReview" in node and "text" in node:
                statements += texts(node["text"])[:1] * len(items(node["claimReview"]))
            for statement in statements:
                name = hash(statement_key(statement))
                place, bit = divmod(name % _BITS, 8)
                if not self._seen[place] >> bit & 1:
                    self._seen[place] |= 1 << bit
                elif name in self._again or len(self._again) < _MOST_COUNTED:
                    self._again[name] = self._again.get(name, 1) + 1

    def gathered(self, rows: Iterable[Row | Unread]) -> Iterator[Row | Unread]:
        """The rows of the file; those with one statement wait for each other and are `merged`."""
        waiting: dict[int, list[Row]] = {}
        size = 0
        for row in rows:
            name = hash(statement_key(row.fields["statement"])) if isinstance(row, Row) else 0
            if isinstance(row, Unread) or name not in self._again:
                yield row
                continue
            group = waiting.setdefault(name, [])
            group.append(row)
            size += len(as_json(row.original))
            if len(group) < self._again[name] and size > _MOST_WAITING:
                name = next(iter(waiting))
            if len(waiting[name]) >= self._again[name] or size > _MOST_WAITING:
                size -= sum(len(as_json(each.original)) for each in waiting[name])
                yield from merged(waiting.pop(name))
        for group in waiting.values():
            yield from merged(group)


def merged(rows: Iterable[Row]) -> list[Row]:
    """Rows that belong together, with one for each review."""
    forms: dict[str | int, list[Row]] = {}
    for number, row in enumerate(rows):
        forms.setdefault(row.key or number, []).append(row)
    return [_latest(group) if len(group) > 1 else group[0] for group in forms.values()]


def _latest(forms: Sequence[Row]) -> Row:
    """The form that was modified last, else the last, with what forms as new say of appearances."""
    newest = max(map(_modified, forms))
    standing = [row for row in forms if _modified(row) == newest]
    row = standing[-1]
    said = [list(_appearances(form)) for form in standing]
    if any(each != said[-1] for each in said):
        places = list(dict.fromkeys(tuple(sorted(each.items())) for form in said for each in form))
        row = _with_appearances(row, [dict(each) for each in places[:MOST_APPEARANCES]])
    if any(_check(form) != _check(row) for form in forms):
        told = f"It stands in the file in {len(forms)} forms: the latest was taken."
        row = row._replace(warnings=(*row.warnings, told))
    return row


def _modified(row: Row) -> dt.datetime:
    node = row.original
    text = date_of(member(node, "dateModified")) if is_node(node) else None
    try:
        when = dt.datetime.fromisoformat(text or "")
        return when.astimezone(dt.UTC) if when.tzinfo else when.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return _OLDEST


def _check(row: Row) -> Mapping[str, str]:
    """What a row says of the fact-check itself."""
    return {name: text for name, text in row.fields.items() if name not in _OF_APPEARANCE}


def _appearances(row: Row) -> Iterator[Mapping[str, str]]:
    first = {name: row.fields[name] for name in _OF_APPEARANCE if name in row.fields}
    if first:
        yield first
    for more in row.appearances:
        yield {**{name: first[name] for name in _TAKEN_OVER if name in first}, **more}


def _with_appearances(row: Row, places: Sequence[Appearance]) -> Row:
    first, *others = places
    nothing = {name: "" for name in _TAKEN_OVER if name in first}
    return row._replace(
        fields={**_check(row), **first},
        appearances=tuple({**nothing, **each} for each in others),
    )
