"""Speakers as they are shown: with their names, what was merged into them, and their claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, func, or_, select

from claimtrack.keys import clean_text, word_key
from claimtrack.models.claims import appearance, claim
from claimtrack.models.people import speaker, speaker_alias
from claimtrack.services.claim_lines import claim_line, lines_of
from claimtrack.services.speakers import alias_rows, head_of, identities, locate, speaker_number
from claimtrack.services.stories import head_id
from claimtrack.services.views import ClaimLine, SpeakerRef, SpeakerView
from claimtrack.vocab import SpeakerKind


def list_speakers(
    connection: Connection, *, text: str | None = None, limit: int | None = None, after: int = 0
) -> list[SpeakerView]:
    """Speakers in the order recorded, those merged into another left out.

    ``text`` keeps those with it in one of their names, without regard to case and accents;
    ``after`` is the last id of the page before.
    """
    query = select(speaker.c.id).where(speaker.c.merged_into_id.is_(None), speaker.c.id > after)
    if text is not None:
        wanted = clean_text(text, "text to look for", limit=300)
        leads = alias_rows().where(
            speaker_alias.c.name_key.contains(word_key(wanted), autoescape=True)
        )
        query = query.where(speaker.c.id.in_(select(leads.subquery().c.head_id)))
    ids = connection.scalars(query.order_by(speaker.c.id).limit(limit)).all()
    return _load(connection, ids)


def all_names(connection: Connection) -> list[str]:
    """Every name that leads to a speaker, as written, in alphabetical order."""
    return list(
        connection.scalars(
            select(speaker_alias.c.name)
            .distinct()
            .where(~speaker_alias.c.protected)
            .order_by(speaker_alias.c.name)
        )
    )


def show(connection: Connection, name_or_id: str) -> SpeakerView:
    """One speaker with all its names; by number also one that was merged into another.

    Raises:
        NotFoundError: there is none; the sentence names who may be meant.
        NearMissError: several have this name.
    """
    located, head = locate(connection, name_or_id)
    by_number = speaker_number(name_or_id) is not None
    return _load(connection, [located if by_number else head.id])[0]


def _load(connection: Connection, ids: Sequence[int]) -> list[SpeakerView]:
    """Speakers with their names and counts, in the order of ``ids``."""
    members = connection.execute(
        select(speaker).where(
            or_(
                speaker.c.id == func.any(list(ids)), speaker.c.merged_into_id == func.any(list(ids))
            )
        )
    ).all()
    rows = {row.id: row for row in members}
    merged: defaultdict[int, list[SpeakerRef]] = defaultdict(list)
    belongs: defaultdict[int, list[int]] = defaultdict(list)
    for row in sorted(members, key=lambda row: row.id):
        belongs[row.id].append(row.id)
        if row.merged_into_id is not None:
            merged[row.merged_into_id].append(SpeakerRef(row.id, row.name))
            belongs[row.merged_into_id].append(row.id)
    names: defaultdict[int, list[str]] = defaultdict(list)
    for alias in connection.execute(
        select(speaker_alias.c.speaker_id, speaker_alias.c.name, speaker_alias.c.qualifier)
        .where(speaker_alias.c.speaker_id == func.any(list(rows)), ~speaker_alias.c.protected)
        .order_by(speaker_alias.c.id)
    ):
        names[alias.speaker_id].append(
            f"{alias.name} ({alias.qualifier})" if alias.qualifier else alias.name
        )
    claims = _count_claims(connection, list(rows))
    heads = {
        row.merged_into_id: head_of(connection, row.id)
        for row in members
        if row.id in ids and row.merged_into_id is not None
    }
    return [
        SpeakerView(
            id=row.id,
            name=row.name,
            kind=SpeakerKind(row.kind),
            description=row.description,
            aliases=tuple(
                dict.fromkeys(
                    alias
                    for member in belongs[row.id]
                    for alias in names[member]
                    if alias != row.name
                )
            ),
            merged_into=heads.get(row.merged_into_id),
            merged=tuple(merged[row.id]),
            protected=row.protected,
            claims=len(set().union(*(claims[member] for member in belongs[row.id]))),
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
            version=row.version,
        )
        for row in (rows[number] for number in ids)
    ]


def _count_claims(connection: Connection, ids: Sequence[int]) -> defaultdict[int, set[int]]:
    """The claims that speakers stand under, by speaker."""
    claims: defaultdict[int, set[int]] = defaultdict(set)
    for row in connection.execute(
        select(appearance.c.speaker_id, head_id(claim).label("claim_id"))
        .join(claim, claim.c.id == appearance.c.claim_id)
        .distinct()
        .where(appearance.c.speaker_id == func.any(list(ids)), appearance.c.withdrawn_at.is_(None))
    ):
        claims[row.speaker_id].add(row.claim_id)
    return claims


def claims_of(
    connection: Connection, speaker_id: int, *, limit: int | None = None
) -> list[ClaimLine]:
    """The standing appearances of a speaker and of those merged into it, newest claim first.

    A claim that was merged shows its head.
    """
    own = claim.alias("own")
    rows = connection.execute(
        lines_of(own, appearance.c.no)
        .join(appearance, appearance.c.claim_id == own.c.id)
        .where(
            appearance.c.speaker_id == func.any(identities(connection, speaker_id)),
            appearance.c.withdrawn_at.is_(None),
        )
        .order_by(claim.c.id.desc(), own.c.id != claim.c.id, own.c.id, appearance.c.no)
        .limit(limit)
    )
    return [claim_line(row) for row in rows]
