"""The story of a claim as text: everything at a glance, in lines that fit the terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimtrack.cli.published import assessment_words, outdated_words, publication_words
from claimtrack.render import display_width, escape_terminal, style
from claimtrack.vocab import (
    JUDGEMENT_WORDS,
    Decision,
    Judgement,
    Kind,
    Manner,
    Priority,
    Stance,
    Status,
    Verdict,
    hyphenated,
    told_word,
)

if TYPE_CHECKING:
    from claimtrack.services.views import (
        AppearanceView,
        ChallengeView,
        ClaimView,
        Closing,
        EvidenceView,
        NoteView,
        ObjectionView,
        ReviewView,
        SameClaim,
        SourceRef,
        Withdrawal,
    )

#: Narrower than this, wrapping would leave a word a line.
_NARROWEST = 30

_COLORS: dict[str, str] = {
    Status.UNVERIFIED: "yellow",
    Status.IN_REVIEW: "cyan",
    Status.AWAITING_APPROVAL: "yellow",
    Status.SET_ASIDE: "dim",
    Verdict.TRUE: "green",
    Verdict.MOSTLY_TRUE: "green",
    Verdict.FALSE: "red",
    Verdict.MOSTLY_FALSE: "red",
    Verdict.ALTERED: "red",
    Verdict.MISCAPTIONED: "red",
}

_HEADINGS = {
    Stance.SUPPORTS: "Evidence that supports it",
    Stance.REFUTES: "Evidence that refutes it",
    Stance.CONTEXT: "Context",
}


def word_style(word: str) -> str | None:
    """The colour of a status or verdict, or None; takes both spellings."""
    return _COLORS.get(word.replace("-", "_"))


def story_lines(view: ClaimView, width: int | None, *, color: bool) -> list[str]:
    """The lines of `claim show`, escaped, and wrapped to ``width`` columns (None: not wrapped)."""
    return list(_Story(view, width, color=color).lines())


def appearance_line(one: AppearanceView) -> str:
    """An appearance in one escaped line: its address, who said it, when and where."""
    speaker = one.speaker.name if one.speaker else hyphenated(one.manner)
    said = f", said on {one.said_on}" if one.said_on else ""
    gone = " (withdrawn)" if one.withdrawn else ""
    line = f"{one.address}  {speaker}{said}, in source {one.source.id}: {one.source.label}{gone}"
    return escape_terminal(line)


class _Story:
    def __init__(self, view: ClaimView, width: int | None, *, color: bool) -> None:
        self.view = view
        self.width = None if width is None else max(width, _NARROWEST)
        self.color = color

    def lines(self) -> Iterator[str]:
        view = self.view
        yield from self._text(view.statement, "", "bold", first=f"Claim {view.id}: ")
        yield from self._standing()
        if view.merged_into is not None:
            yield from self._same(view.merged_into, "The same as claim", "yellow")
        yield ""
        yield from self._facts()
        if view.merged:
            yield ""
            yield from self._heading("The same as this")
            for other in view.merged:
                yield from self._same(other, "Claim")
        yield from self._judged()
        yield ""
        yield from self._heading("Where it appeared")
        for one in view.appearances:
            yield from self._appearance(one)
        for stance, heading in _HEADINGS.items():
            pieces = [piece for piece in view.evidence if piece.stance is stance]
            if pieces:
                yield ""
                yield from self._heading(heading)
                for piece in pieces:
                    yield from self._evidence(piece)
        yield from self._published()
        if view.objections or view.challenges:
            yield ""
            yield from self._heading("Objections and challenges")
            for objection in view.objections:
                yield from self._objection(objection)
            for challenge in view.challenges:
                yield from self._challenge(challenge)
        if view.reviews or view.notes:
            yield ""
            yield from self._heading("Reviews and notes")
            yield from self._course()

    # -- the head -----------------------------------------------------------------------------

    def _standing(self) -> Iterator[str]:
        view = self.view
        word = told_word(view.word, disputed=view.disputed)
        color = word_style(view.word)
        since = view.standing_review
        if since is not None:
            told = f"{word} since {_when(since.recorded_at)}, by {since.recorded_by}"
            if since.decision is Decision.APPROVED:
                told += f", as {view.reviews[since.no - 2].recorded_by} proposed"
            notes = _review_notes(since)
            yield from self._text(f"{told}{notes}", "  ", *([color] if color else []))
            yield from self._text(since.because, "  ")
        elif view.reviews:
            yield from self._text(word, "  ", color or "bold")
        else:
            yield from self._text(f"{word}: nobody has looked at it yet", "  ", color or "bold")
        yield from self._proposed()
        for happened, gone in (
            ("was withdrawn since", view.withdrawn_from_under),
            ("is another claim's since", view.parted_from_under),
        ):
            if gone:
                numbers = ", ".join(map(str, gone))
                yield from self._text(
                    f"! Evidence that this verdict rested on {happened}: {numbers}. Look at it"
                    " again.",
                    "  ",
                    "bold",
                    "red",
                )
        yield from self._open_disputes()
        if view.superseded_by_id is not None:
            yield from self._text(
                f"! A newer figure is on record: claim {view.superseded_by_id}.", "  ", "yellow"
            )

    def _proposed(self) -> Iterator[str]:
        """What was turned down last, or what is to be done about a verdict that waits."""
        view, proposal = self.view, self.view.proposal
        if view.reviews and view.reviews[-1].decision is Decision.REJECTED:
            last, turned_down = view.reviews[-1], view.reviews[-2]
            yield from self._text(
                f"{hyphenated(turned_down.proposed_verdict or '')}, proposed by"
                f" {turned_down.recorded_by}, was rejected by {last.recorded_by} on"
                f" {_when(last.recorded_at)}: {last.because}",
                "  ",
            )
        if proposal is None or view.merged_into is not None:
            return
        if view.last_verdict is not None:
            yield from self._text(f"The last verdict was {hyphenated(view.last_verdict)}.", "  ")
        if view.lost_grounds:
            gone = ", ".join(map(str, view.lost_grounds))
            yield from self._text(
                f"! Evidence on which it was to rest counts no more: {gone}. Reject it:"
                f" claimtrack claim reject {view.id} --because WHY",
                "  ",
                "bold",
                "red",
            )
            return
        yield from self._text(
            f"Somebody else than {proposal.recorded_by} concludes it with claimtrack claim approve"
            f" {view.id}, or turns it down with claimtrack claim reject {view.id} --because WHY",
            "  ",
        )

    def _open_disputes(self) -> Iterator[str]:
        for one in self.view.objections:
            if one.closed is None:
                yield from self._text(
                    f"! {one.recorded_by} objects to {hyphenated(one.verdict)} ({one.address}),"
                    " and is not answered yet.",
                    "  ",
                    "yellow",
                )
        for demand in self.view.challenges:
            if demand.closed is None:
                yield from self._text(
                    f"! {demand.challenger} demands a correction ({demand.address}), to be decided"
                    f" by {demand.due_on}.",
                    "  ",
                    "yellow",
                )

    def _facts(self) -> Iterator[str]:
        view = self.view
        facts = [f"{hyphenated(Kind(view.kind))}, priority {Priority(view.priority)}"]
        if view.topics:
            facts.append(f"topics {', '.join(view.topics)}")
        if view.assigned_to:
            facts.append(f"held by {view.assigned_to}")
        if view.due_on:
            facts.append(f"due on {view.due_on}")
        if view.recheck_on:
            facts.append(f"look again on {view.recheck_on}")
        yield from self._text("; ".join(facts))
        if view.figure is not None:
            yield from self._text(f"Figure: {view.figure.words}")
        if view.supersedes_id is not None:
            yield from self._text(f"Takes the figure of claim {view.supersedes_id} further")
        known = f" as {view.external_id}" if view.external_id else ""
        yield from self._text(
            f"Recorded{known} on {_when(view.recorded_at)} by {view.recorded_by};"
            f" version {view.version}"
        )

    def _same(self, one: SameClaim, lead: str, *styles: str) -> Iterator[str]:
        told = f"{lead} {one.claim_id} ({hyphenated(one.word)}): {one.statement}"
        yield from self._text(told, "  ", *styles)
        why = f"Merged by {one.merged_by} on {_when(one.merged_at)}: {one.because}"
        yield from self._text(why, "    ", *styles)

    def _judged(self) -> Iterator[str]:
        view = self.view
        if not view.judgements:
            return
        yield ""
        yield from self._heading("Judged against other claims")
        for one in view.judgements:
            of = f"Claim {one.of_claim_id} is " if one.of_claim_id != view.id else ""
            told = f"{of}{JUDGEMENT_WORDS[one.judgement]} claim {one.claim_id}"
            told = told[0].upper() + told[1:]
            yield from self._text(f"{told} ({hyphenated(one.word)}): {one.statement}", "  ")
            why = f": {one.because}" if one.because else ""
            yield from self._text(f"By {one.recorded_by} on {_when(one.recorded_at)}{why}", "    ")
        judged = {one.claim_id for one in view.judgements if one.judgement is Judgement.SAME}
        further = [one for one in view.same_as if one.id not in judged]
        if further:
            yield from self._text(
                "By way of others the same as claim "
                + ", ".join(f"{one.id} ({hyphenated(one.word)})" for one in further),
                "  ",
            )

    # -- appearances and evidence -------------------------------------------------------------

    def _appearance(self, one: AppearanceView) -> Iterator[str]:
        speaker = one.speaker.name if one.speaker else hyphenated(one.manner)
        written = f" (“{one.said_text}”)" if one.said_text else ""
        said = f", said on {one.said_on}{written}" if one.said_on else ""
        of = f", of claim {one.claim_id}" if one.claim_id != self.view.id else ""
        yield from self._text(f"{speaker}{said}{of}", first=f"  {one.address}  ", indent="    ")
        yield from self._source(one.source)
        how = [hyphenated(one.manner)] if one.speaker or one.manner is Manner.CAPTION else []
        how += [one.place] if one.place else []
        if how:
            yield from self._text(", ".join(how), "    ")
        if one.quote:
            yield from self._text(f"“{one.quote}”", "    ")
        if one.passage:
            yield from self._text(one.passage, "    ", first="    Passage: ")
        found = one.attribution
        if found is not None:
            yield from self._text(
                f"Attribution {hyphenated(found.finding)}, by {found.recorded_by} on"
                f" {_when(found.recorded_at)}: {found.because}",
                "    ",
            )
            if found.source is not None:
                yield from self._source(found.source)
        yield from self._withdrawn(one.withdrawn)

    def _evidence(self, piece: EvidenceView) -> Iterator[str]:
        of = f" of claim {piece.claim_id}" if piece.claim_id != self.view.id else ""
        told = f"Evidence {piece.id}{of}, by {piece.recorded_by} on {_when(piece.recorded_at)}"
        yield from self._text(told, first="  ", indent="    ")
        yield from self._source(piece.source)
        if piece.place:
            yield from self._text(piece.place, "    ")
        if piece.excerpt:
            yield from self._text(f"“{piece.excerpt}”", "    ")
        yield from self._withdrawn(piece.withdrawn)

    # -- published fact-checks ----------------------------------------------------------------

    def _published(self) -> Iterator[str]:
        view = self.view
        if view.publications:
            yield ""
            yield from self._heading("Published")
        for ours in view.publications:
            yield from self._block(publication_words(ours, view))
            if outdated := outdated_words(ours, view):
                yield from self._text(outdated, "    ", "bold", "red")
        if view.assessments:
            yield ""
            yield from self._heading("What others found")
        for theirs in view.assessments:
            yield from self._block(assessment_words(theirs, view))

    def _block(self, words: Iterator[str]) -> Iterator[str]:
        yield from self._text(next(words), first="  ", indent="    ")
        for more in words:
            yield from self._text(more, "    ")

    # -- objections and challenges ------------------------------------------------------------

    def _objection(self, one: ObjectionView) -> Iterator[str]:
        head = f"{one.recorded_by} objects to {hyphenated(one.verdict)}"
        yield from self._dispute(one, f"Objection {one.address}, {_when(one.recorded_at)}: {head}")
        if one.closed is not None:
            yield from self._closing(one.closed, "Answered")

    def _challenge(self, one: ChallengeView) -> Iterator[str]:
        head = f"{one.challenger} demands a correction of {hyphenated(one.verdict)}"
        yield from self._dispute(
            one,
            f"Challenge {one.address}, {_when(one.recorded_at)}: {head}, to be decided by"
            f" {one.due_on}; recorded by {one.recorded_by}",
        )
        if one.closed is not None:
            yield from self._closing(one.closed, str(one.outcome).capitalize())

    def _dispute(self, one: ObjectionView | ChallengeView, head: str) -> Iterator[str]:
        yield from self._text(head, first="  ", indent="    ")
        yield from self._text(one.because, "    ")

    def _closing(self, closed: Closing, how: str) -> Iterator[str]:
        told = f"{how} by {closed.by} on {_when(closed.at)}: {closed.because}"
        yield from self._text(told, "    ")

    def _source(self, ref: SourceRef) -> Iterator[str]:
        parts = [f"source {ref.id}: {ref.label}"]
        if ref.agency:
            parts.append(f"text of {ref.agency}")
        if ref.published_on:
            parts.append(f"published {ref.published_on}")
        if ref.url and ref.url != ref.label:
            parts.append(ref.url)
        yield from self._text(", ".join(parts), "    ")

    def _withdrawn(self, gone: Withdrawal | None) -> Iterator[str]:
        if gone is not None:
            yield from self._text(
                f"Withdrawn by {gone.by} on {_when(gone.at)}: {gone.because}", "    ", "yellow"
            )

    # -- reviews and notes --------------------------------------------------------------------

    def _course(self) -> Iterator[str]:
        view = self.view
        notes = sorted(view.notes, key=lambda note: note.recorded_at)
        before = Status.UNVERIFIED.value
        for review in view.reviews:
            # Reviews stand in the order of their numbers: of two at once the later one may have
            # begun before the other.
            while notes and notes[0].recorded_at < review.recorded_at:
                yield from self._note(notes.pop(0))
            after = review.word
            told = f"{hyphenated(before)} → {hyphenated(after)}{_review_notes(review)}"
            if review.evidence_ids:
                told += f"; evidence {', '.join(map(str, review.evidence_ids))}"
            yield from self._entry(
                review.recorded_at, f"{review.recorded_by}: {told}", review.because
            )
            before = after
        for note in notes:
            yield from self._note(note)

    def _note(self, note: NoteView) -> Iterator[str]:
        yield from self._entry(note.recorded_at, f"{note.recorded_by} noted", note.body)

    def _entry(self, at: dt.datetime, head: str, body: str) -> Iterator[str]:
        yield from self._text(head, first=f"  {_when(at)}  ", indent="    ")
        yield from self._text(body, "    ")

    # -- laying out ---------------------------------------------------------------------------

    def _heading(self, text: str) -> Iterator[str]:
        yield from self._text(text, "", "bold")

    def _text(
        self, text: str, indent: str = "", *styles: str, first: str | None = None
    ) -> Iterator[str]:
        """A text in lines: its own line breaks stay, long lines are wrapped under ``indent``.

        ``first`` opens the first line, with an indent of its own.
        """
        opening = indent if first is None else first
        margin = opening[: len(opening) - len(opening.lstrip())]
        room = max(len(margin), len(indent))
        for paragraph in (opening.lstrip() + text).replace("\r\n", "\n").split("\n"):
            for line in self._wrapped(escape_terminal(paragraph.replace("\t", " ")), room):
                yield margin + style(line, *styles, color=self.color) if line else ""
                margin = indent
            margin = indent

    def _wrapped(self, text: str, used: int) -> Iterator[str]:
        """Lines that fit beside a margin; a word that is too long stays whole, to be copied."""
        if self.width is None:
            yield text
            return
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if line and used + display_width(longer) > self.width:
                yield line.rstrip()
                line = word
            else:
                line = longer
        yield line


def _review_notes(review: ReviewView) -> str:
    notes = [hyphenated(word) for word in (review.change, review.reason) if word]
    if review.proposed_verdict:
        notes.insert(0, f"proposes {hyphenated(review.proposed_verdict)}")
    if review.decision:
        notes.insert(0, review.decision)
    if review.rating:
        notes.append(f"rated {review.rating}")
    return f" ({', '.join(notes)})" if notes else ""


def _when(moment: dt.datetime) -> str:
    """An instant, to the minute, in UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
