"""`claimtrack source`: articles, calls, files: where claims appear, and what bears on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import TABLE_LIMIT, App, command, need
from claimtrack.cli.blocks import after_option, claim_line_json, claim_lines, fields, more, one_more
from claimtrack.cli.lines import limit_option, row_limit
from claimtrack.cli.options import stack
from claimtrack.cli.params import Id, Words
from claimtrack.cli.protecting import (
    STILL,
    identity_lines,
    protect_options,
    protects,
    reveal_option,
    say_mentions,
)
from claimtrack.errors import ConflictError, InvalidDataError
from claimtrack.render import Column, Listing, style
from claimtrack.vocab import SourceKind

if TYPE_CHECKING:
    from claimtrack.services.views import SourceView


#: What a source is.
_details = stack(
    click.option("--title", metavar="T", help="What it is called."),
    click.option("--publisher", metavar="P", help="Who published it."),
    click.option("--agency", metavar="A", help="The wire that the text was taken from."),
    click.option("--published", metavar="DATE", help="2020-02-26, 2020-02 or 2020."),
    click.option("--kind", type=Words.of(SourceKind), help="What sort of source it is."),
    click.option("--external-id", metavar="X", help="Its number elsewhere, such as a call's."),
    click.option("--language", metavar="TAG", help="en, ar, pt-BR."),
)


@click.group()
def source() -> None:
    """Articles, calls, files: where claims appear, and what bears on them."""


@command(
    source,
    "add",
    example="""
claimtrack source add https://example.org/news/1 --publisher "Lake Post" --published 2024-05-03
claimtrack source add --file minutes.pdf --title "Council minutes, May"
claimtrack source add --no-url --kind call --title "Call with the harbour master"
""",
)
@click.argument("url", required=False)
@click.option(
    "--file", "path", metavar="PATH", type=click.Path(path_type=Path), help="Keep a file's bytes."
)
@click.option("--no-url", is_flag=True, help="A call, a broadcast, a paper: only its title.")
@_details
def add(
    app: App,
    url: str | None,
    path: Path | None,
    no_url: bool,
    **details: str | None,
) -> None:
    """Record a source; one that is on record already is found again.

    With a URL and --file, the file is kept as a capture of what stands at the URL.
    """
    need(
        (url is not None or path is not None) != no_url,
        "Give the source's URL, or --file PATH, or --no-url for what has neither.",
    )
    from claimtrack.services import captures, source_lists, sources

    given = sources.SourceGiven(url=url, **details)
    file = captures.read_file(path) if path is not None else None
    with app.write() as connection:
        done = (
            sources.record(connection, given)
            if file is None
            else captures.add_file(connection, file, given)
        )
        view = source_lists.show(connection, str(done.ref.id))
    if done.created:
        app.say(f"New source {done.ref.id}.")
    elif done.filled:
        filled = ", ".join(field.replace("_", " ") for field in done.filled)
        app.say(f"Already source {done.ref.id}; added: {filled}.")
    else:
        app.say(f"Already source {done.ref.id}.")
    _show(app, view)


@command(source, "list", example='claimtrack source list --publisher "Lake Post" --kind article')
@click.option("--text", metavar="WORDS", help="In title, address or external id.")
@click.option("--publisher", metavar="P", help="Of this publisher or agency.")
@click.option("--kind", type=Words.of(SourceKind), help="Of this sort.")
@limit_option("sources")
@after_option
def list_(
    app: App,
    text: str | None,
    publisher: str | None,
    kind: str | None,
    limit: int | None,
    after: int,
) -> None:
    """The sources, in the order recorded."""
    from claimtrack.cli.shapes import source_json
    from claimtrack.services.source_lists import list_sources

    at_most = row_limit(app, limit)
    with app.read() as connection:
        views = list_sources(
            connection,
            text=text,
            house=publisher,
            kind=SourceKind(kind) if kind else None,
            limit=one_more(at_most),
            after=after,
        )
    app.emit(
        Listing(
            columns=(
                Column("id", "ID", align="right"),
                Column("kind", "Kind"),
                Column("title", "Title", grow=True),
                Column("publisher", "Publisher", grow=True),
                Column("agency", "Agency"),
                Column("published_on", "Published"),
                Column("claims", "Claims", align="right"),
                Column("url", "URL", grow=True),
            ),
            rows=[source_json(view) for view in views[:at_most]],
            footer=more(at_most, [view.ref.id for view in views]),
            empty="No source matches." if text or publisher or kind else "No source yet.",
        )
    )


@command(
    source,
    "show",
    example="""
