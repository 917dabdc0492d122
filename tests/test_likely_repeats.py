"""`claim add` shows the claim that a statement looks like, and lets a person choose."""

from __future__ import annotations

import pytest

from claimtrack.cli.app import App
from tests.conftest import Desk, Run

LLAMAS = "A herd of llamas escaped from the zoo of Basel"
AGAIN = "Llamas escaped from Basel zoo"
PAGE = "https://example.org/zoo"
SECOND = ("--speaker", "Omar Said", "--new-speaker", "--source", "https://example.org/second")


@pytest.fixture(autouse=True)
def llamas(ok: Run) -> None:
    """A claim that was found false."""
    ok("claim", "add", LLAMAS, "--speaker", "Ines Kolb", "--new-speaker", "--source", PAGE)
    ok("evidence", "add", 1, "https://log.example/zoo", "--refutes")
    ok("claim", "mark", 1, "false", "--because", "all are in")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person sits at the terminal."""
    monkeypatch.setattr(App, "interactive", True)


def claims(ok: Run) -> int:
    return len(ok("claim", "list", "--format", "json").json)


def test_where_nobody_can_be_asked_it_is_recorded_and_waits_to_be_judged(ok: Run) -> None:
    outcome = ok("claim", "add", AGAIN, *SECOND, "--format", "json")
    assert outcome.json["id"] == 2
    assert f'looks like claim 1, checked: false, 1 appearance: "{LLAMAS}"' in outcome.err
    (pair,) = ok("report", "duplicates", "--list", "--format", "json").json["rows"]
    assert (pair["claim"]["id"], pair["other"]["id"], pair["found_by"]) == (1, 2, "claim add")


def test_new_records_it_all_the_same(ok: Run) -> None:
    assert ok("claim", "add", AGAIN, *SECOND, "--new", "--format", "json").json["id"] == 2
    assert claims(ok) == 2


@pytest.mark.usefixtures("asked")
def test_a_person_adds_an_appearance(ok: Run) -> None:
    outcome = ok("claim", "add", AGAIN, *SECOND, "--format", "json", input="1\n")
    assert "checked: false" in outcome.err
    assert (outcome.json["id"], len(outcome.json["appearances"])) == (1, 2)
    assert claims(ok) == 1


@pytest.mark.usefixtures("asked")
def test_what_an_appearance_does_not_have_is_said(ok: Run) -> None:
    typed = ("--topic", "zoos", "--priority", "high", "--format", "json")
    outcome = ok("claim", "add", AGAIN, *SECOND, *typed, input="1\n")
    assert "Claim 1 keeps what it has; not taken over: topics, priority." in outcome.err
    assert outcome.json["topics"] == []


@pytest.mark.usefixtures("asked")
def test_a_person_records_it_anyway(ok: Run) -> None:
    added = ok("claim", "add", AGAIN, *SECOND, "--format", "json", input="n\n").json
    assert added["id"] == 2
    # It was asked once: the pair is judged, and doesn't come back.
    (one,) = added["judgements"]
    assert (one["claim_id"], one["judgement"]) == (1, "different")
    assert "when it was recorded" in one["because"]
    assert ok("report", "duplicates", "--format", "json").json["rows"] == []


def test_who_may_not_judge_records_it_anyway(
    staff: Desk, ok: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(App, "interactive", True)
    outcome = staff("recorder", "claim", "add", AGAIN, *SECOND, input="n\n")
    assert (outcome.code, claims(ok)) == (0, 2)
    assert ok("claim", "show", 2, "--format", "json").json["judgements"] == []


@pytest.mark.usefixtures("asked")
def test_a_person_stops(ok: Run, run: Run) -> None:
    outcome = run("claim", "add", AGAIN, *SECOND, input="s\n")
    assert (outcome.code, "Nothing was recorded." in outcome.err) == (4, True)
    assert claims(ok) == 1


@pytest.mark.parametrize(
    "other",
    [
        "A herd of llamas was bought by the zoo of Bern",
        "The ferry of Basel was late",
        "Otters escaped from an aquarium",
    ],
)
def test_what_only_shares_some_words_is_recorded(ok: Run, other: str) -> None:
    assert ok("claim", "add", other, *SECOND, "--format", "json").json["id"] == 2


def test_another_figure_is_another_claim(ok: Run) -> None:
    ok("claim", "add", "12 people were hurt in Chur", *SECOND)
    ok("claim", "add", "14 people were hurt in Chur", "--speaker", "Omar Said", "--source", PAGE)
    assert claims(ok) == 3


def test_the_same_words_are_still_the_same_claim(run: Run) -> None:
    outcome = run("claim", "add", LLAMAS, *SECOND)
    assert (outcome.code, "on record already" in outcome.err) == (4, True)


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("answer", ["1", "n", "s"])
def test_a_person_is_asked_about_the_same_words_as_well(ok: Run, run: Run, answer: str) -> None:
    outcome = run("claim", "add", f"{LLAMAS}.", *SECOND, input=f"{answer}\n")
    assert f'1  claim 1, checked: false, 1 appearance: "{LLAMAS}": add an app' in outcome.err
    assert (outcome.code, claims(ok)) == {"1": (0, 1), "n": (0, 2), "s": (4, 1)}[answer]
    appearances = ok("claim", "show", 1, "--format", "json").json["appearances"]
    assert len(appearances) == (2 if answer == "1" else 1)


@pytest.mark.usefixtures("asked")
def test_who_says_that_it_is_another_claim_is_asked_once(ok: Run) -> None:
    near = ("--speaker", "Ines Kolbe", "--source", "https://example.org/second")
    outcome = ok("claim", "add", LLAMAS, *near, "--format", "json", input="n\n1\n")
    assert outcome.err.count("That may be on record already") == 1
    assert (outcome.json["id"], outcome.json["appearances"][0]["speaker"]["id"]) == (2, 1)


@pytest.mark.usefixtures("asked")
def test_the_verdict_of_the_very_words_is_told_where_they_were_merged(ok: Run, run: Run) -> None:
    ok("claim", "add", "Otters dance", "--new", *SECOND)
    ok("claim", "merge", 2, 1, "--because", "One event")
    outcome = run("claim", "add", LLAMAS, *SECOND, input="s\n")
    assert 'dance", into which claim 1 was merged, false, with these words' in outcome.err


@pytest.mark.usefixtures("asked")
def test_a_newer_figure_in_the_same_words_is_refused_without_asking(ok: Run, run: Run) -> None:
    ok("claim", "add", "900 llamas are in", "--figure", "900", "--unit", "llamas", *SECOND)
    outcome = run("claim", "supersede", 2, LLAMAS, "--figure", "901", *SECOND)
    assert (outcome.code, "on record already" in outcome.err) == (4, True)


def test_a_loop_from_a_pipe_goes_on(ok: Run) -> None:
    outcome = ok("claim", "add", *SECOND, "--loop", input=f"Otters dance\n{AGAIN}\nMice sing\n")
    assert "Claim 3 looks like claim 1" in outcome.err
    assert claims(ok) == 4


def test_a_year_that_only_one_of_them_tells_is_no_other_figure(ok: Run) -> None:
    ok("claim", "add", "12 llamas escaped from the zoo of Basel", "--new", *SECOND)
    outcome = ok("claim", "add", "In 2019 12 llamas escaped from the Basel zoo", *SECOND)
    assert "looks like claim 2" in outcome.err
