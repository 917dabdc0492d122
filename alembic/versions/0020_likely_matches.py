"""The queue of pairs of claims that are likely the same.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SETTLE_LIKELY = """
CREATE FUNCTION settle_likely() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    DELETE FROM likely_match USING changed
    WHERE likely_match.claim_id = changed.claim_id AND likely_match.other_id = changed.other_id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.create_table(
        "likely_match",
        sa.Column("claim_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("other_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("probability", sa.REAL(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False, comment="the command, or the import"),
        sa.Column(
            "found_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("claim_id < other_id", name=op.f("ck_likely_match_lower_first")),
        sa.CheckConstraint("probability BETWEEN 0 AND 1", name=op.f("ck_likely_match_probability")),
        sa.CheckConstraint(
            "found_by ~ '\\S' AND char_length(found_by) <= 300",
            name=op.f("ck_likely_match_found_by"),
        ),
        sa.PrimaryKeyConstraint("claim_id", "other_id", name=op.f("pk_likely_match")),
        comment="derived: pairs that wait for a judgement; one goes with its judgement",
    )
    op.create_index(
        "ix_likely_match_order",
        "likely_match",
        [sa.literal_column("(-probability)"), "claim_id", "other_id"],
        unique=False,
    )
    op.create_table(
        "likely_search",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, server_default="1", nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column(
            "looked_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_likely_search_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_likely_search")),
        comment="derived, one row: up to which claim likely pairs were looked for",
    )
    op.execute(SETTLE_LIKELY)
    op.execute("REVOKE EXECUTE ON FUNCTION settle_likely() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER settle_likely AFTER INSERT ON claim_match"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION settle_likely()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("DROP TRIGGER settle_likely ON claim_match")
    op.execute("DROP FUNCTION settle_likely()")
    op.drop_table("likely_search")
    op.drop_table("likely_match")
