"""The texts of claims that matching and search look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from claimtrack.matching.terms import main_language
from claimtrack.models.redacting import MARKER

#: Of a title or summary so much is a text of the claim itself: the beginning says what it is about.
TEXT_LIMIT = 1000
#: And of so many fact-checks, the first ones.
FACT_CHECKS = 8


@dataclass(slots=True)
class Texts:
    """The texts of one claim: ``others`` say the same as the statement, ``found`` only search sees.

    ``others`` are titles and summaries of fact-checks that others published; ``found`` are
    passages and quotes, names of speakers and titles of sources.
    """

    statement: str
    language: str
    others: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)


def load_texts(connection: Connection, claim_ids: Sequence[int]) -> dict[int, Texts]:
    """The texts of claims by id; what was withdrawn, redacted or protected is not among them."""
    texts = load_own_texts(connection, claim_ids)
    known = list(texts)  # what somebody commits in between is not asked for
    for row in connection.execute(text(_APPEARANCES), {"ids": known}):
        texts[row.claim_id].found += _shown((row.passage, row.quote, row.title))
    for number, names in load_speakers(connection, known).items():
        texts[number].found += names
    return texts


def load_speakers(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of those who are reported to have made claims, by claim."""
    said: dict[int, set[int]] = {}
    for row in connection.execute(text(_SPEAKERS), {"ids": list(claim_ids)}):
        said.setdefault(row.head_id, set()).add(row.claim_id)
    by_claim: dict[int, list[str]] = {}
    for head_id, names in load_names(connection, list(said)).items() if said else ():
        for number in said[head_id]:
            by_claim.setdefault(number, []).extend(names)
    return by_claim


def load_names(connection: Connection, head_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of speakers, and of those merged into them, by which their claims are found."""
    names: dict[int, list[str]] = {}
    for row in connection.execute(text(_NAMES), {"ids": list(head_ids)}):
        names.setdefault(row.head_id, []).extend(_shown((row.name,)))
    return names


def load_titles(connection: Connection, source_ids: Sequence[int]) -> dict[int, str]:
    """The titles of sources by which their claims are found."""
    titles = connection.execute(
        text("SELECT id, title FROM source WHERE id = ANY (:ids)"), {"ids": list(source_ids)}
    )
    return {row.id: row.title for row in titles if _shown((row.title,))}


def load_languages(connection: Connection) -> tuple[str, ...]:
    """The languages of the claims: a step in the index for each, not for each claim."""
    tags = connection.scalars(
        text(
            "WITH RECURSIVE tag (name) AS ("
            " SELECT min(language) FROM public.claim"
            " UNION ALL"
            " SELECT (SELECT min(language) FROM public.claim WHERE language > tag.name)"
            " FROM tag WHERE tag.name IS NOT NULL)"
            " SELECT name FROM tag WHERE name IS NOT NULL"
        )
    )
    return tuple(sorted({main_language(tag) for tag in tags})) or (main_language(None),)


def load_own_texts(connection: Connection, claim_ids: Sequence[int]) -> dict[int, Texts]:
    """As `load_texts`, without those that only search sees."""
    ids = {"ids": list(claim_ids)}
    texts = {
        row.id: Texts("" if row.statement == MARKER else row.statement, row.language)
        for row in connection.execute(
            text("SELECT id, statement, language FROM claim WHERE id = ANY (:ids)"), ids
        )
    }
    for number, others in load_others(connection, list(texts)).items():
        texts[number].others += others
    return texts


def load_others(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[str]]:
    """The titles and summaries of fact-checks that others published, by claim."""
    others: dict[int, list[str]] = {}
    asked = {"ids": list(claim_ids), "limit": TEXT_LIMIT, "most": FACT_CHECKS}
    for row in connection.execute(text(_ASSESSMENTS), asked):
        others.setdefault(row.claim_id, []).extend(_shown((row.title, row.summary)))
    return others


def load_days(connection: Connection, claim_ids: Sequence[int]) -> dict[int, list[dt.date]]:
    """The days on which claims were said, published and checked, where the day is known."""
    days: dict[int, list[dt.date]] = {}
    for row in connection.execute(text(_DAYS), {"ids": list(claim_ids)}):
        days.setdefault(row.claim_id, []).append(row.day)
    return days


def _shown(texts: Iterable[str | None]) -> list[str]:
    return [one for one in texts if one and one != MARKER]


_ASSESSMENTS = """
    SELECT claim_id, title, summary FROM (
        SELECT claim_id, left(title, :limit) AS title, left(summary, :limit) AS summary,
            row_number() OVER (PARTITION BY claim_id ORDER BY id) AS place
        FROM assessment WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL
    ) AS numbered
    WHERE place <= :most ORDER BY claim_id, place
"""

_APPEARANCES = """
    SELECT claim_id, passage, NULLIF(quote, passage) AS quote, source.title
    FROM appearance JOIN source ON source.id = appearance.source_id
    WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL
"""

_DAYS = """
    SELECT claim_id, published_on AS day FROM assessment
    WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL AND published_precision = 'day'
    UNION
    SELECT claim_id, said_on FROM appearance
    WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL AND said_precision = 'day'
    UNION
    SELECT claim_id, published_on FROM appearance JOIN source ON source.id = appearance.source_id
    WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL AND published_precision = 'day'
"""

_SPEAKERS = """
    SELECT DISTINCT claim_id, COALESCE(speaker.merged_into_id, speaker.id) AS head_id
    FROM appearance JOIN speaker ON speaker.id = appearance.speaker_id
    WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL
"""

#: Of a speaker and of all that were merged with it, every name that still leads there.
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
""".replace(":marker", f"'{MARKER}'")
