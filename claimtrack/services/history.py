"""A claim's history: what the database's trail of events says, told in the order it happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, Text, func, literal_column, or_, select, text

from claimtrack.leaves import is_redacted
from claimtrack.models.claims import claim
from claimtrack.models.events import event
from claimtrack.models.matches import claim_match
from claimtrack.models.redacting import MARKER
from claimtrack.services.stories import load_sources, load_speakers, no_claim, partial_date
from claimtrack.services.views import FigureView, SourceRef, SpeakerRef
from claimtrack.vocab import JUDGEMENT_WORDS, Comparator, Priority, hyphenated, word_of

_Values = Mapping[str, Any]
_Event = Any  # a row of `event`, its redacted values in words

#: The columns of a claim that people edit, and what to call them.
_CLAIM_COLUMNS = {
    "statement": "words",
    "kind": "kind",
    "language": "language",
    "topics": "topics",
    "priority": "priority",
    "assigned_to": "holder",
    "due_on": "due",
    "supersedes_id": "supersedes",
}
_NOTHING = "nothing"
_APPEARANCE_COLUMNS = {
    "speaker_id": "speaker",
    "source_id": "source",
    "manner": "manner",
    "quote": "quote",
    "passage": "passage",
    "place": "place",
}
#: What a piece of evidence does, as a verb.
_DOES = {"supports": "supports", "refutes": "refutes", "context": "gives context"}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a claim: who did what when, in a few words, and why."""

    at: dt.datetime
    actor: str
    db_user: str
    what: str
    detail: str
    because: str | None


def history(connection: Connection, claim_id: int) -> list[HistoryEntry]:
    """All that happened to a claim, oldest first.

    An event's time is when its transaction began, so the order is that of the events' numbers:
    of two marks that overlapped, the one that stands on the other comes after it.
    A review's own effect on the claim's columns is left out: the review says it. A merge and a
    judgement are told in both claims' histories; the judgement that goes with a merge is not.

    Raises:
        NotFoundError: there is no such claim.
    """
    if connection.execute(select(claim.c.id).where(claim.c.id == claim_id)).first() is None:
        raise no_claim(claim_id)
    # Merged into this claim, or parted from it: in the words of the index.
    merged = select(event.c.id).where(
        event.c.table_name == "claim",
        text("before ? 'merged_into_id'"),
        literal_column("COALESCE(after ->> 'merged_into_id', before ->> 'merged_into_id')", Text)
        == str(claim_id),
    )
    # Judged against one with a lower number, which the event is of.
    match = claim_match.alias("match")
    judged = (
        select(event.c.id)
        .join(match, match.c.claim_id == event.c.claim_id)
        .where(
            match.c.other_id == claim_id,
            event.c.table_name == "claim_match",
            event.c.row_key == func.concat_ws(".", match.c.claim_id, match.c.other_id, match.c.no),
        )
    )
    rows = connection.execute(
        select(event)
        .where(
            or_(
                event.c.claim_id == claim_id,
                event.c.id == func.any(func.array(merged.scalar_subquery())),
                event.c.id == func.any(func.array(judged.scalar_subquery())),
            )
        )
        .order_by(event.c.id)
    ).all()
    events = [_legible(one) for one in rows]
    return list(_Teller(connection, claim_id, events).tell())


def _legible(row: Row[*tuple[Any, ...]]) -> SimpleNamespace:
    """An event with words in the place of what was redacted."""
    values = dict(row._mapping)
    for part in ("before", "after"):
        values[part] = values[part] and {
            name: MARKER if is_redacted(value) else value for name, value in values[part].items()
        }
    return SimpleNamespace(**values)


def _redacted(one: _Event) -> tuple[str, str] | None:
    fields = [name for name, value in one.after.items() if value in (MARKER, None, [])]
    return ("redacted", f"{one.table_name} {one.row_key}: {', '.join(fields)}") if fields else None


