"""Seals: what they hash, that nobody waits for them, and that no tampering passes unseen."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text

from claimtrack.db import make_engine, write_transaction
from claimtrack.errors import ConflictError, DatabaseError
from claimtrack.leaves import StoredEvent, leaf
from claimtrack.services import ledger
from claimtrack.services.verify import verify
from tests import independent, records, tampering
from tests.sql import run, value
from tests.test_event_leaf import LEAF, REDACT

ODD = 'A "quoted"\\ line\b\f\n\r\t\x01\x1f\x7f\u2028 zażółć \U0001f30d </script>'


@pytest.fixture
def engine(database_url: str) -> Engine:
    return make_engine(database_url)


def record_odd_things(engine: Engine) -> None:
    """Texts, numbers and lists that are written differently by whoever is not careful."""
    with write_transaction(engine, actor=ODD) as connection:
        claim_id = records.claim(connection, ODD, topics=[ODD, "", "null", "{}"])
        run(connection, "SELECT set_config('claimtrack.because', :why, true)", why=ODD)
        run(
            connection,
            "INSERT INTO figure (claim_id, comparator, low, high)"
            " VALUES (:id, '..', -3.10, CAST('1E400' AS numeric))",
            id=claim_id,
        )
        run(connection, "UPDATE figure SET low = -3.1")
        run(connection, "UPDATE claim SET topics = '{}', due_on = '2999-01-01'")


def seal(engine: Engine) -> ledger.Sealed | None:
    return ledger.seal_events(engine, actor="Ana Ruiz", wait_seconds=20)


def leaves(engine: Engine) -> list[tuple[bytes, bytes | None, bytes]]:
    """Of every event the leaf as the database, the package and the independent script have it."""
    found = []
    with engine.connect() as connection:
        rows = run(connection, ledger.EVENTS, after=0, until=10**9).all()
        for row in rows:
            made = leaf(StoredEvent(*row))
            stored = value(connection, LEAF, id=row.id)
            found.append((stored, made and made.hash, independent.leaf_of(tuple(row))))
    return found


# --- The bytes -----------------------------------------------------------------------------------


def test_the_database_the_package_and_a_stranger_compute_the_same_leaves(engine: Engine) -> None:
    record_odd_things(engine)

    found = leaves(engine)

    assert len(found) > 6
    assert all(stored == made == strange for stored, made, strange in found)
    assert len({stored for stored, _, _ in found}) == len(found)


def test_they_agree_on_what_was_redacted_too(engine: Engine) -> None:
    record_odd_things(engine)
    before = leaves(engine)

    with engine.begin() as connection:
        for number in run(connection, "SELECT id FROM event").scalars().all():
            paths = ["because", "after.topics", "after.statement"]
            run(connection, REDACT, id=number, paths=paths)

    assert leaves(engine) == before
    with engine.connect() as connection:
        assert value(connection, "SELECT count(*) FROM event WHERE salt IS NOT NULL") == 0


def test_the_settings_of_a_session_change_nothing(engine: Engine) -> None:
    record_odd_things(engine)
    seal(engine)
    with engine.connect() as connection:
        run(
            connection,
            "SELECT set_config('TimeZone', 'Asia/Kathmandu', false),"
            " set_config('DateStyle', 'German', false),"
            " set_config('bytea_output', 'escape', false),"
            " set_config('IntervalStyle', 'sql_standard', false)",
        )
        assert verify(connection).first is None


def test_a_stranger_verifies_the_whole_record(engine: Engine, database_url: str) -> None:
    heads = []
    for _ in range(2):
        record_odd_things(engine)
        sealed = seal(engine)
        assert sealed is not None
        heads.append(str(sealed.head))
        with engine.begin() as connection:
            run(connection, "UPDATE claim SET statement_key = sha256(id::text::bytea)")

    assert independent.check(database_url) == heads

    script = [sys.executable, str(Path(independent.__file__)), database_url]
    done = subprocess.run([*script, heads[0]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{heads[1]}\n"), done.stderr
    done = subprocess.run([*script, "1 then 00"], capture_output=True, text=True, check=False)
    assert done.returncode == 1


def test_the_stranger_finds_what_was_tampered_with(engine: Engine, database_url: str) -> None:
    record_odd_things(engine)
    seal(engine)
    with engine.begin() as connection:
        run(connection, "ALTER TABLE event DISABLE TRIGGER ALL")
        run(connection, "UPDATE event SET recorded_by = 'Nobody' WHERE id = 2")

    with pytest.raises(SystemExit, match="Seal 1 is not what the events make it"):
        independent.check(database_url)


# --- Sealing beside writers ----------------------------------------------------------------------


def test_every_seal_names_the_one_before_and_the_first_the_database(engine: Engine) -> None:
    for _ in range(3):
        with write_transaction(engine, actor="Ana Ruiz") as connection:
            records.claim(connection, url=None, copy_no=random.randrange(10**6))
        seal(engine)
    assert seal(engine) is None

    with engine.connect() as connection:
        rows = run(connection, "SELECT no, previous_hash, hash FROM seal ORDER BY no").all()
        assert [row.no for row in rows] == [1, 2, 3]
        assert rows[0].previous_hash == ledger.origin_hash(connection)
        assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]


@pytest.mark.parametrize("change", ["no = 5", "previous_hash = sha256('')", "last_event_id = 1"])
def test_a_seal_that_does_not_follow_is_refused(engine: Engine, change: str) -> None:
    for _ in range(2):
        with write_transaction(engine, actor="Ana Ruiz") as connection:
            records.claim(connection, url=None, copy_no=random.randrange(10**6))
        seal(engine)
    column, made_up = change.split(" = ", 1)
    columns = {name: name for name in ("no", "previous_hash", "hash", "last_event_id")}
    columns |= {"no": "no + 1", "previous_hash": "hash", "hash": "sha256(hash)"}
    columns |= {"last_event_id": "last_event_id + 1", column: made_up}
    with engine.connect() as connection, pytest.raises(Exception, match="does not follow"):
        run(
            connection,
            f"INSERT INTO seal (event_count, leaves, {', '.join(columns)})"
            f" SELECT event_count, '', {', '.join(columns.values())} FROM seal WHERE no = 2",
        )


def test_a_seal_waits_for_what_was_begun_and_nobody_waits_for_it(engine: Engine) -> None:
    sealed: list[Any] = []
    said: list[str] = []
    with write_transaction(engine, actor="Slow") as slow:
        records.claim(slow, "Begun before the seal", url=None)
        waiting = threading.Thread(
            target=lambda: sealed.append(
                ledger.seal_events(engine, actor="Ana Ruiz", notice=said.append)
            )
        )
        with write_transaction(engine, actor="Quick") as quick:
            records.claim(quick, "Ended before the seal", url=None)
        waiting.start()
        while not said:
            waiting.join(0.05)
        # Others go on recording while it waits.
        with write_transaction(engine, actor="Quick") as quick:
            records.claim(quick, "Recorded while it waited", url=None)
        assert sealed == []
    waiting.join(30)

    assert "a transaction of postgres" in said[0]
    assert "claimtrack" in said[0]
    assert sealed[0].events == 2
    with engine.connect() as connection:
        assert ledger.unsealed(connection) == 1
        assert verify(connection).first is None


def test_what_stays_open_is_named_and_nothing_is_sealed(engine: Engine) -> None:
    with write_transaction(engine, actor="Slow") as slow:
        records.claim(slow, url=None)
        with write_transaction(engine, actor="Quick") as quick:
            records.claim(quick, "Another one", url=None)
        with pytest.raises(ConflictError, match=r"still open is a transaction of \w+ in database"):
            ledger.seal_events(engine, actor="Ana Ruiz", wait_seconds=0.2)

        with engine.connect() as connection:
            assert ledger.latest_seal(connection) is None


def test_two_seals_at_once_do_not_meet(engine: Engine) -> None:
    with engine.connect() as connection:
        run(connection, "SELECT pg_advisory_lock(:key)", key=ledger.LOCK_KEY)
        with pytest.raises(ConflictError, match="Somebody else has been sealing"):
            ledger.seal_events(engine, actor="Ana Ruiz", wait_seconds=0.2)


def test_a_record_sealed_beside_writers_verifies(engine: Engine, database_url: str) -> None:
    def write(writer: int) -> None:
        with psycopg.connect(database_url) as connection:
            for number in range(40):
                connection.execute(
                    "INSERT INTO note (claim_id, body) VALUES (1, %s)", (f"{writer}.{number}",)
                )
                if number % 3 == 0:
                    connection.rollback()
                else:
                    connection.commit()

    with write_transaction(engine, actor="Ana Ruiz") as connection:
        records.claim(connection, url=None)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in writers:
        thread.start()
    while any(thread.is_alive() for thread in writers):
        seal(engine)
    for thread in writers:
        thread.join()
    seal(engine)

    with engine.connect() as connection:
        done = verify(connection)
        assert done.first is None
        assert (done.sealed, done.unsealed) == (1 + 4 * 26, 0)
    assert len(independent.check(database_url)) == done.seals


def test_long_records_are_sealed_in_parts(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(ledger, "SEAL_EVENTS", 5)
    with write_transaction(engine, actor="Ana Ruiz") as connection:
        for number in range(12):
            records.claim(connection, f"Well {number}", url=None)
    sealed = seal(engine)

    assert sealed is not None
    assert (sealed.events, sealed.head.events) == (12, 12)
    with engine.connect() as connection:
        done = verify(connection)
        assert (done.first, done.seals, done.sealed) == (None, 3, 12)
    assert len(independent.check(database_url)) == 3


def test_an_event_without_its_salt_is_not_sealed(engine: Engine) -> None:
    with write_transaction(engine, actor="Ana Ruiz") as connection:
        records.claim(connection, url=None)
    with engine.begin() as connection:
        run(connection, "ALTER TABLE event DISABLE TRIGGER ALL")
        run(connection, "UPDATE event SET salt = NULL, field_salts = '{}'")

    with pytest.raises(DatabaseError, match="Event 1 is not as claimtrack leaves events"):
        seal(engine)


# --- Tampering -----------------------------------------------------------------------------------


def test_random_tamperings_are_all_found(engine: Engine) -> None:
    head = tampering.build(engine)
    with engine.connect() as connection:
        assert verify(connection, head=head).first is None
    dice = random.Random()
    for _ in range(60):
        kind, told, found = tampering.tamper(engine, head, dice)
        assert found.first is not None, (kind, told)


@pytest.mark.parametrize(
    ("what", "kind", "thing", "statements"),
    [
        ("an event", "changed", "event", ["UPDATE event SET recorded_by = 'x' WHERE id = 7"]),
        ("an event", "removed", "event", ["DELETE FROM event WHERE id = 7"]),
        ("events", "truncated_tail", "event", ["DELETE FROM event WHERE id >= 7"]),
        (
            "an event",
            "inserted",
            "event",
            [
                "INSERT INTO event (table_name, row_key, operation, after)"
                " VALUES ('note', '999', 'insert', '{}')",
                "UPDATE event SET id = 0 WHERE row_key = '999'",
            ],
        ),
        (
            "events",
            "reordered",
            "event",
            [
                "UPDATE event SET id = -1 WHERE id = 3",
                "UPDATE event SET id = 3 WHERE id = 5",
                "UPDATE event SET id = 5 WHERE id = -1",
            ],
        ),
        ("an event", "reordered", "event", ["UPDATE event SET id = 0 WHERE id = 5"]),
        ("a row", "changed", "row", ["UPDATE claim SET status = 'in_review' WHERE id = 4"]),
        ("a row", "changed", "row", ["UPDATE capture SET content = 'other' WHERE id = 1"]),
        ("a row", "removed", "row", ["DELETE FROM note WHERE id = 1"]),
        ("a row", "inserted", "row", ["INSERT INTO note (claim_id, body) VALUES (1, 'x')"]),
        (
            "rows",
            "reordered",
            "row",
            [
                "UPDATE claim SET statement = other.statement FROM claim AS other"
                " WHERE claim.id + other.id = 3"
            ],
        ),
        ("a seal", "changed", "seal", ["UPDATE seal SET recorded_by = 'x' WHERE no = 2"]),
        ("a seal", "removed", "seal", ["DELETE FROM seal WHERE no = 2"]),
        (
            "the end",
            "truncated_tail",
            "head",
            ["DELETE FROM seal WHERE no >= 3"],
        ),
        ("the number", "removed", "ledger", ["DELETE FROM ledger"]),
        ("the number", "changed", "seal", ["UPDATE ledger SET uuid = gen_random_uuid()"]),
    ],
)
def test_the_first_bad_row_is_named_with_what_was_done(
    engine: Engine, what: str, kind: str, thing: str, statements: list[str]
) -> None:
    head = tampering.build(engine)
    with engine.connect() as connection:
        tampering.switch_off(connection)
        run(connection, "ALTER TABLE capture DROP CONSTRAINT ck_capture_sha256")
        run(connection, "ALTER TABLE capture DROP CONSTRAINT ck_capture_byte_count")
        for statement in statements:
            connection.execute(text(statement))
        first = verify(connection, head=head).first
        connection.rollback()
    assert first is not None
    assert (first.kind, first.thing) == (kind, thing), what


def test_a_change_before_a_later_one_is_found(engine: Engine) -> None:
    """Of a row changed without an event, and then with one, the second event tells."""
    with write_transaction(engine, actor="Ana Ruiz") as connection:
        records.claim(connection, url=None)
    seal(engine)
    with engine.begin() as connection:
        run(connection, "ALTER TABLE claim DISABLE TRIGGER log_update")
        run(connection, "UPDATE claim SET priority = 2")
        run(connection, "ALTER TABLE claim ENABLE TRIGGER log_update")
    with engine.begin() as connection:
        run(connection, "UPDATE claim SET priority = 3")

    with engine.connect() as connection:
        first = verify(connection).first
    assert first is not None
    assert (first.kind, first.table, first.row_key) == ("changed", "claim", "1")
    assert first.detail.startswith("priority, before event")


def test_a_record_written_anew_is_not_the_published_one(engine: Engine) -> None:
    """Sealed again throughout, a forged record agrees with itself, but not with the head."""
    head = tampering.build(engine)
    with engine.connect() as connection:
        tampering.switch_off(connection)
        forger = tampering.Tampering(connection, head, random.Random())
        forger.forged_and_sealed_again()
        assert verify(connection).first is None
        first = verify(connection, head=head).first
        connection.rollback()
    assert first is not None
    assert (first.kind, first.thing) == ("changed", "head")
