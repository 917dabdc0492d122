"""Imports and what their rows became, fact-checks of others, our own publications, house ratings.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PINNED = "SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'"

KEEP_IMPORT = f"""
CREATE FUNCTION keep_import() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    -- What a redaction may change, only_redact() sees to.
    IF is_redaction(TG_TABLE_NAME) THEN
        RETURN NEW;
    END IF;
    IF NEW.undone_because IS NOT NULL THEN
        NEW.undone_at := COALESCE(NEW.undone_at, now());
        NEW.undone_by := COALESCE(NEW.undone_by, current_actor());
    END IF;
    IF OLD.undone_at IS NOT NULL
        OR OLD.finished_at IS NOT NULL AND NEW.undone_at IS NULL
        OR (NEW.format, NEW.file_name, NEW.sha256, NEW.byte_count, NEW.origin, NEW.licence,
                NEW.options)
            IS DISTINCT FROM (OLD.format, OLD.file_name, OLD.sha256, OLD.byte_count, OLD.origin,
                OLD.licence, OLD.options) THEN
        RAISE EXCEPTION 'import % stays what it was', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'keep_import';
    END IF;
    RETURN NEW;
END $$
"""

EDITED_BY_HAND = f"""
CREATE FUNCTION edited_by_hand(the_table text, the_key text) RETURNS text[]
LANGUAGE sql STABLE SECURITY DEFINER {PINNED} AS $$
    SELECT COALESCE(array_agg(DISTINCT field), '{{}}')
    FROM event CROSS JOIN LATERAL jsonb_object_keys(event.after) AS field
    WHERE event.table_name = the_table AND event.row_key = the_key
        AND event.operation = 'update' AND event.application NOT LIKE 'claimtrack import %'
$$
"""

REFER_ROWS = f"""
CREATE FUNCTION refer_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        WHERE NOT EXISTS (SELECT FROM import WHERE import.id = changed.import_id)
            OR NOT EXISTS (SELECT FROM claim WHERE claim.id = changed.claim_id)
            OR changed.appearance_no IS NOT NULL AND NOT EXISTS (
                SELECT FROM appearance
                WHERE appearance.claim_id = changed.claim_id
                    AND appearance.no = changed.appearance_no
            )
            OR changed.assessment_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM assessment
                WHERE assessment.id = changed.assessment_id
                    AND assessment.claim_id = changed.claim_id
            )
    ) THEN
        RAISE EXCEPTION 'a row of a file became what is not on record'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'refer_rows';
    END IF;
    RETURN NULL;
END $$
"""

REFRESH_REACH = f"""
CREATE OR REPLACE FUNCTION refresh_reach() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
{PINNED} AS $$
BEGIN
    IF current_setting('claimtrack.counts_reach', true) = 'on'
        AND pg_has_role(SESSION_USER, CURRENT_USER, 'MEMBER') THEN
        RETURN NULL;
    END IF;
    PERFORM count_reach(lock_with_heads(ARRAY(SELECT DISTINCT claim_id FROM changed)));
    RETURN NULL;
END $$
"""

REFRESH_REACH_BEFORE = f"""
CREATE OR REPLACE FUNCTION refresh_reach() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
{PINNED} AS $$
BEGIN
    PERFORM count_reach(lock_with_heads(ARRAY(SELECT DISTINCT claim_id FROM changed)));
    RETURN NULL;
END $$
"""

GUARD_NEW_CLAIM = f"""
CREATE OR REPLACE FUNCTION guard_new_claim() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    RAISE EXCEPTION 'a claim begins unverified; only a review moves it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'status_of_latest_review';
END $$
"""

GUARD_NEW_CLAIM_BEFORE = f"""
CREATE OR REPLACE FUNCTION guard_new_claim() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    IF NEW.status <> 'unverified' OR NEW.review_no <> 0 THEN
        RAISE EXCEPTION 'a claim begins unverified; only a review moves it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'status_of_latest_review';
    END IF;
    RETURN NEW;
