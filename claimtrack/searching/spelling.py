"""Words that differ from another by a slip: a letter too many, too few, wrong or swapped. Pure."""

from __future__ import annotations

from functools import cache

from claimtrack.matching.terms import fold

#: Of a shorter word too many others are near.
ONE_SLIP_FROM = 4
TWO_SLIPS_FROM = 8


def slips_in(word: str) -> int:
    """How many slips a word is allowed. In a figure none: another figure is another claim."""
    if not word.isalpha() or len(word) < ONE_SLIP_FROM:
        return 0
    return 2 if len(word) >= TWO_SLIPS_FROM else 1


def one_slip(word: str) -> set[str]:
    """All that differs from a word by one slip, in the letters of its script."""
    letters = set().union(*(_alphabet(ord(char) & ~0x7F) for char in word))
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    fewer = {left + right[1:] for left, right in cuts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    wrong = {left + letter + right[1:] for left, right in cuts if right for letter in letters}
    more = {left + letter + right for left, right in cuts for letter in letters}
    return (fewer | swapped | wrong | more) - {word}


@cache
def _alphabet(block: int) -> frozenset[str]:
    """The small letters of a block of Unicode, where they stand once accents are folded."""
    return frozenset(
        char
        for char in map(chr, range(block, block + 0x80))
        if char.isalpha() and char == char.lower() and char == fold(char)
    )


def slips(one: str, other: str, most: int, *, begins: bool = False) -> int:
    """By how many slips two words differ; if by more than ``most``, then ``most`` + 1.

    The distance of Damerau and Levenshtein, in which no letter is moved twice. With ``begins``
    the first word is compared with that beginning of the other from which it differs least.
    """
    if len(one) - len(other) > most or (len(other) - len(one) > most and not begins):
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        row = [at]
        for place, theirs in enumerate(other, 1):
            cost = min(last[place] + 1, row[-1] + 1, last[place - 1] + (letter != theirs))
            if at > 1 and place > 1 and letter == other[place - 2] and theirs == one[at - 2]:
                cost = min(cost, before[place - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(min(last) if begins else last[-1], most + 1)
