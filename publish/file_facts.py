"""What the file system says of files and folders: enough to see that none of them has changed.

The kernel sets the time of the inode's change (ctime) whenever a file's content, name or rights
change, and of a folder whenever an entry is added, removed or renamed. Nobody can set it back, as
they can the time of the content (mtime). So a file with the same facts is the same, unless it was
changed twice within one tick of the clock that stamps files; `is_older` is for that case.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

Facts: TypeAlias = tuple[int, int, int, int]
"""Size in bytes, time of the content's change and of the inode's in nanoseconds, inode number."""
Folder: TypeAlias = tuple[Facts, dict[str, Facts], list[str]]
"""A folder's own facts, those of its files by name, and the names of its subfolders."""
Tree: TypeAlias = dict[str, Folder]
"""A folder and all below it, by path. Empty if the folder does not exist."""

_LINK: Final = 0o120000
_TYPE: Final = 0o170000
_SECOND: Final = 1_000_000_000


@dataclass(frozen=True)
class Inputs:
    """Folders and files as they were."""

    roots: dict[str, str] = field(default_factory=dict)
    """Folders, and the paths that they have without links."""
    trees: dict[str, Tree] = field(default_factory=dict)
    """By path without links: all that is in a folder."""
    files: dict[str, Facts | None] = field(default_factory=dict)
    """Single files; None for a path without a file."""
    names: dict[str, list[str] | None] = field(default_factory=dict)
    """By folder of which only the names matter: those names, or None if it does not exist."""

    def are_unchanged(self) -> bool:
        """Whether all of them are the same now."""
        try:
            return (
                read_facts(self.files) == self.files
                and all(os.path.realpath(root) == place for root, place in self.roots.items())
                and all(visible_names(folder) == names for folder, names in self.names.items())
                and all(read_tree(root, tree) == tree for root, tree in self.trees.items())
            )
        except (OSError, HasLinksError):
            return False


class HasLinksError(Exception):
    """A folder has a symbolic link: what it leads to may change without a trace in the folder."""


def read_tree(root: str, known: Mapping[str, Folder], *, trusts_folders: bool = False) -> Tree:
    """The facts of a folder and of all below it.

    `known` is an earlier result. A folder that still has the same facts has the same names, so it
    is not listed again, which takes most of the time. With `trusts_folders` the facts of its files
    are taken over too: they are out of date if a file was changed in its place, not by a rename.
    Raises `HasLinksError`, `OSError`.
    """
    tree: Tree = {}
    folders = [root] if os.path.isdir(root) else []  # noqa: PTH112 - a string is enough here
    while folders:
        folder = folders.pop()
        own = _facts(os.lstat(folder))
        old = known.get(folder)
        if old is None or old[0] != own:
            names, subfolders = _list(folder)
        else:
            names, subfolders = list(old[1]), old[2]
        if old and old[0] == own and trusts_folders:
            files = old[1]
        else:
            files = {name: _facts(os.lstat(f"{folder}/{name}")) for name in names}
        tree[folder] = own, files, subfolders
        folders += [f"{folder}/{name}" for name in subfolders]
    return tree


def _list(folder: str) -> tuple[list[str], list[str]]:
    files: list[str] = []
    subfolders: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            (subfolders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
    return files, subfolders


def _facts(status: os.stat_result) -> Facts:
    if status.st_mode & _TYPE == _LINK:
        raise HasLinksError
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def read_facts(paths: Iterable[str]) -> dict[str, Facts | None]:
    """The facts of single files or folders, where links lead; None for a path without a file."""
    facts: dict[str, Facts | None] = {}
    for path in paths:
        try:
            facts[path] = _facts(os.stat(path))  # noqa: PTH116 - a string is enough here
        except OSError:
            facts[path] = None
    return facts


def visible_names(folder: str) -> list[str] | None:
    """The names in a folder, without those that begin with a dot and Python's own."""
    try:
        names = sorted(path.name for path in Path(folder).iterdir())
    except OSError:
        return None
    return [name for name in names if not name.startswith(".") and name != "__pycache__"]


def outermost(folders: Iterable[str]) -> list[str]:
    """The folders that are in none of the others."""
    found: list[str] = []
    for folder in sorted(set(folders)):  # a folder comes before those in it
        if not any(folder.startswith(f"{outer}/") for outer in found):
            found.append(folder)
    return found


def tree_facts(tree: Tree) -> Iterable[Facts]:
    """The facts of every folder and file of a tree."""
    for own, files, _ in tree.values():
        yield own
        yield from files.values()


def current_tick(folder: Path) -> int:
    """The time with which the kernel stamps a file in `folder` now, in nanoseconds.

    It lags behind the system's clock by up to a tick, some milliseconds. Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.fstat(file.fileno()).st_ctime_ns


def uptime() -> int:
    """Nanoseconds since the machine started, with those in which it slept: nobody can set them."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # not on macOS
    return time.clock_gettime_ns(clock)


def is_older(facts: Iterable[Facts | None], tick: int) -> bool:
    """Whether all these were changed in an earlier tick, so that each later change shows.

    Some file systems keep only seconds, or every second one: there a file must be older than that.
    """
    return all(
        entry is None or entry[2] + (0 if entry[2] % _SECOND else 2 * _SECOND) < tick
        for entry in facts
    )
