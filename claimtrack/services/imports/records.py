"""What a row of a file means: its texts cleaned, its dates and names read, its keys made.

All formats come through here, so that a date, a name or a verdict is read in one way. No database:
which of it is on record already is for `claimtrack.services.imports.settling`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from claimtrack.errors import InvalidDataError, NoDateError
from claimtrack.interchange.blanks import is_nothing
from claimtrack.interchange.labels import Labels
from claimtrack.interchange.languages import read_language
from claimtrack.interchange.listed import speakers, topics
from claimtrack.interchange.placeholders import placeholder
from claimtrack.interchange.ratings import Rating, read_rating
from claimtrack.interchange.rows import Row
from claimtrack.keys import (
    clean_text,
    digest,
    document_key,
    statement_key,
    word_key,
)
from claimtrack.services.claims import STATEMENT_LIMIT, TEXT_LIMIT
from claimtrack.services.figures import FigureGiven, read_figure
from claimtrack.services.speakers import SpeakerName, read_name
from claimtrack.urls import in_full, normalise_url, url_host, url_key
from claimtrack.vocab import (
    SPEAKERLESS_MANNERS,
    VERDICTS_WITHOUT_EVIDENCE,
    Kind,
    Manner,
    Priority,
    Stance,
    Status,
    Verdict,
    hyphenated,
    underscored,
)
from claimtrack.written_dates import Order, PartialDate, is_blank, is_blank_date, read_written

TITLE_LIMIT = 1_000
NAME_LIMIT = 300
#: A date's raw text is kept up to here: it is a remark on the date, not the passage.
_DATE_TEXT_LIMIT = 300
#: How many texts that come again are remembered, of a kind: enough for those that come often.
_REMEMBERED = 16_384

#: Nothing is said or published years from now.
_LAST_YEAR = dt.datetime.now(dt.UTC).year + 1

#: Verdicts that what a desk brings along refutes, where it doesn't say what its evidence does.
_REFUTED = frozenset({Verdict.FALSE, Verdict.MOSTLY_FALSE, Verdict.ALTERED, Verdict.MISCAPTIONED})
_SUPPORTED = frozenset({Verdict.TRUE, Verdict.MOSTLY_TRUE})

#: Fields that tell of a published fact-check.
_OF_REVIEW = ("title", "review_url", "rating", "rating_value")
#: Fields that tell where a claim appeared.
_OF_SOURCE = ("source", "source_title")
_OF_APPEARANCE = (*_OF_SOURCE, "speaker", "said_on", "quote", "passage")
#: Between two addresses in one cell.
_BETWEEN = r"[,;|\s]+(?=https?://)"


@dataclass(frozen=True, slots=True)
class Meaning:
    """How the rows of a file are to be understood.

    ``origin`` is where their external ids come from, ``labels`` says which verdict a label comes
    to for the publisher that it is asked for, ``order`` which number of a date like 03/04/2020 is
    the day's. With ``as_ours`` the verdicts are the desk's own; else a verdict is that of
    ``house``, where one was said for all rows.
    """

    origin: str
    labels: Callable[[str | None], Labels]
    order: Order = None
    as_ours: bool = False
    language: str = "en"
    house: str | None = None


class Source(NamedTuple):
    """A document of a row; its key tells it apart."""

    key: bytes
    url: str | None
    host: str | None
    title: str | None
    publisher: str | None
    agency: str | None
    published: PartialDate | None
    published_text: str | None


class Appeared(NamedTuple):
    """An appearance of a row's claim."""

    speaker: SpeakerName | None
    source: Source
    said_on: PartialDate | None
    said_text: str | None
    manner: str
    quote: str | None
    passage: str | None
    place: str | None


class Grounds(NamedTuple):
    """Evidence that a row brings along."""

    source: Source
    stance: Stance
    excerpt: str | None
    place: str | None


