"""Finds and rewrites the links in HTML: the same attributes for the rules and for the pages."""

import html
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from html.entities import html5
from typing import Final

_TAG: Final = re.compile(
    r"""<[a-zA-Z][^"'<>]*(?:(?:"[^"]*"|'[^']*')[^"'<>]*){0,50}>"""  # a limit keeps it linear
)
_NAME: Final = re.compile(r"[^\s/>]+")
_ATTRIBUTE: Final = re.compile(
    r"""(?P<start>\s(?P<name>[^\s"'<>/=]+)\s*=\s*)(?P<value>"[^"]*"|'[^']*'|[^\s"'<>=][^\s"'<>]*)"""
)
_LINKS: Final = frozenset({"href", "src", "poster", "data", "cite", "action", "formaction"})
SOURCES: Final = frozenset({"srcset", "imagesrcset"})
"""The attributes that hold several links."""
_ENTITY: Final = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*)[;=]?")
_MAY_LINK: Final = re.compile(rf"\s(?:{'|'.join(_LINKS | SOURCES)})\s*=", re.IGNORECASE)
"""A quick test of a tag, because most tags have no link."""
_SOURCE: Final = re.compile(r"(?P<link>[^\s,]\S*(?<!,))(?P<size>(?:\s[^,]*)?)")
"""One source of a `srcset`, as HTML reads it: a comma in an address is a part of it."""


@dataclass(frozen=True)
class HtmlLink:
    """One link in HTML."""

    target: str
    """Without entities."""
    attribute: str
    """The name of its attribute, in small letters."""
    place: int
    """The place of its attribute in the text."""


@dataclass(frozen=True)
class HtmlTag:
    """A tag in HTML, with the attributes that have a value."""

    name: str
    attributes: Mapping[str, str]
    """By name: the value without entities. Names are in small letters."""
    place: int


def find_tags(text: str, names: Collection[str]) -> Iterator[HtmlTag]:
    """Each tag in the HTML with one of these names, which are in small letters."""
    for tag in _TAG.finditer(text):
        name = _NAME.match(text, tag.start() + 1)
        if name and name[0].lower() in names:
            attributes: dict[str, str] = {}
            for match in _ATTRIBUTE.finditer(tag[0]):  # of two with one name the first counts
                attributes.setdefault(match["name"].lower(), _decoded(_unquoted(match["value"])))
            yield HtmlTag(name[0].lower(), attributes, tag.start())


def find_links(text: str, in_tags: re.Pattern[str] = _MAY_LINK) -> Iterator[HtmlLink]:
    """Each link in the HTML, in tags that match the pattern."""
    for tag in _TAG.finditer(text):
        if not in_tags.search(text, tag.start(), tag.end()):
            continue
        for match in _ATTRIBUTE.finditer(text, tag.start(), tag.end()):
            name = match["name"].lower()
            for target in links_of(name, _decoded(_unquoted(match["value"]))):
                yield HtmlLink(target, name, match.start())


def links_of(name: str, value: str) -> list[str]:
    """The links in the decoded value of an attribute, whose name is in small letters."""
    if name in SOURCES:
        return [source["link"] for source in _SOURCE.finditer(value)]
    return [value.strip()] if name in _LINKS else []


def rewrite_links(
    text: str, rewrite: Callable[[str], str], names: Collection[str] = _LINKS | SOURCES
) -> str:
    """The HTML with the result of `rewrite` in place of each link; links have no entities there.

    A link without quotes gets them, and its attribute small letters: Pelican reads no others.
    `names` are the attributes that are rewritten.
    """

    def in_attribute(match: re.Match[str]) -> str:
        value = _unquoted(match["value"])
        quote = match["value"][0] if value != match["value"] else ""
        old = _decoded(value)
        if match["name"].lower() not in names:
            return match[0]
        if match["name"].lower() in SOURCES:
            new = _SOURCE.sub(lambda source: rewrite(source["link"]) + source["size"], old)
        else:
            new = rewrite(old.strip())
        start = match["start"].lower()
        if new == old and quote:
            return f"{start}{match['value']}"
        quote = quote or '"'
        return f"{start}{quote}{html.escape(new)}{quote}"

    def in_tag(tag: re.Match[str]) -> str:
        return _ATTRIBUTE.sub(in_attribute, tag[0]) if _MAY_LINK.search(tag[0]) else tag[0]

    return _TAG.sub(in_tag, text)


def _unquoted(value: str) -> str:
    return value[1:-1] if value[0] in "\"'" else value


def _decoded(value: str) -> str:
    """The value of an attribute without entities.

    As in browsers, `&region=` in an address is a parameter, and no `&reg`.
    """

    def sign(match: re.Match[str]) -> str:
        is_name = match[0][1] != "#"
        return match[0] if is_name and match[0][1:] not in html5 else html.unescape(match[0])

    return _ENTITY.sub(sign, value) if "&" in value else value
