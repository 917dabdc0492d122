"""The archive: everything goes out and comes back the same, whole or in part."""

# ruff: noqa: F811 - fixtures that are imported
from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from claimtrack.db import metadata
from claimtrack.interchange.archive import HEADER
from claimtrack.services.archives.restoring import GUARDS
from claimtrack.services.archives.tables import CARRIED, LEFT_OUT, PIECES
from claimtrack.services.listing import ClaimFilter
from claimtrack.vocab import Role, Status
from tests.archived import (  # noqa: F401 - fixtures
    CALL,
    NAME,
    SECRET,
    archive,
    archived,
    exported,
    file,
    restored,
    rows_of,
)
from tests.conftest import Desk, Run
from tests.desk import fetch, on

# --- What is in it -------------------------------------------------------------------------------


def test_every_table_is_carried_or_left_out_for_a_reason() -> None:
    assert set(CARRIED) - {PIECES} | set(LEFT_OUT) == set(metadata.tables)
    assert not set(CARRIED) & set(LEFT_OUT)


def test_the_desk_of_the_tests_has_rows_in_every_table(archive: str) -> None:
    assert {table for table, _ in rows_of(archive)} == set(CARRIED)


def test_every_row_and_value_is_in_it(archive: str, archived: str) -> None:
    found = Counter(table for table, _ in rows_of(archive))
    for table in set(CARRIED) - {PIECES, "redaction"}:
        assert fetch(archived, f"SELECT count(*) FROM {table}") == [(found[table],)], table
    (claim,) = (row for table, row in rows_of(archive) if table == "claim" and row["id"] == 1)
    ((stored,),) = fetch(archived, "SELECT to_jsonb(claim) FROM claim WHERE id = 1")
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


def test_it_is_the_same_each_time_and_tells_no_time(archive: str, archived: str) -> None:
    assert exported(archived) == archive
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
    file: Path, database_url: str, archived: str
) -> None:
    restored(database_url, file)
    query = "SELECT DISTINCT recorded_by FROM event"
    assert fetch(database_url, query) == [("Mira Lang",)]
    ((rows,),) = fetch(database_url, "SELECT count(*) FROM event WHERE operation = 'insert'")
    count = " + ".join(f"(SELECT count(*) FROM {table})" for table in CARRIED if table != PIECES)
    assert [(rows,)] == fetch(database_url, f"SELECT {count} + 1")  # and the import's
    assert fetch(database_url, "SELECT count(*) FROM event WHERE operation = 'update'") == [(0,)]
    reach = "SELECT id, reach FROM claim ORDER BY id"
    assert fetch(database_url, reach) == fetch(archived, reach)


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
    asked: ClaimFilter, archived: str, database_url: str, tmp_path: Path, ok: Run
) -> None:
    path = tmp_path / "part.jsonl"
    path.write_text(exported(archived, asked), encoding="utf-8")
    restored(database_url, path)
    assert exported(database_url) == path.read_text(encoding="utf-8")
    assert ok("db", "check").code == 0


def test_a_part_holds_no_more_than_it_needs(archived: str) -> None:
    rows = rows_of(exported(archived, ClaimFilter(text="ferry")))
    found = Counter(table for table, _ in rows)
    assert (found["claim"], found["speaker"], found["source"], found["policy"]) == (1, 1, 1, 0)
    (claim,) = (row for table, row in rows if table == "claim")
    assert claim["statement"] == "The ferry will not sail"
    merged = rows_of(exported(archived, ClaimFilter(text="north gate")))
    assert [row["id"] for table, row in merged if table == "claim"] == [4, 5]
    newer = rows_of(exported(archived, ClaimFilter(text="seventy")))
    assert [row["id"] for table, row in newer if table == "claim"] == [1, 7]


# --- The command ---------------------------------------------------------------------------------


def test_the_command_writes_it_to_a_file_or_a_pipe(
    archived: str, archive: str, ok: Run, run: Run, tmp_path: Path
) -> None:
    env, path = on(archived), tmp_path / "desk.jsonl"
    assert ok("export", "jsonl", "-o", path, env=env).err == f"7 claims exported to {path}.\n"
    assert path.read_text(encoding="utf-8") == archive
    assert ok("export", "jsonl", env=env).out == archive
    assert run("export", "jsonl", "-o", path, env=env).code == 4
    query = "SELECT what, format, row_count, filters FROM export ORDER BY id DESC LIMIT 2"
    assert fetch(archived, query) == [("file", "jsonl", 7, {})] * 2


def test_the_command_takes_the_filters_of_claim_list(archived: str, ok: Run, run: Run) -> None:
    out = ok("export", "jsonl", "--text", "ferry", "--kind", "prediction", env=on(archived)).out
    assert out == exported(archived, ClaimFilter(text="ferry"))
    query = "SELECT row_count, filters FROM export ORDER BY id DESC LIMIT 1"
    assert fetch(archived, query) == [(1, {"text": "ferry", "kind": ["prediction"]})]
    assert run("export", "jsonl", "--speaker", "Nobody", env=on(archived)).code == 3


def test_all_of_it_is_for_admins_to_take_out(staff: Desk) -> None:
    refused = staff(Role.REVIEWER, "export", "jsonl")
    assert refused.code == 6
    assert "may not read that: it takes the role admin" in refused.err
    assert refused.out == ""
    assert staff(Role.ADMIN, "export", "jsonl").code == 0


def test_it_comes_back_by_the_command(
    archived: str, archive: str, file: Path, database_url: str, ok: Run, run: Run
) -> None:
    done = ok("import", "jsonl", file, "--licence", "CC0", "--format", "json").json
    assert (done["archive"], done["rows"]["claim"]) == (True, 7)
    assert ok("export", "jsonl").out == archive
    (line,) = ok("import", "list", "--format", "json").json
    assert (line["id"], line["format"], line["created"]) == (done["import_id"], "jsonl", 7)
    again = run("import", "jsonl", file)
    assert (again.code, "goes into an empty database" in again.err) == (4, True)


def test_it_comes_from_a_pipe(archive: str, database_url: str, process: Run) -> None:
    done = process("import", "jsonl", "-", input=archive)
    assert (done.code, "7 claims" in done.out) == (0, True), done.err
    assert exported(database_url) == archive


def test_what_is_wrong_with_it_is_one_sentence(
    archive: str, tmp_path: Path, database_url: str, run: Run
) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_text(archive[:9000], encoding="utf-8")
    cut = run("import", "jsonl", path)
    assert (cut.code, cut.out) == (5, "")
    assert "cut off in the middle of line" in cut.err
    assert run("import", "jsonl", path, "--set", "publisher=Post").code == 2
    assert fetch(database_url, "SELECT count(*) FROM claim") == [(0,)]
