"""Backup, restore and the digest: what comes back is what was there, or nothing is changed."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from claimtrack.db import HEAD_REVISION, make_engine
from claimtrack.migrate import upgrade
from tests.desk import AWKWARD, DESK, fetch, name_of, on

if TYPE_CHECKING:
    from tests.conftest import Run, Server, Surroundings


@pytest.fixture
def desk(database_url: str) -> str:
    """The URL of a database with a few rows, which the commands are run on."""
    with psycopg.connect(database_url) as connection:
        connection.execute(DESK.encode())
    return database_url


@pytest.fixture
def file(desk: str, tmp_path: Path, ok: Run) -> Path:
    """A backup of the desk."""
    path = tmp_path / "desk.backup"
    ok("db", "backup", path)
    return path


# --- There and back ------------------------------------------------------------------------------


def test_what_is_restored_is_what_was_backed_up(
    file: Path, empty_database_url: str, desk: str, ok: Run
) -> None:
    before = ok("db", "digest").out
    done = ok("db", "restore", file, "--format", "json", env=on(empty_database_url)).json
    assert (done["claims"], done["replaced"], done["upgraded_to"]) == (2, False, None)
    assert done["digest"] == before.strip()
    assert ok("db", "digest", env=on(empty_database_url)).out == before
    assert "wrong" not in ok("db", "check", env=on(empty_database_url)).err
    query = "SELECT statement, status, verdict, reach FROM claim ORDER BY id"
    assert fetch(empty_database_url, query) == fetch(desk, query)
    assert fetch(empty_database_url, query)[1][0] == AWKWARD


def test_a_restored_database_goes_on_where_it_was(
    file: Path, empty_database_url: str, ok: Run
) -> None:
    env = on(empty_database_url)
    ok("db", "restore", file, env=env)
    ok("claim", "mark", "2", "unproven", "--because", "no log of that day", env=env)
    added = ok(
        *("claim", "add", "The pilot was ill", "--speaker", "1", "--source", "1"),
        *("--format", "json"),
        env=env,
    ).json
    assert added["id"] == 3
    assert "wrong" not in ok("db", "check", env=env).err


def test_nobody_may_call_more_functions_than_before(
    file: Path, empty_database_url: str, desk: str, ok: Run
) -> None:
    ok("db", "restore", file, env=on(empty_database_url))
    query = """
        SELECT oid::regprocedure::text, prosecdef FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
            AND EXISTS (SELECT FROM aclexplode(COALESCE(proacl, acldefault('f', proowner)))
                WHERE grantee = 0)
        ORDER BY 1
    """
    assert fetch(empty_database_url, query) == fetch(desk, query)


def test_a_rule_that_was_switched_off_is_in_force_again(
    desk: str, tmp_path: Path, empty_database_url: str, ok: Run, run: Run
) -> None:
    with psycopg.connect(desk) as connection:
        connection.execute("ALTER TABLE review DISABLE TRIGGER append_only")
        connection.execute("DROP TRIGGER guard_status ON claim")
    assert run("db", "check").code == 1
    path = tmp_path / "desk.backup"
    ok("db", "backup", path)
    ok("db", "restore", path, env=on(empty_database_url))
    assert "wrong" not in ok("db", "check", env=on(empty_database_url)).err


def test_people_have_their_roles_again(
    desk: str, tmp_path: Path, empty_database_url: str, ok: Run
) -> None:
    """The groups carry the database's name: in another one they are others."""
    login = Identifier(f"{name_of(desk)}_clerk")
    path, env = tmp_path / "desk.backup", on(empty_database_url)
    try:
        ok("db", "grant", login.as_string().strip('"'), "recorder")
        ok("db", "backup", path)
        ok("db", "restore", path, env=env)
        (row,) = ok("db", "grants", "--format", "json", env=env).json
        assert (row["role"], row["holds"], row["in_force"]) == ("recorder", "recorder", True)
    finally:
        for url in (desk, empty_database_url):
            with psycopg.connect(url, autocommit=True) as connection:
                groups = connection.execute(
                    "SELECT rolname FROM pg_roles WHERE rolname LIKE %s",
                    (f"claimtrack_{name_of(url)}_%",),
                ).fetchall()
                for role in [Identifier(name) for (name,) in groups]:
                    connection.execute(SQL("DROP OWNED BY {}").format(role))
                    connection.execute(SQL("DROP ROLE {}").format(role))
        with psycopg.connect(desk, autocommit=True) as connection:
            connection.execute(SQL("DROP ROLE IF EXISTS {}").format(login))


