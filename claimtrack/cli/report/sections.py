"""Reports of several sections: headings for people, one flat list for scripts and sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claimtrack.cli.app import App
from claimtrack.cli.lines import cells, people, with_all
from claimtrack.render import Column, Listing

# Columns that several reports have.
ID = Column("id", "ID", align="right")
STATEMENT = Column("statement", "Statement", grow=True)
BY = Column("by", "By", max_width=20)
BECAUSE = Column("because", "Because", grow=True)
#: The address of an objection or a challenge, and who sent the challenge.
ADDRESS = Column("address", "ID")
FROM = Column("from", "From", max_width=20)


@dataclass(frozen=True)
class Section:
    """One section: its key in JSON, its heading, and the columns that people see."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    counted: bool = True  # whether the heading says how many rows there are
    quiet: bool = False  # whether people see it only where it has rows
    claims: int | None = None  # how many claims the rows are of, where some are the same

    @property
    def total(self) -> int:
        """What the section comes to: claims that are the same count once."""
        return len(self.rows) if self.claims is None else self.claims

    @property
    def heading(self) -> str:
        """The line above the section's table."""
        if not self.rows:
            return f"{self.title}: none"
        return f"{self.title}: {self.total:,}" if self.counted else self.title


def emit_sections(
    app: App,
    header: Mapping[str, Any],
    sections: Sequence[Section],
    *,
    columns: Sequence[str],
    limit: int | None,
    preamble: Sequence[str] = (),
    empty: str,
) -> None:
    """Print a report in the chosen format.

    People get the sections one below the other, at most ``limit`` rows of each. JSON is an
    object with an array for each section, and all of them once more as ``rows``, each with its
    ``section``; the other formats are those rows, in ``columns``.
    """
    if people(app):
        _emit_tables(app, sections, limit, preamble, empty)
        return
    shown = [(section, section.rows[:limit]) for section in sections]
    keys = ("section", *columns)
    app.emit(
        Listing(
            columns=[Column(key, key.replace("_", " ").capitalize()) for key in keys],
            rows=[{"section": section.key, **row} for section, rows in shown for row in rows],
            cells=lambda row: with_all(keys, cells(app, row)),
            header={**header, **{section.key: list(rows) for section, rows in shown}},
            empty=empty,
        )
    )


def emit_flat(
    app: App,
    header: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    for_people: Sequence[Column],
    keys: Sequence[str],
    limit: int | None,
    preamble: Sequence[str] = (),
    empty: str,
) -> None:
    """Print a report of one section; spreadsheets get the columns ``keys``."""
    shown = rows[:limit]
    more = len(rows) - len(shown)
    wanted = [*keys, *(column.key for column in for_people)]
    app.emit(
        Listing(
            columns=for_people if people(app) else [Column(key, key) for key in keys],
            rows=shown,
            cells=lambda row: with_all(wanted, cells(app, row)),
            header=header,
            preamble=preamble,
            footer=("", f"{more:,} more: --limit 0 shows all.") if more else (),
            empty=empty,
        )
    )


def _emit_tables(
    app: App,
    sections: Sequence[Section],
    limit: int | None,
    preamble: Sequence[str],
    empty: str,
) -> None:
    if not any(section.rows for section in sections):
        app.emit(Listing(columns=(), rows=(), preamble=preamble, empty=empty))
        return
    before = [*preamble, ""] if preamble else []
    for section in sections:
        if section.quiet and not section.rows:
            continue
        keys = [column.key for column in section.columns]
        more = len(section.rows) - (len(section.rows) if limit is None else limit)
        app.emit(
            Listing(
                columns=section.columns if section.rows else (),
                rows=section.rows[:limit],
                cells=lambda row, keys=keys: with_all(keys, cells(app, row)),  # type: ignore[misc]
                preamble=before,
                heading=section.heading,
                footer=[f"{more:,} more: --limit 0 shows all."] if more > 0 else (),
            )
        )
        before = [""]
