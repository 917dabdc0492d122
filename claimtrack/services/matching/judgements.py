"""Judge of two claims whether they are the same: attributed, dated, and replaced by a later one.

Nothing else decides it: matching proposes, and what people judged stands. Claims that were judged
the same, directly or by way of others, make a group, and so do those that were merged; a
judgement that contradicts the group is refused, with those that stand against it. A verdict on one
claim of a group is no verdict on another.
"""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, insert, or_, select, text

from claimtrack.errors import ConflictError, MergedClaimError, UsageError
from claimtrack.keys import clean_text
from claimtrack.models.claims import claim
from claimtrack.models.matches import claim_match
from claimtrack.services.marks import shortened
from claimtrack.services.matching.groups import same_as
from claimtrack.services.stories import load_claim, load_claims, no_claim
from claimtrack.services.views import ClaimView, JudgementView
from claimtrack.vocab import JUDGEMENT_WORDS, Judgement, Status, Verdict, hyphenated

_Claim = Row[int, int | None]


class Judged(NamedTuple):
    """A claim after it was judged against others, and what a person should be told."""

    view: ClaimView
    told: tuple[str, ...]


class Link(NamedTuple):
    """What makes two claims the same: a judgement, or a merge of the second into the first."""

    one: int
    other: int
    merged: bool
    by: str
    on: str
    because: str | None

    @property
    def words(self) -> str:
        """The link in words, with who made it."""
        how = "was merged into" if self.merged else "was judged the same as"
        pair = (self.other, self.one) if self.merged else (self.one, self.other)
        why = f": {shortened(self.because, 80)}" if self.because else ""
        return f"claim {pair[0]} {how} claim {pair[1]} ({self.by}, {self.on}{why})"

    @property
    def undone_by(self) -> str:
        """The command that takes it back."""
        if self.merged:
            return _command("unmerge", self.other)
        return _command(Judgement.UNSURE, self.one, self.other)


def judge(
    connection: Connection,
    claim_id: int,
    others: Sequence[int],
    judgement: Judgement,
    because: str | None = None,
) -> Judged:
    """Judge a claim against others: of each pair, this holds from now on. All of them, or none.

    Raises:
        UsageError: a claim is to be judged against itself.
        NotFoundError: one of the claims does not exist.
        ConflictError: a pair was judged just so already, one of them is merged into another, or
            what was judged of others stands against it.
        InvalidDataError: the reason is blank or too long, or missing for unsure.
    """
    others = list(dict.fromkeys(others))
    if claim_id in others:
        raise UsageError(f"Claim {claim_id} is the same as itself: name another one.")
    if judgement is Judgement.UNSURE or because is not None:
        because = clean_text(because or "", "reason", limit=20_000, multiline=True)
    rows = _lock(connection, [claim_id, *others])
    before = {view.id: view for view in load_claims(connection, [claim_id, *others])}
    for number in others:
        _refuse_merged(rows[claim_id], rows[number], judgement)
        record(connection, claim_id, number, judgement, because)
    view = load_claim(connection, claim_id)
    told = [line for number in others for line in _told(view, before[number], judgement)]
    return Judged(view, tuple(told))


def judge_new(connection: Connection, claim_id: int, others: Iterable[int], because: str) -> None:
    """Judge a claim that was just recorded different from others, where this login may judge.

    What was merged since somebody was asked is left out: that is another claim now.
    """
    may = text("SELECT has_any_column_privilege('claim_match', 'INSERT')")
    if not connection.scalar(may):
        return
    rows = _lock(connection, [claim_id, *others])
    for number in others:
        if rows[number].merged_into_id is None:
            record(connection, claim_id, number, Judgement.DIFFERENT, because)


class JudgedMeanwhileError(ConflictError):
    """Somebody has judged a pair while another was looking at it."""


def refuse_judged(connection: Connection, claim_id: int, other_id: int) -> None:
    """Refuse to judge a pair of the queue that somebody has judged since it was shown.

    Raises:
        JudgedMeanwhileError: somebody has.
    """
    _lock(connection, [claim_id, other_id])
    held = current(connection, claim_id, other_id)
    if held is not None:
        raise JudgedMeanwhileError(
            f"Claim {claim_id} was judged {JUDGEMENT_WORDS[held.judgement]} claim {other_id}"
            f" meanwhile: {_by(held)}.",
            next_command=f"claimtrack claim show {claim_id}",
        )


def record(
    connection: Connection,
    claim_id: int,
    other_id: int,
    judgement: Judgement,
    because: str | None,
) -> None:
    """Write down one judgement, unless what stands contradicts it; the claims must be locked.

    Raises:
        ConflictError: as `judge`.
    """
    held = current(connection, claim_id, other_id)
    if held is not None and held.judgement == judgement and because in (None, held.because):
        raise ConflictError(
            f"Claim {claim_id} was judged {JUDGEMENT_WORDS[judgement]} claim {other_id} already:"
            f" {_by(held)}.",
            next_command=f"claimtrack claim show {claim_id}",
        )
    if judgement is Judgement.SAME:
        refuse_different(connection, claim_id, [other_id], judged_anew=True)
    elif judgement is Judgement.DIFFERENT:
        refuse_same(connection, claim_id, other_id)
    write(connection, claim_id, other_id, judgement, because)


