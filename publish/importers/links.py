"""The new slug, file and aliases of each imported item, and the new targets of its links."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

from capture.errors import short_path
from publish.checks.layout import Layout
from publish.checks.project import Writing
from publish.checks.values import is_old_path, is_slug
from publish.importers.export_files import (
    GHOST_URL,
    AddressResolver,
    PictureTargets,
    is_picture,
    path_key,
    split_address,
)
from publish.importers.front_matter import is_future, local_date
from publish.importers.model import AddNote, Export, Item, LinkRewriter, Notes
from publish.importers.text import one_line
from publish.new_file import slug_of

_DEVICE_NAMES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
"""Device names of Windows: git cannot check out files with these names there."""
_RESERVED_FOLDERS: Final = frozenset({"drafts", "static"})
_EMBEDS = ("iframe", "embed", "object", "video", "audio", "frame")


class ItemTargets:
    """The slug and file of each item of an export.

    Slugs are the same on every run, even if files of an earlier run exist.
    """

    def __init__(self, export: Export, writing: Writing, notes: Notes) -> None:
        self._writing = writing
        self._layout = writing.layout
        self._reserved = {path.name for path in self._layout.static} | _RESERVED_FOLDERS
        self.slugs: Mapping[Item, str] = self._choose_slugs(export, notes)
        self.names: dict[Item, str] = {}
        """The file of each item, relative to the content folder. An existing file is reused."""
        self.existing: dict[Item, str] = {}
        """Items that exist already, with the path of their file, as messages show it."""
        for item, slug in self.slugs.items():
            self._choose_file(item, slug)
        self._items_by_path = {
            path_key(path): item
            for item in reversed(export.items)
            for path in (*item.aliases, item.address or f"/{item.slug}/")
        }
        self._used_addresses = {f"{slug}/" for slug in self.slugs.values()} | set(
            writing.by_address
        )

    def find_item(self, path: str) -> Item | None:
        """The item with this path on the old site."""
        return self._items_by_path.get(path_key(path))

    def file_path(self, item: Item) -> str:
        """The path of the item's file, as messages show it."""
        return short_path(self._layout.content / self.names[item])

    def _choose_slugs(self, export: Export, notes: Notes) -> Mapping[Item, str]:
        reserved_files = {file.removesuffix("/index.html") for file in self._layout.reserved_files}
        used = {*reserved_files, *self._reserved, *_DEVICE_NAMES}
        slugs: dict[Item, str] = {}
        for number, item in enumerate(export.items, 1):
            slug = preferred = self._preferred_slug(item, number)
            suffix = 2
            while slug in used:
                slug, suffix = f"{preferred}-{suffix}", suffix + 1
            if slug != preferred:
                notes.for_item(item.where)(
                    "slug", f"the slug `{preferred}` is in use: it became `{slug}`"
                )
            elif item.slug not in {slug, ""}:
                notes.for_item(item.where)("slug", f"the slug `{item.slug}` became `{slug}`")
            used.add(slug)
            slugs[item] = slug
        return slugs

    def _preferred_slug(self, item: Item, number: int) -> str:
        """A slug from the slug or the title in the export, else from the number of the item."""
        for candidate in (item.slug, item.title):
            slug = slug_of(candidate if is_slug(candidate) else self._layout.slugify(candidate))
            if is_slug(slug):
                return slug
        return f"untitled-{number}"

    def _choose_file(self, item: Item, slug: str) -> None:
        """Sets the file of the item: the existing file with this slug, or a new file."""
        path: Path = self._layout.folders[item.kind][0] / f"{slug}.md"
        self.names[item] = path.relative_to(self._layout.content).as_posix()
        post = self._writing.by_slug.get(slug)
        if path.exists() or path.is_symlink():
            self.existing[item] = short_path(path)
        elif post is not None:
            self.names[item] = post.name
            self.existing[item] = post.where

    def aliases(self, item: Item, add_note: AddNote) -> Iterator[str]:
        """Values for `aliases`: old paths that differ from the new one, as slugs if possible.

        Adds a note for each path that cannot be an alias.
        """
        for path in (item.address, *item.aliases):
            name = unquote(split_address(path).path).strip("/")
            if split_address(path).query:
                add_note("address", f"its old address {path} has a `?`: it cannot be redirected")
            elif name not in {self.slugs[item], ""}:
                yield from self._alias(item, path, add_note)

    def _alias(self, item: Item, path: str, add_note: AddNote) -> Iterator[str]:
        old_path = unquote(split_address(path).path)
        name = old_path.strip("/")
        alias = name if is_slug(name) else f"/{name}" + "/" * old_path.endswith("/")
        date_text = local_date(item.date, self._layout)
        date = datetime.fromisoformat(date_text) if date_text else None
        dated = self._layout.address_date(date, self._writing.now)
        url, file = self._layout.old_address(item.kind, alias, dated)
        if not is_slug(alias) and not is_old_path(alias):
            reason = "has characters that no file name here may have: redirect it by hand"
        elif self._used_addresses & {url, f"{url}/"} or file in self._layout.reserved_files:
            reason = "belongs to another page here: it is not redirected"
        elif name.split("/", 1)[0] in self._reserved:
            reason = "is in a reserved folder of the site: redirect it by hand"
        else:
            self._used_addresses.add(url)
            yield alias
            return
        add_note("address", f"its old address {path} {reason}")


