"""`claimtrack db` and `claimtrack config`: what they say, and what they leave alone."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from claimtrack import embedded
from claimtrack.db import HEAD_REVISION

if TYPE_CHECKING:
    from tests.conftest import Outcome, OwnServer, Run

#: A small desk: claim 1 is checked on evidence, claim 2 said by a speaker who was merged.
DESK = """
INSERT INTO publisher (name, name_key) VALUES ('The Harbour Post', 'harbour post');
INSERT INTO speaker (name) VALUES ('Lena Vogt'), ('L. Vogt'), ('Port Authority');
INSERT INTO speaker_alias (speaker_id, name, name_key) VALUES
    (1, 'Lena Vogt', 'lena vogt'), (1, 'L. Vogt', 'l vogt'),
    (3, 'Port Authority', 'port authority');
UPDATE speaker SET merged_into_id = 1 WHERE id = 2;
INSERT INTO source (url, host, source_key, publisher_id) VALUES
    ('https://post.example/1', 'post.example', sha256('1'), 1),
    ('https://log.example/9', 'log.example', sha256('9'), NULL);
INSERT INTO claim (statement, statement_key) VALUES
    ('The harbour was closed in May', sha256('a')), ('No ship left the harbour', sha256('b'));
INSERT INTO appearance (claim_id, no, speaker_id, source_id) VALUES (1, 1, 1, 1), (2, 1, 2, 1);
INSERT INTO evidence (claim_id, source_id, stance) VALUES (1, 2, 'refutes'), (1, 2, 'supports');
INSERT INTO review (claim_id, no, from_status, status, because)
    VALUES (1, 1, 'unverified', 'in_review', 'taken');
INSERT INTO review (claim_id, no, from_status, status, verdict, because)
    VALUES (1, 2, 'in_review', 'checked', 'false', 'the log has 40 ships');
