"""Words of a search that no claim has, and what they are taken for.

A word is taken for the words that begin with it, else for one that differs by a slip or two;
whoever asked is told. What is a stem in one language may be another word's in the next (a Finnish
"clintin" is Clint's), so that a stem counts in the claims of its own language alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, text

from claimtrack.matching.terms import main_language, stem, term
from claimtrack.searching.query import Node, Word, replaced, rows
from claimtrack.searching.reading import stems_in, tokens
from claimtrack.searching.spelling import one_slip, slips, slips_in
from claimtrack.services.search.question import Taken
from claimtrack.services.search.texts import texts_of

#: From so many letters on, what nobody wrote may be the beginning of a word.
_BEGINNING_FROM = 3
#: And of so many words at most.
_BEGIN = 200

#: Two slips are sought among words with the same first letters, and in the claims of so many.
_SAME = 2
_LIKELY = 12

#: So many words of a search may give way, each to so many others that far more claims have.
_GIVE_WAY = 3
_FAR_MORE = 10

#: A word in more claims is not counted on.
_OFTEN = 1000


def mended(
    connection: Connection, node: Node, languages: Sequence[str], waiting: Sequence[int]
) -> tuple[Node, tuple[Taken, ...]]:
    """A search with other words for those that no claim has, and which these are.

    ``waiting`` are claims that have no postings yet: they are read themselves.
    """
    words = {word for row in rows(node) for word in row.words if not (word.stems or word.made)}
    said = {word.text for word in words if not word.begins and _stems(word.text, languages)}
    lost = said - _found(connection, said, languages, {}, 1).keys()
    read = _stems_of(connection, waiting) if lost or len(said) < len(words) else {}
    lost = {word for word in lost if not _read_in(read, _stems(word, languages))}
    instead: dict[Word, Word] = {}
    taken: list[Taken] = []
    for word in sorted(words, key=lambda word: word.text):
        if word.begins:
            stems = stems_in(word, languages).union(_beginning(connection, word.text, read))
            instead[word] = Word(word.text, stems=stems)
        elif word.text in lost and (near := _instead(connection, word.text, languages, read)):
            instead[word], shown = near
            taken.append(Taken(word.text, shown, bool(instead[word].stems)))
    if not instead:
        return node, ()
    return replaced(node, lambda word: instead.get(word, word)), tuple(taken)


def given_way(
    connection: Connection, node: Node, languages: Sequence[str]
) -> Iterator[tuple[Node, Taken]]:
    """The search with another word for one that few claims have, the likeliest first.

    The other differs by a slip, and far more claims have it.
    """
    words = {
        word.text: word
        for row in rows(node)
        for word in row.words
        if slips_in(word.text) and not (word.begins or word.stems or word.made)
    }
    if sum(1 for _ in rows(node)) == 1 and len(words) < 2:
        return  # a word alone is found, if it is known
    often = _found(connection, words, languages, {}, _OFTEN)
    for typed in sorted(often, key=lambda one: (often[one], one))[:_GIVE_WAY]:
        near = _found(connection, one_slip(typed), languages, {}, _OFTEN)
        more = [one for one, count in near.items() if count >= _FAR_MORE * often[typed]]
        more.sort(key=lambda one: (one[0] != typed[0], -near[one], one))
        for other in more[:_GIVE_WAY]:
            form, _ = _form(connection, other, near, languages, {})
            if not set(_stems(form, languages)) & set(_stems(typed, languages)):
                yield (
                    _exchanged(node, words[typed], Word(form)),
                    Taken(typed, form, beside=True),
                )


def _exchanged(node: Node, word: Word, other: Word) -> Node:
    return replaced(node, lambda one: other if one == word else one)


#: A stem of a word, and the languages in which it is that, with spaces between them.
_Stem = tuple[str, str]
#: Stems of claims that have no postings yet, by language; each with a word as it was written.
_Read = Mapping[tuple[str, str], str]


def _stems(word: str, languages: Sequence[str]) -> list[_Stem]:
    """The stems of a word; none if it says nothing in one of the languages.

    What is a stopword somewhere is no slip, be it unheard of elsewhere.
    """
    spoken: dict[str, list[str]] = {}
    for language in languages:
        spoken.setdefault(stem(word, language), []).append(language)
    return [] if "" in spoken else [(own, " ".join(those)) for own, those in spoken.items()]


def _read_in(read: _Read, stems: Iterable[_Stem]) -> bool:
    return any((own, one) in read for own, spoken in stems for one in spoken.split())


def _found(
    connection: Connection,
    words: Iterable[str],
    languages: Sequence[str],
    read: _Read,
    most: int,
) -> dict[str, int]:
    """Those of the words that claims have, with in how many; of a stem ``most`` are counted."""
    stems = {word: _stems(word, languages) for word in words}
    asked = sorted({one for own in stems.values() for one in own})
    rows = connection.execute(
        text(_COUNTED),
        {
            "terms": [term(own) for own, _ in asked],
            "spoken": [spoken for _, spoken in asked],
            "all": " ".join(languages),
            "most": most,
        },
    )
    counts = dict(zip(asked, (row.found for row in rows), strict=True))
    found = {
        word: sum(counts[one] for one in own) + _read_in(read, own) for word, own in stems.items()
    }
    return {word: count for word, count in found.items() if count}


# Where a word has the same stem in all languages, no claim is asked for its own.
_COUNTED = """
    SELECT (SELECT count(*) FROM (
        SELECT FROM posting WHERE posting.term = asked.term AND (asked.spoken = :all OR EXISTS (
            SELECT FROM claim WHERE claim.id = claim_id
            AND split_part(language, '-', 1) = ANY (string_to_array(asked.spoken, ' '))
        )) LIMIT :most
    ) AS capped) AS found
    FROM unnest(CAST(:terms AS bigint[]), CAST(:spoken AS text[])) WITH ORDINALITY
        AS asked (term, spoken, place)
    ORDER BY place
