"""Claims that are the same: one points to the other, and no row moves. Speakers likewise.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


KEEP_MERGE = """
CREATE FUNCTION keep_merge() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    heads CONSTANT bigint[] := ARRAY[OLD.merged_into_id, NEW.merged_into_id];
    chained boolean;
BEGIN
    EXECUTE format('SELECT FROM %I WHERE id = ANY ($1) ORDER BY id FOR UPDATE', TG_TABLE_NAME)
        USING heads || NEW.id;
    IF OLD.merged_into_id IS NOT DISTINCT FROM NEW.merged_into_id THEN
        RAISE EXCEPTION 'when and by whom a % was merged can''t be changed', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    IF NEW.merged_into_id IS NOT NULL THEN
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %1$I WHERE id = $1 AND merged_into_id IS NOT NULL)'
            ' OR EXISTS (SELECT FROM %1$I WHERE merged_into_id = $2)', TG_TABLE_NAME)
            INTO chained USING NEW.merged_into_id, NEW.id;
        IF chained OR OLD.merged_into_id <> NEW.merged_into_id THEN
            RAISE EXCEPTION '% % can''t be merged into %: that would make a chain',
                TG_TABLE_NAME, NEW.id, NEW.merged_into_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'merge_chain';
        END IF;
    END IF;
    NEW.merged_at := CASE WHEN NEW.merged_into_id IS NOT NULL THEN now() END;
    NEW.merged_by := CASE WHEN NEW.merged_into_id IS NOT NULL THEN current_actor() END;
    NEW.merged_because := CASE WHEN NEW.merged_into_id IS NOT NULL THEN
        NULLIF(current_setting('claimtrack.because', true), '') END;
    EXECUTE format('UPDATE %I SET version = version WHERE id = ANY ($1)', TG_TABLE_NAME)
        USING heads;
    RETURN NEW;
END $$
"""

REFUSE_ON_MERGED = """
CREATE FUNCTION refuse_on_merged() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    merged_id CONSTANT bigint := (
        SELECT min(id) FROM claim
        WHERE merged_into_id IS NOT NULL AND id IN (SELECT claim_id FROM changed)
    );
BEGIN
    IF merged_id IS NOT NULL THEN
        RAISE EXCEPTION 'claim % was merged into another, and takes no % of its own',
            merged_id, TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'merged_claim';
    END IF;
    RETURN NULL;
