"""The postings of claims: the weighted stems by which matching and search find them.

Triggers note each claim whose texts came or changed, on whatever path; who noted it makes its
postings before the transaction ends (`drain`). What is left, such as what was changed by plain
SQL, is made by the next command that writes, or by ``db reindex``. How many claims have a word is
counted apart (`count_words`): counters that every writer updates would have them wait in circles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, text

from claimtrack.matching.terms import stems, term
from claimtrack.services.imports.settling import LOCK
from claimtrack.services.matching.texts import Texts, load_own_texts, load_texts

#: BM25 (Robertson & Zaragoza 2009), of each word the part that doesn't depend on other claims.
K1 = 1.2
B = 0.75
#: Taken for the average number of stems, whatever it is: so that the postings of a claim depend
#: on its own texts alone, and are the same whenever they are made.
AVERAGE = 20.0

#: So many claims are read and filled at once.
PAGE = 500
#: Of claims that others left, one command fills so many on the way.
LEFT_OVER = 200
#: So many claims may be read beside the lists.
UNLISTED = 1_000
#: Words are counted again when there are so many claims more, as a share of those counted.
GROWTH = 0.25
FEW = 20
#: The average length is taken from so many claims, about; and so many are looked at in a check.
_SAMPLE = 1000


def weigh(texts: Texts) -> tuple[dict[str, float], set[str]]:
    """The stems of a claim's own texts with their weights, and those that only search sees."""
    own = Counter(
        found for each in (texts.statement, *texts.others) for found in stems(each, texts.language)
    )
    length = own.total()
    found = {stem for each in texts.found for stem in stems(each, texts.language)}
    return {stem: weight(count, length) for stem, count in own.items()}, found - own.keys()


def weight(count: int, length: int) -> float:
    """What a stem weighs in a text where it stands so often, among so many."""
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length / AVERAGE))


def fill(connection: Connection, texts: Iterable[tuple[int, Texts]]) -> None:
    """Make the postings of claims that have none: of new ones, or of those that were cleared."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - it is open
    brought: dict[int, str] = {}
    with (
        driver.cursor() as cursor,
        cursor.copy("COPY posting (claim_id, term, weight) FROM STDIN") as copy,
    ):
        for number, each in texts:
            weights, found = weigh(each)
            for stem, weighs in weights.items():
                key = term(stem)
                brought[key] = stem
                copy.write(f"{number}\t{key}\t{weighs:.6g}\n")
            for stem in found:
                key = term(stem)
                brought[key] = stem
                copy.write(f"{number}\t{key}\t0\n")
    bring_words(connection, brought)


def bring_words(connection: Connection, brought: Mapping[int, str]) -> None:
    """Keep the stems that were not on record, by their terms."""
    if not brought:
        return
    connection.execute(
        text(
            "INSERT INTO word (term, stem)"
            " SELECT term, stem FROM unnest(CAST(:terms AS bigint[]), CAST(:stems AS text[]))"
            " AS brought (term, stem)"
            " WHERE NOT EXISTS (SELECT FROM word WHERE word.term = brought.term)"
        ),
        {"terms": list(brought), "stems": list(brought.values())},
    )


def drain(connection: Connection, *, left_over: int | None = LEFT_OVER) -> None:
    """Make the postings of the claims that this transaction noted, and of some that others left.

    ``left_over`` is how many of the latter at most; None takes all. Claims that somebody else is
    changing are left to them. If there are many claims more by then, the words are counted.
    """
    rows = connection.execute(
        text(
            "SELECT claim_id, bool_or(noted_by = pg_current_xact_id()) AS own,"
            " bool_or(forget) AS forget FROM posting_due GROUP BY claim_id ORDER BY claim_id"
        )
    ).all()
    if not rows:
        return
    own = [row.claim_id for row in rows if row.own]
    for page in _pages(own):
        refill(connection, page)
    others = [row.claim_id for row in rows if not row.own]
    for page in _pages(others[:left_over]):
        refill(connection, page, wait=False)
    if any(row.forget for row in rows):
        connection.execute(text("SELECT forget_words()"))
    if is_count_old(connection):
        count_words(connection)
    list_new(connection)


def refill(connection: Connection, claim_ids: Sequence[int], *, wait: bool = True) -> None:
    """Make the postings of those of the claims anew that were noted.

    Without ``wait`` claims that somebody else has locked are passed by.
    """
    cleared = connection.execute(
        text("SELECT clear_postings(:ids, :wait)"), {"ids": list(claim_ids), "wait": wait}
    ).scalar_one()
    if cleared:
        fill(connection, load_texts(connection, cleared).items())
        note_unlisted(connection, cleared)


def waits(connection: Connection) -> bool:
    """Whether any claim waits for its postings."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM posting_due)")).scalar_one())


def may_fill(connection: Connection) -> bool:
    """Whether this login may make them."""
    allowed = text("SELECT has_any_column_privilege('posting', 'INSERT')")
    return bool(connection.execute(allowed).scalar_one())


