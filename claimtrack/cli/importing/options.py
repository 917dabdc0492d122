"""The options that every `claimtrack import` has, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.app import App, need
from claimtrack.errors import ConflictError, NotFoundError, UsageError

if TYPE_CHECKING:
    from claimtrack.interchange.table import TableOptions
    from claimtrack.services.imports.records import Meaning


@dataclass(frozen=True, slots=True)
class Given:
    """What was said on the command line of any import."""

    columns: tuple[str, ...] = ()
    mapping: str | None = None
    constants: tuple[str, ...] = ()
    origin: str | None = None
    licence: str | None = None
    language: str = "en"
    dayfirst: bool = False
    monthfirst: bool = False
    verdicts: Path | None = None
    as_ours: bool = False
    preview: bool = False
    dry_run: bool = False
    rejects: Path | None = None
    strict: bool = False
    batch: int | None = None
    #: How a table is read: header, delimiter, quoting, encoding, sheet.
    table: Mapping[str, Any] = field(default_factory=dict)


_SHARED = (
    click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False)),
    click.option(
        "--map",
        "columns",
        metavar="FIELD=COLUMN",
        multiple=True,
        help="Which column holds a field; without a header, by its number from 1. With nothing"
        " after the =, the field is read from nowhere.",
    ),
    click.option(
        "--mapping",
        metavar="NAME",
        help="Use the columns kept under this name, and keep each --map given with them.",
    ),
    click.option(
        "--set",
        "constants",
        metavar="FIELD=VALUE",
        multiple=True,
        help="What a field has in each row that has none of its own, such as publisher=Snopes.",
    ),
    click.option(
        "--origin",
        metavar="NAME",
        help="Where the external ids come from; the publisher set, else the file's name, with"
        " the sheet's for another than the first.",
    ),
    click.option("--licence", metavar="TEXT", help="Under which the file may be used."),
    click.option("--language", metavar="TAG", default="en", help="Of rows that don't say theirs."),
    click.option("--dayfirst", is_flag=True, help="Read 03/04/2020 as 3 April."),
    click.option("--monthfirst", is_flag=True, help="Read 03/04/2020 as 4 March."),
    click.option(
        "--verdicts",
        metavar="FILE",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Which verdict each label of a publisher comes to, as TOML.",
    ),
    click.option(
        "--as-ours", is_flag=True, help="The verdicts are this desk's own, and become reviews."
    ),
    click.option(
        "--preview", is_flag=True, help="Show the first rows as they would be stored, and stop."
    ),
    click.option(
        "--dry-run", is_flag=True, help="Say what would become of each row, and change nothing."
    ),
    click.option(
        "--rejects",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the rows that are refused here, with line and reason.",
    ),
    click.option("--strict", is_flag=True, help="Refuse the whole file for one refused row."),
    click.option(
        "--batch",
        metavar="N",
        type=click.IntRange(min=1),
        help="Commit every N rows; the same command goes on where it was broken off.",
    ),
)


def shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options of every import."""
    for decorate in reversed(_SHARED):
        function = decorate(function)
    return function


def check(given: Given) -> None:
    """Refuse what can't be meant together.

    Raises:
        UsageError: two options contradict each other.
    """
    need(
        not (given.dayfirst and given.monthfirst),
        "Say one of --dayfirst and --monthfirst, not both.",
    )
    need(not (given.dry_run and given.batch), "A dry run keeps nothing, so it takes no --batch.")
    need(
        str(given.rejects) != "-",
        "The refused rows can't go where the report goes: give --rejects a file's name.",
    )
    need(not (given.strict and given.batch), "--strict takes all or nothing, --batch part by part.")


def constants_of(given: Given) -> dict[str, str]:
    """The fields that are set for all rows.

    Raises:
        UsageError: one of them is no field, or is said twice.
    """
    from claimtrack.interchange.columns import known_field, parse_pairs

    return {
        known_field(name): value for name, value in parse_pairs(given.constants, "--set").items()
    }


