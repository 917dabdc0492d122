"""The words of a text, as they are compared: folded, split, stemmed, hashed. Pure.

Case, accents, typographic marks and possessives don't tell words apart; links are left out;
``#TwoWords`` and ``@TwoWords`` are the words they are made of; digits lose the marks that group
them, and a decimal comma is a point. Scripts that are written without spaces (Chinese, Japanese,
Thai …) are cut into pairs of characters, as is usual where there is no dictionary.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING

from claimtrack.matching.stopwords import STOPWORDS

if TYPE_CHECKING:
    from collections.abc import Callable

#: Taken where nobody said which language a text is in.
DEFAULT_LANGUAGE = "en"

#: Snowball's algorithm for the first part of a language tag (BCP 47).
STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian",
    "nb": "norwegian", "nn": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

#: A longer word is cut: it is no word, and a term's length must not be up to who writes a post.
LONGEST = 40
#: So many words are kept read, each in a few hundred bytes: an import of a million claims has more
#: words than memory is meant for, and nearly all that it reads are among the last so many.
KEPT = 50_000

#: An address; also where one follows a word without a space, as pictures do in posts.
LINK = r"(?:https?://|\bwww\.|pic\.twitter\.com/|\bt\.co/)\S+"
# Marks of South and South-East Asian scripts are no word characters to re, but belong to words.
_LETTER = r"[\w\u0900-\u0dff\u0e31\u0e34-\u0e4e\u0f18-\u0fbc\u102b-\u103e\u17b4-\u17d3]"
_WORD = rf"[#@]?{_LETTER}+(?:'{_LETTER}+)*(?:[.,][0-9]+[a-z]?)*"
_PIECE = "[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+"
_UNSPACED = (
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
# What loses its vowel before a word that begins with one, in French, Italian and Catalan; in names
# it is in all languages: Cote d'Ivoire, L'Aquila. Not N'Djamena, nor D'Souza.
_ELIDED = (
    "c d j l m n s t v qu jusqu lorsqu puisqu quoiqu un quest quell all dall dell nell sull coll "
    "gl agl dagl degl negl sugl"
)
_ELISION = re.compile(rf"^(?:{'|'.join(_ELIDED.split())})'(?=[0-9]|[aeiouyh](?:[^']|$))")
_SHORT = 5
# 900,000 and 1.200.000,5, and 12,34,567 as in India; "0,125" is no thousand.
_GROUPED = re.compile(
    r"(?<![0-9.,])[1-9][0-9]{0,2}"
    r"(?:(?:,[0-9]{2,3})*,[0-9]{3}(?P<point>\.[0-9]+)?|(?:\.[0-9]{3})+(?P<comma>,[0-9]+)?)"
    r"(?![.,]?[0-9])"
)
_AROUND = ".,;:!?\"'()"
# Apostrophes of all kinds, the marks in Arabic numbers, and letters that Unicode doesn't take
# apart, as they are typed where a keyboard lacks them.
_PLAIN = (
    dict.fromkeys(map(ord, "‘’‛ʼʹ`´＇"), "'")
    | str.maketrans("٬٫", ",.")
    | str.maketrans("łŁøØđĐðÐħĦŧŦı", "lLoOdDdDhHtTi")
    | str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"})
    | str.maketrans({"ẞ": "SS", "Æ": "AE", "Œ": "OE", "Þ": "TH"})
)


def fold(text: str) -> str:
    """The text without accents and with straight apostrophes; case is kept, for `words` to see.

    Compatibility forms become plain ones: full-width letters, ligatures, "fancy" alphabets.
    """
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    kept = [_digit(char) for at, char in enumerate(plain) if _stays(char, plain[at - 1])]
    return unicodedata.normalize("NFC", "".join(kept))


def _digit(char: str) -> str:
    """A digit of any script as 0 to 9."""
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _stays(char: str, before: str) -> bool:
    # Below 10 are the signs that make letters in scripts of India and Japan; the breve makes
    # another letter of the Cyrillic i.
    return unicodedata.combining(char) < 10 or (char == "\u0306" and before in "иИ")


def words(text: str) -> list[str]:
    """The words of a text in their order, folded and in lower case, not yet stemmed."""
    found: list[str] = []
    for piece in text.split():  # no word, link or accent reaches across a space
        found += _words(piece)
    return found


def _words(piece: str) -> list[str]:
    """The words between two spaces."""
    bare = piece.strip(_AROUND)
    if bare.isascii() and bare.isalnum():  # what most are: the rest below would find the same
        return [bare.lower()[:LONGEST]]
    found: list[str] = []
    for word in re.findall(_WORD, re.sub(LINK, " ", fold(piece))):
        if word[0] in "#@":
            found += _tag(word[1:])
        elif word.isascii():
            found.append(_bare(word))
        else:
            found += _spaced(_bare(word))
    return found


def _bare(word: str) -> str:
    word = word.lower().strip("_")
    if "," in word or "." in word:
        word = _GROUPED.sub(_ungrouped, word).replace(",", ".")
    if "'" in word:
        word = _ELISION.sub("", word.removesuffix("'s"), count=1).replace("'", "")
    return word[:LONGEST]


def _ungrouped(match: re.Match[str]) -> str:
    rest = match["point"] or match["comma"] or ""
    whole = match[0].removesuffix(rest)
    return whole.replace(",", "").replace(".", "") + rest


def _tag(tag: str) -> list[str]:
    """A hashtag or an account's name: the words that it shows it is made of, and it as one."""
    pieces = [piece.lower() for piece in re.findall(_PIECE, tag)] if tag.isascii() else []
    whole = _bare(tag)
    return pieces if len(pieces) == 1 else [*pieces, whole]


