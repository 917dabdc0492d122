"""Writing an archive: the database makes the lines, and they are passed on as they come."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from claimtrack.errors import DatabaseError
from claimtrack.interchange.archive import HEADER, PIECE, Kind, last_line
from claimtrack.services.archives.tables import CARRIED, PIECES, SHAPES
from claimtrack.services.listing import ClaimFilter, pages_of_ids
from claimtrack.vocab import Role

#: How many lines are fetched at a time; of pieces of files, how many.
_LINES, _PIECES = 1000, 8

#: How a value is written, as SQL that is null where there is none.
_WRITTEN = {
    Kind.INTEGER: "{0}::text",
    Kind.BOOLEAN: "{0}::text",
    Kind.NUMBER: "'\"' || {0} || '\"'",
    Kind.TEXT: "to_json({0})::text",
    Kind.TEXTS: "to_json({0})::text",
    Kind.DATE: "to_json({0})::text",
    Kind.INSTANT: "to_json({0})::text",
    Kind.DIGEST: "'\"' || encode({0}, 'hex') || '\"'",
    Kind.BYTES: "'\"' || translate(encode({0}, 'base64'), E'\\n', '') || '\"'",
    Kind.JSON: "{0}::text",
}

#: The claims of a filter, and those without which they can't stand: heads and what was merged
#: into them, older figures, claims whose evidence a review rests on.
_CLOSURE = """
    WITH RECURSIVE chosen (id) AS (
        SELECT unnest(%(found)s::bigint[])
        UNION
        SELECT needed.id FROM chosen CROSS JOIN LATERAL (
            SELECT unnest(ARRAY[merged_into_id, supersedes_id]) AS id
            FROM claim WHERE claim.id = chosen.id
            UNION ALL
            SELECT id FROM claim WHERE merged_into_id = chosen.id
            UNION ALL
            SELECT evidence.claim_id
            FROM review_evidence JOIN evidence ON evidence.id = review_evidence.evidence_id
            WHERE review_evidence.claim_id = chosen.id
        ) AS needed
        WHERE needed.id IS NOT NULL
    )
    SELECT id FROM chosen