class _Teller:
    """Turns events into entries; knows the names behind ids, and what stood before."""

    def __init__(self, connection: Connection, claim_id: int, events: Sequence[_Event]) -> None:
        self.claim_id = claim_id
        self.events = events
        rows = [values for one in events for values in (one.before or {}, one.after)]
        self.sources = load_sources(connection, _ids(rows, "source_id"))
        self.speakers = load_speakers(connection, _ids(rows, "speaker_id"))
        self.rows: dict[tuple[str, str], _Values] = {}
        self.word = "unverified"
        # Of a redaction the rows change in its transaction, and nothing else does.
        self.redactions = set(
            connection.scalars(
                select(event.c.recorded_at).where(
                    event.c.table_name == "redaction",
                    event.c.recorded_at.in_({one.recorded_at for one in events}),
                )
            )
        )

    def tell(self) -> Iterator[HistoryEntry]:
        """The entries, in the order of the events."""
        tellers: dict[tuple[str, str], Callable[[_Event], tuple[str, str] | None]] = {
            ("claim", "insert"): lambda one: ("recorded", one.after["statement"]),
            ("claim", "update"): self._claim_edited,
            ("appearance", "insert"): self._appeared,
            ("appearance", "update"): self._appearance_edited,
            ("attribution", "insert"): self._attributed,
            ("figure", "insert"): self._figure,
            ("figure", "update"): self._figure,
            ("note", "insert"): lambda one: ("noted", one.after["body"]),
            ("evidence", "insert"): self._evidence,
            ("evidence", "update"): self._evidence_withdrawn,
            ("review", "insert"): self._reviewed,
            ("objection", "insert"): self._objected,
            ("objection", "update"): lambda one: ("answered", f"objection {one.row_key}"),
            ("challenge", "insert"): self._challenged,
            ("challenge", "update"): self._decided,
            ("publication", "insert"): lambda one: ("published", _published(one.after)),
            ("publication", "update"): lambda one: ("unpublished", _published(self._was(one))),
            ("claim_match", "insert"): self._judged,
            ("assessment", "insert"): lambda one: ("assessed", _assessed(one.after)),
            ("assessment", "update"): self._assessment_edited,
        }
        for one in self.events:
            teller = tellers.get((one.table_name, one.operation))
            if one.recorded_at in self.redactions:
                teller = _redacted
            told = teller(one) if teller else None
            key = one.table_name, one.row_key
            self.rows[key] = {**self.rows.get(key, {}), **one.after}
            if told is not None:
                yield HistoryEntry(
                    at=one.recorded_at,
                    actor=one.recorded_by,
                    db_user=one.db_user,
                    what=told[0],
                    detail=told[1],
                    because=one.after.get("because")
                    or one.after.get("withdrawn_because")
                    or one.after.get("closed_because")
                    or one.because,
                )

    def _claim_edited(self, one: _Event) -> tuple[str, str] | None:
        if "review_no" in one.after:
            return None
        if "merged_into_id" in one.after:
            return self._merged(one)
        changes = _changes(one, _CLAIM_COLUMNS, self._shown)
        return ("edited", changes) if changes else None

    def _merged(self, one: _Event) -> tuple[str, str]:
        head, before = (values["merged_into_id"] for values in (one.after, one.before or {}))
        what = "merged" if head is not None else "unmerged"
        if one.claim_id != self.claim_id:
            return what, f"claim {one.claim_id} {'into' if head is not None else 'from'} this one"
        return what, f"into claim {head}" if head is not None else f"from claim {before}"

    def _judged(self, one: _Event) -> tuple[str, str] | None:
        row = one.after
        pair = {row["claim_id"], row["other_id"]}
        if any(
            pair == {other.claim_id, *_ends(other)}
            for other in self.events
            if other.recorded_at == one.recorded_at and other.table_name == "claim"
        ):
            return None
        (other_id,) = pair - {self.claim_id}
        return "judged", f"{JUDGEMENT_WORDS[row['judgement']]} claim {other_id}"

    def _appeared(self, one: _Event) -> tuple[str, str]:
        row = one.after
        said_by = self._shown("speaker_id", row["speaker_id"])
        parts = [
            hyphenated(row["manner"]) if row["speaker_id"] is None else said_by,
            self._shown("source_id", row["source_id"]),
        ]
        said_on = _date(row["said_on"], row["said_precision"])
        if said_on:
            parts.append(f"said on {said_on}")
        return "appeared", f"{one.row_key}: {', '.join(parts)}"

    def _appearance_edited(self, one: _Event) -> tuple[str, str]:
        if "withdrawn_at" in one.after:
            return "withdrawn", f"appearance {one.row_key}"
        changes = [_changes(one, _APPEARANCE_COLUMNS, self._shown)]
        if not one.after.keys().isdisjoint(("said_on", "said_precision")):
            # A date is shown as exactly as it was known.
            was = self._was(one)
            row = {**was, **one.after}
            before, after = (_date(at["said_on"], at["said_precision"]) for at in (was, row))
            changes.append(f"said on {before or _NOTHING} → {after or _NOTHING}")
        return "edited", f"{one.row_key}: {'; '.join(part for part in changes if part)}"

    def _attributed(self, one: _Event) -> tuple[str, str]:
        row = one.after
        detail = f"{row['claim_id']}.{row['appearance_no']} {hyphenated(row['finding'])}"
        if row["source_id"] is not None:
            detail += f", on {self._shown('source_id', row['source_id'])}"
        return "attribution", detail

    def _figure(self, one: _Event) -> tuple[str, str]:
        before = self._was(one)
        told = _figure_words({**before, **one.after})
        return "figure", f"{_figure_words(before)} → {told}" if before else told

    def _evidence(self, one: _Event) -> tuple[str, str]:
        row = one.after
        source = self._shown("source_id", row["source_id"])
        detail = f"{one.row_key} {_DOES[row['stance']]}: {source}"
        if row["excerpt"]:
            detail += f", “{row['excerpt']}”"
        return "evidence", detail

    def _evidence_withdrawn(self, one: _Event) -> tuple[str, str]:
        was = self._was(one)
        source = self._shown("source_id", was["source_id"])
        return "withdrawn", f"evidence {one.row_key}, which {_DOES[was['stance']]}: {source}"

    def _was(self, one: _Event) -> _Values:
        """The whole row as it stood before the event; empty for an insert."""
        return self.rows.get((one.table_name, one.row_key), {})

    def _reviewed(self, one: _Event) -> tuple[str, str]:
        row = one.after
        before, self.word = self.word, word_of(row["status"], row["verdict"])
        detail = f"{hyphenated(before)} → {hyphenated(self.word)}"
        # Older events know nothing of proposals.
        proposed, decision = row.get("proposed_verdict"), row.get("decision")
        notes = [hyphenated(proposed)] if proposed else []
        notes += [hyphenated(row[key]) for key in ("change", "reason") if row[key]]
        if row["rating"]:
            notes.append(f"rated {row['rating']}")
        if row["recheck_on"]:
            notes.append(f"look again on {row['recheck_on']}")
        what = "proposed" if proposed else decision or "marked"
        return what, f"{detail} ({', '.join(notes)})" if notes else detail

    def _objected(self, one: _Event) -> tuple[str, str]:
        return "objected", f"objection {one.row_key} to {hyphenated(self.word)}"

    def _challenged(self, one: _Event) -> tuple[str, str]:
        row = one.after
        return (
            "challenged",
            f"challenge {one.row_key} by {row['challenger']}, to be decided by {row['due_on']}",
        )

    def _decided(self, one: _Event) -> tuple[str, str]:
        challenger = self._was(one)["challenger"]
        return str(one.after["outcome"]), f"challenge {one.row_key} by {challenger}"

    def _assessment_edited(self, one: _Event) -> tuple[str, str]:
        told = _assessed({**self._was(one), **one.after})
        if "withdrawn_at" not in one.after:
            return "edited", f"assessment {told}"
        # Withdrawn with the import that brought it, and back when that came again.
        return "withdrawn" if one.after["withdrawn_at"] else "assessed", told

    def _shown(self, column: str, value: Any) -> str:
        """A stored value in words."""
        if value is None or value == []:
            return _NOTHING
        ref: SourceRef | SpeakerRef | None
        match column:
            case "priority":
                return Priority.of_level(value).value
            case "source_id":
                ref = self.sources.get(value)
                return ref.label if ref else f"source {value}"
            case "speaker_id":
                ref = self.speakers.get(value)
                return ref.name if ref else f"speaker {value}"
            case "supersedes_id":
                return f"claim {value}"
            case "manner" | "kind":
                return hyphenated(value)
            case "topics":
                return ", ".join(value)
        return str(value)


