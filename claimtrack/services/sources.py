"""Sources: one document is one source, found by its address or by what it is called."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from claimtrack.dates import PartialDate, parse_date
from claimtrack.db import say_why
from claimtrack.errors import ConflictError, InvalidDataError, NotFoundError
from claimtrack.keys import clean_text, document_key, language_tag, statement_key, word_key
from claimtrack.models.people import publisher
from claimtrack.models.sources import source
from claimtrack.services.stories import load_sources, partial_date
from claimtrack.services.views import SourceRef
from claimtrack.urls import normalise_url, url_host, url_key
from claimtrack.vocab import SourceKind


@dataclass(frozen=True, slots=True)
class SourceGiven:
    """What a person said about a source, as typed; None is not said.

    ``published`` is an absolute date of any precision. In `edit` a blank text removes a value.
    """

    url: str | None = None
    title: str | None = None
    publisher: str | None = None
    agency: str | None = None
    published: str | None = None
    kind: str | None = None
    external_id: str | None = None
    language: str | None = None


#: The fields by the options of the command line that give them.
OPTIONS = {
    "url": "--url",
    "title": "--title",
    "publisher": "--publisher",
    "agency": "--agency",
    "published": "--published",
    "kind": "--kind",
    "external_id": "--external-id",
    "language": "--language",
}


#: The fields that tell what a source is; of a protected one nobody may give them again.
IDENTIFYING = frozenset({"url", "title", "publisher", "agency", "external_id"})


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording a source: whether it is new, and which empty fields were filled."""

    ref: SourceRef
    created: bool
    filled: tuple[str, ...] = ()


# ----------------------------------------------------------------------------- what was typed


def _clean(given: SourceGiven) -> dict[str, Any]:
    """The values that were said, ready for their columns but for the publishers' ids.

    Raises:
        InvalidDataError: one of them can't be recorded.
    """
    values: dict[str, Any] = {}
    if given.url is not None:
        values["url"] = normalise_url(given.url)
    for field, what, limit in (
        ("title", "title", 1000),
        ("publisher", "publisher's name", 300),
        ("agency", "agency's name", 300),
        ("external_id", "external id", 300),
    ):
        text = getattr(given, field)
        if text is not None:
            values[field] = clean_text(text, what, limit=limit)
    if given.published is not None:
        values["published"] = _published(given.published)
    if given.kind is not None:
        values["kind"] = _kind(given.kind)
    if given.language is not None:
        values["language"] = language_tag(given.language)
    return values


def _published(text: str) -> PartialDate:
    today = dt.datetime.now(dt.UTC).date()
    parsed = parse_date(text, what="publication date", anchor=today)
    if parsed.said_aloud is not None:
        raise InvalidDataError(
            f'"{text.strip()}" means another day tomorrow: write the publication date out, as in'
            f" {parsed.value}."
        )
    if parsed.value.day.year > today.year + 1:
        raise InvalidDataError(
            f"The publication date {parsed.value} lies years ahead: is the year right?"
        )
    return parsed.value


def _kind(word: str) -> str:
    try:
        return SourceKind(word).value
    except ValueError:
        raise InvalidDataError(
            f'"{word}" is no kind of source. Write one of {", ".join(SourceKind)}.'
        ) from None


def _key(values: Mapping[str, Any]) -> bytes:
    """What tells the source apart, of all its values by field."""
    if values.get("url") is not None:
        return url_key(values["url"])
    if values.get("title") is None:
        raise InvalidDataError("A source without an address needs a title: say what it is.")
    return document_key(values.get("publisher"), values["title"], values.get("external_id"))


def publisher_id(connection: Connection, name: str) -> int:
    """The publisher or agency of a name (cleaned), recorded now if it is new."""
    key = word_key(name)
    known = select(publisher.c.id).where(publisher.c.name_key == key)
    found = connection.scalar(known)
    if found is None:
        found = connection.scalar(
            insert(publisher)
            .values(name=name, name_key=key)
            .on_conflict_do_nothing(index_elements=["name_key"])
            .returning(publisher.c.id)
        )
    # None again: somebody else recorded it between the two statements, so now it can be seen.
    return found if found is not None else connection.execute(known).scalar_one()


