"""``--as-of DATE`` on the command line: what was on record at the end of that day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest

from tests.conftest import Run

TODAY = dt.datetime.now(dt.UTC).date()
DAY = dt.timedelta(days=1)
ARTICLE = "https://post.example/flood"
SOURCE = ("--source", ARTICLE, "--publisher", "Lake Post")

#: The columns that hold when something happened, by table; they move together.
TIMES = """
    SELECT table_name, string_agg(format('%1$I = %1$I - interval ''1 day''', column_name), ', ')
    FROM information_schema.columns
    JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
        AND data_type = 'timestamp with time zone'
    GROUP BY table_name
"""


def days_pass(url: str, days: int) -> None:
    """Let everything that is on record have happened some days earlier."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        guards = connection.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A'"
        ).fetchall()
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}".encode())
        for table, earlier in connection.execute(TIMES).fetchall():
            moved = earlier.replace("1 day", f"{days} days")
            connection.execute(f"UPDATE {table} SET {moved}".encode())
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}".encode())


@pytest.fixture
def desk(database_url: str, ok: Run) -> str:
    """A week at a desk: recorded 6 days ago, in review 4 days ago, false 2 days ago."""
    ok("claim", "add", "The dam broke in May", "--speaker", "Ana Ruiz", *SOURCE,
        "--figure", "40", "--counted", "houses", "--topic", "water")  # fmt: skip
    ok("claim", "assign", 1, "Béla Tóth", "--due", TODAY + DAY)
    days_pass(database_url, 2)
    ok("claim", "mark", 1, "in-review", "--because", "Asked the mayor", actor="Chen Wei")
    ok("claim", "edit", 1, "--statement", "The dam broke in June", "--figure", "45")
    ok("speaker", "edit", 1, "--name", "Ana Ruiz Vega")
    days_pass(database_url, 2)
    log = "https://archive.example/log"
    ok("claim", "mark", 1, "false", "--because", "It stands", "--refutes", log)
    ok("appearance", "add", 1, "--speaker", "Omar Sali", "--source", "https://other.example/a")
    ok("claim", "add", "The road is open", "--speaker", "Omar Sali", *SOURCE)
    days_pass(database_url, 2)
    ok("evidence", "withdraw", 1, "--because", "A forgery")
    ok("claim", "edit", 2, "--priority", "urgent")
    return database_url


def ago(days: int) -> str:
    return (TODAY - days * DAY).isoformat()


def shown(ok: Run, days: int) -> Any:
    return ok("claim", "show", 1, "--as-of", ago(days), "--format", "json").json


@pytest.mark.usefixtures("desk")
def test_a_claim_is_shown_as_it_stood(ok: Run) -> None:
    first = shown(ok, 5)
    assert first["as_of"] == ago(5)
    assert (first["statement"], first["status"]) == ("The dam broke in May", "unverified")
    assert (first["assigned_to"], first["due_on"]) == ("Béla Tóth", str(TODAY + DAY))
    assert first["figure"]["value"] == 40
    assert first["speaker"]["name"] == "Ana Ruiz"
    assert (first["reviews"], first["evidence"], first["version"]) == ([], [], 2)

    then = shown(ok, 3)
    assert (then["statement"], then["status"]) == ("The dam broke in June", "in_review")
    assert (then["assigned_to"], then["figure"]["value"]) == ("Chen Wei", 45)
    assert then["speaker"]["name"] == "Ana Ruiz Vega"
    assert [review["because"] for review in then["reviews"]] == ["Asked the mayor"]
    assert (then["reach"], len(then["appearances"])) == (1, 1)

    late = shown(ok, 1)
    assert (late["verdict"], late["evidence_withdrawn"]) == ("false", False)
    assert late["evidence"][0]["withdrawn"] is None
    assert (late["reach"], len(late["appearances"])) == (2, 2)

    now = ok("claim", "show", 1, "--format", "json").json
    assert "as_of" not in now
    assert now["evidence_withdrawn"] is True
    assert shown(ok, 0) == {**now, "as_of": ago(0)}


@pytest.mark.usefixtures("desk")
def test_people_are_told_which_day_they_see(ok: Run) -> None:
    out = ok("claim", "show", 1, "--as-of", ago(5)).out
    assert out.startswith(f"As on record at the end of {ago(5)}\n")
    assert "The dam broke in May" in out
    assert "nobody has looked at it yet" in out
    said = ok("claim", "show", 1, "--as-of", "5 days ago")
    assert said.out == out
    assert f"5 days ago is {ago(5)}" in said.err
    for words in (("claim", "list"), ("report", "summary"), ("report", "figures"),
            ("report", "overdue", "--days", 0), ("report", "unverified"),
            ("report", "period", "--since", ago(20))):  # fmt: skip
        assert f"at the end of {ago(3)}" in ok(*words, "--as-of", ago(3)).out
        assert "at the end of" not in ok(*words).out


@pytest.mark.usefixtures("desk")
def test_a_claim_that_came_later_was_not_on_record(run: Run) -> None:
    outcome = run("claim", "show", 2, "--as-of", ago(3))
    assert outcome.code == 3
    assert f"Claim 2 was not on record yet at the end of {ago(3)}" in outcome.err
    assert f"recorded on {ago(2)}" in outcome.err
    assert "There is no claim 9." in run("claim", "show", 9, "--as-of", ago(3)).err


