"""`claim search`: what it finds, in which order, and what it shows of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from claimtrack.db import make_engine, say_why
from claimtrack.services import listing
from claimtrack.services.listing import ClaimFilter
from claimtrack.services.matching.postings import drain
from claimtrack.services.search import asking, finding
from claimtrack.services.search.asking import ask
from claimtrack.services.search.ranking import search
from claimtrack.services.search.texts import texts_of
from tests import records
from tests.conftest import Run


def add(ok: Run, statement: str, *more: object) -> int:
    speaker = () if "--speaker" in more else ("--speaker", "Lena Vogt")
    url = () if "--source" in more else ("--source", "https://one.example/harbour")
    made = ok("claim", "add", statement, *speaker, *url, *more, "--format", "json").json
    return int(made["id"])


def rows(run: Run, *words: object) -> list[Any]:
    found: list[Any] = run("claim", "search", *words, "--format", "json").json
    return found


def found(run: Run, *words: object) -> list[int]:
    return [row["id"] for row in rows(run, *words)]


@pytest.fixture
def harbour(ok: Run) -> dict[str, int]:
    """Five claims, by name."""
    return {
        "closed": add(
            ok,
            "The northern bridge was closed for the whole of May",
            *("--passage", "Nobody could cross, said the ferryman's widow."),
        ),
        "ferry": add(
            ok, "The ferry will close in winter", "--speaker", "Omar Sali", "--kind", "prediction"
        ),
        "bridges": add(
            ok,
            "Three bridges north of the harbour are older than the ferry",
            *("--source", "https://two.example/b", "--source-title", "A survey of old piers"),
        ),
        "german": add(ok, "Die Brücken sind seit Montag gesperrt", "--language", "de"),
        "figure": add(ok, "1,250 people crossed the northern bridge on foot"),
    }


FOUND: list[tuple[tuple[str, ...], list[str]]] = [
    (("closing",), ["ferry", "closed"]),
    (("bridge", "closing"), ["closed"]),
    (("BRIDGES north",), ["bridges"]),
    (('"northern bridge"',), ["closed", "figure"]),
    (('"bridge northern"',), []),
    (('"bridge on foot"',), ["figure"]),
    (("bridge", "-closed"), ["figure", "bridges"]),
    (("bridge", '-"northern bridge"'), ["bridges"]),
    (("ferry", "or", "foot"), ["figure", "ferry", "bridges"]),
    (("foot", "OR", "closed", "may"), ["figure", "closed"]),
    (("brucke",), ["german"]),
    (("die Brücke",), ["german"]),
    (("the bridge",), ["bridges", "figure", "closed"]),
    (("1250",), ["figure"]),
    (("cross",), ["figure", "closed"]),
    (("widow",), ["closed"]),
    (("omar",), ["ferry"]),
    (("sali", "winter"), ["ferry"]),
    (("piers",), ["bridges"]),
    (("-bridge", "-ferry", "-brücke"), []),
    (("-bridge", "-brücke"), ["ferry"]),
    (("bridge", "--kind", "prediction"), []),
    (("close", "--kind", "prediction"), ["ferry"]),
    (("close", "--speaker", "Lena Vogt"), ["closed"]),
    (("dromedary",), []),
]


def test_words_are_found_wherever_they_stand(harbour: dict[str, int], ok: Run) -> None:
    for words, names in FOUND:
        expected = sorted((harbour[name] for name in names), reverse=True)
        assert sorted(found(ok, *words), reverse=True) == expected, words
        listed = ok("claim", "list", "--text", *words_of(words), "--format", "json").json
        assert [row["id"] for row in listed] == expected, words


def words_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words as one, and then the options."""
    at = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
    return (" ".join(words[:at]), *words[at:])


def test_the_best_comes_first(ok: Run) -> None:
    passing = add(ok, "The mayor resigned", "--passage", "He spoke at the lighthouse.")
    long = add(ok, "The old lighthouse at the far end of the long stone pier was sold to a hotel")
    short = add(ok, "The lighthouse was sold")
    again = add(ok, "The market was sold")
    assert found(ok, "lighthouse") == [short, long, passing]
    # A rare word says more than a common one.
    assert found(ok, "lighthouse", "or", "sold")[-2:] == [again, passing]


