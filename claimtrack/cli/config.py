"""`claimtrack config`: settings, each value and where it came from."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command, need
from claimtrack.render import Column, Listing, escape_terminal

#: What a setting without a value means.
_UNSET = {
    "database_url": "(claimtrack's own PostgreSQL)",
    "actor": "(asked once in a terminal, else the login name)",
    "desk_name": "(none: an export of fact-checks asks for it)",
    "desk_url": "(none: an export of fact-checks asks for it)",
}


@click.group()
def config() -> None:
    """Settings: each value and where it came from."""


@command(config, "show", example="claimtrack config show")
def show(app: App) -> None:
    """Show every setting and where its value came from; passwords are hidden."""
    from claimtrack.config import describe, variable_name

    settings = app.settings
    app.emit(
        Listing(
            columns=(
                Column("name", "Setting"),
                Column("value", "Value", grow=True),
                Column("origin", "From"),
            ),
            rows=[
                {
                    "name": line.name,
                    "value": line.value,
                    "from": line.origin.kind.value,
                    "place": line.origin.place or None,
                    "variable": variable_name(line.name),
                }
                for line in describe(settings)
            ],
            cells=lambda row: {
                **row,
                "value": row["value"] or _UNSET.get(str(row["name"]), ""),
                "origin": f"{row['from']} {row['place'] or ''}".rstrip(),
            },
            footer=(f"File: {escape_terminal(str(settings.config_path))}",),
        )
    )


@command(
    config,
    "set",
    example="""
claimtrack config set actor "Ana Ruiz"
claimtrack config set database_url postgresql://ana@db.example.org/claims
claimtrack config set database_url --unset
""",
    formats=False,
)
@click.argument("name")
@click.argument("value", required=False)
@click.option("--unset", is_flag=True, help="Take the setting out of the file.")
def set_(app: App, name: str, value: str | None, *, unset: bool) -> None:
    """Keep a setting in the file; NAME as `config show` lists it."""
    from claimtrack.config import OriginKind, save_setting
    from claimtrack.database_url import HIDDEN, hide_password

    need(unset != (value is not None), "Give either a value, or --unset.")
    name = name.strip().replace("-", "_")
    path = app.settings.config_path
    save_setting(name, value, path)
    app.say(f"Taken out of {path}." if value is None else f"Kept in {path}.")
    if value is not None and name == "database_url" and HIDDEN in hide_password(value):
        app.say("It holds a password now: only you may read that file (mode 0600).")
    origin = app.settings.origin(name)
    if origin.kind in (OriginKind.FLAG, OriginKind.ENVIRONMENT):
        app.say(f"For now {origin.place} goes before it.")
