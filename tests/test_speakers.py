"""Speakers: one person under many names, two people under one, and who is meant by a near miss."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from claimtrack.cli.app import App
from claimtrack.errors import ConflictError, InvalidDataError, NotFoundError
from claimtrack.services import speaker_records, speakers
from claimtrack.services.speakers import NearMissError
from claimtrack.services.views import SpeakerRef
from tests.conftest import PATIENCE, Run, Start, Surroundings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person sits at the terminal."""
    monkeypatch.setattr(App, "interactive", True)


def stored(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


# -- names that are the same ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        "Şükrü Aydoğan",
        "Sukru Aydogan",
        "SÜKRÜ AYDOĞAN",
        "  şükrü   aydoğan ",
        "President Şükrü Aydoğan",
        "Prof. Dr. Sukru Aydogan",
        "Şükrü-Aydoğan",
    ],
)
def test_a_name_leads_to_its_speaker_whatever_its_spelling(
    connection: Connection, spelling: str
) -> None:
    made, created = speakers.resolve(connection, "Şükrü Aydoğan")
    assert created
    assert speakers.resolve(connection, spelling) == (made, False)
    assert connection.scalar(text("SELECT count(*) FROM speaker")) == 1


def test_an_alias_leads_to_its_speaker(connection: Connection) -> None:
    view = speaker_records.add(connection, "World Lake Council", aliases=["WLC"])
    assert speakers.resolve(connection, "w.l.c.") == (
        SpeakerRef(view.id, "World Lake Council"),
        False,
    )


@pytest.mark.parametrize("reference", ["{}", "#{}", " {} "])
def test_digits_are_a_speakers_number(connection: Connection, reference: str) -> None:
    made, _ = speakers.resolve(connection, "Ines Kolb")
    assert speakers.resolve(connection, reference.format(made.id)) == (made, False)


def test_digits_that_no_speaker_has_record_nobody(connection: Connection) -> None:
    with pytest.raises(NotFoundError, match="There is no speaker 987654"):
        speakers.resolve(connection, "987654", insist_new=True)


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "\ud800", "x" * 301, "\u200b"])
def test_a_name_that_cannot_be_stored_is_refused(connection: Connection, name: str) -> None:
    with pytest.raises(InvalidDataError, match="speaker's name"):
        speakers.resolve(connection, name)


def test_a_name_of_digits_would_be_read_as_a_number(run: Run) -> None:
    outcome = run("speaker", "add", "1984")
    assert outcome.code == 5
    assert "needs more than digits" in outcome.err


# -- names that are nearly the same ---------------------------------------------------------------


def test_a_near_miss_is_a_conflict_that_names_who_may_be_meant(connection: Connection) -> None:
    made, _ = speakers.resolve(connection, "Viktor Melnikov")
    with pytest.raises(NearMissError) as caught:
        speakers.resolve(connection, "Melnikow")
    assert caught.value.name == "Melnikow"
    assert caught.value.candidates == (made,)
    assert f"Did you mean Viktor Melnikov ({made.id})?" in caught.value.message
    assert "--new-speaker" in caught.value.message


def test_insisting_records_a_name_that_is_near_another(connection: Connection) -> None:
    first, _ = speakers.resolve(connection, "Viktor Melnikov")
    second, created = speakers.resolve(connection, "Viktor Melnikow", insist_new=True)
    assert created
    assert second.id != first.id


def test_insisting_makes_no_second_speaker_of_one_name(connection: Connection) -> None:
    first, _ = speakers.resolve(connection, "Viktor Melnikov")
    assert speakers.resolve(connection, "viktor melnikov", insist_new=True) == (first, False)


def test_a_near_miss_is_exit_4_and_records_nothing(run: Run, ok: Run, database_url: str) -> None:
    ok("speaker", "add", "Viktor Melnikov")
    outcome = run("speaker", "add", "Viktor Melnikow")
    assert outcome.code == 4
    assert "Did you mean Viktor Melnikov (1)?" in outcome.err
    assert stored(database_url, "SELECT name FROM speaker") == [("Viktor Melnikov",)]
    ok("speaker", "add", "Viktor Melnikow", "--new-speaker")
    assert len(stored(database_url, "SELECT name FROM speaker")) == 2


