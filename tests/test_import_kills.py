"""Imports that are killed or broken off; `python -m tests.stress import` is the long form."""

from __future__ import annotations

import csv
import signal
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
    from tests.conftest import Run, Surroundings

#: The server sleeps in the second batch, until whoever it sleeps for is gone.
SLEEP = """
CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_sleep(600); RETURN NEW; END';
CREATE TRIGGER sleep BEFORE INSERT ON import_row FOR EACH ROW WHEN (NEW.no > 4)
    EXECUTE FUNCTION sleep()
"""


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


@pytest.mark.parametrize("killed", [True, False])
def test_each_refused_row_is_written_down_once_however_a_batch_ends(
    surroundings: Surroundings, tmp_path: Path, run: Run, killed: bool
) -> None:
    rejects = tmp_path / "rejects.csv"
    importing = Importing(
        surroundings.database_url, surroundings(), tmp_path / "claims.csv", rows=12, batch=4
    )
    lines = ["id,claim,source"]
    lines += [f"{n},{'' if n % 3 == 0 else f'Tank {n} leaks'},quay.example/{n}" for n in range(12)]
    importing.file.write_text("\n".join(lines), "utf-8")
    engine = make_engine(surroundings.database_url)
    with engine.begin() as connection:
        connection.execute(text(SLEEP))
    process = importing.start("--rejects", str(rejects))
    with engine.connect() as connection:
        wait_for(connection, "wait_event = 'PgSleep'")
    if killed:
        process.kill()
        process.communicate(timeout=60)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE wait_event = 'PgSleep'"
                )
            )
        with rejects.open("a", encoding="utf-8") as file:
            file.write('8,"The row has')  # killed while it was writing
    else:
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        assert "Taken in so far: 4 rows." in err
    with engine.connect() as connection:
        wait_alone(connection)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER sleep ON import_row"))

    done = run(
        *("import", "csv", importing.file, "--map", "external_id=id", "--batch", 4),
        *("--rejects", rejects, "--format", "json"),
    )

    assert (done.code, done.json["refused"], done.json["created"]) == (5, 4, 8)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["2", "5", "8", "11"]
