"""Marks of pymdownx around elements: `==a *b* c==`, `^^a `b` c^^`.

pymdownx looks for `==` and the like in one text. The engine has made elements of the emphasis, code
and links in it before, so this module finds the pairs of marks that have an element between them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element

from markdown import Markdown, util
from markdown.treeprocessors import Treeprocessor

_AFTER_INLINE: Final = 19.5
"""The priority: the extension has used the marks within one text."""


@dataclass(frozen=True)
class _Mark:
    tag: str
    length: int
    pattern: re.Pattern[str]
    has_blanks: bool = True
    """Whether blanks may be between the marks."""


def register_marks(md: Markdown) -> None:
    """Adds the treeprocessor if an extension with such marks is loaded."""
    marks = list(_marks(md))
    if marks:
        md.treeprocessors.register(_Marks(md, marks), "commonmark-marks", _AFTER_INLINE)


def has_subscript(md: Markdown) -> bool:
    """Whether `~a~` is subscript, as the site says, and not struck as on GitHub."""
    return any(mark.tag == "sub" for mark in _marks(md))


def _marks(md: Markdown) -> Iterable[_Mark]:
    if "delimiter" not in md.inlinePatterns:
        return
    pattern: Any = md.inlinePatterns["delimiter"]
    for token, delimiter in pattern.delimiters.items():
        double, single = delimiter.tags
        if delimiter.double or delimiter.tag_count == 2:
            yield _Mark(double, 2, _pattern(token * 2))
        if not delimiter.double:
            yield _Mark(single, 1, _pattern(token), not delimiter.no_space)


def _pattern(token: str) -> re.Pattern[str]:
    char = re.escape(token[0])
    return re.compile(rf"(?<!{char}){re.escape(token)}(?!{char})")


class _Marks(Treeprocessor):
    def __init__(self, md: Markdown, marks: list[_Mark]) -> None:
        super().__init__(md)
        self._marks = marks

    def run(self, root: Element) -> None:
        """Called when the texts are complete."""
        for parent in list(root.iter()):
            if len(parent):
                for mark in self._marks:
                    while pair := _find_pair(parent, mark):
                        _wrap(parent, mark, *pair)


@dataclass(frozen=True)
class _Place:
    """A place in the text before the child with this index, or behind the last one."""

    index: int
    start: int


def _find_pair(parent: Element, mark: _Mark) -> tuple[_Place, _Place] | None:
    """The first opening mark with its closing one behind an element."""
    opening: _Place | None = None
    for index in range(len(parent) + 1):
        text = _text(parent, index)
        for found in [] if isinstance(text, util.AtomicString) else mark.pattern.finditer(text):
            before, after = text[: found.start()], text[found.end() :]
            can_close = before[-1:].strip() != "" or (not before and index > 0)
            can_open = after[:1].strip() != "" or (not after and index < len(parent))
            place = _Place(index, found.start())
            if opening and can_close and index > opening.index:
                if mark.has_blanks or not re.search(r"\s", _between(parent, opening, place)):
                    return opening, place
                opening = None
            if can_open:
                opening = place
    return None


def _between(parent: Element, opening: _Place, closing: _Place) -> str:
    """The words between two marks, with the first mark."""
    children = list(parent)[opening.index : closing.index]
    words = [_text(parent, opening.index)[opening.start :]]
    for child in children:
        words += [*child.itertext(), child.tail or ""]
    words[-1] = words[-1][: closing.start]
    return "".join(words)


def _wrap(parent: Element, mark: _Mark, opening: _Place, closing: _Place) -> None:
    before, last = _text(parent, opening.index), _text(parent, closing.index)
    element = Element(mark.tag)
    element.text = before[opening.start + mark.length :]
    children = list(parent)[opening.index : closing.index]
    children[-1].tail = last[: closing.start]
    element.extend(children)
    element.tail = last[closing.start + mark.length :]
    for child in children:
        parent.remove(child)
    parent.insert(opening.index, element)
    if opening.index:
        parent[opening.index - 1].tail = before[: opening.start]
    else:
        parent.text = before[: opening.start]


def _text(parent: Element, index: int) -> str:
    """The text before the child with this index."""
    return (parent[index - 1].tail if index else parent.text) or ""
