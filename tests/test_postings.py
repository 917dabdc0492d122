"""The postings of claims follow their texts, on whatever path those change."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from claimtrack import migrate
from claimtrack.db import make_engine
from claimtrack.matching.terms import stems, term
from claimtrack.services.matching import postings
from tests import records
from tests.conftest import Desk, Run, Start
from tests.sql import wait_until_waiting

PAGE = "https://example.org/wells"


def stored(url: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode(), values).fetchall()


def change(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def having(url: str, word: str, language: str = "en") -> dict[int, str]:
    """The claims that have a word, and who looks at it there."""
    (stem,) = stems(word, language)
    rows = stored(url, "SELECT claim_id, weight FROM posting WHERE term = %s", term(stem))
    return {number: "matching" if weight > 0 else "search" for number, weight in rows}


def known(url: str) -> set[str]:
    return {stem for (stem,) in stored(url, "SELECT stem FROM word")}


def wrong(url: str) -> list[str]:
    with make_engine(url).connect() as connection:
        return postings.disagreeing(connection)


@pytest.fixture
def wells(ok: Run, database_url: str) -> str:
    """A claim with every text that has postings."""
    ok("speaker", "add", "Ines Kolb", "--alias", "Kolb the Younger")
    ok(
        *("claim", "add", "The wells of Tarun were poisoned", "--speaker", "Ines Kolb"),
        *("--source", PAGE, "--source-title", "Bulletin of the cistern"),
        *("--passage", "Poisoned, she shouted", "--quote", "poisoned"),
    )
    change(
        database_url,
        "INSERT INTO assessment (claim_id, assessment_key, title, summary) VALUES"
        " (1, sha256('1'), 'No arsenic was measured', 'A laboratory took samples')",
    )
    ok("claim", "note", 1, "seen")
    return database_url


@pytest.fixture(autouse=True)
def agreeing(database_url: str) -> Iterator[None]:
    """After each test the postings are what would be made anew."""
    yield
    assert wrong(database_url) == []


# --- What has postings ---------------------------------------------------------------------------


def test_matching_looks_at_what_says_the_claim_and_search_at_all(wells: str) -> None:
    for word in ("wells", "poisoned", "arsenic", "laboratory"):
        assert having(wells, word) == {1: "matching"}, word
    for word in ("shouted", "Kolb", "Younger", "cistern"):
        assert having(wells, word) == {1: "search"}, word
    assert having(wells, "seen") == {}
    assert {"well", "arsenic", "kolb", "cistern"} <= known(wells)


def test_a_word_weighs_more_the_more_often_and_the_less_else_is_said(
    database_url: str, ok: Run
) -> None:
    for statement in ("Tax up", "Tax up, tax up, tax up", "Tax up, say seven ministers of nine"):
        ok("claim", "add", statement, "--speaker", "Omar Said", "--new-speaker", "--source", PAGE)

    rows = stored(database_url, "SELECT claim_id FROM posting WHERE term = %s ORDER BY weight DESC",
                  term("tax"))  # fmt: skip
    assert rows == [(2,), (1,), (3,)]


def test_the_words_are_stemmed_by_the_language_of_the_claim(database_url: str, ok: Run) -> None:
    ok("claim", "add", "Die Brunnen waren vergiftet", "--language", "de-AT", "--speaker", "Ines",
       "--new-speaker", "--source", PAGE)  # fmt: skip
    assert having(database_url, "Brunnens", "de") == {1: "matching"}
    ok("claim", "edit", 1, "--language", "en")
    assert having(database_url, "Brunnens", "de") == {}


# --- What changes them ---------------------------------------------------------------------------


def test_new_words_take_the_place_of_the_old(wells: str, ok: Run) -> None:
    ok("claim", "edit", 1, "--statement", "The wells of Tarun were salted")
    assert (having(wells, "salted"), having(wells, "poisoned")) == (
        {1: "matching"},
        {1: "search"},  # as the passage still says
    )
    ok("evidence", "add", 1, "https://log.example/1", "--refutes")
    ok("claim", "mark", 1, "false", "--because", "sweet water")
    ok("claim", "edit", 1, "--statement", "The wells of Tarum were salted", "--typo",
       "--because", "a slip")  # fmt: skip
    assert (having(wells, "Tarum"), having(wells, "Tarun")) == ({1: "matching"}, {})


def test_an_appearance_brings_its_words_and_takes_them_along(wells: str, ok: Run) -> None:
    second = "https://example.org/second"
    ok("appearance", "add", 1, "--speaker", "Rosa Winter", "--new-speaker", "--source", second,
       "--source-title", "Gazette", "--passage", "She whispered it")  # fmt: skip
    for word in ("Winter", "Gazette", "whispered"):
        assert having(wells, word) == {1: "search"}
    ok("appearance", "edit", "1.2", "--passage", "She murmured it", "--because", "misread")
    assert (having(wells, "whispered"), having(wells, "murmured")) == ({}, {1: "search"})
    ok("appearance", "withdraw", "1.2", "--because", "another claim")
    for word in ("Winter", "Gazette", "murmured"):
        assert having(wells, word) == {}


def test_names_lead_to_every_claim_of_the_speaker(wells: str, ok: Run) -> None:
    ok("speaker", "alias", 1, "The Vixen")
    assert having(wells, "Vixen") == {1: "search"}
    ok("speaker", "edit", 1, "--name", "Ines Adler")
    assert having(wells, "Adler") == {1: "search"}
    ok("speaker", "add", "Baroness Holm")
    ok("speaker", "merge", 1, 2, "--because", "the same")
    assert having(wells, "Holm") == {1: "search"}
    ok("speaker", "unmerge", 2, "--because", "not the same")
    assert having(wells, "Holm") == {}


def test_a_new_title_is_that_of_all_claims_of_the_source(wells: str, ok: Run) -> None:
    ok("claim", "add", "No camel died", "--speaker", "Ines Kolb", "--source", PAGE)
    ok("source", "edit", 1, "--title", "Almanac")
    assert having(wells, "Almanac") == {1: "search", 2: "search"}
    assert having(wells, "cistern") == {}


def test_a_fact_check_that_is_withdrawn_says_no_more(wells: str, ok: Run) -> None:
    change(wells, "UPDATE assessment SET withdrawn_because = 'of another well'")
    ok("claim", "note", 1, "withdrawn")
    assert having(wells, "arsenic") == {}


def test_a_merged_claim_keeps_its_words(wells: str, ok: Run) -> None:
    ok("claim", "add", "Poison in the fountains", "--speaker", "Ines Kolb", "--source", PAGE)
    ok("claim", "merge", 1, 2, "--because", "the same")
    assert having(wells, "fountains") == {2: "matching"}


def test_an_import_brings_the_postings_of_all_its_rows(
    database_url: str, ok: Run, tmp_path: Path
) -> None:
    path = tmp_path / "claims.csv"
    rows = [f"Quarry {number} was flooded,Lena Vogt,https://example.org/q" for number in range(12)]
    path.write_text("\n".join(["Claim,Speaker,Source URL", *rows, ""]), encoding="utf-8")
    ok("import", "csv", path, "--batch", "5")
    assert having(database_url, "quarry") == dict.fromkeys(range(1, 13), "matching")
    assert having(database_url, "Vogt") == dict.fromkeys(range(1, 13), "search")
    assert stored(database_url, "SELECT stem FROM word WHERE stem = 'quarri'") == [("quarri",)]


def test_an_archive_is_found_by_its_words_when_it_is_taken_in(
    wells: str, ok: Run, empty_database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "desk.jsonl"
    path.write_text(ok("export", "jsonl").out, encoding="utf-8")
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    ok("db", "upgrade", env=env)
    ok("import", "jsonl", path, env=env)
    assert having(empty_database_url, "arsenic") == {1: "matching"}
    query = "SELECT claim_id, term, weight FROM posting ORDER BY claim_id, term"
    assert stored(empty_database_url, query) == stored(wells, query)


# --- What must be gone ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "word"),
    [
        (("claim", 1, "statement"), "wells"),
        (("appearance", "1.1", "passage"), "shouted"),
        (("speaker_alias", 2, "name"), "Younger"),
        (("source", 1, "title"), "cistern"),
        (("assessment", 1, "summary"), "laboratory"),
    ],
)
def test_what_is_redacted_leaves_no_stem(
    wells: str, ok: Run, target: tuple[object, ...], word: str
) -> None:
    assert set(stems(word)) <= known(wells)
    ok("audit", "redact", *target, "--because", "Names a witness", "--yes")
    assert having(wells, word) == {}
    assert not set(stems(word)) & known(wells)
    assert "redact" not in known(wells)


def test_a_stem_that_an_earlier_wording_left_goes_with_it(wells: str, ok: Run) -> None:
    ok("claim", "edit", 1, "--statement", "The cisterns were full")
    ok("audit", "redact", "claim", 1, "statement", "--because", "Names a witness", "--yes")
    assert not set(stems("wells Tarun cisterns full")) & known(wells) - {"cistern"}


def test_who_is_protected_is_found_by_no_name(wells: str, ok: Run) -> None:
    ok("speaker", "edit", 1, "--protected", "--as", "Caller Nine")
    ok("source", "edit", 1, "--protected")
    assert having(wells, "Caller") == {1: "search"}
    assert not set(stems("Ines Kolb Younger cistern")) & known(wells)


def test_what_is_redacted_past_the_commands_is_found_no_more_at_once(wells: str, ok: Run) -> None:
    change(
        wells,
        "SET claimtrack.redacting = 'appearance'",
        "UPDATE appearance SET passage = '[redacted]'",
    )
    assert having(wells, "shouted") == {}
    ok("claim", "note", 1, "any command")
    assert (having(wells, "wells"), "shout" in known(wells)) == ({1: "matching"}, False)


# --- Who fills them ------------------------------------------------------------------------------


def test_the_next_command_takes_up_what_was_changed_in_plain_sql(wells: str, ok: Run) -> None:
    change(wells, "UPDATE claim SET statement = 'The springs of Tarun were poisoned'")
    assert having(wells, "springs") == {}
    assert "words of 1 claims, changed outside of claimtrack" in ok("db", "check").err
    ok("claim", "note", 1, "any command")
    assert having(wells, "springs") == {1: "matching"}


def test_a_command_that_fails_leaves_them_as_they_were(wells: str, run: Run) -> None:
    query = "SELECT claim_id, term, weight FROM posting ORDER BY claim_id, term"
    before = stored(wells, query)
    assert run("claim", "add", "The wells of Tarun were poisoned", "--speaker", "Ines Kolb",
               "--source", PAGE).code == 4  # fmt: skip
    assert run("claim", "edit", 1, "--statement", "Other", "--if-version", 99).code == 4
    assert stored(wells, query) == before


def test_everybody_who_records_keeps_them_right_and_a_reader_reads_them(
    staff: Desk, database_url: str
) -> None:
    added = staff("recorder", "claim", "add", "The mill burnt down", "--speaker", "Ines Kolb",
                  "--new-speaker", "--source", PAGE)  # fmt: skip
    assert added.code == 0, added.err
    edited = staff("reviewer", "claim", "edit", 1, "--statement", "The barn burnt down")
    assert edited.code == 0, edited.err
    assert (having(database_url, "barn"), having(database_url, "mill")) == ({1: "matching"}, {})
    with staff.connect("reader") as connection:
        assert connection.execute("SELECT count(*) FROM posting").fetchone() == (4 + 1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT clear_postings('{1}', true)")
    with staff.connect("recorder") as connection:
        # Of a claim whose words did not change nothing is cleared.
        assert connection.execute("SELECT clear_postings('{1}', true)").fetchone() == ([],)
        for table in ("posting", "word", "posting_due"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"DELETE FROM {table}".encode())


def test_of_two_who_change_a_claim_at_once_the_second_sees_the_first(
    wells: str, start_process: Start
) -> None:
    with psycopg.connect(wells) as first:
        first.execute("SELECT FROM claim WHERE id = 1 FOR UPDATE")
        running = [
            start_process("appearance", "add", "1", "--speaker", "Ines Kolb", "--source",
                          f"https://example.org/{word}", "--passage", word)
            for word in ("thistle", "juniper")
        ]  # fmt: skip
        with make_engine(wells).connect() as watching:
            wait_until_waiting(watching, 2)
    words = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], words
    assert (having(wells, "thistle"), having(wells, "juniper")) == ({1: "search"}, {1: "search"})


def test_a_claim_that_somebody_is_changing_is_left_to_them(wells: str, ok: Run) -> None:
    change(wells, "UPDATE claim SET statement = 'The springs of Tarun were poisoned'")
    with psycopg.connect(wells) as other:
        other.execute("SELECT FROM claim WHERE id = 1 FOR UPDATE")
        ok("speaker", "add", "Rosa Winter")
        assert having(wells, "springs") == {}
    ok("speaker", "add", "Omar Said")
    assert having(wells, "springs") == {1: "matching"}


def test_two_who_bring_the_same_new_word_do_not_wait_for_each_other(database_url: str) -> None:
    engine = make_engine(database_url)

    def add(statement: str) -> None:
        with engine.begin() as connection:
            records.claim(connection, statement, url=None)
            postings.drain(connection)

    with engine.begin() as first, ThreadPoolExecutor(1) as pool:
        records.claim(first, "A zeppelin landed", url=None)
        postings.drain(first)
        pool.submit(add, "No zeppelin landed").result(timeout=30)
    assert len(having(database_url, "zeppelin")) == 2
    with engine.begin() as connection:
        assert postings.count_words(connection)
    query = "SELECT claims, found FROM word WHERE stem = 'zeppelin'"
    assert stored(database_url, query) == [(2, 2)]


# --- All of them anew ----------------------------------------------------------------------------


def test_check_names_a_claim_whose_postings_are_not_of_its_words(wells: str, run: Run) -> None:
    change(wells, "DELETE FROM posting WHERE weight = 0")
    checked = run("db", "check")
    assert checked.code == 1
    assert "claim 1. Make them anew with claimtrack db reindex" in " ".join(checked.out.split())
    assert "the words of 1 claim are read and counted" in run("db", "reindex").err
    assert run("db", "check").code == 0


def test_reindex_counts_the_words(wells: str, ok: Run) -> None:
    ok("claim", "add", "The wells are deep", "--speaker", "Ines Kolb", "--source", PAGE)
    ok("db", "reindex")
    rows = stored(wells, "SELECT stem, claims, found FROM word WHERE stem IN ('well', 'kolb')")
    assert sorted(rows) == [("kolb", 0, 2), ("well", 2, 2)]
    assert stored(wells, "SELECT claims, stems > 4 FROM word_count") == [(2, True)]


def test_a_reindex_that_was_broken_off_is_finished(wells: str, ok: Run) -> None:
    change(wells, "DELETE FROM posting", "INSERT INTO posting_due (claim_id) SELECT id FROM claim")
    assert "of 1 claim are" in ok("db", "reindex", "--waiting").err
    assert "of 0 claims are" in ok("db", "reindex", "--waiting").err


def test_words_are_counted_by_themselves_as_claims_come(database_url: str, ok: Run) -> None:
    with make_engine(database_url).begin() as connection:
        for number in range(postings.FEW + 1):
            records.claim(connection, f"Silo {number} is empty", url=None)
        postings.drain(connection)
    query = "SELECT claims FROM word WHERE stem = 'silo'"
    assert stored(database_url, query) == [(postings.FEW + 1,)]
    ok("claim", "add", "Silo 7 is full", "--speaker", "Ines Kolb", "--new-speaker", "--source",
       PAGE)  # fmt: skip
    assert stored(database_url, query) == [(postings.FEW + 1,)]


def test_an_older_database_gets_the_postings_of_its_claims(
    empty_database_url: str, ok: Run
) -> None:
    migrate.upgrade(make_engine(empty_database_url), "0017")
    change(
        empty_database_url,
        "INSERT INTO claim (statement, statement_key) VALUES ('The harbour froze', sha256('1'))",
    )
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    assert "Reading 1 claims for matching" in ok("db", "upgrade", env=env).err
    assert having(empty_database_url, "harbours") == {1: "matching"}
    assert wrong(empty_database_url) == []
    # What is derived is no data that would be lost on the way back.
    ok("db", "downgrade", "0017", env=env)
    ok("db", "upgrade", env=env)
    assert having(empty_database_url, "harbours") == {1: "matching"}
