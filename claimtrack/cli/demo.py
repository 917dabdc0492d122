"""`claimtrack demo`: a dozen claims in a database of their own."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command, fill_postings

#: Beside the user's database in the same embedded server, and never that one.
DATABASE = "claimtrack_demo"


@command(
    None,
    "demo",
    example="""
claimtrack demo
claimtrack demo claim show 8
claimtrack demo report figures --format markdown
""",
    formats=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("words", metavar="[COMMAND]...", nargs=-1, type=click.UNPROCESSED)
def demo(app: App, words: tuple[str, ...]) -> int:
    """Try claimtrack on a dozen claims, in a database of its own.

    Without a COMMAND, the demo's database is made anew and its unverified report printed. With
    one, that command runs on the demo's database. Your own claims are never touched.
    """
    from claimtrack.embedded import ensure_running

    url = ensure_running(app.settings.data_dir, database=DATABASE, notice=app.say)
    if words:
        return _run(app, url, *words)
    _make_anew(app)
    _run(app, url, "report", "unverified")
    click.echo(
        "\nThe ship that blocked the Suez Canal in March 2021: real people and events, in our own"
        "\nwords; the publishers and addresses are made up. Some commands to try next:"
        "\n"
        "\n  claimtrack demo claim show 8"
        '\n  claimtrack demo claim mark 3 in-review --because "Asking the canal for its log"'
        "\n  claimtrack demo claim approve 9"
        "\n  claimtrack demo report figures"
    )
    return 0


def _run(app: App, url: str, *words: str) -> int:
    """Run another command of claimtrack on the demo's database; gives back its exit code."""
    from claimtrack.cli import cli

    inside = App()
    inside.flags = {**app.flags, "database_url": url}
    with cli.make_context("claimtrack demo", list(words), obj=inside) as context:
        outcome = cli.invoke(context)
    return outcome if isinstance(outcome, int) else 0


def _make_anew(app: App) -> None:
    from sqlalchemy import text

    from claimtrack import migrate
    from claimtrack.db import make_engine, write_transaction
    from claimtrack.embedded import ensure_running
    from claimtrack.services.demo import steps

    folder = app.settings.data_dir
    server = make_engine(ensure_running(folder, database="postgres", notice=app.say))
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
    engine = make_engine(ensure_running(folder, database=DATABASE, notice=app.say))
    migrate.upgrade(engine)
    for actor, work in steps():
        with write_transaction(engine, actor=actor) as connection:
            work(connection)
            fill_postings(connection)
