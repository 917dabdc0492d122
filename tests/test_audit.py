"""`claimtrack audit`: the trail, the seals and the proof, as people call them."""

from __future__ import annotations

import re

import psycopg
import pytest

from claimtrack.models.rules import LOGGED
from tests.conftest import Run, Start

#: A head of a day that there is not.
NO_DAY = f"1 2024-02-31T12:00:00.000000Z {'0' * 64}"

HEAD = re.compile(r"\d+ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f]{64}\n")


@pytest.fixture
def recorded(ok: Run) -> None:
    """Two claims, one of them edited by somebody else."""
    for words in ("The well ran dry", "The mill burnt down"):
        ok("claim", "add", words, "--manner", "own-voice", "--source", "https://example.org/1")
    ok("claim", "edit", 1, "--priority", "high", "--because", "Asked twice", actor="Noor Haddad")


def tamper(database_url: str, *statements: str) -> None:
    """As somebody who may switch the triggers off."""
    with psycopg.connect(database_url) as connection:
        for table in LOGGED | {"event": (), "seal": ()}:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        for statement in statements:
            connection.execute(statement.encode())


# --- audit log -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("recorded")
def test_the_log_tells_who_changed_what_newest_first(ok: Run) -> None:
    first, *others = ok("audit", "log", "--format", "json").json

    assert first["recorded_by"] == "Noor Haddad"
    assert (first["operation"], first["table"], first["row"]) == ("update", "claim", "1")
    assert (first["before"], first["after"]) == ({"priority": 1}, {"priority": 2})
    assert (first["claim_id"], first["because"]) == (1, "Asked twice")
    ids = [first["id"], *(one["id"] for one in others)]
    assert ids == sorted(ids, reverse=True)
    shown = ok("audit", "log", "--operation", "update").out
    assert "priority 1 → 2" in shown


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("options", "tables"),
    [
        (("--claim", 2), ["appearance", "claim"]),
        (("--by", "Noor Haddad"), ["claim"]),
        (("--by", "Nobody"), []),
        (("--operation", "update", "--claim", 1), ["claim"]),
        (("--table", "appearance"), ["appearance", "appearance"]),
        (("--table", "appearance", "--row", "2.1"), ["appearance"]),
        (("--since", "2999-01-01"), []),
        (("--until", "2000-01-01"), []),
        (("--table", "source", "--since", "2000", "--until", "2999"), ["source"]),
    ],
)
def test_the_log_is_filtered(ok: Run, options: tuple[object, ...], tables: list[str]) -> None:
    found = ok("audit", "log", *options, "--format", "json").json

    assert [one["table"] for one in found] == tables


@pytest.mark.usefixtures("recorded")
def test_the_log_comes_in_pages(ok: Run) -> None:
    whole = [one["id"] for one in ok("audit", "log", "--format", "json").json]

    first = ok("audit", "log", "--limit", 2).out
    assert f"--after {whole[1]} for the next page" in first
    rest = ok("audit", "log", "--after", whole[1], "--format", "json").json
    assert [one["id"] for one in rest] == whole[2:]


@pytest.mark.usefixtures("recorded")
def test_the_log_comes_as_csv_and_jsonl(ok: Run) -> None:
    header, *rows = ok("audit", "log", "--format", "csv").out.splitlines()
    assert header.startswith("id,recorded_at,recorded_by,db_user,application,operation,table,row")
    assert len(rows) == len(ok("audit", "log", "--format", "jsonl").out.splitlines())


def test_the_log_explains_what_it_does_not_know(run: Run) -> None:
    unknown = run("audit", "log", "--table", "pg_class")
    assert unknown.code == 5
    assert "No table pg_class is logged. Those that are: " in unknown.err
    assert run("audit", "log", "--row", "1").code == 2
    assert run("audit", "log", "--since", "2024-02-02", "--until", "2024-02-01").code == 5
    assert "No event is like that" in run("audit", "log").err


# --- Seals and heads -----------------------------------------------------------------------------


def test_an_empty_record_has_nothing_to_seal_and_no_head(run: Run) -> None:
    sealed = run("audit", "seal")
    assert (sealed.code, sealed.out) == (0, "")
    assert "nothing new to seal" in sealed.err
    head = run("audit", "head")
    assert head.code == 3
    assert head.err.splitlines()[-1].strip() == "claimtrack audit seal"
    verified = run("audit", "verify")
    assert verified.code == 0
    assert "All is as recorded" in verified.out
    assert "nothing yet" in verified.out


