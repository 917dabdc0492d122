"""Objections to verdicts, and demands for their correction.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


GUARD_DISPUTE = """
CREATE FUNCTION guard_dispute() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    stands CONSTANT text :=
        (SELECT status FROM claim WHERE id = NEW.claim_id FOR NO KEY UPDATE);
BEGIN
    IF NEW.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'the % is open when it begins', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'close_once';
    END IF;
    -- A demand for correction may come while the claim is looked at again.
    IF (TG_TABLE_NAME = 'objection' AND stands <> 'checked') OR NEW.review_no IS DISTINCT FROM (
        SELECT max(no) FROM review WHERE claim_id = NEW.claim_id AND verdict IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'the % is not against the latest verdict of claim %',
            TG_TABLE_NAME, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'against_latest_verdict';
    END IF;
    RETURN NEW;
END $$
"""

CLOSE_ONCE = """
CREATE FUNCTION close_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    closing CONSTANT text[] := '{closed_at,closed_by,closed_because,outcome}';
BEGIN
    NEW.closed_at := COALESCE(NEW.closed_at, now());
    NEW.closed_by := COALESCE(NEW.closed_by, current_actor());
    IF OLD.closed_at IS NOT NULL
        OR (NEW.closed_at, NEW.closed_by) IS DISTINCT FROM (now(), current_actor())
        OR (to_jsonb(NEW) - closing) <> (to_jsonb(OLD) - closing) THEN
        RAISE EXCEPTION 'the % keeps its content, and is closed once, by who closes it',
            TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'close_once';
    END IF;
    RETURN NEW;
END $$
"""


def _shared(table: str) -> tuple[Any, ...]:
    """The columns and rules that both tables have."""
    return (
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False, comment="1, 2, … within the claim"),
        sa.Column(
            "review_no",
            sa.Integer(),
            nullable=False,
            comment="the review whose verdict it is against",
        ),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_because", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
            comment="start of the transaction that recorded the row",
        ),
        sa.Column(
            "recorded_by",
            sa.Text(),
            server_default=sa.text("current_actor()"),
            nullable=False,
            comment="the actor: as typed or configured on the owner's login, else the session user",
        ),
        sa.Column(
            "db_user",
            sa.Text(),
            server_default=sa.text("SESSION_USER"),
            nullable=False,
            comment="the database's session user, whatever the actor said",
        ),
        sa.CheckConstraint(
            "because ~ '\\S' AND char_length(because) <= 20000", name=op.f(f"ck_{table}_because")
        ),
        sa.CheckConstraint(
            "closed_because ~ '\\S' AND char_length(closed_because) <= 20000",
            name=op.f(f"ck_{table}_closed_because"),
        ),
        sa.CheckConstraint("no >= 1", name=op.f(f"ck_{table}_no")),
        sa.CheckConstraint(
            "num_nulls(closed_at, closed_by, closed_because) IN (0, 3)",
            name=op.f(f"ck_{table}_closed"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f(f"fk_{table}_claim_id_claim")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "review_no"],
            ["review.claim_id", "review.no"],
            name=op.f(f"fk_{table}_claim_id_review_no_review"),
        ),
        sa.PrimaryKeyConstraint("claim_id", "no", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    op.create_table(
        "objection",
        *_shared("objection"),
        comment="disagreement with a verdict; its content never changes, it is answered once",
    )
    op.create_index(
        "ix_objection_open",
        "objection",
        ["claim_id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "challenge",
        *_shared("challenge"),
        sa.Column("challenger", sa.Text(), nullable=False, comment="who demands it"),
        sa.Column(
            "due_on",
            sa.Date(),
            nullable=False,
            comment="the day by which it is to be decided",
        ),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "challenger ~ '\\S' AND char_length(challenger) <= 300",
            name=op.f("ck_challenge_challenger"),
        ),
        sa.CheckConstraint("outcome IN ('upheld', 'rejected')", name=op.f("ck_challenge_outcome")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (closed_at IS NULL)",
            name=op.f("ck_challenge_outcome_when_closed"),
        ),
        comment="demands for correction; their content never changes, they are decided once",
    )
    op.create_index(
        "ix_challenge_open",
        "challenge",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.execute(GUARD_DISPUTE)
    op.execute(CLOSE_ONCE)
    for name in ("guard_dispute", "close_once"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for table in ("objection", "challenge"):
        for trigger in (
            f"CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER kept",
            f"CREATE TRIGGER log_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,no', '')",
            f"CREATE TRIGGER log_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,no', '')",
            f"CREATE TRIGGER guard_dispute BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION guard_dispute()",
            f"CREATE TRIGGER close_once BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION close_once()",
        ):
            op.execute(trigger)


def downgrade() -> None:
    op.drop_table("challenge")
    op.drop_table("objection")
    op.execute("DROP FUNCTION close_once()")
    op.execute("DROP FUNCTION guard_dispute()")
