"""Judgements in the database itself: one that holds of a pair, and no group against them."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import Connection

from claimtrack import migrate
from claimtrack.db import make_engine, say_why
from claimtrack.errors import ConflictError
from tests import records
from tests.sql import refused, run

BEFORE, HERE = "0016", "0017"


@pytest.fixture
def four(connection: Connection) -> list[int]:
    """The numbers of four claims, in their order, and a reason for what follows."""
    say_why(connection, "read again")
    return [records.claim(connection, f"Well {number} ran dry", url=None) for number in range(4)]


def judge(
    connection: Connection, one: int, other: int, judgement: str, no: int = 1, because: str = "x"
) -> None:
    run(
        connection,
        "INSERT INTO claim_match (claim_id, other_id, no, judgement, because)"
        " VALUES (:one, :other, :no, :judgement, NULLIF(:because, ''))",
        one=one,
        other=other,
        no=no,
        judgement=judgement,
        because=because,
    )


def point(connection: Connection, claim_id: int, head_id: int | None) -> None:
    run(
        connection,
        "UPDATE claim SET merged_into_id = :head WHERE id = :id",
        head=head_id,
        id=claim_id,
    )


def groups(connection: Connection) -> list[set[int]]:
    rows = run(
        connection,
        "SELECT array_agg(claim_id) FROM claim_group GROUP BY group_id ORDER BY group_id",
    )
    return [set(numbers) for (numbers,) in rows]


def test_a_pair_has_one_order_and_its_judgements_no_gap(
    connection: Connection, four: list[int]
) -> None:
    one, two, *_ = four
    with refused(connection, "ck_claim_match_lower_first"):
        judge(connection, two, one, "same")
    with refused(connection, "fk_claim_match_claim_id_other_id_prev_no_claim_match"):
        judge(connection, one, two, "same", no=2)
    judge(connection, one, two, "same")
    with refused(connection, "pk_claim_match"):
        judge(connection, one, two, "different")


def test_unsure_has_a_reason(connection: Connection, four: list[int]) -> None:
    with refused(connection, "ck_claim_match_unsure_because"):
        judge(connection, four[0], four[1], "unsure", because="")


def test_groups_follow_judgements_and_merges(connection: Connection, four: list[int]) -> None:
    one, two, three, last = four
    judge(connection, one, two, "same")
    judge(connection, three, last, "same")
    assert groups(connection) == [{one, two}, {three, last}]

    point(connection, three, two)
    assert groups(connection) == [{one, two, last}]
    judge(connection, one, two, "unsure", no=2)
    assert groups(connection) == [{two, last}]
    point(connection, three, None)
    assert groups(connection) == [{three, last}]
    judge(connection, three, last, "different", no=2)
    assert groups(connection) == []


def test_no_group_holds_two_that_were_judged_different(
    connection: Connection, four: list[int]
) -> None:
    one, two, three, last = four
    judge(connection, one, two, "same")
    judge(connection, one, three, "different")
    with refused(connection, "judged_different"):
        judge(connection, two, three, "same")
    with refused(connection, "judged_different"):
        point(connection, two, three)
    judge(connection, two, last, "same")
    with refused(connection, "judged_different"):
        judge(connection, one, last, "different")


def test_a_merged_claim_is_not_judged(connection: Connection, four: list[int]) -> None:
    one, two, three, _ = four
    point(connection, two, one)
    for pair in ((one, two), (two, three)):
        with refused(connection, "merged_claim"):
            judge(connection, *pair, "different")


def test_the_migration_leaves_merges_alone_and_goes_back_only_by_name(
    empty_database_url: str,
) -> None:
    engine = make_engine(empty_database_url)
    migrate.upgrade(engine, BEFORE)
    with psycopg.connect(empty_database_url) as plain:
        plain.execute("SELECT set_config('claimtrack.because', 'The same words', true)")
        plain.execute(
            "INSERT INTO claim (statement, statement_key) VALUES"
            " ('Well 1 ran dry', sha256('a')), ('No water came', sha256('b')),"
            " ('It was dry', sha256('c'))"
        )
        plain.execute("UPDATE claim SET merged_into_id = 1 WHERE id = 2")

    migrate.upgrade(engine, HERE)

    with psycopg.connect(empty_database_url) as plain:
        assert plain.execute("SELECT count(*) FROM claim_match").fetchone() == (0,)
        plain.execute(
            "INSERT INTO claim_match (claim_id, other_id, no, judgement) VALUES (1, 3, 1, 'same')"
        )
        assert plain.execute("SELECT * FROM claim_group ORDER BY 1").fetchall() == [(1, 1), (3, 1)]
        name = plain.info.dbname
    with pytest.raises(ConflictError) as caught:
        migrate.downgrade(engine, BEFORE)
    assert "claim_match" in caught.value.message
    migrate.downgrade(engine, BEFORE, drop_data=name)
    with psycopg.connect(empty_database_url) as plain:
        rows = plain.execute("SELECT id FROM claim WHERE merged_into_id = 1").fetchall()
    assert rows == [(2,)]
    migrate.upgrade(engine)
