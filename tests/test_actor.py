"""Who acts: what was said on the owner's login; on any other the login, whatever it says."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import Connection, select

from claimtrack.models.rules import CLOSED
from tests import records, tables
from tests.sql import refused, run, value


@pytest.fixture
def login(connection: Connection) -> str:
    """A login of its own that may write publishers, evidence and figures; gone with the test."""
    name = f"ct_{os.getpid()}_noor"
    run(connection, f"CREATE ROLE {name} LOGIN")
    run(connection, f"GRANT INSERT (name, name_key), SELECT ON publisher TO {name}")
    run(connection, f"GRANT UPDATE (withdrawn_because), SELECT ON evidence TO {name}")
    run(connection, f"GRANT INSERT (claim_id, comparator, low) ON figure TO {name}")
    return name


def become(connection: Connection, login: str) -> None:
    run(connection, f"SET SESSION AUTHORIZATION {login}")
    run(connection, "SELECT set_config('claimtrack.actor', 'Somebody Else', true)")


def test_on_the_owners_login_the_actor_is_what_was_said(connection: Connection) -> None:
    records.publisher(connection, "Post")

    row = connection.execute(select(tables.publisher)).one()
    assert row.recorded_by == "Ana Ruiz"
    assert row.db_user == value(connection, "SELECT SESSION_USER::text")


def test_on_a_login_of_its_own_the_actor_is_the_login(connection: Connection, login: str) -> None:
    become(connection, login)
    records.publisher(connection, "Post")
    run(connection, "RESET SESSION AUTHORIZATION")

    row = connection.execute(select(tables.publisher)).one()
    event = connection.execute(select(tables.event)).one()
    assert (row.recorded_by, row.db_user) == (login, login)
    assert (event.recorded_by, event.db_user) == (login, login)
    assert event.after["recorded_by"] == login


def test_a_member_of_the_owner_is_as_good_as_the_owner(connection: Connection, login: str) -> None:
    owner = value(connection, "SELECT CURRENT_USER::text")
    run(connection, f'GRANT "{owner}" TO {login}')
    become(connection, login)

    assert value(connection, "SELECT current_actor()") == "Somebody Else"


def test_what_is_withdrawn_is_withdrawn_by_whoever_did_it(
    connection: Connection, login: str
) -> None:
    records.evidence(connection, records.claim(connection))
    become(connection, login)
    run(connection, "UPDATE evidence SET withdrawn_because = 'Forged'")
    run(connection, "RESET SESSION AUTHORIZATION")

    row = connection.execute(select(tables.evidence)).one()
    assert (row.withdrawn_by, row.withdrawn_because) == (login, "Forged")
    assert row.withdrawn_at == value(connection, "SELECT now()")


def test_who_may_not_review_can_not_mend_words_under_a_verdict(
    connection: Connection, login: str
) -> None:
    claim_id = records.claim(connection)
    records.review(connection, claim_id, "checked", verdict="unproven")
    become(connection, login)
    run(connection, "SELECT set_config('claimtrack.typo', 'on', true)")
    run(connection, "SELECT set_config('claimtrack.because', 'A slip', true)")

    with refused(connection, "words_of_checked_claim"):
        run(
            connection,
            f"INSERT INTO figure (claim_id, comparator, low) VALUES ({claim_id}, '>', 9)",
        )


def test_nobody_else_can_hang_our_rules_on_a_table_of_their_own(
    connection: Connection, login: str
) -> None:
    functions = run(
        connection,
        "SELECT proname, has_function_privilege(:login, oid, 'EXECUTE') FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype",
        login=login,
    ).all()

    assert dict(functions) == dict.fromkeys(dict(functions), False)
    assert len(functions) == len(CLOSED) > 10


def test_what_runs_as_the_owner_fixes_where_it_looks_names_up(connection: Connection) -> None:
    loose = run(
        connection,
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        " AND NOT 'search_path=public, pg_temp' = ANY (COALESCE(proconfig, '{}'))",
    )

    assert list(loose.scalars()) == []
