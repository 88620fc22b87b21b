"""A Pelican plugin that makes pictures load fast: sizes, small files, the first picture early.

Each `<img>` with a file of the site gets width and height, so that the page does not move while it
loads. A photo becomes a `<picture>` with the files of `publish.plugins.picture_files`. Its original
is not published, unless something links to it.
"""

import html
import posixpath
import re
from collections.abc import Container, Iterator, Mapping, MutableMapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from pelican import signals
from pelican.generators import StaticGenerator

from capture.errors import short_path
from capture.paths import ConfinedFolder, name_below
from publish.plugins import cached_files, problems
from publish.plugins.cached_files import publish_cached_file
from publish.plugins.current_file import reading_file
from publish.plugins.links import contents, line_of, linked_files
from publish.plugins.picture_files import (
    ImageFile,
    PictureFiles,
    drawing_size,
    has_location,
    moving_size,
    picture_files,
)
from publish.plugins.problems import Report, get_report
from publish.plugins.signals import connect_last

# The originals: which of them are published.

KINDS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff"})
_LINKED: Final = re.compile(r"""=\s*["']/(?P<path>[^"'#?]+)""")


def exclude_originals(generator: Any, shown: Container[str], report: Report) -> None:
    """Removes originals that smaller files replace; reports published ones with a location."""
    linked = set(_still_linked(generator.context))
    kept = []
    for static in generator.staticfiles:
        path = static.relative_source_path
        if path in shown and path not in linked:
            continue
        kept.append(static)
        _check_place(Path(static.source_path), report)
    generator.context["staticfiles"] = generator.staticfiles = kept


def _still_linked(context: MutableMapping[str, Any]) -> Iterator[str]:
    for content in contents(context):
        yield from linked_files(content)
        for link in _LINKED.finditer(content._content or ""):
            yield unquote(html.unescape(link["path"]))


def _check_place(source: Path, report: Report) -> None:
    if source.suffix.lower() not in KINDS or not source.is_file():
        return
    try:
        if has_location(source):
            message = "contains the location of the photo: save it without the location"
            report.problem(source, None, message)
    except ValueError as error:
        report.warn(source, None, str(error))


# HTML tags


def attributes_of(tag: str) -> dict[str, str]:
    """The attributes of a tag, decoded; of two with one name the first, as in browsers."""
    reader = _Reader()
    reader.feed(tag)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            self.found.setdefault(name, value or "")

    handle_startendtag = handle_starttag


def write_tag(name: str, attributes: Mapping[str, str]) -> str:
    """The HTML of a tag, with every value quoted and escaped."""
    text = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{text}>"


FOLDER: Final = "pictures"
_COLUMN: Final = 656  # pixels: .prose in style.css is 41rem wide
_IMG: Final = re.compile(
    r"""<picture\b.*?</picture>|<img\b(?:[^>"']|"[^"]*"|'[^']*')*>""", re.DOTALL | re.IGNORECASE
)
_PLACE: Final = re.compile(r"^[{|](?P<what>static|attach|filename)[}|](?P<path>.*)$")


def show_pictures(generators: Any) -> None:
    """Rewrites each `<img>`, before forms are inserted and links are checked."""
    context = generators[0].context
    gallery = _Gallery(context, generators[0].settings)
    for content in contents(context):
        text = content._content or ""
        image = getattr(content, "image", "")
        content.pictures, content.lead_picture, content.image_address = (), "", ""
        if image or "<img" in text.lower():
            page = _Page(content, gallery)
            if image:
                alt = getattr(content, "image_alt", "")
                content.lead_picture, content.image_address = page.lead(image, alt, text)
            content._content, content.pictures = page.show(text)
    for generator in generators:
        if isinstance(generator, StaticGenerator):
            exclude_originals(generator, gallery.shown, gallery.report)


class _Gallery:
    """The pictures of a build; each is read once."""

    def __init__(
        self, context: MutableMapping[str, Any], settings: MutableMapping[str, Any]
    ) -> None:
        self.root = Path(settings["PATH"])
        self.paths = ConfinedFolder(self.root)
        self.url: str = context["site"].url
        self.report: Report = get_report(settings)
        self.known: Mapping[str, Any] = context["static_content"]
        self.shown: set[str] = set()
        self._settings = settings
        self._cache = Path(settings["CACHE_PATH"])
        self._made: dict[str, PictureFiles | tuple[int, int] | str | None] = {}

    def look(self, path: str) -> PictureFiles | tuple[int, int] | str | None:
        """A photo's files; or the size of a drawing or animation in pixels; or an error message.

        None for a drawing without a size.
        """
        if path not in self._made:
            with reading_file(self._settings, self.root / path):
                self._made[path] = self._look(path)
        return self._made[path]

    def _look(self, path: str) -> PictureFiles | tuple[int, int] | str | None:
        source = self.root / path
        try:
            if source.suffix.lower() == ".svg":
                return self._size_of(source)
            found = picture_files(source, self._cache)
        except ValueError as error:
            return f"{short_path(source)} {error}"
        if found is None:
            return moving_size(source)
        created, folder = found
        for name in created.names:
            publish_cached_file(self._settings, f"{FOLDER}/{name}", folder / name)
        self.shown.add(path)
        return created

    def _size_of(self, source: Path) -> tuple[int, int] | None:
        size = drawing_size(source)
        if size is None:
            self.report.warn(source, None, "has no size: give its <svg> a width and a height")
        return size

    def address(self, created: ImageFile) -> str:
        return f"{self.url}/{FOLDER}/{created.name}"

    def address_of(self, path: str, seen: PictureFiles | tuple[int, int] | None) -> str:
        """The address of the largest file of the picture."""
        if isinstance(seen, PictureFiles):
            return self.address(seen.webp[-1])
        return f"{self.url}/{quote(self.known[path].url)}"


