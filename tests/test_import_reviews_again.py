"""One published review in several files, of which each tells more or less of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Run

PAGE = "https://gazette.example/checks/bridge"
WORDS = "The north bridge was closed for the whole of May"


def page(**changes: Any) -> dict[str, Any]:
    """The review as its own page has it."""
    found: dict[str, Any] = {
        "@type": "ClaimReview",
        "url": PAGE,
        "datePublished": "2024-06-05",
        "author": {"@type": "Organization", "name": "Harbour Gazette"},
        "claimReviewed": WORDS,
        "reviewBody": "Cars crossed it on every day of May.",
        "itemReviewed": {
            "@type": "Claim",
            "author": {"@type": "Person", "name": "Lena Vogt"},
            "datePublished": "2024-06-02",
            "appearance": "https://example.org/post/1",
        },
        "reviewRating": {"ratingValue": "1", "bestRating": "5", "worstRating": "1",
                         "alternateName": "False"},
    }  # fmt: skip
    return found | changes


def answer(**changes: Any) -> dict[str, Any]:
    """The same as a search gives it: with a title, and without where it was said."""
    check = {
        "publisher": {"name": "Harbour Gazette"},
        "url": PAGE,
        "title": "No, the bridge was open",
        "reviewDate": "2024-06-05T00:00:00Z",
        "textualRating": "False",
        "languageCode": "en",
    }
    claim = {"text": WORDS, "claimant": "Lena Vogt", "claimDate": "2024-06-02"}
    return {"claims": [{**claim, "claimReview": [check | changes]}]}


def take(run: Run, folder: Path, name: str, told: object, *options: object) -> Outcome:
    path = folder / name
    path.write_text(json.dumps(told), encoding="utf-8")
    outcome = run("import", "claimreview", path, *options, "--format", "json")
    assert outcome.code == 0, outcome.err
    return outcome


def shown(run: Run) -> Any:
    return run("claim", "show", 1, "--format", "json").json


def check(run: Run) -> Any:
    (found,) = shown(run)["assessments"]
    return found


@pytest.mark.parametrize("options", [(), ("--origin", "reviews")])
def test_a_file_that_says_less_takes_nothing_away(
    run: Run, tmp_path: Path, options: tuple[object, ...]
) -> None:
    take(run, tmp_path, "page.json", page(), *options)
    known, seen = check(run), shown(run)["appearances"]
    take(run, tmp_path, "search.json", answer(), *options)

    assert shown(run)["appearances"] == seen
    assert check(run)["title"] == "No, the bridge was open"
    for name in ("summary", "rating", "verdict", "rating_value", "published_on"):
        assert check(run)[name] == known[name], name


@pytest.mark.parametrize("first", [0, 1])
def test_files_that_tell_of_the_same_review_change_nothing_by_turns(
    run: Run, tmp_path: Path, first: int
) -> None:
    both = [("page.json", page()), ("search.json", answer())]
    for name, told in (both[first], both[1 - first]):
        take(run, tmp_path, name, told)
    whole = shown(run)
    assert [one["source"]["url"] for one in whole["appearances"]] == ["https://example.org/post/1"]
    for name, told in both * 2:
        assert take(run, tmp_path, name, told).json["unchanged"] == 1
    assert shown(run) == whole


def test_what_has_changed_in_one_of_the_files_is_taken_over(run: Run, tmp_path: Path) -> None:
    take(run, tmp_path, "page.json", page())
    take(run, tmp_path, "search.json", answer())
    corrected = answer(textualRating="Half true")
    assert take(run, tmp_path, "search.json", corrected).json["updated"] == 1
    # The number that stood beside the other label is none of this one's.
    assert (check(run)["rating"], check(run)["rating_value"]) == ("Half true", None)
    # A page that hasn't changed brings nothing back, nor what hasn't changed in one that has.
    assert take(run, tmp_path, "page.json", page()).json["unchanged"] == 1
    take(run, tmp_path, "page.json", page(reviewBody="Cars crossed it each day."))
    assert (check(run)["summary"], check(run)["rating"]) == (
        "Cars crossed it each day.",
        "Half true",
    )
    rating = {"alternateName": "Mostly true", "ratingValue": 4, "bestRating": 5, "worstRating": 1}
    take(run, tmp_path, "page.json", page(reviewRating=rating))
    assert (check(run)["rating"], check(run)["rating_value"]) == ("Mostly true", 4)
