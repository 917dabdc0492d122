"""Dates as people give them: a day, a month or a year, or a day counted from another.

Pure: what "today" is comes in with the call. What is written out is read by
`claimtrack.written_dates`.
"""

from __future__ import annotations

import datetime
import re
from typing import NamedTuple

from claimtrack.date_grammar import WEEKDAYS, folded
from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Precision
from claimtrack.written_dates import (
    FIRST_YEAR,
    LAST_YEAR,
    PartialDate,
    whole_date,
)

__all__ = ["ParsedDate", "PartialDate", "day_end", "day_start", "last_week", "parse_date"]

_EXAMPLES = "2020-02-25, 2020-02, 2020, 25 February 2020 or yesterday"
_DAY = datetime.timedelta(days=1)

_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_NEAR_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1, "the day before yesterday": -2}


class ParsedDate(NamedTuple):
    """A date that was read, and for a counted one the words to say what it was taken for."""

    value: PartialDate
    said_aloud: str | None = None


def parse_date(text: str, *, what: str = "date", anchor: datetime.date | None = None) -> ParsedDate:
    """Read a date: written out, or counted from ``anchor``.

    Written out: ``2020-02-25``, ``2020-02``, ``2020``, "25 February 2020", "Feb 25, 2020",
    "February 2020", with a weekday before it if it fits. "25/02/2020" is read because only one
    reading exists; "03/04/2020" has two and is refused.

    Counted: today, yesterday, tomorrow, "3 days ago", "two weeks ago", "last month", "last year",
    and weekdays. A weekday is the latest one on or before the anchor; "last" is strictly before
    it, "next" strictly after. ``anchor`` is the source's publication date, or None where there is
    none that is known to the day; ``said_aloud`` then says what the day was taken for.

    Raises InvalidDataError for anything else; ``what`` names the date in the sentence.
    """
    shown = " ".join(text.split())
    if len(shown) > 60:
        raise InvalidDataError(f"The {what} is too long to be one: write it as {_EXAMPLES}.")
    words = folded(shown)
    written = whole_date(words, shown, what)
    if written is not None:
        return ParsedDate(written)
    counted = _counted(words, shown, what)
    if counted is None:
        raise InvalidDataError(f'"{shown}" is not a {what}: write it as {_EXAMPLES}.')
    if anchor is None:
        raise InvalidDataError(
            f'"{shown}" needs a day to count from, and the source has no publication date: '
            f"write the {what} out, as in 2020-02-25."
        )
    try:
        value = _resolve(counted, anchor)
    except (OverflowError, ValueError):
        value = None
    if value is None or not FIRST_YEAR <= value.day.year <= LAST_YEAR:
        raise InvalidDataError(f'"{shown}" lies outside the years that are kept (1000 to 2999).')
    return ParsedDate(value, f"{shown} is {value}, counted from {anchor.isoformat()}")


# --------------------------------------------------------------------------------- counted


class _Counted(NamedTuple):
    """Steps from the anchor; with a weekday, the nearest one in the direction of ``step``."""

    unit: str
    step: int
    weekday: int = 0


def _counted(words: str, shown: str, what: str) -> _Counted | None:
    if words in _NEAR_DAYS:
        return _Counted("day", _NEAR_DAYS[words])
    if match := re.fullmatch(r"([0-9]{1,5}|[a-z]+) (day|week|month|year)s? ago", words):
        number = int(match[1]) if match[1].isdigit() else _COUNTS.get(match[1])
        return None if number is None else _Counted(match[2], -number)
    if match := re.fullmatch(r"(last|this|next) (month|year)", words):
        return _Counted(match[2], {"last": -1, "this": 0, "next": 1}[match[1]])
    if match := re.fullmatch(r"(?:on )?(?:(last|this|next) )?([a-z]+)\.?", words):
        weekday = WEEKDAYS.get(match[2])
        if weekday is None:
            return None
        if match[1] == "this":
            raise InvalidDataError(
                f'"{shown}" can be the one before or the one after: write the {what} out, '
                f'or "last" or "next".'
            )
        return _Counted("weekday", {None: 0, "last": -1, "next": 1}[match[1]], weekday)
    return None


def _resolve(counted: _Counted, anchor: datetime.date) -> PartialDate:
    if counted.unit == "weekday":
        back = (anchor.weekday() - counted.weekday) % 7
        if counted.step > 0:
            return PartialDate(anchor + (7 - back) * _DAY)
        if counted.step < 0 and back == 0:
            back = 7
        return PartialDate(anchor - back * _DAY)
    if counted.unit in ("day", "week"):
        days = counted.step * (7 if counted.unit == "week" else 1)
        return PartialDate(anchor + days * _DAY)
    # "Two months ago" names a month, and no day of it.
    if counted.unit == "year":
        return PartialDate(datetime.date(anchor.year + counted.step, 1, 1), Precision.YEAR)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + counted.step, 12)
    return PartialDate(datetime.date(year, month + 1, 1), Precision.MONTH)


# ---------------------------------------------------------------------------------- bounds


def day_start(day: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """The first instant of a day in a time zone, as an aware datetime in UTC.

    Where clocks skip midnight, the day begins when they have skipped it. Raises InvalidDataError
    at the end of the calendar.
    """
    try:
        # fold=0 takes the first of two midnights, and the end of a gap that begins at one.
        midnight = datetime.datetime.combine(day, datetime.time(), tzinfo=zone)
        return midnight.astimezone(datetime.UTC)
    except OverflowError as error:
        raise InvalidDataError(f"{day} lies outside the years that are kept.") from error


def day_end(day: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    """The first instant after a day in a time zone: an exclusive bound, aware, in UTC.

    Raises as day_start.
    """
    try:
        following = day + _DAY
    except OverflowError as error:
        raise InvalidDataError(f"{day} lies outside the years that are kept.") from error
    return day_start(following, zone)


def last_week(today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Monday and Sunday (ISO 8601) of the week before the one that holds ``today``."""
    monday = today - (today.weekday() + 7) * _DAY
    return monday, monday + 6 * _DAY
