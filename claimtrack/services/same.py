"""Claims that are the same: one becomes the head, the others point to it, and no row moves.

A merged claim keeps its status, reviews and notes, and takes no new ones: it goes on from there
when it is unmerged. Its appearances and evidence are shown, and count, at the head.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, update

from claimtrack.db import say_why
from claimtrack.errors import ConflictError, UsageError
from claimtrack.keys import clean_text
from claimtrack.models.claims import claim
from claimtrack.services.evidence import bears_witness
from claimtrack.services.matching.judgements import current, refuse_different, refuse_same, write
from claimtrack.services.stories import load_claim, load_claims, no_claim
from claimtrack.services.views import ClaimView
from claimtrack.vocab import VERDICTS_WITHOUT_EVIDENCE, Judgement, Status, hyphenated


class Joined(NamedTuple):
    """A claim after a merge or its end, and what a person should be told."""

    view: ClaimView
    told: tuple[str, ...]


def merge(connection: Connection, head_id: int, others: Sequence[int], because: str) -> Joined:
    """Record that other claims are the same as ``head_id``, which stands for all from now on.

    All of them, or none. The head keeps its words, status and verdict, whatever the others' are.
    Each is judged the same as the head by that, for the same reason.

    Raises:
        NotFoundError: one of the claims does not exist.
        UsageError: a claim is to be merged into itself.
        ConflictError: one of them was merged already, others were merged into one of them, one
            takes the figure of another further, or one was judged different from another.
        InvalidDataError: the reason is blank or too long.
    """
    reason = clean_text(because, "reason", limit=20_000, multiline=True)
    others = list(dict.fromkeys(others))
    if head_id in others:
        raise UsageError(f"Claim {head_id} is the same as itself: name the others after it.")
    rows = _lock(connection, [head_id, *others])
    _refuse_merged(rows, head_id, others, reason)
    _refuse_heads(connection, head_id, others)
    _refuse_successors(rows, head_id, others)
    refuse_different(connection, head_id, others)
    before = {view.id: view for view in load_claims(connection, [head_id, *others])}
    say_why(connection, reason)
    for number in others:
        held = current(connection, head_id, number)
        if held is None or held.judgement != Judgement.SAME:
            write(connection, head_id, number, Judgement.SAME, reason)
    connection.execute(update(claim).where(claim.c.id.in_(others)).values(merged_into_id=head_id))
    view = load_claim(connection, head_id)
    told = [line for number in others for line in _set_apart(view, before[number])]
    return Joined(view, (*told, *_undermined(connection, view, before[head_id])))


def unmerge(connection: Connection, claim_id: int, because: str) -> Joined:
    """Part a claim from its head; it goes on from where it stood.

    That judges the two different: the reason says why they are not the same, and without the
    judgement whatever looks for likely pairs would find them again.

    Raises:
        NotFoundError: there is no such claim.
        ConflictError: it is not merged into another, somebody merged or parted it meanwhile, or
            the two are the same by way of other claims as well.
        InvalidDataError: the reason is blank or too long.
    """
    reason = clean_text(because, "reason", limit=20_000, multiline=True)
    found = connection.execute(select(claim.c.merged_into_id).where(claim.c.id == claim_id)).first()
    if found is None:
        raise no_claim(claim_id)
    rows = _lock(connection, [claim_id, *(n for n in found if n is not None)])
    head_id = rows[claim_id].merged_into_id
    if head_id is None:
        raise _not_merged(connection, claim_id)
    if head_id != found.merged_into_id:
        # Going on would count at a head that is not ours, out of the order in which all lock.
        raise ConflictError(
            f"Claim {claim_id} was merged into claim {head_id} meanwhile. Look at it again:",
            next_command=f"claimtrack claim show {claim_id}",
        )
    head = load_claim(connection, head_id)
    refuse_same(connection, head_id, claim_id)
    say_why(connection, reason)
    connection.execute(update(claim).where(claim.c.id == claim_id).values(merged_into_id=None))
    write(connection, head_id, claim_id, Judgement.DIFFERENT, reason)
    view = load_claim(connection, claim_id)
    told = [f"Claim {claim_id} stands by itself again, {hyphenated(view.word)} as before."]
    return Joined(view, (*told, *_lost_evidence(head, view)))


def _lock(connection: Connection, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """Claims by id, nobody else's until the transaction ends.

    In one order for everybody, and against those who add to them, too.
    """
    rows = {
        row.id: row
        for row in connection.execute(
            select(claim)
            .where(claim.c.id == func.any(sorted(set(numbers))))
            .order_by(claim.c.id)
            .with_for_update()
        )
    }
    for number in numbers:
        if number not in rows:
            raise no_claim(number)
    return rows


def _refuse_merged(
    rows: dict[int, Row[Any]], head_id: int, others: Sequence[int], because: str
) -> None:
    onto = rows[head_id].merged_into_id
    if onto is not None:
        raise ConflictError(
            f"Claim {head_id} is itself merged into claim {onto}, and merges make no chain.",
            next_command=_command("merge", onto, *(n for n in others if n != onto), why=because)
            if set(others) - {onto}
            else f"claimtrack claim show {head_id}",
        )
    for number in others:
        into = rows[number].merged_into_id
        if into == head_id:
            raise ConflictError(
                f"Claim {number} is merged into claim {head_id} already: {rows[number].merged_by},"
                f" on {rows[number].merged_at:%Y-%m-%d}.",
                next_command=f"claimtrack claim show {head_id}",
            )
        if into is not None:
            raise ConflictError(
                f"Claim {number} is merged into claim {into}. Part it from there first:",
                next_command=_command("unmerge", number),
            )


def _refuse_heads(connection: Connection, head_id: int, others: Sequence[int]) -> None:
    pointing = connection.execute(
        select(claim.c.id, claim.c.merged_into_id)
        .where(claim.c.merged_into_id.in_(others))
        .order_by(claim.c.merged_into_id, claim.c.id)
    ).all()
    if not pointing:
        return
    head = pointing[0].merged_into_id
    numbers = ", ".join(str(row.id) for row in pointing if row.merged_into_id == head)
    raise ConflictError(
        f"Claim {head} has others merged into it ({numbers}), and merges make no chain. Merge"
        f" claim {head_id} into claim {head} instead, or unmerge them first:",
        next_command=_command("unmerge", pointing[0].id),
    )


def _refuse_successors(rows: dict[int, Row[Any]], head_id: int, others: Sequence[int]) -> None:
    for newer, older in ((n, rows[n].supersedes_id) for n in (head_id, *others)):
        if older in rows:
            raise ConflictError(
                f"Claim {newer} takes the figure of claim {older} further, so they are not the"
                " same.",
                next_command=f"claimtrack claim show {newer}",
            )


def _command(verb: str, *numbers: int, why: str = "WHY") -> str:
    return shlex.join(["claimtrack", "claim", verb, *map(str, numbers), "--because", why])


def _set_apart(head: ClaimView, other: ClaimView) -> list[str]:
    """What of a merged claim does not go with it, where that may surprise."""
    told = []
    number = other.id
    if other.verdict is not None and other.verdict is not head.verdict:
        told.append(
            f"Claim {number} was found {hyphenated(other.word)}, and claim {head.id} is"
            f" {hyphenated(head.word)}: that stands for both."
        )
    if other.status is Status.IN_REVIEW and other.assigned_to != head.assigned_to:
        told.append(
            f"{other.assigned_to or 'Nobody'} has claim {number} in review; claim {head.id} is"
            f" held by {head.assigned_to or 'nobody'}."
        )
    if other.disputed and not head.disputed:
        told.append(f"An objection to the verdict on claim {number} still waits for its answer.")
    if other.figure is not None and head.figure is None:
        told.append(
            f"Claim {number} has a figure ({other.figure.words}), and claim {head.id} has none."
        )
    return told


def _undermined(connection: Connection, head: ClaimView, before: ClaimView) -> list[str]:
    """A verdict that nothing bears out any more, since its evidence is where a claim appeared."""
    if head.verdict is None or head.verdict in VERDICTS_WITHOUT_EVIDENCE:
        return []
    rested = set(head.reviews[-1].evidence_ids)
    pieces = [one for one in head.evidence if one.id in rested and one.withdrawn is None]
    counting = bears_witness(connection, head.id, [one.source.id for one in pieces])
    lost = [str(one.id) for one in pieces if one.source.id not in counting]
    if not lost or any(one.source.id in counting for one in pieces):
        return []
    return [
        f"The verdict {hyphenated(head.word)} on claim {before.id} rests on evidence"
        f" {', '.join(lost)}: where the claims appeared, which is no witness. Look at it again:"
        f"\n  claimtrack claim mark {head.id} in-review --because WHY"
    ]


def _lost_evidence(head: ClaimView, parted: ClaimView) -> list[str]:
    """The head's verdict, where it rests on evidence that is the parted claim's own."""
    if head.verdict is None:
        return []
    rested = set(head.reviews[-1].evidence_ids)
    lost = [str(one.id) for one in parted.evidence if one.id in rested]
    if not lost:
        return []
    return [
        f"The verdict {hyphenated(head.word)} on claim {head.id} rested on its evidence"
        f" {', '.join(lost)} and is flagged now. Look at it again:"
        f"\n  claimtrack claim mark {head.id} in-review --because WHY"
    ]


def _not_merged(connection: Connection, claim_id: int) -> ConflictError:
    merged = load_claim(connection, claim_id).merged
    told = f"Claim {claim_id} is not merged into another."
    if not merged:
        return ConflictError(told, next_command=f"claimtrack claim show {claim_id}")
    numbers = ", ".join(str(one.claim_id) for one in merged)
    return ConflictError(
        f"{told} Merged into it: {numbers}. Name the one to part from it:",
        next_command=_command("unmerge", merged[0].claim_id),
    )
