"""What stands in JSON-LD: types, members and texts, however they are written.

Only as much of JSON-LD as schema.org's words need: terms with a prefix or a whole address, values
as objects (``@value``), and lists where one is meant. No context is fetched. Pure.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

Node = Mapping[str, Any]

_PREFIX = re.compile(r"(?:https?://(?:www\.)?schema\.org/|[A-Za-z][\w-]{0,20}:)(?=[A-Za-z])")
_TAG = re.compile(
    r"</?(?:p|br|b|i|em|strong|a|span|div|u|s|sup|sub|q|cite|mark|small|font|blockquote|h[1-6]|ul"
    r"|ol|li|code|img|wbr)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAKS = ("p", "br", "div", "li", "ul", "ol", "h", "blockquote")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def is_node(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value is an object."""
    return isinstance(value, dict)


def items(value: object) -> list[object]:
    """A value as a list: itself, or if it is one its elements, without null."""
    if isinstance(value, list):
        return [inner for element in value for inner in items(element)]
    return [] if value is None else [value]


def term(name: str) -> str:
    """A term of schema.org without what may stand before it: "schema:url" is "url"."""
    return _PREFIX.sub("", name, count=1)


def member(node: Node, *names: str) -> object:
    """The first member of these names that isn't empty; None without any."""
    for name in names:
        value = node.get(name)
        if value is None:
            value = next((node[key] for key in node if ":" in key and term(key) == name), None)
        if value not in (None, "", [], {}):
            return value
    return None


def types(node: Node) -> set[str]:
    """The types of a node in lower case: "ClaimReview" and "schema:ClaimReview" are one."""
    value = node.get("@type", node.get("type"))
    return {term(each).lower() for each in items(value) if isinstance(each, str)}


def plain_text(text: str) -> str:
    """A text without the tags and entities that were left in it; "5 < 6" stays as it is."""
    for _ in range(2):
        if "<" in text:
            text = _TAG.sub(lambda tag: " " if _breaks(tag[0]) else "", text)
        if "&" not in text or not _ENTITY.search(text):
            break
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text.strip()


def _breaks(tag: str) -> bool:
    return tag.strip("</>").lower().startswith(_BREAKS)


def texts(value: object) -> list[str]:
    """The texts of a value: strings, numbers, ``@value`` and the names of objects."""
    found: list[str] = []
    for each in items(value):
        if is_node(each):
            found += texts(member(each, "@value", "name", "text"))[:1]
        elif isinstance(each, bool | int | float):
            found.append(str(each))
        elif isinstance(each, str) and (text := plain_text(each)):
            found.append(text)
    return found


def text_of(value: object) -> str | None:
    """The first text of a value."""
    return next(iter(texts(value)), None)


def storable(value: object) -> object:
    """The same value with a sign for each character that no database holds."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(each) for each in value]
    if isinstance(value, dict):
        return {_UNSTORABLE.sub("\ufffd", key): storable(each) for key, each in value.items()}
    return value


def stored(node: Node, warnings: list[str]) -> dict[str, Any]:
    """The object as it can be stored; if that makes a difference, a warning says so."""
    clean = storable(node)
    if clean != node:
        warnings.append(
            "It holds characters that can't be stored: the sign \ufffd stands for each."
        )
    return clean if is_node(clean) else {}


def as_json(value: object) -> str:
    """The value as a line of JSON."""
    return json.dumps(storable(value), ensure_ascii=False)


def nodes(value: object) -> Iterator[dict[str, Any]]:
    """Every object in a value, itself first."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if is_node(each):
            yield each
            waiting += reversed(each.values())
        elif isinstance(each, list):
            waiting += reversed(each)
