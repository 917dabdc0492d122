"""The keys that decide identity: what is the same statement, name, address or document."""

from __future__ import annotations

import contextlib
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claimtrack.errors import InvalidDataError
from claimtrack.keys import (
    clean_text,
    document_key,
    name_key,
    near_names,
    normalise_url,
    split_qualifier,
    statement_key,
    url_host,
    url_key,
)

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
#: Letters of many scripts, with what stands between and upon them.
NAME_LIKE = st.text(
    st.sampled_from(
        "aZ éÉıİßłøæ'’-.,&()\n"
        "\u0301\u0345\u200d\u0928\u0940\u093c\u304b\u3099\u1100\u1161\u11a8ﬁ™²КйЁΣςͅ١َ😀"
    ),
    max_size=12,
)
URL_LIKE = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "HTTPS://", "https://"]),
        st.sampled_from(
            ["Example.org", "www.a.b:80", "bücher.de", "straße.de:443", "[::1]:8", "a."]
        ),
        st.text(st.sampled_from("/.%25eE4é~=&?#!;+[]:utm_source=x\\^"), max_size=30),
    ),
)


# ---------------------------------------------------------------------------------- text


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


# ---------------------------------------------------------------------------- statements


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


# --------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "names",
    [
        ["Erdoğan", "Erdogan", "ERDOĞAN", "Erdog\u0306an", "Mr. Erdogan"],
        ["President Recep Tayyip Erdoğan", "Recep Tayyip Erdogan"],
        ["Dr. Jane O'Neil", "jane o'neil", "Jane O’Neil", "Dr.Jane ONeil", "Prof. Dr. Jane O`Neil"],
        ["Al-Qaeda", "al Qaeda", "AlQaeda", "Al\u2010Qaeda"],
        ["U.N.", "UN", "u. n."],
        ["Łukasz Ørsted", "Lukasz Orsted"],
        ["Weiß", "Weiss", "WEIẞ"],
        ["İbrahim Şık", "Ibrahim Sik", "ibrahim şik"],
        ["Former Deputy Foreign Minister Ana Gil", "Ana Gil", "Vice-President Ana Gil"],
        ["Secretary of State Ana Gil", "Secretary-General Ana Gil", "Lt. Gen. Ana Gil", "ana gil"],
        ["Defence Minister Ana Gil", "Sen. Ana Gil", "the Prime Minister Ana Gil"],
        ["Артём", "Артем", "АРТЁМ"],
        ["Smith & Sons", "Smith and Sons"],
        ["Jane \u200bDoe", "Jane 😀 Doe", "@JaneDoe"],
    ],
)
def test_one_name_has_one_key_however_it_is_written(names: list[str]) -> None:
    assert len({name_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("The President", "thepresident"),
        ("Prime Minister", "primeminister"),
        ("Dr.", "dr"),
        ("Prime Minister of Iraq", "primeministerofiraq"),
        ("Secretary of State for Health", "secretaryofstateforhealth"),
        ("Russian Foreign Minister", "russianforeignminister"),
        ("General Motors", "generalmotors"),
        ("General Assembly", "generalassembly"),
        ("Prime Minister's Office", "primeministersoffice"),
        ("Gen-Probe", "genprobe"),
        ("Gen Z", "genz"),
        ("Channel 12", "channel12"),
        ("???", "???"),
    ],
)
def test_an_office_or_a_house_keeps_its_words(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane Smith", "John Smith"),
        ("President of Iraq", "Prime Minister of Iraq"),
        ("Лавров", "Lavrov"),
        ("کریم", "کرم"),
        ("か", "が"),
        ("हिन्दी", "हिन्दू"),
        ("王伟", "王维"),
        ("Channel 12", "Channel 13"),
        ("John Smith", "John Smith (Ohio senator)"),
        ("😀", "😡"),
    ],
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\ufeff \n"])
def test_an_empty_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidDataError, match="name is empty"):
        name_key(name)


@given(ANY_TEXT | NAME_LIKE)
@example("a\u0b3c'\u20d2")
def test_the_key_of_a_key_is_itself(name: str) -> None:
    with contextlib.suppress(InvalidDataError):
        assert name_key(name_key(name)) == name_key(name)


def test_the_key_of_a_key_is_itself_for_every_character() -> None:
    for code in range(0x11000):
        for name in (chr(code), f"a'{chr(code)}"):
            with contextlib.suppress(InvalidDataError):
                key = name_key(name)
                assert name_key(key) == key, hex(code)


