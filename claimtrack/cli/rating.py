"""The noun `rating`: the labels of the house's own scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.params import Words
from claimtrack.render import Column, Listing, escape_terminal
from claimtrack.vocab import Role, Verdict, hyphenated

if TYPE_CHECKING:
    from claimtrack.services.ratings import RatingView


@click.group()
def rating() -> None:
    """The labels of the house's own scale, each standing for a verdict."""


@command(
    rating,
    "add",
    example="""
claimtrack rating add "Four Pinocchios" --scale Pinocchios --verdict false --value 4 \\
    --best 0 --worst 4
claimtrack rating add "Out of context" --scale Pinocchios --verdict missing-context
""",
)
@click.argument("label")
@click.option(
    "--scale", metavar="NAME", required=True, help="The scale; made with its first label."
)
@click.option(
    "--verdict", type=Words.of(Verdict), metavar="V", required=True, help="What it stands for."
)
@click.option("--value", metavar="N", help="Where it stands, as a number.")
@click.option("--best", metavar="N", help="The number of the best rating on the scale.")
@click.option("--worst", metavar="N", help="The number of the worst.")
def add(
    app: App,
    label: str,
    scale: str,
    verdict: str,
    value: str | None,
    best: str | None,
    worst: str | None,
) -> None:
    """Add a label to a house's scale.

    From the first label on, `claim mark --rating` takes the labels of the house alone, each with
    the verdict that it stands for. The ends of a scale are given once; one of words has none.
    """
    from claimtrack.services.ratings import RatingGiven, add_rating

    given = RatingGiven(label, scale, Verdict(verdict), value, best, worst)
    with app.write(Role.ADMIN) as connection:
        one, new = add_rating(connection, given)
    if not new:
        app.say("It is on record already: nothing was changed.")
    stands = f" {one.value}" if one.value is not None else ""
    line = f"{one.label} ({one.scale}{stands}): {hyphenated(one.verdict)}"
    app.emit_object(_json(one), [escape_terminal(line)])


@command(rating, "list", example="claimtrack rating list")
def list_(app: App) -> None:
    """The labels of the house, scale by scale, and the verdict that each stands for."""
    from claimtrack.cli.lines import cells, people
    from claimtrack.services.ratings import list_ratings

    with app.read() as connection:
        found = list_ratings(connection)
    app.emit(
        Listing(
            columns=(
                Column("scale", "Scale"),
                Column("label", "Label", grow=True),
                Column("verdict", "Verdict", fixed=True),
                Column("value", "Value", align="right"),
                Column("best", "Best", align="right"),
                Column("worst", "Worst", align="right"),
            ),
            rows=[_json(one) for one in found],
            cells=(lambda row: cells(app, row)) if people(app) else None,
            empty="The house has no ratings of its own: any label goes with a verdict.",
        )
    )


def _json(one: RatingView) -> dict[str, object]:
    return one._asdict()
