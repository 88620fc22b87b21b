"""Which of the pushed files may be written to this machine's disk, and which stop the push."""

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from capture.errors import Problem
from gatepost.releases.git import Entry

FOLDERS: Final = ("content", "campaigns", "clients")
"""What a push may change; all else is code."""
LONGEST_NAME: Final = 200
LONGEST_PATH: Final = 1000
"""Bytes; with the release's folder before it a path stays below what Linux takes."""
_FILES: Final = frozenset({"100644", "100755"})
_NO_FILE: Final = {
    "120000": "is a symbolic link: put the file itself in its place",
    "160000": "is a submodule: put its files themselves in its place",
}
_NOT_MARKDOWN: Final = frozenset({".asc", ".htm", ".html", ".rst"})
"""Kinds that Pelican would read as posts, unchecked."""


def is_published(entry: Entry) -> bool:
    """Whether it lies in one of the three folders, or takes the place of one."""
    return entry.top in FOLDERS


def problems_of(entries: Sequence[Entry], largest: int) -> list[Problem]:
    """Everything that keeps these files from being written. `largest` in bytes."""
    found: list[Problem] = []
    seen: dict[str, str] = {}
    for entry in entries:
        fault = _fault(entry, largest) or _collision(entry.path, seen)
        if fault:
            found.append(Problem(shown(entry.path), None, fault))
    missing = [name for name in FOLDERS[:2] if all(entry.top != name for entry in entries)]
    found += [Problem(f"{name}/", None, "no such folder in this push") for name in missing]
    return found


def shown(path: str) -> str:
    """A path as a terminal may show it."""
    return "".join(sign if sign.isprintable() else "?" for sign in path)


def _fault(entry: Entry, largest: int) -> str:
    parts = entry.path.split("/")
    if entry.mode not in _FILES:
        return _NO_FILE.get(entry.mode, f"has the mode {entry.mode}: add it to git again")
    if len(parts) == 1:
        return "is a file, and a folder is wanted"
    return next(filter(None, map(_fault_of_name, parts)), "") or _fault_of_file(entry, largest)


def _fault_of_name(name: str) -> str:
    if name in {"", ".", ".."} or name.casefold().rstrip(". ") in {".git", "git~1"}:
        return "leads out of its folder: take it away"
    if not name.isprintable() or "\\" in name:  # a lone surrogate, for bytes, is not printable
        return "has a name that not every machine can keep: use letters, digits and hyphens"
    if len(name.encode()) > LONGEST_NAME:
        return f"has a name of more than {LONGEST_NAME} bytes: shorten it"
    return ""


def _fault_of_file(entry: Entry, largest: int) -> str:
    if len(entry.path.encode()) > LONGEST_PATH:
        return f"lies more than {LONGEST_PATH} bytes deep: move it up"
    if entry.size > largest:
        return (
            f"has {entry.size / 1e6:,.0f} MB, and {largest / 1e6:,.0f} MB is the most: make it "
            "smaller, and take it out of the commits as well (`git commit --amend`)"
        )
    path = PurePosixPath(entry.path)
    if path.suffix.lower() in _NOT_MARKDOWN and path.parts[1:2] in {("posts",), ("pages",)}:
        return "is not Markdown, and would not be checked: write it as a .md file"
    return ""


def _collision(path: str, seen: dict[str, str]) -> str:
    """Names that some machine takes for one: they differ in case or in how a letter is written."""
    for one in (path, *_folders(path)):
        alike = unicodedata.normalize("NFC", one).casefold()
        other = seen.setdefault(alike, one)
        if other != one:
            return f"differs from {shown(other)} in capitals or accents alone: rename one of them"
    if seen.get(f"\0{path}"):
        return "stands twice in the commit: add it to git again"
    seen[f"\0{path}"] = path
    return ""


def _folders(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
