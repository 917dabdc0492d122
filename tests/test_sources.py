"""Sources: one article is one source, calls and files are sources, and bytes are kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from claimtrack.db import make_engine, write_transaction
from claimtrack.errors import ConflictError, InvalidDataError, NotFoundError
from claimtrack.services import captures, source_lists, sources
from claimtrack.services.sources import SourceGiven
from tests.conftest import PATIENCE, Run

ARTICLE = "https://lake.example/news/ferry"


def stored(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


# -- by address -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        "https://LAKE.example/news/ferry",
        "http://lake.example/news/ferry",
        "https://www.lake.example/news/ferry/",
        "https://lake.example/news/ferry#comments",
        "https://lake.example/news/ferry?utm_source=mail&fbclid=x1",
        "https://lake.example:443/news/./ferry",
        "  https://lake.example/news/ferry  ",
    ],
)
def test_one_article_is_one_source_whatever_its_address_looks_like(
    connection: Connection, spelling: str
) -> None:
    first, created = sources.resolve(connection, ARTICLE)
    assert created
    assert sources.resolve(connection, spelling) == (first, False)
    assert sources.find(connection, spelling) == first
    assert connection.execute(text("SELECT url, host FROM source")).all() == [
        (ARTICLE, "lake.example")
    ]


def test_other_pages_of_a_site_are_other_sources(connection: Connection) -> None:
    first, _ = sources.resolve(connection, ARTICLE + "?id=1")
    second, created = sources.resolve(connection, ARTICLE + "?id=2")
    assert created
    assert first.id != second.id


def test_an_address_of_5000_characters_is_kept_and_found_again(ok: Run, database_url: str) -> None:
    url = "https://lake.example/" + "a" * (5000 - 21)
    ok("source", "add", url)
    again = ok("source", "add", url)
    assert "Already source 1." in again.err
    assert stored(database_url, "SELECT char_length(url) FROM source") == [(5000,)]


@pytest.mark.parametrize(
    "url",
    [
        "lake.example/news",
        "ftp://lake.example/news",
        "https://",
        "https://user:pw@lake.example/",
        "https://lake.example/a b",
        "just words",
        "https://lake.example/" + "a" * 8000,
        "https://lake.example/\0",
        "",
    ],
)
def test_a_bad_address_is_refused_and_nothing_is_recorded(
    run: Run, database_url: str, url: str
) -> None:
    outcome = run("source", "add", url)
    assert outcome.code == 5
    assert outcome.err.startswith("Error: ")
    assert stored(database_url, "SELECT * FROM source") == []


def test_digits_are_a_sources_number(connection: Connection) -> None:
    first, _ = sources.resolve(connection, ARTICLE)
    assert sources.resolve(connection, f"{first.id}") == (first, False)
    assert sources.resolve(connection, f"#{first.id}") == (first, False)
    with pytest.raises(NotFoundError, match="There is no source 987654"):
        sources.resolve(connection, "987654")
    with pytest.raises(NotFoundError, match=r"There is no source https://lake.example/other"):
        sources.find(connection, "https://lake.example/other")


# -- details --------------------------------------------------------------------------------------


def test_what_is_said_of_a_source_is_stored(ok: Run, database_url: str) -> None:
    outcome = ok(
        *("source", "add", ARTICLE, "--title", "Ferry halted", "--publisher", "Lake Post"),
        *("--agency", "Alpine Wire", "--published", "26 February 2020", "--kind", "transcript"),
        *("--external-id", "A-17", "--language", "de-AT", "--format", "json"),
    )
    assert outcome.json["publisher"] == "Lake Post"
    assert outcome.json["published_on"] == "2020-02-26"
    assert stored(
        database_url,
        "SELECT kind, title, external_id, published_on, published_precision, language,"
        " (SELECT name FROM publisher WHERE id = publisher_id),"
        " (SELECT name FROM publisher WHERE id = agency_id), recorded_by FROM source",
    ) == [
        (
            *("transcript", "Ferry halted", "A-17", dt.date(2020, 2, 26), "day", "de-AT"),
            *("Lake Post", "Alpine Wire", "Ana Ruiz"),
        )
    ]


def test_a_publisher_is_one_whatever_its_spelling(connection: Connection) -> None:
    for number, name in enumerate(("Zürcher Lake-Post", "ZURCHER LAKE POST", "Zürcher  LakePost")):
        sources.resolve(connection, f"{ARTICLE}/{number}", SourceGiven(publisher=name))
    assert connection.scalars(text("SELECT name FROM publisher")).all() == ["Zürcher Lake-Post"]


def test_details_given_later_fill_what_is_empty(ok: Run) -> None:
    ok("source", "add", ARTICLE)
    second = ok("source", "add", ARTICLE, "--publisher", "Lake Post", "--published", "2020-02")
    assert "Already source 1; added: publisher, published." in second.err
    third = ok("source", "add", ARTICLE, "--publisher", "LAKE POST", "--published", "2020-02-26")
    assert "Already source 1; added: published." in third.err
    fourth = ok("source", "add", ARTICLE, "--published", "2020", "--format", "json")
    assert fourth.json["publisher"] == "Lake Post"
    assert fourth.json["published_on"] == "2020-02-26"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--title", "Another title", "title Ferry halted, not Another title"),
        ("--publisher", "Hill Post", "publisher Lake Post, not Hill Post"),
        ("--published", "2020-02-27", "publication date 2020-02-26, not 2020-02-27"),
        ("--kind", "video", "kind article, not video"),
        ("--language", "fr", "language en, not fr"),
    ],
)
def test_a_detail_that_contradicts_what_is_on_record_is_a_conflict(
    run: Run, ok: Run, option: str, value: str, words: str
) -> None:
    ok(
        *("source", "add", ARTICLE, "--title", "Ferry halted", "--publisher", "Lake Post"),
        *("--published", "2020-02-26", "--language", "en"),
    )
    before = ok("source", "show", 1, "--format", "json").json
    outcomes = [run("source", "add", ARTICLE, option, value)]
    if option in ("--publisher", "--published"):
        claim = ("claim", "add", "The ferry stands still", "--speaker", "Ines Kolb")
        outcomes += [
            run(*claim, "--source", reference, option, value) for reference in (ARTICLE, "1")
        ]
    for outcome in outcomes:
        assert outcome.code == 4
        assert words in outcome.err
        assert f"claimtrack source edit 1 {option}" in outcome.err
    assert ok("source", "show", 1, "--format", "json").json == before


def test_the_same_title_in_other_typography_is_no_contradiction(connection: Connection) -> None:
    sources.resolve(connection, ARTICLE, SourceGiven(title="Ferry “halted” – for now"))
    ref, created = sources.resolve(
        connection, ARTICLE, SourceGiven(title='Ferry "halted" - for now')
    )
    assert not created
    assert ref.title == "Ferry “halted” – for now"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("published", "yesterday"),
        ("published", "31 February 2020"),
        ("published", "2999"),
        ("published", "soon"),
        ("title", ""),
        ("title", "x" * 1001),
        ("title", "a\0b"),
        ("title", "a\ud800b"),
        ("publisher", " "),
        ("publisher", "x" * 301),
        ("external_id", "x" * 301),
        ("language", "English"),
        ("kind", "leaflet"),
    ],
)
def test_a_detail_that_cannot_be_recorded_is_refused(
    connection: Connection, field: str, value: str
) -> None:
    with pytest.raises(InvalidDataError):
        sources.record(connection, SourceGiven(url=ARTICLE, **{field: value}))


# -- without an address ---------------------------------------------------------------------------


def test_a_phone_call_is_a_source(ok: Run, database_url: str) -> None:
    words = (
        *("source", "add", "--no-url", "--kind", "call", "--title", "Call with the harbour master"),
        *("--published", "2024-05-03", "--external-id", "no. 12"),
    )
    ok(*words)
    assert "Already source 1." in ok(*words).err
    assert stored(database_url, "SELECT kind, url, host, title FROM source") == [
        ("call", None, None, "Call with the harbour master")
    ]


def test_two_calls_of_one_title_are_told_apart_by_their_number(run: Run, ok: Run) -> None:
    words = ("source", "add", "--no-url", "--kind", "call", "--title", "Call with the mayor")
    ok(*words, "--published", "2024-05-03")
    outcome = run(*words, "--published", "2024-05-04")
    assert outcome.code == 4
    assert "--external-id" in outcome.err
    assert "New source" in ok(*words, "--published", "2024-05-04", "--external-id", "second").err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        ((ARTICLE, "--no-url"), 2),
        (("--no-url", "--file", "x.pdf"), 2),
        (("--no-url",), 5),
        (("--file", "/nowhere/x.pdf"), 5),
        (("--file", "/"), 5),
        ((ARTICLE, "--kind", "leaflet"), 2),
    ],
)
def test_a_source_is_an_address_or_a_file_or_neither(
    run: Run, words: tuple[str, ...], code: int
) -> None:
    assert run("source", "add", *words).code == code


# -- files ----------------------------------------------------------------------------------------


@pytest.fixture
def minutes(tmp_path: Path) -> Path:
    """A file with bytes that are no text."""
    path = tmp_path / "minutes.pdf"
    path.write_bytes(b"%PDF-1.7\0\xff\xfe minutes of the council\n")
    return path


def test_a_filed_document_is_kept_byte_by_byte_with_its_sha256(
    ok: Run, database_url: str, minutes: Path
) -> None:
    shown = ok("source", "add", "--file", minutes, "--format", "json").json
    assert (shown["kind"], shown["title"]) == ("document", "minutes.pdf")
    digest = hashlib.sha256(minutes.read_bytes()).hexdigest()
    assert [one["sha256"] for one in shown["captures"]] == [digest]
    assert stored(
        database_url,
        "SELECT content, encode(sha256(content), 'hex'), encode(sha256, 'hex'), byte_count,"
        " file_name, media_type FROM capture",
    ) == [
        (
            *(minutes.read_bytes(), digest, digest, minutes.stat().st_size),
            *("minutes.pdf", "application/pdf"),
        )
    ]
    assert f"sha256 {digest}" in ok("source", "show", 1).out


def test_a_file_with_an_address_is_the_capture_of_what_stands_there(
    ok: Run, database_url: str, minutes: Path
) -> None:
    ok("source", "add", ARTICLE)
    ok("source", "add", ARTICLE, "--file", minutes)
    assert stored(database_url, "SELECT source_id FROM capture") == [(1,)]
    assert stored(database_url, "SELECT kind, title FROM source") == [("article", None)]


def test_the_same_file_again_is_found_whatever_its_name(
    ok: Run, database_url: str, minutes: Path
) -> None:
    ok("source", "add", "--file", minutes)
    copy = minutes.with_name("copy of minutes.pdf")
    copy.write_bytes(minutes.read_bytes())
    for path in (minutes, copy):
        assert "Already source 1." in ok("source", "add", "--file", path).err
    assert stored(database_url, "SELECT count(*) FROM capture") == [(1,)]


def test_the_same_bytes_for_another_source_are_a_conflict_that_names_it(
    run: Run, ok: Run, database_url: str, minutes: Path
) -> None:
    ok("source", "add", "--file", minutes)
    for words in ((ARTICLE,), ("--title", "Something else")):
        outcome = run("source", "add", "--file", minutes, *words)
        assert outcome.code == 4
        assert "already filed for source 1 (minutes.pdf)" in outcome.err
        assert "claimtrack source show 1" in outcome.err
    assert stored(database_url, "SELECT count(*) FROM source") == [(1,)]


def test_another_file_of_the_same_name_is_not_taken_for_the_first(
    run: Run, ok: Run, database_url: str, minutes: Path
) -> None:
    ok("source", "add", "--file", minutes)
    minutes.write_bytes(b"other minutes")
    outcome = run("source", "add", "--file", minutes)
    assert outcome.code == 4
    assert "is already called minutes.pdf, and holds other bytes" in outcome.err
    ok("source", "add", "--file", minutes, "--title", "minutes.pdf")
    assert stored(database_url, "SELECT source_id FROM capture ORDER BY id") == [(1,), (1,)]
    ok("source", "show", 1, "--save", minutes.with_name("back.pdf"))
    assert minutes.with_name("back.pdf").read_bytes() == b"other minutes"


def test_saving_never_writes_over_a_file(run: Run, ok: Run, minutes: Path) -> None:
    ok("source", "add", "--file", minutes)
    before = minutes.read_bytes()
    outcome = run("source", "show", 1, "--save", minutes)
    assert outcome.code == 4
    assert minutes.read_bytes() == before
    assert run("source", "show", 1, "--save", minutes / "x").code == 5
    ok("source", "add", ARTICLE)
    assert run("source", "show", 2, "--save", minutes.with_name("new")).code == 3


def test_empty_and_too_large_files_are_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    assert "is empty" in run("source", "add", "--file", empty).err
    monkeypatch.setattr(captures, "LARGEST_FILE", 1024 * 1024)
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * (1024 * 1024 + 1))
    outcome = run("source", "add", "--file", large)
    assert outcome.code == 5
    assert "larger than 1 MiB" in outcome.err


def test_the_largest_file_fits(ok: Run, database_url: str, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"\xff" * captures.LARGEST_FILE)
    ok("source", "add", "--file", large)
    assert stored(database_url, "SELECT octet_length(content) FROM capture") == [
        (captures.LARGEST_FILE,)
    ]


# -- showing and changing -------------------------------------------------------------------------


def test_a_source_shows_the_claims_and_the_evidence_that_rest_on_it(ok: Run) -> None:
    ok("claim", "add", "The ferry stands still", "--speaker", "Ines Kolb", "--source", ARTICLE)
    ok("claim", "add", "The dam holds", "--speaker", "Ines Kolb", "--source", ARTICLE + "/2")
    ok("evidence", "add", 2, ARTICLE, "--supports")
    ok("claim", "mark", 2, "true", "--because", "Seen on site")
    outcome = ok("source", "show", ARTICLE)
    assert "1.1  unverified  The ferry stands still" in outcome.out
    assert "claim 2, supports  true  The dam holds" in outcome.out
    shown = ok("source", "show", 1, "--format", "json").json
    assert [line["id"] for line in shown["appearances"]] == ["1.1"]
    assert [(line["claim_id"], line["stance"]) for line in shown["evidence_on"]] == [
        (2, "supports")
    ]
    assert (shown["claims"], shown["evidence"]) == (1, 1)


def test_sources_are_listed_and_found(ok: Run, run: Run) -> None:
    ok("source", "add", ARTICLE, "--title", "Ferry halted", "--publisher", "Lake Post")
    ok("source", "add", ARTICLE + "/2", "--publisher", "Hill Post", "--agency", "Lake Post")
    ok("source", "add", "--no-url", "--title", "Call 100%", "--kind", "call")

    def ids(*words: str) -> list[int]:
        listed = ok("source", "list", *words, "--format", "json").json
        return [row["id"] for row in listed]

    assert ids() == [1, 2, 3]
    assert ids("--text", "FERRY") == [1, 2]
    assert ids("--text", "100%") == [3]
    assert ids("--text", "%") == [3]
    assert ids("--publisher", "lake post") == [1, 2]
    assert ids("--kind", "call") == [3]
    assert ids("--limit", "1", "--after", "1") == [2]
    assert "--after 2" in ok("source", "list", "--limit", 2).out
    assert run("source", "list", "--publisher", "Nobody's Post").code == 3
    assert "No source matches." in ok("source", "list", "--text", "zebra").err


def test_an_edit_puts_the_record_right_and_leaves_its_trace(ok: Run, database_url: str) -> None:
    ok("source", "add", ARTICLE, "--publisher", "Lake Post", "--published", "2020-02-26")
    shown = ok(
        *("source", "edit", 1, "--publisher", "Hill Post", "--published", "", "--title", "Ferry"),
        *("--because", "Read wrongly", "--format", "json"),
    ).json
    assert (shown["publisher"], shown["published_on"], shown["title"]) == (
        *("Hill Post", None),
        "Ferry",
    )
    assert shown["version"] == 2
    assert stored(
        database_url,
        "SELECT because, before ->> 'published_on', after ->> 'title' FROM event"
        " WHERE table_name = 'source' AND operation = 'update'",
    ) == [("Read wrongly", "2020-02-26", "Ferry")]


def test_a_corrected_address_leads_to_the_source(ok: Run, run: Run) -> None:
    ok("source", "add", ARTICLE)
    ok("source", "edit", 1, "--url", ARTICLE + "/right")
    assert ok("source", "show", ARTICLE + "/right/", "--format", "json").json["id"] == 1
    assert run("source", "show", ARTICLE).code == 3


def test_a_call_is_found_by_its_corrected_title(ok: Run) -> None:
    ok("source", "add", "--no-url", "--title", "Call with the mayr")
    ok("source", "edit", 1, "--title", "Call with the mayor", "--publisher", "Desk")
    words = ("--no-url", "--title", "Call with the mayor", "--publisher", "Desk")
    assert "Already source 1." in ok("source", "add", *words).err


def test_a_publisher_that_is_filled_in_by_number_tells_the_call_apart(
    connection: Connection,
) -> None:
    call = SourceGiven(title="Call with the mayor")
    first = sources.record(connection, call).ref
    sources.resolve(connection, str(first.id), SourceGiven(publisher="Desk"))
    again = sources.record(connection, SourceGiven(title=call.title, publisher="Desk"))
    assert (again.ref, again.created) == (sources.find(connection, str(first.id)), False)


def test_an_edit_that_would_make_two_sources_one_names_the_other(run: Run, ok: Run) -> None:
    ok("source", "add", ARTICLE, "--title", "Ferry halted")
    ok("source", "add", ARTICLE + "/2")
    outcome = run("source", "edit", 2, "--url", ARTICLE + "#top")
    assert outcome.code == 4
    assert "source 2 would be the same as source 1 (Ferry halted)" in outcome.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((1,), 2),
        ((99, "--title", "x"), 3),
        ((1, "--url", ""), 5),
        ((1, "--url", "nonsense"), 5),
        ((1, "--kind", ""), 2),
        ((1, "--title", "x", "--because", " "), 5),
        ((1, "--published", "tomorrow"), 5),
    ],
)
def test_an_edit_that_cannot_be_done_has_its_exit_code(
    run: Run, ok: Run, words: tuple[object, ...], code: int
) -> None:
    ok("source", "add", ARTICLE)
    outcome = run("source", "edit", *words)
    assert outcome.code == code, outcome.err


def test_control_characters_are_never_sent_to_the_terminal(run: Run, ok: Run) -> None:
    title = "Ferry \x1b]0;halted\x07 \u202e"
    ok("source", "add", ARTICLE, "--title", title)
    for outcome in (
        ok("source", "list"),
        ok("source", "show", 1),
        ok("source", "add", ARTICLE, "--title", title),
        run("source", "add", ARTICLE, "--title", "another \x1b[2J"),
    ):
        assert "\x1b" not in outcome.out + outcome.err
        assert "\u202e" not in outcome.out + outcome.err
        assert r"\x1b" in outcome.out + outcome.err


# -- two people at once ---------------------------------------------------------------------------


def test_one_address_added_by_two_at_once_is_one_source(database_url: str) -> None:
    given = SourceGiven(url=ARTICLE, publisher="Lake Post")
    engine = make_engine(database_url)

    def record_too() -> sources.Recorded:
        with write_transaction(engine, actor="Bo Lind") as connection:
            return sources.record(connection, given)

    with ThreadPoolExecutor() as pool:
        with write_transaction(engine, actor="Ana Ruiz") as connection:
            mine = sources.record(connection, given)
            theirs = pool.submit(record_too)
            # Theirs looked, found nothing, and now waits for this transaction to end.
            until = time.monotonic() + PATIENCE
            waits = (
                "SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            while not stored(database_url, waits):
                assert time.monotonic() < until
                time.sleep(0.01)
        assert theirs.result(PATIENCE) == replace(mine, created=False)
    assert stored(database_url, "SELECT count(*) FROM source") == [(1,)]
    assert stored(database_url, "SELECT name FROM publisher") == [("Lake Post",)]


def test_a_source_shows_what_kind_of_bytes_it_has(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"words")
    done = captures.add_file(connection, captures.read_file(path), SourceGiven())
    view = source_lists.show(connection, str(done.ref.id))
    assert [(one.byte_count, one.media_type) for one in view.captures or ()] == [(5, "text/plain")]
    with pytest.raises(ConflictError, match="same bytes"):
        captures.add_file(connection, captures.read_file(path), SourceGiven(url=ARTICLE))
