"""What is not yet concluded, in the order in which to check it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Subquery,
    case,
    cast,
    distinct,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    tuple_,
)
from sqlalchemy import Text as TextType
from sqlalchemy.dialects.postgresql import ARRAY

from claimtrack.errors import InvalidDataError
from claimtrack.models.claims import TO_CHECK, appearance, claim
from claimtrack.models.people import publisher, speaker
from claimtrack.models.sources import source
from claimtrack.services.lines import (
    ListedClaim,
    lines,
    of_head,
    source_columns,
    source_ref,
)
from claimtrack.services.matching.groups import group_key, grouped
from claimtrack.services.views import SourceRef, SpeakerRef
from claimtrack.vocab import CHECKABLE_KINDS, Kind, Manner, Priority, Status

OPEN = (Status.UNVERIFIED, Status.IN_REVIEW)

#: What is open, and what somebody has concluded but nobody else approved yet.
UNCONCLUDED = (*OPEN, Status.AWAITING_APPROVAL)

#: The buckets of the age histogram: label, and the first day of age that is beyond it.
AGES: tuple[tuple[str, int | None], ...] = (
    ("under 1 day", 1),
    ("1-7 days", 8),
    ("8-30 days", 31),
    ("31-90 days", 91),
    ("over 90 days", None),
)

_DAY = dt.timedelta(days=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Cursor(NamedTuple):
    """The place of a claim in the order of the report; ``str()`` is what people paste.

    It holds what the order goes by, and not only the claim: a claim that was concluded between
    two pages leaves no hole.
    """

    priority: int
    reach: int
    recorded_at: dt.datetime
    id: int

    @classmethod
    def of(cls, line: ListedClaim) -> Cursor:
        """The place of a claim."""
        return cls(line.priority.level, line.reach, line.recorded_at, line.id)

    @classmethod
    def parse(cls, words: str) -> Cursor:
        """Read what ``str()`` gave. Raises InvalidDataError for anything else."""
        match = re.fullmatch(r"([0-3])\.(\d{1,9})\.(-?\d{1,17})\.(\d{1,18})", words, re.ASCII)
        if match is None:
            raise InvalidDataError(
                f"{words!r} is no place in this report: paste the one that the page before it"
                " ended with."
            )
        try:
            recorded_at = _EPOCH + dt.timedelta(microseconds=int(match[3]))
        except OverflowError as error:
            raise InvalidDataError(f"{words!r} is no place in this report.") from error
        return cls(int(match[1]), int(match[2]), recorded_at, int(match[4]))

    def __str__(self) -> str:
        micros = (self.recorded_at - _EPOCH) // dt.timedelta(microseconds=1)
        return f"{self.priority}.{self.reach}.{micros}.{self.id}"


class OpenTotals(NamedTuple):
    """How many claims are open. ``apart`` counts the kinds that are not among the rows.

    Those that await approval are not among the rows either: they have been checked.
    """

    unverified: int
    in_review: int
    awaiting_approval: int
    by_priority: dict[Priority, int]
    apart: dict[Kind, int]
    ages: tuple[tuple[str, int], ...]

    @property
    def open(self) -> int:
        """All that are to be checked."""
        return self.unverified + self.in_review


class By(StrEnum):
    """What to group open claims by."""

    SPEAKER = "speaker"
    SOURCE = "source"
    TOPIC = "topic"


class OpenGroup(NamedTuple):
    """Open claims of one speaker (or manner, where nobody is named), source or topic."""

    speaker: SpeakerRef | None
    manner: Manner | None
    source: SourceRef | None
    topic: str | None
    unverified: int
    in_review: int
    oldest: dt.datetime
    highest: Priority

    @property
    def open(self) -> int:
        """All of them."""
        return self.unverified + self.in_review


def age_in_days(recorded_at: dt.datetime, moment: dt.datetime) -> int:
    """Whole days since recording, of 24 hours."""
    return max((moment - recorded_at) // _DAY, 0)


def present_moment(connection: Connection) -> dt.datetime:
    """The start of the transaction, by the server's clock that stamps what is recorded."""
    moment = connection.execute(select(func.now())).scalar_one()
    assert isinstance(moment, dt.datetime)  # noqa: S101 - for the type alone
    return moment


def open_rows(
    connection: Connection,
    kinds: Sequence[Kind],
    limit: int | None,
    after: Cursor | None = None,
) -> list[ListedClaim]:
    """At most ``limit`` open claims: by priority, then reach, then the oldest first.

    Of open claims that are the same, the first in this order stands for all. Without ``kinds``
    those that checking can conclude. They come from the index ``ix_claim_to_check``, whose words
    and expressions are repeated here to the letter.
    """
    return lines(connection, chosen_rows(connection, kinds, limit, after), _order)


