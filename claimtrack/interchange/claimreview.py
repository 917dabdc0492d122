"""ClaimReview: what houses publish about their fact-checks, for search engines and archives.

Read are JSON and JSON-LD, data feeds, the answers of Google's Fact Check Tools (claims:search and
pages), JSON Lines of any of these, and pages of HTML that hold JSON-LD, microdata or RDFa. Each
review of each claim is a row. The words are those of schema.org/ClaimReview, and of
developers.google.com/search/docs/appearance/structured-data/factcheck. Pure, but for reading the
file.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.documents import Broken, Document, read_documents, rows_table
from claimtrack.interchange.forms import Forms, Repeats
from claimtrack.interchange.jsonld import Node, as_json, is_node, items, member, nodes, types
from claimtrack.interchange.references import References, Shared, only_named
from claimtrack.interchange.reviewing import MARKUPS, Page, markup_rows, review_row, search_row
from claimtrack.interchange.rows import Row, Unread
from claimtrack.interchange.table import Table
from claimtrack.interchange.text import open_text

#: What a file must begin with to be JSON, after blanks: a bracket, or a comment.
_JSON = ("{", "[", "/")
#: Elements that a page begins with, or a piece of one.
_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|script|div|article|main|section|span|meta|link|p)[\s>]",
    re.IGNORECASE,
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.-]{1,40})", re.IGNORECASE)
_BLANKS = "\ufeff \t\r\n"
_SNIFFED = 64 * 1024


def open_claimreview(
    path: Path, constants: Mapping[str, str] | None = None, encoding: str | None = None
) -> Table:
    """Open a file of ClaimReviews, which has no columns.

    ``constants`` are the values that fields have in each row that has none of its own. The rows
    come in the order of the file, each review of each claim; a file without any is refused with
    an InvalidDataError when they are read.

    Raises:
        UsageError: there is no such encoding.
        InvalidDataError: the file is empty, is no text, or is neither JSON nor HTML.
    """
    file = open_text(path, encoding or _declared_encoding(path))
    with path.open(encoding=file.codec, errors="replace") as opened:
        head = opened.read(_SNIFFED).lstrip(_BLANKS)
    if head.startswith(_JSON):
        results = _json_rows
    elif _HTML.search(head):
        results = _page_rows
    else:
        raise InvalidDataError(
            f"{path.name} is neither JSON nor HTML, so it holds no ClaimReview that can be read."
        )
    return rows_table(lambda: results(path, file.codec), file, constants, "no ClaimReview")


def _declared_encoding(path: Path) -> str | None:
    """The encoding that a page of HTML says it has, unless it says so by a mark, or nonsense."""
    with path.open("rb") as file:
        head = file.read(_SNIFFED)
    match = _DECLARED.search(head)
    if match is None or head[:1] in b"\xef\xff\xfe{[/" or head.lstrip()[:1] in b"{[/":
        return None
    try:
        name = codecs.lookup(match[1].decode("ascii")).name
    except LookupError:
        return None
    # What pages call Latin 1 is Windows' (encoding.spec.whatwg.org); Unicode is found out.
    if name.startswith("utf"):
        return None
    return "windows-1252" if name in ("iso8859-1", "ascii") else name


def _page_rows(path: Path, codec: str) -> Iterator[Row | Unread]:
    # lxml is needed for pages alone.
    from claimtrack.interchange.pages import read_page

    page, documents, broken = read_page(path, codec)
    forms = Forms()
    found = list(_rows_of(documents, page))
    for row in found:
        forms.hear(row)
    refused = [Unread(each.line, each.reason, each.raw) for each in broken]
    yield from sorted([*refused, *forms.latest(found)], key=lambda result: result.line)


def _json_rows(path: Path, codec: str) -> Iterator[Row | Unread]:
    # It may be of any size, so it is read first for what its documents have in common.
    shared, repeats = Shared(), Repeats()
    naming = False
    for document in _read(path, codec):
        naming = shared.note(document)
        repeats.note(document)
    if naming:
        for document in _read(path, codec):
            shared.keep(document)
    forms = Forms(repeats)
    if repeats:
        for document in filter(repeats.any_in, _read(path, codec)):
            for row in _rows_of([document], Page(), shared):
                forms.hear(row)
    yield from forms.latest(_each_row(path, codec, shared))


def _read(path: Path, codec: str) -> Iterator[Document]:
    return (each for each in read_documents(path, codec) if isinstance(each, Document))


def _each_row(path: Path, codec: str, shared: Shared) -> Iterator[Row | Unread]:
    for document in read_documents(path, codec):
        if isinstance(document, Broken):
            yield Unread(document.line, document.reason, document.raw)
            continue
        found = False
        for result in _rows_of([document], Page(), shared):
            found = True
            yield result
        if not found and not document.wrapping and not _is_other(document.value):
            yield Unread(document.line, "It holds no ClaimReview.", as_json(document.value))


def _is_other(value: object) -> bool:
    """Whether it is something else of schema.org, which may well stand beside a ClaimReview."""
    return is_node(value) and (bool(types(value)) or "@id" in value)


def _rows_of(
    documents: list[Document], page: Page, shared: Shared | None = None
) -> Iterator[Row | Unread]:
    """The rows of documents that belong together, such as the scripts of one page.

    What a document only names (``@id``) is looked for in all of them, and then in what their file
    has beside them.
    """
    references = References(documents, shared)
    for document in documents:
        done: set[int] = set()  # ids of nodes that were read with what they stand in
        for node in nodes(document.value):
            if id(node) in done:
                continue
            done.update(map(id, items(node.get(MARKUPS))))
            yield from _rows_of_node(node, document.line, page, references, document.warnings())


def _rows_of_node(
    node: Node, line: int, page: Page, references: References, warnings: tuple[str, ...]
) -> Iterator[Row | Unread]:
    kinds = types(node)
    if only_named(node) is not None:
        return  # it stands elsewhere
    if "claimreview" in kinds or (not kinds and member(node, "claimReviewed")):
        try:
            filled = references.filled(node)
        except InvalidDataError as error:
            yield Unread(line, error.message, as_json(node))
            return
        if is_node(filled) and set(filled) - {"@type", "type"}:
            yield from review_row(filled, line, page, warnings)
    elif not kinds and MARKUPS in node:
        for markup in items(node[MARKUPS]):
            if is_node(markup):
                yield from markup_rows(node, markup, line, warnings)
    elif not kinds and "claimReview" in node and "text" in node:
        for review in items(node["claimReview"]):
            if is_node(review):
                yield search_row(node, review, line, warnings)
