"""Find the claims that a text may repeat, and say how likely each is.

The claims that share the most with it (`claimtrack.services.matching.candidates`) are read and
ranked by `claimtrack.matching.model`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from itertools import chain, islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from claimtrack.matching.features import Candidate, Query, Weights
from claimtrack.matching.model import THRESHOLD, Ranked, rank
from claimtrack.models.redacting import MARKER
from claimtrack.services.matching.candidates import candidates
from claimtrack.services.matching.frequencies import frequencies
from claimtrack.services.matching.groups import same_as
from claimtrack.services.matching.postings import AVERAGE
from claimtrack.services.matching.texts import load_days, load_others, load_speakers
from claimtrack.services.views import SameRef
from claimtrack.vocab import Status, Verdict


class Match(NamedTuple):
    """A claim that a text may repeat; of claims that were merged it is the head.

    ``why`` are the words that they share, each with what it weighs, heaviest first; ``same`` are
    those with a verdict that were judged the same or merged.
    """

    claim_id: int
    external_id: str | None
    statement: str
    status: Status
    verdict: Verdict | None
    appearances: int
    score: float
    probability: float
    why: tuple[tuple[str, float], ...]
    same: tuple[SameRef, ...]


class _Known(NamedTuple):
    """What is known of all claims: how many there are, and how long their texts are."""

    claims: int
    average: float | None


def find(
    connection: Connection,
    sought: str,
    *,
    limit: int | None = None,
    threshold: float = THRESHOLD,
    language: str | None = None,
    day: dt.date | None = None,
    without: Set[int] = frozenset(),
) -> list[Match]:
    """The claims that ``sought`` repeats, the likeliest first.

    ``threshold`` is the least probability; with 0 all that were ranked are given, which are
    some 150 at most. ``language`` is that of the text (English unless it is said), ``day`` when it
    was said, beside those that it tells of itself. The claims ``without`` are passed by.
    """
    query = Query(sought, language, day=day)
    if not query.kinds:
        return []
    known = _known(connection)
    chosen, counts = candidates(connection, query.kinds, known.claims, without)
    claims = _claims(connection, chosen)
    places = [number for number in chosen if number in claims]
    if not places:
        return []
    others, speakers = load_others(connection, places), load_speakers(connection, places)
    days = load_days(connection, places) if query.days else {}
    read = [
        Candidate(
            "" if claims[number].statement == MARKER else claims[number].statement,
            others.get(number, ()),
            claims[number].language,
            speakers=speakers.get(number, ()),
            days=days.get(number, ()),
        )
        for number in places
    ]
    kinds = frozenset().union(*(one.kinds for one in read))
    counted = {**frequencies(connection, kinds - counts.keys()), **counts}
    average = known.average or sum(one.length for one in read) / len(read)
    ranked = rank(
        query,
        read,
        Weights(known.claims, counted),
        average or AVERAGE,
        [claims[number].family for number in places],
    )
    meant: dict[int, Ranked] = {}
    for one in ranked:
        if one.probability >= threshold:
            # Of claims that were merged the likeliest.
            meant.setdefault(claims[places[one.place]].head_id, one)
    shown = dict(islice(meant.items(), limit))
    grouped = {one.head_id for one in claims.values() if one.grouped}
    return _matches(connection, shown, same_as(connection, shown.keys() & grouped))


def _known(connection: Connection) -> _Known:
    row = connection.execute(text("SELECT claims, stems FROM word_count")).first()
    if row is not None and row.claims:
        return _Known(row.claims, row.stems)
    return _Known(connection.execute(text("SELECT count(*) FROM claim")).scalar_one(), None)


def _claims(connection: Connection, claim_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Claims with the ``head_id`` of what stands for each: itself, or what it was merged into.

    ``family`` is the number of those that this is judged to be one with, if it is ``grouped``.
    """
    rows = connection.execute(text(_CLAIMS), {"ids": list(claim_ids)})
    return {row.id: row for row in rows}


_CLAIMS = """
    SELECT claim.id, statement, language, COALESCE(merged_into_id, id) AS head_id,
        COALESCE(group_id, merged_into_id, id) AS family, group_id IS NOT NULL AS grouped
    FROM claim
    LEFT JOIN claim_group ON claim_group.claim_id = COALESCE(merged_into_id, id)
    WHERE claim.id = ANY (:ids)
"""


def _matches(
    connection: Connection, shown: Mapping[int, Ranked], others: Mapping[int, tuple[int, ...]]
) -> list[Match]:
    """The claims, each with those of ``others``, judged the same, that have a verdict."""
    members: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    asked = {*shown, *chain.from_iterable(others.values())}
    for row in connection.execute(text(_MEMBERS), {"ids": list(asked)}):
        members[row.head_id].append(row)
    return [
        _match(
            members[number],
            [one for other in others.get(number, ()) for one in members[other]],
            ranked,
        )
        for number, ranked in shown.items()
    ]


_MEMBERS = """
    SELECT head_id, id, external_id, statement, status, verdict,
        (
            SELECT count(*) FROM appearance
            WHERE appearance.claim_id = told.id AND withdrawn_at IS NULL
        ) AS appearances
    FROM (
        SELECT id AS head_id, * FROM claim WHERE id = ANY (:ids)
        UNION ALL
        SELECT merged_into_id, * FROM claim WHERE merged_into_id = ANY (:ids)
    ) AS told
    ORDER BY head_id, id = head_id DESC, id
"""


def _match(own: Sequence[Row[Any]], others: Sequence[Row[Any]], ranked: Ranked) -> Match:
    """A match from its head and what was merged into it, and from those that are the same."""
    head, *merged = own
    return Match(
        claim_id=head.id,
        external_id=head.external_id,
        statement=head.statement,
        status=Status(head.status),
        verdict=head.verdict and Verdict(head.verdict),
        appearances=sum(one.appearances for one in own),
        score=ranked.score,
        probability=ranked.probability,
        why=ranked.why,
        same=tuple(
            SameRef(one.id, Status(one.status), Verdict(one.verdict))
            for one in (*merged, *others)
            if one.verdict is not None
        ),
    )
