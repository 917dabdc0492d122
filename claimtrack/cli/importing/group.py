"""The group of the noun `import`, which its verbs are registered on."""

from __future__ import annotations

import click

from claimtrack.cli.groups import LazyGroup

_VERBS = {
    "csv": ("taking", "Take in a spreadsheet that was saved as CSV or TSV."),
    "xlsx": ("taking", "Take in a sheet of a workbook."),
    "jsonl": ("taking", "Take in JSON Lines, or an archive that was exported."),
    "claimreview": ("taking", "Take in published fact-checks: JSON, feeds, web pages."),
    "averitec": ("taking", "Take in a file of the AVeriTeC data set."),
    "list": ("past", "The imports: who took in what, and what became of it."),
    "show": ("past", "One import, and how the file was read."),
    "undo": ("past", "Take back what an import brought, without deleting anything."),
}


@click.group(
    "import",
    cls=LazyGroup,
    modules={verb: f"claimtrack.cli.importing.{module}" for verb, (module, _) in _VERBS.items()},
    summaries={verb: summary for verb, (_, summary) in _VERBS.items()},
)
def import_() -> None:
    """Take in what others have: spreadsheets, JSON Lines, published fact-checks."""
