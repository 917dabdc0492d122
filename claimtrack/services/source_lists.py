"""Sources as they are shown: with what is filed for them, and the claims that rest on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, func, or_, select

from claimtrack.errors import NotFoundError
from claimtrack.keys import clean_text, word_key
from claimtrack.models.claims import appearance, claim
from claimtrack.models.people import publisher
from claimtrack.models.reviews import evidence
from claimtrack.models.sources import capture, source
from claimtrack.services.claim_lines import claim_line, lines_of
from claimtrack.services.sources import find
from claimtrack.services.stories import head_id, load_sources
from claimtrack.services.views import CaptureView, ClaimLine, SourceView
from claimtrack.vocab import SourceKind


def list_sources(
    connection: Connection,
    *,
    text: str | None = None,
    house: str | None = None,
    kind: SourceKind | None = None,
    limit: int | None = None,
    after: int = 0,
) -> list[SourceView]:
    """Sources in the order recorded.

    ``text`` keeps those with it in title, address or external id, without regard to case;
    ``house`` those of a publisher or agency of that name; ``after`` is the last id of the page
    before.

    Raises:
        NotFoundError: no publisher has this name.
    """
    query = select(source.c.id).where(source.c.id > after)
    if text is not None:
        wanted = clean_text(text, "text to look for", limit=1000)
        query = query.where(
            or_(
                *(
                    column.icontains(wanted, autoescape=True)
                    for column in (source.c.title, source.c.url, source.c.external_id)
                )
            )
        )
    if house is not None:
        name = clean_text(house, "publisher's name", limit=300)
        number = connection.scalar(
            select(publisher.c.id).where(publisher.c.name_key == word_key(name))
        )
        if number is None:
            raise NotFoundError(
                f'There is no publisher "{name}" on record.', next_command="claimtrack source list"
            )
        query = query.where(or_(source.c.publisher_id == number, source.c.agency_id == number))
    if kind is not None:
        query = query.where(source.c.kind == kind.value)
    return _load(connection, connection.scalars(query.order_by(source.c.id).limit(limit)).all())


def show(connection: Connection, reference: str) -> SourceView:
    """The source of a number or an address.

    Raises:
        NotFoundError: there is none.
        InvalidDataError: the reference is neither.
    """
    return _load(connection, [find(connection, reference).id])[0]


def _load(connection: Connection, ids: Sequence[int]) -> list[SourceView]:
    """Sources with their captures and counts, in the order of ``ids``."""
    wanted = func.any(list(ids))
    refs = load_sources(connection, ids)
    claims, pieces = (
        {
            row.source_id: row.claims
            for row in connection.execute(
                select(table.c.source_id, func.count(head_id(claim).distinct()).label("claims"))
                .join(claim, claim.c.id == table.c.claim_id)
                .where(table.c.source_id == wanted, table.c.withdrawn_at.is_(None))
                .group_by(table.c.source_id)
            )
        }
        for table in (appearance, evidence)
    )
    rows = connection.execute(
        select(
            source.c.id,
            source.c.external_id,
            source.c.language,
            source.c.protected,
            source.c.recorded_at,
            source.c.recorded_by,
            source.c.version,
            # A column that whoever may file anything sees, too.
            func.has_column_privilege("capture", "sha256", "SELECT").label("sees_captures"),
        ).where(source.c.id == wanted)
    ).all()
    captures = _captures(connection, ids) if any(row.sees_captures for row in rows) else None
    views = {
        row.id: SourceView(
            ref=refs[row.id],
            external_id=row.external_id,
            language=row.language,
            captures=None if captures is None else tuple(captures[row.id]),
            protected=row.protected,
            claims=claims.get(row.id, 0),
            evidence=pieces.get(row.id, 0),
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
            version=row.version,
        )
        for row in rows
    }
    return [views[number] for number in ids]


def _captures(connection: Connection, ids: Sequence[int]) -> defaultdict[int, list[CaptureView]]:
    """What is filed for sources, never its content: a page of them may have gigabytes of it."""
    captures: defaultdict[int, list[CaptureView]] = defaultdict(list)
    for filed in connection.execute(
        select(*(column for column in capture.c if column.name != "content"), source.c.protected)
        .join(source, source.c.id == capture.c.source_id)
        .where(capture.c.source_id == func.any(list(ids)))
        .order_by(capture.c.id)
    ):
        captures[filed.source_id].append(
            CaptureView(
                id=filed.id,
                sha256=None if filed.protected else filed.sha256.hex(),
                byte_count=filed.byte_count,
                file_name=None if filed.protected else filed.file_name,
                media_type=filed.media_type,
                recorded_at=filed.recorded_at,
                recorded_by=filed.recorded_by,
            )
        )
    return captures


def file_names(connection: Connection, source_id: int) -> list[str]:
    """The names of the files that were filed for a source."""
    return list(
        connection.scalars(
            select(capture.c.file_name)
            .distinct()
            .where(capture.c.source_id == source_id, capture.c.file_name.is_not(None))
        )
    )


def claims_in(
    connection: Connection, source_id: int, *, limit: int | None = None
) -> list[ClaimLine]:
    """The claims that appear in a source, in the order recorded; of a merged one, its head."""
    own = claim.alias("own")
    rows = connection.execute(
        lines_of(own, appearance.c.no)
        .join(appearance, appearance.c.claim_id == own.c.id)
        .where(appearance.c.source_id == source_id, appearance.c.withdrawn_at.is_(None))
        .order_by(claim.c.id, own.c.id != claim.c.id, own.c.id, appearance.c.no)
        .limit(limit)
    )
    return [claim_line(row) for row in rows]


def evidence_from(
    connection: Connection, source_id: int, *, limit: int | None = None
) -> list[ClaimLine]:
    """The claims that a source is evidence on, in the order attached; of a merged one, its head."""
    own = claim.alias("own")
    rows = connection.execute(
        lines_of(own, evidence.c.id.label("no"), evidence.c.stance)
        .join(evidence, evidence.c.claim_id == own.c.id)
        .where(evidence.c.source_id == source_id, evidence.c.withdrawn_at.is_(None))
        .order_by(evidence.c.id)
        .limit(limit)
    )
    return [claim_line(row) for row in rows]
