"""What commands print: five formats, and text from outside that can do no harm in any of them."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.formulas import guarded, unguarded
from claimtrack.render import (
    Column,
    Format,
    Listing,
    Marked,
    display_width,
    emit,
    emit_object,
    escape_markdown,
    escape_terminal,
    histogram,
    style,
    truncate,
)
from claimtrack.vocab import Status, Verdict

BELL, DEL, CSI = "\x07", "\x7f", "\x9b"
TRICKS = (
    "\x1b\r\n\t\x00\x7f\x9b\u202e\u2066\u200b\u2028\ufeff|\\`*_[]<>&#~$'\"=+-@,;: ab漢"
    "é\u0301😀\u200d👩👍🏽\ufe0f"
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(TRICKS))
#: Vowels and finals that a terminal draws into the syllable before them.
JAMO = "".join(map(chr, range(0x1160, 0x1200)))
#: Without the NUL that PostgreSQL can't store and the csv module refuses before Python 3.11.4.
STORED_TEXT = ANY_TEXT.map(lambda text: text.replace("\x00", ""))

CLAIM: dict[str, object] = {
    "id": 42,
    "statement": "There is no military solution to this conflict.",
    "status": Status.CHECKED,
    "verdict": Verdict.MISLEADING,
    "speaker": {"id": 3, "name": "António Guterres"},
    "figure": None,
}
RUMOUR: dict[str, object] = {
    "id": 1017,
    "statement": "900,000 people were displaced in two months",
    "status": Status.UNVERIFIED,
    "verdict": None,
    "speaker": None,
    "figure": Decimal("900000.000"),
}
COLUMNS = (
    Column("id", "ID"),
    Column("status", "Status"),
    Column("statement", "Statement", grow=True),
    Column("speaker.name", "Speaker"),
    Column("figure", "Figure"),
)


def shown(
    listing: Listing, fmt: Format = Format.TABLE, *, width: int | None = None, color: bool = False
) -> str:
    out = io.StringIO(newline="")
    emit(listing, fmt, out, width=width, color=color)
    return out.getvalue()


def one_cell(value: object, fmt: Format, *, width: int | None = None) -> str:
    """What a single value comes out as, under a header."""
    text = shown(Listing([Column("x", "x")], [{"x": value}]), fmt, width=width)
    return text.split("\n", 2 if fmt is Format.MARKDOWN else 1)[-1].removesuffix("\n")


def shown_object(data: Mapping[str, object], fmt: Format, *lines: str, color: bool = False) -> str:
    out = io.StringIO(newline="")
    emit_object(data, fmt, out, text=lines, width=80 if color else None, color=color)
    return out.getvalue()


def terminal_columns(text: str) -> int:
    """A count of its own, for text without emoji sequences and Hangul parts."""
    marks = sum(unicodedata.category(char) in {"Mn", "Me"} for char in text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) - marks + wide


def dangerous(text: str) -> set[str]:
    """The characters in a text that may not reach a terminal."""
    kept = "\n\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
    kept += "\U000110bd\U000110cd"
    unsafe = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return {char for char in text if unicodedata.category(char) in unsafe} - set(kept)


# --- text on a terminal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("good\rbad", r"good\rbad"),
        (BELL + DEL + CSI, r"\x07\x7f\x9b"),
        ("\x00", r"\x00"),
        ("user\u202etxt.exe", r"user\u202etxt.exe"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("a\u200eb\u200fc\u061cd", r"a\u200eb\u200fc\u061cd"),
        ("pass\u200bword\ufeff", r"pass\u200bword\ufeff"),
        ("one\u2028two\u2029", r"one\u2028two\u2029"),
        ("\U000e0041", r"\U000e0041"),
        ("undecodable \udcff", r"undecodable \udcff"),
        ("two\nlines\tand a tab", r"two\nlines\tand a tab"),
        (r"C:\x1b stays", r"C:\x1b stays"),
    ],
)
def test_characters_that_steer_or_hide_are_shown_as_text(text: str, expected: str) -> None:
    assert escape_terminal(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "نمی\u200cخواهم",
        "क्\u200dष",
        "👩\u200d👩\u200d👧",
        "❤\ufe0f",
        "e\u0301",
        "\u06dd١٢",
        "日本\u3000語",
        "1\xa0000 €",
        "Ⲁ\ue000",
    ],
)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert escape_terminal(text) == text


def test_every_character_of_unicode_that_could_do_harm_is_escaped() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert dangerous(escape_terminal(everything)) == set()


def test_newlines_can_be_kept_and_a_lone_carriage_return_never_is() -> None:
    text = "first\r\nsecond\nthird\rforged\x1b"
    assert escape_terminal(text, keep_newlines=True) == "first\nsecond\nthird\\rforged\\x1b"


@given(ANY_TEXT)
def test_escaping_twice_changes_nothing_more(text: str) -> None:
    assert escape_terminal(escape_terminal(text)) == escape_terminal(text)


def test_style_writes_codes_only_in_colour_and_escapes_its_text() -> None:
    assert style("late\x1b[2J", "bold", "red", color=True) == "\x1b[1m\x1b[31mlate\\x1b[2J\x1b[0m"
    assert style("late\x1b[2J", "bold", "red", color=False) == "late\\x1b[2J"
    assert style("plain", color=True) == "plain"
    assert style("", "bold", color=True) == ""


def test_a_style_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        style("x", "blink", color=True)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("claim", 5),
        ("Größe", 5),
        ("e\u0301", 1),
        ("漢字", 4),
        ("ﾊﾝ", 2),
        ("Ａ１", 4),
        ("한", 2),
        ("\u1112\u1161\u11ab", 2),
        ("😀", 2),
        ("👩\u200d👩\u200d👧", 2),
        ("👍🏽", 2),
        ("❤\ufe0f", 2),
        (" \ufe0f", 1),
        ("🇩🇪", 2),
        ("🫨", 2),
        ("نمی\u200cخواهم", 8),
    ],
)
def test_width_is_what_a_terminal_shows(text: str, width: int) -> None:
    assert display_width(text) == width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("no military solution", 20, "no military solution"),
        ("no military solution", 12, "no military…"),
        ("no military solution", 13, "no military…"),
        ("漢字漢字", 4, "漢…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字", 1, "…"),
        ("ae\u0301bc", 3, "ae\u0301…"),
        ("x👩\u200d👩\u200d👧yz", 3, "x…"),
        ("x👩\u200d👩\u200d👧yz", 4, "x👩\u200d👩\u200d👧…"),
    ],
)
def test_cutting_keeps_characters_whole_and_says_that_it_cut(
    text: str, width: int, expected: str
) -> None:
    assert truncate(text, width) == expected


def test_every_character_alone_is_as_wide_as_unicode_says() -> None:
    # Latin, Greek, Cyrillic and punctuation go a shorter way; a mark sends the text the long way.
    for char in map(chr, range(0x20, 0x2100)):
        if escape_terminal(char) == char and char not in JAMO:
            assert display_width(char) == display_width(f"{char}\u0301"), hex(ord(char))


@given(ANY_TEXT.map(escape_terminal), st.integers(1, 40))
def test_cut_text_always_fits(text: str, width: int) -> None:
    assert display_width(truncate(text, width)) <= width


# --- tables


def test_a_table_in_a_pipe_is_aligned_whole_and_without_trailing_blanks() -> None:
    columns = [column for column in COLUMNS if column.key != "status"]
    assert shown(Listing(columns, [CLAIM, RUMOUR]), color=True).split("\n") == [
        "  ID  Statement                                        Speaker           Figure",
        "  42  There is no military solution to this conflict.  António Guterres       –",
        "1017  900,000 people were displaced in two months      –                 900000",
        "",
    ]


def test_a_table_on_a_terminal_cuts_long_text_and_then_the_flexible_column() -> None:
    assert shown(Listing(COLUMNS, [CLAIM, RUMOUR]), width=75).split("\n") == [
        "  ID  Status      Statement                            Speaker       Figure",
        "  42  checked     There is no military solution to t…  António Gut…       –",
        "1017  unverified  900,000 people were displaced in t…  –             900000",
        "",
    ]


WORK = (
    Column("id", "ID", align="right"),
    Column("word", "Status"),
    Column("speaker", "Speaker", max_width=20),
    Column("statement", "Statement", grow=True),
    Column("source", "Source", max_width=24, drop=2),
    Column("said_on", "Said on", fixed=True),
    Column("recorded_at", "Recorded", fixed=True, drop=1),
    Column("due_on", "Due", fixed=True, drop=3),
)
WORK_ROW: dict[str, object] = {
    "id": 123456,
    "word": "unverified",
    "speaker": "The regional water authority",
    "statement": "The north bridge was closed for the whole of May, twice",
    "source": "The Example Courier: Bridge closed",
    "said_on": "2024-05-31",
    "recorded_at": "2024-06-01",
    "due_on": None,
}


@given(st.integers(60, 200))
def test_what_a_table_can_do_without_goes_before_the_lead_is_cut(width: int) -> None:
    head, row, _ = shown(Listing(WORK, [WORK_ROW]), width=width).split("\n")
    assert max(map(display_width, (head, row))) <= width
    assert "123456" in row
    assert "2024-05-31" in row
    assert ("2024-06-01" in row) == ("Recorded" in head)
    if width >= 80:
        assert "unverified" in row
        assert "The north bridge was clos" in row


def test_columns_are_left_out_in_their_order_the_empty_ones_first_and_only_on_a_terminal() -> None:
    def left_out(width: int | None, **values: object) -> set[str]:
        head = shown(Listing(WORK, [{**WORK_ROW, **values}]), width=width).split("\n")[0]
        return {column.title for column in WORK if column.title not in head}

    assert left_out(None) == set()
    assert left_out(140) == set()
    assert left_out(100) == {"Due"}
    assert left_out(90) == {"Due", "Source"}
    assert left_out(80) == {"Due", "Source", "Recorded"}
    assert left_out(100, source=None, due_on="2024-07-01") == {"Source"}
    assert left_out(80, statement="Short") == {"Due"}


def test_the_first_flexible_column_leads_the_others() -> None:
    columns = [Column("a", "A", grow=True), Column("b", "B", grow=True), Column("c", "C")]
    row = dict.fromkeys("abc", "x" * 60)
    _, line, _ = shown(Listing(columns, [row]), width=58).split("\n")
    assert [len(cell) for cell in line.split()] == [28, 14, 12]


def test_a_narrow_table_cuts_all_text_before_any_number() -> None:
    assert shown(Listing(COLUMNS, [RUMOUR]), width=40).split("\n") == [
        "  ID  Status  Statement   Speak…  Figure",
        "1017  unver…  900,000 p…  –       900000",
        "",
    ]


@given(
    st.lists(st.lists(ANY_TEXT | st.integers() | st.none(), min_size=3, max_size=3), max_size=4),
    st.integers(7, 60),
)
def test_no_line_of_a_table_is_wider_than_the_terminal(
    rows: list[list[object]], width: int
) -> None:
    columns = [
        Column("a", "First", grow=True),
        Column("b", "Second", align="right"),
        Column("c", "Third"),
    ]
    listing = Listing(columns, [dict(zip("abc", row, strict=True)) for row in rows])
    for line in shown(listing, width=width).split("\n"):
        assert display_width(line) <= width


PLAIN_LETTERS = st.characters(categories=["L", "N", "P", "Zs"], exclude_characters=JAMO)


@given(st.lists(st.text(PLAIN_LETTERS | st.just("\u0301")), min_size=1), st.integers(4, 60))
def test_the_width_of_a_table_holds_by_another_count(cells: list[str], width: int) -> None:
    columns = [Column("n", "N"), Column("a", "A", grow=True)]
    listing = Listing(columns, [{"a": cell, "n": 7} for cell in cells])
    for line in shown(listing, width=width).split("\n"):
        assert terminal_columns(line) <= width
        assert line == line.rstrip()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (-3.5, "-3.5"),
        (Decimal("900000.000"), "900000"),
        (Decimal("0.10"), "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("12345678901234567890.5"), "12345678901234567890.5"),
        (Decimal("1E+5000"), "1E+5000"),
        (Verdict.MOSTLY_FALSE, "mostly_false"),
        (date(2020, 2, 25), "2020-02-25"),
        (["Idlib", "Afrin"], "Idlib, Afrin"),
        ([], ""),
        (b"\x00\xff", "00ff"),
        ("two\r\n\r\nlines\tand", "two lines and"),
        ("\x1b[2J", r"\x1b[2J"),
    ],
)
def test_values_in_a_table_read_as_people_write_them(value: object, expected: str) -> None:
    assert one_cell(value, Format.TABLE) == expected


def test_numbers_go_to_the_right_unasked_and_other_values_to_the_left() -> None:
    rows: list[dict[str, object]] = [
        {"n": 7, "mixed": 7, "open": True},
        {"n": None, "mixed": "x", "open": False},
    ]
    columns = [Column("n", "Days"), Column("mixed", "Mixed"), Column("open", "Open")]
    assert shown(Listing(columns, rows)) == (
        "Days  Mixed  Open\n   7  7      yes\n   –  x      no\n"
    )


def test_the_widest_a_column_may_be_binds_on_a_terminal_only() -> None:
    listing = Listing([Column("x", "x", max_width=5)], [{"x": "Guterres"}])
    assert shown(listing, width=80) == "x\nGute…\n"
    assert shown(listing) == "x\nGuterres\n"


def test_colour_goes_to_a_terminal_only_and_leaves_the_layout_alone() -> None:
    columns = [
        Column("v", "Verdict", style={"false": "red"}.get),
        Column("statement", "Statement", grow=True),
    ]
    listing = Listing(columns, [{"v": "false", "statement": "x"}, {"v": None, "statement": "y"}])
    plain, coloured = shown(listing, width=60), shown(listing, width=60, color=True)
    assert coloured.startswith("\x1b[1mVerdict\x1b[0m  \x1b[1mStatement\x1b[0m\n")
    assert "\x1b[31mfalse\x1b[0m    x\n–        y\n" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    assert "\x1b" not in shown(listing, width=None, color=True)


def test_a_style_sees_the_whole_cell_even_where_it_is_cut() -> None:
    seen: list[str] = []
    column = Column("x", "x", max_width=4, style=lambda cell: seen.append(cell))
    shown(Listing([column], [{"x": "unverified"}]), width=80)
    assert seen == ["unverified"]


def test_lines_around_a_table_keep_the_callers_colours_and_nothing_else() -> None:
    line = f"{style('2', 'bold', color=True)} by Mallory\x1b]0;title\x07 \x1b[8mhidden \x1b[31mred"
    listing = Listing(COLUMNS, [CLAIM], preamble=[line], footer=[line])
    coloured = shown(listing, width=100, color=True).split("\n")
    expected = "\x1b[1m2\x1b[0m by Mallory\\x1b]0;title\\x07 \\x1b[8mhidden \x1b[31mred\x1b[0m"
    assert (coloured[0], coloured[-2]) == (expected, expected)
    assert shown(listing).split("\n")[0] == "2 by Mallory\\x1b]0;title\\x07 \\x1b[8mhidden red"


def test_a_listing_without_rows_leaves_the_sentence_to_the_caller() -> None:
    out = io.StringIO()
    listing = Listing(COLUMNS, [], preamble=["0 unverified"], empty="Nothing is unverified.")
    assert emit(listing, Format.TABLE, out, width=80) == 0
    assert out.getvalue() == "0 unverified\n"


@pytest.mark.parametrize("fmt", list(Format))
def test_every_format_says_how_many_rows_it_wrote(fmt: Format) -> None:
    assert emit(Listing(COLUMNS, [CLAIM, RUMOUR]), fmt, io.StringIO()) == 2


def test_a_column_that_is_not_in_the_row_is_an_error_not_a_blank() -> None:
    with pytest.raises(KeyError, match=r"speaker\.nmae"):
        shown(Listing([Column("speaker.nmae", "Speaker")], [CLAIM]))


@pytest.mark.parametrize("fmt", [Format.TABLE, Format.CSV, Format.MARKDOWN])
def test_the_callers_cells_take_the_place_of_the_row(fmt: Format) -> None:
    listing = Listing([Column("word", "Word")], [CLAIM], cells=lambda row: {"word": row["verdict"]})
    assert "misleading" in shown(listing, fmt)
    assert json.loads(shown(listing, Format.JSON))[0]["id"] == 42


@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
@pytest.mark.parametrize("fmt", [Format.TABLE, Format.MARKDOWN])
@pytest.mark.parametrize("width", [None, 30])
def test_no_control_character_reaches_people_wherever_it_stands(
    fmt: Format, width: int | None, texts: list[str]
) -> None:
    listing = Listing(
        [Column("x", texts[0], grow=True)],
        [{"x": text} for text in texts],
        preamble=texts,
        footer=texts,
    )
    out = shown(listing, fmt, width=width)
    assert dangerous(out) == set()
    assert dangerous(shown_object({}, fmt, *texts)) == set()
    if fmt is Format.TABLE:
        assert out.count("\n") == 3 * len(texts) + 1  # nothing can forge a line


# --- JSON


def test_a_list_in_json_is_an_array_with_a_row_on_each_line() -> None:
    text = shown(Listing(COLUMNS, [CLAIM, RUMOUR]), Format.JSON)
    assert [line[:7] for line in text.split("\n")] == ["[", '  {"id"', '  {"id"', "]", ""]
    first, second = json.loads(text)
    assert first == {**CLAIM, "status": "checked", "verdict": "misleading"}
    assert second["figure"] == 900000
    assert second["speaker"] is None
    assert "António" in text


def test_a_report_in_json_is_its_totals_and_then_its_rows() -> None:
    header = {"unverified": 2, "oldest": date(2020, 2, 25), "ages": [{"days": 7, "count": 2}]}
    text = shown(Listing(COLUMNS, [CLAIM, RUMOUR], header=header), Format.JSON)
    report = json.loads(text)
    assert list(report) == ["unverified", "oldest", "ages", "rows"]
    assert report["oldest"] == "2020-02-25"
    assert [row["id"] for row in report["rows"]] == [42, 1017]
    assert text.startswith('{\n  "unverified": 2,\n')
    assert text.endswith("}\n  ]\n}\n")


@pytest.mark.parametrize(
    ("header", "expected"), [(None, []), ({}, {"rows": []}), ({"n": 0}, {"n": 0, "rows": []})]
)
def test_json_without_rows_is_still_json(
    header: dict[str, object] | None, expected: object
) -> None:
    assert json.loads(shown(Listing(COLUMNS, [], header=header), Format.JSON)) == expected


def test_a_total_named_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="rows"):
        shown(Listing(COLUMNS, [], header={"rows": 3}), Format.JSON)


def test_jsonl_is_one_row_a_line_without_totals() -> None:
    text = shown(Listing(COLUMNS, [CLAIM, RUMOUR], header={"unverified": 2}), Format.JSONL)
    assert [json.loads(line)["id"] for line in text.splitlines()] == [42, 1017]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("900000.000"), "900000"),
        (Decimal("-0.10"), "-0.1"),
        (Decimal("1E+20"), "100000000000000000000"),
        (Decimal("12345678901234567.5"), '"12345678901234567.5"'),
        (Decimal("9007199254740993"), '"9007199254740993"'),
        (Decimal("1E+5000"), '"1E+5000"'),
        (Decimal("NaN"), '"NaN"'),
        (datetime(2020, 2, 25, 12, tzinfo=UTC), '"2020-02-25T12:00:00+00:00"'),
        (
            datetime(2020, 2, 25, 1, 30, tzinfo=timezone(timedelta(hours=3))),
            '"2020-02-24T22:30:00+00:00"',
        ),
        (date(2020, 2, 25), '"2020-02-25"'),
        (b"\x00\xff", '"00ff"'),
        (Status.IN_REVIEW, '"in_review"'),
        (frozenset("dbeca"), '["a", "b", "c", "d", "e"]'),
        (("a", None), '["a", null]'),
        ("é漢", '"é漢"'),
        ("\x1b\x7f\x9b\u202e\u2028", r'"\u001b\u007f\u009b\u202e\u2028"'),
        ("\U000e0041", r'"\udb40\udc41"'),
    ],
)
def test_values_in_json(value: object, expected: str) -> None:
    assert shown_object({"x": value}, Format.JSONL) == f'{{"x": {expected}}}\n'


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), datetime(2020, 2, 25), object()],  # noqa: DTZ001
)
def test_what_json_can_not_say_is_an_error(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        shown_object({"x": value}, Format.JSON)


@given(st.lists(st.dictionaries(ANY_TEXT, ANY_TEXT | st.integers() | st.lists(ANY_TEXT))))
@pytest.mark.parametrize("header", [None, {"total\x9b": "\u202e"}])
def test_json_gives_back_what_went_in_and_is_safe_to_look_at(
    header: dict[str, object] | None, rows: list[dict[str, object]]
) -> None:
    text = shown(Listing([], rows, header=header), Format.JSON)
    assert json.loads(text) == (rows if header is None else {**header, "rows": rows})
    assert dangerous(text) == set()
    lines = shown(Listing([], rows), Format.JSONL).splitlines()
    assert [json.loads(line) for line in lines] == rows


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_survives_json_and_csv(value: Decimal) -> None:
    assert Decimal(str(json.loads(shown_object({"x": value}, Format.JSON))["x"])) == value
    assert Decimal(one_cell(value, Format.CSV)) == value


@pytest.mark.parametrize("fmt", [Format.JSON, Format.JSONL, Format.CSV, Format.MARKDOWN])
def test_rows_are_written_as_they_come(fmt: Format) -> None:
    out = io.StringIO()
    before: list[int] = []

    def rows() -> Iterator[Mapping[str, object]]:
        for number in range(3):
            before.append(len(out.getvalue()))
            yield {"id": number}

    emit(Listing([Column("id", "ID")], rows()), fmt, out)
    assert before[0] < before[1] < before[2]


# --- CSV


def test_csv_has_keys_above_and_a_line_for_each_row() -> None:
    assert shown(Listing(COLUMNS, [CLAIM, RUMOUR]), Format.CSV) == (
        "id,status,statement,speaker.name,figure\n"
        "42,checked,There is no military solution to this conflict.,António Guterres,\n"
        '1017,unverified,"900,000 people were displaced in two months",,900000\n'
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1 555", "'+1 555"),
        ("-3.5", "'-3.5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\xa0\u200b=1", "'\xa0\u200b=1"),
        ("＝1", "'＝1"),
        ("＠x", "'＠x"),
        ("\t1", "'\t1"),
        ("'=1", "''=1"),
        ("'Tis so", "'Tis so"),
        ("a=1", "a=1"),
        (["=1", "x"], "'=1; x"),
        (-3.5, "-3.5"),
        (Decimal("-0.50"), "-0.5"),
        (-7, "-7"),
        (True, "true"),
    ],
)
def test_a_spreadsheet_runs_no_text_and_numbers_stay_numbers(value: object, expected: str) -> None:
    assert one_cell(value, Format.CSV) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('say "no"', '"say ""no"""'),
        ("a\rb", '"a\rb"'),
        ("a\r\nb", '"a\r\nb"'),
        (" a", '" a"'),
        ("", '""'),
    ],
)
def test_csv_quotes_what_would_end_a_cell(value: str, expected: str) -> None:
    assert one_cell(value, Format.CSV) == expected


