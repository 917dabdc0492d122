"""Which column of a table is which field: by its name, as people write it, or as they say.

Pure. A name that may mean two things is recognised as neither: "author" is the claim's in one
file and the fact-check's in the next, and a guess would put words into somebody's mouth.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from claimtrack.errors import UsageError
from claimtrack.interchange.rows import FIELDS

#: Names by which a column is recognised, beside the field's own.
_NAMES = {
    "external_id": """id, external ID, claim ID, item ID, record ID, sentence ID, public ID,
        reference number, ref no, UUID""",
    "statement": """claim, claims, claim text, claim statement, claim reviewed, the claim, vclaim,
        statement text, what was claimed, claimed, claim made""",
    "kind": "claim kind, claim type, type of claim",
    "language": "lang, claim language, language code",
    "topics": "topic, tags, tag, keywords, keyword, subject, subjects, category, categories",
    "priority": "urgency, importance",
    "speaker": """speakers, speaker name, claimant, claimants, claimant name, claimer, claimed by,
        said by, who said it, who, claim author, author of claim, author of the claim, made by,
        claim made by, attributed to, person""",
    "said_on": """claim date, date of claim, date of the claim, date claimed, date said, said date,
        said at, date of statement, statement date, date made, when, when said, date""",
    "quote": "quotation, direct quote, exact quote, verbatim",
    "passage": "excerpt, passage as printed, context passage",
    "place": "page, paragraph, timestamp in source, place in source",
    "source": """source URL, source link, sources, URL, link, web address, claim URL, claim link,
        URL of claim, original URL, original claim URL, article URL, article link, appearance,
        first appearance, where it appeared""",
    "source_title": "title of source, article title, headline, source headline",
    "source_publisher": "source publisher name, publisher of source",
    "publisher": "published by, publisher name, outlet, medium, newspaper, media outlet",
    "agency": "wire, news agency, wire agency",
    "published": """publication date, date published, published on, published at, source date,
        date of source, date of publication, article date, source published on""",
    "figure": "figure claimed, claimed figure, quantity",
    "unit": "units, unit of measure",
    "counted": "what is counted, who is counted",
    "where": "where counted, figure place",
    "figure_on": "figure date, as of, figure as of",
    "figure_since": "counted since, figures since",
    "title": "fact-check title, factcheck headline, review title, title of fact-check",
    "review_url": """fact-check URL, fact-check link, factcheck article, fact-checking article,
        review link, URL of fact-check, link to fact-check, debunk URL, debunk link""",
    "reviewed_on": """fact-check date, review date, date reviewed, date of review, checked on,
        date of fact-check, date checked""",
    "rating": """label, truth rating, textual rating, rating label, alternate name, truthfulness,
        ruling, publisher rating, fact-check rating""",
    "rating_value": "numeric rating, rating number",
    "best_rating": "rating best",
    "worst_rating": "rating worst",
    "summary": """fact-check summary, review summary, conclusion, explanation, subtitle, subhead,
        subheading, standfirst, dek, deck""",
    "status": "claim status, workflow status",
    "verdict": "our verdict, desk verdict, verdict reached",
    "because": "reason, reasoning, rationale, justification, verdict reason",
    "evidence": "evidence URL, evidence URLs, evidence links, proof",
    "note": "notes, remark, remarks, comment, comments",
}
#: Names that could be more than one field, and which.
_AMBIGUOUS = {
    "author": ("speaker", "publisher"),
    "authors": ("speaker", "publisher"),
    "name": ("speaker", "statement"),
    "text": ("statement", "passage"),
    "context": ("passage", "place"),
    "description": ("statement", "summary"),
}
#: Names that are the claim's in a table of claims, and the fact-check's in a table of those.
_PLAIN = {
    "reviewed_on": """date, date published, published on, published at, publication date,
        date of publication""",
    "review_url": "URL, link, web address",
    "evidence": "sources",
}
#: Columns that make a table one of published fact-checks, and what names its statement so.
_OF_REVIEW = ("title", "review_url", "rating")
_REVIEWED = "claimreviewed"
#: Columns that tell where and by whom a claim was made.
_OF_APPEARANCE = ("speaker", "said_on", "source", "source_title", "quote", "passage")
#: Fields whose names other things have, too: the state of a task, the type of a file.
_PRESUMED = ("status", "kind", "language")
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the fields are: the position of a column, from 0, for each field that is read.

    ``unused`` are the positions of the others; ``notices`` tell what was not taken, and why.
    ``presumed`` are fields that a column has by its name alone, and that it may not be.
    """

    fields: dict[str, int]
    unused: list[int]
    notices: list[str] = field(default_factory=list)
    presumed: frozenset[str] = frozenset()


