"""What every reader of a format gives back: one row for each claim, its values as they came.

Pure. What the values mean (dates, names, verdicts) is for `claimtrack.services.imports` to say, so
that a date or a label is read in one place, whatever the format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

#: The fields of a row, with what each holds; a row has those that the file gave it.
FIELDS: dict[str, str] = {
    "external_id": "the row's number in the file's own system",
    "statement": "what is claimed",
    "kind": "fact, figure, prediction, promise, opinion or media",
    "language": "BCP 47 tag",
    "topics": "separated by commas or semicolons",
    "priority": "low, normal, high or urgent",
    "speaker": "who said it",
    "said_on": "when it was said",
    "quote": "what stands inside quotation marks",
    "passage": "the passage as printed",
    "manner": "direct, partial, indirect, own_voice, unattributed or caption",
    "place": "where in the source: paragraph, page, minute",
    "source": "the URL of the source",
    "source_title": "its title",
    "source_publisher": "its publisher, where the publisher is that of a fact-check",
    "publisher": "who published the fact-check, if the row has one; else the source",
    "agency": "the wire that the source took the text from",
    "published": "when the source was published; of a row without one, the fact-check",
    "figure": "the quantity that is claimed, such as >900000",
    "unit": "its unit",
    "counted": "what is counted",
    "where": "where it is counted",
    "figure_on": "the day that the figure is of",
    "figure_since": "counted since",
    "title": "the title of a published fact-check",
    "review_url": "its address",
    "reviewed_on": "when it was published",
    "rating": "its verdict, in its publisher's own words",
    "rating_value": "the same as a number",
    "best_rating": "the number of the best rating on that scale",
    "worst_rating": "the number of the worst",
    "summary": "why, in its publisher's words",
    "status": "where the claim stands, of a record that is the desk's own",
    "verdict": "what checking showed",
    "because": "why",
    "evidence": "URLs of what the verdict rests on",
    "note": "a remark on the claim",
}


class Row(NamedTuple):
    """One claim of a file.

    ``line`` is where it begins: the line of a text file, counted from 1, or the number of the
    record in others. ``fields`` has the values as they came, by the names in `FIELDS`, without
    those that are blank. ``appearances`` are further ones than the fields tell of, ``evidence``
    what the file brings along: both by the same names, and of evidence ``excerpt`` and ``stance``
    as well. ``original`` is the JSON that it was read from, where the file is made of that.
    ``warnings`` are sentences for people: what is odd about the row, and how it was read. ``key``
    tells the row when it comes again, where neither an id of the claim nor its statement does.
    ``presumed`` are fields that were found by a name that other things have, too: what can't be
    read in one of them is left out, and said.

    A tuple, since a million of them are made: a frozen dataclass takes five times as long.
    """

    line: int
    fields: Mapping[str, str]
    appearances: tuple[Mapping[str, str], ...] = ()
    evidence: tuple[Mapping[str, str], ...] = ()
    original: object = None
    warnings: tuple[str, ...] = ()
    key: str | None = None
    presumed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that can't be read: where it begins, why, and its raw text as far as there is one."""

    line: int
    reason: str
    raw: str = field(default="", repr=False)
