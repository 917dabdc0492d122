"""The postings of the claims that an import makes, worked out while the file is read.

What a row says of its own claim is read by who reads the file, beside the server's work; what is
on record of its speakers and sources is added when the claim is there. All other claims whose
texts an import changes are noted, and get their postings as after any other command.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, text

from claimtrack.matching.terms import stems, term
from claimtrack.services.imports.records import Record
from claimtrack.services.matching.postings import bring_words, weigh
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


class Index:
    """The words of a run, of which it remembers those that it has brought to the record."""

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

    def fill(
        self, connection: Connection, words: Mapping[int, Words], fresh: Mapping[int, str]
    ) -> None:
        """Make the postings of the claims that the settled part created, and note the others."""
        connection.execute(text(_NOTE_OTHERS))
        created = connection.execute(text(_CREATED)).all()
        brought = dict(fresh)
        names = load_names(connection, list({one for row in created for one in row.speakers}))
        titles = load_titles(connection, list({one for row in created for one in row.sources}))
        known: dict[tuple[str, str], list[int]] = {}

        def terms(shown: str, language: str) -> Sequence[int]:
            if (shown, language) not in known:
                of_it = [self._term(stem, brought) for stem in stems(shown, language)]
                known[shown, language] = of_it
            return known[shown, language]

        lines = []
        for row in created:
            of_row = words[row.no]
            told = chain(
                *(names.get(one, ()) for one in row.speakers),
                (titles[one] for one in row.sources if one in titles),
            )
            more = {*of_row.found}.union(*(terms(one, of_row.language) for one in told))
            lines.append(of_row.lines.replace(_ID, str(row.claim_id)))
            lines += [f"{row.claim_id}\t{key}\t0\n" for key in more.difference(of_row.own)]
        cursor = connection.connection.cursor()
        with cursor.copy("COPY posting (claim_id, term, weight) FROM STDIN") as copy:
            copy.write("".join(lines))
        bring_words(connection, brought)

    def keep(self, fresh: Iterable[int]) -> None:
        """Remember stems that have been brought."""
        if len(self._brought) > _REMEMBERED:
            self._brought.clear()
        self._brought.update(fresh)

    def _term(self, stem: str, fresh: dict[int, str]) -> int:
        key = term(stem)
        if key not in self._brought:
            fresh[key] = stem
        return key


def _texts(record: Record) -> Texts:
    told = record.assessed
    others = (told.title, told.summary) if told is not None else ()
    return Texts(
        record.statement,
        record.language,
        [one[:TEXT_LIMIT] for one in others if one],
        [one for each in record.appearances for one in (each.passage, each.quote) if one],
    )
