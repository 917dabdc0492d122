"""`report unverified`: what to check next, now and as it stood."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text

from claimtrack.db import make_engine
from claimtrack.models.events import event
from claimtrack.services import unverified
from claimtrack.services.unverified import Cursor
from claimtrack.vocab import Kind
from tests import records
from tests.conftest import Run

DAY = dt.timedelta(days=1)
NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.date()
HOSTILE = "=1+1 | \x1b[31mred\x1b[0m <b>&</b> \u202eright to left"

#: Tables whose rows a test may date back.
DATED = ("speaker", "publisher", "source", "claim", "appearance")


@pytest.fixture
def committed(database_url: str) -> Iterator[Connection]:
    """A connection whose records the command line will see after `commit`."""
    with make_engine(database_url).connect() as connection:
        yield connection


def date_back(connection: Connection, days: float) -> None:
    """Let everything that is there have been recorded some days ago, and leave no event of it."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in DATED:
        connection.execute(text(f"UPDATE {table} SET recorded_at = :at"), {"at": NOW - days * DAY})
    connection.commit()


def report(run: Run, *args: object) -> Any:
    return run("report", "unverified", *args, "--format", "json").json


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


def withdraw(connection: Connection, claim_id: int, no: int) -> None:
    connection.execute(
        text(
            "UPDATE appearance SET withdrawn_at = now(), withdrawn_by = 'x',"
            " withdrawn_because = 'misread' WHERE claim_id = :claim AND no = :no"
        ),
        {"claim": claim_id, "no": no},
    )


# --- The order -----------------------------------------------------------------------------------


@pytest.fixture
def ranked(committed: Connection) -> list[int]:
    """Claims in the order in which the report has them; they were recorded in another."""
    places = [  # priority, reach, days ago
        (3, 1, 0),
        (2, 2, 0),
        (2, 1, 9),
        (2, 1, 3),
        (2, 1, 3),
        (1, 3, 0),
        (1, 0, 40),
        (0, 5, 100),
    ]
    made: dict[int, int] = {}
    for at in (7, 3, 0, 5, 2, 4, 1, 6):
        priority, reach, days = places[at]
        made[at] = records.claim(
            committed,
            f"Statement {at}",
            url=None,
            priority=priority,
            recorded_at=NOW - days * DAY,
        )
        for house in range(reach):
            records.appearance(committed, made[at], url=f"https://house{house}.example/a")
    committed.commit()
    return [made[at] for at in range(len(places))]


def test_priority_then_reach_then_age_then_number(ranked: list[int], ok: Run) -> None:
    rows = report(ok)["rows"]
    assert ids(rows) == ranked
    assert [row["reach"] for row in rows] == [1, 2, 1, 1, 1, 3, 0, 5]
    assert [row["age_days"] for row in rows] == [0, 0, 9, 3, 3, 0, 40, 100]
    assert [row["appearances"] for row in rows] == [1, 2, 1, 1, 1, 3, 0, 5]
    assert [row["priority"] for row in rows][::3] == ["urgent", "high", "normal"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_paging_visits_each_row_once(ranked: list[int], ok: Run, size: int) -> None:
    seen: list[int] = []
    after: tuple[object, ...] = ()
    while True:
        page = report(ok, "--limit", size, *after)
        seen += ids(page["rows"])
        if page["next"] is None:
            break
        after = ("--after", page["next"])
    assert seen == ranked


def test_a_page_goes_on_where_a_concluded_claim_was(
    ranked: list[int], committed: Connection, ok: Run
) -> None:
    page = report(ok, "--limit", 3)
    records.review(committed, ranked[2], "checked", verdict="unproven")
    committed.commit()
    assert ids(report(ok, "--after", page["next"])["rows"]) == ranked[3:]


def test_a_table_says_how_to_go_on(ranked: list[int], ok: Run) -> None:
    out = ok("report", "unverified", "--limit", 2).out
    place = report(ok, "--limit", 2)["next"]
    assert f"--after {place} shows the next" in out
    assert "Statement 1" in out
    assert "Statement 2" not in out
    assert "--after" not in ok("report", "unverified").out


def test_a_cursor_reads_what_it_wrote() -> None:
    place = Cursor(2, 3, dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC), 42)
    assert Cursor.parse(str(place)) == place