@given(NAME_LIKE)
def test_a_composed_and_a_decomposed_name_are_one(name: str) -> None:
    with contextlib.suppress(InvalidDataError):
        assert name_key(unicodedata.normalize("NFD", name)) == name_key(
            unicodedata.normalize("NFC", name)
        )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("John Smith (Ohio senator)", ("John Smith", "Ohio senator")),
        (" John Smith( Ohio (north) ) ", ("John Smith", "Ohio (north)")),
        ("王伟（记者）", ("王伟", "记者")),
        ("John Smith", ("John Smith", None)),
        ("John Smith ()", ("John Smith", None)),
        ("(unknown)", ("(unknown)", None)),
        ("John) Smith", ("John) Smith", None)),
        ("John Smith)", ("John Smith)", None)),
    ],
)
def test_a_qualifier_stands_in_brackets_at_the_end(
    name: str, parts: tuple[str, str | None]
) -> None:
    assert split_qualifier(name) == parts


# ---------------------------------------------------------------------------- near names

DESK = [
    (1, "Sergei Lavrov"),
    (2, "Recep Tayyip Erdoğan"),
    (3, "Ali"),
    (4, "John Smith"),
    (5, "Ministry of Health"),
    (6, "Muammar Gaddafi"),
    (7, "Mohammed Morsi"),
    (8, "Al-Qaeda"),
    (9, "Volodymyr Zelenskyy"),
    (10, "Syria Civil Defence"),
    (11, "Nikolai Petrov"),
    (12, "Slovakia"),
    (13, "Brigade 101"),
    (14, "Bank of Russia"),
    (15, "White House"),
    (16, "Iran"),
    (17, "Mario Vega"),
]


@pytest.mark.parametrize(
    ("name", "speaker"),
    [
        ("Lavrov", 1),
        ("Lavrow", 1),
        ("Lavrov, Sergei", 1),
        ("Lavrov Sergei", 1),
        ("Sergey Lavrov", 1),
        ("S. Lavrov", 1),
        ("Russian Foreign Minister Sergei Lavrov", 1),
        ("Russian Foreign Minister Lavrov", 1),
        ("President Erdogan", 2),
        ("Recep Erdoğan", 2),
        ("Jonh Smith", 4),
        ("John Q. Smith", 4),
        ("Iraqi Ministry of Health", 5),
        ("Muammar Qadhafi", 6),
        ("Muhammad Mursi", 7),
        ("al-Qaida", 8),
        ("Alqaida", 8),
        ("Zelensky", 9),
        ("Volodimir Zelenskiy", 9),
        ("The White House", 15),
    ],
)
def test_a_near_miss_finds_its_speaker(name: str, speaker: int) -> None:
    assert near_names(name, DESK) == [speaker]


@pytest.mark.parametrize(
    "name",
    [
        "Adi",
        "Jane Smith",
        "Joan Smith",
        "John",
        "Sergei",
        "Ministry of Defence",
        "Ministry of Wealth Creation",
        "Syria",
        "Slovenia",
        "Brigade 102",
        "Russia",
        "White House Press Corps",
        "Iraq",
        "Petrova",
        "Maria Vega",
        "Al",
        "王伟",
        "???",
        "",
    ],
)
def test_another_name_raises_no_false_alarm(name: str) -> None:
    assert near_names(name, DESK) == []


def test_a_speaker_who_has_exactly_the_name_is_no_near_miss() -> None:
    known = [(1, "Sergei Lavrov"), (1, "Lavrov"), (2, "Lavrow"), (3, "Pavel Lavrov")]
    assert near_names("LAVROV", known) == [2, 3]


def test_the_nearest_name_comes_first_and_each_speaker_once() -> None:
    known = [(1, "Sergei V. Lavrov"), (2, "Lavrov, Sergei"), (3, "Sergej Lavrov"), (3, "Lavrov")]
    assert near_names("Sergei Lavrov", known) == [2, 3, 1]


def test_an_initial_needs_a_telling_name_beside_it() -> None:
    assert near_names("Jo Lind", [(1, "J. Lind")]) == [1]
    assert near_names("Jo Li", [(1, "J. Li")]) == []


def test_near_names_bears_empty_and_broken_candidates() -> None:
    assert near_names("Sergei Lavrov", [(1, ""), (2, "\n"), (3, "???"), (4, "Lavrov\n")]) == [4]


@given(NAME_LIKE, st.lists(st.tuples(st.integers(1, 5), NAME_LIKE), max_size=5))
def test_near_names_never_names_who_was_not_a_candidate(
    name: str, candidates: list[tuple[int, str]]
) -> None:
    near = near_names(name, candidates)
    assert set(near) <= {speaker for speaker, _ in candidates}
    assert len(near) == len(set(near))


