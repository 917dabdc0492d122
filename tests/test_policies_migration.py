"""Taking the two-person rule back: what waits or was decided stands by moves known before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from claimtrack.db import make_engine
from tests import records

if TYPE_CHECKING:
    from tests.conftest import Run

LOG = "https://archive.example/log"


@pytest.fixture
def proposed(ok: Run, database_url: str) -> None:
    """Verdicts proposed from every status: on claims 1 to 3 they wait, on 4 to 6 they don't."""
    with make_engine(database_url).begin() as connection:
        for number in range(1, 7):
            records.claim(connection, f"Well {number} ran dry")
            records.evidence(connection, number, LOG)
        for number in (2, 5):
            records.review(connection, number, "in_review")
        for number in (3, 6):
            records.review(connection, number, "checked", verdict="unproven")
    ok("policy", "second_reviewer", "on")
    because = ("--because", "The log says so")
    ok("claim", "mark", "1,2,4,5", "false", "--rating", "Half", *because)
    ok("claim", "mark", "3,6", "false", "--change", "update", *because)
    ok("claim", "reject", "4-5", *because, actor="Omar Haddad")
    ok("claim", "approve", 6, actor="Omar Haddad")


def test_what_waits_is_in_review_again_and_nothing_else_moves(
    proposed: None, run: Run, ok: Run, database_url: str
) -> None:
    refused = run("db", "downgrade", "0009")
    assert refused.code == 4
    assert "policy" in refused.err
    with psycopg.connect(database_url) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone() or ()

    ok("db", "downgrade", "0009", "--drop-data", name)

    with psycopg.connect(database_url) as connection:
        claims = connection.execute("SELECT status, verdict FROM claim ORDER BY id").fetchall()
        moves = connection.execute(
            "SELECT claim_id, from_status, status FROM review ORDER BY claim_id, no"
        ).fetchall()
    assert claims == [
        ("in_review", None),
        ("unverified", None),
        ("in_review", None),
        ("unverified", None),
        ("in_review", None),
        ("checked", "false"),
    ]
    assert [move[1:] for move in moves if move[0] in (4, 5, 6)] == [
        ("unverified", "in_review"),
        ("in_review", "unverified"),
        ("unverified", "in_review"),
        ("in_review", "unverified"),
        ("unverified", "in_review"),
        ("unverified", "checked"),
        ("checked", "in_review"),
        ("in_review", "checked"),
    ]
    ok("db", "upgrade")
    wrong = [one for one in run("db", "check", "--format", "json").json if one["problem"]]
    # The table of the policies went, and the trail keeps what it held.
    assert [one["problem"] for one in wrong] == ["policy (0 rows, 1 recorded)"]
    ok("claim", "mark", "1-3", "true", "--supports", "https://b.example/map", "--because", "So")
