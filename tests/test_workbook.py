"""Workbooks: sheets, dates and numbers; and those that are larger than they look."""

from __future__ import annotations

import datetime
import resource
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange import limits
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import Table, TableOptions
from claimtrack.interchange.workbook import open_workbook
from tests.readers import read, refused, statements
from tests.workbooks import compound, ods, ods_row, rezipped, xls, xlsx

HEADER = ["Claim", "Speaker", "Date"]
DAM = ["The dam burst.", "Omar Haddad", "2021-03-04"]
FIELDS = {"statement": DAM[0], "speaker": DAM[1], "said_on": DAM[2]}


def opened(path: Path, **options: Any) -> Table:
    return open_workbook(path, TableOptions(**options))


def sheet(folder: Path, *rows: list[Any], **options: Any) -> Table:
    """The only sheet of an XLSX workbook of these rows, opened."""
    return opened(xlsx(folder / "claims.xlsx", {"Claims": rows}), **options)


def day(hour: int, minute: int = 0, second: int = 0) -> datetime.datetime:
    """A time on 4 March 2021; sheets know no time zones."""
    return datetime.datetime(2021, 3, 4, hour, minute, second)  # noqa: DTZ001


# --- Cells ---------------------------------------------------------------------------------------


def test_the_three_formats_read_the_same(tmp_path: Path) -> None:
    for path in (
        xlsx(tmp_path / "a.xlsx", {"Claims": [HEADER, DAM]}),
        xls(tmp_path / "a.xls", [HEADER, DAM]),
        ods(tmp_path / "a.ods", ods_row(*HEADER) + ods_row(*DAM)),
    ):
        table = opened(path)
        assert list(table.rows()) == [Row(2, FIELDS)]
        assert table.notices == []


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (day(0), "2021-03-04"),
        (day(20, 5), "2021-03-04 20:05"),
        (day(20, 5, 9), "2021-03-04 20:05:09"),
        (datetime.time(20, 5), "20:05"),
        (2021, "2021"),
        (-3.0, "-3"),
        (2.5, "2.5"),
        (900000000000, "900000000000"),
        (True, "true"),
        (False, "false"),
        ("2021", "2021"),
        ("ä 大 😀\nnew line", "ä 大 😀\nnew line"),
        ("=1+1", None),
    ],
)
def test_a_cell_becomes_text(tmp_path: Path, cell: Any, text: str | None) -> None:
    (row,) = sheet(tmp_path, ["Claim", "Note"], ["A dam.", cell]).rows()
    assert isinstance(row, Row)
    assert row.fields.get("note") == (text or "0")  # a formula that nobody has calculated


def test_a_row_goes_by_its_number_in_the_sheet(tmp_path: Path) -> None:
    table = sheet(tmp_path, [], ["", "Claim", "", "Speaker"], [], ["", "A", "", "B"], ["", " "])
    assert list(table.rows()) == [Row(4, {"statement": "A", "speaker": "B"})]
    assert list(table.rows()) == list(table.rows())


def test_columns_go_by_their_number_in_the_sheet(tmp_path: Path) -> None:
    table = sheet(tmp_path, ["", "", "A dam."], header=False, columns={"statement": "3"})
    assert statements(table) == ["A dam."]
    table = sheet(tmp_path, *[[n, f"Claim {n}."] for n in range(500)], header=False,
                  columns={"statement": "2"}, constants={"language": "en"})  # fmt: skip
    assert read(table)[499] == {"statement": "Claim 499.", "language": "en"}
    assert table.unused == ["1"]


def test_a_column_that_has_no_name_is_told_if_it_holds_something(tmp_path: Path) -> None:
    table = sheet(tmp_path, ["Claim", "", "", "Who"], ["A", "", "x", "B"], ["C", " "])
    assert read(table) == [{"statement": "A", "speaker": "B"}, {"statement": "C"}]
    assert table.notices == ["Not used, since the first row gives no name: column 3."]