def test_looking_for_a_near_name_says_who_may_be_meant(run: Run, ok: Run) -> None:
    ok("speaker", "add", "Viktor Melnikov")
    outcome = run("speaker", "show", "Melnikow")
    assert outcome.code == 3
    assert "Did you mean Viktor Melnikov (1)?" in outcome.err
    assert run("speaker", "show", "Somebody Else").code == 3
    assert run("speaker", "show", 77).code == 3


@pytest.mark.usefixtures("asked")
def test_at_a_terminal_a_person_can_say_that_it_is_somebody_new(ok: Run, database_url: str) -> None:
    ok("speaker", "add", "Viktor Melnikov")
    outcome = ok("speaker", "add", "Viktor Melnikow", input="n\n")
    assert "1  Viktor Melnikov (speaker 1)" in outcome.err
    assert stored(database_url, "SELECT name FROM speaker ORDER BY id") == [
        ("Viktor Melnikov",),
        ("Viktor Melnikow",),
    ]


@pytest.mark.usefixtures("asked")
def test_at_a_terminal_a_person_can_choose_who_is_meant(ok: Run, database_url: str) -> None:
    ok("speaker", "add", "Viktor Melnikov")
    outcome = ok("speaker", "add", "Viktor Melnikow", input="7\n1\n")
    assert "claimtrack speaker alias 1 'Viktor Melnikow'" in outcome.err
    assert len(stored(database_url, "SELECT name FROM speaker")) == 1


@pytest.mark.usefixtures("asked")
def test_a_claim_gets_the_speaker_that_was_chosen(ok: Run) -> None:
    ok("speaker", "add", "Viktor Melnikov")
    words = ("claim", "add", "The dam holds", "--source", "https://lake.example/1")
    outcome = ok(*words, "--speaker", "Melnikow", "--format", "json", input="1\n")
    assert outcome.json["speaker"] == {"id": 1, "name": "Viktor Melnikov"}


@pytest.mark.usefixtures("asked")
def test_each_of_a_claims_speakers_is_asked_about(ok: Run) -> None:
    ok("speaker", "add", "Viktor Melnikov")
    ok("speaker", "add", "Johanna Steiner")
    outcome = ok(
        *("claim", "add", "The dam holds", "--source", "https://lake.example/1"),
        *("--speaker", "Melnikow", "--speaker", "Johana Steiner", "--format", "json"),
        input="1\nn\n",
    )
    names = [one["speaker"]["name"] for one in outcome.json["appearances"]]
    assert names == ["Viktor Melnikov", "Johana Steiner"]


def test_a_real_terminal_is_asked(ok: Run, surroundings: Surroundings, database_url: str) -> None:
    ok("speaker", "add", "Viktor Melnikov")
    ours, theirs = os.openpty()
    wanted = {**os.environ, **surroundings()}
    command = [sys.executable, "-m", "claimtrack", "speaker", "add", "Viktor Melnikow"]
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={name: value for name, value in wanted.items() if value is not None},
    ) as running:
        os.close(theirs)
        shown, until = b"", time.monotonic() + PATIENCE
        while b"Choose" not in shown and time.monotonic() < until:
            if select.select([ours], [], [], 1)[0]:
                shown += os.read(ours, 4096)
        os.write(ours, b"n\n")
        out, _ = running.communicate(timeout=PATIENCE)
    os.close(ours)
    assert running.returncode == 0
    assert b"Speaker 2: Viktor Melnikow" in out
    assert len(stored(database_url, "SELECT name FROM speaker")) == 2


# -- two people of one name -----------------------------------------------------------------------


def test_a_qualifier_tells_two_people_of_one_name_apart(connection: Connection) -> None:
    senator, _ = speakers.resolve(connection, "John Weaver (Senator, Ohio)")
    governor, created = speakers.resolve(
        connection, "John Weaver (Governor, Ohio)", insist_new=True
    )
    assert created
    assert speakers.resolve(connection, "john weaver (senator ohio)") == (senator, False)
    assert speakers.resolve(connection, "Mr John Weaver (governor, ohio)") == (governor, False)


