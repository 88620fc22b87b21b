"""The pictures of a build: each is read once, and files of photos are made on all processors."""

from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

from capture.errors import short_path
from capture.paths import ConfinedFolder
from publish.child_processes import ChildEnded, Limits, run_each
from publish.plugins.current_file import reading_file, record_file
from publish.plugins.picture_files import (
    ImageFile,
    MadePicture,
    PictureFiles,
    clean_drafts,
    find_picture_files,
    make_picture_files,
    pixel_count,
    publish_cached_file,
    svg_size,
)
from publish.plugins.problems import Report, get_report
from publish.progress import with_progress

FOLDER: Final = "pictures"
_SECONDS: Final = 120
"""Processor time in which the files of one picture must be made."""
_MAX_PIXELS: Final = 60_000_000
"""Pixels of the pictures that are in memory at the same time, some 10 bytes each. A larger picture
is alone."""


class Gallery:
    """The pictures of a build; each is read once."""

    def __init__(
        self, context: MutableMapping[str, Any], settings: MutableMapping[str, Any]
    ) -> None:
        self.root = Path(settings["PATH"])
        self.paths = ConfinedFolder(self.root)
        self.url: str = context["site"].url
        self.report: Report = get_report(settings)
        self.static_files: Mapping[str, Any] = context["static_content"]
        self.replaced: set[str] = set()
        self._settings = settings
        self._cache = Path(settings["CACHE_PATH"])
        self._pictures: dict[str, PictureFiles | tuple[int, int] | str | None] = {}

    def make_files(self, paths: Iterable[str]) -> None:
        """Makes the files of all photos among the pictures that are not in the cache yet."""
        missing = []
        for path in sorted({path for path in paths if not path.lower().endswith(".svg")}):
            if made := find_picture_files(self.root / path, self._cache):
                self._pictures[path] = self._publish(path, made)
            else:
                missing.append(path)
        if missing:
            with clean_drafts(self._cache):
                self._make_missing(missing)

    def _make_missing(self, paths: list[str]) -> None:
        def start(path: str) -> None:
            record_file(self._settings, self.root / path)

        limits = Limits[str](_SECONDS, _MAX_PIXELS, lambda path: pixel_count(self.root / path))
        pictures = run_each(self._make, paths, limits, start)
        for path, made in with_progress("Making pictures", pictures, len(paths)):
            if isinstance(made, ChildEnded):
                where = short_path(self.root / path)
                self._pictures[path] = f"{where} {made.reason}: make it smaller or simpler"
            else:
                self._pictures[path] = made if isinstance(made, str) else self._publish(path, made)
        record_file(self._settings, None)

    def _make(self, path: str) -> MadePicture | str:
        """Runs in a child process. Returns the files, or an error message."""
        source = self.root / path
        try:
            return make_picture_files(source, self._cache)
        except ValueError as error:
            return f"{short_path(source)} {error}"

    def _publish(self, path: str, made: MadePicture) -> PictureFiles | tuple[int, int]:
        picture, folder = made
        if not isinstance(picture, PictureFiles):
            return picture.width, picture.height
        for name in picture.names:
            publish_cached_file(self._settings, f"{FOLDER}/{name}", folder / name)
        self.replaced.add(path)
        return picture

    def read(self, path: str) -> PictureFiles | tuple[int, int] | str | None:
        """A photo's files; or the size of a drawing or animation in pixels; or an error message.

        None for a drawing without a size. Call `make_files` first.
        """
        if path not in self._pictures:  # a drawing
            with reading_file(self._settings, self.root / path):
                self._pictures[path] = self._size_of(self.root / path)
        return self._pictures[path]

    def _size_of(self, source: Path) -> tuple[int, int] | str | None:
        try:
            size = svg_size(source)
        except ValueError as error:
            return f"{short_path(source)} {error}"
        if size is None:
            self.report.warn(source, None, "has no size: give its <svg> a width and a height")
        return size

    def address(self, file: ImageFile) -> str:
        return f"{self.url}/{FOLDER}/{file.name}"

    def full_size(self, path: str, picture: PictureFiles | tuple[int, int] | None) -> str:
        """The address of the picture in full size."""
        if isinstance(picture, PictureFiles):
            return self.address(picture.full)
        return self.address_of(path, picture)

    def address_of(self, path: str, picture: PictureFiles | tuple[int, int] | None) -> str:
        """The address of the largest file of the picture."""
        if isinstance(picture, PictureFiles):
            return self.address(picture.webp[-1])
        return f"{self.url}/{self.static_files[path].url}"