def test_a_record_is_sealed_before_its_backup(
    desk: str, tmp_path: Path, empty_database_url: str, ok: Run
) -> None:
    path = tmp_path / "desk.backup"
    head = ok("db", "backup", path, "--format", "json").json["head"]
    env = on(empty_database_url)
    assert ok("db", "restore", path, "--format", "json", env=env).json["head"] == head
    assert "All is as recorded" in ok("audit", "verify", "--head", head, env=env).out
    assert fetch(empty_database_url, "SELECT count(*) FROM seal") == [(1,)]


def test_a_backup_changes_no_digest(desk: str, tmp_path: Path, ok: Run) -> None:
    before = ok("db", "digest").out
    ok("db", "backup", tmp_path / "desk.backup")
    assert ok("db", "digest").out == before


def test_a_backup_says_what_it_holds(desk: str, tmp_path: Path, ok: Run) -> None:
    path = tmp_path / "with space and ünïcode.backup"
    done = ok("db", "backup", path, "--format", "json").json
    assert done["digest"] == ok("db", "digest").out.strip()
    assert (done["claims"], done["revision"], done["file"]) == (2, HEAD_REVISION, str(path))
    assert done["size_bytes"] == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_backup_goes_through_a_pipe(
    desk: str, empty_database_url: str, surroundings: Surroundings, ok: Run
) -> None:
    program = [sys.executable, "-m", "claimtrack", "db"]
    made = subprocess.run(
        [*program, "backup", "-"], env=surroundings.whole(), capture_output=True, check=True
    )
    assert ok("db", "digest").out.strip() in made.stderr.decode()
    subprocess.run(
        [*program, "restore", "-"],
        env=surroundings.whole(env=on(empty_database_url)),
        input=made.stdout,
        capture_output=True,
        check=True,
    )
    assert ok("db", "digest", env=on(empty_database_url)).out == ok("db", "digest").out


def test_pg_restore_alone_reads_a_backup(file: Path, empty_database_url: str, ok: Run) -> None:
    from claimtrack import embedded

    subprocess.run(
        [embedded.binaries() / "pg_restore", "--list", file], capture_output=True, check=True
    )


# --- Nothing is lost -----------------------------------------------------------------------------


def test_a_database_that_holds_claims_is_overwritten_only_when_named(
    file: Path, desk: str, ok: Run, run: Run
) -> None:
    ok("claim", "note", "2", "recorded after the backup")
    later = ok("db", "digest").out
    refused = run("db", "restore", file)
    assert refused.code == 4
    assert f"{name_of(desk)} holds 2 claims" in refused.err
    assert refused.err.rstrip().endswith(f"restore {file} --overwrite {name_of(desk)}")
    wrong = run("db", "restore", file, "--overwrite", "claims")
    assert wrong.code == 4
    assert f"The database is {name_of(desk)}, not claims" in wrong.err
    assert ok("db", "digest").out == later
    done = ok("db", "restore", file, "--overwrite", name_of(desk))
    assert "in place of what was there" in done.out
    assert fetch(desk, "SELECT count(*) FROM note") == [(1,)]


def test_a_database_with_speakers_alone_is_not_empty(
    file: Path, empty_database_url: str, ok: Run, run: Run
) -> None:
    env = on(empty_database_url)
    ok("db", "upgrade", env=env)
    ok("speaker", "add", "Port Authority", env=env)
    assert run("db", "restore", file, env=env).code == 4


def test_tables_without_a_record_are_replaced(file: Path, empty_database_url: str, ok: Run) -> None:
    env = on(empty_database_url)
    ok("db", "upgrade", env=env)
    assert ok("db", "restore", file, "--format", "json", env=env).json["replaced"] is False


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.999])
def test_a_file_cut_short_changes_nothing(
    file: Path, desk: str, part: float, ok: Run, run: Run
) -> None:
    before = ok("db", "digest").out
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    outcome = run("db", "restore", file, "--overwrite", name_of(desk))
    assert outcome.code == 5, outcome.err
    assert "damaged" in outcome.err
    assert ok("db", "digest").out == before
    assert "wrong" not in ok("db", "check").err


