"""Merges in the database itself: no chain, nothing new on what was merged, whatever the path."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from claimtrack.db import say_why
from tests import records
from tests.sql import all_at_commit, refused, run, value

LOG = "https://archive.example/log"


@pytest.fixture
def three(connection: Connection) -> tuple[int, int, int]:
    """Three claims in three newspapers, and a reason for what follows."""
    say_why(connection, "the same words")
    one, two, three = (
        records.claim(connection, f"The {name} bridge was closed", url=f"https://{name}.example/a")
        for name in ("north", "south", "west")
    )
    return one, two, three


def point(connection: Connection, claim_id: int, head_id: int | None) -> None:
    run(
        connection,
        "UPDATE claim SET merged_into_id = :head WHERE id = :id",
        head=head_id,
        id=claim_id,
    )


def column(connection: Connection, name: str, claim_id: int) -> Any:
    return value(connection, f"SELECT {name} FROM claim WHERE id = :id", id=claim_id)


def test_a_merge_knows_when_by_whom_and_why(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    head, other, _ = three
    point(connection, other, head)

    row = run(
        connection,
        "SELECT merged_at = now(), merged_by, merged_because FROM claim WHERE id = :id",
        id=other,
    ).one()
    assert tuple(row) == (True, "Ana Ruiz", "the same words")
    point(connection, other, None)
    assert column(connection, "num_nulls(merged_at, merged_by, merged_because)", other) == 3


@pytest.mark.parametrize("change", ["merged_at = now() - interval '1 day'", "merged_by = 'Eve'"])
def test_when_and_by_whom_can_not_be_changed(
    connection: Connection, three: tuple[int, int, int], change: str
) -> None:
    head, other, third = three
    point(connection, other, head)

    with refused(connection, "append_only"):
        run(connection, f"UPDATE claim SET {change} WHERE id = :id", id=other)
    with refused(connection, "append_only"):
        run(connection, f"UPDATE claim SET {change} WHERE id = :id", id=third)


def test_a_merge_of_claims_has_a_reason(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    run(connection, "SELECT set_config('claimtrack.because', '', true)")

    with refused(connection, "ck_claim_merged_because"):
        point(connection, three[1], three[0])


def test_nothing_is_merged_into_itself(connection: Connection, three: tuple[int, int, int]) -> None:
    with refused(connection, "ck_claim_not_into_itself"):
        point(connection, three[0], three[0])


@pytest.mark.parametrize("table", ["claim", "speaker"])
def test_merges_make_no_chain(
    connection: Connection, three: tuple[int, int, int], table: str
) -> None:
    one, two, third = three
    if table == "speaker":
        one, two, third = (records.speaker(connection, name) for name in ("Ana", "Bo", "Cy"))
    to = f"UPDATE {table} SET merged_into_id = :head WHERE id = :id"
    run(connection, to, head=one, id=two)

    for other, head in ((third, two), (one, third), (two, third)):
        with refused(connection, "merge_chain"):
            run(connection, to, head=head, id=other)


def test_nothing_is_recorded_as_merged_into_what_was_merged(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    head, other, _ = three
    point(connection, other, head)

    with refused(connection, "merge_chain"):
        records.claim(connection, "Another", url=None, merged_into_id=other)
    records.claim(connection, "Another", url=None, merged_into_id=head)


def test_a_merged_claim_takes_nothing_of_its_own(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    head, other, _ = three
    point(connection, other, head)

    for add in (
        lambda: records.review(connection, other, "in_review"),
        lambda: records.appearance(connection, other, url="https://new.example/a"),
        lambda: records.evidence(connection, other, LOG),
        lambda: run(connection, "INSERT INTO note (claim_id, body) VALUES (:id, 'x')", id=other),
        lambda: run(
            connection,
            "INSERT INTO figure (claim_id, comparator, low) VALUES (:id, '>', 9)",
            id=other,
        ),
    ):
        with refused(connection, "merged_claim"):
            add()

    point(connection, other, None)
    records.review(connection, other, "in_review")


def test_reach_of_the_head_counts_the_publishers_of_both(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    head, other, third = three
    records.appearance(connection, other, url="https://north.example/b")
    seen = []

    def look() -> None:
        seen.append(tuple(column(connection, "reach", number) for number in three))

    point(connection, other, head)
    look()
    point(connection, third, head)
    look()
    run(
        connection,
        "UPDATE appearance SET withdrawn_because = 'x' WHERE claim_id = :id AND no = 1",
        id=other,
    )
    look()
    run(
        connection,
        "UPDATE source SET publisher_id = :post WHERE host IN ('north.example', 'west.example')",
        post=records.publisher(connection, "Post"),
    )
    look()
    point(connection, other, None)
    point(connection, third, None)
    look()

    assert seen == [(2, 2, 1), (3, 2, 1), (2, 1, 1), (1, 1, 1), (1, 1, 1)]


def test_who_has_seen_the_head_has_not_seen_what_was_merged(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    head, other, _ = three
    versions = [column(connection, "version", head)]
    for into in (head, None):
        point(connection, other, into)
        versions.append(column(connection, "version", head))

    assert versions == sorted(set(versions))


def test_a_verdict_rests_on_the_evidence_of_what_was_merged_and_of_nothing_else(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    head, other, third = three
    piece = records.evidence(connection, other, LOG)
    foreign = records.evidence(connection, third, LOG)
    with refused(connection, "evidence_of_claim"):
        records.review(connection, head, "checked", piece, verdict="false")

    point(connection, other, head)

    with refused(connection, "evidence_of_claim"):
        records.review(connection, head, "checked", piece, foreign, verdict="false")
    records.review(connection, head, "checked", piece, verdict="false")
    all_at_commit(connection)
    point(connection, other, None)
    assert column(connection, "verdict", head) == "false"


def test_where_a_merged_claim_appeared_bears_no_witness(
    connection: Connection, three: tuple[int, int, int]
) -> None:
    head, other, _ = three
    paper = records.source(connection, "https://south.example/a")
    asked = "SELECT bears_witness(:claim, :source)"
    assert value(connection, asked, claim=head, source=paper) is True

    point(connection, other, head)

    assert value(connection, asked, claim=head, source=paper) is False
    assert value(connection, asked, claim=other, source=paper) is False
    north = records.source(connection, "https://north.example/a")
    assert value(connection, asked, claim=other, source=north) is True
