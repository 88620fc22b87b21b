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
from publish.plugins import problems
from publish.plugins.current_file import reading_file
from publish.plugins.links import contents, line_of, linked_files
from publish.plugins.picture_files import (
    ImageFile,
    PictureFiles,
    animation_size,
    has_location,
    make_picture_files,
    publish_cached_file,
    register_publishing,
    svg_size,
)
from publish.plugins.problems import Report, get_report
from publish.plugins.signals import connect_last

FOLDER: Final = "pictures"
PICTURE_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".tif", ".tiff"}
)
_LINKED: Final = re.compile(r"""=\s*["']/(?P<path>[^"'#?]+)""")
_COLUMN: Final = 656  # pixels: .prose in style.css is 41rem wide
_IMG: Final = re.compile(
    r"""<picture\b.*?</picture>|<img\b(?:[^>"']|"[^"]*"|'[^']*')*>""", re.DOTALL | re.IGNORECASE
)
_BRACES: Final = re.compile(r"^[{|](?P<what>static|attach|filename)[}|](?P<path>.*)$")


def rewrite_pictures(generators: Any) -> None:
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
                content.lead_picture, content.image_address = page.lead_picture(image, alt, text)
            content._content, content.pictures = page.rewrite(text)
    for generator in generators:
        if isinstance(generator, StaticGenerator):
            exclude_originals(generator, gallery.replaced, gallery.report)


class _Gallery:
    """The pictures of a build; each is read once."""

    def __init__(
        self, context: MutableMapping[str, Any], settings: MutableMapping[str, Any]
    ) -> None:
        self.root = Path(settings["PATH"])
        self.paths = ConfinedFolder(self.root)
        self.url: str = context["site"].url
        self.report: Report = get_report(settings)
        self.static_files: Mapping[str, Any] = context["static_content"]
        self.replaced: set[str] = set()
        self._settings = settings
        self._cache = Path(settings["CACHE_PATH"])
        self._pictures: dict[str, PictureFiles | tuple[int, int] | str | None] = {}

    def read(self, path: str) -> PictureFiles | tuple[int, int] | str | None:
        """A photo's files; or the size of a drawing or animation in pixels; or an error message.

        None for a drawing without a size.
        """
        if path not in self._pictures:
            with reading_file(self._settings, self.root / path):
                self._pictures[path] = self._read(path)
        return self._pictures[path]

    def _read(self, path: str) -> PictureFiles | tuple[int, int] | str | None:
        source = self.root / path
        try:
            if source.suffix.lower() == ".svg":
                return self._size_of(source)
            result = make_picture_files(source, self._cache)
        except ValueError as error:
            return f"{short_path(source)} {error}"
        if result is None:
            return animation_size(source)
        files, folder = result
        for name in files.names:
            publish_cached_file(self._settings, f"{FOLDER}/{name}", folder / name)
        self.replaced.add(path)
        return files

    def _size_of(self, source: Path) -> tuple[int, int] | None:
        size = svg_size(source)
        if size is None:
            self.report.warn(source, None, "has no size: give its <svg> a width and a height")
        return size

    def address(self, file: ImageFile) -> str:
        return f"{self.url}/{FOLDER}/{file.name}"

    def address_of(self, path: str, picture: PictureFiles | tuple[int, int] | None) -> str:
        """The address of the largest file of the picture."""
        if isinstance(picture, PictureFiles):
            return self.address(picture.webp[-1])
        return f"{self.url}/{quote(self.static_files[path].url)}"


