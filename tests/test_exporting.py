"""Exports for spreadsheets: what stands in them, what can't run, and that no half file stays."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.db import make_engine, write_transaction
from claimtrack.errors import InvalidDataError
from claimtrack.formulas import guarded, unguarded
from claimtrack.interchange.rows import FIELDS, Row
from claimtrack.interchange.separated import open_separated
from claimtrack.interchange.table import TableOptions
from claimtrack.interchange.workbooks_out import CELL_LENGTH, write_workbook
from claimtrack.services.sheet_rows import COLUMNS
from tests import records
from tests.conftest import ACTOR, Outcome, Run, Start

RUNNABLE = [
    '=HYPERLINK("http://x.example")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "'=1",
]


def read(text: str) -> list[dict[str, str]]:
    """What a CSV file holds, each cell as it would be imported."""
    assert text.startswith("\ufeff")
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return [{name: unguarded(value) for name, value in row.items()} for row in rows]


@pytest.fixture
def bridge(ok: Run) -> Outcome:
    """A claim with everything in it that a row has a column for."""
    ok(
        *("claim", "add", "The north bridge\nis closed", "--speaker", "Lena Vogt"),
        *("--source", "https://example.org/news/bridge", "--source-title", "Closed, for now"),
        *("--publisher", "Harbour Post", "--agency", "Coast Wire", "--published", "2024-06-05"),
        *("--said-on", "2024-06", "--quote", 'It is "closed"; period', "--at", "paragraph 4"),
        *("--topic", "bridge", "--topic", "traffic", "--priority", "high"),
        *("--figure", ">900", "--unit", "people", "--where", "north bank", "--figure-on", "2024"),
    )
    return ok(
        *("claim", "mark", 1, "false", "--because", "The log shows it open"),
        *("--refutes", "https://example.org/log;v=1", "--refutes", "https://example.com/photo"),
    )


def test_a_row_holds_what_is_on_record_under_the_names_of_an_import(
    ok: Run, bridge: Outcome
) -> None:
    (row,) = read(ok("export", "csv").out)
    assert {name: value for name, value in row.items() if value} == {
        "claimtrack_id": "1",
        "statement": "The north bridge is closed",
        "kind": "figure",
        "language": "en",
        "topics": "bridge; traffic",
        "priority": "high",
        "status": "checked",
        "verdict": "false",
        "because": "The log shows it open",
        "evidence": "https://example.org/log;v=1 https://example.com/photo",
        "speaker": "Lena Vogt",
        "manner": "partial",
        "said_on": "2024-06",
        "quote": 'It is "closed"; period',
        "place": "paragraph 4",
        "source": "https://example.org/news/bridge",
        "source_title": "Closed, for now",
        "source_publisher": "Harbour Post",
        "agency": "Coast Wire",
        "published": "2024-06-05",
        "figure": "more than 900",
        "unit": "people",
        "where": "north bank",
        "figure_on": "2024",
        "appearances": "1",
        "reach": "1",
        "disputed": "false",
        "recorded_at": row["recorded_at"],
        "recorded_by": ACTOR,
    }
    ours = {"claimtrack_id", "appearances", "reach", "disputed", "assigned_to", "due_on"}
    ours |= {"recheck_on", "recorded_at", "recorded_by"}
    assert set(COLUMNS) - ours <= set(FIELDS)


@pytest.mark.parametrize(("name", "sign"), [("semicolon", ";"), ("tab", "\t")])
def test_cells_are_separated_as_the_spreadsheet_wants_them(
    ok: Run, bridge: Outcome, name: str, sign: str
) -> None:
    (usual,) = read(ok("export", "csv").out)
    text = ok("export", "csv", "--delimiter", name).out.removeprefix("\ufeff")
    assert [*csv.DictReader(io.StringIO(text, newline=""), delimiter=sign)] == [usual]


def test_an_export_has_the_claims_that_a_list_has(ok: Run, database_url: str) -> None:
    with write_transaction(make_engine(database_url), actor=ACTOR) as connection:
        for number in range(1, 8):
            speaker = "Omar Said" if number % 2 else "Lena Vogt"
            records.claim(connection, f"Statement {number}", speaker=speaker)
    ok("claim", "merge", 1, 3, "--because", "The same")
    for narrowed in ([], ["--speaker", "Omar Said"], ["--status", "unverified", "--text", "stat"]):
        listed = ok("claim", "list", "--format", "json", *narrowed).json
        rows = read(ok("export", "csv", *narrowed).out)
        assert [int(row["claimtrack_id"]) for row in rows] == [one["id"] for one in listed]
        assert [row["statement"] for row in rows] == [one["statement"] for one in listed]
    assert read(ok("export", "csv", "--speaker", "Omar Said").out)[-1]["appearances"] == "2"


@pytest.mark.parametrize("text", RUNNABLE)
def test_no_cell_of_csv_can_run_and_every_one_comes_back(
    ok: Run, database_url: str, text: str
) -> None:
    statement = f"{text} was said"
    with write_transaction(make_engine(database_url), actor=ACTOR) as connection:
        number = records.claim(connection, statement, speaker=f"{text} Smith")
        records.review(connection, number, "set_aside", reason="error", because=text)
    out = ok("export", "csv").out
    cells = next(csv.reader(io.StringIO(out.split("\n", 1)[1], newline="")))
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    (row,) = read(out)
    assert (row["statement"], row["speaker"], row["because"]) == (statement, f"{text} Smith", text)


#: Texts of which a part would begin a cell where another sign is looked for between cells.
SPLIT = [
    *(";=semi", "a;=1", "a,+1;@b", "a\t-1", "a\n=1"),
    *('a;"=1"', "a; =1", "a;'=1", "a,\u200b=1"),
]


@pytest.mark.parametrize("text", SPLIT)
@pytest.mark.parametrize("delimiter", ["comma", "semicolon", "tab"])
def test_no_part_of_a_cell_can_run_where_cells_are_separated_otherwise(
    ok: Run, database_url: str, tmp_path: Path, text: str, delimiter: str
) -> None:
    with write_transaction(make_engine(database_url), actor=ACTOR) as connection:
        number = records.claim(connection, "The dam burst", speaker="A B")
        records.review(connection, number, "set_aside", reason="error", because=text)
    out = ok("export", "csv", "--delimiter", delimiter).out
    # Quotation marks enclose nothing behind the sign that is looked for in vain.
    for cell in re.split("[,;\t\r\n]", out):
        assert cell.strip(' "\u200b')[:1] not in ("=", "+", "-", "@"), cell
    path = tmp_path / "claims.csv"
    path.write_text(out, encoding="utf-8")
    rows = open_separated(path, TableOptions()).rows()
    assert [row.fields["because"] for row in rows if isinstance(row, Row)] == [text.strip()]


@pytest.mark.parametrize("text", ["Hello, @omar", "3, -5 and 7", "x-1, y", "a@b.c; d"])
def test_a_sentence_gets_no_apostrophe_for_a_sign_behind_a_blank(text: str) -> None:
    assert guarded(text) == text


@given(st.text(st.sampled_from(" ,;\t\r\n'\"=+-@＝a\u200b")))
def test_whatever_is_guarded_within_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert unguarded(guarded(guarded(text))) == guarded(text)


@given(st.text() | st.sampled_from(RUNNABLE).map(lambda text: f"'{text}"))
def test_what_the_guard_adds_an_import_takes_away(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["'Tis the season", "it's", "''", "'", "plain"])
def test_an_apostrophe_that_guards_nothing_stays(text: str) -> None:
    assert unguarded(text) == text


# --- Workbooks -----------------------------------------------------------------------------------


def parts(content: bytes) -> dict[str, str]:
    """The sheets of a workbook as XML, and what else stands in it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_workbook_has_text_for_text_and_dates_for_days(
    ok: Run, bridge: Outcome, tmp_path: Path
) -> None:
    target = tmp_path / "claims.xlsx"
    said = ok("export", "xlsx", "-o", target)
    assert (said.out, said.err) == ("", f"1 claim exported to {target}.\n")
    sheet = parts(target.read_bytes())["xl/worksheets/sheet1.xml"]
    assert "<t>2024-06</t>" in sheet  # known to the month: no day is made up
    assert "<v>45448</v>" in sheet  # 2024-06-05, counted from 1900
    assert '<t xml:space="preserve">' not in sheet


