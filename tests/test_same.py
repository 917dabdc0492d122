"""Claims that are the same: one stands for both, nothing moves, and it can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests import records

if TYPE_CHECKING:
    from tests.conftest import Outcome, Run

CLOSED = "The north bridge was closed for the whole of May"
NO_TRAFFIC = "Nothing crossed the north bridge in May"
SHUT = "In May the bridge in the north was shut"
LOG = "https://archive.example/log"


@pytest.fixture(autouse=True)
def three(database_url: str) -> None:
    """Claims 1 and 2 of two newspapers and speakers, and claim 3 of a third."""
    with make_engine(database_url).begin() as connection:
        records.claim(connection, CLOSED, url="https://one.example/a")
        records.claim(connection, NO_TRAFFIC, speaker="Omar Said", url="https://two.example/b")
        records.claim(connection, SHUT, url="https://three.example/c")


def merge(run: Run, *numbers: object, because: str = "The same words turned round") -> Outcome:
    return run("claim", "merge", *numbers, "--because", because)


def shown(ok: Run, number: int) -> Any:
    return ok("claim", "show", number, "--format", "json").json


def listed(ok: Run, *options: str) -> list[int]:
    return [row["id"] for row in ok("claim", "list", *options, "--format", "json").json]


def rows_of(database_url: str, sql: str) -> list[tuple[Any, ...]]:
    with make_engine(database_url).connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


# --- The head shows and counts both --------------------------------------------------------------


def test_the_head_shows_the_appearances_and_evidence_of_both(ok: Run) -> None:
    ok("evidence", "add", 1, LOG, "--refutes")
    ok("evidence", "add", 2, "https://radio.example/talk", "--supports")

    merge(ok, 1, 2)

    head = shown(ok, 1)
    assert [one["id"] for one in head["appearances"]] == ["1.1", "2.1"]
    assert [(one["id"], one["claim_id"]) for one in head["evidence"]] == [(1, 1), (2, 2)]
    assert (head["merged"], head["merged_into"], head["reach"]) == ([2], None, 2)
    told = ok("claim", "show", 1).out
    assert "Claim 2 (unverified): Nothing crossed the north bridge in May" in told
    assert "Merged by Ana Ruiz on" in told
    assert "2.1  Omar Said, of claim 2" in told
    assert "Evidence 2 of claim 2, by" in told
    assert [row["id"] for row in ok("evidence", "list", 1, "--format", "json").json] == [1, 2]


def test_a_merged_claim_says_whose_it_is_and_still_shows_its_own(ok: Run) -> None:
    merge(ok, 1, 2, because="Both quote the same notice")

    other = shown(ok, 2)
    assert (other["merged_into"], other["merged_because"]) == (1, "Both quote the same notice")
    assert [one["id"] for one in other["appearances"]] == ["2.1"]
    assert other["reach"] == 1
    told = ok("claim", "show", 2).out
    assert "The same as claim 1 (unverified): The north bridge was closed" in told
    assert "Merged by Ana Ruiz on" in told
    assert "Both quote the same notice" in told


def test_no_row_moves(ok: Run, database_url: str) -> None:
    ok("evidence", "add", 2, LOG, "--refutes")
    belongs = (
        "SELECT 'appearance', claim_id, no FROM appearance"
        " UNION ALL SELECT 'evidence', claim_id, id FROM evidence ORDER BY 1, 2, 3"
    )
    before = rows_of(database_url, belongs)

    merge(ok, 1, 2)

    assert rows_of(database_url, belongs) == before
    assert rows_of(
        database_url,
        "SELECT merged_into_id, merged_by, merged_because FROM claim WHERE id = 2",
    ) == [(1, "Ana Ruiz", "The same words turned round")]


def test_several_are_merged_in_one_go_or_none(run: Run, ok: Run, database_url: str) -> None:
    assert merge(run, 1, "2-4").code == 3
    assert listed(ok) == [3, 2, 1]

    merge(ok, 1, "2,3")

    assert shown(ok, 1)["merged"] == [2, 3]
    assert shown(ok, 1)["reach"] == 3
    assert listed(ok) == [1]


def test_a_merged_claim_counts_once_at_its_head_in_lists_and_reports(ok: Run) -> None:
    merge(ok, 1, 2)

    assert listed(ok) == [3, 1]
    assert listed(ok, "--speaker", "Omar Said") == [1]
    assert listed(ok, "--source", "https://two.example/b") == [1]
    assert listed(ok, "--text", "nothing crossed") == [1]
    report = ok("report", "unverified", "--format", "json").json
    assert [(row["id"], row["reach"], row["appearances"]) for row in report["rows"]] == [
        (1, 2, 2),
        (3, 1, 1),
    ]
    assert report["totals"]["open"] == 2
    by_source = ok("report", "unverified", "--by", "source", "--format", "json").json
    assert [row["open"] for row in by_source["rows"]] == [1, 1, 1]
    assert ok("report", "summary", "--format", "json").json["totals"]["claims"] == 2
    speaker = ok("speaker", "show", "Omar Said", "--format", "json").json
    assert (speaker["claims"], speaker["appearances"][0]["id"]) == (1, "2.1")
    assert speaker["appearances"][0]["claim_id"] == 1
    assert ok("source", "show", 2, "--format", "json").json["claims"] == 1


def test_one_speaker_of_both_has_said_one_claim(ok: Run) -> None:
    merge(ok, 1, 3)

    assert ok("speaker", "show", "Lena Vogt", "--format", "json").json["claims"] == 1


def test_as_of_a_day_they_count_once_too(ok: Run, database_url: str) -> None:
    merge(ok, 1, 2)
    ((today,),) = rows_of(database_url, "SELECT now()::date")

    then = ok("report", "unverified", "--as-of", str(today), "--format", "json").json
    assert [(row["id"], row["reach"], row["appearances"]) for row in then["rows"]] == [
        (1, 2, 2),
        (3, 1, 1),
    ]


# --- What a merged claim takes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (
            ("claim", "mark", 2, "in-review", "--because", "Asked", "--if-version", 1),
            "claimtrack claim mark 1 in-review --because Asked",
        ),
        (("claim", "assign", 2, "Noor Haddad"), "claimtrack claim assign 1 'Noor Haddad'"),
        (("claim", "note", 2, "They will ring back"), "claimtrack claim note 1 'They will ring"),
        (("claim", "edit", 2, "--priority", "high"), "claimtrack claim edit 1 --priority high"),
        (
            ("evidence", "add", 2, LOG, "--refutes"),
            f"claimtrack evidence add 1 {LOG} --refutes",
        ),
        (
            ("appearance", "add", 2, "--speaker", "Lena Vogt", "--source", 3),
            "claimtrack appearance add 1 --speaker 'Lena Vogt' --source 3",
        ),
        (
            ("claim", "supersede", 2, "5 days", "--figure", "5", "--source", 3, "--speaker", "X Y"),
            "claimtrack claim supersede 1 '5 days' --figure 5",
        ),
        (
            ("claim", "object", 2, "--because", "The log is of June"),
            "claimtrack claim object 1 --because 'The log is of June'",
        ),
        (("claim", "mark", "2-3", "in-review", "--because", "x"), "claimtrack claim show 1"),
    ],
)
def test_what_is_asked_of_a_merged_claim_is_for_its_head(
    run: Run, ok: Run, database_url: str, words: tuple[object, ...], instead: str
) -> None:
    merge(ok, 1, 2)
    events = rows_of(database_url, "SELECT count(*) FROM event")

    outcome = run(*words)

    assert outcome.code == 4
    assert "Claim 2 is the same as claim 1" in outcome.err
    assert outcome.err.splitlines()[-1].strip().startswith(instead)
    assert "--if-version" not in outcome.err
    assert rows_of(database_url, "SELECT count(*) FROM event") == events


def test_the_printed_command_names_no_database(run: Run, ok: Run, database_url: str) -> None:
    merge(ok, 1, 2)

    outcome = run("claim", "note", "2", "seen", "--database-url", database_url)

    assert outcome.err.splitlines()[-1].strip() == "claimtrack claim note 1 seen"


def test_the_same_words_again_lead_to_the_head(run: Run, ok: Run) -> None:
    merge(ok, 1, 2)

    outcome = run("claim", "add", NO_TRAFFIC, "--speaker", "Omar Said", "--source", "3")

    assert outcome.code == 4
    assert "as claim 2, which is the same as claim 1 (unverified)" in outcome.err
    assert "claimtrack appearance add 1 --speaker 'Omar Said'" in outcome.err


def test_what_appeared_as_a_merged_claim_is_on_record(run: Run, ok: Run) -> None:
    merge(ok, 1, 2)

    outcome = run("appearance", "add", 1, "--speaker", "Omar Said", "--source", 2)

    assert outcome.code == 4
    assert "on record already, as appearance 2.1" in outcome.err


def test_appearances_and_evidence_of_a_merged_claim_can_be_put_right(ok: Run) -> None:
    ok("evidence", "add", 2, LOG, "--refutes")
    merge(ok, 1, 2)

    ok("appearance", "attribution", "2.1", "misquoted", "--because", "The tape says may")
    ok("appearance", "withdraw", "2.1", "--because", "It speaks of another bridge")
    ok("evidence", "withdraw", 1, "--because", "A forgery")

    head = shown(ok, 1)
    assert head["reach"] == 1
    assert head["appearances"][1]["withdrawn"]["because"] == "It speaks of another bridge"
    assert head["evidence"][0]["withdrawn"]["because"] == "A forgery"


# --- Verdicts ------------------------------------------------------------------------------------


def test_a_verdict_on_the_head_rests_on_the_evidence_of_both(ok: Run) -> None:
    ok("evidence", "add", 2, LOG, "--refutes")
    merge(ok, 1, 2)

    ok("claim", "mark", 1, "false", "--because", "The log of the other one shows it")

    assert shown(ok, 1)["reviews"][0]["evidence"] == [1]


def test_where_a_merged_claim_appeared_is_no_witness(run: Run, ok: Run) -> None:
    merge(ok, 1, 2)

    outcome = run(
        *("claim", "mark", 1, "false", "--because", "x", "--refutes", "https://two.example/b")
    )

    assert outcome.code == 5
    assert "source 2 (https://two.example/b) is where the claim appeared" in outcome.err


def test_the_same_evidence_is_not_recorded_twice(ok: Run) -> None:
    ok("evidence", "add", 2, LOG, "--refutes")
    merge(ok, 1, 2)

    ok("claim", "mark", 1, "false", "--because", "The log", "--refutes", LOG)

    assert [one["id"] for one in shown(ok, 1)["evidence"]] == [1]


def test_the_head_keeps_its_verdict_and_that_is_said(ok: Run) -> None:
    ok("claim", "mark", 1, "true", "--because", "Seen", "--supports", "https://radio.example/x")
    ok("claim", "mark", 2, "false", "--because", "Seen too", "--refutes", LOG)
    ok("claim", "mark", 3, "in-review", "--because", "Asked", actor="Noor Haddad")

    told = merge(ok, 1, 2, 3).err

    assert "Claim 2 was found false, and claim 1 is true: that stands for both." in told
    assert "Noor Haddad has claim 3 in review; claim 1 is held by nobody." in told
    assert (shown(ok, 1)["verdict"], shown(ok, 2)["verdict"]) == ("true", "false")
    assert shown(ok, 3)["status"] == "in_review"


def test_a_verdict_that_a_merge_leaves_without_a_witness_is_said(ok: Run) -> None:
    ok("claim", "mark", 1, "false", "--because", "x", "--refutes", "https://two.example/b")

    told = merge(ok, 1, 2).err

    assert "The verdict false on claim 1 rests on evidence 1: where the claims appeared" in told
    assert "claimtrack claim mark 1 in-review" in told


# --- Taking it back ------------------------------------------------------------------------------


def test_an_unmerged_claim_goes_on_from_where_it_stood(ok: Run, database_url: str) -> None:
    ok("claim", "mark", 2, "in-review", "--because", "Asked", actor="Noor Haddad")
    merge(ok, 1, 2)

    told = ok("claim", "unmerge", 2, "--because", "It speaks of the south bridge").err

    assert "Claim 2 stands by itself again, in-review as before." in told
    assert (shown(ok, 1)["merged"], shown(ok, 1)["reach"]) == ([], 1)
    other = shown(ok, 2)
    assert (other["merged_into"], other["assigned_to"]) == (None, "Noor Haddad")
    ok("claim", "mark", 2, "unproven", "--because", "Nobody answered")
    assert listed(ok) == [3, 2, 1]
    assert rows_of(
        database_url, "SELECT because FROM event WHERE before ? 'merged_into_id' ORDER BY id"
    ) == [("The same words turned round",), ("It speaks of the south bridge",)]


def test_a_verdict_that_rested_on_the_parted_claims_evidence_is_flagged(ok: Run) -> None:
    ok("evidence", "add", 2, LOG, "--refutes")
    merge(ok, 1, 2)
    ok("claim", "mark", 1, "false", "--because", "The log")

    told = ok("claim", "unmerge", 2, "--because", "Another bridge").err

    assert "The verdict false on claim 1 rested on its evidence 1 and is flagged now." in told
    assert shown(ok, 1)["evidence_withdrawn"] is True
    assert "is another claim's since: 1. Look at it again." in ok("claim", "show", 1).out
    late = ok("report", "overdue", "--format", "json").json["evidence_withdrawn"]
    assert [(row["id"], row["withdrawn_evidence"], row["days"]) for row in late] == [(1, [1], 0)]
    summary = ok("report", "summary", "--format", "json").json
    assert summary["totals"]["evidence_withdrawn"] == 1


def test_both_histories_tell_the_merge_and_its_end(ok: Run) -> None:
    merge(ok, 1, 2)
    ok("claim", "unmerge", 2, "--because", "Another bridge")

    def told(number: int) -> list[tuple[str, str, str]]:
        entries = ok("claim", "history", number, "--format", "json").json
        return [(one["what"], one["detail"], one["because"]) for one in entries][2:]

    why = "The same words turned round"
    assert told(1) == [
        ("merged", "claim 2 into this one", why),
        ("unmerged", "claim 2 from this one", "Another bridge"),
    ]
    assert told(2) == [
        ("merged", "into claim 1", why),
        ("unmerged", "from claim 1", "Another bridge"),
    ]
    assert told(3) == []


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "told", "instead"),
    [
        ((1, 1), 2, "Claim 1 is the same as itself", None),
        ((1, 9), 3, "There is no claim 9.", "claimtrack claim list"),
        ((1, 2), 4, "Claim 2 is merged into claim 1 already: Ana Ruiz", "claimtrack claim show 1"),
        ((3, 2), 4, "Claim 2 is merged into claim 1.", "claimtrack claim unmerge 2 --because WHY"),
        ((2, 3), 4, "itself merged into claim 1", "claimtrack claim merge 1 3 --because Why"),
        ((2, 1), 4, "itself merged into claim 1", "claimtrack claim show 2"),
        ((3, 1), 4, "has others merged into it (2)", "claimtrack claim unmerge 2 --because WHY"),
    ],
)
def test_merges_make_no_chain(
    run: Run, ok: Run, words: tuple[int, ...], code: int, told: str, instead: str | None
) -> None:
    merge(ok, 1, 2)

    outcome = merge(run, *words, because="Why")

    assert outcome.code == code
    assert told in outcome.err
    if instead is not None:
        assert outcome.err.splitlines()[-1].strip() == instead


def test_a_newer_figure_is_not_the_same_as_the_older_one(run: Run, ok: Run) -> None:
    ok("claim", "supersede", 1, "12 days", "--figure", "12", "--speaker", "A B", "--source", 3)

    outcome = merge(run, 1, 4)

    assert outcome.code == 4
    assert "Claim 4 takes the figure of claim 1 further" in outcome.err


def test_a_newer_figure_of_a_merged_claim_is_the_heads(ok: Run) -> None:
    ok("claim", "supersede", 2, "12 days", "--figure", "12", "--speaker", "A B", "--source", 3)
    merge(ok, 1, 2)
    merge(ok, 3, 4)

    assert shown(ok, 1)["superseded_by"] == 3
    assert shown(ok, 3)["supersedes"] == 1


def test_only_a_merged_claim_is_unmerged(run: Run, ok: Run) -> None:
    merge(ok, 1, 2)

    head = run("claim", "unmerge", 1, "--because", "x")
    assert head.code == 4
    assert "Merged into it: 2." in head.err
    assert head.err.splitlines()[-1].strip() == "claimtrack claim unmerge 2 --because WHY"
    assert run("claim", "unmerge", 3, "--because", "x").code == 4
    assert run("claim", "unmerge", 9, "--because", "x").code == 3
    assert run("claim", "unmerge", 2, "--because", " ").code == 5
