"""The archive: everything goes out and comes back the same, and nothing that is wrong comes in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pytest_postgresql.executors import NoopExecutor

from claimtrack.cli import cli
from claimtrack.db import make_engine, metadata, read_transaction, write_transaction
from claimtrack.errors import ConflictError, InvalidDataError
from claimtrack.interchange.archive import HEADER
from claimtrack.services.archives import Restored, archive_lines, restore_archive
from claimtrack.services.archives.restoring import GUARDS
from claimtrack.services.archives.tables import CARRIED, LEFT_OUT, PIECES
from claimtrack.services.listing import ClaimFilter
from claimtrack.vocab import Status
from tests.archived import CALL, NAME, SECRET, make_desk
from tests.conftest import ACTOR, Outcome, Run, Server, Surroundings
from tests.desk import fetch


@pytest.fixture(scope="module")
def desk(
    server: Server, migrated: NoopExecutor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a desk with rows of every kind; the tests only read it."""
    name = f"{server.dbname}archived"
    folder = tmp_path_factory.mktemp("desk")
    with server.database(name, template=migrated.template_dbname):
        url = server.url(name)
        around = Surroundings(url, folder)

        def ok(*args: object, actor: str | None = ACTOR, **_: Any) -> Outcome:
            words = [str(arg) for arg in args]
            done = CliRunner().invoke(cli, words, env=around(actor), catch_exceptions=False)
            assert done.exit_code == 0, f"{words}: {done.stderr}"
            return Outcome(tuple(words), 0, done.stdout, done.stderr)

        make_desk(ok, url, folder)
        yield url


def exported(url: str, asked: ClaimFilter | None = None) -> str:
    with read_transaction(make_engine(url)) as connection:
        return "".join(archive_lines(connection, asked))


def restored(url: str, path: Path) -> Restored:
    with write_transaction(make_engine(url), actor="Mira Lang") as connection:
        return restore_archive(connection, path)


@pytest.fixture(scope="module")
def archive(desk: str) -> str:
    """All of the desk as an archive."""
    return exported(desk)


@pytest.fixture
def file(archive: str, tmp_path: Path) -> Path:
    path = tmp_path / "desk.jsonl"
    path.write_text(archive, encoding="utf-8")
    return path


def rows_of(archive: str) -> list[tuple[str, dict[str, Any]]]:
    lines = [json.loads(line) for line in archive.splitlines()[1:-1]]
    return [(line["table"], line["row"]) for line in lines]


# --- What is in it -------------------------------------------------------------------------------


def test_every_table_is_carried_or_left_out_for_a_reason() -> None:
    assert set(CARRIED) - {PIECES} | set(LEFT_OUT) == set(metadata.tables)
    assert not set(CARRIED) & set(LEFT_OUT)


def test_the_desk_of_the_tests_has_rows_in_every_table(archive: str) -> None:
    assert {table for table, _ in rows_of(archive)} == set(CARRIED)


def test_every_row_and_value_is_in_it(archive: str, desk: str) -> None:
    found = Counter(table for table, _ in rows_of(archive))
    for table in set(CARRIED) - {PIECES, "redaction"}:
        assert fetch(desk, f"SELECT count(*) FROM {table}") == [(found[table],)], table
    (claim,) = (row for table, row in rows_of(archive) if table == "claim" and row["id"] == 1)
    ((stored,),) = fetch(desk, "SELECT to_jsonb(claim) FROM claim WHERE id = 1")
    assert isinstance(stored, dict)
    kept = {name: value for name, value in stored.items() if value is not None}
    assert set(kept) - set(claim) == {"reach", "changed_at"}
    assert all(claim[name] == kept[name] for name in claim if name != "statement_key")


def test_it_is_plain_json_with_exact_numbers(archive: str) -> None:
    rows = rows_of(archive)
    (figure,) = (row for table, row in rows if table == "figure" and row["claim_id"] == 1)
    assert (figure["low"], figure["high"]) == ("40.5", "60")
    (check,) = (row for table, row in rows if table == "assessment" and row["id"] == 1)
    assert check["rating_value"] == "5.00"
    assert '"big": 123456789012345678901234567890.10' in archive


