"""Today's rows against what the events say, in constant memory: a merge of two sorted streams."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from claimtrack.leaves import is_redacted, parse
from claimtrack.models.redacting import FIELDS
from claimtrack.models.rules import LOGGED
from claimtrack.services.findings import Finding, Findings, Kind
from claimtrack.services.ledger import streamed

#: How many events pass between two words on progress.
STEP = 1000

#: Up to how many changed rows are kept, to see whether they only changed places.
KEPT_BAD = 1000

_EVENTS = """
    SELECT table_name, row_key, id, operation, before::text, after::text
    FROM event ORDER BY table_name COLLATE "C", row_key COLLATE "C", id
"""

#: Columns as they are, with the default that rows recorded before the column have.
_COLUMNS = """
    SELECT attname, pg_get_expr(adbin, adrelid)
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped
"""

#: What is not logged itself, but by its digest: it is what was digested, or was redacted.
_DIGESTED = {
    ("capture", "content"): "sha256 <> sha256(content) OR byte_count <> octet_length(content)",
    ("protected_source", "identity"): (
        "digest <> sha256(salt || convert_to(identity::text, 'UTF8'))"
    ),
}
_LOST = """
    SELECT id::text FROM {table}
    WHERE ({differs}) OR {column} IS NULL AND NOT EXISTS (
        SELECT FROM redaction
        WHERE table_name = '{table}' AND row_key = {table}.id::text AND field = '{column}'
    ) ORDER BY id
"""

#: Rows that say that they have not changed since an event that changed them: the past, which is
#: looked for only where a row says that it changed, would be today's.
_UNSTAMPED = """
    SELECT concat_ws('.', {keys}) FROM {table} AS today WHERE EXISTS (
        SELECT FROM event
        WHERE table_name = '{table}' AND row_key = concat_ws('.', {keys}) AND operation = 'update'
            AND event.recorded_at > COALESCE(today.changed_at, '-infinity')
    ) ORDER BY 1
