"""Values as text: JSON, and the cells of tables, Markdown and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

from claimtrack.render.model import Marked
from claimtrack.render.text import is_unsafe

# Where a whole number is still spelled out rather than written with an exponent.
_SPELLED_OUT = 10**21


def json_text(value: object, *, indent: int | None = None) -> str:
    r"""JSON that loses nothing and does a terminal no harm.

    Letters stay letters; control and invisible characters are written ``\uXXXX``, which every
    reader turns back. Dates are ISO 8601, instants too, in UTC with ``+00:00``; bytes are hex. A
    ``Decimal`` is a number where a double holds it (its shortest spelling is the same value), else
    a string. Raises ``ValueError`` for NaN and for a datetime without offset, ``TypeError`` for
    what is not plain data.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain, indent=indent)
    if text.isprintable():
        return text
    # The only newlines are the layout's: inside strings they are already escaped.
    return "\n".join(
        line if line.isprintable() else "".join(map(_json_char, line)) for line in text.split("\n")
    )


def _json_char(char: str) -> str:
    return json.dumps(char)[1:-1] if is_unsafe(char) else char


def _plain(value: object) -> object:
    """What the JSON encoder doesn't know, as something that it does."""
    match value:
        case Decimal():
            return _number(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError("an instant needs an offset from UTC")
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return value.hex()
        case Enum():
            return value.value
        case Mapping():
            return dict(value)
        case Set():
            return sorted(value, key=str)
        case Sequence():
            return list(value)
    raise TypeError(f"can't render a {type(value).__name__}")


def _number(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    number = float(value)
    if Decimal(repr(number)) != value:
        return str(value)
    return int(value) if number.is_integer() and abs(number) < _SPELLED_OUT else number


def is_number(value: object) -> bool:
    """Whether a cell's value is a number: aligned right, and never a formula."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def cell_text(value: object, *, machine: bool) -> str:
    """One cell's text, not yet escaped; None is empty.

    For a ``machine`` (CSV) booleans are true and false as in JSON and lists part at ``"; "``,
    since names have commas; for people they are yes and no, and ``", "``.
    """
    match value:
        case None:
            return ""
        case bool():
            return ("true" if value else "false") if machine else ("yes" if value else "no")
        case Enum():
            return cell_text(value.value, machine=machine)
        case str():
            return value
        case Marked():
            return value.plain()
        case Decimal():
            return _decimal_text(value)
        case int() | float():
            return repr(value)
        case Mapping():
            return json_text(value)
        case bytes() | bytearray() | memoryview():
            return value.hex()
        case Sequence() | Set():
            items = _plain(value) if isinstance(value, Set) else value
            if not isinstance(items, Sequence) or any(map(_is_nested, items)):
                return json_text(value)
            return ("; " if machine else ", ").join(cell_text(i, machine=machine) for i in items)
    return str(_plain(value))


def _is_nested(value: object) -> bool:
    return isinstance(value, Mapping | Set | Sequence) and not isinstance(value, str | bytes)


def _decimal_text(value: Decimal) -> str:
    """Every digit, without an exponent unless it would run to dozens of zeros."""
    if not value.is_finite() or not -21 <= value.adjusted() <= 21:
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def flatten(data: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Nested objects as dotted keys: ``speaker.name``; lists stay values."""
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
