"""Archives that are damaged, forged or not for this database: refused, and nothing is changed."""

# ruff: noqa: F811 - fixtures that are imported
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from claimtrack.db import make_engine, write_transaction
from claimtrack.errors import ConflictError, DatabaseError, InvalidDataError
from claimtrack.interchange.archive import HEADER, is_archive, read_archive
from claimtrack.services.archives import restore_archive
from claimtrack.services.archives.tables import CARRIED, PIECES, SHAPES
from claimtrack.vocab import Role
from tests.archived import archive, archived, exported, file, restored  # noqa: F401 - fixtures
from tests.conftest import ACTOR, Desk, Surroundings
from tests.desk import fetch

# --- What is refused -----------------------------------------------------------------------------


def test_it_goes_into_an_empty_database_alone(file: Path, database_url: str) -> None:
    restored(database_url, file)
    with pytest.raises(ConflictError, match=r"empty database.* rows in publisher already"):
        restored(database_url, file)


def set_in(table: str, number: int = 0, **values: object) -> Callable[[list[str]], None]:
    """A forgery: other values in the n-th row of a table."""

    def forge(lines: list[str]) -> None:
        places = [n for n, line in enumerate(lines) if line.startswith(f'{{"table":"{table}"')]
        found = json.loads(lines[places[number]])
        for name, value in values.items():
            if value is None:
                found["row"].pop(name, None)
            else:
                found["row"][name] = value
        lines[places[number]] = json.dumps(found) + "\n"

    return forge


def line(number: int, content: str) -> Callable[[list[str]], None]:
    def forge(lines: list[str]) -> None:
        lines[number] = content

    return forge


def without(table: str, number: int = 0) -> Callable[[list[str]], None]:
    """A forgery: the n-th row of a table is gone, and the last line counts one less."""

    def forge(lines: list[str]) -> None:
        places = [n for n, one in enumerate(lines) if one.startswith(f'{{"table":"{table}"')]
        del lines[places[number]]
        end = json.loads(lines[-1])
        end["rows"][table] -= 1
        lines[-1] = json.dumps(end) + "\n"

    return forge