def test_no_cell_of_a_workbook_is_a_formula_or_a_link() -> None:
    out = io.BytesIO()
    texts = [*RUNNABLE, "{=1}", "http://evil.example", "mailto:a@b.example", "internal:A1", "0042"]
    write_workbook(out, ["id", "text"], [{"id": 1, "text": text} for text in texts])
    files = parts(out.getvalue())
    assert "<f>" not in "".join(files.values())
    assert "<hyperlink" not in files["xl/worksheets/sheet1.xml"]
    assert not [name for name in files if name.endswith(".rels") and "sheet" in name]
    assert files["xl/worksheets/sheet1.xml"].count('t="inlineStr"') == len(texts) + 2


def test_where_a_sheet_is_full_another_follows() -> None:
    out = io.BytesIO()
    rows = [{"id": number, "text": f"Row {number}"} for number in range(1, 8)]
    assert write_workbook(out, ["id", "text"], rows, sheet_rows=4) == 7
    files = parts(out.getvalue())
    sheets = [files[f"xl/worksheets/sheet{number}.xml"] for number in (1, 2, 3)]
    assert [len(re.findall("<row ", sheet)) for sheet in sheets] == [4, 4, 2]
    assert all("<t>text</t>" in sheet for sheet in sheets)
    assert re.findall('<sheet name="([^"]*)"', files["xl/workbook.xml"]) == [
        *("claims", "claims 2", "claims 3")
    ]


