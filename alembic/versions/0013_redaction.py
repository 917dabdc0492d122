"""Redaction: a value leaves its row and its events, and a salted digest stays.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


IS_REDACTION = """
CREATE FUNCTION is_redaction(the_table text) RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT COALESCE(current_setting('claimtrack.redacting', true) = the_table, false)
        AND pg_has_role(CURRENT_USER, (
            SELECT relowner FROM pg_class WHERE oid = format('public.%I', the_table)::regclass
        ), 'MEMBER')
$$
"""

REFUSE_ALL_BUT_REDACTION = """
CREATE FUNCTION refuse_all_but_redaction() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND is_redaction(TG_TABLE_NAME) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: what is recorded stays', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$
"""

ONLY_REDACT = """
CREATE FUNCTION only_redact() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    words CONSTANT text[] := string_to_array(TG_ARGV[0], ',');
    others CONSTANT text[] := words || string_to_array(TG_ARGV[1], ',');
    was CONSTANT jsonb := to_jsonb(OLD);
    becomes CONSTANT jsonb := to_jsonb(NEW);
BEGIN
    IF NOT is_redaction(TG_TABLE_NAME) OR (was - others) <> (becomes - others) OR EXISTS (
        SELECT FROM unnest(words) AS word
        WHERE becomes -> word IS DISTINCT FROM was -> word
            AND COALESCE(becomes ->> word, '[]') NOT IN ('[redacted]', '[]')
    ) THEN
        RAISE EXCEPTION 'update of % is refused: what is recorded stays', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    RETURN NEW;
END $$
"""

KEEP_CAPTURE = """
CREATE FUNCTION keep_capture() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    redacted CONSTANT boolean := is_redaction('capture');
BEGIN
    IF (NEW.id, NEW.source_id, NEW.byte_count, NEW.media_type, NEW.recorded_at, NEW.recorded_by,
            NEW.db_user)
        IS DISTINCT FROM (OLD.id, OLD.source_id, OLD.byte_count, OLD.media_type, OLD.recorded_at,
            OLD.recorded_by, OLD.db_user)
        OR NEW.file_name IS DISTINCT FROM OLD.file_name
            AND NOT (redacted AND NEW.file_name IS NULL)
        OR (NEW.content, NEW.sha256) IS DISTINCT FROM (OLD.content, OLD.sha256)
            AND NOT (redacted AND NEW.content IS NULL AND OLD.content IS NOT NULL)
        OR NEW IS NOT DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'update of capture is refused: what is recorded stays'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    RETURN NEW;
END $$
"""

ONLY_WITHDRAW = """
CREATE OR REPLACE FUNCTION only_withdraw() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    -- Arguments of the trigger name further columns that may change while the row stands.
    may_change CONSTANT text[] :=
        '{withdrawn_at,withdrawn_by,withdrawn_because}' || COALESCE(TG_ARGV, '{}');
BEGIN
    -- What a redaction may change, only_redact() sees to.
    IF is_redaction(TG_TABLE_NAME) THEN
        RETURN NEW;
    END IF;
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
    -- A login of its own may write the reason alone.
    IF NEW.withdrawn_because IS NOT NULL THEN
        NEW.withdrawn_at := COALESCE(NEW.withdrawn_at, now());
        NEW.withdrawn_by := COALESCE(NEW.withdrawn_by, current_actor());
    END IF;
    RETURN NEW;
END $$
"""

CLOSE_ONCE = """
CREATE OR REPLACE FUNCTION close_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    closing CONSTANT text[] := '{closed_at,closed_by,closed_because,outcome}';
BEGIN
    -- What a redaction may change, only_redact() sees to.
    IF is_redaction(TG_TABLE_NAME) THEN
        RETURN NEW;
    END IF;
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

CLOSE_ONCE_BEFORE = """
CREATE OR REPLACE FUNCTION close_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

STAY_PROTECTED = """
CREATE OR REPLACE FUNCTION stay_protected() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    kept CONSTANT text[] := ARRAY['protected'] || TG_ARGV;
BEGIN
    IF NOT is_redaction(TG_TABLE_NAME) AND EXISTS (
        SELECT FROM unnest(kept) AS field
        WHERE to_jsonb(NEW) -> field IS DISTINCT FROM to_jsonb(OLD) -> field
    ) THEN
        RAISE EXCEPTION 'this % is protected: its pseudonym stays', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_protected';
    END IF;
    RETURN NEW;
