"""The noun `export`; its verbs are registered by the modules beside this one."""

from __future__ import annotations

from claimtrack.cli.export.group import export

__all__ = ["export"]