@given(st.lists(st.tuples(STORED_TEXT, STORED_TEXT)))
def test_csv_comes_back_as_it_went_out(rows: list[tuple[str, str]]) -> None:
    listing = Listing([Column("a", "A"), Column("b", "B")], [{"a": a, "b": b} for a, b in rows])
    header, *records = csv.reader(io.StringIO(shown(listing, Format.CSV), newline=""))
    assert header == ["a", "b"]
    assert [tuple(record) for record in records] == [tuple(map(guarded, row)) for row in rows]


#: Every blank and invisible character that a spreadsheet might skip.
SKIPPED = "".join(
    char
    for char in map(chr, range(0x10000))
    if char.isspace() or unicodedata.category(char) in {"Cc", "Cf"}
)


@given(
    STORED_TEXT
    | st.text(st.sampled_from(SKIPPED)).map(lambda blanks: f"{blanks}=1".replace("\x00", ""))
)
def test_no_cell_of_text_begins_as_a_formula(text: str) -> None:
    [[cell]] = csv.reader(io.StringIO(one_cell(text, Format.CSV), newline=""))
    assert cell == guarded(text)
    assert not cell.startswith(("\t", "\r", "\n"))
    assert not cell.lstrip(SKIPPED).startswith(tuple("=+-@＝＋－＠"))


