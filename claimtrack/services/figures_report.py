"""The figures that claims assert, in time order, and which of them contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from claimtrack.dates import PartialDate
from claimtrack.keys import words_of
from claimtrack.models.claims import claim, figure
from claimtrack.quantity import Quantity, contradicts, format_quantity
from claimtrack.services.lines import ListedClaim, lines_of
from claimtrack.services.stories import head_id, load_figures
from claimtrack.services.views import FigureView
from claimtrack.vocab import Status


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure with its claim.

    ``dated`` is the day that it stands under: its own, else the day it was said, else the day its
    source was published. ``contradicts`` are the claims that say otherwise of the same.
    """

    claim: ListedClaim
    figure: FigureView
    dated: PartialDate | None
    superseded_by_id: int | None
    contradicts: tuple[int, ...]

    @property
    def value(self) -> str:
        """The quantity in words, without its unit."""
        return format_quantity(_quantity(self.figure))


def figures(
    connection: Connection, counted: str | None = None, where: str | None = None
) -> list[FigureLine]:
    """Figures in time order, those without any day last; of merged claims, their head's.

    Claims that are the same and assert the same figure, of one day, stand in one line.

    ``counted`` and ``where`` are words; each must begin a word of what is counted, or of the
    place, without regard to case and accents.
    """
    rows = connection.execute(
        select(figure.c.claim_id, figure.c.counted, figure.c.place)
        .join(claim, claim.c.id == figure.c.claim_id)
        .where(claim.c.merged_into_id.is_(None))
    )
    numbers = [
        row.claim_id for row in rows if _begins(counted, row.counted) and _begins(where, row.place)
    ]
    told = lines_of(connection, numbers)
    found = load_figures(connection, numbers)
    dated = {number: _dated(told[number], found[number]) for number in numbers}
    against = _contradictions(told, found, dated)
    older = claim.alias("older")
    newer = {
        row.older_id: row.newer_id
        for row in connection.execute(
            select(head_id(older).label("older_id"), head_id(claim).label("newer_id"))
            .join(older, older.c.id == claim.c.supersedes_id)
            .where(head_id(older) == func.any(numbers), head_id(older) != head_id(claim))
            # A merged claim's successor counts where its head has none of its own.
            .order_by(older.c.merged_into_id.nulls_last(), claim.c.id.desc())
        )
    }
    ordered = sorted(numbers, key=lambda number: _time_order(dated[number], number))
    seen: set[tuple[object, ...]] = set()
    once = []
    for number in ordered:
        says = (_quantity(found[number]), found[number].place, dated[number])
        if (number, *says) not in seen:
            once.append(number)
        seen.update((one.id, *says) for one in told[number].same)
    return [
        FigureLine(
            claim=told[number],
            figure=found[number],
            dated=dated[number],
            superseded_by_id=newer.get(number),
            contradicts=tuple(sorted(against[number])),
        )
        for number in once
    ]


def _quantity(view: FigureView) -> Quantity:
    return Quantity(view.comparator, view.low, view.high, view.unit)


def _begins(wanted: str | None, text: str | None) -> bool:
    """Whether every wanted word begins a word of the text."""
    words = words_of(text or "")
    return all(any(word.startswith(one) for word in words) for one in words_of(wanted or ""))


def _dated(line: ListedClaim, view: FigureView) -> PartialDate | None:
    if view.on is not None or line.told is None:
        return view.on
    return line.told.said_on or line.told.source.published_on


def _time_order(dated: PartialDate | None, number: int) -> tuple[object, ...]:
    if dated is None:
        return (True,), number
    return (False, dated.first(), dated.last()), number


def _contradictions(
    told: dict[int, ListedClaim],
    found: dict[int, FigureView],
    dated: dict[int, PartialDate | None],
) -> defaultdict[int, set[int]]:
    """Which figures of the same thing, place and day exclude each other.

    Figures counted since different days are of different things. One that was set aside, as a
    duplicate or an error, contradicts nobody.
    """
    alike: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, view in found.items():
        thing = tuple(words_of(view.counted or ""))
        if thing and dated[number] is not None and told[number].status is not Status.SET_ASIDE:
            alike[thing, tuple(words_of(view.place or "")), dated[number]].append(number)
    against: defaultdict[int, set[int]] = defaultdict(set)
    for group in alike.values():
        for number, other in _pairs(group):
            one, two = found[number], found[other]
            if one.since and two.since and one.since != two.since:
                continue
            if contradicts(_quantity(one), _quantity(two)):
                against[number].add(other)
                against[other].add(number)
    return against


def _pairs(group: Sequence[int]) -> list[tuple[int, int]]:
    return [(one, two) for at, one in enumerate(group) for two in group[at + 1 :]]
