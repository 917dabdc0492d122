"""The digest: equal where the same is recorded, and only there."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection

import claimtrack.models.rules  # noqa: F401 - completes the metadata
from claimtrack.db import make_engine, metadata
from claimtrack.services import digest
from tests.desk import DESK, name_of

if TYPE_CHECKING:
    from tests.conftest import Run, Server


@pytest.fixture
def desk(database_url: str) -> str:
    """The URL of a database with a few rows, which the commands are run on."""
    with psycopg.connect(database_url) as connection:
        connection.execute(DESK.encode())
    return database_url


@pytest.fixture
def rewritable(desk: str) -> Iterator[Connection]:
    """A transaction in which a superuser has switched the triggers off, undone at the end."""
    with make_engine(desk).connect() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table in metadata.tables:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection
        connection.rollback()


# --- What it is made of --------------------------------------------------------------------------


def written(value: object) -> str:
    """One value as PostgreSQL's COPY writes it, by what its documentation says."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list):
        return "{" + ",".join(value) + "}"
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, dt.datetime):
        at = value.astimezone(dt.UTC)
        fraction = f".{at.microsecond:06}".rstrip("0") if at.microsecond else ""
        return f"{at:%Y-%m-%d %H:%M:%S}{fraction}+00"
    text = str(value)
    for sign, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(sign, escaped)
    return text


def test_it_can_be_made_again_from_what_its_description_says(desk: str, ok: Run) -> None:
    lines = ""
    keys = {"claim": "id", "figure": "claim_id", "review": "claim_id, no", "note": "id"}
    derived = {"claim": {"reach"}, "review": {"prev_no"}, "figure": set(), "note": set()}
    with psycopg.connect(desk) as connection, connection.cursor() as cursor:
        for table in sorted(keys):
            rows = cursor.execute(f"SELECT * FROM {table} ORDER BY {keys[table]}").fetchall()
            names = [column.name for column in cursor.description or ()]
            chosen = sorted(set(names) - derived[table])
            body = "".join(
                "\t".join(written(row[names.index(name)]) for name in chosen) + "\n" for row in rows
            )
            sha256 = hashlib.sha256(body.encode()).hexdigest()
            lines += f"{table} {','.join(chosen)} {len(rows)} {sha256}\n"
    with make_engine(desk).connect() as reader:
        found = digest.digest(reader)
    told = [one for one in found.tables if one.table in keys]
    made = [f"{one.table} {','.join(one.columns)} {one.rows} {one.sha256}\n" for one in told]
    assert "".join(made) == lines
    every = [
        f"{one.table} {','.join(one.columns)} {one.rows} {one.sha256}\n" for one in found.tables
    ]
    assert hashlib.sha256("".join(every).encode()).hexdigest() == found.sha256
    assert ok("db", "digest").out == f"{found.sha256}\n"


def test_every_base_column_of_every_table_is_in_it(connection: Connection) -> None:
    covered = {
        (one.table, name) for one in digest.digest(connection).tables for name in one.columns
    }
    every = {
        (table.name, column.name)
        for table in metadata.tables.values()
        if table.name not in digest.BOOKKEEPING
        for column in table.columns
        if column.computed is None
    }
    assert every - covered == digest.DERIVED


def test_by_table_it_gives_a_line_each_and_the_whole(desk: str, ok: Run) -> None:
    rows = ok("db", "digest", "--by-table", "--format", "json").json
    assert {row["table"]: row["rows"] for row in rows}["claim"] == 2
    out = ok("db", "digest", "--by-table").out
    assert out.splitlines()[-1] == f"All: {ok('db', 'digest').out.strip()}"


# --- What it depends on --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("claim", "priority = 3"),
        ("claim", "status = 'in_review'"),
        ("figure", "low = 40.5"),
        ("note", "body = body || ' '"),
        ("note", "recorded_at = recorded_at + interval '1 microsecond'"),
        ("note", "recorded_by = 'somebody else'"),
        ("source", "url = url || '/'"),
        ("appearance", "said_precision = NULL"),
        ("capture", "content = content || '\\x00', byte_count = byte_count + 1"),
        ("event", "because = ''"),
        ("event", "after = after || '{\"more\": null}'"),
    ],
)
def test_it_tells_of_any_change(rewritable: Connection, table: str, change: str) -> None:
    for (name,) in rewritable.exec_driver_sql(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
        (table,),
    ).all():
        rewritable.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    before = digest.digest(rewritable)
    rewritable.exec_driver_sql(f"UPDATE {table} SET {change}")
    after = digest.digest(rewritable)
    assert before.sha256 != after.sha256
    changed = [
        one.table for one, other in zip(before.tables, after.tables, strict=True) if one != other
    ]
    assert changed == [table]


def test_it_tells_of_a_row_that_is_gone(rewritable: Connection) -> None:
    before = digest.digest(rewritable).sha256
    rewritable.exec_driver_sql("DELETE FROM note")
    assert digest.digest(rewritable).sha256 != before


def test_two_texts_that_run_together_the_same_differ(rewritable: Connection) -> None:
    def with_texts(passage: str, place: str) -> str:
        rewritable.exec_driver_sql(
            "UPDATE appearance SET passage = %s, place = %s", (passage, place)
        )
        return digest.digest(rewritable).sha256

    assert with_texts("the bridge\tpage", "4") != with_texts("the bridge", "page\t4")
    assert with_texts("the bridge", "\\N") != with_texts("the bridge", "N")


def test_it_does_not_depend_on_where_the_rows_lie(rewritable: Connection) -> None:
    before = digest.digest(rewritable)
    rewritable.exec_driver_sql("UPDATE claim SET priority = priority WHERE id = 1")
    rewritable.exec_driver_sql("UPDATE claim SET reach = reach + 1")
    assert digest.digest(rewritable) == before


def test_it_does_not_depend_on_anybodys_settings(desk: str, server: Server, ok: Run) -> None:
    before = ok("db", "digest").out
    odd = {
        "DateStyle": "German, DMY",
        "TimeZone": "Asia/Kathmandu",
        "bytea_output": "escape",
        "extra_float_digits": "-15",
        "IntervalStyle": "sql_standard",
        "search_path": "nowhere",
        "client_encoding": "LATIN1",
        "lc_messages": "C",
    }
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for setting, value in odd.items():
            command = SQL("ALTER DATABASE {} SET {} = {}")
            connection.execute(
                command.format(Identifier(name_of(desk)), Identifier(setting.lower()), value)
            )
    assert ok("db", "digest").out == before
    assert len(json.loads(ok("db", "digest", "--format", "json").out)["digest"]) == 64
