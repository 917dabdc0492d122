"""Taking in a file: part by part, all of it or none, or batch by batch."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, text, update

from claimtrack.db import say_actor
from claimtrack.errors import ClaimtrackError, ConflictError, InvalidDataError
from claimtrack.interchange.rows import Row, Unread
from claimtrack.models.imports import import_
from claimtrack.services.imports.indexing import FILLS, Index, Words, fill
from claimtrack.services.imports.lists import COUNTED
from claimtrack.services.imports.parts import Part, Settled, settle_part
from claimtrack.services.imports.reading import read_record
from claimtrack.services.imports.records import Meaning, Record
from claimtrack.services.imports.rewording import Replaced
from claimtrack.services.imports.settling import Run, alone
from claimtrack.services.imports.staging import TOUCHED, make_tables, staged_lines
from claimtrack.services.imports.updating import Conflict
from claimtrack.services.matching.postings import count_words, drain, is_count_old, list_new
from claimtrack.services.policies import in_force
from claimtrack.vocab import FileFormat

#: Rows that are settled at once: enough that a statement's own cost doesn't count, few enough that
#: the client's memory stays small.
PART = 5_000
#: How long the thread that reads may keep the interpreter, in seconds, from the one that has heard
#: from the server: with Python's own 5 ms the server waits for its next statement as long.
_SWITCH = 0.0005
#: How many conflicts are told one by one; beyond that they are counted.
TOLD_CONFLICTS = 1_000
#: How many claims that were given wholly other words.
TOLD_REPLACED = 5


class Fingerprint(NamedTuple):
    """What tells a file: its SHA-256, its size, and how many lines it has."""

    sha256: bytes
    byte_count: int
    lines: int


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be taken in, and how.

    ``batch`` commits after so many rows, so that what was done stays; None takes all or none.
    ``strict`` refuses the whole file for one row that can't be taken. A ``dry_run`` does it all
    and takes it back.
    """

    format: FileFormat
    file_name: str | None
    fingerprint: Fingerprint
    meaning: Meaning
    licence: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    batch: int | None = None
    strict: bool = False
    dry_run: bool = False


@dataclass(slots=True)
class Done:
    """What became of a file's rows."""

    import_id: int | None = None
    resumed_at: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[Conflict] = field(default_factory=list)
    replaced: list[Replaced] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class _DryRun(Exception):  # noqa: N818 - no error: it takes the transaction back
    """All was done as it would be."""


#: Told of each row that isn't taken in.
Reject = Callable[[Unread], None]


def fingerprint(path: Path) -> Fingerprint:
    """What tells a file, read once from its beginning to its end."""
    hashed, count, lines = hashlib.sha256(), 0, 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            hashed.update(block)
            count += len(block)
            lines += block.count(b"\n")
    return Fingerprint(hashed.digest(), count, lines)


