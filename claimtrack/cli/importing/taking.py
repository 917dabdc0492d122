"""`claimtrack import csv|xlsx|jsonl|claimreview|averitec`: take in a file."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.blocks import counted
from claimtrack.cli.importing import options
from claimtrack.cli.importing.group import import_
from claimtrack.cli.importing.options import Given, shared
from claimtrack.cli.importing.previewing import show_preview
from claimtrack.cli.importing.rejecting import rejecting
from claimtrack.cli.interrupts import tidied
from claimtrack.cli.progress import clear_line, rows_progress
from claimtrack.errors import ClaimtrackError, InvalidDataError
from claimtrack.render import escape_terminal
from claimtrack.vocab import FileFormat

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.interchange.table import Table, TableOptions
    from claimtrack.services.imports.runs import Done, Job

#: How many remarks on rows are printed one by one.
_TOLD = 10

_no_header = click.option("--no-header", is_flag=True, help="The first line is a row.")


@command(
    import_,
    "csv",
    example="""claimtrack import csv claims.csv --preview
claimtrack import csv claims.csv --map statement=Claim --map external_id=Number
claimtrack import csv export.tsv --no-header --quoting none --map statement=3""",
)
@click.option("--delimiter", metavar="CHARACTER", help="Between cells; found out by itself.")
@click.option("--encoding", metavar="NAME", help="Of the text, such as windows-1251.")
@click.option(
    "--quoting",
    type=click.Choice(["double", "none"]),
    default="double",
    help="Whether quotation marks enclose cells, or are text like any other.",
)
@_no_header
@shared
def take_csv(
    app: App,
    file: Path,
    no_header: bool,
    quoting: str,
    encoding: str | None,
    delimiter: str | None,
    **said: Any,
) -> int:
    """Take in a spreadsheet that was saved as CSV or TSV.

    Columns are found by common names such as "Claim", "Speaker" or "Source URL"; --map says which
    is which. Take FILE - for standard input.
    """
    table = {
        "header": not no_header,
        "delimiter": {"tab": "\t", r"\t": "\t"}.get(delimiter or "", delimiter),
        "quoting": quoting != "none",
        "encoding": encoding,
    }

    def opened(path: Path, how: TableOptions) -> Table:
        from claimtrack.interchange.separated import open_separated

        return open_separated(path, how)

    return _take(app, FileFormat.CSV, file, Given(table=table, **said), opened)


@command(
    import_,
    "xlsx",
    example="""claimtrack import xlsx claims.xlsx --sheet Claims
claimtrack import xlsx claims.xlsx --map statement=Claim --preview""",
)
@click.option("--sheet", metavar="NAME", help="Its name, or its number from 1; else the first.")
@_no_header
@shared
def take_xlsx(app: App, file: Path, no_header: bool, sheet: str | None, **said: Any) -> int:
    """Take in a sheet of a workbook, such as Excel, LibreOffice and Sheets save them.

    Days are read as days, whatever they look like. Columns are found as in a CSV file.
    """

    def opened(path: Path, how: TableOptions) -> Table:
        from claimtrack.interchange.workbook import open_workbook

        return open_workbook(path, how)

    table = {"header": not no_header, "sheet": sheet}
    return _take(app, FileFormat.XLSX, file, Given(table=table, **said), opened)


@command(
    import_,
    "jsonl",
    example="""claimtrack import jsonl claims.jsonl --map statement=text --set publisher=Snopes
claimtrack import jsonl archive.jsonl""",
)
@shared
def take_jsonl(app: App, file: Path, **said: Any) -> int:
    """Take in JSON Lines, one claim a line, or an archive that was exported.

    The keys of the objects are its columns. An archive brings its numbers along, and is taken into
    an empty database alone.
    """

    def opened(path: Path, how: TableOptions) -> Table:
        from claimtrack.interchange.jsonlines import open_jsonlines

        return open_jsonlines(path, how)

    return _take(app, FileFormat.JSONL, file, Given(**said), opened)


@command(
    import_,
    "claimreview",
    example="""claimtrack import claimreview feed.json
