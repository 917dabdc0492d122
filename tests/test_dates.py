"""Dates as people give them, and the bounds of days."""

from __future__ import annotations

import contextlib
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.dates import ParsedDate, PartialDate, day_end, day_start, last_week, parse_date
from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Precision

WEDNESDAY = dt.date(2020, 2, 26)
KEPT_DAYS = st.dates(dt.date(1000, 1, 1), dt.date(2999, 12, 31))
DATE_LIKE = st.lists(
    st.sampled_from(
        "2020 0000 9999 - / . , 2 31 99999 feb march last next tue this week day days month year "
        "ago a t10:00".replace(" ", "| |").split("|")
    ),
    max_size=7,
).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2020-02-25", "2020-02-25"),
        (" 2020-2-5 ", "2020-02-05"),
        ("2020/02/25", "2020-02-25"),
        ("2020-02", "2020-02"),
        ("2020", "2020"),
        ("25 February 2020", "2020-02-25"),
        ("25th of February, 2020", "2020-02-25"),
        ("February 25, 2020", "2020-02-25"),
        ("FEB. 25 2020", "2020-02-25"),
        ("25-Feb-2020", "2020-02-25"),
        ("Feb 2020", "2020-02"),
        ("September, 2020", "2020-09"),
        ("Tuesday, 25 February 2020", "2020-02-25"),
        ("29 February 2020", "2020-02-29"),
        ("25/02/2020", "2020-02-25"),
        ("02/25/2020", "2020-02-25"),
        ("04.04.2020", "2020-04-04"),
    ],
)
def test_a_date_that_is_written_out_is_read_and_not_said_aloud(text: str, shown: str) -> None:
    parsed = parse_date(text, anchor=WEDNESDAY)
    assert str(parsed.value) == shown
    assert parsed.said_aloud is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("today", "2020-02-26"),
        ("Yesterday", "2020-02-25"),
        ("tomorrow", "2020-02-27"),
        ("the day before yesterday", "2020-02-24"),
        ("Tuesday", "2020-02-25"),
        ("tue", "2020-02-25"),
        ("on Tuesday", "2020-02-25"),
        ("Thursday", "2020-02-20"),
        ("Wednesday", "2020-02-26"),
        ("last Wednesday", "2020-02-19"),
        ("last Tuesday", "2020-02-25"),
        ("next Wednesday", "2020-03-04"),
        ("next Friday", "2020-02-28"),
        ("3 days ago", "2020-02-23"),
        ("a day ago", "2020-02-25"),
        ("two weeks ago", "2020-02-12"),
        ("two months ago", "2019-12"),
        ("last month", "2020-01"),
        ("this year", "2020"),
        ("last year", "2019"),
    ],
)
def test_a_counted_date_is_resolved_against_the_publication_and_said_aloud(
    text: str, shown: str
) -> None:
    parsed = parse_date(text, anchor=WEDNESDAY)
    assert str(parsed.value) == shown
    assert parsed.said_aloud == f"{text} is {shown}, counted from 2020-02-26"


@pytest.mark.parametrize("text", ["today", "Tuesday", "3 days ago", "last month"])
def test_without_a_publication_date_nothing_is_counted(text: str) -> None:
    with pytest.raises(InvalidDataError, match="the source has no publication date"):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("2020-13-45", "not in the calendar.*2020-02-25"),
        ("2020-02-30", "not in the calendar"),
        ("31 April 2020", "not in the calendar"),
        ("31/02/2020", "not in the calendar"),
        ("03/04/2020", r"two ways: write 2020-04-03 or 2020-03-04\."),
        ("25/02/20", "year of two digits"),
        ("0999-01-01", "outside the years"),
        ("3000", "outside the years"),
        ("25 February", "no year"),
        ("2020-02-25T10:00:00Z", "time of day.*2020-02-25"),
        ("2020-02-25 10:00", "time of day"),
        ("Monday, 25 February 2020", "2020-02-25 is a Tuesday"),
        ("this Friday", "before or the one after"),
        ("Tuesday's", "is not a date: write it as 2020-02-25"),
        ("soon", "is not a date"),
        ("", "is not a date"),
        ("99999 weeks ago", "outside the years"),
        ("9999 years ago", "outside the years"),
        ("2020-02-25" * 10, "too long"),
        ("٢٠٢٠", "is not a date"),
    ],
)
def test_what_cannot_be_a_date_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidDataError, match=sentence):
        parse_date(text, anchor=WEDNESDAY)


