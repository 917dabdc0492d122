"""The keys that decide identity: what is the same statement or document."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.errors import InvalidDataError
from claimtrack.keys import clean_text, document_key, statement_key, word_key

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


# --- Text ----------------------------------------------------------------------------------------


def test_clean_text_strips_composes_and_joins_lines() -> None:
    assert (
        clean_text(" \ufeffcafe\u0301 \n\t is   open\u3000", "statement", limit=50)
        == "café is open"
    )


def test_clean_text_keeps_the_lines_of_a_longer_text() -> None:
    assert clean_text("one\r\ntwo\r\rthree  four\n", "note", limit=50, multiline=True) == (
        "one\ntwo\n\nthree  four"
    )


def test_clean_text_keeps_control_characters_for_the_renderer_to_escape() -> None:
    assert clean_text("a\x1b[31mb", "quote", limit=50) == "a\x1b[31mb"


def test_clean_text_keeps_joiners_inside_words() -> None:
    assert clean_text("می\u200cخواهم", "quote", limit=50) == "می\u200cخواهم"


@pytest.mark.parametrize(
    "text", ["", "  \n", "\u200b\u200d", "\ufeff", "\u00a0\u2060", "\u3164", "\x01\x02", "\ufe0f"]
)
def test_clean_text_takes_invisible_text_for_empty(text: str) -> None:
    with pytest.raises(InvalidDataError, match=r"The statement is empty"):
        clean_text(text, "statement", limit=50)


def test_clean_text_says_how_long_a_text_is_and_may_be() -> None:
    assert len(clean_text("x" * 2000, "title", limit=2000)) == 2000
    with pytest.raises(
        InvalidDataError, match=r"The title is 2,001 characters long; at most 2,000"
    ):
        clean_text("x" * 2001, "title", limit=2000)


@pytest.mark.parametrize(("text", "word"), [("a\0b", "NUL"), ("a\ud800b", "surrogate")])
def test_clean_text_refuses_what_the_database_cannot_hold(text: str, word: str) -> None:
    with pytest.raises(InvalidDataError, match=word):
        clean_text(text, "quote", limit=50)


@given(ANY_TEXT, st.booleans())
def test_clean_text_done_twice_changes_nothing(text: str, multiline: bool) -> None:
    with contextlib.suppress(InvalidDataError):
        once = clean_text(text, "quote", limit=100, multiline=multiline)
        assert clean_text(once, "quote", limit=100, multiline=multiline) == once


# --- Statements and documents --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The dam holds.", "the DAM  holds"),
        ("The dam holds", "“The dam holds!”"),
        ("The dam holds", '"The dam holds".'),
        ("The dam holds", "«The dam holds…»"),
        ("The dam's wall", "The dam’s wall"),
        ("The dam–lake road", "The dam-lake road"),
        ("It fell by \u22125", "It fell by -5"),
        ("The\u200b da\u00adm holds", "The dam\u00a0holds"),
        ("The cafe\u0301 burned", "The café burned"),
        ("Ｗｉｄｅ 12", "wide 12"),
        ("CO₂ rose", "CO2 rose"),
        ("1½ litres", "1 ½ litres"),
    ],
)
def test_one_statement_has_one_key_however_it_is_typed(one: str, other: str) -> None:
    assert statement_key(one) == statement_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The dam holds", "The dam does not hold"),
        ("It cost 10,5", "It cost 105"),
        ("It cost 10.5", "It cost 105"),
        ("The peche ended", "The pêche ended"),
        ("The dam holds", "The dam holds?"),
        ("It fell by 5", "It fell by -5"),
        ("It is 10² wide", "It is 102 wide"),
        ("It is 1½ wide", "It is 11/2 wide"),
        ("Let's eat, Ana", "Let's eat Ana"),
        ("...", "!"),
        ("٣ fell", "3 fell"),
    ],
)
def test_statements_that_mean_different_things_have_different_keys(one: str, other: str) -> None:
    assert statement_key(one) != statement_key(other)


@given(ANY_TEXT)
def test_every_text_has_a_statement_key_of_32_bytes(text: str) -> None:
    assert len(statement_key(text)) == 32


@given(ANY_TEXT)
def test_quotation_marks_and_a_full_stop_around_a_statement_never_count(text: str) -> None:
    assert statement_key(f"a {text} b") == statement_key(f"  “a {text} b…” ")


def test_documents_without_an_address_are_told_apart_by_publisher_title_and_id() -> None:
    call = document_key("Radio Löwe", "Call with the mayor", "17")
    assert call == document_key("radio-lowe", "call with the  MAYOR.", " 17 ")
    assert call != document_key("Radio Löwe", "Call with the mayor", "18")
    assert call != document_key(None, "Call with the mayor", "17")
    assert document_key(None, "Call", None) == document_key("", "Call", " ")
    assert document_key("a", "b", None) != document_key(None, "ab", None)


def test_a_qualifier_and_a_publisher_keep_every_word() -> None:
    assert word_key("Senator, Ohio") != word_key("Governor, Ohio")
    assert word_key("The Löwe-Post") == word_key("the lowe post")
    with pytest.raises(InvalidDataError, match="empty"):
        word_key("\u200b")
