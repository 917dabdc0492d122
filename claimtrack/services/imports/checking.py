"""What a row says of checking: evidence, fact-checks of others, and the desk's own word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.labels import Labels
from claimtrack.interchange.ratings import Rating, read_rating
from claimtrack.interchange.rows import Row
from claimtrack.keys import digest, word_key
from claimtrack.services.claims import TEXT_LIMIT
from claimtrack.services.imports.appearing import OF_SOURCE, addresses_in, source_of
from claimtrack.services.imports.records import Assessed, Grounds, Meaning, Ruling
from claimtrack.services.imports.values import (
    NAME_LIMIT,
    TITLE_LIMIT,
    address_of,
    date_in,
    language_of,
    text_in,
)
from claimtrack.urls import url_key
from claimtrack.vocab import (
    VERDICTS_WITHOUT_EVIDENCE,
    Stance,
    Status,
    Verdict,
    hyphenated,
    underscored,
)
from claimtrack.written_dates import is_blank

#: Verdicts that what a desk brings along refutes, where it doesn't say what its evidence does.
_REFUTED = frozenset({Verdict.FALSE, Verdict.MOSTLY_FALSE, Verdict.ALTERED, Verdict.MISCAPTIONED})
_SUPPORTED = frozenset({Verdict.TRUE, Verdict.MOSTLY_TRUE})

#: Fields that tell of a published fact-check.
_OF_REVIEW = ("title", "review_url", "rating", "rating_value")


def has_review(fields: Mapping[str, str], meaning: Meaning) -> bool:
    """Whether a row tells of a published fact-check."""
    return (
        any(name in fields for name in _OF_REVIEW)
        or ("publisher" in fields and not any(name in fields for name in OF_SOURCE))
        or ("verdict" in fields and meaning.house is not None)
    )


def evidence_of(row: Row, meaning: Meaning, ruling: Ruling | None) -> tuple[Grounds, ...]:
    """The evidence that a row brings; without a stance it is for what the desk ruled.

    Raises InvalidDataError for values that can't be recorded.
    """
    if "evidence" not in row.fields and not row.evidence:
        return ()
    stance = Stance.CONTEXT
    if ruling is not None and ruling.verdict in _REFUTED:
        stance = Stance.REFUTES
    elif ruling is not None and ruling.verdict in _SUPPORTED:
        stance = Stance.SUPPORTS
    given: Iterable[Mapping[str, str]] = (
        *({"source": one} for one in _pages(row.fields.get("evidence", ""))),
        *row.evidence,
    )
    found = []
    for one in given:
        publisher = text_in(one, "source_publisher", NAME_LIMIT)
        word = one.get("stance")
        try:
            said = Stance(word) if word else stance
        except ValueError:
            raise InvalidDataError(
                f'"{word}" is no stance: write one of {", ".join(Stance)}.'
            ) from None
        found.append(
            Grounds(
                source_of(one, meaning, publisher),
                said,
                text_in(one, "excerpt", TEXT_LIMIT, multiline=True),
                text_in(one, "place", NAME_LIMIT),
            )
        )
    return tuple(dict.fromkeys(found))


def _pages(text: str) -> Iterator[str]:
    for one in addresses_in(text):
        yield from (url for part in re.split(r"[\s|]+", one) if (url := part.strip(",;")))


def assessed_of(row: Row, meaning: Meaning, warnings: list[str]) -> Assessed:
    """The fact-check that a row tells of.

    Raises InvalidDataError for one of nobody, and for values that can't be recorded.
    """
    fields = row.fields
    url = address_of(fields["review_url"])[1] if "review_url" in fields else None
    title = text_in(fields, "title", TITLE_LIMIT)
    publisher = text_in(fields, "publisher", NAME_LIMIT)
    if url is None and title is None and publisher is None:
        raise InvalidDataError(
            "A rating needs to be somebody's: say whose with a publisher (--set publisher=NAME),"
            " a title or a review_url."
        )
    reviewed_on = "reviewed_on"
    if "reviewed_on" not in fields and "source" not in fields:
        reviewed_on = "published"
    published, raw = date_in(fields, reviewed_on, meaning)
    rating = _rating(fields, meaning, publisher, warnings)
    language = fields.get("language")
    return Assessed(
        key=url_key(url) if url else digest(f"{word_key(publisher or '-')}\n{title or ''}"),
        publisher=publisher,
        title=title,
        url=url,
        rating=rating.label,
        verdict=rating.verdict,
        value=rating.value,
        best=rating.best,
        worst=rating.worst,
        published=published,
        published_text=raw,
        language=language_of(language) if language else None,
        summary=text_in(fields, "summary", TEXT_LIMIT, multiline=True)
        or text_in(fields, "because", TEXT_LIMIT, multiline=True),
        original=None if row.original is None else json.dumps(row.original, ensure_ascii=False),
    )


def _rating(
    fields: Mapping[str, str], meaning: Meaning, publisher: str | None, warnings: list[str]
) -> Rating:
    """What a fact-check found; some houses write whole sentences where a label should stand."""
    label = text_in(fields, "rating", TEXT_LIMIT) or text_in(fields, "verdict", TEXT_LIMIT)
    if label is not None and len(label) > NAME_LIMIT:
        warnings.append(f"The rating is {len(label):,} characters long, and was cut.")
        label = f"{label[: NAME_LIMIT - 2].rstrip()} …"
    read = read_rating(
        meaning.labels(publisher),
        label,
        fields.get("rating_value"),
        fields.get("best_rating"),
        fields.get("worst_rating"),
    )
    if read.verdict is None and "rating" in fields and "verdict" in fields:
        # The house's own word, and beside it what it comes to.
        beside = verdict_of(meaning.labels(publisher), fields["verdict"])
        if beside is not None:
            return read._replace(verdict=beside)
    warnings += read.warnings
    return read


def verdict_of(labels: Labels, word: str) -> Verdict | None:
    """The verdict that a word is, or that it comes to for a publisher."""
    said = underscored(word)
    return Verdict(said) if said in tuple(Verdict) else labels.verdict(word)


def ruling_of(fields: Mapping[str, str], meaning: Meaning) -> Ruling | None:
    """What the desk's own record says of the claim; None where it says nothing yet."""
    if not meaning.as_ours:
        said = next((name for name in ("verdict", "status") if name in fields), None)
        if said == "status" and underscored(fields["status"]) == Status.UNVERIFIED:
            return None
        if said is not None and not has_review(fields, meaning):
            other = ", --set publisher=NAME as that of another" if said == "verdict" else ""
            raise InvalidDataError(
                f"The row has a {said}, and doesn't say whose: --as-ours takes it as this desk's"
                f" own{other}, and --map {said}= leaves it out."
            )
        return None
    status, verdict = _standing(fields, meaning)
    if status is Status.UNVERIFIED:
        return None
    published, _raw = date_in(fields, "reviewed_on", meaning)
    because = text_in(fields, "because", TEXT_LIMIT, multiline=True)
    because = because or text_in(fields, "summary", TEXT_LIMIT, multiline=True)
    return Ruling(
        status=status,
        verdict=verdict,
        because=because or f"As on record in {meaning.origin}",
        rating=text_in(fields, "rating", NAME_LIMIT),
        url=address_of(fields["review_url"])[1] if "review_url" in fields else None,
        headline=text_in(fields, "title", TITLE_LIMIT),
        published=published,
    )


