"""``--as-of DATE``: what was on record at the end of that day, in place of what is on record."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import click

from claimtrack.cli.app import App

as_of_option = click.option(
    "--as-of",
    "as_of",
    metavar="DATE",
    help="What was on record at the end of that day.",
)


class Stand(NamedTuple):
    """The day that was asked for, and the instant that ends it; both None for now.

    Today has no end yet: its ``day`` is told, and its ``moment`` is now.
    """

    day: dt.date | None
    moment: dt.datetime | None

    @property
    def words(self) -> str:
        """`` at the end of 2024-03-31``, to stand inside a sentence; nothing for now."""
        return f" at the end of {self.day}" if self.day else ""

    @property
    def heading(self) -> list[str]:
        """The line above a report that is not of now."""
        return [f"As on record{self.words}"] if self.day else []


def read_stand(app: App, typed: str | None) -> Stand:
    """The day that ``--as-of`` names; of a month or year the last.

    Raises:
        InvalidDataError: it is no date, or still to come.
    """
    if typed is None:
        return Stand(None, None)
    from claimtrack.cli.lines import read_day
    from claimtrack.dates import day_end
    from claimtrack.errors import InvalidDataError

    day = read_day(app, typed, "--as-of", last=True)
    assert day is not None  # noqa: S101 - something was typed
    today = app.today()
    if day > today:
        raise InvalidDataError(
            f"{day} is not over yet, so nobody knows how it will stand then: name a day up to"
            " today."
        )
    return Stand(day, None if day == today else day_end(day, app.settings.timezone))