END $$
"""

FORGET_ROWS = f"""
CREATE FUNCTION forget_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
DECLARE
    fresh CONSTANT jsonb := to_jsonb(NEW);
    the_id CONSTANT bigint := COALESCE(fresh ->> 'speaker_id', fresh ->> 'id')::bigint;
    before CONSTANT text := COALESCE(current_setting('claimtrack.redacting', true), '');
    claim_ids CONSTANT bigint[] := CASE TG_TABLE_NAME
        WHEN 'claim' THEN ARRAY[the_id]
        WHEN 'speaker' THEN ARRAY(SELECT claim_id FROM appearance WHERE speaker_id = the_id)
        WHEN 'speaker_alias' THEN ARRAY(SELECT claim_id FROM appearance WHERE speaker_id = the_id)
        WHEN 'source' THEN ARRAY(
            SELECT claim_id FROM appearance WHERE source_id = the_id
            UNION SELECT claim_id FROM evidence WHERE source_id = the_id
        )
        WHEN 'publisher' THEN ARRAY(
            SELECT claim_id FROM appearance JOIN source ON source.id = appearance.source_id
            WHERE the_id IN (source.publisher_id, source.agency_id)
            UNION SELECT claim_id FROM assessment WHERE publisher_id = the_id
        )
        ELSE ARRAY[(fresh ->> 'claim_id')::bigint]
    END;
BEGIN
    PERFORM set_config('claimtrack.redacting', 'import_row', true);
    UPDATE import_row SET digests = '{{}}', row_key = uuid_send(gen_random_uuid())
    WHERE claim_id = ANY (claim_ids) AND digests <> '{{}}';
    PERFORM set_config('claimtrack.redacting', before, true);
    RETURN NULL;
