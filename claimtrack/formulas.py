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
_BEHIND = (
    r"(?=['\"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2060-\u2064\ufeff]*"
    r"(?:[-=+@＝＋－＠]|[\s'\"]*[=＝]))"
)
_WITHIN = re.compile(rf"([,;\t\r\n]){_BEHIND}")
_GUARDED = re.compile(rf"([,;\t\r\n])'{_BEHIND}")


def guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe goes before what it would.

    So it does within a text, behind what may stand between cells. `unguarded` gives the text back,
    whatever it was.
    """
    # Asked of every cell: few have one of both, which is found in a tenth of the pattern's time.
    if ("-" in text or "=" in text or "@" in text or "+" in text or not text.isascii()) and (
        "," in text or ";" in text or "\n" in text or "\t" in text or "\r" in text
    ):
        text = _WITHIN.sub(r"\1'", text)
    return f"'{text}" if _could_run(text) else text


def unguarded(text: str) -> str:
    """A cell without the apostrophes that `guarded` put into it; any other cell as it is."""
    text = text[1:] if text.startswith("'") and _could_run(text[1:]) else text
    return _GUARDED.sub(r"\1", text) if "'" in text else text


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
