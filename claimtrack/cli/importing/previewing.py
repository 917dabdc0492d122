"""A look at a file before it is taken in: its first rows, and the columns that aren't read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from claimtrack.cli.app import App
from claimtrack.errors import ClaimtrackError
from claimtrack.quantity import Quantity, format_quantity
from claimtrack.render import escape_terminal
from claimtrack.vocab import Comparator

if TYPE_CHECKING:
    from claimtrack.interchange.table import Table
    from claimtrack.services.imports.records import Meaning, Record

#: How many rows are shown.
_ROWS = 5


def show_preview(app: App, table: Table, meaning: Meaning) -> None:
    """Print the first rows as they would be stored, and what becomes of the columns."""
    from claimtrack.interchange.rows import Unread
    from claimtrack.services.imports.reading import read_record

    shown: list[dict[str, object]] = []
    for row in islice(table.rows(), _ROWS):
        if isinstance(row, Unread):
            shown.append({"line": row.line, "refused": row.reason})
            continue
        try:
            shown.append(_stored(read_record(row, meaning)))
        except ClaimtrackError as error:
            shown.append({"line": row.line, "refused": error.message})
    data = {"used": dict(table.used), "unused": list(table.unused), "rows": shown}
    app.emit_object(data, _lines(table, shown))


def _stored(record: Record) -> dict[str, object]:
    """A row as it would be stored, by the names of the fields; without what is empty."""
    first = record.appearances[0] if record.appearances else None
    told: dict[str, object] = {
        "line": record.line,
        "external_id": record.external_id,
        "statement": record.statement,
        "kind": record.kind.value,
        "language": record.language,
        "topics": list(record.topics),
        "priority": record.priority.value,
    }
    if record.figure is not None:
        told |= _figure(record.figure)
    if first is not None:
        told |= {
            "speaker": first.speaker.written if first.speaker else None,
            "said_on": str(first.said_on) if first.said_on else None,
            "said_text": first.said_text,
            "manner": first.manner,
            "quote": first.quote,
            "source": first.source.url,
            "source_title": first.source.title,
            "source_publisher": first.source.publisher,
            "published": str(first.source.published) if first.source.published else None,
            "appearances": len(record.appearances) if len(record.appearances) > 1 else None,
        }
    if record.assessed is not None:
        one = record.assessed
        told |= {
            "publisher": one.publisher,
            "title": one.title,
            "review_url": one.url,
            "rating": one.rating,
            "comes to": one.verdict.value if one.verdict else None,
            "reviewed_on": str(one.published) if one.published else None,
        }
    if record.ruling is not None:
        told["becomes"] = (record.ruling.verdict or record.ruling.status).value
    told["evidence"] = len(record.evidence) or None
    told["warnings"] = list(record.warnings)
    return {name: value for name, value in told.items() if value not in (None, [], "")}


def _figure(values: Mapping[str, Any]) -> dict[str, object]:
    """A figure as it will be listed, and what it is of."""
    quantity = Quantity(Comparator(values["comparator"]), values["low"], values["high"])
    return {
        "figure": format_quantity(quantity),
        "unit": values.get("unit"),
        "counted": values.get("counted"),
        "where": values.get("place"),
    }


def _lines(table: Table, shown: list[dict[str, object]]) -> Iterator[str]:
    for row in shown:
        yield f"Line {row['line']}"
        for name, value in row.items():
            if name != "line":
                words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
                yield f"  {name:<17} {escape_terminal(words)}"
    if table.used:
        pairs = ", ".join(f"{field} from {column}" for field, column in table.used.items())
        yield f"Read: {escape_terminal(pairs)}."
    if table.unused:
        yield f"Not read: {escape_terminal(', '.join(table.unused))}."