def folded(name: str) -> str:
    """A name without regard to case, spaces and punctuation: "Claim-date " is "claimdate"."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


_KNOWN = {
    folded(name): field
    for field, names in _NAMES.items()
    for name in names.replace("\n", " ").split(",")
} | {folded(field): field for field in FIELDS}
_OF_FACT_CHECKS = {
    folded(name): field
    for field, names in _PLAIN.items()
    for name in names.replace("\n", " ").split(",")
}


def recognised(name: str) -> str | None:
    """The field that a column of this name is, if it can be but one."""
    return _KNOWN.get(folded(name))


def parse_pairs(pairs: Iterable[str], option: str = "--map") -> dict[str, str]:
    """What ``--map FIELD=COLUMN`` and ``--set FIELD=VALUE`` say, by the field.

    Raises UsageError for what has no ``=``, a field that there isn't, and one that is said twice.
    """
    said: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{option} takes FIELD=…, such as {option} statement=…, not “{pair}”.")
        field = known_field(name)
        if field in said:
            raise UsageError(f"{option} names {field} twice: say it once.")
        said[field] = value.strip()
    return said


def known_field(name: str) -> str:
    """A field, by its name in any case, with spaces or hyphens for underscores.

    Raises UsageError for any other, which names those that are spelled like it.
    """
    field = name.strip().casefold().replace("-", "_").replace(" ", "_")
    if field in FIELDS:
        return field
    near = difflib.get_close_matches(field[:100], FIELDS, n=3, cutoff=0.6)
    if meant := recognised(name):
        near = [meant, *(other for other in near if other != meant)]
    hint = f"did you mean {_listed(near, 'or')}?" if near else f"there are {', '.join(FIELDS)}."
    raise UsageError(f"There is no field “{_short(name)}”: {hint}")


def choose(
    names: Sequence[str], said: Mapping[str, str], *, header: bool = True, keys: bool = False
) -> Choice:
    """Find the fields of a table.

    ``said`` names columns outright (field to column): by name, or by number from 1; a field that
    is said to be in no column (an empty name) is not read. What is said comes first; then columns
    are recognised by name, unless they have none (``header`` is false); of objects they are the
    ``keys``. Where two have the same
    meaning, the field's own name is preferred, then the first. A plain "date" or "URL" is the
    claim's in a table of claims, and the fact-check's in a table of published fact-checks; in one
    that tells where the claims appeared, too, it is neither.

    Raises UsageError for a column that there isn't, and where none is the statement.
    """
    fields = {
        known_field(field): find_column(names, column, header=header)
        for field, column in said.items()
        if column
    }
    closed = {known_field(field) for field in said}
    notices: list[str] = []
    presumed: set[str] = set()
    if header:
        taken = set(fields.values())
        free = [at for at in range(len(names)) if at not in taken and names[at]]
        notices += _by_name(names, free, fields, closed)
        of_reviews, more = _by_table(names, free, fields, closed)
        notices += more
        notices += _unsure(names, free, fields, closed)
        presumed = of_reviews | (fields.keys() & _PRESUMED) - closed
    if "statement" not in fields:
        raise _no_statement(names, header=header, keys=keys)
    used = set(fields.values())
    unused = [at for at in range(len(names)) if at not in used]
    return Choice(fields, unused, notices, frozenset(presumed))


def _by_name(
    names: Sequence[str], free: Sequence[int], fields: dict[str, int], closed: set[str]
) -> list[str]:
    """Take the columns whose name means one thing in any table."""
    notices = []
    for own in (True, False):
        for at in free:
            meant = recognised(names[at])
            if meant is None or meant in closed or folded(names[at]) in _OF_FACT_CHECKS:
                continue
            if own == (folded(names[at]) == folded(meant)):
                notices += _take(names, at, meant, fields)
    return notices


def _by_table(
    names: Sequence[str], free: Sequence[int], fields: dict[str, int], closed: set[str]
) -> tuple[set[str], list[str]]:
    """Take a plain "date" or "URL" for what it is in a table such as this one.

    Gives the dates that were taken for those of fact-checks, and the notices.
    """
    certain = set(fields)
    reviews = any(name in fields for name in _OF_REVIEW) or (
        "statement" in fields and folded(names[fields["statement"]]) == _REVIEWED
    )
    appears = any(name in fields for name in _OF_APPEARANCE)
    presumed: set[str] = set()
    notices = []
    for at in free:
        of_review = _OF_FACT_CHECKS.get(folded(names[at]))
        of_claim = recognised(names[at])
        if of_review is None or of_claim is None:
            continue
        # Where the fact-check's has a column of its own, the plain one is the claim's.
        of_claims = not reviews or (of_review in certain and of_claim not in certain)
        if not of_claims and (appears or of_review == "evidence"):
            notices += _ambiguous(names[at], (of_claim, of_review), fields, closed)
            continue
        meant = of_claim if of_claims else of_review
        if meant not in closed:
            notices += _take(names, at, meant, fields)
            if fields[meant] == at and meant == "reviewed_on":
                presumed.add(meant)
    return presumed, notices


def _take(names: Sequence[str], at: int, meant: str, fields: dict[str, int]) -> list[str]:
    """Read a field from a column, unless it is read from another: then say so."""
    if meant not in fields:
        fields[meant] = at
        return []
    return [
        f"The column “{_short(names[at])}” is not used: {meant} is read from"
        f" “{_short(names[fields[meant]])}”."
    ]


def header_at(records: Sequence[Sequence[str]], said: Mapping[str, str]) -> int:
    """Which of the first records names the columns, from 0: the first with one for the statement.

    Above it only titles stand, of one or two cells that end before its last one does: in a fuller
    record under a header, such a name is a word of the data. Where the statement's column is
    ``said`` by its number, or no record is a header by that, it is the first.
    """
    column = said.get("statement", "")
    if _number(column) is not None:
        return 0
    above: list[list[int]] = []
    for at, cells in enumerate(records):
        filled = [place for place, cell in enumerate(cells) if cell.strip()]
        if len(filled) > 1 and any(_names_statement(cell, column) for cell in cells):
            return at if all(_is_title(each, filled) for each in above) else 0
        above.append(filled)
    return 0


def _names_statement(cell: str, column: str) -> bool:
    if column:
        return cell.strip() == column or folded(cell) == folded(column) != ""
    return recognised(cell) == "statement"


def _is_title(filled: Sequence[int], header: Sequence[int]) -> bool:
    """Whether a record with these cells filled stands above a header with those."""
    return not filled or (len(filled) < min(3, len(header)) and filled[-1] < header[-1])


def header_notice(line: int, what: str) -> str:
    """What to say of a header that isn't the first record."""
    return f"{what} {line} was taken as the header: nothing above it is read."