def columns_of(app: App, given: Given) -> dict[str, str]:
    """Which column holds which field: as kept under a name, but for what is said now.

    Raises:
        UsageError: one of them is no field, or is said twice.
        NotFoundError: nothing is kept under the name, and nothing was said.
    """
    from claimtrack.interchange.columns import known_field, parse_pairs
    from claimtrack.services.imports import mappings

    said = {known_field(name): column for name, column in parse_pairs(given.columns).items()}
    if given.mapping is None:
        return said
    with app.read() as connection:
        try:
            return {**mappings.find(connection, given.mapping), **said}
        except NotFoundError:
            if not said:
                raise
            return said  # the first that are kept under it


def keep_columns(app: App, given: Given, columns: Mapping[str, str]) -> None:
    """Keep the columns under the name that was said."""
    from claimtrack.services.imports import mappings

    if given.mapping is not None and given.columns and not given.dry_run:
        with app.write() as connection:
            mappings.keep(connection, given.mapping, columns)


def meaning_of(
    given: Given, constants: Mapping[str, str], file: Path | None, sheet: str | None
) -> Meaning:
    """How the rows of a file are to be understood; ``sheet`` tells it from the first in the file.

    Raises:
        InvalidDataError: the vocabulary of verdicts can't be read, or the language is none.
    """
    from claimtrack.interchange.labels import load_labels
    from claimtrack.keys import clean_text, language_tag
    from claimtrack.services.imports.records import Meaning

    publisher = constants.get("publisher")
    named = file.name if file is not None else "standard input"
    origin = given.origin or publisher or (f"{named}, {sheet}" if sheet else named)
    labels = lru_cache(1024)(lambda house: load_labels(house, given.verdicts))
    labels(publisher)  # a vocabulary that can't be read is found before the first row
    return Meaning(
        origin=clean_text(origin, "origin", limit=300),
        labels=labels,
        order="day" if given.dayfirst else "month" if given.monthfirst else None,
        as_ours=given.as_ours,
        language=language_tag(given.language),
        house=publisher,
    )


def table_of(
    given: Given, columns: Mapping[str, str], constants: Mapping[str, str]
) -> TableOptions:
    """How a table is to be read."""
    from claimtrack.interchange.table import TableOptions

    return TableOptions(**given.table, columns=columns, constants=constants)


def options_of(
    given: Given, columns: Mapping[str, str], constants: Mapping[str, str]
) -> dict[str, Any]:
    """How the file was read, as the import keeps it: what decides what its rows mean."""
    said: dict[str, Any] = {
        "columns": dict(columns),
        "set": dict(constants),
        "language": given.language,
        "dayfirst": given.dayfirst,
        "monthfirst": given.monthfirst,
        "verdicts": str(given.verdicts) if given.verdicts else None,
        "as_ours": given.as_ours,
        **given.table,
    }
    return {name: value for name, value in said.items() if value not in (None, False, {}, "")}


def refuse_overwriting(given: Given, file: Path) -> None:
    """Refuse a file of rejects that would go over one that is none, or over ``file`` itself.

    Raises:
        ConflictError: it is there already, and holds something else.
        NotFoundError: its folder isn't.
    """
    if given.rejects is None or given.preview:
        return
    from claimtrack.cli.importing.rejecting import holds_rejects

    if given.rejects.is_file() and file.exists() and given.rejects.samefile(file):
        raise ConflictError(f"{given.rejects} is the file that is to be imported.")
    if given.rejects.is_file() and not holds_rejects(given.rejects):
        raise ConflictError(
            f"{given.rejects} is there already, and holds no rejects of an earlier run."
            " Give --rejects another name."
        )
    if not given.rejects.parent.is_dir():
        raise NotFoundError(f"There is no folder {given.rejects.parent}.")


def refuse_missing(file: Path) -> None:
    """Refuse a file that isn't there.

    Raises:
        NotFoundError: there is none.
        UsageError: it is a folder.
    """
    if str(file) == "-":
        return
    if file.is_dir():
        raise UsageError(f"{file} is a folder: give a file.")
    if not file.exists():
        raise NotFoundError(f"There is no file {file}.")
