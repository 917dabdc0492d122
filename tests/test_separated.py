"""CSV and TSV, as spreadsheets write them and as they come."""

from __future__ import annotations

from pathlib import Path

import pytest

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange import separated as module
from claimtrack.interchange.limits import LONGEST_RECORD
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.separated import open_separated
from claimtrack.interchange.table import TableOptions
from tests.readers import read, refused, separated, statements

DAM = {"statement": "The dam burst.", "speaker": "Omar Haddad", "said_on": "2021-03-04"}
PLAIN = "Claim,Speaker,Date\nThe dam burst.,Omar Haddad,2021-03-04\n"


# --- As they come from spreadsheets --------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_and_the_ends_of_lines_are_found_out(
    tmp_path: Path, delimiter: str, end: str
) -> None:
    table = separated(tmp_path, PLAIN.replace(",", delimiter).replace("\n", end))
    assert read(table) == [DAM]
    assert table.columns == ["Claim", "Speaker", "Date"]
    assert table.used == {"statement": "Claim", "speaker": "Speaker", "said_on": "Date"}


@pytest.mark.parametrize(
    ("codec", "notices"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("utf-16", ["Read as UTF-16."]),
        ("utf-16-le", ["Read as UTF-16."]),
        ("utf-16-be", ["Read as UTF-16."]),
        ("utf-32", ["Read as UTF-32."]),
    ],
)
def test_unicode_is_read_with_and_without_a_mark(
    tmp_path: Path, codec: str, notices: list[str]
) -> None:
    table = separated(tmp_path, PLAIN.replace("dam", "барраж 大坝 😀").encode(codec))
    assert statements(table) == ["The барраж 大坝 😀 burst."]
    assert table.notices == [*notices, "Read as separated by commas."]


def test_an_old_western_file_is_read_and_the_guess_is_told(tmp_path: Path) -> None:
    text = "Claim;Speaker\nDie Brücke fiel „über Nacht“ – für 3 €.;Zoë Müßig\n"
    table = separated(tmp_path, text.encode("windows-1252"))
    assert read(table) == [
        {"statement": "Die Brücke fiel „über Nacht“ – für 3 €.", "speaker": "Zoë Müßig"}
    ]
    assert table.notices[0].startswith("Read as Windows-1252, since it isn't UTF-8")


@pytest.mark.parametrize("codec", ["windows-1251", "shift_jis", "gb18030", "windows-1256"])
def test_an_encoding_that_cant_be_told_is_refused_until_it_is_said(
    tmp_path: Path, codec: str
) -> None:
    words = {"shift_jis": "ダムが決壊した", "gb18030": "大坝决堤", "windows-1256": "انهار السد"}
    statement = words.get(codec, "Плотина прорвана")
    content = f"Claim,Speaker\n{statement},Omar\n".encode(codec)
    with pytest.raises(InvalidDataError, match=r"encoding can't be told.*--encoding"):
        separated(tmp_path, content)
    assert statements(separated(tmp_path, content, encoding=codec)) == [statement]


def test_an_encoding_that_there_isnt_is_refused(tmp_path: Path) -> None:
    for name in ("utf-9", "base64", "idna", "utf-7", "unicode_escape", "a\0b", ""):
        with pytest.raises(UsageError, match="There is no encoding"):
            separated(tmp_path, PLAIN, encoding=name)
    with pytest.raises(InvalidDataError, match="can't be read as utf-16"):
        separated(tmp_path, PLAIN, encoding="utf-16")


def test_damaged_bytes_cost_their_row_alone(tmp_path: Path) -> None:
    content = "Claim,Speaker\nPrzełęcz żółta,Łukasz\nGęś,Ó\xff\nKoń,Ewa\nMąż,Jan\n"
    table = separated(tmp_path, content.encode().replace("ÿ".encode(), b"\xff"))
    assert statements(table) == ["Przełęcz żółta", "Koń", "Mąż"]
    assert refused(table) == [Unread(3, "It holds bytes that are no text.", "Gęś,Ó�")]
    assert table.notices[0] == "Read as UTF-8, which some bytes are not."


