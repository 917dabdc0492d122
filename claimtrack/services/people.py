"""Who may do what on a desk's server: roles given to logins, taken, and given again.

What was given stands in the table ``granted``, so that a restored database can give it again. A
login of its own is what makes the actor more than a word: the database vouches for its name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Row, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import DBAPIError

from claimtrack.errors import ConflictError, InvalidDataError, NotFoundError
from claimtrack.keys import clean_text
from claimtrack.models.desk import granted
from claimtrack.services.roles import (
    NAME_LIMIT,
    Server,
    entry,
    group_statements,
    login_statements,
    look,
    member_statements,
    schema_statements,
    script_of,
    table_statements,
)
from claimtrack.vocab import Role

#: Key of the advisory lock of whoever changes roles here: two at once would trip over each other.
LOCK_KEY = 0x636C61696D67726E


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: the logins that were made for it, and what a person should be told.

    Where nothing was, ``script`` is the SQL to do it: because it was asked for, or because the
    caller may not (``refused``).
    """

    made: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    script: str | None = None
    refused: bool = False


class _StillHeldError(Exception):
    """A login holds another role than it should after all was done: the rest takes others."""


class Grant(NamedTuple):
    """What stands for one login.

    ``role`` is what was granted last, ``holds`` the highest role that the server has for it, and
    ``in_force`` says whether the two are one: they differ where somebody changed one without the
    other. Without an entry ``since`` and ``by`` are None.
    """

    login: str
    role: Role | None
    holds: Role | None
    in_force: bool
    since: dt.datetime | None
    by: str | None


# --- Give and take -------------------------------------------------------------------------------


def grant(
    connection: Connection,
    login: str,
    role: Role,
    *,
    verifier: str | None = None,
    only_script: bool = False,
) -> Done:
    """Give a login a role in place of what it had; a login that is missing is made.

    ``verifier`` is its password as PostgreSQL stores one, never in clear. With ``only_script``
    nothing is done.

    Raises:
        InvalidDataError: no login can have that name.
        ConflictError: the login is the owner's, a superuser's or a group of ours: no role would
            limit it.
    """
    login = _checked_name(login)
    _alone(connection)
    server = look(connection)
    _refuse_powerful(connection, server, login)
    last = _latest(connection).get(login)
    recorded = last is not None and last.role == role

    def statements(everything: bool) -> list[str]:
        return [
            *schema_statements(server, everything=everything),
            *group_statements(server, everything=everything),
            *table_statements(server),
            *login_statements(server, login, verifier),
            *member_statements(server, login, role),
            *([] if recorded else [entry(login, role)]),
        ]

    done = _run(connection, server, statements, {login: role}, only_script=only_script)
    if done is not None:
        return done
    return Done(
        made=() if login in server.roles else (login,),
        told=tuple(_cautions(connection, server, login)),
    )


def revoke(connection: Connection, login: str, *, only_script: bool = False) -> Done:
    """Take from a login what it was given; the login itself stays.

    Raises:
        NotFoundError: it has no role here.
    """
    login = _checked_name(login)
    _alone(connection)
    server = look(connection)
    last = _latest(connection).get(login)
    statements = member_statements(server, login, None)
    if last is not None and last.role is not None:
        statements.append(entry(login, None))
    if not statements:
        raise NotFoundError(
            f"{login} has no role in this database.", next_command="claimtrack db grants"
        )
    done = _run(connection, server, lambda _: statements, {login: None}, only_script=only_script)
    return done or Done()


def apply_grants(connection: Connection, *, only_script: bool = False) -> Done:
    """Give every login again what the table ``granted`` says, as after a restore.

    Roles, logins and privileges that are missing are made, and those that are there become
    exactly what they should be: it may be run at any time.
    """
    _alone(connection)
    server = look(connection)
    latest = _latest(connection)
    powerful = _powerful(connection, latest)
    wanted = {
        login: Role(row.role) if row.role else None
        for login, row in latest.items()
        if login not in powerful
    }

    def statements(everything: bool) -> list[str]:
        public = schema_statements(server, everything=everything)
        if not any(wanted.values()) and not server.groups.keys() & server.roles:
            return public
        return [
            *public,
            *group_statements(server, everything=everything),
            *table_statements(server),
            *(
                statement
                for login, role in wanted.items()
                for statement in (
                    *(login_statements(server, login, None) if role else ()),
                    *member_statements(server, login, role),
                )
            ),
        ]

    done = _run(connection, server, statements, wanted, only_script=only_script)
    if done is not None:
        return done
    return Done(
        tuple(login for login, role in wanted.items() if role and login not in server.roles)
    )


def apply_to_tables(connection: Connection) -> None:
    """Give the groups that there are what they need on the tables as they are now.

    The owner may do that without making roles: it is done after every upgrade.
    """
    server = look(connection)
    if server.groups.keys() <= server.roles:
        for statement in (
            *schema_statements(server, everything=False),
            *table_statements(server),
        ):
            _execute(connection, statement)


def _run(
    connection: Connection,
    server: Server,
    statements: Callable[[bool], list[str]],
    wanted: dict[str, Role | None],
    *,
    only_script: bool,
) -> Done | None:
    """Run the statements, all or none; give them back as a script where that can't be done.

    ``statements`` are told whether to have those, too, that only an administrator may run.
    """
    if not only_script:
        try:
            with connection.begin_nested():
                for statement in statements(False):
                    _execute(connection, statement)
                # What another administrator gave, PostgreSQL lets stand with a mere warning.
                held = _held(connection, server)
                if not all(_is_held(held, login, role) for login, role in wanted.items()):
                    raise _StillHeldError
        except _StillHeldError:
            pass
        except DBAPIError as error:
            if not isinstance(error.orig, InsufficientPrivilege):
                raise
        else:
            return None
    return Done(script=script_of(server, statements(True)), refused=not only_script)


