"""`claim object`, `claim answer`, `claim challenge`: disagreement with a verdict, in the open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.claim.group import claim
from claimtrack.cli.params import DisputeId, Id, Words
from claimtrack.render import escape_terminal
from claimtrack.vocab import Change, Outcome, Role, hyphenated, told_word

if TYPE_CHECKING:
    from claimtrack.services.disputes import Disputed


@command(
    claim,
    "object",
    example='claimtrack claim object 42 --because "That log is of the other gate"',
)
@click.argument("claim_id", metavar="ID", type=Id())
@click.option("--because", metavar="TEXT", required=True, help="What is wrong with the verdict.")
@click.option("--if-version", metavar="N", type=Id(), help="Only if nobody changed it since.")
def object_(app: App, claim_id: int, because: str, if_version: int | None) -> None:
    """Object to the verdict that stands. It stays, and is shown as disputed until the answer.

    There can be several objections; each is answered apart. The verdict is changed with claim
    mark, which answers none of them by itself.
    """
    from claimtrack.services.disputes import object_to

    with app.write() as connection:
        done = object_to(connection, claim_id, because, if_version=if_version)
    one = done.objection
    _say(app, done, f"objection {one.address} by {one.recorded_by}")
    app.say(f"It is answered with:\n  claimtrack claim answer {one.address} --because ANSWER")


@command(
    claim, "answer", example='claimtrack claim answer 42 --because "Both gates keep the same log"'
)
@click.argument("dispute", metavar="ID", type=DisputeId())
@click.option("--because", metavar="TEXT", required=True, help="The answer.")
def answer(app: App, dispute: tuple[int, int | None], because: str) -> None:
    """Answer an objection: say why the verdict stands, or what was done about it.

    ID is the claim, or 42.2 for its second objection. Who objected may answer too, and so take the
    objection back; it stays on record with its answer.
    """
    from claimtrack.services.disputes import answer as answer_objection

    with app.write(Role.REVIEWER) as connection:
        done = answer_objection(connection, *dispute, because)
    waiting = sum(1 for one in done.claim.objections if one.closed is None)
    more = f"; {waiting} still open" if waiting else ""
    _say(app, done, f"objection {done.objection.address} answered{more}")


@command(
    claim,
    "challenge",
    example="""
claimtrack claim challenge 42 --from "Press office" --because "The gate was shut" --due 2030-06-07
claimtrack claim challenge 42 rejected --because "Its own log shows the gate open"
claimtrack claim challenge 42.2 upheld --because "The log is of another gate"
""",
)
@click.argument("dispute", metavar="ID", type=DisputeId())
@click.argument("outcome", metavar="[upheld|rejected]", required=False, type=Words.of(Outcome))
@click.option("--from", "challenger", metavar="WHO", help="Who demands the correction.")
@click.option("--because", metavar="TEXT", required=True, help="Why: theirs, or the decision's.")
@click.option("--due", metavar="DATE", help="By when to decide: 2030-06-07, next Friday.")
def challenge(
    app: App,
    dispute: tuple[int, int | None],
    outcome: str | None,
    challenger: str | None,
    because: str,
    due: str | None,
) -> None:
    """Record that somebody demands a correction, or with an outcome: decide it.

    A challenge is open until it is upheld or rejected, with the reason. The verdict stays as it is:
    after upholding one, mark the claim with --change correction. ID is the claim, or 42.2 to decide
    its second challenge. All challenges stand in report corrections, late ones in report overdue.
    """
    from claimtrack.services import disputes

    claim_id, no = dispute
    if outcome is None:
        need(no is None, f"To decide it, say upheld or rejected after {claim_id}.{no}.")
        need(challenger is not None, "Who demands it? Give --from WHO; or say upheld or rejected.")
        need(due is not None, "By when is it to be decided? Give --due DATE.")
        given = disputes.ChallengeGiven(challenger or "", because, due or "")
        with app.write() as connection:
            done = disputes.challenge_verdict(connection, claim_id, given, today=app.today())
        one = done.challenge
        _say(app, done, f"challenge {one.address} by {one.challenger}, due on {one.due_on}")
        return
    need(challenger is None and due is None, "--from and --due open a challenge; leave them out.")
    with app.write(Role.REVIEWER) as connection:
        done = disputes.decide_challenge(connection, claim_id, no, Outcome(outcome), because)
    one = done.challenge
    _say(app, done, f"challenge {one.address} by {one.challenger} {one.outcome}")
    view = done.claim
    if one.outcome is Outcome.UPHELD and one.verdict is view.last_verdict and not view.proposal:
        app.say(
            f"The verdict {hyphenated(one.verdict)} is not corrected by that. Correct it with:\n"
            f"  claimtrack claim mark {claim_id} VERDICT --because WHY --change {Change.CORRECTION}"
        )


def _say(app: App, done: Disputed, what: str) -> None:
    """Print the claim: for a person one line of where it stands, and what was done."""
    from claimtrack.cli.shapes import claim_json

    for line in done.told:
        app.say(line)
    view = done.claim
    word = told_word(view.word, disputed=view.disputed)
    app.emit_object(claim_json(view), [escape_terminal(f"{view.id} {word}: {what}")])
