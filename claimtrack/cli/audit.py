"""`claimtrack audit`: the trail of every change, and the proof that nobody rewrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.blocks import counted, one_more
from claimtrack.cli.db import explained
from claimtrack.cli.groups import LazyGroup
from claimtrack.cli.lines import limit_option, read_window, row_limit
from claimtrack.cli.params import Id, Words
from claimtrack.cli.progress import progress
from claimtrack.render import Column, Format, Listing, escape_terminal, style

if TYPE_CHECKING:
    from claimtrack.services.event_log import LoggedEvent
    from claimtrack.services.findings import Finding
    from claimtrack.services.verify import Verification


#: Its verbs in the order of its help, each with the module that has it.
_MODULES = {
    **dict.fromkeys(("log", "seal", "head", "verify"), "claimtrack.cli.audit"),
    "redact": "claimtrack.cli.redacting",
}


@click.group(cls=LazyGroup, modules=_MODULES)
def audit() -> None:
    """The trail of every change, and the proof that nobody rewrote it."""


# --- The trail -----------------------------------------------------------------------------------


@command(
    audit,
    "log",
    example="""
claimtrack audit log --claim 42
claimtrack audit log --by "Noor Haddad" --since Monday --operation update
claimtrack audit log --table evidence --format jsonl
""",
)
@click.option("--claim", "claim_id", type=Id(), metavar="ID", help="What happened to this claim.")
@click.option("--by", metavar="NAME", help="What this person, or database user, did.")
@click.option("--operation", type=Words("insert", "update"), help="New rows, or changed ones.")
@click.option("--table", metavar="TABLE", help="Of one table: claim, review, evidence …")
@click.option("--row", "row_key", metavar="KEY", help="Of one row of it: 7, or 42.1.")
@click.option("--since", metavar="DATE", help="From the start of this day on.")
@click.option("--until", metavar="DATE", help="Up to the end of this day.")
@limit_option("events")
@click.option(
    "--after", metavar="ID", type=click.IntRange(1, 2**62), help="The page after this event."
)
def log(
    app: App,
    claim_id: int | None,
    by: str | None,
    operation: str | None,
    table: str | None,
    row_key: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
    after: int | None,
) -> None:
    """List who changed what, newest first.

    An insert shows the whole row in JSON; an update what each changed column was and became.
    """
    need(row_key is None or table is not None, "--row is a row of a table: name it with --table.")
    from claimtrack.services.event_log import EventFilter
    from claimtrack.services.event_log import log as events

    between = read_window(app, since, until)
    asked = EventFilter(claim_id, by, operation, table, row_key, between.since, between.until)
    at_most = row_limit(app, limit)
    with app.read() as connection:
        found = events(connection, asked, one_more(at_most), after)
        if at_most is None:
            app.emit(_log(app, (_event_json(one) for one in found), ()))
            return
        page = list(found)
    footer = []
    if len(page) > at_most:
        footer = [f"There are more: add --after {page[at_most - 1].id} for the next page."]
    app.emit(_log(app, (_event_json(one) for one in page[:at_most]), footer))


def _log(app: App, rows: Iterator[dict[str, Any]], footer: Any) -> Listing:
    people = app.format in (Format.TABLE, Format.MARKDOWN)
    columns = (
        Column("id", "ID", align="right"),
        Column("recorded_at", "When", fixed=True),
        Column("recorded_by", "Who"),
        Column("operation", "What"),
        Column("table", "Table"),
        Column("row", "Row"),
        Column("changes", "Changes", grow=True),
        Column("because", "Because", grow=True, drop=1),
    )
    keys = "id recorded_at recorded_by db_user application operation table row claim_id"
    sheet = [Column(key, key) for key in f"{keys} before after because".split()]
    return Listing(
        columns=columns if people else sheet,
        rows=rows,
        cells=(lambda row: _log_cells(app, row)) if people else None,
        footer=footer,
        empty="No event is like that.",
    )


def _event_json(one: LoggedEvent) -> dict[str, Any]:
    return {
        "id": one.id,
        "recorded_at": one.recorded_at,
        "recorded_by": one.recorded_by,
        "db_user": one.db_user,
        "application": one.application,
        "operation": one.operation,
        "table": one.table,
        "row": one.row_key,
        "claim_id": one.claim_id,
        "before": one.before,
        "after": one.after,
        "because": one.because,
    }


def _log_cells(app: App, row: Mapping[str, Any]) -> dict[str, Any]:
    when = row["recorded_at"].astimezone(app.settings.timezone)
    before, after = row["before"] or {}, row["after"]
    if row["operation"] == "insert":
        plain = {"recorded_at", "recorded_by", "db_user"}
        changes = [
            f"{name} {_value(value)}"
            for name, value in after.items()
            if name not in plain and value not in (None, [])
        ]
    else:
        changes = [
            f"{name} {_value(before.get(name))} → {_value(value)}" for name, value in after.items()
        ]
    return {**row, "recorded_at": f"{when:%Y-%m-%d %H:%M}", "changes": "; ".join(changes)}


def _value(value: object) -> str:
    from claimtrack.leaves import is_redacted
    from claimtrack.render.values import cell_text

    if value is None or value == []:
        return "nothing"
    return "[redacted]" if is_redacted(value) else cell_text(value, machine=False)


# --- Seals ---------------------------------------------------------------------------------------


@command(audit, "seal", example="claimtrack audit seal")
def seal(app: App) -> None:
    """Seal all that was recorded up to now, and print the head of the record.

    Nobody who records has to wait. Publish the head where you can't change it yourself: from then
    on, nobody can rewrite what stands before it without being found out.
    """
    from claimtrack.services import ledger

    actor = app.actor()
    with app.read() as connection:
        engine, waiting = connection.engine, ledger.unsealed(connection)
    with explained(), progress("Sealing", waiting) as tell:
        sealed = ledger.seal_events(engine, actor=actor, notice=app.say, progress=tell)
    if sealed is not None:
        app.say(f"Sealed {counted(sealed.events, 'event')}.")
    else:
        app.say("There is nothing new to seal.")
    with app.read() as connection:
        newest = ledger.latest_seal(connection)
    if newest is not None:
        _print_head(app, newest.no, newest.head)


@command(audit, "head", example="claimtrack audit head >> heads.txt")
def head(app: App) -> None:
    """Print one line that stands for the whole record: how many events, when, and a hash.

    Publish it where you can't change it yourself: in an e-mail, in print, in a public repository.
    `claimtrack audit verify --head LINE` then proves that the record still contains it.
    """
    from claimtrack.errors import NotFoundError
    from claimtrack.services import ledger

    with app.read() as connection:
        newest = ledger.latest_seal(connection)
        since = ledger.unsealed(connection)
    if newest is None:
        raise NotFoundError(
            "Nothing is sealed yet, so the record has no head.",
            next_command="claimtrack audit seal",
        )
    _print_head(app, newest.no, newest.head)
    if since:
        app.say(f"Recorded since, and not sealed: {counted(since, 'event')}.")


def _print_head(app: App, no: int, made: Any) -> None:
    data = {
        "head": str(made),
        "seal": no,
        "events": made.events,
        "time": made.time,
        "hash": made.hash.hex(),
    }
    app.emit_object(data, [str(made)])


# --- Verifying -----------------------------------------------------------------------------------


@command(
    audit,
    "verify",
    example="""
