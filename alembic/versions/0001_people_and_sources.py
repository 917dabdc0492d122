"""Speakers, publishers, sources and captures.

Revision ID: 0001
Revises: None
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what is recorded stays', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$
"""

KEEP_RECORD = """
CREATE FUNCTION keep_record() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF (NEW.recorded_at, NEW.recorded_by, NEW.db_user)
        IS DISTINCT FROM (OLD.recorded_at, OLD.recorded_by, OLD.db_user)
        OR to_jsonb(NEW) -> TG_ARGV[0] <> to_jsonb(OLD) -> TG_ARGV[0] THEN
        RAISE EXCEPTION 'the key of a %, and when and by whom it was recorded, can''t be changed',
            TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    RETURN NEW;
END $$
"""

COUNT_VERSION = """
CREATE FUNCTION count_version() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$
"""

NO_CHAIN = """
CREATE FUNCTION refuse_merge_chain() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM 1 FROM speaker WHERE id = NEW.merged_into_id FOR SHARE;
    IF EXISTS (SELECT FROM speaker WHERE id = NEW.merged_into_id AND merged_into_id IS NOT NULL)
        OR EXISTS (SELECT FROM speaker WHERE merged_into_id = NEW.id) THEN
        RAISE EXCEPTION 'speaker % can''t be merged into %: that would make a chain',
            NEW.id, NEW.merged_into_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'merge_chain';
    END IF;
    RETURN NEW;
END $$
"""


TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON capture FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE capture ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON speaker FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE speaker ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON speaker_alias FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE speaker_alias ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON publisher FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE publisher ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON source FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE source ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER keep_record BEFORE UPDATE ON speaker FOR EACH ROW EXECUTE FUNCTION keep_record('id')",
    "CREATE TRIGGER keep_record BEFORE UPDATE ON speaker_alias FOR EACH ROW EXECUTE FUNCTION keep_record('id')",
    "CREATE TRIGGER keep_record BEFORE UPDATE ON publisher FOR EACH ROW EXECUTE FUNCTION keep_record('id')",
    "CREATE TRIGGER keep_record BEFORE UPDATE ON source FOR EACH ROW EXECUTE FUNCTION keep_record('id')",
    "CREATE TRIGGER count_version BEFORE UPDATE ON speaker FOR EACH ROW EXECUTE FUNCTION count_version()",
    "CREATE TRIGGER count_version BEFORE UPDATE ON source FOR EACH ROW EXECUTE FUNCTION count_version()",
    "CREATE TRIGGER refuse_merge_chain BEFORE UPDATE OF merged_into_id ON speaker FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION refuse_merge_chain()",
)