class _Page:
    """One article or page while its pictures are inserted."""

    def __init__(self, content: Any, gallery: _Gallery) -> None:
        self._content = content
        self._gallery = gallery
        self._addresses: list[str] = []
        self._count = 0

    def rewrite(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The new text, and the full addresses of its pictures."""
        text = _IMG.sub(self._replace, text)
        return text, tuple(dict.fromkeys(self._addresses))

    def lead_picture(self, image: str, alt: str, text: str) -> tuple[str, str]:
        """The article's `Image` as HTML, unless the text shows it, and its full address."""
        path = self._path_of(image)
        picture = self._gallery.read(path) if path else None
        if path is None or isinstance(picture, str):
            return "", ""  # the rules, or the text's own pictures, report the mistake
        address = self._gallery.address_of(path, picture)
        tags = (tag for tag in _IMG.findall(text) if tag[:4].lower() == "<img")
        if any(self._path_of(attributes_of(tag).get("src", "")) == path for tag in tags):
            return "", address
        return self._rewrite_tag(write_tag("img", {"alt": alt, "src": image})), address

    def _replace(self, match: re.Match[str]) -> str:
        return self._rewrite_tag(match[0])

    def _rewrite_tag(self, tag: str) -> str:
        attributes = attributes_of(tag) if tag[:4].lower() == "<img" else {}
        link = attributes.get("src", "")
        path = self._path_of(link)
        if path is None:
            return tag
        picture = self._gallery.read(path)
        if isinstance(picture, str):
            line = line_of(self._content, posixpath.basename(link))
            self._gallery.report.problem(Path(self._content.source_path), line, picture)
            return tag
        self._count += 1
        priority = {"fetchpriority": "high"} if self._count == 1 else {"loading": "lazy"}
        attributes |= {"decoding": "async", **priority}
        if isinstance(picture, PictureFiles):
            return self._picture(attributes, picture)
        if picture is not None:
            _set_size(attributes, picture)
        attributes["src"] = self._gallery.address_of(path, picture)
        self._addresses.append(attributes["src"])
        return write_tag("img", attributes)

    def _path_of(self, link: str) -> str | None:
        """The picture below the content folder that a link shows; None for any other link."""
        braces = _BRACES.match(link)
        path = unquote(urlsplit(html.unescape(braces["path"] if braces else link)).path)
        if not braces and not path.startswith("/"):
            return None
        path = name_below(path, self._content.relative_dir)
        if self._gallery.paths.find_file(path) is None:
            return None
        path = posixpath.normpath(path)
        is_picture = posixpath.splitext(path)[1].lower() in {*PICTURE_SUFFIXES, ".svg"}
        return path if is_picture and path in self._gallery.static_files else None

    def _picture(self, attributes: dict[str, str], files: PictureFiles) -> str:
        _set_size(attributes, (files.width, files.height))
        attributes["src"] = self._gallery.address(files.plain)
        self._addresses.append(attributes["src"])
        width = attributes["width"]
        column = min(_COLUMN, int(width)) if width.isdecimal() else _COLUMN
        sizes = f"(max-width: 44rem) calc(100vw - 2.5rem), {column}px"
        sources = "".join(
            write_tag(
                "source",
                {"type": f"image/{kind}", "srcset": self._srcset(versions), "sizes": sizes},
            )
            for kind, versions in (("avif", files.avif), ("webp", files.webp))
        )
        return f"<picture>{sources}{write_tag('img', attributes)}</picture>"

    def _srcset(self, files: tuple[ImageFile, ...]) -> str:
        return ", ".join(f"{self._gallery.address(file)} {file.width}w" for file in files)


def _set_size(attributes: dict[str, str], size: tuple[int, int]) -> None:
    """Adds width and height. If the writer gave one of them, the other is computed from it."""
    width, height = size
    own = attributes.get("width", ""), attributes.get("height", "")
    if own[0].isdecimal() and not own[1]:
        attributes["height"] = str(round(int(own[0]) * height / width))
    elif own[1].isdecimal() and not own[0]:
        attributes["width"] = str(round(int(own[1]) * width / height))
    elif not own[0]:
        attributes |= {"width": str(width), "height": str(height)}


# HTML tags


def attributes_of(tag: str) -> dict[str, str]:
    """The attributes of a tag, decoded; if a name occurs twice, the first one, as in browsers."""
    reader = _Reader()
    reader.feed(tag)
    return reader.attributes


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            self.attributes.setdefault(name, value or "")

    handle_startendtag = handle_starttag


def write_tag(name: str, attributes: Mapping[str, str]) -> str:
    """The HTML of a tag, with every value quoted and escaped."""
    text = "".join(f' {key}="{html.escape(value)}"' for key, value in attributes.items())
    return f"<{name}{text}>"


# The originals: which of them are published.


def exclude_originals(generator: Any, replaced: Container[str], report: Report) -> None:
    """Removes originals that smaller files replace; reports published ones with a location."""
    linked = set(_linked_originals(generator.context))
    published = []
    for static in generator.staticfiles:
        path = static.relative_source_path
        if path in replaced and path not in linked:
            continue
        published.append(static)
        _check_location(Path(static.source_path), report)
    generator.context["staticfiles"] = generator.staticfiles = published


def _linked_originals(context: MutableMapping[str, Any]) -> Iterator[str]:
    for content in contents(context):
        yield from linked_files(content)
        for link in _LINKED.finditer(content._content or ""):
            yield unquote(html.unescape(link["path"]))


def _check_location(source: Path, report: Report) -> None:
    if source.suffix.lower() not in PICTURE_SUFFIXES or not source.is_file():
        return
    try:
        if has_location(source):
            message = "contains the location of the photo: save it without the location"
            report.problem(source, None, message)
    except ValueError as error:
        report.warn(source, None, str(error))


def register() -> None:
    """Called by Pelican."""
    problems.register()
    register_publishing()
    connect_last(signals.all_generators_finalized, rewrite_pictures)
