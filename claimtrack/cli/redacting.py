"""`claimtrack audit redact`: take a value out of the record for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.audit import audit
from claimtrack.cli.blocks import counted
from claimtrack.cli.protecting import say_mentions
from claimtrack.cli.streams import asking
from claimtrack.render import escape_terminal

if TYPE_CHECKING:
    from claimtrack.services.redaction import Redacted, Target


@command(
    audit,
    "redact",
    example="""
claimtrack audit redact note 7 body --because "Names a witness"
claimtrack audit redact appearance 42.1 passage --because "Names a witness" --yes
claimtrack audit redact source 12 identity --because "The witness withdrew"
claimtrack audit redact capture 3 content --because "Ordered by the court"
""",
)
@click.argument("table")
@click.argument("row", metavar="ROW")
@click.argument("field")
@click.option("--because", metavar="TEXT", required=True, help="Why; without the value itself.")
@click.option("--yes", is_flag=True, help="Don't ask whether to.")
def redact(app: App, table: str, row: str, field: str, because: str, yes: bool) -> None:
    """Take a value out of the record for good: there is no way back.

    TABLE, ROW and FIELD are as `audit log` shows them. The value leaves its row and every event,
    before and after, with what was made from it, and the same words where they are the reason of
    an event. A salted digest stays, so that the seals go on holding, and nobody can tell from it
    what it was. `identity` of a protected speaker or source is what was moved away.

    Only the owner of the database may. Backups made before still hold the value.
    """
    need(
        yes or app.interactive,
        "This can't be taken back, and nobody can be asked: say --yes if you mean it.",
    )
    from claimtrack.services import redaction

    if not yes:
        with app.write() as connection:
            target = redaction.find(connection, table, row, field)
        _ask(target)
    with app.write() as connection:
        done = redaction.redact(connection, redaction.find(connection, table, row, field), because)
    app.emit_object(_json(done), _lines(done))
    say_mentions(app, done.left, "The same words still stand in")


def _ask(target: Target) -> None:
    """Ask with no transaction open: nobody must wait for a person who is at lunch."""
    what = escape_terminal(f"{target.field} of {target.table} {target.row_key}")
    with asking():
        click.confirm(
            f"Redact the {what} for good, in its row and in {counted(target.events, 'event')}?",
            abort=True,
            err=True,
        )


def _json(done: Redacted) -> dict[str, object]:
    return {
        "table": done.target.table,
        "row": done.target.row_key,
        "field": done.target.field,
        "events": done.target.events,
        "digest": done.digest,
        "left": [{"table": one.table, "row": one.row_key, "field": one.field} for one in done.left],
    }


def _lines(done: Redacted) -> list[str]:
    target = done.target
    what = escape_terminal(f"{target.table} {target.row_key}, {target.field}")
    lines = [f"Redacted {what}: in its row and in {counted(target.events, 'event')}."]
    if done.digest:
        lines.append(f"  its salted digest stays: {done.digest}")
    return lines
