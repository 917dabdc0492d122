"""Which rows on record the staged ones are: the same, a change of them, or one that was taken back.

A row is looked for by its key among the rows of all imports, and of these by what it told then.
"""

from __future__ import annotations

#: What was taken back by undoing an import: it was so in that very transaction, whatever reasons
#: people write. It comes again with the file; what people have withdrawn stays so.
BY_UNDOING = "= ANY (ARRAY(SELECT undone_at FROM import WHERE undone_at IS NOT NULL))"

# A fact-check of another house, or at another address, is no change of the one that is known.
_OTHER_CHECK = """(known.digests -> 'publisher' <> known.now -> 'publisher'
                    OR known.digests -> 'review_url' <> known.now -> 'review_url')"""

# All rows of the same key, but those that a later one tells the newer values of. What an import
# changed is known no more once it was undone, and so is what it brought back, unless that stayed.
# What another origin told later makes a row none the less known to its own: only what has changed
# there since is news.
# Of a row whose claim or link was taken back any later row that stands tells: what came back with
# that has another number.
_STANDING = f"""
    SELECT staged.no AS staged_no, staged.digests AS now, prior.*, head.id AS head_id, taken.back,
        prior.digests = staged.digests AS same, import.origin = :origin AS own
    FROM staged_claim AS staged
    CROSS JOIN LATERAL (
        SELECT * FROM import_row WHERE import_row.row_key = staged.row_key OFFSET 0
    ) AS prior
    JOIN import ON import.id = prior.import_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(claim.merged_into_id, claim.id) AS id, claim.status, claim.review_no
        FROM claim WHERE claim.id = prior.claim_id OFFSET 0
    ) AS head
    CROSS JOIN LATERAL (
        SELECT (
            head.status = 'set_aside' AND EXISTS (
                SELECT FROM review
                WHERE review.claim_id = prior.claim_id AND review.no = head.review_no
                    AND review.recorded_at {BY_UNDOING}
            ) OR EXISTS (
                SELECT FROM appearance
                WHERE appearance.claim_id = prior.claim_id AND appearance.no = prior.appearance_no
                    AND appearance.withdrawn_at {BY_UNDOING}
            ) OR EXISTS (
                SELECT FROM assessment
                WHERE assessment.id = prior.assessment_id
                    AND assessment.withdrawn_at {BY_UNDOING}
            ) OR import.undone_at IS NOT NULL
                AND prior.appearance_no IS NULL AND prior.assessment_id IS NULL
        ) AS back OFFSET 0
    ) AS taken
    WHERE NOT (
        import.undone_at IS NOT NULL
        AND (prior.outcome = 'updated' OR prior.outcome = 'revived' AND taken.back)
    ) AND NOT EXISTS (
        SELECT FROM import_row AS later JOIN import AS latest ON latest.id = later.import_id
        WHERE later.row_key = prior.row_key
            AND (later.import_id, later.no) > (prior.import_id, prior.no)
            AND (
                later.claim_id = prior.claim_id
                AND later.appearance_no IS NOT DISTINCT FROM prior.appearance_no
                AND COALESCE(prior.assessment_id = later.assessment_id, true)
                AND NOT (latest.undone_at IS NOT NULL AND later.outcome IN ('updated', 'revived'))
                AND (
                    import.undone_at IS NOT NULL OR import.origin <> :origin
                    OR latest.origin = :origin
                )
                OR later.claim_id IN (prior.claim_id, head.id)
                AND taken.back AND latest.undone_at IS NULL AND later.import_id <> :import_id
            )
        OFFSET 0
    )
    """

#: The latest that is known of each row by its key: the same values, else the same source and
#: speaker (and of several fact-checks the one that it tells of), else the only row of that number,
#: unless this run has seen that one in another row.
KNOWN = (
    f"""
    WITH known AS (
        SELECT standing.*,
            min(COALESCE(appearance_no, 0)) OVER each = max(COALESCE(appearance_no, 0)) OVER each
                AS only_one
        FROM ({_STANDING}) AS standing
        WINDOW each AS (PARTITION BY staged_no)
    )
    INSERT INTO settled (no, claim_id, outcome, same, prior_import_id, prior_no, prior_claim_id,
        appearance_no, assessment_id, more_appeared, more_evidence)
    SELECT DISTINCT ON (staged_no) staged_no, head_id,
        CASE WHEN back THEN 'undone' WHEN same THEN 'unchanged' ELSE 'changed' END,
        same, import_id, no, claim_id,
        CASE WHEN claim_id = head_id THEN appearance_no END,
        CASE WHEN claim_id = head_id THEN assessment_id END,
        (digests -> 'appearances', digests -> 'source')
            IS DISTINCT FROM (now -> 'appearances', now -> 'source'),
        digests -> 'evidence' IS DISTINCT FROM now -> 'evidence'
    FROM known
    WHERE same OR import_id <> :import_id
        AND NOT EXISTS (
            SELECT FROM touched
            WHERE (touched.import_id, touched.no) = (known.import_id, known.no) OFFSET 0
        )
        AND (
            (digests -> 'source', digests -> 'source_title', digests -> 'speaker')
                IS NOT DISTINCT FROM (now -> 'source', now -> 'source_title', now -> 'speaker')
            AND (
                now -> 'external_id' IS NOT NULL OR assessment_id IS NULL
                OR {_OTHER_CHECK} IS NOT TRUE
            )
            OR now -> 'external_id' IS NOT NULL AND only_one
        )
    ORDER BY staged_no, same DESC,
        ((digests -> 'review_url', digests -> 'publisher')
            IS NOT DISTINCT FROM (now -> 'review_url', now -> 'publisher')) DESC,
        own DESC, import_id DESC, no DESC
    """,
    # Of several rows that could be one, the first is, and before it the one that is the same.
    """
    DELETE FROM settled USING settled AS first
    WHERE settled.outcome <> 'unchanged' AND first.no <> settled.no
        AND (first.prior_import_id, first.prior_no) = (settled.prior_import_id, settled.prior_no)
        AND (first.same AND NOT settled.same
            OR first.same = settled.same AND first.no < settled.no)
    """,
    """
    INSERT INTO touched
    SELECT prior_import_id, prior_no FROM settled WHERE outcome <> 'changed'
    ON CONFLICT DO NOTHING
    """,
)
