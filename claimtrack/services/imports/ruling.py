"""Verdicts of the desk's own record that have changed since they came.

What an import ruled, a later one rules anew, by a review of its own; what people ruled stays, and
is told as a conflict.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from claimtrack.services.imports.known import BY_UNDOING
from claimtrack.services.imports.settling import UNRULED
from claimtrack.services.imports.updating import Conflict

# A review is an import's if it was recorded with the import or with the claim that came with it:
# all of a transaction has one time. Or if an undoing gave it back.
_RULED = f"""
    SELECT DISTINCT ON (claim.id) settled.no, came.line, claim.id AS claim_id,
        claim.review_no + 1 AS next_no, claim.status AS was, staged.status, staged.verdict,
        staged.because, staged.rating,
        claim.id <> settled.prior_claim_id AS merged,
        (staged.status, staged.verdict) IS NOT DISTINCT FROM (claim.status, claim.verdict) AS same,
        (staged.because, staged.rating) IS DISTINCT FROM (latest.because, latest.rating)
            AS reworded,
        EXISTS (
            SELECT FROM transition
            WHERE (from_status, to_status) = (claim.status, staged.status)
        ) AS legal,
        latest.recorded_at {BY_UNDOING}
        OR latest.recorded_at = claim.recorded_at AND EXISTS (
            SELECT FROM import_row
            WHERE row_key = came.row_key AND claim_id = claim.id AND outcome = 'created'
        ) OR EXISTS (
            SELECT FROM import
            WHERE (recorded_at, recorded_by) = (latest.recorded_at, latest.recorded_by)
        ) AS by_import
    FROM settled
    JOIN staged_claim AS came USING (no)
    JOIN staged_ruling AS staged USING (no)
    JOIN import_row AS earlier ON (earlier.import_id, earlier.no)
        = (settled.prior_import_id, settled.prior_no)
    JOIN claim ON claim.id = settled.claim_id
    JOIN review AS latest ON (latest.claim_id, latest.no) = (claim.id, claim.review_no)
    WHERE settled.outcome = 'changed' AND NOT {UNRULED}
        AND (earlier.digests -> 'verdict', earlier.digests -> 'status',
            earlier.digests -> 'rating', earlier.digests -> 'because')
        IS DISTINCT FROM (came.digests -> 'verdict', came.digests -> 'status',
            came.digests -> 'rating', came.digests -> 'because')
    ORDER BY claim.id, settled.no
    """
_ANEW = f"SELECT * FROM ({_RULED}) AS ruled WHERE by_import AND legal AND NOT (merged OR same)"

_KEPT = f"""
    SELECT line, claim_id, same, merged, by_import, was, status FROM ({_RULED}) AS ruled
    WHERE CASE WHEN same THEN reworded ELSE merged OR NOT (by_import AND legal) END
    ORDER BY line
    """

# The same page can stand on the other side now.
_WITH_EVIDENCE = (
    f"UPDATE settled SET more_evidence = true WHERE no IN (SELECT no FROM ({_ANEW}) AS a)"
)

# It rests on what the row names, not on what stood for another verdict.
_REVIEW = f"""
    WITH ruled AS ({_ANEW}), made AS (
        INSERT INTO review (claim_id, no, from_status, status, verdict, because, rating, reason,
            change)
        SELECT claim_id, next_no, was, status, verdict, because, rating,
            CASE status WHEN 'set_aside' THEN 'out_of_scope' END,
            CASE WHEN was = 'checked' AND status = 'checked' THEN 'revision' END
        FROM ruled
        RETURNING claim_id, no
    )
    INSERT INTO review_evidence (claim_id, review_no, evidence_id)
    SELECT made.claim_id, made.no, evidence.id
    FROM made
    JOIN ruled USING (claim_id)
    JOIN evidence ON evidence.claim_id = made.claim_id AND evidence.withdrawn_at IS NULL
    WHERE EXISTS (
        SELECT FROM staged_evidence JOIN staged_source USING (source_key)
        WHERE staged_evidence.no = ruled.no AND staged_source.id = evidence.source_id
            AND staged_evidence.stance = evidence.stance
    )
    """


#: Claims that stand as a review has it that is undone, or as one that undoing gave back has it, of
#: the same words.
TAKEN_BACK = f"""
    SELECT DISTINCT claim.id, claim.review_no, claim.status, claim.verdict
    FROM undoing
    JOIN claim ON claim.id = undoing.claim_id
    JOIN review AS latest ON (latest.claim_id, latest.no) = (claim.id, claim.review_no)
    WHERE undoing.table_name = 'review' AND undoing.operation = 'insert' AND (
        undoing.row_key = claim.id || '.' || claim.review_no
        OR latest.status = 'checked' AND latest.recorded_at {BY_UNDOING}
            AND latest.recorded_at < now()
            AND (undoing.after ->> 'verdict', undoing.after ->> 'rating')
                IS NOT DISTINCT FROM (latest.verdict, latest.rating)
    ) AND claim.id NOT IN (SELECT id FROM own_claim WHERE worked_on OR NOT shared)
    """

# What stood before, on what it rested on: no review of an import that is undone, and none that
# undoing made, for that only repeats another. The same verdict is no revision of itself.
_GIVE_BACK = f"""
    WITH back AS (
        SELECT ruled.id, ruled.review_no + 1 AS next_no, ruled.status AS was, before.no,
            before.verdict, before.rating
        FROM ({TAKEN_BACK}) AS ruled
        CROSS JOIN LATERAL (
            SELECT review.* FROM review
            JOIN event ON event.table_name = 'review' AND event.operation = 'insert'
                AND event.row_key = review.claim_id || '.' || review.no
            WHERE review.claim_id = ruled.id AND review.no < ruled.review_no
                AND event.application <> ALL (:undone)
                AND event.application NOT LIKE 'claimtrack import % undone'
            ORDER BY review.no DESC LIMIT 1
        ) AS before
        WHERE ruled.status IN ('checked', 'in_review') AND before.status = 'checked'
            AND before.verdict IS DISTINCT FROM ruled.verdict
    ), made AS (
        INSERT INTO review (claim_id, no, from_status, status, verdict, because, rating, change)
        SELECT id, next_no, was, 'checked', verdict, :because, rating,
            CASE was WHEN 'checked' THEN 'revision' END
        FROM back
        RETURNING claim_id, no
    )
    INSERT INTO review_evidence (claim_id, review_no, evidence_id)
    SELECT made.claim_id, made.no, rested.evidence_id
    FROM made
    JOIN back ON back.id = made.claim_id
    JOIN review_evidence AS rested ON (rested.claim_id, rested.review_no) = (back.id, back.no)
    JOIN evidence ON evidence.id = rested.evidence_id AND evidence.withdrawn_at IS NULL
    """


def kept_rulings(connection: Connection) -> list[Conflict]:
    """The changed rulings that give way to what stands; of the others the evidence shall come."""
    if not _any(connection):
        return []
    connection.execute(text(_WITH_EVIDENCE))
    return list(_kept(connection))


def rule_anew(connection: Connection) -> None:
    """Write the reviews that changed rulings come to."""
    if _any(connection):
        connection.execute(text(_REVIEW))


def give_back(connection: Connection, because: str, undone: list[str]) -> None:
    """Let verdicts that an import which is undone has replaced stand again.

    ``undone`` are the applications of the imports that are, this one among them.
    Where the record doesn't take one back, for what it rested on is gone or by a policy since,
    none is: the claims are open then.
    """
    try:
        with connection.begin_nested():
            connection.execute(text(_GIVE_BACK), {"because": because, "undone": undone})
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    except DBAPIError:
        return


def _any(connection: Connection) -> bool:
    found = connection.scalar(
        text(
            "SELECT EXISTS (SELECT FROM settled JOIN staged_ruling USING (no)"
            " WHERE outcome = 'changed')"
        )
    )
    return bool(found)


def _kept(connection: Connection) -> Iterator[Conflict]:
    for row in connection.execute(text(_KEPT)):
        if row.merged:
            why = "it was merged into another"
        elif row.same:
            why = "what a review says stays"
        elif not row.by_import:
            why = "it was reviewed here"
        else:
            why = f"nothing goes from {row.was} to {row.status} at once"
        yield Conflict(row.line, row.claim_id, "reason" if row.same else "verdict", why)
