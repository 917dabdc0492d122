"""Pairs that are likely the same wait to be judged, and go with what people judge."""

# ruff: noqa: F811 - fixtures that are imported
from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, text

from claimtrack.cli import comparing
from claimtrack.db import make_engine, write_transaction
from claimtrack.errors import ConflictError
from claimtrack.services.matching import duplicates, queue
from claimtrack.services.matching.likely import Compared
from claimtrack.services.matching.queue import Pair
from tests import records
from tests.conftest import ACTOR
from tests.sql import wait_until_waiting
from tests.test_quick_entry import Terminal, terminal  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from tests.conftest import Desk, Outcome, Run, Start

LOG = "https://archive.example/log"


@pytest.fixture(autouse=True)
def six(database_url: str) -> None:
    """Claims 1 to 6, of a speaker and a newspaper each."""
    with make_engine(database_url).begin() as connection:
        for number in range(1, 7):
            records.claim(
                connection,
                f"Well {number} ran dry",
                speaker=f"Speaker {number}",
                url=f"https://p{number}.example/a",
            )


@pytest.fixture
def queued(database_url: str) -> None:
    """Three likely pairs."""
    put(database_url, Pair(1, 2, 0.9), Pair(4, 3, 0.8), Pair(2, 5, 0.7))


def put(url: str, *pairs: Pair, found_by: str = "import 3") -> int:
    with write_transaction(make_engine(url), actor=ACTOR) as connection:
        return queue.enqueue(connection, pairs, found_by)


def waiting(url: str) -> list[tuple[int, int]]:
    with make_engine(url).connect() as connection:
        return [(one.claim.id, one.other.id) for one in queue.open_pairs(connection, None)]


def judge(run: Run, *lines: str) -> Outcome:
    return run("claim", "judge", input="".join(f"{line}\n" for line in lines))


def judged(ok: Run, number: int) -> list[tuple[int, str, str | None]]:
    shown = ok("claim", "show", number, "--format", "json").json
    return [(one["claim_id"], one["judgement"], one["because"]) for one in shown["judgements"]]


# --- What waits ----------------------------------------------------------------------------------


def test_pairs_wait_the_likeliest_first_and_each_once(queued: None, database_url: str) -> None:
    assert waiting(database_url) == [(1, 2), (3, 4), (2, 5)]

    assert put(database_url, Pair(5, 2, 0.95), Pair(5, 6, 0.1), Pair(6, 6, 1)) == 1

    assert waiting(database_url) == [(2, 5), (1, 2), (3, 4), (5, 6)]


def test_what_was_judged_leaves_the_queue_and_does_not_come_back(
    queued: None, ok: Run, database_url: str
) -> None:
    ok("claim", "different", 1, 2)
    ok("claim", "unsure", 3, 4, "--because", "No date")
    assert waiting(database_url) == [(2, 5)]

    assert put(database_url, Pair(1, 2, 0.99), Pair(3, 4, 0.99)) == 0
    assert waiting(database_url) == [(2, 5)]


def test_what_follows_from_others_waits_for_nobody(ok: Run, database_url: str) -> None:
    ok("claim", "same", 1, 2)
    ok("claim", "same", 2, 3)
    ok("claim", "different", 3, 4)
    ok("claim", "same", 4, 5)

    put(database_url, Pair(1, 3, 0.9), Pair(1, 5, 0.8), Pair(1, 6, 0.7))

    assert waiting(database_url) == [(1, 6)]


def test_a_merged_claim_waits_as_its_head(queued: None, ok: Run, database_url: str) -> None:
    ok("claim", "merge", 6, 2, "--because", "One well")

    assert waiting(database_url) == [(1, 6), (3, 4), (5, 6)]
    ok("claim", "merge", 6, 1, "--because", "One well")
    assert waiting(database_url) == [(3, 4), (5, 6)]
    ok("claim", "unmerge", 2, "--because", "Another one")
    assert waiting(database_url) == [(3, 4), (2, 5)]


def test_the_queue_is_no_part_of_the_record(queued: None, ok: Run, database_url: str) -> None:
    digest = ok("db", "digest").out
    put(database_url, Pair(5, 6, 0.5))
    assert ok("db", "digest").out == digest
    with make_engine(database_url).connect() as connection:
        events = connection.execute(text("SELECT DISTINCT table_name FROM event")).scalars()
        assert "likely_match" not in set(events)


