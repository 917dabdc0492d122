"""The rules that a desk gives itself: setting and listing them, and what they ask of a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from claimtrack.db import make_engine
from tests import records, tables
from tests.records import stored

if TYPE_CHECKING:
    from tests.conftest import Run

LOG = "https://archive.example/log"


def rows(database_url: str) -> list[Any]:
    with make_engine(database_url).connect() as connection:
        found = connection.execute(select(tables.policy).order_by(tables.policy.c.id)).all()
        return [(row.name, row.value, row.because, row.recorded_by) for row in found]


def test_nothing_is_asked_for_by_default(ok: Run) -> None:
    found = ok("policy", "list", "--format", "json").json

    assert [(one["name"], one["value"], one["recorded_by"]) for one in found] == [
        ("second_reviewer", "off", None),
        ("independent_publishers", "0", None),
    ]


@pytest.mark.parametrize("name", ["second_reviewer", "second-reviewer", "Second-Reviewer"])
def test_a_policy_is_set_with_its_reason_and_left_as_it_is_the_second_time(
    name: str, ok: Run, database_url: str
) -> None:
    first = ok("policy", name, "on", "--because", "Decided on Monday")
    again = ok("policy", name, "ON")

    assert "second_reviewer: was off, is on." in first.out
    assert "second_reviewer is on already, set by Ana Ruiz on" in again.out
    assert rows(database_url) == [("second_reviewer", "on", "Decided on Monday", "Ana Ruiz")]
    with make_engine(database_url).connect() as connection:
        told = connection.execute(
            select(tables.event).where(tables.event.c.table_name == "policy")
        ).all()
    assert [(one.after["value"], one.because) for one in told] == [("on", "Decided on Monday")]
    listed = ok("policy", "list").out
    for words in ("A verdict waits until", "Ana Ruiz", "Decided on Monday"):
        assert words in listed


def test_what_is_already_so_by_default_is_said(ok: Run, database_url: str) -> None:
    assert "is off already, as it is by default" in ok("policy", "second_reviewer", "off").out
    assert "is 0 already" in ok("policy", "independent-publishers", 0).out
    assert rows(database_url) == []


def test_the_json_tells_what_was(ok: Run) -> None:
    ok("policy", "independent_publishers", 2)
    shown = ok("policy", "independent_publishers", 3, "--format", "json").json
    assert (shown["was"], shown["value"]) == ("2", "3")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("second_reviewer", "maybe"), 2),
        (("second_reviewer",), 2),
        (("independent_publishers", "two"), 2),
        (("independent_publishers", "100"), 2),
        (("independent_publishers", "--", "-1"), 2),
        (("third_reviewer", "on"), 2),
        (("second_reviewer", "on", "--because", " "), 5),
        (("second_reviewer", "on", "--because", "x" * 20_001), 5),
    ],
)
def test_what_is_no_policy_or_no_value_is_refused(
    words: tuple[str, ...], code: int, run: Run, database_url: str
) -> None:
    outcome = run("policy", *words)

    assert outcome.code == code
    assert rows(database_url) == []


# --- Independent publishers ----------------------------------------------------------------------


@pytest.fixture
def claim_id(database_url: str) -> int:
    with make_engine(database_url).begin() as connection:
        return records.claim(connection)


def mark(run: Run, claim_id: int, *words: str) -> Any:
    return run("claim", "mark", claim_id, *words, "--because", "The log says so")


@pytest.mark.parametrize("second_reviewer", ["off", "on"])
def test_a_verdict_on_too_few_publishers_is_refused_with_the_numbers(
    second_reviewer: str, run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    ok("policy", "second_reviewer", second_reviewer)
    ok("policy", "independent_publishers", 2)

    outcome = mark(run, claim_id, "false", "--refutes", LOG, "--context", "https://b.example/map")

    assert outcome.code == 5
    assert (
        f"false on claim {claim_id} rests on 1 independent publisher; the policy asks for 2."
        in outcome.err
    )
    assert outcome.err.rstrip().endswith("--context https://b.example/map --refutes URL")
    assert stored(database_url, claim_id)["reviews"] == []
    mark(ok, claim_id, "false", "--refutes", LOG, "--refutes", "https://b.example/map")


def test_reprints_of_one_wire_are_one_publisher(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).begin() as connection:
        for number, house in enumerate(("Echo", "Gazette")):
            url = f"https://site{number}.example/x"
            records.source(connection, url, publisher=house, agency="Alpha Wire")
            records.evidence(connection, claim_id, url)
    ok("policy", "independent_publishers", 2)

    assert "rests on 1 independent publisher;" in mark(run, claim_id, "false").err
    mark(ok, claim_id, "false", "--refutes", LOG)


def test_a_policy_leaves_the_verdicts_that_stand(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    mark(ok, claim_id, "false", "--refutes", LOG)

    ok("policy", "independent_publishers", 2)
    ok("policy", "second_reviewer", "on")

    assert stored(database_url, claim_id)["verdict"] == "false"
    ok("db", "check")


def test_a_policy_that_was_raised_while_a_verdict_waits_holds_for_its_approval(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    ok("policy", "second_reviewer", "on")
    mark(ok, claim_id, "false", "--refutes", LOG)
    ok("policy", "independent_publishers", 2)

    outcome = run("claim", "approve", claim_id, actor="Omar Haddad")

    assert outcome.code == 5
    assert "rests on 1 independent publisher; the policy asks for 2." in outcome.err
    assert outcome.err.endswith(f"claimtrack claim reject {claim_id} --because WHY\n")
    ok("policy", "independent_publishers", 1)
    ok("claim", "approve", claim_id, actor="Omar Haddad")


def test_unproven_needs_no_publisher(ok: Run, database_url: str, claim_id: int) -> None:
    ok("policy", "independent_publishers", 9)
    mark(ok, claim_id, "unproven")
    assert stored(database_url, claim_id)["verdict"] == "unproven"
