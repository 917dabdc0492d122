"""Read what a row of a file means: its values, its keys, and what it is known by again.

All formats come through here, so that a date, a name or a verdict is read in one way. No database:
which of it is on record already is for `claimtrack.services.imports.settling`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from claimtrack.errors import InvalidDataError, NoDateError
from claimtrack.interchange.blanks import is_nothing
from claimtrack.interchange.listed import speakers
from claimtrack.interchange.rows import Row
from claimtrack.keys import clean_text, statement_key
from claimtrack.services.claims import STATEMENT_LIMIT, TEXT_LIMIT
from claimtrack.services.imports.appearing import appearances_of
from claimtrack.services.imports.checking import (
    assessed_of,
    evidence_of,
    has_review,
    refuse_groundless,
    ruling_of,
    said_in,
)
from claimtrack.services.imports.records import Meaning, Record
from claimtrack.services.imports.values import (
    date_in,
    figure_in,
    kind_of,
    language_of,
    priority_of,
    text_in,
    topics_of,
)


def read_record(row: Row, meaning: Meaning) -> Record:
    """What a row means.

    Raises:
        InvalidDataError: a value can't be recorded, or what a claim needs is missing.
    """
    came = row.fields
    blank = [name for name, text in row.fields.items() if is_nothing(name, text)]
    if blank:
        row = row._replace(fields={k: v for k, v in row.fields.items() if k not in blank})
    warnings = [*row.warnings]
    if unreadable := _unreadable(row, meaning, warnings):
        row = row._replace(fields={k: v for k, v in row.fields.items() if k not in unreadable})
    fields = row.fields
    if "statement" not in fields:
        raise InvalidDataError("The row has no statement.")
    statement = clean_text(fields["statement"], "statement", limit=STATEMENT_LIMIT)
    key = statement_key(statement)
    figure = figure_in(fields)
    reviewed = has_review(fields, meaning)
    assessed = assessed_of(row, meaning, warnings) if reviewed and not meaning.as_ours else None
    appearances = appearances_of(row, meaning, key, reviewed, warnings)
    if not appearances and assessed is None:
        raise InvalidDataError(
            "The row has no source: it needs a source (a URL) or a source_title, or the"
            " publisher, title or review_url of a fact-check."
        )
    ruling = ruling_of(fields, meaning)
    evidence = evidence_of(row, meaning, ruling)
    if ruling is not None:
        refuse_groundless(ruling, evidence)
    external_id = text_in(fields, "external_id", 300)
    language = fields.get("language")
    return Record(
        line=row.line,
        fields=came,
        # What a published review is called is the same in all files, wherever they come from.
        row_key=_row_key("" if row.key else meaning.origin, row.key or external_id, key),
        digests=_digests(row, figure),
        statement=statement,
        statement_key=key,
        external_id=external_id,
        kind=kind_of(fields.get("kind"), figure),
        language=language_of(language) if language else meaning.language,
        topics=topics_of(fields.get("topics")),
        priority=priority_of(fields.get("priority")),
        figure=figure,
        note=text_in(fields, "note", TEXT_LIMIT, multiline=True),
        appearances=appearances,
        evidence=evidence,
        assessed=assessed,
        ruling=ruling,
        warnings=tuple(warnings),
    )


def _unreadable(row: Row, meaning: Meaning, warnings: list[str]) -> list[str]:
    """The presumed fields that hold something else than the field does; a warning says what.

    Raises InvalidDataError for a date that is one, and not clear.
    """
    # A desk's own record has statuses: there a word that is none is no other column.
    presumed = row.presumed - {"status"} if meaning.as_ours else row.presumed
    found = []
    for name in sorted(presumed & row.fields.keys()):
        try:
            _PRESUMED[name](row.fields, meaning)
        except InvalidDataError as error:
            if name == "reviewed_on" and not isinstance(error, NoDateError):
                raise
            found.append(name)
            warnings.append(f"The field {name} is left out. {error.message}")
    return found


def _row_key(origin: str, name: str | None, key: bytes) -> bytes:
    """16 bytes that tell a row when it comes again: by its number, else by its statement."""
    named = key if name is None else f"{len(origin)}:{origin}{name}".encode()
    return hashlib.blake2b(named, digest_size=16).digest()


def _digests(row: Row, figure: Mapping[str, Any] | None) -> str:
    """JSON with a checksum of each value that an import can change later, by its field."""
    held: dict[str, str] = {**row.fields}
    if row.key is not None:
        held["external_id"] = row.key  # as such it was taken in once
    if figure is not None:
        held["figure"] = _told(sorted((name, str(value)) for name, value in figure.items()))
    for name in ("appearances", "evidence", "original"):
        if more := getattr(row, name):
            held[name] = _told(more)
    if len(names := speakers(row.fields.get("speaker", ""))) > 1:
        held["appearances"] = _told((names, row.appearances))
    pairs = (f'"{name}": {zlib.crc32(held[name].strip().encode())}' for name in sorted(held))
    return f"{{{', '.join(pairs)}}}"


def _told(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=dict)


#: How a field is read that may be another; each raises InvalidDataError where it is.
_PRESUMED: Mapping[str, Callable[[Mapping[str, str], Meaning], object]] = {
    "kind": lambda fields, _meaning: kind_of(fields["kind"], None),
    "language": lambda fields, _meaning: language_of(fields["language"]),
    "reviewed_on": lambda fields, meaning: date_in(fields, "reviewed_on", meaning),
    "status": lambda fields, meaning: said_in("status", fields, meaning),
}
