"""The block part of `publish.plugins.commonmark`: elements of the blocks of a text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Protocol
from xml.etree.ElementTree import Element, SubElement

from publish.checks.commonmark import (
    BLANKS,
    MAX_DEPTH,
    NO_DEFINITION,
    Blocks,
    split_event,
)
from publish.checks.cuts import Cut

_CLOSING_MARKS: Final = re.compile(r"(?:^|[ \t]+)#+$")
_MARKER: Final = re.compile(r"(?P<mark>[-+*:]|\d{1,9}[.)]|~)(?P<blanks>[ \t]*)")
_INLINE: Final = frozenset(
    {"Text", "Code", "InlineHtml", "FootnoteReference", "TaskListMarker", "SoftBreak", "HardBreak"}
    | {"Emphasis", "Strong", "Strikethrough", "Link", "Image"}
)
_TABLE_ROWS: Final = {"TableHead": ("thead", "th"), "TableRow": ("tbody", "td")}


class Writer(Protocol):
    """Adds a block whose element needs Python-Markdown or one of its extensions."""

    def add_text(self, parent: Element, text: str, *, is_tight: bool = False) -> None: ...
    def add_code(self, parent: Element, code: str) -> None: ...
    def add_fence(self, parent: Element, info: str, code: str) -> None: ...
    def add_html(self, parent: Element, html: str) -> None: ...
    def add_cut(self, parent: Element, cut: Cut) -> None: ...
    def add_footnote(self, parent: Element, label: str, holder: Element) -> None: ...
    def alignment(self, column: str) -> dict[str, str]: ...


@dataclass(frozen=True)
class _Container:
    """A quote or a list item: what its later lines begin with."""

    prefix: str
    """A pattern."""
    mark: int
    """The offset of its mark."""
    line: int
    """The offset of its first line."""
    column: int
    """The column at which its text begins on its first line."""


@dataclass(frozen=True)
class _Open:
    """An element whose end has not come yet."""

    element: Element
    is_container: bool = False
    footnote: str = ""
    """The label, if it is a footnote."""


class Tree:
    """Makes elements of the events of one text."""

    def __init__(self, writer: Writer, blocks: Blocks) -> None:
        self._writer = writer
        self._blocks = blocks
        self._source = blocks.text.encode()
        self._events = iter(blocks.events)
        self._containers: list[_Container] = []

    def fill(self, root: Element) -> None:
        """Adds all blocks to an element."""
        self._open = [_Open(root)]
        text_start, text_end = -1, -1  # the text of a tight item, which has no paragraph
        for event, place in self._events:
            kind, name, data = split_event(event)
            start, end = place["start"], place["end"]
            if name in _INLINE:
                if text_start < 0:
                    text_start = start - (self._source[start - 1 : start] == b"\\")
                text_end = max(text_end, end)
                continue
            parent = self._open[-1].element
            if text_start >= 0:
                self._writer.add_text(parent, self._text(text_start, text_end), is_tight=True)
                text_start = text_end = -1
            if kind == "End":
                self._close()
            else:
                self._add(parent, name, data, start, end)

    def _enter(
        self, element: Element, container: _Container | None = None, footnote: str = ""
    ) -> None:
        """Blocks go into the element until its end."""
        if container:
            self._containers.append(container)
        self._open.append(_Open(element, container is not None, footnote))

    def _close(self) -> None:
        closed = self._open.pop()
        if closed.is_container:
            self._containers.pop()
        if closed.footnote:
            self._writer.add_footnote(self._open[-1].element, closed.footnote, closed.element)

    def _child(
        self, parent: Element, tag: str, attributes: Mapping[str, str] = MappingProxyType({})
    ) -> Element:
        """A new element; the parent itself if it is nested more deeply than anybody could see."""
        return parent if len(self._open) > MAX_DEPTH else SubElement(parent, tag, dict(attributes))

    def _add(self, parent: Element, name: str, data: Any, start: int, end: int) -> None:
        match name:
            case "Paragraph":
                self._skip(name)
                self._writer.add_text(parent, self._text(start, end))
            case "Heading":
                self._skip(name)
                tag = str(data["level"]).lower()
                SubElement(parent, tag).text = self._heading_text(start, end)
            case "Rule":
                SubElement(parent, "hr")
            case "CodeBlock":
                self._add_code(parent, data, self._skip(name))
            case "HtmlBlock":
                self._add_html(parent, self._skip(name))
            case "Table":
                self._add_table(SubElement(parent, "table"), data)
            case "DefinitionListTitle":
                self._skip(name)
                for term in self._text(start, end).split("\n"):
                    SubElement(parent, "dt").text = term
            case _:
                self._add_container(parent, name, data, start)

    def _add_container(self, parent: Element, name: str, data: Any, start: int) -> None:
        match name:
            case "BlockQuote":
                self._add_quote(parent, data, start)
            case "List":
                tag, numbers = ("ul", {}) if data is None else ("ol", {"start": str(data)})
                self._enter(self._child(parent, tag, {} if data == 1 else numbers))
            case "DefinitionList":
                self._enter(self._child(parent, "dl"))
            case "Item":
                self._enter(self._child(parent, "li"), self._item(start))
            case "DefinitionListDefinition":
                self._enter(self._child(parent, "dd"), self._item(start))
            case "FootnoteDefinition":  # its extension asks for it when all are known
                self._enter(Element("div"), self._line(start, " {4}", 4), str(data))

    def _skip(self, name: str) -> str:
        """Goes to the end of a block without blocks inside; returns its code or HTML."""
        pieces = []
        for event, _ in self._events:
            kind, end, data = split_event(event)
            if kind == "End" and end == name:
                break
            if end in {"Text", "Html"}:
                pieces.append(data)
        return "".join(pieces)

    def _add_code(self, parent: Element, kind: Any, code: str) -> None:
        if kind == "Indented":
            self._writer.add_code(parent, code)
        else:
            self._writer.add_fence(parent, kind["Fenced"], code)

    def _add_html(self, parent: Element, html: str) -> None:
        cut = self._blocks.cut_number(html)
        if cut is None:
            self._writer.add_html(parent, html)
        else:
            self._writer.add_cut(parent, self._blocks.cuts[cut])

    def _add_quote(self, parent: Element, alert: str | None, start: int) -> None:
        if alert is None:
            quote = self._child(parent, "blockquote")
        else:
            quote = self._child(parent, "div", {"class": f"admonition {alert.lower()}"})
            SubElement(quote, "p", {"class": "admonition-title"}).text = alert
        self._enter(quote, self._quote(start))

    def _add_table(self, table: Element, aligned: tuple[str, ...]) -> None:
        part = row = table
        for event, place in self._events:
            kind, name, _ = split_event(event)
            if kind == "End" and name == "Table":
                break
            if kind == "Start" and name in _TABLE_ROWS:
                tag, cell = _TABLE_ROWS[name]
                part = part if part.tag == tag else SubElement(table, tag)
                row = SubElement(part, "tr")
            elif kind == "Start" and name == "TableCell":
                raw = self._source[place["start"] : place["end"]].decode()
                text = raw.strip(BLANKS).replace("\\|", "|")
                align = aligned[len(row)]
                SubElement(row, cell, self._writer.alignment(align)).text = text

    # Texts, without what the containers around them put before each line.

    def _text(self, start: int, end: int) -> str:
        text = self._source[start:end].decode().strip(BLANKS).replace(NO_DEFINITION, "")
        first, *others = text.split("\n")
        return "\n".join([first, *map(self._without_prefix, others)])

    def _heading_text(self, start: int, end: int) -> str:
        source = self._source[start:end].decode().strip(BLANKS)
        if "\n" in source:
            return self._text(start, end).rpartition("\n")[0].rstrip(BLANKS)
        return _CLOSING_MARKS.sub("", source.lstrip("#").strip(BLANKS))

    def _without_prefix(self, line: str) -> str:
        if self._containers:
            line = _expand(line)
            line = line[self._prefix_length(line) :]
        return line.lstrip(BLANKS)

    def _prefix_length(self, line: str) -> int:
        match = _prefixes(tuple(container.prefix for container in self._containers)).match(line)
        return match.end() if match else 0

    def _quote(self, start: int) -> _Container:
        start = self._mark(start, b">")
        width = 1 + (self._source[start + 1 : start + 2] in {b" ", b"\t"})
        return self._line(start, " {0,3}> ?", width)

    def _item(self, start: int) -> _Container:
        start = self._mark(start, b"-+*:~0123456789")
        line = self._source[start : start + 80].partition(b"\n")[0].decode(errors="ignore")
        marker = _MARKER.match(line)
        assert marker is not None  # noqa: S101 - pyromark has found it
        column = self._column(start) + len(marker["mark"])
        blanks = len(f"{' ' * column}{marker['blanks']}".expandtabs(4)) - column
        is_wide = blanks > 4 or marker.end() == len(line)
        width = len(marker["mark"]) + (1 if is_wide else blanks)
        container = self._line(start, "", width)
        return replace(container, prefix=f" {{{container.column - self._parent_column(start)}}}")

    def _mark(self, start: int, marks: bytes) -> int:
        """The offset of a container's mark. Half a tab before it makes pyromark begin earlier."""
        if self._containers:
            start = max(start, self._containers[-1].mark + 1)
        while self._source[start] not in marks:
            start += 1
        return start

    def _column(self, start: int) -> int:
        line = self._source.rfind(b"\n", 0, start) + 1
        return len(self._source[line:start].decode().expandtabs(4))

    def _line(self, start: int, prefix: str, width: int) -> _Container:
        line = self._source.rfind(b"\n", 0, start) + 1
        return _Container(prefix, start, line, self._column(start) + width)

    def _parent_column(self, start: int) -> int:
        """The column at which the text of the container around a block begins on its line."""
        line = self._source.rfind(b"\n", 0, start) + 1
        if self._containers and self._containers[-1].line == line:
            return self._containers[-1].column
        return self._prefix_length(self._source[line:start].decode().expandtabs(4))


def _expand(line: str) -> str:
    """The line with blanks in place of the tabs at its start, not of those at its end."""
    words = line.lstrip(" \t>")
    start = len(line) - len(words) if words else len(line.rstrip(BLANKS))
    return line[:start].expandtabs(4) + line[start:]


@cache
def _prefixes(pieces: tuple[str, ...]) -> re.Pattern[str]:
    pattern = ""
    for piece in reversed(pieces):
        pattern = f"(?:{piece}{pattern})?"
    return re.compile(pattern)


def append_text(parent: Element, text: str, *, is_tight: bool) -> None:
    """Adds a paragraph; in a tight list item only its text."""
    if not is_tight:
        SubElement(parent, "p").text = text
    elif len(parent):
        parent[-1].tail = f"{parent[-1].tail or ''}\n{text}"
    else:
        parent.text = f"{parent.text or ''}{text}"
