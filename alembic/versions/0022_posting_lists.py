"""The postings of words in many claims are kept in lists, too, each read in one piece.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

PINNED = "SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'"

LIST_POSTINGS = f"""
CREATE FUNCTION list_postings(anew boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER {PINNED} SET jit = 'off' AS $$
DECLARE
    ids bigint[];
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'claim', 'INSERT') THEN
        RAISE EXCEPTION 'permission denied to list postings'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('claimtrack.posting_list')::bigint) THEN
        RETURN;
    END IF;
    IF anew THEN
        DELETE FROM posting_unlisted;
        DELETE FROM posting_list;
        INSERT INTO posting_list (term, claim_ids, weights)
        SELECT term, string_agg(int8send(claim_id), ''),
            string_agg(int2send((weight * 10000)::smallint), '')
        FROM posting
        WHERE weight > 0 AND term IN (
            SELECT term FROM word WHERE claims BETWEEN 250 AND 100000
        )
        GROUP BY term;
    ELSE
        WITH gone AS (DELETE FROM posting_unlisted RETURNING claim_ids)
        SELECT array_agg(DISTINCT id) INTO ids FROM gone CROSS JOIN unnest(claim_ids) AS id;
        INSERT INTO posting_list (term, claim_ids, weights)
        SELECT term, string_agg(int8send(claim_id), ''),
            string_agg(int2send((weight * 10000)::smallint), '')
        FROM posting
        WHERE claim_id = ANY (ids) AND weight > 0
            AND EXISTS (SELECT FROM posting_list WHERE posting_list.term = posting.term)
        GROUP BY term;
    END IF;
END $$
"""

COUNT_WORDS = f"""
CREATE OR REPLACE FUNCTION count_words(claims bigint, top_id bigint, average real) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
#variable_conflict use_column
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'claim', 'INSERT') THEN
        RAISE EXCEPTION 'permission denied to count words'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('claimtrack.word')::bigint) THEN
        RETURN false;
    END IF;
    WITH gone AS (DELETE FROM word RETURNING term, stem)
    INSERT INTO word (term, stem, claims, found)
    SELECT term, known.stem, counted.claims, counted.found
    FROM (SELECT term, min(stem) AS stem FROM gone GROUP BY term) AS known
    JOIN (
        SELECT term, count(*) FILTER (WHERE weight > 0) AS claims, count(*) AS found
        FROM posting GROUP BY term
    ) AS counted USING (term)
    ORDER BY term;
    DELETE FROM word_count;
    INSERT INTO word_count (counted_at, claims, top_id, stems)
    VALUES (clock_timestamp(), count_words.claims, count_words.top_id, average);
    PERFORM list_postings(true);
    RETURN true;
END $$
"""

NOTE_CHANGED = f"""
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
        PERFORM pg_advisory_xact_lock_shared(hashtext('claimtrack.posting_list')::bigint);
        DELETE FROM posting_list WHERE term IN (
            SELECT term FROM posting WHERE claim_id = ANY (changed_ids)
        );
        DELETE FROM posting WHERE claim_id = ANY (changed_ids);
    END IF;
    RETURN NULL;
END $$
"""

# As they were.
COUNT_WORDS_BEFORE = f"""
CREATE OR REPLACE FUNCTION count_words(claims bigint, top_id bigint, average real) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
#variable_conflict use_column
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'claim', 'INSERT') THEN
        RAISE EXCEPTION 'permission denied to count words'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('claimtrack.word')::bigint) THEN
        RETURN false;
    END IF;
    WITH gone AS (DELETE FROM word RETURNING term, stem)
    INSERT INTO word (term, stem, claims, found)
    SELECT term, known.stem, counted.claims, counted.found
    FROM (SELECT term, min(stem) AS stem FROM gone GROUP BY term) AS known
    JOIN (
        SELECT term, count(*) FILTER (WHERE weight > 0) AS claims, count(*) AS found
        FROM posting GROUP BY term
    ) AS counted USING (term)
    ORDER BY term;
    DELETE FROM word_count;
    INSERT INTO word_count (counted_at, claims, top_id, stems)
    VALUES (clock_timestamp(), count_words.claims, count_words.top_id, average);
    RETURN true;
END $$
"""

NOTE_CHANGED_BEFORE = f"""
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
    claim_ids CONSTANT bigint[] := CASE
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
    INSERT INTO posting_due (claim_id, forget) SELECT id, forgets FROM unnest(claim_ids) AS id;
    IF forgets THEN
        DELETE FROM posting WHERE claim_id = ANY (claim_ids);
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.create_table(
        "posting_list",
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("claim_ids", sa.LargeBinary(), nullable=False, comment="eight bytes each"),
        sa.Column(
            "weights",
            sa.LargeBinary(),
            nullable=False,
            comment="in parts of 10000, two bytes each",
        ),
        comment="derived: the postings with a weight of words in many claims, in one piece",
    )
    op.create_index(op.f("ix_posting_list_term"), "posting_list", ["term"])
    op.create_table(
        "posting_unlisted",
        sa.Column("claim_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        comment="derived: claims whose postings are not in the lists, or not as they are there",
    )
    for function in (LIST_POSTINGS, COUNT_WORDS, NOTE_CHANGED):
        op.execute(function)
    op.execute("SELECT list_postings(true)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    for function in (COUNT_WORDS_BEFORE, NOTE_CHANGED_BEFORE):
        op.execute(function)
    op.execute("DROP FUNCTION list_postings(boolean)")
    op.drop_table("posting_unlisted")
    op.drop_table("posting_list")