@pytest.mark.usefixtures("recorded")
def test_a_seal_prints_the_head_and_so_does_head(ok: Run) -> None:
    sealed = ok("audit", "seal")
    assert HEAD.fullmatch(sealed.out)
    assert re.search(r"Sealed \d events", sealed.err)
    assert ok("audit", "head").out == sealed.out
    again = ok("audit", "seal")
    assert again.out == sealed.out
    assert "nothing new to seal" in again.err

    ok("claim", "note", 1, "Seen again")
    assert "not sealed: 1 event." in ok("audit", "head").err
    told = ok("audit", "head", "--format", "json").json
    assert sealed.out.split() == [str(told["events"]), told["head"].split()[1], told["hash"]]
    assert told["seal"] == 1


@pytest.mark.usefixtures("recorded")
def test_who_sealed_is_on_record(ok: Run, database_url: str) -> None:
    ok("audit", "seal", actor="Noor Haddad")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT recorded_by FROM seal").fetchall() == [("Noor Haddad",)]


# --- Verifying -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("recorded")
def test_a_record_contains_every_head_that_was_published(ok: Run) -> None:
    heads = []
    for number in range(3):
        ok("claim", "note", 1, f"Seen {number}")
        heads.append(ok("audit", "seal").out)
    ok("claim", "note", 2, "Not sealed yet")

    for number, head in enumerate(heads, start=1):
        verified = ok("audit", "verify", "--head", head.strip())
        assert f"the published head, as seal {number}" in verified.out
        assert "1 event" in verified.out
    told = ok("audit", "verify", "--head", "-", "--format", "json", input=heads[0]).json
    assert (told["ok"], told["contained_in_seal"], told["unsealed"]) == (True, 1, 1)
    assert told["events_per_second"] > 0
    assert told["sha256_events_per_second"] > told["events_per_second"]


@pytest.mark.parametrize("line", ["", "12", "12 2024-06-05 abc", "x" * 200, NO_DAY])
def test_a_line_that_is_no_head_is_refused(run: Run, line: str) -> None:
    outcome = run("audit", "verify", "--head", line)
    assert (outcome.code, outcome.out) == (5, "")
    assert "no head of a record" in outcome.err


@pytest.mark.usefixtures("recorded")
def test_a_head_of_another_record_is_not_contained(run: Run, ok: Run) -> None:
    events, time, hashed = ok("audit", "seal").out.split()
    for line, kind in (
        (f"{events} {time} {hashed[::-1]}", "changed"),
        (f"{int(events) + 1} {time} {hashed}", "truncated_tail"),
    ):
        outcome = run("audit", "verify", "--head", line, "--format", "json")
        assert outcome.code == 1
        assert (outcome.json["problem"]["kind"], outcome.json["problem"]["what"]) == (kind, "head")
        said = run("audit", "verify", "--head", line).out
        assert said.startswith("NOT as recorded. The published head is not contained")


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE claim SET status = 'set_aside' WHERE id = 2", "Row claim 2 was changed: status."),
        ("DELETE FROM appearance WHERE claim_id = 2", "Row appearance 2.1 was removed"),
        ("UPDATE event SET because = 'x' WHERE operation = 'update'", "(claim 1) was changed."),
        ("DELETE FROM event WHERE id = 2", "Event 2 was removed."),
        ("DELETE FROM event WHERE id > 2", "Event 3 was cut off: a truncated tail"),
        ("UPDATE seal SET event_count = event_count - 1", "Seal 1 was changed"),
    ],
)
def test_the_first_bad_row_is_said_in_a_sentence(
    run: Run, ok: Run, database_url: str, statement: str, sentence: str
) -> None:
    ok("audit", "seal")
    tamper(database_url, statement)

    outcome = run("audit", "verify")

    assert outcome.code == 1
    assert sentence in outcome.out.splitlines()[0]
    told = run("audit", "verify", "--format", "json").json
    assert not told["ok"]
    assert sentence in told["problem"]["sentence"]


@pytest.mark.usefixtures("recorded")
def test_progress_is_shown_on_a_terminal_alone(start_process: Start) -> None:
    piped = start_process("audit", "verify")
    _, words = piped.communicate(timeout=60)
    assert (piped.returncode, words) == (0, "")
