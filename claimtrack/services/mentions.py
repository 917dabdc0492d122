"""Where a text still stands: what nobody can protect by itself, for it may be anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Text, cast, func, literal, or_, select, union_all

from claimtrack.db import metadata
from claimtrack.models import claims, people, reviews, sources  # noqa: F401 - fill the metadata
from claimtrack.models.rules import LOGGED

#: The columns of each table that hold words of people.
TEXTS = {
    "claim": ("statement",),
    "appearance": ("quote", "passage", "place", "withdrawn_because"),
    "attribution": ("because",),
    "figure": ("counted", "place"),
    "note": ("body",),
    "evidence": ("excerpt", "place", "withdrawn_because"),
    "review": ("because", "rating"),
    "speaker": ("name", "description"),
    "speaker_alias": ("name", "qualifier"),
    "publisher": ("name",),
    "source": ("url", "title", "external_id"),
    "capture": ("file_name",),
}


class Mention(NamedTuple):
    """A field in which a text stands: the table, the row's key as events have it, the column."""

    table: str
    row_key: str
    field: str


def mentions(connection: Connection, texts: Iterable[str]) -> list[Mention]:
    """The fields that hold one of the texts, without regard to case. Reads every row."""
    wanted = [text for text in texts if len(text) > 1]
    if not wanted:
        return []
    parts = []
    for name, fields in TEXTS.items():
        table = metadata.tables[name]
        key = func.concat_ws(".", *(table.c[part] for part in LOGGED[name][0].split(",")))
        for field in fields:
            column = table.c[field]
            parts.append(
                select(literal(name, Text), cast(key, Text), literal(field, Text)).where(
                    or_(*(column.icontains(text, autoescape=True) for text in wanted))
                )
            )
    return [Mention(*row) for row in connection.execute(union_all(*parts))]
