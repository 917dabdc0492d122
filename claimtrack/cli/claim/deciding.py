"""`claim approve` and `claim reject`: what becomes of a verdict that waits for a second person."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.claim.marking import emit_moved
from claimtrack.cli.params import ClaimIds, Id, flatten
from claimtrack.vocab import Role

_ids = click.argument("ids", metavar="ID...", type=ClaimIds(), nargs=-1, required=True)
_if_version = click.option(
    "--if-version", metavar="N", type=Id(), help="Only if nobody changed it since."
)


@command(
    claim,
    "approve",
    example="""
claimtrack claim approve 42
claimtrack claim approve 42 --because "Read the log too; it says so"
""",
)
@_ids
@click.option("--because", metavar="TEXT", help="Why. [default: as it was proposed]")
@_if_version
def approve(
    app: App, ids: tuple[list[int], ...], because: str | None, if_version: int | None
) -> None:
    """Conclude the verdict that somebody else proposed, as it was proposed.

    The claim becomes checked, with the verdict, change, rating, recheck date and evidence of the
    proposal. Nobody approves a verdict of their own. Several claims are approved all or none.
    """
    from claimtrack.services import approvals

    with app.write(Role.REVIEWER) as connection:
        views = approvals.approve(connection, flatten(ids), because, if_version=if_version)
    emit_moved(app, views)


@command(
    claim,
    "reject",
    example='claimtrack claim reject 42 --because "The log is of another bridge"',
)
@_ids
@click.option("--because", metavar="TEXT", required=True, help="Why.")
@_if_version
def reject(app: App, ids: tuple[list[int], ...], because: str, if_version: int | None) -> None:
    """Turn a proposed verdict down: the claim goes back to where it stood before.

    Its status, verdict, rating, recheck date, evidence and holder are those of before. Who
    proposed a verdict may withdraw it so. Several claims are rejected all or none.
    """
    from claimtrack.services import approvals

    with app.write(Role.REVIEWER) as connection:
        views = approvals.reject(connection, flatten(ids), because, if_version=if_version)
    emit_moved(app, views)
