"""Resolves addresses of an export to files, and gives pictures a place in the content folder."""

import filecmp
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from capture.paths import ConfinedFolder
from publish.checks.layout import Layout
from publish.importers.model import Export, Item

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})
GHOST: Final = "__GHOST_URL__"
_SIZED: Final = (
    (re.compile(r"/size/w\d+(?:h\d+)?(?:/format/\w+)?/"), "/"),  # Ghost's smaller copies
    (re.compile(r"-\d+x\d+(?=\.\w+$)"), ""),  # WordPress's
    (re.compile(r"-scaled(?=\.\w+$)"), ""),
)


def split(address: str) -> SplitResult:
    """The parts of an address; empty parts if it is not valid."""
    try:
        return urlsplit(address.strip().removeprefix(GHOST))
    except ValueError:
        return urlsplit("")


def path_key(path: str) -> str:
    """A key that is the same for all spellings of one path."""
    path = unquote(path).removesuffix("index.html")
    return posixpath.normpath(f"/{path}".replace("//", "/")).casefold()


def is_picture(address: str) -> bool:
    """Whether the path ends with a picture suffix."""
    return posixpath.splitext(split(address).path)[1].lower() in PICTURES


class Places:
    """Finds the targets of addresses in one export."""

    def __init__(self, export: Export) -> None:
        self.hosts = export.hosts
        self._roots = sorted(export.roots, key=lambda root: -len(root.prefix))

    def path(self, address: str, item: Item) -> str | None:
        """The path on the old site; None if the address is on another site."""
        parts = split(address)
        host = (parts.hostname or "").removeprefix("www.")
        if host and host not in self.hosts:
            return None
        if parts.scheme not in {"", "http", "https"}:
            return None
        if parts.path.startswith("/") or address.startswith(GHOST) or host:
            return parts.path or "/"
        return posixpath.join(item.address or f"/{item.slug}/", parts.path) if parts.path else ""

    def file(self, address: str, item: Item) -> tuple[Path, str] | None:
        """The file of an address, and the name it should get below the pictures' folder.

        None if the export does not have it, or if it lies outside the export's folders.
        """
        path = self.path(address, item)
        if path is None:
            return None
        relative = unquote(split(address).path)
        if item.folder is not None and not relative.startswith("/"):
            found = _inside(item.folder, relative)
            if found is not None:
                return found, posixpath.join(item.folder.name, found.name)
        # Hugo's front matter names pictures from the root of the site without a leading slash.
        from_top = "" if relative.startswith("/") else f"/{relative}"
        for spelt in (*spellings(posixpath.normpath(unquote(path))), from_top):
            for root in self._roots:
                if spelt.startswith(root.prefix):
                    rest = spelt[len(root.prefix) :]
                    found = _inside(root.folder, rest)
                    if found is not None:
                        return found, rest.removeprefix("images/")
        return None


def spellings(path: str) -> Iterator[str]:
    """The path, then the paths of the full-size picture if it names a resized copy."""
    yield path
    for pattern, instead in _SIZED:
        full = pattern.sub(instead, path)
        if full != path:
            yield full


def _inside(folder: Path, name: str) -> Path | None:
    """The file if it is inside the folder, also after links are resolved."""
    found = ConfinedFolder(folder).find_file(name) if name else None
    return found.resolve() if found else None


_UNSAFE: Final = re.compile(r"[^\w.-]+")


class Pictures:
    """Gives each picture its own place in the content folder. The same file gets one place."""

    def __init__(self, layout: Layout) -> None:
        self._content = layout.content
        self._folder = layout.static[0]
        self._sources: dict[Path, Path] = {}
        self._places: dict[Path, Path] = {}

    def place(self, source: Path, wished: str) -> str:
        """The address to write in a text: `{static}/images/...`. `wished` is the preferred name."""
        place = self._places.get(source)
        if place is None:
            place = self._free(source, _safe(wished))
            self._places[source] = place
            self._sources[place] = source
        return "{static}/" + place.relative_to(self._content).as_posix()

    def _free(self, source: Path, name: str) -> Path:
        stem, suffix = posixpath.splitext(name)
        number = 1
        while True:
            place = self._folder / (name if number == 1 else f"{stem}-{number}{suffix}")
            number += 1
            if place in self._sources:
                continue
            if not place.exists() and not place.is_symlink():
                return place
            if place.is_file() and filecmp.cmp(place, source, shallow=False):
                return place

    @property
    def copies(self) -> Mapping[Path, Path]:
        """Pictures to copy: place to source, without files that exist already."""
        return {place: source for place, source in self._sources.items() if not place.exists()}


def _safe(name: str) -> str:
    """The path with each part changed to a name that every system accepts."""
    parts = (_UNSAFE.sub("-", part).strip("-.") for part in name.split("/"))
    return "/".join(part for part in parts if part) or "picture"
