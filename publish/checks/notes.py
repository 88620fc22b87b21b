"""Notes: blocks of Python-Markdown's extensions that CommonMark does not know.

    !!! note "Title"        `admonition`; the body is indented by four
    ??? note "Title"        `pymdownx.details`, with `+` open
    === "Title"             `pymdownx.tabbed`
    /// note | Title        `pymdownx.blocks`; the body ends at a line with as many slashes

CommonMark takes an indented body for code, so a note is cut out of its text and read as a text of
its own. A note whose extension the site does not load is CommonMark.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final, Literal

from publish.checks.heading_ids import DEFAULT_STYLE, HeadingIdStyle, Slugify
from publish.checks.math import Math

NoteMark = Literal["!!!", "???", "===", "///"]
Content = Literal["blocks", "words", "raw"]
"""What a note has: any blocks, the text of a paragraph, or text without Markdown."""
NOTE_EXTENSIONS: Final[dict[NoteMark, str]] = {
    "!!!": "markdown.extensions.admonition",
    "???": "pymdownx.details",
    "===": "pymdownx.tabbed",
}
MAX_NOTES: Final = 20
"""Notes inside each other: more than anybody writes, fewer than Python can visit."""
BLOCK_EXTENSIONS: Final = {
    **dict.fromkeys(("caption", "figure-caption", "table-caption"), "pymdownx.blocks.caption"),
    "define": "pymdownx.blocks.definition",
    "details": "pymdownx.blocks.details",
    "html": "pymdownx.blocks.html",
    "tab": "pymdownx.blocks.tab",
    **dict.fromkeys(
        ("admonition", "note", "attention", "caution", "danger", "error", "tip", "hint", "warning"),
        "pymdownx.blocks.admonition",
    ),
}
"""By name of a block: the extension that knows it, unless the site configures it."""

_CONTAINERS: Final = r"^(?P<prefix>[ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t][ \t>]*)*)"
_NAME: Final = r"[\w-]+(?:[ ]+[\w-]+)*"
_NOTE: Final = re.compile(
    rf'{_CONTAINERS}(?P<header>(?:!!!|\?\?\?\+?)[ ]?{_NAME}(?:[ ]+"[^\n]*")?'
    r'|(?:\?\?\?\+?|===[!+]*)[ ]+"[^\n]*"'
    r"|(?P<slashes>/{3,})[ ]*(?P<block>[\w-]+)[ ]*(?:\|[^\n]*)?)"
    r"[ \t]*$",
    re.MULTILINE,
)
_HAS_NOTE: Final = re.compile(r"!!!|\?\?\?|===[!+]* |///")
_BLOCK_END: Final = re.compile(r" {0,3}(?P<slashes>/{3,}) *")
_OPTION: Final = re.compile(" {4}")
_COMMENTS_BELOW_HEAD: Final = re.compile(r"\A[^\n]*\n(?=(?: {4,}#[^\n]*(?:\n|\Z))+(?! {4}))")
_INDENT: Final = 4


@dataclass(frozen=True)
class Syntax:
    """What the Markdown of a site knows besides CommonMark, as the site's extensions say."""

    heading_ids: HeadingIdStyle | Slugify = DEFAULT_STYLE
    notes: frozenset[NoteMark] = frozenset({"!!!"})
    """The marks of notes with an indented body."""
    blocks: frozenset[str] = frozenset()
    """The names after `///`."""
    content_of_block: Callable[[str], Content | None] = field(
        default=lambda _: "blocks", compare=False
    )
    """What the block has, by its header and its options; None if these are wrong."""
    has_markdown_in_html: bool = True
    math: Math | None = None


DEFAULT_SYNTAX: Final = Syntax()


@dataclass(frozen=True)
class Note:
    """A note in a text."""

    start: int
    end: int
    source: str
    """Without the indentation and the quote marks around it."""
    mark: NoteMark
    content: Content = "blocks"
    unread: str = ""
    """Why it is shown as text, if it is, and how to fix it."""

    def message(self, more: int = 0) -> str:
        """What is said of a note that is shown as text, and of `more` others like it."""
        header, _, _ = self.source.partition("\n")
        others = f" (and {more} more here)" if more else ""
        return f"`{header}`{others} is shown as text, because {self.unread}"


