"""What an export holds, whatever system made it, and what is told of what it could not carry."""

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
    """One thing that was not carried as it stood: of which kind, where, and what became of it."""

    kind: str
    where: str
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One post or page of an export."""

    where: str
    """How a person finds it in the export, such as `post 12, Hello`."""
    kind: ContentKind
    title: str
    slug: str
    """As the export has it; nothing says yet that it is one here."""
    html: str
    address: str = ""
    """Its path on the old site, such as `/2021/03/hello/`; empty if the export does not say."""
    aliases: tuple[str, ...] = ()
    """Further old paths."""
    date: Moment | None = None
    """Aware if it has a time."""
    modified: Moment | None = None
    summaries: tuple[str, ...] = ()
    """What may serve as one, the best first."""
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
    """Where files that its text names by a relative path lie."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder of files that the old site served below `prefix`, such as `/wp-content/uploads/`."""

    prefix: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Media:
    """A file that the export names, whether it holds it or not."""

    where: str
    address: str


@dataclass(frozen=True, slots=True)
class Export:
    """All that was read of an export."""

    items: tuple[Item, ...]
    notes: tuple[ImportNote, ...]
    hosts: frozenset[str] = frozenset()
    """Host names, in small letters, that were the old site."""
    roots: tuple[Root, ...] = ()
    media: tuple[Media, ...] = ()


PLURALS: Final = {"category": "categories", "story": "stories"}


def count_noun(number: int, word: str) -> str:
    """`1 post`, `2 posts`."""
    return f"{number} {word if number == 1 else PLURALS.get(word, word + 's')}"


_NAMED: Final = 8


def join_counts(numbers: Mapping[str, int]) -> str:
    """`3 a`, `1 b` and so on, the most first; of many names the first, and how many others."""
    ranked = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [f"{number} `{name}`" for name, number in ranked[:_NAMED]]
    if rest := ranked[_NAMED:]:
        named.append(
            f"{sum(number for _, number in rest)} of {count_noun(len(rest), 'other name')}"
        )
    return ", ".join(named)


def join_words(words: Iterable[str]) -> str:
    """`a`, `b` and so on, between backticks."""
    return ", ".join(f"`{word}`" for word in words)


# Takes down what was not carried.


Say = Callable[[str, str], None]
"""Takes down a kind and what is told, of one text."""


@dataclass(slots=True)
class Notes:
    """A list that grows while an import is planned."""

    notes: list[ImportNote] = field(default_factory=list)

    def of(self, where: str) -> Say:
        """For one item, named as the export does."""
        return lambda kind, message: self.notes.append(ImportNote(kind, where, message))


# What the text of one item asks of the whole import.


class LinkRewriter(Protocol):
    """Says where links and pictures of one text lead to, and takes down what is lost."""

    def link(self, href: str) -> str:
        """The address to write; empty if the link goes."""
        ...

    def picture(self, src: str) -> str:
        """The address to write; empty if the picture goes."""
        ...

    def note(self, kind: str, message: str) -> None:
        """Something that was not carried as it stood."""
        ...
