"""The files of the data folder, which stay their owner's where root makes them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from claimtrack.embedded.account import Account
from claimtrack.embedded.paths import WINDOWS
from claimtrack.errors import DatabaseError


@contextlib.contextmanager
def explained(data_dir: Path) -> Iterator[None]:
    """Turn the system's refusals into a sentence about the data folder, as a DatabaseError."""
    try:
        yield
    except OSError as error:
        place = error.filename if isinstance(error.filename, str) else data_dir
        raise DatabaseError(
            f"claimtrack can't use its data folder {data_dir}: {error.strerror} ({place}). "
            "Mend that, or name another folder with CLAIMTRACK_DATA_DIR."
        ) from error


def make_folders(data_dir: Path) -> None:
    """Make what is missing of the data folder and those above it, for nobody else to enter."""
    missing = [folder for folder in (data_dir, *data_dir.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        if not WINDOWS and os.geteuid() == 0:
            # Under sudo, what stands in a person's home stays that person's.
            above = folder.parent.stat()
            os.chown(folder, above.st_uid, above.st_gid, follow_symlinks=False)


@contextlib.contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """One process at a time sets up, starts or stops the server; the others wait."""
    handle = open_private(data_dir / "server.lock", os.O_RDWR)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)  # which gives up the lock


def open_private(path: Path, flags: int) -> int:
    """Open a file of the data folder (0600), never through a link that somebody planted."""
    flags |= os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags, 0o600)
    if not WINDOWS and os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return handle


def replace(path: Path, text: str, account: Account | None) -> None:
    """Replace a file of the cluster: a new one moved into place, so that no link is followed."""
    temporary = path.with_name(path.name + ".claimtrack")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)
    temporary.replace(path)
