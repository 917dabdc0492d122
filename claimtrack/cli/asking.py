"""Ask the person at the terminal which speaker, or which claim, is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App
from claimtrack.cli.streams import asking

if TYPE_CHECKING:
    from claimtrack.services.claims import AlreadyRecordedError
    from claimtrack.services.matching.repeating import LikelyRepeatError
    from claimtrack.services.speakers import NearMissError


def ask_which_speaker(app: App, error: NearMissError) -> str | None:
    """Ask who is meant by a name that is only near others.

    Gives back the id of the one who was chosen, as text; None means a new speaker. Ask with no
    transaction open, and then repeat it: nobody must wait for a person who is at lunch.

    Raises:
        NearMissError: nobody can be asked.
    """
    if not app.interactive:
        raise error
    name = error.name.strip()
    app.say(
        f'There is no speaker "{name}" yet. Who is it?'
        if error.may_be_new
        else f'Several are called "{name}". Who is it?'
    )
    answers = [str(number) for number in range(1, len(error.candidates) + 1)]
    for answer, ref in zip(answers, error.candidates, strict=True):
        app.say(f"  {answer}  {ref.name} (speaker {ref.id})")
    if error.may_be_new:
        answers.append("n")
        app.say(f"  n  somebody new: {name}")
    with asking():
        answer = click.prompt(
            "Choose", type=click.Choice(answers, case_sensitive=False), show_choices=True, err=True
        )
    return None if answer == "n" else str(error.candidates[int(answer) - 1].id)


def ask_which_claim(app: App, error: AlreadyRecordedError | LikelyRepeatError) -> int | None:
    """Ask whether a statement is one of the claims that have its words, or look like it.

    Gives back the number of that claim; None means that it is another. Ask in a terminal, with no
    transaction open.

    Raises:
        ConflictError: neither; the person wants to stop.
    """
    from claimtrack.errors import ConflictError

    app.say("That may be on record already. Is it")
    known = _described(app, error)
    answers = {str(number): claim_id for number, claim_id in enumerate(known, start=1)}
    for answer, claim_id in answers.items():
        app.say(f"  {answer}  {known[claim_id]}: add an appearance")
    app.say("  n  another claim: record it\n  s  stop")
    with asking():
        answer = click.prompt(
            "Choose",
            type=click.Choice([*answers, "n", "s"], case_sensitive=False),
            show_choices=True,
            err=True,
        )
    if answer == "s":
        raise ConflictError(
            "Nothing was recorded.", next_command=f"claimtrack claim show {error.claim_id}"
        )
    return answers.get(answer)


def _described(app: App, error: AlreadyRecordedError | LikelyRepeatError) -> dict[int, str]:
    from claimtrack.services.lines import lines_of
    from claimtrack.services.matching.repeating import LikelyRepeatError, described
    from claimtrack.vocab import hyphenated

    if isinstance(error, LikelyRepeatError):
        return {one.claim_id: described(one.claim_id, one) for one in error.matches}
    with app.read() as connection:
        found = lines_of(connection, [error.claim_id, error.merged_id])
    told = described(error.claim_id, found[error.claim_id])
    if error.merged_id != error.claim_id:
        word = hyphenated(found[error.merged_id].word)
        told = f"{told}, into which claim {error.merged_id} was merged, {word}, with these words"
    return {error.claim_id: told}
