"""Redact for good: a value leaves its row, the events and the reasons; a salted digest stays.

The seals go on holding: an event enters its leaf hash by the digests of its texts, so that a
digest can take a text's place (see `claimtrack.models.functions`). The salt goes with the value,
so that the digest can't be compared with guesses. What the database lets go, and of which rows,
stands in `claimtrack.models.redacting`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, text

from claimtrack.db import say_why
from claimtrack.errors import ConflictError, DatabaseError, InvalidDataError, NotFoundError
from claimtrack.keys import clean_text
from claimtrack.models.protection import redaction
from claimtrack.models.redacting import FIELDS, MARKER
from claimtrack.models.rules import LOGGED
from claimtrack.services.mentions import Mention, mentions

#: A shorter text than this is found everywhere, and says nothing.
TELLING = 3


@dataclass(frozen=True, slots=True)
class Target:
    """One field of one row, as it stands before it is redacted."""

    table: str
    row_key: str
    field: str
    #: Every text that the field holds or held.
    texts: tuple[str, ...]
    #: How many events tell of it.
    events: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was redacted: the digest that stays, and where the same text still stands."""

    target: Target
    digest: str | None
    left: tuple[Mention, ...]


def find(connection: Connection, table: str, row_key: str, field: str) -> Target:
    """The field that is to be redacted; ``identity`` of a speaker or a source is what is protected.

    The row is locked until the transaction ends.

    Raises:
        DatabaseError: this login is not the owner's.
        InvalidDataError: there is no such field, or it can't be redacted.
        NotFoundError: there is no such row.
        ConflictError: there is nothing in it, or nothing any more.
    """
    owner = connection.scalar(
        text(
            "SELECT pg_has_role(CURRENT_USER, relowner, 'MEMBER') FROM pg_class"
            " WHERE oid = 'public.event'::regclass"
        )
    )
    if not owner:
        raise DatabaseError("Only the owner of the database may redact: log in as the owner.")
    if field == "identity" and table in ("speaker", "source"):
        table, row_key = "protected_source", _protected(connection, table, row_key)
    if (table, field) == ("event", "because"):
        return _reason(connection, row_key)
    if field not in FIELDS.get(table, {}):
        raise InvalidDataError(
            f"There is no {field} to redact in a {table}: it has {', '.join(FIELDS[table])}."
            if table in FIELDS
            else f"Nothing of {table} can be redacted; it is one of {', '.join(FIELDS)}."
        )
    held = _row(connection, table, row_key, (field,), lock=True)[field]
    told = connection.execute(
        text(
            "SELECT event.id, fields.value FROM event, event_fields(event) AS fields"
            " WHERE table_name = :table AND row_key = :key AND state = 'salted'"
            " AND path IN ('before.' || :field, 'after.' || :field)"
            " AND value NOT IN (to_jsonb(CAST(:marker AS text)), '[]') ORDER BY event.id"
        ),
        {"table": table, "key": row_key, "field": field, "marker": MARKER},
    ).all()
    if held in (None, MARKER, []) and not told:
        raise ConflictError(f"There is nothing in {table} {row_key}, {field}, or nothing any more.")
    found = [*_texts(held), *(one for row in told for one in _texts(row.value))]
    texts = tuple(dict.fromkeys(one for one in found if one != MARKER))
    return Target(table, row_key, field, texts, len({row.id for row in told}))


def redact(connection: Connection, target: Target, because: str) -> Redacted:
    """Take the value out of its row and of all events, for good.

    What is made from it (keys that tell it again) goes with it; so do the same words where they
    are the reason of an event; with a speaker's name the same name among those that led to it;
    and with an identity all that the events of its row and its names tell of it.

    Raises:
        InvalidDataError: the reason is blank, or repeats the value.
    """
    reason = clean_text(because, "reason", limit=20000, multiline=True)
    if any(len(one) >= TELLING and one.casefold() in reason.casefold() for one in target.texts):
        raise InvalidDataError("The reason repeats what is redacted: say it in other words.")
    say_why(connection, reason)
    _set(connection, "claimtrack.typo", "on")
    if target.table != "event":
        _empty(connection, target.table, target.row_key, (target.field,))
    if target.table == "protected_source":
        _forget_identity(connection, target.row_key)
    if (target.table, target.field) == ("speaker", "name"):
        _forget_names(connection, target)
    _forget_reasons(connection, target.texts)
    _set(connection, "claimtrack.redacting", "")
    digest = _digest(connection, target)
    connection.execute(
        insert(redaction).values(
            table_name=target.table,
            row_key=target.row_key,
            field=target.field,
            digest=bytes.fromhex(digest) if digest else None,
        )
    )
    telling = [one for one in target.texts if len(one) >= TELLING]
    return Redacted(target, digest, tuple(mentions(connection, telling, in_events=True)))


