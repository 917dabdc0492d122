"""A CSV file of claims, as many as wanted, the same each time."""

from __future__ import annotations

import csv
import random
from itertools import accumulate
from pathlib import Path

#: For each million rows, so many speakers and sources; a file has some of each at least.
SPEAKERS, SOURCES, PUBLISHERS = 40_000, 200_000, 500
_SYLLABLES = (
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu",
    "va", "we", "xi", "yo", "zu", "bra", "cle", "dri", "flo", "gru", "sta", "tre", "plo",
)  # fmt: skip
_TOPICS = ("roads", "health", "water", "schools", "harbour", "power", "prices", "election")
HEADER = ("id", "statement", "speaker", "source", "source_title", "publisher", "published",
          "said_on", "quote", "topics")  # fmt: skip


def words(dice: random.Random, count: int) -> list[str]:
    """So many different words that can be spoken."""
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4)))] = None
    return list(made)


def write_csv(path: Path, rows: int) -> None:
    """Write the file; a word is the rarer, the later it stands in the vocabulary."""
    dice = random.Random(7)
    vocabulary = words(dice, 30_000)
    weights = list(accumulate(1 / (place + 10) for place in range(len(vocabulary))))
    share = max(rows / 1_000_000, 0.001)
    speakers, sources = int(SPEAKERS * share), int(SOURCES * share)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for number in range(rows):
            said = dice.choices(vocabulary, cum_weights=weights, k=dice.randint(8, 16))
            source = dice.randrange(sources)
            speaker = dice.randrange(speakers)
            day = f"20{source % 20 + 5:02}-{source % 12 + 1:02}-{source % 28 + 1:02}"
            out.writerow(
                (
                    number,
                    f"{' '.join(said).capitalize()} in {1900 + number % 120}",
                    f"{vocabulary[speaker % 9973]} {vocabulary[speaker // 2]}".title(),
                    f"https://www.{vocabulary[source % PUBLISHERS]}.example/news/{source}",
                    f"Report {source} on {vocabulary[source % 29_000]}",
                    f"The {vocabulary[source % PUBLISHERS].title()} Post",
                    day,
                    day,
                    " ".join(said[2:7]),
                    f"{_TOPICS[number % 8]}, {_TOPICS[number % 7]}",
                )
            )