def test_bytes_that_an_old_encoding_hasnt_cost_their_row_alone(tmp_path: Path) -> None:
    text = "Claim;Speaker\nDie Brücke fiel.;Zoë\nDas Kü\x81che.;Jörg\nÄpfel.;Käthe\n"
    table = separated(tmp_path, text.encode("latin-1"))
    assert statements(table) == ["Die Brücke fiel.", "Äpfel."]
    assert refused(table) == [Unread(3, "It holds bytes that are no text.", "Das Kü�che.;Jörg")]


def test_a_zero_byte_costs_its_row_alone(tmp_path: Path) -> None:
    table = separated(tmp_path, "Claim,Speaker\nA dam.,Omar\nA d\0am.,Omar\nA road.,Omar\n")
    assert statements(table) == ["A dam.", "A road."]
    assert refused(table) == [Unread(3, "It holds bytes that are no text.", "A d�am.,Omar")]


def test_excels_own_first_line_says_the_delimiter(tmp_path: Path) -> None:
    table = separated(tmp_path, "\ufeffsep=;\r\nClaim;Speaker\r\nA, b, c and d.;Omar\r\n")
    assert list(table.rows()) == [Row(3, {"statement": "A, b, c and d.", "speaker": "Omar"})]


def test_a_quoted_cell_holds_lines_delimiters_and_quotes(tmp_path: Path) -> None:
    table = separated(
        tmp_path,
        'Claim,Speaker\n"He said:\r\n""No, never""\n\nand left.",Omar\nA dam.,"Ana, Ruiz"\n',
    )
    assert list(table.rows()) == [
        Row(2, {"statement": 'He said:\r\n"No, never"\n\nand left.', "speaker": "Omar"}),
        Row(6, {"statement": "A dam.", "speaker": "Ana, Ruiz"}),
    ]


def test_a_space_before_a_quoted_cell_belongs_to_the_separator(tmp_path: Path) -> None:
    table = separated(tmp_path, '"Claim", "Speaker"\n"A dam, burst.", "Omar, Ana"\n')
    assert read(table) == [{"statement": "A dam, burst.", "speaker": "Omar, Ana"}]


def test_hundreds_of_columns_are_ignored_and_told(tmp_path: Path) -> None:
    names = ["Claim", *(f"Field {n}" for n in range(400)), "Speaker"]
    cells = ["A dam.", *(str(n) for n in range(400)), "Omar"]
    table = separated(tmp_path, f"{','.join(names)}\n{','.join(cells)}\n")
    assert read(table) == [{"statement": "A dam.", "speaker": "Omar"}]
    assert table.unused == names[1:-1]


def test_a_list_of_statements_is_one_column(tmp_path: Path) -> None:
    table = separated(tmp_path, "Claim\nA dam, and a road, burst.\nRain; snow, hail.\n")
    assert statements(table) == ["A dam, and a road, burst.", "Rain; snow, hail."]
    table = separated(
        tmp_path,
        "A dam, and a road.\nRain fell.\nIt was dry, they said, and hot.\nNo.\nYes!\n",
        header=False,
        columns={"statement": "1"},
    )
    assert len(statements(table)) == 5


def test_commas_in_prose_dont_pass_for_separators(tmp_path: Path) -> None:
    text = "Claim;Speaker;Note\n" + "It is 3,5 km, not 4.;Omar;yes, no\n" * 20
    assert separated(tmp_path, text).notices == ["Read as separated by semicolons."]


def test_the_delimiter_can_be_said(tmp_path: Path) -> None:
    assert read(separated(tmp_path, PLAIN.replace(",", "~"), delimiter="~")) == [DAM]
    assert read(separated(tmp_path, PLAIN.replace(",", "\t"), delimiter="tab")) == [DAM]
    for wrong in ("", ";;", '"', "\n"):
        with pytest.raises(UsageError, match="--delimiter takes one character"):
            separated(tmp_path, PLAIN, delimiter=wrong)


