"""Verdict labels of other houses: which of our verdicts each stands for, and a partner's file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from claimtrack.errors import InvalidDataError
from claimtrack.interchange import labels as module
from claimtrack.interchange.labels import load_labels, publishers, read_vocabulary
from claimtrack.interchange.ratings import Rating, read_rating
from claimtrack.vocab import Verdict

SHARED = load_labels()


def vocabulary(folder: Path, text: str) -> Path:
    path = folder / "partner.toml"
    path.write_text(text, encoding="utf-8")
    return path


# --- The vocabularies that come along ------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.name for path in module.FOLDER.glob("*.toml")))
def test_every_vocabulary_can_be_read(name: str) -> None:
    assert read_vocabulary(module.FOLDER / name)


def test_the_houses_with_words_of_their_own_are_known() -> None:
    assert publishers() == ["AVeriTeC", "LIAR", "PolitiFact", "Snopes"]


@pytest.mark.parametrize(
    ("publisher", "label", "verdict"),
    [
        ("PolitiFact", "Pants on Fire!", "false"),
        ("PolitiFact", "pants-fire", "false"),
        ("PolitiFact", "Barely True", "mostly_false"),
        ("PolitiFact", "Half-True", "mixed"),
        ("politifact", "Mostly True", "mostly_true"),
        ("www.politifact.com", "MOSTLY FALSE", "mostly_false"),
        ("LIAR", "barely-true", "mostly_false"),
        ("LIAR", "half-true", "mixed"),
        ("LIAR", "pants-fire", "false"),
        ("AVeriTeC", "Supported", "true"),
        ("AVeriTeC", "Refuted", "false"),
        ("AVeriTeC", "Not Enough Evidence", "unproven"),
        ("AVeriTeC", "Conflicting Evidence/Cherrypicking", "mixed"),
        ("Snopes", "Mixture", "mixed"),
        ("Snopes", "Correct Attribution", "true"),
        ("snopes.com", "Misattributed", "false"),
        ("Snopes", "Outdated", "outdated"),
        ("Snopes", "Miscaptioned", "miscaptioned"),
        ("Snopes", "Legend", "unverifiable"),
        ("Snopes", "Fake", "altered"),
        ("Another House", "Fake", "false"),
        (None, "Falso", "false"),
        (None, "FAUX", "false"),
        (None, "falsch", "false"),
        (None, "Engañoso", "misleading"),
        (None, "enganoso", "misleading"),
        (None, "Verdadero", "true"),
        (None, "Missing context.", "missing_context"),
        (None, "Sin contexto", "missing_context"),
        (None, "Altered Photo/Video", "altered"),
        (None, "Фейк", "false"),
        (None, "مضلل", "misleading"),
        (None, "भ्रामक", "misleading"),
        (None, "誤導", "misleading"),
        (None, "SUPPORTS", "true"),
        (None, "REFUTES", "false"),
        (None, "SUPPORT", "true"),
        (None, "CONTRADICT", "false"),
        (None, "truth!", "true"),
        (None, "incorrect attribution!", "false"),
        (None, "three pinocchios", "mostly_false"),
        (None, "somewhat true", "mixed"),
        (None, "partly true/misleading", "mixed"),
        (None, "determination: false", "false"),
        (None, "Rating: False", "false"),
        (None, "Our verdict – mostly true", "mostly_true"),
        (None, "CONCLUSION: false", "false"),
        ("PolitiFact", "Our ruling: Barely True", "mostly_false"),
    ],
)
def test_a_label_stands_for_a_verdict(publisher: str | None, label: str, verdict: str) -> None:
    assert load_labels(publisher).verdict(label) is Verdict(verdict)


@pytest.mark.parametrize(
    ("publisher", "label"),
    [
        ("PolitiFact", "Full Flop"),
        ("PolitiFact", "Half Flip"),
        ("PolitiFact", "No Flip"),
        ("Snopes", "Scam"),
        ("Snopes", "Labeled Satire"),
        ("Snopes", "Originated as Satire"),
        ("Snopes", "Recall"),
        ("Snopes", "Lost Legend"),
        ("Snopes", "Research in progress"),
        (None, "Satire"),
    ],
)
def test_some_labels_are_known_and_stand_for_none(publisher: str | None, label: str) -> None:
    labels = load_labels(publisher)
    assert labels.known(label)
    assert labels.verdict(label) is None


@pytest.mark.parametrize("label", ["", " ", "\u200b", "Quite Nearly So", "True but", "?"])
def test_what_is_in_no_vocabulary_is_not_known(label: str) -> None:
    assert not SHARED.known(label)
    assert SHARED.verdict(label) is None


# --- A partner's own -----------------------------------------------------------------------------


def test_a_partners_file_comes_first_and_the_shared_labels_below_it(tmp_path: Path) -> None:
    path = vocabulary(
        tmp_path,
        'publisher = "Harbour Desk"\n[verdicts]\nmostly-true = "Nearly There"\n'
        'false = ["Sunk", "Holed!"]\nnone = ["Satire", "False"]\n',
    )
    labels = load_labels(None, path)
    assert labels.verdict("nearly there") is Verdict.MOSTLY_TRUE
    assert labels.verdict("HOLED") is Verdict.FALSE
    assert labels.verdict("False") is None
    assert labels.verdict("Falso") is Verdict.FALSE
    assert load_labels("PolitiFact", path).verdict("Half True") is Verdict.MIXED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[verdicts]\nwrong = ["Sunk"]', r'partner.toml puts "Sunk" under "wrong", .* write one'),
        ('[verdicts]\nfalse = ["Sunk", "sunk!"]', r'label "sunk!" twice \(as "Sunk" before\)'),
        ('[verdicts]\nfalse = ["Sunk"]\ntrue = ["SUNK"]', 'label "SUNK" twice'),
        ('[verdicts]\nfalse = ["Sunk"]\nfalse = ["Holed"]', "partner.toml is no TOML file"),
        ('[verdicts]\nfalse = ["Sunk", 3]', "something else than a text under false"),
        ('[verdicts]\nfalse = [" "]', "an empty label under false"),
        ('[verdicts]\nfalse = {Sunk = "x"}', "something else than a text"),
        ("[verdicts]", "partner.toml has no labels"),
        ("verdicts = 3", "partner.toml has no labels"),
        ('[verdict]\nfalse = ["Sunk"]', 'has "verdict", which no vocabulary has'),
        ('publisher = 3\n[verdicts]\nfalse = ["Sunk"]', "publisher in partner.toml must be a text"),
        ("Sunk,false\n", "partner.toml is no TOML file"),
        ("a = " + "[" * 100_000, "partner.toml is no TOML file: it is nested too deeply"),
        ("#" + "x" * 1_000_001, "holds more than a megabyte"),
    ],
)
def test_a_file_that_is_no_vocabulary_is_refused_with_its_name(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(InvalidDataError, match=told):
        load_labels(None, vocabulary(tmp_path, text))


def test_a_file_that_isnt_there_or_isnt_utf_8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataError, match="can't be read"):
        load_labels(None, tmp_path / "missing.toml")
    path = tmp_path / "old.toml"
    path.write_bytes('[verdicts]\nfalse = ["Fälschung"]'.encode("latin-1"))
    with pytest.raises(InvalidDataError, match=r"old\.toml is not in UTF-8"):
        load_labels(None, path)


# --- Ratings: words and numbers ------------------------------------------------------------------


def rating(*given: str | None) -> Rating:
    return read_rating(SHARED, *given)


def test_words_and_number_that_agree_need_no_word() -> None:
    assert rating("False", "1", "5", "1") == Rating(
        "False", Decimal(1), Decimal(5), Decimal(1), Verdict.FALSE, ()
    )


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (("Falso", "5", "1", "5"), "false"),  # the scale runs the other way
        (("Verdadero", "1", "1", "5"), "true"),
        ((None, "5", "1", "5"), "false"),
        ((None, "4", "1", "5"), "mostly_false"),
        ((None, "5", None, None), "true"),
        ((None, "5.0", "5", "1"), "true"),
        ((None, "5,0", "5", "1"), "true"),
        ((None, " 3 ", "5", "1"), "mixed"),
        ((None, "0", "1", "0"), "false"),
        ((None, "2", "6", "1"), "mostly_false"),
        (("Half right", "3", "5", "1"), "mixed"),
        ((None, "Mostly false"), "mostly_false"),  # the words stand where the number should
        ((" ", "Falso", "5", "1"), "false"),
    ],
)
def test_the_verdict_of_a_rating(given: tuple[str | None, ...], verdict: str) -> None:
    assert rating(*given).verdict is Verdict(verdict)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("True", "1", "5", "1"), 'says "True", but its number 1 means false: the words were'),
        (("Falso", "1", "1", "5"), 'says "Falso", but its number 1 means true'),
        (("Half True", "5", "5", "1"), "its number 5 means true"),
        (("Misleading", "5", "5", "1"), "its number 5 means true"),
    ],
)
def test_the_words_are_trusted_over_the_number_and_that_is_told(
    given: tuple[str, ...], told: str
) -> None:
    read = rating(*given)
    assert read.verdict is SHARED.verdict(given[0])
    assert len(read.warnings) == 1
    assert told in read.warnings[0]


@pytest.mark.parametrize(
    "given",
    [
        ("False", "2", "6", "1"),  # one step of six
        ("Pants on Fire", "0", "6", "0"),
        ("Mostly True", "2", "2", "0"),  # no step is nearer on a scale of three
        ("Misleading", "1", "5", "1"),
        ("Unproven", "3", "5", "1"),
        ("Satire", "5", "5", "1"),
    ],
)
def test_a_number_that_is_near_or_says_nothing_is_no_disagreement(given: tuple[str, ...]) -> None:
    assert rating(*given).warnings == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("7", "5", "1"), "The rating 7 lies outside its scale, 1 to 5"),
        (("0", None, None), "The rating 0 lies outside its scale, 1 to 5"),
        (("-1", "5", "1"), "lies outside its scale"),
        (("1", "1", "1"), "which has one step: its number says nothing"),
        (("0", "0", "0"), "which has one step"),
        (("-1", "-1", "-1"), "neither words nor a number"),
    ],
)
def test_a_number_without_a_sane_scale_gives_no_verdict(
    given: tuple[str | None, ...], told: str
) -> None:
    alone = rating(None, *given)
    assert alone.verdict is None
    assert told in alone.warnings[0]
    assert rating("Falso", *given).verdict is Verdict.FALSE


def test_a_rating_in_words_alone_leaves_no_number() -> None:
    assert rating("Falso", "-1", "-1", "-1") == Rating("Falso", None, None, None, Verdict.FALSE, ())


def test_a_verdict_from_a_number_alone_is_told() -> None:
    assert rating(None, "1", "5", "1").warnings == (
        "The rating has no words: false was read from its number alone.",
    )
    assert rating("Sunk", "1", "5", "1").warnings == (
        'The rating "Sunk" is in no vocabulary: false was read from its number alone.',
    )
    assert rating("Sunk").warnings == (
        'The rating "Sunk" is in no vocabulary, so it gives no verdict.',
    )
    assert rating(None) == Rating(None, None, None, None, None, ())


@pytest.mark.parametrize("number", ["1e5", "9" * 400, "NaN", "five", "1/5", "٣", "1.2.3"])
def test_what_is_no_number_is_told_and_left_out(number: str) -> None:
    read = rating("False", number, "5", "1")
    assert read.value is None
    assert "is no number" in read.warnings[0]
