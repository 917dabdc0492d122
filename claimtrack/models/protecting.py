"""The functions, triggers and row security that keep who is protected apart from the record.

The migrations hold their own, frozen copies; a test compares what the two leave in the catalog.
"""

from __future__ import annotations

from claimtrack.models.functions import AS_OWNER, PINNED

# Sixteen bytes that nobody can guess, without an extension.
NEW_SALT = f"""
CREATE FUNCTION new_salt() RETURNS bytea LANGUAGE sql VOLATILE {PINNED} AS $$
    SELECT decode(replace(gen_random_uuid()::text, '-', ''), 'hex')
$$
"""

# Who may read events may read identities: the events of the rows hold them, too. The owner may,
# and a desk's admins.
READS_IDENTITIES = f"""
CREATE FUNCTION reads_identities() RETURNS boolean LANGUAGE sql STABLE {PINNED} AS $$
    SELECT has_table_privilege(CURRENT_USER, 'public.event', 'SELECT')
$$
"""

# Inside the two functions that hide an identity the current user is the owner; who called is
# the session's.
MAY_PROTECT = f"""
CREATE FUNCTION refuse_to_protect() RETURNS void LANGUAGE plpgsql STABLE {PINNED} AS $$
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'public.source', 'UPDATE') THEN
        RAISE EXCEPTION 'permission denied to protect' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$
"""

HIDE = f"""
CREATE FUNCTION hide_identity(the_speaker_id bigint, the_source_id bigint, identity jsonb)
RETURNS void LANGUAGE sql VOLATILE {PINNED} AS $$
    INSERT INTO protected_source (speaker_id, source_id, identity, salt, digest)
    SELECT the_speaker_id, the_source_id, identity, salt,
        sha256(salt || convert_to(identity::text, 'UTF8'))
    FROM new_salt() AS salt
$$
"""

# The names that led to the speaker leave too, with the keys that could be guessed from them.
PROTECT_SPEAKER = f"""
CREATE FUNCTION protect_speaker(the_id bigint, pseudonym text, pseudonym_key text)
RETURNS void LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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

# First where its house is counted, then the row: so reach never changes.
PROTECT_SOURCE = f"""
CREATE FUNCTION protect_source(the_id bigint, pseudonym text)
RETURNS void LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
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
    PERFORM set_config('claimtrack.redacting', 'capture', true);
    UPDATE capture SET file_name = NULL WHERE source_id = the_id AND file_name IS NOT NULL;
    PERFORM set_config('claimtrack.redacting', '', true);
END $$
"""

# The arguments of the trigger are the columns that a pseudonym stands in.
STAY_PROTECTED = f"""
CREATE FUNCTION stay_protected() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
DECLARE
    kept CONSTANT text[] := ARRAY['protected'] || TG_ARGV;
BEGIN
    IF NOT is_redaction(TG_TABLE_NAME) AND EXISTS (
        SELECT FROM unnest(kept) AS field
        WHERE to_jsonb(NEW) -> field IS DISTINCT FROM to_jsonb(OLD) -> field
    ) THEN
        RAISE EXCEPTION 'this % is protected: its pseudonym stays', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stay_protected';
    END IF;
    RETURN NEW;
END $$
"""

# One speaker under a pseudonym and another under the real name: together they tell who it is.
PROTECTED_TOGETHER = f"""
CREATE FUNCTION refuse_unprotected_merge() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    IF NEW.protected <> (SELECT protected FROM speaker WHERE id = NEW.merged_into_id) THEN
        RAISE EXCEPTION 'speakers % and % are merged only when both are protected, or none',
            NEW.id, NEW.merged_into_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'protected_together';
    END IF;
    RETURN NEW;
END $$
"""

ONE_NAME = f"""
CREATE FUNCTION refuse_second_name() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
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

FUNCTIONS = (
    NEW_SALT,
    READS_IDENTITIES,
    MAY_PROTECT,
    HIDE,
    PROTECT_SPEAKER,
    PROTECT_SOURCE,
    STAY_PROTECTED,
    PROTECTED_TOGETHER,
    ONE_NAME,
)

TRIGGERS = (
    "CREATE TRIGGER stay_protected BEFORE UPDATE ON speaker"
    " FOR EACH ROW WHEN (OLD.protected) EXECUTE FUNCTION stay_protected('name')",
    "CREATE TRIGGER stay_protected BEFORE UPDATE ON speaker_alias"
    " FOR EACH ROW WHEN (OLD.protected)"
    " EXECUTE FUNCTION stay_protected('name', 'name_key', 'qualifier', 'qualifier_key')",
    "CREATE TRIGGER stay_protected BEFORE UPDATE ON source"
    " FOR EACH ROW WHEN (OLD.protected) EXECUTE FUNCTION stay_protected('title', 'source_key')",
    "CREATE TRIGGER refuse_unprotected_merge BEFORE UPDATE OF merged_into_id ON speaker"
    " FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL)"
    " EXECUTE FUNCTION refuse_unprotected_merge()",
    "CREATE TRIGGER refuse_second_name BEFORE INSERT ON speaker_alias"
    " FOR EACH ROW EXECUTE FUNCTION refuse_second_name()",
    "ALTER TABLE protected_source ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY identities ON protected_source FOR SELECT USING (reads_identities())",
)
