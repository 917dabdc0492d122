"""The ground that the tests stand on: a real PostgreSQL and the real command line.

Without an option, claimtrack's own PostgreSQL 18 is started for the run; ``--server URL`` takes
any other, by a superuser's URL. The tables are migrated once, into a
template. A test takes ``connection`` (rolled back at the end) where it can, and ``database_url``
or the command line (a clone of its own) where it needs real commits.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
import pytest
from click.testing import CliRunner
from hypothesis import settings
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor
from pytest_postgresql.janitor import DatabaseJanitor
from sqlalchemy import Connection

from claimtrack import embedded
from claimtrack.cli import cli
from claimtrack.db import make_engine, write_transaction
from claimtrack.migrate import upgrade
from claimtrack.vocab import Role

#: Who acts in the tests, unless a test says otherwise.
ACTOR = "Ana Ruiz"

#: How long a command may take before a test counts it as hung, in seconds.
PATIENCE = 60


# A busy machine is no failure of what is tested.
settings.register_profile("claimtrack", deadline=None)
settings.load_profile("claimtrack")

# The server runs as a user of its own when root runs the tests, and pytest closes its shared
# folder to all others whenever another run starts: so this run has a folder to itself. Its name
# is short, since a socket's path may have a hundred bytes.
_OWN_FOLDER = "PYTEST_DEBUG_TEMPROOT" not in os.environ
if _OWN_FOLDER:
    os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.mkdtemp(prefix="ct-")


def pytest_sessionfinish(exitstatus: int) -> None:
    if _OWN_FOLDER and exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(os.environ["PYTEST_DEBUG_TEMPROOT"], ignore_errors=True)


# --- The server ----------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--server",
        metavar="URL",
        help="run on this PostgreSQL, such as postgresql://postgres@localhost/postgres",
    )
    parser.addoption(
        "--sequences",
        metavar="N",
        type=int,
        default=6,
        help="how many random sequences of commands to compare with the model",
    )


class Server(NoopExecutor):
    """Where the server is; new databases start out from PostgreSQL's own empty one."""

    @property
    def template_dbname(self) -> str:
        return "template0"

    def url(self, database: str) -> str:
        """The URL of one database on it."""
        user = quote(self.user, safe="")
        if self.password:
            user += f":{quote(self.password, safe='')}"
        return f"postgresql://{user}@/{database}?host={quote(self.host, safe='/')}&port={self.port}"

    def database(self, name: str, *, template: str = "template0") -> DatabaseJanitor:
        """A context in which the database exists."""
        return DatabaseJanitor(
            user=self.user,
            host=self.host,
            port=self.port,
            password=self.password,
            maintenance_dbname=self.maintenance_dbname,
            dbname=name,
            template_dbname=template,
            connection_timeout=0,  # it was reached before: whoever goes away now stays away
        )


