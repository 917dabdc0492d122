"""A desk with rows of every kind that an archive holds, made by the commands that make them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from pytest_postgresql.executors import NoopExecutor

from claimtrack.cli import cli
from claimtrack.db import make_engine, read_transaction, write_transaction
from claimtrack.keys import document_key
from claimtrack.services.archives import Restored, archive_lines, restore_archive
from claimtrack.services.listing import ClaimFilter
from claimtrack.urls import url_key
from tests.conftest import ACTOR, Outcome, Run, Server, Surroundings
from tests.desk import AWKWARD

POST = "https://post.example/news/1"
LOG = "https://log.example/9"

#: What no archive may hold: who is protected, and what was redacted.
NAME, CALL, SECRET = "Jonas Weide", "Call with the harbour master", "the widow of the pilot"

#: For what has no command yet, or belongs to files: others' fact-checks, our own, house ratings.
_PUBLISHED = """
INSERT INTO assessment (claim_id, assessment_key, publisher_id, title, url, rating, verdict,
        rating_value, best_rating, worst_rating, published_on, published_precision,
        published_text, language, summary, original)
    VALUES (1, %(url_key)s, 1, 'Harbour: open', 'https://checks.example/1', 'Falso', 'false',
        5.00, 1, 5, '2024-05-01', 'month', 'In May', 'es', 'The log says so.',
        '{"@type": "ClaimReview", "n": 1.50, "big": 123456789012345678901234567890.10,
          "none": null, "text": "\\u00e9\\"\\\\ \\ud83d\\udd4a", "deep": [[{"a": []}]]}');
INSERT INTO assessment (claim_id, assessment_key, title, rating) VALUES
    (2, %(title_key)s, 'No rating at all', NULL);
UPDATE assessment SET withdrawn_because = 'Of another harbour' WHERE id = 2;
INSERT INTO publication (claim_id, review_no, url, published_on, headline, public_note)
    VALUES (1, 1, 'https://desk.example/1', '2024-06-02', 'Was it closed?', 'It was not.');
INSERT INTO rating_scale (name, name_key, best, worst)
    VALUES ('Harbour flags', 'harbour flags', 5, 1);
INSERT INTO rating (scale_id, label, label_key, verdict, value)
    VALUES (1, 'Red flag', 'red flag', 'false', 1.0);
INSERT INTO import_mapping (name, columns) VALUES ('Partner', '{"statement": "vclaim"}');
"""


def make_desk(ok: Run, url: str, folder: Path) -> None:
    """Fill the database that ``ok`` runs its commands on."""
    page = folder / "page.bin"
    page.write_bytes(bytes(range(256)) * 4000)  # more than one piece
    note = folder / "note.txt"
    note.write_bytes(b"a file that is redacted")

    def add(statement: str, *words: object) -> None:
        ok("claim", "add", statement, "--new", *words)

    add(
        "The harbour was closed in May", "--speaker", "Lena Vogt", "--source", POST,
        "--publisher", "The Harbour Post", "--agency", "Sea Wire", "--published", "2024-05-03",
        "--said-on", "2024-05", "--quote", AWKWARD, "--topic", "harbour", "--topic", "trade",
        "--figure", "40.50-60", "--unit", "ships", "--figure-since", "2024",
    )  # fmt: skip
    add(
        "Forty ships lay in the harbour in May", "--speaker", "Vogt (pilot)",
        "--source", "https://other.example/2", "--priority", "urgent", "--new-speaker",
    )  # fmt: skip
    ok("source", "add", "--no-url", "--kind", "call", "--title", CALL, "--publisher", "Port Office")
    add("The ferry will not sail", "--speaker", NAME, "--source", "3", "--kind", "prediction")
    add("The gate was shut", "--speaker", "Lena Vogt", "--source", POST)
    add("The north gate was shut", "--speaker", "Lena Vogt", "--source", "https://x.example/3")
    add("Fishing is the soul of the town", "--speaker", "Lena Vogt", "--source", POST)
    ok("appearance", "add", "1", "--speaker", "Vogt (pilot)", "--source", LOG + "0")
    ok("appearance", "withdraw", "1.2", "--because", "It speaks of another harbour")
    ok("appearance", "attribution", "1.1", "misquoted", "--because", "On tape", "--supports", LOG)
    ok("source", "add", LOG, "--file", page)
    ok("source", "add", "--file", note)
    ok("claim", "note", "1", "ask the pilot")
    ok("claim", "note", "2", f"met {SECRET}")
    # Reviews: a verdict, objected to, challenged, changed; one by two people; one set aside.
    ok("claim", "mark", "1", "false", "--because", "The log has 40 ships", "--refutes", LOG,
       "--rating", "Red flag", "--recheck-on", "2031-01-01")  # fmt: skip
    ok("claim", "object", "1", "--because", "That log is of the other gate", actor="Omar Haddad")
    ok("claim", "answer", "1", "--because", "Both gates keep it")
    ok("claim", "object", "1", "--because", "And the pilot?", actor="Omar Haddad")
    ok(
        "claim",
        "challenge",
        "1",
        "--from",
        "Press office",
        "--because",
        "Shut",
        "--due",
        "2031-02-01",
    )
    ok("claim", "challenge", "1", "--from", "A reader", "--because", "Open", "--due", "2031-03-04")
    ok("claim", "challenge", "1.2", "rejected", "--because", "Its own log")
    ok("claim", "mark", "6", "set-aside", "--reason", "not-checkable", "--because", "An opinion")
    ok("claim", "assign", "2", "Omar Haddad")
    ok("policy", "second_reviewer", "on", "--because", "Agreed on Monday")
    ok("claim", "mark", "4", "mixed", "--because", "Half a day", "--context", LOG)
    ok("claim", "approve", "4", actor="Omar Haddad")
    ok("claim", "mark", "4", "false", "--change", "update", "--because", "None", "--refutes", LOG)
    ok("claim", "reject", "4", "--because", "No new log", actor="Omar Haddad")
    ok("claim", "mark", "2", "unproven", "--because", "No list of ships")
    ok("evidence", "add", "2", LOG, "--context", "--excerpt", "p. 4", "--at", "line 9")
    ok("evidence", "withdraw", "4", "--because", "Forged")
    # The same claim, the same speaker, a newer figure.
    ok("claim", "merge", "4", "5", "--because", "One gate has one state")
    ok("claim", "same", "1", "2")
    ok("claim", "different", "1", "3", "--because", "The ferry is not the harbour")
    ok("speaker", "merge", "1", "2", "--because", "The same pilot")
    ok("claim", "supersede", "1", "Seventy ships lay there", "--speaker", "1",
       "--source", POST, "--figure", "70", "--unit", "ships")  # fmt: skip
    with psycopg.connect(url) as connection:
        keys = {
            "url_key": url_key("https://checks.example/1"),
            "title_key": document_key(None, "No rating at all", None),
        }
        for statement in filter(str.strip, _PUBLISHED.split(";\n")):
            connection.execute(statement.encode(), keys if "%(" in statement else None)
    ok("speaker", "edit", "3", "--protected", "--as", "Source K", "--because", "Asked for it")
    ok("source", "edit", "3", "--protected", "--because", "Asked for it")
    ok("audit", "redact", "note", "2", "body", "--because", "Names a relative", "--yes")
    ok("audit", "redact", "capture", "2", "content", "--because", "By court order", "--yes")
    ok("audit", "redact", "source", "2", "url", "--because", "Leads to a home", "--yes")
    ok("audit", "redact", "claim", "6", "statement", "--because", "Insulting", "--yes")


@pytest.fixture(scope="module")
def archived(
    server: Server, migrated: NoopExecutor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a desk with rows of every kind; the tests only read it."""
    name = f"{server.dbname}archived"
    folder = tmp_path_factory.mktemp("desk")
    with server.database(name, template=migrated.template_dbname):
        url = server.url(name)
        around = Surroundings(url, folder)

        def ok(*args: object, actor: str | None = ACTOR, **_: Any) -> Outcome:
            words = [str(arg) for arg in args]
            done = CliRunner().invoke(cli, words, env=around(actor), catch_exceptions=False)
            assert done.exit_code == 0, f"{words}: {done.stderr}"
            return Outcome(tuple(words), 0, done.stdout, done.stderr)

        make_desk(ok, url, folder)
        yield url


def exported(url: str, asked: ClaimFilter | None = None) -> str:
    with read_transaction(make_engine(url)) as connection:
        return "".join(archive_lines(connection, asked))


def restored(url: str, path: Path) -> Restored:
    with write_transaction(make_engine(url), actor="Mira Lang") as connection:
        return restore_archive(connection, path, path.name)


@pytest.fixture(scope="module")
def archive(archived: str) -> str:
    """All of the desk as an archive."""
    return exported(archived)


@pytest.fixture
def file(archive: str, tmp_path: Path) -> Path:
    path = tmp_path / "desk.jsonl"
    path.write_text(archive, encoding="utf-8")
    return path


def rows_of(archive: str) -> list[tuple[str, dict[str, Any]]]:
    lines = [json.loads(line) for line in archive.splitlines()[1:-1]]
    return [(line["table"], line["row"]) for line in lines]
