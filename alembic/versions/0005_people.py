"""Who acts is what the login vouches for, and the rules run as the owner of the tables.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RECORDED = (
    "speaker",
    "speaker_alias",
    "publisher",
    "source",
    "capture",
    "claim",
    "appearance",
    "attribution",
    "figure",
    "note",
    "evidence",
    "review",
    "event",
)

OLD_ACTOR = "COALESCE(NULLIF(current_setting('claimtrack.actor', true), ''), SESSION_USER)"
OLD_COMMENT = "the actor, as typed or configured"
COMMENT = "the actor: as typed or configured on the owner''s login, else the session user"

#: These read or write other rows than their own.
AS_OWNER = (
    "refuse_merge_chain",
    "refresh_reach",
    "refresh_reach_of_source",
    "guard_status",
    "apply_review",
    "guard_checked_words",
    "count_figure_change",
    "require_evidence",
    "log_event",
)

#: All that triggers call.
TRIGGERED = (
    *AS_OWNER,
    "refuse_change",
    "keep_record",
    "count_version",
    "only_withdraw",
    "guard_new_claim",
)

CURRENT_ACTOR = """
CREATE FUNCTION current_actor() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF pg_has_role(SESSION_USER, CURRENT_USER, 'MEMBER') THEN
        RETURN COALESCE(NULLIF(current_setting('claimtrack.actor', true), ''), SESSION_USER);
    END IF;
    RETURN SESSION_USER;
END $$
"""

ONLY_WITHDRAW = """
CREATE OR REPLACE FUNCTION only_withdraw() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    -- Arguments of the trigger name further columns that may change while the row stands.
    may_change CONSTANT text[] :=
        '{withdrawn_at,withdrawn_by,withdrawn_because}' || COALESCE(TG_ARGV, '{}');
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
        OR (to_jsonb(NEW) - may_change) <> (to_jsonb(OLD) - may_change) THEN
        RAISE EXCEPTION '% keeps its content, and stays withdrawn once it is', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'only_withdraw';
    END IF;
    -- A login of its own may write the reason alone.
    IF NEW.withdrawn_because IS NOT NULL THEN
        NEW.withdrawn_at := COALESCE(NEW.withdrawn_at, now());
        NEW.withdrawn_by := COALESCE(NEW.withdrawn_by, current_actor());
    END IF;
    RETURN NEW;
END $$
"""

GUARD_WORDS = """
CREATE OR REPLACE FUNCTION guard_checked_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    checked boolean;
BEGIN
    IF TG_TABLE_NAME = 'claim' THEN
        checked := OLD.status = 'checked';
    ELSE
        SELECT status = 'checked' INTO checked FROM claim WHERE id = NEW.claim_id FOR SHARE;
    END IF;
    -- Mending a slip under a verdict is for those who may give one.
    IF checked AND (
        COALESCE(current_setting('claimtrack.typo', true), '') <> 'on'
        OR COALESCE(current_setting('claimtrack.because', true), '') = ''
        OR NOT has_any_column_privilege(SESSION_USER, 'review', 'INSERT')
    ) THEN
        RAISE EXCEPTION 'the words of a checked claim stand under its verdict'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'words_of_checked_claim';
    END IF;
    RETURN NEW;