@pytest.mark.parametrize("text", ["\tx", "=1", " =1", "\t'=1", "'=1", "Tis", "\n'"])
def test_a_guard_can_be_told_from_an_apostrophe_that_was_there(text: str) -> None:
    assert guarded(text) != guarded(f"'{text}")
    assert unguarded(guarded(text)) == text


@given(st.text(st.sampled_from(",;\t\r\n '\"=＝-@a\u200b\xa0\x85")))
def test_a_text_with_guards_in_it_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("part", ["'", '"', " ", "\n", "\r\n", "\t", "\n\x85", ",''", "; '"])
@pytest.mark.parametrize("end", ["=1", "-1", "x-"])
def test_a_long_run_of_blanks_or_quotes_takes_no_time(part: str, end: str) -> None:
    text = f"a,{part * 20_000}{end}"
    began = time.process_time()
    assert unguarded(guarded(text)) == text
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("text", ["'Tis", "''", "'", "it's", "'quoted' words"])
def test_what_is_no_formula_gets_no_apostrophe_beside_its_own(text: str) -> None:
    assert guarded(text) == text


def test_csv_on_a_terminal_is_escaped_and_in_a_pipe_is_whole() -> None:
    assert one_cell("a\x1b[2J", Format.CSV, width=80) == r"a\x1b[2J"
    assert one_cell("a\x1b[2J", Format.CSV) == "a\x1b[2J"


