"""Options that several commands share: an appearance's, a source's details, a figure's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.params import Words
from claimtrack.vocab import Manner, SourceKind

if TYPE_CHECKING:
    from claimtrack.services.appearances import AppearanceGiven
    from claimtrack.services.figures import FigureGiven
    from claimtrack.services.sources import SourceGiven

Command = Callable[..., Any]


def stack(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator, shown in help in the order given."""

    def decorate(function: Command) -> Command:
        return functools.reduce(lambda made, option: option(made), reversed(options), function)

    return decorate


source_details = stack(
    click.option("--source-title", metavar="T", help="Title of a source not on record yet."),
    click.option("--publisher", metavar="P", help="Who published it."),
    click.option("--agency", metavar="A", help="The wire that the text was taken from."),
    click.option("--published", metavar="DATE", help="When it was published: 2020-02-26."),
    click.option("--source-kind", type=Words.of(SourceKind), help="What sort of source it is."),
)

appearance_options = stack(
    click.option(
        "--speaker", "speakers", metavar="NAME", multiple=True, help="Who said it; repeat."
    ),
    click.option("--source", metavar="URL|ID", help="Where it appeared."),
    source_details,
    click.option("--said-on", metavar="DATE", help="When: 2020-02-25, 2020-02, Tuesday."),
    click.option("--quote", metavar="TEXT", help="Only what stands inside quotation marks."),
    click.option("--passage", metavar="TEXT", help="The passage as printed."),
    click.option("--manner", type=Words.of(Manner), help="How the words appear."),
    click.option("--at", "place", metavar="PLACE", help="Where in it: paragraph, page, minute."),
    click.option("--new-speaker", is_flag=True, help="Insist that the name is a new speaker's."),
)

figure_options = stack(
    click.option(
        "--figure", metavar="QUANTITY", help="The quantity: '>900000', 40-50, '~3 million'."
    ),
    click.option("--unit", metavar="UNIT", help="Its unit: people, USD, percent."),
    click.option("--counted", metavar="WHAT", help="What is counted: displaced, killed."),
    click.option("--where", metavar="PLACE", help="Where it is counted."),
    click.option("--figure-on", metavar="DATE", help="The day that the figure is of."),
    click.option("--figure-since", metavar="DATE", help="Counted since."),
)


def source_given(options: dict[str, Any]) -> SourceGiven:
    """Take the source's details out of a command's options."""
    from claimtrack.services.sources import SourceGiven

    return SourceGiven(
        title=options.pop("source_title"),
        publisher=options.pop("publisher"),
        agency=options.pop("agency"),
        published=options.pop("published"),
        kind=options.pop("source_kind"),
    )


def appearance_given(options: dict[str, Any]) -> AppearanceGiven:
    """Take the appearance out of a command's options."""
    from claimtrack.services.appearances import AppearanceGiven

    details = source_given(options)
    return AppearanceGiven(
        source=options.pop("source"),
        speakers=tuple(options.pop("speakers")),
        details=details,
        said_on=options.pop("said_on"),
        quote=options.pop("quote"),
        passage=options.pop("passage"),
        manner=options.pop("manner"),
        place=options.pop("place"),
        new_speaker=options.pop("new_speaker"),
    )


def figure_given(options: dict[str, Any]) -> FigureGiven:
    """Take the figure out of a command's options."""
    from claimtrack.services.figures import FigureGiven

    return FigureGiven(
        text=options.pop("figure"),
        unit=options.pop("unit"),
        counted=options.pop("counted"),
        where=options.pop("where"),
        on=options.pop("figure_on"),
        since=options.pop("figure_since"),
    )
