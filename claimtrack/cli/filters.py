"""Options that narrow claims down, shared by `claim list` and the exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App
from claimtrack.cli.lines import read_day
from claimtrack.cli.options import stack
from claimtrack.cli.params import Words
from claimtrack.vocab import Kind, Status, Verdict

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.services.listing import ClaimFilter

filter_options = stack(
    click.option(
        "--status",
        "words",
        type=Words(*(word.value for word in (*Status, *Verdict)), name="status"),
        multiple=True,
        metavar="S",
        help="A status or a verdict; repeat for one of several.",
    ),
    click.option("--speaker", metavar="NAME|ID", help="Who said it, under any of their names."),
    click.option("--source", metavar="URL|ID", help="Where it appeared."),
    click.option(
        "--topic", "topics", metavar="T", multiple=True, help="A topic; repeat for all of."
    ),
    click.option("--text", metavar="WORDS", help="What `claim search` would find."),
    click.option(
        "--kind",
        "kinds",
        type=Words.of(Kind),
        metavar="K",
        multiple=True,
        help="What it is; repeat.",
    ),
    click.option("--assignee", metavar="me|none|NAME", help="Who holds it."),
    click.option("--said-since", metavar="DATE", help="Said on that day or later."),
    click.option("--said-until", metavar="DATE", help="Said on that day or earlier."),
    click.option("--recorded-since", metavar="DATE", help="Recorded on that day or later."),
    click.option("--marked-since", metavar="DATE", help="Marked on that day or later."),
    click.option(
        "--disputed", is_flag=True, help="An objection to the verdict waits for its answer."
    ),
)


def narrowed(options: dict[str, Any]) -> bool:
    """Whether any of the options was given."""
    return any(value not in (None, (), False) for value in options.values())


def plain(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as they were typed, by their names."""
    names = {"words": "status", "topics": "topic", "kinds": "kind"}
    return {
        names.get(name, name): list(value) if isinstance(value, tuple) else value
        for name, value in options.items()
        if value not in (None, (), False)
    }


def of_actor(app: App, connection: Connection, asked: ClaimFilter) -> ClaimFilter:
    """A filter in which "me" is who acts on this connection, and the text is a search.

    What its words were taken for is said. Raises InvalidDataError for a text without words.
    """
    if asked.assignee and asked.assignee.casefold() == "me":
        asked = asked._replace(assignee=app.actor_here(connection))
    if isinstance(asked.text, str):
        from claimtrack.services.search.asking import WAITING, ask

        question = ask(connection, asked.text)
        for one in question.taken:
            like = "words that begin so, such as " if one.begins else ""
            beside = " beside the other words" if one.beside else ""
            app.say(
                f'No claim has "{one.typed}"{beside}: looked for {like}"{one.instead}" instead.'
            )
        if question.too_many:
            app.say(
                f"Only the newest {WAITING:,} of the claims that came or changed since words were"
                " last read are searched: claimtrack db reindex reads them all."
            )
        asked = asked._replace(text=question)
    return asked


def read_filter(app: App, options: dict[str, Any]) -> ClaimFilter:
    """What the options ask for.

    Raises:
        InvalidDataError: a day can't be read.
    """
    from claimtrack.services.listing import ClaimFilter

    return ClaimFilter(
        words=options["words"],
        kinds=tuple(Kind(kind) for kind in options["kinds"]),
        topics=options["topics"],
        speaker=options["speaker"],
        source=options["source"],
        text=options["text"],
        assignee=options["assignee"],
        said_since=read_day(app, options["said_since"], "--said-since"),
        said_until=read_day(app, options["said_until"], "--said-until", last=True),
        recorded_since=_start(app, options["recorded_since"], "--recorded-since"),
        marked_since=_start(app, options["marked_since"], "--marked-since"),
        disputed=options["disputed"],
    )


def _start(app: App, words: str | None, option: str) -> Any:
    from claimtrack.dates import day_start

    day = read_day(app, words, option)
    return day_start(day, app.settings.timezone) if day else None
