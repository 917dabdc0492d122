"""What the services hand out: frozen pictures of what is on record."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from claimtrack.dates import PartialDate
from claimtrack.vocab import (
    Change,
    Comparator,
    Decision,
    Finding,
    Judgement,
    Kind,
    Manner,
    Outcome,
    Priority,
    SetAsideReason,
    SourceKind,
    SpeakerKind,
    Stance,
    Status,
    Verdict,
    word_of,
)


class SpeakerRef(NamedTuple):
    """A speaker as a claim shows it: the head, where speakers were merged."""

    id: int
    name: str


def source_label(number: int, publisher: str | None, title: str | None, url: str | None) -> str:
    """What to call a source in a line: publisher and title, else its URL."""
    named = ", ".join(part for part in (publisher, title) if part)
    return named or url or f"source {number}"


class SourceRef(NamedTuple):
    """A source as a claim shows it."""

    id: int
    kind: SourceKind
    url: str | None
    title: str | None
    publisher: str | None
    agency: str | None
    published_on: PartialDate | None

    @property
    def label(self) -> str:
        """What to call it in a line, as `source_label` says."""
        return source_label(self.id, self.publisher, self.title, self.url)


class Withdrawal(NamedTuple):
    """When something was withdrawn, by whom and why."""

    at: dt.datetime
    by: str
    because: str


class AttributionView(NamedTuple):
    """A finding on whether the speaker said it."""

    finding: Finding
    because: str
    source: SourceRef | None
    recorded_at: dt.datetime
    recorded_by: str


class AppearanceView(NamedTuple):
    """One occurrence of a claim."""

    claim_id: int
    no: int
    speaker: SpeakerRef | None
    source: SourceRef
    said_on: PartialDate | None
    said_text: str | None
    manner: Manner
    quote: str | None
    passage: str | None
    place: str | None
    attribution: AttributionView | None
    withdrawn: Withdrawal | None
    recorded_at: dt.datetime
    recorded_by: str

    @property
    def address(self) -> str:
        """``14.1``: the claim and the number of the appearance."""
        return f"{self.claim_id}.{self.no}"


class FigureView(NamedTuple):
    """The quantity that a claim asserts."""

    comparator: Comparator
    low: Decimal
    high: Decimal | None
    unit: str | None
    counted: str | None
    place: str | None
    on: PartialDate | None
    since: PartialDate | None

    @property
    def words(self) -> str:
        """The figure in a line: "more than 900,000 people, displaced, Idlib, since 2019-12"."""
        from claimtrack.quantity import Quantity, format_quantity

        value = format_quantity(Quantity(self.comparator, self.low, self.high))
        parts = [f"{value} {self.unit}" if self.unit else value, self.counted, self.place]
        parts.append(f"on {self.on}" if self.on else None)
        parts.append(f"since {self.since}" if self.since else None)
        return ", ".join(part for part in parts if part)


class EvidenceView(NamedTuple):
    """A source that supports, refutes or gives context."""

    id: int
    claim_id: int
    stance: Stance
    source: SourceRef
    excerpt: str | None
    place: str | None
    withdrawn: Withdrawal | None
    recorded_at: dt.datetime
    recorded_by: str


class ReviewView(NamedTuple):
    """One move of a claim's status."""

    no: int
    from_status: Status
    status: Status
    verdict: Verdict | None
    because: str
    change: Change | None
    reason: SetAsideReason | None
    rating: str | None
    recheck_on: dt.date | None
    evidence_ids: tuple[int, ...]
    recorded_at: dt.datetime
    recorded_by: str
    db_user: str
    proposed_verdict: Verdict | None = None
    decision: Decision | None = None

    @property
    def word(self) -> str:
        """The one word that people type and read: the verdict, else the status."""
        return word_of(self.status, self.verdict)


class NoteView(NamedTuple):
    """A remark."""

    id: int
    body: str
    recorded_at: dt.datetime
    recorded_by: str


class Closing(NamedTuple):
    """When a dispute was closed, by whom and with which answer."""

    at: dt.datetime
    by: str
    because: str


class ObjectionView(NamedTuple):
    """Disagreement from inside the desk with the verdict of a review; open without a closing."""

    claim_id: int
    no: int
    review_no: int
    verdict: Verdict
    because: str
    closed: Closing | None
    recorded_at: dt.datetime
    recorded_by: str

    @property
    def address(self) -> str:
        """``14.1``: the claim and the number of the objection."""
        return f"{self.claim_id}.{self.no}"


