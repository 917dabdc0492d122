"""What was taken in: the imports, newest first, and one of them with how its file was read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from claimtrack.errors import NotFoundError
from claimtrack.models.imports import import_


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import; ``state`` is ``done``, ``undone`` or ``broken off``."""

    id: int
    format: str
    file_name: str | None
    sha256: str
    byte_count: int
    origin: str
    licence: str | None
    options: dict[str, Any]
    counts: dict[str, int]
    state: str
    recorded_at: dt.datetime
    recorded_by: str
    finished_at: dt.datetime | None
    undone_at: dt.datetime | None
    undone_by: str | None
    undone_because: str | None


#: The columns that count rows.
COUNTED = ("row_count", "created", "added", "updated", "unchanged", "revived", "refused",
           "conflicts")  # fmt: skip


def list_imports(
    connection: Connection, *, limit: int | None = None, before: int | None = None
) -> list[ImportView]:
    """The imports, newest first; ``before`` is the id that the page begins behind."""
    query = select(import_).order_by(import_.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(import_.c.id < before)
    return [_view(row) for row in connection.execute(query)]


def find_import(connection: Connection, import_id: int) -> ImportView:
    """One import.

    Raises:
        NotFoundError: there is none of this number.
    """
    row = connection.execute(select(import_).where(import_.c.id == import_id)).first()
    if row is None:
        raise NotFoundError(
            f"There is no import {import_id}.", next_command="claimtrack import list"
        )
    return _view(row)


def _view(row: Row[Any]) -> ImportView:
    state = "done" if row.finished_at else "broken off"
    return ImportView(
        id=row.id,
        format=row.format,
        file_name=row.file_name,
        sha256=row.sha256.hex(),
        byte_count=row.byte_count,
        origin=row.origin,
        licence=row.licence,
        options=row.options,
        counts={name: getattr(row, name) for name in COUNTED},
        state="undone" if row.undone_at else state,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        finished_at=row.finished_at,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        undone_because=row.undone_because,
    )
