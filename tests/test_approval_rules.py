"""The two-person rule and independent publishers: the database's own, whatever path SQL takes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tests import records, tables
from tests.sql import all_at_commit, refused, run, value

ONE = "https://one.example/a"
TWO = "https://two.example/b"
OTHER = "Omar Haddad"


@pytest.fixture
def claim_id(connection: Connection) -> int:
    return records.claim(connection)


def policy(connection: Connection, name: str, value: str) -> None:
    run(
        connection,
        "INSERT INTO policy (name, value) VALUES (:name, :value)",
        name=name,
        value=value,
    )


def proposed(connection: Connection, claim_id: int, *pieces: int, **columns: Any) -> int:
    """Propose a verdict in the actor's name; the review's number is given back."""
    columns = {"proposed_verdict": "false", **columns}
    return records.review(connection, claim_id, "awaiting_approval", *pieces, **columns)


def approved(connection: Connection, claim_id: int, *pieces: int, **columns: Any) -> int:
    columns = {"verdict": "false", "recorded_by": OTHER, "decision": "approved", **columns}
    return records.review(connection, claim_id, "checked", *pieces, **columns)


# --- A verdict waits -----------------------------------------------------------------------------


def test_no_verdict_goes_past_the_second_reviewer(connection: Connection, claim_id: int) -> None:
    policy(connection, "second_reviewer", "on")

    with refused(connection, "second_reviewer"):
        records.review(connection, claim_id, "checked", verdict="unproven")

    piece = records.evidence(connection, claim_id, ONE)
    proposed(connection, claim_id, piece)
    with refused(connection, "second_reviewer"):
        # Not under the name of another status, either.
        records.review(
            connection, claim_id, "checked", verdict="unproven", from_status="unverified"
        )
    approved(connection, claim_id, piece)
    all_at_commit(connection)


def test_what_is_decided_says_so(connection: Connection, claim_id: int) -> None:
    piece = records.evidence(connection, claim_id, ONE)
    proposed(connection, claim_id, piece)
    with refused(connection, "ck_review_decision_on_proposal"):
        approved(connection, claim_id, piece, decision=None)


def test_a_proposal_needs_the_evidence_that_its_verdict_needs(
    connection: Connection, claim_id: int
) -> None:
    with refused(connection, "verdict_needs_evidence"):
        proposed(connection, claim_id)
        all_at_commit(connection)
    with refused(connection, "verdict_needs_evidence"):
        proposed(connection, claim_id, records.evidence(connection, claim_id, ONE, "supports"))
        all_at_commit(connection)
    proposed(connection, claim_id, proposed_verdict="unproven")
    all_at_commit(connection)


def test_a_proposal_that_would_change_a_verdict_says_why_and_is_another(
    connection: Connection, claim_id: int
) -> None:
    records.review(connection, claim_id, "checked", verdict="unproven")

    with refused(connection, "ck_review_change_of_verdict"):
        proposed(connection, claim_id, proposed_verdict="unverifiable")
    with refused(connection, "review_follows"):
        proposed(connection, claim_id, proposed_verdict="unproven", change="update")
    proposed(connection, claim_id, proposed_verdict="unverifiable", change="update")


# --- Approving -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ana Ruiz", "ANA RUIZ", " ana  ruiz", "Ana\tRuiz "])
def test_nobody_approves_a_verdict_of_their_own(
    connection: Connection, claim_id: int, name: str
) -> None:
    piece = records.evidence(connection, claim_id, ONE)
    proposed(connection, claim_id, piece)

    with refused(connection, "self_approval"):
        approved(connection, claim_id, piece, recorded_by=name)


@pytest.mark.parametrize(
    "other",
    [
        {"verdict": "mixed"},
        {"change": "correction"},
        {"change": None},
        {"rating": "Another"},
        {"rating": None},
        {"recheck_on": None},
    ],
)
def test_what_is_approved_is_what_was_proposed(
    connection: Connection, claim_id: int, other: dict[str, Any]
) -> None:
    piece = records.evidence(connection, claim_id, ONE)
    records.review(connection, claim_id, "checked", verdict="unproven")
    as_proposed = {"change": "update", "rating": "Half", "recheck_on": dt.date(2999, 1, 2)}
    proposed(connection, claim_id, piece, **as_proposed)

    with refused(connection, "approved_as_proposed"):
        approved(connection, claim_id, piece, **{**as_proposed, **other})
    approved(connection, claim_id, piece, **as_proposed)
    all_at_commit(connection)


def test_an_approval_rests_on_the_evidence_of_the_proposal(
    connection: Connection, claim_id: int
) -> None:
    pieces = [records.evidence(connection, claim_id, url) for url in (ONE, TWO)]
    proposed(connection, claim_id, pieces[0])
    for others in ((), (pieces[1],), tuple(pieces)):
        with refused(connection, "decision_keeps_evidence"):
            approved(connection, claim_id, *others)
            all_at_commit(connection)


def test_an_approval_needs_grounds_that_still_stand(connection: Connection, claim_id: int) -> None:
    piece = records.evidence(connection, claim_id, ONE)
    proposed(connection, claim_id, piece)
    all_at_commit(connection)
    run(connection, "UPDATE evidence SET withdrawn_because = 'forged'")

    with refused(connection, "verdict_needs_evidence"):
        approved(connection, claim_id, piece)
        all_at_commit(connection)


# --- Rejecting -----------------------------------------------------------------------------------


def test_a_rejection_gives_back_verdict_rating_recheck_date_and_holder(
    connection: Connection, claim_id: int
) -> None:
    piece = records.evidence(connection, claim_id, ONE)
    run(connection, "UPDATE claim SET assigned_to = 'Kim Sato'")
    stood = {"verdict": "false", "rating": "Half", "recheck_on": dt.date(2999, 1, 2)}
    records.review(connection, claim_id, "checked", piece, **stood)
    proposed(connection, claim_id, piece, proposed_verdict="mixed", change="revision")
    run(connection, "UPDATE claim SET assigned_to = 'Omar Haddad'")

    for other in ({"verdict": "mixed"}, {"rating": None}, {"recheck_on": None}):
        with refused(connection, "rejection_restores"):
            records.review(
                connection, claim_id, "checked", piece, decision="rejected", **{**stood, **other}
            )
    with refused(connection, "rejection_restores"):
        records.review(connection, claim_id, "in_review", decision="rejected")
    with refused(connection, "decision_keeps_evidence"):
        records.review(connection, claim_id, "checked", decision="rejected", **stood)
        all_at_commit(connection)
    with refused(connection, "ck_review_change_when_checked"):
        records.review(
            connection, claim_id, "checked", piece, decision="rejected", change="update", **stood
        )
    records.review(connection, claim_id, "checked", piece, decision="rejected", **stood)
    all_at_commit(connection)

    row = connection.execute(select(tables.claim)).one()
    assert (row.status, row.verdict, row.assigned_to) == ("checked", "false", "Kim Sato")
    assert row.recheck_on == dt.date(2999, 1, 2)


def test_who_held_the_claim_is_the_database_s_to_note(
    connection: Connection, claim_id: int
) -> None:
    run(connection, "UPDATE claim SET assigned_to = 'Kim Sato'")
    proposed(connection, claim_id, proposed_verdict="unproven", held_by="Somebody")
    assert value(connection, "SELECT held_by FROM review") == "Kim Sato"

    records.review(connection, claim_id, "unverified", decision="rejected", held_by="Somebody")

    assert value(connection, "SELECT held_by FROM review WHERE no = 2") is None
    assert value(connection, "SELECT assigned_to FROM claim") == "Kim Sato"


def test_a_verdict_comes_back_though_its_evidence_was_withdrawn_and_the_policy_was_raised(
    connection: Connection, claim_id: int
) -> None:
    piece = records.evidence(connection, claim_id, ONE)
    records.review(connection, claim_id, "checked", piece, verdict="false")
    other = records.evidence(connection, claim_id, TWO)
    proposed(connection, claim_id, other, proposed_verdict="mixed", change="revision")
    all_at_commit(connection)
    policy(connection, "second_reviewer", "on")
    policy(connection, "independent_publishers", "9")
    run(connection, "UPDATE evidence SET withdrawn_because = 'forged'")

    records.review(connection, claim_id, "checked", piece, verdict="false", decision="rejected")
    all_at_commit(connection)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE claim SET statement = 'Another' WHERE id = :claim",
        "INSERT INTO figure (claim_id, comparator, low) VALUES (:claim, '>', 900)",
    ],
)
def test_words_are_not_changed_under_a_proposal(
    connection: Connection, claim_id: int, change: str
) -> None:
    proposed(connection, claim_id, proposed_verdict="unproven")
    with refused(connection, "words_of_checked_claim"):
        run(connection, change, claim=claim_id)


# --- Independent publishers ----------------------------------------------------------------------


def sources(connection: Connection, *details: dict[str, str]) -> list[str]:
    """Sources at addresses of their own, of these publishers and agencies."""
    urls = [f"https://site{number}.example/x" for number in range(len(details))]
    for url, detail in zip(urls, details, strict=True):
        records.source(connection, url, **detail)
    return urls


@pytest.mark.parametrize(
    ("details", "enough"),
    [
        ([{"publisher": "Post"}, {"publisher": "Gazette"}], True),
        ([{"publisher": "Post"}, {"publisher": "Post"}], False),
        ([{"publisher": "Post", "agency": "Wire"}, {"publisher": "Echo", "agency": "Wire"}], False),
        ([{"publisher": "Post"}, {}], True),
        ([{}], False),
    ],
)
def test_a_verdict_rests_on_as_many_publishers_as_the_policy_asks_for(
    connection: Connection, claim_id: int, details: list[dict[str, str]], *, enough: bool
) -> None:
    policy(connection, "independent_publishers", "2")
    pieces = [records.evidence(connection, claim_id, url) for url in sources(connection, *details)]

    if enough:
        records.review(connection, claim_id, "checked", *pieces, verdict="false")
        all_at_commit(connection)
        return
    with refused(connection, "independent_publishers"):
        records.review(connection, claim_id, "checked", *pieces, verdict="false")
        all_at_commit(connection)
    with refused(connection, "independent_publishers"):
        proposed(connection, claim_id, *pieces)
        all_at_commit(connection)


def test_only_what_bears_the_verdict_counts_as_a_publisher(
    connection: Connection, claim_id: int
) -> None:
    policy(connection, "independent_publishers", "2")
    one, two, three = sources(connection, {}, {}, {})
    pieces = [
        records.evidence(connection, claim_id, one),
        records.evidence(connection, claim_id, two, "supports"),
        records.evidence(connection, claim_id, three),
        records.evidence(connection, claim_id, records.ARTICLE),
    ]
    run(
        connection,
        "UPDATE evidence SET withdrawn_because = 'forged' WHERE id = :piece",
        piece=pieces[2],
    )

    with refused(connection, "independent_publishers"):
        records.review(connection, claim_id, "checked", *pieces, verdict="false")
        all_at_commit(connection)
    records.review(connection, claim_id, "checked", *pieces, verdict="mixed")
    all_at_commit(connection)


@pytest.mark.parametrize("verdict", ["unproven", "unverifiable"])
def test_what_needs_no_evidence_needs_no_publisher(
    connection: Connection, claim_id: int, verdict: str
) -> None:
    policy(connection, "independent_publishers", "2")
    records.review(connection, claim_id, "checked", verdict=verdict)
    all_at_commit(connection)


# --- The policies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "by"),
    [
        ("second_reviewer", "maybe", "ck_policy_value"),
        ("second_reviewer", "1", "ck_policy_value"),
        ("independent_publishers", "on", "ck_policy_value"),
        ("independent_publishers", "-1", "ck_policy_value"),
        ("independent_publishers", "02", "ck_policy_value"),
        ("independent_publishers", "100", "ck_policy_value"),
        ("no_such_rule", "1", "ck_policy_name"),
    ],
)
def test_a_policy_is_one_of_those_known_and_so_is_its_value(
    connection: Connection, name: str, value: str, by: str
) -> None:
    with refused(connection, by):
        policy(connection, name, value)


def test_the_latest_word_on_a_policy_holds(connection: Connection) -> None:
    asked = "SELECT policy_in_force(:name)"
    assert value(connection, asked, name="second_reviewer") == "off"
    assert value(connection, asked, name="independent_publishers") == "0"

    for word in ("on", "off", "on"):
        policy(connection, "second_reviewer", word)
        assert value(connection, asked, name="second_reviewer") == word
