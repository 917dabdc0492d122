"""Evidence: attached, listed, withdrawn, and what counts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, select

from claimtrack.db import make_engine
from claimtrack.errors import ConflictError, InvalidDataError, NotFoundError
from claimtrack.services import evidence
from claimtrack.services.stories import load_appearances
from claimtrack.vocab import Stance
from tests import records, tables

if TYPE_CHECKING:
    from tests.conftest import Run

LOG = "https://archive.example/log"


@pytest.fixture
def claim_id(database_url: str) -> int:
    with make_engine(database_url).begin() as connection:
        return records.claim(connection)


def pieces(database_url: str) -> list[Any]:
    with make_engine(database_url).connect() as connection:
        return list(connection.execute(select(tables.evidence).order_by("id")))


# --- The service ---------------------------------------------------------------------------------


def test_the_same_piece_is_recorded_once(connection: Connection) -> None:
    claim_id, source_id = records.claim(connection), records.source(connection, LOG)

    one = evidence.attach(connection, claim_id, source_id, Stance.REFUTES, "Open all May", "p. 4")
    same = evidence.attach(connection, claim_id, source_id, Stance.REFUTES, " Open all May\n")
    others = [
        evidence.attach(connection, claim_id, source_id, Stance.REFUTES),
        evidence.attach(connection, claim_id, source_id, Stance.CONTEXT, "Open all May"),
        evidence.attach(connection, claim_id, source_id, Stance.REFUTES, "Open in June"),
    ]

    assert same == one
    assert one.recorded_by == "Ana Ruiz"
    assert len({one.id, *(other.id for other in others)}) == 4
    assert [piece.id for piece in evidence.list_evidence(connection, claim_id)] == [
        one.id,
        *(other.id for other in others),
    ]


def test_a_piece_that_was_withdrawn_can_be_attached_anew(connection: Connection) -> None:
    claim_id, source_id = records.claim(connection), records.source(connection, LOG)
    one = evidence.attach(connection, claim_id, source_id, Stance.REFUTES)

    gone = evidence.withdraw(connection, one.id, "Wrong log")
    again = evidence.attach(connection, claim_id, source_id, Stance.REFUTES)

    assert gone.withdrawn is not None
    assert (gone.withdrawn.by, gone.withdrawn.because) == ("Ana Ruiz", "Wrong log")
    assert again.id != one.id
    assert again.withdrawn is None


def test_what_can_not_be_attached_or_withdrawn_is_refused(connection: Connection) -> None:
    claim_id, source_id = records.claim(connection), records.source(connection, LOG)
    with pytest.raises(NotFoundError, match="no claim 999"):
        evidence.attach(connection, 999_999_999, source_id, Stance.REFUTES)
    with pytest.raises(NotFoundError, match="no claim 999"):
        evidence.list_evidence(connection, 999_999_999)
    with pytest.raises(NotFoundError, match="no evidence 999"):
        evidence.withdraw(connection, 999_999_999, "x")
    for excerpt, place in (("", None), ("x" * 20_001, None), (None, " "), (None, "x" * 301)):
        with pytest.raises(InvalidDataError):
            evidence.attach(connection, claim_id, source_id, Stance.REFUTES, excerpt, place)
    piece = evidence.attach(connection, claim_id, source_id, Stance.REFUTES)
    with pytest.raises(InvalidDataError, match="is empty"):
        evidence.withdraw(connection, piece.id, " ")


def test_evidence_is_withdrawn_once(connection: Connection) -> None:
    piece_id = records.evidence(connection, records.claim(connection))
    evidence.withdraw(connection, piece_id, "Forged")

    today = dt.datetime.now(dt.UTC).date()
    with pytest.raises(ConflictError, match=f"by Ana Ruiz on {today}: Forged"):
        evidence.withdraw(connection, piece_id, "Forged again")


@pytest.mark.parametrize(
    ("told", "offered", "why"),
    [
        ({"agency": "Wire"}, {"agency": "Wire"}, "carries the same wire text (Wire) as"),
        ({"agency": "Wire"}, {"publisher": "Wire"}, "is by Wire, whose wire text is that of"),
        ({"publisher": "Wire"}, {"agency": "Wire"}, "carries the wire text of Wire: that of"),
    ],
)
def test_it_is_said_why_a_reprint_bears_no_witness(
    connection: Connection, told: dict[str, Any], offered: dict[str, Any], why: str
) -> None:
    first = records.source(connection, "https://one.example/a", **told)
    second = records.source(connection, "https://two.example/b", **offered)
    elsewhere = records.source(connection, LOG)
    claim_id = records.claim(connection, url="https://one.example/a")
    piece = evidence.attach(connection, claim_id, second, Stance.REFUTES)

    counted = evidence.bears_witness(connection, claim_id, [first, second, elsewhere])

    assert counted == {elsewhere}
    shown = evidence.why_no_witness(
        load_appearances(connection, [claim_id])[claim_id], piece.source, "It"
    )
    assert shown.startswith(f"It {why}")
    assert shown.endswith(f"source {first}, where the claim appeared")


# --- The command line ----------------------------------------------------------------------------


def test_evidence_is_added_with_all_that_is_known_of_its_source(
    ok: Run, database_url: str, claim_id: int
) -> None:
    outcome = ok(
        "evidence", "add", claim_id, LOG, "--refutes", "--excerpt", "Open all May",
        "--at", "p. 4", "--title", "Bridge log", "--publisher", "City Works",
        "--published", "2021-06", "--format", "json",
    )  # fmt: skip

    shown = outcome.json
    assert shown["claim_id"] == claim_id
    assert (shown["stance"], shown["excerpt"], shown["at"]) == ("refutes", "Open all May", "p. 4")
    assert shown["source"]["title"] == "Bridge log"
    assert shown["source"]["publisher"] == "City Works"
    assert shown["source"]["published_on"] == "2021-06"
    assert "New source" in outcome.err
    assert "counts for nothing" not in outcome.err
    assert [(row.stance, row.excerpt, row.place) for row in pieces(database_url)] == [
        ("refutes", "Open all May", "p. 4")
    ]


@pytest.mark.parametrize("stances", [(), ("--supports", "--refutes"), ("--refutes", "--context")])
def test_evidence_has_exactly_one_stance(
    stances: tuple[str, ...], run: Run, database_url: str, claim_id: int
) -> None:
    outcome = run("evidence", "add", claim_id, LOG, *stances)

    assert outcome.code == 2
    assert "one of --supports, --refutes and --context" in outcome.err
    assert pieces(database_url) == []


def test_the_claim_s_own_article_is_recorded_but_said_to_count_for_nothing(
    ok: Run, database_url: str, claim_id: int
) -> None:
    outcome = ok("evidence", "add", claim_id, f"{records.ARTICLE}#top", "--supports")

    assert "counts for nothing: source 1 is where the claim appeared" in outcome.err
    assert len(pieces(database_url)) == 1


def test_what_is_not_on_record_has_its_own_exit_code(
    run: Run, database_url: str, claim_id: int
) -> None:
    assert run("evidence", "add", 999, LOG, "--supports").code == 3
    assert run("evidence", "add", claim_id, "77", "--supports").code == 3
    assert run("evidence", "add", claim_id, "ftp://x.example/a", "--supports").code == 5
    assert run("evidence", "list", 999).code == 3
    assert run("evidence", "withdraw", 999, "--because", "x").code == 3
    with make_engine(database_url).connect() as connection:
        assert connection.execute(select(tables.source.c.id)).scalars().all() == [1]


def test_evidence_is_listed_with_withdrawn_pieces(ok: Run, claim_id: int) -> None:
    assert "no evidence yet" in ok("evidence", "list", claim_id).err
    ok("evidence", "add", claim_id, LOG, "--refutes", "--excerpt", "Open\x1b[2J")
    ok("evidence", "add", claim_id, "https://b.example/map", "--context")
    ok("evidence", "withdraw", 1, "--because", "Forged")

    listed = ok("evidence", "list", claim_id, "--format", "json").json

    assert [(one["id"], one["stance"]) for one in listed] == [(1, "refutes"), (2, "context")]
    assert listed[0]["withdrawn"]["because"] == "Forged"
    assert listed[1]["withdrawn"] is None
    table = ok("evidence", "list", claim_id).out
    assert "\x1b" not in table
    assert "Forged" in table
    for fmt in ("csv", "markdown", "jsonl"):
        assert "https://b.example/map" in ok(
            "evidence", "list", claim_id, "--format", fmt
        ).out.replace("\\", "")


def test_withdrawing_evidence_says_which_verdict_rested_on_it_and_flags_the_claim(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    ok("claim", "mark", claim_id, "false", "--because", "See log", "--refutes", LOG)
    assert ok("claim", "show", claim_id, "--format", "json").json["evidence_withdrawn"] is False

    outcome = ok("evidence", "withdraw", 1, "--because", "Forged", actor="Omar Haddad")

    assert f"The verdict false on claim {claim_id} (review 1, Ana Ruiz) rested on it" in outcome.err
    assert f"claimtrack claim mark {claim_id} in-review" in outcome.err
    shown = ok("claim", "show", claim_id, "--format", "json").json
    assert (shown["verdict"], shown["evidence_withdrawn"]) == ("false", True)
    row = pieces(database_url)[0]
    assert (row.withdrawn_by, row.withdrawn_because) == ("Omar Haddad", "Forged")

    again = run("evidence", "withdraw", 1, "--because", "Forged")
    assert again.code == 4
    assert "already withdrawn by Omar Haddad" in again.err
    assert run("evidence", "withdraw", 1, "--because", " ").code == 5
    assert run("evidence", "withdraw", 1).code == 2


def test_withdrawing_what_no_verdict_rested_on_is_quiet(ok: Run, claim_id: int) -> None:
    ok("evidence", "add", claim_id, LOG, "--refutes")

    outcome = ok("evidence", "withdraw", 1, "--because", "Forged")

    assert outcome.err == ""
    assert outcome.out == f"Evidence 1 on claim {claim_id} is withdrawn.\n"
