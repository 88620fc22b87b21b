"""The model of an export from any system, and the notes about what an import changes or loses."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, Protocol

from capture.text import count_noun
from publish.checks.layout import ContentKind
from publish.checks.name_slugs import NameKind

Moment = datetime | date
Status = Literal["published", "hidden", "draft"]
NameSlug = tuple[NameKind, str, str]
"""The kind, the name and the slug of a category, tag or author."""


@dataclass(frozen=True, slots=True)
class ImportNote:
    """Something that the import lost or changed: its kind, its place and a message."""

    kind: str
    where: str
    message: str


Loss = tuple[str, str]
"""The kind and the message of a note about an item."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One post or page of an export."""

    where: str
    """The name of the item in the export, for messages, such as `post 12, Hello`."""
    kind: ContentKind
    title: str
    slug: str
    """The slug in the export. It may be invalid."""
    html: str
    address: str = ""
    """The path on the old site, such as `/2021/03/hello/`; empty if unknown."""
    aliases: tuple[str, ...] = ()
    """Other paths on the old site."""
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
    name_slugs: tuple[NameSlug, ...] = ()
    """The slugs on the old site; of several for one name the first. A slug may be invalid."""


_MAX_NAMES: Final = 8


def join_counts(numbers: Mapping[str, int]) -> str:
    """Such as "3 `a`, 1 `b`", largest first: at most 8 names, then the count of the others."""
    ranked = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{number} `{name}`" for name, number in ranked[:_MAX_NAMES]]
    if rest := ranked[_MAX_NAMES:]:
        named.append(
            f"{sum(number for _, number in rest)} of {count_noun(len(rest), 'other name')}"
        )
    return ", ".join(named)


def join_names(names: Iterable[str]) -> str:
    """The names in backticks, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


AddNote = Callable[[str, str], None]
"""A function that adds a note for one item. It takes the kind and the message."""


@dataclass(slots=True)
class Notes:
    """Collects notes while an import is planned."""

    notes: list[ImportNote] = field(default_factory=list)

    def for_item(self, where: str) -> AddNote:
        """A function that adds notes for the item `where`."""
        return lambda kind, message: self.notes.append(ImportNote(kind, where, message))


class LinkRewriter(Protocol):
    """Gives the links and pictures of one text their new addresses. Adds notes for losses."""

    def link(self, href: str) -> str:
        """The new address of a link; empty to remove the link."""
        ...

    def picture(self, src: str) -> str:
        """The new address of a picture; empty to remove the picture."""
        ...

    def note(self, kind: str, message: str) -> None:
        """Adds a note about something that was lost or changed."""
        ...
