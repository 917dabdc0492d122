"""Claims as lists and reports show them: in a line, with the first appearance that stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    Select,
    Text,
    and_,
    case,
    column,
    func,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from claimtrack.dates import PartialDate
from claimtrack.models.claims import appearance, claim
from claimtrack.models.people import publisher, speaker
from claimtrack.models.sources import source
from claimtrack.services.disputed import is_disputed
from claimtrack.services.matching.groups import grouped
from claimtrack.services.stories import partial_date
from claimtrack.services.views import SameRef, SourceRef, SpeakerRef
from claimtrack.vocab import Kind, Manner, Priority, SourceKind, Status, Verdict, word_of


class Told(NamedTuple):
    """Who said it, where and when: one appearance in a line."""

    speaker: SpeakerRef | None
    manner: Manner
    said_on: PartialDate | None
    source: SourceRef


class ListedClaim(NamedTuple):
    """A claim in a line. ``appearances`` counts those that stand; ``told`` is the first of them.

    Appearances are also those of the claims merged into it; ``same`` are the claims that were
    judged the same, directly or by way of others.
    """

    id: int
    statement: str
    kind: Kind
    priority: Priority
    status: Status
    verdict: Verdict | None
    disputed: bool
    assigned_to: str | None
    due_on: dt.date | None
    recheck_on: dt.date | None
    reach: int
    appearances: int
    told: Told | None
    recorded_at: dt.datetime
    recorded_by: str
    proposed_verdict: Verdict | None = None
    same: tuple[SameRef, ...] = ()

    @property
    def word(self) -> str:
        """The one word that people type and read: the verdict, else the status."""
        return word_of(self.status, self.verdict)


def once(found: Iterable[ListedClaim]) -> list[ListedClaim]:
    """Claims in their order, but of those that are the same only the first."""
    kept = []
    seen: set[int] = set()
    for line in found:
        if line.id not in seen:
            kept.append(line)
            seen.update(one.id for one in line.same)
    return kept


def of_head(claim_id: ColumnElement[int]) -> tuple[FromClause, ColumnElement[int]]:
    """What to outer-join to a table on its ``claim_id``, and then the id of that claim's head.

    Few claims were merged: the join reads those alone.
    """
    merged = claim.alias("merged_claim")
    few = select(merged.c.id, merged.c.merged_into_id).where(merged.c.merged_into_id.is_not(None))
    joined = few.subquery("merged_here")
    return joined, func.coalesce(joined.c.merged_into_id, claim_id)


def told_columns(one: FromClause) -> Select[Any]:
    """Those of the appearances that stand, with their speakers' heads and their sources."""
    found = source
    said, head = speaker.alias("said"), speaker.alias("head")
    house, agency = publisher.alias("house"), publisher.alias("agency")
    return (
        select(
            one.c.claim_id,
            one.c.manner,
            one.c.said_on,
            one.c.said_precision,
            head.c.id.label("speaker_id"),
            head.c.name.label("speaker_name"),
            *source_columns(found, house, agency),
        )
        .select_from(one)
        .join(found, found.c.id == one.c.source_id)
        .outerjoin(said, said.c.id == one.c.speaker_id)
        .outerjoin(head, head.c.id == func.coalesce(said.c.merged_into_id, said.c.id))
        .outerjoin(house, house.c.id == found.c.publisher_id)
        .outerjoin(agency, agency.c.id == found.c.agency_id)
        .where(one.c.withdrawn_at.is_(None))
    )


def source_columns(
    found: FromClause, house: FromClause, agency: FromClause
) -> tuple[ColumnElement[Any], ...]:
    """The columns from which `source_ref` makes a source."""
    return (
        found.c.id.label("source_id"),
        found.c.kind.label("source_kind"),
        found.c.url,
        found.c.title,
        found.c.published_on,
        found.c.published_precision,
        house.c.name.label("publisher"),
        agency.c.name.label("agency"),
    )


def source_ref(row: Row[*tuple[Any, ...]]) -> SourceRef:
    """The source in a row that has `source_columns`."""
    return SourceRef(
        id=row.source_id,
        kind=SourceKind(row.source_kind),
        url=row.url,
        title=row.title,
        publisher=row.publisher,
        agency=row.agency,
        published_on=partial_date(row.published_on, row.published_precision),
    )


