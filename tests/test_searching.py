"""Search without a database: what is typed, where a text has it, snippets, spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.matching.terms import words
from claimtrack.searching.query import (
    All,
    Either,
    Node,
    Not,
    Row,
    Word,
    in_a_row,
    parse,
    replaced,
    rows,
)
from claimtrack.searching.reading import Text, fits, snippet, spans, tokens
from claimtrack.searching.spelling import one_slip, slips, slips_in

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def told(node: Node | None) -> str:
    """A query as formulas write it."""
    match node:
        case None:
            return ""
        case Row():
            return "+".join(word.text + "*" * word.begins for word in node.words)
        case Not():
            return f"!{told(node.part)}"
        case All():
            return f"({' & '.join(map(told, node.parts))})"
        case Either():
            return f"({' | '.join(map(told, node.parts))})"


# --- What is typed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bridge", "bridge"),
        ("bridge closed", "(bridge & closed)"),
        ('"north bridge" closed', "(north+bridge & closed)"),
        ("“north bridge”", "north+bridge"),
        ("bridge -ferry", "(bridge & !ferry)"),
        ('bridge -"the ferry"', "(bridge & !the+ferry)"),
        ("bridge --ferry", "(bridge & ferry)"),
        ("bridge or ferry boat", "(bridge | (ferry & boat))"),
        ("bridge OR -ferry", "(bridge | !ferry)"),
        ("north-bridge", "(north+bridge | northbridge)"),
        ("COVID-19, -pit-bull", "((covid+19 | covid19) & !(pit+bull | pitbull))"),
        ("covid19", "(covid19 | covid+19)"),
        ("2020-03-05 5th f16x", "(2020+03+05 & 5th & f16x)"),
        ("Brücke", "brucke"),
        ("900,000", "900000"),
        ("displac*", "displac*"),
        ("#NorthBridge", "(north+bridge | northbridge)"),
        ("#bridge", "bridge"),
        # What is not meant so, reads sensibly.
        ('"north bridge', "north+bridge"),
        ('closed "north bridge', "(closed & north+bridge)"),
        ('bridge"north pier"ferry', "(bridge & north+pier & ferry)"),
        ("bridge - ferry", "(bridge & ferry)"),
        ("bridge -", "bridge"),
        ("or bridge or or ferry or", "(bridge | ferry)"),
        ('bridge "or" ferry', "(bridge & or & ferry)"),
        ("oregon or, orbit", "(oregon | orbit)"),
        ('bridge or "" ferry', "(bridge | ferry)"),
        ("(bridge & ferry) | !pier", "(bridge & ferry & pier)"),
        ("-ferry", "!ferry"),
        ("https://one.example/bridge ferry", "ferry"),
        ('"', ""),
        ('- "" or & *', ""),
        ("", ""),
    ],
)
def test_it_is_read_as_on_the_web(typed: str, meant: str) -> None:
    assert told(parse(typed)) == meant


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("against Mexico if", "against mexico if"),
        ('the "north bridge" is -closed', "the north bridge is"),
        ("covid19 in pit-bulls #NorthBridge", "covid19 in pit bulls north bridge"),
        ("bridge or ferry", ""),
        ("the bridge*", ""),
        ("the (bridge or ferry)", ""),
    ],
)
def test_the_words_that_may_stand_in_a_row(typed: str, row: str) -> None:
    node = parse(typed)
    assert node is not None
    assert " ".join(in_a_row(node)) == row


@given(ANY_TEXT)
def test_whatever_is_typed_can_be_read(typed: str) -> None:
    node = parse(typed)
    if node is not None:
        assert all(row.words for row in (*rows(node), *rows(node, wanted=False)))
        assert fits(node, [Text.read("the north bridge", "en")]) in (True, False)


# --- Where a text has it -------------------------------------------------------------------------


def has(typed: str, *texts: str, language: str = "en") -> bool:
    node = parse(typed)
    assert node is not None
    return fits(node, [Text.read(text, language) for text in texts])


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("closing bridges", True),
        ("closed ferry", False),
        ("ferry or bridge", True),
        ("bridge -ferry", True),
        ("bridge -may", False),
        ("-ferry", True),
        ('"north bridge"', True),
        ('"bridge north"', False),
        ('"bridges in may"', True),
        ('"bridge on may"', False),
        ('bridge -"bridge was"', False),
        ('-"was north"', True),
        ("the bridge", True),
        ("the", False),
        ("-the", False),
        ('"of the"', False),
    ],
)
def test_a_text_has_what_was_typed(typed: str, found: bool) -> None:
    assert has(typed, "The north bridge was closed; no bridge in May") is found


def test_words_may_stand_apart_but_a_row_stands_in_one_text() -> None:
    texts = ("The north bridge was closed", "Pier news")
    assert has("pier closed", *texts)
    assert not has('"closed pier"', *texts)


def test_what_says_nothing_is_a_matter_of_the_language() -> None:
    assert has("die Brücken", "Brücke gesperrt", language="de")
    assert not has("die bridge", "The bridge is closed", language="en")
    assert fits(
        Either((Row((Word("die"),)), Row((Word("bridge"),)))), [Text.read("They died", "en")]
    )


def marked(typed: str, text: str, language: str = "en") -> list[str]:
    node = parse(typed)
    assert node is not None
    return [text[start:end] for start, end in spans(node, Text.read(text, language))]


@pytest.mark.parametrize(
    ("typed", "text", "hits"),
    [
        ("bridge closing", "Bridges (closed), the mayor's bridge", ["Bridges", "closed", "bridge"]),
        ("mayor", "the mayor's bridge", ["mayor"]),
        ('"north bridge"', "A north-bridge and North  Bridge", ["north-bridge", "North  Bridge"]),
        ('"north bridge" bridge', "north bridge", ["north bridge"]),
        ("brucke", "Die BRÜCKE.", ["BRÜCKE"]),
        ("900000", "Some 900,000 fled", ["900,000"]),
        ("north", "See #NorthBridge!", ["NorthBridge"]),
        ("we'll", "We’ll see", ["We’ll"]),
        ("bridge -ferry", "bridge", ["bridge"]),
        ("大桥", "北大桥关闭", ["大桥"]),
    ],
)  # fmt: skip
def test_hits_have_their_place(typed: str, text: str, hits: list[str]) -> None:
    assert marked(typed, text) == hits


@given(ANY_TEXT)
def test_the_words_of_a_text_with_their_places_are_its_words(text: str) -> None:
    found = tokens(text)
    assert [token.word for token in found] == words(text)
    assert all(0 <= token.start < token.end <= len(text) for token in found)


# --- Snippets ------------------------------------------------------------------------------------


def shown(text: str, typed: str, width: int) -> tuple[str, list[str]]:
    node = parse(typed)
    assert node is not None
    made = snippet(text, spans(node, Text.read(text, "en")), width)
    return made.text, [made.text[start:end] for start, end in made.marks]


def test_a_short_text_is_shown_whole() -> None:
    assert shown("The bridge was closed", "closed", 60) == ("The bridge was closed", ["closed"])


def test_of_a_long_text_the_part_with_the_most_hits_is_shown() -> None:
    text = f"bridge {'word ' * 40}the bridge closed again {'word ' * 40}"
    part, hits = shown(text, "bridge closed", 60)
    assert part.startswith("… word")
    assert part.endswith("word …")
    assert hits == ["bridge", "closed"]
    assert len(part) < 70


def test_without_a_hit_it_is_the_beginning() -> None:
    assert shown("one two three four five six seven", "none", 14) == ("one two three …", [])


@given(st.text("ab 大é", max_size=300), st.integers(20, 60))
def test_marks_stay_on_their_words(text: str, width: int) -> None:
    part, hits = shown(text, "aa or 大大", width)
    assert len(part) <= width + 60
    assert all("aa" in hit.lower() or "大" in hit for hit in hits)


# --- Spelling ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        ("bridge", "bridge", 0),
        ("brige", "bridge", 1),
        ("brigde", "bridge", 1),
        ("bridgge", "bridge", 1),
        ("gouverment", "government", 2),
        ("hospital", "harbour", 3),
        ("a", "abcdef", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, number: int) -> None:
    assert slips(one, other, 2) == slips(other, one, 2) == number


def test_a_stem_is_compared_with_the_beginning_of_a_word() -> None:
    assert slips("govern", "gouvernmant", 2, begins=True) == 1
    assert slips("harbour", "gouvernmant", 2, begins=True) == 3


@given(st.text("abcd", min_size=4, max_size=9), st.data())
def test_one_slip_is_one(word: str, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from(sorted(one_slip(word))))
    assert slips(word, other, 2) == 1


def test_slips_are_in_the_letters_of_the_script() -> None:
    assert "мост" in one_slip("мотс")
    assert "мост" in one_slip("мст")
    assert "bridge" in one_slip("bridg")


@pytest.mark.parametrize(
    ("word", "number"), [("may", 0), ("brige", 1), ("goverment", 2), ("900000", 0), ("covid19", 0)]
)
def test_short_words_and_figures_are_taken_as_they_are(word: str, number: int) -> None:
    assert slips_in(word) == number


def test_words_are_replaced_wherever_they_stand() -> None:
    node = parse('brige or "brige closed" -brige')
    assert node is not None
    bridge = Word("bridge")
    changed = replaced(node, lambda word: bridge if word.text == "brige" else word)
    assert told(changed) == "(bridge | (bridge+closed & !bridge))"