# --- Markdown


def test_a_markdown_table_between_its_lines() -> None:
    listing = Listing(
        [Column("id", "ID", align="right"), Column("speaker.name", "Speaker")],
        [CLAIM, RUMOUR],
        preamble=["2 unverified", "1 overdue"],
        footer=["- older ones are left out"],
    )
    assert shown(listing, Format.MARKDOWN) == (
        "2 unverified\\\n1 overdue\n\n"
        "| ID | Speaker |\n| ---: | --- |\n| 42 | António Guterres |\n| 1017 |  |\n"
        "\n\\- older ones are left out\n"
    )


def test_in_markdown_a_heading_is_one_and_a_drawing_keeps_its_places() -> None:
    listing = Listing(
        [Column("id", "ID")],
        [CLAIM],
        preamble=["1 <unverified>", ""],
        drawing=["under a day   1  ██", "```", ""],
        heading="Recorded: *1*",
    )
    assert shown(listing, Format.MARKDOWN) == (
        "1 &lt;unverified&gt;\n\n"
        "```text\nunder a day   1  ██\n'''\n```\n\n"
        "## Recorded: \\*1\\*\n\n"
        "| ID |\n| --- |\n| 42 |\n"
    )
    assert shown(listing).split("\n")[:6] == [
        "1 <unverified>",
        "",
        "under a day   1  ██",
        "```",
        "",
        "Recorded: *1*",
    ]
    nothing = Listing(columns=(), rows=(), heading="Reopened: none")
    assert shown(nothing, Format.MARKDOWN) == "## Reopened: none\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("a\\|b", r"a\\\|b"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("![x](javascript:alert(1))", r"!\[x\](javascript:alert(1))"),
        ("*a* _b_ `c` ~~d~~ $e$ #1", r"\*a\* \_b\_ \`c\` \~\~d\~\~ \$e\$ \#1"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("1. item", r"1\. item"),
        ("20) item", r"20\) item"),
        ("1.5 million", r"1\.5 million"),
        ("===", r"\==="),
        ("see https://evil.example/x", r"see https\://evil.example/x"),
        ("see WWW.evil.example", r"see WWW\.evil.example"),
        ("a.b@example.com, @octocat, 3 @ 4", "a.b@&#8203;example.com, @&#8203;octocat, 3 @ 4"),
        ("\x1b\u202e", r"\\x1b\\u202e"),
    ],
)
def test_markdown_shows_text_as_it_is(text: str, expected: str) -> None:
    assert escape_markdown(text) == expected
    assert one_cell(text, Format.MARKDOWN) == f"| {expected} |"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "yes"),
        ("one\r\ntwo\n- three", r"one<br>two<br>\- three"),
        ("https://example.org/a_b?c=1&d=2", "<https://example.org/a_b?c=1&d=2>"),
        ("https://example.org/a|b`c", "<https://example.org/a%7Cb%60c>"),
        ("https://example.org/<b>", r"https\://example.org/&lt;b&gt;"),
        ("https://example.org/\u202ex", r"https\://example.org/\\u202ex"),
        ("javascript:alert(1)//https://x", r"javascript:alert(1)//https\://x"),
        ("javascript://example.org/x", r"javascript\://example.org/x"),
        ("data:text/html,x", "data:text/html,x"),
        ("-3", r"\-3"),
        (-3, r"\-3"),
    ],
)
def test_only_a_cell_that_is_a_web_address_becomes_a_link(value: object, expected: str) -> None:
    assert one_cell(value, Format.MARKDOWN) == f"| {expected} |"


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT | st.none()), max_size=5), ANY_TEXT)
def test_markdown_rows_keep_their_cells_and_hold_no_html(
    rows: list[tuple[str, str | None]], title: str
) -> None:
    listing = Listing([Column("a", title), Column("b", "B")], [{"a": a, "b": b} for a, b in rows])
    lines = shown(listing, Format.MARKDOWN).removesuffix("\n").split("\n")
    assert len(lines) == len(rows) + 2
    for line in lines:
        # Pairs of backslashes are backslashes; one that is left over escapes what follows it.
        bare = re.sub(r"\\[\\|]", "", line)
        assert bare.count("|") == 3
        assert "<" not in re.sub(r"<br>|<https?://[^\s<>|]+>", "", line)


