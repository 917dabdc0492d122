"""Policies of a desk: verdicts that wait for a second person, and independent publishers.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


APPLY_REVIEW = """
CREATE OR REPLACE FUNCTION apply_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    UPDATE claim SET
        status = NEW.status,
        verdict = NEW.verdict,
        review_no = NEW.no,
        recheck_on = NEW.recheck_on,
        assigned_to = CASE
            WHEN NEW.decision = 'rejected' THEN (
                SELECT proposal.held_by FROM review AS proposal
                WHERE proposal.claim_id = NEW.claim_id AND proposal.no = NEW.no - 1
            )
            WHEN NEW.status = 'in_review' THEN NEW.recorded_by
            WHEN NEW.status = 'unverified' THEN NULL
            ELSE assigned_to
        END
    WHERE id = NEW.claim_id AND review_no = NEW.no - 1 AND status = NEW.from_status
        AND merged_into_id IS NULL
        AND (NEW.change IS NULL
            OR verdict IS DISTINCT FROM COALESCE(NEW.verdict, NEW.proposed_verdict));
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

GUARD_WORDS = """
CREATE OR REPLACE FUNCTION guard_checked_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    checked boolean;
BEGIN
    IF TG_TABLE_NAME = 'claim' THEN
        checked := OLD.status IN ('awaiting_approval', 'checked');
    ELSE
        SELECT status IN ('awaiting_approval', 'checked') INTO checked
        FROM claim WHERE id = NEW.claim_id FOR SHARE;
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

EVIDENCE_OF_CLAIM = """
CREATE OR REPLACE FUNCTION require_evidence_of_claim() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed JOIN evidence ON evidence.id = changed.evidence_id
        WHERE evidence.claim_id <> changed.claim_id AND NOT EXISTS (
            SELECT FROM claim
            WHERE claim.id = evidence.claim_id AND claim.merged_into_id = changed.claim_id
        ) AND NOT EXISTS (
            -- A rejection gives back what stood, also where it has been unmerged since.
            SELECT FROM review
            WHERE review.claim_id = changed.claim_id AND review.no = changed.review_no
                AND review.decision = 'rejected'
        )
    ) THEN
        RAISE EXCEPTION 'a review rests on evidence on its own claim, or on one merged into it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'evidence_of_claim';
    END IF;
    RETURN NULL;
END $$
"""

REQUIRE_EVIDENCE = """
CREATE OR REPLACE FUNCTION require_evidence() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    the_verdict CONSTANT text := COALESCE(NEW.verdict, NEW.proposed_verdict);
BEGIN
    IF NOT EXISTS (
        SELECT FROM review_evidence
        JOIN evidence ON evidence.id = review_evidence.evidence_id
        WHERE review_evidence.claim_id = NEW.claim_id AND review_evidence.review_no = NEW.no
            AND evidence.withdrawn_at IS NULL
            AND bears_witness(NEW.claim_id, evidence.source_id)
            AND CASE the_verdict
                WHEN 'true' THEN evidence.stance = 'supports'
                WHEN 'false' THEN evidence.stance = 'refutes'
                ELSE true
            END
    ) THEN
        RAISE EXCEPTION 'the verdict % on claim % has no evidence to rest on',
            the_verdict, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'verdict_needs_evidence';
    END IF;
    RETURN NULL;
