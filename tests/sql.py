"""Short ways to speak SQL to a test's database, and to see it refuse."""

from __future__ import annotations

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
    """Check now what would be checked at commit."""
    run(connection, "SET CONSTRAINTS ALL IMMEDIATE")
