"""The files of the site that nobody writes: lists, feeds, maps, and what the service answers."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from publish.writing.layout import Layout
from publish.writing.post import Post

_PAGE_OF_A_LIST: Final = re.compile(r"(?P<list>.+)/\d+/index\.html")
_MAP: Final = re.compile(r"sitemap[\w-]*\.xml")
_FOLDERS: Final = frozenset({"drafts", "pagefind", "pictures", "share", "theme"})
"""What a build fills, and what is in most of them browsers keep for ever."""


@dataclass(frozen=True)
class SiteFiles:
    """Where something stands already."""

    named: dict[str, str]
    """Files to what they are."""
    folders: frozenset[str]
    """Folders that are taken as a whole."""

    def holder(self, file: str) -> str:
        """What stands in the place of a file; empty if nothing does."""
        top = file.partition("/")[0]
        page = _PAGE_OF_A_LIST.fullmatch(file)
        if file in self.named or file.rstrip("/") in self.named:
            return self.named.get(file) or self.named[file.rstrip("/")]
        if _MAP.fullmatch(file.removesuffix("/index.html")):
            return "the site's own sitemap"
        if file.removesuffix("/index.html") in self.named:  # a file where a folder is wanted
            return self.named[file.removesuffix("/index.html")]
        if page and f"{page['list']}/index.html" in self.named:
            return "a page of " + self.named[f"{page['list']}/index.html"]
        return f"the folder {top}/" if top in self.folders and "/" in file else ""


def site_files(layout: Layout, posts: Iterable[Post]) -> SiteFiles:
    """What comes by itself of these posts."""
    named = {file: f"the site's own {name} page" for file, name in layout.own_pages.items()}
    named |= dict.fromkeys(layout.feeds, "the site's own feed")
    for post in posts:
        if post.kind == "post" and post.status in {"published", "hidden"}:
            named |= dict(_lists(layout, post))
    static = (folder.name for folder in layout.static)
    return SiteFiles(named, _FOLDERS | layout.service | frozenset(static))


def _lists(layout: Layout, post: Post) -> Iterator[tuple[str, str]]:
    for key, names in _named(layout, post):
        for name in names:
            for pattern in layout.lists.get(key, ()):
                file = pattern.replace("{slug}", layout.slugify(name))
                yield file, f"the list of the {key} `{name}`"


def _named(layout: Layout, post: Post) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "category", (post.get("category") or layout.topic_of(post.name),)
    yield "tag", post.get("tags") or ()
    yield "author", post.get("author") or post.get("authors") or layout.authors
