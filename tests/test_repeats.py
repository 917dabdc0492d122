"""`report repeats`: what was found false, and is said again."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from claimtrack.db import make_engine
from claimtrack.vocab import FOUND_FALSE, Verdict
from tests import records
from tests.test_as_of import ago, days_pass

if TYPE_CHECKING:
    from tests.conftest import Run

ARTICLE = "https://a.example/1"
LOG = "https://archive.example/log"
FOUND = "2024-05-10 12:00+00"


def wells(url: str, *numbers: int, verdict: str = "false", found: str = FOUND) -> None:
    """Claims of 2024-05-01 with a verdict of some later day."""
    with make_engine(url).begin() as connection:
        for number in numbers:
            made = records.claim(
                connection,
                f"Well {number} ran dry",
                url=None,
                recorded_at="2024-05-01 08:00+00",
            )
            appear(connection, made, "2024-05-01", recorded="2024-05-01 08:00+00")
            piece = records.evidence(connection, made, LOG, recorded_at="2024-05-02")
            records.review(connection, made, "checked", piece, verdict=verdict, recorded_at=found)


def appear(
    connection: Any,
    claim_id: int,
    said_on: str | None,
    *,
    recorded: str = "2024-06-01",
    precision: str = "day",
    **columns: Any,
) -> None:
    columns.setdefault("url", f"https://p{claim_id}.example/{said_on}")
    records.appearance(
        connection,
        claim_id,
        said_on=said_on,
        said_precision=precision if said_on else None,
        recorded_at=recorded,
        **columns,
    )


def again(database: str, claim_id: int, said_on: str | None, **columns: Any) -> None:
    with make_engine(database).begin() as connection:
        appear(connection, claim_id, said_on, **columns)


def report(ok: Run, *options: object) -> list[Any]:
    rows: list[Any] = ok("report", "repeats", *options, "--format", "json").json["rows"]
    return rows


# --- What counts ---------------------------------------------------------------------------------


def test_it_tells_who_says_it_again_where_since_when_and_how_often(
    ok: Run, database_url: str
) -> None:
    wells(database_url, 1)
    again(database_url, 1, "2024-05-20", speaker="Omar Said", url="https://two.example/b")
    again(database_url, 1, "2024-05-12", url="https://one.example/c")
    again(database_url, 1, "2024-05-03", url="https://early.example/c")

    (row,) = report(ok)

    assert (row["id"], row["verdict"], row["found_at"][:10]) == (1, "false", "2024-05-10")
    assert (row["times"], row["since"], row["latest"]) == (2, "2024-05-12", "2024-05-20")
    assert row["speakers"] == ["Lena Vogt", "Omar Said"]
    assert row["sources"] == ["https://one.example/c", "https://two.example/b"]
    assert [(one["id"], one["day"], one["dated_by"]) for one in row["appearances"]] == [
        ("1.3", "2024-05-12", "said"),
        ("1.2", "2024-05-20", "said"),
    ]
    told = ok("report", "repeats").out
    assert "Well 1 ran dry" in told
    assert "Omar Said" in told


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ({"said_on": "2024-05-10", "recorded": "2024-05-10 13:00+00"}, True),
        ({"said_on": "2024-05-10", "recorded": "2024-05-10 11:00+00"}, False),
        ({"said_on": "2024-05-01", "precision": "month"}, True),
        ({"said_on": "2024-05-01", "precision": "month", "recorded": "2024-05-05"}, False),
        ({"said_on": "2024-04-01", "precision": "month"}, False),
        ({"said_on": None}, True),
        ({"said_on": None, "recorded": "2024-05-09"}, False),
    ],
)
def test_what_is_after_a_verdict(
    ok: Run, database_url: str, columns: dict[str, Any], counts: bool
) -> None:
    wells(database_url, 1)
    again(database_url, 1, **columns)

    assert bool(report(ok)) is counts


def test_without_a_day_of_its_own_the_day_of_its_source_counts(ok: Run, database_url: str) -> None:
    wells(database_url, 1)
    with make_engine(database_url).begin() as connection:
        for number, day in enumerate(("2024-05-09", "2024-05-30")):
            url = f"https://dated.example/{number}"
            records.source(connection, url, published_on=day, published_precision="day")
            appear(connection, 1, None, url=url)

    ((one,),) = (row["appearances"] for row in report(ok))

    assert (one["day"], one["dated_by"]) == ("2024-05-30", "published")


def test_what_is_said_right_after_the_mark_is_there(ok: Run) -> None:
    ok(
        "claim",
        "add",
        "Well 1 ran dry",
        "--speaker",
        "Lena Vogt",
        "--source",
        "https://a.example/1",
    )
    ok("claim", "mark", 1, "false", "--because", "The log", "--refutes", LOG)
    assert "Nothing that was found false has been said again." in ok("report", "repeats").err

    ok("appearance", "add", 1, "--speaker", "Omar Said", "--source", "https://b.example/2",
       "--said-on", ago(0))  # fmt: skip

    assert [row["speakers"] for row in report(ok)] == [["Omar Said"]]


@pytest.mark.parametrize("verdict", [one for one in Verdict if one != Verdict.TRUE])
def test_found_false_is_what_is_not_so(ok: Run, database_url: str, verdict: Verdict) -> None:
    wells(database_url, 1, verdict=verdict)
    again(database_url, 1, "2024-05-20")

    assert bool(report(ok)) is (verdict in FOUND_FALSE)


def test_a_verdict_counts_from_the_first_that_has_stood(ok: Run, database_url: str) -> None:
    wells(database_url, 1, 2, 3)
    with make_engine(database_url).begin() as connection:
        for number, steps in {
            1: (("misleading", "2024-05-20"),),
            2: (("mixed", "2024-05-15"), ("false", "2024-05-20")),
            3: (("mixed", "2024-05-15"),),
        }.items():
            appear(connection, number, "2024-05-18")
            for verdict, day in steps:
                records.review(
                    connection, number, "checked", number, verdict=verdict, change="revision",
                    recorded_at=day,
                )  # fmt: skip

    assert [(row["id"], row["found_at"][:10]) for row in report(ok)] == [(1, "2024-05-10")]
    ok("claim", "mark", 1, "in-review", "--because", "Look again")
    assert report(ok) == []


def test_what_was_withdrawn_was_not_said(ok: Run, database_url: str) -> None:
    wells(database_url, 1)
    again(database_url, 1, "2024-05-20")
    ok("appearance", "withdraw", "1.2", "--because", "Of another well")

    assert report(ok) == []


# --- Same claims ---------------------------------------------------------------------------------


def test_what_is_the_same_is_said_again_in_one_row(ok: Run, database_url: str) -> None:
    wells(database_url, 1)
    wells(database_url, 2, found="2024-05-05")
    with make_engine(database_url).begin() as connection:
        for number, day in ((3, "2024-05-20"), (4, "2024-05-21"), (5, "2024-05-22")):
            records.claim(connection, f"Nothing came from well {number}", url=None)
            appear(connection, number, day, speaker=f"Speaker {number}")
    ok("claim", "same", 1, "2,3")
    ok("claim", "merge", 3, 4, "--because", "One tweet")

    (row,) = report(ok)

    assert (row["id"], row["found_at"][:10], row["times"]) == (2, "2024-05-05", 2)
    assert row["speakers"] == ["Speaker 3", "Speaker 4"]
    assert [(one["id"], one["verdict"]) for one in row["same_as"]] == [(1, "false"), (3, None)]
    (flat,) = csv.DictReader(io.StringIO(ok("report", "repeats", "--format", "csv").out))
    assert flat["same_as"] == "1 false; 3 unverified"


# --- Options -------------------------------------------------------------------------------------


def test_what_was_found_false_and_merged_stands_for_its_head_until_that_has_a_verdict(
    ok: Run, database_url: str
) -> None:
    wells(database_url, 1)
    ok("claim", "add", "A well is dry", "--speaker", "Ana Ruiz", "--source", ARTICLE, "--new")
    ok("claim", "merge", 2, 1, "--because", "One well")
    (row,) = report(ok)
    assert (row["id"], row["verdict"], row["times"]) == (1, "false", 1)
    assert [one["id"] for one in row["appearances"]] == ["2.1"]
    assert row["same_as"] == [{"id": 2, "status": "unverified", "verdict": None}]

    ok("claim", "mark", 2, "true", "--because", "It is", "--supports", LOG)
    assert report(ok) == []


def test_since_and_until_choose_what_was_said(ok: Run, database_url: str) -> None:
    wells(database_url, 1, 2)
    again(database_url, 1, "2024-05-20")
    again(database_url, 2, "2024-06-20")

    assert [row["id"] for row in report(ok)] == [2, 1]
    assert [row["id"] for row in report(ok, "--since", "2024-06")] == [2]
    assert [row["id"] for row in report(ok, "--until", "2024-05")] == [1]


def test_by_speaker_and_source_it_tells_who_repeats_most(ok: Run, database_url: str) -> None:
    wells(database_url, 1, 2)
    for number, day, name in (
        (1, "2024-05-20", "A"),
        (2, "2024-05-21", "B"),
        (1, "2024-05-22", "B"),
    ):
        again(database_url, number, day, speaker=f"Speaker {name}", url=f"https://{name}.example/1")

    (first, second) = report(ok, "--by", "speaker")

    assert (first["group"], first["times"], first["claims"]) == ("Speaker B", 2, 2)
    assert (first["since"], first["latest"]) == ("2024-05-21", "2024-05-22")
    assert (second["group"], second["appearances"]) == ("Speaker A", ["1.2"])
    assert [row["times"] for row in report(ok, "--by", "source")] == [2, 1]


def test_as_of_a_day_it_tells_what_was_on_record_then(ok: Run, database_url: str) -> None:
    for number in (1, 2):
        ok("claim", "add", f"Well {number} ran dry", "--speaker", "A B", "--source", ARTICLE)
    ok("claim", "mark", 1, "false", "--because", "x", "--refutes", "https://archive.example/2")
    days_pass(database_url, 2)
    ok("claim", "same", 1, 2)
    ok("appearance", "add", 2, "--speaker", "Omar Said", "--source", "https://b.example/2")
    days_pass(database_url, 2)
    ok("claim", "different", 1, 2)

    assert report(ok) == []
    (row,) = report(ok, "--as-of", ago(1))
    assert (row["id"], row["times"], [one["id"] for one in row["same_as"]]) == (1, 1, [2])
    assert report(ok, "--as-of", ago(3)) == []


@pytest.mark.parametrize("finding", ["never-said", "misquoted"])
def test_who_was_found_not_to_have_said_it_does_not_repeat_it(
    ok: Run, database_url: str, finding: str
) -> None:
    wells(database_url, 1)
    again(database_url, 1, "2024-05-20")

    ok("appearance", "attribution", "1.2", finding, "--because", "The account is not theirs")
    assert report(ok) == []

    ok("appearance", "attribution", "1.2", "confirmed", "--because", "It is theirs after all")
    assert [row["id"] for row in report(ok)] == [1]
