"""What must hold of rows that were taken in at once, past the triggers that see to it otherwise.

Each check is a query for the first row that breaks a rule. What can't be told from a record that
came about lawfully is not refused: evidence that was withdrawn, parted or reprinted only after the
verdict that rests on it. Reports list such a verdict as undermined, here as there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from claimtrack.errors import InvalidDataError
from claimtrack.keys import document_key, statement_key, word_key
from claimtrack.models.redacting import MARKER
from claimtrack.names import name_key
from claimtrack.services.ratings import label_key
from claimtrack.urls import url_host, url_key


class Broken(NamedTuple):
    """A row that breaks a rule: its table, its key by column, and the rule in words."""

    table: str
    key: dict[str, str]
    reason: str


#: Table, the columns of its key, the rule, and a query for keys of rows that break it.
_RULES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "claim",
        ("id",),
        "its status, verdict and day to look again are not those of its latest review",
        """
        SELECT claim.id FROM claim
        LEFT JOIN review ON review.claim_id = claim.id AND review.no = claim.review_no
        WHERE (claim.status, claim.verdict, claim.recheck_on)
                IS DISTINCT FROM (COALESCE(review.status, 'unverified'), review.verdict,
                    review.recheck_on)
            OR (claim.review_no = 0) <> (review.no IS NULL)
            OR EXISTS (
                SELECT FROM review AS later
                WHERE later.claim_id = claim.id AND later.no > claim.review_no
            )
        """,
    ),
    (
        "review",
        ("claim_id", "no"),
        "it changes a verdict into the same one",
        """
        SELECT review.claim_id, review.no FROM review
        JOIN review AS before ON before.claim_id = review.claim_id AND before.no = review.no - 1
        WHERE review.change IS NOT NULL
            AND before.verdict = COALESCE(review.verdict, review.proposed_verdict)
        """,
    ),
    (
        "review",
        ("claim_id", "no"),
        "its verdict has no evidence to rest on",
        """
        SELECT claim_id, no FROM review
        WHERE COALESCE(verdict, proposed_verdict) NOT IN ('unproven', 'unverifiable')
            AND decision IS DISTINCT FROM 'rejected'
            AND NOT EXISTS (
                SELECT FROM review_evidence
                JOIN evidence ON evidence.id = review_evidence.evidence_id
                WHERE review_evidence.claim_id = review.claim_id
                    AND review_evidence.review_no = review.no
                    -- Of two transactions side by side the one that began first may end last.
                    AND (evidence.withdrawn_at IS NULL
                        OR evidence.withdrawn_at > review.recorded_at - interval '1 hour')
                    AND CASE COALESCE(verdict, proposed_verdict)
                        WHEN 'true' THEN evidence.stance = 'supports'
                        WHEN 'false' THEN evidence.stance = 'refutes'
                        ELSE true
                    END
            )
        """,
    ),
    (
        "review",
        ("claim_id", "no"),
        "it approves what was not proposed, or is by the one who proposed it",
        f"""
        SELECT review.claim_id, review.no FROM review
        JOIN review AS proposal
            ON proposal.claim_id = review.claim_id AND proposal.no = review.no - 1
        WHERE review.decision = 'approved' AND (
            (review.verdict, review.change, review.recheck_on)
                IS DISTINCT FROM (proposal.proposed_verdict, proposal.change, proposal.recheck_on)
            OR review.rating IS DISTINCT FROM proposal.rating
                AND '{MARKER}' NOT IN (review.rating, proposal.rating)
            OR person_key(review.recorded_by) = person_key(proposal.recorded_by)
        )
        """,  # noqa: S608
    ),
    (
        "review",
        ("claim_id", "no"),
        "it rejects a proposal, and gives back something else than what stood before",
        f"""
        SELECT review.claim_id, review.no FROM review
        JOIN review AS proposal
            ON proposal.claim_id = review.claim_id AND proposal.no = review.no - 1
        LEFT JOIN review AS stood
            ON stood.claim_id = review.claim_id AND stood.no = review.no - 2
        WHERE review.decision = 'rejected' AND (
            (review.status, review.verdict, review.recheck_on)
                IS DISTINCT FROM (proposal.from_status, stood.verdict, stood.recheck_on)
            OR review.rating IS DISTINCT FROM stood.rating
                AND '{MARKER}' NOT IN (review.rating, stood.rating)
        )
        """,  # noqa: S608
    ),
    (
        "review",
        ("claim_id", "no"),
        "it decides on a proposal, and rests on other evidence",
        """
        SELECT claim_id, no FROM review
        WHERE decision IS NOT NULL AND (
            SELECT array_agg(evidence_id ORDER BY evidence_id) FROM review_evidence AS piece
            WHERE piece.claim_id = review.claim_id AND piece.review_no = review.no
        ) IS DISTINCT FROM (
            SELECT array_agg(evidence_id ORDER BY evidence_id) FROM review_evidence AS piece
            WHERE piece.claim_id = review.claim_id
                AND piece.review_no = review.no - CASE decision WHEN 'approved' THEN 1 ELSE 2 END
        )
        """,
    ),
    *(
        (
            table,
            ("id",),
            f"the {table} that it was merged into was merged itself",
            f"""
            SELECT merged.id FROM {table} AS merged
            JOIN {table} AS head ON head.id = merged.merged_into_id
            WHERE head.merged_into_id IS NOT NULL
            """,  # noqa: S608 - names of our own
        )
        for table in ("claim", "speaker")
    ),
    (
        "speaker",
        ("id",),
        "it was merged with another, and only one of the two is protected",
        """
        SELECT merged.id FROM speaker AS merged
        JOIN speaker AS head ON head.id = merged.merged_into_id
        WHERE head.protected <> merged.protected
        """,
    ),
    (
        "speaker_alias",
        ("id",),
        "a protected speaker has its pseudonym, and no other name",
        """
        SELECT max(alias.id) AS id FROM speaker_alias AS alias
        JOIN speaker ON speaker.id = alias.speaker_id
        WHERE speaker.protected AND NOT alias.protected
        GROUP BY alias.speaker_id HAVING count(*) > 1
        UNION ALL
        SELECT alias.id FROM speaker_alias AS alias
        JOIN speaker ON speaker.id = alias.speaker_id
        WHERE alias.protected AND NOT (speaker.protected AND alias.name = '[protected]')
        """,
    ),
    *(
        (
            table,
            ("claim_id", "no"),
            "it is against a review without a verdict",
            f"""
            SELECT one.claim_id, one.no FROM {table} AS one
            JOIN review ON review.claim_id = one.claim_id AND review.no = one.review_no
            WHERE review.verdict IS NULL
            """,  # noqa: S608
        )
        for table in ("objection", "challenge")
    ),
    *(
        (
            table,
            ("claim_id",),
            f"the numbers of its {table}s have a gap",
            f"""
            SELECT claim_id FROM {table} GROUP BY claim_id
            HAVING min(no) <> 1 OR max(no) <> count(*)
            """,  # noqa: S608
        )
        for table in ("appearance", "objection", "challenge")
    ),
    (
        "speaker",
        ("id",),
        "no name leads to it",
        """
        SELECT id FROM speaker WHERE merged_into_id IS NULL
            AND NOT EXISTS (SELECT FROM speaker_alias WHERE speaker_id = speaker.id)
        """,
    ),
    (
        "publication",
        ("id",),
        "the review that was published has no verdict",
        """
        SELECT publication.id FROM publication
        JOIN review ON review.claim_id = publication.claim_id
            AND review.no = publication.review_no
        WHERE review.verdict IS NULL
        """,
    ),
)


def first_broken(connection: Connection) -> Broken | None:
    """The first row that breaks a rule, if any does."""
    for table, key, reason, query in _RULES:
        found = connection.exec_driver_sql(f"{query} ORDER BY 1 LIMIT 1").first()
        if found is not None:
            return Broken(table, dict(zip(key, map(str, found), strict=True)), reason)
    return next(_wrong_keys(connection), None)


# --- Keys ----------------------------------------------------------------------------------------


def _wrong_keys(connection: Connection) -> Iterator[Broken]:
    """Rows whose key is not what is made of their texts; of redacted ones it can't be."""
    for table, query, fits in _KEYS:
        rows = connection.exec_driver_sql(query, execution_options={"yield_per": 1000})
        try:
            for row in rows:
                if not _holds(fits, row):
                    yield Broken(table, {"id": str(row.id)}, "its key is not that of its words")
        finally:
            rows.close()


