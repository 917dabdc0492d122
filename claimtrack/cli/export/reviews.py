"""`export claimreview`: the desk's published fact-checks for search engines and other desks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from claimtrack.cli.app import App, command
from claimtrack.cli.export.group import export
from claimtrack.cli.export.sending import Sent, output_options, send
from claimtrack.cli.filters import filter_options, of_actor, plain, read_filter
from claimtrack.errors import UsageError
from claimtrack.render import json_text

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from claimtrack.interchange.reviews_out import Desk, PublishedReview
    from claimtrack.services.published_reviews import Aside

#: How many claims are named in a sentence.
_NAMED = 10
#: Signs that would end or open something where the text stands inside HTML.
_IN_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@command(
    export,
    "claimreview",
    example="""
claimtrack export claimreview -o claimreview.json
claimtrack export claimreview --topic bridge --lines
""",
    formats=False,
)
@filter_options
@output_options
@click.option("--lines", is_flag=True, help="JSON Lines: each fact-check a document of its own.")
@click.option("--desk-name", metavar="NAME", help="Who publishes. [default: setting desk_name]")
@click.option("--desk-url", metavar="URL", help="Its address. [default: setting desk_url]")
def claimreview(
    app: App,
    output: Path,
    *,
    force: bool,
    lines: bool,
    desk_name: str | None,
    desk_url: str | None,
    **options: Any,
) -> None:
    """The published fact-checks as ClaimReview (JSON-LD), all or those that the options find.

    One document with an @graph. Each fact-check has an @id that stays, the verdict that stands,
    who made the claim, when and where. Verdicts that are no degree of truth (misleading, unproven
    and the like) go by their name alone; a rating of the house by its label and number. Nothing
    that is internal or protected goes out. What is published is said with `claim publish`.
    """
    from claimtrack.services.published_reviews import Aside, count_published, published_reviews

    app.flags.update({"desk_name": desk_name, "desk_url": desk_url})
    desk = _desk(app)
    asked = read_filter(app, options)
    aside = Aside()

    def count(connection: Connection) -> int:
        return count_published(connection, of_actor(app, connection, asked))

    def write(connection: Connection, out: BinaryIO, tell: Callable[[int], None]) -> int:
        found = published_reviews(connection, of_actor(app, connection, asked), aside, tell)
        pieces = 0
        for text in _documents(found, desk, lines=lines):
            out.write(text.encode())
            pieces += 1
        return pieces - 1  # the last one ends it

    sent = Sent("claimreview", plain(options), count, "fact-check")
    send(app, output, sent, write, force=force)
    _say(app, aside)


def _desk(app: App) -> Desk:
    """Who publishes.

    Raises:
        UsageError: nobody has said so yet.
    """
    from claimtrack.interchange.reviews_out import Desk

    name, url = app.settings.desk_name, app.settings.desk_url
    if name is None:
        raise UsageError(
            "A fact-check names who published it. Say it once, or with --desk-name:",
            next_command="claimtrack config set desk_name NAME",
        )
    if url is None:
        raise UsageError(
            "A fact-check has an address of its desk in it. Say it once, or with --desk-url:",
            next_command="claimtrack config set desk_url https://desk.example.org",
        )
    return Desk(name, url)


def _documents(found: Iterator[PublishedReview], desk: Desk, *, lines: bool) -> Iterator[str]:
    """The text piece by piece: one for each fact-check, and one to end it."""
    from claimtrack.interchange.reviews_out import CONTEXT, claim_review

    context = {"@context": CONTEXT}
    opening = json_text({**context, "@graph": []}).removesuffix("]}")
    before = opening + "\n"
    for one in found:
        node = claim_review(one, desk)
        if lines:
            yield json_text({**context, **node}).translate(_IN_HTML) + "\n"
        else:
            yield before + json_text(node).translate(_IN_HTML)
            before = ",\n"
    # Nothing was written yet where there was none.
    yield "" if lines else "\n]}\n" if before != opening + "\n" else f"{opening}]}}\n"


def _say(app: App, aside: Aside) -> None:
    """What a person should look at, beside what was written."""
    if aside.reopened:
        app.say(
            f"Left out, for no verdict stands any more: {_claims(aside.reopened)}. Mark them again,"
            " or take back what is published with claimtrack claim unpublish."
        )
    if aside.outdated:
        app.say(
            f"Published under another verdict than stands now: {_claims(aside.outdated)}. Correct"
            " the articles, then say so with claimtrack claim publish."
        )
    if aside.of_no_kind:
        first = min(aside.of_no_kind)
        count = len(aside.of_no_kind)
        who = "1 speaker is" if count == 1 else f"{count:,} speakers are"
        app.say(
            f"{who} neither a person nor an organisation on record, which search engines ask for:\n"
            f"  claimtrack speaker edit {first} --kind person"
        )


def _claims(numbers: list[int]) -> str:
    named = ", ".join(str(number) for number in numbers[:_NAMED])
    more = f" and {len(numbers) - _NAMED:,} more" if len(numbers) > _NAMED else ""
    return f"claim {named}{more}" if len(numbers) == 1 else f"claims {named}{more}"
