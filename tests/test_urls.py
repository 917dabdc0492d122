"""Addresses: one spelling for each, and which lead to the same article."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimtrack.errors import InvalidDataError
from claimtrack.urls import normalise_url, url_host, url_key

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
URL_LIKE = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "HTTPS://", "https://"]),
        st.sampled_from(
            ["Example.org", "www.a.b:80", "bücher.de", "straße.de:443", "[::1]:8", "a."]
        ),
        st.text(st.sampled_from("/.%25eE4é~=&?#!;+[]:utm_source=x\\^"), max_size=30),
    ),
)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://example.org/a", "https://example.org/a"),
        (" HTTPS://Example.ORG:443/A/ ", "https://example.org/A"),
        ("http://example.org:80/", "http://example.org"),
        ("http://example.org:8080", "http://example.org:8080"),
        ("https://example.org./a", "https://example.org/a"),
        ("https://example.org/a/./b/../c", "https://example.org/a/c"),
        ("https://example.org/%2e%2E/a", "https://example.org/a"),
        ("https://example.org/%7eana/%c3%a9é", "https://example.org/~ana/%C3%A9%C3%A9"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/a%2Fb", "https://example.org/a%2Fb"),
        ("https://example.org/a?", "https://example.org/a"),
        ("https://example.org/a?b=2&a=1&b=1", "https://example.org/a?b=2&a=1&b=1"),
        ("https://example.org/a?utm_source=x&id=7&FBCLID=y", "https://example.org/a?id=7"),
        ("https://example.org/a?pk_campaign=x&pk_id=7", "https://example.org/a?pk_id=7"),
        ("https://example.org/a?ref=7&source=x", "https://example.org/a?ref=7&source=x"),
        ("https://example.org/a?u=http://b.org/?c", "https://example.org/a?u=http://b.org/?c"),
        ("https://example.org/a#part-2", "https://example.org/a"),
        ("https://example.org/a#:~:text=dam", "https://example.org/a"),
        ("https://example.org/#!/news/7", "https://example.org#!/news/7"),
        ("https://example.org/#/news/7:~:text=a", "https://example.org#/news/7"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://straße.example/", "https://xn--strae-oqa.example"),
        ("http://[2001:DB8::0:1]:80/a", "http://[2001:db8::1]/a"),
        ("https://www.example.org/", "https://www.example.org"),
    ],
)
def test_an_address_has_one_spelling(url: str, normal: str) -> None:
    assert normalise_url(url) == normal


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("example.org/a", "write https://example.org/a"),
        ("//example.org/a", "write https://example.org/a"),
        ("example.org:8080/a", "write https://example.org:8080/a"),
        ("https:example.org", "write https://"),
        ("ftp://example.org/a", "not with ftp:"),
        ("mailto:ana@example.org", "not with mailto:"),
        ("dam", "write it in full"),
        ("", "write it in full"),
        ("https://", "no host"),
        ("https:///a", "no host"),
        ("https://a..b/", "no host that can be read"),
        ("https://[::1/", "no host that can be read|bad IPv6"),
        ("https://℀.org/", "no host that can be read"),
        ("https://exa%6Dple.org/", "no host that can be read"),
        ("https://example.org:0/", "bad port"),
        ("https://example.org:99999/", "bad port"),
        ("https://example.org:8o/", "bad port"),
        ("https://example.org/a b", "space"),
        ("https://example.org/a\nb", "line break"),
        ("https://example.org/\x00", "can't stand"),
        ("https://example.org/\ud800", "can't stand"),
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(InvalidDataError, match=sentence):
        normalise_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://ana:hunter2@example.org/",
        "ftp://ana:hunter2@example.org",
        "ana:hunter2@example.org/a",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidDataError) as refused:
        normalise_url(url)
    assert "hunter2" not in refused.value.message


def test_an_address_may_be_long_but_not_endless() -> None:
    url = "https://example.org/" + "a" * 4980
    assert normalise_url(url) == url
    with pytest.raises(InvalidDataError, match=r"8,001 characters long; at most 8,000"):
        normalise_url("https://example.org/" + "a" * 7981)
    with pytest.raises(InvalidDataError, match="percent-encoded"):
        normalise_url("https://example.org/" + "é" * 2000)


def test_http_https_and_www_are_one_article() -> None:
    key = url_key("https://example.org/a")
    assert len(key) == 32
    assert key == url_key("http://www.example.org:80/a/") == url_key("https://WWW.example.org/a#b")
    assert key != url_key("https://example.org/A")
    assert key != url_key("https://m.example.org/a")
    assert url_key("https://www.org") != url_key("https://org")


def test_the_host_is_told_without_www_and_port() -> None:
    assert url_host("https://www.Example.org:8080/www.a") == "example.org"
    assert url_host("https://www.org/a") == "www.org"


@given(URL_LIKE | ANY_TEXT)
def test_an_address_normalised_twice_stays_the_same(url: str) -> None:
    with contextlib.suppress(InvalidDataError):
        once = normalise_url(url)
        assert normalise_url(once) == once
        assert once.isascii()
        assert url_key(once) == url_key(url)
