"""The other reports: summary, period, overdue, corrections, figures."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from claimtrack.cli.app import App
from claimtrack.db import make_engine
from claimtrack.models.claims import claim, figure
from tests import records
from tests.conftest import ACTOR, Run

DAY = dt.timedelta(days=1)
NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.date()
HOSTILE = "=1+1 | \x1b[31mred\x1b[0m <b>&</b> \u202eright to left"
REPORTS: tuple[tuple[str, ...], ...] = (
    ("summary",),
    ("period", "--since", "2024-03"),
    ("overdue",),
    ("corrections",),
    ("figures",),
)


@pytest.fixture
def committed(database_url: str) -> Iterator[Connection]:
    """A connection whose records the command line will see after `commit`."""
    with make_engine(database_url).connect() as connection:
        yield connection


def report(run: Run, *args: object) -> Any:
    return run("report", *args, "--format", "json").json


def at(day: str, hour: int = 12) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), dt.UTC)


@pytest.fixture
def march(committed: Connection) -> dict[str, int]:
    """A desk's March 2024, from Friday 1 to Sunday 10."""
    made = {
        name: records.claim(committed, f"The {name} one", recorded_at=at(day), recorded_by=who)
        for name, day, who in (
            ("early", "2024-02-29", "Béla Tóth"),
            ("true", "2024-03-01", ACTOR),
            ("corrected", "2024-03-04", ACTOR),
            ("reopened", "2024-03-05", "Béla Tóth"),
            ("aside", "2024-03-10", ACTOR),
        )
    }
    pieces = {
        name: records.evidence(committed, made[name], stance=stance)
        for name, stance in (("true", "supports"), ("corrected", "refutes"))
    }

    def mark(name: str, day: str, status: str, *pieces: int, **columns: Any) -> None:
        columns = {"recorded_at": at(day), "recorded_by": "Béla Tóth", **columns}
        records.review(committed, made[name], status, *pieces, **columns)

    mark("true", "2024-03-02", "checked", pieces["true"], verdict="true")
    mark("corrected", "2024-03-05", "checked", pieces["corrected"], verdict="false")
    mark(
        "corrected",
        "2024-03-08",
        "checked",
        pieces["corrected"],
        verdict="mixed",
        change="correction",
        because="We had misread the log",
        recorded_by=ACTOR,
    )
    mark("reopened", "2024-03-05", "checked", verdict="unproven")
    mark("reopened", "2024-03-09", "in_review", recorded_by=ACTOR)
    mark("aside", "2024-03-10", "set_aside", reason="not_checkable")
    committed.commit()
    return made


# --- Period --------------------------------------------------------------------------------------


def test_a_period_tells_what_was_done_in_it(march: dict[str, int], ok: Run) -> None:
    found = report(ok, "period", "--since", "2024-03-01", "--until", "2024-03-10")
    assert (found["report"], found["since"], found["until"]) == (
        "period",
        "2024-03-01",
        "2024-03-10",
    )
    assert found["totals"] == {
        "recorded": 4,
        "concluded": 3,
        "changed": 1,
        "reopened": 1,
        "set_aside": 1,
        "proposed": 0,
        "rejected": 0,
        "raised": 0,
        "settled": 0,
    }
    assert [row["id"] for row in found["recorded"]] == [
        march[name] for name in ("true", "corrected", "reopened", "aside")
    ]
    concluded = {row["id"]: row for row in found["concluded"]}
    assert concluded[march["true"]]["verdict"] == "true"
    assert concluded[march["true"]]["by"] == "Béla Tóth"
    assert concluded[march["true"]]["evidence_count"] == 1
    assert concluded[march["true"]]["evidence"][0]["stance"] == "supports"
    (changed,) = found["changed"]
    assert (changed["from_verdict"], changed["verdict"]) == ("false", "mixed")
    assert (changed["change"], changed["because"]) == ("correction", "We had misread the log")
    (reopened,) = found["reopened"]
    assert (reopened["id"], reopened["from_verdict"], reopened["status"]) == (
        march["reopened"],
        "unproven",
        "in_review",
    )
    (aside,) = found["set_aside"]
    assert (aside["id"], aside["reason"]) == (march["aside"], "not_checkable")
    assert found["load"] == [
        {"person": ACTOR, "recorded": 3, "concluded": 0, "approved": 0, "holding": 1},
        {"person": "Béla Tóth", "recorded": 1, "concluded": 3, "approved": 0, "holding": 0},
    ]
    assert len(found["rows"]) == 4 + 3 + 1 + 1 + 1 + 2
    assert {row["section"] for row in found["rows"]} == {
        "recorded",
        "concluded",
        "changed",
        "reopened",
        "set_aside",
        "load",
    }


