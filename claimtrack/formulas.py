"""Cells that a spreadsheet would run: one rule for writing CSV, and its inverse for reading it.

Pure; imports nothing of ours.
"""

from __future__ import annotations

from unicodedata import category

# What spreadsheets take for the start of a formula (OWASP, "CSV Injection").
_FORMULA = frozenset("=+-@＝＋－＠")


def guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe goes before what it would.

    `unguarded` gives the text back, whatever it was.
    """
    return f"'{text}" if _could_run(text) else text


def unguarded(text: str) -> str:
    """A cell without the apostrophe that `guarded` put before it; any other cell as it is."""
    return text[1:] if text.startswith("'") and _could_run(text[1:]) else text


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