class _Page:
    """One article or page while its pictures are inserted."""

    def __init__(self, content: Any, gallery: _Gallery) -> None:
        self._content = content
        self._gallery = gallery
        self._addresses: list[str] = []
        self._count = 0

    def show(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The new text, and the full addresses of its pictures."""
        text = _IMG.sub(self._replace, text)
        return text, tuple(dict.fromkeys(self._addresses))

    def lead(self, image: str, alt: str, text: str) -> tuple[str, str]:
        """The article's `Image` as HTML, unless the text shows it, and its full address."""
        path = self._path_of(image)
        seen = self._gallery.look(path) if path else None
        if path is None or isinstance(seen, str):
            return "", ""  # the rules, or the text's own pictures, report the mistake
        address = self._gallery.address_of(path, seen)
        tags = (tag for tag in _IMG.findall(text) if tag[:4].lower() == "<img")
        if any(self._path_of(attributes_of(tag).get("src", "")) == path for tag in tags):
            return "", address
        return self._shown(write_tag("img", {"alt": alt, "src": image})), address

    def _replace(self, found: re.Match[str]) -> str:
        return self._shown(found[0])

    def _shown(self, tag: str) -> str:
        attributes = attributes_of(tag) if tag[:4].lower() == "<img" else {}
        link = attributes.get("src", "")
        path = self._path_of(link)
        if path is None:
            return tag
        seen = self._gallery.look(path)
        if isinstance(seen, str):
            line = line_of(self._content, posixpath.basename(link))
            self._gallery.report.problem(Path(self._content.source_path), line, seen)
            return tag
        self._count += 1
        early = {"fetchpriority": "high"} if self._count == 1 else {"loading": "lazy"}
        attributes |= {"decoding": "async", **early}
        if isinstance(seen, PictureFiles):
            return self._picture(attributes, seen)
        if seen is not None:
            _set_size(attributes, seen)
        attributes["src"] = self._gallery.address_of(path, seen)
        self._addresses.append(attributes["src"])
        return write_tag("img", attributes)

    def _path_of(self, link: str) -> str | None:
        """The picture below the content folder that a link shows; None for any other link."""
        place = _PLACE.match(link)
        path = unquote(urlsplit(html.unescape(place["path"] if place else link)).path)
        if not place and not path.startswith("/"):
            return None
        path = name_below(path, self._content.relative_dir)
        if self._gallery.paths.find_file(path) is None:
            return None
        path = posixpath.normpath(path)
        is_picture = posixpath.splitext(path)[1].lower() in {*KINDS, ".svg"}
        return path if is_picture and path in self._gallery.known else None

    def _picture(self, attributes: dict[str, str], created: PictureFiles) -> str:
        _set_size(attributes, (created.width, created.height))
        attributes["src"] = self._gallery.address(created.plain)
        self._addresses.append(attributes["src"])
        width = attributes["width"]
        column = min(_COLUMN, int(width)) if width.isdecimal() else _COLUMN
        sizes = f"(max-width: 44rem) calc(100vw - 2.5rem), {column}px"
        sources = "".join(
            write_tag(
                "source", {"type": f"image/{kind}", "srcset": self._srcset(files), "sizes": sizes}
            )
            for kind, files in (("avif", created.avif), ("webp", created.webp))
        )
        return f"<picture>{sources}{write_tag('img', attributes)}</picture>"

    def _srcset(self, files: tuple[ImageFile, ...]) -> str:
        return ", ".join(f"{self._gallery.address(created)} {created.width}w" for created in files)


def _set_size(attributes: dict[str, str], size: tuple[int, int]) -> None:
    """Adds width and height. If the writer gave one of them, the other is computed from it."""
    width, height = size
    value = attributes.get("width", ""), attributes.get("height", "")
    if value[0].isdecimal() and not value[1]:
        attributes["height"] = str(round(int(value[0]) * height / width))
    elif value[1].isdecimal() and not value[0]:
        attributes["width"] = str(round(int(value[1]) * width / height))
    elif not value[0]:
        attributes |= {"width": str(width), "height": str(height)}


def register() -> None:
    """Called by Pelican."""
    problems.register()
    cached_files.register()
    connect_last(signals.all_generators_finalized, show_pictures)
