"""Search by the postings: which languages there are, and words by how they begin and end.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.drop_index("ix_claim_statement_words", table_name="claim", postgresql_using="gin")
    op.create_index(op.f("ix_claim_language"), "claim", ["language"])
    op.create_index(
        "ix_word_beginning", "word", ["stem"], postgresql_ops={"stem": "text_pattern_ops"}
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.drop_index("ix_word_beginning", table_name="word")
    op.drop_index(op.f("ix_claim_language"), table_name="claim")
    op.create_index(
        "ix_claim_statement_words",
        "claim",
        [sa.text("to_tsvector('simple'::regconfig, statement)")],
        postgresql_using="gin",
    )
