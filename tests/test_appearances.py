"""Appearances: said again elsewhere, read wrongly, withdrawn, and whether they said it at all."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests.conftest import Run, Start

ARTICLE = "https://example.org/news/harbour"
OTHER = "https://example.net/world/harbour"


@pytest.fixture
def recorded(ok: Run) -> int:
    """A claim with one appearance."""
    add = ("claim", "add", "The quay is closed", "--speaker", "Ana Ruiz", "--source", ARTICLE)
    dated = ("--publisher", "Harbour Post", "--published", "2024-06-05")
    return int(ok(*add, *dated, "--format", "json").json["id"])


def shown(ok: Run, number: int = 1) -> list[dict[str, object]]:
    appearances: list[dict[str, object]] = ok("claim", "show", number, "--format", "json").json[
        "appearances"
    ]
    return appearances


def test_a_claim_appears_again(ok: Run, recorded: int) -> None:
    claim = ok(
        "appearance", "add", recorded, "--speaker", "Lena Vogt", "--source", OTHER, "--publisher",
        "World Desk", "--said-on", "2024-06", "--quote", "closed", "--passage", 'It is "closed".',
        "--at", "paragraph 3", "--format", "json",
    ).json  # fmt: skip
    second = claim["appearances"][1]
    assert second["id"] == f"{recorded}.2"
    assert (second["said_on"], second["quote"], second["at"]) == (
        "2024-06",
        "closed",
        "paragraph 3",
    )
    assert second["manner"] == "partial"
    assert claim["reach"] == 2


def test_twenty_reprints_of_one_wire_count_once(ok: Run, recorded: int) -> None:
    for number in range(3):
        claim = ok(
            "appearance", "add", recorded, "--speaker", "Ana Ruiz", "--source",
            f"https://paper{number}.example/x", "--publisher", f"Paper {number}", "--agency",
            "Northern Wire", "--format", "json",
        ).json  # fmt: skip
    assert claim["reach"] == 2, "the first publisher, and the wire"


def test_the_same_appearance_is_not_added_twice(run: Run, ok: Run, recorded: int) -> None:
    again = ("appearance", "add", recorded, "--speaker", "ana ruiz", "--source", ARTICLE)
    refused = run(*again)
    assert refused.code == 4
    assert "1.1" in refused.err
    ok(*again, "--at", "the caption")
    assert len(shown(ok)) == 2


def test_an_unknown_claim_or_appearance_is_not_found(run: Run, recorded: int) -> None:
    assert run("appearance", "add", 99, "--speaker", "A B", "--source", ARTICLE).code == 3
    assert run("appearance", "withdraw", "1.7", "--because", "x").code == 3
    assert run("appearance", "withdraw", "9.1", "--because", "x").code == 3
    assert run("appearance", "withdraw", "nine", "--because", "x").code == 2


def test_a_pronoun_read_wrongly_is_corrected_with_a_reason(
    run: Run, ok: Run, recorded: int, database_url: str
) -> None:
    assert run("appearance", "edit", "1.1", "--speaker", "Lena Vogt").code == 2
    ok("appearance", "edit", "1.1", "--speaker", "Lena Vogt", "--because", "'she' is the mayor")
    assert shown(ok)[0]["speaker"]["name"] == "Lena Vogt"  # type: ignore[index]
    with make_engine(database_url).connect() as connection:
        because, before = connection.execute(
            text(
                "SELECT because, before FROM event"
                " WHERE table_name = 'appearance' AND operation = 'update'"
            )
        ).one()
    assert because == "'she' is the mayor"
    assert "speaker_id" in before
    assert "'she' is the mayor" in ok("claim", "history", recorded).out


def test_an_edit_keeps_who_speaks_and_how_in_step(run: Run, ok: Run, recorded: int) -> None:
    edit = ("appearance", "edit", "1.1", "--because", "read again")
    assert run(*edit, "--no-speaker").code == 2
    ok(*edit, "--no-speaker", "--manner", "own-voice")
    assert (shown(ok)[0]["speaker"], shown(ok)[0]["manner"]) == (None, "own_voice")
    ok(*edit, "--speaker", "Lena Vogt", "--said-on", "yesterday", "--quote", "closed")
    assert (shown(ok)[0]["manner"], shown(ok)[0]["said_on"]) == ("partial", "2024-06-04")
    assert run(*edit).code == 2
    assert run(*edit, "--speaker", "Lena Vogt", "--no-speaker").code == 2


def test_what_was_read_wrongly_can_be_removed(run: Run, ok: Run, recorded: int) -> None:
    edit = ("appearance", "edit", "1.1", "--because", "read again")
    ok(*edit, "--quote", "shut", "--passage", "It is shut", "--at", "p. 3", "--said-on", "2024-06")
    ok(*edit, "--quote", "", "--passage", " ", "--at", "", "--said-on", "")
    one = shown(ok)[0]
    assert [one[key] for key in ("quote", "passage", "at", "said_on")] == [None] * 4
    assert "said on 2024-06 → nothing" in ok("claim", "history", recorded, "--format", "csv").out
    ok(*edit, "--no-speaker", "--manner", "own-voice", "--quote", "shut")
    ok(*edit, "--speaker", "Lena Vogt", "--quote", "")
    assert shown(ok)[0]["manner"] == "indirect", "there is no quote any more"


def test_a_source_that_comes_along_is_said_aloud(ok: Run, recorded: int) -> None:
    edited = ok("appearance", "edit", "1.1", "--source", OTHER, "--because", "the other paper")
    assert edited.err == f"New source 2: {OTHER}.\n"
    find = ("appearance", "attribution", "1.1", "--because", "Heard it")
    found = ok(*find, "confirmed", "--supports", "https://example.org/recording")
    assert "New source 3: https://example.org/recording.\n" in found.err
    assert "New source" not in ok(*find, "misquoted", "--supports", OTHER).err


def test_a_withdrawn_appearance_stays_on_record_and_counts_no_more(
    run: Run, ok: Run, recorded: int
) -> None:
    withdraw = ("appearance", "withdraw", "1.1", "--because", "It speaks of another quay")
    claim = ok(*withdraw, "--format", "json").json
    assert claim["appearances"][0]["withdrawn"]["because"] == "It speaks of another quay"
    assert (claim["reach"], claim["speaker"], claim["source"]) == (0, None, None)
    again = run(*withdraw)
    assert again.code == 4
    assert "Ana Ruiz" in again.err
    assert run("appearance", "edit", "1.1", "--at", "p. 1", "--because", "x").code == 4


def test_attribution_is_apart_from_truth(run: Run, ok: Run, recorded: int) -> None:
    ok("appearance", "attribution", "1.1", "confirmed", "--because", "Heard it", actor="Noor")
    claim = ok(
        "appearance", "attribution", "1.1", "never-said", "--because", "The recording is edited",
        "--supports", "https://example.org/recording", "--format", "json",
    ).json  # fmt: skip
    found = claim["appearances"][0]
    assert found["attribution"] == "never_said"
    assert found["attribution_source"]["url"] == "https://example.org/recording"
    assert (claim["status"], claim["verdict"]) == ("unverified", None)
    same = run("appearance", "attribution", "1.1", "never-said", "--because", "again")
    assert same.code == 4
    assert run("appearance", "attribution", "1.1", "unchecked", "--because", "x").code == 2
    assert run("appearance", "attribution", "1.1", "misquoted", "--because", " ").code == 5
    history = ok("claim", "history", recorded).out
    assert "confirmed" in history
    assert "never-said" in history


def test_nobodys_words_have_no_attribution(run: Run, ok: Run) -> None:
    ok("claim", "add", "Rain fell", "--source", ARTICLE, "--manner", "unattributed")
    assert run("appearance", "attribution", "1.1", "confirmed", "--because", "x").code == 5


def test_two_who_add_to_one_claim_at_once_get_a_number_each(
    ok: Run, start_process: Start, recorded: int, database_url: str
) -> None:
    with make_engine(database_url).begin() as blocker:
        blocker.execute(text("SELECT FROM claim WHERE id = 1 FOR UPDATE"))
        started = [
            start_process("appearance", "add", 1, "--speaker", name, "--source", OTHER)
            for name in ("Lena Vogt", "Omar Said")
        ]
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while blocker.execute(waiting).scalar_one() < 2:
            pass
    for process in started:
        process.communicate(timeout=60)
    assert [process.returncode for process in started] == [0, 0]
    assert [one["id"] for one in shown(ok)] == ["1.1", "1.2", "1.3"]
