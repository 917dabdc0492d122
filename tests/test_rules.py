"""The database's own rules, below the services: they hold whatever path the SQL comes by."""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from claimtrack import vocab
from claimtrack.db import make_engine, say_why, write_transaction
from tests import records, tables
from tests.sql import all_at_commit, refused, run, value

LOG = "https://archive.example/log"


@pytest.fixture
def claim_id(connection: Connection) -> int:
    return records.claim(connection)


def marked(connection: Connection, claim_id: int, verdict: str = "false", **columns: Any) -> int:
    """Mark a claim with a verdict that has evidence; the review's number is given back."""
    pieces = [records.evidence(connection, claim_id, LOG, stance) for stance in vocab.Stance]
    return records.review(connection, claim_id, "checked", *pieces, verdict=verdict, **columns)


# --- Status follows the reviews ------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "status = 'in_review'",
        "status = 'checked', verdict = 'true'",
        "review_no = 1",
        "status = 'in_review', review_no = 1",
    ],
)
def test_the_status_of_a_claim_can_not_be_written_directly(
    connection: Connection, claim_id: int, change: str
) -> None:
    with refused(connection, "status_of_latest_review"):
        run(connection, f"UPDATE claim SET {change}")


def test_a_claim_begins_unverified(connection: Connection) -> None:
    for columns in ({"status": "in_review"}, {"review_no": 1}):
        with refused(connection, "status_of_latest_review"):
            records.claim(connection, **columns)


def test_a_review_moves_its_claim(connection: Connection, claim_id: int) -> None:
    records.review(connection, claim_id, "in_review")
    marked(connection, claim_id, recheck_on=dt.date(2999, 1, 2))
    all_at_commit(connection)

    row = connection.execute(select(tables.claim)).one()
    assert (row.status, row.verdict, row.review_no) == ("checked", "false", 2)
    assert row.recheck_on == dt.date(2999, 1, 2)
    assert row.assigned_to == "Ana Ruiz"


@pytest.mark.parametrize(
    ("columns", "by"),
    [
        ({"no": 1, "from_status": "unverified", "status": "in_review"}, "pk_review"),
        ({"no": 3}, "fk_review_claim_id_prev_no_from_status_review"),
        ({"no": 0, "from_status": "unverified", "status": "in_review"}, "ck_review_no"),
        (
            {"from_status": "unverified", "status": "in_review"},
            "fk_review_claim_id_prev_no_from_status_review",
        ),
        ({"status": "in_review"}, "fk_review_from_status_status_transition"),
        ({"status": "checked"}, "ck_review_verdict_when_checked"),
        ({"verdict": "false"}, "ck_review_verdict_when_checked"),
        ({"proposed_verdict": "false"}, "ck_review_proposed_when_awaiting"),
        ({"status": "awaiting_approval"}, "ck_review_proposed_when_awaiting"),
        ({"decision": "rejected"}, "ck_review_decision_on_proposal"),
        ({"status": "set_aside"}, "ck_review_reason_when_set_aside"),
        ({"reason": "duplicate"}, "ck_review_reason_when_set_aside"),
        ({"change": "update"}, "ck_review_change_when_checked"),
        ({"rating": "Half"}, "ck_review_rating_when_checked"),
        ({"because": " \n"}, "ck_review_because"),
    ],
)
def test_a_review_that_does_not_follow_is_refused(
    connection: Connection, claim_id: int, columns: dict[str, Any], by: str
) -> None:
    records.review(connection, claim_id, "in_review")
    run(connection, "SET CONSTRAINTS ALL IMMEDIATE")

    with refused(connection, by):
        records.review(connection, claim_id, **{"status": "unverified", **columns})


def test_the_first_review_starts_from_unverified(connection: Connection, claim_id: int) -> None:
    with refused(connection, "ck_review_first_from_unverified"):
        records.review(connection, claim_id, "unverified", from_status="in_review")


def test_another_verdict_says_why_and_is_another(connection: Connection, claim_id: int) -> None:
    marked(connection, claim_id, "false")

    with refused(connection, "ck_review_change_of_verdict"):
        marked(connection, claim_id, "mixed")
    with refused(connection, "review_follows"):
        marked(connection, claim_id, "false", change="revision")
    marked(connection, claim_id, "mixed", change="revision")


