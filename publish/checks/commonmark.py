"""How a text is read: CommonMark with GitHub's additions, the same for `check` and for the page.

`read_blocks` gives the block structure of a text, `commonmark_inline` the structure of a paragraph.
Both are pyromark's, with four differences. A note is cut out before and read as a text of its own,
because CommonMark takes its indented body for code. So is HTML with `markdown="1"`. `<token>`
is text, because HTML has no such element. And marks in math are hidden, if the site has math.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pyromark

from publish.checks.cuts import (
    Cut,
    comment_of_cut,
    cut_number,
    end_of_element,
    ended_elements,
    is_too_deep,
    with_cuts,
    without_prefix,
)
from publish.checks.html_tags import is_html
from publish.checks.markdown_in_html import MARKDOWN_ELEMENT
from publish.checks.math import Math, Words, hide_math, show_marks
from publish.checks.notes import (
    DEFAULT_SYNTAX,
    IN_PARAGRAPH,
    MAX_NOTES,
    TOO_DEEP,
    Note,
    Syntax,
    find_notes,
)

Event = tuple[Any, Any]
"""An event of pyromark, and its range in bytes: `start` and `end`."""
BLANKS: Final = " \t\n"
"""What CommonMark strips from both ends of a text; other white space belongs to it."""
ATTRIBUTE_LIST: Final = r"\{(?::[ ]*|[ ]*(?=[#.]|[\w-]{2,}=))(?![#.](?:[\s}]|$))"
"""The start of an attribute list; `{word}`, `{i=1}` and `{#}` are text, as everywhere else."""
MAX_DEPTH: Final = 200
"""Levels of quotes, lists and emphasis: more than anybody writes, fewer than Python can visit."""
FindReference = Callable[[str], tuple[str, str] | None]
"""The address and the title of a label that the text defines; None for another label."""

_OPTIONS: Final = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_DEFINITION_LIST
    | pyromark.Options.ENABLE_GFM
)


# Parts that are cut out: notes, and HTML with Markdown inside.

_HEAD_BELOW_WORDS: Final = re.compile(
    r"\n(?<=.\n)(?P<lead>[ \t>]*)(?P<head>[^|\s>].*\|.*)\n"
    r"(?P=lead)(?!- )(?=.*\|)"
    r"(?P<dashes>\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*)$",
    re.MULTILINE,
)
_TABS_IN_DASHES: Final = re.compile(
    r"^[ \t>]*(?P<dashes>(?=.*\|)(?=.*-)[|:-][|: -]*\t[|: \t-]*)$", re.MULTILINE
)
_COLUMN_MARK: Final = re.compile(r"(?<!\\)\|")
NO_DEFINITION: Final = "\ufdd3"
"""A character that no text has, before a `:` that begins a text and no definition."""
_DEFINITION: Final = re.compile(r":[ \t]+[^\s]")


@dataclass(frozen=True)
class Blocks:
    """The block structure of a text."""

    text: str
    """The text with a comment in place of each cut, and hidden marks in math.

    Every line keeps its number.
    """
    events: list[Event]
    undefined: list[dict[str, Any]]
    """The links to labels that the text does not define, as pyromark describes them."""
    cuts: list[Cut] = field(default_factory=list)
    unread: tuple[Note, ...] = ()
    """Notes that are CommonMark: in too many others, or of an extension that the site has not."""

    def cut_number(self, html: str) -> int | None:
        """The index of the cut for which an HTML block stands; None if the writer wrote it."""
        return cut_number(html)

    def lost_cuts(self, first: int) -> set[int]:
        """The lines of the cuts from `first` that are no blocks, but words of a paragraph."""
        if first == len(self.cuts):
            return set()
        source = self.text.encode()
        found = {
            self.cut_number(source[place["start"] : place["end"]].decode())
            for event, place in self.events
            if split_event(event)[:2] == ("Start", "HtmlBlock")
        }
        return {
            cut.line
            for number, cut in enumerate(self.cuts)
            if number not in found | set(range(first))
        }

    def definitions(self) -> Iterator[tuple[str, str, str, int]]:
        """Label, address, title and offset in bytes of each definition of a link."""
        links = pyromark.reference_definitions(self.text, options=_OPTIONS)
        for label, link in links.items():
            title = link["title"] or ""
            yield reference_key(label), link["dest"], title, link["span"]["start"]

    def with_definitions(self, find: FindReference) -> "Blocks":
        """The same blocks, with the links to labels that other parts of the text define."""
        return _read(self.text, self.cuts, find)


def read_blocks(
    text: str, syntax: Syntax = DEFAULT_SYNTAX, depth: int = 0, *, is_in_html: bool = False
) -> Blocks:
    """Reads a text. Its control characters STX and ETX must have been removed.

    `depth` is the number of notes around it.
    In HTML with Markdown inside, Markdown goes on in the line after an element without it.
    """
    cuts: list[Cut] = []
    before, first = text, 0  # the text before the last cuts, and the first one of these
    in_paragraphs: set[int] = set()  # lines
    while True:
        blocks = _read(text, cuts)
        if lost := blocks.lost_cuts(first):
            in_paragraphs |= lost
            text = before
            del cuts[first:]
            continue
        before, first = text, len(cuts)
        edits = list(_table_edits(text, blocks.events)) if "|" in text else []
        edits = edits or list(_edits(text, blocks.events, cuts, syntax, is_in_html))
        notes = [] if edits else list(_notes(text, blocks.events, syntax, in_paragraphs))
        if depth < MAX_NOTES:
            edits += _note_edits(text, (note for note in notes if not note.unread), cuts)
        else:
            notes = [replace(note, unread=note.unread or TOO_DEEP) for note in notes]
        edited = _apply(text, edits) if edits else _with_hidden_math(blocks, syntax.math)
        if edited == text:
            return replace(blocks, unread=tuple(notes))
        text = edited


def _read(text: str, cuts: list[Cut], find: FindReference | None = None) -> Blocks:
    undefined: list[dict[str, Any]] = []

    def find_or_record(link: Any) -> tuple[str, str] | None:
        found = find(link["reference"]) if find else None
        if found is None:
            undefined.append(link)
        return found

    events = pyromark.events_with_range(text, options=_OPTIONS, broken_link_callback=find_or_record)
    return Blocks(text, list(events), undefined, cuts)


class _Places:
    """Offsets in a text for offsets in bytes: quickly if they rise."""

    def __init__(self, text: str) -> None:
        self._source = text.encode()
        self._byte = self._place = 0

    def of(self, byte: int) -> int:
        """The offset in the text."""
        if byte < self._byte:
            self._byte = self._place = 0
        self._place += len(self._source[self._byte : byte].decode())
        self._byte = byte
        return self._place


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    new: str


def _apply(text: str, edits: Iterable[_Edit]) -> str:
    end, pieces = 0, []
    for edit in edits:
        pieces += [text[end : edit.start], edit.new]
        end = edit.end
    return "".join([*pieces, text[end:]])


def _edits(
    text: str, events: Iterable[Event], cuts: list[Cut], syntax: Syntax, is_in_html: bool
) -> Iterator[_Edit]:
    """Makes text of tags that HTML does not have and of `:` before a word; cuts out HTML."""
    if not any(mark in text for mark in ("<", "\n:", " :", "\t:", ">:")):
        return
    places, done = _Places(text), 0
    for name, place, end in _html_and_definitions(events):
        start = places.of(place["start"])
        block = text[start : places.of(place["end"])]
        start += len(block) - len(block.lstrip())
        block = block.lstrip()
        if start < done or cut_number(block) is not None:
            continue
        if name == "DefinitionListDefinition":
            if not _DEFINITION.match(block):
                yield _Edit(start, start, NO_DEFINITION)
        elif not is_html(block, text, start):
            yield _Edit(start, start, "\\")
        elif syntax.has_markdown_in_html and (tag := MARKDOWN_ELEMENT.match(block)):
            done = end_of_element(text, start, tag["tag"])
            if end is not None:  # it may not be closed in the quote or item in which it begins
                done = min(done, len(text[: places.of(end)].rstrip("\n")))
            if is_too_deep(text[start:done]):
                continue
            element = _restored(without_prefix(text, start, done), cuts)
            cuts.append(Cut(element, text.count("\n", 0, start)))
            yield _cut(text, start, done, len(cuts) - 1)
        elif is_in_html:
            line = text.count("\n", 0, start)
            for first, last in ended_elements(block):
                done = start + last
                element = _restored(without_prefix(text, start + first, done), cuts)
                cuts.append(Cut(element, line + block.count("\n", 0, first), is_raw=True))
                yield _cut(text, start + first, done, len(cuts) - 1)


def _html_and_definitions(events: Iterable[Event]) -> Iterator[tuple[str, Any, int | None]]:
    """Name and place of each such block, and the end of the block around it, in bytes."""
    ends: list[int] = []
    for event, place in events:
        kind, name, _ = split_event(event)
        if kind == "End":
            ends.pop()
        elif kind == "Start":
            if name in {"HtmlBlock", "DefinitionListDefinition"}:
                yield name, place, ends[-1] if ends else None
            ends.append(place["end"])


def _cut(text: str, start: int, end: int, number: int) -> _Edit:
    """The edit that puts a comment in place of a cut."""
    return _Edit(start, end, comment_of_cut(text, start, end, number))


def _restored(source: str, cuts: list[Cut]) -> str:
    """A part of the text as it was written."""
    return with_cuts(show_marks(source.replace(NO_DEFINITION, "")), cuts)


def _notes(
    text: str, events: Iterable[Event], syntax: Syntax, in_paragraphs: Container[int]
) -> Iterator[Note]:
    places = _Places(text)
    hidden = (
        (places.of(place["start"]), places.of(place["end"]))
        for event, place in events
        if isinstance(event, dict)
        and (start := event.get("Start"))
        and (start == "HtmlBlock" or (isinstance(start, dict) and "CodeBlock" in start))
    )
    for note in find_notes(text, hidden, syntax):
        is_word = text.count("\n", 0, note.start) in in_paragraphs
        yield replace(note, unread=IN_PARAGRAPH) if is_word and not note.unread else note


def _note_edits(text: str, notes: Iterable[Note], cuts: list[Cut]) -> Iterator[_Edit]:
    """Cuts out each note."""
    for note in notes:
        line = text.count("\n", 0, note.start)
        cuts.append(Cut(_restored(note.source, cuts), line, note.mark, content=note.content))
        yield _cut(text, note.start, note.end, len(cuts) - 1)


def _table_edits(text: str, events: Iterable[Event]) -> Iterator[_Edit]:
    """Writes tables as pyromark needs them.

    A `|` is put before a head that follows a line of words, and blanks in place of tabs in dashes.
    """
    heads = [
        _Edit(match.start("head"), match.start("head"), "|")
        for match in _HEAD_BELOW_WORDS.finditer(text)
        if _cells(match["head"]) == _cells(match["dashes"])
    ]
    dashes = [
        _Edit(*match.span("dashes"), match["dashes"].replace("\t", " "))
        for match in _TABS_IN_DASHES.finditer(text)
    ]
    if heads or dashes:
        edits = sorted([*heads, *dashes], key=lambda edit: edit.start)
        edited = _apply(text, edits)
        new = _read(edited, []).events
        made = _first_lines(edited, new) - _first_lines(text, events)
        tables = _first_lines(edited, new, {"Table"})
        for edit in edits:
            line, is_head = text.count("\n", 0, edit.start), edit.start == edit.end
            if line in made if is_head else line - 1 in tables:
                yield edit


def _cells(row: str) -> int:
    return len(_COLUMN_MARK.findall(row.strip(BLANKS).removeprefix("|").removesuffix("|")))


def _first_lines(text: str, events: Iterable[Event], names: Container[str] = ()) -> set[int]:
    """The lines on which blocks begin; with `names` only blocks of these kinds."""
    places = _Places(text)
    return {
        text.count("\n", 0, places.of(place["start"]))
        for event, place in events
        for kind, name, _ in [split_event(event)]
        if kind == "Start" and (name in names if names else name not in _AROUND_WORDS)
    }


# Math, whose marks are hidden.

_WORDS: Final = frozenset({"Text", "InlineHtml", "SoftBreak", "HardBreak", "FootnoteReference"})
_AROUND_WORDS: Final = frozenset({"Emphasis", "Strong", "Strikethrough", "Link", "Image"})


def with_hidden_math(text: str, math: Math | None) -> str:
    """A text with hidden marks in its math, if the site has math."""
    return _with_hidden_math(_read(text, []), math) if math else text


def _with_hidden_math(blocks: Blocks, math: Math | None) -> str:
    if math is None or not ("$" in blocks.text or "\\" in blocks.text):
        return blocks.text
    return hide_math(blocks.text, _words(blocks.text.encode(), blocks.events), math)


def _words(source: bytes, events: Iterable[Event]) -> Iterator[Words]:
    """The parts of a text without code."""
    start = end = -1
    is_first, is_code = True, False
    for event, place in events:
        kind, name, _ = split_event(event)
        if name == "CodeBlock":
            is_code = kind == "Start"
        if name in _WORDS and not is_code:
            if start < 0:
                start = place["start"]
                start -= source[start - 1 : start] == b"\\"
            end = max(end, place["end"])
        elif name not in _AROUND_WORDS:
            if start >= 0:
                yield Words(start, end, is_first)
            start = end = -1
            is_first = name != "Code"


def split_event(event: Any) -> tuple[str, str, Any]:
    """Kind, name and data of an event: `Start` or `End`, or an event that stands alone."""
    if isinstance(event, str):
        return "", event, None
    ((kind, value),) = event.items()
    if kind not in {"Start", "End"}:
        return "", kind, value
    if isinstance(value, str):
        return kind, value, None
    ((name, data),) = value.items()
    return kind, name, data


def reference_key(label: str) -> str:
    """The form in which labels of links are compared."""
    return " ".join(label.casefold().split())


FOOTNOTE_LABEL: Final = r"(?:\\[^\]]|[^\[\]\\])+"
"""A pattern."""


def footnote_key(label: str) -> str:
    """The form in which labels of footnotes are compared; also the end of their ids."""
    return "-".join(label.casefold().split())
