"""The noun `report`; its verbs stand in the modules beside this one."""

from __future__ import annotations

import click


@click.group()
def report() -> None:
    """What is still unverified, and what was concluded."""
