"""JSON Lines: an object in each line; or an array of objects, the same in one piece. Pure.

Keys are the columns. What an object holds is reached with a dot: {"speaker": {"name": …}} has the
column "speaker.name".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Set
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange.blanks import merged
from claimtrack.interchange.columns import choose, recognised
from claimtrack.interchange.limits import DEEPEST, LONGEST_RECORD, SHOWN
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import Table, TableOptions, column_names, described
from claimtrack.interchange.text import UNREADABLE, TextFile, open_text, readable

_SAMPLE = 1000
#: Columns of the objects within: "source.publisher.name" has as many parts as there may be.
_PARTS = 3

_BLANK = "\ufeff \t\r\n"
_BLANKS = re.compile(f"[{_BLANK}]*")
#: As JSON writes them: NUL, and halves of surrogate pairs.
_UNSTORABLE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000|[\ud800-\udfff]")
_TOO_DEEP = f"Its lists and objects are more than {DEEPEST} deep within each other."

#: The keys that lead to a value, from the outside.
Keys = tuple[str, ...]
#: An object, and the line where it begins.
Record = tuple[int, dict[str, Any]]


def open_jsonlines(path: Path, options: TableOptions) -> Table:
    """Open JSON Lines, or an array of objects.

    The columns are the keys in the first 1,000 objects. Lists become text, their items separated
    by semicolons (of evidence, by spaces). A row that is nested too deeply, or in which a key
    stands twice, is refused, and so is an infinite number, which JSON doesn't know; NaN is null.

    Raises:
        InvalidDataError: it is no text, or holds no object.
        UsageError: no column is the statement, or there is no column that was said; or the
            objects are ClaimReviews, which have a reader of their own.
    """
    text = open_text(path, options.encoding)
    records = partial(_elements, text) if _is_array(text) else partial(_lines, text)
    keys: dict[str, Keys] = {}
    found, refusal = False, "It has none."
    for record in islice(records(), _SAMPLE):
        if isinstance(record, Unread):
            refusal = f"Line {record.line}: {record.reason}"
        else:
            found = True
            if "statement" not in options.columns and _is_review(record[1]):
                raise UsageError(
                    f"Line {record[0]} is a ClaimReview: `claimtrack import claimreview` reads all"
                    " of it. With --map statement=COLUMN it is a row like any other."
                )
            _collect(record[1], keys)
    if not found:
        raise InvalidDataError(f"The file has no object of JSON to be read. {refusal}")
    names = column_names(list(keys))
    paths = list(keys.values())
    choice = choose(names, options.columns, keys=True)
    used = {field: paths[at] for field, at in choice.fields.items()}
    notices = [text.notice] if text.notice != "Read as UTF-8." else []
    known = frozenset(path[0] for path in paths)
    read = partial(_rows, records, used, known, options.constants, choice.presumed)
    return Table(*described(names, choice, notices), read)


def _is_array(text: TextFile) -> bool:
    for piece in text.pieces():
        if start := piece.lstrip(_BLANK):
            return start[0] == "["
    return False


def _is_review(record: Mapping[str, Any]) -> bool:
    kind = record.get("@type")
    return "ClaimReview" in (kind if isinstance(kind, list) else [kind])


# --- The rows ------------------------------------------------------------------------------------


def _collect(record: Mapping[str, Any], keys: dict[str, Keys], above: Keys = ()) -> None:
    """Add the columns of an object: its keys; instead of one with an object, the keys of that."""
    for key, value in record.items():
        path = (*above, key)
        if isinstance(value, dict) and value and len(path) < _PARTS:
            _collect(value, keys, path)
        else:
            keys.setdefault(".".join(path), path)


def _rows(
    records: Callable[[], Iterator[Record | Unread]],
    used: Mapping[str, Keys],
    known: Set[str],
    constants: Mapping[str, str],
    presumed: frozenset[str],
) -> Iterator[Row | Unread]:
    fixed = {name: value for name, value in constants.items() if value.strip()}
    for record in records():
        if isinstance(record, Unread):
            yield record
            continue
        line, value = record
        warnings = _late(value, known, used)
        texts = {field: _text(field, _found(value, path)) for field, path in used.items()}
        if texts["statement"] is None:
            raw = readable(json.dumps(value, ensure_ascii=False))
            yield Unread(line, "An object stands where the text of the statement belongs.", raw)
            continue
        if "evidence" in texts and texts["evidence"] is None:
            warnings += (f"“{'.'.join(used['evidence'])}” is not read: it holds no address.",)
        fields = {field: text for field, text in texts.items() if text}
        if fixed:
            fields = merged(fixed, fields)
        yield Row(line, fields, original=value, warnings=warnings, presumed=presumed)


def _late(record: Mapping[str, Any], known: Set[str], used: Mapping[str, Keys]) -> tuple[str, ...]:
    """What to say of keys that would be read, had one of the first objects had them."""
    if record.keys() <= known:
        return ()
    return tuple(
        f"“{key[:40]}” is not read, for none of the first {_SAMPLE:,} objects has it."
        for key in record.keys() - known
        if (field := recognised(key)) and field not in used
    )


def _found(record: Any, path: Keys) -> Any:
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def _text(field: str, value: Any) -> str | None:
    """A value as a cell. What has a name goes by it; other objects stay JSON.

    None for a statement that is no text, and for evidence without an address.
    """
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if field == "evidence" and isinstance(value, list):
        return _pages(value)
    if isinstance(value, list):
        texts = [_text(field, item) for item in value]
        return None if None in texts else "; ".join(filter(None, texts))
    if isinstance(value, dict):
        if isinstance(name := value.get("name"), str):
            return name.strip()
        if value and field == "statement":
            return None
        return json.dumps(value, ensure_ascii=False) if value else ""
    return str(value)


def _pages(value: list[Any]) -> str | None:
    """The addresses in a list, however deep; of one of texts alone, these; None for neither."""
    if all(isinstance(item, str) for item in value):
        return " ".join(filter(None, map(str.strip, value)))
    found: list[str] = []
    waiting = value[::-1]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict | list):
            waiting += [*(item.values() if isinstance(item, dict) else item)][::-1]
        elif isinstance(item, str) and re.match("https?://", item):
            found.append(item.strip())
    return " ".join(found) or None


# --- The objects ---------------------------------------------------------------------------------


def _lines(text: TextFile) -> Iterator[Record | Unread]:
    """Each line's object with its number."""
    decoder = _Decoder()
    for first, lines, too_long in text.blocks():
        for number, line in enumerate(lines, first):
            stripped = line.strip(_BLANK)
            if too_long:
                reason = f"The line is longer than {LONGEST_RECORD:,} characters."
                yield Unread(number, reason, readable(line))
            elif stripped:
                try:
                    value, end = decoder.decoded(stripped, 0)
                    if end != len(stripped):
                        raise _UnreadableError("More follows the object.")
                    yield number, decoder.checked(value, stripped)
                except _UnreadableError as error:
                    yield Unread(number, str(error), readable(stripped))


