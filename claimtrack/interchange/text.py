"""From the bytes of a text file to its lines: which encoding, and no more at once than a piece.

Pure. A file is read twice: once to know for certain how it is encoded, then for its lines.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from claimtrack.errors import InvalidDataError, UsageError
from claimtrack.interchange.limits import LONGEST_RECORD, SHOWN

_PIECE = 1 << 18

#: Stands in a line for bytes that can't be read. No text holds it: it is half of a surrogate pair.
UNREADABLE = "\udcff"
codecs.register_error("claimtrack-mark", lambda error: (UNREADABLE, getattr(error, "end")))  # noqa: B009

#: What a file begins with that is no text, and what people call it.
_KINDS = (
    (b"PK\x03\x04", "a workbook or another zip archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or encrypted workbook"),
    (b"%PDF-", "a PDF"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"(\xb5/\xfd", "compressed with zstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
)
#: UTF-32 goes first: its mark begins like that of UTF-16.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
#: What Python calls an encoding, but no file is written in.
_NO_ENCODINGS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7")
#: NUL, and the bytes to which Windows-1252 gives no meaning.
_NOT_IN_1252 = re.compile(rb"[\x00\x81\x8d\x8f\x90\x9d]")


class Block(NamedTuple):
    """Some whole lines, each with its end; ``line`` is the number of the first, from 1.

    Where ``too_long`` is set, it holds nothing but the beginning of one line beyond the limit.
    """

    line: int
    lines: list[str]
    too_long: bool = False


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file whose encoding is known.

    ``doubtful`` says that some of its lines hold what can't be stored: the character NUL, or bytes
    that aren't text, for which `UNREADABLE` stands. ``notice`` says how it is read.
    """

    path: Path
    codec: str
    notice: str
    doubtful: bool

    def blocks(self) -> Iterator[Block]:
        """The lines, in bounded memory. They end at LF, CRLF or CR, as csv.reader has it."""
        line, carry, skipping = 1, "", False
        for piece, last in _decoded(self.path, self.codec):
            text = carry + piece
            if last:
                cut = len(text)
            else:  # a CR at the end may be the first half of CRLF
                cut = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
            carry = text[cut:]
            lines = StringIO(text[:cut], newline="").readlines()
            if skipping and lines:
                del lines[0]
                line += 1
                skipping = False
            if lines:
                yield Block(line, lines)
                line += len(lines)
            if skipping:
                carry = carry[-1:]
            elif len(carry) > LONGEST_RECORD:
                yield Block(line, [carry[:SHOWN]], too_long=True)
                carry, skipping = carry[-1:], True

    def pieces(self) -> Iterator[str]:
        """The text, a piece at a time, wherever lines end."""
        return (piece for piece, _ in _decoded(self.path, self.codec))

    def lines_before(self, characters: int) -> list[str]:
        """The first lines, until there are so many characters."""
        found: list[str] = []
        for block in self.blocks():
            if block.too_long:
                break
            for line in block.lines:
                found.append(line)
                characters -= len(line)
                if characters < 0:
                    return found
        return found


def open_text(path: Path, encoding: str | None = None) -> TextFile:
    """Find out how a text file is encoded.

    UTF-8 and, by its mark or its zeros, UTF-16 as Excel writes it. What is neither is taken for
    Windows-1252 where it looks like that, which the notice says; or it is refused, since a wrong
    guess would record nonsense. UTF-8 with some bytes damaged stays UTF-8.

    Raises:
        UsageError: there is no such encoding.
        InvalidDataError: the file is empty, is no text, or its encoding can't be told.
    """
    with path.open("rb") as file:
        head = file.read(_PIECE)
    if not head.strip():
        raise InvalidDataError("The file is empty.")
    for magic, kind in _KINDS:
        if head.startswith(magic):
            raise InvalidDataError(f"The file is no text: it is {kind}.")
    if encoding is not None:
        return _as_told(path, encoding)
    for mark, codec, name in _MARKS:
        if head.startswith(mark):
            return _checked(path, codec, name)
    zeros = head[:4096].count(0)
    if zeros * 5 > len(head[:4096]):
        even = head[:4096:2].count(0)
        if even * 5 < zeros or (zeros - even) * 5 < zeros:
            codec = "utf-16-le" if even * 5 < zeros else "utf-16-be"
            return _checked(path, codec, "UTF-16")
        raise InvalidDataError("The file is no text: it is full of zero bytes.")
    controls = len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]", head))
    if controls * 50 > len(head):
        raise InvalidDataError("The file is no text: it is full of control characters.")
    return _checked(path, "utf-8", "UTF-8")


