"""Imports that were undone, and files that come again after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Run
from tests.imported import counts, shown

Take = Callable[..., Outcome]

HEADER = "id,statement,source,speaker,priority"
CAME = "1,The otters came,https://x.example/1,Ann,low"
ARRIVED = "1,The otters arrived,https://x.example/1,Ann,high"


@pytest.fixture
def take(run: Run, tmp_path: Path) -> Take:
    """Take in rows as a CSV file, always of the same name."""

    def take_rows(*rows: str, header: str = HEADER, options: tuple[object, ...] = ()) -> Outcome:
        path = tmp_path / "claims.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        known = ["--map", "external_id=id"] if header.startswith("id,") else []
        return run("import", "csv", path, *known, *options, "--format", "json")

    return take_rows


def undo(ok: Run, import_id: int) -> Any:
    return ok("import", "undo", import_id, "--because", "Wrong", "--format", "json").json


def live(claim: Any) -> list[Any]:
    """The appearances that stand."""
    return [one for one in claim["appearances"] if not one["withdrawn"]]


# --- Rows that change after it -------------------------------------------------------------------


def test_a_row_that_was_brought_back_changed_is_known_by_what_it_says_now(
    take: Take, ok: Run
) -> None:
    take(CAME)
    undo(ok, 1)
    assert counts(take(ARRIVED)) == {"revived": 1}
    assert shown(ok, 1)["statement"] == "The otters arrived"

    assert counts(take(CAME)) == {"updated": 1}
    claim = shown(ok, 1)
    assert (claim["statement"], claim["priority"]) == ("The otters came", "low")
    assert counts(take(CAME)) == {"unchanged": 1}
    assert counts(take(ARRIVED)) == {"updated": 1}
    assert len(live(shown(ok, 1))) == 1


def test_a_row_of_several_imports_changes_after_the_first_was_undone(take: Take, ok: Run) -> None:
    take(CAME)
    take(ARRIVED)
    undo(ok, 1)
    for row in (CAME, ARRIVED, CAME):
        take(row)
        assert shown(ok, 1)["statement"] == row.split(",")[1]
    assert len(live(shown(ok, 1))) == 1
    assert counts(take(CAME)) == {"unchanged": 1}


def test_a_row_that_was_brought_back_can_move_to_another_source(take: Take, ok: Run) -> None:
    take(CAME)
    undo(ok, 1)
    take(CAME)
    moved = CAME.replace("x.example", "y.example")
    assert counts(take(moved)) == {"updated": 1}
    assert [one["source"]["url"] for one in live(shown(ok, 1))] == ["https://y.example/1"]
    assert counts(take(moved)) == {"unchanged": 1}


def test_a_change_that_was_brought_back_and_undone_comes_again(take: Take, ok: Run) -> None:
    take(CAME)
    undo(ok, 1)
    take(ARRIVED)
    undo(ok, 2)
    assert counts(take(ARRIVED)) == {"revived": 1}
    claim = shown(ok, 1)
    assert (claim["statement"], claim["status"]) == ("The otters arrived", "unverified")


def test_two_rows_of_one_claim_come_again_as_they_came(take: Take, ok: Run) -> None:
    echo = CAME.replace("x.example", "y.example")
    take(CAME, echo)
    undo(ok, 1)
    again = take(CAME, echo, options=("--batch", 1))
    assert counts(again) == {"revived": 2}
    assert len(live(shown(ok, 1))) == 2
    assert counts(take(CAME, echo)) == {"unchanged": 2}
    assert counts(take(echo.replace("low", "high"), CAME)) == {"updated": 1, "unchanged": 1}
    assert len(live(shown(ok, 1))) == 2


def test_what_was_left_as_it_was_beside_a_row_is_left_so_when_that_comes_back(
    take: Take, ok: Run
) -> None:
    rows = (CAME[2:], CAME[2:].replace("low", "high"))
    header = HEADER.removeprefix("id,")
    assert counts(take(*rows, header=header)) == {"created": 1, "unchanged": 1}
    undo(ok, 1)
    assert counts(take(*rows, header=header)) == {"revived": 1, "unchanged": 1}
    assert shown(ok, 1)["priority"] == "low"
    assert counts(take(*rows, header=header)) == {"unchanged": 2}


# --- What somebody has worked on -----------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("claim", "note", 1, "Ask the warden"),
        ("claim", "edit", 1, "--priority", "urgent"),
        ("claim", "edit", 1, "--statement", "The two otters came"),
        ("claim", "assign", 1, "Noor"),
        ("claim", "same", 1, 3, "--because", "Both are of the otters"),
        ("claim", "different", 3, 1, "--because", "Other otters"),
        ("claim", "merge", 3, 1, "--because", "Both are of the otters"),
        ("claim", "merge", 1, 3, "--because", "Both are of the otters"),
        ("evidence", "add", 1, "https://log.example/9", "--supports"),
        ("appearance", "add", 1, "--speaker", "Ben", "--source", "https://y.example/1"),
        ("appearance", "edit", "1.1", "--quote", "The otters came", "--because", "Whole"),
        ("appearance", "withdraw", "1.1", "--because", "Another river"),
        ("appearance", "attribution", "1.1", "confirmed", "--because", "It is on tape"),
    ],
)
def test_a_claim_that_somebody_has_worked_on_is_kept(
    take: Take, ok: Run, words: tuple[object, ...]
) -> None:
    take(CAME, "2,The weir is shut,https://x.example/2,Ann,low")
    ok("claim", "add", "Otters came here", "--speaker", "Cleo", "--source", "https://z.example/1")
    ok(*words)
    done = undo(ok, 1)

    assert (done["kept"], done["set_aside"]) == ([1], 1)
    assert shown(ok, 1)["status"] != "set_aside"
    ok("db", "check")


@pytest.mark.parametrize(
    "words",
    [
        ("claim", "object", 1, "--because", "The log is of another year"),
        ("claim", "challenge", 1, "--from", "The warden", "--because", "He was there",
         "--due", "2030-01-01"),
        ("claim", "publish", 1, "--url", "https://us.example/1", "--on", "2024-06-05",
         "--headline", "No otters came"),
    ],
)  # fmt: skip
def test_a_claim_with_a_verdict_from_a_file_is_kept_for_what_somebody_did_with_it(
    take: Take, ok: Run, words: tuple[object, ...]
) -> None:
    row = "1,The otters came,https://x.example/1,Ann,false,https://log.example/1"
    header = "id,statement,source,speaker,verdict,evidence"
    take(row, row.replace("1,The otters", "2,The boars", 1), header=header, options=("--as-ours",))
    ok(*words)

    assert undo(ok, 1)["kept"] == [1]
    assert [shown(ok, number)["verdict"] for number in (1, 2)] == ["false", None]


def test_what_is_derived_or_came_by_other_imports_is_no_work(take: Take, ok: Run) -> None:
    take(CAME)
    take("The otters came,https://y.example/1,Ben", header="statement,source,speaker")
    undo(ok, 2)
    ok("source", "edit", 1, "--publisher", "Harbour Gazette")
    ok("speaker", "add", "Ann Reed")

    done = undo(ok, 1)
    assert (done["kept"], done["set_aside"]) == ([], 1)


def test_a_kept_claim_keeps_what_the_desk_has_edited_when_its_row_comes_again(
    take: Take, ok: Run
) -> None:
    header = HEADER + ",quote"
    row = CAME + ",They came"
    take(row, header=header)
    ok("appearance", "edit", "1.1", "--quote", "The otters came", "--because", "Whole")
    undo(ok, 1)
    assert counts(take(row, header=header)) == {"unchanged": 1}
    done = take(row.replace("low", "high").replace("They came", "All came"), header=header)

    assert [one["field"] for one in done.json["conflicts"]] == ["appearance quote"]
    claim = shown(ok, 1)
    assert claim["priority"] == "high"
    assert [one["quote"] for one in claim["appearances"]] == ["The otters came"]


# --- What is put back ----------------------------------------------------------------------------


def test_values_go_back_past_what_other_undone_imports_wrote(take: Take, ok: Run) -> None:
    low, normal, high = (CAME.replace("low", value) for value in ("low", "normal", "high"))
    for row in (low, normal, high):
        take(row)
    assert undo(ok, 2)["restored"] == 0
    assert shown(ok, 1)["priority"] == "high"
    assert undo(ok, 3)["restored"] == 1
    assert shown(ok, 1)["priority"] == "low"
    assert counts(take(low)) == {"unchanged": 1}


def test_a_value_that_was_put_back_goes_back_further(take: Take, ok: Run) -> None:
    low, normal, high = (CAME.replace("low", value) for value in ("low", "normal", "high"))
    for row in (low, normal, high):
        take(row)
    undo(ok, 3)
    assert shown(ok, 1)["priority"] == "normal"
    take(high)
    undo(ok, 2)
    assert shown(ok, 1)["priority"] == "high"
    undo(ok, 4)
    assert shown(ok, 1)["priority"] == "low"


def test_words_that_the_desk_has_mended_stay_with_their_key(take: Take, ok: Run, run: Run) -> None:
    take(CAME)
    take(CAME.replace("came", "dived"))
    ok("claim", "edit", 1, "--statement", "The OTTERS dived", "--typo", "--because", "Capitals")
    assert undo(ok, 2)["restored"] == 0
    assert shown(ok, 1)["statement"] == "The OTTERS dived"
    again = ("The otters dived", "--speaker", "Ben", "--source", "https://y.example/1")
    assert run("claim", "add", *again).code == 4


# --- What other imports brought, too -------------------------------------------------------------


def test_a_claim_that_a_later_import_has_changed_stays_with_its_links(take: Take, ok: Run) -> None:
    header = HEADER + ",evidence"
    rows = [f"{CAME},https://log.example/1", "2,The weir is shut,https://x.example/2,Ann,low,"]
    take(*rows, header=header)
    take(rows[0].replace("low", "high"), header=header)
    done = undo(ok, 1)

    assert (done["set_aside"], done["withdrawn"], done["shared"]) == (1, 1, [1])
    claim = shown(ok, 1)
    assert (claim["status"], claim["priority"]) == ("unverified", "high")
    assert (len(live(claim)), len(claim["evidence"])) == (1, 1)
    assert counts(take(rows[0].replace("low", "high"), header=header)) == {"unchanged": 1}


def test_it_goes_with_the_last_import_that_brought_it(take: Take, ok: Run) -> None:
    take(CAME)
    take(ARRIVED)
    assert undo(ok, 1)["shared"] == [1]
    done = undo(ok, 2)

    assert (done["set_aside"], done["withdrawn"], done["shared"]) == (1, 1, [])
    claim = shown(ok, 1)
    assert (claim["status"], claim["statement"]) == ("set_aside", "The otters came")
    assert counts(take(ARRIVED)) == {"revived": 1}
    assert shown(ok, 1)["statement"] == "The otters arrived"
    assert len(live(shown(ok, 1))) == 1


def test_what_a_later_import_says_too_is_not_put_back(take: Take, ok: Run) -> None:
    take(CAME)
    take(ARRIVED)
    take(ARRIVED.replace("high", "urgent"))
    undo(ok, 2)
    assert shown(ok, 1)["statement"] == "The otters arrived"
    undo(ok, 3)
    claim = shown(ok, 1)
    assert (claim["statement"], claim["priority"]) == ("The otters came", "low")


def test_of_a_claim_that_another_file_was_added_to_the_own_links_go(take: Take, ok: Run) -> None:
    take(CAME)
    take("The otters came,https://y.example/1,Ben", header="statement,source,speaker")
    done = undo(ok, 1)

    assert (done["set_aside"], done["withdrawn"], done["shared"]) == (0, 1, [1])
    assert [one["source"]["url"] for one in live(shown(ok, 1))] == ["https://y.example/1"]
    assert counts(take(CAME)) == {"revived": 1}
    assert undo(ok, 3)["shared"] == [1]
    assert undo(ok, 2)["set_aside"] == 1


def test_it_is_told_that_rows_that_were_left_as_they_were_may_be_gone(take: Take, ok: Run) -> None:
    take(CAME)
    both = (CAME, "2,The weir is shut,https://x.example/2,Ann,low")
    take(*both)
    done = ok("import", "undo", 1, "--because", "Wrong")
    assert "Later imports (2) left 1 row unchanged" in done.out

    assert counts(take(*both)) == {"revived": 1, "unchanged": 1}
    assert shown(ok, 1)["status"] == "unverified"


def test_what_people_set_aside_stays_so_whatever_reason_they_give(take: Take, ok: Run) -> None:
    take(CAME)
    reason = "Import 1 was undone, but this came by another"
    ok("claim", "mark", 1, "set-aside", "--reason", "out-of-scope", "--because", reason)
    take("The otters came,https://y.example/1,Ben", header="statement,source,speaker")

    assert shown(ok, 1)["status"] == "set_aside"


# --- Numbers, and claims that were merged --------------------------------------------------------


def test_a_claim_of_the_desk_gets_the_number_again_that_undoing_took(take: Take, ok: Run) -> None:
    ok("claim", "add", "The lighthouse burned", "--speaker", "Ben", "--source", "https://b.example")
    row = "77,The lighthouse burned,https://lh.example/1,Ann,low"
    take(row)
    undo(ok, 1)
    assert shown(ok, 1)["external_id"] is None
    assert counts(take(row)) == {"revived": 1}
    assert shown(ok, 1)["external_id"] == "77"
    assert counts(take(row)) == {"unchanged": 1}


def test_a_claim_that_was_merged_brings_no_second_appearance_after_an_undo(
    take: Take, ok: Run
) -> None:
    rows = (CAME, "2,Otters were seen,https://x.example/2,Ann,low")
    take(*rows)
    ok("claim", "merge", 1, 2, "--because", "The same")
    assert undo(ok, 1)["kept"] == [1, 2]
    assert counts(take(*rows)) == {"unchanged": 2}
    take(rows[0], rows[1].replace("Ann", "Ben"))

    assert len(live(shown(ok, 1))) == 2
    assert counts(take(rows[0], rows[1].replace("Ann", "Ben"))) == {"unchanged": 2}
