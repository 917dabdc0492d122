"""What people type to search, read as web search engines read it. Pure.

Words stand for themselves, and all are looked for; ``"words in quotes"`` stand in a row; ``-`` at
a word or quotation leaves out what has it; ``or`` between two is either, and binds less than words
that stand beside each other; ``begin*`` is any word that begins so. Nothing is an error: a
quotation without its end goes on to the end, and an operator without anything to work on is passed
by. The rules are those of PostgreSQL's ``websearch_to_tsquery``, but that a dash between two
spaces is a dash, that ``or`` without something before and after it is no word, and that words with
a hyphen or a number at their end are found in other spellings, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from claimtrack.matching.terms import words


@dataclass(frozen=True, slots=True)
class Word:
    """One word, folded and in lower case, not stemmed.

    ``stems`` are what it was taken for, where the word itself is not looked for: any of them, in
    whatever language. ``begins`` asks for all words that begin so. One that is ``made`` is another
    form of what was typed: nobody misspelt it.
    """

    text: str
    begins: bool = False
    stems: frozenset[str] = frozenset()
    made: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One word, or several that follow each other."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Each of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts, or more."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What has not that part."""

    part: Node


Node = Row | All | Either | Not

_QUOTES = dict.fromkeys(map(ord, "“”„‟«»″〝〞〟「」『』＂"), '"')
_PIECE = re.compile(r'(?P<dashes>-*)(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))')
_OR = re.compile(r"[^\w\s-]*or[^\w\s-]*", re.IGNORECASE)


def parse(text: str) -> Node | None:
    """What a text asks for; None if there is no word in it."""
    groups: list[list[Node]] = [[]]
    for piece in _PIECE.finditer(text.translate(_QUOTES)):
        quoted, plain = piece["quoted"], piece["plain"]
        if plain is not None and not piece["dashes"] and _OR.fullmatch(plain):
            groups.append([])
            continue
        node = _row(words(quoted)) if plain is None else _plain(plain)
        if node is not None:
            groups[-1].append(Not(node) if len(piece["dashes"]) % 2 else node)
    sides = [group[0] if len(group) == 1 else All(tuple(group)) for group in groups if group]
    if not sides:
        return None
    return sides[0] if len(sides) == 1 else Either(tuple(sides))


def _row(found: list[str]) -> Row | None:
    return Row(tuple(map(Word, found))) if found else None


def _plain(typed: str) -> Node | None:
    """What stands between two spaces: most often a word; parts with a hyphen follow each other.

    Where such parts are written as one word, or a hashtag's words apart, that is found, too, and
    so is COVID-19 by covid19.
    """
    found = words(typed)
    if typed.endswith("*") and len(found) == 1:
        return Row((Word(found[0], begins=True),))
    if len(found) > 1 and typed[0] in "#@" and words(typed[1:]) == found[-1:]:
        return _in_two_forms(found[:-1], found[-1:])
    if len(found) > 1 and _HYPHENED.fullmatch(typed) and not "".join(found).isdecimal():
        return _in_two_forms(found, words("".join(found)))
    if len(found) == 1 and (parts := _NUMBERED.fullmatch(found[0])):
        return _in_two_forms(found, [parts[1], parts[2]])
    return _row(found)


_HYPHENED = re.compile(r"\w+(?:[-\u2010\u2011]\w+)+\W*")
_NUMBERED = re.compile(r"([^\W\d_]+)([0-9]+)")


def _in_two_forms(typed: list[str], other: list[str]) -> Node | None:
    first, second = _row(typed), Row(tuple(Word(word, made=True) for word in other))
    return Either((first, second)) if first and other else first


def rows(node: Node, *, wanted: bool = True) -> Iterator[Row]:
    """The words and rows that are looked for; with ``wanted`` false, those left out."""
    match node:
        case Row():
            if wanted:
                yield node
        case Not():
            yield from rows(node.part, wanted=not wanted)
        case All() | Either():
            for part in node.parts:
                yield from rows(part, wanted=wanted)


def replaced(node: Node, replace: Callable[[Word], Word]) -> Node:
    """The same with other words."""
    match node:
        case Row():
            return Row(tuple(map(replace, node.words)))
        case Not():
            return Not(replaced(node.part, replace))
        case All():
            return All(tuple(replaced(part, replace) for part in node.parts))
        case Either():
            return Either(tuple(replaced(part, replace) for part in node.parts))


def in_a_row(node: Node) -> list[str]:
    """All words that are looked for, in the order in which they were typed.

    None where that is no single row: where one of several is enough, or any that begins so.
    """
    match node:
        case Row():
            able = not any(word.begins or word.stems for word in node.words)
            return [word.text for word in node.words] if able else []
        case All():
            parts = [in_a_row(part) for part in node.parts if not isinstance(part, Not)]
            return [word for part in parts for word in part] if all(parts) else []
        case Either(parts=(typed, Row() as other)) if all(word.made for word in other.words):
            return in_a_row(typed)
        case _:
            return []