def test_the_rules_of_status_hold_for_every_move(connection: Connection) -> None:
    """Each pair of statuses, straight into the table: those of the transitions, and no others."""
    way: dict[vocab.Status, dict[str, Any]] = {
        vocab.Status.UNVERIFIED: {},
        vocab.Status.IN_REVIEW: {},
        vocab.Status.AWAITING_APPROVAL: {"proposed_verdict": "unverifiable"},
        vocab.Status.CHECKED: {"verdict": "unproven"},
        vocab.Status.SET_ASIDE: {"reason": "error"},
    }
    moved = set()
    for before in vocab.Status:
        for after in vocab.Status:
            start = connection.begin_nested()
            claim_id = records.claim(connection)
            more = dict(way[after])
            stood = before
            if before is vocab.Status.AWAITING_APPROVAL:
                # A rejection gives back what stood, so what it is to give back stands first.
                stood = after if after is not before else vocab.Status.UNVERIFIED
                more["decision"] = "rejected"
            try:
                if stood is not vocab.Status.UNVERIFIED:
                    records.review(connection, claim_id, stood, **way[stood])
                if stood is not before:
                    checked = stood is vocab.Status.CHECKED
                    change = {"change": "update"} if checked else {}
                    records.review(connection, claim_id, before, **way[before], **change)
            except DBAPIError:
                start.rollback()
                continue
            if before is vocab.Status.CHECKED and after is vocab.Status.AWAITING_APPROVAL:
                more["change"] = "update"
            if before is after is vocab.Status.CHECKED:
                more |= {"verdict": "unverifiable", "change": "update"}
            try:
                records.review(connection, claim_id, after, **more)
                moved.add((before, after))
            except DBAPIError:
                pass
            start.rollback()

    assert moved == set(vocab.TRANSITIONS)


def test_the_transition_table_holds_the_moves_of_the_vocabulary(connection: Connection) -> None:
    rows = connection.execute(select(tables.transition))

    assert {(row.from_status, row.to_status) for row in rows} == set(vocab.TRANSITIONS)


# --- Verdicts rest on evidence -------------------------------------------------------------------

NEEDING_EVIDENCE = [v for v in vocab.Verdict if v not in vocab.VERDICTS_WITHOUT_EVIDENCE]


@pytest.mark.parametrize("verdict", NEEDING_EVIDENCE)
def test_a_verdict_without_evidence_can_not_be_committed(
    connection: Connection, claim_id: int, verdict: str
) -> None:
    records.evidence(connection, claim_id, LOG)  # on record, but not what the review rests on
    with refused(connection, "verdict_needs_evidence"):
        records.review(connection, claim_id, "checked", verdict=verdict)
        all_at_commit(connection)