# --- What is counted -----------------------------------------------------------------------------


def test_checked_and_set_aside_claims_are_not_among_the_rows(
    committed: Connection, ok: Run
) -> None:
    waiting = records.claim(committed, "Waiting")
    looked_at = records.claim(committed, "Looked at")
    checked = records.claim(committed, "Checked")
    aside = records.claim(committed, "Aside")
    records.review(committed, looked_at, "in_review", recorded_by="Béla Tóth")
    records.review(committed, checked, "checked", verdict="unverifiable")
    records.review(committed, aside, "set_aside", reason="duplicate")
    committed.commit()
    found = report(ok)
    assert ids(found["rows"]) == [waiting, looked_at]
    assert [row["status"] for row in found["rows"]] == ["unverified", "in_review"]
    assert found["rows"][1]["assigned_to"] == "Béla Tóth"
    assert found["report"] == "unverified"
    assert found["as_of"] is None
    totals = found["totals"]
    assert (totals["open"], totals["unverified"], totals["in_review"]) == (2, 1, 1)
    assert totals["by_priority"] == {"urgent": 0, "high": 0, "normal": 2, "low": 0}


def test_opinions_predictions_and_promises_are_counted_apart(
    committed: Connection, ok: Run
) -> None:
    made = {kind: records.claim(committed, f"A {kind}", kind=kind) for kind in Kind}
    records.claim(committed, "Another opinion", kind="opinion")
    committed.commit()
    found = report(ok)
    assert ids(found["rows"]) == [made[kind] for kind in (Kind.FACT, Kind.FIGURE, Kind.MEDIA)]
    assert found["totals"]["open"] == 3
    assert found["totals"]["apart"] == {"prediction": 1, "promise": 1, "opinion": 2}
    assert "Counted apart: 1 prediction, 1 promise, 2 opinions" in ok("report", "unverified").out
    asked = report(ok, "--kind", "promise", "--kind", "media")
    assert ids(asked["rows"]) == [made[Kind.PROMISE], made[Kind.MEDIA]]
    assert asked["totals"]["open"] == 2
    assert asked["totals"]["apart"] == {"prediction": 1, "opinion": 2}
    assert ids(report(ok, "--kind", "figure")["rows"]) == [made[Kind.FIGURE]]


def test_ages_fall_into_buckets(committed: Connection, ok: Run) -> None:
    for days in (0, 0.9, 1, 7.9, 8, 30.9, 31, 90.9, 91, 400):
        records.claim(committed, f"{days} days", url=None, recorded_at=NOW - days * DAY)
    committed.commit()
    found = report(ok)
    assert [bucket["claims"] for bucket in found["histogram"]] == [2, 2, 2, 2, 2]
    assert sorted(row["age_days"] for row in found["rows"]) == [0, 0, 1, 7, 8, 30, 31, 90, 91, 400]
    assert "over 90 days" in ok("report", "unverified").out
    markdown = ok("report", "unverified", "--format", "markdown").out
    assert "over 90 days" in markdown.split("```")[1], "bars keep their places in a code block"


def test_the_first_appearance_that_stands_speaks_for_the_claim(
    committed: Connection, ok: Run
) -> None:
    number = records.claim(committed, "Said by two")
    records.appearance(committed, number, speaker="Omar Sali", url="https://other.example/a")
    withdraw(committed, number, 1)
    committed.commit()
    (row,) = report(ok)["rows"]
    assert row["speaker"]["name"] == "Omar Sali"
    assert row["source"]["url"] == "https://other.example/a"
    assert (row["appearances"], row["reach"]) == (1, 1)


# --- Groups --------------------------------------------------------------------------------------


