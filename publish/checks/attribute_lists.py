"""Ids, links and active content of attribute lists, such as `{: #part }` behind an element."""

import re
from collections.abc import Iterator
from typing import Final

from markdown.extensions.attr_list import get_attrs_and_remainder

from publish.checks.active_content import ActivePart, active_parts
from publish.checks.commonmark import ATTRIBUTE_LIST
from publish.checks.html_links import HtmlLink, find_links

_LIST: Final = re.compile(
    rf"""{ATTRIBUTE_LIST}(?P<list>(?:"[^"\n]{{0,500}}"|'[^'\n]{{0,500}}'|[^}}"'\n]){{1,100}})\}}"""
)
"""The limits keep it linear: a list has at most 100 characters besides its quoted values."""

_LIST_OF_HEADING: Final = re.compile(rf"[ ]+{ATTRIBUTE_LIST}([^}}\n ][^\n]*)\}}[ ]*$")
_ID: Final = re.compile(rf"{ATTRIBUTE_LIST}[^}}\n]{{0,500}}#(?P<id>[^\s}}]+)")
_ENDS_OF_ELEMENTS: Final = "])*_`~"
"""A list that follows one of these directly belongs to an element in a line."""
_LEAD: Final = " \t\n>"
"""Blanks and the marks of quotes."""
_HEADING_OR_LIST: Final = re.compile(r"[ \t>]*[#{]")
"""The start of a line with a heading, or with a list alone."""


def split_heading(text: str) -> tuple[str, str]:
    """The text of a heading without the list at its end, and the id that the list gives it."""
    found = _LIST_OF_HEADING.search(text)
    attributes, rest = get_attrs_and_remainder(found[1]) if found else ([], "")
    if found is None or rest:
        return text, ""
    return text[: found.start()], dict(attributes).get("id", "")


def find_ids_in_lists(text: str) -> Iterator[str]:
    """The ids of elements other than headings."""
    if any(start in text for start in ("{:", "{#", "{ ")):
        for match in _ID.finditer(text):
            if _is_list_of_element(text, match.start()):
                yield match["id"]


def _is_list_of_element(text: str, start: int) -> bool:
    """Whether a list is behind an element, in the cell of a table, or on a line below words."""
    line = text.rfind("\n", 0, start) + 1
    before = text[line:start]
    if before.strip(_LEAD):
        return before[-1] in _ENDS_OF_ELEMENTS or ("|" in before and before[-1] == " ")
    above = text[text.rfind("\n", 0, max(0, line - 1)) + 1 : line]
    return bool(above.strip(_LEAD))


def find_links_in_lists(text: str) -> Iterator[HtmlLink]:
    """Each link; its place is the one of its list."""
    for match in _lists(text):
        for link in find_links(f"<a {match['list']}>"):
            yield HtmlLink(link.target, link.attribute, match.start())


def find_active_parts_in_lists(text: str, first_line: int) -> Iterator[ActivePart]:
    """Each part that runs code or has no effect, such as `onclick`; lines from `first_line`."""
    for match in filter(_is_behind_element, _lists(text)):
        line = first_line + text.count("\n", 0, match.start())
        yield from active_parts(f"<i {match['list']}>", line)


def _lists(text: str) -> Iterator[re.Match[str]]:
    return _LIST.finditer(text) if "{" in text and "=" in text else iter(())


def _is_behind_element(attributes: re.Match[str]) -> bool:
    """Whether a list is directly behind an element, on a line of its own, or in a heading."""
    text, start = attributes.string, attributes.start()
    line = text.rfind("\n", 0, start) + 1
    return (
        text[max(0, start - 1)] in _ENDS_OF_ELEMENTS
        or _HEADING_OR_LIST.match(text, line) is not None
    )