# --- Rows ----------------------------------------------------------------------------------------


def test_blank_cells_are_left_out_and_constants_fill_them(tmp_path: Path) -> None:
    table = separated(
        tmp_path,
        "Claim,Speaker,Publisher\nA dam., ,\n B road. ,Omar,Daily\n",
        constants={"publisher": "The Post", "language": "en", "note": " "},
    )
    assert read(table) == [
        {"statement": "A dam.", "publisher": "The Post", "language": "en"},
        {"statement": "B road.", "speaker": "Omar", "publisher": "Daily", "language": "en"},
    ]


def test_blank_rows_are_passed_over_and_counted_as_lines(tmp_path: Path) -> None:
    table = separated(tmp_path, "\n\nClaim,Speaker\n\nA dam.,Omar\n,\n  , \n\nA road.,Ana\n,,,\n")
    assert [row.line for row in table.rows()] == [5, 9]


def test_cells_may_lack_at_the_end_but_not_be_too_many(tmp_path: Path) -> None:
    table = separated(
        tmp_path, "Claim,Speaker,Date\nA dam.\nB,Omar,2021,x\nC,Omar,2021,, \nD,Ana\n"
    )
    assert read(table) == [
        {"statement": "A dam."},
        (3, "It has 4 cells, and there are 3 columns."),
        {"statement": "C", "speaker": "Omar", "said_on": "2021"},
        {"statement": "D", "speaker": "Ana"},
    ]
    assert refused(table)[0].raw == "B,Omar,2021,x"


def test_columns_without_a_name_are_no_columns_too_many(tmp_path: Path) -> None:
    table = separated(tmp_path, "Claim,,Speaker,\nA dam.,x,Omar,y\n")
    assert read(table) == [{"statement": "A dam.", "speaker": "Omar"}]
    assert table.columns == ["Claim", "Speaker"]
    assert table.unused == []


def test_without_a_header_columns_go_by_number(tmp_path: Path) -> None:
    table = separated(
        tmp_path, "7,A dam.\n8,A road.\n9\n", header=False, columns={"statement": "2"}
    )
    assert list(table.rows()) == [
        Row(1, {"statement": "A dam."}),
        Row(2, {"statement": "A road."}),
        Row(3, {}),
    ]
    assert table.unused == ["1"]


def test_rows_can_be_read_again(tmp_path: Path) -> None:
    table = separated(tmp_path, PLAIN)
    assert list(table.rows()) == list(table.rows())


# --- Stray quotation marks -----------------------------------------------------------------------

STRAY = [
    "Number\tClaim\tSpeaker\tPlace",
    '1\t"No" is what he said.\tOmar\ta speech',
    "2\tA dam burst.\tAna\ta mailer",
    '3\t"Nobody was told.\tOmar\ta speech',
    "4\tRain fell.\tAna\ta debate",
    '5\tHe said "never" twice.\tAna\ta debate',
    '6\tA road "closed."\tAna\ta debate',
    "7\tA bridge fell.\tAna\ta debate",
]


HINT = " Where such marks are text like any other, say --quoting none."


def test_without_quoting_every_line_is_a_row_as_it_stands(tmp_path: Path) -> None:
    table = separated(tmp_path, "\n".join(STRAY), quoting=False, columns={"external_id": "1"})
    assert [row.fields["external_id"] for row in table.rows() if isinstance(row, Row)] == [
        *"1234567"
    ]
    assert statements(table)[2] == '"Nobody was told.'


def test_a_stray_quotation_mark_costs_its_row_alone(tmp_path: Path) -> None:
    table = separated(tmp_path, "\n".join(STRAY), columns={"external_id": "1"})
    assert [row.fields["external_id"] for row in table.rows() if isinstance(row, Row)] == [*"24567"]
    assert refused(table) == [
        Unread(2, f"More text follows a closing quotation mark.{HINT}", STRAY[1]),
        Unread(4, f"More text follows a closing quotation mark.{HINT}", STRAY[3]),
    ]