def test_the_bare_name_of_two_people_goes_to_neither(connection: Connection) -> None:
    speakers.resolve(connection, "John Weaver (baker)")
    speakers.resolve(connection, "John Weaver (diver)", insist_new=True)
    for insist_new in (False, True):
        with pytest.raises(NearMissError) as caught:
            speakers.resolve(connection, "John Weaver", insist_new=insist_new)
        assert not caught.value.may_be_new
        assert [ref.name for ref in caught.value.candidates] == [
            "John Weaver (baker)",
            "John Weaver (diver)",
        ]


def test_the_bare_name_of_one_person_leads_to_that_one(connection: Connection) -> None:
    made, _ = speakers.resolve(connection, "John Weaver (baker)")
    assert speakers.resolve(connection, "John Weaver") == (made, False)


def test_another_qualifier_is_a_near_miss(connection: Connection) -> None:
    made, _ = speakers.resolve(connection, "John Weaver (baker)")
    with pytest.raises(NearMissError) as caught:
        speakers.resolve(connection, "John Weaver (the baker)")
    assert caught.value.candidates == (made,)


def test_a_known_name_cannot_be_added_again(run: Run, ok: Run) -> None:
    ok("speaker", "add", "John Weaver")
    outcome = run("speaker", "add", "JOHN WEAVER", "--new-speaker")
    assert outcome.code == 4
    assert '"JOHN WEAVER" already is John Weaver (1)' in outcome.err
    assert "--qualifier" in outcome.err
    view = ok("speaker", "add", "John Weaver", "--qualifier", "baker", "--new-speaker")
    assert "Speaker 2: John Weaver (baker)" in view.out


# -- showing and changing -------------------------------------------------------------------------


def test_what_was_said_of_a_speaker_is_stored_and_shown(ok: Run) -> None:
    ok(
        *("speaker", "add", "Ines Kolb", "--kind", "person", "--description", "harbour master"),
        *("--alias", "I. Kolb"),
    )
    shown = ok("speaker", "show", "i kolb", "--format", "json").json
    assert shown["name"] == "Ines Kolb"
    assert shown["kind"] == "person"
    assert shown["description"] == "harbour master"
    assert shown["aliases"] == ["I. Kolb"]
    assert shown["recorded_by"] == "Ana Ruiz"


def test_a_speakers_claims_are_shown_with_their_status(ok: Run) -> None:
    ok("claim", "add", "The dam holds", "--speaker", "Ines Kolb", "--source", "https://l.example/1")
    outcome = ok("speaker", "show", "Ines Kolb")
    assert "1.1  unverified  The dam holds" in outcome.out
    shown = ok("speaker", "show", 1, "--format", "json").json
    assert [line["id"] for line in shown["appearances"]] == ["1.1"]
    assert shown["claims"] == 1


def test_speakers_are_listed_and_found_by_any_name(ok: Run) -> None:
    ok("speaker", "add", "Ines Kolb", "--alias", "The harbour master")
    ok("speaker", "add", "Müller Shipping")
    listed = ok("speaker", "list", "--format", "json").json
    assert [row["name"] for row in listed] == ["Ines Kolb", "Müller Shipping"]
    found = ok("speaker", "list", "--text", "HARBOUR", "--format", "json").json
    assert [row["id"] for row in found] == [1]
    assert [row["id"] for row in ok("speaker", "list", "--text", "muller", "--format", "json").json]
    nobody = ok("speaker", "list", "--text", "zebra")
    assert "No speaker has that in its name." in nobody.err


def test_a_long_list_comes_in_pages(ok: Run) -> None:
    for name in ("Ines Kolb", "Paul Adler", "Rosa Winter"):
        ok("speaker", "add", name)
    first = ok("speaker", "list", "--limit", 2)
    assert "Rosa Winter" not in first.out
    assert "--after 2" in first.out
    second = ok("speaker", "list", "--limit", 2, "--after", 2)
    assert "Rosa Winter" in second.out
    assert "--after" not in second.out


