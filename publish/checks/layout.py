"""The layout of a project: its content files, and the addresses at which the site shows them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

from capture.errors import short_path
from capture.paths import ConfinedFolder
from publish.checks.finding import Level, levels_from
from publish.checks.name_slugs import SECTIONS, SLUGS_FILE, NameKind, NameSlugs, read_name_slugs
from publish.checks.notes import DEFAULT_SYNTAX, Syntax
from publish.checks.source_files import SourceFile, SourceFolders

ContentKind = Literal["post", "page"]
KINDS: Final[tuple[ContentKind, ...]] = get_args(ContentKind)
PUBLISHED: Final = "GATEPOST_PUBLISHED"
"""The setting with the path of the last build's `published.json`."""
_SERVICE: Final = (
    *("api", "c", "consent", "d", "f", "g", "healthz", "privacy/me", "r", "u"),
    *("gated-files", ".well-known"),
)
"""Folders that the lead service or nginx serves, so a page of the site cannot be opened there."""
_FEED: Final = re.compile(r"FEED_(ALL_)?(ATOM|RSS)")


@dataclass(frozen=True)
class Layout:
    """The part of Pelican's settings that the rules need."""

    content: Path
    """The content folder, absolute."""
    folders: Mapping[ContentKind, tuple[Path, ...]]
    """By kind: the folders, or single files, of its texts."""
    excluded: Mapping[ContentKind, tuple[Path, ...]]
    """By kind: subfolders that are not searched for its texts."""
    static: tuple[Path, ...]
    """Folders whose files are published unchanged, such as pictures."""
    ignored: tuple[str, ...]
    """Patterns for names of files and folders that Pelican does not read."""
    zone: ZoneInfo
    urls: Mapping[ContentKind, str]
    """By kind: the pattern of an address, such as `{slug}/`."""
    files: Mapping[ContentKind, str]
    """By kind: the pattern of the file at that address, such as `{slug}/index.html`."""
    extra: Mapping[str, Mapping[str, str]]
    """By path below `content`: the keys that the settings add to the file's front matter."""
    reserved_files: Mapping[str, str]
    """By file: the name of what has it. These are the site's own pages, such as its index, and the
    folders of the lead service."""
    feeds: frozenset[str]
    """The files of the site's own feeds."""
    lists: Mapping[NameKind, tuple[str, ...]]
    """By kind of name: the patterns of their lists' files, with `{slug}`."""
    authors: tuple[str, ...]
    """The authors of a post that names none."""
    service: frozenset[str]
    """Folders that the lead service or nginx serves."""
    site_url: str
    """The address of the site without a slash at its end; empty in a local build."""
    language: str
    """The site's language, such as `en`."""
    other_urls: Mapping[ContentKind, str]
    """Like `urls`, for texts in another language than the site's."""
    other_files: Mapping[ContentKind, str]
    """Like `files`, for texts in another language than the site's."""
    published_file: Path
    """The path of the last published build's `published.json`."""
    cache: Path | None
    """The folder of files that are safe to delete; None for none."""
    levels: Mapping[str, Level]
    """By rule: whether its findings are errors, warnings or off."""
    slugify: Callable[[str], str]
    """The slug of a title."""
    slugify_name: Callable[[NameKind, str], str]
    """The slug of a category, tag or author for which `name_slugs` has none."""
    name_slugs: NameSlugs
    """The slugs that the writers give to categories, tags and authors."""
    has_template: Callable[[str], bool]
    """Whether the theme has a template with this name, which is without a suffix."""
    category_of: Callable[[str], str]
    """The category of a post that names none, by its path below the content folder."""
    syntax: Syntax = DEFAULT_SYNTAX
    """What the site's Markdown knows besides CommonMark."""

    @cached_property
    def where(self) -> str:
        """What messages show before the name of a text: the content folder with a slash."""
        return short_path(self.content / "-").removesuffix("-")

    def sources(self, kind: ContentKind) -> list[SourceFile]:
        """Every file of the kind, as Pelican finds them, sorted by name."""
        folders, excluded = self.folders[kind], self.excluded[kind]
        return SourceFolders(self.paths, folders, excluded, self.ignored).files()

    @cached_property
    def paths(self) -> ConfinedFolder:
        """Resolves the paths that content names."""
        return ConfinedFolder(self.content)

    @property
    def has_dated_addresses(self) -> bool:
        """Whether the date is a part of some address."""
        patterns = (self.urls, self.files, self.other_urls, self.other_files)
        return any("{date" in pattern for by_kind in patterns for pattern in by_kind.values())

    def address_date(self, date: datetime | None, now: datetime) -> datetime:
        """The date in a post's address: in its own zone, or else in the site's zone.

        A post without a date gets the time of the build, as in Pelican.
        """
        if date is None:
            return now.astimezone(self.zone)
        return date if date.tzinfo else date.replace(tzinfo=self.zone)

    def category_and_author_slugs(self, name: str, values: Mapping[str, Any]) -> Mapping[str, str]:
        """Slugs by `category` and `author` (the first one), which a post's address may contain.

        `name` is the post's path below the content folder, `values` is its front matter.
        """
        authors = values.get("author") or values.get("authors") or self.authors
        category = values.get("category") or self.category_of(name)
        author = next(iter(authors), "")
        return {
            "category": self.name_slug("category", category),
            "author": self.name_slug("author", author),
        }

    def name_slug(self, kind: NameKind, name: str) -> str:
        """The slug of a category, tag or author; empty if the name has no letter or digit."""
        return self.name_slugs.get(kind, name) or self.slugify_name(kind, name)

    def address(
        self,
        kind: ContentKind,
        slug: str,
        date: datetime,
        lang: str,
        other_slugs: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[str, str]:
        """The address and the file of a post, below the site.

        `date` comes from `address_date`, `other_slugs` from `category_and_author_slugs`. A pattern
        that has a field besides these counts as `{slug}/`.
        """
        fields = {**other_slugs, "slug": slug, "date": date, "lang": lang}
        is_other = lang not in {"", self.language}
        urls, files = (self.other_urls, self.other_files) if is_other else (self.urls, self.files)
        try:
            return urls[kind].format_map(fields), files[kind].format_map(fields)
        except (KeyError, ValueError, AttributeError):  # a field that only Pelican knows
            return f"{slug}/", f"{slug}/index.html"

    def old_address(
        self,
        kind: ContentKind,
        alias: str,
        date: datetime,
        lang: str = "",
        other_slugs: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[str, str]:
        """Address and file of an alias: an earlier slug or, if it starts with `/`, a full path."""
        if not alias.startswith("/"):
            return self.address(kind, alias, date, lang, other_slugs)
        path = alias.strip("/")
        if not alias.endswith("/") and path.endswith((".html", ".htm")):
            return path, path
        return f"{path}/", f"{path}/index.html"


TEXT_FIELDS: Final = (
    *("content", "folders", "static", "zone", "urls", "files", "extra", "lists", "authors"),
    *("site_url", "language", "other_urls", "other_files", "name_slugs", "syntax"),
)
"""The fields from which the facts of a text follow, without functions."""


def layout_from(
    settings: Mapping[str, Any],
    slugify: Callable[[str], str],
    has_template: Callable[[str], bool] = lambda _: True,
    category_of: Callable[[str], str] = lambda _: "misc",
    slugify_name: Callable[[NameKind, str], str] | None = None,
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
        ignored=tuple(pattern.removeprefix("**/") for pattern in settings["IGNORE_FILES"]),
        zone=ZoneInfo(settings.get("TIMEZONE", "UTC")),
        urls={"post": settings["ARTICLE_URL"], "page": settings["PAGE_URL"]},
        files={"post": settings["ARTICLE_SAVE_AS"], "page": settings["PAGE_SAVE_AS"]},
        extra=settings.get("EXTRA_PATH_METADATA", {}),
        reserved_files={
            str(settings.get(f"{name.upper()}_SAVE_AS", f"{name}.html")): name
            for name in settings["DIRECT_TEMPLATES"]
        }
        | {f"{name}/index.html": "service" for name in _SERVICE},
        feeds=frozenset(_file_settings(settings, _FEED)),
        lists={
            kind: tuple(
                _file_settings(settings, re.compile(rf"{kind.upper()}_(SAVE_AS|{_FEED.pattern})"))
            )
            for kind in SECTIONS
        },
        authors=(settings["AUTHOR"],) if settings.get("AUTHOR") else (),
        service=frozenset(_SERVICE),
        site_url=str(settings.get("SITEURL", "")).rstrip("/"),
        language=str(settings.get("DEFAULT_LANG", "en")),
        other_urls=_in_other_languages(settings, "URL"),
        other_files=_in_other_languages(settings, "SAVE_AS"),
        published_file=published_file(settings),
        cache=Path(settings["CACHE_PATH"]).absolute() if settings.get("CACHE_PATH") else None,
        levels=levels_from(settings.get("WRITING_RULES", {})),
        slugify=slugify,
        slugify_name=slugify_name or (lambda _, name: slugify(name)),
        name_slugs=read_name_slugs(ConfinedFolder(content).find_file(SLUGS_FILE)),
        has_template=has_template,
        category_of=category_of,
    )


def _file_settings(settings: Mapping[str, Any], names: re.Pattern[str]) -> Iterator[str]:
    """The files that the settings with these names contain."""
    return (str(value) for name, value in settings.items() if names.fullmatch(name) and value)


def _in_other_languages(settings: Mapping[str, Any], end: str) -> Mapping[ContentKind, str]:
    return {
        "post": settings.get(f"ARTICLE_LANG_{end}") or settings[f"ARTICLE_{end}"],
        "page": settings.get(f"PAGE_LANG_{end}") or settings[f"PAGE_{end}"],
    }


def published_file(settings: Mapping[str, Any]) -> Path:
    """The path of the last published build's `published.json`."""
    beside = Path(settings["OUTPUT_PATH"]).absolute().parent
    return Path(settings.get(PUBLISHED, beside / "published.json"))


def file_at(address: str) -> str:
    """The file of the site that a browser gets at an address."""
    is_file = address.endswith((".html", ".htm"))
    return address if is_file else f"{address.removesuffix('/')}/index.html"
