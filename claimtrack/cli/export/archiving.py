"""`export jsonl`: the archive, which holds every row and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from claimtrack.cli.app import App, command
from claimtrack.cli.export.group import export
from claimtrack.cli.export.sending import Sent, output_options, send
from claimtrack.cli.filters import filter_options, narrowed, of_actor, plain, read_filter

if TYPE_CHECKING:
    from sqlalchemy import Connection


@command(
    export,
    "jsonl",
    example="""
claimtrack export jsonl -o desk.jsonl
claimtrack export jsonl --topic harbour | jq -r 'select(.table == "claim").row.statement'
""",
    formats=False,
)
@filter_options
@output_options
def jsonl(app: App, output: Path, *, force: bool, **options: Any) -> None:
    """An archive: every row of the record as a line of JSON, or those of the claims found.

    With a claim goes all that belongs to it, the filed documents too, and the speakers, sources
    and publishers that it needs. `import jsonl` takes an archive into an empty database, where
    every row keeps its number, its actor and its time, and an export is the same to the byte.

    Not in it are the trail of events and its seals, which travel by `db backup` alone, and who is
    behind a pseudonym. It takes the role admin.
    """
    asked = read_filter(app, options) if narrowed(options) else None

    def count(connection: Connection) -> int:
        from claimtrack.services.archives import count_claims

        return count_claims(connection, None if asked is None else of_actor(app, connection, asked))

    def write(connection: Connection, out: BinaryIO, tell: Callable[[int], None]) -> int:
        from claimtrack.services.archives import archive_lines

        chosen = None if asked is None else of_actor(app, connection, asked)
        claims = 0
        for line in archive_lines(connection, chosen):
            out.write(line.encode())
            if line.startswith('{"table":"claim"'):
                claims += 1
                tell(1)
        return claims

    send(app, output, Sent("jsonl", plain(options), count), write, force=force)
