"""How much there is, and where it stands."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from claimtrack.models.claims import appearance, claim
from claimtrack.models.disputes import challenge, objection
from claimtrack.models.people import speaker
from claimtrack.models.sources import source
from claimtrack.services.matching.groups import group_key, grouped
from claimtrack.services.moves import Move, moves
from claimtrack.services.overdue import evidence_withdrawn
from claimtrack.services.period import holding
from claimtrack.vocab import Kind, Priority, Status, Verdict

#: In which order the claims of a group are to be looked at: what awaits approval has been looked
#: at, and what is concluded needs nobody.
_TURN = {
    Status.UNVERIFIED: 1,
    Status.IN_REVIEW: 1,
    Status.AWAITING_APPROVAL: 2,
    Status.CHECKED: 3,
    Status.SET_ASIDE: 4,
}

#: How many of the latest marks are told.
LATEST = 10


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of the whole database; every word of a vocabulary is there, be it with 0."""

    claims: int
    statuses: dict[Status, int]
    verdicts: dict[Verdict, int]
    kinds: dict[Kind, int]
    priorities: dict[Priority, int]
    holders: dict[str, dict[Status, int]]
    speakers: int
    sources: int
    appearances: int
    evidence_withdrawn: int
    disputed: int
    challenges_open: int
    latest: list[Move]


def summary(connection: Connection) -> Summary:
    """Count what is on record. Merged claims and speakers, and withdrawn appearances, are left out.

    The appearances of merged claims count: each is its head's. Claims that are the same count
    once, with the highest priority of theirs, and else as that one of them stands that is to be
    looked at first: so that each part of the summary adds up to all claims.
    """
    group = grouped(connection)
    rows = connection.execute(
        select(
            claim.c.status,
            claim.c.verdict,
            claim.c.kind,
            claim.c.priority,
            func.count().label("claims"),
        )
        .outerjoin(group, group.c.claim_id == claim.c.id)
        .where(claim.c.merged_into_id.is_(None), group.c.claim_id.is_(None))
        .group_by(claim.c.status, claim.c.verdict, claim.c.kind, claim.c.priority)
    ).all()
    counts: Counter[str] = Counter()
    priorities: Counter[int] = Counter()
    for row in rows:
        # No word stands in two of these vocabularies.
        for word in {row.status, row.verdict, row.kind} - {None}:
            counts[word] += row.claims
        priorities[row.priority] += row.claims
    alone = sum(priorities.values())
    groups = _groups(connection)
    for members in groups:
        first = min(members, key=lambda each: _TURN[each.status])
        counts.update({first.status, first.verdict, first.kind} - {None})
        priorities[max(each.priority for each in members)] += 1
    disputed = grouped(connection)
    rested_on_withdrawn = select(func.count()).select_from(evidence_withdrawn().subquery())
    things = connection.execute(
        select(
            select(func.count())
            .select_from(speaker)
            .where(speaker.c.merged_into_id.is_(None))
            .scalar_subquery()
            .label("speakers"),
            select(func.count()).select_from(source).scalar_subquery().label("sources"),
            select(func.count())
            .select_from(appearance)
            .where(appearance.c.withdrawn_at.is_(None))
            .scalar_subquery()
            .label("appearances"),
            rested_on_withdrawn.scalar_subquery().label("evidence_withdrawn"),
            select(func.count(group_key(disputed, claim.c.id).distinct()))
            .select_from(objection)
            .join(claim, claim.c.id == objection.c.claim_id)
            .outerjoin(disputed, disputed.c.claim_id == claim.c.id)
            .where(objection.c.closed_at.is_(None), claim.c.merged_into_id.is_(None))
            .scalar_subquery()
            .label("disputed"),
            select(func.count())
            .select_from(challenge)
            .where(challenge.c.closed_at.is_(None))
            .scalar_subquery()
            .label("challenges_open"),
        )
    ).one()
    return Summary(
        claims=alone + len(groups),
        statuses={status: counts[status] for status in Status},
        verdicts={verdict: counts[verdict] for verdict in Verdict},
        kinds={kind: counts[kind] for kind in Kind},
        priorities={word: priorities[word.level] for word in reversed(Priority)},
        holders=dict(sorted(holding(connection).items(), key=lambda pair: pair[0].casefold())),
        speakers=things.speakers,
        sources=things.sources,
        appearances=things.appearances,
        evidence_withdrawn=things.evidence_withdrawn,
        disputed=things.disputed,
        challenges_open=things.challenges_open,
        latest=moves(connection, latest=LATEST),
    )


def _groups(connection: Connection) -> list[list[Row[*tuple[Any, ...]]]]:
    """The claims of each group of same claims, in the order in which they are to be looked at."""
    group = grouped(connection)
    rows = connection.execute(
        select(group.c.group_id, claim.c.status, claim.c.verdict, claim.c.kind, claim.c.priority)
        .join(group, group.c.claim_id == claim.c.id)
        .order_by(claim.c.priority.desc(), claim.c.reach.desc(), claim.c.recorded_at, claim.c.id)
    )
    groups: defaultdict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        groups[row.group_id].append(row)
    return list(groups.values())
