"""The roles of a desk as SQL: what the server has, and the statements that make it what it should.

A database has four group roles, ``claimtrack_DATABASE_reader`` and so on, each a member of the one
before it; a login is given one of them. Every statement is worked out from the server's catalog,
so that the same ones can be printed for an administrator where the caller may not run them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Row, text

from claimtrack.services.privileges import CALLABLE, GRANTS
from claimtrack.vocab import Role

#: PostgreSQL cuts longer names, in bytes.
NAME_LIMIT = 63


def group_name(database: str, role: Role) -> str:
    """The group role of a database; a long name is cut, and told apart by a digest."""
    longest = max(len(one) for one in Role)
    prefix = f"claimtrack_{database}"
    if len(prefix.encode()) + 1 + longest > NAME_LIMIT:
        mark = hashlib.sha256(database.encode()).hexdigest()[:8]
        room = NAME_LIMIT - longest - len(mark) - 2
        prefix = f"{prefix.encode()[:room].decode(errors='ignore')}_{mark}"
    return f"{prefix}_{role}"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


# --- What the server has -------------------------------------------------------------------------


class Server(NamedTuple):
    """What the catalog says of this database and its roles."""

    database: str
    version: int
    owns_database: bool
    owns_schema: bool
    anybody_creates: bool
    tables: frozenset[str]
    views: frozenset[str]
    open_functions: tuple[str, ...]
    roles: frozenset[str]
    members: tuple[Row[tuple[str, str, str | None]], ...]

    def group(self, role: Role) -> str:
        """The name of a role's group."""
        return group_name(self.database, role)

    @property
    def groups(self) -> dict[str, Role]:
        """The groups' names, least first, each with its role."""
        return {self.group(role): role for role in Role}


def look(connection: Connection) -> Server:
    """What the catalog says now."""
    database, version, owns_database, owns_schema, anybody = connection.execute(
        text(
            "SELECT current_database(), current_setting('server_version_num')::integer / 10000,"
            " pg_has_role((SELECT datdba FROM pg_database WHERE datname = current_database()),"
            " 'MEMBER'), pg_has_role(nspowner, 'MEMBER'),"
            " has_schema_privilege('public', 'public', 'CREATE')"
            " FROM pg_namespace WHERE nspname = 'public'"
        )
    ).one()
    groups = [group_name(database, role) for role in Role]
    kinds = connection.execute(
        text(
            "SELECT relname, nspname FROM pg_class"
            " JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            " WHERE relkind IN ('r', 'S', 'v') AND nspname IN ('public', 'past')"
        )
    ).all()
    return Server(
        database=database,
        version=version,
        owns_database=owns_database,
        owns_schema=owns_schema,
        anybody_creates=anybody,
        tables=frozenset(row.relname for row in kinds if row.nspname == "public"),
        views=frozenset(row.relname for row in kinds if row.nspname == "past"),
        open_functions=tuple(open_functions(connection)),
        roles=frozenset(connection.scalars(text("SELECT rolname FROM pg_roles"))),
        members=tuple(
            connection.execute(
                text(
                    "SELECT one.rolname AS name, whole.rolname AS of, giver.rolname AS given_by"
                    " FROM pg_auth_members"
                    " JOIN pg_roles AS one ON one.oid = member"
                    " JOIN pg_roles AS whole ON whole.oid = roleid"
                    " LEFT JOIN pg_roles AS giver ON giver.oid = grantor"
                    " WHERE whole.rolname = ANY (:groups)"
                ),
                {"groups": groups},
            ).all()
        ),
    )


def open_functions(connection: Connection) -> list[str]:
    """Our functions that everybody may call and should not; a restored dump has them so."""
    rows = connection.scalars(
        text(
            "SELECT format('%I(%s)', proname, pg_get_function_identity_arguments(oid))"
            " FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND (prorettype = 'trigger'::regtype OR prosecdef) AND proname <> ALL (:callable)"
            " AND proowner = (SELECT relowner FROM pg_class"
            " WHERE oid = to_regclass('public.claim'))"
            " AND has_function_privilege('public', oid, 'EXECUTE') ORDER BY 1"
        ),
        {"callable": sorted(CALLABLE)},
    )
    return list(rows)


# --- The statements ------------------------------------------------------------------------------


