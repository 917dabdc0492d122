"""The record as it stood at an earlier time: a schema of views that take the tables' place.

A transaction that puts ``past`` before ``public`` in its search path, and an instant into the
setting ``claimtrack.as_of``, reads every table as it stood just before that instant. The views are
made from the catalog, so that a migration that adds a table or a column has only to call
``rebuild_past()`` at its end (and ``drop_past()`` first, where it takes something away).

The value of a column then is the "before" of the oldest later event that names it, else today's.
Four things keep that quick: columns that never change are today's columns themselves, so that
conditions on keys find their index; ``changed_at`` tells which rows have not changed since, and
need no look at their events; the events of one row stand together in an index;
and which rows were merged into which, as a few are, is a join, so that it is found by the head.
"""

from __future__ import annotations

from claimtrack.models.functions import PINNED

# Never back: of two writers the one that began first may come second.
STAMP_CHANGE = f"""
CREATE FUNCTION stamp_change() RETURNS trigger LANGUAGE plpgsql {PINNED} AS $$
BEGIN
    NEW.changed_at := GREATEST(OLD.changed_at, now());
    RETURN NEW;
END $$
"""

# Columns that can't change: the key, who recorded the row and when, all but what `only_withdraw`
# lets through, and what a trigger on the column refuses.
FIXED_COLUMNS = f"""
CREATE FUNCTION fixed_columns(the_table regclass) RETURNS text[]
LANGUAGE sql STABLE {PINNED} AS $$
    SELECT array_agg(attname::text)
    FROM pg_attribute
    WHERE attrelid = the_table AND attnum > 0 AND NOT attisdropped AND (
        attname IN ('recorded_at', 'recorded_by', 'db_user', 'changed_at')
        OR EXISTS (
            SELECT FROM pg_index
            WHERE indrelid = the_table AND indisprimary AND attnum = ANY (indkey)
        )
        OR EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = the_table AND tgname = 'only_withdraw'
                AND attname NOT IN ('withdrawn_at', 'withdrawn_by', 'withdrawn_because')
                AND attname <> ALL (string_to_array(encode(tgargs, 'escape'), '\\000'))
        )
        OR EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = the_table AND tgfoid = 'refuse_change'::regproc
                AND attnum = ANY (tgattr)
        )
    )
$$
"""

# What was merged into what: as today where that was before the instant; else as the event tells
# that took it back since.
MERGED_QUERY = f"""
CREATE FUNCTION merged_query(the_table regclass) RETURNS text
LANGUAGE sql STABLE {PINNED} AS $$
    SELECT format($query$
        SELECT today.id, today.merged_into_id
        FROM public.%1$I AS today
        WHERE today.merged_into_id IS NOT NULL AND today.merged_at < %2$s
        UNION ALL
        SELECT event.row_key::bigint, (event.before ->> 'merged_into_id')::bigint
        FROM public.event
        WHERE event.table_name = %1$L AND event.operation = 'update'
            AND event.before ? 'merged_into_id'
            AND event.before ->> 'merged_into_id' IS NOT NULL AND event.recorded_at >= %2$s
            AND NOT EXISTS (
                SELECT FROM public.event AS earlier
                WHERE earlier.table_name = %1$L AND earlier.row_key = event.row_key
                    AND earlier.operation = 'update' AND earlier.before ? 'merged_into_id'
                    AND earlier.recorded_at >= %2$s AND earlier.id < event.id
            )
        $query$, relname, '(SELECT current_setting(''claimtrack.as_of'')::timestamptz)')
    FROM pg_class WHERE oid = the_table
$$
"""

