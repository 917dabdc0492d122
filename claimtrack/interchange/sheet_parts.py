"""What a sheet of an XLSX says beside its values: cells shown in percent, links, how days count.

Read by `unpack` in a process with limits, since the library that reads workbooks passes it by.
Parts and their elements are those of ECMA-376, part 1, 18. Pure, but for reading the file.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

#: Formats that every workbook has: 0% and 0.00%.
_PERCENT = {"9", "10"}
#: Cells of one link; there is no use in one of a thousand rows.
_MOST_LINKED = 1_000


class DoctypeError(Exception):
    """No workbook has one, and nothing else can declare entities."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a sheet, if anything is told; positions are row and column, from 0."""

    told: bool = False
    since_1904: bool = False
    percent: set[tuple[int, int]] = field(default_factory=set)
    links: dict[tuple[int, int], str] = field(default_factory=dict)


def read_beside(path: str, sheet: str) -> Beside:
    """What stands beside the values of a sheet; nothing for another kind of workbook.

    Raises DoctypeError, and what zipfile and expat raise for a file that is damaged.
    """
    if not zipfile.is_zipfile(path):
        return Beside()
    with zipfile.ZipFile(path) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return Beside()
        since_1904, place = _book(archive, sheet)
        styles = _percent_styles(archive)
        links = _relations(archive, place, "hyperlink")
        found = Beside(told=True, since_1904=since_1904)
        if place and (styles or links):
            _Sheet(found, styles, links).read(archive, place)
    return found


def tell(
    archive: zipfile.ZipFile,
    part: str,
    begins: Callable[[str, dict[str, str]], object],
    ends: Callable[[str], object] | None = None,
) -> None:
    """Tell the elements of a part, by their names without a prefix; of none that isn't there."""
    if part not in archive.namelist():
        return
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, had: begins(name.rpartition(":")[2], had)
    if ends is not None:
        parser.EndElementHandler = lambda name: ends(name.rpartition(":")[2])
    with archive.open(part) as content:
        parser.ParseFile(content)


def _refuse(*_: object) -> None:
    raise DoctypeError


def _book(archive: zipfile.ZipFile, sheet: str) -> tuple[bool, str]:
    """Whether days count from 1904, and the part that a sheet is in."""
    since_1904, number = False, ""

    def begins(name: str, had: dict[str, str]) -> None:
        nonlocal since_1904, number
        if name == "workbookPr":
            since_1904 = had.get("date1904", "0") in ("1", "true", "on")
        elif name == "sheet" and had.get("name") == sheet:
            number = _id(had)

    tell(archive, "xl/workbook.xml", begins)
    return since_1904, _relations(archive, "xl/workbook.xml", "worksheet").get(number, "")


def _id(had: dict[str, str]) -> str:
    return next((value for name, value in had.items() if name.endswith(":id")), "")


def _relations(archive: zipfile.ZipFile, part: str, kind: str) -> dict[str, str]:
    """What a part refers to, by number: other parts, or addresses elsewhere."""
    folder, name = posixpath.split(part)
    found: dict[str, str] = {}

    def begins(name: str, had: dict[str, str]) -> None:
        if name == "Relationship" and had.get("Type", "").endswith(f"/{kind}"):
            target = had.get("Target", "")
            if had.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[had.get("Id", "")] = target

    tell(archive, f"{folder}/_rels/{name}.rels", begins)
    return found


def _percent_styles(archive: zipfile.ZipFile) -> set[str]:
    """The styles of cells that show a number in percent."""
    formats, styles = set(_PERCENT), set()
    count, within = 0, False

    def begins(name: str, had: dict[str, str]) -> None:
        nonlocal count, within
        if name == "numFmt":
            code = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", had.get("formatCode", ""))
            (formats.add if "%" in code else formats.discard)(had.get("numFmtId", ""))
        elif name == "cellXfs":
            within = True
        elif name == "xf" and within:
            if had.get("numFmtId") in formats:
                styles.add(str(count))
            count += 1

    def ends(name: str) -> None:
        nonlocal within
        within = within and name != "cellXfs"

    tell(archive, "xl/styles.xml", begins, ends)
    return styles


class _Sheet:
    """Goes through the cells of a sheet."""

    def __init__(self, found: Beside, styles: set[str], links: dict[str, str]) -> None:
        self.found, self.styles, self.links = found, styles, links
        self.row = self.column = -1

    def read(self, archive: zipfile.ZipFile, part: str) -> None:
        tell(archive, part, self.begins)

    def begins(self, name: str, had: dict[str, str]) -> None:
        if name == "c":
            # A sheet gives all of its cells their reference, or none.
            reference = had.get("r")
            self.column += 1
            if had.get("s") in self.styles and had.get("t", "n") == "n":
                column = _place(reference)[1] if reference else self.column
                self.found.percent.add((self.row, column))
        elif name == "row":
            self.row = int(had["r"]) - 1 if "r" in had else self.row + 1
            self.column = -1
        elif name == "hyperlink" and (address := self.links.get(_id(had), "")).startswith("http"):
            address += f"#{had['location']}" if had.get("location") else ""
            first, _, last = had.get("ref", "").partition(":")
            (top, left), (bottom, right) = _place(first), _place(last or first)
            if (bottom - top + 1) * (right - left + 1) <= _MOST_LINKED:
                for row in range(top, bottom + 1):
                    for column in range(left, right + 1):
                        self.found.links[row, column] = address


def _place(reference: str) -> tuple[int, int]:
    """Row and column, from 0, of a reference such as B12."""
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - 64
    return int(reference[len(letters) :] or 0) - 1, column - 1