def test_a_quotation_that_swallows_whole_rows_is_none(tmp_path: Path) -> None:
    lines = [*STRAY[:1], '1\t"A\tOmar\tx', "2\tB\tOmar\tx", '3\tC"\tOmar\tx', "4\tD\tOmar\tx"]
    table = separated(tmp_path, "\n".join(lines))
    assert statements(table) == ["B", "D"]
    assert refused(table) == [
        Unread(2, f"A quotation mark is opened, and closed only in another row.{HINT}", lines[1]),
        Unread(4, "It is within a broken quotation.", lines[3]),
    ]


def test_an_unclosed_quotation_costs_its_row_alone(tmp_path: Path) -> None:
    rows = [f"{n},Claim {n}.,Omar" for n in range(2000)]
    rows[500] = '500,"Claim 500.,Omar'
    table = separated(tmp_path, "\n".join(["Number,Claim,Speaker", *rows]))
    assert statements(table) == [f"Claim {n}." for n in range(2000) if n != 500]
    assert refused(table) == [
        Unread(502, f"A quotation mark is opened and never closed.{HINT}", rows[500])
    ]


def test_the_pieces_of_a_broken_quotation_dont_pass_for_rows(tmp_path: Path) -> None:
    text = 'Claim,Speaker\n"He said\n"no" twice\nand left",Omar\nA dam.,Ana\n'
    table = separated(tmp_path, text)
    assert statements(table) == ["A dam."]
    assert [(row.line, row.raw) for row in refused(table)] == [
        (2, '"He said'),
        (3, '"no" twice\nand left",Omar'),
    ]


# --- Pieces, and what is too long ----------------------------------------------------------------


def test_records_are_the_same_wherever_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "Claim,Speaker\r\n" + "".join(
        f'"Line é {n}\r\n""two""\n{"x" * (n % 7)}",Omar\r\n' for n in range(60)
    )
    whole = list(separated(tmp_path, content).rows())
    assert len(whole) == 60
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr("claimtrack.interchange.text._PIECE", size)
        assert list(
            open_separated(tmp_path / "claims.csv", TableOptions(delimiter=",")).rows()
        ) == (whole)


def test_a_line_beyond_the_limit_is_refused_and_the_rest_read(tmp_path: Path) -> None:
    long = b"x" * (3 * LONGEST_RECORD)
    table = separated(tmp_path, b"Claim,Speaker\nA dam.,Omar\n" + long + b"\nA road.,Ana\n")
    assert statements(table) == ["A dam.", "A road."]
    (row,) = refused(table)
    assert (row.line, row.reason) == (3, "The line is longer than 5,000,000 characters.")
    assert len(row.raw) == 1000
    assert [row.line for row in table.rows()] == [2, 3, 4]


def test_a_header_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="Line 1, the first, can't be read: The line is lo"):
        separated(tmp_path, b"x" * (2 * LONGEST_RECORD))
    with pytest.raises(InvalidDataError, match="no table has more than 16,384 columns"):
        separated(tmp_path, "Claim," * 20_000)
    with pytest.raises(InvalidDataError, match="The name of a column is longer"):
        separated(tmp_path, "Claim," + "y" * 2000)


def test_a_quotation_beyond_the_limit_is_refused_and_the_rest_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_RECORD", 10_000)
    monkeypatch.setattr("claimtrack.interchange.text._PIECE", 4_000)
    rows = [f"{n},Claim {n}.,Omar" for n in range(3000)]
    rows[5] = '5,"Claim 5.,Omar'
    table = separated(tmp_path, "\n".join(["Number,Claim,Speaker", *rows]))
    assert len(statements(table)) == 2999
    assert refused(table) == [
        Unread(7, f"A quotation mark is opened and never closed.{HINT}", rows[5])
    ]


