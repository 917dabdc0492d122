"""Claims in a line under their speaker or their source; a merged one is shown as its head."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, select

from claimtrack.models.claims import claim
from claimtrack.services.disputed import is_disputed
from claimtrack.services.stories import head_id
from claimtrack.services.views import ClaimLine
from claimtrack.vocab import Stance, Status, Verdict


def lines_of(own: FromClause, *more: ColumnElement[Any]) -> Select[Any]:
    """The columns of a line, of the head of each claim ``own``; ``more`` has at least ``no``."""
    return select(
        claim.c.id,
        claim.c.statement,
        claim.c.status,
        claim.c.verdict,
        is_disputed(claim.c.id).label("disputed"),
        own.c.id.label("own_id"),
        *more,
    ).join(own, head_id(own) == claim.c.id)


def claim_line(row: Row[Any]) -> ClaimLine:
    """A line from what `lines_of` selected, with the ``stance`` of evidence if that was added."""
    stance = row._mapping.get("stance")
    return ClaimLine(
        claim_id=row.id,
        statement=row.statement,
        status=Status(row.status),
        verdict=Verdict(row.verdict) if row.verdict else None,
        disputed=row.disputed,
        no=row.no,
        of_claim_id=row.own_id,
        stance=Stance(stance) if stance else None,
    )
