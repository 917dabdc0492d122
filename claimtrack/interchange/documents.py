"""The JSON values of a file, one after another, in bounded memory.

A file is one value, several, or one a line (JSON Lines). Of a long list, and of an object that is
a wrapping around one (a data feed, an answer of a search), the elements are given one by one, so
that a file of any size can be read. Pure, but for reading that file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.limits import LONGEST_VALUE, SHOWN
from claimtrack.interchange.loosejson import CutOffError, Found, NotJsonError, read_value, skip
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import Table
from claimtrack.interchange.text import TextFile

#: Lists that are only a wrapping: their elements are read one by one.
WRAPPINGS = ("@graph", "dataFeedElement", "claims", "claimReviewMarkupPages", "itemListElement")
_LIMIT = f"{LONGEST_VALUE:,} characters"
_MENDED = "The JSON was mended to be read: look whether the texts are right."
_CHUNK = 1024 * 1024
_LINES = (".jsonl", ".ndjson", ".jsonlines")


class Document(NamedTuple):
    """A value with the line that it begins on, and whether it had to be mended.

    ``wrapping`` says that it is what was left of an object whose lists were given before,
    ``of_graph`` that it is a node of a graph (``@graph``), which is one document with the others.
    """

    line: int
    value: object
    mended: bool
    wrapping: bool = False
    of_graph: bool = False

    def warnings(self) -> tuple[str, ...]:
        """What to say of each row that is read from it."""
        return (_MENDED,) if self.mended else ()


class Broken(NamedTuple):
    """A stretch of the file that is no JSON: where it begins, why, and its first characters."""

    line: int
    reason: str
    raw: str


def rows_table(
    read: Callable[[], Iterator[Row | Unread]],
    file: TextFile,
    constants: Mapping[str, str] | None,
    nothing: str,
) -> Table:
    """A table without columns, of what ``read`` gives.

    ``constants`` are for rows without a field of that name; ``nothing`` names, in the
    InvalidDataError of a file without a row, what isn't in it.
    """
    fixed = {name: text for name, text in (constants or {}).items() if text.strip()}

    def rows() -> Iterator[Row | Unread]:
        found = False
        for result in read():
            found = True
            if fixed and isinstance(result, Row):
                yield result._replace(fields={**fixed, **result.fields})
            else:
                yield result
        if not found:
            raise InvalidDataError(f"{file.path.name} holds {nothing}: there is nothing to import.")

    return Table([], {}, [], [file.notice] if file.notice != "Read as UTF-8." else [], rows)


def read_documents(path: Path, encoding: str) -> Iterator[Document | Broken]:
    """Every value of a file of JSON or JSON Lines, as far as it can be read.

    What can't be read is a `Broken`: a line of JSON Lines alone, else all that follows it.
    """
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        lines = path.suffix.lower() in _LINES or _one_a_line(file)
        file.seek(0)
        if lines:
            yield from _by_line(file)
        else:
            yield from _Feed(file).documents()


def _one_a_line(file: IO[str]) -> bool:
    """Whether the first two lines that aren't blank look like a whole object each."""
    seen = 0
    while seen < 2:
        line = file.readline(LONGEST_VALUE)
        if not line:
            return False
        line = line.strip("\ufeff \t\r\n")
        if line:
            if not (line.startswith("{") and (line.endswith("}") or seen)):
                return False
            seen += 1
    return True


def _by_line(file: IO[str]) -> Iterator[Document | Broken]:
    number = 0
    while line := file.readline(LONGEST_VALUE + 1):
        number += 1
        if len(line) > LONGEST_VALUE and not line.endswith("\n"):
            yield Broken(number, f"The line is longer than {_LIMIT}.", line[:SHOWN])
            while rest := file.readline(_CHUNK):
                if rest.endswith("\n"):
                    break
            continue
        if not line.strip("\ufeff \t\r\n"):
            continue
        try:
            found = read_value(line)
        except NotJsonError as error:
            yield Broken(number, f"The line is no JSON: {error.told}.", line.rstrip("\r\n"))
            continue
        if skip(line, found.end) < len(line.rstrip(" ,;\r\n")):
            yield Broken(number, "More follows the JSON on the line.", line.rstrip("\r\n"))
            continue
        yield Document(number, found.value, found.mended)