@pytest.fixture
def spoken(committed: Connection) -> None:
    """Omar said two things, one of them twice and with Lena; nobody said the third."""
    both = records.claim(committed, "Both said it", speaker="Omar Sali", priority=2)
    records.appearance(committed, both, speaker="Omar Sali", url="https://other.example/a")
    records.appearance(committed, both, speaker="Lena Vogt")
    one = records.claim(committed, "Omar said it", speaker="O. Sali", topics=["water"])
    records.review(committed, one, "in_review")
    records.claim(committed, "The paper says it", speaker=None, topics=["water", "roads"])
    records.claim(committed, "Nowhere yet", url=None)
    records.claim(committed, "Omar thinks so", speaker="Omar Sali", kind="opinion")
    committed.execute(
        text("UPDATE speaker SET merged_into_id = :head WHERE id = :other"),
        {
            "head": records.speaker(committed, "Omar Sali"),
            "other": records.speaker(committed, "O. Sali"),
        },
    )
    committed.commit()


def test_a_claim_counts_once_under_each_of_its_speakers(spoken: None, ok: Run) -> None:
    found = report(ok, "--by", "speaker")
    groups = {row["group"]: row for row in found["rows"]}
    assert {name: row["open"] for name, row in groups.items()} == {
        "Omar Sali": 2,
        "Lena Vogt": 1,
        "own voice": 1,
        "no appearance": 1,
    }
    omar = groups["Omar Sali"]
    assert (omar["unverified"], omar["in_review"]) == (1, 1)
    assert omar["highest_priority"] == "high"
    assert omar["oldest_days"] == 0
    assert found["rows"][0] == omar
    assert groups["own voice"]["manner"] == "own_voice"
    assert found["totals"]["open"] == 4


def test_groups_by_source_and_topic(spoken: None, ok: Run) -> None:
    sources = report(ok, "--by", "source")["rows"]
    assert {row["source"] and row["source"]["url"]: row["open"] for row in sources} == {
        records.ARTICLE: 3,
        "https://other.example/a": 1,
        None: 1,
    }
    topics = report(ok, "--by", "topic")["rows"]
    assert {row["group"]: row["open"] for row in topics} == {
        "water": 2,
        "roads": 1,
        "no topic": 2,
    }
    assert len(report(ok, "--by", "topic", "--limit", 1)["rows"]) == 1


@pytest.mark.parametrize("fmt", ["table", "jsonl", "csv", "markdown"])
def test_groups_in_every_format(spoken: None, ok: Run, fmt: str) -> None:
    for by in ("speaker", "source", "topic"):
        assert ok("report", "unverified", "--by", by, "--format", fmt).out
    assert "Omar Sali" in ok("report", "unverified", "--by", "speaker", "--format", fmt).out


# --- As of ---------------------------------------------------------------------------------------


def as_of(run: Run, days: int, *args: object) -> Any:
    return report(run, "--as-of", TODAY - days * DAY, *args)


def test_as_of_is_before_and_after_a_mark(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "The bridge was closed")
    date_back(committed, 10)
    records.review(committed, number, "checked", verdict="unproven")
    committed.commit()
    assert as_of(ok, 11)["rows"] == []
    before = as_of(ok, 1)
    assert before["as_of"] == str(TODAY - DAY)
    assert before["totals"]["open"] == 1
    (row,) = before["rows"]
    assert (row["id"], row["status"], row["speaker"]["name"]) == (
        number,
        "unverified",
        records.SPEAKER,
    )
    assert row["age_days"] == 9  # ten days, less what has gone by of today
    assert (row["reach"], row["appearances"]) == (1, 1)
    assert as_of(ok, 0)["rows"] == report(ok)["rows"] == []


