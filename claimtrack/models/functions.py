"""The functions behind the triggers, and those that queries call.

The migrations hold their own, frozen copies; a test compares what the two leave in the catalog.
"""

from __future__ import annotations

#: Every function pins what its result could depend on.
PINNED = "SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'"

#: A plan is kept for the session: one made while a table was nearly empty would read all of it for
#: each part of an import that fills it.
LOOKED_UP = "SET enable_seqscan = 'off'"

#: What reads or writes other rows than its own runs as the owner of the tables, whoever makes the
#: change: a login that may record a claim may write neither its events nor its reach by itself.
#: Nobody else may call such a function, or hang it on a table of their own (see rules.py).
AS_OWNER = "SECURITY DEFINER"

# Who acts. Inside it CURRENT_USER is the owner: whoever can become the owner may do anything
# here, so of them an actor is what was said; of any other login it is the login.
CURRENT_ACTOR = f"""
CREATE FUNCTION current_actor() RETURNS text LANGUAGE plpgsql STABLE {AS_OWNER}
SET search_path = public, pg_temp AS $$
BEGIN
    IF pg_has_role(SESSION_USER, CURRENT_USER, 'MEMBER') THEN
        RETURN COALESCE(NULLIF(current_setting('claimtrack.actor', true), ''), SESSION_USER);
    END IF;
    RETURN SESSION_USER;
END $$
"""

REFUSE_CHANGE = f"""
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what is recorded stays', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$
"""

# The argument of the trigger is the key's column: events are told apart by it.
KEEP_RECORD = f"""
CREATE FUNCTION keep_record() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
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

COUNT_VERSION = f"""
CREATE FUNCTION count_version() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$
"""

ONLY_WITHDRAW = f"""
CREATE FUNCTION only_withdraw() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
DECLARE
    -- Arguments of the trigger name further columns that may change while the row stands.
    may_change CONSTANT text[] :=
        '{{withdrawn_at,withdrawn_by,withdrawn_because}}' || COALESCE(TG_ARGV, '{{}}');
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

# Both rows are locked as for deletion: whoever adds to one of them by a foreign key is waited for,
# and waits. The head counts as changed: who has seen it before has not seen what was added.
KEEP_MERGE = f"""
CREATE FUNCTION keep_merge() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

REFUSE_ON_MERGED = f"""
CREATE FUNCTION refuse_on_merged() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} {LOOKED_UP} AS $$
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

# A head reaches whom its own appearances reach, and those of the claims merged into it.
COUNT_REACH = f"""
CREATE FUNCTION count_reach(claim_ids bigint[]) RETURNS void LANGUAGE plpgsql {PINNED} AS $$
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

# Locked before anything is counted: of two writers, the second counts what the first one left.
# Heads are locked in the same order as their claims, so a claim that was merged while we waited is
# not chased: its lock would be taken out of order.
LOCK_WITH_HEADS = f"""
CREATE FUNCTION lock_with_heads(claim_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql {PINNED} AS $$
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

# An import counts what it brings in itself, thousands of rows at once; only the owner's may.
REACH_OF_APPEARANCES = f"""
CREATE FUNCTION refresh_reach() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
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

REACH_OF_SOURCES = f"""
CREATE FUNCTION refresh_reach_of_source() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
BEGIN
    PERFORM count_reach(lock_with_heads(ARRAY(
        SELECT DISTINCT claim_id FROM appearance WHERE source_id IN (SELECT id FROM changed)
    )));
    RETURN NULL;
END $$
"""

REACH_OF_MERGED = f"""
CREATE FUNCTION refresh_reach_of_head() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
BEGIN
    PERFORM count_reach(array_remove(ARRAY[OLD.merged_into_id, NEW.merged_into_id], NULL));
    RETURN NULL;
END $$
"""

# Called where it is so: a trigger's condition costs less than a call.
GUARD_NEW_CLAIM = f"""
CREATE FUNCTION guard_new_claim() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    RAISE EXCEPTION 'a claim begins unverified; only a review moves it'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'status_of_latest_review';
END $$
"""

GUARD_STATUS = f"""
CREATE FUNCTION guard_status() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

APPLY_REVIEW = f"""
CREATE FUNCTION apply_review() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

GUARD_WORDS = f"""
CREATE FUNCTION guard_checked_words() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

# A figure is part of what its claim says: who has seen the claim before has not seen this. The
# claim's own first figure comes in the same transaction, and is no change of it.
CHANGED_FIGURE = f"""
CREATE FUNCTION count_figure_change() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
BEGIN
    UPDATE claim SET version = version
    WHERE id = NEW.claim_id AND (TG_OP = 'UPDATE' OR recorded_at <> now());
    RETURN NULL;
END $$
"""

# The claims whose appearances and evidence are a claim's own: itself, and those merged into it.
SAME_CLAIMS = f"""
CREATE FUNCTION same_claims(the_claim_id bigint) RETURNS bigint[]
LANGUAGE sql STABLE {PINNED} AS $$
    SELECT the_claim_id || ARRAY(SELECT id FROM claim WHERE merged_into_id = the_claim_id)
$$
"""

# A reprint is no second witness: text of the same wire counts as the article it was taken from.
BEARS_WITNESS = f"""
CREATE FUNCTION bears_witness(the_claim_id bigint, the_source_id bigint) RETURNS boolean
LANGUAGE sql STABLE {AS_OWNER}
{PINNED} AS $$
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

# Nobody puts evidence under a review afterwards, their own or another's.
REFUSE_LATER = f"""
CREATE FUNCTION refuse_later_evidence() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        JOIN review ON review.claim_id = changed.claim_id AND review.no = changed.review_no
        WHERE review.recorded_at <> now()
    ) THEN
        RAISE EXCEPTION 'what a review rests on is said with it, not afterwards'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'review_is_closed';
    END IF;
    RETURN NULL;
