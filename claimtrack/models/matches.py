"""Which claims are the same: people's judgements on pairs, and the groups that these make."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    TypedColumns,
)
from sqlalchemy.schema import SchemaItem

from claimtrack.db import Recorded, filled, held_by, metadata, one_of
from claimtrack.models.functions import AS_OWNER, PINNED
from claimtrack.vocab import Judgement


class ClaimMatchColumns(Recorded):
    """What somebody judged of two claims; the latest of a pair holds."""

    claim_id: Column[int] = Column(
        BigInteger,
        ForeignKey("claim.id"),
        primary_key=True,
        comment="of the two the one with the lower number",
    )
    other_id: Column[int] = Column(BigInteger, ForeignKey("claim.id"), primary_key=True)
    no: Column[int] = Column(
        Integer, primary_key=True, autoincrement=False, comment="1, 2, … within the pair"
    )
    prev_no: Column[int | None] = Column(Integer, Computed("NULLIF(no - 1, 0)", persisted=True))
    judgement = Column(Text, nullable=False)
    because: Column[str | None] = Column(Text)


claim_match = Table(
    "claim_match",
    metadata,
    ClaimMatchColumns,
    comment="append-only: whether two claims are the same; the latest row of a pair holds",
)


@held_by(claim_match)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("judgement", Judgement),
        filled("because", 20000),
        CheckConstraint("judgement <> 'unsure' OR because IS NOT NULL", name="unsure_because"),
        CheckConstraint("claim_id < other_id", name="lower_first"),
        CheckConstraint("no >= 1", name="no"),
        # Of one pair a judgement follows another: of two at once, one is refused.
        ForeignKeyConstraint(
            ["claim_id", "other_id", "prev_no"],
            ["claim_match.claim_id", "claim_match.other_id", "claim_match.no"],
        ),
        Index(None, "other_id", "claim_id"),
    )


class ClaimGroupColumns(TypedColumns):
    """A claim that was judged the same as another, and the lowest number among all of those."""

    # No foreign keys, whose locks would be taken out of order: no claim is ever removed.
    claim_id: Column[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    group_id = Column(BigInteger, nullable=False)


claim_group = Table(
    "claim_group",
    metadata,
    ClaimGroupColumns,
    comment="derived: claims that are the same by what was judged; of merged ones the heads",
)


@held_by(claim_group)
def _() -> Sequence[SchemaItem]:
    return (Index(None, "group_id", "claim_id"),)


# Groups are what judgements and merges lead to from a claim. They are made anew one after the
# other (the lock), since of two writers each may join the same group to another. Taken last, after
# the claims: whoever waits for it holds nothing that its holder still needs.
REGROUP = f"""
CREATE FUNCTION regroup(claim_ids bigint[]) RETURNS void LANGUAGE plpgsql {PINNED} AS $$
DECLARE
    seen bigint[] := '{{}}';
    root bigint;
    members bigint[];
    heads bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(7203331018);
    FOREACH root IN ARRAY claim_ids LOOP
        CONTINUE WHEN root = ANY (seen);
        WITH RECURSIVE reached (id) AS (
            SELECT root
            UNION
            SELECT beside.id FROM reached CROSS JOIN LATERAL (
                SELECT CASE one.claim_id WHEN reached.id THEN one.other_id ELSE one.claim_id END
                FROM claim_match AS one
                WHERE (one.claim_id = reached.id OR one.other_id = reached.id)
                    AND one.judgement = 'same'
                    AND NOT EXISTS (
                        SELECT FROM claim_match AS later
                        WHERE later.claim_id = one.claim_id AND later.other_id = one.other_id
                            AND later.no > one.no
                    )
                UNION ALL
                SELECT merged_into_id FROM claim
                WHERE id = reached.id AND merged_into_id IS NOT NULL
                UNION ALL
                SELECT id FROM claim WHERE merged_into_id = reached.id
            ) AS beside (id)
        )
        SELECT array_agg(id) INTO members FROM reached;
        seen := seen || members;
        heads := ARRAY(
            SELECT id FROM claim WHERE id = ANY (members) AND merged_into_id IS NULL ORDER BY id
        );
        DELETE FROM claim_group WHERE claim_id = ANY (members);
        IF cardinality(heads) > 1 THEN
            INSERT INTO claim_group (claim_id, group_id)
            SELECT head_id, heads[1] FROM unnest(heads) AS head_id;
        END IF;
        IF EXISTS (
            SELECT FROM claim_match AS one
            WHERE claim_id = ANY (members) AND other_id = ANY (members)
                AND judgement = 'different'
                AND NOT EXISTS (
                    SELECT FROM claim_match AS later
                    WHERE later.claim_id = one.claim_id AND later.other_id = one.other_id
                        AND later.no > one.no
                )
        ) THEN
            RAISE EXCEPTION 'claim % is the same as one that was judged different from it', root
                USING ERRCODE = 'check_violation', CONSTRAINT = 'judged_different';
        END IF;
    END LOOP;
END $$
"""  # noqa: S608 - no value from outside

REGROUP_JUDGED = f"""
CREATE FUNCTION regroup_judged() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
BEGIN
    PERFORM regroup(ARRAY(SELECT claim_id FROM changed UNION SELECT other_id FROM changed));
    RETURN NULL;
END $$
"""  # noqa: S608

REGROUP_MERGED = f"""
CREATE FUNCTION regroup_merged() RETURNS trigger LANGUAGE plpgsql {AS_OWNER} {PINNED} AS $$
BEGIN
    PERFORM regroup(array_remove(ARRAY[NEW.id, OLD.merged_into_id, NEW.merged_into_id], NULL));
    RETURN NULL;
END $$
"""

# Its head stands for a merged claim: what is judged is judged of that.
REFUSE_MATCH = f"""
CREATE FUNCTION refuse_match_of_merged() RETURNS trigger LANGUAGE plpgsql {AS_OWNER}
{PINNED} AS $$
DECLARE
    merged_id CONSTANT bigint := (
        SELECT min(id) FROM claim
        WHERE merged_into_id IS NOT NULL
            AND id IN (SELECT claim_id FROM changed UNION ALL SELECT other_id FROM changed)
    );
BEGIN
    IF merged_id IS NOT NULL THEN
        RAISE EXCEPTION 'claim % was merged into another, and is not judged any more', merged_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'merged_claim';
    END IF;
    RETURN NULL;
END $$
"""  # noqa: S608

FUNCTIONS = (REGROUP, REGROUP_JUDGED, REGROUP_MERGED, REFUSE_MATCH)

TRIGGERS = (
    "CREATE TRIGGER refuse_on_merged AFTER INSERT ON claim_match"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
    " EXECUTE FUNCTION refuse_match_of_merged()",
    "CREATE TRIGGER regroup AFTER INSERT ON claim_match"
    " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION regroup_judged()",
    "CREATE TRIGGER regroup AFTER UPDATE OF merged_into_id ON claim FOR EACH ROW"
    " WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)"
    " EXECUTE FUNCTION regroup_merged()",
)
