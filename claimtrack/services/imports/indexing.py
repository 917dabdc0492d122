"""The postings of the claims that an import makes, worked out while the file is read.

What a row says of its own claim is read by who reads the file, beside the server's work; what is
on record of its speakers and sources is asked once the claim is there. They are brought by a
connection of their own while the server settles the next part. All other claims whose texts an
import changes are noted, and get their postings as after any other command.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from time import perf_counter
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from claimtrack.matching.terms import Reader, main_language, term
from claimtrack.services.imports.records import Record
from claimtrack.services.matching.postings import bring_words, note_unlisted, weight
from claimtrack.services.matching.texts import TEXT_LIMIT, load_names, load_titles

#: Words of so many languages are remembered at once.
_LANGUAGES = 4
#: Stands for the claim's id in lines that are made before it is known.
_ID = "\0"

#: An import says that it makes the postings of its claims itself: they are not noted then.
FILLS = "set_config('claimtrack.fills_postings', 'on', true)"

# A claim of several rows has the texts of all of them: it is left to the record.
_NOTE_OTHERS = """
    INSERT INTO posting_due (claim_id)
    SELECT claim_id FROM settled WHERE outcome NOT IN ('unchanged', 'known')
    GROUP BY claim_id HAVING count(*) > 1 OR min(outcome) <> 'created'
    """

_CREATED = """
    SELECT settled.no, settled.claim_id,
        array_remove(array_agg(DISTINCT source.id), NULL) AS sources,
        array_remove(array_agg(DISTINCT speaker.id), NULL) AS speakers
    FROM (
        SELECT min(no) AS no, claim_id FROM settled WHERE outcome NOT IN ('unchanged', 'known')
        GROUP BY claim_id HAVING count(*) = 1 AND min(outcome) = 'created'
    ) AS settled
    LEFT JOIN staged_appearance AS staged USING (no)
    LEFT JOIN staged_source AS source USING (source_key)
    LEFT JOIN staged_speaker AS speaker
        ON (speaker.name_key, speaker.qualifier_key) = (staged.name_key, staged.qualifier_key)
    GROUP BY settled.no, settled.claim_id
    """


class Words(NamedTuple):
    """The words of a row's own texts, by their terms as COPY takes them.

    ``lines`` are those of its postings, with a stand-in for the claim's id.
    """

    lines: str
    terms: Sequence[str]
    language: str


class Created(NamedTuple):
    """The claims that a part created, with what is on record of their speakers and sources."""

    claims: Sequence[Row[Any]]
    names: Mapping[int, Sequence[str]]
    titles: Mapping[int, str]


class Postings(NamedTuple):
    """Postings as COPY takes them in, and the stems that their terms may be the first to have."""

    claim_ids: Sequence[int]
    lines: str
    stems: Mapping[int, str]


class Index:
    """The words of a run, which are brought to the record as they are read first.

    For one thread: the one that reads the file.
    """

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}
        self._fresh: dict[int, str] = {}

    def read(self, record: Record) -> Words:
        """The words of a record."""
        reader, told = self._reader(record.language), record.assessed
        own = Counter(reader.read(record.statement))
        if told is not None:
            for one in (told.title, told.summary):
                own.update(reader.read(one[:TEXT_LIMIT]) if one else ())
        length = own.total()
        more: set[str] = set()
        for appeared in record.appearances:
            for one in (appeared.passage, appeared.quote):
                more.update(reader.read(one) if one else ())
        more -= own.keys()
        lines = [f"{_ID}\t{each}\t{_weight(count, length)}\n" for each, count in own.items()]
        lines += [f"{_ID}\t{each}\t0\n" for each in more]
        return Words("".join(lines), (*own, *more), record.language)

    def postings(self, words: Mapping[int, Words], created: Sequence[Created]) -> Postings:
        """The postings of the claims that a part created, to be brought before those of the next.

        ``words`` is what `read` gave for the part's rows.
        """
        lines: list[str] = []
        for each in created:
            lines += self._lines(words, each)
        if not lines:  # the stems wait for a part that brings something
            return Postings((), "", {})
        brought, self._fresh = self._fresh, {}
        claim_ids = [row.claim_id for each in created for row in each.claims]
        return Postings(claim_ids, "".join(lines), brought)

    def _lines(self, words: Mapping[int, Words], created: Created) -> Iterator[str]:
        known: dict[tuple[str, str], Sequence[str]] = {}

        def terms(shown: str, language: str) -> Sequence[str]:
            if (shown, language) not in known:
                known[shown, language] = self._reader(language).read(shown)
            return known[shown, language]

        for row in created.claims:
            of_row = words[row.no]
            told = chain(
                *(created.names.get(one, ()) for one in row.speakers),
                (created.titles[one] for one in row.sources if one in created.titles),
            )
            more = {each for one in told for each in terms(one, of_row.language)}
            yield of_row.lines.replace(_ID, str(row.claim_id))
            for each in more.difference(of_row.terms):
                yield f"{row.claim_id}\t{each}\t0\n"

    def _reader(self, language: str) -> Reader:
        main = main_language(language)
        if main not in self._readers:
            if len(self._readers) >= _LANGUAGES:
                self._readers.clear()
            self._readers[main] = Reader(main, self._meet)
        return self._readers[main]

    def _meet(self, stem: str) -> str:
        """The term of a stem that isn't remembered, and so may be new to the record."""
        key = term(stem)
        self._fresh[key] = stem
        return str(key)


@lru_cache(4_096)
def _weight(count: int, length: int) -> str:
    return f"{weight(count, length):.6g}"


def note_others(connection: Connection) -> Created:
    """Note the claims of the settled part whose postings are left to others; give those created."""
    connection.execute(text(_NOTE_OTHERS))
    claims = connection.execute(text(_CREATED)).all()
    return Created(
        claims,
        load_names(connection, list({one for row in claims for one in row.speakers})),
        load_titles(connection, list({one for row in claims for one in row.sources})),
    )


def fill(connection: Connection, made: Postings) -> float:
    """Bring postings to the record, with the stems that it doesn't have; the seconds it took."""
    began = perf_counter()
    if made.lines:
        cursor = connection.connection.cursor()
        try:
            with cursor.copy("COPY posting (claim_id, term, weight) FROM STDIN") as copy:
                copy.write(made.lines)
        except psycopg.Error as error:
            raise DBAPIError("COPY", None, error) from error
        bring_words(connection, made.stems)
        note_unlisted(connection, made.claim_ids)
    return perf_counter() - began
