"""A redacted value is nowhere any more, and nothing else is different."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from claimtrack.models.redacting import FIELDS
from tests import records, sql
from tests.conftest import Run
from tests.sql import refused, value

#: What must go, in a spelling that nothing else has.
SECRET = "Tamsin Oyelaran"
LOG = "https://log.example/nights"
PAGE = "https://oyelaran.example/ward-six"


def stored(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def whole(url: str) -> str:
    """Every row of every table as text, bytes decoded too."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        rows = [
            row
            for (name,) in tables
            for (row,) in connection.execute(f"SELECT t::text FROM {name} AS t")
        ]
        captured = connection.execute("SELECT content FROM capture").fetchall()
    return "\n".join([*rows, *(bytes(one or b"").decode() for (one,) in captured)]).casefold()


def leaves(url: str) -> list[tuple[Any, ...]]:
    return stored(url, "SELECT id, event_leaf(event) FROM event ORDER BY id")


@pytest.fixture
def ward(ok: Run, database_url: str, tmp_path: Any) -> str:
    """A claim with the secret in every field that a person can write it into."""
    path = tmp_path / f"{SECRET}.txt"
    path.write_text(f"Signed: {SECRET}")
    ok("speaker", "add", SECRET, "--description", f"the nurse {SECRET}", "--alias", "Night Nurse")
    ok(
        *("claim", "add", f"{SECRET} saw no oxygen", "--speaker", SECRET, "--source", PAGE),
        *("--publisher", f"{SECRET}'s Log", "--source-title", f"{SECRET} on nights"),
        *("--quote", f"I, {SECRET}, saw none", "--passage", f"{SECRET} saw none"),
        *("--at", f"page of {SECRET}", "--topic", SECRET, "--figure", "0", "--unit", SECRET),
        *("--counted", SECRET, "--where", SECRET),
    )
    ok("claim", "note", 1, f"{SECRET} phoned")
    ok("claim", "edit", 1, "--statement", f"{SECRET} saw little oxygen", "--because", SECRET)
    ok("source", "add", "--file", path)
    ok("appearance", "attribution", "1.1", "confirmed", "--because", f"{SECRET} confirms it")
    ok("evidence", "add", 1, 2, "--refutes", "--excerpt", f"{SECRET} was asleep", "--at", SECRET)
    ok("claim", "mark", 1, "false", "--because", f"{SECRET} erred", "--rating", SECRET)
    ok("claim", "object", 1, "--because", f"{SECRET} disagrees")
    ok("claim", "answer", 1, "--because", f"{SECRET} was heard")
    ok(*("claim", "challenge", 1, "--from", SECRET, "--because", f"{SECRET} demands it"),
       "--due", "2099-01-01")  # fmt: skip
    ok("claim", "challenge", 1, "rejected", "--because", f"{SECRET} is wrong")
    ok("evidence", "withdraw", 1, "--because", f"{SECRET} lied")
    ok("claim", "add", "There was no oxygen at night", "--speaker", "Bo Lind", "--source", LOG)
    ok("claim", "unsure", 1, 2, "--because", f"{SECRET} may know")
    return database_url


#: Every field, by the row that has the secret in it.
ROWS = {
    "claim": "1", "appearance": "1.1", "attribution": "1", "figure": "1", "note": "1",
    "evidence": "1", "review": "1.1", "objection": "1.1", "challenge": "1.1", "speaker": "1",
    "publisher": "1", "source": "1", "capture": "1", "claim_match": "1.2.1",
}  # fmt: skip
#: Where this story has nothing.
EMPTY = {
    ("claim", "assigned_to"), ("claim", "merged_because"), ("speaker", "merged_because"),
    ("appearance", "withdrawn_because"), ("source", "external_id"),
    ("appearance", "said_text"), ("source", "published_text"),
}  # fmt: skip


def redact_all(ok: Run, ward: str) -> None:
    for table, row in ROWS.items():
        for field in FIELDS[table]:
            if (table, field) not in EMPTY:
                ok("audit", "redact", table, row, field, "--because", "Names a witness", "--yes")
    ok("audit", "redact", "source", 2, "title", "--because", "Names a witness", "--yes")