"""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """How many rows were compared."""

    rows: int


class _Changed(NamedTuple):
    """A row that differs: in these columns, from these values, to those."""

    finding: Finding
    expected: dict[str, Any]
    stored: dict[str, Any]


def compare_rows(
    connection: Connection, findings: Findings, progress: Callable[[int], None]
) -> Compared:
    """Compare every row of every logged table with what its events add up to.

    Derived columns are not logged, and are not compared.
    """
    comparison = _Comparison(connection, findings)
    with closing(streamed(connection, _EVENTS)) as stream, closing(_rows(connection)) as rows:
        events = groupby(_counted(stream, progress), key=itemgetter(0, 1))
        told, stored = next(events, None), next(rows, None)
        while told is not None or stored is not None:
            if stored is None or (told is not None and told[0] < stored[0]):
                assert told is not None  # noqa: S101 - else the loop had ended
                comparison.without_row(told[0], told[1])
                told = next(events, None)
            elif told is None or told[0] > stored[0]:
                findings.add(
                    Finding(Kind.INSERTED, "row", *stored[0], detail="no event tells of it")
                )
                stored = next(rows, None)
            else:
                comparison.compare(told[0], told[1], stored[1])
                told, stored = next(events, None), next(rows, None)
    comparison.look_again()
    for (table, column), differs in _DIGESTED.items():
        for (number,) in streamed(
            connection, _LOST.format(table=table, column=column, differs=differs)
        ):
            findings.add(Finding(Kind.CHANGED, "row", table, number, detail=f"its {column}"))
    for table, (keys, unlogged) in LOGGED.items():
        if "changed_at" in unlogged.split(","):
            named = ", ".join(f"today.{key}" for key in keys.split(","))
            for (row_key,) in streamed(connection, _UNSTAMPED.format(table=table, keys=named)):
                findings.add(Finding(Kind.CHANGED, "row", table, row_key, detail="changed_at"))
    return Compared(comparison.rows)


def _counted(events: Iterable[Any], progress: Callable[[int], None]) -> Iterator[Any]:
    for number, one in enumerate(events, start=1):
        yield one
        if number % STEP == 0:
            progress(STEP)


def _columns(connection: Connection, table: str) -> dict[str, str | None]:
    """The logged columns of a table, as it is today, each with its default."""
    unlogged = LOGGED[table][1].split(",")
    rows = connection.execute(text(_COLUMNS), {"table": table})
    return {name: default for name, default in rows if name not in unlogged}


def _rows(connection: Connection) -> Generator[tuple[Key, str], None, None]:
    """Every row of the logged tables: its address, and its logged columns as JSON."""
    for table in sorted(LOGGED):
        names = ", ".join(f'"{name}"' for name in _columns(connection, table))
        keys = ", ".join(LOGGED[table][0].split(","))
        query = f"""
            SELECT concat_ws('.', {keys}) AS row_key, to_jsonb(logged)::text
            FROM (SELECT {names} FROM "{table}") AS logged
            ORDER BY concat_ws('.', {keys}) COLLATE "C"
        """  # noqa: S608 - names of our own tables, and of the catalog
        for row_key, values in streamed(connection, query):
            yield (table, row_key), values


class _Comparison:
    """What the events of one row add up to, beside the row."""

    def __init__(self, connection: Connection, findings: Findings) -> None:
        self.connection = connection
        self.findings = findings
        self.rows = 0
        self.changed: list[_Changed] = []
        self.defaults: dict[Key, Any] = {}

    def without_row(self, key: Key, events: Iterable[Any]) -> None:
        """Events of a row that is not there."""
        first = next(iter(events))
        if key[0] in LOGGED:
            self.findings.add(Finding(Kind.REMOVED, "row", *key, detail="its events are there"))
        else:
            self.findings.add(Finding(Kind.INSERTED, "event", *key, event_id=first.id))

    def compare(self, key: Key, events: Iterator[Any], stored_text: str) -> None:
        """A row beside its events."""
        self.rows += 1
        first = next(events)
        following = next(events, None)
        if following is None and first.operation == "insert" and first.after == stored_text:
            return
        expected = self._add_up(key, first, following, events)
        stored = parse(stored_text)
        odd = sorted(
            name for name, value in stored.items() if not self._agrees(key, name, expected, value)
        )
        if odd:
            finding = Finding(Kind.CHANGED, "row", *key, detail=", ".join(odd))
            self.findings.add(finding)
            if len(self.changed) < KEPT_BAD:
                self.changed.append(
                    _Changed(
                        finding,
                        {name: expected.get(name) for name in odd},
                        {name: stored[name] for name in odd},
                    )
                )

    def _add_up(
        self, key: Key, first: Any, following: Any, others: Iterator[Any]
    ) -> dict[str, Any]:
        """The row that the events lead to."""
        expected = _object(first.after)
        self._refuse_redacted(key, first.id, expected)
        if first.operation != "insert":
            self._event(Kind.REMOVED, key, first.id, "the event of its insertion is gone")
        while following is not None:
            if following.operation == "insert":
                self._event(Kind.INSERTED, key, following.id, "the row was there already")
            before, after = _object(following.before or "{}"), _object(following.after)
            self._refuse_redacted(key, following.id, before)
            self._refuse_redacted(key, following.id, after)
            for name, value in before.items():
                was = expected.get(name, value)
                if was != value and not is_redacted(was) and not is_redacted(value):
                    finding = Finding(
                        Kind.CHANGED, "row", *key, detail=f"{name}, before event {following.id}"
                    )
                    self.findings.add(finding)
            expected |= after
            following = next(others, None)
        return expected

    def _refuse_redacted(self, key: Key, number: int, values: dict[str, Any]) -> None:
        """Find a digest where no redaction puts one: the leaf would not tell."""
        fields = FIELDS.get(key[0], {})
        for name, value in values.items():
            if is_redacted(value) and not any(
                name in (field, *derived) for field, derived in fields.items()
            ):
                self._event(Kind.CHANGED, key, number, f"{name} is taken out")

    def _event(self, kind: Kind, key: Key, number: int, detail: str) -> None:
        self.findings.add(Finding(kind, "event", *key, event_id=number, detail=detail))

    def _agrees(self, key: Key, name: str, expected: dict[str, Any], value: Any) -> bool:
        if name in expected:
            return bool(value == expected[name])
        # The column is younger than the row's events.
        return value is None or value == self._default(key[0], name)

    def _default(self, table: str, name: str) -> Any:
        if (table, name) not in self.defaults:
            default = _columns(self.connection, table)[name]
            query = f"SELECT to_jsonb(({default}))::text"
            found = self.connection.execute(text(query)).scalar() if default else None
            self.defaults[table, name] = parse(found) if found is not None else None
        return self.defaults[table, name]

    def look_again(self) -> None:
        """Tell rows that changed places from changed ones, where the first finding is a row."""
        if not self.changed or not self.findings.is_first(self.changed[0].finding):
            return
        first = self.changed[0]
        for other in self.changed[1:]:
            if (
                other.finding.table == first.finding.table
                and other.stored == first.expected
                and other.expected == first.stored
            ):
                self.findings.say_better(
                    Kind.REORDERED,
                    f"{first.finding.detail} changed places with {other.finding.row_key}",
                )
                return


def _object(json: str) -> dict[str, Any]:
    """What an event holds; what is no object was found when its leaf was recomputed."""
    value = parse(json)
    return value if type(value) is dict else {}
