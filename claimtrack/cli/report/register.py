"""`report corrections`: what was wrong, what was said to be, and what came of it."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.lines import (
    disputes_json,
    limit_option,
    move_json,
    read_window,
    row_limit,
    words,
)
from claimtrack.cli.past import as_of_option, read_stand
from claimtrack.cli.report.group import report
from claimtrack.cli.report.sections import (
    ADDRESS,
    BECAUSE,
    BY,
    FROM,
    ID,
    STATEMENT,
    Section,
    emit_sections,
)
from claimtrack.render import Column

_CHALLENGES = (
    ADDRESS,
    STATEMENT,
    Column("verdict", "Against"),
    FROM,
    BECAUSE,
    Column("due_on", "Due", fixed=True, drop=2),
    Column("state", "Outcome", fixed=True),
    Column("closed_because", "Decided because", grow=True, drop=1),
    Column("closed_at", "On", fixed=True, drop=3),
)
_OBJECTIONS = (
    ADDRESS,
    STATEMENT,
    Column("verdict", "Against"),
    BY,
    BECAUSE,
    Column("state", "State", fixed=True),
    Column("closed_because", "Answer", grow=True, drop=1),
    Column("closed_at", "On", fixed=True, drop=2),
)
_CORRECTIONS = (
    ID,
    STATEMENT,
    Column("old_verdict", "Was"),
    Column("new_verdict", "Is"),
    BECAUSE,
    BY,
    Column("at", "On", fixed=True),
)
_CORRECTIONS_KEYS = words(
    "id statement old_verdict new_verdict disputed because by approved_by at evidence no verdict"
    " from due_on state closed_at closed_by closed_because"
)


@command(
    report,
    "corrections",
    example="claimtrack report corrections --since 2024-01 --format csv",
)
@click.option("--since", metavar="DATE", help="From that day on.")
@click.option("--until", metavar="DATE", help="To the end of that day.")
@limit_option("rows of a section")
@as_of_option
def corrections(
    app: App, since: str | None, until: str | None, limit: int | None, as_of: str | None
) -> None:
    """The corrections register: verdicts that were wrong, what replaced them, and why.

    Below them stand the demands for correction with their outcome, and the objections with their
    answer: those that came or were closed in that time.
    """
    from claimtrack.services.dispute_lists import challenges, objections
    from claimtrack.services.moves import moves
    from claimtrack.services.unverified import present_moment
    from claimtrack.vocab import Change

    between = read_window(app, since, until)
    stand = read_stand(app, as_of)
    with app.read(as_of=stand.moment) as connection:
        now = present_moment(connection)
        found = moves(connection, between, change=Change.CORRECTION)
        demands = challenges(connection, between)
        objected = objections(connection, between)
    rows = [
        {
            "id": move.claim_id,
            "statement": move.statement,
            "old_verdict": move.replaced,
            "new_verdict": move.verdict,
            "disputed": move.disputed,
            "because": move.why,
            "by": move.checker,
            "approved_by": move.recorded_by if move.decision else None,
            "at": move.recorded_at,
            "evidence": move_json(move)["evidence"],
        }
        for move in found
    ]
    sections = [
        Section("corrections", "Corrections", _CORRECTIONS, rows),
        Section("challenges", "Demands for correction", _CHALLENGES, disputes_json(demands)),
        Section("objections", "Objections", _OBJECTIONS, disputes_json(objected)),
    ]
    emit_sections(
        app,
        {
            "report": "corrections",
            "as_of": stand.day,
            "generated_at": now,
            "totals": {section.key: len(section.rows) for section in sections},
        },
        sections,
        columns=_CORRECTIONS_KEYS,
        limit=row_limit(app, limit),
        preamble=stand.heading,
        empty=f"There was no correction{stand.words}, and none was demanded."
        if stand.day
        else "There is no correction, and none was demanded.",
    )