def test_a_verdict_without_evidence_fails_at_commit(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        claim_id = records.claim(connection)
    with (
        pytest.raises(DBAPIError, match="has no evidence to rest on"),
        write_transaction(engine, actor="Ana Ruiz") as connection,
    ):
        records.review(connection, claim_id, "checked", verdict="false")
    with engine.connect() as connection:
        assert connection.execute(select(tables.claim.c.status)).scalar_one() == "unverified"


@pytest.mark.parametrize("verdict", sorted(vocab.VERDICTS_WITHOUT_EVIDENCE))
def test_what_can_not_be_known_needs_no_evidence(
    connection: Connection, claim_id: int, verdict: str
) -> None:
    records.review(connection, claim_id, "checked", verdict=verdict)
    all_at_commit(connection)


@pytest.mark.parametrize("stance", vocab.Stance)
@pytest.mark.parametrize("verdict", ["true", "false", "mixed"])
def test_true_needs_support_and_false_refutation(
    connection: Connection, claim_id: int, verdict: str, stance: str
) -> None:
    piece = records.evidence(connection, claim_id, LOG, stance)

    if (verdict, stance) in {("true", "supports"), ("false", "refutes")} or verdict == "mixed":
        records.review(connection, claim_id, "checked", piece, verdict=verdict)
        all_at_commit(connection)
    else:
        with refused(connection, "verdict_needs_evidence"):
            records.review(connection, claim_id, "checked", piece, verdict=verdict)
            all_at_commit(connection)


@pytest.mark.parametrize(
    ("told", "offered", "counts"),
    [
        ({"publisher": "Post"}, {"publisher": "Gazette"}, True),
        ({"publisher": "Post"}, {"publisher": "Post"}, True),
        ({"agency": "Wire"}, {"agency": "Wire"}, False),
        ({"agency": "Wire"}, {"publisher": "Wire"}, False),
        ({"publisher": "Wire"}, {"agency": "Wire"}, False),
        ({"agency": "Wire"}, {"agency": "Other Wire"}, True),
    ],
)
def test_reprints_of_one_wire_are_one_witness(
    connection: Connection, told: dict[str, str], offered: dict[str, str], *, counts: bool
) -> None:
    records.source(connection, "https://one.example/a", **told)
    other = records.source(connection, "https://two.example/b", **offered)
    claim_id = records.claim(connection, url="https://one.example/a")

    bears = value(connection, "SELECT bears_witness(:claim, :source)", claim=claim_id, source=other)

    assert bears is counts


def test_an_article_is_no_witness_of_its_own_claim_until_that_appearance_is_withdrawn(
    connection: Connection, claim_id: int
) -> None:
    article = records.source(connection)
    asked = "SELECT bears_witness(:claim, :source)"
    assert value(connection, asked, claim=claim_id, source=article) is False

    run(
        connection,
        "UPDATE appearance"
        " SET withdrawn_at = now(), withdrawn_by = 'Ana', withdrawn_because = 'wrong page'",
    )

    assert value(connection, asked, claim=claim_id, source=article) is True


def test_a_review_rests_only_on_evidence_on_its_own_claim(
    connection: Connection, claim_id: int
) -> None:
    other = records.claim(connection, "The south bridge was closed")
    piece = records.evidence(connection, other, LOG)

    with refused(connection, "evidence_of_claim"):
        records.review(connection, claim_id, "checked", piece, verdict="false")


# --- The words of a checked claim ----------------------------------------------------------------

FIGURE = "INSERT INTO figure (claim_id, comparator, low) VALUES (:claim, '>', 900)"
WORDS = "UPDATE claim SET statement = 'Another' WHERE id = :claim"


@pytest.mark.parametrize("change", [FIGURE, WORDS])
def test_the_words_of_a_checked_claim_are_guarded(
    connection: Connection, claim_id: int, change: str
) -> None:
    marked(connection, claim_id)
    with refused(connection, "words_of_checked_claim"):
        run(connection, change, claim=claim_id)

    run(connection, "SELECT set_config('claimtrack.typo', 'on', true)")
    with refused(connection, "words_of_checked_claim"):
        run(connection, change, claim=claim_id)

    say_why(connection, "A letter was missing")
    run(connection, change, claim=claim_id)


@pytest.mark.parametrize("change", [FIGURE, WORDS])
def test_the_words_of_an_open_claim_may_change(
    connection: Connection, claim_id: int, change: str
) -> None:
    run(connection, change, claim=claim_id)
    marked(connection, claim_id)
    records.review(connection, claim_id, "unverified")
    run(connection, WORDS, claim=claim_id)


def test_a_figure_is_not_changed_under_a_verdict(connection: Connection, claim_id: int) -> None:
    run(connection, FIGURE, claim=claim_id)
    marked(connection, claim_id)

    with refused(connection, "words_of_checked_claim"):
        run(connection, "UPDATE figure SET low = 901")


# --- Reach ---------------------------------------------------------------------------------------


def reach(connection: Connection, claim_id: int) -> int:
    return int(value(connection, "SELECT reach FROM claim WHERE id = :id", id=claim_id))


def test_reach_counts_agencies_publishers_and_hosts_once_each(connection: Connection) -> None:
    claim_id = records.claim(connection, url=None)
    assert reach(connection, claim_id) == 0
    seen = []
    for number, details in enumerate(
        [
            {"publisher": "Post"},
            {"publisher": "Post"},
            {"publisher": "Gazette", "agency": "Wire"},
            {"publisher": "Herald", "agency": "Wire"},
            {"publisher": "Wire"},
            {},
        ]
    ):
        url = f"https://site{number}.example/a"
        records.source(connection, url, **details)
        records.appearance(connection, claim_id, url=url)
        seen.append(reach(connection, claim_id))

    assert seen == [1, 1, 2, 2, 2, 3]


def test_a_withdrawn_appearance_reaches_nobody(connection: Connection, claim_id: int) -> None:
    records.appearance(connection, claim_id, url="https://two.example/b")
    assert reach(connection, claim_id) == 2

    run(
        connection,
        "UPDATE appearance"
        " SET withdrawn_at = now(), withdrawn_by = 'Ana', withdrawn_because = 'x' WHERE no = 2",
    )

    assert reach(connection, claim_id) == 1


def test_reach_follows_when_a_source_turns_out_to_be_a_reprint(
    connection: Connection, claim_id: int
) -> None:
    two = records.source(connection, "https://two.example/b", publisher="Post")
    records.appearance(connection, claim_id, url="https://two.example/b")
    version = value(connection, "SELECT version FROM claim")

    run(
        connection,
        "UPDATE source SET publisher_id = :wire",
        wire=records.publisher(connection, "Post"),
    )

    assert two
    assert reach(connection, claim_id) == 1
    assert value(connection, "SELECT version FROM claim") == version


def test_reach_follows_when_an_appearance_moves_to_another_source(
    connection: Connection, claim_id: int
) -> None:
    records.appearance(connection, claim_id, url="https://two.example/b")

    run(connection, "UPDATE appearance SET source_id = :one", one=records.source(connection))

    assert reach(connection, claim_id) == 1


# --- The vocabulary ------------------------------------------------------------------------------

VOCABULARY: dict[str, type[StrEnum]] = {
    "ck_challenge_outcome": vocab.Outcome,
    "ck_assessment_published_precision": vocab.Precision,
    "ck_assessment_verdict": vocab.Verdict,
    "ck_import_format": vocab.FileFormat,
    "ck_import_row_outcome": vocab.RowOutcome,
    "ck_rating_verdict": vocab.Verdict,
    "ck_appearance_manner": vocab.Manner,
    "ck_appearance_said_precision": vocab.Precision,
    "ck_attribution_finding": vocab.Finding,
    "ck_claim_kind": vocab.Kind,
    "ck_claim_match_judgement": vocab.Judgement,
    "ck_claim_status": vocab.Status,
    "ck_claim_verdict": vocab.Verdict,
    "ck_evidence_stance": vocab.Stance,
    "ck_figure_comparator": vocab.Comparator,
    "ck_figure_on_precision": vocab.Precision,
    "ck_figure_since_precision": vocab.Precision,
    "ck_granted_role": vocab.Role,
    "ck_policy_name": vocab.Policy,
    "ck_review_change": vocab.Change,
    "ck_review_decision": vocab.Decision,
    "ck_review_proposed_verdict": vocab.Verdict,
    "ck_review_reason": vocab.SetAsideReason,
    "ck_review_status": vocab.Status,
    "ck_review_verdict": vocab.Verdict,
    "ck_source_kind": vocab.SourceKind,
    "ck_source_published_precision": vocab.Precision,
    "ck_speaker_kind": vocab.SpeakerKind,
    "ck_transition_from_status": vocab.Status,
    "ck_transition_to_status": vocab.Status,
}


def test_every_check_of_a_word_holds_exactly_its_vocabulary(connection: Connection) -> None:
    checks = run(
        connection,
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
    )
    found = {}
    for name, definition in checks:
        # Not the CHECKs that speak of words inside a longer rule.
        whole = re.fullmatch(r"CHECK \(\(\w+ = ANY \(ARRAY\[(.*)\]\)\)\)", definition)
        if whole and name != "ck_event_operation":
            found[name] = set(re.findall(r"'([^']*)'::text", whole[1]))

    assert found == {name: {*words} for name, words in VOCABULARY.items()}
