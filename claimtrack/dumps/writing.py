"""Running pg_dump, and the file that it fills."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from psycopg import Connection
from psycopg.pq import Conninfo

from claimtrack import __version__
from claimtrack.dumps.tools import Tool
from claimtrack.errors import ClaimtrackError, ConflictError, DatabaseError, InvalidDataError

#: The schemas that are claimtrack's.
SCHEMAS = ("public", "past")


class Dumping:
    """A pg_dump that runs, and what it has to say."""

    def __init__(self, process: subprocess.Popen[bytes], words: IO[bytes]) -> None:
        self.process = process
        self._words = words

    def wait(self) -> None:
        """Wait for its end.

        Raises:
            DatabaseError: it failed; says why.
        """
        if self.process.wait() != 0:
            self._words.seek(0)
            raise explained("pg_dump", self._words.read().decode("utf-8", "replace"))


@contextlib.contextmanager
def dumping(
    tool: Tool,
    connection: Connection[Any],
    output: Path,
    *,
    snapshot: str,
    leave_out: Sequence[str] = (),
) -> Iterator[Dumping]:
    """Have pg_dump write what ``connection`` is connected to, as of one exported snapshot.

    It fills the file ``output``, which is there and keeps its mode: on standard output, pg_dump 18
    writes its table of contents twice. ``leave_out`` are names in ``public`` that aren't
    claimtrack's. What is unfinished when the block is left is ended.
    """
    command = [str(tool.path), "--format=custom", "--no-owner", "--no-privileges"]
    command += ["--no-security-labels", "--no-tablespaces", "--no-publications"]
    command += ["--no-subscriptions", "--encoding=UTF8", f"--snapshot={snapshot}"]
    command += [f"--file={output}"]
    command += [f"--schema={schema}" for schema in SCHEMAS]
    command += [
        f'--exclude-table=public."{name.replace(chr(34), chr(34) * 2)}"' for name in leave_out
    ]
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            env=_environment(connection),
        )
        try:
            yield Dumping(process, words)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


def _environment(connection: Connection[Any]) -> dict[str, str]:
    """What a child connects by: the very server, and no secret on its command line.

    Raises:
        DatabaseError: a secret has no variable to go by.
    """
    info = connection.info
    given = {**info.get_parameters(), "host": info.host, "port": str(info.port)}
    if info.hostaddr:
        given["hostaddr"] = info.hostaddr.partition(",")[0] if "," not in info.hostaddr else ""
    given |= {"dbname": info.dbname, "user": info.user, "password": info.password}
    given["application_name"] = f"claimtrack {__version__}"
    env = {**os.environ, "LC_ALL": "C", "LC_MESSAGES": "C"}
    for option in Conninfo.get_defaults():
        value = given.get(option.keyword.decode())
        if not value:
            continue
        if option.envvar is not None:
            env[option.envvar.decode()] = value
        elif option.dispchar == b"*":
            raise DatabaseError(
                f"The URL's {option.keyword.decode()} can't be handed to pg_dump unseen. Use a key"
                " without a passphrase."
            )
    return env


def explained(program: str, words: str) -> DatabaseError:
    """The error for what one of the programs said on stderr."""
    lines = [line.partition("error: ")[2] or line for line in words.splitlines() if line.strip()]
    said = next(iter(lines), "no reason given").strip().removesuffix(".")
    if "No space left" in words:
        return DatabaseError(f"The disk is full: {program} could not write all.")
    if "permission denied" in words:
        return DatabaseError(
            f"This database user may not read everything ({said}). A backup is for the owner of"
            " the tables."
        )
    return DatabaseError(f"{program} could not do it: {said}.")


# --- The file ------------------------------------------------------------------------------------


@contextlib.contextmanager
def new_file(path: Path, *, replace: bool, private: bool = True) -> Iterator[Path]:
    """A file to fill that is moved to ``path`` only if all went well.

    Nobody else may read it, unless it is not ``private``: then it is as any other new file.

    Raises:
        ConflictError: there is a file already, and ``replace`` is not set.
        InvalidDataError: no file can stand there.
    """
    refuse_occupied(path, replace=replace)
    # Where it is a link, the file that it leads to is the one to replace.
    path = path.resolve()
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent
        )
        os.close(handle)
        if not private:
            os.umask(mask := os.umask(0o077))
            Path(name).chmod(0o666 & ~mask)
    except OSError as error:
        raise _unwritable(path, error) from error
    part = Path(name)
    try:
        yield part
        _publish(part, path, replace=replace)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def refuse_occupied(path: Path, *, replace: bool) -> None:
    """Refuse a path where no new file can stand.

    Raises:
        ConflictError: there is a file already, and ``replace`` is not set.
        InvalidDataError: there is something else, or no folder to put it in.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise InvalidDataError(f"There is no folder {path.parent} to put it in.") from None
        return
    except OSError as error:
        raise _unwritable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no ordinary file"
        raise InvalidDataError(f"{path} is {kind}. Name a file, or - for standard output.")
    if not replace:
        raise _occupied(path)


def _occupied(path: Path) -> ConflictError:
    return ConflictError(f"{path} is there already. Name another file, or replace it with --force.")


def _unwritable(path: Path, error: OSError) -> ClaimtrackError:
    return InvalidDataError(f"{path} can't be written: {error.strerror or error}.")


def _publish(part: Path, path: Path, *, replace: bool) -> None:
    if replace:
        part.replace(path)
        return
    try:
        # Unlike a rename, it leaves alone what somebody else has put there meanwhile.
        os.link(part, path)
    except FileExistsError:
        raise _occupied(path) from None
    except OSError:  # a file system without hard links
        refuse_occupied(path, replace=False)
        part.replace(path)
