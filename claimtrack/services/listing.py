"""Find claims by what is known about them, newest first, a page at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from claimtrack.keys import clean_text
from claimtrack.models.claims import appearance, claim
from claimtrack.services.disputed import is_disputed
from claimtrack.services.lines import ListedClaim, lines
from claimtrack.vocab import Kind, Precision, Status

if TYPE_CHECKING:
    from claimtrack.searching.query import Node
    from claimtrack.services.search.question import Question

#: How many claims are loaded at a time where all are wanted.
PAGE = 500


class ClaimFilter(NamedTuple):
    """What claims to find; None or empty asks for nothing.

    ``words`` are statuses and verdicts, a claim has one of them; it has one of ``kinds`` and all
    ``topics``. ``speaker`` is a name or an id, ``source`` a URL or an id, ``assignee`` a name, or
    "none" for claims that nobody holds. Days count from their start to their end; a date that is
    only known to the month or year fits where it may lie between them. Speaker, source and days
    are those of one and the same appearance, of the claim or of one merged into it; and what was
    merged is not found, but its head. ``disputed`` asks for an objection that waits for its answer.
    ``text`` is what to search, as it was typed or as `claimtrack.services.search` has read it.
    """

    words: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    topics: tuple[str, ...] = ()
    speaker: str | None = None
    source: str | None = None
    text: str | Question | None = None
    assignee: str | None = None
    said_since: dt.date | None = None
    said_until: dt.date | None = None
    recorded_since: dt.datetime | None = None
    marked_since: dt.datetime | None = None
    disputed: bool = False


def claim_ids(
    connection: Connection, asked: ClaimFilter, limit: int, after: int | None = None
) -> list[int]:
    """The ids of at most ``limit`` claims, newest first, from below ``after`` on.

    Raises:
        NotFoundError: there is no such speaker or source.
        ConflictError: several speakers have that name.
        InvalidDataError: the words to look for are none, or the URL can't be read.
    """
    conditions = wanted(connection, asked)
    if conditions.look_at is None:
        return list(connection.scalars(chosen_ids(conditions, limit, after)))
    return [number for page in _pages(connection, conditions, limit, after) for number in page]


def claim_lines(
    connection: Connection, asked: ClaimFilter, limit: int, after: int | None = None
) -> list[ListedClaim]:
    """As `claim_ids`, each claim in a line."""
    conditions = wanted(connection, asked)
    fits: ColumnElement[bool]
    if conditions.look_at is None:
        fits = claim.c.id.in_(chosen_ids(conditions, limit, after))
    else:
        pages = _pages(connection, conditions, limit, after)
        fits = claim.c.id == func.any([number for page in pages for number in page])
    chosen = select(claim).where(fits)
    return lines(connection, chosen, lambda page: [page.c.id.desc()])


def pages_of_ids(
    connection: Connection, asked: ClaimFilter, limit: int | None, after: int | None = None
) -> Iterator[list[int]]:
    """All ids, or ``limit`` of them, in pages; raises as `claim_ids`."""
    yield from _pages(connection, wanted(connection, asked), limit, after)


def _pages(
    connection: Connection, conditions: Wanted, limit: int | None, after: int | None
) -> Iterator[list[int]]:
    most = PAGE if limit is None else min(PAGE, limit)
    while limit is None or limit > 0:
        size = most if conditions.look_at or limit is None else min(most, limit)
        page = list(connection.scalars(chosen_ids(conditions, size, after)))
        fit = _looked_at(connection, conditions, page)[:limit]
        if fit:
            yield fit
        if len(page) < size:
            return
        after = page[-1]
        limit = None if limit is None else limit - len(fit)
        # Where texts are looked at, few may fit.
        most = min(2 * most, PAGE) if conditions.look_at else PAGE


def _looked_at(connection: Connection, conditions: Wanted, page: list[int]) -> list[int]:
    """Those whose texts have what is looked for, where no condition can say it."""
    if conditions.look_at is None or not page:
        return page
    from claimtrack.services.search.texts import having

    fit = having(connection, conditions.look_at, page)
    return [number for number in page if number in fit]


def settled(connection: Connection, conditions: Wanted) -> Wanted:
    """The same claims by conditions alone, for who puts `chosen_ids` into a query of their own."""
    if conditions.look_at is None:
        return conditions
    numbers = [number for page in _pages(connection, conditions, None, None) for number in page]
    return Wanted((), [claim.c.id == func.any(numbers)], [], None)


def pages_of_lines(
    connection: Connection, asked: ClaimFilter, after: int | None = None
) -> Iterator[list[ListedClaim]]:
    """All claims in a line, in pages; raises as `claim_ids`."""
    for numbers in pages_of_ids(connection, asked, None, after):
        chosen = select(claim).where(claim.c.id == func.any(numbers))
        yield lines(connection, chosen, lambda page: [page.c.id.desc()])


class Wanted(NamedTuple):
    """A filter as conditions: on the claim, on one appearance of it, and on its reviews.

    ``heads`` are claims whose appearance is that of a claim merged into them. ``look_at`` is what
    must be looked for in the texts of the claims that fit, where the conditions can't say it.
    """

    words: tuple[str, ...]
    claim: list[ColumnElement[bool]]
    appearance: list[ColumnElement[bool]]
    marked_since: dt.datetime | None
    heads: tuple[int, ...] = ()
    look_at: Node | None = None


def chosen_ids(conditions: Wanted, limit: int | None, after: int | None) -> Select[Any]:
    """The ids of one page, or of all; apart from `claim_ids`, so that its plan can be looked at."""

    def below(number: ColumnElement[int]) -> list[ColumnElement[bool]]:
        # Said of the appearance too: the planner doesn't carry it over from the claim.
        return [] if after is None else [number < after]

    heads_only: ColumnElement[bool] = claim.c.merged_into_id.is_(None)
    if conditions.appearance:
        # Claims are met in the order of their index until enough of them have the appearance: said
        # so, it is asked of those alone, and not of every row on the way.
        other = claim.alias("other")
        same = (other.c.id == claim.c.id, other.c.merged_into_id.is_not(None))
        heads_only = ~exists().where(*same).correlate(claim)
    found = [heads_only, *conditions.claim, *below(claim.c.id)]
    if conditions.appearance:
        # All of one and the same appearance: who said it there, and who said it then.
        one = appearance.c
        told = select(one.claim_id).where(
            *conditions.appearance, one.withdrawn_at.is_(None), *below(one.claim_id)
        )
        heads = conditions.heads
        found.append(claim.c.id.in_(union_all(told, _these(heads)) if heads else told))
    if conditions.marked_since is not None:
        from claimtrack.models.reviews import review

        late = review.c.recorded_at >= conditions.marked_since
        marked = select(review.c.claim_id).where(late, *below(review.c.claim_id))
        found.append(claim.c.id.in_(marked))

    def newest(*more: ColumnElement[bool]) -> Select[Any]:
        rows = select(claim.c.id).where(*found, *more)
        return rows.order_by(claim.c.id.desc()).limit(limit)

    words = set(conditions.words)
    if Status.CHECKED in words:  # it has all verdicts in it
        words &= set(Status)
    if len(words) <= 1:
        return newest(*map(_has_word, words))
    # One branch a word: each comes in order from an index, whatever the planner thinks of IN.
    branches = (select(newest(_has_word(word)).subquery()) for word in sorted(words))
    merged = union_all(*branches).subquery("found")
    return select(merged.c.id).order_by(merged.c.id.desc()).limit(limit)


def _has_word(word: str) -> ColumnElement[bool]:
    return claim.c.status == word if word in set(Status) else claim.c.verdict == word


def wanted(connection: Connection, asked: ClaimFilter) -> Wanted:
    """The conditions of a filter, its names looked up; raises as `claim_ids`."""
    found = Wanted(asked.words, [], [], asked.marked_since)
    if asked.kinds:
        found.claim.append(claim.c.kind.in_(asked.kinds))
    if asked.topics:
        # Topics are stored folded; see where claims are recorded.
        topics = [clean_text(topic, "topic", limit=100).casefold() for topic in asked.topics]
        found.claim.append(claim.c.topics.contains(topics))
    if asked.text is not None:
        from claimtrack.services.search import asking, finding

        question = asked.text
        if isinstance(question, str):
            question = asking.ask(connection, question)
        said = finding.condition(connection, question)
        found.claim.append(said.condition)
        if said.look:
            found = found._replace(look_at=question.node)
    if asked.assignee is not None:
        found.claim.append(_held_by(connection, asked.assignee))
    if asked.recorded_since is not None:
        found.claim.append(claim.c.recorded_at >= asked.recorded_since)
    if asked.disputed:
        found.claim.append(is_disputed(claim.c.id))
    # What only some filters need is imported with them: a plain list is to start quickly.
    if asked.speaker is not None:
        from claimtrack.services import speakers

        head = speakers.find(connection, asked.speaker)
        numbers = speakers.identities(connection, head.id)
        found.appearance.append(_is_one_of(appearance.c.speaker_id, numbers))
    if asked.source is not None:
        from claimtrack.services import sources

        found.appearance.append(appearance.c.source_id == sources.find(connection, asked.source).id)
    if asked.said_since is not None or asked.said_until is not None:
        found.appearance.append(_said(asked.said_since, asked.said_until))
    if not found.appearance:
        return found
    # Looked up apart: few claims were merged, and the planner can't know it.
    appeared = (
        select(claim.c.merged_into_id)
        .join(appearance, appearance.c.claim_id == claim.c.id)
        .where(
            claim.c.merged_into_id.is_not(None),
            appearance.c.withdrawn_at.is_(None),
            *found.appearance,
        )
    )
    return found._replace(heads=tuple(connection.scalars(appeared.distinct())))


def _these(numbers: Sequence[int]) -> Select[int]:
    """Numbers as rows."""
    return select(func.unnest(literal(list(numbers), ARRAY(BigInteger))))


def _is_one_of(number: ColumnElement[Any], numbers: list[int]) -> ColumnElement[bool]:
    # Of one, an index gives its claims in order; of several it would have to sort them.
    return number == numbers[0] if len(numbers) == 1 else number == func.any(numbers)


def holders(connection: Connection) -> list[str]:
    """Everybody who holds a claim, a step in the index for each and not for each claim."""
    if connection.get_execution_options().get("of_the_past"):  # which no index knows
        held = select(claim.c.assigned_to).where(claim.c.assigned_to.is_not(None))
        return [name for name in connection.scalars(held.distinct()) if name is not None]
    return list(
        connection.scalars(
            text(
                "WITH RECURSIVE holder (name) AS ("
                " SELECT min(assigned_to) FROM claim WHERE assigned_to IS NOT NULL"
                " UNION ALL"
                " SELECT (SELECT min(assigned_to) FROM claim WHERE assigned_to > holder.name)"
                " FROM holder WHERE holder.name IS NOT NULL)"
                " SELECT name FROM holder WHERE name IS NOT NULL"
            )
        )
    )


def _held_by(connection: Connection, name: str) -> ColumnElement[bool]:
    if name.casefold() == "none":
        return claim.c.assigned_to.is_(None)
    from claimtrack.names import name_key

    key = name_key(clean_text(name, "name", limit=300))
    alike = [holder for holder in holders(connection) if name_key(holder) == key]
    return claim.c.assigned_to.in_(alike) if alike else false()


def _said(since: dt.date | None, until: dt.date | None) -> ColumnElement[bool]:
    said, precision = appearance.c.said_on, appearance.c.said_precision
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        month, year = since.replace(day=1), since.replace(month=1, day=1)
        conditions += [
            said >= year,
            or_(
                said >= since,
                and_(precision == Precision.MONTH, said >= month),
                precision == Precision.YEAR,
            ),
        ]
    if until is not None:
        conditions.append(said <= until)
    return and_(*conditions)
