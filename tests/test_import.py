"""Taking in a file: what its rows become, what is refused, and what comes the second time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Desk, Outcome, Run
from tests.imported import counts, shown

HEADER = ("Number", "Claim", "Speaker", "Said on", "Source URL", "Publisher", "Published",
          "Topics", "Quote")  # fmt: skip
BRIDGE = ("1", "The north bridge was closed for the whole of May", "Lena Vogt", "2 June 2024",
          "https://example.org/bridge", "Harbour Gazette", "2024-06-02",
          "roads; bridges", "")  # fmt: skip
POWER = ("2", "Three wards of the clinic lost power", "Omar Said", "2024-06-03",
         "https://example.org/power", "Harbour Gazette", "2024-06-04",
         "power", "Three wards")  # fmt: skip
HURT = ("3", "Nobody was hurt", "", "", "https://example.org/power", "Harbour Gazette",
        "2024-06-04", "", "")  # fmt: skip

Take = Callable[..., Outcome]
Rows = Sequence[Sequence[str]]


def changed(row: Sequence[str], **values: str) -> list[str]:
    """A row with other values in some columns, by the names of the header's first words."""
    fresh = list(row)
    for name, value in values.items():
        at = next(n for n, column in enumerate(HEADER) if column.lower().startswith(name))
        fresh[at] = value
    return fresh


@pytest.fixture
def take(run: Run, tmp_path: Path) -> Take:
    """Take in rows as a CSV file, always of the same name."""

    def take_rows(rows: Rows, *options: object, header: Sequence[str] = HEADER) -> Outcome:
        path = tmp_path / "claims.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        # Not every file has all columns.
        known = ["--map", "external_id=Number"] if "Number" in header else []
        return run("import", "csv", path, *known, *options, "--format", "json")

    return take_rows


# --- What a row becomes --------------------------------------------------------------------------


def test_a_row_becomes_a_claim_with_all_that_it_told(take: Take, ok: Run) -> None:
    outcome = take([BRIDGE, POWER, HURT])

    assert (outcome.code, counts(outcome)) == (0, {"created": 3})
    one = shown(ok, 2)
    assert one["statement"] == POWER[1]
    assert one["external_id"] == "2"
    assert one["topics"] == ["power"]
    assert one["speaker"]["name"] == "Omar Said"
    assert one["source"]["url"] == POWER[4]
    assert one["source"]["publisher"] == "Harbour Gazette"
    assert (one["said_on"], one["quote"]) == ("2024-06-03", "Three wards")
    assert one["recorded_by"] == "Ana Ruiz"
    assert shown(ok, 1)["said_on"] == "2024-06-02"
    assert shown(ok, 3)["speaker"] is None


def test_each_row_leaves_its_events_and_the_record_stands(take: Take, ok: Run) -> None:
    take([BRIDGE, POWER, HURT])

    assert "recorded" in ok("claim", "history", 1).out
    ok("audit", "verify")
    ok("db", "check")


def test_publishers_sources_and_speakers_are_recorded_once(take: Take, ok: Run) -> None:
    ok("speaker", "add", "Omar Said")
    take([BRIDGE, POWER, HURT])

    assert len(ok("source", "list", "--format", "json").json) == 2
    speakers = ok("speaker", "list", "--format", "json").json
    assert {one["name"] for one in speakers} == {"Lena Vogt", "Omar Said"}


def test_the_same_statement_again_is_another_appearance(take: Take, ok: Run) -> None:
    header = HEADER[1:]
    again = changed(BRIDGE, source="https://example.net/echo", publisher="Evening Post")[1:]
    outcome = take([BRIDGE[1:], again], header=header)

    assert counts(outcome) == {"created": 1, "added": 1}
    appearances = shown(ok, 1)["appearances"]
    assert [one["source"]["publisher"] for one in appearances] == [
        "Harbour Gazette",
        "Evening Post",
    ]
    assert ok("claim", "list", "--format", "json").json[0]["reach"] == 2


def test_another_number_is_another_claim_whatever_it_says(take: Take) -> None:
    assert counts(take([BRIDGE, changed(BRIDGE, number="9")])) == {"created": 2}


def test_a_number_that_says_two_things_is_refused(take: Take) -> None:
    outcome = take([BRIDGE, changed(POWER, number="1")])

    assert (outcome.code, counts(outcome)) == (5, {"created": 1, "refused": 1})
    assert "Line 3" in outcome.err
    assert "says something else" in outcome.err


