"""Many processes on one database, and kills in the middle: the short forms.

`python -m tests.stress` runs the long ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stress import kills, race
from tests.stress.worker import Ended

if TYPE_CHECKING:
    from tests.conftest import OwnServer, Surroundings

SEED = 7


def test_processes_that_work_on_the_same_claims_lose_nothing(
    surroundings: Surroundings, tmp_path: Path
) -> None:
    counts = race.race(
        surroundings.database_url,
        tmp_path,
        surroundings(),
        processes=4,
        operations=30,
        seed=SEED,
    )

    assert sum(counts.values()) == 120
    assert counts["mark", 0]
    assert counts["mark", 4], "some were refused, or nothing was contended"


def test_a_killed_client_has_done_all_of_its_work_or_nothing(surroundings: Surroundings) -> None:
    kills.kill_clients(surroundings.database_url, surroundings(), times=3, seed=SEED)


def test_a_killed_server_has_lost_nothing_that_it_said_was_done(
    own: OwnServer, tmp_path: Path
) -> None:
    kills.kill_servers(own.folder, tmp_path, times=2, seed=SEED, workers=2)


@pytest.mark.parametrize(
    ("code", "said"),
    [(1, "Error: It went wrong."), (4, "Error: deadlock detected"), (99, "KeyError('x')")],
)
def test_a_refusal_that_is_no_clear_conflict_would_be_seen(code: int, said: str) -> None:
    with pytest.raises(AssertionError):
        race.refuse_unclear([Ended("mark", 1, "Worker 1", code, said, "w1x1")])


def test_a_command_that_ends_in_a_traceback_after_a_kill_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        kills.refuse_unclear([Ended("mark", 1, "Worker 1", 6, "Error: Traceback", "w1x1")])
