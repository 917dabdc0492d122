"""`claim show`: the whole story of a claim."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.params import Id


@command(claim, "show", example="claimtrack claim show 42")
@click.argument("claim_id", metavar="ID", type=Id())
def show(app: App, claim_id: int) -> None:
    """The whole story of a claim: where it stands, who said it where, evidence, reviews, notes."""
    from claimtrack.cli.shapes import claim_json
    from claimtrack.cli.story import story_lines
    from claimtrack.services.stories import load_claim

    with app.read() as connection:
        view = load_claim(connection, claim_id)
    app.emit_object(claim_json(view), story_lines(view, app.width, color=app.color))