END $$
"""

POLICY_IN_FORCE = """
CREATE FUNCTION policy_in_force(the_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT COALESCE(
        (SELECT value FROM policy WHERE name = the_name ORDER BY id DESC LIMIT 1),
        CASE the_name WHEN 'second_reviewer' THEN 'off' WHEN 'independent_publishers' THEN '0' END
    )
$$
"""

PERSON_KEY = """
CREATE FUNCTION person_key(the_name text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
    SELECT lower(btrim(regexp_replace(the_name, '\\s+', ' ', 'g')))
$$
"""

GUARD_APPROVAL = """
CREATE FUNCTION guard_approval() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    proposal review;
    stood review;
BEGIN
    NEW.held_by := NULL;
    IF NEW.status = 'awaiting_approval' THEN
        SELECT assigned_to INTO NEW.held_by FROM claim WHERE id = NEW.claim_id;
        RETURN NEW;
    END IF;
    IF NEW.from_status <> 'awaiting_approval' THEN
        IF NEW.status = 'checked' THEN
            -- Nobody sets a policy while a verdict is under way.
            LOCK TABLE policy IN SHARE MODE;
            IF policy_in_force('second_reviewer') = 'on' THEN
                RAISE EXCEPTION 'a verdict on claim % waits for approval', NEW.claim_id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'second_reviewer';
            END IF;
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO proposal FROM review
    WHERE claim_id = NEW.claim_id AND no = NEW.no - 1 AND status = NEW.from_status;
    IF NOT FOUND THEN
        RETURN NEW;  -- It does not follow: the foreign key says so.
    END IF;
    SELECT * INTO stood FROM review WHERE claim_id = NEW.claim_id AND no = NEW.no - 2;
    IF NEW.decision = 'rejected' THEN
        IF (NEW.status, NEW.verdict, NEW.rating, NEW.recheck_on) IS DISTINCT FROM
            (proposal.from_status, stood.verdict, stood.rating, stood.recheck_on) THEN
            RAISE EXCEPTION 'a rejection gives back what stood on claim %', NEW.claim_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'rejection_restores';
        END IF;
    ELSIF (NEW.verdict, NEW.change, NEW.rating, NEW.recheck_on) IS DISTINCT FROM
        (proposal.proposed_verdict, proposal.change, proposal.rating, proposal.recheck_on) THEN
        RAISE EXCEPTION 'what is approved on claim % is what was proposed', NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_as_proposed';
    ELSIF person_key(NEW.recorded_by) = person_key(proposal.recorded_by) THEN
        RAISE EXCEPTION '% proposed the verdict on claim %, and can''t approve it',
            NEW.recorded_by, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'self_approval';
    END IF;
    RETURN NEW;
END $$
"""

KEEP_EVIDENCE = """
CREATE FUNCTION keep_evidence() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
DECLARE
    taken_from CONSTANT integer := NEW.no - CASE NEW.decision WHEN 'approved' THEN 1 ELSE 2 END;
BEGIN
    IF (
        SELECT array_agg(evidence_id ORDER BY evidence_id) FROM review_evidence
        WHERE claim_id = NEW.claim_id AND review_no = NEW.no
    ) IS DISTINCT FROM (
        SELECT array_agg(evidence_id ORDER BY evidence_id) FROM review_evidence
        WHERE claim_id = NEW.claim_id AND review_no = taken_from
    ) THEN
        RAISE EXCEPTION 'review % of claim % rests on the evidence of review %',
            NEW.no, NEW.claim_id, taken_from
            USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_keeps_evidence';
    END IF;
    RETURN NULL;
END $$
"""

REQUIRE_PUBLISHERS = """
CREATE FUNCTION require_publishers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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

APPLY_REVIEW_BEFORE = """
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

GUARD_WORDS_BEFORE = """
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

EVIDENCE_OF_CLAIM_BEFORE = """
CREATE OR REPLACE FUNCTION require_evidence_of_claim() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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

REQUIRE_EVIDENCE_BEFORE = """
CREATE OR REPLACE FUNCTION require_evidence() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' AS $$
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


TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE policy ENABLE ALWAYS TRIGGER append_only",
    "CREATE TRIGGER log_insert AFTER INSERT ON policy REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION log_event('id', '')",
    "CREATE CONSTRAINT TRIGGER require_evidence AFTER INSERT ON review DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (COALESCE(NEW.verdict, NEW.proposed_verdict) NOT IN ('unproven', 'unverifiable') AND NEW.decision IS DISTINCT FROM 'rejected') EXECUTE FUNCTION require_evidence()",
    "CREATE TRIGGER guard_approval BEFORE INSERT ON review FOR EACH ROW EXECUTE FUNCTION guard_approval()",
    "CREATE CONSTRAINT TRIGGER require_publishers AFTER INSERT ON review DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (COALESCE(NEW.verdict, NEW.proposed_verdict) NOT IN ('unproven', 'unverifiable') AND NEW.decision IS DISTINCT FROM 'rejected') EXECUTE FUNCTION require_publishers()",
    "CREATE CONSTRAINT TRIGGER keep_evidence AFTER INSERT ON review DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.decision IS NOT NULL) EXECUTE FUNCTION keep_evidence()",
)

REQUIRE_EVIDENCE_TRIGGER_BEFORE = "CREATE CONSTRAINT TRIGGER require_evidence AFTER INSERT ON review DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.verdict NOT IN ('unproven', 'unverifiable')) EXECUTE FUNCTION require_evidence()"

FIXED = (
    "CREATE TRIGGER fixed BEFORE INSERT OR UPDATE ON transition FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE transition ENABLE ALWAYS TRIGGER fixed",
)

MOVES = "INSERT INTO transition (from_status, to_status) VALUES ('unverified', 'awaiting_approval'), ('in_review', 'awaiting_approval'), ('awaiting_approval', 'unverified'), ('awaiting_approval', 'in_review'), ('awaiting_approval', 'checked'), ('checked', 'awaiting_approval')"

VERDICTS = "'true', 'mostly_true', 'mixed', 'missing_context', 'misleading', 'mostly_false', 'false', 'outdated', 'altered', 'miscaptioned', 'unproven', 'unverifiable'"
STATUSES = "'unverified', 'in_review', 'awaiting_approval', 'checked', 'set_aside'"
STATUSES_BEFORE = "'unverified', 'in_review', 'checked', 'set_aside'"

#: The columns that hold a status.
STATUS_COLUMNS = (
    ("claim", "status"),
    ("review", "status"),
    ("transition", "from_status"),
    ("transition", "to_status"),
)

#: The rules of a review that speak of a verdict: as they become, and as they were.
RULES = {
    "change_of_verdict": (
        "from_status <> 'checked' OR status NOT IN ('awaiting_approval', 'checked') OR change IS NOT NULL",
        "from_status <> 'checked' OR status <> 'checked' OR change IS NOT NULL",
    ),
    "change_when_checked": (
        "change IS NULL OR (status IN ('awaiting_approval', 'checked') AND decision IS DISTINCT FROM 'rejected')",
        "status = 'checked' OR change IS NULL",
    ),
    "rating_when_checked": (
        "status IN ('awaiting_approval', 'checked') OR rating IS NULL",
        "status = 'checked' OR rating IS NULL",
    ),
}

#: What the schema before can't hold: a claim that waits is in review (or unverified, where it was
#: in review before), and what was proposed is forgotten.
FORGET = (
    "ALTER TABLE review DISABLE TRIGGER append_only",
    """
    UPDATE review SET
        status = CASE WHEN status <> 'awaiting_approval' THEN status
            WHEN from_status = 'in_review' THEN 'unverified' ELSE 'in_review' END,
        from_status = CASE WHEN from_status <> 'awaiting_approval' THEN from_status ELSE (
            SELECT CASE earlier.from_status WHEN 'in_review' THEN 'unverified' ELSE 'in_review' END
            FROM review AS earlier
            WHERE earlier.claim_id = review.claim_id AND earlier.no = review.no - 1
        ) END,
        change = CASE WHEN status <> 'awaiting_approval' THEN change END,
        rating = CASE WHEN status <> 'awaiting_approval' THEN rating END
    WHERE 'awaiting_approval' IN (status, from_status)
    """,
    "ALTER TABLE review ENABLE ALWAYS TRIGGER append_only",
    "ALTER TABLE claim DISABLE TRIGGER guard_status",
    "UPDATE claim SET status = review.status FROM review WHERE claim.status = 'awaiting_approval' AND review.claim_id = claim.id AND review.no = claim.review_no",
    "ALTER TABLE claim ENABLE TRIGGER guard_status",
)


def upgrade() -> None:
    op.create_table(
        "policy",
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
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "value", sa.Text(), nullable=False, comment="on or off, or a number from 0 to 99"
        ),
        sa.Column("because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "CASE name WHEN 'second_reviewer' THEN value IN ('on', 'off')"
            " ELSE value ~ '^(0|[1-9][0-9]?)$' END",
            name=op.f("ck_policy_value"),
        ),
        sa.CheckConstraint(
            "because ~ '\\S' AND char_length(because) <= 20000", name=op.f("ck_policy_because")
        ),
        sa.CheckConstraint(
            "name IN ('second_reviewer', 'independent_publishers')", name=op.f("ck_policy_name")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        comment="append-only: the rules that a desk gave itself; the latest row of a name holds",
    )
    op.add_column(
        "review",
        sa.Column(
            "proposed_verdict",
            sa.Text(),
            nullable=True,
            comment="the verdict that waits for somebody else's approval",
        ),
    )
    op.add_column(
        "review",
        sa.Column(
            "decision",
            sa.Text(),
            nullable=True,
            comment="what became of the verdict that the review before this one proposed",
        ),
    )
    op.add_column(
        "review",
        sa.Column(
            "held_by",
            sa.Text(),
            nullable=True,
            comment="who held the claim when a verdict was proposed; a rejection gives it back",
        ),
    )
    for table, column in STATUS_COLUMNS:
        _check(table, column, f"{column} IN ({STATUSES})")
    for name, (rule, _) in RULES.items():
        _check("review", name, rule)
    for name, rule in {
        "proposed_verdict": f"proposed_verdict IN ({VERDICTS})",
        "decision": "decision IN ('approved', 'rejected')",
        "proposed_when_awaiting": "(status = 'awaiting_approval') = (proposed_verdict IS NOT NULL)",
        "held_by_when_awaiting": "status = 'awaiting_approval' OR held_by IS NULL",
        "decision_on_proposal": "(from_status = 'awaiting_approval') = (decision IS NOT NULL)",
        "approved_is_checked": "decision <> 'approved' OR status = 'checked'",
    }.items():
        op.create_check_constraint(op.f(f"ck_review_{name}"), "review", rule)
    op.execute("DROP TRIGGER fixed ON transition")
    op.execute(MOVES)
    op.execute("DROP TRIGGER require_evidence ON review")
    for statement in (
        APPLY_REVIEW,
        GUARD_WORDS,
        EVIDENCE_OF_CLAIM,
        REQUIRE_EVIDENCE,
        POLICY_IN_FORCE,
        PERSON_KEY,
        GUARD_APPROVAL,
        KEEP_EVIDENCE,
        REQUIRE_PUBLISHERS,
        *TRIGGERS,
        *FIXED,
    ):
        op.execute(statement)
    for name in ("guard_approval", "keep_evidence", "require_publishers"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")


def downgrade() -> None:
    for name in ("guard_approval", "keep_evidence", "require_publishers", "require_evidence"):
        op.execute(f"DROP TRIGGER {name} ON review")
    op.execute("ALTER TABLE review DROP CONSTRAINT ck_review_proposed_when_awaiting")
    op.execute("ALTER TABLE review DROP CONSTRAINT ck_review_decision_on_proposal")
    op.execute("ALTER TABLE review DROP CONSTRAINT ck_review_held_by_when_awaiting")
    for statement in FORGET:
        op.execute(statement)
    op.execute("DROP FUNCTION require_publishers()")
    op.execute("DROP FUNCTION keep_evidence()")
    op.execute("DROP FUNCTION guard_approval()")
    op.execute("DROP FUNCTION person_key(text)")
    op.execute("DROP FUNCTION policy_in_force(text)")
    for statement in (
        APPLY_REVIEW_BEFORE,
        GUARD_WORDS_BEFORE,
        EVIDENCE_OF_CLAIM_BEFORE,
        REQUIRE_EVIDENCE_BEFORE,
    ):
        op.execute(statement)
    op.execute(REQUIRE_EVIDENCE_TRIGGER_BEFORE)
    op.execute("DROP TRIGGER fixed ON transition")
    op.execute("ALTER TABLE transition DISABLE TRIGGER kept")
    op.execute("DELETE FROM transition WHERE 'awaiting_approval' IN (from_status, to_status)")
    op.execute("ALTER TABLE transition ENABLE ALWAYS TRIGGER kept")
    for statement in FIXED:
        op.execute(statement)
    for table, column in STATUS_COLUMNS:
        _check(table, column, f"{column} IN ({STATUSES_BEFORE})")
    for name, (_, rule) in RULES.items():
        _check("review", name, rule)
    op.drop_column("review", "held_by")
    op.drop_column("review", "decision")
    op.drop_column("review", "proposed_verdict")
    op.drop_table("policy")


def _check(table: str, name: str, rule: str) -> None:
    """Replace the CHECK of this name."""
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
