"""Rewrites links: to files and lists before Pelican reads them, and in feeds."""

import posixpath
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from capture.paths import name_below
from publish.checks.file_links import file_word
from publish.checks.html_links import rewrite_links
from publish.checks.layout import Layout
from publish.checks.name_slugs import SECTIONS
from publish.uris import to_uri

_WORD: Final = re.compile(r"\{\w+\}|\|\w+\|")
_LIST: Final = re.compile(r"[{|](?P<kind>category|tag|author)[}|](?P<name>.+)", re.DOTALL)


def link_rewriter(layout: Layout, settings: Any, folder: str) -> Callable[[str], str]:
    """Returns links of a text in `folder`, below the content folder, as Pelican reads them.

    A link to a file beside the text gets its word in braces. A link such as `{tag}C++` becomes the
    address, which Pelican would make of the name alone. All others become URIs.
    """

    def rewrite(link: str) -> str:
        if match := _LIST.fullmatch(link):
            kind = next(kind for kind in SECTIONS if kind == match["kind"])
            slug = layout.name_slug(kind, unquote(match["name"]))
            return f"{settings['SITEURL']}/{settings[f'{kind.upper()}_URL'].format(slug=slug)}"
        if word := _WORD.match(link):
            return word[0] + _uri(link[word.end() :])
        try:
            parts = urlsplit(link)
        except ValueError:  # such as http://[
            return link
        path = unquote(parts.path)
        if parts.scheme or parts.netloc or not (prefix := file_word(path, folder, layout.paths)):
            return _uri(link)
        if not layout.paths.find_file(name_below(path, folder)):
            return _uri(link)  # a dead link, which the project has recorded as known
        name = quote(posixpath.normpath(posixpath.join(folder, path)))
        rest = _uri(urlunsplit(("", "", "", parts.query, parts.fragment)))
        return f"{{{prefix}}}/{name}{rest}"

    return rewrite


def absolute_links(text: str, page: str) -> str:
    """The HTML with full addresses in all links, for readers outside the site.

    `page` is the full address of the page that it belongs to.
    """

    def absolute(link: str) -> str:
        try:
            return _uri(urljoin(page, link.strip()))
        except ValueError:
            return link

    return rewrite_links(text, absolute)


def _uri(link: str) -> str:
    """The link with ASCII letters alone; unchanged if it is no valid address."""
    try:
        return link if link.isascii() else to_uri(link)
    except ValueError:
        return link