def _holds(fits: object, row: object) -> bool:
    try:
        return bool(fits(row))  # type: ignore[operator]
    except InvalidDataError:  # no address, or no name
        return False


#: Whether a row was redacted, or what it is told by was.
_UNTOLD = """
    NOT EXISTS (
        SELECT FROM redaction WHERE table_name = '{table}' AND row_key = told.id::text
            AND field IN ({fields})
    )
"""


def _query(table: str, columns: str, fields: str, more: str = "") -> str:
    quoted = ", ".join(f"'{field}'" for field in fields.split())
    return (
        f"SELECT told.id, {columns} FROM {table} AS told {more}"  # noqa: S608
        f" {'AND' if 'WHERE' in more else 'WHERE'} {_UNTOLD.format(table=table, fields=quoted)}"
    )


_KEYS = (
    (
        "rating_scale",
        "SELECT id, name, name_key FROM rating_scale",
        lambda row: row.name_key == label_key(row.name),
    ),
    (
        "rating",
        "SELECT id, label, label_key FROM rating",
        lambda row: row.label_key == label_key(row.label),
    ),
    (
        "assessment",
        _query("assessment", "url, assessment_key", "url title", "WHERE url IS NOT NULL"),
        lambda row: row.assessment_key == url_key(row.url),
    ),
    (
        "claim",
        _query("claim", "statement, statement_key", "statement"),
        lambda row: row.statement_key == statement_key(row.statement),
    ),
    (
        "publisher",
        _query("publisher", "name, name_key", "name"),
        lambda row: row.name_key == word_key(row.name),
    ),
    (
        "speaker_alias",
        _query(
            "speaker_alias",
            "name, name_key, qualifier, qualifier_key",
            "name qualifier",
            # Of one that was redacted with its speaker, no redaction tells.
            f"WHERE NOT protected AND name <> '{MARKER}'",
        ),
        lambda row: (
            (row.name_key, row.qualifier_key)
            == (name_key(row.name), word_key(row.qualifier) if row.qualifier else "")
        ),
    ),
    (
        "source",
        _query("source", "url, host, source_key", "url title external_id", "WHERE url IS NOT NULL"),
        lambda row: (row.source_key, row.host) == (url_key(row.url), url_host(row.url)),
    ),
    (
        "source",
        _query(
            "source",
            "told.title, told.external_id, told.source_key, publisher.name AS publisher",
            "url title external_id",
            "LEFT JOIN publisher ON publisher.id = told.publisher_id"
            " WHERE url IS NULL AND NOT protected AND NOT EXISTS (SELECT FROM redaction"
            " WHERE table_name = 'publisher' AND row_key = publisher.id::text)",
        ),
        lambda row: row.source_key == document_key(row.publisher, row.title, row.external_id),
    ),
)