def readable(text: str) -> str:
    """The text without what no database and no file of text can hold."""
    return re.sub("[\x00\ud800-\udfff]", "�", text)


def _decoded(path: Path, codec: str, errors: str = "claimtrack-mark") -> Iterator[tuple[str, bool]]:
    """The file's text in pieces, each with whether it is the last."""
    decoder = codecs.getincrementaldecoder(codec)(errors)
    with path.open("rb") as file:
        while data := file.read(_PIECE):
            yield decoder.decode(data), False
    yield decoder.decode(b"", final=True), True


def _checked(path: Path, codec: str, name: str, *, told: bool = False) -> TextFile:
    doubtful = False
    try:
        for piece, _ in _decoded(path, codec, "strict"):
            doubtful = doubtful or "\0" in piece
    except UnicodeDecodeError:
        if codec == "utf-8" and not told:
            return _damaged_or_other(path)
        doubtful = True
    return TextFile(path, codec, f"Read as {name}.", doubtful)


def _as_told(path: Path, encoding: str) -> TextFile:
    try:
        name = codecs.lookup(encoding).name
        codecs.getincrementaldecoder(name)
        b"text".decode(name)  # what is no encoding of text, such as base64, is not found
    except UnicodeError:
        pass
    except (LookupError, ValueError):
        name = "undefined"
    if name in _NO_ENCODINGS:
        raise UsageError(
            f"There is no encoding “{encoding}”: utf-8, windows-1252 and shift_jis are some."
        )
    try:
        return _checked(path, "utf-8-sig" if name == "utf-8" else name, encoding, told=True)
    except UnicodeError:
        raise InvalidDataError(f"The file can't be read as {encoding}.") from None


def _damaged_or_other(path: Path) -> TextFile:
    """A file that isn't all UTF-8: with some damage, or in an encoding from before."""
    good = bad = 0
    for piece, _ in _decoded(path, "utf-8"):
        marks = piece.count(UNREADABLE)
        bad += marks
        good += len(piece.encode(errors="replace")) - len(piece)
    if good > bad:
        return TextFile(path, "utf-8", "Read as UTF-8, which some bytes are not.", doubtful=True)
    high = alone = likely = 0
    doubtful = False
    with path.open("rb") as file:
        while data := file.read(_PIECE):
            doubtful = doubtful or _NOT_IN_1252.search(data) is not None
            high += len(re.findall(rb"[\x80-\xff]", data))
            alone += len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", data))
            likely += len(re.findall(rb"[\x80\x84\x85\x91-\x97\xa0-\xff]", data))
    # Western text has letters of ASCII around most of the others; Cyrillic or Chinese has not.
    if alone * 10 < high * 4 or likely * 10 < high * 8:
        raise InvalidDataError(
            "The file's encoding can't be told: it isn't UTF-8. Save it as “CSV UTF-8”, or say"
            " which it is with --encoding, such as --encoding windows-1251."
        )
    return TextFile(
        path,
        "windows-1252",
        "Read as Windows-1252, since it isn't UTF-8; if letters with accents come out wrong,"
        " say which it is with --encoding.",
        doubtful=doubtful,
    )
