"""Rows that the record can't take, found before the database would refuse them all together."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from claimtrack.services.imports.settling import UNRULED, Run


class Refused(NamedTuple):
    """A staged row that can't be taken in, by its number in the file, and why."""

    no: int
    reason: str


_SEVERAL = """
    WITH several AS (
        SELECT staged.name_key, staged.name, string_agg(DISTINCT head.name, ' or ') AS names
        FROM staged_speaker AS staged
        CROSS JOIN LATERAL (
            SELECT * FROM speaker_alias WHERE speaker_alias.name_key = staged.name_key OFFSET 0
        ) AS alias
        JOIN speaker ON speaker.id = alias.speaker_id
        JOIN speaker AS head ON head.id = COALESCE(speaker.merged_into_id, speaker.id)
        WHERE staged.qualifier_key = ''
        GROUP BY staged.name_key, staged.name
        HAVING count(DISTINCT head.id) > 1 AND NOT bool_or(alias.qualifier_key = '')
    )
    SELECT DISTINCT told.no, '"' || several.name || '" can be ' || several.names
        || '. Write which of them in brackets, as there.' AS reason
    FROM several
    JOIN staged_appearance AS told ON told.name_key = several.name_key AND told.qualifier_key = ''
    """

# Row security shows them to those who may know; to others nothing is told, and nothing found.
_PROTECTED_SOURCES = """
    SELECT told.no, 'Its source is protected here, as source ' || hidden.source_id
        || ': taken in, it would be seen what it is.' AS reason
    FROM protected_source AS hidden
    JOIN staged_source AS staged
        ON staged.source_key = decode(hidden.identity ->> 'source_key', 'hex')
    JOIN (
        SELECT no, source_key FROM staged_appearance
        UNION ALL SELECT no, source_key FROM staged_evidence
    ) AS told USING (source_key)
    WHERE hidden.source_id IS NOT NULL
    """

_PROTECTED_SPEAKERS = """
    SELECT told.no, 'Its speaker is protected here, as speaker ' || hidden.speaker_id
        || ': write that number''s pseudonym.' AS reason
    FROM protected_source AS hidden
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(hidden.identity -> 'aliases')
            WHEN 'array' THEN hidden.identity -> 'aliases' ELSE '[]' END
    ) AS alias
    JOIN staged_appearance AS told ON told.name_key = alias ->> 'name_key'
    WHERE hidden.speaker_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM speaker_alias WHERE speaker_alias.name_key = told.name_key)
    """

_OTHER_WORDS = """
    SELECT staged.no, 'Its number ' || staged.external_id || ' is that of claim ' || claim.id
        || ', which says something else.' AS reason
    FROM settled
    JOIN staged_claim AS staged USING (no)
    JOIN claim ON claim.origin = :origin AND claim.external_id = staged.external_id
    WHERE settled.outcome = 'known' AND claim.statement_key <> staged.statement_key
        AND NOT EXISTS (
            SELECT FROM import_row AS prior
            WHERE prior.row_key = staged.row_key
                AND prior.digests -> 'statement' = staged.digests -> 'statement'
        )
    """

# A reprint is no second witness, and neither is where the claim was made.
_GROUNDLESS = f"""
    SELECT settled.no, 'The verdict ' || replace(staged.verdict, '_', '-')
        || ' needs evidence from elsewhere than where the claim was made.' AS reason
    FROM settled
    JOIN staged_ruling AS staged USING (no)
    JOIN claim ON claim.id = settled.claim_id
    WHERE settled.outcome <> 'unchanged' AND {UNRULED}
        AND staged.verdict IS NOT NULL AND staged.verdict NOT IN ('unproven', 'unverifiable')
        AND NOT EXISTS (
            SELECT FROM evidence
            WHERE evidence.claim_id = claim.id AND evidence.withdrawn_at IS NULL
                AND bears_witness(claim.id, evidence.source_id)
                AND evidence.stance = CASE staged.verdict WHEN 'true' THEN 'supports'
                    WHEN 'false' THEN 'refutes' ELSE evidence.stance END
        )
    """

# The digests of such a claim's rows are empty: which of its words a row would bring back, nobody
# can tell. What adds nothing may come again and again.
_FORGOTTEN = """
    SELECT settled.no, 'Words that a file brought to claim ' || settled.claim_id || ' were redacted'
        ' or protected since, and this row could bring them back. Leave it out; what is new in it,'
        ' add with: claimtrack appearance add ' || settled.claim_id AS reason
    FROM settled
    JOIN staged_claim AS staged USING (no)
    WHERE settled.claim_id IN (SELECT claim_id FROM forgotten) AND (
        settled.outcome = 'added' OR settled.outcome = 'known' AND EXISTS (
            SELECT FROM note
            WHERE note.claim_id = settled.claim_id AND note.body = staged.note
                AND note.recorded_at = now()
        )
    )
    """

#: Claims of which something was redacted or protected, with those that they were merged into: no
#: index knows them, so they are looked for once in a transaction, where a row adds to any claim.
_FORGOTTEN_CLAIMS = """
    CREATE TEMP TABLE forgotten ON COMMIT DROP AS
    SELECT DISTINCT COALESCE(claim.merged_into_id, claim.id) AS claim_id
    FROM import_row JOIN claim ON claim.id = import_row.claim_id
    WHERE import_row.digests = '{}'
    """
_ADDS = """
    SELECT EXISTS (
        SELECT FROM settled JOIN staged_claim AS staged USING (no)
        WHERE settled.outcome = 'added' OR settled.outcome = 'known' AND staged.note IS NOT NULL
    )
    """

#: What is looked at before a stage of settling.
_BEFORE = {
    "publishers": (_PROTECTED_SOURCES, _PROTECTED_SPEAKERS, _SEVERAL),
    "revived": (_OTHER_WORDS,),
    "reviews": (_GROUNDLESS,),
    "rows": (_FORGOTTEN,),
}


def refused_before(connection: Connection, stage: str, run: Run) -> list[Refused]:
    """The staged rows that a stage of settling could not take; each once."""
    found: dict[int, str] = {}
    for query in _BEFORE.get(stage, ()):
        if query is _FORGOTTEN and not _look_for_forgotten(connection):
            continue
        names = {"origin": run.origin} if ":origin" in query else {}
        for row in connection.execute(text(query), names):
            found.setdefault(row.no, row.reason)
    return [Refused(no, reason) for no, reason in found.items()]


def _look_for_forgotten(connection: Connection) -> bool:
    """Whether a row adds to a claim on record; then `forgotten` is there to ask."""
    if not connection.scalar(text(_ADDS)):
        return False
    if connection.scalar(text("SELECT to_regclass('pg_temp.forgotten') IS NULL")):
        connection.execute(text(_FORGOTTEN_CLAIMS))
    return True
