"""The grammar of dates that are written out: patterns over a text that was made plain first.

`claimtrack.written_dates` says what they find is worth. They are compiled when the first date is
read that is not a plain one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

#: English, German, French, Spanish, Portuguese, Italian, Dutch and Scandinavian, Indonesian,
#: Polish, Turkish, Russian and Ukrainian, without accents. "Listopad" is left out: in Polish it is
#: November, and in Croatian October.
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janner janvier janv enero ene janeiro gennaio gen genn januari"
            " stycznia styczen ocak января январь янв січня січень",
            "february feb februar fevrier fevr fev febrero fevereiro febbraio febbr februari"
            " lutego luty subat февраля февраль фев лютого лютии",
            "march mar marz maerz mrz mars marzo marco maart mrt marts"
            " maret marca marzec mart марта март мар березня березень",
            "april apr avril avr abril abr aprile"
            " kwietnia kwiecien nisan апреля апрель апр квітня квітень",
            "may mai mayo maio maggio mag magg mei maj maja mayıs mayis мая маи травня травень",
            "june jun juni juin junio junho giugno giu"
            " czerwca czerwiec haziran июня июнь июн червня червень",
            "july jul juli juillet juil julio julho luglio lug"
            " lipca lipiec temmuz июля июль июл липня липень",
            "august aug aout agosto ago augustus augusti"
            " agustus agt sierpnia sierpien agustos августа август авг серпня серпень",
            "september sep sept septembre septiembre setiembre set setembro settembre sett"
            " wrzesnia wrzesien eylul сентября сентябрь сен сент вересня вересень",
            "october oct oktober okt octobre octubre outubro out ottobre ott"
            " pazdziernika pazdziernik ekim октября октябрь окт жовтня жовтень",
            "november nov novembre noviembre novembro"
            " kasım kasim ноября ноябрь ноя нояб листопада листопад",
            "december dec dezember dez decembre diciembre dic dezembro dicembre desember des"
            " grudnia grudzien aralık aralik декабря декабрь дек грудня грудень",
        ),
        1,
    )
    for name in names.split()
}
WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon", "tuesday tue tues", "wednesday wed weds", "thursday thu thur thurs",
            "friday fri", "saturday sat", "sunday sun",
        )
    )
    for name in names.split()
}  # fmt: skip
#: What stands for a month's name in folded words, which have no capitals of their own.
LETTERS = "ABCDEFGHIJKL"


def folded(text: str) -> str:
    """A text in small letters, without accents, with plain spaces and hyphens."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in text if not unicodedata.combining(char))
        text = re.sub("[‐‑‒–—−]", "-", text)
    return " ".join(text.lower().split())


def lettered(words: str) -> str:
    """Folded words with one capital in place of every month's name."""
    return re.sub(
        r"[^\W\d_]+",
        lambda match: LETTERS[MONTHS[match[0]] - 1] if match[0] in MONTHS else match[0],
        words,
    )