def test_as_of_takes_back_edits_holders_and_names(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "The brigde was closed")
    speaker = records.speaker(committed)
    date_back(committed, 10)
    committed.execute(
        text("UPDATE claim SET statement = 'The bridge was closed', priority = 3, topics = '{x}'")
    )
    committed.execute(text("UPDATE speaker SET name = 'Lena Vogt-Ott'"))
    records.review(committed, number, "in_review", recorded_by="Béla Tóth")
    committed.commit()
    (now,) = report(ok)["rows"]
    assert (now["statement"], now["priority"]) == ("The bridge was closed", "urgent")
    assert (now["status"], now["assigned_to"]) == ("in_review", "Béla Tóth")
    (then,) = as_of(ok, 1)["rows"]
    assert (then["statement"], then["priority"]) == ("The brigde was closed", "normal")
    assert (then["status"], then["assigned_to"]) == ("unverified", None)
    assert then["speaker"] == {"id": speaker, "name": records.SPEAKER}
    assert as_of(ok, 1)["totals"]["by_priority"]["normal"] == 1
    (group,) = as_of(ok, 1, "--by", "topic")["rows"]
    assert group["group"] == "no topic"


def test_as_of_a_day_between_two_changes(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "The bridge was closed")
    date_back(committed, 10)
    for days, before, after in ((6, 0, 3), (3, 3, 1)):
        committed.execute(
            insert(event).values(
                table_name="claim",
                row_key=str(number),
                claim_id=number,
                operation="update",
                before={"priority": before},
                after={"priority": after},
                recorded_at=NOW - days * DAY,
            )
        )
    committed.execute(text("SET LOCAL session_replication_role = replica"))
    committed.execute(text("UPDATE claim SET changed_at = :at"), {"at": NOW - 3 * DAY})
    committed.commit()
    stood = [as_of(ok, days)["rows"][0]["priority"] for days in (8, 5, 1)]
    assert stood == ["low", "urgent", "normal"]


def test_as_of_counts_reach_and_appearances_of_then(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "Said here and there")
    other = records.claim(committed, "Another")
    records.appearance(committed, number, speaker="Omar Sali", url="https://other.example/a")
    date_back(committed, 10)
    withdraw(committed, number, 1)
    for house in range(3):
        records.appearance(committed, other, url=f"https://house{house}.example/a")
    committed.execute(
        text("UPDATE source SET publisher_id = :house WHERE url = :url"),
        {"house": records.publisher(committed, "The Post"), "url": "https://other.example/a"},
    )
    committed.commit()
    assert [(row["id"], row["reach"]) for row in report(ok)["rows"]] == [(other, 4), (number, 1)]
    then = as_of(ok, 1)["rows"]
    assert [(row["id"], row["reach"], row["appearances"]) for row in then] == [
        (number, 2, 2),
        (other, 1, 1),
    ]
    assert then[0]["speaker"]["name"] == records.SPEAKER
    assert ids(as_of(ok, 1, "--limit", 1)["rows"]) == [number]
    place = as_of(ok, 1, "--limit", 1)["next"]
    assert ids(as_of(ok, 1, "--after", place)["rows"]) == [other]
    groups = {row["group"]: row["open"] for row in as_of(ok, 1, "--by", "speaker")["rows"]}
    assert groups == {records.SPEAKER: 2, "Omar Sali": 1}


def test_what_was_withdrawn_by_then_did_not_count(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "Said here and there")
    records.appearance(committed, number, speaker="Omar Sali", url="https://other.example/a")
    committed.execute(text("SET LOCAL session_replication_role = replica"))  # long ago: no event
    withdraw(committed, number, 1)
    date_back(committed, 10)
    (then,) = as_of(ok, 1)["rows"]
    assert (then["reach"], then["appearances"]) == (1, 1)
    assert then["speaker"]["name"] == "Omar Sali"
    (group,) = as_of(ok, 1, "--by", "speaker")["rows"]
    assert group["group"] == "Omar Sali"


