"""Parameter types of the command line: words, ranges of ids, addresses of appearances."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import click

from claimtrack.vocab import hyphenated, underscored

#: No desk marks more claims than this in one go by hand; a typo such as 1-999999999 is likelier.
MAX_IDS = 10_000


class Words(click.ParamType[Any]):
    """One word of a vocabulary; hyphens and underscores are the same, and so is case."""

    def __init__(self, *words: str, name: str = "word") -> None:
        self.name = name
        self.words = tuple(words)

    @classmethod
    def of(cls, vocabulary: type[StrEnum]) -> Words:
        """The words of a `StrEnum`."""
        return cls(*(word.value for word in vocabulary), name=vocabulary.__name__.lower())

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """The words, as people type them."""
        return f"[{'|'.join(hyphenated(word) for word in self.words)}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The stored spelling of the word."""
        word = underscored(str(value))
        if word not in self.words:
            listed = ", ".join(hyphenated(known) for known in self.words)
            self.fail(f"{value!r} is none of {listed}.", param, ctx)
        return word

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """The words that begin like this."""
        from click.shell_completion import CompletionItem

        return [
            CompletionItem(hyphenated(word))
            for word in self.words
            if word.startswith(underscored(incomplete))
        ]


class ClaimIds(click.ParamType[Any]):
    """One id, or several: ``3``, ``1-6,9``."""

    name = "ids"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[int]:
        """The ids, in the order given."""
        ids: list[int] = []
        for part in str(value).split(","):
            match = re.fullmatch(r"\s*(\d{1,18})(?:\s*-\s*(\d{1,18}))?\s*", part, re.ASCII)
            if match is None:
                self.fail(f"{value!r} is no id. Write one number, or several as 1-6,9.", param, ctx)
            first = int(match[1])
            last = int(match[2] or first)
            if last < first or last - first >= MAX_IDS:
                self.fail(f"The range {part.strip()!r} is empty or too long.", param, ctx)
            ids.extend(range(first, last + 1))
        return ids


class AppearanceId(click.ParamType[Any]):
    """The address of an appearance: ``14.1`` is the first one of claim 14."""

    name = "appearance"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """The claim's id and the number of the appearance."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,18})\.(\d{1,9})", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is no appearance. Write it as 14.1.", param, ctx)
        return int(match[1]), int(match[2])


class DisputeId(click.ParamType[Any]):
    """A claim, or one objection or challenge on it: ``14``, ``14.2``."""

    name = "id"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        """The claim's id, and the number of the objection or challenge if it is given."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{1,18})(?:[.#](\d{1,9}))?", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is no id. Write a claim's number, or 14.2.", param, ctx)
        return int(match[1]), int(match[2]) if match[2] else None


class Id(click.ParamType[Any]):
    """One id."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The id as a number."""
        if not re.fullmatch(r"\d{1,18}", str(value), re.ASCII):
            self.fail(f"{value!r} is no id. Write a number.", param, ctx)
        return int(value)


def flatten(groups: tuple[list[int], ...]) -> list[int]:
    """Several `ClaimIds` arguments as one list, each id once, in the order given."""
    return list(dict.fromkeys(number for group in groups for number in group))
