"""Which column of a file is which field, kept under a name for the files that come every week."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from claimtrack.errors import NotFoundError
from claimtrack.keys import clean_text
from claimtrack.models.imports import import_mapping


def keep(connection: Connection, name: str, columns: Mapping[str, str]) -> None:
    """Keep columns by field under a name, in place of those that were kept under it.

    Raises:
        InvalidDataError: the name can't be recorded.
    """
    name = clean_text(name, "name of the mapping", limit=100)
    columns = dict(columns)
    if _kept(connection, name) == columns:
        return
    connection.execute(
        insert(import_mapping)
        .values(name=name, columns=columns)
        .on_conflict_do_update(index_elements=["name"], set_={"columns": columns})
    )


def find(connection: Connection, name: str) -> dict[str, str]:
    """The columns by field that were kept under a name.

    Raises:
        NotFoundError: there are none.
    """
    columns = _kept(connection, name.strip())
    if columns is None:
        names = ", ".join(
            connection.scalars(select(import_mapping.c.name).order_by(import_mapping.c.name))
        )
        kept = f" Kept are: {names}." if names else ""
        raise NotFoundError(
            f'There is no mapping "{name.strip()}": say which columns it has with --map.{kept}'
        )
    return columns


def _kept(connection: Connection, name: str) -> dict[str, str] | None:
    return connection.scalar(select(import_mapping.c.columns).where(import_mapping.c.name == name))
