"""Short ways to speak SQL to a test's database, and to see it refuse."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import Error
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError


@contextmanager
def refused(connection: Connection, by: str) -> Iterator[None]:
    """Inside a savepoint the database must refuse, by the constraint or rule of this name."""
    savepoint = connection.begin_nested()
    with pytest.raises(DBAPIError) as caught:
        yield
    savepoint.rollback()
    assert isinstance(caught.value.orig, Error)
    assert caught.value.orig.diag.constraint_name == by


def run(connection: Connection, sql: str, **values: Any) -> Any:
    return connection.execute(text(sql), values)


def value(connection: Connection, sql: str, **values: Any) -> Any:
    return run(connection, sql, **values).scalar_one()


def all_at_commit(connection: Connection) -> None:
    """Check now what would be checked at commit, and go on as before."""
    run(connection, "SET CONSTRAINTS ALL IMMEDIATE")
    run(connection, "SET CONSTRAINTS ALL DEFERRED")


def wait_until_waiting(connection: Connection, count: int) -> None:
    """Wait until so many other sessions of this database wait for a lock."""
    deadline = time.monotonic() + 30
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while connection.execute(waiting).scalar_one() < count:
        assert time.monotonic() < deadline, "the commands never met"
        # The view is a snapshot of the transaction's first look.
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        time.sleep(0.02)
