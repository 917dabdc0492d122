"""Read many wrong files of a format: ``python -m tests.mutation --count 10000 --format csv``.

``--from FILE`` changes that file instead of the project's own; ``--seed N`` makes the same files
again. Ends with 1 at the first that ends in a traceback, which stays where the message says.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.mutation.formats import FORMATS
from tests.mutation.reading import BrokenFileError, tried


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--format", choices=[*FORMATS, "all"], default="all")
    parser.add_argument("--count", type=int, default=10_000, help="how many files of each")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--from", dest="source", type=Path, help="change this file")
    said = parser.parse_args()
    for name in FORMATS if said.format == "all" else [said.format]:
        form = FORMATS[name]
        if said.source:
            form = dataclasses.replace(form, seeds=partial(_only, said.source))
        folder = Path(tempfile.mkdtemp(prefix="mutated-"))
        started = time.monotonic()
        try:
            found = tried(form, folder, count=said.count, seed=said.seed)
        except BrokenFileError as broken:
            print(f"{name}, --seed {said.seed}: {broken}", file=sys.stderr)
            return 1
        (folder / "mutated").unlink(missing_ok=True)
        folder.rmdir()
        counts = ", ".join(f"{count:,} {what}" for what, count in sorted(found.items()))
        print(f"{name}: {counts}; {time.monotonic() - started:.0f} s, --seed {said.seed}")
    return 0


def _only(path: Path) -> list[bytes]:
    return [path.read_bytes()]


if __name__ == "__main__":
    raise SystemExit(main())
