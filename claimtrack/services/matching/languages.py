"""Which language a text that is looked for is in, of those that claims are in."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from claimtrack.matching.terms import likely_languages, main_language, stems, term


def likeliest_language(connection: Connection, sought: str, languages: Sequence[str]) -> str:
    """The language, of those of the claims, that a text is most likely in.

    Where its letters and small words don't tell, it is the one in which most of its words are on
    record: there it finds what it repeats, if anything. English stands for none.
    """
    likely = likely_languages(sought, languages)
    if len(likely) < 2:
        return likely[0] if likely else main_language(None)
    read = {tag: {term(stem) for stem in stems(sought, tag)} for tag in likely}
    known = set(
        connection.scalars(
            text("SELECT term FROM word WHERE term = ANY (CAST(:terms AS bigint[]))"),
            {"terms": list(set().union(*read.values()))},
        )
    )
    return max(likely, key=lambda tag: len(read[tag] & known) / (len(read[tag]) or 1))