# --- one object


def test_one_object_in_each_format() -> None:
    data = {**CLAIM, "topics": ["Syria", "war"], "reviews": [{"no": 1}], "links": {}}
    lines = ["Claim 42", "", "1. checked"]
    assert shown_object(data, Format.TABLE, *lines) == "Claim 42\n\n1. checked\n"
    assert shown_object(data, Format.MARKDOWN, *lines) == "Claim 42\n\n1\\. checked\n"
    assert json.loads(shown_object(data, Format.JSON)) == json.loads(
        shown_object(data, Format.JSONL)
    )
    assert shown_object(data, Format.JSON).startswith('{\n  "id": 42,\n')
    assert shown_object(data, Format.JSONL).count("\n") == 1
    header, record = csv.reader(io.StringIO(shown_object(data, Format.CSV)))
    assert dict(zip(header, record, strict=True)) == {
        "id": "42",
        "statement": "There is no military solution to this conflict.",
        "status": "checked",
        "verdict": "misleading",
        "speaker.id": "3",
        "speaker.name": "António Guterres",
        "figure": "",
        "topics": "Syria; war",
        "reviews": '[{"no": 1}]',
        "links": "{}",
    }


def test_the_lines_for_people_are_not_asked_for_by_scripts() -> None:
    asked: list[str] = []

    def lines() -> Iterator[str]:
        asked.append("line")
        yield ""

    for fmt in (Format.JSON, Format.JSONL, Format.CSV):
        emit_object(CLAIM, fmt, io.StringIO(), text=lines())
    assert asked == []