def schema_statements(server: Server, *, everything: bool) -> list[str]:
    """What everybody may do here, taken from them.

    Of a schema or a database that is another's, only its owner can: ``everything`` has that too.
    """
    public = [
        f"REVOKE EXECUTE ON FUNCTION public.{function} FROM PUBLIC"
        for function in server.open_functions
    ]
    if server.anybody_creates and (everything or server.owns_schema):
        public.append("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    return public


def group_statements(server: Server, *, everything: bool) -> list[str]:
    """The group roles, made where they are missing."""
    made = [
        f"CREATE ROLE {quoted(name)} NOLOGIN" for name in server.groups if name not in server.roles
    ]
    before: str | None = None
    for name in server.groups:
        if before is not None and not any(
            (row.name, row.of) == (name, before) for row in server.members
        ):
            made.append(f"GRANT {quoted(before)} TO {quoted(name)}")
        before = name
    reader = quoted(server.group(Role.READER))
    if everything or server.owns_database:
        made.append(f"GRANT CONNECT ON DATABASE {quoted(server.database)} TO {reader}")
    if everything or server.owns_schema:
        made.append(f"GRANT USAGE ON SCHEMA public TO {reader}")
    return made


def table_statements(server: Server) -> list[str]:
    """What the groups may do with each table that is there; what they could before is taken."""
    tables = [(f"public.{name}", GRANTS[name]) for name in GRANTS if name in server.tables]
    # The past is read by who may read the present.
    tables += [
        (
            f"past.{name}",
            {
                role: tuple(one for one in allowed if one.startswith("SELECT"))
                for role, allowed in GRANTS[name].items()
            },
        )
        for name in GRANTS
        if name in server.views
    ]
    groups = ", ".join(quoted(name) for name in server.groups)
    names = ", ".join(name for name, _ in tables)
    statements = [f"REVOKE ALL ON {names} FROM {groups}"]
    if server.views:
        reader = quoted(server.group(Role.READER))
        statements.append(f"GRANT USAGE ON SCHEMA past TO {reader}")
    statements += [
        f"GRANT {one} ON {name} TO {quoted(server.group(role))}"
        for name, by_role in tables
        for role, allowed in by_role.items()
        for one in allowed
    ]
    return statements


def member_statements(server: Server, login: str, role: Role | None) -> list[str]:
    """The login in the group of its role and in none of the others."""
    held = [row for row in server.members if row.name == login]
    wanted = None if role is None else server.group(role)
    statements = [
        f"REVOKE {quoted(row.of)} FROM {quoted(login)}"
        # From PostgreSQL 16 on only what its giver gave is taken.
        + (f" GRANTED BY {quoted(row.given_by)}" if server.version >= 16 and row.given_by else "")
        for row in held
        if row.of != wanted
    ]
    if wanted is not None and all(row.of != wanted for row in held):
        statements.append(f"GRANT {quoted(wanted)} TO {quoted(login)}")
    return statements


def login_statements(server: Server, login: str, verifier: str | None) -> list[str]:
    """The login, made where it is missing, with its password where one was typed."""
    password = "" if verifier is None else f" PASSWORD {literal(verifier)}"
    if login not in server.roles:
        return [f"CREATE ROLE {quoted(login)} LOGIN{password}"]
    return [f"ALTER ROLE {quoted(login)}{password}"] if password else []


def entry(login: str, role: Role | None) -> str:
    """The entry in the table of what was granted; None is for what was revoked."""
    word = "NULL" if role is None else literal(role)
    return f"INSERT INTO public.granted (login, role) VALUES ({literal(login)}, {word})"  # noqa: S608 - quoted


def script_of(server: Server, statements: Iterable[str]) -> str:
    """Statements for psql: all of them or none, and in no other database."""
    elsewhere = literal(f"This is for the database {server.database}.")
    guard = f"IF current_database() <> {literal(server.database)} THEN RAISE EXCEPTION USING"
    # The database's name could hold what ends the quotation.
    tag = "$claimtrack$"
    while tag in server.database:
        tag = f"$claimtrack_{len(tag)}$"
    return "\n".join(
        [
            "\\set ON_ERROR_STOP on",
            "BEGIN;",
            f"DO {tag} BEGIN {guard} MESSAGE = {elsewhere}; END IF; END {tag};",
            *(f"{statement};" for statement in statements),
            "COMMIT;",
            "",
        ]
    )
