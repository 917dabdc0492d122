"""Setting the cluster up, and who may enter it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from claimtrack.embedded import paths
from claimtrack.embedded.account import Account, let_through, make_readable, run
from claimtrack.embedded.files import open_private, replace
from claimtrack.embedded.paths import MAJOR, ROLE, WINDOWS, Server, url_of
from claimtrack.errors import DatabaseError

#: Behaviour must not depend on the machine's locale or time zone, nor the log hold claims' text.
_SETTINGS = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "fatal",
    "log_error_verbosity": "terse",
    "jit": "off",
    "shared_buffers": "256MB",
}


def check_version(pgdata: Path) -> None:
    """Refuse what is no cluster of this PostgreSQL's, as a DatabaseError."""
    try:
        found = (pgdata / "PG_VERSION").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise DatabaseError(
            f"{pgdata} is there, but is no PostgreSQL database. Move it away, or name another "
            "folder with CLAIMTRACK_DATA_DIR."
        ) from None
    if found != str(MAJOR):
        raise DatabaseError(
            f"The database in {pgdata} is of PostgreSQL {found}, and this claimtrack brings "
            f"PostgreSQL {MAJOR}. Export it with the claimtrack that made it, or name another "
            "folder with CLAIMTRACK_DATA_DIR."
        )


def prepare(pgdata: Path, account: Account | None, notice: Callable[[str], None]) -> None:
    """Make all ready for a start: the way to the files, the cluster, who may enter it.

    Raises DatabaseError when the cluster can't be set up.
    """
    if account is not None:
        let_through(account, pgdata.parent)
        let_through(account, paths.binaries())
        make_readable(paths.binaries())
    if not pgdata.exists():
        notice(f"Setting up a PostgreSQL of its own in {pgdata} …")
        _initdb(pgdata, account)
    if not WINDOWS:
        _admit_owner(pgdata, account)


def _initdb(pgdata: Path, account: Account | None) -> None:
    """Set the cluster up beside its place and move it there: an interrupted one leaves nothing."""
    fresh = pgdata.with_name("postgres.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    if account is not None:
        os.chown(fresh, account.uid, account.gid)
    options = ["-D", str(fresh), "-U", ROLE, "--encoding=UTF8"]
    options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options += ["--text-search-config=english"]
    for name, value in _SETTINGS.items():
        options += ["-c", f"{name}={value}"]
    if WINDOWS:
        import secrets

        password = paths.password_file(pgdata)
        with os.fdopen(open_private(password, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write(secrets.token_urlsafe(32))
        options += ["--auth=scram-sha-256", f"--pwfile={password}"]
    else:
        options += ["--auth=peer"]
    code, said = run("initdb", *options, account=account)
    if code != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        why = [line for line in said.splitlines() if "error" in line] or [said]
        raise DatabaseError(f"PostgreSQL can't be set up in {pgdata}: {why[0]}.")
    fresh.rename(pgdata)


def _admit_owner(pgdata: Path, account: Account | None) -> None:
    """Let in who owns the cluster, and root; nobody else, even if they reach the socket.

    Written at every start: a home that moved to another machine may have another name.
    """
    owner = account.name if account is not None else paths.name_of(os.geteuid())
    names = "".join(f'claimtrack "{name}" all\n' for name in sorted({owner, "root"}))
    replace(pgdata / "pg_ident.conf", names, account)
    replace(pgdata / "pg_hba.conf", "local all all peer map=claimtrack\n", account)


def ensure_database(pgdata: Path, server: Server, database: str, deadline: float) -> bool:
    """Make the database where it is missing; False if the server came or went: try again.

    From ``deadline`` (of time.monotonic) on, what is refused raises DatabaseError.
    """
    import psycopg
    from psycopg import sql

    url = url_of(pgdata, server, ROLE).replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=30) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (database,)
            ).fetchone()
            if found is None:
                # template0: what somebody put into template1 is not ours.
                create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
                connection.execute(create.format(sql.Identifier(database)))
    except psycopg.Error as error:
        if isinstance(error, psycopg.OperationalError) and time.monotonic() < deadline:
            return False
        said = str(error).strip() or "no reason given"
        raise paths.failure(
            pgdata, f"The PostgreSQL in {pgdata} can't be used: {said.splitlines()[0]}."
        ) from error
    return True