def _standing(fields: Mapping[str, str], meaning: Meaning) -> tuple[Status, Verdict | None]:
    for name in ("verdict", "status", "rating"):
        word = fields.get(name)
        if word is None or is_blank(word):
            continue
        said = said_in(name, fields, meaning)
        if said is Status.CHECKED:  # as the word of a status; the verdict stands elsewhere
            continue
        if isinstance(said, Status):
            return _open_status(said), None
        return Status.CHECKED, said
    return Status.UNVERIFIED, None


def said_in(name: str, fields: Mapping[str, str], meaning: Meaning) -> Status | Verdict:
    """The status or the verdict that the word in a field is.

    Raises InvalidDataError for a word that is neither.
    """
    word = fields[name]
    said = underscored(word).replace(" ", "_")
    # That it was checked is no verdict: not what the checking showed.
    if said in tuple(Status) and (name == "status" or (name == "verdict" and said != "checked")):
        return Status(said)
    verdict = verdict_of(meaning.labels(fields.get("publisher")), word)
    if verdict is None:
        raise InvalidDataError(
            f'"{word[:60]}" is no verdict or status that is known here. --verdicts FILE says'
            f" which verdict a label comes to, --map {name}= leaves the column out."
        )
    return verdict


def _open_status(status: Status) -> Status:
    if status is Status.AWAITING_APPROVAL:
        raise InvalidDataError(
            "A verdict that waits for approval can't be taken in: take it in as in-review."
        )
    return status


def refuse_groundless(ruling: Ruling, evidence: Iterable[Grounds]) -> None:
    """The rule on verdicts, before the database holds it against the whole file."""
    verdict = ruling.verdict
    if verdict is None or verdict in VERDICTS_WITHOUT_EVIDENCE:
        return
    stances = {one.stance for one in evidence}
    needed = {Verdict.TRUE: Stance.SUPPORTS, Verdict.FALSE: Stance.REFUTES}.get(verdict)
    if not stances or (needed is not None and needed not in stances):
        what = f"evidence that {needed}" if needed else "evidence"
        raise InvalidDataError(
            f"The verdict {hyphenated(verdict)} needs {what}: URLs in the field evidence."
        )