def test_a_renamed_speaker_is_found_by_both_names(ok: Run, database_url: str) -> None:
    ok("speaker", "add", "Ines Kolb", "--description", "harbour master")
    ok(
        *("speaker", "edit", 1, "--name", "Ines Winter", "--kind", "person"),
        *("--description", "", "--because", "Her new name"),
    )
    assert ok("speaker", "show", "Ines Kolb", "--format", "json").json["name"] == "Ines Winter"
    assert ok("speaker", "show", "ines winter", "--format", "json").json["id"] == 1
    assert stored(database_url, "SELECT kind, description FROM speaker") == [("person", None)]
    assert stored(
        database_url,
        "SELECT because, before ->> 'name' FROM event"
        " WHERE table_name = 'speaker' AND operation = 'update'",
    ) == [("Her new name", "Ines Kolb")]


def test_a_name_that_leads_to_another_speaker_is_not_taken_away(run: Run, ok: Run) -> None:
    ok("speaker", "add", "Ines Kolb")
    ok("speaker", "add", "Paul Adler")
    for words in (("alias", 2, "ines kolb"), ("edit", 2, "--name", "Ines Kolb")):
        outcome = run("speaker", *words)
        assert outcome.code == 4
        assert "already leads to Ines Kolb (1)" in outcome.err
        assert "claimtrack speaker merge 2 1" in outcome.err


def test_an_alias_can_be_said_twice(ok: Run, database_url: str) -> None:
    ok("speaker", "add", "Ines Kolb")
    ok("speaker", "alias", "Ines Kolb", "Kolb of the harbour")
    again = ok("speaker", "alias", 1, "KOLB of the harbour")
    assert "already leads there" in again.err
    assert len(stored(database_url, "SELECT * FROM speaker_alias")) == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("edit", 1), 2),
        (("edit", 99, "--name", "X Y"), 3),
        (("alias", 99, "X Y"), 3),
        (("edit", 1, "--name", ""), 5),
        (("edit", 1, "--description", "a\0b"), 5),
        (("edit", 1, "--description", "x" * 2001), 5),
        (("add", "Rosa (a) ", "--qualifier", "b"), 5),
        (("merge", 1, 1, "--because", "the same"), 4),
        (("merge", 1, 99, "--because", "the same"), 3),
        (("merge", 1, 2), 2),
        (("merge", 1, 2, "--because", " "), 5),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(
    run: Run, ok: Run, words: tuple[object, ...], code: int
) -> None:
    ok("speaker", "add", "Ines Kolb")
    ok("speaker", "add", "Paul Adler")
    outcome = run("speaker", *words)
    assert outcome.code == code, outcome.err
    assert "Error" in outcome.err


def test_control_characters_in_names_are_never_sent_to_the_terminal(run: Run, ok: Run) -> None:
    name = "Ines \x1b[31mKolb\u202e"
    ok("speaker", "add", name)
    for outcome in (
        ok("speaker", "list"),
        ok("speaker", "show", 1),
        run("speaker", "add", name),
        run("speaker", "show", "Kolb \x1b[2J Winter"),
    ):
        assert "\x1b" not in outcome.out + outcome.err
        assert "\u202e" not in outcome.out + outcome.err
        assert r"\x1b" in outcome.out + outcome.err


# -- merging --------------------------------------------------------------------------------------


def test_a_merged_speakers_names_and_claims_count_for_the_other(ok: Run, database_url: str) -> None:
    ok("speaker", "add", "Ines Kolb")
    claim = ("claim", "add", "The dam holds", "--source", "https://l.example/1")
    ok(*claim, "--speaker", "Harbour office of Seefeld")
    ok("speaker", "merge", "Ines Kolb", "Harbour office of Seefeld", "--because", "It is hers")
    shown = ok("speaker", "show", "harbour office of seefeld", "--format", "json").json
    assert shown["id"] == 1
    assert shown["merged"] == [{"id": 2, "name": "Harbour office of Seefeld"}]
    assert shown["aliases"] == ["Harbour office of Seefeld"]
    assert shown["claims"] == 1
    assert [line["id"] for line in shown["appearances"]] == ["1.1"]
    assert [row["id"] for row in ok("speaker", "list", "--format", "json").json] == [1]
    assert stored(database_url, "SELECT DISTINCT because FROM event WHERE because IS NOT NULL") == [
        ("It is hers",)
    ]


