"""Reads the outline of a text, from the same blocks as the page: `publish.checks.commonmark`.

What the page shows in another way than its writer expects is a problem of the outline.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final

from publish.checks.active_content import ActivePart, active_parts
from publish.checks.alerts import alert_problem
from publish.checks.attribute_lists import (
    AttributeList,
    find_lists,
    without_last_list,
    without_list,
)
from publish.checks.commonmark import (
    Blocks,
    FindReference,
    read_blocks,
    reference_key,
    split_event,
)
from publish.checks.commonmark_inline import code_text
from publish.checks.footnotes import Footnotes, find_links_around, find_references
from publish.checks.foreign_marks import find_foreign_marks
from publish.checks.heading_ids import HeadingIds
from publish.checks.html_tags import (
    PlacedHtmlTag,
    depends_on_text,
    is_html,
    paragraph_around,
    tag_problems,
)
from publish.checks.markdown_in_html import find_markdown_element
from publish.checks.math import show_marks
from publish.checks.nesting import nesting_problems
from publish.checks.notes import DEFAULT_SYNTAX, Note, Syntax, unread_messages
from publish.checks.outline_parts import Heading, Link, Outline, Picture, PlacedTag, TextProblem
from publish.checks.raw_html import open_comment, read_raw_html
from publish.checks.tag_syntax import tags_of_line

_SIDES: Final = frozenset({"Start", "End"})
_TOLD: Final = frozenset({"HtmlBlock", "Image", "TableCell", "TableRow"})
"""The blocks and elements without data that the outline hears of."""
_LINE: Final = 500
"""More bytes than the first line of an alert has."""
_HIDDEN: Final = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(?P<tag>script|style|textarea)\b.*?</(?P=tag)>",
    re.DOTALL | re.IGNORECASE,
)
"""A comment without an end hides the rest, in browsers too."""
_CODE: Final = re.compile(rb"<(?P<tag>pre|code)\b.*?</(?P=tag)>", re.DOTALL | re.IGNORECASE)
"""HTML that shows tags in braces as text; its links are links."""


def outline_of(text: str, first_line: int = 1, syntax: Syntax = DEFAULT_SYNTAX) -> Outline:
    """Reads Markdown whose first line is `first_line` of its file."""
    outline = _OutlineOfText(syntax)
    outline.add_text(text.replace("\x02", "").replace("\x03", ""), first_line)
    return outline.outline()


class _OutlineOfText:
    """Collects the parts of a text, and of the notes in it."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self.has_markdown_in_html = syntax.has_markdown_in_html
        self._definitions: dict[str, Link] = {}
        """By label: the address and the line. The text around a note comes before the note."""
        self.headings: list[tuple[Heading, str]] = []
        """Each heading, and the id that the writer gave to it."""
        self.links: list[Link] = []
        self.pictures: list[Picture] = []
        self.tags: list[PlacedTag] = []
        self.own_ids: set[str] = set()
        """The ids that the writer gave to other elements."""
        self.html_ids: dict[str, int] = {}
        """The ids in raw HTML, with their lines."""
        self.names: set[str] = set()
        self.active: list[ActivePart] = []
        self.html_tags: list[PlacedHtmlTag] = []
        self.problems: list[TextProblem] = []
        self.footnotes = Footnotes()
        self._unread: list[tuple[int, Note]] = []

    def add_text(self, text: str, first_line: int) -> None:
        """Reads a text."""
        part = self._part(text, first_line)
        if part.notes:  # each may define what the others link to
            part.find_links(self._find)
        part.read()

    def _part(
        self, text: str, first_line: int, depth: int = 0, *, is_in_html: bool = False
    ) -> "_Part":
        """A text with `depth` notes around it."""
        blocks = read_blocks(text, self._syntax, depth, is_in_html=is_in_html)
        self.problems += nesting_problems(blocks, first_line, self._syntax)
        for note in blocks.unread:
            line = first_line + blocks.text.count("\n", 0, note.start)
            self._unread.append((line, note))
        source = blocks.text.encode()
        for label, address, _, offset in blocks.definitions():
            line = first_line + source.count(b"\n", 0, offset)
            self._definitions.setdefault(label, Link(address, line))
        notes = [
            [
                self._part(
                    piece,
                    first_line + line,
                    depth + (cut.mark is not None),
                    is_in_html=cut.box() is not None,
                )
                for piece, line in cut.pieces()
            ]
            for cut in blocks.cuts
        ]
        return _Part(self, blocks, first_line, notes)

    def definition(self, label: str) -> Link | None:
        """The first definition of a label."""
        return self._definitions.get(reference_key(label))

    def _find(self, label: str) -> tuple[str, str] | None:
        found = self.definition(label)
        return (found.target, "") if found else None

    def outline(self) -> Outline:
        """Everything that was collected."""
        ids = HeadingIds(self._syntax.heading_ids, self.own_ids | {own for _, own in self.headings})
        anchors = {own or ids.new(heading.text): heading for heading, own in self.headings}
        self.problems += (TextProblem(*found) for found in unread_messages(self._unread))
        self.problems += self.footnotes.problems()
        self.problems += tag_problems(self.html_tags)
        for name, line in self.html_ids.items():
            if name in anchors:
                message = (
                    f'`id="{name}"` is the id of the heading in line {anchors[name].line} too, so '
                    "links lead only to the first of them: give it another one"
                )
                self.problems.append(TextProblem(line, message))
        return Outline(
            tuple(heading for heading, _ in self.headings),
            tuple(self.links),
            tuple(self.pictures),
            tuple(self.tags),
            frozenset(
                (*anchors, *self.own_ids, *self.html_ids, *self.names, *self.footnotes.anchors())
            ),
            tuple(self.active),
            tuple(self.problems),
        )


