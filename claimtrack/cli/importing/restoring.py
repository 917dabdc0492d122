"""`claimtrack import jsonl` of an archive: everything that it holds, with the numbers it had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from claimtrack.cli.app import App, need
from claimtrack.cli.blocks import counted
from claimtrack.cli.importing.options import Given
from claimtrack.cli.interrupts import undisturbed
from claimtrack.cli.progress import progress
from claimtrack.render import escape_terminal
from claimtrack.vocab import Role

if TYPE_CHECKING:
    from claimtrack.services.archives import Restored


def take_archive(app: App, path: Path, named: Path | None, given: Given) -> int:
    """Take in an archive, all of it or nothing, and say what it brought; the exit code.

    Raises:
        UsageError: an option says how rows are to be read, and an archive says that itself.
        ConflictError, DatabaseError, InvalidDataError: as
            `claimtrack.services.archives.restore_archive`.
    """
    from claimtrack.services.archives import restore_archive

    how = Given(licence=given.licence, origin=given.origin, table=given.table)
    need(
        given == how,
        "This file is an archive: it is taken in whole, and as it is. Of the options it takes"
        " --origin and --licence.",
    )
    with (
        app.write(Role.ADMIN) as connection,
        undisturbed(connection),
        progress("Taking in", path.stat().st_size) as tell,
    ):
        done = restore_archive(
            connection,
            path,
            named.name if named else None,
            origin=given.origin,
            licence=given.licence,
            progress=tell,
        )
    name = named.name if named else "standard input"
    app.emit_object(
        {"import_id": done.import_id, "format": "jsonl", "archive": True, "rows": done.rows},
        _lines(done, name),
    )
    return 0


def _lines(done: Restored, name: str) -> Iterator[str]:
    yield escape_terminal(f"Import {done.import_id} of the archive {name}:")
    yield f"  {counted(done.claims, 'claim')}, in {counted(sum(done.rows.values()), 'row')}"
    for table, rows in done.rows.items():
        yield f"  {rows:>9,}  {table.replace('_', ' ')}"