def test_what_stands_as_it_was_typed_comes_first(ok: Run, tmp_path: Path) -> None:
    row = add(ok, "In the long years after the war the mayor's old house was the white house there")
    apart = add(ok, "House, white house, house: white")
    title = tmp_path / "checks.jsonl"
    title.write_text('{"statement": "A dove lives there", "title": "Was the White House sold?"}\n')
    ok("import", "jsonl", title, "--set", "publisher=The Checker")
    dove = row + 2
    assert found(ok, "white", "house")[0] == apart
    *first, last = found(ok, "was", "the", "white", "house")
    assert (set(first), last) == ({row, dove}, apart)
    assert found(ok, "mayor old house") == [row]
    other = add(ok, "A white house that was sold")
    ok("claim", "merge", apart, row, "--because", "the same")
    *first, last = found(ok, "was the white house")
    assert (set(first), last) == ({apart, dove}, other)


def test_one_word_is_found_as_two_and_two_as_one(ok: Run) -> None:
    hyphen = add(ok, "COVID-19 spares pit bulls")
    whole = add(ok, "Covid19 spares every pitbull")
    tag = add(ok, "It spares nobody #COVID19")
    for words in ("covid19", "COVID-19", "#Covid19"):
        assert sorted(found(ok, words)) == [hyphen, whole, tag], words
    assert sorted(found(ok, "pit-bulls")) == [hyphen, whole]
    assert found(ok, "spares", "-covid19") == []
    # What is made of a hashtag nobody wrote, so it has no slips.
    outcome = ok("claim", "search", "#PitBulk", "--format", "json")
    assert [row["id"] for row in outcome.json] == [hyphen]
    assert outcome.err == 'No claim has "bulk": looked for "bull" instead.\n'


def test_a_page_goes_on_where_the_last_one_ended(ok: Run, run: Run) -> None:
    ids = [add(ok, f"Bridge {number} was closed") for number in range(5)]
    other = add(ok, "Something else")
    everything = found(ok, "bridge")
    assert sorted(everything) == ids
    assert found(ok, "bridge", "--limit", 2) == everything[:2]
    assert found(ok, "bridge", "--limit", 2, "--after", everything[1]) == everything[2:4]
    assert found(ok, "bridge", "--after", everything[4]) == []
    table = ok("claim", "search", "bridge", "--limit", 2)
    assert f"--after {everything[1]} shows the next" in table.out
    outcome = run("claim", "search", "bridge", "--after", other)
    assert outcome.code == 3
    assert f"Claim {other} is not among what is found." in outcome.err


# --- What nobody wrote ---------------------------------------------------------------------------


SLIPS = [
    ("brigde", "bridge"),
    ("bridg", None),
    ("brdige", "bridge"),
    ("nothern", "northern"),
    ("harbuor", "harbour"),
    ("ferrry", "ferry"),
    ("wintre", "winter"),
    ("gespert", "gesperrt"),
    ("northernn", "northern"),
    ("predictoin", None),
    ("harbor", "harbour"),
]


@pytest.mark.usefixtures("harbour")
def test_a_slip_still_finds_and_says_what_it_took(ok: Run) -> None:
    for typed, instead in SLIPS:
        outcome = ok("claim", "search", typed, "--format", "json")
        if instead is None:
            assert "instead" not in outcome.err
            continue
        assert outcome.err == f'No claim has "{typed}": looked for "{instead}" instead.\n'
        assert outcome.json == rows(ok, instead), typed
        listed = ok("claim", "list", "--text", typed, "--format", "json")
        assert listed.err == outcome.err
        assert len(listed.json) == len(outcome.json)


def test_two_slips_find_a_long_word(ok: Run) -> None:
    number = add(ok, "The government denies it")
    assert found(ok, "gouvernmant") == [number]
    assert found(ok, '"the gouvernmant denied"') == [number]
    assert found(ok, "gouvernmunk") == []


