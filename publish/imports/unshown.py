"""Files of an export that no text shows: they are not carried, and each is told."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from publish.imports.facts import Export, Item, Note
from publish.imports.places import Places, path_key, spellings, split

_ADDRESS: Final = re.compile(r"""\b(?:src|href|data-src|data)\s*=\s*["']?([^"'<>]+)""")
_TEXTS: Final = frozenset(
    {".md", ".markdown", ".html", ".org", ".adoc", ".rst", ".ipynb", ".pandoc"}
)


def unshown(export: Export, places: Places) -> Iterator[Note]:
    """Media that the export names, then files in its folders."""
    shown, files = set[str](), set[Path]()
    for item in export.items:
        for address in _addresses(item):
            found = places.file(address, item)
            if found is not None:
                files.add(found[0])
            shown |= _keys(split(address).path)
    named = set[str]()
    for media in export.media:
        keys = _keys(split(media.address).path)
        named |= keys
        if not keys & shown:
            where = media.address or "without an address"
            yield Note("attachment", media.where, f"no text shows it: not carried: {where}")
    for root in export.roots:
        for path in sorted(root.folder.rglob("*")):
            name = path.relative_to(root.folder).as_posix()
            if not path.is_file() or path.name.startswith("."):
                continue
            keys = _keys(f"{root.prefix}{name}")
            if path.resolve() in files or keys & named or _is_text(export, path):
                continue
            if any((root.folder / other).is_file() for other in list(spellings(name))[1:]):
                continue  # a smaller copy of one that lies beside it
            why = "texts link to it" if keys & shown else "no text shows it"
            yield Note("file", f"{root.folder.name}/{name}", f"{why}: not carried")


def _addresses(item: Item) -> Iterator[str]:
    yield from (unescape(found[1]) for found in _ADDRESS.finditer(item.html))
    if item.image:
        yield item.image


def _keys(path: str) -> set[str]:
    return {path_key(spelt) for spelt in spellings(unquote(path))} - {"/"}


def _is_text(export: Export, path: Path) -> bool:
    """Texts of the content folder are items, or are told by who read them."""
    return path.suffix.lower() in _TEXTS and any(
        root.prefix == "/" and root.folder.name == "content" and path.is_relative_to(root.folder)
        for root in export.roots
    )
