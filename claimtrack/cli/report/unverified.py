"""`report unverified`: what to check next, and how old it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.lines import (
    cells,
    limit_option,
    line_json,
    more_below,
    people,
    row_limit,
    sheet,
    with_all,
)
from claimtrack.cli.params import Words
from claimtrack.cli.past import as_of_option, read_stand
from claimtrack.cli.report.group import report
from claimtrack.render import Column, Listing, histogram
from claimtrack.vocab import Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.cli.past import Stand
    from claimtrack.services.lines import ListedClaim
    from claimtrack.services.unverified import By, Cursor, OpenGroup, OpenTotals

_PAGE = 500
_HISTOGRAM_WIDTH = 60

_FOR_PEOPLE = (
    Column("id", "ID", align="right"),
    Column("priority", "Priority"),
    Column("reach", "Reach", align="right", drop=3),
    Column("age_days", "Days", align="right"),
    Column("status", "State"),
    Column("assigned_to", "Holder", max_width=14, drop=2),
    Column("speaker", "Speaker", max_width=20),
    Column("statement", "Statement", grow=True),
    Column("source", "Source", max_width=24, drop=5),
    Column("appearances", "Seen", align="right", drop=4),
    Column("due_on", "Due", fixed=True, drop=1),
)
_FOR_SPREADSHEETS = sheet(
    "id statement kind status disputed priority age_days assigned_to speaker manner said_on"
    " source_id source_url source_title publisher published_on reach appearances"
    " due_on recorded_at recorded_by same_as"
)
_GROUPS_FOR_SPREADSHEETS = sheet(
    "group source_url open unverified in_review oldest_days highest_priority oldest_recorded_at"
)


@command(
    report,
    "unverified",
    example="""