def test_a_day_before_the_calendar_of_spreadsheets_is_text() -> None:
    out = io.BytesIO()
    write_workbook(out, ["id", "day"], [{"id": 1, "day": dt.date(1899, 12, 31)}])
    assert "<t>1899-12-31</t>" in parts(out.getvalue())["xl/worksheets/sheet1.xml"]


def test_a_text_that_no_cell_holds_is_refused_and_not_cut() -> None:
    fits = {"id": 1, "text": "x" * CELL_LENGTH}
    assert write_workbook(io.BytesIO(), ["id", "text"], [fits]) == 1
    for text in ("x" * (CELL_LENGTH + 1), "😀" * (CELL_LENGTH // 2 + 1)):
        with pytest.raises(InvalidDataError, match="the text of id 7 has more: export it as csv"):
            write_workbook(io.BytesIO(), ["id", "text"], [{"id": 7, "text": text}])


# --- Where it goes -------------------------------------------------------------------------------


def test_a_file_that_is_there_is_replaced_only_when_told(
    ok: Run, run: Run, bridge: Outcome, tmp_path: Path
) -> None:
    target = tmp_path / "claims.csv"
    ok("export", "csv", "-o", target)
    whole = target.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    refused = run("export", "csv", "-o", target)
    assert (refused.code, refused.out) == (4, "")
    assert "is there already" in refused.err
    ok("export", "csv", "-o", target, "--force")
    assert target.read_bytes() == whole
    assert [path.name for path in tmp_path.glob("*claims*")] == ["claims.csv"]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [("missing/claims.csv", "There is no folder"), (".", "is a folder")],
)
def test_where_no_file_can_stand_nothing_is_exported(
    run: Run, tmp_path: Path, target: str, sentence: str
) -> None:
    refused = run("export", "csv", "-o", tmp_path / target)
    assert refused.code == 5
    assert sentence in refused.err


def test_an_export_that_fails_leaves_the_file_that_was_there(
    run: Run, ok: Run, database_url: str, tmp_path: Path
) -> None:
    target = tmp_path / "claims.xlsx"
    ok("export", "xlsx", "-o", target)
    before = target.read_bytes()
    with write_transaction(make_engine(database_url), actor=ACTOR) as connection:
        number = records.claim(connection)
        records.appearance(connection, number, quote="😀" * 20_000)
        records.claim(connection, "Another", url=None)
        connection.exec_driver_sql("UPDATE appearance SET withdrawn_because = 'x' WHERE no = 1")
    refused = run("export", "xlsx", "-o", target, "--force")
    assert refused.code == 5
    assert "the quote of claimtrack_id 1" in refused.err
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*claims*")] == ["claims.xlsx"]


def test_every_export_is_recorded_with_what_was_asked_for(
    ok: Run, bridge: Outcome, database_url: str, tmp_path: Path
) -> None:
    ok("export", "csv", "--status", "false", "--topic", "bridge")
    ok("export", "xlsx", "-o", tmp_path / "all.xlsx")
    with make_engine(database_url).connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT what, format, row_count, filters, recorded_by FROM export ORDER BY id"
        ).all()
    assert [tuple(row) for row in rows] == [
        ("file", "csv", 1, {"status": ["false"], "topic": ["bridge"]}, ACTOR),
        ("file", "xlsx", 1, {}, ACTOR),
    ]


def test_a_reader_that_goes_away_is_no_error(start_process: Start, database_url: str) -> None:
    with write_transaction(make_engine(database_url), actor=ACTOR) as connection:
        for number in range(400):
            records.claim(connection, f"{'A long statement ' * 40}{number}", url=None)
    running = start_process("export", "csv")
    assert running.stdout is not None
    assert running.stdout.readline()
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == ""
    assert running.wait(60) != 0


def test_what_was_exported_brings_nothing_new_when_it_is_imported(
    ok: Run, bridge: Outcome, tmp_path: Path
) -> None:
    for number, text in enumerate(RUNNABLE):
        source = f"https://example.org/{number}"
        said = ("--speaker", f"{text} Smith", "--source", source)
        ok("claim", "add", *said, "--", f"{text} was said {number}")
    ok("claim", "mark", 2, "set-aside", "--reason", "error", "--because", "+1 by phone")
    ok(
        *("claim", "publish", 1, "--url", "https://desk.example.org/1", "--on", "2024-06-07"),
        *("--headline", "=Open"),
    )
    target = tmp_path / "claims.csv"
    ok("export", "csv", "-o", target)
    before = ok("claim", "list", "--format", "json").json
    done = ok("import", "csv", target, "--as-ours", "--format", "json").json
    assert {name: done[name] for name in ("rows", "unchanged")} == {
        "rows": len(before),
        "unchanged": len(before),
    }
    assert ok("claim", "list", "--format", "json").json == before


def test_nothing_to_export_is_a_header_alone(ok: Run) -> None:
    assert read(ok("export", "csv").out) == []
    assert ok("export", "csv").out.splitlines()[0] == "\ufeff" + ",".join(COLUMNS)
