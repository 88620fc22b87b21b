"""All posts and pages of a project, read once, and the generated files of its site."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from capture.campaign.catalogue import Catalogue
from capture.errors import Unavailable, short_path
from publish.checks.facts import all_items, items
from publish.checks.layout import KINDS, Layout
from publish.checks.meant_files import by_last_part
from publish.checks.name_slugs import SECTIONS, NameKind, spelling_key
from publish.checks.post import Post, PostReader, read_source
from publish.checks.source_files import ContentFiles, find_content_files

# The generated files of the site: lists, feeds, sitemaps, and the addresses of the lead service.

_SITEMAP: Final = re.compile(r"sitemap[\w-]*\.xml")
_FOLDERS: Final = frozenset({"drafts", "pagefind", "pictures", "share", "theme"})
"""Folders that a build fills; browsers may keep most of their files for ever."""


@dataclass(frozen=True)
class SiteFiles:
    """The files of the site that do not come from a post or page."""

    named: dict[str, str]
    """By file: its description for messages."""
    folders: frozenset[str]
    """Folders in which every file is generated."""

    def describe(self, file: str) -> str:
        """A description of the generated file at this path; empty if there is none."""
        if file in self.named or file.rstrip("/") in self.named:
            return self.named.get(file) or self.named[file.rstrip("/")]
        page = file.removesuffix("/index.html")
        if page.startswith("sitemap") and _SITEMAP.fullmatch(page):
            return "the site's own sitemap"
        if page in self.named:  # a file in place of a folder
            return self.named[page]
        first, _, number = page.rpartition("/")
        if number.isdecimal() and page != file and f"{first}/index.html" in self.named:
            return "a page of " + self.named[f"{first}/index.html"]
        if not file.startswith(self._starts):
            return ""
        folder = next(name for name in self.folders if file.startswith(f"{name}/"))
        return f"the folder {folder}/"

    @cached_property
    def _starts(self) -> tuple[str, ...]:
        return tuple(f"{name}/" for name in self.folders)


def site_files(layout: Layout, posts: Iterable[Post]) -> SiteFiles:
    """The generated files of a site with these posts."""
    named = {file: f"the site's own {name} page" for file, name in layout.reserved_files.items()}
    named |= dict.fromkeys(layout.feeds, "the site's own feed")
    public = [
        post for post in posts if post.kind == "post" and post.status in {"published", "hidden"}
    ]
    for kind, name in names_of_all(public):
        named |= dict.fromkeys(list_files(layout, kind, name), f"the list of the {kind} `{name}`")
    static = (folder.name for folder in layout.static)
    return SiteFiles(named, _FOLDERS | layout.service | frozenset(static))


def names_of(post: Post) -> Iterator[tuple[NameKind, Sequence[str]]]:
    """The category, the tags and the authors of a post."""
    yield "category", (post.facts.category,)
    yield "tag", items(post.facts.tags)
    yield "author", items(post.facts.authors)


def names_of_all(posts: Iterable[Post]) -> Mapping[tuple[NameKind, str], None]:
    """Kind and name of all categories, tags and authors of these posts."""
    facts = [post.facts for post in posts]
    names: Mapping[NameKind, Iterable[str]] = {
        "category": dict.fromkeys(of_post.category for of_post in facts),
        "tag": all_items(of_post.tags for of_post in facts),
        "author": all_items(of_post.authors for of_post in facts),
    }
    return dict.fromkeys((kind, name) for kind, of_kind in names.items() for name in of_kind)


def list_files(layout: Layout, kind: NameKind, name: str) -> tuple[str, ...]:
    """The files of the list of a name: its pages and feeds. Without numbers of pages."""
    slug = layout.name_slug(kind, name)
    return tuple(pattern.replace("{slug}", slug) for pattern in layout.lists.get(kind, ()))


_NOT_PUBLIC: Final = frozenset({"draft", "skip"})
_LISTED: Final = ("post", "published")
_FILE_KEYS: Final = ("save_as", "path")
WRITING: Final = "GATEPOST_WRITING"
"""The setting in which a build keeps its `Writing`, for every plugin."""


def relative_name(name: str, folder: str) -> str:
    """The path of a file, seen from a folder: both paths are below the same folder."""
    parts, here = name.split("/"), folder.split("/") if folder else []
    common = 0
    while common < min(len(parts) - 1, len(here)) and parts[common] == here[common]:
        common += 1
    return "/".join([".."] * (len(here) - common) + parts[common:])


@dataclass(frozen=True)
class Edits:
    """The edited texts, if nothing else has changed since the last check (`last_check`)."""

    posts: Mapping[str, Post]
    """By path below the content folder."""
    digests: Mapping[str, bytes]
    """The hash of the file of each text, edited or not, by its path."""


@dataclass(frozen=True)
class Writing:
    """All posts and pages of a project, as they are at the time `now`."""

    layout: Layout
    read_files: Callable[[], Iterable[Post]]
    now: datetime
    catalogue: Catalogue | None
    """None if a campaign file has mistakes, which are reported separately."""
    gated: Path
    """The folder of the gated files."""
    private: tuple[Path, ...] = ()
    """The folders of campaigns and clients; their files are never published."""
    edits: Edits | None = None
    """With it, other texts are only read if something asks for them."""

    @classmethod
    def read(  # noqa: PLR0913 - what `check_writing` gets, and the campaigns
        cls,
        layout: Layout,
        now: datetime,
        catalogue: Catalogue | None,
        gated: Path,
        *,
        edited: Mapping[Path, bytes] = MappingProxyType({}),
        read: PostReader = read_source,
    ) -> "Writing":
        """Reads every file, or what `edited` has in its place, when something asks for it.

        Never raises for a mistake: each post has its own `problems`.
        """
        texts = {path.relative_to(layout.content).as_posix(): raw for path, raw in edited.items()}

        def read_files() -> Iterator[Post]:
            for kind in KINDS:
                for source in layout.sources(kind):
                    yield read(source, kind, layout, now, texts.get(source.name))

        return cls(layout, read_files, now, catalogue, gated)

    @cached_property
    def files(self) -> tuple[Post, ...]:
        """Posts and pages."""
        return tuple(self.read_files())

    @cached_property
    def posts(self) -> tuple[Post, ...]:
        """The posts and pages without `Status: skip`."""
        return tuple(post for post in self.files if post.status != "skip")

    @cached_property
    def public(self) -> Mapping[str, Post]:
        """The posts and pages that readers can open, by their path below the content folder."""
        now = self.now.astimezone(UTC).isoformat()
        return {
            post.name: post
            for post in self.posts
            if post.facts.due <= now and post.facts.status not in _NOT_PUBLIC
        }

    @cached_property
    def posts_by_name(self) -> Mapping[tuple[NameKind, str], Sequence[Post]]:
        """The posts by kind and name of their categories, tags and authors."""
        users: dict[tuple[NameKind, str], list[Post]] = {}
        for post in self.posts:
            for kind, names in names_of(post) if post.kind == "post" else ():
                for name in names:
                    users.setdefault((kind, name), []).append(post)
        return users

    @cached_property
    def by_name(self) -> Mapping[str, Post]:
        """The posts and pages by their path below the content folder."""
        return {post.name: post for post in self.posts}

    @cached_property
    def by_last_part(self) -> Mapping[str, tuple[str, ...]]:
        """The paths of `by_name` by their last part, for `meant_files`."""
        return by_last_part(self.by_name)

    @cached_property
    def _files_by_name(self) -> Mapping[str, Post]:
        return {post.name: post for post in self.files}

    def text(self, name: str) -> Post | None:
        """The post or page with this path below the content folder, also with `Status: skip`."""
        if self.edits and name in self.edits.posts:
            return self.edits.posts[name]
        return self._files_by_name.get(name)

    @cached_property
    def digests(self) -> Mapping[str, bytes]:
        """The hash of the file of each post and page, by its path below the content folder."""
        if self.edits:
            return self.edits.digests
        return {post.name: post.digest for post in self.files}

    def text_at(self, path: Path) -> Post | None:
        """The post or page in a file with this absolute path, also one with `Status: skip`."""
        content, name = f"{self.layout.content}/", str(path)
        return self.text(name[len(content) :]) if name.startswith(content) else None

    @cached_property
    def by_slug(self) -> Mapping[str, Post]:
        """The posts and pages by slug. If two share one, which a rule reports, the first one."""
        return {post.slug: post for post in reversed(self.posts)}

    @cached_property
    def by_address(self) -> Mapping[str, Post]:
        """The posts and pages by address below the site, such as `what-pays/`, and by alias."""
        aliases = {
            self.old_address(post, alias)[0]: post
            for post in self.posts
            for alias in items(post.facts.aliases)
        }
        return aliases | {post.url: post for post in self.posts}

    @cached_property
    def content_files(self) -> ContentFiles:
        """All files in the content folder, including the gated files."""
        return find_content_files(self.layout.content)

    @cached_property
    def file_names(self) -> frozenset[str]:
        """The regular files in the content folder, by their path below it."""
        return frozenset(self.content_files.names)

    @cached_property
    def address_names(self) -> tuple[str, ...]:
        """The addresses of posts and pages with a slash before them, as links have them."""
        return tuple(f"/{address}" for address in self.by_address)

    @cached_property
    def static_names(self) -> tuple[str, ...]:
        """The files in the static folders, by their path below the content folder."""
        return tuple(
            path.relative_to(self.layout.content).as_posix()
            for folder in self.layout.static
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        )

    @cached_property
    def files_by_folder(self) -> Mapping[Path, tuple[Path, ...]]:
        """The regular files in the content folder, by the folder that has them."""
        files: dict[Path, tuple[Path, ...]] = {}
        for file in self.content_files.regular:
            files[file.parent] = (*files.get(file.parent, ()), file)
        return files

    @cached_property
    def _names_by_folder(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return {}

    def names_from(self, folder: str) -> tuple[str, ...]:
        """The posts and pages as relative links of a file in this folder of the content folder."""
        return self._names_from(folder, "texts", self.by_name)

    def static_names_from(self, folder: str) -> tuple[str, ...]:
        """The files in the static folders as relative links of a file in this folder."""
        return self._names_from(folder, "files", self.static_names)

    def _names_from(self, folder: str, kind: str, names: Iterable[str]) -> tuple[str, ...]:
        if (kind, folder) not in self._names_by_folder:
            relative = tuple(relative_name(name, folder) for name in names)
            self._names_by_folder[kind, folder] = relative
        return self._names_by_folder[kind, folder]

    @property
    def has_symlinks(self) -> bool:
        """Whether the content folder contains symbolic links."""
        return bool(self.content_files.links)

    @cached_property
    def site_files(self) -> SiteFiles:
        """The generated files of the site."""
        return site_files(self.layout, self.posts)

    @cached_property
    def public_names(self) -> Mapping[NameKind, Mapping[str, str]]:
        """By kind: the names that published posts have, by their `spelling_key`."""
        names: dict[NameKind, dict[str, str]] = {kind: {} for kind in SECTIONS}
        listed = (post for post in self.posts if (post.kind, post.state(self.now)) == _LISTED)
        for kind, name in names_of_all(listed):
            names[kind][spelling_key(name)] = name
        return names

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Every file of the site that comes from a post, a page or an alias."""
        aliases = (
            self.old_address(post, alias)[1]
            for post in self.posts
            for alias in items(post.facts.aliases)
        )
        extra = (
            str(file)
            for keys in self.layout.extra.values()
            for file in map(keys.get, _FILE_KEYS)
            if file
        )
        return frozenset((*aliases, *extra, *(post.save_as for post in self.posts)))

    def old_address(self, post: Post, alias: str) -> tuple[str, str]:
        """Address and file of an alias of a post, in the post's language."""
        date = self.layout.address_date(post.get("date"), self.now)
        slugs = self.layout.category_and_author_slugs(post.name, post.front_matter_details.values)
        return self.layout.old_address(post.kind, alias, date, str(post.get("lang") or ""), slugs)

    @property
    def next_due(self) -> Post | None:
        """The scheduled post that is due first."""
        scheduled = [post for post in self.posts if post.state(self.now) == "scheduled"]
        return min(scheduled, key=lambda post: (post.due or self.now, post.where), default=None)

    @property
    def next_change(self) -> datetime | None:
        """The next time, in UTC, at which a post is due, or a form opens or closes."""
        campaigns = self.catalogue.campaigns.values() if self.catalogue else ()
        changes = [campaign.next_opening_or_closing(self.now) for campaign in campaigns]
        due = self.next_due.due if self.next_due else None
        return min((time for time in (*changes, due) if time), default=None)

    def is_public(self, post: Post) -> bool:
        """Whether readers can open it."""
        return post.name in self.public


@dataclass(frozen=True)
class Published:
    """The content of `published.json`, which a published build leaves beside the site.

    The next build compares it with its own slugs, to find addresses that vanished.
    """

    slugs: Mapping[str, str] = field(default_factory=dict)
    """Each public slug, and the file that it came from."""
    due: datetime | None = None
    """The time of the next build, in UTC: a post is due, or a form opens or closes."""

    def write(self, path: Path) -> None:
        """Replaces the file in one step, with a rename."""
        due = self.due.isoformat() if self.due else None
        text = json.dumps({"slugs": dict(sorted(self.slugs.items())), "due": due}, indent=1)
        draft = path.with_suffix(".new")
        draft.write_text(f"{text}\n", encoding="utf-8")
        draft.replace(path)


def read_published(path: Path) -> Published:
    """Reads `published.json`; empty if there is none. Raises `Unavailable` if it is damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        due = datetime.fromisoformat(data["due"]) if data["due"] else None
        return Published(dict(data["slugs"]), due)
    except FileNotFoundError:
        return Published()
    except (OSError, ValueError, KeyError, TypeError):
        raise Unavailable(
            f"{short_path(path)}: is damaged: put it back from a backup, or delete it "
            "(then the next build does not find slugs that vanished)"
        ) from None
