"""Figures: what a claim asserts about a number, as people write it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache

from claimtrack.errors import InvalidDataError
from claimtrack.vocab import Comparator

#: "About" holds for values up to this part of it away, on either side.
TOLERANCE = Decimal("0.05")

_LARGEST = Decimal(10) ** 30
#: Python's default of 28 digits would round silently.
_EXACT = Context(prec=80)
_EXAMPLES = "900000, >900000, 40-50, ~3 million or 3.5%"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A comparator and its value; for ``Comparator.RANGE`` from ``low`` to ``high``, inclusive.

    ``high`` is None for all others. ``unit`` is "percent", "percentage points", a currency's ISO
    4217 code, whatever the caller was told, or None. Raises InvalidDataError for anything else.
    """

    comparator: Comparator
    low: Decimal
    high: Decimal | None = None
    unit: str | None = None

    def __post_init__(self) -> None:
        for value in (self.low, self.high):
            if value is not None and (not value.is_finite() or abs(value) > _LARGEST):
                raise InvalidDataError("A figure lies between -1e30 and 1e30.")
        if (self.comparator is Comparator.RANGE) != (self.high is not None):
            raise InvalidDataError("A range has two ends, and every other figure has one value.")
        if self.high is not None and self.low >= self.high:
            raise InvalidDataError("A range runs from the smaller to the larger: write 40-50.")

    def __str__(self) -> str:
        return format_quantity(self)


# ---------------------------------------------------------------------------------- reading

_SAID = {
    Comparator.AT_LEAST: (
        ">=", "=>", "≥", "at least", "no fewer than", "no less than", "not less than",
        "not fewer than", "a minimum of", "minimum", "upwards of",
    ),
    Comparator.AT_MOST: (
        "<=", "=<", "≤", "at most", "up to", "no more than", "not more than", "as many as",
        "as much as", "a maximum of", "maximum",
    ),
    Comparator.MORE_THAN: (
        ">", "more than", "over", "just over", "above", "greater than", "exceeding",
    ),
    Comparator.LESS_THAN: ("<", "less than", "fewer than", "under", "just under", "below"),
    Comparator.ABOUT: (
        "~", "≈", "about", "around", "approximately", "approx.", "approx", "roughly", "some",
        "nearly", "almost", "close to", "circa", "ca.", "c.",
    ),
    Comparator.EXACTLY: ("=", "exactly", "precisely"),
}  # fmt: skip
#: Longest first, so that ">=" is not read as ">".
_PREFIXES = sorted(
    ((said, comparator) for comparator, all_said in _SAID.items() for said in all_said),
    key=lambda pair: -len(pair[0]),
)
_SUFFIXES = (
    ("or more", Comparator.AT_LEAST),
    ("or fewer", Comparator.AT_MOST),
    ("or less", Comparator.AT_MOST),
    ("+", Comparator.AT_LEAST),
)

_TIMES = {
    "k": 3, "m": 6, "b": 9, "mn": 6, "mln": 6, "bn": 9, "tn": 12, "trn": 12, "hundred": 2,
    "thousand": 3, "hundred thousand": 5, "lakh": 5, "million": 6, "crore": 7, "billion": 9,
    "trillion": 12,
}  # fmt: skip
_WORDS = {
    "zero": Decimal(0), "one": Decimal(1), "two": Decimal(2), "three": Decimal(3),
    "four": Decimal(4), "five": Decimal(5), "six": Decimal(6), "seven": Decimal(7),
    "eight": Decimal(8), "nine": Decimal(9), "ten": Decimal(10), "eleven": Decimal(11),
    "twelve": Decimal(12), "fifteen": Decimal(15), "twenty": Decimal(20), "thirty": Decimal(30),
    "forty": Decimal(40), "fifty": Decimal(50), "sixty": Decimal(60),
    "seventy": Decimal(70), "eighty": Decimal(80), "ninety": Decimal(90), "a": Decimal(1),
    "half a": Decimal("0.5"),
}  # fmt: skip
#: Currencies (ISO 4217) that figures in the news come in.
_CODES = """
    USD EUR GBP JPY CNY CHF INR RUB TRY ILS KRW UAH CAD AUD NZD SEK NOK DKK ISK PLN
    CZK HUF RON BGN RSD GEL AMD AZN KZT SYP LBP JOD IQD IRR AFN SAR AED QAR KWD BHD OMR YER EGP
    LYD TND DZD MAD SDG SSP ETB SOS KES UGX TZS RWF NGN GHS ZAR ZWL XOF XAF PKR BDT LKR NPR MMK
    THB VND IDR MYR PHP SGD HKD TWD BRL MXN ARS CLP COP PEN VES HTG CUP BYN MDL BAM
"""
_CURRENCIES = {
    "$": "USD", "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD",
    "hk$": "HKD", "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₺": "TRY", "₪": "ILS",
    "₩": "KRW", "₴": "UAH", "₦": "NGN", "₱": "PHP", "₫": "VND", "₾": "GEL", "₸": "KZT",
} | {
    code.lower(): code
    for code in _CODES.split()
}  # fmt: skip
_UNITS = {
    "%": "percent", "percent": "percent", "per cent": "percent", "pct": "percent",
    "percentage points": "percentage points", "percentage point": "percentage points",
}  # fmt: skip
_UNITS |= _CURRENCIES


