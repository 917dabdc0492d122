"""Seals on the trail of events: what was recorded can't be rewritten unnoticed.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


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
            -- 3.1 and 3.10 are equal, but not the same.
            WHERE was.value <> becomes.value
                OR jsonb_typeof(was.value) = 'number' AND was.value::text <> becomes.value::text
        ) AS difference
        WHERE difference.before IS NOT NULL;
    END IF;
    RETURN NULL;
END $$
"""

EVENT_FIELDS = """
CREATE FUNCTION event_fields(the event)
RETURNS TABLE (path text, value jsonb, state text, salt bytea, entered text)
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT fields.path, fields.value, states.state, salts.salt, CASE states.state
        WHEN 'plain' THEN fields.value::text
        WHEN 'redacted' THEN fields.value ->> 'redacted'
        ELSE encode(sha256(salts.salt || convert_to(fields.value::text, 'UTF8')), 'hex')
    END
    FROM (
        SELECT 'because', COALESCE(
            to_jsonb(the.because),
            CASE jsonb_typeof(the.field_salts -> 'because')
                WHEN 'object' THEN the.field_salts -> 'because'
            END,
            'null'
        )
        UNION ALL
        SELECT 'before.' || was.key, was.value FROM jsonb_each(the.before) AS was
        UNION ALL
        SELECT 'after.' || becomes.key, becomes.value FROM jsonb_each(the.after) AS becomes
    ) AS fields (path, value)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN jsonb_typeof(fields.value) IN ('null', 'boolean', 'number') THEN 'plain'
            WHEN jsonb_typeof(fields.value) = 'object' AND fields.value - 'redacted' = '{}'
                AND fields.value ->> 'redacted' ~ '^[0-9a-f]{64}$' THEN 'redacted'
            ELSE 'salted'
        END
    ) AS states (state)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN states.state = 'salted' THEN COALESCE(
            sha256(the.salt || convert_to(fields.path, 'UTF8')),
            CASE jsonb_typeof(the.field_salts -> fields.path)
                WHEN 'string' THEN decode(the.field_salts ->> fields.path, 'hex')
            END
        ) END
    ) AS salts (salt)
$$
"""

EVENT_LEAF = """
CREATE FUNCTION event_leaf(the event) RETURNS bytea LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT CASE WHEN count(*) = count(entered) THEN sha256(convert_to(
        concat_ws(
            E'\\n', 'claimtrack event 1', the.id, to_jsonb(the.table_name), to_jsonb(the.row_key),
            COALESCE(the.claim_id::text, 'null'), to_jsonb(the.operation),
            trunc(extract(epoch FROM the.recorded_at) * 1000000), to_jsonb(the.recorded_by),
            to_jsonb(the.db_user), to_jsonb(the.application),
            CASE WHEN the.before IS NULL THEN 'null'
                ELSE (SELECT count(*)::text FROM jsonb_object_keys(the.before)) END,
            (SELECT count(*) FROM jsonb_object_keys(the.after)),
            string_agg(to_jsonb(path)::text || ' ' || entered, E'\\n' ORDER BY path COLLATE "C")
        ), 'UTF8')) END
    FROM event_fields(the)
$$
"""

REDACTED_EVENT = """
CREATE FUNCTION redacted_event(the event, paths text[]) RETURNS event
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    leaf CONSTANT bytea := event_leaf(the);
    field record;
BEGIN
    the.field_salts := COALESCE(the.field_salts, '{}');
    FOR field IN SELECT * FROM event_fields(the) WHERE state = 'salted' LOOP
        IF field.path <> ALL (paths) THEN
            the.field_salts := the.field_salts
                || jsonb_build_object(field.path, encode(field.salt, 'hex'));
            CONTINUE;
        END IF;
        field.value := jsonb_build_object('redacted', field.entered);
        the.field_salts := the.field_salts - field.path;
        IF field.path = 'because' THEN
            the.because := NULL;
            the.field_salts := the.field_salts || jsonb_build_object('because', field.value);
        ELSIF field.path LIKE 'before.%' THEN
            the.before := the.before || jsonb_build_object(substr(field.path, 8), field.value);
        ELSE
            the.after := the.after || jsonb_build_object(substr(field.path, 7), field.value);
        END IF;
    END LOOP;
    the.salt := NULL;
    IF event_leaf(the) IS DISTINCT FROM leaf THEN
        RAISE EXCEPTION 'event % can''t be redacted: its leaf hash would change', the.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    RETURN the;
END $$
"""

KEEP_EVENT = """
CREATE FUNCTION keep_event() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF NEW IS NOT DISTINCT FROM OLD
        OR event_leaf(NEW) IS DISTINCT FROM event_leaf(OLD) OR event_leaf(NEW) IS NULL
        OR NOT pg_has_role(
            CURRENT_USER, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER'
        ) THEN
        RAISE EXCEPTION 'update of event is refused: what is recorded stays'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    RETURN NEW;
END $$
"""

