"""The cells of a workbook's sheet, as lines of JSON: a program of its own, run by `workbook`.

The library that reads workbooks holds a whole sheet, with an entry for each cell of the rectangle
it spans: a file of two kilobytes can make that 17 thousand million. There is no asking beforehand,
and where memory ends the process does. So it is another process, with limits, that ends.

    python unpack.py PATH SHEET MEMORY OUTPUT SECONDS SPEED UNPACKED RATIO FROM PARTS LONGEST

The numbers are those in `limits`. Where SHEET is empty, it is the first that is not hidden. The
first line is an object: {"sheets": names, "sheet": the name, "first": the first that is not hidden,
"shown": how many are, "width": in columns, "1904": whether days are counted from then, "percent":
whether it is known which cells are shown in percent}, or {"error": kind}. Then comes a line for
some rows at a time, [the number of the first, their cells, the links of cells as [row of these,
column, address]], and at the end {"rows": N}.
"""

from __future__ import annotations

import datetime
import itertools
import json
import mmap
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from xml.parsers import expat

import python_calamine
from python_calamine import CalamineWorkbook, SheetMetadata, SheetTypeEnum, SheetVisibleEnum

from claimtrack.interchange.sheet_parts import Beside, read_beside

_BATCH = 200


class RefusedError(Exception):
    """The file is not read; the one argument says why, in a word that `workbook` knows."""


def limit(**most: int) -> None:
    """Take no more than that of what the system has limits for: AS (memory), CPU, FSIZE, CORE."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, amount in most.items():
        what = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(
            what, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard)
        )


def check(path: Path, unpacked: int, ratio: int, ratio_from: int, parts: int) -> int:
    """Refuse what is no workbook, is encrypted, or would be too large, before it is unpacked.

    Gives its size when unpacked, in bytes.
    """
    with path.open("rb") as file:
        magic = file.read(8)
        if magic == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
                    raise RefusedError("password")
            return path.stat().st_size
    if not magic.startswith(b"PK"):
        raise RefusedError("kind" if magic else "empty")
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
            total = sum(part.file_size for part in found)
            packed = path.stat().st_size
            if len(found) > parts or total > unpacked or total > max(ratio_from, ratio * packed):
                raise RefusedError("large")
            names = {part.filename for part in found}
            if "content.xml" in names:
                check_opendocument(archive, names)
            elif not any(name.endswith(("workbook.xml", "workbook.bin")) for name in names):
                raise RefusedError("kind")
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError):
        raise RefusedError("damaged") from None
    return total


def check_opendocument(archive: zipfile.ZipFile, names: set[str]) -> None:
    """Refuse what is encrypted, and XML with an error: at some of them the library never ends."""
    manifest = "META-INF/manifest.xml"
    if manifest in names and b"encryption-data" in archive.read(manifest):
        raise RefusedError("password")
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    try:
        with archive.open("content.xml") as content:
            parser.ParseFile(content)
    except expat.ExpatError:
        raise RefusedError("damaged") from None


def doctype(*_: object) -> None:
    """No workbook has one, and nothing else can declare entities."""
    raise RefusedError("damaged")


def chosen(book: CalamineWorkbook, wanted: str) -> str:
    """The name of the sheet: as it is said, by name or number from 1, or the first to be seen."""
    names = book.sheet_names
    if wanted:
        for name in names:
            if name == wanted:
                return name
        for name in names:
            if name.strip().casefold() == wanted.strip().casefold():
                return name
        if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted[:9]) <= len(names):
            return names[int(wanted[:9]) - 1]
        raise RefusedError("sheet")
    if not names:
        raise RefusedError("none")
    return next((sheet.name for sheet in book.sheets_metadata if shown(sheet)), names[0])


def shown(sheet: SheetMetadata) -> bool:
    """Whether it is a sheet of cells that is not hidden."""
    return sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet


def spelled(cell: object) -> str:
    """A cell as text: dates in ISO's form, whole numbers without a point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        if cell.time() == datetime.time():
            return cell.date().isoformat()
        return cell.replace(microsecond=0).isoformat(" ").removesuffix(":00")
    if isinstance(cell, datetime.time):
        return cell.replace(microsecond=0).isoformat().removesuffix(":00")
    return str(cell)


