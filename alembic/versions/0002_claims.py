"""Claims with their appearances, attributions, figures and notes.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


ONLY_WITHDRAW = """
CREATE FUNCTION only_withdraw() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

REACH_OF_APPEARANCES = """
CREATE FUNCTION refresh_reach() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    -- Locked first: of two writers, the second counts what the first one left.
    PERFORM FROM claim WHERE id IN (SELECT claim_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE claim SET reach = counted.reach
    FROM (
        SELECT touched.claim_id, count(DISTINCT source.origin)::integer AS reach
        FROM (SELECT DISTINCT claim_id FROM changed) AS touched
        LEFT JOIN appearance
            ON appearance.claim_id = touched.claim_id AND appearance.withdrawn_at IS NULL
        LEFT JOIN source ON source.id = appearance.source_id
        GROUP BY touched.claim_id
    ) AS counted
    WHERE claim.id = counted.claim_id AND claim.reach <> counted.reach;
    RETURN NULL;
END $$
"""

REACH_OF_SOURCES = """
CREATE FUNCTION refresh_reach_of_source() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM FROM claim WHERE id IN (
        SELECT claim_id FROM appearance WHERE source_id IN (SELECT id FROM changed)
    ) ORDER BY id FOR NO KEY UPDATE;
    UPDATE claim SET reach = counted.reach
    FROM (
        SELECT appearance.claim_id, count(DISTINCT source.origin)::integer AS reach
        FROM appearance
        JOIN source ON source.id = appearance.source_id
        WHERE appearance.withdrawn_at IS NULL AND appearance.claim_id IN (
            SELECT touched.claim_id FROM appearance AS touched
            WHERE touched.source_id IN (SELECT id FROM changed)
        )
        GROUP BY appearance.claim_id
    ) AS counted
    WHERE claim.id = counted.claim_id AND claim.reach <> counted.reach;
    RETURN NULL;
END $$
"""

GUARD_NEW_CLAIM = """
CREATE FUNCTION guard_new_claim() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF NEW.status <> 'unverified' OR NEW.review_no <> 0 THEN
        RAISE EXCEPTION 'a claim begins unverified; only a review moves it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'status_of_latest_review';
    END IF;
    RETURN NEW;
END $$
"""


TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON attribution FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE attribution ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON note FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE note ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON claim FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE claim ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON appearance FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE appearance ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON figure FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE figure ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER keep_record BEFORE UPDATE ON claim FOR EACH ROW EXECUTE FUNCTION keep_record('id')",
    "CREATE TRIGGER keep_record BEFORE UPDATE ON figure FOR EACH ROW EXECUTE FUNCTION keep_record('claim_id')",
    "CREATE TRIGGER count_version BEFORE UPDATE ON claim FOR EACH ROW WHEN (OLD.reach = NEW.reach) EXECUTE FUNCTION count_version()",
    "CREATE TRIGGER only_withdraw BEFORE UPDATE ON appearance FOR EACH ROW EXECUTE FUNCTION only_withdraw('speaker_id', 'source_id', 'said_on', 'said_precision', 'manner', 'quote', 'passage', 'place')",
    "CREATE TRIGGER refresh_reach_insert AFTER INSERT ON appearance REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refresh_reach()",
    "CREATE TRIGGER refresh_reach_update AFTER UPDATE ON appearance REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refresh_reach()",
    "CREATE TRIGGER refresh_reach AFTER UPDATE ON source REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION refresh_reach_of_source()",
    "CREATE TRIGGER guard_new_claim BEFORE INSERT ON claim FOR EACH ROW EXECUTE FUNCTION guard_new_claim()",
)