@pytest.mark.usefixtures("desk")
def test_a_list_finds_what_was_like_that_then(ok: Run) -> None:
    def found(days: int, *options: object) -> list[int]:
        rows = ok("claim", "list", *options, "--as-of", ago(days), "--format", "json").json
        assert {row["as_of"] for row in rows} <= {ago(days)}
        return [row["id"] for row in rows]

    assert [found(days) for days in (7, 5, 1)] == [[], [1], [2, 1]]
    assert [found(days, "--status", "in-review") for days in (5, 3, 1)] == [[], [1], []]
    assert [found(days, "--status", "false") for days in (3, 1)] == [[], [1]]
    assert [found(days, "--text", "june") for days in (5, 3)] == [[], [1]]
    assert [found(days, "--assignee", "Chen Wei") for days in (5, 3)] == [[], [1]]
    assert [found(days, "--speaker", "Omar Sali") for days in (1,)] == [[2, 1]]
    assert [found(days, "--marked-since", ago(20)) for days in (5, 3)] == [[], [1]]
    rows = ok("claim", "list", "--as-of", ago(3), "--format", "csv").out.splitlines()
    assert rows[0].endswith(",as_of")
    assert rows[1].endswith(f",{ago(3)}")


@pytest.mark.usefixtures("desk")
def test_every_report_is_of_that_day(ok: Run) -> None:
    def report(days: int, name: str, *options: object) -> Any:
        made = ok("report", name, *options, "--as-of", ago(days), "--format", "json").json
        assert made["as_of"] == ago(days)
        return made

    totals = [report(days, "summary")["totals"]["claims"] for days in (7, 5, 1)]
    assert totals == [0, 1, 2]
    (holder,) = report(3, "summary")["holder"]
    assert (holder["name"], holder["claims"], holder["in_review"]) == ("Chen Wei", 1, 1)
    values = [row["value"] for days in (5, 3) for row in report(days, "figures")["rows"]]
    assert values == ["40", "45"]
    (row,) = report(3, "unverified")["rows"]
    assert (row["status"], row["age_days"]) == ("in_review", 3)
    assert [len(report(days, "corrections")["rows"]) for days in (3, 1)] == [0, 0]
    assert report(1, "summary")["totals"]["evidence_withdrawn"] == 0
    assert report(0, "summary")["totals"]["evidence_withdrawn"] == 1


@pytest.mark.usefixtures("desk")
def test_what_was_late_is_counted_to_the_end_of_that_day(ok: Run, database_url: str) -> None:
    days_pass(database_url, 10)
    ok("claim", "mark", 1, "true", "--change", "correction", "--because", "It broke after all",
        "--supports", "https://archive.example/other")  # fmt: skip

    def late(days: int, *options: object) -> Any:
        return ok("report", "overdue", *options, "--as-of", ago(days), "--format", "json").json

    (row,) = late(13, "--days", 0)["in_review"]
    assert (row["id"], row["days"], row["due_on"]) == (1, 1, str(TODAY + DAY))
    assert late(13, "--days", 0)["on"] == ago(13)
    assert late(12)["in_review"] == late(5)["due"] == []
    (bare,) = late(5)["evidence_withdrawn"]
    assert (bare["id"], bare["days"]) == (1, 5)
    corrected = ("report", "corrections", "--format", "json", "--as-of")
    assert len(ok(*corrected, "today").json["rows"]) == 1
    assert ok(*corrected, ago(1)).json["rows"] == []


@pytest.mark.usefixtures("desk")
def test_a_period_ends_with_the_day_and_tells_what_was_known_then(ok: Run) -> None:
    made = ok("report", "period", "--since", ago(30), "--as-of", ago(3), "--format", "json").json
    assert (made["since"], made["until"], made["as_of"]) == (ago(30), ago(3), ago(3))
    assert [row["statement"] for row in made["recorded"]] == ["The dam broke in June"]
    assert made["concluded"] == []
    monday = dt.date(2024, 3, 25)
    week = ok("report", "period", "--last-week", "--as-of", "2024-04-03", "--format", "json").json
    assert (week["since"], week["until"]) == (str(monday), str(monday + 6 * DAY))


@pytest.mark.usefixtures("desk")
def test_a_month_or_a_year_stands_for_its_last_day(ok: Run) -> None:
    for typed, meant in (("2020-02", "2020-02-29"), ("2020", "2020-12-31")):
        outcome = ok("claim", "list", "--as-of", typed)
        assert f"No claim was on record at the end of {meant}." in outcome.err
    made = ok("report", "summary", "--as-of", "2020", "--format", "json").json
    assert (made["as_of"], made["totals"]["claims"]) == ("2020-12-31", 0)


@pytest.mark.parametrize(
    "words",
    [
        ("claim", "show", 1),
        ("claim", "list"),
        *(("report", name) for name in ("unverified", "summary", "overdue", "corrections")),
        ("report", "figures"),
        ("report", "period", "--last-week"),
    ],
)
def test_what_is_to_come_is_refused_everywhere(run: Run, words: tuple[object, ...]) -> None:
    for typed in ((TODAY + 2 * DAY).isoformat(), str(TODAY.year + 1)):
        outcome = run(*words, "--as-of", typed)
        assert outcome.code == 5
        assert "is not over yet" in outcome.err
    assert run(*words, "--as-of", "the day it rained").code == 5


@pytest.mark.usefixtures("desk")
def test_the_day_ends_where_the_desk_is(ok: Run, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE claim SET recorded_at = '2024-05-05 11:00+00' WHERE id = 2"
        )  # 01:00 the day after, in Kiritimati
    listed = ("claim", "list", "--as-of", "2024-05-05", "--format", "json")
    assert [row["id"] for row in ok(*listed).json] == [2]
    assert ok(*listed, env={"CLAIMTRACK_REPORT_TIMEZONE": "Pacific/Kiritimati"}).json == []
