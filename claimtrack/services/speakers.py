"""Speakers: found by any of their names, created once, merged when two were found to be one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from claimtrack.errors import ConflictError, InvalidDataError, NotFoundError
from claimtrack.keys import clean_text, word_key
from claimtrack.models.people import speaker, speaker_alias
from claimtrack.names import name_key, near_names, split_qualifier
from claimtrack.services.stories import load_speakers
from claimtrack.services.views import SpeakerRef
from claimtrack.vocab import SpeakerKind

#: How many near names an error or a question names.
MAX_CANDIDATES = 5


class NearMissError(ConflictError):
    """A name that leads to no speaker for sure: near another name, or the name of several.

    ``name`` is the name as typed, ``candidates`` are who may be meant, best first;
    ``may_be_new`` says whether insisting on a new speaker of this name is possible.
    """

    def __init__(
        self, name: str, candidates: Sequence[SpeakerRef], *, may_be_new: bool = True
    ) -> None:
        self.name = name
        self.candidates = tuple(candidates[:MAX_CANDIDATES])
        self.may_be_new = may_be_new
        words = named(self.candidates)
        super().__init__(
            f'There is no speaker "{name.strip()}". Did you mean {words}? Give that name or number;'
            " --new-speaker insists on a new one."
            if may_be_new
            else f'"{name.strip()}" can be {words}. Give the number of the one who is meant.'
        )


@dataclass(frozen=True, slots=True)
class SpeakerName:
    """A name as typed, taken apart: what it is called, under which key it is found."""

    typed: str
    written: str
    bare: str
    key: str
    qualifier: str | None
    qualifier_key: str


def named(refs: Sequence[SpeakerRef]) -> str:
    """Speakers in a sentence: ``Ana Ruiz (3), Ana Ruis (4) or Anna Ruiz (9)``."""
    words = [f"{ref.name} ({ref.id})" for ref in refs]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def read_name(name: str, qualifier: str | None = None) -> SpeakerName:
    """A name as typed, with its qualifier in brackets or given apart.

    Raises:
        InvalidDataError: it can't be recorded, has two qualifiers, or is only digits.
    """
    written = clean_text(name, "speaker's name", limit=300)
    if speaker_number(written) is not None:
        raise InvalidDataError(
            f'"{written}" is read as a speaker\'s number: a name needs more than digits.'
        )
    bare, inside = split_qualifier(written)
    if qualifier is not None:
        if inside is not None:
            raise InvalidDataError(
                "The name already ends in brackets: leave out the brackets or the qualifier."
            )
        inside = clean_text(qualifier, "qualifier", limit=200)
        written = clean_text(f"{bare} ({inside})", "speaker's name with its qualifier", limit=300)
    return SpeakerName(
        name, written, bare, name_key(bare), inside, word_key(inside) if inside else ""
    )


def speaker_number(reference: str) -> int | None:
    """``3`` or ``#3`` as an id: a name is never only digits."""
    match = re.fullmatch(r"\s*#?([0-9]{1,18})\s*", reference)
    return int(match[1]) if match else None


def head_of(connection: Connection, speaker_id: int) -> SpeakerRef:
    """The speaker of an id, or the one that it was merged into."""
    head = speaker.alias("head")
    row = connection.execute(
        select(head.c.id, head.c.name)
        .join(speaker, head.c.id == func.coalesce(speaker.c.merged_into_id, speaker.c.id))
        .where(speaker.c.id == speaker_id)
    ).first()
    if row is None:
        raise no_speaker(speaker_id)
    return SpeakerRef(row.id, row.name)


def no_speaker(speaker_id: int) -> NotFoundError:
    """The error for an id that no speaker has."""
    return NotFoundError(
        f"There is no speaker {speaker_id}.", next_command="claimtrack speaker list"
    )


def alias_rows() -> Select[int, str, int, str]:
    """Every alias with the speaker that it leads to, merged or not, and that one's head."""
    head = speaker.alias("head")
    return (
        select(
            speaker_alias.c.speaker_id,
            speaker_alias.c.qualifier_key,
            head.c.id.label("head_id"),
            head.c.name.label("head_name"),
        )
        .join(speaker, speaker.c.id == speaker_alias.c.speaker_id)
        .join(head, head.c.id == func.coalesce(speaker.c.merged_into_id, speaker.c.id))
    )


def exact(connection: Connection, name: SpeakerName) -> tuple[int, SpeakerRef] | None:
    """The speaker (as the alias has it, and its head) that a name leads to for sure.

    Raises:
        NearMissError: several are called so, or only others with another qualifier.
    """
    rows = connection.execute(
        alias_rows().where(speaker_alias.c.name_key == name.key).order_by(speaker_alias.c.id)
    ).all()
    heads = {row.head_id: SpeakerRef(row.head_id, row.head_name) for row in rows}
    if name.qualifier_key:
        for row in rows:
            if row.qualifier_key == name.qualifier_key:
                return row.speaker_id, heads[row.head_id]
        return None
    # A bare name must not go to one of two John Smiths without a word, whichever came first.
    if len(heads) > 1:
        raise NearMissError(name.typed, list(heads.values()), may_be_new=False)
    return (rows[0].speaker_id, heads[rows[0].head_id]) if rows else None


