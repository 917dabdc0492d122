"""What a row of a file means, as it will be stored; how it is understood is said for a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from claimtrack.interchange.labels import Labels
from claimtrack.services.speakers import SpeakerName
from claimtrack.vocab import Kind, Priority, Stance, Status, Verdict
from claimtrack.written_dates import Order, PartialDate


@dataclass(frozen=True, slots=True)
class Meaning:
    """How the rows of a file are to be understood.

    ``origin`` is where their external ids come from, ``labels`` says which verdict a label comes
    to for the publisher that it is asked for, ``order`` which number of a date like 03/04/2020 is
    the day's. With ``as_ours`` the verdicts are the desk's own; else a verdict is that of
    ``house``, where one was said for all rows.
    """

    origin: str
    labels: Callable[[str | None], Labels]
    order: Order = None
    as_ours: bool = False
    language: str = "en"
    house: str | None = None


class Source(NamedTuple):
    """A document of a row; its key tells it apart."""

    key: bytes
    url: str | None
    host: str | None
    title: str | None
    publisher: str | None
    agency: str | None
    published: PartialDate | None
    published_text: str | None


class Appeared(NamedTuple):
    """An appearance of a row's claim."""

    speaker: SpeakerName | None
    source: Source
    said_on: PartialDate | None
    said_text: str | None
    manner: str
    quote: str | None
    passage: str | None
    place: str | None


class Grounds(NamedTuple):
    """Evidence that a row brings along."""

    source: Source
    stance: Stance
    excerpt: str | None
    place: str | None


class Assessed(NamedTuple):
    """A published fact-check that a row tells of."""

    key: bytes
    publisher: str | None
    title: str | None
    url: str | None
    rating: str | None
    verdict: Verdict | None
    value: Decimal | None
    best: Decimal | None
    worst: Decimal | None
    published: PartialDate | None
    published_text: str | None
    language: str | None
    summary: str | None
    original: str | None


class Ruling(NamedTuple):
    """The desk's own word on a claim, of a record that is its own."""

    status: Status
    verdict: Verdict | None
    because: str
    rating: str | None
    url: str | None = None
    headline: str | None = None
    published: PartialDate | None = None


class Record(NamedTuple):
    """A row as it will be stored; ``fields`` are its values as they came."""

    line: int
    fields: Mapping[str, str]
    row_key: bytes
    digests: str
    statement: str
    statement_key: bytes
    external_id: str | None
    kind: Kind
    language: str
    topics: tuple[str, ...]
    priority: Priority
    figure: Mapping[str, Any] | None
    note: str | None
    appearances: tuple[Appeared, ...]
    evidence: tuple[Grounds, ...]
    assessed: Assessed | None
    ruling: Ruling | None
    warnings: tuple[str, ...]
