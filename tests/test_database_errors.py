"""When the database is out of reach or refuses us: a sentence, exit 6, and never a password."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url, text

from claimtrack import db, embedded
from claimtrack.cli.app import App
from claimtrack.errors import ConflictError, DatabaseError
from tests.conftest import Outcome, OwnServer, Run, Server, Start

PASSWORD = "swordfish-9"
WRONG = "halibut-7"

#: One command of each sort: it reads, it writes, it looks at the database itself.
COMMANDS = [
    ("claim", "list", "--format", "json"),
    ("claim", "note", "1", "seen"),
    ("db", "status"),
    ("db", "check"),
    ("db", "upgrade"),
]


def as_user(url: str, name: str, password: str | None = None) -> str:
    """The same database as another user."""
    return make_url(url).set(username=name, password=password).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The URL of a database on a server that asks everybody but its owner for a password."""
    if os.name != "posix":
        pytest.skip("written for sockets")
    folder = Path(tempfile.mkdtemp(prefix="claimtrack-tests-"))
    url = embedded.ensure_running(folder, database="claims", notice=lambda _: None)
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE ana LOGIN PASSWORD '{PASSWORD}'".encode())
            rules = folder / "postgres" / "pg_hba.conf"  # written again at the next start only
            rules.write_text(
                f"{rules.read_text().replace(' all all ', ' all postgres ')}"
                "local all all scram-sha-256\n"
            )
            connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        with suppress(psycopg.OperationalError):
            while time.monotonic() < deadline:  # the server takes a moment to read them
                psycopg.connect(as_user(plain, "ana")).close()
        yield plain
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def try_url(run: Run) -> Callable[..., Outcome]:
    """Run a command on another database, as the environment or the flag names it."""

    def try_it(url: str, *command: str, flag: bool = False) -> Outcome:
        if flag:
            return run(*command, "--database-url", url)
        return run(*command, env={"CLAIMTRACK_DATABASE_URL": url})

    return try_it


def refused(outcome: Outcome, words: str) -> None:
    """It ended with exit 6 and one sentence, which holds these words and no password."""
    assert (outcome.code, outcome.out) == (6, ""), outcome
    assert outcome.err.startswith("Error: ")
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    for secret in (PASSWORD, WRONG):
        assert secret not in outcome.err


# --- The way there -------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql://ana:{WRONG}@127.0.0.1:1/claims", "No PostgreSQL answers there."),
        ("postgresql://ana@/claims?host=/nowhere", "No PostgreSQL answers there."),
        (f"postgresql://ana:{WRONG}@host.invalid/claims", "The server's host name can't be found."),
    ],
)
def test_no_server(
    try_url: Callable[..., Outcome], url: str, words: str, command: tuple[str, ...]
) -> None:
    refused(try_url(url, *command), words)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_database(
    server: Server, try_url: Callable[..., Outcome], command: tuple[str, ...]
) -> None:
    refused(try_url(server.url("nowhere_at_all"), *command), "The server is there, but not the")


def test_an_unknown_user(database_url: str, try_url: Callable[..., Outcome]) -> None:
    url = as_user(database_url, "nobody_of_that_name")
    refused(try_url(url, "claim", "list"), "The server does not know that user")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", [False, True])
def test_a_wrong_password(
    guarded: str, try_url: Callable[..., Outcome], command: tuple[str, ...], flag: bool
) -> None:
    outcome = try_url(as_user(guarded, "ana", WRONG), *command, flag=flag)
    refused(outcome, "The server refused the user or the password.")
    assert "ana:***@" in outcome.err


def test_a_missing_password(guarded: str, try_url: Callable[..., Outcome]) -> None:
    refused(try_url(as_user(guarded, "ana"), "claim", "list"), "wants a password")


