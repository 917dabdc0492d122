"""Dates as files have them: alone, with a time of day, or among other words."""

from __future__ import annotations

import contextlib
import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.dates import parse_date
from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Precision
from claimtrack.written_dates import PartialDate, days_within, is_blank_date, read_written

KEPT_DAYS = st.dates(dt.date(1000, 1, 1), dt.date(2999, 12, 31))
DATE_PARTS = (
    *("2020", "0000", "9999", "2", "31", "99999", "-", "/", ".", ",", " ", "(", ")", "feb", "märz"),
    *("to", "in", "on", "of", "since", "st", "monday", "t10:00", "Z", "+02:00", "年", "月"),
)
DATE_LIKE = st.lists(st.sampled_from(DATE_PARTS), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2020-10-07", "2020-10-07"),
        ("2020/10/07", "2020-10-07"),
        ("20201007", "2020-10-07"),
        ("31-10-2020", "2020-10-31"),
        ("25/02/2020", "2020-02-25"),
        ("02/25/2020", "2020-02-25"),
        ("25. 2. 2020", "2020-02-25"),
        ("4/4/2020", "2020-04-04"),
        ("26 May 2015", "2015-05-26"),
        ("26 May 2015.", "2015-05-26"),
        ("Oct. 22nd, 2019", "2019-10-22"),
        ("Oct22, 2019", "2019-10-22"),
        ("the 1st of June, 2020", "2020-06-01"),
        ("03-Mar-2020", "2020-03-03"),
        ("2020-Mar-03", "2020-03-03"),
        ("2020年10月7日", "2020-10-07"),
        ("October 2019", "2019-10"),
        ("12/2019", "2019-12"),
        ("2019-10", "2019-10"),
        ("2019-10-00", "2019-10"),
        ("2019", "2019"),
        ("(2019)", "2019"),
        ("2019-00-00", "2019"),
        ("early 2020", "2020"),
        ("mid-2020", "2020"),
        ("c. 2015", "2015"),
        ("circa 2015", "2015"),
        ("Spring 2020", "2020"),
        ("Anfang 2020", "2020"),
        ("finales de 2020", "2020"),
        ("early March 2020", "2020-03"),
    ],
)
def test_a_date_is_read_as_exactly_as_it_is_written(text: str, shown: str) -> None:
    assert str(read_written(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "3. März 2020",
        "Dienstag, 3. Maerz 2020",
        "3 mars 2020",
        "3 de marzo de 2020",
        "3 de março de 2020",
        "martedì 3 marzo 2020",
        "3 maart 2020",
        "3 mrt 2020",
        "Ma\N{COMBINING DIAERESIS}rz 3, 2020",
        "3 марта 2020 г.",
        "заявил 3 марта 2020 года в эфире",
        "3 березня 2020",
        "3 marca 2020 r.",
        "3 Mart 2020",
        "3 Maret 2020",
        "2020. 3. 3.",
    ],
)
def test_the_months_have_their_names_in_other_languages(text: str) -> None:
    assert str(read_written(text)) == "2020-03-03"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Май 2020", "2020-05"), ("17 Kasım 2020", "2020-11-17"), ("1 Şubat 2020", "2020-02-01"),
     ("20 października 2020", "2020-10-20"), ("9 лютого 2021", "2021-02-09")],
)  # fmt: skip
def test_a_month_is_known_with_the_accents_of_its_language(text: str, shown: str) -> None:
    assert str(read_written(text)) == shown


def test_a_month_that_is_another_in_the_next_language_is_not_guessed() -> None:
    with pytest.raises(InvalidDataError, match="holds no date"):
        read_written("5 listopada 2020")


@pytest.mark.parametrize(
    "text",
    [
        "2020-10-07 20:05",
        "2020-10-07 20:05:17 UTC",
        "2020-10-07T23:05:00+02:00",
        "2020-10-07T23:59:59.999Z",
        "2020-10-07T23:05:00-0800",
        "2020-10-07+02:00",
        "20201007T235959Z",
        "Wed, 07 Oct 2020 23:59:00 GMT",
        "Wed Oct 07 23:59:00 +0000 2020",
        "7 October 2020, 23:59",
        "7 October 2020 at 23:59",
        "Oct 7, 2020 11:30 p.m. EST",
        "23:59 2020-10-07",
    ],
)
def test_of_an_instant_the_day_is_read_as_it_stands_there(text: str) -> None:
    assert str(read_written(text)) == "2020-10-07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("stated on October 22, 2019 in a campaign mailer", "2019-10-22"),
        ("stated on October 22, 2019 in the 2020 campaign", "2019-10-22"),
        ("stated in October 2019 at a rally", "2019-10"),
        ("stated in 2019 in a speech", "2019"),
        ("Published: 22.10.2019 | 14:00", "2019-10-22"),
        ("3 May 2020 (2020-05-03)", "2020-05-03"),
        ("October 2019: on Tuesday, October 22, 2019", "2019-10-22"),
        ("https://news.example/2020/10/07/flood, seen on 8 October 2020", "2020-10-08"),
        ("at 20:05 - 5 May 2020", "2020-05-05"),
    ],
)
def test_the_one_date_of_a_sentence_is_found(text: str, shown: str) -> None:
    assert str(read_written(text)) == shown


