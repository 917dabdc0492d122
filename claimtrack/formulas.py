"""Cells that a spreadsheet would run: one rule for writing CSV, and its inverse for reading it.

Pure; imports nothing of ours.
"""

from __future__ import annotations

import re
from unicodedata import category

# What spreadsheets take for the start of a formula (OWASP, "CSV Injection").
_FORMULA = frozenset("=+-@＝＋－＠")
# A spreadsheet that looks for another sign between cells than the file has makes cells of parts of
# a text: there quotation marks enclose nothing. Behind a blank no sign but "=" is taken: ", @name"
# and ", -5" stand in many a sentence, and begin no formula.
_BETWEEN = ",;\t\r\n"
_BLANK = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "'\""
_UNSEEN = "'\"" + "".join(
    char
    for first, last in (
        *((0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD)),
        *((0x200B, 0x200F), (0x2060, 0x2064), (0xFEFF, 0xFEFF)),
    )
    for char in map(chr, range(first, last + 1))
)
# What is skipped before a sign, as one match whether a sign follows or not: beginning again within
# a long run of blanks would take the square of its length.
_RUN = re.compile(
    f"[{_BETWEEN}][{re.escape(_BETWEEN + _BLANK + _UNSEEN)}]*+(?:(?=([-=+@＝＋－＠]))|)"
)
_CELL = re.compile(f"([{_BETWEEN}])")
_GUARDED = re.compile(f"([{_BETWEEN}])'")


def guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe goes before what it would.

    So it does within a text, behind what may stand between cells. `unguarded` gives the text back,
    whatever it was.
    """
    # Asked of every cell: few have one of both, which is found in a tenth of the pattern's time.
    if ("-" in text or "=" in text or "@" in text or "+" in text or not text.isascii()) and (
        "," in text or ";" in text or "\n" in text or "\t" in text or "\r" in text
    ):
        text = _RUN.sub(lambda run: _in_run(_CELL, r"\1'", run), text)
    return f"'{text}" if _could_run(text) else text


def unguarded(text: str) -> str:
    """A cell without the apostrophes that `guarded` put into it; any other cell as it is."""
    text = text[1:] if text.startswith("'") and _could_run(text[1:]) else text
    return _RUN.sub(lambda run: _in_run(_GUARDED, r"\1", run), text) if "'" in text else text


def _in_run(sought: re.Pattern[str], given: str, run: re.Match[str]) -> str:
    """What stands before a sign, changed where a spreadsheet could take the sign for a formula's.

    So it could behind the last characters of the run that it skips, and the one before these.
    """
    if run[1] is None:
        return run[0]
    skipped = run[0].rstrip(_BLANK) if run[1] in "=＝" else run[0]
    at = max(len(skipped.rstrip(_UNSEEN)) - 1, 0)
    return run[0][:at] + sought.sub(given, run[0][at:])


def _could_run(text: str) -> bool:
    """Whether a formula begins here, or behind blanks and invisible characters.

    Apostrophes count as blanks, so that a text that came with one before its formula can be told
    from a guarded formula.
    """
    if text[:1].isalnum():  # as nearly every cell begins
        return False
    if text.lstrip("'").startswith(("\t", "\r", "\n")):
        return True
    for char in text:
        if char in _FORMULA:
            return True
        if not (char.isspace() or char == "'" or category(char) in {"Cc", "Cf"}):
            return False
    return False
