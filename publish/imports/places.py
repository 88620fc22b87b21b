"""Where addresses in an export lead: to a file that was exported, to a picture, or elsewhere."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from capture.paths import ConfinedFolder
from publish.imports.facts import Export, Item

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})
GHOST: Final = "__GHOST_URL__"
_SIZED: Final = (
    (re.compile(r"/size/w\d+(?:h\d+)?(?:/format/\w+)?/"), "/"),  # Ghost's smaller copies
    (re.compile(r"-\d+x\d+(?=\.\w+$)"), ""),  # WordPress's
    (re.compile(r"-scaled(?=\.\w+$)"), ""),
)


def split(address: str) -> SplitResult:
    """The parts of an address; empty ones if it is none."""
    try:
        return urlsplit(address.strip().removeprefix(GHOST))
    except ValueError:
        return urlsplit("")


def path_key(path: str) -> str:
    """What two spellings of one path share."""
    path = unquote(path).removesuffix("index.html")
    return posixpath.normpath(f"/{path}".replace("//", "/")).casefold()


def is_picture(address: str) -> bool:
    """By the end of its path."""
    return posixpath.splitext(split(address).path)[1].lower() in PICTURES


class Places:
    """Finds what addresses of one export lead to."""

    def __init__(self, export: Export) -> None:
        self.hosts = export.hosts
        self._roots = sorted(export.roots, key=lambda root: -len(root.prefix))

    def path(self, address: str, item: Item) -> str | None:
        """The path on the old site; None if the address leads elsewhere."""
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
        """The file that an address names, and how it shall be called below the pictures' folder.

        None if the export does not hold it, or if it lies outside of what was exported.
        """
        path = self.path(address, item)
        if path is None:
            return None
        relative = unquote(split(address).path)
        if item.folder is not None and not relative.startswith("/"):
            found = _inside(item.folder, relative)
            if found is not None:
                return found, posixpath.join(item.folder.name, found.name)
        # Heads of Hugo name pictures from the top of the site, without a stroke before them.
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
    """The path, then those of the whole picture if it names a smaller copy."""
    yield path
    for pattern, instead in _SIZED:
        full = pattern.sub(instead, path)
        if full != path:
            yield full


def _inside(folder: Path, name: str) -> Path | None:
    """A file below the folder, by name and by where links lead."""
    found = ConfinedFolder(folder).find_file(name) if name else None
    return found.resolve() if found else None
