"""What a search asks for, with the words that nobody wrote mended.

A word that no claim has is taken for the words that begin with it, else for one that differs by a
slip or two; whoever asked is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from claimtrack.errors import InvalidDataError
from claimtrack.keys import clean_text
from claimtrack.matching.terms import fold, main_language, stem, term
from claimtrack.searching.query import Node, Word, parse, replaced, rows
from claimtrack.searching.reading import sought, tokens
from claimtrack.searching.spelling import one_slip, slips, slips_in
from claimtrack.services.matching.texts import load_languages
from claimtrack.services.search.texts import texts_of

#: How many characters a search may have.
LIMIT = 1000

#: From so many letters on, what nobody wrote may be the beginning of a word.
_BEGINNING_FROM = 3
#: And of so many words at most.
_BEGIN = 200

#: Two slips are sought among words with the same first letters, and in the claims of so many.
_SAME = 2
_LIKELY = 12

#: Of claims that wait for their postings so many are read, the newest.
WAITING = 1000


class Taken(NamedTuple):
    """A word that no claim has, and one that was looked for instead; ``begins``: all like it."""

    typed: str
    instead: str
    begins: bool


class Question(NamedTuple):
    """A search as it is carried out.

    ``languages`` are those of the claims. ``waiting`` are claims whose postings are yet to be
    made: they are read themselves, if they are not ``too_many``.
    """

    node: Node
    languages: tuple[str, ...]
    taken: tuple[Taken, ...] = ()
    waiting: tuple[int, ...] = ()
    too_many: bool = False


def ask(connection: Connection, typed: str) -> Question:
    """Read what was typed.

    Raises:
        InvalidDataError: there is no word in it by which to find something, or it is too long.
    """
    node = parse(clean_text(typed, "text to look for", limit=LIMIT))
    if node is None:
        raise InvalidDataError("There is no word in the text to look for: write one or more.")
    past = bool(connection.get_execution_options().get("of_the_past"))
    languages = load_languages(connection)
    if not any(
        sought(word, language)
        for row in (*rows(node), *rows(node, wanted=False))
        for word in row.words
        for language in languages
    ):
        raise InvalidDataError(
            "Such words are in most texts: add one that says what the claim is about."
        )
    due = connection.scalars(
        text("SELECT DISTINCT claim_id FROM posting_due ORDER BY claim_id DESC LIMIT :most"),
        {"most": WAITING + 1},
    ).all()
    found = Question(node, languages, (), tuple(due[:WAITING]), len(due) > WAITING)
    # Today's words are not those of then.
    return found if past else _mended(connection, found)


def stems_in(word: Word, languages: Iterable[str]) -> frozenset[str]:
    """By which stems a word is found in claims of these languages."""
    return frozenset().union(*(sought(word, language) for language in languages))


def _mended(connection: Connection, asked: Question) -> Question:
    words = {word for row in rows(asked.node) for word in row.words if not word.stems}
    stems = {word: stems_in(word, asked.languages) for word in words}
    known = _known(connection, {one for own in stems.values() for one in own})
    lost = {word for word, own in stems.items() if own and not own & known and not word.begins}
    read = _stems_of(connection, asked.waiting) if lost else {}
    lost = {word for word in lost if not stems[word] & read.keys()}
    instead: dict[Word, Word] = {}
    taken: list[Taken] = []
    for word in sorted(words, key=lambda word: word.text):
        if word.begins:
            beginning = _beginning(connection, word.text, read)
            instead[word] = Word(word.text, stems=stems[word].union(beginning))
        elif word in lost and (found := _instead(connection, word.text, asked.languages, read)):
            begins, near = found
            instead[word] = Word(word.text, stems=frozenset(near))
            written = [read[near[0]]] if near[0] in read else _as_written(connection, near[0])
            # Of its forms the one that is most like what was typed.
            shown = min(written, key=lambda one: (slips(one, word.text, 2), one), default=near[0])
            taken.append(Taken(word.text, shown, begins))
    if not instead:
        return asked
    node = replaced(asked.node, lambda word: instead.get(word, word))
    return asked._replace(node=node, taken=tuple(taken))


def _known(connection: Connection, stems: Iterable[str]) -> set[str]:
    """Those of the stems that claims have."""
    by_term = {term(one): one for one in stems}
    there = connection.scalars(
        text(
            "SELECT term FROM unnest(CAST(:terms AS bigint[])) AS term"
            " WHERE EXISTS (SELECT FROM posting WHERE posting.term = term.term)"
        ),
        {"terms": list(by_term)},
    )
    return {by_term[one] for one in there}


def _stems_of(connection: Connection, claim_ids: Sequence[int]) -> dict[str, str]:
    """The stems of claims, each with a word as it was written."""
    return {
        stem(token.word, main_language(told.language)): told.text[token.start : token.end].lower()
        for texts in texts_of(connection, claim_ids).values()
        for told in texts
        for token in tokens(told.text)
    }


def _instead(
    connection: Connection, word: str, languages: Sequence[str], read: Mapping[str, str]
) -> tuple[bool, list[str]] | None:
    """What a word is taken for: stems, and whether they begin with it.

    ``read`` are stems of claims that have no postings yet.
    """
    if len(word) >= _BEGINNING_FROM and (beginning := _beginning(connection, word, read)):
        return True, sorted(beginning, key=lambda one: (-beginning[one], one))
    allowed = slips_in(word)
    if allowed and (near := _one_slip(connection, word, languages, read)):
        return False, [near]
    if allowed > 1 and (near := _two_slips(connection, word, read)):
        return False, [near]
    return None


def _like(beginning: str) -> str:
    return beginning.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "%"


def _beginning(connection: Connection, word: str, read: Collection[str]) -> Mapping[str, int]:
    """Stems that begin so, each with how many claims have it; the most frequent if many do."""
    rows = connection.execute(
        text(
            "SELECT stem, max(found) AS found FROM word WHERE stem LIKE :like AND EXISTS"
            " (SELECT FROM posting WHERE posting.term = word.term)"
            " GROUP BY stem ORDER BY found DESC, stem LIMIT :most"
        ),
        {"like": _like(word), "most": _BEGIN},
    )
    return {own: 1 for own in read if own.startswith(word)} | {row.stem: row.found for row in rows}


def _one_slip(
    connection: Connection, word: str, languages: Iterable[str], read: Collection[str]
) -> str | None:
    """The stem of a word that differs by one slip; the most frequent with the same first letter."""
    stems = {
        own: near for near in one_slip(word) for tongue in languages if (own := stem(near, tongue))
    }
    by_term = {term(own): own for own in stems}
    rows = connection.execute(
        text(
            "SELECT term, (SELECT count(*) FROM (SELECT FROM posting"
            " WHERE posting.term = term.term LIMIT 1000) AS capped) AS found"
            " FROM unnest(CAST(:terms AS bigint[])) AS term"
            " WHERE EXISTS (SELECT FROM posting WHERE posting.term = term.term)"
        ),
        {"terms": list(by_term)},
    )
    found = {own: 1 for own in stems if own in read}
    found |= {by_term[row.term]: row.found for row in rows}
    order = sorted(found, key=lambda own: (stems[own][0] != word[0], -found[own], own))
    return order[0] if order else None


def _two_slips(connection: Connection, word: str, read: Mapping[str, str]) -> str | None:
    """The stem of the word that differs by two slips, of those whose first letters are the same.

    A stem has lost its ending, so that words with the likeliest stems are read in their claims.
    """
    rows = connection.execute(
        text(
            "SELECT stem, max(found) AS found FROM word WHERE stem LIKE :like"
            " AND length(stem) BETWEEN :least AND :most GROUP BY stem"
        ),
        {"like": _like(word[:_SAME]), "least": len(word) // 2, "most": len(word) + 2},
    )
    found = {own: 1 for own in read if own.startswith(word[:_SAME])}
    found |= {row.stem: row.found for row in rows}
    near = [
        (distance, -len(own), -count, own)
        for own, count in found.items()
        if (distance := slips(own, word, 2, begins=True)) <= 2
    ]
    likeliest = [own for *_, own in sorted(near)[:_LIKELY]]
    written = [(own, shown) for own, shown in read.items() if own in likeliest]
    written += [(own, shown) for own in likeliest for shown in _as_written(connection, own)]
    good = [(slips(shown, word, 2), own) for own, shown in written]
    return min(good)[1] if good and min(good)[0] <= 2 else None


def _as_written(connection: Connection, own: str) -> list[str]:
    """A stem as the words that stand in claims which have it, in the first few of them."""
    numbers = connection.scalars(
        text(
            "SELECT COALESCE(claim.merged_into_id, claim.id) FROM (SELECT claim_id FROM posting"
            " WHERE term = :term ORDER BY weight DESC, claim_id LIMIT 5) AS heaviest"
            " JOIN claim ON claim.id = claim_id"
        ),
        {"term": term(own)},
    ).all()
    return [
        fold(told.text[token.start : token.end]).lower()
        for texts in texts_of(connection, numbers).values()
        for told in texts
        for token in tokens(told.text)
        if stem(token.word, main_language(told.language)) == own
    ]