def test_a_claim_in_another_language_changes_no_other_search(ok: Run) -> None:
    raid = add(ok, "The FBI raided the CDC in the middle of the night")
    theme = add(ok, "The theme of the parade was chosen by Clinton")
    flag = add(ok, "The flag was sewn for Clinton")
    bern = add(ok, "Posts with #FeelTheBern are hidden")
    clint = add(ok, "Clint is the mayor")
    biden = [add(ok, f"Biden met {whom} before the bidding") for whom in ("Ann", "Bob", "Cy")]
    searches = ("the FBI raided the CDC", '"raided the CDC"', "parade and the theme",
        "#FeelTheBern", "clintn", "raidd", "bidn")  # fmt: skip

    def answers() -> list[tuple[list[int], str]]:
        outcomes = [ok("claim", "search", words, "--format", "json") for words in searches]
        return [([row["id"] for row in outcome.json], outcome.err) for outcome in outcomes]

    english = answers()
    assert [numbers for numbers, _ in english] == [
        *([raid], [raid], [theme], [bern], [flag, theme], [raid], biden[::-1]),
    ]
    spanish = add(ok, "La luna es de queso", "--language", "es")
    finnish = add(ok, "Kuu on juustoa", "--language", "fi")
    assert answers() == english
    assert (found(ok, "quesos"), found(ok, "juusto")) == ([spanish], [finnish])
    # Where a Finnish claim has the stem that the word has in Finnish, it is no slip.
    finnish = add(ok, "Clint on pormestari", "--language", "fi")
    assert (found(ok, "clintin"), found(ok, "clint")) == ([finnish], [clint, finnish])


def test_where_no_claim_has_all_words_the_rarest_gives_way(ok: Run) -> None:
    emails = [add(ok, f"Hillary Clinton sent {n} emails in {2000 + n}") for n in range(12)]
    duff = add(ok, "Hilary Duff bought a bakery")
    outcome = ok("claim", "search", "hilary", "clintn", "--format", "json")
    assert sorted(row["id"] for row in outcome.json) == emails
    assert outcome.err == (
        'No claim has "clintn": looked for "clinton" instead.\n'
        'No claim has "hilary" beside the other words: looked for "hillary" instead.\n'
    )
    listed = ok("claim", "list", "--text", '"hilary clinton" email', "--format", "json")
    assert len(listed.json) == 12
    assert found(ok, "hilary") == found(ok, "hilary", "duff") == [duff]
    # A word in many claims is meant, and so is one that no other is like.
    assert found(ok, "hillary", "duff") == found(ok, "bakery", "emails") == []


