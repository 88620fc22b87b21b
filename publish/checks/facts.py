"""The facts of a text: all that the rules need of one that did not change.

Facts follow from the bytes of a file, its path, the settings and our code. `text_store` keeps them
between two runs: then a text is parsed only if it changed, or if a rule needs its words once more.

A check reads the facts of each text, so they are tuples of plain strings, which Python makes
fastest and its search for cycles leaves alone. A list is a string too, see `items`, and what only
few rules ask of few texts is JSON that is parsed on first use: the details.
"""

import json
from collections.abc import Iterable, KeysView, Mapping, Sequence
from typing import Any, Final, NamedTuple

_ITEM: Final = "\x1f"
YES: Final = "1"


def items(text: str) -> list[str]:
    """The items of a list."""
    return text.split(_ITEM) if text else []


def all_items(texts: Iterable[str]) -> KeysView[str]:
    """The items of many lists, each once, in the order of their first places."""
    return dict.fromkeys(items(_ITEM.join([text for text in texts if text]))).keys()


def from_items(parts: Iterable[str]) -> str:
    """A list of strings that are not empty, as a string. No text has the separator."""
    return _ITEM.join(part.replace(_ITEM, "\ufffd") for part in parts)


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
    title_words: str
    """The words that make the title different from others, sorted."""
    category: str
    """Its own one, else the one that the settings give to its path."""
    tags: str
    """Items."""
    authors: str
    """Items: its own ones, else those of the settings."""
    aliases: str
    """Items."""
    campaign: str
    preview: str
    template: str
    size: str
    """Bytes of the file."""
    values_hash: str
    """The hash of all values, valid or not."""
    details: str
    """`FrontMatterDetails`."""


class FrontMatterDetails(NamedTuple):
    """Values that few rules need."""

    values: Mapping[str, Any]
    """Valid values of keys whose values are texts."""
    lines: Mapping[str, int]
    """The line of each key, counted from 1."""
    is_unreadable: bool
    """Whether nothing could be read of it."""


class BodyFacts(NamedTuple):
    """The facts of the text below the front matter, and the findings in both."""

    forms: str
    """Items: the campaigns of its forms, in order."""
    calls: str
    """Items: the campaigns of its calls to action."""
    has_wrong_tags: str
    has_odd_pictures: str
    has_findings: str
    is_pointer: str
    """Whether the file is a pointer of Git LFS in place of a text."""
    details: str
    """`BodyDetails`."""


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


class BodyDetails(NamedTuple):
    """Values of few texts, for few rules."""

    anchors: Sequence[str]
    """All ids in it, sorted, with that of the heading that is its title."""
    title_id: str
    tags: Sequence[KeptTag]
    odd_pictures: Sequence[tuple[str, int]]
    """Source and line of each picture that is none by the name of its file."""
    findings: Sequence[KeptFinding]
    """What the rules for single texts found."""


class LinkFacts(NamedTuple):
    """What the links of a text lead to, and what must stay so for them to have no findings."""

    posts: str
    """Items: the names of the posts and pages that it leads to, without itself."""
    files: str
    """Items: the files below the content folder that must exist."""
    answers: str
    """JSON of other things that must be so, see `rules.link_checker`; empty for none."""
    is_proven: str
    """Whether the links have no findings as long as all this is so."""
    links: str
    """JSON of the values of each link; empty if they are proven."""
    targets: str
    """The hash of all targets, without their lines."""


def as_details(details: Sequence[Any]) -> str:
    """Details as JSON."""
    return json.dumps(details, ensure_ascii=False)


def yes_if(condition: object) -> str:
    """A truth as a string."""
    return YES if condition else ""