# A redacted value is an object in the event: a text says that it was redacted, of any other
# type today's value stands. A version is today's less the changes that came later, as far as
# events tell of them. Reach is counted again from what had appeared, unless nothing has changed.
PAST_QUERY = f"""
CREATE FUNCTION past_query(the_table regclass) RETURNS text
LANGUAGE plpgsql STABLE {PINNED} AS $$
DECLARE
    the_name CONSTANT text := (SELECT relname FROM pg_class WHERE oid = the_table);
    -- A subselect is worked out once a query, an expression for each row.
    moment CONSTANT text := '(SELECT current_setting(''claimtrack.as_of'')::timestamptz)';
    key_columns text[];
    unlogged text[];
    fixed CONSTANT text[] := fixed_columns(the_table);
    stamped CONSTANT boolean := 'changed_at' = ANY (fixed);
    -- What a pseudonym took the place of stays hidden, whenever it was asked for.
    identity CONSTANT text := CASE WHEN EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = the_table AND attname = 'protected' AND NOT attisdropped
    ) THEN ' AND NOT (today.protected AND was.key = ANY (''{{protected,name,description,name_key,'
        'qualifier,qualifier_key,url,host,source_key,title,publisher_id,agency_id,external_id}}''))'
    ELSE '' END;
    merges CONSTANT boolean := EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = the_table AND attname = 'merged_into_id' AND NOT attisdropped
    );
    -- What only grows may be redacted, and no more: it stands in the past as it does today.
    changes CONSTANT boolean := EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = the_table AND tgname = 'log_update'
    ) AND NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = the_table AND tgname = 'append_only'
    );
    recorded text;
    of_row text;
    later text;
    texts text[];
    inner_columns text;
    outer_columns text;
BEGIN
    SELECT string_to_array(given[1], ','), string_to_array(given[2], ',')
    INTO key_columns, unlogged
    FROM pg_trigger, string_to_array(encode(tgargs, 'escape'), '\\000') AS given
    WHERE tgrelid = the_table AND tgname = 'log_insert';

    -- What has no time of its own was recorded with what it points to.
    IF 'recorded_at' = ANY (fixed) THEN
        recorded := format('today.recorded_at < %s', moment);
    ELSE
        SELECT format('EXISTS (SELECT FROM public.%I AS whole WHERE %s AND whole.recorded_at < %s)',
            whole.relname, string_agg(format('whole.%I = today.%I', theirs.attname, ours.attname),
                ' AND ' ORDER BY ours.attnum), moment)
        INTO recorded
        FROM pg_constraint
        JOIN pg_class AS whole ON whole.oid = confrelid
        JOIN pg_trigger ON tgrelid = confrelid AND tgname = 'append_only'
        CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (our_no, their_no)
        JOIN pg_attribute AS ours ON ours.attrelid = conrelid AND ours.attnum = our_no
        JOIN pg_attribute AS theirs ON theirs.attrelid = confrelid AND theirs.attnum = their_no
        WHERE conrelid = the_table AND contype = 'f'
        GROUP BY conname, whole.relname ORDER BY conname LIMIT 1;
    END IF;

    IF NOT changes THEN
        SELECT string_agg(format('today.%I', attname), ', ' ORDER BY attname) INTO inner_columns
        FROM pg_attribute WHERE attrelid = the_table AND attnum > 0 AND NOT attisdropped;
        RETURN format('SELECT %s FROM public.%I AS today WHERE %s',
            inner_columns, the_name, COALESCE(recorded, 'true'));
    END IF;

    SELECT string_agg(format('today.%I::text', part), ' || ''.'' || ' ORDER BY place)
    INTO of_row FROM unnest(key_columns) WITH ORDINALITY AS parts (part, place);
    later := format('event.table_name = %L AND event.row_key = %s AND event.operation = ''update'''
        ' AND event.recorded_at >= %s', the_name, of_row, moment)
        || CASE WHEN stamped THEN format(' AND today.changed_at >= %s', moment) ELSE '' END;

    SELECT array_agg(attname::text ORDER BY attname) INTO texts
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = the_table AND attnum > 0 AND NOT attisdropped AND typcategory = 'S'
        AND attname <> ALL (fixed);

    SELECT string_agg(format('%s AS %I',
            CASE
                WHEN attname = ANY (fixed) THEN format('today.%I', attname)
                WHEN attname = 'version' THEN format(
                    'GREATEST(1, today.version - (SELECT count(*) FROM public.event WHERE %s)'
                    '::integer%s%s)', later,
                    CASE WHEN the_name = 'claim' THEN format(
                        ' - (SELECT count(*) FROM public.event WHERE event.claim_id = today.id'
                        ' AND event.table_name = ''figure'' AND event.recorded_at >= %s)::integer',
                        moment) ELSE '' END,
                    CASE WHEN merges THEN format(
                        ' - (SELECT count(*) FROM public.event WHERE event.table_name = %L'
                        ' AND event.before ? ''merged_into_id'' AND event.recorded_at >= %s'
                        ' AND COALESCE(event.after ->> ''merged_into_id'','
                        ' event.before ->> ''merged_into_id'') = today.id::text)::integer',
                        the_name, moment) ELSE '' END)
                WHEN attname = 'merged_into_id' THEN 'same.merged_into_id'
                WHEN attname = 'reach' THEN format(
                    'CASE WHEN today.changed_at >= %s THEN (SELECT'
                    ' count(DISTINCT COALESCE(hidden.origin, source.origin))'
                    ' FROM past.appearance JOIN past.source ON source.id = appearance.source_id'
                    ' LEFT JOIN public.protected_source AS hidden ON hidden.source_id = source.id'
                    ' WHERE appearance.withdrawn_at IS NULL AND appearance.claim_id = ANY'
                    ' (today.id || ARRAY(SELECT other.id FROM past.merged_claim AS other'
                    ' WHERE other.merged_into_id = today.id)))::integer'
                    ' ELSE today.reach END', moment)
                WHEN attname = ANY (unlogged) THEN format('today.%I', attname)
                ELSE format('CASE WHEN earlier.columns ? %1$L THEN %2$s ELSE today.%1$I END',
                    attname, format(
                        CASE
                            WHEN typcategory = 'S' THEN 'earlier.columns ->> %1$L'
                            WHEN typcategory = 'A' THEN
                                'CASE jsonb_typeof(earlier.columns -> %1$L) WHEN ''array'' THEN'
                                ' ARRAY(SELECT jsonb_array_elements_text(earlier.columns -> %1$L))'
                                '::%2$s END'
                            WHEN typname = 'jsonb' THEN 'earlier.columns -> %1$L'
                            ELSE '(earlier.columns ->> %1$L)::%2$s'
                        END, attname, format_type(atttypid, atttypmod)))
            END, attname), ', ' ORDER BY attname)
    INTO inner_columns
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = the_table AND attnum > 0 AND NOT attisdropped AND attgenerated = '';

    SELECT string_agg(CASE attgenerated WHEN '' THEN format('stood.%I', attname)
        ELSE format('%s AS %I', pg_get_expr(adbin, adrelid), attname) END, ', ' ORDER BY attname)
    INTO outer_columns
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = the_table AND attnum > 0 AND NOT attisdropped;

    RETURN format($query$
        SELECT %1$s FROM (
            SELECT %2$s
            FROM public.%3$I AS today
            LEFT JOIN LATERAL (
                SELECT jsonb_object_agg(was.key, CASE WHEN was.value -> 'redacted' IS NULL
                    THEN was.value ELSE '"[redacted]"' END ORDER BY event.id DESC) AS columns
                FROM public.event CROSS JOIN LATERAL jsonb_each(event.before) AS was (key, value)
                WHERE %4$s AND (was.value -> 'redacted' IS NULL OR was.key = ANY (%5$L::text[]))
                    %8$s
            ) AS earlier ON true %7$s
            WHERE %6$s
        ) AS stood
        $query$, outer_columns, inner_columns, the_name, later, texts, COALESCE(recorded, 'true'),
        CASE WHEN merges THEN format('LEFT JOIN past.%I AS same ON same.id = today.id',
            'merged_' || the_name) ELSE '' END, identity);
END $$
"""

