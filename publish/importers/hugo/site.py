"""Reads a Hugo site: its content folder, and beside it static/ and the configuration."""

import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from capture.errors import FileErrors, Problem, Refused, Unavailable, short_path
from capture.paths import ConfinedFolder
from publish.checks.layout import Kind
from publish.importers.hugo.front_matter import (
    BrokenHead,
    Config,
    HugoHead,
    read_config,
    read_hugo_head,
)
from publish.importers.hugo.text import html_of
from publish.importers.model import Export, Item, Moment, Note, Root, Status, counted, listed
from publish.importers.text import clean, decoded, line, moment, plain

# What a Hugo site holds beside the texts, and what their heads say that none here can.


IMAGES: Final = (
    "image", "featured_image", "featuredimage", "feature_image", "cover", "thumbnail", "banner",
    "images",
)  # fmt: skip
_TEXT_KEYS: Final = frozenset(
    {"title", "date", "publishdate", "lastmod", "slug", "url", "description", "summary", "draft",
     "expirydate", "canonicalurl", "canonical", "image_alt", "noindex", "robotsnoindex", "headless"}
)  # fmt: skip
_WORDS: Final = frozenset(
    {"aliases", "categories", "category", "tags", "author", "authors", "series"}
)
_READ: Final = frozenset({"menu", "menus", *_TEXT_KEYS, *_WORDS, *IMAGES})
PAGES: Final = frozenset({"page", "pages"})
"""Sections and types that are no posts."""
_FOLDERS: Final = ("data", "i18n", "layouts", "archetypes", "themes", "_vendor", "exampleSite")