def test_a_claim_that_the_desk_recorded_takes_the_number(take: Take, ok: Run) -> None:
    ok("claim", "add", BRIDGE[1], "--speaker", "Lena Vogt", "--source", "https://example.net/1")
    outcome = take([BRIDGE])

    assert counts(outcome) == {"added": 1}
    assert shown(ok, 1)["external_id"] == "1"
    assert len(shown(ok, 1)["appearances"]) == 2


def test_the_date_as_it_was_written_is_kept(take: Take, ok: Run) -> None:
    take([changed(BRIDGE, said="stated on June 2, 2024 in a campaign mailer")])

    one = shown(ok, 1)
    assert one["said_on"] == "2024-06-02"
    assert "in a campaign mailer" in one["appearances"][0]["said_text"]
    assert "in a campaign mailer" in ok("claim", "show", 1).out


def test_a_date_with_two_readings_waits_for_a_word(take: Take, ok: Run) -> None:
    row = changed(BRIDGE, said="03/04/2024")

    refused = take([row])
    assert refused.code == 5
    assert "--dayfirst" in refused.err
    take([row], "--dayfirst")
    assert shown(ok, ok("claim", "list", "--format", "json").json[0]["id"])["said_on"] == (
        "2024-04-03"
    )


# --- Nothing, or all that can be taken -----------------------------------------------------------