class _Feed:
    """A window that moves over the text of a file; ``_length`` is the last value's."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0
        self._length = 0
        self._ended = False

    def documents(self) -> Iterator[Document | Broken]:
        """Every value of the text, a long one by its elements."""
        try:
            while (char := self._peek()) is not None:
                if char in ",;":
                    self._at += 1
                elif char == "[":
                    self._at += 1
                    yield from self._elements()
                elif char == "{":
                    yield from self._object()
                else:
                    raise NotJsonError(self._at, f'"{char}" stands where a bracket should')
        except NotJsonError as error:
            self._at = max(self._at, min(error.at, len(self._text)))
            yield Broken(
                self._line_here(),
                f"From here on the file can't be read: {error.told}.",
                self._text[self._at : self._at + SHOWN],
            )

    def _elements(self) -> Iterator[Document]:
        while (char := self._need()) != "]":
            if char == ",":
                self._at += 1
            else:
                yield self._value()
        self._at += 1

    def _object(self) -> Iterator[Document]:
        """An object whole; of one that is a wrapping, its elements and then the rest of it."""
        if not any(f'"{name}"' in self._text for name in WRAPPINGS):
            yield self._value()
            return
        rest: dict[str, object] = {}
        mended, wrapping, size = False, False, 0
        self._at += 1
        while (char := self._need()) != "}":
            if char == ",":
                self._at += 1
                continue
            if char != '"':
                raise NotJsonError(self._at, f'"{char}" stands where a name should')
            key = str(self._value().value)
            if self._need() != ":":
                raise NotJsonError(self._at, f'no colon follows "{key[:40]}"')
            self._at += 1
            if key in WRAPPINGS and self._need() == "[":
                self._at += 1
                wrapping = True
                for element in self._elements():
                    yield element._replace(of_graph=key == "@graph")
            else:
                member = self._value()
                rest[key] = member.value
                mended = mended or member.mended
                size += self._length
                if size > LONGEST_VALUE:
                    raise NotJsonError(self._at, f"one value is longer than {_LIMIT}")
        self._at += 1
        yield Document(self._line_here(), rest, mended, wrapping)

    def _value(self) -> Document:
        self._peek()
        line = self._line_here()
        while True:
            try:
                found = read_value(self._text, self._at, whole=self._ended)
                if found.end < len(self._text) or self._ended:
                    break
            except CutOffError:
                if self._ended:
                    raise
            if len(self._text) - self._at > LONGEST_VALUE:
                raise NotJsonError(self._at, f"one value is longer than {_LIMIT}")
            self._fill(len(self._text))
        return self._taken(found, line)

    def _taken(self, found: Found, line: int) -> Document:
        self._length = found.end - self._at
        self._at = found.end
        return Document(line, found.value, found.mended)

    def _peek(self) -> str | None:
        """The next character that is no blank and in no comment; None at the end."""
        while True:
            self._at = skip(self._text, self._at)
            left = len(self._text) - self._at
            # A comment may go on behind the window; the longest that is read is a chunk.
            if self._ended or (left and (self._text[self._at] != "/" or left > _CHUNK)):
                return self._text[self._at] if left else None
            self._fill(_CHUNK)

    def _need(self) -> str:
        char = self._peek()
        if char is None:
            raise CutOffError(self._at, "it ends in the middle")
        return char

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _fill(self, size: int) -> None:
        self._line_here()
        self._text = self._text[self._at :]
        self._at = self._counted = 0
        more = self._file.read(max(size, _CHUNK))
        self._ended = not more
        self._text += more