"""


def _stems_of(connection: Connection, claim_ids: Sequence[int]) -> _Read:
    return {
        (stem(token.word, language), language): token.word
        for texts in texts_of(connection, claim_ids).values()
        for told in texts
        for language in [main_language(told.language)]
        for token in tokens(told.text)
    }


def _instead(
    connection: Connection, word: str, languages: Sequence[str], read: _Read
) -> tuple[Word, str] | None:
    """What a word is taken for, and a word of claims that is meant by it."""
    if len(word) >= _BEGINNING_FROM and (beginning := _beginning(connection, word, read)):
        likeliest = min(beginning, key=lambda one: (-beginning[one], one))
        written = _as_written(connection, (likeliest, None), read)
        shown = min(written, key=lambda one: (slips(one, word, 2), one), default=likeliest)
        return Word(word, stems=frozenset(beginning)), shown
    allowed = slips_in(word)
    near = _one_slip(connection, word, languages, read) if allowed else None
    if near is None and allowed > 1:
        near = _two_slips(connection, word, read)
    return None if near is None else (Word(near), near)


def _like(beginning: str) -> str:
    return beginning.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "%"


def _beginning(connection: Connection, word: str, read: _Read) -> Mapping[str, int]:
    """Stems that begin so, each with how many claims have it; the most frequent if many do."""
    rows = connection.execute(
        text(
            "SELECT stem, max(found) AS found FROM word WHERE stem LIKE :like AND EXISTS"
            " (SELECT FROM posting WHERE posting.term = word.term)"
            " GROUP BY stem ORDER BY found DESC, stem LIMIT :most"
        ),
        {"like": _like(word), "most": _BEGIN},
    )
    begun = {own: 1 for own, _ in read if own.startswith(word)}
    return begun | {row.stem: row.found for row in rows}


def _one_slip(
    connection: Connection, word: str, languages: Sequence[str], read: _Read
) -> str | None:
    """A word that differs by one slip; the most frequent with the same first letter."""
    found = _found(connection, one_slip(word), languages, read, _OFTEN)
    order = sorted(found, key=lambda near: (near[0] != word[0], -found[near], near))
    likely: list[str] = []
    for near in order[:_LIKELY]:
        form, sure = _form(connection, near, found, languages, read)
        if sure:
            return form
        likely.append(form)
    return likely[0] if likely else None


def _form(
    connection: Connection,
    near: str,
    found: Collection[str],
    languages: Sequence[str],
    read: _Read,
) -> tuple[str, bool]:
    """Of the forms of a word one that somebody wrote and that is among those found, else itself.

    And whether it is a word: "hous" is the stem of a house, but nobody writes it.
    """
    stems = _stems(near, languages)
    written = {one for own in stems for one in _as_written(connection, own, read)}
    if near in written:
        return near, True
    return min(written & set(found), default=near), any(own != near for own, _ in stems)


def _two_slips(connection: Connection, word: str, read: _Read) -> str | None:
    """A word that differs by two slips, of those whose first letters are the same.

    A stem has lost its ending, so that words with the likeliest stems are read in their claims.
    """
    rows = connection.execute(
        text(
            "SELECT stem, max(found) AS found FROM word WHERE stem LIKE :like"
            " AND length(stem) BETWEEN :least AND :most GROUP BY stem"
        ),
        {"like": _like(word[:_SAME]), "least": len(word) // 2, "most": len(word) + 2},
    )
    found = {own: 1 for own, _ in read if own.startswith(word[:_SAME])}
    found |= {row.stem: row.found for row in rows}
    near = [
        (distance, -len(own), -count, own)
        for own, count in found.items()
        if (distance := slips(own, word, 2, begins=True)) <= 2
    ]
    good = [
        (distance, place, written)
        for place, (*_, own) in enumerate(sorted(near)[:_LIKELY])
        for written in _as_written(connection, (own, None), read)
        if (distance := slips(written, word, 2)) <= 2
    ]
    return min(good)[2] if good else None


def _as_written(connection: Connection, stemmed: tuple[str, str | None], read: _Read) -> set[str]:
    """A stem as the words that stand in claims which have it, in the first few of them.

    With languages beside it, only in claims of these.
    """
    own, spoken = stemmed
    tongues = None if spoken is None else spoken.split()
    numbers = connection.scalars(
        text(
            "SELECT COALESCE(claim.merged_into_id, claim.id) FROM (SELECT claim_id FROM posting"
            " WHERE term = :term ORDER BY weight DESC, claim_id LIMIT 5) AS heaviest"
            " JOIN claim ON claim.id = claim_id"
        ),
        {"term": term(own)},
    ).all()
    return {
        written
        for (one, language), written in read.items()
        if one == own and (tongues is None or language in tongues)
    } | {
        token.word
        for texts in texts_of(connection, numbers).values()
        for told in texts
        for language in [main_language(told.language)]
        if tongues is None or language in tongues
        for token in tokens(told.text)
        if stem(token.word, language) == own
    }
