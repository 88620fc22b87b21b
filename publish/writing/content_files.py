"""Everything that lies in the content folder, looked at once and without following links."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ContentFiles:
    """The entries of a folder and of those below it, by what they are; folders are left out."""

    regular: tuple[Path, ...]
    links: tuple[Path, ...]
    """Symbolic ones, to files or folders."""
    special: tuple[Path, ...]
    """Pipes, sockets and devices: reading one may never end."""


def find_content_files(folder: Path) -> ContentFiles:
    """Raises OSError if a folder cannot be read."""
    regular: list[Path] = []
    links: list[Path] = []
    special: list[Path] = []
    for entry in _walk(folder):
        if entry.is_symlink():
            links.append(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            regular.append(Path(entry.path))
        else:
            special.append(Path(entry.path))
    return ContentFiles(tuple(sorted(regular)), tuple(sorted(links)), tuple(sorted(special)))


def _walk(folder: Path) -> Iterator["os.DirEntry[str]"]:
    todo = [str(folder)] if folder.is_dir() else []
    while todo:
        with os.scandir(todo.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    todo.append(entry.path)
                else:
                    yield entry


def leads_in_circle(link: Path) -> bool:
    """Whether following a symbolic link to a folder, and those below it, comes back to the link."""
    home = os.path.realpath(link.parent)
    todo, seen = [os.path.realpath(link)], set[str]()
    while todo:
        folder = todo.pop()
        if folder in seen or not Path(folder).is_dir():
            continue
        if f"{home}/".startswith(f"{folder.rstrip('/')}/"):
            return True
        seen.add(folder)
        todo += (
            os.path.realpath(entry.path) for entry in _walk(Path(folder)) if entry.is_symlink()
        )
    return False
