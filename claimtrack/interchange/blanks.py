"""Cells that say that there is nothing: "n/a", "null", "-". Pure."""

from __future__ import annotations

from collections.abc import Mapping

from claimtrack.written_dates import is_blank, is_blank_date

#: No longer text says so.
_LONGEST = 16
#: How those begin that do. Most cells are told by their first character not to.
_BEGIN = frozenset("-–—−.?/#＃nNuUtTiIdDsSoO0")
#: The fields that are dates.
DATES = ("said_on", "published", "reviewed_on", "figure_on", "figure_since")


def is_nothing(field: str, text: str) -> bool:
    """Whether a value of the field stands for none.

    A speaker that is nobody is left to `claimtrack.interchange.placeholders`, and "unknown" is a
    rating of some houses.
    """
    if len(text) > _LONGEST or text[:1] not in _BEGIN or field == "speaker":
        return False
    if field in DATES:
        return is_blank_date(text)
    return is_blank(text) and not (field == "rating" and text.strip().casefold() == "unknown")


def merged(constants: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The values of a row, and of the constants those of fields that have nothing in it."""
    return {
        **values,
        **{
            field: constant
            for field, constant in constants.items()
            if field not in values or is_nothing(field, values[field])
        },
    }
