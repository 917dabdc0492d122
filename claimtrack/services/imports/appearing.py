"""Where a row's claim appeared: its sources and speakers, one appearance for each of both."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.listed import speakers
from claimtrack.interchange.rows import Row
from claimtrack.keys import document_key, statement_key
from claimtrack.services.claims import TEXT_LIMIT
from claimtrack.services.imports.records import Appeared, Meaning, Source
from claimtrack.services.imports.values import (
    NAME_LIMIT,
    TITLE_LIMIT,
    address_of,
    date_in,
    speaker_of,
    text_in,
)
from claimtrack.services.speakers import SpeakerName
from claimtrack.vocab import SPEAKERLESS_MANNERS, Manner, hyphenated, underscored

#: Nothing is said or published years from now.
_LAST_YEAR = dt.datetime.now(dt.UTC).year + 1

#: Fields that tell where a claim appeared.
OF_SOURCE = ("source", "source_title")
_OF_APPEARANCE = (*OF_SOURCE, "speaker", "said_on", "quote", "passage")
#: Between two addresses in one cell.
_BETWEEN = r"[,;|\s]+(?=https?://)"


def _refuse_name(cell: str) -> None:
    """Refuse the name of a source where its address belongs, saying how it comes in."""
    try:
        address_of(cell)
    except InvalidDataError as error:
        if "://" in cell or ("." in cell and " " not in cell.strip()):
            raise
        raise InvalidDataError(
            f"{error} What has none is named by a source_title: --map source_title=COLUMN."
        ) from error


def source_of(fields: Mapping[str, str], meaning: Meaning, publisher: str | None) -> Source:
    """The document that fields tell of, by its URL, else by its title.

    Raises InvalidDataError where there is neither.
    """
    published, raw = date_in(fields, "published", meaning)
    if published is not None and published.day.year > _LAST_YEAR:
        raise InvalidDataError(f"The publication date {published} lies years ahead.")
    title = text_in(fields, "source_title", TITLE_LIMIT)
    agency = text_in(fields, "agency", NAME_LIMIT)
    if "source" in fields:
        key, url, host = address_of(fields["source"])
        return Source(key, url, host, title, publisher, agency, published, raw)
    if title is None:
        raise InvalidDataError("A source needs a URL or a title.")
    key = document_key(publisher, title, None)
    return Source(key, None, None, title, publisher, agency, published, raw)


def appearances_of(
    row: Row,
    meaning: Meaning,
    key: bytes,
    reviewed: bool,
    warnings: list[str],
) -> tuple[Appeared, ...]:
    """The appearances of a row's claim; ``key`` is its statement's.

    A row that tells of a fact-check is ``reviewed``: it needs no source. Raises InvalidDataError
    for values that can't be recorded.
    """
    fields = row.fields
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
    if any(name in fields for name in OF_SOURCE):
        return fields
    return None if unnamed is None else {**fields, "source_title": unnamed}


def _by_source(told: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """What is told of an appearance, once for each address; the title is that of the first."""
    first, *others = addresses_in(told.get("source", ""))
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
    somebody = [name for name in names if speaker_of(name) is not None]
    for name in somebody or names[:1]:
        yield {**told, "speaker": name}
    warnings += [_nobody(name) for name in names if somebody and name not in somebody]


def _nobody(name: str) -> str:
    return f'"{" ".join(name.split())[:80]}" names nobody: no speaker is recorded.'


def addresses_in(text: str) -> list[str]:
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
    publisher = text_in(fields, "source_publisher", NAME_LIMIT)
    if publisher is None and not reviewed:
        publisher = text_in(fields, "publisher", NAME_LIMIT)
    if "source" in fields:
        _refuse_name(fields["source"])
    # The date of publication is the source's, unless the row tells of a fact-check alone.
    source = source_of(_without_review_date(fields, reviewed), meaning, publisher)
    name = fields.get("speaker")
    speaker = speaker_of(name) if name is not None else None
    if name is not None and speaker is None:
        warnings.append(_nobody(name))
    said_on, raw = date_in(fields, "said_on", meaning)
    if said_on is not None and said_on.day.year > _LAST_YEAR:
        raise InvalidDataError(f"The date {said_on}, when it was said, lies years ahead.")
    quote = text_in(fields, "quote", TEXT_LIMIT, multiline=True)
    return Appeared(
        speaker=speaker,
        source=source,
        said_on=said_on,
        said_text=raw,
        manner=_manner(fields.get("manner"), speaker, quote, key),
        quote=quote,
        passage=text_in(fields, "passage", TEXT_LIMIT, multiline=True),
        place=text_in(fields, "place", NAME_LIMIT),
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
