"""Reads a Hugo site: the content folder, static/ and the configuration."""

import os
import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from capture.errors import FileErrors, Problem, Refused, Unavailable, short_path
from capture.paths import ConfinedFolder
from capture.text import count_noun
from publish.checks.layout import ContentKind
from publish.importers.hugo.front_matter import (
    LANGUAGE,
    BrokenFrontMatter,
    Config,
    HugoFrontMatter,
    read_config,
    read_hugo_front_matter,
)
from publish.importers.hugo.text import post_html
from publish.importers.model import (
    Export,
    ImportNote,
    Item,
    Moment,
    NameSlug,
    Root,
    Status,
    join_names,
)
from publish.importers.text import clean_text, decode_text, one_line, parse_date, plain_text

_SUFFIXES: Final = frozenset({".md", ".markdown", ".html"})
_UNSUPPORTED_SUFFIXES: Final = frozenset({".org", ".adoc", ".rst", ".ipynb", ".pandoc"})
_PAGES: Final = frozenset({"page", "pages"})
"""Sections and types that are pages, not posts."""
_PICTURE_KEYS: Final = (
    "image", "featured_image", "featuredimage", "feature_image", "cover", "thumbnail", "banner",
    "images",
)  # fmt: skip
_TEXT_KEYS: Final = frozenset(
    {"title", "date", "publishdate", "lastmod", "slug", "url", "description", "summary", "draft",
     "expirydate", "canonicalurl", "canonical", "image_alt", "noindex", "robotsnoindex", "headless"}
)  # fmt: skip
_LIST_KEYS: Final = frozenset(
    {"aliases", "categories", "category", "tags", "author", "authors", "series"}
)
_KEPT: Final = "./\\_#+~-@%"
"""Signs that Hugo keeps in the address of a term."""
_USED_KEYS: Final = frozenset({"menu", "menus", *_TEXT_KEYS, *_LIST_KEYS, *_PICTURE_KEYS})
_UNUSED_FOLDERS: Final = (
    "data",
    "i18n",
    "layouts",
    "archetypes",
    "themes",
    "_vendor",
    "exampleSite",
)


@dataclass(frozen=True, slots=True)
class _File:
    """A text with its front matter. Its links are not resolved yet."""

    path: Path
    name: str
    """The path below the content folder."""
    front_matter: HugoFrontMatter
    kind: ContentKind
    address: str
    slug: str
    is_bundle: bool


def read_hugo(path: Path, now: datetime) -> Export:
    """Reads a Hugo site or its content folder.

    Raises `FileErrors` if front matter is not valid, `Refused` if there is nothing to import,
    `Unavailable` if a file cannot be read.
    """
    content = path / "content" if (path / "content").is_dir() else path
    if not content.is_dir():
        raise Refused(
            f"{short_path(path)}: is not a folder: name Hugo's content/ or the folder above it"
        )
    root = content.parent
    config = read_config(root)
    notes = list(_unsupported_notes(root, config))
    if languages := config.language_folders(content):
        content /= config.language
        notes += (
            ImportNote("not imported", f"{name}/", "translations: see `lang` in docs/writer.md")
            for name in sorted(languages - {config.language})
        )
    files = tuple(_read_files(content, config, notes))
    if not files:
        raise Refused(f"{short_path(content)}: contains no post and no page in Markdown or HTML")
    addresses = {file.name: file.address for file in files}
    items = tuple(_item(file, addresses, now, notes) for file in files)
    roots = [Root("/", folder) for name in ("static", "assets") if (folder := root / name).is_dir()]
    slugs = tuple(_name_slugs(items))
    return Export(items, tuple(notes), config.hosts, (*roots, Root("/", content)), name_slugs=slugs)


def _name_slugs(items: Iterable[Item]) -> Iterator[NameSlug]:
    for item in items:
        for name in (item.category, *item.tags):
            yield "category", name, _slug_of_term(name)
            yield "tag", name, _slug_of_term(name)
        yield from (("author", name, _slug_of_term(name)) for name in item.authors)


def _slug_of_term(name: str) -> str:
    """The last part of a term's address: Hugo keeps letters of all scripts, and signs like `+`."""
    text = unicodedata.normalize("NFC", name).lower()
    kept = (
        sign
        for sign in text
        if sign.isalnum() or unicodedata.category(sign)[0] in "MZ" or sign in _KEPT
    )
    return re.sub(r"[\s-]+", "-", "".join(kept))