FOLLOW_SEAL = """
CREATE FUNCTION follow_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    latest seal;
BEGIN
    SELECT * INTO latest FROM seal ORDER BY no DESC LIMIT 1;
    IF NEW.no <> COALESCE(latest.no, 0) + 1
        OR NEW.previous_hash <> COALESCE(latest.hash, (
            SELECT sha256(convert_to(E'claimtrack ledger 1\\n' || uuid, 'UTF8')) FROM ledger
        ))
        OR NEW.last_event_id <= COALESCE(latest.last_event_id, 0)
        OR NEW.event_count - COALESCE(latest.event_count, 0) <> octet_length(NEW.leaves) / 40 THEN
        RAISE EXCEPTION 'seal % does not follow the one before it', NEW.no
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'seal_follows';
    END IF;
    RETURN NEW;
END $$
"""

LOG_EVENT_BEFORE = """
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


TRIGGERS = (
    "DROP TRIGGER append_only ON event",
    "CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE event ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE ledger ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE seal ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER keep_event BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION keep_event()",
    "ALTER TABLE event ENABLE ALWAYS TRIGGER keep_event",
    "CREATE TRIGGER follow_seal BEFORE INSERT ON seal FOR EACH ROW EXECUTE FUNCTION follow_seal()",
)


def recorded() -> tuple[sa.Column[object], ...]:
    return (
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
    )


def upgrade() -> None:
    # A default that is drawn anew for each row: the events on record get their salts here.
    op.add_column(
        "event",
        sa.Column(
            "salt",
            sa.LargeBinary(),
            server_default=sa.text("uuid_send(gen_random_uuid())"),
            nullable=True,
            comment="what the digests of its texts are salted with; null once one of them is redacted",
        ),
    )
    op.add_column(
        "event",
        sa.Column(
            "field_salts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="where a text is redacted: the salts of the others, each under its path",
        ),
    )
    op.create_check_constraint(op.f("ck_event_salt"), "event", "octet_length(salt) = 16")
    op.create_check_constraint(
        op.f("ck_event_field_salts"), "event", "(salt IS NULL) = (field_salts IS NOT NULL)"
    )
    op.create_table(
        "ledger",
        *recorded(),
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_ledger_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        comment="append-only, one row: which database this is, also after a move",
    )
    op.create_table(
        "seal",
        *recorded(),
        sa.Column("no", sa.BigInteger(), autoincrement=False, nullable=False, comment="1, 2, …"),
        sa.Column(
            "previous_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="hash of the seal before; of the ledger's uuid for the first",
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "last_event_id",
            sa.BigInteger(),
            nullable=False,
            comment="no event up to this one can be added any more",
        ),
        sa.Column(
            "event_count",
            sa.BigInteger(),
            nullable=False,
            comment="all events up to that one, not of this seal alone",
        ),
        sa.Column(
            "leaves",
            sa.LargeBinary(),
            nullable=False,
            comment="of each event since the seal before: its id (8 bytes) and leaf hash (32)",
        ),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_seal_hash")),
        sa.CheckConstraint("octet_length(leaves) % 40 = 0", name=op.f("ck_seal_leaves")),
        sa.CheckConstraint("octet_length(previous_hash) = 32", name=op.f("ck_seal_previous_hash")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_seal")),
        sa.UniqueConstraint("hash", name=op.f("uq_seal_hash")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_seal_previous_hash")),
        comment="append-only: from here on nobody can rewrite what was recorded unnoticed",
    )
    for function in (
        LOG_EVENT,
        EVENT_FIELDS,
        EVENT_LEAF,
        REDACTED_EVENT,
        KEEP_EVENT,
        FOLLOW_SEAL,
    ):
        op.execute(function)
    for name in ("keep_event", "follow_seal"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    op.execute("INSERT INTO ledger (id) VALUES (1)")
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.drop_table("seal")
    op.drop_table("ledger")
    op.execute("DROP TRIGGER keep_event ON event")
    op.execute("DROP TRIGGER append_only ON event")
    op.execute("DROP FUNCTION follow_seal()")
    op.execute("DROP FUNCTION keep_event()")
    op.execute("DROP FUNCTION redacted_event(event, text[])")
    op.execute("DROP FUNCTION event_leaf(event)")
    op.execute("DROP FUNCTION event_fields(event)")
    op.execute(LOG_EVENT_BEFORE)
    op.drop_constraint(op.f("ck_event_field_salts"), "event")
    op.drop_constraint(op.f("ck_event_salt"), "event")
    op.drop_column("event", "field_salts")
    op.drop_column("event", "salt")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE event ENABLE ALWAYS TRIGGER append_only")