END $$
"""

STAY_PROTECTED_BEFORE = """
CREATE OR REPLACE FUNCTION stay_protected() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    kept CONSTANT text[] := ARRAY['protected'] || TG_ARGV;
BEGIN
    IF EXISTS (
        SELECT FROM unnest(kept) AS field
        WHERE to_jsonb(NEW) -> field IS DISTINCT FROM to_jsonb(OLD) -> field
    ) THEN
        RAISE EXCEPTION 'this % is protected: its pseudonym stays', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_protected';
    END IF;
    RETURN NEW;
END $$
"""

PROTECT_SOURCE = """
CREATE OR REPLACE FUNCTION protect_source(the_id bigint, pseudonym text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM refuse_to_protect();
    PERFORM FROM source WHERE id = the_id AND NOT protected FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no source % to protect', the_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'already_protected';
    END IF;
    PERFORM hide_identity(NULL, the_id, jsonb_build_object(
        'url', source.url, 'host', source.host, 'title', source.title,
        'publisher', publisher.name, 'publisher_id', source.publisher_id,
        'agency', agency.name, 'agency_id', source.agency_id,
        'external_id', source.external_id, 'source_key', encode(source.source_key, 'hex'),
        'origin', source.origin, 'files', (
            SELECT jsonb_agg(jsonb_build_object('capture', capture.id, 'name', capture.file_name)
                ORDER BY capture.id)
            FROM capture WHERE capture.source_id = the_id AND capture.file_name IS NOT NULL
        )
    ))
    FROM source
    LEFT JOIN publisher ON publisher.id = source.publisher_id
    LEFT JOIN publisher AS agency ON agency.id = source.agency_id
    WHERE source.id = the_id;
    UPDATE source SET protected = true, title = pseudonym, url = NULL, host = NULL,
        publisher_id = NULL, agency_id = NULL, external_id = NULL,
        source_key = sha256(new_salt() || new_salt())
    WHERE id = the_id;
    PERFORM set_config('claimtrack.redacting', 'capture', true);
    UPDATE capture SET file_name = NULL WHERE source_id = the_id AND file_name IS NOT NULL;
    PERFORM set_config('claimtrack.redacting', '', true);
END $$
"""

PROTECT_SOURCE_BEFORE = """
CREATE OR REPLACE FUNCTION protect_source(the_id bigint, pseudonym text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM refuse_to_protect();
    PERFORM FROM source WHERE id = the_id AND NOT protected FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no source % to protect', the_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'already_protected';
    END IF;
    PERFORM hide_identity(NULL, the_id, jsonb_build_object(
        'url', source.url, 'host', source.host, 'title', source.title,
        'publisher', publisher.name, 'publisher_id', source.publisher_id,
        'agency', agency.name, 'agency_id', source.agency_id,
        'external_id', source.external_id, 'source_key', encode(source.source_key, 'hex'),
        'origin', source.origin, 'files', (
            SELECT jsonb_agg(jsonb_build_object('capture', capture.id, 'name', capture.file_name)
                ORDER BY capture.id)
            FROM capture WHERE capture.source_id = the_id AND capture.file_name IS NOT NULL
        )
    ))
    FROM source
    LEFT JOIN publisher ON publisher.id = source.publisher_id
    LEFT JOIN publisher AS agency ON agency.id = source.agency_id
    WHERE source.id = the_id;
    UPDATE source SET protected = true, title = pseudonym, url = NULL, host = NULL,
        publisher_id = NULL, agency_id = NULL, external_id = NULL,
        source_key = sha256(new_salt() || new_salt())
    WHERE id = the_id;
END $$
"""

TABLES = (
    "claim",
    "appearance",
    "attribution",
    "figure",
    "note",
    "evidence",
    "review",
    "objection",
    "challenge",
    "speaker",
    "speaker_alias",
    "publisher",
    "source",
    "protected_source",
)
#: Tables that only grow, and take a redaction now.
GROWING = ("attribution", "note", "review", "capture", "protected_source")

TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON redaction FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE redaction ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_insert AFTER INSERT ON redaction REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attribution FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_redaction()",
    "ALTER TABLE attribution ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_update AFTER UPDATE ON attribution REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON note FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_redaction()",
    "ALTER TABLE note ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_update AFTER UPDATE ON note REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_redaction()",
    "ALTER TABLE review ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_update AFTER UPDATE ON review REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('claim_id,no', 'prev_no')",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON capture FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_redaction()",
    "ALTER TABLE capture ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_update AFTER UPDATE ON capture REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'content')",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON protected_source FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_redaction()",
    "ALTER TABLE protected_source ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_update AFTER UPDATE ON protected_source REFERENCING OLD TABLE AS replaced NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'identity,salt,origin,publisher_id,agency_id')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON claim FOR EACH ROW WHEN (is_redaction('claim')) EXECUTE FUNCTION only_redact('statement,topics,assigned_to,merged_because', 'statement_key,version,reach')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON appearance FOR EACH ROW WHEN (is_redaction('appearance')) EXECUTE FUNCTION only_redact('quote,passage,place,withdrawn_because', '')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON attribution FOR EACH ROW EXECUTE FUNCTION only_redact('because', '')",
    "ALTER TABLE attribution ENABLE ALWAYS TRIGGER only_redact",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON figure FOR EACH ROW WHEN (is_redaction('figure')) EXECUTE FUNCTION only_redact('unit,counted,place', '')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION only_redact('body', '')",
    "ALTER TABLE note ENABLE ALWAYS TRIGGER only_redact",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON evidence FOR EACH ROW WHEN (is_redaction('evidence')) EXECUTE FUNCTION only_redact('excerpt,place,withdrawn_because', '')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON review FOR EACH ROW EXECUTE FUNCTION only_redact('because,rating', 'prev_no')",
    "ALTER TABLE review ENABLE ALWAYS TRIGGER only_redact",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON objection FOR EACH ROW WHEN (is_redaction('objection')) EXECUTE FUNCTION only_redact('because,closed_because', '')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON challenge FOR EACH ROW WHEN (is_redaction('challenge')) EXECUTE FUNCTION only_redact('because,closed_because,challenger', '')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON speaker FOR EACH ROW WHEN (is_redaction('speaker')) EXECUTE FUNCTION only_redact('name,description,merged_because', 'version')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON speaker_alias FOR EACH ROW WHEN (is_redaction('speaker_alias')) EXECUTE FUNCTION only_redact('name,qualifier', 'name_key,qualifier_key')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON publisher FOR EACH ROW WHEN (is_redaction('publisher')) EXECUTE FUNCTION only_redact('name', 'name_key')",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON source FOR EACH ROW WHEN (is_redaction('source')) EXECUTE FUNCTION only_redact('url,title,external_id', 'host,source_key,version,origin')",
    "CREATE TRIGGER keep_capture BEFORE UPDATE ON capture FOR EACH ROW EXECUTE FUNCTION keep_capture()",
    "ALTER TABLE capture ENABLE ALWAYS TRIGGER keep_capture",
    "CREATE TRIGGER only_redact BEFORE UPDATE ON protected_source FOR EACH ROW EXECUTE FUNCTION only_redact('identity', 'salt,origin,publisher_id,agency_id')",
    "ALTER TABLE protected_source ENABLE ALWAYS TRIGGER only_redact",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.create_table(
        "redaction",
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
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False, comment="the row's key, as events have it"),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=True,
            comment="SHA-256 of a salt, which is gone, and the latest value",
        ),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_redaction_digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redaction")),
        comment="append-only: what was redacted, and never its value",
    )
    op.create_index(op.f("ix_redaction_table_name_row_key"), "redaction", ["table_name", "row_key"])
    op.alter_column(
        "capture",
        "content",
        existing_type=sa.LargeBinary(),
        nullable=True,
        comment="null once it was redacted",
    )
    for table in GROWING:
        op.execute(f"DROP TRIGGER append_only ON {table}")
    for function in (
        IS_REDACTION,
        REFUSE_ALL_BUT_REDACTION,
        ONLY_REDACT,
        KEEP_CAPTURE,
        ONLY_WITHDRAW,
        CLOSE_ONCE,
        STAY_PROTECTED,
        PROTECT_SOURCE,
    ):
        op.execute(function)
    for name in ("refuse_all_but_redaction", "only_redact", "keep_capture"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.drop_table("redaction")
    for table in TABLES:
        op.execute(f"DROP TRIGGER only_redact ON {table}")
    op.execute("DROP TRIGGER keep_capture ON capture")
    for table in GROWING:
        op.execute(f"DROP TRIGGER log_update ON {table}")
        op.execute(f"DROP TRIGGER append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only")
    for function in (
        ONLY_WITHDRAW_BEFORE,
        CLOSE_ONCE_BEFORE,
        STAY_PROTECTED_BEFORE,
        PROTECT_SOURCE_BEFORE,
    ):
        op.execute(function)
    # Refused where bytes were redacted: there is no way back for them.
    op.alter_column(
        "capture",
        "content",
        existing_type=sa.LargeBinary(),
        nullable=False,
        comment=None,
        existing_comment="null once it was redacted",
    )
    op.execute("DROP FUNCTION keep_capture()")
    op.execute("DROP FUNCTION only_redact()")
    op.execute("DROP FUNCTION refuse_all_but_redaction()")
    op.execute("DROP FUNCTION is_redaction(text)")