def chosen_rows(
    connection: Connection, kinds: Sequence[Kind], limit: int | None, after: Cursor | None
) -> Select[Any]:
    """The claims of one page; apart from `open_rows`, so that its plan can be looked at."""
    chosen = (
        select(claim)
        .where(*_asked(kinds), _foremost(grouped(connection), kinds))
        .order_by(*_order(claim))
    )
    if after is not None:
        place = (-after.priority, -after.reach, after.recorded_at, after.id)
        chosen = chosen.where(tuple_(*_order(claim)) > tuple_(*place))
    return chosen.limit(limit)


def _foremost(group: FromClause, kinds: Sequence[Kind]) -> ColumnElement[bool]:
    """No other of the claims that are asked for is the same and comes before it.

    In a CASE, which is worked out for each row that is met: as a condition of its own the planner
    might join all of the groups to all of the claims.
    """
    own, beside = group.alias("own_group"), group.alias("beside")
    other = claim.alias("same_claim")
    before = (
        select(other.c.id)
        .select_from(own)
        .join(beside, beside.c.group_id == own.c.group_id)
        .join(other, other.c.id == beside.c.claim_id)
        .where(
            own.c.claim_id == claim.c.id,
            other.c.id != claim.c.id,
            _among(other.c.status, OPEN),
            _among(other.c.kind, kinds or CHECKABLE_KINDS),
            tuple_(*_order(other)) < tuple_(*_order(claim)),
        )
        .correlate(claim)
        .exists()
    )
    return case((before, False), else_=True)


def _among(column: ColumnElement[str], words: Sequence[StrEnum]) -> ColumnElement[bool]:
    return column == func.any(literal([str(word) for word in words], ARRAY(TextType)))


def _order(claims: FromClause) -> list[ColumnElement[Any]]:
    found = claims.c
    return [-found.priority, -found.reach, found.recorded_at, found.id]


def _asked(kinds: Sequence[Kind]) -> list[ColumnElement[bool]]:
    found = claim.c
    to_check: ColumnElement[bool] = literal_column(TO_CHECK, Boolean)
    if not kinds:
        return [to_check]
    if set(kinds) <= set(CHECKABLE_KINDS):
        return [to_check, found.kind.in_(kinds)]
    return [found.status.in_(OPEN), found.kind.in_(kinds), found.merged_into_id.is_(None)]


def open_totals(connection: Connection, kinds: Sequence[Kind], moment: dt.datetime) -> OpenTotals:
    """Count all open claims, with their ages at ``moment``; those that are the same once.

    Of these the first in the order of the report counts. What awaits approval, and the kinds that
    are counted apart, are counted each for themselves.
    """
    found = claim.c
    bucket = case(
        *(
            (found.recorded_at > moment - days * _DAY, number)
            for number, (_, days) in enumerate(AGES)
            if days is not None
        ),
        else_=len(AGES) - 1,
    ).label("bucket")
    rows = connection.execute(
        select(found.kind, found.status, found.priority, bucket, func.count().label("claims"))
        .where(found.status.in_(UNCONCLUDED), found.merged_into_id.is_(None))
        .group_by(found.kind, found.status, found.priority, bucket)
    ).all()
    among = frozenset(kinds or CHECKABLE_KINDS)
    statuses = dict.fromkeys(UNCONCLUDED, 0)
    priorities = dict.fromkeys(reversed(Priority), 0)
    apart = {kind: 0 for kind in Kind if kind not in CHECKABLE_KINDS and kind not in among}
    ages = [0] * len(AGES)
    for row in (*map(_counted, rows), *_beyond_the_first(connection, bucket, among)):
        kind = Kind(row.kind)
        status = Status(row.status)
        if kind in among:
            statuses[status] += row.claims
        if status is Status.AWAITING_APPROVAL:
            continue
        if kind in among:
            priorities[Priority.of_level(row.priority)] += row.claims
            ages[row.bucket] += row.claims
        elif kind in apart:
            apart[kind] += row.claims
    return OpenTotals(
        unverified=statuses[Status.UNVERIFIED],
        in_review=statuses[Status.IN_REVIEW],
        awaiting_approval=statuses[Status.AWAITING_APPROVAL],
        by_priority=priorities,
        apart=apart,
        ages=tuple((label, count) for (label, _), count in zip(AGES, ages, strict=True)),
    )


class _Counted(NamedTuple):
    """As many claims as a row of the totals counts; below 0 they are taken away again."""

    kind: str
    status: str
    priority: int
    bucket: int
    claims: int


def _counted(row: Row[*tuple[Any, ...]]) -> _Counted:
    return _Counted(row.kind, row.status, row.priority, row.bucket, row.claims)