def test_it_is_the_same_each_time_and_tells_no_time(archive: str, desk: str) -> None:
    assert exported(desk) == archive
    assert archive.splitlines()[0] + "\n" == HEADER
    assert json.loads(archive.splitlines()[-1])["rows"]["claim"] == 7


def test_what_is_protected_or_redacted_is_not_in_it(archive: str) -> None:
    for secret in (NAME, "Weide", CALL, SECRET, "soul of the town", "other.example", "YSBmaWxl"):
        assert secret not in archive
    names = [row["name"] for table, row in rows_of(archive) if table == "speaker"]
    assert "Source K" in names


# --- There and back ------------------------------------------------------------------------------


def test_an_archive_of_what_was_imported_is_the_same(
    file: Path, archive: str, database_url: str, run: Run
) -> None:
    done = restored(database_url, file)
    assert done.claims == 7
    assert exported(database_url) == archive
    assert run("db", "check").code == 0
    assert "All is as recorded" in run("audit", "verify").out


def test_the_trail_and_reach_are_the_databases_own(
    file: Path, database_url: str, desk: str
) -> None:
    restored(database_url, file)
    query = "SELECT DISTINCT recorded_by FROM event"
    assert fetch(database_url, query) == [("Mira Lang",)]
    ((rows,),) = fetch(database_url, "SELECT count(*) FROM event WHERE operation = 'insert'")
    count = " + ".join(f"(SELECT count(*) FROM {table})" for table in CARRIED if table != PIECES)
    assert [(rows,)] == fetch(database_url, f"SELECT {count} + 1")  # and the import's
    assert fetch(database_url, "SELECT count(*) FROM event WHERE operation = 'update'") == [(0,)]
    reach = "SELECT id, reach FROM claim ORDER BY id"
    assert fetch(database_url, reach) == fetch(desk, reach)


def test_the_import_is_recorded(file: Path, database_url: str) -> None:
    restored(database_url, file)
    query = "SELECT format, file_name, created, row_count, finished_at IS NOT NULL FROM import"
    assert fetch(database_url, query) == [("jsonl", "desk.jsonl", 7, 7, True)]


def test_work_goes_on_where_it_was(file: Path, database_url: str, ok: Run, run: Run) -> None:
    restored(database_url, file)
    ok("policy", "second_reviewer", "off", "--because", "The holidays")
    ok("claim", "mark", "1", "true", "--change", "correction", "--because", "Another log",
       "--supports", "https://archive.example/7")  # fmt: skip
    ok("claim", "unmerge", "5", "--because", "Another gate")
    added = ok("claim", "add", "The pilot was ill", "--speaker", "Lena Vogt", "--source", "1",
               "--format", "json").json  # fmt: skip
    assert added["id"] == 8
    again = run("claim", "add", "the harbour was CLOSED in May.", "--speaker", "Vogt (pilot)",
                "--source", "https://new.example/1")  # fmt: skip
    assert "on record already, as claim 1 (true)" in again.err
    assert ok("db", "check").code == 0


def test_every_rule_is_in_force_again(file: Path, database_url: str) -> None:
    query = "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger ORDER BY 1, 2"
    before = fetch(database_url, query)
    restored(database_url, file)
    assert fetch(database_url, query) == before
    assert {(table, name) for table in GUARDS for name in GUARDS[table]} <= {
        (str(table), str(name)) for table, name, _ in before
    }


def test_a_file_comes_back_byte_by_byte(
    file: Path, database_url: str, ok: Run, tmp_path: Path
) -> None:
    restored(database_url, file)
    ok("source", "show", "https://log.example/9", "--save", tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == bytes(range(256)) * 4000


# --- A part of it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        ClaimFilter(text="gate"),
        ClaimFilter(words=(Status.CHECKED,)),
        ClaimFilter(text="seventy"),
        ClaimFilter(speaker="Source K"),
        ClaimFilter(text="nowhere"),
    ],
    ids=["merged", "checked", "superseding", "protected", "none"],
)
def test_a_part_stands_alone(
    asked: ClaimFilter, desk: str, database_url: str, tmp_path: Path, ok: Run
) -> None:
    path = tmp_path / "part.jsonl"
    path.write_text(exported(desk, asked), encoding="utf-8")
    restored(database_url, path)
    assert exported(database_url) == path.read_text(encoding="utf-8")
    assert ok("db", "check").code == 0


