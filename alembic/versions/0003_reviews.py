"""Evidence and reviews: the only way in which a claim's status moves.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


GUARD_STATUS = """
CREATE FUNCTION guard_status() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF NEW.review_no <> OLD.review_no + 1 OR NOT EXISTS (
        SELECT FROM review
        WHERE claim_id = NEW.id AND no = NEW.review_no
            AND status = NEW.status AND verdict IS NOT DISTINCT FROM NEW.verdict
    ) THEN
        RAISE EXCEPTION 'the status of claim % is that of its latest review', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'status_of_latest_review';
    END IF;
    RETURN NEW;
END $$
"""

APPLY_REVIEW = """
CREATE FUNCTION apply_review() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    UPDATE claim SET
        status = NEW.status,
        verdict = NEW.verdict,
        review_no = NEW.no,
        recheck_on = NEW.recheck_on,
        assigned_to = CASE NEW.status
            WHEN 'in_review' THEN NEW.recorded_by
            WHEN 'unverified' THEN NULL
            ELSE assigned_to
        END
    WHERE id = NEW.claim_id AND review_no = NEW.no - 1 AND status = NEW.from_status
        AND (NEW.change IS NULL OR verdict IS DISTINCT FROM NEW.verdict);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'review % does not follow from where claim % stands', NEW.no, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'review_follows';
    END IF;
    RETURN NULL;
END $$
"""

GUARD_WORDS = """
CREATE FUNCTION guard_checked_words() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

CHANGED_FIGURE = """
CREATE FUNCTION count_figure_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    UPDATE claim SET version = version
    WHERE id = NEW.claim_id AND (TG_OP = 'UPDATE' OR recorded_at <> now());
    RETURN NULL;
END $$
"""

BEARS_WITNESS = """
CREATE FUNCTION bears_witness(the_claim_id bigint, the_source_id bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT NOT EXISTS (
        SELECT FROM appearance
        JOIN source AS told ON told.id = appearance.source_id
        JOIN source AS offered ON offered.id = the_source_id
        WHERE appearance.claim_id = the_claim_id AND appearance.withdrawn_at IS NULL
            AND (told.id = offered.id OR told.agency_id = offered.agency_id
                OR told.agency_id = offered.publisher_id OR told.publisher_id = offered.agency_id)
    )
$$
"""

REQUIRE_EVIDENCE = """
CREATE FUNCTION require_evidence() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM review_evidence
        JOIN evidence ON evidence.id = review_evidence.evidence_id
        WHERE review_evidence.claim_id = NEW.claim_id AND review_evidence.review_no = NEW.no
            AND evidence.withdrawn_at IS NULL
            AND bears_witness(NEW.claim_id, evidence.source_id)
            AND CASE NEW.verdict
                WHEN 'true' THEN evidence.stance = 'supports'
                WHEN 'false' THEN evidence.stance = 'refutes'
                ELSE true
            END
    ) THEN
        RAISE EXCEPTION 'the verdict % on claim % has no evidence to rest on',
            NEW.verdict, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_needs_evidence';
    END IF;
    RETURN NULL;
END $$
"""

TRANSITION_ROWS = "INSERT INTO transition (from_status, to_status) VALUES ('unverified', 'in_review'), ('unverified', 'checked'), ('unverified', 'set_aside'), ('in_review', 'unverified'), ('in_review', 'checked'), ('in_review', 'set_aside'), ('checked', 'checked'), ('checked', 'in_review'), ('checked', 'unverified'), ('set_aside', 'unverified')"


TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE review ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review_evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE review_evidence ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE evidence ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON transition FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE transition ENABLE ALWAYS TRIGGER kept",
    "CREATE TRIGGER only_withdraw BEFORE UPDATE ON evidence FOR EACH ROW EXECUTE FUNCTION only_withdraw()",
    "CREATE TRIGGER guard_status BEFORE UPDATE ON claim FOR EACH ROW WHEN ((OLD.status, OLD.verdict, OLD.review_no) IS DISTINCT FROM (NEW.status, NEW.verdict, NEW.review_no)) EXECUTE FUNCTION guard_status()",
    "CREATE TRIGGER guard_words BEFORE UPDATE ON claim FOR EACH ROW WHEN ((OLD.statement, OLD.statement_key) IS DISTINCT FROM (NEW.statement, NEW.statement_key)) EXECUTE FUNCTION guard_checked_words()",
    "CREATE TRIGGER guard_words BEFORE INSERT OR UPDATE ON figure FOR EACH ROW EXECUTE FUNCTION guard_checked_words()",
    "CREATE TRIGGER count_figure_change AFTER INSERT OR UPDATE ON figure FOR EACH ROW EXECUTE FUNCTION count_figure_change()",
    "CREATE TRIGGER fixed BEFORE INSERT OR UPDATE ON transition FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE transition ENABLE ALWAYS TRIGGER fixed",
    "CREATE TRIGGER apply_review AFTER INSERT ON review FOR EACH ROW EXECUTE FUNCTION apply_review()",
    "CREATE CONSTRAINT TRIGGER require_evidence AFTER INSERT ON review DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.verdict NOT IN ('unproven', 'unverifiable')) EXECUTE FUNCTION require_evidence()",
)


