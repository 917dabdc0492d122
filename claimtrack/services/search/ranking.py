"""What a search finds, best first, each claim with the parts of its texts that were found."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, func, text

from claimtrack.errors import NotFoundError
from claimtrack.models.claims import claim
from claimtrack.searching.query import Node, in_a_row
from claimtrack.searching.reading import Snippet, Text, snippet, spans
from claimtrack.services.lines import ListedClaim, lines_of
from claimtrack.services.listing import (
    PAGE,
    ClaimFilter,
    chosen_ids,
    pages_of_ids,
    wanted,
)
from claimtrack.services.search.finding import best
from claimtrack.services.search.question import Question
from claimtrack.services.search.texts import Told, having, texts_of

#: Of one claim so many texts are shown, its statement and those with the most hits.
_SHOWN = 4

#: Of so many claims the texts are looked at first, and of twice as many each time.
_LOOKED_AT = 64


class Shown(NamedTuple):
    """A part of a text with its hits: of which field, and of which appearance if of one."""

    field: str
    appearance: str | None
    part: Snippet


class Hit(NamedTuple):
    """A claim that was found."""

    line: ListedClaim
    shown: tuple[Shown, ...]


def search(
    connection: Connection, asked: ClaimFilter, limit: int | None, after: int | None = None
) -> Iterator[Hit]:
    """The claims of a filter with a `Question`, best first, from behind ``after`` on.

    Those come first in which the words stand in a row as they were typed, and how good is the sum
    of what the words weigh, after BM25. Where all words of a search are very common, those come
    first that say most of them, and then the newest.

    Raises as `claimtrack.services.listing.claim_ids`, and:
        NotFoundError: ``after`` is not among what is found.
    """
    question = asked.text
    assert isinstance(question, Question)  # noqa: S101 - the command line has asked it
    order = _order(connection, asked, question)
    if after is not None:
        order = _behind(order, after)
    shown = islice(order, limit)
    while page := list(islice(shown, PAGE)):
        found = lines_of(connection, page)
        texts = texts_of(connection, page)
        for number in page:
            line = found[number]
            yield Hit(line, _shown(question.node, line.statement, texts[number]))


def _order(connection: Connection, asked: ClaimFilter, question: Question) -> Iterator[int]:
    found = best(connection, question)
    conditions = wanted(connection, asked._replace(text=None))
    among = claim.c.id == func.any(sorted(found.scores))
    chosen = chosen_ids(conditions._replace(claim=[*conditions.claim, among]), None, None)
    first = set(connection.scalars(chosen))
    whole = _saying(connection, question.node, first)
    ordered = sorted(
        first, key=lambda number: (number not in whole, -found.scores[number], -number)
    )
    size, at = _LOOKED_AT, 0
    while page := ordered[at : at + size]:
        fit = having(connection, question.node, page) if found.look else page
        yield from (number for number in page if number in fit)
        at, size = at + size, min(2 * size, PAGE)
    if not found.whole:
        for rest in pages_of_ids(connection, asked, None):
            yield from (number for number in rest if number not in first)


def _saying(connection: Connection, node: Node, numbers: Collection[int]) -> set[int]:
    """Those of the claims that say all that was typed in a row, in their own words or a title's."""
    typed = in_a_row(node)
    if len(typed) < 2 or not numbers:
        return set()
    # Between two words a blank, a mark or a genitive's s.
    said = r"\m" + r"(?:['’]s)?\W+".join(map(re.escape, typed))
    return set(connection.scalars(text(_SAYING), {"ids": list(numbers), "said": said}))


_SAYING = """
    SELECT id FROM claim WHERE id = ANY (:ids) AND statement ~* :said
    UNION
    SELECT merged_into_id FROM claim WHERE merged_into_id = ANY (:ids) AND statement ~* :said
    UNION
    SELECT claim_id FROM assessment
    WHERE claim_id = ANY (:ids) AND withdrawn_at IS NULL AND title ~* :said
"""


def _behind(order: Iterator[int], after: int) -> Iterator[int]:
    for number in order:
        if number == after:
            return order
    raise NotFoundError(f"Claim {after} is not among what is found.")


def _shown(node: Node, statement: str, texts: Sequence[Told]) -> tuple[Shown, ...]:
    """The statement, and of the other texts those with hits, each text once."""
    plain = " ".join(statement.split())
    hits = {one.text: spans(node, Text.read(one.text, one.language)) for one in texts}
    others = {one.text: one for one in reversed(texts) if hits[one.text] and one.text != plain}
    most = sorted(others.values(), key=lambda one: (-len(hits[one.text]), texts.index(one)))
    return (
        Shown("statement", None, snippet(plain, hits.get(plain, ()))),
        *(
            Shown(one.field, one.appearance, snippet(one.text, hits[one.text]))
            for one in most[: _SHOWN - 1]
        ),
    )
