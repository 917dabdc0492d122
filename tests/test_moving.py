"""Moving one person's own database to a desk's server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.desk import name_of, on

if TYPE_CHECKING:
    from tests.conftest import OwnServer, Run, Server


@pytest.fixture
def owner_url(empty_database_url: str, server: Server) -> Iterator[str]:
    """The URL of an empty database that belongs to a login which may do nothing else."""
    name = name_of(empty_database_url)
    database, role = Identifier(name), Identifier(f"{name}_owner")
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE {} LOGIN").format(role))
        connection.execute(SQL("ALTER DATABASE {} OWNER TO {}").format(database, role))
        try:
            yield empty_database_url.replace(f"//{server.user}", f"//{name}_owner")
        finally:
            connection.execute(SQL("ALTER DATABASE {} OWNER TO CURRENT_USER").format(database))
            connection.execute(SQL("DROP OWNED BY {} CASCADE").format(role))
            connection.execute(SQL("DROP ROLE {}").format(role))


@pytest.fixture
def home(own: OwnServer) -> OwnServer:
    """One person's own database, with a claim in it."""
    words = ("claim", "add", "The bridge was closed", "--speaker", "Lena Vogt")
    assert own(*words, "--source", "https://example.org/1").code == 0
    return own


def test_all_arrives_and_the_own_database_stays(
    home: OwnServer, empty_database_url: str, ok: Run
) -> None:
    before = home("db", "digest").out
    moved = home("db", "move", empty_database_url)
    assert moved.code == 0, moved.err
    assert f"Digest    {before.strip()}, the same on both" in moved.out
    assert "The database here stays as it is" in moved.out
    assert ok("db", "digest", env=on(empty_database_url)).out == before
    assert "wrong" not in ok("db", "check", env=on(empty_database_url)).err
    assert home("db", "digest").out == before
    assert home("config", "show", "--format", "json").json[0]["value"] is None


def test_the_owner_of_a_database_needs_no_more_rights(
    home: OwnServer, owner_url: str, ok: Run
) -> None:
    moved = home("db", "move", owner_url)
    assert moved.code == 0, moved.err
    env = on(owner_url)
    assert "wrong" not in ok("db", "check", env=env).err
    ok("claim", "note", "1", "asked the road office", env=env)
    assert home("db", "move", owner_url, "--overwrite", name_of(owner_url)).code == 0
    assert ok("db", "digest", env=env).out == home("db", "digest").out


def test_a_database_that_may_not_be_made_is_said(
    home: OwnServer, owner_url: str, server: Server
) -> None:
    refused = home("db", "move", owner_url.replace(name_of(owner_url) + "?", "elsewhere?"))
    assert refused.code == 6
    assert "There is no database elsewhere, and this user may not make one" in refused.err


def test_the_server_can_be_used_from_then_on(
    home: OwnServer, empty_database_url: str, ok: Run
) -> None:
    moved = home("db", "move", empty_database_url, "--switch", "--format", "json")
    assert moved.json["switched"] is True
    shown = home("db", "status", "--format", "json").json
    assert (shown["embedded"], shown["counts"]["claim"]) == (False, 1)
    again = home("db", "move", empty_database_url)
    assert again.code == 2
    assert "This moves claimtrack's own database" in again.err


def test_a_server_with_claims_is_left_alone_unless_named(
    home: OwnServer, database_url: str, ok: Run
) -> None:
    words = ("claim", "add", "No ship left", "--speaker", "Port Authority")
    ok(*words, "--source", "https://example.org/2")
    before = ok("db", "digest").out
    refused = home("db", "move", database_url)
    assert refused.code == 4
    assert f"--overwrite {name_of(database_url)}" in refused.err
    assert "Backing up" not in refused.err
    assert ok("db", "digest").out == before
    assert home("db", "move", database_url, "--overwrite", name_of(database_url)).code == 0
    assert ok("db", "digest").out == home("db", "digest").out


def test_the_own_database_is_not_moved_onto_itself(home: OwnServer) -> None:
    url = home("db", "url").out.strip()
    refused = home("db", "move", url, "--overwrite", "claimtrack")
    assert refused.code == 4
    assert "claimtrack's own database itself" in refused.err
    assert len(home("claim", "list", "--format", "json").json) == 1


def test_a_server_out_of_reach_is_said_without_its_password(home: OwnServer) -> None:
    refused = home("db", "move", "postgresql://desk:opened-77@127.0.0.1:1/claims")
    assert refused.code == 6
    assert "No PostgreSQL answers there" in refused.err
    assert "opened-77" not in refused.err + refused.out