def not_carried(root: Path, config: Config) -> Iterator[Note]:
    """What the folder above the content says of the site, each kind on one line."""
    if config.has_menus:
        yield Note("menu", config.name, "menus were not carried: see NAVIGATION")
    if config.others:
        told = f"what is said of the site itself: {listed(config.others)}: see pelicanconf.py"
        yield Note("settings", config.name, told)
    for path in sorted((root / "config").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name != config.name:
            yield Note("settings", name, "was not carried: see pelicanconf.py")
    for name in _FOLDERS:
        number = sum(path.is_file() for path in (root / name).rglob("*"))
        if number:
            yield Note("not carried", f"{name}/", f"{counted(number, 'file')} of the old site's")


def of_section(head: HugoHead, where: str) -> Iterator[Note]:
    """What a section's own page says: no list here has a text or a head."""
    if head.body.strip():
        yield Note("not carried", where, "the text of a section's own page")
    if keys := [key for key, value in head.values.items() if value]:
        yield Note("not carried", where, f"the head of a section's own page: {listed(keys)}")


def of_head(head: HugoHead, where: str) -> Iterator[Note]:
    """Keys that nothing here reads, or that hold more than can be read."""
    if head.values.get("menu") or head.values.get("menus"):
        yield Note("menu", where, "its entry in a menu was not carried")
    read = _READ | {"type"} if head.text("type") in PAGES else _READ
    unread = [key for key, value in head.values.items() if key not in read and value]
    if unread := [*unread, *head.unread(sorted(_TEXT_KEYS), sorted(_WORDS))]:
        yield Note("field", where, f"keys were not carried: {listed(unread)}")
    dates = head.text("date"), head.text("publishdate")
    if all(dates) and dates[0] != dates[1]:
        told = f"has two dates, of which one was taken: {listed(dates)} (`publishDate`)"
        yield Note("date", where, told)
    pictures = Counter({key: _number(head.values[key]) for key in IMAGES if key in head.values})
    if pictures.total() > 1:
        told = f"of {pictures.total()} pictures that stand for it the first: {listed(pictures)}"
        yield Note("picture", where, told)


def _number(value: Any) -> int:
    return len(value) if isinstance(value, list) else int(bool(value))


def is_not_rendered(values: Mapping[str, Any]) -> bool:
    """Whether Hugo made no page of it: https://gohugo.io/content-management/build-options/"""
    return values.get("headless") == "true" or _option(values, "render") in {"never", "false"}


def is_not_listed(values: Mapping[str, Any]) -> bool:
    """Whether Hugo showed it on no list."""
    return _option(values, "list") in {"never", "false"}


def _option(values: Mapping[str, Any], name: str) -> str:
    for key in ("build", "_build"):
        table = values.get(key)
        if isinstance(table, Mapping) and name in table:
            return str(table[name])
    return ""


_TEXTS: Final = frozenset({".md", ".markdown", ".html"})
_OTHER_TEXTS: Final = frozenset({".org", ".adoc", ".rst", ".ipynb", ".pandoc"})
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _File:
    """One text with its head, before its own links are followed."""

    path: Path
    name: str
    """Below the content folder."""
    head: HugoHead
    kind: Kind
    address: str
    slug: str
    is_bundle: bool


def read(path: Path, now: datetime) -> Export:
    """Reads a folder. Raises `FileErrors` for broken heads, `Refused`, `Unavailable`."""
    content = path / "content" if (path / "content").is_dir() else path
    if not content.is_dir():
        raise Refused(f"{short_path(path)}: is no folder: name Hugo's content/ or the folder above")
    root = content.parent
    config = read_config(root)
    notes = list(not_carried(root, config))
    files = tuple(_files(content, config, notes))
    if not files:
        raise Refused(f"{short_path(content)}: holds no post and no page in Markdown or HTML")
    addresses = {file.name: file.address for file in files}
    items = tuple(_item(file, addresses, now, notes) for file in files)
    roots = [Root("/", folder) for name in ("static", "assets") if (folder := root / name).is_dir()]
    return Export(items, tuple(notes), config.hosts, (*roots, Root("/", content)))


def _files(content: Path, config: Config, notes: list[Note]) -> Iterator[_File]:
    problems: list[Problem] = []
    root = ConfinedFolder(content.parent)
    for path in _walk(content):
        name = path.relative_to(content).as_posix()
        suffix = path.suffix.lower()
        if suffix in _OTHER_TEXTS:
            notes.append(Note("not carried", name, f"`{suffix}` is no Markdown: save it as such"))
        if suffix not in _TEXTS:
            continue
        if root.find_file(os.path.relpath(path, root.folder)) is None:
            notes.append(
                Note("not carried", name, f"leads out of {root.folder.name}/, or to no file")
            )
            continue
        try:
            head = read_hugo_head(decoded(_bytes(path), short_path(path)))
        except BrokenHead as error:
            problems.append(Problem(short_path(path), error.line, str(error)))
            continue
        stem, language = _language(path.stem)
        if stem == "_index":
            notes.extend(of_section(head, name))
        elif language not in {"", config.language}:
            told = f"a translation (`{language}`): see `lang` in docs/writer.md"
            notes.append(Note("not carried", name, told))
        else:
            yield _file(path, name, stem, head, config)
    if problems:
        raise FileErrors(problems)


def _language(stem: str) -> tuple[str, str]:
    """`post.de` is the German text of `post`; `release-1.2` has no language."""
    name, _, language = stem.rpartition(".")
    return (name, language) if name and _LANGUAGE.fullmatch(language) else (stem, "")


def _walk(content: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(content):
        folders.sort()
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(folder, name)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        told = f"cannot be read: {error.strerror}"
        raise Unavailable(f"{short_path(path)}: {told}") from None


def _file(path: Path, name: str, stem: str, head: HugoHead, config: Config) -> _File:
    parent = posixpath.dirname(name)
    is_bundle = stem == "index"
    if is_bundle:
        parent, stem = posixpath.split(parent)
    section = name.split("/", 1)[0] if "/" in name else ""
    date = moment(head.text("date")) or moment(head.text("publishdate"))
    is_page = not parent or section in PAGES or head.text("type") in PAGES or date is None
    slug = head.text("slug") or stem
    address = head.text("url") or config.address(section, parent, slug, head.text("title"), date)
    if not address.startswith("/"):
        address = f"/{address}"
    return _File(path, name, head, "page" if is_page else "post", address, slug, is_bundle)


def _item(file: _File, addresses: Mapping[str, str], now: datetime, notes: list[Note]) -> Item:
    head, where = file.head, file.name
    categories = _both(head, "categories", "category")
    if len(categories) > 1:
        told = f"is in {len(categories)} categories; those after the first became tags"
        notes.append(Note("categories", where, f"{told}: {listed(categories[1:])}"))
    series = head.words("series")
    if len(series) > 1:
        notes.append(Note("field", where, f"of several series the first: {listed(series[1:])}"))
    notes.extend(of_head(head, where))
    status, said = _status(head, now)
    if said:
        notes.append(Note("status", where, said))
    html, lost = html_of(head.body, file.name, addresses, is_html=file.path.suffix == ".html")
    notes.extend(Note(kind, where, told) for kind, told in lost)
    image, alt = _image(head.values)
    return Item(
        where=where,
        kind=file.kind,
        title=line(head.text("title")),
        slug=file.slug,
        html=html,
        address=file.address,
        aliases=tuple(_old(alias, file.address) for alias in head.words("aliases")),
        date=_date(head, now),
        modified=moment(head.text("lastmod")),
        summaries=tuple(plain(head.text(key)) for key in ("description", "summary")),
        category=categories[0] if categories else "",
        tags=(*head.words("tags"), *categories[1:]),
        authors=_both(head, "authors", "author"),
        series=series[0] if series else "",
        status=status,
        image=image,
        image_alt=alt or head.text("image_alt"),
        canonical=head.text("canonicalurl") or head.text("canonical"),
        noindex="true" in {head.text("noindex"), head.text("robotsnoindex")},
        folder=file.path.parent if file.is_bundle else None,
    )


def _both(head: HugoHead, key: str, other: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*head.words(key), *head.words(other))))


