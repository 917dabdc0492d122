"""`claim match`: whether a text repeats a claim that is on record."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from claimtrack.cli.app import TABLE_LIMIT, App, command, need
from claimtrack.cli.claim.group import claim
from claimtrack.errors import InvalidDataError
from claimtrack.render import Column, Format, Listing
from claimtrack.vocab import Precision, hyphenated, word_of

if TYPE_CHECKING:
    import datetime as dt

    from claimtrack.services.matching.finding import Match
    from claimtrack.written_dates import PartialDate

#: So many characters of a text are looked at: more than any post or article has.
LONGEST = 200_000
#: And so many of what should be a date are told.
_SHOWN = 60


@command(
    claim,
    "match",
    example="""
claimtrack claim match "They say no ship left the port in May!"
claimtrack claim match - --on 2020-03-05 < post.txt
claimtrack claim match --file posts.jsonl --threshold 0 --limit 5
""",
)
@click.argument("text", required=False)
@click.option(
    "--file",
    "file",
    type=click.File("rb"),
    help="JSON Lines, each with id and text (and language, date); each is answered by a line."
    " - is standard input.",
)
@click.option(
    "--threshold",
    metavar="P",
    type=click.FloatRange(0, 1),
    help="The least probability, from 0 (the whole ranking) to 1. [default: the learnt one]",
)
@click.option("--limit", metavar="N", type=click.IntRange(1), help="At most N claims a text.")
@click.option(
    "--language", help="Of the text. [default: the likeliest of those that claims are in]"
)
@click.option("--on", "on", metavar="DATE", help="When the text was posted or said: 2020-03-05.")
def match(
    app: App,
    text: str | None,
    file: IO[bytes] | None,
    threshold: float | None,
    limit: int | None,
    language: str | None,
    on: str | None,
) -> int:
    """Find the claims that TEXT (a post, a headline, a sentence) repeats, the likeliest first.

    Each comes with its status and verdict, with the words that speak for it and with how likely
    it is the same claim. Ends with 3 where none is likely enough. TEXT - is standard input.
    """
    from claimtrack.keys import language_tag
    from claimtrack.matching.model import THRESHOLD

    need((text is None) != (file is None), "Give a text, or --file with one in each line.")
    least = THRESHOLD if threshold is None else threshold
    need(0 <= least <= 1, "--threshold is a probability, from 0 to 1.")
    tongue = None if language is None else language_tag(language)
    day = _day_of(app, on)
    _take_up(app)
    if file is not None:
        need(
            app.format in (Format.TABLE, Format.JSON, Format.JSONL),
            "With --file the answers are JSON Lines (or an array, with --format json).",
        )
        return _answer(app, file, least, limit, tongue, day)
    found = _found(app, _sought(text or ""), least, limit, tongue, day)
    app.emit(
        Listing(
            columns=_COLUMNS if app.as_table else _SPREADSHEET,
            rows=[match_json(one) for one in found],
            cells=lambda row: _cells(row) if app.as_table else _flat(row),
            empty="Nothing on record is likely enough to be that claim.",
        )
    )
    return 0 if found else 3


def _take_up(app: App) -> None:
    """Let what was changed outside of claimtrack be read first, where this login may."""
    from claimtrack.services.matching import postings

    with app.read() as connection:
        if not postings.waits(connection):
            return
        fills = postings.may_fill(connection)
    if fills:
        with app.write():
            pass  # what waits is read before it ends


def _day_of(app: App, typed: str | None) -> dt.date | None:
    """The day that --on says; of a month or year none is known.

    Raises:
        InvalidDataError: it is no date.
    """
    if typed is None:
        return None
    from claimtrack.dates import parse_date

    parsed = parse_date(typed, what="--on date", anchor=app.today())
    if parsed.said_aloud:
        app.say(parsed.said_aloud)
    try:
        return _exact(parsed.value)
    except InvalidDataError as error:
        app.say(error.message)
        return None


def _exact(date: PartialDate) -> dt.date:
    if date.precision is not Precision.DAY:
        raise InvalidDataError(f"{date} is no day: the text is looked for without.")
    return date.day


def _sought(text: str) -> str:
    from claimtrack.cli.streams import read_all

    if text == "-":
        text = read_all()
    if not text.strip():
        raise InvalidDataError("There is no text to look for.")
    return text[:LONGEST]


def _found(
    app: App,
    text: str,
    threshold: float,
    limit: int | None,
    language: str | None,
    day: dt.date | None,
) -> Sequence[Match]:
    from claimtrack.services.matching.finding import find
    from claimtrack.services.matching.languages import likeliest_language
    from claimtrack.services.matching.texts import load_languages

    # A person reads a page; a program gets the ranking.
    most = limit or (TABLE_LIMIT if app.as_table else None)
    with app.read() as connection:
        languages = load_languages(connection)
        tongue = language or likeliest_language(connection, text, languages)
        return find(connection, text, limit=most, threshold=threshold, language=tongue, day=day)


# --- A file of texts -----------------------------------------------------------------------------


class _Query(NamedTuple):
    """A line of a file: a text, and what it says of it."""

    id: str | int
    text: str
    language: str | None
    day: dt.date | None


def _answer(
    app: App,
    file: IO[bytes],
    threshold: float,
    limit: int | None,
    language: str | None,
    day: dt.date | None,
) -> int:
    from claimtrack.services.matching.finding import find
    from claimtrack.services.matching.languages import likeliest_language
    from claimtrack.services.matching.texts import load_languages

    found = 0
    lines = _Lines(app, file)

    def answers() -> Iterator[dict[str, Any]]:
        nonlocal found
        for queries in lines.at_once():
            # While a pipe is waited for, nothing is held open, and the next answer knows more.
            with app.read() as connection:
                languages = load_languages(connection)
                for query in queries:
                    tongue = query.language or language
                    matches = find(
                        connection,
                        query.text,
                        limit=limit,
                        threshold=threshold,
                        language=tongue or likeliest_language(connection, query.text, languages),
                        day=query.day or day,
                    )
                    found += bool(matches)
                    yield {"id": query.id, "matches": [match_json(one) for one in matches]}

    if app.format is Format.JSON:
        app.emit(Listing(columns=(), rows=answers()))
    else:
        from claimtrack.render import json_text

        for answer in answers():
            sys.stdout.write(json_text(answer) + "\n")
            sys.stdout.flush()  # who feeds a pipe waits for each answer
    if lines.wrong:
        counted = "1 line was" if lines.wrong == 1 else f"{lines.wrong:,} lines were"
        app.say(f"{counted} not answered.")
        return InvalidDataError.exit_code
    return 0 if found else 3


class _Lines:
    """The lines of a file of texts; ``wrong`` of them can't be answered, and are told of."""

    def __init__(self, app: App, file: IO[bytes]) -> None:
        self._app, self._file = app, file
        self.wrong = 0

    def at_once(self) -> Iterator[Iterator[_Query]]:
        """The texts that are looked for in one transaction: of a file all, of a pipe one."""
        if self._file.seekable():
            yield self._queries()
        else:
            for query in self._queries():
                yield iter((query,))

    def _queries(self) -> Iterator[_Query]:
        """Those that can be read; blank lines are passed over."""
        for number, raw in enumerate(self._file, 1):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
            if line.strip():
                try:
                    row = _row(line)
                    query = _Query(row["id"], row["text"][:LONGEST], _language(row), None)
                except InvalidDataError as error:
                    self._tell(number, error.message)
                    self.wrong += 1
                    continue
                try:
                    query = query._replace(day=_day(row))
                except InvalidDataError as error:
                    self._tell(number, error.message)
                yield query

    def _tell(self, number: int, why: str) -> None:
        sys.stdout.flush()  # the words stand behind the answers that came before them
        self._app.say(f"Line {number}: {why}")


