"""Cells that list several things: speakers, topics. Pure."""

from __future__ import annotations

import re

#: A list as JSON and Python write it, and what is in it.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_LIST = re.compile(rf"\[\s*(?:(?:{_QUOTED.pattern})\s*(?:,\s*|(?=\])))*\]")
#: A semicolon that ends an entity stands within a name.
_BETWEEN_SPEAKERS = r"(?<!&amp);|\n"
_BETWEEN_TOPICS = r"[,;|\n]"


def speakers(text: str) -> list[str]:
    """The names in a cell, at least one."""
    if ";" not in text and "\n" not in text and not text.startswith("["):
        return [text]
    return _items(text, _BETWEEN_SPEAKERS) or [text]


def topics(text: str) -> list[str]:
    """The topics in a cell."""
    return _items(text, _BETWEEN_TOPICS)


def _items(text: str, between: str) -> list[str]:
    """What a list holds as programs write it (['a', 'b']), or else what stands between signs."""
    if text.startswith("[") and _LIST.fullmatch(text):
        parts = [re.sub(r"\\(.)", r"\1", one[1:-1]) for one in _QUOTED.findall(text)]
    else:
        parts = re.split(between, text)
    return [part.strip() for part in parts if part.strip()]
