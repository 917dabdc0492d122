"""`claimtrack db move`: from one person's own PostgreSQL to a desk's server."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.blocks import counted
from claimtrack.cli.db import db, explained, where
from claimtrack.cli.interrupts import tidied
from claimtrack.cli.keeping import dump, record_taken
from claimtrack.cli.restoring import existing, overwrite_option, restore_from
from claimtrack.errors import ConflictError
from claimtrack.render import escape_terminal

if TYPE_CHECKING:
    from sqlalchemy import Engine


@command(
    db,
    "move",
    example="""
claimtrack db move postgresql://desk@db.example.org/claims
claimtrack db move postgresql://desk@db.example.org/claims --switch
""",
)
@click.argument("url")
@overwrite_option
@click.option("--switch", is_flag=True, help="Use the server from now on: keep URL as a setting.")
def move(app: App, url: str, overwrite: str | None, *, switch: bool) -> None:
    """Copy claimtrack's own database, all of it, to the server at URL.

    The database there is made if it does not exist, and must hold no records. All arrives, with
    the same digest, or nothing is changed there. The database here stays as it is.
    """
    from claimtrack.config import save_setting
    from claimtrack.database_url import hide_password

    need(
        app.embedded,
        f"This moves claimtrack's own database, and the settings name {where(app)}. Leave"
        " --database-url and CLAIMTRACK_DATABASE_URL out; or take claimtrack db backup, and"
        " claimtrack db restore there.",
    )
    shown = hide_password(url)
    again = shlex.join(["claimtrack", "db", "move", shown])
    with tidied(), explained(), existing(url) as engine:
        _check(app, engine, overwrite, again)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "own.backup"
            dumped = dump(app, path)
            done = restore_from(app, engine, path, overwrite, dumped.digest, again, server=True)
    # What is there by now stays there, whatever becomes of this.
    with tidied(), explained():
        record_taken(app, dumped, shown)
    if switch:
        save_setting("database_url", url, app.settings.config_path)
    data = {
        "url": shown,
        "database": done.database,
        "claims": done.claims,
        "digest": done.digest,
        "upgraded_to": done.upgraded if done.upgraded != done.revision else None,
        "switched": switch,
    }
    app.emit_object(data, _text(app, done.claims, done.digest, shown, switch=switch))


def _check(app: App, engine: Engine, overwrite: str | None, command: str) -> None:
    """Refuse a database that can't take it, before all is read.

    Raises:
        ConflictError: it holds records that were not named, or is the one to move.
    """
    from claimtrack.services import backup, restore

    with app.connected() as own, engine.connect() as other:
        if backup.identity(own) == backup.identity(other):
            raise ConflictError("That is claimtrack's own database itself.")
        restore.refuse_to_lose(backup.holdings(other), overwrite, what=command)


def _text(app: App, claims: int, digest: str, shown: str, *, switch: bool) -> Iterator[str]:
    from claimtrack.database_url import HIDDEN

    yield escape_terminal(f"Copied {counted(claims, 'claim')} to {shown}.")
    yield f"Digest    {digest}, the same on both"
    yield "The database here stays as it is; what is recorded in it from now on stays here."
    if switch:
        yield escape_terminal(
            f"From now on claimtrack uses the server. Kept in {app.settings.config_path}."
        )
        return
    secret = ", with the password" if HIDDEN in shown else ""
    yield f"To use the server from now on{secret}:"
    words = ["claimtrack", "config", "set", "database_url", shown]
    yield escape_terminal(f"  {shlex.join(words)}")
