"""How many claims have a word, as the words were counted last."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from claimtrack.matching.terms import term

#: So many words are remembered of a connection: those of a few thousand texts and their candidates.
_REMEMBERED = 200_000
_NAME = "claimtrack.frequencies"


def frequencies(connection: Connection, kinds: Iterable[str]) -> dict[str, int]:
    """How many claims have each of the stems; 0 for those that weren't counted.

    A connection is asked for a stem once: who looks for many texts meets the same words again and
    again, and to look up a thousand of them takes longer than anything else in the database.
    """
    known: dict[str, int] = connection.info.setdefault(_NAME, {})
    wanted = set(kinds)
    if len(known) > _REMEMBERED:
        known.clear()
    by_term = {term(stem): stem for stem in wanted.difference(known)}
    if by_term:
        known.update(dict.fromkeys(by_term.values(), 0))
        for row in connection.execute(text(_COUNTED), {"terms": list(by_term)}):
            stem = by_term[row.term]
            known[stem] = max(row.claims, known[stem])  # a word can stand there twice
    return {stem: known[stem] for stem in wanted}


_COUNTED = "SELECT term, claims FROM word WHERE term = ANY (CAST(:terms AS bigint[]))"