def test_what_is_redacted_is_nowhere_any_more(ward: str, ok: Run) -> None:
    assert whole(ward).count(SECRET.casefold()) > 30
    redact_all(ok, ward)
    # The address and the file's name have gone with it, and what was made from the name.
    for part in ("oyelaran", "tamsin"):
        assert part not in whole(ward)


def test_the_leaf_of_every_event_stays_what_it_was(ward: str, ok: Run) -> None:
    before = leaves(ward)
    redact_all(ok, ward)
    assert leaves(ward)[: len(before)] == before


def test_the_record_still_verifies_against_the_head_that_was_published(ward: str, ok: Run) -> None:
    ok("audit", "seal")
    head = ok("audit", "head").out.strip()
    redact_all(ok, ward)
    for noun, number in (("speaker", 1), ("source", 1)):
        ok(noun, "edit", number, "--protected")
        ok("audit", "redact", noun, number, "identity", "--because", "Promised", "--yes")
    ok("audit", "verify", "--head", head)
    ok("audit", "seal")
    ok("audit", "verify")


def test_what_was_redacted_is_shown_as_such(ward: str, ok: Run) -> None:
    redact_all(ok, ward)
    shown = ok("claim", "show", 1).out + ok("claim", "history", 1).out
    assert "[redacted]" in shown
    assert "{" not in shown
    assert ok("claim", "show", 1, "--format", "json").json["verdict"] == "false"
    assert ok("source", "show", 2, "--format", "json").json["captures"][0]["file_name"] is None


def test_a_redaction_tells_who_and_why_but_never_what(ward: str, ok: Run) -> None:
    printed = ok(
        *("audit", "redact", "note", 1, "body", "--because", "Names a witness", "--yes"),
        *("--format", "json"),
        actor="Noor Haddad",
    ).json
    told = stored(
        ward,
        "SELECT recorded_by, because, after ->> 'field', after ->> 'digest' FROM event"
        " WHERE table_name = 'redaction'",
    )
    assert told == [("Noor Haddad", "Names a witness", "body", "\\x" + printed["digest"])]
    update = stored(
        ward,
        "SELECT before, after FROM event WHERE table_name = 'note' AND operation = 'update'",
    )
    assert update == [({"body": {"redacted": printed["digest"]}}, {"body": "[redacted]"})]


def test_the_digest_can_not_be_compared_with_guesses(ward: str, ok: Run) -> None:
    ok("audit", "redact", "note", 1, "body", "--because", "Names a witness", "--yes")
    rows = stored(ward, "SELECT salt, field_salts FROM event WHERE table_name = 'note' ORDER BY id")
    (inserted, updated) = rows
    assert inserted[0] is updated[0] is None
    assert "after.body" not in inserted[1]
    assert "before.body" not in updated[1]


def test_the_same_words_elsewhere_are_named(ward: str, ok: Run) -> None:
    ok("claim", "note", 1, "As was said: TAMSIN OYELARAN PHONED")
    told = ok("audit", "redact", "note", 1, "body", "--because", "Names a witness", "--yes").err
    assert "claimtrack audit redact note 2 body --because" in told


def test_the_reason_of_an_edit_can_be_redacted(ward: str, ok: Run) -> None:
    ((number,),) = stored(ward, f"SELECT id FROM event WHERE because = '{SECRET}'")
    ok("audit", "redact", "event", number, "because", "--because", "Names a witness", "--yes")
    assert stored(ward, f"SELECT because FROM event WHERE id = {number}") == [(None,)]


def test_a_name_goes_with_the_alias_that_it_is_and_no_other(ward: str, ok: Run, run: Run) -> None:
    ok("audit", "redact", "speaker", 1, "name", "--because", "Names a witness", "--yes")
    assert run("speaker", "show", SECRET).code == 3
    assert ok("speaker", "show", "Night Nurse", "--format", "json").json["name"] == "[redacted]"