def _one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _shape() -> re.Pattern[str]:
    # Not at the top: compiling it would cost every start of the program some milliseconds.
    return re.compile(
        r"(?P<sign>[-+]|minus )? ?"
        rf"(?P<currency>{_one_of(_CURRENCIES)})? ?"
        r"(?P<sign2>[-+])? ?"
        rf"(?:(?P<number>[0-9]+(?:[ ,.'][0-9]+)*(?:e[+-]?[0-9]{{1,2}})?|\.[0-9]+)"
        rf"|(?P<word>{_one_of(_WORDS)})(?![a-z]))"
        # A single letter only right after its number: "20m" is millions, "20 m" may be metres.
        rf"(?:(?P<letter>[kmb])(?![a-z])|[ -]?(?P<times>{_one_of(w for w in _TIMES if len(w) > 1)})"
        r"(?![a-z]))?"
        rf" ?(?P<unit>{_one_of(_UNITS)})?"
    )


_TIDY = {ord(space): " " for space in "\t\r\n\u00a0\u2007\u2009\u202f\u2002\u2003\u200a"} | {
    ord(dash): "-" for dash in "−‐‑‒–—"
}  # fmt: skip
_TIDY |= {ord("’"): "'", ord("…"): ".."}


def parse_quantity(text: str) -> Quantity:
    """Read a figure: a comparator, a number or a range, a unit that its sign names.

    ``>900000``, ``>=900,000``, "more than 900 000", "about 3 million", "nearly 3m" (taken as
    about), "up to 40", "900+", "40-50", "40 to 50 million", "between 40 and 50", "40%",
    "$3.5 billion", "-3.5%". In a range the multiplier and unit of the second number hold for a
    smaller first number that has none: "40-50 million" is millions, "900,000 to 1 million" isn't.

    The decimal mark is a point. Commas, spaces, apostrophes and repeated points group digits.
    Where a figure has two readings a thousand times apart it is refused and not guessed:
    "900.000" (but "0.125", "3.125%" and "1.234 million" are read), "10,5" and "1.234,5".

    Raises InvalidDataError for those, for what can't be read, and for more than 1e30.
    """
    shown = " ".join(text.split())
    if len(shown) > 100:
        raise InvalidDataError(f"The figure is too long to be one: write it as {_EXAMPLES}.")
    rest = " ".join(text.translate(_TIDY).lower().split())
    span = re.fullmatch("between (.+) and (.+)|from (.+) to (.+)", rest)
    if span is not None:
        sides = _sides(span[1] or span[3], span[2] or span[4])
        if sides is None:
            raise _unreadable(shown)
        return _range(*sides, shown)
    comparator, rest = _comparator(rest)
    amount = _shape().fullmatch(rest)
    if amount is not None:
        value = _value(amount, shown)
        return Quantity(comparator or Comparator.EXACTLY, value, None, _unit(amount, shown))
    for gap in re.finditer(r" ?(?:\.\.+|-| to ) ?", rest):
        sides = _sides(rest[: gap.start()], rest[gap.end() :])
        if sides is None:
            continue
        if comparator is not None:
            raise InvalidDataError(
                f'"{shown}" is a range and says more than that: write the range alone, as 40-50.'
            )
        return _range(*sides, shown)
    if "¥" in rest:
        raise InvalidDataError(f'"{shown}" may be yen or yuan: write JPY or CNY in place of ¥.')
    raise _unreadable(shown)


