"""Links, pictures and ids of raw HTML."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from publish.checks.html_links import SOURCES, HtmlTag, find_links, find_tags
from publish.checks.html_tags import PlacedHtmlTag, html_tags
from publish.checks.outline_parts import Link, Picture

_ID: Final = re.compile(r"""\s(?P<name>id|name)\s*=\s*["']?(?P<id>[^\s"'>]+)""", re.IGNORECASE)
_PICTURES: Final = frozenset({"img", "image", "input"})
"""Tags that show a picture: `<image>` is `<img>` outside a drawing, and `<input type="image">`."""


_START_OF_TAG: Final = re.compile("</?[a-zA-Z]")


@dataclass
class RawHtml:
    """What a piece of HTML contains."""

    links: list[Link] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    """The ids, with their first lines."""
    names: set[str] = field(default_factory=set)
    """The values of `name`, which are anchors too."""
    tags: list[PlacedHtmlTag] = field(default_factory=list)


def read_raw_html(source: str, first_line: int) -> RawHtml:
    """Reads HTML whose comments, code and scripts are blanks."""
    raw = RawHtml(tags=list(html_tags(source, first_line)))

    def line_at(place: int) -> int:
        return first_line + source.count("\n", 0, place)

    images = find_tags(source, {"img"})
    sized = {tag.attributes.get("src", "").strip() for tag in images if "srcset" in tag.attributes}
    for link in find_links(source):
        is_embedded = link.attribute in {"src", *SOURCES}
        is_kept = link.attribute in SOURCES or (link.attribute == "src" and link.target in sized)
        raw.links.append(Link(link.target, line_at(link.place), is_embedded, is_kept))
        if link.attribute in SOURCES:  # another size of a picture, whose `<img>` has the text
            raw.pictures.append(Picture(link.target, "", line_at(link.place)))
    for tag in find_tags(source, _PICTURES):
        if _is_picture(tag):
            address = tag.attributes.get("src") or tag.attributes.get("href", "")
            alt = tag.attributes.get("alt", None if tag.name == "img" else "")
            raw.pictures.append(Picture(address.strip(), alt, line_at(tag.place)))
    for match in _ID.finditer(source):
        if match["name"].lower() == "id":
            raw.ids.setdefault(match["id"], line_at(match.start()))
        else:
            raw.names.add(match["id"])
    return raw


def _is_picture(tag: HtmlTag) -> bool:
    return tag.name != "input" or tag.attributes.get("type", "").lower() == "image"


def open_comment(source: str) -> int | None:
    """Where HTML has a comment without its end, which hides all below it; None without one."""
    start = source.find("<!--", source.rfind("-->") + 1)
    return start if start >= 0 else None


def open_tag(source: str) -> int | None:
    """Where HTML ends with a tag without its `>`; None if it does not."""
    parser = HTMLParser()
    parser.feed(source)
    rest: str = parser.rawdata
    return len(source) - len(rest) if _START_OF_TAG.match(rest) else None
