"""Addresses as URIs: the usual ones are left alone, all others are encoded by werkzeug."""

from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.urls import iri_to_uri

from publish.uris import to_uri

PARTS = ("http://", "https://", "HTTP://", "a.example", ":80", ":", "/", "//", "b", "ä", "?", "#")
MORE_PARTS = (" ", "%20", "é", "[", "]", "@", "..", "=", "&", "~", "+", "1", "x:", "\n", "{slug}")


@given(st.lists(st.sampled_from(PARTS + MORE_PARTS), max_size=8).map("".join))
@example("https://a.example/größe/")
@example("größe/teil-2/")
def test_an_address_is_what_werkzeug_makes_of_it(address: str) -> None:
    try:
        expected = iri_to_uri(address)
    except ValueError:
        expected = None
    try:
        found = to_uri(address)
    except ValueError:
        found = None
    assert found == expected


def test_usual_addresses_need_no_encoding() -> None:
    for address in ("", "/", "a/", "/a/b.html", "https://a.example", "http://a.example:8000/b/c/"):
        assert to_uri(address) == address
