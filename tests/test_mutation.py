"""Wrong files of each format, in short; the long form is ``python -m tests.mutation``."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.mutation.formats import FORMATS
from tests.mutation.reading import read_one, tried
from tests.mutation.whole import tried_whole

if TYPE_CHECKING:
    from tests.conftest import Surroundings

#: Workbooks are read by a process each.
COUNTS = {"xlsx": 60, "ods": 40, "xls": 60, "claimreview": 200, "html": 300, "averitec": 100}


@pytest.mark.parametrize("name", FORMATS)
def test_a_wrong_file_ends_in_rows_and_refusals(tmp_path: Path, name: str) -> None:
    count = COUNTS.get(name, 400)
    assert tried(FORMATS[name], tmp_path, count=count, seed=4).total() >= count // 2


@pytest.mark.parametrize("name", FORMATS)
def test_a_wrong_file_is_imported_by_the_row_or_refused_whole(
    surroundings: Surroundings, tmp_path: Path, name: str
) -> None:
    found = tried_whole(
        name,
        FORMATS[name],
        surroundings.database_url,
        surroundings(),
        tmp_path,
        count=20,
        random=Random(4),
    )
    assert found.total() == 20


@pytest.mark.parametrize("name", FORMATS)
def test_the_files_that_are_changed_are_right(tmp_path: Path, name: str) -> None:
    for content in FORMATS[name].seeds():
        path = tmp_path / "right"
        path.write_bytes(content)
        assert read_one(FORMATS[name], path, 3) == "read"
