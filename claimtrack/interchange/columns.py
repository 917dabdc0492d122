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
    "external_id": "id, external ID, claim ID, item ID, record ID, reference number, ref no, UUID",
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
        said at, date of statement, statement date, date made, when, when said""",
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
    "summary": "fact-check summary, review summary, conclusion, explanation",
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
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the fields are: the position of a column, from 0, for each field that is read.

    ``unused`` are the positions of the others; ``notices`` tell what was not taken, and why.
    """

    fields: dict[str, int]
    unused: list[int]
    notices: list[str] = field(default_factory=list)


def folded(name: str) -> str:
    """A name without regard to case, spaces and punctuation: "Claim-date " is "claimdate"."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


_KNOWN = {
    folded(name): field
    for field, names in _NAMES.items()
    for name in names.replace("\n", " ").split(",")
} | {folded(field): field for field in FIELDS}


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


def choose(names: Sequence[str], said: Mapping[str, str], *, header: bool = True) -> Choice:
    """Find the fields of a table.

    ``said`` names columns outright (field to column): by name, or by number from 1; a field that
    is said to be in no column (an empty name) is not read. What is said comes first; then columns
    are recognised by name, unless they have none (``header`` is false). Where two have the same
    meaning, the field's own name is preferred, then the first. A plain "date" is when it was said,
    but not in a table of published fact-checks.

    Raises UsageError for a column that there isn't, and where none is the statement.
    """
    fields = {
        known_field(field): find_column(names, column, header=header)
        for field, column in said.items()
        if column
    }
    notices: list[str] = []
    if header:
        taken = set(fields.values())
        free = [at for at in range(len(names)) if at not in taken and names[at]]
        closed = {known_field(field) for field in said}
        found = {at: recognised(names[at]) for at in free}
        for own in (True, False):
            for at in free:
                meant = found[at]
                if meant and own == (folded(names[at]) == folded(meant)) and meant not in closed:
                    if meant not in fields:
                        fields[meant] = at
                    else:
                        notices.append(
                            f"The column “{_short(names[at])}” is not used: {meant} is read from"
                            f" “{_short(names[fields[meant]])}”."
                        )
        notices += _unsure(names, free, fields, closed)
    if "statement" not in fields:
        raise _no_statement(names, header=header)
    used = set(fields.values())
    unused = [at for at in range(len(names)) if at not in used]
    return Choice(fields, unused, notices)


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
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 9:
        if 1 <= int(wanted) <= len(names):
            return int(wanted) - 1
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


def _unsure(
    names: Sequence[str], free: Sequence[int], fields: dict[str, int], closed: set[str]
) -> list[str]:
    """Take a plain "date", and say of ambiguous names what they could be."""
    notices = []
    used = set(fields.values())
    foreign = {"title", "review_url", "rating"} & fields.keys()
    for at in free:
        name = folded(names[at])
        meanings: Sequence[str] = _AMBIGUOUS.get(name, ())
        if name == "date":
            if not foreign and "said_on" not in fields and "said_on" not in closed:
                fields["said_on"] = at
                continue
            meanings = ("said_on", "reviewed_on")
        meanings = [m for m in meanings if m not in fields and m not in closed]
        if meanings and at not in used:
            ways = [f"--map {meaning}={_short(names[at])}" for meaning in meanings]
            notices.append(
                f"The column “{_short(names[at])}” is not used, for it can mean several things;"
                f" if it is needed, say {_listed(ways, 'or')}."
            )
    return notices


def _no_statement(names: Sequence[str], *, header: bool) -> UsageError:
    if header:
        return UsageError(
            "No column is recognised as the statement: say which it is with --map"
            f" statement=COLUMN, or --no-header if the first line is data. There are {_all(names)}."
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
