"""The index of the words of claims, for matching and search: derived, and filled by Python.

None of these tables is logged, carried by an archive or in a digest: what stands in them is made
from the claims by `claimtrack.services.matching.postings`, and made again by ``db reindex``. So
they alone take DELETE, though from nobody but the functions here.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Table,
    Text,
    TypedColumns,
    text,
)
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import UserDefinedType

from claimtrack.db import held_by, metadata
from claimtrack.models.functions import AS_OWNER, PINNED

#: The postings of words in so many claims are kept in lists, too: rarer ones are read quickly
#: without, and those of commoner ones are never read whole.
LISTED = (250, 100_000)
#: A weight of 1 in a list.
PARTS = 10_000


class TransactionId(UserDefinedType[str]):
    """A transaction's number that never comes again (xid8)."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in SQL."""
        return "xid8"


class PostingColumns(TypedColumns):
    """One word of one claim."""

    claim_id: Column[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    term: Column[int] = Column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="64 bits, made in Python, that stand for the stem",
    )
    weight: Column[float] = Column(
        REAL,
        nullable=False,
        comment="of BM25 the part that the claim's own texts make; 0 where the stem stands only in"
        " texts that nothing but search looks at",
    )


posting = Table(
    "posting", metadata, PostingColumns, comment="derived: the stems of the texts of each claim"
)


@held_by(posting)
def _() -> Sequence[SchemaItem]:
    # Of a word in very many claims, those come first that it says most of.
    return (Index("ix_posting_term", "term", text("weight DESC"), "claim_id"),)


class WordColumns(TypedColumns):
    """A stem and how many claims have it.

    Not unique: of two who bring the same new word at once, none waits for the other. The next
    count makes them one.
    """

    term: Column[int] = Column(BigInteger, nullable=False)
    stem: Column[str] = Column(Text, nullable=False)
    claims: Column[int] = Column(
        BigInteger,
        nullable=False,
        server_default="1",
        comment="claims that have it with a weight, at the last count",
    )
    found: Column[int] = Column(
        BigInteger,
        nullable=False,
        server_default="1",
        comment="claims that search finds by it, at the last count",
    )


word = Table("word", metadata, WordColumns, comment="derived: the stems, counted now and then")


@held_by(word)
def _() -> Sequence[SchemaItem]:
    # Search looks words up by how they begin.
    return (
        Index(None, "term"),
        Index("ix_word_beginning", "stem", postgresql_ops={"stem": "text_pattern_ops"}),
    )


class WordCountColumns(TypedColumns):
    """The last count of the words, in one row."""

    counted_at: Column[dt.datetime] = Column(DateTime(timezone=True), primary_key=True)
    claims: Column[int] = Column(BigInteger, nullable=False, comment="claims that there were")
    top_id: Column[int] = Column(BigInteger, nullable=False, comment="the newest of them")
    stems: Column[float] = Column(
        REAL, nullable=False, comment="how many stems the texts of a claim have on average"
    )


word_count = Table(
    "word_count", metadata, WordCountColumns, comment="derived: the last count of the words"
)


class PostingListColumns(TypedColumns):
    """A word of many claims, whose postings are read in one piece.

    A word has one row of the last count, and one more for each time that claims came to it since.
    """

    term: Column[int] = Column(BigInteger, nullable=False)
    claim_ids: Column[bytes] = Column(LargeBinary, nullable=False, comment="eight bytes each")
    weights: Column[bytes] = Column(
        LargeBinary, nullable=False, comment=f"in parts of {PARTS}, two bytes each"
    )


posting_list = Table(
    "posting_list",
    metadata,
    PostingListColumns,
    comment="derived: the postings with a weight of words in many claims, in one piece",
)


@held_by(posting_list)
def _() -> Sequence[SchemaItem]:
    return (Index(None, "term"),)


class PostingUnlistedColumns(TypedColumns):
    """Claims whose postings were made since the lists were."""

    claim_ids: Column[list[int]] = Column(ARRAY(BigInteger), nullable=False)


posting_unlisted = Table(
    "posting_unlisted",
    metadata,
    PostingUnlistedColumns,
    comment="derived: claims whose postings are not in the lists, or not as they are there",
)


class PostingDueColumns(TypedColumns):
    """A claim whose texts changed since its postings were made."""

    claim_id: Column[int] = Column(BigInteger, nullable=False)
    forget: Column[bool] = Column(
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="a text was redacted or protected: its words go, too",
    )
    noted_by: Column[str] = Column(
        TransactionId,
        nullable=False,
        server_default=text("pg_current_xact_id()"),
        comment="the transaction, which makes the postings before it ends if it can",
    )


posting_due = Table(
    "posting_due", metadata, PostingDueColumns, comment="derived: claims that wait for postings"
)


