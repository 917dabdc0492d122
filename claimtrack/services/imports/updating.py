"""Rows that have changed since they came: what changed is taken over, where no person changed it.

A value that somebody has edited since stays as it is, and is told as a conflict; the events of a
row tell which they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, text

from claimtrack.services.imports.settling import Run


class Conflict(NamedTuple):
    """A changed value that gave way to what the desk has: in which row, of which claim."""

    line: int
    claim_id: int
    field: str
    why: str


class _Target(NamedTuple):
    """A table that changed rows change, and how a staged row finds its row there."""

    table: str
    key: str
    joined: str
    #: Column to the value that is staged, and the fields of a row that it comes from.
    columns: dict[str, tuple[str, tuple[str, ...]]]
    #: A row that takes no change, and the words for it.
    closed: str
    closed_why: str
    #: Of a row that was undone, the appearance and the fact-check come anew.
    outcomes: str = "'changed'"


def _same(*columns: str, fields: tuple[str, ...]) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {column: (f"staged.{column}", fields) for column in columns}


_PUBLISHER = "(SELECT id FROM staged_publisher WHERE name_key = staged.publisher_key)"
_PUBLISHED = ("published_on", "published_precision", "published_text")

_TARGETS = (
    _Target(
        "claim",
        "claim.id::text",
        "JOIN claim ON claim.id = earlier.claim_id",
        {
            # A claim whose figure a file has no more keeps it, and goes on being one.
            "kind": (
                "CASE WHEN came.figure IS NULL AND came.digests -> 'kind' IS NULL"
                " AND EXISTS (SELECT FROM figure WHERE figure.claim_id = claim.id)"
                " THEN claim.kind ELSE came.kind END",
                ("kind", "figure"),
            ),
            **{name: (f"came.{name}", (name,)) for name in ("language", "topics", "priority")},
        },
        "claim.merged_into_id IS NOT NULL",
        "it was merged into another",
        "'changed', 'undone'",
    ),
    _Target(
        "appearance",
        "appearance.claim_id || '.' || appearance.no",
        "JOIN import_row AS prior ON (prior.import_id, prior.no)"
        " = (settled.prior_import_id, settled.prior_no)"
        " JOIN staged_appearance AS staged ON staged.no = came.no AND staged.position = 0"
        " JOIN appearance ON appearance.claim_id = prior.claim_id"
        " AND appearance.no = prior.appearance_no",
        {
            "speaker_id": (
                "(SELECT id FROM staged_speaker AS named WHERE (named.name_key,"
                " named.qualifier_key) = (staged.name_key, staged.qualifier_key))",
                ("speaker",),
            ),
            # The source that stands for one which isn't named takes no other's place.
            "source_id": (
                "CASE WHEN came.digests ?| ARRAY['source', 'source_title'] THEN"
                " (SELECT id FROM staged_source AS named"
                " WHERE named.source_key = staged.source_key)"
                " ELSE appearance.source_id END",
                ("source", "source_title", "source_publisher", "publisher"),
            ),
            **_same("said_on", "said_precision", "said_text", fields=("said_on",)),
            **_same("manner", fields=("manner", "speaker", "quote")),
            **_same("quote", fields=("quote",)),
            **_same("passage", fields=("passage",)),
            **_same("place", fields=("place",)),
        },
        "appearance.withdrawn_at IS NOT NULL",
        "it was withdrawn",
    ),
    _Target(
        "source",
        "source.id::text",
        "JOIN staged_appearance AS told ON told.no = came.no AND told.position = 0"
        " JOIN staged_source AS staged USING (source_key)"
        " JOIN source ON source.id = staged.id AND source.url IS NOT NULL",
        {
            "title": ("COALESCE(staged.title, source.title)", ("source_title",)),
            "publisher_id": (
                f"COALESCE({_PUBLISHER}, source.publisher_id)",
                ("source_publisher", "publisher"),
            ),
            "agency_id": (
                "COALESCE((SELECT id FROM staged_publisher"
                " WHERE name_key = staged.agency_key), source.agency_id)",
                ("agency",),
            ),
            **{
                name: (
                    f"CASE WHEN staged.published_on IS NULL THEN source.{name}"
                    f" ELSE staged.{name} END",
                    ("published",),
                )
                for name in _PUBLISHED
            },
        },
        "source.protected",
        "it is protected",
    ),
    _Target(
        "assessment",
        "assessment.id::text",
        "JOIN import_row AS prior ON (prior.import_id, prior.no)"
        " = (settled.prior_import_id, settled.prior_no)"
        " JOIN staged_assessment AS staged ON staged.no = came.no"
        " JOIN assessment ON assessment.id = prior.assessment_id",
        {
            "publisher_id": (_PUBLISHER, ("publisher",)),
            **_same("title", fields=("title",)),
            **_same("url", fields=("review_url",)),
            **_same("assessment_key", fields=("review_url", "title", "publisher")),
            **_same("rating", "verdict", fields=("rating", "verdict")),
            # The numbers go with the label that they stood beside.
            **_same("rating_value", fields=("rating", "rating_value")),
            **_same("best_rating", fields=("rating", "best_rating")),
            **_same("worst_rating", fields=("rating", "worst_rating")),
            **_same(*_PUBLISHED, fields=("reviewed_on", "published")),
            **_same("language", fields=("language",)),
            **_same("summary", fields=("summary",)),
            **_same("original", fields=("original",)),
        },
        "assessment.withdrawn_at IS NOT NULL",
        "it was withdrawn",
    ),
)

#: The columns that a changed row changes, by table; beside them the words and the figure.
UPDATED = {target.table: tuple(target.columns) for target in _TARGETS}

_CHANGED = """
    FROM settled
    JOIN staged_claim AS came USING (no)
    JOIN import_row AS earlier ON (earlier.import_id, earlier.no)
        = (settled.prior_import_id, settled.prior_no)
    """


# A row that goes by a key of its own can come from files that tell more or less of the same: one
# that says nothing of a value doesn't take it away.
_SAYS = "(NOT came.digests ? 'external_id' OR came.external_id IS NOT NULL OR came.digests ? '{}')"


def _differs(fields: tuple[str, ...]) -> str:
    return "({})".format(
        " OR ".join(
            f"earlier.digests -> '{field}' IS DISTINCT FROM came.digests -> '{field}'"
            f" AND {_SAYS.format(field)}"
            for field in fields
        )
    )


def _told(target: _Target) -> str:
    """Per row and column: whether the file has another value, and whether a person has edited."""
    table = target.table
    values = ", ".join(
        f"{_differs(fields)} AND {table}.{column} IS DISTINCT FROM {value} AS new_{column},"
        f" {value} AS to_{column}"
        for column, (value, fields) in target.columns.items()
    )
    return (
        f"SELECT DISTINCT ON ({target.key}) came.line, earlier.claim_id, {target.key} AS row_key,"
        f" {table}.ctid AS at, edited_by_hand('{table}', {target.key}) AS edited,"
        f" {target.closed} AS closed, {values} {_CHANGED} {target.joined}"
        f" WHERE settled.outcome IN ({target.outcomes})"
        f" ORDER BY {target.key}, came.no"
    )


def _taking(target: _Target) -> str:
    free = {
        column: f"told.new_{column} AND '{column}' <> ALL (told.edited)"
        for column in target.columns
    }
    values = ", ".join(
        f"{column} = CASE WHEN {taken} THEN told.to_{column} ELSE {target.table}.{column} END"
        for column, taken in free.items()
    )
    return (
        f"WITH told AS MATERIALIZED ({_told(target)})"
        f" UPDATE {target.table} SET {values} FROM told"
        f" WHERE {target.table}.ctid = told.at AND NOT told.closed"
        f" AND ({' OR '.join(f'({taken})' for taken in free.values())})"
    )


def _kept(target: _Target) -> str:
    kept = " UNION ALL ".join(
        f"SELECT line, claim_id, '{column}', closed FROM told"
        f" WHERE new_{column} AND (closed OR '{column}' = ANY (edited))"
        for column in target.columns
    )
    return f"WITH told AS MATERIALIZED ({_told(target)}) {kept} ORDER BY 1, 3"


# Words under a verdict stay, and so do those that a person has put.
STATEMENTS = f"""
    SELECT DISTINCT ON (claim.id) came.line, came.no, claim.id AS claim_id, came.statement,
        came.statement_key,
        claim.status IN ('awaiting_approval', 'checked') AS checked,
        claim.merged_into_id IS NOT NULL AS merged,
        'statement' = ANY (edited_by_hand('claim', claim.id::text)) AS edited,
        claim.statement_key <> came.statement_key AS other
    {_CHANGED}
    JOIN claim ON claim.id = earlier.claim_id
    WHERE settled.outcome IN ('changed', 'undone') AND {_differs(("statement",))}
        AND claim.statement <> came.statement
    ORDER BY claim.id, came.no
    """

_REWORD = f"""
    WITH told AS MATERIALIZED ({STATEMENTS}), numbered AS (
        SELECT told.*, CASE WHEN other THEN COALESCE((
            SELECT max(claim.copy_no) FROM claim WHERE claim.statement_key = told.statement_key
        ), 0) + row_number() OVER (PARTITION BY statement_key ORDER BY no) END AS copy_no
        FROM told WHERE NOT merged AND NOT checked AND NOT edited
    )
    UPDATE claim SET statement = numbered.statement, statement_key = numbered.statement_key,
        copy_no = COALESCE(numbered.copy_no, claim.copy_no)
    FROM numbered WHERE claim.id = numbered.claim_id
    """

_KEPT_WORDS = f"""
    SELECT line, claim_id, merged, checked FROM ({STATEMENTS}) AS told
    WHERE merged OR checked OR edited
    ORDER BY line
    """

_FIGURES = f"""
    WITH told AS MATERIALIZED (
        SELECT DISTINCT ON (claim.id) came.line, claim.id AS claim_id, came.figure,
            claim.merged_into_id IS NOT NULL AS merged,
            edited_by_hand('figure', claim.id::text) <> '{{}}' AS edited,
            claim.status IN ('awaiting_approval', 'checked') AS checked
        {_CHANGED}
        JOIN claim ON claim.id = earlier.claim_id
        WHERE settled.outcome IN ('changed', 'undone') AND came.figure IS NOT NULL
            AND {_differs(("figure",))}
        ORDER BY claim.id, came.no
    )
    """

_TAKE_FIGURES = f"""
    {_FIGURES}
    INSERT INTO figure (claim_id, comparator, low, high, unit, counted, place, on_date,
        on_precision, since_date, since_precision)
    SELECT told.claim_id, said.comparator, said.low, said.high, said.unit, said.counted,
        said.place, said.on_date, said.on_precision, said.since_date, said.since_precision
    FROM told CROSS JOIN LATERAL jsonb_populate_record(NULL::figure, told.figure) AS said
    WHERE NOT told.merged AND NOT told.edited AND NOT told.checked
    ON CONFLICT (claim_id) DO UPDATE SET comparator = excluded.comparator, low = excluded.low,
        high = excluded.high, unit = excluded.unit, counted = excluded.counted,
        place = excluded.place, on_date = excluded.on_date, on_precision = excluded.on_precision,
        since_date = excluded.since_date, since_precision = excluded.since_precision
    """

# A file that says nothing of it any more doesn't take it away.
_EMPTIED_FIGURES = f"""
    SELECT DISTINCT ON (figure.claim_id) came.line, figure.claim_id
    {_CHANGED}
    JOIN figure ON figure.claim_id = earlier.claim_id
    WHERE settled.outcome IN ('changed', 'undone') AND came.figure IS NULL
        AND earlier.digests -> 'figure' IS NOT NULL
    ORDER BY figure.claim_id, came.no
    """

_KEPT_FIGURES = f"""
    {_FIGURES} SELECT line, claim_id, merged, checked FROM told
    WHERE merged OR edited OR checked ORDER BY line
    """

# A changed row goes on telling of the same appearance and fact-check.
_CARRIED = """
    UPDATE settled SET
        appearance_no = COALESCE(settled.appearance_no, prior.appearance_no),
        assessment_id = COALESCE(settled.assessment_id, prior.assessment_id)
    FROM import_row AS prior
    WHERE (prior.import_id, prior.no) = (settled.prior_import_id, settled.prior_no)
        AND settled.outcome = 'changed'
    """


def take_over(connection: Connection, run: Run) -> list[Conflict]:
    """Take over what changed in staged rows, and tell what stays as people have it."""
    if not connection.scalar(
        text("SELECT EXISTS (SELECT FROM settled WHERE outcome IN ('changed', 'undone'))")
    ):
        return []
    conflicts = [*_conflicts(connection)]
    for target in _TARGETS:
        connection.execute(text(_taking(target)))
    connection.execute(text(_REWORD))
    connection.execute(text(_TAKE_FIGURES))
    connection.execute(text(_CARRIED))
    return conflicts


def _conflicts(connection: Connection) -> Iterator[Conflict]:
    for target in _TARGETS:
        for line, claim_id, column, closed in connection.execute(text(_kept(target))):
            field = column.removesuffix("_id").removesuffix("_on")
            why = target.closed_why if closed else "it was edited here"
            yield Conflict(line, claim_id, f"{target.table} {field}", why)
    for query, field in ((_KEPT_WORDS, "statement"), (_KEPT_FIGURES, "figure")):
        for line, claim_id, merged, checked in connection.execute(text(query)):
            why = "it stands under a verdict" if checked else "it was edited here"
            if merged:
                why = "it was merged into another"
            yield Conflict(line, claim_id, field, why)
    for line, claim_id in connection.execute(text(_EMPTIED_FIGURES)):
        yield Conflict(line, claim_id, "figure", "the file has none any more")
