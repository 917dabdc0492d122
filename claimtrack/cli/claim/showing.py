"""`claim show`: the whole story of a claim."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.params import Id
from claimtrack.cli.past import as_of_option, read_stand


@command(
    claim,
    "show",
    example="""
claimtrack claim show 42
claimtrack claim show 42 --as-of 2024-03-31
""",
)
@click.argument("claim_id", metavar="ID", type=Id())
@as_of_option
def show(app: App, claim_id: int, as_of: str | None) -> None:
    """The whole story of a claim: where it stands, who said it where, evidence, reviews, notes."""
    from claimtrack.cli.shapes import claim_json
    from claimtrack.cli.story import story_lines
    from claimtrack.services.stories import load_claim, load_claim_of

    stand = read_stand(app, as_of)
    with app.read(as_of=stand.moment) as connection:
        view = (
            load_claim(connection, claim_id)
            if stand.day is None
            else load_claim_of(connection, claim_id, stand.day)
        )
    told = claim_json(view) | ({"as_of": stand.day} if stand.day else {})
    app.emit_object(told, [*stand.heading, *story_lines(view, app.width, color=app.color)])
