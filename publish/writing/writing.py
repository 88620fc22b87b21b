"""All that a project has written, read once, for rules that look at more than one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final, get_args

from capture.campaign import Catalogue
from publish.writing.content_files import ContentFiles, find_content_files
from publish.writing.layout import Kind, Layout
from publish.writing.post import Post, read_post
from publish.writing.site_files import SiteFiles, site_files

_SAVED: Final = ("save_as", "path")
WRITING: Final = "GATEPOST_WRITING"
"""Under this name a build's settings keep the writing, for every plugin."""


@dataclass(frozen=True)
class Writing:
    """Every post and page, as seen at one moment."""

    layout: Layout
    files: tuple[Post, ...]
    """Posts and pages."""
    now: datetime
    catalogue: Catalogue | None
    """None if a campaign file is faulty, which is told by itself."""
    gated: Path
    private: tuple[Path, ...] = ()
    """The folders of campaigns and clients, of which no file is ever published."""

    @classmethod
    def read(
        cls, layout: Layout, now: datetime, catalogue: Catalogue | None, gated: Path
    ) -> "Writing":
        """Reads every file. Mistakes are kept with the posts."""
        kinds: tuple[Kind, ...] = get_args(Kind)
        read = (
            read_post(path, kind, layout, now) for kind in kinds for path in layout.sources(kind)
        )
        return cls(layout, tuple(read), now, catalogue, gated)

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """Posts and pages that rules look at: not those that `Status: skip` sets aside."""
        return tuple(post for post in self.files if post.status != "skip")

    @cached_property
    def by_name(self) -> Mapping[str, Post]:
        """By the path below the content folder."""
        return {post.name: post for post in self.posts}

    @cached_property
    def by_path(self) -> Mapping[Path, Post]:
        """By the file's own path."""
        return {post.path: post for post in self.files}

    @cached_property
    def by_slug(self) -> Mapping[str, Post]:
        """By slug; where two share one, which is told elsewhere, the first."""
        return {post.slug: post for post in reversed(self.posts)}

    @cached_property
    def by_address(self) -> Mapping[str, Post]:
        """By address below the site, such as `what-pays/`, the addresses of aliases included."""
        aliases = {
            self.old_address(post, alias)[0]: post
            for post in self.posts
            for alias in post.get("aliases") or ()
        }
        return aliases | {post.url: post for post in self.posts}

    @cached_property
    def content_files(self) -> ContentFiles:
        """All that lies in the content folder, the gated files included."""
        return find_content_files(self.layout.content)

    @property
    def has_symlinks(self) -> bool:
        """Whether a file of the content folder may be another one in truth."""
        return bool(self.content_files.links)

    @cached_property
    def site_files(self) -> SiteFiles:
        """What the site makes by itself."""
        return site_files(self.layout, self.posts)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Every file of the site that comes from a post or page, those of aliases included."""
        aliases = (
            self.old_address(post, alias)[1]
            for post in self.posts
            for alias in post.get("aliases") or ()
        )
        extra = (
            str(file)
            for head in self.layout.extra.values()
            for file in map(head.get, _SAVED)
            if file
        )
        return frozenset((*aliases, *extra, *(post.save_as for post in self.posts)))

    def old_address(self, post: Post, alias: str) -> tuple[str, str]:
        """Where an alias of a post stands, in the post's language: address and file."""
        date = self.layout.dated(post.get("date"), self.now)
        terms = self.layout.terms(post.name, post.facts)
        return self.layout.old_address(post.kind, alias, date, str(post.get("lang") or ""), terms)

    @property
    def next_due(self) -> Post | None:
        """The next of the posts that are held back."""
        held = [post for post in self.posts if post.state(self.now) == "scheduled"]
        return min(held, key=lambda post: (post.due or self.now, post.where), default=None)

    @property
    def next_change(self) -> datetime | None:
        """When the site is to be built again though nobody writes: a post is due, or a form opens
        or closes. UTC."""
        campaigns = self.catalogue.campaigns.values() if self.catalogue else ()
        turns = [campaign.next_turn(self.now) for campaign in campaigns]
        due = self.next_due.due if self.next_due else None
        return min((time for time in (*turns, due) if time), default=None)

    def is_public(self, post: Post) -> bool:
        """Whether a reader may come to it."""
        return post.state(self.now) in {"published", "hidden"}
