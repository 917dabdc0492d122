"""What an import brings is found at once: its postings are those that its claims' texts make."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from claimtrack.matching.terms import stems, term
from claimtrack.services.imports import runs
from claimtrack.services.imports.settling import alone
from claimtrack.services.matching import postings
from tests.conftest import Run
from tests.sql import value

HEAD = "id,statement,speaker,source,source_title,passage,quote,language\n"
ROWS = (
    '1,The dam at Velm leaks,Ines Kolb,https://a.example/1,Leak feared,"It leaks, she said",,en\n'
    "2,The dam at Velm was mended,Ines Kolb,https://a.example/1,,,mended for good,en\n"
    "3,Die Brücken sind gesperrt,Omar Said (Velm),https://b.example/2,Sperrung,,,de\n"
    ",The ferry sank twice,Ines Kolb,https://a.example/3,Ferry lost,Sunk again,,en\n"
    ",The ferry sank twice,Omar Said (Velm),https://b.example/4,Another paper,Swallowed whole,,en\n"
)


@pytest.fixture
def on_record(ok: Run) -> None:
    """A speaker with another name, and a source under another title than the file's."""
    ok("speaker", "add", "Ines Kolb", "--alias", "Kolb the Younger")
    ok("source", "add", "https://a.example/1", "--title", "Bulletin of the waterworks")


def disagreeing(url: str) -> list[str]:
    with make_engine(url).connect() as connection:
        return postings.disagreeing(connection)


def found(url: str, word: str, language: str = "en") -> list[int]:
    (stem,) = stems(word, language)
    with make_engine(url).connect() as connection:
        return list(
            connection.execute(
                text("SELECT claim_id FROM posting WHERE term = :term ORDER BY claim_id"),
                {"term": term(stem)},
            ).scalars()
        )


def waiting(url: str) -> int:
    with make_engine(url).connect() as connection:
        return postings.waiting(connection)


