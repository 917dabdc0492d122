"""`claim list`: find claims, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.filters import filter_options, narrowed, of_actor, read_filter
from claimtrack.cli.lines import (
    cells,
    limit_option,
    line_json,
    more_below,
    people,
    row_limit,
    sheet,
    words,
)
from claimtrack.cli.params import Id
from claimtrack.cli.past import Stand, as_of_option, read_stand
from claimtrack.render import Column, Listing

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.services.listing import ClaimFilter

_FOR_PEOPLE = (
    Column("id", "ID", align="right"),
    Column("word", "Status", fixed=True),
    Column("priority", "Priority", drop=1),
    Column("speaker", "Speaker", max_width=20),
    Column("statement", "Statement", grow=True),
    Column("source", "Source", max_width=24, drop=3),
    Column("said_on", "Said on", fixed=True),
    Column("recorded_at", "Recorded", fixed=True, drop=2),
)
_FOR_SPREADSHEETS = sheet(
    "id external_id statement status verdict disputed proposed_verdict kind priority topics"
    " language speaker"
    " manner said_on quote source_id source_url source_title publisher published_on"
    " figure unit counted where figure_on figure_since appearances evidence reach"
    " assigned_to due_on recheck_on supersedes superseded_by evidence_withdrawn"
    " recorded_at recorded_by version same_as"
)


@command(
    claim,
    "list",
    example="""
claimtrack claim list --status in-review --assignee me
claimtrack claim list --text "displac idlib" --said-since 2020-02 --format csv
claimtrack claim list --status false --as-of 2024-03-31
""",
)
@filter_options
@limit_option("claims")
@click.option("--after", metavar="ID", type=Id(), help="Go on below that claim.")
@as_of_option
def list_claims(
    app: App, limit: int | None, after: int | None, as_of: str | None, **options: Any
) -> None:
    """Find claims, newest first. Options narrow it down together."""
    from claimtrack.services.listing import claim_lines, pages_of_lines

    asked = read_filter(app, options)
    most = row_limit(app, limit)
    stand = read_stand(app, as_of)
    with app.read(as_of=stand.moment) as connection:
        asked = of_actor(app, connection, asked)
        footer: tuple[str, ...] = ()
        rows: Iterator[dict[str, Any]]
        if not people(app):
            rows = _stories(connection, asked, most, after)
        elif most is None:
            pages = pages_of_lines(connection, asked, after)
            rows = (line_json(line) for line in chain.from_iterable(pages))
        else:
            # One more than is shown tells whether there is more; counting would read them all.
            found = claim_lines(connection, asked, most + 1, after)
            if len(found) > most:
                footer = more_below(most, found[most - 1].id)
            rows = (line_json(line) for line in found[:most])
        columns: Sequence[Column] = _FOR_PEOPLE if people(app) else _FOR_SPREADSHEETS
        if stand.day is not None and not people(app):
            columns = [*columns, *sheet("as_of")]
            rows = ({**row, "as_of": stand.day} for row in rows)
        app.emit(
            Listing(
                columns=columns,
                rows=rows,
                cells=lambda row: cells(app, row) if people(app) else _flat(app, row),
                preamble=[*stand.heading, ""] if stand.day else (),
                footer=footer,
                empty=_nothing(stand, few=narrowed(options)),
            )
        )


def _nothing(stand: Stand, *, few: bool) -> str:
    if stand.day is not None:
        return f"No claim was {'like that' if few else 'on record'}{stand.words}."
    return "No claim is like that." if few else "There is no claim yet."


def _stories(
    connection: Connection, asked: ClaimFilter, limit: int | None, after: int | None
) -> Iterator[dict[str, Any]]:
    """Claims with their whole story, a page in memory at a time."""
    from claimtrack.cli.shapes import claim_json
    from claimtrack.services.listing import pages_of_ids
    from claimtrack.services.stories import load_claims

    for page in pages_of_ids(connection, asked, limit, after):
        yield from map(claim_json, load_claims(connection, page))


def _flat(app: App, story: Any) -> dict[str, Any]:
    """A claim's story in the columns of a spreadsheet; appearances and evidence are counted."""
    from decimal import Decimal

    from claimtrack.quantity import Quantity, format_quantity
    from claimtrack.vocab import Comparator

    standing = [one for one in story["appearances"] if one["withdrawn"] is None]
    flat = cells(app, {**story, "manner": standing[0]["manner"] if standing else None})
    figure = story["figure"] or {}
    value = None
    if figure:
        low, high = Decimal(figure["value"]), figure["high"]
        value = format_quantity(Quantity(Comparator(figure["comparator"]), low, high))
    missing = dict.fromkeys(words("source_id source_url source_title publisher published_on"))
    return {
        **missing,
        **flat,
        "figure": value,
        "unit": figure.get("unit"),
        "counted": figure.get("counted"),
        "where": figure.get("where"),
        "figure_on": figure.get("on"),
        "figure_since": figure.get("since"),
        "appearances": len(standing),
        "evidence": sum(1 for piece in story["evidence"] if piece["withdrawn"] is None),
    }
