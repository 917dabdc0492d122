"""Objections and challenges: a verdict that somebody disagrees with says so until the answer."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from claimtrack.db import make_engine
from tests import records

if TYPE_CHECKING:
    from tests.conftest import Run

TODAY = dt.datetime.now(dt.UTC).date()


@pytest.fixture
def claim_id(database_url: str) -> int:
    """A claim that was found unproven."""
    with make_engine(database_url).begin() as connection:
        made = records.claim(connection)
        records.review(connection, made, "checked", verdict="unproven")
    return made


def object_to(run: Run, claim_id: int, because: str = "The log is another bridge's") -> Any:
    return run("claim", "object", claim_id, "--because", because, actor="Omar Haddad")


def challenge(run: Run, claim_id: int, due: str = "2999-01-02", who: str = "Press office") -> Any:
    return run(
        *("claim", "challenge", claim_id, "--from", who),
        *("--because", "We never said it", "--due", due),
    )


def shown(ok: Run, claim_id: int) -> Any:
    return ok("claim", "show", claim_id, "--format", "json").json


# --- Objections ----------------------------------------------------------------------------------


def test_an_objection_keeps_the_verdict_and_shows_it_as_disputed(ok: Run, claim_id: int) -> None:
    outcome = object_to(ok, claim_id)

    assert outcome.out == "1 unproven (disputed): objection 1.1 by Omar Haddad\n"
    assert "claimtrack claim answer 1.1 --because" in outcome.err
    story = shown(ok, claim_id)
    assert (story["status"], story["verdict"], story["disputed"]) == ("checked", "unproven", True)
    (objection,) = story["objections"]
    assert objection["because"] == "The log is another bridge's"
    assert objection["recorded_by"] == "Omar Haddad"
    assert (objection["review"], objection["verdict"]) == (1, "unproven")
    assert objection["answered"] is None
    told = ok("claim", "show", claim_id).out
    assert "unproven (disputed) since" in told
    assert "! Omar Haddad objects to unproven (1.1), and is not answered yet." in told


def test_it_is_disputed_wherever_the_verdict_is_shown(ok: Run, claim_id: int) -> None:
    ok("claim", "edit", claim_id, "--figure", "9", "--typo", "--because", "It was left out")
    object_to(ok, claim_id)

    for words in (
        ("claim", "list"),
        ("speaker", "show", 1),
        ("source", "show", 1),
        ("report", "figures"),
        ("report", "summary"),
        ("report", "period", "--since", "2000"),
    ):
        assert "unproven (disputed)" in ok(*words).out, words
    for words in (("claim", "list"), ("report", "figures")):
        assert ",unproven,true," in ok(*words, "--format", "csv").out
    assert ok("report", "summary", "--format", "json").json["totals"]["disputed"] == 1


def test_the_answer_ends_the_dispute_and_stays_on_record(ok: Run, claim_id: int) -> None:
    object_to(ok, claim_id)

    outcome = ok("claim", "answer", claim_id, "--because", "It is ours: see its head")

    assert outcome.out == "1 unproven: objection 1.1 answered\n"
    story = shown(ok, claim_id)
    assert story["disputed"] is False
    answered = story["objections"][0]["answered"]
    assert (answered["by"], answered["because"]) == ("Ana Ruiz", "It is ours: see its head")
    assert "disputed" not in ok("claim", "list").out
    assert ok("claim", "list", "--disputed").out == ""
    told = ok("claim", "show", claim_id).out
    assert "disputed" not in told
    assert "Answered by Ana Ruiz on" in told


def test_of_several_objections_one_says_which_is_answered(ok: Run, run: Run, claim_id: int) -> None:
    object_to(ok, claim_id)
    object_to(ok, claim_id, "Nobody asked the road office")

    unsaid = run("claim", "answer", claim_id, "--because", "Asked now")
    assert unsaid.code == 4
    assert "1.2 (Omar Haddad: Nobody asked the road office)" in unsaid.err
    assert "claimtrack claim answer 1.1 --because WHY" in unsaid.err

    second = ok("claim", "answer", f"{claim_id}.2", "--because", "Asked now")
    assert second.out == "1 unproven (disputed): objection 1.2 answered; 1 still open\n"
    last = ok("claim", "answer", claim_id, "--because", "It is ours")
    assert last.out == "1 unproven: objection 1.1 answered\n"


def test_who_objected_may_take_it_back_by_answering(ok: Run, claim_id: int) -> None:
    object_to(ok, claim_id)
    ok("claim", "answer", claim_id, "--because", "I had misread it", actor="Omar Haddad")
    assert shown(ok, claim_id)["objections"][0]["answered"]["by"] == "Omar Haddad"


def test_a_new_verdict_does_not_answer_an_objection_and_says_so(ok: Run, claim_id: int) -> None:
    object_to(ok, claim_id)
    changed = ok(
        *("claim", "mark", claim_id, "unverifiable"),
        *("--because", "The logs were burnt", "--change", "update"),
    )
    assert "Objection 1.1 by Omar Haddad is still open" in changed.err
    assert "claimtrack claim answer 1.1 --because" in changed.err
    assert shown(ok, claim_id)["disputed"] is True
    # It is the earlier verdict that was objected to.
    moves = ok("report", "period", "--since", "2000", "--format", "json").json
    assert [move["disputed"] for move in moves["concluded"]] == [True]
    assert [move["disputed"] for move in moves["changed"]] == [False]


def test_a_claim_that_was_reopened_is_disputed_until_the_answer(ok: Run, claim_id: int) -> None:
    object_to(ok, claim_id)
    ok("claim", "mark", claim_id, "in-review", "--because", "Asked the road office")

    assert "in-review (disputed)" in ok("report", "unverified").out
    assert "in-review (disputed)" in ok("claim", "show", claim_id).out
    (row,) = ok("report", "unverified", "--format", "json").json["rows"]
    assert (row["status"], row["disputed"]) == ("in_review", True)
    ok("claim", "answer", claim_id, "--because", "It is ours")
    assert "disputed" not in ok("report", "unverified").out


def test_claims_are_found_by_their_dispute(ok: Run, claim_id: int, database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        records.claim(connection, "Another one")
    assert ok("claim", "list", "--disputed").err == "No claim is like that.\n"
    object_to(ok, claim_id)

    found = ok("claim", "list", "--disputed", "--format", "json").json
    assert [claim["id"] for claim in found] == [claim_id]
    assert [claim["disputed"] for claim in ok("claim", "list", "--format", "json").json] == [
        False,
        True,
    ]


# --- Challenges ----------------------------------------------------------------------------------


def test_a_challenge_waits_for_its_decision_and_keeps_the_verdict(ok: Run, claim_id: int) -> None:
    outcome = challenge(ok, claim_id, "tomorrow")

    due = TODAY + dt.timedelta(days=1)
    assert outcome.out == f"1 unproven: challenge 1.1 by Press office, due on {due}\n"
    assert f"tomorrow is {due}, counted from {TODAY}" in outcome.err
    story = shown(ok, claim_id)
    assert story["disputed"] is False
    (demand,) = story["challenges"]
    assert (demand["from"], demand["because"]) == ("Press office", "We never said it")
    assert (demand["due_on"], demand["outcome"], demand["closed"]) == (due.isoformat(), None, None)
    assert "! Press office demands a correction (1.1)" in ok("claim", "show", claim_id).out


@pytest.mark.parametrize("outcome", ["upheld", "rejected"])
def test_a_challenge_is_decided_with_a_reason(ok: Run, claim_id: int, outcome: str) -> None:
    challenge(ok, claim_id)

    done = ok("claim", "challenge", claim_id, outcome, "--because", "We read it again")

    assert done.out == f"1 unproven: challenge 1.1 by Press office {outcome}\n"
    command = f"claimtrack claim mark {claim_id} VERDICT --because WHY --change correction"
    assert (command in done.err) is (outcome == "upheld")
    (demand,) = shown(ok, claim_id)["challenges"]
    assert demand["outcome"] == outcome
    assert demand["closed"]["because"] == "We read it again"


def test_upholding_after_the_correction_asks_for_no_other(ok: Run, claim_id: int) -> None:
    challenge(ok, claim_id)
    marked = ok(
        *("claim", "mark", claim_id, "unverifiable"),
        *("--because", "The log is lost", "--change", "correction"),
    )
    assert "Challenge 1.1 by Press office is still open" in marked.err
    done = ok("claim", "challenge", claim_id, "upheld", "--because", "They were right")
    assert done.err == ""


def test_a_challenge_may_come_while_its_claim_is_looked_at_again(
    ok: Run, run: Run, claim_id: int
) -> None:
    ok("claim", "mark", claim_id, "in-review", "--because", "A reader wrote")
    challenge(ok, claim_id)
    assert shown(ok, claim_id)["challenges"][0]["verdict"] == "unproven"
    assert object_to(run, claim_id).code == 4


def test_the_register_and_the_period_tell_what_was_demanded_and_answered(
    ok: Run, claim_id: int
) -> None:
    challenge(ok, claim_id)
    challenge(ok, claim_id, who="A reader")
    object_to(ok, claim_id)
    ok("claim", "challenge", f"{claim_id}.1", "rejected", "--because", "They did say it")
    ok("claim", "answer", claim_id, "--because", "It is ours")

    register = ok("report", "corrections", "--format", "json").json
    assert register["totals"] == {"corrections": 0, "challenges": 2, "objections": 1}
    assert [(row["from"], row["outcome"]) for row in register["challenges"]] == [
        ("Press office", "rejected"),
        ("A reader", None),
    ]
    assert register["challenges"][0]["closed_because"] == "They did say it"
    assert register["objections"][0]["closed_because"] == "It is ours"
    table = ok("report", "corrections").out
    assert "Corrections: none" in table
    assert "They did say it" in table
    period = ok("report", "period", "--since", str(TODAY), "--format", "json").json
    assert (period["totals"]["raised"], period["totals"]["settled"]) == (3, 2)
    assert [row["state"] for row in period["settled"]] == ["rejected", "answered"]
    none = ok("report", "period", "--since", "2000", "--until", "2001", "--format", "json").json
    assert (none["raised"], none["settled"]) == ([], [])
    sheet = ok("report", "corrections", "--format", "csv").out
    assert "challenges,1," in sheet
    assert "objections,1," in sheet


def test_a_challenge_that_nobody_decided_in_time_is_overdue(ok: Run, claim_id: int) -> None:
    late, later = (TODAY - dt.timedelta(days=days) for days in (3, 9))
    assert f"{late} has passed" in challenge(ok, claim_id, str(late)).err
    challenge(ok, claim_id, str(later))
    challenge(ok, claim_id, str(TODAY))
    challenge(ok, claim_id, "1999-01-01")
    ok("claim", "challenge", f"{claim_id}.4", "rejected", "--because", "Long ago")

    found = ok("report", "overdue", "--format", "json").json
    assert [(row["challenge_no"], row["days"]) for row in found["challenges"]] == [(2, 9), (1, 3)]
    assert "Demands for correction not decided: 2" in ok("report", "overdue").out


def test_the_history_tells_who_disagreed_and_what_was_answered(ok: Run, claim_id: int) -> None:
    object_to(ok, claim_id)
    challenge(ok, claim_id)
    ok("claim", "answer", claim_id, "--because", "It is ours")
    ok("claim", "challenge", claim_id, "rejected", "--because", "They did say it")

    entries = ok("claim", "history", claim_id, "--format", "json").json
    assert [(entry["what"], entry["actor"], entry["because"]) for entry in entries[-4:]] == [
        ("objected", "Omar Haddad", "The log is another bridge's"),
        ("challenged", "Ana Ruiz", "We never said it"),
        ("answered", "Ana Ruiz", "It is ours"),
        ("rejected", "Ana Ruiz", "They did say it"),
    ]
    assert "Press office" in entries[-1]["detail"]


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("object", 9, "--because", "x"), 3, "There is no claim 9"),
        (("answer", 9, "--because", "x"), 3, "There is no claim 9"),
        (("answer", 1, "--because", "x"), 4, "Claim 1 has no objection"),
        (("answer", "1.7", "--because", "x"), 3, "Claim 1 has no objection 7"),
        (("answer", "1-2", "--because", "x"), 2, "is no id"),
        (("object", 1, "--because", " \n"), 5, "reason (--because) is empty"),
        (("object", 1), 2, "--because"),
        (("challenge", 1, "upheld", "--because", "x"), 4, "Claim 1 has no challenge"),
        (("challenge", 9, "upheld", "--because", "x"), 3, "There is no claim 9"),
        (("challenge", 1, "maybe", "--because", "x"), 2, "none of upheld, rejected"),
        (("challenge", 1, "--because", "x", "--due", "2999-01-01"), 2, "Give --from WHO"),
        (("challenge", 1, "--because", "x", "--from", "A"), 2, "Give --due DATE"),
        (("challenge", 1, "upheld", "--because", "x", "--from", "A"), 2, "leave them out"),
        (
            ("challenge", "1.1", "--because", "x", "--from", "A", "--due", "2999-01-01"),
            2,
            "say upheld or rejected",
        ),
        (
            ("challenge", 1, "--because", "x", "--from", " ", "--due", "2999-01-01"),
            5,
            "name (--from) is empty",
        ),
        (("challenge", 1, "--because", "x", "--from", "A", "--due", "2999"), 5, "wants a day"),
        (("challenge", 1, "--because", "x", "--from", "A", "--due", "soon"), 5, "is not a"),
        (
            ("challenge", 1, "--because", "x", "--from", "A", "--due", "yesterday"),
            5,
            "which has passed",
        ),
    ],
)
def test_what_can_not_be_recorded_is_refused_with_a_sentence(
    run: Run, ok: Run, claim_id: int, words: tuple[object, ...], code: int, sentence: str
) -> None:
    outcome = run("claim", *words)

    assert outcome.code == code
    assert sentence in outcome.err
    story = shown(ok, claim_id)
    assert (story["objections"], story["challenges"]) == ([], [])


def test_what_has_no_verdict_can_be_neither_objected_to_nor_challenged(
    run: Run, database_url: str
) -> None:
    with make_engine(database_url).begin() as connection:
        claim_id = records.claim(connection)
    for refused in (object_to(run, claim_id), challenge(run, claim_id)):
        assert refused.code == 4
        assert "is unverified: there is no verdict" in refused.err
        assert f"claimtrack claim note {claim_id}" in refused.err


def test_a_proposed_verdict_is_rejected_and_not_objected_to(run: Run, ok: Run) -> None:
    ok("policy", "second_reviewer", "on")
    ok("claim", "add", "It rained", "--speaker", "Lena Vogt", "--source", "https://example.org/1")
    ok("claim", "mark", 1, "unproven", "--because", "Nobody measured it")

    refused = object_to(run, 1)
    assert refused.code == 4
    assert "Claim 1 is awaiting-approval: there is no verdict to object to." in refused.err
    assert "claimtrack claim reject 1 --because WHY" in refused.err


def test_what_is_seen_can_be_said_with_an_objection(run: Run, ok: Run, claim_id: int) -> None:
    words = ("claim", "object", claim_id, "--because", "No", "--if-version")
    assert "is at version 2 by now, not 1" in run(*words, 1).err
    ok(*words, 2)


def test_a_dispute_over_a_claim_that_was_merged_is_still_answered(
    run: Run, ok: Run, claim_id: int, database_url: str
) -> None:
    with make_engine(database_url).begin() as connection:
        head = records.claim(connection, "The same in other words")
    object_to(ok, claim_id)
    challenge(ok, claim_id, "2001-02-03")
    ok("claim", "merge", head, claim_id, "--because", "The same")

    assert object_to(run, claim_id).code == challenge(run, claim_id).code == 4
    totals = ok("report", "summary", "--format", "json").json["totals"]
    assert (totals["disputed"], totals["challenges_open"]) == (0, 1)
    (late,) = ok("report", "overdue", "--format", "json").json["challenges"]
    assert late["id"] == claim_id
    ok("claim", "answer", claim_id, "--because", "It is ours")
    ok("claim", "challenge", claim_id, "rejected", "--because", "They did say it")


def test_an_empty_database_has_nothing_to_dispute(run: Run) -> None:
    assert object_to(run, 1).code == challenge(run, 1).code == 3
    assert run("claim", "list", "--disputed").err == "No claim is like that.\n"
    assert "There is no correction" in run("report", "corrections").err


def test_what_is_closed_is_not_closed_again(ok: Run, run: Run, claim_id: int) -> None:
    object_to(ok, claim_id)
    challenge(ok, claim_id)
    ok("claim", "answer", claim_id, "--because", "It is ours")
    ok("claim", "challenge", claim_id, "rejected", "--because", "They did say it")

    for again in (
        run("claim", "answer", claim_id, "--because", "No, really"),
        run("claim", "answer", f"{claim_id}.1", "--because", "No, really"),
    ):
        assert again.code == 4
        assert "Objection 1.1 was answered already by Ana Ruiz" in again.err
        assert "It is ours" in again.err
    upheld = run("claim", "challenge", f"{claim_id}.1", "upheld", "--because", "Oh")
    assert upheld.code == 4
    assert "Challenge 1.1 was rejected already by Ana Ruiz" in upheld.err
    assert shown(ok, claim_id)["challenges"][0]["outcome"] == "rejected"
