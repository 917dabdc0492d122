"""`report summary` and `report figures`: how much there is, and what the figures say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.lines import limit_option, move_json, people, row_limit, told_json, words
from claimtrack.cli.past import Stand, as_of_option, read_stand
from claimtrack.cli.report.group import report
from claimtrack.cli.report.sections import Section, emit_flat, emit_sections
from claimtrack.render import Column
from claimtrack.vocab import hyphenated

_CLAIMS = Column("claims", "Claims", align="right")
_SUMMARY_KEYS = words(
    "name claims unverified in_review awaiting_approval id statement from_status from_verdict"
    " status verdict disputed because by at"
)


@command(
    report,
    "summary",
    example="""
claimtrack report summary --format markdown
claimtrack report summary --as-of 2024-03
""",
)
@as_of_option
def summary(app: App, as_of: str | None) -> None:
    """How many claims there are, where they stand, who holds them, and what was marked last."""
    from claimtrack.services import summary as service
    from claimtrack.services.unverified import UNCONCLUDED, present_moment

    stand = read_stand(app, as_of)
    with app.read(as_of=stand.moment) as connection:
        now = present_moment(connection)
        found = service.summary(connection)
    totals = {
        "claims": found.claims,
        "open": sum(found.statuses[status] for status in UNCONCLUDED),
        "speakers": found.speakers,
        "sources": found.sources,
        "appearances": found.appearances,
        "evidence_withdrawn": found.evidence_withdrawn,
        "disputed": found.disputed,
        "challenges_open": found.challenges_open,
    }
    holders = [
        {"name": person, "claims": sum(counts.values()), **{str(s): n for s, n in counts.items()}}
        for person, counts in found.holders.items()
    ]
    moves = [
        {**move_json(move), "word": move.word, "by": move.recorded_by} for move in found.latest
    ]
    sections = [
        Section(key, title, columns, rows, counted=False)
        for key, title, columns, rows in (
            ("status", "By status", _named("Status"), _counts(app, found.statuses)),
            ("verdict", "By verdict", _named("Verdict"), _counts(app, found.verdicts)),
            ("kind", "By kind", _named("Kind"), _counts(app, found.kinds)),
            ("priority", "By priority", _named("Priority"), _counts(app, found.priorities)),
            ("holder", "Open claims by holder", _HOLDERS, holders),
            ("latest", "Latest marks", _LATEST, moves),
        )
    ]
    preamble = [
        *stand.heading,
        f"{found.claims:,} claims, {totals['open']:,} of them open; {found.speakers:,} speakers,"
        f" {found.sources:,} sources, {found.appearances:,} appearances",
    ]
    if found.evidence_withdrawn:
        preamble.append(
            f"Verdicts whose evidence was withdrawn since: {found.evidence_withdrawn:,}"
        )
    if found.disputed or found.challenges_open:
        preamble.append(
            f"Disputed claims: {found.disputed:,}; demands for correction not decided:"
            f" {found.challenges_open:,}"
        )
    if not found.claims:
        sections = [replace(section, rows=()) for section in sections]
    emit_sections(
        app,
        {"report": "summary", "as_of": stand.day, "generated_at": now, "totals": totals},
        sections,
        columns=_SUMMARY_KEYS,
        limit=None,
        preamble=preamble,
        empty=f"There was no claim{stand.words}." if stand.day else "There is no claim yet.",
    )


_HOLDERS = (
    Column("name", "Holder", grow=True),
    _CLAIMS,
    Column("unverified", "Unverified", align="right"),
    Column("in_review", "In review", align="right"),
    Column("awaiting_approval", "Awaiting approval", align="right"),
)
_LATEST = (
    Column("id", "ID", align="right"),
    Column("statement", "Statement", grow=True),
    Column("word", "Marked"),
    Column("by", "By", max_width=20),
    Column("at", "On", fixed=True),
)


def _named(title: str) -> tuple[Column, ...]:
    return (Column("name", title), _CLAIMS)


def _counts(app: App, counts: Mapping[Any, int]) -> list[dict[str, Any]]:
    """One row a word; people see only the words that some claim has."""
    rows = [{"name": str(word), "claims": count} for word, count in counts.items()]
    if not people(app):
        return rows
    return [{**row, "name": hyphenated(str(row["name"]))} for row in rows if row["claims"]]


_FIGURES = (
    Column("id", "ID", align="right"),
    Column("dated", "Day", fixed=True),
    Column("value", "Figure", fixed=True),
    Column("unit", "Unit", max_width=14, drop=1),
    Column("counted", "Counted", grow=True),
    Column("where", "Where", max_width=24),
    Column("since", "Since", fixed=True, drop=3),
    Column("speaker", "Speaker", max_width=20, drop=4),
    Column("source", "Source", max_width=24, drop=5),
    Column("word", "Status", drop=2),
    Column("superseded_by", "Superseded by", drop=6),
    Column("contradicts", "Contradicts", fixed=True, max_width=24, style=lambda _: "red"),
)
_FIGURE_KEYS = words(
    "id statement dated value comparator low high unit counted where on since speaker"
    " manner said_on source source_url published_on status verdict disputed superseded_by"
    " contradicts same_as"
)


@command(report, "figures", example="claimtrack report figures --counted displaced --where Idlib")
@click.option("--counted", metavar="WORDS", help="What is counted; words, or their beginnings.")
@click.option("--where", metavar="WORDS", help="Where it is counted; words, or their beginnings.")
@limit_option("rows")
@as_of_option
def figures(
    app: App, counted: str | None, where: str | None, limit: int | None, as_of: str | None
) -> None:
    """The figures that claims assert, in time order; those that contradict each other say so.

    A figure stands under its own day, else the day it was said, else the day its source was
    published. Two contradict each other when no value fits both, of the same thing, place and day.
    """
    from claimtrack.services import figures_report as service
    from claimtrack.services.unverified import present_moment

    stand = read_stand(app, as_of)
    with app.read(as_of=stand.moment) as connection:
        now = present_moment(connection)
        found = service.figures(connection, counted, where)
    rows = [_figure_row(line) for line in found]
    against = sum(1 for line in found if line.contradicts)
    emit_flat(
        app,
        {
            "report": "figures",
            "counted": counted,
            "where": where,
            "as_of": stand.day,
            "generated_at": now,
            "totals": {"figures": len(rows), "contradicted": against},
        },
        rows,
        for_people=_FIGURES,
        keys=_FIGURE_KEYS,
        limit=row_limit(app, limit),
        preamble=[*stand.heading, ""] if stand.day else (),
        empty=_no_figure(stand, narrowed=bool(counted or where)),
    )


def _no_figure(stand: Stand, *, narrowed: bool) -> str:
    what = "such figure" if narrowed else "figure"
    if stand.day is not None:
        return f"There was no {what}{stand.words}."
    return f"There is no {what}." if narrowed else f"There is no {what} yet."


def _figure_row(line: Any) -> dict[str, Any]:
    from claimtrack.cli.shapes import same_json

    view, claim = line.figure, line.claim
    return {
        "id": claim.id,
        "statement": claim.statement,
        "dated": str(line.dated) if line.dated else None,
        "value": line.value,
        "comparator": view.comparator,
        "low": view.low,
        "high": view.high,
        "unit": view.unit,
        "counted": view.counted,
        "where": view.place,
        "on": str(view.on) if view.on else None,
        "since": str(view.since) if view.since else None,
        **told_json(claim.told),
        "status": claim.status,
        "verdict": claim.verdict,
        "disputed": claim.disputed,
        "same_as": [same_json(one) for one in claim.same],
        "superseded_by": line.superseded_by_id,
        "contradicts": list(line.contradicts),
    }
