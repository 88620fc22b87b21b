"""Links, pictures and ids of raw HTML."""

import html
import re
from dataclasses import dataclass, field
from typing import Final

from publish.checks.html_links import SOURCES, find_links
from publish.checks.html_tags import PlacedHtmlTag, html_tags
from publish.checks.outline_parts import Link, Picture

_ID: Final = re.compile(r"""\s(?P<name>id|name)\s*=\s*["']?(?P<id>[^\s"'>]+)""", re.IGNORECASE)
_PICTURE: Final = re.compile(r"<img\b(?P<rest>[^>]*)>", re.IGNORECASE)
_SOURCE: Final = re.compile(r"""\bsrc\s*=\s*["']?(?P<source>[^\s"'>]+)""", re.IGNORECASE)
_ALT: Final = re.compile(
    r"""\balt\s*=\s*(?:"(?P<in_two>[^"]*)"|'(?P<in_one>[^']*)'|(?P<bare>[^\s>]*))""",
    re.IGNORECASE,
)


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

    for link in find_links(source):
        is_embedded = link.attribute in {"src", *SOURCES}
        raw.links.append(Link(link.target, line_at(link.place), is_embedded))
    for match in _PICTURE.finditer(source):
        src = _SOURCE.search(match["rest"])
        alt = _ALT.search(match["rest"])
        address = html.unescape(src["source"]) if src else ""
        words = html.unescape(alt[alt.lastgroup or 0]) if alt else None
        raw.pictures.append(Picture(address, words, line_at(match.start())))
    for match in _ID.finditer(source):
        if match["name"].lower() == "id":
            raw.ids.setdefault(match["id"], line_at(match.start()))
        else:
            raw.names.add(match["id"])
    return raw


def open_comment(source: str) -> int | None:
    """Where HTML has a comment without its end, which hides all below it; None without one."""
    start = source.find("<!--", source.rfind("-->") + 1)
    return start if start >= 0 else None
