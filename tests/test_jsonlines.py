"""JSON Lines, and arrays of objects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange.jsonlines import open_jsonlines
from claimtrack.interchange.limits import LONGEST_RECORD
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import TableOptions
from tests.readers import jsonlines, read, refused, statements

DAM = {"id": 7, "claim": "The dam burst.", "speaker": "Omar Haddad"}
ROAD = {"id": 8, "claim": "The road “closed”.", "speaker": None}
FIELDS = [
    {"external_id": "7", "statement": "The dam burst.", "speaker": "Omar Haddad"},
    {"external_id": "8", "statement": "The road “closed”."},
]


def test_each_line_is_a_row_and_keys_are_columns(tmp_path: Path) -> None:
    table = jsonlines(tmp_path, f"{json.dumps(DAM)}\r\n\n{json.dumps({**ROAD, 'x': 1})}")
    assert list(table.rows()) == [
        Row(1, FIELDS[0], original=DAM),
        Row(3, FIELDS[1], original={**ROAD, "x": 1}),
    ]
    assert table.used == {"external_id": "id", "statement": "claim", "speaker": "speaker"}
    assert table.unused == ["x"]
    assert list(table.rows()) == list(table.rows())


@pytest.mark.parametrize("indent", [None, 0, 4])
@pytest.mark.parametrize("piece", [1, 5, 1 << 18])
def test_an_array_of_objects_is_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None, piece: int
) -> None:
    monkeypatch.setattr("claimtrack.interchange.text._PIECE", piece)
    table = jsonlines(tmp_path, json.dumps([DAM, ROAD], indent=indent))
    assert read(table) == FIELDS
    lines = {None: [1, 1], 0: [2, 7], 4: [2, 7]}
    assert [row.line for row in table.rows()] == lines[indent]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_mark_at_the_beginning_is_passed_over(tmp_path: Path, codec: str) -> None:
    for content in (json.dumps(DAM), json.dumps([DAM])):
        assert read(jsonlines(tmp_path, content.encode(codec))) == FIELDS[:1]


def test_the_values_become_text(tmp_path: Path) -> None:
    line = {
        "claim": " A dam burst. ",
        "id": 12.0,
        "rating_value": 2.5,
        "figure": 900000,
        "verdict": True,
        "topics": ["dams", None, " ", "water"],
        "evidence": ["https://example.org/a", "https://example.org/b"],
        "note": {},
        "speaker": [{"@type": "Person", "name": "Omar"}, {"name": "Ana"}],
        "found": {"at": {"place": {"deeper": {"deepest": ["é"]}}}},
    }
    table = jsonlines(tmp_path, json.dumps(line), columns={"place": "found.at.place"})
    assert read(table) == [
        {
            "statement": "A dam burst.",
            "external_id": "12",
            "rating_value": "2.5",
            "figure": "900000",
            "verdict": "true",
            "topics": "dams; water",
            "evidence": "https://example.org/a https://example.org/b",
            "speaker": "Omar; Ana",
            "place": '{"deeper": {"deepest": ["é"]}}',
        }
    ]


def test_what_stands_in_an_object_within_is_a_column(tmp_path: Path) -> None:
    line = {
        "claim": "A dam.",
        "source": {"url": "https://example.org", "title": "News", "publisher": "Daily"},
        "claimant": {"name": "Omar", "job": "mayor"},
        "appearance": {"first": {"page": {"number": 4}}},
    }
    table = jsonlines(tmp_path, json.dumps(line), columns={"place": "appearance.first.page"})
    assert table.columns[:4] == ["claim", "source.url", "source.title", "source.publisher"]
    assert table.unused == ["claimant.job"]
    assert read(table) == [
        {
            "statement": "A dam.",
            "source": "https://example.org",
            "source_title": "News",
            "source_publisher": "Daily",
            "speaker": "Omar",
            "place": '{"number": 4}',
        }
    ]


def test_where_only_some_rows_have_an_object_its_name_is_read(tmp_path: Path) -> None:
    other = {"claim": "B", "speaker": {"name": "Ana", "id": 3}}
    table = jsonlines(tmp_path, f"{json.dumps(DAM)}\n{json.dumps(other)}")
    assert read(table)[1] == {"statement": "B", "speaker": "Ana"}


def test_constants_fill_what_a_row_lacks(tmp_path: Path) -> None:
    table = jsonlines(
        tmp_path, f"{json.dumps(DAM)}\n{json.dumps(ROAD)}", constants={"speaker": "Ana", "note": ""}
    )
    assert read(table) == [FIELDS[0], {**FIELDS[1], "speaker": "Ana"}]


def test_a_key_that_comes_too_late_is_told(tmp_path: Path) -> None:
    lines = [json.dumps({"claim": f"Claim {n}."}) for n in range(1000)]
    lines += [json.dumps({"claim": "The last.", "quote": "the last", "zzz": 1})]
    *_, last = jsonlines(tmp_path, "\n".join(lines)).rows()
    assert isinstance(last, Row)
    assert last.warnings == ("“quote” is not read, for none of the first 1,000 objects has it.",)


# --- What can't be read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"claim": "A dam"', "It is no JSON: expecting ',' delimiter at character 18."),
        ("{'claim': 1}", "It is no JSON: expecting property name enclosed in double quotes at"),
        ("claim", "It is no JSON: expecting value at character 1."),
        ('{"claim": "A\tdam"}', "It is no JSON: invalid control character"),
        ('"A dam."', "It is no object: {…} is read."),
        ("[1, 2]", "It is no object: {…} is read."),
        ('{"claim": "A"}, ', "More follows the object."),
        ('{"claim": "A", "claim": "B"}', "The same key stands twice in an object."),
        ('{"a": [{"claim": 1, "claim": 1}]}', "The same key stands twice in an object."),
        ('{"claim": [-Infinity]}', "It holds -Infinity, which is no JSON."),
        ('{"claim": 1e999}', "It holds a number that is too large."),
        ('{"claim": ' + "9" * 5000 + "}", "It holds a number of thousands of digits."),
        ('{"claim": "A\\u0000dam"}', "It holds characters that are no text."),
        ('{"claim": "A\\ud800dam"}', "It holds characters that are no text."),
        ('{"claim": ' + "[" * 90000 + "]" * 90000 + "}", "Its lists and objects are more than 100"),
        ('{"claim": ' + "[" * 90000, "Its lists and objects are more than 100"),
        ('{"claim": ' + "[" * 100 + "]" * 100 + "}", "Its lists and objects are more than 100"),
    ],
)
def test_a_line_that_cant_be_read_costs_itself_alone(
    tmp_path: Path, line: str, reason: str
) -> None:
    table = jsonlines(tmp_path, f"{json.dumps(DAM)}\n{line}\n{json.dumps(ROAD)}\n")
    first, bad, last = table.rows()
    assert [first.line, last.line] == [1, 3]
    assert isinstance(bad, Unread)
    assert bad.line == 2
    assert bad.reason.startswith(reason)


def test_bytes_that_are_no_text_cost_their_line_alone(tmp_path: Path) -> None:
    content = '{"claim": "Żółta"}\n{"claim": "Gę\xff"}\n{"claim": "Mąż"}\n'.encode()
    table = jsonlines(tmp_path, content.replace("ÿ".encode(), b"\xff"))
    assert statements(table) == ["Żółta", "Mąż"]
    assert refused(table) == [Unread(2, "It holds bytes that are no text.", '{"claim": "Gę�"}')]


def test_pairs_of_surrogates_and_backslashes_are_text(tmp_path: Path) -> None:
    table = jsonlines(tmp_path, '{"claim": "\\ud83d\\ude00 \\\\u0000 \\\\ud800"}')
    assert statements(table) == ["😀 \\u0000 \\ud800"]


def test_a_line_beyond_the_limit_is_refused_and_the_rest_read(tmp_path: Path) -> None:
    long = '{"claim": "' + "x" * (3 * LONGEST_RECORD) + '"}'
    table = jsonlines(tmp_path, f"{json.dumps(DAM)}\n{long}\n{json.dumps(ROAD)}\n")
    assert read(table) == [
        FIELDS[0],
        (2, "The line is longer than 5,000,000 characters."),
        FIELDS[1],
    ]


@pytest.mark.parametrize(
    ("end", "line", "reason"),
    [
        ("", 4, "From here on nothing can be read. It is no JSON: expecting value at character 1."),
        (', {"claim": }]', 3, "From here on nothing can be read. It is no JSON: expecting value"),
        (
            ",\n" + "[" * 90000,
            4,
            "From here on nothing can be read. Its lists and objects are more",
        ),
        ("]\n{}", 3, "More follows the end of the array."),
        (', {"claim": "' + "x" * (2 * LONGEST_RECORD), 3, "From here on nothing can be read. It"),
    ],
)
def test_an_array_that_breaks_off_is_read_as_far_as_it_goes(
    tmp_path: Path, end: str, line: int, reason: str
) -> None:
    array = json.dumps([DAM, ROAD], indent=0).replace("\n", "").replace("},", "},\n\n")[:-1]
    table = jsonlines(tmp_path, array + end + ("\n" if not end else ""))
    *rows, bad = table.rows()
    assert [row.fields for row in rows if isinstance(row, Row)] == FIELDS
    assert isinstance(bad, Unread)
    assert (bad.line, bad.reason[: len(reason)]) == (line, reason)


def test_an_element_that_is_odd_costs_itself_alone(tmp_path: Path) -> None:
    odd = '12, "x", {"a": 1, "a": 2}, {"claim": Infinity}'
    array = f"[{json.dumps(DAM)}, {odd}, {json.dumps(ROAD)}]"
    table = jsonlines(tmp_path, array)
    assert len(statements(table)) == 2
    assert [row.raw for row in refused(table)] == [
        "12",
        '"x"',
        '{"a": 1, "a": 2}',
        '{"claim": Infinity}',
    ]


@pytest.mark.parametrize("content", ["[]", "[1]", "hello\nworld", "12", "[[[[", "{", '["', "[,]"])
def test_a_file_without_an_object_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InvalidDataError, match="The file has no object of JSON to be read"):
        jsonlines(tmp_path, content)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="it is a PDF"):
        jsonlines(tmp_path, b"%PDF-1.7")
    with pytest.raises(UsageError, match="No column is recognised as the statement"):
        jsonlines(tmp_path, '{"a": 1}')
    path = tmp_path / "empty"
    path.touch()
    with pytest.raises(InvalidDataError, match="The file is empty"):
        open_jsonlines(path, TableOptions())


def test_a_missing_number_is_null(tmp_path: Path) -> None:
    assert read(jsonlines(tmp_path, '{"claim": "A", "speaker": NaN, "figure": NaN}')) == [
        {"statement": "A"}
    ]


def test_without_a_statement_no_option_is_named_that_there_isnt(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        jsonlines(tmp_path, '{"a": 1}')
    assert refusal.value.message == (
        "No column is recognised as the statement: say which it is with --map statement=COLUMN."
        " There are “a”."
    )


def test_an_object_is_no_statement(tmp_path: Path) -> None:
    rows = [{"claim": "A"}, {"claim": {"text": "nested"}}, {"claim": [{"text": "B"}]}]
    table = jsonlines(tmp_path, "\n".join(map(json.dumps, rows)))
    assert read(table) == [
        {"statement": "A"},
        (2, "An object stands where the text of the statement belongs."),
        (3, "An object stands where the text of the statement belongs."),
    ]


def test_evidence_is_read_however_deep_its_addresses_are(tmp_path: Path) -> None:
    rows = [
        {"claim": "A", "evidence": [{"url": "https://example.org/1", "text": "No"}, ["x"]]},
        {"claim": "B", "evidence": [[[12, 7, "North_bridge", 0]]]},
        {"claim": "C", "evidence": ["https://example.org/1", "https://example.org/2"]},
    ]
    found = list(jsonlines(tmp_path, "\n".join(map(json.dumps, rows))).rows())
    assert [row.fields.get("evidence") for row in found if isinstance(row, Row)] == [
        "https://example.org/1",
        None,
        "https://example.org/1 https://example.org/2",
    ]
    assert isinstance(found[1], Row)
    assert found[1].warnings == ("“evidence” is not read: it holds no address.",)
