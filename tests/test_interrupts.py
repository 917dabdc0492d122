"""A Ctrl-C that comes at an odd moment."""

from __future__ import annotations

import subprocess
import sys

#: A command that is interrupted where Python forgets what is raised, and goes on for a minute.
LOST = """
import signal, time
from claimtrack.cli import cli, main

class Garbage:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

def go_on(*words, **settings):
    Garbage()
    time.sleep(60)

cli.invoke = go_on
main()
"""


def test_an_interrupt_that_falls_into_the_collection_of_garbage_is_heard() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOST, "config"], capture_output=True, text=True, timeout=30
    )
    assert (ended.returncode, ended.stderr.strip()) == (130, "Interrupted.")
