"""Rewrites links of a text that Pelican would misread, before Pelican reads them."""

import html
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from publish.checks.layout import Layout
from publish.checks.name_slugs import SECTIONS

_TAG: Final = re.compile(r"""<[a-zA-Z](?:[^"'>]|"[^"]*"|'[^']*')*>""")
_LINK: Final = re.compile(
    r"""(?P<start>\s(?:href|src|poster|data)\s*=\s*)(?P<quote>["'])(?P<link>.*?)(?P=quote)""",
    re.DOTALL | re.IGNORECASE,
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


def link_rewriter(layout: Layout, settings: Any) -> Callable[[str], str]:
    """Returns the address of a link such as `{tag}C++`, which Pelican makes of the name alone."""

    def rewrite(link: str) -> str:
        if not (match := _LIST.fullmatch(link)):
            return link
        kind = next(kind for kind in SECTIONS if kind == match["kind"])
        slug = layout.name_slug(kind, unquote(match["name"]))
        return f"{settings['SITEURL']}/{settings[f'{kind.upper()}_URL'].format(slug=slug)}"

    return rewrite
