"""`claimtrack appearance`: where and by whom a claim was said, and whether they said it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.options import appearance_given, appearance_options
from claimtrack.cli.params import AppearanceId, Id, Words
from claimtrack.vocab import Finding, Manner, Role, hyphenated

if TYPE_CHECKING:
    from claimtrack.services.appearances import AppearanceGiven
    from claimtrack.services.views import AppearanceView, ClaimView


@click.group()
def appearance() -> None:
    """Where and by whom a claim was said, and whether they said it."""


@command(
    appearance,
    "add",
    example="""
claimtrack appearance add 14 --speaker "Lena Vogt" --source https://example.org/news/2
""",
)
@click.argument("claim_id", metavar="CLAIM", type=Id())
@appearance_options
def add(app: App, claim_id: int, **options: Any) -> None:
    """Record that a claim was said again: somebody else, elsewhere or another day."""
    need(options["source"], "Where did it appear? Give --source URL, or the id of a source.")
    appeared = appearance_given(options)
    view, numbers = add_to(app, claim_id, appeared)
    _show(app, view, numbers)


def add_to(app: App, claim_id: int, appeared: AppearanceGiven) -> tuple[ClaimView, tuple[int, ...]]:
    """Add appearances in a transaction of their own, asking about a near miss in a terminal."""
    from claimtrack.cli.settling import settle_speakers
    from claimtrack.services.appearances import Added, add_appearances
    from claimtrack.services.stories import load_claim

    def attempt(now: AppearanceGiven) -> tuple[ClaimView, Added]:
        with app.write() as connection:
            added = add_appearances(connection, claim_id, now)
            return load_claim(connection, claim_id), added

    view, added = settle_speakers(app, appeared, attempt)
    for line in added.told:
        app.say(line)
    return view, added.numbers


@command(
    appearance,
    "edit",
    example="""
claimtrack appearance edit 14.1 --speaker "Lena Vogt" --because "'She' is the mayor"
""",
)
@click.argument("address", metavar="CLAIM.NO", type=AppearanceId())
@click.option("--speaker", metavar="NAME", help="Who said it.")
@click.option("--no-speaker", is_flag=True, help="Nobody is named; give --manner too.")
@click.option("--new-speaker", is_flag=True, help="Insist that the name is a new speaker's.")
@click.option("--source", metavar="URL|ID", help="Where it appeared.")
@click.option("--said-on", metavar="DATE", help="When: 2020-02-25, Tuesday; '' removes it.")
@click.option("--quote", metavar="TEXT", help="Only what is quoted; '' removes it.")
@click.option("--passage", metavar="TEXT", help="As printed; '' removes it.")
@click.option("--manner", type=Words.of(Manner), help="How the words appear.")
@click.option("--at", "place", metavar="PLACE", help="Where in it: page 3; '' removes it.")
@click.option("--because", metavar="TEXT", required=True, help="What was read wrongly.")
def edit(app: App, address: tuple[int, int], because: str, **options: Any) -> None:
    """Correct how an appearance was read; what stood there stays in its history."""
    need(
        not (options["speaker"] and options["no_speaker"]),
        "Give either --speaker or --no-speaker.",
    )
    from claimtrack.cli.settling import settle_speaker
    from claimtrack.services.appearances import Added, AppearanceChange, edit_appearance
    from claimtrack.services.stories import load_claim

    def attempt(change: AppearanceChange) -> tuple[ClaimView, Added]:
        with app.write() as connection:
            added = edit_appearance(connection, *address, change, because)
            return load_claim(connection, address[0]), added

    view, added = settle_speaker(app, AppearanceChange(**options), attempt)
    for line in added.told:
        app.say(line)
    _show(app, view, added.numbers)


@command(
    appearance,
    "withdraw",
    example='claimtrack appearance withdraw 14.1 --because "It speaks of another bridge"',
)
@click.argument("address", metavar="CLAIM.NO", type=AppearanceId())
@click.option("--because", metavar="TEXT", required=True, help="Why it should not stand.")
def withdraw(app: App, address: tuple[int, int], because: str) -> None:
    """Withdraw an appearance; it stays on record and counts no more."""
    from claimtrack.services.appearances import withdraw_appearance
    from claimtrack.services.stories import load_claim

    with app.write() as connection:
        withdraw_appearance(connection, *address, because)
        view = load_claim(connection, address[0])
    _show(app, view, address[1:])


@command(
    appearance,
    "attribution",
    example="""
claimtrack appearance attribution 14.1 misquoted --because "The recording says 'some'" \\
    --supports https://example.org/recording
""",
)
@click.argument("address", metavar="CLAIM.NO", type=AppearanceId())
@click.argument("finding", type=Words(*(f.value for f in Finding if f is not Finding.UNCHECKED)))
@click.option("--because", metavar="TEXT", required=True, help="What shows it.")
@click.option("--supports", metavar="URL|ID", help="The source that the finding rests on.")
def attribution(
    app: App, address: tuple[int, int], finding: str, because: str, supports: str | None
) -> None:
    """Say whether the speaker said it: apart from whether it is true."""
    from claimtrack.services.appearances import find_attribution
    from claimtrack.services.stories import load_claim

    with app.write(Role.REVIEWER) as connection:
        told = find_attribution(connection, *address, Finding(finding), because, supports=supports)
        view = load_claim(connection, address[0])
    for line in told:
        app.say(line)
    app.say(f"{address[0]}.{address[1]} is {hyphenated(finding)}.")
    _show(app, view, address[1:])


def _own(view: ClaimView, numbers: tuple[int, ...]) -> Iterator[AppearanceView]:
    """Those of the claim's own appearances that have these numbers."""
    return (one for one in view.appearances if one.claim_id == view.id and one.no in numbers)


def _show(app: App, view: ClaimView, numbers: tuple[int, ...]) -> None:
    from claimtrack.cli.shapes import claim_json
    from claimtrack.cli.story import appearance_line
    from claimtrack.render import escape_terminal

    app.emit_object(
        claim_json(view),
        [
            f"Claim {view.id} ({hyphenated(view.word)}): {escape_terminal(view.statement)}",
            *(f"  {appearance_line(one)}" for one in _own(view, numbers)),
        ],
    )