def test_the_identity_of_what_is_protected_can_go_too(ward: str, ok: Run) -> None:
    ok("speaker", "edit", 1, "--protected", "--as", "Source K7")
    ok("source", "edit", 1, "--protected")
    ok("source", "edit", 2, "--protected")
    before = leaves(ward)
    for noun, number in (("speaker", 1), ("source", 1), ("source", 2)):
        ok("audit", "redact", noun, number, "identity", "--because", "Promised", "--yes")
    assert leaves(ward)[: len(before)] == before
    shown = ok("speaker", "show", 1, "--reveal").out
    assert ("Source K7" in shown, "nothing is recorded" in shown) == (True, True)
    kept = stored(ward, "SELECT table_name, before, after FROM event WHERE table_name IN"
                  " ('speaker', 'speaker_alias', 'capture', 'protected_source')")  # fmt: skip
    assert "oyelaran" not in str(kept).casefold()
    sources = stored(ward, "SELECT before, after FROM event WHERE table_name = 'source'")
    assert "oyelaran" not in str(sources).casefold()
    assert stored(ward, "SELECT identity, salt, origin FROM protected_source") == [(None,) * 3] * 3
    assert "wrong" not in ok("db", "check").out


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("note 1 bdy", 5, "There is no bdy to redact in a note: it has body."),
        ("notes 1 body", 5, "Nothing of notes can be redacted"),
        ("note 99 body", 3, "There is no note 99."),
        ("note x body", 3, "There is no note x."),
        ("claim 1 assigned_to", 4, "There is nothing in claim 1, assigned_to"),
        ("speaker 1 identity", 3, "There is no protected speaker 1"),
        ("event 99 because", 3, "There is no event 99"),
    ],
)
def test_what_is_not_there_is_not_redacted(
    ward: str, run: Run, words: str, code: int, said: str
) -> None:
    outcome = run("audit", "redact", *words.split(), "--because", "Names a witness", "--yes")
    assert (outcome.code, said in outcome.err) == (code, True)


def test_nothing_is_redacted_twice(ward: str, run: Run) -> None:
    command = ("audit", "redact", "note", 1, "body", "--because", "Names a witness", "--yes")
    assert (run(*command).code, run(*command).code) == (0, 4)


def test_the_reason_must_not_repeat_the_value(ward: str, run: Run) -> None:
    because = f"It said: {SECRET.upper()} PHONED"
    outcome = run("audit", "redact", "note", 1, "body", "--because", because, "--yes")
    assert (outcome.code, "repeats" in outcome.err) == (5, True)
    assert SECRET in stored(ward, "SELECT body FROM note")[0][0]


def test_it_is_not_done_unasked(ward: str, run: Run) -> None:
    outcome = run("audit", "redact", "note", 1, "body", "--because", "Names a witness")
    assert (outcome.code, "--yes" in outcome.err) == (2, True)


def test_only_a_redaction_changes_what_never_changes(connection: Connection) -> None:
    claim = records.claim(connection)
    sql.run(connection, "INSERT INTO note (claim_id, body) VALUES (:id, 'x')", id=claim)
    for change in ("body = '[redacted]'", "body = 'y'", "recorded_by = 'Eve'"):
        with refused(connection, "append_only"):
            sql.run(connection, f"UPDATE note SET {change}")
    value(connection, "SELECT set_config('claimtrack.redacting', 'note', true)")
    for change in ("body = 'y'", "body = '[redacted]', recorded_by = 'Eve'", "claim_id = 0"):
        with refused(connection, "append_only"):
            sql.run(connection, f"UPDATE note SET {change}")
    with refused(connection, "append_only"):
        sql.run(connection, "DELETE FROM note")
    sql.run(connection, "UPDATE note SET body = '[redacted]'")


def test_a_capture_lets_go_of_its_bytes_and_takes_no_others(connection: Connection) -> None:
    source = records.source(connection)
    sql.run(
        connection,
        "INSERT INTO capture (source_id, sha256, byte_count, content)"
        " VALUES (:id, sha256('x'), 1, 'x')",
        id=source,
    )
    for change in ("content = NULL", "content = 'y', sha256 = sha256('y')", "file_name = 'z'"):
        with refused(connection, "append_only"):
            sql.run(connection, f"UPDATE capture SET {change}")
    value(connection, "SELECT set_config('claimtrack.redacting', 'capture', true)")
    for change in ("content = 'y', sha256 = sha256('y')", "file_name = 'z'", "byte_count = 2"):
        with refused(connection, "append_only"):
            sql.run(connection, f"UPDATE capture SET {change}")
    sql.run(connection, "UPDATE capture SET content = NULL, sha256 = sha256('z')")
