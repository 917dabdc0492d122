"""Nodes of JSON-LD that are only named (``@id``) where they are meant. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.documents import Document
from claimtrack.interchange.jsonld import Node, is_node, nodes
from claimtrack.interchange.limits import LONGEST_VALUE

#: How many references are followed from one to the next.
_DEEPEST = 4
#: What is kept of a file for its other documents: names, bytes of JSON, and of one node.
_MOST_NAMES = 250_000
_MOST_KEPT = 32_000_000
_LONGEST_KEPT = 250_000


def only_named(node: Node) -> str | None:
    """The name of a node that says nothing else, but of which type it is."""
    name = node.get("@id")
    if isinstance(name, str) and (len(node) == 1 or (len(node) == 2 and "@type" in node)):
        return name
    return None


class References:
    """The nodes of documents by their ``@id``, to be put where they are only named.

    What they haven't themselves may stand elsewhere in their file: in ``shared``.
    """

    def __init__(self, documents: Sequence[Document], shared: Shared | None = None) -> None:
        self._documents = documents
        self._shared = shared
        self._known: dict[str, dict[str, Any]] = {}
        self._sizes: dict[str, int] = {}
        self._needed = False
        for node in nodes([document.value for document in documents]):
            name = node.get("@id")
            if only_named(node) is not None:
                self._needed = True
            elif isinstance(name, str) and len(node) > len(self._known.get(name, ())):
                self._known[name] = node

    def filled(self, value: object) -> object:
        """The value with each node that is only named replaced by the one that is meant.

        A name that nothing stands for stays. Raises InvalidDataError where the value would grow
        beyond what is read as one, or names more than was kept.
        """
        return _Filling(self).filled(value, ()) if self._needed else value

    def find(self, name: str) -> dict[str, Any] | None:
        """The node of a name."""
        if name in self._known or self._shared is None:
            return self._known.get(name)
        return self._shared.find(name, self._documents[0])

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


class Shared:
    """Nodes that the documents of one file name in each other, as many as memory has room for.

    A name that is no whole address means something within its own document alone. The nodes of a
    graph or a list are one document; but what brings a context of its own is another.
    """

    def __init__(self) -> None:
        self._names: set[int] = set()
        self._kept: dict[int, bytes] = {}
        self._left = _MOST_KEPT
        self._short = False
        self._parsed = lru_cache(64)(lambda name: json.loads(self._kept[name]))

    def note(self, document: Document) -> bool:
        """Hear what a document names and hasn't itself; whether any did so far."""
        named: set[str] = set()
        own: set[str] = set()
        for node in nodes(document.value):
            name = node.get("@id")
            if isinstance(name, str):
                (own if only_named(node) is None else named).add(name)
        reaching = {hash(name) for name in named - own if _reaches(name, document)}
        if len(self._names) + len(reaching) > _MOST_NAMES:
            self._short = True
        else:
            self._names |= reaching
        return bool(self._names)

    def keep(self, document: Document) -> None:
        """Keep the nodes of a document that others name: of two of one name the larger."""
        for node in nodes(document.value):
            name = node.get("@id")
            if not isinstance(name, str) or hash(name) not in self._names:
                continue
            if only_named(node) is not None or not _reaches(name, document):
                continue
            text = json.dumps(node, ensure_ascii=False).encode(errors="surrogatepass")
            before = len(self._kept.get(hash(name), b""))
            if len(text) > min(_LONGEST_KEPT, self._left + before):
                self._short = True
            elif len(text) > before:
                self._left -= len(text) - before
                self._kept[hash(name)] = text

    def find(self, name: str, document: Document) -> dict[str, Any] | None:
        """The node that a name in a document means, if another has it.

        Raises InvalidDataError where it may have been one for which there was no room.
        """
        if not _reaches(name, document):
            return None
        if hash(name) in self._kept:
            found: dict[str, Any] = self._parsed(hash(name))
            return found
        if self._short:
            raise InvalidDataError(
                f'It names "{name[:60]}", and the file has more such nodes than can be kept: put'
                " them where they are named."
            )
        return None


def _reaches(name: str, document: Document) -> bool:
    """Whether a name in a document may be that of a node in another document of the file."""
    return (
        "://" in name
        or document.of_graph
        or not (is_node(document.value) and "@context" in document.value)
    )
