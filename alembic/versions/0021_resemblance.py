"""Pairs of likely the same claims go with the words that they resembled in; letters read plainly.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

FORGET_LIKELY = """
CREATE FUNCTION forget_likely() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    DELETE FROM likely_match WHERE NEW.id IN (claim_id, other_id);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute(FORGET_LIKELY)
    op.execute("REVOKE EXECUTE ON FUNCTION forget_likely() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER forget_likely AFTER UPDATE ON claim FOR EACH ROW"
        " WHEN (OLD.statement IS DISTINCT FROM NEW.statement) EXECUTE FUNCTION forget_likely()"
    )
    # The words of all claims are read anew: letters such as those of Lodz were read as they stand.
    op.execute(
        "INSERT INTO posting_due (claim_id, noted_by)"
        " SELECT id, CAST('0' AS xid8) FROM claim ORDER BY id"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("DROP TRIGGER forget_likely ON claim")
    op.execute("DROP FUNCTION forget_likely()")
