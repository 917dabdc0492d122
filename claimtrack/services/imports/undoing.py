"""Taking back what an import brought: nothing is deleted, and what people did since stays.

What an import did is what its events tell. Claims that it recorded are set aside, what it added
to others is withdrawn, and what it changed becomes again what it was without it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, text, update

from claimtrack.db import say_why
from claimtrack.errors import ConflictError
from claimtrack.keys import clean_text
from claimtrack.models.imports import import_
from claimtrack.services.imports.lists import find_import
from claimtrack.services.imports.ruling import TAKEN_BACK, give_back
from claimtrack.services.imports.settling import REVIVED, alone
from claimtrack.services.imports.updating import UPDATED


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, and the claims that stay.

    They stay because somebody has worked on them (``kept``), or because an import that stands
    brought them too (``shared``). Rows that later imports ``left`` as they were are noted nowhere:
    so many are they, by import; what they told may be among what was taken back.
    """

    import_id: int
    set_aside: int
    withdrawn: int
    restored: int
    kept: tuple[int, ...]
    shared: tuple[int, ...]
    left: tuple[tuple[int, int], ...]


# What the rows of its file became.
_ROWS = """
    CREATE TEMP TABLE own_row ON COMMIT DROP AS
    SELECT claim_id, row_key, appearance_no, assessment_id FROM import_row
    WHERE import_id = :import_id
    """

# Rows of other imports that stand, on the same claims.
_STANDING = """
    CREATE TEMP TABLE standing ON COMMIT DROP AS
    SELECT claim_id, appearance_no, assessment_id, import_id,
        row_key IN (SELECT row_key FROM own_row) AS same_row
    FROM import_row
    WHERE import_id IN (SELECT id FROM import WHERE undone_at IS NULL AND id <> :import_id)
        AND claim_id IN (SELECT claim_id FROM own_row)
    """

# The latest that people did, by the claim on which they did it: what they judged the same as
# another, or merged into it, is work on both.
_WORKED = """
    CREATE TEMP TABLE worked ON COMMIT DROP AS
    SELECT touched.claim_id, max(event.id) AS last_id
    FROM event CROSS JOIN LATERAL (VALUES (event.claim_id), (
        CASE event.table_name
            WHEN 'claim' THEN (event.after ->> 'merged_into_id')::bigint
            WHEN 'claim_match' THEN (event.after ->> 'other_id')::bigint END
    )) AS touched (claim_id)
    WHERE event.application NOT LIKE 'claimtrack import %' AND event.claim_id IS NOT NULL
        AND touched.claim_id IS NOT NULL
    GROUP BY touched.claim_id
    """

# The import's own events; and of imports that were undone before, those on claims that stayed for
# this one's sake alone. They stand by their application; no index knows that, so they are looked
# for once.
_DONE = """
    CREATE TEMP TABLE undoing ON COMMIT DROP AS
    SELECT id, table_name, row_key, operation, before, after, claim_id,
        substring(application FROM '[0-9]+')::bigint AS import_id
    FROM event
    WHERE application = :application
        OR application = ANY (:undone) AND claim_id IN (SELECT claim_id FROM own_row)
        AND claim_id NOT IN (SELECT claim_id FROM worked)
    """


def _names(rows: str) -> str:
    """Whether rows name what an event is of as the appearance or fact-check that they told of."""
    return f"""CASE undoing.table_name
        WHEN 'appearance' THEN undoing.row_key = {rows}.claim_id || '.' || {rows}.appearance_no
        WHEN 'assessment' THEN undoing.row_key = {rows}.assessment_id::text END"""


# Where a later import that stands has a row of the same key, that tells all that this one's row
# told: but for an appearance or a fact-check that this one names, and that one does not.
_TOLD_AGAIN = f"""
    DELETE FROM undoing USING (
        SELECT claim_id, max(import_id) AS import_id FROM standing WHERE same_row GROUP BY claim_id
    ) AS told
    WHERE undoing.claim_id = told.claim_id AND undoing.import_id < told.import_id
        AND NOT (undoing.table_name = 'claim' AND undoing.operation = 'insert')
        AND (
            NOT EXISTS (
                SELECT FROM own_row
                WHERE own_row.claim_id = undoing.claim_id AND {_names("own_row")}
            ) OR EXISTS (
                SELECT FROM standing
                WHERE standing.claim_id = undoing.claim_id
                    AND standing.import_id > undoing.import_id AND {_names("standing")}
            )
        )
    """

