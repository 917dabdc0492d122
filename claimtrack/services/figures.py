"""The quantity that a claim asserts: read, recorded, replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from claimtrack.dates import parse_date
from claimtrack.errors import UsageError
from claimtrack.keys import clean_text
from claimtrack.models.claims import figure
from claimtrack.quantity import parse_quantity
from claimtrack.services.views import FigureView


@dataclass(frozen=True, slots=True)
class FigureGiven:
    """A figure as typed: ``text`` such as ``>900000``, the rest as words; dates written out.

    None is not said; what an earlier figure would fill in, a blank text removes.
    """

    text: str | None = None
    unit: str | None = None
    counted: str | None = None
    where: str | None = None
    on: str | None = None
    since: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything of a figure was given at all."""
        return self != FigureGiven()


def read_figure(given: FigureGiven, *, before: FigureView | None = None) -> dict[str, Any]:
    """Read a figure into the columns of its table.

    ``before`` fills in what was not given: the claim's own figure, or the one that it supersedes.
    Of that a blank text removes a unit, place or date.

    Raises:
        UsageError: there is nothing to say the unit, place or date of.
        InvalidDataError: the quantity or a date can't be read.
    """
    if given.text is None and before is None:
        raise UsageError("Give the quantity itself with --figure, for example --figure '>900000'.")
    values: dict[str, Any] = {}
    if before is not None:
        values.update(
            comparator=before.comparator,
            low=before.low,
            high=before.high,
            unit=before.unit,
            counted=before.counted,
            place=before.place,
            since_date=before.since.day if before.since else None,
            since_precision=before.since.precision if before.since else None,
        )
    if given.text is not None:
        quantity = parse_quantity(given.text)
        values.update(comparator=quantity.comparator, low=quantity.low, high=quantity.high)
        if quantity.unit is not None:
            values["unit"] = quantity.unit
    for column, what, text, limit in (
        ("unit", "unit", given.unit, 100),
        ("counted", "name of what is counted", given.counted, 300),
        ("place", "place", given.where, 300),
    ):
        if text is not None:
            removed = before is not None and not text.strip()
            values[column] = None if removed else clean_text(text, what, limit=limit)
    for column, what, text in (
        ("on", "date of the figure", given.on),
        ("since", "date that the figure counts from", given.since),
    ):
        if text is not None:
            removed = before is not None and not text.strip()
            date = None if removed else parse_date(text, what=what).value
            values[f"{column}_date"] = date.day if date else None
            values[f"{column}_precision"] = date.precision if date else None
    return values


def record_figure(connection: Connection, claim_id: int, values: dict[str, Any]) -> None:
    """Record the figure of a claim as it was read, or replace the one that it has."""
    statement = insert(figure).values(claim_id=claim_id, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[figure.c.claim_id], set_=values)
    )
