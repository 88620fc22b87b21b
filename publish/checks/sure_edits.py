"""The edits that rules offer, each only if it is the only answer and is found once in the text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from publish.checks.edit import Edit, replacement
from publish.checks.first_paragraph import first_paragraph
from publish.checks.front_matter import FrontMatter, quoted_value
from publish.checks.model import MAX_SUMMARY_LENGTH, MIN_SUMMARY_LENGTH
from publish.checks.outline_parts import Heading, Link

_LAST_LEVEL: Final = 6
_PLAIN_TARGET: Final = re.compile(r"(?:\{\w+\}|\|\w+\|)?[^\s()<>\"'`\\|*\[\]{}&]+")
"""Addresses that need no escape in Markdown and HTML."""
_PLAIN_NAME: Final = re.compile(r"[\w/][\w.+/-]*(?: [\w.+/-]+)*")
"""Names that need no quotes in either style of front matter."""
_AROUND_TARGET: Final = (r"""\]\(<?|\]:[ \t]*<?|["'=]""", r"""[)>"'\s]|$""")
_AROUND_NAME: Final = (r"""(?:^|[,;:\["'-])[ \t]*""", r"""[ \t]*(?:[,;\]"']|$)""")
_AROUND_TAG: Final = (r"^ {0,3}(?:\{%[ \t]+\w+[ \t]+)?", r"(?:[ \t]+%\})?[ \t]*$")
_NEXT_KEY: Final = re.compile(r" {0,3}[A-Za-z0-9_]|---|\.\.\.|[ \t]*$")
_MARKS: Final = re.compile(r"(?P<before>[ \t>]*)(?P<marks>#{1,6})(?=[ \t]|$)")
_UNDERLINE: Final = re.compile(r"(?P<before>[ \t>]*)(?P<line>=+)[ \t]*")
_EMPTY_SUMMARY: Final = re.compile(r"(?P<key> {0,3}[Ss][Uu][Mm][Mm][Aa][Rr][Yy]:)[ \t]*")


class Text(Protocol):
    """A post or page, as far as edits need it."""

    @property
    def lines(self) -> Sequence[str]:
        """The lines of the complete file."""
        ...

    @property
    def front_matter(self) -> FrontMatter:
        """Its front matter."""
        ...

    @property
    def links(self) -> Sequence[Link]:
        """The links in it."""
        ...


def link_edits(text: Text, link: Link, target: str) -> tuple[Edit, ...]:
    """Gives a link another target, and all others of its line that have the same one."""
    target = target.replace(" ", "%20")
    if not _PLAIN_TARGET.fullmatch(target):
        return ()
    same = sum((one.line, one.target) == (link.line, link.target) for one in text.links)
    return replacement(
        text.lines, [link.line], link.target, target, _AROUND_TARGET, times=max(1, same)
    )


def tag_edits(text: Text, line: int, old: str, new: str) -> tuple[Edit, ...]:
    """Replaces a tag that is alone on its line, or the campaign in it."""
    return replacement(text.lines, [line], old, new, _AROUND_TAG)


def name_edits(text: Text, key: str, name: str, other: str) -> tuple[Edit, ...]:
    """Replaces a name in the value of a key of the front matter."""
    return value_edits(text, key, name, other) if _PLAIN_NAME.fullmatch(other) else ()


def value_edits(text: Text, key: str, old: str, new: str) -> tuple[Edit, ...]:
    """Replaces a text in the value of a key of the front matter; `new` needs no quotes."""
    return replacement(text.lines, _lines_of_value(text, key), old, new, _AROUND_NAME)


def alias_edits(text: Text, path: str) -> tuple[Edit, ...]:
    """Adds an alias below the slug; nothing if the text has aliases already."""
    if "aliases" in text.front_matter.values or ("slug",) not in text.front_matter.lines:
        return ()
    number = text.front_matter.line("slug")
    line = text.lines[number - 1]
    key = "Aliases" if line.lstrip()[:1].isupper() else "aliases"
    return (Edit(number, len(line), "", f"\n{key}: {path}"),)


def _lines_of_value(text: Text, key: str) -> Iterator[int]:
    """The lines of a key and its value."""
    if (key,) not in text.front_matter.lines:
        return
    first = text.front_matter.line(key)
    yield first
    for number in range(first + 1, text.front_matter.body_line):
        if _NEXT_KEY.match(text.lines[number - 1]):
            return
        yield number


def heading_edits(text: Text, headings: Iterable[Heading]) -> tuple[Edit, ...]:
    """Puts each heading one level below its parent, from level 2 on.

    Changes all headings of a text together, so that none gets another parent.
    """
    parents: list[tuple[int, int]] = []
    edits: list[Edit] = []
    for heading in headings:
        while parents and parents[-1][0] >= heading.level:
            parents.pop()
        level = (parents[-1][1] if parents else 1) + 1
        parents.append((heading.level, level))
        if level != heading.level:
            edit = _level_edit(text.lines, heading, level)
            if edit is None:
                return ()
            edits.append(edit)
    return tuple(edits)


def _level_edit(lines: Sequence[str], heading: Heading, level: int) -> Edit | None:
    if level > _LAST_LEVEL or heading.line > len(lines):
        return None
    marks = _MARKS.match(lines[heading.line - 1])
    if marks and len(marks["marks"]) == heading.level:
        return Edit(heading.line, marks.end("before"), marks["marks"], "#" * level)
    below = lines[heading.line] if heading.line < len(lines) else ""
    underline = _UNDERLINE.fullmatch(below)
    if underline and (heading.level, level) == (1, 2):
        dashes = "-" * max(3, len(underline["line"]))
        return Edit(heading.line + 1, underline.end("before"), underline["line"], dashes)
    return None


def summary_edits(text: Text) -> tuple[Edit, ...]:
    """Writes the first paragraph into the front matter as a draft of the summary."""
    front_matter = text.front_matter
    if front_matter.problems:
        return ()
    summary = first_paragraph(front_matter.body, MIN_SUMMARY_LENGTH, MAX_SUMMARY_LENGTH)
    if not summary:
        return ()
    is_yaml = next(filter(str.strip, text.lines), "").startswith("---")
    value = quoted_value(summary) if is_yaml else summary
    if "summary" in front_matter.values:
        number = front_matter.line("summary")
        empty = _EMPTY_SUMMARY.fullmatch(text.lines[number - 1])
        return (Edit(number, 0, empty[0], f"{empty['key']} {value}"),) if empty else ()
    end = front_matter.body_line - is_yaml  # the line with `---`, or the empty line
    key = "summary" if is_yaml else "Summary"
    below = "" if front_matter.body_line > 1 else "\n"  # without front matter, it begins here
    return (Edit(end, 0, "", f"{key}: {value}\n{below}"),)
