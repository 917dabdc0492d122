"""Names of speakers: which are the same one, and which are nearly another."""

from __future__ import annotations

import contextlib
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claimtrack.errors import InvalidDataError
from claimtrack.names import name_key, near_names, split_qualifier

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
#: Letters of many scripts, with what stands between and upon them.
NAME_LIKE = st.text(
    st.sampled_from(
        "aZ éÉıİßłøæ'’-.,&()\n"
        "\u0301\u0345\u200d\u0928\u0940\u093c\u304b\u3099\u1100\u1161\u11a8ﬁ™²КйЁΣςͅ١َ😀"
    ),
    max_size=12,
)


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


# --- Near names ---------------------------------------------------------------------------------

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
        ("Joan Smith", 4),
    ],
)
def test_a_near_miss_finds_its_speaker(name: str, speaker: int) -> None:
    assert near_names(name, DESK) == [speaker]


@pytest.mark.parametrize(
    "name",
    [
        "Adi",
        "Jane Smith",
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


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Ana Ruis", "Ana Ruiz"),
        ("Ana Riuz", "Ana Ruiz"),
        ("An Aruis", "Ana Ruiz"),
        ("Aan Ruiz", "Ana Ruiz"),
        ("Bna Ruiz", "President Ana Ruiz"),
        ("Li Owng", "Li Wong"),
        ("Sergei Lavrow", "Sergei Lavrov"),
        ("Sergei Kavrov", "Foreign Minister Sergei Lavrov"),
        ("ergei Lavrov", "Sergei Lavrov"),
        ("Erdogn", "Erdogan"),
        ("Rerdogan", "Erdogan"),
        ("Ministry of Helth", "Ministry of Health"),
        ("Syria Civil Defense", "Syria Civil Defence"),
        ("محمد علا", "محمد علی"),
    ],
)
def test_one_typing_error_anywhere_in_a_name_of_six_letters_is_a_near_miss(
    name: str, known: str
) -> None:
    assert near_names(name, [(1, known)]) == [1]
    assert near_names(known, [(1, name)]) == [1]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Li Wei", "Li Wen"),
        ("Mario Vega", "Maria Vega"),
        ("Petrov", "Petrova"),
        ("Jan Kowalski", "Jan Kowalska"),
        ("Unit 1 Alpha", "Unit 2 Alpha"),
        ("BBC News", "ABC News"),
        ("Bank of Iran", "Bank of Iraq"),
        ("John Smith", "Jane Smith"),
    ],
)
def test_one_letter_that_makes_another_name_is_no_typing_error(name: str, known: str) -> None:
    assert near_names(name, [(1, known)]) == []
    assert near_names(known, [(1, name)]) == []


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
