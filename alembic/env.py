"""Run the migrations on the connection that the caller hands over, or render them as SQL.

`claimtrack.migrate` passes a connection in ``config.attributes``; the `alembic` command passes
none, and gets the database that claimtrack's own settings name.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

import claimtrack.models.rules  # noqa: F401 - completes the metadata
from claimtrack import migrate
from claimtrack.db import metadata

config = context.config


def configure_and_run() -> None:
    if context.is_offline_mode():
        context.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},  # else each "%" comes out doubled
            target_metadata=metadata,
            literal_binds=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        return
    connection = config.attributes.get("connection")
    if connection is None:
        with migrate.developer_connection() as connection:
            run_on(connection)
    else:
        run_on(connection)


def run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=not config.attributes.get("one_transaction", False),
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


configure_and_run()
