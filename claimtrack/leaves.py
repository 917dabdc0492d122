"""The bytes that are hashed: an event's leaf, a seal, and the line that publishes one.

docs/ledger.md says the same in words, so that a script which shares no code with this one can
check the record; the database's own function ``event_leaf`` computes leaves too.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple
from uuid import UUID

from claimtrack.errors import InvalidDataError

#: Bytes of a leaf inside a seal: the event's id, big-endian, and the hash.
ID_BYTES = 8
LEAF_BYTES = ID_BYTES + 32

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DIGEST = re.compile("[0-9a-f]{64}")


class _Number(str):
    """A JSON number, every digit as it is written: 3.10 is not 3.1."""

    __slots__ = ()


_decode = json.JSONDecoder(parse_int=_Number, parse_float=_Number).decode


class StoredEvent(NamedTuple):
    """An event as PostgreSQL prints it: microseconds since 1970, JSON as text."""

    id: int
    table: str
    row_key: str
    claim_id: int | None
    operation: str
    recorded_at: str
    recorded_by: str
    db_user: str
    application: str
    because: str | None
    before: str | None
    after: str
    salt: bytes | None
    field_salts: str | None


class Leaf(NamedTuple):
    """An event's leaf: ``body`` is all that is hashed but the id; ``hashed`` every byte of it.

    ``redacted`` counts the values that a digest stands for.
    """

    hash: bytes
    body: bytes
    hashed: list[bytes]
    redacted: int


def parse(text: str) -> Any:
    """JSON with its numbers as they are written.

    Raises:
        ValueError: it is no JSON, or nested too deeply.
    """
    try:
        return _decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def json_text(value: Any) -> str:
    """A parsed value as PostgreSQL prints its jsonb."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _Number():
            return value
        case str():
            return quoted(value)
        case list():
            return f"[{', '.join(map(json_text, value))}]"
    return f"{{{', '.join(f'{quoted(key)}: {json_text(one)}' for key, one in value.items())}}}"


def is_redacted(value: Any) -> bool:
    """Whether a value of an event is the digest of one that was redacted."""
    return (
        type(value) is dict
        and len(value) == 1
        and type(digest := value.get("redacted")) is str
        and _DIGEST.fullmatch(digest) is not None
    )


def leaf(event: StoredEvent) -> Leaf | None:
    """The leaf of an event; None where it holds what no event of the triggers' holds."""
    try:
        return _leaf(event)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def hash_of(event_id: int, body: bytes) -> bytes:
    """The leaf hash of a body under an id."""
    return sha256(b"claimtrack event 1\n%d\n%b" % (event_id, body)).digest()


class _Paths(dict[str, tuple[str, bytes, str]]):
    """The names of fields to their paths: as text, as bytes, and as JSON. There are few."""

    def __init__(self, side: str) -> None:
        self.side = side

    def __missing__(self, name: str) -> tuple[str, bytes, str]:
        path = self.side + name
        made = path, path.encode(), quoted(path)
        if len(self) < 1000:  # made up names must not fill the memory
            self[name] = made
        return made


_BECAUSE = _Paths("because")
_BEFORE = _Paths("before.")
_AFTER = _Paths("after.")


