"""Published fact-checks in words: where our own stand, and what others found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from claimtrack.vocab import hyphenated

if TYPE_CHECKING:
    from claimtrack.services.views import AssessmentView, ClaimView, PublicationView


def publication_words(one: PublicationView, view: ClaimView) -> Iterator[str]:
    """Where our fact-check of a claim stands, first; then what else there is to say of it."""
    of = f" for claim {one.claim_id}" if one.claim_id != view.id else ""
    yield f"{one.headline}, published on {one.published_on} as {hyphenated(one.verdict)}{of}"
    yield one.url
    if one.public_note:
        yield one.public_note


def outdated_words(one: PublicationView, view: ClaimView) -> str | None:
    """What is to be done where the claim stands otherwise than was published, if it does."""
    if view.verdict is one.verdict or view.merged_into is not None:
        return None
    return (
        f"! The claim is {hyphenated(view.word)} now: correct the article, then say so with"
        f" claimtrack claim publish {view.id}."
    )


def assessment_words(one: AssessmentView, view: ClaimView) -> Iterator[str]:
    """What others found, first; then where it stands, and why."""
    found = one.rating or ""
    if one.verdict and found.casefold() != hyphenated(one.verdict).casefold():
        found += f" ({hyphenated(one.verdict)})" if found else hyphenated(one.verdict)
    named = one.publisher or "somebody"
    when = f", published {one.published_on}" if one.published_on else ""
    of = f", on claim {one.claim_id}" if one.claim_id != view.id else ""
    yield f"{named}: {found or 'no rating'}{when}{of}"
    for more in (one.title, one.url, one.summary):
        if more:
            yield more
