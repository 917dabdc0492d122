"""Who is protected is seen by nobody but those who may, and all that is counted stays right."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from claimtrack.db import make_engine
from tests import records, sql
from tests.conftest import Desk, Run
from tests.sql import refused, value

#: Who must not be seen, and where they write.
NAME, CALLED, BLOG = "Tamsin Oyelaran", "Nurse Tamsin", "https://oyelaran.example/ward-six"


def stored(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def seen_by_readers(url: str) -> str:
    """All rows of all tables but those that readers get no access to, as one text."""
    with psycopg.connect(url) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = 'public'::regnamespace"
            )
            if name not in ("event", "protected_source", "capture")
        ]
        return "\n".join(
            row
            for name in tables
            for (row,) in connection.execute(f"SELECT t::text FROM {name} AS t")
        )


@pytest.fixture
def ward(ok: Run, database_url: str) -> str:
    """Two claims that a nurse made in two pieces on her own site, one carried elsewhere too."""
    ok("speaker", "add", NAME, "--description", "night nurse on ward six", "--alias", CALLED)
    for words, page in (("Ward six had no oxygen", ""), ("Ward six has two nurses", "-b")):
        ok("claim", "add", words, "--speaker", NAME, "--source", f"{BLOG}{page}")
    ok("appearance", "add", 1, "--speaker", NAME, "--source", "https://town.example/7")
    ok("appearance", "add", 1, "--speaker", NAME, "--source", f"{BLOG}-c")
    return database_url


# --- Speakers ------------------------------------------------------------------------------------


def test_a_speaker_recorded_under_a_pseudonym_is_flagged(ok: Run, database_url: str) -> None:
    view = ok("speaker", "add", "--protected", "Source K7", "--format", "json").json
    assert (view["name"], view["protected"]) == ("Source K7", True)
    assert stored(database_url, "SELECT name, protected FROM speaker") == [("Source K7", True)]
    assert stored(database_url, "SELECT count(*) FROM protected_source") == [(0,)]


def test_pseudonyms_may_be_alike(ok: Run) -> None:
    ok("speaker", "add", "--protected", "Source K7")
    ok("speaker", "add", "--protected", "Source K8")
    ok("claim", "add", "The gate was shut", "--speaker", "Source K8", "--source", BLOG)


def test_what_identifies_a_protected_speaker_leaves_the_record(ward: str, ok: Run) -> None:
    shown = ok("speaker", "edit", 1, "--protected", "--as", "Source K7", "--format", "json").json
    assert (shown["name"], shown["aliases"], shown["description"]) == ("Source K7", [], None)
    seen = seen_by_readers(ward)
    for part in ("tamsin", "nurse tamsin", "night nurse", "tamsinoyelaran", "nursetamsin"):
        assert part not in seen.casefold()
    kept = stored(
        ward, "SELECT identity ->> 'name', identity ->> 'description' FROM protected_source"
    )
    assert kept == [(NAME, "night nurse on ward six")]


COMMANDS = """
claim list | claim show 1 | claim history 1 | speaker list | speaker show 1 | source list
source show 1 | report unverified | report unverified --by speaker | report unverified --by source
report summary | report period --last-week | report overdue
"""


def test_no_command_shows_more_than_the_pseudonym(ward: str, ok: Run) -> None:
    ok("speaker", "edit", 1, "--protected", "--as", "Source K7")
    for number in (1, 2, 4):
        ok("source", "edit", number, "--protected")
    for command in re.split(r"[|\n]", COMMANDS.strip()):
        for form in ("table", "json", "jsonl", "csv", "markdown"):
            outcome = ok(*command.split(), "--format", form)
            assert not re.search("tamsin|oyelaran", outcome.out + outcome.err, re.IGNORECASE)
    assert "Source K7" in ok("claim", "list").out


def test_without_a_name_of_its_own_the_pseudonym_is_the_number(ward: str, ok: Run) -> None:
    assert ok("speaker", "edit", 1, "--protected", "--format", "json").json["name"] == "Speaker 1"
    assert ok("speaker", "show", "Speaker 1", "--format", "json").json["claims"] == 2


def test_those_merged_into_a_speaker_are_protected_with_it(ward: str, ok: Run) -> None:
    ok("speaker", "add", "T. Oyelaran", "--new-speaker")
    ok("speaker", "merge", 1, 2, "--because", "The same nurse")
    shown = ok("speaker", "edit", 1, "--protected", "--as", "Source K7", "--format", "json").json
    assert [one["name"] for one in shown["merged"]] == ["Speaker 2"]
    assert "oyelaran" not in ok("speaker", "show", 2).out.casefold()


def test_a_protected_speaker_is_merged_only_with_another_one(ward: str, run: Run) -> None:
    run("speaker", "add", "Nuala Byrne")
    run("speaker", "edit", 1, "--protected")
    for pair in ((1, 2), (2, 1)):
        outcome = run("speaker", "merge", *pair, "--because", "The same")
        assert outcome.code == 4
        assert "Only one of them is protected" in outcome.err
        assert "claimtrack speaker edit 2 --protected" in outcome.err
    run("speaker", "edit", 2, "--protected")
    assert run("speaker", "merge", 1, 2, "--because", "The same").code == 0


def test_a_pseudonym_stays_and_stays_the_only_name(ward: str, run: Run) -> None:
    assert run("speaker", "edit", 1, "--protected").code == 0
    for command in (
        ("speaker", "edit", 1, "--name", NAME),
        ("speaker", "edit", 1, "--protected", "--as", "Source K8"),
        ("speaker", "alias", 1, NAME),
    ):
        outcome = run(*command)
        assert (outcome.code, "protected" in outcome.err) == (4, True)
    assert stored(ward, "SELECT name FROM speaker") == [("Speaker 1",)]


@pytest.mark.parametrize("name", [NAME, "nurse TAMSIN"])
def test_a_name_of_the_person_is_no_pseudonym(ward: str, run: Run, name: str) -> None:
    outcome = run("speaker", "edit", 1, "--protected", "--as", name)
    assert outcome.code == 5
    assert stored(ward, "SELECT protected FROM speaker") == [(False,)]


def test_somebody_elses_name_is_no_pseudonym(ward: str, run: Run) -> None:
    run("speaker", "add", "Nuala Byrne")
    outcome = run("speaker", "edit", 1, "--protected", "--as", "Nuala Byrne")
    assert outcome.code == 4
    assert '"Nuala Byrne" already is Nuala Byrne (2)' in outcome.err


def test_the_real_name_leads_nowhere_but_the_owner_is_told_who_it_is(ward: str, run: Run) -> None:
    run("speaker", "edit", 1, "--protected", "--as", "Source K7")
    outcome = run("claim", "add", "Ward six is shut", "--speaker", CALLED, "--source", 3)
    assert outcome.code == 4
    assert "Did you mean Source K7 (1)?" in outcome.err
    insisted = run(
        "claim", "add", "Ward six is shut", "--speaker", CALLED, "--source", 3, "--new-speaker"
    )
    assert (insisted.code, "New speaker 2" in insisted.err) == (0, True)


def test_texts_in_which_the_name_still_stands_are_named(ward: str, ok: Run) -> None:
    ok("claim", "note", 1, "TAMSIN OYELARAN phoned at noon")
    ok("claim", "mark", 2, "in-review", "--because", "Asked Nurse Tamsin again")
    told = ok("speaker", "edit", 1, "--protected").err
    assert "still stands in 2 texts" in told
    assert "claimtrack audit redact note 1 body --because" in told
    assert "claimtrack audit redact review 2.1 because --because" in told


# --- Sources -------------------------------------------------------------------------------------


def test_what_identifies_a_protected_source_leaves_the_record(ok: Run, database_url: str) -> None:
    ok("source", "add", BLOG, "--title", "My nights on ward six", "--publisher", "Oyelaran's Log")
    ok("source", "edit", 1, "--external-id", "log-0042", "--agency", "Small Wire")
    key = stored(database_url, "SELECT source_key FROM source")
    shown = ok("source", "edit", 1, "--protected", "--format", "json").json
    assert shown["title"] == "Source 1"
    assert {shown[one] for one in ("url", "publisher", "agency", "external_id")} == {None}
    assert stored(database_url, "SELECT host, publisher_id, agency_id FROM source") == [
        (None, None, None)
    ]
    assert stored(database_url, "SELECT source_key FROM source") != key
    revealed = ok("source", "show", 1, "--reveal", "--format", "json").json["identity"]
    assert revealed["url"] == BLOG
    assert (revealed["publisher"], revealed["agency"]) == ("Oyelaran's Log", "Small Wire")


def test_a_protected_source_is_counted_with_its_house(ward: str, ok: Run) -> None:
    assert stored(ward, "SELECT reach FROM claim ORDER BY id") == [(2,), (1,)]
    for number in (1, 2, 4):
        ok("source", "edit", number, "--protected")
        assert stored(ward, "SELECT reach FROM claim ORDER BY id") == [(2,), (1,)]
    # Also what comes later from that house, and what is counted anew, is one with it.
    ok("appearance", "add", 1, "--speaker", 1, "--source", f"{BLOG}-d")
    assert stored(ward, "SELECT reach FROM claim ORDER BY id") == [(2,), (1,)]
    assert " ok" in ok("db", "check").out


def test_a_reprint_is_no_witness_even_of_a_protected_source(ok: Run, run: Run) -> None:
    ok(*["claim", "add"], "The dam held", "--speaker", NAME, "--source", BLOG,
       "--agency", "Small Wire")  # fmt: skip
    ok("source", "edit", 1, "--protected")
    ok("source", "add", "https://reprint.example/1", "--agency", "Small Wire")
    outcome = run("claim", "mark", 1, "false", "--because", "It broke", "--refutes", 2)
    assert outcome.code == 5
    assert "no second witness" in outcome.err


def test_nothing_is_filled_in_again(ward: str, run: Run) -> None:
    run("source", "edit", 1, "--protected")
    for option in ("--url", "--title", "--publisher", "--agency", "--external-id"):
        value = BLOG if option == "--url" else "Oyelaran's Log"
        outcome = run("source", "edit", 1, option, value)
        assert (outcome.code, "Source 1 is protected" in outcome.err) == (4, True)
    outcome = run("appearance", "add", 2, "--speaker", 1, "--source", 1, "--publisher", "The Log")
    assert (outcome.code, "Source 1 is protected" in outcome.err) == (4, True)
    assert run("source", "edit", 1, "--published", "2024-05-03").code == 0


def test_the_address_of_a_protected_source_is_not_recorded_again(ward: str, run: Run) -> None:
    run("source", "edit", 1, "--protected")
    outcome = run("source", "add", BLOG)
    assert outcome.code == 4
    assert "That is source 1, which is protected" in outcome.err
    assert run("claim", "list", "--source", BLOG).code == 3


def test_a_filed_document_is_not_known_again(ok: Run, database_url: str, tmp_path: Any) -> None:
    path = tmp_path / "oyelaran-rota.txt"
    path.write_text("Ward six: nobody")
    ok("source", "add", "--file", path)
    shown = ok("source", "edit", 1, "--protected", "--format", "json").json
    assert [(one["file_name"], one["sha256"]) for one in shown["captures"]] == [(None, None)]
    assert "oyelaran-rota.txt" in ok("source", "show", 1, "--reveal").out


# --- Who may see it ------------------------------------------------------------------------------


def test_that_somebody_looked_is_recorded(ward: str, ok: Run) -> None:
    ok("speaker", "edit", 1, "--protected")
    assert NAME in ok("speaker", "show", 1, "--reveal", actor="Noor Haddad").out
    ok("source", "edit", 1, "--protected")
    assert BLOG in ok("source", "show", 1, "--reveal").out
    assert stored(ward, "SELECT what, recorded_by, filters FROM export ORDER BY id") == [
        ("identity", "Noor Haddad", {"speaker": 1}),
        ("identity", "Ana Ruiz", {"source": 1}),
    ]
    told = stored(ward, "SELECT count(*) FROM event WHERE table_name = 'export'")
    assert told == [(2,)]


def test_a_saved_file_has_left_the_record(ok: Run, database_url: str, tmp_path: Any) -> None:
    (tmp_path / "rota.txt").write_text("Ward six: nobody")
    ok("source", "add", "--file", tmp_path / "rota.txt")
    ok("source", "show", 1, "--save", tmp_path / "copy.txt")
    assert stored(database_url, "SELECT what, filters FROM export") == [
        ("file", {"source": 1, "capture": 1})
    ]


@pytest.mark.parametrize("noun", ["speaker", "source"])
def test_what_is_not_protected_has_nothing_to_reveal(ward: str, run: Run, noun: str) -> None:
    outcome = run(noun, "show", 1, "--reveal")
    assert (outcome.code, "is not protected" in outcome.err) == (3, True)


def test_a_recorder_protects_and_an_admin_alone_sees_whom(staff: Desk) -> None:
    words = ("claim", "add", "Ward six is shut", "--speaker", NAME, "--source", BLOG)
    assert staff("recorder", *words).code == 0
    assert staff("recorder", "speaker", "edit", 1, "--protected", "--as", "Source K7").code == 0
    assert staff("recorder", "source", "edit", 1, "--protected").code == 0
    assert staff("recorder", "speaker", "add", "--protected", "Source K8").code == 0
    for role in ("reader", "recorder", "reviewer"):
        with staff.connect(role) as connection:
            assert connection.execute("SELECT * FROM protected_source").fetchall() == []
        refused_one = staff(role, "speaker", "show", 1, "--reveal")
        assert (refused_one.code, "admins alone" in refused_one.err) == (6, True)
        assert "Source K7" in staff(role, "claim", "show", 1).out
    assert NAME in staff("admin", "speaker", "show", 1, "--reveal").out
    # To the recorder it is a new name: being told would tell who it is.
    again = staff("recorder", "appearance", "add", 1, "--speaker", NAME, "--source", 1)
    assert (again.code, "New speaker 3" in again.err) == (0, True)


def test_a_reader_protects_nothing(staff: Desk) -> None:
    assert staff("recorder", "speaker", "add", NAME).code == 0
    assert staff("reader", "speaker", "edit", 1, "--protected").code == 6
    with staff.connect("reader") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT protect_speaker(1, 'Source K7', 'sourcek7')")


# --- The rules in the database -------------------------------------------------------------------


CHANGES = {
    "UPDATE speaker SET protected = false": "stay_protected",
    "UPDATE speaker SET name = 'Tamsin Oyelaran'": "stay_protected",
    "UPDATE speaker_alias SET name = 'T', protected = false WHERE protected": "stay_protected",
    "INSERT INTO speaker_alias (speaker_id, name, name_key)"
    " SELECT id, 'T', 't' FROM speaker": "stay_protected",
    "UPDATE source SET protected = false": "stay_protected",
    "UPDATE source SET title = 'My nights'": "stay_protected",
    "UPDATE source SET url = 'https://x.example/', host = 'x.example'": "ck_source_protected",
    "UPDATE source SET external_id = '42'": "ck_source_protected",
    "SELECT protect_speaker(id, 'Source K9', 'sourcek9') FROM speaker": "already_protected",
    "SELECT protect_source(id, 'Source 9') FROM source": "already_protected",
    "UPDATE protected_source SET identity = NULL, salt = NULL": "append_only",
    "DELETE FROM protected_source": "append_only",
    "DELETE FROM export": "append_only",
}


def test_the_database_keeps_what_is_protected(connection: Connection) -> None:
    speaker = records.speaker(connection, NAME)
    source = records.source(connection, BLOG)
    value(connection, "SELECT protect_speaker(:id, 'Source K7', 'sourcek7')", id=speaker)
    value(connection, "SELECT protect_source(:id, 'Source 7')", id=source)
    for change, rule in CHANGES.items():
        with refused(connection, rule):
            sql.run(connection, change)


def test_an_identity_can_not_be_changed_behind_its_digest(database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        speaker = records.speaker(connection, NAME)
        value(connection, "SELECT protect_speaker(:id, 'Source K7', 'sourcek7')", id=speaker)
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("ALTER TABLE protected_source DISABLE TRIGGER ALL")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute('UPDATE protected_source SET identity = \'{"name": "Eve"}\'')


def test_a_backup_has_left_the_record(ok: Run, database_url: str, tmp_path: Any) -> None:
    printed = ok("db", "backup", tmp_path / "all.backup", "--format", "json").json
    assert stored(database_url, "SELECT what, filters FROM export") == [
        ("backup", {"file": "all.backup", "digest": printed["digest"]})
    ]
    assert ok("db", "digest").out.strip() == printed["digest"]
