"""`claim same`, `claim different`, `claim unsure`: what people judge of two claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.claim.group import claim
from claimtrack.cli.params import ClaimIds, Id, flatten
from claimtrack.vocab import JUDGEMENT_WORDS, Judgement, Role, hyphenated

if TYPE_CHECKING:
    from claimtrack.services.views import ClaimView

_claim_id = click.argument("claim_id", metavar="ID", type=Id())
_others = click.argument("others", metavar="OTHER...", type=ClaimIds(), nargs=-1, required=True)


@command(
    claim,
    "same",
    example="""
claimtrack claim same 3 8
claimtrack claim same 3 8-10,14 --because "All say that the north bridge was closed in May"
""",
)
@_claim_id
@_others
@click.option("--because", metavar="TEXT", help="Why.")
def same(app: App, claim_id: int, others: tuple[list[int], ...], because: str | None) -> None:
    """Judge that claims are the same: reports show them together, and count them once.

    Each keeps its words, status and verdict, and is worked on by itself. Where one of them is to
    stand for all, merge them. A later judgement of the same two replaces this one.
    """
    _judge(app, claim_id, others, Judgement.SAME, because)


@command(
    claim,
    "different",
    example='claimtrack claim different 3 8 --because "One speaks of the south bridge"',
)
@_claim_id
@_others
@click.option("--because", metavar="TEXT", help="Why.")
def different(app: App, claim_id: int, others: tuple[list[int], ...], because: str | None) -> None:
    """Judge that claims are not the same: they are not offered as likely ones again, nor merged.

    A later judgement of the same two replaces this one.
    """
    _judge(app, claim_id, others, Judgement.DIFFERENT, because)


@command(
    claim,
    "unsure",
    example='claimtrack claim unsure 3 8 --because "Which bridge it was, the post does not say"',
)
@_claim_id
@_others
@click.option("--because", metavar="TEXT", required=True, help="What is missing to tell.")
def unsure(app: App, claim_id: int, others: tuple[list[int], ...], because: str) -> None:
    """Judge that nobody can tell yet whether claims are the same; also takes a judgement back.

    A later judgement of the same two replaces this one.
    """
    _judge(app, claim_id, others, Judgement.UNSURE, because)


def _judge(
    app: App,
    claim_id: int,
    others: tuple[list[int], ...],
    judgement: Judgement,
    because: str | None,
) -> None:
    from claimtrack.cli.shapes import claim_json
    from claimtrack.services.matching import judgements

    with app.write(Role.REVIEWER) as connection:
        judged = judgements.judge(connection, claim_id, flatten(others), judgement, because)
    for line in judged.told:
        app.say(line)
    app.emit_object(claim_json(judged.view), _lines(judged.view))


def _lines(view: ClaimView) -> list[str]:
    """A claim and all that was judged of it, escaped."""
    from claimtrack.render import escape_terminal

    return [
        f"Claim {view.id} ({hyphenated(view.word)}): {escape_terminal(view.statement)}",
        *(
            f"  {JUDGEMENT_WORDS[one.judgement].capitalize()} claim {one.claim_id}"
            f" ({hyphenated(one.word)}): {escape_terminal(one.statement)}"
            for one in view.judgements
        ),
    ]