END $$
"""

EVIDENCE_OF_CLAIM = f"""
CREATE FUNCTION require_evidence_of_claim() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

REQUIRE_EVIDENCE = f"""
CREATE FUNCTION require_evidence() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

# A verdict that somebody is changing just now is waited for: nobody disputes one that is gone.
GUARD_DISPUTE = f"""
CREATE FUNCTION guard_dispute() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
DECLARE
    stands CONSTANT text :=
        (SELECT status FROM claim WHERE id = NEW.claim_id FOR NO KEY UPDATE);
BEGIN
    IF NEW.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'the % is open when it begins', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'close_once';
    END IF;
    -- A demand for correction may come while the claim is looked at again.
    IF (TG_TABLE_NAME = 'objection' AND stands <> 'checked') OR NEW.review_no IS DISTINCT FROM (
        SELECT max(no) FROM review WHERE claim_id = NEW.claim_id AND verdict IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'the % is not against the latest verdict of claim %',
            TG_TABLE_NAME, NEW.claim_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'against_latest_verdict';
    END IF;
    RETURN NEW;
END $$
"""

# A login of its own may write the answer and the outcome alone.
CLOSE_ONCE = f"""
CREATE FUNCTION close_once() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
DECLARE
    closing CONSTANT text[] := '{{closed_at,closed_by,closed_because,outcome}}';
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

# What an import was stays; how far it came grows, and it is undone once.
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

# What foreign keys would ask once a row, at a fifth of an import's time. Nothing that is referred
# to is ever removed, so it need not be asked again. OFFSET 0 has each looked up: without it a plan
# can be to hash a whole table first, by its index where it may not scan it.
REFER_ROWS = f"""
CREATE FUNCTION refer_rows() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} {LOOKED_UP} AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        WHERE NOT EXISTS (SELECT FROM import WHERE import.id = changed.import_id OFFSET 0)
            OR NOT EXISTS (SELECT FROM claim WHERE claim.id = changed.claim_id OFFSET 0)
            OR changed.appearance_no IS NOT NULL AND NOT EXISTS (
                SELECT FROM appearance
                WHERE appearance.claim_id = changed.claim_id
                    AND appearance.no = changed.appearance_no OFFSET 0
            )
            OR changed.assessment_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM assessment
                WHERE assessment.id = changed.assessment_id
                    AND assessment.claim_id = changed.claim_id OFFSET 0
            )
    ) THEN
        RAISE EXCEPTION 'a row of a file became what is not on record'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'refer_rows';
    END IF;
    RETURN NULL;
END $$
"""

# Which columns of a row people have edited: an import leaves those as they are.
EDITED_BY_HAND = f"""
CREATE FUNCTION edited_by_hand(the_table text, the_key text) RETURNS text[]
LANGUAGE sql STABLE {AS_OWNER} {PINNED} AS $$
    SELECT COALESCE(array_agg(DISTINCT field), '{{}}')
    FROM event CROSS JOIN LATERAL jsonb_object_keys(event.after) AS field
    WHERE event.table_name = the_table AND event.row_key = the_key
        AND event.operation = 'update' AND event.application NOT LIKE 'claimtrack import %'
$$
"""

# Arguments of the trigger: the key's columns (three at most), and those that are derived or too
# large to log. OFFSET 0 keeps the planner from making a row's JSON anew wherever it is used. With
# nested loops, the plan that is kept from a few rows would compare each of thousands with all.
LOG_EVENT = f"""
CREATE FUNCTION log_event() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED}
SET extra_float_digits = 1 SET bytea_output = 'hex' SET intervalstyle = 'iso_8601'
SET enable_nestloop = off AS $$
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
            concat_ws('.', fresh ->> key_columns[1], fresh ->> key_columns[2],
                fresh ->> key_columns[3]),
            (fresh ->> claim_column)::bigint, 'insert', fresh - unlogged, the_actor, the_reason
        FROM (SELECT to_jsonb(changed) AS fresh FROM changed OFFSET 0) AS rows;
    ELSE
        INSERT INTO event
            (table_name, row_key, claim_id, operation, before, after, recorded_by, because)
        SELECT TG_TABLE_NAME, row_key, (fresh ->> claim_column)::bigint, 'update',
            difference.before, difference.after, the_actor, the_reason
        FROM (
            SELECT fresh, concat_ws('.', fresh ->> key_columns[1], fresh ->> key_columns[2],
                fresh ->> key_columns[3]) AS row_key
            FROM (SELECT to_jsonb(changed) AS fresh FROM changed OFFSET 0) AS rows
            OFFSET 0
        ) AS new_rows
        JOIN (
            SELECT stale, concat_ws('.', stale ->> key_columns[1], stale ->> key_columns[2],
                stale ->> key_columns[3]) AS row_key
            FROM (SELECT to_jsonb(replaced) AS stale FROM replaced OFFSET 0) AS rows
            OFFSET 0
        ) AS old_rows USING (row_key)
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(key, stale -> key) AS before,
                jsonb_object_agg(key, value) AS after
            FROM jsonb_each(fresh - unlogged)
            -- 3.1 and 3.10 are equal, but not the same.
            WHERE value <> stale -> key
                OR jsonb_typeof(value) = 'number' AND value::text <> stale ->> key
        ) AS difference
        WHERE difference.before IS NOT NULL;
    END IF;
    RETURN NULL;
END $$
"""

# How an event enters its leaf hash, field by field; docs/ledger.md says it in words. Strings and
# lists are salted digests, so that one can be redacted and the leaf stays what it was.
EVENT_FIELDS = f"""
CREATE FUNCTION event_fields(the event)
RETURNS TABLE (path text, value jsonb, state text, salt bytea, entered text)
LANGUAGE sql STABLE {PINNED} AS $$
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
            WHEN jsonb_typeof(fields.value) = 'object' AND fields.value - 'redacted' = '{{}}'
                AND fields.value ->> 'redacted' ~ '^[0-9a-f]{{64}}$' THEN 'redacted'
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

# Null where a salt is missing: what could be changed without a trace is no event.
EVENT_LEAF = f"""
CREATE FUNCTION event_leaf(the event) RETURNS bytea LANGUAGE sql STABLE {PINNED} AS $$
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

# The event as it is when the values at these paths ("because", "after.statement") are redacted.
# Its own salt would give every field's away, so that the other fields keep theirs one by one.
REDACTED_EVENT = f"""
CREATE FUNCTION redacted_event(the event, paths text[]) RETURNS event
LANGUAGE plpgsql STABLE {PINNED} AS $$
DECLARE
    leaf CONSTANT bytea := event_leaf(the);
    field record;
BEGIN
    the.field_salts := COALESCE(the.field_salts, '{{}}');
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

# An event stays, but for one thing: the owner may put digests in the place of values.
KEEP_EVENT = f"""
CREATE FUNCTION keep_event() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
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

# A seal stands on the one before it, and the first on the ledger's own number.
FOLLOW_SEAL = f"""
CREATE FUNCTION follow_seal() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

FUNCTIONS = (
    REFUSE_CHANGE,
    KEEP_RECORD,
    COUNT_VERSION,
    ONLY_WITHDRAW,
    KEEP_MERGE,
    REFUSE_ON_MERGED,
    COUNT_REACH,
    LOCK_WITH_HEADS,
    REACH_OF_APPEARANCES,
    REACH_OF_SOURCES,
    REACH_OF_MERGED,
    GUARD_NEW_CLAIM,
    GUARD_STATUS,
    APPLY_REVIEW,
    GUARD_WORDS,
    CHANGED_FIGURE,
    SAME_CLAIMS,
    BEARS_WITNESS,
    REFUSE_LATER,
    EVIDENCE_OF_CLAIM,
    REQUIRE_EVIDENCE,
    GUARD_DISPUTE,
    CLOSE_ONCE,
    KEEP_IMPORT,
    REFER_ROWS,
    EDITED_BY_HAND,
    LOG_EVENT,
    EVENT_FIELDS,
    EVENT_LEAF,
    REDACTED_EVENT,
    KEEP_EVENT,
    FOLLOW_SEAL,
)
