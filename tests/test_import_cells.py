"""Cells as people fill them in: several addresses, "n/a", languages by name, others' verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from claimtrack.interchange.languages import read_language
from claimtrack.services.imports import runs
from tests.conftest import Outcome, Run
from tests.imported import shown

Take = Callable[..., Outcome]


@pytest.fixture
def take(run: Run, tmp_path: Path) -> Take:
    """Take in lines as a CSV file."""

    def take_lines(*lines: str, options: tuple[object, ...] = ()) -> Outcome:
        path = tmp_path / "claims.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return run("import", "csv", path, *options, "--format", "json")

    return take_lines


def test_the_verdict_of_a_house_that_was_said_for_all_rows_is_its_fact_check(
    take: Take, run: Run
) -> None:
    outcome = take(
        "claim,source,verdict,because",
        "The dam broke,https://example.org/1,false,The gauge shows no drop",
        options=("--set", "publisher=Harbour Gazette"),
    )

    assert outcome.code == 0
    claim = shown(run, 1)
    (found,) = claim["assessments"]
    assert (found["publisher"], found["verdict"]) == ("Harbour Gazette", "false")
    assert found["summary"] == "The gauge shows no drop"
    assert claim["appearances"][0]["source"]["url"] == "https://example.org/1"
    assert claim["status"] == "unverified"


def test_beside_a_label_that_is_not_known_the_verdict_says_what_it_comes_to(
    take: Take, run: Run
) -> None:
    take(
        "claim,publisher,fact-check url,rating,verdict",
        "The dam broke,Harbour Gazette,https://gazette.example/1,Hogwash!,false",
    )

    (found,) = shown(run, 1)["assessments"]
    assert (found["rating"], found["verdict"]) == ("Hogwash!", "false")


@pytest.mark.parametrize("between", ["; ", ";", ",", ", ", " | ", " "])
def test_each_address_of_a_cell_is_a_page_of_its_own(take: Take, run: Run, between: str) -> None:
    pages = between.join(("https://log.example/1", "https://log.example/2"))
    places = between.join(("https://example.org/1", "https://example.net/2"))
    outcome = take(
        "claim,source,verdict,evidence",
        f'The dam broke,"{places}",false,"{pages}"',
        options=("--as-ours",),
    )

    assert outcome.code == 0, outcome.err
    claim = shown(run, 1)
    assert [one["source"]["url"] for one in claim["appearances"]] == [
        "https://example.org/1",
        "https://example.net/2",
    ]
    assert sorted(one["source"]["url"] for one in claim["evidence"]) == [
        "https://log.example/1",
        "https://log.example/2",
    ]


def test_an_address_without_its_scheme_is_one_and_a_name_is_none(take: Take, run: Run) -> None:
    outcome = take(
        "claim,source",
        "The dam broke,www.example.org/a",
        "The dam held,example.org/b?c=1",
        "No dam,Harbour Post",
        'No water,"www.example.org/a,www.example.org/b"',
    )

    assert [shown(run, n)["appearances"][0]["source"]["url"] for n in (1, 2)] == [
        "https://www.example.org/a",
        "https://example.org/b?c=1",
    ]
    assert outcome.code == 5
    assert "by a source_title: --map source_title=COLUMN" in outcome.err
    assert "Line 5: The address has no scheme" in outcome.err


@pytest.mark.parametrize("number", ["", "7"])
def test_an_address_that_comes_later_comes_in(take: Take, run: Run, number: str) -> None:
    take("claim,id,source", f"The dam broke,{number},https://example.org/1")
    take("claim,id,source", f'The dam broke,{number},"https://example.org/1 https://example.net/2"')

    assert [one["source"]["url"] for one in shown(run, 1)["appearances"]] == [
        "https://example.org/1",
        "https://example.net/2",
    ]


@pytest.mark.parametrize("part", [1, 5_000])
def test_a_row_like_one_of_before_is_no_change_of_it_wherever_the_other_stands(
    take: Take, run: Run, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(runs, "PART", part)
    columns, row = "claim,source,speaker,said on", "The dam broke,https://example.org/1,Ann Lee"
    take(columns, f"{row},2020-01-01")
    outcome = take(columns, f"{row},2020-01-01", f"{row},2020-02-02")

    assert outcome.code == 0
    assert [one["said_on"] for one in shown(run, 1)["appearances"]] == ["2020-01-01", "2020-02-02"]


@pytest.mark.parametrize(
    "cell",
    ["Ann Lee; Bob Ray", "Ann Lee;\nBob Ray", "['Ann Lee', 'Bob Ray']", "Ann Lee;n/a;Bob Ray"],
)
def test_each_speaker_of_a_cell_has_an_appearance(take: Take, run: Run, cell: str) -> None:
    lines = ("claim,source,said on,speaker",
             f'The dam broke,https://example.org/1,2024-05-01,"{cell}"')  # fmt: skip
    outcome = take(*lines)

    assert outcome.code == 0, outcome.err
    found = shown(run, 1)["appearances"]
    assert [(one["speaker"]["name"], one["said_on"], one["source"]["url"]) for one in found] == [
        ("Ann Lee", "2024-05-01", "https://example.org/1"),
        ("Bob Ray", "2024-05-01", "https://example.org/1"),
    ]
    assert take(*lines).json["unchanged"] == 1


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Sin&eacute;ad O&#39;Connor", ["Sin&eacute;ad O&#39;Connor"]),
        ("Jos&#233; P&eacute;rez; Ann Lee", ["Jos&#233; P&eacute;rez", "Ann Lee"]),
        ("Smith &amp; Sons;Zo&#XEB;; AT&T; Lee", ["Smith &amp; Sons", "Zo&#XEB;", "AT&T", "Lee"]),
        ("Lena Vogt\nMayor of the port", ["Lena Vogt Mayor of the port"]),
    ],
)
def test_a_name_is_not_cut_at_an_entity_or_a_line_break(
    take: Take, run: Run, cell: str, names: list[str]
) -> None:
    outcome = take("claim,source,speaker", f'The dam broke,https://example.org/1,"{cell}"')

    assert outcome.code == 0, outcome.err
    assert [one["speaker"]["name"] for one in shown(run, 1)["appearances"]] == names


def test_speakers_of_a_list_are_so_many_and_nobody_is_none(run: Run, tmp_path: Path) -> None:
    rows = [
        {"claim": "The dam broke", "source": "https://example.org/1",
         "speaker": ["Ann Lee", {"name": "Bob Ray"}]},
        {"claim": "The dam held", "source": "https://example.org/2",
         "speaker": ["multiple sources", "n/a"]},
    ]  # fmt: skip
    path = tmp_path / "claims.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run("import", "jsonl", path).code == 0

    first, second = (shown(run, n)["appearances"] for n in (1, 2))
    assert [one["speaker"]["name"] for one in first] == ["Ann Lee", "Bob Ray"]
    assert [one["speaker"] for one in second] == [None]


def test_a_speaker_that_comes_later_comes_in(take: Take, run: Run) -> None:
    take("id,claim,source,speaker", "7,The dam broke,https://example.org/1,Ann Lee")
    take("id,claim,source,speaker", "7,The dam broke,https://example.org/1,Ann Lee; Bob Ray")

    found = shown(run, 1)["appearances"]
    assert [one["speaker"]["name"] for one in found] == ["Ann Lee", "Bob Ray"]


@pytest.mark.parametrize(
    "cell", ["['Economy', 'Jobs']", '[""Economy"", ""Jobs""]', "Economy; Jobs", "economy|jobs"]
)
def test_topics_are_read_from_a_list(take: Take, run: Run, cell: str) -> None:
    take("claim,source,topics", f'The dam broke,https://example.org/1,"{cell}"')

    assert shown(run, 1)["topics"] == ["economy", "jobs"]


def test_a_comma_within_an_address_stays(take: Take, run: Run) -> None:
    take("claim,source", 'The dam broke,"https://example.org/a,b;c?d=https://e.example/f"')

    (found,) = shown(run, 1)["appearances"]
    assert found["source"]["url"] == "https://example.org/a,b;c?d=https://e.example/f"


def test_what_says_that_there_is_nothing_is_nothing(take: Take, run: Run) -> None:
    outcome = take(
        "claim,source,fact-check url,publisher,evidence,figure,language,priority",
        "The dam broke,n/a,https://gazette.example/1,Harbour Gazette,-,unknown,N/A,none",
    )

    assert outcome.code == 0, outcome.err
    claim = shown(run, 1)
    assert (claim["appearances"], claim["evidence"]) == ([], [])
    assert (claim["language"], claim["priority"]) == ("en", "normal")


def test_two_rows_whose_number_says_that_there_is_none_are_two_claims(take: Take, run: Run) -> None:
    lines = (
        "id,claim,source,title,passage,quote,topics,source_publisher,agency,note,place,manner",
        *(
            f"{n},The dam {n} broke,https://example.org/{n},N/A,-,null,#N/A,n/a,None,NaN,?,n/a"
            for n in ("NULL", "n/a", "0")
        ),
    )
    outcome = take(*lines)

    assert (outcome.code, outcome.json["created"]) == (0, 3), outcome.err
    found = [shown(run, n) for n in (1, 2, 3)]
    assert sorted(str(one["external_id"]) for one in found) == ["0", "None", "None"]
    for one in found:
        (appearance,) = one["appearances"]
        assert (appearance["passage"], appearance["quote"]) == (None, None)
        assert (appearance["source"]["publisher"], appearance["source"]["title"]) == (None, None)
        assert (one["topics"], one["notes"], one["assessments"]) == ([], [], [])
    assert take(*lines).json["unchanged"] == 3


def test_a_statement_that_says_that_there_is_none_is_none(take: Take) -> None:
    outcome = take("claim,source", "N/A,https://example.org/1", "-,https://example.org/2")

    assert (outcome.code, outcome.json["refused"]) == (5, 2)
    assert "Line 2: The row has no statement." in outcome.err


def test_unknown_is_a_rating_and_na_is_none(take: Take, run: Run) -> None:
    take(
        "claim,title,rating,summary",
        "The dam broke,It held,Unknown,n/a",
        "The dam held,It broke,N/A,n/a",
    )

    found = [shown(run, n)["assessments"][0] for n in (1, 2)]
    assert [one["rating"] for one in found] == ["Unknown", None]
    assert [one["summary"] for one in found] == [None, None]


def test_where_a_cell_says_that_there_is_nothing_the_value_for_all_rows_holds(
    take: Take, run: Run
) -> None:
    take(
        "claim,source,source_publisher",
        "The dam broke,https://example.org/1,n/a",
        options=("--set", "source_publisher=Harbour Gazette"),
    )

    assert shown(run, 1)["appearances"][0]["source"]["publisher"] == "Harbour Gazette"


def test_a_figure_of_nought_is_one(take: Take, run: Run) -> None:
    take("claim,source,figure,unit", "Nobody was hurt,https://example.org/1,0,people")

    assert shown(run, 1)["figure"]["unit"] == "people"


@pytest.mark.parametrize(
    ("written", "tag"),
    [("EN", "en"), ("en_US", "en-US"), ("English", "en"), ("Español", "es"), ("FRENCH", "fr")],
)
def test_a_language_is_known_by_its_name_and_in_other_spellings(
    take: Take, run: Run, written: str, tag: str
) -> None:
    take("claim,source,language", f"The dam broke,https://example.org/1,{written}")

    assert shown(run, 1)["language"] == tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [("English (US)", "en-US"), ("Kurdish", "ku"), ("Chinese (Traditional)", "zh-Hant"),
     ("Tagalog", "tl"), ("German (Bavaria)", "de"), ("Hausa", "ha"), ("Amharic", "am")],
)  # fmt: skip
def test_a_language_is_known_by_the_names_that_programs_give_it(written: str, tag: str) -> None:
    assert read_language(written) == tag


def test_a_column_that_is_a_status_by_its_name_alone_costs_no_row(take: Take, run: Run) -> None:
    lines = (
        "claim,source,_status,claim type,language",
        *(
            f"The dam {n} broke,https://example.org/{n},{status},Image,Klingon"
            for n, status in enumerate(("TODO", "Open", "In progress", "DONE", "TODO"))
        ),
    )
    outcome = take(*lines)

    assert (outcome.code, outcome.json["created"]) == (0, 5), outcome.err
    assert outcome.err.count('"TODO" is no verdict or status') == 1
    assert outcome.err.count('"Image" is no kind of claim') == 1
    assert outcome.err.count('"klingon" is no language tag') == 1
    one = shown(run, 1)
    assert (one["status"], one["kind"], one["language"]) == ("unverified", "fact", "en")


@pytest.mark.parametrize("field", ["status", "kind", "language"])
def test_a_column_that_was_said_to_be_a_status_must_hold_one(take: Take, field: str) -> None:
    outcome = take(
        "claim,source,x",
        "The dam broke,https://example.org/1,submitted_via_web",
        options=("--map", f"{field}=x", "--as-ours"),
    )

    assert (outcome.code, outcome.json["refused"]) == (5, 1)


def test_of_a_record_that_is_ours_a_status_must_be_one(take: Take) -> None:
    lines = ("claim,source,status", "The dam broke,https://example.org/1,Almost done")
    outcome = take(*lines, options=("--as-ours",))

    assert (outcome.code, outcome.json["refused"]) == (5, 1)
    assert '"Almost done" is no verdict or status that is known here' in outcome.err


def test_a_status_that_is_known_is_not_passed_by(take: Take, run: Run) -> None:
    lines = ("claim,source,status", "The dam broke,https://example.org/1,In review")
    refused = take(*lines)

    assert refused.code == 5
    assert "--map status= leaves it out" in refused.err
    assert take(*lines, options=("--map", "status=")).code == 0
    assert take(*lines, options=("--as-ours",)).code == 0
    assert shown(run, 1)["status"] == "in_review"


def test_a_year_of_two_digits_is_read_where_the_order_was_said(take: Take, run: Run) -> None:
    lines = ("claim,source,said on", "The dam broke,https://example.org/1,22-Oct-19")
    refused = take(*lines)
    taken = take(*lines, options=("--dayfirst",))

    assert (refused.code, taken.code) == (5, 0)
    assert "--dayfirst" in refused.err
    (found,) = shown(run, 1)["appearances"]
    assert (found["said_on"], found["said_text"]) == ("2019-10-22", "22-Oct-19")


def test_nothing_was_said_years_from_now(take: Take) -> None:
    outcome = take("claim,source,said on", "The dam broke,https://example.org/1,2563-05-01")

    assert outcome.code == 5
    assert "The date 2563-05-01, when it was said, lies years ahead." in outcome.err


def test_a_mapping_that_was_kept_is_added_to(take: Take, run: Run) -> None:
    take("w,u", "The dam broke,https://example.org/1",
         options=("--map", "statement=w", "--map", "source=u", "--mapping", "weekly"))  # fmt: skip
    lines = ("w,u,t", "The dam holds,https://example.org/2,water")
    options = ("--mapping", "weekly", "--map", "topics=t")
    assert take(*lines, options=options).code == 0
    take("w,u,t", "The dam leaks,https://example.org/3,floods", options=("--mapping", "weekly"))

    assert [shown(run, number)["topics"] for number in (2, 3)] == [["water"], ["floods"]]


def test_undoing_and_unpublishing_need_no_reason(take: Take, run: Run) -> None:
    take(
        "claim,source,verdict,evidence,fact-check url,reviewed on,title",
        "The dam broke,https://example.org/1,false,https://log.example/1,"
        "https://desk.example/1,2024-06-05,It held",
        "The mill burnt,https://example.org/2,,,,,",
        options=("--as-ours",),
    )

    assert run("claim", "unpublish", 1).code == 0
    assert run("import", "undo", 1).code == 0
    # Who unpublished it has worked on it.
    assert [shown(run, number)["status"] for number in (1, 2)] == ["checked", "set_aside"]


def test_a_cell_in_percent_is_stored_as_in_text_and_shown_before(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "claims.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Claim", "Source", "Figure"])
        page.write_row(1, 0, ["Prices rose", "https://example.org/1"])
        page.write(1, 2, 0.125, book.add_format({"num_format": "0.0%"}))
    preview = run("import", "xlsx", path, "--preview", "--format", "json").json["rows"]
    outcome = run("import", "xlsx", path, "--format", "json")

    assert outcome.code == 0, outcome.err
    assert (preview[0]["figure"], preview[0]["unit"]) == ("12.5", "percent")
    figure = shown(run, 1)["figure"]
    assert (float(figure["value"]), figure["unit"]) == (12.5, "percent")
