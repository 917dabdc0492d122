"""Disagree with a verdict in the open: objections and challenges, and what was answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, insert, select, update

from claimtrack.errors import ConflictError, NotFoundError
from claimtrack.keys import clean_text
from claimtrack.models.disputes import challenge, objection
from claimtrack.services.days import day_set_by_others
from claimtrack.services.marks import shortened
from claimtrack.services.reviews import look
from claimtrack.services.stories import load_claim
from claimtrack.services.views import ChallengeView, ClaimView, ObjectionView
from claimtrack.vocab import Outcome, hyphenated

TEXT_LIMIT = 20_000

One = TypeVar("One", ObjectionView, ChallengeView)


@dataclass(frozen=True, slots=True)
class Disputed:
    """A claim with what was opened or closed on it: its number, and what to tell a person."""

    claim: ClaimView
    no: int
    told: tuple[str, ...] = ()

    @property
    def objection(self) -> ObjectionView:
        """The objection of that number."""
        return next(one for one in self.claim.objections if one.no == self.no)

    @property
    def challenge(self) -> ChallengeView:
        """The challenge of that number."""
        return next(one for one in self.claim.challenges if one.no == self.no)


def object_to(
    connection: Connection, claim_id: int, because: str, *, if_version: int | None = None
) -> Disputed:
    """Object to the verdict that stands; the claim is disputed until the objection is answered.

    ``if_version`` is what a person had seen.

    Raises:
        NotFoundError: there is no such claim.
        ConflictError: it has no verdict, was changed since ``if_version`` or a moment ago, or was
            merged into another.
        InvalidDataError: the reason is blank or too long.
    """
    because = clean_text(because, "reason (--because)", limit=TEXT_LIMIT, multiline=True)
    (view,) = look(connection, [claim_id], if_version)
    if view.verdict is None:
        raise _no_verdict(view, "object to")
    no = _open(connection, objection, view, because=because)
    return Disputed(load_claim(connection, claim_id), no)


def answer(connection: Connection, claim_id: int, no: int | None, because: str) -> Disputed:
    """Answer an objection, the only open one where ``no`` is None. Who objected may, too.

    Raises:
        NotFoundError: there is no such claim or objection.
        ConflictError: it is answered already, several are open, or none is.
        InvalidDataError: the answer is blank or too long.
    """
    because = clean_text(because, "answer (--because)", limit=TEXT_LIMIT, multiline=True)
    view = load_claim(connection, claim_id)
    one = _chosen(view.objections, view, no, "answer {}")
    return _closed(connection, objection, one, closed_because=because)


@dataclass(frozen=True, slots=True)
class ChallengeGiven:
    """A demand for correction as typed."""

    challenger: str
    because: str
    due: str


def challenge_verdict(
    connection: Connection, claim_id: int, given: ChallengeGiven, *, today: dt.date
) -> Disputed:
    """Record that somebody from outside demands a correction of the latest verdict.

    Also of a claim that is being looked at again: letters arrive when they arrive. ``today`` is
    the day that "tomorrow" counts from.

    Raises:
        NotFoundError: there is no such claim.
        ConflictError: it never had a verdict, was changed a moment ago, or was merged into another.
        InvalidDataError: a text is blank or too long, or the day can't be read.
    """
    because = clean_text(given.because, "reason (--because)", limit=TEXT_LIMIT, multiline=True)
    challenger = clean_text(given.challenger, "name (--from)", limit=300)
    due_on, told = day_set_by_others(given.due, "--due", today)
    (view,) = look(connection, [claim_id], None)
    if view.last_verdict is None:
        raise _no_verdict(view, "challenge")
    no = _open(connection, challenge, view, challenger=challenger, because=because, due_on=due_on)
    return Disputed(load_claim(connection, claim_id), no, tuple(told))


def decide_challenge(
    connection: Connection, claim_id: int, no: int | None, outcome: Outcome, because: str
) -> Disputed:
    """Close a challenge, the only open one where ``no`` is None. The verdict is marked apart.

    Raises:
        NotFoundError: there is no such claim or challenge.
        ConflictError: it is closed already, several are open, or none is.
        InvalidDataError: the reason is blank or too long.
    """
    because = clean_text(because, "reason (--because)", limit=TEXT_LIMIT, multiline=True)
    view = load_claim(connection, claim_id)
    one = _chosen(view.challenges, view, no, f"challenge {{}} {outcome}")
    return _closed(connection, challenge, one, closed_because=because, outcome=outcome)


def _open(connection: Connection, table: Table, view: ClaimView, **values: Any) -> int:
    """Record one against the latest verdict of a claim that is locked; its number is given back."""
    latest = next(one.no for one in reversed(view.reviews) if one.verdict is not None)
    number = (
        select(func.coalesce(func.max(table.c.no), 0) + 1)
        .where(table.c.claim_id == view.id)
        .scalar_subquery()
    )
    made = insert(table).values(claim_id=view.id, no=number, review_no=latest, **values)
    return int(connection.execute(made.returning(table.c.no)).scalar_one())


def _no_verdict(view: ClaimView, to: str) -> ConflictError:
    told = f"Claim {view.id} is {hyphenated(view.word)}: there is no verdict to {to}."
    if view.proposal is not None:
        return ConflictError(
            f"{told} To send back the one that {view.proposal.recorded_by} proposed:",
            next_command=f"claimtrack claim reject {view.id} --because WHY",
        )
    return ConflictError(
        f"{told} Say in a note what is to be said.",
        next_command=f"claimtrack claim note {view.id} TEXT",
    )


def _chosen(disputes: Sequence[One], view: ClaimView, no: int | None, closing: str) -> One:
    """The one that is meant: of that number, else the only open one, else the last.

    ``closing`` is the command that closes one, by its address.

    Raises:
        NotFoundError: there is none of that number.
        ConflictError: several are open, or there never was one.
    """
    what = "objection" if closing.startswith("answer") else "challenge"
    show = f"claimtrack claim show {view.id}"
    if no is not None:
        one = next((one for one in disputes if one.no == no), None)
        if one is None:
            raise NotFoundError(f"Claim {view.id} has no {what} {no}.", next_command=show)
    else:
        waiting = [one for one in disputes if one.closed is None]
        if len(waiting) > 1:
            listed = "; ".join(f"{one.address} {_whose(one)}" for one in waiting)
            command = closing.format(waiting[0].address)
            raise ConflictError(
                f"Several {what}s on claim {view.id} are open, so say which: {listed}.",
                next_command=f"claimtrack claim {command} --because WHY",
            )
        one = next(iter(waiting or disputes[-1:]), None)
        if one is None:
            raise ConflictError(f"Claim {view.id} has no {what}.", next_command=show)
    return one


def _whose(one: ObjectionView | ChallengeView) -> str:
    who = one.challenger if isinstance(one, ChallengeView) else one.recorded_by
    return f"({who}: {shortened(one.because, 80)})"


def _closed_already(one: ObjectionView | ChallengeView) -> ConflictError:
    what, how = "Objection", "answered"
    if isinstance(one, ChallengeView):
        what, how = "Challenge", str(one.outcome)
    told = f"{what} {one.address} was {how} already"
    if one.closed is not None:
        because = shortened(one.closed.because)
        told += f" by {one.closed.by} on {one.closed.at:%Y-%m-%d}: {because}"
    return ConflictError(told, next_command=f"claimtrack claim show {one.claim_id}")


def _closed(
    connection: Connection, table: Table, one: ObjectionView | ChallengeView, **values: Any
) -> Disputed:
    """Close one, unless somebody else was quicker."""
    done = connection.execute(
        update(table)
        .where(table.c.claim_id == one.claim_id, table.c.no == one.no, table.c.closed_at.is_(None))
        .values(**values)
    )
    after = Disputed(load_claim(connection, one.claim_id), one.no)
    if done.rowcount == 0:
        raise _closed_already(after.objection if table is objection else after.challenge)
    return after
