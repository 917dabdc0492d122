"""Where the desk's fact-checks stand, the labels of the house, and what others published."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from claimtrack.db import make_engine, write_transaction
from tests import records, tables
from tests.conftest import ACTOR, Desk, Outcome, Run

URL = "https://desk.example.org/bridge"
PUBLISH = ("claim", "publish", 1, "--url", URL, "--on", "2024-06-07", "--headline", "It was open")


@pytest.fixture
def checked(ok: Run) -> Outcome:
    ok(
        *("claim", "add", "The north bridge was closed", "--speaker", "Lena Vogt"),
        *("--source", "https://example.org/news/bridge"),
    )
    return ok(
        *("claim", "mark", 1, "false", "--because", "The log shows it open"),
        *("--refutes", "https://example.org/log"),
    )


# --- Publishing ----------------------------------------------------------------------------------


def test_a_published_claim_shows_where(ok: Run, checked: Outcome) -> None:
    done = ok(*PUBLISH, "--public-note", "Corrected on 9 June", "--format", "json").json
    shown = ok("claim", "show", 1, "--format", "json").json
    assert shown["publication"] == done["publication"]
    assert {**shown["publication"], "recorded_at": None} == {
        "claim_id": 1,
        "review": 1,
        "verdict": "false",
        "url": URL,
        "published_on": "2024-06-07",
        "headline": "It was open",
        "public_note": "Corrected on 9 June",
        "recorded_at": None,
        "recorded_by": ACTOR,
    }
    text = ok("claim", "show", 1).out
    assert "Published\n  It was open, published on 2024-06-07 as false\n" in text
    assert f"    {URL}\n    Corrected on 9 June\n" in text


def test_what_was_never_published_says_so(ok: Run, checked: Outcome) -> None:
    assert ok("claim", "show", 1, "--format", "json").json["publication"] is None
    assert "Published" not in ok("claim", "show", 1).out


def test_only_a_claim_with_a_verdict_is_published(run: Run, ok: Run) -> None:
    ok("claim", "add", "The bridge was closed", "--speaker", "A B", "--source", "https://a.example")
    refused = run(*PUBLISH)
    assert refused.code == 4
    assert "Claim 1 is unverified: only a claim with a verdict is published." in refused.err
    assert "claimtrack claim mark 1 VERDICT" in refused.err


def test_a_verdict_that_waits_for_approval_is_not_published(run: Run, ok: Run) -> None:
    ok("claim", "add", "The bridge was closed", "--speaker", "A B", "--source", "https://a.example")
    ok("policy", "second_reviewer", "on")
    ok("claim", "mark", 1, "unproven", "--because", "Nothing found")
    refused = run(*PUBLISH)
    assert (refused.code, "claimtrack claim approve 1" in refused.err) == (4, True)


def test_publishing_again_withdraws_what_stood_there(ok: Run, checked: Outcome) -> None:
    ok(*PUBLISH)
    again = ok(*PUBLISH[:3], "--url", f"{URL}-2", *PUBLISH[5:])
    assert f"What stood there before is withdrawn: {URL}, published on 2024-06-07 as false." in (
        again.err
    )
    assert ok("claim", "show", 1, "--format", "json").json["publication"]["url"] == f"{URL}-2"
    told = ok("claim", "history", 1, "--format", "json").json[-3:]
    assert [(one["what"], one["detail"], one["because"]) for one in told] == [
        ("published", f"It was open, on 2024-06-07: {URL}", None),
        ("unpublished", f"It was open, on 2024-06-07: {URL}", f"Published again, at {URL}-2"),
        ("published", f"It was open, on 2024-06-07: {URL}-2", None),
    ]


def test_publishing_the_same_again_changes_nothing(
    ok: Run, checked: Outcome, database_url: str
) -> None:
    first = ok(*PUBLISH, "--format", "json").json
    second = ok(*PUBLISH, "--format", "json")
    assert "nothing was changed" in second.err
    assert second.json["publication"] == first["publication"]
    with make_engine(database_url).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM publication").scalar() == 1


def test_unpublishing_keeps_the_verdict(ok: Run, run: Run, checked: Outcome) -> None:
    ok(*PUBLISH)
    done = ok("claim", "unpublish", 1, "--because", "Taken down")
    assert done.out == f"1 false: no longer published at {URL}\n"
    assert ok("claim", "show", 1, "--format", "json").json["publication"] is None
    refused = run("claim", "unpublish", 1, "--because", "Taken down")
    assert (refused.code, "Claim 1 is not published." in refused.err) == (4, True)


def test_whoever_moves_a_published_claim_is_told_to_correct_the_article(
    ok: Run, checked: Outcome
) -> None:
    ok(*PUBLISH)
    moved = ok("claim", "mark", 1, "mixed", "--because", "Half a day", "--change", "correction")
    assert f"Claim 1 is published at {URL} as false: correct the article." in moved.err
    assert "The claim is mixed now: correct the article" in ok("claim", "show", 1).out
    reopened = ok("claim", "mark", 1, "unverified", "--because", "A new log")
    assert "correct the article" in reopened.err
    ok("claim", "unpublish", 1, "--because", "Being rewritten")
    assert ok("claim", "mark", 1, "mixed", "--because", "As before").err == ""


def test_what_was_published_of_a_merged_claim_shows_at_its_head(
    ok: Run, run: Run, checked: Outcome
) -> None:
    ok(*PUBLISH)
    ok("claim", "add", "It was shut", "--speaker", "A B", "--source", "https://a.example")
    ok("claim", "merge", 2, 1, "--because", "The same")
    assert ok("claim", "show", 2, "--format", "json").json["publication"]["claim_id"] == 1
    assert "It was open, published on 2024-06-07 as false for claim 1" in ok("claim", "show", 2).out
    refused = run(*PUBLISH)
    assert (refused.code, "claim publish 2" in refused.err) == (4, True)
    refused = run("claim", "unpublish", 2, "--because", "x")
    assert (refused.code, "claim unpublish 1" in refused.err) == (4, True)
    ok("claim", "unpublish", 1, "--because", "Taken down")
    assert ok("claim", "show", 2, "--format", "json").json["publication"] is None


def test_the_past_has_what_was_published_then(ok: Run, checked: Outcome) -> None:
    ok(*PUBLISH)
    assert ok("claim", "show", 1, "--as-of", "today", "--format", "json").json["publication"]


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--url", "desk.example.org/bridge", "--url: The address has no scheme"),
        ("--on", "2024-06", "wants a day"),
        ("--on", "soon", "is not a --on"),
        ("--on", "2099-01-01", "--on 2099-01-01 is still to come"),
        ("--headline", "  ", "headline"),
    ],
)
def test_what_can_not_be_recorded_is_refused(
    run: Run, checked: Outcome, option: str, value: str, sentence: str
) -> None:
    refused = run(*PUBLISH, option, value)
    assert refused.code == 5
    assert sentence in refused.err


def test_publishing_takes_a_reviewer(staff: Desk) -> None:
    with write_transaction(make_engine(staff.owner_url), actor=ACTOR) as connection:
        number = records.claim(connection)
        records.review(connection, number, "checked", verdict="unproven")
    assert staff("recorder", *PUBLISH, actor=None).code == 6
    done = staff("reviewer", *PUBLISH, actor=None)
    assert done.code == 0, done.err


# --- The labels of the house ---------------------------------------------------------------------

ADD = ("rating", "add", "Four Pinocchios", "--scale", "Pinocchios", "--verdict", "false")


def mark(run: Run, word: str, rating: str) -> Outcome:
    refuting = ("--refutes", "https://example.org/log-2")
    return run("claim", "mark", 1, word, "--because", "x", *refuting, "--rating", rating)


@pytest.fixture
def open_claim(ok: Run) -> None:
    ok("claim", "add", "It was shut", "--speaker", "A B", "--source", "https://a.example")


def test_a_label_stands_for_a_verdict_on_its_scale(ok: Run) -> None:
    added = ok(*ADD, "--value", "4", "--best", "0", "--worst", "4")
    assert added.out == "Four Pinocchios (Pinocchios 4): false\n"
    ok("rating", "add", "Geppetto", "--scale", "pinocchios", "--verdict", "true", "--value", "0")
    assert ok("rating", "list", "--format", "json").json == [
        {"id": 2, "scale": "Pinocchios", "label": "Geppetto", "verdict": "true"}
        | {"value": 0, "best": 0, "worst": 4},
        {"id": 1, "scale": "Pinocchios", "label": "Four Pinocchios", "verdict": "false"}
        | {"value": 4, "best": 0, "worst": 4},
    ]
    assert "nothing was changed" in ok(*ADD, "--value", "4").err


def test_a_mark_takes_the_labels_of_the_house_alone(ok: Run, run: Run, open_claim: None) -> None:
    ok(*ADD)
    other = mark(run, "false", "Pants on fire")
    assert other.code == 4
    assert 'Those for false: "Four Pinocchios".' in other.err
    wrong = mark(run, "misleading", "four pinocchios")
    assert wrong.code == 4
    assert '"Four Pinocchios" stands for false, not for misleading' in wrong.err
    done = mark(run, "false", " four  PINOCCHIOS")
    assert done.code == 0, done.err
    assert ok("claim", "show", 1, "--format", "json").json["reviews"][-1]["rating"] == (
        "Four Pinocchios"
    )


def test_without_a_scale_any_label_goes(ok: Run, run: Run, open_claim: None) -> None:
    assert ok("rating", "list").err.startswith("The house has no ratings of its own")
    assert mark(run, "false", "Pants on fire").code == 0


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--best", "5"], 2, "two ends"),
        (["--best", "5", "--worst", "5"], 5, "a scale has two ends"),
        (["--best", "5", "--worst", "5.0"], 5, "a scale has two ends"),
        (["--value", "3"], 2, "has no numbers"),
        (["--value", "6", "--best", "5", "--worst", "1"], 5, "from 1 (worst) to 5 (best)"),
        (["--value", "four", "--best", "5", "--worst", "1"], 5, "is no number"),
        (["--value", "nan", "--best", "5", "--worst", "1"], 5, "is no number"),
    ],
)
def test_a_number_lies_on_its_scale(
    ok: Run, run: Run, options: list[str], code: int, sentence: str
) -> None:
    refused = run(*ADD, *options)
    assert (refused.code, sentence in refused.err) == (code, True), refused.err
    assert ok("rating", "list", "--format", "json").json == []


def test_a_label_and_a_scale_stay_what_they_were(ok: Run, run: Run) -> None:
    ok(*ADD, "--value", "4", "--best", "0", "--worst", "4")
    other = run(*ADD[:-1], "misleading", "--value", "4")
    assert (other.code, "stands for false, 4" in other.err) == (4, True)
    ends = run(*ADD, "--value", "4", "--best", "1", "--worst", "4")
    assert (ends.code, "goes from 4 (worst) to 0 (best)" in ends.err) == (4, True)


# --- What others published -----------------------------------------------------------------------


def test_what_others_found_is_shown_and_is_not_our_verdict(ok: Run, database_url: str) -> None:
    with write_transaction(make_engine(database_url), actor=ACTOR) as connection:
        number = records.claim(connection)
        house = records.publisher(connection, "Facts Weekly")
        kept = {"claim_id": number, "assessment_key": b"x" * 32, "publisher_id": house}
        kept |= {"title": "Was it shut?", "url": "https://facts.example/1", "rating": "Pants Fire"}
        kept |= {"verdict": "false", "rating_value": 1, "best_rating": 6, "worst_rating": 1}
        kept |= {"published_on": "2024-05-01", "published_precision": "month"}
        connection.execute(insert(tables.assessment).values(**kept, summary="The log says no"))
        gone = {"claim_id": number, "assessment_key": b"y" * 32, "title": "Gone"}
        connection.execute(insert(tables.assessment).values(**gone))
        connection.exec_driver_sql(
            "UPDATE assessment SET withdrawn_because = 'undone' WHERE title = 'Gone'"
        )
    shown = ok("claim", "show", 1, "--format", "json").json
    assert (shown["status"], shown["verdict"]) == ("unverified", None)
    (one,) = shown["assessments"]
    assert {**one, "recorded_at": None} == {
        "id": one["id"],
        "claim_id": 1,
        "publisher": "Facts Weekly",
        "title": "Was it shut?",
        "url": "https://facts.example/1",
        "rating": "Pants Fire",
        "verdict": "false",
        "rating_value": 1,
        "best_rating": 6,
        "worst_rating": 1,
        "published_on": "2024-05",
        "language": None,
        "summary": "The log says no",
        "recorded_at": None,
        "recorded_by": ACTOR,
    }
    assert (
        "What others found\n  Facts Weekly: Pants Fire (false), published 2024-05\n"
        "    Was it shut?\n    https://facts.example/1\n    The log says no\n"
    ) in ok("claim", "show", 1).out
