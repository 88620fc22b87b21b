"""Attribute lists, such as `{: #part }`, where Python-Markdown's `attr_list` finds them.

A list follows an element in a line directly, is the last line of a paragraph, or stands at the end
of a heading, of a cell or of a term. Everywhere else it is text. The braces behind the marks of a
code block give it an id and classes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from markdown.extensions.attr_list import get_attrs_and_remainder

from publish.checks.active_content import ActivePart, active_parts
from publish.checks.commonmark import ATTRIBUTE_LIST, Blocks, split_event
from publish.checks.html_links import HtmlLink, find_links

_LIST: Final = rf"{ATTRIBUTE_LIST}(?P<list>[^}}\n ][^\n]*)\}}"
_MAY_HAVE: Final = re.compile(r"\{[^{}%\n]*[#.:=]")
_BEHIND: Final = re.compile(_LIST)
_LINE: Final = re.compile(rf"{_LIST}[ ]*")
_AT_END: Final = re.compile(rf"[ ]+{_LIST}[ ]*$")
_OF_CODE: Final = re.compile(r"[^{}\n]*\{(?P<list>[^\n]*)\}[ \t]*")
_ELEMENTS: Final = frozenset({"Link", "Image", "Emphasis", "Strong", "Strikethrough"})
_WITHOUT_END: Final = frozenset({"Code", "FootnoteReference"})
_BREAKS: Final = frozenset({"SoftBreak", "HardBreak"})
_IN_LINES: Final = _ELEMENTS | _WITHOUT_END | _BREAKS | {"InlineHtml", "TaskListMarker"}
_WITH_LIST_AT_END: Final = frozenset({"Heading", "TableCell", "DefinitionListTitle"})


@dataclass(frozen=True)
class AttributeList:
    """A list that has an effect on the page."""

    start: int
    """Where it starts, in bytes."""
    source: str
    """What is between the braces, and more if another brace follows."""
    is_of_block: bool = True

    @property
    def values(self) -> Mapping[str, str | None]:
        """The values by name; of two with one name the last counts."""
        return dict(get_attrs_and_remainder(self.source)[0])

    def ids(self) -> Iterator[str]:
        """The id of its element, if it gives one."""
        if own_id := self.values.get("id"):
            yield own_id

    def links(self) -> Iterator[HtmlLink]:
        """The links that it gives to its element."""
        return find_links(f"<a {self.source}>")

    def active_parts(self, line: int) -> Iterator[ActivePart]:
        """Each part that runs code or has no effect, such as `onclick`."""
        yield from active_parts(f"<i {self.source}>", line)


def without_list(text: str) -> str:
    """A text without the list at its start, which belongs to the element before it."""
    found = _BEHIND.match(text)
    return text[found.end() :] + get_attrs_and_remainder(found["list"])[1] if found else text


def without_last_list(text: str) -> str:
    """The text of a heading without the list at its end."""
    return _AT_END.sub("", text)


@dataclass(frozen=True)
class _Words:
    """Words without an element, a line break or an escaped mark in them."""

    text: str
    start: int
    before: str
    """`element` or `break`, if one precedes them directly."""
    block: str
    """The kind of the block that ends with them, if one does."""


def find_lists(blocks: Blocks) -> Iterator[AttributeList]:
    """The lists of a text, without those of its cuts."""
    if not _MAY_HAVE.search(blocks.text):
        return
    yield from _lists_of_code(blocks)
    for words in _words(blocks):
        if "{" not in words.text:
            continue
        if words.before == "element" and (found := _BEHIND.match(words.text)):
            yield AttributeList(words.start, found["list"], is_of_block=False)
        found = None
        if words.block in _WITH_LIST_AT_END:
            found = _AT_END.search(words.text)
        elif words.block and words.before == "break":
            found = _LINE.fullmatch(words.text)
        if found and not get_attrs_and_remainder(found["list"])[1]:
            place = words.start + len(words.text[: found.start()].encode())
            yield AttributeList(place, found["list"])


def _lists_of_code(blocks: Blocks) -> Iterator[AttributeList]:
    """The ids behind the marks of code blocks, which take nothing else that has an effect."""
    for event, place in blocks.events:
        kind, name, data = split_event(event)
        if (kind, name) == ("Start", "CodeBlock") and isinstance(data, dict):
            found = _OF_CODE.fullmatch(data["Fenced"])
            attributes, rest = get_attrs_and_remainder(found["list"]) if found else ([], "")
            if not rest and (own_id := dict(attributes).get("id")):
                yield AttributeList(place["start"], f"#{own_id}")


def _words(blocks: Blocks) -> Iterator[_Words]:
    source = blocks.text.encode()
    before = ""
    start = end = -1
    is_in_code = is_in_term = False
    for (event, place), (following, _) in pairwise([*blocks.events, ("", None)]):
        kind, name, _ = split_event(event)
        if name == "Text" and not is_in_code:
            first = place["start"]
            if first != end and (end >= 0 or source[first - 1 : first] == b"\\"):
                before, start = "", first  # behind an escaped mark
            start, end = first if start < 0 else start, place["end"]
            continue
        block = "" if name in _IN_LINES else name if kind == "End" else "Item"
        if name in _BREAKS and is_in_term:
            block = "DefinitionListTitle"
        elif split_event(following)[:2] == ("End", "FootnoteDefinition"):
            block = ""  # the page has a link back to the text there
        if start >= 0:
            yield _Words(source[start:end].decode(), start, before, block)
        if name == "CodeBlock":
            is_in_code = kind == "Start"
        elif name == "DefinitionListTitle":
            is_in_term = kind == "Start"
        is_element = name in _WITHOUT_END or (name in _ELEMENTS and kind == "End")
        before = "break" if name in _BREAKS else "element" if is_element else ""
        start, end = -1, place["end"] if is_element else -1