def trimmed(cells: list[str]) -> list[str]:
    """The cells without the blank ones at the end."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def emit(value: object) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(value))
    sys.stdout.write("\n")


def read(path: str, wanted: str, limits: list[int]) -> None:
    """Write the cells of a sheet.

    Raises RefusedError, and what the library raises, where it can't be read.
    """
    memory, output, seconds, speed, *zip_limits, longest = limits
    limit(AS=memory, FSIZE=output, CORE=0)
    size = check(Path(path), *zip_limits)
    limit(CPU=seconds + size // speed)
    try:
        book = python_calamine.load_workbook(path)
    except python_calamine.PasswordError:
        raise RefusedError("password") from None
    try:
        name = chosen(book, wanted)
    except RefusedError as refusal:
        emit({"error": str(refusal), "sheets": book.sheet_names})
        return
    sheet = book.get_sheet_by_name(name)
    beside = read_beside(path, name)
    before: list[object] = [""] * (sheet.start[1] if sheet.start else 0)
    emit(
        {
            "sheets": book.sheet_names,
            "shown": sum(map(shown, book.sheets_metadata)),
            "sheet": name,
            "first": chosen(book, ""),
            "width": len(before) + sheet.width,
            "1904": beside.since_1904,
            "percent": beside.told,
        }
    )
    texts = (
        [text[: longest + 1] for text in texts_of(number, row, beside.percent)]
        for number, row in enumerate([*before, *row] for row in sheet.iter_rows())
    )
    rows = filled(texts, sheet.merged_cell_ranges or [])
    number = 1
    while batch := [trimmed(row) for row in itertools.islice(rows, _BATCH)]:
        emit([number, batch, links_of(number - 1, batch, beside)])
        number += len(batch)
    emit({"rows": number - 1})


def texts_of(number: int, row: list[object], percent: set[tuple[int, int]]) -> Iterable[str]:
    """The cells of a row as they are shown: with a percent sign where they are in percent."""
    if not percent:
        return map(spelled, row)
    return (
        f"{(Decimal(f'{cell:.12g}') * 100).normalize():f}%"
        if isinstance(cell, float) and (number, column) in percent
        else spelled(cell)
        for column, cell in enumerate(row)
    )


def links_of(first: int, rows: list[list[str]], beside: Beside) -> list[tuple[int, int, str]]:
    """Where the cells of some rows lead to: the row among them, the column and the address."""
    if not beside.links:
        return []
    return [
        (at, column, address)
        for at, row in enumerate(rows)
        for column in range(len(row))
        if (address := beside.links.get((first + at, column)))
    ]


Corners = tuple[tuple[int, int], tuple[int, int]]


def filled(rows: Iterable[list[str]], ranges: list[Corners]) -> Iterator[list[str]]:
    """The rows, with the value of a merged cell in all places that it covers.

    Not in rows that have nothing else. What spans several columns of a title or of a header is the
    name of the first alone.
    """
    coming = sorted(ranges, reverse=True)
    active: list[tuple[Corners, str]] = []
    under_header = False
    for number, row in enumerate(rows):
        own = sum(map(bool, row))
        while coming and coming[-1][0][0] <= number:
            corners = coming.pop()
            (top, left), _ = corners
            if top == number and "".join(row[left : left + 1]):
                active.append((corners, row[left]))
        active = [one for one in active if one[0][1][0] >= number]
        if own:
            for ((_, left), (_, right)), text in active:
                until = right if under_header else left
                for column in range(left, min(until + 1, len(row))):
                    row[column] = text
        under_header = under_header or own > 1
        yield row


def main() -> None:
    """Read as the arguments say. What goes wrong is told on the output, never with a traceback."""
    path, wanted, *limits = sys.argv[1:]
    try:
        read(path, wanted, [int(number) for number in limits])
    except RefusedError as refusal:
        emit({"error": str(refusal)})
    except MemoryError:
        emit({"error": "memory"})
    except python_calamine.CalamineError as error:
        # The library has a limit of its own for some formats.
        emit({"error": "memory" if "limit exceeded" in str(error) else "damaged"})
    except BaseException:  # noqa: BLE001, for a panic of the library is no Exception
        emit({"error": "damaged"})


if __name__ == "__main__":
    main()