_TIME = (
    r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?: ?[ap]\.?m\.?)?"
    r"(?: ?(?:z|(?:utc|gmt)?[+-][0-9]{2}:?(?:[0-9]{2})?|[a-z]{2,5}))?"
)
# Parts of the patterns over folded words with lettered months. Groups are numbered, since a group
# has its name but once in a pattern.
_DAY, _MONTH = "[0-9]{1,2}", "[A-L]"
_TH = r"(?:st|nd|rd|th|er|o|a)?\.?"
_OF = r"(?: ?(?:of|de|del|di) | ?[-/,] ?| )"
_GAP = r"(?:,? ?(?:of|de|del|di|do) |, ?|\. ?|[-/] ?| )"
_EXACT = (
    rf"(?P<year1>[0-9]{{4}})(?P<s1>[-/]|\. ?)(?P<month1>{_DAY})(?P=s1)(?P<day1>{_DAY})"
    rf"(?![-.]?[0-9])(?:t{_TIME})?",
    rf"(?<![0-9]/)(?P<one2>{_DAY})(?P<s2>[-/]|\. ?)(?P<two2>{_DAY})(?P=s2)(?P<year2>[0-9]{{4}})",
    rf"(?P<day3>{_DAY}){_TH}{_OF}?(?P<letter3>{_MONTH})\.?{_GAP}?(?P<year3>[0-9]{{4}})",
    rf"(?P<letter4>{_MONTH})\.?{_OF}?(?P<day4>{_DAY}){_TH}{_GAP}(?P<year4>[0-9]{{4}})",
    # Tue Mar 03 10:00:00 +0000 2020
    rf"(?P<letter5>{_MONTH}) (?P<day5>{_DAY}) {_TIME} (?P<year5>[0-9]{{4}})",
    rf"(?P<year6>[0-9]{{4}}){_GAP}(?P<letter6>{_MONTH})\.?{_GAP}(?P<day6>{_DAY})",
    r"(?P<year7>[0-9]{4}) ?年 ?(?P<month7>[0-9]{1,2}) ?月(?: ?(?P<day7>[0-9]{1,2}) ?日)?",
    rf"(?P<letter8>{_MONTH})\.?{_GAP}(?P<year8>[0-9]{{4}})",
)
_COARSE = (
    r"(?P<year10>[0-9]{4})(?P<s10>[-/.])(?P<month10>[0-9]{1,2})",
    r"(?P<month11>[0-9]{1,2})[-/.](?P<year11>[0-9]{4})",
    r"(?P<year12>[0-9]{4})(?: ?年)?",
)
_YEARLESS = (
    rf"(?P<day20>{_DAY}){_TH}{_OF}?{_MONTH}\.?",
    rf"{_MONTH}\.?{_OF}?(?P<day21>{_DAY}){_TH}",
)
# 22/10/19, and 22-Oct-19 as spreadsheets write it
_SHORT_YEAR = (
    rf"(?P<one22>{_DAY})(?P<s22>[-/.])(?P<two22>{_DAY})(?P=s22)(?P<short22>[0-9]{{2}})",
    rf"(?P<day23>{_DAY})(?P<s23>[-/. ])(?P<letter23>{_MONTH})(?P=s23)(?P<short23>[0-9]{{2}})",
)
# Words that tell of a part of a year, or that it is about right: what is kept is the year.
_ABOUT = (
    "(?:(?:early|mid|late|circa|ca|c|around|about|approximately|approx|spring|summer|autumn|fall"
    "|anfang|mitte|ende|um|fruhjahr|fruhling|sommer|herbst|debut|mi|fin|vers|printemps|ete|automne"
    "|(?:principios|mediados|finales|primavera|verano|otono) de|inizio|fine|meta)\\.?[ -])"
)
# Not in the middle of a word or of another number.
_BEGINS, _ENDS = r"(?<![0-9a-z])(?<![0-9][-.,:])", r"(?![0-9a-z]|[-/.,:][0-9])"


def _pattern(*shapes: str, before: str = _BEGINS, after: str = _ENDS) -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(shapes)}){after}")


@cache
def instant() -> re.Pattern[str]:
    """What follows the day in an instant."""
    return re.compile(rf"[T ]{_TIME}", re.IGNORECASE)


class _Whole(NamedTuple):
    date: re.Pattern[str]
    about: re.Pattern[str]
    compact: re.Pattern[str]
    time_after: re.Pattern[str]


@cache
def whole_grammar() -> _Whole:
    """For a text that is a date: made when the first one is read."""
    return _Whole(
        date=_pattern(*_EXACT, *_COARSE, *_SHORT_YEAR, *_YEARLESS, before="", after=""),
        about=re.compile(rf"{_ABOUT}(?=[0-9]{{4}}$)"),
        compact=re.compile(
            r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?:t?(?:[0-9]{4}|[0-9]{6})z?)?"
        ),
        time_after=re.compile(rf"(?:(?<=[0-9])t|,? (?:at |um |a las |- )?){_TIME}$"),
    )


class _Inside(NamedTuple):
    date: re.Pattern[str]
    after_in: re.Pattern[str]
    span: re.Pattern[str]
    beside: re.Pattern[str]
    yearless: re.Pattern[str]
    short_year: re.Pattern[str]


@cache
def inside_grammar() -> _Inside:
    """For dates among other words."""
    to = (
        "(?: ?[-/&] ?| (?:to|until|till|through|and|or|bis|und|oder|et|ou|au|al?|y|e|ed|o|en|tot"
        "|of) )"
    )
    return _Inside(
        date=_pattern(*_EXACT, after="(?![0-9a-z])"),
        after_in=_pattern(*_COARSE, before=rf"(?<![a-z])(?:in|im|en|em|nel) {_ABOUT}?"),
        span=_pattern(
            rf"{_DAY}{_TH}(?:{_OF}{_MONTH}\.?)?{to}(?:the )?{_DAY}{_TH}{_OF}?{_MONTH}\b",
            rf"{_MONTH}\.? {_DAY}{_TH}{to}(?:{_MONTH}\.? )?{_DAY}{_TH},? [0-9]{{4}}",
            rf"{_MONTH}\.?{to}{_MONTH}\.?{_GAP}[0-9]{{4}}",
            "[0-9]{4}(?: ?[-/] ?| (?:to|until|bis|a|al|au|tot) )[0-9]{4}",
            after="",
        ),
        beside=re.compile(
            "(?:before|after|until|since|vor|nach|bis|seit|avant|apres|depuis|jusqu'au|antes|despues"
            "|depois|desde|hasta|prima|dopo|voor|sinds|tot) (?:(?:dem|del?|do|le|el|il|the) )?$"
        ),
        yearless=_pattern(*_YEARLESS),
        short_year=_pattern(*_SHORT_YEAR),
    )
