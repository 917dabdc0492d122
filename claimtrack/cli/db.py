"""`claimtrack db`: the database behind it all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import EMBEDDED_DATABASE, App, command, need
from claimtrack.cli.groups import LazyGroup
from claimtrack.render import Column, Listing, escape_terminal

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from claimtrack.services.database import Check, DatabaseStatus


_HERE = "claimtrack.cli.db"

#: Its verbs in the order of its help, each with the module that has it.
_MODULES = {
    **dict.fromkeys(("status", "url", "check", "upgrade", "downgrade", "start", "stop"), _HERE),
    **dict.fromkeys(("digest", "backup"), "claimtrack.cli.keeping"),
    "restore": "claimtrack.cli.restoring",
    "move": "claimtrack.cli.moving",
    "reindex": "claimtrack.cli.reindexing",
    **dict.fromkeys(("grant", "revoke", "grants"), "claimtrack.cli.granting"),
}


@click.group(cls=LazyGroup, modules=_MODULES)
def db() -> None:
    """The database behind it all."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the database refuses into a sentence."""
    from psycopg import Error
    from sqlalchemy.exc import DBAPIError

    from claimtrack.services.refusals import explain

    try:
        yield
    except DBAPIError as error:
        raise explain(error) from error
    except Error as error:
        # From what is read past SQLAlchemy, such as a COPY.
        raise explain(DBAPIError(None, None, error)) from error


def _engine(app: App) -> Engine:
    """An engine on a database that was just reached."""
    with app.connected() as connection:
        return connection.engine


# --- What it is ----------------------------------------------------------------------------------


@command(db, "status", example="claimtrack db status")
def status(app: App) -> None:
    """Show where the database is, its version, its size and what is in it.

    Looks only: a PostgreSQL of claimtrack's own is not started, and nothing is made.
    """
    from claimtrack.services import database

    state, found = "running", None
    with explained():
        if app.embedded:
            state, found = _look_at_embedded(app)
        else:
            with app.connected() as connection:
                found = database.status(connection)
    app.emit_object(_status_json(app, state, found), _status_text(app, state, found))


def _look_at_embedded(app: App) -> tuple[str, DatabaseStatus | None]:
    """How our own server is, and what it holds if it runs."""
    from sqlalchemy.exc import OperationalError

    from claimtrack import embedded
    from claimtrack.db import make_engine
    from claimtrack.services import database
    from claimtrack.services.refusals import explain_connection

    folder = app.settings.data_dir
    if not (folder / "postgres").exists():
        return "not set up yet", None
    url = embedded.running_url(folder, EMBEDDED_DATABASE)
    if url is None or not embedded.is_running(folder):
        return "not running", None
    try:
        with make_engine(url).connect() as connection:
            return "running", database.status(connection)
    except OperationalError as error:
        if "does not exist" in str(error.orig):  # the server runs for the demo's database alone
            return "not set up yet", None
        raise explain_connection(error, None) from error


def where(app: App) -> str:
    """Which database it is, in words: the URL without its password, or that it is our own."""
    from claimtrack.database_url import hide_password

    if app.settings.database_url is None:
        return "claimtrack's own PostgreSQL"
    return hide_password(app.settings.database_url)


def _status_json(app: App, state: str, found: DatabaseStatus | None) -> dict[str, Any]:
    from claimtrack.db import HEAD_REVISION
    from claimtrack.embedded import server_log
    from claimtrack.services.database import standing

    folder = app.settings.data_dir
    return {
        "embedded": app.embedded,
        "where": where(app),
        "state": state.replace(" ", "_"),
        "server_version": found and found.server_version,
        "database": found and found.database,
        "size_bytes": found and found.size_bytes,
        "revision": found and found.revision,
        "head": HEAD_REVISION,
        "schema": found and standing(found.revision),
        "counts": found and found.counts,
        "session_user": found and found.session_user,
        "owns_tables": found and found.owns_tables,
        "role": found and found.role,
        "actor": _actor(app, found),
        "actor_vouched": found and not (app.embedded or found.owns_tables),
        "data_dir": str(folder) if app.embedded else None,
        "log": str(server_log(folder)) if app.embedded else None,
    }


