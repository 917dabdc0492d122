"""Database URLs as people may see them: no password gets through, and the rest is readable."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.database_url import hide_password, scrub


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql://u@h:5432/db?sslmode=require", "postgresql://u@h:5432/db?sslmode=require"),
        ("postgresql://h1:5432,[::1]:5433/db", "postgresql://h1:5432,[::1]:5433/db"),
        ("postgresql:///db?host=/tmp", "postgresql:///db?host=/tmp"),
        ("postgresql://u@/db?password=p&host=/x", "postgresql://u@/db?password=***&host=/x"),
        ("postgresql://h/db?pass%77ord=p", "postgresql://h/db?pass%77ord=***"),
        ("host=h password=p user=u", "host=h password=*** user=u"),
        ("host=h password='a b' user=u", "host=h password=*** user=u"),
        ("", ""),
    ],
)
def test_passwords_are_hidden_and_the_rest_is_shown(url: str, shown: str) -> None:
    assert hide_password(url) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:geheim",
        "postgresql://u:geheim/db",
        "postgresql://u:x@geheim@h/db",
        "postgresql://u:x/geheim@h/db",
        "postgresql://u:12?geheim@h/db",
        "postgresql://u:geheim@[::1/db",
        "postgresql://u:geheim@h:port/db",
        "postgresql:/u:geheim@h/db",
        "postgresql:u:geheim@h",
        "u:geheim@h/db",
        "postgresql://u@h/db?password=a@geheim",
        "postgresql://u@h/db?password=a&geheim",
        "postgresql://u@h/db?PASSWORD=a b geheim",
        "postgresql://u:p@h/db?password=x:y@geheim&a=b",
        "postgresql://u:x?password=geheim@h/db",
        "postgresql://u@h/db?sslpassword=geheim#x",
        "postgresql://u:%zzgeheim@h/db",
        "host=h password = geheim",
        "host=h password='geheim",
    ],
)
def test_malformed_urls_do_not_leak(url: str) -> None:
    assert "geheim" not in hide_password(url)
    assert "geheim" not in scrub(f"could not connect to {url}: refused", url)


@given(st.text(min_size=1, max_size=20))
def test_a_properly_quoted_password_never_shows(password: str) -> None:
    password = f"Q{password.encode('utf-8', 'replace').decode()}Q"
    quoted = quote(password, safe="")
    for url in (f"postgresql://u:{quoted}@h/db", f"postgresql://u@h/db?password={quoted}&a=1"):
        assert hide_password(url) == url.replace(quoted, "***")
        message = scrub(f"password {password!s} or {quoted} is wrong", url)
        assert message == "password *** or *** is wrong"


@given(st.text(max_size=60), st.text(max_size=60))
def test_hiding_never_raises(url: str, text: str) -> None:
    hide_password(url)
    hide_password(f"postgresql://{url}")
    scrub(text, f"postgresql://{url}")


def test_scrubbing_spares_the_text_around_a_short_password() -> None:
    assert scrub("a cat: a", "postgresql://u:a@h/db") == "*** cat: ***"
    assert scrub("nothing here", None) == "nothing here"
