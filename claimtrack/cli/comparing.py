"""Look for claims that are likely the same, with progress, and stop where somebody says so."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App
from claimtrack.cli.progress import progress
from claimtrack.errors import ConflictError
from claimtrack.vocab import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.services.matching.duplicates import Finder, Looked

#: Claims that are looked at in one transaction: what Ctrl-C can lose.
_AT_ONCE = 200
#: How long an import may take longer for comparing what it brought, in seconds; and from how many
#: new claims on it is not begun: of a million they would be none, in memory that imports lack.
_AT_MOST = 10.0
_MANY = 20_000
#: How long to wait for somebody who is recording just now, in seconds.
_PATIENCE = 5.0


def compare_all(app: App, threshold: float | None, *, again: bool = False) -> None:
    """Look at every claim that was not looked at yet, or at all again.

    Raises:
        ConflictError: somebody else keeps recording.
    """
    from claimtrack.services.matching import duplicates

    through = _newest(app)
    if again:
        with app.write(Role.RECORDER) as connection:
            duplicates.start_again(connection)
    with app.read() as connection:
        unseen = duplicates.count_unseen(connection)
    finder = _finder(threshold)

    def look(connection: Connection) -> Looked:
        return duplicates.look(
            connection, finder, through, most=_AT_ONCE, found_by="report duplicates"
        )

    seen = _compare(app, look, unseen)
    if seen.claims:
        app.say(f"{seen.words}.")
    elif through and threshold is not None:
        app.say(
            f"All claims were looked at before. To look at them from {threshold:g} on:"
            f"\n  claimtrack report duplicates --again --threshold {threshold:g}"
        )


@contextmanager
def apart(app: App, again: str = "") -> Iterator[None]:
    """Compare after what was recorded is told: nothing that fails here makes that fail.

    ``again`` is the option by which `report duplicates` looks at the claims.
    """
    sys.stdout.flush()
    try:
        yield
    except click.exceptions.Exit:  # somebody has stopped it
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the record stands
        app.say(
            f"It is on record, but comparing it with other claims failed: {error} Try again with:"
            f"\n  claimtrack report duplicates{again}"
        )


def compare_import(app: App, import_id: int, created: int) -> None:
    """Look at once for what the claims of an import repeat, for as long as somebody may wait.

    What is found waits in the queue; where nothing is, nothing is said.
    """
    from claimtrack.services.matching import duplicates

    with app.read() as connection:
        unseen = duplicates.count_unseen(connection)
        try:
            # What others recorded is theirs to compare.
            through = duplicates.newest(connection) if unseen == created else None
        except ConflictError:  # the claims of the import stand, those of others may not yet
            through = None
    finder, found_by = _finder(None), f"import {import_id}"
    at = 0

    def look(connection: Connection) -> Looked:
        nonlocal at
        if through is not None:
            return duplicates.look(connection, finder, through, most=_AT_ONCE, found_by=found_by)
        looked, at = duplicates.look_at_import(
            connection, finder, import_id, after=at, most=_AT_ONCE, found_by=found_by
        )
        return looked

    until = time.monotonic() + _AT_MOST
    seen = _compare(app, look, created, until=until) if created < _MANY else Tally()
    _say_found(app, seen.found)
    if left := created - seen.claims:
        app.say(
            f"{left:,} of its claims {'was' if left == 1 else 'were'} not compared with the others"
            " yet. To find what they repeat:\n  claimtrack report duplicates"
        )


def compare_edited(app: App, claim_id: int) -> None:
    """Look for what a claim repeats whose words are others now: of the old ones nothing waits."""
    from claimtrack.services.matching import duplicates

    with app.write(Role.RECORDER) as connection:
        found = duplicates.look_again(connection, _finder(None), claim_id, found_by="claim edit")
    _say_found(app, found)


def _say_found(app: App, found: int) -> None:
    if found:
        pairs = "1 pair of claims is" if found == 1 else f"{found:,} pairs of claims are"
        app.say(f"{pairs} likely the same. Judge them with:\n  claimtrack claim judge")


class Tally:
    """How many claims were looked at, and the new pairs among them."""

    def __init__(self) -> None:
        self.claims = 0
        self.found = 0

    @property
    def words(self) -> str:
        """What was done, in words."""
        claims = "1 claim" if self.claims == 1 else f"{self.claims:,} claims"
        pairs = "1 new pair" if self.found == 1 else f"{self.found:,} new pairs"
        return f"Looked at {claims}: {pairs} found"


def _compare(
    app: App, look: Callable[[Connection], Looked], total: int, *, until: float = math.inf
) -> Tally:
    """Look at some claims after others, ``total`` of them, until a moment of the steady clock."""
    tally = Tally()
    try:
        with progress("Comparing", total) as tell:
            while True:
                with app.write(Role.RECORDER) as connection:
                    looked = look(connection)
                tally.claims += looked.claims
                tally.found += looked.found
                tell(looked.claims)
                if looked.claims < _AT_ONCE or time.monotonic() > until:
                    return tally
    except (KeyboardInterrupt, click.Abort):
        app.say(
            f"\nStopped. {tally.words}, and what was found is kept. Go on with:"
            "\n  claimtrack report duplicates"
        )
        raise click.exceptions.Exit(130) from None


def _finder(threshold: float | None) -> Finder:
    from claimtrack.services.matching.likely import THRESHOLD, likely_pairs

    return partial(likely_pairs, threshold=THRESHOLD if threshold is None else threshold)


def _newest(app: App) -> int:
    from claimtrack.services.matching.duplicates import newest

    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with app.read() as connection:
                return newest(connection)
        except ConflictError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)
