"""`report period` and `report overdue`: what was done, and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command, need
from claimtrack.cli.lines import (
    disputes_json,
    limit_option,
    line_json,
    move_json,
    read_day,
    row_limit,
    window,
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

if TYPE_CHECKING:
    from claimtrack.services.lines import ListedClaim
    from claimtrack.services.moves import Move
    from claimtrack.services.overdue import LateChallenge, WithoutEvidence
    from claimtrack.services.period import Period

_RECORDED = (
    ID,
    STATEMENT,
    Column("speaker", "Speaker", max_width=20),
    Column("source", "Source", max_width=24, drop=2),
    Column("recorded_by", "By", max_width=20, drop=1),
)
_CONCLUDED = (
    ID,
    STATEMENT,
    Column("verdict", "Verdict"),
    Column("by", "Checker", max_width=20),
    BECAUSE,
    Column("evidence", "Evidence", grow=True, max_width=48, drop=1),
)
_CHANGED = (
    ID,
    STATEMENT,
    Column("replaced", "Was"),
    Column("verdict", "Is"),
    Column("change", "Change"),
    BY,
    BECAUSE,
)
_REOPENED = (
    ID,
    STATEMENT,
    Column("from_word", "Was"),
    Column("status", "Is"),
    BY,
    BECAUSE,
)
_SET_ASIDE = (ID, STATEMENT, Column("reason", "Reason"), BY, BECAUSE)
_RAISED = (
    ADDRESS,
    STATEMENT,
    Column("what", "What"),
    Column("verdict", "Against"),
    FROM,
    BY,
    BECAUSE,
)
_SETTLED = (
    ADDRESS,
    STATEMENT,
    Column("what", "What"),
    Column("state", "Outcome"),
    Column("closed_by", "By", max_width=20),
    Column("closed_because", "Because", grow=True),
)
_PROPOSED = (ID, STATEMENT, Column("proposed_verdict", "Proposed"), BY, BECAUSE)
_REJECTED = (
    ID,
    STATEMENT,
    Column("proposed_verdict", "Rejected"),
    Column("proposed_by", "Proposed by", max_width=20),
    Column("word", "Stands as"),
    BY,
    BECAUSE,
)
_LOAD = (
    Column("person", "Person", grow=True),
    Column("recorded", "Recorded", align="right"),
    Column("concluded", "Concluded", align="right"),
    Column("approved", "Approved", align="right"),
)
_PERIOD_KEYS = words(
    "id statement kind status verdict disputed from_status from_verdict replaced change reason"
    " because by at proposed_verdict proposed_by decision decided_by decision_because"
    " evidence_count evidence speaker source source_url person recorded"
    " concluded approved holding what no from due_on state closed_at closed_by closed_because"
    " same_as"
)


@command(
    report,
    "period",
    example="""
