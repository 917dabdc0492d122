"""Imports that are killed or broken off; `python -m tests.stress import` is the long form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from claimtrack.db import make_engine
from tests.benchmarks.imports.generate import write_csv
from tests.stress.imports import (
    Importing,
    kill_imports,
    refuse_half,
    refuse_other_than_once,
    refuse_unclear_interrupt,
    wait_for,
)
from tests.stress.kills import wait_alone

if TYPE_CHECKING:
    from tests.conftest import Surroundings


@pytest.mark.parametrize("batch", [None, 300])
def test_a_killed_import_leaves_nothing_half_there_and_runs_again(
    surroundings: Surroundings, tmp_path: Path, batch: int | None
) -> None:
    kill_imports(
        surroundings.database_url,
        surroundings(),
        tmp_path,
        rows=1_500,
        times=3,
        batch=batch,
        seed=11,
    )


@pytest.mark.parametrize("table", ["claim", "import_row"])
def test_ctrl_c_ends_an_import_while_the_server_is_at_work(
    surroundings: Surroundings, tmp_path: Path, table: str
) -> None:
    importing = Importing(surroundings.database_url, surroundings(), tmp_path / "claims.csv", 300)
    write_csv(importing.file, importing.rows)
    engine = make_engine(surroundings.database_url)
    with engine.connect() as connection:
        # The server stops where it writes this table, for longer than a command waits.
        connection.execute(text(f"LOCK TABLE {table} IN SHARE MODE"))
        process = importing.start()
        with engine.connect() as other:
            wait_for(other, "wait_event_type = 'Lock'")
            refuse_unclear_interrupt(process)
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    with engine.connect() as connection:
        wait_alone(connection)
        refuse_half(connection, importing)
    importing.finish()
    with engine.connect() as connection:
        refuse_other_than_once(connection, importing.rows)