def _beyond_the_first(
    connection: Connection, bucket: ColumnElement[int], among: frozenset[Kind]
) -> Iterator[_Counted]:
    """What was counted of claims although one that is the same was counted before it."""
    group = grouped(connection)
    rows = connection.execute(
        select(group.c.group_id, claim.c.kind, claim.c.status, claim.c.priority, bucket)
        .join(group, group.c.claim_id == claim.c.id)
        .where(claim.c.status.in_(UNCONCLUDED), claim.c.merged_into_id.is_(None))
        .order_by(*_order(claim))
    )
    counted = set()
    for row in rows:
        counts_as = (
            row.group_id,
            row.status == Status.AWAITING_APPROVAL,
            None if row.kind in among else row.kind,
        )
        if counts_as in counted:
            yield _Counted(row.kind, row.status, row.priority, row.bucket, -1)
        counted.add(counts_as)


def open_groups(
    connection: Connection,
    by: By,
    kinds: Sequence[Kind],
    limit: int | None,
) -> list[OpenGroup]:
    """Open claims in groups, the largest first.

    A claim counts once in each that it belongs to, and with those that are the same.
    """
    same = grouped(connection)
    chosen = (
        select(claim, group_key(same, claim.c.id).label("counts_as"))
        .outerjoin(same, same.c.claim_id == claim.c.id)
        .where(*_asked(kinds))
        .subquery("open_claim")
    )
    keys, joined = {
        By.SPEAKER: _by_speaker,
        By.SOURCE: _by_source,
        By.TOPIC: _by_topic,
    }[by](chosen)
    number = distinct(chosen.c.counts_as)
    in_review = func.count(number).filter(chosen.c.status == Status.IN_REVIEW)
    rows = connection.execute(
        select(
            *keys,
            func.count(number).label("open"),
            in_review.label("in_review"),
            func.min(chosen.c.recorded_at).label("oldest"),
            func.max(chosen.c.priority).label("highest"),
        )
        .select_from(joined)
        .group_by(*keys)
        .order_by(
            func.count(number).desc(),
            func.max(chosen.c.priority).desc(),
            func.min(chosen.c.recorded_at),
            *(key.asc().nulls_last() for key in keys),
        )
        .limit(limit)
    )
    groups = []
    for row in rows:
        values = row._mapping
        speaker_id = values.get("speaker_id")
        groups.append(
            OpenGroup(
                speaker=SpeakerRef(speaker_id, row.speaker_name) if speaker_id else None,
                manner=Manner(manner) if (manner := values.get("unnamed_manner")) else None,
                source=source_ref(row) if values.get("source_id") else None,
                topic=values.get("topic"),
                unverified=row.open - row.in_review,
                in_review=row.in_review,
                oldest=row.oldest,
                highest=Priority.of_level(row.highest),
            )
        )
    return groups


_Grouping = tuple[list[ColumnElement[Any]], FromClause]


def _standing() -> Subquery:
    """The appearances that stand, each under the claim that stands for its own."""
    one = appearance
    merged, head = of_head(one.c.claim_id)
    return (
        select(head.label("head_id"), one.c.speaker_id, one.c.source_id, one.c.manner)
        .select_from(one)
        .outerjoin(merged, merged.c.id == one.c.claim_id)
        .where(one.c.withdrawn_at.is_(None))
        .subquery("standing")
    )


def _by_speaker(chosen: FromClause) -> _Grouping:
    one = _standing()
    said, head = speaker.alias("said"), speaker.alias("head")
    joined = (
        chosen.outerjoin(one, one.c.head_id == chosen.c.id)
        .outerjoin(said, said.c.id == one.c.speaker_id)
        .outerjoin(head, head.c.id == func.coalesce(said.c.merged_into_id, said.c.id))
    )
    manner = case((head.c.id.is_(None), one.c.manner), else_=cast(null(), TextType))
    return [
        head.c.name.label("speaker_name"),
        head.c.id.label("speaker_id"),
        manner.label("unnamed_manner"),
    ], joined


def _by_source(chosen: FromClause) -> _Grouping:
    one, found = _standing(), source
    house, agency = publisher.alias("house"), publisher.alias("agency")
    joined = (
        chosen.outerjoin(one, one.c.head_id == chosen.c.id)
        .outerjoin(found, found.c.id == one.c.source_id)
        .outerjoin(house, house.c.id == found.c.publisher_id)
        .outerjoin(agency, agency.c.id == found.c.agency_id)
    )
    return list(source_columns(found, house, agency)), joined


def _by_topic(chosen: FromClause) -> _Grouping:
    topic = func.unnest(chosen.c.topics).table_valued("topic").render_derived("each").lateral()
    return [topic.c.topic], chosen.outerjoin(topic, true())
