"""The values of a row: texts cleaned, words of a vocabulary, names, dates and addresses read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.languages import read_language
from claimtrack.interchange.listed import topics
from claimtrack.interchange.placeholders import placeholder
from claimtrack.keys import clean_text
from claimtrack.services.figures import FigureGiven, read_figure
from claimtrack.services.imports.records import Meaning
from claimtrack.services.speakers import SpeakerName, read_name
from claimtrack.urls import in_full, normalise_url, url_host, url_key
from claimtrack.vocab import Kind, Priority, underscored
from claimtrack.written_dates import Order, PartialDate, is_blank_date, read_written

TITLE_LIMIT = 1_000
NAME_LIMIT = 300
#: A date's raw text is kept up to here: it is a remark on the date, not the passage.
_DATE_TEXT_LIMIT = 300
#: How many texts that come again are remembered, of a kind: enough for those that come often.
_REMEMBERED = 16_384


def text_in(
    fields: Mapping[str, str], name: str, limit: int, *, multiline: bool = False
) -> str | None:
    """The text of a field, cleaned; raises InvalidDataError for one that is too long."""
    value = fields.get(name)
    if value is None:
        return None
    return clean_text(value, name.replace("_", " "), limit=limit, multiline=multiline)


def kind_of(word: str | None, figure: object) -> Kind:
    """The kind of claim that a word is; without one a claim with a figure is of that kind."""
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
def topics_of(text: str | None) -> tuple[str, ...]:
    """The topics of a cell, each once, in small letters."""
    if text is None:
        return ()
    return tuple(
        dict.fromkeys(clean_text(part, "topic", limit=100).casefold() for part in topics(text))
    )


def priority_of(word: str | None) -> Priority:
    """The priority that a word or a level from 0 to 3 is; raises InvalidDataError for others."""
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


def figure_in(fields: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The columns of a row's figure; None without one."""
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


language_of = lru_cache(_REMEMBERED)(read_language)


@lru_cache(_REMEMBERED)
def speaker_of(name: str) -> SpeakerName | None:
    """Who is named; None for a placeholder, which is nobody."""
    return None if placeholder(name) else read_name(name)


@lru_cache(_REMEMBERED)
def _date(text: str, order: Order) -> tuple[PartialDate | None, str | None]:
    """A date, and its raw text where that says more than the date does."""
    if is_blank_date(text):
        return None, None
    read = read_written(text, order=order)
    raw = " ".join(text.split())
    return read, None if raw == str(read) else raw[:_DATE_TEXT_LIMIT]


def date_in(
    fields: Mapping[str, str], name: str, meaning: Meaning
) -> tuple[PartialDate | None, str | None]:
    """The date of a field, and its raw text where that says more; raises InvalidDataError."""
    text = fields.get(name)
    if text is None:
        return None, None
    return _date(text, meaning.order)


@lru_cache(_REMEMBERED)
def address_of(cell: str) -> tuple[bytes, str, str]:
    """The key, the normalised URL and the host of an address; raises InvalidDataError."""
    url = in_full(cell.strip())
    return url_key(url), normalise_url(url), url_host(url)
