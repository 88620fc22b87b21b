"""Links in HTML are found as browsers read them, and rewritten without any other change."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from publish.checks.html_links import find_links, rewrite_links

TEXT = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" <>\"'&=%#?/{}"))
NAMES = st.sampled_from(["href", "SRC", "poster", "data", "cite", "title", "alt", "data-href", "x"])
LINKS = {"href", "src", "poster", "data", "cite"}
UNQUOTED = re.compile(r"[^\s\"'<>=`]+")


ATTRIBUTE = st.tuples(NAMES, TEXT, st.sampled_from(["'", '"', ""]))
Attribute = tuple[str, str, str]


def write(attribute: Attribute) -> str:
    name, value, quote = attribute
    if not quote and UNQUOTED.fullmatch(value):
        return f" {name}={html.escape(value)}"
    quote = quote or '"'
    return f" {name} = {quote}{html.escape(value)}{quote}"


@given(st.lists(st.lists(ATTRIBUTE, max_size=6), max_size=3))
def test_links_of_any_value_in_any_quotes_are_found_and_rewritten(
    tags: list[list[Attribute]],
) -> None:
    pages = ("".join(map(write, attributes)) for attributes in tags)
    page = "".join(f'href="x" &lt;a href="x"&gt; <a{attributes}>' for attributes in pages)
    links = [value.strip() for tag in tags for name, value, _ in tag if name.lower() in LINKS]
    assert [link.target for link in find_links(page)] == links
    new = rewrite_links(page, lambda link: f"<{link}'")
    assert [link.target for link in find_links(new)] == [f"<{link}'" for link in links]
    assert rewrite_links(new, lambda link: link) == new
