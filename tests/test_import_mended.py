"""Rows that come again: with more than before, on claims that were merged, after an undoing."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from claimtrack.services.imports import runs
from tests.conftest import Outcome, Run
from tests.desk import fetch
from tests.imported import counts, shown

Take = Callable[..., Outcome]

HEADER = ("id", "claim", "source", "evidence", "review_url", "publisher", "rating")
BRIDGE = ("1", "The north bridge is closed", "https://example.org/bridge", "", "", "", "")
POWER = ("2", "Three wards lost power", "https://example.org/power", "", "", "", "")
OURS = ("claim", "source", "verdict", "evidence")


@pytest.fixture
def take(run: Run, tmp_path: Path) -> Take:
    """Take in rows as a CSV file, always of the same name."""

    def take_rows(
        rows: Sequence[Sequence[str]], *options: object, header: Sequence[str] = HEADER
    ) -> Outcome:
        path = tmp_path / "claims.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return run("import", "csv", path, "--origin", "desk", *options, "--format", "json")

    return take_rows


def undo(ok: Run, outcome: Outcome) -> Any:
    import_id = outcome.json["import_id"]
    return ok("import", "undo", import_id, "--because", "Wrong", "--format", "json").json


def test_a_changed_row_brings_evidence_and_a_fact_check_that_it_had_not_before(
    take: Take, database_url: str
) -> None:
    take([BRIDGE, POWER])
    more = [
        (*BRIDGE[:3], "https://example.net/log", "", "", ""),
        (*POWER[:4], "https://facts.example/power", "Snopes", "False"),
    ]
    assert counts(take(more)) == {"updated": 2}
    assert fetch(database_url, "SELECT claim_id FROM evidence") == [(1,)]
    assert fetch(database_url, "SELECT claim_id, rating FROM assessment") == [(2, "False")]
    assert counts(take(more)) == {"unchanged": 2}
    # From now on the row is that fact-check's, too.
    take([more[0], (*more[1][:6], "True")])
    assert fetch(database_url, "SELECT claim_id, rating FROM assessment") == [(2, "True")]


def test_a_changed_row_brings_the_appearance_that_a_fact_check_had_not_named(
    take: Take, database_url: str
) -> None:
    review = ("https://facts.example/1", "Snopes", "False")
    take([("1", BRIDGE[1], "", "", *review)])
    row = ("1", *BRIDGE[1:4], *review)
    assert counts(take([row])) == {"updated": 1}
    appeared = "SELECT no, url FROM appearance JOIN source ON source.id = source_id"
    assert fetch(database_url, appeared) == [(1, BRIDGE[2])]
    assert counts(take([row])) == {"unchanged": 1}


def test_evidence_that_the_desk_withdrew_stays_so_when_its_row_changes(
    take: Take, ok: Run, database_url: str
) -> None:
    header = (*OURS, "id", "topics")
    row = (*BRIDGE[1:3], "", "https://example.net/log", "1")
    take([(*row, "")], header=header)
    ok("evidence", "withdraw", 1, "--because", "Another bridge")
    assert counts(take([(*row, "roads")], header=header)) == {"updated": 1}
    assert len(fetch(database_url, "SELECT id FROM evidence")) == 1


def test_a_row_that_was_given_a_verdict_since_brings_it_where_nobody_has_reviewed(
    take: Take, ok: Run
) -> None:
    open_row = (*BRIDGE[1:3], "", "https://example.net/log")
    take([open_row, (*POWER[1:3], "", "")], "--as-ours", header=OURS)
    ok("claim", "mark", 2, "unproven", "--because", "The log is lost")
    done = take(
        [
            (*BRIDGE[1:3], "false", "https://example.net/log"),
            (*POWER[1:3], "true", "https://example.net/log"),
        ],
        "--as-ours",
        header=OURS,
    )
    assert counts(done) == {"updated": 2}
    assert [shown(ok, claim_id)["verdict"] for claim_id in (1, 2)] == ["false", "unproven"]


def test_a_verdict_that_an_import_brought_changes_with_its_row_and_back(
    take: Take, ok: Run
) -> None:
    """The page that refuted it supports it now; undone, all is as it was."""
    row, page = BRIDGE[1:3], "https://example.net/log"
    take([(*row, "false", page), (*POWER[1:3], "false", page)], "--as-ours", header=OURS)
    ok("claim", "mark", 2, "mixed", "--because", "One ward had", "--change", "correction")
    again = take([(*row, "true", page), (*POWER[1:3], "true", page)], "--as-ours", header=OURS)
    assert counts(again) == {"updated": 2}
    assert [(one["claim_id"], one["field"], one["why"]) for one in again.json["conflicts"]] == [
        (2, "verdict", "it was reviewed here")
    ]
    latest = shown(ok, 1)["reviews"][-1]
    assert (latest["verdict"], latest["change"]) == ("true", "revision")
    assert [one["stance"] for one in shown(ok, 1)["evidence"]] == ["refutes", "supports"]
    assert shown(ok, 2)["verdict"] == "mixed"

    undo(ok, again)
    assert shown(ok, 1)["verdict"] == "false"
    again = take([(*row, "mixed", page), (*POWER[1:3], "false", page)], "--as-ours", header=OURS)
    assert (shown(ok, 1)["verdict"], shown(ok, 2)["verdict"]) == ("mixed", "mixed")


def test_a_changed_verdict_without_grounds_is_refused_with_its_row(take: Take, ok: Run) -> None:
    row = (*BRIDGE[1:3], "false", "https://example.net/log")
    take([row], "--as-ours", header=OURS)
    # Where the claim was made is no evidence for it.
    done = take([(*BRIDGE[1:3], "true", BRIDGE[2])], "--as-ours", header=OURS)
    assert counts(done) == {"refused": 1}
    assert shown(ok, 1)["verdict"] == "false"


def test_a_verdict_is_not_given_back_where_its_grounds_are_gone(take: Take, ok: Run) -> None:
    row = BRIDGE[1:3]
    take([(*row, "false", "https://example.net/log")], "--as-ours", header=OURS)
    again = take([(*row, "mixed", "https://example.net/new")], "--as-ours", header=OURS)
    ok("evidence", "withdraw", 1, "--because", "Another bridge")
    undo(ok, again)
    assert shown(ok, 1)["status"] == "unverified"


@pytest.mark.parametrize(
    ("order", "verdicts"),
    [
        ((2, 3), ("mixed", "false")),
        ((3, 2), ("true", "false")),
        ((1, 3), ("mixed", "true")),
        ((3, 1, 2), ("true", "true", None)),
        ((1, 2, 3), ("mixed", "mixed", None)),
    ],
)
def test_a_verdict_goes_back_to_the_latest_of_an_import_that_stands(
    take: Take, ok: Run, order: tuple[int, ...], verdicts: tuple[str | None, ...]
) -> None:
    for number, verdict in enumerate(("false", "true", "mixed")):
        page = f"https://example.net/log-{number}"
        take([(*BRIDGE[1:3], verdict, page)], "--as-ours", header=OURS)
    found = []
    for import_id in order:
        ok("import", "undo", import_id, "--because", "Wrong")
        found.append(shown(ok, 1)["verdict"])
    assert tuple(found) == verdicts
    ok("db", "check")


def test_a_verdict_that_rests_on_what_is_undone_does_not_stand_by_the_same_before(
    take: Take, ok: Run
) -> None:
    """The other claim gets its own back, whatever becomes of that one."""
    for number, verdict in enumerate(("false", "true", "false", "mixed")):
        page = f"https://example.net/log-{number}"
        other = (*POWER[1:3], "mixed" if number == 2 else "true", page)
        take([(*BRIDGE[1:3], verdict, page), other], "--as-ours", header=OURS)
    for import_id, verdicts in ((4, ("false", "mixed")), (2, ("false", "mixed")),
                                (3, (None, "true"))):  # fmt: skip
        ok("import", "undo", import_id, "--because", "Wrong")
        assert tuple(shown(ok, claim_id)["verdict"] for claim_id in (1, 2)) == verdicts


def test_a_changed_row_of_a_merged_claim_leaves_the_words_of_its_head(
    take: Take, ok: Run, database_url: str
) -> None:
    review = ("https://facts.example/power", "Snopes")
    take([BRIDGE, (*POWER[:4], *review, "False")])
    ok("claim", "merge", 1, 2, "--because", "The same")
    done = take([BRIDGE, ("2", "Four wards lost power", *POWER[2:4], *review, "True")])
    assert counts(done) == {"unchanged": 1, "updated": 1}
    assert [(one["claim_id"], one["field"], one["why"]) for one in done.json["conflicts"]] == [
        (2, "statement", "it was merged into another")
    ]
    assert fetch(database_url, "SELECT statement FROM claim ORDER BY id") == [
        (BRIDGE[1],),
        (POWER[1],),
    ]
    assert fetch(database_url, "SELECT claim_id, rating FROM assessment") == [(2, "True")]
    row = "SELECT claim_id, appearance_no FROM import_row ORDER BY import_id DESC LIMIT 1"
    assert fetch(database_url, row) == [(2, 1)]


def test_what_an_import_brought_back_goes_again_when_that_import_is_undone(
    take: Take, ok: Run
) -> None:
    undo(ok, take([BRIDGE, POWER]))
    again = take([BRIDGE, POWER])
    assert counts(again) == {"revived": 2}
    assert undo(ok, again) == {
        "import_id": 2,
        "set_aside": 2,
        "withdrawn": 2,
        "restored": 0,
        "kept": [],
        "shared": [],
        "left": [],
    }
    assert shown(ok, 1)["status"] == "set_aside"
    assert counts(take([BRIDGE, POWER])) == {"revived": 2}
    assert shown(ok, 1)["status"] == "unverified"


def test_another_file_brings_back_a_claim_that_was_undone(take: Take, ok: Run) -> None:
    undo(ok, take([BRIDGE]))
    done = take([(BRIDGE[1], "https://example.com/other")], header=("claim", "source"))
    assert counts(done) == {"added": 1}
    claim = shown(ok, 1)
    assert claim["status"] == "unverified"
    live = [one for one in claim["appearances"] if not one["withdrawn"]]
    assert [one["source"]["url"] for one in live] == ["https://example.com/other"]


def test_evidence_alone_comes_back_after_it_was_undone(
    take: Take, ok: Run, database_url: str
) -> None:
    take([BRIDGE[1:3]], header=("claim", "source"))
    row = (*BRIDGE[1:3], "https://example.net/log")
    header = ("claim", "source", "evidence")
    brought = take([row], header=header)
    assert undo(ok, brought)["withdrawn"] == 1
    take([row], header=header)
    live = "SELECT count(*) FROM evidence WHERE withdrawn_at IS NULL"
    assert fetch(database_url, live) == [(1,)]


def test_a_verdict_that_came_to_a_claim_on_record_goes_with_its_evidence(
    take: Take, ok: Run
) -> None:
    ok(
        *("claim", "add", BRIDGE[1], "--manner", "unattributed"),
        *("--source", "https://example.org/bridge"),
    )
    row = (*BRIDGE[1:3], "false", "https://example.net/log")
    undo(ok, take([row], "--as-ours", header=OURS))
    assert shown(ok, 1)["status"] == "unverified"
    take([row], "--as-ours", header=OURS)
    assert shown(ok, 1)["verdict"] == "false"


def test_a_source_takes_what_it_lacks_from_any_row_and_nothing_more_the_second_time(
    take: Take, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PART", 2)
    header = ("claim", "source", "source_title", "agency", "published")
    url = "https://example.org/live"
    rows = [
        ("The bridge is closed", url, "", "", ""),
        ("The bridge is open", url, "Live blog", "", ""),
        ("The bridge is gone", url, "Another title", "Coast Wire", "2024-06-05"),
    ]
    take(rows, header=header)
    found = "SELECT title, agency_id IS NOT NULL, published_on::text FROM source"
    assert fetch(database_url, found) == [("Live blog", True, "2024-06-05")]
    events = fetch(database_url, "SELECT count(*) FROM event WHERE table_name = 'source'")
    take(rows, header=header)
    assert events == fetch(database_url, "SELECT count(*) FROM event WHERE table_name = 'source'")


def test_nothing_is_undone_while_another_import_runs(
    take: Take, run: Run, database_url: str
) -> None:
    take([BRIDGE])
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_advisory_xact_lock(7205759403792794)")
        outcome = run("import", "undo", 1, "--because", "Wrong")
    assert outcome.code == 4
    assert "Another import is running" in outcome.err


def test_a_figure_that_a_file_has_no_more_stays_and_is_told(take: Take, ok: Run) -> None:
    header = ("id", "claim", "source", "figure", "unit", "kind")
    row = ("1", "Forty barges sank", BRIDGE[2])
    take([(*row, "40", "barges", "")], header=header)
    done = take([(*row, "", "", "")], header=header)

    told = [(one["line"], one["field"], one["why"]) for one in done.json["conflicts"]]
    assert told == [(2, "figure", "the file has none any more")]
    claim = shown(ok, 1)
    assert (claim["kind"], claim["figure"] is None) == ("figure", False)
    take([(*row, "", "", "prediction")], header=header)
    assert shown(ok, 1)["kind"] == "prediction"
