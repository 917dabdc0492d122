"""Imports that were undone, and files that come again after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Run

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


def counts(outcome: Outcome) -> dict[str, int]:
    """What became of the rows, without what there was none of."""
    names = ("created", "added", "updated", "revived", "unchanged", "refused")
    return {name: outcome.json[name] for name in names if outcome.json[name]}


def shown(ok: Run, claim_id: int) -> Any:
    return ok("claim", "show", claim_id, "--format", "json").json


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
