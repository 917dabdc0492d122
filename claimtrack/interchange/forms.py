"""A review that stands in a file more than once becomes one row: its latest form. Pure.

Feeds keep what was corrected beside the correction, and pages tell of one review for each of those
who made the claim.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from claimtrack.interchange.appearing import MOST_APPEARANCES, date_of
from claimtrack.interchange.documents import Document
from claimtrack.interchange.jsonld import is_node, member, nodes, text_of, texts
from claimtrack.interchange.rows import Row, Unread
from claimtrack.keys import statement_key

_OF_APPEARANCE = ("speaker", "source", "source_title", "source_publisher", "published", "said_on")
#: What further appearances take from the first, where they say nothing else.
_TAKEN_OVER = ("speaker", "said_on")
#: Bits by which a statement is known again; two in one place are looked at for nothing.
_BITS = 1 << 26
#: As many statements that come again, and forms of reviews, are remembered of a file.
_MOST_AGAIN = 200_000
_MOST_FORMS = 100_000
_OLDEST = dt.datetime.min.replace(tzinfo=dt.UTC)


class Repeats:
    """The statements that come more than once in a file, found in bounded memory."""

    def __init__(self) -> None:
        self._seen = bytearray(_BITS // 8)
        self._again: set[int] = set()

    def note(self, document: Document) -> None:
        """Hear the statements of a document."""
        for name in _statements(document):
            place, bit = divmod(name % _BITS, 8)
            if not self._seen[place] >> bit & 1:
                self._seen[place] |= 1 << bit
            elif len(self._again) < _MOST_AGAIN:
                self._again.add(name)

    def any_in(self, document: Document) -> bool:
        """Whether a document has one of them."""
        return not self._again.isdisjoint(_statements(document))

    def has(self, row: Row) -> bool:
        """Whether the statement of a row is one of them."""
        return hash(statement_key(row.fields["statement"])) in self._again

    def __bool__(self) -> bool:
        return bool(self._again)


def _statements(document: Document) -> Iterator[int]:
    for node in nodes(document.value):
        found = texts(member(node, "claimReviewed"))
        if "claimReview" in node and (text := text_of(node.get("text"))):
            # It has a row for each of its reviews.
            found += [text, text]
        yield from (hash(statement_key(text)) for text in found)


class _Form(NamedTuple):
    """What counts of one form: when it was modified, its words, and its appearances as JSON."""

    modified: dt.datetime
    check: int
    appearances: str


class Forms:
    """The forms that the reviews of a file have; ``repeats`` says which rows to look at, else all.

    Rows are heard first, and then come a second time, in the same order.
    """

    def __init__(self, repeats: Repeats | None = None) -> None:
        self._repeats = repeats
        self._forms: defaultdict[str, list[_Form]] = defaultdict(list)
        self._left = _MOST_FORMS

    def hear(self, row: Row | Unread) -> None:
        """Remember a row, if it may have another form."""
        key = self._key(row)
        if isinstance(row, Row) and key is not None and self._left:
            self._left -= 1
            places = json.dumps(list(map(dict, _appearances(row))))
            self._forms[key].append(
                _Form(_modified(row), hash(frozenset(_check(row).items())), places)
            )

    def latest(self, rows: Iterable[Row | Unread]) -> Iterator[Row | Unread]:
        """The rows in their order, but of each review its latest form alone.

        That is the one that was modified last, else the last. It is given the appearances of
        those that are as new.
        """
        passed: Counter[str] = Counter()
        for row in rows:
            key = self._key(row)
            forms = self._forms.get(key, []) if key is not None else []
            if key is None or isinstance(row, Unread) or passed[key] >= len(forms):
                yield row
                continue
            number = passed[key]
            passed[key] += 1
            newest = max(form.modified for form in forms)
            standing = [at for at, form in enumerate(forms) if form.modified == newest]
            if number == standing[-1]:
                yield _with_others(row, forms, [forms[at] for at in standing])

    def _key(self, row: Row | Unread) -> str | None:
        if isinstance(row, Unread) or (self._repeats is not None and not self._repeats.has(row)):
            return None
        return row.key


def _with_others(row: Row, forms: Sequence[_Form], standing: Sequence[_Form]) -> Row:
    if any(form.appearances != standing[-1].appearances for form in standing):
        said = [place for form in standing for place in json.loads(form.appearances)]
        places = list({json.dumps(place, sort_keys=True): place for place in said}.values())
        row = _with_appearances(row, places[:MOST_APPEARANCES])
    if any(form.check != standing[-1].check for form in forms):
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


def _with_appearances(row: Row, places: Sequence[Mapping[str, str]]) -> Row:
    first, *others = places
    if any(name in first and name not in each for each in others for name in _TAKEN_OVER):
        return row._replace(fields=_check(row), appearances=tuple(places))
    return row._replace(fields={**_check(row), **first}, appearances=tuple(others))
