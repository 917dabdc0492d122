"""Where a text still stands: what nobody can protect by itself, for it may be anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Text, cast, func, literal, or_, select, text, union_all

from claimtrack.db import metadata
from claimtrack.models.redacting import FIELDS
from claimtrack.models.rules import LOGGED

#: What holds no words that can be searched.
_NO_TEXT = {"content", "identity"}


class Mention(NamedTuple):
    """A field in which a text stands: the table, the row's key as events have it, the column."""

    table: str
    row_key: str
    field: str


def mentions(
    connection: Connection, texts: Iterable[str], *, in_events: bool = False
) -> list[Mention]:
    """The fields that hold one of the texts, without regard to case. Reads every row.

    With ``in_events`` also those that held it once, and the reasons that only events have.
    """
    wanted = [one for one in texts if len(one) > 1]
    if not wanted:
        return []
    parts = []
    for name, fields in FIELDS.items():
        table = metadata.tables[name]
        key = func.concat_ws(".", *(table.c[part] for part in LOGGED[name][0].split(",")))
        for field in fields.keys() - _NO_TEXT:
            words = cast(table.c[field], Text)
            parts.append(
                select(literal(name, Text), cast(key, Text), literal(field, Text)).where(
                    or_(*(words.icontains(one, autoescape=True) for one in wanted))
                )
            )
    found = [Mention(*row) for row in connection.execute(union_all(*parts))]
    if in_events:
        patterns = [_pattern(one) for one in wanted]
        found += [Mention(*row) for row in connection.execute(_IN_EVENTS, {"patterns": patterns})]
    return sorted(dict.fromkeys(found))


def _pattern(words: str) -> str:
    """A pattern for ILIKE that finds words in JSON."""
    written = json.dumps(words, ensure_ascii=False)[1:-1]
    for special in ("\\", "%", "_"):
        written = written.replace(special, f"\\{special}")
    return f"%{written}%"


# The whole event first: taking it apart costs much more.
_IN_EVENTS = text(
    """
    SELECT DISTINCT
        CASE path WHEN 'because' THEN 'event' ELSE table_name END,
        CASE path WHEN 'because' THEN event.id::text ELSE row_key END,
        CASE path WHEN 'because' THEN path ELSE split_part(path, '.', 2) END
    FROM event CROSS JOIN LATERAL event_fields(event) AS fields
    WHERE (before::text ILIKE ANY (:patterns) OR after::text ILIKE ANY (:patterns)
            OR to_jsonb(because)::text ILIKE ANY (:patterns))
        AND state = 'salted' AND value::text ILIKE ANY (:patterns)
    """
)