def test_a_remark_beyond_the_header_is_passed_by(tmp_path: Path) -> None:
    table = sheet(tmp_path, ["Claim"], ["A"], ["B", "", "see there"])
    assert read(table) == [{"statement": "A"}, {"statement": "B"}]
    assert table.notices == ["Not used, since the first row gives no name: column 3."]


def test_without_a_header_the_widest_row_counts(tmp_path: Path) -> None:
    table = sheet(
        tmp_path, ["A"], ["B", "Ann", "x"], header=False, columns={"statement": "1", "speaker": "2"}
    )
    assert read(table) == [{"statement": "A"}, {"statement": "B", "speaker": "Ann"}]
    assert table.columns == ["1", "2", "3"]
    assert table.notices == []


def test_a_title_and_blank_rows_above_the_header_are_passed_by(tmp_path: Path) -> None:
    table = sheet(tmp_path, ["CLAIMS 2024"], [], HEADER, DAM)
    assert list(table.rows()) == [Row(4, FIELDS)]
    assert table.notices == ["Row 3 was taken as the header: nothing above it is read."]


@pytest.mark.parametrize(("serial", "day_"), [(45385, "2024-04-03"), (45385.75, "2024-04-03")])
def test_a_day_that_came_as_a_number_is_read(tmp_path: Path, serial: float, day_: str) -> None:
    columns = ["Claim", "Said on", "Number", "id"]
    (row,) = read(sheet(tmp_path, columns, ["A", serial, 45385, 45385]))
    assert isinstance(row, dict)
    assert (row["said_on"], row["external_id"]) == (day_, "45385")


def test_years_and_other_numbers_are_no_days(tmp_path: Path) -> None:
    table = sheet(tmp_path, ["Claim", "Said on"], ["A", 2024], ["B", 20240403], ["C", 60001])
    assert [row["said_on"] for row in read(table) if isinstance(row, dict)] == [
        "2024",
        "20240403",
        "60001",
    ]