def test_a_period_begins_and_ends_with_its_days(march: dict[str, int], ok: Run) -> None:
    one_day = report(ok, "period", "--since", "2024-03-05", "--until", "2024-03-05")
    assert one_day["totals"] == {
        "recorded": 1,
        "concluded": 2,
        "changed": 0,
        "reopened": 0,
        "set_aside": 0,
        "proposed": 0,
        "rejected": 0,
        "raised": 0,
        "settled": 0,
    }
    month = report(ok, "period", "--since", "2024-02", "--until", "2024-02")
    assert (month["since"], month["until"]) == ("2024-02-01", "2024-02-29")
    assert month["totals"]["recorded"] == 1


def test_days_are_those_of_the_desk(march: dict[str, int], ok: Run) -> None:
    there = {"CLAIMTRACK_REPORT_TIMEZONE": "Pacific/Kiritimati"}  # noon in UTC is 2 a.m. there
    args = ("report", "period", "--since", "2024-03-01", "--until", "2024-03-01")
    found = ok(*args, "--format", "json", env=there).json
    assert [row["id"] for row in found["recorded"]] == [march["early"]]


def test_last_week_is_from_monday_to_sunday(committed: Connection, ok: Run) -> None:
    monday = TODAY - dt.timedelta(days=TODAY.weekday() + 7)
    inside = [
        records.claim(committed, f"Day {n}", recorded_at=at(str(monday + n * DAY))) for n in (0, 6)
    ]
    for n in (-1, 7):
        records.claim(committed, f"Day {n}", recorded_at=at(str(monday + n * DAY)))
    committed.commit()
    found = report(ok, "period", "--last-week")
    assert (found["since"], found["until"]) == (str(monday), str(monday + 6 * DAY))
    assert [row["id"] for row in found["recorded"]] == inside


def test_a_terminal_gets_headings(march: dict[str, int], ok: Run) -> None:
    out = ok("report", "period", "--since", "2024-03-01", "--until", "2024-03-10").out
    for heading in (
        "From 2024-03-01 to 2024-03-10",
        "Recorded: 4",
        "Concluded: 3",
        "Verdict changed: 1",
        "Reopened: 1",
        "Set aside: 1",
        "Load: 2",
    ):
        assert heading in out
    assert "not-checkable" in out
    (true,) = (line for line in out.splitlines() if "The true one" in line and "supports" in line)
    assert "Béla Tóth" in true, "who checked it"
    assert "supports: https://archive.example/" in true, "and on what it rests"
    assert "3 more: --limit 0" in ok("report", "period", "--since", "2024-03", "--limit", 1).out


# --- Corrections ---------------------------------------------------------------------------------


def test_the_register_holds_corrections_alone(march: dict[str, int], ok: Run) -> None:
    found = report(ok, "corrections")
    assert found["totals"] == {"corrections": 1, "challenges": 0, "objections": 0}
    (row,) = found["rows"]
    assert row["id"] == march["corrected"]
    assert (row["old_verdict"], row["new_verdict"]) == ("false", "mixed")
    assert (row["because"], row["by"]) == ("We had misread the log", ACTOR)
    assert row["at"].startswith("2024-03-08")
    assert len(report(ok, "corrections", "--since", "2024-03-08")["rows"]) == 1
    assert report(ok, "corrections", "--since", "2024-03-09")["rows"] == []
    assert report(ok, "corrections", "--until", "2024-03-07")["rows"] == []


# --- Overdue -------------------------------------------------------------------------------------