def _digest(connection: Connection, target: Target) -> str | None:
    """The digest that stays in the place of the latest value; none where no event told of it."""
    found: str | None = connection.scalar(
        text(_DIGESTS.get((target.table, target.field), _DIGEST)),
        {"table": target.table, "key": target.row_key, "field": target.field},
    )
    return found


_DIGEST = """
    SELECT COALESCE(before, after) -> :field ->> 'redacted' FROM event
    WHERE table_name = :table AND row_key = :key
        AND COALESCE(before, after) -> :field ->> 'redacted' IS NOT NULL
    ORDER BY id DESC LIMIT 1
"""
#: Events hold no identity and no bytes, but what they are told by.
_DIGESTS = {
    ("event", "because"): "SELECT field_salts -> 'because' ->> 'redacted' FROM event"
    " WHERE id::text = :key",
    ("protected_source", "identity"): "SELECT encode(digest, 'hex') FROM protected_source"
    " WHERE id::text = :key",
    ("capture", "content"): "SELECT encode(sha256, 'hex') FROM capture WHERE id::text = :key",
}


def _reason(connection: Connection, number: str) -> Target:
    """The reason that an event has, and other events of the same words."""
    words = connection.scalar(
        text("SELECT because FROM event WHERE id::text = :id"), {"id": number}
    )
    if words is None:
        raise NotFoundError(f"There is no event {number} with a reason on record.")
    count = text("SELECT count(*) FROM event WHERE because = :words")
    events = connection.execute(count, {"words": words}).scalar_one()
    return Target("event", number, "because", (words,), events)


# --- Rows ----------------------------------------------------------------------------------------


def _protected(connection: Connection, table: str, number: str) -> str:
    """The row that holds what a protected speaker or source is."""
    found = connection.scalar(
        text(f"SELECT id FROM protected_source WHERE {table}_id::text = :number"),
        {"number": number},
    )
    if found is None:
        raise NotFoundError(f"There is no protected {table} {number} with an identity on record.")
    return str(found)


def _texts(value: Any) -> Iterable[str]:
    """The texts in a value as the database has it in JSON."""
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)


def _where(table: str) -> str:
    """The condition for the row of a key as events have it; names of our own tables."""
    return f"concat_ws('.', {', '.join(LOGGED[table][0].split(','))}) = :key"


def _row(
    connection: Connection, table: str, row_key: str, columns: Iterable[str], *, lock: bool = False
) -> dict[str, Any]:
    """Some columns of a row as events have them. Of a capture's bytes only whether there are any.

    Raises:
        NotFoundError: there is no such row.
    """
    shown = ", ".join(
        "left(encode(content, 'hex'), 2) AS content" if one == "content" else f'"{one}"'
        for one in columns
    )
    query = (
        f'SELECT to_jsonb(held) FROM (SELECT {shown} FROM "{table}"'
        f" WHERE {_where(table)} {'FOR UPDATE' if lock else ''}) AS held"
    )
    found = connection.scalar(text(query), {"key": row_key})
    if found is None:
        raise NotFoundError(f"There is no {table} {row_key}.")
    values: dict[str, Any] = found
    return values


def _empty(connection: Connection, table: str, row_key: str, fields: tuple[str, ...]) -> None:
    """Put the marker, or nothing, in the place of values, and digests in that of their keys."""
    derived = tuple(dict.fromkeys(one for field in fields for one in FIELDS[table][field]))
    values = {field: _emptied(table, field) for field in fields}
    values |= {one: _unguessable(table, one) for one in derived}
    if table == "source" and "url" in fields:
        # Something has to name it.
        values["title"] = f"COALESCE(title, '{MARKER}')"
    _set(connection, "claimtrack.redacting", table)
    sets = ", ".join(f'"{name}" = {value}' for name, value in values.items())
    connection.execute(
        text(f'UPDATE "{table}" SET {sets} WHERE {_where(table)}'),
        {"key": row_key, "table": table},
    )
    _forget_events(connection, table, row_key, (*fields, *derived))


