"""Verdict labels of other houses, and which verdict of ours each stands for.

A vocabulary is a TOML file; those of houses with words of their own stand in ``labels/``, and a
partner's can be given with ``--verdicts FILE``. It has the lists of labels by verdict::

    publisher = "Example Desk"        # whose labels these are
    also = ["example.org"]            # other names and addresses of that house
    [verdicts]
    false = ["Made Up", "Nonsense"]
    mostly_true = "Nearly There"
    none = ["Satire"]                 # kept as the house's rating, without a verdict

Labels are compared without regard to case, accents, spaces and punctuation: "pants-on-fire" and
"Pants on Fire!" are one label, and so are "False" and "Rating: False". Pure, but for reading those
files.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from claimtrack.errors import InvalidDataError
from claimtrack.keys import word_key
from claimtrack.vocab import Verdict, underscored

FOLDER = Path(__file__).with_name("labels")
#: The vocabulary for houses that have none of their own.
GENERAL = "general"
#: The word of a vocabulary for labels that are kept without a verdict.
NO_VERDICT = "none"
#: A vocabulary is written by hand; more bytes than this are another file, given by mistake.
MOST_BYTES = 1_000_000
_MOST_LABEL = 500
#: What some write before a label, as in "Rating: False".
_BEFORE = re.compile(
    r"^\s*(?:(?:our|the|final) )?(?:determination|rating|verdict|conclusion|ruling|finding|label)"
    r"(?: is)?\s*[:：–—-]\s*",
    re.IGNORECASE,
)


class Labels:
    """The labels that hold for one house: its own, and below them those that many share."""

    def __init__(self, *layers: Mapping[str, Verdict | None]) -> None:
        self._layers = layers

    def known(self, label: str) -> bool:
        """Whether a vocabulary has the label, be it without a verdict."""
        return self._found(label) is not None

    def verdict(self, label: str) -> Verdict | None:
        """The verdict that the label stands for; None for one without, and for one not known."""
        found = self._found(label)
        return found[0] if found else None

    def _found(self, label: str) -> tuple[Verdict | None] | None:
        """What the label stands for; without the word for a label before it, if it has one."""
        for words in (label, _BEFORE.sub("", label, count=1)):
            key = _key(words)
            for layer in self._layers:
                if key in layer:
                    return (layer[key],)
        return None


def load_labels(publisher: str | None = None, path: Path | None = None) -> Labels:
    """The labels that hold for a publisher: a partner's file, its own vocabulary, the general one.

    ``publisher`` is a name or the host of an address, in any spelling; one without a vocabulary of
    its own gets the general one. ``path`` is a file of a partner, whose labels come first.

    Raises InvalidDataError for a file that isn't there or isn't a vocabulary.
    """
    layers: list[Mapping[str, Verdict | None]] = []
    if path is not None:
        layers.append(read_vocabulary(path))
    if publisher is not None:
        key = _key(publisher.strip().lower().removeprefix("www."))
        layers += [_vocabulary(name) for name in (_by_publisher().get(key),) if name]
    return Labels(*layers, _vocabulary(GENERAL))


def publishers() -> list[str]:
    """The houses with a vocabulary of their own, as they write themselves."""
    return sorted(str(_toml(path)["publisher"]) for path in _own_files())


def read_vocabulary(path: Path) -> dict[str, Verdict | None]:
    """The labels of one file, by their key.

    Raises InvalidDataError that names the file, and the label or word in it that is wrong.
    """
    read: dict[str, Verdict | None] = {}
    written: dict[str, str] = {}
    for word, label in _labels(path, _toml(path)):
        key = _key(label)
        if not key:
            raise InvalidDataError(f"{path.name} has an empty label under {word}: take it out.")
        if key in read:
            raise InvalidDataError(
                f'{path.name} has the label "{label}" twice (as "{written[key]}" before): case,'
                " accents and punctuation don't count, so keep one of them."
            )
        read[key] = None if word == NO_VERDICT else Verdict(word)
        written[key] = label
    return read


def _key(label: str) -> str:
    """The folded letters and digits of a label; of one without any, its signs."""
    try:
        return word_key(label[:_MOST_LABEL])
    except InvalidDataError:
        return ""


def _labels(path: Path, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each label of a file, with the word that it stands under."""
    strange = content.keys() - {"publisher", "also", "verdicts"}
    if strange:
        raise InvalidDataError(
            f'{path.name} has "{min(strange)}", which no vocabulary has: it holds publisher, also'
            " and the lists of labels under [verdicts]."
        )
    if not isinstance(content.get("publisher", ""), str):
        raise InvalidDataError(f"The publisher in {path.name} must be a text.")
    list(_texts(path, "also", content.get("also", [])))
    verdicts = content.get("verdicts")
    if not isinstance(verdicts, dict) or not verdicts:
        raise InvalidDataError(
            f"{path.name} has no labels: write them by verdict under [verdicts],"
            ' such as false = ["Made Up"].'
        )
    for written, labels in verdicts.items():
        word = underscored(written)
        if word != NO_VERDICT and word not in set(Verdict):
            shown = next(_texts(path, written, labels), "")
            raise InvalidDataError(
                f'{path.name} puts "{shown}" under "{written}", which is no verdict: write one of'
                f" {', '.join(Verdict)} or {NO_VERDICT}."
            )
        yield from ((word, label) for label in _texts(path, written, labels))


def _texts(path: Path, name: str, value: object) -> Iterator[str]:
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            raise InvalidDataError(
                f"{path.name} has something else than a text under {name}: write each label in"
                " quotation marks."
            )
        yield text


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidDataError(f"{path} can't be read: {error.strerror}.") from error
    if len(content) > MOST_BYTES:
        raise InvalidDataError(f"{path.name} is no vocabulary: it holds more than a megabyte.")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidDataError(f"{path.name} is not in UTF-8: save it as that.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidDataError(f"{path.name} is no TOML file: {told}.") from error


def _own_files() -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.toml")) if path.stem != GENERAL]


@functools.cache
def _vocabulary(name: str) -> Mapping[str, Verdict | None]:
    return read_vocabulary(FOLDER / f"{name}.toml")


@functools.cache
def _by_publisher() -> Mapping[str, str]:
    """The vocabularies that come along, by every name of their houses."""
    found: dict[str, str] = {}
    for path in _own_files():
        content = _toml(path)
        for name in (content["publisher"], *content.get("also", ())):
            found[_key(name)] = path.stem
    return found