claimtrack audit verify
claimtrack audit verify --head "1234 2024-06-05T12:00:00.000000Z 9f86d081884c7d65…"
claimtrack audit head | claimtrack audit verify --head -
""",
)
@click.option(
    "--head",
    "line",
    metavar="LINE",
    help="Prove that the record still contains what was published; - reads it from stdin.",
)
def verify(app: App, line: str | None) -> int:
    """Recompute the whole record, and compare it with what is stored today.

    Every event is hashed again and held against its seal, every seal against the one before it,
    and every row of every table against what its events say. Ends with 1 and the first bad row if
    anything was changed, removed, inserted, reordered or cut off.
    """
    from claimtrack.leaves import read_head
    from claimtrack.services import verify as verifying

    wanted = read_head(line) if line is not None else None
    with app.read() as connection:
        total = 2 * verifying.event_count(connection)
        with progress("Verifying", total) as tell:
            done = verifying.verify(connection, head=wanted, progress=tell)
    app.emit_object(_verified_json(done), _verified_text(app, done, line))
    return 0 if done.first is None else 1


def _verified_json(done: Verification) -> dict[str, Any]:
    speed = done.speed
    return {
        "ok": done.first is None,
        "problem": _finding_json(done.first) if done.first else None,
        "problems": done.bad,
        "seals": done.seals,
        "sealed": done.sealed,
        "unsealed": done.unsealed,
        "rows": done.rows,
        "redacted": done.redacted,
        "head": str(done.head) if done.head else None,
        "contained_in_seal": done.contains,
        "bytes": speed.hashed_bytes,
        "seconds": round(speed.seconds, 3),
        "events_per_second": round(speed.events_per_second),
        "sha256_events_per_second": round(speed.sha256_per_second),
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "what": finding.thing,
        "table": finding.table,
        "row": finding.row_key,
        "event_id": finding.event_id,
        "seal": finding.seal_no,
        "detail": finding.detail or None,
        "sentence": sentence_of(finding),
    }


def sentence_of(finding: Finding) -> str:
    """What was found, in one sentence."""
    row = f"{finding.table} {finding.row_key}"
    what = {
        "event": f"Event {finding.event_id}" + (f" ({row})" if finding.table else ""),
        "row": f"Row {row}",
        "seal": f"Seal {finding.seal_no}",
        "ledger": "The database's own number",
        "head": "The published head is not contained: the record",
    }[finding.thing]
    done = {
        "changed": "was changed",
        "removed": "was removed",
        "inserted": "was inserted",
        "reordered": "was reordered",
        "truncated_tail": "was cut off: a truncated tail",
    }[finding.kind]
    return f"{what} {done}{': ' + finding.detail if finding.detail else ''}."


def _verified_text(app: App, done: Verification, line: str | None) -> Iterator[str]:
    def field(title: str, value: str) -> str:
        return escape_terminal(f"{title:<11} {value}")

    if done.first is not None:
        found = escape_terminal(sentence_of(done.first))
        yield style(f"NOT as recorded. {found}", "red", color=app.color)
        if done.bad > 1:
            yield f"{done.bad:,} things were found in all; this is the first."
    else:
        yield style("All is as recorded.", "green", color=app.color)
    if done.head is None:
        yield field("Sealed", "nothing yet; seal with claimtrack audit seal")
    else:
        yield field("Sealed", f"{counted(done.sealed, 'event')} in {counted(done.seals, 'seal')}")
        yield field("Head", str(done.head))
    if line is not None and done.contains is not None:
        yield field("Contains", f"the published head, as seal {done.contains}")
    yield field("Not sealed", counted(done.unsealed, "event"))
    yield field("Rows", f"{done.rows:,} compared with what their events say")
    if done.redacted:
        yield field("Redacted", f"{counted(done.redacted, 'value')} known by digest alone")
    speed = done.speed
    if speed.events:
        yield field(
            "Speed",
            f"{speed.events_per_second:,.0f} events/s; plain SHA-256 over the same"
            f" {speed.hashed_bytes / 1e6:,.1f} MB: {speed.sha256_per_second:,.0f} events/s",
        )
