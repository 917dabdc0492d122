"""The rules that a desk gives itself: which hold, who set them, and setting them."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from claimtrack.db import say_why
from claimtrack.keys import clean_text
from claimtrack.models.claims import claim
from claimtrack.models.policies import policy
from claimtrack.vocab import POLICY_DEFAULTS, Policy, Status


class PolicyView(NamedTuple):
    """A policy as it holds; the last three say who set it, and are None for a default."""

    name: Policy
    value: str
    because: str | None = None
    recorded_at: dt.datetime | None = None
    recorded_by: str | None = None


class InForce(NamedTuple):
    """What the policies ask of a verdict."""

    second_reviewer: bool
    independent_publishers: int


class PolicySet(NamedTuple):
    """A policy before and after it was set; ``waiting`` counts the claims that await approval."""

    before: PolicyView
    after: PolicyView
    waiting: int


def list_policies(connection: Connection) -> list[PolicyView]:
    """Every policy as it holds, in the order of the vocabulary."""
    rows = connection.execute(
        select(policy).ext(distinct_on(policy.c.name)).order_by(policy.c.name, policy.c.id.desc())
    )
    found = {
        row.name: PolicyView(
            Policy(row.name), row.value, row.because, row.recorded_at, row.recorded_by
        )
        for row in rows
    }
    return [found.get(name, PolicyView(name, POLICY_DEFAULTS[name])) for name in Policy]


def in_force(connection: Connection) -> InForce:
    """What holds now, by the database's own rule."""
    second, publishers = connection.execute(
        select(*(func.policy_in_force(name.value) for name in Policy))
    ).one()
    return InForce(second_reviewer=second == "on", independent_publishers=int(publishers))


def set_policy(
    connection: Connection, name: Policy, value: str, because: str | None = None
) -> PolicySet:
    """Set a policy; one that holds already is left as it is.

    Verdicts that stand are left alone, and so are those that wait for approval.

    Raises:
        InvalidDataError: the reason is blank or too long.
    """
    if because is not None:
        because = clean_text(because, "reason (--because)", limit=20_000, multiline=True)
        say_why(connection, because)
    before = _one(connection, name)
    if before.value != value:
        connection.execute(insert(policy).values(name=name, value=value, because=because))
    waiting = connection.execute(
        select(func.count()).where(claim.c.status == Status.AWAITING_APPROVAL)
    ).scalar_one()
    return PolicySet(before, _one(connection, name), waiting)


def _one(connection: Connection, name: Policy) -> PolicyView:
    return next(one for one in list_policies(connection) if one.name is name)