def test_days_that_are_counted_from_1904_are_read_so(tmp_path: Path) -> None:
    path = tmp_path / "claims.xlsx"
    with xlsxwriter.Workbook(path, {"date_1904": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Claim", "Said on"])
        page.write_row(1, 0, ["A", 43923])
    assert read(opened(path)) == [{"statement": "A", "said_on": "2024-04-03"}]


# --- What is shown beside the values -------------------------------------------------------------


def formatted(path: Path, *formats: str) -> Table:
    """A workbook with 0.125 in each of these formats, opened."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Claims")
        page.write_row(0, 0, ["Claim", "Figure"])
        for number, code in enumerate(formats, 1):
            page.write(number, 0, f"A{number}")
            page.write(number, 1, 0.125, book.add_format({"num_format": code}))
    return opened(path)


def test_what_is_shown_in_percent_comes_so(tmp_path: Path) -> None:
    formats = ("0.0%", "0%", "#,##0.00\\ %", "General", '0.000" %"', "0.0")
    table = formatted(tmp_path / "claims.xlsx", *formats)
    figures = [row["figure"] for row in read(table) if isinstance(row, dict)]
    assert figures == ["12.5%", "12.5%", "12.5%", "0.125", "0.125", "0.125"]


def test_a_fraction_in_percent_gains_no_digits(tmp_path: Path) -> None:
    path = tmp_path / "claims.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page, percent = book.add_worksheet(), book.add_format({"num_format": 9})
        page.write_row(0, 0, ["Claim", "Figure"])
        for number, value in enumerate((0.29, 1, 0.07, 12.34, 0, -0.005), 1):
            page.write(number, 0, f"A{number}")
            page.write(number, 1, value, percent)
    figures = [row["figure"] for row in read(opened(path)) if isinstance(row, dict)]
    assert figures == ["29%", "100%", "7%", "1234%", "0%", "-0.5%"]


def test_where_percent_is_not_known_a_notice_says_so(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", ods_row("Claim", "Figure") + ods_row("A", "0.125"))
    (notice,) = opened(path).notices
    assert "shown as 12.5% comes as 0.125" in notice


def merged(path: Path, *ranges: tuple[int, int, int, int, str]) -> Path:
    """A workbook of two columns of two dates, in which these ranges are merged."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Claims")
        rows = [["Claim", "Speaker", "Said on", "Published"], ["A"], ["B"], [], ["C", "Bob Ray"]]
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
        for top, left, bottom, right, text in ranges:
            page.merge_range(top, left, bottom, right, text)
    return path


def test_a_merged_cell_holds_in_all_rows_that_it_spans(tmp_path: Path) -> None:
    path = merged(tmp_path / "a.xlsx", (1, 1, 3, 1, "Ann Lee"), (4, 2, 4, 3, "2024-04-03"))
    assert list(opened(path).rows()) == [
        Row(2, {"statement": "A", "speaker": "Ann Lee"}),
        Row(3, {"statement": "B", "speaker": "Ann Lee"}),
        Row(
            5,
            {
                "statement": "C",
                "speaker": "Bob Ray",
                "said_on": "2024-04-03",
                "published": "2024-04-03",
            },
        ),
    ]


def test_a_merged_title_and_header_are_no_columns_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Claims")
        page.merge_range(0, 0, 0, 2, "Claims")
        page.write_row(1, 0, ["Claim", "Source"])
        page.merge_range(1, 1, 2, 2, "Source")
        page.write_row(3, 0, ["A", "https://example.org/1", "seen in May"])
    table = opened(path, columns={"source": "Source"})
    assert read(table) == [{"statement": "A", "source": "https://example.org/1"}]


def test_the_words_of_a_link_give_way_to_its_address(tmp_path: Path) -> None:
    path = tmp_path / "claims.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("Claims & more")
        page.write_row(0, 0, ["Claim", "Source", "Note"])
        for number, words in enumerate(("click here", "example.net/2", "Harbour Post"), 1):
            page.write_url(number, 0, "https://example.org/a", string=f"A{number}")
            page.write_url(number, 1, f"https://example.org/{number}#top", string=words)
            page.write_url(number, 2, "mailto:desk@example.org", string="mail")
        page.write_url(4, 1, "internal:'Claims & more'!A1", string="above")
        page.write(4, 0, "A4")
    rows = read(opened(path))
    assert [row["source"] for row in rows if isinstance(row, dict)] == [
        "https://example.org/1#top",
        "example.net/2",
        "https://example.org/3#top",
        "above",
    ]
    assert rows[0] == {"statement": "A1", "source": "https://example.org/1#top", "note": "mail"}


# --- Sheets --------------------------------------------------------------------------------------


def test_a_sheet_goes_by_name_or_number(tmp_path: Path) -> None:
    path = xlsx(
        tmp_path / "claims.xlsx",
        {"Old": [["Claim"], ["old"]], "New": [["Claim"], ["new"]], "1": [["Claim"], ["one"]]},
        hidden="Old",
    )
    table = opened(path)
    assert statements(table) == ["new"]
    assert table.notices == ["Read the sheet “New”, the first of 2: --sheet takes another."]
    for said, read_ in (("Old", "old"), ("new ", "new"), ("1", "one"), ("2", "new")):
        table = opened(path, sheet=said)
        assert statements(table) == [read_]
        assert table.notices == []
    for said in ("Newer", "0", "4", "-1", "", " "):
        if said.strip():
            with pytest.raises(UsageError, match=f"There is no sheet “{said}” in the workbook"):
                opened(path, sheet=said)


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="The sheet “Claims” is empty"):
        sheet(tmp_path)


