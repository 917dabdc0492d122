"""Whether a text has what is looked for, and where. Pure.

The words of a text are those of `claimtrack.matching.terms`, so that it is found by them; here
they also have their place in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple

from claimtrack.keys import word_set
from claimtrack.matching.terms import fold, main_language, stem, words
from claimtrack.searching.query import All, Either, Node, Not, Row, Word, rows


class Token(NamedTuple):
    """A word, folded and in lower case, and from where to where it stands in its text."""

    start: int
    end: int
    word: str


#: From where to where a hit goes, in characters.
Span = tuple[int, int]


def tokens(text: str) -> list[Token]:
    """The words of a text in their order; together they are what `words` gives of it."""
    found: list[Token] = []
    for piece in re.finditer(r"\S+", text):
        whole = words(piece[0])
        parts = [(part, words(part[0])) for part in re.finditer(r"[\w'’]+", piece[0])]
        if [word for _, own in parts for word in own] != whole:
            # What only makes a word together: 1,000; a link; a hashtag.
            part = re.search(r"\w.*\w|\w", piece[0]) or re.search(".+", piece[0])
            parts = [(part, whole)] if part else []
        for part, own in parts:
            start = piece.start() + part.start()
            found += _placed(start, part[0], own)
    return found


def _placed(start: int, part: str, own: list[str]) -> list[Token]:
    end = start + len(part)
    if len(own) > 1 and len(own) == len(part) - 1 and "".join(w[0] for w in own) == part[:-1]:
        # Pairs of characters, of a script without spaces.
        return [Token(start + at, start + at + 2, word) for at, word in enumerate(own)]
    if len(own) == 1 and (shown := re.match(rf"{re.escape(own[0])}(?=['’])", fold(part).lower())):
        end = start + shown.end() if len(fold(part)) == len(part) else end  # without a genitive's s
    return [Token(start, end, word) for word in own]


#: Languages whose stems begin as their words do: stemming is the work, so others are passed by.
_SAME_BEGINNING = word_set("ca da de en es fi fr hu it nb nl nn no pt ro ru sv")


class Text(NamedTuple):
    """A text in a language, read to be searched."""

    tokens: list[Token]
    language: str

    @classmethod
    def read(cls, text: str, language: str | None) -> Text:
        """Read a text; ``language`` is that of its claim."""
        return cls(tokens(text), main_language(language))

    def has(self, at: int, stems: Set[str], letters: Set[str]) -> bool:
        """Whether the word at a place has one of the stems, which begin with these letters."""
        word = self.tokens[at].word
        if word[0] not in letters and self.language in _SAME_BEGINNING:
            return False
        return stem(word, self.language) in stems


def sought(word: Word, language: str) -> frozenset[str]:
    """The stems by which a word is found in texts of a language; none if it says nothing there."""
    if word.stems:
        return word.stems
    found = stem(word.text, language)
    return frozenset((found,)) if found else frozenset()


def stems_in(word: Word, languages: Iterable[str]) -> frozenset[str]:
    """By which stems a word is found in texts of these languages."""
    return frozenset().union(*(sought(word, language) for language in languages))


def fits(node: Node, texts: Sequence[Text]) -> bool:
    """Whether texts that belong together have what is looked for.

    A word may stand in any of them, words in a row stand in one. What says nothing in the
    languages of the texts is passed by, and of nothing else nothing is found.
    """
    return _fits(node, texts) is True


def _fits(node: Node, texts: Sequence[Text]) -> bool | None:
    match node:
        case Row():
            found = [_places(node, text, first=True) for text in texts]
            if all(places is None for places in found):
                return None
            return any(found)
        case Not():
            inner = _fits(node.part, texts)
            return None if inner is None else not inner
        case All() | Either():
            parts = [one for part in node.parts if (one := _fits(part, texts)) is not None]
            if not parts:
                return None
            return all(parts) if isinstance(node, All) else any(parts)


def _places(row: Row, text: Text, *, first: bool = False) -> list[int] | None:
    """At which words a row begins, or the first of them; None if it says nothing there."""
    wanted = [
        (word.text, stems, {one[0] for one in stems})
        for word in row.words
        for stems in [sought(word, text.language)]
    ]
    if not any(stems for _, stems, _ in wanted):
        return None
    found = []
    for at in range(len(text.tokens) - len(wanted) + 1):
        for place, (plain, stems, letters) in enumerate(wanted, at):
            # A word that says nothing still has its place in a row.
            same = text.has(place, stems, letters) if stems else text.tokens[place].word == plain
            if not same:
                break
        else:
            found.append(at)
            if first:
                break
    return found


def spans(node: Node, text: Text) -> list[Span]:
    """Where a text has words that are looked for, in order, none within another."""
    found = sorted(
        (text.tokens[at].start, text.tokens[at + len(row.words) - 1].end)
        for row in rows(node)
        for at in _places(row, text) or ()
    )
    apart: list[Span] = []
    for start, end in found:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


class Snippet(NamedTuple):
    """A part of a text with the places of its hits, in characters from its own beginning."""

    text: str
    marks: tuple[Span, ...]


#: How many characters of a text are shown, about.
WIDTH = 160
_BEFORE = 40


def snippet(text: str, hits: Sequence[Span], width: int = WIDTH) -> Snippet:
    """The part of a text with the most hits; ``…`` stands for what is left out."""
    if len(text) <= width:
        return Snippet(text, tuple(hits))
    start, end = 0, width
    if hits and hits[-1][1] > width:
        most = 0
        for at, _ in hits:
            begin = max(0, min(at - min(_BEFORE, width // 4), len(text) - width))
            inside = sum(begin <= first and last <= begin + width for first, last in hits)
            if inside > most:
                most, start, end = inside, begin, begin + width
    # At the border of a word, if one is near; a hit is never cut.
    kept = [hit for hit in hits if start <= hit[0] < end]
    if start and (space := text.find(" ", start, kept[0][0] if kept else start + 20)) >= 0:
        start = space + 1
    if end < len(text):
        last = max(kept[-1][1] if kept else start, end - 20)
        space = text.rfind(" ", last, end + 1)
        end = space if space >= 0 else max(end, last)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    moved = len(before) - start
    return Snippet(
        f"{before}{text[start:end]}{after}",
        tuple((first + moved, min(last, end) + moved) for first, last in kept),
    )
