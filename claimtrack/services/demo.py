"""A dozen claims to try claimtrack on: the ship that blocked the Suez Canal in March 2021.

The event and the people are real, and the statements say in our own words what was widely
reported at the time. The publishers and addresses are made up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from claimtrack.services import evidence, reviews, sources
from claimtrack.services.appearances import AppearanceGiven, add_appearances
from claimtrack.services.claims import ClaimGiven, add_claim, add_note
from claimtrack.services.figures import FigureGiven
from claimtrack.services.marks import MarkGiven
from claimtrack.services.policies import set_policy
from claimtrack.services.sources import SourceGiven
from claimtrack.vocab import Kind, Policy, Priority, Stance

#: The day that the desk of the demo works on.
DAY = dt.date(2021, 4, 7)

CANAL = "Suez Canal Authority"
RABIE = "Osama Rabie"
MANAGER = "Bernhard Schulte Shipmanagement"
SALVOR = "Peter Berdowski"

WIRE = (
    "https://harbour-post.example/2021/03/27/canal-still-shut",
    SourceGiven(
        title="Canal still shut as hundreds of ships wait",
        publisher="Harbour Post",
        agency="Northern Wire",
        published="2021-03-27",
    ),
)
REPRINT = (
    "https://delta-courier.example/world/canal-still-shut",
    SourceGiven(
        title="Hundreds of ships wait at the canal",
        publisher="Delta Courier",
        agency="Northern Wire",
        published="2021-03-27",
    ),
)
INTERVIEW = (
    "https://evening-hour.example/programmes/2021-03-24",
    SourceGiven(
        title="The evening hour, 24 March 2021",
        publisher="Channel Eight",
        published="2021-03-24",
        kind="video",
    ),
)
POST = (
    "https://posts.example/p/88121",
    SourceGiven(title="Screenshot of a newspaper page", published="2021-03-25", kind="post"),
)
PLAN = (
    "https://harbour-post.example/2021/05/12/canal-to-grow",
    SourceGiven(
        title="Canal to grow in the south", publisher="Harbour Post", published="2021-05-12"
    ),
)
LOG = (
    "https://canal-register.example/transits/2021-03",
    SourceGiven(
        title="Register of transits, March 2021",
        publisher="Canal Register",
        published="2021-04-06",
        kind="dataset",
    ),
)
CREW_LIST = (
    "https://training-ship.example/voyages/2021",
    SourceGiven(
        title="Voyages and crew of the training ship, 2021",
        publisher="Maritime Academy",
        published="2021-04-01",
        kind="document",
    ),
)
PAPER = (
    "https://gulf-morning.example/archive/2021-03-22",
    SourceGiven(
        title="The page as it was printed on 22 March 2021",
        publisher="Gulf Morning",
        published="2021-03-22",
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim of the demo: what it says, and where it appeared."""

    claim: ClaimGiven
    appeared: AppearanceGiven


def _entry(
    statement: str,
    speakers: tuple[str, ...],
    source: tuple[str, SourceGiven],
    said_on: str | None = None,
    *,
    priority: Priority = Priority.NORMAL,
    kind: Kind | None = None,
    topics: tuple[str, ...] = ("suez canal",),
    figure: FigureGiven | None = None,
    **appeared: Any,
) -> Entry:
    return Entry(
        ClaimGiven(
            statement=statement,
            kind=kind,
            topics=topics,
            priority=priority,
            figure=figure or FigureGiven(),
        ),
        AppearanceGiven(
            source=source[0], details=source[1], speakers=speakers, said_on=said_on, **appeared
        ),
    )


def _waiting(quantity: str, day: str) -> FigureGiven:
    return FigureGiven(
        text=quantity, unit="ships", counted="waiting ships", where="Suez Canal", on=day
    )


