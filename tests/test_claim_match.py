"""`claim match`: whether a text repeats a claim that is on record, and what became of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from claimtrack.db import make_engine
from claimtrack.services.matching import candidates, postings
from tests import records
from tests.conftest import Desk, Run, Start

PAGE = "https://example.org/news"

#: Enough others that words are common or rare.
OTHERS = [
    "The north bridge was closed for the whole of May",
    "Three wards of the clinic lost power on Tuesday",
    "The council sold the town hall to a bakery",
    "Every second tram in Lindau is late",
    "Schools in the valley will open on Saturdays",
    "A wolf was seen near the railway station",
    "The mayor of Lindau earns more than the chancellor",
    "No rain fell in the valley between March and July",
    "The new stadium cost 90 million francs",
    "Half of all ferries were cancelled last winter",
]
LLAMAS = "A herd of 40 llamas escaped from the zoo of Basel"
POST = "OMG!! 40 llamas escaped in Basel, straight from the zoo 😱 https://t.co/x1 #Basel"


@pytest.fixture
def town(database_url: str) -> str:
    with make_engine(database_url).begin() as connection:
        records.claim(connection, LLAMAS)
        for number, statement in enumerate(OTHERS):
            for year in (2019, 2020, 2021):
                records.claim(connection, f"{statement} in {year + number}", url=None)
        postings.drain(connection)
    return database_url


def matches(ok: Run, *words: object) -> Any:
    return ok("claim", "match", *words, "--format", "json").json


def change(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


# --- What is found -------------------------------------------------------------------------------


def test_a_post_is_matched_with_the_claim_that_it_repeats(town: str, ok: Run) -> None:
    (found,) = matches(ok, POST, "--limit", 1)
    assert {name: found[name] for name in ("claim_id", "external_id", "statement", "status",
                                           "verdict", "appearances")} == {
        "claim_id": 1, "external_id": None, "statement": LLAMAS, "status": "unverified",
        "verdict": None, "appearances": 1,
    }  # fmt: skip
    assert found["probability"] > 0.5
    weights = {one["word"]: one["weight"] for one in found["why"]}
    assert {"llamas", "zoo", "basel"} <= weights.keys()
    assert list(weights.values()) == sorted(weights.values(), reverse=True)


def test_nothing_that_matches_is_an_answer(town: str, run: Run) -> None:
    outcome = run("claim", "match", "Quarterly dividends of the copper mine", "--format", "json")
    assert (outcome.code, outcome.json) == (3, [])
    assert "likely enough" in run("claim", "match", "Quarterly dividends").err


def test_threshold_0_gives_the_whole_ranking(town: str, ok: Run, run: Run) -> None:
    ranking = matches(ok, "The mayor was seen near the zoo", "--threshold", 0)
    assert len(ranking) > 3
    likely = [one["probability"] for one in ranking]
    assert likely == sorted(likely, reverse=True)
    assert (
        matches(ok, "The mayor was seen near the zoo", "--threshold", 0, "--limit", 2)
        == (ranking[:2])
    )
    assert run("claim", "match", POST, "--threshold", 1).code == 3


def test_the_verdict_is_shown_beside_it(town: str, ok: Run) -> None:
    ok("evidence", "add", 1, "https://zoo.example/log", "--refutes")
    ok("claim", "mark", 1, "false", "--because", "all forty are in")
    shown = ok("claim", "match", POST).out
    assert "false" in shown
    assert "llama" in shown
    assert matches(ok, POST)[0]["verdict"] == "false"
    row = ok("claim", "match", POST, "--format", "csv").out.splitlines()
    assert row[0].lstrip("\ufeff").startswith("claim_id,external_id,statement,status,verdict")


def test_a_claim_that_was_set_aside_is_found_with_its_status(town: str, ok: Run) -> None:
    ok("claim", "mark", 1, "set-aside", "--reason", "out-of-scope", "--because", "no politics")
    assert matches(ok, POST)[0]["status"] == "set_aside"


@pytest.mark.parametrize("told", ["said_on", "published", "reviewed_on"])
def test_of_claims_that_fit_as_well_the_one_of_those_days_is_the_likelier(
    ok: Run, tmp_path: Path, told: str
) -> None:
    file = tmp_path / "floods.csv"
    file.write_text(
        f"id,statement,source_title,{told}\n"
        "1,A flood closed the north bridge for seven days,Page seven,2019-06-04\n"
        "2,A flood closed the north bridge for eight days,Page eight,2022-06-04\n"
    )
    review = ("--set", "review_url=https://a.example/1") if told == "reviewed_on" else ()
    ok("import", "csv", file, "--set", "publisher=Gazette", *review)
    text = "the north bridge is closed by the flood — A Neighbour (@next_door) June {}, {}"
    for day, year, number in ((1, 2019, "1"), (9, 2022, "2")):
        first, other = matches(ok, text.format(day, year), "--threshold", 0)
        assert first["external_id"] == number
        assert first["score"] > other["score"] + 1
    one, two = matches(ok, text.format(1, 2009), "--threshold", 0)
    assert abs(one["score"] - two["score"]) < 0.5


def test_a_text_is_read_in_the_language_in_which_its_words_are_on_record(ok: Run) -> None:
    for statement, language in (
        ("Die Brücken von Lindau wurden im Mai gesperrt", "de"),
        ("A nyugdíjasok tizenharmadik havi nyugdíjat kapnak", "hu"),
        ("Ο μετανάστης παίρνει επίδομα χιλίων ευρώ", "el"),
        ("किसानों की नौकरियां चली गईं", "hi"),
        ("The trains were cancelled", "en"),
    ):
        ok("claim", "add", statement, "--language", language, "--source", PAGE,
           "--manner", "own-voice")  # fmt: skip
    for text, number in (
        ("Brücke gesperrt", 1),
        ("A nyugdíjas tizenharmadik havi nyugdíja", 2),
        ("Μετανάστες με επίδομα", 3),
        ("किसान नौकरी", 4),
        ("cancelling a train", 5),
    ):
        found = matches(ok, text, "--threshold", 0)
        assert [one["claim_id"] for one in found][:1] == [number], text


@pytest.mark.parametrize("name", ["Ines Kolb", "Omar Said", "Dr. O. Faruk"])
def test_who_is_named_in_a_text_decides_between_claims_in_the_same_words(
    ok: Run, name: str
) -> None:
    ok("speaker", "add", "Omar Said", "--alias", "Dr. O. Faruk")
    for order, speaker in (
        ("The ferry to Horn was late on Friday", "Ines Kolb"),
        ("Late on Friday was the ferry to Horn", "Omar Said"),
    ):
        ok("claim", "add", order, "--speaker", speaker, "--source", f"{PAGE}/ferry", "--new")
    first, second = matches(ok, f"{name}: the Horn ferry was late on Friday", "--limit", 2)
    own, other = (first, second) if name == "Ines Kolb" else (second, first)
    assert own["claim_id"] < other["claim_id"]
    assert first["score"] > second["score"]
    assert {one["word"] for one in first["why"]} & {word.lower() for word in name.split()}


def test_a_merged_claim_answers_with_its_head(town: str, ok: Run) -> None:
    with make_engine(town).begin() as connection:
        head = records.claim(connection, "Forty camelids broke out", url="https://example.org/2")
    ok("claim", "merge", head, 1, "--because", "the same outbreak")
    found = matches(ok, POST)
    assert [one["claim_id"] for one in found].count(head) == 1
    assert (found[0]["claim_id"], found[0]["appearances"]) == (head, 2)
    assert 1 not in [one["claim_id"] for one in found]


def test_the_verdict_of_a_claim_that_is_the_same_is_shown_beside_it(town: str, ok: Run) -> None:
    for number, how in ((2, "same"), (3, "merge")):
        ok("claim", "mark", number, "false", "--because", "x", "--refutes", f"{PAGE}/{number}")
        ok("claim", how, 1, number, "--because", "One event")
    (found,) = matches(ok, POST, "--limit", 1)
    assert (found["claim_id"], found["verdict"]) == (1, None)
    assert [(one["id"], one["verdict"]) for one in found["same"]] == [(3, "false"), (2, "false")]
    assert f"{LLAMAS} (the same: 3 false, 2 false)" in ok("claim", "match", POST).out
    said = ok("claim", "add", POST, "--speaker", "Lena Vogt", "--source", PAGE).err
    assert "looks like claim 1, unverified (the same: claim 3, false, claim 2, false)" in said


def test_a_fact_check_of_others_speaks_for_its_claim(town: str, ok: Run) -> None:
    change(
        town,
        "INSERT INTO assessment (claim_id, assessment_key, title) VALUES"
        " (2, sha256('1'), 'No, the overpass at Rorschach is not shut')",
    )
    assert matches(ok, "The overpass at Rorschach is shut", "--limit", 1)[0]["claim_id"] == 2


def test_what_only_search_looks_at_makes_no_match(town: str, run: Run) -> None:
    assert run("claim", "match", f"{records.SPEAKER} of example.org").code == 3


def test_a_new_claim_is_found_by_the_next_command(town: str, ok: Run) -> None:
    ok("claim", "add", "Otters dug up the cemetery of Chur", "--speaker", records.SPEAKER,
       "--source", PAGE)  # fmt: skip
    assert matches(ok, "otters digging in the Chur cemetery")[0]["statement"].startswith("Otters")


def test_what_was_changed_in_plain_sql_is_read_first(town: str, ok: Run) -> None:
    change(town, "UPDATE claim SET statement = 'A herd of alpacas left the circus' WHERE id = 1")
    assert matches(ok, "alpacas leaving a circus")[0]["claim_id"] == 1


def test_a_reader_matches_too(town: str, staff: Desk) -> None:
    change(town, "UPDATE claim SET language = 'en-GB' WHERE id = 2")
    found = staff("reader", "claim", "match", POST, "--format", "json")
    assert (found.code, found.json[0]["claim_id"]) == (0, 1), found.err


def test_a_text_in_another_language_is_read_as_such(database_url: str, ok: Run) -> None:
    with make_engine(database_url).begin() as connection:
        records.claim(connection, "Die Brücken über den Rhein sind gesperrt", language="de")
        postings.drain(connection)
    (found,) = matches(ok, "Brücke über Rhein gesperrt!", "--language", "de", "--threshold", 0)
    assert len(found["why"]) == 3


SPANISH = "Las vacunas contienen microchips para rastrear a los ciudadanos de Lindau"


def test_the_language_of_a_text_is_told_by_its_words(town: str, ok: Run) -> None:
    ok("claim", "add", SPANISH, "--language", "es", "--source", PAGE, "--speaker", "Lena Vogt")

    found = matches(ok, SPANISH)[0]
    assert (found["claim_id"], found["probability"] > 0.9) == (32, True)
    assert "vacunas" in [one["word"] for one in found["why"]]
    assert matches(ok, POST)[0]["claim_id"] == 1


def test_each_line_may_say_its_language(town: str, run: Run) -> None:
    lines = ({"id": 1, "text": "Llamas", "language": "es"}, {"id": 2, "text": "x", "language": 7})
    file = "".join(json.dumps(line) + "\n" for line in lines)
    done = run("claim", "match", "--file", "-", "--threshold", "0", input=file)

    assert done.code == 5
    assert "Line 2: Its language is no tag" in done.err
    assert json.loads(done.out)["id"] == 1


def test_words_that_all_have_do_not_bury_the_rare_ones(
    town: str, ok: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "READ", 3)
    assert matches(ok, f"In the valley of the mayor: {POST}")[0]["claim_id"] == 1


def test_an_empty_database_has_no_match(database_url: str, run: Run) -> None:
    assert run("claim", "match", POST).code == 3
    assert run("claim", "match", "???", "--threshold", 0).code == 3


# --- Texts from elsewhere ------------------------------------------------------------------------


def test_standard_input_is_a_text(town: str, ok: Run) -> None:
    assert ok("claim", "match", "-", "--format", "json", input=POST).json[0]["claim_id"] == 1


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_each_line_of_a_file_is_answered_by_a_line(town: str, ok: Run, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    posts = lines({"id": "a", "text": POST, "more": 1}, {"id": 2, "text": "Dividends"})
    path.write_text("\ufeff" + posts.replace("}\n", "}\n\n", 1), encoding="utf-8")
    out = ok("claim", "match", "--file", path).out
    first, second = map(json.loads, out.splitlines())
    assert (first["id"], [one["claim_id"] for one in first["matches"]][:1]) == ("a", [1])
    assert second == {"id": 2, "matches": []}
    assert set(first["matches"][0]) >= {
        *("claim_id", "external_id", "statement", "status", "verdict", "score", "probability"),
        "why",
    }
    assert ok("claim", "match", "--file", "-", "--format", "json", input=posts).json == [
        first, second,
    ]  # fmt: skip


@pytest.fixture
def ferries(town: str, ok: Run) -> str:
    """Two claims, 32 and 33, in the same words, of other days."""
    for statement, day in (
        ("The ferry to Horn was late on Friday", "2020-03-06"),
        ("Late on Friday was the ferry to Horn", "2021-06-18"),
    ):
        who = ("--speaker", "Ines Kolb", "--source", f"{PAGE}/ferry", "--said-on", day, "--new")
        ok("claim", "add", statement, *who)
    return "On Friday the Horn ferry was late"


def test_the_day_of_a_text_puts_the_claims_of_that_day_first(ferries: str, run: Run) -> None:
    def first(*more: object) -> tuple[int, str]:
        outcome = run("claim", "match", ferries, *more, "--format", "json")
        return outcome.json[0]["claim_id"], outcome.err

    assert first("--on", "2020-03-07") == (32, "")
    assert first("--on", "18 June 2021") == (33, "")
    number, said = first("--on", "2021-06")
    assert (number, said) == (first()[0], "2021-06 is no day: the text is looked for without.\n")
    assert run("claim", "match", ferries, "--on", "someday").code == 5


def test_each_line_may_say_its_day(ferries: str, run: Run) -> None:
    dates = ["2020-03-07T20:05:00Z", "June 18, 2021", "n/a", None, "03/04/2020", 20200307, "2020"]
    file = lines(*({"id": at, "text": ferries, "date": date} for at, date in enumerate(dates)))
    outcome = run("claim", "match", "--file", "-", input=file)
    answers = [json.loads(one)["matches"] for one in outcome.out.splitlines()]
    assert outcome.code == 0
    assert [found[0]["claim_id"] for found in answers[:2]] == [32, 33]
    assert answers[2:] == [answers[2]] * 5
    assert outcome.err.splitlines() == [
        'Line 5: No date can be read in "03/04/2020": the text is looked for without.',
        'Line 6: No date can be read in "20200307": the text is looked for without.',
        "Line 7: 2020 is no day: the text is looked for without.",
    ]
    on_that_day = run("claim", "match", "--file", "-", "--on", "2021-06-18", input=file)
    answers = [json.loads(one)["matches"] for one in on_that_day.out.splitlines()]
    assert [found[0]["claim_id"] for found in answers] == [32, *[33] * 6]


def test_a_file_without_a_match_ends_with_3(town: str, run: Run) -> None:
    outcome = run("claim", "match", "--file", "-", input=lines({"id": 2, "text": "Dividends"}))
    assert (outcome.code, json.loads(outcome.out)["matches"]) == (3, [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "Line 2: It is not JSON."),
        ('["a"]', "Line 2: It is no object with a text"),
        ('{"id": 1}', "Line 2: It is no object with a text"),
        ('{"id": 1, "text": 5}', "Line 2: It is no object with a text"),
        ('{"text": "x"}', "Line 2: It has no id"),
    ],
)
@pytest.mark.parametrize("fmt", [(), ("--format", "json")])
def test_a_line_that_is_none_is_named_and_the_others_are_answered(
    town: str, run: Run, fmt: tuple[str, ...], line: str, said: str
) -> None:
    file = f"{lines({'id': 1, 'text': POST})}{line}\n\n{line}\n{lines({'id': 4, 'text': POST})}"
    outcome = run("claim", "match", "--file", "-", *fmt, input=file)
    assert outcome.code == 5
    assert said in outcome.err
    assert said.replace("Line 2", "Line 4") in outcome.err
    assert "2 lines were not answered." in outcome.err
    answers = outcome.json if fmt else [json.loads(one) for one in outcome.out.splitlines()]
    assert [one["id"] for one in answers] == [1, 4]


def test_a_file_without_a_good_line_is_an_empty_array(town: str, run: Run) -> None:
    outcome = run("claim", "match", "--file", "-", "--format", "json", input="{\n")
    assert (outcome.code, outcome.json) == (5, [])


def test_each_answer_comes_before_the_next_line_is_there(town: str, start_process: Start) -> None:
    running = start_process("claim", "match", "--file", "-")
    assert running.stdin is not None
    assert running.stdout is not None
    for number in (1, 2):
        running.stdin.write(lines({"id": number, "text": POST}))
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["id"] == number
    running.stdin.close()
    assert running.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("text", "--file", "-"), 2),
        (("  ",), 5),
        (("text", "--threshold", "nan"), 2),
        (("text", "--threshold", "1.5"), 2),
        (("text", "--limit", "0"), 2),
        (("text", "--language", "not a tag"), 5),
        (("--file", "-", "--format", "csv"), 2),
        (("--file", "nowhere.jsonl"), 2),
    ],
)
def test_what_can_not_be_asked_is_refused(run: Run, words: tuple[str, ...], code: int) -> None:
    outcome = run("claim", "match", *words, input="")
    assert (outcome.code, outcome.out) == (code, "")


# --- Several that say the same -------------------------------------------------------------------

VILLA = "The finance minister owns a villa in Monaco"


def test_claims_that_say_nearly_the_same_do_not_hide_each_other(town: str, ok: Run) -> None:
    with make_engine(town).begin() as connection:
        made = [
            records.claim(connection, words)
            for words in (VILLA, "Finance minister owns villa in Monaco!", f"Does {VILLA}?")
        ]
        postings.drain(connection)

    found = matches(ok, "Our finance minister secretly has a villa in Monaco")

    assert sorted(row["claim_id"] for row in found) == made


def test_claims_that_are_judged_the_same_do_not_hide_each_other(town: str, ok: Run) -> None:
    with make_engine(town).begin() as connection:
        made = [
            records.claim(connection, words)
            for words in (VILLA, "A house in Monaco belongs to the secretary of the treasury")
        ]
        postings.drain(connection)
    post = "The finance minister, secretary of the treasury, owns a villa, a house in Monaco"
    apart = {row["claim_id"]: row["probability"] for row in matches(ok, post, "--threshold", 0)}

    ok("claim", "same", *made)

    together = {row["claim_id"]: row["probability"] for row in matches(ok, post, "--threshold", 0)}
    assert apart[made[1]] < 0.2
    assert together[made[1]] > 0.8
    assert together[made[0]] >= apart[made[0]]
