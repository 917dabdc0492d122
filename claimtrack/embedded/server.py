"""Starting and stopping the server, and telling whether it is ours that runs."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from claimtrack.embedded.account import Account, run
from claimtrack.embedded.files import open_private, replace
from claimtrack.embedded.paths import (
    PORT,
    WINDOWS,
    Server,
    alive,
    failure,
    read_server,
    server_log,
    socket_stands,
)

_SOCKET_PATH_LIMIT = 100  # bytes; Linux takes 107, macOS 103
_PATIENCE = 600  # seconds: recovery after a crash replays the log, and takes what it takes
_LOG_LIMIT = 10_000_000  # bytes, when the server is started


def is_ours(pid: int, pgdata: Path) -> bool:
    """Whether the process is the server of this cluster, and not one that took over its number."""
    if WINDOWS:
        return run("pg_ctl", "status", "-D", str(pgdata), account=None)[0] == 0
    if not alive(pid):
        return False
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        if Path("/proc/self").exists():
            return False
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        arguments = subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603
        return os.fsencode(pgdata) in arguments
    return os.fsencode(pgdata) in arguments.split(b"\0")


def settled(pgdata: Path, notice: Callable[[str], None]) -> Server | None:
    """The server once it is ready, or None when none runs: what is under way is waited for.

    Raises DatabaseError when it takes longer than ten minutes.
    """
    began, told = time.monotonic(), False
    while (server := read_server(pgdata)) is not None and is_ours(server.pid, pgdata):
        if server.status == "ready":
            if socket_stands(server, pgdata):
                return server
            # A cleaner of /tmp took its socket: nobody can reach it any more.
            stop(pgdata, server)
            return None
        waited = time.monotonic() - began
        if waited > _PATIENCE:
            raise failure(
                pgdata, f"The PostgreSQL in {pgdata} has been {server.status} for ten minutes."
            )
        if waited > 5 and not told:
            told = True
            notice(f"PostgreSQL is still {server.status}; after a crash it recovers first …")
        time.sleep(0.02)
    return None


def start(pgdata: Path, account: Account | None, notice: Callable[[str], None]) -> Server:
    """Start the server, of which none runs, and wait until it is ready.

    Raises DatabaseError with what the server said when it doesn't start.
    """
    log = server_log(pgdata.parent)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))
    options = ["-h", "127.0.0.1", "-p", str(_free_port())] if WINDOWS else _options(pgdata, account)
    _disown_pid(pgdata, account)
    # After a crash, what is left of the old server may take a moment to let go of its memory.
    deadline = time.monotonic() + 15
    while True:
        with os.fdopen(open_private(log, os.O_RDWR | os.O_APPEND), "ab+") as file:
            offset = file.seek(0, os.SEEK_END)
            # pg_ctl gives the server a session of its own. It goes through a shell, from which
            # the environment keeps the folder's name; the server's command line shows whose it is.
            run(
                *("pg_ctl", "start", "--silent", "--wait", "--timeout=5"),
                *("-o", subprocess.list2cmdline(options) if WINDOWS else shlex.join(options)),
                account=account,
                env={"PGDATA": str(pgdata)},
                stdout=file,
                stderr=subprocess.DEVNULL,
            )
            server = settled(pgdata, notice)
            if server is not None:
                return server
            file.seek(offset)
            said = _gravest(file.read().decode("utf-8", "replace").splitlines())
        if "shared memory" not in said or time.monotonic() > deadline:
            raise failure(
                pgdata, f"The PostgreSQL in {pgdata} doesn't start: {said or 'no reason given'}."
            )
        time.sleep(0.3)


def stop(pgdata: Path, server: Server) -> None:
    """End the server, which is ours, and wait for it. Raises DatabaseError when it goes on."""
    deadline = time.monotonic() + _PATIENCE
    said = "it was asked to end, and has not"
    if WINDOWS:
        options = ("--mode=fast", "--wait", f"--timeout={_PATIENCE}")
        _, said = run("pg_ctl", "stop", "-D", str(pgdata), *options, account=None)
        deadline = time.monotonic() + 5  # its pid file goes a little before itself
    else:
        # The same fast shutdown, but not by pg_ctl: under root that runs as the server's own
        # user, to whom a folder above may have been closed since the server was started.
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGINT)
    while is_ours(server.pid, pgdata):
        if time.monotonic() > deadline:
            raise failure(pgdata, f"The PostgreSQL in {pgdata} can't be stopped: {said}.")
        time.sleep(0.01)
    if server.socket_folder is not None and server.socket_folder != pgdata:
        with contextlib.suppress(OSError):
            server.socket_folder.rmdir()


def _options(pgdata: Path, account: Account | None) -> list[str]:
    folder = _socket_folder(pgdata, account)
    # No server of this cluster runs, and only its owner can have made this.
    (folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    quoted = str(folder).replace('"', '""')
    settings = ["listen_addresses=", f'unix_socket_directories="{quoted}"']
    settings += ["unix_socket_permissions=0700", "logging_collector=off"]
    return ["-D", str(pgdata), "-p", str(PORT), *(f"--{setting}" for setting in settings)]


def _socket_folder(pgdata: Path, account: Account | None) -> Path:
    """The cluster itself, or a private folder under /tmp.

    The latter where the path is too long for a socket, or has a comma, which libpq takes for the
    end of a host's name.
    """
    length = len(os.fsencode(pgdata / f".s.PGSQL.{PORT}"))
    if length <= _SOCKET_PATH_LIMIT and "," not in str(pgdata):
        return pgdata
    uid = account.uid if account is not None else os.geteuid()
    before = read_server(pgdata)
    used = before and before.socket_folder
    if used and used != pgdata:  # of a server that crashed
        with contextlib.suppress(OSError):
            found = used.lstat()
            if found.st_uid == uid and found.st_mode == stat.S_IFDIR | 0o700:
                return used
    # Of a name that nobody can guess and occupy; the pid file says which it is.
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) > 60:
        base = "/tmp"  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="claimtrack-", dir=base))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def _disown_pid(pgdata: Path, account: Account | None) -> None:
    """See to it that a process which has a dead server's number is not taken for one.

    The file stays: by its other lines PostgreSQL sees whether the old memory is still in use.
    """
    stale = read_server(pgdata)
    if stale is None or WINDOWS or not alive(stale.pid):
        return
    path = pgdata / "postmaster.pid"
    _, *others = path.read_text(encoding="utf-8").splitlines(keepends=True)
    # PostgreSQL passes over the number of whoever called pg_ctl.
    replace(path, "".join([f"{os.getpid()}\n", *others]), account)


def _gravest(lines: list[str]) -> str:
    """Why the server ended, from what it logged."""
    for line in lines:
        for level in ("FATAL:", "PANIC:"):
            if level in line:
                return line.partition(level)[2].strip()
    return lines[-1].strip() if lines else ""


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
