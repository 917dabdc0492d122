"""One review of one claim as a row: a ClaimReview, or one of Google's Fact Check Tools. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.appearing import (
    address,
    addresses,
    appearances,
    date_of,
    joined,
    names_of,
    same_page,
)
from claimtrack.interchange.jsonld import (
    Node,
    as_json,
    is_node,
    items,
    member,
    storable,
    stored,
    text_of,
    texts,
    types,
)
from claimtrack.interchange.languages import read_language
from claimtrack.interchange.ratings import number
from claimtrack.interchange.references import only_named
from claimtrack.interchange.rows import Row, Unread
from claimtrack.keys import statement_key
from claimtrack.urls import url_host, url_key

_ORGANISATIONS = ("organization", "newsmediaorganization", "corporation", "ngo")
#: Addresses that are longer than this stand for themselves by a digest.
_LONGEST_PAGE = 400
_LONGEST_TOPIC = 100
#: Where the pages of Google's Fact Check Tools have their reviews.
MARKUPS = "claimReviewMarkups"
_NO_CLAIM = "The ClaimReview has no claimReviewed, which is the claim itself."


class Page(NamedTuple):
    """What a page says for all that stands on it: its address and its language."""

    url: str | None = None
    language: str | None = None


def review_row(
    review: Node, line: int, page: Page, warnings: tuple[str, ...] = ()
) -> Iterator[Row | Unread]:
    """The rows of a ClaimReview: one for each statement in it, nearly always one.

    Without a ``claimReviewed`` the text of what was reviewed is the claim.
    """
    told = list(warnings)
    review = stored(review, told)
    statements = texts(member(review, "claimReviewed")) or _item_texts(review)
    if not statements:
        yield Unread(line, _NO_CLAIM, as_json(review))
        return
    told += _dangling(review)
    url = _review_url(review, page, told)
    places = appearances(review, url, told)
    fields = {
        "publisher": _publisher(review, url),
        "review_url": url,
        "title": text_of(member(review, "headline", "name")),
        "reviewed_on": date_of(member(review, "datePublished", "dateCreated")),
        "language": _language(member(review, "inLanguage"), page.language),
        "summary": text_of(member(review, "reviewBody", "description", "abstract")),
        "topics": _topics(member(review, "keywords")),
        **_rating(member(review, "reviewRating"), told),
        **(places[0] if places else {}),
    }
    for statement in statements:
        named = {"statement": statement, **fields}
        yield Row(
            line,
            {name: text for name, text in named.items() if text},
            appearances=tuple(places[1:]),
            original=review,
            warnings=tuple(told),
            key=review_key(
                review, statement, url, fields["publisher"], several=len(statements) > 1
            ),
        )


def search_row(
    claim: Node, review: Node, line: int, warnings: tuple[str, ...] = ()
) -> Row | Unread:
    """The row of one review in an answer of claims:search; ``claim`` is what it stands in."""
    told = list(warnings)
    claim = stored({**claim, "claimReview": [review]}, told)
    review = claim["claimReview"][0]
    statement = text_of(claim["text"])
    if statement is None:
        return Unread(line, "The claim has no text.", as_json(claim))
    url = _review_url(review, Page(), told)
    house = review.get("publisher")
    house = house if is_node(house) else {"name": house}
    fields = {
        "statement": statement,
        "speaker": next(iter(names_of(claim.get("claimant"), told)), None),
        "said_on": date_of(claim.get("claimDate")),
        "publisher": text_of(house.get("name")) or text_of(house.get("site")) or _host(url),
        "review_url": url,
        "title": text_of(review.get("title")),
        "reviewed_on": date_of(review.get("reviewDate")),
        "rating": text_of(review.get("textualRating")),
        "language": _language(review.get("languageCode"), None),
    }
    return Row(
        line,
        {name: text for name, text in fields.items() if text},
        original=claim,
        warnings=tuple(told),
        key=review_key({}, statement, url, fields["publisher"]),
    )


def markup_rows(
    page: Node, markup: Node, line: int, warnings: tuple[str, ...] = ()
) -> Iterator[Row | Unread]:
    """The rows of one review of a page as Google's Fact Check Tools keep it (pages.list).

    Its words are others than those of schema.org, for the same things.
    """
    rating = markup.get("rating")
    review = {
        "@type": "ClaimReview",
        "url": member(markup, "url") or page.get("pageUrl"),
        "claimReviewed": markup.get("claimReviewed"),
        "datePublished": page.get("publishDate"),
        "author": page.get("claimReviewAuthor"),
        "reviewRating": {**rating, "alternateName": rating.get("textualRating")}
        if is_node(rating)
        else rating,
        "itemReviewed": {
            "@type": "Claim",
            "author": markup.get("claimAuthor"),
            "datePublished": markup.get("claimDate"),
            "firstAppearance": markup.get("claimFirstAppearance"),
            "appearance": markup.get("claimAppearances"),
        },
    }
    kept = storable({**page, MARKUPS: [markup]})
    for row in review_row(review, line, Page(), warnings):
        yield row._replace(original=kept) if isinstance(row, Row) else row


def review_key(
    review: Node, statement: str, url: str | None, publisher: str | None, *, several: bool = False
) -> str | None:
    """What a review is called in all files that hold it; None without an address.

    It is no id of the claim, which others may have reviewed, too: their statement makes it one.
    Its ``@id`` if that is an address, else the address of the fact-check with a digest of the
    statement and the publisher: a page can hold several claims, and the reviews of several houses,
    in any order, and more of them tomorrow. The digest is there even while the page holds one, or
    a second claim would rename the first.
    """
    name = review.get("@id")
    if isinstance(name, str) and not name.startswith("_:") and not several:
        name = joined(url, name)
        if address(name) and name != url:
            return name
    if url is None:
        return None
    # Neither the scheme nor tracking parameters make another page.
    page = same_page(url)
    if len(page) > _LONGEST_PAGE:
        page = f"{url_host(url)}/{url_key(url).hex()}"
    house = "" if publisher is None else statement_key(publisher).hex()[:8]
    return f"{page}#{statement_key(statement).hex()[:16]}{house}"


def _dangling(review: Node) -> Iterator[str]:
    """What to say of parts that are only named, where nothing of that name was found."""
    reviewed = items(member(review, "itemReviewed"))
    for what, values in (
        ("author", items(member(review, "author", "creator"))),
        ("rating", items(member(review, "reviewRating"))),
        ("claim", reviewed),
        *(("speaker", items(member(each, "author"))) for each in reviewed if is_node(each)),
    ):
        for each in values:
            name = only_named(each) if is_node(each) else None
            if name is not None:
                yield f'Its {what} is only named, "{name[:60]}", and nothing in the file is that.'


def _item_texts(review: Node) -> list[str]:
    for item in items(member(review, "itemReviewed")):
        if is_node(item):
            found = texts(member(item, "text", "claimReviewed"))
            if not found and "claim" in types(item):
                found = texts(member(item, "name", "headline"))
            if found:
                return found[:1]
    return []


def _review_url(review: Node, page: Page, warnings: list[str]) -> str | None:
    given = member(review, "url")
    written = text_of(given) or next(addresses(given), None)
    if written is not None:
        known = address(joined(page.url, written))
        if known is not None:
            return known
        warnings.append(f'The address of the fact-check, "{written[:60]}", is none.')
    if page.url is not None:
        return page.url
    return next(addresses(member(review, "mainEntityOfPage", "@id")), None)


def _publisher(review: Node, url: str | None) -> str | None:
    """The house: an organisation that is the author, the publisher, the site, or who there is."""
    authors = items(member(review, "author", "creator"))
    houses = [
        each for each in authors if is_node(each) and not types(each).isdisjoint(_ORGANISATIONS)
    ]
    publishers = items(member(review, "publisher", "sourceOrganization"))
    unnamed = [each for each in authors if not (is_node(each) and "person" in types(each))]
    for group in (houses, publishers, unnamed):
        for each in group:
            name = text_of(member(each, "name", "alternateName") if is_node(each) else each)
            if name is not None:
                return _host(name) or name
            home = next(addresses(each), None) if is_node(each) else None
            if home is not None:
                return _host(home)
    return _host(url) or next(iter(texts(authors)), None)


def _topics(keywords: object) -> str:
    """The keywords that are short enough to be topics."""
    found = [word.strip() for text in texts(keywords) for word in text.split(",")]
    return ", ".join(word for word in found if 0 < len(word) <= _LONGEST_TOPIC)


def _host(url: str | None) -> str | None:
    if not url:
        return None
    try:
        return url_host(url)
    except InvalidDataError:
        return None


def _language(value: object, otherwise: str | None) -> str | None:
    """A language tag in the spelling that is stored; None where nothing is one."""
    for each in [*items(value), otherwise]:
        text = text_of(member(each, "alternateName", "name") if is_node(each) else each)
        try:
            return read_language(text or "")
        except InvalidDataError:
            continue
    return None


def _rating(value: object, warnings: list[str]) -> dict[str, str | None]:
    """The label and the numbers of a ``reviewRating``, as they are written."""
    ratings = items(value)
    if not ratings:
        return {}
    if len(ratings) > 1:
        warnings.append(f"Of {len(ratings)} ratings the first was read.")
    rating = ratings[0]
    if not is_node(rating):
        text = text_of(rating)
        return {"rating_value" if number(text) is not None else "rating": text}
    label = text_of(member(rating, "alternateName", "name"))
    figure = text_of(member(rating, "ratingValue"))
    if label is None and figure is not None and number(figure) is None:
        label, figure = figure, None
    return {
        "rating": label,
        "rating_value": figure,
        "best_rating": text_of(member(rating, "bestRating")),
        "worst_rating": text_of(member(rating, "worstRating")),
    }
