"""The formats: a few files of each that are right, how they are changed, and how they are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from claimtrack.interchange.jsonlines import open_jsonlines
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.separated import open_separated
from claimtrack.interchange.table import TableOptions
from claimtrack.interchange.workbook import open_workbook
from tests.mutation import published
from tests.mutation.changes import changed, changed_archive
from tests.workbooks import ods, ods_row, xls, xlsx

ROWS = [
    ["ID", "Claim", "Speaker", "Date", "Link", "Tags", "Note"],
    ["1", "The dam burst.", "Omar Haddad", "2021-03-04", "https://example.org/1", "water", "a, b"],
    ["2", "900,000 people fled – “overnight”.", "Zoë Müßig", "March 2021", "", "war;people", ""],
    [
        "3",
        'He said "never",\nand left.',
        "Ana Ruiz",
        "2021",
        "https://example.org/3?a=b&c=d",
        "",
        "",
    ],
    ["4", "Плотина 大坝 السد 😀", "", "", "", "", "x\ty"],
]


@dataclass(frozen=True)
class Format:
    """A format whose files are changed.

    ``seeds`` are files that are right, ``changed`` makes a wrong one of a right one, ``made`` are
    files that hypothesis makes, ``read`` reads one, in whatever way the number says: it gives each
    row and each refusal.
    """

    seeds: Callable[[], list[bytes]]
    read: Callable[[Path, int], Iterable[Row | Unread]]
    changed: Callable[[bytes, Random], bytes] = changed
    made: st.SearchStrategy[bytes] | None = None


# --- CSV -----------------------------------------------------------------------------------------


def _csv_seeds() -> list[bytes]:
    def spelled(delimiter: str, end: str) -> str:
        return end.join(
            delimiter.join('"' + cell.replace('"', '""') + '"' if cell else "" for cell in row)
            for row in ROWS
        )

    plain = "\n".join("\t".join(row[:3]) for row in ROWS if "\n" not in row[1])
    western = "\r\n".join(";".join(row) for row in ROWS[:3])
    return [
        spelled(",", "\n").encode(),
        ("sep=;\r\n" + spelled(";", "\r\n")).encode("utf-8-sig"),
        spelled("\t", "\r\n").encode("utf-16"),
        plain.encode(),
        western.encode("windows-1252"),
    ]


def _read_csv(path: Path, how: int) -> Iterable[Row | Unread]:
    header = bool(how & 1)
    options = TableOptions(
        header=header,
        quoting=bool(how & 2),
        encoding="latin-1" if how & 12 == 12 else None,
        columns={} if header else {"statement": "1"},
        constants={"language": "en"} if how & 16 else {},
    )
    return open_separated(path, options).rows()


_CELLS = st.text(st.sampled_from('ab é",;\t\n\r|\0\u2028\ufeff😀'), max_size=8)
_TABLES = st.builds(
    lambda rows, delimiter, end, codec: (
        "Claim" + delimiter + "Speaker" + end + end.join(map(delimiter.join, rows))
    ).encode(codec),
    st.lists(st.lists(_CELLS, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t", "|", '","']),
    st.sampled_from(["\n", "\r\n", "\r", '"\n"']),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be"]),
)

# --- JSON Lines ----------------------------------------------------------------------------------


def _jsonl_seeds() -> list[bytes]:
    objects: list[dict[str, object]] = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    objects[0] |= {"Tags": ["a", "b"], "source": {"url": "https://example.org"}, "n": [1.5, None]}
    return [
        "\n".join(map(json.dumps, objects)).encode(),
        "\r\n".join(json.dumps(o, ensure_ascii=False) for o in objects).encode("utf-8-sig"),
        json.dumps(objects, indent=2).encode(),
        json.dumps(objects).encode("utf-16"),
    ]


def _read_jsonl(path: Path, how: int) -> Iterable[Row | Unread]:
    return open_jsonlines(path, TableOptions(encoding="latin-1" if how & 12 == 12 else None)).rows()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
_OBJECTS = st.lists(
    st.dictionaries(st.sampled_from(["claim", "speaker", "id", "tags", "x.y"]), _VALUES) | _VALUES,
    max_size=4,
)
_DOCUMENTS = st.builds(
    lambda objects, whole: (
        json.dumps(objects) if whole else "\n".join(map(json.dumps, [{"claim": "a"}, *objects]))
    ).encode(),
    _OBJECTS,
    st.booleans(),
)

# --- Workbooks -----------------------------------------------------------------------------------


def _xlsx_seeds() -> list[bytes]:
    with TemporaryDirectory() as folder:
        path = xlsx(Path(folder) / "a.xlsx", {"Claims": [*ROWS, [5, 2.5, True]], "More": ROWS})
        return [path.read_bytes()]


def _ods_seeds() -> list[bytes]:
    with TemporaryDirectory() as folder:
        rows = "".join(ods_row(*row) for row in ROWS if "&" not in row[4])
        return [ods(Path(folder) / "a.ods", rows).read_bytes()]


def _xls_seeds() -> list[bytes]:
    with TemporaryDirectory() as folder:
        return [xls(Path(folder) / "a.xls", ROWS).read_bytes()]


def _read_workbook(path: Path, how: int) -> Iterable[Row | Unread]:
    header = bool(how & 3)
    options = TableOptions(
        header=header,
        sheet="1" if how & 4 else None,
        columns={} if header else {"statement": "1"},
    )
    return open_workbook(path, options).rows()


FORMATS = {
    "csv": Format(_csv_seeds, _read_csv, made=_TABLES | st.binary(max_size=200)),
    "jsonl": Format(_jsonl_seeds, _read_jsonl, made=_DOCUMENTS | st.binary(max_size=200)),
    "xlsx": Format(_xlsx_seeds, _read_workbook, changed_archive),
    "ods": Format(_ods_seeds, _read_workbook, changed_archive),
    "xls": Format(_xls_seeds, _read_workbook),
    "claimreview": Format(
        published.claimreview_seeds, published.read_claimreview, made=published.CLAIMREVIEWS
    ),
    "html": Format(published.html_seeds, published.read_claimreview, made=published.HTMLS),
    "averitec": Format(published.averitec_seeds, published.read_averitec, made=published.AVERITECS),
}
