"""The database's own rules for objections and challenges, whatever path the SQL comes by."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Connection, Table, event, insert, select

from claimtrack.db import make_engine
from claimtrack.services import disputes
from claimtrack.services.stories import load_claim
from tests import records, tables
from tests.sql import refused, run, value

BOTH = (tables.objection, tables.challenge)
CLOSE = {
    "objection": "UPDATE objection SET closed_because = 'It is ours'",
    "challenge": "UPDATE challenge SET closed_because = 'It is so', outcome = 'rejected'",
}


@pytest.fixture
def claim_id(connection: Connection) -> int:
    made = records.claim(connection)
    records.review(connection, made, "checked", verdict="unproven")
    return made


def dispute(connection: Connection, table: Table, claim_id: int, **columns: Any) -> None:
    values: dict[str, Any] = {"no": 1, "review_no": 1, "because": "The log is another bridge's"}
    if table is tables.challenge:
        values |= {"challenger": "Press office", "due_on": dt.date(2999, 1, 2)}
    connection.execute(insert(table).values(claim_id=claim_id, **(values | columns)))


@pytest.mark.parametrize("table", BOTH)
def test_only_the_latest_verdict_can_be_disputed(
    connection: Connection, claim_id: int, table: Table
) -> None:
    for columns in ({"review_no": 2}, {"review_no": 0}):
        with refused(connection, "against_latest_verdict"):
            dispute(connection, table, claim_id, **columns)
    records.review(connection, claim_id, "checked", verdict="unverifiable", change="revision")
    with refused(connection, "against_latest_verdict"):
        dispute(connection, table, claim_id)
    dispute(connection, table, claim_id, review_no=2)


@pytest.mark.parametrize("table", BOTH)
def test_what_was_never_concluded_can_not_be_disputed(connection: Connection, table: Table) -> None:
    claim_id = records.claim(connection)
    records.review(connection, claim_id, "in_review")
    with refused(connection, "against_latest_verdict"):
        dispute(connection, table, claim_id)


def test_nobody_objects_to_a_verdict_that_no_longer_stands(
    connection: Connection, claim_id: int
) -> None:
    records.review(connection, claim_id, "in_review")
    with refused(connection, "against_latest_verdict"):
        dispute(connection, tables.objection, claim_id)
    dispute(connection, tables.challenge, claim_id)


@pytest.mark.parametrize("table", BOTH)
def test_a_dispute_begins_open(connection: Connection, claim_id: int, table: Table) -> None:
    closed = {"closed_at": dt.datetime.now(dt.UTC), "closed_by": "Ana", "closed_because": "x"}
    with refused(connection, "close_once"):
        dispute(connection, table, claim_id, **closed)


@pytest.mark.parametrize(
    ("table", "columns", "by"),
    [
        ("objection", {"because": " \n"}, "ck_objection_because"),
        ("objection", {"no": 0}, "ck_objection_no"),
        ("challenge", {"because": ""}, "ck_challenge_because"),
        ("challenge", {"challenger": "\t"}, "ck_challenge_challenger"),
        ("challenge", {"outcome": "upheld"}, "ck_challenge_outcome_when_closed"),
    ],
)
def test_a_dispute_has_its_words(
    connection: Connection, claim_id: int, table: str, columns: dict[str, Any], by: str
) -> None:
    with refused(connection, by):
        dispute(connection, getattr(tables, table), claim_id, **columns)


@pytest.mark.parametrize("table", BOTH)
def test_who_closes_it_is_the_actor_and_the_time_is_now(
    connection: Connection, claim_id: int, table: Table
) -> None:
    dispute(connection, table, claim_id)
    for forged in ("closed_by = 'Somebody Else'", "closed_at = now() - interval '1 day'"):
        with refused(connection, "close_once"):
            run(connection, f"{CLOSE[table.name]}, {forged}")

    run(connection, CLOSE[table.name])

    row = connection.execute(select(table)).one()
    assert (row.closed_by, row.closed_at) == ("Ana Ruiz", value(connection, "SELECT now()"))


@pytest.mark.parametrize("table", BOTH)
def test_it_is_closed_once_and_its_content_never_changes(
    connection: Connection, claim_id: int, table: Table
) -> None:
    dispute(connection, table, claim_id)
    for change in ("because = 'x'", "no = 2", "recorded_by = 'x'", "review_no = 1, no = 3"):
        with refused(connection, "close_once"):
            run(connection, f"{CLOSE[table.name]}, {change}")
    run(connection, CLOSE[table.name])
    for again in (CLOSE[table.name], f"UPDATE {table.name} SET because = 'x'"):
        with refused(connection, "close_once"):
            run(connection, again)


def test_a_decision_needs_its_outcome_and_its_reason(connection: Connection, claim_id: int) -> None:
    dispute(connection, tables.challenge, claim_id)
    with refused(connection, "ck_challenge_outcome_when_closed"):
        run(connection, "UPDATE challenge SET closed_because = 'It is so'")
    with refused(connection, "ck_challenge_closed"):
        run(connection, "UPDATE challenge SET outcome = 'upheld'")
    with refused(connection, "ck_challenge_outcome"):
        run(connection, "UPDATE challenge SET closed_because = 'It is so', outcome = 'maybe'")


def test_each_leaves_its_events(connection: Connection, claim_id: int) -> None:
    dispute(connection, tables.challenge, claim_id)
    run(connection, CLOSE["challenge"])

    events = connection.execute(
        select(tables.event).where(tables.event.c.table_name == "challenge").order_by("id")
    ).all()
    assert [(one.operation, one.row_key, one.claim_id) for one in events] == [
        ("insert", f"{claim_id}.1", claim_id),
        ("update", f"{claim_id}.1", claim_id),
    ]
    assert events[1].before == {
        "outcome": None, "closed_at": None, "closed_by": None, "closed_because": None,
    }  # fmt: skip


# --- What reading it costs -----------------------------------------------------------------------


def test_a_claim_without_a_dispute_is_shown_without_another_query(
    database_url: str,
) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        made = records.claim(connection)
        records.review(connection, made, "checked", verdict="unproven")
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    with engine.connect() as connection:
        load_claim(connection, made)
        assert not [sql for sql in said if "FROM objection JOIN" in sql]
        plain = len(said)
        disputes.object_to(connection, made, "No")
        said.clear()
        load_claim(connection, made)
        assert len(said) == plain + 2
        connection.rollback()
