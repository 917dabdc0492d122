"""The noun `export`, and which module has which of its verbs, in the order of its help."""

from __future__ import annotations

import click

from claimtrack.cli.groups import LazyGroup

_MODULES = {
    "csv": "sheets",
    "xlsx": "sheets",
    "claimreview": "reviews",
    "jsonl": "archiving",
}


@click.group(
    cls=LazyGroup,
    modules={verb: f"claimtrack.cli.export.{module}" for verb, module in _MODULES.items()},
)
def export() -> None:
    """Take claims out: for spreadsheets, for other programs, for readers."""
