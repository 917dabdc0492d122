"""Workbooks for the tests, written byte by byte where no library writes them."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xlsx(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], hidden: str = "") -> Path:
    """A workbook of these sheets; dates are dates, and text stays text."""
    options = {"strings_to_urls": False, "default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(path, options) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
            if name == hidden:
                sheet.hide()
            else:
                sheet.activate()  # the active one can't be hidden
                sheet.set_first_sheet()
    return path


def rezipped(path: Path, changes: Mapping[str, tuple[bytes, bytes]]) -> Path:
    """The same archive, in whose parts something was replaced by something else."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            old, new = changes.get(name, (b"", b""))
            assert old in content
            archive.writestr(name, content.replace(old, new, 1))
    return path


def ods(path: Path, table: str, *, prolog: str = "", manifest: str = "") -> Path:
    """A workbook of OpenDocument with one sheet; ``table`` is the XML of its rows."""
    spaces = "".join(
        f' xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<office:document-content{spaces}>'
        "<office:body><office:spreadsheet>"
        f'<table:table table:name="Claims">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest'
            ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            f'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
            f"{manifest}</manifest:file-entry></manifest:manifest>",
        )
    return path


def ods_row(*cells: str) -> str:
    """A row of text cells."""
    return "".join(
        [
            "<table:table-row>",
            *(
                '<table:table-cell office:value-type="string">'
                f"<text:p>{cell}</text:p></table:table-cell>"
                for cell in cells
            ),
            "</table:table-row>",
        ]
    )


def xls(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A workbook of Excel 97 with a sheet of text ([MS-XLS]: BOF, BOUNDSHEET8, Label, EOF)."""
    begin = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0x07CC, 0, 6)
    sheet = b"\x06\x00Claims"
    head = _record(0x0809, begin) + _record(0x0042, struct.pack("<H", 1200))
    at = len(head) + 4 + 6 + len(sheet) + 4
    book = head + _record(0x0085, struct.pack("<IH", at, 0) + sheet) + _record(0x000A, b"")
    begin = struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0x07CC, 0, 6)
    cells = b"".join(
        _record(
            0x0204,
            struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"),
        )
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    )
    return compound(path, "Workbook", book + _record(0x0809, begin) + cells + _record(0x000A, b""))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def compound(path: Path, name: str, stream: bytes) -> Path:
    """A compound file ([MS-CFB]) of one stream: what old and encrypted workbooks come in."""
    stream = stream.ljust(4096, b"\0")  # shorter ones would go elsewhere
    sectors = -(-len(stream) // _SECTOR)
    assert sectors <= 120
    chain = [_FAT, _END, *range(3, sectors + 2), _END]
    fat = struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, 1, 1, 0, 4096, _END, 0, _END, 0),
    )
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, child=1) + _entry(name, 2, start=2, size=len(stream))
    path.write_bytes(
        header + fat + directory.ljust(_SECTOR, b"\0") + stream.ljust(sectors * _SECTOR, b"\0")
    )
    return path


def _entry(name: str, kind: int, *, child: int = _FREE, start: int = _END, size: int = 0) -> bytes:
    spelled = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII36xIQ", spelled, len(spelled) + 2, kind, 1, _FREE, _FREE, child, start, size
    )
