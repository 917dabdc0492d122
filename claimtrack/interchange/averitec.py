"""AVeriTeC: claims with the questions that were asked to check them, and where the answers stand.

A list of JSON objects, or one a line, in the form of the data that comes with Schlichtkrull, Guo
and Vlachos 2023 (arxiv.org/abs/2305.13117). The label is that of AVeriTeC's annotators, so they
are the publisher of the fact-check, and not the house whose article they started from. Pure, but
for reading the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from claimtrack.interchange.appearing import address, date_of, names_of
from claimtrack.interchange.documents import Broken, read_documents, rows_table
from claimtrack.interchange.jsonld import as_json, is_node, items, stored, text_of
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import Table
from claimtrack.interchange.text import open_text

PUBLISHER = "AVeriTeC"
#: The types that say what sort of proposition a claim is; all others are facts.
KINDS = {
    "numerical claim": "figure",
    "media publishing claim": "media",
    "media analysis claim": "media",
    "speculative claim": "prediction",
    "opinion claim": "opinion",
}
_DAY_FIRST = re.compile("([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})")


def open_averitec(
    path: Path, constants: Mapping[str, str] | None = None, encoding: str | None = None
) -> Table:
    """Open a file of AVeriTeC, which has no columns.

    ``constants`` are the values that fields have in each row that has none of its own; whose
    the fact-checks are, the file itself says. A file
    without any claim is refused with an InvalidDataError when its rows are read.

    Raises:
        UsageError: there is no such encoding.
        InvalidDataError: the file is empty or no text.
    """
    file = open_text(path, encoding)

    def read() -> Iterator[Row | Unread]:
        for document in read_documents(path, file.codec):
            if isinstance(document, Broken):
                yield Unread(document.line, document.reason, document.raw)
                continue
            warnings = document.warnings()
            for entry in items(document.value):
                yield _row(entry, document.line, warnings)

    fixed = {name: text for name, text in (constants or {}).items() if name != "publisher"}
    return rows_table(read, file, fixed, "no claim of AVeriTeC")


def _row(entry: object, line: int, told: tuple[str, ...]) -> Row | Unread:
    if not is_node(entry) or text_of(entry.get("claim")) is None:
        return Unread(line, "It has no claim.", as_json(entry))
    warnings = list(told)
    entry = stored(entry, warnings)
    url = _address(entry, "original_claim_url", "cached_original_claim_url")
    medium = text_of(entry.get("reporting_source"))
    fields = {
        "external_id": text_of(entry.get("claim_id")),
        "statement": text_of(entry.get("claim")),
        "kind": _kind(entry.get("claim_types")),
        "speaker": next(iter(names_of(entry.get("speaker"), warnings)), None),
        "said_on": _day(date_of(entry.get("claim_date"))),
        "source": url,
        # A medium is who published what stands at an address; without one it is all that is known.
        "source_publisher" if url else "source_title": medium,
        **_checked(entry),
    }
    return Row(
        line,
        {name: text for name, text in fields.items() if text},
        evidence=tuple(_evidence(entry.get("questions"))),
        original=entry,
        warnings=tuple(warnings),
    )


def _checked(entry: dict[str, Any]) -> dict[str, str | None]:
    """The fact-check of an entry, unless it is one of the claims that were left to be checked."""
    found = {
        "review_url": _address(entry, "fact_checking_article"),
        "rating": text_of(entry.get("label")),
        "summary": text_of(entry.get("justification")),
    }
    return {"publisher": PUBLISHER, **found} if any(found.values()) else {}


def _evidence(questions: object) -> Iterator[dict[str, str]]:
    """Each answer that stands somewhere, with its question; the others are in the original."""
    for question in items(questions):
        if not is_node(question):
            continue
        asked = text_of(question.get("question"))
        for answer in items(question.get("answers")):
            if not is_node(answer):
                continue
            url = _address(answer, "source_url", "cached_source_url")
            if url is None:
                continue
            parts = (
                asked,
                text_of(answer.get("answer")),
                text_of(answer.get("boolean_explanation")),
            )
            excerpt = "\n".join(part for part in parts if part)
            found = {"source": url, "stance": "context", "excerpt": excerpt}
            yield {name: text for name, text in found.items() if text}


def _address(entry: dict[str, Any], *names: str) -> str | None:
    return next((url for name in names if (url := address(text_of(entry.get(name))))), None)


def _day(text: str | None) -> str | None:
    """AVeriTeC writes the day first, "1-10-2020"; anything else stays as it is."""
    match = _DAY_FIRST.fullmatch(text or "")
    return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}" if match else text


def _kind(types: object) -> str | None:
    named = [text_of(each) or "" for each in items(types)]
    return next((kind for each in named if (kind := KINDS.get(each.lower()))), None)
