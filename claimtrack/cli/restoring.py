"""`claimtrack db`: putting a backup back."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.blocks import counted
from claimtrack.cli.db import db, explained
from claimtrack.cli.interrupts import tidied, undisturbed
from claimtrack.cli.progress import progress
from claimtrack.errors import ConflictError, DatabaseError, InvalidDataError
from claimtrack.render import escape_terminal

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

overwrite_option = click.option(
    "--overwrite",
    metavar="DATABASE",
    help="Replace what is recorded in the database; name it.",
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put into a database."""

    database: str
    claims: int
    replaced: bool
    digest: str
    #: The revision of the dump, and the one that the tables have now.
    revision: str
    upgraded: str
    head: str | None
    #: The first thing that is not as its events say, in a sentence.
    wrong: str | None


@command(
    db,
    "restore",
    example="""
claimtrack db restore claims-2024-06-07.backup
claimtrack db restore claims-2024-06-07.backup --overwrite claims
""",
)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@overwrite_option
@click.option("--unverified", is_flag=True, help="Restore it even if it does not verify.")
@click.option("--digest", "wanted", metavar="HASH", help="Refuse FILE unless this is its digest.")
def restore(
    app: App, file: Path, overwrite: str | None, wanted: str | None, *, unverified: bool
) -> int:
    """Put a backup back into the database: all of it, or nothing is changed.

    Into an empty database, which is made if it does not exist; one that holds records is
    overwritten only when --overwrite names it. An older claimtrack's backup is upgraded. What was
    restored is verified as by `audit verify`, and refused where it is not as recorded. Restore
    files that you trust only: like pg_restore, it runs what stands in them.
    """
    with tidied(), explained(), _stored(file) as path, _reachable(app) as engine:
        again = shlex.join(["claimtrack", "db", "restore", str(file)])
        done = restore_from(
            app,
            engine,
            path,
            overwrite,
            wanted,
            again,
            server=not app.embedded,
            unverified=unverified,
        )
    data = {
        "file": str(file),
        "database": done.database,
        "replaced": done.replaced,
        "claims": done.claims,
        "revision": done.revision,
        "upgraded_to": done.upgraded if done.upgraded != done.revision else None,
        "digest": done.digest,
        "head": done.head,
        "verified": done.wrong is None,
    }
    app.emit_object(data, _restored_text(done))
    if done.wrong is not None:
        app.say(f"It does NOT verify: {done.wrong}")
        return 1
    return 0


def _restored_text(done: Restored) -> Iterator[str]:
    instead = ", in place of what was there" if done.replaced else ""
    yield escape_terminal(
        f"Restored {counted(done.claims, 'claim')} into {done.database}{instead}."
    )
    yield f"Digest    {done.digest}"
    if done.head is not None:
        yield f"Head      {done.head}"
    if done.upgraded != done.revision:
        yield f"Schema    upgraded from revision {done.revision} to {done.upgraded}"


def _grant_again(app: App, connection: Connection) -> None:
    """Give every login the role again that the restored table says; or say how to."""
    from claimtrack.services import people

    done = people.apply_grants(connection)
    for line in done.told:
        app.say(line)
    for login in done.made:
        app.say(f"The login {login} was missing: it was made, and has no password yet.")
    if done.script is not None:
        app.say(
            "This login may not give people their roles again. Have an administrator of the server"
            " run this with psql in the database:"
        )
        app.say(done.script)