class ChallengeView(NamedTuple):
    """A demand from outside that the verdict of a review be corrected; open without an outcome."""

    claim_id: int
    no: int
    review_no: int
    verdict: Verdict
    challenger: str
    because: str
    due_on: dt.date
    outcome: Outcome | None
    closed: Closing | None
    recorded_at: dt.datetime
    recorded_by: str

    @property
    def address(self) -> str:
        """``14.1``: the claim and the number of the challenge."""
        return f"{self.claim_id}.{self.no}"


class AssessmentView(NamedTuple):
    """Somebody else's published fact-check of a claim; it says nothing of our own verdict."""

    id: int
    claim_id: int
    publisher: str | None
    title: str | None
    url: str | None
    rating: str | None
    verdict: Verdict | None
    rating_value: Decimal | None
    best_rating: Decimal | None
    worst_rating: Decimal | None
    published_on: PartialDate | None
    language: str | None
    summary: str | None
    recorded_at: dt.datetime
    recorded_by: str


class PublicationView(NamedTuple):
    """Where the desk's own fact-check of a claim stands; ``review_no`` gave it its verdict."""

    claim_id: int
    review_no: int
    verdict: Verdict
    url: str
    published_on: dt.date
    headline: str
    public_note: str | None
    recorded_at: dt.datetime
    recorded_by: str


class SameClaim(NamedTuple):
    """The other end of a merge: the head of a claim, or what was merged into it; and why."""

    claim_id: int
    statement: str
    status: Status
    verdict: Verdict | None
    merged_at: dt.datetime
    merged_by: str
    because: str

    @property
    def word(self) -> str:
        """The one word that people type and read: the verdict, else the status."""
        return word_of(self.status, self.verdict)


class SameRef(NamedTuple):
    """A claim that is the same as another, and where it stands itself."""

    id: int
    status: Status
    verdict: Verdict | None

    @property
    def word(self) -> str:
        """The one word that people type and read: the verdict, else the status."""
        return word_of(self.status, self.verdict)


class JudgementView(NamedTuple):
    """What was judged last of a claim and another one; ``of_claim_id`` may be merged into it."""

    of_claim_id: int
    claim_id: int
    statement: str
    status: Status
    verdict: Verdict | None
    judgement: Judgement
    because: str | None
    recorded_at: dt.datetime
    recorded_by: str

    @property
    def word(self) -> str:
        """Where the other claim stands: its verdict, else its status."""
        return word_of(self.status, self.verdict)