def test_a_file_with_changed_bytes_changes_nothing(
    file: Path, desk: str, ok: Run, run: Run
) -> None:
    before = ok("db", "digest").out
    damaged = bytearray(file.read_bytes())
    for place in range(len(damaged) * 3 // 4, len(damaged), 97):
        damaged[place] ^= 0xFF
    file.write_bytes(damaged)
    outcome = run("db", "restore", file, "--overwrite", name_of(desk))
    assert outcome.code == 5, outcome.err
    assert ok("db", "digest").out == before


def test_what_does_not_verify_is_restored_only_if_that_is_asked_for(
    desk: str, tmp_path: Path, ok: Run, run: Run
) -> None:
    with psycopg.connect(desk) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE claim SET priority = 3 WHERE id = 2")
    path = tmp_path / "tampered.backup"
    ok("db", "backup", path)
    words = ("db", "restore", path, "--overwrite", name_of(desk))
    refused = run(*words)
    assert refused.code == 4
    assert "does not verify: " in refused.err
    assert "claim 2" in refused.err
    restored = run(*words, "--unverified", "--format", "json")
    assert (restored.code, restored.json["verified"]) == (1, False)
    assert "It does NOT verify" in restored.err


def test_another_digest_than_expected_changes_nothing(
    file: Path, desk: str, ok: Run, run: Run
) -> None:
    before = ok("db", "digest").out
    words = ("db", "restore", file, "--overwrite", name_of(desk), "--digest")
    outcome = run(*words, "0" * 64)
    assert outcome.code == 4
    assert before.strip() in outcome.err
    assert ok("db", "digest").out == before
    ok(*words, before)


def test_what_is_not_claimtracks_is_neither_backed_up_nor_dropped(
    desk: str, tmp_path: Path, ok: Run
) -> None:
    with psycopg.connect(desk) as connection:
        connection.execute('CREATE TABLE rota (day date PRIMARY KEY, "Who\'s on" text)')
        connection.execute("INSERT INTO rota VALUES ('2024-05-01', 'Noor')")
    path = tmp_path / "desk.backup"
    assert ok("db", "backup", path, "--format", "json").json["left_out"] == ["rota"]
    ok("db", "restore", path, "--overwrite", name_of(desk))
    assert fetch(desk, "SELECT count(*) FROM rota") == [(1,)]


def test_a_view_that_somebody_built_on_the_claims_is_not_dropped(
    file: Path, desk: str, ok: Run, run: Run
) -> None:
    with psycopg.connect(desk) as connection:
        connection.execute("CREATE VIEW wall AS SELECT statement FROM claim")
    outcome = run("db", "restore", file, "--overwrite", name_of(desk))
    assert outcome.code == 4
    assert "view wall depends on" in outcome.err
    assert fetch(desk, "SELECT count(*) FROM wall") == [(2,)]


def test_a_restore_gives_way_to_somebody_at_work(
    file: Path, desk: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claimtrack.db.LOCK_TIMEOUT", "200ms")
    with psycopg.connect(desk) as other:
        other.execute("UPDATE claim SET priority = 2 WHERE id = 1")
        outcome = run("db", "restore", file, "--overwrite", name_of(desk))
        assert outcome.code == 4, outcome.err


# --- Files that are none -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"statement,speaker\nThe bridge,Ana\n", "is no backup by claimtrack"),
        (b"--\n-- PostgreSQL database dump\n--\nSELECT 1;\n", "is a plain SQL script"),
        (b"PGDMP and then nothing that makes sense", "is damaged"),
    ],
)
def test_foreign_files_are_told_apart(
    content: bytes, words: str, tmp_path: Path, empty_database_url: str, run: Run
) -> None:
    path = tmp_path / "found.backup"
    path.write_bytes(content)
    outcome = run("db", "restore", path, env=on(empty_database_url))
    assert outcome.code == 5, outcome.err
    assert words in outcome.err
    assert fetch(empty_database_url, "SELECT to_regclass('claim')") == [(None,)]