class Assessed(NamedTuple):
    """A published fact-check that a row tells of."""

    key: bytes
    publisher: str | None
    title: str | None
    url: str | None
    rating: str | None
    verdict: Verdict | None
    value: Decimal | None
    best: Decimal | None
    worst: Decimal | None
    published: PartialDate | None
    published_text: str | None
    language: str | None
    summary: str | None
    original: str | None


class Ruling(NamedTuple):
    """The desk's own word on a claim, of a record that is its own."""

    status: Status
    verdict: Verdict | None
    because: str
    rating: str | None
    url: str | None = None
    headline: str | None = None
    published: PartialDate | None = None


class Record(NamedTuple):
    """A row as it will be stored; ``fields`` are its values as they came."""

    line: int
    fields: Mapping[str, str]
    row_key: bytes
    digests: str
    statement: str
    statement_key: bytes
    external_id: str | None
    kind: Kind
    language: str
    topics: tuple[str, ...]
    priority: Priority
    figure: Mapping[str, Any] | None
    note: str | None
    appearances: tuple[Appeared, ...]
    evidence: tuple[Grounds, ...]
    assessed: Assessed | None
    ruling: Ruling | None
    warnings: tuple[str, ...]


def read_record(row: Row, meaning: Meaning) -> Record:
    """What a row means.

    Raises:
        InvalidDataError: a value can't be recorded, or what a claim needs is missing.
    """
    came = row.fields
    blank = [name for name, text in row.fields.items() if is_nothing(name, text)]
    if blank:
        row = row._replace(fields={k: v for k, v in row.fields.items() if k not in blank})
    warnings = [*row.warnings]
    if unreadable := _unreadable(row, meaning, warnings):
        row = row._replace(fields={k: v for k, v in row.fields.items() if k not in unreadable})
    fields = row.fields
    if "statement" not in fields:
        raise InvalidDataError("The row has no statement.")
    statement = clean_text(fields["statement"], "statement", limit=STATEMENT_LIMIT)
    key = statement_key(statement)
    figure = _figure(fields)
    assessed = (
        _assessed(row, meaning, warnings)
        if not meaning.as_ours and _has_review(fields, meaning)
        else None
    )
    appearances = _appearances(row, meaning, key, assessed, warnings)
    if not appearances and assessed is None:
        raise InvalidDataError(
            "The row has no source: it needs a source (a URL) or a source_title, or the"
            " publisher, title or review_url of a fact-check."
        )
    ruling = _ruling(fields, meaning)
    evidence = _evidence(row, meaning, ruling)
    if ruling is not None:
        _refuse_groundless(ruling, evidence)
    external_id = _text(fields, "external_id", 300)
    language = fields.get("language")
    return Record(
        line=row.line,
        fields=came,
        # What a published review is called is the same in all files, wherever they come from.
        row_key=_row_key("" if row.key else meaning.origin, row.key or external_id, key),
        digests=_digests(row, figure),
        statement=statement,
        statement_key=key,
        external_id=external_id,
        kind=_kind(fields.get("kind"), figure),
        language=_language(language) if language else meaning.language,
        topics=_topics(fields.get("topics")),
        priority=_priority(fields.get("priority")),
        figure=figure,
        note=_text(fields, "note", TEXT_LIMIT, multiline=True),
        appearances=appearances,
        evidence=evidence,
        assessed=assessed,
        ruling=ruling,
        warnings=tuple(warnings),
    )


def _unreadable(row: Row, meaning: Meaning, warnings: list[str]) -> list[str]:
    """The presumed fields that hold something else than the field does; a warning says what.

    Raises InvalidDataError for a date that is one, and not clear.
    """
    # A desk's own record has statuses: there a word that is none is no other column.
    presumed = row.presumed - {"status"} if meaning.as_ours else row.presumed
    found = []
    for name in sorted(presumed & row.fields.keys()):
        try:
            _PRESUMED[name](row.fields, meaning)
        except InvalidDataError as error:
            if name == "reviewed_on" and not isinstance(error, NoDateError):
                raise
            found.append(name)
            warnings.append(f"The field {name} is left out. {error.message}")
    return found


