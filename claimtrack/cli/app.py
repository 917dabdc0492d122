"""What every command shares: settings, the open database, the actor and output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.streams import asking
from claimtrack.cli.typed import ask_for_dashes
from claimtrack.errors import DatabaseError, InvalidDataError, UsageError
from claimtrack.render import Format, Listing, emit, emit_object, escape_terminal
from claimtrack.vocab import Role

if TYPE_CHECKING:
    import datetime as dt
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from claimtrack.config import Settings

#: The name of the database that claimtrack makes in its own, embedded PostgreSQL.
EMBEDDED_DATABASE = "claimtrack"

#: How many rows a table shows unless --limit says otherwise; other formats give all.
TABLE_LIMIT = 50


class _ServerGone(Exception):  # noqa: N818 - it never gets out of here
    """Our own server went away before the command began: it is started once more."""


class App:
    """One run of a command: its settings, and the way to its database and its output."""

    def __init__(self) -> None:
        self.flags: dict[str, str | None] = {}
        self.format = Format.TABLE

    # -- settings and words -------------------------------------------------------------------

    @cached_property
    def settings(self) -> Settings:
        """The settings: flag over environment over file over default."""
        from claimtrack.config import load_settings

        return load_settings(self.flags)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def color(self) -> bool:
        """Whether stdout may be coloured: a terminal, and no NO_COLOR."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None where stdout is a pipe or a file."""
        if not sys.stdout.isatty():
            return None
        import shutil

        return shutil.get_terminal_size().columns

    @property
    def as_table(self) -> bool:
        """Whether the output is meant for a person's eyes."""
        return self.format is Format.TABLE

    def say(self, message: str) -> None:
        """A line of words for the person, on stderr."""
        click.echo(escape_terminal(message, keep_newlines=True), err=True)

    @cached_property
    def _actor(self) -> str:
        from claimtrack.config import ACTOR_LIMIT
        from claimtrack.keys import clean_text

        if self.settings.actor is not None:
            return clean_text(self.settings.actor, "actor's name", limit=ACTOR_LIMIT)
        if self.interactive:
            return self._ask_actor()
        import getpass

        try:
            return clean_text(getpass.getuser(), "actor's name", limit=ACTOR_LIMIT)
        except (KeyError, OSError, ImportError) as error:
            raise UsageError("This login has no name. Say who acts with --actor NAME.") from error

    def _ask_actor(self) -> str:
        from claimtrack.config import ACTOR_LIMIT, save_setting
        from claimtrack.keys import clean_text

        def cleaned(typed: str) -> str:
            try:
                return clean_text(typed, "actor's name", limit=ACTOR_LIMIT)
            except InvalidDataError as error:
                raise click.BadParameter(error.message) from error

        question = "Who are you? Your name goes beside what you record"
        with asking():
            named: str = click.prompt(question, value_proc=cleaned, err=True)
        save_setting("actor", named, self.settings.config_path)
        self.say(f"Kept in {self.settings.config_path}; change it with claimtrack config set.")
        return named

    def actor(self) -> str:
        """Who acts: flag, environment or file; else asked once and kept; else the login name.

        Raises:
            InvalidDataError: the name is blank or too long.
            UsageError: there is nobody to ask, and the login has no name.
        """
        return self._actor

    def today(self) -> dt.date:
        """The day that it is in the setting `report_timezone`."""
        import datetime

        return datetime.datetime.now(self.settings.timezone).date()

    # -- the database -------------------------------------------------------------------------

    def _engine(self, *, restarted: bool) -> Engine:
        from claimtrack.db import make_engine

        if self.settings.database_url is not None:
            return make_engine(self.settings.database_url)
        from claimtrack.embedded import ensure_running, running_url

        url = None if restarted else running_url(self.settings.data_dir, EMBEDDED_DATABASE)
        if url is None:
            url = ensure_running(
                self.settings.data_dir, database=EMBEDDED_DATABASE, notice=self.say
            )
        return make_engine(url)

    @property
    def embedded(self) -> bool:
        """Whether the database is claimtrack's own PostgreSQL."""
        return self.settings.database_url is None

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A plain connection, whatever the schema: for `db` and its like.

        Raises:
            DatabaseError: the server can't be reached, refuses us, or is too old.
        """
        from sqlalchemy.exc import OperationalError

        from claimtrack.services.refusals import explain_connection

        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._engine(restarted=False).connect())
            except OperationalError as error:
                if not self.embedded:
                    raise explain_connection(error, self.settings.database_url) from error
                # A stale pid file: the server that it speaks of is gone.
                connection = stack.enter_context(self._engine(restarted=True).connect())
            refuse_old_server(connection)
            yield connection

    @contextmanager
    def _at_head(
        self,
        begin: Callable[[Engine], AbstractContextManager[Connection]],
        needs: Role = Role.READER,
        *,
        fills: bool = False,
    ) -> Iterator[Connection]:
        from sqlalchemy.exc import DBAPIError, OperationalError

        from claimtrack.db import HEAD_REVISION, schema_revision
        from claimtrack.services.refusals import explain, explain_connection

        restarted = False
        login = None
        while True:
            engine = self._engine(restarted=restarted)
            try:
                with ExitStack() as stack:
                    try:
                        connection = stack.enter_context(begin(engine))
                        login = login_of(connection)
                        revision = schema_revision(connection)
                    except OperationalError as error:
                        if not self.embedded or restarted:
                            raise explain_connection(error, self.settings.database_url) from error
                        # Not to be left as a transaction that went well: there is none any more.
                        raise _ServerGone from error
                    refuse_old_server(connection)
                    if revision == HEAD_REVISION:
                        yield connection
                        if fills:
                            fill_postings(connection)
                        return
            except _ServerGone:
                restarted = True
                continue
            except DBAPIError as error:
                # In the command, at its commit, or while what was refused is undone.
                raise explain(error, login, needs) from error
            self._bring_to_head(engine, revision)

    def _bring_to_head(self, engine: Engine, revision: str | None) -> None:
        """Migrate our own database; of any other, say how.

        Raises:
            SchemaError: the schema is not this claimtrack's, and not ours to change.
        """
        from claimtrack import migrate
        from claimtrack.errors import SchemaError

        migrate.refuse_newer(revision, migrate.revisions())
        if self.embedded:
            # Of a first use the server's notice has told already.
            migrate.upgrade(engine, notice=self.say if revision is not None else None)
            return
        raise SchemaError(
            "This database has no claimtrack tables yet. Make them once with:"
            if revision is None
            else f"The database's schema is at revision {revision}, behind this claimtrack."
            " Upgrade it with:",
            next_command="claimtrack db upgrade",
        )

    def read(self, *, as_of: dt.datetime | None = None) -> AbstractContextManager[Connection]:
        """One read-only transaction on one snapshot, on a schema that is up to date.

        With ``as_of`` it finds what was on record just before that instant.
        """
        from claimtrack.db import read_transaction

        return self._at_head(lambda engine: read_transaction(engine, as_of=as_of))

    def write(
        self, needs: Role = Role.RECORDER, *, fills: bool = True
    ) -> AbstractContextManager[Connection]:
        """One transaction in the actor's name: all of it, or nothing.

        ``needs`` is the role from which on a login may do this: for the sentence where the
        database refuses one of another role. Before it ends, the claims whose texts it changed
        get their postings, unless the command ``fills`` none.
        """
        return self._at_head(self._acting, needs, fills=fills)

    @contextmanager
    def _acting(self, engine: Engine) -> Iterator[Connection]:
        from claimtrack.db import say_actor

        # Of our own database it is clear beforehand that nobody but us vouches for the name.
        said = self.actor() if self.embedded else self.settings.actor
        with engine.begin() as connection:
            login = say_actor(connection, said or "")
            if login is not None:
                self._refuse_another_actor(login)
            elif said is None:
                say_actor(connection, self.actor())
            yield connection

    def _refuse_another_actor(self, login: str) -> None:
        """Refuse an actor that was typed, where the login is the actor; a kept one is passed by."""
        typed = self.flags.get("actor")
        if typed is not None and typed.strip() != login:
            raise UsageError(
                f"On this login you act as {login}, and the database records that: leave --actor"
                " out."
            )

    def actor_here(self, connection: Connection) -> str:
        """Who acts on this connection: the login where it is one of its own, else as `actor`."""
        from claimtrack.db import say_actor

        login = None if self.embedded else say_actor(connection, "")
        if login is None:
            return self.actor()
        self._refuse_another_actor(login)
        return login

    # -- output -------------------------------------------------------------------------------

    def emit(self, listing: Listing) -> None:
        """Print a list or a report in the chosen format; say so where there is nothing."""
        count = emit(listing, self.format, sys.stdout, width=self.width, color=self.color)
        if count == 0 and listing.empty:
            sys.stdout.flush()  # a full disk is told of before the words are said
            self.say(listing.empty)

    def emit_object(self, data: Mapping[str, Any], text: Iterable[str]) -> None:
        """Print one thing: ``text`` for a person, ``data`` for a program."""
        emit_object(data, self.format, sys.stdout, text=text, width=self.width, color=self.color)


def fill_postings(connection: Connection) -> None:
    """Make the postings that wait, if any do and this login may."""
    from sqlalchemy import text

    waits = connection.scalar(
        text(
            "SELECT EXISTS (SELECT FROM posting_due)"
            " AND has_any_column_privilege('posting', 'INSERT')"
        )
    )
    if waits:
        from claimtrack.services.matching.postings import drain

        drain(connection)


def login_of(connection: Connection) -> str:
    """The name under which we logged in."""
    return str(connection.connection.dbapi_connection.info.user)  # type: ignore[union-attr]


def refuse_old_server(connection: Connection) -> None:
    """Refuse a PostgreSQL older than 14.

    Raises:
        DatabaseError: the server is too old.
    """
    version = connection.dialect.server_version_info or (0,)
    if version < (14,):
        raise DatabaseError(f"The server is PostgreSQL {version[0]}; claimtrack needs 14 or newer.")


# -- options that stand on every command -------------------------------------------------------


def _keep_flag(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None and param.name is not None:
        ctx.find_root().obj.flags[param.name] = value


def _keep_format(ctx: click.Context, param: click.Parameter, value: str) -> None:
    ctx.find_root().obj.format = Format(value)


actor_option = click.option(
    "--actor",
    metavar="NAME",
    expose_value=False,
    callback=_keep_flag,
    help="Who acts. [env: CLAIMTRACK_ACTOR]",
)
database_option = click.option(
    "--database-url",
    metavar="URL",
    expose_value=False,
    callback=_keep_flag,
    help="Another PostgreSQL than claimtrack's own. [env: CLAIMTRACK_DATABASE_URL]",
)
format_option = click.option(
    "--format",
    type=click.Choice([choice.value for choice in Format]),
    default=Format.TABLE.value,
    show_default=True,
    expose_value=False,
    callback=_keep_format,
    help="How to print it.",
)


def command(
    group: click.Group | None,
    name: str,
    *,
    example: str,
    formats: bool = True,
    context_settings: dict[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], click.Command]:
    """Register a command that gets the `App`, the shared options and an example in its help.

    ``group`` is None for a command that is a noun itself. ``example`` holds one or more command
    lines; ``formats`` adds ``--format``; ``context_settings`` are click's.
    """

    def register(function: Callable[..., Any]) -> click.Command:
        decorated: Any = click.pass_obj(function)
        decorated = actor_option(database_option(decorated))
        if formats:
            decorated = format_option(decorated)
        lines = "\n".join(f"  {line}" for line in example.strip().splitlines())
        epilog = f"\b\nExample:\n{lines}"
        make = click.command if group is None else group.command
        made = make(name, epilog=epilog, context_settings=context_settings)(decorated)
        ask_for_dashes(made)
        return made

    return register


def need(condition: object, message: str) -> None:
    """Refuse a combination of options.

    Raises:
        UsageError: the condition does not hold.
    """
    if not condition:
        raise UsageError(message)
