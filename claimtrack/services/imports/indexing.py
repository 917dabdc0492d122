"""The postings of the claims that an import makes, worked out while the file is read.

What a row says of its own claim is read by who reads the file, beside the server's work; what is
on record of its speakers and sources is asked once the claim is there. They are brought by a
connection of their own while the server settles the next part. All other claims whose texts an
import changes are noted, and get their postings as after any other command.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from time import perf_counter
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import DBAPIError

from claimtrack.matching.terms import stems, term
from claimtrack.services.imports.records import Record
from claimtrack.services.matching.postings import bring_words, note_unlisted, weigh
from claimtrack.services.matching.texts import TEXT_LIMIT, Texts, load_names, load_titles

#: So many stems are remembered as brought to the record; beyond that some are asked for again.
_REMEMBERED = 50_000
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
    """The words of a row's own texts.

    ``lines`` are those of its postings, with a stand-in for the claim's id, ``own`` their terms;
    ``found`` are the terms that only search sees.
    """

    lines: str
    own: array[int]
    found: array[int]
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
    stems: dict[int, str]


class Index:
    """The words of a run, of which it remembers those that it has brought to the record.

    For one thread: the one that reads the file.
    """

    def __init__(self) -> None:
        self._brought: set[int] = set()

    def read(self, record: Record, fresh: dict[int, str]) -> Words:
        """The words of a record; ``fresh`` gets the stems that the run has not brought yet."""
        weights, found = weigh(_texts(record))
        own = {self._term(stem, fresh): weight for stem, weight in weights.items()}
        return Words(
            "".join([f"{_ID}\t{key}\t{weight:.6g}\n" for key, weight in own.items()]),
            array("q", own),
            array("q", [self._term(stem, fresh) for stem in found]),
            record.language,
        )

    def postings(
        self, words: Mapping[int, Words], fresh: Mapping[int, str], created: Sequence[Created]
    ) -> Postings:
        """The postings of the claims that a part created, to be brought before those of the next.

        ``words`` and ``fresh`` are what `read` gave for the part's rows.
        """
        lines: list[str] = []
        brought = dict(fresh)
        for each in created:
            lines += self._lines(words, each, brought)
        if not lines:  # nothing is brought, and so nothing to be remembered as if it were
            return Postings((), "", {})
        if len(self._brought) > _REMEMBERED:
            self._brought.clear()
        self._brought.update(brought)
        claim_ids = [row.claim_id for each in created for row in each.claims]
        return Postings(claim_ids, "".join(lines), brought)

    def _lines(
        self, words: Mapping[int, Words], created: Created, brought: dict[int, str]
    ) -> Iterator[str]:
        known: dict[tuple[str, str], list[int]] = {}

        def terms(shown: str, language: str) -> Sequence[int]:
            if (shown, language) not in known:
                of_it = [self._term(stem, brought) for stem in stems(shown, language)]
                known[shown, language] = of_it
            return known[shown, language]

        for row in created.claims:
            of_row = words[row.no]
            told = chain(
                *(created.names.get(one, ()) for one in row.speakers),
                (created.titles[one] for one in row.sources if one in created.titles),
            )
            more = {*of_row.found}.union(*(terms(one, of_row.language) for one in told))
            yield of_row.lines.replace(_ID, str(row.claim_id))
            for key in more.difference(of_row.own):
                yield f"{row.claim_id}\t{key}\t0\n"

    def _term(self, stem: str, fresh: dict[int, str]) -> int:
        key = term(stem)
        if key not in self._brought:
            fresh[key] = stem
        return key


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


def _texts(record: Record) -> Texts:
    told = record.assessed
    others = (told.title, told.summary) if told is not None else ()
    return Texts(
        record.statement,
        record.language,
        [one[:TEXT_LIMIT] for one in others if one],
        [one for each in record.appearances for one in (each.passage, each.quote) if one],
    )
