"""Protected identities, apart from the record, and what left it.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


NEW_SALT = """
CREATE FUNCTION new_salt() RETURNS bytea LANGUAGE sql VOLATILE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT decode(replace(gen_random_uuid()::text, '-', ''), 'hex')
$$
"""

READS_IDENTITIES = """
CREATE FUNCTION reads_identities() RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT has_table_privilege(CURRENT_USER, 'public.event', 'SELECT')
$$
"""

REFUSE_TO_PROTECT = """
CREATE FUNCTION refuse_to_protect() RETURNS void LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'public.source', 'UPDATE') THEN
        RAISE EXCEPTION 'permission denied to protect' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$
"""

HIDE_IDENTITY = """
CREATE FUNCTION hide_identity(the_speaker_id bigint, the_source_id bigint, identity jsonb)
RETURNS void LANGUAGE sql VOLATILE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    INSERT INTO protected_source (speaker_id, source_id, identity, salt, digest)
    SELECT the_speaker_id, the_source_id, identity, salt,
        sha256(salt || convert_to(identity::text, 'UTF8'))
    FROM new_salt() AS salt
$$
"""

PROTECT_SPEAKER = """
CREATE FUNCTION protect_speaker(the_id bigint, pseudonym text, pseudonym_key text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM refuse_to_protect();
    PERFORM FROM speaker WHERE id = the_id AND NOT protected FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no speaker % to protect', the_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'already_protected';
    END IF;
    PERFORM hide_identity(the_id, NULL, jsonb_build_object(
        'name', name, 'description', description, 'aliases', (
            SELECT jsonb_agg(jsonb_build_object('name', alias.name, 'name_key', alias.name_key,
                'qualifier', alias.qualifier, 'qualifier_key', alias.qualifier_key)
                ORDER BY alias.id)
            FROM speaker_alias AS alias WHERE alias.speaker_id = the_id
        )
    )) FROM speaker WHERE id = the_id;
    UPDATE speaker_alias SET protected = true, name = '[protected]',
        name_key = encode(new_salt(), 'hex'), qualifier = NULL, qualifier_key = ''
    WHERE speaker_id = the_id;
    UPDATE speaker SET protected = true, name = pseudonym, description = NULL WHERE id = the_id;
    INSERT INTO speaker_alias (speaker_id, name, name_key)
    VALUES (the_id, pseudonym, pseudonym_key);
END $$
"""

PROTECT_SOURCE = """
CREATE FUNCTION protect_source(the_id bigint, pseudonym text)
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

STAY_PROTECTED = """
CREATE FUNCTION stay_protected() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

REFUSE_UNPROTECTED_MERGE = """
CREATE FUNCTION refuse_unprotected_merge() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF NEW.protected <> (SELECT protected FROM speaker WHERE id = NEW.merged_into_id) THEN
        RAISE EXCEPTION 'speakers % and % are merged only when both are protected, or none',
            NEW.id, NEW.merged_into_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'protected_together';
    END IF;
    RETURN NEW;
END $$
"""

REFUSE_SECOND_NAME = """
CREATE FUNCTION refuse_second_name() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF (SELECT protected FROM speaker WHERE id = NEW.speaker_id) AND EXISTS (
        SELECT FROM speaker_alias WHERE speaker_id = NEW.speaker_id AND NOT protected
    ) THEN
        RAISE EXCEPTION 'speaker % is protected: its pseudonym is its only name', NEW.speaker_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_protected';
    END IF;
    RETURN NEW;
END $$
"""

COUNT_REACH = """
CREATE OR REPLACE FUNCTION count_reach(claim_ids bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    UPDATE claim SET reach = counted.reach
    FROM (
        SELECT told.head_id,
            count(DISTINCT COALESCE(hidden.origin, source.origin))::integer AS reach
        FROM (
            SELECT asked.id AS head_id, asked.id FROM unnest(claim_ids) AS asked (id)
            UNION ALL
            SELECT merged_into_id, id FROM claim WHERE merged_into_id = ANY (claim_ids)
        ) AS told
        LEFT JOIN appearance
            ON appearance.claim_id = told.id AND appearance.withdrawn_at IS NULL
        LEFT JOIN source ON source.id = appearance.source_id
        LEFT JOIN protected_source AS hidden ON hidden.source_id = source.id
        GROUP BY told.head_id
    ) AS counted
    WHERE claim.id = counted.head_id AND claim.reach <> counted.reach;
END $$
"""

COUNT_REACH_BEFORE = """
CREATE OR REPLACE FUNCTION count_reach(claim_ids bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    UPDATE claim SET reach = counted.reach
    FROM (
        SELECT told.head_id, count(DISTINCT source.origin)::integer AS reach
        FROM (
            SELECT asked.id AS head_id, asked.id FROM unnest(claim_ids) AS asked (id)
            UNION ALL
            SELECT merged_into_id, id FROM claim WHERE merged_into_id = ANY (claim_ids)
        ) AS told
        LEFT JOIN appearance
            ON appearance.claim_id = told.id AND appearance.withdrawn_at IS NULL
        LEFT JOIN source ON source.id = appearance.source_id
        GROUP BY told.head_id
    ) AS counted
    WHERE claim.id = counted.head_id AND claim.reach <> counted.reach;
END $$
"""

BEARS_WITNESS = """
CREATE OR REPLACE FUNCTION bears_witness(the_claim_id bigint, the_source_id bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    -- A protected source is still of the house that it was of.
    WITH houses AS NOT MATERIALIZED (
        SELECT source.id, COALESCE(source.agency_id, hidden.agency_id) AS agency_id,
            COALESCE(source.publisher_id, hidden.publisher_id) AS publisher_id
        FROM source LEFT JOIN protected_source AS hidden ON hidden.source_id = source.id
    )
    SELECT NOT EXISTS (
        SELECT FROM appearance
        JOIN houses AS told ON told.id = appearance.source_id
        JOIN houses AS offered ON offered.id = the_source_id
        WHERE appearance.claim_id = ANY (same_claims(the_claim_id))
            AND appearance.withdrawn_at IS NULL
            AND (told.id = offered.id OR told.agency_id = offered.agency_id
                OR told.agency_id = offered.publisher_id OR told.publisher_id = offered.agency_id)
    )
$$
"""

BEARS_WITNESS_BEFORE = """
CREATE OR REPLACE FUNCTION bears_witness(the_claim_id bigint, the_source_id bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT NOT EXISTS (
        SELECT FROM appearance
        JOIN source AS told ON told.id = appearance.source_id
        JOIN source AS offered ON offered.id = the_source_id
        WHERE appearance.claim_id = ANY (same_claims(the_claim_id))
            AND appearance.withdrawn_at IS NULL
            AND (told.id = offered.id OR told.agency_id = offered.agency_id
                OR told.agency_id = offered.publisher_id OR told.publisher_id = offered.agency_id)
    )
$$
"""

REQUIRE_PUBLISHERS = """
CREATE OR REPLACE FUNCTION require_publishers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    the_verdict CONSTANT text := COALESCE(NEW.verdict, NEW.proposed_verdict);
    wanted integer;
    found integer;
BEGIN
    LOCK TABLE policy IN SHARE MODE;
    wanted := policy_in_force('independent_publishers');
    IF wanted = 0 THEN
        RETURN NULL;
    END IF;
    SELECT count(DISTINCT COALESCE(hidden.origin, source.origin)) INTO found
    FROM review_evidence
    JOIN evidence ON evidence.id = review_evidence.evidence_id
    JOIN source ON source.id = evidence.source_id
    LEFT JOIN protected_source AS hidden ON hidden.source_id = source.id
    WHERE review_evidence.claim_id = NEW.claim_id AND review_evidence.review_no = NEW.no
        AND evidence.withdrawn_at IS NULL
        AND bears_witness(NEW.claim_id, evidence.source_id)
        AND CASE the_verdict
            WHEN 'true' THEN evidence.stance = 'supports'
            WHEN 'false' THEN evidence.stance = 'refutes'
            ELSE true
        END;
    IF found < wanted THEN
        RAISE EXCEPTION 'the verdict % on claim % rests on % independent publishers, not %',
            the_verdict, NEW.claim_id, found, wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'independent_publishers';
    END IF;
    RETURN NULL;
END $$
"""

REQUIRE_PUBLISHERS_BEFORE = """
CREATE OR REPLACE FUNCTION require_publishers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    the_verdict CONSTANT text := COALESCE(NEW.verdict, NEW.proposed_verdict);
    wanted integer;
    found integer;
BEGIN
    LOCK TABLE policy IN SHARE MODE;
    wanted := policy_in_force('independent_publishers');
    IF wanted = 0 THEN
        RETURN NULL;
    END IF;
    SELECT count(DISTINCT source.origin) INTO found
    FROM review_evidence
    JOIN evidence ON evidence.id = review_evidence.evidence_id
    JOIN source ON source.id = evidence.source_id
    WHERE review_evidence.claim_id = NEW.claim_id AND review_evidence.review_no = NEW.no
        AND evidence.withdrawn_at IS NULL
        AND bears_witness(NEW.claim_id, evidence.source_id)
        AND CASE the_verdict
            WHEN 'true' THEN evidence.stance = 'supports'
            WHEN 'false' THEN evidence.stance = 'refutes'
            ELSE true
        END;
    IF found < wanted THEN
        RAISE EXCEPTION 'the verdict % on claim % rests on % independent publishers, not %',
            the_verdict, NEW.claim_id, found, wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'independent_publishers';
    END IF;
    RETURN NULL;
END $$
"""

CLOSED = (
    "stay_protected",
    "refuse_unprotected_merge",
    "refuse_second_name",
)

TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON protected_source FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE protected_source ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_insert AFTER INSERT ON protected_source REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'identity,salt,origin,publisher_id,agency_id')",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON export FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE export ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_insert AFTER INSERT ON export REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE TRIGGER stay_protected BEFORE UPDATE ON speaker FOR EACH ROW WHEN (OLD.protected) EXECUTE FUNCTION stay_protected('name')",
    "CREATE TRIGGER stay_protected BEFORE UPDATE ON speaker_alias FOR EACH ROW WHEN (OLD.protected) EXECUTE FUNCTION stay_protected('name', 'name_key', 'qualifier', 'qualifier_key')",
    "CREATE TRIGGER stay_protected BEFORE UPDATE ON source FOR EACH ROW WHEN (OLD.protected) EXECUTE FUNCTION stay_protected('title', 'source_key')",
    "CREATE TRIGGER refuse_unprotected_merge BEFORE UPDATE OF merged_into_id ON speaker FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION refuse_unprotected_merge()",
    "CREATE TRIGGER refuse_second_name BEFORE INSERT ON speaker_alias FOR EACH ROW EXECUTE FUNCTION refuse_second_name()",
    "ALTER TABLE protected_source ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY identities ON protected_source FOR SELECT USING (reads_identities())",
)


def _recorded() -> tuple[sa.Column[Any], ...]:
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
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    )


def upgrade() -> None:
    for table, comment in (
        ("speaker", "the name is a pseudonym; who it is stands in protected_source, or nowhere"),
        ("speaker_alias", "the name moved to protected_source, and leads to nobody any more"),
        ("source", "the title is a pseudonym; what it is stands in protected_source"),
    ):
        op.add_column(
            table,
            sa.Column(
                "protected",
                sa.Boolean(),
                server_default=sa.text("false"),
                nullable=False,
                comment=comment,
            ),
        )
    op.create_check_constraint(
        op.f("ck_speaker_alias_protected"), "speaker_alias", "NOT protected OR qualifier IS NULL"
    )
    op.create_check_constraint(
        op.f("ck_source_protected"),
        "source",
        "NOT protected OR num_nonnulls(url, publisher_id, agency_id, external_id) = 0",
    )
    op.create_table(
        "protected_source",
        *_recorded(),
        sa.Column("speaker_id", sa.BigInteger(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "identity",
            postgresql.JSONB(none_as_null=True),
            nullable=True,
            comment="what stood in the row and its names before; null once it was redacted",
        ),
        sa.Column(
            "salt",
            sa.LargeBinary(),
            nullable=True,
            comment="of the digest; goes with identity",
        ),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of salt and identity: events hold this, and never the identity",
        ),
        sa.Column(
            "origin",
            sa.Text(),
            sa.Computed("identity ->> 'origin'", persisted=True),
            nullable=True,
            comment="the source's origin before: reach goes on counting it",
        ),
        sa.Column(
            "publisher_id",
            sa.BigInteger(),
            sa.Computed("(identity ->> 'publisher_id')::bigint", persisted=True),
            nullable=True,
            comment="as before: a reprint stays one",
        ),
        sa.Column(
            "agency_id",
            sa.BigInteger(),
            sa.Computed("(identity ->> 'agency_id')::bigint", persisted=True),
            nullable=True,
            comment="as before: a reprint stays one",
        ),
        sa.CheckConstraint(
            "num_nonnulls(speaker_id, source_id) = 1", name=op.f("ck_protected_source_of_one")
        ),
        sa.CheckConstraint(
            "(identity IS NULL) = (salt IS NULL)", name=op.f("ck_protected_source_salt")
        ),
        sa.CheckConstraint(
            "identity IS NULL OR digest = sha256(salt || convert_to(identity::text, 'UTF8'))",
            name=op.f("ck_protected_source_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.id"], name=op.f("fk_protected_source_speaker_id_speaker")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_protected_source_source_id_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protected_source")),
        sa.UniqueConstraint("speaker_id", name=op.f("uq_protected_source_speaker_id")),
        sa.UniqueConstraint("source_id", name=op.f("uq_protected_source_source_id")),
        comment="append-only: the identities behind pseudonyms; row security lets few read it",
    )
    op.create_table(
        "export",
        *_recorded(),
        sa.Column("what", sa.Text(), nullable=False, comment="in a word: backup, identity, file"),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column(
            "row_count",
            sa.BigInteger(),
            nullable=True,
            comment="how many rows, where they count",
        ),
        sa.Column(
            "filters",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="which of them: words to values",
        ),
        sa.CheckConstraint(
            "what ~ '\\S' AND char_length(what) <= 100", name=op.f("ck_export_what")
        ),
        sa.CheckConstraint(
            "format ~ '\\S' AND char_length(format) <= 100", name=op.f("ck_export_format")
        ),
        sa.CheckConstraint("row_count >= 0", name=op.f("ck_export_row_count")),
        sa.CheckConstraint("jsonb_typeof(filters) = 'object'", name=op.f("ck_export_filters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
        comment="append-only: what left the record",
    )
    for function in (
        NEW_SALT,
        READS_IDENTITIES,
        REFUSE_TO_PROTECT,
        HIDE_IDENTITY,
        PROTECT_SPEAKER,
        PROTECT_SOURCE,
        STAY_PROTECTED,
        REFUSE_UNPROTECTED_MERGE,
        REFUSE_SECOND_NAME,
        COUNT_REACH,
        BEARS_WITNESS,
        REQUIRE_PUBLISHERS,
    ):
        op.execute(function)
    for name in CLOSED:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    for function in (
        COUNT_REACH_BEFORE,
        BEARS_WITNESS_BEFORE,
        REQUIRE_PUBLISHERS_BEFORE,
    ):
        op.execute(function)
    for trigger, table in (
        ("refuse_second_name", "speaker_alias"),
        ("refuse_unprotected_merge", "speaker"),
        ("stay_protected", "source"),
        ("stay_protected", "speaker_alias"),
        ("stay_protected", "speaker"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.drop_table("export")
    op.drop_table("protected_source")
    for table in ("source", "speaker_alias", "speaker"):
        op.drop_column(table, "protected")
    op.execute("DROP FUNCTION refuse_second_name()")
    op.execute("DROP FUNCTION refuse_unprotected_merge()")
    op.execute("DROP FUNCTION stay_protected()")
    op.execute("DROP FUNCTION protect_source(bigint, text)")
    op.execute("DROP FUNCTION protect_speaker(bigint, text, text)")
    op.execute("DROP FUNCTION hide_identity(bigint, bigint, jsonb)")
    op.execute("DROP FUNCTION refuse_to_protect()")
    op.execute("DROP FUNCTION reads_identities()")
    op.execute("DROP FUNCTION new_salt()")
