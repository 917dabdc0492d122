"""The house's own ratings: labels on a scale, each standing for a verdict."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select, update

from claimtrack.errors import ConflictError, InvalidDataError, UsageError
from claimtrack.keys import clean_text
from claimtrack.models.assessments import rating, rating_scale
from claimtrack.vocab import Verdict, hyphenated


class RatingView(NamedTuple):
    """A label on a scale; the numbers are None for a scale of words alone."""

    id: int
    scale: str
    label: str
    verdict: Verdict
    value: Decimal | None
    best: Decimal | None
    worst: Decimal | None


@dataclass(frozen=True, slots=True)
class RatingGiven:
    """A rating as typed."""

    label: str
    scale: str
    verdict: Verdict
    value: str | None = None
    best: str | None = None
    worst: str | None = None


def label_key(text: str) -> str:
    """One spelling of a label or of a scale's name: case and blanks do not count, signs do."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def list_ratings(connection: Connection) -> list[RatingView]:
    """All labels, scale by scale, from the worst number to the best, then as they were added."""
    rows = connection.execute(_RATINGS.order_by(rating_scale.c.id, rating.c.value, rating.c.id))
    return [_view(row) for row in rows]


def add_rating(connection: Connection, given: RatingGiven) -> tuple[RatingView, bool]:
    """Add a label to a scale, which is made with its first one; and whether anything was new.

    Raises:
        UsageError: a number is given without the two ends of the scale, or one end alone.
        ConflictError: the label is there already and stands for something else, or the scale has
            other ends.
        InvalidDataError: a number or a text can't be recorded, the ends are equal, or the number
            lies outside them.
    """
    label = clean_text(given.label, "label", limit=300)
    name = clean_text(given.scale, "scale", limit=300)
    value = _number(given.value, "--value")
    best, worst = _number(given.best, "--best"), _number(given.worst, "--worst")
    if (best is None) != (worst is None):
        raise UsageError("A scale has two ends: give --best and --worst together, or neither.")
    if best is not None and best == worst:
        raise InvalidDataError(f"--best and --worst are both {_shown(best)}: a scale has two ends.")
    scale = _scale(connection, name, best, worst)
    if value is not None:
        if scale.best is None:
            raise UsageError(
                f'The scale "{scale.name}" has no numbers: give --best and --worst with --value.'
            )
        if not min(scale.best, scale.worst) <= value <= max(scale.best, scale.worst):
            raise InvalidDataError(
                f'--value {_shown(value)} lies outside the scale "{scale.name}", from'
                f" {_shown(scale.worst)} (worst) to {_shown(scale.best)} (best)."
            )
    known = connection.execute(
        _RATINGS.where(rating.c.scale_id == scale.id, rating.c.label_key == label_key(label))
    ).first()
    if known is not None:
        if (known.verdict, known.value) == (given.verdict, value):
            return _view(known), False
        number = "" if known.value is None else f", {_shown(known.value)}"
        raise ConflictError(
            f'The label "{known.label}" is on the scale "{scale.name}" already, and stands for'
            f" {hyphenated(known.verdict)}{number}. Verdicts were given under it: add another"
            " label, or another scale.",
            next_command="claimtrack rating list",
        )
    made = connection.execute(
        insert(rating)
        .values(
            scale_id=scale.id,
            label=label,
            label_key=label_key(label),
            verdict=given.verdict,
            value=value,
        )
        .returning(rating.c.id)
    ).scalar_one()
    return _view(connection.execute(_RATINGS.where(rating.c.id == made)).one()), True


def house_label(connection: Connection, label: str, verdict: Verdict | None) -> str:
    """The label as the house writes it; any label, where the house has no scale.

    Raises:
        ConflictError: it is no label of the house, or stands for another verdict.
    """
    found = connection.execute(
        _RATINGS.where(rating.c.label_key == label_key(label)).order_by(rating.c.id)
    ).all()
    fitting = next((row for row in found if row.verdict == verdict), None)
    if fitting is not None:
        return str(fitting.label)
    if found:
        stands = " or ".join(hyphenated(row.verdict) for row in found)
        raise ConflictError(
            f'The rating "{found[0].label}" stands for {stands}, not for'
            f" {hyphenated(verdict or '')}: choose another rating or another verdict.",
            next_command="claimtrack rating list",
        )
    if connection.execute(select(func.count()).select_from(rating)).scalar_one() == 0:
        return label
    labels = connection.scalars(
        select(rating.c.label).where(rating.c.verdict == verdict).order_by(rating.c.id)
    ).all()
    fits = ", ".join(f'"{one}"' for one in labels) or "none"
    raise ConflictError(
        f'"{label}" is no rating of the house. Those for {hyphenated(verdict or "")}: {fits}.',
        next_command="claimtrack rating list",
    )


def ratings_by_label(connection: Connection) -> dict[tuple[str, Verdict], RatingView]:
    """The house's labels by their key and verdict; the first, where two scales have the same."""
    found: dict[tuple[str, Verdict], RatingView] = {}
    for one in list_ratings(connection):
        found.setdefault((label_key(one.label), one.verdict), one)
    return found


_RATINGS = select(
    rating.c.id,
    rating_scale.c.name.label("scale"),
    rating.c.label,
    rating.c.verdict,
    rating.c.value,
    rating_scale.c.best,
    rating_scale.c.worst,
).join(rating_scale, rating_scale.c.id == rating.c.scale_id)


def _view(row: Row[*tuple[Any, ...]]) -> RatingView:
    return RatingView(
        row.id, row.scale, row.label, Verdict(row.verdict), row.value, row.best, row.worst
    )


def _scale(
    connection: Connection, name: str, best: Decimal | None, worst: Decimal | None
) -> Row[*tuple[Any, ...]]:
    """The scale of that name: found, made, or given its ends."""
    of_name = select(rating_scale).where(rating_scale.c.name_key == label_key(name))
    known = connection.execute(of_name).first()
    if known is None:
        connection.execute(
            insert(rating_scale).values(name=name, name_key=label_key(name), best=best, worst=worst)
        )
    elif best is not None and known.best is None:
        connection.execute(
            update(rating_scale).where(rating_scale.c.id == known.id).values(best=best, worst=worst)
        )
    elif best is not None and (known.best, known.worst) != (best, worst):
        raise ConflictError(
            f'The scale "{known.name}" goes from {_shown(known.worst)} (worst) to'
            f" {_shown(known.best)} (best): leave --best and --worst out, or name another scale.",
            next_command="claimtrack rating list",
        )
    return connection.execute(of_name).one()


def _number(text: str | None, option: str) -> Decimal | None:
    if text is None:
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > 10**9 or len(number.as_tuple().digits) > 15:
        raise InvalidDataError(f'{option} "{text[:40]}" is no number of a scale: write it as 4.')
    return number


def _shown(number: Decimal) -> str:
    return f"{number:f}"
