"""JSON as it is found in pages: read exactly where it is valid, mended where it is not.

What pages get wrong again and again: quotation marks inside a text without a backslash, commas
before a closing bracket or none where one is due, comments, line breaks inside a text, NaN. The
exact reader comes first; only what it refuses is read by the patient one, and the result says so.
Pure.
"""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple

from claimtrack.interchange.limits import DEEPEST_VALUE

#: A whole number with more digits is no number of a claim; Python would refuse to print it.
_MOST_DIGITS = 300

_SPACE = re.compile(r"(?:[\s\ufeff\u200b]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_PLAIN = re.compile(r'[^"\\]*')
_NUMBER = re.compile(r"[-+]?(?:0|[0-9]+)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_WORD = re.compile(r"-?[A-Za-z]+")
_WORDS = {"true": True, "false": False, "True": True, "False": False}
_NOTHING = {"null", "None", "NaN", "nan", "Infinity", "-Infinity", "undefined"}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = re.compile("[0-9A-Fa-f]{4}")
# Bounded, as everything that is tried again behind each quotation mark.
_GAP = r"\s{0,200}+(?:(?://[^\n]{0,200}+\n|/\*(?:[^*]|\*(?!/)){0,200}+\*/)\s{0,100}+){0,2}+"
#: How a key looks that begins where a value may have ended.
_KEY = r'"(?:[^"\\\n]|\\.){0,300}"\s*:'
#: A member that begins on the same line, without the comma that is due.
_MEMBER = r'"[@\w:.-]{1,60}"\s{0,20}:\s{0,20}(?:["\[{]|-?[0-9]|true\b|false\b|null\b)'
_AFTER_VALUE = re.compile(
    rf"{_GAP}(?:,{_GAP}(?:{_KEY}|\}})|\}}(?=[\s,}}\];<]|$))"
    rf"|\s{{0,200}}\n\s{{0,200}}{_KEY}|[ \t]{{1,20}}{_MEMBER}"
)
_AFTER_ITEM = re.compile(rf'{_GAP}(?:,{_GAP}["{{\[\]0-9tfn-]|\](?=[\s,}}\];<]|$))')
_AFTER_KEY = re.compile(rf"{_GAP}:")
_SWALLOWED = re.compile(r'[,\n]\s{0,200}"[@\w]{1,40}"\s{0,20}:\s{0,20}["\[{0-9]')
#: A look ahead goes no further than this, so a cut within it may change what is seen.
_AHEAD = 3000


class NotJsonError(ValueError):
    """The text is no JSON, even read patiently; ``at`` is where, ``told`` why."""

    def __init__(self, at: int, told: str) -> None:
        super().__init__(told)
        self.at = at
        self.told = told


class CutOffError(NotJsonError):
    """The text ends before the value does."""


class Found(NamedTuple):
    """A value, the position behind it, and whether it had to be mended."""

    value: object
    end: int
    mended: bool


def read_value(text: str, start: int = 0, *, whole: bool = True) -> Found:
    """The value that begins at ``start``, behind blanks and comments.

    ``whole`` says that nothing follows the text; without it, a value that may go on behind the
    end is a CutOffError. Numbers that JSON can't hold (NaN, 1e999) become None, and count as
    mended. Raises NotJsonError, for more than `DEEPEST_VALUE` brackets inside each other too.
    """
    start = skip(text, start)
    mended = False

    def nothing(_: str) -> None:
        nonlocal mended
        mended = True

    def real(number: str) -> float | None:
        read = float(number)
        if math.isfinite(read):
            return read
        nothing(number)
        return None

    def integer(number: str) -> int | None:
        if len(number) <= _MOST_DIGITS:
            return int(number)
        nothing(number)
        return None

    for strict in (True, False):
        decoder = json.JSONDecoder(
            strict=strict, parse_constant=nothing, parse_float=real, parse_int=integer
        )
        try:
            value, end = decoder.raw_decode(text, start)
        except RecursionError as error:
            raise NotJsonError(start, _TOO_DEEP) from error
        except json.JSONDecodeError as error:
            mended = False
            near = len(text) - error.pos < 12 or error.msg.startswith("Unterminated string")
            if near and not whole:
                raise CutOffError(error.pos, _CUT_OFF) from error
            if not error.msg.startswith("Invalid control character"):
                break
        else:
            if text.count("[", start, end) + text.count("{", start, end) > DEEPEST_VALUE:
                _check_depth(value, start)
            return Found(value, end, mended or not strict)
    patient = _Patient(text, whole)
    value, end = patient.value(start, 0)
    return Found(value, end, True)


def skip(text: str, at: int) -> int:
    """The position behind blanks, comments and byte order marks."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _check_depth(value: object, at: int) -> None:
    level = [value]
    for _ in range(DEEPEST_VALUE + 1):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise NotJsonError(at, _TOO_DEEP)


_TOO_DEEP = f"more than {DEEPEST_VALUE} brackets stand inside each other"
_CUT_OFF = "it ends in the middle"


class _Patient:
    """A reader that goes on where JSON ends; each method gives a value and the position after."""

    def __init__(self, text: str, whole: bool) -> None:
        self._text = text
        self._whole = whole

    def value(
        self, at: int, depth: int, after: re.Pattern[str] = _AFTER_VALUE
    ) -> tuple[object, int]:
        char = self._char(at)
        if char == "{":
            return self._object(at + 1, depth + 1)
        if char == "[":
            return self._array(at + 1, depth + 1)
        if char == '"':
            return self._string(at + 1, after)
        match = _NUMBER.match(self._text, at)
        if match and match[0].strip("+-"):
            return self._number(match[0]), match.end()
        match = _WORD.match(self._text, at)
        if match and match[0] in _WORDS:
            return _WORDS[match[0]], match.end()
        if match and match[0] in _NOTHING:
            return None, match.end()
        raise NotJsonError(at, f'"{char}" stands where a value should')

    def _object(self, at: int, depth: int) -> tuple[dict[str, object], int]:
        if depth > DEEPEST_VALUE:
            raise NotJsonError(at, _TOO_DEEP)
        read: dict[str, object] = {}
        while True:
            at = skip(self._text, at)
            char = self._char(at)
            if char == "}":
                return read, at + 1
            if char == ",":
                at += 1
                continue
            if char != '"':
                raise NotJsonError(at, f'"{char}" stands where a name in quotation marks should')
            key, at = self._string(at + 1, _AFTER_KEY)
            at = skip(self._text, at)
            if self._char(at) != ":":
                raise NotJsonError(at, f'no colon follows "{key[:40]}"')
            read[key], at = self.value(skip(self._text, at + 1), depth)

    def _array(self, at: int, depth: int) -> tuple[list[object], int]:
        if depth > DEEPEST_VALUE:
            raise NotJsonError(at, _TOO_DEEP)
        read: list[object] = []
        while True:
            at = skip(self._text, at)
            char = self._char(at)
            if char == "]":
                return read, at + 1
            if char == ",":
                at += 1
                continue
            value, at = self.value(at, depth, _AFTER_ITEM)
            read.append(value)

    def _string(self, at: int, after: re.Pattern[str]) -> tuple[str, int]:
        """The text up to the quotation mark behind which it can go on as JSON."""
        parts: list[str] = []
        while True:
            match = _PLAIN.match(self._text, at)
            at = match.end() if match else at
            parts.append(match[0] if match else "")
            char = self._char(at)
            if char == "\\":
                part, at = self._escape(at + 1)
                parts.append(part)
                continue
            at += 1
            if not self._whole and len(self._text) - at < _AHEAD:
                raise CutOffError(at, _CUT_OFF)
            if after.match(self._text, at) or not self._text[at : at + _AHEAD].strip():
                return self._closed("".join(parts), at)
            parts.append(char)

    def _closed(self, read: str, at: int) -> tuple[str, int]:
        # Without its last quotation mark a text would swallow what comes after it.
        if _SWALLOWED.search(read):
            raise NotJsonError(at, "a text has no quotation mark at its end")
        return _paired(read), at

    def _escape(self, at: int) -> tuple[str, int]:
        char = self._char(at)
        if char == "u":
            match = _HEX.match(self._text, at + 1)
            return (chr(int(match[0], 16)), match.end()) if match else ("\\u", at + 1)
        return _ESCAPES.get(char, char), at + 1

    def _number(self, text: str) -> float | int | None:
        if len(text) > _MOST_DIGITS:
            return None
        try:
            return int(text)
        except ValueError:
            read = float(text)
            return read if math.isfinite(read) else None

    def _char(self, at: int) -> str:
        if at >= len(self._text):
            raise CutOffError(at, _CUT_OFF)
        return self._text[at]


def _paired(text: str) -> str:
    r"""Escaped halves of a character ("\ud83d\ude00") put together."""
    if not re.search("[\ud800-\udbff][\udc00-\udfff]", text):
        return text
    return re.sub(
        "[\ud800-\udbff][\udc00-\udfff]",
        lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"),
        text,
    )
