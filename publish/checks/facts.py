"""The facts of a text: all that the rules need of one that did not change.

Facts follow from the bytes of a file, its path, the settings and our code. They consist of plain
values, so that `publish.checks.text_store` can keep them as JSON between two runs: then a text is
parsed only if it changed, or if a rule has to look at its words once more.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

SMALL_KEYS: Final = frozenset(
    {"title", "slug", "status", "category", "tags", "author", "authors", "aliases", "related"}
    | {"preview", "template", "image", "campaign", "lang"}
)
"""The keys of the front matter that rules for several texts use. Their values are texts."""


class FrontMatterFacts(NamedTuple):
    """The facts of the front matter."""

    slug: str
    url: str
    save_as: str
    date: str
    """The date as the writer gave it, in ISO 8601; empty if it is missing or wrong."""
    due: str
    """The time of publication in UTC, in ISO 8601; empty if the date is missing or wrong."""
    status: str
    category: str
    """Its own one, else the one that the settings give to its path."""
    authors: Sequence[str]
    """Its own ones, else those of the settings."""
    title_words: str
    """The words that make its title different from others, sorted."""
    values: Mapping[str, Any]
    """The valid values of `SMALL_KEYS`."""
    lines: Mapping[str, int]
    """The line of each key, counted from 1."""
    is_unreadable: bool
    """Whether nothing could be read of it."""
    size: int
    """Bytes of the file."""


class KeptFinding(NamedTuple):
    """A finding of a rule for single texts, without its file."""

    line: int | None
    message: str
    rule: str
    in_draft: bool
    edits: Sequence[tuple[int, int, str, str]]


class KeptTag(NamedTuple):
    """A tag in braces, and its line."""

    raw: str
    kind: str
    slug: str
    line: int


class BodyFacts(NamedTuple):
    """The facts of the text below the front matter, and the findings in both."""

    anchors: Sequence[str]
    """All ids in it, sorted, with that of the heading that is its title."""
    title_id: str
    tags: Sequence[KeptTag]
    links: Sequence[tuple[str, int, bool]] | None
    """Target, line and `is_embedded` of each link; None if they are correct, so nobody asks."""
    odd_pictures: Sequence[tuple[str, int]]
    """Source and line of each picture that is none by the name of its file."""
    is_pointer: bool
    """Whether the file is a pointer of Git LFS in place of a text."""
    findings: Sequence[KeptFinding]
    """What the rules for single texts found."""


class LinkFacts(NamedTuple):
    """What the links of a text lead to, and what must stay so for them to have no findings."""

    posts: Sequence[str]
    """The names of the public posts and pages that it leads to, without itself."""
    files: Sequence[str]
    """The files below the content folder that must exist."""
    answers: Sequence[Sequence[str]]
    """Other things that must be so: see `publish.checks.rules.link_facts`."""
    is_proven: bool
    """Whether the links have no findings as long as all this is so."""
