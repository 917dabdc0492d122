"""What an event's leaf hash covers, and the one change that it lets through: a redaction."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from claimtrack.db import say_why
from tests import records, tables
from tests.sql import refused, run, value

LEAF = "SELECT event_leaf(event) FROM event WHERE id = :id"
REDACT = """
    UPDATE event SET (salt, field_salts, because, before, after) = (
        SELECT salt, field_salts, because, before, after
        FROM redacted_event(event, CAST(:paths AS text[]))
    ) WHERE id = :id
"""


@pytest.fixture
def event_id(connection: Connection) -> int:
    """An event with texts before and after, a reason and a list."""
    claim_id = records.claim(connection, "The ferry sank off Port Elan", topics=["sea"])
    say_why(connection, "Misheard the port")
    run(
        connection,
        "UPDATE claim SET statement = 'The ferry sank off Port Ellen', topics = '{sea,ports}',"
        " priority = 2 WHERE id = :id",
        id=claim_id,
    )
    return int(value(connection, "SELECT max(id) FROM event"))


@pytest.mark.parametrize("column", [*tables.event.c.keys()])
def test_no_column_of_an_event_can_be_rewritten(
    connection: Connection, event_id: int, column: str
) -> None:
    run(connection, "ALTER TABLE event DROP CONSTRAINT ck_event_operation")
    run(connection, "ALTER TABLE event ALTER id DROP IDENTITY")
    other = {
        "id": "id + 1000",
        "claim_id": "claim_id + 1",
        "recorded_at": "recorded_at + interval '1 microsecond'",
        "before": "before || '{\"priority\": 3}'",
        "after": "after - 'priority'",
        "salt": "uuid_send(gen_random_uuid())",
        "field_salts": "'{}', salt = NULL",
    }.get(column, f"{column} || 'x'")

    with refused(connection, "append_only"):
        run(connection, f"UPDATE event SET {column} = {other} WHERE id = :id", id=event_id)


def test_a_redacted_value_leaves_a_digest_and_the_leaf_as_it_was(
    connection: Connection, event_id: int
) -> None:
    leaf = value(connection, LEAF, id=event_id)

    run(connection, REDACT, id=event_id, paths=["before.statement", "because", "after.topics"])

    row = run(connection, "SELECT * FROM event WHERE id = :id", id=event_id).one()
    assert value(connection, LEAF, id=event_id) == leaf
    assert set(row.before["statement"]) == {"redacted"}
    assert set(row.after["topics"]) == {"redacted"}
    assert row.after["statement"] == "The ferry sank off Port Ellen"
    assert row.because is None
    assert row.salt is None
    # The salts that are left are those of the values that are left.
    assert {path for path, salt in row.field_salts.items() if isinstance(salt, str)} == {
        "after.statement",
        "before.topics",
    }


def test_a_redacted_event_can_be_redacted_further(connection: Connection, event_id: int) -> None:
    leaf = value(connection, LEAF, id=event_id)

    for path in ("before.statement", "because", "after.statement"):
        run(connection, REDACT, id=event_id, paths=[path])

    row = run(connection, "SELECT * FROM event WHERE id = :id", id=event_id).one()
    assert value(connection, LEAF, id=event_id) == leaf
    assert "ferry" not in str(row)
    assert "Misheard" not in str(row)


@pytest.mark.parametrize(
    "change",
    [
        'before = before || \'{"statement": "Made up"}\'',
        'after = after || \'{"statement": "Made up"}\'',
        "because = 'Made up'",
        "field_salts = field_salts - 'after.statement'",
    ],
)
def test_what_was_redacted_can_not_be_made_up(
    connection: Connection, event_id: int, change: str
) -> None:
    run(connection, REDACT, id=event_id, paths=["before.statement", "because"])

    with refused(connection, "append_only"):
        run(connection, f"UPDATE event SET {change} WHERE id = :id", id=event_id)


def test_only_the_owner_redacts(connection: Connection, event_id: int) -> None:
    run(connection, "CREATE ROLE claimtrack_test_stranger")
    run(connection, "GRANT SELECT, UPDATE ON event TO claimtrack_test_stranger")
    run(connection, "GRANT USAGE ON SCHEMA public TO claimtrack_test_stranger")
    run(connection, "SET LOCAL ROLE claimtrack_test_stranger")

    with refused(connection, "append_only"):
        run(connection, REDACT, id=event_id, paths=["because"])
