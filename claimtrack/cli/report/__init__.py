"""The noun `report`; its verbs are registered by the modules beside this one."""

from __future__ import annotations

from claimtrack.cli.report.group import report

__all__ = ["report"]
