"""claimtrack in plain Python: what a desk may do with its claims, and where they then stand.

The state machine in `test_machine.py` runs each command against this and against PostgreSQL. It
knows nothing of the package: a rule that both have wrong would have to be written wrong twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

VERDICTS = ("true", "mixed", "false", "unproven")
STATUSES = ("unverified", "in_review", "set_aside")

#: From a status to those that a mark may lead to; "checked" is a verdict.
MOVES: dict[str, tuple[str, ...]] = {
    "unverified": ("in_review", "checked", "set_aside"),
    "in_review": ("unverified", "checked", "set_aside"),
    "awaiting_approval": (),
    "checked": ("checked", "in_review", "unverified"),
    "set_aside": ("unverified",),
}

DONE, USAGE, MISSING, CONFLICT, INVALID = 0, 2, 3, 4, 5


@dataclass
class Piece:
    """A piece of evidence."""

    stance: str
    source: str
    withdrawn: bool = False


@dataclass
class Proposal:
    """A verdict that waits for somebody else's approval, and where the claim stood before."""

    verdict: str
    actor: str
    rests_on: tuple[int, ...]
    status: str
    before: str | None
    holder: str | None


@dataclass
class Claim:
    """A claim by itself; what is merged into it is the desk's to say."""

    statement: str
    status: str = "unverified"
    verdict: str | None = None
    holder: str | None = None
    merged_into: int | None = None
    proposal: Proposal | None = None
    sources: list[str] = field(default_factory=list)
    withdrawn: set[int] = field(default_factory=set)
    pieces: dict[int, Piece] = field(default_factory=dict)
    #: Of each review where it led, the verdict before the status, and who wrote it.
    reviews: list[tuple[str, str]] = field(default_factory=list)
    #: Of each objection whether it is open.
    objections: list[bool] = field(default_factory=list)
    notes: int = 0

    @property
    def told_in(self) -> set[str]:
        """The sources in which it appeared, those that were not withdrawn."""
        return {
            source
            for number, source in enumerate(self.sources, start=1)
            if number not in self.withdrawn
        }

    @property
    def last_verdict(self) -> str | None:
        """The latest verdict, of a reopened claim too."""
        return next((word for word, _ in reversed(self.reviews) if word in VERDICTS), None)

    def refusal(self, word: str, *, reason: bool, change: bool) -> int | None:
        """The exit code with which a mark of a claim that is not merged is refused, or None."""
        verdict = word if word in VERDICTS else None
        if self.proposal is not None:
            return CONFLICT
        if change and self.verdict is None and self.last_verdict in (None, verdict):
            return USAGE
        if ("checked" if verdict else word) not in MOVES[self.status]:
            return CONFLICT
        if self.verdict is None or verdict is None:
            return None
        return CONFLICT if verdict == self.verdict or not change else None

    def move(self, word: str, actor: str) -> None:
        """A mark that was not refused and needs nobody else, or an approval."""
        self.verdict = word if word in VERDICTS else None
        self.status = "checked" if self.verdict else word
        if word == "in_review":
            self.holder = actor
        if word == "unverified":
            self.holder = None
        self.reviews.append((word, actor))

    def propose(self, verdict: str, actor: str, rests_on: Sequence[int]) -> None:
        """A verdict that needs somebody else."""
        self.proposal = Proposal(
            verdict, actor, tuple(rests_on), self.status, self.verdict, self.holder
        )
        self.status, self.verdict = "awaiting_approval", None
        self.reviews.append(("awaiting_approval", actor))

    def reject(self, proposal: Proposal, actor: str) -> None:
        """Back to where it stood."""
        self.status, self.verdict, self.holder = proposal.status, proposal.before, proposal.holder
        self.proposal = None
        self.reviews.append((proposal.before or proposal.status, actor))


