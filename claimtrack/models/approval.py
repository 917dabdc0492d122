"""The two-person rule and independent publishers, as functions and triggers on the reviews.

The migrations hold their own, frozen copies; a test compares what the two leave in the catalog.
"""

from __future__ import annotations

from claimtrack.models.functions import AS_OWNER, PINNED
from claimtrack.vocab import POLICY_DEFAULTS

_DEFAULTS = " ".join(f"WHEN '{name}' THEN '{value}'" for name, value in POLICY_DEFAULTS.items())

POLICY_IN_FORCE = f"""
CREATE FUNCTION policy_in_force(the_name text) RETURNS text
LANGUAGE sql STABLE {PINNED} AS $$
    SELECT COALESCE(
        (SELECT value FROM policy WHERE name = the_name ORDER BY id DESC LIMIT 1),
        CASE the_name {_DEFAULTS} END
    )
$$
"""

# Two spellings of a name that differ in case or blanks are one person.
PERSON_KEY = f"""
CREATE FUNCTION person_key(the_name text) RETURNS text
LANGUAGE sql STABLE {PINNED} AS $$
    SELECT lower(btrim(regexp_replace(the_name, '\\s+', ' ', 'g')))
$$
"""

# The two-person rule. Only somebody else concludes what was proposed, and nothing but that; a
# rejection gives back what stood before, whoever makes it.
GUARD_APPROVAL = f"""
CREATE FUNCTION guard_approval() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

KEEP_EVIDENCE = f"""
CREATE FUNCTION keep_evidence() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

# Whose word a source is (its origin) counts, as it does for reach: ten reprints are one witness.
REQUIRE_PUBLISHERS = f"""
CREATE FUNCTION require_publishers() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

FUNCTIONS = (POLICY_IN_FORCE, PERSON_KEY, GUARD_APPROVAL, KEEP_EVIDENCE, REQUIRE_PUBLISHERS)

TRIGGERS = (
    "CREATE TRIGGER guard_approval BEFORE INSERT ON review"
    " FOR EACH ROW EXECUTE FUNCTION guard_approval()",
    # As for the evidence of a verdict; see there.
    "CREATE CONSTRAINT TRIGGER require_publishers AFTER INSERT ON review"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " WHEN (COALESCE(NEW.verdict, NEW.proposed_verdict) NOT IN ('unproven', 'unverifiable')"
    " AND NEW.decision IS DISTINCT FROM 'rejected')"
    " EXECUTE FUNCTION require_publishers()",
    "CREATE CONSTRAINT TRIGGER keep_evidence AFTER INSERT ON review"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    " WHEN (NEW.decision IS NOT NULL) EXECUTE FUNCTION keep_evidence()",
)
