"""The noun `claim`; its verbs stand in the modules beside this one."""

from __future__ import annotations

import click


@click.group()
def claim() -> None:
    """Record claims, find them, mark what checking showed."""
