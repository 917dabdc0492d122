"""What an import refers to is looked up row by row, and no table hashed; elided words read anew.

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


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute(REFER_ROWS)
    # The words of all claims are read anew: an article before an apostrophe was part of its word.
    op.execute(
        "INSERT INTO posting_due (claim_id, noted_by)"
        " SELECT id, CAST('0' AS xid8) FROM claim ORDER BY id"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute(REFER_ROWS_BEFORE)
