"""Seals on the trail: every event up to a moment, hashed in order and chained to the seal before.

Writers never wait for a seal. Numbers of events are drawn before their transactions commit, so
that an event may appear below others that are sealed already; hence a seal takes the last number
drawn, waits until every transaction that could have drawn one up to it has ended, and seals what
there is then: nothing can be added below it any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from claimtrack.db import write_transaction
from claimtrack.errors import ConflictError, DatabaseError
from claimtrack.leaves import ID_BYTES, Head, StoredEvent, StoredSeal, leaf, ledger_hash, seal_hash
from claimtrack.models.events import event, ledger, seal

#: Key of the advisory lock of whoever is sealing: "clmtseal" in ASCII.
LOCK_KEY = 0x636C6D747365616C

#: How long a seal waits for transactions that began before it, and for another seal.
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.05

#: How many events one seal covers at most: 400 kB of leaves.
SEAL_EVENTS = 10_000

#: Microseconds since 1970, as whole digits: a text that no session's settings change.
_MICROSECONDS = "trunc(extract(epoch FROM {}) * 1000000)::text"

EVENTS = f"""
    SELECT id, table_name, row_key, claim_id, operation, {_MICROSECONDS.format("recorded_at")},
        recorded_by, db_user, application, because, before::text, after::text, salt,
        field_salts::text
    FROM event WHERE id > :after AND id <= :until ORDER BY id
"""  # noqa: S608 - words of our own

SEALS = f"""
    SELECT no, previous_hash, hash, last_event_id, event_count, leaves,
        {_MICROSECONDS.format("recorded_at")}, recorded_by, db_user
    FROM seal
"""  # noqa: S608

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a call of `seal_events` sealed: how many events, and the head of the record then."""

    events: int
    head: Head


def streamed(
    connection: Connection, sql: str, size: int = 1000, **values: Any
) -> Generator[Any, None, None]:
    """The rows of a query from a cursor of the server's, in constant memory.

    Whoever may not read it to its end closes it.
    """
    with connection.execute(text(sql), values, execution_options={"yield_per": size}) as result:
        yield from result


def latest_seal(connection: Connection) -> StoredSeal | None:
    """The newest seal, or None where nothing is sealed yet."""
    row = connection.execute(text(f"{SEALS} ORDER BY no DESC LIMIT 1")).first()
    return StoredSeal(*row) if row is not None else None


def unsealed(connection: Connection) -> int:
    """How many events were recorded after the newest seal."""
    sealed_to = select(func.coalesce(func.max(seal.c.last_event_id), 0)).scalar_subquery()
    return connection.execute(
        select(func.count()).select_from(event).where(event.c.id > sealed_to)
    ).scalar_one()


def origin_hash(connection: Connection) -> bytes:
    """What the first seal names as the one before it: the ledger's own number.

    Raises:
        DatabaseError: the number is gone.
    """
    numbers = connection.execute(select(ledger.c.uuid)).scalars().all()
    if len(numbers) != 1:
        raise DatabaseError("The database has lost its own number, which its first seal names.")
    return ledger_hash(numbers[0])


def seal_events(
    engine: Engine,
    *,
    actor: str,
    wait_seconds: float = WAIT_SECONDS,
    notice: Callable[[str], None] = lambda _line: None,
    progress: Progress = lambda _count: None,
) -> Sealed | None:
    """Seal every event recorded so far, in the actor's name; None where there is no new one.

    It takes several transactions, none of which holds a lock that a writer needs. ``notice`` is
    told, once, what it waits for; ``progress`` the number of events as they are sealed.

    Raises:
        ConflictError: somebody else keeps sealing, or a transaction stays open for too long.
        DatabaseError: an event can't be sealed, since its salt is gone.
    """
    with _alone(engine, wait_seconds) as connection:
        last_id = connection.execute(
            text("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM event_id_seq")
        ).scalar_one()
        newest = latest_seal(connection)
        if last_id <= (newest.last_event_id if newest else 0):
            return None
        # A number of our own, which is done with at once: whoever drew an event's number up to
        # the last one has a smaller number, or has ended.
        own = connection.execute(text("SELECT pg_current_xact_id()::text")).scalar_one()
        _wait_for(connection, own, wait_seconds, notice)
        with write_transaction(engine, actor=actor) as writing:
            return _write(writing, newest, last_id, progress)


