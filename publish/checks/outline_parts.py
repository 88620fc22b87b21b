"""The outline of a post's text: headings, links, pictures, tags and anchors, with line numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from publish.checks.active_content import ActivePart
from publish.checks.tag_syntax import Tag


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
    is_kept: bool = False
    """Whether it stays as it is, because the writer has made the sizes of the picture."""


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
class TextProblem:
    """What the page shows in another way than the writer expects."""

    line: int
    message: str

    @classmethod
    def of_surplus_cells(cls, line: int, cells: str) -> "TextProblem":
        """For cells of a row for which its table has no columns."""
        message = (
            f"`{cells}` is not shown, because the row has more cells than its table has "
            "columns: write `\\|` for a `|` inside a cell"
        )
        return cls(line, message)

    @classmethod
    def of_attribute_without_effect(cls, line: int, tag: str) -> "TextProblem":
        """For a tag with the attribute `markdown` in raw HTML."""
        message = (
            f"`markdown` in `{tag}` has no effect, because the element around it is raw HTML: add "
            "the attribute there too"
        )
        return cls(line, message)


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
    active: tuple[ActivePart, ...] = ()
    """The active content of raw HTML."""
    problems: tuple[TextProblem, ...] = ()

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
            tuple(chain(self.active, *(part.active for part in answers))),
            tuple(chain(self.problems, *(part.problems for part in answers))),
        )
