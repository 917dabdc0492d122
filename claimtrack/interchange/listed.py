"""Cells that list several things: speakers, topics. Pure."""

from __future__ import annotations

import re

#: A list as JSON and Python write it, and what is in it.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_LIST = re.compile(rf"\[\s*(?:(?:{_QUOTED.pattern})\s*(?:,\s*|(?=\])))*\]")
#: A speaker: what stands between semicolons, but for those that end an entity of HTML.
_SPEAKER = r"(?:&(?:#\d{1,7}|#x[0-9a-f]{1,6}|\w{2,31});|[^;])+"
_TOPIC = r"[^,;|\n]+"


def speakers(text: str) -> list[str]:
    """The names in a cell, at least one."""
    if ";" not in text and not text.startswith("["):
        return [text]
    return _items(text, _SPEAKER) or [text]


def topics(text: str) -> list[str]:
    """The topics in a cell."""
    return _items(text, _TOPIC)


def _items(text: str, item: str) -> list[str]:
    """What a list holds as programs write it (['a', 'b']), or else each item in the text."""
    if text.startswith("[") and _LIST.fullmatch(text):
        parts = [re.sub(r"\\(.)", r"\1", one[1:-1]) for one in _QUOTED.findall(text)]
    else:
        parts = re.findall(item, text, re.IGNORECASE)
    return [part.strip() for part in parts if part.strip()]
