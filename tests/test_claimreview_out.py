"""ClaimReview of our own: what search engines ask for, and what never leaves the house."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.db import make_engine, write_transaction
from claimtrack.interchange.reviews_out import (
    DEGREES,
    Desk,
    PublishedReview,
    Scale,
    claim_review,
)
from claimtrack.vocab import Verdict
from tests import records
from tests.conftest import ACTOR, Outcome, Run

DESK = {"CLAIMTRACK_DESK_NAME": "Harbour Desk", "CLAIMTRACK_DESK_URL": "https://desk.example/"}
URL = "https://desk.example/checks/bridge"

#: By Google's page on ClaimReview: what an item must have, and what it should have.
REQUIRED = {"@type", "claimReviewed", "reviewRating", "url"}
RECOMMENDED = {"author", "datePublished", "itemReviewed"}
CLAIM_RECOMMENDED = {"appearance", "author", "datePublished", "firstAppearance"}
RATING_NUMBERS = {"ratingValue", "bestRating", "worstRating"}
#: All that schema.org knows of these types and that we use; anything else is a slip.
KNOWN = {
    "ClaimReview": REQUIRED | RECOMMENDED | {"@id", "headline", "dateModified", "reviewBody"},
    "Rating": {"@type", "alternateName"} | RATING_NUMBERS,
    "Claim": {"@type", "@id"} | CLAIM_RECOMMENDED,
    "CreativeWork": {"@type", "url", "headline", "datePublished", "publisher"},
    "Organization": {"@type", "@id", "name", "url"},
    "Person": {"@type", "name"},
}


def valid(node: Any) -> None:
    """Hold a node and all below it to the lists."""
    if isinstance(node, list):
        for one in node:
            valid(one)
    if not isinstance(node, dict):
        return
    if "@type" in node:
        assert set(node) <= KNOWN[node["@type"]], node
    else:
        assert set(node) == {"name"}, node
    for key, value in node.items():
        assert value not in (None, "", [], {}), key
        valid(value)
    if node.get("@type") == "ClaimReview":
        assert set(node) >= REQUIRED | {"@id", "author", "datePublished"}
        assert node["url"].startswith("https://")
        assert {"@type", "name"} <= set(node["author"])
    if node.get("@type") == "Rating":
        assert node["alternateName"]
        numbers = RATING_NUMBERS & set(node)
        assert numbers in (set(), RATING_NUMBERS)
        if numbers:
            worst, value, best = (node[k] for k in ("worstRating", "ratingValue", "bestRating"))
            assert 1 <= worst <= value <= best
            assert worst < best


def exported(run: Run, *options: str, env: dict[str, str] | None = None) -> list[Any]:
    done = run("export", "claimreview", *options, env=DESK | (env or {}))
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert set(document) == {"@context", "@graph"}
    assert document["@context"] == "https://schema.org"
    valid(document["@graph"])
    graph = document["@graph"]
    assert isinstance(graph, list)
    return graph


def publish(ok: Run, number: int = 1, *more: str) -> Outcome:
    return ok(
        *("claim", "publish", number, "--url", URL, "--on", "2024-06-07"),
        *("--headline", "No, it was open", *more),
    )


@pytest.fixture
def checked(ok: Run) -> Outcome:
    ok("speaker", "add", "Lena Vogt", "--kind", "person")
    ok(
        *("claim", "add", "The north bridge was closed", "--speaker", "Lena Vogt"),
        *("--source", "https://example.org/news/bridge", "--source-title", "Closed"),
        *("--publisher", "Harbour Post", "--published", "2024-06-05", "--said-on", "2024-06"),
    )
    return ok(
        *("claim", "mark", 1, "false", "--because", "INTERNAL reason"),
        *("--refutes", "https://secret.example/log"),
    )


def test_a_published_claim_is_a_claim_review_with_all_that_is_asked_for(
    ok: Run, run: Run, checked: Outcome
) -> None:
    ok("claim", "note", 1, "INTERNAL note")
    publish(ok, 1, "--public-note", "The log was public.")
    (node,) = exported(run)
    assert node == {
        "@type": "ClaimReview",
        "@id": "https://desk.example/#claimreview-1",
        "url": URL,
        "claimReviewed": "The north bridge was closed",
        "headline": "No, it was open",
        "datePublished": "2024-06-07",
        "author": {
            "@type": "Organization",
            "@id": "https://desk.example/#desk",
            "name": "Harbour Desk",
            "url": "https://desk.example",
        },
        "reviewBody": "The log was public.",
        "reviewRating": {
            "@type": "Rating",
            "alternateName": "False",
            "ratingValue": 1,
            "bestRating": 5,
            "worstRating": 1,
        },
        "itemReviewed": {
            "@type": "Claim",
            "@id": "https://desk.example/#claim-1",
            "author": {"@type": "Person", "name": "Lena Vogt"},
            "datePublished": "2024-06",
            "firstAppearance": node["itemReviewed"]["appearance"][0],
            "appearance": [
                {
                    "@type": "CreativeWork",
                    "url": "https://example.org/news/bridge",
                    "headline": "Closed",
                    "datePublished": "2024-06-05",
                    "publisher": {"@type": "Organization", "name": "Harbour Post"},
                }
            ],
        },
    }
    assert set(node["itemReviewed"]) >= CLAIM_RECOMMENDED
    assert "INTERNAL" not in json.dumps(node)
    assert "secret.example" not in json.dumps(node)


def test_only_what_is_published_goes_out(ok: Run, run: Run, checked: Outcome) -> None:
    assert exported(run) == []
    publish(ok)
    assert len(exported(run)) == 1
    assert exported(run, "--topic", "other") == []
    ok("claim", "unpublish", 1, "--because", "Taken down")
    assert exported(run) == []


def test_a_claim_that_was_reopened_is_left_out_and_said(
    ok: Run, run: Run, checked: Outcome
) -> None:
    publish(ok)
    ok("claim", "mark", 1, "in-review", "--because", "A new log")
    done = run("export", "claimreview", env=DESK)
    assert json.loads(done.out)["@graph"] == []
    assert "Left out, for no verdict stands any more: claim 1." in done.err


def test_a_correction_has_its_day_and_keeps_the_id(ok: Run, run: Run, checked: Outcome) -> None:
    publish(ok)
    before = exported(run)[0]
    assert "dateModified" not in before
    ok("claim", "mark", 1, "mixed", "--because", "Half a day", "--change", "correction")
    done = run("export", "claimreview", env=DESK)
    (after,) = json.loads(done.out)["@graph"]
    assert "Published under another verdict than stands now: claim 1." in done.err
    assert after["reviewRating"]["ratingValue"] == 3
    modified = dt.datetime.fromisoformat(after["dateModified"])
    assert abs(dt.datetime.now(dt.UTC) - modified) < dt.timedelta(minutes=10)
    publish(ok, 1, "--public-note", "Corrected.")
    (again,) = exported(run)
    assert again["dateModified"] == after["dateModified"]
    assert again["@id"] == before["@id"]


@pytest.mark.parametrize("verdict", Verdict)
def test_only_degrees_of_truth_have_a_number(verdict: Verdict) -> None:
    node = claim_review(review(verdict), Desk("Desk", "https://desk.example"))
    valid(json.loads(json.dumps(node, default=str)) | {"reviewRating": node["reviewRating"]})
    no_degree = "misleading missing_context outdated altered miscaptioned unproven unverifiable"
    alone = {"@type", "alternateName"}
    assert (set(node["reviewRating"]) == alone) == (str(verdict) in no_degree.split())
    assert (verdict in DEGREES) == (str(verdict) not in no_degree.split())


def review(verdict: Verdict, label: str | None = None, scale: Scale | None = None) -> Any:
    return PublishedReview(
        *(1, "A statement", verdict, label, scale, "https://desk.example/1", "A headline"),
        *(dt.date(2024, 6, 7), None, None, (), None, ()),
    )


@pytest.mark.parametrize(
    ("scale", "numbers"),
    [
        ((4, 0, 4), (1, 5, 1)),  # Pinocchios: the more, the worse
        ((3, 5, 1), (3, 5, 1)),
        ((5, 1, 5), (1, 5, 1)),  # turned round
        ((0, 10, 0), (1, 11, 1)),  # none below 1
        ((-1, 2, -2), (2, 5, 1)),
        ((2, 6, 2), (2, 6, 2)),
    ],
)
def test_a_rating_of_the_house_has_its_label_and_its_number(
    scale: tuple[int, int, int], numbers: tuple[int, int, int]
) -> None:
    given = Scale(*map(Decimal, scale))
    node = claim_review(review(Verdict.FALSE, "Our label", given), Desk("D", "https://d.example"))
    rating = node["reviewRating"]
    assert rating["alternateName"] == "Our label"
    assert tuple(rating[k] for k in ("ratingValue", "bestRating", "worstRating")) == numbers


@given(st.integers(-99, 99), st.integers(-99, 99), st.floats(0, 1))
def test_whatever_the_scale_its_numbers_are_what_search_engines_take(
    best: int, worst: int, share: float
) -> None:
    if best != worst:
        value = min(best, worst) + round(abs(best - worst) * share)
        scale = Scale(Decimal(value), Decimal(best), Decimal(worst))
        valid(claim_review(review(Verdict.TRUE, "x", scale), Desk("D", "https://d.example")))


def test_the_house_s_own_scale_comes_from_the_record(ok: Run, run: Run) -> None:
    ok(
        *("rating", "add", "Four Pinocchios", "--scale", "P", "--verdict", "false"),
        *("--value", "4", "--best", "0", "--worst", "4"),
    )
    ok("claim", "add", "It was shut", "--speaker", "A B", "--source", "https://a.example/1")
    ok(
        *("claim", "mark", 1, "false", "--because", "x", "--refutes", "https://b.example"),
        *("--rating", "four pinocchios"),
    )
    publish(ok)
    assert exported(run)[0]["reviewRating"] == {
        "@type": "Rating",
        "alternateName": "Four Pinocchios",
        "ratingValue": 1,
        "bestRating": 5,
        "worstRating": 1,
    }


def test_authors_are_people_and_organisations_and_nobody_is_made_up(
    ok: Run, run: Run, checked: Outcome
) -> None:
    ok("speaker", "add", "City Police", "--kind", "organisation")
    ok("appearance", "add", 1, "--speaker", "City Police", "--source", "https://b.example/2")
    ok("appearance", "add", 1, "--speaker", "Someone Else", "--source", "https://c.example/3")
    ok("appearance", "add", 1, "--manner", "unattributed", "--source", "https://d.example/4")
    publish(ok)
    done = run("export", "claimreview", env=DESK)
    (node,) = json.loads(done.out)["@graph"]
    valid(node)
    assert node["itemReviewed"]["author"] == [
        {"@type": "Person", "name": "Lena Vogt"},
        {"@type": "Organization", "name": "City Police"},
        {"name": "Someone Else"},
    ]
    assert "claimtrack speaker edit 3 --kind person" in done.err


def test_who_did_not_say_it_is_no_author(ok: Run, run: Run, checked: Outcome) -> None:
    publish(ok)
    ok("appearance", "attribution", "1.1", "never-said", "--because", "A forged quote")
    claim = exported(run)[0]["itemReviewed"]
    assert "author" not in claim
    assert "datePublished" not in claim
    assert claim["appearance"][0]["url"] == "https://example.org/news/bridge"


def test_who_is_protected_stays_out(ok: Run, run: Run, checked: Outcome) -> None:
    publish(ok)
    ok("speaker", "edit", 1, "--protected", "--as", "A witness", "--because", "In danger")
    ok("source", "edit", 1, "--protected", "--as", "A paper", "--because", "In danger")
    text = json.dumps(exported(run))
    for word in ("Lena Vogt", "A witness", "example.org", "Harbour Post", "A paper"):
        assert word not in text


def test_the_earliest_appearance_is_the_first(ok: Run, run: Run, checked: Outcome) -> None:
    for url, published in (("https://early.example", "2024-05"), ("https://undated.example", "")):
        dated = ["--published", published] if published else []
        ok("appearance", "add", 1, "--speaker", "Lena Vogt", "--source", url, *dated)
    ok("source", "add", "--no-url", "--kind", "call", "--title", "A call")
    ok("appearance", "add", 1, "--speaker", "Lena Vogt", "--source", 5)
    ok("appearance", "withdraw", "1.3", "--because", "Misread")
    publish(ok)
    claim = exported(run)[0]["itemReviewed"]
    assert claim["firstAppearance"]["url"] == "https://early.example"
    assert [one["url"] for one in claim["appearance"]] == [
        *("https://early.example", "https://example.org/news/bridge")
    ]


def refuted(ok: Run, number: int, verdict: str, *more: str) -> None:
    because = ("--because", "The log", "--refutes", "https://secret.example/log")
    ok("claim", "mark", number, verdict, *because, *more)


@pytest.fixture
def merged(ok: Run, checked: Outcome) -> None:
    """A published claim with a rating of the house, merged into one that nobody has checked."""
    scale = ("--value", 4, "--best", 0, "--worst", 4)
    ok("rating", "add", "Four Pinocchios", "--scale", "P", "--verdict", "false", *scale)
    ok("claim", "mark", 1, "in-review", "--because", "For the label")
    refuted(ok, 1, "false", "--rating", "Four Pinocchios")
    publish(ok)
    ok("claim", "add", "It was shut", "--speaker", "Lena Vogt", "--source", "https://a.example")
    ok("claim", "merge", 2, 1, "--because", "The same")


def test_a_merged_claim_keeps_its_id_its_words_and_its_rating(
    ok: Run, run: Run, merged: None
) -> None:
    done = run("export", "claimreview", env=DESK)
    assert "Left out, for no verdict stands any more: claim 2." in done.err
    refuted(ok, 2, "false")
    (node,) = exported(run)
    assert (node["@id"], node["url"]) == ("https://desk.example/#claimreview-1", URL)
    assert node["claimReviewed"] == "The north bridge was closed"
    assert node["itemReviewed"]["@id"] == "https://desk.example/#claim-1"
    assert node["reviewRating"]["alternateName"] == "Four Pinocchios"
    assert len(node["itemReviewed"]["appearance"]) == 2
    assert "dateModified" not in node


def test_a_merged_claim_has_the_verdict_that_stands(ok: Run, run: Run, merged: None) -> None:
    refuted(ok, 2, "mostly-false")
    done = run("export", "claimreview", env=DESK)
    (node,) = json.loads(done.out)["@graph"]
    assert node["@id"] == "https://desk.example/#claimreview-1"
    assert node["reviewRating"]["alternateName"] == "Mostly false"
    assert "dateModified" in node
    assert "Published under another verdict than stands now: claim 2." in done.err


def test_two_published_claims_that_are_merged_both_go_out(
    ok: Run, run: Run, merged: None, database_url: str
) -> None:
    refuted(ok, 2, "false")
    publish(ok, 2, "--public-note", "As before.")
    first, second = sorted(exported(run), key=lambda node: str(node["@id"]))
    assert [node["@id"][-1] for node in (first, second)] == ["1", "2"]
    assert [node["claimReviewed"] for node in (first, second)] == [
        "The north bridge was closed",
        "It was shut",
    ]
    assert [node["reviewRating"]["alternateName"] for node in (first, second)] == [
        "Four Pinocchios",
        "False",
    ]
    with make_engine(database_url).connect() as connection:
        assert connection.exec_driver_sql("SELECT row_count FROM export").scalars().all() == [2]


def test_text_can_not_end_a_script_of_a_page(ok: Run, run: Run) -> None:
    evil = "</script><script>alert(1)</script> & more"
    ok("claim", "add", evil, "--speaker", "A B", "--source", "https://a.example")
    ok("claim", "mark", 1, "unproven", "--because", "x")
    publish(ok)
    out = run("export", "claimreview", env=DESK).out
    assert "<" not in out
    assert json.loads(out)["@graph"][0]["claimReviewed"] == evil


def test_json_lines_are_documents_of_their_own(ok: Run, run: Run, database_url: str) -> None:
    with write_transaction(make_engine(database_url), actor=ACTOR) as connection:
        for number in range(3):
            claim = records.claim(connection, f"Statement {number}")
            records.review(connection, claim, "checked", verdict="unproven")
    for number in (1, 2, 3):
        publish(ok, number)
    done = run("export", "claimreview", "--lines", env=DESK)
    documents = [json.loads(line) for line in done.out.splitlines()]
    assert [one["@context"] for one in documents] == ["https://schema.org"] * 3
    assert [{k: v for k, v in one.items() if k != "@context"} for one in documents] == exported(run)
    with make_engine(database_url).connect() as connection:
        rows = connection.exec_driver_sql("SELECT format, row_count FROM export").all()
    assert [tuple(row) for row in rows] == [("claimreview", 3)] * 2


def test_without_a_desk_it_says_how_to_name_one(ok: Run, run: Run) -> None:
    refused = run("export", "claimreview")
    assert (refused.code, refused.out) == (2, "")
    assert "claimtrack config set desk_name NAME" in refused.err
    refused = run("export", "claimreview", "--desk-name", "Harbour Desk")
    assert "claimtrack config set desk_url https://desk.example.org" in refused.err
    named = ["--desk-name", "Harbour Desk", "--desk-url", "https://desk.example"]
    assert json.loads(ok("export", "claimreview", *named).out)["@graph"] == []
    wrong = run("export", "claimreview", *named[:3], "desk.example")
    assert (wrong.code, "like https://desk.example.org" in wrong.err) == (5, True)
