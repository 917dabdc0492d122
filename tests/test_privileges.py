"""What each role may do in the database itself, whatever program it comes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

import claimtrack.models.rules  # noqa: F401 - completes the metadata
from claimtrack.db import make_engine, metadata
from claimtrack.services.privileges import GRANTS
from claimtrack.vocab import Role
from tests import records

if TYPE_CHECKING:
    from tests.conftest import Desk

ROLES = list(Role)

#: Table to the least role that may select from it whole, insert into it and update it; "-" is
#: nobody but the owner. No role deletes or truncates anything.
MAY = {
    "speaker": "reader recorder recorder",
    "speaker_alias": "reader recorder -",
    "publisher": "reader recorder -",
    "source": "reader recorder recorder",
    "capture": "reviewer recorder -",
    "claim": "reader recorder recorder",
    "appearance": "reader recorder recorder",
    "attribution": "reader reviewer -",
    "figure": "reader recorder recorder",
    "note": "reader recorder -",
    "evidence": "reader recorder recorder",
    "transition": "reader - -",
    "review": "reader reviewer -",
    "review_evidence": "reader reviewer -",
    "objection": "reader recorder reviewer",
    "challenge": "reader recorder reviewer",
    "claim_match": "reader reviewer -",
    "claim_group": "reader - -",
    "likely_match": "reader recorder recorder",
    "likely_search": "reader recorder recorder",
    "policy": "reader admin -",
    "event": "admin - -",
    "ledger": "admin - -",
    "seal": "admin admin -",
    "protected_source": "reader - -",
    "redaction": "admin - -",
    "export": "admin recorder -",
    "granted": "admin - -",
    "assessment": "reader recorder recorder",
    "publication": "reader reviewer reviewer",
    "rating_scale": "reader admin admin",
    "rating": "reader admin admin",
    "import": "reader recorder recorder",
    "import_row": "reader recorder -",
    "import_mapping": "reader recorder recorder",
    "posting": "reader recorder -",
    "posting_due": "reader recorder -",
    "posting_list": "reader - -",
    "posting_unlisted": "reader recorder -",
    "word": "reader recorder -",
    "word_count": "reader - -",
    "alembic_version": "reader - -",
}

#: Columns that the database fills in: no role writes them in any table.
FILLED_IN = {
    *("id", "recorded_at", "recorded_by", "db_user", "version", "reach", "prev_no"),
    *("withdrawn_at", "withdrawn_by", "closed_at", "closed_by", "undone_at", "undone_by"),
    *("held_by", "merged_at", "merged_by", "merged_because"),
}


def may(connection: psycopg.Connection, statement: str) -> bool:
    """Whether a login may do it: it is refused for another reason, if at all."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except errors.InsufficientPrivilege:
        return False
    except errors.RestrictViolation:
        return True
    return True


def columns(connection: psycopg.Connection, table: str, operation: str) -> list[str]:
    """The columns of a table that a login may use so."""
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND has_column_privilege(attrelid, attnum, %s) ORDER BY attnum",
        (table, operation),
    )
    return [name for (name,) in rows]


def all_columns(connection: psycopg.Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' AND attidentity = ''",
        (table,),
    )
    return [name for (name,) in rows]


def test_every_table_has_its_line() -> None:
    tables = {*metadata.tables, "alembic_version"}

    assert set(GRANTS) - {"event_id_seq"} == tables, (
        "give it a line in claimtrack/services/privileges.py"
    )
    assert set(MAY) == tables


def test_each_role_may_do_what_it_should_with_each_table_and_no_more(staff: Desk) -> None:
    wrong = []
    for role in ROLES:
        with staff.connect(role) as connection:
            for table, words in MAY.items():
                names = all_columns(connection, table)
                done = {
                    "SELECT": may(connection, f"SELECT * FROM {table}"),
                    # Into some column, of no row: permission is asked for all the same.
                    "INSERT": any(
                        may(
                            connection,
                            f"INSERT INTO {table} ({name}) SELECT (NULL::{table}).{name}"
                            " WHERE false",
                        )
                        for name in names
                    ),
                    "UPDATE": any(
                        may(connection, f"UPDATE {table} SET {name} = DEFAULT WHERE false")
                        for name in names
                    ),
                    "DELETE": may(connection, f"DELETE FROM {table}"),
                    "TRUNCATE": may(connection, f"TRUNCATE {table} CASCADE"),
                }
                least = dict(zip(done, [*words.split(), "-", "-"], strict=True))
                for operation, allowed in done.items():
                    since = least[operation]
                    if allowed != (since != "-" and ROLES.index(role) >= ROLES.index(Role(since))):
                        wrong.append(f"{role} {operation} {table}: {allowed}")

    assert wrong == []


def test_no_role_writes_what_the_database_fills_in(staff: Desk) -> None:
    with staff.connect("admin") as connection:
        written = {
            (table, column)
            for table in MAY
            for operation in ("INSERT", "UPDATE")
            for column in columns(connection, table, operation)
        }

    assert {column for _, column in written} & FILLED_IN == set()
    status = {("claim", column) for column in ("status", "verdict", "review_no", "recheck_on")}
    assert written & status == set()
    assert ("claim", "statement") in written


