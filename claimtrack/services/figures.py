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
    """A figure as typed: ``text`` such as ``>900000``, the rest as words; dates written out."""

    text: str | None = None
    unit: str | None = None
    counted: str | None = None
    where: str | None = None
    on: str | None = None
    since: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything of a figure was given at all."""
        return any((self.text, self.unit, self.counted, self.where, self.on, self.since))


def record_figure(
    connection: Connection,
    claim_id: int,
    given: FigureGiven,
    *,
    before: FigureView | None = None,
) -> None:
    """Record the figure of a claim, or change what was given of it.

    ``before`` fills in what was not given: the claim's own figure, or the one that it supersedes.

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
            values[column] = clean_text(text, what, limit=limit)
    if given.on is not None:
        on = parse_date(given.on, what="date of the figure").value
        values.update(on_date=on.day, on_precision=on.precision)
    if given.since is not None:
        since = parse_date(given.since, what="date that the figure counts from").value
        values.update(since_date=since.day, since_precision=since.precision)
    statement = insert(figure).values(claim_id=claim_id, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[figure.c.claim_id], set_=values)
    )