class _Part:
    """Reads the events of a text without its notes, and each note in its place."""

    def __init__(
        self,
        found: _OutlineOfText,
        blocks: Blocks,
        first_line: int,
        notes: list[list["_Part"]],
    ) -> None:
        self.notes = notes
        self._found = found
        self._blocks = blocks
        self._first = first_line
        self._bytes = blocks.text.encode()
        self._prose = bytearray(self._bytes)  # code in it is replaced with blanks
        self._breaks = [place.start() for place in re.finditer(rb"\n", self._bytes)]
        self._html: list[tuple[int, int]] = []
        self._lists: dict[int, AttributeList] = {}
        self._words: list[str] = []
        self._heading_start = self._picture_start = 0  # among the words
        self._source = ""
        self._heading = 0  # its level
        self._cell_end = self._open_pictures = self._quotes = 0

    def find_links(self, find: FindReference) -> None:
        """Reads the links to labels that other parts define."""
        self._blocks = self._blocks.with_definitions(find)
        for note in self.notes:
            for part in note:
                part.find_links(find)

    def read(self) -> None:
        """Adds what the text contains to the outline."""
        add_words = self._words.append
        self._lists = {one.start: one for one in find_lists(self._blocks)}
        for attributes in self._lists.values():
            self._add_list(attributes)
        for event, place in self._blocks.events:
            if isinstance(event, str):
                add_words(" ")
                continue
            ((kind, value),) = event.items()
            if kind == "Text":
                add_words(without_list(value) if place["start"] in self._lists else value)
            elif not isinstance(value, str) or kind not in _SIDES or value in _TOLD:
                self._add(*split_event(event), place["start"], place["end"])
        for link in self._blocks.undefined:
            self._undefined(link)
        self._read_prose()

    def _add_list(self, attributes: AttributeList) -> None:
        found, line = self._found, self._line(attributes.start)
        found.own_ids.update(attributes.ids())
        found.links += (Link(link.target, line) for link in attributes.links())
        found.active += attributes.active_parts(line)

    def _add(self, kind: str, name: str, data: Any, start: int, end: int) -> None:
        if kind == "End":
            self._end(name, start, end)
        elif name == "Code":
            self._blank(start, end)
            prefix = rf"\n(?:[ \t]*>){{0,{self._quotes}}}[ \t]*"
            source = re.sub(prefix, "\n", self._bytes[start:end].decode())
            self._words.append(code_text(source) if "\n" in source else data)
        elif name == "CodeBlock":
            self._blank(start, end)
        elif name == "HtmlBlock":
            self._html_block(start, end)
        elif name == "InlineHtml":
            source = self._bytes[start:end].decode()
            around = paragraph_around(self._bytes, start) if depends_on_text(source) else ("", 0)
            if is_html(source, *around):
                self._raw_html(start, end)
            else:
                self._words.append(source)
        elif name in {"Link", "Image"}:
            self._link(name, data, start, end)
        elif name == "FootnoteReference":
            self._footnote(str(data), start)
        elif name == "FootnoteDefinition":
            lines = range(self._line(start), self._line(max(start, end - 1)) + 1)
            self._found.footnotes.define(str(data), lines)
        elif name == "BlockQuote":
            self._quotes += 1
            self._quote(start, end, data)
        elif name == "Heading":
            self._heading_start, self._heading = len(self._words), int(data["level"][1])

    def _quote(self, start: int, end: int, alert: str | None) -> None:
        line = self._bytes[start : min(end, start + _LINE)].decode(errors="ignore")
        if alert is None and (message := alert_problem(line)):
            self._found.problems.append(TextProblem(self._line(start), message))

    def _html_block(self, start: int, end: int) -> None:
        cut = self._blocks.cut_number(self._bytes[start:end].decode())
        if cut is None:
            self._html.append((start, end))
            self._raw_html(start, end)
            self._attributes_without_effect(start, end)
            return
        self._blank(start, end)
        for part in self.notes[cut]:
            part.read()

    def _link(self, name: str, data: dict[str, Any], start: int, end: int) -> None:
        is_image = name == "Image"
        self._open_pictures += is_image
        if self._open_pictures > is_image:  # the page has only the words of a picture's text
            return
        address, line = data["dest_url"], self._line(start)
        if data["link_type"] == "Email":
            address = f"mailto:{address}"
        elif data["link_type"] not in {"Inline", "Autolink"}:
            found = self._found.definition(data["id"])
            address, line = (found.target, found.line) if found else (address, line)
        behind = self._lists.get(end)
        instead = behind and behind.values.get("src" if is_image else "href")
        if not instead:
            self._found.links.append(Link(address, line, is_image))
        if is_image:
            self._source = instead or address
            self._picture_start = len(self._words)

    def _end(self, name: str, start: int, end: int) -> None:
        self._quotes -= name == "BlockQuote"
        self._open_pictures -= name == "Image"
        if name == "Image" and not self._open_pictures:
            alt = show_marks("".join(self._words[self._picture_start :])).strip()
            del self._words[self._picture_start :]
            self._found.pictures.append(Picture(self._source, alt or None, self._line(start)))
        elif name == "Heading":
            self._end_heading(show_marks("".join(self._words[self._heading_start :])), start, end)
            self._heading = 0
        elif name == "TableCell":
            self._cell_end = end
        elif name == "TableRow":
            self._end_row(start, end)

    def _end_row(self, start: int, end: int) -> None:
        surplus = self._bytes[self._cell_end : end].decode().strip("| \t\n>")
        if surplus:
            self._found.problems.append(TextProblem.of_surplus_cells(self._line(start), surplus))

    def _end_heading(self, text: str, start: int, end: int) -> None:
        own = [one for one in self._lists.values() if one.is_of_block and start <= one.start < end]
        text = without_last_list(text) if own else text
        heading = Heading(self._heading, text.strip(), self._line(start))
        self._found.headings.append((heading, "".join(own[0].ids()) if own else ""))

    def _footnote(self, label: str, start: int) -> None:
        self._found.footnotes.refer(label, self._line(start))
        if self._heading:
            message = (
                f"`[^{label}]` in a heading: lists of contents leave it out, so put it into the "
                "text below"
            )
            self._found.problems.append(TextProblem(self._line(start), message))

    def _undefined(self, link: dict[str, Any]) -> None:
        start, end = link["span"]["start"], link["span"]["end"]
        if link["link_type"] in {"Reference", "Collapsed"}:
            source = " ".join(self._bytes[start:end].decode().split())
            source += "[]" if link["link_type"] == "Collapsed" else ""
            message = (
                f"`{source}` is no link, because nothing defines `{link['reference']}`: add a line "
                f"`[{link['reference']}]: address`, or write `\\[`"
            )
            self._found.problems.append(TextProblem(self._line(start), message))

    def _raw_html(self, start: int, end: int) -> None:
        """Reads links, pictures and ids of raw HTML, without comments and scripts."""
        found = self._found
        source = self._bytes[start:end].decode(errors="replace")
        found.active += active_parts(source, self._line(start))
        for hidden in _HIDDEN.finditer(self._bytes, start, end):
            self._blank(hidden.start(), hidden.end())
        raw = read_raw_html(self._prose[start:end].decode(errors="replace"), self._line(start))
        for code in _CODE.finditer(bytes(self._prose), start, end):
            self._blank(code.start(), code.end())
        found.links += raw.links
        found.pictures += raw.pictures
        found.html_ids = raw.ids | found.html_ids
        found.names |= raw.names
        found.html_tags += raw.tags
        if (comment := open_comment(source)) is not None:
            line = self._line(start) + source.count("\n", 0, comment)
            message = "`<!--` hides the rest of the text: add `-->` behind the comment"
            found.problems.append(TextProblem(line, message))

    def _attributes_without_effect(self, start: int, end: int) -> None:
        source = self._prose[start:end].decode(errors="replace")
        if self._found.has_markdown_in_html and (tag := find_markdown_element(source)):
            line = self._line(start) + source.count("\n", 0, tag.start())
            self._found.problems.append(TextProblem.of_attribute_without_effect(line, tag[0]))

    def _blank(self, start: int, end: int) -> None:
        self._prose[start:end] = re.sub(rb"[^\n]", b" ", self._bytes[start:end])

    def _line(self, offset: int) -> int:
        return self._first + bisect_right(self._breaks, offset - 1)

    def _read_prose(self) -> None:
        """Reads what no event tells, from the text without code."""
        found, prose = self._found, self._prose.decode(errors="replace")
        if "{" in prose:
            found.tags += self._tags(prose)
        if "[^" in prose:
            self._read_footnotes(prose)
        for mark in find_foreign_marks(prose):
            found.problems.append(TextProblem(self._line_in(prose, mark.place), mark.message))

    def _read_footnotes(self, prose: str) -> None:
        found = self._found
        for label, place in find_references(prose):
            found.footnotes.refer(label, self._line_in(prose, place))
        for link in find_links_around(prose):
            line = self._line_in(prose, link.place)
            found.links.append(Link(link.target, line, link.is_image))
            if link.is_image:
                found.pictures.append(Picture(link.target, link.alt, line))
            message = (
                f"`[^{link.label}]` in the text of a {'picture' if link.is_image else 'link'}: "
                "put it behind"
            )
            found.problems.append(TextProblem(line, message))

    def _line_in(self, prose: str, place: int) -> int:
        return self._first + prose.count("\n", 0, place)

    def _tags(self, prose: str) -> Iterator[PlacedTag]:
        in_html = {
            line
            for start, end in self._html
            for line in range(self._line(start), self._line(max(start, end - 1)) + 1)
        }
        for number, line in enumerate(prose.split("\n"), self._first):
            if "{" not in line:
                continue
            for tag in tags_of_line(line, is_in_html=number in in_html):
                yield PlacedTag(tag, number)