def _read_files(content: Path, config: Config, notes: list[ImportNote]) -> Iterator[_File]:
    problems: list[Problem] = []
    root = ConfinedFolder(content.parent)
    for path in _content_files(content):
        name = path.relative_to(content).as_posix()
        suffix = path.suffix.lower()
        if suffix in _UNSUPPORTED_SUFFIXES:
            notes.append(
                ImportNote("not imported", name, f"`{suffix}` is not Markdown: save it as Markdown")
            )
        if suffix not in _SUFFIXES:
            continue
        if root.find_file(os.path.relpath(path, root.folder)) is None:
            notes.append(
                ImportNote(
                    "not imported", name, f"leads out of {root.folder.name}/, or is not a file"
                )
            )
            continue
        try:
            front_matter = read_hugo_front_matter(decode_text(_read_bytes(path), short_path(path)))
        except BrokenFrontMatter as error:
            problems.append(Problem(short_path(path), error.line, str(error)))
            continue
        stem, language = _split_language(path.stem)
        if stem == "_index":
            notes.extend(_section_page_notes(front_matter, name))
        elif language not in {"", config.language}:
            message = f"a translation (`{language}`): see `lang` in docs/writer.md"
            notes.append(ImportNote("not imported", name, message))
        else:
            yield _file(path, name, stem, front_matter, config)
    if problems:
        raise FileErrors(problems)


def _split_language(stem: str) -> tuple[str, str]:
    """The name and the language of a file: `post.de` is the German `post`.

    `release-1.2` has no language.
    """
    name, _, language = stem.rpartition(".")
    return (name, language) if name and LANGUAGE.fullmatch(language) else (stem, "")


def _content_files(content: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(content):
        folders.sort()
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(folder, name)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise Unavailable(f"{short_path(path)}: {message}") from None


def _file(path: Path, name: str, stem: str, front_matter: HugoFrontMatter, config: Config) -> _File:
    parent = posixpath.dirname(name)
    is_bundle = stem == "index"
    if is_bundle:
        parent, stem = posixpath.split(parent)
    section = name.split("/", 1)[0] if "/" in name else ""
    date = parse_date(front_matter.text("date")) or parse_date(front_matter.text("publishdate"))
    is_page = not parent or section in _PAGES or front_matter.text("type") in _PAGES or date is None
    slug = front_matter.text("slug") or stem
    address = front_matter.text("url") or config.address(
        section, parent, slug, front_matter.text("title"), date
    )
    if not address.startswith("/"):
        address = f"/{address}"
    return _File(path, name, front_matter, "page" if is_page else "post", address, slug, is_bundle)


def _item(
    file: _File, addresses: Mapping[str, str], now: datetime, notes: list[ImportNote]
) -> Item:
    front_matter, where = file.front_matter, file.name
    categories = _merged_texts(front_matter, "categories", "category")
    if len(categories) > 1:
        message = f"is in {len(categories)} categories; those after the first became tags"
        notes.append(ImportNote("categories", where, f"{message}: {join_names(categories[1:])}"))
    series = front_matter.texts("series")
    if len(series) > 1:
        notes.append(
            ImportNote(
                "field",
                where,
                f"only the first of several series was imported, not {join_names(series[1:])}",
            )
        )
    notes.extend(_front_matter_notes(front_matter, where))
    status, message = _status(front_matter, now)
    if message:
        notes.append(ImportNote("status", where, message))
    html, losses = post_html(
        front_matter.body, file.name, addresses, is_html=file.path.suffix == ".html"
    )
    notes.extend(ImportNote(kind, where, text) for kind, text in losses)
    image, alt = _image(front_matter.values)
    return Item(
        where=where,
        kind=file.kind,
        title=one_line(front_matter.text("title")),
        slug=file.slug,
        html=html,
        address=file.address,
        aliases=tuple(_old_path(alias, file.address) for alias in front_matter.texts("aliases")),
        date=_date(front_matter, now),
        modified=parse_date(front_matter.text("lastmod")),
        summaries=tuple(plain_text(front_matter.text(key)) for key in ("description", "summary")),
        category=categories[0] if categories else "",
        tags=(*front_matter.texts("tags"), *categories[1:]),
        authors=_merged_texts(front_matter, "authors", "author"),
        series=series[0] if series else "",
        status=status,
        image=image,
        image_alt=alt or front_matter.text("image_alt"),
        canonical=front_matter.text("canonicalurl") or front_matter.text("canonical"),
        noindex="true" in {front_matter.text("noindex"), front_matter.text("robotsnoindex")},
        folder=file.path.parent if file.is_bundle else None,
    )


def _merged_texts(front_matter: HugoFrontMatter, key: str, other: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*front_matter.texts(key), *front_matter.texts(other))))


def _date(front_matter: HugoFrontMatter, now: datetime) -> Moment | None:
    """The publication date. Hugo waits for `publishDate`, even if `date` is earlier."""
    date = parse_date(front_matter.text("date"))
    publish_date = parse_date(front_matter.text("publishdate"))
    if date is None or (publish_date is not None and _day(publish_date) > _day(now)):
        return publish_date or date
    return date


def _day(when: Moment) -> str:
    """The date in UTC, such as `2026-01-31`."""
    return str(when.astimezone(UTC) if isinstance(when, datetime) else when)[:10]


def _old_path(alias: str, address: str) -> str:
    """An alias as an absolute path. In Hugo an alias can be relative to its section."""
    return (
        alias if alias.startswith("/") else posixpath.normpath(posixpath.join(address, "..", alias))
    )


