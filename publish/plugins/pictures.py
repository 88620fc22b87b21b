"""A Pelican plugin that makes pictures load fast: sizes, small files, the first picture early.

Each `<img>` with a file of the site gets width and height, so that the page does not move while it
loads. A photo becomes a `<picture>` with the files of `publish.plugins.picture_files`. Its original
is not published, unless something links to it.
"""

import html
import posixpath
import re
from collections.abc import Container, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pelican import signals
from pelican.generators import StaticGenerator

from capture.paths import name_below
from publish.file_types.pictures import PHOTO_SUFFIXES, PICTURE_SUFFIXES, has_location
from publish.plugins import problems
from publish.plugins.gallery import Gallery
from publish.plugins.links import line_of, line_of_key, linked_files
from publish.plugins.picture_files import (
    ImageFile,
    PictureFiles,
    register_publishing,
)
from publish.plugins.problems import Report
from publish.plugins.signals import connect_last
from publish.plugins.text_facts import all_texts, facts_of, has_all_texts, new_texts

_LINKED: Final = re.compile(r"""=\s*["']/(?P<path>[^"'#?]+)""")
_PHONE: Final = 400  # pixels: a wider picture does not fit a phone's screen
_COLUMN: Final = 656  # pixels: .prose in style.css is 41rem wide
_IMG_TAG: Final = r"""picture\b.*?</picture>|img\b(?:[^>"']|"[^"]*"|'[^']*')*>"""
_IMG: Final = re.compile(rf"<(?:{_IMG_TAG})", re.DOTALL | re.IGNORECASE)
_LINK_OR_IMG: Final = re.compile(  # one `<` before both: tags are found fastest so
    rf"<(?:(?P<link>a(?=[\s>]).*?</a>)|{_IMG_TAG})", re.DOTALL | re.IGNORECASE
)
_BRACES: Final = re.compile(r"^[{|](?P<what>static|attach|filename)[}|](?P<path>.*)$")


def rewrite_pictures(generators: Any) -> None:
    """Rewrites each `<img>`, before forms are inserted and links are checked."""
    context = generators[0].context
    gallery = Gallery(context, generators[0].settings)
    pages = []
    for content in new_texts(context):
        content.pictures, content.lead_picture, content.image_address = (), "", ""
        if getattr(content, "image", "") or "<img" in (content._content or "").lower():
            page = _Page(content, gallery)
            facts_of(content).shown_files |= set(page.paths())
            pages.append(page)
    gallery.make_files(path for text in all_texts(context) for path in facts_of(text).shown_files)
    for page in pages:
        page.rewrite()
    for text in new_texts(context):
        facts_of(text).kept_originals |= set(_linked_originals(text))
    for generator in generators if has_all_texts(context) else ():
        if isinstance(generator, StaticGenerator):
            exclude_originals(generator, gallery.replaced, gallery.report)


class _Page:
    """One article or page while its pictures are inserted."""

    def __init__(self, content: Any, gallery: Gallery) -> None:
        self._content = content
        self._image: str = getattr(content, "image", "")
        self._gallery = gallery
        self._addresses: list[str] = []
        self._count = 0

    @property
    def _text(self) -> str:
        """The HTML as it is now: pages that wait keep no copy of it."""
        html: str = self._content._content or ""
        return html

    def paths(self) -> Iterator[str]:
        """The pictures of the page, below the content folder."""
        tags = map(attributes_of, _image_tags(self._text))
        links = (attributes.get("src", "") for attributes in tags if "srcset" not in attributes)
        for link in (self._image, *links):
            if path := self._path_of(link):
                yield path

    def rewrite(self) -> None:
        """Rewrites the article's text and its `Image`."""
        content = self._content
        if self._image:
            content.lead_picture, content.image_address = self._lead_picture()
        content._content = _LINK_OR_IMG.sub(self._replace, self._text)
        content.pictures = tuple(dict.fromkeys(self._addresses))

    def _lead_picture(self) -> tuple[str, str]:
        """The article's `Image` as HTML, unless the text shows it, and its full address."""
        path, line = self._path_of(self._image), line_of_key(self._content, "image")
        if path is None:  # a rule stops the build
            return "", ""
        picture = self._gallery.read(path)
        if isinstance(picture, str):
            self._report(line, picture)
            return "", ""
        address = self._gallery.address_of(path, picture)
        tags = _image_tags(self._text)
        if any(self._path_of(attributes_of(tag).get("src", "")) == path for tag in tags):
            return "", address
        alt = getattr(self._content, "image_alt", "")
        tag = write_tag("img", {"alt": alt, "src": self._image})
        return self._rewrite_tag(tag, as_link=True), address

    def _replace(self, match: re.Match[str]) -> str:
        if match["link"]:
            return _IMG.sub(lambda inner: self._rewrite_tag(inner[0]), match[0])
        return self._rewrite_tag(match[0], as_link=True)

    def _rewrite_tag(self, tag: str, *, as_link: bool = False) -> str:
        """The picture in the sizes that we publish; `as_link`: as a link to its full size."""
        attributes = attributes_of(tag) if tag[:4].lower() == "<img" else {}
        link = attributes.get("src", "")
        path = self._path_of(link)
        if path is None or "srcset" in attributes:  # the writer has made the sizes
            return tag
        picture = self._gallery.read(path)
        if isinstance(picture, str):
            self._report(line_of(self._content, posixpath.basename(link)), picture)
            return tag
        self._count += 1
        priority = {"fetchpriority": "high"} if self._count == 1 else {"loading": "lazy"}
        attributes |= {"decoding": "async", **priority}
        if isinstance(picture, PictureFiles):
            shown = self._picture(attributes, picture)
        else:
            if picture is not None:
                _set_size(attributes, picture)
            attributes["src"] = self._gallery.address_of(path, picture)
            self._addresses.append(attributes["src"])
            shown = write_tag("img", attributes)
        width = attributes.get("width", "")
        is_wide = width.isdecimal() and int(width) > _PHONE
        full_size = self._gallery.full_size(path, picture) if as_link and is_wide else ""
        if not full_size or not attributes.get("alt"):  # without alt, the link had no name
            return shown
        return f"{write_tag('a', {'class': 'full-size', 'href': full_size})}{shown}</a>"

    def _report(self, line: int | None, problem: str) -> None:
        self._gallery.report.problem(Path(self._content.source_path), line, problem)

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
        is_picture = posixpath.splitext(path)[1].lower() in PICTURE_SUFFIXES
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


def _image_tags(text: str) -> list[str]:
    return [tag for tag in _IMG.findall(text) if tag[:4].lower() == "<img"]


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
    texts = all_texts(generator.context)
    linked = {name for text in texts for name in facts_of(text).kept_originals}
    published = []
    for static in generator.staticfiles:
        path = static.relative_source_path
        if path in replaced and path not in linked:
            continue
        published.append(static)
        _check_location(Path(static.source_path), report)
    generator.context["staticfiles"] = generator.staticfiles = published


def _linked_originals(content: Any) -> Iterator[str]:
    """The files that a text links to, once its pictures are rewritten."""
    yield from linked_files(content)
    for link in _LINKED.finditer(content._content or ""):
        yield unquote(html.unescape(link["path"]))


def _check_location(source: Path, report: Report) -> None:
    if source.suffix.lower() not in PHOTO_SUFFIXES or not source.is_file():
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
