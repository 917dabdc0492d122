"""The long forms: `python -m tests.stress race [PROCESSES OPERATIONS]`, `client|server [TIMES]`,
`import [TIMES ROWS]`.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from pathlib import Path

from claimtrack import embedded
from tests.benchmarks.server import fresh_database
from tests.stress.imports import interrupt_imports, kill_imports
from tests.stress.kills import kill_clients, kill_servers
from tests.stress.race import race
from tests.stress.worker import environment

USAGE = (
    "python -m tests.stress race [PROCESSES OPERATIONS] | client [TIMES] | server [TIMES]"
    " | import [TIMES ROWS]"
)


def main(arguments: list[str]) -> int:
    """Run one of them and say how it went; a broken promise ends in an AssertionError."""
    seed = int(time.time())
    numbers = [int(word) for word in arguments[1:]]
    # A run in the background of a shell ignores Ctrl-C, and its children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="claimtrack-stress-") as name:
        folder = Path(name)
        match arguments[:1]:
            case ["race"]:
                processes, operations = numbers or (8, 500)
                with fresh_database() as url:
                    counts = race(
                        url,
                        folder,
                        environment(
                            CLAIMTRACK_DATABASE_URL=url, CLAIMTRACK_CONFIG=str(folder / "none.toml")
                        ),
                        processes=processes,
                        operations=operations,
                        seed=seed,
                    )
                for (what, code), count in sorted(counts.items()):
                    print(f"{what:<12} exit {code} {count:>6}")
            case ["client"]:
                times = numbers[0] if numbers else 20
                with fresh_database() as url:
                    surroundings = environment(
                        CLAIMTRACK_DATABASE_URL=url, CLAIMTRACK_CONFIG=str(folder / "none.toml")
                    )
                    killed = kill_clients(url, surroundings, times=times, seed=seed)
                print(f"{times} kills, {killed} before the command had done its work")
            case ["server"]:
                times = numbers[0] if numbers else 20
                data_dir = Path(tempfile.mkdtemp(prefix="claimtrack-stress-"))
                try:
                    broken = kill_servers(data_dir, folder, times=times, seed=seed)
                finally:
                    embedded.stop(data_dir)
                print(f"{times} kills, which broke {broken} commands")
            case ["import"]:
                times, rows = numbers or (20, 20_000)
                _imports(folder, times=times, rows=rows, seed=seed)
            case _:
                print(f"usage: {USAGE}")
                return 2
    return 0


def _imports(folder: Path, *, times: int, rows: int, seed: int) -> None:
    for batch in (None, 2_000):
        with fresh_database() as url:
            killed = kill_imports(
                url, _nobodys(url, folder), folder, rows=rows, times=times, batch=batch, seed=seed
            )
        how = f"by batches of {batch:,}" if batch else "at once"
        print(f"{rows:,} rows {how}: {times} kills, {killed} before the import had done its work")
    with fresh_database() as url:
        slowest = interrupt_imports(url, _nobodys(url, folder), folder, rows=rows, times=times)
    print(f"{times} times Ctrl-C: the slowest ended after {slowest:.1f} s")


def _nobodys(url: str, folder: Path) -> dict[str, str | None]:
    return environment(CLAIMTRACK_DATABASE_URL=url, CLAIMTRACK_CONFIG=str(folder / "none.toml"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
