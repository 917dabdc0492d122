"""Whom the server runs as, when root starts it, and how that user gets to its files."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from claimtrack.embedded import paths
from claimtrack.embedded.paths import SYSTEM_USER, WINDOWS
from claimtrack.errors import DatabaseError


class Account(NamedTuple):
    """Whom the server runs as, where that is not ourselves."""

    name: str
    uid: int
    gid: int


def account_for(pgdata: Path) -> Account | None:
    """Whom to run the server as: None for ourselves; as root, the folder's owner.

    Raises DatabaseError where root can't have a user for it.
    """
    if WINDOWS or os.geteuid() != 0:
        return None
    import pwd

    owner = (pgdata if pgdata.exists() else pgdata.parent).stat().st_uid
    if owner == 0:
        return _system_user()
    try:
        entry = pwd.getpwuid(owner)
    except KeyError:
        raise DatabaseError(
            f"{pgdata.parent} belongs to a user without a name ({owner})."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _system_user() -> Account:
    """The user ``claimtrack-pg``, which is made when it does not exist."""
    import pwd

    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    reason = ""
    for _ in range(10):
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            pass
        else:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        except OSError as error:
            reason = str(error)
            break
        reason = done.stderr.strip()
        if done.returncode != 0:
            time.sleep(0.2)  # perhaps another useradd holds the list of users
    raise DatabaseError(
        f"PostgreSQL doesn't run as root, and a system user {SYSTEM_USER} can't be made for it "
        f"({reason}). Run claimtrack as an ordinary user, or name a server with --database-url."
    )


def run(program: str, *args: str, account: Account | None, **options: Any) -> tuple[int, str]:
    """Run one of PostgreSQL's programs to its end: the exit code, and what it said on stderr.

    It sees nothing of our surroundings: PGPORT, PGOPTIONS and the like would change what it
    does, and so would the locale.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    options["env"] = env | {"LC_ALL": "C"} | options.get("env", {})
    if WINDOWS:
        options["creationflags"] = 0x08000000  # CREATE_NO_WINDOW
        program += ".exe"
    else:
        options["umask"] = 0o077
    if account is not None:
        options |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    programs = paths.binaries()
    done = subprocess.run(  # noqa: S603
        [str(programs / program), *args],
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        check=False,
        cwd=programs,
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE} | options,
    )
    return done.returncode, (done.stderr or "").strip()


def let_through(account: Account, folder: Path) -> None:
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


def make_readable(programs: Path) -> None:
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
