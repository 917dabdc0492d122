"""The script that learns the model's numbers, and the ways it is set against, on claims of ours."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from claimtrack.matching import coefficients
from claimtrack.matching.coefficients import CALIBRATION, PAIRS, SCORE
from claimtrack.matching.model import THRESHOLD
from tests.benchmarks.matching import evaluate, fit, others, sentences
from tests.benchmarks.matching.collection import Claim, Collection, Post

_PLACES = ("Orsk", "Kesh", "Qasr", "Tolm", "Vard", "Zelno", "Brisk", "Umbra")
_EVENTS = (
    ("dam burst and killed 40 people", "dozens dead, the dam gave way"),
    ("school was closed by the mayor", "mayor closes another school"),
    ("hospital refused a woman in labour", "pregnant woman turned away by doctors of the hospital"),
    ("harvest of wheat fell by half", "wheat harvests halved"),
    ("bank printed notes without numbers", "they print notes with no numbers on them"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A collection of 40 claims, each repeated by a post."""
    claims, posts = [], []
    for place in _PLACES:
        for number, (event, said) in enumerate(_EVENTS):
            name = f"{place}-{number}"
            claims.append(
                {"id": name, "vclaim": f"In {place} the {event}.", "title": f"{place}: is it so?"}
            )
            posts.append({"id": name, "text": f"OMG {said} in {place}!!", "rel": [name]})
    for name, rows in (("docs", claims), ("train", posts), ("dev", posts[::3])):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_same_data_give_the_same_numbers_in_the_form_of_the_module(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "STEPS", 15)
    printed = []
    for _ in range(2):
        fit.main(["--data", str(folder)])
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    quality, _, written = printed[0].partition('"""')
    assert quality.count("MAP@5") == 6
    learnt: dict[str, dict[str, float]] = {}
    exec('"""' + written, learnt)
    assert list(learnt["SCORE"]) == list(SCORE)
    assert list(learnt["CALIBRATION"]) == list(learnt["PAIRS"]) == list(CALIBRATION)
    assert all(value <= 0 for name, value in learnt["SCORE"].items() if name in fit.AGAINST)


def test_the_module_is_what_the_script_writes() -> None:
    written = Path(str(coefficients.__file__)).read_text(encoding="utf-8")
    origin = written.split("Learnt from ", 1)[1].split('.\n"""', 1)[0]
    learnt = {"SCORE": SCORE, "CALIBRATION": CALIBRATION, "PAIRS": PAIRS}
    assert fit.source(learnt, origin) == written


def test_each_way_of_finding_is_printed_with_its_quality(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main(["--data", str(folder)])
    printed = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in printed[2:]] == ["plain BM25", "claimtrack"]
    assert float(printed[3].split()[1]) > 0.9


CLAIMS = Collection(
    [Claim("Hot water cures malaria", ()), Claim('The "old" dam burst', ()), Claim("A shark", ())]
)


def test_full_text_search_answers_whatever_is_asked_and_leaves_out_what_it_is_told_to() -> None:
    find = others.by_fts5(CLAIMS)
    assert [place for place, _ in find('the "dam" OR * NEAR( bursts', frozenset())] == [1]
    assert find("dam", frozenset([1])) == []
    assert find("!?", frozenset()) == []


def test_ts_rank_does_the_same_on_a_server() -> None:
    with others.by_ts_rank(CLAIMS) as find:
        assert [place for place, _ in find("the dam' & | bursts", frozenset())] == [1]
        assert find("dam", frozenset([1])) == []
        assert find("!?", frozenset()) == []


def test_a_threshold_is_learnt_where_it_tells_best() -> None:
    posts = [Post("hot water and malaria", frozenset([0])), Post("a shark", frozenset([2]))]
    one = evaluate.run(evaluate.ours(CLAIMS), posts)
    assert min(one.kept) > THRESHOLD > max(one.removed)
    best = evaluate.best_threshold(one)
    assert evaluate.telling(one.kept, one.removed, best).f1 == 1


def test_spoken_sentences_are_statements_said_otherwise(tmp_path: Path) -> None:
    liar = tmp_path / "train.tsv"
    rows = [["1", "false", f"Statement number {at} is about taxes", "x", "me"] for at in range(30)]
    liar.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    claims, posts = sentences.speech(liar)
    assert sentences.speech(liar)[1] == posts
    assert 20 < len(posts) <= 30
    said = [claims.claims[place].statement for post in posts for place in post.right]
    assert all(post.text != text for post, text in zip(posts, said, strict=True))
