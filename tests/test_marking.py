"""Marking claims: through the command line, and what PostgreSQL stored."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from claimtrack.db import make_engine
from claimtrack.vocab import (
    MARKS,
    TRANSITIONS,
    VERDICTS_WITHOUT_EVIDENCE,
    SetAsideReason,
    Status,
    hyphenated,
)
from tests import records
from tests.records import stored

if TYPE_CHECKING:
    from tests.conftest import Run

LOG = "https://archive.example/log"

#: The commands that bring a fresh claim to each status.
WAY_TO: dict[Status, tuple[str, ...]] = {
    Status.UNVERIFIED: (),
    Status.IN_REVIEW: ("in-review",),
    Status.CHECKED: ("mixed", "--refutes", LOG),
    Status.SET_ASIDE: ("set-aside", "--reason", "duplicate"),
}
#: The words and options that ask for each status.
ASK_FOR: dict[Status, tuple[str, ...]] = {
    **WAY_TO,
    Status.UNVERIFIED: ("unverified",),
    Status.CHECKED: ("false", "--refutes", LOG),
}


@pytest.fixture
def claim_id(database_url: str) -> int:
    with make_engine(database_url).begin() as connection:
        return records.claim(connection)


def mark(run: Run, claim_id: int | str, *words: str, because: str = "The log says so") -> Any:
    return run("claim", "mark", claim_id, *words, "--because", because)


# --- Transitions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("after", WAY_TO)
@pytest.mark.parametrize("before", WAY_TO)
def test_only_the_moves_in_the_table_are_made(
    before: Status, after: Status, run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    if WAY_TO[before]:
        mark(ok, claim_id, *WAY_TO[before])
    stood = stored(database_url, claim_id)
    assert stood["status"] == before
    changed = ["--change", "update"] if before is after is Status.CHECKED else []

    outcome = mark(run, claim_id, *ASK_FOR[after], *changed)

    stands = stored(database_url, claim_id)
    if (before, after) in TRANSITIONS:
        assert outcome.code == 0, outcome.err
        assert stands["status"] == after
        assert len(stands["reviews"]) == len(stood["reviews"]) + 1
        assert stands["reviews"][-1].from_status == before
    else:
        assert outcome.code == 4
        standing = {Status.CHECKED: "mixed"}.get(before, hyphenated(before).replace("-", " "))
        assert f"Claim {claim_id} is {standing}" in outcome.err
        assert "From there it can be marked" in outcome.err
        assert stands == stood


@pytest.mark.parametrize("word", MARKS)
def test_every_word_can_be_given_with_hyphens_and_is_stored_with_underscores(
    word: str, run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    if word == "unverified":
        mark(ok, claim_id, "in-review")
    more = ["--supports", LOG, "--refutes", LOG]
    if word == "set_aside":
        more += ["--reason", "out-of-scope"]
    if word in VERDICTS_WITHOUT_EVIDENCE:
        more = []

    shown = mark(ok, claim_id, hyphenated(word), *more, "--format", "json").json

    stands = stored(database_url, claim_id)
    assert (stands["verdict"] or stands["status"]) == word
    assert (shown["verdict"] or shown["status"]) == word
    assert (shown["verdict"] is not None) == (shown["status"] == "checked")


def test_a_claim_that_does_not_exist_can_not_be_marked(run: Run) -> None:
    outcome = mark(run, 999, "in-review")

    assert outcome.code == 3
    assert "There is no claim 999." in outcome.err
    assert "claimtrack claim list" in outcome.err


def test_a_claim_that_somebody_else_holds_is_taken_over_by_assigning(
    run: Run, ok: Run, claim_id: int
) -> None:
    ok("claim", "mark", claim_id, "in-review", "--because", "Asked", actor="Omar Haddad")

    outcome = mark(run, claim_id, "in-review")

    assert outcome.code == 4
    today = dt.datetime.now(dt.UTC).date()
    assert f"held by Omar Haddad since {today}" in outcome.err
    assert f"claimtrack claim assign {claim_id} 'Ana Ruiz'" in outcome.err


def test_in_review_makes_the_actor_the_holder_and_unverified_frees_the_claim(
    ok: Run, database_url: str, claim_id: int
) -> None:
    ok("claim", "mark", claim_id, "in-review", "--because", "Asked", actor="Omar Haddad")
    assert stored(database_url, claim_id)["assigned_to"] == "Omar Haddad"

    mark(ok, claim_id, "unverified")
    assert stored(database_url, claim_id)["assigned_to"] is None


# --- Changing a verdict --------------------------------------------------------------------------


def test_another_verdict_needs_change_and_the_refusal_is_ready_to_paste(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    mark(ok, claim_id, "false", "--refutes", LOG)

    outcome = mark(run, claim_id, "mixed", "--context", LOG, because="It's open on Sundays")

    assert outcome.code == 4
    today = dt.datetime.now(dt.UTC).date()
    assert f"is false, concluded by Ana Ruiz on {today}" in outcome.err
    pasted = outcome.err.splitlines()[-1]
    assert pasted.strip().startswith(f"claimtrack claim mark {claim_id} mixed --because")
    assert "--context https://archive.example/log --change revision" in pasted
    assert len(stored(database_url, claim_id)["reviews"]) == 1

    mark(ok, claim_id, "mixed", "--change", "correction", because="It's open on Sundays")
    assert [
        (row.verdict, row.change, row.because) for row in stored(database_url, claim_id)["reviews"]
    ] == [("false", None, "The log says so"), ("mixed", "correction", "It's open on Sundays")]


@pytest.mark.parametrize("change", [(), ("--change", "revision")])
def test_the_same_verdict_again_is_refused(
    change: tuple[str, ...], run: Run, ok: Run, claim_id: int
) -> None:
    mark(ok, claim_id, "false", "--refutes", LOG)

    outcome = mark(run, claim_id, "false", *change)

    assert outcome.code == 4
    assert "already false, concluded by Ana Ruiz on" in outcome.err


# --- Options that do not fit ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set-aside",), "Say with --reason why"),
        (("false", "--reason", "duplicate"), "--reason goes with set-aside, not with false."),
        (("in-review", "--rating", "Half"), "--rating goes with a verdict"),
        (("unverified", "--recheck-on", "2030-06-07"), "--recheck-on goes with a verdict"),
        (("in-review", "--change", "update"), "--change goes with a verdict"),
        (("false", "--change", "update"), "has none yet"),
        (("checked",), "none of unverified, in-review"),
        (("pants-on-fire",), "none of unverified, in-review"),
    ],
)
def test_an_option_that_does_not_go_with_the_word_is_a_usage_error(
    words: tuple[str, ...], said: str, run: Run, database_url: str, claim_id: int
) -> None:
    outcome = mark(run, claim_id, *words)

    assert outcome.code == 2
    assert said in outcome.err
    assert stored(database_url, claim_id)["reviews"] == []


@pytest.mark.parametrize("reason", SetAsideReason)
def test_a_claim_is_set_aside_for_a_reason(
    reason: SetAsideReason, ok: Run, database_url: str, claim_id: int
) -> None:
    mark(ok, claim_id, "set-aside", "--reason", hyphenated(reason))

    assert stored(database_url, claim_id)["reviews"][0].reason == reason


def test_a_mark_without_because_is_a_usage_error(run: Run, claim_id: int) -> None:
    outcome = run("claim", "mark", claim_id, "in-review")

    assert outcome.code == 2
    assert "--because" in outcome.err


@pytest.mark.parametrize("because", ["", "  \n ", "x" * 20_001, "a\0b", "\ud800"])
def test_a_reason_that_can_not_be_kept_is_refused(
    because: str, run: Run, database_url: str, claim_id: int
) -> None:
    outcome = mark(run, claim_id, "in-review", because=because)

    assert outcome.code == 5
    assert "The reason (--because)" in outcome.err
    assert stored(database_url, claim_id)["reviews"] == []


@pytest.mark.parametrize(
    ("when", "said"),
    [("2030-06", "wants a day"), ("2001-01-01", "has passed"), ("soonish", "is not a")],
)
def test_a_recheck_date_is_a_day_to_come(when: str, said: str, run: Run, claim_id: int) -> None:
    outcome = mark(run, claim_id, "unproven", "--recheck-on", when)

    assert outcome.code == 5
    assert said in outcome.err


def test_a_verdict_may_have_a_rating_and_a_day_to_look_again(
    ok: Run, database_url: str, claim_id: int
) -> None:
    mark(ok, claim_id, "unproven", "--rating", "Two of five", "--recheck-on", "2999-06-07")

    stands = stored(database_url, claim_id)
    assert stands["recheck_on"] == dt.date(2999, 6, 7)
    assert stands["reviews"][0].rating == "Two of five"
