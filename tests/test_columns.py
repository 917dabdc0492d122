"""Which column is which field: by the names that people write, or as they say."""

from __future__ import annotations

import pytest

from claimtrack.errors import UsageError
from claimtrack.interchange.columns import Choice, choose, find_column, known_field, parse_pairs
from claimtrack.interchange.rows import FIELDS


def chosen(*names: str, **said: str) -> dict[str, str]:
    """The field of each column that is used, by its name."""
    return {names[at]: field for field, at in choose(names, said).fields.items()}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_recognised_by_its_own_name(field: str) -> None:
    names = [field] if field == "statement" else [field.replace("_", " ").title(), "statement"]
    assert chosen(*names)[names[0]] == field


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Claim", "statement"),
        ("claim text", "statement"),
        ("vclaim", "statement"),
        ("Statement:", "statement"),
        ("Claimant", "speaker"),
        ("Speaker(s)", "speaker"),
        ("SAID BY", "speaker"),
        ("URL", "source"),
        ("link", "source"),
        ("Source-URL", "source"),
        ("original_claim_url", "source"),
        ("Fact-check URL", "review_url"),
        ("factcheck_url", "review_url"),
        ("fact_checking_article", "review_url"),
        ("Date", "said_on"),
        ("Claim date", "said_on"),
        ("date of claim", "said_on"),
        ("Date published", "published"),
        ("Rating", "rating"),
        ("Label", "rating"),
        ("truth  rating", "rating"),
        ("Verdict", "verdict"),
        ("Tags", "topics"),
        ("ID", "external_id"),
        ("sentence_id", "external_id"),
        ("public_id", "external_id"),
        ("Justification", "because"),
        ("Headline", "source_title"),
    ],
)
def test_a_column_is_recognised_by_the_names_people_give_it(name: str, field: str) -> None:
    names = (name,) if field == "statement" else (name, "statement")
    assert chosen(*names)[name] == field


def test_case_spaces_punctuation_and_width_make_no_difference() -> None:
    assert chosen("  ＣＬＡＩＭ text ", "said_by…") == {
        "  ＣＬＡＩＭ text ": "statement",
        "said_by…": "speaker",
    }


def test_columns_of_no_known_name_are_unused() -> None:
    choice = choose(["Claim", *(f"Column {n}" for n in range(300))], {})
    assert choice.fields == {"statement": 0}
    assert choice.unused == list(range(1, 301))
    assert choice.notices == []


def test_an_author_is_nobody_until_somebody_says_so() -> None:
    choice = choose(["claim", "author"], {})
    assert choice.fields == {"statement": 0}
    assert choice.notices == [
        "The column “author” is not used, for it can mean several things; if it is needed, say"
        " --map speaker=author or --map publisher=author."
    ]
    assert chosen("claim", "author", speaker="author") == {
        "claim": "statement",
        "author": "speaker",
    }


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        ("vclaim, title, date, subtitle", "statement, title, reviewed_on, summary"),
        ("url, claim, rating, date_published", "review_url, statement, rating, reviewed_on"),
        ("claimReviewed, Link, Published on", "statement, review_url, reviewed_on"),
        ("claim, rating, url, date, fact-check date", "statement, rating, review_url, said_on,"
         " reviewed_on"),
        ("claim, rating, URL, fact-check URL", "statement, rating, source, review_url"),
        ("claim, title, published, url", "statement, title, published, review_url"),
        ("claim, title, source, speaker", "statement, title, source, speaker"),
        ("claim, url, date, date published", "statement, source, said_on, published"),
        ("claim, url, claim url", "statement, -, source"),
    ],
)  # fmt: skip
def test_a_plain_name_means_what_the_table_is_about(names: str, fields: str) -> None:
    found = chosen(*(columns := names.split(", ")))
    assert [found.get(name, "-") for name in columns] == fields.split(", ")


@pytest.mark.parametrize("other", ["speaker", "claim date", "claim URL", "quote", "source_title"])
def test_a_plain_name_is_neither_where_fact_checks_and_appearances_are_told_of(other: str) -> None:
    choice = choose(["claim", "rating", other, "date published", "link"], {})
    assert {"reviewed_on", "published", "review_url"}.isdisjoint(choice.fields)
    dates, link = choice.notices
    assert "--map published=date published or --map reviewed_on=date published" in dates
    assert "--map review_url=link" in link