def _actor(app: App, found: DatabaseStatus | None) -> str | None:
    if found is None or app.embedded or found.owns_tables:
        return app.settings.actor
    return found.session_user


def _status_text(app: App, state: str, found: DatabaseStatus | None) -> Iterator[str]:
    from claimtrack.embedded import server_log

    def line(title: str, value: str) -> str:
        return escape_terminal(f"{title:<9} {value}")

    yield line("Where", where(app))
    if found is None:
        yield line("Server", f"{state}; the next command that needs it starts it")
    else:
        yield line("Server", f"PostgreSQL {found.server_version}")
        yield line("Database", f"{found.database}, {as_size(found.size_bytes)}")
        yield line("Schema", _schema_words(app, found.revision))
        if found.counts:
            yield line("Rows", _rows(found.counts))
        yield line("You", _who(app, found))
    if app.embedded:
        yield line("Data", str(app.settings.data_dir))
        yield line("Log", str(server_log(app.settings.data_dir)))


def _schema_words(app: App, revision: str | None) -> str:
    from claimtrack.db import HEAD_REVISION
    from claimtrack.services.database import standing

    how = "the next command does it" if app.embedded else "run claimtrack db upgrade"
    return {
        "current": f"revision {revision}, up to date",
        "missing": f"no tables yet: {how}",
        "behind": f"revision {revision}, behind {HEAD_REVISION}: {how}",
        "ahead": f"revision {revision}, which this claimtrack does not know (its newest is"
        f" {HEAD_REVISION}): install a newer claimtrack",
    }[standing(revision)]


def _who(app: App, found: DatabaseStatus) -> str:
    """Who writes, and how strong the name is that goes beside it."""
    user = found.session_user
    if app.embedded or found.owns_tables:
        acting = f", acting as {app.settings.actor}" if app.settings.actor else ""
        return (
            f"{user}{acting} (this login may do anything here, so an actor is only as strong as"
            " what was typed)"
        )
    if found.role is None:
        return f"{user}, who has no role here: claimtrack db grant {user} reader"
    return f"{user}, {found.role} (the database vouches for the name, whatever actor is said)"


def _rows(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{number:,} {name if number == 1 or name == 'evidence' else name + 's'}"
        for name, number in counts.items()
    )


def as_size(count: int) -> str:
    """A number of bytes for people: ``8.9 MB``."""
    size, units = float(count), ["TB", "GB", "MB", "kB"]
    unit = "bytes"
    while size >= 1000 and units:
        size, unit = size / 1000, units.pop()
    return f"{size:.1f} {unit}" if size < 10 and unit != "bytes" else f"{size:.0f} {unit}"


@command(db, "url", example='psql "$(claimtrack db url)"', formats=False)
def url(app: App) -> None:
    """Print the database's URL, for psql and pg_dump.

    A password is never printed: give it to psql by PGPASSWORD or ~/.pgpass. A PostgreSQL of
    claimtrack's own is started, and needs none.
    """
    from claimtrack.database_url import HIDDEN, hide_password

    if app.settings.database_url is None:
        full = _engine(app).url.render_as_string(hide_password=False)
    else:
        full = app.settings.database_url
    shown = hide_password(full.replace("postgresql+psycopg://", "postgresql://", 1))
    click.echo(shown)
    if HIDDEN in shown:
        app.say("The password is hidden. Put it in PGPASSWORD or ~/.pgpass, and take *** out.")


@command(db, "check", example="claimtrack db check")
def check(app: App) -> int:
    """Check that the schema is as made, and that what is stored agrees with itself.

    Compares every table, column, constraint, index, trigger and function with the one that was
    made, and recomputes what they promise: status, verdict and reach of every claim, the evidence
    of verdicts, the chains of reviews, the trail of events. Ends with 1 if anything is wrong.
    """
    from claimtrack.services.matching import postings

    with explained(), app.connected() as connection:
        checks = _check(connection)
        waiting = 0 if checks[0].problem else postings.waiting(connection)
    wrong = sum(one.problem is not None for one in checks)
    app.emit(
        Listing(
            columns=(
                Column("check", "Check"),
                Column("result", "Result", grow=True, style=_result_style),
            ),
            rows=[
                {"check": one.name, "ok": one.problem is None, "problem": one.problem}
                for one in checks
            ],
            cells=lambda row: {"check": row["check"], "result": row["problem"] or "ok"},
        )
    )
    if waiting:
        app.say(
            f"The words of {waiting:,} claims, changed outside of claimtrack, are still to be read"
            " for matching and search. The next commands that record something do that, or:"
            "\n  claimtrack db reindex --waiting"
        )
    if wrong:
        app.say(f"{wrong} of {len(checks)} checks found something wrong.")
    return 1 if wrong else 0


