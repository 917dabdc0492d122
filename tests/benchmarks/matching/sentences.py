"""Texts that are no posts, to see that what was learnt from posts holds for them as well.

Each set is a collection of claims with texts that repeat one of them:

- headlines: the titles of fact-checks, against the statements alone;
- questions: what a checker asked first about a claim (AVeriTeC), against those claims among the
  statements of LIAR;
- speech: statements of LIAR as they might be said: some words left out or in another order, and
  half of them beside another sentence of the same speaker. The speaker's other statements stand in
  the collection.

Nothing is learnt from them: added to what `fit` learns from, they made the ranking of posts worse
and their own no better. Nothing differs between runs.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.matching.collection import Claim, Collection, Post

#: So many texts are taken from each set.
TEXTS = 500
#: A spoken sentence keeps this part of a statement's words.
_KEPT = 0.6


def sets(
    rows: Iterable[dict[str, object]], averitec: Path, liar: Path
) -> dict[str, tuple[Collection, list[Post]]]:
    """Each set by its name."""
    return {
        "headlines": headlines(rows),
        "questions": questions(averitec, liar),
        "spoken sentences": speech(liar),
    }


def headlines(rows: Iterable[dict[str, object]]) -> tuple[Collection, list[Post]]:
    """Titles of fact-checks, and the statements that they check."""
    kept = list(rows)
    chosen = random.Random(1).sample(range(len(kept)), min(TEXTS, len(kept)))
    posts = [
        Post(str(kept[at]["title"]), frozenset([at])) for at in chosen if kept[at].get("title")
    ]
    return Collection([Claim(str(row["vclaim"]), ()) for row in kept]), posts


def questions(averitec: Path, liar: Path) -> tuple[Collection, list[Post]]:
    """Questions about AVeriTeC's claims, which stand among LIAR's statements."""
    checked = json.loads(averitec.read_text(encoding="utf-8"))
    claims = [Claim(row["claim"], ()) for row in checked]
    claims += [Claim(statement, ()) for statement, _ in _said(liar)]
    posts = [
        Post(row["questions"][0]["question"], frozenset([at]))
        for at, row in enumerate(checked[:TEXTS])
        if row["questions"]
    ]
    return Collection(claims), posts


def speech(liar: Path) -> tuple[Collection, list[Post]]:
    """Statements of LIAR as they might be said."""
    said = _said(liar)
    draw = random.Random(2)
    by_speaker: dict[str, list[str]] = {}
    for statement, speaker in said:
        by_speaker.setdefault(speaker, []).append(statement)
    posts = []
    for at in draw.sample(range(len(said)), min(TEXTS, len(said))):
        statement, speaker = said[at]
        spoken = [word for word in statement.split() if draw.random() < _KEPT]
        if draw.random() < 0.5:  # what comes last is said first
            middle = len(spoken) // 2
            spoken = spoken[middle:] + spoken[:middle]
        if draw.random() < 0.5:
            spoken += draw.choice(by_speaker[speaker]).split()
        if spoken:
            posts.append(Post(" ".join(spoken), frozenset([at])))
    return Collection([Claim(statement, ()) for statement, _ in said]), posts


def _said(liar: Path) -> list[tuple[str, str]]:
    with liar.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return list({row[2]: row[4] for row in rows if len(row) > 4}.items())