INSERT INTO review_evidence (claim_id, review_no, evidence_id) VALUES (1, 2, 1);
"""


@pytest.fixture
def desk(database_url: str) -> str:
    """The URL of a database with a few rows."""
    with psycopg.connect(database_url) as connection:
        connection.execute(DESK.encode())
    return database_url


# --- status --------------------------------------------------------------------------------------


def test_status_counts_every_row(desk: str, ok: Run) -> None:
    found = ok("db", "status", "--format", "json").json
    assert found["counts"] == {
        "claim": 2,
        "appearance": 2,
        "source": 2,
        "speaker": 3,
        "evidence": 2,
        "review": 2,
        "event": 21,
    }
    assert (found["embedded"], found["state"], found["schema"]) == (False, "running", "current")
    assert found["revision"] == found["head"] == HEAD_REVISION
    assert found["size_bytes"] > 1_000_000
    out = ok("db", "status").out
    assert "2 claims, 2 appearances, 2 sources, 3 speakers, 2 evidence, 2 reviews" in out
    assert "up to date" in out


def test_status_says_how_far_the_actor_can_be_trusted(database_url: str, ok: Run) -> None:
    assert "only as strong as what was typed" in ok("db", "status").out
    url = make_url(database_url)
    clerk = Identifier(f"{url.database}_clerk")  # roles belong to the whole server
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE ROLE {} LOGIN IN ROLE pg_read_all_data").format(clerk))
        try:
            as_clerk = url.set(username=f"{url.database}_clerk")
            env = {"CLAIMTRACK_DATABASE_URL": as_clerk.render_as_string(hide_password=False)}
            found = ok("db", "status", "--format", "json", env=env).json
            assert (found["session_user"], found["owns_tables"]) == (as_clerk.username, False)
            assert "has no role here: claimtrack db grant" in ok("db", "status", env=env).out
        finally:
            connection.execute(SQL("DROP ROLE {}").format(clerk))


def test_status_of_a_database_without_tables(empty_database_url: str, ok: Run) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": empty_database_url}
    found = ok("db", "status", "--format", "json", env=env).json
    assert (found["schema"], found["revision"], found["counts"]) == ("missing", None, {})
    assert "run claimtrack db upgrade" in ok("db", "status", env=env).out


@pytest.mark.parametrize(
    ("revision", "schema", "words"),
    [
        ("0001", "behind", "run claimtrack db upgrade"),
        ("9999", "ahead", "install a newer claimtrack"),
    ],
)
def test_status_of_another_schema(
    database_url: str, ok: Run, revision: str, schema: str, words: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", (revision,))
    assert ok("db", "status", "--format", "json").json["schema"] == schema
    assert words in ok("db", "status").out


def test_status_never_starts_our_own_server(own: OwnServer) -> None:
    assert "not set up yet" in own("db", "status").out
    assert not own.folder.exists()


def test_our_own_server_starts_and_stops(own: OwnServer) -> None:
    started = own("db", "start")
    assert (started.code, started.out) == (0, ""), started.err
    assert "Setting up a PostgreSQL of its own" in started.err
    assert "It was running already." in own("db", "start").err

    found = own("db", "status", "--format", "json").json
    assert (found["embedded"], found["state"], found["schema"]) == (True, "running", "current")
    assert found["log"] == str(own.folder / "postgres.log")
    assert Path(found["log"]).exists()

    shown = own("db", "url").out.strip()
    with psycopg.connect(shown) as connection:
        assert connection.execute("SELECT count(*) FROM claim").fetchone() == (0,)

    assert "Stopped." in own("db", "stop").err
    assert not embedded.is_running(own.folder)
    assert own("db", "status", "--format", "json").json["state"] == "not_running"
    assert not embedded.is_running(own.folder)
    assert "It was not running." in own("db", "stop").err


def test_status_makes_no_database_beside_another_one(own: OwnServer) -> None:
    embedded.ensure_running(own.folder, database="another", notice=lambda _: None)
    assert own("db", "status", "--format", "json").json["state"] == "not_set_up_yet"


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_a_server_named_by_url_is_not_ours_to_start_or_stop(run: Run, verb: str) -> None:
    outcome = run("db", verb)
    assert outcome.code == 2
    assert f"is not claimtrack's to {verb}" in outcome.err


# --- url -----------------------------------------------------------------------------------------


def test_url_prints_the_url_alone(database_url: str, ok: Run) -> None:
    outcome = ok("db", "url")
    assert outcome.out == database_url + "\n"
    assert outcome.err == ""


def test_url_never_prints_a_password(ok: Run) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": "postgresql://ana:swordfish@db.example/claims"}
    outcome = ok("db", "url", env=env)
    assert outcome.out == "postgresql://ana:***@db.example/claims\n"
    assert "PGPASSWORD" in outcome.err
    assert "swordfish" not in outcome.out + outcome.err


# --- check ---------------------------------------------------------------------------------------


def results(outcome: Outcome) -> dict[str, str | None]:
    return {row["check"]: row["problem"] for row in outcome.json}


def test_check_finds_nothing_wrong(desk: str, ok: Run) -> None:
    found = results(ok("db", "check", "--format", "json"))
    assert len(found) > 20
    assert set(found.values()) == {None}
    assert all(line.endswith(" ok") for line in ok("db", "check").out.splitlines()[1:])


@pytest.mark.parametrize(
    ("name", "problem", "tampering"),
    [
        (
            "status and verdict are those of the latest review",
            "claim 2",
            "UPDATE claim SET status = 'checked', verdict = 'true' WHERE id = 2",
        ),
        (
            "each review follows the one before it",
            "claim 1, review 2",
            "UPDATE review SET from_status = 'unverified' WHERE no = 2",
        ),
        (
            "verdicts that need evidence rest on some",
            "claim 1, review 2",
            "UPDATE review_evidence SET evidence_id = 2",
        ),
        (
            "reach counts the origins of the appearances",
            "claim 1",
            "UPDATE claim SET reach = 1 + id",
        ),
        ("no appearance is missing", "claim 1", "UPDATE appearance SET no = 2 WHERE claim_id = 1"),
        (
            "no objection or challenge is missing",
            "claim 1",
            "INSERT INTO objection (claim_id, no, review_no, because) VALUES (1, 2, 2, 'No')",
        ),
        (
            "merged speakers make no chain",
            "speaker 2",
            "UPDATE speaker SET merged_into_id = 3, merged_at = now(), merged_by = 'x'"
            " WHERE id = 1",
        ),
        (
            "merged claims make no chain",
            "claim 1; claim 2",
            "UPDATE claim SET merged_into_id = 3 - id, merged_at = now(), merged_by = 'x',"
            " merged_because = 'x'",
        ),
        (
            "merged claims take nothing of their own",
            "claim 2",
            "UPDATE claim SET merged_into_id = 1, merged_at = now(), merged_by = 'x',"
            " merged_because = 'x' WHERE id = 2",
        ),
        (
            "every speaker has a name that leads to it",
            "speaker 3",
            "UPDATE speaker_alias SET speaker_id = 1",
        ),
        (
            "every row has left its event",
            "note (1 rows, 0 recorded)",
            "INSERT INTO note (claim_id, body) VALUES (1, 'unseen')",
        ),
        (
            "legal transitions are as made",
            "set_aside to checked",
            "INSERT INTO transition VALUES ('set_aside', 'checked')",
        ),
        (
            "triggers are as made",
            "guard_status on claim is changed",
            "ALTER TABLE claim DISABLE TRIGGER guard_status",
        ),
        (
            "triggers are as made",
            "count_version on speaker is changed",
            "CREATE OR REPLACE TRIGGER count_version BEFORE UPDATE ON speaker"
            " FOR EACH ROW WHEN (false) EXECUTE FUNCTION count_version()",
        ),
        (
            "triggers are as made",
            "aaa on claim is not claimtrack's",
            "CREATE TRIGGER aaa BEFORE UPDATE ON claim"
            " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        ),
        (
            "functions are as made",
            "guard_status() is changed",
            "CREATE OR REPLACE FUNCTION guard_status() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END'",
        ),
        (
            "functions are as made",
            "keep_record() is changed",
            "ALTER FUNCTION keep_record() RESET search_path",
        ),
        (
            "constraints are as made",
            "ck_claim_statement on claim is missing",
            "ALTER TABLE claim DROP CONSTRAINT ck_claim_statement",
        ),
        (
            "constraints are as made",
            "ck_note_body on note is changed",
            "ALTER TABLE note DROP CONSTRAINT ck_note_body;"
            " ALTER TABLE note ADD CONSTRAINT ck_note_body CHECK (true)",
        ),
        (
            "constraints are as made",
            "fk_note_claim_id_claim on note is changed",
            "ALTER TABLE note DISABLE TRIGGER ALL",
        ),
        (
            "columns are as made",
            "claim.recorded_by is changed",
            "ALTER TABLE claim ALTER COLUMN recorded_by SET DEFAULT 'somebody'",
        ),
        (
            "tables are as made",
            "claim is changed",
            "ALTER TABLE claim ENABLE ROW LEVEL SECURITY",
        ),
        (
            "tables are as made",
            "quiet on note is not claimtrack's",
            "CREATE RULE quiet AS ON INSERT TO note DO INSTEAD NOTHING",
        ),
        (
            "indexes are as made",
            "ix_evidence_source_id on evidence is missing",
            "DROP INDEX ix_evidence_source_id",
        ),
    ],
)
def test_check_names_what_was_tampered_with(
    desk: str, run: Run, name: str, problem: str, tampering: str
) -> None:
    with psycopg.connect(desk) as connection:
        # As a replica applies changes, without foreign keys and ordinary triggers; and without
        # those that guard even a replica.
        connection.execute("SET session_replication_role = replica")
        guards = connection.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A'"
        ).fetchall()
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}".encode())
        connection.execute(tampering.encode())
        for table, guard in guards:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}".encode())
    outcome = run("db", "check", "--format", "json")
    assert outcome.code == 1
    found = results(outcome)
    assert problem in (found[name] or "")
    wrong = [check for check, told in found.items() if told]
    assert name in wrong
    assert f"{len(wrong)} of {len(found)} checks found something wrong." in outcome.err


def test_check_leaves_alone_what_others_keep_beside_the_tables(database_url: str, ok: Run) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE holiday (day date PRIMARY KEY)")
        connection.execute("CREATE FUNCTION claim(bigint) RETURNS bigint LANGUAGE sql RETURN $1")
    assert set(results(ok("db", "check", "--format", "json")).values()) == {None}


def test_check_of_a_schema_behind_says_so_and_no_more(database_url: str, run: Run) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    outcome = run("db", "check", "--format", "json")
    assert outcome.code == 1
    assert results(outcome) == {f"schema is at revision {HEAD_REVISION}": "it is at 0002"}


# --- config --------------------------------------------------------------------------------------


def test_config_show_says_where_each_value_came_from(run: Run, ok: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('review_days = 7\nactor = "Lena Vogt"\n')
    rows = ok("config", "show", "--format", "json", actor="Ana Ruiz").json
    found = {row["name"]: (row["value"], row["from"], row["place"]) for row in rows}
    assert found["review_days"] == ("7", "file", str(tmp_path / "config.toml"))
    assert found["actor"] == ("Ana Ruiz", "environment", "CLAIMTRACK_ACTOR")
    assert found["report_timezone"] == ("UTC", "default", None)
    assert found["database_url"][1:] == ("environment", "CLAIMTRACK_DATABASE_URL")
    flagged = run("config", "show", "--actor", "Jo Lind", "--format", "csv").out
    assert "actor,Jo Lind,flag --actor" in flagged


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "markdown"])
def test_config_show_hides_passwords(ok: Run, form: str) -> None:
    env = {"CLAIMTRACK_DATABASE_URL": "postgresql://ana:swordfish@db.example/claims"}
    outcome = ok("config", "show", "--format", form, env=env)
    assert "swordfish" not in outcome.out + outcome.err
    assert "db.example/claims" in outcome.out.replace("\\", "")


def test_config_set_keeps_a_value(ok: Run, tmp_path: Path) -> None:
    assert "Kept in" in ok("config", "set", "report-timezone", "Europe/Berlin").err
    stored = tomllib.loads((tmp_path / "config.toml").read_text())
    assert stored == {"report_timezone": "Europe/Berlin"}
    assert "Taken out" in ok("config", "set", "report-timezone", "--unset").err
    assert tomllib.loads((tmp_path / "config.toml").read_text()) == {}


def test_config_set_says_what_goes_before_the_file(ok: Run) -> None:
    outcome = ok("config", "set", "actor", "Lena Vogt", actor="Ana Ruiz")
    assert "CLAIMTRACK_ACTOR goes before it" in outcome.err
    assert "goes before" not in ok("config", "set", "actor", "Lena Vogt", actor=None).err


def test_config_set_keeps_a_password_to_its_owner(ok: Run, tmp_path: Path) -> None:
    outcome = ok("config", "set", "database_url", "postgresql://ana:swordfish@db.example/claims")
    assert "0600" in outcome.err
    assert "swordfish" not in outcome.out + outcome.err
    assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("colour", "red"), 2, "There is no setting 'colour'"),
        (("actor",), 2, "Give either a value, or --unset."),
        (("actor", "Ana", "--unset"), 2, "Give either a value, or --unset."),
        (("review_days", "soon"), 5, "is not a whole number of days"),
        (("report_timezone", "Mars/Phobos"), 5, "there is no time zone"),
        (("database_url", "mysql://ana@h/x"), 5, "postgresql://"),
        (("data_dir", "/srv"), 2, "CLAIMTRACK_DATA_DIR"),
    ],
)
def test_config_set_refuses(
    run: Run, tmp_path: Path, args: tuple[str], code: int, words: str
) -> None:
    outcome = run("config", "set", *args)
    assert (outcome.code, outcome.out) == (code, "")
    assert words in outcome.err
    assert not (tmp_path / "config.toml").exists()
