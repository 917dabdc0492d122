"""The keys that decide identity: which statement or document is the same one.

They are computed here, once, and stored: a long URL breaks a btree, and ``lower()`` in the
database depends on the machine's locale. Everything is pure. A change to a rule changes stored
keys, so it needs a migration that computes them again. The keys of people's names are in
`claimtrack.names`, those of addresses in `claimtrack.urls`; both fold text as it is done here.

Patterns are kept as text and compiled when first used (re remembers them), because every start
of the program imports this file.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from claimtrack.errors import InvalidDataError


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as text, to be looked up."""
    return frozenset(text.split())


#: What text is freed of at both ends: all that Python takes for a space, and three that show as
#: nothing: the byte order mark, the zero-width space and the word joiner.
SPACES = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff\u200b\u2060"
)
# Marks of direction, joiners, soft hyphens: they come along when text is pasted and nobody sees
# them. Not all of category Cf, which also holds visible Arabic number signs.
_ZERO_WIDTH = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
    "\ufe00\ufe01\ufe02\ufe03\ufe04\ufe05\ufe06\ufe07\ufe08\ufe09\ufe0a\ufe0b\ufe0c\ufe0d\ufe0e\ufe0f"
)
#: Letters and symbols that are drawn as nothing.
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
_DELETE_ZERO_WIDTH = dict.fromkeys(map(ord, _ZERO_WIDTH))


def clean_text(value: str, what: str, *, limit: int, multiline: bool = False) -> str:
    r"""The text as it is stored: NFC, without blanks around it.

    ``what`` names it in the error ("statement"), ``limit`` is in characters after cleaning.
    Unless ``multiline``, every run of spaces, tabs and line breaks becomes one space; with it,
    line breaks become ``\n``. Other control characters stay: what prints them escapes them.

    Raises InvalidDataError for text that is empty or invisible, too long, or that PostgreSQL
    can't hold (NUL, half of a surrogate pair).
    """
    if value.isascii() and value.isprintable() and "  " not in value:
        # What most texts are: nothing in them but words and single spaces.
        text = value.strip(" ")
        if text and len(text) <= limit:
            return text
    if "\0" in value:
        raise InvalidDataError(f"The {what} holds a NUL character, which can't be stored.")
    if re.search("[\ud800-\udfff]", value):
        raise InvalidDataError(
            f"The {what} holds half a character (a lone surrogate): save it as UTF-8 again."
        )
    text = unicodedata.normalize("NFC", value).strip(SPACES)
    if multiline:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    else:
        text = re.sub("[ \t\r\n\v\f\x85\u2028\u2029]+", " ", text)
    if not any(_is_visible(char) for char in text):
        raise InvalidDataError(f"The {what} is empty: write some text.")
    if len(text) > limit:
        raise InvalidDataError(
            f"The {what} is {len(text):,} characters long; at most {limit:,} are kept."
        )
    return text


