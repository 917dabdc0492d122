"""The database itself: what is in it, and whether what it stores still hangs together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, text

from claimtrack.db import HEAD_REVISION, metadata, schema_revision
from claimtrack.models.claims import appearance, claim
from claimtrack.models.events import event
from claimtrack.models.people import speaker
from claimtrack.models.reviews import evidence, review, transition
from claimtrack.models.rules import LOGGED
from claimtrack.models.sources import source
from claimtrack.services import catalog
from claimtrack.services.matching import postings
from claimtrack.services.people import role_of_session
from claimtrack.services.roles import open_functions
from claimtrack.vocab import TRANSITIONS, VERDICTS_WITHOUT_EVIDENCE, Role

#: How many offenders a failed check names.
NAMED = 10

#: The tables whose rows `db status` counts.
COUNTED = (claim, appearance, source, speaker, evidence, review, event)


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What a server says of one database. ``counts`` holds the tables that we may read.

    ``owns_tables`` is of a login that may do anything here, so that an actor on it is what was
    said; any other is its own actor, with the ``role`` that it has.
    """

    server_version: str
    database: str
    session_user: str
    owns_tables: bool
    role: Role | None
    size_bytes: int
    revision: str | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked; ``problem`` is None where all is well."""

    name: str
    problem: str | None


def standing(revision: str | None) -> str:
    """How a schema's revision stands to the one that this claimtrack works with.

    One of ``missing``, ``current``, ``behind`` and ``ahead``.
    """
    if revision is None:
        return "missing"
    if revision == HEAD_REVISION:
        return "current"
    # Revisions are numbered in their order, with leading zeros.
    return "behind" if revision < HEAD_REVISION else "ahead"


def status(connection: Connection) -> DatabaseStatus:
    """The database as it stands, whatever its schema: missing, behind or ahead."""
    version, database, user, size, superuser = connection.execute(
        text(
            "SELECT current_setting('server_version'), current_database(), SESSION_USER,"
            " pg_database_size(current_database()),"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = SESSION_USER)"
        )
    ).one()
    found = {
        row.relname: row
        for row in connection.execute(
            text(
                "SELECT relname, pg_has_role(SESSION_USER, relowner, 'MEMBER') AS owned,"
                " has_table_privilege(oid, 'SELECT') AS readable"
                " FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        )
    }

    def readable(name: str) -> bool:
        return name in found and bool(found[name].readable)

    return DatabaseStatus(
        # Debian's says "15.14 (Debian 15.14-0+deb12u1)".
        server_version=str(version).split()[0],
        database=database,
        session_user=user,
        owns_tables=bool(superuser) or ("claim" in found and found["claim"].owned),
        role=role_of_session(connection),
        size_bytes=size,
        revision=schema_revision(connection) if readable("alembic_version") else None,
        counts={
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in COUNTED
            if readable(table.name)
        },
    )


def check(connection: Connection) -> list[Check]:
    """Compare the schema with what was made, and recompute what it promises of its contents.

    The schema must be at its head. Reads every row that counts: some seconds for a million claims.
    """
    return [
        *(
            Check(f"{kind} are as made", _named(odd))
            for kind, odd in catalog.differences(connection).items()
        ),
        Check("legal transitions are as made", _transitions(connection)),
        *(Check(name, _offenders(connection, sql)) for name, sql in _INVARIANTS.items()),
        Check("every row has left its event", _without_event(connection)),
        Check("postings are those of the claims", _postings(connection)),
        Check(
            "nobody but the owner may call what the rules run", _named(open_functions(connection))
        ),
    ]


def _postings(connection: Connection) -> str | None:
    found = _named(postings.disagreeing(connection))
    return found and f"{found}. Make them anew with claimtrack db reindex"


def _transitions(connection: Connection) -> str | None:
    rows = connection.execute(select(transition.c.from_status, transition.c.to_status))
    stored = {(row.from_status, row.to_status) for row in rows}
    wanted = {(before.value, after.value) for before, after in TRANSITIONS}
    return _named(sorted(f"{before} to {after}" for before, after in stored ^ wanted))


# --- What the rows must agree on -----------------------------------------------------------------

_UNPROVEN = ", ".join(f"'{verdict}'" for verdict in sorted(VERDICTS_WITHOUT_EVIDENCE))

#: Each query gives the offenders, one text a row.
_INVARIANTS = {
    "status and verdict are those of the latest review": """
        SELECT 'claim ' || claim.id FROM claim
        LEFT JOIN LATERAL (
            SELECT no, status, verdict FROM review
            WHERE claim_id = claim.id ORDER BY no DESC LIMIT 1
        ) AS latest ON true
        WHERE claim.status <> COALESCE(latest.status, 'unverified')
            OR claim.verdict IS DISTINCT FROM latest.verdict
            OR claim.review_no <> COALESCE(latest.no, 0)
        ORDER BY claim.id
    """,
    "each review follows the one before it": """
        SELECT 'claim ' || claim_id || ', review ' || no FROM (
            SELECT claim_id, no, from_status,
                lag(status, 1, 'unverified') OVER reviews AS ended,
                row_number() OVER reviews AS place
            FROM review WINDOW reviews AS (PARTITION BY claim_id ORDER BY no)
        ) AS chain
        WHERE no <> place OR from_status <> ended ORDER BY claim_id, no
    """,
    "verdicts that need evidence rest on some": f"""
        SELECT 'claim ' || claim_id || ', review ' || no FROM review
        WHERE COALESCE(verdict, proposed_verdict) NOT IN ({_UNPROVEN}) AND NOT EXISTS (
            SELECT FROM review_evidence
            JOIN evidence ON evidence.id = review_evidence.evidence_id
            WHERE review_evidence.claim_id = review.claim_id
                AND review_evidence.review_no = review.no
                AND CASE COALESCE(review.verdict, review.proposed_verdict)
                    WHEN 'true' THEN evidence.stance = 'supports'
                    WHEN 'false' THEN evidence.stance = 'refutes'
                    ELSE true
                END
        ) ORDER BY claim_id, no
    """,  # noqa: S608 - words of our own vocabulary
    "what was approved is what somebody else proposed": """
        SELECT 'claim ' || review.claim_id || ', review ' || review.no FROM review
        JOIN review AS proposal
            ON proposal.claim_id = review.claim_id AND proposal.no = review.no - 1
        WHERE review.decision = 'approved' AND (
            review.verdict IS DISTINCT FROM proposal.proposed_verdict
            OR person_key(review.recorded_by) = person_key(proposal.recorded_by)
        ) ORDER BY review.claim_id, review.no
    """,
    "what was rejected left the claim as it stood": """
        SELECT 'claim ' || review.claim_id || ', review ' || review.no FROM review
        JOIN review AS proposal
            ON proposal.claim_id = review.claim_id AND proposal.no = review.no - 1
        LEFT JOIN review AS stood
            ON stood.claim_id = review.claim_id AND stood.no = review.no - 2
        WHERE review.decision = 'rejected' AND (
            review.status <> proposal.from_status
            OR review.verdict IS DISTINCT FROM stood.verdict
        ) ORDER BY review.claim_id, review.no
    """,
    "reach counts the origins of the appearances": """
        SELECT 'claim ' || claim.id FROM claim
        LEFT JOIN (
            SELECT told.claim_id,
                count(DISTINCT COALESCE(hidden.origin, source.origin)) AS reach
            FROM (
                SELECT id AS claim_id, id FROM claim
                UNION ALL
                SELECT merged_into_id, id FROM claim WHERE merged_into_id IS NOT NULL
            ) AS told
            JOIN appearance ON appearance.claim_id = told.id
            JOIN source ON source.id = appearance.source_id
            LEFT JOIN protected_source AS hidden ON hidden.source_id = source.id
            WHERE appearance.withdrawn_at IS NULL GROUP BY told.claim_id
        ) AS counted ON counted.claim_id = claim.id
        WHERE claim.reach <> COALESCE(counted.reach, 0) ORDER BY claim.id
    """,
    "no appearance is missing": """
        SELECT 'claim ' || claim_id FROM appearance GROUP BY claim_id
        HAVING min(no) <> 1 OR max(no) <> count(*) ORDER BY claim_id
    """,
    "no objection or challenge is missing": """
        SELECT 'claim ' || claim_id FROM (
            SELECT 'objection' AS what, claim_id, no FROM objection
            UNION ALL SELECT 'challenge', claim_id, no FROM challenge
        ) AS dispute
        GROUP BY what, claim_id HAVING min(no) <> 1 OR max(no) <> count(*) ORDER BY claim_id
    """,
    "merged speakers make no chain": """
        SELECT 'speaker ' || speaker.id FROM speaker
        JOIN speaker AS target ON target.id = speaker.merged_into_id
        WHERE target.merged_into_id IS NOT NULL ORDER BY speaker.id
    """,
    "merged claims make no chain": """
        SELECT 'claim ' || claim.id FROM claim
        JOIN claim AS target ON target.id = claim.merged_into_id
        WHERE target.merged_into_id IS NOT NULL ORDER BY claim.id
    """,
    "merged claims take nothing of their own": """
        SELECT 'claim ' || claim.id FROM claim WHERE merged_into_id IS NOT NULL AND EXISTS (
            SELECT FROM event AS later
            WHERE later.claim_id = claim.id AND later.operation = 'insert'
                AND later.table_name IN (
                    'review', 'appearance', 'evidence', 'figure', 'note', 'objection', 'challenge'
                )
                AND later.id > COALESCE((
                    SELECT max(id) FROM event
                    WHERE claim_id = claim.id AND table_name = 'claim'
                        AND before ? 'merged_into_id'
                ), (
                    -- It was merged when it came in, with an archive: what came with it is its own.
                    SELECT max(beside.id) FROM event AS came
                    JOIN event AS beside ON beside.claim_id = came.claim_id
                        AND beside.recorded_at = came.recorded_at
                    WHERE came.claim_id = claim.id AND came.table_name = 'claim'
                        AND came.operation = 'insert'
                        AND came.after ->> 'merged_into_id' IS NOT NULL
                ), 0)
        ) ORDER BY id
    """,
    "every speaker has a name that leads to it": """
        SELECT 'speaker ' || id FROM speaker
        WHERE merged_into_id IS NULL
            AND NOT EXISTS (SELECT FROM speaker_alias WHERE speaker_id = speaker.id)
        ORDER BY id
    """,
}


def _offenders(connection: Connection, sql: str) -> str | None:
    return _named(list(connection.execute(text(sql)).scalars()))


def _without_event(connection: Connection) -> str | None:
    """Tables with rows that no event tells of, and events of rows that are gone."""
    told = {
        row.table_name: row.told
        for row in connection.execute(
            select(event.c.table_name, func.count(event.c.row_key.distinct()).label("told"))
            .where(event.c.operation == "insert")
            .group_by(event.c.table_name)
        )
    }
    odd = []
    for name in LOGGED:
        table = metadata.tables[name]
        rows = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if rows != told.get(name, 0):
            odd.append(f"{name} ({rows} rows, {told.get(name, 0)} recorded)")
    return _named(odd)


def _named(offenders: list[str]) -> str | None:
    """Offenders as one line, the first few by name."""
    if not offenders:
        return None
    more = len(offenders) - NAMED
    listed = "; ".join(offenders[:NAMED])
    return f"{listed} and {more} more" if more > 0 else listed
