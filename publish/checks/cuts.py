"""Parts that are cut out of a text and read as texts of their own: notes, and HTML."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import takewhile, zip_longest
from typing import Final

from publish.checks.markdown_in_html import (
    MARKDOWN_ELEMENT,
    as_words,
    closing_tag,
    texts_in_html,
    without_attribute,
)
from publish.checks.notes import Content, NoteMark

_TITLE_OF_NOTE: Final = re.compile(r'"(?P<title>.*)"[ \t]*$')
_INDENT_OF_NOTE: Final = re.compile("^ {4}", re.MULTILINE)
_EMPTY_ELEMENTS: Final = frozenset({"br", "hr", "img", "input", "source", "track", "wbr"})
_FIRST_TAG: Final = re.compile(r"<(?P<tag>[A-Za-z][\w-]*)")
_NEXT_TAG: Final = re.compile(
    r"\n(?:[ ]{0,3}(?P<tag><(?:p|div|summary|table|[uod]l|h[1-6])\b)"
    r"|[^\n]*(?:<[!?]|```|~~~)|[ \t>]*<)",
    re.IGNORECASE,
)
"""An element that begins a line, or a line that may hide elements."""
_BOXES: Final = frozenset(
    {"article", "aside", "blockquote", "center", "details", "div", "fieldset", "figcaption"}
    | {"figure", "footer", "form", "header", "main", "nav", "section"}
)
MAX_ELEMENTS: Final = 20
"""Elements inside each other: more than anybody writes, fewer than Python can visit."""
_COMMENT: Final = re.compile("<!--\x02(?P<number>\\d+)\x03(?:(?P<prefixes>[ \t\n>\x03]*)-->)?")
_INDENT: Final = 4
_TAG: Final = re.compile(r"<(?P<slash>/?)(?P<tag>\w+)\b(?P<attributes>[^<>]*)>")
_WITH_BLOCKS: Final = frozenset({"1", "block", "markdown"})


@dataclass(frozen=True)
class Box:
    """An element with any blocks inside."""

    tag: str
    attributes: Mapping[str, str]
    opening: str
    """The tag as written, without the attribute `markdown`, and the one that closes it, if any."""
    lines_of_tag: int
    """How many line ends are in the tag."""
    body: str
    rest: str
    """What follows on the line on which it ends."""


@dataclass(frozen=True)
class Cut:
    """A note, or HTML."""

    source: str
    """As written, without the indentation and the quote marks around it."""
    line: int
    """Its line in the text, from 0."""
    mark: NoteMark | None = None
    """How a note begins; None for HTML."""
    is_raw: bool = False
    """Whether it is HTML without Markdown inside."""
    content: Content = "blocks"
    """What the body of a note has."""

    def box(self) -> Box | None:
        """The element, if it is one with any blocks inside."""
        opening = None if self.mark or self.is_raw else MARKDOWN_ELEMENT.match(self.source)
        if not opening:
            return None
        tag = _OpeningTag()
        tag.feed(opening[0])
        if tag.name not in _BOXES or tag.attributes.pop("markdown", "span") not in _WITH_BLOCKS:
            return None
        closing = closing_tag(self.source, 0, opening["tag"])
        start, end = closing.span() if closing else (len(self.source), len(self.source))
        return Box(
            tag.name,
            tag.attributes,
            without_attribute(opening[0]) + (closing[0] if closing else ""),
            opening[0].count("\n"),
            self.source[opening.end() : start],
            self.source[end:],
        )

    def pieces(self) -> Iterator[tuple[str, int]]:
        """The texts in it, with their lines."""
        header, _, body = self.source.partition("\n")
        line = self.line
        if self.is_raw:
            yield self.source, line
            return
        if box := self.box():
            yield box.opening, line
            line += box.lines_of_tag
            yield box.body, line
            yield box.rest, line + box.body.count("\n")
            return
        if self.mark is None:
            for text, place in texts_in_html(self.source):
                yield text, line + self.source.count("\n", 0, place)
            return
        if self.mark == "///":
            body, _, _ = body.rpartition("\n")
            body = as_words(body) if self.content == "words" else body
            yield header.partition("|")[2].strip(), line
            if self.content == "raw":
                return
        else:
            if title := _TITLE_OF_NOTE.search(header):
                yield title["title"], line
            body = _INDENT_OF_NOTE.sub("", body)
        yield body, line + 1


def comment_of_cut(text: str, start: int, end: int, number: int) -> str:
    """The comment that stands in a text for a cut; it has as many lines.

    ETX keeps a line from being blank, so that its prefix stays.
    """
    _, *others = _split_prefix(text, start, end)
    lines = [
        f"<!--\x02{number}\x03",
        *(f"{prefix}\x03" if line.strip() else prefix for prefix, line in others),
    ]
    return "\n".join(lines) + "-->"


def cut_number(html: str) -> int | None:
    """The number of the cut for which an HTML block stands; None if the writer wrote it."""
    comment = _COMMENT.match(html.lstrip())
    return int(comment["number"]) if comment else None


def with_cuts(text: str, cuts: Sequence[Cut]) -> str:
    """A part of a text with its cuts in place of their comments, behind their prefixes."""

    def written(comment: re.Match[str]) -> str:
        first, *others = cuts[int(comment["number"])].source.split("\n")
        prefixes = (comment["prefixes"] or "").replace("\x03", "").split("\n")[1:]
        lines = zip_longest(prefixes[: len(others)], others, fillvalue="")
        return "\n".join([first, *map("".join, lines)])

    return _COMMENT.sub(written, text)


def without_prefix(text: str, start: int, end: int) -> str:
    """A part of the text without the indentation and the quote marks around it."""
    return "\n".join(line for _, line in _split_prefix(text, start, end))


def _split_prefix(text: str, start: int, end: int) -> Iterator[tuple[str, str]]:
    """Each line of a part of the text: what the quotes and items around it put before it, and it.

    The first line has no prefix.
    """
    column = len(text[text.rfind("\n", 0, start) + 1 : start].expandtabs(_INDENT))
    first, *others = text[start:end].split("\n")
    yield "", first
    for line in others:
        lead = "".join(takewhile(" \t>".__contains__, line))
        columns = lead.expandtabs(_INDENT)
        yield columns[:column], columns[column:] + line[len(lead) :]


class _OpeningTag(HTMLParser):
    name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.name = tag
        self.attributes = {name: name if value is None else value for name, value in attrs}


def is_too_deep(element: str) -> bool:
    """Whether more than `MAX_ELEMENTS` with Markdown are inside each other; it stays plain HTML."""
    depth = 0
    open_tags: dict[str, list[bool]] = defaultdict(list)
    for match in _TAG.finditer(element):
        tag = match["tag"].lower()
        if not match["slash"]:
            open_tags[tag].append(bool(MARKDOWN_ELEMENT.match(match[0])))
            depth += open_tags[tag][-1]
        elif open_tags[tag]:
            depth -= open_tags[tag].pop()
        if depth > MAX_ELEMENTS:
            return True
    return False


def ended_elements(block: str) -> Iterator[tuple[int, int]]:
    """The elements of an HTML block that end before it, up to the first line of another kind."""
    place, size = 0, len(block.rstrip())
    while tag := _FIRST_TAG.match(block, place):
        end = end_of_element(block, place, tag["tag"])
        if end >= size:
            return
        yield place, end
        following = _NEXT_TAG.search(block, end)
        if not following or not following["tag"]:
            return
        place = following.start("tag")


def end_of_element(text: str, start: int, tag: str) -> int:
    """The end of the line on which an element ends; the end of the text if it does not end."""
    closing = closing_tag(text, start, tag)
    last = start if tag.lower() in _EMPTY_ELEMENTS else closing and closing.end()
    end = -1 if last is None else text.find("\n", last)
    return len(text) if end < 0 else end