def _row(line: bytes) -> dict[str, Any]:
    """A line with an id and a text.

    Raises:
        InvalidDataError: it is none.
    """
    import json

    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidDataError("It is not UTF-8 text.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidDataError("It is not JSON.") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise InvalidDataError('It is no object with a text: {"id": 7, "text": "…"}.')
    if not isinstance(row.get("id"), (str, int)) or isinstance(row["id"], bool):
        raise InvalidDataError('It has no id: {"id": 7, "text": "…"}.')
    return row


def _language(row: dict[str, Any]) -> str | None:
    from claimtrack.keys import language_tag

    language = row.get("language")
    if language is not None and not isinstance(language, str):
        raise InvalidDataError("Its language is no tag: write it as en, ar or pt-BR (BCP 47).")
    return None if language is None else language_tag(language)


def _day(row: dict[str, Any]) -> dt.date | None:
    """The day of a line's date, as programs and people write it, if it holds anything.

    Raises:
        InvalidDataError: there is no day in it that can be read.
    """
    from claimtrack.written_dates import is_blank_date, read_written

    said = row.get("date")
    if said is None or (isinstance(said, str) and is_blank_date(said)):
        return None
    try:
        date = read_written(said if isinstance(said, str) else "")
    except InvalidDataError as error:
        words = " ".join(str(said).split())[:_SHOWN]
        raise InvalidDataError(
            f'No date can be read in "{words}": the text is looked for without.'
        ) from error
    return _exact(date)


# --- How it looks --------------------------------------------------------------------------------


def match_json(one: Match) -> dict[str, Any]:
    """A match as JSON."""
    return {
        "claim_id": one.claim_id,
        "external_id": one.external_id,
        "statement": one.statement,
        "status": one.status,
        "verdict": one.verdict,
        "appearances": one.appearances,
        "score": round(one.score, 4),
        "probability": round(one.probability, 4),
        "why": [{"word": word, "weight": weight} for word, weight in one.why],
        "same": [
            {"id": each.id, "status": each.status, "verdict": each.verdict} for each in one.same
        ],
    }


_COLUMNS = (
    Column("id", "Claim", align="right"),
    Column("likely", "Likely", align="right"),
    Column("word", "Status"),
    Column("statement", "Statement", grow=True),
    Column("why", "Shared words", grow=True, drop=1),
)
_SPREADSHEET = tuple(
    Column(key, key)
    for key in (
        *("claim_id", "external_id", "statement", "status", "verdict", "appearances", "score"),
        *("probability", "why", "same"),
    )
)


def _words(row: Any) -> str:
    return ", ".join(one["word"] for one in row["why"])


def _same(row: Any) -> str:
    return ", ".join(f"{one['id']} {hyphenated(one['verdict'])}" for one in row["same"])


def _cells(row: Any) -> dict[str, Any]:
    same = _same(row)
    return {
        "id": row["claim_id"],
        "likely": f"{row['probability']:.0%}",
        "word": hyphenated(word_of(row["status"], row["verdict"])),
        "statement": f"{row['statement']} (the same: {same})" if same else row["statement"],
        "why": _words(row),
    }


def _flat(row: Any) -> dict[str, Any]:
    return {**row, "why": _words(row), "same": _same(row)}
