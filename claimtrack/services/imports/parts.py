"""One part of a file, settled whole, but for the rows that the record can't take."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

import psycopg
from psycopg import errors as pg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.rows import Unread
from claimtrack.services.imports.indexing import Created, Words, note_others
from claimtrack.services.imports.records import Record
from claimtrack.services.imports.refusing import refused_before
from claimtrack.services.imports.rewording import Replaced, set_apart
from claimtrack.services.imports.ruling import kept_rulings, rule_anew
from claimtrack.services.imports.settling import STAGES, Run, settle
from claimtrack.services.imports.staging import learn_ids, stage, staged_lines, touch
from claimtrack.services.imports.updating import Conflict, take_over
from claimtrack.services.refusals import explain


@dataclass(slots=True)
class Settled:
    """What became of one part."""

    counts: Counter[str] = field(default_factory=Counter)
    conflicts: list[Conflict] = field(default_factory=list)
    replaced: list[Replaced] = field(default_factory=list)
    refused: list[Unread] = field(default_factory=list)
    created: list[Created] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class Part(NamedTuple):
    """So many rows of a file, the line at which the last begins, and what they mean.

    ``lines`` are the records as they are staged, ``words`` those of each record by its number.
    ``settled`` are those that were taken in before the run was broken off.
    """

    size: int
    line: int
    records: list[tuple[int, Record]]
    lines: Mapping[str, bytes]
    words: Mapping[int, Words]
    settled: list[Record]


def settle_part(connection: Connection, part: Part, run: Run, first: bool) -> Settled:
    """Settle a part; without the rows that the record can't take, should there be any."""
    settled = Settled()
    if part.settled:
        touch(connection, part.settled)
    lines: Mapping[str, bytes] | None = part.lines
    waiting = [part.records]
    while waiting:
        records = waiting.pop()
        if not records:
            continue
        try:
            with connection.begin_nested():
                _try(connection, lines or staged_lines(records), run, settled, first=first)
                began = perf_counter()
                settled.created.append(note_others(connection))
                settled.seconds["words"] += perf_counter() - began
            continue
        except _CannotTakeError as error:
            reasons = error.reasons
        except (DBAPIError, psycopg.Error, InvalidDataError) as error:
            reason = _fault(error)
            if reason is None:
                raise
            if len(records) > 1:
                # Which row it is, is found by halves; the first half is to be settled first.
                middle = len(records) // 2
                waiting += [records[middle:], records[:middle]]
                continue
            reasons = {records[0][0]: reason}
        finally:
            lines = None  # of what is tried next, they would be too many
        for no, record in records:
            if no in reasons:
                raw = json.dumps(dict(record.fields), ensure_ascii=False)
                settled.refused.append(Unread(record.line, reasons[no], raw))
        waiting.append([(no, record) for no, record in records if no not in reasons])
    settled.refused.sort(key=lambda row: row.line)
    return settled


def _fault(error: DBAPIError | psycopg.Error | InvalidDataError) -> str | None:
    """Why a row can't be taken in; None where no row is at fault, but the server or the login."""
    if isinstance(error, InvalidDataError):
        return error.message
    # What COPY raises comes without SQLAlchemy's wrapping.
    wrapped = error if isinstance(error, DBAPIError) else DBAPIError("COPY", None, error)
    if isinstance(wrapped.orig, pg.ProgramLimitExceeded):
        return "A name or a number in it takes too much room to be looked up by: shorten it."
    explained = explain(wrapped)
    if isinstance(explained, InvalidDataError) or isinstance(wrapped.orig, pg.UniqueViolation):
        return explained.message
    return None


class _CannotTakeError(Exception):
    """The record can't take some rows of a part: their numbers, with the reasons."""

    def __init__(self, reasons: dict[int, str]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


def _try(
    connection: Connection,
    lines: Mapping[str, bytes],
    run: Run,
    settled: Settled,
    *,
    first: bool,
) -> None:
    """Go through the stages; raises _CannotTakeError at the first that can't take some rows."""
    began = perf_counter()
    stage(connection, lines, first=first)
    settled.seconds["staging"] += perf_counter() - began
    conflicts: list[Conflict] = []
    replaced: list[Replaced] = []
    for name in STAGES:
        began = perf_counter()
        if first and name == "rows known":
            learn_ids(connection)
        if first and name == "revived":
            # The stages from here on join it; those before fill it.
            connection.execute(text("ANALYZE settled"))
        if refusals := refused_before(connection, name, run):
            raise _CannotTakeError(dict(refusals))
        if name == "revived":
            replaced, conflicts = set_apart(connection)
            conflicts += take_over(connection, run) + kept_rulings(connection)
        settle(connection, name, run)
        if name == "reviews":
            rule_anew(connection)
        settled.seconds[name] += perf_counter() - began
    # What is held at the end of a transaction is asked now: here it is known which row it is.
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    named = {"known": "unchanged", "undone": "revived", "changed": "updated"}
    for outcome, count in connection.execute(
        text("SELECT outcome, count(*) FROM settled GROUP BY outcome")
    ):
        settled.counts[named.get(outcome, outcome)] += count
    settled.conflicts += conflicts
    settled.replaced += replaced
