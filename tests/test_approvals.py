"""Two people for a verdict: proposing, approving and rejecting, through the command line."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from claimtrack.db import make_engine
from tests import records, tables
from tests.records import stored
from tests.sql import wait_until_waiting

if TYPE_CHECKING:
    from tests.conftest import Outcome, Run, Start

LOG = "https://archive.example/log"
OTHER = "Omar Haddad"


@pytest.fixture
def claim_id(database_url: str) -> int:
    with make_engine(database_url).begin() as connection:
        return records.claim(connection)


@pytest.fixture
def second_reviewer(ok: Run) -> None:
    ok("policy", "second_reviewer", "on")


def mark(run: Run, claim_id: int | str, *words: str, because: str = "The log says so") -> Outcome:
    return run("claim", "mark", claim_id, *words, "--because", because)


def propose(run: Run, claim_id: int | str, *words: str) -> Outcome:
    return mark(run, claim_id, *(words or ("false", "--refutes", LOG)))


# --- Proposing -----------------------------------------------------------------------------------


def test_a_verdict_waits_for_approval(
    ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    options = ("--refutes", LOG, "--rating", "Half", "--recheck-on", "2999-06-07")

    outcome = mark(ok, claim_id, "false", *options, "--format", "json")

    assert f"claimtrack claim approve {claim_id}" in outcome.err
    shown = outcome.json
    assert (shown["status"], shown["verdict"]) == ("awaiting_approval", None)
    assert shown["proposed_verdict"] == "false"
    stands = stored(database_url, claim_id)
    assert (stands["status"], stands["verdict"]) == ("awaiting_approval", None)
    (proposal,) = stands["reviews"]
    assert (proposal.proposed_verdict, proposal.rating) == ("false", "Half")
    assert proposal.recheck_on == dt.date(2999, 6, 7)


def test_a_mark_that_is_no_verdict_waits_for_nobody(
    ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    for words in (("in-review",), ("set-aside", "--reason", "error"), ("unverified",)):
        mark(ok, claim_id, *words)
        assert stored(database_url, claim_id)["status"] == words[0].replace("-", "_")


def test_a_proposal_wants_the_evidence_that_its_verdict_wants(
    run: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    assert propose(run, claim_id, "false").code == 5
    assert stored(database_url, claim_id)["status"] == "unverified"


@pytest.mark.parametrize("word", ["true", "in-review", "unverified"])
def test_a_claim_that_waits_is_not_marked(
    word: str, run: Run, ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)

    mine = mark(run, claim_id, word)
    theirs = run("claim", "mark", claim_id, word, "--because", "x", actor=OTHER)

    today = dt.datetime.now(dt.UTC).date()
    for outcome in (mine, theirs):
        assert outcome.code == 4
        assert f"is awaiting approval: Ana Ruiz proposed false on {today}" in outcome.err
    assert mine.err.endswith(f"claimtrack claim reject {claim_id} --because WHY\n")
    assert theirs.err.endswith(f"claimtrack claim approve {claim_id}\n")
    assert len(stored(database_url, claim_id)["reviews"]) == 1


def test_nobody_marks_a_claim_awaiting_approval_by_that_name(run: Run, claim_id: int) -> None:
    outcome = mark(run, claim_id, "awaiting-approval")

    assert outcome.code == 2
    assert "none of unverified, in-review" in outcome.err


def test_the_words_of_a_claim_that_waits_stay(
    run: Run, ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)
    other = "The harbour was never open to ships"

    for more in ((), ("--typo", "--because", "A slip")):
        outcome = run("claim", "edit", claim_id, "--statement", other, *more)
        assert outcome.code == 4
        assert "was proposed as false by Ana Ruiz on" in outcome.err
    slip = records.STATEMENT.replace("bridge", "brigde")
    ok("claim", "edit", claim_id, "--statement", slip, "--typo", "--because", "A slip")
    assert stored(database_url, claim_id)["statement"] == slip


# --- Approving -----------------------------------------------------------------------------------


def test_somebody_else_approves_and_the_verdict_is_as_it_was_proposed(
    ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    mark(ok, claim_id, "unproven")
    ok("claim", "approve", claim_id, actor=OTHER)
    options = ("--refutes", LOG, "--rating", "Half", "--recheck-on", "2999-06-07")
    mark(ok, claim_id, "false", "--change", "correction", *options)

    shown = ok("claim", "approve", claim_id, "--format", "json", actor=OTHER).json

    assert (shown["status"], shown["verdict"], shown["proposed_verdict"]) == (
        "checked",
        "false",
        None,
    )
    proposal, approval = stored(database_url, claim_id)["reviews"][-2:]
    assert approval.decision == "approved"
    assert (approval.recorded_by, approval.because) == (OTHER, "The log says so")
    kept = ("change", "rating", "recheck_on")
    assert [getattr(approval, name) for name in kept] == [getattr(proposal, name) for name in kept]
    assert stored(database_url, claim_id)["recheck_on"] == dt.date(2999, 6, 7)
    assert shown["reviews"][-1]["evidence"] == shown["reviews"][-2]["evidence"] == [1]


@pytest.mark.parametrize("name", ["Ana Ruiz", "ana  RUIZ "])
def test_nobody_approves_a_verdict_of_their_own(
    name: str, run: Run, ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)

    outcome = run("claim", "approve", claim_id, actor=name)

    assert outcome.code == 4
    assert "Ana Ruiz proposed false" in outcome.err
    assert outcome.err.endswith(f"claimtrack claim reject {claim_id} --because WHY\n")
    assert stored(database_url, claim_id)["status"] == "awaiting_approval"


def test_several_are_approved_all_or_none(
    run: Run, ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    with make_engine(database_url).begin() as connection:
        other = records.claim(connection, "The south bridge was closed")
        third = records.claim(connection, "The ferry ran all winter")
    mark(ok, f"{claim_id},{other}", "unproven")

    refused = run("claim", "approve", claim_id, other, third, actor=OTHER)

    assert refused.code == 4
    assert f"Claim {third} is unverified: nothing awaits approval there." in refused.err
    assert stored(database_url, claim_id)["status"] == "awaiting_approval"
    assert run("claim", "approve", claim_id, 999, actor=OTHER).code == 3
    ok("claim", "approve", claim_id, other, actor=OTHER)
    assert [stored(database_url, one)["verdict"] for one in (claim_id, other)] == ["unproven"] * 2


def test_a_claim_that_changed_since_the_version_seen_is_not_decided_on(
    run: Run, ok: Run, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)

    for verb in ("approve", "reject"):
        seen = ("--because", "Read it", "--if-version", 1)
        outcome = run("claim", verb, claim_id, *seen, actor=OTHER)
        assert outcome.code == 4
        assert f"Claim {claim_id} is at version 2 by now, not 1." in outcome.err
        both = run("claim", verb, claim_id, 999, *seen, actor=OTHER)
        assert both.code == 2
    ok("claim", "approve", claim_id, "--if-version", 2, actor=OTHER)


def test_what_lost_its_evidence_is_rejected_and_not_approved(
    run: Run, ok: Run, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)

    withdrawn = ok("evidence", "withdraw", 1, "--because", "Forged")
    outcome = run("claim", "approve", claim_id, actor=OTHER)

    assert f"claimtrack claim reject {claim_id} --because WHY" in withdrawn.err
    assert outcome.code == 4
    assert "Evidence 1, on which false" in outcome.err
    assert "was withdrawn by Ana Ruiz" in outcome.err
    assert (
        "Evidence on which it was to rest counts no more: 1." in ok("claim", "show", claim_id).out
    )


def test_evidence_that_turns_out_to_be_where_it_was_said_approves_nothing(
    run: Run, ok: Run, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)
    ok("appearance", "add", claim_id, "--speaker", records.SPEAKER, "--source", LOG)

    outcome = run("claim", "approve", claim_id, actor=OTHER)

    assert outcome.code == 5
    assert "has no evidence left that refutes it" in outcome.err
    assert "is where the claim appeared" in outcome.err


def test_evidence_of_a_claim_that_was_unmerged_approves_nothing_and_comes_back(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).begin() as connection:
        other = records.claim(connection, "The south bridge was closed")
        records.evidence(connection, other, LOG)
    ok("claim", "merge", claim_id, other, "--because", "One bridge")
    mark(ok, claim_id, "false")
    ok("policy", "second_reviewer", "on")
    mark(ok, claim_id, "mixed", "--change", "revision")
    ok("claim", "unmerge", other, "--because", "Two bridges")

    outcome = run("claim", "approve", claim_id, actor=OTHER)

    assert outcome.code == 4
    assert "Evidence 1, on which mixed" in outcome.err
    assert "is another claim's since that was unmerged" in outcome.err
    ok("claim", "reject", claim_id, "--because", "Two bridges", actor=OTHER)
    stands = ok("claim", "show", claim_id, "--format", "json").json
    assert (stands["verdict"], stands["evidence_withdrawn"]) == ("false", True)
    assert stands["reviews"][-1]["evidence"] == [1]


def test_what_waits_when_the_policy_is_turned_off_is_still_decided_on(
    run: Run, ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)
    assert "1 claim still waits for approval" in ok("policy", "second_reviewer", "off").err

    assert run("claim", "approve", claim_id).code == 4
    assert mark(run, claim_id, "true").code == 4
    ok("claim", "approve", claim_id, actor=OTHER)

    assert stored(database_url, claim_id)["verdict"] == "false"


# --- Rejecting -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way",
    [
        (),
        (("in-review",),),
        (("mixed", "--context", LOG, "--rating", "Half", "--recheck-on", "2999-06-07"),),
        (("mixed", "--context", LOG), ("unverified",)),
    ],
)
def test_a_rejection_puts_the_claim_back_to_where_it_stood(
    way: tuple[tuple[str, ...], ...], ok: Run, database_url: str, claim_id: int
) -> None:
    ok("claim", "assign", claim_id, "Kim Sato")
    for words in way:
        mark(ok, claim_id, *words)
    before = stored(database_url, claim_id)
    shown = ok("claim", "show", claim_id, "--format", "json").json
    change = ("--change", "revision") if before["verdict"] else ()
    ok("policy", "second_reviewer", "on")

    propose(ok, claim_id, "false", "--refutes", "https://b.example/map", *change)
    ok("claim", "assign", claim_id, OTHER)
    ok("claim", "reject", claim_id, "--because", "Of another bridge", actor=OTHER)

    after = stored(database_url, claim_id)
    same = ("status", "verdict", "recheck_on", "assigned_to")
    assert [after[name] for name in same] == [before[name] for name in same]
    now = ok("claim", "show", claim_id, "--format", "json").json
    assert (now["status"], now["verdict"], now["proposed_verdict"]) == (
        shown["status"],
        shown["verdict"],
        None,
    )
    last = now["reviews"][-1]
    assert (last["decision"], last["because"]) == ("rejected", "Of another bridge")
    if shown["reviews"]:
        kept = ("rating", "recheck_on", "evidence")
        assert [last[name] for name in kept] == [shown["reviews"][-1][name] for name in kept]


def test_who_proposed_a_verdict_may_withdraw_it(
    ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)
    ok("claim", "reject", claim_id, "--because", "I misread the log")
    assert stored(database_url, claim_id)["status"] == "unverified"
    propose(ok, claim_id)


def test_a_rejection_says_why(run: Run, ok: Run, claim_id: int, second_reviewer: None) -> None:
    propose(ok, claim_id)
    assert run("claim", "reject", claim_id, actor=OTHER).code == 2
    assert run("claim", "reject", claim_id, "--because", "  ", actor=OTHER).code == 5
    assert run("claim", "approve", claim_id, "--because", " ", actor=OTHER).code == 5


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_there_is_nothing_to_decide_where_nothing_waits(verb: str, run: Run, claim_id: int) -> None:
    outcome = run("claim", verb, claim_id, "--because", "x")
    assert outcome.code == 4
    assert outcome.err.endswith("claimtrack claim list --status awaiting-approval\n")


# --- At once -------------------------------------------------------------------------------------


@pytest.mark.parametrize("verbs", [("approve", "approve"), ("approve", "reject")])
def test_of_two_who_decide_at_once_one_wins(
    verbs: tuple[str, str],
    start_process: Start,
    ok: Run,
    database_url: str,
    claim_id: int,
    second_reviewer: None,
) -> None:
    propose(ok, claim_id)
    with make_engine(database_url).connect() as connection:
        connection.execute(text("SELECT 1 FROM claim FOR UPDATE"))
        racers = [
            start_process("claim", verb, claim_id, "--because", "Read it", actor=name)
            for verb, name in zip(verbs, (OTHER, "Kim Sato"), strict=True)
        ]
        wait_until_waiting(connection, 2)
        connection.rollback()
    endings = [(*racer.communicate(timeout=60), racer.returncode) for racer in racers]

    assert sorted(code for _, _, code in endings) == [0, 4]
    loser = next(err for _, err, code in endings if code == 4)
    assert f"Claim {claim_id} is at version 3 by now, not 2." in loser
    assert len(stored(database_url, claim_id)["reviews"]) == 2


def test_a_verdict_under_way_when_the_policy_is_turned_on_goes_first(
    start_process: Start, ok: Run, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).connect() as connection:
        records.review(connection, claim_id, "checked", verdict="unproven")
        late = start_process("policy", "second_reviewer", "on")
        wait_until_waiting(connection, 1)
        connection.commit()
    out, err = late.communicate(timeout=60)

    assert late.returncode == 0, err
    assert "is on" in out
    assert stored(database_url, claim_id)["verdict"] == "unproven"


# --- What is told --------------------------------------------------------------------------------


def test_the_story_tells_what_waits_and_what_was_rejected(
    ok: Run, claim_id: int, second_reviewer: None
) -> None:
    mark(ok, claim_id, "unproven", because="Nobody answered")
    ok("claim", "approve", claim_id, actor=OTHER)
    propose(ok, claim_id, "false", "--refutes", LOG, "--change", "correction")
    shown = ok("claim", "show", claim_id).out
    for words in (
        "(proposes false, correction)",
        "The last verdict was unproven.",
        f"claimtrack claim approve {claim_id}",
    ):
        assert words in shown

    ok("claim", "reject", claim_id, "--because", "Of another bridge", actor=OTHER)

    shown = ok("claim", "show", claim_id).out
    head = shown.split("\n\n", maxsplit=1)[0]
    assert "unproven since" in head
    assert "by Omar Haddad, as Ana Ruiz proposed (approved)" in head
    assert "Nobody answered" in head
    assert "false, proposed by Ana Ruiz, was rejected by Omar Haddad on" in head
    told = ok("claim", "history", claim_id, "--format", "json").json
    assert [(row["what"], row["actor"]) for row in told if "→" in row["detail"]] == [
        ("proposed", "Ana Ruiz"),
        ("approved", OTHER),
        ("proposed", "Ana Ruiz"),
        ("rejected", OTHER),
    ]


def test_lists_tell_what_was_proposed(
    ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    with make_engine(database_url).begin() as connection:
        records.claim(connection, "The south bridge was closed")
    propose(ok, claim_id)
    asked = ("claim", "list", "--status", "awaiting-approval")

    assert "awaiting-approval (false)" in ok(*asked).out
    (row,) = ok(*asked, "--format", "json").json
    assert (row["id"], row["proposed_verdict"]) == (claim_id, "false")
    assert ok(*asked, "--format", "csv").out.count("\n") == 2


def test_reports_count_what_waits_apart(
    ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)

    found = ok("report", "unverified", "--format", "json").json
    assert found["rows"] == []
    assert (found["totals"]["open"], found["totals"]["awaiting_approval"]) == (0, 1)
    assert "1 awaits approval: claimtrack claim list" in ok("report", "unverified").out
    ok("claim", "assign", claim_id, OTHER)
    summary = ok("report", "summary", "--format", "json").json
    assert summary["totals"]["open"] == 1
    assert summary["holder"][0]["awaiting_approval"] == 1
    late = ok("report", "overdue", "--days", 0, "--format", "json").json
    assert [row["id"] for row in late["awaiting_approval"]] == [claim_id]


def test_only_what_was_approved_is_a_correction_and_a_conclusion(
    ok: Run, claim_id: int, second_reviewer: None
) -> None:
    mark(ok, claim_id, "unproven")
    ok("claim", "approve", claim_id, actor=OTHER)
    changed = ("false", "--refutes", LOG, "--change", "correction")

    def told() -> dict[str, Any]:
        month = dt.datetime.now(dt.UTC).strftime("%Y-%m")
        found = ok("report", "period", "--since", month, "--format", "json").json
        register = ok("report", "corrections", "--format", "json").json
        return {**found["totals"], "corrections": register["rows"], "load": found["load"]}

    propose(ok, claim_id, *changed)
    ok("claim", "reject", claim_id, "--because", "Of another bridge", actor=OTHER)
    propose(ok, claim_id, *changed)
    before = told()
    assert before["corrections"] == []
    assert [before[key] for key in ("concluded", "changed", "proposed", "rejected")] == [1, 0, 3, 1]

    ok("claim", "approve", claim_id, "--because", "Read it too", actor=OTHER)

    after = told()
    (correction,) = after["corrections"]
    assert (correction["old_verdict"], correction["new_verdict"]) == ("unproven", "false")
    assert (correction["because"], correction["by"]) == ("The log says so", "Ana Ruiz")
    assert correction["approved_by"] == OTHER
    assert [after[key] for key in ("concluded", "changed", "proposed", "rejected")] == [1, 1, 3, 1]
    load = {one["person"]: (one["concluded"], one["approved"]) for one in after["load"]}
    assert (load["Ana Ruiz"], load[OTHER]) == ((1, 0), (0, 2))


def test_the_time_in_review_goes_on_through_a_rejection(ok: Run, database_url: str) -> None:
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=20)
    with make_engine(database_url).begin() as connection:
        claim_id = records.claim(connection)
        records.review(connection, claim_id, "in_review", recorded_at=long_ago)
    ok("policy", "second_reviewer", "on")
    propose(ok, claim_id)
    ok("claim", "reject", claim_id, "--because", "Too soon", actor=OTHER)

    late = ok("report", "overdue", "--format", "json").json

    assert [(row["id"], row["days"]) for row in late["in_review"]] == [(claim_id, 20)]


def test_all_of_it_leaves_events_and_holds_together(
    ok: Run, database_url: str, claim_id: int, second_reviewer: None
) -> None:
    propose(ok, claim_id)
    ok("claim", "reject", claim_id, "--because", "Too soon", actor=OTHER)
    propose(ok, claim_id)
    ok("claim", "approve", claim_id, actor=OTHER)

    ok("db", "check")
    with make_engine(database_url).connect() as connection:
        events = connection.execute(
            select(tables.event.c.after)
            .where(tables.event.c.table_name == "review")
            .order_by(tables.event.c.id)
        ).scalars()
        decided = [(one["proposed_verdict"], one["decision"]) for one in events]
    assert decided == [("false", None), (None, "rejected"), ("false", None), (None, "approved")]
