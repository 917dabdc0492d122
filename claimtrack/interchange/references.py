"""Nodes of JSON-LD that are only named (``@id``) where they are meant. Pure."""

from __future__ import annotations

import json
from typing import Any

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.jsonld import Node, is_node, nodes
from claimtrack.interchange.limits import LONGEST_VALUE

#: How many references are followed from one to the next.
_DEEPEST = 4


def only_named(node: Node) -> str | None:
    """The name of a node that says nothing else, but of which type it is."""
    name = node.get("@id")
    if isinstance(name, str) and (len(node) == 1 or (len(node) == 2 and "@type" in node)):
        return name
    return None


class References:
    """The nodes of documents by their ``@id``, to be put where they are only named."""

    def __init__(self, value: object) -> None:
        self._known: dict[str, dict[str, Any]] = {}
        self._sizes: dict[str, int] = {}
        self._needed = False
        for node in nodes(value):
            name = node.get("@id")
            if only_named(node) is not None:
                self._needed = True
            elif isinstance(name, str) and len(node) > len(self._known.get(name, ())):
                self._known[name] = node

    def filled(self, value: object) -> object:
        """The value with each node that is only named replaced by the one that is meant.

        A name that nothing stands for stays. Raises InvalidDataError where the value would grow
        beyond what is read as one.
        """
        return _Filling(self).filled(value, ()) if self._needed else value

    def find(self, name: str) -> dict[str, Any] | None:
        """The node of a name."""
        return self._known.get(name)

    def size(self, name: str, node: Node) -> int:
        """How many characters a node has as JSON."""
        if name not in self._sizes:
            self._sizes[name] = len(json.dumps(node, ensure_ascii=False))
        return self._sizes[name]


class _Filling:
    """Fills in one value: a few lines can name a large node again and again."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._left = LONGEST_VALUE

    def filled(self, value: object, within: tuple[str, ...]) -> object:
        """The value, which stands in the nodes of these names."""
        if isinstance(value, list):
            return [self.filled(each, within) for each in value]
        if not is_node(value):
            return value
        name = only_named(value)
        if name is not None and name not in within and len(within) < _DEEPEST:
            known = self._references.find(name)
            if known is not None:
                self._left -= self._references.size(name, known)
                if self._left < 0:
                    raise InvalidDataError(
                        "With all that it names by @id it would have more than"
                        f" {LONGEST_VALUE:,} characters."
                    )
                return self.filled(known, (*within, name))
        return {key: self.filled(each, within) for key, each in value.items()}