def test_what_can_not_be_read_goes_to_a_file_with_line_and_reason(
    take: Take, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    outcome = take([BRIDGE, changed(POWER, source="", publisher=""), HURT], "--rejects", rejects)

    assert (outcome.code, counts(outcome)) == (5, {"created": 2, "refused": 1})
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["line"] == "3"
    assert "no source" in row["reason"]
    assert "Three wards" in row["row"]


def test_a_strict_import_takes_all_or_nothing(take: Take, ok: Run) -> None:
    outcome = take([BRIDGE, changed(POWER, source="", publisher="")], "--strict")

    assert outcome.code == 5
    assert "Line 3" in outcome.err
    assert ok("claim", "list", "--format", "json").json == []
    assert ok("import", "list", "--format", "json").json == []


def test_a_dry_run_tells_and_changes_nothing(take: Take, ok: Run) -> None:
    outcome = take([BRIDGE, POWER], "--dry-run")

    assert counts(outcome) == {"created": 2}
    assert outcome.json["import_id"] is None
    assert ok("claim", "list", "--format", "json").json == []
    assert ok("speaker", "list", "--format", "json").json == []


def test_a_preview_shows_what_would_be_stored(take: Take, ok: Run) -> None:
    outcome = take([(*BRIDGE, "x")], "--preview", header=(*HEADER, "Colour"))

    (row,) = outcome.json["rows"]
    assert (row["statement"], row["said_on"], row["line"]) == (BRIDGE[1], "2024-06-02", 2)
    assert outcome.json["unused"] == ["Colour"]
    assert ok("import", "list", "--format", "json").json == []


def test_the_columns_are_kept_under_a_name(take: Take, run: Run, tmp_path: Path) -> None:
    header = ("No.", "Sentence", "Who", "Where it stood")
    rows = [("1", BRIDGE[1], "Lena Vogt", BRIDGE[4])]
    maps = ("--map", "statement=Sentence", "--map", "speaker=Who", "--map", "source=Where it stood")
    assert take(rows, *maps, "--mapping", "weekly", header=header).code == 0

    again = take([("1", POWER[1], "Omar Said", POWER[4])], "--mapping", "weekly", header=header)
    assert counts(again) == {"created": 1}
    assert take(rows, "--mapping", "monthly", header=header).code == 3


def test_a_value_can_be_set_for_all_rows(take: Take, ok: Run) -> None:
    take([row[:5] for row in (BRIDGE, POWER)], "--set", "agency=Coast Wire", header=HEADER[:5])

    assert shown(ok, 2)["source"]["agency"] == "Coast Wire"


# --- The second time -----------------------------------------------------------------------------


def test_the_second_time_changes_nothing_and_is_on_record(take: Take, ok: Run) -> None:
    take([BRIDGE, POWER, HURT])
    before = ok("claim", "list", "--format", "json").json, len(ok("audit", "log").out)
    outcome = take([BRIDGE, POWER, HURT])

    assert counts(outcome) == {"unchanged": 3}
    assert ok("claim", "list", "--format", "json").json == before[0]
    runs = ok("import", "list", "--format", "json").json
    assert [(one["id"], one["created"], one["unchanged"]) for one in runs] == [(2, 0, 3), (1, 3, 0)]


def test_the_second_time_without_numbers_changes_nothing_either(take: Take) -> None:
    rows = [row[1:] for row in (BRIDGE, POWER, HURT)]
    take(rows, header=HEADER[1:])

    assert counts(take(rows, header=HEADER[1:])) == {"unchanged": 3}


def test_a_changed_row_changes_what_it_brought_and_leaves_an_event(take: Take, ok: Run) -> None:
    take([BRIDGE, POWER])
    fresh = changed(POWER, topics="power, health", quote="All wards", said="2024-06-01")
    outcome = take([BRIDGE, changed(fresh, claim="Four wards of the clinic lost power")])

    assert counts(outcome) == {"updated": 1, "unchanged": 1}
    one = shown(ok, 2)
    assert one["statement"] == "Four wards of the clinic lost power"
    assert (one["topics"], one["quote"], one["said_on"]) == (
        ["power", "health"],
        "All wards",
        "2024-06-01",
    )
    assert len(one["appearances"]) == 1
    assert "power → power, health" in ok("claim", "history", 2).out


def test_what_the_desk_has_edited_stays_and_is_told(take: Take, ok: Run) -> None:
    take([BRIDGE, POWER])
    ok("claim", "edit", 2, "--add-topic", "clinic", "--priority", "high")
    outcome = take([BRIDGE, changed(POWER, topics="health", quote="All wards")])

    assert counts(outcome) == {"updated": 1, "unchanged": 1}
    (conflict,) = outcome.json["conflicts"]
    assert (conflict["line"], conflict["claim_id"], conflict["field"]) == (3, 2, "claim topics")
    one = shown(ok, 2)
    assert (one["topics"], one["quote"], one["priority"]) == (
        ["power", "clinic"],
        "All wards",
        "high",
    )


def test_words_under_a_verdict_stay(take: Take, ok: Run) -> None:
    take([BRIDGE])
    ok("claim", "mark", 1, "false", "--because", "It was open", "--refutes", "https://e.org/log")
    outcome = take([changed(BRIDGE, claim="The south bridge was closed for the whole of May")])

    assert [one["field"] for one in outcome.json["conflicts"]] == ["statement"]
    assert shown(ok, 1)["statement"] == BRIDGE[1]


def test_rows_of_one_number_are_its_appearances(take: Take, ok: Run) -> None:
    echo = changed(BRIDGE, source="https://example.net/echo", publisher="Evening Post")
    assert counts(take([BRIDGE, echo])) == {"created": 1, "added": 1}
    assert counts(take([BRIDGE, echo])) == {"unchanged": 2}

    late = changed(echo, said="2024-06-09")
    assert counts(take([BRIDGE, late])) == {"updated": 1, "unchanged": 1}
    assert [one["said_on"] for one in shown(ok, 1)["appearances"]] == ["2024-06-02", "2024-06-09"]


def test_batches_stay_and_the_same_command_goes_on(take: Take, ok: Run) -> None:
    outcome = take([BRIDGE, POWER, HURT], "--batch", "2")

    assert counts(outcome) == {"created": 3}
    assert ok("import", "show", 1, "--format", "json").json["state"] == "done"


# --- Taking it back ------------------------------------------------------------------------------


def test_undoing_sets_aside_withdraws_and_puts_back(take: Take, ok: Run) -> None:
    ok("claim", "add", HURT[1], "--manner", "own-voice", "--source", "https://example.net/1")
    take([BRIDGE])
    take([changed(BRIDGE, topics="roads"), HURT])
    done = ok("import", "undo", 2, "--because", "The wrong file", "--format", "json").json

    assert (done["set_aside"], done["kept"]) == (0, [])
    assert shown(ok, 2)["topics"] == ["roads", "bridges"]
    assert [one["withdrawn"] is None for one in shown(ok, 1)["appearances"]] == [True, False]
    ok("import", "undo", 1, "--because", "That one too")
    assert shown(ok, 2)["status"] == "set_aside"
    ok("audit", "verify")
    ok("db", "check")


def test_taking_it_in_again_brings_back_exactly_that(take: Take, ok: Run) -> None:
    take([BRIDGE, POWER])
    ok("claim", "mark", 2, "set-aside", "--reason", "out-of-scope", "--because", "Not ours")
    ok("import", "undo", 1, "--because", "The wrong file")
    outcome = take([BRIDGE, POWER])

    assert counts(outcome)["revived"] >= 1
    assert (shown(ok, 1)["status"], shown(ok, 2)["status"]) == ("unverified", "set_aside")
    assert [one["withdrawn"] is None for one in shown(ok, 1)["appearances"]] == [False, True]
    assert counts(take([BRIDGE, POWER])) == {"unchanged": 2}


def test_what_somebody_has_worked_on_stays(take: Take, ok: Run) -> None:
    take([BRIDGE, POWER])
    ok("claim", "mark", 1, "false", "--because", "It was open", "--refutes", "https://e.org/log")
    done = ok("import", "undo", 1, "--because", "The wrong file", "--format", "json").json

    assert (done["set_aside"], done["kept"]) == (1, [1])
    assert shown(ok, 1)["verdict"] == "false"


def test_an_import_is_undone_once(take: Take, ok: Run, run: Run) -> None:
    take([BRIDGE])
    ok("import", "undo", 1, "--because", "The wrong file")

    assert run("import", "undo", 1, "--because", "Again").code == 4
    assert run("import", "undo", 7, "--because", "Which").code == 3


# --- What goes for good --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "redact", "claim", 1, "statement", "--because", "Names a witness", "--yes"),
        ("audit", "redact", "speaker", 1, "name", "--because", "Names a witness", "--yes"),
        ("speaker", "edit", 1, "--protected"),
        ("source", "edit", 1, "--protected"),
    ],
)
def test_what_an_import_knew_a_row_by_goes_with_its_values(
    take: Take, ok: Run, database_url: str, words: tuple[object, ...]
) -> None:
    take([BRIDGE, POWER])
    query = "SELECT digests = '{}' FROM import_row ORDER BY no"
    with psycopg.connect(database_url) as connection:
        before = connection.execute("SELECT row_key FROM import_row WHERE no = 1").fetchone()
        ok(*words)
        assert connection.execute(query).fetchall() == [(True,), (False,)]
        after = connection.execute("SELECT row_key FROM import_row WHERE no = 1").fetchone()
    assert after != before


