"""The migrations: they lead up and down, to what the models say, and never by accident."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Connection

import claimtrack.models.rules  # noqa: F401 - hangs the functions and triggers on the metadata
from claimtrack import embedded, migrate
from claimtrack.db import HEAD_REVISION, make_engine, metadata
from claimtrack.services import catalog as stored_catalog

if TYPE_CHECKING:
    from tests.conftest import OwnServer, Run, Start, Surroundings

REVISIONS = migrate.revisions()

#: What PostgreSQL's catalog holds: for each kind a query that gives a name and a definition.
CATALOG = {
    "column": """
        SELECT relname || '.' || attname, concat_ws(' ',
            format_type(atttypid, atttypmod),
            CASE WHEN attnotnull THEN 'not null' END,
            'identity=' || attidentity::text, 'generated=' || attgenerated::text,
            'default=' || pg_get_expr(adbin, adrelid),
            (SELECT 'collation=' || collname FROM pg_collation WHERE oid = attcollation),
            'comment=' || col_description(attrelid, attnum))
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
            AND NOT attisdropped
    """,
    "relation": """
        SELECT relname, concat_ws(' ', relkind, relpersistence, relrowsecurity, reloptions::text,
            obj_description(oid, 'pg_class'))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
    """,
    "constraint": """
        SELECT conrelid::regclass || ': ' || conname, concat_ws(' ', contype, convalidated,
            condeferrable, condeferred, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "index": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "trigger": """
        SELECT tgrelid::regclass || ': ' || tgname, tgenabled::text || ' ' || pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal
    """,
    "policy": """
        SELECT tablename || ': ' || policyname,
            concat_ws(' ', permissive, roles::text, cmd, qual, with_check)
        FROM pg_policies WHERE schemaname = 'public'
    """,
    "function": """
        SELECT oid::regprocedure::text,
            concat_ws(' ', pg_get_functiondef(oid), obj_description(oid, 'pg_proc'))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
    "view": """
        SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'
        UNION ALL
        SELECT matviewname, definition FROM pg_matviews WHERE schemaname = 'public'
        UNION ALL
        SELECT 'past.' || viewname, definition FROM pg_views WHERE schemaname = 'past'
    """,
    "sequence": """
        SELECT sequencename, concat_ws(' ', data_type, start_value, min_value, max_value,
            increment_by, cycle, cache_size)
        FROM pg_sequences WHERE schemaname = 'public'
    """,
    "transition": "SELECT from_status || ' to ' || to_status, '' FROM transition",
}


def catalog(url: str) -> dict[str, str]:
    """All that a schema consists of, by name; Alembic's own table is left out."""
    found = {}
    with psycopg.connect(url) as connection:
        made = connection.execute("SELECT to_regclass('public.transition')").fetchone()
        for kind, sql in CATALOG.items():
            if kind == "transition" and made == (None,):
                continue
            for name, definition in connection.execute(sql.encode()):
                if not name.startswith("alembic_version"):
                    found[f"{kind} {name}"] = definition
    return found


def revision_of(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


def record(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO publisher (name, name_key) VALUES ('The Post', 'post')")


# --- The scripts and the models ------------------------------------------------------------------


def test_there_is_one_head_and_the_package_knows_it() -> None:
    assert migrate.head() == HEAD_REVISION == REVISIONS[-1]


def test_revisions_are_numbered_in_their_order() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_revision_goes_up_and_down_and_up(empty_database_url: str, revision: str) -> None:
    engine = make_engine(empty_database_url)
    place = REVISIONS.index(revision)
    before = REVISIONS[place - 1] if place else "base"
    if place:
        migrate.upgrade(engine, before)
    underneath = catalog(empty_database_url)

    migrate.upgrade(engine, revision)
    above = catalog(empty_database_url)
    assert above != underneath
    migrate.downgrade(engine, before)
    assert catalog(empty_database_url) == underneath
    migrate.upgrade(engine, revision)
    assert catalog(empty_database_url) == above


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_what_was_recorded_at_a_revision_is_there_at_the_head(
    empty_database_url: str, revision: str
) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine, revision)
    record(empty_database_url)
    migrate.upgrade(engine)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT name FROM publisher").fetchall() == [("The Post",)]


def test_the_migrations_leave_what_the_models_say(
    database_url: str, empty_database_url: str
) -> None:
    with make_engine(empty_database_url).begin() as connection:
        metadata.create_all(connection)
    migrated, modelled = catalog(database_url), catalog(empty_database_url)
    assert len(migrated) > 300
    assert {kind.split()[0] for kind in migrated} >= {"column", "trigger", "function", "sequence"}
    assert migrated == modelled


def test_the_package_knows_every_definition_that_they_leave(connection: Connection) -> None:
    found = stored_catalog.differences(connection)
    odd = {kind: names for kind, names in found.items() if names}
    assert odd == {}, "after a change of the schema: python -m tests.write_catalog"


def test_the_alembic_command_serves_developers(surroundings: Surroundings) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "check"],
        cwd=Path(__file__).parents[1],
        env=surroundings.whole(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "No new upgrade operations detected" in done.stdout


def test_the_printed_script_makes_the_same_schema(
    database_url: str, empty_database_url: str, ok: Run
) -> None:
    script = ok("db", "upgrade", "--sql", env={"CLAIMTRACK_DATABASE_URL": None}).out
    psql = [str(embedded.binaries() / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    done = subprocess.run(
        [*psql, empty_database_url], input=script, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert catalog(empty_database_url) == catalog(database_url)
    assert revision_of(empty_database_url) == [(HEAD_REVISION,)]


# --- db upgrade ----------------------------------------------------------------------------------


def test_upgrade_makes_the_tables_and_then_has_nothing_to_do(
    empty_database_url: str, ok: Run
) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    assert "Making the tables" in ok("db", "upgrade", env=env).err
    assert revision_of(empty_database_url) == [(HEAD_REVISION,)]
    assert "Nothing to do" in ok("db", "upgrade", env=env).err


def test_upgrade_goes_as_far_as_it_is_told(empty_database_url: str, ok: Run) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    ok("db", "upgrade", "0002", env=env)
    assert revision_of(empty_database_url) == [("0002",)]
    assert "from revision 0002" in ok("db", "upgrade", env=env).err


def test_upgrade_to_an_unknown_revision_is_refused(empty_database_url: str, run: Run) -> None:
    outcome = run("db", "upgrade", "0815", env={"CLAIMTRACK_DATABASE_URL": empty_database_url})
    assert outcome.code == 3
    assert "There is no revision 0815" in outcome.err
    assert tables(empty_database_url) == set()


def test_several_upgrades_at_once_make_one_schema(
    database_url: str, empty_database_url: str, start_process: Start
) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    running = [start_process("db", "upgrade", env=env) for _ in range(3)]
    words = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], words
    assert sum("Making the tables" in said for said in words) == 1
    assert revision_of(empty_database_url) == [(HEAD_REVISION,)]
    assert catalog(empty_database_url) == catalog(database_url)


def test_upgrade_gives_up_where_another_keeps_the_lock(
    empty_database_url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_WAIT_SECONDS", 0.2)
    with psycopg.connect(empty_database_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (migrate.LOCK_KEY,))
        outcome = run("db", "upgrade", env={"CLAIMTRACK_DATABASE_URL": empty_database_url})
    assert outcome.code == 4
    assert "Another claimtrack has been migrating" in outcome.err
    assert tables(empty_database_url) == set()


# --- db downgrade --------------------------------------------------------------------------------


def test_a_downgrade_that_drops_data_is_refused(database_url: str, run: Run) -> None:
    record(database_url)
    before = catalog(database_url)
    for named in ((), ("--drop-data", "another_database")):
        outcome = run("db", "downgrade", "base", *named)
        assert outcome.code == 4
        assert "would drop recorded data in event, publisher." in outcome.err
        assert catalog(database_url) == before
        assert revision_of(database_url) == [(HEAD_REVISION,)]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name FROM publisher").fetchall() == [("The Post",)]

    # The command that it prints is the one that does it.
    command = outcome.err.splitlines()[-1].split()
    assert command[:2] == ["claimtrack", "db"]
    assert run(*command[1:]).code == 0
    assert tables(database_url) == {"alembic_version"}


def test_a_downgrade_keeps_the_data_of_the_tables_that_stay(database_url: str, ok: Run) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE publisher DISABLE TRIGGER log_insert")
        connection.execute("INSERT INTO publisher (name, name_key) VALUES ('The Post', 'post')")
    ok("db", "downgrade", "0001")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name FROM publisher").fetchall() == [("The Post",)]


@pytest.mark.parametrize(
    ("revision", "code", "words"),
    [
        ("0815", 3, "There is no revision 0815"),
        (HEAD_REVISION, 0, "Nothing to do"),
    ],
)
def test_a_downgrade_to_nowhere(
    database_url: str, run: Run, revision: str, code: int, words: str
) -> None:
    outcome = run("db", "downgrade", revision)
    assert outcome.code == code
    assert words in outcome.err


def test_a_downgrade_upwards_is_refused(empty_database_url: str, run: Run) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    run("db", "upgrade", "0001", env=env)
    outcome = run("db", "downgrade", "0003", env=env)
    assert outcome.code == 4
    assert "use claimtrack db upgrade" in outcome.err


# --- Commands on another schema ------------------------------------------------------------------

COMMANDS = [("claim", "list"), ("claim", "note", "1", "seen"), ("report", "unverified")]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_named_by_url_is_never_migrated_unasked(
    empty_database_url: str, run: Run, command: tuple[str, ...]
) -> None:
    outcome = run(*command, env={"CLAIMTRACK_DATABASE_URL": empty_database_url})
    assert (outcome.code, outcome.out) == (6, "")
    assert "has no claimtrack tables yet" in outcome.err
    assert outcome.err.splitlines()[-1].strip() == "claimtrack db upgrade"
    assert tables(empty_database_url) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_schema_behind_is_left_and_the_command_named(
    database_url: str, run: Run, ok: Run, command: tuple[str, ...]
) -> None:
    ok("db", "downgrade", "0003")
    outcome = run(*command)
    assert (outcome.code, outcome.out) == (6, "")
    assert "at revision 0003, behind this claimtrack" in outcome.err
    assert outcome.err.splitlines()[-1].strip() == "claimtrack db upgrade"
    assert revision_of(database_url) == [("0003",)]


@pytest.mark.parametrize("command", [*COMMANDS, ("db", "upgrade"), ("db", "downgrade", "0001")])
def test_a_schema_ahead_is_left_to_a_newer_claimtrack(
    database_url: str, run: Run, command: tuple[str, ...]
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    outcome = run(*command)
    assert (outcome.code, outcome.out) == (6, "")
    assert "at revision 9999" in outcome.err
    assert "Install a newer claimtrack." in outcome.err
    assert revision_of(database_url) == [("9999",)]


def test_our_own_database_is_made_and_upgraded_unasked(own: OwnServer) -> None:
    first = own("claim", "list")
    assert first.code == 0, first.err
    notice, *more = first.err.splitlines()
    assert "Setting up a PostgreSQL" in notice
    assert more == ["There is no claim yet."]
    assert own("db", "downgrade", "0002").code == 0
    second = own("claim", "list")
    assert second.code == 0, second.err
    assert "Upgrading the tables from revision 0002" in second.err
    assert "tables" not in own("claim", "list").err


def test_first_uses_at_once_set_up_one_server(own: OwnServer, start_process: Start) -> None:
    running = [start_process("claim", "list", env=own.env) for _ in range(2)]
    words = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], words
    assert sum("Setting up" in said for said in words) == 1
    assert own("db", "check").code == 0