def test_overdue_is_what_has_passed_and_still_stands(committed: Connection, ok: Run) -> None:
    late = records.claim(committed, "Late", due_on=TODAY - 3 * DAY)
    later = records.claim(committed, "Later", due_on=TODAY - 9 * DAY)
    records.claim(committed, "Due today", due_on=TODAY)
    done = records.claim(committed, "Done", due_on=TODAY - 3 * DAY)
    records.review(committed, done, "checked", verdict="unproven")
    again = records.claim(committed, "Check again")
    records.review(committed, again, "checked", verdict="unproven", recheck_on=TODAY - DAY)
    long = records.claim(committed, "Long in review")
    records.review(committed, long, "in_review", recorded_at=NOW - 20 * DAY)
    hours = records.claim(committed, "In review for some hours too long")
    records.review(
        committed, hours, "in_review", recorded_at=NOW - 14 * DAY - dt.timedelta(hours=5)
    )
    short = records.claim(committed, "Not so long")
    records.review(committed, short, "in_review", recorded_at=NOW - 5 * DAY)
    committed.commit()
    found = report(ok, "overdue")
    assert [(row["id"], row["days"]) for row in found["due"]] == [(later, 9), (late, 3)]
    assert [(row["id"], row["days"]) for row in found["recheck"]] == [(again, 1)]
    in_review = [(row["id"], row["days"]) for row in found["in_review"]]
    assert in_review == [(long, 20), (hours, 14)]
    assert found["review_days"] == 14
    assert found["totals"] == {
        "due": 2,
        "recheck": 1,
        "in_review": 2,
        "awaiting_approval": 0,
        "evidence_withdrawn": 0,
        "challenges": 0,
    }
    assert [row["section"] for row in found["rows"]] == ["due"] * 2 + ["recheck"] + [
        "in_review"
    ] * 2
    shorter = report(ok, "overdue", "--days", 4)["in_review"]
    assert [row["id"] for row in shorter] == [long, hours, short]
    assert [row["id"] for row in report(ok, "overdue", "--days", 15)["in_review"]] == [long]
    setting = {"CLAIMTRACK_REVIEW_DAYS": "4"}
    found = ok("report", "overdue", "--format", "json", env=setting).json
    assert len(found["in_review"]) == 3


@pytest.fixture
def undermined(march: dict[str, int], committed: Connection) -> list[int]:
    """The ids of two withdrawn pieces: a verdict rests on the first, on the other no more."""
    ids = committed.scalars(
        text(
            "UPDATE evidence SET withdrawn_at = CAST(:at AS timestamptz), withdrawn_by = 'x',"
            " withdrawn_because = 'forged' WHERE claim_id IN (:true, :corrected) RETURNING id"
        ),
        {"at": NOW - 3 * DAY, "true": march["true"], "corrected": march["corrected"]},
    ).all()
    records.review(
        committed,
        march["corrected"],
        "checked",
        records.evidence(committed, march["corrected"], url="https://archive.example/other"),
        verdict="false",
        change="update",
    )
    committed.commit()
    return sorted(ids)


def test_a_verdict_whose_evidence_was_withdrawn_is_overdue(
    march: dict[str, int], undermined: list[int], ok: Run
) -> None:
    found = report(ok, "overdue")
    assert found["totals"]["evidence_withdrawn"] == 1
    (row,) = found["evidence_withdrawn"]
    assert (row["id"], row["verdict"], row["days"]) == (march["true"], "true", 3)
    assert row["withdrawn_evidence"] == undermined[:1]
    assert row["withdrawn_at"].startswith(str((NOW - 3 * DAY).date()))
    assert row["id"] in [
        row["id"] for row in found["rows"] if row["section"] == "evidence_withdrawn"
    ]
    assert report(ok, "summary")["totals"]["evidence_withdrawn"] == 1
    for fmt in ("table", "markdown"):
        out = ok("report", "overdue", "--format", fmt).out
        assert "Evidence withdrawn since the verdict: 1" in out
        assert str((NOW - 3 * DAY).date()) in out
        assert "The true one" in out
    lines = ok("report", "overdue", "--format", "csv").out.splitlines()
    (sheet,) = (line for line in csv.DictReader(lines) if line["section"] == "evidence_withdrawn")
    assert (sheet["id"], sheet["withdrawn_evidence"]) == (str(march["true"]), str(undermined[0]))


# --- Summary -------------------------------------------------------------------------------------


def test_a_summary_counts_everything_once(march: dict[str, int], ok: Run) -> None:
    found = report(ok, "summary")
    assert found["totals"] == {
        "claims": 5,
        "open": 2,
        "speakers": 1,
        "sources": 2,
        "appearances": 5,
        "evidence_withdrawn": 0,
        "disputed": 0,
        "challenges_open": 0,
    }

    def counted(section: str) -> dict[str, int]:
        return {row["name"]: row["claims"] for row in found[section] if row["claims"]}

    assert counted("status") == {"unverified": 1, "in_review": 1, "checked": 2, "set_aside": 1}
    assert counted("verdict") == {"true": 1, "mixed": 1}
    assert counted("kind") == {"fact": 5}
    assert counted("priority") == {"normal": 5}
    assert found["holder"] == [
        {"name": ACTOR, "claims": 1, "unverified": 0, "in_review": 1, "awaiting_approval": 0}
    ]
    assert [row["id"] for row in found["latest"]] == [
        march[name] for name in ("aside", "reopened", "corrected", "reopened", "corrected", "true")
    ]
    out = ok("report", "summary").out
    assert "5 claims, 2 of them open" in out
    assert "in-review" in out


