"""Where a project keeps what it writes, and under which addresses it shows it."""

import fnmatch
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from capture.paths import ConfinedFolder
from publish.checks.finding import Level, levels_from

# Everything that lies in the content folder, looked at once and without following links.


@dataclass(frozen=True)
class ContentFiles:
    """The entries of a folder and of those below it, by what they are; folders are left out."""

    regular: tuple[Path, ...]
    links: tuple[Path, ...]
    """Symbolic ones, to files or folders."""
    special: tuple[Path, ...]
    """Pipes, sockets and devices: reading one may never end."""


def find_content_files(folder: Path) -> ContentFiles:
    """Raises OSError if a folder cannot be read."""
    regular: list[Path] = []
    links: list[Path] = []
    special: list[Path] = []
    for entry in _walk(folder):
        if entry.is_symlink():
            links.append(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            regular.append(Path(entry.path))
        else:
            special.append(Path(entry.path))
    return ContentFiles(tuple(sorted(regular)), tuple(sorted(links)), tuple(sorted(special)))


def _walk(folder: Path) -> Iterator["os.DirEntry[str]"]:
    todo = [str(folder)] if folder.is_dir() else []
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                else:
                    yield entry


def is_circular(link: Path) -> bool:
    """Whether following a symbolic link to a folder, and those below it, comes back to the link."""
    home = os.path.realpath(link.parent)
    todo, seen = [os.path.realpath(link)], set[str]()
    while todo:
        folder = todo.pop()
        if folder in seen or not Path(folder).is_dir():
            continue
        if f"{home}/".startswith(f"{folder.rstrip('/')}/"):
            return True
        seen.add(folder)
        todo += (
            os.path.realpath(entry.path) for entry in _walk(Path(folder)) if entry.is_symlink()
        )
    return False


ContentKind = Literal["post", "page"]
PUBLISHED: Final = "GATEPOST_PUBLISHED"
"""The setting that says where `published.json` of the last build is."""
_SERVICE: Final = ("api", "d", "f", "healthz")
"""Where the lead service answers: what a page put there would never be seen."""
_FEED: Final = re.compile(r"FEED_(ALL_)?(ATOM|RSS)")
SUFFIXES: Final = frozenset({".md", ".markdown", ".mkd", ".mdown"})


@dataclass(frozen=True)
class Layout:
    """What the rules need to know of Pelican's settings."""

    content: Path
    folders: Mapping[ContentKind, tuple[Path, ...]]
    excluded: Mapping[ContentKind, tuple[Path, ...]]
    static: tuple[Path, ...]
    ignored: tuple[str, ...]
    zone: ZoneInfo
    urls: Mapping[ContentKind, str]
    files: Mapping[ContentKind, str]
    extra: Mapping[str, Mapping[str, str]]
    """File below `content` to keys that the settings add to its head."""
    own_pages: Mapping[str, str]
    """Files of the site that no writer makes, such as its index, to what they are."""
    feeds: frozenset[str]
    lists: Mapping[str, tuple[str, ...]]
    """`category`, `tag` and `author` to the files that each of them gets, with `{slug}` in them."""
    authors: tuple[str, ...]
    """Who wrote a post that names nobody."""
    service: frozenset[str]
    """Folders where the lead service answers."""
    site_url: str
    """Where the site is published, without a slash at its end; empty on the desk."""
    language: str
    other_urls: Mapping[ContentKind, str]
    other_files: Mapping[ContentKind, str]
    """Where a text in another language than the site's stands."""
    published: Path
    """Where the last published build left its list of slugs."""
    levels: Mapping[str, Level]
    slugify: Callable[[str], str]
    has_template: Callable[[str], bool]
    topic_of: Callable[[str], str]
    """The category of a post that names none, by its path below the content folder."""

    @cached_property
    def paths(self) -> ConfinedFolder:
        """Where names lead that content gives."""
        return ConfinedFolder(self.content)

    def sources(self, kind: ContentKind) -> Iterator[Path]:
        """Every file of the kind, as Pelican finds them, in the order of their names.

        Without those that must not be read: `rules.files` reports them.
        """
        found: set[Path] = set()
        for folder in self.folders[kind]:
            found.update(self._below(folder, self.excluded[kind]))
        return iter(sorted(found))

    def _below(self, folder: Path, excluded: tuple[Path, ...]) -> Iterator[Path]:
        if folder.is_file() and self._may_be_read(folder):
            yield folder
        if not self._may_be_walked(folder):
            return
        for root, folders, files in os.walk(folder, followlinks=True):
            here = Path(root)
            folders[:] = [
                name
                for name in folders
                if here / name not in excluded
                and not self._is_ignored(here / name)
                and self._may_be_walked(here / name)
            ]
            for name in files:
                path = here / name
                wanted = path.suffix in SUFFIXES and not self._is_ignored(path)
                if wanted and self._may_be_read(path):
                    yield path

    def _may_be_walked(self, folder: Path) -> bool:
        if not folder.is_symlink():
            return True
        return self.paths.holds(folder) and not is_circular(folder)

    def _may_be_read(self, path: Path) -> bool:
        """Whether it is a regular file of ours, or not there, which its reader tells."""
        if path.is_symlink() and not self.paths.holds(path):
            return False
        return path.is_file() or not path.exists()

    def _is_ignored(self, path: Path) -> bool:
        return path.name.startswith(".") or any(
            fnmatch.fnmatch(path.name, pattern.removeprefix("**/")) for pattern in self.ignored
        )

    def dated(self, date: datetime | None, now: datetime) -> datetime:
        """The date that an address shows: in the zone that its writer gave, else in the site's.

        What has no date of its own shows the day of the build, as in Pelican.
        """
        if date is None:
            return now.astimezone(self.zone)
        return date if date.tzinfo else date.replace(tzinfo=self.zone)

    def terms(self, name: str, facts: Mapping[str, Any]) -> Mapping[str, str]:
        """Slugs of category and first author, which a post's address may show.

        `name` is the post's path below the content folder, `facts` is what its head gives.
        """
        authors = facts.get("author") or facts.get("authors") or self.authors
        category = facts.get("category") or self.topic_of(name)
        return {"category": self.slugify(category), "author": self.slugify(next(iter(authors), ""))}

    def address(
        self,
        kind: ContentKind,
        slug: str,
        date: datetime,
        lang: str,
        terms: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[str, str]:
        """The address of a post and the file that holds it, below the site.

        `date` comes from `dated`, `terms` from `terms`.
        """
        value = {**terms, "slug": slug, "date": date, "lang": lang}
        other = lang not in {"", self.language}
        urls, files = (self.other_urls, self.other_files) if other else (self.urls, self.files)
        try:
            return urls[kind].format_map(value), files[kind].format_map(value)
        except (KeyError, ValueError, AttributeError):  # a pattern of more than we can know
            return f"{slug}/", f"{slug}/index.html"

    def old_address(
        self,
        kind: ContentKind,
        alias: str,
        date: datetime,
        lang: str = "",
        terms: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[str, str]:
        """The same for an alias, which is an earlier slug or, from `/` on, a whole path."""
        if not alias.startswith("/"):
            return self.address(kind, alias, date, lang, terms)
        path = alias.strip("/")
        if not alias.endswith("/") and path.endswith((".html", ".htm")):
            return path, path
        return f"{path}/", f"{path}/index.html"


def layout_from(
    settings: Mapping[str, Any],
    slugify: Callable[[str], str],
    has_template: Callable[[str], bool] = lambda _: True,
    topic_of: Callable[[str], str] = lambda _: "misc",
) -> Layout:
    """The layout that Pelican's settings describe. Raises `Refused` for faulty `WRITING_RULES`."""
    content = Path(settings["PATH"]).absolute()

    def below(name: str) -> tuple[Path, ...]:
        return tuple(content / path for path in settings[name])

    return Layout(
        content=content,
        folders={"post": below("ARTICLE_PATHS"), "page": below("PAGE_PATHS")},
        excluded={"post": below("ARTICLE_EXCLUDES"), "page": below("PAGE_EXCLUDES")},
        static=below("STATIC_PATHS"),
        ignored=tuple(settings["IGNORE_FILES"]),
        zone=ZoneInfo(settings.get("TIMEZONE", "UTC")),
        urls={"post": settings["ARTICLE_URL"], "page": settings["PAGE_URL"]},
        files={"post": settings["ARTICLE_SAVE_AS"], "page": settings["PAGE_SAVE_AS"]},
        extra=settings.get("EXTRA_PATH_METADATA", {}),
        own_pages={
            str(settings.get(f"{name.upper()}_SAVE_AS", f"{name}.html")): name
            for name in settings["DIRECT_TEMPLATES"]
        }
        | {f"{name}/index.html": "service" for name in _SERVICE},
        feeds=frozenset(_set(settings, _FEED)),
        lists={
            kind: tuple(_set(settings, re.compile(rf"{kind.upper()}_(SAVE_AS|{_FEED.pattern})")))
            for kind in ("category", "tag", "author")
        },
        authors=(settings["AUTHOR"],) if settings.get("AUTHOR") else (),
        service=frozenset(_SERVICE),
        site_url=str(settings.get("SITEURL", "")).rstrip("/"),
        language=str(settings.get("DEFAULT_LANG", "en")),
        other_urls=_others(settings, "URL"),
        other_files=_others(settings, "SAVE_AS"),
        published=published_of(settings),
        levels=levels_from(settings.get("WRITING_RULES", {})),
        slugify=slugify,
        has_template=has_template,
        topic_of=topic_of,
    )


def _set(settings: Mapping[str, Any], names: re.Pattern[str]) -> Iterator[str]:
    """The settings of these names that name a file."""
    return (str(value) for name, value in settings.items() if names.fullmatch(name) and value)


def _others(settings: Mapping[str, Any], end: str) -> Mapping[ContentKind, str]:
    return {
        "post": settings.get(f"ARTICLE_LANG_{end}") or settings[f"ARTICLE_{end}"],
        "page": settings.get(f"PAGE_LANG_{end}") or settings[f"PAGE_{end}"],
    }


def published_of(settings: Mapping[str, Any]) -> Path:
    """Where the last published build left its list of slugs."""
    beside = Path(settings["OUTPUT_PATH"]).absolute().parent
    return Path(settings.get(PUBLISHED, beside / "published.json"))
