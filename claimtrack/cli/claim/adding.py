"""`claim add` and `claim supersede`: record what somebody is reported to have said."""

from __future__ import annotations

import dataclasses
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.claim.group import claim
from claimtrack.cli.options import (
    appearance_given,
    appearance_options,
    figure_given,
    figure_options,
    stack,
)
from claimtrack.cli.params import Id, Words
from claimtrack.vocab import Kind, Priority, hyphenated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimtrack.services.appearances import AppearanceGiven
    from claimtrack.services.claims import ClaimGiven
    from claimtrack.services.matching.finding import Match
    from claimtrack.services.views import ClaimView


#: Why two claims are different, where whoever recorded one of them was asked.
_ASKED = "Another claim, as was said when it was recorded"

_claim_options = stack(
    click.option("--kind", type=Words.of(Kind), help="What it is; fact, or figure with --figure."),
    click.option("--topic", "topics", metavar="T", multiple=True, help="A topic; repeat."),
    click.option(
        "--priority",
        type=Words.of(Priority),
        default=Priority.NORMAL.value,
        show_default=True,
        help="How soon to check it.",
    ),
    click.option("--language", default="en", show_default=True, help="Of the statement."),
    click.option(
        "--new",
        is_flag=True,
        help="Insist that it is another claim, though it looks like one on record.",
    ),
)


@command(
    claim,
    "add",
    example="""
claimtrack claim add "No ship left the port in May" --speaker "Ana Ruiz" \\
    --source https://example.org/news/1 --published 2024-06-03 --said-on Sunday
claimtrack claim add --source 7 --speaker "Ana Ruiz" --loop
""",
)
@click.argument("statement", required=False)
@_claim_options
@appearance_options
@figure_options
@click.option("--loop", is_flag=True, help="Read one statement a line, until an empty one.")
def add(app: App, statement: str | None, loop: bool, **options: Any) -> None:
    """Record a claim: the statement, who made it and where it appeared.

    Speaker and source are found, or created. The same statement again is not a second claim, and
    where it looks like a claim on record you are asked; --new insists that it is another.
    With --loop, type one statement a line; @NAME changes the speaker, /on DATE the day, and an
    empty line ends it.
    """
    need(options["source"], "Where did it appear? Give --source URL, or the id of a source.")
    given, appeared = _given(statement or "", options)
    if loop:
        need(statement is None, "With --loop the statements are typed line by line, not given.")
        need(not given.figure.any, "With --loop a figure is added afterwards: claim edit --figure.")
        from claimtrack.cli.claim.looping import run_loop

        run_loop(app, given, appeared)
        return
    need(statement is not None, "Give the statement, or --loop to type several.")
    say_recorded(app, record(app, given, appeared).view)


@command(
    claim,
    "supersede",
    example="""
claimtrack claim supersede 8 "948,000 people have fled" --figure '>=948000' \\
    --speaker UNHCR --source https://example.org/news/9
""",
)
@click.argument("older", metavar="ID", type=Id())
@click.argument("statement")
@_claim_options
@appearance_options
@figure_options
def supersede(app: App, older: int, statement: str, **options: Any) -> None:
    """Record a newer figure as a claim of its own, linked to the older one.

    The older claim keeps its verdict: it may have been right on its date. Unit, what is counted,
    place and topics are taken over from it unless given; '' leaves one out.
    """
    need(options["source"], "Where did it appear? Give --source URL, or the id of a source.")
    need(
        options["figure"] is not None,
        "Give the newer quantity with --figure, for example '>948000'.",
    )
    given, appeared = _given(statement, options)
    say_recorded(app, record(app, given, appeared, supersedes_id=older).view)


def _given(statement: str, options: dict[str, Any]) -> tuple[ClaimGiven, AppearanceGiven]:
    from claimtrack.services.claims import ClaimGiven

    kind = options.pop("kind")
    appeared = appearance_given(options)
    given = ClaimGiven(
        statement=statement,
        kind=Kind(kind) if kind else None,
        language=options.pop("language"),
        topics=tuple(options.pop("topics")),
        priority=Priority(options.pop("priority")),
        insist_new=options.pop("new"),
        once=True,
        figure=figure_given(options),
    )
    return given, appeared


class Recorded(NamedTuple):
    """A claim that was recorded, or that it was said ``again``: the new appearance's number."""

    view: ClaimView
    again: int | None = None


def record(
    app: App, given: ClaimGiven, appeared: AppearanceGiven, *, supersedes_id: int | None = None
) -> Recorded:
    """Record a claim in a transaction of its own, asking in a terminal about what is near others.

    Raises:
        AlreadyRecordedError: with the `appearance add` command ready to paste.
    """
    from claimtrack.cli.settling import settle_speakers
    from claimtrack.services.claims import AlreadyRecordedError

    def attempt(now: AppearanceGiven) -> Recorded:
        return _record(app, given, now, supersedes_id)

    try:
        return settle_speakers(app, appeared, attempt)
    except AlreadyRecordedError as error:
        error.next_command = appearance_command(error.claim_id, appeared)
        raise


