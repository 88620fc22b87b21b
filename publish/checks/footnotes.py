"""The footnotes of a text: which have no reference, and which references have no footnote."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from publish.checks.commonmark import footnote_key
from publish.checks.outline_parts import TextProblem

_REFERENCE: Final = re.compile(r"(?<!\\)\[\^(?P<label>(?:\\[^\]\n]|[^\[\]\\\n])+)\](?!:)")
_LINK_AROUND: Final = re.compile(
    rf"(?P<image>!?)\[(?P<text>[^\[\]\n]*{_REFERENCE.pattern}[^\[\]\n]*)\]"
    r"\(\s*<?(?P<target>[^\s<>()]+)"
)
"""A link or picture whose text has a footnote: pyromark reports none."""


@dataclass
class Footnotes:
    """What the parts of a text say of its footnotes; labels count as equal as on the page."""

    _definitions: dict[str, tuple[str, range]] = field(default_factory=dict)
    """By key: the label and the lines of the footnote."""
    _again: list[tuple[str, int]] = field(default_factory=list)
    _references: list[tuple[str, int]] = field(default_factory=list)

    def define(self, label: str, lines: range) -> None:
        """Adds a definition."""
        if footnote_key(label) in self._definitions:
            self._again.append((label, lines.start))
        else:
            self._definitions[footnote_key(label)] = label, lines

    def refer(self, label: str, line: int) -> None:
        """Adds a reference."""
        self._references.append((label, line))

    def anchors(self) -> Iterator[str]:
        """The ids of the footnotes on the page, and of the references to them."""
        for label, _ in self._references:
            if (key := footnote_key(label)) in self._definitions:
                yield f"fn:{key}"
                yield f"fnref:{key}"

    def problems(self) -> Iterator[TextProblem]:
        """What the page does not show."""
        for label, line in self._references:
            if footnote_key(label) not in self._definitions:
                message = f"`[^{label}]` has no footnote: add a line `[^{label}]: ...`"
                yield TextProblem(line, message)
        for label, line in self._again:
            first = self._definitions[footnote_key(label)][1].start
            message = f"`[^{label}]:` is not shown, because line {first} has this label too"
            yield TextProblem(line, f"{message}: give it another one")
        shown = self._shown()
        for key, (label, lines) in self._definitions.items():
            if key not in shown:
                message = f"`[^{label}]:` is not shown, because no `[^{label}]` leads to it"
                yield TextProblem(lines.start, f"{message}: add one, or remove the footnote")

    def _shown(self) -> set[str]:
        """The keys to which the text leads, or a footnote that is shown."""
        inside = {line: key for key, (_, lines) in self._definitions.items() for line in lines}
        references: dict[str, list[str]] = {}
        for label, line in self._references:
            references.setdefault(inside.get(line, ""), []).append(footnote_key(label))
        shown = {""}
        todo = [""]
        for place in todo:
            found = [key for key in references.get(place, ()) if key not in shown]
            shown.update(found)
            todo += found
        return shown


def find_references(prose: str) -> Iterator[tuple[str, int]]:
    """Labels and places of the references in a text without code."""
    for match in _REFERENCE.finditer(prose):
        yield match["label"], match.start()


@dataclass(frozen=True)
class LinkAround:
    """A link or picture with a footnote in its text."""

    target: str
    is_image: bool
    label: str
    alt: str
    place: int


def find_links_around(prose: str) -> Iterator[LinkAround]:
    """The links and pictures with a footnote in their text."""
    for match in _LINK_AROUND.finditer(prose):
        is_image = bool(match["image"])
        yield LinkAround(match["target"], is_image, match["label"], match["text"], match.start())
