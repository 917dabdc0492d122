"""Whether what is about to be recorded is likely on record already, in other words."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from claimtrack.errors import ConflictError
from claimtrack.matching.figures import figures_agree, figures_of
from claimtrack.services.lines import ListedClaim
from claimtrack.services.matching.finding import Match, find
from claimtrack.vocab import Status, hyphenated

#: From this probability on somebody is asked: rather it is that claim than not.
LIKELY = 0.5
#: So many claims are named.
_NAMED = 3


class LikelyRepeatError(ConflictError):
    """A statement reads like claims on record; ``matches`` has them, the likeliest first."""

    def __init__(self, matches: Sequence[Match]) -> None:
        super().__init__(f"That looks like {described(matches[0].claim_id, matches[0])}.")
        self.matches = tuple(matches)

    @property
    def claim_id(self) -> int:
        """The likeliest."""
        return self.matches[0].claim_id


def described(claim_id: int, one: Match | ListedClaim) -> str:
    """A claim with where it stands: ``claim 42, checked: false, 3 appearances: "…"``."""
    stands = hyphenated(one.status)
    if one.verdict is not None:
        stands = f"{hyphenated(Status.CHECKED)}: {hyphenated(one.verdict)}"
    checked = [f"claim {each.id}, {hyphenated(each.word)}" for each in one.same if each.verdict]
    if checked:
        stands = f"{stands} (the same: {', '.join(checked)})"
    number = one.appearances
    shown = one.statement
    shown = shown if len(shown) <= 200 else f"{shown[:199].rstrip()}…"
    return f'claim {claim_id}, {stands}, {number} appearance{"" if number == 1 else "s"}: "{shown}"'


def refuse_repeats(connection: Connection, statement: str, language: str) -> None:
    """Refuse a statement that is likely a claim on record.

    Raises:
        LikelyRepeatError: it is.
    """
    found = find(connection, statement, threshold=LIKELY, language=language)
    if not found:
        return
    # With other figures they are other claims, however alike.
    own = figures_of(statement)
    alike = [one for one in found if figures_agree(own, figures_of(one.statement))]
    if alike:
        raise LikelyRepeatError(alike[:_NAMED])
