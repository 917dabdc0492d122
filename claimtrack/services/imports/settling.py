"""What staged rows become on record: statements that take thousands of rows at once.

Each step is one statement. Those that write name the actor themselves where they may (``by``),
for a column's default would be asked once a row.

What is on record is asked row by row, through an index, by subqueries that OFFSET 0 keeps apart:
the planner can't know how much an import has added to a table since it was last analyzed, and
would read all of it for each part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from claimtrack.errors import ConflictError
from claimtrack.services.imports.known import BY_UNDOING, KNOWN

#: The reason of the review that brings back such a claim.
REVIVED = "Import {} brought it back"

#: A claim that no person has moved yet.
UNRULED = f"""(
    claim.status = 'unverified' AND (claim.review_no = 0 OR EXISTS (
        SELECT FROM review AS latest
        WHERE latest.claim_id = claim.id AND latest.no = claim.review_no
            AND (latest.recorded_at {BY_UNDOING} OR latest.because LIKE 'Import % brought it back')
    ))
)"""

#: One import at a time: two that bring the same rows would make each of them twice.
LOCK = 7_205_759_403_792_794


def alone(connection: Connection) -> None:
    """Keep other imports out until the transaction ends.

    Raises:
        ConflictError: one is running.
    """
    if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK}):
        raise ConflictError("Another import is running here. Try again when it is done.")


@dataclass(frozen=True, slots=True)
class Run:
    """The run that rows are settled in; ``writes_all`` where the login is the owner's."""

    import_id: int
    origin: str
    actor: str
    writes_all: bool

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements ask for."""
        return {"import_id": self.import_id, "origin": self.origin, "actor": self.actor}


_PUBLISHERS = (
    """
    INSERT INTO publisher (name, name_key {by})
    SELECT name, name_key {actor} FROM staged_publisher AS staged
    WHERE NOT EXISTS (SELECT FROM publisher WHERE publisher.name_key = staged.name_key)
    ORDER BY name_key
    ON CONFLICT (name_key) DO NOTHING
    """,
    """
    UPDATE staged_publisher AS staged SET id = publisher.id
    FROM publisher WHERE publisher.name_key = staged.name_key
    """,
)

# A bare name goes to who is recorded under the bare name, else to the only one who has it.
_KNOWN_SPEAKERS = """
    UPDATE staged_speaker AS staged SET id = known.id
    FROM (
        SELECT DISTINCT ON (staged.name_key, staged.qualifier_key)
            staged.name_key, staged.qualifier_key,
            COALESCE(speaker.merged_into_id, speaker.id) AS id
        FROM staged_speaker AS staged
        CROSS JOIN LATERAL (
            SELECT * FROM speaker_alias
            WHERE speaker_alias.name_key = staged.name_key AND (
                speaker_alias.qualifier_key = staged.qualifier_key OR staged.qualifier_key = ''
            )
            OFFSET 0
        ) AS alias
        JOIN speaker ON speaker.id = alias.speaker_id
        ORDER BY staged.name_key, staged.qualifier_key,
            alias.qualifier_key <> staged.qualifier_key, alias.id
    ) AS known
    WHERE (known.name_key, known.qualifier_key) = (staged.name_key, staged.qualifier_key)
    """

_SPEAKERS = (
    _KNOWN_SPEAKERS,
    """
    WITH made AS (
        INSERT INTO speaker (name {by})
        SELECT written {actor} FROM staged_speaker WHERE id IS NULL ORDER BY written
        RETURNING id, name
    )
    INSERT INTO speaker_alias (speaker_id, name, name_key, qualifier, qualifier_key {by})
    SELECT made.id, staged.name, staged.name_key, staged.qualifier, staged.qualifier_key {actor}
    FROM staged_speaker AS staged JOIN made ON made.name = staged.written
    WHERE staged.id IS NULL
    """,
    _KNOWN_SPEAKERS,
)

_SOURCES = (
    """
    INSERT INTO source (url, host, source_key, title, publisher_id, agency_id, published_on,
        published_precision, published_text {by})
    SELECT staged.url, staged.host, staged.source_key, staged.title, publisher.id, agency.id,
        staged.published_on, staged.published_precision, staged.published_text {actor}
    FROM staged_source AS staged
    LEFT JOIN staged_publisher AS publisher ON publisher.name_key = staged.publisher_key
    LEFT JOIN staged_publisher AS agency ON agency.name_key = staged.agency_key
    WHERE NOT EXISTS (
        SELECT FROM source WHERE source.source_key = staged.source_key OFFSET 0
    )
    ON CONFLICT (source_key) DO NOTHING
    """,
    """
    UPDATE staged_source AS staged SET id = (
        SELECT source.id FROM source WHERE source.source_key = staged.source_key
    )
    """,
    # What a source on record lacks is filled in; what it has stands.
    """
    WITH lacking AS (
        SELECT staged.*, publisher.id AS publisher_id, agency.id AS agency_id
        FROM staged_source AS staged
        LEFT JOIN staged_publisher AS publisher ON publisher.name_key = staged.publisher_key
        LEFT JOIN staged_publisher AS agency ON agency.name_key = staged.agency_key
        CROSS JOIN LATERAL (
            SELECT * FROM source WHERE source.id = staged.id OFFSET 0
        ) AS known
        WHERE NOT known.protected AND (
            known.title IS NULL AND staged.title IS NOT NULL
            OR known.publisher_id IS NULL AND publisher.id IS NOT NULL
            OR known.agency_id IS NULL AND agency.id IS NOT NULL
            OR known.published_on IS NULL AND staged.published_on IS NOT NULL
        )
    )
    UPDATE source SET
        title = COALESCE(source.title, lacking.title),
        publisher_id = COALESCE(source.publisher_id, lacking.publisher_id),
        agency_id = COALESCE(source.agency_id, lacking.agency_id),
        published_on = COALESCE(source.published_on, lacking.published_on),
        published_precision = COALESCE(source.published_precision, lacking.published_precision),
        published_text = CASE WHEN source.published_on IS NULL
            THEN lacking.published_text ELSE source.published_text END
    FROM lacking WHERE source.id = lacking.id
    """,
)

_UNSETTLED = "NOT EXISTS (SELECT FROM settled WHERE settled.no = staged.no)"

_BY_NUMBER = f"""
    INSERT INTO settled (no, claim_id, outcome)
    SELECT staged.no, COALESCE(claim.merged_into_id, claim.id), 'known'
    FROM staged_claim AS staged
    CROSS JOIN LATERAL (
        SELECT * FROM claim
        WHERE claim.origin = :origin AND claim.external_id = staged.external_id
        OFFSET 0
    ) AS claim
    WHERE {_UNSETTLED}
    """

# A claim without a number of its own takes the number of the first row with its words.
_ADOPT = f"""
    WITH first AS (
        SELECT DISTINCT ON (staged.statement_key) staged.no, staged.external_id, free.id
        FROM staged_claim AS staged
        CROSS JOIN LATERAL (
            SELECT claim.id FROM claim
            WHERE claim.statement_key = staged.statement_key AND claim.external_id IS NULL
                AND claim.merged_into_id IS NULL
            ORDER BY claim.copy_no LIMIT 1
        ) AS free
        WHERE staged.external_id IS NOT NULL AND {_UNSETTLED}
        ORDER BY staged.statement_key, staged.no
    ), adopted AS (
        UPDATE claim SET origin = :origin, external_id = first.external_id
        FROM first WHERE claim.id = first.id
        RETURNING claim.id
    )
    INSERT INTO settled (no, claim_id, outcome)
    SELECT first.no, adopted.id, 'added' FROM first JOIN adopted USING (id)
    """

# What undoing took from a claim comes back with its row, unless another has the number by now.
_ADOPT_AGAIN = """
    WITH first AS (
        SELECT DISTINCT ON (claim.id) claim.id, staged.external_id
        FROM settled
        JOIN staged_claim AS staged USING (no)
        JOIN claim ON claim.id = settled.claim_id AND claim.external_id IS NULL
        WHERE settled.outcome = 'undone' AND settled.prior_claim_id = settled.claim_id
            AND staged.external_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM claim AS other
                WHERE other.origin = :origin AND other.external_id = staged.external_id
            )
        ORDER BY claim.id, staged.no
    )
    UPDATE claim SET origin = :origin, external_id = first.external_id
    FROM first WHERE claim.id = first.id
    """

_BY_STATEMENT = f"""
    INSERT INTO settled (no, claim_id, outcome)
    SELECT staged.no, known.id, 'known'
    FROM staged_claim AS staged
    CROSS JOIN LATERAL (
        SELECT COALESCE(claim.merged_into_id, claim.id) AS id FROM claim
        WHERE claim.statement_key = staged.statement_key
        ORDER BY claim.copy_no LIMIT 1
    ) AS known
    WHERE staged.external_id IS NULL AND {_UNSETTLED}
    """


def _create(told_by: str, which: str) -> str:
    """Claims for the rows that none is on record for: one for each number, or each statement."""
    return f"""
    WITH first AS (
        SELECT DISTINCT ON (staged.{told_by}) staged.*
        FROM staged_claim AS staged
        WHERE staged.external_id IS {which} AND {_UNSETTLED}
        ORDER BY staged.{told_by}, staged.no
    ), numbered AS (
        SELECT first.*, COALESCE((
            SELECT max(claim.copy_no) FROM claim
            WHERE claim.statement_key = first.statement_key
        ), 0) + row_number() OVER (PARTITION BY first.statement_key ORDER BY first.no) AS copy_no
        FROM first
    ), reaching AS (
        SELECT staged.no, count(DISTINCT source.origin) AS reach
        FROM staged_appearance AS staged
        JOIN staged_source USING (source_key)
        CROSS JOIN LATERAL (
            SELECT origin FROM source WHERE source.id = staged_source.id OFFSET 0
        ) AS source
        GROUP BY staged.no
    ), made AS (
        INSERT INTO claim (statement, statement_key, copy_no, kind, language, topics, priority,
            origin, external_id {{reach}} {{by}})
        SELECT statement, statement_key, copy_no, kind, language, topics, priority,
            CASE WHEN external_id IS NOT NULL THEN :origin END, external_id {{reached}} {{actor}}
        FROM numbered LEFT JOIN reaching USING (no)
        ORDER BY no
        RETURNING id, statement_key, copy_no
    )
    INSERT INTO settled (no, claim_id, outcome)
    SELECT numbered.no, made.id, 'created'
    FROM numbered JOIN made USING (statement_key, copy_no)
    """


_CLAIMS = (
    _ADOPT_AGAIN,
    _BY_NUMBER,
    _ADOPT,
    _create("external_id", "NOT NULL"),
    _BY_NUMBER,
    _BY_STATEMENT,
    _create("statement_key", "NULL"),
    _BY_STATEMENT,
)

# Claims that were set aside when an import was undone come back with their rows, and with those of
# other files.
_REVIVED = f"""
    INSERT INTO review (claim_id, no, from_status, status, because {{by}})
    SELECT DISTINCT claim.id, claim.review_no + 1, claim.status, 'unverified',
        'Import ' || CAST(:import_id AS text) || ' brought it back' {{actor}}
    FROM settled
    JOIN claim ON claim.id = settled.claim_id
    JOIN review ON review.claim_id = claim.id AND review.no = claim.review_no
    WHERE settled.outcome NOT IN ('unchanged', 'created') AND claim.status = 'set_aside'
        AND review.recorded_at {BY_UNDOING}
    """

_APPEARANCES = f"""
    WITH fresh AS (
        SELECT DISTINCT ON (settled.claim_id, source.id, speaker.id, staged.said_on, staged.quote,
                staged.place)
            settled.no, staged.position, settled.claim_id, speaker.id AS speaker_id,
            source.id AS source_id, staged.said_on, staged.said_precision, staged.said_text,
            staged.manner, staged.quote, staged.passage, staged.place
        FROM settled
        JOIN staged_appearance AS staged USING (no)
        JOIN staged_source AS source USING (source_key)
        LEFT JOIN staged_speaker AS speaker
            ON (speaker.name_key, speaker.qualifier_key) = (staged.name_key, staged.qualifier_key)
        WHERE settled.outcome <> 'unchanged' AND (
            settled.outcome <> 'changed'
            OR CASE staged.position WHEN 0 THEN settled.appearance_no IS NULL
                ELSE settled.more_appeared END
        ) AND (
            settled.outcome = 'created' OR NOT EXISTS (
                SELECT FROM appearance AS known
                WHERE known.claim_id = settled.claim_id AND known.source_id = source.id
                    AND known.speaker_id IS NOT DISTINCT FROM speaker.id
                    AND known.said_on IS NOT DISTINCT FROM staged.said_on
                    AND known.quote IS NOT DISTINCT FROM staged.quote
                    AND known.place IS NOT DISTINCT FROM staged.place
                    AND (known.withdrawn_at {BY_UNDOING}) IS NOT TRUE
            )
        )
        ORDER BY settled.claim_id, source.id, speaker.id, staged.said_on, staged.quote,
            staged.place, settled.no, staged.position
    ), numbered AS (
        SELECT fresh.*, COALESCE((
            SELECT max(appearance.no) FROM appearance WHERE appearance.claim_id = fresh.claim_id
        ), 0) + row_number() OVER (PARTITION BY claim_id ORDER BY no, position) AS appearance_no
        FROM fresh
    ), made AS (
        INSERT INTO appearance (claim_id, no, speaker_id, source_id, said_on, said_precision,
            said_text, manner, quote, passage, place {{by}})
        SELECT claim_id, appearance_no, speaker_id, source_id, said_on, said_precision, said_text,
            manner, quote, passage, place {{actor}}
        FROM numbered
        ORDER BY claim_id, appearance_no
    ), own AS (
        SELECT DISTINCT ON (no) no, position, appearance_no FROM numbered ORDER BY no, position
    )
    UPDATE settled SET
        appearance_no = CASE
            WHEN own.position = 0 AND (
                settled.outcome <> 'changed' OR settled.prior_claim_id = settled.claim_id
            ) THEN own.appearance_no
            ELSE settled.appearance_no END,
        outcome = CASE settled.outcome WHEN 'known' THEN 'added' ELSE settled.outcome END
    FROM own WHERE settled.no = own.no
    """

# The triggers leave it to a run of the owner's. What a claim was recorded with was counted then.
_REACH = """
    SELECT count_reach(lock_with_heads(ARRAY(
        SELECT DISTINCT claim_id FROM settled WHERE outcome NOT IN ('unchanged', 'created')
    )))
    """

_ASSESSMENTS = (
    f"""
    INSERT INTO assessment (claim_id, assessment_key, publisher_id, title, url, rating, verdict,
        rating_value, best_rating, worst_rating, published_on, published_precision,
        published_text, language, summary, original {{by}})
    SELECT claim_id, assessment_key, publisher_id, title, url, rating, verdict, rating_value,
        best_rating, worst_rating, published_on, published_precision, published_text, language,
        summary, original {{actor}}
    FROM (
        SELECT DISTINCT ON (settled.claim_id, staged.assessment_key) settled.claim_id,
            publisher.id AS publisher_id, staged.*
        FROM settled
        JOIN staged_assessment AS staged ON staged.no = settled.no
        LEFT JOIN staged_publisher AS publisher ON publisher.name_key = staged.publisher_key
        WHERE settled.outcome <> 'unchanged'
            AND (settled.outcome <> 'changed' OR settled.assessment_id IS NULL) AND NOT EXISTS (
            SELECT FROM assessment AS known
            WHERE known.claim_id = settled.claim_id
                AND known.assessment_key = staged.assessment_key
                AND (known.withdrawn_at {BY_UNDOING}) IS NOT TRUE
        )
        ORDER BY settled.claim_id, staged.assessment_key, staged.no
    ) AS fresh
    ORDER BY claim_id
    """,
    # Asked row by row: the planner can't know that fact-checks without title and URL share a key.
    # That of another house at the address is not the row's: what changes here is no change of it.
    """
    UPDATE settled SET assessment_id = (
        SELECT assessment.id FROM assessment
        WHERE assessment.claim_id = settled.claim_id
            AND assessment.assessment_key = staged.assessment_key
            AND assessment.withdrawn_at IS NULL
            AND (assessment.publisher_id <> (
                SELECT id FROM staged_publisher WHERE name_key = staged.publisher_key
            )) IS NOT TRUE
    )
    FROM staged_assessment AS staged
    WHERE staged.no = settled.no AND settled.outcome <> 'unchanged' AND (
        settled.outcome <> 'changed'
        OR settled.assessment_id IS NULL AND settled.prior_claim_id = settled.claim_id
    )
    """,
    """
    UPDATE settled SET outcome = 'added'
    WHERE outcome = 'known' AND (
        SELECT assessment.recorded_at = now() FROM assessment
        WHERE assessment.id = settled.assessment_id
    )
    """,
)

_EVIDENCE = f"""
    WITH fresh AS (
        SELECT DISTINCT ON (settled.claim_id, source.id, staged.stance, staged.excerpt)
            settled.no, settled.claim_id, source.id AS source_id, staged.stance, staged.excerpt,
            staged.place
        FROM settled
        JOIN staged_evidence AS staged USING (no)
        JOIN staged_source AS source USING (source_key)
        JOIN claim ON claim.id = settled.claim_id
        WHERE settled.outcome <> 'unchanged' AND (
            settled.outcome <> 'changed' OR settled.more_evidence OR {UNRULED}
                AND EXISTS (SELECT FROM staged_ruling AS ruled WHERE ruled.no = settled.no)
        ) AND NOT EXISTS (
            SELECT FROM evidence AS known
            WHERE known.claim_id = settled.claim_id AND known.source_id = source.id
                AND known.stance = staged.stance
                AND known.excerpt IS NOT DISTINCT FROM staged.excerpt
                AND (known.withdrawn_at {BY_UNDOING}) IS NOT TRUE
        )
        ORDER BY settled.claim_id, source.id, staged.stance, staged.excerpt, settled.no
    ), made AS (
        INSERT INTO evidence (claim_id, source_id, stance, excerpt, place {{by}})
        SELECT claim_id, source_id, stance, excerpt, place {{actor}}
        FROM fresh ORDER BY claim_id, no
    )
    UPDATE settled SET outcome = 'added'
    FROM fresh WHERE settled.no = fresh.no AND settled.outcome = 'known'
    """

_FIGURES = """
    INSERT INTO figure (claim_id, comparator, low, high, unit, counted, place, on_date,
        on_precision, since_date, since_precision {by})
    SELECT settled.claim_id, told.comparator, told.low, told.high, told.unit, told.counted,
        told.place, told.on_date, told.on_precision, told.since_date, told.since_precision {actor}
    FROM settled
    JOIN staged_claim AS staged USING (no)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::figure, staged.figure) AS told
    WHERE settled.outcome = 'created' AND staged.figure IS NOT NULL
    """

_NOTES = """
    INSERT INTO note (claim_id, body {by})
    SELECT DISTINCT settled.claim_id, staged.note {actor}
    FROM settled JOIN staged_claim AS staged USING (no)
    WHERE staged.note IS NOT NULL AND settled.outcome <> 'unchanged' AND NOT EXISTS (
        SELECT FROM note
        WHERE note.claim_id = settled.claim_id AND note.body = staged.note
    )
    """

# The desk's own word is taken over where nobody here has said one yet.
_RULINGS = (
    f"""
    WITH ruled AS (
        SELECT DISTINCT ON (claim.id) claim.id, claim.review_no + 1 AS next_no, claim.status AS was,
            staged.*
        FROM settled
        JOIN staged_ruling AS staged ON staged.no = settled.no
        JOIN claim ON claim.id = settled.claim_id
        WHERE settled.outcome <> 'unchanged' AND {UNRULED}
        ORDER BY claim.id, settled.no
    ), made AS (
        INSERT INTO review (claim_id, no, from_status, status, verdict, because, rating, reason
            {{by}})
        SELECT id, next_no, was, status, verdict, because, rating,
            CASE status WHEN 'set_aside' THEN 'out_of_scope' END {{actor}}
        FROM ruled
        RETURNING claim_id, no
    )
    INSERT INTO review_evidence (claim_id, review_no, evidence_id)
    SELECT made.claim_id, made.no, evidence.id
    FROM made
    JOIN evidence ON evidence.claim_id = made.claim_id AND evidence.withdrawn_at IS NULL
    """,
    f"""
    INSERT INTO publication (claim_id, review_no, url, published_on, headline {{by}})
    SELECT DISTINCT ON (claim.id) claim.id, claim.review_no, staged.url, staged.published_on,
        COALESCE(staged.headline, left(claim.statement, 1000)) {{actor}}
    FROM settled
    JOIN staged_ruling AS staged USING (no)
    JOIN claim ON claim.id = settled.claim_id
    WHERE settled.outcome <> 'unchanged' AND claim.status = 'checked'
        AND claim.verdict = staged.verdict
        AND staged.url IS NOT NULL AND staged.published_on IS NOT NULL AND NOT EXISTS (
            SELECT FROM publication
            WHERE publication.claim_id = claim.id
                AND (publication.withdrawn_at {BY_UNDOING}) IS NOT TRUE
        )
    ORDER BY claim.id, settled.no
    """,
)

_ROWS = """
    INSERT INTO import_row (import_id, no, line, row_key, outcome, claim_id, appearance_no,
        assessment_id, digests)
    SELECT :import_id, staged.no, staged.line, staged.row_key,
        CASE settled.outcome WHEN 'undone' THEN 'revived' WHEN 'changed' THEN 'updated'
            ELSE settled.outcome END,
        CASE settled.outcome WHEN 'changed' THEN settled.prior_claim_id
            ELSE settled.claim_id END,
        settled.appearance_no, settled.assessment_id, staged.digests
    FROM settled JOIN staged_claim AS staged USING (no)
    WHERE settled.outcome NOT IN ('unchanged', 'known')
    ORDER BY staged.no
    """

#: What is done for each part of a file before its changed rows are looked at, and after.
STAGES: dict[str, tuple[str, ...]] = {
    "publishers": _PUBLISHERS,
    "speakers": _SPEAKERS,
    "sources": _SOURCES,
    "rows known": KNOWN,
    "claims": _CLAIMS,
    "revived": (_REVIVED,),
    "appearances": (_APPEARANCES, _REACH),
    "fact-checks": _ASSESSMENTS,
    "evidence": (_EVIDENCE,),
    "figures and notes": (_FIGURES, _NOTES),
    "reviews": _RULINGS,
    "rows": (_ROWS,),
}


#: Stages that only some rows need: without any, a login need not be allowed what they do.
_FOR = {
    "revived": f"""settled
        JOIN claim ON claim.id = settled.claim_id AND claim.status = 'set_aside'
        JOIN review ON review.claim_id = claim.id AND review.no = claim.review_no
        WHERE settled.outcome NOT IN ('unchanged', 'created')
            AND review.recorded_at {BY_UNDOING}""",
    "fact-checks": "staged_assessment",
    "evidence": "staged_evidence",
    "reviews": "staged_ruling",
}


def statements(stage: str, run: Run) -> Iterator[str]:
    """The statements of a stage, as this run makes them."""
    own = run.writes_all
    for statement in STAGES[stage]:
        if statement == _REACH and not own:
            continue
        yield statement.format(
            by=", recorded_by" if own else "",
            actor=", :actor" if own else "",
            reach=", reach" if own else "",
            reached=", COALESCE(reach, 0)" if own else "",
        )


def settle(connection: Connection, stage: str, run: Run) -> None:
    """Do one stage for what is staged."""
    if stage in _FOR and not connection.scalar(text(f"SELECT EXISTS (SELECT FROM {_FOR[stage]})")):
        return
    for statement in statements(stage, run):
        names = {name: value for name, value in run.parameters.items() if f":{name}" in statement}
        connection.execute(text(statement), names)
