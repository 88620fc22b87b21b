"""`file_uses`: the places that use a file, as a picture of a text or an asset of a campaign."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.campaign.files import read_source
from capture.campaign.problems import Lines
from capture.errors import FileErrors
from publish.checks.facts import items
from publish.checks.post import Post
from publish.checks.project import Writing
from publish.checks.rules.link_checker import LinkChecker


@dataclass(frozen=True)
class FileUse:
    """A line that uses a file: of a post, page or campaign file."""

    file: Path
    where: str
    """The path of the post, page or campaign file, as messages show it."""
    line: int | None


def file_uses(writing: Writing, files: Collection[Path]) -> Iterator[FileUse]:
    """The uses of these files of the content folder, in the order of posts and lines."""
    for post in posts_that_may_use(writing, files):
        if image := post.get("image"):
            line = post.line("image")
            yield FileUse(writing.layout.content / image.lstrip("/"), post.where, line)
        for link in post.links:
            if file := LinkChecker(writing, post, link).file():
                yield FileUse(file, post.where, link.line)
    for folder in writing.private:
        for path in sorted(folder.glob("*.toml")):
            yield from _uses_of_campaign(path, writing.gated)


def posts_that_may_use(writing: Writing, files: Collection[Path]) -> Iterator[Post]:
    """The posts and pages that may link to or show one of these files of the content folder."""
    content = writing.layout.content
    names = {str(file.relative_to(content)) for file in files if file.is_relative_to(content)}
    for post in writing.posts:
        facts = post.link_facts
        known: Iterable[str] = names
        if facts and facts.is_proven:
            known = (post.name, *items(facts.files), *items(facts.posts))
        if not names.isdisjoint(known):
            yield post


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
