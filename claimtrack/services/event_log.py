"""The trail of events, newest first: who changed which row, when, from what to what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from claimtrack.errors import InvalidDataError
from claimtrack.models.events import event
from claimtrack.models.rules import LOGGED

#: How many events are loaded at a time where all are wanted.
PAGE = 1000


class EventFilter(NamedTuple):
    """What events to find; None asks for nothing. The times are from, and up to but without."""

    claim_id: int | None = None
    by: str | None = None
    operation: str | None = None
    table: str | None = None
    row_key: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class LoggedEvent(NamedTuple):
    """One event: on insert ``after`` is the whole row, else both hold the changed columns."""

    id: int
    recorded_at: dt.datetime
    recorded_by: str
    db_user: str
    application: str
    operation: str
    table: str
    row_key: str
    claim_id: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    because: str | None


def log(
    connection: Connection, asked: EventFilter, limit: int | None = None, after: int | None = None
) -> Iterator[LoggedEvent]:
    """Events, newest first, from below the id ``after`` on; read page by page.

    Raises:
        InvalidDataError: no table of that name is logged.
    """
    if asked.table is not None and asked.table not in LOGGED:
        raise InvalidDataError(
            f"No table {asked.table} is logged. Those that are: {', '.join(sorted(LOGGED))}."
        )
    return _pages(connection, asked, limit, after)


def _pages(
    connection: Connection, asked: EventFilter, limit: int | None, after: int | None
) -> Iterator[LoggedEvent]:
    columns = (
        event.c.id,
        event.c.recorded_at,
        event.c.recorded_by,
        event.c.db_user,
        event.c.application,
        event.c.operation,
        event.c.table_name,
        event.c.row_key,
        event.c.claim_id,
        event.c.before,
        event.c.after,
        event.c.because,
    )
    query = select(*columns).where(*_conditions(asked)).order_by(event.c.id.desc())
    while limit is None or limit > 0:
        size = PAGE if limit is None else min(PAGE, limit)
        page = query if after is None else query.where(event.c.id < after)
        rows = connection.execute(page.limit(size)).all()
        for row in rows:
            yield LoggedEvent(*row)
        if len(rows) < size:
            return
        after = rows[-1].id
        limit = None if limit is None else limit - len(rows)


def _conditions(asked: EventFilter) -> list[ColumnElement[bool]]:
    given = (
        (event.c.claim_id, asked.claim_id),
        (event.c.recorded_by, asked.by),
        (event.c.operation, asked.operation),
        (event.c.table_name, asked.table),
        (event.c.row_key, asked.row_key),
    )
    conditions = [column == value for column, value in given if value is not None]
    if asked.since is not None:
        conditions.append(event.c.recorded_at >= asked.since)
    if asked.until is not None:
        conditions.append(event.c.recorded_at < asked.until)
    return conditions