@held_by(posting_due)
def _() -> Sequence[SchemaItem]:
    return (Index(None, "claim_id"),)


@held_by(word_count)
def _() -> Sequence[SchemaItem]:
    return (CheckConstraint("claims >= 0", name="claims"),)


# What comes in is noted a statement at a time; an import says that it makes the postings itself.
NOTE_NEW = f"""
CREATE FUNCTION note_new_texts() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
BEGIN
    IF current_setting('claimtrack.fills_postings', true) = 'on' THEN
        RETURN NULL;
    END IF;
    CASE TG_TABLE_NAME
        WHEN 'claim' THEN
            INSERT INTO posting_due (claim_id) SELECT id FROM changed;
        WHEN 'speaker_alias' THEN
            INSERT INTO posting_due (claim_id)
            SELECT DISTINCT appearance.claim_id FROM changed
            JOIN speaker AS named ON named.id = changed.speaker_id
            JOIN speaker AS own ON COALESCE(named.merged_into_id, named.id)
                IN (own.id, own.merged_into_id)
            JOIN appearance ON appearance.speaker_id = own.id;
        ELSE
            INSERT INTO posting_due (claim_id) SELECT DISTINCT claim_id FROM changed;
    END CASE;
    RETURN NULL;
END $$
"""

# Called for a row whose texts changed: the trigger's condition says so. What was redacted or
# protected must not be found for a moment longer: who lists postings just now is waited for. A list
# may hold a claim under a word that an earlier edit took from it, so all lists are looked into;
# there are none of names, passages and sources.
NOTE_CHANGED = f"""
CREATE FUNCTION note_changed_texts() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
DECLARE
    was CONSTANT jsonb := to_jsonb(OLD);
    fresh CONSTANT jsonb := to_jsonb(NEW);
    forgets CONSTANT boolean := is_redaction(TG_TABLE_NAME)
        OR COALESCE((fresh ->> 'protected')::boolean, false);
    the_speaker_id CONSTANT bigint := CASE TG_TABLE_NAME
        WHEN 'speaker' THEN fresh ->> 'id' ELSE fresh ->> 'speaker_id' END;
    heads CONSTANT bigint[] := ARRAY[the_speaker_id, (was ->> 'merged_into_id')::bigint,
        (SELECT merged_into_id FROM speaker WHERE id = the_speaker_id)];
    changed_ids CONSTANT bigint[] := CASE
        WHEN TG_TABLE_NAME = 'claim' THEN ARRAY[(fresh ->> 'id')::bigint]
        WHEN TG_TABLE_NAME IN ('speaker', 'speaker_alias') THEN ARRAY(
            SELECT DISTINCT appearance.claim_id FROM speaker AS own
            JOIN appearance ON appearance.speaker_id = own.id
            WHERE own.id = ANY (heads) OR own.merged_into_id = ANY (heads)
        )
        WHEN TG_TABLE_NAME = 'source' THEN ARRAY(
            SELECT DISTINCT claim_id FROM appearance WHERE source_id = (fresh ->> 'id')::bigint
        )
        ELSE ARRAY[(fresh ->> 'claim_id')::bigint]
    END;
BEGIN
    INSERT INTO posting_due (claim_id, forget) SELECT id, forgets FROM unnest(changed_ids) AS id;
    IF forgets THEN
        IF TG_TABLE_NAME IN ('claim', 'assessment') THEN
            PERFORM pg_advisory_xact_lock_shared(hashtext('claimtrack.posting_list')::bigint);
            DELETE FROM posting_list WHERE EXISTS (
                SELECT FROM unnest(changed_ids) AS id
                WHERE position(int8send(id) IN claim_ids) > 0
            );
        END IF;
        DELETE FROM posting WHERE claim_id = ANY (changed_ids);
    END IF;
    RETURN NULL;
END $$
"""

# Locked in the order of ids, as everywhere: of two who fill one claim, the second reads what the
# first one wrote. Claims that others left to be filled are taken only where nobody has them.
CLEAR_POSTINGS = f"""
CREATE FUNCTION clear_postings(asked_ids bigint[], can_wait boolean) RETURNS bigint[]
LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
DECLARE
    claim_ids bigint[];
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'claim', 'INSERT') THEN
        RAISE EXCEPTION 'permission denied to fill postings'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF can_wait THEN
        claim_ids := ARRAY(
            SELECT id FROM claim WHERE id = ANY (asked_ids)
                AND EXISTS (SELECT FROM posting_due WHERE claim_id = claim.id)
            ORDER BY id FOR NO KEY UPDATE
        );
    ELSE
        claim_ids := ARRAY(
            SELECT id FROM claim WHERE id = ANY (asked_ids)
                AND EXISTS (SELECT FROM posting_due WHERE claim_id = claim.id)
            ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        );
    END IF;
    DELETE FROM posting_due WHERE claim_id = ANY (claim_ids);
    DELETE FROM posting WHERE claim_id = ANY (claim_ids);
    RETURN claim_ids;
END $$
"""

