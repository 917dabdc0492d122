"""`claim edit`, `claim note` and `claim assign`: look after claims that are on record."""

from __future__ import annotations

from typing import Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.claim.group import claim
from claimtrack.cli.options import figure_given, figure_options
from claimtrack.cli.params import ClaimIds, Id, Words, flatten
from claimtrack.cli.streams import read_all
from claimtrack.render import escape_terminal
from claimtrack.vocab import Kind, Priority


@command(claim, "edit", example='claimtrack claim edit 4 --priority high --add-topic "border"')
@click.argument("claim_id", metavar="ID", type=Id())
@click.option("--statement", metavar="TEXT", help="New words; not for a checked claim.")
@click.option("--typo", is_flag=True, help="The new words only mend a slip; needs --because.")
@click.option("--because", metavar="TEXT", help="Why.")
@click.option("--kind", type=Words.of(Kind), help="What it is.")
@click.option("--language", metavar="TAG", help="Of the statement: en, ar, pt-BR.")
@click.option("--priority", type=Words.of(Priority), help="How soon to check it.")
@click.option("--add-topic", "add_topics", metavar="T", multiple=True, help="Add a topic; repeat.")
@click.option(
    "--remove-topic", "remove_topics", metavar="T", multiple=True, help="Remove one; repeat."
)
@figure_options
@click.option("--if-version", metavar="N", type=Id(), help="Only if nobody changed it since.")
def edit(app: App, claim_id: int, **options: Any) -> None:
    """Change a claim's fields.

    Of a figure, '' removes the unit, what is counted, the place or a date. A figure makes a fact
    a claim of kind figure, unless --kind is given.

    The words and the figure of a checked claim stand under its verdict: mend a slip with --typo
    and --because, or reopen the claim.
    """
    from claimtrack.cli.shapes import claim_json
    from claimtrack.services.claims import ClaimChange, edit_claim

    figure = figure_given(options)
    change = ClaimChange(
        figure=figure,
        kind=Kind(kind) if (kind := options.pop("kind")) else None,
        priority=Priority(priority) if (priority := options.pop("priority")) else None,
        **options,
    )
    with app.write() as connection:
        view = edit_claim(connection, claim_id, change)
    text = f"Claim {view.id} is at version {view.version}: {escape_terminal(view.statement)}"
    app.emit_object(claim_json(view), [text])
    if change.statement is not None:
        from claimtrack.cli import comparing

        with comparing.apart(app, " --again"):
            comparing.compare_edited(app, view.id)


@command(
    claim, "note", example='claimtrack claim note 4 "The ministry promised the list by Friday"'
)
@click.argument("claim_id", metavar="ID", type=Id())
# All of standard input for -: a remark may have many lines.
@click.argument("text", type=click.UNPROCESSED)
def note(app: App, claim_id: int, text: str) -> None:
    """Add a remark to a claim; remarks are never changed. TEXT - reads standard input."""
    from claimtrack.cli.shapes import claim_json
    from claimtrack.services.claims import add_note
    from claimtrack.services.stories import load_claim

    if text == "-":
        text = read_all()
    with app.write() as connection:
        add_note(connection, claim_id, text)
        view = load_claim(connection, claim_id)
    app.emit_object(claim_json(view), [f"Noted on claim {claim_id}."])


@command(claim, "assign", example='claimtrack claim assign 1-6,9 "Ana Ruiz" --due 2030-06-07')
@click.argument("ids", metavar="ID...", type=ClaimIds(), nargs=-1, required=True)
@click.argument("name")
@click.option(
    "--due",
    metavar="DATE|none",
    help="When checking should be done: 2030-06-07, next Friday; none removes it.",
)
def assign(app: App, ids: tuple[list[int], ...], name: str, due: str | None) -> None:
    """Give claims to somebody. NAME may be `me`, or `none` to give them to nobody."""
    from claimtrack.cli.shapes import claim_json
    from claimtrack.render import Column, Listing
    from claimtrack.services import claims
    from claimtrack.services.stories import load_claims

    numbers = flatten(ids)
    need(numbers, "Which claims? Give at least one id.")
    with app.write() as connection:
        me = app.actor_here(connection) if name.casefold() == "me" else name
        holder = None if name.casefold() == "none" else me
        claims.assign(connection, numbers, holder, due=due, today=app.today())
        views = load_claims(connection, numbers)
    app.emit(
        Listing(
            columns=(
                Column("id", "ID", align="right"),
                Column("assigned_to", "Holder"),
                Column("due_on", "Due"),
                Column("statement", "Statement", grow=True),
            ),
            rows=(claim_json(view) for view in views),
        )
    )
