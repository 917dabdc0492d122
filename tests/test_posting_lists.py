"""The postings of words in many claims are read from lists, and nothing is missed for that."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text

from claimtrack.db import make_engine
from claimtrack.matching.sums import Postings, heaviest, unpacked
from claimtrack.matching.terms import stems, term
from claimtrack.models.postings import LISTED
from claimtrack.services.matching import candidates, postings
from claimtrack.services.matching.finding import find
from tests import records
from tests.conftest import Desk, Run
from tests.sql import wait_until_waiting

#: Each word of a claim is in many others, or in none.
MANY = LISTED[0] + 50
REDACTING = ("audit", "redact", "claim", 7, "statement", "--because", "A witness", "--yes")
POST = "They say that the dam leaks at Velm"


@pytest.fixture
def dams(ok: Run, database_url: str, tmp_path: Path) -> Iterator[str]:
    """Claims enough for two of their words to be listed."""
    path = tmp_path / "dams.csv"
    rows = "".join(f"The dam leaks by {n} litres,https://a.example/{n}\n" for n in range(MANY))
    path.write_text(f"statement,source\n{rows}")
    ok("import", "csv", path)
    yield database_url
    assert missing(database_url) == []


def key_of(word: str) -> int:
    (stem,) = stems(word, "en")
    return term(stem)


def listed(url: str, word: str) -> list[set[int]]:
    """The claims in each of the lists of a word."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT claim_ids FROM posting_list WHERE term = %s", (key_of(word),)
        ).fetchall()
    return [set(_numbers(packed)) for (packed,) in rows]


def _numbers(packed: bytes) -> list[int]:
    return unpacked(1.0, [packed], []).claim_ids


def missing(url: str) -> list[int]:
    """The claims with a listed word that are neither in its lists nor noted to be read beside."""
    with psycopg.connect(url) as connection:
        beside = {
            one for (ids,) in connection.execute("SELECT claim_ids FROM posting_unlisted")
            for one in ids
        }  # fmt: skip
        there: dict[int, set[int]] = {}
        for key, packed in connection.execute("SELECT term, claim_ids FROM posting_list"):
            there.setdefault(key, set()).update(_numbers(packed))
        have = connection.execute(
            "SELECT term, claim_id FROM posting WHERE weight > 0 AND term = ANY (%s)",
            (list(there),),
        ).fetchall()
    return sorted({number for key, number in have if number not in there[key] | beside})


def looked_up(connection: Connection, post: str = POST) -> list[tuple[int, float]]:
    return [(one.claim_id, one.probability) for one in find(connection, post, threshold=0)]


def add(ok: Run, statement: str) -> int:
    added = ok("claim", "add", statement, "--source", "https://a.example/new", "--manner",
               "own-voice", "--new", "--format", "json")  # fmt: skip
    return int(added.json["id"])


def test_words_in_many_claims_are_listed_by_an_import_and_others_are_not(dams: str) -> None:
    assert [len(one) for one in listed(dams, "dam")] == [MANY]
    assert listed(dams, "7") == []


def test_the_same_is_found_by_lists_and_without(dams: str, ok: Run) -> None:
    add(ok, "The dam of Velm leaks")
    with make_engine(dams).connect() as connection:
        by_lists = looked_up(connection)
        connection.execute(text("DELETE FROM posting_list"))
        assert looked_up(connection) == by_lists


def test_a_claim_that_came_since_is_found_by_listed_words_alone(dams: str, ok: Run) -> None:
    added = add(ok, "The dam leaks: a leaky dam")
    assert all(added not in one for one in listed(dams, "dam"))
    with make_engine(dams).connect() as connection:
        assert looked_up(connection, "dam leaks")[0][0] == added


def test_a_claim_that_was_edited_is_found_by_the_listed_words_that_it_has_now(
    dams: str, ok: Run
) -> None:
    added = add(ok, "Nobody saw the mayor")
    with make_engine(dams).begin() as connection:
        postings.count_words(connection)
    ok("claim", "edit", added, "--statement", "The dam leaks: a leaky dam")
    with make_engine(dams).connect() as connection:
        assert looked_up(connection, "dam leaks")[0][0] == added


def test_many_that_came_since_get_a_list_of_their_own(
    dams: str, ok: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "UNLISTED", 1)
    added = [add(ok, f"Dam {n} is dry") for n in (5, 6)]
    assert listed(dams, "dam")[1:] == [set(added)]
    assert listed(dams, "dry") == []
    with psycopg.connect(dams) as connection:
        assert connection.execute("SELECT FROM posting_unlisted").fetchall() == []


def test_a_claim_that_is_under_way_while_lists_are_made_is_not_missed(dams: str) -> None:
    engine = make_engine(dams)
    with engine.begin() as first:
        records.claim(first, "The dam of Velm leaks", url=None)
        postings.drain(first)
        with engine.begin() as second:
            assert postings.count_words(second)
    assert all(MANY + 1 not in one for one in listed(dams, "dam"))
    with engine.connect() as connection:
        assert looked_up(connection)[0][0] == MANY + 1


def test_what_is_redacted_leaves_the_lists_of_its_words(dams: str, ok: Run) -> None:
    assert 7 in listed(dams, "dam")[0]
    ok(*REDACTING)
    assert listed(dams, "dam") == []
    with make_engine(dams).begin() as connection:
        assert len(looked_up(connection)) == candidates.CANDIDATES
        postings.count_words(connection)
    assert [len(one) for one in listed(dams, "dam")] == [MANY - 1]


def test_what_is_redacted_leaves_the_lists_of_words_that_it_had_before(dams: str, ok: Run) -> None:
    ok("claim", "edit", 7, "--statement", "Nobody saw the mayor at all")
    assert 7 in listed(dams, "dam")[0]
    ok(*REDACTING)
    assert not any(7 in one for one in listed(dams, "dam"))
    with make_engine(dams).connect() as connection:
        assert 7 not in [one.claim_id for one in find(connection, "dam leaks", threshold=0)]


def test_a_redaction_waits_for_who_is_making_lists(dams: str, run: Run) -> None:
    engine = make_engine(dams)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as listing:
            postings.count_words(listing)
            redacting = pool.submit(run, *REDACTING)
            with engine.connect() as watching:
                wait_until_waiting(watching, 1)
        assert redacting.result(timeout=60).code == 0
    assert listed(dams, "dam") == []


def test_a_reader_can_not_make_lists(dams: str, staff: Desk) -> None:
    with (
        staff.connect("reader") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied to list"),
    ):
        connection.execute("SELECT list_postings(true)")


# --- Adding up -----------------------------------------------------------------------------------


def test_claims_that_several_words_lead_to_come_before_those_of_one() -> None:
    common = Postings(1.0, list(range(10)), [9] * 10)
    other = Postings(1.0, [3, 4, 77], [1, 2, 50])

    assert heaviest([common, other], 2, set()) == [4, 3]
    assert heaviest([common, other], 2, {4}) == [77, 3]


def test_where_few_share_two_words_those_of_one_word_are_taken_as_well() -> None:
    one = Postings(2.0, [1, 2, 3, 4], [1, 4, 2, 3])
    assert heaviest([one], 3, set()) == [2, 4, 3]


def test_what_a_rare_word_leads_to_is_always_taken() -> None:
    rare = Postings(8.0, [5], [3])
    common = Postings(1.0, [1, 2, 3], [4, 4, 4])
    assert heaviest([rare, common, Postings(1.0, [1, 2], [4, 4])], 2, set()) == [5, 1]