def test_a_speaker_that_others_were_merged_into_is_not_merged_itself(
    connection: Connection,
) -> None:
    a, b, c = (
        speakers.resolve(connection, name)[0].id
        for name in ("Ines Kolb", "Paul Adler", "Rosa Winter")
    )
    speaker_records.merge(connection, str(b), str(c), "one of two")
    with pytest.raises(ConflictError, match=rf"merged into it: Rosa Winter \({c}\)") as caught:
        speaker_records.merge(connection, str(a), str(b), "the same after all")
    assert caught.value.next_command == f"claimtrack speaker unmerge {c} --because WHY"
    assert speakers.find(connection, "Rosa Winter").id == b
    assert speakers.find(connection, "Paul Adler").id == b


def test_an_unmerged_speaker_has_its_names_and_claims_again(
    ok: Run, run: Run, database_url: str
) -> None:
    claim = ("claim", "add", "The dam holds", "--source", "https://l.example/1")
    ok(*claim, "--speaker", "Ines Kolb")
    ok("claim", "add", "The dam leaks", "--speaker", "Rosa Winter", *claim[3:])
    ok("speaker", "merge", "Ines Kolb", "Rosa Winter", "--because", "Her maiden name")

    outcome = run("speaker", "unmerge", "Ines Kolb", "--because", "Wrong way round")
    assert outcome.code == 4
    assert "claimtrack speaker unmerge 2 --because WHY" in outcome.err
    parted = ok(
        "speaker", "unmerge", "Rosa Winter", "--because", "A cousin", "--format", "json"
    ).json

    assert (parted["id"], parted["claims"], parted["merged_into"]) == (2, 1, None)
    assert ok("speaker", "show", "rosa winter", "--format", "json").json["id"] == 2
    assert ok("speaker", "show", "ines kolb", "--format", "json").json["claims"] == 1
    assert stored(
        database_url, "SELECT because FROM event WHERE before ? 'merged_into_id' ORDER BY id"
    ) == [("Her maiden name",), ("A cousin",)]
    assert run("speaker", "unmerge", 2, "--because", "again").code == 4


def test_a_merged_speaker_takes_no_part_in_another_merge(connection: Connection) -> None:
    a, b, c = (
        speakers.resolve(connection, name)[0].id
        for name in ("Ines Kolb", "Paul Adler", "Rosa Winter")
    )
    speaker_records.merge(connection, str(a), str(b), "the same")
    for into, other in ((b, c), (c, b)):
        with pytest.raises(ConflictError, match=rf"was merged into Ines Kolb \({a}\)"):
            speaker_records.merge(connection, str(into), str(other), "the same too")
    with pytest.raises(ConflictError, match="was merged into"):
        speaker_records.edit(connection, b, name="Paul A. Adler")


# -- two people at once ---------------------------------------------------------------------------


def test_two_claims_at_once_of_one_new_speaker_make_one_speaker(
    start_process: Start, database_url: str
) -> None:
    processes = [
        start_process(
            *("claim", "add", f"Statement {number}", "--speaker", "Ines Kolb"),
            *("--source", "https://l.example/1", "--publisher", "Lake Post"),
        )
        for number in range(4)
    ]
    for process in processes:
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
    assert stored(database_url, "SELECT name FROM speaker") == [("Ines Kolb",)]
    assert stored(database_url, "SELECT name FROM publisher") == [("Lake Post",)]
    assert stored(database_url, "SELECT count(*) FROM source") == [(1,)]
    assert stored(database_url, "SELECT count(DISTINCT speaker_id) FROM appearance") == [(1,)]


def test_a_speaker_recorded_between_look_up_and_insert_is_found(database_url: str) -> None:
    from claimtrack.db import make_engine, write_transaction

    engine = make_engine(database_url)
    name = speakers.read_name("Ines Kolb")
    with (
        write_transaction(engine, actor="Ana Ruiz") as mine,
        write_transaction(engine, actor="Bo Lind") as theirs,
    ):
        assert speakers.exact(mine, name) is None
        other = speakers.create(theirs, name)
        theirs.commit()
        # As the insert of somebody who had looked before the other's commit.
        assert speakers.create_or_find(mine, name) == (other, False)
    assert stored(database_url, "SELECT name FROM speaker") == [("Ines Kolb",)]
