"""Migrations: the only file that imports Alembic.

The scripts ship in the wheel as ``claimtrack/_alembic``; in a checkout they stand in ``alembic/``.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from claimtrack.db import HEAD_REVISION, schema_revision
from claimtrack.errors import ConflictError, DatabaseError, NotFoundError, SchemaError
from claimtrack.models.rules import DERIVED
from claimtrack.services import people
from claimtrack.services.matching import postings

#: Key of the advisory lock that one migrating process holds: "claimtrk" in ASCII.
LOCK_KEY = 0x636C61696D74726B
LOCK_POLL_SECONDS = 0.1
LOCK_WAIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Moved:
    """What an upgrade or a downgrade did: the revision before and after (None: no schema)."""

    before: str | None
    after: str | None


def script_folder() -> Path:
    """The folder that holds env.py and the migration scripts."""
    package = Path(__file__).resolve().parent
    shipped = package / "_alembic"
    return shipped if shipped.is_dir() else package.parent / "alembic"


def _config(connection: Connection | None = None, output: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=output) if output is not None else Config()
    config.set_main_option("script_location", str(script_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def revisions() -> list[str]:
    """Every revision, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def head() -> str:
    """The one newest revision among the scripts."""
    heads = ScriptDirectory.from_config(_config()).get_heads()
    if len(heads) != 1:
        raise DatabaseError(f"The migrations have {len(heads)} heads: {', '.join(heads)}.")
    return heads[0]


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A connection that holds the migration lock.

    The lock is polled, not waited on: a waiting transaction holds a snapshot, and that would
    deadlock a CREATE INDEX CONCURRENTLY in the process that has the lock.
    """
    with engine.connect() as connection:
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while True:
            taken = connection.execute(
                text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}
            ).scalar_one()
            connection.commit()
            if taken:
                break
            if time.monotonic() > deadline:
                raise ConflictError(
                    "Another claimtrack has been migrating this database for"
                    f" {LOCK_WAIT_SECONDS:.0f} seconds. Try again when it is done."
                )
            time.sleep(LOCK_POLL_SECONDS)
        try:
            yield connection
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
            connection.commit()


def upgrade(
    engine: Engine,
    revision: str = "head",
    *,
    notice: Callable[[str], None] | None = None,
) -> Moved:
    """Bring the schema up to ``revision``, one transaction a migration.

    Logins that were granted a role get at the newest revision what it needs on its tables.
    ``notice`` is told, in one line and only if there is something to do, what is going to happen.

    Raises:
        NotFoundError: there is no such revision.
        SchemaError: the database was made by a newer claimtrack.
        ConflictError: another process kept the migration lock for too long.
    """
    target = head() if revision == "head" else revision
    known = revisions()
    if target not in known:
        raise NotFoundError(f"There is no revision {target}. The revisions are {', '.join(known)}.")
    with alone(engine) as connection:
        before = schema_revision(connection)
        connection.rollback()
        refuse_newer(before, known)
        if before is None or known.index(before) < known.index(target):
            if notice is not None:
                notice(
                    f"Making the tables (revision {target})."
                    if before is None
                    else f"Upgrading the tables from revision {before} to {target}."
                )
            command.upgrade(_config(connection), target)
            if target == known[-1]:
                people.apply_to_tables(connection)
            connection.commit()
            if target == known[-1]:
                _fill_postings(connection, notice)
            return Moved(before, target)
    return Moved(before, before)


def _fill_postings(connection: Connection, notice: Callable[[str], None] | None) -> None:
    """Make the postings of claims from before there were any; what is done stays, if it is cut."""
    pages = postings.pages_due(connection)
    if notice is not None and pages:
        notice(
            f"Reading {sum(map(len, pages)):,} claims for matching and search. If this is broken"
            " off, claimtrack db reindex --waiting goes on."
        )
    for page in pages:
        postings.refill(connection, page)
        postings.list_new(connection)
        connection.commit()
    if pages:
        postings.count_words(connection)
    connection.commit()


def upgrade_inside(connection: Connection) -> None:
    """Bring the schema up to the newest revision as part of a transaction that is under way.

    The connection must hold the migration lock; see `alone`.
    """
    config = _config(connection)
    config.attributes["one_transaction"] = True
    command.upgrade(config, "head")


def refuse_newer(revision: str | None, known: list[str]) -> None:
    """Refuse a schema that this claimtrack does not know.

    Raises:
        SchemaError: the revision is none of ``known``.
    """
    if revision is not None and revision not in known:
        raise SchemaError(
            f"The database's schema is at revision {revision}, which this claimtrack does not"
            f" know: its newest is {HEAD_REVISION}. Install a newer claimtrack."
        )


def downgrade(engine: Engine, revision: str, *, drop_data: str | None = None) -> Moved:
    """Take the schema back to ``revision`` (or ``base``), in one transaction.

    A downgrade that would drop a table or column that holds data is refused, unless
    ``drop_data`` is the database's name.

    Raises:
        NotFoundError: there is no such revision.
        ConflictError: recorded data would be lost, or the revision is not an earlier one.
    """
    known = revisions()
    if revision not in ("base", *known):
        raise NotFoundError(
            f"There is no revision {revision}. The revisions are base, {', '.join(known)}."
        )
    with alone(engine) as connection:
        before = schema_revision(connection)
        connection.rollback()
        refuse_newer(before, known)
        target = None if revision == "base" else revision
        if before is None or (target is not None and known.index(target) >= known.index(before)):
            if before == target:
                return Moved(before, before)
            raise ConflictError(
                f"The schema is at revision {before or 'base'}, and {revision} is no earlier one."
                " To go up, use claimtrack db upgrade."
            )
        name = str(connection.execute(text("SELECT current_database()")).scalar_one())
        filled_columns = _filled_columns(connection)
        connection.rollback()
        with connection.begin():
            config = _config(connection)
            # One transaction for all, so that a refusal leaves nothing half done.
            config.attributes["one_transaction"] = True
            command.downgrade(config, revision)
            lost = sorted(filled_columns - _columns(connection))
            if lost and drop_data != name:
                connection.rollback()
                tables = sorted({table for table, _ in lost})
                raise ConflictError(
                    f"Going back to {revision} would drop recorded data in {', '.join(tables)}."
                    " If you mean it, name the database that is to lose them.",
                    next_command=f"claimtrack db downgrade {revision} --drop-data {name}",
                )
    return Moved(before, target)


def _columns(connection: Connection) -> set[tuple[str, str]]:
    """What is recorded in; when a row was changed last is derived from the events."""
    rows = connection.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
            " AND column_name <> 'changed_at'"
        )
    )
    return {(row[0], row[1]) for row in rows}


def _filled_columns(connection: Connection) -> set[tuple[str, str]]:
    """The columns of tables that hold rows; but for the schema's own, and what is derived."""
    columns = _columns(connection)
    filled = {
        table
        for table in {table for table, _ in columns} - {"transition", "ledger", *DERIVED}
        if connection.execute(
            text(f'SELECT EXISTS (SELECT FROM "{table}")')  # noqa: S608 - a name of the catalog
        ).scalar_one()
    }
    return {(table, column) for table, column in columns if table in filled}


def upgrade_sql() -> str:
    """The whole upgrade as an SQL script, for a database that only its administrator may change."""
    output = io.StringIO()
    command.upgrade(_config(output=output), "head", sql=True)
    return output.getvalue()


@contextmanager
def developer_connection() -> Iterator[Connection]:
    """The connection of the `alembic` command itself: the database of the user's settings."""
    from claimtrack.config import load_settings
    from claimtrack.db import make_engine
    from claimtrack.embedded import ensure_running

    settings = load_settings()
    url = settings.database_url or ensure_running(
        settings.data_dir, database="claimtrack", notice=lambda _line: None
    )
    with make_engine(url).connect() as connection:
        yield connection
