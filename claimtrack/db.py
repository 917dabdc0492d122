"""The ground that the tables stand on: metadata, column types, engine and transactions.

The tables are SQLAlchemy Core tables with typed columns (``TypedColumns``), not mapped classes:
the rules live in the database's triggers, so a unit of work has nothing to add, and importing
``sqlalchemy.orm`` alone costs a read command more than its whole start-up budget.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg.errors import UndefinedTable
from psycopg.pq import Format
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Identity,
    MetaData,
    Table,
    Text,
    TypedColumns,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, ProgrammingError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import SchemaItem

from claimtrack import __version__
from claimtrack.errors import InvalidDataError

if TYPE_CHECKING:
    from enum import StrEnum

#: The revision that this claimtrack works with. A constant, so that a read command can compare
#: it without importing Alembic; a test holds it to the head of the migration scripts.
HEAD_REVISION = "0025"

#: How long a command waits for a row that somebody else is changing, before it gives up.
LOCK_TIMEOUT = "15s"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: What DDL needs of each table and a query doesn't: its checks, keys and indexes.
_unbuilt: dict[str, Callable[[], Sequence[SchemaItem]]] = {}


def held_by(table: Table) -> Callable[[Callable[[], Sequence[SchemaItem]]], None]:
    """Register the checks, keys and indexes of a table, to be built when the schema is made.

    Building them takes as long as building all the columns, and every command would pay for it.
    """

    def register(build: Callable[[], Sequence[SchemaItem]]) -> None:
        _unbuilt[table.name] = build

    return register


def build_constraints() -> None:
    """Give every table its checks, keys and indexes: before DDL, and before comparing schemas."""
    while _unbuilt:
        name, build = _unbuilt.popitem()
        Table(name, metadata, *build(), extend_existing=True)


#: Execution options of a statement that gives many bytes: as text each would come as two digits.
IN_BYTES = {"binary": True}
#: Who acts: what the transaction said, where the login is the owner's; else the login.
ACTOR = text("current_actor()")


def id_column() -> Column[int]:
    """A bigint identity key that nobody can choose."""
    return Column(BigInteger, Identity(always=True), primary_key=True)


class Recorded(TypedColumns):
    """When a row was recorded, and by whom."""

    recorded_at: Column[dt.datetime] = Column(
        DateTime(timezone=True),
        nullable=False,
        server_default=text("now()"),
        comment="start of the transaction that recorded the row",
    )
    recorded_by: Column[str] = Column(
        Text,
        nullable=False,
        server_default=ACTOR,
        comment="the actor: as typed or configured on the owner's login, else the session user",
    )
    db_user: Column[str] = Column(
        Text,
        nullable=False,
        server_default=text("SESSION_USER"),
        comment="the database's session user, whatever the actor said",
    )


class Withdrawn(TypedColumns):
    """When a row was withdrawn, by whom and why; nothing is ever deleted."""

    withdrawn_at: Column[dt.datetime | None] = Column(DateTime(timezone=True))
    withdrawn_by: Column[str | None] = Column(Text)
    withdrawn_because: Column[str | None] = Column(Text)


class Changed(TypedColumns):
    """When a row was changed last: what it held at an earlier time is looked up only if need be."""

    changed_at: Column[dt.datetime | None] = Column(
        DateTime(timezone=True),
        comment="derived: the latest start of a transaction that changed the row; null if none",
    )


def withdrawn_together() -> CheckConstraint:
    """A withdrawal has its time, its actor and its reason, or it is none."""
    return CheckConstraint(
        "num_nulls(withdrawn_at, withdrawn_by, withdrawn_because) IN (0, 3)", name="withdrawn"
    )


class Merged(TypedColumns):
    """Since when, by whose judgement and why a row is the same as its head.

    The head itself, ``merged_into_id``, is each table's own foreign key. The trigger
    ``keep_merge`` writes the rest.
    """

    merged_at: Column[dt.datetime | None] = Column(DateTime(timezone=True))
    merged_by: Column[str | None] = Column(Text)
    merged_because: Column[str | None] = Column(Text)


def merged_together() -> tuple[CheckConstraint, ...]:
    """A merge has its head, its time and its actor, or it is none; nothing is its own head."""
    return (
        CheckConstraint("num_nulls(merged_into_id, merged_at, merged_by) IN (0, 3)", name="merged"),
        CheckConstraint("merged_into_id <> id", name="not_into_itself"),
    )


def date_column(comment: str) -> Column[dt.date | None]:
    """The first day of a date whose precision stands in the column beside it."""
    return Column(Date, comment=comment)


def precision_checks(column: str) -> tuple[CheckConstraint, ...]:
    """A date and its precision come together, and a month or year is stored by its first day."""
    name = f"{column.removesuffix('_on')}_precision"
    return (
        CheckConstraint(f"({column} IS NULL) = ({name} IS NULL)", name=f"{name}_given"),
        CheckConstraint(
            f"{name} = 'day'"
            f" OR ({name} = 'month' AND date_trunc('month', {column}::timestamp) = {column})"
            f" OR ({name} = 'year' AND date_trunc('year', {column}::timestamp) = {column})",
            name=f"{name}_first_day",
        ),
    )


def quoted(words: Iterable[StrEnum]) -> str:
    """Words of a vocabulary as a list of SQL literals."""
    return ", ".join(f"'{word.value}'" for word in words)


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """A CHECK that a column holds one word of a vocabulary (or is null, if it may be)."""
    return CheckConstraint(f"{column} IN ({quoted(words)})", name=column)


def filled(column: str, limit: int) -> CheckConstraint:
    """A CHECK that a text is neither blank nor longer than ``limit`` characters."""
    return CheckConstraint(rf"{column} ~ '\S' AND char_length({column}) <= {limit}", name=column)


def make_engine(url: str) -> Engine:
    """An engine for one command: no pool, so that nothing outlives it.

    Raises:
        InvalidDataError: the URL can't be read.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidDataError(
            "The database URL can't be read. It looks like postgresql://user@host:5432/claims."
        ) from error
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        connect_args={"application_name": f"claimtrack {__version__}", "connect_timeout": 10},
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "before_cursor_execute", _choose_format)
    return engine