def _leaf(event: StoredEvent) -> Leaf:
    """The leaf of an event. A million are made in a row: what it calls, it calls a million times.

    Raises:
        ValueError: a salt or a bracket is missing, or the like.
    """
    before = None if event.before is None else parse(event.before)
    after = parse(event.after)
    salt = event.salt
    salts = {} if event.field_salts is None else parse(event.field_salts)
    because = event.because
    if because is None and type(salts.get("because")) is dict:
        because = salts["because"]
    fields = [(_AFTER[name], value) for name, value in after.items()]
    fields.append((_BECAUSE[""], because))
    if before is not None:
        fields += [(_BEFORE[name], value) for name, value in before.items()]
    fields.sort(key=_path)
    hashed = []
    redacted = 0
    words = []
    for (path, path_bytes, path_json), value in fields:
        kind = type(value)
        if value is None:
            word = "null"
        elif kind is _Number:
            word = value
        elif kind is bool:
            word = "true" if value else "false"
        elif kind is dict and is_redacted(value):
            redacted += 1
            word = value["redacted"]
        else:
            # Without its salt a value could be changed without a trace: that raises.
            if salt is None:
                field_salt = bytes.fromhex(salts[path])
            else:
                salting = salt + path_bytes
                hashed.append(salting)
                field_salt = sha256(salting).digest()
            salted = field_salt + (quoted(value) if kind is str else json_text(value)).encode()
            hashed.append(salted)
            word = sha256(salted).hexdigest()
        words.append(f"{path_json} {word}")
    lines = (
        quoted(event.table),
        quoted(event.row_key),
        "null" if event.claim_id is None else str(event.claim_id),
        quoted(event.operation),
        event.recorded_at,
        quoted(event.recorded_by),
        quoted(event.db_user),
        quoted(event.application),
        "null" if before is None else str(len(before)),
        str(len(after)),
        *words,
    )
    body = "\n".join(lines).encode()
    whole = b"claimtrack event 1\n%d\n%b" % (event.id, body)
    hashed.append(whole)
    return Leaf(sha256(whole).digest(), body, hashed, redacted)


def _path(field: tuple[tuple[str, bytes, str], Any]) -> bytes:
    return field[0][1]


# --- Seals ---------------------------------------------------------------------------------------


class StoredSeal(NamedTuple):
    """A seal as PostgreSQL prints it."""

    no: int
    previous_hash: bytes
    hash: bytes
    last_event_id: int
    event_count: int
    leaves: bytes
    recorded_at: str
    recorded_by: str
    db_user: str

    @property
    def head(self) -> Head:
        """The line that publishes it."""
        return Head(self.event_count, int(self.recorded_at), self.hash)


def ledger_hash(uuid: UUID) -> bytes:
    """What the first seal of a database names as the one before it."""
    return sha256(f"claimtrack ledger 1\n{uuid}".encode()).digest()


def seal_hash(seal: StoredSeal) -> bytes:
    """The hash of a seal, recomputed from all its columns but the hash."""
    lines = (
        "claimtrack seal 1",
        str(seal.no),
        seal.previous_hash.hex(),
        str(seal.last_event_id),
        str(seal.event_count),
        sha256(seal.leaves).hexdigest(),
        seal.recorded_at,
        quoted(seal.recorded_by),
        quoted(seal.db_user),
    )
    return sha256("\n".join(lines).encode()).digest()


class Head(NamedTuple):
    """What is published of a seal: how many events it covers, when it was made, its hash."""

    events: int
    microseconds: int
    hash: bytes

    @property
    def time(self) -> dt.datetime:
        """When it was made."""
        return _EPOCH + dt.timedelta(microseconds=self.microseconds)

    def __str__(self) -> str:
        return f"{self.events} {self.time:%Y-%m-%dT%H:%M:%S.%fZ} {self.hash.hex()}"


_HEAD = re.compile(
    r"\s*(\d{1,18})\s+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\s+([0-9a-fA-F]{64})\s*", re.ASCII
)


def read_head(line: str) -> Head:
    """The head that a line names.

    Raises:
        InvalidDataError: it is no such line.
    """
    refusal = InvalidDataError(
        "That is no head of a record. It is one line, as claimtrack audit head prints it: how many"
        " events, a time and 64 hexadecimal digits. Put it in quotation marks."
    )
    match = _HEAD.fullmatch(line)
    if match is None:
        raise refusal
    try:
        since = dt.datetime.fromisoformat(match[2]) - _EPOCH
    except ValueError as error:
        raise refusal from error
    return Head(int(match[1]), since // dt.timedelta(microseconds=1), bytes.fromhex(match[3]))