def _ends(one: _Event) -> set[int]:
    """The claims that an event merges its own into, or parts it from."""
    rows = (one.before or {}, one.after)
    return {row["merged_into_id"] for row in rows if row.get("merged_into_id") is not None}


def _published(row: _Values) -> str:
    return f"{row['headline']}, on {row['published_on']}: {row['url']}"


def _assessed(row: _Values) -> str:
    return ": ".join(str(row[name]) for name in ("rating", "title", "url") if row.get(name))


def _ids(rows: Iterable[_Values], column: str) -> set[int]:
    return {values[column] for values in rows if values.get(column) is not None}


def _changes(one: _Event, columns: Mapping[str, str], shown: Callable[[str, Any], str]) -> str:
    """The changed columns in words."""
    changes = []
    for column, name in columns.items():
        if column in one.after:
            before, after = one.before[column], one.after[column]
            changes.append(f"{name} {shown(column, before)} → {shown(column, after)}")
    return "; ".join(changes)


def _date(day: str | None, precision: str | None) -> str | None:
    when = partial_date(dt.date.fromisoformat(day) if day else None, precision)
    return str(when) if when else None


def _figure_words(row: _Values) -> str:
    return FigureView(
        comparator=Comparator(row["comparator"]),
        low=Decimal(str(row["low"])),
        high=Decimal(str(row["high"])) if row["high"] is not None else None,
        unit=row["unit"],
        counted=row["counted"],
        place=row["place"],
        on=partial_date(_day(row["on_date"]), row["on_precision"]),
        since=partial_date(_day(row["since_date"]), row["since_precision"]),
    ).words


def _day(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None
