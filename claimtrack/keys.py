"""The keys that decide identity: which statement, name, address or document is the same one.

They are computed here, once, and stored: a long URL breaks a btree, and ``lower()`` in the
database depends on the machine's locale. Everything is pure. A change to a rule changes stored
keys, so it needs a migration that computes them again.

Patterns are kept as text and compiled when first used (re remembers them), because every start
of the program imports this file.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from claimtrack.errors import InvalidDataError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SPACES = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
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


# --------------------------------------------------------------------------------- text


def clean_text(value: str, what: str, *, limit: int, multiline: bool = False) -> str:
    r"""The text as it is stored: NFC, without blanks around it.

    ``what`` names it in the error ("statement"), ``limit`` is in characters after cleaning.
    Unless ``multiline``, every run of spaces, tabs and line breaks becomes one space; with it,
    line breaks become ``\n``. Other control characters stay: what prints them escapes them.

    Raises InvalidDataError for text that is empty or invisible, too long, or that PostgreSQL
    can't hold (NUL, half of a surrogate pair).
    """
    if "\0" in value:
        raise InvalidDataError(f"The {what} holds a NUL character, which can't be stored.")
    if _has_surrogate(value):
        raise InvalidDataError(
            f"The {what} holds half a character (a lone surrogate): save it as UTF-8 again."
        )
    text = unicodedata.normalize("NFC", value).strip(_SPACES + "\ufeff\u200b\u2060")
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


def _has_surrogate(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


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


def _normal_form(text: str) -> str:
    """One spelling for the ways that the same sentence is typed."""
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
    return _digest(_normal_form(statement))


def _digest(*parts: str) -> bytes:
    # surrogatepass: a key never fails on text; clean_text is what refuses it.
    if len(parts) == 1:
        return hashlib.sha256(parts[0].encode("utf-8", "surrogatepass")).digest()
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        # With the length before it, no part can flow into the next.
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.digest()


def document_key(publisher: str | None, title: str, external_id: str | None) -> bytes:
    """32 bytes that tell apart sources without a URL: call notes, files, broadcasts.

    The publisher counts without case, accents and spacing, the title as a statement does, the
    external id (a call number, a file name) exactly but for blanks around it. ``None`` and
    blank are the same.
    """
    return _digest(
        "".join(_bare_words(publisher or "")),
        _normal_form(title),
        unicodedata.normalize("NFC", external_id or "").strip(),
    )


# -------------------------------------------------------------------------------- names


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


def _fold(text: str) -> str:
    """Lower case without accents: words with spaces between them, and hyphens inside."""
    if text.isascii():
        return text.lower().replace("&", " and ").translate(_LETTERS)
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    # A small letter can appear only now: some signs fold to a capital in compatibility form.
    text = unicodedata.normalize("NFKD", text.casefold()).replace("&", " and ")
    # And marks that an apostrophe held apart have to find their order.
    text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return unicodedata.normalize("NFC", re.sub(_ACCENTS, "", text))


_TITLES = _words(
    """mr mrs ms miss mx dr doctor prof professor sir dame lord lady hon honourable honorable rev
    reverend president premier chancellor minister secretary senator sen representative rep
    congressman congresswoman governor gov mayor general gen lieutenant lt colonel col maj captain
    capt sergeant sgt commander cmdr admiral adm brigadier brig marshal ambassador amb judge
    ayatollah speaker spokesman spokeswoman spokesperson herr frau mme monsieur"""
)
_TITLE_PHRASES = (
    ("secretary", "of", "state"),
    ("secretary", "general"),
    ("attorney", "general"),
    ("major", "general"),
)
#: What may stand before a title: "former", "acting", and the field of a minister.
_BEFORE_TITLES = _words(
    """the former ex then acting interim late deputy vice first prime foreign defence defense
    interior exterior finance health justice education economy energy trade agriculture
    environment transport labour labor culture home oil information attorney major chief"""
)
#: After a title these say that it is an office and no name: "President of …", "Minister for …".
_LINKS = _words("of for and at in on to the")
#: With one of these the name is a house's, however it begins: "General Motors".
_HOUSES = _words(
    """office council ministry department assembly staff command committee commission court party
    university college hospital institute foundation association group inc ltd llc plc company
    corporation bank directorate secretariat motors electric mills dynamics authority
    administration organisation organization union federation agency service services force forces
    army navy police security intelligence school centre center museum library campaign team
    palace fund network society alliance front movement brigade brigades coalition congress
    parliament senate news times post radio television tv press media journal republic
    women defence defense"""
)


def _chunks(folded: str) -> list[tuple[str, bool]]:
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


def _bare_words(name: str) -> list[str]:
    return [word for word, _ in _chunks(_fold(name))]


def _without_titles(chunks: Sequence[tuple[str, bool]]) -> list[str]:
    """The words after leading titles; all of them where the title is the name."""
    words = [word for word, _ in chunks]
    start = at = 0
    while True:
        end = next(
            (at + len(p) for p in _TITLE_PHRASES if tuple(words[at : at + len(p)]) == p), None
        )
        if end is None and at < len(words) and words[at] in _TITLES:
            end = at + 1
        if end is not None:
            start = at = end
        elif at < len(words) and words[at] in _BEFORE_TITLES:
            at += 1
        else:
            break
    rest = words[start:]
    if (
        not start
        or not chunks[start - 1][1]  # "Gen-Probe" is one word
        or sum(map(len, rest)) < 2
        or rest[0] in _LINKS
        or not _HOUSES.isdisjoint(rest)
    ):
        return words
    return rest


def name_key(name: str) -> str:
    """The key of a speaker's name, without regard to case, accents, titles or spacing.

    Its letters and digits joined: "Al-Qaeda", "al Qaeda" and "AlQaeda" are one name, and so are
    "U.N." and "UN". Accents go from Latin, Greek and Cyrillic letters and stay in other scripts;
    scripts are never turned into one another. Leading titles ("Dr", "Prime Minister", "former
    Foreign Minister", "Sen.") go, unless nothing would be left of the name or it is an office or
    a house: "The President", "Prime Minister of Iraq", "General Motors". Nationalities are not
    guessed: "Russian Foreign Minister" stays as it is.

    A name without a letter or digit is its own key. Raises InvalidDataError for an empty one.
    """
    return _joined(_without_titles(_chunks(_fold(name))), name)


def word_key(words: str) -> str:
    """The key of a publisher's name or of a qualifier: as `name_key`, but every word counts.

    "Senator, Ohio" and "Governor, Ohio" tell two people apart. Raises as `name_key`.
    """
    return _joined(_bare_words(words), words)


def _joined(words: Iterable[str], written: str) -> str:
    """The words as one key; a name without a letter or digit is its own."""
    key = unicodedata.normalize("NFC", "".join(words))
    if key:
        return key
    signs = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", written).casefold())
    key = "".join(signs.translate(_DELETE_ZERO_WIDTH).split())
    if not key:
        raise InvalidDataError("The name is empty: write who it was.")
    return unicodedata.normalize("NFC", key)


def split_qualifier(name: str) -> tuple[str, str | None]:
    """The name and what stands in brackets at its end: two John Smiths are two people.

    "John Smith (Ohio senator)" gives ("John Smith", "Ohio senator"). Without brackets, with
    nothing in them or with nothing before them there is no qualifier.
    """
    text = name.strip()
    plain = text.replace("（", "(").replace("）", ")")
    if not plain.endswith(")"):
        return text, None
    depth = 0
    for at in range(len(plain) - 1, -1, -1):
        depth += (plain[at] == ")") - (plain[at] == "(")
        if depth == 0:
            before, inside = text[:at].strip(), text[at + 1 : -1].strip()
            return (before, inside or None) if before else (text, None)
    return text, None


# --------------------------------------------------------------------------- near names


def near_names(name: str, candidates: Iterable[tuple[int, str]]) -> list[int]:
    """The ids of the speakers whose name is nearly this one, best first.

    ``candidates`` are pairs of a speaker's id and one of its names as written; a speaker may come
    with several. Near is: the words in another order, one typing error in a word of five letters
    or more (two from nine on), another transliteration ("Muhammad", "Mohammed"), an initial, the
    family name alone, or the name with up to two words more. Not near: short words that differ
    ("Ali", "Adi"), another given name, the feminine form ("Petrov", "Petrova"), another number
    or another house. A speaker with exactly this name among its names is left out.
    """
    pairs = [(speaker, alias) for speaker, alias in candidates if alias]
    wanted = _spoken_words(name)
    if not wanted or not pairs:
        return []
    # Every call reads every name, so the first look is at all of them as one text.
    lines = _fold("\n".join([alias.replace("\n", " ") for _, alias in pairs]))
    lines = lines.replace("-", " ")
    family, others = _alike(wanted, set(lines.split()))
    best: dict[int, int] = {}
    key = "".join(wanted)
    for (speaker, alias), line in zip(pairs, lines.split("\n"), strict=True):
        words = line.split()
        if (
            not family.isdisjoint(words)
            or (others and len(others.intersection(words)) > 1)
            or (len(wanted) == 1 and _starts_or_ends(line.replace(" ", ""), key))
        ):
            distance = _names_apart(wanted, _spoken_words(alias))
            if distance is not None and distance < best.get(speaker, 99):
                best[speaker] = distance
    exact = name_key(name)
    known = {s for s, alias in pairs if s in best and _is_name(alias) and name_key(alias) == exact}
    return sorted(best.keys() - known, key=lambda speaker: (best[speaker], speaker))


def _starts_or_ends(joined: str, key: str) -> bool:
    """Whether it may be the key with its words apart: "Al-Qaeda" for "alqaida"."""
    return abs(len(joined) - len(key)) <= 2 and (
        joined.startswith(key[:3]) or joined.endswith(key[-3:])
    )


def _is_name(alias: str) -> bool:
    return bool(_bare_words(alias))


def _spoken_words(name: str) -> list[str]:
    """The words as spoken, without titles: "Lavrov, Sergei" turned round.

    What stands before a title goes too ("Russian Foreign Minister …"): as a key that would be a
    guess, for a likeness it is good enough.
    """
    family, comma, given = name.partition(",")
    if comma and "," not in given and _bare_words(family) and _bare_words(given):
        name = f"{given} {family}"
    words = _without_titles(_chunks(_fold(name)))
    for at in range(min(4, len(words) - 1), 0, -1):
        if words[at - 1] in _TITLES and (_LINKS | _HOUSES).isdisjoint(words):
            return words[at:]
    return words


def _alike(wanted: list[str], words: set[str]) -> tuple[set[str], set[str]]:
    """Those of the words that are nearly a wanted one: first the last wanted word, then the rest.

    A near name holds one of the former, or two of the latter. The last word tells most: every
    twentieth name begins with the same given name.
    """
    telling = [word for word in wanted if word not in _LINKS | _HOUSES] or wanted
    family = _nearly(telling[-1], words)
    if len(wanted) in (2, 3):
        family |= _nearly("".join(wanted), words)
    others: set[str] = set()
    if len(wanted) > 2:
        others.update(*(_nearly(word, words) for word in wanted if word not in _LINKS))
    elif len(wanted) == 2:
        others.update(wanted)
    return family, others


def _nearly(word: str, words: set[str]) -> set[str]:
    nearly = {word}
    if len(word) >= 4:
        first, low, high = _initials_like(word[0]), len(word) - 2, len(word) + 2
        nearly.update(
            other
            for other in words
            if other[0] in first
            and low <= len(other) <= high
            and _word_apart(word, other) is not None
        )
    return nearly


_VOWELS = frozenset("aeiouy")
#: First letters that take each other's place in transliterations: Qaddafi, Gaddafi, Kadafi.
_INITIALS = [_VOWELS, frozenset("gq"), frozenset("kqcx"), frozenset("jy"), frozenset("vw")]


#: Consonants that _sound leaves as they are.
_FIRM = frozenset("bdlmnrz")


def _initials_like(letter: str) -> set[str]:
    return {letter}.union(*(group for group in _INITIALS if letter in group))


def _names_apart(a: list[str], b: list[str]) -> int | None:
    """How far two names are from each other (0 is nearest); None if they aren't near."""
    if not b or len(a) > 12 or len(b) > 12:
        return 0 if a == b and a else None
    if a == b:
        return 0
    if len(a) > 1 and sorted(a) == sorted(b):
        return 1
    if len(a) == len(b):
        total = _pairs_apart(a, b)
        if total is not None:
            return 1 + total
    elif 1 in (len(a), len(b)) and abs(len(a) - len(b)) <= 2:
        total = _word_apart("".join(a), "".join(b))
        if total is not None:
            return 2 + total
    return _part_apart(*((a, b) if len(a) < len(b) else (b, a)))


def _pairs_apart(a: list[str], b: list[str]) -> int | None:
    total, same = 0, 0
    initial = False
    for left, right in zip(a, b, strict=True):
        if 1 in (len(left), len(right)) and len(left) != len(right) and left[0] == right[0]:
            initial = True
            total += 1
            continue
        apart = _word_apart(left, right)
        if apart is None:
            return None
        total += apart
        same += apart == 0 and len(left) > 2
    # An initial fits every tenth name: only the rest of the name can make it a near one.
    return total if total <= 3 and (same or not initial) else None


def _part_apart(short: list[str], long: list[str]) -> int | None:
    """The distance where one name is a part of the other."""
    if len(short) == len(long):
        return None
    extra = list(long)
    if len(short) == 1:
        # Only a family name stands for the whole: every second John is called John.
        word, last = short[0], long[-1]
        if (
            len(word) < 3
            or word in _TITLES | _HOUSES | _LINKS
            or not (_HOUSES | _LINKS - {"the"}).isdisjoint(long)
        ):
            return None
        apart = _word_apart(word, last)
        if apart is None:
            return None
        extra.pop()
    else:
        apart = 0
        for word in short:
            if word not in extra:
                return None
            extra.remove(word)
        if all(word in _TITLES | _LINKS | _BEFORE_TITLES or len(word) < 3 for word in short):
            return None
    if not _HOUSES.isdisjoint(extra):
        return None
    more = sum(word not in _TITLES | _LINKS | _BEFORE_TITLES for word in extra)
    return 4 + more + 2 * apart if more <= (3 if len(short) == 1 else 2) else None


def _word_apart(a: str, b: str) -> int | None:
    if a == b:
        return 0
    short = min(len(a), len(b))
    if short < 4 or abs(len(a) - len(b)) > 2 or b[0] not in _initials_like(a[0]):
        return None
    if any(char.isdigit() for char in a + b) or _feminine(a, b):
        return None
    # Most pairs differ in letters that no spelling turns into another; counting is the slow part.
    strange = len(_FIRM & (set(a) ^ set(b)))
    if strange > (2 if short < 9 else 4):
        return None
    edits = _edits(a, b)
    if short == 4:
        # John and Joan are two people; Jonh is John.
        return 1 if edits == 1 and sorted(a) == sorted(b) else None
    if edits <= (1 if short < 9 else 2):
        return edits
    if strange:
        return None
    if _sound(a) == _sound(b):
        return 2
    return (
        2 if "q" in a + b and _sound(a.replace("q", "g")) == _sound(b.replace("q", "g")) else None
    )


def _feminine(a: str, b: str) -> bool:
    """Whether only the last vowel differs: Mario and Maria, Petrov and Petrova."""
    short, long = sorted((a, b), key=len)
    if long[-1] not in "aeo":
        return False
    return short == long[:-1] or (
        len(short) == len(long) and short[:-1] == long[:-1] and short[-1] in "aeo"
    )


def _edits(a: str, b: str) -> int:
    """Edit distance, where two neighbours that changed places count as one."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        last, row, older = row, [i], before
        for j, right in enumerate(b, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and right == a[i - 2]:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = last
        if min(row) > 2:
            return 3
    return row[-1]


_SPELLINGS = (
    ("sch", "sh"), ("kh", "k"), ("gh", "g"), ("dh", "d"), ("th", "t"), ("ph", "f"), ("ck", "k"),
    ("q", "k"), ("w", "v"), ("x", "ks"),
)  # fmt: skip


def _sound(word: str) -> str:
    """Rough sound: one spelling for the transliterations of a name from other scripts."""
    for spelling, plain in _SPELLINGS:
        word = word.replace(spelling, plain)
    word = re.sub("c(?!h)", "k", word)
    word = re.sub("(?<=.)j", "y", word)
    word = re.sub("[aeiouy]*([aeiouy])", lambda run: "o" if run[1] in "ou" else "a", word)
    return re.sub(r"(.)\1+", r"\1", word)


# ------------------------------------------------------------------------------- addresses

_URL_LIMIT = 8000
_URL = r"(?i:(https?))://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?"
_HOST = r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*"
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = _UNRESERVED | frozenset("!$&'()*+,;=:@/")
_IN_QUERY = _IN_PATH | frozenset("?")
_PORTS = {"http": "80", "https": "443"}

# Only names that one advertiser or statistics tool made up: whoever drops "id", "ref" or "source"
# makes one of two articles.
_TRACKING_PREFIXES = ("utm_", "mtm_", "piwik_", "matomo_", "hsa_", "fb_action_")
_TRACKING = _words(
    """fbclid gclid gclsrc gbraid wbraid dclid msclkid yclid ysclid twclid ttclid li_fat_id
    igshid igsh mc_cid mc_eid ref_src ref_url cmpid ocid s_cid s_kwcid _ga _gl mkt_tok vero_id
    vero_conv _hsenc _hsmi hsctatracking oly_anon_id oly_enc_id at_medium at_campaign at_custom1
    at_custom2 at_custom3 at_custom4 at_link_id at_link_type at_link_origin at_ptr_name
    at_format at_bbc_team smid smtyp ftag xtor __twitter_impression guccounter guce_referrer
    guce_referrer_sig spm wt_mc wt.mc_id rb_clickid epik srsltid fb_source fb_ref
    pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content ns_mchannel ns_source ns_campaign
    ns_linkname ns_fee"""
)


def normalise_url(url: str) -> str:
    """The address in one spelling, for storing and opening. Done twice, it stays the same.

    Follows RFC 3986, section 6: scheme and host in lower case, the host as IDNA ASCII, no default
    port, dot segments resolved, percent-encoding in upper case and only where it is needed,
    non-ASCII as UTF-8. Beyond the RFC: tracking parameters, the slash at the end and an empty
    query go; other parameters stay in their order. The fragment goes, for it only names a place
    on the page, except ``#!…`` and ``#/…``: there an application keeps its route, and without it
    all of its pages would be one source.

    Raises InvalidDataError for anything that isn't an http or https address, that holds spaces,
    control characters or a password, or is longer than 8,000 characters.
    """
    scheme, host, port, rest = _url_parts(url)
    normal = f"{scheme}://{host}{port}{rest}"
    if len(normal) > _URL_LIMIT:
        raise InvalidDataError(
            f"The address is {len(normal):,} characters long once it is percent-encoded; "
            f"at most {_URL_LIMIT:,} are kept."
        )
    return normal


def url_key(url: str) -> bytes:
    """32 bytes (SHA-256) of the normalised address without its scheme and ``www.``.

    http and https, with and without ``www.``, are the same article. Raises as normalise_url.
    """
    return _digest(_without_www(normalise_url(url).partition("://")[2]))


def url_host(url: str) -> str:
    """The host of an address, without ``www.`` and port: "example.org". Raises as normalise_url."""
    return _without_www(_url_parts(url)[1])


def _without_www(text: str) -> str:
    host = re.split("[/?#:]", text, maxsplit=1)[0]
    return text[4:] if host.startswith("www.") and "." in host[4:] else text


def _url_parts(url: str) -> tuple[str, str, str, str]:
    """Scheme, host, ``:port`` or nothing, and all the rest, each in normal form."""
    url = url.strip(_SPACES + "\ufeff\u200b")
    if len(url) > _URL_LIMIT:
        raise InvalidDataError(
            f"The address is {len(url):,} characters long; at most {_URL_LIMIT:,} are kept."
        )
    if any(c.isspace() or unicodedata.category(c) in ("Cc", "Cs") for c in url):
        raise InvalidDataError(
            "The address holds a space, a line break or another character that can't stand in one."
        )
    match = re.fullmatch(_URL, url)
    if match is None:
        raise InvalidDataError(_not_an_address(url))
    scheme = match[1].lower()
    host, port = _host_and_port(match[2], scheme)
    rest = _path(match[3])
    query = "&".join(
        part for part in map(_query_part, (match[4] or "").split("&")) if part is not None
    )
    if query:
        rest += f"?{query}"
    fragment = (match[5] or "").split(":~:", 1)[0]
    if fragment[:1] in ("!", "/") and len(fragment) > 1:
        rest += "#" + _percent(fragment, _IN_QUERY)
    return scheme, host, port, rest


def _not_an_address(url: str) -> str:
    shown = url if len(url) <= 80 else url[:79] + "…"
    head = re.split("[/?#]", url.removeprefix("//"), maxsplit=1)[0]
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+-]*):", url)
    if scheme is not None and not re.fullmatch(r"[^:]+:[0-9]+", head):
        if scheme[1].lower() in ("http", "https"):
            return "An address has two slashes after its scheme: write https://…"
        return f"A source's address begins with http:// or https://, not with {scheme[1][:20]}:."
    if "@" in head:
        return "A source's address begins with https://, and holds no user name or password."
    if "." in head.strip(".") or head.lower().startswith("localhost"):
        return f"The address has no scheme: write https://{shown.removeprefix('//')}"
    return f'"{shown}" is not an address: write it in full, as in https://example.org/article.'


def _host_and_port(authority: str, scheme: str) -> tuple[str, str]:
    if "@" in authority:
        raise InvalidDataError(
            "The address holds a user name or password: write it without what stands before the @."
        )
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        host += bracket
        if not bracket or (port and not port.startswith(":")):
            raise InvalidDataError("The address has no host that can be read.")
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
    if port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise InvalidDataError("The address has a bad port: it is a number from 1 to 65535.")
    port = str(int(port)) if port else ""
    return _host(host), "" if port in ("", _PORTS[scheme]) else f":{port}"


def _host(host: str) -> str:
    if not host:
        raise InvalidDataError("The address has no host: write it as https://example.org/article.")
    if host.startswith("["):
        import ipaddress

        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError as error:
            raise InvalidDataError("The address has a bad IPv6 host.") from error
    if not host.isascii():
        host = ".".join(_idna(label) for label in re.split("[.。．｡]", host[:300]))
    host = host.lower()
    host = host.removesuffix(".")
    if not re.fullmatch(_HOST, host):
        raise InvalidDataError("The address has no host that can be read.")
    return host


def _idna(label: str) -> str:
    if label.isascii():
        return label
    if len(label) <= 63:
        lower = unicodedata.normalize("NFC", label.lower())
        try:
            if "ß" in lower or "ς" in lower:
                # Browsers follow UTS 46, where these are letters of their own; Python's codec is
                # IDNA 2003 and would lead to somebody else's host.
                return "xn--" + lower.encode("punycode").decode("ascii")
            return lower.encode("idna").decode("ascii")
        except UnicodeError:
            pass
    raise InvalidDataError("The address has no host that can be read.")


def _percent(text: str, safe: frozenset[str]) -> str:
    def normal(match: re.Match[str]) -> str:
        found = match[0]
        if len(found) == 3:
            char = chr(int(found[1:], 16))
            return char if char in _UNRESERVED else found.upper()
        if found in safe:
            return found
        return "".join(f"%{byte:02X}" for byte in found.encode())

    return re.sub(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~-]", normal, text)


def _path(path: str) -> str:
    """Dot segments resolved (RFC 3986, 5.2.4), no slash at the end."""
    kept: list[str] = []
    for segment in _percent(path, _IN_PATH).split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/".join(["", *kept]).rstrip("/")


def _query_part(part: str) -> str | None:
    part = _percent(part, _IN_QUERY)
    name = part.partition("=")[0].lower()
    if not part or name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return None
    return part
