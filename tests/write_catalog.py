"""``python -m tests.write_catalog``: write claimtrack/models/catalog.json after a migration.

The migrations are run on a PostgreSQL of claimtrack's own, in a folder that goes when it is done.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import claimtrack.models
from claimtrack import embedded
from claimtrack.db import make_engine
from claimtrack.migrate import upgrade
from claimtrack.services import catalog

CATALOG = Path(claimtrack.models.__file__).with_name("catalog.json")


def main() -> None:
    """Make the schema, and write down what PostgreSQL has then."""
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        data_dir = Path(folder) / "data"
        try:
            url = embedded.ensure_running(data_dir, database="catalog", notice=print)
            upgrade(make_engine(url))
            with make_engine(url).connect() as connection:
                found = catalog.read(connection)
        finally:
            embedded.stop(data_dir)
    CATALOG.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"Wrote {CATALOG}.")


if __name__ == "__main__":
    main()
