"""What `speaker` and `source` share: fields under a heading, claims in a line, pages of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from claimtrack.cli.story import word_style
from claimtrack.render import escape_terminal, style
from claimtrack.vocab import told_word

if TYPE_CHECKING:
    from claimtrack.services.views import ClaimLine

after_option = click.option(
    "--after",
    metavar="ID",
    type=click.IntRange(0, 2**62),
    default=0,
    help="The page after this id.",
)


def counted(count: int, what: str) -> str:
    """So many things, in words: ``1 claim``, ``1,200 events``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def one_more(limit: int | None) -> int | None:
    """A limit that lets see whether there is more behind the page."""
    return None if limit is None else limit + 1


def more(limit: int | None, ids: Sequence[int]) -> list[str]:
    """The words under a page that others follow; ``ids`` are those on it and the one after."""
    if limit is None or len(ids) <= limit:
        return []
    return [f"There are more: add --after {ids[limit - 1]} for the next page."]


def fields(pairs: Sequence[tuple[str, object | None]]) -> Iterator[str]:
    """``label  value`` lines, the values in one column; without those that are not on record."""
    shown = [(label, value) for label, value in pairs if value not in (None, "")]
    width = max((len(label) for label, _ in shown), default=0)
    for label, value in shown:
        yield f"  {label.ljust(width)}  {escape_terminal(str(value))}"


def claim_lines(
    heading: str, lines: Sequence[ClaimLine], total: int, *, color: bool
) -> Iterator[str]:
    """Claims under a heading, each with its status word; nothing without claims."""
    if not lines:
        return
    yield ""
    yield style(f"{heading} ({total})", "bold", color=color)
    words = [told_word(line.word, disputed=line.disputed) for line in lines]
    numbers = [
        f"claim {line.claim_id}, {line.stance}" if line.stance else f"{line.of_claim_id}.{line.no}"
        for line in lines
    ]
    for line, word, number in zip(lines, words, numbers, strict=True):
        tint = word_style(line.word)
        padded = word.ljust(max(map(len, words)))
        marked = style(padded, tint, color=color) if tint else padded
        address = number.ljust(max(map(len, numbers)))
        of = f" (claim {line.claim_id})" if line.claim_id != line.of_claim_id else ""
        yield f"  {address}  {marked}  {escape_terminal(line.statement)}{of}"


def claim_line_json(line: ClaimLine) -> dict[str, Any]:
    """A claim in a line; ``id`` is the appearance's address, or the evidence's id."""
    named = {
        "statement": line.statement,
        "status": line.status,
        "verdict": line.verdict,
        "disputed": line.disputed,
    }
    if line.stance is None:
        return {"id": f"{line.of_claim_id}.{line.no}", "claim_id": line.claim_id, **named}
    return {"id": line.no, "claim_id": line.claim_id, "stance": line.stance, **named}
