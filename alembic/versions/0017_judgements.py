"""Judgements on pairs of claims, and the groups of same claims that they make.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REGROUP = """
CREATE FUNCTION regroup(claim_ids bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    seen bigint[] := '{}';
    root bigint;
    members bigint[];
    heads bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(7203331018);
    FOREACH root IN ARRAY claim_ids LOOP
        CONTINUE WHEN root = ANY (seen);
        WITH RECURSIVE reached (id) AS (
            SELECT root
            UNION
            SELECT beside.id FROM reached CROSS JOIN LATERAL (
                SELECT CASE one.claim_id WHEN reached.id THEN one.other_id ELSE one.claim_id END
                FROM claim_match AS one
                WHERE (one.claim_id = reached.id OR one.other_id = reached.id)
                    AND one.judgement = 'same'
                    AND NOT EXISTS (
                        SELECT FROM claim_match AS later
                        WHERE later.claim_id = one.claim_id AND later.other_id = one.other_id
                            AND later.no > one.no
                    )
                UNION ALL
                SELECT merged_into_id FROM claim
                WHERE id = reached.id AND merged_into_id IS NOT NULL
                UNION ALL
                SELECT id FROM claim WHERE merged_into_id = reached.id
            ) AS beside (id)
        )
        SELECT array_agg(id) INTO members FROM reached;
        seen := seen || members;
        heads := ARRAY(
            SELECT id FROM claim WHERE id = ANY (members) AND merged_into_id IS NULL ORDER BY id
        );
        DELETE FROM claim_group WHERE claim_id = ANY (members);
        IF cardinality(heads) > 1 THEN
            INSERT INTO claim_group (claim_id, group_id)
            SELECT head_id, heads[1] FROM unnest(heads) AS head_id;
        END IF;
        IF EXISTS (
            SELECT FROM claim_match AS one
            WHERE claim_id = ANY (members) AND other_id = ANY (members)
                AND judgement = 'different'
                AND NOT EXISTS (
                    SELECT FROM claim_match AS later
                    WHERE later.claim_id = one.claim_id AND later.other_id = one.other_id
                        AND later.no > one.no
                )
        ) THEN
            RAISE EXCEPTION 'claim % is the same as one that was judged different from it', root
                USING ERRCODE = 'check_violation', CONSTRAINT = 'judged_different';
        END IF;
    END LOOP;
END $$
"""

REGROUP_JUDGED = """
CREATE FUNCTION regroup_judged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM regroup(ARRAY(SELECT claim_id FROM changed UNION SELECT other_id FROM changed));
    RETURN NULL;
END $$
"""

REGROUP_MERGED = """
CREATE FUNCTION regroup_merged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM regroup(array_remove(ARRAY[NEW.id, OLD.merged_into_id, NEW.merged_into_id], NULL));
    RETURN NULL;
END $$
"""

REFUSE_MATCH = """
CREATE FUNCTION refuse_match_of_merged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    merged_id CONSTANT bigint := (
        SELECT min(id) FROM claim
        WHERE merged_into_id IS NOT NULL
            AND id IN (SELECT claim_id FROM changed UNION ALL SELECT other_id FROM changed)
    );
BEGIN
    IF merged_id IS NOT NULL THEN
        RAISE EXCEPTION 'claim % was merged into another, and is not judged any more', merged_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'merged_claim';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.create_table(
        "claim_match",
        sa.Column(
            "claim_id",
            sa.BigInteger(),
            nullable=False,
            comment="of the two the one with the lower number",
        ),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "no",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="1, 2, … within the pair",
        ),
        sa.Column(
            "prev_no", sa.Integer(), sa.Computed("NULLIF(no - 1, 0)", persisted=True), nullable=True
        ),
        sa.Column("judgement", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=True),
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
            "judgement IN ('same', 'different', 'unsure')", name=op.f("ck_claim_match_judgement")
        ),
        sa.CheckConstraint(
            "because ~ '\\S' AND char_length(because) <= 20000",
            name=op.f("ck_claim_match_because"),
        ),
        sa.CheckConstraint(
            "judgement <> 'unsure' OR because IS NOT NULL",
            name=op.f("ck_claim_match_unsure_because"),
        ),
        sa.CheckConstraint("claim_id < other_id", name=op.f("ck_claim_match_lower_first")),
        sa.CheckConstraint("no >= 1", name=op.f("ck_claim_match_no")),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_claim_match_claim_id_claim")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["claim.id"], name=op.f("fk_claim_match_other_id_claim")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "other_id", "prev_no"],
            ["claim_match.claim_id", "claim_match.other_id", "claim_match.no"],
            name=op.f("fk_claim_match_claim_id_other_id_prev_no_claim_match"),
        ),
        sa.PrimaryKeyConstraint("claim_id", "other_id", "no", name=op.f("pk_claim_match")),
        comment="append-only: whether two claims are the same; the latest row of a pair holds",
    )
    op.create_index(
        op.f("ix_claim_match_other_id_claim_id"),
        "claim_match",
        ["other_id", "claim_id"],
        unique=False,
    )
    op.create_table(
        "claim_group",
        sa.Column("claim_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claim_group")),
        comment="derived: claims that are the same by what was judged; of merged ones the heads",
    )
    op.create_index(
        op.f("ix_claim_group_group_id_claim_id"),
        "claim_group",
        ["group_id", "claim_id"],
        unique=False,
    )
    for function in (REGROUP, REGROUP_JUDGED, REGROUP_MERGED, REFUSE_MATCH):
        op.execute(function)
    for name in ("regroup_judged", "regroup_merged", "refuse_match_of_merged"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for trigger in (
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON claim_match"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_redaction()",
        "ALTER TABLE claim_match ENABLE ALWAYS TRIGGER append_only",
        "CREATE TRIGGER log_insert AFTER INSERT ON claim_match REFERENCING NEW TABLE AS changed"
        " FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,other_id,no', 'prev_no')",
        "CREATE TRIGGER log_update AFTER UPDATE ON claim_match"
        " REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT"
        " EXECUTE FUNCTION log_event('claim_id,other_id,no', 'prev_no')",
        "CREATE TRIGGER only_redact BEFORE UPDATE ON claim_match"
        " FOR EACH ROW EXECUTE FUNCTION only_redact('because', 'prev_no')",
        "ALTER TABLE claim_match ENABLE ALWAYS TRIGGER only_redact",
        "CREATE TRIGGER refuse_on_merged AFTER INSERT ON claim_match"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
        " EXECUTE FUNCTION refuse_match_of_merged()",
        "CREATE TRIGGER regroup AFTER INSERT ON claim_match"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION regroup_judged()",
        "CREATE TRIGGER regroup AFTER UPDATE OF merged_into_id ON claim FOR EACH ROW"
        " WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)"
        " EXECUTE FUNCTION regroup_merged()",
    ):
        op.execute(trigger)
    op.execute("SELECT rebuild_past()")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("SELECT drop_past()")
    op.execute("DROP TRIGGER regroup ON claim")
    op.drop_table("claim_group")
    op.drop_table("claim_match")
    for name in ("regroup_judged()", "regroup_merged()", "refuse_match_of_merged()"):
        op.execute(f"DROP FUNCTION {name}")
    op.execute("DROP FUNCTION regroup(bigint[])")
    op.execute("SELECT rebuild_past()")
