"""What was done between two days, and by whom: recorded, concluded, changed, reopened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

from claimtrack.models.claims import claim
from claimtrack.services.dispute_lists import Dispute, raised_and_settled
from claimtrack.services.lines import ListedClaim, lines, once
from claimtrack.services.matching.groups import group_key, grouped, same_as
from claimtrack.services.moves import Move, Window, moves
from claimtrack.services.unverified import OPEN, UNCONCLUDED
from claimtrack.vocab import Decision, Status


@dataclass(frozen=True, slots=True)
class Load:
    """What one person did in the period, and holds now.

    What was done counts each time, be it about claims that are the same. A verdict that was
    approved is the work of whoever proposed it; ``approved`` counts for the other, what was
    concluded and what was changed.
    """

    person: str
    recorded: int
    concluded: int
    approved: int
    holding: int


@dataclass(frozen=True, slots=True)
class Period:
    """The work of a period; each list in the order in which it happened.

    Claims that are the same are recorded once, in the line of the first; what was done about them
    stands together, where the first of it was. ``same`` has the others by claim.
    """

    recorded: list[ListedClaim]
    concluded: list[Move]
    changed: list[Move]
    reopened: list[Move]
    set_aside: list[Move]
    proposed: list[Move]
    rejected: list[Move]
    raised: list[Dispute]
    settled: list[Dispute]
    load: list[Load]
    same: dict[int, tuple[int, ...]]

    def claims(self, moved: Sequence[Move]) -> int:
        """How often claims were moved; what was done with each of those that are the same, once."""
        most: dict[int, int] = {}
        for claim_id, times in Counter(move.claim_id for move in moved).items():
            first = min((claim_id, *self.same.get(claim_id, ())))
            most[first] = max(most.get(first, 0), times)
        return sum(most.values())


def period(connection: Connection, window: Window) -> Period:
    """The work between two instants.

    Concluded is what became checked, with a second reviewer when it was approved; a verdict that
    replaced another one, also of a claim that was reopened in between, is changed instead.
    Raised and settled are objections and challenges: those that came, and those that were closed.
    Reopened is what was checked or set aside and is to be looked at again. A claim that was merged
    since counts once, at its head; its own history tells what was done about it.
    """
    all_moves = [move for move in moves(connection, window) if move.merged_into_id is None]
    concluded = [move for move in all_moves if move.concludes and not move.changes_verdict]
    closed = (Status.CHECKED, Status.SET_ASIDE)
    chosen = _within(select(claim).where(claim.c.merged_into_id.is_(None)), window)
    raised, settled = raised_and_settled(connection, window)
    recorded = lines(connection, chosen, lambda page: [page.c.recorded_at, page.c.id])
    same = same_as(connection, {move.claim_id for move in all_moves})

    def together(wanted: Callable[[Move], bool]) -> list[Move]:
        chosen = [move for move in all_moves if wanted(move)]
        place: dict[int, int] = {}
        for number, move in enumerate(chosen):
            for one in (move.claim_id, *same.get(move.claim_id, ())):
                place.setdefault(one, number)
        return sorted(chosen, key=lambda move: place[move.claim_id])

    return Period(
        recorded=once(recorded),
        concluded=together(lambda move: move.concludes and not move.changes_verdict),
        changed=together(lambda move: move.changes_verdict),
        reopened=together(lambda move: move.from_status in closed and move.status in OPEN),
        set_aside=together(lambda move: move.status is Status.SET_ASIDE),
        proposed=together(lambda move: move.status is Status.AWAITING_APPROVAL),
        rejected=together(lambda move: move.decision is Decision.REJECTED),
        raised=raised,
        settled=settled,
        load=_load(connection, recorded, concluded, all_moves),
        same=same,
    )


def _within(chosen: Select[tuple[object, ...]], window: Window) -> Select[tuple[object, ...]]:
    if window.since is not None:
        chosen = chosen.where(claim.c.recorded_at >= window.since)
    if window.until is not None:
        chosen = chosen.where(claim.c.recorded_at < window.until)
    return chosen


def holding(connection: Connection) -> dict[str, dict[Status, int]]:
    """How many claims that are not concluded each person holds, by status; same ones once."""
    group = grouped(connection)
    number = group_key(group, claim.c.id).distinct()
    rows = connection.execute(
        select(claim.c.assigned_to, claim.c.status, func.count(number).label("claims"))
        .outerjoin(group, group.c.claim_id == claim.c.id)
        .where(
            claim.c.assigned_to.is_not(None),
            claim.c.status.in_(UNCONCLUDED),
            claim.c.merged_into_id.is_(None),
        )
        .group_by(claim.c.assigned_to, claim.c.status)
    )
    held: dict[str, dict[Status, int]] = {}
    for row in rows:
        of_person = held.setdefault(row.assigned_to, dict.fromkeys(UNCONCLUDED, 0))
        of_person[Status(row.status)] = row.claims
    return held


def _load(
    connection: Connection,
    recorded: list[ListedClaim],
    concluded: list[Move],
    all_moves: list[Move],
) -> list[Load]:
    recorders = Counter(line.recorded_by for line in recorded)
    checkers = Counter(move.checker for move in concluded)
    approvers = Counter(
        move.recorded_by for move in all_moves if move.decision is Decision.APPROVED
    )
    held = {person: sum(counts.values()) for person, counts in holding(connection).items()}
    return [
        Load(person, recorders[person], checkers[person], approvers[person], held.get(person, 0))
        for person in sorted(
            {*recorders, *checkers, *approvers, *held}, key=lambda name: (name.casefold(), name)
        )
    ]