@dataclass(frozen=True, slots=True)
class ItemLinkRewriter:
    """Rewrites the links and pictures of one item. Implements `LinkRewriter`."""

    item: Item
    targets: ItemTargets
    resolver: AddressResolver
    pictures: PictureTargets
    layout: Layout
    now: datetime
    add_note: AddNote

    def note(self, kind: str, message: str) -> None:
        """Adds a note about something that was lost or changed."""
        self.add_note(kind, message)

    def link(self, href: str) -> str:
        """The new address of a link; the old one if the export does not have its target.

        Empty if the link must be removed. Adds a note for a removed link or a missing target.
        """
        parts = split_address(href)
        if parts.scheme not in {"", "http", "https", "mailto", "tel"}:
            self.add_note("script", f"a link to `{parts.scheme}:` was removed")
            return ""
        path = self.resolver.old_path(href, self.item)
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        target = self.targets.find_item(path) if path and not parts.query else None
        if path == "" or (target is self.item and anchor):
            return anchor
        if target is not None and self._is_hidden_from_readers(target):
            self.add_note("link", f"{href} leads to a draft or a future post: the link was removed")
            return ""
        if target is not None:
            return f"{{filename}}/{self.targets.names[target]}{anchor}"
        if is_picture(href) and (picture := self._copied_picture(href)):
            return picture
        if path is not None:
            self.add_note("link", f"{href} is not in the export: the link was not changed")
        return self._full_old_address(href)

    def picture(self, src: str) -> str:
        """The address of the copied picture. Adds a note if the export does not have the picture.

        Then returns the old address if it is complete, else an empty text.
        """
        if not src or src.startswith("data:"):
            self.add_note(
                "picture", "a picture with a `data:` address, or without one, was removed"
            )
            return ""
        if copy := self._copied_picture(src):
            return copy
        if split_address(src).scheme in {"http", "https"} or src.startswith(("//", GHOST_URL)):
            self.add_note("picture", f"{src} is not in the export: copy it into images/ by hand")
            return f"https:{src}" if src.startswith("//") else self._full_old_address(src)
        self.add_note("picture", f"`{src}` is not in the export: it was removed")
        return ""

    def canonical(self) -> str:
        """The canonical address; empty if it was on the old site itself."""
        url = one_line(self.item.canonical)
        parts = split_address(url)
        is_full = parts.scheme in {"http", "https"} and parts.hostname and " " not in url
        if url and not is_full:
            self.add_note("canonical", f"`{url}` is not a full address: it was not imported")
            return ""
        return url if self.resolver.old_path(url, self.item) is None else ""

    def _full_old_address(self, address: str) -> str:
        """The address with Ghost's placeholder replaced by the old site's host, if it is known."""
        if not address.startswith(GHOST_URL):
            return address
        host = min(self.resolver.hosts, default="")
        return f"https://{host}" * bool(host) + address.removeprefix(GHOST_URL)

    def _copied_picture(self, address: str) -> str:
        """The new address of a picture that the export has; else empty."""
        file = self.resolver.find_file(address, self.item) if is_picture(address) else None
        return self.pictures.target_for(*file) if file else ""

    def _is_hidden_from_readers(self, target: Item) -> bool:
        """Whether the target is not public when this item is."""
        if self.item.status == "draft" or target is self.item:
            return False
        is_later = local_date(target.date, self.layout) > local_date(self.item.date, self.layout)
        return target.status == "draft" or (is_later and is_future(target, self.layout, self.now))


def rewrite_media(soup: BeautifulSoup, rewriter: LinkRewriter, linked_ids: Collection[str]) -> None:
    """Gives each picture and link its new address, and replaces embedded content by a link.

    Anchors whose id is in `linked_ids`, the ids that links point to, are kept.
    """
    for tag in soup.find_all(_EMBEDS):
        if not tag.decomposed:
            _replace_embed(soup, tag, rewriter)
    for tag in soup.find_all("img"):
        _rewrite_picture(tag, rewriter)
    for tag in soup.find_all("a"):
        _rewrite_link(tag, rewriter, linked_ids)


def _replace_embed(soup: BeautifulSoup, tag: Tag, rewriter: LinkRewriter) -> None:
    child = tag.find("source")
    child_source = str(child.get("src") or "") if isinstance(child, Tag) else ""
    address = str(tag.get("src") or tag.get("data") or tag.get("data-src") or child_source)
    address = f"https:{address}" if address.startswith("//") else address
    if split_address(address).scheme not in {"http", "https", ""} or not address:
        rewriter.note("embed", f"`<{tag.name}>` has no address: it was removed")
        tag.decompose()
        return
    rewriter.note("embed", f"`<{tag.name}>` of {address} became a link")
    label = str(tag.get("title") or "") or address.removeprefix(GHOST_URL)
    link = soup.new_tag("a", href=address)
    link.string = one_line(label)
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
    address = rewriter.picture(source.strip())
    if not address:
        tag.decompose()
        return
    tag["src"] = address
    if not one_line(tag.get("alt")):
        name = split_address(address).path.rsplit("/", 1)[-1] or address
        rewriter.note("alt", f"{name} has no alternative text: write one")


def _rewrite_link(tag: Tag, rewriter: LinkRewriter, linked_ids: Collection[str]) -> None:
    href = str(tag.get("href") or "").strip()
    anchor = tag.get("id") or tag.get("name")
    if anchor and str(anchor) in linked_ids:
        tag["id"] = str(anchor)
    if not href:
        return
    if not tag.get_text(strip=True) and not tag.find("img"):
        rewriter.note("link", f"a link to {href} has no text: it was removed")
        address = ""
    else:
        address = rewriter.link(href)
    if address:
        tag["href"] = address
    else:
        del tag["href"]
