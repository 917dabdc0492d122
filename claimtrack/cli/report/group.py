"""The noun `report`, and which module has which of its verbs, in the order of its help."""

from __future__ import annotations

import click

from claimtrack.cli.groups import LazyGroup

_MODULES = {
    "unverified": "unverified",
    "summary": "standing",
    "period": "work",
    "overdue": "work",
    "corrections": "register",
    "figures": "standing",
    "repeats": "repeats",
    "duplicates": "duplicates",
}


@click.group(
    cls=LazyGroup,
    modules={verb: f"claimtrack.cli.report.{module}" for verb, module in _MODULES.items()},
)
def report() -> None:
    """What is still unverified, and what was concluded."""
