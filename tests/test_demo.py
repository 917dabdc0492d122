"""`claimtrack demo`: every other command, on a database of its own."""

from __future__ import annotations

import psycopg

from claimtrack import embedded
from claimtrack.cli.demo import DATABASE
from tests.conftest import OwnServer


def test_other_commands_run_on_the_demos_database(own: OwnServer) -> None:
    made = own("demo")
    assert made.code == 0, made.err
    assert "Suez" in made.out
    shown = own("demo", "claim", "list", "--format", "json")
    assert shown.code == 0
    assert len(shown.json) >= 12
    approved = own("demo", "claim", "approve", 9)
    assert approved.code == 0, approved.err
    assert approved.out.startswith("9 altered: awaiting-approval → altered")
    noted = own("demo", "claim", "note", 1, "--", "- a dash")
    assert noted.code == 0, noted.err

    group = own("demo", "claim")
    assert group.code == 2
    assert group.err.startswith("Usage: claimtrack demo claim [OPTIONS]")
    for words in (("claim", "--help"), ("claim", "list", "--help")):
        helped = own("demo", *words)
        assert (helped.code, helped.err) == (0, "")
        assert helped.out.startswith(f"Usage: claimtrack demo {words[0]}")
    assert own("demo", "--help").code == 0
    assert own("demo", "claim", "show", 999).code == 3
    assert own("demo", "db", "check").code == 0

    url = embedded.ensure_running(own.folder, database=DATABASE, notice=lambda _: None)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE claim SET reach = reach + 5 WHERE id = 1")
    assert own("demo", "db", "check").code == 1
