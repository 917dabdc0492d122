"""`claimtrack speaker`: who makes claims, under which names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import TABLE_LIMIT, App, command, need
from claimtrack.cli.blocks import after_option, claim_line_json, claim_lines, fields, more, one_more
from claimtrack.cli.lines import limit_option, row_limit
from claimtrack.cli.params import Id, Words
from claimtrack.cli.protecting import (
    STILL,
    identity_lines,
    protect_options,
    protects,
    reveal_option,
    say_mentions,
)
from claimtrack.render import Column, Listing, style
from claimtrack.vocab import SpeakerKind

if TYPE_CHECKING:
    from claimtrack.services.views import SpeakerView


@click.group()
def speaker() -> None:
    """Who makes claims, under which names."""


@command(
    speaker,
    "add",
    example="""
claimtrack speaker add "Ana Ruiz" --kind person --description "Mayor of Lindau" --alias "A. Ruiz"
claimtrack speaker add "John Smith (Ohio senator)"
claimtrack speaker add --protected "Source K7"
""",
)
@click.argument("name")
@click.option("--kind", type=Words.of(SpeakerKind), help="Who speaks.")
@click.option("--description", metavar="TEXT", help="Who this is, in a few words.")
@click.option("--alias", "aliases", metavar="NAME", multiple=True, help="Another name; repeat.")
@click.option("--qualifier", metavar="TEXT", help="Tells two of one name apart: 'Ohio senator'.")
@click.option("--new-speaker", is_flag=True, help="Insist, though the name is near another one.")
@click.option("--protected", is_flag=True, help="NAME is a pseudonym; who it is is not recorded.")
def add(
    app: App,
    name: str,
    kind: str | None,
    description: str | None,
    aliases: tuple[str, ...],
    qualifier: str | None,
    new_speaker: bool,
    protected: bool,
) -> None:
    """Record a speaker before any claim does."""
    need(not (protected and aliases), "A protected speaker has one name: its pseudonym.")
    from claimtrack.cli.asking import ask_which_speaker
    from claimtrack.services import speaker_records
    from claimtrack.services.speakers import NearMissError

    def attempt(*, insist_new: bool) -> SpeakerView:
        with app.write() as connection:
            return speaker_records.add(
                connection,
                name,
                kind=SpeakerKind(kind) if kind else None,
                description=description,
                aliases=aliases,
                qualifier=qualifier,
                insist_new=insist_new,
                protected=protected,
            )

    try:
        view = attempt(insist_new=new_speaker)
    except NearMissError as error:
        chosen = ask_which_speaker(app, error)
        if chosen is not None:
            app.say(
                f"Nothing was recorded: it is speaker {chosen}. To find it by this name too:\n"
                f"  claimtrack speaker alias {chosen} {shlex.quote(name)}"
            )
            return
        view = attempt(insist_new=True)
    app.say(f"New speaker {view.id}.")
    _show(app, view)


@command(speaker, "list", example="claimtrack speaker list --text ruiz")
@click.option("--text", metavar="WORDS", help="In one of the names.")
@limit_option("speakers")
@after_option
def list_(app: App, text: str | None, limit: int | None, after: int) -> None:
    """The speakers, in the order recorded."""
    from claimtrack.cli.shapes import speaker_json
    from claimtrack.services.speaker_lists import list_speakers

    at_most = row_limit(app, limit)
    with app.read() as connection:
        views = list_speakers(connection, text=text, limit=one_more(at_most), after=after)
    app.emit(
        Listing(
            columns=(
                Column("id", "ID", align="right"),
                Column("name", "Name", grow=True),
                Column("kind", "Kind"),
                Column("description", "Who", grow=True),
                Column("also", "Also called", grow=True),
                Column("claims", "Claims", align="right"),
            ),
            rows=[speaker_json(view) for view in views[:at_most]],
            cells=lambda row: {**row, "also": "; ".join(_names(row["aliases"]))},
            footer=more(at_most, [view.id for view in views]),
            empty="No speaker has that in its name." if text else "No speaker is on record yet.",
        )
    )


def _names(aliases: object) -> list[str]:
    return [str(alias) for alias in aliases] if isinstance(aliases, list) else []


@command(
    speaker,
    "show",
    example="""
claimtrack speaker show 3
claimtrack speaker show 7 --reveal
""",
)
@click.argument("name", metavar="ID|NAME")
@reveal_option
def show(app: App, name: str, reveal: bool) -> None:
    """A speaker with all its names, and what it is on record as saying.

    Who a protected speaker is, is shown with --reveal to the database's owner and its admins
    alone; that they looked is recorded.
    """
    from claimtrack.cli.shapes import speaker_json
    from claimtrack.services import protection, speaker_lists

    identities = None
    with app.write() if reveal else app.read() as connection:
        view = speaker_lists.show(connection, name)
        if reveal:
            identities = protection.reveal_speaker(connection, view)
        lines = speaker_lists.claims_of(
            connection, view.id, limit=TABLE_LIMIT if app.as_table else None
        )

    def text() -> Iterator[str]:
        yield from _lines(app, view)
        for number, identity in (identities or {}).items():
            yield from identity_lines(f"Behind speaker {number}", identity, color=app.color)
        yield from claim_lines("Said", lines, view.claims, color=app.color)
        if len(lines) == TABLE_LIMIT:
            yield f"  All of them: claimtrack claim list --speaker {view.id}"

    app.emit_object(
        speaker_json(view)
        | {"appearances": [claim_line_json(line) for line in lines]}
        | (
            {}
            if identities is None
            else {"identities": {str(one): asdict(who) for one, who in identities.items()}}
        ),
        text(),
    )


@command(
    speaker,
    "edit",
    example="""
