"""Microdata and RDFa: the objects that the attributes of a page's elements make.

Microdata as the HTML standard has it (html.spec.whatwg.org, "Microdata"), and of RDFa what its
Lite form has (w3.org/TR/rdfa-lite) and ``rel`` besides. Both are read the same way: an element
opens an object, and elements inside it give its members. The objects are those that the same
markup would be in JSON-LD. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lxml import etree

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.appearing import joined
from claimtrack.interchange.jsonld import term
from claimtrack.interchange.limits import DEEPEST_VALUE

Element = Any

#: Where an element has its value, if it isn't its text.
_ADDRESSES = {
    **dict.fromkeys(("a", "area", "link"), "href"),
    **dict.fromkeys(("audio", "embed", "iframe", "img", "source", "track", "video"), "src"),
    "object": "data",
}
_VALUES = {"data": "value", "meter": "value", "time": "datetime"}
#: Elements that are looked at to read one page; nested objects make some be looked at again.
_MOST_STEPS = 200_000
_SCHEMA = re.compile(r"https?://(?:www\.)?schema\.org/?$")


@dataclass(frozen=True, slots=True)
class Syntax:
    """The attributes of a syntax: what opens an object, its types, its name, and its members."""

    scope: str
    types: str
    names: tuple[str, ...]
    members: tuple[str, ...]


MICRODATA = Syntax("itemscope", "itemtype", ("itemid",), ("itemprop",))
RDFA = Syntax("typeof", "typeof", ("resource", "about"), ("property", "rel"))


def objects(root: Element, base: str | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each ClaimReview in a page's markup and, of RDFa, what has a name, with its line.

    ``base`` is the address that others in the page are relative to. Raises InvalidDataError for
    a page whose objects stand inside each other so that reading them would never end.
    """
    reader = _Reader(root, base)
    for syntax in (MICRODATA, RDFA):
        for element in root.iter(etree.Element):
            if element.get(syntax.scope) is None:
                continue
            kinds = [term(each) for each in element.get(syntax.types, "").split()]
            if "ClaimReview" in kinds or (syntax is RDFA and element.get("resource")):
                yield element.sourceline or 1, reader.made(element, syntax, 0)


class _Reader:
    """Makes objects of the elements of one page."""

    def __init__(self, root: Element, base: str | None) -> None:
        self._base = base
        self._steps = 0
        self._by_id: dict[str, Element] = {}
        self._prefixes = {"schema"}
        for element in root.iter(etree.Element):
            if element.get("id"):
                self._by_id.setdefault(element.get("id"), element)
            if element.get("prefix"):
                words = element.get("prefix").split()
                self._prefixes |= {
                    name.rstrip(":")
                    for name, address in pairwise(words)
                    if name.endswith(":") and _SCHEMA.match(address)
                }
            # As RDFa had it before `prefix`.
            self._prefixes |= {
                name.removeprefix("xmlns:")
                for name, address in element.items()
                if name.startswith("xmlns:") and _SCHEMA.match(address)
            }

    def made(self, element: Element, syntax: Syntax, depth: int) -> dict[str, Any]:
        """The object that an element opens, with those inside it."""
        if depth > DEEPEST_VALUE:
            raise InvalidDataError("The page has too many objects inside each other to be read.")
        made: dict[str, Any] = {}
        kinds = [term(each) for each in element.get(syntax.types, "").split()]
        if kinds:
            made["@type"] = kinds[0] if len(kinds) == 1 else kinds
        name = next((element.get(each) for each in syntax.names if element.get(each)), None)
        if name:
            made["@id"] = joined(self._base, name)
        for key, inner, nested in self._members(element, syntax):
            value = self.made(inner, syntax, depth + 1) if nested else self._value(inner, syntax)
            if value in (None, "", {}):
                continue
            if key not in made:
                made[key] = value
            elif isinstance(made[key], list):
                made[key].append(value)
            else:
                made[key] = [made[key], value]
        return made

    def _members(self, scope: Element, syntax: Syntax) -> Iterator[tuple[str, Element, bool]]:
        """The name of each member, its element, and whether that opens an object of its own."""
        seen = {scope}
        waiting = [(child, "") for child in self._children(scope)]
        if syntax is MICRODATA:
            for name in scope.get("itemref", "").split():
                if name in self._by_id:
                    waiting.insert(0, (self._by_id[name], ""))
        while waiting:
            element, hanging = waiting.pop()
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise InvalidDataError("The page has more markup than can be read.")
            if element in seen:
                continue
            seen.add(element)
            nested = element.get(syntax.scope) is not None
            keys = self._keys(element, syntax)
            if not keys and nested and hanging:
                keys = [hanging]
            # A `rel` with nothing to point at names what the objects inside it are.
            waits = (
                syntax is RDFA
                and element.get("rel")
                and not element.get("property")
                and not nested
                and not any(element.get(each) for each in ("resource", "href", "src"))
            )
            if waits:
                hanging = keys[0] if keys else hanging
            else:
                yield from ((key, element, nested) for key in keys)
            if not nested:
                waiting += [(child, hanging) for child in self._children(element)]

    def _keys(self, element: Element, syntax: Syntax) -> list[str]:
        found: list[str] = []
        for attribute in syntax.members:
            for word in (element.get(attribute) or "").split():
                prefix, colon, _ = word.partition(":")
                if syntax is RDFA and colon and prefix not in (*self._prefixes, "http", "https"):
                    continue
                if term(word) not in found:
                    found.append(term(word))
        return found

    def _value(self, element: Element, syntax: Syntax) -> object:
        if element.get("content") is not None:
            return element.get("content").strip()
        if syntax is RDFA and element.get("resource"):
            return {"@id": joined(self._base, element.get("resource"))}
        attribute = _ADDRESSES.get(element.tag)
        if attribute is not None and element.get(attribute):
            return joined(self._base, element.get(attribute))
        attribute = _VALUES.get(element.tag)
        if attribute is not None and element.get(attribute):
            return element.get(attribute).strip()
        return " ".join("".join(element.itertext(etree.Element)).split())

    def _children(self, element: Element) -> Iterator[Element]:
        yield from element.iterchildren(etree.Element, reversed=True)
