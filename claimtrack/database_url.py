"""Database URLs as people may see them: without a password, whatever the URL looks like."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, unquote_plus

#: What stands where a password stood.
HIDDEN = "***"


def hide_password(url: str) -> str:
    """The database URL (or libpq's ``key=value`` form) with its passwords as ``***``.

    Never raises. Where a malformed URL leaves open what its password is, more is hidden than need
    be, never less.
    """
    return _split_password(url)[0]


def scrub(text: str, url: str | None) -> str:
    """``text``, such as a driver's message, without the password of ``url``, in any spelling."""
    if not url:
        return text
    hidden, found = _split_password(url)
    text = text.replace(url, hidden)
    spellings = {
        spelling
        for raw in found
        for spelling in (raw, unquote(raw), unquote_plus(raw), quote(raw), quote(raw, safe=""))
        if spelling and spelling != HIDDEN
    }
    for spelling in sorted(spellings, key=len, reverse=True):
        if len(spelling) >= 3:
            text = text.replace(spelling, HIDDEN)
        else:
            # "a" inside other words gives nothing away, and hiding it there would spoil the text.
            text = re.sub(rf"(?<!\w){re.escape(spelling)}(?!\w)", HIDDEN, text)
    return text


def _split_password(url: str) -> tuple[str, list[str]]:
    """The URL with its passwords hidden, and what was hidden, as it was spelled."""
    found: list[str] = []

    def hide_parameter(match: re.Match[str]) -> str:
        if "pass" not in unquote(match["key"]).lower():
            return match[0]
        found.append(match["value"].strip("'"))
        return f"{match['start']}{match['key']}={HIDDEN}"

    # Parameters first, wherever they stand: their values may hold any of the other marks. A part
    # after "&" that is no parameter belongs to the value before it.
    has_scheme = "://" in url
    value = r"[^&]*(?:&[^=&]*(?=&|$))*" if has_scheme else r"\s*(?:'(?:\\.|[^'\\])*'?|[^\s]*)"
    pattern = rf"(?P<start>[?&;\s]|^)(?P<key>[^=&?;\s]*)\s*=(?P<value>{value})"
    body = re.sub(pattern, hide_parameter, url, flags=re.DOTALL)

    scheme = re.match(r"[A-Za-z][\w+.-]*:/+", body)
    start = scheme.end() if scheme else 0
    colon, at = body.find(":", start), body.rfind("@")
    if 0 <= colon < at:
        # From the first colon to the last "@": a password may hold unescaped "@", "/" and "?".
        secret = body[colon + 1 : at]
        found += [secret, secret.split("@")[0]]
        return f"{body[: colon + 1]}{HIDDEN}{body[at:]}", found
    authority = re.split(r"[/?#]", body[start:], maxsplit=1)[0]
    hosts = r"(?:\[[0-9A-Fa-f:.%]*\]|[^:,\[\]]*)(?::\d*)?"
    if colon >= 0 and at < 0 and not re.fullmatch(rf"{hosts}(?:,{hosts})*", authority):
        # "user:password" without a host, since what follows the colon is no port.
        end = body.find("?", colon)
        end = len(body) if end < 0 else end
        found.append(body[colon + 1 : end])
        return f"{body[: colon + 1]}{HIDDEN}{body[end:]}", found
    return body, found