def test_a_stem_of_another_language_is_not_read(
    ok: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        add(ok, f"Clint is the mayor of town {number}")
    finnish = add(ok, "Clint on pormestari", "--language", "fi")
    assert found(ok, "clintin") == [finnish]
    monkeypatch.setattr(finding, "FEW", 2)  # there is one claim with it, and not five
    with make_engine(database_url).connect() as connection:
        scored = finding.best(connection, ask(connection, "clintin"))
    assert (set(scored.scores), scored.whole) == ({finnish}, True)


def test_a_word_that_says_nothing_in_most_languages_is_sought_in_the_others(ok: Run) -> None:
    add(ok, "The bridge is closed")
    spanish = add(ok, "La banda The Puente canta", "--language", "es")
    assert found(ok, "the") == [spanish]
    assert [row["id"] for row in ok("claim", "list", "--text", "the", "--format", "json").json] == [
        spanish
    ]
    other = add(ok, "The crossing is closed")
    ok("claim", "merge", other, spanish, "--because", "the same")
    assert found(ok, "the") == [other]


def test_beginnings_find_where_no_claim_has_the_word(ok: Run) -> None:
    first, second = add(ok, "Vaccination began"), add(ok, "Vaccines ran out")
    third = add(ok, "The vac is broken")
    outcome = ok("claim", "search", "vacci", "--format", "json")
    assert 'No claim has "vacci": looked for words that begin so' in outcome.err
    assert sorted(row["id"] for row in outcome.json) == [first, second]
    assert found(ok, "vac") == [third]
    assert sorted(found(ok, "vac*")) == [first, second, third]


def test_another_figure_is_not_a_slip(ok: Run) -> None:
    add(ok, "90000 people fled in 1999")
    assert found(ok, "900000") == []
    assert found(ok, "1989") == []


def test_what_is_left_out_is_not_mended(ok: Run) -> None:
    number = add(ok, "The bridge is closed")
    assert found(ok, "closed", "-brigde") == [number]


# --- What must not be found ----------------------------------------------------------------------


def test_the_words_of_a_protected_speaker_and_source_lead_nowhere(ok: Run) -> None:
    number = add(
        ok,
        "Wages were not paid",
        *("--speaker", "Tamsin Quillfeather"),
        *("--source", "https://leak.example/1", "--source-title", "Zanzibar memorandum"),
    )
    assert found(ok, "quillfeather") == found(ok, "zanzibar") == [number]
    why = ("--because", "asked for")
    ok("speaker", "edit", 1, "--protected", "--as", "A witness", *why)
    ok("source", "edit", 1, "--protected", "--as", "A paper", *why)
    for gone in ("quillfeather", "Tamsin", "zanzibar", "quillfaether", "memorandum", "quillf*"):
        outcome = ok("claim", "search", gone, "--format", "json")
        assert (outcome.json, "uill" in outcome.err.replace(gone, "")) == ([], False), gone
    assert found(ok, "witness") == found(ok, '"a paper"') == [number]


def test_redacted_text_is_not_found(ok: Run, database_url: str) -> None:
    number = add(
        ok, "The clinic was closed", "--passage", "Her daughter Philippa was treated there."
    )
    assert found(ok, "philippa") == [number]
    ok("audit", "redact", "appearance", f"{number}.1", "passage", "--because", "asked for", "--yes")
    for gone in ("philippa", "phillippa", "philip*", '"daughter philippa"', "redacted"):
        outcome = ok("claim", "search", gone, "--format", "json")
        assert outcome.json == [], gone
    assert "treated" not in ok("claim", "search", "clinic", "--format", "json").out
    with make_engine(database_url).connect() as connection:
        (texts,) = texts_of(connection, [number]).values()
    assert [told.field for told in texts] == ["statement", "speaker"]


def test_a_withdrawn_appearance_is_not_found(ok: Run) -> None:
    number = add(ok, "The clinic was closed", "--passage", "as the surgeon told us")
    assert found(ok, "surgeon") == [number]
    ok("appearance", "withdraw", f"{number}.1", "--because", "another clinic")
    assert found(ok, "surgeon") == []


# --- Same and merged, then and now ---------------------------------------------------------------


def test_the_words_of_a_merged_claim_lead_to_its_head(ok: Run) -> None:
    head, other = add(ok, "The bridge is closed"), add(ok, "Nobody can cross the river")
    third = add(ok, "The river is high")
    ok("claim", "merge", head, other, "--because", "the same")
    (row,) = rows(ok, "cross")
    assert row["id"] == head
    assert [part["text"] for part in row["snippets"]] == [
        "The bridge is closed",
        "Nobody can cross the river",
    ]
    assert sorted(found(ok, "river")) == [head, third]
    assert found(ok, "bridge", "river") == [head]
    assert found(ok, "river", "-bridge") == [third]
    ok("claim", "unmerge", other, "--because", "not the same")
    assert found(ok, "cross") == [other]
    assert found(ok, "bridge", "river") == []


def test_an_edit_is_found_at_once_and_what_it_replaced_no_more(ok: Run) -> None:
    number = add(ok, "The bridge is closed")
    ok("claim", "edit", number, "--statement", "The tunnel is closed")
    assert found(ok, "tunnel") == [number]
    assert found(ok, "bridge") == []


def test_the_past_is_searched_in_its_own_words(ok: Run, database_url: str) -> None:
    number = add(ok, "The bridge is closed")
    add(ok, "The bridge is open")
    with make_engine(database_url).begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in ("claim", "appearance", "speaker", "source", "speaker_alias"):
            connection.execute(
                text(f"UPDATE {table} SET recorded_at = recorded_at - interval '9 days'")
            )
    ok("claim", "edit", number, "--statement", "The tunnel is closed")
    then = ("--as-of", "5 days ago")
    assert found(ok, "bridge", *then) == [2, 1]
    assert found(ok, '"bridge is closed"', *then) == [1]
    assert found(ok, "tunnel", *then) == []
    assert found(ok, "bridge", "-closed", *then) == [2]
    assert rows(ok, "tunnel", "--as-of", "today")[0]["id"] == 1


# --- Postings that are not there -----------------------------------------------------------------


def test_claims_that_came_by_plain_sql_are_read_themselves(
    ok: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = add(ok, "The bridge is closed")
    with make_engine(database_url).begin() as connection:
        number = records.claim(connection, "The viaduct is closed")
        connection.execute(text("UPDATE claim SET statement = 'Gone' WHERE id = :id"), {"id": old})
    assert found(ok, "viaducts") == found(ok, "viaduct") == [number]
    assert found(ok, "viadcut") == [number]
    assert found(ok, "closed") == [number]
    assert found(ok, "bridge") == []
    assert ok("claim", "list", "--text", "bridge", "--format", "json").json == []
    monkeypatch.setattr(asking, "WAITING", 1)
    outcome = ok("claim", "search", "viaduct", "--format", "json")
    assert "claimtrack db reindex" in outcome.err
    ok("db", "reindex")
    assert "reindex" not in ok("claim", "search", "viaduct").err


def test_where_all_words_are_common_the_same_is_found(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [
        records.claim(connection, f"The north bridge {'was closed ' * (n % 3)}in May {n}")
        for n in range(12)
    ]
    other = records.claim(connection, "A bridge in the north")
    say_why(connection, "The same")
    connection.execute(
        text("UPDATE claim SET merged_into_id = :head WHERE id = :id"),
        {"head": ids[3], "id": ids[4]},
    )
    drain(connection)

    def answers(typed: str) -> tuple[list[int], list[int]]:
        asked = ClaimFilter(text=ask(connection, typed))
        ranked = [hit.line.id for hit in search(connection, asked, None)]
        return sorted(ranked, reverse=True), listing.claim_ids(connection, asked, 99)

    queries = ("bridge", "bridge closed", '"north bridge"', "bridge -closed", "-closed", "3 or 4",
        "closed or north", 'bridge -"north bridge"')  # fmt: skip
    few = {typed: answers(typed) for typed in queries}
    assert all(ranked == listed for ranked, listed in few.values())
    assert few['bridge -"north bridge"'][0] == [other]
    assert few["3 or 4"][0] == [ids[3]]
    assert ids[3] not in few["-closed"][0]
    monkeypatch.setattr(finding, "FEW", 3)
    monkeypatch.setattr(finding, "FEW_OF_ONE", 3)
    monkeypatch.setattr(finding, "HEAVIEST", 2)
    monkeypatch.setattr(finding, "_MERGED", 0)
    assert {typed: answers(typed) for typed in queries} == few


WORDS = st.sampled_from(["north", "bridge", "ferry", "closed", '"north bridge"', '"bridge closed"'])
OPERANDS = st.builds(lambda dash, word: dash + word, st.sampled_from(["", "", "-"]), WORDS)
QUERIES = st.lists(st.lists(OPERANDS, min_size=1, max_size=3).map(" ".join), max_size=3, min_size=1)
STATEMENTS = st.lists(st.sampled_from(["north", "bridge", "ferry", "closed"]), min_size=1)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(QUERIES.map(" or ".join), st.lists(STATEMENTS.map(" ".join), min_size=3, max_size=8))
def test_it_finds_what_postgresql_would(
    connection: Connection, typed: str, statements: list[str]
) -> None:
    with connection.begin_nested() as savepoint:
        ids = [
            records.claim(connection, f"{one} {number}", url=None)
            for number, one in enumerate(statements)
        ]
        drain(connection)
        theirs = connection.scalars(
            text(
                "SELECT id FROM claim WHERE id = ANY (:ids) AND to_tsvector('simple', statement)"
                " @@ websearch_to_tsquery('simple', :typed) ORDER BY id DESC"
            ),
            {"ids": ids, "typed": typed},
        ).all()
        question = ask(connection, typed)._replace(taken=())
        assert listing.claim_ids(connection, ClaimFilter(text=question), 99) == theirs
        savepoint.rollback()


# --- The command ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("harbour")
def test_json_has_the_parts_of_texts_with_the_places_of_the_hits(ok: Run) -> None:
    (row,) = rows(ok, "piers", "bridge")
    assert row["statement"] == "Three bridges north of the harbour are older than the ferry"
    assert row["snippets"] == [
        {
            "field": "statement",
            "appearance": None,
            "text": "Three bridges north of the harbour are older than the ferry",
            "marks": [[6, 13]],
        },
        {
            "field": "source",
            "appearance": f"{row['id']}.1",
            "text": "A survey of old piers",
            "marks": [[16, 21]],
        },
    ]
    lines = ok("claim", "search", "piers", "bridge", "--format", "jsonl").out.splitlines()
    assert json.loads(lines[0]) == row


@pytest.mark.usefixtures("harbour")
def test_hits_are_marked_for_people_and_spreadsheets(ok: Run) -> None:
    for fmt in ("table", "markdown", "csv"):
        out = ok("claim", "search", "piers", "bridge", "--format", fmt).out
        assert "Three **bridges** north" in out
        assert "source 3.1: A survey of old **piers**" in out


def test_a_claim_known_from_a_fact_check_alone_stands_in_every_format(
    ok: Run, tmp_path: Path
) -> None:
    file = tmp_path / "checks.jsonl"
    file.write_text('{"statement": "The moon is hollow", "title": "No, it is not"}\n')
    ok("import", "jsonl", file, "--set", "publisher=The Checker")
    day = ("--as-of", "today")
    (row,) = csv.DictReader(
        ok("claim", "search", "moon", *day, "--format", "csv")
        .out.removeprefix("\ufeff")
        .splitlines()
    )
    assert (row["found"], row["source_id"], row["publisher"]) == ("The **moon** is hollow", "", "")
    assert row["as_of"]
    for fmt in ("table", "markdown", "json", "jsonl"):
        assert "hollow" in ok("claim", "search", "moon", *day, "--format", fmt).out


def test_nothing_found_is_said_as_in_a_list(ok: Run) -> None:
    outcome = ok("claim", "search", "zebra")
    assert (outcome.out, outcome.err) == ("", "No claim has what was searched.\n")
    assert ok("claim", "search", "zebra", "--format", "json").json == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "Missing argument"),
        (("bridge", "--stauts", "false"), 2, "There is no option --stauts."),
        (("bridge", "--text", "closed"), 2, "leave --text out"),
        (("&|!",), 5, "There is no word"),
        ((" ",), 5, "empty"),
        (("the",), 5, "in most texts"),
        (("x" * 1001,), 5, "1,001 characters"),
        (("bridge", "--speaker", "Nobody Known"), 3, "no speaker"),
    ],
)
def test_what_cannot_be_searched_is_said(
    run: Run, words: tuple[str, ...], code: int, sentence: str
) -> None:
    outcome = run("claim", "search", *words)
    assert outcome.code == code
    assert sentence in outcome.err
    assert outcome.out == ""


def test_hostile_words_do_no_harm(ok: Run) -> None:
    add(ok, "=1+1 | \x1b[31mred\x1b[0m <b>&</b> bridge")
    for fmt in ("table", "markdown", "json"):
        out = ok("claim", "search", "bridge", "red", "--format", fmt).out
        assert "\x1b" not in out
    outcome = ok("claim", "search", "\x1b[31mbrigde%_\\'")
    assert "\x1b" not in outcome.err