END $$
"""

FORGETTING = (
    "claim",
    "appearance",
    "figure",
    "note",
    "evidence",
    "assessment",
    "speaker",
    "speaker_alias",
    "publisher",
    "source",
)

EDITED = ("assessment", "publication", "rating_scale", "rating", "import", "import_mapping")
#: Rows that keep their key and their record; of the others `only_withdraw` lets less through.
RECORD_KEPT = ("rating_scale", "rating", "import", "import_mapping")
OF_CLAIMS = ("assessment", "publication")

APPEARANCE_BEFORE = (
    "speaker_id",
    "source_id",
    "said_on",
    "said_precision",
    "manner",
    "quote",
    "passage",
    "place",
)
APPEARANCE = (*APPEARANCE_BEFORE[:4], "said_text", *APPEARANCE_BEFORE[4:])
ASSESSMENT = (
    "publisher_id",
    "title",
    "url",
    "assessment_key",
    "rating",
    "verdict",
    "rating_value",
    "best_rating",
    "worst_rating",
    "published_on",
    "published_precision",
    "published_text",
    "language",
    "summary",
    "original",
)

#: Table to what may be redacted of it, and what goes along.
REDACTED = {
    "appearance": ("quote,passage,place,said_text,withdrawn_because", "changed_at"),
    "source": ("url,title,external_id,published_text", "host,source_key,version,origin,changed_at"),
    "assessment": (
        "title,url,rating,published_text,summary,original,withdrawn_because",
        "assessment_key,changed_at",
    ),
    "publication": ("url,headline,public_note,withdrawn_because", "changed_at"),
    "import": ("file_name,origin,licence,undone_because", "changed_at"),
}
REDACTED_BEFORE = {
    "appearance": ("quote,passage,place,withdrawn_because", "changed_at"),
    "source": ("url,title,external_id", "host,source_key,version,origin,changed_at"),
}


def _changed() -> sa.Column[Any]:
    return sa.Column(
        "changed_at",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="derived: the latest start of a transaction that changed the row; null if none",
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
    )


def _withdrawn() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
    )


def _only_withdraw(table: str, columns: tuple[str, ...]) -> str:
    arguments = ", ".join(f"'{column}'" for column in columns)
    return (
        f"CREATE TRIGGER only_withdraw BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION only_withdraw({arguments})"
    )


def _only_redact(table: str, fields: tuple[str, str]) -> str:
    return (
        f"CREATE TRIGGER only_redact BEFORE UPDATE ON {table}"
        f" FOR EACH ROW WHEN (is_redaction('{table}'))"
        f" EXECUTE FUNCTION only_redact('{fields[0]}', '{fields[1]}')"
    )


def _rules() -> None:
    for table in EDITED:
        op.execute(
            f"CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER kept")
        op.execute(
            f"CREATE TRIGGER log_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'changed_at')"
        )
        op.execute(
            f"CREATE TRIGGER log_update AFTER UPDATE ON {table}"
            " REFERENCING OLD TABLE AS replaced NEW TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', 'changed_at')"
        )
        op.execute(
            f"CREATE TRIGGER stamp_change BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION stamp_change()"
        )
    for table in RECORD_KEPT:
        op.execute(
            f"CREATE TRIGGER keep_record BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION keep_record('id')"
        )
    for table in OF_CLAIMS:
        op.execute(
            f"CREATE TRIGGER refuse_on_merged AFTER INSERT ON {table}"
            " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
            " EXECUTE FUNCTION refuse_on_merged()"
        )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_row"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_all_but_redaction()"
    )
    op.execute("ALTER TABLE import_row ENABLE ALWAYS TRIGGER append_only")
    op.execute(
        "CREATE TRIGGER refer_rows AFTER INSERT ON import_row REFERENCING NEW TABLE AS changed"
        " FOR EACH STATEMENT EXECUTE FUNCTION refer_rows()"
    )
    op.execute(
        "CREATE TRIGGER keep_import BEFORE UPDATE ON import"
        " FOR EACH ROW EXECUTE FUNCTION keep_import()"
    )
    op.execute(_only_withdraw("assessment", ASSESSMENT))
    op.execute(
        "CREATE TRIGGER only_withdraw BEFORE UPDATE ON publication"
        " FOR EACH ROW EXECUTE FUNCTION only_withdraw()"
    )
    op.execute("DROP TRIGGER only_withdraw ON appearance")
    op.execute(_only_withdraw("appearance", APPEARANCE))
    for table in REDACTED_BEFORE:
        op.execute(f"DROP TRIGGER only_redact ON {table}")
    for table, fields in REDACTED.items():
        op.execute(_only_redact(table, fields))


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.create_table(
        "import",
        _changed(),
        *_recorded(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True, comment="null for standard input"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False, comment="of the file"),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column(
            "origin", sa.Text(), nullable=False, comment="where the file's external ids come from"
        ),
        sa.Column("licence", sa.Text(), nullable=True, comment="under which the file may be used"),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="how it was read",
        ),
        sa.Column(
            "row_count",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows read, the refused ones among them",
        ),
        sa.Column(
            "created",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows that became a claim of their own",
        ),
        sa.Column(
            "added",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows that were added to a claim on record",
        ),
        sa.Column(
            "updated",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows whose changes were taken over",
        ),
        sa.Column(
            "unchanged",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows that brought nothing new",
        ),
        sa.Column(
            "revived",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows that came back after they were undone",
        ),
        sa.Column(
            "refused",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows that were not taken in",
        ),
        sa.Column(
            "conflicts",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="changed values that gave way to what the desk had edited",
        ),
        sa.Column(
            "through",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="rows that stand on record, of a file that is taken in by batches",
        ),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null while batches are missing",
        ),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "file_name ~ '\\S' AND char_length(file_name) <= 1000", name=op.f("ck_import_file_name")
        ),
        sa.CheckConstraint(
            "format IN ('csv', 'xlsx', 'jsonl', 'claimreview', 'averitec')",
            name=op.f("ck_import_format"),
        ),
        sa.CheckConstraint("jsonb_typeof(options) = 'object'", name=op.f("ck_import_options")),
        sa.CheckConstraint(
            "licence ~ '\\S' AND char_length(licence) <= 1000", name=op.f("ck_import_licence")
        ),
        sa.CheckConstraint(
            "origin ~ '\\S' AND char_length(origin) <= 300", name=op.f("ck_import_origin")
        ),
        sa.CheckConstraint(
            "undone_because ~ '\\S' AND char_length(undone_because) <= 20000",
            name=op.f("ck_import_undone_because"),
        ),
        sa.CheckConstraint(
            "num_nulls(undone_at, undone_by, undone_because) IN (0, 3)",
            name=op.f("ck_import_undone"),
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_import_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
        comment="files that were taken in",
    )
    op.create_index(op.f("ix_import_sha256"), "import", ["sha256"], unique=False)
    op.create_table(
        "import_mapping",
        _changed(),
        *_recorded(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "columns",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="field to the column's name or number",
        ),
        sa.CheckConstraint(
            "jsonb_typeof(columns) = 'object'", name=op.f("ck_import_mapping_columns")
        ),
        sa.CheckConstraint(
            "name ~ '\\S' AND char_length(name) <= 100", name=op.f("ck_import_mapping_name")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("name", name=op.f("uq_import_mapping_name")),
        comment="columns of files, by field",
    )
    op.create_table(
        "rating_scale",
        _changed(),
        *_recorded(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, comment="folded, made in Python"),
        sa.Column("best", sa.Numeric(), nullable=True, comment="the number of the best rating"),
        sa.Column("worst", sa.Numeric(), nullable=True, comment="the number of the worst"),
        sa.CheckConstraint(
            "best <> 'NaN' AND worst <> 'NaN'",
            name=op.f("ck_rating_scale_numbers"),
        ),
        sa.CheckConstraint(
            "name ~ '\\S' AND char_length(name) <= 300", name=op.f("ck_rating_scale_name")
        ),
        sa.CheckConstraint(
            "(best IS NULL) = (worst IS NULL) AND best <> worst", name=op.f("ck_rating_scale_ends")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_scale")),
        sa.UniqueConstraint("name_key", name=op.f("uq_rating_scale_name_key")),
        comment="the scales of the house's own ratings",
    )
    op.create_table(
        "assessment",
        _changed(),
        *_withdrawn(),
        *_recorded(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "assessment_key",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256, computed in Python, of the URL or of publisher and title",
        ),
        sa.Column("publisher_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True, comment="normalised"),
        sa.Column(
            "rating", sa.Text(), nullable=True, comment="the verdict in its publisher's own words"
        ),
        sa.Column(
            "verdict",
            sa.Text(),
            nullable=True,
            comment="what the rating comes to; null where that can't be said",
        ),
        sa.Column(
            "rating_value", sa.Numeric(), nullable=True, comment="the rating as a number, if any"
        ),
        sa.Column("best_rating", sa.Numeric(), nullable=True, comment="the best on its scale"),
        sa.Column("worst_rating", sa.Numeric(), nullable=True, comment="the worst on its scale"),
        sa.Column("published_on", sa.Date(), nullable=True, comment="when it was published"),
        sa.Column("published_precision", sa.Text(), nullable=True),
        sa.Column(
            "published_text",
            sa.Text(),
            nullable=True,
            comment="the date as a file had it, where that says more",
        ),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True, comment="why, in its publisher's words"),
        sa.Column(
            "original",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="the JSON that it was read from, whole",
        ),
        sa.CheckConstraint(
            "rating_value <> 'NaN' AND best_rating <> 'NaN' AND worst_rating <> 'NaN'",
            name=op.f("ck_assessment_numbers"),
        ),
        sa.CheckConstraint(
            "published_precision = 'day' OR (published_precision = 'month' AND date_trunc('month', published_on::timestamp) = published_on) OR (published_precision = 'year' AND date_trunc('year', published_on::timestamp) = published_on)",
            name=op.f("ck_assessment_published_precision_first_day"),
        ),
        sa.CheckConstraint(
            "published_precision IN ('day', 'month', 'year')",
            name=op.f("ck_assessment_published_precision"),
        ),
        sa.CheckConstraint(
            "published_text ~ '\\S' AND char_length(published_text) <= 300",
            name=op.f("ck_assessment_published_text"),
        ),
        sa.CheckConstraint(
            "rating ~ '\\S' AND char_length(rating) <= 300", name=op.f("ck_assessment_rating")
        ),
        sa.CheckConstraint(
            "summary ~ '\\S' AND char_length(summary) <= 20000", name=op.f("ck_assessment_summary")
        ),
        sa.CheckConstraint(
            "title ~ '\\S' AND char_length(title) <= 1000", name=op.f("ck_assessment_title")
        ),
        sa.CheckConstraint(
            "url ~ '\\S' AND char_length(url) <= 8000", name=op.f("ck_assessment_url")
        ),
        sa.CheckConstraint(
            "verdict IN ('true', 'mostly_true', 'mixed', 'missing_context', 'misleading', 'mostly_false', 'false', 'outdated', 'altered', 'miscaptioned', 'unproven', 'unverifiable')",
            name=op.f("ck_assessment_verdict"),
        ),
        sa.CheckConstraint(
            "(published_on IS NULL) = (published_precision IS NULL)",
            name=op.f("ck_assessment_published_precision_given"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(publisher_id, title, url) > 0", name=op.f("ck_assessment_named")
        ),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by, withdrawn_because) IN (0, 3)",
            name=op.f("ck_assessment_withdrawn"),
        ),
        sa.CheckConstraint(
            "octet_length(assessment_key) = 32", name=op.f("ck_assessment_assessment_key")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_assessment_claim_id_claim")
        ),
        sa.ForeignKeyConstraint(
            ["publisher_id"], ["publisher.id"], name=op.f("fk_assessment_publisher_id_publisher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        comment="published fact-checks of others; they never touch a claim's own verdict",
    )
    op.create_index(
        op.f("ix_assessment_publisher_id"),
        "assessment",
        ["publisher_id"],
        unique=False,
        postgresql_where=sa.text("publisher_id IS NOT NULL"),
    )
    op.create_index(
        "uq_assessment_claim_id_assessment_key",
        "assessment",
        ["claim_id", "assessment_key"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "rating",
        _changed(),
        *_recorded(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("scale_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("label_key", sa.Text(), nullable=False, comment="folded, made in Python"),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True, comment="where it stands between the ends"),
        sa.CheckConstraint(
            "label ~ '\\S' AND char_length(label) <= 300", name=op.f("ck_rating_label")
        ),
        sa.CheckConstraint("value <> 'NaN'", name=op.f("ck_rating_value")),
        sa.CheckConstraint(
            "verdict IN ('true', 'mostly_true', 'mixed', 'missing_context', 'misleading', 'mostly_false', 'false', 'outdated', 'altered', 'miscaptioned', 'unproven', 'unverifiable')",
            name=op.f("ck_rating_verdict"),
        ),
        sa.ForeignKeyConstraint(
            ["scale_id"], ["rating_scale.id"], name=op.f("fk_rating_scale_id_rating_scale")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("scale_id", "label_key", name=op.f("uq_rating_scale_id_label_key")),
        comment="the labels of the house's own scales",
    )
    op.create_table(
        "publication",
        _changed(),
        *_withdrawn(),
        *_recorded(),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "review_no",
            sa.Integer(),
            nullable=False,
            comment="the review whose verdict was published",
        ),
        sa.Column("url", sa.Text(), nullable=False, comment="normalised"),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column(
            "public_note", sa.Text(), nullable=True, comment="what readers are told of the verdict"
        ),
        sa.CheckConstraint(
            "headline ~ '\\S' AND char_length(headline) <= 1000",
            name=op.f("ck_publication_headline"),
        ),
        sa.CheckConstraint(
            "public_note ~ '\\S' AND char_length(public_note) <= 20000",
            name=op.f("ck_publication_public_note"),
        ),
        sa.CheckConstraint(
            "url ~ '\\S' AND char_length(url) <= 8000", name=op.f("ck_publication_url")
        ),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by, withdrawn_because) IN (0, 3)",
            name=op.f("ck_publication_withdrawn"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "review_no"],
            ["review.claim_id", "review.no"],
            name=op.f("fk_publication_claim_id_review_no_review"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_publication_claim_id_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        comment="where the desk's own fact-checks stand; never changed, only withdrawn",
    )
    op.create_index(
        "uq_publication_claim_id",
        "publication",
        ["claim_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "import_row",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "no",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="1, 2, … within the file",
        ),
        sa.Column("line", sa.BigInteger(), nullable=False, comment="where it begins in the file"),
        sa.Column(
            "row_key",
            sa.LargeBinary(),
            nullable=False,
            comment="what tells the row when it comes again: 16 bytes, made in Python",
        ),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("appearance_no", sa.Integer(), nullable=True),
        sa.Column("assessment_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "digests",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="of each value, to know a changed one again; empty once one of them was redacted",
        ),
        sa.CheckConstraint(
            "outcome IN ('created', 'added', 'updated', 'revived')",
            name=op.f("ck_import_row_outcome"),
        ),
        sa.CheckConstraint("octet_length(row_key) = 16", name=op.f("ck_import_row_row_key")),
        sa.PrimaryKeyConstraint("import_id", "no", name=op.f("pk_import_row")),
        comment="append-only: what became of the rows of files, but for those that changed nothing",
    )
    op.create_index(
        op.f("ix_import_row_row_key_import_id"),
        "import_row",
        ["row_key", "import_id"],
        unique=False,
    )
    op.add_column(
        "appearance",
        sa.Column(
            "said_text",
            sa.Text(),
            nullable=True,
            comment="the date as a file had it, where that says more",
        ),
    )
    op.add_column(
        "source",
        sa.Column(
            "published_text",
            sa.Text(),
            nullable=True,
            comment="the date as a file had it, where that says more",
        ),
    )
    for table, name in (("appearance", "said_text"), ("source", "published_text")):
        op.create_check_constraint(
            op.f(f"ck_{table}_{name}"), table, rf"{name} ~ '\S' AND char_length({name}) <= 300"
        )
    op.execute(KEEP_IMPORT)
    op.execute(EDITED_BY_HAND)
    op.execute(REFER_ROWS)
    op.execute(FORGET_ROWS)
    for name in ("keep_import", "refer_rows", "forget_rows"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    op.execute(REFRESH_REACH)
    op.execute(GUARD_NEW_CLAIM)
    op.execute("DROP TRIGGER guard_new_claim ON claim")
    op.execute(
        "CREATE TRIGGER guard_new_claim BEFORE INSERT ON claim FOR EACH ROW"
        " WHEN (NEW.status <> 'unverified' OR NEW.review_no <> 0)"
        " EXECUTE FUNCTION guard_new_claim()"
    )
    _rules()
    for table in FORGETTING:
        op.execute(
            f"CREATE TRIGGER forget_rows AFTER UPDATE ON {table} FOR EACH ROW"
            f" WHEN (is_redaction('{table}')) EXECUTE FUNCTION forget_rows()"
        )
    for table in ("speaker", "source"):
        op.execute(
            f"CREATE TRIGGER forget_protected AFTER UPDATE OF protected ON {table} FOR EACH ROW"
            " WHEN (NEW.protected AND NOT OLD.protected) EXECUTE FUNCTION forget_rows()"
        )
    op.execute("SELECT rebuild_past()")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.execute("SELECT drop_past()")
    for table, fields in REDACTED_BEFORE.items():
        op.execute(f"DROP TRIGGER only_redact ON {table}")
        op.execute(_only_redact(table, fields))
    op.execute("DROP TRIGGER only_withdraw ON appearance")
    op.execute(_only_withdraw("appearance", APPEARANCE_BEFORE))
    op.drop_column("source", "published_text")
    op.drop_column("appearance", "said_text")
    op.drop_table("import_row")
    op.drop_table("publication")
    op.drop_table("rating")
    op.drop_table("assessment")
    op.drop_table("rating_scale")
    op.drop_table("import_mapping")
    op.drop_table("import")
    for table in FORGETTING:
        if table != "assessment":
            op.execute(f"DROP TRIGGER forget_rows ON {table}")
    for table in ("speaker", "source"):
        op.execute(f"DROP TRIGGER forget_protected ON {table}")
    op.execute("DROP FUNCTION forget_rows()")
    op.execute("DROP TRIGGER guard_new_claim ON claim")
    op.execute(
        "CREATE TRIGGER guard_new_claim BEFORE INSERT ON claim"
        " FOR EACH ROW EXECUTE FUNCTION guard_new_claim()"
    )
    op.execute(GUARD_NEW_CLAIM_BEFORE)
    op.execute(REFRESH_REACH_BEFORE)
    op.execute("DROP FUNCTION keep_import()")
    op.execute("DROP FUNCTION refer_rows()")
    op.execute("DROP FUNCTION edited_by_hand(text, text)")
    op.execute("SELECT rebuild_past()")