@pytest.mark.parametrize("words", [("appearance", "1.1", "quote"), ("note", 1, "body")])
def test_no_file_brings_back_what_was_redacted(
    take: Take, ok: Run, run: Run, words: tuple[object, ...]
) -> None:
    header = ("Claim", "Speaker", "Source URL", "Quote", "Note")
    told = ("Three wards lost power", "Omar Said", "https://example.org/power", "my name", "my own")
    other = ("The bridge is closed", "Omar Said", "https://example.org/bridge", "closed", "")
    take([told, other], header=header)
    ok("audit", "redact", *words, "--because", "Names a witness", "--yes")

    outcome = take([told, other], header=header)

    assert (outcome.code, counts(outcome)) == (5, {"refused": 1, "unchanged": 1})
    assert "claim 1 were redacted" in outcome.err
    claim = shown(ok, 1)
    assert len(claim["appearances"]) == len(claim["notes"]) == 1
    # What adds nothing is as welcome as before.
    silent = (*told[:3], "[redacted]" if "quote" in words else told[3], "")
    assert counts(take([silent], header=header)) == {"unchanged": 1}


# --- Who may -------------------------------------------------------------------------------------


def test_whoever_records_may_take_in_under_their_own_name(staff: Desk, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(f"Claim,Speaker,Source\n{BRIDGE[1]},Lena Vogt,https://example.org/1\n")

    taken = staff("recorder", "import", "csv", path, "--format", "json")
    assert taken.code == 0, taken.err
    assert taken.json["created"] == 1
    one = staff("reader", "claim", "show", 1, "--format", "json").json
    assert one["recorded_by"] == staff.login("recorder")
    assert one["reach"] == 1
    assert staff("reader", "import", "csv", path).code == 6
    for role in ("recorder", "reviewer"):
        refused = staff(role, "import", "undo", 1, "--because", "No")
        assert refused.code == 6
        assert "that takes the role admin" in refused.err
    path.write_text("claim,source,verdict\nIt leaks,https://example.org/2,unproven\n")
    refused = staff("recorder", "import", "csv", path, "--as-ours")
    assert refused.code == 6
    assert "that takes the role reviewer" in refused.err
    assert staff("reviewer", "import", "csv", path, "--as-ours").code == 0
    assert staff("admin", "import", "undo", 1, "--because", "Yes").code == 0
