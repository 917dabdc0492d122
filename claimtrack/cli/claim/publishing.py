"""`claim publish` and `claim unpublish`: where the desk's own fact-check of a claim stands."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.params import Id
from claimtrack.render import escape_terminal
from claimtrack.vocab import Role, hyphenated


@command(
    claim,
    "publish",
    example="""
claimtrack claim publish 42 --url https://desk.example.org/bridge --on 2024-06-07 \\
    --headline "No, the bridge was open" --public-note "Corrected on 9 June"
""",
)
@click.argument("claim_id", metavar="ID", type=Id())
@click.option("--url", metavar="URL", required=True, help="Where the article stands.")
@click.option("--on", metavar="DATE", required=True, help="When it was published: 2024-06-07.")
@click.option("--headline", metavar="T", required=True, help="Its headline.")
@click.option("--public-note", metavar="T", help="What readers are told of the verdict.")
def publish(
    app: App, claim_id: int, url: str, on: str, headline: str, public_note: str | None
) -> None:
    """Record where the desk's own fact-check of a claim stands.

    The claim has its verdict; what was published before, or under another verdict, is withdrawn
    for this. A published claim goes out with `export claimreview`.
    """
    from claimtrack.cli.shapes import claim_json
    from claimtrack.services import publications

    given = publications.PublicationGiven(url, on, headline, public_note)
    with app.write(Role.REVIEWER) as connection:
        done = publications.publish(connection, claim_id, given, today=app.today())
    for line in done.told:
        app.say(line)
    view = done.claim
    one = next(one for one in view.publications if one.claim_id == claim_id)
    line = f"{view.id} {hyphenated(view.word)}: published on {one.published_on} at {one.url}"
    app.emit_object(claim_json(view), [escape_terminal(line)])


@command(
    claim,
    "unpublish",
    example='claimtrack claim unpublish 42 --because "The article was taken down"',
)
@click.argument("claim_id", metavar="ID", type=Id())
@click.option("--because", metavar="TEXT", default="It was unpublished", help="Why.")
def unpublish(app: App, claim_id: int, because: str) -> None:
    """Take back where a claim's fact-check stands. The verdict stays, and so does the record."""
    from claimtrack.cli.shapes import claim_json
    from claimtrack.services import publications

    with app.write(Role.REVIEWER) as connection:
        view, before = publications.unpublish(connection, claim_id, because)
    line = f"{view.id} {hyphenated(view.word)}: no longer published at {before.url}"
    app.emit_object(claim_json(view), [escape_terminal(line)])
