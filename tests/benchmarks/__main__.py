"""Benchmarks: `python -m tests.benchmarks startup|scale|trail|imports|matching`.

Each prints what it measured side by side in one run; nothing here is a test, since what a clock
says depends on the machine and on who else is using it.
"""

from __future__ import annotations

import sys

from tests.benchmarks.imports import main as imports
from tests.benchmarks.matching.evaluate import main as matching
from tests.benchmarks.scale import main as scale
from tests.benchmarks.startup import main as startup
from tests.benchmarks.trail import main as trail

BENCHMARKS = {"startup": startup, "scale": scale, "trail": trail, "imports": imports}


def main(arguments: list[str]) -> int:
    """Run the benchmark that was named; the numbers after its name are sizes or rounds."""
    if arguments[:1] == ["matching"]:
        matching(arguments[1:])
        return 0
    if not arguments or arguments[0] not in BENCHMARKS:
        print(f"usage: python -m tests.benchmarks {'|'.join(BENCHMARKS)} [NUMBER...]")
        print("       python -m tests.benchmarks matching --data FOLDER [--through-database]")
        return 2
    BENCHMARKS[arguments[0]]([int(number) for number in arguments[1:]])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
