"""Who took what out of the record: each time leaves a row, and the row its event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from claimtrack.models.protection import export


def record_export(
    connection: Connection,
    what: str,
    *,
    fmt: str | None = None,
    rows: int | None = None,
    filters: Mapping[str, Any] | None = None,
) -> None:
    """Record that something leaves the record.

    ``what`` is a word: ``backup``, ``identity``, ``file``; ``fmt`` its form, ``rows`` how many,
    ``filters`` which of them, as JSON values. Nothing that is protected belongs in here.
    """
    # Inline: whoever may say that they took something out may not read what others did, not even
    # the number of the row that they have just written.
    connection.execute(
        export.insert()
        .inline()
        .values(what=what, format=fmt, row_count=rows, filters=dict(filters or {}))
    )
