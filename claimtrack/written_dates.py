"""Dates that are written out, by people and by programs, alone or within a sentence.

One grammar reads them, for what is typed (`claimtrack.dates`) and for what stands in files. It
guesses nothing: "03/04/2020" has two readings and is refused, and so is a text with two dates.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from claimtrack.date_grammar import (
    LETTERS,
    WEEKDAYS,
    folded,
    inside_grammar,
    instant,
    lettered,
    whole_grammar,
)
from claimtrack.errors import InvalidDataError, NoDateError
from claimtrack.vocab import Precision

#: Which number comes first in "03/04/2020"; None where nobody has said.
Order = Literal["day", "month"] | None

_EXAMPLES = "2020-02-25, 2020-02, 2020 or 25 February 2020"
FIRST_YEAR, LAST_YEAR = 1000, 2999
#: A text that is longer holds more than the telling of a date.
_LONGEST = 400

_BLANK = frozenset(
    (
        "", "-", "--", "---", ".", "/", "?", "??", "???", "n/a", "na", "n.a.", "#n/a", "none",
        "null", "nil", "nan", "nat", "unknown", "undated", "undefined", "tbd", "tba", "nd", "n.d.",
        "no date", "not known", "not available", "unbekannt", "inconnu", "inconnue", "desconocido",
        "desconocida", "desconhecido", "sconosciuto", "onbekend", "sin fecha", "sans date",
        "senza data",
    )
)  # fmt: skip


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
        one = datetime.timedelta(days=1)
        return (beyond + 4 * one).replace(day=1) - one


# --------------------------------------------------------------------------- what is called


def is_blank(text: str) -> bool:
    """Whether a file says by this that there is nothing: "n/a", "unknown", "-"."""
    words = folded(text)
    return words in _BLANK or words.rstrip(".") in _BLANK


def is_blank_date(text: str) -> bool:
    """Whether a file says by this that it has no date: "n/a", "unknown", "-", "0000-00-00".

    The first day of the year 1 is what some programs write for no time at all.
    """
    words = folded(text)
    return (
        is_blank(text)
        or re.fullmatch(r"[0-]0*(?:[-/.: t]0+)*(?:z|\+00:?00)?", words) is not None
        or re.fullmatch(r"0001-01-01(?:[t ]00:00.*)?", words) is not None
    )


def read_written(text: str, *, what: str = "date", order: Order = None) -> PartialDate:
    """Read the one date of a text, as exactly as it is written.

    The text may be the date alone ("2020-02-25", "25/02/2020", "Oct. 22nd, 2019", "octubre de
    2019", "20200225", "Tue, 03 Mar 2020 10:00:00 GMT", "2020-02-25T20:05:00+02:00") or words with
    a date in them ("stated on October 22, 2019 in a campaign mailer"). Of an instant the day is
    read as it stands there: in no other time zone. Beside an exact date the number of a year ("in
    the 2020 campaign") is not taken for another one; alone it counts where it is the whole text
    or stands after "in". ``order`` says whether day or month comes first where both readings
    exist; what has but one reading is read so. With it a year of two digits is read, too, where
    the date is the whole text: ``22-Oct-19``, as spreadsheets write it.

    Raises NoDateError for a text without a date, and InvalidDataError for two that differ, for
    days from one to another, for two readings, for a year of two digits unless ``order`` is said,
    and outside the calendar or the years 1000 to 2999; ``what`` names the date in the sentence.
    """
    quick = _iso_day(text[:10])
    if quick is not None and (len(text) == 10 or instant().fullmatch(text, 10)):
        return quick
    shown = " ".join(text.split())
    shown = shown if len(shown) <= 80 else f"{shown[:79]}…"
    if len(text) > _LONGEST:
        raise NoDateError(f'"{shown}" is too long to be a {what}: write it as {_EXAMPLES}.')
    words = folded(text)
    whole = whole_date(words, shown, what, order, by_program=True)
    return _within(words, shown, what, order) if whole is None else whole


def days_within(text: str) -> Iterator[datetime.date]:
    """The days that a text tells of, in its order, as far as each is written out in one reading.

    What would be refused of a date that somebody gives is passed by.
    """
    if not re.search("[0-9]{4}", text):
        return
    for match in inside_grammar().date.finditer(lettered(_without_addresses(folded(text)))):
        try:
            value = _value(match, "", "date", None)
        except InvalidDataError:
            continue
        if value.precision is Precision.DAY:
            yield value.day


def whole_date(
    words: str, shown: str, what: str, order: Order = None, *, by_program: bool = False
) -> PartialDate | None:
    """The date that `folded` words are, with a weekday before it if it fits; None if they aren't.

    ``by_program`` takes a time of day with it, and a date of eight digits; else a time is refused.
    Raises InvalidDataError for a date that can't be, in words that show ``shown``.
    """
    if (quick := _iso_day(words)) is not None:
        return quick
    grammar = whole_grammar()
    weekday = None
    if match := re.fullmatch(r"([a-z]+)[.,]{0,2} (.+)", words):
        weekday = WEEKDAYS.get(match[1])
        if weekday is not None:
            words = match[2]
    words = lettered(words)
    if by_program:
        words = grammar.time_after.sub("", words.strip(" .,;:()[]'\""))
        words = grammar.about.sub("", words)
    elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{1,2}[:0-9].*", words):
        raise InvalidDataError(
            f'"{shown}" holds a time of day: write only the {what}, as in {shown[:10]}.'
        )
    match = grammar.date.fullmatch(words)
    if match is None and by_program:
        match = grammar.compact.fullmatch(words)
    if match is None:
        return None
    value = _value(match, shown, what, order, typed=not by_program)
    if weekday is not None:
        if value.precision is not Precision.DAY:
            return None
        _refuse_other_weekday(value, weekday, shown, what)
    return value


# ---------------------------------------------------------------------------------- reading


@lru_cache(maxsize=1 << 15)
def _iso_day(text: str) -> PartialDate | None:
    """The day that is written as 2020-02-25; kept, since a file has the same days many times."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or text[0] not in "12":
        return None
    try:
        return PartialDate(datetime.date.fromisoformat(text))
    except ValueError:
        return None


def _within(words: str, shown: str, what: str, order: Order) -> PartialDate:
    """The one date that stands among other words."""
    grammar = inside_grammar()
    words = lettered(_without_addresses(words))
    if grammar.span.search(words):
        raise InvalidDataError(
            f'"{shown}" tells of more than one day: write the one {what} that is meant.'
        )
    found: list[PartialDate] = []
    for match in grammar.date.finditer(words):
        value = _value(match, shown, what, order)
        before = words[: match.start()]
        if grammar.beside.search(before):
            raise InvalidDataError(
                f'"{shown}" tells of a time before or after {value}: write the {what} that is'
                " meant."
            )
        weekday = re.search(r"([a-z]+)[.,]{0,2} $", before)
        if weekday and weekday[1] in WEEKDAYS and value.precision is Precision.DAY:
            _refuse_other_weekday(value, WEEKDAYS[weekday[1]], shown, what)
        found.append(value)
    rest = grammar.date.sub(" ; ", words)
    if not found:
        found = [_value(match, shown, what, order) for match in grammar.after_in.finditer(words)]
    if not found:
        raise _nothing(rest, shown, what)
    # From the coarsest to the finest, each within the one before it, they are one date.
    found.sort(key=lambda value: value.last() - value.first(), reverse=True)
    for coarse, fine in pairwise(found):
        if not coarse.first() <= fine.first() <= fine.last() <= coarse.last():
            raise InvalidDataError(
                f'"{shown}" holds two dates, {coarse} and {fine}: write the one {what} that is'
                " meant."
            )
    if grammar.yearless.search(rest):
        raise InvalidDataError(
            f'"{shown}" holds {found[-1]} and another day: write the one {what} that is meant.'
        )
    return found[-1]


def _without_addresses(words: str) -> str:
    """Words without addresses: the days in these are not what was said."""
    # Beginning at each sign of a word that is none would take the square of its length.
    return re.sub(r"(?<!\S)\S+://\S+", " ", words)


def _nothing(words: str, shown: str, what: str) -> InvalidDataError:
    """Why there is no date in these words."""
    grammar = inside_grammar()
    if grammar.yearless.search(words):
        return _no_year(shown, what)
    if grammar.short_year.search(words):
        return _short_year(shown, what)
    if re.fullmatch(r"-?[0-9]{5,16}(?:\.[0-9]+)?", words):
        return NoDateError(
            f'"{shown}" is a number as programs count time, and no date: write the {what} as'
            f" {_EXAMPLES}."
        )
    return NoDateError(f'"{shown}" holds no {what}: write it as {_EXAMPLES}.')


def _value(
    match: re.Match[str], shown: str, what: str, order: Order, *, typed: bool = False
) -> PartialDate:
    parts = {name.rstrip("0123456789"): text for name, text in match.groupdict().items() if text}
    if "short" in parts:
        if order is None or typed:
            raise _short_year(shown, what, typed=typed)
        parts["year"] = _full_year(parts["short"])
    if "year" not in parts:
        raise _no_year(shown, what)
    if "one" in parts:
        return _numbers(parts["one"], parts["two"], parts["year"], shown, what, order, typed)
    month, day = parts.get("month"), parts.get("day")
    if "letter" in parts:
        month = str(LETTERS.index(parts["letter"]) + 1)
    elif day is not None and int(day) == 0 and not typed:
        # Databases write 2019-10-00 and 2019-00-00 where a day or a month is not known.
        day = None
        month = None if month is not None and int(month) == 0 else month
    return _date(parts["year"], month, day, shown, what)


def _numbers(
    one: str, two: str, year: str, shown: str, what: str, order: Order, typed: bool
) -> PartialDate:
    readings = []
    for month, day in ((one, two), (two, one)):
        try:
            reading = _date(year, month, day, shown, what)
        except InvalidDataError:
            continue
        if reading not in readings:
            readings.append(reading)
    if len(readings) == 2:
        month_first, day_first = readings
        if order is not None:
            return month_first if order == "month" else day_first
        raise InvalidDataError(
            f'"{shown}" can be read in two ways: write {day_first} or {month_first}.'
            if typed
            else f'"{shown}" can be read in two ways: {day_first} with --dayfirst, {month_first}'
            " with --monthfirst. Say which."
        )
    return readings[0] if readings else _date(year, two, one, shown, what)


def _date(year: str, month: str | None, day: str | None, shown: str, what: str) -> PartialDate:
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
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


def _refuse_other_weekday(value: PartialDate, weekday: int, shown: str, what: str) -> None:
    if value.day.weekday() != weekday:
        # Not strftime, which follows the locale. The full name stands first.
        right = next(w for w, day in WEEKDAYS.items() if day == value.day.weekday()).title()
        raise InvalidDataError(
            f'"{shown}" contradicts itself: {value} is a {right}. Write only the {what} you mean.'
        )


def _no_year(shown: str, what: str) -> InvalidDataError:
    return InvalidDataError(f'"{shown}" has no year: write the {what} out, as in 2020-02-25.')


def _short_year(shown: str, what: str, *, typed: bool = True) -> InvalidDataError:
    read = "" if typed else " --dayfirst or --monthfirst reads it, where one of them is right."
    return InvalidDataError(
        f'"{shown}" has a year of two digits: write the {what} as 2020-02-25.{read}'
    )


def _full_year(short: str) -> str:
    """As POSIX reads two digits (strptime, %y): 69 to 99 are of the last century."""
    return f"19{short}" if short >= "69" else f"20{short}"