def test_a_missing_file_and_a_folder_are_no_backups(tmp_path: Path, run: Run) -> None:
    assert "No such file" in run("db", "restore", tmp_path / "gone").err
    assert "is a folder" in run("db", "restore", tmp_path).err


def test_a_dump_of_another_database_is_refused(
    empty_database_url: str, server: Server, tmp_path: Path, run: Run
) -> None:
    from claimtrack.dumps import tools

    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE claim (id int)")
        major = connection.info.server_version // 10_000
    path = tmp_path / "other.dump"
    program = tools.choose("pg_dump", major)[0].path
    subprocess.run([program, "-Fc", "-f", path, "-d", empty_database_url], check=True)
    outcome = run("db", "restore", path)
    assert outcome.code == 5
    assert "not of a claimtrack database" in outcome.err


def test_a_newer_claimtracks_backup_is_refused(
    desk: str, tmp_path: Path, empty_database_url: str, ok: Run, run: Run
) -> None:
    with psycopg.connect(desk) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    path = tmp_path / "newer.backup"
    ok("db", "backup", path)
    outcome = run("db", "restore", path, env=on(empty_database_url))
    assert outcome.code == 6
    assert "Install a newer claimtrack" in outcome.err


def test_an_older_claimtracks_backup_is_upgraded(
    empty_database_url: str, database_url: str, tmp_path: Path, ok: Run
) -> None:
    upgrade(make_engine(empty_database_url), "0004")
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("INSERT INTO speaker (name) VALUES ('Lena Vogt')")
        connection.execute(
            "INSERT INTO speaker_alias (speaker_id, name, name_key)"
            " VALUES (1, 'Lena Vogt', 'lena vogt')"
        )
    path = tmp_path / "older.backup"
    kept = ok("db", "backup", path, "--format", "json", env=on(empty_database_url)).json
    assert kept["revision"] == "0004"
    done = ok("db", "restore", path, "--format", "json").json
    assert (done["revision"], done["upgraded_to"]) == ("0004", HEAD_REVISION)
    assert done["digest"] == kept["digest"]
    assert ok("speaker", "list", "--format", "json").json[0]["name"] == "Lena Vogt"
    assert "wrong" not in ok("db", "check").err


# --- Where it goes -------------------------------------------------------------------------------


def test_a_file_that_is_there_is_kept(file: Path, desk: str, ok: Run, run: Run) -> None:
    before = file.read_bytes()
    refused = run("db", "backup", file)
    assert (refused.code, file.read_bytes()) == (4, before)
    assert "--force" in refused.err
    ok("claim", "note", "1", "one more")
    ok("db", "backup", file, "--force")
    assert file.read_bytes() != before
    assert [path.name for path in file.parent.glob("*.part")] == []


def test_a_backup_needs_a_place_for_its_file(desk: str, tmp_path: Path, run: Run) -> None:
    assert "There is no folder" in run("db", "backup", tmp_path / "no" / "file").err
    assert "is a folder" in run("db", "backup", tmp_path).err
    assert "is no ordinary file" in run("db", "backup", "/dev/null", "--force").err


def test_there_is_nothing_to_back_up_without_tables(
    empty_database_url: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "none.backup"
    outcome = run("db", "backup", path, env=on(empty_database_url))
    assert (outcome.code, list(tmp_path.iterdir())) == (4, [])
    assert "has no claimtrack tables yet" in outcome.err


def test_a_database_that_is_missing_is_made(file: Path, server: Server, ok: Run, run: Run) -> None:
    name = f"{server.dbname}made"
    env = on(server.url(name))
    broken = file.with_name("broken.backup")
    broken.write_bytes(b"PGDMP")
    exists = f"SELECT count(*) FROM pg_database WHERE datname = '{name}'"
    try:
        assert run("db", "restore", broken, env=env).code == 5
        assert fetch(server.url("postgres"), exists) == [(0,)]
        ok("db", "restore", file, env=env)
        assert ok("db", "digest", env=env).out == ok("db", "digest").out
    finally:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