def _status(front_matter: HugoFrontMatter, now: datetime) -> tuple[Status, str]:
    """The status, and a message about a difference to the old site, or an empty text."""
    if front_matter.text("draft").lower() == "true":
        return "draft", ""
    if _is_not_rendered(front_matter.values):
        return (
            "draft",
            "had no page on the old site (`headless` or `build.render`): imported as a draft",
        )
    status: Status = "hidden" if _is_not_listed(front_matter.values) else "published"
    ends = parse_date(front_matter.text("expirydate"))
    if ends is None:
        return status, ""
    if _day(ends) <= _day(now):
        return "draft", f"expired on {_day(ends)}: imported as a draft"
    return status, f"expires on {_day(ends)}: delete it by then"


def _is_not_rendered(values: Mapping[str, Any]) -> bool:
    """Whether Hugo builds no page for the text: https://gohugo.io/content-management/build-options/"""
    return values.get("headless") == "true" or _build_option(values, "render") in {"never", "false"}


def _is_not_listed(values: Mapping[str, Any]) -> bool:
    """Whether Hugo leaves the text out of lists."""
    return _build_option(values, "list") in {"never", "false"}


def _build_option(values: Mapping[str, Any], name: str) -> str:
    for key in ("build", "_build"):
        table = values.get(key)
        if isinstance(table, Mapping) and name in table:
            return str(table[name])
    return ""


def _image(values: Mapping[str, Any]) -> tuple[str, str]:
    """The lead picture of a post and its alternative text. Themes use different keys for it."""
    for key in _PICTURE_KEYS:
        value = values.get(key)
        if isinstance(value, list):
            value = next(iter(value), "")
        if isinstance(value, Mapping):
            source = one_line(str(value.get("image") or value.get("src") or ""))
            if source:
                return source, one_line(str(value.get("alt") or ""))
        elif isinstance(value, str) and one_line(value):
            return clean_text(one_line(value)), ""
    return "", ""


def _unsupported_notes(root: Path, config: Config) -> Iterator[ImportNote]:
    """Notes for the parts of the site's folder that are not imported, one for each kind."""
    if config.has_menus:
        yield ImportNote(
            "menu", config.file_name, "menus were not imported: set NAVIGATION in pelicanconf.py"
        )
    if config.unused:
        names = join_names(config.unused)
        message = f"settings of the site were not imported: {names}: see pelicanconf.py"
        yield ImportNote("settings", config.file_name, message)
    for path in sorted((root / "config").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name != config.file_name:
            yield ImportNote("settings", name, "was not imported: see pelicanconf.py")
    for name in _UNUSED_FOLDERS:
        number = sum(path.is_file() for path in (root / name).rglob("*"))
        if number:
            yield ImportNote(
                "not imported", f"{name}/", f"{count_noun(number, 'file')} of the old site"
            )


def _section_page_notes(front_matter: HugoFrontMatter, where: str) -> Iterator[ImportNote]:
    """Notes for the page of a section: lists of posts have no text or front matter here."""
    if front_matter.body.strip():
        yield ImportNote("not imported", where, "the text of a section page")
    if keys := [key for key, value in front_matter.values.items() if value]:
        yield ImportNote(
            "not imported", where, f"the front matter of a section page: {join_names(keys)}"
        )


def _front_matter_notes(front_matter: HugoFrontMatter, where: str) -> Iterator[ImportNote]:
    """Notes for keys that are not imported, or only in part."""
    for line, message in front_matter.problems:
        yield ImportNote("front matter", where, f"line {line}: {message}")
    if front_matter.values.get("menu") or front_matter.values.get("menus"):
        yield ImportNote("menu", where, "its menu entry was not imported")
    used_keys = _USED_KEYS | {"type"} if front_matter.text("type") in _PAGES else _USED_KEYS
    unused = [key for key, value in front_matter.values.items() if key not in used_keys and value]
    wrong_types = front_matter.wrong_types(sorted(_TEXT_KEYS), sorted(_LIST_KEYS))
    if unused := [*unused, *wrong_types]:
        yield ImportNote("field", where, f"keys were not imported: {join_names(unused)}")
    dates = front_matter.text("date"), front_matter.text("publishdate")
    if all(dates) and dates[0] != dates[1]:
        message = f"only one of its two dates was imported: {join_names(dates)} (`publishDate`)"
        yield ImportNote("date", where, message)
    pictures = Counter(
        {
            key: _picture_count(front_matter.values[key])
            for key in _PICTURE_KEYS
            if key in front_matter.values
        }
    )
    if pictures.total() > 1:
        total = pictures.total()
        message = f"only the first of {total} lead pictures was imported: {join_names(pictures)}"
        yield ImportNote("picture", where, message)


def _picture_count(value: Any) -> int:
    return len(value) if isinstance(value, list) else int(bool(value))
