"""A trigger's condition written as a dump gives it back.

A comparison of two rows with IS DISTINCT FROM is kept as OR inside OR, printed with those brackets,
and read again as one OR of three: a restored database would not be as made.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("DROP TRIGGER guard_status ON claim")
    op.execute(
        "CREATE TRIGGER guard_status BEFORE UPDATE ON claim FOR EACH ROW"
        " WHEN (OLD.status IS DISTINCT FROM NEW.status"
        " OR OLD.verdict IS DISTINCT FROM NEW.verdict"
        " OR OLD.review_no IS DISTINCT FROM NEW.review_no)"
        " EXECUTE FUNCTION guard_status()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("DROP TRIGGER guard_status ON claim")
    op.execute(
        "CREATE TRIGGER guard_status BEFORE UPDATE ON claim FOR EACH ROW"
        " WHEN ((OLD.status, OLD.verdict, OLD.review_no)"
        " IS DISTINCT FROM (NEW.status, NEW.verdict, NEW.review_no))"
        " EXECUTE FUNCTION guard_status()"
    )
