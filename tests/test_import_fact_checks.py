"""Taking in published fact-checks of others, and the desk's own record from another tool."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Run
from tests.imported import shown

PAGE = "https://gazette.example/checks/bridge"

Take = Callable[..., Outcome]


@pytest.fixture
def take(run: Run, tmp_path: Path) -> Take:
    """Take in lines as a CSV file."""

    def take_lines(*lines: str, options: tuple[object, ...] = ()) -> Outcome:
        path = tmp_path / "claims.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return run("import", "csv", path, *options, "--format", "json")

    return take_lines


def review(**changes: Any) -> dict[str, Any]:
    """A ClaimReview as a page would hold it."""
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": PAGE,
        "headline": "No, the bridge was open",
        "datePublished": "2024-06-05",
        "author": {"@type": "Organization", "name": "Harbour Gazette"},
        "claimReviewed": "The north bridge was closed for the whole of May",
        "itemReviewed": {
            "@type": "Claim",
            "author": {"@type": "Person", "name": "Lena Vogt"},
            "datePublished": "2024-06-02",
            "appearance": ["https://example.org/post/1", "https://example.net/echo"],
        },
        "reviewRating": {"ratingValue": "1", "bestRating": "5", "worstRating": "1",
                         "alternateName": "False"},
    }  # fmt: skip
    return found | changes


def take_reviews(run: Run, tmp_path: Path, *reviews: object) -> Outcome:
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(list(reviews)), encoding="utf-8")
    return run("import", "claimreview", path, "--format", "json")


# --- Of others -----------------------------------------------------------------------------------


def test_in_a_table_of_fact_checks_the_page_and_the_date_are_those_of_the_fact_check(
    take: Take, run: Run
) -> None:
    outcome = take(
        "url,claim,rating,date_published,author",
        f"{PAGE},The north bridge was closed,False,2024-06-05,Ida Holm",
        options=("--set", "publisher=Harbour Gazette"),
    )

    assert outcome.code == 0, outcome.err
    one = shown(run, 1)
    (found,) = one["assessments"]
    assert one["appearances"] == []
    assert (found["url"], found["published_on"]) == (PAGE, "2024-06-05")
    assert "--map speaker=author or --map publisher=author" in outcome.err


def test_where_claims_appeared_too_a_plain_page_and_date_are_left_out(take: Take, run: Run) -> None:
    outcome = take(
        "url,claim,rating,date_published,speaker",
        f"{PAGE},The north bridge was closed,False,2024-06-05,Lena Vogt",
        options=("--set", "publisher=Harbour Gazette"),
    )

    assert outcome.code == 0, outcome.err
    assert "--map source=url or --map review_url=url" in outcome.err
    assert "--map published=date_published or --map reviewed_on=date_published" in outcome.err
    one = shown(run, 1)
    assert one["appearances"][0]["source"]["url"] is None
    assert one["assessments"][0]["url"] is None


def test_a_plain_date_that_is_none_costs_no_row(run: Run, tmp_path: Path) -> None:
    rows = [
        {"id": str(n), "vclaim": f"Bridge {n} was closed", "title": f"No, {n} was open",
         "subtitle": f"Rumor: {n} was closed.", "author": "Ida Holm", "date": date}
        for n, date in enumerate(
            ("26 May 2015", "", "Thursday, 21 March 2013", "03/04/2020", "yesterday")
        )
    ]  # fmt: skip
    path = tmp_path / "docs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = ("import", "jsonl", path, "--set", "publisher=Harbour Gazette", "--format", "json")
    unclear = run(*command)
    assert (unclear.code, unclear.json["created"], unclear.json["refused"]) == (5, 4, 1)
    assert "2020-04-03 with --dayfirst" in unclear.err

    outcome = run(*command, "--dayfirst")
    assert (outcome.code, outcome.json["created"]) == (0, 1)
    found = [shown(run, n)["assessments"][0] for n in (1, 2, 3, 5, 4)]
    days = ["2015-05-26", None, "2013-03-21", "2020-04-03", None]
    assert [one["published_on"] for one in found] == days
    assert [one["summary"] for one in found] == [row["subtitle"] for row in rows]
    assert [one["title"] for one in found] == [row["title"] for row in rows]
    told = 'Line 5: The field reviewed_on is left out. "yesterday" holds no date: write it as'
    assert told in outcome.err


def test_lines_of_claimreview_are_shown_their_own_import(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text(json.dumps(review()) + "\n", encoding="utf-8")
    outcome = run("import", "jsonl", path)

    assert outcome.code == 2
    assert "`claimtrack import claimreview` reads all of it" in outcome.err
    assert run("import", "claimreview", path).code == 0


def test_a_row_known_from_a_fact_check_alone_needs_no_speaker_and_no_source(
    take: Take, run: Run
) -> None:
    outcome = take(
        "claim,title,fact-check url,rating",
        f"The north bridge was closed,No it was open,{PAGE},False",
        options=("--set", "publisher=Harbour Gazette"),
    )

    assert (outcome.code, outcome.json["created"]) == (0, 1)
    one = shown(run, 1)
    (found,) = one["assessments"]
    assert (one["status"], one["verdict"], one["appearances"]) == ("unverified", None, [])
    assert found["publisher"] == "Harbour Gazette"
    assert (found["rating"], found["verdict"], found["url"]) == ("False", "false", PAGE)


def test_a_speaker_without_a_source_is_not_lost(take: Take, run: Run) -> None:
    take("claim,speaker,rating", "The bridge was closed,Lena Vogt,Half True",
         options=("--set", "publisher=PolitiFact"))  # fmt: skip

    one = shown(run, 1)
    assert one["speaker"]["name"] == "Lena Vogt"
    assert "PolitiFact does not name" in one["source"]["title"]
    assert one["assessments"][0]["verdict"] == "mixed"


def test_a_partner_brings_its_own_labels(take: Take, run: Run, tmp_path: Path) -> None:
    words = tmp_path / "words.toml"
    words.write_text('publisher = "Harbour Gazette"\n[verdicts]\nmostly_false = ["Leaking"]\n')
    take("claim,rating", "The bridge was closed,Leaking",
         options=("--set", "publisher=Harbour Gazette", "--verdicts", words))  # fmt: skip

    assert shown(run, 1)["assessments"][0]["verdict"] == "mostly_false"


def test_a_claim_review_brings_speaker_date_and_every_appearance(run: Run, tmp_path: Path) -> None:
    outcome = take_reviews(run, tmp_path, review())

    assert (outcome.code, outcome.json["created"]) == (0, 1)
    one = shown(run, 1)
    assert {seen["source"]["url"] for seen in one["appearances"]} == {
        "https://example.org/post/1",
        "https://example.net/echo",
    }
    assert {seen["speaker"]["name"] for seen in one["appearances"]} == {"Lena Vogt"}
    (found,) = one["assessments"]
    assert (found["title"], found["published_on"]) == ("No, the bridge was open", "2024-06-05")


def test_a_page_with_several_claims_gives_each(run: Run, tmp_path: Path) -> None:
    second = review(claimReviewed="The south bridge was closed, too")

    assert take_reviews(run, tmp_path, review(), second).json["created"] == 2
    assert take_reviews(run, tmp_path, second, review()).json["unchanged"] == 2


def test_a_rating_that_changed_changes_the_assessment_alone(run: Run, tmp_path: Path) -> None:
    take_reviews(run, tmp_path, review())
    rating = {"ratingValue": 3, "bestRating": 5, "worstRating": 1, "alternateName": "Half true"}
    outcome = take_reviews(run, tmp_path, review(reviewRating=rating))

    assert outcome.json["updated"] == 1
    one = shown(run, 1)
    assert (one["status"], len(one["assessments"]), len(one["appearances"])) == ("unverified", 1, 2)
    assert one["assessments"][0]["verdict"] == "mixed"


def test_a_rating_is_corrected_by_another_file_too(run: Run, tmp_path: Path) -> None:
    labels = ("False", "Half true", "Mostly true")
    for number, label in enumerate(labels):
        path = tmp_path / f"feed-{number}.json"
        told = json.dumps(review(reviewRating={"alternateName": label}))
        path.write_text(told, encoding="utf-8")
        name = "-" if number == 2 else path
        outcome = run("import", "claimreview", name, "--format", "json", input=told)
        assert outcome.json["updated" if number else "created"] == 1, outcome.err
        assert [one["rating"] for one in shown(run, 1)["assessments"]] == [label]
    assert len(shown(run, 1)["appearances"]) == 2


def test_a_house_changes_no_fact_check_of_another_at_its_address(run: Run, tmp_path: Path) -> None:
    def other(label: str) -> dict[str, Any]:
        house = {"@type": "Organization", "name": "The Other House"}
        return review(author=house, reviewRating={"alternateName": label})

    take_reviews(run, tmp_path, review(), other("True"))
    take_reviews(run, tmp_path, review(), other("Mostly true"))
    (one,) = shown(run, 1)["assessments"]
    assert (one["publisher"], one["rating"]) == ("Harbour Gazette", "False")


def test_two_speakers_of_one_review_are_both_taken_and_twice_changes_nothing(
    run: Run, tmp_path: Path
) -> None:
    other = {"author": {"name": "Omar Said"}, "appearance": "https://example.org/post/2"}
    both = [review(), review(itemReviewed=other)]

    assert take_reviews(run, tmp_path, *both).json["created"] == 1
    assert take_reviews(run, tmp_path, *both).json["unchanged"] == 1
    seen = shown(run, 1)["appearances"]
    assert [(one["speaker"]["name"], one["source"]["url"]) for one in seen] == [
        ("Lena Vogt", "https://example.org/post/1"),
        ("Lena Vogt", "https://example.net/echo"),
        ("Omar Said", "https://example.org/post/2"),
    ]
    assert [one["said_on"] for one in seen] == ["2024-06-02", "2024-06-02", None]


@pytest.mark.parametrize(
    "item",
    [
        {"@type": "Claim", "author": [{"name": "Lena Vogt"}, {"name": "Omar Said"}]},
        [{"@type": "Claim", "author": {"name": name}} for name in ("Lena Vogt", "Omar Said")],
    ],
)
def test_of_two_authors_without_an_appearance_both_are_kept(
    run: Run, tmp_path: Path, item: object
) -> None:
    outcome = take_reviews(run, tmp_path, review(itemReviewed=item))

    assert (outcome.code, outcome.json["created"]) == (0, 1), outcome.err
    seen = shown(run, 1)["appearances"]
    assert [one["speaker"]["name"] for one in seen] == ["Lena Vogt", "Omar Said"]
    assert {one["source"]["title"] for one in seen} == {"Source that Harbour Gazette does not name"}


def test_words_are_trusted_over_the_number_and_it_is_said(run: Run, tmp_path: Path) -> None:
    rating = {"ratingValue": 5, "bestRating": 5, "worstRating": 1, "alternateName": "False"}
    outcome = take_reviews(run, tmp_path, review(reviewRating=rating))

    assert "the words were trusted" in outcome.err
    assert shown(run, 1)["assessments"][0]["verdict"] == "false"


def test_nobody_is_made_of_words_for_nobody(run: Run, tmp_path: Path) -> None:
    item = review()["itemReviewed"] | {"author": {"@type": "Person", "name": "Multiple sources"}}
    take_reviews(run, tmp_path, review(itemReviewed=item))

    assert run("speaker", "list", "--format", "json").json == []
    assert shown(run, 1)["appearances"][0]["manner"] == "unattributed"


# --- Our own -------------------------------------------------------------------------------------


def test_our_own_record_becomes_reviews_on_its_evidence(take: Take, run: Run) -> None:
    outcome = take(
        "claim,speaker,source,verdict,because,evidence",
        "The dam broke,Lena Vogt,https://example.org/1,false,It stands,https://example.org/log",
        "The dam is old,Lena Vogt,https://example.org/1,in-review,,",
        options=("--as-ours",),
    )

    assert (outcome.code, outcome.json["created"]) == (0, 2)
    one = shown(run, 1)
    assert (one["status"], one["verdict"], one["assessments"]) == ("checked", "false", [])
    assert one["reviews"][0]["because"] == "It stands"
    assert one["evidence"][0]["stance"] == "refutes"
    assert shown(run, 2)["status"] == "in_review"
    assert run("db", "check").code == 0


def test_a_verdict_without_a_witness_is_refused_row_by_row(take: Take) -> None:
    outcome = take(
        "claim,speaker,source,verdict,evidence",
        "The dam broke,Lena Vogt,https://example.org/1,false,",
        "The dam stood,Lena Vogt,https://example.org/1,false,https://example.org/1",
        "The dam leaks,Lena Vogt,https://example.org/1,unproven,",
        options=("--as-ours",),
    )

    assert (outcome.code, outcome.json["created"], outcome.json["refused"]) == (5, 1, 2)
    assert "Line 2: The verdict false needs evidence" in outcome.err
    assert "Line 3: The verdict false needs evidence from elsewhere" in outcome.err


def test_whose_a_verdict_is_must_be_said(take: Take) -> None:
    outcome = take("claim,source,verdict", "The dam broke,https://example.org/1,false")

    assert outcome.code == 5
    assert "--as-ours" in outcome.err


def test_a_rule_of_the_desk_refuses_the_row_and_a_dry_run_says_so(take: Take, run: Run) -> None:
    run("policy", "independent_publishers", 2, "--because", "Two see more")
    lines = (
        "claim,speaker,source,verdict,evidence",
        "The dam broke,Lena Vogt,https://example.org/1,false,https://example.org/log",
        "The dam leaks,Lena Vogt,https://example.org/1,unproven,",
    )
    tried = take(*lines, options=("--as-ours", "--dry-run"))
    done = take(*lines, options=("--as-ours",))

    assert (tried.json["created"], tried.json["refused"]) == (1, 1)
    assert (done.json["created"], done.json["refused"]) == (1, 1)
    assert "Line 2" in done.err


def test_verdicts_that_wait_for_a_second_reviewer_are_no_files(take: Take, run: Run) -> None:
    run("policy", "second_reviewer", "on", "--because", "Two see more")
    outcome = take(
        "claim,speaker,source,verdict",
        "The dam leaks,Lena Vogt,https://example.org/1,unproven",
        options=("--as-ours",),
    )

    assert outcome.code == 4
    assert "second reviewer" in outcome.err


def test_a_statement_that_two_houses_checked_is_one_claim(run: Run, tmp_path: Path) -> None:
    checks = [
        {"publisher": {"name": house}, "url": url, "textualRating": rating}
        for house, url, rating in (
            ("Harbour Gazette", PAGE, "False"),
            ("River Herald", "https://herald.example/2", "Misleading"),
        )
    ]
    claim = {"text": "The bridge was closed", "claimant": "Lena Vogt", "claimReview": checks}
    for name in ("monday.json", "tuesday.json"):
        path = tmp_path / name
        path.write_text(json.dumps({"claims": [claim]}), encoding="utf-8")
        assert run("import", "claimreview", path).code == 0

    assert [one["id"] for one in run("claim", "list", "--format", "json").json] == [1]
    assert sorted(one["publisher"] for one in shown(run, 1)["assessments"]) == [
        "Harbour Gazette",
        "River Herald",
    ]


def test_each_of_two_houses_changes_its_own_rating(run: Run, tmp_path: Path) -> None:
    both = [review(), review(url="https://herald.example/2", author={"name": "River Herald"})]
    assert take_reviews(run, tmp_path, *both).json["created"] == 1
    for one, label in zip(both, ("True", "Mixture"), strict=True):
        one["reviewRating"] = {"alternateName": label}
    assert take_reviews(run, tmp_path, *both).json["updated"] == 2

    assert {one["publisher"]: one["rating"] for one in shown(run, 1)["assessments"]} == {
        "Harbour Gazette": "True",
        "River Herald": "Mixture",
    }


@pytest.mark.parametrize(
    ("columns", "first", "second", "houses"),
    [
        (
            "claim,publisher,fact-check url,rating",
            f"Harbour Gazette,{PAGE},False",
            "Inland Post,https://post.example/9,Misleading",
            ((), ()),
        ),
        (
            "claim,verdict",
            "false",
            "misleading",
            (("--set", "publisher=Harbour Gazette"), ("--set", "publisher=Inland Post")),
        ),
        (
            "claim,verdict",
            "false",
            "false",
            (("--set", "publisher=Harbour Gazette"), ("--set", "publisher=Inland Post")),
        ),
    ],
)
def test_a_second_house_takes_nothing_from_the_first(
    take: Take, run: Run, columns: str, first: str, second: str, houses: Any
) -> None:
    for _ in range(2):
        for row, options in zip((first, second), houses, strict=True):
            outcome = take(columns, f"The north bridge was closed,{row}", options=options)
            assert outcome.code == 0, outcome.err
    checks = [one["publisher"] for one in shown(run, 1)["assessments"]]
    assert checks == ["Harbour Gazette", "Inland Post"]


def test_a_house_that_changes_its_word_in_a_file_changes_its_own(take: Take, run: Run) -> None:
    columns = "claim,publisher,fact-check url,rating"
    take(columns, f"The north bridge was closed,Harbour Gazette,{PAGE},False")
    take(columns, "The north bridge was closed,Inland Post,https://post.example/9,Misleading")
    changed = take(columns, f"The north bridge was closed,Harbour Gazette,{PAGE},Half true")
    assert changed.json["updated"] == 1
    assert [one["rating"] for one in shown(run, 1)["assessments"]] == ["Half true", "Misleading"]


def test_a_review_whose_claimant_was_wrong_is_put_right(run: Run, tmp_path: Path) -> None:
    take_reviews(run, tmp_path, review())
    item = {**review()["itemReviewed"], "author": {"@type": "Person", "name": "Omar Said"},
            "appearance": ["https://example.org/post/2"]}  # fmt: skip
    rating = {**review()["reviewRating"], "ratingValue": "3", "alternateName": "Half true"}

    outcome = take_reviews(run, tmp_path, review(itemReviewed=item, reviewRating=rating))

    assert (outcome.json["created"], outcome.json["updated"]) == (0, 1)
    claim = shown(run, 1)
    assert [one["rating"] for one in claim["assessments"]] == ["Half true"]
    assert "Omar Said" in [one["speaker"]["name"] for one in claim["appearances"]]
