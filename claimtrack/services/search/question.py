"""A search as it is carried out."""

from __future__ import annotations

from typing import NamedTuple

from claimtrack.searching.query import Node


class Taken(NamedTuple):
    """A word that no claim has, and one that was looked for instead; ``begins``: all like it.

    With ``beside`` there are claims that have it, but none with the other words, too.
    """

    typed: str
    instead: str
    begins: bool = False
    beside: bool = False


class Question(NamedTuple):
    """What is looked for, and which words stand in it for those that were typed.

    ``languages`` are those of the claims. ``waiting`` are claims whose postings are yet to be
    made: they are read themselves, if they are not ``too_many``.
    """

    node: Node
    languages: tuple[str, ...]
    taken: tuple[Taken, ...] = ()
    waiting: tuple[int, ...] = ()
    too_many: bool = False
