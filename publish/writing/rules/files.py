"""Rules for the files that are published as they are: none is kept back, none lost."""

import os
from collections.abc import Iterator
from pathlib import Path

from capture.errors import short_path
from capture.paths import kind_fault
from publish.writing.content_files import leads_in_circle
from publish.writing.file_content import POINTER_FAULT, content_fault, is_pointer
from publish.writing.finding import Finding
from publish.writing.gated import GatedFiles
from publish.writing.writing import Writing


def file_findings(writing: Writing) -> Iterator[Finding]:
    """Gated files among those to be published, by name or content, and links to nothing or out."""
    gated = GatedFiles(writing.gated, writing.private)
    for path in _published(writing, gated):
        where = short_path(path)
        if path.is_symlink() and not path.exists():
            told = f"leads to {path.readlink()}, which is not there"
            yield Finding(where, None, told, "picture")
        elif same := gated.same_as(path):
            yield Finding(where, None, gated.refusal(same), "gated")
    yield from _links(writing, gated)
    for path in writing.content_files.special:
        yield Finding(short_path(path), None, kind_fault(path.lstat().st_mode), "link")


def content_findings(writing: Writing) -> Iterator[Finding]:
    """Gated files that are not what their name says, and pointers of Git LFS anywhere."""
    for path in writing.content_files.regular:
        is_gated = path.is_relative_to(writing.gated)
        if not path.name.startswith(".") and not is_gated and is_pointer(path):
            yield Finding(short_path(path), None, POINTER_FAULT, "file-content")
    for path in sorted(writing.gated.rglob("*")) if writing.gated.is_dir() else ():
        is_given = path.is_file() and not path.name.startswith(".")
        if is_given and (fault := _content_fault(path)):
            yield Finding(short_path(path), None, fault, "file-content")


def _content_fault(path: Path) -> str:
    try:
        return content_fault(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _links(writing: Writing, gated: GatedFiles) -> Iterator[Finding]:
    """Symbolic links to files or folders elsewhere: all that is there would be published."""
    for path in writing.content_files.links:
        if not path.exists() or path.is_relative_to(writing.gated) or gated.holds(path):
            continue  # the gated files may lie where they like; links to them are told above
        if not writing.layout.paths.holds(path):
            told = f"leads out of {writing.layout.content.name}/, to {path.readlink()}: "
            yield Finding(short_path(path), None, f"{told}put a copy in its place", "gated")
        elif leads_in_circle(path):
            told = f"leads in a circle, to {path.readlink()}: take it away"
            yield Finding(short_path(path), None, told, "gated")
        elif not path.is_file() and not path.is_dir():
            yield Finding(short_path(path), None, kind_fault(path.stat().st_mode), "link")


def _published(writing: Writing, gated: GatedFiles) -> Iterator[Path]:
    for folder in writing.layout.static:
        yield from sorted(_below(folder, writing, gated))
    yield from (post.path for post in writing.posts)


def _below(top: Path, writing: Writing, gated: GatedFiles) -> Iterator[Path]:
    """The files that Pelican finds there: it follows links to folders. `_links` refuses those that
    lead out of the content folder or in a circle."""
    for here, folders, files in os.walk(top, followlinks=True):
        folder = Path(here)
        folders[:] = [name for name in folders if _may_be_walked(folder / name, writing, gated)]
        yield from (folder / name for name in files)


def _may_be_walked(folder: Path, writing: Writing, gated: GatedFiles) -> bool:
    if not folder.is_symlink():
        return True
    is_ours = writing.layout.paths.holds(folder) or gated.holds(folder)
    return is_ours and not leads_in_circle(folder)
