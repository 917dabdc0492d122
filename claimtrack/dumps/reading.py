"""Reading a dump with pg_restore: what is in it, and the script that puts it back."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from claimtrack.dumps import tools
from claimtrack.dumps.tools import Tool
from claimtrack.dumps.writing import SCHEMAS, explained
from claimtrack.errors import InvalidDataError

_MAGIC = b"PGDMP"

#: What a claimtrack database is made of, as pg_restore calls it. Whatever else a dump holds, such
#: as extensions, belongs to the server it came from; the longest name of two goes first.
_KINDS = (
    *("TABLE DATA", "TABLE", "SEQUENCE SET", "SEQUENCE OWNED BY", "SEQUENCE", "FUNCTION"),
    *("FK CONSTRAINT", "CHECK CONSTRAINT", "CONSTRAINT", "DEFAULT", "INDEX", "TRIGGER"),
    *("VIEW", "RULE", "ROW SECURITY", "POLICY", "COMMENT", "SCHEMA", "TYPE", "DOMAIN"),
)

_ENTRY = re.compile(rf"\d+; \d+ \d+ (?P<kind>{'|'.join(_KINDS)}) (?P<schema>\S+) (?P<name>.*)")


class Entry(NamedTuple):
    """One thing in a dump; ``line`` is how pg_restore lists it."""

    kind: str
    schema: str
    name: str
    line: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A dump of a claimtrack database, and the pg_restore that can read it."""

    path: Path
    tool: Tool
    entries: tuple[Entry, ...]
    #: The revision of its schema.
    revision: str

    def names(self, *kinds: str) -> list[str]:
        """What there is of these kinds in the schema ``public``, by the name alone."""
        # A name is followed by its owner, a function's by its arguments first.
        return [
            re.split(r"[ (]", entry.name, maxsplit=1)[0]
            for entry in self.entries
            if entry.kind in kinds and entry.schema == "public"
        ]

    @contextlib.contextmanager
    def script(self, section: str) -> Iterator[IO[bytes]]:
        """The script of one section: ``pre-data``, ``data`` or ``post-data``.

        Raises:
            InvalidDataError: the file is damaged; found at its end, when the block is left.
        """
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".list") as chosen:
            chosen.writelines(f"{entry.line}\n" for entry in self.entries)
            chosen.flush()
            with _reading(
                self.tool, self.path, f"--section={section}", f"--use-list={chosen.name}"
            ) as output:
                yield output


def open_archive(path: Path, server_major: int) -> Archive:
    """The dump in a file, which must be of a claimtrack database.

    Raises:
        InvalidDataError: it is no such dump, or is damaged.
        DatabaseError: no pg_restore here is of the server's version or later.
    """
    _refuse_foreign(path)
    tool, listing = _listed(path, server_major)
    entries = tuple(_entries(listing))
    tables = {entry.name.split(" ")[0] for entry in entries if entry.kind == "TABLE"}
    if not {"alembic_version", "claim"} <= tables:
        raise InvalidDataError(f"{path} is a PostgreSQL dump, but not of a claimtrack database.")
    return Archive(path, tool, entries, _revision(path, tool))


def _refuse_foreign(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except IsADirectoryError:
        raise InvalidDataError(f"{path} is a folder. Name the file of a backup.") from None
    except OSError as error:
        raise InvalidDataError(f"{path} can't be read: {error.strerror or error}.") from error
    if start.startswith(_MAGIC):
        return
    if b"PostgreSQL database dump" in start:
        raise InvalidDataError(
            f"{path} is a plain SQL script, not a backup by claimtrack. psql can run it."
        )
    what = "is empty" if not start else "is no backup by claimtrack"
    raise InvalidDataError(f"{path} {what}. Backups are made with claimtrack db backup.")


def _listed(path: Path, server_major: int) -> tuple[Tool, str]:
    """The first pg_restore that can read the file, and what it lists."""
    said = ""
    for tool in tools.choose("pg_restore", server_major):
        done = subprocess.run(  # noqa: S603
            [tool.path, "--list", path], capture_output=True, check=False
        )
        if done.returncode == 0:
            return tool, done.stdout.decode("utf-8", "replace")
        said = done.stderr.decode("utf-8", "replace")
        if "unsupported version (1." not in said:
            raise damaged(path, said)
    raise InvalidDataError(
        f"{path} was made by a newer pg_dump than any pg_restore that is here. Install the client"
        " programs of the newest PostgreSQL, and put them on the PATH."
    )


def _entries(listing: str) -> Iterator[Entry]:
    for line in listing.splitlines():
        match = _ENTRY.match(line)
        if match is None:
            continue
        kind, schema, name = match["kind"], match["schema"], match["name"]
        # Every database has the schema public, and only its owner may say something about it.
        if kind == "SCHEMA" and name.split(" ")[0] not in SCHEMAS[1:]:
            continue
        if schema == "-" and kind == "COMMENT" and name.split(" ")[1] not in SCHEMAS[1:]:
            continue
        if schema in ("-", *SCHEMAS):
            yield Entry(kind, schema, name, line)


def _revision(path: Path, tool: Tool) -> str:
    options = ("--data-only", "--schema=public", "--table=alembic_version")
    with _reading(tool, path, *options) as output:
        rows = re.search(rb"^COPY .* FROM stdin;\n(\w+)\n\\\.$", output.read(), re.MULTILINE)
    if rows is None:
        raise InvalidDataError(f"{path} does not say which claimtrack made it.")
    return rows[1].decode()


@contextlib.contextmanager
def _reading(tool: Tool, path: Path, *options: str) -> Iterator[IO[bytes]]:
    """What pg_restore makes of a dump, while it makes it."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(  # noqa: S603
            [tool.path, "--file=-", "--no-owner", "--no-privileges", *options, path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            bufsize=1 << 20,
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            yield process.stdout
            process.stdout.read()
            if process.wait() != 0:
                words.seek(0)
                raise damaged(path, words.read().decode("utf-8", "replace"))
        finally:
            process.stdout.close()
            if process.poll() is None:
                process.terminate()
            process.wait()


def damaged(path: Path, words: str = "") -> InvalidDataError:
    """The error for a dump that can't be read to its end."""
    said = explained("pg_restore", words).message if words else "It ends too early."
    return InvalidDataError(f"{path} is damaged. {said} Nothing was restored.")
