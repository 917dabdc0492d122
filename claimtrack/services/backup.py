"""What a backup is taken of: one snapshot of a database, and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

import claimtrack.models.rules  # noqa: F401 - completes the metadata
from claimtrack.db import metadata, schema_revision
from claimtrack.models.rules import LOGGED

#: Alembic's own table goes along, so that a backup says its revision.
OURS = frozenset({*metadata.tables, "alembic_version"})


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a database holds. ``revision`` is None without a claimtrack schema."""

    database: str
    server_version: str
    server_major: int
    revision: str | None
    claims: int
    #: Whether there is anything recorded in it, be it claims or not.
    recorded: bool
    #: Rows, about; for a progress bar.
    rows: int


def holdings(connection: Connection) -> Holdings:
    """What the database holds, whatever its schema."""
    database, version, number, there = connection.execute(
        text(
            "SELECT current_database(), current_setting('server_version'),"
            " current_setting('server_version_num')::int, to_regclass('public.claim') IS NOT NULL"
        )
    ).one()
    revision = schema_revision(connection) if _has(connection, "alembic_version") else None
    claims = 0
    if there:
        claims = connection.execute(text("SELECT count(*) FROM public.claim")).scalar_one()
    return Holdings(
        database=database,
        # Debian's says "15.14 (Debian 15.14-0+deb12u1)".
        server_version=str(version).split()[0],
        server_major=number // 10_000,
        revision=revision if there else None,
        claims=claims,
        recorded=any(
            connection.execute(
                text(f'SELECT EXISTS (SELECT FROM public."{table}")')  # noqa: S608 - our own names
            ).scalar_one()
            for table in LOGGED
            if _has(connection, table)
        ),
        rows=connection.execute(_ROWS, {"tables": sorted(OURS)}).scalar_one(),
    )


def identity(connection: Connection) -> tuple[object, ...]:
    """What no two databases have in common, by whatever URL they were reached."""
    return tuple(
        connection.execute(
            text(
                "SELECT oid, datname, pg_postmaster_start_time() FROM pg_database"
                " WHERE datname = current_database()"
            )
        ).one()
    )


def export_snapshot(connection: Connection) -> str:
    """Let other sessions see what this transaction sees, by the name that is given back.

    The transaction must be one that keeps its snapshot (REPEATABLE READ).
    """
    return str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())


def strangers(connection: Connection) -> list[str]:
    """Tables, views and sequences in ``public`` that are not claimtrack's."""
    found = connection.execute(_STRANGERS, {"tables": sorted(OURS)})
    return list(found.scalars())


def _has(connection: Connection, table: str) -> bool:
    return bool(
        connection.execute(
            text("SELECT to_regclass('public.' || quote_ident(:table)) IS NOT NULL"),
            {"table": table},
        ).scalar_one()
    )


_ROWS = text(
    "SELECT COALESCE(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY(:tables)"
)

# A sequence belongs to the table whose column it counts; what an extension made comes with it.
_STRANGERS = text(
    """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND NOT relname = ANY(:tables)
        AND NOT EXISTS (
            SELECT FROM pg_depend
            LEFT JOIN pg_class AS owner ON owner.oid = refobjid
            WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                AND (deptype = 'e' OR deptype IN ('i', 'a') AND owner.relname = ANY(:tables))
        )
    ORDER BY relname
    """
)
