"""The story of a claim: `claim show` and `claim history`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, insert, text, update

from claimtrack.cli.story import story_lines
from claimtrack.db import make_engine, say_why, write_transaction
from claimtrack.render import display_width
from claimtrack.services.history import history
from claimtrack.services.stories import load_claim
from tests import records, tables

if TYPE_CHECKING:
    from tests.conftest import Run

LOG = "https://archive.example/log"

#: The keys of a claim in JSON that scripts rely on.
CONTRACT = {
    "id", "external_id", "statement", "kind", "language", "status", "verdict", "priority",
    "topics", "speaker", "source", "said_on", "quote", "figure", "assigned_to", "appearances",
    "evidence", "reviews", "notes", "recorded_at", "recorded_by", "version",
}  # fmt: skip


def figure(connection: Connection, claim_id: int, **columns: Any) -> None:
    connection.execute(insert(tables.figure).values(claim_id=claim_id, **columns))


def note(connection: Connection, claim_id: int, body: str) -> None:
    connection.execute(insert(tables.note).values(claim_id=claim_id, body=body))


def attribution(connection: Connection, claim_id: int, finding: str, because: str) -> None:
    connection.execute(
        insert(tables.attribution).values(
            claim_id=claim_id,
            appearance_no=1,
            finding=finding,
            because=because,
            source_id=records.source(connection, "https://hansard.example/9"),
        )
    )


def a_story(connection: Connection) -> int:
    """A claim with something of everything."""
    article = records.source(
        connection,
        publisher="Morning Post",
        agency="Alpha Wire",
        title="Bridge shut",
        published_on=dt.date(2021, 6, 1),
        published_precision="day",
    )
    claim_id = records.claim(
        connection,
        "More than 40 lorries waited at the north bridge",
        url=None,
        kind="figure",
        topics=["roads", "trade"],
        priority=3,
    )
    records.appearance(
        connection,
        claim_id,
        source_id=article,
        said_on=dt.date(2021, 5, 1),
        said_precision="month",
        manner="partial",
        quote="forty lorries",
        passage='Vogt saw "forty lorries"\nat the bridge.',
        place="paragraph 3",
    )
    records.appearance(
        connection, claim_id, speaker=None, url="https://two.example/b", manner="caption"
    )
    figure(
        connection,
        claim_id,
        comparator=">",
        low=40,
        unit="lorries",
        counted="waiting",
        place="north bridge",
        since_date=dt.date(2021, 5, 3),
        since_precision="day",
    )
    attribution(connection, claim_id, "confirmed", "On the tape")
    records.review(connection, claim_id, "in_review", because="Asked the works")
    note(connection, claim_id, "The works promised a list")
    pieces = [
        records.evidence(connection, claim_id, LOG, "refutes", excerpt="12 lorries", place="p. 4"),
        records.evidence(connection, claim_id, "https://b.example/cam", "supports"),
        records.evidence(connection, claim_id, "https://b.example/map", "context"),
    ]
    records.review(
        connection, claim_id, "checked", *pieces, verdict="mostly_false", because="Only 12",
        rating="Two of five", recheck_on=dt.date(2999, 1, 2),
    )  # fmt: skip
    return claim_id


def shown(connection: Connection, claim_id: int, width: int | None = None) -> str:
    return "\n".join(story_lines(load_claim(connection, claim_id), width, color=False))


def in_order(story: str, *parts: str) -> None:
    """Each part stands in the story, one after the other."""
    at = 0
    for part in parts:
        found = story.find(part, at)
        assert found >= 0, f"{part!r} is not there, or too early, in:\n{story}"
        at = found + len(part)


# --- claim show ----------------------------------------------------------------------------------


def test_the_whole_story_stands_in_order(connection: Connection) -> None:
    claim_id = a_story(connection)

    in_order(
        shown(connection, claim_id),
        f"Claim {claim_id}: More than 40 lorries waited at the north bridge",
        "mostly-false since ", "by Ana Ruiz (rated Two of five)", "Only 12",
        "figure, priority urgent; topics roads, trade; held by Ana Ruiz; look again on 2999-01-02",
        "Figure: more than 40 lorries, waiting, north bridge, since 2021-05-03",
        "Where it appeared",
        f"{claim_id}.1  Lena Vogt, said on 2021-05",
        "Morning Post, Bridge shut, text of Alpha Wire, published 2021-06-01", records.ARTICLE,
        "partial, paragraph 3", "“forty lorries”", 'Vogt saw "forty lorries"', "at the bridge.",
        "Attribution confirmed, by Ana Ruiz on ", "On the tape", "https://hansard.example/9",
        f"{claim_id}.2  caption", "https://two.example/b",
        "Evidence that supports it", "https://b.example/cam",
        "Evidence that refutes it", LOG, "p. 4", "“12 lorries”",
        "Context", "https://b.example/map",
        "Reviews and notes",
        "Ana Ruiz: unverified → in-review", "Asked the works",
        "in-review → mostly-false (rated Two of five); evidence ", "Only 12",
        "Ana Ruiz noted", "The works promised a list",
    )  # fmt: skip


def test_a_fresh_claim_says_that_nobody_has_looked(connection: Connection) -> None:
    story = shown(connection, records.claim(connection))

    assert "unverified: nobody has looked at it yet" in story
    assert "Evidence" not in story
    assert "Reviews" not in story


def test_what_was_withdrawn_is_shown_as_withdrawn_and_flags_the_verdict(
    connection: Connection,
) -> None:
    claim_id = records.claim(connection)
    piece = records.evidence(connection, claim_id, LOG)
    records.review(connection, claim_id, "checked", piece, verdict="false")
    assert "withdrawn" not in shown(connection, claim_id).lower()

    for table in ("evidence", "appearance"):
        connection.execute(
            text(
                f"UPDATE {table} SET withdrawn_at = now(), withdrawn_by = 'Omar Haddad',"
                f" withdrawn_because = 'wrong {table}'"
            )
        )

    in_order(
        shown(connection, claim_id),
        f"! Evidence that this verdict rested on was withdrawn since: {piece}.",
        "Where it appeared", "Withdrawn by Omar Haddad on ", "wrong appearance",
        "Evidence that refutes it", "Withdrawn by Omar Haddad on ", "wrong evidence",
    )  # fmt: skip


def test_a_newer_figure_is_pointed_at_from_both_sides(connection: Connection) -> None:
    older = records.claim(connection, "40 lorries waited")
    newer = records.claim(connection, "60 lorries waited", supersedes_id=older)

    assert f"! A newer figure is on record: claim {newer}." in shown(connection, older)
    assert f"Takes the figure of claim {older} further" in shown(connection, newer)


@pytest.mark.parametrize("width", [30, 44, 80, 200])
def test_lines_fit_the_terminal_and_no_word_is_lost(connection: Connection, width: int) -> None:
    claim_id = records.claim(
        connection,
        "橋は五月の間ずっと閉鎖された " * 4 + "and the detour took two hours " * 8,
        speaker="Lena Vogt of the office for roads and waterways in the north",
    )
    note(connection, claim_id, "a remark that goes on " * 20 + "\n\n" + "and on " * 30)
    whole = shown(connection, claim_id)

    lines = shown(connection, claim_id, width).split("\n")

    assert " ".join(lines).split() == whole.split()
    unbroken = [line for line in lines if display_width(line) > width]
    # Only what has no blank to break at, such as an address, may stand out.
    assert all(len(line.split()) == 1 for line in unbroken)


def test_a_terminal_gets_colours_and_nothing_else_of_control(connection: Connection) -> None:
    nasty = "a\x1b]0;pwned\x07b\u202ec"
    claim_id = records.claim(connection, f"Statement {nasty}", speaker=f"Speaker {nasty}")
    note(connection, claim_id, f"Note {nasty}\nsecond line")
    records.review(connection, claim_id, "in_review", because=f"Reason {nasty}")
    connection.execute(text("UPDATE claim SET assigned_to = :nasty"), {"nasty": f"Holder {nasty}"})
    view = load_claim(connection, claim_id)

    plain = story_lines(view, 60, color=False)
    colored = story_lines(view, 60, color=True)

    assert not [line for line in plain if not line.isprintable()]
    assert "".join(plain).count("\\x1b]0;pwned\\x07b\\u202ec") == 6
    assert "\x1b[1m" in colored[0]
    assert not [line for line in colored if "\x1b]" in line or "\u202e" in line]


def test_show_prints_the_story_the_json_and_a_safe_markdown(ok: Run, database_url: str) -> None:
    with write_transaction(make_engine(database_url), actor="Ana Ruiz") as connection:
        claim_id = a_story(connection)
        note(connection, claim_id, "<script>alert(1)</script> [x](http://evil.example)")

    assert "Reviews and notes" in ok("claim", "show", claim_id).out
    data = ok("claim", "show", claim_id, "--format", "json").json
    assert set(data) >= CONTRACT
    assert data["speaker"]["name"] == "Lena Vogt"
    assert set(data["source"]) >= {"id", "url", "title", "publisher", "published_on"}
    assert (data["status"], data["verdict"]) == ("checked", "mostly_false")
    assert data["reviews"][1]["rating"] == "Two of five"
    assert [one["stance"] for one in data["evidence"]] == ["refutes", "supports", "context"]
    markdown = ok("claim", "show", claim_id, "--format", "markdown").out
    assert "<script" not in markdown
    assert "[x]" not in markdown


def test_an_unknown_claim_has_no_story(run: Run) -> None:
    for verb in ("show", "history"):
        outcome = run("claim", verb, 999)
        assert outcome.code == 3
        assert outcome.err == "Error: There is no claim 999.\n  claimtrack claim list\n"
        assert run("claim", verb, "x").code == 2


# --- claim history -------------------------------------------------------------------------------


def told(connection: Connection, claim_id: int) -> list[tuple[str, str, str | None]]:
    return [(one.what, one.detail, one.because) for one in history(connection, claim_id)]


def test_the_history_tells_what_was_recorded_and_marked(connection: Connection) -> None:
    claim_id = a_story(connection)

    lines = told(connection, claim_id)

    # In order of the trail, for all of it happened in one transaction.
    assert [line for line in lines if line[0] != "evidence"] == [
        ("recorded", "More than 40 lorries waited at the north bridge", None),
        (
            "appeared",
            f"{claim_id}.1: Lena Vogt, Morning Post, Bridge shut, said on 2021-05",
            None,
        ),
        ("appeared", f"{claim_id}.2: caption, https://two.example/b", None),
        ("figure", "more than 40 lorries, waiting, north bridge, since 2021-05-03", None),
        ("attribution", f"{claim_id}.1 confirmed, on https://hansard.example/9", "On the tape"),
        ("marked", "unverified → in-review", "Asked the works"),
        ("noted", "The works promised a list", None),
        (
            "marked",
            "in-review → mostly-false (rated Two of five, look again on 2999-01-02)",
            "Only 12",
        ),
    ]
    assert [line[1].partition(" ")[2] for line in lines if line[0] == "evidence"] == [
        f"refutes: {LOG}, “12 lorries”",
        "supports: https://b.example/cam",
        "gives context: https://b.example/map",
    ]


def test_history_tells_people_the_minute_and_scripts_the_instant(
    ok: Run, database_url: str
) -> None:
    at = dt.datetime(2024, 3, 5, 12, 30, 15, tzinfo=dt.UTC)
    with make_engine(database_url).begin() as connection:
        claim_id = records.claim(connection)
        records.review(connection, claim_id, "in_review")
        connection.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE event SET recorded_at = :at"), {"at": at})
    for fmt in ("table", "markdown"):
        out = ok("claim", "history", claim_id, "--format", fmt).out
        assert "2024-03-05 12:30 UTC" in out
        assert "12:30:15" not in out
    assert "12:30:15" in ok("claim", "history", claim_id, "--format", "json").out


def test_edits_are_told_in_words_with_what_stood_before_and_why(connection: Connection) -> None:
    claim_id = records.claim(connection)
    figure(connection, claim_id, comparator="~", low=40)
    before = len(told(connection, claim_id))
    of_claim = tables.claim.c.id == claim_id
    say_why(connection, "It is urgent")
    connection.execute(
        update(tables.claim)
        .where(of_claim)
        .values(priority=3, topics=["roads"], assigned_to="Omar Haddad", kind="opinion")
    )
    say_why(connection, "'She' is the mayor")
    connection.execute(
        update(tables.appearance).values(
            speaker_id=records.speaker(connection, "Mira Stone"),
            manner="direct",
            said_on=dt.date(2021, 1, 1),
            said_precision="year",
        )
    )
    connection.execute(
        update(tables.appearance).values(said_on=dt.date(2021, 5, 1), said_precision="month")
    )
    say_why(connection, "Read it again")
    connection.execute(update(tables.figure).values(low=45, comparator=">="))
    connection.execute(
        update(tables.appearance).values(
            withdrawn_at=text("now()"), withdrawn_by="Ana Ruiz", withdrawn_because="Wrong page"
        )
    )

    assert told(connection, claim_id)[before:] == [
        (
            "edited",
            "kind fact → opinion; topics nothing → roads; priority normal → urgent;"
            " holder nothing → Omar Haddad",
            "It is urgent",
        ),
        (
            "edited",
            f"{claim_id}.1: speaker Lena Vogt → Mira Stone; manner indirect → direct;"
            " said on nothing → 2021",
            "'She' is the mayor",
        ),
        ("edited", f"{claim_id}.1: said on 2021 → 2021-05", "'She' is the mayor"),
        ("figure", "about 40 → at least 45", "Read it again"),
        ("withdrawn", f"appearance {claim_id}.1", "Wrong page"),
    ]


def test_withdrawn_evidence_and_the_change_of_a_verdict_are_told(connection: Connection) -> None:
    claim_id = records.claim(connection)
    piece = records.evidence(connection, claim_id, LOG)
    records.review(connection, claim_id, "checked", piece, verdict="false")
    connection.execute(
        update(tables.evidence).values(
            withdrawn_at=text("now()"), withdrawn_by="Ana Ruiz", withdrawn_because="Forged"
        )
    )
    records.review(
        connection, claim_id, "checked", verdict="unproven", change="correction", because="Sorry"
    )
    records.review(connection, claim_id, "unverified", because="Begin anew")

    assert told(connection, claim_id)[-4:] == [
        ("marked", "unverified → false", "Said so in the log"),
        ("withdrawn", f"evidence {piece}, which refutes: {LOG}", "Forged"),
        ("marked", "false → unproven (correction)", "Sorry"),
        ("marked", "unproven → unverified", "Begin anew"),
    ]


def test_marks_that_overlapped_are_told_in_the_order_in_which_they_stand(
    ok: Run, database_url: str
) -> None:
    with make_engine(database_url).begin() as connection:
        claim_id = records.claim(connection)
    with make_engine(database_url).begin() as early:
        began = early.execute(text("SELECT now()")).scalar_one()
        ok("claim", "mark", claim_id, "in-review", "--because", "Asked", actor="Omar Haddad")
        ok("claim", "note", claim_id, "Nobody answers")
        records.review(early, claim_id, "set_aside", reason="error", recorded_at=began)

    rows = ok("claim", "history", claim_id, "--format", "json").json
    story = ok("claim", "show", claim_id).out

    assert [row["detail"].partition(" (")[0] for row in rows][2:] == [
        "unverified → in-review",
        "Nobody answers",
        "in-review → set-aside",
    ]
    in_order(story, "unverified → in-review", "in-review → set-aside", "Nobody answers")


def test_history_goes_by_time_and_names_who_acted(ok: Run, database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        claim_id = records.claim(connection)
    ok("claim", "mark", claim_id, "in-review", "--because", "Asked", actor="Omar Haddad")

    rows = ok("claim", "history", claim_id, "--format", "json").json

    assert set(rows[0]) == {"at", "actor", "db_user", "what", "detail", "because"}
    assert [row["what"] for row in rows] == ["recorded", "appeared", "marked"]
    assert rows[-1]["actor"] == "Omar Haddad"
    assert sorted(row["at"] for row in rows) == [row["at"] for row in rows]
    assert "unverified → in-review" in ok("claim", "history", claim_id).out
