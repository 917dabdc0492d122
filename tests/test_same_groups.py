"""Claims that were judged the same: reports show them together and count them once."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests import records
from tests.test_as_of import ago, days_pass

if TYPE_CHECKING:
    from tests.conftest import Run

LOG = "https://archive.example/log"


@pytest.fixture(autouse=True)
def five(database_url: str) -> None:
    """Claims 1 to 5, of a speaker and a newspaper each; 4 is the most urgent."""
    with make_engine(database_url).begin() as connection:
        for number in range(1, 6):
            records.claim(
                connection,
                f"Well {number} ran dry",
                speaker=f"Speaker {number}",
                url=f"https://p{number}.example/a",
                priority=2 if number == 4 else 1,
                topics=["water"],
            )


def report(ok: Run, *words: object) -> Any:
    return ok("report", *words, "--format", "json").json


def to_check(ok: Run, *options: object) -> list[int]:
    return [row["id"] for row in report(ok, "unverified", *options)["rows"]]


# --- What is to be checked -----------------------------------------------------------------------


def test_the_first_to_be_checked_stands_for_all_and_shows_them(ok: Run) -> None:
    ok("claim", "same", 1, "2,4")

    found = report(ok, "unverified")

    assert [(row["id"], [one["id"] for one in row["same_as"]]) for row in found["rows"]] == [
        (4, [1, 2]),
        (3, []),
        (5, []),
    ]
    totals = found["totals"]
    assert (totals["open"], totals["unverified"]) == (3, 3)
    assert (totals["by_priority"]["high"], totals["by_priority"]["normal"]) == (1, 2)
    assert sum(one["claims"] for one in found["histogram"]) == 3
    told = ok("report", "unverified").out
    assert "3 to check" in told
    assert "Well 4 ran dry (the same: 1 unverified, 2 unverified)" in told
    (first, *_) = csv.DictReader(io.StringIO(ok("report", "unverified", "--format", "csv").out))
    assert (first["statement"], first["same_as"]) == (
        "Well 4 ran dry",
        "1 unverified; 2 unverified",
    )


def test_a_verdict_on_one_leaves_the_others_to_be_checked(ok: Run) -> None:
    ok("claim", "same", 1, "2,4")
    ok("claim", "mark", 4, "false", "--because", "x", "--refutes", LOG)

    found = report(ok, "unverified")

    assert [row["id"] for row in found["rows"]] == [1, 3, 5]
    assert found["rows"][0]["same_as"] == [
        {"id": 2, "status": "unverified", "verdict": None},
        {"id": 4, "status": "checked", "verdict": "false"},
    ]
    assert found["totals"]["open"] == 3
    assert "(the same: 2 unverified, 4 false)" in ok("report", "unverified").out


def test_pages_show_each_group_once(ok: Run) -> None:
    ok("claim", "same", 4, 5)
    ok("claim", "same", 1, 3)
    seen = []
    place: list[object] = []
    while True:
        page = report(ok, "unverified", "--limit", 1, *place)
        seen += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        place = ["--after", page["next"]]

    assert seen == to_check(ok) == [4, 1, 2]


def test_what_is_not_asked_for_stands_for_nothing(ok: Run) -> None:
    ok("claim", "edit", 4, "--kind", "prediction")
    ok("claim", "same", 1, 4)

    assert to_check(ok) == [1, 2, 3, 5]
    assert to_check(ok, "--kind", "prediction") == [4]
    assert to_check(ok, "--kind", "prediction", "--kind", "fact") == [4, 2, 3, 5]
    totals = report(ok, "unverified")["totals"]
    assert (totals["open"], totals["apart"]["prediction"]) == (4, 1)
    both = report(ok, "unverified", "--kind", "prediction", "--kind", "fact")["totals"]
    assert both["open"] == 4


def test_a_group_counts_once_for_each_speaker_and_topic(ok: Run, database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        records.appearance(connection, 3, speaker="Speaker 1", url="https://p9.example/a")
    ok("claim", "same", 1, "2,3")

    by_speaker = report(ok, "unverified", "--by", "speaker")["rows"]
    assert {row["group"]: row["open"] for row in by_speaker} == {
        f"Speaker {number}": 1 for number in range(1, 6)
    }
    assert [row["open"] for row in report(ok, "unverified", "--by", "topic")["rows"]] == [3]


def test_a_merged_claim_brings_what_it_is_the_same_as(ok: Run) -> None:
    ok("claim", "same", 2, 3)
    ok("claim", "merge", 1, 2, "--because", "One well")

    found = report(ok, "unverified")

    assert [(row["id"], [one["id"] for one in row["same_as"]]) for row in found["rows"]] == [
        (4, []),
        (1, [3]),
        (5, []),
    ]


def test_as_of_a_day_the_groups_are_those_of_then(ok: Run, database_url: str) -> None:
    ok("claim", "same", 1, 2)
    ok("claim", "same", 2, 3)
    days_pass(database_url, 2)
    ok("claim", "unsure", 1, 2, "--because", "Read again")
    ok("claim", "merge", 4, 3, "--because", "One well")

    then = report(ok, "unverified", "--as-of", ago(1))
    assert [(row["id"], [one["id"] for one in row["same_as"]]) for row in then["rows"]] == [
        (4, []),
        (1, [2, 3]),
        (5, []),
    ]
    assert then["totals"]["open"] == 3
    assert report(ok, "summary", "--as-of", ago(1))["totals"]["claims"] == 3
    assert [one["id"] for one in report(ok, "unverified")["rows"]] == [4, 1, 5]
    shown = ok("claim", "show", 1, "--as-of", ago(1), "--format", "json").json
    assert [one["id"] for one in shown["same_as"]] == [2, 3]
    assert [one["judgement"] for one in shown["judgements"]] == ["same"]


# --- The other reports ---------------------------------------------------------------------------


def test_the_summary_counts_a_group_once(ok: Run) -> None:
    ok("claim", "mark", "1,2", "false", "--because", "x", "--refutes", LOG)
    ok("claim", "mark", 3, "in-review", "--because", "x")
    ok("claim", "object", 1, "--because", "y")
    ok("claim", "object", 2, "--because", "y")
    ok("claim", "same", 1, "2-4")

    def counted(found: Any, section: str) -> dict[str, int]:
        return {row["name"]: row["claims"] for row in found[section] if row["claims"]}

    found = report(ok, "summary")
    assert (found["totals"]["claims"], found["totals"]["open"]) == (2, 2)
    assert found["totals"]["disputed"] == 1
    # The most urgent one that is still to be checked stands for all, as in `report unverified`.
    assert counted(found, "status") == {"unverified": 2}
    assert counted(found, "verdict") == {}
    assert counted(found, "kind") == {"fact": 2}
    assert counted(found, "priority") == {"high": 1, "normal": 1}
    assert found["holder"][0]["claims"] == 1

    ok("claim", "mark", 4, "in-review", "--because", "x")
    assert counted(report(ok, "summary"), "status") == {"unverified": 1, "in_review": 1}
    ok("claim", "mark", "3,4", "set-aside", "--reason", "error", "--because", "x")
    found = report(ok, "summary")
    assert counted(found, "status") == {"unverified": 1, "checked": 1}
    assert counted(found, "verdict") == {"false": 1}


def test_who_holds_two_that_are_the_same_holds_one(ok: Run) -> None:
    ok("claim", "assign", "1-3", "Omar Said")
    ok("claim", "same", 1, 2)

    assert report(ok, "summary")["holder"][0]["claims"] == 2


def test_the_period_counts_a_group_once_and_shows_it_together(ok: Run) -> None:
    for number in (1, 3, 2):
        ok("claim", "mark", number, "false", "--because", "x", "--refutes", f"{LOG}/{number}")
    ok("claim", "same", 1, 2)

    found = report(ok, "period", "--since", ago(1))

    assert [row["id"] for row in found["recorded"]] == [1, 3, 4, 5]
    assert [row["id"] for row in found["concluded"]] == [1, 2, 3]
    assert (found["totals"]["recorded"], found["totals"]["concluded"]) == (4, 2)
    assert found["load"][0]["concluded"] == 3
    told = ok("report", "period", "--since", ago(1)).out
    assert "Concluded: 2" in told
    assert "Well 1 ran dry (the same: 2" in told


def test_what_is_overdue_is_late_once(ok: Run, database_url: str) -> None:
    ok("claim", "assign", "1-2", "Omar Said", "--due", ago(-1))
    with make_engine(database_url).begin() as connection:
        connection.execute(text("UPDATE claim SET due_on = due_on - 9 WHERE due_on IS NOT NULL"))
    ok("claim", "mark", "3,4", "in-review", "--because", "x")
    ok("claim", "same", 1, 2)
    ok("claim", "same", 3, 4)

    assert [row["id"] for row in report(ok, "overdue")["due"]] == [1]


def test_one_figure_of_same_claims_stands_in_one_line(ok: Run) -> None:
    for number, figure in ((1, "40"), (2, "40"), (3, "41")):
        ok("claim", "edit", number, "--figure", figure, "--counted", "wells",
           "--figure-on", "2024-05-01")  # fmt: skip
    ok("claim", "same", 1, "2,3")

    assert [row["id"] for row in report(ok, "figures")["rows"]] == [1, 3]


def test_lists_show_what_is_the_same(ok: Run) -> None:
    ok("claim", "same", 1, 2)

    rows = ok("claim", "list", "--format", "json").json
    assert [[one["id"] for one in row["same_as"]] for row in rows] == [[], [], [], [1], [2]]
    assert "Well 1 ran dry (the same: 2 unverified)" in ok("claim", "list").out
