"""Names that are nearly another's: ask in a terminal whom is meant, then try again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from claimtrack.cli.app import App

if TYPE_CHECKING:
    from claimtrack.services.appearances import AppearanceChange, AppearanceGiven

T = TypeVar("T")


def settle_speakers(app: App, given: AppearanceGiven, attempt: Callable[[AppearanceGiven], T]) -> T:
    """Run ``attempt``, again after each answer; no transaction is open while a person thinks.

    Raises:
        NearMissError: there is nobody to ask.
    """
    from claimtrack.services.speakers import NearMissError

    while True:
        try:
            return attempt(given)
        except NearMissError as error:
            from claimtrack.cli.asking import ask_which_speaker

            meant = ask_which_speaker(app, error)
            if meant is None:
                given = dataclasses.replace(given, insisted=given.insisted | {error.name})
            else:
                given = dataclasses.replace(
                    given,
                    speakers=tuple(
                        meant if name == error.name else name for name in given.speakers
                    ),
                )


def settle_speaker(
    app: App, given: AppearanceChange, attempt: Callable[[AppearanceChange], T]
) -> T:
    """As `settle_speakers`, for a change that names one speaker."""
    from claimtrack.services.speakers import NearMissError

    try:
        return attempt(given)
    except NearMissError as error:
        from claimtrack.cli.asking import ask_which_speaker

        meant = ask_which_speaker(app, error)
        if meant is None:
            return attempt(dataclasses.replace(given, new_speaker=True))
        return attempt(dataclasses.replace(given, speaker=meant))
