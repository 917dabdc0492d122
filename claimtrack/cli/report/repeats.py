"""`report repeats`: what is being said again after it was found false."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.lines import limit_option, people, read_day, row_limit, told_json, words
from claimtrack.cli.params import Words
from claimtrack.cli.past import as_of_option, read_stand
from claimtrack.cli.report.group import report
from claimtrack.cli.report.sections import ID, STATEMENT, emit_flat
from claimtrack.render import Column

if TYPE_CHECKING:
    from claimtrack.services.repeats import Again, Repeat

_TIMES = Column("times", "Times", align="right")
_SINCE = Column("since", "Since", fixed=True)
_LATEST = Column("latest", "Latest", fixed=True)
_CLAIMS = (
    ID,
    STATEMENT,
    Column("verdict", "Verdict"),
    Column("found_at", "Found", fixed=True),
    _TIMES,
    _SINCE,
    _LATEST,
    Column("speakers", "By", grow=True, max_width=32),
    Column("sources", "Where", grow=True, max_width=40, drop=1),
)
_KEYS = words(
    "id statement kind status verdict disputed found_at times since latest speakers sources same_as"
)
_GROUP_KEYS = words("group source_url times claims since latest")


@command(
    report,
    "repeats",
    example="""
claimtrack report repeats
claimtrack report repeats --since 2024-03 --by speaker
claimtrack report repeats --last-week --format csv
""",
)
@click.option("--last-week", is_flag=True, help="Said from last week's Monday to its Sunday.")
@click.option("--since", metavar="DATE", help="Said from that day on.")
@click.option("--until", metavar="DATE", help="Said up to the end of that day.")
@click.option("--by", type=Words("speaker", "source"), help="Groups in place of claims.")
@limit_option("rows")
@as_of_option
def repeats(
    app: App,
    *,
    last_week: bool,
    since: str | None,
    until: str | None,
    by: str | None,
    limit: int | None,
    as_of: str | None,
) -> None:
    """What is being said again after it was found false: by whom, where and since when.

    Found false is what has the verdict false, mostly-false, misleading, altered or miscaptioned.
    What counts are the appearances after that, of the claim and of all that are the same, which
    stand in one row. The day of an appearance is when it was said, else when its source was
    published, else when it was recorded.
    """
    from claimtrack import dates
    from claimtrack.cli.app import need
    from claimtrack.cli.lines import window
    from claimtrack.services import repeats as service
    from claimtrack.services.unverified import present_moment

    need(not (last_week and (since or until)), "Give --last-week, or --since and --until.")
    stand = read_stand(app, as_of)
    if last_week:
        first, final = dates.last_week(stand.day or app.today())
    else:
        first = read_day(app, since, "--since")  # type: ignore[assignment]
        final = read_day(app, until, "--until", last=True)  # type: ignore[assignment]
    window(app, first, final)
    with app.read(as_of=stand.moment) as connection:
        now = present_moment(connection)
        found = service.repeats(connection, app.settings.timezone, first, final)
    rows = _grouped(found, by) if by else [_row(app, one) for one in found]
    emit_flat(
        app,
        {
            "report": "repeats",
            "by": by,
            "since": first,
            "until": final,
            "as_of": stand.day,
            "generated_at": now,
            "totals": {
                "claims": len(found),
                "appearances": sum(len(one.again) for one in found),
            },
        },
        rows,
        for_people=_groups(by) if by else _CLAIMS,
        keys=_GROUP_KEYS if by else _KEYS,
        limit=row_limit(app, limit),
        preamble=[*stand.heading, ""] if stand.day else (),
        empty=f"Nothing that was found false had been said again{stand.words}."
        if stand.day
        else "Nothing that was found false has been said again.",
    )


def _row(app: App, one: Repeat) -> dict[str, Any]:
    line = one.line
    return {
        "id": line.id,
        "statement": line.statement,
        "kind": line.kind,
        "status": line.status,
        "verdict": line.verdict,
        "disputed": line.disputed,
        "found_at": one.found_at.astimezone(app.settings.timezone).date()
        if people(app)
        else one.found_at,
        "times": len(one.again),
        "since": str(one.again[0].day),
        "latest": str(one.again[-1].day),
        "speakers": list(dict.fromkeys(_who(each) for each in one.again)),
        "sources": list(dict.fromkeys(each.told.source.label for each in one.again)),
        "same_as": [
            {"id": each.id, "status": each.status, "verdict": each.verdict} for each in one.same
        ],
        "appearances": [_again_json(each) for each in one.again],
    }


def _again_json(one: Again) -> dict[str, Any]:
    return {
        "id": one.address,
        "claim_id": one.claim_id,
        **told_json(one.told),
        "day": str(one.day),
        "dated_by": one.dated_by,
    }


def _who(one: Again) -> str:
    if one.told.speaker is not None:
        return one.told.speaker.name
    return f"({one.told.manner.replace('_', ' ')})"


def _groups(by: str) -> tuple[Column, ...]:
    return (
        Column("group", by.capitalize(), grow=True),
        _TIMES,
        Column("claims", "Claims", align="right"),
        _SINCE,
        _LATEST,
    )


def _grouped(found: list[Repeat], by: str) -> list[dict[str, Any]]:
    """Who repeats what was found false, or where it is repeated; the most often first."""
    from claimtrack.cli.shapes import source_ref_json, speaker_ref_json

    groups: dict[object, list[tuple[Repeat, Again]]] = {}
    for one in found:
        for each in one.again:
            told = each.told
            key = told.source.id if by == "source" else told.speaker or told.manner
            groups.setdefault(key, []).append((one, each))
    rows = []
    for members in groups.values():
        told = members[0][1].told
        days = sorted((each.day for _, each in members), key=lambda day: (day.first(), day.last()))
        rows.append(
            {
                "group": told.source.label if by == "source" else _who(members[0][1]),
                by: source_ref_json(told.source)
                if by == "source"
                else speaker_ref_json(told.speaker),
                "times": len(members),
                "claims": len({one.line.id for one, _ in members}),
                "since": str(days[0]),
                "latest": str(days[-1]),
                "appearances": [each.address for _, each in members],
            }
        )
    return sorted(rows, key=lambda row: (-row["times"], -row["claims"], str(row["group"])))