def _row_key(origin: str, name: str | None, key: bytes) -> bytes:
    """16 bytes that tell a row when it comes again: by its number, else by its statement."""
    named = key if name is None else f"{len(origin)}:{origin}{name}".encode()
    return hashlib.blake2b(named, digest_size=16).digest()


def _digests(row: Row, figure: Mapping[str, Any] | None) -> str:
    """JSON with a checksum of each value that an import can change later, by its field."""
    held: dict[str, str] = {**row.fields}
    if row.key is not None:
        held["external_id"] = row.key  # as such it was taken in once
    if figure is not None:
        held["figure"] = _told(sorted((name, str(value)) for name, value in figure.items()))
    for name in ("appearances", "evidence", "original"):
        if more := getattr(row, name):
            held[name] = _told(more)
    if len(names := speakers(row.fields.get("speaker", ""))) > 1:
        held["appearances"] = _told((names, row.appearances))
    pairs = (f'"{name}": {zlib.crc32(held[name].strip().encode())}' for name in sorted(held))
    return f"{{{', '.join(pairs)}}}"


def _told(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=dict)


# --- Texts and words -----------------------------------------------------------------------------


def _text(
    fields: Mapping[str, str], name: str, limit: int, *, multiline: bool = False
) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    return clean_text(value, name.replace("_", " "), limit=limit, multiline=multiline)


def _kind(word: str | None, figure: object) -> Kind:
    if word is None:
        return Kind.FIGURE if figure else Kind.FACT
    try:
        return Kind(underscored(word))
    except ValueError:
        raise InvalidDataError(
            f'"{word[:40]}" is no kind of claim: write one of {", ".join(Kind)}, or leave the'
            " column out with --map kind=."
        ) from None


