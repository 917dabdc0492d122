"""The figures that a text tells, in whatever way they are written, and whether two texts' agree.

"1.2 million", "1,200,000" and "1.2m" are one figure. Where a spelling has two readings ("900.000"
is nine hundred thousand in Madrid, and nine hundred in Leeds; "5m" may be metres), both are kept:
what can't be told apart is not held against a claim. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from decimal import Decimal

from claimtrack.date_grammar import folded, inside_grammar, lettered
from claimtrack.matching.terms import LINK

#: The readings of one figure.
Figure = frozenset[Decimal]

_THOUSAND, _MILLION, _BILLION, _TRILLION = (Decimal(10) ** power for power in (3, 6, 9, 12))
_ONE = Decimal(1)
#: What a word or letter after a figure multiplies it by; all that it may.
_SCALES = {
    word: frozenset(factors)
    for words, factors in (
        ("dozen", (Decimal(12),)),
        ("hundred", (Decimal(100),)),
        ("lakh lakhs", (Decimal(100_000),)),
        ("crore crores", (Decimal(10_000_000),)),
        ("thousand thousands tausend tysiecy тысяч mille k", (_THOUSAND,)),
        ("mil", (_ONE, _THOUSAND)),
        ("million millions millionen mio mln millon millones milhao milhoes milione milioni"
         " milyon miljoen miljoner millioner milionow миллион миллиона миллионов mn", (_MILLION,)),
        ("m", (_ONE, _MILLION)),
        ("mld milyar milliard milliards milliarde milliarden mrd miliardi miljard miljarder"
         " milliarder миллиард миллиарда миллиардов bn", (_BILLION,)),
        ("b", (_ONE, _BILLION)),
        ("billion billions", (_BILLION, _TRILLION)),  # the short scale, and the long one
        ("billionen billones bilhao bilhoes", (_BILLION, _TRILLION)),
        ("trillion trillions tn", (_TRILLION, _TRILLION * _MILLION)),
    )
    for word in words.split()
}  # fmt: skip
#: Not the 19 of Covid-19, nor 2nd, 24/7 and the first of three posts, 1/3.
_FIGURE = re.compile(
    r"(?<![\w.,])(?<![^\W\d_]-)(?<![0-9]/)"
    r"(?P<digits>[0-9]{1,3}(?: [0-9]{3})+(?![0-9])|[0-9]+(?:[.,'’\u00a0\u202f][0-9]+)*)"
    r"(?!/?[0-9])(?!(?:st|nd|rd|th)\b)"
    r"(?:[\s-]{0,2}(?P<scale>[^\W\d_]+)(?:\s(?P<more>[^\W\d_]{2,}))?)?"
)
_GROUPS = re.compile(r"[0-9]{1,3}(?P<mark>[^0-9])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
#: A longer run of digits is a number of something, and no quantity.
_LONGEST = 30


def figures_of(text: str) -> frozenset[Figure]:
    """The figures of a text, each with its readings; what stands in links is none."""
    bare = re.sub(LINK, " ", text)
    return frozenset(_figures(unicodedata.normalize("NFC", bare).replace("\u2009", "\u202f")))


def quantities_of(text: str) -> frozenset[Figure]:
    """The figures of a text that are no part of a date that it tells."""
    if not any(map(str.isdecimal, text)):
        return frozenset()
    grammar = inside_grammar()
    words = lettered(folded(re.sub(LINK, " ", text)))
    return frozenset(_figures(grammar.yearless.sub(" ; ", grammar.date.sub(" ; ", words))))


def quantities_contradict(one: Collection[Figure], other: Collection[Figure]) -> bool:
    """Whether two texts tell of the same kind of figure, years or others, and not of the same."""
    return any(
        some and more and not figures_agree(some, more)
        for some, more in zip(_by_kind(one), _by_kind(other), strict=True)
    )


def _by_kind(figures: Collection[Figure]) -> tuple[list[Figure], list[Figure]]:
    """Those that are years, and the others."""
    years = [figure for figure in figures if any(1900 <= value < 2100 for value in figure)]
    return years, [figure for figure in figures if figure not in years]


def _figures(text: str) -> Iterator[Figure]:
    for match in _FIGURE.finditer(text):
        digits = match["digits"]
        if len(digits) <= _LONGEST:
            scale = _SCALES.get(_plain(match["scale"] or ""))
            # "mil millones", "hundred thousand"
            more = _SCALES.get(_plain(match["more"] or "")) if scale else None
            yield frozenset(
                (value * factor * other).normalize()
                for value in _values(digits)
                for factor in scale or (_ONE,)
                for other in more or (_ONE,)
            )


def _plain(word: str) -> str:
    return word.lower().translate(_ACCENTS)


_ACCENTS = str.maketrans("óãõêéę", "oaoeee")


def _values(digits: str) -> Iterator[Decimal]:
    """What digits with marks between them may be worth."""
    parts = re.split("[^0-9]", digits)
    grouped = len(parts) == 1 or _GROUPS.fullmatch(digits) is not None
    if grouped:
        yield Decimal("".join(parts))
    mark = digits[-1 - len(parts[-1])] if len(parts) > 1 else ""
    if mark and mark in ".," and digits.count(mark) == 1:
        yield Decimal(f"{''.join(parts[:-1])}.{parts[-1]}")
    elif mark == " " or not grouped:  # beside each other, or a date
        yield from map(Decimal, parts)


def figures_agree(one: Collection[Figure], other: Collection[Figure]) -> bool:
    """Whether the figures of two texts may be those of one claim.

    What only one of them tells, such as the year, is no other figure.
    """
    return _are_among(one, other) or _are_among(other, one)


def _are_among(some: Collection[Figure], more: Collection[Figure]) -> bool:
    return all(any(figure & each for each in more) for figure in some)
