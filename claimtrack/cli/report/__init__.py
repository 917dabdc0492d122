"""The noun `report`: each module registers its verbs on the group."""

from __future__ import annotations

from claimtrack.cli.report import standing, unverified, work
from claimtrack.cli.report.group import report

__all__ = ["report", "standing", "unverified", "work"]
