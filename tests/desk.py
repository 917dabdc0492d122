"""A desk with a row or more in every table that it fills by hand, for what keeps and moves it."""

from __future__ import annotations

import psycopg
from sqlalchemy import make_url

#: What a text may hold without being taken for anything else: a COPY's own signs among it.
AWKWARD = "first\n\\.\nCOPY public.claim (id) FROM stdin;\n\tthird \\N 'quoted' „Straße“ 🕊"

DESK = f"""
INSERT INTO publisher (name, name_key) VALUES ('The Harbour Post', 'harbour post');
INSERT INTO speaker (name) VALUES ('Lena Vogt'), ('L. Vogt');
INSERT INTO speaker_alias (speaker_id, name, name_key) VALUES
    (1, 'Lena Vogt', 'lena vogt'), (2, 'L. Vogt', 'l vogt');
INSERT INTO source (url, host, source_key, publisher_id) VALUES
    ('https://post.example/1', 'post.example', sha256('1'), 1),
    ('https://log.example/9', 'log.example', sha256('9'), NULL);
INSERT INTO claim (statement, statement_key) VALUES
    ('The harbour was closed in May', sha256('a')), ($words${AWKWARD}$words$, sha256('b'));
INSERT INTO appearance (claim_id, no, speaker_id, source_id, said_on, said_precision)
    VALUES (1, 1, 1, 1, '2024-05-01', 'month'), (2, 1, 2, 1, NULL, NULL);
INSERT INTO figure (claim_id, comparator, low, unit) VALUES (1, '>', 40.50, 'ships');
INSERT INTO capture (source_id, sha256, byte_count, content)
    SELECT 1, sha256(bytes), octet_length(bytes), bytes
    FROM (SELECT convert_to(repeat('a harbour log ', 200000), 'UTF8') AS bytes) AS log;
INSERT INTO note (claim_id, body) VALUES (1, 'ask the pilot');
INSERT INTO evidence (claim_id, source_id, stance) VALUES (1, 2, 'refutes');
INSERT INTO review (claim_id, no, from_status, status, verdict, because)
    VALUES (1, 1, 'unverified', 'checked', 'false', 'the log has 40 ships');
INSERT INTO review_evidence (claim_id, review_no, evidence_id) VALUES (1, 1, 1);
"""


def name_of(url: str) -> str:
    return str(make_url(url).database)


def on(url: str) -> dict[str, str | None]:
    """The environment of a command on another database than the test's own."""
    return {"CLAIMTRACK_DATABASE_URL": url}


def fetch(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()