def test_a_claim_that_an_import_brought_and_took_back_waits_for_nobody(
    ok: Run, tmp_path: Path, database_url: str
) -> None:
    take_in(ok, tmp_path, WORDS[0])
    put(database_url, Pair(1, 7, 0.9))
    ok("import", "undo", 1, "--because", "Wrong")
    assert waiting(database_url) == []
    take_in(ok, tmp_path, WORDS[0])
    assert waiting(database_url) == [(1, 7)]
    # Set aside by somebody, it may still be what another repeats.
    ok("claim", "mark", 7, "set-aside", "--because", "x", "--reason", "out-of-scope")
    assert waiting(database_url) == [(1, 7)]


# --- Looking -------------------------------------------------------------------------------------


def neighbours(_: Connection, compared: Sequence[Compared]) -> Iterator[Pair]:
    """Finds that each claim is like the one before it."""
    for one in compared:
        assert one == Compared(one.id, f"Well {one.id} ran dry", "en", frozenset({one.id}))
        if one.id > 1:
            yield Pair(one.id, one.id - 1, 0.5)


def look(connection: Connection, most: int) -> duplicates.Looked:
    through = duplicates.newest(connection)
    return duplicates.look(connection, neighbours, through, most=most, found_by="a test")


def test_looking_goes_on_where_it_was(connection: Connection, database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as here:
        assert duplicates.count_unseen(here) == 6
        assert look(here, 4) == (4, 3)
    with engine.begin() as here:
        assert duplicates.looked_through(here) == 4
        assert look(here, 4) == (2, 2)
        assert look(here, 4) == (0, 0)
    with engine.begin() as here:
        records.claim(here, "Well 7 ran dry", url=None)
    with engine.begin() as here:
        assert duplicates.count_unseen(here) == 1
        assert look(here, 4) == (1, 1)
    assert waiting(database_url) == [(n, n + 1) for n in range(1, 7)]


def test_what_was_taken_back_was_not_looked_at(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as here:
        look(here, 6)
        here.rollback()
    with engine.begin() as here:
        assert duplicates.looked_through(here) == 0


def test_who_is_recording_is_waited_for(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as writing, engine.connect() as here:
        records.claim(writing, "Well 7 ran dry", url=None)
        with pytest.raises(ConflictError, match="recording claims just now"):
            duplicates.newest(here)
        writing.rollback()
        assert duplicates.newest(here) == 6


def test_all_is_looked_at_again_if_asked(database_url: str) -> None:
    with make_engine(database_url).begin() as here:
        look(here, 10)
        duplicates.start_again(here)
        assert look(here, 10) == (6, 0)


# --- Finding -------------------------------------------------------------------------------------

WORDS = (
    "The north bridge over the Salm was closed to lorries for the whole of May",
    "For the whole of May the north bridge over the Salm was closed to lorries",
    "Lorries could not cross the north bridge over the Salm: it was closed in May",
    "The mayor bought a yacht with the money of the harbour fund",
    "A yacht was bought by the mayor with the harbour fund's money",
    "Three wards of the clinic lost power in the storm",
)


def add(ok: Run, statement: str, number: int) -> None:
    where = f"https://n.example/{number}"
    ok("claim", "add", statement, "--speaker", "A B", "--source", where, "--new")


def test_the_whole_database_is_looked_through_once(ok: Run, database_url: str) -> None:
    for number, words in enumerate(WORDS):
        add(ok, words, number)

    told = ok("report", "duplicates", "--format", "json")

    assert "Looked at 12 claims: " in told.err
    pairs = {(row["claim"]["id"], row["other"]["id"]) for row in told.json["rows"]}
    assert {(7, 8), (10, 11)} <= pairs
    assert not {number for pair in pairs for number in pair} & {12}
    assert not any({10, 11} & set(pair) and {7, 8, 9} & set(pair) for pair in pairs)
    assert all(row["found_by"] == "report duplicates" for row in told.json["rows"])
    assert told.json["totals"]["claims_not_looked_at"] == 0

    for one, other in pairs:
        ok("claim", "different", one, other)
    again = ok("report", "duplicates")
    assert "Looked at" not in again.err
    assert "No pair waits to be judged." in again.err
    add(ok, "The mayor bought that yacht with the money of the harbour fund", 20)
    found = ok("report", "duplicates", "--format", "json")
    assert "Looked at 1 claim: " in found.err
    assert {row["other"]["id"] for row in found.json["rows"]} == {13}
    assert "Looked at 13 claims: " in ok("report", "duplicates", "--again").err


def test_at_threshold_1_nothing_is_likely(ok: Run) -> None:
    for number, words in enumerate(WORDS[:2]):
        add(ok, words, number)

    told = ok("report", "duplicates", "--threshold", "1")

    assert "0 new pairs found" in told.err
    assert (
        "report duplicates --again --threshold 0.9"
        in ok("report", "duplicates", "--threshold", "0.9").err
    )


def test_ctrl_c_keeps_what_was_found(ok: Run, database_url: str, start_process: Start) -> None:
    with make_engine(database_url).begin() as connection:
        for number in range(400):
            records.claim(connection, f"Gate {number} of the lock was shut", url=None)
    ok("db", "reindex")
    with make_engine(database_url).connect() as connection:
        # Whoever looks waits here, so that it is still at work when it is stopped.
        connection.execute(text("INSERT INTO likely_search (through) VALUES (200)"))
        connection.commit()
        connection.execute(text("SELECT FROM likely_search FOR UPDATE"))
        running = start_process("report", "duplicates")
        wait_until_waiting(connection, 1)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)
        connection.rollback()

    assert running.returncode == 130
    assert "Stopped. Looked at 0 claims" in err
    assert "claimtrack report duplicates" in err
    assert "Looked at 206 claims: " in ok("report", "duplicates").err


def take_in(run: Run, folder: Path, *statements: str) -> Outcome:
    path = folder / "claims.csv"
    lines = [f'"{words}",A B,https://i.example/{n}' for n, words in enumerate(statements)]
    path.write_text("\n".join(("statement,speaker,source", *lines)) + "\n")
    return run("import", "csv", path)


def test_an_import_puts_what_its_claims_repeat_into_the_queue(ok: Run, tmp_path: Path) -> None:
    add(ok, WORDS[0], 0)

    done = take_in(ok, tmp_path, WORDS[1], WORDS[5])

    assert "2  recorded as new claims" in done.out
    assert "likely the same. Judge them with:\n  claimtrack claim judge" in done.err
    found = ok("report", "duplicates", "--list", "--format", "json").json["rows"]
    assert (7, 8) in {(row["claim"]["id"], row["other"]["id"]) for row in found}
    assert {row["found_by"] for row in found} == {"import 1"}
    assert "likely the same" not in take_in(ok, tmp_path, WORDS[1], WORDS[5]).err


def test_an_import_is_compared_also_where_older_claims_were_not(
    ok: Run, tmp_path: Path, database_url: str
) -> None:
    with make_engine(database_url).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO claim (statement, statement_key)"
                " SELECT 'Gate ' || n || ' was shut', sha256(n::text::bytea)"
                " FROM generate_series(1, 1000) AS n"
            )
        )
    add(ok, WORDS[0], 0)

    done = take_in(ok, tmp_path, WORDS[1])

    assert "1 pair of claims is likely the same" in done.err
    assert waiting(database_url) == [(1007, 1008)]


