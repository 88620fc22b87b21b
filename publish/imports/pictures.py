"""Where pictures of an export go in the content folder."""

import filecmp
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from publish.writing.layout import Layout

_UNSAFE: Final = re.compile(r"[^\w.-]+")


class Pictures:
    """Gives each picture a place that no other has; the same file twice has one place."""

    def __init__(self, layout: Layout) -> None:
        self._content = layout.content
        self._folder = layout.static[0]
        self._sources: dict[Path, Path] = {}
        self._places: dict[Path, Path] = {}

    def place(self, source: Path, wished: str) -> str:
        """The address of the picture in a text: `{static}/images/...`."""
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
        """Places to sources, without those that are there already."""
        return {place: source for place, source in self._sources.items() if not place.exists()}


def _safe(name: str) -> str:
    """Every part of a path as a name that any system takes."""
    parts = (_UNSAFE.sub("-", part).strip("-.") for part in name.split("/"))
    return "/".join(part for part in parts if part) or "picture"
