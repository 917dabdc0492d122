"""Figures: how they are read, shown and compared."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.errors import InvalidDataError
from claimtrack.quantity import Quantity, contradicts, format_quantity, parse_quantity
from claimtrack.vocab import Comparator

NUMBERS = st.decimals(-(10**30), 10**30, allow_nan=False, allow_infinity=False)
SINGLE = [c for c in Comparator if c is not Comparator.RANGE]
QUANTITIES = st.builds(Quantity, st.sampled_from(SINGLE), NUMBERS) | st.tuples(
    NUMBERS, NUMBERS
).filter(lambda ends: ends[0] != ends[1]).map(
    lambda ends: Quantity(Comparator.RANGE, min(ends), max(ends))
)
PIECES = st.lists(
    st.sampled_from([
        ">", "=", "~", "-", "–", "$", "€", "%", ",", ".", "'", " ", "1", "000", "40", "e9", "m",
        "million", "about ", "between ", " and ", " to ", "a", "half a", "+", "..", "usd", "¥",
    ]),
    max_size=9,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (">900000", "more than 900,000"),
        (">=900,000", "at least 900,000"),
        ("≥ 900", "at least 900"),
        ("<5", "less than 5"),
        ("<= 5", "at most 5"),
        ("=5", "5"),
        ("900 000", "900,000"),
        ("900\u202f000", "900,000"),
        ("1'000'000", "1,000,000"),
        ("1.234.567", "1,234,567"),
        ("12,34,567", "1,234,567"),
        ("1,234.50", "1,234.5"),
        ("007", "7"),
        ("1e6", "1,000,000"),
        (".5", "0.5"),
        ("0.125", "0.125"),
        ("~3 million", "about 3,000,000"),
        ("about three million", "about 3,000,000"),
        ("Nearly 3m", "about 3,000,000"),
        ("some 40", "about 40"),
        ("c. 40", "about 40"),
        ("half a million", "500,000"),
        ("a hundred thousand", "100,000"),
        ("More than 900,000", "more than 900,000"),
        ("over 1.2m", "more than 1,200,000"),
        ("at least 3k", "at least 3,000"),
        ("no fewer than 3", "at least 3"),
        ("900+", "at least 900"),
        ("900 or more", "at least 900"),
        ("up to 2bn", "at most 2,000,000,000"),
        ("no more than 7", "at most 7"),
        ("under 7", "less than 7"),
        ("40-50", "40 to 50"),
        ("40 – 50", "40 to 50"),
        ("40..50", "40 to 50"),
        ("40 to 50", "40 to 50"),
        ("between 40 and 50", "40 to 50"),
        ("from 40 to 50", "40 to 50"),
        ("40–50 million", "40,000,000 to 50,000,000"),
        ("1.234–2 million", "1,234,000 to 2,000,000"),
        ("900,000 to 1 million", "900,000 to 1,000,000"),
        ("-5 to -3", "-5 to -3"),
        ("-5--3", "-5 to -3"),
        ("−5", "-5"),
        ("minus 5", "-5"),
        ("+5", "5"),
        ("1.234 million", "1,234,000"),
        ("0", "0"),
        ("-0", "0"),
        ("1e30", "1" + ",000" * 10),
    ],
)
def test_a_figure_is_read_as_people_write_it(text: str, shown: str) -> None:
    quantity = parse_quantity(text)
    assert str(quantity) == format_quantity(quantity) == shown
    assert quantity.unit is None


@pytest.mark.parametrize(
    ("text", "shown", "unit"),
    [
        ("40%", "40", "percent"),
        ("-3.5 %", "-3.5", "percent"),
        ("3.125%", "3.125", "percent"),
        ("over 40 per cent", "more than 40", "percent"),
        ("40-50%", "40 to 50", "percent"),
        ("2 percentage points", "2", "percentage points"),
        ("$3.5 billion", "3,500,000,000", "USD"),
        ("-$5", "-5", "USD"),
        ("$-5", "-5", "USD"),
        ("€20m", "20,000,000", "EUR"),
        ("20m€", "20,000,000", "EUR"),
        ("£3–4bn", "3,000,000,000 to 4,000,000,000", "GBP"),
        ("A$5", "5", "AUD"),
        ("CA$5", "5", "CAD"),
        ("5$", "5", "USD"),
        ("usd 5bn", "5,000,000,000", "USD"),
        ("5 bn SYP", "5,000,000,000", "SYP"),
    ],
)
def test_a_sign_names_the_unit(text: str, shown: str, unit: str) -> None:
    quantity = parse_quantity(text)
    assert (str(quantity), quantity.unit) == (shown, unit)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("900.000", r"two ways: write 900,000 for thousands or 900\.0000"),
        ("10,5", r"write 10\.5\."),
        ("1.234,5", r"write 1234\.5\."),
        ("0,500", r"write 0\.500\."),
        ("1,23,45", "groups its thousands oddly"),
        ("12 34", "groups its thousands oddly"),
        ("1e31", "too large"),
        ("9" * 40, "too large"),
        ("9" * 61, "too many digits"),
        ("2e29 to 2 trillion trillion", "is not a figure"),
        ("50-40", "smaller number first"),
        ("40-40", "write it once"),
        ("about 40-50", "write the range alone"),
        ("$40-€50", "two units"),
        ("$40%", "two units"),
        ("¥40", "JPY or CNY"),
        ("20 m", "is not a figure"),
        ("900 people", "what is counted apart"),
        ("2020-02-25", "is not a figure"),
        ("many", "is not a figure"),
        ("a", "is not a figure"),
        (">", "is not a figure"),
        ("", "is not a figure"),
        ("nan", "is not a figure"),
        ("infinity", "is not a figure"),
        ("between 40", "is not a figure"),
        ("1" * 101, "too long"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused_with_a_sentence(
    text: str, sentence: str
) -> None:
    with pytest.raises(InvalidDataError, match=sentence):
        parse_quantity(text)


def test_no_digit_is_lost() -> None:
    digits = "123456789012345678901234567890"
    assert parse_quantity(digits).low == Decimal(digits)
    assert parse_quantity("0.1234567890123456789012345678901234").low == Decimal(
        "0.1234567890123456789012345678901234"
    )


@given(st.text() | PIECES)
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(InvalidDataError):
        quantity = parse_quantity(text)
        assert quantity.low.is_finite()
        assert str(quantity)


@given(st.sampled_from(SINGLE), st.integers(-(10**30), 10**30))
def test_what_is_shown_can_be_read_again(comparator: Comparator, value: int) -> None:
    quantity = Quantity(comparator, Decimal(value))
    assert parse_quantity(str(quantity)) == quantity


@pytest.mark.parametrize(
    ("comparator", "low", "high"),
    [
        (Comparator.RANGE, "1", None),
        (Comparator.EXACTLY, "1", "2"),
        (Comparator.RANGE, "2", "1"),
        (Comparator.EXACTLY, "NaN", None),
        (Comparator.EXACTLY, "2e30", None),
    ],
)
def test_a_quantity_that_makes_no_sense_cannot_be_made(
    comparator: Comparator, low: str, high: str | None
) -> None:
    with pytest.raises(InvalidDataError):
        Quantity(comparator, Decimal(low), None if high is None else Decimal(high))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("=900000", ">900000", True),
        ("=900000", ">=900000", False),
        (">900000", "=948000", False),
        (">900000", "<900000", True),
        (">900000", "<900001", False),
        (">=900000", "<=900000", False),
        (">=900000", "<900000", True),
        ("40", "41", True),
        ("40", "40.0", False),
        ("40-50", "50-60", False),
        ("40-50", "51-60", True),
        ("40-50", ">50", True),
        ("40-50", ">=50", False),
        ("~100", "105", False),
        ("~100", "105.01", True),
        ("~100", "95", False),
        ("~100", "<95", True),
        ("~100", "~110", False),
        ("~100", "~111", True),
        ("~-100", "-104", False),
        (">10", ">1000", False),
        ("<10", "<1000", False),
        ("40%", "$50", False),
        ("40%", "50%", True),
        ("40%", "50", True),
    ],
)
def test_figures_contradict_where_no_value_fits_both(
    one: str, other: str, *, expected: bool
) -> None:
    assert contradicts(parse_quantity(one), parse_quantity(other)) is expected
    assert contradicts(parse_quantity(other), parse_quantity(one)) is expected


@given(QUANTITIES, QUANTITIES)
def test_contradiction_is_symmetric(one: Quantity, other: Quantity) -> None:
    assert contradicts(one, other) == contradicts(other, one)


@given(QUANTITIES)
def test_nothing_contradicts_itself(quantity: Quantity) -> None:
    assert not contradicts(quantity, quantity)