def told_of(row: Row[*tuple[Any, ...]]) -> Told:
    """The appearance in a row that has `told_columns`."""
    return Told(
        speaker=SpeakerRef(row.speaker_id, row.speaker_name) if row.speaker_id else None,
        manner=Manner(row.manner),
        said_on=partial_date(row.said_on, row.said_precision),
        source=source_ref(row),
    )


def lines(
    connection: Connection,
    chosen: Select[Any],
    order: Callable[[FromClause], Sequence[ColumnElement[Any]]],
) -> list[ListedClaim]:
    """Claims in a line.

    ``chosen`` selects all columns of the claim, a page of it at most where there are many:
    only for what it gives are appearances looked up. ``order`` names what to sort its rows by.
    """
    page = chosen.subquery("page")
    other = claim.alias("merged_claim")
    others = select(other.c.id).where(other.c.merged_into_id == page.c.id).correlate(page)
    numbers = func.array(others.scalar_subquery(), type_=ARRAY(BigInteger))
    of_page = appearance.c.claim_id == func.any(func.array_prepend(page.c.id, numbers))
    own_first = [appearance.c.claim_id != page.c.id, appearance.c.claim_id, appearance.c.no]
    # The one appearance first, and then what goes with it.
    standing = select(appearance).where(of_page, appearance.c.withdrawn_at.is_(None))
    the_first = standing.correlate(page).order_by(*own_first).limit(1).lateral("the_first")
    first = told_columns(the_first).correlate(page).lateral("first")
    counted = (
        select(func.count().label("appearances"))
        .select_from(appearance)
        .where(and_(of_page, appearance.c.withdrawn_at.is_(None)))
        .lateral("counted")
    )
    rows = connection.execute(
        select(
            page,
            is_disputed(page.c.id).label("disputed"),
            counted.c.appearances,
            _same(grouped(connection), page).label("same"),
            case((page.c.status == Status.AWAITING_APPROVAL, _proposed(page))).label(
                "proposed_verdict"
            ),
            *(each for each in first.c if each.key != "claim_id"),
        )
        .select_from(page)
        .outerjoin(first, true())
        .outerjoin(counted, true())
        .order_by(*order(page))
    )
    return [_listed(row) for row in rows]


#: By name alone: a list is to start without making a table that few of its rows look into.
_REVIEW = table("review", column("claim_id"), column("no"), column("proposed_verdict"))


def _proposed(page: FromClause) -> ScalarSelect[Any]:
    latest = and_(_REVIEW.c.claim_id == page.c.id, _REVIEW.c.no == page.c.review_no)
    return select(_REVIEW.c.proposed_verdict).where(latest).scalar_subquery()


def _same(group: FromClause, page: FromClause) -> ColumnElement[list[str]]:
    """The number, status and verdict of each claim that is the same as one."""
    other, same = group.alias("other_grouped"), claim.alias("same_claim")
    words = (
        select(func.concat_ws(" ", same.c.id, same.c.status, same.c.verdict))
        .select_from(group)
        .join(other, other.c.group_id == group.c.group_id)
        .join(same, same.c.id == other.c.claim_id)
        .where(group.c.claim_id == page.c.id, other.c.claim_id != page.c.id)
        .order_by(same.c.id)
        .correlate(page)
    )
    return func.array(words.scalar_subquery(), type_=ARRAY(Text))


def _same_ref(words: str) -> SameRef:
    number, status, *verdict = words.split()
    return SameRef(int(number), Status(status), Verdict(verdict[0]) if verdict else None)


def _listed(row: Row[*tuple[Any, ...]]) -> ListedClaim:
    return ListedClaim(
        id=row.id,
        statement=row.statement,
        kind=Kind(row.kind),
        priority=Priority.of_level(row.priority),
        status=Status(row.status),
        verdict=Verdict(row.verdict) if row.verdict else None,
        disputed=row.disputed,
        assigned_to=row.assigned_to,
        due_on=row.due_on,
        recheck_on=row.recheck_on,
        reach=row.reach,
        appearances=row.appearances,
        told=told_of(row) if row.source_id is not None else None,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        proposed_verdict=Verdict(row.proposed_verdict) if row.proposed_verdict else None,
        same=tuple(map(_same_ref, row.same)),
    )


def lines_of(connection: Connection, claim_ids: Sequence[int]) -> dict[int, ListedClaim]:
    """Claims in a line, by id."""
    chosen = select(claim).where(claim.c.id == func.any(list(claim_ids)))
    return {line.id: line for line in lines(connection, chosen, lambda page: [page.c.id])}