@lru_cache(_REMEMBERED)
def _topics(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return tuple(
        dict.fromkeys(clean_text(part, "topic", limit=100).casefold() for part in topics(text))
    )


def _priority(word: str | None) -> Priority:
    if word is None:
        return Priority.NORMAL
    word = word.strip().casefold()
    word = {"medium": "normal", "critical": "urgent"}.get(word, word)
    try:
        return Priority.of_level(int(word)) if word in ("0", "1", "2", "3") else Priority(word)
    except ValueError:
        raise InvalidDataError(
            f'"{word[:40]}" is no priority: write one of {", ".join(Priority)}, or leave the'
            " column out with --map priority=."
        ) from None


def _figure(fields: Mapping[str, str]) -> Mapping[str, Any] | None:
    if "figure" not in fields:
        return None
    return read_figure(
        FigureGiven(
            fields["figure"],
            fields.get("unit"),
            fields.get("counted"),
            fields.get("where"),
            fields.get("figure_on"),
            fields.get("figure_since"),
        )
    )


_language = lru_cache(_REMEMBERED)(read_language)


@lru_cache(_REMEMBERED)
def _speaker(name: str) -> SpeakerName | None:
    return None if placeholder(name) else read_name(name)


@lru_cache(_REMEMBERED)
def _date(text: str, order: Order) -> tuple[PartialDate | None, str | None]:
    """A date, and its raw text where that says more than the date does."""
    if is_blank_date(text):
        return None, None
    read = read_written(text, order=order)
    raw = " ".join(text.split())
    return read, None if raw == str(read) else raw[:_DATE_TEXT_LIMIT]


def _date_of(
    fields: Mapping[str, str], name: str, meaning: Meaning
) -> tuple[PartialDate | None, str | None]:
    text = fields.get(name)
    if text is None:
        return None, None
    return _date(text, meaning.order)


# --- Sources and appearances ---------------------------------------------------------------------


def _has_review(fields: Mapping[str, str], meaning: Meaning) -> bool:
    return (
        any(name in fields for name in _OF_REVIEW)
        or ("publisher" in fields and not any(name in fields for name in _OF_SOURCE))
        or ("verdict" in fields and meaning.house is not None)
    )


@lru_cache(_REMEMBERED)
def _address(cell: str) -> tuple[bytes, str, str]:
    url = in_full(cell.strip())
    return url_key(url), normalise_url(url), url_host(url)


def _refuse_name(cell: str) -> None:
    """Refuse the name of a source where its address belongs, saying how it comes in."""
    try:
        _address(cell)
    except InvalidDataError as error:
        if "://" in cell or ("." in cell and " " not in cell.strip()):
            raise
        raise InvalidDataError(
            f"{error} What has none is named by a source_title: --map source_title=COLUMN."
        ) from error


def _source(fields: Mapping[str, str], meaning: Meaning, publisher: str | None) -> Source:
    published, raw = _date_of(fields, "published", meaning)
    if published is not None and published.day.year > _LAST_YEAR:
        raise InvalidDataError(f"The publication date {published} lies years ahead.")
    title = _text(fields, "source_title", TITLE_LIMIT)
    agency = _text(fields, "agency", NAME_LIMIT)
    if "source" in fields:
        key, url, host = _address(fields["source"])
        return Source(key, url, host, title, publisher, agency, published, raw)
    if title is None:
        raise InvalidDataError("A source needs a URL or a title.")
    key = document_key(publisher, title, None)
    return Source(key, None, None, title, publisher, agency, published, raw)


def _appearances(
    row: Row,
    meaning: Meaning,
    key: bytes,
    assessed: Assessed | None,
    warnings: list[str],
) -> tuple[Appeared, ...]:
    fields = row.fields
    reviewed = assessed is not None or (meaning.as_ours and _has_review(fields, meaning))
    found = []
    unnamed = _unnamed(fields, meaning) if reviewed else None
    if any(name in fields for name in _OF_APPEARANCE):
        told = _somewhere(fields, unnamed)
        if told is None:
            return ()
        for one in _by_source(told):
            for each in _by_speaker(one, warnings):
                found.append(_appeared(each, meaning, key, reviewed, warnings))
    for more in row.appearances:
        shared = {name: fields[name] for name in ("speaker", "said_on") if name in fields}
        one = {**shared, **more}
        for each in _by_speaker(_somewhere(one, unnamed) or one, warnings):
            found.append(_appeared(each, meaning, key, reviewed, warnings))
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def _somewhere(fields: Mapping[str, str], unnamed: str | None) -> Mapping[str, str] | None:
    """An appearance with its source, or the title that stands for one; None without either."""
    if any(name in fields for name in _OF_SOURCE):
        return fields
    return None if unnamed is None else {**fields, "source_title": unnamed}


def _by_source(told: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """What is told of an appearance, once for each address; the title is that of the first."""
    first, *others = _addresses(told.get("source", ""))
    yield {**told, "source": first} if others else told
    bare = {name: text for name, text in told.items() if name != "source_title"}
    for each in others:
        yield {**bare, "source": each}


def _by_speaker(told: Mapping[str, str], warnings: list[str]) -> Iterator[Mapping[str, str]]:
    """What is told of an appearance, once for each speaker, without those who are nobody."""
    names = speakers(told.get("speaker", ""))
    if len(names) < 2:
        yield told
        return
    somebody = [name for name in names if _speaker(name) is not None]
    for name in somebody or names[:1]:
        yield {**told, "speaker": name}
    warnings += [_nobody(name) for name in names if somebody and name not in somebody]


def _nobody(name: str) -> str:
    return f'"{" ".join(name.split())[:80]}" names nobody: no speaker is recorded.'


def _addresses(text: str) -> list[str]:
    """The addresses of a cell; a text that is none is one, too."""
    if text.count("://") < 2:
        return [text]
    return [one.rstrip(",;|") for one in re.split(_BETWEEN, text.strip())]


def _unnamed(fields: Mapping[str, str], meaning: Meaning) -> str:
    """A claim that a fact-check gives to somebody was said somewhere: in a source without name."""
    house = fields.get("publisher") or meaning.origin
    return f"Source that {' '.join(house.split())} does not name"[:TITLE_LIMIT]


def _appeared(
    fields: Mapping[str, str],
    meaning: Meaning,
    key: bytes,
    reviewed: bool,
    warnings: list[str],
) -> Appeared:
    publisher = _text(fields, "source_publisher", NAME_LIMIT)
    if publisher is None and not reviewed:
        publisher = _text(fields, "publisher", NAME_LIMIT)
    if "source" in fields:
        _refuse_name(fields["source"])
    # The date of publication is the source's, unless the row tells of a fact-check alone.
    source = _source(_without_review_date(fields, reviewed), meaning, publisher)
    name = fields.get("speaker")
    speaker = _speaker(name) if name is not None else None
    if name is not None and speaker is None:
        warnings.append(_nobody(name))
    said_on, raw = _date_of(fields, "said_on", meaning)
    if said_on is not None and said_on.day.year > _LAST_YEAR:
        raise InvalidDataError(f"The date {said_on}, when it was said, lies years ahead.")
    quote = _text(fields, "quote", TEXT_LIMIT, multiline=True)
    return Appeared(
        speaker=speaker,
        source=source,
        said_on=said_on,
        said_text=raw,
        manner=_manner(fields.get("manner"), speaker, quote, key),
        quote=quote,
        passage=_text(fields, "passage", TEXT_LIMIT, multiline=True),
        place=_text(fields, "place", NAME_LIMIT),
    )


def _without_review_date(fields: Mapping[str, str], reviewed: bool) -> Mapping[str, str]:
    if reviewed and "reviewed_on" not in fields and "source" not in fields:
        return {name: value for name, value in fields.items() if name != "published"}
    return fields


def _manner(word: str | None, speaker: SpeakerName | None, quote: str | None, key: bytes) -> Manner:
    if word is not None:
        try:
            manner = Manner(underscored(word))
        except ValueError:
            raise InvalidDataError(
                f'"{word[:40]}" is no manner: write one of {", ".join(map(hyphenated, Manner))}.'
            ) from None
        if (speaker is None) == (manner in SPEAKERLESS_MANNERS) or manner is Manner.CAPTION:
            return manner
        if speaker is not None:
            raise InvalidDataError(
                f"In the manner {hyphenated(manner)} nobody is named as the speaker: leave out one"
                " of the two."
            )
    if speaker is None:
        return Manner.UNATTRIBUTED
    if quote is None:
        return Manner.INDIRECT
    return Manner.DIRECT if statement_key(quote) == key else Manner.PARTIAL


#: How a field is read that may be another; each raises InvalidDataError where it is.
_PRESUMED: Mapping[str, Callable[[Mapping[str, str], Meaning], object]] = {
    "kind": lambda fields, _meaning: _kind(fields["kind"], None),
    "language": lambda fields, _meaning: _language(fields["language"]),
    "reviewed_on": lambda fields, meaning: _date_of(fields, "reviewed_on", meaning),
    "status": lambda fields, meaning: _said("status", fields, meaning),
}


# --- Evidence, fact-checks of others, and the desk's own word -----------------------------------


def _evidence(row: Row, meaning: Meaning, ruling: Ruling | None) -> tuple[Grounds, ...]:
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
        publisher = _text(one, "source_publisher", NAME_LIMIT)
        word = one.get("stance")
        try:
            said = Stance(word) if word else stance
        except ValueError:
            raise InvalidDataError(
                f'"{word}" is no stance: write one of {", ".join(Stance)}.'
            ) from None
        found.append(
            Grounds(
                _source(one, meaning, publisher),
                said,
                _text(one, "excerpt", TEXT_LIMIT, multiline=True),
                _text(one, "place", NAME_LIMIT),
            )
        )
    return tuple(dict.fromkeys(found))


def _pages(text: str) -> Iterator[str]:
    for one in _addresses(text):
        yield from (url for part in re.split(r"[\s|]+", one) if (url := part.strip(",;")))


def _assessed(row: Row, meaning: Meaning, warnings: list[str]) -> Assessed:
    fields = row.fields
    url = _address(fields["review_url"])[1] if "review_url" in fields else None
    title = _text(fields, "title", TITLE_LIMIT)
    publisher = _text(fields, "publisher", NAME_LIMIT)
    if url is None and title is None and publisher is None:
        raise InvalidDataError(
            "A rating needs to be somebody's: say whose with a publisher (--set publisher=NAME),"
            " a title or a review_url."
        )
    reviewed_on = "reviewed_on"
    if "reviewed_on" not in fields and "source" not in fields:
        reviewed_on = "published"
    published, raw = _date_of(fields, reviewed_on, meaning)
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
        language=_language(language) if language else None,
        summary=_text(fields, "summary", TEXT_LIMIT, multiline=True)
        or _text(fields, "because", TEXT_LIMIT, multiline=True),
        original=None if row.original is None else json.dumps(row.original, ensure_ascii=False),
    )


def _rating(
    fields: Mapping[str, str], meaning: Meaning, publisher: str | None, warnings: list[str]
) -> Rating:
    """What a fact-check found; some houses write whole sentences where a label should stand."""
    label = _text(fields, "rating", TEXT_LIMIT) or _text(fields, "verdict", TEXT_LIMIT)
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
        beside = _verdict(meaning.labels(publisher), fields["verdict"])
        if beside is not None:
            return read._replace(verdict=beside)
    warnings += read.warnings
    return read


def _verdict(labels: Labels, word: str) -> Verdict | None:
    """The verdict that a word is, or that it comes to for a publisher."""
    said = underscored(word)
    return Verdict(said) if said in tuple(Verdict) else labels.verdict(word)


def _ruling(fields: Mapping[str, str], meaning: Meaning) -> Ruling | None:
    """What the desk's own record says of the claim; None where it says nothing yet."""
    if not meaning.as_ours:
        said = next((name for name in ("verdict", "status") if name in fields), None)
        if said == "status" and underscored(fields["status"]) == Status.UNVERIFIED:
            return None
        if said is not None and not _has_review(fields, meaning):
            other = ", --set publisher=NAME as that of another" if said == "verdict" else ""
            raise InvalidDataError(
                f"The row has a {said}, and doesn't say whose: --as-ours takes it as this desk's"
                f" own{other}, and --map {said}= leaves it out."
            )
        return None
    status, verdict = _standing(fields, meaning)
    if status is Status.UNVERIFIED:
        return None
    published, _raw = _date_of(fields, "reviewed_on", meaning)
    because = _text(fields, "because", TEXT_LIMIT, multiline=True)
    because = because or _text(fields, "summary", TEXT_LIMIT, multiline=True)
    return Ruling(
        status=status,
        verdict=verdict,
        because=because or f"As on record in {meaning.origin}",
        rating=_text(fields, "rating", NAME_LIMIT),
        url=_address(fields["review_url"])[1] if "review_url" in fields else None,
        headline=_text(fields, "title", TITLE_LIMIT),
        published=published,
    )


def _standing(fields: Mapping[str, str], meaning: Meaning) -> tuple[Status, Verdict | None]:
    for name in ("verdict", "status", "rating"):
        word = fields.get(name)
        if word is None or is_blank(word):
            continue
        said = _said(name, fields, meaning)
        if said is Status.CHECKED:  # as the word of a status; the verdict stands elsewhere
            continue
        if isinstance(said, Status):
            return _open_status(said), None
        return Status.CHECKED, said
    return Status.UNVERIFIED, None


def _said(name: str, fields: Mapping[str, str], meaning: Meaning) -> Status | Verdict:
    """The status or the verdict that the word in a field is.

    Raises InvalidDataError for a word that is neither.
    """
    word = fields[name]
    said = underscored(word).replace(" ", "_")
    # That it was checked is no verdict: not what the checking showed.
    if said in tuple(Status) and (name == "status" or (name == "verdict" and said != "checked")):
        return Status(said)
    verdict = _verdict(meaning.labels(fields.get("publisher")), word)
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


def _refuse_groundless(ruling: Ruling, evidence: Iterable[Grounds]) -> None:
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