def _unreadable(shown: str) -> InvalidDataError:
    return InvalidDataError(
        f'"{shown}" is not a figure: write it as {_EXAMPLES}, and what is counted apart from it.'
    )


def _comparator(rest: str) -> tuple[Comparator | None, str]:
    for said, comparator in _PREFIXES:
        if rest.startswith(said):
            after = rest[len(said) :]
            if not said[-1].isalpha() or not after[:1].isalpha():
                return comparator, after.strip()
    for said, comparator in _SUFFIXES:
        if rest.endswith(said):
            return comparator, rest.removesuffix(said).strip()
    return None, rest


def _sides(left: str, right: str) -> tuple[re.Match[str], re.Match[str]] | None:
    low, high = _shape().fullmatch(left.strip()), _shape().fullmatch(right.strip())
    return None if low is None or high is None else (low, high)


def _range(left: re.Match[str], right: re.Match[str], shown: str) -> Quantity:
    sure = _surely_decimal(right)
    high = _value(right, shown)
    low = _value(left, shown, sure=sure)
    times = _times(right)
    if times and not _times(left) and low < _value(right, shown, scaled=False):
        low = _EXACT.multiply(low, Decimal(10**times))
    units = {unit for unit in (_unit(left, shown), _unit(right, shown)) if unit}
    if len(units) > 1:
        raise InvalidDataError(f'"{shown}" has two units: write both ends in the same one.')
    if low == high:
        raise InvalidDataError(f'"{shown}" begins and ends at the same value: write it once.')
    if low > high:
        raise InvalidDataError(f'"{shown}" runs downwards: write the smaller number first.')
    return Quantity(Comparator.RANGE, low, high, units.pop() if units else None)


def _times(amount: re.Match[str]) -> int:
    return _TIMES.get(amount["letter"] or amount["times"] or "", 0)


def _surely_decimal(amount: re.Match[str]) -> bool:
    return bool(_times(amount)) or (amount["unit"] or "") in ("%", "percent", "per cent", "pct")


def _unit(amount: re.Match[str], shown: str) -> str | None:
    before, after = _CURRENCIES.get(amount["currency"] or ""), _UNITS.get(amount["unit"] or "")
    if before and after and before != after:
        raise InvalidDataError(f'"{shown}" has two units: write one of them.')
    return before or after


def _value(
    amount: re.Match[str], shown: str, *, sure: bool = False, scaled: bool = True
) -> Decimal:
    if amount["sign"] and amount["sign2"]:
        raise InvalidDataError(f'"{shown}" has two signs: write one of them.')
    if amount["word"]:
        if amount["word"] in ("a", "half a") and not _times(amount):
            raise _unreadable(shown)
        value = _WORDS[amount["word"]]
    else:
        value = _number(amount["number"], shown, sure=sure or _surely_decimal(amount))
    if scaled:
        value = _EXACT.multiply(value, Decimal(10 ** _times(amount)))
    if value > _LARGEST:
        raise InvalidDataError(f'"{shown}" is too large: a figure goes up to 1e30.')
    sign = (amount["sign"] or amount["sign2"] or "").strip()
    return _tidy(_EXACT.minus(value) if sign in ("-", "minus") else value)


