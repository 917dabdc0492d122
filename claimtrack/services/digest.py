r"""One hash of all that is recorded, the same wherever the same is recorded.

It is equal before a backup and after it was restored, on another version of PostgreSQL, in another
locale and under other settings of the session. How it is made, so that anybody can make it again:

- A table's base columns, in the order of their names, go by PostgreSQL's ``COPY … TO STDOUT`` in
  its text format and UTF-8: a row a line, a tab between values, ``\N`` for null, rows in the order
  of the primary key (text by its bytes). Times are in UTC and ISO, bytes in hexadecimal. The
  table's hash is the SHA-256 of these bytes.
- The whole hash is the SHA-256 of one line a table, in the order of their names: the name, the
  columns joined by commas, the number of rows and the table's hash in hexadecimal, with a space
  between and a line feed after each.

Base columns are all but those that are computed from others: generated columns, and `DERIVED`. The
tables of `BOOKKEEPING` are left out, with the events that tell of them: a backup seals the trail
before, and is itself recorded after, and neither changes what it holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import Connection, text

from claimtrack.db import metadata
from claimtrack.models.rules import DERIVED as DERIVED_TABLES

#: What triggers compute from other rows, by table and column.
DERIVED = frozenset({("claim", "reach")})

#: Written about the record, not part of it: seals are computed from the events and prove
#: themselves, exports say who took a copy, and some tables are made anew from others.
BOOKKEEPING = frozenset({"seal", "export", *DERIVED_TABLES})

#: How often progress is told, in rows.
_STEP = 10_000

#: Whatever the session, the role or the database has set: values are written in one way.
_PINNED = (
    ("search_path", "public"),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    # Rows that this role may not see shall be an error, not be missing.
    ("row_security", "off"),
)


@dataclass(frozen=True, slots=True)
class TableDigest:
    """The hash of one table's rows."""

    table: str
    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The hash of all, and of each table."""

    sha256: str
    tables: tuple[TableDigest, ...]


def digest(connection: Connection, tell: Callable[[int], None] = lambda _: None) -> Digest:
    """The hash of what the transaction sees, whatever the revision of the schema.

    Rows are streamed, not kept. ``tell`` hears, now and then, how many more were read. The
    session's settings are pinned for the rest of the transaction.
    """
    for name, value in _PINNED:
        connection.execute(
            text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value}
        )
    tables = tuple(
        _of_table(connection, name, columns, keys, tell)
        for name, columns, keys in _tables(connection)
    )
    whole = hashlib.sha256()
    for one in tables:
        line = f"{one.table} {','.join(one.columns)} {one.rows} {one.sha256}\n"
        whole.update(line.encode())
    return Digest(whole.hexdigest(), tables)


def _tables(connection: Connection) -> Iterator[tuple[str, list[str], list[str]]]:
    """Every table that is there, with its base columns and the keys that order its rows."""
    columns: dict[str, list[str]] = {}
    keys: dict[str, list[tuple[int, str]]] = {}
    for row in connection.execute(_COLUMNS, {"tables": sorted(set(metadata.tables) - BOOKKEEPING)}):
        if row.place is not None:
            order = sql.Identifier(row.column).as_string()
            keys.setdefault(row.table, []).append(
                (row.place, f'{order} COLLATE "C"' if row.collated else order)
            )
        if not row.generated and (row.table, row.column) not in DERIVED:
            columns.setdefault(row.table, []).append(row.column)
    for table in sorted(columns):
        yield table, sorted(columns[table]), [order for _, order in sorted(keys[table])]


_COLUMNS = text(
    """
    SELECT relname AS table, attname AS column, attgenerated <> '' AS generated,
        attcollation <> 0 AS collated, array_position(indkey::smallint[], attnum) AS place
    FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname = ANY(:tables)
    """
)


def _of_table(
    connection: Connection,
    table: str,
    columns: list[str],
    keys: list[str],
    tell: Callable[[int], None],
) -> TableDigest:
    left_out: sql.Composable = sql.SQL("")
    if table == "event":
        names = sql.SQL(", ").join(map(sql.Literal, sorted(BOOKKEEPING)))
        left_out = sql.SQL("WHERE table_name NOT IN ({})").format(names)
    query = sql.SQL("COPY (SELECT {} FROM public.{} {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(table),
        left_out,
        sql.SQL(", ").join(map(sql.SQL, keys)),
    )
    hashed, rows, untold = hashlib.sha256(), 0, 0
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - it is open
    with driver.cursor() as cursor, cursor.copy(query) as copy:
        for line in copy:
            hashed.update(line)
            rows += 1
            untold += 1
            if untold == _STEP:
                tell(untold)
                untold = 0
    tell(untold)
    return TableDigest(table, tuple(columns), rows, hashed.hexdigest())
