"""The noun `import`; its verbs are registered by the modules beside this one."""

from __future__ import annotations

from claimtrack.cli.importing.group import import_

__all__ = ["import_"]