def test_a_part_holds_no_more_than_it_needs(desk: str) -> None:
    rows = rows_of(exported(desk, ClaimFilter(text="ferry")))
    found = Counter(table for table, _ in rows)
    assert (found["claim"], found["speaker"], found["source"], found["policy"]) == (1, 1, 1, 0)
    (claim,) = (row for table, row in rows if table == "claim")
    assert claim["statement"] == "The ferry will not sail"
    merged = rows_of(exported(desk, ClaimFilter(text="north gate")))
    assert [row["id"] for table, row in merged if table == "claim"] == [4, 5]
    newer = rows_of(exported(desk, ClaimFilter(text="seventy")))
    assert [row["id"] for table, row in newer if table == "claim"] == [1, 7]


# --- What is refused -----------------------------------------------------------------------------


def test_it_goes_into_an_empty_database_alone(file: Path, database_url: str) -> None:
    restored(database_url, file)
    with pytest.raises(ConflictError, match=r"empty database.* rows in publisher already"):
        restored(database_url, file)


Row = dict[str, Any]


def set_in(table: str, number: int = 0, **values: object) -> Callable[[list[str]], None]:
    """A forgery: other values in the n-th row of a table."""

    def forge(lines: list[str]) -> None:
        places = [n for n, line in enumerate(lines) if line.startswith(f'{{"table":"{table}"')]
        found = json.loads(lines[places[number]])
        for name, value in values.items():
            if value is None:
                found["row"].pop(name, None)
            else:
                found["row"][name] = value
        lines[places[number]] = json.dumps(found) + "\n"

    return forge


def line(number: int, content: str) -> Callable[[list[str]], None]:
    def forge(lines: list[str]) -> None:
        lines[number] = content

    return forge


def without(table: str, number: int = 0) -> Callable[[list[str]], None]:
    """A forgery: the n-th row of a table is gone, and the last line counts one less."""

    def forge(lines: list[str]) -> None:
        places = [n for n, one in enumerate(lines) if one.startswith(f'{{"table":"{table}"')]
        del lines[places[number]]
        end = json.loads(lines[-1])
        end["rows"][table] -= 1
        lines[-1] = json.dumps(end) + "\n"

    return forge


