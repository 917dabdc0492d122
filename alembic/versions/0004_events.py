"""The trail of every change, and the record as it stood at an earlier time.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


LOG_EVENT = """
CREATE FUNCTION log_event() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'
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

AS_OF = """
CREATE FUNCTION as_of(shape anyelement, key_columns text[], moment timestamptz)
RETURNS SETOF anyelement LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        $query$
        WITH later AS (
            SELECT DISTINCT ON (event.row_key, changed.key)
                event.row_key, changed.key, changed.value
            FROM event CROSS JOIN jsonb_each(event.before) AS changed
            WHERE event.table_name = %1$L AND event.operation = 'update'
                AND event.recorded_at >= $1
            ORDER BY event.row_key, changed.key, event.id
        ), earlier AS (
            SELECT row_key, jsonb_object_agg(key, value) AS columns FROM later GROUP BY row_key
        )
        SELECT (jsonb_populate_record(today, earlier.columns)).*
        FROM %1$I AS today
        LEFT JOIN earlier ON earlier.row_key = concat_ws('.', %2$s)
        WHERE today.recorded_at < $1
        $query$,
        pg_typeof(shape),
        (SELECT string_agg(format('today.%I', part), ', ') FROM unnest(key_columns) AS part)
    ) USING moment;
END $$
"""


TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE event ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_insert AFTER INSERT ON speaker REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'version')",
    "CREATE TRIGGER log_update AFTER UPDATE ON speaker REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'version')",
    "CREATE TRIGGER log_insert AFTER INSERT ON speaker_alias REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_update AFTER UPDATE ON speaker_alias REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_insert AFTER INSERT ON publisher REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_update AFTER UPDATE ON publisher REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_insert AFTER INSERT ON source REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'version,origin')",
    "CREATE TRIGGER log_update AFTER UPDATE ON source REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'version,origin')",
    "CREATE TRIGGER log_insert AFTER INSERT ON capture REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'content')",
    "CREATE TRIGGER log_insert AFTER INSERT ON claim REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'version,reach')",
    "CREATE TRIGGER log_update AFTER UPDATE ON claim REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'version,reach')",
    "CREATE TRIGGER log_insert AFTER INSERT ON appearance REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,no', '')",
    "CREATE TRIGGER log_update AFTER UPDATE ON appearance REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,no', '')",
    "CREATE TRIGGER log_insert AFTER INSERT ON attribution REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_insert AFTER INSERT ON figure REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id', '')",
    "CREATE TRIGGER log_update AFTER UPDATE ON figure REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id', '')",
    "CREATE TRIGGER log_insert AFTER INSERT ON note REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_insert AFTER INSERT ON evidence REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_update AFTER UPDATE ON evidence REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER log_insert AFTER INSERT ON review REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,no', 'prev_no')",
    "CREATE TRIGGER log_insert AFTER INSERT ON review_evidence REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,review_no,evidence_id', '')",
)


def upgrade() -> None:
    op.create_table(
        "event",
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
            server_default=sa.text(
                "COALESCE(NULLIF(current_setting('claimtrack.actor', true), ''), SESSION_USER)"
            ),
            nullable=False,
            comment="the actor, as typed or configured",
        ),
        sa.Column(
            "db_user",
            sa.Text(),
            server_default=sa.text("SESSION_USER"),
            nullable=False,
            comment="the database's session user, whatever the actor said",
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column(
            "row_key", sa.Text(), nullable=False, comment="the row's key, its parts joined by dots"
        ),
        sa.Column(
            "claim_id",
            sa.BigInteger(),
            nullable=True,
            comment="the claim that the row belongs to; no foreign key: the trail stands alone",
        ),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column(
            "before",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="of the changed columns",
        ),
        sa.Column(
            "after",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the whole row on insert, else the changed columns",
        ),
        sa.Column("because", sa.Text(), nullable=True, comment="the reason given for the change"),
        sa.Column(
            "application",
            sa.Text(),
            server_default=sa.text("current_setting('application_name')"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(operation = 'update') = (before IS NOT NULL)", name=op.f("ck_event_before")
        ),
        sa.CheckConstraint("operation IN ('insert', 'update')", name=op.f("ck_event_operation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        comment="append-only: written by triggers, so that no code path can forget it",
    )
    op.create_index(
        op.f("ix_event_claim_id_id"),
        "event",
        ["claim_id", "id"],
        unique=False,
        postgresql_where=sa.text("claim_id IS NOT NULL"),
    )
    op.create_index(
        "ix_event_table_name_recorded_at",
        "event",
        ["table_name", "recorded_at"],
        unique=False,
        postgresql_where=sa.text("operation = 'update'"),
    )
    for function in (
        LOG_EVENT,
        AS_OF,
    ):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.execute("DROP TRIGGER log_insert ON speaker")
    op.execute("DROP TRIGGER log_update ON speaker")
    op.execute("DROP TRIGGER log_insert ON speaker_alias")
    op.execute("DROP TRIGGER log_update ON speaker_alias")
    op.execute("DROP TRIGGER log_insert ON publisher")
    op.execute("DROP TRIGGER log_update ON publisher")
    op.execute("DROP TRIGGER log_insert ON source")
    op.execute("DROP TRIGGER log_update ON source")
    op.execute("DROP TRIGGER log_insert ON capture")
    op.execute("DROP TRIGGER log_insert ON claim")
    op.execute("DROP TRIGGER log_update ON claim")
    op.execute("DROP TRIGGER log_insert ON appearance")
    op.execute("DROP TRIGGER log_update ON appearance")
    op.execute("DROP TRIGGER log_insert ON attribution")
    op.execute("DROP TRIGGER log_insert ON figure")
    op.execute("DROP TRIGGER log_update ON figure")
    op.execute("DROP TRIGGER log_insert ON note")
    op.execute("DROP TRIGGER log_insert ON evidence")
    op.execute("DROP TRIGGER log_update ON evidence")
    op.execute("DROP TRIGGER log_insert ON review")
    op.execute("DROP TRIGGER log_insert ON review_evidence")
    op.drop_table("event")
    op.execute("DROP FUNCTION as_of(anyelement, text[], timestamptz)")
    op.execute("DROP FUNCTION log_event()")