# Waits for a count that is under way, which may hold the very words.
FORGET_WORDS = f"""
CREATE FUNCTION forget_words() RETURNS void LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('claimtrack.word')::bigint);
    DELETE FROM word WHERE NOT EXISTS (SELECT FROM posting WHERE posting.term = word.term);
END $$
"""

# All lists anew, or those that there are with the claims that came since. A claim that was changed
# stands in a list twice then, or still under a word that it has lost: it is read too often, never
# too seldom. What is deleted is seen before what is read: a claim that comes in between is listed,
# and waits for it, too. Who redacts waits for who makes lists, who therefore does so last in a
# transaction, and not while somebody is redacting.
LIST_POSTINGS = f"""
CREATE FUNCTION list_postings(anew boolean) RETURNS void
LANGUAGE plpgsql {AS_OWNER} {PINNED} SET jit = 'off' AS $$
DECLARE
    ids bigint[];
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'claim', 'INSERT') THEN
        RAISE EXCEPTION 'permission denied to list postings'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('claimtrack.posting_list')::bigint) THEN
        RETURN;
    END IF;
    IF anew THEN
        DELETE FROM posting_unlisted;
        DELETE FROM posting_list;
        INSERT INTO posting_list (term, claim_ids, weights)
        SELECT term, string_agg(int8send(claim_id), ''),
            string_agg(int2send((weight * {PARTS})::smallint), '')
        FROM posting
        WHERE weight > 0 AND term IN (
            SELECT term FROM word WHERE claims BETWEEN {LISTED[0]} AND {LISTED[1]}
        )
        GROUP BY term;
    ELSE
        WITH gone AS (DELETE FROM posting_unlisted RETURNING claim_ids)
        SELECT array_agg(DISTINCT id) INTO ids FROM gone CROSS JOIN unnest(claim_ids) AS id;
        INSERT INTO posting_list (term, claim_ids, weights)
        SELECT term, string_agg(int8send(claim_id), ''),
            string_agg(int2send((weight * {PARTS})::smallint), '')
        FROM posting
        WHERE claim_id = ANY (ids) AND weight > 0
            AND EXISTS (SELECT FROM posting_list WHERE posting_list.term = posting.term)
        GROUP BY term;
    END IF;
END $$
"""

# One at a time; false where another is at it.
COUNT_WORDS = f"""
CREATE FUNCTION count_words(claims bigint, top_id bigint, average real) RETURNS boolean
LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
#variable_conflict use_column
BEGIN
    IF NOT has_any_column_privilege(SESSION_USER, 'claim', 'INSERT') THEN
        RAISE EXCEPTION 'permission denied to count words'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('claimtrack.word')::bigint) THEN
        RETURN false;
    END IF;
    WITH gone AS (DELETE FROM word RETURNING term, stem)
    INSERT INTO word (term, stem, claims, found)
    SELECT term, known.stem, counted.claims, counted.found
    FROM (SELECT term, min(stem) AS stem FROM gone GROUP BY term) AS known
    JOIN (
        SELECT term, count(*) FILTER (WHERE weight > 0) AS claims, count(*) AS found
        FROM posting GROUP BY term
    ) AS counted USING (term)
    ORDER BY term;
    DELETE FROM word_count;
    INSERT INTO word_count (counted_at, claims, top_id, stems)
    VALUES (clock_timestamp(), count_words.claims, count_words.top_id, average);
    PERFORM list_postings(true);
    RETURN true;
END $$
"""

FUNCTIONS = (NOTE_NEW, NOTE_CHANGED, CLEAR_POSTINGS, FORGET_WORDS, LIST_POSTINGS, COUNT_WORDS)

#: Table to the columns whose texts the postings are made from, and what decides which those are.
_TEXTS = {
    "claim": ("statement", "language"),
    "appearance": ("speaker_id", "source_id", "quote", "passage", "withdrawn_at"),
    "assessment": ("title", "summary", "withdrawn_at"),
    "speaker": ("name", "merged_into_id"),
    "speaker_alias": ("name", "qualifier"),
    "source": ("title",),
}

TRIGGERS = (
    *(
        f"CREATE TRIGGER note_new_texts AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed"
        " FOR EACH STATEMENT EXECUTE FUNCTION note_new_texts()"
        for table in ("claim", "appearance", "assessment", "speaker_alias")
    ),
    *(
        f"CREATE TRIGGER note_changed_texts AFTER UPDATE ON {table} FOR EACH ROW WHEN ("
        + " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)
        + ") EXECUTE FUNCTION note_changed_texts()"
        for table, columns in _TEXTS.items()
    ),
)
