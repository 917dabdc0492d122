"""Nothing recorded is lost or silently changed: the tables that only grow, and the events."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import Connection, select

from claimtrack.db import say_why
from claimtrack.models.redacting import GROWING
from claimtrack.models.rules import APPEND_ONLY, DERIVED, KEPT, LOGGED
from claimtrack.vocab import Stance
from tests import records, tables
from tests.sql import refused, run, value

LOG = "https://archive.example/log"


@pytest.fixture
def claim_id(connection: Connection) -> int:
    return records.claim(connection)


# --- Nothing recorded is lost or silently changed ------------------------------------------------


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_is_appended_is_never_changed_even_by_a_replica(
    connection: Connection, claim_id: int, table: str, role: str
) -> None:
    column = "claim_id" if table in ("review_evidence", "import_row") else "recorded_by"
    run(connection, f"SET LOCAL session_replication_role = {role}")

    for change in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        with refused(connection, "append_only"):
            run(connection, change)


@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("table", KEPT)
def test_no_row_of_the_domain_is_ever_deleted(
    connection: Connection, table: str, role: str
) -> None:
    run(connection, f"SET LOCAL session_replication_role = {role}")

    for change in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with refused(connection, "append_only"):
            run(connection, change)


def test_every_table_is_append_only_or_kept_unless_it_is_made_from_others(
    connection: Connection,
) -> None:
    tables = run(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")

    assert {*APPEND_ONLY, *KEPT, *DERIVED} == {*tables.scalars()} - {"alembic_version"}


@pytest.mark.parametrize("table", ["speaker", "source", "claim"])
@pytest.mark.parametrize(
    "change",
    ["recorded_by = 'Somebody'", "recorded_at = now() - interval '1 day'", "db_user = 'x'"],
)
def test_who_recorded_a_row_and_when_never_changes(
    connection: Connection, claim_id: int, table: str, change: str
) -> None:
    with refused(connection, "append_only"):
        run(connection, f"UPDATE {table} SET {change}")


@pytest.mark.parametrize("change", ["stance = 'supports'", "excerpt = 'x'", "place = 'p. 3'"])
def test_evidence_keeps_its_content(connection: Connection, claim_id: int, change: str) -> None:
    records.evidence(connection, claim_id)

    with refused(connection, "only_withdraw"):
        run(connection, f"UPDATE evidence SET {change}")


@pytest.mark.parametrize("table", ["evidence", "appearance"])
def test_what_is_withdrawn_stays_withdrawn(
    connection: Connection, claim_id: int, table: str
) -> None:
    records.evidence(connection, claim_id)
    run(
        connection,
        f"UPDATE {table} SET withdrawn_at = now(), withdrawn_by = 'Ana', withdrawn_because = 'x'",
    )

    with refused(connection, "only_withdraw"):
        run(
            connection,
            f"UPDATE {table} SET withdrawn_at = NULL, withdrawn_by = NULL,"
            " withdrawn_because = NULL",
        )


def test_an_appearance_stays_with_its_claim(connection: Connection, claim_id: int) -> None:
    other = records.claim(connection, "The south bridge was closed", url=None)

    with refused(connection, "only_withdraw"):
        run(connection, "UPDATE appearance SET claim_id = :other", other=other)


@pytest.mark.parametrize("table", ["evidence", "appearance"])
def test_a_withdrawal_has_its_time_its_actor_and_its_reason(
    connection: Connection, claim_id: int, table: str
) -> None:
    records.evidence(connection, claim_id)

    with refused(connection, f"ck_{table}_withdrawn"):
        run(connection, f"UPDATE {table} SET withdrawn_at = now()")


# --- Events --------------------------------------------------------------------------------------


def test_every_insert_and_every_change_leaves_an_event(
    connection: Connection, claim_id: int
) -> None:
    say_why(connection, "It is urgent")
    run(connection, "UPDATE claim SET priority = 3, version = 99 WHERE id = :id", id=claim_id)

    last = connection.execute(
        select(tables.event).order_by(tables.event.c.id.desc()).limit(1)
    ).one()
    assert (last.table_name, last.row_key, last.operation) == ("claim", str(claim_id), "update")
    assert (last.before, last.after) == ({"priority": 1}, {"priority": 3})
    assert (last.recorded_by, last.because) == ("Ana Ruiz", "It is urgent")
    assert last.db_user == value(connection, "SELECT session_user")
    assert last.application.startswith("claimtrack ")
    # The version is the database's to count, whatever is written.
    assert value(connection, "SELECT version FROM claim WHERE id = :id", id=claim_id) == 2


def test_an_update_that_changes_nothing_leaves_no_event(
    connection: Connection, claim_id: int
) -> None:
    count = "SELECT count(*) FROM event"
    before = value(connection, count)

    run(connection, "UPDATE claim SET priority = priority")

    assert value(connection, count) == before


def test_one_statement_over_many_rows_leaves_an_event_for_each(connection: Connection) -> None:
    claims = [records.claim(connection, f"Well {number} ran dry") for number in range(3)]

    run(connection, "UPDATE claim SET priority = 3")

    touched = connection.execute(
        select(tables.event.c.claim_id).where(tables.event.c.operation == "update")
    ).scalars()
    assert {*touched} == {*claims}


@pytest.mark.parametrize("table", LOGGED)
def test_the_trail_of_every_table_can_not_be_forgotten(connection: Connection, table: str) -> None:
    """Each logged table has its triggers, and the domain has no table that isn't logged."""
    names = run(
        connection,
        "SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass)"
        " AND tgenabled <> 'D' AND tgfoid = CAST('log_event' AS regproc)",
        table=table,
    )

    changed = table not in APPEND_ONLY or table in GROWING
    expected = {"log_insert", "log_update"} if changed else {"log_insert"}
    assert {*names.scalars()} == expected
    assert {*LOGGED} == {*APPEND_ONLY, *KEPT} - {
        "event",
        "ledger",
        "seal",
        "transition",
        "import_row",
    }


def test_events_tell_which_claim_they_belong_to(connection: Connection, claim_id: int) -> None:
    pieces = [records.evidence(connection, claim_id, LOG, stance) for stance in Stance]
    records.review(connection, claim_id, "checked", *pieces, verdict="false")

    tables = run(connection, "SELECT table_name FROM event WHERE claim_id = :id", id=claim_id)

    assert Counter(tables.scalars()) == {
        "claim": 2,
        "appearance": 1,
        "evidence": 3,
        "review": 1,
        "review_evidence": 3,
    }
