"""What a statement changes is logged at once, however much it is; all words are read anew.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    # The plan that a session keeps is made for few rows: for thousands it compared each with all.
    op.execute("ALTER FUNCTION log_event() SET enable_nestloop = off")
    # "9,2" was read as 92 and "1.200" as another number than 1,200; Hindi was not stemmed, and
    # the small words of Arabic were words like others.
    op.execute(
        "INSERT INTO posting_due (claim_id, noted_by)"
        " SELECT id, CAST('0' AS xid8) FROM claim ORDER BY id"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("ALTER FUNCTION log_event() RESET enable_nestloop")