def _columns(connection: Connection, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the columns of `source` take them."""
    columns = dict(values)
    if "url" in columns:
        columns["host"] = url_host(columns["url"]) if columns["url"] else None
    for field in ("publisher", "agency"):
        if field in columns:
            name = columns.pop(field)
            columns[f"{field}_id"] = None if name is None else publisher_id(connection, name)
    if "published" in columns:
        date = columns.pop("published")
        columns["published_on"] = date.day if date else None
        columns["published_precision"] = date.precision.value if date else None
    return columns


# -------------------------------------------------------------------------- find or create


def resolve(
    connection: Connection, reference: str, given: SourceGiven | None = None
) -> tuple[SourceRef, bool]:
    """The source of a number or an address, recorded now if the address is new; and whether.

    Raises:
        NotFoundError: no source has this number.
        ConflictError: a detail given contradicts what is on record.
        InvalidDataError: the address or a detail can't be recorded.
    """
    given = given or SourceGiven()
    number = source_number(reference)
    if number is None:
        done = record(connection, replace(given, url=reference))
        return done.ref, done.created
    return _agree(connection, _row(connection, number), _clean(given)).ref, False


def record(connection: Connection, given: SourceGiven) -> Recorded:
    """The source of an address (else of publisher, title and external id), recorded if new.

    Of a known source, empty fields are filled with what was given.

    Raises:
        ConflictError: a detail given contradicts what is on record.
        InvalidDataError: the address or a detail can't be recorded; neither address nor title.
    """
    values = _clean(given)
    key = _key(values)
    known = select(source.c.id).where(source.c.source_key == key)
    found = connection.scalar(known)
    if found is None:
        _refuse_protected(connection, key)
        made = connection.scalar(
            insert(source)
            .values(source_key=key, **_columns(connection, values))
            .on_conflict_do_nothing(index_elements=["source_key"])
            .returning(source.c.id)
        )
        if made is not None:
            return Recorded(load_sources(connection, [made])[made], created=True)
        # Somebody else recorded it between the two statements, so now it can be seen.
        found = connection.execute(known).scalar_one()
    return _agree(connection, _row(connection, found), values)


def source_number(reference: str) -> int | None:
    """``7`` or ``#7`` as a source's id; None for anything else."""
    match = re.fullmatch(r"\s*#?([0-9]{1,18})\s*", reference)
    return int(match[1]) if match else None


def find(connection: Connection, reference: str) -> SourceRef:
    """The source of a number or an address.

    Raises:
        NotFoundError: there is none.
        InvalidDataError: the reference is neither.
    """
    number = source_number(reference)
    if number is None:
        key = url_key(reference)
        number = connection.scalar(select(source.c.id).where(source.c.source_key == key))
        if number is None:
            raise NotFoundError(
                f"There is no source {normalise_url(reference)}.",
                next_command="claimtrack source list",
            )
    return load_sources(connection, [_row(connection, number).id])[number]


def _row(connection: Connection, source_id: int) -> Row[Any]:
    row = connection.execute(select(source).where(source.c.id == source_id)).first()
    if row is None:
        raise NotFoundError(
            f"There is no source {source_id}.", next_command="claimtrack source list"
        )
    return row


def _agree(connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> Recorded:
    """Fill the empty fields of a known source, and refuse what contradicts the others."""
    if values.keys() != {"url"}:
        # Two people may be filling it in at once; new claims may still refer to it meanwhile.
        row = locked_row(connection, row.id)
    if row.protected and not values.keys().isdisjoint(IDENTIFYING):
        raise protected_already(row)
    ref = load_sources(connection, [row.id])[row.id]
    fresh: dict[str, Any] = {}
    for field, said in values.items():
        stored = _stored(row, ref, field)
        if stored is None or (field == "published" and _is_more_exact(said, stored)):
            fresh[field] = said
        elif not _is_same(field, stored, said):
            raise _contradiction(row, field, stored, said)
    if not fresh:
        return Recorded(ref, created=False)
    return Recorded(_write(connection, row, ref, fresh), False, tuple(fresh))


def protected_already(row: Row[Any]) -> ConflictError:
    """The error for what would tell, or hide once more, what a protected source is."""
    return ConflictError(
        f"Source {row.id} is protected: what it is called, where it stands and whose it is stay as"
        " they are.",
        next_command=f"claimtrack source show {row.id}",
    )


def _refuse_protected(connection: Connection, key: bytes) -> None:
    """Refuse to record in the open what is protected; told to those who may know."""
    from claimtrack.services.identities import source_of_key

    hidden = source_of_key(connection, key)
    if hidden is not None:
        raise ConflictError(
            f"That is source {hidden}, which is protected: recorded again, it would be seen what"
            " it is. Give its number instead.",
            next_command=f"claimtrack source show {hidden}",
        )


def locked_row(connection: Connection, source_id: int) -> Row[Any]:
    """The row of a source, locked until the transaction ends.

    Raises:
        NotFoundError: there is no such source.
    """
    query = select(source).where(source.c.id == source_id).with_for_update(key_share=True)
    return connection.execute(query).first() or _row(connection, source_id)


def _write(
    connection: Connection, row: Row[Any], ref: SourceRef, values: Mapping[str, Any]
) -> SourceRef:
    """Change fields of a source, and with them what tells it apart."""
    named = ("url", "publisher", "title", "external_id")
    said = {field: _stored(row, ref, field) for field in named} | dict(values)
    # Nothing tells a protected source apart but its number.
    key = row.source_key if row.protected else _key(said)
    other = connection.scalar(
        select(source.c.id).where(source.c.source_key == key, source.c.id != row.id)
    )
    if key != row.source_key:
        _refuse_protected(connection, key)
    if other is not None:
        label = load_sources(connection, [other])[other].label
        raise ConflictError(
            f"With that, source {row.id} would be the same as source {other} ({label}).",
            next_command=f"claimtrack source show {other}",
        )
    columns = _columns(connection, values) | {"source_key": key}
    fresh = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if fresh:
        connection.execute(source.update().where(source.c.id == row.id).values(fresh))
    return load_sources(connection, [row.id])[row.id]


def _stored(row: Row[Any], ref: SourceRef, field: str) -> Any:
    if field in ("publisher", "agency"):
        return getattr(ref, field)
    if field == "published":
        return partial_date(row.published_on, row.published_precision)
    return getattr(row, field)


def _is_more_exact(date: PartialDate, rough: PartialDate) -> bool:
    """Whether one date says the other more exactly: 2020-02-25 does for 2020-02."""
    within = rough.first() <= date.first() and date.last() <= rough.last()
    return within and date != rough


def _is_same(field: str, stored: Any, said: Any) -> bool:
    match field:
        case "published":
            return bool(stored == said) or _is_more_exact(stored, said)
        case "url":
            return url_key(stored) == url_key(said)
        case "title":
            return statement_key(stored) == statement_key(said)
        case "publisher" | "agency":
            return word_key(stored) == word_key(said)
    return bool(stored == said)


def _contradiction(row: Row[Any], field: str, stored: Any, said: Any) -> ConflictError:
    what = {"published": "publication date", "external_id": "external id"}.get(field, field)
    apart = (
        ""
        if row.url is not None
        else " If it is another document of that title, give it an --external-id."
    )
    return ConflictError(
        f"Source {row.id} is on record with the {what} {stored}, not {said}. Leave the detail out,"
        f" or put the record right first.{apart}",
        next_command=f"claimtrack source edit {row.id} {OPTIONS[field]} {shlex.quote(str(said))}",
    )


# ------------------------------------------------------------------------------------ edit


def edit(
    connection: Connection, source_id: int, change: SourceGiven, *, because: str | None = None
) -> SourceRef:
    """Put a source's details right. None leaves a value as it is, a blank text removes it.

    Raises:
        NotFoundError: there is no such source.
        ConflictError: with the change it would be the same as another source.
        InvalidDataError: a value can't be recorded, or nothing would name the source.
    """
    row = locked_row(connection, source_id)
    if row.protected and any(getattr(change, field) is not None for field in IDENTIFYING):
        raise protected_already(row)
    if because is not None:
        say_why(connection, clean_text(because, "reason", limit=20000, multiline=True))
    removed = {
        field: None
        for field in OPTIONS
        if (said := getattr(change, field)) is not None and not said.strip()
    }
    if "kind" in removed:
        raise InvalidDataError("Every source has a kind: write which it is, or other.")
    values = _clean(replace(change, **removed)) | removed
    return _write(connection, row, load_sources(connection, [source_id])[source_id], values)