def waiting(connection: Connection) -> int:
    """How many claims wait for their postings."""
    counted = text("SELECT count(DISTINCT claim_id) FROM posting_due")
    return int(connection.execute(counted).scalar_one())


# --- Lists of the postings of words in many claims -----------------------------------------------


def note_unlisted(connection: Connection, claim_ids: Sequence[int]) -> None:
    """Note claims whose postings were made: they are read beside the lists until they are listed.

    It belongs into the transaction that made them.
    """
    connection.execute(
        text("INSERT INTO posting_unlisted (claim_ids) VALUES (:ids)"), {"ids": list(claim_ids)}
    )


def list_new(connection: Connection) -> None:
    """List the claims that wait for it, if they are so many that reading them apart takes long.

    It comes last in a transaction: who redacts waits for it.
    """
    waiting = connection.execute(
        text("SELECT COALESCE(sum(cardinality(claim_ids)), 0) FROM posting_unlisted")
    ).scalar_one()
    if waiting > UNLISTED:
        connection.execute(text("SELECT list_postings(false)"))


# --- All of them ---------------------------------------------------------------------------------


def note_all(connection: Connection) -> None:
    """Note every claim as one whose postings are to be made, by whoever comes to it."""
    connection.execute(
        text(
            "INSERT INTO posting_due (claim_id, noted_by)"
            " SELECT id, CAST('0' AS xid8) FROM claim ORDER BY id"
        )
    )


def drop_lost(connection: Connection) -> None:
    """Delete the postings of claims that never came: those of an import that ended in its commit.

    Only a login that may delete them does it, and none while an import runs, whose claims can't
    be seen yet.
    """
    may = text(
        "SELECT has_table_privilege('posting', 'DELETE') AND pg_try_advisory_xact_lock(:key)"
    )
    if connection.execute(may, {"key": LOCK}).scalar_one():
        connection.execute(
            text(
                "DELETE FROM posting"
                " WHERE NOT EXISTS (SELECT FROM claim WHERE claim.id = posting.claim_id)"
            )
        )


def pages_due(connection: Connection) -> list[Sequence[int]]:
    """The claims that wait, by pages to be filled in a transaction each."""
    found = connection.execute(
        text("SELECT DISTINCT claim_id FROM posting_due ORDER BY claim_id")
    ).scalars()
    return list(_pages(found.all()))


def _pages(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(numbers), PAGE):
        yield numbers[at : at + PAGE]


def disagreeing(connection: Connection) -> list[str]:
    """The claims whose postings are not what their texts make, though they don't wait for others.

    `_SAMPLE` claims, spread over all, are worked out anew.
    """
    due = set(connection.execute(text("SELECT claim_id FROM posting_due")).scalars())
    wrong = []
    texts = load_texts(connection, _spread(connection))
    stored: dict[int, dict[int, float]] = {}
    for row in connection.execute(
        text("SELECT claim_id, term, weight FROM posting WHERE claim_id = ANY (:ids)"),
        {"ids": list(texts)},
    ):
        stored.setdefault(row.claim_id, {})[row.term] = row.weight
    for number, each in texts.items():
        weights, found = weigh(each)
        made = {term(stem): weighs for stem, weighs in weights.items()}
        made |= {term(stem): 0.0 for stem in found}
        kept = stored.get(number, {})
        if number not in due and (
            made.keys() != kept.keys()
            or any(abs(kept[key] - weighs) > _ROUNDING for key, weighs in made.items())
        ):
            wrong.append(number)
    return [f"claim {number}" for number in sorted(wrong)]


#: A weight is stored with four bytes.
_ROUNDING = 1e-3


def _spread(connection: Connection) -> list[int]:
    """Numbers of claims, spread evenly over all."""
    top = connection.execute(text("SELECT COALESCE(max(id), 0) FROM claim")).scalar_one()
    return list(range(top, 0, -max(top // _SAMPLE, 1)))


# --- Words ---------------------------------------------------------------------------------------


def is_count_old(connection: Connection) -> bool:
    """Whether there are many claims more than when words were counted."""
    return bool(
        connection.execute(
            text(
                "SELECT COALESCE((SELECT max(id) FROM claim), 0) > COALESCE("
                " (SELECT top_id + claims * :growth FROM word_count), 0) + :few"
            ),
            {"growth": GROWTH, "few": FEW},
        ).scalar_one()
    )


def count_words(connection: Connection, beside: Connection | None = None) -> bool:
    """Count how many claims have each word, and list those of words in many.

    False where another is at it.

    ``beside`` is the connection that sees the postings, where that is another.
    """
    claims, top = connection.execute(text("SELECT count(*), max(id) FROM claim")).one()
    texts = load_own_texts(connection, _spread(connection)).values()
    lengths = [
        sum(len(stems(each, one.language)) for each in (one.statement, *one.others))
        for one in texts
    ]
    return bool(
        (beside or connection)
        .execute(
            text("SELECT count_words(:claims, :top, CAST(:average AS real))"),
            {
                "claims": claims,
                "top": top or 0,
                "average": sum(lengths) / len(lengths) if lengths else 0,
            },
        )
        .scalar_one()
    )
