"""The exception tree. Each class carries the exit code that the command line ends with.

A message is one or two plain sentences that say what to do; ``next_command``, where there is
one, is a command ready to paste. Messages may hold text from outside: whoever prints them
escapes control characters.
"""

from __future__ import annotations


class ClaimtrackError(Exception):
    """Something that a person can read, understand and mend."""

    exit_code = 1

    def __init__(self, message: str, *, next_command: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_command = next_command


class UsageError(ClaimtrackError):
    """The command itself was put together wrongly (exit 2)."""

    exit_code = 2


class NotFoundError(ClaimtrackError):
    """What was named is not in the database (exit 3)."""

    exit_code = 3


class ConflictError(ClaimtrackError):
    """What is on record stands against the request (exit 4)."""

    exit_code = 4


class MergedClaimError(ConflictError):
    """What was asked of a claim that was merged belongs to its head."""

    def __init__(self, claim_id: int, head_id: int, *, next_command: str | None = None) -> None:
        super().__init__(
            f"Claim {claim_id} is the same as claim {head_id}, which stands for both:"
            f" do it to claim {head_id}, or part them first with claim unmerge.",
            next_command=next_command,
        )
        self.claim_id = claim_id
        self.head_id = head_id


class InvalidDataError(ClaimtrackError):
    """A value can't be recorded as it was given (exit 5)."""

    exit_code = 5


class NoDateError(InvalidDataError):
    """A text was to be a date, and doesn't hold any, not even an unclear one (exit 5)."""


class DatabaseError(ClaimtrackError):
    """The database is out of reach, or refuses us (exit 6)."""

    exit_code = 6


class SchemaError(DatabaseError):
    """The schema is behind or ahead of this claimtrack (exit 6)."""
