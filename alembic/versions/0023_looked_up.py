"""What an import refers to is looked up, however small the tables were when it began.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

FUNCTIONS = ("refuse_on_merged()", "refer_rows()")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET enable_seqscan = 'off'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} RESET enable_seqscan")
