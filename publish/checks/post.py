"""One post or page: its front matter, address and state, and the outline of its text."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from capture.errors import Unavailable
from publish.checks.edit import BREAK, Edit
from publish.checks.facts import (
    BodyDetails,
    BodyFacts,
    FrontMatterDetails,
    FrontMatterFacts,
    KeptTag,
    LinkFacts,
    as_details,
    from_items,
    items,
)
from publish.checks.finding import Finding
from publish.checks.front_matter import FrontMatter
from publish.checks.layout import ContentKind, Layout
from publish.checks.outline import outline_of
from publish.checks.outline_parts import Link, Outline
from publish.checks.post_text import PostText, digest_of, parse_text, read_bytes
from publish.checks.source_files import SourceFile
from publish.checks.title_words import key_words

_NO_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)
State = Literal["published", "hidden", "scheduled", "draft", "skip"]


@dataclass(eq=False)
class Post:
    """A post or page: its facts, and its text, which is read and parsed on first use."""

    name: str
    """The path below the content folder, as in `{filename}/` links."""
    kind: ContentKind
    layout: Layout
    facts: FrontMatterFacts
    digest: bytes
    """The hash of the file that the facts are of."""
    body_facts: BodyFacts | None = None
    """None before the rules have run."""
    link_facts: LinkFacts | None = None
    """None before the rules have run."""
    edited: bytes | None = None
    """What stands in place of the file's content."""

    @cached_property
    def path(self) -> Path:
        """The file."""
        return self.layout.content / self.name

    @cached_property
    def where(self) -> str:
        """The path in messages."""
        return f"{self.layout.where}{self.name}"

    @cached_property
    def text(self) -> PostText:
        """The parsed file. Raises `Unavailable` if the file has changed since it was checked."""
        return parse_text(self.raw, self.kind, self.name)

    @property
    def raw(self) -> bytes:
        """The file, which is read again. Raises `Unavailable` like `text`."""
        raw, _ = (self.edited, "") if self.edited is not None else read_bytes(self.path)
        if digest_of(raw) != self.digest:
            raise Unavailable(f"{self.where}: was changed just now: run the command again")
        return raw

    @property
    def slug(self) -> str:
        """The slug of the front matter, else of the title; empty if neither gives one."""
        return self.facts.slug

    @property
    def url(self) -> str:
        """The address below the site, such as `what-pays/`."""
        return self.facts.url

    @property
    def save_as(self) -> str:
        """The file at that address, such as `what-pays/index.html`."""
        return self.facts.save_as

    @cached_property
    def due(self) -> datetime | None:
        """The time of publication in UTC; None if the date is missing or wrong."""
        return datetime.fromisoformat(self.facts.due) if self.facts.due else None

    @property
    def status(self) -> str:
        """The `status` of the front matter; `skip` also if the file cannot be read."""
        return self.facts.status

    @property
    def front_matter(self) -> FrontMatter:
        """The parsed front matter, and the text below it."""
        return self.text.front_matter

    @property
    def values(self) -> Mapping[str, Any]:
        """The valid keys of the front matter, in the types of the model."""
        return self.text.values

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of the file, without their line breaks."""
        return tuple(BREAK.split(self.raw.decode("utf-8-sig", errors="replace")))

    @cached_property
    def outline(self) -> Outline:
        """The outline of the text and of the answers in the front matter."""
        syntax = self.layout.syntax
        text = outline_of(self.front_matter.body, self.front_matter.body_line, syntax)
        answers = [
            outline_of(answer, self.front_matter.line("faq", place, "answer"), syntax)
            for place, (_, answer) in enumerate(self.get("faq") or ())
        ]
        return text.with_answers(answers) if answers else text

    def forget_text(self) -> None:
        """Makes room: a build needs the text once more only for the line of a problem."""
        for name in ("text", "lines", "body_details", "front_matter_details"):
            self.__dict__.pop(name, None)

    def forget_outline(self) -> None:
        """Makes room: the outline is large, and few rules use it once more."""
        self.__dict__.pop("outline", None)

    @cached_property
    def front_matter_details(self) -> FrontMatterDetails:
        """Values of the front matter that few rules need."""
        return FrontMatterDetails._make(json.loads(self.facts.details))

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing could be read of the front matter."""
        return self.front_matter_details.is_unreadable

    @cached_property
    def body_details(self) -> BodyDetails:
        """Values of the text that few rules need. The rules must have run."""
        assert self.body_facts is not None  # noqa: S101 - for mypy
        return BodyDetails._make(json.loads(self.body_facts.details))

    @property
    def title_id(self) -> str:
        """The id of the heading that the text had for its title; empty if another one has it."""
        if self.body_facts:
            return self.body_details.title_id
        if not self.front_matter.title_heading:
            return ""
        heading = outline_of(self.front_matter.title_heading, syntax=self.layout.syntax)
        return next(iter(heading.anchors - self.outline.anchors), "")

    @property
    def tags(self) -> Sequence[KeptTag]:
        """The tags in the text. The rules must have run."""
        return [KeptTag(*tag) for tag in self.body_details.tags]

    @property
    def forms(self) -> tuple[str, ...]:
        """The campaigns whose forms the text or the front matter places.

        The rules must have run.
        """
        in_text = items(self.body_facts.forms) if self.body_facts else []
        at_the_end = [self.facts.campaign] if self.facts.campaign else []
        return (*in_text, *at_the_end)

    @property
    def links(self) -> Sequence[Link]:
        """The links in the text, with the sources of pictures."""
        if self.link_facts and self.link_facts.links:
            return [Link(*link) for link in json.loads(self.link_facts.links)]
        return self.outline.links

    def state(self, now: datetime) -> State:
        """Whether it is published at this time, and how."""
        status = self.facts.status
        if status in {"draft", "skip"}:
            return status  # type: ignore[return-value]
        if self.due is not None and self.due > now:
            return "scheduled"
        return "hidden" if status == "hidden" else "published"

    def address_with_slug(self, slug: str) -> str:
        """The address below the site that another slug would give."""
        values = self.values
        date = self.layout.address_date(values.get("date"), _NO_DATE)
        others = self.layout.category_and_author_slugs(self.name, values)
        lang = str(values.get("lang", ""))
        return self.layout.address(self.kind, slug, date, lang, others)[0]

    def finding(
        self, rule: str, line: int | None, message: str, edits: tuple[Edit, ...] = ()
    ) -> Finding:
        """A finding in this file, with the edits that fix it if the rule is sure of them."""
        return Finding(self.where, line, message, rule, self.status == "draft", edits)

    def line(self, key: str) -> int:
        """The line of a key of the front matter; else 1."""
        return self.front_matter_details.lines.get(key, 1)

    def has_key(self, key: str) -> bool:
        """Whether the front matter has a line with this key."""
        return key in self.front_matter_details.lines

    def line_of(self, text: str) -> int | None:
        """The line of the first link with this text, else of its only occurrence in the body.

        None if it occurs nowhere or several times.
        """
        for link in self.outline.links:
            if text in link.target:
                return link.line
        text_above, match, text_below = self.front_matter.body.partition(text)
        is_unique = match and text not in text_below
        return self.front_matter.body_line + text_above.count("\n") if is_unique else None

    def get(self, name: str) -> Any:
        """A valid value of the front matter, or None."""
        if name in _ITEMS:
            return tuple(items(getattr(self.facts, name))) or None
        if name in _WORDS:
            return getattr(self.facts, name) or None
        if name == "date":
            return datetime.fromisoformat(self.facts.date) if self.facts.date else None
        if name in _TEXTS:
            return self.front_matter_details.values.get(name)
        is_given = self.has_key(name) or name == "save_as"  # which may follow from `url`
        return self.values.get(name) if is_given else None