END $$
"""

COUNT_REACH = """
CREATE FUNCTION count_reach(claim_ids bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

LOCK_WITH_HEADS = """
CREATE FUNCTION lock_with_heads(claim_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    locked CONSTANT bigint[] := claim_ids || ARRAY(
        SELECT DISTINCT merged_into_id FROM claim
        WHERE merged_into_id IS NOT NULL AND id = ANY (claim_ids)
    );
BEGIN
    PERFORM FROM claim WHERE id = ANY (locked) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM claim
        WHERE merged_into_id IS NOT NULL AND id = ANY (claim_ids)
            AND merged_into_id <> ALL (locked)
    ) THEN
        RAISE EXCEPTION 'a claim was merged meanwhile'
            USING ERRCODE = 'serialization_failure', CONSTRAINT = 'merged_meanwhile';
    END IF;
    RETURN locked;
END $$
"""

REACH_OF_MERGED = """
CREATE FUNCTION refresh_reach_of_head() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM count_reach(array_remove(ARRAY[OLD.merged_into_id, NEW.merged_into_id], NULL));
    RETURN NULL;
END $$
"""

SAME_CLAIMS = """
CREATE FUNCTION same_claims(the_claim_id bigint) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT the_claim_id || ARRAY(SELECT id FROM claim WHERE merged_into_id = the_claim_id)
$$
"""

EVIDENCE_OF_CLAIM = """
CREATE FUNCTION require_evidence_of_claim() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed JOIN evidence ON evidence.id = changed.evidence_id
        WHERE evidence.claim_id <> changed.claim_id AND NOT EXISTS (
            SELECT FROM claim
            WHERE claim.id = evidence.claim_id AND claim.merged_into_id = changed.claim_id
        )
    ) THEN
        RAISE EXCEPTION 'a review rests on evidence on its own claim, or on one merged into it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_of_claim';
    END IF;
    RETURN NULL;
END $$
"""

REACH_OF_APPEARANCES = """
CREATE OR REPLACE FUNCTION refresh_reach() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM count_reach(lock_with_heads(ARRAY(SELECT DISTINCT claim_id FROM changed)));
    RETURN NULL;
END $$
"""

REACH_OF_SOURCES = """
CREATE OR REPLACE FUNCTION refresh_reach_of_source() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    PERFORM count_reach(lock_with_heads(ARRAY(
        SELECT DISTINCT claim_id FROM appearance WHERE source_id IN (SELECT id FROM changed)
    )));
    RETURN NULL;
END $$
"""

APPLY_REVIEW = """
CREATE OR REPLACE FUNCTION apply_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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
        AND merged_into_id IS NULL
        AND (NEW.change IS NULL OR verdict IS DISTINCT FROM NEW.verdict);
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM claim WHERE id = NEW.claim_id AND merged_into_id IS NOT NULL) THEN
            RAISE EXCEPTION 'claim % was merged into another, and takes no review of its own',
                NEW.claim_id USING ERRCODE = 'check_violation', CONSTRAINT = 'merged_claim';
        END IF;
        RAISE EXCEPTION 'review % does not follow from where claim % stands', NEW.no, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'review_follows';
    END IF;
    RETURN NULL;
END $$
"""

BEARS_WITNESS = """
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

OLD_REACH_OF_APPEARANCES = """
CREATE OR REPLACE FUNCTION refresh_reach() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

OLD_REACH_OF_SOURCES = """
CREATE OR REPLACE FUNCTION refresh_reach_of_source() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

OLD_APPLY_REVIEW = """
CREATE OR REPLACE FUNCTION apply_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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

OLD_BEARS_WITNESS = """
CREATE OR REPLACE FUNCTION bears_witness(the_claim_id bigint, the_source_id bigint) RETURNS boolean
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

OLD_NO_CHAIN = """
CREATE FUNCTION refuse_merge_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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


TO_CHECK = "status IN ('unverified', 'in_review') AND kind IN ('fact', 'figure', 'media')"

#: These fire, and are nobody's to call.
TRIGGERED = ("keep_merge", "refuse_on_merged", "refresh_reach_of_head", "require_evidence_of_claim")

#: The tables whose new rows must not belong to a claim that was merged.
OF_A_CLAIM = ("appearance", "evidence", "figure", "note", "objection", "challenge")


def _index_to_check(where: str) -> None:
    op.create_index(
        "ix_claim_to_check",
        "claim",
        [sa.literal_column("(-priority)"), sa.literal_column("(-reach)"), "recorded_at", "id"],
        unique=False,
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    for table in ("speaker", "claim"):
        if table == "claim":
            op.add_column(
                "claim",
                sa.Column(
                    "merged_into_id",
                    sa.BigInteger(),
                    nullable=True,
                    comment="the claim that this one was found to be the same as; never a chain",
                ),
            )
        op.add_column(table, sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column("merged_by", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("merged_because", sa.Text(), nullable=True))

    op.alter_column(
        "claim",
        "reach",
        comment="derived: distinct origins (agency or publisher) among its appearances, and"
        " those of the claims merged into it",
    )

    # Who merged speakers until now, when and why, stands in the trail alone.
    op.execute("DROP TRIGGER refuse_merge_chain ON speaker")
    op.execute("DROP FUNCTION refuse_merge_chain()")
    op.execute("""
        UPDATE speaker SET
            merged_at = COALESCE(told.recorded_at, speaker.recorded_at),
            merged_by = COALESCE(told.recorded_by, speaker.recorded_by),
            merged_because = told.because
        FROM speaker AS merged LEFT JOIN LATERAL (
            SELECT recorded_at, recorded_by, because FROM event
            WHERE table_name = 'speaker' AND operation = 'update'
                AND row_key = merged.id::text AND before ? 'merged_into_id'
            ORDER BY id DESC LIMIT 1
        ) AS told ON true
        WHERE merged.id = speaker.id AND speaker.merged_into_id IS NOT NULL
    """)
    for table in ("speaker", "claim"):
        op.create_check_constraint(
            op.f(f"ck_{table}_merged"),
            table,
            "num_nulls(merged_into_id, merged_at, merged_by) IN (0, 3)",
        )
    op.create_check_constraint(op.f("ck_claim_not_into_itself"), "claim", "merged_into_id <> id")
    op.create_check_constraint(
        op.f("ck_claim_merged_because"),
        "claim",
        "merged_into_id IS NULL OR merged_because IS NOT NULL",
    )
    op.create_foreign_key(
        op.f("fk_claim_merged_into_id_claim"), "claim", "claim", ["merged_into_id"], ["id"]
    )
    op.create_index(
        op.f("ix_claim_merged_into_id"),
        "claim",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.drop_index("ix_claim_to_check", "claim")
    _index_to_check(f"{TO_CHECK} AND merged_into_id IS NULL")
    op.create_index(
        "ix_event_merged",
        "event",
        [
            "table_name",
            sa.literal_column("COALESCE(after ->> 'merged_into_id', before ->> 'merged_into_id')"),
        ],
        unique=False,
        postgresql_where=sa.text("before ? 'merged_into_id'"),
    )

    # A review's evidence may be that of a claim merged into its own: a trigger sees to that.
    op.drop_constraint(
        op.f("fk_review_evidence_evidence_id_claim_id_evidence"),
        "review_evidence",
        type_="foreignkey",
    )
    op.drop_constraint(op.f("uq_evidence_id_claim_id"), "evidence", type_="unique")
    op.create_foreign_key(
        op.f("fk_review_evidence_evidence_id_evidence"),
        "review_evidence",
        "evidence",
        ["evidence_id"],
        ["id"],
    )

    for function in (
        KEEP_MERGE,
        REFUSE_ON_MERGED,
        COUNT_REACH,
        LOCK_WITH_HEADS,
        REACH_OF_APPEARANCES,
        REACH_OF_SOURCES,
        REACH_OF_MERGED,
        APPLY_REVIEW,
        SAME_CLAIMS,
        BEARS_WITNESS,
        EVIDENCE_OF_CLAIM,
    ):
        op.execute(function)
    for name in TRIGGERED:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")

    for table in ("speaker", "claim"):
        op.execute(
            f"CREATE TRIGGER keep_merge_insert BEFORE INSERT ON {table} FOR EACH ROW"
            " WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION keep_merge()"
        )
        op.execute(
            f"CREATE TRIGGER keep_merge BEFORE UPDATE ON {table} FOR EACH ROW"
            " WHEN ((OLD.merged_into_id, OLD.merged_at, OLD.merged_by)"
            " IS DISTINCT FROM (NEW.merged_into_id, NEW.merged_at, NEW.merged_by))"
            " EXECUTE FUNCTION keep_merge()"
        )
    op.execute(
        "CREATE TRIGGER refresh_reach AFTER UPDATE OF merged_into_id ON claim FOR EACH ROW"
        " WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)"
        " EXECUTE FUNCTION refresh_reach_of_head()"
    )
    for table in OF_A_CLAIM:
        op.execute(
            f"CREATE TRIGGER refuse_on_merged AFTER INSERT ON {table}"
            " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
            " EXECUTE FUNCTION refuse_on_merged()"
        )
    op.execute(
        "CREATE TRIGGER require_evidence_of_claim AFTER INSERT ON review_evidence"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
        " EXECUTE FUNCTION require_evidence_of_claim()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER require_evidence_of_claim ON review_evidence")
    for table in OF_A_CLAIM:
        op.execute(f"DROP TRIGGER refuse_on_merged ON {table}")
    op.execute("DROP TRIGGER refresh_reach ON claim")
    for table in ("speaker", "claim"):
        op.execute(f"DROP TRIGGER keep_merge ON {table}")
        op.execute(f"DROP TRIGGER keep_merge_insert ON {table}")
    for function in (
        OLD_BEARS_WITNESS,
        OLD_APPLY_REVIEW,
        OLD_REACH_OF_SOURCES,
        OLD_REACH_OF_APPEARANCES,
    ):
        op.execute(function)
    for signature in (
        "require_evidence_of_claim()",
        "same_claims(bigint)",
        "refresh_reach_of_head()",
        "lock_with_heads(bigint[])",
        "refuse_on_merged()",
        "keep_merge()",
    ):
        op.execute(f"DROP FUNCTION {signature}")

    op.drop_constraint(
        op.f("fk_review_evidence_evidence_id_evidence"), "review_evidence", type_="foreignkey"
    )
    op.create_unique_constraint(op.f("uq_evidence_id_claim_id"), "evidence", ["id", "claim_id"])
    # Verdicts that rest on a merged claim's evidence stay as they are: they only can't be checked.
    op.execute(
        "ALTER TABLE review_evidence"
        " ADD CONSTRAINT fk_review_evidence_evidence_id_claim_id_evidence"
        " FOREIGN KEY (evidence_id, claim_id) REFERENCES evidence (id, claim_id) NOT VALID"
    )
    op.execute("""
        DO $$ BEGIN
            ALTER TABLE review_evidence
                VALIDATE CONSTRAINT fk_review_evidence_evidence_id_claim_id_evidence;
        EXCEPTION WHEN foreign_key_violation THEN
            RAISE WARNING 'some reviews rest on evidence on a claim that was merged';
        END $$
    """)

    op.drop_index("ix_event_merged", "event")
    op.drop_index("ix_claim_to_check", "claim")
    op.execute("""
        UPDATE claim SET merged_into_id = NULL, merged_at = NULL, merged_by = NULL,
            merged_because = NULL
        WHERE merged_into_id IS NOT NULL
    """)
    op.execute("SELECT count_reach(ARRAY(SELECT id FROM claim))")
    op.execute("DROP FUNCTION count_reach(bigint[])")
    for table in ("speaker", "claim"):
        op.drop_constraint(op.f(f"ck_{table}_merged"), table, type_="check")
        for column in ("merged_because", "merged_by", "merged_at"):
            if table == "claim" and column == "merged_because":
                op.drop_constraint(op.f("ck_claim_merged_because"), "claim", type_="check")
            op.drop_column(table, column)
    op.drop_column("claim", "merged_into_id")
    _index_to_check(TO_CHECK)
    op.alter_column(
        "claim",
        "reach",
        comment="derived: distinct origins (agency or publisher) among its appearances",
    )
    op.execute(OLD_NO_CHAIN)
    op.execute("REVOKE EXECUTE ON FUNCTION refuse_merge_chain() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER refuse_merge_chain BEFORE UPDATE OF merged_into_id ON speaker"
        " FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL) EXECUTE FUNCTION refuse_merge_chain()"
    )
