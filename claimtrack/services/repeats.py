"""What is being said again after it was found false: by whom, where and since when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Row,
    and_,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from claimtrack.dates import PartialDate
from claimtrack.models.claims import appearance, attribution, claim
from claimtrack.models.reviews import review
from claimtrack.models.sources import source
from claimtrack.services.lines import ListedClaim, Told, lines_of, told_columns, told_of
from claimtrack.services.matching.groups import same_as
from claimtrack.vocab import FOUND_FALSE, NOT_SAID, Finding, Precision

#: More than any time zone is away from UTC.
_DAY = dt.timedelta(days=1)


class DatedBy(StrEnum):
    """What the day of an appearance is taken from."""

    SAID = "said"
    PUBLISHED = "published"
    RECORDED = "recorded"


class Again(NamedTuple):
    """One appearance after the verdict, of the claim itself or of one that is the same.

    ``day`` is when it was said, else when its source was published, else when it was recorded.
    """

    claim_id: int
    no: int
    told: Told
    day: PartialDate
    dated_by: DatedBy

    @property
    def address(self) -> str:
        """As people write it: ``14.2``."""
        return f"{self.claim_id}.{self.no}"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A claim that was found false, since when, and where it appeared after that, in time order.

    Of claims that are the same the one that was found so first stands for all; ``same`` are the
    other heads, whatever was found of them.
    """

    line: ListedClaim
    found_at: dt.datetime
    same: tuple[ListedClaim, ...]
    again: tuple[Again, ...]


def repeats(
    connection: Connection,
    zone: dt.tzinfo,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> list[Repeat]:
    """Claims with a verdict of `FOUND_FALSE` that appeared again, the latest first.

    A verdict counts from the first that has stood, or been changed for another of these, until
    now; its day is that in ``zone``. What was said on that very day, or on a date that is only
    known to the month or year it lies in, was said again if it was recorded after the verdict;
    so was what has no date at all. What the speaker was found not to have said is left out. With
    ``since`` and ``until`` only what was, or may have been, said again in between counts.
    """
    found = _found_false(connection)
    others = same_as(connection, {one.head_id for one in found.values()})
    first: dict[int, int] = {}
    families: dict[int, tuple[int, ...]] = {}
    for number, (head_id, _) in found.items():
        if head_id not in first:
            heads = (head_id, *others.get(head_id, ()))
            families[number] = (number, *(one for one in heads if one != number))
            first |= dict.fromkeys(heads, number)
    again: defaultdict[int, list[Again]] = defaultdict(list)
    for row in _appearances(connection, {one: found[first[one]].at for one in first}):
        one = _again(row, zone)
        inside = (since is None or one.day.last() >= since) and (
            until is None or one.day.first() <= until
        )
        if inside and _after(one, row, zone):
            again[first[row.head_id]].append(one)
    wanted = [number for one in again for number in families[one]]
    told = lines_of(connection, wanted) if wanted else {}
    repeated = [
        Repeat(
            line=told[one],
            found_at=found[one].at,
            same=tuple(told[number] for number in families[one][1:]),
            again=tuple(sorted(again[one], key=_order)),
        )
        for one in again
    ]
    return sorted(repeated, key=lambda one: (_order(one.again[-1]), one.line.id), reverse=True)


class _Found(NamedTuple):
    """Which claim stands for one that was found false, and since when it was."""

    head_id: int
    at: dt.datetime


def _found_false(connection: Connection) -> dict[int, _Found]:
    """Claims that are found false now, the first that was found so first.

    One that was merged is among them while its head has no verdict, whose verdict else counts.
    """
    head, later = claim.alias("head"), review.alias("later")
    otherwise = (
        select(later.c.no)
        .where(
            later.c.claim_id == review.c.claim_id,
            later.c.no > review.c.no,
            later.c.verdict.not_in(FOUND_FALSE),
        )
        .exists()
    )
    found_at = func.min(review.c.recorded_at)
    rows = connection.execute(
        select(claim.c.id, head.c.id.label("head_id"), found_at.label("found_at"))
        .join(review, and_(review.c.claim_id == claim.c.id, review.c.verdict.in_(FOUND_FALSE)))
        .join(head, head.c.id == func.coalesce(claim.c.merged_into_id, claim.c.id))
        .where(
            claim.c.verdict.in_(FOUND_FALSE),
            or_(claim.c.merged_into_id.is_(None), head.c.verdict.is_(None)),
            ~otherwise,
        )
        .group_by(claim.c.id, head.c.id)
        .order_by(found_at, claim.c.id)
    )
    return {row.id: _Found(row.head_id, row.found_at) for row in rows}


def _appearances(connection: Connection, founds: Mapping[int, dt.datetime]) -> Sequence[Row[Any]]:
    """Appearances that may be after the verdict, each with it and the head of its claim."""
    if not founds:
        return ()
    asked = (
        func.unnest(
            literal(list(founds), ARRAY(BigInteger)),
            literal(list(founds.values()), ARRAY(DateTime(timezone=True))),
        )
        .table_valued("head_id", "found_at")
        .render_derived("asked")
    )
    # A head, and what was merged into it: as two steps, each by an index.
    merged = select(claim.c.id, claim.c.merged_into_id).join(
        asked, claim.c.merged_into_id == asked.c.head_id
    )
    own = (
        select(asked.c.head_id, asked.c.head_id.label("claim_id"), asked.c.found_at)
        .union_all(merged.with_only_columns(claim.c.merged_into_id, claim.c.id, asked.c.found_at))
        .subquery("own")
    )
    day = func.coalesce(appearance.c.said_on, source.c.published_on)
    finding = (
        select(attribution.c.finding)
        .where(
            attribution.c.claim_id == appearance.c.claim_id,
            attribution.c.appearance_no == appearance.c.no,
        )
        .order_by(attribution.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    one = (
        select(appearance, own.c.head_id, own.c.found_at)
        .join(own, own.c.claim_id == appearance.c.claim_id)
        .join(source, source.c.id == appearance.c.source_id)
        .where(
            or_(
                appearance.c.recorded_at > own.c.found_at,
                day > own.c.found_at - _DAY,
            ),
            func.coalesce(finding, Finding.UNCHECKED).not_in(NOT_SAID),
        )
        .subquery("one")
    )
    told = told_columns(one).add_columns(one.c.no, one.c.recorded_at, one.c.head_id, one.c.found_at)
    return connection.execute(told).all()


def _again(row: Row[Any], zone: dt.tzinfo) -> Again:
    told = told_of(row)
    if told.said_on is not None:
        day, dated_by = told.said_on, DatedBy.SAID
    elif told.source.published_on is not None:
        day, dated_by = told.source.published_on, DatedBy.PUBLISHED
    else:
        day = PartialDate(row.recorded_at.astimezone(zone).date(), Precision.DAY)
        dated_by = DatedBy.RECORDED
    return Again(row.claim_id, row.no, told, day, dated_by)


def _after(one: Again, row: Row[Any], zone: dt.tzinfo) -> bool:
    found_on = row.found_at.astimezone(zone).date()
    if one.day.first() > found_on:
        return True
    return bool(one.day.last() >= found_on and row.recorded_at > row.found_at)


def _order(one: Again) -> tuple[dt.date, dt.date, int, int]:
    return one.day.first(), one.day.last(), one.claim_id, one.no