ENTRIES = (
    _entry(
        "Strong wind was not the only reason why the Ever Given ran aground.",
        (RABIE,),
        WIRE,
        "Saturday",
        priority=Priority.HIGH,
    ),
    _entry(
        "No mechanical or engine failure made the Ever Given run aground.",
        (MANAGER,),
        WIRE,
        "2021-03-25",
    ),
    _entry(
        "321 ships were waiting to pass the canal on 27 March 2021.",
        (RABIE,),
        WIRE,
        "Saturday",
        figure=_waiting("321", "2021-03-27"),
    ),
    _entry(
        "More than 400 ships were waiting at both ends on 27 March 2021.",
        (),
        WIRE,
        manner="own_voice",
        figure=_waiting(">400", "2021-03-27"),
        place="paragraph 2",
    ),
    _entry(
        "The closure costs the canal 14 to 15 million dollars a day.",
        (CANAL,),
        WIRE,
        "2021-03-26",
        figure=FigureGiven(text="14-15 million", unit="USD", counted="lost revenue a day"),
    ),
    _entry(
        "Freeing the ship may take weeks.",
        (SALVOR,),
        INTERVIEW,
        "2021-03-24",
        kind=Kind.PREDICTION,
        quote="it might take weeks",
        place="minute 12",
    ),
    _entry(
        "The Ever Given is 400 metres long.",
        (),
        WIRE,
        manner="own_voice",
        figure=FigureGiven(text="400", unit="metres", counted="length of the Ever Given"),
    ),
    _entry(
        "A woman captain, Marwa Elselehdar, steered the ship that blocked the canal.",
        (),
        POST,
        manner="unattributed",
        priority=Priority.URGENT,
        topics=("suez canal", "rumours"),
    ),
    _entry(
        "A newspaper's front page blamed the blockage on Marwa Elselehdar.",
        (),
        POST,
        manner="caption",
        kind=Kind.MEDIA,
        priority=Priority.HIGH,
        topics=("suez canal", "rumours"),
    ),
    _entry(
        "About a tenth of the world's sea trade goes through the canal.",
        (),
        WIRE,
        manner="unattributed",
        figure=FigureGiven(text="~10%", counted="share of world sea trade"),
    ),
    _entry(
        "The canal will be widened in its southern part.",
        (CANAL,),
        PLAN,
        "Tuesday",
        kind=Kind.PROMISE,
    ),
    _entry(
        "No crew member of the Ever Given was hurt.",
        (MANAGER,),
        INTERVIEW,
        "2021-03-24",
        priority=Priority.LOW,
    ),
)

#: What a desk of two did with the claims: who, and what. Claims are numbered as in ENTRIES.
Step = tuple[str, Callable[[Connection], object]]


def steps() -> list[Step]:
    """The demo's work in order, each step to be run in one transaction in its actor's name."""
    record: list[Step] = [("Noor", _recording(entry)) for entry in ENTRIES]
    return [
        *record,
        ("Noor", lambda c: _also(c, 3, (RABIE,), REPRINT, "Saturday")),
        ("Noor", lambda c: _also(c, 1, (CANAL,), INTERVIEW, "2021-03-24")),
        ("Noor", _supersede),
        ("Ilse", lambda c: _mark(c, 4, "in_review", "Comparing with the register of transits.")),
        (
            "Ilse",
            lambda c: _mark(
                c, 7, "true", "The register lists 399.94 metres.", Stance.SUPPORTS, LOG
            ),
        ),
        (
            "Ilse",
            lambda c: _mark(
                c,
                8,
                "false",
                "On that day she served on a training ship in Alexandria.",
                Stance.REFUTES,
                CREW_LIST,
            ),
        ),
        # A picture is looked at twice: this verdict waits for somebody else than Noor.
        ("Noor", lambda c: _second_reviewer(c, "on", "A doctored picture wants two pairs of eyes")),
        (
            "Noor",
            lambda c: _mark(
                c,
                9,
                "altered",
                "The printed page carries another headline over the same photo.",
                Stance.REFUTES,
                PAPER,
            ),
        ),
        ("Noor", lambda c: _second_reviewer(c, "off", "The rest is plain")),
        (
            "Noor",
            lambda c: add_note(c, 8, "The same screenshot went round in three languages."),
        ),
        ("Noor", lambda c: _context(c, 5)),
    ]


def _recording(entry: Entry) -> Callable[[Connection], object]:
    return lambda connection: add_claim(connection, entry.claim, entry.appeared)


def _also(
    connection: Connection,
    claim_id: int,
    speakers: tuple[str, ...],
    source: tuple[str, SourceGiven],
    said_on: str,
) -> None:
    add_appearances(
        connection,
        claim_id,
        AppearanceGiven(source=source[0], details=source[1], speakers=speakers, said_on=said_on),
    )


def _supersede(connection: Connection) -> None:
    newer = _entry(
        "369 ships were waiting to pass the canal on 29 March 2021.",
        (RABIE,),
        LOG,
        "2021-03-29",
        figure=_waiting("369", "2021-03-29"),
    )
    add_claim(connection, newer.claim, newer.appeared, supersedes_id=3)


def _mark(
    connection: Connection,
    claim_id: int,
    word: str,
    because: str,
    stance: Stance | None = None,
    source: tuple[str, SourceGiven] | None = None,
) -> None:
    if stance is not None and source is not None:
        ref, _ = sources.resolve(connection, *source)
        evidence.attach(connection, claim_id, ref.id, stance)
    given = MarkGiven(word=word, because=because)
    reviews.mark_many(connection, [claim_id], given, today=DAY)


def _second_reviewer(connection: Connection, value: str, because: str) -> None:
    set_policy(connection, Policy.SECOND_REVIEWER, value, because)


def _context(connection: Connection, claim_id: int) -> None:
    ref, _ = sources.resolve(connection, *LOG)
    evidence.attach(
        connection,
        claim_id,
        ref.id,
        Stance.CONTEXT,
        excerpt="51 transits on an ordinary day",
        place="page 2",
    )
