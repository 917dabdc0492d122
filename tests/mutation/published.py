"""What publishers write: ClaimReview in JSON and in pages, and AVeriTeC."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from claimtrack.interchange.averitec import open_averitec
from claimtrack.interchange.claimreview import open_claimreview
from claimtrack.interchange.rows import Row, Unread
from tests.test_averitec import CLAIM
from tests.test_claimreview import REVIEW
from tests.test_pages import CANONICAL, MICRODATA, OTHER, PREFIXED, RDFA, TEXT, page


def claimreview_seeds() -> list[bytes]:
    """Files of ClaimReview that are right, in each wrapping."""
    several = [REVIEW | {"claimReviewed": f"Die Brücke {n} hält 😀", "@id": f"#{n}"} for n in "abc"]
    graph = [REVIEW | {"author": {"@id": "#desk"}}, {"@id": "#desk", "name": "Quay"}]
    answer = {"text": "The dam burst.", "claimReview": [{"url": REVIEW["url"], "title": "Dam"}]}
    return [
        TEXT.encode(),
        json.dumps(several, ensure_ascii=False).encode("utf-16"),
        "\r\n".join(map(json.dumps, several)).encode("utf-8-sig"),
        json.dumps({"@context": "https://schema.org", "@graph": graph}).encode(),
        json.dumps(
            {"@type": "DataFeed", "dataFeedElement": [{"item": [each]} for each in several]}
        ).encode(),
        json.dumps({"claims": [answer, answer], "nextPageToken": "a"}, indent=1).encode(),
    ]


def html_seeds() -> list[bytes]:
    """Pages that are right, in each syntax."""
    return [
        page(TEXT, OTHER, head=CANONICAL).encode(),
        page(head=CANONICAL, body=MICRODATA).encode(),
        page(head=CANONICAL, body=RDFA).encode("utf-16"),
        page(f"//<![CDATA[\n{TEXT}\n//]]>", body=PREFIXED).encode("utf-8-sig"),
    ]


def averitec_seeds() -> list[bytes]:
    """Files of AVeriTeC that are right."""
    two = [CLAIM, CLAIM | {"claim": "Die Mühle brannte.", "questions": None}]
    return [json.dumps(two, indent=1).encode(), "\n".join(map(json.dumps, two)).encode()]


def read_claimreview(path: Path, how: int) -> Iterable[Row | Unread]:
    """Read with or without constants, and with an encoding in some."""
    return open_claimreview(path, *_said(how)).rows()


def read_averitec(path: Path, how: int) -> Iterable[Row | Unread]:
    """Read with or without constants, and with an encoding in some."""
    return open_averitec(path, *_said(how)).rows()


def _said(how: int) -> tuple[dict[str, str], str | None]:
    return {"topics": "dams"} if how & 16 else {}, "latin-1" if how & 12 == 12 else None


_TEXTS = st.text(st.sampled_from('ab é"<&;:/.\n\0\ud800😀'), max_size=8) | st.sampled_from([
    "https://desk.example/a", "http://[", "//x", "-1", "5,0", "2021-03-04", "ClaimReview", "#a",
    "multiple sources", "_:b", "@id", "&quot;", "<p>", "en", "javascript:void(0)",
])  # fmt: skip
_NAMES = st.sampled_from([
    "@type", "@id", "@value", "@graph", "url", "name", "author", "publisher", "claimReviewed",
    "reviewRating", "ratingValue", "bestRating", "worstRating", "alternateName", "itemReviewed",
    "appearance", "firstAppearance", "datePublished", "inLanguage", "sameAs", "isPartOf", "item",
    "schema:url", "keywords", "text", "claimReview", "claimant", "claim", "questions", "answers",
    "answer", "source_url", "label", "claim_date", "claim_types", "speaker", "dataFeedElement",
])  # fmt: skip
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=10,
)


def _documents(known: dict[str, object]) -> st.SearchStrategy[bytes]:
    """Files of objects with some of the members that a format knows, and others in their place."""
    members = st.dictionaries(_NAMES | st.sampled_from(sorted(known)), _VALUES, max_size=6)
    return st.builds(
        lambda changes, lined: (
            "\n".join(json.dumps(known | each) for each in changes)
            if lined
            else json.dumps([known | each for each in changes])
        ).encode(),
        st.lists(members, max_size=3),
        st.booleans(),
    )


CLAIMREVIEWS = _documents(REVIEW) | st.builds(lambda value: json.dumps(value).encode(), _VALUES)
AVERITECS = _documents(CLAIM)

_ATTRIBUTES = st.sampled_from([
    'itemscope', 'itemtype="https://schema.org/ClaimReview"', 'itemprop="claimReviewed"',
    'itemprop="itemReviewed"', 'itemprop="author name"', 'itemref="a b"', 'id="a"', 'id="b"',
    'itemid="x"', 'vocab="https://schema.org/"', 'typeof="ClaimReview"', 'property="url"',
    'property="claimReviewed"', 'rel="author"', 'typeof="Person"', 'resource="#a"', 'about="#a"',
    'content="c"', 'href="http://["', 'href="/a"', 'prefix="s: http://schema.org/ t"',
    'property="s:name"', 'datetime="2021"', 'lang="?"', 'type="application/ld+json"',
])  # fmt: skip
_TAGS = st.sampled_from(["div", "span", "a", "meta", "time", "script", "p", "base", "link", "td"])
HTMLS = st.lists(
    st.builds(
        lambda tag, attributes, text, closed: (
            f"<{tag} {' '.join(attributes)}>{text}{f'</{tag}>' if closed else ''}"
        ),
        _TAGS,
        st.lists(_ATTRIBUTES, max_size=4),
        _TEXTS.map(lambda text: text.replace("\ud800", "")) | st.sampled_from([TEXT, "{}", "[1,"]),
        st.booleans(),
    ),
    max_size=12,
).map(lambda parts: ("<html>" + "".join(parts)).encode())