def _date(head: HugoHead, now: datetime) -> Moment | None:
    """Hugo holds a text back until `publishDate`, whatever date it shows."""
    shown, from_then = moment(head.text("date")), moment(head.text("publishdate"))
    if shown is None or (from_then is not None and _day(from_then) > _day(now)):
        return from_then or shown
    return shown


def _day(when: Moment) -> str:
    return str(when.astimezone(UTC) if isinstance(when, datetime) else when)[:10]


def _old(alias: str, address: str) -> str:
    """Hugo's aliases may be relative to the section."""
    return (
        alias if alias.startswith("/") else posixpath.normpath(posixpath.join(address, "..", alias))
    )


def _status(head: HugoHead, now: datetime) -> tuple[Status, str]:
    if head.text("draft").lower() == "true":
        return "draft", ""
    if is_not_rendered(head.values):
        return "draft", "has no page there (`headless`, or `build.render`): a draft here"
    shown: Status = "hidden" if is_not_listed(head.values) else "published"
    ends = moment(head.text("expirydate"))
    if ends is None:
        return shown, ""
    if _day(ends) <= _day(now):
        return "draft", f"expired on {_day(ends)} there: a draft here"
    return shown, f"expires on {_day(ends)} there: take it away by then"


def _image(values: Mapping[str, Any]) -> tuple[str, str]:
    """The picture that stands for a post, under the names that themes give it."""
    for key in IMAGES:
        value = values.get(key)
        if isinstance(value, list):
            value = next(iter(value), "")
        if isinstance(value, Mapping):
            found = line(str(value.get("image") or value.get("src") or ""))
            if found:
                return found, line(str(value.get("alt") or ""))
        elif isinstance(value, str) and line(value):
            return clean(line(value)), ""
    return "", ""
