"""Marking several claims in one go, and one claim by several people at once."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests import records
from tests.records import stored
from tests.sql import wait_until_waiting

if TYPE_CHECKING:
    from tests.conftest import Run, Start


@pytest.fixture
def claim_id(database_url: str) -> int:
    with make_engine(database_url).begin() as connection:
        return records.claim(connection)


def mark(run: Run, claim_id: int | str, *words: str, because: str = "The log says so") -> Any:
    return run("claim", "mark", claim_id, *words, "--because", because)


# --- Several at once, and versions ---------------------------------------------------------------


@pytest.fixture
def five(database_url: str) -> list[int]:
    with make_engine(database_url).begin() as connection:
        return [records.claim(connection, f"Well {number} ran dry") for number in range(1, 6)]


def test_several_claims_are_marked_by_ranges_one_line_each(
    ok: Run, database_url: str, five: list[int]
) -> None:
    outcome = mark(ok, "1-3,5", "in-review")

    assert outcome.out.splitlines() == [
        f"{number} in-review: unverified → in-review (review 1, Ana Ruiz)"
        for number in (1, 2, 3, 5)
    ]
    assert [stored(database_url, number)["status"] for number in five] == [
        "in_review", "in_review", "in_review", "unverified", "in_review",
    ]  # fmt: skip


def test_one_claim_is_an_object_in_json_and_several_are_an_array(ok: Run, five: list[int]) -> None:
    one = ok("claim", "mark", 4, "in-review", "--because", "Asked", "--format", "json").json
    assert one["id"] == 4

    several = ok("claim", "mark", 3, "1-2", "in-review", "--because", "Asked", "--format", "json")
    assert [claim["id"] for claim in several.json] == [3, 1, 2]
    assert {claim["status"] for claim in several.json} == {"in_review"}


def test_several_claims_are_marked_all_or_none_and_the_error_names_the_claim(
    run: Run, ok: Run, database_url: str, five: list[int]
) -> None:
    mark(ok, 3, "set-aside", "--reason", "error")

    outcome = run("claim", "mark", "1-5", "in-review", "--because", "Asked")

    assert outcome.code == 4
    assert "Claim 3 is set aside (error)" in outcome.err
    assert [len(stored(database_url, number)["reviews"]) for number in five] == [0, 0, 1, 0, 0]
    assert run("claim", "mark", "1-6", "in-review", "--because", "Asked").code == 3
    assert len(stored(database_url, 1)["reviews"]) == 0


def test_a_claim_that_changed_since_the_version_seen_is_not_marked(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    ok("claim", "mark", claim_id, "in-review", "--because", "Asked", actor="Omar Haddad")

    outcome = mark(run, claim_id, "unproven", "--if-version", "1")

    assert outcome.code == 4
    assert f"Claim {claim_id} is at version 2 by now, not 1." in outcome.err
    assert "Omar Haddad marked it in-review" in outcome.err
    assert len(stored(database_url, claim_id)["reviews"]) == 1
    mark(ok, claim_id, "unproven", "--if-version", "2")


def test_a_version_speaks_of_one_claim(run: Run, five: list[int]) -> None:
    outcome = run("claim", "mark", "1-2", "in-review", "--because", "x", "--if-version", 1)

    assert outcome.code == 2


# --- At once -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--if-version", "1")])
def test_of_two_who_mark_a_claim_at_once_one_wins(
    options: tuple[str, ...],
    start_process: Start,
    database_url: str,
    claim_id: int,
) -> None:
    with make_engine(database_url).connect() as connection:
        # Both have read the claim and want to write when they wait here.
        connection.execute(text("SELECT 1 FROM claim FOR UPDATE"))
        racers = [
            start_process(
                "claim", "mark", claim_id, "unproven", "--because", "Checked", *options, actor=name
            )
            for name in ("Ana Ruiz", "Omar Haddad")
        ]
        wait_until_waiting(connection, 2)
        connection.rollback()
    endings = [(*racer.communicate(timeout=60), racer.returncode) for racer in racers]

    assert sorted(code for _, _, code in endings) == [0, 4]
    loser = next(err for _, err, code in endings if code == 4)
    assert f"Claim {claim_id}" in loser
    assert "at version 2 by now" in loser
    assert "marked it unproven" in loser
    stands = stored(database_url, claim_id)
    assert stands["verdict"] == "unproven"
    assert len(stands["reviews"]) == 1


def test_a_mark_is_refused_while_somebody_else_s_is_under_way_and_then_stands(
    start_process: Start, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).connect() as connection:
        records.review(connection, claim_id, "in_review")
        late: subprocess.Popen[str] = start_process(
            "claim", "mark", claim_id, "unproven", "--because", "Checked"
        )
        wait_until_waiting(connection, 1)
        connection.commit()
    _, err = late.communicate(timeout=60)

    assert late.returncode == 4
    assert "marked it in-review" in err
    assert stored(database_url, claim_id)["status"] == "in_review"


def test_a_verdict_never_lands_on_words_that_were_changed_meanwhile(
    start_process: Start, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).connect() as connection:
        changed = text("UPDATE claim SET statement = 'The bridge was open' WHERE id = :id")
        connection.execute(changed, {"id": claim_id})
        late: subprocess.Popen[str] = start_process(
            "claim", "mark", claim_id, "unproven", "--because", "Checked"
        )
        wait_until_waiting(connection, 1)
        connection.commit()
    _, err = late.communicate(timeout=60)

    assert late.returncode == 4
    assert "at version 2 by now" in err
    assert stored(database_url, claim_id)["status"] == "unverified"