def _check(connection: Connection) -> list[Check]:
    from claimtrack.db import HEAD_REVISION
    from claimtrack.services import database

    found = database.status(connection).revision
    name = f"schema is at revision {HEAD_REVISION}"
    if found != HEAD_REVISION:
        # The other checks need these very tables.
        return [database.Check(name, f"it is at {found or 'none: there are no tables'}")]
    return [database.Check(name, None), *database.check(connection)]


def _result_style(text: str) -> str | None:
    return "green" if text == "ok" else "red"


# --- Its schema ----------------------------------------------------------------------------------


@command(
    db,
    "upgrade",
    example="""
claimtrack db upgrade
claimtrack db upgrade --sql > upgrade.sql
""",
    formats=False,
)
@click.argument("revision", required=False)
@click.option("--sql", is_flag=True, help="Print the whole script instead, for an administrator.")
def upgrade(app: App, revision: str | None, *, sql: bool) -> None:
    """Make the tables, or bring them up to this claimtrack (or to REVISION)."""
    from claimtrack import migrate

    if sql:
        need(revision is None, "--sql prints the whole script, up to the newest revision.")
        click.echo(migrate.upgrade_sql(), nl=False)
        return
    with explained():
        moved = migrate.upgrade(_engine(app), revision or "head", notice=app.say)
    if moved.before == moved.after:
        app.say(f"Nothing to do: the schema is at revision {moved.after}.")
    else:
        app.say(f"Done: the schema is at revision {moved.after}.")


@command(db, "downgrade", example="claimtrack db downgrade 0003", formats=False)
@click.argument("revision")
@click.option(
    "--drop-data",
    metavar="DATABASE",
    help="Drop what is recorded in the tables that go; name the database.",
)
def downgrade(app: App, revision: str, drop_data: str | None) -> None:
    """Take the schema back to REVISION, or to `base`, for an older claimtrack.

    Refused where recorded data would be lost, unless --drop-data names the database.
    """
    from claimtrack import migrate

    with explained():
        moved = migrate.downgrade(_engine(app), revision, drop_data=drop_data)
    if moved.before == moved.after:
        app.say(f"Nothing to do: the schema is at revision {moved.after or 'base'}.")
        return
    app.say(f"Done: the schema is at revision {moved.after or 'base'}.")
    if app.embedded:
        app.say("The next command of this claimtrack upgrades it again.")


# --- Its server ----------------------------------------------------------------------------------


def _need_own_server(app: App, verb: str) -> None:
    need(
        app.embedded,
        f"The server at {where(app)} is not claimtrack's to {verb}. Ask whoever runs it, or leave"
        " --database-url and CLAIMTRACK_DATABASE_URL out to mean claimtrack's own PostgreSQL.",
    )


@command(db, "start", example="claimtrack db start", formats=False)
def start(app: App) -> None:
    """Start claimtrack's own PostgreSQL; the other commands do so by themselves."""
    _need_own_server(app, "start")
    from claimtrack import embedded, migrate

    ran = embedded.is_running(app.settings.data_dir)
    with explained():
        engine = _engine(app)
        migrate.upgrade(engine, notice=app.say)
    app.say("It was running already." if ran else "Running. Stop it with claimtrack db stop.")


@command(db, "stop", example="claimtrack db stop", formats=False)
def stop(app: App) -> None:
    """Stop claimtrack's own PostgreSQL; the next command that needs it starts it again."""
    _need_own_server(app, "stop")
    from claimtrack import embedded

    stopped = embedded.stop(app.settings.data_dir)
    app.say("Stopped." if stopped else "It was not running.")
