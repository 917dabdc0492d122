"""Merging while others merge, mark and add: one wins, the other is told, and no chain is left."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from claimtrack.db import make_engine, write_transaction
from claimtrack.errors import ClaimtrackError, ConflictError
from claimtrack.services import same
from claimtrack.services.appearances import AppearanceGiven, add_appearances
from claimtrack.services.evidence import attach
from claimtrack.services.refusals import explain
from claimtrack.services.stories import load_claim
from claimtrack.vocab import Stance
from tests import records
from tests.sql import value, wait_until_waiting

if TYPE_CHECKING:
    from tests.conftest import Run, Start


@pytest.fixture(autouse=True)
def three(database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        for name in ("north", "south", "west"):
            records.claim(
                connection, f"The {name} bridge was closed", url=f"https://{name}.example/a"
            )


def meet(
    start_process: Start, database_url: str, *commands: tuple[object, ...]
) -> list[tuple[int, str]]:
    """Start commands that all wait for the same claims, then let them go; their ends."""
    with make_engine(database_url).connect() as connection:
        connection.execute(text("SELECT FROM claim ORDER BY id FOR UPDATE"))
        racers = [start_process(*command) for command in commands]
        wait_until_waiting(connection, len(commands))
        connection.rollback()
    words = [racer.communicate(timeout=60)[1] for racer in racers]
    return [(racer.returncode, told) for racer, told in zip(racers, words, strict=True)]


def joining(head: int, other: int) -> tuple[object, ...]:
    return ("claim", "merge", head, other, "--because", "the same")


@pytest.mark.parametrize(
    "pairs", [((1, 2), (2, 1)), ((1, 2), (2, 3)), ((1, 2), (3, 1)), ((1, 2), (3, 2))]
)
def test_two_merges_at_once_leave_no_chain(
    start_process: Start, ok: Run, database_url: str, pairs: tuple[tuple[int, int], ...]
) -> None:
    ends = meet(start_process, database_url, *(joining(*pair) for pair in pairs))

    assert sorted(code for code, _ in ends) == [0, 4]
    loser = next(words for code, words in ends if code == 4)
    assert "merged into" in loser
    assert "deadlock" not in loser
    ok("db", "check")


def test_a_mark_and_a_merge_at_once_leave_no_mark_on_a_merged_claim(
    start_process: Start, ok: Run, database_url: str
) -> None:
    ends = meet(
        start_process,
        database_url,
        joining(1, 2),
        ("claim", "mark", 2, "in-review", "--because", "Asked"),
    )

    merged, marked = ends
    assert merged[0] == 0
    assert marked[0] in (0, 4)
    if marked[0] == 4:
        assert "Claim 2 is the same as claim 1" in marked[1]
        assert "claimtrack claim mark 1 in-review --because Asked" in marked[1]
    ok("db", "check")


@pytest.mark.parametrize(
    "command",
    [
        ("claim", "mark", 2, "in-review", "--because", "Asked"),
        ("claim", "assign", 2, "Noor Haddad"),
        ("claim", "note", 2, "seen"),
        ("claim", "edit", 2, "--priority", "high"),
        ("evidence", "add", 2, "https://archive.example/log", "--refutes"),
        ("appearance", "add", 2, "--speaker", "Omar Said", "--source", 3),
    ],
)
def test_what_waits_for_a_merge_is_refused_when_it_stands(
    start_process: Start, ok: Run, database_url: str, command: tuple[object, ...]
) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        same.merge(connection, 1, [2], "the same")
        late = start_process(*command)
        wait_until_waiting(connection, 1)
        connection.commit()
    _, err = late.communicate(timeout=60)

    assert late.returncode == 4
    assert "merged" in err or "the same as claim 1" in err
    with engine.connect() as connection:
        assert value(connection, "SELECT version FROM claim WHERE id = 2") == 2
    ok("db", "check")


def test_a_merge_waits_for_who_is_adding_to_the_claim(
    start_process: Start, ok: Run, database_url: str
) -> None:
    with make_engine(database_url).connect() as connection:
        source_id = records.source(connection, "https://archive.example/log")
        attach(connection, 2, source_id, Stance.REFUTES)
        late = start_process(*joining(1, 2))
        wait_until_waiting(connection, 1)
        connection.commit()
    late.communicate(timeout=60)

    assert late.returncode == 0
    assert [one["id"] for one in ok("claim", "show", 1, "--format", "json").json["evidence"]] == [1]


def test_a_claim_that_is_merged_elsewhere_while_its_end_waits_stays_merged(
    start_process: Start, ok: Run, database_url: str
) -> None:
    """To part it all the same would take the claims out of the order in which all lock them."""
    ok(*joining(1, 2))
    with make_engine(database_url).connect() as connection:
        same.unmerge(connection, 2, "another bridge")
        same.merge(connection, 3, [2], "this one")
        late = start_process("claim", "unmerge", 2, "--because", "another bridge")
        wait_until_waiting(connection, 1)
        connection.commit()
    _, err = late.communicate(timeout=60)

    assert late.returncode == 4
    assert "Claim 2 was merged into claim 3 meanwhile." in err
    ok("db", "check")


def test_many_merges_marks_and_additions_at_once_end_in_order(ok: Run, database_url: str) -> None:
    """Every refusal is a conflict, none a deadlock, and what is left agrees with itself."""
    with make_engine(database_url).begin() as connection:
        for number in range(4, 9):
            records.claim(connection, f"Well {number} ran dry", url=f"https://w{number}.example/a")
    odd: list[BaseException] = []
    deadlocks: list[str] = []

    def work(seed: int) -> None:
        dice = random.Random(seed)
        engine = make_engine(database_url)
        for step in range(25):
            one, two = dice.sample(range(1, 9), 2)
            try:
                with write_transaction(engine, actor=f"Person {seed}") as connection:
                    match dice.randrange(5):
                        case 0 | 1:
                            same.merge(connection, one, [two], "the same")
                        case 2:
                            same.unmerge(connection, one, "not the same")
                        case 3:
                            view = load_claim(connection, one)
                            to = "in_review" if view.status == "unverified" else "unverified"
                            records.review(connection, one, to)
                        case 4:
                            # By the service, which takes the claim before it adds to it.
                            told = AppearanceGiven(
                                f"https://p{seed}-{step}.example/x", speakers=(records.SPEAKER,)
                            )
                            add_appearances(connection, one, told)
            except ClaimtrackError as error:
                if not isinstance(error, ConflictError):
                    odd.append(error)
            except DBAPIError as error:
                if "deadlock" in str(error):
                    deadlocks.append(str(error))
                if not isinstance(explain(error), ConflictError):
                    odd.append(error)
            except BaseException as error:  # noqa: BLE001 - shown below
                odd.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert odd == []
    assert deadlocks == []
    ok("db", "check")