@pytest.mark.parametrize("older_too", [True, False])
def test_a_large_import_is_compared_for_as_long_as_somebody_may_wait(
    ok: Run, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, older_too: bool
) -> None:
    monkeypatch.setattr(comparing, "_AT_ONCE", 2)
    monkeypatch.setattr(comparing, "_AT_MOST", 0.0)
    if older_too:
        ok("report", "duplicates")

    done = take_in(ok, tmp_path, WORDS[0], WORDS[1], WORDS[5])

    assert "1 pair of claims is likely the same" in done.err
    assert waiting(database_url) == [(7, 8)]
    assert "1 of its claims was not compared with the others yet" in done.err
    left = "1 claim" if older_too else "9 claims"
    assert f"Looked at {left}: " in ok("report", "duplicates").err


def test_an_import_is_done_whatever_becomes_of_the_comparing(
    ok: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("The words are gone.")

    monkeypatch.setattr(comparing, "compare_import", break_down)

    done = take_in(ok, tmp_path, WORDS[1])

    assert "1  recorded as new claims" in done.out
    assert "comparing it with other claims failed: The words are gone." in done.err
    assert "claimtrack report duplicates" in done.err


def test_a_dry_run_compares_nothing(ok: Run, tmp_path: Path, database_url: str) -> None:
    add(ok, WORDS[0], 0)
    (tmp_path / "one.csv").write_text(
        f'statement,speaker,source\n"{WORDS[1]}",A B,https://i.example/1\n'
    )
    ok("import", "csv", tmp_path / "one.csv", "--dry-run")
    assert waiting(database_url) == []


# --- Listing -------------------------------------------------------------------------------------


def test_the_list_shows_both_claims_of_each_pair(queued: None, ok: Run) -> None:
    ok("claim", "mark", 1, "false", "--because", "x", "--refutes", LOG)

    found = ok("report", "duplicates", "--list", "--format", "json").json

    assert found["totals"] == {"waiting": 3, "claims_not_looked_at": 6}
    first: Any = found["rows"][0]
    assert (first["probability"], first["found_by"]) == (0.9, "import 3")
    assert (first["claim"]["id"], first["claim"]["verdict"]) == (1, "false")
    assert first["other"]["statement"] == "Well 2 ran dry"
    told = ok("report", "duplicates", "--list")
    assert "3 pairs wait to be judged" in told.out
    assert "claimtrack claim judge" in told.err
    assert "the likeliest 2 are shown" in ok("report", "duplicates", "--list", "--limit", 2).out
    lines = ok("report", "duplicates", "--list", "--format", "csv").out.splitlines()
    assert lines[1].startswith("0.9,1,Well 1 ran dry,checked,false,Speaker 1,")


def test_the_less_likely_are_left_out_where_that_is_asked(queued: None, ok: Run) -> None:
    listed = ("report", "duplicates", "--list", "--threshold", 0.8, "--format", "json")
    found = ok(*listed).json
    assert [row["probability"] for row in found["rows"]] == [0.9, 0.8]
    assert found["totals"]["waiting"] == 2
    done = ok("claim", "judge", "--threshold", 0.8, input="s\ns\ns\n")
    assert "Judged: 2 same." in done.err
    assert "No pair waits" in done.err


def test_an_empty_queue_says_so(ok: Run) -> None:
    told = ok("report", "duplicates", "--list")
    assert (told.out, "No pair waits to be judged." in told.err) == ("", True)


# --- Key by key ----------------------------------------------------------------------------------


def test_each_key_does_what_it_says(queued: None, ok: Run, database_url: str) -> None:
    put(database_url, Pair(5, 6, 0.6), Pair(4, 6, 0.5))

    done = judge(ok, "s", "k", "d Another village", "u No date", "q")

    assert "Judged: 1 same, 1 skipped, 1 different, 1 unsure." in done.err
    assert "2 still to be judged." in done.err
    assert "6 claims were not compared yet" in done.err
    assert "Likely 90%, found by import 3" in done.out
    assert "  1 (unverified): Well 1 ran dry" in done.out
    assert "      Speaker 1, https://p1.example/a, 1 appearance" in done.out
    assert judged(ok, 2) == [(1, "same", None), (5, "different", "Another village")]
    assert judged(ok, 6) == [(5, "unsure", "No date")]
    assert waiting(database_url) == [(3, 4), (4, 6)]


def test_merging_keeps_the_claim_that_has_a_verdict_as_the_head(queued: None, ok: Run) -> None:
    ok("claim", "mark", 2, "false", "--because", "x", "--refutes", LOG)

    judge(ok, "m One well", "m The same post")

    assert ok("claim", "show", 1, "--format", "json").json["merged_into"] == 2
    assert ok("claim", "show", 4, "--format", "json").json["merged_into"] == 3


def test_merging_keeps_the_claim_that_is_worked_on_as_the_head(
    queued: None, ok: Run, database_url: str
) -> None:
    put(database_url, Pair(5, 6, 0.6))
    for number in (1, 5, 6):
        ok("claim", "mark", number, "set-aside", "--because", "x", "--reason", "out-of-scope")
    ok("claim", "mark", 4, "in-review", "--because", "x")

    done = judge(ok, "m 1 2 One well", "m 3 4 One well", "m 5 6 One well")

    heads = {n: ok("claim", "show", n, "--format", "json").json["merged_into"] for n in (1, 3, 6)}
    assert heads == {1: 2, 3: 4, 6: 5}
    assert "Claim 5, which stands for both, is set aside." in done.err
    assert "Claim 2, which" not in done.err


def test_it_ends_with_the_queue_or_with_the_input(queued: None, ok: Run) -> None:
    assert "Nothing was judged." in judge(ok).err
    done = judge(ok, "s", "s", "d", "s", "s")
    assert "Judged: 2 same, 1 different." in done.err
    assert "No pair waits to be judged." in done.err


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("x", 2, "Line 2: 'x' is no key: s same, d different"),
        ("u", 5, "Line 2: "),
        ("m", 5, "Line 2: "),
        ("", 2, "Line 2: '' is no key"),
        ("d 3,4 Another well", 2, "Line 2: Which claims are meant?"),
        ("s 4", 2, "Line 2: Which claims are meant?"),
    ],
)
def test_a_wrong_line_of_a_pipe_ends_it(
    queued: None, run: Run, ok: Run, line: str, code: int, told: str
) -> None:
    done = judge(run, "s", line, "s")

    assert done.code == code
    assert told in done.err
    assert "(Judged: 1 same.)" in done.err
    assert judged(ok, 3) == []


