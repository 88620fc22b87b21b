"""The common model of an export of any system, and the notes of what an import loses."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, Protocol

from publish.checks.layout import ContentKind

Moment = datetime | date
Status = Literal["published", "hidden", "draft"]


@dataclass(frozen=True, slots=True)
class ImportNote:
    """One thing that the import lost or changed: its kind, where it is, and what happened to it."""

    kind: str
    where: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One post or page of an export."""

    where: str
    """Its name in the export for a person, such as `post 12, Hello`."""
    kind: ContentKind
    title: str
    slug: str
    """The slug in the export; not checked yet."""
    html: str
    address: str = ""
    """Its path on the old site, such as `/2021/03/hello/`; empty if unknown."""
    aliases: tuple[str, ...] = ()
    """Further old paths."""
    date: Moment | None = None
    """A date, or a datetime with a zone."""
    modified: Moment | None = None
    summaries: tuple[str, ...] = ()
    """Candidates for the summary, best first."""
    category: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    series: str = ""
    status: Status = "published"
    image: str = ""
    image_alt: str = ""
    canonical: str = ""
    noindex: bool = False
    folder: Path | None = None
    """The folder that relative paths in the text start from."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder of files that the old site served below `prefix`, such as `/wp-content/uploads/`."""

    prefix: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Media:
    """A file that the export names. The file itself may be missing."""

    where: str
    address: str


@dataclass(frozen=True, slots=True)
class Export:
    """The content of an export."""

    items: tuple[Item, ...]
    notes: tuple[ImportNote, ...]
    hosts: frozenset[str] = frozenset()
    """Host names of the old site, in lower case."""
    roots: tuple[Root, ...] = ()
    media: tuple[Media, ...] = ()


PLURALS: Final = {"category": "categories", "story": "stories"}


def count_noun(number: int, word: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{number} {word if number == 1 else PLURALS.get(word, word + 's')}"


_NAMED: Final = 8


def join_counts(numbers: Mapping[str, int]) -> str:
    """Such as "3 `a`, 1 `b`", largest first. Only the first few names; then the count of others."""
    ranked = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{number} `{name}`" for name, number in ranked[:_NAMED]]
    if rest := ranked[_NAMED:]:
        named.append(
            f"{sum(number for _, number in rest)} of {count_noun(len(rest), 'other name')}"
        )
    return ", ".join(named)


def join_words(words: Iterable[str]) -> str:
    """The words in backticks, separated by commas."""
    return ", ".join(f"`{word}`" for word in words)


Say = Callable[[str, str], None]
"""Adds a note for one item: takes its kind and its message."""


@dataclass(slots=True)
class Notes:
    """Collects notes while an import is planned."""

    notes: list[ImportNote] = field(default_factory=list)

    def of(self, where: str) -> Say:
        """A function that adds notes for the item `where`."""
        return lambda kind, message: self.notes.append(ImportNote(kind, where, message))


class LinkRewriter(Protocol):
    """Gives links and pictures of one text their new addresses, and notes what is lost."""

    def link(self, href: str) -> str:
        """The new address of a link; empty to remove the link."""
        ...

    def picture(self, src: str) -> str:
        """The new address of a picture; empty to remove the picture."""
        ...

    def note(self, kind: str, message: str) -> None:
        """Notes something that was lost or changed."""
        ...
