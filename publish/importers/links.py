"""Slugs, files and old addresses of imported items, and the new targets of links and pictures."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

from capture.errors import short_path
from publish.checks.layout import Layout
from publish.checks.model import OLD_PATH, SLUG
from publish.checks.project import Writing
from publish.importers.front_matter import is_future, local
from publish.importers.model import Export, Item, LinkRewriter, Notes, Say
from publish.importers.places import GHOST, Pictures, Places, is_picture, path_key, split
from publish.importers.text import line
from publish.new_file import slug_of

_NO_FILES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
"""Device names on Windows: a repository with such file names cannot be checked out there."""
_OUR_FOLDERS: Final = frozenset({"drafts", "static"})


class Addresses:
    """The slug and file of each item of an export.

    They are the same on every run, whether or not files of an earlier run exist.
    """

    def __init__(self, export: Export, writing: Writing, notes: Notes) -> None:
        self._writing = writing
        self._layout = writing.layout
        self._reserved = {path.name for path in self._layout.static} | _OUR_FOLDERS
        self.slugs: Mapping[Item, str] = self._slugs(export, notes)
        self.names: dict[Item, str] = {}
        """The file of each item below the content folder; the existing one if there is one."""
        self.there: dict[Item, str] = {}
        """Items that exist already, with the path of their file."""
        for item, slug in self.slugs.items():
            self._name(item, slug)
        self.by_name = {name: item for item, name in self.names.items()}
        self._by_path = {
            path_key(path): item
            for item in reversed(export.items)
            for path in (*item.aliases, item.address or f"/{item.slug}/")
        }
        self._taken = {f"{slug}/" for slug in self.slugs.values()} | set(writing.by_address)

    def at(self, path: str) -> Item | None:
        """The item that the old site showed at a path."""
        return self._by_path.get(path_key(path))

    def shown(self, item: Item) -> str:
        """The path of the item's file, as notes show it."""
        return short_path(self._layout.content / self.names[item])

    def _slugs(self, export: Export, notes: Notes) -> Mapping[Item, str]:
        own = {file.removesuffix("/index.html") for file in self._layout.own_pages}
        used = {*own, *self._reserved, *_NO_FILES}
        slugs: dict[Item, str] = {}
        for number, item in enumerate(export.items):
            slug = wished = self._wished(item, number)
            copy = 2
            while slug in used:
                slug, copy = f"{wished}-{copy}", copy + 1
            if slug != wished:
                notes.of(item.where)("slug", f"the slug `{wished}` is in use: it became `{slug}`")
            elif item.slug not in {slug, ""}:
                notes.of(item.where)("slug", f"the slug `{item.slug}` became `{slug}`")
            used.add(slug)
            slugs[item] = slug
        return slugs

    def _wished(self, item: Item, number: int) -> str:
        for candidate in (item.slug, item.title):
            slug = slug_of(
                candidate if SLUG.fullmatch(candidate) else self._layout.slugify(candidate)
            )
            if SLUG.fullmatch(slug):
                return slug
        return f"untitled-{number + 1}"

    def _name(self, item: Item, slug: str) -> None:
        path: Path = self._layout.folders[item.kind][0] / f"{slug}.md"
        self.names[item] = path.relative_to(self._layout.content).as_posix()
        holder = self._writing.by_slug.get(slug)
        if path.exists() or path.is_symlink():
            self.there[item] = short_path(path)
        elif holder is not None:
            self.names[item] = holder.name
            self.there[item] = holder.where

    def aliases(self, item: Item, say: Say) -> Iterator[str]:
        """Old paths that differ from the new one, as slugs where possible. Notes the others."""
        for path in (item.address, *item.aliases):
            name = unquote(split(path).path).strip("/")
            if split(path).query:
                say("address", f"its old address {path} has a `?`: it cannot be redirected")
            elif name not in {self.slugs[item], ""}:
                yield from self._alias(item, path, say)

    def _alias(self, item: Item, path: str, say: Say) -> Iterator[str]:
        old = unquote(split(path).path)
        name = old.strip("/")
        alias = name if SLUG.fullmatch(name) else f"/{name}" + "/" * old.endswith("/")
        shown = local(item.date, self._layout)
        date = datetime.fromisoformat(shown) if shown else None
        dated = self._layout.dated(date, self._writing.now)
        url, file = self._layout.old_address(item.kind, alias, dated)
        if not SLUG.fullmatch(alias) and not OLD_PATH.fullmatch(alias):
            reason = "has characters that no file name here may have: redirect it by hand"
        elif url in self._taken or f"{url}/" in self._taken or file in self._layout.own_pages:
            reason = "belongs to another page here: it is not redirected"
        elif name.split("/", 1)[0] in self._reserved:
            reason = "is in a reserved folder of the site: redirect it by hand"
        else:
            self._taken.add(url)
            yield alias
            return
        say("address", f"its old address {path} {reason}")