def test_lines_keep_their_colour_on_a_terminal_and_lose_it_in_markdown() -> None:
    line = f"Verdict: {style('false', 'red', color=True)}"
    assert shown_object({}, Format.TABLE, line, color=True) == "Verdict: \x1b[31mfalse\x1b[0m\n"
    assert shown_object({}, Format.MARKDOWN, line, color=True) == "Verdict: false\n"


# --- the histogram


def test_a_histogram_draws_each_bucket_against_the_fullest() -> None:
    assert histogram([("today", 4), ("this week", 1200), ("older", 600), ("never", 0)], 37) == [
        "today          4  ▏",
        "this week  1,200  ███████████████████",
        "older        600  █████████▌",
        "never          0",
    ]


def test_a_histogram_of_nothing_has_no_bars() -> None:
    assert histogram([], 40) == []
    assert histogram([("today", 0)], 40) == ["today  0"]


@given(st.lists(st.tuples(ANY_TEXT, st.integers(0, 10**9)), max_size=6), st.integers(17, 100))
def test_a_histogram_fits_its_width_and_is_safe(buckets: list[tuple[str, int]], width: int) -> None:
    lines = histogram(buckets, width)
    assert len(lines) == len(buckets)
    for line in lines:
        assert display_width(line) <= width
        assert dangerous(line) == set()
        assert "\n" not in line