def upgrade() -> None:
    op.create_table(
        "transition",
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "from_status IN ('unverified', 'in_review', 'checked', 'set_aside')",
            name=op.f("ck_transition_from_status"),
        ),
        sa.CheckConstraint(
            "to_status IN ('unverified', 'in_review', 'checked', 'set_aside')",
            name=op.f("ck_transition_to_status"),
        ),
        sa.PrimaryKeyConstraint("from_status", "to_status", name=op.f("pk_transition")),
        comment="the legal moves of a claim's status; a review that makes another is refused",
    )
    op.create_table(
        "review",
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
        sa.Column(
            "prev_no",
            sa.Integer(),
            sa.Computed("NULLIF(no - 1, 0)", persisted=True),
            nullable=True,
            comment="null for the first review, whose from_status a CHECK fixes instead",
        ),
        sa.Column("from_status", sa.Text(), nullable=False, comment="where the claim stood"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=True, comment="why one verdict replaced another"),
        sa.Column("reason", sa.Text(), nullable=True, comment="why the claim was set aside"),
        sa.Column(
            "rating", sa.Text(), nullable=True, comment="the house's own label for the verdict"
        ),
        sa.Column("recheck_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "from_status <> 'checked' OR status <> 'checked' OR change IS NOT NULL",
            name=op.f("ck_review_change_of_verdict"),
        ),
        sa.CheckConstraint(
            "status = 'checked' OR change IS NULL",
            name=op.f("ck_review_change_when_checked"),
        ),
        sa.CheckConstraint(
            "(status = 'checked') = (verdict IS NOT NULL)",
            name=op.f("ck_review_verdict_when_checked"),
        ),
        sa.CheckConstraint(
            "(status = 'set_aside') = (reason IS NOT NULL)",
            name=op.f("ck_review_reason_when_set_aside"),
        ),
        sa.CheckConstraint(
            "because ~ '\\S' AND char_length(because) <= 20000", name=op.f("ck_review_because")
        ),
        sa.CheckConstraint(
            "change IN ('revision', 'update', 'correction')", name=op.f("ck_review_change")
        ),
        sa.CheckConstraint(
            "no > 1 OR from_status = 'unverified'", name=op.f("ck_review_first_from_unverified")
        ),
        sa.CheckConstraint(
            "rating ~ '\\S' AND char_length(rating) <= 300", name=op.f("ck_review_rating")
        ),
        sa.CheckConstraint(
            "reason IN ('not_checkable', 'duplicate', 'error', 'out_of_scope')",
            name=op.f("ck_review_reason"),
        ),
        sa.CheckConstraint(
            "status = 'checked' OR rating IS NULL", name=op.f("ck_review_rating_when_checked")
        ),
        sa.CheckConstraint(
            "status IN ('unverified', 'in_review', 'checked', 'set_aside')",
            name=op.f("ck_review_status"),
        ),
        sa.CheckConstraint(
            "verdict IN ('true', 'mostly_true', 'mixed', 'missing_context', 'misleading', 'mostly_false', 'false', 'outdated', 'altered', 'miscaptioned', 'unproven', 'unverifiable')",
            name=op.f("ck_review_verdict"),
        ),
        sa.CheckConstraint("no >= 1", name=op.f("ck_review_no")),
        sa.ForeignKeyConstraint(
            ["claim_id", "prev_no", "from_status"],
            ["review.claim_id", "review.no", "review.status"],
            name=op.f("fk_review_claim_id_prev_no_from_status_review"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_review_claim_id_claim")),
        sa.ForeignKeyConstraint(
            ["from_status", "status"],
            ["transition.from_status", "transition.to_status"],
            name=op.f("fk_review_from_status_status_transition"),
        ),
        sa.PrimaryKeyConstraint("claim_id", "no", name=op.f("pk_review")),
        sa.UniqueConstraint("claim_id", "no", "status", name=op.f("uq_review_claim_id_no_status")),
        comment="append-only: every move of a claim's status, with its reason",
    )
    op.create_index(op.f("ix_review_recorded_at"), "review", ["recorded_at"], unique=False)
    op.create_index(op.f("ix_review_recorded_by"), "review", ["recorded_by"], unique=False)
    op.create_table(
        "evidence",
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
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("stance", sa.Text(), nullable=False),
        sa.Column(
            "excerpt", sa.Text(), nullable=True, comment="the words in the source that matter"
        ),
        sa.Column(
            "place",
            sa.Text(),
            nullable=True,
            comment="where in the source: paragraph, page, minute",
        ),
        sa.CheckConstraint(
            "excerpt ~ '\\S' AND char_length(excerpt) <= 20000", name=op.f("ck_evidence_excerpt")
        ),
        sa.CheckConstraint(
            "place ~ '\\S' AND char_length(place) <= 300", name=op.f("ck_evidence_place")
        ),
        sa.CheckConstraint(
            "stance IN ('supports', 'refutes', 'context')", name=op.f("ck_evidence_stance")
        ),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by, withdrawn_because) IN (0, 3)",
            name=op.f("ck_evidence_withdrawn"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["claim.id"], name=op.f("fk_evidence_claim_id_claim")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_evidence_source_id_source")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("id", "claim_id", name=op.f("uq_evidence_id_claim_id")),
        comment="what supports or refutes a claim; never changed, only withdrawn",
    )
    op.create_index(op.f("ix_evidence_claim_id"), "evidence", ["claim_id"], unique=False)
    op.create_index(op.f("ix_evidence_source_id"), "evidence", ["source_id"], unique=False)
    op.create_table(
        "review_evidence",
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("review_no", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_id", "review_no"],
            ["review.claim_id", "review.no"],
            name=op.f("fk_review_evidence_claim_id_review_no_review"),
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id", "claim_id"],
            ["evidence.id", "evidence.claim_id"],
            name=op.f("fk_review_evidence_evidence_id_claim_id_evidence"),
        ),
        sa.PrimaryKeyConstraint(
            "claim_id", "review_no", "evidence_id", name=op.f("pk_review_evidence")
        ),
        comment="append-only: what a review rested on",
    )
    op.create_index(
        op.f("ix_review_evidence_evidence_id"), "review_evidence", ["evidence_id"], unique=False
    )
    for function in (
        GUARD_STATUS,
        APPLY_REVIEW,
        GUARD_WORDS,
        CHANGED_FIGURE,
        BEARS_WITNESS,
        REQUIRE_EVIDENCE,
    ):
        op.execute(function)
    op.execute(TRANSITION_ROWS)
    for trigger in TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.execute("DROP TRIGGER guard_status ON claim")
    op.execute("DROP TRIGGER guard_words ON claim")
    op.execute("DROP TRIGGER guard_words ON figure")
    op.execute("DROP TRIGGER count_figure_change ON figure")
    op.drop_table("review_evidence")
    op.drop_table("evidence")
    op.drop_table("review")
    op.drop_table("transition")
    op.execute("DROP FUNCTION require_evidence()")
    op.execute("DROP FUNCTION bears_witness(bigint, bigint)")
    op.execute("DROP FUNCTION count_figure_change()")
    op.execute("DROP FUNCTION guard_checked_words()")
    op.execute("DROP FUNCTION apply_review()")
    op.execute("DROP FUNCTION guard_status()")