def _spaced(word: str) -> list[str]:
    if not re.search(_UNSPACED, word):
        return [word]
    return [word[at : at + 2] for at in range(max(len(word) - 1, 1))]


class _Stemmers(threading.local):
    """The stemmers of a thread, by name: one works on the word that it was given in itself."""

    def __init__(self) -> None:
        self._made: dict[str, Callable[[str], str]] = {}

    def of(self, name: str) -> Callable[[str], str]:
        if name not in self._made:
            import Stemmer  # at its first use: it is not needed for most commands

            self._made[name] = Stemmer.Stemmer(name, 0).stemWord  # what it made is kept here
        return self._made[name]


_STEMMERS = _Stemmers()


def main_language(tag: str | None) -> str:
    """``pt`` for ``pt-BR``; what is taken where no language is known."""
    return (tag or DEFAULT_LANGUAGE).partition("-")[0].lower()


def likely_languages(text: str, languages: Iterable[str]) -> list[str]:
    """Which of some languages a text may be in, the likeliest first; none where there are none.

    Those of its script; of these the one alone that far more of its words are stopwords of than of
    any other. What nothing tells apart comes in an order that begins with the one that is taken
    where none is known.
    """
    known = sorted(
        {main_language(tag) for tag in languages}, key=lambda tag: (tag != DEFAULT_LANGUAGE, tag)
    )
    script = _script_of(text)
    known = [tag for tag in known if _SCRIPTS.get(tag, "LATIN") == script] or known
    # A single letter is a stopword in one language and a name's in the next: the S of U.S.
    found = [word for word in words(text) if len(word) > 1]
    counts = {tag: sum(word in STOPWORDS.get(tag, ()) for word in found) for tag in known}
    known.sort(key=lambda tag: -counts[tag])
    if len(known) > 1 and counts[known[0]] >= _CLEARLY * max(counts[known[1]], 1):
        return known[:1]
    return known


#: So many times as many stopwords of one language as of the next tell which it is.
_CLEARLY = 2
#: The scripts of languages that are not written in Latin letters, as Unicode names them.
_SCRIPTS = {
    tag: script
    for script, tags in (
        ("ARABIC", "ar fa ur ps ckb sd ug"),
        ("ARMENIAN", "hy"),
        ("CYRILLIC", "ru uk be bg mk sr kk ky tg mn"),
        ("DEVANAGARI", "hi ne mr"),
        ("GREEK", "el"),
        ("HEBREW", "he yi"),
        ("TAMIL", "ta"),
    )
    for tag in tags.split()
}
#: So many letters tell the script of a text.
_LETTERS_READ = 1_000


def _script_of(text: str) -> str:
    """The script of most of a text's letters."""
    if text.isascii():
        return "LATIN"
    letters = [char for char in re.sub(LINK, " ", text)[: 4 * _LETTERS_READ] if char.isalpha()]
    names = Counter(
        unicodedata.name(char, "").partition(" ")[0] for char in letters[:_LETTERS_READ]
    )
    return max(names, key=names.__getitem__, default="LATIN")


@lru_cache(maxsize=KEPT)
def stem(word: str, language: str) -> str:
    """The stem of a word that `words` gave, or an empty text for a stopword."""
    return _stem(word, language)


def _stem(word: str, language: str) -> str:
    if word in STOPWORDS.get(language, ()):
        return ""
    name = STEMMERS.get(language)
    if name is None or len(word) < 3:
        return word
    # Marks of South Asian scripts are no letters to Python, but belong to words.
    if not word.isalpha() and (word.isascii() or any(map(str.isdecimal, word))):
        return word
    return _STEMMERS.of(name)(word)


class Reader(dict[str, tuple[str, ...]]):
    """What the words between two spaces are read as in a language, for those read lately.

    ``made`` makes it of a stem, and is asked again for words that were forgotten: a dictionary
    that is emptied when it is full finds sooner than `lru_cache` does. For one thread.
    """

    def __init__(self, language: str | None, made: Callable[[str], str]) -> None:
        super().__init__()
        self._language, self._made = main_language(language), made

    def __missing__(self, piece: str) -> tuple[str, ...]:
        made = self._made
        if len(piece) > _SHORT and piece.isascii() and piece.isdecimal():
            return (made(piece[:LONGEST]),)  # a long figure is its own stem, and seldom comes again
        if len(self) >= KEPT:
            self.clear()
        language = self._language
        self[piece] = read = tuple(
            [made(stemmed) for word in _words(piece) if (stemmed := _stem(word, language))]
        )
        return read

    def read(self, text: str) -> list[str]:
        """What a text's words are read as, in their order, without stopwords."""
        return list(chain.from_iterable(map(self.__getitem__, text.split())))


@lru_cache(maxsize=4)
def _read_as_stems(language: str) -> Reader:
    return Reader(language, str)


def stems(text: str, language: str | None = None) -> list[str]:
    """The stems of a text's words in their order, without stopwords."""
    return _read_as_stems(main_language(language)).read(text)


def term(stemmed: str) -> int:
    """The 64 bits, signed as PostgreSQL's bigint is, that stand for a stem in the postings."""
    return int.from_bytes(blake2b(stemmed.encode(), digest_size=8).digest(), "big", signed=True)