# --- What was found ------------------------------------------------------------------------------

FOUND_TEXT = Marked("The *north* bridge\x1b was closed | for May", ((12, 18), (24, 30)))
FOUND = Listing(
    columns=(Column("id", "ID"), Column("text", "Found", grow=True)),
    rows=[{"id": 1, "text": FOUND_TEXT}],
)


def printed(fmt: Format, *, width: int | None = None, color: bool = False) -> str:
    out = io.StringIO()
    emit(FOUND, fmt, out, width=width, color=color)
    return out.getvalue().splitlines()[-1]


def test_hits_are_bold_on_a_terminal_and_between_marks_elsewhere() -> None:
    bold = printed(Format.TABLE, width=60, color=True)
    assert bold == (" 1  The *north* \x1b[1mbridge\x1b[0m\\x1b was \x1b[1mclosed\x1b[0m | for May")
    plain = " 1  The *north* **bridge**\\x1b was **closed** | for May"
    assert printed(Format.TABLE, width=60) == printed(Format.TABLE) == plain


def test_what_is_cut_off_is_not_marked() -> None:
    cut = printed(Format.TABLE, width=21, color=True)
    assert cut == " 1  The *north* \x1b[1mbrid\x1b[0m…"
    assert "\x1b" not in printed(Format.TABLE, width=16, color=True)


def test_hits_are_bold_in_markdown_and_nothing_else_is() -> None:
    line = printed(Format.MARKDOWN)
    assert line == "| 1 | The \\*north\\* **bridge**\\\\x1b was **closed** \\| for May |"
