"""Two lists with the same numbers: kept apart where that can be known, else told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome, Run
from tests.desk import fetch
from tests.workbooks import xlsx

HEADER = ["id", "claim", "source"]
BRIDGE = ["1", "The north bridge was closed for the whole of May", "https://example.org/bridge"]
POWER = ["1", "Three wards of the clinic lost power", "https://example.net/power"]
WORDS = "SELECT origin, statement FROM claim ORDER BY id"

Take = Callable[..., Outcome]


@pytest.fixture
def take(run: Run) -> Take:
    """Take in a list that comes through a pipe, which has no name."""

    def take_rows(
        *rows: list[str], options: tuple[str, ...] = (), header: list[str] = HEADER
    ) -> Outcome:
        lines = "\n".join(",".join(row) for row in [header, *rows])
        return run(
            *("import", "csv", "-", "--map", "external_id=id", *options, "--format", "json"),
            input=f"{lines}\n",
        )

    return take_rows


def test_the_sheets_of_a_workbook_are_lists_of_their_own(
    ok: Run, tmp_path: Path, database_url: str
) -> None:
    book = xlsx(tmp_path / "desk.xlsx", {"2023": [HEADER, BRIDGE], "2024": [HEADER, POWER]})
    command = ("import", "xlsx", book, "--map", "external_id=id", "--format", "json")
    assert ok(*command).json["created"] == 1
    assert ok(*command, "--sheet", "2024").json["created"] == 1
    assert ok(*command, "--sheet", "1").json["unchanged"] == 1
    assert fetch(database_url, WORDS) == [
        ("desk.xlsx", BRIDGE[1]),
        ("desk.xlsx, 2024", POWER[1]),
    ]


def test_the_only_sheet_of_a_workbook_goes_by_the_name_of_its_file(
    ok: Run, tmp_path: Path, database_url: str
) -> None:
    book = xlsx(tmp_path / "desk.xlsx", {"Claims": [HEADER, BRIDGE]})
    ok("import", "xlsx", book, "--map", "external_id=id")
    assert fetch(database_url, WORDS) == [("desk.xlsx", BRIDGE[1])]


@pytest.mark.parametrize("hidden", ["", "Help"])
def test_another_sheet_makes_no_new_rows_of_the_first(
    ok: Run, tmp_path: Path, database_url: str, hidden: str
) -> None:
    command = ("import", "xlsx", tmp_path / "desk.xlsx", "--map", "external_id=id")
    xlsx(tmp_path / "desk.xlsx", {"Claims": [HEADER, BRIDGE]})
    ok(*command)
    sheets = {"Claims": [HEADER, BRIDGE], "2024": [HEADER, POWER]}
    xlsx(tmp_path / "desk.xlsx", {**({hidden: []} if hidden else {}), **sheets}, hidden)
    for options in ((), ("--sheet", "Claims")):
        assert ok(*command, *options, "--format", "json").json["unchanged"] == 1
    ok(*command, "--sheet", "2024")
    assert fetch(database_url, WORDS) == [
        ("desk.xlsx", BRIDGE[1]),
        ("desk.xlsx, 2024", POWER[1]),
    ]


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_row_that_makes_another_claim_of_one_is_told(
    take: Take, database_url: str, options: tuple[str, ...]
) -> None:
    take(BRIDGE)
    done = take(POWER, options=options)
    assert (done.code, done.json["updated"]) == (0, 1)
    assert f"Line 2: claim 1 said “{BRIDGE[1]}”, the row says “{POWER[1]}”." in done.err
    assert "--origin" in done.err
    assert ("claimtrack import undo 2" in done.err) == (not options)
    ((_, now),) = fetch(database_url, WORDS)
    assert now == (BRIDGE if options else POWER)[1]


@pytest.mark.parametrize(
    "row",
    [
        ["1", "The north bridge was closed throughout May", POWER[2]],
        ["1", POWER[1], BRIDGE[2]],
    ],
)
def test_a_row_that_was_reworded_or_stands_in_the_same_source_is_not(
    take: Take, row: list[str]
) -> None:
    take(BRIDGE)
    done = take(row)
    assert (done.json["updated"], "--origin" in done.err) == (1, False)


def test_nothing_of_another_claim_comes_to_one_whose_words_stay(
    take: Take, ok: Run, database_url: str
) -> None:
    take(BRIDGE)
    ok("claim", "mark", 1, "unproven", "--because", "The log is lost")
    done = take([*POWER])
    ((conflict),) = done.json["conflicts"]
    assert conflict["field"] == "statement"
    assert "something else" in conflict["why"]
    assert (done.json["updated"], done.json["unchanged"]) == (0, 1)
    assert fetch(
        database_url, "SELECT url FROM appearance JOIN source ON source_id = source.id"
    ) == [(BRIDGE[2],)]


def test_every_value_that_stays_is_told(take: Take, ok: Run) -> None:
    rows = [[str(n), f"Tank {n} leaks", f"https://quay.example/{n}", "low"] for n in range(12)]
    header = ["id", "claim", "source", "priority"]
    take(*rows, header=header)
    for n in range(12):
        ok("claim", "edit", n + 1, "--priority", "urgent")
    done = take(*([*row[:3], "high"] for row in rows), header=header)
    assert len(done.json["conflicts"]) == 12
    assert done.err.count("the claim priority of claim") == 12
