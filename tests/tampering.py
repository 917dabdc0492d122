"""Random tamperings with a sealed record, by a superuser with every trigger off.

``python -m tests.tampering --count 1000`` builds a record, seals it, publishes its head and goes
on recording; then it tampers with what was sealed, once in each transaction, verifies within the
same transaction, and rolls back. The suite runs a short form of it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from claimtrack.db import make_engine, say_why, write_transaction
from claimtrack.leaves import Head, StoredEvent, StoredSeal, leaf, seal_hash
from claimtrack.models.rules import LOGGED
from claimtrack.services import ledger
from claimtrack.services.verify import Verification, verify
from tests import records
from tests.benchmarks.server import fresh_database
from tests.sql import run, value

#: An expression that changes a value, by the type of its column; {} is the column.
CHANGES = {
    "text": ("{} || ' '", "'made up'", "upper({})", "NULL"),
    "bigint": ("{} + 1", "{} + 1000000"),
    "integer": ("{} + 1",),
    "smallint": ("{} + 1", "{} - 1"),
    "numeric": ("{} + 1", "{} * 1.0", "NULL"),
    "date": ("{} + 1", "NULL"),
    "boolean": ("NOT {}",),
    "timestamp with time zone": ("{} + interval '1 microsecond'", "'infinity'"),
    "bytea": ("NULL", "sha256({})", "set_byte({}, 0, get_byte({}, 0) # 1)", "substr({}, 2)"),
    "text[]": ("array_append({}, 'made up')", "'{{}}'"),
    "jsonb": ('{} || \'{{"made": "up"}}\'', "'{{}}'", "'[]'", "NULL"),
}

COLUMNS = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
        AND attgenerated = ''
"""


class Nothing(Exception):  # noqa: N818 - no error
    """The dice fell on what changes nothing: throw them again."""


# --- The record ----------------------------------------------------------------------------------


def build(engine: Engine) -> Head:
    """A record of every sort, in several seals; the head is that of the last but one."""
    heads = []
    for part in range(4):
        _record(engine, part)
        sealed = ledger.seal_events(engine, actor="Ana Ruiz")
        assert sealed is not None
        heads.append(sealed.head)
    _record(engine, 4)
    return heads[-2]


def _record(engine: Engine, part: int) -> None:
    with write_transaction(engine, actor=f"Person {part}") as connection:
        claims = [
            records.claim(
                connection,
                f"Well {part}.{number} ran dry – “zażółć” \U0001f30d",
                topics=["water", f"part {part}"],
                url=f"https://example.org/{part}/{number}",
            )
            for number in range(4)
        ]
        run(
            connection,
            "INSERT INTO figure (claim_id, comparator, low, high) VALUES (:id, '..', 3.10, 1e30)",
            id=claims[0],
        )
        run(
            connection,
            "INSERT INTO note (claim_id, body) VALUES (:id, E'Seen\\t\\x01')",
            id=claims[1],
        )
        run(
            connection,
            "INSERT INTO capture (source_id, sha256, byte_count, content) SELECT max(id),"
            " sha256('bytes'), 5, 'bytes' FROM source",
        )
        run(
            connection,
            "INSERT INTO attribution (claim_id, appearance_no, finding, because)"
            " VALUES (:id, 1, 'confirmed', 'On tape')",
            id=claims[2],
        )
        records.publisher(connection, f"Harbour Post {part}")
    with write_transaction(engine, actor="Omar Haddad") as connection:
        run(connection, "INSERT INTO publisher (name, name_key) VALUES ('x', 'x')")
        connection.rollback()  # leaves a gap in the events' numbers
    with write_transaction(engine, actor="Omar Haddad") as connection:
        piece = records.evidence(connection, claims[0])
        records.review(connection, claims[0], "checked", piece, verdict="false")
        records.review(connection, claims[1], "in_review")
    with write_transaction(engine, actor="Ana Ruiz") as connection:
        say_why(connection, "It is urgent")
        run(connection, "UPDATE claim SET priority = 3 WHERE id = :id", id=claims[3])
        run(
            connection,
            "UPDATE evidence SET withdrawn_at = now(), withdrawn_by = 'Ana Ruiz',"
            " withdrawn_because = 'Misread' WHERE id = :id",
            id=piece,
        )


# --- Tampering -----------------------------------------------------------------------------------