def _choose_format(
    _connection: object, cursor: Any, _sql: object, _values: object, context: Any, _many: object
) -> None:
    if context is not None and context.execution_options.get("binary"):
        cursor.format = Format.BINARY


def _prepare_connection(connection: Any, _record: object) -> None:
    # Set on the session rather than in start-up options, which connection poolers refuse.
    connection.execute(
        "SELECT set_config('search_path', 'public', false), set_config('TimeZone', 'UTC', false),"
        " set_config('lock_timeout', %s, false)",
        (LOCK_TIMEOUT,),
    )
    connection.commit()


@contextmanager
def write_transaction(engine: Engine, *, actor: str) -> Iterator[Connection]:
    """One transaction in which ``actor`` changes what is on record; all of it or none.

    The actor reaches every row and every event through a setting of the transaction, so that no
    statement can forget to say it.
    """
    with engine.begin() as connection:
        say_actor(connection, actor)
        yield connection


def say_actor(connection: Connection, actor: str) -> str | None:
    """Say who acts in this transaction; the login's name where that is the actor whatever is said.

    A login that can't become the owner of ``current_actor()`` is its own actor.
    """
    return connection.execute(
        text(
            "SELECT CASE WHEN NOT pg_has_role(SESSION_USER, (SELECT proowner FROM pg_proc"
            " WHERE oid = to_regprocedure('public.current_actor()')), 'MEMBER')"
            " THEN SESSION_USER END, set_config('claimtrack.actor', :actor, true)"
        ),
        {"actor": actor},
    ).scalar()


@contextmanager
def read_transaction(engine: Engine, *, as_of: dt.datetime | None = None) -> Iterator[Connection]:
    """One read-only transaction on one snapshot, so that totals and rows agree.

    With ``as_of`` every table stands as it stood just before that instant: the views of the
    schema ``past`` take the tables' place, so that no query needs to know of it.
    """
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        if as_of is not None:
            connection.execution_options(of_the_past=True)
            connection.execute(
                text(
                    # Compiling what the views are made of takes longer than it saves.
                    "SELECT set_config('search_path', 'past, public', true),"
                    " set_config('claimtrack.as_of', :moment, true), set_config('jit', 'off', true)"
                ),
                {"moment": as_of.isoformat()},
            )
        yield connection
        connection.rollback()


def say_why(connection: Connection, because: str) -> None:
    """Attach a reason to every event of the rest of this transaction."""
    connection.execute(
        text("SELECT set_config('claimtrack.because', :because, true)"), {"because": because}
    )


def schema_revision(connection: Connection) -> str | None:
    """The revision of the schema, or None where there is no claimtrack schema yet.

    Without one the transaction is aborted: roll it back before anything else.
    """
    try:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except ProgrammingError as error:
        if isinstance(error.orig, UndefinedTable):
            return None
        raise
