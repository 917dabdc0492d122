"""The noun `policy`: the rules that a desk gives itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.params import Words
from claimtrack.render import Column, Listing, escape_terminal
from claimtrack.vocab import MOST_PUBLISHERS, Policy, Role

if TYPE_CHECKING:
    from claimtrack.services.policies import PolicySet, PolicyView


class _EitherSpelling(click.Group):
    """A group whose verbs may be typed with hyphens, too."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb in either spelling."""
        return super().get_command(ctx, cmd_name.lower().replace("-", "_"))


@click.group(cls=_EitherSpelling)
def policy() -> None:
    """The rules that a desk gives itself, such as a second reviewer for every verdict."""


_because = click.option("--because", metavar="TEXT", help="Why.")


@command(policy, "list", example="claimtrack policy list")
def list_policies(app: App) -> None:
    """The policies: what holds, what it asks for, who set it when and why."""
    from claimtrack.cli.lines import cells, people
    from claimtrack.services import policies as service

    with app.read() as connection:
        found = service.list_policies(connection)
    app.emit(
        Listing(
            columns=(
                Column("name", "Policy", fixed=True),
                Column("value", "Is"),
                Column("asks", "What it asks for", grow=True),
                Column("recorded_by", "Set by", max_width=20),
                Column("recorded_at", "On", fixed=True),
                Column("because", "Because", grow=True),
            ),
            rows=[_json(one) for one in found],
            cells=(lambda row: cells(app, row)) if people(app) else None,
        )
    )


@command(
    policy,
    Policy.SECOND_REVIEWER.value,
    example="""
claimtrack policy second_reviewer on --because "Decided on Monday"
claimtrack policy second_reviewer off
""",
)
@click.argument("value", metavar="on|off", type=Words("on", "off"))
@_because
def second_reviewer(app: App, value: str, because: str | None) -> None:
    """Whether a verdict waits until somebody else approves it.

    While it is on, `claim mark` with a verdict makes the claim wait as awaiting-approval, until
    somebody else than who marked it runs `claim approve`, or anybody `claim reject`. Claims that
    wait when it is turned off still want their approval or rejection.
    """
    _set(app, Policy.SECOND_REVIEWER, value, because)


@command(
    policy,
    Policy.INDEPENDENT_PUBLISHERS.value,
    example="""
claimtrack policy independent_publishers 2 --because "One paper is no proof"
claimtrack policy independent_publishers 0
""",
)
@click.argument("number", metavar="N", type=click.IntRange(0, MOST_PUBLISHERS))
@_because
def independent_publishers(app: App, number: int, because: str | None) -> None:
    """How many independent publishers a verdict must rest on; 0 asks for no number.

    Counted are the agencies, else publishers, else sites of the evidence that bears the verdict:
    ten reprints of one wire are one, and what made the claim is none. The verdicts unproven and
    unverifiable need no evidence, and so no publisher. Verdicts that stand are left as they are.
    """
    _set(app, Policy.INDEPENDENT_PUBLISHERS, str(number), because)


def _set(app: App, name: Policy, value: str, because: str | None) -> None:
    from claimtrack.services import policies as service

    with app.write(Role.ADMIN) as connection:
        done = service.set_policy(connection, name, value, because)
    app.emit_object({**_json(done.after), "was": done.before.value}, [_told(done)])
    if name is Policy.SECOND_REVIEWER and value == "off" and done.waiting:
        wait = "1 claim still waits" if done.waiting == 1 else f"{done.waiting:,} claims still wait"
        app.say(f"{wait} for approval:\n  claimtrack claim list --status awaiting-approval")


def _told(done: PolicySet) -> str:
    """One line of what was and what is."""
    before, after, _ = done
    if before.value == after.value:
        since = (
            f", set by {after.recorded_by} on {after.recorded_at:%Y-%m-%d}"
            if after.recorded_at
            else ", as it is by default"
        )
        return escape_terminal(f"{after.name} is {after.value} already{since}.")
    return f"{after.name}: was {before.value}, is {after.value}. {_asks(after)}"


def _asks(one: PolicyView) -> str:
    """What a policy asks for, as a sentence."""
    if one.name is Policy.SECOND_REVIEWER:
        return (
            "A verdict waits until somebody else approves it."
            if one.value == "on"
            else "Who marks a claim concludes it."
        )
    if one.value == "0":
        return "A verdict may rest on any number of publishers."
    return (
        "A verdict rests on at least 1 independent publisher."
        if one.value == "1"
        else f"A verdict rests on at least {one.value} independent publishers."
    )


def _json(one: PolicyView) -> dict[str, object]:
    return {
        "name": one.name,
        "value": one.value,
        "asks": _asks(one),
        "recorded_by": one.recorded_by,
        "recorded_at": one.recorded_at,
        "because": one.because,
    }
