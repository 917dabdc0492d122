"""Putting a dump back, inside one transaction: replacing, loading, and checking what came."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO, Any

from psycopg import Cursor, Error
from psycopg import errors as pg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from claimtrack.dumps.reading import Archive, damaged
from claimtrack.errors import ClaimtrackError, ConflictError, DatabaseError
from claimtrack.models.rules import CLOSED, TRIGGERS
from claimtrack.services import catalog
from claimtrack.services.backup import OURS, Holdings

_CHUNK = 1 << 20

#: For the length of the restore. What a script of pg_restore sets for itself is passed over: a
#: newer one sets what an older server does not know.
_SETTINGS = {
    "check_function_bodies": "off",
    "client_min_messages": "warning",
    "default_tablespace": "",
    "idle_in_transaction_session_timeout": "0",
    "row_security": "off",
    "search_path": "",
    "standard_conforming_strings": "on",
    "statement_timeout": "0",
}

_PREAMBLE = re.compile(
    r"^(SET [a-z_]+ = [^;]*|SELECT pg_catalog\.set_config\('search_path', '', false\));$"
)
_META = re.compile(r"^\\(un)?restrict .*$", re.MULTILINE)


def lock(connection: Connection) -> None:
    """Keep everybody out of the tables that are there, until the transaction ends."""
    if tables := _there(connection, _TABLES, set(OURS)):
        connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE"))


def refuse_to_lose(holds: Holdings, overwrite: str | None, *, what: str) -> None:
    """Refuse a database with records in it, unless it was named.

    Raises:
        ConflictError: it holds records, and ``overwrite`` is not its name; or names another.
    """
    if overwrite is not None and overwrite != holds.database:
        raise ConflictError(
            f"The database is {holds.database}, not {overwrite}. Nothing was changed."
        )
    if holds.recorded and overwrite is None:
        claims = f"{holds.claims:,} claim{'s' if holds.claims != 1 else ''}"
        raise ConflictError(
            f"The database {holds.database} holds {claims} and what belongs to them. Back it up"
            " first; if all that may go, name it.",
            next_command=f"{what} --overwrite {holds.database}",
        )


def make_room(connection: Connection, archive: Archive) -> None:
    """Drop the tables and functions of claimtrack that are there, and nothing else.

    What somebody else has built on them is left alone, and so PostgreSQL refuses.
    """
    _drop(connection, "VIEW", list(connection.execute(text(_PAST)).scalars()))
    connection.execute(text("DROP SCHEMA IF EXISTS past"))
    made = {name.partition("(")[0] for name in catalog.as_made()["functions"]}
    functions = {*made, *archive.names("FUNCTION")}
    # What takes a row of a table goes before the table; what a table's defaults call, after it.
    _drop(connection, "FUNCTION", _there(connection, _OF_ROWS, functions))
    _drop(connection, "TABLE", _there(connection, _TABLES, set(OURS)))
    _drop(connection, "FUNCTION", _there(connection, _FUNCTIONS, functions))


def _drop(connection: Connection, kind: str, names: list[str]) -> None:
    if names:
        connection.execute(text(f"DROP {kind} {', '.join(names)}"))


def _there(connection: Connection, query: str, names: set[str]) -> list[str]:
    return list(connection.execute(text(query), {"names": sorted(names)}).scalars())


_PAST = """
    SELECT pg_class.oid::regclass::text FROM pg_class
    WHERE relnamespace = to_regnamespace('past') AND relkind = 'v'
        AND obj_description(oid, 'pg_class') = 'claimtrack: the table as it stood'
"""
_TABLES = """
    SELECT pg_class.oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY(:names)
"""
_FUNCTIONS = """
    SELECT pg_proc.oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname = ANY(:names) AND NOT EXISTS (
        SELECT FROM pg_depend
        WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
    )
"""
_OF_ROWS = f"""{_FUNCTIONS} AND EXISTS (
        SELECT FROM unnest(proargtypes) AS argument
        JOIN pg_type ON pg_type.oid = argument AND typtype = 'c'
    )
