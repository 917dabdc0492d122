"""Our own fact-checks as ClaimReview, for search engines and other desks. Pure.

The properties are those of schema.org/ClaimReview; which are required and recommended, and what
the numbers of a rating must be, says Google's "Fact Check (ClaimReview) structured data".
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from claimtrack.dates import PartialDate
from claimtrack.vocab import SpeakerKind, Verdict

CONTEXT = "https://schema.org"

Json = dict[str, Any]

#: Verdicts that are degrees of truth, on a scale from 1 (worst) to 5 (best). The others say what
#: is wrong with a claim, or that nothing is known: a number would say something else.
DEGREES = {
    Verdict.TRUE: 5,
    Verdict.MOSTLY_TRUE: 4,
    Verdict.MIXED: 3,
    Verdict.MOSTLY_FALSE: 2,
    Verdict.FALSE: 1,
}
_TYPES = {SpeakerKind.PERSON: "Person", SpeakerKind.ORGANISATION: "Organization"}


class Desk(NamedTuple):
    """Who publishes: the name, and an address without a slash at its end."""

    name: str
    url: str


class Author(NamedTuple):
    """Who made a claim."""

    id: int
    name: str
    kind: SpeakerKind


class Document(NamedTuple):
    """Where a claim appeared."""

    url: str
    title: str | None
    publisher: str | None
    published_on: PartialDate | None


class Scale(NamedTuple):
    """A rating's number on the house's own scale, whose best may be the lower end."""

    value: Decimal
    best: Decimal
    worst: Decimal


class PublishedReview(NamedTuple):
    """A published fact-check, with nothing in it that was not meant for readers.

    ``documents`` are where the claim appeared, the first known one first. ``label`` is the house's
    own name for the verdict.
    """

    claim_id: int
    statement: str
    verdict: Verdict
    label: str | None
    scale: Scale | None
    url: str
    headline: str
    published_on: dt.date
    modified_at: dt.datetime | None
    public_note: str | None
    authors: tuple[Author, ...]
    said_on: PartialDate | None
    documents: tuple[Document, ...]


def claim_review(one: PublishedReview, desk: Desk) -> Json:
    """A fact-check as a node of JSON-LD, without its context.

    Its ``@id`` is made of the desk's address and the claim's number: it stays when the article
    moves, when it is corrected, and when the claim is merged into another.
    """
    node: Json = {
        "@type": "ClaimReview",
        "@id": f"{desk.url}/#claimreview-{one.claim_id}",
        "url": one.url,
        "claimReviewed": one.statement,
        "headline": one.headline,
        "datePublished": one.published_on.isoformat(),
    }
    if one.modified_at is not None:
        node["dateModified"] = one.modified_at.astimezone(dt.UTC).isoformat(timespec="seconds")
    node["author"] = {
        "@type": "Organization",
        "@id": f"{desk.url}/#desk",
        "name": desk.name,
        "url": desk.url,
    }
    if one.public_note:
        node["reviewBody"] = one.public_note
    node["reviewRating"] = _rating(one)
    node["itemReviewed"] = _claim(one, desk)
    return node


def _rating(one: PublishedReview) -> Json:
    words = str(one.verdict).replace("_", " ").capitalize()
    rating: Json = {"@type": "Rating", "alternateName": one.label or words}
    if one.verdict not in DEGREES:
        return rating
    scale = one.scale or Scale(Decimal(DEGREES[one.verdict]), Decimal(5), Decimal(1))
    value, best, worst = scale
    if best < worst:  # turned round: the best rating has the greatest number there
        value, best, worst = best + worst - value, worst, best
    if worst < 1:  # and none is below 1
        value, best, worst = (number + 1 - worst for number in (value, best, worst))
    return {**rating, "ratingValue": value, "bestRating": best, "worstRating": worst}


def _claim(one: PublishedReview, desk: Desk) -> Json:
    node: Json = {"@type": "Claim", "@id": f"{desk.url}/#claim-{one.claim_id}"}
    if one.authors:
        authors = [_author(author) for author in one.authors]
        node["author"] = authors[0] if len(authors) == 1 else authors
    if one.said_on is not None:
        node["datePublished"] = str(one.said_on)
    if one.documents:
        documents = [_document(document) for document in one.documents]
        node["firstAppearance"] = documents[0]
        node["appearance"] = documents
    return node


def _author(author: Author) -> Json:
    # Where nobody has said whether it is a person or an organisation, none is made up.
    kind = {"@type": _TYPES[author.kind]} if author.kind in _TYPES else {}
    return {**kind, "name": author.name}


def _document(document: Document) -> Json:
    node: Json = {"@type": "CreativeWork", "url": document.url}
    if document.title:
        node["headline"] = document.title
    if document.published_on is not None:
        node["datePublished"] = str(document.published_on)
    if document.publisher:
        node["publisher"] = {"@type": "Organization", "name": document.publisher}
    return node