def both(*forgeries: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
    def forge(lines: list[str]) -> None:
        for each in forgeries:
            each(lines)

    return forge


def swapped(lines: list[str]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def doubled(lines: list[str]) -> None:
    lines.insert(3, lines[2])


def lost(lines: list[str]) -> None:
    del lines[-2]


def cut(lines: list[str]) -> None:
    del lines[40:]


def cut_in_a_line(lines: list[str]) -> None:
    del lines[40:]
    lines[-1] = lines[-1][:50]


def going_on(lines: list[str]) -> None:
    lines.append(lines[5])


FORGERIES: dict[str, tuple[Callable[[list[str]], None], str]] = {
    "no header": (line(0, '{"table":"claim","row":{}}\n'), "This is no archive"),
    "another version": (line(0, '{"claimtrack":"archive","version":2}\n'), "of version 2"),
    "cut off": (cut, "cut off: its last line"),
    "cut in a line": (cut_in_a_line, "cut off in the middle of line 40"),
    "goes on": (going_on, "after the end"),
    "doubled": (doubled, r"Line 4 .*publisher 2: it is there twice"),
    "wrong order": (swapped, r"Line 4 .*publisher 2: rows come by their numbers"),
    "no JSON": (line(5, "{'table'}\n"), "Line 6 .*holds no JSON"),
    "no object": (line(5, "[1, 2]\n"), "Line 6 .*no JSON object"),
    "deep JSON": (line(5, "[" * 200_000 + "]" * 200_000 + "\n"), "Line 6 .*nested too deep"),
    "blank line": (line(5, "\n"), "Line 6 .*holds no JSON"),
    "not a number": (line(5, '{"table":"claim","row":{"id":NaN}}\n'), "Line 6 .*holds no JSON"),
    "unknown table": (line(5, '{"table":"secret","row":{"id":1}}\n'), "Line 6 .*no table secret"),
    "no row": (line(5, '{"table":"claim"}\n'), "Line 6 .*it is no row"),
    "unknown column": (set_in("claim", colour="red"), "there is no column colour"),
    "lost row": (lost, "counts 4 rows of redaction, but there are 3"),
    "no key": (set_in("note", id=None), "the row has no id"),
    "missing value": (set_in("note", body=None), r"Line \d+ .*body is missing"),
    "wrong type": (set_in("claim", priority="high"), "priority is no whole number"),
    "no date": (set_in("claim", due_on="2024-02-30"), "due_on is no date"),
    "no end of time": (set_in("note", recorded_at="infinity"), "recorded_at is no instant"),
    "NUL": (set_in("note", body="a\0b"), "body is no text that can be stored"),
    "half a character": (set_in("note", body="a\ud800"), "body is no text that can be stored"),
    "unknown word": (set_in("claim", kind="lie"), r"Line \d+ .*row of claim.*ck_claim_kind"),
    "nobody there": (set_in("appearance", speaker_id=99), r"Line \d+ .*appearance.*points to"),
    "the same name": (set_in("publisher", 1, name_key="theharbourpost"), r"Line 3 .*twice"),
    "other bytes": (
        set_in("capture", sha256="00" * 32),
        r"Line \d+ .*a row of capture.*ck_capture_sha256",
    ),
    "lost piece": (without("capture_content"), "capture"),
    "verdict without a review": (
        set_in("claim", 2, status="checked", verdict="true"),
        r"Line \d+ .*claim 3.*not those of its latest review",
    ),
    "another verdict": (set_in("claim", 0, verdict="true"), "not those of its latest review"),
    "lost review": (without("review", -1), "latest review|points to"),
    "illegal move": (set_in("review", -1, status="unverified", reason=None), "points to"),
    "verdict without evidence": (without("review_evidence"), "no evidence to rest on"),
    "evidence of another stance": (set_in("evidence", stance="context"), "no evidence to rest on"),
    "self-approval": (set_in("review", 3, recorded_by="ana  RUIZ"), "by the one who proposed it"),
    "another approval": (set_in("review", 3, verdict="outdated"), "what was not proposed"),
    "another rejection": (
        both(set_in("review", 5, verdict="outdated"), set_in("claim", 3, verdict="outdated")),
        "than what stood before",
    ),
    "chain of merges": (
        set_in("claim", 3, merged_into_id=1, merged_at="2024-01-01T00:00:00+00:00",
               merged_by="x", merged_because="y"),
        "was merged itself",
    ),
    "half protected": (set_in("speaker", 2, protected=False), "pseudonym|protected"),
    "key of other words": (set_in("claim", 3, statement="Another"), "claim 4.*its key"),
    "key of another address": (set_in("source", url="https://z.example/1"), "source 1.*its key"),
    "key of another title": (set_in("source", 2, protected=False), "source 3.*its key"),
    "key of another name": (set_in("speaker_alias", name="Mira"), "speaker_alias 1.*its key"),
    "key of another house": (set_in("publisher", name="Mira"), "publisher 1.*its key"),
    "against no verdict": (set_in("objection", review_no=9), "points to"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_can_not_have_been_recorded_is_refused(
    forgery: str, archive: str, tmp_path: Path, shared_database_url: str
) -> None:
    forge, reason = FORGERIES[forgery]
    lines = archive.splitlines(keepends=True)
    forge(lines)
    path = tmp_path / "forged.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    engine = make_engine(shared_database_url)
    with (
        pytest.raises(InvalidDataError, match=reason) as refused,
        write_transaction(engine, actor=ACTOR) as connection,
    ):
        restore_archive(connection, path)
    assert len(refused.value.message) < 400
    assert fetch(shared_database_url, "SELECT count(*) FROM claim") == [(0,)]
