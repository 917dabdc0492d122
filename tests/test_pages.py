"""Pages of HTML that hold ClaimReviews: as JSON-LD, microdata or RDFa."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.claimreview import open_claimreview
from claimtrack.interchange.limits import LONGEST_PAGE
from claimtrack.interchange.rows import Row, Unread
from tests.test_claimreview import FIELDS, REVIEW, URL, rows

TEXT = json.dumps(REVIEW, indent=1)
OTHER = json.dumps(REVIEW | {"claimReviewed": "The mill burned."})


def page(*scripts: str, head: str = "", body: str = "") -> str:
    tags = "".join(f'<script type="application/ld+json">{each}</script>\n' for each in scripts)
    before = f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>{head}</head>\n<body>\n'
    return f"{before}{tags}{body}</body></html>"


def read(folder: Path, text: str | bytes) -> list[Row]:
    return rows(folder, text, "page.html")


#: The same review as FIELDS tell of.
MICRODATA = """
<article itemscope itemtype="https://schema.org/ClaimReview" itemref="more">
 <link itemprop="url" href="/checks/dam"><h1 itemprop="headline">Did the dam
   burst?</h1>
 <time itemprop="datePublished" datetime="2021-03-09">9 March</time>
 <meta itemprop="inLanguage" content="en">
 <p itemprop="author" itemscope itemtype="https://schema.org/Organization">
  <span itemprop="name"><a itemprop="url" href="https://desk.example">Harbour <b>Desk</b></a></span>
 <p>Claim: <q itemprop="claimReviewed">The dam at Korun burst.</q>
 <div itemprop="reviewBody">It stands.</div>
 <div itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating">
  <data itemprop="ratingValue" value="1">one</data> of <span itemprop="bestRating">5</span>,
  <meta itemprop="worstRating" content="1"><img itemprop="image" src="/one.png" alt="">
  <strong itemprop="alternateName">False</strong></div>
</article>
<aside itemscope itemtype="https://schema.org/WebPage"><i itemprop="claimReviewed">Not this.</i>
</aside>
<div id="more"><div itemprop="itemReviewed" itemscope itemtype="https://schema.org/Claim">
 <span itemprop="author" itemscope itemtype="https://schema.org/Person">
  <span itemprop="name">Omar Haddad</span></span>
 <meta itemprop="datePublished" content="2021-03-04">
 <a itemprop="appearance" href="https://paper.example/a">there</a></div></div>
"""
RDFA = """
<article vocab="https://schema.org/" typeof="ClaimReview" prefix="og: http://ogp.me/ns#">
 <a property="url" href="/checks/dam">here</a><h1 property="headline">Did the dam burst?</h1>
 <meta property="og:headline" content="Not this">
 <time property="datePublished" datetime="2021-03-09">9 March</time>
 <span property="inLanguage" content="en">English</span>
 <p property="author" typeof="Organization"><span property="name">Harbour Desk</span></p>
 <q property="claimReviewed">The dam at Korun burst.</q>
 <div property="reviewBody">It stands.</div>
 <div property="reviewRating" typeof="Rating">
  <span property="ratingValue">1</span> of <span property="bestRating">5</span>
  <meta property="worstRating" content="1"><b property="alternateName">False</b></div>
 <div property="itemReviewed" resource="#claim"></div>
</article>
<div vocab="https://schema.org/" typeof="Claim" resource="#claim">
 <div rel="author"><div typeof="Person"><span property="name">Omar Haddad</span></div></div>
 <meta property="datePublished" content="2021-03-04">
 <a property="appearance" href="https://paper.example/a">there</a></div>
