"""What an import refers to is looked up row by row; elided words are read anew; lists forget all.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

PINNED = "SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'"

REFER_ROWS = f"""
CREATE OR REPLACE FUNCTION refer_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
{PINNED} SET enable_seqscan = 'off' AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        WHERE NOT EXISTS (SELECT FROM import WHERE import.id = changed.import_id OFFSET 0)
            OR NOT EXISTS (SELECT FROM claim WHERE claim.id = changed.claim_id OFFSET 0)
            OR changed.appearance_no IS NOT NULL AND NOT EXISTS (
                SELECT FROM appearance
                WHERE appearance.claim_id = changed.claim_id
                    AND appearance.no = changed.appearance_no OFFSET 0
            )
            OR changed.assessment_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM assessment
                WHERE assessment.id = changed.assessment_id
                    AND assessment.claim_id = changed.claim_id OFFSET 0
            )
    ) THEN
        RAISE EXCEPTION 'a row of a file became what is not on record'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'refer_rows';
    END IF;
    RETURN NULL;
END $$
"""

# As it was.
REFER_ROWS_BEFORE = f"""
CREATE OR REPLACE FUNCTION refer_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
{PINNED} SET enable_seqscan = 'off' AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        WHERE NOT EXISTS (SELECT FROM import WHERE import.id = changed.import_id)
            OR NOT EXISTS (SELECT FROM claim WHERE claim.id = changed.claim_id)
            OR changed.appearance_no IS NOT NULL AND NOT EXISTS (
                SELECT FROM appearance
                WHERE appearance.claim_id = changed.claim_id
                    AND appearance.no = changed.appearance_no
            )
            OR changed.assessment_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM assessment
                WHERE assessment.id = changed.assessment_id
                    AND assessment.claim_id = changed.claim_id
            )
    ) THEN
        RAISE EXCEPTION 'a row of a file became what is not on record'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'refer_rows';
    END IF;
    RETURN NULL;
END $$
"""

# What is redacted leaves the lists of words that an earlier edit took from it, too.
_NOTE_CHANGED = f"""
CREATE OR REPLACE FUNCTION note_changed_texts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
DECLARE
    was CONSTANT jsonb := to_jsonb(OLD);
    fresh CONSTANT jsonb := to_jsonb(NEW);
    forgets CONSTANT boolean := is_redaction(TG_TABLE_NAME)
        OR COALESCE((fresh ->> 'protected')::boolean, false);
    the_speaker_id CONSTANT bigint := CASE TG_TABLE_NAME
        WHEN 'speaker' THEN fresh ->> 'id' ELSE fresh ->> 'speaker_id' END;
    heads CONSTANT bigint[] := ARRAY[the_speaker_id, (was ->> 'merged_into_id')::bigint,
        (SELECT merged_into_id FROM speaker WHERE id = the_speaker_id)];
    changed_ids CONSTANT bigint[] := CASE
        WHEN TG_TABLE_NAME = 'claim' THEN ARRAY[(fresh ->> 'id')::bigint]
        WHEN TG_TABLE_NAME IN ('speaker', 'speaker_alias') THEN ARRAY(
            SELECT DISTINCT appearance.claim_id FROM speaker AS own
            JOIN appearance ON appearance.speaker_id = own.id
            WHERE own.id = ANY (heads) OR own.merged_into_id = ANY (heads)
        )
        WHEN TG_TABLE_NAME = 'source' THEN ARRAY(
            SELECT DISTINCT claim_id FROM appearance WHERE source_id = (fresh ->> 'id')::bigint
        )
        ELSE ARRAY[(fresh ->> 'claim_id')::bigint]
    END;
BEGIN
    INSERT INTO posting_due (claim_id, forget) SELECT id, forgets FROM unnest(changed_ids) AS id;
    IF forgets THEN
%s
    END IF;
    RETURN NULL;
END $$
"""

NOTE_CHANGED = (
    _NOTE_CHANGED
    % """        IF TG_TABLE_NAME IN ('claim', 'assessment') THEN
            PERFORM pg_advisory_xact_lock_shared(hashtext('claimtrack.posting_list')::bigint);
            DELETE FROM posting_list WHERE EXISTS (
                SELECT FROM unnest(changed_ids) AS id
                WHERE position(int8send(id) IN claim_ids) > 0
            );
        END IF;
        DELETE FROM posting WHERE claim_id = ANY (changed_ids);"""
)

NOTE_CHANGED_BEFORE = (
    _NOTE_CHANGED
    % """        PERFORM pg_advisory_xact_lock_shared(hashtext('claimtrack.posting_list')::bigint);
        DELETE FROM posting_list WHERE term IN (
            SELECT term FROM posting WHERE claim_id = ANY (changed_ids)
        );
        DELETE FROM posting WHERE claim_id = ANY (changed_ids);"""
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute(REFER_ROWS)
    op.execute(NOTE_CHANGED)
    # The words of all claims are read anew: an article before an apostrophe was part of its word.
    op.execute(
        "INSERT INTO posting_due (claim_id, noted_by)"
        " SELECT id, CAST('0' AS xid8) FROM claim ORDER BY id"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute(REFER_ROWS_BEFORE)
    op.execute(NOTE_CHANGED_BEFORE)