@dataclass
class Desk:
    """All claims, which of them are the same, and the desk's policy."""

    claims: dict[int, Claim] = field(default_factory=dict)
    second_reviewer: bool = False
    #: Of two claims what was judged last, and the reason.
    judged: dict[frozenset[int], tuple[str, str]] = field(default_factory=dict)

    def merged(self, head: int) -> list[int]:
        """The claims merged into one."""
        return [number for number, claim in self.claims.items() if claim.merged_into == head]

    def same(self, head: int) -> list[Claim]:
        """A claim, and those merged into it."""
        return [self.claims[number] for number in (head, *self.merged(head))]

    def told_in(self, head: int) -> set[str]:
        """Where the claim appeared, or one that is the same."""
        return {source for claim in self.same(head) for source in claim.told_in}

    def pieces(self, head: int) -> dict[int, Piece]:
        """The evidence on a claim, and on those that are the same."""
        return {
            number: piece for claim in self.same(head) for number, piece in claim.pieces.items()
        }

    def standing(self, head: int) -> list[int]:
        """The evidence that a verdict would rest on."""
        return [number for number, piece in self.pieces(head).items() if not piece.withdrawn]

    def rests(self, head: int, verdict: str, pieces: Sequence[Piece]) -> bool:
        """Whether there is evidence for a verdict, from elsewhere than the claim itself."""
        if verdict == "unproven":
            return True
        needed = {"true": "supports", "false": "refutes"}.get(verdict)
        told_in = self.told_in(head)
        return any(
            not piece.withdrawn and piece.source not in told_in and needed in (None, piece.stance)
            for piece in pieces
        )

    def approval(self, number: int, actor: str) -> int:
        """The exit code of an approval."""
        claim = self.claims[number]
        proposal = claim.proposal
        if claim.merged_into is not None or proposal is None or proposal.actor == actor:
            return CONFLICT
        if not set(proposal.rests_on) <= set(self.standing(number)):
            return CONFLICT
        rested = [self.pieces(number)[piece] for piece in proposal.rests_on]
        return DONE if self.rests(number, proposal.verdict, rested) else INVALID

    def joining(self, head: int, other: int) -> int:
        """The exit code of a merge."""
        if head == other:
            return USAGE
        merged = self.claims[head].merged_into, self.claims[other].merged_into
        if merged != (None, None) or self.merged(other):
            return CONFLICT
        return CONFLICT if self.parted(self.group(head) | self.group(other)) else DONE

    def parting(self, number: int) -> int:
        """The exit code of the end of a merge."""
        head = self.claims[number].merged_into
        if head is None or number in self.group(head, but_for=frozenset((head, number))):
            return CONFLICT
        return DONE

    def judging(self, one: int, other: int, judgement: str, because: str) -> int:
        """The exit code of a judgement."""
        pair = frozenset((one, other))
        if one == other:
            return USAGE
        merged = self.claims[one].merged_into, self.claims[other].merged_into
        if merged != (None, None) or self.judged.get(pair) == (judgement, because):
            return CONFLICT
        if judgement == "same" and self.parted(self.group(one) | self.group(other), but_for=pair):
            return CONFLICT
        if judgement == "different" and other in self.group(one, but_for=pair):
            return CONFLICT
        return DONE

    def parted(self, numbers: set[int], but_for: frozenset[int] | None = None) -> bool:
        """Whether two of the claims were judged different."""
        return any(
            judgement == "different" and pair <= numbers and pair != but_for
            for pair, (judgement, _) in self.judged.items()
        )

    def group(self, number: int, but_for: frozenset[int] | None = None) -> set[int]:
        """A claim and all that are the same, directly or by way of others."""
        links = {pair for pair, (judgement, _) in self.judged.items() if judgement == "same"}
        links |= {
            frozenset((other, claim.merged_into))
            for other, claim in self.claims.items()
            if claim.merged_into is not None
        }
        links.discard(but_for or frozenset())
        found = {number}
        while more := {one for pair in links if pair & found for one in pair} - found:
            found |= more
        return found
