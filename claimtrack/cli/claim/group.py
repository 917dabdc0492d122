"""The noun `claim`, and which module has which of its verbs, in the order of its help."""

from __future__ import annotations

import click

from claimtrack.cli.groups import LazyGroup

_MODULES = {
    "add": "adding",
    "match": "matching",
    "list": "listing",
    "search": "searching",
    "show": "showing",
    "history": "marking",
    "mark": "marking",
    "approve": "deciding",
    "reject": "deciding",
    "object": "disputing",
    "answer": "disputing",
    "challenge": "disputing",
    "publish": "publishing",
    "unpublish": "publishing",
    "edit": "tending",
    "note": "tending",
    "assign": "tending",
    "supersede": "adding",
    "merge": "joining",
    "unmerge": "joining",
    "same": "judging",
    "different": "judging",
    "unsure": "judging",
    "judge": "queueing",
}


@click.group(
    cls=LazyGroup,
    modules={verb: f"claimtrack.cli.claim.{module}" for verb, module in _MODULES.items()},
)
def claim() -> None:
    """Record claims, find them, mark what checking showed."""
