"""What every export shares: where it goes, that no half file stays, that it is recorded."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click

from claimtrack.cli.app import App
from claimtrack.cli.blocks import counted
from claimtrack.cli.interrupts import tidied, undisturbed
from claimtrack.cli.options import stack
from claimtrack.cli.progress import progress

if TYPE_CHECKING:
    from sqlalchemy import Connection

output_options = stack(
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        default="-",
        type=click.Path(path_type=Path, allow_dash=True),
        help="Where to; - is standard output.  [default: -]",
    ),
    click.option("--force", is_flag=True, help="Replace FILE."),
)

#: Writes rows and tells how many more there are; gives back how many there were.
Write = Callable[["Connection", BinaryIO, Callable[[int], None]], int]


class Sent(NamedTuple):
    """What is exported: its form, which of the record as plain values, and what it is counted in.

    ``count`` says how many there are before they are written.
    """

    fmt: str
    filters: Mapping[str, Any]
    count: Callable[[Connection], int]
    what: str = "claim"


def send(app: App, output: Path, sent: Sent, write: Write, *, force: bool) -> int:
    """Write an export of one snapshot, and record that it was taken.

    A file appears when it is whole, under its own name; standard output gets nothing of an export
    that could not be recorded, and its rows as they come.

    Raises:
        ConflictError: the file is there already, and ``force`` is not set.
        InvalidDataError: no file can stand there.
    """
    to_stdout = str(output) == "-"
    if not to_stdout:
        from claimtrack.dumps.writing import refuse_occupied

        refuse_occupied(output, replace=force)
    with tidied(), app.read() as connection, undisturbed(connection):
        total = sent.count(connection)
        if to_stdout:
            _record(app, sent, total)
            with progress("Exporting", total) as tell:
                return write(connection, sys.stdout.buffer, tell)
        from claimtrack.dumps.writing import new_file

        with new_file(output, replace=force, private=False) as part:
            with progress("Exporting", total) as tell, part.open("wb") as file:
                rows = write(connection, file, tell)
            _record(app, sent, rows)
    app.say(f"{counted(rows, sent.what)} exported to {output}.")
    return rows


def _record(app: App, sent: Sent, rows: int) -> None:
    from claimtrack.services.exports import record_export

    with app.write() as connection:
        record_export(connection, "file", fmt=sent.fmt, rows=rows, filters=sent.filters)