"""
PREFIXED = (
    RDFA.replace('vocab="https://schema.org/"', 'prefix="s: https://schema.org/"')
    .replace('property="og:', 'PROPERTY="og:')
    .replace('property="', 'property="s:')
    .replace('typeof="', 'typeof="s:')
    .replace('rel="', 'rel="s:')
)
NAMED = PREFIXED.replace('prefix="s: https://schema.org/"', 'xmlns:s="http://schema.org/"')
CANONICAL = f'<link rel="canonical" href="{URL}">'


@pytest.mark.parametrize(
    "markup",
    [MICRODATA, RDFA, PREFIXED, NAMED],
    ids=["microdata", "rdfa", "prefix", "xmlns"],
)
def test_markup_says_the_same_as_json_ld(tmp_path: Path, markup: str) -> None:
    (row,) = read(tmp_path, page(head=CANONICAL, body=markup))
    assert row.fields == FIELDS
    assert row.warnings == ()
    assert isinstance(row.original, dict)
    assert row.original["claimReviewed"] == "The dam at Korun burst."
    assert row.original["reviewRating"]["alternateName"] == "False"


def test_every_script_of_a_page_is_read_with_its_line(tmp_path: Path) -> None:
    found = read(tmp_path, page(json.dumps({"@type": "WebPage"}), "\n\n" + TEXT, OTHER))
    assert [row.fields["statement"] for row in found] == [
        "The dam at Korun burst.",
        "The mill burned.",
    ]
    assert [row.line for row in found] == [8, 8 + TEXT.count("\n") + 1]
    assert found[0].fields == FIELDS


@pytest.mark.parametrize(
    "script",
    [
        f"<!--\n{TEXT}\n-->",
        f"//<![CDATA[\n{TEXT}\n//]]>",
        f"<![CDATA[{TEXT}]]>",
        f"/*<![CDATA[*/ {TEXT} /*]]>*/",
        f"{TEXT};\n",
        f"// made by hand\n{TEXT}",
        TEXT.replace('"', "&quot;"),
        f"[{TEXT}]",
        f"{TEXT}\n{TEXT}",
    ],
)
def test_a_script_may_be_wrapped_in_all_that_pages_wrap_it_in(tmp_path: Path, script: str) -> None:
    (row,) = read(tmp_path, page(script))
    assert row.fields == FIELDS


@pytest.mark.parametrize("kind", ["application/ld+json; charset=utf-8", " Application/LD+JSON "])
def test_the_type_of_a_script_may_be_written_in_other_ways(tmp_path: Path, kind: str) -> None:
    text = page(TEXT).replace("application/ld+json", kind)
    assert len(read(tmp_path, text)) == 1


def test_what_a_script_names_may_stand_in_another(tmp_path: Path) -> None:
    review = REVIEW | {"author": {"@id": "https://desk.example/#desk"}}
    desk = {"@id": "https://desk.example/#desk", "@type": "Organization", "name": "Quay"}
    (row,) = read(tmp_path, page(json.dumps(review), json.dumps(desk)))
    assert row.fields["publisher"] == "Quay"


def test_a_review_that_a_page_tells_twice_is_one_row(tmp_path: Path) -> None:
    assert len(read(tmp_path, page(TEXT, head=CANONICAL, body=MICRODATA))) == 1


def test_the_page_says_its_address_and_language_where_the_review_does_not(tmp_path: Path) -> None:
    review = {n: v for n, v in REVIEW.items() if n not in ("url", "inLanguage")}
    (row,) = read(tmp_path, page(json.dumps(review), head=CANONICAL))
    assert row.fields["review_url"] == URL
    assert row.fields["language"] == "en-GB"
    (row,) = read(tmp_path, page(json.dumps(review)).replace("<html lang", "<html xml:lang"))
    assert row.fields["language"] == "en-GB"
    other = '<base href="https://desk.example/checks/"><meta property="og:url" content="dam">'
    (row,) = read(tmp_path, page(json.dumps(review), head=other))
    assert row.fields["review_url"] == URL
    (row,) = read(tmp_path, page(json.dumps(review), head='<link rel="canonical" href="http://[">'))
    assert "review_url" not in row.fields


def test_a_piece_of_a_page_is_read_too(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "From the archive:\n" + MICRODATA)
    assert row.fields["statement"] == "The dam at Korun burst."


@pytest.mark.parametrize("codec", ["windows-1251", "iso-8859-1", "utf-8", "utf-16"])
def test_a_page_is_read_in_the_encoding_that_it_declares(tmp_path: Path, codec: str) -> None:
    statement = "Дамба прорвана." if codec != "iso-8859-1" else "Der Damm hält „nicht“ – für 3 €."
    used = "windows-1252" if codec == "iso-8859-1" else codec
    review = json.dumps(REVIEW | {"claimReviewed": statement}, ensure_ascii=False)
    text = page(review, head=f'<meta charset="{codec}">')
    (row,) = read(tmp_path, text.encode(used))
    assert row.fields["statement"] == statement


def test_a_script_that_cant_be_read_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page('{"@type": "ClaimReview", }}', "{no: 1}", TEXT))
    broken, row = open_claimreview(path).rows()
    assert isinstance(broken, Unread)
    assert broken.line == 5
    assert broken.reason.startswith("The script of JSON-LD can't be read: ")
    assert broken.raw == '{"@type": "ClaimReview", }}'
    assert isinstance(row, Row)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (page(), "holds no ClaimReview"),
        (page(body="<p>The dam burst.</p>"), "holds no ClaimReview"),
        (page(TEXT, body="<div>" * 10_000), "more elements inside each other"),
        (
            '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><html>&b;</html>',
            "declares entities of its own",
        ),
        (page(TEXT, body="<p>x" * (LONGEST_PAGE // 4)), "longer than 5,000,000 characters"),
        (
            page(
                body='<div itemscope itemprop="a" itemtype="https://schema.org/ClaimReview">' * 99
            ),
            "too many objects inside each other",
        ),
    ],
)
def test_a_page_that_cant_be_read_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(text)
    with pytest.raises(InvalidDataError, match=told):
        list(open_claimreview(path).rows())


def test_markup_that_goes_in_circles_ends(tmp_path: Path) -> None:
    text = (
        '<div id="a" itemprop="isPartOf" itemref="b a" itemscope'
        ' itemtype="https://schema.org/ClaimReview">'
        '<p itemprop="claimReviewed">The dam burst.</p></div>'
        '<div id="b" itemprop="itemReviewed" itemscope itemref="a b"></div>'
    )
    with pytest.raises(InvalidDataError, match="too many objects inside each other"):
        read(tmp_path, page(body=text))
