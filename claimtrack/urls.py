"""The address of a source: one spelling to store and open, and the key that decides identity.

Pure, as `claimtrack.keys` is: a change to a rule changes stored keys, so it needs a migration.
Patterns are kept as text and compiled when first used, because every start imports this file.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from claimtrack.errors import InvalidDataError
from claimtrack.keys import SPACES, digest, word_set

_URL_LIMIT = 8000
_URL = r"(?i:(https?))://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?"
_HOST = r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*"
_TOP = r"(?:[^\W\d_A-Z]{2,}|xn--[\w-]+)"
_BARE = rf"(?:[\w-]+\.)+{_TOP}(?::[0-9]+)?[/?][^\s,;|]*|[wW]{{3}}(?:\.[\w-]+)+"
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_PATH = _UNRESERVED | frozenset("!$&'()*+,;=:@/")
_IN_QUERY = _IN_PATH | frozenset("?")
_PORTS = {"http": "80", "https": "443"}

# Only names that one advertiser or statistics tool made up: whoever drops "id", "ref" or "source"
# makes one of two articles.
_TRACKING_PREFIXES = ("utm_", "mtm_", "piwik_", "matomo_", "hsa_", "fb_action_")
_TRACKING = word_set(
    """fbclid gclid gclsrc gbraid wbraid dclid msclkid yclid ysclid twclid ttclid li_fat_id
    igshid igsh mc_cid mc_eid ref_src ref_url cmpid ocid s_cid s_kwcid _ga _gl mkt_tok vero_id
    vero_conv _hsenc _hsmi hsctatracking oly_anon_id oly_enc_id at_medium at_campaign at_custom1
    at_custom2 at_custom3 at_custom4 at_link_id at_link_type at_link_origin at_ptr_name
    at_format at_bbc_team smid smtyp ftag xtor __twitter_impression guccounter guce_referrer
    guce_referrer_sig spm wt_mc wt.mc_id rb_clickid epik srsltid fb_source fb_ref
    pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content ns_mchannel ns_source ns_campaign
    ns_linkname ns_fee"""
)


def normalise_url(url: str) -> str:
    """The address in one spelling, for storing and opening. Done twice, it stays the same.

    Follows RFC 3986, section 6: scheme and host in lower case, the host as IDNA ASCII, no default
    port, dot segments resolved, percent-encoding in upper case and only where it is needed,
    non-ASCII as UTF-8. Beyond the RFC: tracking parameters, the slash at the end and an empty
    query go; other parameters stay in their order. The fragment goes, for it only names a place
    on the page, except ``#!…`` and ``#/…``: there an application keeps its route, and without it
    all of its pages would be one source.

    Raises InvalidDataError for anything that isn't an http or https address, that holds spaces,
    control characters or a password, or is longer than 8,000 characters.
    """
    scheme, host, port, rest = _url_parts(url)
    normal = f"{scheme}://{host}{port}{rest}"
    if len(normal) > _URL_LIMIT:
        raise InvalidDataError(
            f"The address is {len(normal):,} characters long once it is percent-encoded; "
            f"at most {_URL_LIMIT:,} are kept."
        )
    return normal


def url_key(url: str) -> bytes:
    """32 bytes (SHA-256) of the normalised address without its scheme and ``www.``.

    http and https, with and without ``www.``, are the same article. Raises as normalise_url.
    """
    return digest(_without_www(normalise_url(url).partition("://")[2]))


def url_host(url: str) -> str:
    """The host of an address, without ``www.`` and port: "example.org". Raises as normalise_url."""
    return _without_www(_url_parts(url)[1])


def _without_www(text: str) -> str:
    host = re.split("[/?#:]", text, maxsplit=1)[0]
    return text[4:] if host.startswith("www.") and "." in host[4:] else text


def in_full(address: str) -> str:
    """An address as people copy it, ``www.example.org/a``, with the scheme that it lacks.

    A text that is none, or several, stays as it is.
    """
    return f"https://{address}" if re.fullmatch(_BARE, address) else address


# An import asks for the key, the normal form and the host of an address one after another.
@lru_cache(16)
def _url_parts(url: str) -> tuple[str, str, str, str]:
    """Scheme, host, ``:port`` or nothing, and all the rest, each in normal form."""
    url = url.strip(SPACES)
    if len(url) > _URL_LIMIT:
        raise InvalidDataError(
            f"The address is {len(url):,} characters long; at most {_URL_LIMIT:,} are kept."
        )
    plain = url.isascii() and url.isprintable() and " " not in url
    if not plain and any(c.isspace() or unicodedata.category(c) in ("Cc", "Cs") for c in url):
        raise InvalidDataError(
            "The address holds a space, a line break or another character that can't stand in one."
        )
    match = re.fullmatch(_URL, url)
    if match is None:
        raise InvalidDataError(_not_an_address(url))
    scheme = match[1].lower()
    host, port = _host_and_port(match[2], scheme)
    rest = _path(match[3])
    query = "&".join(
        part for part in map(_query_part, (match[4] or "").split("&")) if part is not None
    )
    if query:
        rest += f"?{query}"
    fragment = (match[5] or "").split(":~:", 1)[0]
    if fragment[:1] in ("!", "/") and len(fragment) > 1:
        rest += "#" + _percent(fragment, _IN_QUERY)
    return scheme, host, port, rest


def _not_an_address(url: str) -> str:
    shown = url if len(url) <= 80 else url[:79] + "…"
    head = re.split("[/?#]", url.removeprefix("//"), maxsplit=1)[0]
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+-]*):", url)
    if scheme is not None and not re.fullmatch(r"[^:]+:[0-9]+", head):
        if scheme[1].lower() in ("http", "https"):
            return "An address has two slashes after its scheme: write https://…"
        return f"A source's address begins with http:// or https://, not with {scheme[1][:20]}:."
    if "@" in head:
        return "A source's address begins with https://, and holds no user name or password."
    if "." in head.strip(".") or head.lower().startswith("localhost"):
        return f"The address has no scheme: write https://{shown.removeprefix('//')}"
    return f'"{shown}" is not an address: write it in full, as in https://example.org/article.'


def _host_and_port(authority: str, scheme: str) -> tuple[str, str]:
    if "@" in authority:
        raise InvalidDataError(
            "The address holds a user name or password: write it without what stands before the @."
        )
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        host += bracket
        if not bracket or (port and not port.startswith(":")):
            raise InvalidDataError("The address has no host that can be read.")
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
    if port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise InvalidDataError("The address has a bad port: it is a number from 1 to 65535.")
    port = str(int(port)) if port else ""
    return _host(host), "" if port in ("", _PORTS[scheme]) else f":{port}"


def _host(host: str) -> str:
    if not host:
        raise InvalidDataError("The address has no host: write it as https://example.org/article.")
    if host.startswith("["):
        import ipaddress

        try:
            return f"[{ipaddress.IPv6Address(host[1:-1])}]"
        except ValueError as error:
            raise InvalidDataError("The address has a bad IPv6 host.") from error
    if not host.isascii():
        host = ".".join(_idna(label) for label in re.split("[.。．｡]", host[:300]))
    host = host.lower()
    host = host.removesuffix(".")
    if not re.fullmatch(_HOST, host):
        raise InvalidDataError("The address has no host that can be read.")
    return host


def _idna(label: str) -> str:
    if label.isascii():
        return label
    if len(label) <= 63:
        lower = unicodedata.normalize("NFC", label.lower())
        try:
            if "ß" in lower or "ς" in lower:
                # Browsers follow UTS 46, where these are letters of their own; Python's codec is
                # IDNA 2003 and would lead to somebody else's host.
                return "xn--" + lower.encode("punycode").decode("ascii")
            return lower.encode("idna").decode("ascii")
        except UnicodeError:
            pass
    raise InvalidDataError("The address has no host that can be read.")


def _percent(text: str, safe: frozenset[str]) -> str:
    def normal(match: re.Match[str]) -> str:
        found = match[0]
        if len(found) == 3:
            char = chr(int(found[1:], 16))
            return char if char in _UNRESERVED else found.upper()
        if found in safe:
            return found
        return "".join(f"%{byte:02X}" for byte in found.encode())

    return re.sub(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~-]", normal, text)


def _path(path: str) -> str:
    """Dot segments resolved (RFC 3986, 5.2.4), no slash at the end."""
    kept: list[str] = []
    for segment in _percent(path, _IN_PATH).split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/".join(["", *kept]).rstrip("/")


def _query_part(part: str) -> str | None:
    part = _percent(part, _IN_QUERY)
    name = part.partition("=")[0].lower()
    if not part or name in _TRACKING or name.startswith(_TRACKING_PREFIXES):
        return None
    return part