def upgrade() -> None:
    op.create_table(
        "publisher",
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
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint(
            "name ~ '\\S' AND char_length(name) <= 300", name=op.f("ck_publisher_name")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publisher")),
        sa.UniqueConstraint("name_key", name=op.f("uq_publisher_name_key")),
        comment="publishers and wire agencies",
    )
    op.create_table(
        "speaker",
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
        sa.Column("name", sa.Text(), nullable=False, comment="the name as the desk writes it"),
        sa.Column("kind", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("description", sa.Text(), nullable=True, comment="who this is, in a few words"),
        sa.Column(
            "merged_into_id",
            sa.BigInteger(),
            nullable=True,
            comment="the speaker that this one was found to be; never a chain",
        ),
        sa.Column(
            "version", sa.Integer(), server_default="1", nullable=False, comment="counts the edits"
        ),
        sa.CheckConstraint(
            "description ~ '\\S' AND char_length(description) <= 2000",
            name=op.f("ck_speaker_description"),
        ),
        sa.CheckConstraint(
            "kind IN ('person', 'organisation', 'unknown')", name=op.f("ck_speaker_kind")
        ),
        sa.CheckConstraint(
            "name ~ '\\S' AND char_length(name) <= 300", name=op.f("ck_speaker_name")
        ),
        sa.CheckConstraint("merged_into_id <> id", name=op.f("ck_speaker_not_into_itself")),
        sa.ForeignKeyConstraint(
            ["merged_into_id"], ["speaker.id"], name=op.f("fk_speaker_merged_into_id_speaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speaker")),
        comment="who made a claim",
    )
    op.create_index(
        op.f("ix_speaker_merged_into_id"),
        "speaker",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_table(
        "source",
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
        sa.Column("kind", sa.Text(), server_default="article", nullable=False),
        sa.Column(
            "url",
            sa.Text(),
            nullable=True,
            comment="normalised; null for calls and filed documents",
        ),
        sa.Column("host", sa.Text(), nullable=True, comment="the URL's host without www"),
        sa.Column(
            "source_key",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256, computed in Python, of the URL or of publisher, title and external id",
        ),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("publisher_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "agency_id",
            sa.BigInteger(),
            nullable=True,
            comment="the wire that the text was taken from",
        ),
        sa.Column(
            "external_id",
            sa.Text(),
            nullable=True,
            comment="the source's number elsewhere: a file number, a call's number",
        ),
        sa.Column(
            "published_on",
            sa.Date(),
            nullable=True,
            comment="when it was published; a call: when it took place",
        ),
        sa.Column("published_precision", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column(
            "origin",
            sa.Text(),
            sa.Computed(
                "COALESCE('p' || COALESCE(agency_id, publisher_id)::text, 'h' || host, 's' || id::text)",
                persisted=True,
            ),
            nullable=False,
            comment="whose word it is: agency, else publisher, else host, else the source alone; reach counts these",
        ),
        sa.Column(
            "version", sa.Integer(), server_default="1", nullable=False, comment="counts the edits"
        ),
        sa.CheckConstraint(
            "external_id ~ '\\S' AND char_length(external_id) <= 300",
            name=op.f("ck_source_external_id"),
        ),
        sa.CheckConstraint(
            "kind IN ('article', 'transcript', 'video', 'audio', 'image', 'call', 'interview', 'document', 'dataset', 'post', 'other')",
            name=op.f("ck_source_kind"),
        ),
        sa.CheckConstraint(
            "published_precision = 'day' OR (published_precision = 'month' AND date_trunc('month', published_on::timestamp) = published_on) OR (published_precision = 'year' AND date_trunc('year', published_on::timestamp) = published_on)",
            name=op.f("ck_source_published_precision_first_day"),
        ),
        sa.CheckConstraint(
            "published_precision IN ('day', 'month', 'year')",
            name=op.f("ck_source_published_precision"),
        ),
        sa.CheckConstraint(
            "title ~ '\\S' AND char_length(title) <= 1000", name=op.f("ck_source_title")
        ),
        sa.CheckConstraint("url ~ '\\S' AND char_length(url) <= 8000", name=op.f("ck_source_url")),
        sa.CheckConstraint(
            "(published_on IS NULL) = (published_precision IS NULL)",
            name=op.f("ck_source_published_precision_given"),
        ),
        sa.CheckConstraint("(url IS NULL) = (host IS NULL)", name=op.f("ck_source_host")),
        sa.CheckConstraint("octet_length(source_key) = 32", name=op.f("ck_source_source_key")),
        sa.CheckConstraint("url IS NOT NULL OR title IS NOT NULL", name=op.f("ck_source_named")),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["publisher.id"], name=op.f("fk_source_agency_id_publisher")
        ),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["publisher.id"], name=op.f("fk_source_publisher_id_publisher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("source_key", name=op.f("uq_source_source_key")),
        comment="documents where claims appeared, or that bear on them",
    )
    op.create_index(
        op.f("ix_source_agency_id"),
        "source",
        ["agency_id"],
        unique=False,
        postgresql_where=sa.text("agency_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_source_publisher_id"),
        "source",
        ["publisher_id"],
        unique=False,
        postgresql_where=sa.text("publisher_id IS NOT NULL"),
    )
    op.create_table(
        "speaker_alias",
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
        sa.Column("speaker_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the name as written"),
        sa.Column(
            "name_key",
            sa.Text(collation="C"),
            nullable=False,
            comment="computed in Python: without case, accents, honorifics and spacing",
        ),
        sa.Column(
            "qualifier",
            sa.Text(),
            nullable=True,
            comment="tells two people of one name apart: 'Ohio senator'",
        ),
        sa.Column(
            "qualifier_key",
            sa.Text(collation="C"),
            server_default="",
            nullable=False,
            comment="empty without a qualifier",
        ),
        sa.CheckConstraint(
            "(qualifier IS NULL) = (qualifier_key = '')",
            name=op.f("ck_speaker_alias_qualifier_key"),
        ),
        sa.CheckConstraint(
            "name ~ '\\S' AND char_length(name) <= 300", name=op.f("ck_speaker_alias_name")
        ),
        sa.CheckConstraint(
            "qualifier ~ '\\S' AND char_length(qualifier) <= 300",
            name=op.f("ck_speaker_alias_qualifier"),
        ),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.id"], name=op.f("fk_speaker_alias_speaker_id_speaker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_speaker_alias")),
        sa.UniqueConstraint(
            "name_key", "qualifier_key", name=op.f("uq_speaker_alias_name_key_qualifier_key")
        ),
        comment="the names that lead to a speaker",
    )
    op.create_index(
        op.f("ix_speaker_alias_speaker_id"), "speaker_alias", ["speaker_id"], unique=False
    )
    op.create_table(
        "capture",
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
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="of content"),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column(
            "file_name", sa.Text(), nullable=True, comment="the name under which it was filed"
        ),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "byte_count = octet_length(content)", name=op.f("ck_capture_byte_count")
        ),
        sa.CheckConstraint("sha256 = sha256(content)", name=op.f("ck_capture_sha256")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_capture_source_id_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
        sa.UniqueConstraint("source_id", "sha256", name=op.f("uq_capture_source_id_sha256")),
        comment="append-only: the bytes of sources",
    )
    op.create_index(op.f("ix_capture_sha256"), "capture", ["sha256"], unique=False)
    for function in (
        REFUSE_CHANGE,
        KEEP_RECORD,
        COUNT_VERSION,
        NO_CHAIN,
    ):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.drop_table("capture")
    op.drop_table("speaker_alias")
    op.drop_table("source")
    op.drop_table("speaker")
    op.drop_table("publisher")
    op.execute("DROP FUNCTION refuse_merge_chain()")
    op.execute("DROP FUNCTION count_version()")
    op.execute("DROP FUNCTION keep_record()")
    op.execute("DROP FUNCTION refuse_change()")
