"""The noun `claim`: each module registers its verbs on the group, in the order of its help."""

from __future__ import annotations

from claimtrack.cli.claim import adding, listing, marking, showing, tending
from claimtrack.cli.claim.group import claim

__all__ = ["adding", "claim", "listing", "marking", "showing", "tending"]
