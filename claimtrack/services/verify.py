"""Recompute the record: every leaf and seal, and today's rows against what the events say."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import Connection, func, select, text

from claimtrack.errors import DatabaseError
from claimtrack.leaves import (
    ID_BYTES,
    LEAF_BYTES,
    Head,
    Leaf,
    StoredEvent,
    StoredSeal,
    hash_of,
    leaf,
    seal_hash,
)
from claimtrack.models.events import event, seal
from claimtrack.services.comparison import compare_rows
from claimtrack.services.findings import Finding, Findings, Kind
from claimtrack.services.ledger import EVENTS, SEALS, origin_hash, streamed, unsealed

#: Up to how many bad events are kept, to see whether they only changed places.
KEPT_BAD = 1000

#: How many events are hashed a second time in one go, to compare with plain SHA-256.
BATCH = 1000

_ALL = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast events were verified, beside plain SHA-256 over the very bytes hashed."""

    hashed_bytes: int
    seconds: float
    sha256_seconds: float
    events: int

    @property
    def events_per_second(self) -> float:
        """Events read and recomputed in a second."""
        return self.events / max(self.seconds, 1e-9)

    @property
    def sha256_per_second(self) -> float:
        """Events' bytes that SHA-256 alone hashes in a second."""
        return self.events / max(self.sha256_seconds, 1e-9)


@dataclass(frozen=True, slots=True)
class Verification:
    """What recomputing the record showed; ``bad`` counts what was found, ``first`` is the first.

    ``head`` is the newest seal's, ``contains`` the number of the seal that a given head names.
    """

    seals: int
    sealed: int
    unsealed: int
    rows: int
    redacted: int
    head: Head | None
    contains: int | None
    first: Finding | None
    bad: int
    speed: Speed


def verify(
    connection: Connection,
    *,
    head: Head | None = None,
    progress: Callable[[int], None] = lambda _count: None,
) -> Verification:
    """Recompute everything on one snapshot, in constant memory.

    ``head`` is a published line that the record must still contain. ``progress`` is told of
    events as they are done with; each is read twice, for the seals and for the rows.
    """
    connection.execute(
        text(
            "SELECT set_config('bytea_output', 'hex', true),"
            " set_config('extra_float_digits', '1', true),"
            " set_config('intervalstyle', 'iso_8601', true),"
            " set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true)"
        )
    )
    findings = Findings()
    chain = _Chain(connection, findings, head)
    chain.walk(progress)
    if head is not None and chain.contains is None:
        findings.add(_not_contained(head, chain))
    compared = compare_rows(connection, findings, progress)
    return Verification(
        seals=chain.seals,
        sealed=chain.sealed,
        unsealed=unsealed(connection),
        rows=compared.rows,
        redacted=chain.redacted,
        head=chain.latest,
        contains=chain.contains,
        first=findings.first,
        bad=findings.count,
        speed=chain.speed,
    )


def event_count(connection: Connection) -> int:
    """How many events there are: half of what `verify` will tell its ``progress``."""
    return connection.execute(select(func.count()).select_from(event)).scalar_one()


@dataclass(slots=True)
class _Bad:
    """An event that is not the one that was sealed, or an id whose event is missing."""

    finding: Finding
    id: int
    sealed: bytes | None
    body: bytes | None


