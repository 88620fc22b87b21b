"""Reads a Hugo site: its content folder, and beside it static/ and the configuration."""

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from capture.errors import FileErrors, Problem, Refused, Unavailable, short_path
from capture.paths import ConfinedFolder
from publish.imports.facts import Export, Item, Moment, Note, Root, Status, listed
from publish.imports.hugo_config import Config, read_config
from publish.imports.hugo_head import BrokenHead, HugoHead, read_hugo_head
from publish.imports.hugo_rest import (
    IMAGES,
    PAGES,
    is_not_listed,
    is_not_rendered,
    not_carried,
    of_head,
    of_section,
)
from publish.imports.hugo_text import html_of
from publish.imports.text import clean, decoded, line, moment, plain
from publish.writing.layout import Kind

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