# Claims that the import recorded or brought back, whether somebody has worked on them since, and
# whether another import brought them too.
_OWN = """
    CREATE TEMP TABLE own_claim ON COMMIT DROP AS
    SELECT claim.id, claim.status, claim.review_no,
        COALESCE(worked.last_id > own.since_id, false) AS worked_on,
        claim.id IN (SELECT claim_id FROM standing) AS shared
    FROM (
        SELECT claim_id AS id, max(id) AS since_id FROM undoing
        WHERE table_name = 'claim' AND operation = 'insert'
            OR table_name = 'review' AND after ->> 'because' = :revived
        GROUP BY claim_id
    ) AS own
    JOIN claim USING (id)
    LEFT JOIN worked ON worked.claim_id = claim.id
    """

# A verdict that it brought to a claim of others goes with its evidence.
_REOPEN_OTHERS = f"""
    INSERT INTO review (claim_id, no, from_status, status, because)
    SELECT id, review_no + 1, status, 'unverified', :why
    FROM ({TAKEN_BACK}) AS ruled
    WHERE status IN ('checked', 'in_review', 'set_aside')
    """

# By way of unverified, for that is how a verdict is taken back.
_REOPEN = """
    INSERT INTO review (claim_id, no, from_status, status, because)
    SELECT id, review_no + 1, status, 'unverified', :why
    FROM own_claim WHERE NOT worked_on AND NOT shared AND status IN ('checked', 'in_review')
    """
_SET_ASIDE = """
    INSERT INTO review (claim_id, no, from_status, status, because, reason)
    SELECT claim.id, claim.review_no + 1, claim.status, 'set_aside', :why, 'error'
    FROM own_claim JOIN claim USING (id)
    WHERE NOT own_claim.worked_on AND NOT own_claim.shared AND claim.status = 'unverified'
    """

# What it added to claims that stay, its own among them, stands under no verdict of theirs.
_WITHDRAW = {
    "appearance": "undoing.row_key = appearance.claim_id || '.' || appearance.no",
    "evidence": "undoing.row_key = evidence.id::text",
    "assessment": "undoing.row_key = assessment.id::text",
    "publication": "undoing.row_key = publication.id::text",
}


def _withdraw(table: str) -> str:
    return f"""
        UPDATE {table} SET withdrawn_because = :why
        FROM undoing
        WHERE undoing.table_name = '{table}' AND undoing.operation = 'insert'
            AND {_WITHDRAW[table]} AND {table}.withdrawn_at IS NULL
            AND {table}.claim_id NOT IN (SELECT id FROM own_claim WHERE worked_on)
        """


#: The columns that an import changes, and undoing it puts back.
_RESTORED = {
    **UPDATED,
    # What an import does to a claim beside that: it rewords it, and gives it a number.
    "claim": (
        *UPDATED["claim"],
        "statement",
        "statement_key",
        "copy_no",
        "origin",
        "external_id",
    ),
    "figure": (
        "comparator",
        "low",
        "high",
        "unit",
        "counted",
        "place",
        "on_date",
        "on_precision",
        "since_date",
        "since_precision",
    ),
}
_KEYS = {
    "appearance": "appearance.claim_id || '.' || appearance.no",
    "figure": "figure.claim_id::text",
}
_CLAIM = {
    "claim": "claim.id",
    "appearance": "appearance.claim_id",
    "figure": "figure.claim_id",
    "assessment": "assessment.claim_id",
}


def _restore(table: str) -> str:
    """What the import changed becomes what those who stand had made of it: people, and imports.

    What one of them wrote last stays. Values that are read together are put back together.
    """
    key = _KEYS.get(table, f"{table}.id::text")
    fields = ", ".join(f"'{column}'" for column in _RESTORED[table])
    unit = "CASE field WHEN 'copy_no' THEN 'statement' ELSE split_part(field, '_', 1) END"
    values = ", ".join(
        f"{column} = CASE WHEN was.held ? '{column}' THEN old.{column} ELSE {table}.{column} END"
        for column in _RESTORED[table]
    )
    changed = " OR ".join(
        f"was.held ? '{column}' AND {table}.{column} IS DISTINCT FROM old.{column}"
        for column in _RESTORED[table]
    )
    takes = "true"
    if table != "source":
        takes = f"{_CLAIM[table]} NOT IN (SELECT id FROM own_claim WHERE worked_on)"
    if table in _WITHDRAW:
        takes += f" AND {table}.withdrawn_at IS NULL"
    if table == "claim":
        # Words that stand under a verdict by now stay.
        takes += """ AND NOT (
            claim.status IN ('awaiting_approval', 'checked') AND was.held ? 'statement'
        )"""
    return f"""
        WITH told AS (
            SELECT event.id, event.row_key, field, {"''" if table == "figure" else unit} AS unit,
                event.before -> field AS before, event.after -> field AS after,
                event.id IN (SELECT id FROM undoing) AS taken_back, NOT (
                    event.application LIKE 'claimtrack import % undone'
                    OR event.application = ANY (:undone)
                ) AS stands
            FROM (
                SELECT DISTINCT row_key FROM undoing
                WHERE table_name = '{table}' AND operation = 'update'
            ) AS changed
            JOIN event ON event.table_name = '{table}' AND event.row_key = changed.row_key
                AND event.operation = 'update'
            CROSS JOIN LATERAL jsonb_object_keys(event.before) AS field
            WHERE field IN ({fields})
        ), last AS (
            SELECT DISTINCT ON (row_key, unit) row_key, unit, stands
            FROM told ORDER BY row_key, unit, id DESC
        ), was AS (
            SELECT row_key, jsonb_object_agg(field, held) AS held
            FROM (
                SELECT row_key, field, COALESCE(
                    (array_agg(after ORDER BY id DESC) FILTER (WHERE told.stands))[1],
                    (array_agg(before ORDER BY id))[1]
                ) AS held
                FROM told JOIN last USING (row_key, unit)
                WHERE NOT last.stands
                GROUP BY row_key, field HAVING bool_or(taken_back)
            ) AS fields
            GROUP BY row_key
        )
        UPDATE {table} SET {values}
        FROM was CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, was.held) AS old
        WHERE {key} = was.row_key AND ({changed}) AND {takes}
        """


