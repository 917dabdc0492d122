"""Read many wrong files of a format: ``python -m tests.mutation --count 10000 --format csv``.

``--from FILE`` changes that file instead of the project's own; ``--seed N`` makes the same files
again. Ends with 1 at the first that ends in a traceback, which stays where the message says.
``--whole`` imports each by the whole command, into databases of a hundred files each.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random

import psycopg

from tests.benchmarks.server import fresh_database
from tests.mutation.formats import FORMATS, Format
from tests.mutation.reading import BrokenFileError, tried
from tests.mutation.whole import tried_whole
from tests.stress.worker import environment

#: So many files are imported into one database: what one brought, another brings again.
_TOGETHER = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--format", choices=[*FORMATS, "all"], default="all")
    parser.add_argument("--count", type=int, default=10_000, help="how many files of each")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--from", dest="source", type=Path, help="change this file")
    parser.add_argument("--whole", action="store_true", help="import them, don't only read them")
    said = parser.parse_args()
    for name in FORMATS if said.format == "all" else [said.format]:
        form = FORMATS[name]
        if said.source:
            form = dataclasses.replace(form, seeds=partial(_only, said.source))
        folder = Path(tempfile.mkdtemp(prefix="mutated-"))
        started = time.monotonic()
        try:
            if said.whole:
                found = _whole(name, form, folder, count=said.count, seed=said.seed)
            else:
                found = tried(form, folder, count=said.count, seed=said.seed)
        except BrokenFileError as broken:
            print(f"{name}, --seed {said.seed}: {broken}", file=sys.stderr)
            return 1
        shutil.rmtree(folder)
        counts = ", ".join(f"{count:,} {what}" for what, count in sorted(found.items()))
        print(f"{name}: {counts}; {time.monotonic() - started:.0f} s, --seed {said.seed}")
    return 0


def _whole(name: str, form: Format, folder: Path, *, count: int, seed: int) -> Counter[str]:
    random = Random(seed)
    found = Counter[str]()
    with fresh_database() as template:
        plain = template.replace("postgresql+psycopg://", "postgresql://")
        server = plain.replace("/bench?", "/postgres?")
        for done in range(0, count, _TOGETHER):
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute("DROP DATABASE IF EXISTS whole")
                connection.execute("CREATE DATABASE whole TEMPLATE bench")
            url = plain.replace("/bench?", "/whole?")
            found += tried_whole(
                name,
                form,
                url,
                environment(CLAIMTRACK_DATABASE_URL=url, CLAIMTRACK_CONFIG=str(folder / "none")),
                folder,
                count=min(_TOGETHER, count - done),
                random=random,
            )
    return found


def _only(path: Path) -> list[bytes]:
    return [path.read_bytes()]


if __name__ == "__main__":
    raise SystemExit(main())
