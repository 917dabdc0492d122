"""What became of an import's rows, as its commands tell."""

from __future__ import annotations

from typing import Any

from tests.conftest import Outcome, Run


def counts(outcome: Outcome) -> dict[str, int]:
    """What became of the rows, without what there was none of."""
    names = ("created", "added", "updated", "revived", "unchanged", "refused")
    return {name: outcome.json[name] for name in names if outcome.json[name]}


def shown(run: Run, claim_id: int) -> Any:
    """A claim as JSON."""
    return run("claim", "show", claim_id, "--format", "json").json
