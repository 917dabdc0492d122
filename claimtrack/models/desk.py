"""Who may do what on a desk's server."""

from collections.abc import Sequence

from sqlalchemy import CheckConstraint, Column, Table, Text
from sqlalchemy.schema import SchemaItem

from claimtrack.db import Recorded, held_by, id_column, metadata, one_of
from claimtrack.vocab import Role


class GrantedColumns(Recorded):
    """One entry a grant or revocation: what stands for a login is its latest entry."""

    id = id_column()
    login = Column(Text, nullable=False, comment="the name of a PostgreSQL role that can log in")
    role: Column[str | None] = Column(Text, comment="null: what it had was revoked")


granted = Table(
    "granted",
    metadata,
    GrantedColumns,
    comment="append-only: who was given which role; a restored database is given them again",
)


@held_by(granted)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("role", Role),
        CheckConstraint("octet_length(login) BETWEEN 1 AND 63", name="login"),
    )
