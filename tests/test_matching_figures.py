"""Figures of two texts that may be one, in whatever way they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.matching.figures import figures_agree, figures_of
from tests.conftest import Run


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.2 million people fled", "1,200,000 people fled"),
        ("1.2m", "1.2 million"),
        ("$3bn", "3 billion dollars"),
        ("5k", "5,000"),
        ("2 dozen", "24"),
        ("3 mil millones de euros", "3 billion euros"),
        ("5 hundred thousand people", "500,000 people"),
        ("5 hundred", "500"),
        ("3 lakh", "300,000"),
        ("3 mld euro", "3 billion euros"),
        ("1.2\u00a0million", "1,200,000"),
        ("1.2  million", "1 200 000".replace(" ", "\u2009")),
        ("5 milho\u0303es", "5,000,000"),
        ("900.000 people", "900,000 people"),
        ("1 200 000", "1,200,000"),
        ("1'200'000", "1200000"),
        ("1.234,5", "1,234.5"),
        ("3,5 Mio.", "3.5 million"),
        ("3 milhões", "3 million"),
        ("12,5 %", "12.5%"),
        ("3.0", "3"),
        ("on 5 May 2020", "2020-05-05"),
        ("05/05/2020", "5.5.2020"),
        ("5m", "5 million"),
        ("5m", "5 metres"),
        ("12 died in 2019", "12 died"),
        ("on May 5 300 people", "300 people"),
    ],
)
def test_figures_that_may_be_the_same_agree(one: str, other: str) -> None:
    assert figures_agree(figures_of(one), figures_of(other))
    assert figures_agree(figures_of(other), figures_of(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 died", "14 died"),
        ("1,2 Millionen", "12 Millionen"),
        ("30 million", "30 billion"),
        ("900 died", "1,900 died"),
        ("1.5", "15"),
        ("1,200", "1,201"),
        ("5 July 2020", "6 July 2020"),
        ("12 died in 2019", "14 died in 2019"),
    ],
)
def test_figures_that_are_others_do_not(one: str, other: str) -> None:
    assert not figures_agree(figures_of(one), figures_of(other))


@given(st.text(alphabet="0123456789.,' \u00a0-kmbn²३", max_size=60))
def test_any_text_has_figures_that_agree_with_themselves(text: str) -> None:
    assert figures_agree(figures_of(text), figures_of(text))


def test_a_repeat_with_its_figure_in_another_spelling_is_shown(ok: Run) -> None:
    """As it would not be with another figure."""

    def add(figure: str) -> str:
        statement = f"{figure} people have fled Korun by boat since the dam burst in December"
        source = "https://example.org/1"
        return ok("claim", "add", statement, "--source", source, "--speaker", "Lena Vogt").err

    said = [add(figure) for figure in ("1.2 million", "1,200,000", "1.4 million")]
    assert ["looks like claim 1" in each for each in said] == [False, True, False]