DROP_PAST = f"""
CREATE FUNCTION drop_past() RETURNS void LANGUAGE plpgsql {PINNED} AS $$
DECLARE
    made CONSTANT text := (
        SELECT string_agg(format('past.%I', relname), ', ') FROM pg_class
        WHERE relnamespace = to_regnamespace('past') AND relkind = 'v'
            AND obj_description(oid, 'pg_class') = 'claimtrack: the table as it stood'
    );
BEGIN
    IF made IS NOT NULL THEN
        EXECUTE 'DROP VIEW ' || made;
    END IF;
END $$
"""

# Who may read a table may read what stood in it: the views get the grants of their tables.
REBUILD_PAST = f"""
CREATE FUNCTION rebuild_past() RETURNS void LANGUAGE plpgsql {PINNED} AS $$
DECLARE
    logged record;
    granted record;
BEGIN
    PERFORM drop_past();
    IF to_regnamespace('past') IS NULL THEN
        IF NOT has_database_privilege(current_database(), 'CREATE') THEN
            RAISE EXCEPTION 'the views of the past need a schema of their own: let the database''s'
                ' owner run GRANT CREATE ON DATABASE % TO %',
                quote_ident(current_database()), quote_ident(CURRENT_USER)
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        CREATE SCHEMA past;
    END IF;
    FOR logged IN
        SELECT attrelid AS oid, attrelid::regclass::text AS relname FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE attname = 'merged_into_id' AND NOT attisdropped AND relkind = 'r'
            AND relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('CREATE VIEW past.%I (id, merged_into_id) AS %s',
            'merged_' || logged.relname, merged_query(logged.oid));
        EXECUTE format('COMMENT ON VIEW past.%I IS ''claimtrack: the table as it stood''',
            'merged_' || logged.relname);
    END LOOP;
    -- The claim comes last: its reach counts the appearances and sources of then. What only some
    -- rows of are to be seen stays out, since a view would show its owner's.
    FOR logged IN
        SELECT pg_class.oid, relname, relacl, relowner
        FROM pg_class JOIN pg_trigger ON tgrelid = pg_class.oid AND tgname = 'log_insert'
        WHERE relnamespace = 'public'::regnamespace AND NOT relrowsecurity
        ORDER BY relname = 'claim', relname
    LOOP
        EXECUTE format('CREATE VIEW past.%I AS %s', logged.relname, past_query(logged.oid));
        EXECUTE format('COMMENT ON VIEW past.%I IS ''claimtrack: the table as it stood''',
            logged.relname);
        FOR granted IN
            SELECT '' AS columns, grantee FROM aclexplode(logged.relacl)
            WHERE privilege_type = 'SELECT' AND grantee <> logged.relowner
            UNION ALL
            SELECT format('(%I)', attname), grantee
            FROM pg_attribute CROSS JOIN LATERAL aclexplode(attacl)
            WHERE attrelid = logged.oid AND privilege_type = 'SELECT'
        LOOP
            EXECUTE format('GRANT SELECT %s ON past.%I TO %s', granted.columns, logged.relname,
                CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
            EXECUTE format('GRANT USAGE ON SCHEMA past TO %s',
                CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
        END LOOP;
    END LOOP;
END $$
"""

#: In the order in which one calls the other.
PAST_FUNCTIONS = (
    STAMP_CHANGE,
    FIXED_COLUMNS,
    MERGED_QUERY,
    PAST_QUERY,
    DROP_PAST,
    REBUILD_PAST,
)
