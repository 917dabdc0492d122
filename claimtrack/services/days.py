"""Single days as people type them: when a claim is due, when to look again, when it appeared."""

from __future__ import annotations

import datetime as dt

from claimtrack.dates import ParsedDate, parse_date
from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Precision


def coming_day(text: str, option: str, today: dt.date) -> dt.date:
    """The day that an option names: today or later; "tomorrow" is counted from ``today``.

    Raises:
        InvalidDataError: it is no date, no single day, or it has passed.
    """
    parsed = _day(text, option, today)
    if parsed.value.day < today:
        raise _passed(text, option, parsed)
    return parsed.value.day


def day_set_by_others(text: str, option: str, today: dt.date) -> tuple[dt.date, list[str]]:
    """As `coming_day`, but a date that is written out may have passed; and what to say of it.

    Raises:
        InvalidDataError: it is no date, no single day, or counts to one that has passed.
    """
    parsed = _day(text, option, today)
    day, told = parsed.value.day, [parsed.said_aloud] if parsed.said_aloud else []
    if day < today:
        if parsed.said_aloud:
            raise _passed(text, option, parsed)
        told.append(f"{day} has passed: it is late from the start.")
    return day, told


def day_passed(text: str, option: str, today: dt.date) -> tuple[dt.date, list[str]]:
    """The single day on which something happened; and what it was taken for.

    Raises:
        InvalidDataError: it is no date, no single day, or is still to come.
    """
    parsed = _day(text, option, today)
    if parsed.value.day > today + dt.timedelta(days=1):  # which it is already elsewhere
        raise InvalidDataError(f"{option} {text} is still to come: name the day when it happened.")
    return parsed.value.day, [parsed.said_aloud] if parsed.said_aloud else []


def _day(text: str, option: str, today: dt.date) -> ParsedDate:
    parsed = parse_date(text, what=option, anchor=today)
    if parsed.value.precision is not Precision.DAY:
        raise InvalidDataError(f"{option} wants a day, such as {today.isoformat()}.")
    return parsed


def _passed(text: str, option: str, parsed: ParsedDate) -> InvalidDataError:
    return InvalidDataError(
        f"{option} {text} is {parsed.value}, which has passed. Write the date out, or say for"
        " example 'next Friday'."
    )
