"""What a search asks for."""

from __future__ import annotations

from sqlalchemy import Connection, text

from claimtrack.errors import InvalidDataError
from claimtrack.keys import clean_text
from claimtrack.searching.query import parse, rows
from claimtrack.searching.reading import sought
from claimtrack.services.matching.texts import load_languages
from claimtrack.services.search.finding import is_found
from claimtrack.services.search.mending import given_way, mended
from claimtrack.services.search.question import Question

#: How many characters a search may have.
LIMIT = 1000

#: Of claims that wait for their postings so many are read, the newest.
WAITING = 1000


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
    if past:  # today's words are not those of then
        return found
    node, taken = mended(connection, node, languages, found.waiting)
    found = found._replace(node=node, taken=taken)
    if is_found(connection, found):
        return found
    # Of words that claims have, though none has them all, one may be a slip.
    for other, instead in given_way(connection, node, languages):
        closer = found._replace(node=other, taken=(*taken, instead))
        if is_found(connection, closer):
            return closer
    return found