# --- What is no table ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"  \n\r\n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file has no rows."),
        (b"\xef\xbb\xbf\n\n", "The file has no rows."),
        (b"sep=;\n", "The file has no rows."),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "The file is no text: it is a PDF."),
        (b"PK\x03\x04abc", "The file is no text: it is a workbook or another zip archive."),
        (b"\x89PNG\r\n\x1a\n", "The file is no text: it is an image."),
        (b"\x1f\x8b\x08abc", "The file is no text: it is compressed with gzip."),
        (bytes(1000), "The file is no text: it is full of zero bytes."),
        (bytes(range(1, 32)) * 9, "The file is no text: it is full of control characters."),
    ],
)
def test_a_file_that_is_no_table_gets_one_sentence(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidDataError) as refusal:
        separated(tmp_path, content)
    assert refusal.value.message == message


# --- What stands above the header ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("CLAIMS 2024\n\n", 3),
        ("Claims\n", 2),
        ("CLAIMS 2024,,\n,,\nExported,1 May,\n", 4),
        ("\ufeffClaims of May; by the desk\n\n\n\n", 5),
    ],
)
def test_a_title_above_the_header_is_passed_by(tmp_path: Path, above: str, line: int) -> None:
    table = separated(tmp_path, f"{above}Claim,Speaker,Topic\nThe dam broke.,Ann Lee,water\n")
    assert read(table) == [{"statement": "The dam broke.", "speaker": "Ann Lee", "topics": "water"}]
    assert [row.line for row in table.rows()] == [line + 1]
    assert f"Line {line} was taken as the header: nothing above it is read." in table.notices


def test_a_title_is_passed_by_where_the_statement_was_said(tmp_path: Path) -> None:
    table = separated(
        tmp_path, "May\nWhat,Who\nThe dam broke.,Ann\n", columns={"statement": "what"}
    )
    assert read(table) == [{"statement": "The dam broke.", "speaker": "Ann"}]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("text,,src\nThe dam broke.,claim,a\nA road sank.,claim,b\n", "1"),
        ("text,,src\nThe dam broke.,claim,a\nA road sank.,claim,b\n", "text"),
        (",text,n\n0,The dam broke.,2\n1,A road sank.,3\n", "2"),
        ("text\nThe dam broke.\nA road sank.\n", "1"),
        ("2,text,n\nThe dam broke.,claim,2\nA road sank.,text,1\n", "1"),
        ("what,who\nThe dam broke.,claim,what\nA road sank.\n", "what"),
    ],
)
def test_a_row_of_data_is_no_header_for_a_word_or_a_number_in_it(
    tmp_path: Path, content: str, column: str
) -> None:
    table = separated(tmp_path, content, columns={"statement": column})
    assert [each.fields["statement"] for each in table.rows() if isinstance(each, Row)][-1:] == [
        "A road sank."
    ]
    assert not any("was taken as the header" in notice for notice in table.notices)


def test_a_header_with_as_many_columns_as_the_rest_is_not_passed_by(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There are “text”"):
        separated(tmp_path, "text,,src\nThe dam broke.,claim,a\nA road sank.,claim,b\n")


@pytest.mark.parametrize("content", ["Text,Type\nThe dam broke.,claim\n", "Wer\nclaim\n"])
def test_a_row_is_no_header_for_a_word_in_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(UsageError, match="No column is recognised as the statement"):
        separated(tmp_path, content)


def test_a_column_alone_has_its_name_first(tmp_path: Path) -> None:
    table = separated(tmp_path, "Claim\nThe dam broke, twice.\nclaim\n")
    assert statements(table) == ["The dam broke, twice.", "claim"]


def test_an_apostrophe_goes_in_what_was_exported_from_here_alone(tmp_path: Path) -> None:
    cells = ["'@mayor is a liar' said Ann", "'-5 degrees' in May", "'=1+1"]
    lines = "\n".join(f'7,"{cell}"' for cell in cells)
    assert statements(separated(tmp_path, f"id,statement\n{lines}\n")) == cells
    exported = separated(tmp_path, f"claimtrack_id,statement\n{lines}\n")
    assert statements(exported) == [cell[1:] for cell in cells]