@contextmanager
def _stored(file: Path) -> Iterator[Path]:
    """The file, or one with what comes in on standard input."""
    if str(file) != "-":
        yield file
        return
    import shutil
    import tempfile

    need(not sys.stdin.isatty(), "A backup is no text: send it in from a file or a pipe.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        try:
            with path.open("wb") as stored:
                shutil.copyfileobj(sys.stdin.buffer, stored)
        except OSError as error:
            raise InvalidDataError(
                f"There is no room in {folder} for what comes in: {error.strerror or error}."
            ) from error
        yield path


@contextmanager
def _reachable(app: App) -> Iterator[Engine]:
    """An engine on the database to restore into, which is made where it does not exist."""
    if app.settings.database_url is not None:
        with existing(app.settings.database_url) as engine:
            yield engine
        return
    with app.connected() as connection:
        engine = connection.engine
    yield engine


@contextmanager
def existing(url: str) -> Iterator[Engine]:
    """An engine on the URL's database. If it had to be made, it goes again when the block fails."""
    from sqlalchemy.exc import OperationalError

    from claimtrack.cli.app import refuse_old_server
    from claimtrack.db import make_engine
    from claimtrack.services.refusals import explain_connection

    engine, made = make_engine(url), False
    try:
        with engine.connect() as connection:
            refuse_old_server(connection)
    except OperationalError as error:
        made = _make_database(engine)
        if not made:
            raise explain_connection(error, url) from error
    try:
        yield engine
    except BaseException:
        if made:
            _on_maintenance(engine, "DROP DATABASE {}")
        raise


def _make_database(engine: Engine) -> bool:
    """Make the engine's database; False where that is not what is missing.

    Raises:
        DatabaseError: this user may not make one.
    """
    from psycopg.errors import DuplicateDatabase, InsufficientPrivilege
    from sqlalchemy.exc import DBAPIError

    try:
        return _on_maintenance(engine, "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    except DBAPIError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise DatabaseError(
                f"There is no database {engine.url.database}, and this user may not make one. Have"
                " it made, for example with PostgreSQL's createdb."
            ) from error
        if isinstance(error.orig, DuplicateDatabase):
            return False
        raise


def _on_maintenance(engine: Engine, statement: str) -> bool:
    """Run a statement about the engine's database on its server; False where that has no answer."""
    from psycopg import sql
    from sqlalchemy.exc import OperationalError

    from claimtrack.db import make_engine

    name = engine.url.database
    if name in (None, "postgres"):
        return False
    other = make_engine(engine.url.set(database="postgres").render_as_string(hide_password=False))
    try:
        with other.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            driver = connection.connection.driver_connection
            connection.exec_driver_sql(
                sql.SQL(statement).format(sql.Identifier(name)).as_string(driver)
            )
    except OperationalError:
        return False
    return True


def restore_from(
    app: App,
    engine: Engine,
    path: Path,
    overwrite: str | None,
    wanted: str | None,
    again: str,
    *,
    server: bool,
    unverified: bool = False,
) -> Restored:
    """Restore a file in one transaction, which is undone whatever goes wrong.

    On a ``server``, people have logins of their own, and are given their roles again.
    """
    from psycopg import Error
    from sqlalchemy.exc import DBAPIError

    from claimtrack import migrate
    from claimtrack.db import HEAD_REVISION
    from claimtrack.dumps.reading import open_archive
    from claimtrack.services import backup, digest, restore
    from claimtrack.services.matching import postings

    with migrate.alone(engine) as connection, connection.begin(), undisturbed(connection):
        restore.lock(connection)
        holds = backup.holdings(connection)
        archive = open_archive(path, holds.server_major)
        migrate.refuse_newer(archive.revision, migrate.revisions())
        restore.refuse_to_lose(holds, overwrite, what=again)
        app.say(f"Restoring into {holds.database} with pg_restore {archive.tool.major} …")
        try:
            restore.make_room(connection, archive)
            with progress("Restoring", len(archive.names("TABLE DATA")) + 1) as bar:
                restore.load(connection, archive, lambda _: bar(1))
        except (Error, DBAPIError) as error:
            raise restore.refused(error) from error
        found = digest.digest(connection)
        if wanted is not None and wanted.strip().lower() != found.sha256:
            raise ConflictError(
                f"The digest of {path.name} is {found.sha256}, not {wanted}. Nothing was changed."
            )
        if archive.revision != HEAD_REVISION:
            migrate.upgrade_inside(connection)
            postings.drain(connection, left_over=None)
        restore.enforce(connection)
        if server:
            _grant_again(app, connection)
        head, wrong = _verify(connection)
        if wrong is not None and not unverified:
            raise ConflictError(
                f"What is in {path.name} does not verify: {wrong} Nothing was changed. To look into"
                " it, restore it into another database with --unverified, and run claimtrack audit"
                " verify there."
            )
        claims = backup.holdings(connection).claims
    return Restored(
        database=holds.database,
        claims=claims,
        replaced=holds.recorded,
        digest=found.sha256,
        revision=archive.revision,
        upgraded=HEAD_REVISION,
        head=head,
        wrong=wrong,
    )


def _verify(connection: Connection) -> tuple[str | None, str | None]:
    """The head of the restored record, and the first thing in it that is not as recorded."""
    from claimtrack.cli.audit import sentence_of
    from claimtrack.services import verify

    with progress("Verifying", 2 * verify.event_count(connection)) as tell:
        found = verify.verify(connection, progress=tell)
    head = str(found.head) if found.head is not None else None
    return head, sentence_of(found.first) if found.first is not None else None
