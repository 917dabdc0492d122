"""`claim list`: what it finds, in which order, a page at a time, in every format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, text

from claimtrack.db import make_engine
from claimtrack.models.claims import claim
from claimtrack.services import listing
from claimtrack.services.listing import ClaimFilter
from claimtrack.services.matching.postings import drain
from claimtrack.services.search import finding
from tests import records
from tests.conftest import ACTOR, Run

HOSTILE = "=1+1 | \x1b[31mred\x1b[0m <b>&</b> \u202eright to left"


@pytest.fixture
def committed(database_url: str) -> Iterator[Connection]:
    """A connection whose records the command line will see after `commit`."""
    with make_engine(database_url).connect() as connection:
        yield connection


def found(run: Run, *args: object) -> list[int]:
    return [row["id"] for row in run("claim", "list", *args, "--format", "json").json]


def test_an_empty_database_gives_an_empty_array_and_a_sentence(ok: Run) -> None:
    assert ok("claim", "list", "--format", "json").json == []
    assert ok("claim", "list", "--format", "jsonl").out == ""
    outcome = ok("claim", "list")
    assert outcome.out == ""
    assert "There is no claim yet." in outcome.err
    assert "No claim is like that." in ok("claim", "list", "--status", "false").err


def test_the_newest_comes_first_and_paging_visits_each_once(committed: Connection, ok: Run) -> None:
    ids = [records.claim(committed, f"Statement {number}") for number in range(7)]
    committed.commit()
    assert found(ok) == ids[::-1]
    seen: list[int] = []
    after: tuple[object, ...] = ()
    while page := found(ok, "--limit", 3, *after):
        assert len(page) <= 3
        seen += page
        after = ("--after", page[-1])
    assert seen == ids[::-1]


def test_a_table_shows_fifty_and_says_how_to_go_on(committed: Connection, ok: Run) -> None:
    ids = [records.claim(committed, f"Statement {number}", url=None) for number in range(51)]
    committed.commit()
    table = ok("claim", "list").out
    assert f"--after {ids[1]} shows the next" in table
    assert len(table.splitlines()) == 1 + 50 + 2
    assert "Statement 0" in ok("claim", "list", "--after", ids[1]).out
    everything = ok("claim", "list", "--limit", 0).out
    assert len(everything.splitlines()) == 1 + 51
    assert "--after" not in everything
    assert len(ok("claim", "list", "--format", "csv").out.splitlines()) == 1 + 51


def test_all_claims_are_streamed_in_pages(committed: Connection, ok: Run) -> None:
    committed.execute(text("SET LOCAL session_replication_role = replica"))
    committed.execute(
        text(
            "INSERT INTO claim (statement, statement_key)"
            " SELECT 'Statement ' || n, sha256(n::text::bytea) FROM generate_series(1, 1201) AS n"
        )
    )
    committed.commit()
    ids = found(ok)
    assert len(ids) == 1201
    assert ids == sorted(ids, reverse=True)
    assert found(ok, "--limit", 700) == ids[:700]
    assert len(ok("claim", "list", "--limit", 0).out.splitlines()) == 1 + 1201


@pytest.fixture
def desk(committed: Connection) -> dict[str, int]:
    """Three claims that differ in everything, by name."""
    bridge = records.claim(committed, "The bridge was closed in May", topics=["roads"])
    harvest = records.claim(
        committed,
        "900,000 people were displaced by the drought",
        speaker="Omar Sali",
        url="https://example.org/news/drought",
        kind="figure",
        topics=["water", "roads"],
    )
    promise = records.claim(
        committed, "We'll reopen the school", speaker=None, kind="promise", priority=3
    )
    piece = records.evidence(committed, bridge)
    records.review(committed, bridge, "checked", piece, verdict="false")
    records.review(committed, harvest, "in_review", recorded_by="Béla Tóth")
    committed.commit()
    return {"bridge": bridge, "harvest": harvest, "promise": promise}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--status", "false"), ["bridge"]),
        (("--status", "in-review", "--status", "false"), ["harvest", "bridge"]),
        (("--status", "checked", "--status", "false"), ["bridge"]),
        (("--status", "unverified", "--status", "checked"), ["promise", "bridge"]),
        (("--speaker", "dr. omar SALI"), ["harvest"]),
        (("--source", "http://www.example.org/news/drought/"), ["harvest"]),
        (("--source", records.ARTICLE), ["promise", "bridge"]),
        (("--topic", "Roads"), ["harvest", "bridge"]),
        (("--topic", "roads", "--topic", "water"), ["harvest"]),
        (("--text", "displac DROUGHT"), ["harvest"]),
        (("--text", "900,000"), ["harvest"]),
        (("--text", "we'll"), ["promise"]),
        (("--text", "closed school"), []),
        (("--text", "losed"), ["bridge"]),
        (("--text", "zebra"), []),
        (("--kind", "promise", "--kind", "figure"), ["promise", "harvest"]),
        (("--assignee", "bela toth"), ["harvest"]),
        (("--assignee", "nobody known"), []),
        (("--assignee", "none"), ["promise", "bridge"]),
        (("--assignee", "none", "--status", "false"), ["bridge"]),
        (("--recorded-since", "today"), ["promise", "harvest", "bridge"]),
        (("--recorded-since", "tomorrow"), []),
        (("--marked-since", "today"), ["harvest", "bridge"]),
        (("--marked-since", "tomorrow"), []),
    ],
)
def test_options_narrow_it_down(
    desk: dict[str, int], ok: Run, options: tuple[str, ...], names: list[str]
) -> None:
    assert found(ok, *options) == [desk[name] for name in names]


def test_me_is_the_actor(committed: Connection, ok: Run) -> None:
    mine = records.claim(committed, "One", assigned_to=ACTOR)
    records.claim(committed, "Two", assigned_to="Somebody Else")
    committed.commit()
    assert found(ok, "--assignee", "me") == [mine]


def test_dates_of_saying_fit_where_they_may_lie_inside(committed: Connection, ok: Run) -> None:
    ids = {}
    for name, day, precision in (
        ("day", "2020-02-25", "day"),
        ("month", "2020-02-01", "month"),
        ("year", "2020-01-01", "year"),
        ("later", "2020-03-01", "day"),
    ):
        ids[name] = records.claim(committed, f"Said on {name}", url=None)
        records.appearance(committed, ids[name], said_on=day, said_precision=precision)
    committed.commit()
    assert found(ok, "--said-since", "2020-02-26") == [ids["later"], ids["year"], ids["month"]]
    assert found(ok, "--said-since", "2020-03-01") == [ids["later"], ids["year"]]
    assert found(ok, "--said-until", "2020-02") == [ids["year"], ids["month"], ids["day"]]
    assert found(ok, "--said-since", "2021") == []


def test_who_where_and_when_are_those_of_one_appearance(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "Said by one, repeated by another", url=None)
    old, new = "https://example.org/news/old", "https://example.org/news/new"
    for name, url, day in (("Anna Old", old, "2019-05-01"), ("Ben New", new, "2024-05-01")):
        records.appearance(
            committed, number, speaker=name, url=url, said_on=day, said_precision="day"
        )
    committed.commit()
    assert found(ok, "--speaker", "Anna Old", "--said-since", "2023-01-01") == []
    assert found(ok, "--speaker", "Anna Old", "--source", new) == []
    assert found(ok, "--source", old, "--said-since", "2023-01-01") == []
    together = ("--said-since", "2023-01-01", "--source", new)
    assert found(ok, "--speaker", "Ben New", *together) == [number]


def test_a_withdrawn_appearance_leads_nowhere(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "Said by one, then by another")
    records.appearance(committed, number, speaker="Omar Sali")
    committed.execute(
        text(
            "UPDATE appearance SET withdrawn_at = now(), withdrawn_by = 'x',"
            " withdrawn_because = 'misread' WHERE no = 1"
        )
    )
    committed.commit()
    assert found(ok, "--speaker", records.SPEAKER) == []
    assert found(ok, "--speaker", "Omar Sali") == [number]
    assert "Omar Sali" in ok("claim", "list").out


def test_a_merged_speaker_is_found_under_both_names(committed: Connection, ok: Run) -> None:
    first = records.claim(committed, "One", speaker="Omar Sali")
    second = records.claim(committed, "Two", speaker="O. M. Sali")
    committed.execute(
        text("UPDATE speaker SET merged_into_id = :head WHERE id = :other"),
        {
            "head": records.speaker(committed, "Omar Sali"),
            "other": records.speaker(committed, "O. M. Sali"),
        },
    )
    committed.commit()
    for name in ("Omar Sali", "O. M. Sali"):
        assert found(ok, "--speaker", name) == [second, first]


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (("--status", "wrong"), 2, "none of"),
        (("--speaker", "Nobody Known"), 3, "no speaker"),
        (("--speaker", "77"), 3, "no speaker 77"),
        (("--source", "https://example.org/unknown"), 3, ""),
        (("--text", "&|!"), 5, "no word"),
        (("--text", " "), 5, "empty"),
        (("--text", "a\0b"), 5, "NUL"),
        (("--said-since", "soon"), 5, "not a"),
        (("--limit", "-1"), 2, ""),
        (("--after", "x"), 2, "no id"),
    ],
)
def test_what_cannot_be_asked_is_said(
    run: Run, options: tuple[str, ...], code: int, sentence: str
) -> None:
    outcome = run("claim", "list", *options)
    assert outcome.code == code
    assert sentence in outcome.err


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_no_text_breaks_the_search(connection: Connection, words: str) -> None:
    words = f"bridge {words}"
    listing.claim_ids(connection, ClaimFilter(text=words), 5)


def test_operators_of_the_query_language_are_words(connection: Connection) -> None:
    number = records.claim(connection, "The bridge was closed")
    for words in (
        "bridge & closed",
        "bridge | !closed",
        "'bridge':*",
        'bridge\\ "closed"',
        "(closed)",
    ):
        assert listing.claim_ids(connection, ClaimFilter(text=words), 5) == [number], words


def test_many_claims_with_a_word_are_found_as_few_are(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [records.claim(connection, f"Bridge {number} closed") for number in range(4)]
    drain(connection)
    monkeypatch.setattr(finding, "FEW_OF_ONE", 2)
    assert listing.claim_ids(connection, ClaimFilter(text="bridges"), 9) == ids[::-1]


def test_json_is_the_whole_story_and_csv_is_flat(desk: dict[str, int], ok: Run) -> None:
    rows = ok("claim", "list", "--format", "json").json
    shown = ok("claim", "show", desk["bridge"], "--format", "json").json
    assert next(row for row in rows if row["id"] == desk["bridge"]) == shown
    lines = ok("claim", "list", "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = list(csv.DictReader(io.StringIO(ok("claim", "list", "--format", "csv").out)))
    bridge = next(row for row in table if row["id"] == str(desk["bridge"]))
    assert bridge["status"] == "checked"
    assert bridge["verdict"] == "false"
    assert bridge["speaker"] == records.SPEAKER
    assert bridge["source_url"] == records.ARTICLE
    assert bridge["evidence"] == "1"
    assert bridge["topics"] == "roads"
    promise = next(row for row in table if row["id"] == str(desk["promise"]))
    assert promise["speaker"] == ""
    assert promise["manner"] == "own_voice"


def test_a_figure_is_words_and_columns_in_a_spreadsheet(committed: Connection, ok: Run) -> None:
    number = records.claim(committed, "Many fled", kind="figure")
    committed.execute(
        text(
            "INSERT INTO figure (claim_id, comparator, low, unit, counted, place)"
            " VALUES (:id, '>', 900000, 'people', 'displaced', 'Idlib')"
        ),
        {"id": number},
    )
    committed.commit()
    (row,) = csv.DictReader(io.StringIO(ok("claim", "list", "--format", "csv").out))
    assert row["figure"] == "more than 900,000"
    assert (row["unit"], row["counted"], row["where"]) == ("people", "displaced", "Idlib")


def test_people_read_words_with_hyphens_and_who_spoke(desk: dict[str, int], ok: Run) -> None:
    for fmt in ("table", "markdown"):
        out = ok("claim", "list", "--format", fmt).out
        assert "in-review" in out
        assert "(own voice)" in out
        assert "in_review" not in out


@pytest.mark.parametrize("fmt", ["table", "json", "jsonl", "csv", "markdown"])
def test_hostile_text_does_no_harm(committed: Connection, ok: Run, fmt: str) -> None:
    records.claim(committed, HOSTILE, speaker=HOSTILE + " speaker")
    committed.commit()
    out = ok("claim", "list", "--format", fmt).out
    if fmt == "csv":  # a pipe gets the text as recorded, behind an apostrophe
        assert "'=1+1" in out
        assert ",=1+1" not in out
        return
    assert "\x1b" not in out
    assert "\u202e" not in out
    if fmt == "markdown":
        assert "\\| " in out
        assert "<b>" not in out
    if fmt == "json":
        assert json.loads(out)[0]["statement"] == HOSTILE


def test_pages_come_from_an_index(connection: Connection) -> None:
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(
        text(
            "INSERT INTO claim (statement, statement_key, status, verdict)"
            " SELECT 'Statement ' || n, sha256(n::text::bytea),"
            " CASE WHEN n % 9 = 0 THEN 'checked' WHEN n % 7 = 0 THEN 'in_review'"
            "  ELSE 'unverified' END, CASE WHEN n % 9 = 0 THEN 'false' END"
            " FROM generate_series(1, 20000) AS n"
        )
    )
    connection.execute(text("ANALYZE claim"))
    for asked in (
        ClaimFilter(),
        ClaimFilter(words=("in_review",)),
        ClaimFilter(words=("in_review", "false", "unverified")),
        ClaimFilter(text="17771"),
    ):
        conditions = listing.wanted(connection, asked)
        query = listing.chosen_ids(conditions, 51, 15_000).compile(connection.engine)
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {query}", query.params).scalars())
        assert "Seq Scan" not in plan, plan


def test_a_copy_of_a_statement_is_listed_too(committed: Connection, ok: Run) -> None:
    first = records.claim(committed, "The same words")
    row = committed.execute(text("SELECT statement_key FROM claim")).scalar_one()
    second = committed.execute(
        insert(claim)
        .values(statement="The same words", statement_key=row, copy_no=2)
        .returning(claim.c.id)
    ).scalar_one()
    committed.commit()
    assert found(ok) == [second, first]