def _server_at(url: str) -> Server:
    parts = conninfo_to_dict(url)
    return Server(
        host=str(parts.get("host") or "localhost"),
        port=int(parts.get("port") or 5432),
        user=str(parts.get("user") or "postgres"),
        password=str(parts["password"]) if parts.get("password") else None,
        maintenance_dbname=str(parts.get("dbname") or "postgres"),
        # Names of our own, since several runs may share a server.
        dbname=f"claimtrack_{os.getpid()}_",
        options="",
    )


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server that all tests of this process share."""
    if named := request.config.getoption("--server"):
        psycopg.connect(named, connect_timeout=10).close()  # else the janitor tries for a minute
        yield _server_at(named)
        return
    # Not among pytest's folders, of which a later run clears the old ones away.
    data_dir = Path(tempfile.mkdtemp(prefix="claimtrack-tests-"))
    url = embedded.ensure_running(data_dir, database="postgres", notice=lambda _: None)
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(plain, autocommit=True) as connection:
            # It lives no longer than the run, so that nothing has to survive a power cut.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield _server_at(plain)
    finally:
        embedded.stop(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def _migrate(
    *, host: str, port: int, user: str, dbname: str, password: str | None, **_: Any
) -> None:
    at = Server(host=host, port=port, user=user, dbname=dbname, password=password, options="")
    upgrade(make_engine(at.url(dbname)))


#: The template: one database with all tables, which the others are cloned from.
migrated = factories.postgresql_noproc(
    depends_on="server", dbname=f"claimtrack_{os.getpid()}_", load=[_migrate]
)


# --- Databases -----------------------------------------------------------------------------------


@pytest.fixture
def empty_database_url(server: Server) -> Iterator[str]:
    """A fresh database without any table."""
    name = f"{server.dbname}empty"
    with server.database(name):
        yield server.url(name)


@pytest.fixture
def database_url(server: Server, migrated: NoopExecutor) -> Iterator[str]:
    """A fresh database with all tables; what a test commits is there, and goes with it."""
    name = f"{server.dbname}test"
    with server.database(name, template=migrated.template_dbname):
        yield server.url(name)


@pytest.fixture(scope="session")
def shared_database_url(server: Server, migrated: NoopExecutor) -> Iterator[str]:
    """The database of the tests that commit nothing."""
    name = f"{server.dbname}shared"
    with server.database(name, template=migrated.template_dbname):
        yield server.url(name)


@pytest.fixture
def connection(shared_database_url: str) -> Iterator[Connection]:
    """A transaction in the actor's name, rolled back when the test is over."""
    with write_transaction(make_engine(shared_database_url), actor=ACTOR) as connection:
        yield connection
        connection.rollback()


# --- The command line ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed."""

    args: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class Run(Protocol):
    """Run one command to its end."""

    def __call__(
        self,
        *args: object,
        input: str | None = None,  # noqa: A002 - the name that click and subprocess use
        actor: str | None = ACTOR,
        env: Mapping[str, str | None] = ...,
    ) -> Outcome: ...


@dataclass(frozen=True)
class Surroundings:
    """The environment of a command: this test's database and folders, nobody's settings."""

    database_url: str
    folder: Path

    def __call__(
        self, actor: str | None = ACTOR, env: Mapping[str, str | None] | None = None
    ) -> dict[str, str | None]:
        """The variables to set, and those to take away (None)."""
        return {
            **{name: None for name in os.environ if name.startswith(("CLAIMTRACK_", "PG"))},
            "PYTHONUNBUFFERED": None,
            "CLAIMTRACK_CONFIG": str(self.folder / "config.toml"),
            "CLAIMTRACK_DATA_DIR": str(self.folder / "data"),
            "CLAIMTRACK_DATABASE_URL": self.database_url,
            "CLAIMTRACK_ACTOR": actor,
            **(env or {}),
        }

    def whole(
        self, actor: str | None = ACTOR, env: Mapping[str, str | None] | None = None
    ) -> dict[str, str]:
        """The whole environment of a process."""
        wanted = {**os.environ, **self(actor, env)}
        return {name: value for name, value in wanted.items() if value is not None}


@pytest.fixture
def surroundings(database_url: str, tmp_path: Path) -> Surroundings:
    return Surroundings(database_url, tmp_path)


@pytest.fixture
def run(surroundings: Surroundings) -> Run:
    """Run a command in this process. An exception that it lets out fails the test."""

    def run_it(
        *args: object,
        input: str | None = None,  # noqa: A002
        actor: str | None = ACTOR,
        env: Mapping[str, str | None] | None = None,
    ) -> Outcome:
        words = tuple(str(arg) for arg in args)
        result = CliRunner().invoke(
            cli,
            words,
            prog_name="claimtrack",
            input=input,
            env=surroundings(actor, env),
            catch_exceptions=False,
        )
        return Outcome(words, result.exit_code, result.stdout, result.stderr)

    return run_it


@pytest.fixture
def ok(run: Run) -> Run:
    """As ``run``, and the test fails when the command does."""

    def run_it(*args: object, **options: Any) -> Outcome:
        outcome = run(*args, **options)
        if outcome.code != 0:
            pytest.fail(f"{' '.join(outcome.args)}: exit {outcome.code}\n{outcome.err}")
        return outcome

    return run_it