claimtrack import claimreview page.html --rejects rejects.csv""",
)
@shared
def take_claimreview(app: App, file: Path, **said: Any) -> int:
    """Take in published fact-checks: ClaimReview in JSON, a data feed or a web page.

    Each becomes the assessment of a claim, with its publisher's own label. A page with several is
    taken in whole.
    """

    def opened(path: Path, how: TableOptions) -> Table:
        from claimtrack.interchange.claimreview import open_claimreview

        return open_claimreview(path, how.constants)

    return _take(app, FileFormat.CLAIMREVIEW, file, Given(**said), opened)


@command(
    import_,
    "averitec",
    example="claimtrack import averitec dev.json",
)
@shared
def take_averitec(app: App, file: Path, **said: Any) -> int:
    """Take in a file of the AVeriTeC data set, its questions and answers as evidence."""

    def opened(path: Path, how: TableOptions) -> Table:
        from claimtrack.interchange.averitec import open_averitec

        return open_averitec(path, how.constants)

    return _take(app, FileFormat.AVERITEC, file, Given(**said), opened)


Opener = Callable[[Path, "TableOptions"], "Table"]


def _take(app: App, fmt: FileFormat, file: Path, given: Given, opened: Opener) -> int:
    """Open a file, take in its rows and say what became of them; the exit code."""
    options.check(given)
    options.refuse_missing(file)
    options.refuse_overwriting(given, file)
    constants = options.constants_of(given)
    columns = options.columns_of(app, given)
    named = None if str(file) == "-" else file
    from claimtrack.interchange.archive import is_archive

    with tidied(), _at_hand(file) as path:
        if fmt is FileFormat.JSONL and is_archive(path):
            from claimtrack.cli.importing.restoring import take_archive

            return take_archive(app, path, named, given)
        table = opened(path, options.table_of(given, columns, constants))
        meaning = options.meaning_of(given, constants, named, table.sheet)
        for notice in table.notices:
            app.say(notice)
        if given.preview:
            show_preview(app, table, meaning)
            return 0
        options.keep_columns(app, given, columns)
        return _run(app, fmt, path, named, given, table, meaning, columns, constants)


def _run(
    app: App,
    fmt: FileFormat,
    path: Path,
    named: Path | None,
    given: Given,
    table: Table,
    meaning: Any,
    columns: dict[str, str],
    constants: dict[str, str],
) -> int:
    from claimtrack.services.imports.runs import Job, fingerprint

    job = Job(
        format=fmt,
        file_name=named.name if named else None,
        fingerprint=fingerprint(path),
        meaning=meaning,
        licence=given.licence,
        options=options.options_of(given, columns, constants),
        batch=given.batch,
        strict=given.strict,
        dry_run=given.dry_run,
    )
    done = _take_rows(app, table, job, given.rejects)
    _say_conflicts(app, done)
    _say_replaced(app, done, job)
    app.emit_object(_json(done, job), _lines(done, job))
    if done.import_id is not None and done.counts["created"] and not job.dry_run:
        from claimtrack.cli import comparing

        with comparing.apart(app):
            comparing.compare_import(app, done.import_id, done.counts["created"])
    return InvalidDataError.exit_code if done.counts["refused"] else 0


def _take_rows(app: App, table: Table, job: Job, rejects_file: Path | None) -> Done:
    """Take in the rows, each refused one written down before the others of its batch stand."""
    from claimtrack.services.imports.runs import take_in

    read = stood = 0
    with (
        rejecting(app, rejects_file, more=job.batch is not None) as rejects,
        rows_progress("Taking in", job.fingerprint.lines) as show,
    ):

        def tell(rows: int, line: int) -> None:
            nonlocal read
            read += rows
            show(rows, line)

        @contextmanager
        def keeping() -> Iterator[None]:
            nonlocal stood
            rejects.keep()
            yield
            stood = read

        @contextmanager
        def transaction() -> Iterator[Connection]:
            with app.write() as connection:
                yield connection
                rejects.keep()

        try:
            return take_in(
                transaction,
                table.rows(),
                job,
                actor=app.actor(),
                reject=rejects.take,
                tell=tell,
                warn=_Warnings(app).take,
                keeping=keeping,
            )
        except (KeyboardInterrupt, click.Abort, ClaimtrackError):
            if stood:
                clear_line()
                app.say(f"Taken in so far: {counted(stood, 'row')}. The same command goes on.")
            raise


class _Warnings:
    """What is odd about rows: the first remarks, and how many there were."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.count = 0
        self.said: set[str] = set()

    def take(self, line: int, words: str) -> None:
        """Say it, unless it or enough was said."""
        if words in self.said:
            return
        self.count += 1
        if self.count > _TOLD + 1:
            return
        self.said.add(words)
        clear_line()
        more = self.count > _TOLD
        self.app.say("More remarks of this kind are left out." if more else f"Line {line}: {words}")


