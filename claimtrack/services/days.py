"""Days to come, as people type them: when a claim is due, when to look at it again."""

from __future__ import annotations

import datetime as dt

from claimtrack.dates import parse_date
from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Precision


def coming_day(text: str, option: str, today: dt.date) -> dt.date:
    """The day that an option names: today or later; "tomorrow" is counted from ``today``.

    Raises:
        InvalidDataError: it is no date, no single day, or it has passed.
    """
    when = parse_date(text, what=option, anchor=today).value
    if when.precision is not Precision.DAY:
        raise InvalidDataError(f"{option} wants a day, such as {today.isoformat()}.")
    if when.day < today:
        raise InvalidDataError(
            f"{option} {text} is {when}, which has passed. Write the date out, or say for example"
            " 'next Friday'."
        )
    return when.day