def write(
    connection: Connection, claim_id: int, other_id: int, judgement: Judgement, because: str | None
) -> None:
    """Write down one judgement; the database refuses one that contradicts what stands."""
    held = current(connection, claim_id, other_id)
    first, second = sorted((claim_id, other_id))
    connection.execute(
        insert(claim_match).values(
            claim_id=first,
            other_id=second,
            no=held.no + 1 if held else 1,
            judgement=judgement,
            because=because,
        )
    )


def current(connection: Connection, claim_id: int, other_id: int) -> Row[Any] | None:
    """The judgement that holds of two claims, if anybody has judged them."""
    first, second = sorted((claim_id, other_id))
    return connection.execute(
        select(claim_match)
        .where(claim_match.c.claim_id == first, claim_match.c.other_id == second)
        .order_by(claim_match.c.no.desc())
        .limit(1)
    ).first()


def load_judgements(
    connection: Connection, families: Mapping[int, Collection[int]]
) -> dict[int, tuple[JudgementView, ...]]:
    """The judgements that hold of claims against others, the latest last, by claim.

    ``families`` are the claims with those that they were merged with; between these the merge
    tells it.
    """
    rows = _current_of(connection, {one for family in families.values() for one in family})
    ends = [number for row in rows for number in (row.claim_id, row.other_id)]
    found = {
        row.id: row for row in connection.execute(select(claim).where(claim.c.id == func.any(ends)))
    }
    views: dict[int, list[JudgementView]] = {number: [] for number in families}
    for number, family in families.items():
        for row in rows:
            for own, other in ((row.claim_id, row.other_id), (row.other_id, row.claim_id)):
                if own in family and other not in family and other in found:
                    views[number].append(_view(row, own, found[other]))
    return {number: tuple(of_claim) for number, of_claim in views.items()}


