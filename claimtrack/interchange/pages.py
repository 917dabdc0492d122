"""A page of HTML: its scripts of JSON-LD, its microdata and RDFa, its address and language.

lxml reads the HTML: libxml2 is quick, mends what browsers mend, and has bounds of its own against
traps. What would read all three syntaxes (extruct) brings twenty packages along, an RDF store
among them. Pure, but for reading the file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.appearing import address, joined
from claimtrack.interchange.documents import Broken, Document
from claimtrack.interchange.limits import LONGEST_PAGE, SHOWN
from claimtrack.interchange.loosejson import NotJsonError, read_value, skip
from claimtrack.interchange.markup import Element, objects
from claimtrack.interchange.reviewing import Page

_BEFORE = re.compile(r"\s*(?:<!--|(?://|/\*)?\s*<!\[CDATA\[\s*(?:\*/)?)")
_AFTER = re.compile(r"(?:(?://)?\s*-->|(?://|/\*)?\s*\]\]>\s*(?:\*/)?)[\s;]*$")


class ReadPage(NamedTuple):
    """What a page holds: its address and language, its objects, and scripts that are no JSON."""

    page: Page
    documents: list[Document]
    broken: list[Broken]


def read_page(path: Path, encoding: str) -> ReadPage:
    """The objects of schema.org in a page, those of its scripts first.

    Raises InvalidDataError for a page that is too large, that declares entities of its own, or
    whose elements stand inside each other more deeply than in any page.
    """
    with path.open(encoding=encoding, errors="replace") as file:
        text = file.read(LONGEST_PAGE + 1)
    if len(text) > LONGEST_PAGE:
        raise InvalidDataError(
            f"{path.name} is longer than {LONGEST_PAGE:,} characters, which no page is:"
            " take the JSON-LD out of it and import that."
        )
    if re.search(r"<!ENTITY\b", text, re.IGNORECASE):
        raise InvalidDataError(
            f"{path.name} declares entities of its own, which no page needs: it was not read."
        )
    # "Huge" allows 2,048 elements inside each other, and the page is short of all other bounds.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    text = re.sub("[\0\ud800-\udfff]", "\ufffd", text)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.LxmlError as error:
        raise InvalidDataError(f"{path.name} can't be read as HTML: {error}.") from error
    # The tree would end there without a word.
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise InvalidDataError(
            f"{path.name} has more elements inside each other than any page: it was not read."
        )
    if root is None:
        return ReadPage(Page(), [], [])
    page = _page(root)
    documents: list[Document] = []
    broken: list[Broken] = []
    for script in root.iter("script"):
        kind = script.get("type", "").split(";")[0].strip().lower()
        if kind == "application/ld+json" and script.text:
            try:
                documents += _values(script.text, script.sourceline or 1)
            except NotJsonError as error:
                if "claimreview" in script.text.lower():
                    reason = f"The script of JSON-LD can't be read: {error.told}."
                    broken.append(
                        Broken(script.sourceline or 1, reason, script.text.strip()[:SHOWN])
                    )
    documents += [Document(line, made, False) for line, made in objects(root, page.url)]
    return ReadPage(page, documents, broken)


def _values(text: str, line: int) -> Iterator[Document]:
    """The values in a script; one that was written for HTML (&quot;) is read a second time."""
    match = _BEFORE.match(text)
    start = match.end() if match else 0
    inner = _AFTER.sub("", text[start:])
    try:
        yield from list(_read(inner, line + text.count("\n", 0, start)))
    except NotJsonError:
        if "&quot;" not in inner and "&#34;" not in inner:
            raise
        for document in _read(html.unescape(inner), line):
            yield document._replace(mended=True)


def _read(text: str, line: int) -> Iterator[Document]:
    at = skip(text, 0)
    while at < len(text):
        found = read_value(text, at)
        yield Document(line + text.count("\n", 0, at), found.value, found.mended)
        at = skip(text, found.end)
        while text[at : at + 1] in (",", ";"):
            at = skip(text, at + 1)


def _page(root: Element) -> Page:
    bases = [base.get("href", "") for base in root.iter("base")]
    links = [
        link.get("href")
        for link in root.iter("link")
        if "canonical" in link.get("rel", "").lower().split()
    ]
    metas = [meta.get("content") for meta in root.iter("meta") if meta.get("property") == "og:url"]
    base = bases[0] if bases else ""
    given = (joined(base, each) for each in (*links, *metas, "") if each is not None)
    url = next((known for each in given if (known := address(each))), None)
    language = root.get("lang") or root.get("xml:lang")
    return Page(url, language)
