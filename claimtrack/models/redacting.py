"""What can be redacted, and the rules under which rows that never change let a value go.

The migrations hold their own, frozen copies; a test compares what the two leave in the catalog.
"""

from __future__ import annotations

from claimtrack.models.functions import AS_OWNER, PINNED

#: Per table, the columns that hold what people wrote, each with those that are made from it and
#: go with it.
FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "claim": {
        "statement": ("statement_key",),
        "topics": (),
        "assigned_to": (),
        "merged_because": (),
    },
    "appearance": {
        "quote": (),
        "passage": (),
        "place": (),
        "said_text": (),
        "withdrawn_because": (),
    },
    "attribution": {"because": ()},
    "figure": {"unit": (), "counted": (), "place": ()},
    "note": {"body": ()},
    "evidence": {"excerpt": (), "place": (), "withdrawn_because": ()},
    "review": {"because": (), "rating": ()},
    "objection": {"because": (), "closed_because": ()},
    "challenge": {"because": (), "closed_because": (), "challenger": ()},
    "speaker": {"name": (), "description": (), "merged_because": ()},
    "speaker_alias": {"name": ("name_key",), "qualifier": ("qualifier_key",)},
    "publisher": {"name": ("name_key",)},
    "source": {
        "url": ("host", "source_key"),
        "title": ("source_key",),
        "external_id": ("source_key",),
        "published_text": (),
    },
    "capture": {"content": ("sha256",), "file_name": ()},
    "protected_source": {"identity": ("salt",)},
    "assessment": {
        "title": ("assessment_key",),
        "url": ("assessment_key",),
        "rating": (),
        "published_text": (),
        "summary": (),
        "original": (),
        "withdrawn_because": (),
    },
    "publication": {"url": (), "headline": (), "public_note": (), "withdrawn_because": ()},
    "claim_match": {"because": ()},
    "import": {"file_name": (), "origin": (), "licence": (), "undone_because": ()},
}

#: Of the tables that only grow: their rows take a redaction, and nothing else.
GROWING = ("attribution", "note", "review", "capture", "protected_source", "claim_match")

#: What stands in the place of a value that a row can't be without.
MARKER = "[redacted]"

IS_REDACTION = f"""
CREATE FUNCTION is_redaction(the_table text) RETURNS boolean LANGUAGE sql STABLE {PINNED} AS $$
    SELECT COALESCE(current_setting('claimtrack.redacting', true) = the_table, false)
        AND pg_has_role(CURRENT_USER, (
            SELECT relowner FROM pg_class WHERE oid = format('public.%I', the_table)::regclass
        ), 'MEMBER')
$$
"""

REFUSE_ALL_ELSE = f"""
CREATE FUNCTION refuse_all_but_redaction() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND is_redaction(TG_TABLE_NAME) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of % is refused: what is recorded stays', lower(TG_OP), TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$
"""

# Arguments of the trigger: the columns that can be redacted, and those that are made from them or
# derived anyway.
ONLY_REDACT = f"""
CREATE FUNCTION only_redact() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
DECLARE
    words CONSTANT text[] := string_to_array(TG_ARGV[0], ',');
    others CONSTANT text[] := words || string_to_array(TG_ARGV[1], ',');
    was CONSTANT jsonb := to_jsonb(OLD);
    becomes CONSTANT jsonb := to_jsonb(NEW);
BEGIN
    IF NOT is_redaction(TG_TABLE_NAME) OR (was - others) <> (becomes - others) OR EXISTS (
        SELECT FROM unnest(words) AS word
        WHERE becomes -> word IS DISTINCT FROM was -> word
            AND COALESCE(becomes ->> word, '[]') NOT IN ('{MARKER}', '[]')
    ) THEN
        RAISE EXCEPTION 'update of % is refused: what is recorded stays', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    RETURN NEW;
END $$
"""

# Its bytes can be too many for JSON. Protecting the source takes the file's name, as a redaction
# would.
KEEP_CAPTURE = f"""
CREATE FUNCTION keep_capture() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
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

# An import knows a row again by digests of its values, and those of short texts can be guessed:
# they go with what was redacted or protected.
FORGET_ROWS = f"""
CREATE FUNCTION forget_rows() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
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

#: Where values stand that a file can have brought.
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

FUNCTIONS = (IS_REDACTION, REFUSE_ALL_ELSE, ONLY_REDACT, KEEP_CAPTURE, FORGET_ROWS)


def triggers(unlogged: dict[str, tuple[str, str]]) -> tuple[str, ...]:
    """The triggers that let a redaction through; ``unlogged`` are the keys and derived columns."""
    made = []
    for table, fields in FIELDS.items():
        if table == "capture":
            made.append(
                "CREATE TRIGGER keep_capture BEFORE UPDATE ON capture"
                " FOR EACH ROW EXECUTE FUNCTION keep_capture()"
            )
            made.append("ALTER TABLE capture ENABLE ALWAYS TRIGGER keep_capture")
            continue
        derived = [one for each in fields.values() for one in each]
        derived += [one for one in unlogged[table][1].split(",") if one and one not in fields]
        arguments = f"'{','.join(fields)}', '{','.join(dict.fromkeys(derived))}'"
        when = "" if table in GROWING else f" WHEN (is_redaction('{table}'))"
        made.append(
            f"CREATE TRIGGER only_redact BEFORE UPDATE ON {table}"
            f" FOR EACH ROW{when} EXECUTE FUNCTION only_redact({arguments})"
        )
        if table in GROWING:
            made.append(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_redact")
    made += [
        f"CREATE TRIGGER forget_rows AFTER UPDATE ON {table} FOR EACH ROW"
        f" WHEN (is_redaction('{table}')) EXECUTE FUNCTION forget_rows()"
        for table in FORGETTING
    ]
    made += [
        f"CREATE TRIGGER forget_protected AFTER UPDATE OF protected ON {table} FOR EACH ROW"
        " WHEN (NEW.protected AND NOT OLD.protected) EXECUTE FUNCTION forget_rows()"
        for table in ("speaker", "source")
    ]
    return tuple(made)