def language_tag(tag: str) -> str:
    """A language tag as BCP 47 writes it: ``en``, ``ar``, ``pt-BR``; at most 35 characters.

    Raises InvalidDataError for anything else.
    """
    tag = tag.strip()
    if len(tag) > 35 or not re.fullmatch("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag):
        raise InvalidDataError(
            f'"{tag[:40]}" is no language tag: write it as en, ar or pt-BR (BCP 47).'
        )
    return tag


def _is_visible(char: str) -> bool:
    if char.isascii():
        return char.isprintable() and char != " "
    if char in _BLANKS or char in _ZERO_WIDTH:
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Zs", "Zl", "Zp")


_DOUBLE_QUOTES = "“”„‟«»″〝〞〟「」『』＂"
_SINGLE_QUOTES = "‘’‚‛‹›′ʼʹ`´＇"
_DASHES = "‐‑‒–—―−⸺⸻﹘﹣－"
_STRAIGHTEN = (
    dict.fromkeys(map(ord, _DOUBLE_QUOTES), '"')
    | dict.fromkeys(map(ord, _SINGLE_QUOTES), "'")
    | dict.fromkeys(map(ord, _DASHES), "-")
    | _DELETE_ZERO_WIDTH
)
# NFKC writes a superscript or a fraction beside its number as plain digits: 10² would become
# 102, and 1½ would become 11⁄2. CO₂ and m² may lose theirs, for no number stands before it.
_POWER = "(?<=[0-9])([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)"
_FRACTION = "(?<=[0-9])([¼-¾⅐-⅞↉])"


def digest(text: str) -> bytes:
    """32 bytes (SHA-256). A key never fails on text: `clean_text` is what refuses it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _normal_form(text: str) -> str:
    """One spelling for the ways that the same sentence is typed."""
    if text.isascii():
        # Nothing of what the rest of Unicode needs: ten times as fast, which an import feels.
        text = " ".join(text.lower().replace("`", "'").split())
    else:
        text = text.translate(_STRAIGHTEN)
        text = re.sub(_FRACTION, r" \1", re.sub(_POWER, r"^\1", text))
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        # A second time: NFKC can bring a dash or a quote to light (﹣, ＂).
        text = " ".join(text.translate(_STRAIGHTEN).split())
    bare = text
    while True:
        shorter = bare.rstrip(".! ")
        if len(shorter) > 1 and shorter[0] in "\"'" and shorter[-1] in "\"'":
            shorter = shorter[1:-1].strip()
        if shorter == bare:
            break
        bare = shorter
    # "?!" alone must not become the same statement as "..." alone.
    return bare or text


def statement_key(statement: str) -> bytes:
    """32 bytes (SHA-256) that are the same for spellings of the same statement.

    Case, kinds of quotation marks and dashes, spaces, zero-width characters, quotation marks
    around the whole and ``.``, ``!`` or ``…`` at its end don't count. Everything that can change
    the meaning does: accents, digits, a question mark, punctuation inside ("10,5" is not "105").
    The letters follow NFKC and case folding (UAX 15; Unicode, section 3.13).
    """
    return digest(_normal_form(statement))


def document_key(publisher: str | None, title: str, external_id: str | None) -> bytes:
    """32 bytes that tell apart sources without a URL: call notes, files, broadcasts.

    The publisher counts without case, accents and spacing, the title as a statement does, the
    external id (a call number, a file name) exactly but for blanks around it. ``None`` and
    blank are the same.
    """
    parts = (
        "".join(words_of(publisher or "")),
        _normal_form(title),
        unicodedata.normalize("NFC", external_id or "").strip(),
    )
    # With its length before it, no part can flow into the next.
    return digest("".join(f"{len(part)}:{part}" for part in parts))


class _Letters(dict[int, str | None]):
    """A table for str.translate that is filled as characters turn up.

    Letters, digits and their marks stay, apostrophes and invisible characters go, hyphens become
    ``-`` and everything else a space. A table of all of Unicode would cost every start 300 ms.
    """

    def __missing__(self, code: int) -> str | None:
        category = unicodedata.category(chr(code))
        value: str | None = " "
        if category[0] in "LNM":
            value = chr(code)
        elif category == "Cf":
            value = None
        elif category == "Pd":
            value = "-"
        self[code] = value
        return value


_LETTERS = _Letters(
    # Letters with a stroke or hook have no decomposition, and are accents to those who type.
    {
        ord(letter): plain
        for letter, plain in {
            "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
            "ħ": "h", "ŧ": "t", "ŋ": "n", "ə": "a", "ƀ": "b", "ɖ": "d", "ɓ": "b", "ɗ": "d",
            "ƙ": "k", "ƴ": "y", "ɛ": "e", "ɔ": "o", "ɨ": "i", "ʉ": "u", "\n": "\n",
        }.items()
    }
    | dict.fromkeys(map(ord, "'ʻʼʽʾʿʹʺˈꞌ׳ـ" + _SINGLE_QUOTES + _ZERO_WIDTH))
    | dict.fromkeys((*range(0x180B, 0x180E), *range(0xE0100, 0xE01F0)))
    | {ord("−"): "-"}
)  # fmt: skip

# Accents are taken off letters of the Latin, Greek and Cyrillic scripts only: in Devanagari a
# mark is a vowel, in Japanese it makes another syllable.
_ACCENTS = (
    "(?<=[0-9a-z\u00df-\u02af\u0370-\u03ff\u0400-\u052f\u1c80-\u1c8f\u1d00-\u1dbf\u1e00-\u1fff"
    "\u2c60-\u2c7f\ua640-\ua69f\ua720-\ua7ff\uab30-\uab6f])"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def fold(text: str) -> str:
    """Lower case without accents: words with spaces between them, and hyphens inside."""
    if text.isascii():
        return text.lower().replace("&", " and ").translate(_LETTERS)
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    # A small letter can appear only now: some signs fold to a capital in compatibility form.
    text = unicodedata.normalize("NFKD", text.casefold()).replace("&", " and ")
    # And marks that an apostrophe held apart have to find their order.
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return unicodedata.normalize("NFC", re.sub(_ACCENTS, "", text))


def chunks(folded: str) -> list[tuple[str, bool]]:
    """The words, each with whether a space (and no hyphen) follows it."""
    words = []
    for chunk in folded.split():
        parts = [part for part in map(_without_stray_marks, chunk.split("-")) if part]
        words += [(part, number == len(parts)) for number, part in enumerate(parts, 1)]
    return words


def _without_stray_marks(word: str) -> str:
    """A word can't begin with a mark: joined to the word before, it would change that one."""
    if not word or word[0].isalnum():
        return word
    start = 0
    while start < len(word) and unicodedata.category(word[start])[0] == "M":
        start += 1
    return word[start:]


def words_of(text: str) -> list[str]:
    """The words of a text, folded; a hyphen parts them too."""
    return [word for word, _ in chunks(fold(text))]


def word_key(words: str) -> str:
    """The key of a publisher's name or of a qualifier: its folded letters and digits, joined.

    Unlike in a name, every word counts: "Senator, Ohio" and "Governor, Ohio" are two people.
    Raises InvalidDataError where nothing can be seen.
    """
    return key_of(words_of(words), words)


def key_of(words: Iterable[str], written: str) -> str:
    """Folded words as one key; ``written`` without a letter or digit in it is its own.

    Raises InvalidDataError where nothing can be seen.
    """
    key = unicodedata.normalize("NFC", "".join(words))
    if key:
        return key
    signs = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())
    key = "".join(signs.translate(_DELETE_ZERO_WIDTH).split())
    if not key:
        raise InvalidDataError("The name is empty: write who it was.")
    return unicodedata.normalize("NFC", key)