def test_at_a_terminal_one_key_is_enough(
    queued: None, terminal: Callable[..., Terminal], ok: Run
) -> None:
    screen = terminal("claim", "judge")
    for shown, typed in (
        ("Well 1 ran dry", "s"),
        ("Well 4 ran dry", "u"),
    ):
        screen.wait_for(shown)
        screen.wait_for("q quit: ")
        screen.type(typed)
    screen.wait_for("What is missing to tell?")
    screen.type("The date\n")
    screen.wait_for("Well 5 ran dry")
    screen.wait_for("q quit: ")
    screen.type("x")
    screen.wait_for("'x' is no key")
    screen.wait_for("q quit: ")
    screen.type("q")
    screen.wait_for("Judged: 1 same, 1 unsure.")
    assert screen.end() == 0
    assert judged(ok, 1) == [(2, "same", None)]
    assert judged(ok, 3) == [(4, "unsure", "The date")]


def test_what_another_judges_meanwhile_stands_and_the_next_pair_comes(
    queued: None, terminal: Callable[..., Terminal], ok: Run
) -> None:
    screen = terminal("claim", "judge")
    screen.wait_for("Well 1 ran dry")
    screen.wait_for("q quit: ")
    ok("claim", "same", 1, 2, "--because", "One well")
    screen.type("d")
    screen.wait_for("Claim 1 was judged the same as claim 2 meanwhile")
    screen.wait_for("Well 4 ran dry")
    screen.wait_for("q quit: ")
    screen.type("q")
    screen.wait_for("Nothing was judged.")
    assert screen.end() == 0
    assert judged(ok, 1) == [(2, "same", "One well")]