def _emptied(table: str, field: str) -> str:
    """What takes a value's place, as SQL."""
    if (table, field) == ("claim", "topics"):
        return "'{}'"
    if field in ("url", "content", "identity", "file_name", "assigned_to"):
        return "NULL"
    return f"CASE WHEN \"{field}\" IS NOT NULL THEN '{MARKER}' END"


def _unguessable(table: str, column: str) -> str:
    """What takes the place of what is made from a value, as SQL: the digest that events keep."""
    if column in ("host", "salt"):
        return "NULL"
    kept = (
        "COALESCE((SELECT entered FROM event, event_fields(event) AS fields"
        f" WHERE table_name = :table AND row_key = :key AND path = 'after.{column}'"
        " ORDER BY event.id DESC LIMIT 1), encode(new_salt() || new_salt(), 'hex'))"
    )
    if column == "qualifier_key":
        return f"CASE WHEN qualifier IS NULL THEN '' ELSE {kept} END"
    return kept if column == "name_key" else f"decode({kept}, 'hex')"


def _forget_names(connection: Connection, target: Target) -> None:
    """The same name leaves those that led to the speaker."""
    names = connection.execute(
        text(
            "SELECT id FROM speaker_alias WHERE speaker_id::text = :key"
            " AND (name = ANY(:texts) OR name || ' (' || qualifier || ')' = ANY(:texts))"
        ),
        {"key": target.row_key, "texts": list(target.texts)},
    )
    for number in names.scalars().all():
        _empty(connection, "speaker_alias", str(number), ("name", "qualifier"))


def _forget_identity(connection: Connection, row_key: str) -> None:
    """What the events of a protected row, of its names and its files tell of it."""
    speaker_id, source_id = connection.execute(
        text("SELECT speaker_id, source_id FROM protected_source WHERE id::text = :key"),
        {"key": row_key},
    ).one()
    if speaker_id is not None:
        _forget_events(connection, "speaker", str(speaker_id), ("name", "description"))
        kept = ("speaker_alias", "speaker_id", "name name_key qualifier qualifier_key", speaker_id)
    else:
        told = ["url", "host", "title", "external_id", "source_key"]
        _forget_events(connection, "source", str(source_id), told)
        kept = ("capture", "source_id", "file_name", source_id)
        # Without its house it is counted alone.
        connection.execute(text("UPDATE source SET kind = kind WHERE id = :id"), {"id": source_id})
    table, column, fields, number = kept
    for one in connection.execute(
        text(f"SELECT id FROM {table} WHERE {column} = :id"),
        {"id": number},
    ).scalars():
        _forget_events(connection, table, str(one), fields.split())


# --- Events --------------------------------------------------------------------------------------


_REDACT_EVENTS = """
UPDATE event SET (before, after, because, salt, field_salts) = (
    SELECT made.before, made.after, made.because, made.salt, made.field_salts
    FROM redacted_event(event, ARRAY(
        SELECT path FROM event_fields(event) WHERE state = 'salted' AND {condition}
    )) AS made
)
WHERE {rows} AND EXISTS (
    SELECT FROM event_fields(event) WHERE state = 'salted' AND {condition}
)
"""


def _forget_events(
    connection: Connection, table: str, row_key: str, columns: Iterable[str]
) -> None:
    """Put digests in the place of all values of these columns but those that the row has now."""
    names = list(columns)
    today = _row(connection, table, row_key, names)
    paths = {f"{part}.{name}": today[name] for part in ("before", "after") for name in names}
    connection.execute(
        text(
            _REDACT_EVENTS.format(
                rows="table_name = :table AND row_key = :key",
                condition="CAST(:today AS jsonb) ? path"
                " AND value IS DISTINCT FROM CAST(:today AS jsonb) -> path",
            )
        ),
        {"table": table, "key": row_key, "today": json.dumps(paths)},
    )


def _forget_reasons(connection: Connection, texts: Iterable[str]) -> None:
    """The same words leave the events that have them as their reason."""
    connection.execute(
        text(_REDACT_EVENTS.format(rows="because = ANY(:texts)", condition="path = 'because'")),
        {"texts": [one for one in texts if len(one) >= TELLING]},
    )


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(
        text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value}
    )
