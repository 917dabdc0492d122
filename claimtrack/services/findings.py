"""What is found where the record is not what it was."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What was done to it."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED_TAIL = "truncated_tail"


class Finding(NamedTuple):
    """One thing that is not as it was recorded: an event, a row of a table, a seal, the head.

    ``detail`` says more in a few words, and may be empty.
    """

    kind: Kind
    thing: str
    table: str | None = None
    row_key: str | None = None
    event_id: int | None = None
    seal_no: int | None = None
    detail: str = ""


class Findings:
    """What was found so far: the first of it, and how much."""

    def __init__(self) -> None:
        self.first: Finding | None = None
        self.count = 0

    def add(self, finding: Finding) -> None:
        """Keep the first, count the others."""
        if self.first is None:
            self.first = finding
        self.count += 1

    def is_first(self, finding: Finding) -> bool:
        """Whether this very finding is the first."""
        return self.first is finding

    def say_better(self, kind: Kind, detail: str) -> None:
        """What the first one turned out to be, once all had been seen."""
        if self.first is not None:
            self.first = self.first._replace(kind=kind, detail=detail)
