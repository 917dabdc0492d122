"""`claimtrack evidence`: what supports or refutes a claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.params import Id
from claimtrack.render import Column, Listing, escape_terminal
from claimtrack.vocab import Stance, hyphenated

if TYPE_CHECKING:
    from claimtrack.services.views import EvidenceView


@click.group()
def evidence() -> None:
    """What supports or refutes a claim."""


@command(
    evidence,
    "add",
    example="""
claimtrack evidence add 42 https://example.org/log --refutes --excerpt "Open all May" --at "p. 4"
""",
)
@click.argument("claim_id", metavar="CLAIM", type=Id())
@click.argument("source", metavar="URL|SOURCE")
@click.option("--supports", is_flag=True, help="It supports the claim.")
@click.option("--refutes", is_flag=True, help="It refutes the claim.")
@click.option("--context", is_flag=True, help="It says what else to know.")
@click.option("--excerpt", metavar="TEXT", help="The words in it that matter.")
@click.option("--at", "place", metavar="PLACE", help="Where in it: paragraph, page, minute.")
@click.option("--title", metavar="T", help="Title of a source not on record yet.")
@click.option("--publisher", metavar="P", help="Who published it.")
@click.option("--agency", metavar="A", help="The wire that the text was taken from.")
@click.option("--published", metavar="DATE", help="When it was published: 2020-02-26.")
def add(
    app: App,
    claim_id: int,
    source: str,
    supports: bool,
    refutes: bool,
    context: bool,
    excerpt: str | None,
    place: str | None,
    title: str | None,
    publisher: str | None,
    agency: str | None,
    published: str | None,
) -> None:
    """Attach a source to a claim: it supports, refutes, or gives context."""
    need(
        supports + refutes + context == 1,
        "Say what it does to the claim: one of --supports, --refutes and --context.",
    )
    from claimtrack.cli.shapes import evidence_json
    from claimtrack.services import sources
    from claimtrack.services.evidence import attach, bears_witness, why_no_witness
    from claimtrack.services.sources import SourceGiven
    from claimtrack.services.stories import load_claim

    stance = Stance.SUPPORTS if supports else Stance.REFUTES if refutes else Stance.CONTEXT
    details = SourceGiven(title=title, publisher=publisher, agency=agency, published=published)
    with app.write() as connection:
        appearances = load_claim(connection, claim_id).appearances
        ref, created = sources.resolve(connection, source, details)
        piece = attach(connection, claim_id, ref.id, stance, excerpt, place)
        counts = bears_witness(connection, claim_id, [ref.id])
    if created:
        app.say(f"New source {ref.id}: {ref.label}.")
    if not counts:
        why = why_no_witness(appearances, ref, f"source {ref.id}")
        app.say(f"Recorded, but it counts for nothing: {why}.")
    app.emit_object(evidence_json(piece), [f"Evidence {piece.id} {_does(piece)}."])


@command(evidence, "list", example="claimtrack evidence list 42")
@click.argument("claim_id", metavar="CLAIM", type=Id())
def list_(app: App, claim_id: int) -> None:
    """The evidence on a claim, in the order attached; withdrawn pieces too."""
    from claimtrack.cli.shapes import evidence_json
    from claimtrack.services.evidence import list_evidence

    with app.read() as connection:
        pieces = list_evidence(connection, claim_id)
    labels: dict[object, str] = {piece.id: piece.source.label for piece in pieces}
    app.emit(
        Listing(
            columns=(
                Column("id", "ID", align="right"),
                Column("stance", "Stance"),
                Column("source.id", "Source", align="right"),
                Column("label", "What", grow=True),
                Column("excerpt", "Excerpt", grow=True),
                Column("at", "At"),
                Column("withdrawn.because", "Withdrawn", grow=True),
            ),
            rows=[evidence_json(piece) for piece in pieces],
            cells=lambda row: {**row, "label": labels[row["id"]]},
            empty=f"Claim {claim_id} has no evidence yet.",
        )
    )


@command(
    evidence, "withdraw", example='claimtrack evidence withdraw 7 --because "The log was forged"'
)
@click.argument("evidence_id", metavar="ID", type=Id())
@click.option("--because", metavar="TEXT", required=True, help="Why it should not count.")
def withdraw(app: App, evidence_id: int, because: str) -> None:
    """Withdraw a piece of evidence; it stays on record and counts no more."""
    from claimtrack.cli.shapes import evidence_json
    from claimtrack.services.evidence import withdraw as withdraw_piece
    from claimtrack.services.stories import load_claim

    with app.write() as connection:
        piece = withdraw_piece(connection, evidence_id, because)
        view = load_claim(connection, piece.claim_id)
        if view.merged_into is not None:
            view = load_claim(connection, view.merged_into.claim_id)
    if view.verdict is not None and piece.id in view.reviews[-1].evidence_ids:
        last = view.reviews[-1]
        app.say(
            f"The verdict {hyphenated(view.word)} on claim {view.id} (review {last.no},"
            f" {last.recorded_by}) rested on it and is flagged now. Look at it again:\n"
            f"  claimtrack claim mark {view.id} in-review --because WHY"
        )
    elif view.proposal is not None and piece.id in view.proposal.evidence_ids:
        app.say(
            f"{view.proposal.recorded_by} proposed {hyphenated(view.proposed_verdict or '')} on"
            f" claim {view.id} on it, which can't be approved any more. Reject it, so that it can"
            f" be proposed anew:\n  claimtrack claim reject {view.id} --because WHY"
        )
    app.emit_object(
        evidence_json(piece), [f"Evidence {piece.id} on claim {piece.claim_id} is withdrawn."]
    )


def _does(piece: EvidenceView) -> str:
    verb = "gives context to" if piece.stance is Stance.CONTEXT else piece.stance.value
    return escape_terminal(f"{verb} claim {piece.claim_id}: {piece.source.label}")