claimtrack report period --last-week
claimtrack report period --since 2024-03-01 --until 2024-03-31 --format markdown
""",
)
@click.option("--last-week", is_flag=True, help="From last week's Monday to its Sunday.")
@click.option("--since", metavar="DATE", help="From that day on.")
@click.option("--until", metavar="DATE", help="To the end of that day. [default: today]")
@limit_option("rows of a section")
@as_of_option
def period(
    app: App,
    *,
    last_week: bool,
    since: str | None,
    until: str | None,
    limit: int | None,
    as_of: str | None,
) -> None:
    """What was recorded, concluded, changed, reopened, set aside and disputed, and who did it.

    With --as-of the period ends with that day unless --until says otherwise, and last week is the
    week before it.
    """
    need(last_week or since, "Which period? Give --last-week, or --since DATE.")
    need(not (last_week and (since or until)), "Give --last-week, or --since and --until.")
    from claimtrack import dates
    from claimtrack.services import period as service
    from claimtrack.services.unverified import present_moment

    stand = read_stand(app, as_of)
    today = stand.day or app.today()
    if last_week:
        first, final = dates.last_week(today)
    else:
        begun = read_day(app, since, "--since")
        first = begun or today
        final = read_day(app, until, "--until", last=True) or today
    between = window(app, first, final)
    with app.read(as_of=stand.moment) as connection:
        now = present_moment(connection)
        done = service.period(connection, between)
    recorded = [
        {**line_json(line), "by": line.recorded_by, "at": line.recorded_at}
        for line in done.recorded
    ]
    load = [
        {
            "person": one.person,
            "recorded": one.recorded,
            "concluded": one.concluded,
            "approved": one.approved,
            "holding": one.holding,
        }
        for one in done.load
    ]
    then = "then" if stand.moment else "now"
    stands = (*_RECORDED, Column("word", f"Status {then}"))
    holds = (*_LOAD, Column("holding", f"Holding {then}", align="right"))
    sections = [
        Section("recorded", "Recorded", stands, recorded),
        _section(done, "concluded", "Concluded", _CONCLUDED),
        _section(done, "changed", "Verdict changed", _CHANGED),
        _section(done, "reopened", "Reopened", _REOPENED),
        _section(done, "set_aside", "Set aside", _SET_ASIDE),
        _section(done, "proposed", "Proposed for approval", _PROPOSED, quiet=True),
        _section(done, "rejected", "Proposals rejected", _REJECTED, quiet=True),
        Section("raised", "Objections and challenges", _RAISED, disputes_json(done.raised)),
        Section("settled", "Answered and decided", _SETTLED, disputes_json(done.settled)),
        Section("load", "Load", holds, load),
    ]
    emit_sections(
        app,
        {
            "report": "period",
            "since": first,
            "until": final,
            "as_of": stand.day,
            "generated_at": now,
            "totals": {part.key: part.total for part in sections if part.key != "load"},
        },
        sections,
        columns=_PERIOD_KEYS,
        limit=row_limit(app, limit),
        preamble=[f"From {first} to {final}", *stand.heading],
        empty=f"Nothing was recorded or marked from {first} to {final}"
        + (f", as on record{stand.words}." if stand.day else "."),
    )


def _section(
    done: Period, key: str, title: str, columns: Sequence[Column], *, quiet: bool = False
) -> Section:
    """What was done of one kind; claims that are the same stand together, and count once."""
    moved: list[Move] = getattr(done, key)
    rows = [
        {
            **move_json(move),
            "from_word": move.from_word,
            "same_as": [{"id": number} for number in done.same.get(move.claim_id, ())],
        }
        for move in moved
    ]
    return Section(key, title, columns, rows, quiet=quiet, claims=done.claims(moved))


_OVERDUE_KEYS = words(
    "id statement kind status verdict disputed priority days assigned_to due_on recheck_on"
    " speaker source source_url reach appearances recorded_at"
    " withdrawn_at withdrawn_evidence challenge_no challenge_from challenge_due_on"
    " challenge_because same_as"
)
_PIECES = Column("withdrawn_evidence", "Evidence", fixed=True, max_width=16)


@command(report, "overdue", example="claimtrack report overdue --days 14")
@click.option(
    "--days",
    metavar="N",
    type=click.IntRange(0, 36_500),
    help="In review or awaiting approval for more than N days. [default: the setting review_days]",
)
@limit_option("rows of a section")
@as_of_option
def overdue(app: App, days: int | None, limit: int | None, as_of: str | None) -> None:
    """What is late: due, to be checked again, too long in review, undermined, or not decided.

    A verdict is without its evidence once a piece on which it rests was withdrawn. A demand for
    correction is late when its day has passed and nobody upheld or rejected it. With --as-of days
    are counted to the end of that day.
    """
    from claimtrack.services import overdue as service
    from claimtrack.services.unverified import present_moment

    patience = app.settings.review_days if days is None else days
    stand = read_stand(app, as_of)
    today = stand.day or app.today()
    with app.read(as_of=stand.moment) as connection:
        now = present_moment(connection)
        late = service.overdue(connection, today, stand.moment or now, patience)
    sections = [
        Section("due", "Due date passed", _late("Days late", "due_on", "Due"), _rows(late.due)),
        Section(
            "recheck",
            "To be checked again",
            _late("Days late", "recheck_on", "Check again"),
            _rows(late.recheck),
        ),
        Section(
            "in_review",
            f"In review for more than {patience} days",
            _late("Days", "due_on", "Due"),
            _rows(late.in_review),
        ),
        Section(
            "awaiting_approval",
            f"Awaiting approval for more than {patience} days",
            _late("Days", "due_on", "Due"),
            _rows(late.awaiting_approval),
            quiet=True,
        ),
        Section(
            "evidence_withdrawn",
            "Evidence withdrawn since the verdict",
            _late("Days", "withdrawn_at", "Withdrawn", _PIECES),
            _rows_without_evidence(late.evidence_withdrawn),
        ),
        Section(
            "challenges",
            "Demands for correction not decided",
            _late(
                "Days late",
                "challenge_due_on",
                "Due",
                Column("challenge_from", "From", max_width=20),
            ),
            _rows_of_challenges(late.challenges),
        ),
    ]
    emit_sections(
        app,
        {
            "report": "overdue",
            "on": today,
            "review_days": patience,
            "as_of": stand.day,
            "generated_at": now,
            "totals": {section.key: len(section.rows) for section in sections},
        },
        sections,
        columns=_OVERDUE_KEYS,
        limit=row_limit(app, limit),
        preamble=stand.heading,
        empty=f"Nothing was late{stand.words}." if stand.day else "Nothing is late.",
    )


def _late(days: str, date: str, title: str, *more: Column) -> tuple[Column, ...]:
    return (
        ID,
        Column("days", days, align="right"),
        Column(date, title, fixed=True),
        *more,
        Column("word", "Status"),
        Column("assigned_to", "Holder", max_width=14),
        Column("priority", "Priority", drop=2),
        STATEMENT,
    )


def _rows_without_evidence(late: list[WithoutEvidence]) -> list[dict[str, Any]]:
    return [
        {
            **line_json(one.line),
            "days": one.days,
            "withdrawn_at": one.withdrawn_at,
            "withdrawn_evidence": one.evidence_ids,
        }
        for one in late
    ]


def _rows_of_challenges(late: list[LateChallenge]) -> list[dict[str, Any]]:
    return [
        {
            **line_json(one.line),
            "days": one.days,
            "challenge_no": one.challenge.no,
            "challenge_from": one.challenge.challenger,
            "challenge_due_on": one.challenge.due_on,
            "challenge_because": one.challenge.because,
        }
        for one in late
    ]


def _rows(late: list[tuple[ListedClaim, int]]) -> list[dict[str, Any]]:
    return [{**line_json(line), "days": days} for line, days in late]
