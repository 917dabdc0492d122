"""The texts in which claims are found, each with where it stands.

They are those whose stems `claimtrack.services.matching.texts` gives to the postings: nothing that
was withdrawn, redacted or protected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from claimtrack.models.redacting import MARKER
from claimtrack.searching.query import Node
from claimtrack.searching.reading import Text, fits
from claimtrack.services.matching.texts import FACT_CHECKS, TEXT_LIMIT


class Told(NamedTuple):
    """A text of a claim. ``field`` says which; ``appearance`` is the address of where it stands."""

    field: str
    appearance: str | None
    text: str
    language: str


def texts_of(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[Told]]:
    """The texts of claims and of those merged into them, by the claims' ids, statements first."""
    members = connection.execute(text(_MEMBERS), {"ids": list(claim_ids)}).all()
    found: dict[int, list[Told]] = {number: [] for number in claim_ids}
    of = {row.id: (row.head_id, row.language) for row in members}
    ids = {"ids": list(of)}

    def tell(number: int, field: str, no: int | None, said: str | None) -> None:
        if said and said != MARKER:
            head, language = of[number]
            address = None if no is None else f"{number}.{no}"
            found[head].append(Told(field, address, " ".join(said.split()), language))

    for row in members:
        tell(row.id, "statement", None, row.statement)
    appearances = connection.execute(text(_APPEARANCES), ids).all()
    for row in appearances:
        tell(row.claim_id, "quote", row.no, row.quote)
        tell(row.claim_id, "passage", row.no, row.passage)
    for row in connection.execute(
        text(_ASSESSMENTS), {**ids, "limit": TEXT_LIMIT, "most": FACT_CHECKS}
    ):
        tell(row.claim_id, "fact_check", None, row.title)
        tell(row.claim_id, "fact_check", None, row.summary)
    for row in appearances:
        tell(row.claim_id, "source", row.no, row.title)
    speakers = {row.head_id for row in appearances if row.head_id is not None}
    names: dict[int, list[str]] = {}
    for row in connection.execute(text(_NAMES), {"ids": list(speakers)}) if speakers else ():
        names.setdefault(row.head_id, []).append(row.name)
    for row in appearances:
        for name in names.get(row.head_id, ()):
            tell(row.claim_id, "speaker", row.no, name)
    return found


def having(connection: Connection, node: Node, claim_ids: Iterable[int]) -> set[int]:
    """Those of the claims whose texts have what is looked for."""
    found = texts_of(connection, list(claim_ids))
    return {
        number
        for number, told in found.items()
        if fits(node, [Text.read(one.text, one.language) for one in told])
    }


_MEMBERS = """
    SELECT id, id AS head_id, statement, language FROM claim WHERE id = ANY (:ids)
    UNION ALL
    (SELECT id, merged_into_id, statement, language FROM claim WHERE merged_into_id = ANY (:ids)
     ORDER BY id)
"""

_APPEARANCES = """
    SELECT claim_id, no, passage, NULLIF(quote, passage) AS quote, source.title,
        COALESCE(speaker.merged_into_id, speaker.id) AS head_id
    FROM appearance
    JOIN source ON source.id = appearance.source_id
    LEFT JOIN speaker ON speaker.id = appearance.speaker_id
    WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL
    ORDER BY claim_id, no
"""

_ASSESSMENTS = """
    SELECT claim_id, title, summary FROM (
        SELECT id, claim_id, left(title, :limit) AS title, left(summary, :limit) AS summary,
            row_number() OVER (PARTITION BY claim_id ORDER BY id) AS place
        FROM assessment WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL
    ) AS numbered
    WHERE place <= :most ORDER BY id
"""

_NAMES = """
    WITH own AS (
        SELECT id, id AS head_id, name FROM speaker WHERE id = ANY (:ids)
        UNION ALL
        SELECT id, merged_into_id, name FROM speaker WHERE merged_into_id = ANY (:ids)
    )
    SELECT head_id, name FROM own
    UNION
    SELECT head_id, concat_ws(' ', speaker_alias.name, NULLIF(speaker_alias.qualifier, :marker))
    FROM own JOIN speaker_alias ON speaker_alias.speaker_id = own.id
    WHERE NOT speaker_alias.protected AND speaker_alias.name <> :marker
    ORDER BY head_id, name
""".replace(":marker", f"'{MARKER}'")
