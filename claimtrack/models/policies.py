"""The rules that a desk gives itself."""

from collections.abc import Sequence

from sqlalchemy import CheckConstraint, Column, Table, Text
from sqlalchemy.schema import SchemaItem

from claimtrack.db import Recorded, filled, held_by, id_column, metadata, one_of
from claimtrack.vocab import Policy


class PolicyColumns(Recorded):
    """One policy as it was set once; the latest row of a name is in force."""

    id = id_column()
    name = Column(Text, nullable=False)
    value = Column(Text, nullable=False, comment="on or off, or a number from 0 to 99")
    because: Column[str | None] = Column(Text)


policy = Table(
    "policy",
    metadata,
    PolicyColumns,
    comment="append-only: the rules that a desk gave itself; the latest row of a name holds",
)


@held_by(policy)
def _() -> Sequence[SchemaItem]:
    return (
        one_of("name", Policy),
        CheckConstraint(
            "CASE name WHEN 'second_reviewer' THEN value IN ('on', 'off')"
            " ELSE value ~ '^(0|[1-9][0-9]?)$' END",
            name="value",
        ),
        filled("because", 20000),
    )
