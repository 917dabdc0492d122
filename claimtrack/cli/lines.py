"""Claims in a line: their JSON, and their cells in tables and spreadsheets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App
from claimtrack.render import Column, Format
from claimtrack.vocab import Decision, Status, hyphenated, told_word, word_of

if TYPE_CHECKING:
    import datetime as dt

    from claimtrack.services.dispute_lists import Dispute
    from claimtrack.services.lines import ListedClaim, Told
    from claimtrack.services.moves import Move, Window

Json = dict[str, Any]
Command = Callable[..., Any]


def words(line: str) -> list[str]:
    """The words of a line: keys are many, and read better without their quotes."""
    return line.split()


def sheet(line: str) -> list[Column]:
    """The columns of a spreadsheet: their keys, which are their headings too."""
    return [Column(key, key) for key in words(line)]


#: Keys whose values are words of a vocabulary, which people read with hyphens.
_WORDS = frozenset(
    words(
        "status verdict word kind manner priority highest_priority reason change stance"
        " proposed_verdict from_word from_status from_verdict replaced old_verdict new_verdict"
    )
)


def told_json(told: Told | None) -> Json:
    """Who said it, where and when, as keys of a claim's line."""
    from claimtrack.cli.shapes import source_ref_json, speaker_ref_json

    return {
        "speaker": speaker_ref_json(told.speaker) if told else None,
        "manner": told.manner if told else None,
        "source": source_ref_json(told.source) if told else None,
        "said_on": str(told.said_on) if told and told.said_on else None,
    }


def line_json(line: ListedClaim) -> Json:
    """A claim's line. ``appearances`` is their number."""
    from claimtrack.cli.shapes import same_json

    return {
        "id": line.id,
        "statement": line.statement,
        "kind": line.kind,
        "status": line.status,
        "verdict": line.verdict,
        "proposed_verdict": line.proposed_verdict,
        "disputed": line.disputed,
        "priority": line.priority,
        "assigned_to": line.assigned_to,
        **told_json(line.told),
        "reach": line.reach,
        "appearances": line.appearances,
        "due_on": line.due_on,
        "recheck_on": line.recheck_on,
        "recorded_at": line.recorded_at,
        "recorded_by": line.recorded_by,
        "same_as": [same_json(one) for one in line.same],
    }


def move_json(move: Move) -> Json:
    """A review with the claim that it moved; ``id`` is the claim's."""
    from claimtrack.cli.shapes import source_ref_json

    return {
        "id": move.claim_id,
        "statement": move.statement,
        "kind": move.kind,
        "merged_into": move.merged_into_id,
        "from_status": move.from_status,
        "from_verdict": move.from_verdict,
        "replaced": move.replaced,
        "status": move.status,
        "verdict": move.verdict,
        "change": move.change,
        "reason": move.reason,
        "rating": move.rating,
        "disputed": move.disputed,
        "because": move.why,
        "by": move.checker,
        "at": move.recorded_at,
        "proposed_verdict": move.proposed.verdict if move.proposed else move.proposed_verdict,
        "proposed_by": move.proposed.recorded_by if move.proposed else None,
        "decision": move.decision,
        "decided_by": move.recorded_by if move.decision else None,
        "decision_because": move.because if move.decision else None,
        "evidence_count": len(move.evidence),
        "evidence": [
            {
                "id": piece.id,
                "stance": piece.stance,
                "source": source_ref_json(piece.source),
                "withdrawn": piece.withdrawn,
            }
            for piece in move.evidence
        ],
    }


def disputes_json(found: Iterable[Dispute]) -> list[Json]:
    """Objections and challenges with their claims; ``id`` is the claim's."""
    return [_dispute_json(one) for one in found]


def _dispute_json(one: Dispute) -> Json:
    view = one.view
    closed = view.closed
    row = {
        "id": view.claim_id,
        "statement": one.statement,
        "what": one.what,
        "no": view.no,
        "address": view.address,
        "verdict": view.verdict,
        "because": view.because,
        "by": view.recorded_by,
        "at": view.recorded_at,
        "state": one.state,
        "closed_at": closed.at if closed else None,
        "closed_by": closed.by if closed else None,
        "closed_because": closed.because if closed else None,
    }
    if one.challenge is not None:
        demand = one.challenge
        row |= {"from": demand.challenger, "due_on": demand.due_on, "outcome": demand.outcome}
    return row


#: The columns of a source, and the keys that they are of.
_OF_SOURCE = {
    "source_id": "id",
    "source_url": "url",
    "source_title": "title",
    "publisher": "publisher",
    "published_on": "published_on",
}


def people(app: App) -> bool:
    """Whether the output is for people's eyes, and not for a script or a spreadsheet."""
    return app.format in (Format.TABLE, Format.MARKDOWN)


