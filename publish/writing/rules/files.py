"""Rules for the files that are published as they are: none is kept back, none lost."""

from collections.abc import Iterator
from pathlib import Path

from capture.errors import short_path
from publish.writing.finding import Finding
from publish.writing.gated import GatedFiles
from publish.writing.writing import Writing


def file_findings(writing: Writing) -> Iterator[Finding]:
    """Gated files among those to be published, by name or content, and links to nothing."""
    gated = GatedFiles(writing.gated, writing.private)
    for path in _published(writing):
        where = short_path(path)
        if path.is_symlink() and not path.exists():
            told = f"leads to {path.readlink()}, which is not there"
            yield Finding(where, None, told, "picture")
        elif same := gated.same_as(path):
            yield Finding(where, None, gated.refusal(same), "gated")


def _published(writing: Writing) -> Iterator[Path]:
    for folder in writing.layout.static:
        if folder.is_dir():
            yield from (path for path in sorted(folder.rglob("*")) if not path.is_dir())
    yield from (post.path for post in writing.posts)