def test_a_summary_flags_verdicts_whose_evidence_was_withdrawn(
    march: dict[str, int], committed: Connection, ok: Run
) -> None:
    committed.execute(
        text(
            "UPDATE evidence SET withdrawn_at = now(), withdrawn_by = 'x',"
            " withdrawn_because = 'forged' WHERE claim_id = :id"
        ),
        {"id": march["true"]},
    )
    committed.commit()
    assert report(ok, "summary")["totals"]["evidence_withdrawn"] == 1
    assert "Verdicts whose evidence was withdrawn since: 1" in ok("report", "summary").out


# --- Figures -------------------------------------------------------------------------------------


def record_figure(connection: Connection, statement: str, low: int, **columns: Any) -> int:
    appeared: dict[str, Any] = {
        name: columns.pop(name) for name in ("said_on", "url") if name in columns
    }
    if "said_on" in appeared:
        appeared["said_precision"] = "day"
    supersedes_id = columns.pop("supersedes_id", None)
    made = records.claim(
        connection, statement, url=None, kind="figure", supersedes_id=supersedes_id
    )
    records.appearance(connection, made, **appeared)
    if "on_date" in columns:
        columns.setdefault("on_precision", "day")
    if "since_date" in columns:
        columns.setdefault("since_precision", "day")
    columns = {"comparator": "=", "counted": "displaced", "place": "Idlib", **columns}
    connection.execute(insert(figure).values(claim_id=made, low=low, **columns))
    return made


def test_figures_come_in_time_order(committed: Connection, ok: Run) -> None:
    records.source(
        committed,
        "https://example.org/dated",
        published_on="2020-02-20",
        published_precision="day",
    )
    undated = record_figure(committed, "No day", 5)
    published = record_figure(committed, "Published", 4, url="https://example.org/dated")
    said = record_figure(committed, "Said", 3, said_on="2020-02-10")
    own = record_figure(
        committed,
        "Own day",
        2,
        on_date="2020-02-15",
        said_on="2020-02-25",
        supersedes_id=said,
    )
    month = record_figure(
        committed, "A month", 1, on_date="2020-02-01", on_precision="month", unit="people"
    )
    committed.commit()
    found = report(ok, "figures")
    assert [row["id"] for row in found["rows"]] == [month, said, own, published, undated]
    assert [row["dated"] for row in found["rows"]] == [
        "2020-02",
        "2020-02-10",
        "2020-02-15",
        "2020-02-20",
        None,
    ]
    assert found["rows"][1]["superseded_by"] == own
    assert found["rows"][0]["unit"] == "people"
    assert found["totals"] == {"figures": 5, "contradicted": 0}


def test_figures_that_contradict_each_other_say_so(committed: Connection, ok: Run) -> None:
    day = "2020-02-25"
    more = record_figure(committed, "More", 900_000, comparator=">", on_date=day)
    fewer = record_figure(
        committed, "Fewer", 700_000, counted="Displaced", place="idlíb", on_date=day
    )
    agrees = record_figure(committed, "Agrees", 950_000, on_date=day)
    record_figure(committed, "Other day", 1, on_date="2020-02-26")
    record_figure(committed, "Other place", 1, place="Hama", on_date=day)
    record_figure(committed, "Other thing", 1, counted="killed", on_date=day)
    record_figure(committed, "Other unit", 1, unit="percent", on_date=day)
    aside = record_figure(committed, "An error", 2, on_date=day)
    committed.execute(text("UPDATE figure SET unit = 'people' WHERE unit IS NULL"))
    records.review(committed, aside, "set_aside", reason="error")
    committed.commit()
    found = {row["id"]: row["contradicts"] for row in report(ok, "figures")["rows"]}
    assert {number: others for number, others in found.items() if others} == {
        more: [fewer],
        fewer: [more, agrees],
        agrees: [fewer],
    }
    assert report(ok, "figures")["totals"]["contradicted"] == 3
    out = ok("report", "figures").out
    assert "more than 900,000" in out
    assert f"{more}, {agrees}" in out


