"""Record claims, and tend them: edit, note, assign, supersede."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from claimtrack.db import say_why
from claimtrack.errors import ConflictError, MergedClaimError, NotFoundError, UsageError
from claimtrack.keys import clean_text, language_tag, statement_key
from claimtrack.models.claims import claim, note
from claimtrack.services.appearances import (
    Added,
    AppearanceGiven,
    insert_appearances,
    prepare,
)
from claimtrack.services.days import coming_day
from claimtrack.services.figures import FigureGiven, read_figure, record_figure
from claimtrack.services.marks import rejecting
from claimtrack.services.refusals import constraint_of
from claimtrack.services.stories import head_id, load_claim, load_figures, no_claim
from claimtrack.services.views import ClaimView, ReviewView
from claimtrack.vocab import Kind, Priority, Status, hyphenated, word_of

STATEMENT_LIMIT = 5_000
#: How alike two wordings are that differ by a slip: 1 is the same, a rewrite is around a half.
SLIP = 0.75
TEXT_LIMIT = 20_000
#: Where a claim's words and figure stand under a verdict, be it one that waits for approval.
_UNDER_A_VERDICT = (Status.AWAITING_APPROVAL, Status.CHECKED)


class AlreadyRecordedError(ConflictError):
    """The same statement is on record as claim ``claim_id``.

    ``merged_id`` is the claim that has these very words, where it was merged into that one.
    """

    def __init__(self, claim_id: int, statement: str, word: str, *, merged_id: int) -> None:
        shown = statement if len(statement) <= 200 else f"{statement[:199].rstrip()}…"
        known = f"claim {claim_id} ({word})"
        if merged_id != claim_id:
            known = f"claim {merged_id}, which is the same as {known}"
        super().__init__(
            f'That statement is on record already, as {known}: "{shown}".'
            " If it was said again, add an appearance; --new records it as another claim."
        )
        self.claim_id, self.merged_id = claim_id, merged_id


@dataclass(frozen=True, slots=True)
class ClaimGiven:
    """A claim as typed."""

    statement: str
    kind: Kind | None = None
    language: str = "en"
    topics: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    figure: FigureGiven = field(default_factory=FigureGiven)
    insist_new: bool = False
    #: Refuse it where it is likely on record in other words.
    once: bool = False


def add_claim(
    connection: Connection,
    given: ClaimGiven,
    appeared: AppearanceGiven,
    *,
    supersedes_id: int | None = None,
) -> Added:
    """Record a claim with its first appearances and its figure.

    Raises:
        AlreadyRecordedError: the same statement is a claim already (unless ``insist_new``).
        LikelyRepeatError: it is likely one in other words, and shall be recorded ``once``.
        NotFoundError, NearMissError, ConflictError, UsageError: as `add_appearances` says.
        InvalidDataError: a text, date, URL or quantity can't be recorded.
    """
    statement = clean_text(given.statement, "statement", limit=STATEMENT_LIMIT)
    topics = _topics(given.topics)
    kind = given.kind or (Kind.FIGURE if given.figure.any else Kind.FACT)
    language = language_tag(given.language)
    older = None
    if supersedes_id is not None:
        older = load_claim(connection, supersedes_id)
        _refuse_merged(older)
        _refuse_superseded(older)
        if given.figure.text is None:
            raise UsageError("Give the newer quantity with --figure, for example '>948000'.")
        topics = topics or older.topics
    key = statement_key(statement)
    copies = connection.execute(
        select(func.coalesce(func.max(claim.c.copy_no), 0)).where(claim.c.statement_key == key)
    ).scalar_one()
    if copies and not given.insist_new:
        raise _already_recorded(connection, key)
    # Before the claim: what is refused, or must be asked about, shall not use up its number.
    quantity = (
        read_figure(given.figure, before=older.figure if older else None)
        if given.figure.any
        else None
    )
    ready = prepare(connection, appeared, statement)
    if given.once and not given.insist_new and older is None:
        # Here, so that whoever records nothing doesn't wait for what it imports.
        from claimtrack.services.matching.repeating import refuse_repeats

        refuse_repeats(connection, statement, language)
    try:
        with connection.begin_nested():
            claim_id = connection.execute(
                insert(claim)
                .values(
                    statement=statement,
                    statement_key=key,
                    copy_no=copies + 1,
                    kind=kind,
                    language=language,
                    topics=list(topics),
                    priority=given.priority.level,
                    supersedes_id=supersedes_id,
                )
                .returning(claim.c.id)
            ).scalar_one()
    except IntegrityError as error:
        # Somebody else recorded the same words between the look and the insert.
        if constraint_of(error) == "uq_claim_statement_key_copy_no" and not given.insist_new:
            raise _already_recorded(connection, key) from error
        raise
    if quantity is not None:
        record_figure(connection, claim_id, quantity)
    return insert_appearances(connection, claim_id, ready)


def _already_recorded(connection: Connection, key: bytes) -> AlreadyRecordedError:
    head = claim.alias("head")
    row = connection.execute(
        select(
            claim.c.id.label("own_id"), head.c.id, head.c.statement, head.c.status, head.c.verdict
        )
        .join(head, head.c.id == head_id(claim))
        .where(claim.c.statement_key == key)
        .order_by(claim.c.copy_no)
        .limit(1)
    ).one()
    word = hyphenated(word_of(row.status, row.verdict))
    return AlreadyRecordedError(row.id, row.statement, word, merged_id=row.own_id)


def _refuse_merged(view: ClaimView) -> None:
    if view.merged_into is not None:
        raise MergedClaimError(view.id, view.merged_into.claim_id)


def _refuse_superseded(older: ClaimView) -> None:
    if older.superseded_by_id is not None:
        raise ConflictError(
            f"Claim {older.id} has been superseded by claim {older.superseded_by_id} already."
            " Supersede that one instead.",
            next_command=f"claimtrack claim show {older.superseded_by_id}",
        )


def _topics(topics: Sequence[str]) -> tuple[str, ...]:
    cleaned = (clean_text(topic, "topic", limit=100).casefold() for topic in topics)
    return tuple(dict.fromkeys(cleaned))


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """What to change of a claim; None leaves a field as it is.

    A figure makes a fact a claim of kind ``figure``, unless ``kind`` says otherwise.
    """

    statement: str | None = None
    typo: bool = False
    because: str | None = None
    kind: Kind | None = None
    language: str | None = None
    priority: Priority | None = None
    add_topics: tuple[str, ...] = ()
    remove_topics: tuple[str, ...] = ()
    figure: FigureGiven = field(default_factory=FigureGiven)
    if_version: int | None = None


def edit_claim(connection: Connection, claim_id: int, change: ClaimChange) -> ClaimView:
    """Change a claim's fields; the trail keeps what stood there before.

    Raises:
        NotFoundError: there is no such claim.
        ConflictError: its words stand under a verdict, another claim has the new words, or it
            is not at ``if_version`` any more.
        MergedClaimError: it was merged into another.
        UsageError: nothing to change, or a typo without a reason.
        InvalidDataError: a text or quantity can't be recorded.
    """
    connection.execute(select(claim.c.id).where(claim.c.id == claim_id).with_for_update())
    before = load_claim(connection, claim_id)
    _refuse_merged(before)
    if change.if_version is not None and change.if_version != before.version:
        raise ConflictError(
            f"Claim {claim_id} is at version {before.version} by now, not"
            f" {change.if_version}: look at what changed first.",
            next_command=f"claimtrack claim history {claim_id}",
        )
    if change.typo and not change.because:
        raise UsageError("A typo in the words of a claim is corrected with a reason: --because.")
    values: dict[str, Any] = {}
    if change.statement is not None:
        values.update(_new_words(connection, before, change))
    if change.kind is not None:
        values["kind"] = change.kind
    elif change.figure.text is not None and before.kind is Kind.FACT:
        values["kind"] = Kind.FIGURE
    if change.language is not None:
        values["language"] = language_tag(change.language)
    if change.priority is not None:
        values["priority"] = change.priority.level
    if change.add_topics or change.remove_topics:
        removed = set(_topics(change.remove_topics))
        kept = [topic for topic in before.topics if topic not in removed]
        values["topics"] = list(dict.fromkeys([*kept, *_topics(change.add_topics)]))
    if not values and not change.figure.any:
        raise UsageError("There is nothing to change: say what, for example --priority high.")
    if change.because is not None:
        say_why(connection, clean_text(change.because, "reason", limit=TEXT_LIMIT))
    if change.typo:
        connection.execute(text("SELECT set_config('claimtrack.typo', 'on', true)"))
    if values:
        connection.execute(update(claim).where(claim.c.id == claim_id).values(**values))
    if change.figure.any:
        _refuse_checked(before, change, "figure")
        known = load_figures(connection, [claim_id]).get(claim_id)
        record_figure(connection, claim_id, read_figure(change.figure, before=known))
    return load_claim(connection, claim_id)


def _new_words(connection: Connection, before: ClaimView, change: ClaimChange) -> dict[str, object]:
    statement = clean_text(change.statement or "", "statement", limit=STATEMENT_LIMIT)
    _refuse_checked(before, change, "words")
    if change.typo and before.status in _UNDER_A_VERDICT:
        _refuse_rewrite(before, statement)
    key = statement_key(statement)
    if key == statement_key(before.statement):
        return {"statement": statement}
    other = connection.execute(select(claim.c.id).where(claim.c.statement_key == key)).scalar()
    if other is not None:
        raise ConflictError(
            f"Claim {other} has those words already, so claim {before.id} keeps its own.",
            next_command=f"claimtrack claim show {other}",
        )
    return {"statement": statement, "statement_key": key, "copy_no": 1}


def _refuse_rewrite(before: ClaimView, statement: str) -> None:
    """Let --typo mend a slip, not put other words under a verdict."""
    alike = difflib.SequenceMatcher(None, before.statement, statement, autojunk=False).ratio()
    if alike < SLIP and before.proposal is not None:
        raise ConflictError(
            f"That is more than a slip of the pen. {_proposed(before, before.proposal)} in other"
            " words: reject that, then reword it.",
            next_command=rejecting(before.id),
        )
    if alike < SLIP:
        raise ConflictError(
            f"That is more than a slip of the pen: claim {before.id} was found"
            f" {hyphenated(before.word)} in other words. Reopen it to reword it:",
            next_command=f"claimtrack claim mark {before.id} unverified --because WHY",
        )


def _refuse_checked(before: ClaimView, change: ClaimChange, what: str) -> None:
    if before.status not in _UNDER_A_VERDICT or change.typo:
        return
    if before.proposal is not None:
        raise ConflictError(
            f"{_proposed(before, before.proposal)}, and its {what} stand under that"
            " proposal. A slip of the pen is mended with --typo --because; for anything else"
            " reject it first:",
            next_command=rejecting(before.id),
        )
    last = before.standing_review or before.reviews[-1]
    raise ConflictError(
        f"Claim {before.id} was found {hyphenated(before.word)} by {last.recorded_by} on"
        f" {last.recorded_at:%Y-%m-%d}, and its {what} stand under that verdict. A slip of the"
        " pen is mended with --typo --because; anything else reopens it:",
        next_command=f"claimtrack claim mark {before.id} unverified --because WHY",
    )


def _proposed(before: ClaimView, proposal: ReviewView) -> str:
    proposed = hyphenated(proposal.proposed_verdict or "")
    return (
        f"Claim {before.id} was proposed as {proposed} by {proposal.recorded_by} on"
        f" {proposal.recorded_at:%Y-%m-%d}"
    )


def add_note(connection: Connection, claim_id: int, body: str) -> int:
    """Append a remark to a claim and return the note's id.

    Raises:
        NotFoundError: there is no such claim.
        MergedClaimError: it was merged into another.
        InvalidDataError: the text is blank or too long.
    """
    body = clean_text(body, "note", limit=TEXT_LIMIT, multiline=True)
    found = connection.execute(select(claim.c.merged_into_id).where(claim.c.id == claim_id)).first()
    if found is None:
        raise no_claim(claim_id)
    if found.merged_into_id is not None:
        raise MergedClaimError(claim_id, found.merged_into_id)
    return connection.execute(
        insert(note).values(claim_id=claim_id, body=body).returning(note.c.id)
    ).scalar_one()


def assign(
    connection: Connection,
    claim_ids: Sequence[int],
    name: str | None,
    *,
    due: str | None = None,
    today: dt.date,
) -> None:
    """Give claims to somebody (None: to nobody), all or none.

    ``due`` sets the day as well; "none" removes it.

    Raises:
        NotFoundError: one of the claims does not exist.
        MergedClaimError: one of them was merged into another.
        InvalidDataError: the name or date can't be recorded, or the date has passed.
    """
    values: dict[str, Any] = {
        "assigned_to": None if name is None else clean_text(name, "name", limit=300)
    }
    if due is not None:
        values["due_on"] = None if due.casefold() == "none" else coming_day(due, "--due", today)
    # In the order of their ids, so that two such commands at once can't wait for each other.
    rows = connection.execute(
        select(claim.c.id, claim.c.merged_into_id)
        .where(claim.c.id == func.any(list(claim_ids)))
        .order_by(claim.c.id)
        .with_for_update(key_share=True)
    ).all()
    known = {row.id for row in rows}
    missing = [str(number) for number in claim_ids if number not in known]
    if missing:
        raise NotFoundError(
            f"There is no claim {', '.join(missing)}. Nothing was assigned.",
            next_command="claimtrack claim list",
        )
    for row in rows:
        if row.merged_into_id is not None:
            raise MergedClaimError(row.id, row.merged_into_id)
    connection.execute(
        update(claim).where(claim.c.id == func.any(list(claim_ids))).values(**values)
    )
