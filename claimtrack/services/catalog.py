"""The schema's definitions, as PostgreSQL prints them, against those that the migrations leave.

``claimtrack/models/catalog.json`` holds a digest of each; ``python -m tests.write_catalog`` writes
it, and a test holds it to the migrations on every server that the tests are run on, since no
version may print a definition differently. From PostgreSQL 18 on NOT NULL is a constraint too: it
is left to the columns, which have it in every version.
"""

from __future__ import annotations

import hashlib
import json
from importlib import resources

from sqlalchemy import Connection, text

import claimtrack.models.rules  # noqa: F401 - completes the metadata
from claimtrack.db import metadata

#: Kind of object to a query: the name, and the definition. ``tables`` are those of the models.
_QUERIES = {
    "tables": """
        SELECT relname, concat_ws(' ', relkind, relpersistence, relrowsecurity,
            relforcerowsecurity)
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:tables)
        UNION ALL
        SELECT rulename || ' on ' || tablename, definition
        FROM pg_rules WHERE schemaname = 'public' AND tablename = ANY(:tables)
    """,
    "columns": """
        SELECT relname || '.' || attname, concat_ws(' ',
            format_type(atttypid, atttypmod),
            CASE WHEN attnotnull THEN 'not null' END,
            'identity=' || attidentity::text, 'generated=' || attgenerated::text,
            'default=' || pg_get_expr(adbin, adrelid),
            (SELECT 'collation=' || collname FROM pg_collation WHERE oid = attcollation))
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:tables)
            AND attnum > 0 AND NOT attisdropped
    """,
    # With the triggers that PostgreSQL checks foreign keys by, which can be switched off.
    "constraints": """
        SELECT conname || ' on ' || relname, concat_ws(' ', contype, convalidated,
            condeferrable, condeferred, pg_get_constraintdef(pg_constraint.oid),
            (SELECT string_agg(DISTINCT tgenabled::text, '') FROM pg_trigger
                WHERE tgconstraint = pg_constraint.oid AND tgisinternal))
        FROM pg_constraint
        JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:tables)
            AND contype NOT IN ('n', 't')
    """,
    "indexes": """
        SELECT made.relname || ' on ' || pg_class.relname,
            concat_ws(' ', indisvalid, indisready, pg_get_indexdef(indexrelid))
        FROM pg_index
        JOIN pg_class ON pg_class.oid = indrelid
        JOIN pg_class AS made ON made.oid = indexrelid
        WHERE pg_class.relnamespace = 'public'::regnamespace AND pg_class.relname = ANY(:tables)
    """,
    "triggers": """
        SELECT tgname || ' on ' || relname,
            concat_ws(' ', tgenabled, pg_get_triggerdef(pg_trigger.oid))
        FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'public'::regnamespace AND relname = ANY(:tables)
            AND NOT tgisinternal
    """,
    "policies": """
        SELECT policyname || ' on ' || tablename,
            concat_ws(' ', permissive, roles::text, cmd, qual, with_check)
        FROM pg_policies WHERE schemaname = 'public' AND tablename = ANY(:tables)
    """,
    # Versions of PostgreSQL differ in whether they name the table before a column that needs none.
    "views of the past": """
        SELECT viewname,
            regexp_replace(definition, '\\m(today|stood|earlier|same|event)\\.|\\s', '', 'g')
        FROM pg_views
        WHERE schemaname = 'past' AND regexp_replace(viewname, '^merged_', '') = ANY(:tables)
    """,
    "functions": """
        SELECT format('%s(%s)', proname, pg_get_function_identity_arguments(oid)),
            pg_get_functiondef(oid)
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    """,
}

#: Kinds that others may keep in the same schema, as extensions do.
_SHARED = frozenset({"functions"})

Digests = dict[str, dict[str, str]]


def read(connection: Connection) -> Digests:
    """Kind of object to name to a digest of its definition, as the database has it."""
    tables = {"tables": sorted(metadata.tables)}
    return {
        kind: {
            name: hashlib.sha256(definition.encode()).hexdigest()[:16]
            for name, definition in connection.execute(text(query), tables)
        }
        for kind, query in _QUERIES.items()
    }


def as_made() -> Digests:
    """The same, of a schema that the migrations have just made."""
    made: Digests = json.loads(
        resources.files("claimtrack.models").joinpath("catalog.json").read_text(encoding="utf-8")
    )
    return made


def differences(connection: Connection) -> dict[str, list[str]]:
    """Kind of object to what is missing, is changed or was added: a few words each, by name."""
    made = as_made()
    return {kind: _odd(kind, made[kind], found) for kind, found in read(connection).items()}


def _odd(kind: str, wanted: dict[str, str], stored: dict[str, str]) -> list[str]:
    odd = dict.fromkeys(wanted.keys() - stored.keys(), "is missing")
    odd |= {name: "is changed" for name in wanted if stored.get(name, wanted[name]) != wanted[name]}
    if kind not in _SHARED:
        odd |= dict.fromkeys(stored.keys() - wanted.keys(), "is not claimtrack's")
    return [f"{name} {what}" for name, what in sorted(odd.items())]