def test_the_sentence_names_the_date_that_was_asked_for() -> None:
    with pytest.raises(InvalidDataError, match="not a due date"):
        parse_date("soon", what="due date")


@given(KEPT_DAYS, st.sampled_from(Precision))
def test_what_is_shown_can_be_read_again(day: dt.date, precision: Precision) -> None:
    date = PartialDate(day, precision)
    assert parse_date(str(date)) == ParsedDate(date)
    assert date.first() <= day <= date.last()


@given(st.dates(), st.sampled_from(Precision))
def test_every_date_has_bounds(day: dt.date, precision: Precision) -> None:
    date = PartialDate(day, precision)
    assert date.first() <= day <= date.last()
    assert PartialDate(date.last(), precision) == date


@given(st.text() | DATE_LIKE, st.none() | st.dates())
def test_no_text_breaks_the_reader(text: str, anchor: dt.date | None) -> None:
    with contextlib.suppress(InvalidDataError):
        parsed = parse_date(text, anchor=anchor)
        assert 1000 <= parsed.value.day.year <= 2999


@given(KEPT_DAYS, st.sampled_from(["Monday", "tue", "Weds", "thurs", "Fri", "saturday", "Sun"]))
def test_a_weekday_is_within_the_week_up_to_the_anchor(anchor: dt.date, name: str) -> None:
    with contextlib.suppress(InvalidDataError):
        plain = parse_date(name, anchor=anchor).value.day
        last = parse_date(f"last {name}", anchor=anchor).value.day
        following = parse_date(f"next {name}", anchor=anchor).value.day
        assert 0 <= (anchor - plain).days < 7
        assert 0 < (anchor - last).days <= 7
        assert 0 < (following - anchor).days <= 7


def test_month_and_year_keep_their_first_day() -> None:
    assert PartialDate(dt.date(2020, 2, 25), Precision.MONTH).day == dt.date(2020, 2, 1)
    assert PartialDate(dt.date(2020, 2, 25), Precision.YEAR).day == dt.date(2020, 1, 1)
    assert PartialDate(dt.date(2020, 2, 1), Precision.MONTH).last() == dt.date(2020, 2, 29)
    assert PartialDate(dt.date(2020, 2, 1), Precision.YEAR).last() == dt.date(2020, 12, 31)


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("UTC", "2020-03-29T00:00", "2020-03-30T00:00"),
        # 23 hours: the clocks go forward.
        ("Europe/Madrid", "2020-03-28T23:00", "2020-03-29T22:00"),
        ("Asia/Kathmandu", "2020-03-28T18:15", "2020-03-29T18:15"),
        # There was no midnight in Beirut on that day.
        ("Asia/Beirut", "2020-03-28T22:00", "2020-03-29T21:00"),
    ],
)
def test_a_day_ends_where_the_next_begins_in_the_zone(zone: str, start: str, end: str) -> None:
    day = dt.date(2020, 3, 29)
    assert day_start(day, ZoneInfo(zone)) == dt.datetime.fromisoformat(start + "+00:00")
    assert day_end(day, ZoneInfo(zone)) == dt.datetime.fromisoformat(end + "+00:00")
    assert day_end(day, ZoneInfo(zone)).tzinfo is dt.UTC


def test_a_day_at_the_end_of_time_is_refused() -> None:
    with pytest.raises(InvalidDataError, match="outside the years"):
        day_end(dt.date.max, dt.UTC)
    with pytest.raises(InvalidDataError, match="outside the years"):
        day_start(dt.date.min, ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("day", range(24, 31))
def test_last_week_runs_from_monday_to_sunday_before_this_one(day: int) -> None:
    # 24 February 2020 was a Monday; 1 March the Sunday of that week.
    today = dt.date(2020, 2, 23) + dt.timedelta(days=day - 23)
    assert last_week(today) == (dt.date(2020, 2, 17), dt.date(2020, 2, 23))
