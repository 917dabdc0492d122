"""Which pg_dump and pg_restore are on this machine, and which of them can serve a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from claimtrack import embedded
from claimtrack.errors import DatabaseError

_SUFFIX = ".exe" if sys.platform == "win32" else ""

#: Where packages put the client programs beside PATH: Debian, Red Hat, a build from source,
#: Homebrew, Postgres.app, Windows.
_USUAL = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/opt/libpq/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "C:/Program Files/PostgreSQL/*/bin",
)


class Tool(NamedTuple):
    """One of PostgreSQL's programs."""

    path: Path
    major: int
    #: Whether it came with claimtrack. That one can't speak TLS.
    own: bool


def found(program: str) -> list[Tool]:
    """Every ``program`` on this machine, in the order in which they are looked for."""
    tools: dict[Path, Tool] = {}
    for folder, own in _folders():
        path = folder / f"{program}{_SUFFIX}"
        if not os.access(path, os.X_OK) or path.is_dir():
            continue
        real = path.resolve()
        # Debian's /usr/bin/pg_dump is a script that picks a version of its own.
        if real.name == "pg_wrapper" or real in tools:
            continue
        if (major := _major(real)) is not None:
            tools[real] = Tool(real, major, own)
    return list(tools.values())


def choose(program: str, least: int, *, tls: bool = False) -> list[Tool]:
    """The programs of major version ``least`` or later, the lowest version first.

    ``tls`` leaves out the one that can't encrypt its connection.

    Raises:
        DatabaseError: there is none; says which there are.
    """
    tools = found(program)
    fit = [tool for tool in tools if tool.major >= least and not (tls and tool.own)]
    if fit:
        return sorted(fit, key=lambda tool: tool.major)
    there = ", ".join(f"{tool.major} ({tool.path.parent})" for tool in tools) or "none"
    secret = (
        " The connection is encrypted, which the one that comes with claimtrack can't do."
        if tls and any(tool.own and tool.major >= least for tool in tools)
        else ""
    )
    raise DatabaseError(
        f"This takes {program} of PostgreSQL {least} or later; found here: {there}.{secret}"
        f" Install the client programs of PostgreSQL {least}, and put them on the PATH."
    )


def _folders() -> Iterator[tuple[Path, bool]]:
    for name in os.get_exec_path():
        if name:
            yield Path(name), False
    for pattern in _USUAL:
        root = Path(Path(pattern).anchor)
        if root.exists():
            # The newest last; which one serves is decided by version, not by place.
            yield from ((folder, False) for folder in sorted(root.glob(pattern[len(str(root)) :])))
    if (config := shutil.which("pg_config")) is not None and (said := _said(config, "--bindir")):
        yield Path(said), False
    try:
        yield embedded.binaries(), True
    except DatabaseError:  # none for this platform
        return


def _major(path: Path) -> int | None:
    """The major version that a program says it is."""
    match = re.search(r"\(PostgreSQL\) (\d+)", _said(path, "--version"))
    return int(match[1]) if match else None


def _said(program: Path | str, option: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            [program, option], capture_output=True, text=True, check=False, errors="replace"
        )
    except OSError:
        return ""
    return done.stdout.strip()
