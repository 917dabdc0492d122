"""Batches of a run: what they took in before stands, and they know the rows that it saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claimtrack.services.imports import runs
from tests.conftest import Outcome, Run

Take = Callable[..., Outcome]

#: Two rows of one claim and one source, of which the first is on record and the second is not.
MILL = (
    "statement,source,topics,priority",
    "The mill is shut,https://m.example/1,roads,high",
    "The dam is new,https://m.example/2,,",
    "The mill is shut,https://m.example/1,economy,",
)
#: A number that says two things, of which the second is refused.
NUMBERED = (
    "id,statement,source",
    "1,The light is green,https://a.example/1",
    "1,The light is blue,https://a.example/1",
    "2,The light is out,https://a.example/2",
)


@pytest.fixture
def take(run: Run, tmp_path: Path) -> Take:
    """Take in lines as a CSV file, always of the same name."""

    def take_lines(lines: tuple[str, ...], *options: object) -> Outcome:
        path = tmp_path / "claims.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        known = ["--map", "external_id=id"] if lines[0].startswith("id,") else []
        return run("import", "csv", path, *known, *options, "--format", "json")

    return take_lines


def claims(ok: Run) -> Any:
    return ok("claim", "list", "--format", "json").json


@pytest.mark.parametrize("lines", [MILL, NUMBERED])
@pytest.mark.parametrize("batch", [1, 2])
def test_what_is_taken_in_again_by_batches_stays_as_it_was(
    take: Take, ok: Run, lines: tuple[str, ...], batch: int
) -> None:
    take(lines)
    before = claims(ok)
    for _ in range(2):
        outcome = take(lines, "--batch", batch)
        assert outcome.json["updated"] == 0
        assert claims(ok) == before


@pytest.mark.parametrize("lines", [MILL, NUMBERED])
def test_a_run_that_goes_on_knows_the_rows_before_it_was_broken_off(
    take: Take, ok: Run, lines: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(lines)
    before = claims(ok)
    with monkeypatch.context() as broken:
        broken.setattr(runs, "say_actor", lambda *_: pytest.fail("broken off"))
        with pytest.raises(pytest.fail.Exception, match="broken off"):
            take(lines, "--batch", 1)
    outcome = take(lines, "--batch", 1)

    assert "broken off" not in ok("import", "list").out
    assert (outcome.json["import_id"], outcome.json["updated"]) == (2, 0)
    assert claims(ok) == before


def test_each_batch_is_its_actors_own(take: Take, ok: Run) -> None:
    take(MILL, "--batch", 1)

    assert {one["recorded_by"] for one in claims(ok)} == {"Ana Ruiz"}
    assert "The **dam** is new" in ok("claim", "search", "dam").out
    ok("audit", "verify")
    ok("db", "check")
