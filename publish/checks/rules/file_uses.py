"""`file_uses`: the places that use a file, as a picture of a text or an asset of a campaign."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.campaign.files import read_source
from capture.campaign.problems import Lines
from capture.errors import FileErrors
from publish.checks.project import Writing
from publish.checks.rules.links import LinkChecker


@dataclass(frozen=True)
class FileUse:
    """A line that uses a file: of a post, page or campaign file."""

    file: Path
    where: str
    """The path of the post, page or campaign file, as messages show it."""
    line: int | None


def file_uses(writing: Writing) -> Iterator[FileUse]:
    """Every use of a file of the content folder, in the order of posts and lines."""
    for post in writing.posts:
        if image := post.get("image"):
            line = post.front_matter.line("image")
            yield FileUse(writing.layout.content / image.lstrip("/"), post.where, line)
        for link in post.outline.links:
            if file := LinkChecker(writing, post, link).file():
                yield FileUse(file, post.where, link.line)
    for folder in writing.private:
        for path in sorted(folder.glob("*.toml")):
            yield from _uses_of_campaign(path, writing.gated)


def _uses_of_campaign(path: Path, gated: Path) -> Iterator[FileUse]:
    """The `assets` of a campaign file, which may have mistakes elsewhere."""
    try:
        source = read_source(path)
        assets = source.data().get("assets")
    except FileErrors:  # which another rule reports
        return
    lines = Lines(source.text)
    for number, name in enumerate(assets if isinstance(assets, list) else ()):
        if isinstance(name, str):
            yield FileUse(gated / name, source.where, lines.line_of(("assets", number)))
