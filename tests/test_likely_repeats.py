"""`claim add` shows the claim that a statement looks like, and lets a person choose."""

from __future__ import annotations

import shlex

import pytest

from claimtrack.cli.app import App
from tests.conftest import Run

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


def test_a_likely_repeat_is_refused_where_nobody_can_be_asked(ok: Run, run: Run) -> None:
    outcome = run("claim", "add", AGAIN, *SECOND)
    assert outcome.code == 4
    assert f'looks like claim 1, checked: false, 1 appearance: "{LLAMAS}"' in outcome.err
    assert claims(ok) == 1
    # The command that it prints does what it says.
    ok(*shlex.split(outcome.err.splitlines()[-1])[1:])
    assert ok("claim", "show", 1, "--format", "json").json["appearances"][1]["speaker"]["name"] == (
        "Omar Said"
    )


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
def test_a_person_records_it_anyway(ok: Run) -> None:
    assert ok("claim", "add", AGAIN, *SECOND, "--format", "json", input="n\n").json["id"] == 2


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


def test_in_a_loop_from_a_pipe_it_ends_there(ok: Run, run: Run) -> None:
    outcome = run("claim", "add", *SECOND, "--loop", input=f"Otters dance\n{AGAIN}\nNever read\n")
    assert outcome.code == 4
    assert "Line 2: That looks like claim 1" in outcome.err
    assert claims(ok) == 2