@contextmanager
def _at_hand(file: Path) -> Iterator[Path]:
    """The file, or what comes from standard input as one: it is read more than once."""
    if str(file) != "-":
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        with path.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield path


def _say_conflicts(app: App, done: Done) -> None:
    # All that are known: the next run finds the rows unchanged, and can't tell them again.
    for one in done.conflicts:
        app.say(f"Line {one.line}: the {one.field} of claim {one.claim_id} stays: {one.why}.")
    if more := done.counts["conflicts"] - len(done.conflicts):
        app.say(f"{more:,} more changed values stay as they are here.")


def _say_replaced(app: App, done: Done, job: Job) -> None:
    """Tell of rows that look like those of another list, and how to part the two."""
    if not done.replaced:
        return
    from claimtrack.services.marks import shortened

    for one in done.replaced:
        was, now = shortened(one.was, 60), shortened(one.now, 60)
        app.say(f"Line {one.line}: claim {one.claim_id} said “{was}”, the row says “{now}”.")
    rows = counted(done.counts["replaced"], "row")
    words = f"{rows} with wholly other words, in another source: do two lists share the origin"
    words += f" “{job.meaning.origin}”? Give each an --origin of its own."
    if not job.dry_run:
        words += f" To take this one back:\n  claimtrack import undo {done.import_id} --because WHY"
    app.say(words)


_COUNTS = ("created", "added", "updated", "revived", "unchanged", "refused")


def _json(done: Done, job: Job) -> dict[str, object]:
    return {
        "import_id": done.import_id,
        "format": job.format.value,
        "file": job.file_name,
        "sha256": job.fingerprint.sha256.hex(),
        "origin": job.meaning.origin,
        "dry_run": job.dry_run,
        "rows": done.counts["row_count"],
        **{name: done.counts[name] for name in _COUNTS},
        "conflicts": [
            {"line": one.line, "claim_id": one.claim_id, "field": one.field, "why": one.why}
            for one in done.conflicts
        ],
    }


def _lines(done: Done, job: Job) -> Iterator[str]:
    counts = done.counts
    name = escape_terminal(job.file_name or "standard input")
    if job.dry_run:
        yield f"A dry run of {name}: nothing was changed. It would be:"
    else:
        yield f"Import {done.import_id} of {name}: {counted(counts['row_count'], 'row')}"
    if done.resumed_at:
        yield f"  gone on after row {done.resumed_at:,}"
    yield f"  {counts['created']:>9,}  recorded as new claims"
    for key, words in (
        ("added", "added to claims on record"),
        ("updated", "changed since, and taken over"),
        ("revived", "brought back"),
        ("unchanged", "left as they were"),
        ("conflicts", "changed values kept as the desk has them"),
        ("refused", "refused"),
    ):
        if counts[key] or key in ("unchanged", "refused"):
            yield f"  {counts[key]:>9,}  {words}"
