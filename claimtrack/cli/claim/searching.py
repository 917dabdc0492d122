"""`claim search`: find claims by the words of what is on record about them, best first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.claim.group import claim
from claimtrack.cli.filters import filter_options, of_actor, read_filter
from claimtrack.cli.lines import cells, limit_option, line_json, people, row_limit, sheet
from claimtrack.cli.params import Id
from claimtrack.cli.past import as_of_option, read_stand
from claimtrack.render import Column, Listing, Marked

if TYPE_CHECKING:
    from claimtrack.services.search.ranking import Hit

_FOR_PEOPLE = (
    Column("id", "ID", align="right"),
    Column("word", "Status", fixed=True),
    Column("speaker", "Speaker", max_width=20, drop=1),
    Column("said_on", "Said on", fixed=True, drop=2),
    Column("found", "Statement", grow=True),
    Column("also", "Also found in", grow=True),
)
_FOR_SPREADSHEETS = sheet(
    "id statement status verdict disputed kind priority speaker said_on source_id source_url"
    " source_title publisher published_on appearances reach found also"
)

#: How many columns of a terminal the other cells take, and the least that a snippet gets.
_OTHERS = 56
_NARROWEST = 28

#: What people call a text of a claim.
_FIELDS = {"fact_check": "fact-check"}


@command(
    claim,
    "search",
    example="""
claimtrack claim search bridge closed
claimtrack claim search '"north bridge" -ferry' --status false
claimtrack claim search drought or famine --said-since 2020-02 --format json
""",
    # A word with a dash before it is one to leave out.
    context_settings={"ignore_unknown_options": True},
)
@click.argument("typed", nargs=-1, required=True, metavar="WORDS...", type=click.UNPROCESSED)
@filter_options
@limit_option("claims")
@click.option("--after", metavar="ID", type=Id(), help="Go on behind that claim.")
@as_of_option
def search_claims(
    app: App,
    typed: tuple[str, ...],
    limit: int | None,
    after: int | None,
    as_of: str | None,
    **options: Any,
) -> None:
    """Find claims by words of statements, passages, speakers, sources and fact-checks.

    All WORDS must be there, in whatever form; "words in quotes" in a row; -word leaves out what
    has it; or between two finds either; begin* finds what begins so. A word that no claim has is
    taken for the nearest one. Best first.
    """
    text = _as_one(typed, options.pop("text"))
    from claimtrack.services.search.ranking import search

    asked = read_filter(app, {**options, "text": text})
    most = row_limit(app, limit)
    stand = read_stand(app, as_of)
    with app.read(as_of=stand.moment) as connection:
        asked = of_actor(app, connection, asked)
        # One more than is shown tells whether there is more.
        found = list(search(connection, asked, most + 1, after)) if most is not None else None
        hits: Iterable[Hit] = found[:most] if found else search(connection, asked, None, after)
        footer: tuple[str, ...] = ()
        if found is not None:
            hits = found[:most]
            if people(app) and most is not None and len(found) > most:
                footer = _more_behind(most, found[most - 1].line.id)
        columns = _FOR_PEOPLE if people(app) else _FOR_SPREADSHEETS
        app.emit(
            Listing(
                columns=[*columns, *sheet("as_of")] if stand.day and not people(app) else columns,
                rows=_rows(hits, stand.day),
                cells=lambda row: _flat(app, row),
                preamble=[*stand.heading, ""] if stand.day else (),
                footer=footer,
                empty=f"No claim{' then' if stand.day else ''} has what was searched.",
            )
        )


# Searched are WORDS; --text is refused, with a word about that.
next(each for each in search_claims.params if each.name == "text").hidden = True  # type: ignore[attr-defined]


def _as_one(words: tuple[str, ...], more: str | None) -> str:
    """What was typed, in one text.

    Raises:
        UsageError: a misspelt option.
    """
    for word in words:
        need(not word.startswith("--"), f"There is no option {word.partition('=')[0]}.")
    need(more is None, "claim search takes its words by themselves: leave --text out.")
    return " ".join(words)


def _more_behind(shown: int, place: int) -> tuple[str, str]:
    counted = "1 claim" if shown == 1 else f"{shown:,} claims"
    return ("", f"{counted}, and there are more: --after {place} shows the next, --limit 0 all.")


def _rows(hits: Iterable[Hit], day: object) -> Iterator[dict[str, Any]]:
    for hit in hits:
        row = {
            **line_json(hit.line),
            "snippets": [
                {
                    "field": one.field,
                    "appearance": one.appearance,
                    "text": one.part.text,
                    "marks": [list(mark) for mark in one.part.marks],
                }
                for one in hit.shown
            ],
        }
        yield row if day is None else {**row, "as_of": day}


def _flat(app: App, row: Mapping[str, Any]) -> dict[str, Any]:
    statement, *others = row["snippets"]
    also = None
    if others:
        one = others[0]
        name = _FIELDS.get(one["field"], one["field"])
        where = f"{name} {one['appearance']}: " if one["appearance"] else f"{name}: "
        part = _marked(app, one, len(where))
        also = Marked(
            where + part.text,
            tuple((start + len(where), end + len(where)) for start, end in part.marks),
        )
    return {**cells(app, row), "found": _marked(app, statement), "also": also}


def _marked(app: App, shown: Mapping[str, Any], taken: int = 0) -> Marked:
    """A snippet as a cell; on a terminal so much of it that a hit is not cut off.

    ``taken`` characters of the cell are needed for something else.
    """
    from claimtrack.searching.reading import WIDTH, snippet

    room = WIDTH if app.width is None else max(_NARROWEST, (app.width - _OTHERS) // 2) - taken
    return Marked(*snippet(shown["text"], [(start, end) for start, end in shown["marks"]], room))
