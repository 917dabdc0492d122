"""The noun `claim`; its verbs are registered by the modules beside this one."""

from __future__ import annotations

from claimtrack.cli.claim.group import claim

__all__ = ["claim"]
