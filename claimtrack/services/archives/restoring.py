"""Taking an archive back: into an empty database, with the numbers that its rows had.

Rows that the guards would refuse (a claim that begins with a verdict, evidence under a review of
long ago) come in while those triggers are off, in the same transaction, which only the owner of
the tables may do. Everything else stays on: checks, keys, foreign keys, and the triggers that
leave an event of each row and count reach. What the guards see to otherwise is verified before
they are on again (see `claimtrack.services.archives.checking`); a transaction that fails or is
killed leaves the tables and their triggers as they were.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import psycopg
from psycopg import errors as pg
from sqlalchemy import Connection, func, insert, text
from sqlalchemy.exc import DBAPIError

from claimtrack.errors import ConflictError, DatabaseError, InvalidDataError
from claimtrack.interchange.archive import Record, line_of, read_archive
from claimtrack.models.imports import import_
from claimtrack.services.archives.checking import first_broken
from claimtrack.services.archives.tables import CARRIED, PIECES, SHAPES
from claimtrack.services.refusals import explain
from claimtrack.vocab import FileFormat

#: The triggers that are off while rows come in, by table: they guard what people do one by one.
GUARDS = {
    "speaker": ("keep_merge_insert",),
    "speaker_alias": ("refuse_second_name",),
    "claim": ("guard_new_claim", "keep_merge_insert"),
    "appearance": ("refuse_on_merged",),
    "figure": ("guard_words", "count_figure_change", "refuse_on_merged"),
    "note": ("refuse_on_merged",),
    "evidence": ("refuse_on_merged",),
    "review": (
        "apply_review",
        "guard_approval",
        "keep_evidence",
        "require_evidence",
        "require_publishers",
    ),
    "review_evidence": ("refuse_later_evidence", "require_evidence_of_claim"),
    "objection": ("guard_dispute", "refuse_on_merged"),
    "challenge": ("guard_dispute", "refuse_on_merged"),
    "assessment": ("refuse_on_merged",),
    "publication": ("refuse_on_merged",),
    "claim_match": ("refuse_on_merged",),
}

#: How often progress is told, in rows.
_STEP = 1000

_TABLES = tuple(table for table in CARRIED if table != PIECES)


@dataclass(frozen=True, slots=True)
class Restored:
    """What an archive brought: the number of its import, and its rows by table."""

    import_id: int
    rows: dict[str, int]

    @property
    def claims(self) -> int:
        """How many claims."""
        return self.rows.get("claim", 0)


def restore_archive(
    connection: Connection,
    path: Path,
    name: str | None,
    *,
    origin: str | None = None,
    licence: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Take a whole archive into a database that holds no rows yet; all of it or none.

    ``name`` (None for standard input), ``origin`` and ``licence`` go to the row that tells of the
    import; without an origin it is the name. ``progress`` is told how many bytes of the file were
    read since it was told last.

    Raises:
        ConflictError: the database isn't empty.
        DatabaseError: this login is not the owner's.
        InvalidDataError: the archive is damaged, or holds what can't have been recorded; says in
            which line. The transaction must be rolled back then.
    """
    _refuse_other_than_owner(connection)
    connection.exec_driver_sql(f"LOCK TABLE {', '.join(_TABLES)} IN SHARE ROW EXCLUSIVE MODE")
    _refuse_occupied(connection)
    _switch(connection, "DISABLE")
    rows = _take_in(connection, path, progress)
    broken = first_broken(connection)
    if broken is not None:
        line = line_of(path, broken.table, broken.key)
        raise _not_taken(line, broken.table, ".".join(broken.key.values()), broken.reason)
    _switch(connection, "ENABLE")
    _go_on_counting(connection)
    digest, size = _hashed(path)
    if name is not None:  # a name in a broken encoding can't be stored
        name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    claims = rows.get("claim", 0)
    import_id = connection.execute(
        insert(import_)
        .values(
            format=FileFormat.JSONL,
            file_name=name,
            sha256=digest,
            byte_count=size,
            origin=origin or name or "standard input",
            licence=licence,
            options={"archive": True},
            row_count=claims,
            created=claims,
            through=claims,
            finished_at=func.now(),
        )
        .returning(import_.c.id)
    ).scalar_one()
    return Restored(import_id, rows)


def _refuse_other_than_owner(connection: Connection) -> None:
    owned = connection.scalar(
        text(
            "SELECT bool_and(pg_has_role(CURRENT_USER, relowner, 'MEMBER')) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:tables)"
        ),
        {"tables": list(_TABLES)},
    )
    if not owned:
        raise DatabaseError(
            "Only the owner of the database may import an archive, since it says itself who"
            " recorded what: log in as the owner."
        )


def _refuse_occupied(connection: Connection) -> None:
    for table in _TABLES:
        if connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {table})").scalar():  # noqa: S608
            raise ConflictError(
                "An archive keeps the numbers of its rows, so it goes into an empty database, and"
                f" this one has rows in {table} already. Name another database with"
                " --database-url."
            )


def _switch(connection: Connection, how: str) -> None:
    for table, triggers in GUARDS.items():
        for trigger in triggers:
            connection.exec_driver_sql(f"ALTER TABLE {table} {how} TRIGGER {trigger}")


