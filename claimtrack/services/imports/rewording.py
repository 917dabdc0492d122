"""Changed rows whose words are wholly others: likely of another list with the same numbers."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from claimtrack.matching.terms import stems
from claimtrack.services.imports.updating import STATEMENTS, Conflict

#: Of the words of the shorter statement, so many are in a reworded one too.
_SHARED = 0.25


class Replaced(NamedTuple):
    """A row that gives a claim other words, in another source: ``was`` and ``now``."""

    line: int
    claim_id: int
    was: str
    now: str


_ELSEWHERE = f"""
    SELECT told.line, told.no, told.claim_id, told.merged, told.checked, told.edited,
        claim.statement AS was, claim.language, told.statement AS now
    FROM ({STATEMENTS}) AS told
    JOIN claim ON claim.id = told.claim_id
    JOIN staged_claim AS came ON came.no = told.no
    JOIN settled ON settled.no = told.no
    JOIN import_row AS earlier ON (earlier.import_id, earlier.no)
        = (settled.prior_import_id, settled.prior_no)
    WHERE told.other AND (
        earlier.digests -> 'source' = came.digests -> 'source'
        OR earlier.digests -> 'source_title' = came.digests -> 'source_title'
        OR earlier.digests -> 'review_url' = came.digests -> 'review_url'
    ) IS NOT TRUE
    ORDER BY told.line
    """


def set_apart(connection: Connection) -> tuple[list[Replaced], list[Conflict]]:
    """The changed rows that say something wholly different, in another source.

    Where the words of the claim stay, nothing else of such a row is taken over: what it tells of
    is not that claim. Those are the conflicts.
    """
    replaced: list[Replaced] = []
    kept: list[Conflict] = []
    left: list[int] = []
    for row in connection.execute(text(_ELSEWHERE)):
        if not _differ(row.was, row.now, row.language):
            continue
        if not (row.merged or row.checked or row.edited):
            replaced.append(Replaced(row.line, row.claim_id, row.was, row.now))
            continue
        why = "stands under a verdict" if row.checked else "was edited here"
        if row.merged:
            why = "was merged into another"
        why = f"it {why}; the row is about something else, and nothing of it is taken"
        kept.append(Conflict(row.line, row.claim_id, "statement", why))
        left.append(row.no)
    if left:
        connection.execute(
            text("UPDATE settled SET outcome = 'unchanged' WHERE no = ANY (:left)"), {"left": left}
        )
    return replaced, kept


def _differ(one: str, other: str, language: str) -> bool:
    """Whether two statements share hardly any words."""
    words = set(stems(one, language)), set(stems(other, language))
    return len(words[0] & words[1]) < _SHARED * max(1, min(map(len, words)))