claimtrack source show 7
claimtrack source show 7 --save minutes.pdf
claimtrack source show 12 --reveal
""",
)
@click.argument("reference", metavar="ID|URL")
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the bytes that were filed last; never over a file.",
)
@reveal_option
def show(app: App, reference: str, save: Path | None, reveal: bool) -> None:
    """A source with what is filed for it, and the claims that rest on it.

    What a protected source is, is shown with --reveal to the database's owner and its admins
    alone; that they looked is recorded, and so is that a file was saved.
    """
    from claimtrack.cli.shapes import source_json
    from claimtrack.services import captures, protection, source_lists

    limit = TABLE_LIMIT if app.as_table else None
    identity = None
    with app.write() if reveal or save else app.read() as connection:
        view = source_lists.show(connection, reference)
        claims = source_lists.claims_in(connection, view.ref.id, limit=limit)
        pieces = source_lists.evidence_from(connection, view.ref.id, limit=limit)
        filed = None
        if save is not None:
            filed = captures.take_out(connection, view.ref.id)
            _save(save, filed.content)
        if reveal:
            identity = protection.reveal_source(connection, view.ref.id)
    if filed is not None:
        app.say(f"Saved {len(filed.content):,} bytes to {save}.")

    def text() -> Iterator[str]:
        yield from _lines(app, view)
        if identity is not None:
            yield from identity_lines(f"Behind source {view.ref.id}", identity, color=app.color)
        yield from claim_lines("Claims in it", claims, view.claims, color=app.color)
        yield from claim_lines("Evidence from it", pieces, view.evidence, color=app.color)
        if limit in (len(claims), len(pieces)):
            yield f"  All of them: claimtrack claim list --source {view.ref.id}"

    app.emit_object(
        source_json(view)
        | {
            "appearances": [claim_line_json(line) for line in claims],
            "evidence_on": [claim_line_json(line) for line in pieces],
        }
        | ({} if identity is None else {"identity": asdict(identity)}),
        text(),
    )


def _save(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise ConflictError(f"{path} is there already: name another file.") from error
    except OSError as error:
        raise InvalidDataError(f"{path} can't be written: {error.strerror}.") from error


@command(
    source,
    "edit",
    example="""
claimtrack source edit 7 --publisher "Lake Post"
claimtrack source edit 12 --protected --because "The witness asked for it"
""",
)
@click.argument("source_id", metavar="ID", type=Id())
@click.option("--url", metavar="URL", help="Its address.")
@_details
@protect_options
@click.option("--because", metavar="TEXT", help="Why.")
def edit(
    app: App,
    source_id: int,
    protected: bool,
    pseudonym: str | None,
    because: str | None,
    **details: str | None,
) -> None:
    """Put a source's details right ('' removes one), or protect what it is.

    With --protected its address, title, publisher, agency, external id and file names leave the
    record, and a pseudonym takes their place: the one given with --as, or "Source ID". Only the
    database's owner and its admins can see what it is, with source show --reveal. There is no
    way back.
    """
    change = any(value is not None for value in details.values())
    if protects(protected, pseudonym, change):
        from claimtrack.services import protection

        with app.write() as connection:
            hidden, left = protection.protect_source(
                connection, source_id, pseudonym, because or ""
            )
        say_mentions(app, left, STILL)
        _show(app, hidden)
        return
    need(
        change,
        "What should change? Give --title, --publisher, --published or another detail.",
    )
    from claimtrack.services import source_lists, sources

    with app.write() as connection:
        sources.edit(connection, source_id, sources.SourceGiven(**details), because=because)
        view = source_lists.show(connection, str(source_id))
    _show(app, view)


def _show(app: App, view: SourceView) -> None:
    from claimtrack.cli.shapes import source_json

    app.emit_object(source_json(view), _lines(app, view))


def _lines(app: App, view: SourceView) -> Iterator[str]:
    ref = view.ref
    yield style(f"Source {ref.id}: {ref.label}", "bold", color=app.color)
    yield from fields(
        (
            ("kind", ref.kind),
            ("url", ref.url),
            ("title", ref.title),
            ("publisher", ref.publisher),
            ("agency", ref.agency),
            ("published", ref.published_on),
            ("external id", view.external_id),
            ("language", view.language),
            ("claims", view.claims),
            ("evidence on", view.evidence or None),
            ("protected", "the title is a pseudonym" if view.protected else None),
            ("recorded", f"{view.recorded_at:%Y-%m-%d} by {view.recorded_by}"),
            *(
                (
                    "filed",
                    f"{one.file_name or 'a file'}, {one.byte_count:,} bytes,"
                    f" {one.media_type or 'type unknown'}"
                    + (f", sha256 {one.sha256}" if one.sha256 else ""),
                )
                for one in view.captures or ()
            ),
            ("filed", "not for this login to see" if view.captures is None else None),
        )
    )