def test_who_files_a_document_sees_that_it_is_filed_and_not_what_it_says(staff: Desk) -> None:
    with staff.connect("recorder") as connection:
        assert "sha256" in columns(connection, "capture", "SELECT")
        assert "content" not in columns(connection, "capture", "SELECT")
    with staff.connect("reader") as connection:
        assert columns(connection, "capture", "SELECT") == []
        assert columns(connection, "event", "SELECT") == []


#: What somebody with bad intentions and a login may type into psql.
FORGERIES = [
    "INSERT INTO publisher (name, name_key, recorded_by) VALUES ('P', 'p', 'Boss')",
    "INSERT INTO publisher (name, name_key, recorded_at) VALUES ('P', 'p', '2001-01-01')",
    "INSERT INTO publisher (id, name, name_key) OVERRIDING SYSTEM VALUE VALUES (7, 'P', 'p')",
    "UPDATE claim SET status = 'checked', verdict = 'true'",
    "UPDATE claim SET review_no = 4",
    "UPDATE claim SET version = 1",
    "UPDATE claim SET reach = 100",
    "UPDATE claim SET recorded_by = 'Boss'",
    "UPDATE evidence SET withdrawn_because = 'x', withdrawn_by = 'Boss'",
    "UPDATE evidence SET withdrawn_because = 'x', withdrawn_at = '2001-01-01'",
    "UPDATE review SET because = 'another'",
    "UPDATE note SET body = 'another'",
    "DELETE FROM note",
    "TRUNCATE review CASCADE",
    "INSERT INTO event (table_name, row_key, operation, after) VALUES ('a', '1', 'insert', '{}')",
    "UPDATE event SET recorded_by = 'Boss'",
    "INSERT INTO granted (login, role) VALUES ('boss', 'admin')",
    "INSERT INTO transition VALUES ('unverified', 'unverified')",
    "UPDATE alembic_version SET version_num = '0001'",
    "ALTER TABLE claim DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON review",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION current_actor() RETURNS text LANGUAGE sql AS 'SELECT ''x'''",
    "CREATE TABLE public.own (id integer)",
    "CREATE FUNCTION public.own() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER own BEFORE INSERT ON claim FOR EACH ROW EXECUTE FUNCTION count_version()",
    "CREATE TEMP TABLE claim (id bigint);"
    " CREATE TRIGGER forge AFTER INSERT ON pg_temp.claim REFERENCING NEW TABLE AS changed"
    " FOR EACH STATEMENT EXECUTE FUNCTION public.log_event('id', '')",
    "CREATE TEMP TABLE review (claim_id bigint);"
    " CREATE TRIGGER forge AFTER INSERT ON pg_temp.review"
    " FOR EACH ROW EXECUTE FUNCTION public.apply_review()",
    "COPY claim TO PROGRAM 'cat'",
]


def test_nobody_forges_the_record_not_even_an_admin(staff: Desk) -> None:
    with staff.connect("admin") as connection:
        done = [forgery for forgery in FORGERIES if may(connection, forgery)]

    assert done == []


def test_nobody_becomes_somebody_else(staff: Desk) -> None:
    with psycopg.connect(staff.owner_url) as connection:
        (owner,) = connection.execute("SELECT quote_ident(CURRENT_USER)").fetchone() or ("",)
    group = f'"claimtrack_{staff.database}_admin"'
    with staff.connect("recorder") as connection:
        for statement in (
            f"SET ROLE {owner}",
            f"SET SESSION AUTHORIZATION {owner}",
            f"GRANT {group} TO CURRENT_USER",
            f"SET ROLE {group}",
        ):
            assert not may(connection, statement), statement


def test_a_setting_does_not_make_the_actor(staff: Desk) -> None:
    with staff.connect("recorder") as connection:
        connection.execute("SET claimtrack.actor = 'Boss'")
        connection.execute("INSERT INTO publisher (name, name_key) VALUES ('Post', 'post')")
        row = connection.execute("SELECT recorded_by, db_user FROM publisher").fetchone()
    with staff.connect("admin") as connection:
        event = connection.execute(
            "SELECT recorded_by, db_user, after ->> 'recorded_by' FROM event"
            " WHERE table_name = 'publisher'"
        ).fetchone()

    login = staff.login("recorder")
    assert row == (login, login)
    assert event == (login, login, login)


def test_nobody_puts_evidence_under_a_review_afterwards(staff: Desk) -> None:
    with make_engine(staff.owner_url).begin() as owner:
        claim_id = records.claim(owner)
        records.review(owner, claim_id, "checked", verdict="unproven")
        piece = records.evidence(owner, claim_id)
    late = f"INSERT INTO review_evidence VALUES ({claim_id}, 1, {piece})"

    for url in (staff.url("reviewer"), staff.owner_url):
        with psycopg.connect(url) as connection, pytest.raises(errors.RestrictViolation) as caught:
            connection.execute(late.encode())
        assert caught.value.diag.constraint_name == "review_is_closed"