@dataclass(slots=True)
class _Chain:
    """One walk along seals and events side by side."""

    connection: Connection
    findings: Findings
    wanted: Head | None
    seals: int = 0
    sealed: int = 0
    redacted: int = 0
    contains: int | None = None
    latest: Head | None = None
    bad: list[_Bad] = field(default_factory=list)
    hashed: list[bytes] = field(default_factory=list)
    events: int = 0
    hashed_bytes: int = 0
    sha256_seconds: float = 0.0
    seconds: float = 0.0

    def walk(self, progress: Callable[[int], None]) -> None:
        """Compare every event with the leaf that its seal holds."""
        started = time.perf_counter()
        with closing(self._events(progress)) as stored, closing(self._sealed_leaves()) as leaves:
            self._compare(stored, leaves)
        self._hash_plainly()
        self.seconds = time.perf_counter() - started - self.sha256_seconds
        self._look_again()

    def _compare(self, stored: Iterator[StoredEvent], leaves: Iterator[tuple[int, bytes]]) -> None:
        one, expected = next(stored, None), next(leaves, None)
        while one is not None or expected is not None:
            if expected is None or (one is not None and one.id < expected[0]):
                assert one is not None  # noqa: S101 - else the loop had ended
                self._add(Kind.INSERTED, one.id, None, self._leaf(one), one)
                one = next(stored, None)
            elif one is None or one.id > expected[0]:
                self._add(Kind.REMOVED, expected[0], expected[1], None, None)
                expected = next(leaves, None)
            else:
                made = self._leaf(one)
                if made is None or made.hash != expected[1]:
                    self._add(Kind.CHANGED, one.id, expected[1], made, one)
                one, expected = next(stored, None), next(leaves, None)

    @property
    def speed(self) -> Speed:
        """How fast it went."""
        return Speed(self.hashed_bytes, self.seconds, self.sha256_seconds, self.events)

    def _events(self, progress: Callable[[int], None]) -> Generator[StoredEvent, None, None]:
        """The events up to the newest seal, in the order of their numbers."""
        last = self.connection.execute(select(func.max(seal.c.last_event_id))).scalar_one()
        for row in streamed(self.connection, EVENTS, after=-_ALL, until=last or 0):
            yield StoredEvent(*row)
            self.events += 1
            if self.events % BATCH == 0:
                self._hash_plainly()
                progress(BATCH)

    def _leaf(self, one: StoredEvent) -> Leaf | None:
        made = leaf(one)
        if made is not None:
            self.hashed += made.hashed
            self.redacted += made.redacted
        return made

    def _hash_plainly(self) -> None:
        """Time plain SHA-256 over the bytes that were just hashed."""
        whole = b"".join(self.hashed)
        self.hashed.clear()
        started = time.perf_counter()
        sha256(whole).digest()
        self.sha256_seconds += time.perf_counter() - started
        self.hashed_bytes += len(whole)

    def _add(
        self,
        kind: Kind,
        number: int,
        sealed: bytes | None,
        made: Leaf | None,
        one: StoredEvent | None,
    ) -> None:
        table, row_key = (one.table, one.row_key) if one else (None, None)
        finding = Finding(kind, "event", table, row_key, event_id=number)
        self.findings.add(finding)
        if len(self.bad) < KEPT_BAD:
            self.bad.append(_Bad(finding, number, sealed, made.body if made else None))

    def _look_again(self) -> None:
        """Tell removed from cut off, and changed from moved, where the first is an event."""
        if not self.bad or not self.findings.is_first(self.bad[0].finding):
            return
        first = self.bad[0]
        if first.finding.kind is Kind.REMOVED:
            later = select(event.c.id).where(event.c.id > first.id).limit(1)
            if self.connection.execute(later).first() is None:
                self.findings.say_better(
                    Kind.TRUNCATED_TAIL, "no event from this one on is there any more"
                )
                return
        for other in self.bad[1:]:
            if _is_content_of(other, first):
                self.findings.say_better(Kind.REORDERED, f"it stands as event {other.id}")
                return
            if _is_content_of(first, other):
                self.findings.say_better(Kind.REORDERED, f"it was sealed as event {other.id}")
                return

    # -- seals --------------------------------------------------------------------------------

    def _sealed_leaves(self) -> Generator[tuple[int, bytes], None, None]:
        """The ids and leaf hashes that the seals hold, each seal checked on the way."""
        try:
            previous: bytes | None = origin_hash(self.connection)
        except DatabaseError as error:
            previous = None
            self.findings.add(Finding(Kind.REMOVED, "ledger", detail=error.message))
        before = StoredSeal(0, b"", previous or b"", 0, 0, b"", "0", "", "")
        for row in streamed(self.connection, f"{SEALS} ORDER BY no", size=1):
            one = StoredSeal(*row)
            finding = self._seal_finding(one, before, linked=previous is not None)
            if finding is not None:
                self.findings.add(finding)
            elif one.head == self.wanted:
                self.contains = one.no
            self.latest = one.head if finding is None else self.latest
            previous, before = one.hash, one
            self.seals, self.sealed = self.seals + 1, one.event_count
            for start in range(0, len(one.leaves), LEAF_BYTES):
                number = one.leaves[start : start + ID_BYTES]
                yield (
                    int.from_bytes(number, "big"),
                    one.leaves[start + ID_BYTES : start + LEAF_BYTES],
                )

    def _seal_finding(self, one: StoredSeal, before: StoredSeal, *, linked: bool) -> Finding | None:
        if one.no > before.no + 1:
            return Finding(Kind.REMOVED, "seal", seal_no=before.no + 1)
        if one.no != before.no + 1:
            return Finding(Kind.INSERTED, "seal", seal_no=one.no)
        if not one.recorded_at.isdigit() or seal_hash(one) != one.hash:
            return Finding(
                Kind.CHANGED, "seal", seal_no=one.no, detail="it does not have its own hash"
            )
        if linked and one.previous_hash != before.hash:
            named = "the seal before it" if before.no else "this database's own number"
            return Finding(Kind.CHANGED, "seal", seal_no=one.no, detail=f"it does not name {named}")
        count, left = divmod(len(one.leaves), LEAF_BYTES)
        if left or one.event_count - before.event_count != count:
            return Finding(
                Kind.CHANGED, "seal", seal_no=one.no, detail="it does not have as many events"
            )
        return None


def _is_content_of(found: _Bad, place: _Bad) -> bool:
    """Whether what was found at one number is what was sealed under another."""
    return (
        found.body is not None
        and place.sealed is not None
        and hash_of(place.id, found.body) == place.sealed
    )


def _not_contained(wanted: Head, chain: _Chain) -> Finding:
    """Why a published head is not in the record."""
    if wanted.events > chain.sealed:
        return Finding(
            Kind.TRUNCATED_TAIL,
            "head",
            detail=f"the head is of {wanted.events:,} events, and only {chain.sealed:,} are sealed",
        )
    return Finding(
        Kind.CHANGED,
        "head",
        detail="no seal is the one that was published: the record was written anew, or the line"
        " is of another database",
    )
