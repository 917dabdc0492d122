"""Dates as people give them: a day, a month or a year, or a day counted from another.

The only place that reads a date. Pure: what "today" is comes in with the call.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import NamedTuple

from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Precision

_EXAMPLES = "2020-02-25, 2020-02, 2020, 25 February 2020 or yesterday"
_FIRST_YEAR, _LAST_YEAR = 1000, 2999
_DAY = datetime.timedelta(days=1)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun",
            "july jul", "august aug", "september sep sept", "october oct", "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon", "tuesday tue tues", "wednesday wed weds", "thursday thu thur thurs",
            "friday fri", "saturday sat", "sunday sun",
        )
    )
    for name in names.split()
}  # fmt: skip
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_NEAR_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1, "the day before yesterday": -2}


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date and how exactly it is known.

    ``day`` is the first day of the month or year where only that is known: two equal dates are
    equal, whatever day they were made from.
    """

    day: datetime.date
    precision: Precision = Precision.DAY

    def __post_init__(self) -> None:
        if self.precision is Precision.MONTH:
            object.__setattr__(self, "day", self.day.replace(day=1))
        elif self.precision is Precision.YEAR:
            object.__setattr__(self, "day", self.day.replace(month=1, day=1))

    def __str__(self) -> str:
        length = {Precision.DAY: 10, Precision.MONTH: 7, Precision.YEAR: 4}[self.precision]
        return self.day.isoformat()[:length]

    def first(self) -> datetime.date:
        """The first day that it can be."""
        return self.day

    def last(self) -> datetime.date:
        """The last day that it can be, inclusive."""
        if self.precision is Precision.DAY:
            return self.day
        if self.precision is Precision.YEAR:
            return self.day.replace(month=12, day=31)
        # Day 28 and four more is always in the next month; from its first, one back.
        beyond = self.day.replace(day=28)
        if (beyond.year, beyond.month) == (datetime.MAXYEAR, 12):
            return datetime.date.max
        return (beyond + 4 * _DAY).replace(day=1) - _DAY


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
    words = shown.lower()
    written = _written(words, shown, what)
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
    if value is None or not _FIRST_YEAR <= value.day.year <= _LAST_YEAR:
        raise InvalidDataError(f'"{shown}" lies outside the years that are kept (1000 to 2999).')
    return ParsedDate(value, f"{shown} is {value}, counted from {anchor.isoformat()}")


# ----------------------------------------------------------------------------- written out


def _written(words: str, shown: str, what: str) -> PartialDate | None:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{1,2}[:0-9].*", words):
        raise InvalidDataError(
            f'"{shown}" holds a time of day: write only the {what}, as in {shown[:10]}.'
        )
    if match := re.fullmatch(r"([0-9]{4})(?:([-/.])([0-9]{1,2})(?:\2([0-9]{1,2}))?)?", words):
        return _date(match[1], match[3], match[4], shown, what)
    if match := re.fullmatch(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})", words):
        return _numbers(match[1], match[3], match[4], shown, what)
    weekday = None
    if match := re.fullmatch(r"([a-z]+)[.,]{0,2} (.+)", words):
        weekday = _WEEKDAYS.get(match[1])
        if weekday is not None:
            words = match[2]
    value = _with_month_name(words, shown, what)
    if value is None or weekday is None:
        return value
    if value.precision is not Precision.DAY:
        return None
    if value.day.weekday() != weekday:
        # Not strftime, which follows the locale. The full name stands first.
        right = next(w for w, day in _WEEKDAYS.items() if day == value.day.weekday()).title()
        raise InvalidDataError(
            f'"{shown}" contradicts itself: {value} is a {right}. Write only the {what} you mean.'
        )
    return value


def _with_month_name(words: str, shown: str, what: str) -> PartialDate | None:
    gap = r"(?:[.,]? |-|/)"
    day = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
    month, year = r"(?P<month>[a-z]+)\.?", r"(?P<year>[0-9]{4})"
    for shape in (
        f"{day}{gap}(?:of )?{month}(?:(?:, ?|{gap}){year})?",
        f"{month}{gap}{day}(?:(?:, ?|{gap}){year})?",
        f"{month}(?:, ?|{gap}){year}",
        f"{year}{gap}{month}{gap}{day}",
    ):
        match = re.fullmatch(shape, words)
        if match is None or match["month"] not in _MONTHS:
            continue
        if match["year"] is None:
            raise InvalidDataError(
                f'"{shown}" has no year: write the {what} out, as in 2020-02-25.'
            )
        number = str(_MONTHS[match["month"]])
        return _date(match["year"], number, match.groupdict().get("day"), shown, what)
    return None


def _numbers(a: str, b: str, year: str, shown: str, what: str) -> PartialDate:
    if len(year) == 2:
        raise InvalidDataError(
            f'"{shown}" has a year of two digits: write the {what} as 2020-02-25.'
        )
    readings = []
    for month, day in ((a, b), (b, a)):
        try:
            reading = _date(year, month, day, shown, what)
        except InvalidDataError:
            continue
        if reading not in readings:
            readings.append(reading)
    if len(readings) == 2:
        raise InvalidDataError(
            f'"{shown}" can be read in two ways: write {readings[1]} or {readings[0]}.'
        )
    return readings[0] if readings else _date(year, b, a, shown, what)


def _date(year: str, month: str | None, day: str | None, shown: str, what: str) -> PartialDate:
    if not _FIRST_YEAR <= int(year) <= _LAST_YEAR:
        raise InvalidDataError(
            f'"{shown}" lies outside the years that are kept (1000 to 2999): '
            f"write the {what} as {_EXAMPLES}."
        )
    precision = (
        Precision.YEAR if month is None else Precision.MONTH if day is None else Precision.DAY
    )
    try:
        date = datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise InvalidDataError(
            f'"{shown}" is not in the calendar: write the {what} as {_EXAMPLES}.'
        ) from None
    return PartialDate(date, precision)


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
        weekday = _WEEKDAYS.get(match[2])
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
