"""What people judge of two claims holds until they judge anew, and no verdict spreads by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from claimtrack.db import make_engine
from tests import records

if TYPE_CHECKING:
    from tests.conftest import Desk, Outcome, Run, Start

LOG = "https://archive.example/log"


@pytest.fixture(autouse=True)
def four(database_url: str) -> None:
    """Claims 1 to 4, each of a newspaper of its own."""
    with make_engine(database_url).begin() as connection:
        for number, name in enumerate(("north", "south", "west", "east"), start=1):
            records.claim(
                connection, f"The {name} bridge was closed", url=f"https://p{number}.example/a"
            )


def shown(ok: Run, number: int) -> Any:
    return ok("claim", "show", number, "--format", "json").json


def same(ok: Run, number: int) -> list[int]:
    return [one["id"] for one in shown(ok, number)["same_as"]]


def judged(ok: Run, number: int) -> list[tuple[int, str, str | None, str]]:
    return [
        (one["claim_id"], one["judgement"], one["because"], one["recorded_by"])
        for one in shown(ok, number)["judgements"]
    ]


def entries(ok: Run, number: int) -> list[tuple[str, str, str | None, str]]:
    """The history of a claim, after its beginning."""
    told = ok("claim", "history", number, "--format", "json").json
    return [(one["what"], one["detail"], one["because"], one["actor"]) for one in told][2:]


def next_command(outcome: Outcome) -> str:
    return outcome.err.splitlines()[-1].strip()


# --- Judging -------------------------------------------------------------------------------------


def test_a_judgement_tells_who_when_and_why_at_both_claims(ok: Run) -> None:
    ok("claim", "same", 2, 1, "--because", "One closure", actor="Omar Said")
    ok("claim", "different", 1, 3)
    ok("claim", "unsure", 1, 4, "--because", "No date")

    assert judged(ok, 1) == [
        (2, "same", "One closure", "Omar Said"),
        (3, "different", None, "Ana Ruiz"),
        (4, "unsure", "No date", "Ana Ruiz"),
    ]
    assert judged(ok, 2) == [(1, "same", "One closure", "Omar Said")]
    told = ok("claim", "show", 1).out
    assert "The same as claim 2 (unverified): The south bridge was closed" in told
    assert "By Omar Said on " in told
    assert ": One closure" in told
    assert "Different from claim 3 (unverified)" in told
    assert "Perhaps the same as claim 4 (unverified)" in told
    assert entries(ok, 4) == [("judged", "perhaps the same as claim 1", "No date", "Ana Ruiz")]
    assert entries(ok, 1)[0] == ("judged", "the same as claim 2", "One closure", "Omar Said")


def test_a_later_judgement_replaces_the_one_before_and_both_stay_on_record(
    ok: Run, database_url: str
) -> None:
    ok("claim", "same", 1, 2)
    ok("claim", "different", 2, 1, "--because", "Two bridges", actor="Omar Said")

    assert judged(ok, 1) == [(2, "different", "Two bridges", "Omar Said")]
    assert same(ok, 1) == []
    assert [what[1] for what in entries(ok, 2)] == ["the same as claim 1", "different from claim 1"]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT claim_id, other_id, no, judgement FROM claim_match")
        assert rows.fetchall() == [(1, 2, 1, "same"), (1, 2, 2, "different")]


def test_several_are_judged_in_one_go_or_none(run: Run, ok: Run) -> None:
    assert run("claim", "same", 1, "2-3,9").code == 3
    assert judged(ok, 1) == []

    ok("claim", "same", 1, "2-3")

    assert same(ok, 3) == [1, 2]


def test_same_claims_are_a_group_also_by_way_of_others(ok: Run) -> None:
    ok("claim", "same", 1, 2)
    ok("claim", "same", 3, 2)

    assert [same(ok, number) for number in (1, 2, 3, 4)] == [[2, 3], [1, 3], [1, 2], []]
    assert "By way of others the same as claim 3 (unverified)" in ok("claim", "show", 1).out

    ok("claim", "unsure", 1, 2, "--because", "Read it again")
    assert [same(ok, number) for number in (1, 2, 3)] == [[], [3], [2]]


def test_a_verdict_does_not_spread(ok: Run) -> None:
    ok("claim", "mark", 1, "false", "--because", "The log", "--refutes", LOG)

    told = ok("claim", "same", 1, 2).err

    assert "Claim 1 is false, and that is no verdict on claim 2, which stays unverified." in told
    assert shown(ok, 2)["status"] == "unverified"
    ok("claim", "mark", 2, "in-review", "--because", "Its own log")


def test_unsure_of_two_that_are_the_same_by_way_of_others_says_so(ok: Run) -> None:
    ok("claim", "same", 1, "2,3")
    ok("claim", "same", 2, 3)

    told = ok("claim", "unsure", 1, 2, "--because", "Read it again").err

    assert "Claim 1 is still the same as claim 2, by way of others." in told


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("same", 1, 1), 2, "Claim 1 is the same as itself"),
        (("same", 1, 9), 3, "There is no claim 9."),
        (("same", 1, 2), 4, "was judged the same as claim 2 already: Ana Ruiz on"),
        (("different", 1, 2, "--because", " "), 5, "reason"),
        (("unsure", 1, 2), 2, "--because"),
    ],
)
def test_what_can_not_be_judged(
    run: Run, ok: Run, words: tuple[object, ...], code: int, told: str
) -> None:
    ok("claim", "same", 1, 2)
    outcome = run("claim", *words)
    assert outcome.code == code
    assert told in outcome.err


def test_same_is_refused_where_one_of_the_group_was_judged_different(run: Run, ok: Run) -> None:
    ok("claim", "same", 1, 2)
    ok("claim", "different", 2, 3, "--because", "Another river", actor="Omar Said")

    outcome = run("claim", "same", 1, 3)

    assert outcome.code == 4
    assert "Claim 2 was judged different from claim 3: Omar Said on" in outcome.err
    assert "Another river" in outcome.err
    assert "claim 1 was judged the same as claim 2 (Ana Ruiz, " in outcome.err
    assert next_command(outcome) == "claimtrack claim unsure 2 3 --because WHY"
    ok("claim", "unsure", 2, 3, "--because", "It is the same river")
    ok("claim", "same", 1, 3)


def test_different_is_refused_for_two_that_are_the_same_by_way_of_others(run: Run, ok: Run) -> None:
    ok("claim", "same", 1, 2)
    ok("claim", "same", 2, 3, "--because", "One notice")

    outcome = run("claim", "different", 3, 1)

    assert outcome.code == 4
    assert "claim 2 was judged the same as claim 3 (Ana Ruiz, " in outcome.err
    assert "One notice), and claim 1 was judged the same as claim 2" in outcome.err
    assert next_command(outcome) == "claimtrack claim unsure 1 2 --because WHY"


# --- Merging -------------------------------------------------------------------------------------


def test_a_merge_judges_the_same_and_its_end_different(ok: Run, run: Run) -> None:
    ok("claim", "unsure", 1, 2, "--because", "No date")
    ok("claim", "merge", 1, 2, "--because", "The date was found")

    assert judged(ok, 1) == []  # the merge tells it
    ok("claim", "unmerge", 2, "--because", "Of another year")
    assert judged(ok, 1) == [(2, "different", "Of another year", "Ana Ruiz")]

    outcome = run("claim", "merge", 1, 2, "--because", "The same after all")
    assert outcome.code == 4
    assert "Claim 1 was judged different from claim 2: Ana Ruiz on" in outcome.err
    assert next_command(outcome) == "claimtrack claim same 1 2"
    ok("claim", "same", 1, 2)
    ok("claim", "merge", 1, 2, "--because", "The same after all")


def test_what_was_judged_of_a_merged_claim_counts_for_its_head(run: Run, ok: Run) -> None:
    ok("claim", "same", 2, 3)
    ok("claim", "different", 2, 4, "--because", "Another river")
    ok("claim", "merge", 1, 2, "--because", "One closure")

    assert same(ok, 1) == [3]
    assert judged(ok, 1) == [
        (3, "same", None, "Ana Ruiz"),
        (4, "different", "Another river", "Ana Ruiz"),
    ]
    assert "Claim 2 is the same as claim 3" in ok("claim", "show", 1).out
    refused = run("claim", "same", 3, 4)
    assert "Claim 2 was judged different from claim 4" in refused.err
    assert "claim 2 was judged the same as claim 3" in refused.err


def test_a_merged_claim_is_judged_at_its_head(run: Run, ok: Run) -> None:
    ok("claim", "merge", 1, 2, "--because", "One closure")

    for words, instead in (
        (("same", 2, 3), "claimtrack claim same 1 3"),
        (("unsure", 3, 2, "--because", "x"), "claimtrack claim unsure 3 1 --because WHY"),
        (("different", 1, 2), "claimtrack claim unmerge 2 --because WHY"),
        (("same", 1, 2), "claimtrack claim show 1"),
    ):
        outcome = run("claim", *words)
        assert (outcome.code, next_command(outcome)) == (4, instead)


def test_a_merge_is_not_ended_where_the_two_are_the_same_by_way_of_others(
    run: Run, ok: Run
) -> None:
    ok("claim", "same", 1, 3)
    ok("claim", "same", 2, 3)
    ok("claim", "merge", 1, 2, "--because", "One closure")

    outcome = run("claim", "unmerge", 2, "--because", "Two closures")

    assert outcome.code == 4
    assert next_command(outcome) == "claimtrack claim unsure 2 3 --because WHY"


def test_merged_claims_of_one_group_are_merged_no_further_into_what_is_different(
    run: Run, ok: Run
) -> None:
    ok("claim", "different", 2, 3)
    ok("claim", "merge", 1, 2, "--because", "One closure")

    outcome = run("claim", "merge", 1, 3, "--because", "And one more")

    assert outcome.code == 4
    assert "Claim 2 was judged different from claim 3" in outcome.err
    assert "claim 2 was merged into claim 1 (Ana Ruiz" in outcome.err


# --- Logins, races -------------------------------------------------------------------------------


def test_who_reviews_may_judge(staff: Desk) -> None:
    for role in ("reader", "recorder"):
        refused = staff(role, "claim", "same", 1, 2)
        assert refused.code == 6
        assert "that takes the role reviewer" in refused.err
    assert staff("reviewer", "claim", "same", 1, 2).code == 0
    assert staff("reviewer", "claim", "merge", 1, 2, "--because", "One").code == 0
    assert staff("reviewer", "claim", "unmerge", 2, "--because", "Two").code == 0
    assert staff("reader", "claim", "show", 1).code == 0


def test_of_two_who_judge_at_once_no_contradiction_is_left(
    ok: Run, start_process: Start, database_url: str
) -> None:
    ok("claim", "same", 1, 2)
    running = [
        start_process("claim", *words, actor=name)
        for name, words in (
            ("Ana Ruiz", ("same", 2, 3)),
            ("Omar Said", ("different", 1, 3)),
            ("Béla Tóth", ("merge", 3, 1, "--because", "x")),
        )
    ]
    endings = [(*one.communicate(timeout=60), one.returncode) for one in running]

    assert {code for _, _, code in endings} <= {0, 4}
    assert all("Traceback" not in err for _, err, _ in endings)
    group = {3, *same(ok, 3), *shown(ok, 3)["merged"]}
    different = [
        one["claim_id"] for one in shown(ok, 3)["judgements"] if one["judgement"] != "same"
    ]
    assert not group & set(different)


def test_claims_of_one_group_are_the_same_whatever_is_different_from_both(ok: Run) -> None:
    ok("claim", "same", 1, 2)
    ok("claim", "same", 2, 4)
    ok("claim", "different", 2, 3)

    ok("claim", "same", 1, 4)
    ok("claim", "merge", 1, 2, "--because", "Word for word")