def upgrade() -> None:
    op.create_table(
        "claim",
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
        sa.Column("statement", sa.Text(), nullable=False, comment="in the desk's wording"),
        sa.Column(
            "statement_key",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the folded statement, made in Python",
        ),
        sa.Column(
            "copy_no",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="above 1 where the same words were insisted on as another claim",
        ),
        sa.Column("kind", sa.Text(), server_default="fact", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False, comment="BCP 47 tag"),
        sa.Column("topics", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "priority",
            sa.SmallInteger(),
            server_default="1",
            nullable=False,
            comment="0 low, 1 normal, 2 high, 3 urgent",
        ),
        sa.Column(
            "status",
            sa.Text(),
            server_default="unverified",
            nullable=False,
            comment="of the latest review; written by the trigger on review alone",
        ),
        sa.Column(
            "verdict", sa.Text(), nullable=True, comment="of the latest review; set when checked"
        ),
        sa.Column(
            "review_no",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="number of the latest review",
        ),
        sa.Column("assigned_to", sa.Text(), nullable=True, comment="who holds the claim"),
        sa.Column("due_on", sa.Date(), nullable=True, comment="when checking should be done"),
        sa.Column(
            "recheck_on",
            sa.Date(),
            nullable=True,
            comment="when the latest review asks to look again",
        ),
        sa.Column(
            "reach",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="derived: distinct origins (agency or publisher) among its appearances",
        ),
        sa.Column(
            "supersedes_id",
            sa.BigInteger(),
            nullable=True,
            comment="the claim with the older figure that this one takes further",
        ),
        sa.Column("origin", sa.Text(), nullable=True, comment="where external_id comes from"),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "version",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="counts the changes",
        ),
        sa.CheckConstraint(
            "(status = 'checked') = (verdict IS NOT NULL)",
            name=op.f("ck_claim_verdict_when_checked"),
        ),
        sa.CheckConstraint(
            "assigned_to ~ '\\S' AND char_length(assigned_to) <= 300",
            name=op.f("ck_claim_assigned_to"),
        ),
        sa.CheckConstraint(
            "kind IN ('fact', 'figure', 'prediction', 'promise', 'opinion', 'media')",
            name=op.f("ck_claim_kind"),
        ),
        sa.CheckConstraint(
            "language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'", name=op.f("ck_claim_language")
        ),
        sa.CheckConstraint(
            "statement ~ '\\S' AND char_length(statement) <= 5000", name=op.f("ck_claim_statement")
        ),
        sa.CheckConstraint(
            "status IN ('unverified', 'in_review', 'checked', 'set_aside')",
            name=op.f("ck_claim_status"),
        ),
        sa.CheckConstraint(
            "verdict IN ('true', 'mostly_true', 'mixed', 'missing_context', 'misleading', 'mostly_false', 'false', 'outdated', 'altered', 'miscaptioned', 'unproven', 'unverifiable')",
            name=op.f("ck_claim_verdict"),
        ),
        sa.CheckConstraint(
            "(origin IS NULL) = (external_id IS NULL)", name=op.f("ck_claim_external_id")
        ),
        sa.CheckConstraint("array_position(topics, NULL) IS NULL", name=op.f("ck_claim_topics")),
        sa.CheckConstraint("copy_no >= 1", name=op.f("ck_claim_copy_no")),
        sa.CheckConstraint("octet_length(statement_key) = 32", name=op.f("ck_claim_statement_key")),
        sa.CheckConstraint("priority BETWEEN 0 AND 3", name=op.f("ck_claim_priority")),
        sa.CheckConstraint("supersedes_id <> id", name=op.f("ck_claim_supersedes_another")),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["claim.id"], name=op.f("fk_claim_supersedes_id_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint(
            "statement_key", "copy_no", name=op.f("uq_claim_statement_key_copy_no")
        ),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_claim_supersedes_id")),
        comment="checkable propositions",
    )
    op.create_index(
        op.f("ix_claim_assigned_to_id"),
        "claim",
        ["assigned_to", "id"],
        unique=False,
        postgresql_where=sa.text("assigned_to IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_claim_due_on"),
        "claim",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("due_on IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_claim_recheck_on"),
        "claim",
        ["recheck_on"],
        unique=False,
        postgresql_where=sa.text("recheck_on IS NOT NULL"),
    )
    op.create_index(op.f("ix_claim_recorded_at"), "claim", ["recorded_at"], unique=False)
    op.create_index(
        "ix_claim_statement_words",
        "claim",
        [sa.literal_column("to_tsvector('simple'::regconfig, statement)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(op.f("ix_claim_status_id"), "claim", ["status", "id"], unique=False)
    op.create_index(
        "ix_claim_to_check",
        "claim",
        [sa.literal_column("(-priority)"), sa.literal_column("(-reach)"), "recorded_at", "id"],
        unique=False,
        postgresql_where=sa.text(
            "status IN ('unverified', 'in_review') AND kind IN ('fact', 'figure', 'media')"
        ),
    )
    op.create_index(
        op.f("ix_claim_topics"), "claim", ["topics"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        op.f("ix_claim_verdict_id"),
        "claim",
        ["verdict", "id"],
        unique=False,
        postgresql_where=sa.text("verdict IS NOT NULL"),
    )
    op.create_index(
        "uq_claim_origin_external_id",
        "claim",
        ["origin", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_table(
        "figure",
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
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("comparator", sa.Text(), nullable=False),
        sa.Column(
            "low", sa.Numeric(), nullable=False, comment="the value, or the lower end of a range"
        ),
        sa.Column("high", sa.Numeric(), nullable=True, comment="the upper end of a range"),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column(
            "counted", sa.Text(), nullable=True, comment="what is counted: displaced, killed …"
        ),
        sa.Column("place", sa.Text(), nullable=True, comment="where it is counted"),
        sa.Column("on_date", sa.Date(), nullable=True, comment="the day that the figure is of"),
        sa.Column("on_precision", sa.Text(), nullable=True),
        sa.Column("since_date", sa.Date(), nullable=True, comment="counted since"),
        sa.Column("since_precision", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(comparator = '..') = (high IS NOT NULL) AND (high IS NULL OR high > low)",
            name=op.f("ck_figure_range"),
        ),
        sa.CheckConstraint(
            "comparator IN ('=', '>', '>=', '<', '<=', '~', '..')",
            name=op.f("ck_figure_comparator"),
        ),
        sa.CheckConstraint(
            "counted ~ '\\S' AND char_length(counted) <= 300", name=op.f("ck_figure_counted")
        ),
        sa.CheckConstraint(
            "low <> 'NaN' AND high IS DISTINCT FROM 'NaN'", name=op.f("ck_figure_a_number")
        ),
        sa.CheckConstraint(
            "on_precision IN ('day', 'month', 'year')", name=op.f("ck_figure_on_precision")
        ),
        sa.CheckConstraint(
            "place ~ '\\S' AND char_length(place) <= 300", name=op.f("ck_figure_place")
        ),
        sa.CheckConstraint(
            "since_precision IN ('day', 'month', 'year')", name=op.f("ck_figure_since_precision")
        ),
        sa.CheckConstraint(
            "unit ~ '\\S' AND char_length(unit) <= 100", name=op.f("ck_figure_unit")
        ),
        sa.CheckConstraint(
            "(on_date IS NULL) = (on_precision IS NULL)", name=op.f("ck_figure_on_precision_given")
        ),
        sa.CheckConstraint(
            "(since_date IS NULL) = (since_precision IS NULL)",
            name=op.f("ck_figure_since_precision_given"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_figure_claim_id_claim")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_figure")),
        comment="the quantity that a claim asserts",
    )
    op.create_table(
        "note",
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
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "body ~ '\\S' AND char_length(body) <= 20000", name=op.f("ck_note_body")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_note_claim_id_claim")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        comment="append-only: remarks on claims",
    )
    op.create_index(op.f("ix_note_claim_id"), "note", ["claim_id"], unique=False)
    op.create_table(
        "appearance",
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
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
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "no",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="1, 2, … within the claim",
        ),
        sa.Column("speaker_id", sa.BigInteger(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("said_on", sa.Date(), nullable=True, comment="when it was said"),
        sa.Column("said_precision", sa.Text(), nullable=True),
        sa.Column("manner", sa.Text(), server_default="indirect", nullable=False),
        sa.Column(
            "quote", sa.Text(), nullable=True, comment="only what stands inside quotation marks"
        ),
        sa.Column("passage", sa.Text(), nullable=True, comment="the passage as printed"),
        sa.Column(
            "place",
            sa.Text(),
            nullable=True,
            comment="where in the source: paragraph, page, minute",
        ),
        sa.CheckConstraint(
            "manner IN ('direct', 'partial', 'indirect', 'own_voice', 'unattributed', 'caption')",
            name=op.f("ck_appearance_manner"),
        ),
        sa.CheckConstraint(
            "passage ~ '\\S' AND char_length(passage) <= 20000", name=op.f("ck_appearance_passage")
        ),
        sa.CheckConstraint(
            "place ~ '\\S' AND char_length(place) <= 300", name=op.f("ck_appearance_place")
        ),
        sa.CheckConstraint(
            "quote ~ '\\S' AND char_length(quote) <= 20000", name=op.f("ck_appearance_quote")
        ),
        sa.CheckConstraint(
            "said_precision = 'day' OR (said_precision = 'month' AND date_trunc('month', said_on::timestamp) = said_on) OR (said_precision = 'year' AND date_trunc('year', said_on::timestamp) = said_on)",
            name=op.f("ck_appearance_said_precision_first_day"),
        ),
        sa.CheckConstraint(
            "said_precision IN ('day', 'month', 'year')", name=op.f("ck_appearance_said_precision")
        ),
        sa.CheckConstraint(
            "speaker_id IS NOT NULL OR manner IN ('own_voice', 'unattributed', 'caption')",
            name=op.f("ck_appearance_speaker_or_manner"),
        ),
        sa.CheckConstraint(
            "(said_on IS NULL) = (said_precision IS NULL)",
            name=op.f("ck_appearance_said_precision_given"),
        ),
        sa.CheckConstraint("no >= 1", name=op.f("ck_appearance_no")),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by, withdrawn_because) IN (0, 3)",
            name=op.f("ck_appearance_withdrawn"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_appearance_claim_id_claim")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_appearance_source_id_source")
        ),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speaker.id"], name=op.f("fk_appearance_speaker_id_speaker")
        ),
        sa.PrimaryKeyConstraint("claim_id", "no", name=op.f("pk_appearance")),
        comment="where, when and by whom a claim was made",
    )
    op.create_index(
        op.f("ix_appearance_said_on"),
        "appearance",
        ["said_on"],
        unique=False,
        postgresql_where=sa.text("said_on IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_appearance_source_id_claim_id"),
        "appearance",
        ["source_id", "claim_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_appearance_speaker_id_claim_id"),
        "appearance",
        ["speaker_id", "claim_id"],
        unique=False,
    )
    op.create_table(
        "attribution",
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
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("appearance_no", sa.Integer(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True, comment="what the finding rests on"),
        sa.CheckConstraint(
            "because ~ '\\S' AND char_length(because) <= 20000", name=op.f("ck_attribution_because")
        ),
        sa.CheckConstraint(
            "finding IN ('unchecked', 'confirmed', 'misquoted', 'never_said')",
            name=op.f("ck_attribution_finding"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id", "appearance_no"],
            ["appearance.claim_id", "appearance.no"],
            name=op.f("fk_attribution_claim_id_appearance_no_appearance"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_attribution_source_id_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution")),
        comment="append-only: whether the speaker said it, apart from whether it is true",
    )
    op.create_index(
        op.f("ix_attribution_claim_id_appearance_no"),
        "attribution",
        ["claim_id", "appearance_no"],
        unique=False,
    )
    for function in (
        ONLY_WITHDRAW,
        REACH_OF_APPEARANCES,
        REACH_OF_SOURCES,
        GUARD_NEW_CLAIM,
    ):
        op.execute(function)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.execute("DROP TRIGGER refresh_reach ON source")
    op.drop_table("attribution")
    op.drop_table("appearance")
    op.drop_table("note")
    op.drop_table("figure")
    op.drop_table("claim")
    op.execute("DROP FUNCTION guard_new_claim()")
    op.execute("DROP FUNCTION refresh_reach_of_source()")
    op.execute("DROP FUNCTION refresh_reach()")
    op.execute("DROP FUNCTION only_withdraw()")
