"""A mark as typed, and whether it can be made from where a claim stands."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from claimtrack.db import ACTOR
from claimtrack.errors import ConflictError, UsageError
from claimtrack.services.views import ClaimView, ReviewView
from claimtrack.vocab import (
    TRANSITIONS,
    Change,
    SetAsideReason,
    Stance,
    Status,
    Verdict,
    hyphenated,
)

_VERDICTS = frozenset(verdict.value for verdict in Verdict)


@dataclass(frozen=True, slots=True)
class MarkGiven:
    """A mark as typed: ``word`` is a status or a verdict, evidence is sources by URL or id."""

    word: str
    because: str
    supports: tuple[str, ...] = ()
    refutes: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    change: Change | None = None
    reason: SetAsideReason | None = None
    rating: str | None = None
    recheck_on: str | None = None
    if_version: int | None = None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, where the word is one."""
        return Verdict(self.word) if self.word in _VERDICTS else None

    @property
    def status(self) -> Status:
        """The status that the word leads to."""
        return Status.CHECKED if self.word in _VERDICTS else Status(self.word)

    @property
    def offered(self) -> list[tuple[Stance, str]]:
        """The sources given with the mark, each with its stance."""
        return [
            *((Stance.SUPPORTS, reference) for reference in self.supports),
            *((Stance.REFUTES, reference) for reference in self.refutes),
            *((Stance.CONTEXT, reference) for reference in self.context),
        ]


def refuse_move(connection: Connection, view: ClaimView, given: MarkGiven) -> None:
    """Refuse a mark that can't be made from where the claim stands, and say what can.

    Raises:
        UsageError: ``change`` is given, and there is no verdict to change.
        ConflictError: no such move, the same verdict again, or another one without ``change``.
    """
    if view.proposal is not None:
        raise _waits(connection, view, view.proposal)
    if (
        given.change is not None
        and view.verdict is None
        and view.last_verdict in (None, given.verdict)
    ):
        raise UsageError(
            f"--change says why one verdict replaces another, and claim {view.id} has none yet:"
            " leave it out."
            if view.last_verdict is None
            else f"--change says why one verdict replaces another, and claim {view.id} was"
            f" {hyphenated(view.last_verdict)} before, too: leave it out."
        )
    if (view.status, given.status) not in TRANSITIONS:
        raise _no_such_move(connection, view, given)
    if view.verdict is None or given.verdict is None:
        return
    if view.verdict == given.verdict:
        raise ConflictError(
            f"Claim {view.id} is already {stands(view)}. To look at it again, reopen it:",
            next_command=_command(view.id, Status.IN_REVIEW, "WHY"),
        )
    if given.change is None:
        raise ConflictError(
            f"Claim {view.id} is {stands(view)}. Say with --change why the verdict changes:"
            " revision (we see it differently), update (the world has changed) or correction (we"
            " were wrong).",
            next_command=repeated(view.id, given, "--change", Change.REVISION.value),
        )


def _waits(connection: Connection, view: ClaimView, proposal: ReviewView) -> ConflictError:
    approve = f"claimtrack claim approve {view.id}"
    reject = rejecting(view.id)
    message = f"Claim {view.id} is {stands(view)}."
    if proposed_by_actor(connection, proposal):
        return ConflictError(
            f"{message} Somebody else has to approve it ({approve}). To withdraw your proposal:",
            next_command=reject,
        )
    return ConflictError(
        f"{message} Approve that first, or reject it ({reject}):", next_command=approve
    )


def proposed_by_actor(connection: Connection, proposal: ReviewView) -> bool:
    """Whether who acts is who proposed a verdict, whatever the case and blanks of the name."""
    return connection.execute(
        select(func.person_key(ACTOR) == func.person_key(proposal.recorded_by))
    ).scalar_one()


def rejecting(claim_id: int) -> str:
    """The command that rejects what was proposed on a claim."""
    return f"claimtrack claim reject {claim_id} --because WHY"


def _no_such_move(connection: Connection, view: ClaimView, given: MarkGiven) -> ConflictError:
    onward = [
        after
        for before, after in TRANSITIONS
        if before is view.status and after is not Status.AWAITING_APPROVAL
    ]
    words = [
        "another verdict with --change"
        if after is view.status
        else "a verdict"
        if after is Status.CHECKED
        else hyphenated(after)
        for after in onward
    ]
    possible = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    message = f"Claim {view.id} is {stands(view)}. From there it can be marked {possible}."
    if view.status is given.status is Status.IN_REVIEW:
        actor = connection.execute(select(ACTOR)).scalar_one()
        if actor != view.assigned_to:
            return ConflictError(
                f"{message} To take it over:",
                next_command=shlex.join(["claimtrack", "claim", "assign", str(view.id), actor]),
            )
    if Status.UNVERIFIED in onward and view.status is not Status.IN_REVIEW:
        return ConflictError(message, next_command=_command(view.id, Status.UNVERIFIED, "WHY"))
    return ConflictError(message)


def stands(view: ClaimView) -> str:
    """Where a claim stands, who brought it there and when: "false, concluded by … on …"."""
    word = hyphenated(view.word)
    last = view.standing_review
    if last is None:
        return word
    when = f"{last.recorded_at:%Y-%m-%d}"
    match view.status:
        case Status.CHECKED:
            return f"{word}, concluded by {last.recorded_by} on {when}"
        case Status.AWAITING_APPROVAL:
            proposed = hyphenated(last.proposed_verdict or "")
            return f"awaiting approval: {last.recorded_by} proposed {proposed} on {when}"
        case Status.IN_REVIEW:
            return f"in review, held by {view.assigned_to or 'nobody'} since {when}"
        case Status.SET_ASIDE:
            why = hyphenated(last.reason or "")
            return f"set aside ({why}) by {last.recorded_by} on {when}"
    return f"{word} since {when}, by {last.recorded_by}"


def _command(claim_id: int, word: str, because: str, *more: str) -> str:
    words = ["claimtrack", "claim", "mark", str(claim_id), hyphenated(word), "--because", because]
    return shlex.join([*words, *more])


def repeated(claim_id: int, given: MarkGiven, *more: str) -> str:
    """The command as it was typed, and more."""
    options = [part for stance, source in given.offered for part in (f"--{stance}", source)]
    for option, value in (
        ("--change", given.change),
        ("--rating", given.rating),
        ("--recheck-on", given.recheck_on),
    ):
        if value is not None:
            options += [option, value]
    return _command(claim_id, given.word, given.because, *options, *more)


def shortened(text: str, limit: int = 200) -> str:
    """A text in one line, cut where it is too long for a sentence about something else."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
