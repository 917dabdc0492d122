"""`claimtrack db reindex`: the index of words, by which matching and search find claims."""

from __future__ import annotations

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.db import db
from claimtrack.cli.progress import progress


@command(
    db,
    "reindex",
    example="""
claimtrack db reindex
claimtrack db reindex --waiting
""",
    formats=False,
)
@click.option("--waiting", is_flag=True, help="Only the claims that wait, as after a broken run.")
def reindex(app: App, *, waiting: bool) -> None:
    """Read the words of all claims anew, for matching and search, and count them.

    Commands keep the words by themselves; this is for claims that were changed in plain SQL, and
    where `claimtrack db check` says so. People can go on working meanwhile: a page of claims is
    done or not, and a run that was broken off is finished with --waiting.
    """
    from claimtrack.services.matching import postings

    with app.write(fills=False) as connection:
        if not waiting:
            postings.drop_lost(connection)
            postings.note_all(connection)
    with app.read() as connection:
        pages = postings.pages_due(connection)
    number = sum(map(len, pages))
    try:
        with progress("Reading claims", number) as tell:
            for page in pages:
                with app.write(fills=False) as connection:
                    postings.refill(connection, page)
                    postings.list_new(connection)
                tell(len(page))
    except KeyboardInterrupt:
        app.say("Broken off. What is done stays; the rest is done by:")
        app.say("  claimtrack db reindex --waiting")
        raise
    with app.write(fills=False) as connection:
        counted = postings.count_words(connection)
    claims = f"{number:,} claim{'' if number == 1 else 's'}"
    app.say(
        f"Done: the words of {claims} are read and counted."
        if counted
        else f"Done: the words of {claims} are read; somebody else is counting them."
    )