@dataclass(frozen=True, slots=True)
class ItemLinkRewriter:
    """Rewrites the links and pictures of one item. Implements `LinkRewriter`."""

    item: Item
    addresses: Addresses
    places: Places
    pictures: Pictures
    layout: Layout
    now: datetime
    say: Say

    def note(self, kind: str, message: str) -> None:
        """Notes something that was lost or changed."""
        self.say(kind, message)

    def link(self, href: str) -> str:
        """The new target if the export has it; else the old one, with a note if it was a page."""
        parts = split(href)
        if parts.scheme not in {"", "http", "https", "mailto", "tel"}:
            self.say("script", f"a link to `{parts.scheme}:` was removed")
            return ""
        path = self.places.path(href, self.item)
        ending = f"#{parts.fragment}" if parts.fragment else ""
        to = self.addresses.at(path) if path and not parts.query else None
        if path == "" or (to is self.item and ending):
            return ending
        if to is not None and self._is_private(to):
            self.say("link", f"{href} leads to a draft or a future post: the link was removed")
            return ""
        if to is not None:
            return f"{{filename}}/{self.addresses.names[to]}{ending}"
        if is_picture(href) and (found := self._carried(href)):
            return found
        if path is not None:
            self.say("link", f"{href} is not in the export: the link was not changed")
        return self._old(href)

    def picture(self, src: str) -> str:
        """The address of the copied picture; the old address and a note if the export lacks it."""
        if not src or src.startswith("data:"):
            self.say("picture", "a picture with a `data:` address, or without one, was removed")
            return ""
        if found := self._carried(src):
            return found
        if split(src).scheme in {"http", "https"} or src.startswith(("//", GHOST)):
            self.say("picture", f"{src} is not in the export: copy it into images/ by hand")
            return f"https:{src}" if src.startswith("//") else self._old(src)
        self.say("picture", f"`{src}` is not in the export: it was removed")
        return ""

    def canonical(self) -> str:
        """The canonical address; empty if it was on the old site itself."""
        url = line(self.item.canonical)
        is_full = split(url).scheme in {"http", "https"} and split(url).hostname and " " not in url
        if url and not is_full:
            self.say("canonical", f"`{url}` is not a full address: it was not imported")
            return ""
        return url if self.places.path(url, self.item) is None else ""

    def _old(self, address: str) -> str:
        """The full address on the old site: replaces Ghost's placeholder if the host is known."""
        if not address.startswith(GHOST):
            return address
        host = min(self.places.hosts, default="")
        return f"https://{host}" * bool(host) + address.removeprefix(GHOST)

    def _carried(self, address: str) -> str:
        found = self.places.file(address, self.item) if is_picture(address) else None
        return self.pictures.place(*found) if found else ""

    def _is_private(self, to: Item) -> bool:
        """Whether the target is not public while this item is."""
        if self.item.status == "draft" or to is self.item:
            return False
        later = local(to.date, self.layout) > local(self.item.date, self.layout)
        return to.status == "draft" or (later and is_future(to, self.layout, self.now))


EMBEDS = ("iframe", "embed", "object", "video", "audio", "frame")


def rewrite_media(soup: BeautifulSoup, rewriter: LinkRewriter, wanted: Collection[str]) -> None:
    """Gives each picture and link its new address; embedded content of other sites becomes a link.

    `wanted` are the ids that links point to: anchors with them are kept.
    """
    for tag in soup.find_all(EMBEDS):
        if not tag.decomposed:
            _replace_embed(soup, tag, rewriter)
    for tag in soup.find_all("img"):
        _rewrite_picture(tag, rewriter)
    for tag in soup.find_all("a"):
        _rewrite_link(tag, rewriter, wanted)


def _replace_embed(soup: BeautifulSoup, tag: Tag, rewriter: LinkRewriter) -> None:
    source = tag.find("source")
    inner = str(source.get("src") or "") if isinstance(source, Tag) else ""
    address = str(tag.get("src") or tag.get("data") or tag.get("data-src") or inner)
    address = f"https:{address}" if address.startswith("//") else address
    if split(address).scheme not in {"http", "https", ""} or not address:
        rewriter.note("embed", f"`<{tag.name}>` has no address: it was removed")
        tag.decompose()
        return
    rewriter.note("embed", f"`<{tag.name}>` of {address} became a link")
    label = str(tag.get("title") or "") or address.removeprefix(GHOST)
    link = soup.new_tag("a", href=address)
    link.string = line(label)
    paragraph = soup.new_tag("p")
    paragraph.append(link)
    tag.replace_with(paragraph)


def _rewrite_picture(tag: Tag, rewriter: LinkRewriter) -> None:
    source = str(tag.get("src") or "")
    if (not source or source.startswith("data:")) and tag.get("data-src"):
        source = str(tag["data-src"])
    parent = tag.parent
    if parent is not None and parent.name == "a" and is_picture(str(parent.get("href") or "")):
        source = str(parent["href"])  # the full-size picture behind a thumbnail
        parent.unwrap()
    found = rewriter.picture(source.strip())
    if not found:
        tag.decompose()
        return
    tag["src"] = found
    if not line(tag.get("alt")):
        message = (
            f"{split(found).path.rsplit('/', 1)[-1] or found} has no alternative text: write one"
        )
        rewriter.note("alt", message)


def _rewrite_link(tag: Tag, rewriter: LinkRewriter, wanted: Collection[str]) -> None:
    href = str(tag.get("href") or "").strip()
    place = tag.get("id") or tag.get("name")
    if place and str(place) in wanted:
        tag["id"] = str(place)
    if not href:
        return
    if not tag.get_text(strip=True) and not tag.find("img"):
        rewriter.note("link", f"a link to {href} has no text: it was removed")
        found = ""
    else:
        found = rewriter.link(href)
    if found:
        tag["href"] = found
    else:
        del tag["href"]
