"""What the rating of a published fact-check means: its label, and its number on its scale.

Pure. A reviewRating (schema.org/Rating) has a text, ``alternateName``, and a number between
``worstRating`` and ``bestRating``, which are 1 and 5 where they aren't given. Houses fill in the
numbers in many ways, and some by mistake; the text is what their readers see. So the text is
trusted, and a number that says something else is only warned about.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from claimtrack.interchange.labels import Labels
from claimtrack.vocab import Verdict

#: The bounds of a scale whose bounds aren't given (schema.org/Rating).
WORST, BEST = Decimal(1), Decimal(5)

#: How true each verdict is that is a degree of truth: 0 for the worst rating, 1 for the best.
DEGREES = {
    Verdict.FALSE: Decimal("0"),
    Verdict.MOSTLY_FALSE: Decimal("0.25"),
    Verdict.MIXED: Decimal("0.5"),
    Verdict.MOSTLY_TRUE: Decimal("0.75"),
    Verdict.TRUE: Decimal("1"),
}
#: Verdicts that are no degree of truth, but that no number for "true" goes with.
_NEVER_TRUE = (
    Verdict.MISLEADING,
    Verdict.MISSING_CONTEXT,
    Verdict.ALTERED,
    Verdict.MISCAPTIONED,
    Verdict.OUTDATED,
)
# PolitiFact's six steps put "false" at 0.2 and "half true" at 0.6: less than this is no
# disagreement, and on a coarse scale nothing less than half a step.
_TOLERANCE = Decimal("0.21")
_SENTINEL = Decimal(-1)
_NUMBER = r"[-+−]?[0-9]{1,12}(?:[.,][0-9]{0,12})?"


class Rating(NamedTuple):
    """A rating as it is kept: the house's words and numbers, and what they mean to us."""

    label: str | None
    value: Decimal | None
    best: Decimal | None
    worst: Decimal | None
    verdict: Verdict | None
    warnings: tuple[str, ...]


def read_rating(
    labels: Labels,
    label: str | None,
    value: str | None = None,
    best: str | None = None,
    worst: str | None = None,
) -> Rating:
    """The verdict of a label and of a number on its scale, with what is odd about them.

    A known label decides, even where it stands for no verdict. Without one the number gives a
    verdict, if it lies on a scale that has two ends. A scale that runs the other way (best 1,
    worst 5) is read that way; -1 of -1 to -1 is what houses write that rate in words alone.
    """
    words = (label or "").strip() or None
    warnings: list[str] = []
    value_read = number(value)
    if words is None and value_read is None:
        words = (value or "").strip() or None
    elif value_read is None:
        warnings += _no_number(value, "number")
    best_read, worst_read = number(best), number(worst)
    warnings += _no_number(best, "best number") + _no_number(worst, "worst number")
    if value_read == best_read == worst_read == _SENTINEL:
        value_read = best_read = worst_read = None
        if words is None:
            warnings.append("The rating has neither words nor a number: it gives no verdict.")
    scale = _Scale(value_read, best_read, worst_read)
    degree = scale.degree(warnings)
    if words is not None and labels.known(words):
        verdict = labels.verdict(words)
        if degree is not None and verdict is not None:
            warnings += scale.disagreement(words, verdict, degree)
    else:
        verdict = None if degree is None else _nearest(degree)
        warnings += _without_label(words, verdict)
    return Rating(words, *scale, verdict, tuple(warnings))


def number(text: str | None) -> Decimal | None:
    """A number as people type it: "5", "5.0", "5,0", "-1"; None for anything else."""
    match = re.fullmatch(_NUMBER, (text or "").strip())
    return Decimal(match[0].replace(",", ".").replace("−", "-")) if match else None


def _no_number(text: str | None, what: str) -> list[str]:
    if number(text) is not None or not (text or "").strip():
        return []
    return [f'The {what} of the rating, "{_short(text or "")}", is no number.']


class _Scale(NamedTuple):
    """A number and the two ends of the scale that it is on, as far as they are given."""

    value: Decimal | None
    best: Decimal | None
    worst: Decimal | None

    def ends(self) -> tuple[Decimal, Decimal]:
        """The worst and the best number."""
        return (
            WORST if self.worst is None else self.worst,
            BEST if self.best is None else self.best,
        )

    def degree(self, warnings: list[str]) -> Decimal | None:
        """How true the number says it is, from 0 to 1; None where its scale says nothing."""
        if self.value is None:
            return None
        worst, best = self.ends()
        if best == worst:
            warnings.append(
                f"The rating {_plain(self.value)} is on a scale from {_plain(worst)} to"
                f" {_plain(best)}, which has one step: its number says nothing."
            )
            return None
        degree = (self.value - worst) / (best - worst)
        if not 0 <= degree <= 1:
            warnings.append(
                f"The rating {_plain(self.value)} lies outside its scale, {_plain(worst)} to"
                f" {_plain(best)}: its number says nothing."
            )
            return None
        return degree

    def disagreement(self, label: str, verdict: Verdict, degree: Decimal) -> list[str]:
        """What to say where words and number mean different things."""
        worst, best = self.ends()
        tolerance = max(_TOLERANCE, Decimal("0.51") / abs(best - worst))
        said = _nearest(degree)
        if verdict in DEGREES:
            apart = abs(degree - DEGREES[verdict]) > tolerance
        else:
            apart = verdict in _NEVER_TRUE and said is Verdict.TRUE
        if not apart or self.value is None:
            return []
        return [
            f'The rating says "{_short(label)}", but its number {_plain(self.value)} means'
            f" {_said(said)}: the words were trusted."
        ]


def _without_label(label: str | None, verdict: Verdict | None) -> list[str]:
    """What to say of a rating whose words decide nothing."""
    if label is None:
        if verdict is None:
            return []
        return [f"The rating has no words: {_said(verdict)} was read from its number alone."]
    if verdict is None:
        return [f'The rating "{_short(label)}" is in no vocabulary, so it gives no verdict.']
    return [
        f'The rating "{_short(label)}" is in no vocabulary:'
        f" {_said(verdict)} was read from its number alone."
    ]


def _said(verdict: Verdict) -> str:
    return verdict.value.replace("_", " ")


def _nearest(degree: Decimal) -> Verdict:
    return min(DEGREES, key=lambda verdict: abs(DEGREES[verdict] - degree))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"