END $$
"""

LOG_EVENT = """
CREATE OR REPLACE FUNCTION log_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
SET extra_float_digits = 1 SET bytea_output = 'hex' SET intervalstyle = 'iso_8601' AS $$
DECLARE
    key_columns CONSTANT text[] := string_to_array(TG_ARGV[0], ',');
    unlogged CONSTANT text[] := string_to_array(TG_ARGV[1], ',');
    the_actor CONSTANT text := current_actor();
    the_reason CONSTANT text := NULLIF(current_setting('claimtrack.because', true), '');
    claim_column CONSTANT text := CASE TG_TABLE_NAME WHEN 'claim' THEN 'id' ELSE 'claim_id' END;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO event (table_name, row_key, claim_id, operation, after, recorded_by, because)
        SELECT TG_TABLE_NAME,
            (SELECT string_agg(fresh ->> part, '.' ORDER BY place)
                FROM unnest(key_columns) WITH ORDINALITY AS parts (part, place)),
            (fresh ->> claim_column)::bigint, 'insert', fresh - unlogged, the_actor, the_reason
        FROM (SELECT to_jsonb(changed) AS fresh FROM changed) AS rows;
    ELSE
        INSERT INTO event
            (table_name, row_key, claim_id, operation, before, after, recorded_by, because)
        SELECT TG_TABLE_NAME, row_key, (fresh ->> claim_column)::bigint, 'update',
            difference.before, difference.after, the_actor, the_reason
        FROM (
            SELECT to_jsonb(changed) AS fresh, (
                SELECT string_agg(to_jsonb(changed) ->> part, '.' ORDER BY place)
                FROM unnest(key_columns) WITH ORDINALITY AS parts (part, place)
            ) AS row_key FROM changed
        ) AS new_rows
        JOIN (
            SELECT to_jsonb(replaced) AS stale, (
                SELECT string_agg(to_jsonb(replaced) ->> part, '.' ORDER BY place)
                FROM unnest(key_columns) WITH ORDINALITY AS parts (part, place)
            ) AS row_key FROM replaced
        ) AS old_rows USING (row_key)
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(key, was.value) AS before,
                jsonb_object_agg(key, becomes.value) AS after
            FROM jsonb_each(stale - unlogged) AS was
            JOIN jsonb_each(fresh - unlogged) AS becomes USING (key)
            WHERE was.value <> becomes.value
        ) AS difference
        WHERE difference.before IS NOT NULL;
    END IF;
    RETURN NULL;
END $$
"""

ONLY_WITHDRAW_BEFORE = """
CREATE OR REPLACE FUNCTION only_withdraw() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    -- Arguments of the trigger name further columns that may change while the row stands.
    may_change CONSTANT text[] :=
        '{withdrawn_at,withdrawn_by,withdrawn_because}' || COALESCE(TG_ARGV, '{}');
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
        OR (to_jsonb(NEW) - may_change) <> (to_jsonb(OLD) - may_change) THEN
        RAISE EXCEPTION '% keeps its content, and stays withdrawn once it is', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'only_withdraw';
    END IF;
    RETURN NEW;
END $$
"""

GUARD_WORDS_BEFORE = """
CREATE OR REPLACE FUNCTION guard_checked_words() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    checked boolean;
BEGIN
    IF TG_TABLE_NAME = 'claim' THEN
        checked := OLD.status = 'checked';
    ELSE
        SELECT status = 'checked' INTO checked FROM claim WHERE id = NEW.claim_id FOR SHARE;
    END IF;
    IF checked AND (
        COALESCE(current_setting('claimtrack.typo', true), '') <> 'on'
        OR COALESCE(current_setting('claimtrack.because', true), '') = ''
    ) THEN
        RAISE EXCEPTION 'the words of a checked claim stand under its verdict'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'words_of_checked_claim';
    END IF;
    RETURN NEW;
