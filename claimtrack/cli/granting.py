"""`claimtrack db grant`, `revoke` and `grants`: who may do what on a desk's server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.db import db
from claimtrack.cli.params import Words
from claimtrack.cli.streams import asking, read_line
from claimtrack.errors import DatabaseError
from claimtrack.render import Column, Listing
from claimtrack.vocab import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.services.people import Done

_sql = click.option(
    "--sql", is_flag=True, help="Print the SQL instead, for an administrator's psql."
)


def _need_server(app: App) -> None:
    need(
        not app.embedded,
        "claimtrack's own PostgreSQL lets in nobody but you, so there is nobody to grant anything."
        " For a desk of several, name a server with --database-url or claimtrack config set"
        " database_url.",
    )


@command(
    db,
    "grant",
    example="""
claimtrack db grant ana recorder
claimtrack db grant ana reviewer --password
claimtrack db grant ana recorder --sql | psql -U postgres claims
""",
    formats=False,
)
@click.argument("user")
@click.argument("role", type=Words.of(Role))
@click.option(
    "--password",
    is_flag=True,
    help="Ask for a password for the login; in a pipe, read it as one line.",
)
@_sql
def grant(app: App, user: str, role: str, *, password: bool, sql: bool) -> None:
    """Give a login of its own to USER: it may do what ROLE says, in place of what it could before.

    A reader reads all but the trail of events and what is filed. A recorder records claims, sources
    and evidence, too. A reviewer marks claims, and opens what is filed. An admin reads the trail.

    The login is made where the server has none of that name. Its actor is its name, whatever else
    is said. Where you may not make roles, the SQL for it is printed.
    """
    from claimtrack.services import people

    _need_server(app)
    typed = _ask_password(app, user) if password else None
    with app.write(Role.ADMIN) as connection:
        verifier = None if typed is None else _verifier(connection, user, typed)
        done = people.grant(connection, user, Role(role), verifier=verifier, only_script=sql)
    _tell(app, done)
    if done.script is not None:
        return
    article = "an" if role == Role.ADMIN else "a"
    app.say(f"{user} is {article} {role} now.")
    if done.made and typed is None:
        app.say(
            f"The login {user} is new and has no password. Where the server asks for one:"
            f" claimtrack db grant {user} {role} --password"
        )


@command(db, "revoke", example="claimtrack db revoke ana", formats=False)
@click.argument("user")
@_sql
def revoke(app: App, user: str, *, sql: bool) -> None:
    """Take from USER what was granted. The login stays, and can do nothing here any more."""
    from claimtrack.services import people

    _need_server(app)
    with app.write(Role.ADMIN) as connection:
        done = people.revoke(connection, user, only_script=sql)
    _tell(app, done)
    if done.script is None:
        app.say(f"{user} may do nothing here any more. The login itself stays on the server.")


@command(
    db,
    "grants",
    example="""
claimtrack db grants
claimtrack db grants --apply
""",
)
@click.option(
    "--apply",
    "again",
    is_flag=True,
    help="Grant all of it again: on a server that has lost roles, after a restore.",
)
@_sql
def grants(app: App, *, again: bool, sql: bool) -> None:
    """Who may do what here, since when and by whom; with --apply, make it so again."""
    from claimtrack.services import people

    need(again or not sql, "--sql prints what --apply would do: give both.")
    if again:
        with app.write(Role.ADMIN) as connection:
            done = people.apply_grants(connection, only_script=sql)
        _tell(app, done)
        if done.script is not None:
            return
        for login in done.made:
            app.say(f"The login {login} was missing: it was made, and has no password yet.")
    with app.read() as connection:
        found = people.grants(connection)
    app.emit(
        Listing(
            columns=(
                Column("login", "Login", max_width=30),
                Column("role", "Role"),
                Column("since", "Since", fixed=True),
                Column("by", "By", max_width=20),
                Column("state", "State", grow=True),
            ),
            rows=[
                {
                    "login": one.login,
                    "role": one.role,
                    "holds": one.holds,
                    "in_force": one.in_force,
                    "since": one.since,
                    "by": one.by,
                }
                for one in found
            ],
            cells=lambda row: _cells(app, row),
            empty="Nobody has been granted anything: only the owner of the tables gets in.",
        )
    )


def _cells(app: App, row: Mapping[str, Any]) -> dict[str, Any]:
    since = row["since"]
    if since is not None and app.as_table:
        since = f"{since:%Y-%m-%d}"
    return {**row, "since": since, "state": _state(row)}


def _state(row: Mapping[str, Any]) -> str:
    if row["in_force"]:
        return "in force"
    if row["role"] is None:
        return f"the server has it as {row['holds']}, which was not granted here"
    has = row["holds"] or "nothing"
    return f"the server has it as {has}: claimtrack db grants --apply"


def _tell(app: App, done: Done) -> None:
    """What a person should know of it; the script where nothing was done.

    Raises:
        DatabaseError: the caller may not do it.
    """
    for line in done.told:
        app.say(line)
    if done.script is None:
        return
    click.echo(done.script, nl=False)
    if done.refused:
        raise DatabaseError(
            "Your login may not make or give roles on this server, so nothing was done. The SQL"
            " above does it: have an administrator run it with psql in this database."
        )


def _ask_password(app: App, user: str) -> str:
    need_one = "A password has at least one character, and none of them ends the line."
    if not app.interactive:
        typed = read_line().removesuffix("\n").removesuffix("\r")
    else:
        with asking():
            typed = click.prompt(
                f"Password for {user}", hide_input=True, confirmation_prompt=True, err=True
            )
    need(typed and typed.isprintable(), need_one)
    return typed


def _verifier(connection: Connection, user: str, password: str) -> str:
    """The password as PostgreSQL stores it: in clear it goes neither to the server nor its log."""
    raw: Any = connection.connection.dbapi_connection
    encrypted = raw.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
    return str(encrypted.decode())
