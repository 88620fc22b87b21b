"""Finds the files of an export by their old addresses, and new files for its pictures."""

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

PICTURE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})
GHOST_URL: Final = "__GHOST_URL__"
"""Ghost's placeholder for the address of the old site."""
_RESIZED: Final = (
    (re.compile(r"/size/w\d+(?:h\d+)?(?:/format/\w+)?/"), "/"),  # Ghost's resized copies
    (re.compile(r"-\d+x\d+(?=\.\w+$)"), ""),  # WordPress's resized copies
    (re.compile(r"-scaled(?=\.\w+$)"), ""),
)
_UNSAFE: Final = re.compile(r"[^\w.-]+")


def split_address(address: str) -> SplitResult:
    """The parts of an address, without Ghost's placeholder; empty parts if it is not valid."""
    try:
        return urlsplit(address.strip().removeprefix(GHOST_URL))
    except ValueError:
        return urlsplit("")


def path_key(path: str) -> str:
    """A key that is equal for all spellings of one path."""
    path = unquote(path).removesuffix("index.html")
    return posixpath.normpath(f"/{path}".replace("//", "/")).casefold()


def is_picture(address: str) -> bool:
    """Whether the path ends with the suffix of a picture."""
    return posixpath.splitext(split_address(address).path)[1].lower() in PICTURE_SUFFIXES


def path_variants(path: str) -> Iterator[str]:
    """The path, and the paths of the full-size picture if the path names a resized copy."""
    yield path
    for pattern, replacement in _RESIZED:
        full = pattern.sub(replacement, path)
        if full != path:
            yield full


class AddressResolver:
    """Resolves the addresses in one export to paths of the old site and to files."""

    def __init__(self, export: Export) -> None:
        self.hosts = export.hosts
        self._roots = sorted(export.roots, key=lambda root: -len(root.prefix))

    def old_path(self, address: str, item: Item) -> str | None:
        """The path on the old site; None if the address is on another site."""
        parts = split_address(address)
        host = (parts.hostname or "").removeprefix("www.")
        if host and host not in self.hosts:
            return None
        if parts.scheme not in {"", "http", "https"}:
            return None
        if parts.path.startswith("/") or address.startswith(GHOST_URL) or host:
            return parts.path or "/"
        return posixpath.join(item.address or f"/{item.slug}/", parts.path) if parts.path else ""

    def find_file(self, address: str, item: Item) -> tuple[Path, str] | None:
        """The file of an address, and its preferred name below the picture folder.

        None if the export does not have the file, or if it is outside the export's folders.
        """
        path = self.old_path(address, item)
        if path is None:
            return None
        relative = unquote(split_address(address).path)
        if item.folder is not None and not relative.startswith("/"):
            file = _find_inside(item.folder, relative)
            if file is not None:
                return file, posixpath.join(item.folder.name, file.name)
        # Hugo's front matter names pictures from the root of the site without a leading slash.
        path_from_root = "" if relative.startswith("/") else f"/{relative}"
        for variant in (*path_variants(posixpath.normpath(unquote(path))), path_from_root):
            for root in self._roots:
                if variant.startswith(root.prefix):
                    rest = variant[len(root.prefix) :]
                    file = _find_inside(root.folder, rest)
                    if file is not None:
                        return file, rest.removeprefix("images/")
        return None


def _find_inside(folder: Path, name: str) -> Path | None:
    """The file if it is inside the folder after symbolic links are resolved; else None."""
    file = ConfinedFolder(folder).find_file(name) if name else None
    return file.resolve() if file else None


class PictureTargets:
    """Chooses a file in the content folder for each picture: one for each source file."""

    def __init__(self, layout: Layout) -> None:
        self._content = layout.content
        self._folder = layout.static[0]
        self._sources: dict[Path, Path] = {}
        self._targets: dict[Path, Path] = {}

    def target_for(self, source: Path, preferred_name: str) -> str:
        """The address of the picture for a text, such as `{static}/images/photo.png`."""
        target = self._targets.get(source)
        if target is None:
            target = self._free_target(source, _safe_path(preferred_name))
            self._targets[source] = target
            self._sources[target] = source
        return "{static}/" + target.relative_to(self._content).as_posix()

    def _free_target(self, source: Path, name: str) -> Path:
        """The first unused path, or the path of an existing file with the same content."""
        stem, suffix = posixpath.splitext(name)
        number = 1
        while True:
            target = self._folder / (name if number == 1 else f"{stem}-{number}{suffix}")
            number += 1
            if target in self._sources:
                continue
            if not target.exists() and not target.is_symlink():
                return target
            if target.is_file() and filecmp.cmp(target, source, shallow=False):
                return target

    @property
    def copies(self) -> Mapping[Path, Path]:
        """Pictures to copy. By target, without existing targets: the source."""
        return {target: source for target, source in self._sources.items() if not target.exists()}


def _safe_path(name: str) -> str:
    """The path with each part changed to a file name that every system accepts."""
    parts = (_UNSAFE.sub("-", part).strip("-.") for part in name.split("/"))
    return "/".join(part for part in parts if part) or "picture"