def _go_on_counting(connection: Connection) -> None:
    """Let each table's numbers go on after the highest; unlike setval() it can be rolled back."""
    for table in _TABLES:
        if SHAPES[table].key == ("id",):
            top = connection.exec_driver_sql(f"SELECT max(id) FROM {table}").scalar()  # noqa: S608
            if top is not None:
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {top + 1}"
                )


def _hashed(path: Path) -> tuple[bytes, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        return digest, file.tell()


# --- Rows ----------------------------------------------------------------------------------------


def _take_in(connection: Connection, path: Path, progress: Callable[[int], None]) -> dict[str, int]:
    """Copy the rows in, table by table, and count them."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - it is open
    rows = {}
    with path.open("rb") as file, driver.cursor() as cursor:
        cursor.execute(_STAGES)
        records = read_archive(file, SHAPES)
        told = 0
        for table, found in groupby(records, key=lambda record: record.table):
            first = next(found)
            number = 0
            try:
                with cursor.copy(_copy(table)) as copy:
                    for number, record in enumerate(_chain(first, found), 1):
                        copy.write_row(list(record.values.values()))
                        if number % _STEP == 0:
                            here = file.tell()
                            progress(here - told)
                            told = here
            except psycopg.Error as error:
                raise _explained(error, path, table, first.line) from error
            if table != PIECES:
                rows[table] = number
        try:
            cursor.execute(_FILE_CAPTURES)
        except psycopg.Error as error:
            raise _explained(error, path, "capture", 0) from error
        lost = cursor.execute(_LOST_PIECES).fetchone()
        if lost is not None:
            key = {"capture_id": str(lost[0]), "no": str(lost[1])}
            raise _not_taken(
                line_of(path, PIECES, key), PIECES, f"{lost[0]}.{lost[1]}", "a piece is missing"
            )
        progress(file.tell() - told)
    return rows


def _chain(first: Record, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rest


_CAPTURE = ", ".join(SHAPES["capture"].columns)

#: A capture comes in with its bytes or not at all, and they come in pieces: first they are here.
_STAGES = f"""
    CREATE TEMP TABLE archive_capture ON COMMIT DROP AS
        SELECT {_CAPTURE} FROM capture WITH NO DATA;
    CREATE TEMP TABLE archive_piece (
        capture_id bigint, no bigint, bytes bytea, PRIMARY KEY (capture_id, no)
    ) ON COMMIT DROP;
"""  # noqa: S608 - names of our own
_FILE_CAPTURES = f"""
    INSERT INTO capture ({_CAPTURE}, content) OVERRIDING SYSTEM VALUE
    SELECT {_CAPTURE}, (
        SELECT string_agg(bytes, '' ORDER BY no) FROM archive_piece WHERE capture_id = filed.id
    )
    FROM archive_capture AS filed ORDER BY id
"""  # noqa: S608
_LOST_PIECES = """
    SELECT capture_id, no FROM archive_piece AS piece
    WHERE NOT EXISTS (SELECT FROM capture WHERE id = capture_id)
        OR no <> 1 AND NOT EXISTS (
            SELECT FROM archive_piece AS before
            WHERE before.capture_id = piece.capture_id AND before.no = piece.no - 1
        )
    LIMIT 1
"""
_STAGED = {"capture": "archive_capture", PIECES: "archive_piece"}


def _copy(table: str) -> str:
    columns = ", ".join(f'"{name}"' for name in SHAPES[table].columns)
    return f"COPY {_STAGED.get(table, table)} ({columns}) FROM STDIN"


# --- What the database refuses -------------------------------------------------------------------


def _explained(error: psycopg.Error, path: Path, table: str, first_line: int) -> Exception:
    """The sentence for what the database refused of a table's rows."""
    diag = error.diag
    match error:
        case pg.UniqueViolation():
            reason = f"its key is there twice ({diag.constraint_name})"
        case pg.ForeignKeyViolation():
            reason = f"what it points to is not in the archive ({diag.constraint_name})"
        case pg.NotNullViolation():
            reason = f"{diag.column_name} is missing"
        case pg.CheckViolation():
            reason = f"its values can't be, or not together ({diag.constraint_name})"
        case pg.DataError() | pg.ProgramLimitExceeded() | pg.StatementTooComplex():
            reason = str(diag.message_primary or error)
        case _:
            return explain(DBAPIError(None, None, error))
    place = re.search(r"^COPY [a-z_]+, \D*([0-9]+)", diag.context or "", re.MULTILINE)
    if place is not None:
        return _not_taken(first_line + int(place[1]) - 1, table, None, reason)
    line = line_of(path, table, _told(diag.message_detail or ""))
    return _not_taken(line, table, None, reason)


def _told(detail: str) -> dict[str, str]:
    """What tells a row that was refused after all of its table had come.

    ``Key (claim_id, no)=(3, 1) …`` or, of a capture, ``Failing row contains (3, …``, in whatever
    language the server speaks.
    """
    if pairs := re.search(r"\(([a-z_, ]+)\)=\((.*?)\)", detail):
        return dict(zip(pairs[1].split(", "), pairs[2].split(", "), strict=False))
    row = re.search(r"\(([0-9]+), ", detail)
    return {"id": row[1]} if row else {}


def _not_taken(line: int | None, table: str, key: str | None, reason: str) -> InvalidDataError:
    what = f"{table} {key}" if key else f"a row of {table}"
    place = "The archive" if line is None else f"Line {line} of the archive ({what})"
    return InvalidDataError(f"{place} can't be taken in: {reason}. Nothing was imported.")