class Tampering:
    """One transaction of somebody who may do anything, and has switched every trigger off."""

    def __init__(self, connection: Connection, head: Head, dice: random.Random) -> None:
        self.connection = connection
        self.dice = dice
        self.last_id = value(
            connection, "SELECT last_event_id FROM seal WHERE hash = :hash", hash=head.hash
        )
        self.told: list[str] = []

    def sql(self, statement: str, **values: Any) -> int:
        """Run a statement; how many rows it touched."""
        self.told.append(f"{' '.join(statement.split())} {values or ''}")
        return int(run(self.connection, statement, **values).rowcount)

    def pick(self, table: str, count: int = 1) -> list[Any]:
        """Where rows are that were sealed at or before the head."""
        if table == "event":
            condition = "id <= :last"
        elif table == "seal":
            condition = "last_event_id <= :last"
        else:
            keys = ", ".join(LOGGED[table][0].split(","))
            condition = (
                f"concat_ws('.', {keys}) IN (SELECT row_key FROM event"
                f" WHERE table_name = '{table}' AND id <= :last)"
            )
        found = run(
            self.connection,
            f"SELECT ctid::text FROM {table} WHERE {condition} ORDER BY ctid",
            last=self.last_id,
        )
        places = list(found.scalars())
        if len(places) < count:
            raise Nothing
        return self.dice.sample(places, count)

    def table(self) -> str:
        return self.dice.choice([*LOGGED, *["event"] * len(LOGGED), *["seal"] * 3])

    def column(self, table: str) -> tuple[str, str]:
        unlogged = {"version", "reach", "changed_at"} if table in LOGGED else set()
        columns = [
            (name, kind)
            for name, kind in run(self.connection, COLUMNS, table=table)
            if name not in unlogged
        ]
        return self.dice.choice(columns)

    # -- the kinds ----------------------------------------------------------------------------

    def changed_field(self) -> None:
        """Another value in one column of one row."""
        table = self.table()
        name, kind = self.column(table)
        change = self.dice.choice(CHANGES[kind]).format(*[name] * 2)
        (place,) = self.pick(table)
        same = f"{name}::text IS DISTINCT FROM CAST({change} AS {kind})::text"
        if not self.sql(
            f"UPDATE {table} SET {name} = {change} WHERE ctid = CAST(:place AS tid) AND {same}",
            place=place,
        ):
            raise Nothing

    def changed_json(self) -> None:
        """Another value in what an event says."""
        (place,) = self.pick("event")
        side = self.dice.choice(["before", "after"])
        names = run(
            self.connection,
            f"SELECT jsonb_object_keys({side}) FROM event WHERE ctid = CAST(:place AS tid)",
            place=place,
        )
        name = self.dice.choice(list(names.scalars()) or [""])
        made_up = self.dice.choice(['"made up"', "null", "17", '{"redacted": "%s"}' % ("0" * 64)])
        if not self.sql(
            f"UPDATE event SET {side} = jsonb_set({side}, ARRAY[:name], CAST(:made_up AS jsonb))"
            f" WHERE ctid = CAST(:place AS tid) AND {side} ? :name"
            f" AND {side} -> :name <> CAST(:made_up AS jsonb)",
            name=name,
            made_up=made_up,
            place=place,
        ):
            raise Nothing

    def swapped_rows(self) -> None:
        """Two rows change places: all of an event or seal but its number, or one column."""
        table = self.table()
        places = self.pick(table, 2)
        if table in ("event", "seal"):
            key = "id" if table == "event" else "no"
            names = [name for name, _ in run(self.connection, COLUMNS, table=table) if name != key]
        else:
            names = [self.column(table)[0]]
        listed, others = ", ".join(names), ", ".join(f"other.{name}" for name in names)
        for index in run(
            self.connection,
            "SELECT conname FROM pg_constraint WHERE conrelid = CAST(:table AS regclass)"
            " AND contype = 'u'",
            table=table,
        ).scalars():
            self.sql(f"ALTER TABLE {table} DROP CONSTRAINT {index} CASCADE")
        touched = self.sql(
            f"UPDATE {table} SET ({listed}) = ROW({others}) FROM {table} AS other"
            f" WHERE {table}.ctid = ANY(CAST(:places AS tid[]))"
            f" AND other.ctid = ANY(CAST(:places AS tid[])) AND other.ctid <> {table}.ctid"
            f" AND ROW({', '.join(f'{table}.{name}' for name in names)})"
            f" IS DISTINCT FROM ROW({others})",
            places=places,
        )
        if not touched:
            raise Nothing

    def hidden_change(self) -> None:
        """A row says that it has not changed since it was recorded, and its events say it has."""
        table = self.dice.choice(["claim", "evidence"])
        touched = self.sql(
            f"UPDATE {table} SET changed_at = NULL WHERE id::text IN (SELECT row_key FROM event"
            f" WHERE table_name = '{table}' AND operation = 'update' AND id <= :last)",
            last=self.last_id,
        )
        if not touched:
            raise Nothing

    def forged_redaction(self) -> None:
        """What a claim's status was is taken out of its events, and every leaf stays."""
        names = ["status", "verdict", "review_no", "priority"]
        touched = self.sql(
            "UPDATE event SET (before, after, because, salt, field_salts) = (SELECT made.before,"
            " made.after, made.because, made.salt, made.field_salts FROM redacted_event(event,"
            " ARRAY(SELECT part || '.' || name FROM unnest(ARRAY['before', 'after']) AS part,"
            " unnest(CAST(:names AS text[])) AS name)) AS made) WHERE table_name = 'claim'"
            " AND operation = 'update' AND id <= :last AND after ? 'status'",
            names=names,
            last=self.last_id,
        )
        if not touched:
            raise Nothing

    def removed_row(self) -> None:
        """A row is gone."""
        table = self.table()
        (place,) = self.pick(table)
        self.sql(f"DELETE FROM {table} WHERE ctid = CAST(:place AS tid)", place=place)

    def removed_row_and_events(self) -> None:
        """A row is gone, and every event that told of it."""
        table = self.dice.choice([*LOGGED])
        (place,) = self.pick(table)
        keys = f"concat_ws('.', {LOGGED[table][0]})"
        key = value(
            self.connection, f"SELECT {keys} FROM {table} WHERE ctid = CAST(:p AS tid)", p=place
        )
        self.sql(f"DELETE FROM {table} WHERE {keys} = :key", key=key)
        self.sql(
            "DELETE FROM event WHERE table_name = :table AND row_key = :key", table=table, key=key
        )

    def removed_tail(self) -> None:
        """The last events are gone, with their rows and seals or without."""
        (place,) = self.pick("event")
        first = value(
            self.connection, "SELECT id FROM event WHERE ctid = CAST(:place AS tid)", place=place
        )
        if self.dice.random() < 0.5:
            for table, (keys, _) in LOGGED.items():
                self.sql(
                    f"DELETE FROM {table} WHERE concat_ws('.', {keys}) IN (SELECT row_key"
                    f" FROM event WHERE table_name = '{table}' AND operation = 'insert'"
                    " AND id >= :first)",
                    first=first,
                )
        self.sql("DELETE FROM event WHERE id >= :first", first=first)
        if self.dice.random() < 0.7:
            self.sql("DELETE FROM seal WHERE last_event_id >= :first", first=first)
            if self.dice.random() < 0.5:
                self.seal_again()

    def inserted_row(self) -> None:
        """A row that nobody recorded, or an event where a number was left out."""
        if self.dice.random() < 0.5:
            gap = run(
                self.connection,
                "SELECT gap FROM generate_series(1, :last) AS gap"
                " WHERE gap NOT IN (SELECT id FROM event)",
                last=self.last_id,
            )
            numbers = list(gap.scalars())
            (place,) = self.pick("event")
            self.sql(
                "INSERT INTO event OVERRIDING SYSTEM VALUE SELECT (made).* FROM (SELECT"
                " jsonb_populate_record(event, jsonb_build_object('id', CAST(:id AS bigint),"
                " 'recorded_by', 'Nobody')) AS made FROM event WHERE ctid = CAST(:p AS tid)) AS x",
                id=self.dice.choice(numbers),
                p=place,
            )
            return
        self.sql(
            "INSERT INTO claim (statement, statement_key) VALUES ('Made up', sha256('made up'))"
        )

    def flipped_status(self) -> None:
        """A claim stands elsewhere than it was put: in its row, its review, or in all of them."""
        (place,) = self.pick("claim")
        claim_id = value(
            self.connection, "SELECT id FROM claim WHERE ctid = CAST(:p AS tid)", p=place
        )
        verdict = self.dice.choice(["true", "false", "mixed"])
        depth = self.dice.randrange(4)
        touched = self.sql(
            "UPDATE claim SET status = 'checked', verdict = :verdict WHERE id = :id"
            " AND verdict IS DISTINCT FROM :verdict",
            id=claim_id,
            verdict=verdict,
        )
        if not touched:
            raise Nothing
        if depth > 0:
            self.sql(
                "UPDATE review SET status = 'checked', verdict = :verdict, reason = NULL"
                " WHERE claim_id = :id AND no = (SELECT max(no) FROM review WHERE claim_id = :id)",
                id=claim_id,
                verdict=verdict,
            )
        if depth > 1:
            self.sql(
                "UPDATE event SET after = after || jsonb_build_object('status', 'checked',"
                " 'verdict', CAST(:verdict AS text)) WHERE claim_id = :id AND after ? 'verdict'",
                id=claim_id,
                verdict=verdict,
            )
        if depth > 2:
            self.seal_again()

    def forged_and_sealed_again(self) -> None:
        """What an event says and the row that it tells of are changed, and all seals made anew."""
        self.sql("UPDATE note SET body = 'Never seen' WHERE id = 1")
        self.sql(
            'UPDATE event SET after = after || \'{"body": "Never seen"}\''
            " WHERE table_name = 'note' AND row_key = '1'"
        )
        self.seal_again()

    def seal_again(self) -> None:
        """Seals as claimtrack would have made them on what is there now."""
        self.told.append("seal all of it again")
        previous = ledger.origin_hash(self.connection)
        after = count = 0
        for row in run(self.connection, f"{ledger.SEALS} ORDER BY no").all():
            old = StoredSeal(*row)
            events = [
                StoredEvent(*event)
                for event in run(
                    self.connection, ledger.EVENTS, after=after, until=old.last_event_id
                )
            ]
            leaves = []
            for event in events:
                made = leaf(event)
                assert made is not None
                leaves.append(event.id.to_bytes(8, "big") + made.hash)
            after, count = old.last_event_id, count + len(events)
            new = old._replace(previous_hash=previous, event_count=count, leaves=b"".join(leaves))
            previous = seal_hash(new)
            self.connection.execute(
                text(
                    "UPDATE seal SET previous_hash = :before, hash = :hash, event_count = :count,"
                    " leaves = :leaves WHERE no = :no"
                ),
                {
                    "before": new.previous_hash,
                    "hash": previous,
                    "count": count,
                    "leaves": new.leaves,
                    "no": old.no,
                },
            )