claimtrack speaker edit 3 --name "Ana Ruiz Vega"
claimtrack speaker edit 7 --protected --as "Source K7" --because "Asked not to be named"
""",
)
@click.argument("speaker_id", metavar="ID", type=Id())
@click.option("--name", metavar="NAME", help="How to write it; the old name still leads here.")
@click.option("--kind", type=Words.of(SpeakerKind), help="Who speaks.")
@click.option("--description", metavar="TEXT", help="Who this is; '' removes it.")
@protect_options
@click.option("--because", metavar="TEXT", help="Why.")
def edit(
    app: App,
    speaker_id: int,
    name: str | None,
    kind: str | None,
    description: str | None,
    protected: bool,
    pseudonym: str | None,
    because: str | None,
) -> None:
    """Change how a speaker is written, or protect who it is.

    With --protected its names and its description leave the record, and a pseudonym takes their
    place: the one given with --as, or "Speaker ID". Only the database's owner and its admins can
    see who it is, with speaker show --reveal. There is no way back.
    """
    change = (name, kind, description) != (None, None, None)
    if protects(protected, pseudonym, change):
        from claimtrack.services import protection

        with app.write() as connection:
            view, left = protection.protect_speaker(
                connection, speaker_id, pseudonym, because or ""
            )
        say_mentions(app, left, STILL)
        _show(app, view)
        return
    need(change, "What should change? Give --name, --kind or --description.")
    from claimtrack.services import speaker_records

    with app.write() as connection:
        view = speaker_records.edit(
            connection,
            speaker_id,
            name=name,
            kind=SpeakerKind(kind) if kind else None,
            description=description,
            because=because,
        )
    _show(app, view)


@command(speaker, "alias", example='claimtrack speaker alias 3 "Mayor Ruiz"')
@click.argument("name", metavar="ID|NAME")
@click.argument("alias", metavar="NEWNAME")
def alias(app: App, name: str, alias: str) -> None:
    """Let another name lead to a speaker."""
    from claimtrack.services import speaker_lists, speaker_records, speakers

    with app.write() as connection:
        found = speakers.find(connection, name)
        fresh = speaker_records.add_alias(connection, found.id, alias)
        view = speaker_lists.show(connection, str(found.id))
    if not fresh:
        app.say("That name already leads there.")
    _show(app, view)


@command(
    speaker,
    "merge",
    example='claimtrack speaker merge 3 8 --because "The same person: see the town\'s site"',
)
@click.argument("into", metavar="INTO")
@click.argument("other", metavar="OTHER")
@click.option("--because", metavar="TEXT", required=True, help="How you know.")
def merge(app: App, into: str, other: str, because: str) -> None:
    """Record that OTHER is the same speaker as INTO: its names and claims count there."""
    from claimtrack.services import speaker_records

    with app.write() as connection:
        view = speaker_records.merge(connection, into, other, because)
    _show(app, view)


@command(
    speaker,
    "unmerge",
    example='claimtrack speaker unmerge 8 --because "A cousin of the same name"',
)
@click.argument("name", metavar="ID|NAME")
@click.option("--because", metavar="TEXT", required=True, help="How you know.")
def unmerge(app: App, name: str, because: str) -> None:
    """Part a merged speaker from the other; its own names and claims are its own again."""
    from claimtrack.services import speaker_records

    with app.write() as connection:
        view = speaker_records.unmerge(connection, name, because)
    _show(app, view)


def _show(app: App, view: SpeakerView) -> None:
    from claimtrack.cli.shapes import speaker_json

    app.emit_object(speaker_json(view), _lines(app, view))


def _lines(app: App, view: SpeakerView) -> Iterator[str]:
    yield style(f"Speaker {view.id}: {view.name}", "bold", color=app.color)
    head = view.merged_into
    yield from fields(
        (
            ("kind", view.kind),
            ("who", view.description),
            ("merged into", head and f"{head.name} ({head.id})"),
            ("protected", "the name is a pseudonym" if view.protected else None),
            ("also called", "; ".join(view.aliases)),
            ("merged here", "; ".join(f"{ref.name} ({ref.id})" for ref in view.merged)),
            ("claims", view.claims),
            ("recorded", f"{view.recorded_at:%Y-%m-%d} by {view.recorded_by}"),
        )
    )
