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

_TAG: Final = re.compile(r"""<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*>""")
_LINK: Final = re.compile(
    r"""(?P<start>\s(?:href|src|poster|data)\s*=\s*)(?P<quote>["'])(?P<link>.*?)(?P=quote)""",
    re.DOTALL | re.IGNORECASE,
)
_SRCSET: Final = re.compile(
    r"""(?P<start>\ssrcset=(?P<quote>["']))(?P<sources>[^"']*)(?P=quote)""", re.IGNORECASE
)
_LIST: Final = re.compile(r"[{|](?P<kind>category|tag|author)[}|](?P<name>.+)", re.DOTALL)


def rewrite_links(text: str, rewrite: Callable[[str], str]) -> str:
    """The HTML with each link replaced by what `rewrite` returns for it, without entities."""

    def in_link(match: re.Match[str]) -> str:
        link = html.unescape(match["link"])
        rewritten = rewrite(link)
        if rewritten == link:
            return match[0]
        return f"{match['start']}{match['quote']}{html.escape(rewritten)}{match['quote']}"

    return _TAG.sub(lambda tag: _LINK.sub(in_link, tag[0]), text)


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

    def in_srcset(match: re.Match[str]) -> str:
        sources = (source.strip().partition(" ") for source in match["sources"].split(", "))
        joined = ", ".join(f"{absolute(url)}{space}{size}" for url, space, size in sources)
        return f"{match['start']}{joined}{match['quote']}"

    return _SRCSET.sub(in_srcset, rewrite_links(text, absolute))
