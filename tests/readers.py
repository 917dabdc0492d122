"""What the tests of the readers share: a file of given content, opened and read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claimtrack.interchange.jsonlines import open_jsonlines
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.separated import open_separated
from claimtrack.interchange.table import Table, TableOptions


def separated(folder: Path, content: str | bytes, **options: Any) -> Table:
    """A CSV file of this content, opened."""
    path = folder / "claims.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_separated(path, TableOptions(**options))


def jsonlines(folder: Path, content: str | bytes, **options: Any) -> Table:
    """A file of JSON of this content, opened."""
    path = folder / "claims.jsonl"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_jsonlines(path, TableOptions(**options))


def read(table: Table) -> list[Mapping[str, str] | tuple[int, str]]:
    """The fields of each row; of one that can't be read, its line and the reason."""
    return [row.fields if isinstance(row, Row) else (row.line, row.reason) for row in table.rows()]


def statements(table: Table) -> list[str]:
    """The statements of the rows that can be read."""
    return [row.fields["statement"] for row in table.rows() if isinstance(row, Row)]


def refused(table: Table) -> list[Unread]:
    """The rows that can't be read."""
    return [row for row in table.rows() if isinstance(row, Unread)]