def _elements(text: TextFile) -> Iterator[Record | Unread]:
    """Each object of an array, with the line where it begins, until what is no JSON."""
    decoder, pieces = _Decoder(), text.pieces()
    buffer, at, line, opened, more = "", 0, 1, False, True
    while True:
        blank = _BLANKS.match(buffer, at)
        start = blank.end() if blank else at
        line += buffer.count("\n", at, start)
        at = start
        if buffer.startswith("," if opened else "[", at):
            at, opened = at + 1, True
            continue
        if buffer.startswith("]", at):
            break
        try:
            value, end = decoder.decoded(buffer, at)
            complete = end < len(buffer) or not more
        except _UnreadableError as error:
            if error.hopeless or not more or len(buffer) - at > LONGEST_RECORD:
                reason = f"From here on nothing can be read. {error}"
                yield Unread(line, reason, readable(buffer[at : at + SHOWN]))
                return
            complete = False
        if not complete:
            piece = next(pieces, None)
            more = piece is not None
            buffer, at = buffer[at:] + (piece or ""), 0
            continue
        raw = buffer[at:end]
        try:
            yield line, decoder.checked(value, raw)
        except _UnreadableError as error:
            yield Unread(line, str(error), readable(raw))
        line += raw.count("\n")
        at = end
    rest = buffer[at + 1 :] + "".join(islice(pieces, 1))
    if rest.strip(_BLANK):
        yield Unread(line, "More follows the end of the array.", readable(rest[:SHOWN]))


# --- JSON ----------------------------------------------------------------------------------------


class _UnreadableError(Exception):
    """A value can't be read; the message says why. ``hopeless``: more text won't help."""

    def __init__(self, message: str, *, hopeless: bool = False) -> None:
        super().__init__(message)
        self.hopeless = hopeless


class _Decoder:
    """Reads values, and notes what Python accepts though JSON doesn't, or no database keeps."""

    def __init__(self) -> None:
        self._problem = ""
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=self._float,
            parse_constant=self._constant,
        )

    def decoded(self, text: str, at: int) -> tuple[Any, int]:
        """The value that begins there, and where it ends. Raises _UnreadableError for no JSON."""
        self._problem = ""
        try:
            return self._decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            where = f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos - at + 1:,}"
            raise _UnreadableError(f"It is no JSON: {where}.") from None
        except ValueError:  # of int
            raise _UnreadableError("It holds a number of thousands of digits.") from None
        except RecursionError:
            raise _UnreadableError(_TOO_DEEP, hopeless=True) from None

    def checked(self, value: Any, raw: str) -> dict[str, Any]:
        """The value that was decoded last, if it is an object that can be recorded."""
        if not isinstance(value, dict):
            raise _UnreadableError("It is no object: {…} is read.")
        if self._problem:
            raise _UnreadableError(self._problem)
        if raw.count("[") + raw.count("{") > DEEPEST and _depth(value) > DEEPEST:
            raise _UnreadableError(_TOO_DEEP)
        if UNREADABLE in raw or "\0" in raw:
            raise _UnreadableError("It holds bytes that are no text.")
        if "\\u" in raw and _UNSTORABLE.search(json.dumps(value, ensure_ascii=False)):
            raise _UnreadableError("It holds characters that are no text.")
        return value

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            self._problem = "The same key stands twice in an object."
        return value

    def _float(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            self._problem = "It holds a number that is too large."
        return value

    def _constant(self, text: str) -> None:
        if text != "NaN":  # as Python writes what is missing
            self._problem = f"It holds {text}, which is no JSON."


def _depth(value: Any) -> int:
    """How deep lists and objects are within each other; 1 for a flat one."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return depth
