"""What a Hugo site holds beside the texts, and what their heads say that none here can."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from publish.imports.facts import Note, counted, listed
from publish.imports.hugo_config import Config
from publish.imports.hugo_head import HugoHead

IMAGES: Final = (
    "image", "featured_image", "featuredimage", "feature_image", "cover", "thumbnail", "banner",
    "images",
)  # fmt: skip
_TEXTS: Final = frozenset(
    {"title", "date", "publishdate", "lastmod", "slug", "url", "description", "summary", "draft",
     "expirydate", "canonicalurl", "canonical", "image_alt", "noindex", "robotsnoindex", "headless"}
)  # fmt: skip
_WORDS: Final = frozenset(
    {"aliases", "categories", "category", "tags", "author", "authors", "series"}
)
_READ: Final = frozenset({"menu", "menus", *_TEXTS, *_WORDS, *IMAGES})
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
    if unread := [*unread, *head.unread(sorted(_TEXTS), sorted(_WORDS))]:
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