def unread_messages(notes: Iterable[tuple[int, Note]]) -> Iterator[tuple[int, str]]:
    """Lines and messages of the notes of a text that are shown as text, with their lines.

    An extension that the site does not load is named once.
    """
    by_extension: dict[str, list[tuple[int, Note]]] = defaultdict(list)
    for line, note in notes:
        if note.unread.startswith(_NOT_LOADED):
            by_extension[note.unread].append((line, note))
        else:
            yield line, note.message()
    for unread in by_extension.values():
        line, first = min(unread, key=lambda found: found[0])
        yield line, first.message(len(unread) - 1)


TOO_DEEP: Final = f"{MAX_NOTES} notes are around it: put fewer inside each other"
IN_PARAGRAPH: Final = (
    "its indentation makes it a part of the paragraph above: indent it as the lines around it"
)
_WRONG_HEAD: Final = "its title or its options are wrong: correct the line, or the ones below it"


_NOT_LOADED: Final = "this site does not load its extension"


def _without_extension(name: str) -> str:
    return f"{_NOT_LOADED}: add `{name}` to `MARKDOWN` in pelicanconf.py"


def find_notes(text: str, hidden: Iterable[tuple[int, int]], syntax: Syntax) -> Iterator[Note]:
    """The notes of a text that are in no other note and not in `hidden`, which is code or HTML."""
    if not _HAS_NOTE.search(text):
        return
    ranges = list(hidden)
    done = 0
    for match in _NOTE.finditer(text):
        start = match.start("header")
        if start >= done and not any(first <= start < last for first, last in ranges):
            note = _block(text, match, syntax) if match["block"] else _note(text, match, syntax)
            if note is not None:
                yield note
                done = done if note.unread else note.end


def _note(text: str, match: re.Match[str], syntax: Syntax) -> Note | None:
    """The header, and the lines below that are indented by four more."""
    mark: NoteMark = next(mark for mark in NOTE_EXTENSIONS if match["header"].startswith(mark))
    lines = [match["header"]]
    count, end = 1, match.end()
    prefix = match["prefix"].expandtabs(_INDENT)
    for line, stop in _lines_of(text, end, len(prefix) + _INDENT, prefix.count(">")):
        lines.append(f"{' ' * _INDENT}{line}" if line else "")
        if line:
            count, end = len(lines), stop
    source = "\n".join(lines[:count])
    if mark in syntax.notes:
        return Note(match.start("header"), end, source, mark)
    has_body = count > 1
    missing = _without_extension(NOTE_EXTENSIONS[mark])
    return Note(match.start("header"), end, source, mark, unread=missing) if has_body else None


def _block(text: str, match: re.Match[str], syntax: Syntax) -> Note | None:
    """The header, and all lines up to the one that closes the block, or to the end around it."""
    name, header, end = match["block"].lower(), match["header"], match.end()
    if name not in syntax.blocks and name not in BLOCK_EXTENSIONS:
        return None
    prefix = match["prefix"].expandtabs(_INDENT)
    place = (text, end, len(prefix), prefix.count(">"))
    options = takewhile(_OPTION.match, (line for line, _ in _lines_of(*place)))
    head = "\n".join([header, *options])
    content = syntax.content_of_block(head) if name in syntax.blocks else None
    if content is None:
        is_known = name in syntax.blocks
        unread = _WRONG_HEAD if is_known else _without_extension(BLOCK_EXTENSIONS[name])
        return Note(match.start("header"), end, head, "///", unread=unread)
    lines = [header]
    for line, stop in _lines_of(*place):
        closing = _BLOCK_END.fullmatch(line)
        if closing and closing["slashes"] == match["slashes"]:
            end = stop
            break
        lines.append(line)
        end = stop if line else end
    source = "\n".join([*lines, match["slashes"]])
    return Note(match.start("header"), end, source, "///", content=content)


def with_body_apart(source: str) -> str:
    """A block with an empty line before its body if that would be read as a comment on options."""
    return _COMMENTS_BELOW_HEAD.sub(r"\g<0>\n", source, count=1)


def _lines_of(text: str, place: int, column: int, quotes: int) -> Iterator[tuple[str, int]]:
    """The lines after `place` that are indented by so many columns, without these, with their ends.

    Blank lines are empty.
    """
    while place < len(text):
        stop = text.find("\n", place + 1)
        stop = len(text) if stop < 0 else stop
        line = text[place + 1 : stop]
        lead = "".join(takewhile(" \t>".__contains__, line))
        if "\t" in lead:
            line = lead.expandtabs(_INDENT) + line[len(lead) :]
        place = stop
        if not line.strip(" >") and line.count(">") == quotes:
            yield "", stop
        elif line[:column].strip(" >") or line[:column].count(">") != quotes or len(line) <= column:
            return
        else:
            yield line[column:], stop