def test_ctrl_c_at_a_terminal_keeps_what_was_judged(
    queued: None, terminal: Callable[..., Terminal], ok: Run
) -> None:
    screen = terminal("claim", "judge")
    screen.wait_for("q quit: ")
    screen.type("s")
    screen.wait_for("q quit: ")
    screen.process.send_signal(signal.SIGINT)
    screen.wait_for("Stopped. Judged: 1 same.")
    assert screen.end() == 130
    assert judged(ok, 1) == [(2, "same", None)]


def test_who_reviews_may_judge_and_who_reads_may_list(queued: None, staff: Desk) -> None:
    assert staff("reader", "report", "duplicates", "--list").code == 0
    refused = staff("recorder", "claim", "judge", input="s\n")
    assert refused.code == 6
    assert "that takes the role reviewer" in refused.err
    assert staff("reviewer", "claim", "judge", input="s\n").code == 0


@pytest.mark.usefixtures("queued")
def test_a_line_may_name_the_pair_that_it_judges(ok: Run, run: Run) -> None:
    outcome = judge(run, "d 5 2 Another well", "s 3 4", "s 4 3")

    assert judged(ok, 2) == [(5, "different", "Another well")]
    assert judged(ok, 3) == [(4, "same", None)]
    assert outcome.code == 4
    assert "Line 3: Claims 3 and 4 don't wait to be judged." in outcome.err
    assert judged(ok, 1) == []
    assert judge(run, "s 2 2").code == 2


@pytest.mark.usefixtures("queued")
def test_what_a_claim_resembled_goes_with_its_words(ok: Run, database_url: str) -> None:
    ok("claim", "edit", 2, "--statement", "The ferry sank")
    assert waiting(database_url) == [(3, 4)]

    ok("audit", "redact", "claim", 3, "statement", "--because", "Names a child", "--yes")
    assert waiting(database_url) == []


def test_an_edited_claim_is_compared_again(ok: Run) -> None:
    add(ok, WORDS[0], 0)
    add(ok, WORDS[5], 1)
    ok("report", "duplicates")

    done = ok("claim", "edit", 8, "--statement", WORDS[1])

    assert "1 pair of claims is likely the same" in done.err
    (pair,) = ok("report", "duplicates", "--list", "--format", "json").json["rows"]
    assert (pair["claim"]["id"], pair["other"]["id"], pair["found_by"]) == (7, 8, "claim edit")
    assert "likely" not in ok("claim", "edit", 8, "--priority", "high").err