@pytest.mark.parametrize(
    ("text", "day", "month"),
    [
        ("03/04/2020", "2020-04-03", "2020-03-04"),
        ("3.4.2020 10:00", "2020-04-03", "2020-03-04"),
        ("said on 03-04-2020 on the radio", "2020-04-03", "2020-03-04"),
        # One reading exists, whatever comes first elsewhere in the file.
        ("25/02/2020", "2020-02-25", "2020-02-25"),
        ("02/25/2020", "2020-02-25", "2020-02-25"),
        ("2020-03-04", "2020-03-04", "2020-03-04"),
    ],
)
def test_an_order_chooses_between_two_readings(text: str, day: str, month: str) -> None:
    assert str(read_written(text, order="day")) == day
    assert str(read_written(text, order="month")) == month


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("03/04/2020", "2020-04-03 with --dayfirst, 2020-03-04 with --monthfirst"),
        ("7. 10. 2020", "--dayfirst"),
        ("Posted 3 May 2020, updated 5 May 2020", "two dates, 2020-05-03 and 2020-05-05"),
        ("2020-10-07/2020-10-09", "two dates"),
        ("May 2020 or June 2020", "two dates"),
        ("3 May 2020 - 5 June", "another day"),
        ("from 3 to 5 May 2020", "more than one day"),
        ("May 3-5, 2020", "more than one day"),
        ("3–5 May 2020", "more than one day"),
        ("du 3 au 5 mai 2020", "more than one day"),
        ("30 April to 2 May 2020", "more than one day"),
        ("April 30 - May 2, 2020", "more than one day"),
        ("March–May 2020", "more than one day"),
        ("2019-2020", "more than one day"),
        ("since 5 May 2020", "before or after 2020-05-05"),
        ("vor dem 5. Mai 2020", "before or after 2020-05-05"),
        ("1583229600", "as programs count time, and no date"),
        ("1583229600000", "as programs count time"),
        ("43906", "as programs count time"),
        ("25/02/20", "year of two digits"),
        ("22 October", "has no year"),
        ("posted on October 22", "has no year"),
        ("2020-13-45", "not in the calendar"),
        ("31 April 2020 in a speech", "not in the calendar"),
        ("0032-01-01", "outside the years"),
        ("Monday, 3 March 2020", "2020-03-03 is a Tuesday"),
        ("said on Monday, 3 March 2020", "2020-03-03 is a Tuesday"),
        ("https://news.example/2020/10/07/flood", "holds no date"),
        ("10.10.10.2020", "holds no date"),
        ("in the 2010-12 period", "holds no date"),
        ("yesterday", "holds no date"),
        ("", "holds no date"),
        ("1 " * 300, "too long"),
    ],
)
def test_what_is_not_one_date_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidDataError, match=sentence):
        read_written(text)


@pytest.mark.parametrize(
    ("text", "day", "month"),
    [
        ("22-Oct-19", "2019-10-22", "2019-10-22"),
        ("03-MAR-20", "2020-03-03", "2020-03-03"),
        ("10/22/19", "2019-10-22", "2019-10-22"),
        ("10/11/19 14:30", "2019-11-10", "2019-10-11"),
        ("5.6.70", "1970-06-05", "1970-05-06"),
        ("5.6.68", "2068-06-05", "2068-05-06"),
    ],
)
def test_a_year_of_two_digits_is_read_in_the_order_that_was_said(
    text: str, day: str, month: str
) -> None:
    assert str(read_written(text, order="day")) == day
    assert str(read_written(text, order="month")) == month
    with pytest.raises(InvalidDataError, match="two digits"):
        read_written(text)


def test_a_long_word_takes_no_time() -> None:
    began = time.process_time()
    assert list(days_within(f"{'a' * 80_000} on 5 May 2024, http://a.example/2023-01-02")) == [
        dt.date(2024, 5, 5)
    ]
    assert time.process_time() - began < 1


def test_the_sentence_names_the_date_and_shortens_a_long_text() -> None:
    with pytest.raises(InvalidDataError, match="holds no published date") as caught:
        read_written("word " * 60, what="published date")
    assert "word…" in caught.value.message.replace(" …", "…")
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    "text",
    ["", "  ", "-", "—", "n/a", "N/A", "Unknown.", "null", "NaN", "?", "no date", "unbekannt", "0",
     "0000-00-00", "00/00/0000", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z"],
)  # fmt: skip
def test_words_for_no_date_are_blank(text: str) -> None:
    assert is_blank_date(text)


@pytest.mark.parametrize("text", ["2019", "0032-01-01", "1970-01-01", "soon", "10", "unknown 2019"])
def test_other_texts_are_not_blank(text: str) -> None:
    assert not is_blank_date(text)


@given(KEPT_DAYS, st.sampled_from(Precision), st.sampled_from([None, "day", "month"]))
def test_what_is_shown_is_read_again(day: dt.date, precision: Precision, order: None) -> None:
    date = PartialDate(day, precision)
    assert read_written(str(date), order=order) == date == parse_date(str(date)).value


@given(KEPT_DAYS, st.sampled_from(["%d.%m.%Y", "%d/%m/%Y"]))
def test_with_an_order_every_day_of_the_calendar_is_read(day: dt.date, shape: str) -> None:
    assert read_written(day.strftime(shape), order="day") == PartialDate(day)


@given(st.text() | DATE_LIKE, st.sampled_from([None, "day", "month"]))
def test_no_text_breaks_the_reader(text: str, order: None) -> None:
    with contextlib.suppress(InvalidDataError):
        assert 1000 <= read_written(text, order=order).day.year <= 2999
    assert is_blank_date(text) in (True, False)
