"""Checks a record by docs/ledger.md alone, and shares no code with claimtrack.

``python tests/independent.py URL [HEAD]`` needs psycopg and Python's standard library. It prints
the head that it computed, or what is wrong.
"""

import datetime
import hashlib
import json
import sys
from typing import Any

import psycopg

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

SEALS = """
    SELECT no, previous_hash, hash, last_event_id, event_count, leaves,
        trunc(extract(epoch FROM recorded_at) * 1000000)::text, recorded_by, db_user
    FROM seal ORDER BY no
"""
EVENTS = """
    SELECT id, table_name, row_key, claim_id, operation,
        trunc(extract(epoch FROM recorded_at) * 1000000)::text, recorded_by, db_user, application,
        because, before::text, after::text, salt, field_salts::text
    FROM event WHERE id > %s AND id <= %s ORDER BY id
"""


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def json_of(value: Any) -> str:
    """JSON as PostgreSQL prints it; a number is kept as the tuple ("number", its digits)."""
    if isinstance(value, tuple):
        return str(value[1])
    if isinstance(value, list):
        return "[" + ", ".join(json_of(one) for one in value) + "]"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json_of(key)}: {json_of(one)}" for key, one in value.items()) + "}"
        )
    return json.dumps(value, ensure_ascii=False)


def read_json(content: str) -> Any:
    def keep(digits: str) -> tuple[str, str]:
        return ("number", digits)

    return json.loads(content, parse_int=keep, parse_float=keep)


def word_of(path: str, value: Any, salt: bytes | None, field_salts: dict[str, Any]) -> str:
    """The word as which a field enters its event's leaf."""
    if value is None or isinstance(value, bool | tuple):
        return json_of(value)
    if isinstance(value, dict) and list(value) == ["redacted"]:
        return str(value["redacted"])
    if salt is not None:
        field_salt = sha256(salt + path.encode())
    else:
        field_salt = bytes.fromhex(field_salts[path])
    return sha256(field_salt + json_of(value).encode()).hex()


def leaf_of(event: tuple[Any, ...]) -> bytes:
    """The leaf of an event: a row of the query below."""
    (number, table, row_key, claim_id, operation, recorded_at, recorded_by, db_user, application,
     because, before, after, salt, field_salts) = event  # fmt: skip
    before = None if before is None else read_json(before)
    after = read_json(after)
    field_salts = json.loads(field_salts or "{}")
    if because is None and isinstance(field_salts.get("because"), dict):
        because = field_salts["because"]
    fields = {"because": because}
    fields |= {f"after.{name}": value for name, value in after.items()}
    fields |= {f"before.{name}": value for name, value in (before or {}).items()}
    lines = [
        "claimtrack event 1",
        str(number),
        json_of(table),
        json_of(row_key),
        "null" if claim_id is None else str(claim_id),
        json_of(operation),
        recorded_at,
        json_of(recorded_by),
        json_of(db_user),
        json_of(application),
        "null" if before is None else str(len(before)),
        str(len(after)),
    ]
    for path in sorted(fields, key=str.encode):
        lines.append(json_of(path) + " " + word_of(path, fields[path], salt, field_salts))
    return sha256("\n".join(lines).encode())


def check(url: str) -> list[str]:
    """Recompute every seal; the heads that the record contains, oldest first."""
    heads = []
    with psycopg.connect(url) as connection:
        uuids = connection.execute("SELECT uuid::text FROM ledger").fetchall()
        previous, after, count = sha256(f"claimtrack ledger 1\n{uuids[0][0]}".encode()), 0, 0
        for no, named, stored, last, total, leaves, at, by, user in connection.execute(
            SEALS
        ).fetchall():
            made = b""
            for event in connection.execute(EVENTS, (after, last)):
                made += event[0].to_bytes(8, "big") + leaf_of(event)
                count += 1
            lines = ["claimtrack seal 1", str(no), previous.hex(), str(last), str(count)]
            lines += [sha256(made).hex(), at, json_of(by), json_of(user)]
            computed = sha256("\n".join(lines).encode())
            if (named, leaves, total, stored) != (previous, made, count, computed):
                raise SystemExit(f"Seal {no} is not what the events make it.")
            previous, after = computed, last
            moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
                microseconds=int(at)
            )
            heads.append(f"{count} {moment:%Y-%m-%dT%H:%M:%S.%f}Z {computed.hex()}")
    return heads


if __name__ == "__main__":
    found = check(sys.argv[1])
    if len(sys.argv) > 2 and sys.argv[2] not in found:
        raise SystemExit("The record does not contain that head.")
    print(found[-1] if found else "Nothing is sealed.")