KINDS: tuple[Callable[[Tampering], None], ...] = (
    Tampering.changed_field,
    Tampering.changed_field,
    Tampering.changed_field,
    Tampering.changed_json,
    Tampering.swapped_rows,
    Tampering.hidden_change,
    Tampering.forged_redaction,
    Tampering.removed_row,
    Tampering.removed_row_and_events,
    Tampering.removed_tail,
    Tampering.inserted_row,
    Tampering.flipped_status,
    Tampering.forged_and_sealed_again,
)


def tamper(engine: Engine, head: Head, dice: random.Random) -> tuple[str, list[str], Verification]:
    """Tamper once, verify, and take it back: the kind, what was done, and what was found."""
    while True:
        with engine.connect() as connection:
            try:
                switch_off(connection)
                tampering = Tampering(connection, head, dice)
                kind = dice.choice(KINDS)
                kind(tampering)
            except (Nothing, DBAPIError):
                # Refused by a constraint, or no change at all: it has not happened.
                connection.rollback()
                continue
            found = verify(connection, head=head)
            connection.rollback()
            return kind.__name__, tampering.told, found


def switch_off(connection: Connection) -> None:
    for table in (*LOGGED, "event", "seal", "ledger"):
        run(connection, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    for table, column in run(
        connection,
        "SELECT attrelid::regclass::text, attname FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace"
        " AND attidentity = 'a'",
    ).all():
        run(connection, f"ALTER TABLE {table} ALTER {column} SET GENERATED BY DEFAULT")


def main(arguments: list[str]) -> int:
    """Tamper as often as was asked, and say how often it was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.tampering")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args(arguments)
    dice = random.Random(options.seed)
    tried: Counter[str] = Counter()
    missed = []
    with fresh_database() as url:
        engine = make_engine(url)
        head = build(engine)
        with engine.connect() as connection:
            assert verify(connection, head=head).first is None
        for number in range(1, options.count + 1):
            kind, told, found = tamper(engine, head, dice)
            tried[kind] += 1
            if found.first is None:
                missed.append((kind, told))
            if number % 100 == 0:
                print(f"{number}: {len(missed)} not found", file=sys.stderr, flush=True)
    for kind, number in sorted(tried.items()):
        print(f"{kind:28} {number:5}")
    for kind, told in missed:
        print(f"NOT FOUND: {kind}", *told, sep="\n  ")
    print(f"{options.count - len(missed)} of {options.count} found (seed {options.seed}).")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
