"""Rules for the files that are published as they are: none is kept back, none lost."""

from collections.abc import Iterator
from pathlib import Path

from capture.errors import short_path
from publish.writing.finding import Finding
from publish.writing.gated import GatedFiles
from publish.writing.writing import Writing


def file_findings(writing: Writing) -> Iterator[Finding]:
    """Gated files among those to be published, by name or content, and links to nothing or out."""
    gated = GatedFiles(writing.gated, writing.private)
    for path in _published(writing):
        where = short_path(path)
        if path.is_symlink() and not path.exists():
            told = f"leads to {path.readlink()}, which is not there"
            yield Finding(where, None, told, "picture")
        elif same := gated.same_as(path):
            yield Finding(where, None, gated.refusal(same), "gated")
    for path in _leading_out(writing):
        if not gated.holds(path):
            told = f"leads out of {writing.layout.content.name}/, to {path.readlink()}: "
            yield Finding(short_path(path), None, f"{told}put a copy in its place", "gated")


def _leading_out(writing: Writing) -> Iterator[Path]:
    """Symbolic links to files or folders elsewhere: all that is there would be published."""
    content = writing.layout.content.resolve()
    for path in sorted(writing.layout.content.rglob("*")) if writing.has_symlinks else ():
        if not path.is_symlink() or not path.exists() or path.is_relative_to(writing.gated):
            continue  # the gated files may lie where they like
        if not path.resolve().is_relative_to(content):
            yield path


def _published(writing: Writing) -> Iterator[Path]:
    for folder in writing.layout.static:
        if folder.is_dir():
            yield from (path for path in sorted(folder.rglob("*")) if not path.is_dir())
    yield from (post.path for post in writing.posts)