@pytest.mark.parametrize("options", [(), ("--batch", "2")])
@pytest.mark.usefixtures("on_record")
def test_an_import_leaves_the_postings_of_all_its_claims(
    ok: Run, database_url: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = tmp_path / "dam.csv"
    path.write_text(HEAD + ROWS)

    ok("import", "csv", path, *options)

    assert disagreeing(database_url) == []
    assert waiting(database_url) == 0
    assert found(database_url, "dam") == [1, 2]
    assert found(database_url, "bulletin") == [1, 2]
    assert found(database_url, "younger") == [1, 2, 4]
    assert found(database_url, "gesperrt", "de") == [3]
    # Of the second row of a claim, too.
    assert found(database_url, "swallowed") == [4]
    assert found(database_url, "paper") == [4]
    ok("db", "check")


def test_words_are_counted_again_where_an_import_brings_many(
    ok: Run, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "wells.csv"
    rows = (f"The well {number} of Tarun is dry,https://d.example/{number}" for number in range(40))
    path.write_text("\n".join(("statement,source", *rows)))

    ok("import", "csv", path)

    with make_engine(database_url).connect() as connection:
        assert value(connection, "SELECT claims FROM word_count") == 40
        assert value(connection, f"SELECT claims FROM word WHERE term = {term('well')}") == 40


def test_what_an_import_adds_to_claims_is_found(ok: Run, database_url: str, tmp_path: Path) -> None:
    ok("claim", "add", "The dam at Velm leaks", "--speaker", "Ada", "--source", "https://c.example")
    path = tmp_path / "reviews.csv"
    path.write_text(
        "statement,publisher,title,review_url,rating\n"
        "The dam at Velm leaks,Wellwatch,No seepage in the reservoir,https://w.example/1,False\n"
        "The mill burnt down,Wellwatch,What the miller saw,https://w.example/2,True\n"
    )

    ok("import", "csv", path)

    assert found(database_url, "seepage") == [1]
    assert found(database_url, "miller") == [2]
    assert disagreeing(database_url) == []
    assert waiting(database_url) == 0


def test_words_are_known_once_and_the_refused_part_leaves_none(
    ok: Run, run: Run, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "dam.csv"
    path.write_text(HEAD + ROWS + "9,,Nobody,https://a.example/9,Unheard,,,en\n")

    assert run("import", "csv", path, "--strict").code == 5
    assert found(database_url, "dam") == []

    assert run("import", "csv", path).code == 5
    with make_engine(database_url).connect() as connection:
        assert value(connection, "SELECT count(*) FROM word") == value(
            connection, "SELECT count(DISTINCT term) FROM posting"
        )
    assert disagreeing(database_url) == []


def lost_postings(url: str) -> int:
    """Postings of a claim that is not there, as an import leaves them that ends in its commit."""
    with make_engine(url).begin() as connection:
        done = connection.execute(
            text("INSERT INTO posting SELECT 90, term, weight FROM posting WHERE claim_id = 1")
        )
    return done.rowcount


def postings_of(url: str, *claim_ids: int) -> int:
    with make_engine(url).connect() as connection:
        counted = text("SELECT count(*) FROM posting WHERE claim_id = ANY (:ids)")
        return int(connection.execute(counted, {"ids": list(claim_ids)}).scalar_one())


@pytest.fixture
def imported(ok: Run, tmp_path: Path) -> None:
    """The claims of `ROWS`."""
    path = tmp_path / "dam.csv"
    path.write_text(HEAD + ROWS)
    ok("import", "csv", path)


@pytest.mark.usefixtures("imported")
def test_postings_of_claims_that_never_came_are_not_found_and_go_with_a_reindex(
    ok: Run, database_url: str
) -> None:
    assert lost_postings(database_url)

    searched = ok("claim", "search", "leaks", "--format", "json").json
    assert [row["id"] for row in searched] == [1, 2]
    asked = ("claim", "match", "The dam at Velm leaks", "--threshold", "0", "--format", "json")
    matched = [row["claim_id"] for row in ok(*asked).json]
    assert 1 in matched
    assert 90 not in matched

    ok("db", "reindex")
    assert postings_of(database_url, 90) == 0
    assert postings_of(database_url, 1)


@pytest.mark.usefixtures("imported")
def test_a_reindex_leaves_the_postings_of_an_import_that_is_under_way(
    ok: Run, database_url: str
) -> None:
    kept = lost_postings(database_url)
    with make_engine(database_url).begin() as connection:
        alone(connection)

        ok("db", "reindex")

        assert postings_of(database_url, 90) == kept


@pytest.mark.parametrize("options", [("--strict",), ("--dry-run",)])
def test_an_import_that_is_taken_back_leaves_no_posting(
    run: Run,
    database_url: str,
    tmp_path: Path,
    options: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "PART", 1)  # those of the first rows are brought before the last one
    path = tmp_path / "dam.csv"
    path.write_text(HEAD + ROWS + "9,,Ines Kolb,https://a.example/9,,,,en\n")

    run("import", "csv", path, *options)

    with make_engine(database_url).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM posting")).scalar_one() == 0


NAMELESS = """
    SELECT count(*) FROM posting WHERE NOT EXISTS (SELECT FROM word WHERE word.term = posting.term)
"""


def test_the_words_of_a_refused_part_are_brought_with_the_next_claim_that_has_them(
    run: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PART", 1)
    path = tmp_path / "zebras.csv"
    source = "Ines Kolb,https://a.example/9,,,,en"
    statements = ["7,The dam leaks", "7,Zebras vanished", *[f"{n},It rains" for n in (8, 9)]]
    lines = [f"{start},{source}\n" for start in (*statements, "10,Zebras came back")]
    path.write_text("".join([HEAD, *lines]))  # a part is read while another is settled

    assert "says something else" in run("import", "csv", path).err
    assert found(database_url, "zebras") == [4]
    with make_engine(database_url).connect() as connection:
        assert value(connection, NAMELESS) == 0
