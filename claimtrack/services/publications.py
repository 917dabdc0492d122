"""Say where the desk's own fact-check of a claim was published, and take it back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from claimtrack.errors import ConflictError, InvalidDataError
from claimtrack.keys import clean_text
from claimtrack.models.assessments import publication
from claimtrack.services.days import day_passed
from claimtrack.services.reviews import look
from claimtrack.services.stories import load_claim
from claimtrack.services.views import ClaimView, PublicationView
from claimtrack.urls import normalise_url
from claimtrack.vocab import hyphenated


@dataclass(frozen=True, slots=True)
class PublicationGiven:
    """A publication as typed."""

    url: str
    on: str
    headline: str
    public_note: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """The claim after it was published, and what a person should be told."""

    claim: ClaimView
    told: tuple[str, ...]


def publish(
    connection: Connection, claim_id: int, given: PublicationGiven, *, today: dt.date
) -> Published:
    """Record where the fact-check of a claim stands, with the verdict that the claim has now.

    What is published already is withdrawn for it, unless it is the very same. ``today`` is the day
    that "yesterday" counts from.

    Raises:
        NotFoundError: there is no such claim.
        ConflictError: it has no verdict, was changed a moment ago, or was merged into another.
        InvalidDataError: the URL or the day can't be read, or a text is blank or too long.
    """
    day, told = day_passed(given.on, "--on", today)
    try:
        url = normalise_url(given.url)
    except InvalidDataError as error:
        raise InvalidDataError(f"--url: {error.message}") from error
    headline = clean_text(given.headline, "headline", limit=1000)
    note = given.public_note
    if note is not None:
        note = clean_text(note, "public note", limit=20_000, multiline=True)
    (view,) = look(connection, [claim_id], None)
    if view.verdict is None:
        raise _no_verdict(view)
    review_no = len(view.reviews)
    before = next((one for one in view.publications if one.claim_id == claim_id), None)
    if before is not None:
        if (review_no, url, day, headline, note) == (
            before.review_no,
            before.url,
            before.published_on,
            before.headline,
            before.public_note,
        ):
            told.append("It is published there already, in the same words: nothing was changed.")
            return Published(view, tuple(told))
        _withdraw(connection, claim_id, f"Published again, at {url}")
        told.append(
            f"What stood there before is withdrawn: {before.url}, published on"
            f" {before.published_on} as {hyphenated(before.verdict)}."
        )
    connection.execute(
        insert(publication).values(
            claim_id=claim_id,
            review_no=review_no,
            url=url,
            published_on=day,
            headline=headline,
            public_note=note,
        )
    )
    return Published(load_claim(connection, claim_id), tuple(told))


def unpublish(
    connection: Connection, claim_id: int, because: str
) -> tuple[ClaimView, PublicationView]:
    """Take back where a claim's fact-check stands; given back with what stood there.

    Raises:
        NotFoundError: there is no such claim.
        ConflictError: it is not published, was changed a moment ago, or was merged into another.
        InvalidDataError: the reason is blank or too long.
    """
    because = clean_text(because, "reason (--because)", limit=20_000, multiline=True)
    view = load_claim(connection, claim_id)
    # One that was merged since is taken back by its own number: the head may have another.
    before = next((one for one in view.publications if one.claim_id == claim_id), None)
    if before is None:
        other = view.publication
        if other is None:
            raise ConflictError(
                f"Claim {claim_id} is not published.",
                next_command=f"claimtrack claim show {claim_id}",
            )
        raise ConflictError(
            f"What is published is claim {other.claim_id}, which was merged into this one:",
            next_command=f"claimtrack claim unpublish {other.claim_id} --because WHY",
        )
    _withdraw(connection, claim_id, because)
    return load_claim(connection, claim_id), before


def _withdraw(connection: Connection, claim_id: int, because: str) -> None:
    done = connection.execute(
        update(publication)
        .where(publication.c.claim_id == claim_id, publication.c.withdrawn_at.is_(None))
        .values(withdrawn_because=because)
    )
    if done.rowcount == 0:
        raise ConflictError(f"Claim {claim_id} was unpublished meanwhile. Look at it again.")


def _no_verdict(view: ClaimView) -> ConflictError:
    told = f"Claim {view.id} is {hyphenated(view.word)}: only a claim with a verdict is published."
    if view.proposal is not None:
        return ConflictError(
            f"{told} Somebody else than {view.proposal.recorded_by} concludes the verdict first:",
            next_command=f"claimtrack claim approve {view.id}",
        )
    return ConflictError(
        f"{told} Mark it first:",
        next_command=f"claimtrack claim mark {view.id} VERDICT --because WHY --refutes URL",
    )
