"""Reading a wrong file, and what must hold of whatever comes of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as starting_at
from hypothesis import strategies as st

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange.rows import FIELDS, Row, Unread
from tests.mutation.formats import Format


class BrokenFileError(AssertionError):
    """A file was read in a way that it must not be; it is left where the message says."""


def read_one(form: Format, path: Path, how: int) -> str:
    """Read a file, and say in a word what came of it. Raises what it ends in but a refusal."""
    line = 0
    found = Counter[str]()
    try:
        for row in form.read(path, how):
            assert row.line >= line >= 0, f"line {row.line} comes after line {line}"
            line = row.line
            found[type(row).__name__] += 1
            if isinstance(row, Unread):
                assert row.line > 0
                assert row.reason.endswith((".", "!"))
                row.raw.encode()
            else:
                _sound(row)
    except (InvalidDataError, UsageError) as refusal:
        message = refusal.message
    else:
        message = ""
    if message:
        assert "\n" not in message
        return "refused"
    if not found["Unread"]:
        return "read"
    return "read in part" if found["Row"] else "nothing read"


def _sound(row: Row) -> None:
    for field, value in row.fields.items():
        assert field in FIELDS
        _storable(value)
    for more in (*row.appearances, *row.evidence):
        for field, value in more.items():
            assert field in FIELDS or field in ("excerpt", "stance")
            _storable(value)
    original = json.dumps(row.original, ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in original.replace("\\\\", "")
    original.encode()
    for warning in row.warnings:
        assert warning.endswith(".")
        warning.encode()


def _storable(value: str) -> None:
    assert value.strip()
    assert "\0" not in value
    value.encode()


def tried(form: Format, folder: Path, *, count: int, seed: int) -> Counter[str]:
    """Read so many wrong files, and count what came of them.

    Raises BrokenFileError with the file's path, which then stays, for the first that ends in
    anything but rows and refusals.
    """
    random = Random(seed)
    seeds = form.seeds()
    path = folder / "mutated"
    found = Counter[str]()

    def one(content: bytes, how: int) -> None:
        path.write_bytes(content)
        try:
            found[read_one(form, path, how)] += 1
        except Exception as error:
            raise BrokenFileError(f"{path}, read as {how}: {error!r}") from error

    made = count // 2 if form.made is not None else 0
    for _ in range(count - made):
        one(form.changed(random.choice(seeds), random), random.randrange(32))
    if form.made is not None and made:
        examples = settings(
            max_examples=made,
            database=None,
            deadline=None,
            derandomize=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        examples(starting_at(seed)(given(form.made, st.integers(0, 31))(one)))()
    return found
