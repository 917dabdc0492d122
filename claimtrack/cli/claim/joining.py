"""`claim merge` and `claim unmerge`: claims that are the same, and that turned out not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.params import ClaimIds, Id, flatten
from claimtrack.vocab import Role

if TYPE_CHECKING:
    from claimtrack.services.same import Joined


@command(
    claim,
    "merge",
    example="""
claimtrack claim merge 3 8 --because "Both say that the north bridge was closed in May"
claimtrack claim merge 3 8-10,14 --because "Reprints in other words"
""",
)
@click.argument("head_id", metavar="HEAD", type=Id())
@click.argument("others", metavar="OTHER...", type=ClaimIds(), nargs=-1, required=True)
@click.option("--because", metavar="TEXT", required=True, help="Why they are the same.")
def merge(app: App, head_id: int, others: tuple[list[int], ...], because: str) -> None:
    """Record that claims are the same: HEAD stands for the OTHERs from now on.

    Nothing moves, and nothing is lost: the others point to HEAD, which shows and counts their
    appearances and evidence with its own, and keeps its words, status and verdict. The others stay
    as they are, and leave the lists and reports, until claim unmerge. All of them, or none.
    """
    from claimtrack.services import same

    with app.write(Role.REVIEWER) as connection:
        joined = same.merge(connection, head_id, flatten(others), because)
    _show(app, joined)


@command(
    claim, "unmerge", example='claimtrack claim unmerge 8 --because "It speaks of the south bridge"'
)
@click.argument("claim_id", metavar="ID", type=Id())
@click.option("--because", metavar="TEXT", required=True, help="Why they are not the same.")
def unmerge(app: App, claim_id: int, because: str) -> None:
    """Part a merged claim from its head; it goes on from where it stood."""
    from claimtrack.services import same

    with app.write(Role.REVIEWER) as connection:
        joined = same.unmerge(connection, claim_id, because)
    _show(app, joined)


def _show(app: App, joined: Joined) -> None:
    from claimtrack.cli.shapes import claim_json
    from claimtrack.cli.story import appearance_line
    from claimtrack.render import escape_terminal
    from claimtrack.vocab import hyphenated

    for line in joined.told:
        app.say(line)
    view = joined.view
    app.emit_object(
        claim_json(view),
        [
            f"Claim {view.id} ({hyphenated(view.word)}): {escape_terminal(view.statement)}",
            *(
                f"  The same: claim {one.claim_id} ({hyphenated(one.word)}):"
                f" {escape_terminal(one.statement)}"
                for one in view.merged
            ),
            *(f"  {appearance_line(one)}" for one in view.appearances),
        ],
    )
