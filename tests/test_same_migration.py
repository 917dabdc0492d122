"""Speakers that were merged before merges told when, by whom and why; and the way back."""

from __future__ import annotations

import psycopg
import pytest

from claimtrack import migrate
from claimtrack.db import make_engine
from claimtrack.errors import ConflictError

BEFORE, HERE = "0008", "0009"

SPEAKERS = """
SELECT set_config('claimtrack.actor', 'Ana Ruiz', true);
SELECT set_config('claimtrack.because', 'Her maiden name', true);
INSERT INTO speaker (name) VALUES ('Ines Kolb'), ('Ines Adler'), ('Rosa Winter');
UPDATE speaker SET merged_into_id = 1 WHERE id = 2;
"""

#: Claim 2 is merged into claim 1, whose verdict rests on its evidence.
MERGED = """
SELECT set_config('claimtrack.because', 'The same words', true);
INSERT INTO source (url, host, source_key) VALUES
    ('https://log.example/9', 'log.example', sha256('9'));
INSERT INTO claim (statement, statement_key) VALUES
    ('The harbour was closed', sha256('a')), ('No ship left the harbour', sha256('b'));
INSERT INTO evidence (claim_id, source_id, stance) VALUES (2, 1, 'refutes');
UPDATE claim SET merged_into_id = 1 WHERE id = 2;
INSERT INTO review (claim_id, no, from_status, status, verdict, because)
    VALUES (1, 1, 'unverified', 'checked', 'false', 'the log has 40 ships');
INSERT INTO review_evidence (claim_id, review_no, evidence_id) VALUES (1, 1, 1);
"""


def test_the_trail_tells_who_merged_speakers_until_now(empty_database_url: str) -> None:
    migrate.upgrade(make_engine(empty_database_url), BEFORE)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(SPEAKERS.encode())

    migrate.upgrade(make_engine(empty_database_url), HERE)

    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute(
            "SELECT speaker.id, merged_into_id, merged_by, merged_because,"
            " merged_at = event.recorded_at FROM speaker LEFT JOIN event"
            " ON table_name = 'speaker' AND row_key = speaker.id::text"
            " AND before ? 'merged_into_id' ORDER BY speaker.id"
        ).fetchall()
    assert rows == [
        (1, None, None, None, None),
        (2, 1, "Ana Ruiz", "Her maiden name", True),
        (3, None, None, None, None),
    ]


def test_the_way_back_parts_the_claims_and_keeps_their_reviews(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine, HERE)
    with psycopg.connect(empty_database_url) as connection:
        connection.execute(MERGED.encode())

    with pytest.raises(ConflictError) as caught:
        migrate.downgrade(engine, BEFORE)
    assert "would drop recorded data in claim" in caught.value.message
    with psycopg.connect(empty_database_url) as connection:
        name = connection.info.dbname
    migrate.downgrade(engine, BEFORE, drop_data=name)

    with psycopg.connect(empty_database_url) as connection:
        rested = connection.execute("SELECT claim_id, evidence_id FROM review_evidence").fetchall()
    assert rested == [(1, 1)]
    migrate.upgrade(engine)
