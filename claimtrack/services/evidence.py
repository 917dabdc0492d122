"""Evidence: attach it to claims, tell what counts, withdraw it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Connection, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from claimtrack.errors import ConflictError, InvalidDataError, MergedClaimError, NotFoundError
from claimtrack.keys import clean_text
from claimtrack.models.claims import claim
from claimtrack.models.protection import protected_source as hidden
from claimtrack.models.reviews import evidence
from claimtrack.models.sources import source
from claimtrack.services.stories import load_evidence, merged_ids, no_claim
from claimtrack.services.views import AppearanceView, EvidenceView, SourceRef
from claimtrack.vocab import Stance, Verdict, hyphenated

#: The stance that a verdict can't do without; the others need any evidence at all.
NEEDED = {Verdict.TRUE: Stance.SUPPORTS, Verdict.FALSE: Stance.REFUTES}


def attach(
    connection: Connection,
    claim_id: int,
    source_id: int,
    stance: Stance,
    excerpt: str | None = None,
    place: str | None = None,
) -> EvidenceView:
    """Attach a source to a claim as evidence.

    The same piece (claim, source, stance and excerpt) that already stands is given back instead
    of being recorded twice.

    Raises:
        NotFoundError: there is no such claim.
        MergedClaimError: the claim was merged into another.
        InvalidDataError: the excerpt or the place is blank or too long.
    """
    if excerpt is not None:
        excerpt = clean_text(excerpt, "excerpt", limit=20_000, multiline=True)
    if place is not None:
        place = clean_text(place, "place", limit=300)
    found = connection.execute(
        select(claim.c.merged_into_id, merged_ids(claim).label("merged")).where(
            claim.c.id == claim_id
        )
    ).first()
    if found is None:
        raise no_claim(claim_id)
    if found.merged_into_id is not None:
        raise MergedClaimError(claim_id, found.merged_into_id)
    same_ids = (claim_id, *found.merged)
    piece_id = record_piece(connection, same_ids, source_id, stance, excerpt, place)
    return _one(connection, piece_id)


def record_piece(
    connection: Connection,
    same_ids: Sequence[int],
    source_id: int,
    stance: Stance,
    excerpt: str | None = None,
    place: str | None = None,
) -> int:
    """The id of the standing piece like this, recorded now if there is none; texts are clean.

    ``same_ids`` are the claim that it is recorded on, and those merged into it.
    """
    standing = connection.execute(
        select(evidence.c.id)
        .where(
            evidence.c.claim_id == func.any(list(same_ids)),
            evidence.c.source_id == source_id,
            evidence.c.stance == stance,
            evidence.c.excerpt.is_not_distinct_from(excerpt),
            evidence.c.withdrawn_at.is_(None),
        )
        .order_by(evidence.c.id)
        .limit(1)
    ).scalar()
    if standing is not None:
        return standing
    return connection.execute(
        insert(evidence)
        .values(
            claim_id=same_ids[0],
            source_id=source_id,
            stance=stance,
            excerpt=excerpt,
            place=place,
        )
        .returning(evidence.c.id)
    ).scalar_one()


def list_evidence(connection: Connection, claim_id: int) -> list[EvidenceView]:
    """The evidence on a claim and those merged into it, withdrawn pieces too; as attached.

    Raises:
        NotFoundError: there is no such claim.
    """
    found = connection.execute(
        select(merged_ids(claim).label("merged")).where(claim.c.id == claim_id)
    ).first()
    if found is None:
        raise no_claim(claim_id)
    pieces = load_evidence(connection, [claim_id, *found.merged])
    return [piece for number in (claim_id, *found.merged) for piece in pieces[number]]


def withdraw(connection: Connection, evidence_id: int, because: str) -> EvidenceView:
    """Withdraw a piece of evidence; it stays on record, and no longer counts.

    Raises:
        NotFoundError: there is no such piece.
        ConflictError: it is already withdrawn.
        InvalidDataError: the reason is blank or too long.
    """
    because = clean_text(because, "reason", limit=20_000, multiline=True)
    claim_id = connection.execute(
        update(evidence)
        .where(evidence.c.id == evidence_id, evidence.c.withdrawn_at.is_(None))
        .values(withdrawn_because=because)
        .returning(evidence.c.claim_id)
    ).scalar()
    if claim_id is not None:
        return _one(connection, evidence_id)
    gone = connection.execute(select(evidence).where(evidence.c.id == evidence_id)).first()
    if gone is None:
        raise NotFoundError(
            f"There is no evidence {evidence_id}.", next_command="claimtrack evidence list CLAIM"
        )
    raise ConflictError(
        f"Evidence {evidence_id} was already withdrawn by {gone.withdrawn_by} on"
        f" {gone.withdrawn_at:%Y-%m-%d}: {gone.withdrawn_because}"
    )


def bears_witness(connection: Connection, claim_id: int, source_ids: Iterable[int]) -> set[int]:
    """Those of the sources that count as evidence on the claim, by the database's own rule.

    The article that made a claim, or one merged into it, and whatever carries the same wire text,
    bears no witness.
    """
    offered = func.unnest(literal(list(source_ids), ARRAY(BigInteger))).column_valued("offered")
    rows = connection.execute(select(offered).where(func.bears_witness(claim_id, offered)))
    return set(rows.scalars())


def why_no_witness(
    appearances: Sequence[AppearanceView], offered: SourceRef, offered_name: str
) -> str:
    """Why a source that bears no witness counts for nothing, as a clause for people."""
    for told in (one.source for one in appearances if one.withdrawn is None):
        where = f"source {told.id}, where the claim appeared"
        if told.id == offered.id:
            return f"{offered_name} is where the claim appeared"
        if told.agency is not None and told.agency == offered.agency:
            return f"{offered_name} carries the same wire text ({told.agency}) as {where}"
        if told.agency is not None and told.agency == offered.publisher:
            return f"{offered_name} is by {told.agency}, whose wire text is that of {where}"
        if told.publisher is not None and told.publisher == offered.agency:
            return f"{offered_name} carries the wire text of {told.publisher}: that of {where}"
    return f"{offered_name} is no second witness"


def bearing(verdict: Verdict, standing: Sequence[EvidenceView]) -> list[EvidenceView]:
    """Those of the pieces whose stance lets a verdict rest on them."""
    return [piece for piece in standing if NEEDED.get(verdict) in (None, piece.stance)]


def refuse_few_publishers(
    connection: Connection,
    claim_id: int,
    verdict: Verdict,
    source_ids: Sequence[int],
    wanted: int,
    *,
    next_command: str,
) -> None:
    """Refuse a verdict that rests on fewer independent publishers than the policy asks for.

    ``source_ids`` are the sources of the evidence that bears it, ``wanted`` is the policy's
    number. Agencies count, else publishers, else hosts: the origin by which reach is counted.

    Raises:
        InvalidDataError: they are too few.
    """
    if not wanted:
        return
    # Where a protected source belongs is seen by few; for the others the database counts.
    found = connection.execute(
        select(func.count(func.coalesce(hidden.c.origin, source.c.origin).distinct()))
        .select_from(source)
        .outerjoin(hidden, hidden.c.source_id == source.c.id)
        .where(source.c.id == func.any(list(source_ids)))
    ).scalar_one()
    if found < wanted:
        publishers = "1 independent publisher" if found == 1 else f"{found} independent publishers"
        raise InvalidDataError(
            f"{hyphenated(verdict)} on claim {claim_id} rests on {publishers}; the policy asks for"
            f" {wanted}. Reprints of one wire are one, and what made the claim is none.",
            next_command=next_command,
        )


def _one(connection: Connection, evidence_id: int) -> EvidenceView:
    claim_id = connection.execute(
        select(evidence.c.claim_id).where(evidence.c.id == evidence_id)
    ).scalar_one()
    pieces = load_evidence(connection, [claim_id])[claim_id]
    return next(piece for piece in pieces if piece.id == evidence_id)