def test_figures_counted_since_other_days_are_of_other_things(
    committed: Connection, ok: Run
) -> None:
    day = "2020-02-25"
    december = record_figure(committed, "A", 900_000, on_date=day, since_date="2019-12-01")
    record_figure(committed, "B", 5_000_000, on_date=day, since_date="2011-03-15")
    unsaid = record_figure(committed, "C", 900_000, on_date=day)
    committed.commit()
    found = {row["id"]: row["contradicts"] for row in report(ok, "figures")["rows"]}
    assert found[december] == []
    assert len(found[unsaid]) == 1


def test_figures_are_found_by_words(committed: Connection, ok: Run) -> None:
    one = record_figure(committed, "A", 1, counted="Internally displaced people", place="Idlíb")
    two = record_figure(committed, "B", 2, counted="killed", place="Idlib province")
    three = record_figure(committed, "C", 3, counted="displaced", place=None)
    committed.commit()

    def found(*args: str) -> list[int]:
        return [row["id"] for row in report(ok, "figures", *args)["rows"]]

    assert found("--counted", "displaced") == [one, three]
    assert found("--counted", "DISPLAC people") == [one]
    assert found("--where", "idlib") == [one, two]
    assert found("--counted", "kill", "--where", "Idlib") == [two]
    assert found("--counted", "wounded") == []
    assert "There is no such figure." in ok("report", "figures", "--counted", "wounded").err


# --- All of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("words", REPORTS, ids=lambda words: words[0])
def test_an_empty_database_is_said_kindly(ok: Run, words: tuple[str, ...]) -> None:
    found = ok("report", *words)
    assert found.err.strip().endswith(".")
    rows = report(ok, *words)["rows"]
    assert rows == [row for row in rows if row.get("claims") == 0]
    for fmt in ("csv", "jsonl", "markdown"):
        assert ok("report", *words, "--format", fmt).code == 0


def make_one_of_each(connection: Connection) -> None:
    """Hostile text wherever a person can type it, in every report."""
    one = records.claim(
        connection,
        HOSTILE,
        speaker=HOSTILE + " speaker",
        assigned_to=HOSTILE,
        recorded_by=HOSTILE,
        due_on=TODAY - DAY,
        kind="figure",
    )
    connection.execute(
        insert(figure).values(
            claim_id=one, comparator="=", low=1, unit=HOSTILE, counted=HOSTILE, place=HOSTILE
        )
    )
    other = records.claim(connection, HOSTILE + " again")
    piece = records.evidence(connection, other)
    by = {"because": HOSTILE, "recorded_by": HOSTILE}
    records.review(connection, other, "checked", piece, verdict="false", **by)
    records.review(connection, other, "checked", piece, verdict="mixed", change="correction", **by)
    connection.execute(text("UPDATE source SET title = :title"), {"title": HOSTILE})
    connection.commit()


@pytest.mark.parametrize("words", REPORTS, ids=lambda words: words[0])
@pytest.mark.parametrize("fmt", ["table", "json", "jsonl", "csv", "markdown"])
def test_hostile_text_does_no_harm(
    committed: Connection, ok: Run, words: tuple[str, ...], fmt: str
) -> None:
    make_one_of_each(committed)
    out = ok("report", *words, "--format", fmt).out
    assert "1+1" in out
    if fmt == "csv":  # a pipe gets the text as recorded, behind an apostrophe
        assert "'=1+1" in out
        assert ",=1+1" not in out
        return
    assert "\x1b" not in out
    assert "\u202e" not in out
    if fmt == "markdown":
        assert "\\| " in out
        assert "<b>" not in out


@pytest.mark.parametrize("words", REPORTS, ids=lambda words: words[0])
def test_every_format_has_the_same_rows(
    committed: Connection, ok: Run, words: tuple[str, ...]
) -> None:
    make_one_of_each(committed)
    found = report(ok, *words)
    assert found["report"] == words[0]
    rows = found["rows"]
    assert rows
    lines = ok("report", *words, "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.DictReader(io.StringIO(ok("report", *words, "--format", "csv").out)))
    assert [row.get("section") for row in table] == [row.get("section") for row in rows]
    assert [row["id"] for row in table] == [str(row.get("id", "")) for row in rows]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("period",), 2, "Which period?"),
        (("period", "--last-week", "--since", "2024"), 2, "--last-week, or"),
        (("period", "--since", "2024-03-02", "--until", "2024-03-01"), 5, "before it begins"),
        (("period", "--since", "nonsense"), 5, "not a --since date"),
        (("corrections", "--since", "2025", "--until", "2024"), 5, "before it begins"),
        (("overdue", "--days", "-1"), 2, ""),
        (("overdue", "--days", "soon"), 2, ""),
    ],
)
def test_what_cannot_be_asked_is_said(
    run: Run, words: tuple[str, ...], code: int, sentence: str
) -> None:
    outcome = run("report", *words)
    assert (outcome.code, sentence in outcome.err) == (code, True), outcome.err