class ClaimView(NamedTuple):
    """A claim with all that is on record about it, oldest first.

    Appearances, evidence, assessments and publications are also those of the claims merged into
    it, after its own. ``judgements`` are those that hold against other claims, and ``same_as`` the
    claims that are the same by them, directly or by way of others.
    """

    id: int
    external_id: str | None
    statement: str
    kind: Kind
    language: str
    topics: tuple[str, ...]
    priority: Priority
    status: Status
    verdict: Verdict | None
    assigned_to: str | None
    due_on: dt.date | None
    recheck_on: dt.date | None
    reach: int
    supersedes_id: int | None
    superseded_by_id: int | None
    merged_into: SameClaim | None
    merged: tuple[SameClaim, ...]
    recorded_at: dt.datetime
    recorded_by: str
    version: int
    figure: FigureView | None
    appearances: tuple[AppearanceView, ...]
    evidence: tuple[EvidenceView, ...]
    reviews: tuple[ReviewView, ...]
    notes: tuple[NoteView, ...]
    objections: tuple[ObjectionView, ...]
    challenges: tuple[ChallengeView, ...]
    assessments: tuple[AssessmentView, ...] = ()
    publications: tuple[PublicationView, ...] = ()
    judgements: tuple[JudgementView, ...] = ()
    same_as: tuple[SameRef, ...] = ()

    @property
    def publication(self) -> PublicationView | None:
        """Where the desk's fact-check stands: its own, else that of a claim merged into it."""
        return next(iter(self.publications), None)

    @property
    def word(self) -> str:
        """The one word that people type and read: the verdict, else the status."""
        return word_of(self.status, self.verdict)

    @property
    def proposal(self) -> ReviewView | None:
        """The review whose verdict waits for somebody else's approval, where one does."""
        return self.reviews[-1] if self.status is Status.AWAITING_APPROVAL else None

    @property
    def proposed_verdict(self) -> Verdict | None:
        """The verdict that waits for somebody else's approval, where one does."""
        return self.proposal.proposed_verdict if self.proposal else None

    @property
    def lost_grounds(self) -> tuple[int, ...]:
        """Evidence of the proposal that counts for it no more: withdrawn, or unmerged since."""
        stand = {one.id for one in self.evidence if one.withdrawn is None}
        rests_on = self.proposal.evidence_ids if self.proposal else ()
        return tuple(number for number in rests_on if number not in stand)

    @property
    def standing_review(self) -> ReviewView | None:
        """The review by which the claim stands where it does; a rejection gives it back."""
        return next(
            (
                one
                for one in reversed(self.reviews)
                if one.status is self.status and one.decision is not Decision.REJECTED
            ),
            None,
        )

    @property
    def disputed(self) -> bool:
        """Whether an objection waits for its answer."""
        return any(one.closed is None for one in self.objections)

    @property
    def last_verdict(self) -> Verdict | None:
        """The latest verdict, also of a claim that was reopened since."""
        return next((one.verdict for one in reversed(self.reviews) if one.verdict), None)

    @property
    def same_ids(self) -> tuple[int, ...]:
        """The claims whose appearances and evidence are its own: itself, and those merged in."""
        return (self.id, *(one.claim_id for one in self.merged))

    @property
    def standing(self) -> tuple[AppearanceView, ...]:
        """The appearances that were not withdrawn."""
        return tuple(one for one in self.appearances if one.withdrawn is None)

    @property
    def first(self) -> AppearanceView | None:
        """The appearance that stands for the claim in a line."""
        return next(iter(self.standing), None)

    @property
    def _rests_on(self) -> tuple[int, ...]:
        return self.reviews[-1].evidence_ids if self.verdict and self.reviews else ()

    @property
    def withdrawn_from_under(self) -> tuple[int, ...]:
        """Evidence that the standing verdict rested on, and that has been withdrawn since."""
        gone = {one.id for one in self.evidence if one.withdrawn is not None}
        return tuple(number for number in self._rests_on if number in gone)

    @property
    def parted_from_under(self) -> tuple[int, ...]:
        """Evidence that it rested on, of a claim that has been unmerged since."""
        own = {one.id for one in self.evidence}
        return tuple(number for number in self._rests_on if number not in own)

    @property
    def evidence_withdrawn(self) -> bool:
        """Whether evidence that the standing verdict rested on counts for it no more."""
        return bool(self.withdrawn_from_under or self.parted_from_under)


class ClaimLine(NamedTuple):
    """A claim in a line under its speaker or its source.

    A merged claim shows its head, with ``of_claim_id`` the claim that the appearance or evidence
    itself belongs to. ``no`` is the number of the appearance; of a claim that the source is
    evidence on, it is the evidence's id, and ``stance`` says what it does.
    """

    claim_id: int
    statement: str
    status: Status
    verdict: Verdict | None
    disputed: bool
    no: int
    of_claim_id: int
    stance: Stance | None = None

    @property
    def word(self) -> str:
        """The one word that people type and read: the verdict, else the status."""
        return word_of(self.status, self.verdict)


class SpeakerView(NamedTuple):
    """A speaker with the names that lead to it."""

    id: int
    name: str
    kind: SpeakerKind
    description: str | None
    aliases: tuple[str, ...]
    merged_into: SpeakerRef | None
    merged: tuple[SpeakerRef, ...]
    protected: bool
    claims: int
    recorded_at: dt.datetime
    recorded_by: str
    version: int


class CaptureView(NamedTuple):
    """The bytes of a source as filed at one moment; ``sha256`` in hexadecimal.

    Of a protected source neither the file's name nor the digest is told: whoever has a file like
    it would know it again.
    """

    id: int
    sha256: str | None
    byte_count: int
    file_name: str | None
    media_type: str | None
    recorded_at: dt.datetime
    recorded_by: str


class SourceView(NamedTuple):
    """A source with its captures and how many claims appear in it.

    ``captures`` is None for a login that may not know what is filed.
    """

    ref: SourceRef
    external_id: str | None
    language: str | None
    captures: tuple[CaptureView, ...] | None
    protected: bool
    claims: int
    evidence: int
    recorded_at: dt.datetime
    recorded_by: str
    version: int