@contextmanager
def _alone(engine: Engine, wait_seconds: float) -> Iterator[Connection]:
    """A connection that holds the lock of whoever is sealing; each statement is a transaction."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        deadline = time.monotonic() + wait_seconds
        while not connection.execute(select(func.pg_try_advisory_lock(LOCK_KEY))).scalar_one():
            if time.monotonic() > deadline:
                raise ConflictError(
                    f"Somebody else has been sealing for {wait_seconds:.0f} seconds."
                    " Nothing was sealed; try again when they are done."
                )
            time.sleep(POLL_SECONDS)
        try:
            yield connection
        finally:
            connection.execute(select(func.pg_advisory_unlock(LOCK_KEY)))


def _wait_for(
    connection: Connection, own: str, wait_seconds: float, notice: Callable[[str], None]
) -> None:
    """Wait until every transaction that began before ``own`` has ended."""
    ended = text("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= CAST(:own AS xid8)")
    started = time.monotonic()
    told = False
    while not connection.execute(ended, {"own": own}).scalar_one():
        waited = time.monotonic() - started
        if waited > wait_seconds:
            raise ConflictError(
                f"Nothing was sealed: after {wait_seconds:.0f} seconds still open is"
                f" {_open_before(connection, own)}. Try again when it has ended."
            )
        if waited > 1 and not told:
            notice(f"Waiting for what is being recorded: {_open_before(connection, own)}.")
            told = True
        time.sleep(POLL_SECONDS)


def _open_before(connection: Connection, own: str) -> str:
    """The oldest transaction that a seal waits for, in words. Others see little of a stranger's."""
    # xid8 is compared by its lower half: what waits is never two thousand million numbers old.
    row = connection.execute(
        text(
            "SELECT pid, usename, datname, application_name, xact_start FROM pg_stat_activity"
            " WHERE backend_xid IS NOT NULL AND age(backend_xid) > age(CAST(:own AS xid8)::xid)"
            " ORDER BY xact_start LIMIT 1"
        ),
        {"own": own},
    ).first()
    if row is not None:
        return (
            f"a transaction of {row.usename} in database {row.datname}"
            f" ({row.application_name or 'no application named'}, process {row.pid}),"
            f" begun {row.xact_start:%Y-%m-%d %H:%M:%S} UTC"
        )
    prepared = connection.execute(
        text("SELECT gid, database FROM pg_prepared_xacts ORDER BY prepared LIMIT 1")
    ).first()
    if prepared is not None:
        return f"the prepared transaction {prepared.gid} in database {prepared.database}"
    return "a transaction of another user of the server"


def _write(
    connection: Connection, newest: StoredSeal | None, last_id: int, progress: Progress
) -> Sealed | None:
    """Write seals over the events up to ``last_id``; a new statement sees all that has ended."""
    now, actor, session_user = connection.execute(
        text(f"SELECT {_MICROSECONDS.format('now()')}, current_actor(), SESSION_USER")
    ).one()
    previous_hash = newest.hash if newest else origin_hash(connection)
    no, count = (newest.no, newest.event_count) if newest else (0, 0)
    first_id = newest.last_event_id if newest else 0
    before, head = count, None
    with closing(streamed(connection, EVENTS, after=first_id, until=last_id)) as events:
        leaves = list(islice(_leaves(events), SEAL_EVENTS))
        while leaves:
            following = list(islice(_leaves(events), SEAL_EVENTS))
            no, count = no + 1, count + len(leaves)
            made = StoredSeal(
                no=no,
                previous_hash=previous_hash,
                hash=b"",
                last_event_id=int.from_bytes(leaves[-1][:ID_BYTES], "big")
                if following
                else last_id,
                event_count=count,
                leaves=b"".join(leaves),
                recorded_at=now,
                recorded_by=actor,
                db_user=session_user,
            )
            previous_hash = seal_hash(made)
            made = made._replace(hash=previous_hash)
            columns = ("no", "previous_hash", "hash", "last_event_id", "event_count", "leaves")
            connection.execute(insert(seal).values({name: getattr(made, name) for name in columns}))
            head = made.head
            progress(len(leaves))
            leaves = following
    return Sealed(count - before, head) if head else None


def _leaves(events: Iterator[Any]) -> Iterator[bytes]:
    for row in events:
        stored = StoredEvent(*row)
        made = leaf(stored)
        if made is None:
            raise DatabaseError(
                f"Event {stored.id} is not as claimtrack leaves events, so that it can't be"
                " sealed. See what else is wrong with claimtrack audit verify.",
                next_command="claimtrack audit verify",
            )
        yield stored.id.to_bytes(ID_BYTES, "big") + made.hash