def near_ones(connection: Connection, name: SpeakerName) -> list[SpeakerRef]:
    """Who may be meant by a name that leads to nobody for sure, best first.

    Among them is a protected speaker of this very name, where the login may read who it is: or
    the same person would be recorded again, in the open.
    """
    from claimtrack.services.identities import speakers_named

    # Every name on record, for what is near can't be asked of an index: as little of each row as
    # will do.
    rows = connection.execute(
        select(speaker_alias.c.speaker_id, speaker_alias.c.name, speaker_alias.c.name_key).where(
            ~speaker_alias.c.protected
        )
    ).all()
    namesakes = speakers_named(connection, name.key)
    namesakes += [number for number, _, key in rows if key == name.key]
    likely = near_names(name.bare, ((number, alias) for number, alias, _ in rows))
    ids = [*namesakes, *likely][: 4 * MAX_CANDIDATES]
    refs = load_speakers(connection, ids) if ids else {}
    return list(dict.fromkeys(refs[number] for number in ids))


def resolve(
    connection: Connection, name: str, *, insist_new: bool = False
) -> tuple[SpeakerRef, bool]:
    """The speaker of this name, recorded now if nobody has one like it; and whether it was.

    ``name`` is any of a speaker's names, perhaps with a qualifier in brackets, or a number.
    ``insist_new`` records a name that is only near another one; a known name stays known.

    Raises:
        NearMissError: the name is near others, or the name of several.
        NotFoundError: no speaker has this number.
        InvalidDataError: the name can't be recorded.
    """
    number = speaker_number(name)
    if number is not None:
        return head_of(connection, number), False
    asked = read_name(name)
    found = exact(connection, asked)
    if found is not None:
        return found[1], False
    if not insist_new:
        near = near_ones(connection, asked)
        # Among them may be the very name, recorded by somebody else since the first look.
        found = exact(connection, asked) if near else None
        if found is not None:
            return found[1], False
        if near:
            raise NearMissError(asked.typed, near)
    return create_or_find(connection, asked)


def create_or_find(connection: Connection, name: SpeakerName) -> tuple[SpeakerRef, bool]:
    """Record a speaker, or find the one that somebody else recorded since we looked."""
    try:
        # The savepoint takes back the speaker together with the name that is taken.
        with connection.begin_nested():
            return create(connection, name), True
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation):
            raise
    found = exact(connection, name)
    if found is None:
        raise ConflictError(f'The name "{name.written}" was recorded meanwhile. Try again.')
    return found[1], False


def create(
    connection: Connection,
    name: SpeakerName,
    kind: SpeakerKind | None = None,
    description: str | None = None,
    *,
    protected: bool = False,
) -> SpeakerRef:
    """Record a speaker with its name; a name that is taken breaks a unique constraint."""
    values: dict[str, Any] = {"name": name.written, "description": description}
    if protected:
        values["protected"] = True
    if kind is not None:
        values["kind"] = kind.value
    number = connection.execute(
        speaker.insert().values(values).returning(speaker.c.id)
    ).scalar_one()
    insert_alias(connection, number, name)
    return SpeakerRef(number, name.written)


def insert_alias(connection: Connection, speaker_id: int, name: SpeakerName) -> None:
    """Let a name lead to a speaker."""
    connection.execute(
        speaker_alias.insert().values(
            speaker_id=speaker_id,
            name=name.bare,
            name_key=name.key,
            qualifier=name.qualifier,
            qualifier_key=name.qualifier_key,
        )
    )


def find(connection: Connection, name_or_id: str) -> SpeakerRef:
    """The speaker of a name or number; of one that was merged, its head.

    Raises:
        NotFoundError: there is none; the sentence names who may be meant.
        NearMissError: several have this name.
    """
    return locate(connection, name_or_id)[1]


def locate(connection: Connection, name_or_id: str) -> tuple[int, SpeakerRef]:
    """The id that a reference names, merged or not, and the head."""
    number = speaker_number(name_or_id)
    if number is not None:
        return number, head_of(connection, number)
    asked = read_name(name_or_id)
    found = exact(connection, asked)
    if found is not None:
        return found
    near = near_ones(connection, asked)[:MAX_CANDIDATES]
    hint = f" Did you mean {named(near)}?" if near else ""
    raise NotFoundError(
        f'There is no speaker "{asked.written}".{hint}',
        next_command=None if near else "claimtrack speaker list",
    )


def identities(connection: Connection, head_id: int) -> list[int]:
    """The ids under which a speaker's appearances are on record: its own and the merged ones."""
    return list(
        connection.scalars(
            select(speaker.c.id)
            .where(or_(speaker.c.id == head_id, speaker.c.merged_into_id == head_id))
            .order_by(speaker.c.id)
        )
    )
