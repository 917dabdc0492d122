"""Approve or reject a verdict that somebody proposed, where the desk wants two people for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from claimtrack.errors import ConflictError, InvalidDataError, UsageError
from claimtrack.keys import clean_text
from claimtrack.services.evidence import (
    NEEDED,
    bearing,
    bears_witness,
    refuse_few_publishers,
    why_no_witness,
)
from claimtrack.services.marks import proposed_by_actor, rejecting, shortened, stands
from claimtrack.services.policies import in_force
from claimtrack.services.reviews import append, look
from claimtrack.services.stories import load_claims
from claimtrack.services.views import ClaimView, ReviewView
from claimtrack.vocab import VERDICTS_WITHOUT_EVIDENCE, Decision, Status, hyphenated


def approve(
    connection: Connection,
    claim_ids: Sequence[int],
    because: str | None = None,
    *,
    if_version: int | None = None,
) -> list[ClaimView]:
    """Conclude what was proposed on each claim: all of them, or none.

    The review takes verdict, change, rating, recheck date and evidence from the proposal, and its
    reason too unless ``because`` gives another. ``if_version`` is what a person had seen.

    Raises:
        NotFoundError: there is no such claim.
        UsageError: ``if_version`` with several claims.
        ConflictError: nothing awaits approval there, the actor proposed it, evidence of it was
            withdrawn since, or somebody else was quicker.
        InvalidDataError: the reason is blank or too long, or the verdict has lost its grounds.
    """
    reason = None if because is None else _reason(because)
    for view, proposal in _proposals(connection, claim_ids, if_version):
        if proposed_by_actor(connection, proposal):
            raise ConflictError(
                f"{proposal.recorded_by} proposed {_word(proposal)} on claim {view.id}, and nobody"
                " approves a verdict of their own. Somebody else has to; or withdraw it:",
                next_command=rejecting(view.id),
            )
        _refuse_lost_grounds(connection, view, proposal)
        values: dict[str, Any] = {
            "status": Status.CHECKED,
            "verdict": proposal.proposed_verdict,
            "because": reason or proposal.because,
            "change": proposal.change,
            "rating": proposal.rating,
            "recheck_on": proposal.recheck_on,
            "decision": Decision.APPROVED,
        }
        append(connection, view, values, proposal.evidence_ids)
    return load_claims(connection, claim_ids)


def reject(
    connection: Connection,
    claim_ids: Sequence[int],
    because: str,
    *,
    if_version: int | None = None,
) -> list[ClaimView]:
    """Put each claim back to where it stood before a verdict was proposed: all, or none.

    Status, verdict, rating, recheck date, evidence and holder are those of before. Whoever
    proposed the verdict may withdraw it so.

    Raises:
        NotFoundError: there is no such claim.
        UsageError: ``if_version`` with several claims.
        ConflictError: nothing awaits approval there, or somebody else was quicker.
        InvalidDataError: the reason is blank or too long.
    """
    reason = _reason(because)
    for view, proposal in _proposals(connection, claim_ids, if_version):
        stood = view.reviews[-2] if len(view.reviews) > 1 else None
        values: dict[str, Any] = {
            "status": proposal.from_status,
            "verdict": stood.verdict if stood else None,
            "because": reason,
            "rating": stood.rating if stood else None,
            "recheck_on": stood.recheck_on if stood else None,
            "decision": Decision.REJECTED,
        }
        append(connection, view, values, stood.evidence_ids if stood else ())
    return load_claims(connection, claim_ids)


def _reason(because: str) -> str:
    return clean_text(because, "reason (--because)", limit=20_000, multiline=True)


def _word(proposal: ReviewView) -> str:
    return hyphenated(proposal.proposed_verdict or "")


def _proposals(
    connection: Connection, claim_ids: Sequence[int], if_version: int | None
) -> list[tuple[ClaimView, ReviewView]]:
    """The claims, held for this transaction, with what was proposed on each."""
    if if_version is not None and len(claim_ids) > 1:
        raise UsageError("--if-version speaks of one claim: decide on them one by one.")
    found = []
    for view in look(connection, sorted(claim_ids), if_version):
        if view.proposal is None:
            raise ConflictError(
                f"Claim {view.id} is {stands(view)}: nothing awaits approval there.",
                next_command="claimtrack claim list --status awaiting-approval",
            )
        found.append((view, view.proposal))
    return found


def _refuse_lost_grounds(connection: Connection, view: ClaimView, proposal: ReviewView) -> None:
    """Refuse to conclude what has lost since what it was proposed on."""
    verdict = proposal.proposed_verdict
    pieces = [piece for piece in view.evidence if piece.id in proposal.evidence_ids]
    for number in view.lost_grounds:
        piece = next((one for one in pieces if one.id == number), None)
        if piece is None or piece.withdrawn is None:
            raise ConflictError(
                f"Evidence {number}, on which {_word(proposal)} on claim {view.id} was to rest, is"
                " another claim's since that was unmerged. Reject it, so that it can be proposed"
                " anew:",
                next_command=rejecting(view.id),
            )
        raise ConflictError(
            f"Evidence {piece.id}, on which {_word(proposal)} on claim {view.id} was to rest,"
            f" was withdrawn by {piece.withdrawn.by} on {piece.withdrawn.at:%Y-%m-%d}:"
            f" {shortened(piece.withdrawn.because)}. Reject it, so that it can be proposed"
            " anew:",
            next_command=rejecting(view.id),
        )
    if verdict is None or verdict in VERDICTS_WITHOUT_EVIDENCE:
        return
    fitting = bearing(verdict, pieces)
    witnesses = bears_witness(connection, view.id, [piece.source.id for piece in fitting])
    if not witnesses:
        reasons = (
            why_no_witness(
                view.appearances, piece.source, f"source {piece.source.id} ({piece.source.label})"
            )
            for piece in fitting
        )
        raise InvalidDataError(
            f"{_word(proposal)} on claim {view.id} has no evidence left"
            f" {f'that {NEEDED[verdict]} it' if verdict in NEEDED else 'to rest on'}:"
            f" {'; '.join(dict.fromkeys(reasons))}. Reject it, so that it can be proposed anew:",
            next_command=rejecting(view.id),
        )
    refuse_few_publishers(
        connection,
        view.id,
        verdict,
        list(witnesses),
        in_force(connection).independent_publishers,
        next_command=rejecting(view.id),
    )
