"""Finds the files of a project: its posts and pages, and all others in the content folder."""

import fnmatch
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from capture.paths import ConfinedFolder

SUFFIXES: Final = frozenset({".md", ".markdown", ".mkd", ".mdown"})
_TEXTS: Final = tuple(SUFFIXES)
Stamp = tuple[int, int, int, int]
"""Size, time of change, time of the inode's change (both in nanoseconds) and inode of a file."""


class SourceFile(NamedTuple):
    """A file of a post or page."""

    name: str
    """Its path below the content folder."""
    stamp: Stamp


@dataclass(frozen=True)
class SourceFolders:
    """Where the texts of one kind are."""

    content: ConfinedFolder
    folders: tuple[Path, ...]
    """Folders, or single files."""
    excluded: tuple[Path, ...]
    """Subfolders that are not searched."""
    ignored: tuple[str, ...]
    """Patterns for names of files and folders that Pelican does not read."""

    def files(self) -> list[SourceFile]:
        """Every file, as Pelican finds them, sorted by the parts of their paths.

        Files that must not be read are left out; `rules.files` reports them.
        """
        start = f"{self.content.folder}/"
        found = {
            path.removeprefix(start): (
                status.st_size,
                status.st_mtime_ns,
                status.st_ctime_ns,
                status.st_ino,
            )
            for folder in self.folders
            for path, status in self._below(folder)
        }
        names = sorted(found, key=lambda name: name.replace("/", "\0"))
        return [SourceFile(name, found[name]) for name in names]

    def _below(self, folder: Path) -> Iterator[tuple[str, os.stat_result]]:
        if folder.is_file() and self._is_readable(folder):
            yield str(folder), folder.stat()
        if not self._is_scannable(folder):
            return
        excluded, todo = {str(path) for path in self.excluded}, [str(folder)]
        while todo:
            try:
                entries = os.scandir(todo.pop())
            except OSError:  # as Pelican, which leaves out what it cannot read
                continue
            with entries:
                for entry in entries:
                    name = entry.name
                    if entry.is_file(follow_symlinks=False):
                        if self._is_source(name):
                            yield entry.path, _status(entry)
                    elif _is_folder(entry):
                        is_left_out = entry.path in excluded or self._is_ignored(name)
                        if not is_left_out and self._is_scannable(Path(entry.path)):
                            todo.append(entry.path)
                    elif self._is_source(name) and self._is_readable(Path(entry.path)):
                        yield entry.path, _status(entry)

    def _is_scannable(self, folder: Path) -> bool:
        if not folder.is_symlink():
            return True
        return self.content.holds(folder) and not is_circular(folder)

    def _is_readable(self, path: Path) -> bool:
        """Whether it is a regular file in the content folder, or missing (reported later)."""
        if path.is_symlink() and not self.content.holds(path):
            return False
        return path.is_file() or not path.exists()

    def _is_source(self, name: str) -> bool:
        """Whether it is the name of a text. `.md` alone is a hidden file without a suffix."""
        return name.endswith(_TEXTS) and name not in SUFFIXES and not self._is_ignored(name)

    def _is_ignored(self, name: str) -> bool:
        return self._ignored_names.fullmatch(name) is not None

    @cached_property
    def _ignored_names(self) -> re.Pattern[str]:
        return re.compile("|".join(map(fnmatch.translate, self.ignored)) or r"(?!)")


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _status(entry: "os.DirEntry[str]") -> os.stat_result:
    try:
        return entry.stat()
    except OSError:  # a link to nothing, or deleted just now: reading it reports that
        return os.stat_result([0] * os.stat_result.n_sequence_fields)


# All files of a folder


@dataclass(frozen=True)
class ContentFiles:
    """All files of a folder and its subfolders by type, found without following links."""

    folder: Path
    names: tuple[str, ...]
    """The paths of the regular files below the folder, sorted by their parts."""
    links: tuple[Path, ...]
    """Symbolic links to files or folders."""
    special: tuple[Path, ...]
    """Pipes, sockets and devices: reading one may block for ever."""

    @cached_property
    def regular(self) -> tuple[Path, ...]:
        """The regular files."""
        return tuple(self.folder / name for name in self.names)

    @cached_property
    def without_texts(self) -> tuple[Path, ...]:
        """The regular files without those in Markdown."""
        return tuple(self.folder / name for name in self.names if not name.lower().endswith(_TEXTS))


def find_content_files(folder: Path) -> ContentFiles:
    """The files below a folder. Raises OSError if a folder cannot be read."""
    regular: list[str] = []
    links: list[Path] = []
    special: list[Path] = []
    for entry in _scan(folder):
        if entry.is_symlink():
            links.append(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            regular.append(entry.path.removeprefix(f"{folder}/"))
        else:
            special.append(Path(entry.path))
    regular.sort(key=lambda name: name.replace("/", "\0"))
    return ContentFiles(folder, tuple(regular), tuple(sorted(links)), tuple(sorted(special)))


def _scan(folder: Path) -> Iterator["os.DirEntry[str]"]:
    todo = [str(folder)] if folder.is_dir() else []
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                else:
                    yield entry


def is_circular(link: Path) -> bool:
    """Whether a symbolic link to a folder leads back to itself, directly or by links below it."""
    home = os.path.realpath(link.parent)
    todo, visited = [os.path.realpath(link)], set[str]()
    while todo:
        folder = todo.pop()
        if folder in visited or not Path(folder).is_dir():
            continue
        if f"{home}/".startswith(f"{folder.rstrip('/')}/"):
            return True
        visited.add(folder)
        todo += (
            os.path.realpath(entry.path) for entry in _scan(Path(folder)) if entry.is_symlink()
        )
    return False