END $$
"""

LOG_EVENT_BEFORE = """
CREATE OR REPLACE FUNCTION log_event() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
SET extra_float_digits = 1 SET bytea_output = 'hex' SET intervalstyle = 'iso_8601' AS $$
DECLARE
    key_columns CONSTANT text[] := string_to_array(TG_ARGV[0], ',');
    unlogged CONSTANT text[] := string_to_array(TG_ARGV[1], ',');
    the_actor CONSTANT text :=
        COALESCE(NULLIF(current_setting('claimtrack.actor', true), ''), SESSION_USER);
    the_reason CONSTANT text := NULLIF(current_setting('claimtrack.because', true), '');
    claim_column CONSTANT text := CASE TG_TABLE_NAME WHEN 'claim' THEN 'id' ELSE 'claim_id' END;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO event (table_name, row_key, claim_id, operation, after, recorded_by, because)
        SELECT TG_TABLE_NAME,
            (SELECT string_agg(fresh ->> part, '.' ORDER BY place)
                FROM unnest(key_columns) WITH ORDINALITY AS parts (part, place)),
            (fresh ->> claim_column)::bigint, 'insert', fresh - unlogged, the_actor, the_reason
        FROM (SELECT to_jsonb(changed) AS fresh FROM changed) AS rows;
    ELSE
        INSERT INTO event
            (table_name, row_key, claim_id, operation, before, after, recorded_by, because)
        SELECT TG_TABLE_NAME, row_key, (fresh ->> claim_column)::bigint, 'update',
            difference.before, difference.after, the_actor, the_reason
        FROM (
            SELECT to_jsonb(changed) AS fresh, (
                SELECT string_agg(to_jsonb(changed) ->> part, '.' ORDER BY place)
                FROM unnest(key_columns) WITH ORDINALITY AS parts (part, place)
            ) AS row_key FROM changed
        ) AS new_rows
        JOIN (
            SELECT to_jsonb(replaced) AS stale, (
                SELECT string_agg(to_jsonb(replaced) ->> part, '.' ORDER BY place)
                FROM unnest(key_columns) WITH ORDINALITY AS parts (part, place)
            ) AS row_key FROM replaced
        ) AS old_rows USING (row_key)
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(key, was.value) AS before,
                jsonb_object_agg(key, becomes.value) AS after
            FROM jsonb_each(stale - unlogged) AS was
            JOIN jsonb_each(fresh - unlogged) AS becomes USING (key)
            WHERE was.value <> becomes.value
        ) AS difference
        WHERE difference.before IS NOT NULL;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(CURRENT_ACTOR)
    for table in RECORDED:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN recorded_by SET DEFAULT current_actor()")
        op.execute(f"COMMENT ON COLUMN {table}.recorded_by IS '{COMMENT}'")
    for function in (ONLY_WITHDRAW, GUARD_WORDS, LOG_EVENT):
        op.execute(function)
    for name in AS_OWNER:
        op.execute(f"ALTER FUNCTION {name}() SECURITY DEFINER")
    for name in TRIGGERED:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    op.create_table(
        "granted",
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
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "login",
            sa.Text(),
            nullable=False,
            comment="the name of a PostgreSQL role that can log in",
        ),
        sa.Column("role", sa.Text(), nullable=True, comment="null: what it had was revoked"),
        sa.CheckConstraint(
            "role IN ('reader', 'recorder', 'reviewer', 'admin')", name=op.f("ck_granted_role")
        ),
        sa.CheckConstraint("octet_length(login) BETWEEN 1 AND 63", name=op.f("ck_granted_login")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_granted")),
        comment="append-only: who was given which role; a restored database is given them again",
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON granted"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE granted ENABLE ALWAYS TRIGGER append_only")
    op.execute(
        "CREATE TRIGGER log_insert AFTER INSERT ON granted REFERENCING NEW TABLE AS changed"
        " FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')"
    )


def downgrade() -> None:
    op.drop_table("granted")
    for name in TRIGGERED:
        op.execute(f"GRANT EXECUTE ON FUNCTION {name}() TO PUBLIC")
    for name in AS_OWNER:
        op.execute(f"ALTER FUNCTION {name}() SECURITY INVOKER")
    for function in (ONLY_WITHDRAW_BEFORE, GUARD_WORDS_BEFORE, LOG_EVENT_BEFORE):
        op.execute(function)
    for table in RECORDED:
        op.execute(f"COMMENT ON COLUMN {table}.recorded_by IS '{OLD_COMMENT}'")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN recorded_by SET DEFAULT {OLD_ACTOR}")
    op.execute("DROP FUNCTION current_actor()")
