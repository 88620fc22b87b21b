"""Bare addresses: where a link ends, and what is none."""

import pytest

from publish.checks.bare_links import find_bare_links


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("npm@5.2.0 and a@b.c1, x@y.1a.", ["x@y.1a"]),
        ("a [https://e.example/b] c", ["https://e.example/b"]),
        (
            "a [b][https://e.example/c] d (https://e.example/d)",
            ["https://e.example/c", "https://e.example/d"],
        ),
        ("[www.e.example/a[1]]", ["http://www.e.example/a[1]"]),
        ("a] [b] https://e.example/a]b", ["https://e.example/a]b"]),
    ],
)
def test_a_link_ends_at_a_bracket_of_the_text_and_a_version_is_no_mail_address(
    text: str, addresses: list[str]
) -> None:
    assert [link.address for link in find_bare_links(text)] == addresses
