"""Rule for photos that are published as they are: none tells where it was taken."""

from collections.abc import Collection, Iterator
from pathlib import Path

from capture.errors import short_path
from publish.checks.finding import Finding
from publish.checks.project import Writing
from publish.checks.rules.file_uses import posts_that_may_use
from publish.checks.rules.link_checker import LinkChecker
from publish.file_types.pictures import PHOTO_SUFFIXES, has_location

_SUFFIXES = tuple(PHOTO_SUFFIXES)


def location_findings(writing: Writing) -> Iterator[Finding]:
    """Photos with a location that are published: a text links to them, or none shows them.

    Readers get smaller files without it of all others.
    """
    located = [
        path
        for path in writing.content_files.without_texts
        if path.name.lower().endswith(_SUFFIXES)
        and not path.is_relative_to(writing.gated)
        and _tells_its_place(path)
    ]
    if not located:
        return
    shown, linked = _photos_of_texts(writing, located)
    static = tuple(f"{folder}/" for folder in writing.layout.static)
    for path in located:
        if path in linked or (str(path).startswith(static) and path not in shown):
            where, line = linked.get(path, (short_path(path), None))
            name = f"{short_path(path)} " if path in linked else ""
            message = f"{name}contains the location of the photo: save it without the location"
            yield Finding(where, line, message, "picture")


def _photos_of_texts(
    writing: Writing, photos: Collection[Path]
) -> tuple[set[Path], dict[Path, tuple[str, int]]]:
    """Those photos that texts show, and those that they link to, with the first line."""
    shown: set[Path] = set()
    linked: dict[Path, tuple[str, int]] = {}
    for post in posts_that_may_use(writing, photos):
        if image := post.get("image"):
            shown.add(writing.layout.content / image.lstrip("/"))
        for link in post.links:
            if not any(suffix in link.target.lower() for suffix in _SUFFIXES):
                continue
            file = LinkChecker(writing, post, link).file()
            if file is not None and link.is_embedded and not link.is_kept:
                shown.add(file)
            elif file is not None:
                linked.setdefault(file, (post.where, link.line))
    return shown, linked


def _tells_its_place(path: Path) -> bool:
    try:
        return has_location(path)
    except (OSError, ValueError):  # `content_findings` reports it
        return False