def test_the_right_password(guarded: str, try_url: Callable[..., Outcome]) -> None:
    outcome = try_url(as_user(guarded, "ana", PASSWORD), "db", "status", "--format", "json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["session_user"] == "ana"
    assert PASSWORD not in outcome.out + outcome.err
    assert "ana:***@" in outcome.json["where"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"mysql://ana:{WRONG}@db.example/claims", "is not a database URL"),
        (f"ana:{WRONG}@db.example", "is not a database URL"),
        (f"postgresql://ana:{WRONG}@db.example:port/claims", "The database URL can't be read."),
    ],
)
@pytest.mark.parametrize("flag", [False, True])
def test_a_url_that_is_none(
    try_url: Callable[..., Outcome], url: str, words: str, flag: bool
) -> None:
    outcome = try_url(url, "claim", "list", flag=flag)
    assert (outcome.code, outcome.out) == (5, "")
    assert words in outcome.err
    assert WRONG not in outcome.err


def test_a_password_in_the_urls_parameters(guarded: str, try_url: Callable[..., Outcome]) -> None:
    refused(try_url(f"{as_user(guarded, 'ana')}&password={WRONG}", "db", "status"), "password=***")


def test_a_data_folder_that_is_a_file(own: OwnServer) -> None:
    own.folder.write_text("not a folder")
    outcome = own("claim", "list")
    refused(outcome, "CLAIMTRACK_DATA_DIR")


# --- What it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "role"),
    [(COMMANDS[0], "reader"), (COMMANDS[1], "recorder"), (("db", "upgrade"), "reader")],
)
def test_a_user_without_rights(
    database_url: str, try_url: Callable[..., Outcome], command: tuple[str, ...], role: str
) -> None:
    name = f"{make_url(database_url).database}_guest"  # roles belong to the whole server
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(name)))
        try:
            outcome = try_url(as_user(database_url, name), *command)
        finally:
            connection.execute(SQL("DROP ROLE {}").format(Identifier(name)))
    refused(outcome, f"that takes the role {role}. Ask whoever keeps the database")


def test_a_server_that_goes_away_while_a_refusal_is_undone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = App()
    monkeypatch.setitem(app.flags, "database_url", database_url)
    monkeypatch.setitem(app.flags, "actor", "Ana Ruiz")

    def refuse() -> None:
        with app.write() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with psycopg.connect(database_url) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            raise ConflictError("It was recorded already.")

    with pytest.raises(DatabaseError, match="Nothing of this command"):
        refuse()


def test_a_row_that_somebody_else_holds(
    database_url: str, run: Run, ok: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok(
        "claim",
        "add",
        "The quay is closed",
        "--speaker",
        "Lena Vogt",
        "--source",
        "https://a.example/1",
    )
    monkeypatch.setattr(db, "LOCK_TIMEOUT", "100ms")
    with psycopg.connect(database_url) as other:
        other.execute("SELECT FROM claim FOR UPDATE")
        outcome = run("claim", "mark", "1", "in-review", "--because", "mine")
    assert (outcome.code, outcome.out) == (4, "")
    assert "Somebody else is changing this just now." in outcome.err
    assert ok("claim", "show", "1", "--format", "json").json["status"] == "unverified"


# --- Gone in the middle --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("claim", "list"), ("claim", "note", "1", "seen"), ("db", "check")]
)
def test_a_connection_that_is_cut_during_a_command(
    database_url: str, start_process: Start, ok: Run, command: tuple[str, ...]
) -> None:
    ok(
        "claim",
        "add",
        "The quay is closed",
        "--speaker",
        "Lena Vogt",
        "--source",
        "https://a.example/1",
    )
    with (
        psycopg.connect(database_url) as other,
        psycopg.connect(database_url, autocommit=True) as watcher,
    ):
        other.execute("LOCK TABLE claim IN ACCESS EXCLUSIVE MODE")
        running = start_process(*command)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            cut = watcher.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchall()
            if cut:
                break
            time.sleep(0.02)
    out, err = running.communicate(timeout=60)
    refused(Outcome(command, running.returncode, out, err), "connection to the database was lost")
    assert ok("claim", "show", "1", "--format", "json").json["notes"] == []