def _record(
    app: App,
    given: ClaimGiven,
    appeared: AppearanceGiven,
    supersedes_id: int | None,
    alike: Sequence[Match] = (),
    others: Sequence[int] = (),
) -> Recorded:
    """Record a claim, or what a person says it is where it looks like one on record.

    Where nobody can be asked it is recorded, and its pairs with those ``alike`` wait in the queue;
    ``others`` are the claims that it is not, as a person has said.
    """
    from claimtrack.services.claims import AlreadyRecordedError, add_claim
    from claimtrack.services.matching.judgements import judge_new
    from claimtrack.services.matching.queue import Pair, enqueue
    from claimtrack.services.matching.repeating import LikelyRepeatError, described
    from claimtrack.services.stories import load_claim

    try:
        with app.write() as connection:
            added = add_claim(connection, given, appeared, supersedes_id=supersedes_id)
            if others:
                judge_new(connection, added.claim_id, others, _ASKED)
            view = load_claim(connection, added.claim_id)
            pairs = [Pair(added.claim_id, one.claim_id, one.probability) for one in alike]
            enqueue(connection, pairs, "claim add")
    except (AlreadyRecordedError, LikelyRepeatError) as error:
        if supersedes_id is not None:
            raise
        if not app.interactive:
            if isinstance(error, AlreadyRecordedError):
                raise
            another = dataclasses.replace(given, once=False)
            return _record(app, another, appeared, None, error.matches)
        from claimtrack.cli.asking import ask_which_claim
        from claimtrack.cli.settling import settle_speakers

        meant = ask_which_claim(app, error)
        if meant is None:
            another = dataclasses.replace(given, insist_new=True)
            asked = [error.claim_id]
            if isinstance(error, LikelyRepeatError):
                asked = [one.claim_id for one in error.matches]
            return settle_speakers(
                app, appeared, lambda now: _record(app, another, now, None, others=asked)
            )
        from claimtrack.cli.appearance import add_to

        view, numbers = add_to(app, meant, appeared)
        if left_out := _of_the_claim(given):
            app.say(
                f"Claim {view.id} keeps what it has; not taken over: {', '.join(left_out)}."
                f" To change it:\n  claimtrack claim edit {view.id}"
            )
        return Recorded(view, numbers[0])
    for line in added.told:
        app.say(line)
    if alike:
        app.say(
            f"Claim {view.id} looks like {described(alike[0].claim_id, alike[0])}."
            " Whether they are the same waits to be judged:\n  claimtrack claim judge"
        )
    return Recorded(view)


def _of_the_claim(given: ClaimGiven) -> list[str]:
    """What was typed of the claim itself, beside its statement: an appearance doesn't have it."""
    bare = type(given)(given.statement)
    names = ("kind", "language", "topics", "priority", "figure")
    return [name for name in names if getattr(given, name) != getattr(bare, name)]


def appearance_command(claim_id: int, appeared: AppearanceGiven) -> str:
    """The `appearance add` command that says the same of a claim that is on record."""
    words = ["claimtrack", "appearance", "add", str(claim_id)]
    for name in appeared.speakers:
        words += ["--speaker", name]
    words += ["--source", appeared.source]
    details = dataclasses.asdict(appeared.details)
    for option, value in (
        ("--source-title", details["title"]),
        ("--publisher", details["publisher"]),
        ("--agency", details["agency"]),
        ("--published", details["published"]),
        ("--source-kind", details["kind"]),
        ("--said-on", appeared.said_on),
        ("--quote", appeared.quote),
        ("--passage", appeared.passage),
        ("--manner", appeared.manner),
        ("--at", appeared.place),
    ):
        if value is not None:
            words += [option, value]
    if appeared.new_speaker:
        words.append("--new-speaker")
    return shlex.join(words)


def say_recorded(app: App, view: ClaimView) -> None:
    """Print a claim that was just recorded."""
    from claimtrack.cli.shapes import claim_json
    from claimtrack.cli.story import appearance_line
    from claimtrack.render import escape_terminal

    def lines() -> list[str]:
        supersedes = f", supersedes claim {view.supersedes_id}" if view.supersedes_id else ""
        return [
            f"Claim {view.id} ({hyphenated(view.word)}{supersedes}):"
            f" {escape_terminal(view.statement)}",
            *(f"  {appearance_line(one)}" for one in view.appearances),
        ]

    app.emit_object(claim_json(view), lines())
