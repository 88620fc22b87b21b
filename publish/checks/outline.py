"""The outline of a post's text: headings, links, pictures, tags and anchors, with line numbers.

A CommonMark parser reads it, 30 times as fast as Python-Markdown renders the page. The two differ
in rare cases; for those the build checks the finished HTML.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final

import pyromark
from markdown.extensions.toc import slugify, unique

from publish.checks.active_content import ActivePart, active_parts
from publish.checks.tag_syntax import STRAY_TAG, TAG, Tag

_OPTIONS: Final = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_FOOTNOTES
_OWN_LINE: Final = re.compile(rf"[ \t>]*{TAG}[ \t]*")
_ATTRIBUTE_LIST: Final = re.compile(r"[ \t]*\{:?[ ]*(?P<list>[^}\n]*)\}[ \t]*$")
_ID_IN_LIST: Final = re.compile(r"\{:?[^}\n]*#(?P<id>[^\s}]+)")
_HIDDEN: Final = re.compile(
    rb"<!--.*?-->|<(?P<tag>pre|code|script|style|textarea)\b.*?</(?P=tag)>",
    re.DOTALL | re.IGNORECASE,
)
_HTML_ID: Final = re.compile(r"""\s(?:id|name)\s*=\s*["']?(?P<id>[^\s"'>]+)""", re.IGNORECASE)
_HTML_LINK: Final = re.compile(
    r"\b(?P<name>href|src|srcset|poster|data|cite|action|formaction)\s*=\s*"
    r"""(?P<quote>["'])(?P<links>.*?)(?P=quote)""",
    re.DOTALL | re.IGNORECASE,
)
_HTML_PICTURE: Final = re.compile(r"<img\b(?P<rest>[^>]*)>", re.IGNORECASE)
_HTML_SOURCE: Final = re.compile(r"""\bsrc\s*=\s*["']?(?P<source>[^\s"'>]+)""", re.IGNORECASE)
_HTML_ALT: Final = re.compile(
    r"""\balt\s*=\s*(?:"(?P<in_two>[^"]*)"|'(?P<in_one>[^']*)'|(?P<bare>[^\s>]*))""",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Heading:
    """A heading of the text, without the post's title."""

    level: int
    text: str
    line: int


@dataclass(frozen=True)
class Link:
    """The target of a link or picture, as the writer wrote it, and its first line."""

    target: str
    line: int
    is_embedded: bool = False
    """Whether the page loads it, as a picture for example."""


@dataclass(frozen=True)
class Picture:
    """A picture; `alt` is its alternative text, None without one."""

    source: str
    alt: str | None
    line: int


@dataclass(frozen=True)
class PlacedTag:
    """One `{% ... %}` and its line."""

    tag: Tag
    line: int


@dataclass(frozen=True)
class Outline:
    """The parts of one text that the rules check."""

    headings: tuple[Heading, ...] = ()
    links: tuple[Link, ...] = ()
    """Includes the sources of pictures."""
    pictures: tuple[Picture, ...] = ()
    tags: tuple[PlacedTag, ...] = ()
    anchors: frozenset[str] = frozenset()
    """Ids for links such as `#...`; the theme adds more."""
    unclosed: int | None = None
    """The line of an unclosed bracket, if the page would take too long to render."""
    active: tuple[ActivePart, ...] = ()
    """The active content of raw HTML."""

    def with_answers(self, answers: Sequence["Outline"]) -> "Outline":
        """The outline of the text together with its answers. Tags in answers count as wrong."""
        wrong = (
            PlacedTag(Tag(placed.tag.raw), placed.line) for part in answers for placed in part.tags
        )
        return Outline(
            self.headings,
            tuple(chain(self.links, *(part.links for part in answers))),
            tuple(chain(self.pictures, *(part.pictures for part in answers))),
            (*self.tags, *wrong),
            self.anchors | {"questions-and-answers"},
            next((part.unclosed for part in (self, *answers) if part.unclosed), None),
            tuple(chain(self.active, *(part.active for part in answers))),
        )


def outline_of(text: str, first_line: int = 1) -> Outline:
    """Reads Markdown whose first line is `first_line` of its file."""
    builder = _OutlineBuilder(text, first_line)
    for event, place in pyromark.events_with_range(text, options=_OPTIONS):
        builder.add(event, place["start"], place["end"])
    return builder.outline()


class _OutlineBuilder:
    """Builds an outline from the parser's events."""

    def __init__(self, text: str, first_line: int) -> None:
        self._text = text
        self._bytes = text.encode()
        self._prose = bytearray(self._bytes)  # code in it is replaced with blanks
        self._first = first_line
        self._breaks = [place.start() for place in re.finditer(rb"\n", self._bytes)]
        self._headings: list[Heading] = []
        self._links: list[Link] = []
        self._pictures: list[Picture] = []
        self._ids: set[str] = set()
        self._active: list[ActivePart] = []
        self._html: list[tuple[int, int]] = []
        self._words: list[str] = []  # the text of the open heading or picture
        self._heading_words: list[str] = []  # saved while a picture in the heading is read
        self._source = ""

    def add(self, event: Any, start: int, end: int) -> None:
        if isinstance(event, str):
            self._words.append(" ")
            return
        ((kind, value),) = event.items()
        if kind == "Text":
            self._words.append(value)
        elif kind == "Code":
            self._blank(start, end)
            self._words.append(value)
        elif kind == "Start":
            if value == "HtmlBlock" or isinstance(value, dict):
                self._start(value, start, end)
        elif kind == "End":
            if value == "Image" or isinstance(value, dict):
                self._end(value, start)
        elif kind == "InlineHtml":
            self._raw_html(start, end)
        elif kind == "FootnoteReference":
            self._ids |= {f"fn:{value}", f"fnref:{value}"}

    def _start(self, element: Any, start: int, end: int) -> None:
        ((name, data),) = element.items() if isinstance(element, dict) else ((element, {}),)
        if name == "CodeBlock":
            self._blank(start, end)
        elif name == "HtmlBlock":
            self._html.append((start, end))
            self._raw_html(start, end)
        elif name in {"Link", "Image"}:
            line = self._line_of_link(data, start)
            mail = "mailto:" if data["link_type"] == "Email" else ""
            self._links.append(Link(f"{mail}{data['dest_url']}", line, name == "Image"))
            if name == "Image":
                self._source = data["dest_url"]
                self._heading_words, self._words = self._words, []
        elif name == "Heading":
            self._words = []

    def _end(self, element: Any, start: int) -> None:
        if element == "Image":
            alt = "".join(self._words).strip()
            self._pictures.append(Picture(self._source, alt or None, self._line(start)))
            self._words = self._heading_words
        elif isinstance(element, dict) and "Heading" in element:
            self._heading(int(element["Heading"][1]), "".join(self._words), start)

    def _heading(self, level: int, text: str, start: int) -> None:
        attributes = _ATTRIBUTE_LIST.search(text)
        own_id = _ID_IN_LIST.search(text) if attributes else None
        if attributes:
            text = text[: attributes.start()]
        anchor = own_id["id"] if own_id else slugify(html.unescape(text), "-")
        self._ids.add(anchor) if own_id else unique(anchor, self._ids)
        self._headings.append(Heading(level, text.strip(), self._line(start)))

    def _raw_html(self, start: int, end: int) -> None:
        """Reads links, pictures and ids of raw HTML, without comments, code and scripts."""
        source = self._bytes[start:end].decode(errors="replace")
        self._active += active_parts(source, self._line(start))
        for hidden in _HIDDEN.finditer(self._bytes, start, end):
            self._blank(hidden.start(), hidden.end())
        raw = self._prose[start:end].decode(errors="replace")
        for match in _HTML_LINK.finditer(raw):
            line = self._line(start + len(raw[: match.start()].encode()))
            links = html.unescape(match["links"])
            parts = links.split(",") if match["name"].lower() == "srcset" else [links]
            for part in parts:
                target = part.split()[0] if len(parts) > 1 and part.strip() else part.strip()
                is_embedded = match["name"].lower() in {"src", "srcset"}
                self._links.append(Link(target, line, is_embedded))
        for match in _HTML_PICTURE.finditer(raw):
            line = self._line(start + len(raw[: match.start()].encode()))
            src = _HTML_SOURCE.search(match["rest"])
            alt = _HTML_ALT.search(match["rest"])
            self._pictures.append(
                Picture(
                    html.unescape(src["source"]) if src else "",
                    html.unescape(alt[alt.lastgroup or 0]) if alt else None,
                    line,
                )
            )
        self._ids.update(match["id"] for match in _HTML_ID.finditer(raw))

    def _line_of_link(self, data: dict[str, Any], start: int) -> int:
        """The line of a link; for a reference link the line of its definition."""
        if data["link_type"] not in {"Reference", "Collapsed", "Shortcut"}:
            return self._line(start)
        definition = self._definitions.get(data["id"])
        return self._line(definition["span"]["start"] if definition else start)

    @cached_property
    def _definitions(self) -> Any:
        return pyromark.reference_definitions(self._text)

    def _blank(self, start: int, end: int) -> None:
        self._prose[start:end] = re.sub(rb"[^\n]", b" ", self._bytes[start:end])

    def _line(self, offset: int) -> int:
        return self._first + bisect_right(self._breaks, offset - 1)

    def outline(self) -> Outline:
        prose = self._prose.decode(errors="replace")
        if "{:" in prose:
            self._ids.update(match["id"] for match in _ID_IN_LIST.finditer(prose))
        return Outline(
            tuple(self._headings),
            tuple(self._links),
            tuple(self._pictures),
            tuple(self._tags(prose)) if "{" in prose else (),
            frozenset(self._ids),
            self._unclosed(prose),
            tuple(self._active),
        )

    def _unclosed(self, prose: str) -> int | None:
        place = first_unclosed(prose)
        return None if place is None else self._first + prose.count("\n", 0, place)

    def _tags(self, prose: str) -> Iterator[PlacedTag]:
        in_html = {
            line
            for start, end in self._html
            for line in range(self._line(start), self._line(max(start, end - 1)) + 1)
        }
        for number, line in enumerate(prose.split("\n"), self._first):
            if "{" not in line:
                continue
            own = _OWN_LINE.fullmatch(line)
            if own and number not in in_html:
                raw = line.strip(" \t>")
                yield PlacedTag(Tag(raw, own["kind"], own["slug"]), number)
            else:
                yield from (PlacedTag(Tag(m[0].strip()), number) for m in STRAY_TAG.finditer(line))


# Unclosed brackets. Python-Markdown searches from each `[`, `](` and `<a` for its end, to the end
# of the paragraph if there is none. So its time grows with the square of the number of unclosed
# brackets. One pass here counts the characters that it will have to search.

MAX_SEARCHED_CHARACTERS: Final = 5_000_000
"""About one second for Python-Markdown. A long post needs 20,000."""
_MARK: Final = re.compile(r"\\.|[\[\]()]|\n[ \t>]*(?=\n)", re.DOTALL)
_TAG: Final = re.compile(r"<(?=[a-zA-Z/!?])")


def first_unclosed(text: str) -> int | None:
    """The offset of the bracket with the longest search, if all searches together are too long.

    None if they are not. `text` must be without code.
    """
    if (
        len(text) * sum(map(text.count, ("[", "(", "<"))) <= MAX_SEARCHED_CHARACTERS
    ):  # nearly every text
        return None
    total, longest, place = 0, 0, 0
    for start, length in (*_brackets(text), *_tags(text)):
        total += length
        if length > longest:
            longest, place = length, start
    return place if total > MAX_SEARCHED_CHARACTERS else None


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """Offset of each bracket, and the distance to its end or to the end of the paragraph."""
    square: list[int] = []
    round_: list[tuple[int, bool]] = []
    last_close = -2  # the offset of the last `]`
    for match in _MARK.finditer(text):
        mark, place = match[0], match.start()
        if mark == "[":
            square.append(place)
        elif mark == "(":
            round_.append((place, last_close == place - 1))
        elif mark == "]":
            last_close = place
            if square:
                start = square.pop()
                yield start, place - start
        elif mark == ")":
            if round_:
                start, is_link = round_.pop()
                if is_link:
                    yield start, place - start
        elif mark[0] == "\n":
            yield from _still_open(place, square, round_)
    yield from _still_open(len(text), square, round_)


def _still_open(
    end: int, square: list[int], round_: list[tuple[int, bool]]
) -> Iterator[tuple[int, int]]:
    yield from ((start, end - start) for start in square)
    yield from ((start, end - start) for start, is_link in round_ if is_link)
    square.clear()
    round_.clear()


def _tags(text: str) -> Iterator[tuple[int, int]]:
    end = -1
    for match in _TAG.finditer(text):
        if end <= match.start() and end != len(text):
            end = text.find(">", match.start())
            end = len(text) if end < 0 else end
        yield match.start(), end - match.start()