# ----------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://example.org/a", "https://example.org/a"),
        (" HTTPS://Example.ORG:443/A/ ", "https://example.org/A"),
        ("http://example.org:80/", "http://example.org"),
        ("http://example.org:8080", "http://example.org:8080"),
        ("https://example.org./a", "https://example.org/a"),
        ("https://example.org/a/./b/../c", "https://example.org/a/c"),
        ("https://example.org/%2e%2E/a", "https://example.org/a"),
        ("https://example.org/%7eana/%c3%a9é", "https://example.org/~ana/%C3%A9%C3%A9"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/a%2Fb", "https://example.org/a%2Fb"),
        ("https://example.org/a?", "https://example.org/a"),
        ("https://example.org/a?b=2&a=1&b=1", "https://example.org/a?b=2&a=1&b=1"),
        ("https://example.org/a?utm_source=x&id=7&FBCLID=y", "https://example.org/a?id=7"),
        ("https://example.org/a?pk_campaign=x&pk_id=7", "https://example.org/a?pk_id=7"),
        ("https://example.org/a?ref=7&source=x", "https://example.org/a?ref=7&source=x"),
        ("https://example.org/a?u=http://b.org/?c", "https://example.org/a?u=http://b.org/?c"),
        ("https://example.org/a#part-2", "https://example.org/a"),
        ("https://example.org/a#:~:text=dam", "https://example.org/a"),
        ("https://example.org/#!/news/7", "https://example.org#!/news/7"),
        ("https://example.org/#/news/7:~:text=a", "https://example.org#/news/7"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://straße.example/", "https://xn--strae-oqa.example"),
        ("http://[2001:DB8::0:1]:80/a", "http://[2001:db8::1]/a"),
        ("https://www.example.org/", "https://www.example.org"),
    ],
)
def test_an_address_has_one_spelling(url: str, normal: str) -> None:
    assert normalise_url(url) == normal


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("example.org/a", "write https://example.org/a"),
        ("//example.org/a", "write https://example.org/a"),
        ("example.org:8080/a", "write https://example.org:8080/a"),
        ("https:example.org", "write https://"),
        ("ftp://example.org/a", "not with ftp:"),
        ("mailto:ana@example.org", "not with mailto:"),
        ("dam", "write it in full"),
        ("", "write it in full"),
        ("https://", "no host"),
        ("https:///a", "no host"),
        ("https://a..b/", "no host that can be read"),
        ("https://[::1/", "no host that can be read|bad IPv6"),
        ("https://℀.org/", "no host that can be read"),
        ("https://exa%6Dple.org/", "no host that can be read"),
        ("https://example.org:0/", "bad port"),
        ("https://example.org:99999/", "bad port"),
        ("https://example.org:8o/", "bad port"),
        ("https://example.org/a b", "space"),
        ("https://example.org/a\nb", "line break"),
        ("https://example.org/\x00", "can't stand"),
        ("https://example.org/\ud800", "can't stand"),
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(InvalidDataError, match=sentence):
        normalise_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ana:hunter2@example.org/",
        "ftp://ana:hunter2@example.org",
        "ana:hunter2@example.org/a",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidDataError) as refused:
        normalise_url(url)
    assert "hunter2" not in refused.value.message


def test_an_address_may_be_long_but_not_endless() -> None:
    url = "https://example.org/" + "a" * 4980
    assert normalise_url(url) == url
    with pytest.raises(InvalidDataError, match=r"8,001 characters long; at most 8,000"):
        normalise_url("https://example.org/" + "a" * 7981)
    with pytest.raises(InvalidDataError, match="percent-encoded"):
        normalise_url("https://example.org/" + "é" * 2000)


def test_http_https_and_www_are_one_article() -> None:
    key = url_key("https://example.org/a")
    assert len(key) == 32
    assert key == url_key("http://www.example.org:80/a/") == url_key("https://WWW.example.org/a#b")
    assert key != url_key("https://example.org/A")
    assert key != url_key("https://m.example.org/a")
    assert url_key("https://www.org") != url_key("https://org")


def test_the_host_is_told_without_www_and_port() -> None:
    assert url_host("https://www.Example.org:8080/www.a") == "example.org"
    assert url_host("https://www.org/a") == "www.org"


@given(URL_LIKE | ANY_TEXT)
def test_an_address_normalised_twice_stays_the_same(url: str) -> None:
    with contextlib.suppress(InvalidDataError):
        once = normalise_url(url)
        assert normalise_url(once) == once
        assert once.isascii()
        assert url_key(once) == url_key(url)
