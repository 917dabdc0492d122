"""`report duplicates`: pairs of claims that are likely the same, found in the whole database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.lines import limit_option, line_json, people, row_limit, words
from claimtrack.cli.report.group import report
from claimtrack.cli.report.sections import emit_flat
from claimtrack.render import Column
from claimtrack.vocab import hyphenated

if TYPE_CHECKING:
    from claimtrack.services.matching.queue import Waiting

_FOR_PEOPLE = (
    Column("probability", "Likely", align="right"),
    Column("id", "ID", align="right"),
    Column("status", "Status"),
    Column("statement", "Statement", grow=True),
    Column("other_id", "Other", align="right"),
    Column("other_status", "Status"),
    Column("other_statement", "Statement", grow=True, max_width=60),
    Column("found_by", "Found by", max_width=20, drop=1),
)
_KEYS = words(
    "probability id statement status verdict speaker said_on other_id other_statement other_status"
    " other_verdict other_speaker other_said_on found_by found_at"
)


@command(
    report,
    "duplicates",
    example="""
claimtrack report duplicates
claimtrack report duplicates --list --format csv
""",
)
@click.option("--list", "list_only", is_flag=True, help="Look at no claim: list what was found.")
@click.option("--again", is_flag=True, help="Look at all claims again, from the first.")
@click.option(
    "--threshold",
    metavar="P",
    type=click.FloatRange(0, 1),
    help="From which probability on two are likely the same, and are listed. [default: 0.5; all]",
)
@limit_option("pairs")
def duplicates(
    app: App, *, list_only: bool, again: bool, threshold: float | None, limit: int | None
) -> None:
    """Find claims that are likely the same, and list the pairs that wait to be judged.

    Every claim is compared with all others, once: it goes on with those that were recorded or
    imported since. Ctrl-C keeps what was found, and the next time it goes on there. Nothing is
    decided by it: claim judge goes through the pairs, and what was judged does not come back.
    """
    from claimtrack.services.matching import duplicates as service
    from claimtrack.services.matching import queue

    need(not (list_only and again), "--list looks at no claim.")
    if not list_only:
        from claimtrack.cli.comparing import compare_all

        compare_all(app, threshold, again=again)
    with app.read() as connection:
        least = threshold or 0.0
        waiting = queue.count_open(connection, least)
        found = queue.open_pairs(connection, row_limit(app, limit), least=least)
        unseen = service.count_unseen(connection)
    emit_flat(
        app,
        {
            "report": "duplicates",
            "totals": {"waiting": waiting, "claims_not_looked_at": unseen},
        },
        [_row(app, one) for one in found],
        for_people=_FOR_PEOPLE,
        keys=_KEYS,
        limit=None,
        preamble=[_told(waiting, len(found)), ""] if waiting else (),
        empty="No pair waits to be judged.",
    )
    if waiting and people(app):
        app.say("Go through them, key by key, with:\n  claimtrack claim judge")


def _told(waiting: int, shown: int) -> str:
    pairs = "1 pair waits" if waiting == 1 else f"{waiting:,} pairs wait"
    more = f", the likeliest {shown:,} are shown" if shown < waiting else ""
    return f"{pairs} to be judged{more}"


def _row(app: App, one: Waiting) -> dict[str, Any]:
    first, second = line_json(one.claim), line_json(one.other)
    row = {"probability": round(one.probability, 3), "found_by": one.found_by}
    if not people(app) and app.format.value != "csv":
        return {**row, "found_at": one.found_at, "claim": first, "other": second}
    return {
        **row,
        "found_at": one.found_at,
        "id": first["id"],
        "statement": first["statement"],
        "status": hyphenated(one.claim.word) if people(app) else first["status"],
        "verdict": first["verdict"],
        "speaker": first["speaker"],
        "said_on": first["said_on"],
        "other_id": second["id"],
        "other_statement": second["statement"],
        "other_status": hyphenated(one.other.word) if people(app) else second["status"],
        "other_verdict": second["verdict"],
        "other_speaker": second["speaker"]["name"] if second["speaker"] else None,
        "other_said_on": second["said_on"],
    }
