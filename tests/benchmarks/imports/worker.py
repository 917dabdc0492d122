"""Take in a CSV file as `claimtrack import csv` does, and print what it took as JSON."""

from __future__ import annotations

import gc
import json
import resource
import sys
from pathlib import Path

from claimtrack.db import make_engine, write_transaction
from claimtrack.interchange.labels import load_labels
from claimtrack.interchange.separated import open_separated
from claimtrack.interchange.table import TableOptions
from claimtrack.services.imports.records import Meaning
from claimtrack.services.imports.runs import Job, fingerprint, take_in
from claimtrack.vocab import FileFormat


def main(path: Path, url: str) -> None:
    """Take in the file; the peak of this process's memory is in megabytes."""
    gc.set_threshold(50_000)  # as the command does
    engine = make_engine(url)
    table = open_separated(path, TableOptions(columns={"external_id": "id"}))
    done = take_in(
        lambda: write_transaction(engine, actor="Bench"),
        table.rows(),
        Job(
            format=FileFormat.CSV,
            file_name=path.name,
            fingerprint=fingerprint(path),
            meaning=Meaning(origin=path.name, labels=load_labels),
        ),
        actor="Bench",
        reject=lambda row: sys.exit(f"line {row.line}: {row.reason}"),
        tell=lambda _rows, _line: None,
        warn=lambda _line, _words: None,
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"counts": done.counts, "seconds": done.seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