"""

#: What else the chosen claims need, in an order in which each can name those before it.
_NEEDED = {
    "source": """
        SELECT source_id FROM appearance WHERE claim_id = ANY(%(claim)s::bigint[])
        UNION SELECT source_id FROM evidence WHERE claim_id = ANY(%(claim)s::bigint[])
        UNION SELECT source_id FROM attribution WHERE claim_id = ANY(%(claim)s::bigint[])
    """,
    "publisher": """
        SELECT unnest(ARRAY[publisher_id, agency_id]) FROM source
        WHERE id = ANY(%(source)s::bigint[])
        UNION SELECT publisher_id FROM assessment WHERE claim_id = ANY(%(claim)s::bigint[])
    """,
    "speaker": """
        SELECT unnest(ARRAY[speaker.id, speaker.merged_into_id]) FROM appearance
        JOIN speaker ON speaker.id = appearance.speaker_id
        WHERE claim_id = ANY(%(claim)s::bigint[])
    """,
}

#: Where a filter is given, what says whether a row belongs to it; of other tables, the claim.
_BELONGS = {
    **{table: f"id = ANY(%({table})s::bigint[])" for table in ("claim", *_NEEDED)},
    "speaker_alias": "speaker_id = ANY(%(speaker)s::bigint[])",
    "capture": "source_id = ANY(%(source)s::bigint[])",
    "claim_match": "claim_id = ANY(%(claim)s::bigint[]) AND other_id = ANY(%(claim)s::bigint[])",
    # The words of the house's own ratings, which reviews are written in.
    "rating_scale": "true",
    "rating": "true",
    # How a desk works is not of its claims.
    "policy": "false",
    "import_mapping": "false",
}
_OF_CLAIM = "claim_id = ANY(%(claim)s::bigint[])"


def archive_lines(connection: Connection, asked: ClaimFilter | None = None) -> Iterator[str]:
    """The lines of an archive of everything, or of the claims that are asked for.

    With the claims goes what belongs to them and what they need. The connection must keep one
    snapshot (``read_transaction``), and show instants in UTC.

    Raises:
        NotFoundError, ConflictError, InvalidDataError: as `claimtrack.services.listing.claim_ids`.
        DatabaseError: this login may not read all of it.
    """
    _refuse_small_role(connection)
    chosen = None if asked is None else _chosen(connection, asked)
    yield HEADER
    counts = {}
    for table in CARRIED:
        rows = 0
        for line in _rows(connection, table, chosen):
            rows += 1
            yield line
        if rows:
            counts[table] = rows
    yield last_line(counts)


def count_claims(connection: Connection, asked: ClaimFilter | None = None) -> int:
    """How many claims such an archive holds; raises as `archive_lines`."""
    _refuse_small_role(connection)
    if asked is None:
        count = connection.exec_driver_sql("SELECT count(*) FROM claim").scalar_one()
    else:
        numbers = {"claim": _chosen_claims(connection, asked)}
        count = connection.exec_driver_sql(
            "SELECT cardinality(%(claim)s::bigint[])", numbers
        ).scalar_one()
    return int(count)


def _refuse_small_role(connection: Connection) -> None:
    may, login = connection.exec_driver_sql(
        "SELECT has_table_privilege('capture', 'SELECT')"
        " AND has_table_privilege('redaction', 'SELECT'), SESSION_USER"
    ).one()
    if not may:
        raise DatabaseError(
            f"An archive holds all, also what is filed and what was redacted, and the login"
            f" {login} may not read that: it takes the role {Role.ADMIN}. Ask whoever keeps the"
            " database for it:",
            next_command=shlex.join(["claimtrack", "db", "grant", login, Role.ADMIN]),
        )


def _chosen_claims(connection: Connection, asked: ClaimFilter) -> str:
    found = list(chain.from_iterable(pages_of_ids(connection, asked, None)))
    return _array(connection, _CLOSURE, {"found": found})


def _chosen(connection: Connection, asked: ClaimFilter) -> dict[str, str]:
    """The numbers of the rows that go along, by table, each as PostgreSQL writes an array."""
    chosen = {"claim": _chosen_claims(connection, asked)}
    for table, query in _NEEDED.items():
        chosen[table] = _array(connection, query, chosen)
    return chosen


def _array(connection: Connection, query: str, values: Mapping[str, Any]) -> str:
    """The numbers that a query finds, as PostgreSQL writes an array: eight bytes or so for each."""
    whole = (
        f"SELECT COALESCE(array_agg(id ORDER BY id), '{{}}')::text FROM ({query}) AS needed (id)"  # noqa: S608
        " WHERE id IS NOT NULL"
    )
    return str(connection.exec_driver_sql(whole, dict(values)).scalar_one())


def _rows(connection: Connection, table: str, chosen: Mapping[str, str] | None) -> Iterator[str]:
    """The lines of a table's rows."""
    shape = SHAPES[table]
    order = ", ".join(f'"{name}"' for name in shape.key)
    query = f"""
        SELECT concat('{{"table":"{table}","row":{{', concat_ws(',', {_columns(table)}), '}}}}\n')
        FROM {_from(table)} WHERE {_condition(table, chosen)} ORDER BY {order}
    """  # noqa: S608 - names of our own
    size = _PIECES if table == PIECES else _LINES
    found = connection.exec_driver_sql(
        query, dict(chosen or {}), execution_options={"yield_per": size}
    )
    yield from found.scalars()


def _columns(table: str) -> str:
    """Each column's name and value as SQL."""
    return ", ".join(
        f"""'"{name}":' || {_WRITTEN[kind].format(f'"{name}"')}"""
        for name, kind in SHAPES[table].columns.items()
    )


def _from(table: str) -> str:
    if table != PIECES:
        return table
    return f"""(
        SELECT capture.id AS capture_id, source_id, piece + 1 AS no,
            substring(content FROM piece * {PIECE} + 1 FOR {PIECE}) AS bytes
        FROM capture
        CROSS JOIN generate_series(0, GREATEST(octet_length(content) - 1, 0) / {PIECE}) AS piece
        WHERE content IS NOT NULL
    ) AS pieces"""  # noqa: S608


def _condition(table: str, chosen: Mapping[str, str] | None) -> str:
    """Whether a row goes along, as SQL."""
    if table == "redaction":
        return " OR ".join(_redacted(other, chosen) for other in CARRIED if other != PIECES)
    if chosen is None:
        return "true"
    return _BELONGS.get("capture" if table == PIECES else table, _OF_CLAIM)


def _redacted(table: str, chosen: Mapping[str, str] | None) -> str:
    """Whether a redaction was one of a row that goes along."""
    if table in ("redaction", "rating_scale", "rating", "policy", "import_mapping"):
        return "false"  # nothing in them can be redacted
    if chosen is None:
        return f"table_name = '{table}'"
    key = ", ".join(SHAPES[table].key)
    return (
        f"(table_name = '{table}' AND row_key IN (SELECT concat_ws('.', {key})"  # noqa: S608
        f" FROM {table} WHERE {_condition(table, chosen)}))"
    )
