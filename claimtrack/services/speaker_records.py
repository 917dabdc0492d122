"""Add speakers and their names, put them right, and merge those that were found to be one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from claimtrack.db import say_why
from claimtrack.errors import ConflictError
from claimtrack.keys import clean_text
from claimtrack.models.people import speaker, speaker_alias
from claimtrack.services.speaker_lists import show
from claimtrack.services.speakers import (
    NearMissError,
    alias_rows,
    create,
    exact,
    head_of,
    insert_alias,
    locate,
    named,
    near_ones,
    no_speaker,
    read_name,
)
from claimtrack.services.views import SpeakerRef, SpeakerView
from claimtrack.vocab import SpeakerKind


def add(
    connection: Connection,
    name: str,
    *,
    kind: SpeakerKind | None = None,
    description: str | None = None,
    aliases: Sequence[str] = (),
    qualifier: str | None = None,
    insist_new: bool = False,
    protected: bool = False,
) -> SpeakerView:
    """Record a new speaker.

    With ``protected`` the name is a pseudonym, and who it is is recorded nowhere. Pseudonyms
    look alike, so one that is near another is no question.

    Raises:
        ConflictError: the name already leads to a speaker, or one of the aliases to another.
        NearMissError: the name is near others, and ``insist_new`` was not said.
        InvalidDataError: a text can't be recorded.
    """
    asked = read_name(name, qualifier)
    found = exact(connection, asked)
    if found is not None:
        raise ConflictError(
            f'"{asked.written}" already is {named([found[1]])}. To record somebody else of that'
            " name, tell them apart with --qualifier.",
            next_command=f"claimtrack speaker show {found[1].id}",
        )
    if not insist_new and not protected:
        likely = near_ones(connection, asked)
        if likely:
            raise NearMissError(asked.typed, likely)
    text = None if description is None else clean_text(description, "description", limit=2000)
    made = create(connection, asked, kind, text, protected=protected)
    for alias in aliases:
        add_alias(connection, made.id, alias)
    return show(connection, str(made.id))


def add_alias(connection: Connection, speaker_id: int, name: str) -> bool:
    """Let another name lead to a speaker; False if it already does.

    Raises:
        ConflictError: the name leads to another speaker, or this one was merged into another.
        NotFoundError: there is no such speaker.
    """
    _refuse_names(lock_head(connection, speaker_id))
    asked = read_name(name)
    row = connection.execute(
        alias_rows().where(
            speaker_alias.c.name_key == asked.key,
            speaker_alias.c.qualifier_key == asked.qualifier_key,
        )
    ).first()
    if row is None:
        insert_alias(connection, speaker_id, asked)
        return True
    if row.head_id == speaker_id:
        return False
    other = SpeakerRef(row.head_id, row.head_name)
    raise ConflictError(
        f'"{asked.written}" already leads to {named([other])}. If the two are one, merge them.',
        next_command=f"claimtrack speaker merge {speaker_id} {other.id} --because '…'",
    )


def lock_head(connection: Connection, speaker_id: int, *, to_merge: bool = False) -> Row[Any]:
    """The row of a speaker that was not merged, locked until the transaction ends.

    ``to_merge`` waits for those, too, who are just recording what the speaker said.
    """
    row = connection.execute(
        select(speaker).where(speaker.c.id == speaker_id).with_for_update(key_share=not to_merge)
    ).first()
    if row is None:
        raise no_speaker(speaker_id)
    if row.merged_into_id is not None:
        head = head_of(connection, speaker_id)
        raise ConflictError(
            f"{row.name} ({speaker_id}) was merged into {named([head])}. Use that one.",
            next_command=f"claimtrack speaker show {head.id}",
        )
    return row


def _refuse_names(row: Row[Any]) -> None:
    if row.protected:
        raise ConflictError(
            f"Speaker {row.id} is protected: {row.name} stays its only name.",
            next_command=f"claimtrack speaker show {row.id}",
        )


def edit(
    connection: Connection,
    speaker_id: int,
    *,
    name: str | None = None,
    kind: SpeakerKind | None = None,
    description: str | None = None,
    because: str | None = None,
) -> SpeakerView:
    """Change how a speaker is written; the old name goes on leading to it.

    None leaves a field as it is; a blank ``description`` removes it.

    Raises:
        NotFoundError: there is no such speaker.
        ConflictError: the new name leads to another speaker, or this one was merged.
        InvalidDataError: a text can't be recorded.
    """
    row = lock_head(connection, speaker_id)
    if because is not None:
        say_why(connection, clean_text(because, "reason", limit=20000, multiline=True))
    values: dict[str, str | None] = {}
    if name is not None:
        _refuse_names(row)
        values["name"] = read_name(name).written
        add_alias(connection, speaker_id, name)
    if kind is not None:
        values["kind"] = kind.value
    if description is not None:
        blank = not description.strip()
        values["description"] = (
            None if blank else clean_text(description, "description", limit=2000)
        )
    changed = {key: value for key, value in values.items() if getattr(row, key) != value}
    if changed:
        connection.execute(speaker.update().where(speaker.c.id == speaker_id).values(changed))
    return show(connection, str(speaker_id))


def merge(connection: Connection, into: str, other: str, because: str) -> SpeakerView:
    """Record that ``other`` is the same speaker as ``into``; all its names lead there from now on.

    No other row moves: what was merged into ``other`` must be parted from it first.

    Raises:
        ConflictError: one of them was already merged, both are the same one, or others were
            merged into ``other``.
        NotFoundError: one of them is unknown.
        InvalidDataError: the reason is blank.
    """
    reason = clean_text(because, "reason", limit=20000, multiline=True)
    head_id, _ = locate(connection, into)
    other_id, _ = locate(connection, other)
    if head_id == other_id:
        raise ConflictError(f"Both are speaker {head_id}: there is nothing to merge.")
    # In one order for everybody, so that two merges at once wait instead of blocking each other.
    rows = {
        number: lock_head(connection, number, to_merge=True)
        for number in sorted((head_id, other_id))
    }
    refs = [SpeakerRef(number, rows[number].name) for number in (other_id, head_id)]
    if rows[head_id].protected != rows[other_id].protected:
        bare = next(row for row in rows.values() if not row.protected)
        raise ConflictError(
            f"Only one of them is protected: beside it, the names of {bare.name} ({bare.id}) would"
            " tell who it is. Protect that one first.",
            next_command=f"claimtrack speaker edit {bare.id} --protected",
        )
    points_there = connection.execute(
        select(speaker.c.id, speaker.c.name)
        .where(speaker.c.merged_into_id == other_id)
        .order_by(speaker.c.id)
    ).all()
    if points_there:
        first = points_there[0]
        raise ConflictError(
            f"{named(refs[:1])} has others merged into it: {_listed(points_there)}. Merges make"
            f" no chain: merge each of them into {named(refs[1:])} instead, or unmerge them first:",
            next_command=f"claimtrack speaker unmerge {first.id} --because WHY",
        )
    say_why(connection, reason)
    point = speaker.update().values(merged_into_id=head_id)
    connection.execute(point.where(speaker.c.id == other_id))
    return show(connection, str(head_id))


def _listed(rows: Sequence[Row[int, str]]) -> str:
    return ", ".join(f"{row.name} ({row.id})" for row in rows)


def unmerge(connection: Connection, name_or_id: str, because: str) -> SpeakerView:
    """Part a speaker from the one that it was merged into; it has its names and claims again.

    Raises:
        ConflictError: it was not merged.
        NotFoundError: it is unknown.
        InvalidDataError: the reason is blank.
    """
    reason = clean_text(because, "reason", limit=20000, multiline=True)
    number, head = locate(connection, name_or_id)
    for each in sorted({number, head.id}):
        connection.execute(select(speaker.c.id).where(speaker.c.id == each).with_for_update())
    if head_of(connection, number).id == number:
        raise _not_merged(connection, number, head)
    say_why(connection, reason)
    connection.execute(speaker.update().where(speaker.c.id == number).values(merged_into_id=None))
    return show(connection, str(number))


def _not_merged(connection: Connection, number: int, ref: SpeakerRef) -> ConflictError:
    merged = connection.execute(
        select(speaker.c.id, speaker.c.name)
        .where(speaker.c.merged_into_id == number)
        .order_by(speaker.c.id)
    ).all()
    told = f"{named([ref])} is not merged into another speaker."
    if not merged:
        return ConflictError(told, next_command=f"claimtrack speaker show {number}")
    return ConflictError(
        f"{told} Merged into it: {_listed(merged)}. Name the one to part from it:",
        next_command=f"claimtrack speaker unmerge {merged[0].id} --because WHY",
    )
