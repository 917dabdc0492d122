"""Who made the claim of a ClaimReview, when, and where it appeared.

``itemReviewed`` is a Claim with an author and its ``appearance``s, or in older markup the work
that the claim stands in, with its own author, address and ``sameAs``. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urljoin

from claimtrack.errors import InvalidDataError
from claimtrack.interchange.jsonld import Node, is_node, items, member, plain_text, text_of, types
from claimtrack.interchange.placeholders import placeholder
from claimtrack.urls import in_full, normalise_url

#: Texts that stand for no date, in lower case.
_NO_DATES = {"null", "none", "n/a", "na", "nan", "unknown", "undefined", "invalid date", "-", "--"}
_ADDRESS = re.compile(r"https?://[^\s<>\"]+?(?=[,;]?(?:\s|$)|[,;]https?://|[<>\"])", re.IGNORECASE)
#: One address with blanks in it, and what tells that the words behind a blank belong to it.
_SPACED = re.compile(r"https?://(?:(?!https?://)(?:[^\s<>\"]| ))+", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|odt|csv|txt|jpe?g|png|gif|webp|mp[34]|mov|webm|s?html?|php|aspx?)$",
    re.IGNORECASE,
)
_PROSE = re.compile(r"[.,;:] | [(\[–—-]")
#: A link in a text of HTML, with the words that it stands behind.
_LINK = re.compile(
    r"<a\s(?:[^<>]{0,2000}?\s)?href\s{0,9}=\s{0,9}[\"']?([^\"'\s<>]++)[^<>]{0,2000}+>"
    r"(?:[^<]|<(?!/a)){0,2000}",
    re.IGNORECASE,
)
#: More would be no list of places where people saw a claim.
MOST_APPEARANCES = 500

Appearance = dict[str, str]


def date_of(value: object) -> str | None:
    """A date as it is written, unless it says that there is none."""
    text = text_of(value)
    # Before year 1 is what WordPress writes for a day that it doesn't know: -0001-11-30.
    if text is None or text.lower() in _NO_DATES or re.match("0000|-[0-9]", text):
        return None
    return text


@lru_cache(maxsize=1024)
def same_page(url: str) -> str:
    """The address by which two spellings of it are known: without the scheme and "www.".

    Raises as `normalise_url`.
    """
    return normalise_url(url).partition("://")[2].removeprefix("www.")


def address(text: str | None) -> str | None:
    """An address that can be stored, or None; "www.example.org/a" is read as one, too.

    Blanks within one are encoded.
    """
    text = in_full((text or "").strip())
    if " " in text and _SPACED.fullmatch(text):
        text = text.replace(" ", "%20")
    try:
        same_page(text)
    except InvalidDataError:
        return None
    return text


def joined(base: str | None, url: str) -> str:
    """An address that may be relative to another, in full; what is none stays as it is."""
    try:
        return urljoin(base or "", url.strip())
    except ValueError:
        return url.strip()


def addresses(value: object, *, within: bool = False) -> Iterator[str]:
    """Every address of a value: several may stand in one text, or in an object's ``url``.

    ``within`` says that the value is such a ``url``: an address, where it looks like one.
    """
    for each in items(value):
        if is_node(each):
            named = member(each, "url", "contentUrl", "embedUrl", "@id", "sameAs")
            yield from addresses(named, within=True)
        elif isinstance(each, str):
            text = plain_text(_LINK.sub(r" \1 ", each))
            found = [_bare(one, text) for one in _ADDRESS.findall(text)] or [text]
            whole = _FILE.search(text) or (within and not _PROSE.search(text))
            if whole and " " in text and _SPACED.fullmatch(text) and address(text):
                found = [text]
            yield from (known for one in found if (known := address(one)))


def _bare(one: str, text: str) -> str:
    """An address without the signs of the sentence around it."""
    while one != text:
        short = one.rstrip(".,;:!?'\u2019\u201d\u00bb")
        for opening, closing in ("()", "[]"):
            if short.endswith(closing) and short.count(closing) > short.count(opening):
                short = short[:-1]
        if short == one:
            break
        one = short
    return one


def names_of(value: object, warnings: list[str]) -> list[str]:
    """The names of those who are meant, each once, without those that stand for nobody."""
    found: list[str] = []
    for each in items(value):
        name = text_of(member(each, "name", "alternateName") if is_node(each) else each)
        if name is None and is_node(each):
            given = (text_of(member(each, part)) for part in ("givenName", "familyName"))
            name = " ".join(part for part in given if part) or None
        if name is None or name in found or re.match("https?://", name):
            continue
        if placeholder(name):
            warnings.append(f'"{name[:60]}" stands for nobody, so it was not made a speaker.')
        else:
            found.append(name)
    return found


def appearances(review: Node, reviewed: str | None, warnings: list[str]) -> list[Appearance]:
    """Each appearance of the claim by the names of a row's fields; the first may have no source.

    ``reviewed`` is the address of the fact-check, which is never an appearance of the claim.
    """
    found: list[Appearance] = []
    seen: set[tuple[str, str]] = set()
    own = same_page(reviewed) if reviewed else None
    for item in items(member(review, "itemReviewed")):
        node: Node = item if is_node(item) else {"appearance": item}
        speakers = names_of(member(node, "author", "creator", "claimant"), warnings)
        said_on = date_of(member(node, "datePublished", "dateCreated"))
        places = [place for place in _places(node) if _key(place) != own or own is None]
        for number, place in enumerate(places or [{}]):
            by = place.pop("speaker", "")
            for speaker in speakers or [by]:
                key = _key(place)
                if key is not None and (key, speaker) in seen:
                    continue
                if key is not None:
                    seen.add((key, speaker))
                more = {"speaker": speaker, "said_on": "" if number else said_on or ""}
                found.append(place | {name: text for name, text in more.items() if text})
    found = [each for each in found if each]
    if len(found) > MOST_APPEARANCES:
        warnings.append(f"Of {len(found):,} appearances the first {MOST_APPEARANCES} were read.")
    return found[:MOST_APPEARANCES]


def _key(place: Appearance) -> str | None:
    return same_page(place["source"]) if "source" in place else None


def _places(node: Node) -> list[Appearance]:
    """Where an item appeared: what it says so itself, else the work that it is."""
    found = [
        place
        for name in ("firstAppearance", "appearance")
        for value in items(member(node, name))
        for place in _work(value)
    ]
    is_work = bool(types(node) - {"claim", "thing"})
    if not found and is_work:
        found = list(_work(node, dated=False))
    elif not found:
        urls = addresses(member(node, "url", "sameAs"), within=True)
        found = [{"source": each} for each in urls]
    return found


def _work(value: object, *, dated: bool = True) -> Iterator[Appearance]:
    """The places that one value tells of: a text, or a work with its address, title and date.

    The date of a work that is itself what was reviewed is when the claim was made, so not
    ``dated``.
    """
    if not is_node(value):
        known = list(addresses(value))
        yield from ({"source": each} for each in known)
        if not known and (title := text_of(value)) and not placeholder(title):
            yield {"source_title": title}
        return
    part_of = next((each for each in items(member(value, "isPartOf")) if is_node(each)), {})
    about: Appearance = {}
    for field, text in (
        ("source_title", text_of(member(value, "headline", "name", "title"))),
        ("source_publisher", text_of(member(value, "publisher", "provider"))),
        ("published", date_of(member(value, "datePublished")) if dated else None),
        ("speaker", next(iter(names_of(member(value, "author", "creator"), [])), None)),
    ):
        if text is not None:
            about[field] = text
    known = list(addresses(member(value, "url", "contentUrl", "embedUrl", "@id"), within=True))
    known += addresses(member(value, "sameAs"), within=True)
    known = list(dict.fromkeys(known))
    known = known or list(addresses(part_of))[:1]
    if not known:
        if "source_title" in about:
            yield about
        return
    yield about | {"source": known[0]}
    yield from ({"source": each} for each in known[1:])