def cells(app: App, row: Mapping[str, Any]) -> Json:
    """The flat cells of a row: what `line_json` and `move_json` nest, in columns.

    People get instants to the day, words with hyphens, one ``word`` for where a claim stands,
    what is disputed with the word "disputed" beside it, and a manner where no speaker is named;
    spreadsheets get every value as it is stored.
    """
    flat = dict(row)
    speaker, source = row.get("speaker"), row.get("source")
    flat["speaker"] = speaker["name"] if speaker else None
    if isinstance(source, Mapping):
        flat["source"] = _source_label(source)
        flat |= {column: source[key] for column, key in _OF_SOURCE.items()}
    elif "source" in row:  # a claim that is known from fact-checks alone has none
        flat = {**dict.fromkeys(_OF_SOURCE), **flat}
    if isinstance(row.get("evidence"), list) and row["evidence"]:
        flat["evidence"] = [
            f"{piece['stance']}: {_source_label(piece['source'])}"
            for piece in row["evidence"]
            if isinstance(piece, Mapping) and "stance" in piece
        ]
    if isinstance(row.get("same_as"), list):
        flat["same_as"] = [_same_words(one) for one in row["same_as"]]
    if not people(app):
        return flat
    if flat.get("same_as"):
        flat["statement"] = f"{row['statement']} (the same: {', '.join(flat['same_as'])})"
    flat["word"] = word_of(row["status"], row.get("verdict")) if row.get("status") else None
    if row.get("status") == Status.AWAITING_APPROVAL and row.get("proposed_verdict"):
        flat["word"] += f" ({row['proposed_verdict']})"
    if row.get("decision") == Decision.REJECTED:
        flat["word"] += f" ({row['proposed_verdict']} rejected)"
    if row.get("merged_into"):
        flat["statement"] = f"{flat['statement']} (now claim {row['merged_into']})"
    if speaker is None and row.get("manner"):
        flat["speaker"] = f"({str(row['manner']).replace('_', ' ')})"
    for key in _WORDS & flat.keys():
        flat[key] = hyphenated(flat[key]) if flat[key] else None
    if row.get("disputed"):
        for key in ("word", "status", "verdict", "new_verdict"):
            if flat.get(key):
                flat[key] = told_word(flat[key], disputed=True)
    for key in ("at", "recorded_at", "oldest_recorded_at", "withdrawn_at", "closed_at"):
        if flat.get(key) is not None:
            flat[key] = flat[key].astimezone(app.settings.timezone).date()
    return flat


def _same_words(same: Mapping[str, Any]) -> str:
    """A claim that is the same: its number, and where it stands if that is told."""
    word = word_of(same["status"], same["verdict"]) if "status" in same else None
    return f"{same['id']} {hyphenated(word)}" if word else str(same["id"])


def _source_label(source: Mapping[str, Any]) -> str:
    from claimtrack.services.views import source_label

    return source_label(source["id"], source["publisher"], source["title"], source["url"])


def with_all(keys: Iterable[str], row: Mapping[str, Any]) -> Json:
    """A row in which every key is there, be it empty."""
    return {**dict.fromkeys(keys), **row}


def read_day(app: App, typed: str | None, option: str, *, last: bool = False) -> dt.date | None:
    """A day that an option names: of a month or year the first, or the last.

    A relative day ("Monday") is counted from today, and what it was taken for is said.

    Raises:
        InvalidDataError: it is no date.
    """
    if typed is None:
        return None
    from claimtrack.dates import parse_date

    parsed = parse_date(typed, what=f"{option} date", anchor=app.today())
    if parsed.said_aloud:
        app.say(parsed.said_aloud)
    return parsed.value.last() if last else parsed.value.first()


def read_window(app: App, since: str | None, until: str | None) -> Window:
    """From the start of one day to the end of another, in the setting `report_timezone`.

    Raises:
        InvalidDataError: they are no dates, or the wrong way round.
    """
    first = read_day(app, since, "--since")
    final = read_day(app, until, "--until", last=True)
    return window(app, first, final)


def window(app: App, first: dt.date | None, final: dt.date | None) -> Window:
    """As `read_window`, from days."""
    from claimtrack.dates import day_end, day_start
    from claimtrack.errors import InvalidDataError
    from claimtrack.services.moves import Window

    if first is not None and final is not None and first > final:
        raise InvalidDataError(f"The period ends ({final}) before it begins ({first}).")
    zone = app.settings.timezone
    return Window(
        since=day_start(first, zone) if first else None,
        until=day_end(final, zone) if final else None,
    )


def more_below(shown: int, place: object) -> tuple[str, str]:
    """The footer of a page of claims that others follow; ``place`` is where the next begins."""
    counted = "1 claim" if shown == 1 else f"{shown:,} claims"
    return ("", f"{counted}, and there are more: --after {place} shows the next, --limit 0 all.")


def limit_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--limit``: 0 is all, and so is leaving it away, except in a table."""
    return click.option(
        "--limit",
        metavar="N",
        type=click.IntRange(0, 2**31 - 1),
        help=f"How many {what}; 0 for all. [default: 50 in a table, else all]",
    )


def row_limit(app: App, limit: int | None) -> int | None:
    """How many rows to show; None for all."""
    from claimtrack.cli.app import TABLE_LIMIT

    if limit is None:
        return TABLE_LIMIT if app.as_table else None
    return limit or None
