"""Log what a statement changed at once, however many rows it is.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    # The plan that a session keeps is made for few rows: for thousands it compared each with all.
    op.execute("ALTER FUNCTION log_event() SET enable_nestloop = off")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("ALTER FUNCTION log_event() RESET enable_nestloop")
