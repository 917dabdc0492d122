"""AVeriTeC: its claims, with the questions and where the answers stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.averitec import open_averitec
from claimtrack.interchange.rows import Row, Unread

CLAIM: dict[str, Any] = {
    "claim": "The dam at Korun burst.",
    "required_reannotation": False,
    "label": "Refuted",
    "justification": "The ministry showed it standing.",
    "claim_date": "4-3-2021",
    "speaker": "Omar Haddad ",
    "original_claim_url": "https://social.example/post/7",
    "fact_checking_article": "https://desk.example/checks/dam",
    "reporting_source": "Facebook",
    "location_ISO_code": "US",
    "claim_types": ["Event/Property Claim"],
    "fact_checking_strategies": ["Written Evidence"],
    "questions": [
        {
            "question": "Does the dam stand?",
            "answers": [
                {
                    "answer": "Yes",
                    "answer_type": "Boolean",
                    "boolean_explanation": "It is on the satellite's picture.",
                    "source_url": "https://ministry.example/dam",
                    "source_medium": "Web text",
                },
                {"answer": "No answer could be found.", "source_url": "", "source_medium": ""},
                {"answer": "It was posted in March.", "source_url": "Metadata"},
            ],
        },
        {
            "question": "When was it built?",
            "answers": [
                {"answer": "In 1961.", "cached_source_url": "https://archive.example/1961"}
            ],
        },
    ],
}
FIELDS = {
    "statement": "The dam at Korun burst.",
    "speaker": "Omar Haddad",
    "said_on": "2021-03-04",
    "source": "https://social.example/post/7",
    "source_publisher": "Facebook",
    "publisher": "AVeriTeC",
    "review_url": "https://desk.example/checks/dam",
    "rating": "Refuted",
    "summary": "The ministry showed it standing.",
}


def read(folder: Path, content: object, **constants: str) -> list[Row | Unread]:
    path = folder / "claims.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return list(open_averitec(path, constants).rows())


def one(folder: Path, **members: Any) -> Row:
    (row,) = read(folder, [CLAIM | members])
    assert isinstance(row, Row)
    return row


def test_a_claim_becomes_a_row_with_all_that_has_a_place(tmp_path: Path) -> None:
    row = one(tmp_path)
    assert row.fields == FIELDS
    assert row.evidence == (
        {
            "source": "https://ministry.example/dam",
            "stance": "context",
            "excerpt": "Does the dam stand?\nYes\nIt is on the satellite's picture.",
        },
        {
            "source": "https://archive.example/1961",
            "stance": "context",
            "excerpt": "When was it built?\nIn 1961.",
        },
    )
    assert row.original == CLAIM
    assert row.warnings == ()


def test_a_list_and_json_lines_are_read_with_their_lines(tmp_path: Path) -> None:
    two = [CLAIM, CLAIM | {"claim": "The mill burned."}]
    listed = read(tmp_path, json.dumps(two, indent=1))
    lined = read(tmp_path, "\n".join(map(json.dumps, two)))
    assert [row.line for row in lined] == [1, 2]
    assert [row.line for row in listed] == [2, 2 + json.dumps(CLAIM, indent=1).count("\n") + 1]
    assert [row._replace(line=0) for row in listed if isinstance(row, Row)] == [
        row._replace(line=0) for row in lined if isinstance(row, Row)
    ]


@pytest.mark.parametrize(
    ("date", "said_on"),
    [
        ("31-10-2020", "2020-10-31"),
        ("1-2-2020", "2020-02-01"),
        ("2020-02-01", "2020-02-01"),
        ("October 2020", "October 2020"),
        ("", None),
        (None, None),
    ],
)
def test_the_day_comes_first_in_a_date(
    tmp_path: Path, date: str | None, said_on: str | None
) -> None:
    assert one(tmp_path, claim_date=date).fields.get("said_on") == said_on


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (["Numerical Claim"], "figure"),
        (["Event/Property Claim", "Numerical Claim"], "figure"),
        (["Quote Verification", "Position Statement"], None),
        (["Media Publishing Claim"], "media"),
        ([], None),
        (None, None),
        ("Numerical Claim", "figure"),
    ],
)
def test_the_types_say_the_kind_where_they_do(
    tmp_path: Path, types: object, kind: str | None
) -> None:
    assert one(tmp_path, claim_types=types).fields.get("kind") == kind


def test_a_medium_without_an_address_is_the_title_of_the_source(tmp_path: Path) -> None:
    fields = one(tmp_path, original_claim_url=None, reporting_source="Speech at the quay").fields
    assert fields["source_title"] == "Speech at the quay"
    assert "source" not in fields
    assert "source_publisher" not in fields


def test_a_copy_of_the_source_stands_in_for_it(tmp_path: Path) -> None:
    copy = "https://archive.example/7"
    row = one(tmp_path, original_claim_url="", cached_original_claim_url=copy)
    assert row.fields["source"] == copy


@pytest.mark.parametrize("speaker", [None, "", "Multiple sources", "Facebook users"])
def test_nobody_becomes_no_speaker(tmp_path: Path, speaker: str | None) -> None:
    assert "speaker" not in one(tmp_path, speaker=speaker).fields


@pytest.mark.parametrize(
    "questions",
    [None, [], "?", [None], [{"question": "When?"}], [{"answers": ["a", {"source_url": 3}]}], {}],
)
def test_questions_without_a_place_are_no_evidence(tmp_path: Path, questions: object) -> None:
    assert one(tmp_path, questions=questions).evidence == ()


def test_a_claim_without_a_label_is_read(tmp_path: Path) -> None:
    row = one(tmp_path, label=None, claim_id=17)
    assert "rating" not in row.fields
    assert row.fields["external_id"] == "17"


def test_constants_are_for_rows_that_have_none_of_their_own(tmp_path: Path) -> None:
    (row,) = read(tmp_path, [CLAIM], topics="dams", publisher="Quay")
    assert isinstance(row, Row)
    assert row.fields == FIELDS | {"topics": "dams"}


def test_what_is_no_claim_is_refused_with_its_line(tmp_path: Path) -> None:
    found = read(tmp_path, '[\n{"label": "Refuted"},\n3,\n' + json.dumps(CLAIM) + "\n]")
    assert found[:2] == [
        Unread(2, "It has no claim.", '{"label": "Refuted"}'),
        Unread(3, "It has no claim.", "3"),
    ]
    assert [getattr(row, "raw", None) for row in found] == ['{"label": "Refuted"}', "3", None]


def test_a_file_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    whole = json.dumps([CLAIM, CLAIM | {"claim": "The mill burned."}], indent=1)
    first, second = read(tmp_path, whole[:-100])
    assert isinstance(first, Row)
    assert isinstance(second, Unread)
    assert second.reason == "From here on the file can't be read: it ends in the middle."


@pytest.mark.parametrize("text", ["[]", "[[]]"])
def test_a_file_without_a_claim_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidDataError, match="holds no claim of AVeriTeC"):
        read(tmp_path, text)


@pytest.mark.parametrize("constants", [{}, {"publisher": "AVeriTeC"}])
def test_a_claim_that_was_left_to_be_checked_has_no_fact_check(
    tmp_path: Path, constants: dict[str, str]
) -> None:
    entry = {"claim_id": 0, "claim": "The dam burst.", "reporting_source": "Facebook",
             "original_claim_url": None, "speaker": None}  # fmt: skip
    (row,) = read(tmp_path, [entry], **constants)
    assert isinstance(row, Row)
    assert row.fields == {
        "external_id": "0",
        "statement": "The dam burst.",
        "source_title": "Facebook",
    }
