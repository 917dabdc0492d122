"""The words of a text, as matching compares them."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.matching import terms as reading
from claimtrack.matching.stopwords import STOPWORDS
from claimtrack.matching.terms import (
    LONGEST,
    STEMMERS,
    Reader,
    fold,
    likely_languages,
    stem,
    stems,
    term,
    words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Bridge of Orsk", ["the", "bridge", "of", "orsk"]),
        ("Café ÉCOLE naïve", ["cafe", "ecole", "naive"]),
        ("the mayor’s dogs’ don't", ["the", "mayor", "dogs", "dont"]),
        ("l’Ukraine n'existe qu'ici", ["ukraine", "existe", "ici"]),
        ("dell'Unione un'altra l'11 aujourd'hui", ["unione", "altra", "11", "aujourdhui"]),
        ("l'8 marzo, qu'à s'y n'a", ["8", "marzo", "a", "y", "a"]),
        ("L'Aquila N'Djamena D'Souza O'Brien", ["aquila", "ndjamena", "dsouza", "obrien"]),
        ("#SaveTheRiver", ["save", "the", "river", "savetheriver"]),
        ("#flood @MayorRuiz", ["flood", "mayor", "ruiz", "mayorruiz"]),
        ("#H2OWater", ["h", "2", "o", "water", "h2owater"]),
        ("900,000 of 1.5m", ["900000", "of", "1.5m"]),
        ("1.200 1,200 1200 1.200.000", ["1200", "1200", "1200", "1200000"]),
        ("9,2 9.2 0,125 1,200.50 1.200,50", ["9.2", "9.2", "0.125", "1200.50", "1200.50"]),
        ("12,34,567 on 25.02.2020", ["1234567", "on", "25.02.2020"]),
        ("٩٠٠ ١٬٢٠٠ २४", ["900", "1200", "24"]),
        ("see https://example.org/a?b=c now", ["see", "now"]),
        ("#brokendampic.twitter.com/Xy12 gone", ["brokendam", "gone"]),
        ("Ｗａｔｅｒ ﬁre", ["water", "fire"]),
        ("Wałęsa Łódź Øresund", ["walesa", "lodz", "oresund"]),
        ("Kılıçdaroğlu Đoković", ["kilicdaroglu", "dokovic"]),
        ("Straße STRASSE Æther œuvre", ["strasse", "strasse", "aether", "oeuvre"]),
        ("наводнение в Орске", ["наводнение", "в", "орске"]),
        ("東京都 flood", ["東京", "京都", "flood"]),
        ("水", ["水"]),
        ("🔥🔥 !!! … —", []),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_of_a_script_with_vowel_signs_stays_whole() -> None:
    assert len(words("हिन्दी")) == 1


def test_stopwords_are_no_terms_and_forms_of_a_word_are_one() -> None:
    assert stems("The flooded bridges were flooding a bridge") == stems("flood bridge flood bridge")


def test_words_are_stemmed_by_the_language_of_the_claim() -> None:
    assert stems("los puentes inundados", "es") == stems("el puente inundado", "es-MX")
    assert stems("Brücken", "de") == stems("Brücke", "de-AT")


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("The dam has burst and the houses are gone", ["en"]),
        ("La presa se ha roto y las casas no están", ["es"]),
        ("Der Damm ist gebrochen und die Häuser sind weg", ["de"]),
        ("Плотину прорвало", ["ru"]),
        ("انهار السد في المدينة", ["ar"]),
        # What tells nothing, or too little, is left open; English comes first.
        ("Dam burst", ["en", "de", "es", "tr"]),
        ("U.S. dam", ["en", "de", "es", "tr"]),
        ("", ["en", "de", "es", "tr"]),
        ("水坝", ["en", "ar", "de", "es", "ru", "tr"]),
    ],
)
def test_letters_and_small_words_tell_a_language(text: str, languages: list[str]) -> None:
    known = ["de", "en-GB", "es", "tr", "ru", "ar"]
    assert likely_languages(text, known) == languages


def test_of_languages_that_nothing_tells_apart_one_is_taken() -> None:
    assert likely_languages("Dam burst", ["tr"]) == ["tr"]
    assert likely_languages("Плотину прорвало", ["tr", "en"]) == ["en", "tr"]
    assert likely_languages("Dam burst", []) == []


def test_words_of_south_asian_scripts_are_stemmed() -> None:
    assert stems("नौकरियां किसानों", "hi") == stems("नौकरी किसान", "hi")


def test_a_language_without_a_stemmer_keeps_its_words() -> None:
    assert stems("mafuriko makubwa", "sw") == ["mafuriko", "makubwa"]


@pytest.mark.parametrize("language", STEMMERS)
def test_every_stemmer_that_is_named_is_there(language: str) -> None:
    assert stem("abcdefgh", language)


@pytest.mark.parametrize("language", STOPWORDS)
def test_stopwords_are_written_as_words_are_folded(language: str) -> None:
    assert {word for word in STOPWORDS[language] if words(word) != [word]} == set()


def test_a_term_is_the_same_in_every_process_and_fits_a_bigint() -> None:
    assert term("bridge") == -1292659927336303578
    assert len({term(str(number)) for number in range(10_000)}) == 10_000


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for found in stems(text):
        assert found
        assert len(found) <= LONGEST
        assert -(2**63) <= term(found) < 2**63


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_text_reads_the_same_however_much_was_read_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "KEPT", 20)
    text = "Floods, the #OrskFlood and 123456 houses; www.example.org l'été 2019"
    reader = Reader("fr", str.upper)
    before = stems(text, "fr"), reader.read(text)
    for number in range(100):
        stems(f"word{number}x", "fr")
        reader.read(f"word{number}x")
    assert (stems(text, "fr"), reader.read(text)) == before
    assert len(reading._read_as_stems("fr")) <= 20
    assert len(reader) <= 20
    assert before[1] == [stemmed.upper() for stemmed in before[0]]


def test_a_long_run_of_letters_is_cut_whatever_stands_around_it() -> None:
    assert words("x" * 90 + "," + " (" + "y" * 90 + ")") == ["x" * LONGEST, "y" * LONGEST]


def test_threads_that_read_at_once_read_the_same_stems_as_one_alone() -> None:
    # Not from what is kept read: each of the threads stems all words itself.
    made = [
        f"{start}{end}"
        for start in STEMMERS.values()
        for end in ("ational", "fulness", "izers", "edly")
    ]
    expected = [stem.__wrapped__(word, "en") for word in made]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            read = pool.map(
                lambda turn: [stem.__wrapped__(word, "en") for word in made[turn:] + made[:turn]],
                (0, 31, 62, 93),
            )
            for turn, each in zip((0, 31, 62, 93), read, strict=True):
                assert each == expected[turn:] + expected[:turn]
    finally:
        sys.setswitchinterval(interval)
