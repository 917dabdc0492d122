"""Which claim a text repeats: what counts for it and against it, and how sure it is."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.matching.coefficients import CALIBRATION, PAIRS, SCORE
from claimtrack.matching.features import FEATURES, Candidate, Query, Weights, features
from claimtrack.matching.model import EVIDENCE, THRESHOLD, Ranked, rank

#: A desk's claims, each with the title of a published fact-check where it has one.
CLAIMS = (
    ("The Kesh dam burst on Monday and killed 40 people.", "Did the Kesh dam burst?"),
    ("The Kesh dam burst on Monday and killed 900 people.", ""),
    ("Governor Ana Ruiz closed every school in Orsk.", "Has Ana Ruiz closed the schools?"),
    ("A video shows a shark swimming through a flooded street.", "Shark on a street in Orsk?"),
    ("Drinking hot water cures malaria.", "Does hot water cure malaria?"),
    ("The harvest of wheat fell by half in 2019.", ""),
    ("Orsk will host the summer games.", "Are the summer games coming to Orsk?"),
    ("The central bank printed 3 million notes without numbers.", ""),
    ("Soldiers sold blankets of the relief agency at the market.", "Blankets for sale"),
    ("A hospital in Orsk refused a woman in labour.", "Was a woman in labour turned away?"),
)
CANDIDATES = [Candidate(statement, (title,)) for statement, title in CLAIMS]
FREQUENCIES = {
    word: sum(word in candidate.kinds for candidate in CANDIDATES)
    for candidate in CANDIDATES
    for word in candidate.kinds
}
WEIGHTS = Weights(len(CLAIMS), FREQUENCIES)
AVERAGE = sum(candidate.length for candidate in CANDIDATES) / len(CANDIDATES)


def ranked(text: str) -> list[Ranked]:
    return rank(Query(text), CANDIDATES, WEIGHTS, AVERAGE)


def of(text: str, place: int) -> dict[str, float]:
    values = features(Query(text), CANDIDATES, WEIGHTS, AVERAGE)[place]
    return dict(zip(FEATURES, values, strict=True))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("OMG there is a SHARK in the street!!! pic.twitter.com/abc1 #OrskFlood", 3),
        ("hot water is a cure for malaria, doctors hate it", 4),
        ("Ruiz, our governor, is closing all schools", 2),
        ("relief blankets being sold by soldiers", 8),
        ("woman in labor refused by a hospital", 9),
        ("at least 900 dead after the dam burst at Kesh", 1),
        ("40 dead after the dam burst at Kesh", 0),
        ("wheat harvets halved?", 5),
    ],
)
def test_the_claim_that_a_text_repeats_comes_first(text: str, place: int) -> None:
    first = ranked(text)[0]
    assert first.place == place
    assert first.probability > THRESHOLD


def test_a_text_about_something_else_matches_nothing() -> None:
    assert ranked("A cat was rescued from a tree this morning")[0].probability < THRESHOLD


def test_the_likeliest_comes_first_and_what_says_the_same_with_it() -> None:
    # What says the same as the first has not the first for its rival, as what is between them has.
    claims = [
        ("The Kesh dam burst on Monday because of an earthquake near the border.", ""),
        ("The Kesh dam was blown up by soldiers near the border on Monday.", ""),
        ("The Kesh dam burst on Monday because of an earthquake.", ""),
    ]
    more = [Candidate(*claim) for claim in claims]
    text = "the Kesh dam burst because of an earthquake near the border, soldiers say"
    found = rank(Query(text), [*CANDIDATES, *more], WEIGHTS, AVERAGE)
    chances = [one.probability for one in found]
    assert chances == sorted(chances, reverse=True)
    assert [one.place - len(CLAIMS) for one in found[:2]] == [0, 2]


def test_a_claim_that_says_part_of_another_is_no_rival_of_it() -> None:
    longer = (f"{CLAIMS[3][0][:-1]}, a resident of the harbour said on Monday.", "")
    text = "a shark swimming through a flooded street on video"
    (first, second, *_) = rank(Query(text), [*CANDIDATES, Candidate(*longer)], WEIGHTS, AVERAGE)
    assert {first.place, second.place} == {3, len(CLAIMS)}
    assert second.probability > THRESHOLD


def test_the_same_words_with_another_figure_are_another_claim() -> None:
    alone = [one for one in CANDIDATES if one is not CANDIDATES[1]]
    said = "The Kesh dam burst on Monday and killed {} people"
    assert rank(Query(said.format(40)), alone, WEIGHTS, AVERAGE)[0].probability > THRESHOLD
    assert rank(Query(said.format(700)), alone, WEIGHTS, AVERAGE)[0].probability < THRESHOLD
    # No other figures are those of a link, a day, a count of posts, or a year where none is told.
    for more in ("https://t.co/7dCE", "5 March 2021", "on the 2nd", "1/3", "Covid-19", "in 2021"):
        found = rank(Query(f"{said.format(40)} {more}"), alone, WEIGHTS, AVERAGE)
        assert found[0].probability > THRESHOLD, more
    # A post that tells more has figures of its own.
    more = f"{said.format(40)}, says my cousin who lives at number 17 by the old mill in Orsk"
    assert rank(Query(more), alone, WEIGHTS, AVERAGE)[0].probability > THRESHOLD


@pytest.mark.parametrize(
    "text", ["Last year was the hottest ever measured", "percent", "Ward six has two nurses"]
)
def test_among_few_claims_one_is_likely_only_if_most_words_are_shared(text: str) -> None:
    few = [
        Candidate("Rents rose by 14 percent last year"),
        Candidate("A dog was shot"),
        Candidate("Ward six had no oxygen"),
    ]
    weights = Weights(3, {word: 1 for one in few for word in one.kinds})
    assert rank(Query(text), few, weights, AVERAGE)[0].probability < THRESHOLD
    found = rank(Query("rents have risen by 14 percent in a year"), few, weights, AVERAGE)
    assert found[0].place == 0
    assert found[0].probability > THRESHOLD


def test_a_claim_on_record_repeats_another_less_likely_than_a_text_that_is_looked_for() -> None:
    query = Query("a shark swam through a street under water")
    looked_for = rank(query, CANDIDATES, WEIGHTS, AVERAGE)[0]
    on_record = rank(query, CANDIDATES, WEIGHTS, AVERAGE, on_record=True)[0]
    assert looked_for.score == on_record.score
    assert looked_for.probability > on_record.probability


def test_why_tells_the_shared_words_with_the_rarest_first() -> None:
    why = ranked("shark in flooded Orsk street")[0].why
    assert [word for word, _ in why] == ["flooded", "shark", "street", "orsk"]
    weights = [weight for _, weight in why]
    assert weights == sorted(weights, reverse=True)


def test_other_figures_speak_against_a_claim() -> None:
    text = "the dam burst and 900 died"
    assert of(text, 0)["numbers_differ"] == 1
    assert of(text, 1)["numbers_differ"] == 0
    assert of(text, 1)["numbers"] > 0
    assert of("the dam burst", 0)["number_missing"] == 1


def test_a_title_is_further_text_of_a_claim() -> None:
    assert of("woman turned away", 9)["other"] > 0
    bare = Candidate(CLAIMS[9][0])
    without = features(Query("woman turned away"), [bare], WEIGHTS, AVERAGE)[0]
    assert of("woman turned away", 9)["best_covered"] > without[FEATURES.index("best_covered")]


def test_who_posted_it_is_told_apart_from_what_it_says() -> None:
    text = "Schools are closed now — Ana Ruiz (@GovRuiz) March 5, 2020"
    query = Query(text)
    assert "ruiz" in query.signature
    assert "ruiz" not in query.body.kinds
    assert ranked(text)[0].place == 2


def test_a_text_that_is_a_signature_alone_is_read_as_a_text() -> None:
    assert Query(" — Ana Ruiz (@GovRuiz) March 5, 2020").body.stems


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("the dam — A Neighbour (@next_door) March 5, 2020", None),
        ("the dam, on 5 March 2020", None),
        ("the dam", dt.date(2020, 3, 5)),
    ],
)
def test_a_claim_of_those_days_is_likelier_and_others_are_not_less_so(
    text: str, day: dt.date | None
) -> None:
    def near(*days: dt.date) -> float:
        candidate = Candidate(CLAIMS[0][0], days=days)
        values = features(Query(text, day=day), [candidate], WEIGHTS, AVERAGE)[0]
        return values[FEATURES.index("day")]

    same, later, years = dt.date(2020, 3, 5), dt.date(2020, 3, 15), dt.date(2009, 1, 1)
    assert near(same) == 1
    assert near(later) == 0.5
    assert near(years, later) == 0.5
    assert near() == 0
    assert 0 < near(years) < 0.01
    assert features(Query("the dam"), [Candidate("a dam", days=[same])], WEIGHTS, 1)[0][-1] == 0


def test_days_far_apart_change_nothing() -> None:
    dated = [Candidate(claim, (title,), days=[dt.date(2020, 3, 5)]) for claim, title in CLAIMS]
    text = "a shark swam through a street"
    without = rank(Query(text), dated, WEIGHTS, AVERAGE)
    far = rank(Query(text, day=dt.date(1950, 1, 1)), dated, WEIGHTS, AVERAGE)
    assert [one.place for one in far] == [one.place for one in without]
    assert far[0].probability == pytest.approx(without[0].probability, abs=0.001)
    near = rank(Query(text, day=dt.date(2020, 3, 6)), dated[3:4], WEIGHTS, AVERAGE)
    assert near[0].score > far[0].score + 1


def test_a_day_that_can_be_read_in_two_ways_or_is_none_counts_for_nothing() -> None:
    for text in ("on 03/04/2020", "on 2020-02-31", "in March 2020", "https://a.org/2020-03-05/x"):
        assert Query(f"the dam burst {text}").days == frozenset()
    assert Query("on 2020-03-05 and on 6 March 2020").days == {
        dt.date(2020, 3, 5),
        dt.date(2020, 3, 6),
    }


def test_a_typing_error_still_counts() -> None:
    assert of("malarria", 4)["similar"] > 0
    assert of("banana", 4)["similar"] == 0


def test_a_name_weighs_as_a_name() -> None:
    assert of("an affair at Kesh on Monday", 0)["names"] == 1
    assert 0 < of("the Kesh affair", 0)["names"] < 1
    assert of("an affair", 0)["names"] == 0


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    weights = Weights(1_000_000, {"said": 400_000, "zebra": 3})
    assert 0 < weights["said"] < weights["zebra"] < weights["unheard"] == 1


def test_the_model_has_a_number_for_every_feature_and_each_counts_its_way() -> None:
    assert list(SCORE) == list(FEATURES)
    assert list(CALIBRATION) == list(PAIRS) == ["constant", *EVIDENCE]
    assert {name for name, value in SCORE.items() if value < 0} <= {
        "numbers_differ", "number_missing", "length",
    }  # fmt: skip
    assert all(CALIBRATION[name] > 0 for name in ("score", "lead"))


def test_without_candidates_there_is_no_match() -> None:
    assert rank(Query("anything"), [], Weights(0, {}), 1.0) == []


@given(st.text(), st.lists(st.tuples(st.text(), st.lists(st.text(), max_size=2)), max_size=3))
def test_whatever_texts_there_are_they_are_ranked(
    text: str, claims: list[tuple[str, list[str]]]
) -> None:
    found = rank(Query(text), [Candidate(*claim) for claim in claims], WEIGHTS, AVERAGE)
    assert sorted(one.place for one in found) == list(range(len(claims)))
    assert all(0 <= one.probability <= 1 for one in found)