def test_the_day_ends_where_the_desk_is(committed: Connection, ok: Run) -> None:
    records.claim(committed, "Recorded just after midnight in Kiritimati", url=None)
    moment = dt.datetime.combine(TODAY - 5 * DAY, dt.time(11), dt.UTC)  # 01:00 the day after
    committed.execute(text("SET LOCAL session_replication_role = replica"))
    committed.execute(text("UPDATE claim SET recorded_at = :at"), {"at": moment})
    committed.commit()
    day = ("report", "unverified", "--as-of", TODAY - 5 * DAY, "--format", "json")
    assert len(ok(*day).json["rows"]) == 1
    there = {"CLAIMTRACK_REPORT_TIMEZONE": "Pacific/Kiritimati"}
    assert ok(*day, env=there).json["rows"] == []


# --- Odds and ends -------------------------------------------------------------------------------


def test_an_empty_database_is_said_kindly(ok: Run) -> None:
    found = ok("report", "unverified", "--format", "json")
    assert found.json["rows"] == []
    assert found.json["totals"]["open"] == 0
    assert "Nothing is waiting to be checked." in found.err
    for by in ("speaker", "source", "topic"):
        assert report(ok, "--by", by)["rows"] == []
    assert ok("report", "unverified", "--format", "csv").out.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--as-of", TODAY + 2 * DAY), 5, "not over yet"),
        (("--as-of", "nonsense"), 5, "not a"),
        (("--after", "42"), 5, "no place"),
        (("--after", "1.1.-99999999999999999.1"), 5, "no place"),
        (("--by", "colour"), 2, "none of"),
        (("--by", "topic", "--after", "1.1.1.1"), 2, "not paged"),
        (("--kind", "rumour"), 2, "none of"),
        (("--limit", "x"), 2, ""),
    ],
)
def test_what_cannot_be_asked_is_said(
    run: Run, options: tuple[object, ...], code: int, sentence: str
) -> None:
    outcome = run("report", "unverified", *options)
    assert (outcome.code, sentence in outcome.err) == (code, True), outcome.err


def test_every_format_has_the_same_rows(ranked: list[int], ok: Run) -> None:
    rows = report(ok)["rows"]
    lines = ok("report", "unverified", "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.DictReader(io.StringIO(ok("report", "unverified", "--format", "csv").out)))
    assert [int(row["id"]) for row in table] == ranked
    assert table[0]["source_url"] == "https://house0.example/a"
    for fmt in ("table", "markdown"):
        out = ok("report", "unverified", "--format", fmt).out
        assert out.index("Statement 0") < out.index("Statement 7")
        assert "8 to check: 8 unverified, 0 in review; 1 urgent, 4 high, 2 normal, 1 low" in out


@pytest.mark.parametrize("fmt", ["table", "json", "jsonl", "csv", "markdown"])
def test_hostile_text_does_no_harm(committed: Connection, ok: Run, fmt: str) -> None:
    records.claim(
        committed, HOSTILE, speaker=HOSTILE + " speaker", topics=[HOSTILE], assigned_to=HOSTILE
    )
    committed.commit()
    for options in ((), ("--by", "speaker"), ("--by", "topic")):
        out = ok("report", "unverified", *options, "--format", fmt).out
        if fmt == "csv":  # a pipe gets the text as recorded, behind an apostrophe
            assert "'=1+1" in out
            assert ",=1+1" not in out
            continue
        assert "\x1b" not in out
        assert "\u202e" not in out
        if fmt == "markdown":
            assert "\\| " in out
            assert "<b>" not in out


def test_the_rows_come_from_the_index(connection: Connection) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(
        text(
            "INSERT INTO claim (statement, statement_key, priority, reach, recorded_at)"
            " SELECT 'Statement ' || n, sha256(n::text::bytea), n % 4, n % 7,"
            " now() - n * interval '1 hour' FROM generate_series(1, 20000) AS n"
        )
    )
    connection.execute(text("ANALYZE claim"))
    places = (None, Cursor(2, 3, NOW - 100 * DAY, 2_400))
    for after in places:
        query = unverified.chosen_rows(connection, (), 51, after).compile(connection.engine)
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {query}", query.params).scalars())
        assert "Index Scan using ix_claim_to_check" in plan
        assert "Sort" not in plan
        assert ("Index Cond: (ROW(" in plan) == (after is not None)