def _number(digits: str, shown: str, *, sure: bool) -> Decimal:
    """The value of digits with their marks; ``sure`` if a point can only be a decimal one."""
    if sum(char.isdigit() for char in digits) > 60:
        raise InvalidDataError(f'"{shown}" has too many digits: a figure goes up to 1e30.')
    if re.fullmatch(r"[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?", digits):
        if not sure and re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", digits):
            whole, _, part = digits.partition(".")
            raise InvalidDataError(
                f'"{shown}" can be read in two ways: write {whole},{part} for thousands '
                f"or {digits}0 for a fraction."
            )
        return Decimal(digits)
    for shape in (
        r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?",
        r"[1-9][0-9]{0,2}( [0-9]{3})+(\.[0-9]+)?",
        r"[1-9][0-9]{0,2}('[0-9]{3})+(\.[0-9]+)?",
        r"[1-9][0-9]?(,[0-9]{2})+,[0-9]{3}(\.[0-9]+)?",  # lakh and crore: 12,34,567
    ):
        if re.fullmatch(shape, digits):
            return Decimal(re.sub("[ ,']", "", digits))
    if re.fullmatch(r"[1-9][0-9]{0,2}(\.[0-9]{3}){2,}", digits):
        return Decimal(digits.replace(".", ""))
    if match := re.fullmatch(r"([0-9]+(?:[ .'][0-9]{3})*),([0-9]+)", digits):
        plain = re.sub("[ .']", "", match[1])
        raise InvalidDataError(
            f'"{shown}" has a comma where it can\'t group thousands: if it is a decimal mark, '
            f"write {plain}.{match[2]}."
        )
    raise InvalidDataError(f'"{shown}" groups its thousands oddly: write it as {_EXAMPLES}.')


def _tidy(value: Decimal) -> Decimal:
    """The same value without zeros at its end and without an exponent."""
    whole = value.to_integral_value(context=_EXACT)
    return Decimal(int(whole)) if whole == value else value.normalize(_EXACT)


# ---------------------------------------------------------------------------------- showing

_SHOWN = {
    Comparator.EXACTLY: "",
    Comparator.MORE_THAN: "more than ",
    Comparator.AT_LEAST: "at least ",
    Comparator.LESS_THAN: "less than ",
    Comparator.AT_MOST: "at most ",
    Comparator.ABOUT: "about ",
    Comparator.RANGE: "",
}


def format_quantity(quantity: Quantity) -> str:
    """The figure in words, without its unit: "more than 900,000", "40 to 50", "about 3.5"."""
    text = f"{_SHOWN[quantity.comparator]}{_tidy(quantity.low):,f}"
    return text if quantity.high is None else f"{text} to {_tidy(quantity.high):,f}"


# -------------------------------------------------------------------------------- comparing


def contradicts(a: Quantity, b: Quantity) -> bool:
    """Whether two statements about the same thing can't both be true.

    True where no value fits both. The ends of a range, "at least" and "at most" fit, those of
    "more than" and "less than" don't. "About" fits up to 5 % of its value (TOLERANCE) away on
    either side, ends included. Figures in two different units can't be compared: False; a
    figure without a unit is taken to be in the other's.
    """
    if a.unit and b.unit and a.unit.casefold() != b.unit.casefold():
        return False
    return _all_below(a, b) or _all_below(b, a)


def _all_below(a: Quantity, b: Quantity) -> bool:
    """Whether every value that fits ``a`` is smaller than every value that fits ``b``."""
    highest, lowest = _highest(a), _lowest(b)
    if highest is None or lowest is None:
        return False
    if highest == lowest:
        return a.comparator is Comparator.LESS_THAN or b.comparator is Comparator.MORE_THAN
    return highest < lowest


def _highest(quantity: Quantity) -> Decimal | None:
    if quantity.comparator in (Comparator.MORE_THAN, Comparator.AT_LEAST):
        return None
    if quantity.comparator is Comparator.ABOUT:
        return _EXACT.add(quantity.low, _leeway(quantity))
    return quantity.low if quantity.high is None else quantity.high


def _lowest(quantity: Quantity) -> Decimal | None:
    if quantity.comparator in (Comparator.LESS_THAN, Comparator.AT_MOST):
        return None
    if quantity.comparator is Comparator.ABOUT:
        return _EXACT.subtract(quantity.low, _leeway(quantity))
    return quantity.low


def _leeway(quantity: Quantity) -> Decimal:
    return _EXACT.multiply(abs(quantity.low), TOLERANCE)
