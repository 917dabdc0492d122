"""The names of speakers: the key that makes two spellings one, and who may be meant by a near miss.

Pure. A change to `name_key` changes stored keys, so it needs a migration that computes them again;
`near_names` only raises a question, and asking is cheap: a false one costs a key press, a speaker
recorded twice costs an afternoon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from claimtrack.keys import chunks, fold, key_of, word_set, words_of

_TITLES = word_set(
    """mr mrs ms miss mx dr doctor prof professor sir dame lord lady hon honourable honorable rev
    reverend president premier chancellor minister secretary senator sen representative rep
    congressman congresswoman governor gov mayor general gen lieutenant lt colonel col maj captain
    capt sergeant sgt commander cmdr admiral adm brigadier brig marshal ambassador amb judge
    ayatollah speaker spokesman spokeswoman spokesperson herr frau mme monsieur"""
)
#: What may stand before a title: "former", "acting", and the field of a minister.
_BEFORE_TITLES = word_set(
    """the former ex then acting interim late deputy vice first prime foreign defence defense
    interior exterior finance health justice education economy energy trade agriculture
    environment transport labour labor culture home oil information attorney major chief"""
)
#: After a title these say that it is an office and no name: "President of …", "Minister for …".
_LINKS = word_set("of for and at in on to the")
#: With one of these the name is a house's, however it begins: "General Motors".
_HOUSES = word_set(
    """office council ministry department assembly staff command committee commission court party
    university college hospital institute foundation association group inc ltd llc plc company
    corporation bank directorate secretariat motors electric mills dynamics authority
    administration organisation organization union federation agency service services force forces
    army navy police security intelligence school centre center museum library campaign team
    palace fund network society alliance front movement brigade brigades coalition congress
    parliament senate news times post radio television tv press media journal republic
    women defence defense"""
)


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
    return key_of(_without_titles(name), name)


def _without_titles(name: str) -> list[str]:
    """The folded words after leading titles; all of them where the title is the name."""
    pieces = chunks(fold(name))
    words = [word for word, _ in pieces]
    start = at = 0
    while at < len(words):
        if words[at] in _TITLES:
            at += 3 if words[at : at + 3] == ["secretary", "of", "state"] else 1
            start = at
        elif words[at] in _BEFORE_TITLES:
            at += 1
        else:
            break
    rest = words[start:]
    if (
        not start
        or not pieces[start - 1][1]  # "Gen-Probe" is one word
        or sum(map(len, rest)) < 2
        or rest[0] in _LINKS
        or not _HOUSES.isdisjoint(rest)
    ):
        return words
    return rest


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


# --- Near names ---------------------------------------------------------------------------------

#: Titles at the beginning of a line, in the rough: for a first look.
_LEADING_TITLES = (
    f"\n(?:(?:{'|'.join(sorted(_BEFORE_TITLES))}) )*(?:(?:{'|'.join(sorted(_TITLES))}) )+"
)
_VOWELS = frozenset("aeiouy")
#: First letters that take each other's place in transliterations: Qaddafi, Gaddafi, Kadafi.
_INITIALS = [_VOWELS, frozenset("gq"), frozenset("kqcx"), frozenset("jy"), frozenset("vw")]
#: Consonants that _sound leaves as they are.
_FIRM = frozenset("bdlmnrz")


def near_names(name: str, candidates: Iterable[tuple[int, str]]) -> list[int]:
    """The ids of the speakers whose name is nearly this one, best first.

    ``candidates`` are pairs of a speaker's id and one of its names as written; a speaker may come
    with several. Near is: the words in another order, one typing error anywhere in a name of six
    letters or more, one in each word of five letters or more (two from nine on), another
    transliteration ("Muhammad", "Mohammed"), an initial, the family name alone, or the name with
    up to two words more. Not near: short words that differ ("Ali", "Adi"), a given name two
    letters away, the feminine form ("Petrov", "Petrova"), another number or another house ("BBC
    News", "ABC News"). A speaker with exactly this name among its names is left out.
    """
    pairs = [(speaker, alias) for speaker, alias in candidates if alias]
    wanted = _spoken_words(name)
    if not wanted or not pairs:
        return []
    # Every call reads every name, so the first look is at all of them as one text.
    text = fold("\n".join([alias.replace("\n", " ") for _, alias in pairs])).replace("-", " ")
    joined = re.sub(_LEADING_TITLES, "\n", "\n" + text).replace(" ", "").split("\n")[1:]
    telling, others = _alike(wanted, set(text.split()))
    key = "".join(wanted)
    # One error leaves the beginning or the end as it was.
    begin, end = (key[:2], key[-2:]) if len(key) < 7 else (key[:3], key[-3:])
    best: dict[int, int] = {}
    for (speaker, alias), line, letters in zip(pairs, text.split("\n"), joined, strict=True):
        words = line.split()
        if (
            not telling.isdisjoint(words)
            or (others and len(others.intersection(words)) > 1)
            or (
                abs(len(letters) - len(key)) <= 2
                and (letters.startswith(begin) or letters.endswith(end))
            )
        ):
            distance = _names_apart(wanted, _spoken_words(alias))
            if distance is not None and distance < best.get(speaker, 99):
                best[speaker] = distance
    exact = "".join(_without_titles(name))
    known = {s for s, alias in pairs if s in best and "".join(_without_titles(alias)) == exact}
    return sorted(best.keys() - known, key=lambda speaker: (best[speaker], speaker))


def _spoken_words(name: str) -> list[str]:
    """The words as spoken, without titles: "Lavrov, Sergei" turned round.

    What stands before a title goes too ("Russian Foreign Minister …"): as a key that would be a
    guess, for a likeness it is good enough.
    """
    family, comma, given = name.partition(",")
    if comma and "," not in given and words_of(family) and words_of(given):
        name = f"{given} {family}"
    words = _without_titles(name)
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
    others: set[str] = set()
    if len(wanted) > 2:
        others.update(*(_nearly(word, words) for word in wanted if word not in _LINKS))
    elif len(wanted) == 2:
        others.update(wanted)
    return _nearly(telling[-1], words), others


def _nearly(word: str, words: set[str]) -> set[str]:
    if len(word) < 4:
        return {word}
    first, low, high = _initials_like(word[0]), len(word) - 2, len(word) + 2
    return {word}.union(
        other
        for other in words
        if low <= len(other) <= high and other[0] in first and _word_apart(word, other) is not None
    )


def _names_apart(a: list[str], b: list[str]) -> int | None:
    """How far two names are from each other (0 is nearest); None if they aren't near."""
    if not b or len(a) > 12 or len(b) > 12:
        return None
    if a == b:
        return 0
    if sorted(a) == sorted(b):
        return 1
    if len(a) == len(b):
        apart = _pairs_apart(a, b)
        if apart is not None:
            return 1 + apart
    elif 1 in (len(a), len(b)) and abs(len(a) - len(b)) <= 2:
        apart = _word_apart("".join(a), "".join(b))
        if apart is not None:
            return 2 + apart
    if len(a) != len(b):
        apart = _part_apart(*sorted((a, b), key=len))
        if apart is not None:
            return apart
    return 3 if _one_slip(a, b) else None


def _one_slip(a: list[str], b: list[str]) -> bool:
    """Whether one letter makes the difference, and that can be an error of typing."""
    one, other = "".join(a), "".join(b)
    differing = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    return (
        max(len(one), len(other)) >= 6
        and abs(len(one) - len(other)) <= 1
        # The short words of houses and offices are letters and countries: ABC, BBC; Iran, Iraq.
        and (_HOUSES | {"of", "for"}).isdisjoint(a + b)
        and list(filter(str.isdigit, one)) == list(filter(str.isdigit, other))
        and not (len(differing) == 1 and _feminine(*differing[0]))
        and _edits(one, other) == 1
    )


def _initials_like(letter: str) -> set[str]:
    return {letter}.union(*(group for group in _INITIALS if letter in group))


def _pairs_apart(a: list[str], b: list[str]) -> int | None:
    total, same, initial = 0, 0, False
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
    """Whether one has an "a" more, or for another vowel, at its end: Petrova, Maria, Kowalska."""
    short, long = sorted((a, b), key=len)
    if len(short) < len(long):
        return long == short + "a"
    ends = {a[-1], b[-1]}
    return a[:-1] == b[:-1] and len(ends) == 2 and "a" in ends and ends <= _VOWELS


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
