"""Where and by whom a claim was said, and whether they said it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from claimtrack.dates import PartialDate, parse_date
from claimtrack.db import say_why
from claimtrack.errors import (
    ConflictError,
    InvalidDataError,
    MergedClaimError,
    NotFoundError,
    UsageError,
)
from claimtrack.keys import clean_text, statement_key
from claimtrack.models.claims import appearance, attribution, claim
from claimtrack.services import sources, speakers
from claimtrack.services.sources import SourceGiven
from claimtrack.services.stories import load_appearances, merged_ids, no_claim
from claimtrack.services.views import AppearanceView, SourceRef, SpeakerRef
from claimtrack.vocab import SPEAKERLESS_MANNERS, Finding, Manner, Precision, hyphenated

TEXT_LIMIT = 20_000
PLACE_LIMIT = 300


@dataclass(frozen=True, slots=True)
class AppearanceGiven:
    """An appearance as typed: names, a source by URL or id, a date that may be "Tuesday"."""

    source: str
    speakers: tuple[str, ...] = ()
    details: SourceGiven = field(default_factory=SourceGiven)
    said_on: str | None = None
    quote: str | None = None
    passage: str | None = None
    manner: str | None = None
    place: str | None = None
    new_speaker: bool = False
    #: Names, as in ``speakers``, that a person has insisted are new, one by one.
    insisted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Added:
    """The numbers of the appearances that were added, and what a person should be told."""

    claim_id: int
    numbers: tuple[int, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """An appearance whose people, source and texts have been found and read."""

    said_by: tuple[SpeakerRef, ...]
    source: SourceRef
    said_on: PartialDate | None
    values: dict[str, Any]
    told: tuple[str, ...]


def prepare(connection: Connection, given: AppearanceGiven, statement: str) -> Ready:
    """Find or create the speakers and the source, and read the rest, before a claim is touched.

    A relative date is resolved against the source's publication date.

    Raises:
        NotFoundError: no source or speaker of an id that was given.
        NearMissError: a speaker's name is nearly another's.
        ConflictError: the source's details contradict what is on record.
        UsageError: there is no speaker, and no manner that says why.
        InvalidDataError: a text, date or URL can't be recorded.
    """
    quote = _optional(given.quote, "quote")
    manner = _manner(given, quote, statement)
    told: list[str] = []
    said_by = resolve_speakers(connection, given, told)
    source = _resolved_source(connection, given.source, told, given.details)
    said_on = read_said_on(given.said_on, source, told)
    values = {
        "source_id": source.id,
        "said_on": said_on.day if said_on else None,
        "said_precision": said_on.precision if said_on else None,
        "manner": manner,
        "quote": quote,
        "passage": _optional(given.passage, "passage"),
        "place": _optional(given.place, "place", PLACE_LIMIT),
    }
    return Ready(tuple(said_by), source, said_on, values, tuple(told))


def resolve_speakers(
    connection: Connection, given: AppearanceGiven, told: list[str]
) -> list[SpeakerRef]:
    """Find or create the speakers that were named, each once; new ones are added to ``told``.

    Raises:
        NotFoundError: no speaker of a number that was given.
        NearMissError: a name is nearly another speaker's.
        InvalidDataError: a name can't be recorded.
    """
    found: list[SpeakerRef] = []
    for name in given.speakers:
        speaker, created = speakers.resolve(
            connection, name, insist_new=given.new_speaker or name in given.insisted
        )
        if created:
            told.append(f"New speaker {speaker.id}: {speaker.name}.")
        if speaker not in found:
            found.append(speaker)
    return found


def add_appearances(connection: Connection, claim_id: int, given: AppearanceGiven) -> Added:
    """Record that a claim appeared: one appearance for each speaker, or one without.

    Raises:
        NotFoundError: there is no such claim; and as `prepare` says.
        ConflictError: the same appearance is on record; and as `prepare` says.
        MergedClaimError: the claim was merged into another.
        NearMissError, UsageError, InvalidDataError: as `prepare` says.
    """
    # Locked before the last number is read: two who add at once get one number each.
    found = connection.execute(
        select(claim.c.statement, claim.c.merged_into_id, merged_ids(claim).label("merged"))
        .where(claim.c.id == claim_id)
        .with_for_update(key_share=True)
    ).first()
    if found is None:
        raise no_claim(claim_id)
    if found.merged_into_id is not None:
        raise MergedClaimError(claim_id, found.merged_into_id)
    ready = prepare(connection, given, found.statement)
    return insert_appearances(connection, claim_id, ready, found.merged)


def insert_appearances(
    connection: Connection, claim_id: int, ready: Ready, merged: Sequence[int] = ()
) -> Added:
    """Record prepared appearances of a claim that nobody else can add to meanwhile.

    ``merged`` are the claims merged into it: what appeared as one of them did appear.

    Raises:
        ConflictError: the same appearance is on record.
    """
    views = load_appearances(connection, [claim_id, *merged])
    on_record = [view for of_claim in views.values() for view in of_claim]
    last = max((view.no for view in views[claim_id]), default=0)
    numbers = []
    for speaker in ready.said_by or (None,):
        _refuse_same(on_record, speaker, ready)
        last += 1
        connection.execute(
            insert(appearance).values(
                claim_id=claim_id,
                no=last,
                speaker_id=speaker.id if speaker else None,
                **ready.values,
            )
        )
        numbers.append(last)
    return Added(claim_id, tuple(numbers), ready.told)


def read_said_on(text: str | None, source: SourceRef, told: list[str]) -> PartialDate | None:
    """Read when something was said, counting from the day that the source was published.

    What a relative day came to is added to ``told``.

    Raises:
        InvalidDataError: the date can't be read, or counts from a day that isn't known.
    """
    if text is None:
        return None
    published = source.published_on
    anchor: dt.date | None = None
    if published is not None and published.precision is Precision.DAY:
        anchor = published.day
    parsed = parse_date(text, what="date", anchor=anchor)
    if parsed.said_aloud:
        told.append(f"{parsed.said_aloud}.")
    return parsed.value


def _resolved_source(
    connection: Connection, reference: str, told: list[str], details: SourceGiven | None = None
) -> SourceRef:
    """The source of a reference; that it was recorded just now is added to ``told``."""
    source, created = sources.resolve(connection, reference, details)
    if created:
        told.append(f"New source {source.id}: {source.label}.")
    return source


def _optional(text: str | None, what: str, limit: int = TEXT_LIMIT) -> str | None:
    return None if text is None else clean_text(text, what, limit=limit, multiline=True)


def _manner(given: AppearanceGiven, quote: str | None, statement: str) -> Manner:
    spoken = bool(given.speakers)
    if given.manner is not None:
        manner = Manner(given.manner)
        if spoken and manner in (Manner.OWN_VOICE, Manner.UNATTRIBUTED):
            raise UsageError(
                f"With --manner {hyphenated(manner)} nobody is named as the speaker:"
                " leave out --speaker, or the manner."
            )
        if spoken or manner in SPEAKERLESS_MANNERS:
            return manner
    if not spoken:
        raise UsageError(
            "Who said it? Name them with --speaker, or say with --manner own-voice, unattributed"
            " or caption why nobody is named."
        )
    if quote is None:
        return Manner.INDIRECT
    return Manner.DIRECT if statement_key(quote) == statement_key(statement) else Manner.PARTIAL


def _refuse_same(views: list[AppearanceView], speaker: SpeakerRef | None, ready: Ready) -> None:
    for one in views:
        if one.withdrawn is None and (
            one.speaker,
            one.source.id,
            one.said_on,
            one.quote,
            one.place,
        ) == (
            speaker,
            ready.source.id,
            ready.said_on,
            ready.values["quote"],
            ready.values["place"],
        ):
            raise ConflictError(
                f"That is on record already, as appearance {one.address}. If it was said again"
                " in the same source, say where with --at."
            )


def load_appearance(connection: Connection, claim_id: int, no: int) -> AppearanceView:
    """One appearance by its address.

    Raises:
        NotFoundError: there is no such claim, or it has no such appearance.
    """
    views = load_appearances(connection, [claim_id])[claim_id]
    for view in views:
        if view.no == no:
            return view
    found = connection.execute(select(claim.c.id).where(claim.c.id == claim_id)).first()
    if found is None:
        raise no_claim(claim_id)
    raise NotFoundError(
        f"Claim {claim_id} has no appearance {claim_id}.{no}.",
        next_command=f"claimtrack claim show {claim_id}",
    )


@dataclass(frozen=True, slots=True)
class AppearanceChange:
    """What to change of an appearance; None leaves a field as it is.

    A blank quote, passage, place or date removes it.
    """

    speaker: str | None = None
    no_speaker: bool = False
    new_speaker: bool = False
    source: str | None = None
    said_on: str | None = None
    quote: str | None = None
    passage: str | None = None
    manner: str | None = None
    place: str | None = None


def edit_appearance(
    connection: Connection, claim_id: int, no: int, change: AppearanceChange, because: str
) -> Added:
    """Correct how an appearance was read; the trail keeps what stood there, and the reason.

    Raises:
        NotFoundError: no such appearance or source.
        NearMissError: the speaker's name is nearly another's.
        ConflictError: the appearance was withdrawn.
        UsageError: nothing to change, or nobody left as speaker without a manner that says so.
        InvalidDataError: a text or date can't be recorded.
    """
    because = clean_text(because, "reason", limit=TEXT_LIMIT, multiline=True)
    view = load_appearance(connection, claim_id, no)
    _refuse_withdrawn(view)
    told: list[str] = []
    values: dict[str, Any] = {}
    speaker = view.speaker
    if change.speaker is not None:
        speaker, created = speakers.resolve(
            connection, change.speaker, insist_new=change.new_speaker
        )
        if created:
            told.append(f"New speaker {speaker.id}: {speaker.name}.")
        values["speaker_id"] = speaker.id
    elif change.no_speaker:
        speaker = None
        values["speaker_id"] = None
    source = view.source
    if change.source is not None:
        source = _resolved_source(connection, change.source, told)
        values["source_id"] = source.id
    if change.said_on is not None:
        said_on = read_said_on(change.said_on, source, told) if change.said_on.strip() else None
        values["said_on"] = said_on.day if said_on else None
        values["said_precision"] = said_on.precision if said_on else None
    for column, what, text, limit in (
        ("quote", "quote", change.quote, TEXT_LIMIT),
        ("passage", "passage", change.passage, TEXT_LIMIT),
        ("place", "place", change.place, PLACE_LIMIT),
    ):
        if text is not None:
            values[column] = _optional(text, what, limit) if text.strip() else None
    manner = Manner(change.manner) if change.manner else view.manner
    if speaker is not None and manner in (Manner.OWN_VOICE, Manner.UNATTRIBUTED):
        if change.manner:
            raise UsageError(f"With --manner {hyphenated(manner)} nobody is named as the speaker.")
        # Somebody turned out to have said what had seemed to be nobody's words.
        manner = Manner.PARTIAL if values.get("quote", view.quote) else Manner.INDIRECT
    if speaker is None and manner not in SPEAKERLESS_MANNERS:
        raise UsageError(
            "Without a speaker, say with --manner own-voice, unattributed or caption whose words"
            " they are."
        )
    if manner is not view.manner:
        values["manner"] = manner
    if not values:
        raise UsageError("There is nothing to change: say what, for example --speaker NAME.")
    say_why(connection, because)
    connection.execute(
        update(appearance)
        .where(appearance.c.claim_id == claim_id, appearance.c.no == no)
        .values(**values)
    )
    return Added(claim_id, (no,), tuple(told))


def withdraw_appearance(connection: Connection, claim_id: int, no: int, because: str) -> None:
    """Withdraw an appearance that should not stand; it stays on record, and counts no more.

    Raises:
        NotFoundError: no such appearance.
        ConflictError: it was withdrawn already.
        InvalidDataError: the reason is blank or too long.
    """
    because = clean_text(because, "reason", limit=TEXT_LIMIT, multiline=True)
    _refuse_withdrawn(load_appearance(connection, claim_id, no))
    say_why(connection, because)
    connection.execute(
        update(appearance)
        .where(appearance.c.claim_id == claim_id, appearance.c.no == no)
        .values(withdrawn_because=because)
    )


def _refuse_withdrawn(view: AppearanceView) -> None:
    if view.withdrawn is not None:
        raise ConflictError(
            f"Appearance {view.address} was withdrawn by {view.withdrawn.by} on"
            f" {view.withdrawn.at:%Y-%m-%d}: {view.withdrawn.because}"
        )


def find_attribution(
    connection: Connection,
    claim_id: int,
    no: int,
    finding: Finding,
    because: str,
    *,
    supports: str | None = None,
) -> tuple[str, ...]:
    """Append a finding: did the speaker say it? Apart from whether it is true.

    ``supports`` is a source, by URL or id, that the finding rests on. What a person should be
    told is given back.

    Raises:
        NotFoundError: no such appearance, or no source of that id.
        ConflictError: the appearance was withdrawn, or that is the finding already.
        InvalidDataError: nobody is named as speaker, or the reason is blank.
    """
    because = clean_text(because, "reason", limit=TEXT_LIMIT, multiline=True)
    view = load_appearance(connection, claim_id, no)
    _refuse_withdrawn(view)
    if view.speaker is None:
        raise InvalidDataError(
            f"Appearance {view.address} names no speaker, so there is no attribution to check."
        )
    before = view.attribution
    if before is not None and before.finding is finding:
        raise ConflictError(
            f"Appearance {view.address} is {hyphenated(finding)} already: {before.recorded_by}"
            f" found so on {before.recorded_at:%Y-%m-%d}."
        )
    told: list[str] = []
    source_id = None
    if supports is not None:
        source_id = _resolved_source(connection, supports, told).id
    connection.execute(
        insert(attribution).values(
            claim_id=claim_id,
            appearance_no=no,
            finding=finding,
            because=because,
            source_id=source_id,
        )
    )
    return tuple(told)
