"""`claim mark` and `claim history`: where a claim goes, and how it came to stand where it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.params import ClaimIds, Id, Words, flatten
from claimtrack.render import Column, Listing, escape_terminal
from claimtrack.vocab import MARKS, Change, Role, SetAsideReason, hyphenated

if TYPE_CHECKING:
    from claimtrack.services.views import ClaimView


@command(
    claim,
    "mark",
    example="""
claimtrack claim mark 42 in-review --because "Asked the ministry"
claimtrack claim mark 42 false --because "The log shows it open" --refutes https://example.org/log
claimtrack claim mark 1-6,9 set-aside --reason not-checkable --because "Opinions"
""",
)
@click.argument("ids", metavar="ID...", type=ClaimIds(), nargs=-1, required=True)
@click.argument("status", metavar="STATUS", type=Words(*MARKS, name="status"))
@click.option("--because", metavar="TEXT", required=True, help="Why: what checking showed.")
@click.option("--supports", metavar="URL|ID", multiple=True, help="Evidence for it; repeat.")
@click.option("--refutes", metavar="URL|ID", multiple=True, help="Evidence against it; repeat.")
@click.option("--context", metavar="URL|ID", multiple=True, help="What else to know; repeat.")
@click.option("--change", type=Words.of(Change), help="Why one verdict replaces another.")
@click.option("--reason", type=Words.of(SetAsideReason), help="Why it is set aside.")
@click.option("--rating", metavar="LABEL", help="The house's own label for the verdict.")
@click.option("--recheck-on", metavar="DATE", help="When to look again: 2030-06-07, next Friday.")
@click.option("--if-version", metavar="N", type=Id(), help="Only if nobody changed it since.")
def mark(
    app: App,
    ids: tuple[list[int], ...],
    status: str,
    because: str,
    supports: tuple[str, ...],
    refutes: tuple[str, ...],
    context: tuple[str, ...],
    change: str | None,
    reason: str | None,
    rating: str | None,
    recheck_on: str | None,
    if_version: int | None,
) -> None:
    """Mark where claims stand, with the reason and the evidence.

    STATUS is unverified, in-review, set-aside, or a verdict: true, mostly-true, mixed,
    missing-context, misleading, mostly-false, false, outdated, altered, miscaptioned, unproven,
    unverifiable. A verdict rests on all evidence attached to the claim so far; all but the last
    two need some, from elsewhere than the article that made the claim. Several claims are
    marked all or none.
    """
    from claimtrack.services.marks import MarkGiven
    from claimtrack.services.reviews import mark_many

    given = MarkGiven(
        word=status,
        because=because,
        supports=supports,
        refutes=refutes,
        context=context,
        change=Change(change) if change else None,
        reason=SetAsideReason(reason) if reason else None,
        rating=rating,
        recheck_on=recheck_on,
        if_version=if_version,
    )
    numbers = flatten(ids)
    with app.write(Role.REVIEWER) as connection:
        marked = mark_many(connection, numbers, given, today=app.today())
    for line in marked.told:
        app.say(line)
    emit_moved(app, marked.claims)
    waiting = [str(view.id) for view in marked.claims if view.proposal is not None]
    if waiting:
        app.say(
            "Until somebody else approves it, no verdict stands:\n"
            f"  claimtrack claim approve {' '.join(waiting)}"
        )


def emit_moved(app: App, views: Sequence[ClaimView]) -> None:
    """Print claims that were moved: a line each for people, one as itself, several as a list."""
    from claimtrack.cli.shapes import claim_json

    if len(views) == 1 or app.as_table:
        app.emit_object(claim_json(views[0]), [_moved(view) for view in views])
        return
    app.emit(
        Listing(
            columns=(
                Column("id", "ID", align="right"),
                Column("status", "Status"),
                Column("verdict", "Verdict"),
                Column("proposed_verdict", "Proposed"),
                Column("version", "Version", align="right"),
                Column("statement", "Statement", grow=True),
            ),
            rows=[claim_json(view) for view in views],
        )
    )


def _moved(view: ClaimView) -> str:
    """One line of what a mark did: ``42 false: unverified → false (review 1, Ana Ruiz)``."""
    last = view.reviews[-1]
    before = view.reviews[-2].word if len(view.reviews) > 1 else last.from_status
    notes = [f"review {last.no}", last.recorded_by]
    if last.proposed_verdict:
        notes.append(f"proposes {hyphenated(last.proposed_verdict)}")
    if last.decision:
        notes.append(f"{last.decision} {hyphenated(view.reviews[-2].proposed_verdict or '')}")
    if last.recheck_on:
        notes.append(f"look again on {last.recheck_on}")
    return escape_terminal(
        f"{view.id} {hyphenated(view.word)}: {hyphenated(before)} → {hyphenated(view.word)}"
        f" ({', '.join(notes)})"
    )


@command(claim, "history", example="claimtrack claim history 42")
@click.argument("claim_id", metavar="ID", type=Id())
def history(app: App, claim_id: int) -> None:
    """All that happened to a claim, oldest first: who did what when, and why."""
    from claimtrack.cli.lines import people
    from claimtrack.services.history import history as tell

    with app.read() as connection:
        entries = tell(connection, claim_id)
    app.emit(
        Listing(
            columns=(
                Column("at", "When", fixed=True),
                Column("actor", "Who", max_width=20),
                Column("what", "What"),
                Column("detail", "Detail", grow=True),
                Column("because", "Because", grow=True),
            ),
            rows=[
                {
                    "at": entry.at,
                    "actor": entry.actor,
                    "db_user": entry.db_user,
                    "what": entry.what,
                    "detail": entry.detail,
                    "because": entry.because,
                }
                for entry in entries
            ],
            cells=(
                (lambda row: {**row, "at": f"{row['at']:%Y-%m-%d %H:%M} UTC"})
                if people(app)
                else None
            ),
        )
    )