def _view(row: Row[Any], own: int, other: Row[Any]) -> JudgementView:
    return JudgementView(
        of_claim_id=own,
        claim_id=other.id,
        statement=other.statement,
        status=Status(other.status),
        verdict=Verdict(other.verdict) if other.verdict else None,
        judgement=Judgement(row.judgement),
        because=row.because,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


def refuse_different(
    connection: Connection, claim_id: int, others: Sequence[int], *, judged_anew: bool = False
) -> None:
    """Refuse to make claims the same where one was judged different, or another of its group.

    With ``judged_anew`` what was judged of a pair itself does not stand against it.

    Raises:
        ConflictError: says which judgement stands against it.
    """
    together = members(connection, claim_id)
    for number in others:
        if number in together:  # the same already, whatever else either of them is
            continue
        family = members(connection, number)
        for row in _current_of(connection, together):
            pair = {row.claim_id, row.other_id}
            if row.judgement != Judgement.DIFFERENT or not (pair & together and pair & family):
                continue
            itself = pair == {claim_id, number}
            if itself and judged_anew:
                continue
            one, other = sorted(pair, key=lambda end: end not in together)
            ways = [*_way(connection, claim_id, one), *_way(connection, other, number)]
            known = "".join(f", and {link.words}" for link in ways)
            raise ConflictError(
                f"Claim {one} was judged different from claim {other}: {_by(row)}{known}. So claim"
                f" {claim_id} and claim {number} can't be the same, unless that is judged anew:",
                next_command=_command(Judgement.SAME if itself else Judgement.UNSURE, one, other),
            )
        together |= family


def refuse_same(connection: Connection, claim_id: int, other_id: int) -> None:
    """Refuse to part claims that are the same by way of others, whatever links the two themselves.

    Raises:
        ConflictError: says by way of which.
    """
    ways = _way(connection, claim_id, other_id, but_for={claim_id, other_id})
    if ways:
        known = ", and ".join(link.words for link in ways)
        raise ConflictError(
            f"Claim {claim_id} is the same as claim {other_id} by way of others: {known}. Judge one"
            " of these anew first:",
            next_command=ways[-1].undone_by,
        )


def members(connection: Connection, claim_id: int) -> set[int]:
    """A claim and all that are the same: by judgements, directly or by way of others, and merges.

    Raises:
        NotFoundError: there is no such claim.
    """
    row = connection.execute(select(claim.c.merged_into_id).where(claim.c.id == claim_id)).first()
    if row is None:
        raise no_claim(claim_id)
    head = row.merged_into_id or claim_id
    heads = [head, *same_as(connection, [head]).get(head, ())]
    merged = connection.scalars(select(claim.c.id).where(claim.c.merged_into_id == func.any(heads)))
    return {*heads, *merged}


def _way(
    connection: Connection, start: int, end: int, but_for: Iterable[int] = ()
) -> tuple[Link, ...]:
    """The fewest links by which two claims are the same, without the one that is given."""
    if start == end:
        return ()
    links = _links(connection, members(connection, start))
    left_out = set(but_for)
    before: dict[int, tuple[int, Link] | None] = {start: None}
    waiting = deque([start])
    while waiting and end not in before:
        here = waiting.popleft()
        for link in links:
            if here in link[:2] and set(link[:2]) != left_out:
                there = link.other if link.one == here else link.one
                if there not in before:
                    before[there] = here, link
                    waiting.append(there)
    way = []
    step = before.get(end)
    while step is not None:
        way.append(step[1])
        step = before[step[0]]
    return tuple(reversed(way))


def _links(connection: Connection, among: set[int]) -> list[Link]:
    judged = [
        Link(row.claim_id, row.other_id, False, row.recorded_by, _day(row), row.because)
        for row in _current_of(connection, among)
        if row.judgement == Judgement.SAME
    ]
    merged = [
        Link(row.merged_into_id, row.id, True, row.merged_by, f"{row.merged_at:%Y-%m-%d}", None)
        for row in connection.execute(select(claim).where(claim.c.id == func.any(list(among))))
        if row.merged_into_id is not None
    ]
    # What was merged was judged the same then: the merge is what parts them.
    joined = {frozenset(link[:2]) for link in merged}
    return [*merged, *(link for link in judged if frozenset(link[:2]) not in joined)]


def _current_of(connection: Connection, claim_ids: Iterable[int]) -> list[Row[Any]]:
    """The judgements that hold of any of the claims, the latest last."""
    numbers = list(claim_ids)
    later = claim_match.alias("later")
    superseded = (
        select(later.c.no)
        .where(
            later.c.claim_id == claim_match.c.claim_id,
            later.c.other_id == claim_match.c.other_id,
            later.c.no > claim_match.c.no,
        )
        .exists()
    )
    return list(
        connection.execute(
            select(claim_match)
            .where(
                or_(
                    claim_match.c.claim_id == func.any(numbers),
                    claim_match.c.other_id == func.any(numbers),
                ),
                ~superseded,
            )
            .order_by(claim_match.c.recorded_at, claim_match.c.claim_id, claim_match.c.other_id)
        )
    )


def _lock(connection: Connection, numbers: Sequence[int]) -> dict[int, _Claim]:
    """Claims by id, merged by nobody until the transaction ends; in one order for everybody."""
    rows = {
        row.id: row
        for row in connection.execute(
            select(claim.c.id, claim.c.merged_into_id)
            .where(claim.c.id == func.any(sorted(set(numbers))))
            .order_by(claim.c.id)
            .with_for_update(read=True, key_share=True)
        )
    }
    for number in numbers:
        if number not in rows:
            raise no_claim(number)
    return rows


def _refuse_merged(row: _Claim, other: _Claim, judgement: Judgement) -> None:
    heads = [one.merged_into_id or one.id for one in (row, other)]
    if heads[0] == heads[1]:
        merged = other if other.merged_into_id is not None else row
        told = f"Claim {merged.id} is merged into claim {heads[0]}"
        if judgement is Judgement.SAME:
            raise ConflictError(
                f"{told}, so they are the same already.",
                next_command=f"claimtrack claim show {heads[0]}",
            )
        raise ConflictError(
            f"{told}. Part them first:", next_command=_command("unmerge", merged.id)
        )
    for one in (row, other):
        if one.merged_into_id is not None:
            raise MergedClaimError(
                one.id, one.merged_into_id, next_command=_command(judgement, *heads)
            )


def _told(view: ClaimView, other: ClaimView, judgement: Judgement) -> list[str]:
    """What a judgement does not do, where that may surprise."""
    if judgement is Judgement.UNSURE and other.id in {one.id for one in view.same_as}:
        return [f"Claim {view.id} is still the same as claim {other.id}, by way of others."]
    if judgement is not Judgement.SAME or view.verdict is other.verdict:
        return []
    return [
        f"Claim {one.id} is {hyphenated(one.word)}, and that is no verdict on claim {two.id}, which"
        f" stays {hyphenated(two.word)}."
        for one, two in ((view, other), (other, view))
        if one.verdict is not None
    ]


def _by(row: Row[Any]) -> str:
    why = f", {shortened(row.because, 80)}" if row.because else ""
    return f"{row.recorded_by} on {_day(row)}{why}"


def _day(row: Row[Any]) -> str:
    return f"{row.recorded_at:%Y-%m-%d}"


def _command(verb: str, *numbers: int) -> str:
    words = ["claimtrack", "claim", verb, *map(str, numbers)]
    # Without a reason only these can be said.
    if verb not in (Judgement.SAME, Judgement.DIFFERENT):
        words += ["--because", "WHY"]
    return shlex.join(words)
