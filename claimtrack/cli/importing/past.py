"""`claimtrack import list|show|undo`: what was taken in, and taking it back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.blocks import after_option, counted, one_more
from claimtrack.cli.importing.group import import_
from claimtrack.cli.lines import limit_option, row_limit
from claimtrack.cli.params import Id
from claimtrack.render import Column, Listing, escape_terminal
from claimtrack.vocab import Role

if TYPE_CHECKING:
    from claimtrack.services.imports.lists import ImportView
    from claimtrack.services.imports.undoing import Undone

_import_id = click.argument("import_id", metavar="ID", type=Id())


@command(import_, "list", example="claimtrack import list")
@limit_option("imports")
@after_option
def list_imports(app: App, limit: int | None, after: int) -> None:
    """The imports, newest first: who took in what, and what became of its rows."""
    from claimtrack.cli.lines import cells, people
    from claimtrack.services.imports import lists

    at_most = row_limit(app, limit)
    with app.read() as connection:
        found = lists.list_imports(connection, limit=one_more(at_most), before=after or None)
    footer: tuple[str, ...] = ()
    if at_most is not None and len(found) > at_most:
        found = found[:at_most]
        footer = (f"There are more: add --after {found[-1].id} for the next page.",)
    app.emit(
        Listing(
            columns=(
                Column("id", "Import", fixed=True),
                Column("format", "Format", fixed=True),
                Column("file", "File", grow=True),
                Column("origin", "Origin", max_width=24),
                Column("rows", "Rows", fixed=True),
                Column("created", "Claims", fixed=True),
                Column("refused", "Refused", fixed=True),
                Column("state", "State", fixed=True),
                Column("recorded_by", "By", max_width=20),
                Column("recorded_at", "On", fixed=True),
            ),
            rows=[_line(one) for one in found],
            cells=(lambda row: cells(app, row)) if people(app) else None,
            footer=footer,
            empty="Nothing was taken in yet: claimtrack import csv FILE does.",
        )
    )


@command(import_, "show", example="claimtrack import show 3")
@_import_id
def show(app: App, import_id: int) -> None:
    """One import: the file, how it was read, and what became of its rows."""
    from claimtrack.services.imports import lists

    with app.read() as connection:
        found = lists.find_import(connection, import_id)
    app.emit_object(_json(found), _lines(found))


@command(import_, "undo", example='claimtrack import undo 3 --because "The wrong file"')
@_import_id
@click.option("--because", metavar="TEXT", default="The import was undone", help="Why.")
def undo(app: App, import_id: int, because: str) -> None:
    """Take back what an import brought; nothing is deleted.

    Claims that it recorded are set aside, what it added to others is withdrawn, what it changed
    is put back. What somebody has worked on since stays, and so does what a row of another import
    was added to, or has changed since. Taking in the file again brings back exactly what was taken
    back.
    """
    from claimtrack.services.imports.undoing import undo_import

    with app.write(Role.ADMIN) as connection:
        done = undo_import(connection, import_id, because)
    app.emit_object(
        {
            "import_id": done.import_id,
            "set_aside": done.set_aside,
            "withdrawn": done.withdrawn,
            "restored": done.restored,
            "kept": list(done.kept),
            "shared": list(done.shared),
            "left": [{"import_id": number, "rows": rows} for number, rows in done.left],
        },
        _undone(done),
    )


def _undone(done: Undone) -> Iterator[str]:
    yield f"Import {done.import_id} is undone."
    yield f"  {counted(done.set_aside, 'claim')} set aside"
    yield f"  {counted(done.withdrawn, 'link')} withdrawn: appearances, evidence, fact-checks"
    yield f"  {counted(done.restored, 'row')} put back as they were"
    for kept, why in (
        (done.kept, "somebody has worked on them"),
        (done.shared, "other imports brought them, too"),
    ):
        if kept:
            shown = ", ".join(map(str, kept[:20])) + (" …" if len(kept) > 20 else "")
            yield f"  {counted(len(kept), 'claim')} kept, for {why}: {shown}"
    if done.left:
        imports = ", ".join(str(number) for number, _ in done.left[:20])
        rows = counted(sum(rows for _, rows in done.left), "row")
        yield (
            f"Later imports ({imports}{' …' if len(done.left) > 20 else ''}) left {rows} unchanged."
            " What these told may be among what was taken back: taking in their files again brings"
            " it back."
        )


def _line(one: ImportView) -> dict[str, object]:
    return {
        "id": one.id,
        "format": one.format,
        "file": one.file_name,
        "origin": one.origin,
        "rows": one.counts["row_count"],
        **{name: count for name, count in one.counts.items() if name != "row_count"},
        "state": one.state,
        "recorded_by": one.recorded_by,
        "recorded_at": one.recorded_at,
    }


def _json(one: ImportView) -> dict[str, object]:
    return {
        **_line(one),
        "sha256": one.sha256,
        "bytes": one.byte_count,
        "licence": one.licence,
        "options": one.options,
        "finished_at": one.finished_at,
        "undone_at": one.undone_at,
        "undone_by": one.undone_by,
        "undone_because": one.undone_because,
    }


def _lines(one: ImportView) -> Iterator[str]:
    def field(name: str, value: object) -> str:
        return f"{name:<10}{escape_terminal(str(value))}"

    yield f"Import {one.id} ({one.state})"
    yield field("File", one.file_name or "standard input")
    yield field("SHA-256", one.sha256)
    yield field("Origin", one.origin)
    if one.licence:
        yield field("Licence", one.licence)
    yield field("By", f"{one.recorded_by}, {one.recorded_at:%Y-%m-%d %H:%M}")
    for name, count in one.counts.items():
        yield field("Rows" if name == "row_count" else name.capitalize(), f"{count:,}")
    for name, value in sorted(one.options.items()):
        pairs = value if isinstance(value, dict) else {"": value}
        for key, said in pairs.items():
            yield field(name.capitalize(), f"{key}={said}" if key else said)
    if one.undone_at is not None:
        yield field("Undone", f"{one.undone_by}, {one.undone_at:%Y-%m-%d}: {one.undone_because}")
