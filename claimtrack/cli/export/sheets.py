"""`export csv` and `export xlsx`: claims for spreadsheets, one row each."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.export.group import export
from claimtrack.cli.export.sending import Sent, output_options, send
from claimtrack.cli.filters import filter_options, of_actor, plain, read_filter
from claimtrack.render import Column, Listing, write_csv

if TYPE_CHECKING:
    from sqlalchemy import Connection

Rows = Iterable[Mapping[str, Any]]

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


@command(
    export,
    "csv",
    example="""
claimtrack export csv -o claims.csv
claimtrack export csv --status false --said-since 2024 > false.csv
""",
    formats=False,
)
@filter_options
@click.option(
    "--delimiter",
    type=click.Choice(list(_DELIMITERS)),
    default="comma",
    show_default=True,
    help="Between cells; where a comma stands in numbers, Excel looks for semicolons.",
)
@output_options
def csv(app: App, output: Path, *, delimiter: str, force: bool, **options: Any) -> None:
    """Claims as CSV that a spreadsheet opens as it is, all or those that the options find.

    One row a claim, with its first appearance, its figure, its verdict, why and on which evidence,
    and where the desk's fact-check stands, under the names by which an import knows them again.
    In UTF-8 with a byte order mark, which Excel looks for. Before a text that a spreadsheet would
    run as a formula, or a part of one if it split there, stands an apostrophe; an import takes it
    away.
    """
    terminal = str(output) == "-" and sys.stdout.isatty()

    def write(out: BinaryIO, rows: Rows) -> int:
        return _write_csv(out, rows, _DELIMITERS[delimiter], terminal=terminal)

    _send(app, output, "csv", options, write, force=force)


@command(
    export,
    "xlsx",
    example="""
claimtrack export xlsx -o claims.xlsx
claimtrack export xlsx --assignee me -o mine.xlsx --force
""",
    formats=False,
)
@filter_options
@output_options
def xlsx(app: App, output: Path, *, force: bool, **options: Any) -> None:
    """Claims as a workbook, all or those that the options find; the columns are those of csv.

    Text stays text, and no cell is a formula. A date that is known to the day is a date; 2024-05
    and 2024 are text. What one sheet does not hold stands in the next.
    """
    need(
        str(output) != "-" or not sys.stdout.isatty(),
        "A workbook is no text: give a file with -o FILE, or send it into a pipe.",
    )
    _send(app, output, "xlsx", options, _write_workbook, force=force)


def _send(
    app: App,
    output: Path,
    fmt: str,
    options: dict[str, Any],
    write: Callable[[BinaryIO, Rows], int],
    *,
    force: bool,
) -> None:
    from claimtrack.services.sheet_rows import count_claims, sheet_rows

    asked = read_filter(app, options)
    desk = app.settings.desk_name

    def count(connection: Connection) -> int:
        return count_claims(connection, of_actor(app, connection, asked))

    def rows(connection: Connection, out: BinaryIO, tell: Callable[[int], None]) -> int:
        return write(out, sheet_rows(connection, of_actor(app, connection, asked), desk, tell))

    send(app, output, Sent(fmt, plain(options), count), rows, force=force)


def _write_csv(out: BinaryIO, rows: Rows, delimiter: str, *, terminal: bool) -> int:
    from claimtrack.services.sheet_rows import COLUMNS

    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=False)
    try:
        columns = [Column(name, name) for name in COLUMNS]
        listing = Listing(columns=columns, rows=_as_text(rows))
        return write_csv(listing, text, terminal=terminal, delimiter=delimiter)
    finally:
        text.detach()  # flushed, and left open to whoever gave it


def _as_text(rows: Rows) -> Iterator[dict[str, object]]:
    """Rows whose dates are text as they are written: to the day, the month or the year."""
    from claimtrack.dates import PartialDate

    for row in rows:
        yield {
            name: str(value) if isinstance(value, PartialDate) else value
            for name, value in row.items()
        }


def _write_workbook(out: BinaryIO, rows: Rows) -> int:
    from claimtrack.interchange.workbooks_out import write_workbook
    from claimtrack.services.sheet_rows import COLUMNS

    return write_workbook(out, COLUMNS, rows)