def undo_import(connection: Connection, import_id: int, because: str) -> Undone:
    """Take back what an import brought.

    Claims that somebody has worked on since stay, with what the import gave them; so does every
    value that somebody has changed. What other imports that stand have rows for stays, too.

    Raises:
        NotFoundError: there is no such import.
        ConflictError: it was undone already.
        InvalidDataError: the reason is blank or too long.
    """
    alone(connection)
    connection.execute(text("SELECT id FROM import WHERE id = :id FOR UPDATE"), {"id": import_id})
    view = find_import(connection, import_id)
    if view.undone_at is not None:
        raise ConflictError(
            f"Import {import_id} was undone on {view.undone_at:%Y-%m-%d} by {view.undone_by}."
        )
    if view.options.get("archive"):
        raise ConflictError(
            f"Import {import_id} is an archive that was taken back whole: it is this database's own"
            " record, and can't be undone. Begin again with an empty database."
        )
    because = clean_text(because, "reason", limit=10_000, multiline=True)
    why = f"Import {import_id} was undone: {because}"
    say_why(connection, why)
    # Its own name, so that what comes of it counts neither as an import's nor as a person's.
    connection.execute(
        text("SELECT set_config('application_name', :name, true), set_config('jit', 'off', true)"),
        {"name": f"claimtrack import {import_id} undone"},
    )
    connection.execute(
        update(import_).where(import_.c.id == import_id).values(undone_because=because)
    )
    others = connection.scalars(select(import_.c.id).where(import_.c.undone_at.is_not(None)))
    undone = [f"claimtrack import {no}" for no in others]
    parameters = {
        "import_id": import_id,
        "application": f"claimtrack import {import_id}",
        "undone": undone,
        "revived": REVIVED.format(import_id),
        "why": why,
    }

    def do(statement: str) -> int:
        named = {name: value for name, value in parameters.items() if f":{name}" in statement}
        return connection.execute(text(statement), named).rowcount

    for statement in (_ROWS, _STANDING, _WORKED, _DONE):
        do(statement)
    do("CREATE INDEX ON own_row (claim_id)")
    do("CREATE INDEX ON standing (claim_id)")
    do("ANALYZE own_row, standing, worked, undoing")
    do(_TOLD_AGAIN)
    do("CREATE INDEX ON undoing (table_name, row_key)")
    do(_OWN)
    withdrawn = sum(do(_withdraw(table)) for table in _WITHDRAW)
    do(_REOPEN)
    give_back(connection, why, undone)
    do(_REOPEN_OTHERS)
    set_aside = do(_SET_ASIDE)
    restored = sum(do(_restore(table)) for table in _RESTORED)
    own = connection.execute(
        text("SELECT id, worked_on FROM own_claim WHERE worked_on OR shared ORDER BY id")
    ).all()
    return Undone(
        import_id,
        set_aside,
        withdrawn,
        restored,
        kept=tuple(one.id for one in own if one.worked_on),
        shared=tuple(one.id for one in own if not one.worked_on),
        left=_left(connection, import_id) if set_aside or withdrawn else (),
    )


def _left(connection: Connection, import_id: int) -> tuple[tuple[int, int], ...]:
    """The later imports that stand and left rows as they were, with how many."""
    return tuple(
        (later.id, later.unchanged)
        for later in connection.execute(
            select(import_.c.id, import_.c.unchanged)
            .where(import_.c.id > import_id, import_.c.undone_at.is_(None), import_.c.unchanged > 0)
            .order_by(import_.c.id)
        )
    )
