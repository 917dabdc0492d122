"""The views of the past: whatever happened since, what stood at an instant can be read again."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Connection, Table, select, text
from sqlalchemy.exc import DBAPIError

from claimtrack.db import make_engine, read_transaction, say_why
from claimtrack.models.rules import LOGGED
from claimtrack.services import (
    figures_report,
    listing,
    overdue,
    period,
    policies,
    summary,
    unverified,
)
from claimtrack.services.moves import Window, moves
from claimtrack.services.stories import load_claim, load_claims
from claimtrack.vocab import Change
from tests import records, tables
from tests.conftest import Run
from tests.sql import run, value

#: How many commands a random history has, and from how many starts it is made.
LENGTH, STARTS = 40, (1, 2)

SPEAKERS = ("Ana Ruiz", "Béla Tóth", "Chen Wei", "Lena Vogt")
HOUSES = ("Lake Post", "Harbour News", "Northern Wire")
SITES = tuple(f"https://house{n}.example/{m}" for n in range(4) for m in range(2))
LOGS = tuple(f"https://archive.example/{n}" for n in range(3))
VERDICTS = ("true", "false", "mixed", "unproven", "unverifiable", "misleading")


def instant(url: str) -> dt.datetime:
    """After all that was committed, and before all that will be."""
    with make_engine(url).connect() as connection:
        now = value(connection, "SELECT clock_timestamp()")
    assert isinstance(now, dt.datetime)
    return now


def everything(connection: Connection, moment: dt.datetime) -> dict[str, Any]:
    """All that the commands that read claims are made from."""
    numbers = list(connection.scalars(select(tables.claim.c.id).order_by("id")))

    def listed(**asked: Any) -> list[int]:
        return listing.claim_ids(connection, listing.ClaimFilter(**asked), 1000)

    return {
        # Not the version: of an update that changed nothing no event tells.
        "claims": [view._replace(version=0) for view in load_claims(connection, numbers)],
        "lines": listing.claim_lines(connection, listing.ClaimFilter(), 1000),
        "to check": unverified.open_rows(connection, (), None),
        "totals": unverified.open_totals(connection, (), moment),
        "groups": [unverified.open_groups(connection, by, (), None) for by in unverified.By],
        "summary": summary.summary(connection),
        "period": period.period(connection, Window(None, moment)),
        "corrections": moves(connection, change=Change.CORRECTION),
        "overdue": overdue.overdue(connection, dt.date(2999, 1, 1), moment, 0),
        "figures": figures_report.figures(connection),
        "checked": listed(words=("checked",)),
        "of a topic": listed(topics=("water",)),
        "with a word": listed(text="river"),
        "held": listed(assignee="Ana Ruiz"),
        "held by nobody": listed(assignee="none"),
        "policies": policies.list_policies(connection),
        "disputed": listed(disputed=True),
        "sources": whole(connection, tables.source),
        "speakers": whole(connection, tables.speaker),
        "names": whole(connection, tables.speaker_alias),
    }


def whole(connection: Connection, table: Table) -> list[Any]:
    """The rows of a table, without what no event tells."""
    columns = [each for each in table.c if each.name not in ("changed_at", "version")]
    return list(connection.execute(select(*columns).order_by("id")))


def something(chance: random.Random, claims: int, step: int) -> tuple[object, ...]:
    """The words of one command; it may be refused, and then it has changed nothing."""
    a_claim = chance.randint(1, max(claims, 1))
    appeared = f"{a_claim}.{chance.randint(1, 3)}"
    speaker, source = chance.choice(SPEAKERS), chance.choice(SITES)
    because = ("--because", f"reason {step}")
    mark: list[object] = ["claim", "mark", a_claim]
    verdict = chance.choice(VERDICTS)
    stance = "--supports" if verdict == "true" else "--refutes"
    choices: list[tuple[object, ...]] = [
        ("claim", "add", f"Claim {step} of the river", "--speaker", speaker, "--source", source,
            "--topic", chance.choice(("water", "roads")), "--figure", step, "--counted", "wells"),
        ("claim", "add", f"Claim {step} of the road", "--speaker", speaker, "--source", source),
        ("claim", "edit", a_claim, "--statement", f"Reworded {step}"),
        ("claim", "edit", a_claim, "--priority", "urgent", "--add-topic", f"topic {step}"),
        ("claim", "edit", a_claim, "--figure", f">{step}", "--unit", "litres"),
        ("claim", "edit", a_claim, "--statement", f"Mended {step}", "--typo", *because),
        ("claim", "assign", a_claim, speaker, "--due", "tomorrow"),
        ("claim", "assign", a_claim, "none"),
        ("claim", "note", a_claim, f"Note {step}"),
        ("claim", "supersede", a_claim, f"Claim {step}, newer", "--figure", step + 100,
            "--speaker", speaker, "--source", source),
        ("appearance", "add", a_claim, "--speaker", speaker, "--source", source),
        ("appearance", "edit", appeared, "--source", source, *because),
        ("appearance", "edit", appeared, "--speaker", speaker, "--quote", f"q {step}", *because),
        ("appearance", "withdraw", appeared, *because),
        ("appearance", "attribution", appeared, "misquoted", *because, "--supports", source),
        ("evidence", "add", a_claim, chance.choice(LOGS), "--context", "--excerpt", f"e {step}"),
        ("evidence", "withdraw", chance.randint(1, 8), *because),
        ("source", "edit", chance.randint(1, 8), "--publisher", chance.choice(HOUSES)),
        ("source", "edit", chance.randint(1, 8), "--agency", chance.choice((*HOUSES, ""))),
        ("source", "edit", chance.randint(1, 8), "--title", f"Title {step}"),
        ("speaker", "edit", chance.randint(1, 4), "--description", f"Described {step}"),
        ("speaker", "alias", chance.randint(1, 4), f"Alias {step}"),
        ("claim", "merge", a_claim, chance.randint(1, max(claims, 1)), *because),
        ("claim", "merge", 1, 2, *because),
        *[("claim", "same", a_claim, chance.randint(1, max(claims, 1)))] * 2,
        ("claim", "different", a_claim, chance.randint(1, max(claims, 1))),
        ("claim", "unsure", a_claim, chance.randint(1, max(claims, 1)), *because),
        ("claim", "unmerge", chance.choice((2, a_claim)), *because),
        ("claim", "object", a_claim, *because),
        ("claim", "answer", a_claim, *because),
        ("claim", "challenge", a_claim, "--from", "Office", "--due", "tomorrow", *because),
        ("claim", "approve", a_claim),
        ("claim", "reject", a_claim, *because),
        ("speaker", "unmerge", 2, *because),
        (*mark, "in-review", *because),
        (*mark, "unverified", *because),
        (*mark, "set-aside", "--reason", "out-of-scope", *because),
        *[(*mark, verdict, stance, chance.choice(LOGS), "--recheck-on", "tomorrow", *because)] * 3,
        (*mark, verdict, stance, chance.choice(LOGS), "--change", "correction", *because),
    ]  # fmt: skip
    if step == LENGTH // 2:
        return ("speaker", "merge", 1, 2, *because)
    if step == LENGTH * 2 // 3:
        return ("policy", "second_reviewer", "on", *because)
    return choices[0] if step < 3 else chance.choice(choices)


@pytest.mark.parametrize("start", STARTS)
def test_what_stood_after_each_of_many_commands_can_be_read_again(
    database_url: str, run: Run, start: int
) -> None:
    chance, engine = random.Random(start), make_engine(database_url)
    stood: list[tuple[tuple[object, ...], dt.datetime, dict[str, Any]]] = []
    claims = done = 0
    for step in range(LENGTH):
        command = something(chance, claims, step)
        outcome = run(*command, actor=chance.choice(SPEAKERS))
        assert outcome.code in (0, 2, 3, 4, 5), outcome.err
        done += outcome.code == 0
        moment = instant(database_url)
        with read_transaction(engine) as connection:
            found = everything(connection, moment)
        claims = len(found["claims"])
        stood.append((command, moment, found))
    assert done > LENGTH / 2

    for command, moment, found in stood:
        with read_transaction(engine, as_of=moment) as connection:
            again = everything(connection, moment)
        for what, was in found.items():
            assert again[what] == was, (command, what)


def test_figures_keep_every_digit_and_lists_their_order(database_url: str) -> None:
    engine = make_engine(database_url)
    exact = Decimal("1234567890123456789.123456789")
    with engine.begin() as connection:
        claim_id = records.claim(connection, topics=["b", 'a,}"', "ü"], due_on=dt.date(2030, 1, 2))
        connection.execute(
            tables.figure.insert().values(claim_id=claim_id, comparator="..", low=3, high=exact)
        )
    moment = instant(database_url)
    with engine.begin() as connection:
        run(connection, "UPDATE figure SET low = 1, high = NULL, comparator = '='")
        run(connection, "UPDATE claim SET topics = '{}', due_on = NULL")
    with read_transaction(engine, as_of=moment) as connection:
        view = load_claim(connection, claim_id)
    assert view.figure is not None
    assert (view.figure.low, view.figure.high) == (Decimal(3), exact)
    assert (view.topics, view.due_on) == (("b", 'a,}"', "ü"), dt.date(2030, 1, 2))


def test_a_change_is_taken_back_also_where_the_writer_that_began_first_came_second(
    database_url: str,
) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        claim_id = records.claim(connection)
    with engine.begin() as first:
        run(first, "SELECT now()")
        moment = instant(database_url)
        with engine.begin() as second:
            run(second, "UPDATE claim SET priority = 3")
        run(first, "UPDATE claim SET assigned_to = 'Omar Haddad'")
    with read_transaction(engine, as_of=moment) as connection:
        view = load_claim(connection, claim_id)
    assert (view.priority, view.assigned_to) == ("normal", "Omar Haddad")


def test_a_redacted_value_is_said_to_be_one(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        claim_id = records.claim(connection, "The witness is Ilse Brandt", topics=["k"])
    moment = instant(database_url)
    with engine.begin() as connection:
        run(connection, "UPDATE claim SET statement = 'The witness is named', topics = '{l}'")
    with engine.begin() as connection:
        run(
            connection,
            "UPDATE event SET (salt, field_salts, because, before, after) = ("
            " SELECT salt, field_salts, because, before, after FROM redacted_event(event,"
            " '{before.statement,before.topics,after.statement,after.topics}'))"
            " WHERE table_name = 'claim'",
        )
    with read_transaction(engine, as_of=moment) as connection:
        view = load_claim(connection, claim_id)
    assert view.statement == "[redacted]"
    assert view.topics == ("l",)  # of what is no text, today's value stands


def test_without_an_instant_the_past_can_not_be_read(connection: Connection) -> None:
    records.claim(connection)
    # A setting that a transaction before this one had is empty, and no instant either.
    with pytest.raises(DBAPIError, match=r"claimtrack\.as_of|timestamp"):
        run(connection, "SELECT * FROM past.claim")


def test_one_claim_of_the_past_is_found_by_its_key(connection: Connection) -> None:
    for number in range(50):
        records.claim(connection, f"Claim {number}")
    run(connection, "ANALYZE")
    run(connection, "SET LOCAL search_path = past, public")
    run(connection, "SET LOCAL claimtrack.as_of = '2030-01-01'")
    run(connection, "SET LOCAL enable_seqscan = off")
    for asked in (
        "SELECT * FROM claim WHERE id = 7",
        "SELECT * FROM claim WHERE supersedes_id = 7",
        "SELECT * FROM claim WHERE merged_into_id = 7",
        "SELECT (SELECT array_agg(b.id) FROM claim b WHERE b.merged_into_id = a.id)"
        " FROM claim a WHERE id IN (7, 8)",
        "SELECT * FROM appearance WHERE claim_id = 7",
        "SELECT * FROM evidence WHERE claim_id = 7",
        "SELECT * FROM appearance JOIN source ON source.id = source_id WHERE claim_id = 7",
    ):
        plan = "\n".join(run(connection, f"EXPLAIN {asked}").scalars())
        assert "Seq Scan" not in plan, plan


def test_a_plain_read_does_not_ask_for_the_past(database_url: str) -> None:
    engine = make_engine(database_url)
    with read_transaction(engine) as connection:
        assert value(connection, "SHOW search_path") == "public"
        assert value(connection, "SELECT current_setting('claimtrack.as_of', true)") is None
    with read_transaction(engine, as_of=instant(database_url)) as connection:
        assert value(connection, "SHOW search_path") == "past, public"
        assert value(connection, "SHOW jit") == "off"


# --- The schema itself ---------------------------------------------------------------------------


def test_every_logged_table_stands_in_the_past_with_its_columns(connection: Connection) -> None:
    asked = (
        "SELECT relname || '.' || attname, format_type(atttypid, atttypmod)"
        " FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relnamespace = CAST(:schema AS regnamespace) AND relname = ANY(:names)"
        " AND attnum > 0 AND NOT attisdropped"
    )
    past, today = (
        {row[0]: row[1] for row in run(connection, asked, schema=schema, names=list(LOGGED))}
        for schema in ("past", "public")
    )
    # What only some rows of may be read has no view, which would show all.
    hidden = {name for name in today if name.startswith("protected_source.")}
    assert past == {name: kind for name, kind in today.items() if name not in hidden}
    assert {name.split(".")[0] for name in today} == set(LOGGED)


def test_a_pseudonym_stands_in_the_past_too(database_url: str, ok: Run) -> None:
    ok("claim", "add", "The pay came late", "--speaker", "Ilse Brandt", "--source",
        "https://ilse.example/a", "--publisher", "Ilse's Letters")  # fmt: skip
    moment = instant(database_url)
    engine = make_engine(database_url)
    with engine.begin() as connection:
        run(connection, "SELECT protect_speaker(1, 'Source K7', 'source k7')")
        run(connection, "SELECT protect_source(1, 'Source K8')")
    with read_transaction(engine, as_of=moment) as connection:
        view = load_claim(connection, 1)
        names = run(connection, "SELECT name FROM speaker_alias").scalars().all()
    (one,) = view.appearances
    assert one.speaker is not None
    assert (one.speaker.name, one.source.title) == ("Source K7", "Source K8")
    assert (one.source.url, one.source.publisher, view.reach) == (None, None, 1)
    assert names == ["[protected]"]


def test_merging_is_taken_back_and_done_again(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        head, other = (records.claim(connection, f"Claim {n}", url=None) for n in range(2))
        records.appearance(connection, head, url="https://a.example/a")
        records.appearance(connection, other, url="https://b.example/b")
    moments = [instant(database_url)]
    for into in (head, None, head):
        with engine.begin() as connection:
            say_why(connection, "The same words")
            run(connection, "UPDATE claim SET merged_into_id = :i WHERE id = :o", i=into, o=other)
        moments.append(instant(database_url))
    stood = []
    for moment in moments:
        with read_transaction(engine, as_of=moment) as connection:
            view = load_claim(connection, head)
            lines = listing.claim_lines(connection, listing.ClaimFilter(), 9)
        told = [(line.id, line.reach, line.appearances) for line in lines]
        stood.append((len(view.appearances), view.reach, view.version, told))
    apart, joined = [(other, 1, 1), (head, 1, 1)], [(head, 2, 2)]
    assert stood == [(1, 1, 1, apart), (2, 2, 2, joined), (1, 1, 3, apart), (2, 2, 4, joined)]


def test_a_column_that_comes_later_is_taken_back_too(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as plain:
        plain.execute("ALTER TABLE claim ADD COLUMN mood text")
        plain.execute("SELECT rebuild_past()")
        plain.execute("ALTER TABLE note ADD COLUMN mood text")  # nothing stands in the way
        plain.execute("SELECT drop_past()")
        plain.execute("ALTER TABLE note DROP COLUMN mood")
        plain.execute("SELECT rebuild_past()")
    engine = make_engine(database_url)
    with engine.begin() as connection:
        records.claim(connection)
    moment = instant(database_url)
    with engine.begin() as connection:
        run(connection, "UPDATE claim SET mood = 'grim'")
    with read_transaction(engine, as_of=moment) as connection:
        assert value(connection, "SELECT mood FROM claim") is None


def test_who_may_read_a_table_may_read_its_past_and_no_events(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as owner:
        name = sql.Identifier(f"{owner.info.dbname}_reader")
        owner.execute(sql.SQL("CREATE ROLE {}").format(name))
        try:
            owner.execute(sql.SQL("GRANT SELECT ON claim TO {}").format(name))
            owner.execute(sql.SQL("GRANT SELECT (id) ON note TO {}").format(name))
            owner.execute("SELECT rebuild_past()")
            owner.execute("SET claimtrack.as_of = '2030-01-01'")
            owner.execute(sql.SQL("SET ROLE {}").format(name))
            owner.execute("SELECT * FROM past.claim")
            owner.execute("SELECT id FROM past.note")
            for refused in (
                "SELECT body FROM past.note",
                "SELECT * FROM past.source",
                "SELECT * FROM event",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    owner.execute(refused.encode())
        finally:
            owner.execute("RESET ROLE")
            owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
            owner.execute(sql.SQL("DROP ROLE {}").format(name))


def test_an_owner_who_may_not_make_a_schema_is_told_what_to_ask_for(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("SELECT drop_past()")
        superuser.execute("DROP SCHEMA past")
        database = superuser.info.dbname
        name = sql.Identifier(f"{database}_owner")
        superuser.execute(sql.SQL("CREATE ROLE {}").format(name))
        try:
            superuser.execute(sql.SQL("SET ROLE {}").format(name))
            with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
                superuser.execute("SELECT rebuild_past()")
        finally:
            superuser.execute("RESET ROLE")
            superuser.execute(sql.SQL("DROP ROLE {}").format(name))
    assert f"GRANT CREATE ON DATABASE {database} TO" in str(caught.value)


def test_what_others_keep_in_a_schema_of_that_name_stays(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as plain:
        plain.execute("CREATE VIEW past.theirs AS SELECT 1 AS one")
        plain.execute("SELECT rebuild_past()")
        assert plain.execute("SELECT one FROM past.theirs").fetchone() == (1,)


def test_check_tells_of_a_view_that_was_changed(database_url: str, run: Run) -> None:
    with psycopg.connect(database_url, autocommit=True) as plain:
        plain.execute("DROP VIEW past.note")
        plain.execute("CREATE VIEW past.note AS SELECT * FROM note")
    found = run("db", "check", "--format", "json")
    assert found.code == 1
    (wrong,) = [row for row in found.json if not row["ok"]]
    assert wrong == {
        "check": "views of the past are as made",
        "ok": False,
        "problem": "note is changed",
    }


def test_versions_count_no_change_that_came_later(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        claim_id = records.claim(connection)
    moments = []
    for change in (
        "UPDATE claim SET priority = 2",
        "INSERT INTO figure (claim_id, comparator, low) SELECT id, '=', 3 FROM claim",
        "UPDATE figure SET low = 4",
        "UPDATE source SET agency_id = NULL, title = 'Bridge'",
    ):
        moments.append(instant(database_url))
        with engine.begin() as connection:
            connection.execute(text(change))
    versions = []
    for moment in moments:
        with read_transaction(engine, as_of=moment) as connection:
            versions.append(load_claim(connection, claim_id).version)
    assert versions == [1, 2, 3, 4]
