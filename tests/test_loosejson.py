"""JSON as it is found in pages: exact where it is valid, mended where it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.interchange.limits import DEEPEST_VALUE
from claimtrack.interchange.loosejson import CutOffError, Found, NotJsonError, _Patient, read_value

#: Without a colon no text can look as if it had swallowed what follows it.
TEXTS = st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXTS
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=12,
)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_valid_json_is_read_as_it_is(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read_value(text) == Found(value, len(text), mended=False)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_the_patient_reader_reads_valid_json_the_same(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps({"it": value}, indent=indent, ensure_ascii=ascii_only)
    assert _Patient(text, whole=True).value(0, 0) == ({"it": value}, len(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "He said "no" and left", "b": 1}', {"a": 'He said "no" and left', "b": 1}),
        ('{"a": ""No", he said"}', {"a": '"No", he said'}),
        ('{"a": "the "last" one"\n, "b": "x"}', {"a": 'the "last" one', "b": "x"}),
        ('{"a": "he said "stop""}', {"a": 'he said "stop"'}),
        ('{"a": "x "y", "z" and w", "b": "c"}', {"a": 'x "y", "z" and w', "b": "c"}),
        ('{"a": ["one "two" three", "four"]}', {"a": ['one "two" three', "four"]}),
        ('{"a": [1, 2,], "b": 3,}', {"a": [1, 2], "b": 3}),
        ('{"a": 1 "b": 2}', {"a": 1, "b": 2}),
        ('{"a": "one"\n"b": "two"}', {"a": "one", "b": "two"}),
        ('{/* first */ "a": 1, // and\n "b": "http://x.example/y"}',
         {"a": 1, "b": "http://x.example/y"}),
        ('{"a": "x" "b": "y", "c": "z" "d": [1]}', {"a": "x", "b": "y", "c": "z", "d": [1]}),
        ('{"a": "he said "x" "y": no", "b": 1}', {"a": 'he said "x" "y": no', "b": 1}),
        ('{"a": "x", // the first\n "b": "y" /* the * last */}', {"a": "x", "b": "y"}),
        ('{"a": "x" // no comma\n, "b": /* it */ ["y" // z\n, "w" /**/]}',
         {"a": "x", "b": ["y", "w"]}),
        ('{"a": "x" /* one */ /* two */\n, "b": 1}', {"a": "x", "b": 1}),
        ('{"a": "two\nlines"}', {"a": "two\nlines"}),
        ('{"a": NaN, "b": -Infinity, "c": 1e999}', {"a": None, "b": None, "c": None}),
        ('{"a": undefined, "b": True}', {"a": None, "b": True}),
        ('{"a": "it\\\'s"}', {"a": "it's"}),
        ('{"a": "\\ud83d\\ude00 "x" y"}', {"a": '😀 "x" y'}),
        ('{"a": 1' + "0" * 5000 + "}", {"a": None}),
        ('{"a": "b", "c": .5}', None),
    ],
)  # fmt: skip
def test_what_pages_get_wrong_is_mended_and_told(text: str, value: object) -> None:
    if value is None:
        with pytest.raises(NotJsonError):
            read_value(text)
    else:
        assert read_value(text) == Found(value, len(text), mended=True)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1 " + "[" * 60])
def test_deep_json_is_refused(text: str) -> None:
    with pytest.raises(NotJsonError, match=f"{DEEPEST_VALUE} brackets"):
        read_value(text)


def test_a_text_without_its_last_quotation_mark_does_not_swallow_what_follows() -> None:
    with pytest.raises(NotJsonError, match="no quotation mark at its end"):
        read_value('{"a": "The dam,\n "url": "https://x.example/1",\n "b": "c"}')


@pytest.mark.parametrize("text", ["{", '{"a', '{"a"', '{"a":', '{"a": "b', '{"a": "b"', "[1, 2"])
def test_a_value_that_ends_in_the_middle_is_cut_off(text: str) -> None:
    with pytest.raises(CutOffError):
        read_value(text)
    with pytest.raises(CutOffError):
        read_value(text, whole=False)


@pytest.mark.parametrize("text", ["", "}", "<p>", "{a: 1}", '{"a" 1}', "{'a': 1}", "claims"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(NotJsonError):
        read_value(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "' + '" /* ' * 100_000,
        '{"a": "' + '"\n' * 100_000,
        '{"a": "' + '"' + "\n" * 100_000 + "x" + '", ' * 100_000,
        '{"a": "' + '" /* */ ' * 100_000,
        '{"a": "' + '" // \n' * 100_000,
        '{"a": "' + '" "b": ' * 100_000,
        "/*" * 200_000,
        " " * 1_000_000 + "x",
    ],
)
def test_what_is_made_to_be_slow_is_refused_at_once(text: str) -> None:
    with pytest.raises(NotJsonError):
        read_value(text)
