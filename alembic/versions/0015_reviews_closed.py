"""What a review rests on is said with it, and not afterwards.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REFUSE_LATER = """
CREATE FUNCTION refuse_later_evidence() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        JOIN review ON review.claim_id = changed.claim_id AND review.no = changed.review_no
        WHERE review.recorded_at <> now()
    ) THEN
        RAISE EXCEPTION 'what a review rests on is said with it, not afterwards'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'review_is_closed';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(REFUSE_LATER)
    op.execute("REVOKE EXECUTE ON FUNCTION refuse_later_evidence() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER refuse_later_evidence AFTER INSERT ON review_evidence"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
        " EXECUTE FUNCTION refuse_later_evidence()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER refuse_later_evidence ON review_evidence")
    op.execute("DROP FUNCTION refuse_later_evidence()")