_ITEMS: Final = frozenset({"tags", "aliases"})
_WORDS: Final = frozenset({"campaign", "preview", "template"})
_TEXTS: Final = frozenset(
    {"title", "slug", "status", "category", "author", "authors", "related", "image", "lang"}
)
"""Keys whose values are in the facts, and in the details of the facts."""


def read_post(
    name: str, kind: ContentKind, layout: Layout, now: datetime, edited: bytes | None = None
) -> Post:
    """Reads one file, or `edited` in its place. Never raises: mistakes are findings."""
    raw, unreadable = read_bytes(layout.content / name) if edited is None else (edited, "")
    is_edited = edited is not None
    return post_from(raw, name, kind, layout, now, unreadable, is_edited=is_edited)


def post_from(  # noqa: PLR0913, PLR0917 - what decides the facts of a text
    raw: bytes,
    name: str,
    kind: ContentKind,
    layout: Layout,
    now: datetime,
    unreadable: str = "",
    *,
    is_edited: bool = False,
) -> Post:
    """The post or page in a file with these bytes. `unreadable` is why it could not be read.

    `is_edited`: the bytes are not those of the file.
    """
    text = parse_text(raw, kind, name, unreadable)
    values = text.values
    slug = str(values.get("slug") or layout.slugify(str(values.get("title", ""))))
    date = layout.address_date(values.get("date"), now)
    other_slugs = layout.category_and_author_slugs(name, values)
    url, save_as = layout.address(kind, slug, date, str(values.get("lang", "")), other_slugs)
    final = {**values, **layout.extra.get(name, {})}
    lines = {str(path[0]): line for path, line in text.front_matter.lines.items() if not path[1:]}
    details = FrontMatterDetails(
        {key: value for key, value in values.items() if key in _TEXTS},
        lines,
        text.front_matter.is_unreadable,
    )
    authors = values.get("author") or values.get("authors") or layout.authors
    facts = FrontMatterFacts(
        slug=slug,
        url=str(final.get("url", url)),
        save_as=str(final.get("save_as", save_as)),
        date=values["date"].isoformat() if "date" in values else "",
        due=date.astimezone(UTC).isoformat() if "date" in values else "",
        status=str(values.get("status", "published")) if text.is_text else "skip",
        title_words=" ".join(sorted(key_words(values.get("title") or ""))),
        category=values.get("category") or layout.category_of(name),
        tags=from_items(values.get("tags") or ()),
        authors=from_items(authors),
        aliases=from_items(values.get("aliases") or ()),
        **{key: values.get(key) or "" for key in _WORDS},
        size=str(len(raw)),
        values_hash=digest_of(
            repr(sorted(text.front_matter.values.items())).encode(errors="surrogatepass")
        ).hex(),
        details=as_details(details),
    )
    post = Post(name, kind, layout, facts, digest_of(raw), edited=raw if is_edited else None)
    post.__dict__["text"] = text  # as if it had been used
    return post


PostReader = Callable[[SourceFile, ContentKind, Layout, datetime, bytes | None], Post]


def read_source(
    source: SourceFile, kind: ContentKind, layout: Layout, now: datetime, edited: bytes | None
) -> Post:
    """Reads a file that was found, or `edited` in its place."""
    return read_post(source.name, kind, layout, now, edited)
