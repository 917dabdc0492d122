"""What `speaker` and `source` share where people are protected: options, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, need
from claimtrack.cli.blocks import fields
from claimtrack.cli.options import stack
from claimtrack.render import style

if TYPE_CHECKING:
    from claimtrack.services.identities import Identity
    from claimtrack.services.mentions import Mention

#: How many fields that still hold a name are listed.
LISTED = 10

#: Before the texts that nobody can protect by themselves.
STILL = "What was protected still stands in"

protect_options = stack(
    click.option("--protected", is_flag=True, help="Protect: only a pseudonym stays."),
    click.option("--as", "pseudonym", metavar="PSEUDONYM", help="The pseudonym, with --protected."),
)
reveal_option = click.option(
    "--reveal", is_flag=True, help="Show whom a pseudonym stands for; it is recorded that you did."
)


def protects(protected: bool, pseudonym: str | None, changes: bool) -> bool:
    """Whether an edit protects, and nothing else.

    Raises:
        UsageError: options were given that don't go together.
    """
    need(protected or pseudonym is None, "--as gives the pseudonym: it goes with --protected.")
    need(not (protected and changes), "--protected goes with --as and --because alone.")
    return protected


def say_mentions(app: App, left: Sequence[Mention], what: str) -> None:
    """Name the fields in which people wrote the same, and how to take it out of them."""
    if not left:
        return
    app.say(f"{what} {'one text' if len(left) == 1 else f'{len(left)} texts'}:")
    for one in left[:LISTED]:
        app.say(f"  claimtrack audit redact {one.table} {one.row_key} {one.field} --because WHY")
    if len(left) > LISTED:
        app.say(f"  and {len(left) - LISTED} more")


def identity_lines(title: str, identity: Identity, *, color: bool) -> Iterator[str]:
    """Who or what is behind a pseudonym, for a person."""
    yield style(title, "bold", color=color)
    known = (
        ("name", identity.name),
        ("who", identity.description),
        ("also called", "; ".join(one for one in identity.aliases if one != identity.name)),
        ("url", identity.url),
        ("title", identity.title),
        ("publisher", identity.publisher),
        ("agency", identity.agency),
        ("external id", identity.external_id),
        ("files", "; ".join(identity.files)),
    )
    if any(value for _, value in known):
        yield from fields(known)
    else:
        yield "  nothing is recorded"
