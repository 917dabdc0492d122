"""What must hold whatever happened: the record agrees with itself, and its chain verifies."""

from __future__ import annotations

from collections.abc import Mapping

from click.testing import CliRunner

from claimtrack.cli import cli


def command(environment: Mapping[str, str | None], *words: str) -> None:
    """Run a command that must succeed."""
    result = CliRunner().invoke(
        cli,
        words,
        prog_name="claimtrack",
        env={**environment, "CLAIMTRACK_ACTOR": "Checker"},
        catch_exceptions=False,
    )
    assert result.exit_code == 0, f"{' '.join(words)}: {result.stdout}{result.stderr}"


def refuse_wrong(environment: Mapping[str, str | None]) -> None:
    """Run the commands by which a user looks whether all is well; each must say so."""
    command(environment, "db", "check")
    command(environment, "audit", "seal")
    command(environment, "audit", "verify")
