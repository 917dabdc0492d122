"""What a verdict rests on: through the command line, and what PostgreSQL stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from claimtrack.db import make_engine
from claimtrack.vocab import VERDICTS_WITHOUT_EVIDENCE, Verdict, hyphenated
from tests import records, tables
from tests.records import stored

if TYPE_CHECKING:
    from tests.conftest import Run

LOG = "https://archive.example/log"


@pytest.fixture
def claim_id(database_url: str) -> int:
    with make_engine(database_url).begin() as connection:
        return records.claim(connection)


def mark(run: Run, claim_id: int | str, *words: str, because: str = "The log says so") -> Any:
    return run("claim", "mark", claim_id, *words, "--because", because)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v not in VERDICTS_WITHOUT_EVIDENCE])
def test_a_verdict_without_evidence_says_what_is_missing(
    verdict: Verdict, run: Run, database_url: str, claim_id: int
) -> None:
    outcome = mark(run, claim_id, hyphenated(verdict))

    assert outcome.code == 5
    missing = {"true": "evidence that supports it", "false": "evidence that refutes it"}
    assert missing.get(verdict, "at least one piece of evidence, from") in outcome.err
    assert "There is none on record." in outcome.err
    assert outcome.err.rstrip().endswith(" URL")
    assert stored(database_url, claim_id)["reviews"] == []


def test_the_article_that_made_the_claim_does_not_count_as_evidence(
    run: Run, database_url: str, claim_id: int
) -> None:
    outcome = mark(run, claim_id, "true", "--supports", records.ARTICLE)

    assert outcome.code == 5
    assert "source 1 (https://example.org/news/bridge) is where the claim appeared" in outcome.err
    with make_engine(database_url).connect() as connection:
        assert connection.execute(select(tables.evidence)).all() == []


def test_a_reprint_of_the_same_wire_text_does_not_count_as_evidence(
    run: Run, database_url: str
) -> None:
    with make_engine(database_url).begin() as connection:
        article = "https://one.example/a"
        records.source(connection, article, publisher="Morning Post", agency="Alpha Wire")
        reprint = records.source(connection, "https://two.example/b", agency="Alpha Wire")
        claim_id = records.claim(connection, url=article)

    outcome = mark(run, claim_id, "false", "--refutes", str(reprint))

    assert outcome.code == 5
    assert (
        f"source {reprint} (https://two.example/b) carries the same wire text (Alpha Wire) as"
        " source 1, where the claim appeared"
    ) in outcome.err


def test_evidence_of_the_other_stance_is_no_ground_for_true(run: Run, claim_id: int) -> None:
    outcome = mark(run, claim_id, "true", "--refutes", LOG)

    assert outcome.code == 5
    assert "1 other piece on record can't make it true" in outcome.err


def test_evidence_attached_before_counts_and_the_review_rests_on_all_that_stands(
    ok: Run, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).begin() as connection:
        before = records.evidence(connection, claim_id, LOG)
        gone = records.evidence(connection, claim_id, "https://archive.example/forged")
    ok("evidence", "withdraw", gone, "--because", "Forged")

    shown = mark(ok, claim_id, "false", "--context", "https://b.example/map", "--format", "json")

    now = next(one["id"] for one in shown.json["evidence"] if one["stance"] == "context")
    assert shown.json["reviews"][0]["evidence"] == [before, now]
    with make_engine(database_url).connect() as connection:
        rested = connection.execute(select(tables.review_evidence.c.evidence_id)).scalars().all()
    assert sorted(rested) == [before, now]


def test_evidence_that_was_withdrawn_no_longer_carries_a_verdict(
    run: Run, ok: Run, database_url: str, claim_id: int
) -> None:
    with make_engine(database_url).begin() as connection:
        gone = records.evidence(connection, claim_id, LOG)
    ok("evidence", "withdraw", gone, "--because", "Forged")

    assert mark(run, claim_id, "false").code == 5


def test_evidence_given_twice_is_one_piece(ok: Run, database_url: str, claim_id: int) -> None:
    with make_engine(database_url).begin() as connection:
        records.evidence(connection, claim_id, LOG)

    mark(ok, claim_id, "false", "--refutes", LOG, "--refutes", f"{LOG}/")

    with make_engine(database_url).connect() as connection:
        assert len(connection.execute(select(tables.evidence)).all()) == 1


def test_evidence_that_counts_for_nothing_is_said_aloud_and_kept(
    ok: Run, database_url: str, claim_id: int
) -> None:
    outcome = mark(ok, claim_id, "false", "--refutes", LOG, "--supports", records.ARTICLE)

    assert "Recorded, but it counts for nothing: source 1" in outcome.err
    with make_engine(database_url).connect() as connection:
        assert len(connection.execute(select(tables.evidence)).all()) == 2


def test_a_source_that_can_not_be_read_leaves_nothing_behind(
    run: Run, database_url: str, claim_id: int
) -> None:
    assert mark(run, claim_id, "false", "--refutes", LOG, "--context", "not a url").code == 5
    assert mark(run, claim_id, "false", "--refutes", LOG, "--context", "77").code == 3
    with make_engine(database_url).connect() as connection:
        assert connection.execute(select(tables.evidence)).all() == []
        assert connection.execute(select(tables.source.c.url)).scalars().all() == [records.ARTICLE]