class OwnServer:
    """Commands on claimtrack's own PostgreSQL, in a data folder of the test's own."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.command = run
        self.folder = folder

    def __call__(self, *args: object) -> Outcome:
        return self.command(*args, env=self.env)

    @property
    def env(self) -> dict[str, str | None]:
        """The variables that name no server, and this folder."""
        return {"CLAIMTRACK_DATABASE_URL": None, "CLAIMTRACK_DATA_DIR": str(self.folder)}


@pytest.fixture
def own(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    """As ``run``, with no URL: nothing is set up before the first command that needs it."""
    server = OwnServer(run, tmp_path_factory.mktemp("own") / "data")
    yield server
    embedded.stop(server.folder)


PASSWORD = "correct horse"


class Desk:
    """Commands under logins of their own, each with one role in this test's database."""

    def __init__(self, run: Run, server: Server, database_url: str) -> None:
        self.run = run
        self.server = server
        self.owner_url = database_url
        self.database = str(conninfo_to_dict(database_url)["dbname"])

    def login(self, name: str) -> str:
        """The login of this name: of this run alone, since a server's tests share its logins."""
        return f"{self.server.dbname}{name}"

    def url(self, name: str) -> str:
        """The URL by which that login comes in, with its password."""
        login, password = quote(self.login(name), safe=""), quote(PASSWORD, safe="")
        host = quote(self.server.host, safe="/")
        return (
            f"postgresql://{login}:{password}@/{self.database}?host={host}&port={self.server.port}"
        )

    def grant(self, name: str, role: str) -> Outcome:
        """Give it a role, as the owner."""
        return self.run(
            *("db", "grant", self.login(name), role, "--password"), input=f"{PASSWORD}\n"
        )

    def __call__(self, name: str, *args: object, **options: Any) -> Outcome:
        """Run a command under that login."""
        env = {"CLAIMTRACK_DATABASE_URL": self.url(name), **options.pop("env", {})}
        return self.run(*args, env=env, **options)

    def connect(self, name: str) -> psycopg.Connection:
        """A connection of that login."""
        return psycopg.connect(self.url(name), autocommit=True)

    def drop_roles(self) -> None:
        """Take away what was made on the server."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            for (name,) in connection.execute(
                "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname ^@ %s OR rolname ^@ %s",
                (self.server.dbname, f"claimtrack_{self.server.dbname}"),
            ).fetchall():
                connection.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER".encode())
                connection.execute(f"DROP OWNED BY {name}".encode())
                connection.execute(f"DROP ROLE {name}".encode())


@pytest.fixture
def desk(run: Run, server: Server, database_url: str) -> Iterator[Desk]:
    """A desk's server, on which nobody has been granted anything yet."""
    desk = Desk(run, server, database_url)
    yield desk
    desk.drop_roles()


@pytest.fixture
def staff(desk: Desk) -> Desk:
    """A desk with one login of each role, called as the role is."""
    for role in Role:
        outcome = desk.grant(role, role)
        assert outcome.code == 0, outcome.err
    return desk


@pytest.fixture(autouse=True, scope="session")
def hear_ctrl_c() -> None:
    """A run in the background of a shell ignores Ctrl-C, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_process(surroundings: Surroundings) -> Iterator[Start]:
    """Start a command as a process of its own, with pipes; it is ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *args: object, actor: str | None = ACTOR, env: Mapping[str, str | None] | None = None
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "claimtrack", *(str(arg) for arg in args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=surroundings.whole(actor, env),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        with process:  # closes the pipes
            pass


@pytest.fixture
def process(start_process: Start) -> Run:
    """As ``run``, in a process of its own: slower, for pipes, signals and concurrency."""

    def run_it(
        *args: object,
        input: str | None = None,  # noqa: A002
        actor: str | None = ACTOR,
        env: Mapping[str, str | None] | None = None,
    ) -> Outcome:
        running = start_process(*args, actor=actor, env=env)
        out, err = running.communicate(input, timeout=PATIENCE)
        return Outcome(tuple(str(arg) for arg in args), running.returncode, out, err)

    return run_it
