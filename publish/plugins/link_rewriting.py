"""Rewrites links: to files and lists before Pelican reads them, and in feeds."""

import html
import posixpath
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from publish.checks.file_links import file_word
from publish.checks.layout import Layout
from publish.checks.name_slugs import SECTIONS

_TAG: Final = re.compile(
    r"""<[a-zA-Z][^"'<>]*(?:(?:"[^"]*"|'[^']*')[^"'<>]*){0,50}>"""  # a limit keeps it linear
)
_ATTRIBUTE: Final = re.compile(
    r"""(?P<start>\s(?P<name>[^\s"'<>/=]+)\s*=\s*)(?P<value>"[^"]*"|'[^']*')"""
)
_LINKS: Final = frozenset({"href", "src", "poster", "data"})
_LIST: Final = re.compile(r"[{|](?P<kind>category|tag|author)[}|](?P<name>.+)", re.DOTALL)


def rewrite_links(text: str, rewrite: Callable[[str], str]) -> str:
    """The HTML with the result of `rewrite` in place of each link; links have no entities there."""

    def in_attribute(match: re.Match[str]) -> str:
        name, quote, value = match["name"].lower(), match["value"][0], match["value"][1:-1]
        old = html.unescape(value)
        if name in _LINKS:
            new = rewrite(old)
        elif name == "srcset":
            sources = (source.strip().partition(" ") for source in old.split(", "))
            new = ", ".join(f"{rewrite(url)}{space}{size}" for url, space, size in sources)
        else:
            return match[0]
        return match[0] if new == old else f"{match['start']}{quote}{html.escape(new)}{quote}"

    return _TAG.sub(lambda tag: _ATTRIBUTE.sub(in_attribute, tag[0]), text)


def link_rewriter(layout: Layout, settings: Any, folder: str) -> Callable[[str], str]:
    """Returns links of a text in `folder`, below the content folder, as Pelican reads them.

    A link to a file beside the text gets its word in braces. A link such as `{tag}C++` becomes the
    address, which Pelican would make of the name alone.
    """

    def rewrite(link: str) -> str:
        if match := _LIST.fullmatch(link):
            kind = next(kind for kind in SECTIONS if kind == match["kind"])
            slug = layout.name_slug(kind, unquote(match["name"]))
            return f"{settings['SITEURL']}/{settings[f'{kind.upper()}_URL'].format(slug=slug)}"
        if link.startswith(("{", "|")):
            return link
        try:
            parts = urlsplit(link)
        except ValueError:  # such as http://[
            return link
        path = unquote(parts.path)
        if parts.scheme or parts.netloc or not (word := file_word(path, folder, layout.paths)):
            return link
        name = posixpath.normpath(posixpath.join(folder, path))
        return urlunsplit(("", "", f"{{{word}}}/{name}", parts.query, parts.fragment))

    return rewrite


def absolute_links(text: str, page: str) -> str:
    """The HTML with full addresses in all links, for readers outside the site.

    `page` is the full address of the page that it belongs to.
    """

    def absolute(link: str) -> str:
        try:
            return urljoin(page, link.strip())
        except ValueError:
            return link

    return rewrite_links(text, absolute)
