"""Text on a terminal: what may reach it, how wide it is, how it is coloured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import category, east_asian_width

# Controls, invisible format characters (bidi overrides, zero-width spaces, tags), lone surrogates
# (undecodable bytes of a command line) and the line and paragraph separators.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Persian and Indic spelling and emoji families need the two joiners (ZWNJ, ZWJ); the others are
# number and verse signs of Arabic, Syriac and Kaithi, which are visible although of category Cf.
_KEPT = frozenset(
    "\u200c\u200d"
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
_ZWJ = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")

_CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
_RESET = "\x1b[0m"
_OUR_CODES = re.compile(r"(\x1b\[(?:0|1|2|31|32|33|36)m)")
# Latin, Greek, Cyrillic, dashes, quotation marks and currencies: one column each, no combining.
_NARROW = re.compile(r"[\x20-\u02ff\u0370-\u0482\u2010-\u2027\u20a0-\u20bf]*")
_BREAKS = re.compile(r"(?:\r?\n|\t)+")


def is_unsafe(char: str) -> bool:
    """Whether a character could steer, reorder or hide what a terminal shows."""
    return category(char) in _UNSAFE_CATEGORIES and char not in _KEPT


def escape_terminal(text: str, *, keep_newlines: bool = False) -> str:
    r"""Show control and invisible characters as text: ``\x1b``, ``\r``, ``\u202e``.

    Applying it twice changes nothing more. ``keep_newlines`` leaves line breaks as they are (CRLF
    becomes LF), for messages of several lines. Backslashes stay single, so the result is for
    reading, not for turning back.
    """
    if text.isprintable():  # runs in C; no unsafe character is printable
        return text
    if keep_newlines:
        return "\n".join(escape_terminal(line) for line in text.replace("\r\n", "\n").split("\n"))
    return "".join(
        char.encode("unicode_escape").decode() if is_unsafe(char) else char for char in text
    )


def one_line(text: str) -> str:
    """Text for a cell: line breaks and tabs become a space, the rest is escaped.

    A break is the layout of the page that the text comes from, not part of what was said.
    """
    return in_line(text).strip()


def in_line(text: str) -> str:
    """As `one_line`, with the blanks around it: for a part of a cell."""
    return escape_terminal(_BREAKS.sub(" ", text))


def style(text: str, *names: str, color: bool) -> str:
    """Escaped ``text`` between ANSI codes: bold, dim, red, green, yellow, cyan.

    Several names combine; styled text can't be styled again (its codes would be escaped).
    """
    text = escape_terminal(text, keep_newlines=True)
    if not (color and names and text):
        return text
    return "".join(f"\x1b[{_CODES[name]}m" for name in names) + text + _RESET


def escape_line(line: str, *, color: bool) -> str:
    """A line that the caller composed: escape everything but the codes that ``style`` writes.

    Even where a caller forgot to escape a quotation, no more than a colour gets through, and not
    past the line's end. Without ``color`` the codes are dropped.
    """
    if line.isprintable():
        return line
    parts = _OUR_CODES.split(line)  # every second part is a code
    codes = parts[1::2] if color else [""] * (len(parts) // 2)
    parts[::2] = [escape_terminal(part) for part in parts[::2]]
    parts[1::2] = codes
    escaped = "".join(parts)
    return escaped + _RESET if any(codes) and codes[-1] != _RESET else escaped


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    kind = category(char)
    if kind in {"Mn", "Me"} or char in "\u200c\u200d" or "\u1160" <= char <= "\u11ff":
        return 0  # combining marks, joiners, and the Hangul vowels and finals drawn into a syllable
    if kind == "Cn":  # unknown to this Python: a newer emoji, or nobody's
        return 2 if "\U0001f300" <= char <= "\U0001faff" else 1
    return 2 if east_asian_width(char) in {"W", "F"} else 1


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """What a reader sees as one character, with its width; roughly UAX #29, without its tables."""
    cluster, width = "", 0
    for char in text:
        joins = (
            not (own := _char_width(char))
            or (char in _SKIN_TONES and width == 2)
            or (cluster.endswith(_ZWJ) and category(cluster[0]) == category(char) == "So")
        )
        if cluster and joins:
            cluster += char
            # Only what is drawn as a symbol grows: ❤, ©, a keycap's digit, ‼.
            if char == _EMOJI_STYLE and width == 1 and category(cluster[0])[0] in "SNP":
                width = 2
        else:
            if cluster:
                yield cluster, width
            cluster, width = char, own
    if cluster:
        yield cluster, width


def display_width(text: str) -> int:
    """The columns that escaped text takes: East Asian wide 2, combining 0, an emoji family 2."""
    if _NARROW.fullmatch(text):  # most text, at a twentieth of the time
        return len(text)
    return sum(width for _, width in _clusters(text))


def truncate(text: str, width: int) -> str:
    """Text in at most ``width`` (≥ 1) columns; ``…`` stands for what was cut off."""
    if display_width(text) <= width:
        return text
    if _NARROW.fullmatch(text):
        return text[: width - 1].rstrip() + "…"
    kept, used = [], 0
    for cluster, own in _clusters(text):
        used += own
        if used > width - 1:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + "…"
