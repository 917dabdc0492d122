"""`claimtrack db`: backing up, and the hash that compares."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.blocks import counted
from claimtrack.cli.db import as_size, db, explained
from claimtrack.cli.interrupts import tidied, undisturbed
from claimtrack.cli.progress import progress
from claimtrack.errors import ClaimtrackError, ConflictError
from claimtrack.render import Column, Listing, escape_terminal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.services.backup import Holdings
    from claimtrack.services.digest import Digest


# --- One hash of all -----------------------------------------------------------------------------


@command(
    db,
    "digest",
    example="""
claimtrack db digest
claimtrack db digest --by-table
""",
)
@click.option("--by-table", is_flag=True, help="The hash of each table, to find what differs.")
def digest(app: App, *, by_table: bool) -> None:
    """Print one hash of all that is recorded.

    It is equal before a backup and after it was restored, on another version of PostgreSQL too.
    What is computed from the rest (a claim's reach, a source's origin) is left out. Only the owner
    of the tables may read all that it needs.
    """
    with explained(), _snapshot(app) as connection:
        holds = _held(connection)
        found = _digest(connection, holds)
    if by_table:
        app.emit(
            Listing(
                columns=(
                    Column("table", "Table"),
                    Column("rows", "Rows", align="right"),
                    Column("sha256", "SHA-256"),
                ),
                rows=[
                    {"table": one.table, "rows": one.rows, "sha256": one.sha256}
                    for one in found.tables
                ],
                footer=(f"All: {found.sha256}",),
            )
        )
        return
    rows = sum(one.rows for one in found.tables)
    data = {"digest": found.sha256, "rows": rows, "revision": holds.revision}
    app.emit_object(data, [found.sha256])


def _digest(connection: Connection, holds: Holdings) -> Digest:
    from claimtrack.services import digest

    with progress("Reading all that is recorded", holds.rows) as tell:
        return digest.digest(connection, tell)


@contextmanager
def _snapshot(app: App) -> Iterator[Connection]:
    """One read-only transaction on one snapshot, whatever the schema's revision."""
    with app.connected() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with undisturbed(connection):
            yield connection
        connection.rollback()


def _held(connection: Connection) -> Holdings:
    """What the database holds, which must have the tables.

    Raises:
        ConflictError: it has none.
    """
    from claimtrack.services import backup

    holds = backup.holdings(connection)
    if holds.revision is None:
        raise ConflictError(
            f"The database {holds.database} has no claimtrack tables yet: there is nothing to keep."
        )
    return holds


# --- Backing up ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dumped:
    """What a dump holds, and which program made it."""

    holds: Holdings
    digest: str
    rows: int
    #: The head of the record in it, where anything is sealed.
    head: str | None
    tool: str
    left_out: list[str]


@command(
    db,
    "backup",
    example="""
claimtrack db backup claims-2024-06-07.backup
claimtrack db backup - | ssh desk@backup.example.org 'cat > claims.backup'
""",
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--force", is_flag=True, help="Replace FILE.")
def backup(app: App, file: Path, *, force: bool) -> None:
    """Write all that is recorded into FILE (or to standard output, with -).

    Taken by pg_dump as of one moment, while others go on working. FILE is an archive in
    pg_dump's custom format for `db restore` or pg_restore, without owners and grants, and for
    nobody else to read. It holds everything, also what is protected: keep it as safe as the
    database.
    """
    with tidied(), explained():
        if str(file) == "-":
            need(not sys.stdout.isatty(), "A backup is no text: send it into a file or a pipe.")
            dumped = _dump_to_stdout(app)
            record_taken(app, dumped, "standard output")
            for line in _backup_text(dumped, "standard output"):
                click.echo(line, err=True)
            return
        from claimtrack.dumps.writing import new_file, refuse_occupied

        refuse_occupied(file, replace=force)
        with new_file(file, replace=force) as part:
            dumped = dump(app, part)
            size = part.stat().st_size
        record_taken(app, dumped, file.name)
    holds = dumped.holds
    data = {
        "file": str(file),
        "size_bytes": size,
        "database": holds.database,
        "server_version": holds.server_version,
        "revision": holds.revision,
        "claims": holds.claims,
        "digest": dumped.digest,
        "head": dumped.head,
        "pg_dump": dumped.tool,
        "left_out": dumped.left_out,
    }
    app.emit_object(data, _backup_text(dumped, f"{file} ({as_size(size)})"))


def record_taken(app: App, dumped: Dumped, name: str) -> None:
    """Record that all left the record: afterwards, so that the backup is of what was there."""
    from claimtrack.db import HEAD_REVISION
    from claimtrack.errors import DatabaseError
    from claimtrack.services.exports import record_export

    if dumped.holds.revision != HEAD_REVISION:
        return  # older tables have no place for it
    try:
        with app.write() as connection:
            record_export(
                connection,
                "backup",
                fmt="pg_dump",
                rows=dumped.rows,
                filters={"file": name, "digest": dumped.digest},
            )
    except DatabaseError as error:  # a server that only reads can be backed up too
        app.say(f"That this backup was taken is not recorded. {error.message}")


def _backup_text(dumped: Dumped, place: str) -> Iterator[str]:
    holds = dumped.holds
    yield escape_terminal(
        f"Backed up {counted(holds.claims, 'claim')} of {holds.database} to {place}."
    )
    yield f"Digest    {dumped.digest}"
    if dumped.head is not None:
        yield f"Head      {dumped.head}"
    yield f"Schema    revision {holds.revision}, from PostgreSQL {holds.server_version}"
    if dumped.left_out:
        names = ", ".join(dumped.left_out)
        yield escape_terminal(f"Left out  {names}: not claimtrack's")


def _dump_to_stdout(app: App) -> Dumped:
    """The same to standard output, which gets nothing of a dump that fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump"
        dumped = dump(app, path)
        with path.open("rb") as made:
            shutil.copyfileobj(made, sys.stdout.buffer)
    return dumped


def dump(app: App, output: Path) -> Dumped:
    """Seal the record, and write a dump and the digest of what is in it, both of one snapshot."""
    from claimtrack.db import HEAD_REVISION
    from claimtrack.dumps import tools, writing
    from claimtrack.services import backup, ledger

    _seal(app)
    with _snapshot(app) as connection:
        holds = _held(connection)
        newest = ledger.latest_seal(connection) if holds.revision == HEAD_REVISION else None
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - it is open
        tls = bool(driver.pgconn.ssl_in_use)
        tool = tools.choose("pg_dump", holds.server_major, tls=tls)[0]
        left_out = backup.strangers(connection)
        app.say(f"Backing up {holds.database} with pg_dump {tool.major} …")
        with writing.dumping(
            tool,
            driver,
            output,
            snapshot=backup.export_snapshot(connection),
            leave_out=left_out,
        ) as running:
            found = _digest(connection, holds)
            running.wait()
    rows = sum(one.rows for one in found.tables)
    head = str(newest.head) if newest is not None else None
    return Dumped(holds, found.sha256, rows, head, f"{tool.major} ({tool.path})", left_out)


def _seal(app: App) -> None:
    """Seal what was recorded so far; a record that can't be sealed is backed up all the same."""
    from claimtrack.db import HEAD_REVISION
    from claimtrack.services import backup, ledger

    with app.connected() as connection:
        engine, revision = connection.engine, backup.holdings(connection).revision
    if revision != HEAD_REVISION:
        return  # older tables have no place for seals
    try:
        with explained():
            ledger.seal_events(engine, actor=app.actor(), notice=app.say)
    except ClaimtrackError as error:
        app.say(f"Not sealed before the backup. {error.message}")