def test_markdown_has_a_heading_and_a_table_for_each_section(
    march: dict[str, int], ok: Run
) -> None:
    out = ok(
        *("report", "period", "--since", "2024-03-05", "--until", "2024-03-09"),
        *("--format", "markdown"),
    ).out
    headings = [line for line in out.splitlines() if line.startswith("#")]
    assert headings == [
        "## Recorded: 1",
        "## Concluded: 2",
        "## Verdict changed: 1",
        "## Reopened: 1",
        "## Set aside: none",
        "## Objections and challenges: none",
        "## Answered and decided: none",
        "## Load: 2",
    ]
    rules = [line for line in out.splitlines() if line.startswith(("| ---: |", "| --- |"))]
    assert len(rules) == 5, "a table for each section that has rows"
    assert out.index("## Concluded") < out.index("The corrected one") < out.index("## Verdict")
    assert "| in-review |" in out
    assert "\n\n\n" not in out


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "words", [("claim", "list"), ("report", "unverified"), ("report", "figures")]
)
def test_a_narrow_terminal_keeps_ids_numbers_and_dates_whole(
    committed: Connection,
    ok: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    width: int,
) -> None:
    committed.execute(text("ALTER TABLE claim ALTER id RESTART WITH 12345"))
    statement = "A hundred thousand sandbags were filled in a single night"
    made = record_figure(
        committed, statement, 100_000, on_date="2024-05-31", said_on="2024-06-01", comparator=">"
    )
    committed.execute(
        text("UPDATE source SET title = :title"), {"title": "How a town kept its feet dry in June"}
    )
    committed.commit()
    monkeypatch.setattr(App, "width", width)
    out = ok(*words).out
    assert max(map(len, out.splitlines())) <= width
    row = next(line for line in out.splitlines() if str(made) in line)
    if words == ("report", "figures"):
        assert "2024-05-31" in row
        assert "more than 100,000" in row
        assert width < 80 or "displaced" in row
        return
    if words == ("claim", "list"):
        assert "2024-06-01" in row
    if width >= 80:
        assert statement[:27] in row
        assert "unverified" in row


def test_a_claim_without_any_appearance_is_no_obstacle(committed: Connection, ok: Run) -> None:
    made = records.claim(committed, "Nowhere yet", url=None, due_on=TODAY - DAY)
    committed.execute(insert(figure).values(claim_id=made, comparator="=", low=1))
    committed.execute(claim.update().where(claim.c.id == made).values(priority=3))
    committed.commit()
    for words in REPORTS:
        for fmt in ("table", "json", "csv", "markdown"):
            assert ok("report", *words, "--format", fmt).code == 0


def test_another_verdict_after_reopening_is_a_change_and_may_be_a_correction(ok: Run) -> None:
    ok("claim", "add", "It rained", "--speaker", "Ana Ruiz", "--source", "https://example.org/1")
    mark = ("claim", "mark", 1)
    ok(*mark, "true", "--because", "The log", "--supports", "https://example.org/log")
    ok(*mark, "in-review", "--because", "A reader wrote")
    refuted = ("--refutes", "https://example.org/radar")
    ok(*mark, "false", "--because", "The radar", *refuted, "--change", "correction")
    rows = ok("report", "corrections", "--format", "json").json["rows"]
    assert [(row["old_verdict"], row["new_verdict"]) for row in rows] == [("true", "false")]
    changed = ok("report", "period", "--since", "2000-01-01", "--format", "json").json["changed"]
    assert [(move["replaced"], move["verdict"]) for move in changed] == [("true", "false")]


def test_change_goes_with_a_verdict_that_replaces_another(ok: Run, run: Run) -> None:
    ok("claim", "add", "It rained", "--speaker", "Ana Ruiz", "--source", "https://example.org/1")
    first = run("claim", "mark", 1, "unproven", "--because", "x", "--change", "correction")
    assert first.code == 2
    assert "has none yet" in first.err
