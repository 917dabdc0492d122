"""Ask the person at the terminal which speaker is meant, and try again with the answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from claimtrack.cli.app import App

if TYPE_CHECKING:
    from claimtrack.services.appearances import AppearanceChange, AppearanceGiven
    from claimtrack.services.speakers import NearMissError

Outcome = TypeVar("Outcome")


def ask_which_speaker(app: App, error: NearMissError) -> str | None:
    """Ask who is meant by a name that is only near others.

    Gives back the id of the one who was chosen, as text; None means a new speaker. Ask with no
    transaction open, and then repeat it: nobody must wait for a person who is at lunch.

    Raises:
        NearMissError: nobody can be asked.
    """
    if not app.interactive:
        raise error
    name = error.name.strip()
    app.say(
        f'There is no speaker "{name}" yet. Who is it?'
        if error.may_be_new
        else f'Several are called "{name}". Who is it?'
    )
    answers = [str(number) for number in range(1, len(error.candidates) + 1)]
    for answer, ref in zip(answers, error.candidates, strict=True):
        app.say(f"  {answer}  {ref.name} (speaker {ref.id})")
    if error.may_be_new:
        answers.append("n")
        app.say(f"  n  somebody new: {name}")
    answer = click.prompt(
        "Choose", type=click.Choice(answers, case_sensitive=False), show_choices=True, err=True
    )
    return None if answer == "n" else str(error.candidates[int(answer) - 1].id)


def settle_speakers(
    app: App, given: AppearanceGiven, attempt: Callable[[AppearanceGiven], Outcome]
) -> Outcome:
    """Call ``attempt``, each time that a name is only near others with the person's answer to it.

    Raises:
        NearMissError: nobody can be asked.
    """
    from claimtrack.services.speakers import NearMissError

    while True:
        try:
            return attempt(given)
        except NearMissError as error:
            chosen = ask_which_speaker(app, error)
            if chosen is None:
                given = dataclasses.replace(given, insisted=given.insisted | {error.name})
            else:
                names = tuple(chosen if name == error.name else name for name in given.speakers)
                given = dataclasses.replace(given, speakers=names)


def settle_speaker(
    app: App, change: AppearanceChange, attempt: Callable[[AppearanceChange], Outcome]
) -> Outcome:
    """As `settle_speakers`, for the one speaker of an appearance that is edited."""
    from claimtrack.services.speakers import NearMissError

    try:
        return attempt(change)
    except NearMissError as error:
        chosen = ask_which_speaker(app, error)
        return attempt(
            dataclasses.replace(change, new_speaker=True)
            if chosen is None
            else dataclasses.replace(change, speaker=chosen)
        )