def take_in(
    transaction: Callable[[], AbstractContextManager[Connection]],
    rows: Iterable[Row | Unread],
    job: Job,
    *,
    actor: str,
    reject: Reject,
    tell: Callable[[int, int], None],
    warn: Callable[[int, str], None],
    keeping: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Done:
    """Take in the rows of a file.

    The postings, which are made from the claims, are brought by a transaction of their own beside
    the one that brings the claims: so the server works on both at once. They are committed first:
    postings of claims that never came are shown to nobody, though they may take the places of
    others among the candidates of a match, and go with the next ``db reindex``.

    ``transaction`` opens one as the actor, on the connection by which all batches come in;
    ``reject`` is told of each row that isn't taken, ``tell`` hears how many rows are done and at
    which line, ``warn`` of what is odd in a row. ``keeping`` is entered around the commit of each
    batch but the last, which ends the transaction.

    Raises:
        ConflictError: another import is running.
        InvalidDataError: a row was refused in a strict run.
        ClaimtrackError: as the database refuses what no row can be told of.
    """
    done, index = Done(), Index()
    numbered = enumerate(rows, 1)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        with transaction() as connection:
            connection.execute(text(TOUCHED))
            while True:
                with connection.engine.begin() as beside:
                    run = _begin(connection, job, actor, done)
                    ended = _take_batch(
                        connection, beside, numbered, job, run, done, index, reject, tell, warn
                    )
                    _record(connection, run, done, finished=ended)
                    if job.dry_run:
                        raise _DryRun
                    if ended and is_count_old(connection):
                        count_words(connection, beside)
                    list_new(beside)
                if ended:
                    return done
                drain(connection)
                with keeping():
                    connection.exec_driver_sql("COMMIT")
                # In another transaction of the same session, which knows the rows it saw.
                say_actor(connection, actor)
    except _DryRun:
        done.import_id = None
        return done
    finally:
        sys.setswitchinterval(interval)


def _begin(connection: Connection, job: Job, actor: str, done: Done) -> Run:
    """Open the run's row, or the one of a run that was broken off, in this transaction."""
    alone(connection)
    if job.meaning.as_ours and in_force(connection).second_reviewer:
        raise ConflictError(
            "Every verdict here waits for a second reviewer, and those of a file can't. Take it in"
            " while the policy is off, or without --as-ours.",
            next_command="claimtrack policy second_reviewer off --because WHY",
        )
    connection.execute(
        text(
            "SELECT set_config('jit', 'off', true), set_config('work_mem', '64MB', true),"
            f" set_config('claimtrack.counts_reach', 'on', true), {FILLS}"
        )
    )
    if done.import_id is None:
        done.import_id = _resumed(connection, job, done) or connection.scalar(
            insert(import_)
            .values(
                format=job.format,
                file_name=job.file_name,
                sha256=job.fingerprint.sha256,
                byte_count=job.fingerprint.byte_count,
                origin=job.meaning.origin,
                licence=job.licence,
                options=dict(job.options),
            )
            .returning(import_.c.id)
        )
    # By this an event tells what an import did from what people did.
    connection.execute(
        text("SELECT set_config('application_name', :name, true)"),
        {"name": f"claimtrack import {done.import_id}"},
    )
    writes_all = connection.scalar(
        text("SELECT has_column_privilege('claim', 'recorded_by', 'INSERT')")
    )
    make_tables(connection)
    return Run(done.import_id or 0, job.meaning.origin, actor, bool(writes_all))


def _resumed(connection: Connection, job: Job, done: Done) -> int | None:
    """The run of the same file, read in the same way, that was broken off between batches."""
    found = connection.execute(
        select(import_)
        .where(
            import_.c.sha256 == job.fingerprint.sha256,
            import_.c.options == dict(job.options),
            import_.c.origin == job.meaning.origin,
            import_.c.finished_at.is_(None),
            import_.c.undone_at.is_(None),
        )
        .order_by(import_.c.id.desc())
        .limit(1)
    ).first()
    if found is None or job.batch is None:
        return None
    done.resumed_at = found.through
    done.counts.update({name: getattr(found, name) for name in COUNTED})
    return int(found.id)


def _record(connection: Connection, run: Run, done: Done, *, finished: bool) -> None:
    counts = {name: done.counts[name] for name in COUNTED}
    connection.execute(
        update(import_)
        .where(import_.c.id == run.import_id)
        .values(
            **counts,
            through=done.counts["row_count"],
            finished_at=text("clock_timestamp()") if finished else None,
        )
    )


def _take_batch(
    connection: Connection,
    beside: Connection,
    numbered: Iterator[tuple[int, Row | Unread]],
    job: Job,
    run: Run,
    done: Done,
    index: Index,
    reject: Reject,
    tell: Callable[[int, int], None],
    warn: Callable[[int, str], None],
) -> bool:
    """Take in rows up to the end of the file or of the batch; whether the file has ended.

    While the server settles one part, the postings of the one before are brought ``beside`` it,
    and the next is read.
    """
    left = job.batch
    words: Mapping[int, Words] = {}
    settling: Future[Settled] | None = None
    filling: Future[float] | None = None
    with ThreadPoolExecutor(max_workers=2) as pool:
        try:
            while True:
                size = PART if left is None else min(PART, left)
                part = _read(numbered, size, job, done, index, reject, warn)
                first = settling is None
                settled = Settled() if settling is None else settling.result()
                settling = pool.submit(settle_part, connection, part, run, first)
                _merge(settled, done, job, reject)
                if filling is not None:
                    done.seconds["postings"] += filling.result()
                due = index.postings(words, settled.created)
                filling = pool.submit(fill, beside, due)
                words = part.words
                tell(part.size, part.line)
                if left is not None:
                    left -= part.size
                ended = part.size < size
                if ended or left == 0:
                    settled = settling.result()
                    _merge(settled, done, job, reject)
                    done.seconds["postings"] += filling.result()
                    due = index.postings(words, settled.created)
                    done.seconds["postings"] += fill(beside, due)
                    return ended
        except BaseException:
            _break_off((settling, connection), (filling, beside))
            raise


def _break_off(*under_way: tuple[Future[Any] | None, Connection]) -> None:
    """End what is under way: it would be waited for, and has no use any more.

    Asked again and again, since between two statements there is nothing to cancel.
    """
    for working, connection in under_way:
        while working is not None and not working.done():
            connection.connection.driver_connection.cancel_safe()  # type: ignore[union-attr]
            wait((working,), timeout=0.2)


def _read(
    numbered: Iterator[tuple[int, Row | Unread]],
    size: int,
    job: Job,
    done: Done,
    index: Index,
    reject: Reject,
    warn: Callable[[int, str], None],
) -> Part:
    """Read the next rows; those that can't be read are refused."""
    began, count, line = perf_counter(), 0, 0
    records: list[tuple[int, Record]] = []
    settled: list[Record] = []
    for no, row in islice(numbered, size):
        count, line = count + 1, row.line
        if no <= done.resumed_at:
            if isinstance(row, Row):
                with suppress(ClaimtrackError):  # it was refused then
                    settled.append(read_record(row, job.meaning))
            continue
        done.counts["row_count"] += 1
        if isinstance(row, Unread):
            _refuse(done, job, reject, row)
            continue
        try:
            record = read_record(row, job.meaning)
        except ClaimtrackError as error:
            raw = json.dumps(dict(row.fields), ensure_ascii=False)
            reason = " ".join(error.message.split())  # what it quotes can have several lines
            _refuse(done, job, reject, Unread(row.line, reason, raw))
            continue
        for warning in record.warnings:
            warn(row.line, warning)
        records.append((no, record))
    lines = staged_lines(records)
    words = {no: index.read(record) for no, record in records}
    done.seconds["reading"] += perf_counter() - began
    return Part(count, line, records, lines, words, settled)


def _refuse(done: Done, job: Job, reject: Reject, row: Unread) -> None:
    """Count a row as refused and say so; of a strict run that is the end."""
    done.counts["refused"] += 1
    reject(row)
    if job.strict:
        raise InvalidDataError(
            f"Line {row.line}: {row.reason} Nothing was taken in, as --strict asks for."
        )


def _merge(settled: Settled, done: Done, job: Job, reject: Reject) -> None:
    done.counts.update(settled.counts)
    for name, seconds in settled.seconds.items():
        done.seconds[name] += seconds
    done.counts["conflicts"] += len(settled.conflicts)
    done.conflicts += settled.conflicts[: TOLD_CONFLICTS - len(done.conflicts)]
    done.counts["replaced"] += len(settled.replaced)
    done.replaced += settled.replaced[: TOLD_REPLACED - len(done.replaced)]
    for row in settled.refused:
        _refuse(done, job, reject, row)
