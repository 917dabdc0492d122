"""A throw-away embedded server for a benchmark."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claimtrack import embedded, migrate
from claimtrack.db import make_engine


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of a migrated database on a server that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="claimtrack-bench-") as folder:
        data_dir = Path(folder)
        url = embedded.ensure_running(data_dir, database="bench", notice=lambda _line: None)
        try:
            migrate.upgrade(make_engine(url))
            yield url
        finally:
            embedded.stop(data_dir)
