"""Slugs and files of what is taken over, and the old addresses that lead to them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from capture.errors import short_path
from publish.imports.facts import Export, Item
from publish.imports.heads import local
from publish.imports.notes import Notes, Say
from publish.imports.places import path_key, split
from publish.new import fitting_slug
from publish.writing.kinds import OLD_PATH, SLUG
from publish.writing.writing import Writing

_NO_FILES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
"""Names that some systems keep for devices: a repository that holds them cannot be checked out."""
_OUR_FOLDERS: Final = frozenset({"drafts", "static"})


class Addresses:
    """Decided once for the whole export, the same on every run, whatever is there already."""

    def __init__(self, export: Export, writing: Writing, notes: Notes) -> None:
        self._writing = writing
        self._layout = writing.layout
        self._reserved = {path.name for path in self._layout.static} | _OUR_FOLDERS
        self.slugs: Mapping[Item, str] = self._slugs(export, notes)
        self.names: dict[Item, str] = {}
        """The file of each below the content folder: of what is there already, the one there."""
        self.there: dict[Item, str] = {}
        """What need not be written, to the path of the file that is there."""
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
        """What the old site showed at a path."""
        return self._by_path.get(path_key(path))

    def shown(self, item: Item) -> str:
        """The item's file as notes name it."""
        return short_path(self._layout.content / self.names[item])

    def _slugs(self, export: Export, notes: Notes) -> Mapping[Item, str]:
        own = {file.removesuffix("/index.html") for file in self._layout.own_pages}
        taken = {*own, *self._reserved, *_NO_FILES}
        slugs: dict[Item, str] = {}
        for number, item in enumerate(export.items):
            slug = wished = self._wished(item, number)
            copy = 2
            while slug in taken:
                slug, copy = f"{wished}-{copy}", copy + 1
            if slug != wished:
                notes.of(item.where)("slug", f"the slug `{wished}` is taken: it is `{slug}` here")
            elif item.slug not in {slug, ""}:
                notes.of(item.where)("slug", f"`{item.slug}` is `{slug}` here")
            taken.add(slug)
            slugs[item] = slug
        return slugs

    def _wished(self, item: Item, number: int) -> str:
        for wish in (item.slug, item.title):
            slug = fitting_slug(wish if SLUG.fullmatch(wish) else self._layout.slugify(wish))
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
        """Old paths that are not the new one, each as a slug if it can be one."""
        for path in (item.address, *item.aliases):
            name = unquote(split(path).path).strip("/")
            if split(path).query:
                say("address", f"its old address {path} has a `?`: no page can stand there")
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
            why = "holds signs that no file here may: lead it on by hand"
        elif url in self._taken or f"{url}/" in self._taken or file in self._layout.own_pages:
            why = "is that of another page here: nothing leads on"
        elif name.split("/", 1)[0] in self._reserved:
            why = "lies in a folder of the site: lead it on by hand"
        else:
            self._taken.add(url)
            yield alias
            return
        say("address", f"its old address {path} {why}")