# --- What is no workbook, or too much of one -----------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"Claim,Speaker\n", "The file is no workbook: XLSX, XLSB, XLS and ODS are read."),
        (b"%PDF-1.7", "The file is no workbook: XLSX, XLSB, XLS and ODS are read."),
        (b"PK\x03\x04" + bytes(90), "The workbook is damaged:"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "The workbook is damaged:"),
    ],
)
def test_a_file_that_is_no_workbook_gets_one_sentence(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "claims.xlsx"
    path.write_bytes(content)
    with pytest.raises(InvalidDataError) as refusal:
        opened(path)
    assert refusal.value.message.startswith(message)


def test_another_zip_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "claims.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("claims.csv", "Claim\nA\n")
    with pytest.raises(InvalidDataError, match="The file is no workbook"):
        opened(path)


def test_a_protected_workbook_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    encrypted = ods(tmp_path / "a.ods", ods_row("A"), manifest="<manifest:encryption-data/>")
    for path in (compound(tmp_path / "a.xlsx", "EncryptedPackage", b"secret" * 900), encrypted):
        with pytest.raises(InvalidDataError, match="protected by a password: save it without"):
            opened(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "bomb.xlsx", {"Claims": [HEADER, DAM]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(limits.RATIO_COUNTS_FROM))
    with pytest.raises(InvalidDataError, match="too large when unpacked"):
        opened(path)


def test_a_workbook_of_too_many_parts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_PARTS", 5)
    with pytest.raises(InvalidDataError, match="too large when unpacked"):
        sheet(tmp_path, HEADER, DAM)


def test_a_few_cells_far_apart_dont_take_the_memory(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "far.xlsx", {"Claims": [HEADER, DAM]})
    rezipped(path, {"xl/worksheets/sheet1.xml": (b'r="C2"', b'r="XFD1048576"')})
    assert path.stat().st_size < 10_000
    with pytest.raises(InvalidDataError, match="takes too much memory or time"):
        opened(path)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1 << 20  # kilobytes


def test_repeated_cells_dont_take_the_memory(tmp_path: Path) -> None:
    row = ods_row("x").replace(
        "<table:table-cell", '<table:table-cell table:number-columns-repeated="16000"'
    )
    path = ods(
        tmp_path / "far.ods",
        ods_row("Claim")
        + row.replace("<table:table-row", '<table:table-row table:number-rows-repeated="1000000"'),
    )
    with pytest.raises(InvalidDataError, match="takes too much memory or time"):
        opened(path)


def test_entities_of_xml_are_not_expanded(tmp_path: Path) -> None:
    laughs = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    prolog = f'<!DOCTYPE x [{laughs}<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    for entity in ("&a11;", "&file;"):
        path = ods(tmp_path / "a.ods", ods_row("Claim") + ods_row(entity), prolog=prolog)
        with pytest.raises(InvalidDataError, match="The workbook is damaged"):
            opened(path)
        path = xlsx(tmp_path / "a.xlsx", {"Claims": [["Claim"], ["A dam."]]})
        rezipped(path, {"xl/sharedStrings.xml": (b"A dam.", entity.encode())})
        rezipped(path, {"xl/sharedStrings.xml": (b"<sst", prolog.encode() + b"<sst")})
        with pytest.raises(InvalidDataError, match="The workbook is damaged"):
            opened(path)


def test_a_row_beyond_the_limit_is_refused_and_the_rest_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LONGEST_RECORD", 100)
    table = sheet(tmp_path, ["Claim"], ["A"], ["x" * 200], ["B"])
    assert statements(table) == ["A", "B"]
    assert refused(table) == [Unread(3, "The row is longer than 100 characters.")]


def test_a_workbook_that_breaks_off_is_damaged(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "claims.xlsx", {"Claims": [HEADER, DAM]})
    rezipped(path, {"xl/worksheets/sheet1.xml": (b"</row></sheetData>", b"</rw")})
    with pytest.raises(InvalidDataError, match="The workbook is damaged"):
        opened(path)


def test_a_part_that_breaks_off_is_damage_and_no_endless_work(tmp_path: Path) -> None:
    path = ods(tmp_path / "claims.ods", ods_row("Claim") + ods_row("A dam."))
    rezipped(path, {"content.xml": (b"</table:table>", b"</table:tafle>")})
    with pytest.raises(InvalidDataError, match="The workbook is damaged"):
        opened(path)