"""


def load(
    connection: Connection, archive: Archive, tell: Callable[[str], None] = lambda _: None
) -> None:
    """Make the tables of the dump, fill them, then add their keys and triggers.

    ``tell`` hears the name of each table before it is filled.

    Raises:
        InvalidDataError: the dump is damaged.
        psycopg.Error: the server refuses what is in it.
    """
    for name, value in _SETTINGS.items():
        connection.execute(
            text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value}
        )
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - it is open
    with driver.cursor() as cursor:
        _run_script(cursor, archive, "pre-data")
        with archive.script("data") as script:
            _fill(cursor, archive, script, tell)
        tell("keys, indexes and triggers")
        _run_script(cursor, archive, "post-data")
    connection.execute(text("SELECT set_config('search_path', 'public', true)"))
    tables = _there(connection, _TABLES, set(archive.names("TABLE")))
    connection.execute(text(f"ANALYZE {', '.join(tables)}"))


def enforce(connection: Connection) -> None:
    """Put the rules in force as claimtrack makes them, whatever became of them in the dump.

    A trigger's condition does not always come out of a dump as it went in, brackets and all; and a
    dump without privileges lets everybody call what they must not. The schema must be at its head.
    """
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - it is open
    triggers = [statement for statement in TRIGGERS if " TRIGGER " in statement]
    with driver.cursor() as cursor:
        for statement in triggers:
            if made := re.match(r"CREATE (?:CONSTRAINT )?TRIGGER (\w+) .*? ON (\w+)", statement):
                cursor.execute(f"DROP TRIGGER IF EXISTS {made[1]} ON {made[2]}".encode())
        for statement in (*triggers, *CLOSED):
            cursor.execute(statement.encode())


def _run_script(cursor: Cursor[Any], archive: Archive, section: str) -> None:
    """Run a section that holds definitions alone, and no rows."""
    with archive.script(section) as script:
        said = script.read().decode("utf-8")
    # Only before the first definition: the body of a function may have such lines of its own.
    head, mark, rest = said.partition("\n--\n-- Name: ")
    kept = "\n".join(line for line in head.splitlines() if not _PREAMBLE.match(line))
    cursor.execute(_META.sub("", kept + mark + rest).encode())


def _fill(
    cursor: Cursor[Any], archive: Archive, script: IO[bytes], tell: Callable[[str], None]
) -> None:
    while line := script.readline():
        if line.startswith(b"COPY "):
            tell(line.split(b" ")[1].decode().removeprefix("public."))
            _copy(cursor, line, archive, script)
        elif line.startswith(b"SELECT pg_catalog.setval("):
            cursor.execute(line)


def _copy(cursor: Cursor[Any], statement: bytes, archive: Archive, script: IO[bytes]) -> None:
    """Hand the rows that follow a COPY to the server, up to the line that ends them."""
    with cursor.copy(statement.strip().removesuffix(b";")) as copy:
        waiting, size, at_start = [], 0, True
        while True:
            line = script.readline(_CHUNK)  # a captured document may be one long line
            if not line:
                raise damaged(archive.path)
            if at_start and line == b"\\.\n":
                break
            at_start = line.endswith(b"\n")
            waiting.append(line)
            size += len(line)
            if size >= _CHUNK:
                copy.write(b"".join(waiting))
                waiting, size = [], 0
        copy.write(b"".join(waiting))


def refused(error: Error | DBAPIError) -> ClaimtrackError:
    """The error that a person should see for what the server refused of a restore."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = (str(cause).strip().splitlines() or ["no reason given"])[0].removesuffix(".")
    match cause:
        case pg.LockNotAvailable() | pg.DeadlockDetected():
            return ConflictError(
                "Somebody else is at work in this database. Nothing was changed; try again when"
                " they are done."
            )
        case pg.DependentObjectsStillExist():
            what = (getattr(cause, "diag", None) and cause.diag.message_detail) or said
            return ConflictError(
                "Something that is not claimtrack's rests on its tables, and would go with them:"
                f" {what.splitlines()[0]}. Nothing was changed; drop it first."
            )
        case pg.DuplicateObject() | pg.DuplicateTable() | pg.DuplicateFunction():
            return ConflictError(
                f"The database has something of that name which is not claimtrack's: {said}."
                " Nothing was changed."
            )
        case pg.InsufficientPrivilege():
            return DatabaseError(
                f"This database user may not restore here: {said}. Nothing was changed; let the"
                " owner of the database do it."
            )
    return DatabaseError(f"The server refuses what is in the backup: {said}. Nothing was changed.")
