"""Backing up while others work, being interrupted, and which program does it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from claimtrack import embedded
from claimtrack.dumps import tools
from claimtrack.errors import DatabaseError
from tests.conftest import PATIENCE
from tests.desk import DESK

if TYPE_CHECKING:
    from tests.conftest import Run, Start


@pytest.fixture
def desk(database_url: str, ok: Run) -> str:
    """The URL of a database with a few rows, all sealed, which the commands are run on."""
    with psycopg.connect(database_url) as connection:
        connection.execute(DESK.encode())
    ok("audit", "seal")
    return database_url


def await_waiting(connection: psycopg.Connection, application: str) -> None:
    """Wait until a session of this application waits for a lock."""
    query = (
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND application_name LIKE %s AND wait_event_type = 'Lock'"
    )
    deadline = time.monotonic() + PATIENCE
    while connection.execute(query, (application,)).fetchone() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


# --- While others work ---------------------------------------------------------------------------


def test_a_backup_holds_what_its_digest_says_whatever_is_recorded_meanwhile(
    desk: str, empty_database_url: str, tmp_path: Path, ok: Run, start_process: Start
) -> None:
    before = ok("db", "digest").out.strip()
    path = tmp_path / "desk.backup"
    with psycopg.connect(desk) as holder, psycopg.connect(desk, autocommit=True) as other:
        holder.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        running = start_process("db", "backup", path)
        await_waiting(other, "claimtrack%")
        other.execute("INSERT INTO speaker (name) VALUES ('Port Authority')")
        holder.execute("INSERT INTO note (claim_id, body) VALUES (1, 'seen by nobody yet')")
        holder.commit()
        out, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, err
    assert f"Digest    {before}" in out
    words = ("db", "restore", path, "--format", "json")
    done = ok(*words, env={"CLAIMTRACK_DATABASE_URL": empty_database_url}).json
    assert done["digest"] == before
    assert ok("db", "digest").out.strip() != before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_backup_leaves_no_file(
    desk: str, tmp_path: Path, number: signal.Signals, start_process: Start
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    with psycopg.connect(desk) as holder, psycopg.connect(desk, autocommit=True) as other:
        holder.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        running = start_process("db", "backup", folder / "desk.backup")
        await_waiting(other, "claimtrack%")
        assert [path.suffix for path in folder.iterdir()] == [".part"]
        running.send_signal(number)
        _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, err
    assert list(folder.iterdir()) == []
    assert "Traceback" not in err


def test_an_interrupted_restore_changes_nothing(
    desk: str, tmp_path: Path, ok: Run, start_process: Start
) -> None:
    path = tmp_path / "desk.backup"
    ok("db", "backup", path)
    ok("claim", "note", "1", "recorded after the backup")
    before = ok("db", "digest").out
    name = psycopg.conninfo.conninfo_to_dict(desk)["dbname"]
    with psycopg.connect(desk) as holder, psycopg.connect(desk, autocommit=True) as other:
        holder.execute("LOCK TABLE note IN ACCESS SHARE MODE")
        running = start_process("db", "restore", path, "--overwrite", name)
        await_waiting(other, "claimtrack%")
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, err
    assert ok("db", "digest").out == before


# --- Which program -------------------------------------------------------------------------------


def a_program(folder: Path, name: str, version: str, then: str = "exit 1") -> Path:
    """A program of this name in a folder of its own, that says it is of this version."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "{name} (PostgreSQL) {version}" && exit\n{then}\n'
    )
    path.chmod(0o755)
    return path


def test_the_lowest_version_that_is_late_enough_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [a_program(tmp_path / name, "pg_dump", name) for name in ("93.1", "91.4", "92.0")]
    monkeypatch.setenv("PATH", os.pathsep.join(str(path.parent) for path in paths))
    assert [tool.major for tool in tools.choose("pg_dump", 92)] == [92, 93]
    assert tools.choose("pg_dump", 90)[0].path == paths[1].resolve()


def test_where_only_older_ones_are_it_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_program(tmp_path / "old", "pg_dump", "12.3")
    monkeypatch.setenv("PATH", str(path.parent))
    with pytest.raises(DatabaseError) as caught:
        tools.choose("pg_dump", 99)
    said = caught.value.message
    assert "pg_dump of PostgreSQL 99 or later" in said
    assert f"12 ({path.parent})" in said
    assert f"18 ({embedded.binaries()})" in said
    assert "Install the client programs of PostgreSQL 99" in said


def test_the_one_that_cannot_encrypt_is_not_taken_for_an_encrypted_connection() -> None:
    assert any(tool.own for tool in tools.found("pg_dump"))
    assert not any(tool.own for tool in tools.choose("pg_dump", 1, tls=True) if tool.own)
    with pytest.raises(DatabaseError, match=r"encrypted|found here"):
        tools.choose("pg_dump", 99, tls=True)


def test_what_is_no_program_of_postgresqls_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mute = a_program(tmp_path / "mute", "pg_dump", "", then="exit 0")
    (tmp_path / "folder" / "pg_dump").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{mute.parent}{os.pathsep}{tmp_path / 'folder'}")
    assert not any(tool.path.is_relative_to(tmp_path) for tool in tools.found("pg_dump"))


def test_a_password_goes_to_pg_dump_unseen(
    desk: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(desk) as connection:
        major = connection.info.server_version // 10_000
    told = tmp_path / "told"
    script = f'echo "$@" > "{told}"; env > "{told}.env"; echo "pg_dump: error: no way" >&2; exit 1'
    path = a_program(tmp_path / "bin", "pg_dump", str(major), then=script)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    url = f"{desk}&password=opened-77"
    outcome = run("db", "backup", tmp_path / "desk.backup", env={"CLAIMTRACK_DATABASE_URL": url})
    assert outcome.code == 6
    assert "pg_dump could not do it: no way." in outcome.err
    assert "opened-77" not in told.read_text() + outcome.err + outcome.out
    assert "PGPASSWORD=opened-77" in Path(f"{told}.env").read_text()
    assert [path.name for path in tmp_path.glob("*.part")] == []
