"""Look through all claims for pairs that are likely the same, a few claims at a time.

How far it has come is kept, so that it goes on there: after Ctrl-C, and with the claims that were
recorded or imported since. Nothing of it happens while claims are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from claimtrack.errors import ConflictError
from claimtrack.models.claims import claim
from claimtrack.models.imports import import_row
from claimtrack.models.likely import likely_search
from claimtrack.services.matching.likely import Compared
from claimtrack.services.matching.queue import Pair, enqueue
from claimtrack.services.stories import merged_ids
from claimtrack.vocab import RowOutcome

#: What finds the claims that are likely the same as any of some.
Finder = Callable[[Connection, Sequence[Compared]], Iterable[Pair]]


class Looked(NamedTuple):
    """How many claims were looked at, and how many new pairs were found."""

    claims: int
    found: int


def looked_through(connection: Connection) -> int:
    """The claim up to which pairs were looked for; 0 if that was never done."""
    return connection.scalar(select(likely_search.c.through)) or 0


def count_unseen(connection: Connection) -> int:
    """How many claims were not looked at yet."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(claim)
            .where(claim.c.id > looked_through(connection), claim.c.merged_into_id.is_(None))
        ).scalar_one()
    )


def newest(connection: Connection) -> int:
    """The last claim to look at: of all up to it is decided whether they are on record.

    Raises:
        ConflictError: somebody else is recording, and may commit a claim of a lower number.
    """
    top = connection.scalar(select(func.max(claim.c.id))) or 0
    # In this order: who has a number up to that one, and holds no lock now, has committed it.
    writing = connection.scalar(
        text(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'public.claim'::regclass"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND mode = 'RowExclusiveLock' AND pid IS DISTINCT FROM pg_backend_pid())"
        )
    )
    if writing:
        raise ConflictError(
            "Somebody is recording claims just now, perhaps with an import. Look for likely pairs"
            " when that is done:",
            next_command="claimtrack report duplicates",
        )
    return top


def start_again(connection: Connection) -> None:
    """Forget how far it has come; what was found stays."""
    connection.execute(update(likely_search).values(through=0))


def look(
    connection: Connection, finder: Finder, through: int, *, most: int, found_by: str
) -> Looked:
    """Look at the next claims, at most ``most`` of them, and put what is found into the queue.

    Several may do it side by side: each takes the next claims after the other's.
    """
    connection.execute(insert(likely_search).values(through=0).on_conflict_do_nothing())
    before = connection.execute(select(likely_search.c.through).with_for_update()).scalar_one()
    compared = _compared(connection, claim.c.id > before, claim.c.id <= through, limit=most)
    found = enqueue(connection, finder(connection, compared), found_by)
    reached = compared[-1].id if len(compared) == most else max(through, before)
    connection.execute(update(likely_search).values(through=reached, looked_at=func.now()))
    return Looked(len(compared), found)


def look_at_import(
    connection: Connection,
    finder: Finder,
    import_id: int,
    *,
    after: int,
    most: int,
    found_by: str,
) -> tuple[Looked, int]:
    """Look at the next claims that an import brought ``after`` one, whatever comes before them.

    Gives back the last that was looked at, too.
    """
    brought = select(import_row.c.claim_id).where(
        import_row.c.import_id == import_id, import_row.c.outcome == RowOutcome.CREATED
    )
    compared = _compared(connection, claim.c.id > after, claim.c.id.in_(brought), limit=most)
    found = enqueue(connection, finder(connection, compared), found_by)
    return Looked(len(compared), found), compared[-1].id if compared else after


def look_again(connection: Connection, finder: Finder, claim_id: int, *, found_by: str) -> int:
    """Look at one claim, whether it was looked at before or not, and say how many pairs are new."""
    compared = _compared(connection, claim.c.id == claim_id, limit=1)
    return enqueue(connection, finder(connection, compared), found_by)


def _compared(connection: Connection, *chosen: ColumnElement[bool], limit: int) -> list[Compared]:
    rows = connection.execute(
        select(claim.c.id, claim.c.statement, claim.c.language, merged_ids(claim).label("merged"))
        .where(*chosen, claim.c.merged_into_id.is_(None))
        .order_by(claim.c.id)
        .limit(limit)
    )
    return [
        Compared(row.id, row.statement, row.language, frozenset((row.id, *row.merged)))
        for row in rows
    ]
