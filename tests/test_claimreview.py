"""ClaimReview in JSON: its wrappings, and what real houses put into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.claimreview import open_claimreview
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import Table

URL = "https://desk.example/checks/dam"
REVIEW: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "ClaimReview",
    "url": URL,
    "headline": "Did the dam burst?",
    "datePublished": "2021-03-09",
    "inLanguage": "en",
    "author": {"@type": "Organization", "name": "Harbour Desk", "url": "https://desk.example"},
    "claimReviewed": "The dam at Korun burst.",
    "reviewBody": "It stands.",
    "reviewRating": {
        "@type": "Rating",
        "ratingValue": 1,
        "bestRating": 5,
        "worstRating": 1,
        "alternateName": "False",
    },
    "itemReviewed": {
        "@type": "Claim",
        "author": {"@type": "Person", "name": "Omar Haddad"},
        "datePublished": "2021-03-04",
        "appearance": {"@type": "CreativeWork", "url": "https://paper.example/a"},
    },
}
FIELDS = {
    "statement": "The dam at Korun burst.",
    "speaker": "Omar Haddad",
    "said_on": "2021-03-04",
    "source": "https://paper.example/a",
    "publisher": "Harbour Desk",
    "review_url": URL,
    "title": "Did the dam burst?",
    "reviewed_on": "2021-03-09",
    "language": "en",
    "summary": "It stands.",
    "rating": "False",
    "rating_value": "1",
    "best_rating": "5",
    "worst_rating": "1",
}


def opened(folder: Path, content: str | bytes | object, name: str = "reviews.json") -> Table:
    path = folder / name
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_claimreview(path)


def rows(folder: Path, content: str | bytes | object, name: str = "reviews.json") -> list[Row]:
    found = list(opened(folder, content, name).rows())
    assert all(isinstance(row, Row) for row in found), found
    return [row for row in found if isinstance(row, Row)]


def one(folder: Path, **members: Any) -> Row:
    """The row of the review with other members; those that are None are left out."""
    review = {name: value for name, value in (REVIEW | members).items() if value is not None}
    (row,) = rows(folder, review)
    return row


def item(folder: Path, **members: Any) -> Row:
    """The row of the review with other members of what was reviewed."""
    whole = REVIEW["itemReviewed"] | members
    return one(folder, itemReviewed={n: v for n, v in whole.items() if v is not None})


def spelled(value: Any, prefix: str) -> Any:
    """The same JSON-LD with a prefix before each term and type."""
    if isinstance(value, list):
        return [spelled(each, prefix) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key if key.startswith("@") else prefix + key: prefix + inner
        if key == "@type"
        else spelled(inner, prefix)
        for key, inner in value.items()
    }


# --- Its wrappings -------------------------------------------------------------------------------


def test_a_review_becomes_a_row_with_all_that_it_says(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, REVIEW)
    assert row.fields == FIELDS
    assert row.original == REVIEW
    assert row.appearances == ()
    assert row.warnings == ()


@pytest.mark.parametrize(
    "content",
    [
        [REVIEW],
        [[REVIEW]],
        {"@context": "http://schema.org", "@graph": [{"@type": "WebPage", "url": URL}, REVIEW]},
        {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": [REVIEW]}]},
        {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": REVIEW}]},
        {"dataFeedElement": REVIEW},
        {"@type": "NewsArticle", "headline": "Checked", "review": REVIEW},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": REVIEW}]},
        REVIEW | {"@type": ["Review", "ClaimReview"]},
        REVIEW | {"@type": "http://schema.org/ClaimReview"},
        REVIEW | {"@type": ["https://schema.org/ClaimReview"]},
        REVIEW | {"@context": ["https://schema.org", {"@language": "en"}]},
        REVIEW | {"@context": {"@vocab": "http://schema.org/"}},
        {name: value for name, value in REVIEW.items() if name != "@type"},
        spelled(REVIEW, "schema:"),
        spelled(REVIEW, "http://schema.org/"),
        spelled(REVIEW, "https://schema.org/"),
        {key: [value] for key, value in REVIEW.items()},
    ],
)
def test_a_review_is_found_in_each_wrapping(tmp_path: Path, content: object) -> None:
    (row,) = rows(tmp_path, content)
    assert row.fields == FIELDS


def test_expanded_json_ld_is_read(tmp_path: Path) -> None:
    base = "http://schema.org/"
    (row,) = rows(
        tmp_path,
        [
            {
                "@type": [base + "ClaimReview"],
                base + "claimReviewed": [{"@value": "The dam burst.", "@language": "en"}],
                base + "url": [{"@id": URL}],
                base + "reviewRating": [{base + "alternateName": [{"@value": "False"}]}],
            }
        ],
    )
    assert row.fields["statement"] == "The dam burst."
    assert row.fields["review_url"] == URL
    assert row.fields["rating"] == "False"


@pytest.mark.parametrize("wrapped", ["@graph", "list", "lines"])
def test_what_is_only_named_is_looked_for_in_the_file(tmp_path: Path, wrapped: str) -> None:
    review = {name: value for name, value in REVIEW.items() if name != "@context"}
    graph = [
        review | {"author": {"@id": "#desk"}, "itemReviewed": {"@id": "#claim"}},
        {"@id": "#desk", **REVIEW["author"]},
        {"@id": "#claim", **REVIEW["itemReviewed"], "author": {"@id": "#omar"}},
        {"@id": "#omar", "@type": "Person", "name": "Omar Haddad", "knows": {"@id": "#omar"}},
    ]
    content = {
        "@graph": {"@context": "https://schema.org", "@graph": graph},
        "list": graph,
        "lines": "\n".join(map(json.dumps, graph)),
    }[wrapped]
    (row,) = rows(tmp_path, content)
    assert row.fields == FIELDS
    assert isinstance(row.original, dict)
    assert row.original["author"]["name"] == "Harbour Desk"


def test_a_relative_name_means_nothing_in_another_document(tmp_path: Path) -> None:
    pages = [REVIEW | {"author": {"@id": "#us"}}, {"@context": "x", "@id": "#us", "name": "Quay"}]
    (row,) = rows(tmp_path, pages)
    assert row.fields["publisher"] == "desk.example"
    assert "is only named" in row.warnings[0]
    whole = json.loads(json.dumps(pages).replace("#us", "https://quay.example/#us"))
    assert rows(tmp_path, whole)[0].fields["publisher"] == "Quay"


def test_a_graph_of_any_size_is_read_node_by_node(tmp_path: Path) -> None:
    reviews = [
        REVIEW
        | {"claimReviewed": f"Dam {number} burst.", "reviewBody": "x" * 100_000}
        | {"author": {"@id": "#desk"}}
        for number in range(90)
    ]
    graph = {"@graph": [*reviews, {"@id": "#desk", **REVIEW["author"]}]}
    found = rows(tmp_path, graph)
    assert len(found) == 90
    assert {row.fields["publisher"] for row in found} == {"Harbour Desk"}


def test_where_more_is_named_than_can_be_kept_the_row_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claimtrack.interchange.references._MOST_KEPT", 300)
    houses = [{"@id": f"#desk{n}", "name": "Desk", "slogan": "x" * 200} for n in range(2)]
    reviews = [
        REVIEW | {"claimReviewed": f"Dam {n}", "author": {"@id": f"#desk{n}"}} for n in range(2)
    ]
    first, second = opened(tmp_path, {"@graph": [*houses, *reviews]}).rows()
    assert isinstance(first, Row)
    assert isinstance(second, Unread)
    assert second.reason.startswith('It names "#desk1", and the file has more such nodes')


def test_a_thousand_reviews_name_their_parts_as_well_as_one(tmp_path: Path) -> None:
    house = {"@id": "#desk", **REVIEW["author"]}
    rating = {"@id": "#false", **REVIEW["reviewRating"]}
    graph: list[Any] = [house, rating]
    for number in range(600):
        graph.append({"@id": f"#c{number}", **REVIEW["itemReviewed"]})
        named = {"author": "#desk", "reviewRating": "#false", "itemReviewed": f"#c{number}"}
        graph.append(
            REVIEW
            | {"claimReviewed": f"Dam {number} burst."}
            | {name: {"@id": value} for name, value in named.items()}
        )
    found = rows(tmp_path, {"@context": "https://schema.org", "@graph": graph})
    assert len(found) == 600
    assert all(row.fields == FIELDS | {"statement": row.fields["statement"]} for row in found)
    assert not any(row.warnings for row in found)


def test_a_reference_may_say_of_which_type_it_is(tmp_path: Path) -> None:
    named = {"@type": "Organization", "@id": "#desk"}
    (row,) = rows(tmp_path, [[REVIEW | {"author": named}, {"@id": "#desk", **REVIEW["author"]}]])
    assert row.fields == FIELDS


def test_what_names_a_large_node_again_and_again_is_refused(tmp_path: Path) -> None:
    large = {"@id": "#post", "@type": "CreativeWork", "headline": "x" * 100_000}
    claim = {"@type": "Claim", "appearance": [{"@id": "#post"}] * 1000}
    trap, row = opened(tmp_path, [[large, REVIEW | {"itemReviewed": claim}, REVIEW]]).rows()
    assert isinstance(trap, Unread)
    assert "With all that it names by @id it would have more than 8,000,000" in trap.reason
    assert isinstance(row, Row)


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({"author": {"@id": "#gone"}}, "author"),
        ({"reviewRating": {"@id": "#gone"}}, "rating"),
        ({"itemReviewed": {"@type": "Claim", "@id": "#gone"}}, "claim"),
        ({"itemReviewed": {"@type": "Claim", "author": {"@id": "#gone"}}}, "speaker"),
    ],
)
def test_a_part_that_stands_nowhere_is_told(
    tmp_path: Path, members: dict[str, Any], what: str
) -> None:
    (row,) = rows(tmp_path, REVIEW | members)
    assert row.warnings == (f'Its {what} is only named, "#gone", and nothing in the file is that.',)


def test_json_lines_may_hold_any_of_them(tmp_path: Path) -> None:
    other = REVIEW | {"claimReviewed": "The mill burned.", "url": URL + "2"}
    lines = [json.dumps(REVIEW), "", json.dumps([other]), "no json", json.dumps({"a": 1})]
    found = list(opened(tmp_path, "\n".join(lines), "reviews.jsonl").rows())
    assert [row.line for row in found] == [1, 3, 4, 5]
    assert [isinstance(row, Unread) for row in found] == [False, False, True, True]
    assert [row.reason for row in found if isinstance(row, Unread)] == [
        'The line is no JSON: "n" stands where a value should.',
        "It holds no ClaimReview.",
    ]


def test_json_lines_are_known_without_their_name(tmp_path: Path) -> None:
    other = json.dumps(REVIEW | {"claimReviewed": "The mill burned."})
    lines = [json.dumps(REVIEW), '{"@type": "ClaimReview", broken', other]
    found = list(opened(tmp_path, "\n".join(lines), "reviews.txt").rows())
    assert [(row.line, isinstance(row, Row)) for row in found] == [(1, True), (2, False), (3, True)]


def test_a_row_knows_the_line_on_which_it_begins(tmp_path: Path) -> None:
    several = [REVIEW | {"claimReviewed": f"Dam {number} burst."} for number in range(3)]
    text = '{"@type": "DataFeed",\n"dataFeedElement": [\n' + ",\n".join(map(json.dumps, several))
    assert [row.line for row in rows(tmp_path, text + "\n]}")] == [3, 4, 5]


def test_what_stands_before_a_broken_end_is_read_and_the_rest_is_accounted_for(
    tmp_path: Path,
) -> None:
    text = json.dumps([REVIEW, REVIEW | {"claimReviewed": "The mill burned."}], indent=1)
    first, second = opened(tmp_path, text[:-200]).rows()
    assert isinstance(first, Row)
    assert isinstance(second, Unread)
    assert second.reason == "From here on the file can't be read: it ends in the middle."


def test_the_answer_of_a_search_is_read(tmp_path: Path) -> None:
    claim = {
        "text": "The dam at Korun burst.",
        "claimant": "Omar Haddad",
        "claimDate": "2021-03-04T00:00:00Z",
        "claimReview": [
            {
                "publisher": {"name": "Harbour Desk", "site": "desk.example"},
                "url": URL,
                "title": "Did the dam burst?",
                "reviewDate": "2021-03-09T10:00:00Z",
                "textualRating": "False",
                "languageCode": "en",
            },
            {
                "publisher": {"site": "other.example"},
                "url": "https://other.example/7",
                "textualRating": "Falso",
                "languageCode": "pt-BR",
            },
        ],
    }
    other = {"text": "The mill burned.", "claimant": "Multiple sources"}
    answer = {"claims": [claim, claim | other], "nextPageToken": "CAo"}
    first, second, third, _ = rows(tmp_path, answer)
    assert first.fields == {
        "statement": "The dam at Korun burst.",
        "speaker": "Omar Haddad",
        "said_on": "2021-03-04T00:00:00Z",
        "publisher": "Harbour Desk",
        "review_url": URL,
        "title": "Did the dam burst?",
        "reviewed_on": "2021-03-09T10:00:00Z",
        "rating": "False",
        "language": "en",
    }
    assert first.original == claim | {"claimReview": claim["claimReview"][:1]}
    assert second.fields["publisher"] == "other.example"
    assert second.fields["language"] == "pt-BR"
    assert "speaker" not in third.fields


def test_the_pages_of_the_fact_check_tools_are_read(tmp_path: Path) -> None:
    markup = {
        "url": URL,
        "claimReviewed": "The dam at Korun burst.",
        "claimDate": "2021-03-04",
        "claimAuthor": {"name": "Omar Haddad", "sameAs": "https://omar.example"},
        "claimFirstAppearance": "https://paper.example/a",
        "claimAppearances": ["https://post.example/1"],
        "rating": {"ratingValue": 1, "worstRating": 1, "bestRating": 5, "textualRating": "False"},
    }
    kept = {
        "name": "pages/1",
        "pageUrl": URL,
        "publishDate": "2021-03-09",
        "claimReviewAuthor": {"name": "Harbour Desk"},
    }
    markups = [markup, {**markup, "claimReviewed": "The mill burned.", "url": ""}]
    answer = {"claimReviewMarkupPages": [{**kept, "claimReviewMarkups": markups}]}
    first, second = rows(tmp_path, answer)
    unsaid = ("title", "language", "summary")
    assert first.fields == {name: FIELDS[name] for name in FIELDS if name not in unsaid}
    assert first.appearances == ({"speaker": "Omar Haddad", "source": "https://post.example/1"},)
    assert first.original == {**kept, "claimReviewMarkups": [markup]}
    assert second.fields["review_url"] == URL
    assert second.warnings == ()


# --- Who, when and where -------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["appearance", "firstAppearance"])
@pytest.mark.parametrize(
    "value",
    [
        "https://paper.example/a",
        " https://paper.example/a\n",
        "paper.example/a",
        ["https://paper.example/a"],
        {"@type": "CreativeWork", "url": "https://paper.example/a"},
        [{"@type": "SocialMediaPosting", "url": ["https://paper.example/a"]}],
        {"@id": "https://paper.example/a"},
        {"@type": "VideoObject", "contentUrl": "https://paper.example/a"},
    ],
)
def test_an_appearance_is_a_text_an_object_or_a_list(
    tmp_path: Path, member: str, value: object
) -> None:
    row = item(tmp_path, **({"appearance": None} | {member: value}))
    assert row.fields["source"].endswith("paper.example/a")
    assert row.fields["speaker"] == "Omar Haddad"
    assert row.appearances == ()


@pytest.mark.parametrize(
    ("appearance", "sources"),
    [
        (["https://files.example/annual report 2020.pdf",
          {"url": "https://files.example/annual report 2021.pdf"}],
         ["https://files.example/annual%20report%202020.pdf",
          "https://files.example/annual%20report%202021.pdf"]),
        ({"url": "https://files.example/Our Report"}, ["https://files.example/Our%20Report"]),
        ({"url": "https://files.example Our page"}, ["https://files.example"]),
        ({"url": "https://a.example/1 (archived)"}, ["https://a.example/1"]),
        ("https://a.example/1 by a friend", ["https://a.example/1"]),
        ("https://a.example/1 https://b.example/2.pdf",
         ["https://a.example/1", "https://b.example/2.pdf"]),
        ({"url": ["https://a.example/1", "https://b.example/2"]},
         ["https://a.example/1", "https://b.example/2"]),
        ('<a href="https://m.example/link">Facebook</a>', ["https://m.example/link"]),
        ("See <p><a class=x href='https://m.example/link'><b>https://m.exa…</b></a>,"
         " https://n.example/2.</p>", ["https://m.example/link", "https://n.example/2"]),
        ("The trail (https://m.example/trail).", ["https://m.example/trail"]),
        ("[https://m.example/trail]", ["https://m.example/trail"]),
        ("See https://w.example/Korun_(dam).", ["https://w.example/Korun_(dam)"]),
        ("https://w.example/Korun,_D.C.", ["https://w.example/Korun,_D.C."]),
    ],
)  # fmt: skip
def test_an_address_is_read_whole_and_without_its_sentence(
    tmp_path: Path, appearance: object, sources: list[str]
) -> None:
    row = item(tmp_path, appearance=appearance)
    assert [row.fields["source"], *(more["source"] for more in row.appearances)] == sources


def test_a_text_that_is_made_to_look_like_links_is_read_at_once(tmp_path: Path) -> None:
    for text in ("<a href=" + "x" * 1_000_000, "<a href=x" * 100_000, "<a " * 300_000):
        assert item(tmp_path, appearance=text).fields["speaker"] == "Omar Haddad"


def test_a_blank_in_the_address_of_a_fact_check_is_encoded(tmp_path: Path) -> None:
    row = one(tmp_path, url="https://desk.example/checks/the dam")
    assert row.fields["review_url"] == "https://desk.example/checks/the%20dam"
    assert row.warnings == ()


def test_further_appearances_are_kept_each_once_the_first_first(tmp_path: Path) -> None:
    row = item(
        tmp_path,
        firstAppearance="https://first.example/1",
        appearance=[
            {
                "url": "https://paper.example/a",
                "name": "Korun today",
                "datePublished": "2021-03-05",
            },
            "http://www.first.example/1",
            "https://x.example/2, https://x.example/3",
            URL,
        ],
    )
    assert row.fields["source"] == "https://first.example/1"
    assert row.fields["said_on"] == "2021-03-04"
    assert row.appearances == (
        {
            "source": "https://paper.example/a",
            "source_title": "Korun today",
            "published": "2021-03-05",
            "speaker": "Omar Haddad",
        },
        {"source": "https://x.example/2", "speaker": "Omar Haddad"},
        {"source": "https://x.example/3", "speaker": "Omar Haddad"},
    )


def test_the_work_of_older_markup_is_the_source(tmp_path: Path) -> None:
    work = {
        "@type": "CreativeWork",
        "author": {"@type": "Person", "name": "Omar Haddad", "sameAs": "https://omar.example"},
        "datePublished": "2021-03-04",
        "name": "Speech at the harbour",
        "publisher": {"@type": "Organization", "name": "Korun Radio"},
        "sameAs": ["https://radio.example/1", "https://copy.example/1"],
    }
    row = one(tmp_path, itemReviewed=work)
    expected = {
        "speaker": "Omar Haddad",
        "said_on": "2021-03-04",
        "source": "https://radio.example/1",
        "source_title": "Speech at the harbour",
        "source_publisher": "Korun Radio",
    }
    assert {name: row.fields.get(name) for name in expected} == expected
    assert "published" not in row.fields
    assert row.appearances == ({"source": "https://copy.example/1", "speaker": "Omar Haddad"},)


def test_a_work_without_an_address_is_told_apart_by_its_title(tmp_path: Path) -> None:
    row = one(tmp_path, itemReviewed={"@type": "CreativeWork", "name": "Speech at the harbour"})
    assert row.fields["source_title"] == "Speech at the harbour"
    assert "source" not in row.fields


def test_the_whole_that_a_clip_is_part_of_is_its_source(tmp_path: Path) -> None:
    whole = {"@type": "VideoObject", "url": "https://video.example/9"}
    row = one(tmp_path, itemReviewed={"@type": "Clip", "name": "Speech", "isPartOf": whole})
    assert row.fields["source"] == "https://video.example/9"


def test_several_items_are_several_appearances(tmp_path: Path) -> None:
    items = [
        {"@type": "Claim", "author": {"name": "Omar Haddad"}, "appearance": "https://a.example/1"},
        {"@type": "Claim", "author": {"name": "Lena Vogt"}, "appearance": "https://b.example/1"},
    ]
    row = one(tmp_path, itemReviewed=items)
    assert (row.fields["speaker"], row.fields["source"]) == ("Omar Haddad", "https://a.example/1")
    assert row.appearances == ({"source": "https://b.example/1", "speaker": "Lena Vogt"},)


@pytest.mark.parametrize(
    "author",
    [
        "Omar Haddad",
        ["Omar Haddad"],
        {"@type": "Person", "name": "Omar Haddad"},
        {"@type": "Organization", "name": ["Omar Haddad"]},
        {"@type": "Person", "name": "", "givenName": "Omar", "familyName": "Haddad"},
        [{"@type": "Person", "name": ""}, {"@type": "Person", "name": "Omar Haddad"}],
        [{"name": "Multiple sources"}, {"name": "Omar Haddad"}],
    ],
)
def test_an_author_is_a_text_an_object_or_a_list(tmp_path: Path, author: object) -> None:
    assert item(tmp_path, author=author).fields["speaker"] == "Omar Haddad"


def test_further_authors_said_it_in_the_same_place(tmp_path: Path) -> None:
    row = item(tmp_path, author=[{"name": "Omar Haddad"}, {"name": "Lena Vogt"}])
    assert row.fields["speaker"] == "Omar Haddad"
    assert row.appearances == (
        {"source": "https://paper.example/a", "speaker": "Lena Vogt", "said_on": "2021-03-04"},
    )


@pytest.mark.parametrize("author", ["Fuentes múltiples", {"name": "multiple sources"}])
def test_a_placeholder_does_not_become_a_person_and_that_is_told(
    tmp_path: Path, author: object
) -> None:
    row = item(tmp_path, author=author)
    assert "speaker" not in row.fields
    assert "stands for nobody" in row.warnings[0]


@pytest.mark.parametrize("author", [None, "", {}, {"@type": "Person"}, {"name": None}, [], [None]])
def test_a_missing_author_is_nobody(tmp_path: Path, author: object) -> None:
    row = item(tmp_path, author=author)
    assert "speaker" not in row.fields
    assert row.warnings == ()


@pytest.mark.parametrize(
    "date",
    [None, "", " ", "null", "0000-00-00", "Invalid date", [], {},
     "-0001-11-30T00:00:00+00:00"],
)  # fmt: skip
def test_a_missing_or_empty_date_is_none(tmp_path: Path, date: object) -> None:
    assert "said_on" not in item(tmp_path, datePublished=date).fields
    assert "reviewed_on" not in one(tmp_path, datePublished=date).fields


def test_a_date_with_its_zone_is_given_as_it_is(tmp_path: Path) -> None:
    row = one(tmp_path, datePublished="2021-03-09T23:30:00+02:00")
    assert row.fields["reviewed_on"] == "2021-03-09T23:30:00+02:00"


# --- The fact-check ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "publisher"),
    [
        ({"author": "Harbour Desk"}, "Harbour Desk"),
        ({"author": [{"@type": "Person", "name": "L. V."}, REVIEW["author"]]}, "Harbour Desk"),
        ({"author": {"@type": "Person", "name": "L. V."}, "publisher": {"name": "Quay"}}, "Quay"),
        ({"author": {"@type": "Person", "name": "Lena Vogt"}}, "desk.example"),
        ({"author": {"@type": "Person", "name": "Lena Vogt"}, "url": None}, "Lena Vogt"),
        ({"author": {"@type": "Organization", "url": "https://quay.example/us"}}, "quay.example"),
        ({"author": {"@type": "NewsMediaOrganization", "name": "Quay"}}, "Quay"),
        ({"author": None}, "desk.example"),
        ({"author": "https://www.quay.example/"}, "quay.example"),
        ({"author": None, "url": None}, None),
    ],
)
def test_the_publisher_is_the_house(
    tmp_path: Path, members: dict[str, Any], publisher: str | None
) -> None:
    assert one(tmp_path, **members).fields.get("publisher") == publisher


@pytest.mark.parametrize(
    ("rating", "expected"),
    [
        ({"ratingValue": "5,0", "bestRating": "1", "worstRating": "5", "alternateName": "Falso"},
         ("Falso", "5,0", "1", "5")),
        ({"ratingValue": -1, "bestRating": -1, "worstRating": -1, "alternateName": "Falso"},
         ("Falso", "-1", "-1", "-1")),
        ({"ratingValue": 1.5, "alternateName": ["Falso", "False"]}, ("Falso", "1.5", None, None)),
        ({"ratingValue": "Mostly false"}, ("Mostly false", None, None, None)),
        ({"ratingValue": "2"}, (None, "2", None, None)),
        ({"name": "Falso"}, ("Falso", None, None, None)),
        ({"alternateName": False}, ("False", None, None, None)),
        ("Falso", ("Falso", None, None, None)),
        (3, (None, "3", None, None)),
        ([{"alternateName": "Falso"}], ("Falso", None, None, None)),
        (None, (None, None, None, None)),
        ({}, (None, None, None, None)),
    ],
)  # fmt: skip
def test_a_rating_comes_as_it_is_written(
    tmp_path: Path, rating: object, expected: tuple[str | None, ...]
) -> None:
    fields = one(tmp_path, reviewRating=rating).fields
    names = ("rating", "rating_value", "best_rating", "worst_rating")
    assert tuple(fields.get(name) for name in names) == expected


@pytest.mark.parametrize(
    ("written", "statement"),
    [
        ("The &quot;dam&quot; burst", 'The "dam" burst'),
        ("The &amp;quot;dam&amp;quot; burst", 'The "dam" burst'),
        ("<p>The <b>dam</b> burst.<br/>Twice.</p>", "The dam burst. Twice."),
        ("&lt;p&gt;The dam burst.&lt;/p&gt;", "The dam burst."),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("Caf&eacute; R&D", "Café R&D"),
        (["", "The dam burst."], "The dam burst."),
        ({"@value": "The dam burst."}, "The dam burst."),
    ],
)
def test_tags_and_entities_are_taken_out_of_the_claim(
    tmp_path: Path, written: object, statement: str
) -> None:
    row = one(tmp_path, claimReviewed=written)
    assert row.fields["statement"] == statement
    assert isinstance(row.original, dict)
    assert row.original["claimReviewed"] == written


@pytest.mark.parametrize(
    ("language", "expected"),
    [("pt_BR", "pt-BR"), ("EN", "en"), ("English", "en"), ("Klingonese", None), (["", "ar"], "ar"),
     ({"name": "German", "alternateName": "de"}, "de"), (None, None)],
)  # fmt: skip
def test_a_language_is_a_tag_or_none(
    tmp_path: Path, language: object, expected: str | None
) -> None:
    assert one(tmp_path, inLanguage=language).fields.get("language") == expected


def test_keywords_are_topics(tmp_path: Path) -> None:
    row = one(tmp_path, keywords=["dams, Korun", "floods", "x" * 101, ""])
    assert row.fields["topics"] == "dams, Korun, floods"


def test_a_review_without_a_claim_is_refused_with_its_line(tmp_path: Path) -> None:
    bare = {"@type": "ClaimReview", "url": URL}
    (row,) = opened(tmp_path, [bare]).rows()
    assert row == Unread(
        1, "The ClaimReview has no claimReviewed, which is the claim itself.", json.dumps(bare)
    )
    assert isinstance(row, Unread)
    assert json.loads(row.raw) == bare


def test_the_text_of_the_item_is_the_claim_where_there_is_no_other(tmp_path: Path) -> None:
    row = one(tmp_path, claimReviewed="", itemReviewed={"@type": "Claim", "text": "The dam burst."})
    assert row.fields["statement"] == "The dam burst."


# --- What a review is called ---------------------------------------------------------------------


def names(folder: Path, *reviews: dict[str, Any]) -> list[str | None]:
    return [row.key for row in rows(folder, {"@graph": list(reviews)})]


def test_a_page_with_several_claims_names_each_the_same_in_any_order(tmp_path: Path) -> None:
    claims = [REVIEW | {"claimReviewed": text} for text in ("The dam burst.", "The mill burned.")]
    first, second = names(tmp_path, *claims)
    assert first != second
    assert names(tmp_path, *reversed(claims)) == [second, first]
    assert names(tmp_path, claims[0]) == [first]  # before the page grew


def test_the_name_does_not_change_with_the_spelling_of_the_address(tmp_path: Path) -> None:
    plain = names(tmp_path, REVIEW)
    assert (
        names(tmp_path, REVIEW | {"url": "http://www.desk.example/checks/dam/?utm_source=x"})
        == plain
    )
    assert names(tmp_path, REVIEW | {"claimReviewed": "“The dam at Korun burst!”"}) == plain
    assert names(tmp_path, REVIEW | {"reviewRating": {"alternateName": "True"}}) == plain


def test_an_id_of_its_own_is_the_name(tmp_path: Path) -> None:
    assert names(tmp_path, REVIEW | {"@id": "https://desk.example/id/7"}) == [
        "https://desk.example/id/7"
    ]
    assert names(tmp_path, REVIEW | {"@id": "#seven"}) == [URL + "#seven"]
    assert names(tmp_path, REVIEW | {"@id": "_:b0"}) == names(tmp_path, REVIEW)
    assert names(tmp_path, REVIEW | {"@id": URL}) == names(tmp_path, REVIEW)


def test_reviews_of_two_houses_at_one_address_are_two(tmp_path: Path) -> None:
    other = REVIEW | {
        "author": {"@type": "Organization", "name": "The Other House"},
        "reviewRating": {"alternateName": "True"},
    }
    found = list(rows(tmp_path, [REVIEW, other, dict(REVIEW)]))
    assert [row.fields["publisher"] for row in found] == ["The Other House", FIELDS["publisher"]]
    assert [row.fields["rating"] for row in found] == ["True", FIELDS["rating"]]
    mine = names(tmp_path, REVIEW)
    assert {row.key for row in found} == {*mine, *names(tmp_path, other)} != set(mine)


def test_a_review_without_an_address_has_no_name(tmp_path: Path) -> None:
    assert names(tmp_path, REVIEW | {"url": None}) == [None]


@pytest.mark.parametrize("name", ["@graph", "dataFeedElement"])
def test_the_same_review_twice_in_one_file_is_one_row(tmp_path: Path, name: str) -> None:
    (row,) = rows(tmp_path, {name: [REVIEW, dict(REVIEW)]})
    assert (row.fields, row.warnings) == (FIELDS, ())


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([None, None], "Half true"),
        ([None, "2024-05-02"], "Half true"),
        (["2024-05-02", None], "False"),
        (["2024-05-02T10:00:00+02:00", "2024-05-02T09:00:00Z"], "Half true"),
        (["2024-05-02T10:00:00Z", "2024-05-02"], "False"),
        (["soon", "2024-13-45"], "Half true"),
    ],
)
def test_of_two_forms_of_a_review_the_latest_is_taken_and_it_is_told(
    tmp_path: Path, days: list[str | None], expected: str
) -> None:
    forms = [
        REVIEW | {"dateModified": day, "reviewRating": {"alternateName": label}}
        for day, label in zip(days, ("False", "Half true"), strict=True)
    ]
    between = [REVIEW | {"claimReviewed": f"Dam {number} burst."} for number in range(3)]
    for content in ([forms[0], *between, forms[1]], "\n".join(map(json.dumps, forms))):
        statement = REVIEW["claimReviewed"]
        (row,) = (each for each in rows(tmp_path, content) if each.fields["statement"] == statement)
        assert row.fields["rating"] == expected
        assert row.warnings == ("It stands in the file in 2 forms: the latest was taken.",)


def test_two_reviews_of_one_claim_by_two_speakers_are_two_appearances(tmp_path: Path) -> None:
    post = {"author": {"name": "Lena Vogt"}, "appearance": "https://post.example/2"}
    unsaid = {"appearance": "https://post.example/3"}
    reviews = [
        REVIEW,
        REVIEW | {"itemReviewed": post},
        REVIEW | {"itemReviewed": unsaid},
        dict(REVIEW),
    ]
    (row,) = rows(tmp_path, reviews)
    # None stands in the fields: those that say less would take from it what they lack.
    assert row.fields.items() <= FIELDS.items()
    assert not {"speaker", "source", "said_on"} & set(row.fields)
    assert row.appearances == (
        {"speaker": "Omar Haddad", "said_on": "2021-03-04", "source": "https://paper.example/a"},
        {"speaker": "Lena Vogt", "source": "https://post.example/2"},
        {"source": "https://post.example/3"},
    )
    assert row.warnings == ()


def test_forms_for_which_there_is_no_room_come_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claimtrack.interchange.forms._MOST_FORMS", 3)
    forms = [REVIEW | {"dateModified": f"2024-05-0{day}"} for day in (2, 1, 4, 3, 5)]
    found = [row.original for row in rows(tmp_path, forms)]
    assert found == [forms[2], forms[3], forms[4]]


# --- Rough files ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The dam at Korun burst.", 'The "dam" at Korun burst.'),
        ("The dam at Korun burst.", 'He said: "The dam burst", and left'),
    ],
)
def test_unescaped_quotes_inside_the_claim_are_read_and_told(
    tmp_path: Path, old: str, new: str
) -> None:
    (row,) = rows(tmp_path, json.dumps(REVIEW).replace(old, new))
    assert row.fields["statement"] == new
    assert {**row.fields} | {"statement": old} == FIELDS
    assert row.warnings == ("The JSON was mended to be read: look whether the texts are right.",)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + json.dumps(REVIEW),
        json.dumps(REVIEW)[:-1] + ",}",
        "// from the archive\n" + json.dumps(REVIEW) + ";",
        json.dumps(REVIEW)[:-1] + ', "wordCount": NaN}',
    ],
)
def test_small_slips_are_no_hindrance(tmp_path: Path, text: str) -> None:
    (row,) = rows(tmp_path, text)
    assert row.fields == FIELDS


def test_what_no_database_holds_does_not_reach_the_original(tmp_path: Path) -> None:
    row = one(tmp_path, articleBody="a\0b\ud800c", **{"x\0": ["\0"]})
    assert isinstance(row.original, dict)
    assert row.original["articleBody"] == "a\ufffdb\ufffdc"
    assert row.original["x\ufffd"] == ["\ufffd"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The file is empty"),
        ("statement,speaker\nThe dam burst.,Omar\n", "neither JSON nor HTML"),
        ('{"@type": "WebPage"}', "holds no ClaimReview"),
        ("[]", "holds no ClaimReview"),
        ('{"claims": []}', "holds no ClaimReview"),
    ],
)
def test_a_file_without_any_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidDataError, match=told):
        list(opened(tmp_path, text).rows())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"@graph":' + "[" * 100_000,
        '{"@type": "ClaimReview", "claimReviewed": ' + "[" * 400 + "]" * 400 + "}",
    ],
)
def test_deep_json_is_refused_with_a_line(tmp_path: Path, text: str) -> None:
    (row,) = opened(tmp_path, text).rows()
    assert isinstance(row, Unread)
    assert "brackets stand inside each other" in row.reason


def test_constants_are_for_rows_that_have_none_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    path.write_text(json.dumps(REVIEW))
    table = open_claimreview(path, {"publisher": "Quay", "topics": "dams", "agency": " "})
    (row,) = table.rows()
    assert isinstance(row, Row)
    assert row.fields == FIELDS | {"topics": "dams"}
    assert (table.columns, table.used, table.unused) == ([], {}, [])