claimtrack report unverified
claimtrack report unverified --by speaker
claimtrack report unverified --as-of 2024-03-31 --format csv
""",
)
@click.option("--by", type=Words("speaker", "source", "topic"), help="Groups in place of claims.")
@click.option(
    "--kind",
    "kinds",
    type=Words.of(Kind),
    metavar="K",
    multiple=True,
    help="Only claims of that kind; repeat. [default: fact, figure and media]",
)
@limit_option("rows")
@click.option("--after", metavar="PLACE", help="Go on below the place that a page ended with.")
@as_of_option
def unverified(
    app: App,
    by: str | None,
    kinds: tuple[str, ...],
    limit: int | None,
    after: str | None,
    as_of: str | None,
) -> None:
    """What is not yet concluded: neither checked nor set aside.

    The most urgent first, then what reaches furthest (distinct publishers or agencies), then the
    oldest. Opinions, predictions and promises are counted apart, unless --kind asks for them.
    """
    need(by is None or after is None, "Groups are not paged: leave --after away, or --by.")
    from claimtrack.services import unverified as service

    place = service.Cursor.parse(after) if after else None
    stand = read_stand(app, as_of)
    chosen = tuple(Kind(kind) for kind in kinds)
    most = row_limit(app, limit)
    with app.read(as_of=stand.moment) as connection:
        now = service.present_moment(connection)
        moment = stand.moment or now
        totals = service.open_totals(connection, chosen, moment)
        header = {
            "report": "unverified",
            "as_of": stand.day,
            "generated_at": now,
            "totals": _totals_json(totals),
            "histogram": [{"age": label, "claims": count} for label, count in totals.ages],
        }
        preamble = _preamble(totals, stand, chosen) if people(app) else []
        drawing = [*histogram(totals.ages, _HISTOGRAM_WIDTH), ""] if totals.open else []
        if by is not None:
            groups = service.open_groups(connection, service.By(by), chosen, most)
            app.emit(
                _grouped(app, service.By(by), groups, stand, moment, header, preamble, drawing)
            )
            return
        app.emit(
            _listed(app, connection, chosen, most, place, stand, moment, header, preamble, drawing)
        )


def _totals_json(totals: OpenTotals) -> dict[str, Any]:
    return {
        "open": totals.open,
        "unverified": totals.unverified,
        "in_review": totals.in_review,
        "awaiting_approval": totals.awaiting_approval,
        "by_priority": {str(word): count for word, count in totals.by_priority.items()},
        "apart": {str(kind): count for kind, count in totals.apart.items()},
    }


def _preamble(totals: OpenTotals, stand: Stand, kinds: tuple[Kind, ...]) -> list[str]:
    what = f" ({', '.join(kinds)})" if kinds else ""
    urgencies = ", ".join(
        f"{count:,} {word}" for word, count in totals.by_priority.items() if count
    )
    lines = [
        f"{totals.open:,} to check{what}{stand.words}: {totals.unverified:,} unverified,"
        f" {totals.in_review:,} in review" + (f"; {urgencies}" if urgencies else "")
    ]
    if totals.awaiting_approval:
        wait = (
            "1 awaits" if totals.awaiting_approval == 1 else f"{totals.awaiting_approval:,} await"
        )
        lines.append(f"{wait} approval: claimtrack claim list --status awaiting-approval")
    if any(totals.apart.values()):
        apart = ", ".join(_counted(count, kind) for kind, count in totals.apart.items() if count)
        lines.append(f"Counted apart: {apart}")
    return [*lines, ""]


def _nothing(stand: Stand) -> str:
    if stand.day is None:
        return "Nothing is waiting to be checked."
    return f"Nothing was waiting to be checked{stand.words}."


def _counted(count: int, kind: Kind) -> str:
    return f"{count:,} {kind}" + ("" if count == 1 else "s")


def _listed(
    app: App,
    connection: Connection,
    kinds: tuple[Kind, ...],
    most: int | None,
    place: Cursor | None,
    stand: Stand,
    moment: dt.datetime,
    header: dict[str, Any],
    preamble: list[str],
    drawing: list[str],
) -> Listing:
    from claimtrack.services.unverified import Cursor, age_in_days, open_rows

    footer: tuple[str, ...] = ()
    found: Iterator[ListedClaim]
    if most is None:
        found = _all_rows(connection, kinds, place, past=stand.moment is not None)
    else:
        page = open_rows(connection, kinds, most + 1, place)
        more = Cursor.of(page[most - 1]) if len(page) > most else None
        header["next"] = str(more) if more else None
        if more is not None:
            footer = more_below(most, more)
        found = iter(page[:most])
    return Listing(
        columns=_FOR_PEOPLE if people(app) else _FOR_SPREADSHEETS,
        rows=(_row(line, age_in_days(line.recorded_at, moment)) for line in found),
        cells=lambda row: with_all((column.key for column in _FOR_SPREADSHEETS), cells(app, row)),
        header=header,
        preamble=preamble,
        drawing=drawing,
        footer=footer,
        empty=_nothing(stand) if place is None else "That was all.",
    )


def _all_rows(
    connection: Connection, kinds: tuple[Kind, ...], place: Cursor | None, *, past: bool
) -> Iterator[ListedClaim]:
    from claimtrack.services.unverified import Cursor, open_rows

    if past:
        # No index has the order of then: it is sorted once, and not once a page.
        yield from open_rows(connection, kinds, None, place)
        return
    while page := open_rows(connection, kinds, _PAGE, place):
        yield from page
        if len(page) < _PAGE:
            return
        place = Cursor.of(page[-1])


def _row(line: ListedClaim, age: int) -> dict[str, Any]:
    row = line_json(line)
    del row["verdict"], row["recheck_on"]
    return {**row, "age_days": age}


def _grouped(
    app: App,
    by: By,
    groups: list[OpenGroup],
    stand: Stand,
    moment: dt.datetime,
    header: dict[str, Any],
    preamble: list[str],
    drawing: list[str],
) -> Listing:
    for_people = (
        Column("group", str(by).capitalize(), grow=True),
        Column("open", "Open", align="right"),
        Column("in_review", "In review", align="right"),
        Column("oldest_days", "Oldest, days", align="right"),
        Column("highest_priority", "Highest priority"),
    )
    return Listing(
        columns=for_people if people(app) else _GROUPS_FOR_SPREADSHEETS,
        rows=[_group_row(by, group, moment) for group in groups],
        cells=lambda row: with_all(
            (column.key for column in _GROUPS_FOR_SPREADSHEETS), cells(app, row)
        ),
        header={**header, "by": by},
        preamble=preamble,
        drawing=drawing,
        empty=_nothing(stand),
    )


def _group_row(by: By, group: OpenGroup, moment: dt.datetime) -> dict[str, Any]:
    from claimtrack.cli.shapes import source_ref_json, speaker_ref_json
    from claimtrack.services.unverified import age_in_days

    row: dict[str, Any] = {"group": _name(by, group)}
    if by == "speaker":
        row |= {"speaker": speaker_ref_json(group.speaker), "manner": group.manner}
    elif by == "source":
        row["source"] = source_ref_json(group.source)
    else:
        row["topic"] = group.topic
    return {
        **row,
        "open": group.open,
        "unverified": group.unverified,
        "in_review": group.in_review,
        "oldest_days": age_in_days(group.oldest, moment),
        "oldest_recorded_at": group.oldest,
        "highest_priority": group.highest,
    }


def _name(by: By, group: OpenGroup) -> str:
    if by == "topic":
        return group.topic or "no topic"
    if group.speaker is not None:
        return group.speaker.name
    if group.source is not None:
        return group.source.label
    return group.manner.replace("_", " ") if group.manner else "no appearance"
