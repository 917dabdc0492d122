"""The postings of claims, by which matching and search find them.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


class TransactionId(sa.types.UserDefinedType[str]):
    """The type xid8."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in SQL."""
        return "xid8"


revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PINNED = "SET search_path = public, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD'"

# What comes in is noted a statement at a time; an import says that it makes the postings itself.
NOTE_NEW = f"""
CREATE FUNCTION note_new_texts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
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
# protected must not be found for a moment longer.
NOTE_CHANGED = f"""
CREATE FUNCTION note_changed_texts() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
DECLARE
    was CONSTANT jsonb := to_jsonb(OLD);
    fresh CONSTANT jsonb := to_jsonb(NEW);
    forgets CONSTANT boolean := is_redaction(TG_TABLE_NAME)
        OR COALESCE((fresh ->> 'protected')::boolean, false);
    the_speaker_id CONSTANT bigint := CASE TG_TABLE_NAME
        WHEN 'speaker' THEN fresh ->> 'id' ELSE fresh ->> 'speaker_id' END;
    heads CONSTANT bigint[] := ARRAY[the_speaker_id, (was ->> 'merged_into_id')::bigint,
        (SELECT merged_into_id FROM speaker WHERE id = the_speaker_id)];
    claim_ids CONSTANT bigint[] := CASE
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
    INSERT INTO posting_due (claim_id, forget) SELECT id, forgets FROM unnest(claim_ids) AS id;
    IF forgets THEN
        DELETE FROM posting WHERE claim_id = ANY (claim_ids);
    END IF;
    RETURN NULL;
END $$
"""

# Locked in the order of ids, as everywhere: of two who fill one claim, the second reads what the
# first one wrote. Claims that others left to be filled are taken only where nobody has them.
CLEAR_POSTINGS = f"""
CREATE FUNCTION clear_postings(asked_ids bigint[], can_wait boolean) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
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
CREATE FUNCTION forget_words() RETURNS void LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('claimtrack.word')::bigint);
    DELETE FROM word WHERE NOT EXISTS (SELECT FROM posting WHERE posting.term = word.term);
END $$
"""

# One at a time; false where another is at it.
COUNT_WORDS = f"""
CREATE FUNCTION count_words(claims bigint, top_id bigint, average real) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER {PINNED} AS $$
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
    RETURN true;
END $$
"""

FUNCTIONS = {
    "note_new_texts()": NOTE_NEW,
    "note_changed_texts()": NOTE_CHANGED,
    "clear_postings(bigint[], boolean)": CLEAR_POSTINGS,
    "forget_words()": FORGET_WORDS,
    "count_words(bigint, bigint, real)": COUNT_WORDS,
}

#: Table to the columns whose texts the postings are made from, and what decides which those are.
TEXTS = {
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
        for table, columns in TEXTS.items()
    ),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    op.create_table(
        "posting",
        sa.Column("claim_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "term",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="64 bits, made in Python, that stand for the stem",
        ),
        sa.Column(
            "weight",
            sa.REAL(),
            nullable=False,
            comment="of BM25 the part that the claim's own texts make; 0 where the stem stands only"
            " in texts that nothing but search looks at",
        ),
        sa.PrimaryKeyConstraint("claim_id", "term", name=op.f("pk_posting")),
        comment="derived: the stems of the texts of each claim",
    )
    op.create_index(
        op.f("ix_posting_term"), "posting", ["term", sa.text("weight DESC"), "claim_id"]
    )
    op.create_table(
        "posting_due",
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "forget",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="a text was redacted or protected: its words go, too",
        ),
        sa.Column(
            "noted_by",
            TransactionId(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
            comment="the transaction, which makes the postings before it ends if it can",
        ),
        comment="derived: claims that wait for postings",
    )
    op.create_index(op.f("ix_posting_due_claim_id"), "posting_due", ["claim_id"])
    op.create_table(
        "word",
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column(
            "claims",
            sa.BigInteger(),
            server_default="1",
            nullable=False,
            comment="claims that have it with a weight, at the last count",
        ),
        sa.Column(
            "found",
            sa.BigInteger(),
            server_default="1",
            nullable=False,
            comment="claims that search finds by it, at the last count",
        ),
        comment="derived: the stems, counted now and then",
    )
    op.create_index(op.f("ix_word_term"), "word", ["term"])
    op.create_table(
        "word_count",
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False, comment="claims that there were"),
        sa.Column("top_id", sa.BigInteger(), nullable=False, comment="the newest of them"),
        sa.Column(
            "stems",
            sa.REAL(),
            nullable=False,
            comment="how many stems the texts of a claim have on average",
        ),
        sa.CheckConstraint("claims >= 0", name=op.f("ck_word_count_claims")),
        sa.PrimaryKeyConstraint("counted_at", name=op.f("pk_word_count")),
        comment="derived: the last count of the words",
    )
    for function in FUNCTIONS.values():
        op.execute(function)
    for name in ("note_new_texts", "note_changed_texts"):
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
    for trigger in TRIGGERS:
        op.execute(trigger)
    # Of those that are there already Python makes the postings, once the schema is at its head.
    op.execute(
        "INSERT INTO posting_due (claim_id, noted_by)"
        " SELECT id, CAST('0' AS xid8) FROM claim ORDER BY id"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '15s'")
    for table in ("claim", "appearance", "assessment", "speaker_alias"):
        op.execute(f"DROP TRIGGER note_new_texts ON {table}")
    for table in TEXTS:
        op.execute(f"DROP TRIGGER note_changed_texts ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in ("word_count", "word", "posting_due", "posting"):
        op.drop_table(table)