def test_the_sources_of_fact_checks_may_be_of_the_claim_or_of_the_check() -> None:
    choice = choose(["claim", "rating", "sources"], {})
    assert "source" not in choice.fields
    assert "--map source=sources or --map evidence=sources" in choice.notices[0]


def test_a_date_that_was_taken_for_that_of_a_fact_check_is_presumed() -> None:
    assert choose(["claim", "title", "date"], {}).presumed == {"reviewed_on"}
    assert not choose(["claim", "title", "fact-check date"], {}).presumed
    assert not choose(["claim", "title", "date"], {"reviewed_on": "date"}).presumed


def test_a_plain_date_gives_way_to_a_claim_date() -> None:
    assert chosen("Claim", "Date", "Claim date") == {
        "Claim": "statement",
        "Claim date": "said_on",
    }


def test_of_two_columns_with_one_meaning_the_first_is_read() -> None:
    choice = choose(["Claim", "Claim text"], {})
    assert choice == Choice(
        {"statement": 0},
        [1],
        ["The column “Claim text” is not used: statement is read from “Claim”."],
    )


def test_a_column_with_the_fields_own_name_goes_first() -> None:
    assert chosen("id", "external_id", "claim", "statement") == {
        "external_id": "external_id",
        "statement": "statement",
    }


def test_what_is_said_wins() -> None:
    assert chosen("Claim", "Remarks", "Who", statement="remarks", note="CLAIM") == {
        "Remarks": "statement",
        "Claim": "note",
        "Who": "speaker",
    }


def test_a_field_can_be_left_out() -> None:
    assert chosen("Claim", "Date", "Who", said_on="", speaker="") == {"Claim": "statement"}


def test_columns_go_by_number_too() -> None:
    assert chosen("a", "b", "7", statement="2", speaker="7") == {"b": "statement", "7": "speaker"}
    choice = choose(["1", "2", "3"], {"statement": "3"}, header=False)
    assert choice.fields == {"statement": 2}


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("vclam", "There is no column “vclam”: did you mean “vclaim”?"),
        ("0", "There is no column 0: there are 2."),
        ("3", "There is no column 3: there are 2."),
        ("99999999999", "There is no column “99999999999”: there are “vclaim” and “Datum”."),
        ("zzz", "There is no column “zzz”: there are “vclaim” and “Datum”."),
    ],
)
def test_an_unknown_column_is_refused_with_those_there_are(column: str, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        find_column(["vclaim", "Datum"], column)
    assert refusal.value.message == message


def test_without_a_header_a_column_has_no_name() -> None:
    with pytest.raises(UsageError, match="go by number, from 1 to 2"):
        find_column(["1", "2"], "claim", header=False)


def test_a_name_that_two_columns_share_needs_a_number() -> None:
    with pytest.raises(UsageError, match="Columns 1 and 3 are both called “Date”: say the number"):
        find_column(["Date", "Claim", "Date"], "Date")
    assert find_column(["Date", "date"], "date") == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("statment", "There is no field “statment”: did you mean statement"),
        ("claimant", "There is no field “claimant”: did you mean speaker?"),
        ("xyz", "There is no field “xyz”: there are external_id, statement, kind,"),
    ],
)
def test_an_unknown_field_is_refused_with_those_there_are(name: str, message: str) -> None:
    with pytest.raises(UsageError) as refusal:
        known_field(name)
    assert refusal.value.message.startswith(message)


def test_a_field_may_be_written_with_hyphens() -> None:
    assert parse_pairs(["external-id=Number", "Said on = When = then "]) == {
        "external_id": "Number",
        "said_on": "When = then",
    }


def test_a_field_is_said_once() -> None:
    with pytest.raises(UsageError, match="--set names publisher twice"):
        parse_pairs(["publisher=a", "publisher=b"], "--set")
    with pytest.raises(UsageError, match="--map takes FIELD="):
        parse_pairs(["statement"])


def test_a_table_without_a_statement_is_refused_with_its_columns() -> None:
    with pytest.raises(UsageError) as refusal:
        choose(["Datum", "", "Wer"], {})
    assert refusal.value.message == (
        "No column is recognised as the statement: say which it is with --map statement=COLUMN,"
        " or --no-header if the first line is data. There are “Datum” and “Wer”."
    )
    with pytest.raises(UsageError, match="--map statement=3 for the third of 14"):
        choose([str(n) for n in range(1, 15)], {"speaker": "5"}, header=False)