def _execute(connection: Connection, statement: str) -> None:
    # Without parameters a percent sign in a name is one.
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _alone(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})


# --- Who has what --------------------------------------------------------------------------------


def grants(connection: Connection) -> list[Grant]:
    """Every login that was given a role here, or has one all the same, by name.

    Who may not read what was granted gets what the server has.
    """
    latest = _latest(connection)
    held = _held(connection, look(connection))
    found = []
    for login in sorted({*latest, *held}):
        row = latest.get(login)
        role = Role(row.role) if row is not None and row.role else None
        roles = held.get(login, frozenset())
        if role or roles:
            found.append(
                Grant(
                    login,
                    role,
                    _highest(roles),
                    _is_held(held, login, role),
                    row.recorded_at if row is not None else None,
                    row.recorded_by if row is not None else None,
                )
            )
    return found


def role_of_session(connection: Connection) -> Role | None:
    """The role that this very login has here, its highest, whoever gave it."""
    server = look(connection)
    held = connection.scalars(
        text(
            "SELECT rolname FROM pg_roles"
            " WHERE rolname = ANY (:groups) AND pg_has_role(SESSION_USER, oid, 'MEMBER')"
        ),
        {"groups": list(server.groups)},
    )
    return _highest(server.groups[name] for name in held)


def _highest(roles: Iterable[Role]) -> Role | None:
    return max(roles, key=list(Role).index, default=None)


def _latest(connection: Connection) -> dict[str, Row[str, str | None, dt.datetime, str]]:
    """The last entry of every login; nothing where the caller may not read them."""
    if not connection.scalar(text("SELECT has_table_privilege('public.granted', 'SELECT')")):
        return {}
    rows = connection.execute(
        select(granted.c.login, granted.c.role, granted.c.recorded_at, granted.c.recorded_by)
        .ext(distinct_on(granted.c.login))
        .order_by(granted.c.login, granted.c.id.desc())
    )
    return {row.login: row for row in rows}


def _held(connection: Connection, server: Server) -> dict[str, frozenset[Role]]:
    """Which groups of ours a login is in and can use; whoever made them is in all, and no login."""
    rows = connection.execute(
        text(
            "SELECT one.rolname AS name, array_agg(whole.rolname::text) AS groups"
            " FROM pg_auth_members"
            " JOIN pg_roles AS one ON one.oid = member"
            " JOIN pg_roles AS whole ON whole.oid = roleid"
            " WHERE whole.rolname = ANY (:groups) AND one.rolname <> ALL (:groups)"
            " AND pg_has_role(one.oid, whole.oid, 'USAGE')"
            " AND NOT pg_has_role(one.oid, (SELECT relowner FROM pg_class"
            " WHERE oid = to_regclass('public.claim')), 'MEMBER')"
            " GROUP BY one.rolname"
        ),
        {"groups": list(server.groups)},
    )
    return {row.name: frozenset(server.groups[name] for name in row.groups) for row in rows}


def _is_held(held: Mapping[str, frozenset[Role]], login: str, role: Role | None) -> bool:
    return held.get(login, frozenset()) == ({role} if role else set())


# --- Names ---------------------------------------------------------------------------------------


def _checked_name(login: str) -> str:
    login = clean_text(login, "login's name", limit=NAME_LIMIT)
    if len(login.encode()) > NAME_LIMIT:
        raise InvalidDataError(f"A login's name has at most {NAME_LIMIT} bytes.")
    if login.lower().startswith("pg_") or login in ("public", "none"):
        raise InvalidDataError(f"PostgreSQL keeps the name {login} for itself. Take another.")
    return login


def _refuse_powerful(connection: Connection, server: Server, login: str) -> None:
    if login in server.groups:
        raise ConflictError(f"{login} is a group of claimtrack's own, not a login.")
    if _powerful(connection, [login]):
        raise ConflictError(
            f"{login} may do whatever the tables' owner may, so that no role would limit it."
            " Grant it to a login of its own."
        )


def _powerful(connection: Connection, logins: Iterable[str]) -> set[str]:
    """Those of the logins that are the tables' owner, can become it, or are superusers."""
    return set(
        connection.scalars(
            text(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY (:logins)"
                " AND pg_has_role(oid, (SELECT relowner FROM pg_class"
                " WHERE oid = to_regclass('public.claim')), 'MEMBER')"
            ),
            {"logins": list(logins)},
        )
    )


def _cautions(connection: Connection, server: Server, login: str) -> list[str]:
    """What weakens a grant, and is not ours to change."""
    row = connection.execute(
        text("SELECT rolcanlogin, rolcreaterole FROM pg_roles WHERE rolname = :login"),
        {"login": login},
    ).one()
    told = []
    if not row.rolcanlogin:
        told.append(f"{login} can't log in yet: its role has NOLOGIN.")
    if row.rolcreaterole:
        told.append(f"{login} may make roles (CREATEROLE), and so could give itself more.")
    if server.anybody_creates and not server.owns_schema:
        told.append(
            "On this server every login may create objects in the schema public. Its owner can"
            " end that: REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
        )
    return told
