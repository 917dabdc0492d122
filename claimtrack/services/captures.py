"""Captures: the bytes of sources, kept with their SHA-256."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from claimtrack.errors import ConflictError, InvalidDataError, NotFoundError
from claimtrack.models.sources import capture
from claimtrack.services.exports import record_export
from claimtrack.services.sources import Recorded, SourceGiven, record, resolve
from claimtrack.services.stories import load_sources
from claimtrack.vocab import SourceKind

#: The largest file that is kept, in bytes. PostgreSQL takes a value in one piece.
LARGEST_FILE = 64 * 1024 * 1024

#: What a file of this media type is called as a source; anything else is a document.
_KINDS = {"image": SourceKind.IMAGE, "video": SourceKind.VIDEO, "audio": SourceKind.AUDIO}


@dataclass(frozen=True, slots=True)
class FiledBytes:
    """The name and the content of a file."""

    name: str
    content: bytes

    @property
    def sha256(self) -> bytes:
        """The digest that PostgreSQL checks once more."""
        return hashlib.sha256(self.content).digest()

    @property
    def media_type(self) -> str | None:
        """What the name says that the content is."""
        return mimetypes.guess_type(self.name)[0]


def read_file(path: Path) -> FiledBytes:
    """A file's bytes, to be filed.

    Raises:
        InvalidDataError: the file is not there, can't be read, is empty, or is too large.
    """
    # A name in a broken encoding can't be stored; the bytes can.
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise InvalidDataError(f"There is no file {name}: check the path.") from error
    except OSError as error:
        raise InvalidDataError(f"The file {name} can't be read: {error.strerror}.") from error
    if not content:
        raise InvalidDataError(f"The file {name} is empty.")
    if len(content) > LARGEST_FILE:
        raise InvalidDataError(
            f"The file {name} is larger than {LARGEST_FILE // 1024**2} MiB: keep it where it is,"
            " and record its source with --no-url and its path as --external-id."
        )
    return FiledBytes(name, content)


def add_file(connection: Connection, file: FiledBytes, given: SourceGiven) -> Recorded:
    """File a document: a source (of its address, or called by its title) and its bytes.

    Without a title the file's name is one. Bytes that are already filed there are not filed twice.

    Raises:
        ConflictError: the bytes are filed for another source; a source of this file name holds
            other bytes; a detail contradicts what is on record.
        InvalidDataError: a detail can't be recorded.
    """
    filed = connection.scalar(
        select(capture.c.source_id).where(capture.c.sha256 == file.sha256).order_by(capture.c.id)
    )
    unnamed = given.url is None and given.title is None
    if unnamed and filed is not None:
        # The same bytes under whatever file name: it is on record, so that it is found again.
        return Recorded(resolve(connection, str(filed), given)[0], created=False)
    kind = given.kind or (_kind_of(file) if given.url is None else None)
    done = record(
        connection,
        replace(given, title=file.name if unnamed else given.title, kind=kind),
    )
    if filed is not None and filed != done.ref.id:
        other = load_sources(connection, [filed])[filed]
        raise ConflictError(
            f"The same bytes are already filed for source {filed} ({other.label}).",
            next_command=f"claimtrack source show {filed}",
        )
    if unnamed and not done.created:
        raise ConflictError(
            f"Source {done.ref.id} is already called {file.name}, and holds other bytes. Give this"
            " one a --title of its own; or say that title, if it is a later state of the same"
            " document.",
            next_command=f"claimtrack source show {done.ref.id}",
        )
    _file(connection, done.ref.id, file)
    return done


def _kind_of(file: FiledBytes) -> str:
    return _KINDS.get((file.media_type or "").partition("/")[0], SourceKind.DOCUMENT).value


def _file(connection: Connection, source_id: int, file: FiledBytes) -> None:
    connection.execute(
        insert(capture)
        .values(
            source_id=source_id,
            sha256=file.sha256,
            byte_count=len(file.content),
            file_name=file.name,
            media_type=file.media_type,
            content=file.content,
        )
        .on_conflict_do_nothing(index_elements=["source_id", "sha256"])
    )


def take_out(connection: Connection, source_id: int) -> FiledBytes:
    """The bytes that were filed last for a source; that they left the record is recorded.

    Raises:
        NotFoundError: none were.
    """
    row = connection.execute(
        select(capture.c.id, capture.c.file_name, capture.c.content)
        .where(capture.c.source_id == source_id, capture.c.content.is_not(None))
        .order_by(capture.c.id.desc())
        .limit(1)
    ).first()
    if row is None or row.content is None:
        raise NotFoundError(f"No file is filed for source {source_id}.")
    record_export(connection, "file", rows=1, filters={"source": source_id, "capture": row.id})
    return FiledBytes(row.file_name or f"source-{source_id}", bytes(row.content))
