"""Search by postings where the statements had an index of their own; and the way back."""

from __future__ import annotations

import psycopg

from claimtrack import migrate
from claimtrack.db import make_engine
from tests.conftest import Run

BEFORE, HERE = "0018", "0019"

CLAIMS = """
INSERT INTO claim (statement, statement_key) VALUES
    ('The harbour was closed', sha256('a')), ('No ship left the harbour', sha256('b'));
"""
INDEXES = "SELECT indexname FROM pg_indexes WHERE indexname = ANY (%s) ORDER BY 1"
OLD, NEW = ["ix_claim_statement_words"], ["ix_claim_language", "ix_word_beginning"]


def test_the_claims_that_were_there_are_found_before_and_after(
    empty_database_url: str, run: Run
) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine, BEFORE)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(CLAIMS.encode())

        migrate.upgrade(engine, HERE)
        assert [name for (name,) in connection.execute(INDEXES, (OLD + NEW,))] == NEW

        migrate.downgrade(engine, BEFORE)
        assert [name for (name,) in connection.execute(INDEXES, (OLD + NEW,))] == OLD
        asked = "to_tsvector('simple', statement) @@ to_tsquery('simple', 'ship')"
        assert connection.execute(f"SELECT id FROM claim WHERE {asked}").fetchall() == [(2,)]

    migrate.upgrade(engine)
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    found = run("claim", "search", "harbour", "-ship", "--format", "json", env=env).json
    assert [row["id"] for row in found] == [1]
