"""What the database keeps right by itself: reach under racing writers, keys, legal moves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from claimtrack.db import make_engine
from tests import records
from tests.conftest import Run
from tests.sql import refused, wait_until_waiting

WITHDRAW = """
UPDATE appearance SET withdrawn_at = now(), withdrawn_by = 'x', withdrawn_because = 'y'
WHERE claim_id = 1 AND no = {}
"""


@pytest.fixture
def reached(database_url: str) -> str:
    """A claim that three sites carried."""
    with make_engine(database_url).begin() as connection:
        claim = records.claim(connection, url="https://p1.example/1")
        for number in (2, 3):
            records.appearance(connection, claim, url=f"https://p{number}.example/1")
    return database_url


def reach(connection: Connection) -> int:
    return int(connection.execute(text("SELECT reach FROM claim")).scalar_one())


def both_at_once(url: str, first: str, second: str) -> int:
    """Run two statements in transactions that overlap, and return the reach they leave."""

    def late() -> None:
        with make_engine(url).begin() as connection:
            connection.execute(text(second))

    with make_engine(url).connect() as connection, ThreadPoolExecutor() as others:
        connection.execute(text(first))
        waiting = others.submit(late)
        wait_until_waiting(connection, 1)
        connection.commit()
        waiting.result(timeout=30)
        return reach(connection)


def test_two_withdrawals_at_once_both_count(reached: str) -> None:
    assert both_at_once(reached, WITHDRAW.format(1), WITHDRAW.format(2)) == 1


def test_two_sources_that_turn_out_to_be_one_wire_at_once_both_count(reached: str) -> None:
    with make_engine(reached).begin() as connection:
        records.publisher(connection, "Northern Wire")
    named = (
        "UPDATE source SET agency_id = (SELECT id FROM publisher WHERE name = 'Northern Wire')"
        " WHERE id = {}"
    )
    assert both_at_once(reached, named.format(1), named.format(2)) == 2


# --- Keys and vocabularies stay ------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE figure SET claim_id = claim_id + 1 WHERE claim_id = 1",
        "UPDATE figure SET recorded_by = 'somebody else'",
        "UPDATE publisher SET id = DEFAULT",
        "UPDATE speaker_alias SET recorded_at = '2001-01-01'",
        "UPDATE claim SET id = DEFAULT",
        "UPDATE claim SET supersedes_id = 1 WHERE statement = 'The well is full'",
        "INSERT INTO transition VALUES ('set_aside', 'checked')",
        "UPDATE transition SET to_status = 'checked' WHERE from_status = 'set_aside'",
    ],
)
def test_a_key_or_a_record_s_origin_or_the_legal_moves_can_not_be_changed(
    connection: Connection, sql: str
) -> None:
    for statement in ("The well ran dry", "The well is full"):
        records.claim(connection, statement)
    records.publisher(connection, "Paper 1")
    connection.execute(
        text("INSERT INTO figure (claim_id, comparator, low) SELECT min(id), '=', 3 FROM claim")
    )
    with refused(connection, "append_only"):
        connection.execute(text(sql.replace("claim_id = 1", "claim_id > 0")))


def test_a_changed_figure_is_a_changed_claim(ok: Run) -> None:
    add = ("claim", "add", "Nine wells ran dry", "--speaker", "Ana Ruiz", "--figure", "9")
    source = ("--source", "https://example.org/wells", "--format", "json")
    assert ok(*add, *source).json["version"] == 1
    assert ok("claim", "edit", 1, "--figure", "8", "--format", "json").json["version"] == 2