def find_column(names: Sequence[str], column: str, *, header: bool = True) -> int:
    """The position, from 0, of a column that is said by its name or, from 1, by its number.

    Raises UsageError where there is none, or where two have the name.
    """
    wanted = column.strip()
    if header:
        for same in (
            [at for at, name in enumerate(names) if name == wanted],
            [
                at
                for at, name in enumerate(names)
                if folded(wanted) and folded(name) == folded(wanted)
            ],
        ):
            if len(same) == 1:
                return same[0]
            if same:
                numbers = _listed([str(at + 1) for at in same], "and")
                raise UsageError(
                    f"Columns {numbers} are both called “{_short(wanted)}”: say the number."
                )
    number = _number(wanted)
    if number is not None:
        if 1 <= number <= len(names):
            return number - 1
        raise UsageError(f"There is no column {wanted}: there are {len(names)}.")
    if not header:
        raise UsageError(
            f"There is no column “{_short(wanted)}”: without a header, columns go by number,"
            f" from 1 to {len(names)}."
        )
    lower = {name.casefold(): name for name in names if name}
    near = difflib.get_close_matches(wanted.casefold()[:100], lower, n=3, cutoff=0.5)
    hint = (
        f"did you mean {_listed([f'“{_short(lower[name])}”' for name in near], 'or')}?"
        if near
        else f"there are {_all(names)}."
    )
    raise UsageError(f"There is no column “{_short(wanted)}”: {hint}")


def _number(column: str) -> int | None:
    """The number, from 1, that a column is said by; None where it is a name."""
    return int(column) if column.isascii() and column.isdigit() and len(column) < 9 else None


def _unsure(
    names: Sequence[str], free: Sequence[int], fields: dict[str, int], closed: set[str]
) -> list[str]:
    """Say of ambiguous names what they could be."""
    return [
        notice
        for at in free
        for notice in _ambiguous(names[at], _AMBIGUOUS.get(folded(names[at]), ()), fields, closed)
    ]


def _ambiguous(
    name: str, meanings: Sequence[str], fields: Mapping[str, int], closed: set[str]
) -> list[str]:
    """Say what a column could be, as far as nothing else is that already."""
    ways = [
        f"--map {meaning}={_short(name)}"
        for meaning in meanings
        if meaning not in fields and meaning not in closed
    ]
    if not ways:
        return []
    return [
        f"The column “{_short(name)}” is not used, for it can mean several things;"
        f" if it is needed, say {_listed(ways, 'or')}."
    ]


def _no_statement(names: Sequence[str], *, header: bool, keys: bool) -> UsageError:
    if header:
        data = "" if keys else ", or --no-header if the first line is data"
        return UsageError(
            "No column is recognised as the statement: say which it is with --map"
            f" statement=COLUMN{data}. There are {_all(names)}."
        )
    return UsageError(
        "Without a header, say which column is which: --map statement=3 for the third of"
        f" {len(names)}."
    )


def _all(names: Sequence[str]) -> str:
    named = [f"“{_short(name)}”" for name in names if name]
    more = len(named) - _SHOWN
    if more > 0:
        return f"{', '.join(named[:_SHOWN])} and {more} more"
    return _listed(named, "and") or "no columns with a name"


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"


def _listed(words: Sequence[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
