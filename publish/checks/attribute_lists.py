"""The links of attribute lists, such as `{: href="other.md" }` behind an element of Markdown."""

import re
from collections.abc import Iterator
from typing import Final

from publish.checks.commonmark import ATTRIBUTE_LIST
from publish.checks.html_links import HtmlLink, find_links

_LIST: Final = re.compile(
    rf"""{ATTRIBUTE_LIST}(?P<list>(?:"[^"\n]{{0,500}}"|'[^'\n]{{0,500}}'|[^}}"'\n]){{1,100}})\}}"""
)
"""The limits keep it linear: a list has at most 100 characters besides its quoted values."""


def find_links_in_lists(text: str) -> Iterator[HtmlLink]:
    """Each link; its place is the one of its list."""
    if "{" not in text or "=" not in text:
        return
    for match in _LIST.finditer(text):
        for link in find_links(f"<a {match['list']}>"):
            yield HtmlLink(link.target, link.attribute, match.start())
