"""The archive: the whole record as lines of JSON, for programs to read and for taking it back.

The first line is `HEADER`. Then comes one line for each row, ``{"table": …, "row": {…}}``: the
tables in a fixed order in which no row points to a later one, their rows by primary key, the
columns in a fixed order, and those without a value left out. The last line counts the rows of each
table, so that a file that was cut off is known. docs/archive.md says it in words.

Pure: which tables and columns there are, the caller says with a `Shape` for each.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from claimtrack.errors import InvalidDataError

#: The version of the format that is written and read.
VERSION = 1

HEADER = f'{{"claimtrack":"archive","version":{VERSION}}}\n'

#: No line is longer, in bytes: what a file holds comes in pieces, and texts are shorter.
LONGEST_LINE = 64 * 1024 * 1024

#: How many bytes of a file stand in one line; a multiple of three, so that the pieces' base64
#: can be joined and is still base64.
PIECE = 768 * 1024


class Kind(StrEnum):
    """How a value is written."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    #: Digits in a string, since most readers would make a float of a number.
    NUMBER = "number"
    TEXT = "text"
    TEXTS = "texts"
    DATE = "date"
    INSTANT = "instant"
    #: A digest, in hexadecimal.
    DIGEST = "digest"
    #: A piece of a file, in base64.
    BYTES = "bytes"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's columns in the order in which they are written, and those of its key."""

    columns: Mapping[str, Kind]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A row of a table: the line it stands in, and its values as PostgreSQL takes them."""

    line: int
    table: str
    values: dict[str, Any]


class Number(str):
    """A number of a JSON file as it was written, digit by digit."""

    __slots__ = ()


def last_line(counts: Mapping[str, int]) -> str:
    """The line that an archive ends with."""
    return json.dumps({"claimtrack": "end", "rows": counts}, separators=(",", ":")) + "\n"


def is_archive(path: Path) -> bool:
    """Whether a file begins as an archive does, of whatever version.

    Raises:
        InvalidDataError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            first = file.readline(4096)
    except OSError as error:
        raise InvalidDataError(f"{path} can't be read: {error.strerror}.") from error
    try:
        header = _parsed(first.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return False
    return isinstance(header, dict) and header.get("claimtrack") == "archive"


def read_archive(file: BinaryIO, shapes: Mapping[str, Shape]) -> Iterator[Record]:
    """The rows of an archive in their order, a line in memory at a time.

    ``shapes`` are the tables that it may hold, in their order.

    Raises:
        InvalidDataError: it is damaged, cut off, of another version, holds a table, a column or a
            value that there is no place for, or rows twice or in another order; says where.
    """
    lines = _lines(file)
    _read_header(lines)
    counts: dict[str, int] = {}
    places = {table: place for place, table in enumerate(shapes)}
    table = ""
    before: tuple[int, ...] = (0,)
    for line, found in lines:
        if found.get("claimtrack") == "end":
            _read_end(line, found, counts, lines)
            return
        name, row = found.get("table"), found.get("row")
        if not isinstance(name, str) or not isinstance(row, dict):
            raise _wrong(line, 'it is no row: that would be {"table": …, "row": {…}}')
        if name not in places:
            raise _wrong(line, f"there is no table {_shown(name)} in an archive")
        if name != table:
            if table and places[name] < places[table]:
                raise _wrong(line, f"rows of {name} come before those of {table}")
            table, before = name, (0,)
        record = Record(line, name, _values(line, shapes[name], row))
        key = _key(line, shapes[name], record)
        if key <= before:
            twice = "it is there twice" if key == before else "rows come by their numbers"
            raise _wrong(line, f"{name} {'.'.join(map(str, key))}: {twice}")
        before = key
        counts[name] = counts.get(name, 0) + 1
        yield record
    raise InvalidDataError(
        "The archive is cut off: its last line, which counts the rows, is missing. Export it again."
    )


def line_of(path: Path, table: str, values: Mapping[str, str]) -> int | None:
    """The first line that holds a row of ``table`` with these values, as PostgreSQL shows them."""
    with path.open("rb") as file:
        for line, found in _lines(file):
            row = found.get("row")
            if (
                found.get("table") == table
                and isinstance(row, dict)
                and all(str(row.get(name)) == value for name, value in values.items())
            ):
                return line
    return None


# --- Lines ---------------------------------------------------------------------------------------


def _lines(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of the lines, with their numbers."""
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            raise _wrong(number, f"it is longer than {LONGEST_LINE // 1024**2} MiB")
        if not raw.endswith(b"\n"):
            raise InvalidDataError(
                f"The archive is cut off in the middle of line {number}. Export it again."
            )
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        try:
            found = _parsed(raw)
        except ValueError as error:
            raise _wrong(number, str(error)) from error
        if not isinstance(found, dict):
            raise _wrong(number, "it holds no JSON object")
        yield number, found


def _parsed(raw: bytes) -> Any:
    """JSON with its numbers as they are written.

    Raises:
        ValueError: it is none, or nests too deep; says which.
    """
    try:
        return _DECODER.decode(raw.decode("utf-8").strip())
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("its JSON is nested too deep") from None
    except ValueError:
        raise ValueError("it holds no JSON") from None


def _refuse_constant(word: str) -> None:
    raise ValueError(word)


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse_constant)


def _read_header(lines: Iterator[tuple[int, dict[str, Any]]]) -> None:
    header = next(lines, (0, {}))[1]
    if header.get("claimtrack") != "archive":
        raise InvalidDataError(
            "This is no archive: its first line would be " + HEADER.strip() + "."
        )
    version = header.get("version")
    if version != Number(VERSION):
        raise InvalidDataError(
            f"The archive is of version {_shown(version)}, and this claimtrack reads version"
            f" {VERSION}. Import it with the claimtrack that wrote it, or a later one."
        )


def _read_end(
    line: int,
    found: dict[str, Any],
    counts: dict[str, int],
    lines: Iterator[tuple[int, dict[str, Any]]],
) -> None:
    said = found.get("rows")
    if not isinstance(said, dict):
        raise _wrong(line, "it doesn't count the rows")
    for table in {**said, **counts}:
        there = counts.get(table, 0)
        if said.get(table, Number(0)) != Number(there):
            raise _wrong(
                line,
                f"it counts {_shown(said.get(table, 0))} rows of {_shown(table)},"
                f" but there are {there}",
            )
    if (more := next(lines, None)) is not None:
        raise _wrong(more[0], "it comes after the end of the archive")


# --- Values --------------------------------------------------------------------------------------


def _values(line: int, shape: Shape, row: dict[str, Any]) -> dict[str, Any]:
    """The values of a row by column, None where it has none."""
    values: dict[str, Any] = dict.fromkeys(shape.columns)
    for name, value in row.items():
        kind = shape.columns.get(name)
        if kind is None:
            raise _wrong(line, f"there is no column {_shown(name)}")
        if value is not None:
            try:
                values[name] = _CONVERT[kind](value)
            except (ValueError, RecursionError):
                raise _wrong(line, f"{name} {_EXPECTED[kind]}") from None
    return values


def _key(line: int, shape: Shape, record: Record) -> tuple[int, ...]:
    key = tuple(record.values[name] for name in shape.key)
    if None in key:
        raise _wrong(line, f"the row has no {shape.key[key.index(None)]}")
    return tuple(map(int, key))


def _wrong(line: int, reason: str) -> InvalidDataError:
    return InvalidDataError(f"Line {line} of the archive can't be taken in: {reason}.")


def _shown(value: object) -> str:
    """Something of the file in a sentence."""
    words = str(value)
    return words if len(words) <= 60 else words[:60] + "…"


def _integer(value: object) -> str:
    if not isinstance(value, Number) or not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise ValueError
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: object) -> str:
    if not re.fullmatch(r"-?[0-9]{1,1000}(\.[0-9]{1,1000})?", _text(value)):
        raise ValueError
    return str(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, Number) or "\0" in value:
        raise ValueError
    if not value.isascii():
        value.encode()  # half of a surrogate pair is a ValueError, too
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError
    return [_text(one) for one in value]


def _date(value: object) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", _text(value), re.ASCII):
        raise ValueError
    return dt.date.fromisoformat(str(value)).isoformat()


def _instant(value: object) -> str:
    if not re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00", _text(value), re.ASCII
    ):
        raise ValueError
    return dt.datetime.fromisoformat(str(value)).isoformat()


def _digest(value: object) -> bytes:
    return bytes.fromhex(_text(value))


def _bytes(value: object) -> bytes:
    return base64.b64decode(_text(value), validate=True)


def _json(value: object) -> str:
    """JSON as it was, its numbers digit by digit."""
    match value:
        case Number():
            return value
        case dict():
            pairs = (f"{_json(str(name))}:{_json(one)}" for name, one in value.items())
            return "{" + ",".join(pairs) + "}"
        case list():
            return "[" + ",".join(map(_json, value)) + "]"
        case str():
            return json.dumps(_text(value), ensure_ascii=False)
    return json.dumps(value)


_CONVERT: dict[Kind, Callable[[object], Any]] = {
    Kind.INTEGER: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.TEXTS: _texts,
    Kind.DATE: _date,
    Kind.INSTANT: _instant,
    Kind.DIGEST: _digest,
    Kind.BYTES: _bytes,
    Kind.JSON: _json,
}
_EXPECTED: dict[Kind, str] = {
    Kind.INTEGER: "is no whole number",
    Kind.BOOLEAN: "is neither true nor false",
    Kind.NUMBER: 'is no number in a string, such as "40.50"',
    Kind.TEXT: "is no text that can be stored",
    Kind.TEXTS: "is no list of texts that can be stored",
    Kind.DATE: "is no date such as 2024-05-03",
    Kind.INSTANT: "is no instant in UTC such as 2024-05-03T10:20:30.123456+00:00",
    Kind.DIGEST: "is no hexadecimal digest",
    Kind.BYTES: "is no base64",
    Kind.JSON: "is no JSON that can be stored, or nests too deep",
}
