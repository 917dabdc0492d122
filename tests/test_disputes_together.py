"""Disputes among several people: each under a login of their own, and all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests import records
from tests.sql import wait_until_waiting

if TYPE_CHECKING:
    from tests.conftest import Desk, Run, Start


@pytest.fixture
def claim_id(database_url: str) -> int:
    """A claim that was found unproven."""
    with make_engine(database_url).begin() as connection:
        made = records.claim(connection)
        records.review(connection, made, "checked", verdict="unproven")
    return made


def object_to(run: Run, claim_id: int) -> Any:
    return run("claim", "object", claim_id, "--because", "The log is another bridge's")


def shown(ok: Run, claim_id: int) -> Any:
    return ok("claim", "show", claim_id, "--format", "json").json


# --- On logins of their own ----------------------------------------------------------------------


def test_who_records_may_disagree_and_who_reviews_closes_it(
    staff: Desk, ok: Run, claim_id: int
) -> None:
    demand = ("--from", "Press office", "--because", "No", "--due", "2999-01-02")
    objecting = ("claim", "object", claim_id, "--because", "Another bridge's log")
    challenging = ("claim", "challenge", claim_id, *demand)
    answering = ("claim", "answer", claim_id, "--because", "It is ours")
    deciding = ("claim", "challenge", claim_id, "rejected", "--because", "They did")

    assert [staff("reader", *words).code for words in (objecting, challenging)] == [6, 6]
    assert [staff("recorder", *words).code for words in (objecting, challenging)] == [0, 0]
    for words in (answering, deciding):
        refused = staff("recorder", *words)
        assert refused.code == 6
        assert "that takes the role reviewer" in refused.err
        assert staff("reviewer", *words).code == 0

    story = shown(ok, claim_id)
    (objection,), (challenge,) = story["objections"], story["challenges"]
    assert objection["recorded_by"] == challenge["recorded_by"] == staff.login("recorder")
    assert objection["answered"]["by"] == challenge["closed"]["by"] == staff.login("reviewer")
    assert staff("reader", "report", "corrections").code == 0


# --- At once -------------------------------------------------------------------------------------


def test_of_two_who_answer_at_once_one_wins_and_the_other_reads_the_answer(
    ok: Run, start_process: Start, database_url: str, claim_id: int
) -> None:
    object_to(ok, claim_id)
    with make_engine(database_url).connect() as connection:
        # Both have read the objection as open when they wait here.
        connection.execute(text("SELECT 1 FROM objection FOR UPDATE"))
        racers = [
            start_process("claim", "answer", claim_id, "--because", f"So says {name}", actor=name)
            for name in ("Ana Ruiz", "Béla Tóth")
        ]
        wait_until_waiting(connection, 2)
        connection.rollback()
    endings = [(*racer.communicate(timeout=60), racer.returncode) for racer in racers]

    assert sorted(code for _, _, code in endings) == [0, 4]
    answered = shown(ok, claim_id)["objections"][0]["answered"]
    loser = next(err for _, err, code in endings if code == 4)
    assert f"was answered already by {answered['by']}" in loser
    assert answered["because"] in loser


def test_nobody_objects_to_a_verdict_that_they_have_not_seen(
    ok: Run, start_process: Start, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).connect() as connection:
        records.review(connection, claim_id, "checked", verdict="unverifiable", change="revision")
        late = start_process("claim", "object", claim_id, "--because", "It can be proven")
        wait_until_waiting(connection, 1)
        connection.commit()
    _, err = late.communicate(timeout=60)

    assert late.returncode == 4
    assert f"Claim {claim_id} is at version 3 by now, not 2." in err
    assert "marked it unverifiable" in err
    assert shown(ok, claim_id)["objections"] == []


def test_two_who_object_at_once_are_both_heard(
    ok: Run, start_process: Start, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).connect() as connection:
        connection.execute(text("SELECT 1 FROM claim FOR UPDATE"))
        racers = [
            start_process("claim", "object", claim_id, "--because", "No", actor=name)
            for name in ("Ana Ruiz", "Béla Tóth")
        ]
        wait_until_waiting(connection, 2)
        connection.rollback()
    for racer in racers:
        racer.communicate(timeout=60)

    objections = shown(ok, claim_id)["objections"]
    assert [one["no"] for one in objections] == [1, 2]
    assert {one["recorded_by"] for one in objections} == {"Ana Ruiz", "Béla Tóth"}
