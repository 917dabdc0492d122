"""The words of all claims are read anew: figures in any way of writing them, and South Asian stems.

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
    # "9,2" was read as 92 and "1.200" as another number than 1,200; Hindi was not stemmed, and
    # the small words of Arabic were words like others.
    op.execute(
        "INSERT INTO posting_due (claim_id, noted_by)"
        " SELECT id, CAST('0' AS xid8) FROM claim ORDER BY id"
    )


def downgrade() -> None:
    pass
