"""Wrong files through the whole command: what it says, and what is in the database then."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random

from click.testing import CliRunner
from sqlalchemy import text

from claimtrack.cli import cli
from claimtrack.db import make_engine
from tests.mutation.formats import Format
from tests.mutation.reading import BrokenFileError

#: By format, the command that takes it, and what its file is called.
COMMANDS = {
    "csv": ("csv", "claims.csv"),
    "jsonl": ("jsonl", "claims.jsonl"),
    "xlsx": ("xlsx", "claims.xlsx"),
    "ods": ("xlsx", "claims.ods"),
    "xls": ("xlsx", "claims.xls"),
    "claimreview": ("claimreview", "feed.json"),
    "html": ("claimreview", "page.html"),
    "averitec": ("averitec", "dev.json"),
}

_OUTCOMES = ("created", "added", "updated", "revived", "unchanged", "refused")
_TABLES = ("claim", "appearance", "source", "speaker", "publisher", "assessment", "evidence",
           "review", "note", "figure", "publication", "import", "import_row", "import_mapping",
           "event")  # fmt: skip
_COUNTS = text(
    f"SELECT {', '.join(f'(SELECT count(*) FROM {table}) {table}' for table in _TABLES)}"
)


def imported(
    name: str,
    url: str,
    environment: Mapping[str, str | None],
    folder: Path,
    content: bytes,
    how: int,
) -> str:
    """Import a file, in whatever way the number says, and say in a word what came of it.

    Raises AssertionError where the command ends in anything but a sentence, where it says other
    numbers than are there then, or where something stays of a file that was refused.
    """
    kind, file_name = COMMANDS[name]
    path, rejects = folder / file_name, folder / "rejects.csv"
    path.write_bytes(content)
    rejects.unlink(missing_ok=True)
    options = _options(how)
    before = _counted(url)
    result = CliRunner().invoke(
        cli,
        ["import", kind, str(path), "--format", "json", "--rejects", str(rejects), *options],
        prog_name="claimtrack",
        env={**environment, "CLAIMTRACK_ACTOR": "Ana Ruiz"},
        catch_exceptions=False,
    )
    after = _counted(url)
    said = result.stderr
    assert "Traceback" not in said, said
    assert result.exit_code in (0, 2, 5), f"exit {result.exit_code}: {said}"
    if not result.stdout:
        assert result.exit_code, said
        assert "Error: " in said, said
        assert after == before, f"a file that was refused changed {after - before}"
        return "refused"
    told = json.loads(result.stdout)
    assert told["rows"] == sum(told[outcome] for outcome in _OUTCOMES), told
    assert result.exit_code == (5 if told["refused"] else 0), told
    _refuse_unsaid(rejects, told["refused"])
    if told["dry_run"]:
        assert after == before, f"a dry run changed {after - before}"
        return "dry run"
    more = after - before
    assert more["claim"] == told["created"], f"{told}, and {more}"
    assert more["import"] == 1, more
    assert more["import_row"] == told["rows"] - told["unchanged"] - told["refused"], (told, more)
    if not told["refused"]:
        return "taken in"
    return "taken in part" if told["rows"] > told["refused"] else "nothing taken"


def _options(how: int) -> list[str]:
    options: list[str] = []
    if how & 3 == 3:
        options += [("--strict",), ("--dry-run",), ("--batch", "2"), ("--as-ours",)][how >> 2 & 3]
    if how & 48 == 48:
        options += ["--set", "source=https://quay.example/all"]
    if how & 192 == 192:
        options += ["--dayfirst", "--origin", "Quay"]
    return options


def _counted(url: str) -> Counter[str]:
    with make_engine(url).connect() as connection:
        return Counter(connection.execute(_COUNTS).one()._asdict())


def _refuse_unsaid(rejects: Path, refused: int) -> None:
    """Each refused row stands in the file of rejects, with its line and a sentence."""
    assert rejects.exists() == bool(refused)
    if not refused:
        return
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == refused
    for row in rows:
        assert int(row["line"]) > 0, row
        assert row["reason"].endswith((".", "!", "…")), row
        assert "\n" not in row["reason"], row


def tried_whole(
    name: str,
    form: Format,
    url: str,
    environment: Mapping[str, str | None],
    folder: Path,
    *,
    count: int,
    random: Random,
) -> Counter[str]:
    """Import so many wrong files, one after the other, and count what came of them.

    Raises BrokenFileError for the first that ends in anything but what it must; it stays.
    """
    seeds = form.seeds()
    found = Counter[str]()
    for _ in range(count):
        content, how = form.changed(random.choice(seeds), random), random.randrange(256)
        try:
            found[imported(name, url, environment, folder, content, how)] += 1
        except Exception as error:
            path = folder / COMMANDS[name][1]
            raise BrokenFileError(f"{path}, imported as {how}: {error!r}") from error
    return found
