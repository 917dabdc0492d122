"""Recording claims: one line, found or created people and sources, nothing twice."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests.conftest import Run, Start

ARTICLE = "https://example.org/news/harbour"
DETAILS = ("--publisher", "Harbour Post", "--published", "2024-06-05", "--source-title", "Harbour")


def count(url: str, table: str) -> int:
    with make_engine(url).connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_claim_is_recorded_in_one_line(ok: Run) -> None:
    claim = ok(
        "claim", "add", "The east quay is closed.", "--speaker", "Ana Ruiz", "--source", ARTICLE,
        *DETAILS, "--said-on", "Tuesday", "--topic", "Harbour", "--priority", "high",
        "--at", "p. 2", "--format", "json",
    ).json  # fmt: skip
    assert claim["statement"] == "The east quay is closed."
    assert (claim["status"], claim["verdict"], claim["version"]) == ("unverified", None, 1)
    assert claim["speaker"]["name"] == "Ana Ruiz"
    assert claim["source"]["url"] == ARTICLE
    assert claim["source"]["publisher"] == "Harbour Post"
    assert claim["source"]["published_on"] == "2024-06-05"
    assert claim["said_on"] == "2024-06-04"
    assert (claim["topics"], claim["priority"]) == (["harbour"], "high")
    assert [one["id"] for one in claim["appearances"]] == [f"{claim['id']}.1"]
    assert claim["recorded_by"] == "Ana Ruiz"


def test_a_relative_day_is_said_aloud(ok: Run) -> None:
    words = ok("claim", "add", "x is", "--speaker", "A B", "--source", ARTICLE, *DETAILS,
               "--said-on", "yesterday").err  # fmt: skip
    assert "yesterday is 2024-06-04, counted from 2024-06-05" in words


def test_a_relative_day_needs_a_publication_date(run: Run) -> None:
    outcome = run(
        "claim", "add", "x is", "--speaker", "A B", "--source", ARTICLE, "--said-on", "Tuesday"
    )
    assert outcome.code == 5
    assert "no publication date" in outcome.err


def test_two_speakers_make_two_appearances(ok: Run) -> None:
    claim = ok("claim", "add", "The strait stays open", "--speaker", "Port Authority", "--speaker",
               "Coast Guard", "--source", ARTICLE, "--format", "json").json  # fmt: skip
    assert [one["speaker"]["name"] for one in claim["appearances"]] == [
        "Port Authority",
        "Coast Guard",
    ]


def test_without_a_speaker_the_manner_says_why(run: Run, ok: Run) -> None:
    refused = run("claim", "add", "Rain fell", "--source", ARTICLE)
    assert refused.code == 2
    assert "--manner own-voice" in refused.err
    claim = ok("claim", "add", "Rain fell", "--source", ARTICLE, "--manner", "own-voice",
               "--format", "json").json  # fmt: skip
    assert claim["speaker"] is None
    assert claim["appearances"][0]["manner"] == "own_voice"


def test_nobody_speaks_in_the_sources_own_voice(run: Run) -> None:
    refused = run(
        "claim", "add", "Rain", "--source", ARTICLE, "--manner", "own-voice", "--speaker", "A B"
    )
    assert refused.code == 2


def test_where_it_appeared_must_be_said(run: Run) -> None:
    refused = run("claim", "add", "Rain fell", "--speaker", "Ana Ruiz")
    assert refused.code == 2
    assert "--source" in refused.err


def test_the_same_words_are_not_a_second_claim(run: Run, ok: Run, database_url: str) -> None:
    ok("claim", "add", "The east quay is closed.", "--speaker", "Ana Ruiz", "--source", ARTICLE)
    refused = run("claim", "add", "the east  quay is closed", "--speaker", "Lena Vogt",
                  "--source", "https://example.org/other", "--said-on", "2024-06")  # fmt: skip
    assert refused.code == 4
    assert "claim 1 (unverified)" in refused.err
    command = refused.err.strip().splitlines()[-1].strip()
    assert command == (
        "claimtrack appearance add 1 --speaker 'Lena Vogt' --source https://example.org/other"
        " --said-on 2024-06"
    )
    assert count(database_url, "source") == 1, "a refused command leaves nothing behind"
    import shlex

    ok(*shlex.split(command)[1:])
    assert len(ok("claim", "show", 1, "--format", "json").json["appearances"]) == 2


def test_new_insists_on_another_claim(ok: Run) -> None:
    said = ("--speaker", "Ana Ruiz", "--source", ARTICLE, "--format", "json")
    first = ok("claim", "add", "The quay is closed", *said).json
    second = ok("claim", "add", "The quay is closed", "--new", *said).json
    assert second["id"] != first["id"]


def test_the_same_claim_recorded_twice_at_once_is_one_claim(
    start_process: Start, database_url: str
) -> None:
    add = ("claim", "add", "Both saw it", "--speaker", "Ana Ruiz", "--source", ARTICLE)
    # Both wait on the same lock, so that they go on at the same moment.
    with make_engine(database_url).begin() as blocker:
        blocker.execute(text("LOCK TABLE claim IN SHARE MODE"))
        started = [start_process(*add), start_process(*add)]
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while blocker.execute(waiting).scalar_one() < 2:
            pass
    outcomes = [process.communicate(timeout=60) for process in started]
    assert sorted(process.returncode for process in started) == [0, 4]
    refused = next(
        err for process, (_, err) in zip(started, outcomes, strict=True) if process.returncode
    )
    assert "claim" in refused
    assert "Traceback" not in refused
    assert count(database_url, "claim") == 1
    assert count(database_url, "appearance") == 1


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("", "empty"),
        ("  \u200b ", "empty"),
        ("x" * 5001, "5,001"),
        ("a\udc80b", "surrogate"),
        ("a\0b", "NUL"),
    ],
)
def test_a_statement_that_cannot_be_kept_is_refused(
    run: Run, database_url: str, statement: str, words: str
) -> None:
    refused = run("claim", "add", statement, "--speaker", "Ana Ruiz", "--source", ARTICLE)
    assert refused.code == 5
    assert words in refused.err
    assert count(database_url, "claim") == 0
    assert count(database_url, "speaker") == 0


@pytest.mark.parametrize("date", ["2024-13-01", "2024-02-30", "03/04/2024", "soon", ""])
def test_a_date_that_cannot_be_read_is_refused(run: Run, date: str) -> None:
    refused = run(
        "claim", "add", "Rain", "--speaker", "A B", "--source", ARTICLE, "--said-on", date
    )
    assert refused.code == 5


def test_dates_keep_their_precision(ok: Run) -> None:
    for date in ("2024-06-01", "2024-06", "2024"):
        claim = ok("claim", "add", f"Said {date}", "--speaker", "A B", "--source", ARTICLE,
                   "--said-on", date, "--format", "json").json  # fmt: skip
        assert claim["said_on"] == date


@pytest.mark.parametrize(
    ("quote", "manner"),
    [("The quay is closed", "direct"), ("closed for good", "partial"), (None, "indirect")],
)
def test_a_quote_says_how_the_words_appear(ok: Run, quote: str | None, manner: str) -> None:
    quoted = ("--quote", quote) if quote else ()
    claim = ok("claim", "add", "The quay is closed.", "--speaker", "A B", "--source", ARTICLE,
               *quoted, "--format", "json").json  # fmt: skip
    assert claim["appearances"][0]["manner"] == manner


def test_control_characters_reach_no_terminal(ok: Run) -> None:
    ok("claim", "add", "Red \x1b[31malert", "--speaker", "A\x07B C", "--source", ARTICLE)
    shown = ok("claim", "show", 1).out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert r"\x1b[31m" in shown


# --- Figures ---------------------------------------------------------------------------------


def test_a_figure_is_shown_with_its_claim(ok: Run) -> None:
    claim = ok(
        "claim", "add", "More than 900 ships left", "--speaker", "A B", "--source", ARTICLE,
        "--figure", ">900", "--unit", "ships", "--counted", "departures", "--where", "Varna",
        "--figure-on", "2024-06-01", "--figure-since", "2024-01", "--format", "json",
    ).json  # fmt: skip
    assert claim["kind"] == "figure"
    assert claim["figure"] == {
        "comparator": ">", "value": 900, "high": None, "unit": "ships", "counted": "departures",
        "where": "Varna", "on": "2024-06-01", "since": "2024-01",
    }  # fmt: skip
    assert "more than 900 ships" in ok("claim", "show", 1).out


def test_a_newer_figure_supersedes_and_leaves_the_verdict(run: Run, ok: Run) -> None:
    ok("claim", "add", "900 ships left", "--speaker", "A B", "--source", ARTICLE, "--topic", "port",
       "--figure", "900", "--unit", "ships", "--counted", "departures")  # fmt: skip
    ok("claim", "mark", 1, "true", "--because", "Counted", "--supports", "https://example.org/log")
    newer = ok(
        "claim", "supersede", 1, "948 ships left", "--figure", "948", "--speaker", "A B",
        "--source", "https://example.org/later", "--format", "json",
    ).json  # fmt: skip
    assert newer["supersedes"] == 1
    assert newer["figure"]["counted"] == "departures"
    assert newer["topics"] == ["port"]
    older = ok("claim", "show", 1, "--format", "json").json
    assert (older["verdict"], older["superseded_by"]) == ("true", newer["id"])
    again = run("claim", "supersede", 1, "950 ships left", "--figure", "950", "--speaker", "A B",
                "--source", ARTICLE)  # fmt: skip
    assert again.code == 4
    assert f"claim {newer['id']}" in again.err


@pytest.mark.parametrize("figure", ["many", "900.000", "", ">"])
def test_a_figure_that_cannot_be_read_is_refused(run: Run, figure: str) -> None:
    refused = run("claim", "add", "Ships", "--speaker", "A B", "--source", ARTICLE,
                  "--figure", figure, "--unit", "ships")  # fmt: skip
    assert refused.code in (2, 5)
    assert any(word in refused.err for word in ("figure", "quantity", "read in two ways"))


def test_a_blank_figure_is_no_figure_left_out(run: Run, ok: Run) -> None:
    add = ("claim", "add", "Ships left", "--speaker", "A B", "--source", ARTICLE)
    assert run(*add, "--figure", "").code == 5
    assert run(*add, "--figure", "900", "--unit", "").code == 5
    assert ok("claim", "list", "--format", "json").json == []
    older = ok(*add, "--figure", "900", "--format", "json").json["id"]
    newer = ("--speaker", "A B", "--source", ARTICLE)
    assert run("claim", "supersede", older, "More left", "--figure", "", *newer).code == 5
    assert run("claim", "edit", older, "--figure", "").code == 5


def test_what_a_figure_is_of_can_be_removed(ok: Run) -> None:
    ok("claim", "add", "900 ships left", "--speaker", "A B", "--source", ARTICLE,
       "--figure", ">900", "--unit", "ships", "--counted", "departures", "--where", "Varna",
       "--figure-on", "2024-06-01", "--figure-since", "2024-01")  # fmt: skip
    options = ("--unit", "--counted", "--where", "--figure-on", "--figure-since")
    for option in options:
        edited = ok("claim", "edit", 1, option, "", "--format", "json").json
    assert edited["figure"] == {
        "comparator": ">", "value": 900, "high": None, "unit": None, "counted": None,
        "where": None, "on": None, "since": None,
    }  # fmt: skip


def test_a_fact_that_gets_a_figure_is_a_figure(ok: Run, recorded: int) -> None:
    def edited(*options: str) -> str:
        return str(ok("claim", "edit", recorded, *options, "--format", "json").json["kind"])

    assert edited("--figure", "900", "--kind", "fact") == "fact"
    assert edited("--unit", "ships") == "fact"
    assert edited("--figure", "901") == "figure"
    assert edited("--figure", "902", "--kind", "media") == "media"
    assert edited("--figure", "903") == "media", "only a fact is taken for a figure"


# --- Tending ---------------------------------------------------------------------------------


@pytest.fixture
def recorded(ok: Run) -> int:
    add = ("claim", "add", "The quay is closd", "--speaker", "Ana Ruiz", "--source", ARTICLE)
    return int(ok(*add, "--format", "json").json["id"])


def test_an_unchecked_claim_can_be_reworded(ok: Run, recorded: int) -> None:
    claim = ok(
        "claim", "edit", recorded, "--statement", "The quay is closed", "--format", "json"
    ).json
    assert claim["statement"] == "The quay is closed"
    assert claim["version"] == 2


def test_the_words_of_a_checked_claim_stand(run: Run, ok: Run, recorded: int) -> None:
    ok("claim", "mark", recorded, "unproven", "--because", "No log")
    refused = run("claim", "edit", recorded, "--statement", "The quay is open")
    assert refused.code == 4
    assert "unproven" in refused.err
    assert run("claim", "edit", recorded, "--statement", "The quay is closed", "--typo").code == 2
    ok(
        "claim",
        "edit",
        recorded,
        "--statement",
        "The quay is closed",
        "--typo",
        "--because",
        "slip",
    )
    history = ok("claim", "history", recorded).out
    assert "The quay is closd" in history
    assert "slip" in history


def test_a_typo_is_a_slip_and_no_rewrite(run: Run, ok: Run, recorded: int) -> None:
    ok("claim", "mark", recorded, "unproven", "--because", "No log")
    edit = ("claim", "edit", recorded, "--typo", "--because", "slip", "--statement")
    refused = run(*edit, "Nobody knows about the weather")
    assert refused.code == 4
    assert "more than a slip" in refused.err


def test_what_is_refused_uses_up_no_number(run: Run, ok: Run, recorded: int) -> None:
    said = ("--speaker", "Ana Ruiz", "--source", ARTICLE)
    assert run("claim", "add", "Nine ships", *said, "--figure", "many").code == 5
    assert run("claim", "add", "Nine ships", "--speaker", "Ana Ruis", "--source", ARTICLE).code == 4
    assert ok("claim", "add", "Nine ships", *said, "--format", "json").json["id"] == recorded + 1


def test_a_claim_cannot_take_another_ones_words(run: Run, ok: Run, recorded: int) -> None:
    ok("claim", "add", "It rained", "--speaker", "Ana Ruiz", "--source", ARTICLE)
    refused = run("claim", "edit", recorded, "--statement", "it rained!")
    assert refused.code == 4
    assert "Claim 2" in refused.err


def test_fields_are_edited_and_an_older_version_is_refused(
    run: Run, ok: Run, recorded: int
) -> None:
    claim = ok(
        "claim", "edit", recorded, "--priority", "urgent", "--add-topic", "Port", "--kind", "media",
        "--language", "pt-BR", "--if-version", 1, "--format", "json",
    ).json  # fmt: skip
    assert (claim["priority"], claim["topics"], claim["kind"]) == ("urgent", ["port"], "media")
    assert (
        ok("claim", "edit", recorded, "--remove-topic", "port", "--format", "json").json["topics"]
        == []
    )
    stale = run("claim", "edit", recorded, "--priority", "low", "--if-version", 1)
    assert stale.code == 4
    assert "version 3" in stale.err
    assert run("claim", "edit", recorded).code == 2
    assert run("claim", "edit", recorded, "--language", "english please").code == 5
    assert run("claim", "edit", recorded, "--language", "en" + "-abcdefgh" * 4).code == 5
    spaced = ok("claim", "edit", recorded, "--language", " ar ", "--format", "json").json
    assert spaced["language"] == "ar"


def test_notes_are_appended(run: Run, ok: Run, recorded: int) -> None:
    ok("claim", "note", recorded, "Called the port office")
    ok("claim", "note", recorded, "-", input="Two\nlines\n", actor="Lena Vogt")
    notes = ok("claim", "show", recorded, "--format", "json").json["notes"]
    assert [(n["text"], n["recorded_by"]) for n in notes] == [
        ("Called the port office", "Ana Ruiz"),
        ("Two\nlines", "Lena Vogt"),
    ]
    assert run("claim", "note", recorded, "  ").code == 5
    assert run("claim", "note", 99, "x").code == 3


def test_claims_are_assigned_by_ranges(run: Run, ok: Run, recorded: int) -> None:
    for number in range(2, 5):
        ok("claim", "add", f"Claim {number}", "--speaker", "Ana Ruiz", "--source", ARTICLE)
    rows = ok(
        "claim", "assign", "1-2,4", "Lena Vogt", "--due", "2999-01-01", "--format", "json"
    ).json
    assert [(row["id"], row["assigned_to"], row["due_on"]) for row in rows] == [
        (1, "Lena Vogt", "2999-01-01"),
        (2, "Lena Vogt", "2999-01-01"),
        (4, "Lena Vogt", "2999-01-01"),
    ]
    assert ok("claim", "assign", 1, "me", "--format", "json").json[0]["assigned_to"] == "Ana Ruiz"
    assert ok("claim", "assign", 1, "none", "--format", "json").json[0]["assigned_to"] is None
    kept = ok("claim", "assign", 2, "Lena Vogt", "--format", "json").json[0]
    assert kept["due_on"] == "2999-01-01"
    freed = ok("claim", "assign", 1, "Lena Vogt", "--due", "None", "--format", "json").json[0]
    assert (freed["assigned_to"], freed["due_on"]) == ("Lena Vogt", None)
    missing = run("claim", "assign", "2-9", "Ana Ruiz")
    assert missing.code == 3
    assert ok("claim", "show", 2, "--format", "json").json["assigned_to"] == "Lena Vogt"
    assert run("claim", "assign", 2, "Ana Ruiz", "--due", "2001-01-01").code == 5
    assert run("claim", "assign", "2-", "Ana Ruiz").code == 2