def both(*forgeries: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
    def forge(lines: list[str]) -> None:
        for each in forgeries:
            each(lines)

    return forge


def swapped(lines: list[str]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def doubled(lines: list[str]) -> None:
    lines.insert(3, lines[2])


def lost(lines: list[str]) -> None:
    del lines[-2]


def cut(lines: list[str]) -> None:
    del lines[40:]


def cut_in_a_line(lines: list[str]) -> None:
    del lines[40:]
    lines[-1] = lines[-1][:50]


def going_on(lines: list[str]) -> None:
    lines.append(lines[5])


FORGERIES: dict[str, tuple[Callable[[list[str]], None], str]] = {
    "no header": (line(0, '{"table":"claim","row":{}}\n'), "This is no archive"),
    "another version": (line(0, '{"claimtrack":"archive","version":2}\n'), "of version 2"),
    "cut off": (cut, "cut off: its last line"),
    "cut in a line": (cut_in_a_line, "cut off in the middle of line 40"),
    "goes on": (going_on, "after the end"),
    "doubled": (doubled, r"Line 4 .*publisher 2: it is there twice"),
    "wrong order": (swapped, r"Line 4 .*publisher 2: rows come by their numbers"),
    "no JSON": (line(5, "{'table'}\n"), "Line 6 .*holds no JSON"),
    "no object": (line(5, "[1, 2]\n"), "Line 6 .*no JSON object"),
    "deep JSON": (line(5, "[" * 200_000 + "]" * 200_000 + "\n"), "Line 6 .*nested too deep"),
    "blank line": (line(5, "\n"), "Line 6 .*holds no JSON"),
    "not a number": (line(5, '{"table":"claim","row":{"id":NaN}}\n'), "Line 6 .*holds no JSON"),
    "unknown table": (line(5, '{"table":"secret","row":{"id":1}}\n'), "Line 6 .*no table secret"),
    "no row": (line(5, '{"table":"claim"}\n'), "Line 6 .*it is no row"),
    "unknown column": (set_in("claim", colour="red"), "there is no column colour"),
    "lost row": (lost, "counts 4 rows of redaction, but there are 3"),
    "no key": (set_in("note", id=None), "the row has no id"),
    "missing value": (set_in("note", body=None), r"Line \d+ .*body is missing"),
    "wrong type": (set_in("claim", priority="high"), "priority is no whole number"),
    "no date": (set_in("claim", due_on="2024-02-30"), "due_on is no date"),
    "no end of time": (set_in("note", recorded_at="infinity"), "recorded_at is no instant"),
    "NUL": (set_in("note", body="a\0b"), "body is no text that can be stored"),
    "half a character": (set_in("note", body="a\ud800"), "body is no text that can be stored"),
    "unknown word": (set_in("claim", kind="lie"), r"Line \d+ .*row of claim.*ck_claim_kind"),
    "nobody there": (set_in("appearance", speaker_id=99), r"Line \d+ .*appearance.*points to"),
    "the same name": (set_in("publisher", 1, name_key="theharbourpost"), r"Line 3 .*twice"),
    "other bytes": (
        set_in("capture", sha256="00" * 32),
        r"Line \d+ .*a row of capture.*ck_capture_sha256",
    ),
    "lost piece": (without("capture_content"), "capture"),
    "verdict without a review": (
        set_in("claim", 2, status="checked", verdict="true"),
        r"Line \d+ .*claim 3.*not those of its latest review",
    ),
    "another verdict": (set_in("claim", 0, verdict="true"), "not those of its latest review"),
    "lost review": (without("review", -1), "latest review|points to"),
    "illegal move": (set_in("review", -1, status="unverified", reason=None), "points to"),
    "verdict without evidence": (without("review_evidence"), "no evidence to rest on"),
    "evidence of another stance": (set_in("evidence", stance="context"), "no evidence to rest on"),
    "self-approval": (set_in("review", 3, recorded_by="ana  RUIZ"), "by the one who proposed it"),
    "another approval": (set_in("review", 3, verdict="outdated"), "what was not proposed"),
    "another rejection": (
        both(set_in("review", 5, verdict="outdated"), set_in("claim", 3, verdict="outdated")),
        "than what stood before",
    ),
    "chain of merges": (
        set_in("claim", 3, merged_into_id=1, merged_at="2024-01-01T00:00:00+00:00",
               merged_by="x", merged_because="y"),
        "was merged itself",
    ),
    "half protected": (set_in("speaker", 2, protected=False), "pseudonym|protected"),
    "key of other words": (set_in("claim", 3, statement="Another"), "claim 4.*its key"),
    "key of another address": (set_in("source", url="https://z.example/1"), "source 1.*its key"),
    "key of another title": (set_in("source", 2, protected=False), "source 3.*its key"),
    "key of another name": (set_in("speaker_alias", name="Mira"), "speaker_alias 1.*its key"),
    "key of another house": (set_in("publisher", name="Mira"), "publisher 1.*its key"),
    "key of another fact-check": (set_in("assessment", url="https://z.example/1"), "its key"),
    "key of another label": (set_in("rating", label="Blue flag"), "rating 1.*its key"),
    "key of another scale": (set_in("rating_scale", name="Flags"), "rating_scale 1.*its key"),
    "gap": (set_in("appearance", 1, no=3), "have a gap"),
    "no name": (without("speaker_alias"), "no name leads to it"),
    "against no verdict": (set_in("objection", review_no=9), "points to"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_can_not_have_been_recorded_is_refused(
    forgery: str, archive: str, tmp_path: Path, shared_database_url: str
) -> None:
    forge, reason = FORGERIES[forgery]
    lines = archive.splitlines(keepends=True)
    forge(lines)
    path = tmp_path / "forged.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    engine = make_engine(shared_database_url)
    with (
        pytest.raises(InvalidDataError, match=reason) as refused,
        write_transaction(engine, actor=ACTOR) as connection,
    ):
        restore_archive(connection, path, None)
    assert len(refused.value.message) < 400
    assert fetch(shared_database_url, "SELECT count(*) FROM claim") == [(0,)]


@pytest.mark.parametrize(
    "content", [b"", b"x", b"{}\n", b"\xff\xfe\n", b"[" * 5000, HEADER.encode()[:-1]]
)
def test_what_is_no_archive_is_told_from_one(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    assert is_archive(path) == (content.decode("latin-1") + "\n" == HEADER)


def test_an_archive_is_known_with_a_byte_order_mark_and_windows_lines(
    archive: str, tmp_path: Path, database_url: str
) -> None:
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + archive.replace("\n", "\r\n").encode())
    assert is_archive(path)
    restored(database_url, path)
    assert exported(database_url) == archive


def test_a_line_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b'{"table":"claim","row":{"statement":"')
        file.truncate(1024**3)
    with (
        path.open("rb") as file,
        pytest.raises(InvalidDataError, match=r"Line 2 .*longer than 64 MiB"),
    ):
        list(read_archive(file, SHAPES))


def test_it_is_for_the_owner_to_take_in(file: Path, staff: Desk) -> None:
    for role in Role:
        with make_engine(staff.url(role)).begin() as connection:
            with pytest.raises(DatabaseError, match="Only the owner"):
                restore_archive(connection, file, None)
            connection.rollback()


def test_a_killed_import_leaves_nothing(
    archive: str, tmp_path: Path, database_url: str, surroundings: Surroundings
) -> None:
    """Killed while rows come in: the pipe that they are read from never ends."""
    pipe = tmp_path / "desk.jsonl"
    os.mkfifo(pipe)
    code = "import sys; from pathlib import Path; from tests.test_archive import restored;"
    code += "restored(sys.argv[1], Path(sys.argv[2]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, database_url, str(pipe)], env=surroundings.whole()
    )
    with pipe.open("w", encoding="utf-8") as end:
        end.write(archive[: len(archive) - 500])
        end.flush()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY redaction%'"
        while fetch(database_url, waiting) == [(0,)]:
            assert process.poll() is None
        process.kill()
    process.wait()
    while fetch(database_url, waiting) != [(0,)]:
        pass
    for table in set(CARRIED) - {PIECES}:
        assert fetch(database_url, f"SELECT count(*) FROM {table}") == [(0,)]
    assert fetch(database_url, "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'") == [(0,)]
